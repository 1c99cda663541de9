"""The student's pages: begin, answer, look over, hand in, feedback; and autosave for those who have scripts.

Every save appends, whatever the time; whether an answer counts is worked out from the server's clock afterwards.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Flask, flash, g, redirect, render_template, request, url_for

from question_bank.exam import inputs, sitting
from question_bank.exam.form import Shown
from question_bank.exam.responses import STUDENT, Change, TooMany
from question_bank.exam.server import sheet
from question_bank.exam.server.access import only
from question_bank.exam.server.hall import Hall, Standing

MOST_CHANGES = 1_000
LONGEST_TOKEN = 60
MOST_SECONDS = 1e6

BASE, FLAG = "base", "flag"


def install(app: Flask, hall: Hall) -> None:
    pages = Blueprint("take", __name__)

    @pages.get("/")
    def home() -> Any:
        if g.person is None:
            return render_template("sign_in.html.j2", code="")
        if g.person.role != STUDENT:
            return redirect(url_for("watch.overview"), 303)
        now = hall.standing(g.person.student)
        if now.phase != sitting.WORKING:
            return _lobby(hall, now)
        rows = sheet.rows(hall, now)
        form = hall.forms[now.student]
        return render_template(
            "exam.html.j2", sections=sheet.sections(hall, form, rows), rows=rows, **_about(hall, now)
        )

    @pages.post("/begin")
    @only(STUDENT)
    def begin() -> Any:
        student = g.person.student
        now = hall.standing(student)
        if sitting.may_begin(hall.exam, student, now.events, now.now):
            hall.responses.add_event(sitting.BEGUN, student, now.now)
        elif now.phase != sitting.WORKING:  # a second press of the button is no fault
            flash("The exam cannot be begun now.")
        return redirect(url_for("take.home"), 303)

    @pages.post("/answers")
    @only(STUDENT)
    def answers() -> Any:
        """The whole page, sent by a button: only what differs from what the page showed is new."""
        now = hall.standing(g.person.student)
        for problem in _take_page(hall, now):
            flash(problem)
        then = request.form.get("then", "")
        if then == "review":
            return redirect(url_for("take.review"), 303)
        anchor = then if then in hall.shown(now.student) else None
        return redirect(url_for("take.home", _anchor=anchor), 303)

    @pages.post("/save")
    @only(STUDENT)
    def save() -> Any:
        """Autosave: JSON, see ``exam.js``."""
        now = hall.standing(g.person.student)
        try:
            body = request.get_json(silent=True)
        except RecursionError:  # [[[[…
            body = None
        try:
            at, changes = _changes(hall, now, body)
        except inputs.Odd as odd:
            hall.responses.note(now.student, now.now, {"what": str(odd), "where": "save"})
            return {"problem": str(odd), "state": _state(hall, now)}, 400
        try:
            kept = hall.responses.save(now.student, at, changes, now.now)
        except TooMany as many:
            return {"problem": str(many), "state": _state(hall, now)}, 429
        there = sitting.sittings(hall.exam, now.student, now.events)
        counts = any(one.number == at and one.counts(now.now) for one in there)
        return {"saved": kept, "counts": counts, "state": _state(hall, now)}

    @pages.get("/state")
    @only(STUDENT)
    def state() -> Any:
        return _state(hall, hall.standing(g.person.student))

    @pages.get("/review")
    @only(STUDENT)
    def review() -> Any:
        now = hall.standing(g.person.student)
        if now.phase != sitting.WORKING:
            return redirect(url_for("take.home"), 303)
        return render_template("review.html.j2", rows=sheet.rows(hall, now), **_about(hall, now))

    @pages.post("/submit")
    @only(STUDENT)
    def submit() -> Any:
        now = hall.standing(g.person.student)
        for problem in _take_page(hall, now):
            flash(problem)
        sat = now.sitting
        # A page of an earlier sitting hands nothing in, and a second press of the button changes nothing.
        this = sat is not None and request.form.get("sitting") == str(sat.number)
        if this and sat is not None and sat.submitted is None and now.now <= sat.ends + sat.grace:
            hall.responses.add_event(sitting.SUBMITTED, now.student, now.now)
        return redirect(url_for("take.home"), 303)

    @pages.get("/feedback")
    @only(STUDENT)
    def feedback() -> Any:
        from question_bank.exam.server.feedback import feedback_rows

        now = hall.standing(g.person.student)
        if not sitting.released(now.events) or now.sitting is None or now.phase == sitting.WORKING:
            return redirect(url_for("take.home"), 303)
        marked, sections = feedback_rows(hall, now)
        return render_template("feedback.html.j2", marked=marked, sections=sections, **_about(hall, now))

    app.register_blueprint(pages)


def _about(hall: Hall, now: Standing) -> dict[str, Any]:
    """What every page of a student shows."""
    form = hall.forms[now.student]
    return {
        "standing": now,
        "sitting": now.sitting,
        "student": now.student,
        "name": hall.names.get(now.student, ""),
        "minutes": hall.exam.minutes_for(now.student),
        "points": sheet.points(form.points),
        "items": len(form.placed),
        "announcements": sheet.announcements(now),
        "released": sitting.released(now.events),
    }


def _lobby(hall: Hall, now: Standing) -> Any:
    """The page before and after: what is to come, or what was handed in."""
    counted: Mapping[str, Any] = {}
    if now.sitting is not None:
        counted = sitting.counted(now.sitting, hall.responses.answers(now.student))
    states = [sheet.state(shown, counted.get(shown.name)) for shown in hall.shown(now.student).values()]
    again = sitting.may_begin(hall.exam, now.student, now.events, now.now)
    left = hall.exam.attempts - len(sitting.sittings(hall.exam, now.student, now.events))
    answered, begun = states.count("answered"), states.count("begun")
    return render_template("lobby.html.j2", again=again, left=left, answered=answered, begun=begun, **_about(hall, now))


def _state(hall: Hall, now: Standing) -> dict[str, Any]:
    """What a script needs to know: time by the server's clock, and what the instructor said."""
    return {
        "phase": now.phase,
        "sitting": now.sitting.number if now.sitting else 0,
        "left": round(now.left, 3),
        "announcements": sheet.announcements(now),
    }


def _take_page(hall: Hall, now: Standing) -> list[str]:
    """Save what a sent page changed; returns what to tell the student."""
    if now.sitting is None:
        return []
    text = request.form.get("sitting", "")
    at = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0
    told, changes = [], []
    known = hall.shown(now.student)
    strange = {n for n in request.form if n.partition(".")[0] not in known} - {"sitting", "then", "csrf_token"}
    if strange or at != now.sitting.number:
        what = f"sitting {text[:20]!r}, unknown fields {sorted(strange)[:5]}"
        hall.responses.note(now.student, now.now, {"what": what[:500], "where": "page"})
    if not 1 <= at <= now.sitting.number:
        return ["This page was not of your exam: nothing of it was kept."] if strange or text else []
    history: list[sitting.Saved] | None = None
    latest = {a.name: a for a in hall.responses.latest(now.student) if a.sitting == at}
    for shown in known.values():
        base = request.form.get(f"{shown.name}.{BASE}", "")
        if not base:
            continue  # the page did not hold this item
        try:
            response = inputs.read(shown, _fields(shown, request.form.items(multi=True)))
        except inputs.Odd as odd:
            told.append(f"An answer could not be kept: {odd}")
            hall.responses.note(now.student, now.now, {"what": str(odd), "where": "page"})
            continue
        flagged = f"{shown.name}.{FLAG}" in request.form
        before = latest.get(shown.name)
        seconds = before.seconds if before else None  # a plain form cannot tell; a script may have
        if before is not None and base != str(before.number):  # changed elsewhere since this page was made
            history = hall.responses.answers(now.student) if history is None else history
            before = next((a for a in history if str(a.number) == base and a.name == shown.name), None)
        if (response, flagged) != ((before.response, before.flagged) if before else (None, False)):
            changes.append(Change(shown.name, response, flagged, f"page-{secrets.token_hex(12)}", seconds))
    try:
        hall.responses.save(now.student, at, changes, now.now)
    except TooMany as many:
        return [str(many)]
    if changes and not (at == now.sitting.number and now.sitting.counts(now.now)):
        told.append("Your time was over: these answers are kept on record, but do not count unless time is added.")
    return told


def _changes(hall: Hall, now: Standing, body: Any) -> tuple[int, list[Change]]:
    """Read an autosave.  Raises Odd."""
    known = hall.shown(now.student)
    if not isinstance(body, dict) or type(body.get("sitting")) is not int:
        raise inputs.Odd("expected an object with sitting and changes")
    sent = body.get("changes")
    if not isinstance(sent, list) or len(sent) > MOST_CHANGES:
        raise inputs.Odd(f"changes: expected a list of up to {MOST_CHANGES}")
    if now.sitting is None or not 1 <= body["sitting"] <= now.sitting.number:
        raise inputs.Odd("sitting: there is no such sitting of yours")
    return body["sitting"], [_change(known, one) for one in sent]


def _change(known: Mapping[str, Shown], one: Any) -> Change:
    if not isinstance(one, dict) or not isinstance(one.get("name"), str) or one["name"] not in known:
        raise inputs.Odd("changes: expected a name that your form has")
    shown, token, fields = known[one["name"]], one.get("token"), one.get("fields")
    if (
        not isinstance(token, str)
        or not 8 <= len(token) <= LONGEST_TOKEN
        or not (token.isascii() and token.isprintable())
    ):
        raise inputs.Odd(f"{shown.name}: token: expected 8 to {LONGEST_TOKEN} ASCII characters")
    if not isinstance(fields, list) or not all(
        isinstance(f, list) and len(f) == 2 and all(isinstance(x, str) for x in f) for f in fields
    ):
        raise inputs.Odd(f"{shown.name}: fields: expected pairs of texts")
    seconds: Any = one.get("seconds")
    number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    spent = float(seconds) if number and 0 <= seconds <= MOST_SECONDS else None
    response = inputs.read(shown, _fields(shown, [(f[0], f[1]) for f in fields]))
    return Change(shown.name, response, one.get("flagged") is True, f"{shown.name}-{token}", spent)


def _fields(shown: Shown, sent: Any) -> Sequence[tuple[str, str]]:
    names = set(inputs.field_names(shown))
    return [(name, value) for name, value in sent if name in names]
