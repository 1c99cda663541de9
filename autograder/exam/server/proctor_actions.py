"""The actions of an instructor: extra time, reopening, handing in, codes, announcements, release of feedback.

Every action is an event with the instructor and the reason.  Each form carries a token and works once, so a button that
is pressed twice acts once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from flask import Blueprint, current_app, flash, g, redirect, request, url_for

from autograder.escaping import visible
from autograder.exam import sitting
from autograder.exam.server.access import make_codes, only
from autograder.exam.server.context import ExamContext
from autograder.exam.server.roster import count_working, students_are
from autograder.exam.server.table import clock, iso, span
from autograder.exam.sign_in import INSTRUCTOR

MOST_MINUTES = 10_080  # one week, as in exam.toml
LONGEST_TEXT, LONGEST_REASON = 2_000, 500


class ActionRefusedError(ValueError):
    """An action that was not carried out; the message says why."""


class DuplicateActionError(Exception):
    """An action whose form was sent before."""


def install(pages: Blueprint, context: ExamContext, changed: Callable[[], None]) -> None:
    """Add the actions; ``changed`` is called after each."""
    lock = threading.Lock()  # makes "was this form sent before?" and the action one step

    def add(path: str, action: Callable[[ExamContext], str]) -> None:
        @only(INSTRUCTOR)
        def view() -> Any:
            try:
                with lock:
                    flash(action(context))
                changed()
            except ActionRefusedError as error:
                flash(f"Nothing was changed: {error}.")
            except DuplicateActionError:
                flash("This was already done: the button was pressed twice, or an old page was sent again.")
            student = request.form.get("student", "")
            page = url_for("proctor.student", id=student) if student in context.forms else url_for("proctor.overview")
            return redirect(page, 303)

        pages.add_url_rule(f"/{path}", f"do_{path}", view, methods=["POST"])

    for path, action in ACTIONS.items():
        add(path, action)


def _extend(context: ExamContext) -> str:
    student, minutes = _recipient(context), _minutes()
    if student:
        before = context.status(student).phase
        _store(context, sitting.EXTENDED, student, minutes=minutes)
        return f"{_more(minutes)} for {visible(student)}: {_new_status(context, student, before)}."
    _store(context, sitting.EXTENDED, "", minutes=minutes)
    return (
        f"{_more(minutes)} for everyone. Exams that were handed in stay handed in; "
        "students whose time had run out can continue."
    )


def _reopen(context: ExamContext) -> str:
    student, minutes = _student(context), _minutes()
    status = context.status(student)
    if status.sitting is None:
        raise ActionRefusedError(f"{visible(student)} has not begun, so there is nothing to reopen")
    if status.phase == sitting.WORKING:
        raise ActionRefusedError(f"{visible(student)} is still working; give more time instead")
    _store(context, sitting.REOPENED, student, minutes=minutes)
    return f"Reopened: {visible(student)} {_new_status(context, student, status.phase)}."


def _submit(context: ExamContext) -> str:
    student = _student(context)
    status = context.status(student)
    if status.sitting is None or not status.sitting.is_open(status.now):
        raise ActionRefusedError(f"{visible(student)} is not working, so there is nothing to hand in")
    _store(context, sitting.SUBMITTED, student)
    return f"Handed in for {visible(student)}, with the answers saved so far."


def _code(context: ExamContext) -> str:
    student = _student(context)
    # Codes are stored as hashes only; the timeline shows who made a new one, and why.
    _store(context, sitting.NOTED, student, what="a new sign-in code was made")
    code = make_codes(context, [student])[student]
    current_app.logger.info("a new code for %r by %r", student, g.person.student)
    link = url_for("access.link", code=code, _external=True)
    return (
        f"New code for {visible(student)}: {code} (or the link {link}). It is shown only once. "
        "The previous code and its session no longer work; saved answers are kept."
    )


def _announce(context: ExamContext) -> str:
    student, text = _recipient(context), request.form.get("text", "").strip().replace("\r\n", "\n")
    if not text:
        raise ActionRefusedError("the announcement is empty")
    if len(text) > LONGEST_TEXT:
        raise ActionRefusedError(f"the announcement has {len(text)} characters; at most {LONGEST_TEXT} are allowed")
    _store(context, sitting.ANNOUNCED, student, text=text)
    return f"Announced to {visible(student) if student else 'everyone'}; open pages show it within 30 seconds."


def _release(context: ExamContext) -> str:
    if sitting.released(context.responses.events("")):
        raise ActionRefusedError("feedback is already released")
    working = count_working(context)
    if working and request.form.get("force") != "yes":
        raise ActionRefusedError(
            f"{students_are(working)} still working and could learn the answers; wait, or tick the box"
        )
    _store(context, sitting.RELEASED, "")
    return (
        "Feedback is released. Students who have finished see marks, correct answers and explanations; "
        "the exam can no longer be started."
    )


def _withdraw(context: ExamContext) -> str:
    if not sitting.released(context.responses.events("")):
        raise ActionRefusedError("feedback is not released")
    _store(context, sitting.WITHDRAWN, "")
    return "Feedback is withdrawn. Students no longer see marks, correct answers or explanations."


ACTIONS: dict[str, Callable[[ExamContext], str]] = {
    "extend": _extend,
    "reopen": _reopen,
    "submit": _submit,
    "code": _code,
    "announce": _announce,
    "release": _release,
    "withdraw": _withdraw,
}


def _store(context: ExamContext, kind: str, student: str, **data: Any) -> None:
    """Append the event with instructor and reason.  Raises DuplicateActionError, ActionRefusedError."""
    once, reason = request.form.get("once", ""), request.form.get("reason", "").strip()
    if not 8 <= len(once) <= 40 or not once.isascii():
        raise ActionRefusedError("the request was incomplete; reload the page and try again")
    if len(reason) > LONGEST_REASON:
        raise ActionRefusedError(f"the reason has {len(reason)} characters; at most {LONGEST_REASON} are allowed")
    if any(event.data.get("once") == once for event in context.responses.events(student, notes=True)):
        raise DuplicateActionError
    data |= {"once": once, **({"reason": reason} if reason else {})}
    context.responses.add_event(kind, student, context.now(), data, g.person.student)


def _student(context: ExamContext) -> str:
    student = request.form.get("student", "")
    if student not in context.forms:
        raise ActionRefusedError(f"there is no form for {visible(student, limit=100)!r}")
    return student


def _recipient(context: ExamContext) -> str:
    """A student, or "" for the whole class, which the form must name: a lost field must not address everyone."""
    if "student" not in request.form and request.form.get("whole") == "class":
        return ""
    if "student" not in request.form:
        raise ActionRefusedError("no student is named; to address the whole class, tick the box")
    return _student(context)


def _minutes() -> int:
    text = request.form.get("minutes", "").strip()
    if len(text) > 5 or not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_MINUTES:
        raise ActionRefusedError(f"expected a whole number of minutes from 1 to {MOST_MINUTES}")
    return int(text)


def _more(minutes: int) -> str:
    return f"{minutes} more minute{'' if minutes == 1 else 's'}"


def _new_status(context: ExamContext, student: str, before: str) -> str:
    """Describe the status of a student after a change of time; ``before`` is the phase before it."""
    status = context.status(student)
    if status.sitting is None:
        return "the exam is not begun yet"
    until = clock(iso(status.sitting.ends), iso(status.now))
    if status.phase == sitting.WORKING:
        return (
            f"working{'' if before == sitting.WORKING else ' again'}, {span(status.seconds_left)} left, until {until}"
        )
    if status.phase == sitting.DONE:
        return "already handed in, so the extra time applies only after reopening"
    return f"even with it, the time was up at {until}"
