"""nbgrader: init."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Annotated

import typer

from autograder.assignment import find_root, list_assignments, load
from autograder.cli.common import SECRET_VARIABLE, Quiet, Root, UsageError, err, out, plain, spinner
from autograder.plan import read_seed

app = typer.Typer(
    help="nbgrader courses: its own commands and pages, our judgement. Example: autograder nbgrader init course",
    no_args_is_help=True,
)


@app.callback()
def _group() -> None:
    pass


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="The nbgrader course folder, new or existing.")] = Path(),
    assignments: Annotated[
        list[str] | None, typer.Option("--assignment", "-a", help="Assignments to add; default: all of the course.")
    ] = None,
    root: Root = None,
    key_file: Annotated[
        Path | None, typer.Option("--key-file", help=f"File with the course secret; else {SECRET_VARIABLE}.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Write source notebooks and handouts again, over your changes.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Make an nbgrader course folder, or join one: source notebooks, settings, gradebook.

    Example: autograder nbgrader init ~/course -a backprop --key-file course.key
    """
    if importlib.util.find_spec("nbgrader") is None:
        raise UsageError('nbgrader is not installed, expected 0.9.5 or later: pip install "autograder[nbgrader]"')
    from autograder.nbgrader.init import make_course

    course = root or find_root()
    loaded = [load(name, course) for name in assignments or list_assignments(course)]
    if not loaded:
        raise UsageError(f"no assignments in {course / 'assignments'}: nothing to add")
    if key_file is not None:
        read_seed(key_file)
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file, expected a folder")
    with spinner("preparing", quiet):
        made = make_course(folder, loaded, course, key_file, force=force)
    for path in made.left:
        err.print(f"left as it is: {plain(str(path))} (--force writes it again)", highlight=False, soft_wrap=True)
    if not quiet:
        out.print(f"{plain(str(folder))}: {len(made.written)} files written. Then, in that folder:", highlight=False)
        for assignment in loaded:
            out.print(f"  nbgrader generate_assignment {assignment.slug}", highlight=False)
        out.print("  nbgrader zip_collect …, nbgrader autograde …, nbgrader generate_feedback …", highlight=False)
