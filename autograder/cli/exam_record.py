"""The exam's command that puts marks where those of assignments are."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autograder.cli.attempts import Db, open_ledger
from autograder.cli.common import NOT_ALL_JUDGED, OK, UsageError, out
from autograder.cli.exam_marks import Folder, Responses, database_of, responses_of
from autograder.gradebook.records import DEFAULT, EXAM, read_time
from autograder.results import Score
from question_bank.exam.blueprint import Exam
from question_bank.exam.form import Form

if TYPE_CHECKING:
    from autograder.gradebook.ledger import Ledger


def record(
    folder: Folder,
    responses: Responses,
    db: Db = DEFAULT,
    submitted: Annotated[
        str,
        typer.Option(
            "--submitted", help="When it was handed in; default: as the server saw it, else when the exam closed."
        ),
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
    moment = read_time(submitted, "--submitted") if submitted else None
    handed_in, working = _handed_in(responses, folder, exam, forms, moment)
    rekeys = read_rekeys(folder)
    added = waiting = 0
    changed: dict[int, Score] = {}
    with open_ledger(db) as ledger:
        tasks = task_points(ledger, forms)
        for form, given, at in handed_in:
            marked = mark_exam(exam, [form], {form.student: given}, rekeys, tasks)[0]
            result = exam_result(exam, form, given, marked, rekeys)
            assert result.score is not None
            attempt, new = ledger.record(form.student, result, submitted=at, kind=EXAM)
            now = (Decimal(str(marked.points)), result.score.judged, result.score.rubric_sha256)
            if not new and (attempt.points, attempt.judged, attempt.rubric) != now:
                changed[attempt.number] = result.score
            added += new
            waiting += not result.score.judged
        ledger.rescore(changed)
    students = len({form.student for form, _, _ in handed_in})
    text = f"{students} of {len(forms)} students have responses; {added} added, {len(changed)} changed"
    text += f", {working} still at work: left out" if working else ""
    out.print(text + (f", {waiting} wait for a programming task" if waiting else ""), highlight=False, soft_wrap=True)
    raise typer.Exit(NOT_ALL_JUDGED if waiting else OK)


def _handed_in(
    responses: str, folder: Path, exam: Exam, forms: Sequence[Form], moment: datetime.datetime | None
) -> tuple[list[tuple[Form, Mapping[str, Any], datetime.datetime]], int]:
    """What was handed in, by whom and when: every sitting of a served exam; and how many are still at work."""
    if (url := database_of(responses)) is not None:
        from autograder.exam_store import sittings_of

        by_student = {form.student: form for form in forms}
        sat = sittings_of(folder, exam, forms, url)
        done = [(by_student[s.student], s.responses, moment or s.handed_in) for s in sat if not s.open]
        return done, sum(s.open for s in sat)
    at = moment or exam.closes
    if at is None:
        raise UsageError("exam.toml says nothing of closes: say when it was handed in with --submitted")
    given, _ = responses_of(responses, folder, exam, forms)
    return [(form, given[form.student], at) for form in forms if form.student in given], 0


def task_points(ledger: Ledger, forms: Sequence[Form]) -> Mapping[str, Mapping[str, float]]:
    """Student → assignment of the exam → share of its points, as the ledger has it now."""
    from autograder.cli.gradebook import find_policy
    from autograder.exam_results import task_shares, tasks_of
    from autograder.gradebook.marks import make_marks

    slugs = tasks_of(forms)
    return task_shares(make_marks(ledger.book(), find_policy(None)), slugs) if slugs else {}
