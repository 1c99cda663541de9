"""The demo: sample submissions graded, a bank built, an exam taken and a class simulated.

Everything goes through the real engine; only the students are made up.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.assignment.load import find_root
from autograder.assignment.seed import read_seed
from autograder.cli.common import grade_all, out, require_sandbox, spinner
from autograder.cli.demo.samples import run_bank_demo, run_demo
from autograder.cli.demo.simulated_class import run_class_demo
from autograder.cli.demo.students import students
from autograder.cli.options import Quiet, Root
from autograder.sandbox import bubblewrap
from question_bank.build import NOTES

__all__ = ["demo"]

DEMO_CLASS = 40


def demo(
    folder: Annotated[Path, typer.Option("--out", "-o", help="Folder for the reports.")] = Path("demo"),
    root: Root = None,
    quiet: Quiet = False,
) -> None:
    """Grade sample submissions and a simulated class, build a question bank, hold an exam, and write all reports.

    Example: autograder demo
    """
    from autograder.cli.demo.simulated_exam import run_exam_demo

    sandbox = bubblewrap.probe()
    require_sandbox(sandbox, allow_none=False)
    course = root or find_root()
    run_demo(course, folder, sandbox, out, quiet, grade_all)
    with spinner("building the question bank", quiet):
        run_bank_demo(NOTES, folder / "bank", out, quiet)
    seed, people = read_seed(folder / "course.key"), students(DEMO_CLASS)
    exam = run_exam_demo(folder / "bank", folder / "exam", seed, people, out, quiet)
    run_class_demo(course, folder / "class", seed, sandbox, out, quiet, grade_all, people, [exam])
