"""Grade one submission inside Gradescope's container: ``/autograder/submission`` to ``results/results.json``.

Whatever happens, a ``results.json`` is left; while something is not judged it holds no score.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from autograder import __version__, sandbox
from autograder.answers import ReferenceFailed, obtain
from autograder.assignment import Assignment, AssignmentError, load
from autograder.batch import grade_many
from autograder.device import DeviceError
from autograder.evaluate import Memory
from autograder.exchange.gradescope import gradescope
from autograder.grade import Session
from autograder.packaging import COURSE, KEY, SETTINGS
from autograder.plan import PUBLIC, Seed, SeedError, make_plan, read_seed
from autograder.results import NOT_JUDGED, Provenance, Result
from autograder.sandbox import Sandbox


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m autograder.gradescope_run", description=__doc__)
    parser.add_argument("--base", type=Path, default=Path("/autograder"))
    parser.add_argument("--prepare", action="store_true", help="compute the reference answers and probe the sandbox")
    options = parser.parse_args(arguments)
    base: Path = options.base
    os.environ["XDG_CACHE_HOME"] = str(base / "cache")
    settings = json.loads((base / "source" / COURSE / SETTINGS).read_text())
    title = settings["assignment"]
    try:
        loaded = load(settings["assignment"], base / "source" / COURSE)
        title = loaded.title
        box = _box(settings["unsandboxed"])
        session = _session(loaded, base, box)
        if options.prepare:
            return 0
        _compare_points(base, loaded)
        result = _grade(base, session, settings["quick"])
    except (AssignmentError, DeviceError, ReferenceFailed, SeedError, OSError) as error:
        print(f"not judged: {error}", file=sys.stderr)
        if options.prepare:
            return 1
        made = Provenance(settings["assignment"], "", "", __version__, "", "", "", "")
        result = Result("submission", made, problem=f"{NOT_JUDGED}, and not the student's fault: {error}")
    target = base / "results" / "results.json"
    target.parent.mkdir(exist_ok=True)
    partial = target.with_suffix(".partial")
    partial.write_text(gradescope(result, assignment_title=title), encoding="utf-8")
    os.replace(partial, target)
    return 0


def _box(unsandboxed: bool) -> Sandbox:
    """The sandbox, if it works in this container; without it only if the instructor said so when packaging."""
    box = sandbox.probe()
    if box.isolated:
        print("sandbox: full")
        return box
    if unsandboxed:
        print(f"sandbox: none, as this package was made ({box.level}: {box.advice}); student code could read the key")
        return sandbox.unsandboxed()
    raise DeviceError(
        f"the sandbox cannot work in this container ({box.level}: {box.advice}), so no student code was run. "
        "autograder package gradescope --unsandboxed makes a package that runs it all the same: then it can read "
        "everything in the container, the reference and the course secret included, and every mark says so"
    )


def _session(loaded: Assignment, base: Path, box: Sandbox) -> Session:
    key = base / "source" / COURSE / KEY
    seed: Seed = read_seed(key) if key.exists() else PUBLIC
    if seed.public:
        print("seed: public, no key came with this package: students can know the inputs")
    plan = make_plan(loaded, seed)
    return Session(plan, obtain(plan), box, Memory())


def _grade(base: Path, session: Session, quick: bool) -> Result:
    with tempfile.TemporaryDirectory() as work:
        return grade_many([base / "submission"], session, Path(work), jobs=1, device="cpu", quick=quick)[0]


def _compare_points(base: Path, loaded: Assignment) -> None:
    """Tell instructors where Gradescope's total differs from the rubric's; who submitted is Gradescope's business."""
    try:
        data = json.loads((base / "submission_metadata.json").read_text(encoding="utf-8"))
        total = float(data["assignment"]["total_points"])
    except (OSError, ValueError, KeyError, TypeError):
        return
    if total != loaded.total:
        print(f"points: Gradescope's assignment has {total:g}, the rubric {loaded.total:g}: make them equal there")


if __name__ == "__main__":
    sys.exit(main())
