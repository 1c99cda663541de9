"""The command package gradescope: packages for other systems."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.assignment.seed import read_seed
from autograder.cli.common import err, find_assignment, out, plain
from autograder.cli.options import Quick, Root, Slug
from autograder.exchange.gradescope.package import gradescope_zip
from autograder.files import PRIVATE, write_bytes

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
        Path | None, typer.Option("--key-file", help="Course secret to put into the package; default: the public seed.")
    ] = None,
    quick: Quick = False,
    unsandboxed: Annotated[
        bool, typer.Option("--unsandboxed", help="Grade even if the sandbox cannot run in the container.")
    ] = False,
) -> None:
    """Make the zip file to upload to Gradescope as an autograder.

    Example: autograder package gradescope -a backprop --key-file course.key -o autograder.zip
    """
    loaded = find_assignment(assignment, root, None)
    seed = read_seed(key_file) if key_file else None
    package = gradescope_zip(loaded, seed=seed, unsandboxed=unsandboxed, quick=quick)
    write_bytes(file, package, mode=PRIVATE)  # it holds the reference, perhaps the secret
    out.print(
        f"Wrote {plain(str(file))}: upload it as the autograder (base image Ubuntu 24.04, {loaded.total:g} points)"
    )
    if seed is None:
        err.print("[yellow]no key:[/] inputs come from the public seed, so students can predict them; see --key-file")
    if unsandboxed:
        err.print(
            "[yellow]unsandboxed:[/] if the sandbox cannot run in the container, student code can read the reference"
            f"{' and the course secret' if seed else ''}; every mark says so. Use a separate secret for Gradescope"
        )
    else:
        err.print(
            "If the sandbox cannot run in Gradescope's container, nothing is run and no marks are given; "
            "the log there says so and explains --unsandboxed",
            highlight=False,
        )
