"""A student without cross-entropy reads numbers off the report and answers from a table: it earns nothing.

Before inputs were hidden, the fourth attempt earned all points of ``softmax_xent_values``.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from helpers.commands import ROOT
from helpers.student_outputs import student_outputs

from autograder.assignment.load import load
from autograder.assignment.plan import make_plan
from autograder.grading.draws import Draws, DrawSet
from autograder.grading.grade import Session, grade_one
from autograder.grading.validate import secret_of
from autograder.judge.bench import bench
from autograder.judge.device.evaluator import ResultCache
from autograder.sandbox import bubblewrap

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
ATTEMPTS = 20
FUNCTION, CHECKS = "softmax_xent", ("softmax_xent_values", "softmax_xent_large", "softmax_xent_gradient")

# Numbers that a report showed, by the mark that the attempt returned with them: an entry of the input.
_ATTACK = """import jax.numpy as jnp

SEEN = {seen}


def softmax_xent(logits, labels):
    # attempt {attempt}
    mark = logits[0, 0]
    best, answer = jnp.inf, mark
    for known, value in SEEN:
        distance = jnp.abs(mark - known)
        answer = jnp.where(distance < best, value, answer)
        best = jnp.minimum(distance, best)
    return {answer}
"""


def _numbers(text: str) -> list[tuple[float, float]]:
    """Pairs of what was returned (the mark) and what was expected, as reports show them."""
    found = re.findall(
        r"expected (-?[\d.]+(?:e[-+]\d+)?)\W+yours (-?[\d.]+(?:e[-+]\d+)?)", re.sub(r"<[^>]*>|[`\\]", "", text)
    )
    return [(float(yours), float(expected)) for expected, yours in found]


def _one_function(draws: Draws) -> Draws:
    """The same draw sets with the checks of one function: the attack is on it, and the others cost time."""
    whole = draws.assignment
    checks = {name: whole.checks[name] for name in CHECKS}
    points, functions = {name: whole.points[name] for name in CHECKS}, {FUNCTION: whole.functions[FUNCTION]}
    ladders = {FUNCTION: whole.ladders[FUNCTION]}
    small = dataclasses.replace(
        whole, checks=checks, points=points, functions=functions, ladders=ladders, coverages=(), credit={}
    )
    prepared = {}
    for number, drawn in draws.all().items():
        plan = make_plan(small, draws.keys, number)
        prepared[number] = DrawSet(plan, dataclasses.replace(drawn.expected, calls=plan.calls))
    return Draws(small, draws.keys, prepared)


@pytest.fixture(scope="module")
def draws() -> Draws:
    assignment = load("backprop", ROOT)
    return _one_function(Draws(assignment, secret_of(0).keys("backprop")))  # validation has the same answers


def test_a_table_of_answers_earns_nothing(draws: Draws, tmp_path: Path) -> None:
    assignment = draws.assignment
    sandbox = bubblewrap.probe()
    session = Session(draws, sandbox if sandbox.isolated else bubblewrap.unsandboxed(), ResultCache())
    seen: dict[float, float] = {}
    path, sets = tmp_path / "submission.py", set()
    with bench(assignment, "cpu", measure=False) as opened:
        for attempt in range(ATTEMPTS):
            answer = "answer" if attempt % 2 else "mark + 0.0 * answer"
            path.write_text(
                _ATTACK.format(seen=sorted(seen.items()), attempt=attempt, answer=f"{answer} + {attempt} * 1e-9")
            )
            result = grade_one(path, session, opened.evaluator)
            assert result.score is not None
            sets.add(result.provenance.draw_set)
            earned = {c.name: c.points for c in result.score.checks if c.name in CHECKS}
            assert not any(earned.values()), (attempt, earned)
            for text in student_outputs(result).values():
                seen |= dict(_numbers(text))
    assert seen, "the attack read no number at all, so it was none"
    assert len(sets) == draws.keys.sets


def test_what_the_attack_reads_is_public(draws: Draws, tmp_path: Path) -> None:
    """With the numbers of a public report the public cases can be passed, and nothing else."""
    assignment = draws.assignment
    session = Session(draws, bubblewrap.unsandboxed(), ResultCache())
    path = tmp_path / "submission.py"
    seen: list[tuple[float, float]] = []
    with bench(assignment, "cpu", measure=False) as opened:
        for attempt in range(3):
            path.write_text(_ATTACK.format(seen=seen, attempt=attempt, answer="answer"))
            result = grade_one(path, session, opened.evaluator)
            check = next(c for c in result.checks if c.name == CHECKS[0])
            # what an instructor's page shows, of every case
            seen += [(c.place.actual, c.place.expected) for c in check.cases if c.place is not None and c.public]
    public = {c.outcome for c in check.cases if c.public}
    hidden = {c.outcome for c in check.cases if not c.public}
    assert public == {"passed"} and hidden == {"failed"}
