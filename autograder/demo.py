"""Grade the sample submissions that come with the assignments, as an instructor would."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from autograder.assignment import AssignmentError, list_assignments, load
from autograder.plan import read_seed
from autograder.report import show_table, write_reports
from autograder.results import Result
from autograder.sandbox import Sandbox
from autograder.submission import find_submissions

Grade = Callable[..., list[Result]]  # cli.common.grade_all: grading with a progress bar


def run_demo(
    root: Path, folder: Path, box: Sandbox, console: Console, quiet: bool, grade_all: Grade
) -> dict[str, list[Result]]:
    """Grade ``reference/<slug>/samples`` of every assignment; write reports below ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    key = folder / "course.key"
    if not key.exists():
        with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(os.urandom(32).hex())
    graded: dict[str, list[Result]] = {}
    for slug in list_assignments(root):
        samples = root / "reference" / slug / "samples"
        if not samples.is_dir():
            continue
        loaded = load(slug, root)
        results = grade_all(find_submissions(samples), loaded, read_seed(key), box, folder / slug, quiet=quiet)
        index = write_reports(results, folder / slug, assignment_title=loaded.title)
        if not quiet:
            console.print(f"\n[bold]{loaded.title}[/]", highlight=False)
            show_table(console, results)
            console.print(f"open {index}", highlight=False, soft_wrap=True)
        graded[slug] = results
    if not graded:
        raise AssignmentError(f"no samples in {root / 'reference'}: expected reference/<assignment>/samples/")
    return graded
