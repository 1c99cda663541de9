"""Downloads for the instructor, available at any time: answers that count, times, and every stored answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response

from autograder.escaping import Cell, rows_text
from autograder.exam.server.access import only
from autograder.exam.server.context import ExamContext
from autograder.exam.server.roster import events_of
from autograder.exam.server.table import iso
from autograder.exam.sign_in import INSTRUCTOR
from autograder.exam.sitting import Sitting, Timeliness, sittings
from autograder.exam.sittings import CollectedSitting, collect_sittings, last_sittings

HEAD = "number student name sitting item saved response flagged seconds counts late after".split()


def install(pages: Blueprint, context: ExamContext) -> None:
    """Add the downloads to the instructor's pages."""

    @pages.get("/responses.json")
    @only(INSTRUCTOR)
    def responses() -> Any:
        data = {sitting.student: sitting.responses for sitting in _last(context)}
        return _file(context, "responses.json", _json(data))

    @pages.get("/times.json")
    @only(INSTRUCTOR)
    def times() -> Any:
        data = {sitting.student: sitting.seconds for sitting in _last(context) if sitting.seconds}
        return _file(context, "times.json", _json(data))

    @pages.get("/answers.csv")
    @only(INSTRUCTOR)
    def answers() -> Any:
        text = rows_text([HEAD, *answer_rows(context)])
        # A lone surrogate from a browser cannot be encoded in UTF-8; inside JSON its escape means the same.
        return _file(context, "answers.csv", text.encode("utf-8", "backslashreplace"))


def answer_rows(context: ExamContext) -> Iterator[list[Cell]]:
    """Every stored answer, oldest first, and whether it arrived in time."""
    sitting_of: dict[tuple[str, int], Sitting] = {}
    events = events_of(context)
    for student in context.forms:
        sitting_of |= {(student, s.number): s for s in sittings(context.exam, student, events[student])}
    for answer in context.responses.answers():
        sitting = sitting_of.get((answer.student, answer.sitting))
        timeliness = sitting.timeliness(answer.at) if sitting else Timeliness.AFTER_TIME
        late, after = timeliness is Timeliness.LATE, timeliness is Timeliness.AFTER_TIME
        flagged, *yes_no = ["yes" if value else "no" for value in (answer.flagged, not after, late, after)]
        name = context.names.get(answer.student, "")
        seconds = None if answer.seconds is None else Decimal(str(answer.seconds))
        response = json.dumps(answer.response, ensure_ascii=False)
        start: list[Cell] = [answer.number, answer.student, name, answer.sitting, answer.name]
        yield [*start, answer.at.isoformat(timespec="milliseconds"), response, flagged, seconds, *yes_no]


def _last(context: ExamContext) -> list[CollectedSitting]:
    """The last sitting of each student."""
    collected = collect_sittings(context.exam, list(context.forms.values()), context.responses, context.now())
    return list(last_sittings(collected).values())


def _json(data: object) -> bytes:
    return (json.dumps(data, ensure_ascii=True, indent=1, sort_keys=True) + "\n").encode()


def _file(context: ExamContext, name: str, data: bytes) -> Response:
    kind = "application/json" if name.endswith(".json") else "text/csv"
    stamp = iso(context.now()).replace(":", "").replace("-", "")[:15]
    response = Response(data, mimetype=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{context.exam.id}-{stamp}-{name}"'
    return response
