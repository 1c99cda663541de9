"""``exam record``: write exam results to the ledger."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autograder.cli.common import NOT_ALL_JUDGED, OK, UsageError, out
from autograder.cli.exam.marks import Folder, Responses, database_of, responses_of
from autograder.cli.ledger import Db, open_ledger
from autograder.exam.blueprint import Exam
from autograder.exam.form import Form
from autograder.gradebook.records import DEFAULT, EXAM, read_time
from autograder.results import Score

if TYPE_CHECKING:
    from autograder.gradebook.ledger import Ledger


def record(
    folder: Folder,
    responses: Responses,
    db: Db = DEFAULT,
    submitted: Annotated[
        str,
        typer.Option(
            "--submitted", help="Time of the submission; default: the time at the server, else the end of the exam."
        ),
    ] = "",
) -> None:
    """Mark an exam and add it to the ledger.  After a decision about a key, the same command updates the scores.

    Programming tasks count with the marks of their assignments in the gradebook.

    Example: autograder exam record forms --responses responses.json --db sqlite:///course.db
    """
    from autograder.exam.forms import read_folder
    from autograder.exam.marks import mark_exam
    from autograder.exam.rekey import read_rekeys
    from autograder.exam.results import exam_result

    exam, forms = read_folder(folder)
    time = read_time(submitted, "--submitted") if submitted else None
    submissions, working = _submissions(responses, folder, exam, forms, time)
    rekeys = read_rekeys(folder)
    added = waiting = 0
    changed: dict[int, Score] = {}
    with open_ledger(db) as ledger:
        tasks = task_points(ledger, forms)
        for form, given, at in submissions:
            marked = mark_exam(exam, [form], {form.student: given}, rekeys, tasks)[0]
            result = exam_result(exam, form, given, marked, rekeys)
            assert result.score is not None
            attempt, new = ledger.record(form.student, result, submitted=at, kind=EXAM)
            current = (Decimal(str(marked.points)), result.score.judged, result.score.rubric_sha256)
            if not new and (attempt.points, attempt.judged, attempt.rubric) != current:
                changed[attempt.number] = result.score
            added += new
            waiting += not result.score.judged
        ledger.rescore(changed)
    students = len({form.student for form, _, _ in submissions})
    text = f"{students} of {len(forms)} students have responses; {added} added, {len(changed)} changed"
    text += f", {working} still working (not recorded)" if working else ""
    text += f", {waiting} waiting for a programming task" if waiting else ""
    out.print(text, highlight=False, soft_wrap=True)
    raise typer.Exit(NOT_ALL_JUDGED if waiting else OK)


def _submissions(
    responses: str, folder: Path, exam: Exam, forms: Sequence[Form], time: datetime.datetime | None
) -> tuple[list[tuple[Form, Mapping[str, Any], datetime.datetime]], int]:
    """Form, responses and time of each submission (each sitting of a served exam), and how many are still working."""
    if (url := database_of(responses)) is not None:
        from autograder.exam.open import read_sittings

        by_student = {form.student: form for form in forms}
        collected = read_sittings(folder, exam, forms, url)
        ended = [(by_student[s.student], s.responses, time or s.handed_in) for s in collected if not s.open]
        return ended, sum(s.open for s in collected)
    at = time or exam.closes
    if at is None:
        raise UsageError("exam.toml has no entry “closes”; give the time of the submission with --submitted")
    given, _ = responses_of(responses, folder, exam, forms)
    return [(form, given[form.student], at) for form in forms if form.student in given], 0


def task_points(ledger: Ledger, forms: Sequence[Form]) -> Mapping[str, Mapping[str, float]]:
    """Student → assignment of the exam → share of its points, from the ledger."""
    from autograder.cli.gradebook import find_policy
    from autograder.exam.results import task_shares, tasks_of
    from autograder.gradebook.marks import make_marks

    slugs = tasks_of(forms)
    return task_shares(make_marks(ledger.book(), find_policy(None)), slugs) if slugs else {}
