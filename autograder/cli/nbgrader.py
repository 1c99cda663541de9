"""The command nbgrader init."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Annotated

import typer

from autograder.assignment.load import find_root, list_assignments, load
from autograder.assignment.seed import read_seed
from autograder.cli.common import UsageError, err, out, plain, spinner
from autograder.cli.options import SECRET_VARIABLE, Quiet, Root

app = typer.Typer(
    help="Use nbgrader's commands and pages, with submissions judged by the autograder.\n\n"
    "Example: autograder nbgrader init course",
    no_args_is_help=True,
)


@app.callback()
def _group() -> None:
    pass


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="The nbgrader course folder, new or existing.")] = Path(),
    assignments: Annotated[
        list[str] | None, typer.Option("--assignment", "-a", help="Assignments to add; default: all assignments.")
    ] = None,
    root: Root = None,
    key_file: Annotated[
        Path | None,
        typer.Option("--key-file", help=f"File with the course secret; default: the variable {SECRET_VARIABLE}."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite source notebooks and handouts, including your changes.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Create an nbgrader course folder, or add to an existing course: source notebooks, settings, gradebook.

    Example: autograder nbgrader init ~/course -a backprop --key-file course.key
    """
    if importlib.util.find_spec("nbgrader") is None:
        raise UsageError('expected nbgrader 0.9.5 or later, which is not installed: pip install -e ".[nbgrader]"')
    from autograder.exchange.nbgrader.init import make_course

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
        err.print(f"Kept unchanged: {plain(str(path))} (--force overwrites it)", highlight=False, soft_wrap=True)
    if not quiet:
        out.print(
            f"Wrote {len(made.written)} files to {plain(str(folder))}. Next, in that folder, run:", highlight=False
        )
        for assignment in loaded:
            out.print(f"  nbgrader generate_assignment {assignment.slug}", highlight=False)
        out.print("  nbgrader zip_collect …, nbgrader autograde …, nbgrader generate_feedback …", highlight=False)
