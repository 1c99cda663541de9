"""``exam analyse``: item statistics from marked responses, as a page, as JSON, and back into the bank."""

from __future__ import annotations

import json as json_
import math
from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.common import OK, SOME_FAILED, UsageError, err, make_table, out, plain, spinner
from autograder.cli.options import Json, Quiet
from autograder.files import PRIVATE, write_bytes

_SHOWN = 12  # number of flagged items to list


def analyse(
    responses: Annotated[
        str,
        typer.Argument(
            help="Marked answers (CSV or JSON, one row for each student and item) or, with --forms, the responses: "
            "an export, a folder of notebooks, or the database of exam serve."
        ),
    ],
    forms: Annotated[
        Path | None, typer.Option("--forms", help="Folder that exam build wrote; its keys mark the responses.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--out", "-o", help="The page to write.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json-out", help="Also write the numbers as JSON.")] = None,
    times: Annotated[
        Path | None, typer.Option("--times", help="With --forms: JSON file, student → answer name → seconds.")
    ] = None,
    bank: Annotated[
        Path | None, typer.Option("--bank", "-b", help="Bank that stores the measured difficulty of its items.")
    ] = None,
    name: Annotated[str, typer.Option("--exam", help="Name of the exam; default: the id in the forms.")] = "",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Judge the items of an exam by their statistics; exits with 1 if a key should be checked.

    Example: autograder exam analyse responses.json --forms forms/ -o analysis.html --bank bank
    """
    from autograder.exam.analysis_page import analysis_page
    from question_bank.analysis.analyse import analyse as analyse_answers
    from question_bank.analysis.analyse import to_json
    from question_bank.analysis.feedback import STATISTICS, record
    from question_bank.analysis.flags import CHECK
    from question_bank.analysis.table import ResponsesError, read_answers

    if times is not None and forms is None:
        raise UsageError("--times needs --forms; a table of marked answers has a column “seconds” instead")
    stems: dict[str, str] = {}
    with spinner("analysing", quiet or json):
        try:
            if forms is None:
                answers = read_answers(Path(responses))
            else:
                from autograder.cli.exam.marks import responses_of, seconds_of
                from autograder.exam.forms import read_folder
                from autograder.exam.item_responses import collect
                from autograder.exam.item_responses import stems as words
                from autograder.exam.rekey import read_rekeys

                exam, given = read_folder(forms)
                answered, _ = responses_of(responses, forms, exam, given)
                spent = _times(times) or seconds_of(responses, forms, exam, given)
                answers = collect(exam, given, answered, read_rekeys(forms), spent)
                name, stems = name or exam.id, words(given)
            analysis = analyse_answers(answers, name, stems)
        except ResponsesError as error:
            raise UsageError(str(error)) from None
    if bank is not None and not name.strip():
        raise UsageError("--bank: the exam needs a name for its measurements in the bank (--exam midterm-2027)")
    if file is not None:
        write_bytes(file, analysis_page(analysis).encode(), mode=PRIVATE, durable=True)
    if json_file is not None:
        write_bytes(json_file, (to_json(analysis) + "\n").encode(), mode=PRIVATE, durable=True)
    doubtful = record(bank, analysis) if bank is not None else []
    checked = [u for u in analysis.flagged if any(f.level == CHECK for f in u.flags)]
    if json:
        print(to_json(analysis))
    elif not quiet:
        alpha = analysis.reliability.alpha
        reliability = "" if math.isnan(alpha.value) else f", {analysis.reliability.name} {alpha.value:.2f}"
        out.print(f"{analysis.students} students, {len(analysis.units)} items{reliability}", highlight=False)
        for note in analysis.notes:
            out.print(f"  {plain(note)}", highlight=False, soft_wrap=True)
        table = make_table("", "")
        for unit in analysis.flagged[:_SHOWN]:
            for flag in unit.flags:
                style = "red" if flag.level == CHECK else "yellow"
                table.add_row(f"[{style}]{plain(unit.unit)}[/]", plain(f"{flag.seen} {flag.advice}"))
        out.print(table)
        if len(analysis.flagged) > _SHOWN:
            out.print(f"  … and {len(analysis.flagged) - _SHOWN} more items with advice", highlight=False)
        if file is not None:
            out.print(plain(str(file)), highlight=False, soft_wrap=True)
        if bank is not None:
            recorded = len(analysis.units) - len(doubtful)
            out.print(plain(f"{bank / STATISTICS}: {recorded} items measured"), highlight=False, soft_wrap=True)
    if doubtful and not json:
        err.print(plain(f"not recorded, because their keys are in doubt: {', '.join(doubtful)}"), highlight=False)
    raise typer.Exit(SOME_FAILED if checked else OK)


def _times(path: Path | None) -> dict[str, dict[str, float]]:
    """Student → answer name → seconds.  Raises UsageError for a wrong entry."""
    if path is None:
        return {}
    try:
        data = json_.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not JSON: {error}") from None
    valid = isinstance(data, dict) and all(
        isinstance(times, dict) and all(type(v) in (int, float) and 0 <= v < 1e9 for v in times.values())
        for times in data.values()
    )
    if not valid:
        raise UsageError(f'{path}: expected {{"student": {{"q1": seconds, …}}}}, with seconds from 0')
    return {student: {q: float(v) for q, v in times.items()} for student, times in data.items()}
