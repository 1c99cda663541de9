"""Reviewers' decisions on items: approve, edit, retire.  Decisions survive rebuilds.

An approval holds for the words that the reviewer saw.  When a rebuild changes an item under the same id, its approval
lapses and the item is a draft again; an edit stays until a person takes it back.
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
    """A reviewer's decision on one item.

    Attributes:
      state: "approved", "retired", or "draft" for an item that was only edited.
      seen: Fingerprint of the built item that the reviewer saw (``words``).
      by: Who decided.
      note: For colleagues; written by hand in ``decisions.yaml``.
      edit: The whole item as edited; empty when nothing was changed.
    """

    state: str
    seen: str
    by: str = ""
    note: str = ""
    edit: tuple[Item, ...] = ()


@dataclass(frozen=True)
class Lapsed:
    """A decision that no longer fits after a rebuild, and why, for people."""

    item_id: str
    why: str


def words(item: Item) -> str:
    """Fingerprint everything that a reader of the item sees, and its key."""
    shown = dataclasses.replace(item, state=DRAFT, sources=(), facts=(), difficulty=0.0)
    return digest(repr(plain(shown)), length=12)


def read_decisions(folder: Path) -> dict[str, Decision]:
    """Read the decisions of a bank, by item id; empty where the bank has none.

    Raises:
      BankError: The file is wrong, or an edited item is unsound.
    """
    path = folder / DECISIONS
    if not path.exists():
        return {}
    decisions: dict[str, Decision] = read_yaml(path, dict[str, Decision]) or {}
    wrong = [
        Problem(DECISIONS, 0, f"{name}: {fault.field}", fault.message)
        for name, decision in decisions.items()
        for item in decision.edit
        for fault in problems(item)
    ]
    if wrong:
        raise BankError(wrong)
    return decisions


def write_decisions(folder: Path, decisions: Mapping[str, Decision]) -> None:
    """Write the decisions of a bank, sorted by item id."""
    write_yaml(folder / DECISIONS, {name: plain(decisions[name]) for name in sorted(decisions)})


def decide(item: Item, built: Item, state: str, by: str, note: str = "") -> Decision:
    """Make the decision that gives an item a state.

    Args:
      item: The item as it now reads, perhaps edited.
      built: The item as the build made it.
      state: "approved", "retired" or "draft".
      by: Who decides.
    """
    edited = any(getattr(item, field) != getattr(built, field) for field in EDITABLE)
    return Decision(state, words(built), by, note, (dataclasses.replace(item, state=DRAFT),) if edited else ())


def apply_decisions(items: Iterable[Item], decisions: Mapping[str, Decision]) -> tuple[list[Item], list[Lapsed]]:
    """Apply decisions to built items; return the items with their states and edits, and the decisions that lapsed."""
    decided, lapsed = [], []
    left = dict(decisions)
    for item in items:
        decision = left.pop(item.id, None)
        if decision is None:
            decided.append(item)
            continue
        same = decision.seen == words(item)
        state = decision.state if same or decision.state == RETIRED or decision.edit else DRAFT
        if not same and decision.state == APPROVED:
            what = "its edit stays; check that it still fits" if decision.edit else "it is a draft again"
            lapsed.append(Lapsed(item.id, f"the item changed since it was approved: {what}"))
        now = item
        if decision.edit:
            now = dataclasses.replace(item, **{field: getattr(decision.edit[0], field) for field in EDITABLE})
        decided.append(dataclasses.replace(now, state=state))
    lapsed += [Lapsed(name, "the item is gone; the decision is kept in case it comes back") for name in left]
    return decided, lapsed
