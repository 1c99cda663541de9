"""Item analysis: its arithmetic against published numbers and other formulas, and classes whose truth is known."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Sequence

import numpy as np
import pytest
from helpers.simulated_class import Truth, sit, sound_items
from numpy.typing import NDArray
from scipy.stats import binomtest

from question_bank.analysis import irt, limits
from question_bank.analysis.analyse import Analysis, UnitStatistics, analyse
from question_bank.analysis.choices import Choice
from question_bank.analysis.flags import Facts, flags
from question_bank.analysis.measures import Estimate, correlation, share_interval, standing, tail, upper_lower
from question_bank.analysis.order import Position
from question_bank.analysis.reliability import alpha, feldt
from question_bank.analysis.table import Answer, tabulate

Array = NDArray[np.float64]

# LSAT section 6 (Bock & Lieberman, 1970): response patterns of 1000 students to five items, with their counts.
LSAT6 = """
00000 3  00001 6  00010 2  00011 11  00100 1  00101 1  00110 3  00111 4  01000 1  01001 8  01011 16  01101 3  01110 2
01111 15  10000 10  10001 29  10010 14  10011 81  10100 3  10101 28  10110 15  10111 80  11000 16  11001 56  11010 21
11011 173  11100 11  11101 61  11110 28  11111 298
"""
# What the R package ltm (Rizopoulos, 2006) prints for them: difficulty, its error, discrimination, its error.
LTM = (
    (-3.3597, 0.8669, 0.8254, 0.2581),
    (-1.3696, 0.3073, 0.7229, 0.1867),
    (-0.2799, 0.0997, 0.8905, 0.2326),
    (-1.8659, 0.4341, 0.6886, 0.1852),
    (-3.1236, 0.8700, 0.6575, 0.2100),
)


def lsat() -> Array:
    words = LSAT6.split()
    rows = [
        [float(c) for c in pattern] for pattern, n in zip(words[::2], words[1::2], strict=True) for _ in range(int(n))
    ]
    return np.array(rows)


def answers_of(matrix: Sequence[Sequence[float]], **fields: object) -> list[Answer]:
    """Answers from a matrix of shares; NaN is not in the form."""
    return [
        Answer(f"s{i:03}", f"q{j}", share, **fields)  # type: ignore[arg-type]
        for i, row in enumerate(matrix)
        for j, share in enumerate(row)
        if not math.isnan(share)
    ]


def by_name(found: Analysis) -> dict[str, UnitStatistics]:
    return {u.unit: u for u in found.units}


def kinds(unit: UnitStatistics) -> set[str]:
    return {f.kind for f in unit.flags}


# ---- published numbers and other formulas


def test_the_2pl_of_lsat_6_is_the_published_one() -> None:
    curves, log_likelihood, converged = irt.estimate(lsat(), priors=False)
    assert converged
    assert log_likelihood == pytest.approx(-2466.653, abs=0.01)
    for found, (b, b_error, a, a_error) in zip(curves, LTM, strict=True):
        assert (found.a, found.a_error) == pytest.approx((a, a_error), abs=0.005)
        assert (found.b, found.b_error) == pytest.approx((b, b_error), abs=0.01)


@pytest.mark.parametrize(
    ("value", "students", "units", "low", "high"),
    [  # C. Evans’s feldt1 and an example of real-statistics.com
        (0.913, 873, 20, 0.9044024, 0.9211588),
        (0.591719, 15, 10, 0.1949217, 0.8398208),
    ],
)
def test_feldts_interval_is_the_published_one(value: float, students: int, units: int, low: float, high: float) -> None:
    found = feldt(value, students, units)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-6)


def test_alpha_is_the_textbook_formula_where_nothing_is_missing() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(40, 1)) + rng.normal(size=(40, 6)) * [1, 2, 1, 1, 3, 1]
    k = x.shape[1]
    textbook = k / (k - 1) * (1 - x.var(axis=0, ddof=1).sum() / x.sum(axis=1).var(ddof=1))
    assert alpha(x) == pytest.approx(textbook, abs=1e-12)
    right = lsat()
    p = right.mean(axis=0)
    kr20 = 5 / 4 * (1 - (p * (1 - p)).sum() / right.sum(axis=1).var(ddof=0))
    assert alpha(right) == pytest.approx(kr20, abs=1e-12)
    assert kr20 == pytest.approx(0.2949, abs=0.0005)  # ltm: descript(LSAT)


def test_alpha_is_weighted_like_repeated_students() -> None:
    x = lsat()[::25]
    weight = np.arange(len(x)) % 3 + 1.0
    assert alpha(x, weight) == pytest.approx(alpha(np.repeat(x, weight.astype(int), axis=0)), abs=1e-12)


def test_alpha_with_holes_is_that_of_the_whole_form_on_average() -> None:
    rng = np.random.default_rng(2)
    whole, holed = [], []
    for _ in range(30):
        x = (rng.normal(size=(300, 1)) + rng.normal(size=(300, 20)) * 2).astype(float)
        seen = np.argsort(rng.random(x.shape), axis=1) < 10
        whole.append(alpha(x[:, :10]))
        holed.append(alpha(np.where(seen, x, np.nan)))
    assert np.mean(holed) == pytest.approx(np.mean(whole), abs=0.01)  # 10 items each
    assert np.mean(holed) == pytest.approx(10 * 1 / (1 + 10 - 1 + 4), abs=0.02)


def test_the_corrected_correlation_is_with_the_other_items() -> None:
    x = lsat()[::7]
    total, rest = standing(x, np.ones_like(x))
    for j in range(5):
        others = x.sum(axis=1) - x[:, j]
        assert correlation(x[:, j], rest[:, j]).value == pytest.approx(np.corrcoef(x[:, j], others)[0, 1], abs=1e-12)
    assert np.corrcoef(total, x.sum(axis=1))[0, 1] == pytest.approx(1, abs=1e-12)


def test_points_weigh_in_the_rest() -> None:
    rng = np.random.default_rng(3)
    x, points = rng.random((50, 4)), np.tile([1.0, 2, 3, 4], (50, 1))
    _, rest = standing(x, points)
    others = (x * points).sum(axis=1) - x[:, 0] * points[:, 0]
    assert correlation(x[:, 0], rest[:, 0]).value == pytest.approx(np.corrcoef(x[:, 0], others)[0, 1], abs=1e-12)


def test_the_interval_of_a_correlation_is_fishers() -> None:
    a = np.arange(30.0)
    found = correlation(a, a + 14.0 * np.sin(2.5 * a))
    half = 1.959964 / math.sqrt(27)
    assert math.atanh(found.high) - math.atanh(found.value) == pytest.approx(half, abs=1e-6)
    assert math.isnan(correlation(a, np.ones(30)).value)


def test_students_tied_at_the_edge_of_a_group_belong_to_it_in_part() -> None:
    total, share = np.arange(100.0), (np.arange(100) % 3 == 0).astype(float)
    assert upper_lower(share, total) == pytest.approx((share[73:].mean(), share[:27].mean()))
    tied = np.array([1.0, 2, 2, 2, 3, 3, 0, 0, 1, 1])  # the upper 27 % of 10 are 3: both 3s and a third of each 2
    assert tail(tied, top=True) == pytest.approx([0, 1 / 3, 1 / 3, 1 / 3, 1, 1, 0, 0, 0, 0])
    assert tail(tied, top=False) == pytest.approx([1 / 3, 0, 0, 0, 0, 0, 1, 1, 1 / 3, 1 / 3])


@pytest.mark.parametrize(("right", "n"), [(0, 20), (7, 31), (150, 200), (12, 12)])
def test_the_interval_of_a_share_is_wilsons(right: int, n: int) -> None:
    found = share_interval(np.array([1.0] * right + [0.0] * (n - right)))
    other = binomtest(right, n).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((other.low, other.high), abs=1e-9)


# ---- a class whose truth is known


PLANTED_KEY, PLANTED_TWO = 3, 7


def planted(seed: int, count: int = 40) -> list[Truth]:
    items = sound_items(count, seed)
    items[PLANTED_KEY] = dataclasses.replace(items[PLANTED_KEY], marked=2)
    items[PLANTED_TWO] = dataclasses.replace(items[PLANTED_TWO], a=1.3, b=-0.3, second=1)
    return items


@functools.cache
def school(seed: int, per_form: int = 0) -> tuple[list[Truth], Array, Analysis]:
    """Items, abilities and analysis of a class of 200."""
    theta = np.random.default_rng(900 + seed).normal(size=200)
    items = planted(seed)
    return items, theta, analyse(sit(items, 200, seed, abilities=theta, per_form=per_form), f"class {seed}")


def expected(item: Truth, theta: Array) -> Array:
    found: Array = 1 / (1 + np.exp(-item.a * (theta - item.b)))
    return found


@pytest.mark.parametrize("seed", range(3))
def test_the_simulated_class_is_recovered(seed: int) -> None:
    items, theta, found = school(seed)
    units = by_name(found)
    sound = [(units[t.name], t) for i, t in enumerate(items) if i not in (PLANTED_KEY, PLANTED_TWO)]
    assert found.irt == "" and found.students == 200
    # difficulty: every share within three and a half binomial errors of what these students' abilities make of it
    for unit, truth in sound:
        p = expected(truth, theta)
        error = math.sqrt((p * (1 - p)).sum()) / 200
        assert abs(unit.share.value - p.mean()) < 3.5 * error
        assert unit.difficulty == pytest.approx(1 - unit.share.value)
    # 2PL
    curves = [(u.curve, t) for u, t in sound]
    assert all(c is not None for c, _ in curves)
    a, b = (np.array([getattr(c, x) for c, _ in curves]) for x in "ab")
    true_a, true_b = (np.array([getattr(t, x) for _, t in curves]) for x in "ab")
    assert math.sqrt(((b - true_b) ** 2).mean()) < 0.33 and np.corrcoef(b, true_b)[0, 1] > 0.93
    assert math.sqrt(((a - true_a) ** 2).mean()) < 0.32 and np.corrcoef(a, true_a)[0, 1] > 0.45
    errors = np.array([c.b_error for c, _ in curves if c])
    assert 0.5 < math.sqrt((((b - true_b) / errors) ** 2).mean()) < 1.6  # the errors it states are the errors it makes
    # discrimination: the index and the correlation follow the true slopes
    p = np.array([expected(t, theta) for _, t in sound])
    slope = np.array(
        [np.corrcoef(row, theta)[0, 1] * row.std() / math.sqrt(row.mean() * (1 - row.mean())) for row in p]
    )
    measured = np.array([u.correlation.value for u, _ in sound])
    # Both the true values and the errors of 200 answers (0.065) have a spread of about 0.07: 0.7 is what to expect.
    assert np.corrcoef(slope, measured)[0, 1] > 0.5
    assert np.abs(measured - slope * math.sqrt(found.reliability.alpha.value)).mean() < 0.06
    index = np.array([u.discrimination for u, _ in sound])
    upper, lower = theta >= np.sort(theta)[-54], theta <= np.sort(theta)[53]
    truth = p[:, upper].mean(axis=1) - p[:, lower].mean(axis=1)
    assert np.abs(index - truth).mean() < 0.1


@pytest.mark.parametrize("seed", range(3))
def test_alpha_is_the_reliability_of_the_simulated_class(seed: int) -> None:
    items = sound_items(40, seed)
    theta = np.random.default_rng(seed).normal(size=200)
    found = analyse(sit(items, 200, seed, abilities=theta)).reliability
    p = np.array([expected(t, theta) for t in items])
    true, error = p.sum(axis=0).var(ddof=1), (p * (1 - p)).sum(axis=0).mean()
    assert found.name == "KR-20" and found.method.startswith("Feldt")
    assert found.alpha.value == pytest.approx(true / (true + error), abs=0.03)
    assert found.alpha.low < true / (true + error) < found.alpha.high
    assert found.error == pytest.approx(100 * math.sqrt(error) / 40, abs=0.6)


def test_planted_mistakes_are_flagged_and_sound_items_are_not() -> None:
    false, sound = 0, 0
    for seed in range(5):
        items, _, found = school(seed)
        for i, truth in enumerate(items):
            unit = by_name(found)[truth.name]
            if i == PLANTED_KEY:
                assert "wrong key" in kinds(unit), seed
                assert "alpha" in unit.flags[0].seen and "Check the key" in unit.flags[0].advice
            elif i == PLANTED_TWO:
                assert kinds(unit) & {"two keys", "wrong key"}, seed
                assert "beta" in unit.flags[0].seen
            else:
                sound, false = sound + 1, false + bool(unit.flags)
    assert sound == 190
    assert false / sound <= 0.05


@pytest.mark.parametrize(
    ("r", "among", "upper", "key_r", "key_upper", "said"),
    [
        (0.30, 0.60, 0.60, -0.10, 0.10, "wrong key"),
        (0.30, 0.60, 0.40, 0.20, 0.40, "two keys"),
        (0.30, 0.60, 0.60, 0.20, 0.10, "two keys"),  # the key attracts good students too
        (0.30, 0.10, 0.40, 0.20, 0.40, ""),  # chance among those who are wrong
        (0.05, 0.60, 0.40, 0.20, 0.40, ""),  # chance in the class
        (-0.30, 0.60, 0.40, 0.20, 0.40, ""),  # the usual: the best of the wrong, not the best
        (0.30, 0.60, 0.05, 0.20, 0.40, ""),  # hardly any of the best
    ],
)
def test_what_makes_a_key_doubtful(
    r: float, among: float, upper: float, key_r: float, key_upper: float, said: str
) -> None:
    key = Choice("yes", "A", True, 80, 0.4, 0.3, 0.4, key_upper, key_r, math.nan, 120)
    option = Choice("no", "B", False, 60, 0.3, 0.02, 0.3, upper, r, among, 120)
    share, related = share_interval(np.array([1.0, 0.0] * 100)), Estimate(0.3, 0.2, 0.4)
    facts = Facts(200, share, related, (key, option), True, None, Position(math.nan, math.nan))
    assert {f.kind for f in flags(facts)} == ({said} if said else set())
    assert not flags(dataclasses.replace(facts, single=False))


def test_a_hard_item_has_no_second_key_for_that() -> None:
    """Where few know, every wrong option is chosen by good students too; that alone proves nothing."""
    false = 0
    for seed in range(2):
        hard = [
            dataclasses.replace(t, name=f"hard-{t.name}", b=t.b + 1.8, tilts=(0.0, 0.0, 0.0))
            for t in sound_items(30, 50 + seed)
        ]
        found = by_name(analyse(sit([*hard, *sound_items(20, seed)], 200, seed)))
        false += sum(bool(kinds(found[t.name]) & {"two keys", "wrong key"}) for t in hard)
    assert false <= 1


@pytest.mark.parametrize("seed", range(2))
def test_with_different_forms_the_planted_key_is_found_and_sound_items_are_not_blamed(seed: int) -> None:
    """Half of the items each: no item is blamed for what was not in a form, and the planted one is found."""
    items, theta, found = school(seed, per_form=24)
    units = by_name(found)
    assert "wrong key" in kinds(units[items[PLANTED_KEY].name])
    others = [units[t.name] for i, t in enumerate(items) if i not in (PLANTED_KEY, PLANTED_TWO)]
    assert sum(bool(u.flags) for u in others) <= 0.05 * len(others)
    assert all(80 < u.count < 160 for u in others)
    assert found.reliability.length == pytest.approx(24) and found.reliability.method == "jackknife, 100 groups"
    p = np.array([expected(t, theta) for t in items])
    true, error = (24 / 40) ** 2 * p.sum(axis=0).var(ddof=1), 24 / 40 * (p * (1 - p)).sum(axis=0).mean()
    assert found.reliability.alpha.value == pytest.approx(true / (true + error), abs=0.06)
    fitted = [(u.curve.b, t.b) for t in items if (u := units[t.name]).curve and not u.flags]
    assert len(fitted) > 25
    assert np.corrcoef(*np.array(fitted).T)[0, 1] > 0.9
    assert any("different items" in note for note in found.notes)


def test_a_good_student_with_a_hard_form_is_no_bad_student() -> None:
    """Standing compares with those who had the same items, so hard forms do not make items look negative."""
    rng = np.random.default_rng(5)
    items = [*(Truth(f"easy-{i}", 1.2, -1.8) for i in range(12)), *(Truth(f"hard-{i}", 1.2, 1.0) for i in range(12))]
    shared = [Truth(f"both-{i}", 1.2, -0.2) for i in range(6)]
    answers: list[Answer] = []
    for group, own in (("a", items[:12]), ("b", items[12:])):
        theta = rng.normal(0.8 if group == "b" else -0.8, 1, 150)
        part = sit([*own, *shared], 150, 6 + len(answers), abilities=theta)
        answers += [dataclasses.replace(x, student=f"{group}{x.student}") for x in part]
    units = by_name(analyse(answers))
    assert min(u.correlation.value for u in units.values()) > 0.1
    assert not any("negative discrimination" in kinds(u) for u in units.values())


# ---- templates, places, time, small numbers


def test_draws_of_a_template_are_compared() -> None:
    items = sound_items(20, 1)
    items[0] = Truth("uneven", 1.2, -0.2, shifts={"3, 5": 0.0, "2, 2": 0.0, "7, 9": 1.8, "4, 1": -0.6})
    items[1] = Truth("even", 1.2, -0.2, shifts={f"{i}, {i + 1}": 0.0 for i in range(8)})
    items[2] = Truth("own", 1.2, -0.2, shifts={str(i): 0.0 for i in range(5000)})
    found = by_name(analyse(sit(items, 200, 4)))
    uneven, even, own = (found[n] for n in ("uneven", "even", "own"))
    assert uneven.template and uneven.count == 200
    assert uneven.draws and uneven.draws.drawn[0].name == "7, 9" and uneven.draws.p < 0.005
    assert uneven.draws.spread > 0.1
    assert "draws" in kinds(uneven) and "7, 9" in next(f.seen for f in uneven.flags if f.kind == "draws")
    assert even.draws and even.draws.compared == 8 and even.draws.p > 0.01 and "draws" not in kinds(even)
    assert own.draws and own.draws.compared < 2 and math.isnan(own.draws.p) and "draws" not in kinds(own)


def test_chance_differences_between_draws_are_rarely_flagged() -> None:
    low = 0
    for seed in range(20):
        items = [*sound_items(6, seed), Truth("even", 1.2, 0.0, shifts={str(i): 0.0 for i in range(6)})]
        draws = by_name(analyse(sit(items, 90, seed)))["even"].draws
        assert draws is not None
        low += draws.p < 0.1
    assert low <= 6  # 2 expected; more than 6 with a chance of 0.2 %


def test_a_tiring_exam_and_a_short_one_are_said() -> None:
    items = sound_items(20, 2)
    calm = analyse(sit(items, 200, 8))
    tired = analyse(sit(items, 200, 8, tiring=1.5))
    short = analyse(sit(items, 200, 8, limit=20 * 60))
    assert not calm.flags and abs(calm.position.change) < 0.05 and calm.speed.reached_last > 0.9
    assert "position" in {f.kind for f in tired.flags} and -0.5 < tired.position.change < -0.15
    assert "speeded" in {f.kind for f in short.flags} and short.speed.reached_last < 0.8
    typical = sum(t.seconds for t in items) / 60
    assert calm.speed.minutes == pytest.approx(typical, rel=0.15)
    assert by_name(calm)["item-03"].seconds[1] == pytest.approx(items[2].seconds, rel=0.1)


def test_with_one_order_the_place_is_not_blamed() -> None:
    answers = [dataclasses.replace(a, position=int(a.item[-2:])) for a in sit(sound_items(20, 2), 100, 8)]
    assert math.isnan(analyse(answers).position.p)


def test_rapid_answers_are_counted() -> None:
    answers = [Answer(f"s{i}", "q", 1.0, seconds=2.0 if i < 5 else 60.0) for i in range(50)]
    assert analyse(answers).units[0].rapid == pytest.approx(0.1)


def test_small_classes_say_so_and_raise_no_alarm() -> None:
    found = analyse(sit(planted(1), 20, 1))
    assert "too few" in found.notes[0]
    assert all(u.quality == "too few" for u in found.units)
    assert not any(u.flags for u in found.units)
    assert "200" in found.irt and not any(u.curve for u in found.units)
    middle = analyse(sit(sound_items(10, 1), 60, 1))
    assert "rough" in middle.notes[0] and {u.quality for u in middle.units} == {"rough"}


def test_unused_options_and_extreme_difficulty_are_flagged() -> None:
    items = sound_items(20, 3)
    items[0] = dataclasses.replace(items[0], pulls=(1.0, 1.0, 0.0))
    items[1] = dataclasses.replace(items[1], a=1.0, b=-5.5)
    items[2] = dataclasses.replace(items[2], a=1.0, b=3.5)
    found = by_name(analyse(sit(items, 200, 3)))
    assert kinds(found["item-01"]) == {"unused option"} and "option C" in found["item-01"].flags[0].seen
    assert "too easy" in kinds(found["item-02"]) and "too hard" in kinds(found["item-03"])
    few = by_name(analyse(sit(items, limits.UNUSED - 10, 3)))
    assert "unused option" not in kinds(few["item-01"])


def test_negative_discrimination_is_flagged_without_options() -> None:
    rng = np.random.default_rng(0)
    theta = rng.normal(size=(200, 1))
    shares = (rng.random((200, 10)) < 1 / (1 + np.exp(-theta * [-1.2, *([1.2] * 9)]))).astype(float)
    units = analyse(answers_of(shares.tolist())).units
    assert kinds(units[0]) == {"negative discrimination"}
    assert not any(u.flags for u in units[1:])


def test_a_typed_answer_that_good_students_give_is_flagged() -> None:
    answers = sit(planted(0), 200, 0)
    typed = [dataclasses.replace(a, options=(), key=()) for a in answers]
    unit = by_name(analyse(typed))["item-04"]
    assert kinds(unit) == {"wrong key"} and "The answer “alpha”" in unit.flags[0].seen


def test_partial_credit_has_alpha_and_no_2pl() -> None:
    rng = np.random.default_rng(4)
    ability = rng.normal(size=(220, 1))
    shares = np.clip(np.round(0.5 + 0.2 * ability + 0.25 * rng.normal(size=(220, 8)), 1), 0, 1)
    found = analyse(answers_of(shares.tolist()))
    assert found.reliability.name == "Cronbach's alpha"
    assert set(found.left_out.values()) == {"has partial credit"} and "suitable" in found.irt


def test_what_cannot_be_had_is_nan_and_not_an_error() -> None:
    for matrix in ([[1.0]], [[1.0, 1.0]] * 5, [[1.0, math.nan], [math.nan, 0.0]], [[0.5]] * 40):
        found = analyse(answers_of(matrix))
        assert math.isnan(found.reliability.alpha.value)
        assert all(math.isnan(u.correlation.value) for u in found.units)


def test_the_same_answers_in_another_order_are_the_same_analysis() -> None:
    answers = sit(planted(2, 12), 60, 2, per_form=8)
    shuffled = [answers[i] for i in np.random.default_rng(0).permutation(len(answers))]
    assert repr(analyse(answers)) == repr(analyse(shuffled))


def test_a_template_twice_in_a_form_is_two_units() -> None:
    answers = [Answer("s", f"t-{i}", 1.0, group="t", draw=str(i), position=i) for i in (1, 2)]
    assert tabulate(answers).units == ("t", "t (2)")


@pytest.mark.parametrize("items", [60, 250, 500])
def test_an_interval_holds_its_value_where_few_share_an_item(items: int) -> None:
    found = analyse(sit(sound_items(items), 40, per_form=19), "sparse").reliability.alpha
    assert math.isnan(found.low) or found.low < found.value < found.high < 1
    assert items > 60 or not math.isnan(found.low)
