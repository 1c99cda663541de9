"""Convert marked forms to results, so that ledger, gradebook and reports treat exams like assignments."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from autograder import __version__
from autograder.exam.blueprint import Exam
from autograder.exam.form import Form
from autograder.exam.forms import form_text
from autograder.exam.marks import Mark, MarkedForm, Responses
from autograder.exam.rekey import Rekey, in_force
from autograder.results import FAILED, NOT_JUDGED, PASSED, CheckEvidence, CheckScore, Outcome, Provenance, Result, Score
from question_bank.interchange.text import to_plain

if TYPE_CHECKING:
    from autograder.gradebook.marks import Gradebook


def exam_result(
    exam: Exam, form: Form, responses: Responses, marked: MarkedForm, rekeys: Sequence[Rekey] = ()
) -> Result:
    """The result of a student's exam: one check for each item and task, and the score by the current keys.

    The digest of the responses identifies the submission, so a later decision about a key does not create a new one.
    """
    placed_items = {placed.name: placed for placed in form.placed}
    checks, scores = [], []
    for mark in marked.marks:
        placed = placed_items.get(mark.name)
        title = to_plain(placed.item.stem)[:160] if placed else f"Programming task {mark.item}"
        topic = placed.item.topic if placed else ""
        message = " ".join((*mark.notes, *mark.decided))
        kind = placed.item.kind if placed else "task"
        checks.append(CheckEvidence(mark.name, title, mark.name, kind, _outcome(mark), (), message, topic=topic))
        possible = mark.possible if mark.counts else 0.0
        points = round(mark.points, 4) if mark.counts else 0.0
        scores.append(CheckScore(mark.name, points, possible, "; ".join(mark.decided)))
    judged = not any(mark.waits for mark in marked.marks)
    provenance = Provenance(
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
    return Result(form.student, provenance, tuple(checks), score=score)


def task_shares(book: Gradebook, slugs: Iterable[str]) -> dict[str, dict[str, float]]:
    """Student → assignment → share of its points, by the policy of the course; without marks that are still open."""
    wanted = set(slugs)
    shares: dict[str, dict[str, float]] = {}
    for row in book.rows:
        for slug, mark in row.marks.items():
            if slug in wanted and mark.points is not None and mark.possible and not mark.open:
                shares.setdefault(row.student.id, {})[slug] = float(Fraction(mark.points) / Fraction(mark.possible))
    return shares


def tasks_of(forms: Iterable[Form]) -> set[str]:
    """The assignments that the forms contain as programming tasks."""
    return {task.assignment for form in forms for task in form.tasks}


def _outcome(mark: Mark) -> Outcome:
    if mark.waits:
        return NOT_JUDGED
    return PASSED if mark.points >= mark.possible or not mark.counts else FAILED


def _rules(exam: Exam, form: Form, rekeys: Sequence[Rekey]) -> str:
    """A digest of everything but the responses that the score depends on: rules, and decisions about keys."""
    basis: Mapping[str, object] = {
        "rules": [exam.rules.multiple, exam.rules.ordering, exam.rules.penalty, exam.negative],
        "decisions": [[p.name, [repr(d) for d in in_force(rekeys, p.item)]] for p in form.placed],
    }
    return _sha(json.dumps(basis))[:16]


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
