"""Read the answers that the script of a page sends: JSON, see ``exam.js``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from autograder.exam import inputs
from autograder.exam.form import ShownItem
from autograder.exam.responses import Change
from autograder.exam.server.context import ExamContext, StudentStatus

MOST_CHANGES = 1_000
LONGEST_TOKEN = 60
MOST_SECONDS = 1e6


def read_changes(context: ExamContext, status: StudentStatus, body: Any) -> tuple[int, list[Change]]:
    """Read the body of an autosave.  Raises MalformedFieldError."""
    known = context.shown(status.student)
    if not isinstance(body, dict) or type(body.get("sitting")) is not int:
        raise inputs.MalformedFieldError("expected an object with sitting and changes")
    sent = body.get("changes")
    if not isinstance(sent, list) or len(sent) > MOST_CHANGES:
        raise inputs.MalformedFieldError(f"changes: expected a list of up to {MOST_CHANGES}")
    if status.sitting is None or not 1 <= body["sitting"] <= status.sitting.number:
        raise inputs.MalformedFieldError("sitting: you have no such sitting")
    return body["sitting"], [_change(known, entry) for entry in sent]


def _change(known: Mapping[str, ShownItem], entry: Any) -> Change:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str) or entry["name"] not in known:
        raise inputs.MalformedFieldError("changes: expected the name of an item in your form")
    shown, token, fields = known[entry["name"]], entry.get("token"), entry.get("fields")
    if (
        not isinstance(token, str)
        or not 8 <= len(token) <= LONGEST_TOKEN
        or not (token.isascii() and token.isprintable())
    ):
        raise inputs.MalformedFieldError(f"{shown.name}: token: expected 8 to {LONGEST_TOKEN} ASCII characters")
    if not isinstance(fields, list) or not all(
        isinstance(f, list) and len(f) == 2 and all(isinstance(x, str) for x in f) for f in fields
    ):
        raise inputs.MalformedFieldError(f"{shown.name}: fields: expected pairs of texts")
    seconds: Any = entry.get("seconds")
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    spent = float(seconds) if is_number and 0 <= seconds <= MOST_SECONDS else None
    response = inputs.read(shown, item_fields(shown, [(f[0], f[1]) for f in fields]))
    return Change(shown.name, response, entry.get("flagged") is True, f"{shown.name}-{token}", spent)


def item_fields(shown: ShownItem, sent: Any) -> Sequence[tuple[str, str]]:
    names = set(inputs.field_names(shown))
    return [(name, value) for name, value in sent if name in names]
