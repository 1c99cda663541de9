"""Validation lists what the cases of an assignment leave out."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from autograder.assignment.load import Assignment, AssignmentError
from autograder.assignment.plan import make_plan
from autograder.assignment.seed import PUBLIC, SETS, Seed
from autograder.checks import Case, Check, Coverage, Generator, Ladder, Sizes, case, covers, ladder, option, values
from autograder.grading.coverage import coverage_problems

KEYS = Seed(b"the secret of a course").keys("toy")
AXIS = option("axis", ("rows", "columns"), lambda one: {0: "columns", 1: "rows"}.get(one.static["axis"]))
WIDTH = option("width", ("one", "more"), lambda one: "one" if one.args[0].shape[1] == 1 else "more")


@values("standardize")
def two_rows(rng: Generator, size: Sizes) -> Iterator[Case]:
    """rows and columns"""
    yield case("rows", rng.normal(size=(size(4, 2, 8), 3)), axis=1)
    yield case("one column", rng.normal(size=(size(4, 2, 8), 1)), axis=0)


@values("standardize")
def printed_only(rng: Generator) -> Iterator[Case]:
    """always the same size"""
    yield case("rows", rng.normal(size=(4, 3)), axis=1)


@ladder("standardize")
def rungs() -> Iterator[Case]:
    for n in (1.0, 2.0, 3.0):
        yield case(f"{n:g}", [[n, 5.0]], axis=1)


def _with(toy: Assignment, check: Check, ladders: tuple[Ladder, ...], *coverages: Coverage) -> Assignment:
    functions = {"standardize": toy.functions["standardize"]}
    known = {one.function: one for one in ladders}
    return dataclasses.replace(
        toy,
        checks={check.name: check},
        points={check.name: 1.0},
        functions=functions,
        ladders=known,
        coverages=coverages,
    )


@pytest.mark.parametrize(
    ("check", "ladders", "coverages", "problems"),
    [
        (two_rows, (rungs,), (), []),
        (two_rows, (), (), ["standardize: expected a ladder of 3 to 6 small cases, got 0"]),
        (
            printed_only,
            (rungs,),
            (),
            ["standardize: every hidden case has sizes that a student meets at home: draw them with size(...)"],
        ),
        (two_rows, (rungs,), (covers("standardize", AXIS, WIDTH),), []),
        (
            two_rows,
            (rungs,),
            (covers("standardize", AXIS, WIDTH, together=[(AXIS, WIDTH)]),),
            [
                "standardize: no hidden case has axis = rows together with width = one",
                "standardize: no hidden case has axis = columns together with width = more",
            ],
        ),
        (
            two_rows,
            (rungs,),
            (
                covers(
                    "standardize",
                    AXIS,
                    WIDTH,
                    together=[(AXIS, WIDTH)],
                    impossible=[((AXIS, "rows"), (WIDTH, "one")), ((WIDTH, "more"), (AXIS, "columns"))],
                ),
            ),
            [],
        ),
        (
            two_rows,
            (rungs,),
            (covers("standardize", option("axis", ("rows", "depth"), AXIS.of)),),
            [
                "standardize: no hidden case has axis = depth",
                "standardize: a case has axis = columns, which is not declared",
            ],
        ),
    ],
    ids=["sound", "no ladder", "printed sizes", "options", "pairs", "impossible pairs", "undeclared"],
)
def test_what_is_left_out(toy: Assignment, check: Check, ladders: Any, coverages: Any, problems: list[str]) -> None:
    for draw_set in range(SETS):
        plan = make_plan(_with(toy, check, ladders, *coverages), KEYS, draw_set)
        assert list(coverage_problems(plan)) == problems


def test_sizes_are_printed_or_others() -> None:
    printed = Sizes()
    assert printed(12, 1, 40) == 12 and printed.apart((5, 2, 9), (7, 2, 9)) == (5, 7) and printed.one("a", "b") == "a"
    rng = np.random.default_rng(0)
    for _ in range(200):
        hidden = Sizes(rng)
        a, b, c = hidden.apart((5, 2, 9), (7, 2, 9), (3, 3, 4))
        assert a != 5 and b != 7 and c == 4 and len({a, b, c}) == 3 and {a, b} <= {*range(2, 10)}
        assert hidden(1, 1, 2) == 2 and hidden.one("a", "b", "c") in "bc" and not hidden.printed
    with pytest.raises(ValueError, match="must differ"):
        printed.apart((5, 2, 9), (5, 2, 9))
    with pytest.raises(ValueError, match="with other sizes that differ"):
        Sizes(rng).apart((5, 5, 5))


def test_a_ladder_of_nothing_known_is_named(toy: Assignment) -> None:
    broken = dataclasses.replace(toy, ladders={"standardize": Ladder("standardize", lambda: iter([3]))})
    with pytest.raises(AssignmentError, match=r"the ladder of standardize: expected case\(\.\.\.\), got int"):
        make_plan(broken, PUBLIC.keys("toy"))
