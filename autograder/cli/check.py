"""The student's command: check."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from autograder.assignment.seed import PUBLIC
from autograder.cli.class_run import show_run
from autograder.cli.common import UsageError, find_assignment, open_session, remark, require_sandbox, spinner
from autograder.cli.explain import explain_one
from autograder.cli.options import Course, Device, Printing, Quick, grouped
from autograder.grading.batch import grade_many
from autograder.grading.grade import Session
from autograder.grading.options import RunOptions
from autograder.judge.oracle.expected import library_versions
from autograder.results import Result
from autograder.sandbox import bubblewrap


@grouped
def check(
    submission: Annotated[Path, typer.Argument(help="Your .py file, notebook or folder.")],
    course: Course,
    printing: Printing,
    device: Device = "cpu",
    quick: Quick = False,
    sandboxed: Annotated[bool, typer.Option("--sandbox", help="Run inside the sandbox, as grading does.")] = False,
    ci: Annotated[
        bool, typer.Option("--ci", help="For GitHub Actions: annotate lines and write the job summary.")
    ] = False,
    explain: Annotated[
        str,
        typer.Option(
            "--explain", metavar="FUNCTION", help="Try small inputs on one function and show the first that fails."
        ),
    ] = "",
) -> None:
    """Check your own work with the same checks as grading, but on public inputs.

    Example: autograder check submission.py -a backprop
    Example: autograder check submission.py -a backprop --explain softmax_xent
    """
    if ci and printing.json:
        raise UsageError("--ci and --json both write to standard output: choose one")
    loaded = find_assignment(course.assignment, course.root, submission)
    sandbox = bubblewrap.probe() if sandboxed else bubblewrap.unsandboxed()
    require_sandbox(sandbox, allow_none=True)
    if explain and ci:
        raise UsageError("--explain and --ci cannot be combined: choose one")
    session = open_session(loaded, PUBLIC.keys(loaded.slug), sandbox, not printing.progress)
    if explain:
        explain_one(submission, session, device, explain, json=printing.json)
    note_other_versions(session)
    options = RunOptions(device=device, quick=quick)
    with TemporaryDirectory() as folder, spinner("checking", not printing.progress) as on_progress:
        results = grade_many([submission], session, Path(folder), options, on_progress=on_progress)
    if ci:
        tell_github(results[0], loaded.title, submission)
    show_run(results, results, printing)


def note_other_versions(session: Session) -> None:
    """Say which libraries differ from those with which the course computed its answers, and how to get these."""
    installed, course = library_versions(), session.draws.public().libraries
    other = {name: version for name, version in course.items() if installed.get(name, version) != version}
    if other:
        ours = ", ".join(f"{name} {installed[name]}" for name in other)
        wanted = " ".join(f"{name}=={version}" for name, version in other.items())
        remark(f"You have {ours}; the course has another version, and grading may differ. pip install {wanted}")


def tell_github(result: Result, title: str, submission: Path) -> None:
    """Print annotations for the lines of a pull request, and append the report to the job summary."""
    from autograder.exchange.github import annotations, summary

    real = Path(os.path.realpath(submission))
    inside = real.is_relative_to(Path.cwd())
    file = real.relative_to(Path.cwd()).as_posix() if inside and submission.is_file() else ""
    print(annotations(result, file=file), end="")
    page = os.environ.get("GITHUB_STEP_SUMMARY")
    if page:
        advice = "These results use public inputs and are advice only; your instructor gives the marks.\n\n"
        with Path(page).open("a", encoding="utf-8") as stream:
            stream.write(advice + summary([result], assignment_title=title))
