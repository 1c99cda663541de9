"""Forms with recognisable secrets, the same forms with another key, and a search for leaks in replies."""

from __future__ import annotations

import base64
import dataclasses
import html
import json
import zlib
from typing import Any

from helpers.exam_app import KEY, a_form
from helpers.exam_requests import Reply
from helpers.exams import one_of_each

from autograder.exam.form import Form, PlacedItem
from question_bank.item import Item, Option, Pair, Slip, Source

SECRET = "quuxqzzj"  # in every text of a form that its student must not see


def secret_form(student: str) -> Form:
    """A form in which every hidden text holds ``SECRET``."""
    return dataclasses.replace(
        a_form(student),
        placed=tuple(
            PlacedItem(f"q{n}", _secret(item), float(n), "Basics" if n < 5 else "More")
            for n, item in enumerate(one_of_each(), 1)
        ),
    )


def _secret(item: Item) -> Item:
    number = item.number
    if number is not None:
        number = dataclasses.replace(number, value=73519.25, slips=(Slip(864_209.5, f"{SECRET} slip"),))
    return dataclasses.replace(
        item,
        id=f"{item.id}-{SECRET}",
        topic=f"{SECRET}-topic",
        explanation=f"{SECRET} explanation",
        options=tuple(Option(o.text, o.correct, f"{SECRET} feedback") for o in item.options),
        number=number,
        accepted=tuple(f"{SECRET} accepted {n}" for n, _ in enumerate(item.accepted)),
        gaps=tuple((f"{SECRET} gap",) for _ in item.gaps),
        sources=(Source(f"{SECRET}.md", 1, 2, f"{SECRET} quote"),),
        facts=(f"{SECRET}-fact",),
        group=f"{SECRET}-group",
    )


def other_key(form: Form) -> Form:
    """The same words with another key, other feedback and other ids: what the student sees stays the same."""
    placed = []
    for one in form.placed:
        item, flip = one.item, []
        for n, option in enumerate(one.item.options):
            right = n == 1 if item.kind == "single" else not option.correct
            flip.append(Option(option.text, right, f"other {SECRET}"))
        rights = [*(p.right for p in item.pairs), *item.extra]
        rights = rights[1:] + rights[:1]
        pairs = tuple(Pair(p.left, right) for p, right in zip(item.pairs, rights, strict=False))
        number = item.number
        if number is not None:
            number = dataclasses.replace(number, value=-4.0, tolerance=0.5, slips=(), figures=3)
        changed: dict[str, Any] = {
            "id": f"another-{SECRET}",
            "difficulty": 0.9,
            "explanation": "",
            "options": tuple(flip),
            "number": number,
            "accepted": tuple("other" for _ in item.accepted[:1]),
            "gaps": tuple(("other", "more") for _ in item.gaps),
            "steps": tuple(reversed(item.steps)),
            "pairs": pairs,
            "extra": tuple(rights[len(pairs) :]),
        }
        placed.append(dataclasses.replace(one, item=dataclasses.replace(item, **changed)))
    return dataclasses.replace(form, placed=tuple(placed))


def hidden_in(reply: Reply, also: tuple[str, ...] = ()) -> list[str]:
    """What of a reply to a student must not be there."""
    texts = [reply.text, *(v for _, v in reply.headers)]
    for cookie in (v for n, v in reply.headers if n.lower() == "set-cookie"):
        texts.append(_cookie(cookie))
    everything = "\n".join([*texts, *map(html.unescape, texts)])
    if reply.header("Content-Type").startswith("application/json") and reply.body:
        everything += json.dumps(json.loads(reply.text), ensure_ascii=False)
    secrets = (SECRET, "73519", "864209", "864_209", KEY.hex(), base64.b64encode(KEY).decode()[:20], *also)
    ours = ("Traceback", "site-packages", "sqlalchemy", "werkzeug", "jinja2", 'File "')
    return [word for word in (*secrets, *ours) if word.lower() in everything.lower()]


def _cookie(cookie: str) -> str:
    """What a session cookie says: it is signed and not encrypted."""
    value = cookie.partition(";")[0].partition("=")[2]
    packed, data = value.startswith("."), value.lstrip(".").partition(".")[0]
    try:
        raw = base64.urlsafe_b64decode(data + "=" * (-len(data) % 4))
        return (zlib.decompress(raw) if packed else raw).decode("utf-8", "replace")
    except (ValueError, zlib.error):
        return ""
