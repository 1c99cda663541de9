"""Which wrong options an item gets, and in which order options stand: decided by the item alone.

Every choice is a hash of the item's identity, so a changed document changes only the items that rest on what changed.
Lengths are balanced: at which place the key stands among the options by length is drawn first, uniformly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from question_bank.item import Option, digest

MOST = 3  # wrong options wanted; two are enough, fewer are none


@dataclass(frozen=True)
class Candidate:
    """A possible wrong option.

    Attributes:
      near: 0 for the same list, 1 for the same section or class, 2 for elsewhere: near ones first.
      fact: Id of the fact it comes from.
    """

    text: str
    feedback: str
    near: int = 0
    fact: str = ""


def draw_number(low: int, count: int, *identity: str) -> int:
    """A number from ``low`` to ``low + count - 1`` that the identity decides, uniformly."""
    return low + int(digest(*identity, length=12), 16) % count


def choose(key: str, candidates: Sequence[Candidate], identity: str) -> list[Candidate] | None:
    """Three wrong options, or else two, or ``None``; the key is longest no more often than any other option."""
    unique: dict[str, Candidate] = {}
    for one in sorted(candidates, key=lambda c: (c.near, digest(identity, c.fact, c.text))):
        if one.text.casefold() != key.casefold():
            unique.setdefault(one.text.casefold(), one)
    pool = list(unique.values())
    if len(pool) < 2:
        return None
    count = min(MOST, len(pool))
    for wanted in range(count, 1, -1):
        shorter = draw_number(0, wanted + 1, identity, "length", str(wanted))
        below = [c for c in pool if len(c.text) < len(key)]
        above = [c for c in pool if len(c.text) >= len(key)]
        if len(below) >= shorter and len(above) >= wanted - shorter:
            return below[:shorter] + above[: wanted - shorter]
    # The lengths cannot be balanced: take the nearest, unless the key would stand out at a glance.
    chosen = pool[:count]
    lengths = [len(c.text) for c in chosen]
    stands_out = len(key) > 1.3 * max(lengths) or len(key) < 0.6 * min(lengths)
    return None if stands_out and max(len(key), *lengths) > 24 else chosen


def arrange(key: str, wrong: Sequence[Candidate], identity: str) -> tuple[Option, ...]:
    """The options in an order that the identity decides."""
    options = [Option(c.text, False, c.feedback) for c in wrong]
    options.sort(key=lambda o: digest(identity, "order", o.text))
    place = draw_number(0, len(options) + 1, identity, "place")
    return (*options[:place], Option(key, True), *options[place:])


def capital(text: str) -> str:
    """Begin with a capital, unless the first word has a spelling of its own (pH, f(x), eBPF)."""
    first = text.split(" ", 1)[0]
    return text[:1].upper() + text[1:] if first.isalpha() and first[1:].islower() | (len(first) == 1) else text


def small(text: str) -> str:
    """Begin with a small letter, unless the first word is a name or an acronym."""
    first = text.split(" ", 1)[0]
    return text[:1].lower() + text[1:] if first[1:].islower() and first.isalpha() and len(first) > 1 else text
