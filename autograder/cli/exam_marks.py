"""The exam's commands about marks: mark responses, decide about a key."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from autograder.cli.common import OK, SOME_FAILED, Json, UsageError, err, out, plain, print_json
from question_bank.exam.blueprint import Exam
from question_bank.exam.form import Form

Folder = Annotated[Path, typer.Argument(help="Folder that exam build wrote.", metavar="FORMS")]
WHERE = "JSON, a folder of the exam's notebooks, or the database of exam serve (its URL, or its file)."
Responses = Annotated[str, typer.Option("--responses", "-r", help=f"Responses: {WHERE}")]


def mark(
    folder: Folder,
    responses: Responses,
    file: Annotated[Path | None, typer.Option("--out", "-o", help="Write a CSV file too.")] = None,
    json: Json = False,
) -> None:
    """Mark every form by the rules of its exam and by what was decided about keys.

    Example: autograder exam mark forms --responses responses.json -o marks.csv
    """
    from question_bank.csv_safe import rows_text
    from question_bank.exam.forms import read_folder
    from question_bank.exam.marks import mark_exam
    from question_bank.exam.rekey import read_rekeys
    from question_bank.store import plain as as_plain

    exam, forms = read_folder(folder)
    given, unread = responses_of(responses, folder, exam, forms)
    marked = mark_exam(exam, forms, given, read_rekeys(folder))
    if file is not None:
        names = list(dict.fromkeys(m.name for one in marked for m in one.marks))
        rows: list[list[str]] = [["student", "points", "possible", *names]]
        for one in marked:
            by_name = {m.name: f"{m.points:.4g}" for m in one.marks if not m.waits}
            rows.append([one.student, f"{one.points:g}", f"{one.possible:g}", *(by_name.get(n, "") for n in names)])
        file.write_text(rows_text(rows), "utf-8")
    if json:
        print_json([as_plain(one) for one in marked])
    else:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in ("student", "points", "of", "answered"):
            table.add_column(column, justify="left" if column == "student" else "right")
        for one in marked:
            answered = sum(m.answered for m in one.marks)
            cells = (plain(one.student), f"{one.points:g}", f"{one.possible:g}", f"{answered}/{len(one.marks)}")
            table.add_row(*cells)
        out.print(table)
    raise typer.Exit(SOME_FAILED if unread else OK)


def rekey(
    folder: Folder,
    item: Annotated[str, typer.Argument(help="Id of the item, or name of a template for all of its draws.")],
    by: Annotated[str, typer.Option("--by", help="Who decides.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; students read it.")],
    accept: Annotated[
        str | None, typer.Option("--accept", help="Words of an option, or what is typed: right too.")
    ] = None,
    all_credit: Annotated[
        bool, typer.Option("--all-credit", help="Everybody who has the item gets its points.")
    ] = False,
    drop: Annotated[bool, typer.Option("--drop", help="The item does not count.")] = False,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Earlier decisions about it no longer hold.")] = False,
    responses: Annotated[str | None, typer.Option("--responses", "-r", help=f"Shows who moves: {WHERE}")] = None,
    rehearse: Annotated[bool, typer.Option("--rehearse", help="Only show who would move.")] = False,
    json: Json = False,
) -> None:
    """Decide that a key was wrong, mark every response again, and list who moved and why.

    Example: autograder exam rekey forms relu-range --accept "Zero" --by ada --reason "also right" -r responses.json
    """
    from question_bank.exam.forms import read_folder
    from question_bank.exam.marks import mark_exam, moved
    from question_bank.exam.rekey import ACCEPT, CREDIT, DROP, WITHDRAW, add_rekey, make_rekey, read_rekeys
    from question_bank.store import plain as as_plain

    asked = {ACCEPT: accept is not None, CREDIT: all_credit, DROP: drop, WITHDRAW: withdraw}
    if sum(asked.values()) != 1:
        raise UsageError("expected one of --accept OPTION, --all-credit, --drop and --withdraw")
    if rehearse and responses is None:
        raise UsageError("--rehearse shows who would move: name --responses too")
    exam, forms = read_folder(folder)
    action = next(name for name, wanted in asked.items() if wanted)
    made = make_rekey(forms, item, action, by, reason, datetime.datetime.now(datetime.UTC), accept or "")
    before = read_rekeys(folder)
    given: Mapping[str, Mapping[str, Any]] | None = None
    if responses is not None:
        given = responses_of(responses, folder, exam, forms)[0]
    if not rehearse:
        add_rekey(folder, made)
    if given is None:
        out.print("stored; --responses lists who moved", highlight=False)
        return
    found = moved(mark_exam(exam, forms, given, before), mark_exam(exam, forms, given, [*before, made]))
    if json:
        print_json([as_plain(one) for one in found])
        return
    for one in found:
        text = f"{one.student}: {one.before:g} → {one.after:g}; {'; '.join(one.why)}"
        out.print(plain(text), highlight=False, soft_wrap=True)
    out.print(f"{len(forms)} marked again, {len(found)} moved", highlight=False)


def responses_of(
    where: str, folder: Path, exam: Exam, forms: Sequence[Form]
) -> tuple[Mapping[str, Mapping[str, Any]], int]:
    """Responses of a JSON file, a folder of notebooks or a database, and how many notebooks could not be read."""
    from question_bank.exam.marks import read_responses

    if (url := database_of(where)) is not None:
        from autograder.exam_store import sittings_of
        from question_bank.exam.collected import last_sittings

        return {s: one.responses for s, one in last_sittings(sittings_of(folder, exam, forms, url)).items()}, 0
    path = Path(where)
    if not path.is_dir():
        found = read_responses(path)
        strangers = sorted(set(found) - {form.student for form in forms})
        for name in strangers[:10]:
            err.print(f"{plain(name)}: has responses, but no form", highlight=False, soft_wrap=True)
        return found, 0
    from autograder.notebook import NotebookError, claimed_cells
    from question_bank.exam.forms import file_of
    from question_bank.exam.notebook import read_answers

    answers: dict[str, Mapping[str, Any]] = {}
    unread = 0
    for form in forms:
        file = (path / file_of(form.student)).with_suffix(".ipynb")
        if not file.is_file() or file.is_symlink():
            continue
        try:
            answers[form.student], remarks = read_answers(claimed_cells(_bounded(file)), form)
        except NotebookError as error:
            remarks, unread = [str(error)], unread + 1
        for remark in remarks:
            err.print(f"{plain(str(file))}: {plain(remark)}", highlight=False, soft_wrap=True)
    return answers, unread


def seconds_of(where: str, folder: Path, exam: Exam, forms: Sequence[Form]) -> dict[str, Mapping[str, float]]:
    """Student → answer name → seconds spent on it; known of what was answered in a browser only."""
    if (url := database_of(where)) is None:
        return {}
    from autograder.exam_store import sittings_of
    from question_bank.exam.collected import last_sittings

    return {s: one.seconds for s, one in last_sittings(sittings_of(folder, exam, forms, url)).items()}


def database_of(where: str) -> str | None:
    """The URL of the database that is meant; None for a file or a folder of responses."""
    if "://" in where:
        return where
    try:
        with Path(where).open("rb") as file:
            return f"sqlite:///{where}" if file.read(16) == b"SQLite format 3\0" else None
    except OSError:
        return None


def _bounded(file: Path) -> bytes:
    from autograder.notebook import NotebookError

    if file.stat().st_size > 50_000_000:
        raise NotebookError("larger than 50 MB, expected a notebook")
    return file.read_bytes()
