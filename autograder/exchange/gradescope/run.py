"""Grade one submission inside Gradescope's container: ``/autograder/submission`` to ``results/results.json``.

It always writes a ``results.json``, which holds no score while a check is not judged.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from autograder import __version__
from autograder.assignment.load import Assignment, AssignmentError, load
from autograder.assignment.seed import PUBLIC, Seed, SeedError, read_seed
from autograder.exchange.gradescope.package import COURSE, KEY, SETTINGS
from autograder.exchange.gradescope.results import gradescope
from autograder.files import write_text
from autograder.grading.batch import grade_many
from autograder.grading.draws import Draws
from autograder.grading.grade import Session, our_problem
from autograder.grading.options import RunOptions
from autograder.judge.device.evaluator import ResultCache
from autograder.judge.device.process import DeviceError
from autograder.judge.oracle.expected import ReferenceFailedError
from autograder.results import Provenance, Result
from autograder.sandbox import bubblewrap
from autograder.sandbox.bubblewrap import Sandbox


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m autograder.exchange.gradescope.run", description=__doc__)
    parser.add_argument("--base", type=Path, default=Path("/autograder"))
    parser.add_argument("--prepare", action="store_true", help="Compute the reference answers and probe the sandbox.")
    options = parser.parse_args(arguments)
    base: Path = options.base
    os.environ["XDG_CACHE_HOME"] = str(base / "cache")
    settings = json.loads((base / "source" / COURSE / SETTINGS).read_text())
    title = settings["assignment"]
    try:
        loaded = load(settings["assignment"], base / "source" / COURSE)
        title = loaded.title
        sandbox = _box(settings["unsandboxed"])
        session = _session(loaded, base, sandbox)
        if options.prepare:
            return 0
        _compare_points(base, loaded)
        result = _grade(base, session, settings["quick"])
    except (AssignmentError, DeviceError, ReferenceFailedError, SeedError, OSError) as error:
        print(f"not judged: {error}", file=sys.stderr)
        if options.prepare:
            return 1
        made = Provenance(settings["assignment"], "", "", __version__, "", "", "", "")
        result = Result("submission", made, problem=our_problem(error))
    write_text(base / "results" / "results.json", gradescope(result, assignment_title=title))
    return 0


def _box(unsandboxed: bool) -> Sandbox:
    """Return the sandbox if it runs in this container; no sandbox only if the package allows that."""
    sandbox = bubblewrap.probe()
    if sandbox.isolated:
        print("sandbox: full")
        return sandbox
    if unsandboxed:
        why = f"{sandbox.level}: {sandbox.advice}"
        print(f"sandbox: none, as this package allows ({why}); student code could read the key")
        return bubblewrap.unsandboxed()
    raise DeviceError(
        f"the sandbox cannot run in this container ({sandbox.level}: {sandbox.advice}), so no student code was run. "
        "A package made with autograder package gradescope --unsandboxed runs student code anyway: the code can then "
        "read everything in the container, including the reference and the course secret, and every mark says so"
    )


def _session(loaded: Assignment, base: Path, sandbox: Sandbox) -> Session:
    key = base / "source" / COURSE / KEY
    seed: Seed = read_seed(key) if key.exists() else PUBLIC
    if seed.public:
        print("seed: public, because this package contains no key: students can predict the inputs")
    draws = Draws(loaded, seed.keys(loaded.slug))
    draws.all()  # now, while the container is built, and not while a student waits
    return Session(draws, sandbox, ResultCache())


def _grade(base: Path, session: Session, quick: bool) -> Result:
    with tempfile.TemporaryDirectory() as work:
        return grade_many([base / "submission"], session, Path(work), RunOptions(device="cpu", jobs=1, quick=quick))[0]


def _compare_points(base: Path, loaded: Assignment) -> None:
    """Tell instructors if Gradescope's total differs from the rubric's."""
    try:
        data = json.loads((base / "submission_metadata.json").read_text(encoding="utf-8"))
        total = float(data["assignment"]["total_points"])
    except (OSError, ValueError, KeyError, TypeError):
        return
    if total != loaded.total:
        print(f"points: Gradescope's assignment has {total:g}, the rubric {loaded.total:g}: change it in Gradescope")


if __name__ == "__main__":
    sys.exit(main())
