"""The Flask application of a served exam: security headers, limits, error pages."""

from __future__ import annotations

import datetime
import hashlib
import hmac
from typing import Any

from flask import Flask, Response, render_template, request
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from autograder.exam.server import access, proctor_pages, student_pages
from autograder.exam.server.context import ExamContext

MAX_BYTES = 1_000_000  # of a request
MAX_FIELDS = 10_000

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # the CSRF check under https needs it
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}

# HTTP status → text of the error page.
PROBLEMS = {
    400: "The server could not understand this request. Go back, reload the page and try again.",
    404: "This page does not exist.",
    405: "This page does not accept this kind of request.",
    413: "Your answer is too long. Go back and shorten it. Answers that you saved before are safe.",
}


def make_app(context: ExamContext, *, secure: bool = False, proxies: int = 0) -> Flask:
    """Make the WSGI application of an exam.

    Args:
      secure: Whether students reach it by https; cookies are then sent by https only.
      proxies: Number of reverse proxies in front; their X-Forwarded headers are trusted.
    """
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=hmac.new(context.key, b"cookies", hashlib.sha256).digest(),
        SESSION_COOKIE_NAME="__Host-exam" if secure else "exam",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",  # a link in a mail opens the running session
        PERMANENT_SESSION_LIFETIME=datetime.timedelta(days=7),
        SESSION_REFRESH_EACH_REQUEST=False,
        MAX_CONTENT_LENGTH=MAX_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_BYTES,
        MAX_FORM_PARTS=MAX_FIELDS,
        WTF_CSRF_TIME_LIMIT=None,  # the default of one hour is too short for an exam
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.jinja_env.autoescape = True  # Flask decides by the end of the file name and does not know .html.j2
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["exam"] = context.exam
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]
    CSRFProtect(app)
    access.install(app, context)
    student_pages.install(app, context)
    proctor_pages.install(app, context)

    @app.get("/health")
    def health() -> Any:
        return {"status": "ok", "exam": context.exam.id}

    @app.after_request
    def guard(response: Response) -> Response:
        response.headers.update(HEADERS)
        if secure:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        return response

    @app.errorhandler(CSRFError)
    def forged(error: CSRFError) -> Any:
        return _problem("This page is out of date because you signed in again. Reload it; your answers are saved.", 400)

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Any:
        code = error.code or 500
        if code < 400:  # a redirect
            return error
        return _problem(PROBLEMS.get(code, error.description or "The request failed."), code)

    @app.errorhandler(OperationalError)
    @app.errorhandler(InterfaceError)
    @app.errorhandler(PoolTimeoutError)
    def unreachable(error: Exception) -> Any:
        app.logger.error("the database: %s", error)
        problem = (
            "The server cannot reach its database at the moment. Wait a moment and try again. Your answers are safe."
        )
        return _problem(problem, 503)

    @app.errorhandler(Exception)
    def broken(error: Exception) -> Any:
        app.logger.exception("unexpected error at %s", request.path)
        problem = (
            "Something went wrong on the server. Your saved answers are safe. "
            "Reload the page; if it happens again, tell the supervisor."
        )
        return _problem(problem, 500)

    return app


def _problem(problem: str, code: int) -> Any:
    if request.is_json:
        return {"problem": problem}, code
    if isinstance(request.routing_exception, BadRequest):  # without a valid Host the page cannot make links
        return Response(problem, code, mimetype="text/plain")
    return render_template("problem.html.j2", title="Something went wrong", problem=problem), code
