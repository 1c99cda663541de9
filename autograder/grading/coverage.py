"""What the cases of an assignment leave out: options, pairs of options, hidden sizes and ladders."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from autograder.assignment.plan import Plan, make_plan
from autograder.assignment.probes import Probe
from autograder.assignment.seed import PUBLIC
from autograder.checks import Coverage, Option

MIN_RUNGS, MAX_RUNGS = 3, 6


def coverage_problems(plan: Plan) -> Iterator[str]:
    """Say what the cases of one draw set do not cover."""
    for coverage in plan.assignment.coverages:
        yield from _options(plan, coverage)
    yield from _sizes(plan)
    yield from _ladders(plan)


def _options(plan: Plan, coverage: Coverage) -> Iterator[str]:
    """Every value of every option is tried by a hidden case, and every pair of values that interact."""
    cases = [p.case for p in plan.numeric() if p.forward.function == coverage.function and not p.public]
    options = {option.name: option for option in coverage.options}
    tried = [{name: option.of(case) for name, option in options.items()} for case in cases]
    for option in coverage.options:
        known = {one[option.name] for one in tried}
        for value in option.values:
            if value not in known:
                yield f"{coverage.function}: no hidden case has {option.name} = {value}"
        for other in known - {*option.values, None}:
            yield f"{coverage.function}: a case has {option.name} = {other}, which is not declared"
    for a, b in coverage.together:
        known_pairs = {(one[a], one[b]) for one in tried}
        for pair in _pairs(options[a], options[b]):
            impossible = frozenset(zip((a, b), pair, strict=True)) in coverage.impossible
            if pair not in known_pairs and not impossible:
                yield f"{coverage.function}: no hidden case has {a} = {pair[0]} together with {b} = {pair[1]}"


def _pairs(a: Option, b: Option) -> Iterator[tuple[str, str]]:
    return product(a.values, b.values)


def _sizes(plan: Plan) -> Iterator[str]:
    """Every function has a hidden case at sizes that no student meets: else code for the known sizes is right."""
    at_home = make_plan(plan.assignment, PUBLIC.keys(plan.assignment.slug))
    printed = {*at_home.calls, *at_home.ladder_calls()}
    asked: dict[str, list[Probe]] = {}
    for probe in plan.numeric():
        if not probe.public and plan.assignment.checks[probe.check].kind != "training":
            asked.setdefault(probe.forward.function, []).append(probe)
    for function, probes in asked.items():
        if all(p.call.key in printed for p in probes):
            yield f"{function}: every hidden case has sizes that a student meets at home: draw them with size(...)"


def _ladders(plan: Plan) -> Iterator[str]:
    """Every function whose values are checked has a ladder."""
    checks = plan.assignment.checks.values()
    for function in plan.assignment.functions:
        checked = any(c.kind in ("values", "trajectory") and c.function == function for c in checks)
        rungs = len(plan.ladders.get(function, ()))
        if checked and not MIN_RUNGS <= rungs <= MAX_RUNGS:
            yield f"{function}: expected a ladder of {MIN_RUNGS} to {MAX_RUNGS} small cases, got {rungs}"
