"""Packages for other systems: package gradescope."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.common import Quick, Root, Slug, UsageError, err, find_assignment, out, plain
from autograder.packaging import PackageError, gradescope_zip, write_package
from autograder.plan import read_seed

app = typer.Typer(
    help="Make packages for other systems.\n\nExample: autograder package gradescope", no_args_is_help=True
)


@app.callback()
def _package() -> None:
    """Make packages for other systems.

    Example: autograder package gradescope
    """


@app.command()
def gradescope(
    assignment: Slug = None,
    root: Root = None,
    file: Annotated[Path, typer.Option("--out", "-o", help="The zip to write.")] = Path("autograder.zip"),
    key_file: Annotated[
        Path | None, typer.Option("--key-file", help="Put this course secret into the package; default: public seed.")
    ] = None,
    quick: Quick = False,
    unsandboxed: Annotated[
        bool, typer.Option("--unsandboxed", help="Grade also where the container does not let the sandbox work.")
    ] = False,
) -> None:
    """Make the zip that Gradescope takes as an autograder.

    Example: autograder package gradescope -a backprop --key-file course.key -o autograder.zip
    """
    loaded = find_assignment(assignment, root, None)
    seed = read_seed(key_file) if key_file else None
    try:
        write_package(gradescope_zip(loaded, seed=seed, unsandboxed=unsandboxed, quick=quick), file)
    except PackageError as error:
        raise UsageError(str(error)) from None
    out.print(f"{plain(str(file))}: upload it as the autograder, base image Ubuntu 24.04; {loaded.total:g} points")
    if seed is None:
        err.print("[yellow]no key:[/] inputs are drawn from the public seed, students can know them; see --key-file")
    if unsandboxed:
        err.print(
            "[yellow]unsandboxed:[/] where the container lets no sandbox work, student code can read the reference"
            f"{' and the course secret' if seed else ''}; every mark says so. Use a secret of its own for Gradescope"
        )
    else:
        err.print(
            "If Gradescope's container lets no sandbox work, nothing is run and nobody gets a mark: its log says so, "
            "and what --unsandboxed would mean",
            highlight=False,
        )
