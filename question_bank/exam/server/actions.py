"""What an instructor does in an exam: more time, reopening, handing in for somebody, codes, announcements, feedback.

Every action is an event with who did it and why.  A form is good for one: pressed twice, it does nothing twice.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from flask import Blueprint, current_app, flash, g, redirect, request, url_for

from question_bank.exam import sitting
from question_bank.exam.responses import INSTRUCTOR
from question_bank.exam.server.access import make_codes, only
from question_bank.exam.server.hall import Hall
from question_bank.exam.server.roll import at_work
from question_bank.exam.server.table import clock, iso, span
from question_bank.visible import visible

MOST_MINUTES = 10_080  # a week, as exam.toml has it
LONGEST_TEXT, LONGEST_REASON = 2_000, 500
MANY_MINUTES = "expected a whole number of minutes from 1 to 10080"


class Refused(ValueError):
    """An action that was not done; the message says why."""


class Again(Exception):
    """An action whose form was sent before."""


def install(pages: Blueprint, hall: Hall, changed: Callable[[], None]) -> None:
    """Add the actions; ``changed`` is called after each."""
    lock = threading.Lock()  # between looking whether it was done before and doing it

    def add(path: str, action: Callable[[Hall], str]) -> None:
        @only(INSTRUCTOR)
        def view() -> Any:
            try:
                with lock:
                    flash(action(hall))
                changed()
            except Refused as why:
                flash(f"Nothing was changed: {why}.")
            except Again:
                flash("This was done already: the button was pressed twice, or an old page was sent again.")
            student = request.form.get("student", "")
            there = url_for("watch.student", id=student) if student in hall.forms else url_for("watch.overview")
            return redirect(there, 303)

        pages.add_url_rule(f"/{path}", f"do_{path}", view, methods=["POST"])

    for path, action in ACTIONS.items():
        add(path, action)


def _extend(hall: Hall) -> str:
    whom, minutes = _whom(hall), _minutes()
    if whom:
        before = hall.standing(whom).phase
        _store(hall, sitting.EXTENDED, whom, minutes=minutes)
        return f"{_more(minutes)} for {visible(whom)}: {_since(hall, whom, before)}."
    _store(hall, sitting.EXTENDED, "", minutes=minutes)
    return f"{_more(minutes)} for everybody. Who has handed in stays handed in; who had run out of time may go on."


def _reopen(hall: Hall) -> str:
    student, minutes = _student(hall), _minutes()
    now = hall.standing(student)
    if now.sitting is None:
        raise Refused(f"{visible(student)} has not begun, so there is nothing to reopen")
    if now.phase == sitting.WORKING:
        raise Refused(f"{visible(student)} is still working; give more minutes instead")
    _store(hall, sitting.REOPENED, student, minutes=minutes)
    return f"Reopened: {visible(student)} {_since(hall, student, now.phase)}."


def _submit(hall: Hall) -> str:
    student = _student(hall)
    now = hall.standing(student)
    sat = now.sitting
    if sat is None or sat.submitted is not None or now.now > sat.ends + sat.grace:
        raise Refused(f"{visible(student)} is not working, so there is nothing to hand in")
    _store(hall, sitting.SUBMITTED, student)
    return f"Handed in for {visible(student)}, with what was saved until now."


def _code(hall: Hall) -> str:
    student = _student(hall)
    # Codes are kept as hashes only; that there is a new one, by whom and why, stands in the time line.
    _store(hall, sitting.NOTED, student, what="a new sign-in code was made")
    code = make_codes(hall, [student])[student]
    current_app.logger.info("a new code for %r by %r", student, g.person.student)
    link = url_for("access.link", code=code, _external=True)
    return (
        f"New code for {visible(student)}: {code} (or the link {link}). It is shown this once; "
        "the earlier code and whoever was signed in with it are out, and nothing that was saved is lost."
    )


def _announce(hall: Hall) -> str:
    whom, text = _whom(hall), request.form.get("text", "").strip().replace("\r\n", "\n")
    if not text:
        raise Refused("the announcement is empty")
    if len(text) > LONGEST_TEXT:
        raise Refused(f"the announcement has {len(text)} characters, at most {LONGEST_TEXT} are possible")
    _store(hall, sitting.ANNOUNCED, whom, text=text)
    return f"Announced to {visible(whom) if whom else 'everybody'}; open pages show it within 30 seconds."


def _release(hall: Hall) -> str:
    if sitting.released(hall.responses.events("")):
        raise Refused("feedback is released already")
    working = at_work(hall)
    if working and request.form.get("force") != "yes":
        raise Refused(f"{working} are still at work and could learn the keys; wait, or mark the box")
    _store(hall, sitting.RELEASED, "")
    return "Feedback is released: who has finished sees marks, keys and explanations; nobody can begin any more."


def _withdraw(hall: Hall) -> str:
    if not sitting.released(hall.responses.events("")):
        raise Refused("feedback is not released")
    _store(hall, sitting.WITHDRAWN, "")
    return "Feedback is withdrawn: students see no marks and no keys any more."


ACTIONS: dict[str, Callable[[Hall], str]] = {
    "extend": _extend,
    "reopen": _reopen,
    "submit": _submit,
    "code": _code,
    "announce": _announce,
    "release": _release,
    "withdraw": _withdraw,
}


def _store(hall: Hall, kind: str, student: str, **data: Any) -> None:
    """Append the event, with who and why.  Raises Again, Refused."""
    once, reason = request.form.get("once", ""), request.form.get("reason", "").strip()
    if not 8 <= len(once) <= 40 or not once.isascii():
        raise Refused("the page was not complete; reload it and try again")
    if len(reason) > LONGEST_REASON:
        raise Refused(f"the reason has {len(reason)} characters, at most {LONGEST_REASON} are possible")
    if any(event.data.get("once") == once for event in hall.responses.events(student, notes=True)):
        raise Again
    data |= {"once": once, **({"reason": reason} if reason else {})}
    hall.responses.add_event(kind, student, hall.now(), data, g.person.student)


def _student(hall: Hall) -> str:
    student = request.form.get("student", "")
    if student not in hall.forms:
        raise Refused(f"there is no form of {visible(student, limit=100)!r}")
    return student


def _whom(hall: Hall) -> str:
    """A student, or "" where the form says that the whole class is meant: a field that got lost must not mean that."""
    if "student" not in request.form and request.form.get("whole") == "class":
        return ""
    if "student" not in request.form:
        raise Refused("it was not said for whom; mark the box for the whole class")
    return _student(hall)


def _minutes() -> int:
    text = request.form.get("minutes", "").strip()
    if len(text) > 5 or not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_MINUTES:
        raise Refused(MANY_MINUTES)
    return int(text)


def _more(minutes: int) -> str:
    return f"{minutes} more minute{'' if minutes == 1 else 's'}"


def _since(hall: Hall, student: str, before: str) -> str:
    """How a student stands after more time."""
    now = hall.standing(student)
    if now.sitting is None:
        return "the exam is not begun yet"
    until = clock(iso(now.sitting.ends), iso(now.now))
    if now.phase == sitting.WORKING:
        return f"working{'' if before == sitting.WORKING else ' again'}, {span(now.left)} left, until {until}"
    if now.phase == sitting.DONE:
        return "handed in, so the time counts only after reopening"
    return f"the time was over at {until} even so"
