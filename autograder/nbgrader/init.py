"""Make or join an nbgrader course folder."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.assignment import Assignment, AssignmentError
from autograder.nbgrader import gradebook
from autograder.nbgrader.source import write_source

EXPORTER = "autograder.nbgrader.convert.SubmissionExporter"
JUDGE = "autograder.nbgrader.convert.Judge"
SAVE = "autograder.nbgrader.convert.SaveJudged"
CSV = "autograder.nbgrader.export.QuotedCsv"
_INSTEAD = {"Execute": JUDGE, "SaveAutoGrades": SAVE}
_CONFIG = """\
# Settings of this nbgrader course; yours.  What the autograder needs is in nbgrader_config.json beside it: nbgrader
# reads both, and goes on without this file if it has a mistake in it, which must not run students' code.
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
    """What was written, and which files were the instructor's and stayed."""

    written: tuple[Path, ...]
    left: tuple[Path, ...]


def make_course(
    folder: Path, assignments: Sequence[Assignment], root: Path, key_file: Path | None, *, force: bool = False
) -> Made:
    """Make ``folder`` an nbgrader course, or add to the one that it is.

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

    JSON, because nbgrader goes on with its defaults, which execute notebooks, when nbgrader_config.py raises; this
    file is read all the same.  Classes are named, not imported: without this package nbgrader stops.
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
    data.setdefault("ExportApp", {}).setdefault("plugin_class", CSV)
    path.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    return path


def judged_steps(steps: Sequence[str]) -> list[str]:
    """Put ours in the places of nbgrader's ``Execute`` and ``SaveAutoGrades``; the other steps stay."""
    found = [_INSTEAD.get(step.rpartition(".")[2], step) for step in steps]
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
