"""The table of the live view: which students, in which order, and what stands in its cells.

The page and the script that keeps it up to date get the same cells.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from question_bank.exam.server.roll import (
    DONE,
    MISSED,
    OVER,
    STATES,
    WORDS,
    WORKING,
    Line,
    Roll,
    natural,
)
from question_bank.visible import visible

LONGEST = 100  # of a search, a name or an id

# Filters beside the states: who may need a look.
LOOK: Mapping[str, tuple[str, Callable[[Line], bool]]] = {
    "idle": ("Working, nothing saved for 10 minutes", lambda line: line.idle),
    "late": ("With late answers, or answers after time", lambda line: bool(line.work.late or line.work.after)),
    "noted": ("With remarks", lambda line: line.notes > 0),
}
_LAST = datetime.datetime.max.replace(tzinfo=datetime.UTC)

# Column → title and what it sorts by.
COLUMNS: Mapping[str, tuple[str, Callable[[Line], Any]]] = {
    "student": ("Student", lambda line: ()),
    "name": ("Name", lambda line: natural(line.name)),
    "state": ("State", lambda line: STATES.index(line.state)),
    "begun": ("Begun", lambda line: line.begun or _LAST),
    "answered": ("Answered", lambda line: (line.work.answered / max(1, line.work.items), line.work.flagged)),
    "until": ("Time left", lambda line: (line.state != WORKING, line.until or _LAST)),
    "saved": ("Last save", lambda line: line.saved or _LAST),
    "late": ("Late", lambda line: (line.work.after, line.work.late)),
    "notes": ("Remarks", lambda line: line.notes),
}


@dataclass(frozen=True)
class View:
    """What an instructor asked to see: a state or one of ``LOOK`` ("": all), a search, a column to sort by."""

    state: str = ""
    search: str = ""
    sort: str = "student"
    down: bool = False

    def query(self, **changes: Any) -> dict[str, str]:
        """The query of a link to this view with something else in it."""
        state, search = changes.get("state", self.state), changes.get("search", self.search)
        sort, down = changes.get("sort", self.sort), changes.get("down", self.down)
        order = ("-" if down else "") + sort
        asked = {"state": state, "q": search, "sort": "" if order == "student" else order}
        return {name: value for name, value in asked.items() if value}


def read_view(asked: Mapping[str, str]) -> View:
    """What a query asks for; what it cannot mean is left out."""
    state, sort = asked.get("state", ""), asked.get("sort", "")
    column = sort.removeprefix("-")
    known = column in COLUMNS
    return View(
        state if state in STATES or state in LOOK else "",
        asked.get("q", "").strip()[:LONGEST],
        column if known else "student",
        known and sort.startswith("-"),
    )


def select(roll: Roll, view: View) -> list[Line]:
    """The lines of a view, in its order."""
    wanted = view.search.casefold()
    found = [
        line
        for line in roll.lines
        if (not wanted or wanted in line.student.casefold() or wanted in line.name.casefold())
        and (not view.state or line.state == view.state or (view.state in LOOK and LOOK[view.state][1](line)))
    ]
    key = COLUMNS[view.sort][1]
    found.sort(key=lambda line: natural(line.student))
    if view.sort == "student":
        return found[::-1] if view.down else found
    return sorted(found, key=key, reverse=view.down)


def summary(lines: Sequence[Line]) -> list[dict[str, str]]:
    """How many are where, and how far those who began have come: key, title and text of each."""
    counts = {state: sum(line.state == state for line in lines) for state in STATES}
    shown = [state for state in STATES if state != MISSED or counts[MISSED]]
    begun = [line.work for line in lines if line.begun is not None]
    progress = sum(work.answered / work.items for work in begun if work.items) / len(begun) if begun else 0.0
    tiles = [{"key": state, "title": WORDS[state], "text": str(counts[state])} for state in shown]
    return [*tiles, {"key": "progress", "title": "Answered on average", "text": f"{100 * progress:.0f} %"}]


def cells(line: Line, now: datetime.datetime) -> dict[str, Any]:
    """A line as texts; what is a moment comes as [words, ISO time or ""]."""
    work, begun = line.work, line.begun is not None
    late = [f"{work.late} late"] * bool(work.late) + [f"{work.after} after time"] * bool(work.after)
    return {
        "id": line.student,
        "student": visible(line.student, limit=LONGEST),
        "name": visible(line.name, limit=LONGEST),
        "state": line.state,
        "word": WORDS[line.state],
        "begun": ["", iso(line.begun)],
        "done": work.answered,
        "items": work.items,
        "answered": f"{work.answered} of {work.items}" if begun else "",
        "flagged": f"{work.flagged} flagged" if work.flagged else "",
        "until": _until(line),
        "saved": [ago((now - line.saved).total_seconds()) + (", quiet" if line.idle else ""), ""]
        if line.saved
        else ["nothing yet" + (", quiet" if line.idle else "") if begun else "", ""],
        "late": ", ".join(late),
        "notes": str(line.notes or ""),
    }


def _until(line: Line) -> list[str]:
    if line.state == WORKING:
        return [f"{span(line.left)} left, until", iso(line.until)]
    if line.state in (DONE, OVER):
        return ["handed in" if line.state == DONE else "ended", iso(line.until)]
    return ["", ""]


def iso(at: datetime.datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""


def clock(at: str, now: str) -> str:
    """A moment in UTC, with its day where that is another one; a script shows the reader's own time instead."""
    return f"{at[11:16]} UTC" if at[:10] == now[:10] else f"{at[:10]} {at[11:16]} UTC"


def span(seconds: float) -> str:
    """A time that is left: "1 h 05 min", "43 min", "4:09"."""
    whole = max(0, int(seconds))
    if whole >= 86_400:
        return f"{whole // 86_400} d {whole % 86_400 // 3600} h"
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    return f"{whole // 60} min" if whole >= 600 else f"{whole // 60}:{whole % 60:02}"


def ago(seconds: float) -> str:
    """How long ago, without more digits than anybody reads."""
    whole = max(0, int(seconds))
    if whole < 60:
        return "just now" if whole < 10 else f"{whole // 10 * 10} s ago"
    return f"{whole // 60} min ago" if whole < 3600 else f"{whole // 3600} h ago"
