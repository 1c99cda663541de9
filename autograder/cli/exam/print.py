"""``exam preview``, ``exam paper`` and ``exam notebook``: write forms as pages and notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.common import UsageError, out, plain
from autograder.exam.blueprint import Exam
from autograder.exam.form import Form
from autograder.files import PRIVATE, write_bytes

Folder = Annotated[Path, typer.Argument(help="Folder that exam build wrote.", metavar="FORMS")]
Students = Annotated[list[str] | None, typer.Option("--student", help="Only this student; may be repeated.")]


def preview(
    folder: Folder,
    student: Students = None,
    file: Annotated[Path, typer.Option("--out", "-o", help="The page to write.")] = Path("preview.html"),
) -> None:
    """Write forms as students see them, with keys and explanations, for instructors only.  Default: the first form.

    Example: autograder exam preview forms -o preview.html
    """
    from autograder.exam.paper import preview as page

    exam, forms = _forms(folder, student)
    write_bytes(file, page(exam, forms if student else forms[:1]).encode(), mode=PRIVATE, durable=True)
    out.print(plain(str(file)), highlight=False, soft_wrap=True)


def paper(
    folder: Folder,
    student: Students = None,
    to: Annotated[Path, typer.Option("--out", "-o", help="Folder for papers.html and keys.html.")] = Path("paper"),
) -> None:
    """Write printable forms, each with its code, and a page with the key of each form.

    Example: autograder exam paper forms -o paper
    """
    from autograder.exam.paper import keys, papers

    exam, forms = _forms(folder, student)
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_bytes(to / "papers.html", papers(exam, forms).encode(), mode=PRIVATE, durable=True)
    write_bytes(to / "keys.html", keys(exam, forms).encode(), mode=PRIVATE, durable=True)
    out.print(plain(f"{to}: {len(forms)} papers"), highlight=False, soft_wrap=True)


def notebook(
    folder: Folder,
    student: Students = None,
    to: Annotated[Path, typer.Option("--out", "-o", help="Folder for the notebooks.")] = Path("notebooks"),
) -> None:
    """Write forms as notebooks with the cells of nbgrader; exam mark reads the answers from them.

    Example: autograder exam notebook forms -o notebooks
    """
    from autograder.exam.forms import form_file_name
    from autograder.exam.notebook import notebook as text

    exam, forms = _forms(folder, student)
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    for form in forms:
        write_bytes(
            (to / form_file_name(form.student)).with_suffix(".ipynb"),
            text(exam, form).encode(),
            mode=PRIVATE,
            durable=True,
        )
    out.print(plain(f"{to}: {len(forms)} notebooks"), highlight=False, soft_wrap=True)


def _forms(folder: Path, students: Sequence[str] | None) -> tuple[Exam, list[Form]]:
    from autograder.exam.forms import read_folder

    exam, forms = read_folder(folder)
    for name in students or ():
        if not any(f.student == name for f in forms):
            raise UsageError(f"--student: {folder} has no form for {name!r}")
    return exam, [f for f in forms if not students or f.student in students]
