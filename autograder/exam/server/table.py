"""The table of the live view: which students it lists, in which order, and the texts of its cells.

The page and the script that updates it use the same cells.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.escaping import visible
from autograder.exam.server.roster import (
    DONE,
    MISSED,
    OVER,
    STATE_NAMES,
    STATES,
    WORKING,
    RosterLine,
    RosterSnapshot,
    natural,
)

LONGEST = 100  # of a search, a name or an id

# Filters besides the states: students who may need attention.
ATTENTION_FILTERS: Mapping[str, tuple[str, Callable[[RosterLine], bool]]] = {
    "idle": ("Working, nothing saved for 10 minutes", lambda line: line.idle),
    "late": ("Late answers, or answers after time", lambda line: bool(line.progress.late or line.progress.after_time)),
    "noted": ("With remarks", lambda line: line.notes > 0),
}
_LAST = datetime.datetime.max.replace(tzinfo=datetime.UTC)

# Column → title and sort key.
COLUMNS: Mapping[str, tuple[str, Callable[[RosterLine], Any]]] = {
    "student": ("Student", lambda line: ()),
    "name": ("Name", lambda line: natural(line.name)),
    "state": ("State", lambda line: STATES.index(line.state)),
    "begun": ("Begun", lambda line: line.begun or _LAST),
    "answered": (
        "Answered",
        lambda line: (line.progress.answered / max(1, line.progress.items), line.progress.flagged),
    ),
    "until": ("Time left", lambda line: (line.state != WORKING, line.until or _LAST)),
    "saved": ("Last saved", lambda line: line.saved or _LAST),
    "late": ("Late", lambda line: (line.progress.after_time, line.progress.late)),
    "notes": ("Remarks", lambda line: line.notes),
}


@dataclass(frozen=True)
class View:
    """The view that an instructor asked for.

    Attributes:
      state: A state or a key of ``ATTENTION_FILTERS``; "" for all students.
      search: Part of an id or a name.
      sort: The column to sort by.
      down: Whether to sort in descending order.
    """

    state: str = ""
    search: str = ""
    sort: str = "student"
    down: bool = False

    def query(self, **changes: Any) -> dict[str, str]:
        """The query string of a link to this view, with some fields changed."""
        state, search = changes.get("state", self.state), changes.get("search", self.search)
        sort, down = changes.get("sort", self.sort), changes.get("down", self.down)
        order = ("-" if down else "") + sort
        query = {"state": state, "q": search, "sort": "" if order == "student" else order}
        return {name: value for name, value in query.items() if value}


def read_view(query: Mapping[str, str]) -> View:
    """Read a view from the query of a request; invalid values are ignored."""
    state, sort = query.get("state", ""), query.get("sort", "")
    column = sort.removeprefix("-")
    known = column in COLUMNS
    return View(
        state if state in STATES or state in ATTENTION_FILTERS else "",
        query.get("q", "").strip()[:LONGEST],
        column if known else "student",
        known and sort.startswith("-"),
    )


def select(snapshot: RosterSnapshot, view: View) -> list[RosterLine]:
    """The lines of a view, in its order."""
    wanted = view.search.casefold()
    selected = [
        line
        for line in snapshot.lines
        if (not wanted or wanted in line.student.casefold() or wanted in line.name.casefold())
        and (
            not view.state
            or line.state == view.state
            or (view.state in ATTENTION_FILTERS and ATTENTION_FILTERS[view.state][1](line))
        )
    ]
    key = COLUMNS[view.sort][1]
    selected.sort(key=lambda line: natural(line.student))
    if view.sort == "student":
        return selected[::-1] if view.down else selected
    return sorted(selected, key=key, reverse=view.down)


def summary(lines: Sequence[RosterLine]) -> list[dict[str, str]]:
    """The number of students in each state, and their average progress, as key, title and text."""
    counts = {state: sum(line.state == state for line in lines) for state in STATES}
    shown = [state for state in STATES if state != MISSED or counts[MISSED]]
    begun = [line.progress for line in lines if line.begun is not None]
    average = sum(p.answered / p.items for p in begun if p.items) / len(begun) if begun else 0.0
    tiles = [{"key": state, "title": STATE_NAMES[state], "text": str(counts[state])} for state in shown]
    return [*tiles, {"key": "progress", "title": "Answered on average", "text": f"{100 * average:.0f} %"}]


def cells(line: RosterLine, now: datetime.datetime) -> dict[str, Any]:
    """A line as texts; a moment is a list of a text and an ISO time or ""."""
    progress, begun = line.progress, line.begun is not None
    late = [f"{progress.late} late"] * bool(progress.late)
    late += [f"{progress.after_time} after time"] * bool(progress.after_time)
    return {
        "id": line.student,
        "student": visible(line.student, limit=LONGEST),
        "name": visible(line.name, limit=LONGEST),
        "state": line.state,
        "word": STATE_NAMES[line.state],
        "begun": ["", iso(line.begun)],
        "done": progress.answered,
        "items": progress.items,
        "answered": f"{progress.answered} of {progress.items}" if begun else "",
        "flagged": f"{progress.flagged} flagged" if progress.flagged else "",
        "until": _until(line),
        "saved": [_saved(line, now), ""],
        "late": ", ".join(late),
        "notes": str(line.notes or ""),
    }


def _saved(line: RosterLine, now: datetime.datetime) -> str:
    if line.saved is None and line.begun is None:
        return ""
    text = ago((now - line.saved).total_seconds()) if line.saved else "nothing yet"
    return f"{text}, idle" if line.idle else text


def _until(line: RosterLine) -> list[str]:
    if line.state == WORKING:
        return [f"{span(line.seconds_left)} left, until", iso(line.until)]
    if line.state in (DONE, OVER):
        return ["handed in" if line.state == DONE else "ended", iso(line.until)]
    return ["", ""]


def iso(at: datetime.datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""


def clock(at: str, now: str) -> str:
    """A moment in UTC, with the date if it is not today; a script replaces it with local time."""
    return f"{at[11:16]} UTC" if at[:10] == now[:10] else f"{at[:10]} {at[11:16]} UTC"


def span(seconds: float) -> str:
    """A duration: "1 h 05 min", "43 min", "4:09"."""
    whole = max(0, int(seconds))
    if whole >= 86_400:
        return f"{whole // 86_400} d {whole % 86_400 // 3600} h"
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    return f"{whole // 60} min" if whole >= 600 else f"{whole // 60}:{whole % 60:02}"


def ago(seconds: float) -> str:
    """A rounded time ago."""
    whole = max(0, int(seconds))
    if whole < 60:
        return "just now" if whole < 10 else f"{whole // 10 * 10} s ago"
    return f"{whole // 60} min ago" if whole < 3600 else f"{whole // 3600} h ago"
