"""The exam's command that puts marks where those of assignments are."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from autograder.cli.attempts import Db, open_ledger
from autograder.cli.common import NOT_ALL_JUDGED, OK, UsageError, out
from autograder.cli.exam_marks import Folder, Responses, responses_of
from autograder.gradebook.records import DEFAULT, EXAM, read_time
from autograder.results import Score
from question_bank.exam.form import Form

if TYPE_CHECKING:
    from autograder.gradebook.ledger import Ledger


def record(
    folder: Folder,
    responses: Responses,
    db: Db = DEFAULT,
    submitted: Annotated[
        str, typer.Option("--submitted", help="When it was handed in; default: when the exam closed.")
    ] = "",
) -> None:
    """Mark an exam and add it to the ledger; after a decision about a key the same command brings scores up to date.

    Programming tasks count with what the gradebook has of their assignments.

    Example: autograder exam record forms --responses responses.json --db sqlite:///course.db
    """
    from autograder.exam_results import exam_result
    from question_bank.exam.forms import read_folder
    from question_bank.exam.marks import mark_exam
    from question_bank.exam.rekey import read_rekeys

    exam, forms = read_folder(folder)
    given, _ = responses_of(responses, forms)
    moment: datetime.datetime | None = read_time(submitted, "--submitted") if submitted else exam.closes
    if moment is None:
        raise UsageError("exam.toml says nothing of closes: say when it was handed in with --submitted")
    sat = [form for form in forms if form.student in given]
    rekeys = read_rekeys(folder)
    added = waiting = 0
    changed: dict[int, Score] = {}
    with open_ledger(db) as ledger:
        for form, marked in zip(sat, mark_exam(exam, sat, given, rekeys, _tasks(ledger, sat)), strict=True):
            result = exam_result(exam, form, given[form.student], marked, rekeys)
            assert result.score is not None
            attempt, new = ledger.record(form.student, result, submitted=moment, kind=EXAM)
            now = (Decimal(str(marked.points)), result.score.judged, result.score.rubric_sha256)
            if not new and (attempt.points, attempt.judged, attempt.rubric) != now:
                changed[attempt.number] = result.score
            added += new
            waiting += not result.score.judged
        ledger.rescore(changed)
    text = f"{len(sat)} of {len(forms)} students have responses; {added} added, {len(changed)} changed"
    out.print(text + (f", {waiting} wait for a programming task" if waiting else ""), highlight=False, soft_wrap=True)
    raise typer.Exit(NOT_ALL_JUDGED if waiting else OK)


def _tasks(ledger: Ledger, forms: Sequence[Form]) -> Mapping[str, Mapping[str, float]]:
    from autograder.cli.gradebook import find_policy
    from autograder.exam_results import task_shares, tasks_of
    from autograder.gradebook.marks import make_marks

    slugs = tasks_of(forms)
    return task_shares(make_marks(ledger.book(), find_policy(None)), slugs) if slugs else {}
