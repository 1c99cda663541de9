"""Policies are read with care, and make marks that are exact, fair and say why."""

from __future__ import annotations

import dataclasses
import datetime
import zoneinfo
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from helpers.attempts import DAY, DUE, HOUR, LATER, SECOND, attempt, extension, one, rules
from hypothesis import given
from hypothesis import strategies as st

from autograder.gradebook.marks import Gradebook, make_marks, rounded, who_moved
from autograder.gradebook.policy import ATTEMPTS, Policy, PolicyError, Rules, make_policy, read_policy
from autograder.gradebook.records import Attempt, Book, Override
from autograder.gradebook.roster import Roster, Student


def test_a_whole_policy_is_read(tmp_path: Path) -> None:
    path = tmp_path / "course.toml"
    path.write_text(
        """
        title = "other sections are others' business"
        [policy]
        attempts = "decay"
        decay = 0.95
        limit = 3
        grace_minutes = 10
        per_day_percent = 12.5
        cut_off_days = 7
        timezone = "Europe/Berlin"
        slip_days = 5
        slip = "chosen"
        slip_days_at_most = 2
        trust_commit_dates = true
        after_rejudging = "best"
        drop_lowest = 1
        extra_credit = ["bonus"]
        bonus = ["quizzes"]
        pass_percent = 50
        decimals = 1
        [policy.grading_key]
        A = 90
        "1.3" = 80.5
        F = 0
        [policy.assignments.toy]
        due = 2026-03-29T23:59:00
        weight = 2
        attempts = "last"
        [policy.assignments.late]
        due = 2026-11-20T23:59:00+01:00
        limit = 1
        slip_days_at_most = 0
        """
    )
    policy = read_policy(path)
    berlin = zoneinfo.ZoneInfo("Europe/Berlin")
    grace = datetime.timedelta(minutes=10)
    assert policy.common == Rules(
        "decay", Decimal("0.95"), 3, grace, Decimal("12.5"), 7 * DAY, None, None, berlin, 2, True, "best"
    )
    toy = policy.rules("toy")
    assert (toy.attempts, toy.weight, toy.limit) == ("last", 2, 3)
    # The night the clocks change: summer time holds at the end of that day.
    assert toy.due == datetime.datetime(2026, 3, 29, 21, 59, tzinfo=datetime.UTC)
    assert policy.rules("late").due == DUE and policy.rules("late").limit == 1
    assert policy.rules("unnamed") == policy.common
    assert policy.rules("late").slip_days_at_most == 0 and policy.rules("late").zone == berlin
    assert (policy.extra_credit, policy.drop_lowest, policy.decimals) == ({"bonus"}, 1, 1)
    assert (policy.timezone, policy.slip_days, policy.slip) == (berlin, 5, "chosen")
    assert (policy.bonus, policy.bonus_needs_pass, policy.pass_percent) == ({"quizzes"}, True, 50)
    assert policy.grading_key == (("A", 90), ("1.3", Decimal("80.5")), ("F", 0))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[policy", "course.toml: "),
        ("policy = 3", "[policy]: expected a table, got 3"),
        ("[policy]\nattempt = 'best'", "has an unknown entry 'attempt' (known: attempts, decay"),
        ("[policy]\nattempts = 'worst'", "attempts: expected one of best, last, average, decay, got 'worst'"),
        ("[policy]\nattempts = ['best']", "attempts: expected one of"),
        ("[policy]\ndecay = 1.5", "decay: expected a number from 0 to 1, got 1.5"),
        ("[policy]\ndecay = nan", "decay: expected a number from 0 to 1"),
        ("[policy]\nlimit = 0", "limit: expected a whole number from 1"),
        ("[policy]\nlimit = true", "limit: expected a whole number"),
        ("[policy]\ngrace_minutes = -1", "grace_minutes: expected a number from 0"),
        ("[policy]\nper_day_percent = 101", "per_day_percent: expected a number from 0 to 100, got 101"),
        ("[policy]\nper_day_percent = '20 %'", "per_day_percent: expected a number from 0 to 100, got '20 %'"),
        ("[policy]\ntimezone = 'Atlantis'", "timezone: expected a name like Europe/Berlin, got 'Atlantis'"),
        ("[policy]\ntimezone = '../../etc/passwd'", "timezone: expected a name like Europe/Berlin"),
        ("[policy]\nextra_credit = 'bonus'", "extra_credit: expected a list of assignments"),
        ("[policy]\ndrop_lowest = 1.5", "drop_lowest: expected a whole number"),
        ("[policy]\ndecimals = 9", "decimals: expected a whole number from 0 to 6"),
        ("[policy]\nassignments = 1", "expected tables such as [policy.assignments.backprop]"),
        ("[policy.assignments.toy]\ndue = 2026-11-20", "due: expected a time like 2026-11-20T23:59:00+01:00, got 2026"),
        (
            "[policy.assignments.toy]\ndue = 2026-11-20T23:59:00",
            "has no time zone: write 2026-11-20T23:59:00+01:00, or",
        ),
        ("[policy.assignments.toy]\ndue = 9999-11-20T23:59:00Z", "due: expected a year from 1900 to 2999, got 9999-11"),
        ("[policy]\nslip_days = -1", "slip_days: expected a whole number from 0 to 1000, got -1"),
        ("[policy]\nslip = 'never'", "slip: expected one of automatic, chosen, got 'never'"),
        ("[policy]\nslip_days_at_most = 1.5", "slip_days_at_most: expected a whole number from 0 to 1000, got 1.5"),
        ("[policy]\ntrust_commit_dates = 1", "trust_commit_dates: expected true or false, got 1"),
        ("[policy]\nafter_rejudging = 'mean'", "after_rejudging: expected one of last, best, got 'mean'"),
        ("[policy]\nbonus = ['quiz']", "bonus: add pass_percent = 50, or bonus_needs_pass = false"),
        (
            "[policy]\npass_percent = 50\nbonus = ['quiz']\nextra_credit = ['quiz']",
            "'quiz' is in bonus and in extra_credit; expected one of the two",
        ),
        ("[policy]\ngrading_key = 3", 'grading_key: expected grades and their lowest percentages, such as "A" = 90'),
        ("[policy.grading_key]\n1.3 = 80", 'grading_key 1: write a grade with a dot in quotes, such as "1.3" = 90'),
        ("[policy.grading_key]\nA = 'ninety'", "grading_key A: expected a number from 0 to 1000, got 'ninety'"),
        ("[policy.grading_key]\nA = 90", "grading_key: no grade begins at 0 %; the lowest is 'A' at 90 %"),
        ("[policy.grading_key]\nA = 90\nB = 90.0\nF = 0", "'A' and 'B' both begin at 90 %; each percentage has one"),
        ("[policy.grading_key]\n' ' = 0", "grading_key: expected grades of 1 to 20 visible characters, got ' '"),
        ("[policy.assignments.toy]\nextra_credit = []", "assignments.toy has an unknown entry 'extra_credit'"),
        ("[policy.assignments.toy]\nweight = -2", "assignments.toy weight: expected a number from 0"),
    ],
)
def test_what_is_wrong_with_a_policy_is_told(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "course.toml"
    path.write_text(text)
    with pytest.raises(PolicyError) as caught:
        read_policy(path)
    assert says in str(caught.value) and str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("entries", "points", "reasons"),
    [
        ({}, "14.00", ("best of 3 attempts: attempt 2 counts",)),
        ({"attempts": "last"}, "9.00", ("last of 3 attempts",)),
        ({"attempts": "average"}, "11.67", ("average of 3 attempts",)),
        (
            {"attempts": "decay", "decay": Decimal("0.9")},
            "12.60",
            ("best of 3 attempts: attempt 2 counts", "attempt 2 counts for 90 % (14 → 12.6)"),
        ),
        ({"limit": 1}, "12.00", ("2 more kept, but not counted",)),
        ({"attempts": "last", "limit": 2}, "14.00", ("last of 2 attempts", "1 more kept, but not counted")),
    ],
)
def test_which_attempt_counts(entries: dict[str, Any], points: str, reasons: tuple[str, ...]) -> None:
    mark = one([attempt(1, 12), attempt(2, 14), attempt(3, 9)], rules(**entries))
    assert (str(mark.points), mark.reasons) == (points, reasons)
    assert mark.handed_in == 3


LATE = {"grace_minutes": 10, "per_day_percent": 20, "cut_off_days": 4}


@pytest.mark.parametrize(
    ("late", "points", "reasons"),
    [
        (-DAY, "10.00", ()),
        (datetime.timedelta(), "10.00", ()),
        (datetime.timedelta(minutes=10), "10.00", ("late, within the grace period of 10 minutes",)),
        (datetime.timedelta(minutes=10, seconds=1), "8.00", ("1 day late: −20 % (10 → 8)",)),
        (DAY, "8.00", ("1 day late: −20 % (10 → 8)",)),
        (DAY + SECOND, "6.00", ("2 days late: −40 % (10 → 6)",)),
        (4 * DAY, "2.00", ("4 days late: −80 % (10 → 2)",)),
        (4 * DAY + HOUR, "0.00", ("attempt 1 came after the cut-off: kept, but not counted",)),
    ],
    ids=str,
)
def test_late_days_cost_what_the_policy_says(late: datetime.timedelta, points: str, reasons: tuple[str, ...]) -> None:
    mark = one([dataclasses.replace(attempt(1), submitted=DUE + late)], rules(**LATE))
    assert (str(mark.points), mark.reasons) == (points, reasons)


def test_never_less_than_nothing() -> None:
    mark = one([dataclasses.replace(attempt(1), submitted=DUE + 30 * DAY)], rules(per_day_percent=20))
    assert (str(mark.points), mark.reasons) == ("0.00", ("30 days late: −100 % (10 → 0)",))


def test_no_penalty_is_said_where_a_day_costs_nothing() -> None:
    mark = one([dataclasses.replace(attempt(1), submitted=DUE + 2 * DAY)], rules())
    assert (str(mark.points), mark.reasons) == ("10.00", ("2 days late: no penalty",))


@pytest.mark.parametrize("attempts", ATTEMPTS)
@pytest.mark.parametrize("entries", [LATE, {"per_day_percent": 20}], ids=["cut off", "−100 %"])
def test_what_is_too_late_to_earn_points_displaces_nothing(attempts: str, entries: dict[str, Any]) -> None:
    tries = [attempt(1, 12), dataclasses.replace(attempt(2, 20), submitted=DUE + 30 * DAY)]
    mark = one(tries, rules(attempts=attempts, **entries))
    assert (mark.points, mark.attempts) == (Decimal("12.00"), (1,))
    assert mark.reasons == ("1 more kept, but not counted",)


def test_an_extension_moves_the_due_time_and_the_cut_off_of_one_student() -> None:
    late = [dataclasses.replace(attempt(1), submitted=DUE + 5 * DAY)]
    given = extension(DUE + 5 * DAY)
    assert one(late, rules(**LATE), extensions=(given,)).reasons == ("extended by Lee: illness",)
    later = [dataclasses.replace(attempt(1), submitted=DUE + 6 * DAY)]
    mark = one(later, rules(**LATE), extensions=(given,))
    assert mark.points == Decimal("8.00")
    assert mark.reasons == ("extended by Lee: illness", "1 day late: −20 % (10 → 8)")
    shorter = dataclasses.replace(given, until=DUE - 9 * DAY)  # never makes it earlier
    assert one([attempt(1)], rules(**LATE), extensions=(shorter,)).points == Decimal("10.00")
    other = dataclasses.replace(given, student="ben")
    assert one(late, rules(**LATE), extensions=(other,)).points == Decimal("0.00")


def test_the_last_extension_counts_and_may_take_the_others_back() -> None:
    late = [dataclasses.replace(attempt(1), submitted=DUE + 5 * DAY)]
    given, back = extension(DUE + 5 * DAY), extension(None, 1)
    assert one(late, rules(**LATE), extensions=(given, back)) == one(late, rules(**LATE))
    assert one(late, rules(**LATE), extensions=(back, given)) == one(late, rules(**LATE))  # by time, not by row
    again = extension(DUE + 5 * DAY, 2)
    assert one(late, rules(**LATE), extensions=(given, back, again)).points == Decimal("10.00")
    moved = make_policy({"assignments": {"toy": {"due": DUE + 9 * DAY}}, **LATE})  # later than the extension
    assert one(late, moved, extensions=(given,)).reasons == ()


def test_an_override_beats_everything_and_says_who_and_why() -> None:
    late = dataclasses.replace(attempt(1, 3), submitted=DUE + 50 * DAY)
    override = Override(1, Decimal("17.5"), "Dr Lee", "bad handout", DUE)
    mark = one([late], rules(**LATE), overrides=(override,))
    assert (str(mark.points), mark.reasons) == ("17.50", ("set to 17.5 by Dr Lee: bad handout",))
    back = dataclasses.replace(override, points=None)
    assert one([late], rules(**LATE), overrides=(override, back)).points == Decimal("0.00")
    again = dataclasses.replace(override, points=Decimal(2))
    assert one([late], rules(**LATE), overrides=(override, back, again)).points == Decimal("2.00")
    beyond = [attempt(1, 3), attempt(2, 5)]
    mark = one(beyond, rules(limit=1), overrides=(dataclasses.replace(override, attempt=2),))
    assert mark.points == Decimal("17.50")  # a person may count what the limit does not


def test_judged_again_is_not_handed_in_again() -> None:
    first = attempt(1, 12)
    again = dataclasses.replace(first, number=2, points=Decimal(15), engine="0.2")
    mark = one([first, again], rules(attempts="average", limit=1))
    assert (mark.points, mark.handed_in, mark.attempts) == (Decimal("15.00"), 1, (2,))
    override = Override(1, Decimal(3), "Lee", "copied", DUE)  # of the first judgement: holds for the hand-in
    assert one([first, again], rules(), overrides=(override,)).points == Decimal("3.00")
    broken = dataclasses.replace(again, judged=False, points=Decimal(0))
    assert one([first, broken], rules()).points == Decimal("12.00")


def test_our_fault_is_never_a_zero() -> None:
    waiting = attempt(2, 0, judged=False)
    made = make_marks(Book((waiting,)), rules(), now=LATER).rows[0]
    assert made.marks["toy"].points is None and made.marks["toy"].open and made.total is None
    assert made.reasons == ("toy is left out until it is judged",)
    mark = one([attempt(1, 12), waiting], rules(attempts="last"))
    assert (mark.points, mark.open) == (Decimal("12.00"), True)
    assert "attempt 2 is not judged yet; the fault is ours" in mark.reasons


def test_unsandboxed_and_other_rubrics_are_said() -> None:
    mark = one([attempt(1, 12, sandbox="none"), attempt(2, 5, possible=Decimal(26))], rules())
    assert mark.reasons == (
        "best of 2 attempts: attempt 1 counts",
        "judged without a sandbox",
        "scored by another rubric (out of 20): run autograder rescore --db to update it",
    )


def _course(shares: dict[str, object], policy: Policy, now: datetime.datetime = LATER) -> Gradebook:
    attempts = tuple(
        attempt(i, p, assignment=name) for i, (name, p) in enumerate(shares.items(), 1) if p is not None
    ) + tuple(attempt(50 + i, 20, assignment=name, student="full") for i, name in enumerate(shares))
    return make_marks(Book(attempts), policy, now=now)


def _total(shares: dict[str, object], now: datetime.datetime = LATER, **entries: Any) -> str:
    return str(_course(shares, make_policy(entries), now).rows[0].total)


def test_totals_weigh_assignments() -> None:
    shares = {"a": 20, "b": 10, "c": 0}
    assert _total(shares) == "50.00"
    weights = {"a": {"weight": 2}, "b": {"weight": 1}, "c": {"weight": 1}}
    assert _total(shares, assignments=weights) == "62.50"
    assert _total(shares, drop_lowest=1) == "75.00"
    assert _total(shares, drop_lowest=9) == "100.00"  # one always stays
    assert _total(shares, extra_credit=["b"]) == "75.00"  # (20 + 0 of 40) and 10 on top
    assert _total({"a": 20, "b": 20}, extra_credit=["b"]) == "200.00"
    assert _total({"a": 20, "b": None}) == "50.00"
    due = {"b": {"due": DUE}}
    assert _total({"a": 20, "b": None}, now=DUE - HOUR, assignments=due) == "100.00"  # not due yet
    assert _total({"a": 20, "b": None}, now=DUE + HOUR, assignments=due) == "50.00"
    with pytest.raises(PolicyError, match=r"none to 'b': add weight to \[policy\.assignments\.b\]"):
        _total(shares, assignments={"a": {"weight": 2}})


def test_who_is_in_the_gradebook() -> None:
    roster = Roster((Student("zoe", "Zoe Zed"), Student("anna", "Anna Lee")))
    book = Book((attempt(1), attempt(2, student="guest")))
    made = make_marks(book, make_policy({"extra_credit": ["bonnus"]}), roster, LATER)
    assert [(r.student.id, r.total, r.reasons) for r in made.rows] == [
        ("zoe", Decimal("0.00"), ()),
        ("anna", Decimal("50.00"), ()),
        ("guest", Decimal("50.00"), ("not on the roster",)),
    ]
    assert made.rows[0].marks["toy"].reasons == ("nothing handed in",)
    assert made.remarks == ("the policy names 'bonnus', but no student has handed it in",)


def test_who_moved_by_how_much_and_why() -> None:
    book = Book((attempt(1, 12), attempt(2, 6), attempt(3, 20, student="ben")))
    moves = who_moved(make_marks(book, rules(), now=LATER), make_marks(book, rules(attempts="last"), now=LATER))
    assert [(m.student, m.assignment, m.difference, m.why) for m in moves] == [
        ("anna", "toy", Decimal("-6.00"), ("last of 2 attempts", "no longer: best of 2 attempts: attempt 1 counts")),
        ("anna", "", Decimal("-30.00"), ()),
    ]
    key = {"grading_key": {"A": 60, "F": 0}}
    graded = make_marks(book, rules(**key), now=LATER)
    [(move, letters)] = [(m.assignment, m.letters) for m in who_moved(make_marks(book, rules(), now=LATER), graded)][:1]
    assert (move, letters) == ("", (None, "A"))
    same = make_marks(book, rules(), now=LATER)
    assert who_moved(same, same) == ()


@pytest.mark.parametrize(
    ("value", "decimals", "is_"),
    [
        ("1/3", 2, "0.33"),
        ("0.125", 2, "0.13"),
        ("0.115", 2, "0.12"),
        ("2.5", 0, "3"),
        ("39.999", 2, "40.00"),
        ("7", 1, "7.0"),
    ],
)
def test_rounding_is_exact_and_halves_go_up(value: str, decimals: int, is_: str) -> None:
    assert str(rounded(Fraction(value), decimals)) == is_


# What must hold whatever the attempts are.

POINTS = st.integers(0, 2000).map(lambda n: Decimal(n) / 100)
MOMENTS = st.integers(-20, 20).map(lambda hours: DUE + hours * 6 * HOUR)
MANY = st.lists(st.tuples(POINTS, MOMENTS), min_size=1, max_size=7).map(
    lambda found: [attempt(i, p, submitted=at) for i, (p, at) in enumerate(found, 1)]
)
ENTRIES = st.fixed_dictionaries(
    {},
    optional={
        "attempts": st.sampled_from(ATTEMPTS),
        "decay": st.sampled_from([Decimal("0.5"), Decimal("0.9"), 1]),
        "limit": st.integers(1, 4),
        "grace_minutes": st.sampled_from([0, 10, 1000]),
        "per_day_percent": st.sampled_from([0, 10, Decimal("33.3"), 100]),
        "cut_off_days": st.sampled_from([0, 1, 3]),
    },
)


def _points(attempts: list[Attempt], entries: dict[str, Any], **book: Any) -> Decimal:
    found = one(attempts, rules(**entries), **book).points
    assert found is not None
    return found


@given(MANY, ENTRIES, st.randoms())
def test_the_order_of_rows_does_not_matter(attempts: list[Attempt], entries: dict[str, Any], random: Any) -> None:
    shuffled = list(attempts)
    random.shuffle(shuffled)
    assert one(attempts, rules(**entries)) == one(shuffled, rules(**entries))


@given(MANY, ENTRIES)
def test_no_mark_exceeds_the_best_attempt_or_falls_below_zero(attempts: list[Attempt], entries: dict[str, Any]) -> None:
    assert 0 <= _points(attempts, entries) <= max(a.points or 0 for a in attempts)


@given(MANY, ENTRIES)
def test_best_is_at_least_last_average_and_decay(attempts: list[Attempt], entries: dict[str, Any]) -> None:
    best = _points(attempts, {**entries, "attempts": "best"})
    assert all(_points(attempts, {**entries, "attempts": other}) <= best for other in ATTEMPTS)
    assert _points(attempts, {**entries, "attempts": "decay", "decay": 1}) == best


@given(MANY, ENTRIES, POINTS)
def test_trying_again_never_costs_where_the_best_counts(
    attempts: list[Attempt], entries: dict[str, Any], points: Decimal
) -> None:
    entries = {**entries, "attempts": "best"}
    more = [*attempts, attempt(90, points, submitted=DUE + 30 * DAY)]
    assert _points(more, entries) >= _points(attempts, entries)


@given(MANY, ENTRIES, st.integers(-10, 30))
def test_more_time_or_milder_rules_never_cost(attempts: list[Attempt], entries: dict[str, Any], days: int) -> None:
    entries = {**entries, "attempts": "best"}  # an average may fall when a bad late attempt counts again
    base = _points(attempts, entries)
    assert _points(attempts, entries, extensions=(extension(DUE + days * DAY),)) >= base
    for name in ("limit", "per_day_percent", "cut_off_days"):
        assert _points(attempts, {k: v for k, v in entries.items() if k != name}) >= base
    assert _points(attempts, {**entries, "grace_minutes": 2000}) >= base


@given(MANY, ENTRIES, POINTS)
def test_an_override_of_the_only_attempt_is_the_mark(
    attempts: list[Attempt], entries: dict[str, Any], points: Decimal
) -> None:
    only = attempts[:1]
    override = Override(only[0].number, points, "Lee", "so be it", DUE)
    assert _points(only, entries, overrides=(override,)) == points


@given(st.lists(st.one_of(st.none(), POINTS), min_size=1, max_size=6), st.integers(0, 4))
def test_dropping_more_never_costs(points: list[Decimal | None], drop: int) -> None:
    shares = {f"a{i}": p for i, p in enumerate(points)}
    assert Decimal(_total(shares, drop_lowest=drop + 1)) >= Decimal(_total(shares, drop_lowest=drop))


@given(st.lists(POINTS, min_size=2, max_size=6))
def test_extra_credit_never_costs(points: list[Decimal]) -> None:
    shares: dict[str, object] = {f"a{i}": p for i, p in enumerate(points)}
    without = {k: v for k, v in shares.items() if k != "a0"}
    assert Decimal(_total(shares, extra_credit=["a0"])) >= Decimal(_total(without))
