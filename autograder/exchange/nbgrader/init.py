"""Create an nbgrader course folder, or add to an existing course folder."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.assignment.load import Assignment, AssignmentError
from autograder.exchange.nbgrader import gradebook
from autograder.exchange.nbgrader.source import write_source

EXPORTER = "autograder.exchange.nbgrader.convert.SubmissionExporter"
JUDGE = "autograder.exchange.nbgrader.convert.Judge"
SAVE = "autograder.exchange.nbgrader.convert.SaveJudged"
CSV = "autograder.exchange.nbgrader.export.QuotedCsv"
_INSTEAD = {"Execute": JUDGE, "SaveAutoGrades": SAVE}
# Where version 0.1.0 kept these classes: courses that it made name them so.
_MOVED = {
    "autograder.nbgrader.convert.Judge": JUDGE,
    "autograder.nbgrader.convert.SaveJudged": SAVE,
    "autograder.nbgrader.export.QuotedCsv": CSV,
}
_CONFIG = """\
# Settings of this nbgrader course, for you to edit.  The autograder's settings are in nbgrader_config.json beside it:
# nbgrader reads both files, and ignores this file if it contains an error; even then it must not run students' code.
c = get_config()  # noqa: F821

c.CourseDirectory.course_id = {course!r}

# How nbgrader zip_collect reads the names of files that Canvas or Moodle packed, such as
# "lovelaceada_LATE_123_4567_backprop-1.ipynb" and "Ada Lovelace_123_assignsubmission_file_/backprop.ipynb":
# c.FileNameCollectorPlugin.named_regexp = (
#     r".*/(?P<student_id>[\\w ]+?)_(?:LATE_)?\\d+_(?:\\d+_|assignsubmission_file_/)"
#     r"(?P<file_id>[a-z0-9-]+?)(?:-\\d+)?\\.ipynb"
# )
"""


@dataclass(frozen=True)
class Made:
    """The files that were written, and the instructor's files that were kept."""

    written: tuple[Path, ...]
    left: tuple[Path, ...]


def make_course(
    folder: Path, assignments: Sequence[Assignment], root: Path, key_file: Path | None, *, force: bool = False
) -> Made:
    """Make ``folder`` an nbgrader course, or add to the existing course in it.

    Raises:
      AssignmentError: for an assignment that nbgrader cannot carry, or settings that cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written, left = [], []
    config = folder / "nbgrader_config.py"
    if not config.exists():
        course = re.sub(r"[^A-Za-z0-9_-]+", "-", folder.resolve().name).strip("-") or "course"
        config.write_text(_CONFIG.format(course=course), encoding="utf-8")
        written.append(config)
    written.append(_settings(folder, [a.slug for a in assignments], root, key_file))
    for assignment in assignments:
        made, kept = write_source(assignment, folder / "source" / assignment.slug, force=force)
        written += made
        left += kept
    gradebook.create(_application(folder).coursedir.db_url)
    return Made(tuple(written), tuple(left))


def _settings(folder: Path, names: Sequence[str], root: Path, key_file: Path | None) -> Path:
    """Add our entries to nbgrader_config.json.

    JSON, because when nbgrader_config.py raises, nbgrader continues with its defaults, which execute notebooks; this
    file is read in any case.  Classes are named, not imported: without this package nbgrader stops.
    """
    path = folder / "nbgrader_config.json"
    data: dict[str, Any] = {}
    if path.exists():
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise AssignmentError(f"{path}: expected JSON: {error}") from None
        if not isinstance(data, dict) or not all(isinstance(v, dict) for k, v in data.items() if k != "version"):
            raise AssignmentError(f"{path}: expected an object of sections")
    steps = _application(folder).config.Autograde.get("autograde_preprocessors") or _standard()
    ours = data.setdefault("AutograderCourse", {})
    ours["assignments"] = sorted({*ours.get("assignments", ()), *names})
    ours["root"] = str(root.resolve())
    if key_file is not None:
        ours["key_file"] = str(key_file.resolve())
    autograde = data.setdefault("Autograde", {})
    autograde["exporter_class"] = EXPORTER
    autograde["autograde_preprocessors"] = judged_steps([s if isinstance(s, str) else _dotted(s) for s in steps])
    plugin = data.setdefault("ExportApp", {}).setdefault("plugin_class", CSV)
    data["ExportApp"]["plugin_class"] = _MOVED.get(plugin, plugin)
    path.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    return path


def judged_steps(steps: Sequence[str]) -> list[str]:
    """Put ours in the places of nbgrader's ``Execute`` and ``SaveAutoGrades``; the other steps stay."""
    found = [_MOVED.get(step) or _INSTEAD.get(step.rpartition(".")[2], step) for step in steps]
    if JUDGE not in found:
        found.insert(0, JUDGE)
    if SAVE not in found:
        found.insert(found.index(JUDGE) + 1, SAVE)
    return found


def _standard() -> list[Any]:
    from nbgrader.converters import Autograde

    return list(Autograde.autograde_preprocessors.default_args[0])


def _dotted(step: type) -> str:
    return f"{step.__module__}.{step.__name__}"


def _application(folder: Path) -> Any:
    """nbgrader with the settings of this folder, as its own commands read them."""
    from nbgrader.apps import NbGrader

    application = NbGrader(load_cwd_config=False, log_level="ERROR")
    application.initialize([], root=str(folder.resolve()))
    return application
