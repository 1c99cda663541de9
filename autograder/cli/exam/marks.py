"""``exam mark`` and ``exam rekey``: mark responses, and correct a key."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from autograder.cli.common import OK, SOME_FAILED, UsageError, err, make_table, out, plain, print_json
from autograder.cli.options import Json
from autograder.exam.blueprint import Exam
from autograder.exam.form import Form

Folder = Annotated[Path, typer.Argument(help="Folder that exam build wrote.", metavar="FORMS")]
WHERE = "JSON, a folder of the exam's notebooks, or the database of exam serve (its URL, or its file)."
Responses = Annotated[str, typer.Option("--responses", "-r", help=f"Responses: {WHERE}")]


def mark(
    folder: Folder,
    responses: Responses,
    file: Annotated[Path | None, typer.Option("--out", "-o", help="Also write a CSV file.")] = None,
    json: Json = False,
) -> None:
    """Mark every form by the rules of its exam and the decisions about keys.

    Example: autograder exam mark forms --responses responses.json -o marks.csv
    """
    from autograder.escaping import rows_text
    from autograder.exam.forms import read_folder
    from autograder.exam.marks import mark_exam
    from autograder.exam.rekey import read_rekeys
    from question_bank.store import plain as as_plain

    exam, forms = read_folder(folder)
    given, unread = responses_of(responses, folder, exam, forms)
    marked = mark_exam(exam, forms, given, read_rekeys(folder))
    if file is not None:
        names = list(dict.fromkeys(m.name for form in marked for m in form.marks))
        rows: list[list[str]] = [["student", "points", "possible", *names]]
        for form in marked:
            by_name = {m.name: f"{m.points:.4g}" for m in form.marks if not m.waits}
            rows.append([form.student, f"{form.points:g}", f"{form.possible:g}", *(by_name.get(n, "") for n in names)])
        file.write_text(rows_text(rows), "utf-8")
    if json:
        print_json([as_plain(form) for form in marked])
    else:
        table = make_table("student", ">points", ">of", ">answered")
        for form in marked:
            answered = sum(m.answered for m in form.marks)
            cells = (plain(form.student), f"{form.points:g}", f"{form.possible:g}", f"{answered}/{len(form.marks)}")
            table.add_row(*cells)
        out.print(table)
    raise typer.Exit(SOME_FAILED if unread else OK)


def rekey(
    folder: Folder,
    item: Annotated[str, typer.Argument(help="Id of the item, or name of a template for all of its draws.")],
    by: Annotated[str, typer.Option("--by", help="Your name, for the record.")],
    reason: Annotated[str, typer.Option("--reason", help="The reason; students read it.")],
    accept: Annotated[
        str | None, typer.Option("--accept", help="Text of an option, or a typed answer, that is also right.")
    ] = None,
    all_credit: Annotated[
        bool, typer.Option("--all-credit", help="Everyone who has the item gets its points.")
    ] = False,
    drop: Annotated[bool, typer.Option("--drop", help="The item does not count.")] = False,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Withdraw earlier decisions about the item.")] = False,
    responses: Annotated[str | None, typer.Option("--responses", "-r", help=f"List changed marks: {WHERE}")] = None,
    rehearse: Annotated[bool, typer.Option("--rehearse", help="Only list the marks that would change.")] = False,
    json: Json = False,
) -> None:
    """Correct a key, mark every response again, and list the marks that changed, with reasons.

    Example: autograder exam rekey forms relu-range --accept "Zero" --by ada --reason "also right" -r responses.json
    """
    from autograder.exam.forms import read_folder
    from autograder.exam.marks import mark_changes, mark_exam
    from autograder.exam.rekey import ACCEPT, CREDIT, DROP, WITHDRAW, add_rekey, make_rekey, read_rekeys
    from question_bank.store import plain as as_plain

    options = {ACCEPT: accept is not None, CREDIT: all_credit, DROP: drop, WITHDRAW: withdraw}
    if sum(options.values()) != 1:
        raise UsageError("expected exactly one of --accept OPTION, --all-credit, --drop and --withdraw")
    if rehearse and responses is None:
        raise UsageError("--rehearse needs --responses to list the marks that would change")
    exam, forms = read_folder(folder)
    action = next(name for name, wanted in options.items() if wanted)
    decision = make_rekey(forms, item, action, by, reason, datetime.datetime.now(datetime.UTC), accept or "")
    before = read_rekeys(folder)
    given: Mapping[str, Mapping[str, Any]] | None = None
    if responses is not None:
        given = responses_of(responses, folder, exam, forms)[0]
    if not rehearse:
        add_rekey(folder, decision)
    if given is None:
        out.print("Decision stored. With --responses the marks that change are listed.", highlight=False)
        return
    changes = mark_changes(mark_exam(exam, forms, given, before), mark_exam(exam, forms, given, [*before, decision]))
    if json:
        print_json([as_plain(change) for change in changes])
        return
    for change in changes:
        text = f"{change.student}: {change.before:g} → {change.after:g}; {'; '.join(change.why)}"
        out.print(plain(text), highlight=False, soft_wrap=True)
    out.print(f"{len(forms)} forms marked again; marks changed: {len(changes)}", highlight=False)


def responses_of(
    where: str, folder: Path, exam: Exam, forms: Sequence[Form]
) -> tuple[Mapping[str, Mapping[str, Any]], int]:
    """Read responses from a JSON file, a folder of notebooks or a database.

    Returns:
      Student → answer name → response, and the number of notebooks that could not be read.
    """
    from autograder.exam.marks import read_responses

    if (url := database_of(where)) is not None:
        from autograder.exam.open import read_sittings
        from autograder.exam.sittings import last_sittings

        return {
            s: sitting.responses for s, sitting in last_sittings(read_sittings(folder, exam, forms, url)).items()
        }, 0
    path = Path(where)
    if not path.is_dir():
        given = read_responses(path)
        unknown = sorted(set(given) - {form.student for form in forms})
        for name in unknown[:10]:
            err.print(f"{plain(name)}: has responses, but no form; ignored", highlight=False, soft_wrap=True)
        return given, 0
    from autograder.exam.forms import form_file_name
    from autograder.exam.notebook import read_answers
    from autograder.submission.notebook import NotebookError, claimed_cells

    answers: dict[str, Mapping[str, Any]] = {}
    unread = 0
    for form in forms:
        file = (path / form_file_name(form.student)).with_suffix(".ipynb")
        if not file.is_file() or file.is_symlink():
            continue
        try:
            answers[form.student], problems = read_answers(claimed_cells(_bounded(file)), form)
        except NotebookError as error:
            problems, unread = [str(error)], unread + 1
        for problem in problems:
            err.print(f"{plain(str(file))}: {plain(problem)}", highlight=False, soft_wrap=True)
    return answers, unread


def seconds_of(where: str, folder: Path, exam: Exam, forms: Sequence[Form]) -> dict[str, Mapping[str, float]]:
    """Student → answer name → seconds spent on it; known only for answers given in a browser."""
    if (url := database_of(where)) is None:
        return {}
    from autograder.exam.open import read_sittings
    from autograder.exam.sittings import last_sittings

    return {s: sitting.seconds for s, sitting in last_sittings(read_sittings(folder, exam, forms, url)).items()}


def database_of(where: str) -> str | None:
    """The URL of a database; ``None`` for a file or a folder of responses."""
    if "://" in where:
        return where
    try:
        with Path(where).open("rb") as file:
            return f"sqlite:///{where}" if file.read(16) == b"SQLite format 3\0" else None
    except OSError:
        return None


def _bounded(file: Path) -> bytes:
    from autograder.submission.notebook import NotebookError

    if file.stat().st_size > 50_000_000:
        raise NotebookError("larger than 50 MB, expected a notebook")
    return file.read_bytes()
