"""Choose the wrong options of an item and the order of its options, by the item alone.

Every choice is a hash of the item's identity, so a changed document changes only the items that rest on the change.
Lengths are balanced: the key's rank by length among the options is drawn first, uniformly.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from question_bank.item import Option, digest
from question_bank.lexicon import stems

_NUMBER = re.compile(r"(?:about )?([-+−]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d{1,3})?)(?:/(\d+))?(?: ?[%a-zA-Z]{0,14})?")

# A variable or a function at the beginning: a letter, no vowel, or an operator behind it.
_SYMBOL = re.compile(r"[b-z]\b(?!-)|[b-df-hj-np-tv-xz]+\b|[a-z]+ [-+*/@^=−] |(log|exp|sqrt) \d")
LONGER = 1.3  # times the longest wrong option; a longer key stands out by its length
MOST = 3  # wrong options wanted; two are enough, with fewer no item is made


@dataclass(frozen=True)
class Candidate:
    """A possible wrong option.

    Attributes:
      feedback: For the student who chose it.
      near: Distance from the key: 0 same list, 1 same section or class, 2 elsewhere; near ones are preferred.
      fact: Id of the fact it comes from.
    """

    text: str
    feedback: str
    near: int = 0
    fact: str = ""


def draw_number(low: int, count: int, *identity: str) -> int:
    """Draw a number from ``low`` to ``low + count - 1``, uniformly by a hash of ``identity``."""
    return low + int(digest(*identity, length=12), 16) % count


def choose(key: str, candidates: Sequence[Candidate], identity: str, stem: str = "") -> list[Candidate] | None:
    """Choose three wrong options, or two, or return ``None`` where no sound choice exists.

    The key is the longest (for numbers: the largest) no more often than any other option, and it does not repeat more
    of the stem's words than every wrong option does.

    Args:
      key: The right option.
      candidates: Possible wrong options.
      identity: Names the item; the same identity gives the same choice.
      stem: The item's stem.
    """
    unique: dict[str, Candidate] = {}
    for candidate in sorted(candidates, key=lambda c: (c.near, digest(identity, c.fact, c.text))):
        if candidate.text.casefold() != key.casefold():
            unique.setdefault(candidate.text.casefold(), candidate)
    pool = list(unique.values())
    if len(pool) < 2:
        return None
    echo = _echo(key, stem)
    if echo and max(_echo(c.text, stem) for c in pool) < echo:
        return None  # the key would be the one that sounds familiar
    # Options that repeat as much of the stem as the key does come first: neither most nor least tells anything.
    pool.sort(key=lambda c: abs(_echo(c.text, stem) - echo))
    numbers = number_in(key) is not None and all(number_in(c.text) is not None for c in pool)

    def rank(text: str) -> float:
        return (number_in(text) or 0.0) if numbers else float(len(text))

    for wanted in range(min(MOST, len(pool)), 1, -1):
        smaller = draw_number(0, wanted + 1, identity, "rank", str(wanted))
        below = [c for c in pool if rank(c.text) < rank(key)]
        above = [c for c in pool if rank(c.text) >= rank(key)]
        if len(below) >= smaller and len(above) >= wanted - smaller:
            chosen = below[:smaller] + above[: wanted - smaller]
            if smaller == wanted and not numbers and len(key) > LONGER * max(len(c.text) for c in chosen):
                # The key may be the longest, but not by far: the longest of the others takes the place of the farthest.
                chosen[-1] = max((c for c in below if c not in chosen[:-1]), key=lambda c: (len(c.text), -c.near))
            if not echo or any(_echo(c.text, stem) >= echo for c in chosen):
                return chosen
    # The ranks cannot be balanced: take the nearest, unless the key would stand out at a glance.
    chosen = pool[:MOST]
    lengths = [len(c.text) for c in chosen]
    stands_out = len(key) > LONGER * max(lengths) or len(key) < 0.85 * min(lengths)
    if len(key) < min(lengths) and draw_number(0, 2, identity, "shortest"):
        return None  # keys with short names would make "take the shortest" a good rule
    return None if stands_out and max(len(key), *lengths) > 16 else chosen


def _echo(text: str, stem: str) -> int:
    return len(stems(text) & stems(stem))


def number_in(text: str) -> float | None:
    """Read the number that an option is, with or without a unit; ``None`` for words."""
    match = _NUMBER.fullmatch(text.strip().strip("`"))
    if not match:
        return None
    value = float(match[1].replace(",", "").replace("−", "-"))
    return value / float(match[2]) if match[2] and float(match[2]) else value


def arrange(key: str, wrong: Sequence[Candidate], identity: str) -> tuple[Option, ...]:
    """Arrange the options in an order that ``identity`` decides, and numbers in ascending order."""
    options = [Option(c.text, False, c.feedback) for c in wrong]
    if all(number_in(o.text) is not None for o in [*options, Option(key)]):
        return tuple(sorted([*options, Option(key, True)], key=lambda o: number_in(o.text) or 0.0))
    options.sort(key=lambda o: digest(identity, "order", o.text))
    place = draw_number(0, len(options) + 1, identity, "at")
    return (*options[:place], Option(key, True), *options[place:])


def capital(text: str) -> str:
    """Begin with a capital, unless the first word is a symbol (lr) or has a spelling of its own (pH, f(x), `code`)."""
    first = text.split(" ", 1)[0].split("-")[0].rstrip(",;:")
    own = not first.isalpha() or not (first[1:].islower() or len(first) == 1) or _SYMBOL.match(text)
    return text if own else text[:1].upper() + text[1:]


def small(label: str) -> str:
    """Begin a label or the name of an attribute with a small letter, unless it is an acronym."""
    first = label.split(" ", 1)[0]
    return label[:1].lower() + label[1:] if first[1:].islower() and first.isalpha() and len(first) > 1 else label
