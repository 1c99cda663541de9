"""What an instructor takes away at any moment: answers that count, times, and everything that was kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response

from question_bank.csv_safe import Cell, rows_text
from question_bank.exam.collected import Sat, collect_sittings, last_sittings
from question_bank.exam.responses import INSTRUCTOR
from question_bank.exam.server.access import only
from question_bank.exam.server.hall import Hall
from question_bank.exam.server.roll import events_of
from question_bank.exam.server.table import iso
from question_bank.exam.sitting import Sitting, sittings

HEAD = "number student name sitting item saved response flagged seconds counts late after".split()


def install(pages: Blueprint, hall: Hall) -> None:
    @pages.get("/responses.json")
    @only(INSTRUCTOR)
    def responses() -> Any:
        return _file(hall, "responses.json", _json({one.student: one.responses for one in _last(hall)}))

    @pages.get("/times.json")
    @only(INSTRUCTOR)
    def times() -> Any:
        return _file(hall, "times.json", _json({one.student: one.seconds for one in _last(hall) if one.seconds}))

    @pages.get("/answers.csv")
    @only(INSTRUCTOR)
    def answers() -> Any:
        text = rows_text([HEAD, *answer_rows(hall)])
        # A lone surrogate that a browser sent has no UTF-8; inside JSON its escape means the same.
        return _file(hall, "answers.csv", text.encode("utf-8", "backslashreplace"))


def answer_rows(hall: Hall) -> Iterator[list[Cell]]:
    """Every answer that was kept, oldest first, and whether it came in time."""
    sat: dict[tuple[str, int], Sitting] = {}
    events = events_of(hall)
    for student in hall.forms:
        sat |= {(student, one.number): one for one in sittings(hall.exam, student, events[student])}
    for one in hall.responses.answers():
        at = sat.get((one.student, one.sitting))
        counts = at is not None and at.counts(one.at)
        late = counts and at is not None and at.late(one.at)
        yes = ["yes" if b else "no" for b in (one.flagged, counts, late, not counts)]
        name = hall.names.get(one.student, "")
        seconds = None if one.seconds is None else Decimal(str(one.seconds))
        said = json.dumps(one.response, ensure_ascii=False)
        start: list[Cell] = [one.number, one.student, name, one.sitting, one.name]
        yield [*start, one.at.isoformat(timespec="milliseconds"), said, yes[0], seconds, *yes[1:]]


def _last(hall: Hall) -> list[Sat]:
    """Of each student the last sitting."""
    sat = collect_sittings(hall.exam, list(hall.forms.values()), hall.responses, hall.now())
    return list(last_sittings(sat).values())


def _json(data: object) -> bytes:
    return (json.dumps(data, ensure_ascii=True, indent=1, sort_keys=True) + "\n").encode()


def _file(hall: Hall, name: str, data: bytes) -> Response:
    kind = "application/json" if name.endswith(".json") else "text/csv"
    stamp = iso(hall.now()).replace(":", "").replace("-", "")[:15]
    response = Response(data, mimetype=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{hall.exam.id}-{stamp}-{name}"'
    return response
