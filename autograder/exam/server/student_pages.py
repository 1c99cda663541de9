"""The student's pages: begin, answer, review, hand in, feedback; and autosave for browsers with JavaScript.

Every save appends an answer at any time; whether the answer counts is decided later, by the server's clock.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Flask, flash, g, redirect, render_template, request, url_for

from autograder.exam import inputs, sitting
from autograder.exam.responses import Change, TooManyAnswersError
from autograder.exam.server import autosave, sheet
from autograder.exam.server.access import only
from autograder.exam.server.context import ExamContext, StudentStatus
from autograder.exam.sign_in import STUDENT


def install(app: Flask, context: ExamContext) -> None:
    """Add the pages of the student."""
    pages = Blueprint("student", __name__)

    @pages.get("/")
    def home() -> Any:
        if g.person is None:
            return render_template("sign_in.html.j2", code="")
        if g.person.role != STUDENT:
            return redirect(url_for("proctor.overview"), 303)
        status = context.status(g.person.student)
        if status.phase != sitting.WORKING:
            return _lobby(context, status)
        rows = sheet.rows(context, status)
        form = context.forms[status.student]
        return render_template(
            "exam.html.j2", sections=sheet.sections(context, form, rows), rows=rows, **_about(context, status)
        )

    @pages.post("/begin")
    @only(STUDENT)
    def begin() -> Any:
        student = g.person.student
        status = context.status(student)
        if sitting.may_begin(context.exam, student, status.events, status.now):
            context.responses.add_event(sitting.BEGUN, student, status.now)
        elif status.phase != sitting.WORKING:  # pressing the button twice is not an error
            flash("You cannot begin the exam now.")
        return redirect(url_for("student.home"), 303)

    @pages.post("/answers")
    @only(STUDENT)
    def answers() -> Any:
        """The whole page, sent by a button; only answers that differ from the page as it was loaded are new."""
        status = context.status(g.person.student)
        for problem in _take_page(context, status):
            flash(problem)
        then = request.form.get("then", "")
        if then == "review":
            return redirect(url_for("student.review"), 303)
        anchor = then if then in context.shown(status.student) else None
        return redirect(url_for("student.home", _anchor=anchor), 303)

    @pages.post("/save")
    @only(STUDENT)
    def save() -> Any:
        """Autosave: JSON, see ``exam.js``."""
        status = context.status(g.person.student)
        return _autosave(context, status)

    @pages.get("/state")
    @only(STUDENT)
    def state() -> Any:
        return _state(context, context.status(g.person.student))

    @pages.get("/review")
    @only(STUDENT)
    def review() -> Any:
        status = context.status(g.person.student)
        if status.phase != sitting.WORKING:
            return redirect(url_for("student.home"), 303)
        return render_template("review.html.j2", rows=sheet.rows(context, status), **_about(context, status))

    @pages.post("/submit")
    @only(STUDENT)
    def submit() -> Any:
        status = context.status(g.person.student)
        for problem in _take_page(context, status):
            flash(problem)
        current = status.sitting
        # A page of an earlier sitting hands in nothing, and pressing the button twice changes nothing.
        if current and request.form.get("sitting") == str(current.number) and current.is_open(status.now):
            context.responses.add_event(sitting.SUBMITTED, status.student, status.now)
        return redirect(url_for("student.home"), 303)

    @pages.get("/feedback")
    @only(STUDENT)
    def feedback() -> Any:
        from autograder.exam.server.feedback import feedback_rows

        status = context.status(g.person.student)
        if not sitting.released(status.events) or status.sitting is None or status.phase == sitting.WORKING:
            return redirect(url_for("student.home"), 303)
        marked, sections = feedback_rows(context, status)
        return render_template("feedback.html.j2", marked=marked, sections=sections, **_about(context, status))

    app.register_blueprint(pages)


def _autosave(context: ExamContext, status: StudentStatus) -> Any:
    """Store the answers of one autosave and say which save of this sitting counts."""
    try:
        body = request.get_json(silent=True)
    except RecursionError:  # [[[[…
        body = None
    try:
        number, changes = autosave.read_changes(context, status, body)
    except inputs.MalformedFieldError as error:
        context.responses.note(status.student, status.now, {"what": str(error), "where": "save"})
        return {"problem": str(error), "state": _state(context, status)}, 400
    try:
        saved = context.responses.save(status.student, number, changes, status.now)
    except TooManyAnswersError as error:
        return {"problem": str(error), "state": _state(context, status)}, 429
    sat = sitting.sittings(context.exam, status.student, status.events)
    counts = any(s.number == number and s.counts(status.now) for s in sat)
    return {"saved": saved, "counts": counts, "state": _state(context, status)}


def _about(context: ExamContext, status: StudentStatus) -> dict[str, Any]:
    """Values for every page of a student."""
    form = context.forms[status.student]
    return {
        "status": status,
        "sitting": status.sitting,
        "student": status.student,
        "name": context.names.get(status.student, ""),
        "minutes": context.exam.minutes_for(status.student),
        "points": sheet.points(form.points),
        "items": len(form.placed),
        "announcements": sheet.announcements(status),
        "released": sitting.released(status.events),
    }


def _lobby(context: ExamContext, status: StudentStatus) -> Any:
    """The page before the exam (what to expect) and after it (what was handed in)."""
    shown = context.shown(status.student)
    counted: Mapping[str, sitting.StoredResponse] = {}
    if status.sitting is not None:
        counted = sitting.sort_answers(status.sitting, context.responses.answers(status.student), shown).counted
    states = [sheet.state(item, counted.get(name)) for name, item in shown.items()]
    again = sitting.may_begin(context.exam, status.student, status.events, status.now)
    left = context.exam.attempts - len(sitting.sittings(context.exam, status.student, status.events))
    answered, incomplete = states.count(sheet.ANSWERED), states.count(sheet.INCOMPLETE)
    return render_template(
        "lobby.html.j2", again=again, left=left, answered=answered, incomplete=incomplete, **_about(context, status)
    )


def _state(context: ExamContext, status: StudentStatus) -> dict[str, Any]:
    """The state for the script of the page: phase, time left by the server's clock, announcements."""
    return {
        "phase": status.phase,
        "sitting": status.sitting.number if status.sitting else 0,
        "left": round(status.seconds_left, 3),
        "announcements": sheet.announcements(status),
    }


def _take_page(context: ExamContext, status: StudentStatus) -> list[str]:
    """Save the answers that a submitted page changed; returns messages for the student."""
    if status.sitting is None:
        return []
    text = request.form.get("sitting", "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0
    messages, changes = [], []
    known = context.shown(status.student)
    unknown = {n for n in request.form if n.partition(".")[0] not in known} - {"sitting", "then", "csrf_token"}
    if unknown or number != status.sitting.number:
        what = f"sitting {text[:20]!r}, unknown fields {sorted(unknown)[:5]}"
        context.responses.note(status.student, status.now, {"what": what[:500], "where": "page"})
    if not 1 <= number <= status.sitting.number:
        return ["This page belongs to another exam, so nothing on it was saved."] if unknown or text else []
    history: list[sitting.StoredResponse] | None = None
    latest = {a.name: a for a in context.responses.latest(status.student) if a.sitting == number}
    for shown in known.values():
        base = request.form.get(f"{shown.name}.{inputs.BASE}", "")
        if not base:
            continue  # the page did not contain this item
        try:
            response = inputs.read(shown, autosave.item_fields(shown, request.form.items(multi=True)))
        except inputs.MalformedFieldError as error:
            messages.append(f"An answer could not be saved: {error}")
            context.responses.note(status.student, status.now, {"what": str(error), "where": "page"})
            continue
        flagged = f"{shown.name}.{inputs.FLAG}" in request.form
        before = latest.get(shown.name)
        seconds = before.seconds if before else None  # a plain form cannot report it; a script may have done so before
        if before is not None and base != str(before.number):  # changed elsewhere since this page was loaded
            history = context.responses.answers(status.student) if history is None else history
            before = next((a for a in history if str(a.number) == base and a.name == shown.name), None)
        if (response, flagged) != ((before.response, before.flagged) if before else (None, False)):
            changes.append(Change(shown.name, response, flagged, f"page-{secrets.token_hex(12)}", seconds))
    try:
        context.responses.save(status.student, number, changes, status.now)
    except TooManyAnswersError as error:
        return [str(error)]
    if changes and not (number == status.sitting.number and status.sitting.counts(status.now)):
        messages.append("Your time was up. These answers are stored, but they count only if you are given more time.")
    return messages
