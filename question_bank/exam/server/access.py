"""Who is there: one-time codes and links, sessions, and a limit on guessing.

A link is only shown by GET and used by POST: mail scanners and previews that follow links use nothing up.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import secrets
import time
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from flask import Blueprint, Flask, flash, g, redirect, render_template, request, session, url_for
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from question_bank.exam.responses import INSTRUCTOR, STUDENT, Person
from question_bank.exam.server.hall import ANSWERS_A_MINUTE, FAILURES_A_MINUTE, Hall

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # nothing that looks like something else
LENGTH = 12  # 59 bits


def make_codes(hall: Hall, students: Iterable[str], role: str = STUDENT) -> dict[str, str]:
    """New codes, student → code; earlier codes and sessions of these students end.  Only hashes are stored."""
    made = {student: "".join(secrets.choice(ALPHABET) for _ in range(LENGTH)) for student in students}
    people = {_hash(hall, "code", code): Person(role, student) for student, code in made.items()}
    if people:
        hall.responses.add_codes(people, hall.now())
    return {student: "-".join(code[i : i + 4] for i in range(0, LENGTH, 4)) for student, code in made.items()}


def install(app: Flask, hall: Hall) -> None:
    """Add sign-in, and ``g.person`` for every request."""
    pages = Blueprint("access", __name__)
    limiter = MovingWindowRateLimiter(MemoryStorage())
    failures, answers = RateLimitItemPerMinute(FAILURES_A_MINUTE), RateLimitItemPerMinute(ANSWERS_A_MINUTE)

    @app.before_request
    def recognise() -> Any:
        g.person = None
        if request.endpoint in ("static", "health"):
            return None
        session.setdefault("browser", secrets.token_urlsafe(32))
        token = session.get("session")
        if isinstance(token, str):
            found = hall.responses.person(_hash(hall, "session", token))
            # A student whose form was taken away has nothing to see here.
            if found is not None and (found.role == INSTRUCTOR or found.student in hall.forms):
                g.person = found
                if request.method == "POST" and not limiter.hit(answers, "answers", token):
                    return _wait(limiter.get_window_stats(answers, "answers", token).reset_time)
        return None

    @pages.get("/in/<code>")
    def link(code: str) -> Any:
        if g.person is not None and g.person.role == STUDENT:
            return redirect(url_for("take.home"), 303)
        return render_template("sign_in.html.j2", code=normal(code))

    @pages.post("/in")
    def sign_in() -> Any:
        code, address = normal(request.form.get("code", "")), request.remote_addr or ""
        # The session follows from code and browser: a button pressed twice, or an answer that was lost on the way back,
        # signs the same browser in again, and no other.
        browser = session.get("browser", "")
        if not limiter.test(failures, "failures", address):
            return _wait(limiter.get_window_stats(failures, "failures", address).reset_time)
        token = _hash(hall, "token", f"{code}\x1f{browser}")
        found = None
        if len(code) == LENGTH:
            found = hall.responses.open_session(_hash(hall, "code", code), _hash(hall, "session", token), hall.now())
        if found is None:
            limiter.hit(failures, "failures", address)
            app.logger.warning("a wrong or used code from %s", address)
            message = "This code is not valid: it was mistyped, used before, or replaced by a newer one."
            return render_template("sign_in.html.j2", code="", problem=message), 403
        session.clear()
        session.permanent = True
        session.update(session=token, browser=browser)
        return redirect(_start(found), 303)

    @pages.post("/out")
    def sign_out() -> Any:
        session.clear()
        flash("You are signed out. To come back you need a new code.")
        return redirect(url_for("take.home"), 303)

    app.register_blueprint(pages)


def only(role: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Show a page to people of one role; others are asked to sign in, and scripts get 401."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if g.person is None or g.person.role != role:
                if request.is_json:
                    return {"problem": "You are signed out. Sign in again; your answers are kept here until then."}, 401
                return render_template("sign_in.html.j2", code=""), 401
            return view(*args, **kwargs)

        return guarded

    return decorate


def normal(code: str) -> str:
    """A code as it was made, however it was typed."""
    return "".join(c for c in code[:100].upper() if c in ALPHABET)


def _start(person: Person) -> str:
    return url_for("watch.overview" if person.role == INSTRUCTOR else "take.home")


def _hash(hall: Hall, kind: str, text: str) -> str:
    return hmac.new(hall.key, f"{kind}\x1f{hall.exam.id}\x1f{text}".encode(), hashlib.sha256).hexdigest()


def _wait(until: float) -> Any:
    seconds = max(1, math.ceil(until - time.time()))
    problem = f"Too many requests. Wait {seconds} seconds and try again; nothing that was saved is lost."
    body: Any = {"problem": problem}
    if not request.is_json:
        body = render_template("problem.html.j2", title="Please wait", problem=problem)
    return body, 429, {"Retry-After": str(seconds)}
