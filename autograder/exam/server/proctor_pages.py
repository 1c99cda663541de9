"""The instructor's pages: live view, one student, and confirmation of actions that cannot be undone."""

from __future__ import annotations

import secrets
import threading
import time
from typing import Any

from flask import Blueprint, Flask, abort, g, render_template, request

from autograder.escaping import visible
from autograder.exam import sitting
from autograder.exam.server import exports, proctor_actions, table
from autograder.exam.server.access import only
from autograder.exam.server.context import ExamContext
from autograder.exam.server.roster import (
    STATE_NAMES,
    STATES,
    RosterLine,
    RosterSnapshot,
    count_working,
    students_are,
    take_snapshot,
)
from autograder.exam.server.timeline import answers, remarks, timeline
from autograder.exam.sign_in import INSTRUCTOR
from autograder.exam.sitting import NOTED

FRESH_SECONDS = 1.0  # so several instructors cost no more than one


class RosterCache:
    """Caches the snapshot of the roster until it is too old or an action changed it."""

    def __init__(self, context: ExamContext) -> None:
        self._context, self._lock = context, threading.Lock()
        self._cached: tuple[float, RosterSnapshot] | None = None

    def snapshot(self, max_age: float = 0.0) -> RosterSnapshot:
        """The roster, at most ``max_age`` seconds old."""
        with self._lock:
            if self._cached is None or time.monotonic() - self._cached[0] >= max_age:
                self._cached = None
                snapshot = take_snapshot(self._context)
                self._cached = time.monotonic(), snapshot
            return self._cached[1]

    def line(self, student: str) -> RosterLine:
        return take_snapshot(self._context, student).lines[0]

    def changed(self) -> None:
        with self._lock:
            self._cached = None


def install(app: Flask, context: ExamContext) -> None:
    """Add the pages of the instructor."""
    pages = Blueprint("proctor", __name__, url_prefix="/watch")
    cache = RosterCache(context)
    proctor_actions.install(pages, context, cache.changed)
    exports.install(pages, context)

    @pages.get("/")
    @only(INSTRUCTOR)
    def overview() -> Any:
        snapshot, view = cache.snapshot(), table.read_view(request.args)
        return render_template(
            "proctor.html.j2",
            view=view,
            columns=table.COLUMNS,
            states=[(state, STATE_NAMES[state]) for state in STATES],
            filters=[(name, title) for name, (title, _) in table.ATTENTION_FILTERS.items()],
            **{**_about(context), **_live(snapshot, view)},
        )

    @pages.get("/rows")
    @only(INSTRUCTOR)
    def rows() -> Any:
        """The data that ``proctor.js`` asks for every few seconds."""
        return _live(cache.snapshot(FRESH_SECONDS), table.read_view(request.args))

    @pages.get("/student")
    @only(INSTRUCTOR)
    def student() -> Any:
        student_id = _requested_student(context)
        line = cache.line(student_id)
        status, store = context.status(student_id), context.responses
        notes = [e for e in store.events(student_id, notes=True) if e.kind == NOTED]
        by_staff = [e for e in notes if e.by]
        stored, sat = store.answers(student_id), sitting.sittings(context.exam, student_id, status.events)
        return render_template(
            "proctor_student.html.j2",
            row=table.cells(line, status.now),
            status=status,
            released=sitting.released(status.events),
            minutes=f"{context.exam.minutes_for(student_id):g}",
            has_code=student_id in context.sign_ins.students_with_code(),
            signed_in=table.iso(context.sign_ins.last_sign_in().get(student_id)),
            events=timeline(sorted((*status.events, *by_staff), key=lambda e: e.number)),
            remarks=remarks(e for e in notes if not e.by),
            sittings=[(s, answers(context.shown(student_id), s, stored)) for s in reversed(sat)],
            **_about(context),
        )

    @pages.get("/submit")
    @only(INSTRUCTOR)
    def confirm_submit() -> Any:
        student_id = _requested_student(context)
        row = table.cells(cache.line(student_id), context.now())
        return render_template("proctor_confirm.html.j2", what="submit", row=row, id=student_id, **_about(context))

    @pages.get("/release")
    @only(INSTRUCTOR)
    def confirm_release() -> Any:
        snapshot = cache.snapshot()
        counts = {tile["key"]: tile["text"] for tile in table.summary(snapshot.lines)}
        what = "withdraw" if sitting.released(snapshot.events) else "release"
        return render_template(
            "proctor_confirm.html.j2",
            what=what,
            counts=counts,
            working=count_working(context),
            id="",
            **_about(context),
        )

    app.register_blueprint(pages)


def _requested_student(context: ExamContext) -> str:
    student_id = request.args.get("id", "")
    if student_id not in context.forms:
        abort(404)
    return student_id


def _live(snapshot: RosterSnapshot, view: table.View) -> dict[str, Any]:
    """The part of the live view that changes while an exam runs."""
    lines = table.select(snapshot, view)
    return {
        "now": table.iso(snapshot.now),
        "summary": table.summary(snapshot.lines),
        "shown": f"{len(lines)} of {len(snapshot.lines)} students",
        "sort": view.sort,
        "down": view.down,
        "released": sitting.released(snapshot.events),
        "log": timeline(snapshot.events),
        "rows": [table.cells(line, snapshot.now) for line in lines],
    }


def _about(context: ExamContext) -> dict[str, Any]:
    """Values for every page of an instructor."""
    return {
        "now": table.iso(context.now()),
        "by": visible(g.person.student, limit=100),
        "class_size": len(context.forms),
        "new_token": lambda: secrets.token_urlsafe(12),
        "clock": table.clock,
        "iso": table.iso,
        "students_are": students_are,
        "most": proctor_actions.MOST_MINUTES,
        "longest": proctor_actions.LONGEST_TEXT,
        "longest_reason": proctor_actions.LONGEST_REASON,
    }
