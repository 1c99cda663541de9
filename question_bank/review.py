"""What reviewers decide about items: approve, edit, retire.  Decisions outlive rebuilds.

An approval holds for the words that were seen.  When a rebuild changes an item under the same id, its approval lapses
and the item is a draft again, with the remark that it changed; an edit stays until a person takes it back.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from question_bank.item import APPROVED, DRAFT, RETIRED, Item, digest, problems
from question_bank.store import DECISIONS, BankError, Problem, plain, read_yaml, write_yaml

EDITABLE = (
    "topic",
    "level",
    "difficulty",
    "stem",
    "explanation",
    "options",
    "number",
    "accepted",
    "pairs",
    "extra",
    "steps",
    "gaps",
    "code",
)


@dataclass(frozen=True)
class Decision:
    """What a person decided on one item.

    Attributes:
      state: "approved", "retired", or "draft" for an item that was only edited.
      seen: Name of the words of the built item that were seen (``words``).
      by: Who decided.
      note: For colleagues.
      edit: The whole item as edited; empty when nothing was changed.
    """

    state: str
    seen: str
    by: str = ""
    note: str = ""
    edit: tuple[Item, ...] = ()


@dataclass(frozen=True)
class Lapsed:
    """A decision that a rebuild made doubtful."""

    item_id: str
    why: str


def words(item: Item) -> str:
    """A short name for everything that a reader of the item sees, and its key."""
    shown = dataclasses.replace(item, state=DRAFT, sources=(), facts=(), difficulty=0.0)
    return digest(repr(plain(shown)), length=12)


def read_decisions(folder: Path) -> dict[str, Decision]:
    path = folder / DECISIONS
    if not path.exists():
        return {}
    decisions: dict[str, Decision] = read_yaml(path, dict[str, Decision]) or {}
    wrong = [
        Problem(DECISIONS, 0, name, text) for name, d in decisions.items() for item in d.edit for text in problems(item)
    ]
    if wrong:
        raise BankError(wrong)
    return decisions


def write_decisions(folder: Path, decisions: Mapping[str, Decision]) -> None:
    write_yaml(folder / DECISIONS, {name: plain(decisions[name]) for name in sorted(decisions)})


def decide(item: Item, built: Item, state: str, by: str, note: str = "") -> Decision:
    """The decision to give ``item`` (as it now reads, perhaps edited) a state; ``built`` is what the build made."""
    edited = any(getattr(item, field) != getattr(built, field) for field in EDITABLE)
    return Decision(state, words(built), by, note, (dataclasses.replace(item, state=DRAFT),) if edited else ())


def apply_decisions(items: Iterable[Item], decisions: Mapping[str, Decision]) -> tuple[list[Item], list[Lapsed]]:
    """Items with their states and edits, and the decisions that no longer fit."""
    found, lapsed = [], []
    left = dict(decisions)
    for item in items:
        decision = left.pop(item.id, None)
        if decision is None:
            found.append(item)
            continue
        same = decision.seen == words(item)
        state = decision.state if same or decision.state == RETIRED or decision.edit else DRAFT
        if not same and decision.state == APPROVED:
            what = "its edit stays, look whether it still fits" if decision.edit else "it is a draft again"
            lapsed.append(Lapsed(item.id, f"the item changed since it was approved: {what}"))
        now = item
        if decision.edit:
            now = dataclasses.replace(item, **{field: getattr(decision.edit[0], field) for field in EDITABLE})
        found.append(dataclasses.replace(now, state=state))
    lapsed += [Lapsed(name, "the item is gone; the decision is kept in case it comes back") for name in left]
    return found, lapsed
