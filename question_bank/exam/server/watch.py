"""The instructor's live view."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask

from question_bank.exam.responses import INSTRUCTOR
from question_bank.exam.server.access import only
from question_bank.exam.server.hall import Hall


def install(app: Flask, hall: Hall) -> None:
    pages = Blueprint("watch", __name__, url_prefix="/watch")

    @pages.get("/")
    @only(INSTRUCTOR)
    def overview() -> Any:
        return "watch"

    app.register_blueprint(pages)
