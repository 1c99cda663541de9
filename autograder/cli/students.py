"""The student's command: check."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from autograder import sandbox
from autograder.cli.common import (
    Device,
    Json,
    Quick,
    Quiet,
    Root,
    Slug,
    Verbose,
    exit_code,
    find_assignment,
    open_session,
    out,
    require_sandbox,
    spinner,
)
from autograder.grade import grade_many
from autograder.plan import PUBLIC
from autograder.report import show_result
from autograder.results import to_json


def check(
    submission: Annotated[Path, typer.Argument(help="Your .py file, notebook or folder.")],
    assignment: Slug = None,
    root: Root = None,
    device: Device = "cpu",
    quick: Quick = False,
    sandboxed: Annotated[bool, typer.Option("--sandbox", help="Run inside the sandbox, as grading does.")] = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Check your own work: the same checks as grading, on public inputs.

    Example: autograder check submission.py -a backprop
    """
    loaded = find_assignment(assignment, root, submission)
    box = sandbox.probe() if sandboxed else sandbox.unsandboxed()
    require_sandbox(box, allow_none=True)
    session = open_session(loaded, PUBLIC, box, quiet or json)
    with TemporaryDirectory() as folder, spinner("checking", quiet or json) as say:
        result = grade_many([submission], session, Path(folder), device=device, quick=quick, say=say)[0]
    if json:
        print(to_json(result))
    elif not quiet:
        show_result(out, result, verbose=verbose)
    raise typer.Exit(exit_code([result]))
