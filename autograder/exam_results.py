"""Marked forms as results: exams land in the ledger, the gradebook and the reports where assignments do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from autograder import __version__
from autograder.results import FAILED, NOT_JUDGED, PASSED, CheckEvidence, CheckScore, Provenance, Result, Score
from question_bank.exam.blueprint import Exam
from question_bank.exam.form import Form
from question_bank.exam.forms import form_text
from question_bank.exam.marks import Mark, Marked, Responses
from question_bank.exam.rekey import Rekey, in_force
from question_bank.interchange.text import to_plain

if TYPE_CHECKING:
    from autograder.gradebook.marks import Gradebook


def exam_result(exam: Exam, form: Form, responses: Responses, marked: Marked, rekeys: Sequence[Rekey] = ()) -> Result:
    """What a student's exam leaves behind: a check for every item and task, and the score by the keys in force.

    The responses name the submission: the same ones are the same hand-in, whatever is decided about keys later.
    """
    rows = {one.name: one for one in form.placed}
    checks, scores = [], []
    for mark in marked.marks:
        placed = rows.get(mark.name)
        title = to_plain(placed.item.stem)[:160] if placed else f"Programming task {mark.item}"
        topic = placed.item.topic if placed else ""
        message = " ".join((*mark.notes, *mark.decided))
        kind = placed.item.kind if placed else "task"
        checks.append(CheckEvidence(mark.name, title, mark.name, kind, _outcome(mark), (), message, topic=topic))
        possible = mark.possible if mark.counts else 0.0
        points = round(mark.points, 4) if mark.counts else 0.0
        scores.append(CheckScore(mark.name, points, possible, "; ".join(mark.decided)))
    judged = not any(mark.waits for mark in marked.marks)
    about = Provenance(
        assignment=exam.id,
        assignment_version="",
        assignment_sha256=_sha(form_text(form)),
        engine_version=__version__,
        submission_sha256=_sha(json.dumps(responses, sort_keys=True, default=repr)),
        seed=_sha(form_text(form))[:12],
        sandbox="",
        device="",
    )
    score = Score(marked.points, marked.possible, tuple(scores), judged, _rules(exam, form, rekeys))
    return Result(form.student, about, tuple(checks), score=score)


def task_shares(book: Gradebook, slugs: Iterable[str]) -> dict[str, dict[str, float]]:
    """Student → assignment → share of its points, by the course's policy; what is not judged yet is left out."""
    wanted = set(slugs)
    found: dict[str, dict[str, float]] = {}
    for row in book.rows:
        for slug, mark in row.marks.items():
            if slug in wanted and mark.points is not None and mark.possible and not mark.open:
                found.setdefault(row.student.id, {})[slug] = float(Fraction(mark.points) / Fraction(mark.possible))
    return found


def tasks_of(forms: Iterable[Form]) -> set[str]:
    return {task.assignment for form in forms for task in form.tasks}


def _outcome(mark: Mark) -> str:
    if mark.waits:
        return NOT_JUDGED
    return PASSED if mark.points >= mark.possible or not mark.counts else FAILED


def _rules(exam: Exam, form: Form, rekeys: Sequence[Rekey]) -> str:
    """Names what the score rests on besides the responses: rules of marking, and decisions about keys."""
    about: Mapping[str, object] = {
        "rules": [exam.rules.multiple, exam.rules.ordering, exam.rules.penalty, exam.negative],
        "decisions": [[one.name, [repr(d) for d in in_force(rekeys, one.item)]] for one in form.placed],
    }
    return _sha(json.dumps(about))[:16]


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
