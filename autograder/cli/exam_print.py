"""The exam's commands that show forms: a preview with keys, paper, notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.common import UsageError, out, plain
from question_bank.exam.blueprint import Exam
from question_bank.exam.form import Form

Folder = Annotated[Path, typer.Argument(help="Folder that exam build wrote.", metavar="FORMS")]
Students = Annotated[list[str] | None, typer.Option("--student", help="Only this student; may be repeated.")]


def preview(
    folder: Folder,
    student: Students = None,
    file: Annotated[Path, typer.Option("--out", "-o", help="The page to write.")] = Path("preview.html"),
) -> None:
    """Write forms as students see them, with keys and explanations: for instructors only.  Default: the first form.

    Example: autograder exam preview forms -o preview.html
    """
    from question_bank.exam.forms import write_private
    from question_bank.exam.paper import preview as page

    exam, forms = _forms(folder, student)
    write_private(file, page(exam, forms if student else forms[:1]).encode())
    out.print(plain(str(file)), highlight=False, soft_wrap=True)


def paper(
    folder: Folder,
    student: Students = None,
    to: Annotated[Path, typer.Option("--out", "-o", help="Folder for papers.html and keys.html.")] = Path("paper"),
) -> None:
    """Write forms to print, each with its code, and the key of each.

    Example: autograder exam paper forms -o paper
    """
    from question_bank.exam.forms import write_private
    from question_bank.exam.paper import keys, papers

    exam, forms = _forms(folder, student)
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(to / "papers.html", papers(exam, forms).encode())
    write_private(to / "keys.html", keys(exam, forms).encode())
    out.print(plain(f"{to}: {len(forms)} papers"), highlight=False, soft_wrap=True)


def notebook(
    folder: Folder,
    student: Students = None,
    to: Annotated[Path, typer.Option("--out", "-o", help="Folder for the notebooks.")] = Path("notebooks"),
) -> None:
    """Write forms as notebooks with nbgrader's cells; exam mark reads the answers in them.

    Example: autograder exam notebook forms -o notebooks
    """
    from question_bank.exam.forms import file_of, write_private
    from question_bank.exam.notebook import notebook as text

    exam, forms = _forms(folder, student)
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    for form in forms:
        write_private((to / file_of(form.student)).with_suffix(".ipynb"), text(exam, form).encode())
    out.print(plain(f"{to}: {len(forms)} notebooks"), highlight=False, soft_wrap=True)


def _forms(folder: Path, students: Sequence[str] | None) -> tuple[Exam, list[Form]]:
    from question_bank.exam.forms import read_folder

    exam, forms = read_folder(folder)
    for name in students or ():
        if not any(f.student == name for f in forms):
            raise UsageError(f"--student: {folder} holds no form of {name!r}")
    return exam, [f for f in forms if not students or f.student in students]
