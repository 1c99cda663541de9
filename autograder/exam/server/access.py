"""Sign-in: one-time codes and links, sessions, and a limit on guessing.

GET only shows the code of a link and POST uses it, so mail scanners and link previews do not use it up.
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

from autograder.exam.server.context import ANSWERS_A_MINUTE, FAILURES_A_MINUTE, ExamContext
from autograder.exam.sign_in import INSTRUCTOR, STUDENT, Person

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no characters that look alike
LENGTH = 12  # 59 bits


def make_codes(context: ExamContext, students: Iterable[str], role: str = STUDENT) -> dict[str, str]:
    """Make new codes, student → code; earlier codes and sessions of these students end.  Only hashes are stored."""
    codes = {student: "".join(secrets.choice(ALPHABET) for _ in range(LENGTH)) for student in students}
    people = {_hash(context, "code", code): Person(role, student) for student, code in codes.items()}
    if people:
        context.sign_ins.add_codes(people, context.now())
    return {student: "-".join(code[i : i + 4] for i in range(0, LENGTH, 4)) for student, code in codes.items()}


def install(app: Flask, context: ExamContext) -> None:
    """Add the sign-in pages, and set ``g.person`` for every request."""
    pages = Blueprint("access", __name__)
    limiter = MovingWindowRateLimiter(MemoryStorage())
    failures, answers = RateLimitItemPerMinute(FAILURES_A_MINUTE), RateLimitItemPerMinute(ANSWERS_A_MINUTE)

    @app.before_request
    def identify() -> Any:
        g.person = None
        if request.endpoint in ("static", "health"):
            return None
        session.setdefault("browser", secrets.token_urlsafe(32))
        token = session.get("session")
        if isinstance(token, str):
            person = context.sign_ins.person(_hash(context, "session", token))
            # A student without a form (any more) has no access.
            if person is not None and (person.role == INSTRUCTOR or person.student in context.forms):
                g.person = person
                if request.method == "POST" and not limiter.hit(answers, "answers", token):
                    return _wait(limiter.get_window_stats(answers, "answers", token).reset_time)
        return None

    @pages.get("/in/<code>")
    def link(code: str) -> Any:
        if g.person is not None and g.person.role == STUDENT:
            return redirect(url_for("student.home"), 303)
        return render_template("sign_in.html.j2", code=normal(code))

    @pages.post("/in")
    def sign_in() -> Any:
        code, address = normal(request.form.get("code", "")), request.remote_addr or ""
        # The session token is derived from code and browser: if the button is pressed twice or the reply is lost, the
        # same browser can sign in again, but no other one.
        browser = session.get("browser", "")
        if not limiter.test(failures, "failures", address):
            return _wait(limiter.get_window_stats(failures, "failures", address).reset_time)
        token = _hash(context, "token", f"{code}\x1f{browser}")
        person = None
        if len(code) == LENGTH:
            person = context.sign_ins.open_session(
                _hash(context, "code", code), _hash(context, "session", token), context.now()
            )
        if person is None:
            limiter.hit(failures, "failures", address)
            app.logger.warning("wrong or used code from %s", address)
            message = "This code is not valid. It may be mistyped, already used, or replaced by a newer code."
            return render_template("sign_in.html.j2", code="", problem=message), 403
        session.clear()
        session.permanent = True
        session.update(session=token, browser=browser)
        return redirect(_start_page(person), 303)

    @pages.post("/out")
    def sign_out() -> Any:
        session.clear()
        flash("You are signed out. To sign in again, you need a new code.")
        return redirect(url_for("student.home"), 303)

    app.register_blueprint(pages)


def only(role: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Allow a page to one role only; others see the sign-in page, and scripts get status 401."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if g.person is None or g.person.role != role:
                if request.is_json:
                    return {
                        "problem": "You are signed out. Sign in again; this browser keeps your answers until then."
                    }, 401
                return render_template("sign_in.html.j2", code=""), 401
            return view(*args, **kwargs)

        return guarded

    return decorate


def normal(code: str) -> str:
    """A code in canonical form: upper case, without hyphens and spaces."""
    return "".join(c for c in code[:100].upper() if c in ALPHABET)


def _start_page(person: Person) -> str:
    return url_for("proctor.overview" if person.role == INSTRUCTOR else "student.home")


def _hash(context: ExamContext, kind: str, text: str) -> str:
    return hmac.new(context.key, f"{kind}\x1f{context.exam.id}\x1f{text}".encode(), hashlib.sha256).hexdigest()


def _wait(until: float) -> Any:
    seconds = max(1, math.ceil(until - time.time()))
    problem = f"Too many requests. Wait {seconds} seconds and try again. Your saved answers are safe."
    body: Any = {"problem": problem}
    if not request.is_json:
        body = render_template("problem.html.j2", title="Please wait", problem=problem)
    return body, 429, {"Retry-After": str(seconds)}
