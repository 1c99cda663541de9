"""The instructor's live view: who is where, one student's page, and the questions before what cannot be taken back."""

from __future__ import annotations

import secrets
import threading
import time
from typing import Any

from flask import Blueprint, Flask, abort, g, render_template, request

from question_bank.exam import sitting
from question_bank.exam.responses import INSTRUCTOR
from question_bank.exam.server import actions, exports, table
from question_bank.exam.server.access import only
from question_bank.exam.server.hall import Hall
from question_bank.exam.server.roll import STATES, WORDS, Line, Roll, at_work, call_roll
from question_bank.exam.server.timeline import answers, remarks, timeline
from question_bank.exam.sitting import NOTED
from question_bank.visible import visible

FRESH_SECONDS = 1.0  # several instructors who watch cost no more than one


class Desk:
    """The roll, worked out anew when it is older than ``FRESH_SECONDS`` or something was done."""

    def __init__(self, hall: Hall) -> None:
        self._hall, self._lock = hall, threading.Lock()
        self._made: tuple[float, Roll] | None = None

    def roll(self, fresh: float = 0.0) -> Roll:
        with self._lock:
            if self._made is None or time.monotonic() - self._made[0] >= fresh:
                self._made = None
                roll = call_roll(self._hall)
                self._made = time.monotonic(), roll
            return self._made[1]

    def line(self, student: str) -> Line:
        return call_roll(self._hall, student).lines[0]

    def changed(self) -> None:
        with self._lock:
            self._made = None


def install(app: Flask, hall: Hall) -> None:
    pages = Blueprint("watch", __name__, url_prefix="/watch")
    desk = Desk(hall)
    actions.install(pages, hall, desk.changed)
    exports.install(pages, hall)

    @pages.get("/")
    @only(INSTRUCTOR)
    def overview() -> Any:
        roll, view = desk.roll(), table.read_view(request.args)
        return render_template(
            "watch.html.j2",
            view=view,
            columns=table.COLUMNS,
            states=[(state, WORDS[state]) for state in STATES],
            looks=[(name, title) for name, (title, _) in table.LOOK.items()],
            **{**_about(hall), **_live(roll, view)},
        )

    @pages.get("/rows")
    @only(INSTRUCTOR)
    def rows() -> Any:
        """What ``watch.js`` asks for every few seconds."""
        return _live(desk.roll(FRESH_SECONDS), table.read_view(request.args))

    @pages.get("/student")
    @only(INSTRUCTOR)
    def student() -> Any:
        one = _known(hall)
        line = desk.line(one)
        standing, store = hall.standing(one), hall.responses
        notes = [e for e in store.events(one, notes=True) if e.kind == NOTED]
        by_staff = [e for e in notes if e.by]
        saved, sat = store.answers(one), sitting.sittings(hall.exam, one, standing.events)
        return render_template(
            "watch_student.html.j2",
            row=table.cells(line, standing.now),
            standing=standing,
            released=sitting.released(standing.events),
            minutes=f"{hall.exam.minutes_for(one):g}",
            coded=one in store.coded(),
            signed=table.iso(store.signed_in().get(one)),
            events=timeline(sorted((*standing.events, *by_staff), key=lambda e: e.number)),
            remarks=remarks(e for e in notes if not e.by),
            sittings=[(s, answers(hall.shown(one), s, saved)) for s in reversed(sat)],
            **_about(hall),
        )

    @pages.get("/submit")
    @only(INSTRUCTOR)
    def confirm_submit() -> Any:
        one = _known(hall)
        line = desk.line(one)
        return render_template(
            "watch_confirm.html.j2", what="submit", row=table.cells(line, hall.now()), id=one, **_about(hall)
        )

    @pages.get("/release")
    @only(INSTRUCTOR)
    def confirm_release() -> Any:
        roll = desk.roll()
        counts = {tile["key"]: tile["text"] for tile in table.summary(roll.lines)}
        what = "withdraw" if sitting.released(roll.events) else "release"
        return render_template(
            "watch_confirm.html.j2", what=what, counts=counts, working=at_work(hall), id="", **_about(hall)
        )

    app.register_blueprint(pages)


def _known(hall: Hall) -> str:
    one = request.args.get("id", "")
    if one not in hall.forms:
        abort(404)
    return one


def _live(roll: Roll, view: table.View) -> dict[str, Any]:
    """What changes while an exam runs."""
    lines = table.select(roll, view)
    return {
        "now": table.iso(roll.now),
        "summary": table.summary(roll.lines),
        "shown": f"{len(lines)} of {len(roll.lines)} students",
        "sort": view.sort,
        "down": view.down,
        "released": sitting.released(roll.events),
        "said": timeline(roll.events),
        "rows": [table.cells(line, roll.now) for line in lines],
    }


def _about(hall: Hall) -> dict[str, Any]:
    """What every page of an instructor shows."""
    return {
        "now": table.iso(hall.now()),
        "by": visible(g.person.student, limit=100),
        "everybody": len(hall.forms),
        "fresh": lambda: secrets.token_urlsafe(12),
        "clock": table.clock,
        "iso": table.iso,
        "most": actions.MOST_MINUTES,
        "longest": actions.LONGEST_TEXT,
        "longest_reason": actions.LONGEST_REASON,
    }
