"""Which units must not be in the same form: they share a fact or a group, are duplicates, or give away an answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence

from autograder.exam.pool import Unit
from question_bank.item import Item
from question_bank.lint.bank import identity, near_pairs, telling_pairs


def exclusion_masks(units: Sequence[Unit]) -> list[int]:
    """For each unit, the units that it excludes, as a bit set: bit n stands for unit n."""
    excluded = [0] * len(units)

    def separate(group: Sequence[int]) -> None:
        mask = sum(1 << n for n in set(group))
        for n in set(group):
            excluded[n] |= mask & ~(1 << n)

    holders: dict[Hashable, list[int]] = defaultdict(list)
    unit_of: dict[str, int] = {}
    for n, unit in enumerate(units):
        for fact in {f"fact {f}" for i in unit.items for f in i.facts}:
            holders[fact].append(n)
        for group in {i.group for i in unit.items if i.group} | ({unit.name} if unit.template else set()):
            holders[f"group {group}"].append(n)
        for item in unit.items:
            holders[identity(item)].append(n)
            unit_of[item.id] = n
    for group_members in holders.values():
        if len(group_members) > 1:
            separate(group_members)
    items = [item for unit in units for item in unit.items]
    for a, b in revealing_pairs(items):
        separate([unit_of[a.id], unit_of[b.id]])
    return excluded


def revealing_pairs(items: Sequence[Item]) -> list[tuple[Item, Item]]:
    """Pairs of items that are nearly the same, or of which one gives away the answer to the other."""
    return [(a, b) for a, b, _ in telling_pairs(items)] + [(a, b) for a, b, _ in near_pairs(items)]


def find_conflict(items: Sequence[Item], linked: Sequence[frozenset[str]] = ()) -> str:
    """Describe the first conflict between ``items`` in one form; "" if they have none.

    Args:
      linked: Sets of ids of items that the author linked; conflicts between these are allowed.
    """

    def allowed(a: Item, b: Item) -> bool:
        return any({a.id, b.id} <= link for link in linked)

    for n, a in enumerate(items):
        for b in items[:n]:
            if allowed(a, b):
                continue
            if a.id == b.id or identity(a) == identity(b):
                return f"{b.id} and {a.id} ask the same"
            if a.group and a.group == b.group:
                return f"{b.id} and {a.id} belong to the same group, {a.group}"
            if shared := sorted(set(a.facts) & set(b.facts)):
                return f"{b.id} and {a.id} test the same fact, {shared[0]}"
    for a, b in revealing_pairs(items):
        if not allowed(a, b):
            return f"{a.id} gives away the answer to {b.id}, or is nearly the same"
    return ""
