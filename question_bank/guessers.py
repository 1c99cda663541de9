"""Blind guessers: strategies that know nothing of the subject, to show that a bank cannot be gamed.

Each guesser prefers some options of an item by form alone and chooses among them by a hash of the item's id, never by
their place.  A bank is sound when all of them score at chance.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from question_bank.item import SINGLE, Item, digest
from question_bank.lint.text import amount, content, prose, words

# The options that a guesser would choose from; all of them where it sees no difference.
Preference = Callable[[Item], Sequence[int]]


@dataclass(frozen=True)
class GuessResult:
    """How often a guesser was right.

    Attributes:
      share: Share of right guesses among the items on which the guesser has a preference.
      chance: Share that choosing at random would get on the same items: the mean of 1/options.
      standard_error: Of ``share``, if it were chance.
      items: On how many items the guesser has a preference; with none, the other three are 0.
    """

    share: float
    chance: float
    standard_error: float
    items: int

    @property
    def excess(self) -> float:
        """How many standard errors the share lies above chance; beyond three, the bank has a cue."""
        return (self.share - self.chance) / self.standard_error if self.standard_error else 0.0


def _extreme(scores: Sequence[float], pick: Callable[[Sequence[float]], float]) -> list[int]:
    best = pick(scores)
    return [i for i, score in enumerate(scores) if math.isclose(score, best, rel_tol=1e-12, abs_tol=1e-12)]


def _lengths(item: Item) -> list[float]:
    return [len(" ".join(o.text.split())) for o in item.options]


def _overlaps(item: Item) -> list[float]:
    stem = content(item.stem)
    return [len(content(o.text) & stem) for o in item.options]


def _amounts(item: Item) -> list[float]:
    amounts = [amount(o.text) for o in item.options]
    known = [a[0] for a in amounts if a is not None]
    return known if len(known) == len(amounts) else [0.0] * len(amounts)


def longest_option(item: Item) -> Sequence[int]:
    return _extreme(_lengths(item), max)


def shortest_option(item: Item) -> Sequence[int]:
    return _extreme(_lengths(item), min)


def most_overlap(item: Item) -> Sequence[int]:
    """Prefer the option that repeats most words of the stem."""
    return _extreme(_overlaps(item), max)


def least_overlap(item: Item) -> Sequence[int]:
    return _extreme(_overlaps(item), min)


def middle_number(item: Item) -> Sequence[int]:
    """Prefer the median; with an even number of options, either of the two in the middle."""
    values = _amounts(item)
    order = sorted(values)
    middle = {order[(len(order) - 1) // 2], order[len(order) // 2]}
    return [i for i, value in enumerate(values) if value in middle]


def smallest_number(item: Item) -> Sequence[int]:
    return _extreme(_amounts(item), min)


def largest_number(item: Item) -> Sequence[int]:
    return _extreme(_amounts(item), max)


def most_like_others(item: Item) -> Sequence[int]:
    """Prefer the option that shares most of its words with the other options (convergence)."""
    bags = [frozenset(words(prose(o.text))) for o in item.options]
    scores = [sum(len(a & b) / len(a | b) for j, b in enumerate(bags) if j != i and a | b) for i, a in enumerate(bags)]
    return _extreme(scores, max)


def anything(item: Item) -> Sequence[int]:
    return range(len(item.options))


def most_frequent_position(items: Sequence[Item]) -> Preference:
    """Prefer the place that held the key most often in the *other half* of the bank.

    Looking for the favoured place among the very items that are guessed would beat chance on any bank; leaving out only
    the item itself would lose on a perfectly balanced one.
    """
    places: dict[tuple[int, int], Counter[int]] = defaultdict(Counter)
    for item in items:
        places[_half(item), len(item.options)][_key(item)] += 1

    def prefer(item: Item) -> Sequence[int]:
        counter = places[1 - _half(item), len(item.options)]
        return _extreme([counter[i] for i in range(len(item.options))], max)

    return prefer


GUESSERS: dict[str, Preference] = {
    "longest option": longest_option,
    "shortest option": shortest_option,
    "most overlap with the stem": most_overlap,
    "least overlap with the stem": least_overlap,
    "middle number": middle_number,
    "smallest number": smallest_number,
    "largest number": largest_number,
    "most like the other options": most_like_others,
    "random": anything,
}


def choose(name: str, prefer: Preference, item: Item) -> int:
    """The index of the option that a guesser takes; a hash of the item's id decides between equals."""
    best = prefer(item)
    return best[int(digest(name, item.id), 16) % len(best)]


def guess(items: Iterable[Item]) -> dict[str, GuessResult]:
    """The score of every guesser on the single choice items among ``items``.

    Items between whose options a guesser sees no difference say nothing about it and are not counted for it.
    """
    choices = [i for i in items if i.kind == SINGLE and len(i.options) > 1 and len(i.keys) == 1]
    everyone = {**GUESSERS, "most frequent position": most_frequent_position(choices)}
    return {name: _score(name, prefer, choices) for name, prefer in sorted(everyone.items())}


def _score(name: str, prefer: Preference, items: Sequence[Item]) -> GuessResult:
    sees = [i for i in items if prefer is anything or len(prefer(i)) < len(i.options)]
    if not sees:
        return GuessResult(0.0, 0.0, 0.0, 0)
    right = sum(choose(name, prefer, i) == _key(i) for i in sees)
    chances = [1 / len(i.options) for i in sees]
    error = math.sqrt(sum(p * (1 - p) for p in chances)) / len(sees)
    return GuessResult(right / len(sees), sum(chances) / len(sees), error, len(sees))


def _key(item: Item) -> int:
    return [o.correct for o in item.options].index(True)


def _half(item: Item) -> int:
    return int(digest("half", item.id), 16) % 2
