"""The exam's analysis: item statistics from marked responses, as a page, as JSON, and back into the bank."""

from __future__ import annotations

import json as json_
import math
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from autograder.cli.common import OK, SOME_FAILED, Json, Quiet, UsageError, err, out, plain, spinner

_SHOWN = 12  # flagged items that are listed


def analyse(
    responses: Annotated[
        str,
        typer.Argument(
            help="Marked answers (CSV or JSON, one row for each student and item), or, with --forms, the responses: "
            "exported ones, a folder of notebooks, or the database of exam serve."
        ),
    ],
    forms: Annotated[
        Path | None, typer.Option("--forms", help="Folder that exam build wrote: marks by its keys.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--out", "-o", help="The page to write.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json-out", help="Write the numbers as JSON too.")] = None,
    times: Annotated[
        Path | None, typer.Option("--times", help="With --forms: JSON file, student → answer name → seconds.")
    ] = None,
    bank: Annotated[
        Path | None, typer.Option("--bank", "-b", help="Bank that remembers the measured difficulty of its items.")
    ] = None,
    name: Annotated[str, typer.Option("--exam", help="Name of the exam; default: that of the forms.")] = "",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Judge the items of an exam by their statistics; exits 1 when a key should be checked.

    Example: autograder exam analyse responses.json --forms forms/ -o analysis.html --bank bank
    """
    from autograder.report.items import analysis_page
    from question_bank.analysis.analyse import analyse as run
    from question_bank.analysis.analyse import to_json
    from question_bank.analysis.feedback import STATISTICS, record
    from question_bank.analysis.flags import CHECK
    from question_bank.analysis.table import ResponsesError, read_answers
    from question_bank.exam.forms import write_private

    if times is not None and forms is None:
        raise UsageError("--times belongs to --forms; a table of marked answers has a column “seconds”")
    stems: dict[str, str] = {}
    with spinner("analysing", quiet or json):
        try:
            if forms is None:
                answers = read_answers(Path(responses))
            else:
                from autograder.cli.exam_marks import responses_of, seconds_of
                from question_bank.analysis.collect import collect
                from question_bank.analysis.collect import stems as words
                from question_bank.exam.forms import read_folder
                from question_bank.exam.rekey import read_rekeys

                exam, given = read_folder(forms)
                answered, _ = responses_of(responses, forms, exam, given)
                spent = _times(times) or seconds_of(responses, forms, exam, given)
                answers = collect(exam, given, answered, read_rekeys(forms), spent)
                name, stems = name or exam.id, words(given)
            found = run(answers, name, stems)
        except ResponsesError as error:
            raise UsageError(str(error)) from None
    if bank is not None and not name.strip():
        raise UsageError("--bank: the exam needs a name (--exam midterm-2027); its measurements are kept under it")
    if file is not None:
        write_private(file, analysis_page(found).encode())
    if json_file is not None:
        write_private(json_file, (to_json(found) + "\n").encode())
    doubtful = record(bank, found) if bank is not None else []
    checked = [u for u in found.flagged if any(f.level == CHECK for f in u.flags)]
    if json:
        print(to_json(found))
    elif not quiet:
        alpha = found.reliability.alpha
        said = "" if math.isnan(alpha.value) else f", {found.reliability.name} {alpha.value:.2f}"
        out.print(f"{found.students} students, {len(found.units)} items{said}", highlight=False)
        for note in found.notes:
            out.print(f"  {plain(note)}", highlight=False, soft_wrap=True)
        table = Table(box=None, pad_edge=False, show_header=False)
        for unit in found.flagged[:_SHOWN]:
            for flag in unit.flags:
                style = "red" if flag.level == CHECK else "yellow"
                table.add_row(f"[{style}]{plain(unit.unit)}[/]", plain(f"{flag.seen} {flag.advice}"))
        out.print(table)
        if len(found.flagged) > _SHOWN:
            out.print(f"  … and {len(found.flagged) - _SHOWN} more items with advice", highlight=False)
        if file is not None:
            out.print(plain(str(file)), highlight=False, soft_wrap=True)
        if bank is not None:
            kept = len(found.units) - len(doubtful)
            out.print(plain(f"{bank / STATISTICS}: {kept} items measured"), highlight=False, soft_wrap=True)
    if doubtful and not json:
        err.print(plain(f"not recorded, their keys are in doubt: {', '.join(doubtful)}"), highlight=False)
    raise typer.Exit(SOME_FAILED if checked else OK)


def _times(path: Path | None) -> dict[str, dict[str, float]]:
    """Seconds by student and answer name; a wrong entry is an error, not a zero."""
    if path is None:
        return {}
    try:
        data = json_.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not JSON: {error}") from None
    good = isinstance(data, dict) and all(
        isinstance(one, dict) and all(type(v) in (int, float) and 0 <= v < 1e9 for v in one.values())
        for one in data.values()
    )
    if not good:
        raise UsageError(f'{path}: expected {{"student": {{"q1": seconds, …}}}}, seconds from 0')
    return {student: {q: float(v) for q, v in one.items()} for student, one in data.items()}
