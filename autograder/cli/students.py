"""The student's command: check."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from autograder import sandbox
from autograder.batch import grade_many
from autograder.cli.common import (
    Device,
    Json,
    Quick,
    Quiet,
    Root,
    Slug,
    UsageError,
    Verbose,
    exit_code,
    find_assignment,
    open_session,
    out,
    require_sandbox,
    spinner,
)
from autograder.plan import PUBLIC
from autograder.report import show_result
from autograder.results import Result, to_json


def check(
    submission: Annotated[Path, typer.Argument(help="Your .py file, notebook or folder.")],
    assignment: Slug = None,
    root: Root = None,
    device: Device = "cpu",
    quick: Quick = False,
    sandboxed: Annotated[bool, typer.Option("--sandbox", help="Run inside the sandbox, as grading does.")] = False,
    ci: Annotated[
        bool, typer.Option("--ci", help="For GitHub Actions: annotate lines, write the job summary.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Check your own work: the same checks as grading, on public inputs.

    Example: autograder check submission.py -a backprop
    """
    if ci and json:
        raise UsageError("--ci and --json both write to standard output: choose one")
    loaded = find_assignment(assignment, root, submission)
    box = sandbox.probe() if sandboxed else sandbox.unsandboxed()
    require_sandbox(box, allow_none=True)
    session = open_session(loaded, PUBLIC, box, quiet or json)
    with TemporaryDirectory() as folder, spinner("checking", quiet or json) as say:
        result = grade_many([submission], session, Path(folder), device=device, quick=quick, say=say)[0]
    if ci:
        tell_github(result, loaded.title, submission)
    if json:
        print(to_json(result))
    elif not quiet:
        show_result(out, result, verbose=verbose)
    raise typer.Exit(exit_code([result]))


def tell_github(result: Result, title: str, submission: Path) -> None:
    """Print annotations for the lines of a pull request, and add the report to the page of the job."""
    from autograder.exchange.github import annotations, summary

    real = Path(os.path.realpath(submission))
    inside = real.is_relative_to(Path.cwd())
    file = real.relative_to(Path.cwd()).as_posix() if inside and submission.is_file() else ""
    print(annotations(result, file=file), end="")
    page = os.environ.get("GITHUB_STEP_SUMMARY")
    if page:
        advice = "Advice on public inputs; marks come from your instructor.\n\n"
        with Path(page).open("a", encoding="utf-8") as stream:
            stream.write(advice + summary([result], assignment_title=title))
