"""The events and answers of one student as texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from autograder.escaping import visible
from autograder.exam import inputs, sitting
from autograder.exam.form import ShownItem
from autograder.exam.server import sheet
from autograder.exam.server.table import iso
from autograder.exam.sitting import Event, Sitting, StoredResponse, Timeliness, sort_answers
from question_bank.interchange.text import one_line, to_plain
from question_bank.item import CLOZE, MATCHING, ORDERING

LONGEST = 2_000
LONGEST_STEM = 90

TIMELINESS = {
    Timeliness.IN_TIME: "",
    Timeliness.LATE: "within the grace period",
    Timeliness.AFTER_TIME: "after time: does not count",
}


def timeline(events: Iterable[Event]) -> list[dict[str, str]]:
    """Events as texts, newest first."""
    return [
        {
            "at": iso(event.at),
            "what": _describe(event),
            "text": visible(str(event.data.get("text", "")), lines=True, limit=LONGEST),
            "by": visible(event.by, limit=100),
            "reason": visible(str(event.data.get("reason", "")), limit=LONGEST),
        }
        for event in reversed(list(events))
    ]


def _describe(event: Event) -> str:
    recipient = "this student" if event.student else "everyone"
    minutes = event.data.get("minutes", 0)
    count, plural = (f"{minutes:g}", "" if minutes == 1 else "s") if isinstance(minutes, int | float) else ("", "s")
    return {
        sitting.BEGUN: "Began",
        sitting.SUBMITTED: "Handed in by the instructor" if event.by else "Handed in",
        sitting.REOPENED: f"Reopened for at least {count} minute{plural}",
        sitting.EXTENDED: f"{count} more minute{plural} for {recipient}",
        sitting.ANNOUNCED: f"Announcement to {recipient}",
        sitting.RELEASED: "Feedback released",
        sitting.WITHDRAWN: "Feedback withdrawn",
        sitting.NOTED: visible(str(event.data.get("what", "")), limit=LONGEST).capitalize(),
    }[event.kind]


def remarks(events: Iterable[Event]) -> list[dict[str, str]]:
    """Unexpected requests of a browser, newest first."""
    return [
        {
            "at": iso(event.at),
            "what": visible(str(event.data.get("what", "")), limit=LONGEST),
            "where": visible(str(event.data.get("where", "")), limit=40),
        }
        for event in reversed(list(events))
    ]


def answers(shown: Mapping[str, ShownItem], sat: Sitting, stored: Sequence[StoredResponse]) -> list[dict[str, Any]]:
    """Each item of a form with the answer that counts, and a later one that does not count."""
    sorted_answers = sort_answers(sat, stored, shown)
    rows = []
    for number, (name, item) in enumerate(shown.items(), 1):
        counted, newest = sorted_answers.counted.get(name), sorted_answers.newest.get(name)
        stem = visible(one_line(to_plain(item.stem)), limit=10_000)
        displayed = [answer for answer in (counted, newest if newest is not counted else None) if answer is not None]
        rows.append(
            {
                "name": name,
                "number": number,
                "stem": stem if len(stem) <= LONGEST_STEM else f"{stem[:LONGEST_STEM]}…",
                "state": sheet.state(item, counted),
                "answers": [_answer(item, answer, sat) for answer in displayed],
                "saves": sum(answer.name == name and answer.sitting == sat.number for answer in stored),
                "flagged": bool(newest and newest.flagged),
            }
        )
    return rows


def _answer(shown: ShownItem, answer: StoredResponse, sat: Sitting) -> dict[str, Any]:
    timeliness = sat.timeliness(answer.at)
    return {
        "text": visible(words(shown, answer.response), lines=True, limit=LONGEST),
        "at": iso(answer.at),
        "in_time": timeliness is Timeliness.IN_TIME,
        "timeliness": TIMELINESS[timeliness],
        "seconds": f"{answer.seconds:.0f} s" if answer.seconds is not None else "",
    }


def words(shown: ShownItem, response: Any) -> str:
    """A response as the student would read it; "" for no answer."""
    filled = inputs.fill(shown, response)
    names = inputs.field_names(shown)
    if not filled:
        return ""
    if shown.options:
        return "; ".join(_plain(shown.options[int(value)]) for value in filled.values())
    values = [filled.get(name, "") for name in names]
    if shown.kind == MATCHING:
        pairs = zip(shown.lefts, values, strict=True)
        return "\n".join(f"{_plain(left)} → {_plain(shown.rights[int(v)]) if v else '?'}" for left, v in pairs)
    if shown.kind == ORDERING:
        placed = sorted((int(v), _plain(step)) for v, step in zip(values, shown.steps, strict=True) if v)
        return "\n".join(f"{position}. {step}" for position, step in placed)
    if shown.kind == CLOZE:
        return "\n".join(f"{{{n}}} {value}" for n, value in enumerate(values, 1))
    return f"{values[0]} {shown.unit}".strip() if shown.unit else values[0]


def _plain(text: str) -> str:
    return one_line(to_plain(text))
