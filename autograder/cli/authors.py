"""The commands for assignment authors: list, profiles, starter, new, validate."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from autograder.assignment.load import Assignment, find_root, list_assignments, load
from autograder.assignment.profiles import list_profiles, read_profile
from autograder.assignment.scaffold import scaffold
from autograder.assignment.seed import SETS
from autograder.cli.common import (
    OK,
    SOME_FAILED,
    UsageError,
    err,
    make_table,
    out,
    plain,
    print_json,
    require_sandbox,
    spinner,
)
from autograder.cli.options import Json, Quick, Quiet, Root, Slug
from autograder.grading.validate import validate_assignment
from autograder.judge.oracle.publish import publish
from autograder.sandbox import bubblewrap


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
    table = make_table("name", "title", ">points", ">functions", ">checks")
    for a in loaded:
        table.add_row(a.slug, a.title, f"{a.total:g}", str(len(a.functions)), str(len(a.checks)))
    out.print(table if loaded else f"no assignments in {folder / 'assignments'}")


def profiles(slug: Slug = None, root: Root = None, json: Json = False) -> None:
    """List the shared allowlists; with -a, show everything that an assignment allows.

    Example: autograder profiles -a backprop
    """
    if slug is not None:
        _show_allowed(load(slug, root or find_root()), json)
        return
    known = [read_profile(name) for name in list_profiles()]
    if json:
        print_json([{"name": p.name, "summary": p.summary, "imports": p.imports, "instead": p.instead} for p in known])
        return
    for profile in known:
        counts = f"{len(profile.imports)} modules, {len(profile.instead)} hints"
        out.print(f"[bold]{plain(profile.name)}[/]: {counts}", highlight=False)
        _print_indented(profile.summary)
    out.print("\nWhat an assignment allows: autograder profiles -a NAME", highlight=False)


def _show_allowed(assignment: Assignment, json: bool) -> None:
    allowed = assignment.allowed
    if json:
        print_json(
            {
                "assignment": assignment.slug,
                "profiles": assignment.profiles,
                "imports": allowed.imports,
                "also": allowed.also,
                "instead": allowed.instead,
            }
        )
        return
    names = ", ".join(assignment.profiles) or "none"
    out.print(f"{plain(assignment.slug)} (profiles: {plain(names)})", highlight=False)
    out.print("\n[bold]What a submission may import[/]", highlight=False)
    for module in sorted(allowed.imports):
        out.print(f"[bold]{plain(module)}[/]", highlight=False)
        _print_indented(_list_names(allowed.imports[module]))
    for function in sorted(allowed.also):
        out.print(f"inside [bold]{plain(function)}[/] only", highlight=False)
        _print_indented(", ".join(allowed.also[function]))
    if allowed.instead:
        out.print("\n[bold]What to write instead of a refused name[/]", highlight=False)
    for key in sorted(allowed.instead):
        out.print(f"[bold]{plain(key)}[/]", highlight=False)
        _print_indented(allowed.instead[key])


def _list_names(names: Sequence[str]) -> str:
    listed = [name for name in names if name != "*"]
    return ", ".join((["every public name"] if "*" in names else []) + listed)


def _print_indented(text: str) -> None:
    lines = textwrap.wrap(plain(text), out.width - 2, break_long_words=False, break_on_hyphens=False)
    out.print(textwrap.indent("\n".join(lines), "  "), highlight=False, soft_wrap=True)


def starter(
    slug: Annotated[str, typer.Argument(help="Name of the assignment.")],
    to: Annotated[Path | None, typer.Option("--to", help="Target folder; default: the assignment's name.")] = None,
    root: Root = None,
) -> None:
    """Copy the files that students get: handout, starter, checks, and answers for the self-check.

    Example: autograder starter backprop --to ~/course/backprop
    """
    loaded = load(slug, root or find_root())
    target = to or Path(slug)
    if target.exists() and any(target.iterdir()) if target.is_dir() else target.exists():
        raise UsageError(f"{target} already exists and is not empty: name another folder with --to")
    with spinner("preparing", False):
        publish(loaded, target)
    out.print(f"Wrote {plain(str(target))}. Read README.md, write submission.py, then run:", highlight=False)
    out.print(f"  autograder check {plain(str(target / 'submission.py'))}", highlight=False, soft_wrap=True)


def new(
    slug: Annotated[str, typer.Argument(help="Name of the new assignment: lower-case letters, digits and hyphens.")],
    root: Root = None,
) -> None:
    """Create an assignment from a template: two folders that pass validation from the start.

    Example: autograder new layer-norm
    """
    folder = root or find_root()
    for path in scaffold(slug, folder):
        out.print(plain(str(path)), highlight=False)
    out.print(f"Edit these files, then run: autograder validate {slug}", highlight=False)


def validate(
    slugs: Annotated[list[str] | None, typer.Argument(help="Assignments; default: all.")] = None,
    root: Root = None,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Number of secret seeds to try.")] = 1,
    sets: Annotated[int, typer.Option("--sets", min=1, help="Number of draw sets to try of each seed.")] = SETS,
    quick: Quick = False,
    quiet: Quiet = False,
) -> None:
    """Test an assignment: correct solutions must earn full marks, and known mistakes must fail the checks they name.

    Example: autograder validate backprop
    """
    folder = root or find_root()
    problems = 0
    for slug in slugs or list_assignments(folder):
        loaded = load(slug, folder)
        if loaded.reference is None:
            raise UsageError(
                f"{slug}: the folder reference/{slug} is missing, and validation needs its solution and mistakes"
            )
        sandbox = bubblewrap.probe()
        require_sandbox(sandbox, allow_none=False)
        with spinner(f"validating {slug}", quiet) as on_progress:
            validation = validate_assignment(loaded, sandbox, on_progress, seeds, quick, sets)
        for problem in validation.problems:
            err.print(f"[red]✗[/] {slug}: {plain(problem)}", highlight=False, soft_wrap=True)
        if not quiet or validation.problems:
            mark = "[red]✗[/]" if validation.problems else "[green]✓[/]"
            out.print(f"{mark} {slug}: {validation.summary}", highlight=False)
        problems += len(validation.problems)
    raise typer.Exit(SOME_FAILED if problems else OK)
