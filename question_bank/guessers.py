"""Blind guessers: strategies that know nothing of the subject, to show whether a bank rewards test-wiseness.

Each guesser prefers some options of an item by their form alone and chooses among them by a hash of the item's id,
never by their place.  A bank has no cue for test-wise students when all guessers score at chance.

References:
  Millman, Bishop & Ebel, "An analysis of test-wiseness", Educational and Psychological Measurement 25, 1965.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from question_bank.item import SINGLE, Item, digest
from question_bank.lint.text import amount, content, prose, words

# Indices of the options that a guesser would choose from; all of them where it sees no difference.
Preference = Callable[[Item], Sequence[int]]

SURE = 3.0  # standard errors above chance; a guesser without a cue exceeds them on one bank in 740


@dataclass(frozen=True)
class GuesserScore:
    """How often a guesser was right.

    Attributes:
      score: Fraction of right guesses among the items on which the guesser has a preference.
      chance: Fraction that random choice would get right on the same items: the mean of 1/options.
      standard_error: Of ``score`` under random choice.
      items: Number of items on which the guesser has a preference; where it is 0, the other three are 0 too.
    """

    score: float
    chance: float
    standard_error: float
    items: int

    @property
    def excess(self) -> float:
        """Distance of the score above chance, in standard errors."""
        return (self.score - self.chance) / self.standard_error if self.standard_error else 0.0

    @property
    def beats_chance(self) -> bool:
        """Whether the score lies more than ``SURE`` standard errors above chance: then the bank has this cue."""
        return self.excess > SURE


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
    """Prefer the option with the most characters."""
    return _extreme(_lengths(item), max)


def shortest_option(item: Item) -> Sequence[int]:
    """Prefer the option with the fewest characters."""
    return _extreme(_lengths(item), min)


def most_overlap(item: Item) -> Sequence[int]:
    """Prefer the option that repeats most words of the stem."""
    return _extreme(_overlaps(item), max)


def least_overlap(item: Item) -> Sequence[int]:
    """Prefer the option that repeats fewest words of the stem."""
    return _extreme(_overlaps(item), min)


def middle_number(item: Item) -> Sequence[int]:
    """Prefer the median; with an even number of options, either of the two in the middle."""
    values = _amounts(item)
    order = sorted(values)
    middle = {order[(len(order) - 1) // 2], order[len(order) // 2]}
    return [i for i, value in enumerate(values) if value in middle]


def smallest_number(item: Item) -> Sequence[int]:
    """Prefer the smallest number, where every option is a number."""
    return _extreme(_amounts(item), min)


def largest_number(item: Item) -> Sequence[int]:
    """Prefer the largest number, where every option is a number."""
    return _extreme(_amounts(item), max)


def most_like_others(item: Item) -> Sequence[int]:
    """Prefer the option that shares most of its words with the other options (convergence)."""
    bags = [frozenset(words(prose(o.text))) for o in item.options]
    scores = [sum(len(a & b) / len(a | b) for j, b in enumerate(bags) if j != i and a | b) for i, a in enumerate(bags)]
    return _extreme(scores, max)


def any_option(item: Item) -> Sequence[int]:
    """Prefer nothing: the control group."""
    return range(len(item.options))


def most_frequent_position(items: Sequence[Item]) -> Preference:
    """Prefer the place that holds the key most often in the *other half* of the bank.

    A guesser that learned the favoured place from the items it guesses would beat chance on any bank, and one that left
    out only the guessed item would lose on a perfectly balanced bank.
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
    "random": any_option,
}


def choose(name: str, prefer: Preference, item: Item) -> int:
    """Return the index of the option that a guesser takes; a hash of the item's id decides between equals."""
    preferred = prefer(item)
    return preferred[int(digest(name, item.id), 16) % len(preferred)]


def score_guessers(items: Iterable[Item]) -> dict[str, GuesserScore]:
    """Let every guesser answer the single choice items among ``items``.

    An item between whose options a guesser sees no difference is not counted for it.

    Returns:
      Guesser → score, by the guessers' names.
    """
    choices = [i for i in items if i.kind == SINGLE and len(i.options) > 1 and len(i.keys) == 1]
    guessers = {**GUESSERS, "most frequent position": most_frequent_position(choices)}
    return {name: _score(name, prefer, choices) for name, prefer in sorted(guessers.items())}


def _score(name: str, prefer: Preference, items: Sequence[Item]) -> GuesserScore:
    guessed = [i for i in items if prefer is any_option or len(prefer(i)) < len(i.options)]
    if not guessed:
        return GuesserScore(0.0, 0.0, 0.0, 0)
    right = sum(choose(name, prefer, i) == _key(i) for i in guessed)
    chances = [1 / len(i.options) for i in guessed]
    error = math.sqrt(sum(p * (1 - p) for p in chances)) / len(guessed)
    return GuesserScore(right / len(guessed), sum(chances) / len(guessed), error, len(guessed))


def _key(item: Item) -> int:
    return [o.correct for o in item.options].index(True)


def _half(item: Item) -> int:
    return int(digest("half", item.id), 16) % 2
