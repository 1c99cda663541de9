"""Blind guessers: each beats chance on a bank with its cue, and none does on a bank without."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from question_bank.guessers import GUESSERS, choose, most_frequent_position, score_guessers
from question_bank.item import MULTIPLE, SINGLE, Item, Option

EVERYONE = (*GUESSERS, "most frequent position")


def choice(name: str, stem: str, key: str, wrong: list[str], at: int, kind: str = SINGLE) -> Item:
    texts = [*wrong[:at], key, *wrong[at:]]
    options = tuple(Option(text, i == at) for i, text in enumerate(texts))
    return Item(name, kind, "dropout", "remember", 0.5, stem, "Because.", options=options)


def bank(
    key: str, wrong: list[str], stem: str = "What is it?", at: Callable[[int], int] = lambda n: n % 4
) -> list[Item]:
    """120 items alike but for the place of the key."""
    return [choice(f"item-{n}", stem, key, wrong, at(n)) for n in range(120)]


def numbers(rank: int) -> list[Item]:
    """Numeric items in order, whose key has the given rank."""
    rows = [[n + 10, n + 20, n + 31, n + 45] for n in range(120)]
    return [
        choice(f"n-{n}", "How many?", str(r[rank]), [str(v) for v in r if v != r[rank]], rank)
        for n, r in enumerate(rows)
    ]


CUED = {
    "longest option": bank("evergreens", ["oak", "elm", "ash"]),
    "shortest option": bank("oak", ["cedars", "poplar", "spruce"]),
    "most overlap with the stem": bank("drops units", ["adds noise", "warms up", "cools down"], "What drops units?"),
    "least overlap with the stem": bank(
        "noise", ["units drop", "drop rate", "units"], "What do units drop at which rate?"
    ),
    "smallest number": numbers(0),
    "largest number": numbers(3),
    "most like the other options": bank("red box", ["red cap", "tan box", "old hat"]),
    "most frequent position": bank("elm", ["oak", "ash", "fir"], at=lambda n: 2 if n % 3 else n % 4),
}


@pytest.mark.parametrize("name", CUED)
def test_a_guesser_beats_chance_where_its_cue_is(name: str) -> None:
    result = score_guessers(CUED[name])[name]
    assert result.items == 120 and result.chance == 0.25
    assert result.score > 0.6 and result.excess > 5


def test_the_middle_number_beats_chance_only_in_the_middle() -> None:
    # With four options two are in the middle: half of the guesses are right, which is still twice as many as by chance.
    result = score_guessers(numbers(1))["middle number"]
    assert 0.35 < result.score < 0.65 and result.excess > 3
    assert score_guessers(numbers(0))["middle number"].score == 0
    odd = [choice(f"o-{n}", "How many?", "5", ["1", "9"], 1) for n in range(30)]
    assert score_guessers(odd)["middle number"].score == 1


def fair(count: int = 600) -> list[Item]:
    """Items whose key is drawn among ready options: no cue can be in them."""
    rng = random.Random(7)
    words = [
        "amber",
        "basil",
        "cedar",
        "dill",
        "elder",
        "fern",
        "ginger",
        "hazel",
        "iris",
        "juniper",
        "kale",
        "laurel",
        "maple",
        "nettle",
        "olive",
        "poppy",
    ]
    items = []
    for n in range(count):
        texts = [" ".join(rng.sample(words, rng.randint(1, 3))) for _ in range(4)]
        texts = texts if n % 2 else [str(v) for v in sorted(rng.sample(range(100), 4))]
        at = rng.randrange(4)
        stem = f"Which of them goes with {' and '.join(rng.sample(words, 4))}?"
        items.append(choice(f"fair-{n}", stem, texts[at], texts[:at] + texts[at + 1 :], at))
    return items


@pytest.mark.parametrize("name", EVERYONE)
def test_no_guesser_beats_chance_on_a_fair_bank(name: str) -> None:
    result = score_guessers(fair())[name]
    assert result.items > 100
    assert abs(result.excess) < 3
    assert result.score == pytest.approx(0.25, abs=0.1)


def test_ties_are_broken_by_id_and_not_by_position() -> None:
    items = bank("oak", ["elm", "ash", "fir"], at=lambda n: 0)
    picks = [choose("random", GUESSERS["random"], one) for one in items]
    assert {picks.count(i) > 15 for i in range(4)} == {True}
    assert picks == [choose("random", GUESSERS["random"], one) for one in items]
    two_longest = bank("amber", ["basil", "oak", "elm"], at=lambda n: 0)
    halves = [choose("longest option", GUESSERS["longest option"], one) for one in two_longest]
    assert set(halves) == {0, 1} and 40 < halves.count(0) < 80


def test_the_favoured_position_is_learnt_from_the_other_half() -> None:
    # Perfectly balanced: a guesser that counted the item itself would win, one that left out only the item would lose.
    result = score_guessers(bank("elm", ["oak", "ash", "fir"]))["most frequent position"]
    assert abs(result.excess) < 3
    lonely = [choice("one", "What?", "elm", ["oak", "ash", "fir"], 3)]
    assert len(most_frequent_position(lonely)(lonely[0])) == 4  # nothing learnt about itself


def test_items_without_a_difference_are_not_counted() -> None:
    results = score_guessers(bank("elm", ["oak", "ash", "fir"]))
    for name in ("longest option", "smallest number", "middle number", "most overlap with the stem"):
        assert (results[name].items, results[name].score, results[name].excess) == (0, 0.0, 0.0)
    assert results["random"].items == 120


def test_chance_is_the_mean_of_one_over_the_options() -> None:
    items = [choice("two", "What?", "elm", ["oaks"], 0), choice("four", "What?", "elm", ["oaks", "ash", "fir"], 0)]
    result = score_guessers(items)["random"]
    assert result.chance == pytest.approx(0.375)
    assert result.standard_error == pytest.approx((0.25 + 0.1875) ** 0.5 / 2)


def test_only_single_choice_items_are_guessed() -> None:
    many = [choice("m", "What?", "elm", ["oaks"], 0, kind=MULTIPLE)]
    keyless = [Item("k", SINGLE, "dropout", "remember", 0.5, "What?", "", options=(Option("elm"), Option("oaks")))]
    assert all(result.items == 0 for result in score_guessers([*many, *keyless]).values())
    assert set(score_guessers([])) == set(EVERYONE)
