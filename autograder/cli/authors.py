"""The author's commands: list, starter, new, validate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from autograder import sandbox
from autograder.assignment import find_root, list_assignments, load
from autograder.cli.common import (
    OK,
    SOME_FAILED,
    Json,
    Quick,
    Quiet,
    Root,
    UsageError,
    err,
    out,
    plain,
    print_json,
    require_sandbox,
    spinner,
)
from autograder.scaffold import publish, scaffold
from autograder.validate import validate_assignment


def list_command(root: Root = None, json: Json = False) -> None:
    """List the assignments of the course.

    Example: autograder list
    """
    folder = root or find_root()
    loaded = [load(slug, folder) for slug in list_assignments(folder)]
    if json:
        rows = [{"name": a.slug, "title": a.title, "points": a.total, "functions": list(a.functions)} for a in loaded]
        print_json(rows)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("name", "title", "points", "functions", "checks"):
        table.add_column(column, justify="right" if column in ("points", "functions", "checks") else "left")
    for a in loaded:
        table.add_row(a.slug, a.title, f"{a.total:g}", str(len(a.functions)), str(len(a.checks)))
    out.print(table if loaded else f"no assignments in {folder / 'assignments'}")


def starter(
    slug: Annotated[str, typer.Argument(help="Name of the assignment.")],
    to: Annotated[Path | None, typer.Option("--to", help="Where to; default: a folder of its name.")] = None,
    root: Root = None,
) -> None:
    """Copy what a student gets: handout, starter, checks, and answers for the self-check.

    Example: autograder starter backprop --to ~/course/backprop
    """
    loaded = load(slug, root or find_root())
    target = to or Path(slug)
    if target.exists() and any(target.iterdir()) if target.is_dir() else target.exists():
        raise UsageError(f"{target} is there already and not empty: name another place with --to")
    with spinner("preparing", False):
        publish(loaded, target)
    out.print(f"{plain(str(target))}: read README.md, write submission.py, then", highlight=False)
    out.print(f"  autograder check {plain(str(target / 'submission.py'))}", highlight=False, soft_wrap=True)


def new(
    slug: Annotated[str, typer.Argument(help="Name of the new assignment: lower-case letters, digits and hyphens.")],
    root: Root = None,
) -> None:
    """Scaffold an assignment: two folders that validate from the start.

    Example: autograder new layer-norm
    """
    folder = root or find_root()
    try:
        made = scaffold(slug, folder)
    except ValueError as error:
        raise UsageError(str(error)) from None
    for path in made:
        out.print(plain(str(path)), highlight=False)
    out.print(f"edit them, then: autograder validate {slug}", highlight=False)


def validate(
    slugs: Annotated[list[str] | None, typer.Argument(help="Assignments; default: all.")] = None,
    root: Root = None,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Secret seeds to try.")] = 1,
    quick: Quick = False,
    quiet: Quiet = False,
) -> None:
    """Judge the judge: right solutions earn everything, every known mistake fails what it names.

    Example: autograder validate backprop
    """
    folder = root or find_root()
    problems = 0
    for slug in slugs or list_assignments(folder):
        loaded = load(slug, folder)
        if loaded.reference is None:
            raise UsageError(
                f"{slug}: the folder reference/{slug} is not here, so there is nothing to judge the judge with"
            )
        box = sandbox.probe()
        require_sandbox(box, allow_none=False)
        with spinner(f"validating {slug}", quiet) as say:
            found = validate_assignment(loaded, box, say, seeds, quick)
        for problem in found.problems:
            err.print(f"[red]✗[/] {slug}: {plain(problem)}", highlight=False, soft_wrap=True)
        if not quiet or found.problems:
            mark = "[red]✗[/]" if found.problems else "[green]✓[/]"
            out.print(f"{mark} {slug}: {found.summary}", highlight=False)
        problems += len(found.problems)
    raise typer.Exit(SOME_FAILED if problems else OK)
