"""Which units may not stand in one form: they share a fact or a group, say the same, or one gives the other away."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence

from question_bank.exam.pool import Unit
from question_bank.item import Item
from question_bank.lint.bank import identity, near_pairs, telling_pairs


def masks(units: Sequence[Unit]) -> list[int]:
    """For each unit the units that it excludes, as a set of bits: bit n is unit n."""
    excluded = [0] * len(units)

    def part(several: Sequence[int]) -> None:
        together = sum(1 << n for n in set(several))
        for n in set(several):
            excluded[n] |= together & ~(1 << n)

    holders: dict[Hashable, list[int]] = defaultdict(list)
    place: dict[str, int] = {}
    for n, unit in enumerate(units):
        for name in {f"fact {f}" for i in unit.items for f in i.facts}:
            holders[name].append(n)
        for group in {i.group for i in unit.items if i.group} | ({unit.name} if unit.template else set()):
            holders[f"group {group}"].append(n)
        for item in unit.items:
            holders[identity(item)].append(n)
            place[item.id] = n
    for several in holders.values():
        if len(several) > 1:
            part(several)
    items = [item for unit in units for item in unit.items]
    for a, b in pairs(items):
        part([place[a.id], place[b.id]])
    return excluded


def pairs(items: Sequence[Item]) -> list[tuple[Item, Item]]:
    """Items of which one gives the other away, or that say nearly the same."""
    return [(a, b) for a, b, _ in telling_pairs(items)] + [(a, b) for a, b, _ in near_pairs(items)]


def clash(items: Sequence[Item], together: Sequence[frozenset[str]] = ()) -> str:
    """What is wrong with ``items`` in one form, in words; "" when nothing is.

    Args:
      together: Ids of items that a person put together: they may share what they share.
    """

    def allowed(a: Item, b: Item) -> bool:
        return any({a.id, b.id} <= link for link in together)

    for n, a in enumerate(items):
        for b in items[:n]:
            if allowed(a, b):
                continue
            if a.id == b.id or identity(a) == identity(b):
                return f"{b.id} and {a.id} ask the same"
            if a.group and a.group == b.group:
                return f"{b.id} and {a.id} are of one group, {a.group}"
            if shared := sorted(set(a.facts) & set(b.facts)):
                return f"{b.id} and {a.id} rest on one fact, {shared[0]}"
    for a, b in pairs(items):
        if not allowed(a, b):
            return f"{a.id} gives {b.id} away, or says nearly the same"
    return ""
