"""The Flask application of a served exam: headers, limits, error pages."""

from __future__ import annotations

import datetime
import hashlib
import hmac
from typing import Any

from flask import Flask, Response, render_template, request
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from question_bank.exam.server import access, take, watch
from question_bank.exam.server.hall import Hall

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
    "Referrer-Policy": "same-origin",  # the check of forms under https needs it
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}

# What an error page says; the titles are the browser's business.
SAID = {
    400: "The request could not be understood. Go back, reload the page and try again.",
    404: "There is no such page.",
    405: "This page takes no such request.",
    413: "That was more than an answer can be. Go back and shorten it; nothing that was saved before is lost.",
}


def make_app(hall: Hall, *, secure: bool = False, proxies: int = 0) -> Flask:
    """Make the WSGI application of an exam.

    Args:
      secure: Whether it is reached by https: cookies are then sent by https only.
      proxies: How many reverse proxies of ours stand before it; their X-Forwarded headers are believed.
    """
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=hmac.new(hall.key, b"cookies", hashlib.sha256).digest(),
        SESSION_COOKIE_NAME="__Host-exam" if secure else "exam",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",  # a link in a mail finds who is signed in
        PERMANENT_SESSION_LIFETIME=datetime.timedelta(days=7),
        SESSION_REFRESH_EACH_REQUEST=False,
        MAX_CONTENT_LENGTH=MAX_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_BYTES,
        MAX_FORM_PARTS=MAX_FIELDS,
        WTF_CSRF_TIME_LIMIT=None,  # an exam may last longer than the hour it would hold
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.jinja_env.autoescape = True  # Flask's own rule looks at the end of the name and misses .html.j2
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["exam"] = hall.exam
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]
    CSRFProtect(app)
    access.install(app, hall)
    take.install(app, hall)
    watch.install(app, hall)

    @app.get("/health")
    def health() -> Any:
        return {"status": "ok", "exam": hall.exam.id}

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
        problem = "This page is out of date: you signed in again since. Reload it, your saved answers are there."
        return _say(problem, 400)

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Any:
        code = error.code or 500
        if code < 400:  # a redirect
            return error
        return _say(SAID.get(code, error.description or "That did not work."), code)

    @app.errorhandler(OperationalError)
    @app.errorhandler(InterfaceError)
    @app.errorhandler(NoConnection)
    def unreachable(error: Exception) -> Any:
        app.logger.error("the database: %s", error)
        return _say("The answers could not be reached just now. Wait a moment and try again; nothing is lost.", 503)

    @app.errorhandler(Exception)
    def broken(error: Exception) -> Any:
        app.logger.exception("our own mistake at %s", request.path)
        return _say(
            "Something of ours broke. Your saved answers are safe; reload the page or call the supervisor.", 500
        )

    return app


def _say(problem: str, code: int) -> Any:
    if request.is_json:
        return {"problem": problem}, code
    if isinstance(request.routing_exception, BadRequest):  # the Host is none, and a page cannot link without one
        return Response(problem, code, mimetype="text/plain")
    return render_template("problem.html.j2", title="That did not work", problem=problem), code
