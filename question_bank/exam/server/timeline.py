"""What happened to one student in an exam, and what they answered, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from question_bank.exam import inputs, sitting
from question_bank.exam.form import Shown
from question_bank.exam.server import sheet
from question_bank.exam.server.table import iso
from question_bank.exam.sitting import Event, Saved, Sitting
from question_bank.interchange.text import one_line, to_plain
from question_bank.item import CLOZE, MATCHING, ORDERING
from question_bank.visible import visible

LONGEST = 2_000
LONGEST_STEM = 90


def timeline(events: Iterable[Event]) -> list[dict[str, str]]:
    """Events as words, newest first."""
    return [
        {
            "at": iso(event.at),
            "what": _what(event),
            "text": visible(str(event.data.get("text", "")), lines=True, limit=LONGEST),
            "by": visible(event.by, limit=100),
            "reason": visible(str(event.data.get("reason", "")), limit=LONGEST),
        }
        for event in reversed(list(events))
    ]


def _what(event: Event) -> str:
    whom = "this student" if event.student else "everybody"
    minutes = event.data.get("minutes", 0)
    more = f"{minutes:g} minute{'' if minutes == 1 else 's'}" if isinstance(minutes, int | float) else ""
    return {
        sitting.BEGUN: "Began",
        sitting.SUBMITTED: "Handed in by the instructor" if event.by else "Handed in",
        sitting.REOPENED: f"Reopened, for {more} at least",
        sitting.EXTENDED: f"{more} more for {whom}",
        sitting.ANNOUNCED: f"Announcement to {whom}",
        sitting.RELEASED: "Feedback released",
        sitting.WITHDRAWN: "Feedback withdrawn",
        sitting.NOTED: visible(str(event.data.get("what", "")), limit=LONGEST).capitalize(),
    }[event.kind]


def remarks(events: Iterable[Event]) -> list[dict[str, str]]:
    """Odd things that a browser sent, newest first."""
    return [
        {
            "at": iso(event.at),
            "what": visible(str(event.data.get("what", "")), limit=LONGEST),
            "where": visible(str(event.data.get("where", "")), limit=40),
        }
        for event in reversed(list(events))
    ]


def answers(shown: Mapping[str, Shown], sat: Sitting, saved: Sequence[Saved]) -> list[dict[str, Any]]:
    """Each item of a form with the answer that counts and a later one that does not."""
    mine = [one for one in saved if one.sitting == sat.number]
    counted, newest = sitting.counted(sat, mine), sitting.newest(sat, mine)
    found = []
    for number, (name, item) in enumerate(shown.items(), 1):
        one, last = counted.get(name), newest.get(name)
        stem = visible(one_line(to_plain(item.stem)), limit=10_000)
        stem = stem if len(stem) <= LONGEST_STEM else f"{stem[:LONGEST_STEM]}…"
        kept = [_kept(item, a, sat) for a in (one, last if last is not one else None) if a is not None]
        found.append(
            {
                "name": name,
                "number": number,
                "stem": stem,
                "state": sheet.state(item, one),
                "kept": kept,
                "saves": sum(a.name == name for a in mine),
                "flagged": bool(last and last.flagged),
            }
        )
    return found


def _kept(shown: Shown, one: Saved, sat: Sitting) -> dict[str, Any]:
    counts = sat.counts(one.at)
    standing = "" if counts and not sat.late(one.at) else "within the grace" if counts else "after time: does not count"
    text = visible(words(shown, one.response), lines=True, limit=LONGEST)
    seconds = f"{one.seconds:.0f} s" if one.seconds is not None else ""
    return {"text": text, "at": iso(one.at), "standing": standing, "seconds": seconds}


def words(shown: Shown, response: Any) -> str:
    """A response as the student would read it; "" for none."""
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
        return "\n".join(f"{place}. {step}" for place, step in placed)
    if shown.kind == CLOZE:
        return "\n".join(f"{{{n}}} {value}" for n, value in enumerate(values, 1))
    return f"{values[0]} {shown.unit}".strip() if shown.unit else values[0]


def _plain(text: str) -> str:
    return one_line(to_plain(text))
