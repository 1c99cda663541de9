"""Validate an assignment: correct work must earn every point, and known mistakes must be caught."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from autograder import tree
from autograder.assignment.load import Assignment
from autograder.assignment.plan import Plan
from autograder.assignment.probes import Probe
from autograder.assignment.seed import SETS, Seed
from autograder.checks import MEASURED
from autograder.grading.coverage import coverage_problems
from autograder.grading.draws import Draws, DrawSet
from autograder.grading.grade import Session, grade_one, grade_submission
from autograder.judge.bench import Bench, bench
from autograder.judge.compare import ILL_CONDITIONED, SAFETY, compare
from autograder.judge.device.evaluator import Evaluator, ResultCache
from autograder.judge.judge import judge
from autograder.judge.oracle.expected import Expected, KnownMistake, inputs_of, run_oracle
from autograder.results import FAILED, LEFT_OUT, PASSED, Result
from autograder.sandbox.bubblewrap import Sandbox
from autograder.sandbox.trace import Failure, Program, trace
from autograder.submission.read import find_submissions, read_submission
from autograder.submission.screening.screen import screen

Transform = Callable[[np.ndarray, list[np.ndarray]], np.ndarray | None]


@dataclass(frozen=True)
class Validation:
    """The problems of an assignment (none if it is sound), and a summary of what was tried."""

    problems: tuple[str, ...]
    summary: str


def secret_of(number: int) -> Seed:
    """Return one of the secret seeds that assignments are validated with."""
    return Seed(hashlib.sha256(f"validate {number}".encode()).digest())


def validate_assignment(
    assignment: Assignment,
    sandbox: Sandbox,
    on_progress: Callable[[str], object] = lambda text: None,
    seeds: int = 1,
    quick: bool = False,
    sets: int = SETS,
    one_in: int = 1,
) -> Validation:
    """Judge correct, missing, wrong and degenerate work on ``seeds`` secret seeds, with ``sets`` draw sets of each.

    Everything must end the same in every draw set: nobody gets an easier one.

    Args:
      quick: leave out training, throughput and cost of the solution.
      one_in: try one in so many of the styles and mistakes; 1 tries all.
    """
    found: dict[str, list[str]] = {}  # problem -> the draw sets in which it shows
    tried = 0
    counts: dict[str, set[str]] = {"right": set(), "mistakes": set(), "recognised": set()}
    for number in range(seeds):
        keys = secret_of(number).keys(assignment.slug)
        draws = Draws(assignment, keys)
        with bench(assignment, "cpu", measure=not quick and number == 0) as opened:
            for draw_set in range(min(sets, keys.sets)):
                on_progress("reference answers")
                drawn = draws.get(draw_set)
                only = Draws(assignment, keys, dict.fromkeys(range(keys.sets), drawn))
                session = Session(only, sandbox, ResultCache())
                problems = [f"reference: {key}: {said}" for key, said in drawn.expected.problems.items()]
                problems += _degenerate(drawn.plan, drawn.expected)
                problems += coverage_problems(drawn.plan)
                problems += _submissions(session, opened, tried == 0, one_in, on_progress, counts)
                problems += _mistakes(session, drawn, opened.evaluator, one_in, on_progress, counts)
                tried += 1
                for problem in dict.fromkeys(problems):
                    found.setdefault(problem, []).append(f"{number}.{draw_set}")
    said = [
        problem if len(where) == tried else f"in draw set {', '.join(where)} only: {problem}"
        for problem, where in found.items()
    ]
    said += _topics(assignment, draws.public())
    summary = (
        f"{len(assignment.checks)} checks, {len(counts['right'])} correct submissions with full marks, "
        f"{len(counts['mistakes'])} known mistakes caught, {len(counts['recognised'])} recognised by their numbers"
    )
    return Validation(tuple(dict.fromkeys(said)), summary)


def _submissions(
    session: Session,
    opened: Bench,
    thorough: bool,
    one_in: int,
    on_progress: Callable[[str], object],
    counts: dict[str, set[str]],
) -> Iterator[str]:
    """Solution and styles earn everything, the starter nothing, and two runs agree.

    Styles are judged by their numbers only: a correct loop over pixels is correct, but slow.

    Args:
      thorough: also measure the solution, and grade it again; what is measured is the same in every draw set.
    """
    reference, assignment = session.assignment.reference, session.assignment
    assert reference is not None
    evaluator, testbed = opened.evaluator, opened.testbed
    styles = reference / "styles"
    right = [reference / "solution.py", *(find_submissions(styles)[::one_in] if styles.is_dir() else [])]
    numbers = sum(p for name, p in assignment.points.items() if assignment.checks[name].kind not in MEASURED)
    for path in right:
        on_progress(path.name)
        first = path == right[0] and thorough
        submission = read_submission(path)
        result = grade_submission(submission, session, evaluator, testbed if first else None, on_progress=on_progress)
        wanted = assignment.total if first and testbed else numbers
        if result.score is None or result.score.points < wanted:
            yield f"{path.name} should earn {wanted:g} points: {_shortfall(result)}"
        else:
            counts["right"].add(path.name)
    on_progress("starter.py")
    result = grade_one(assignment.folder / "starter.py", session, evaluator)
    earned = [c.name for c in result.score.checks if c.points] if result.score else []
    if result.problem or earned:
        what = result.problem.message if result.problem else f"earned {', '.join(earned)}"
        yield f"starter.py should be readable and earn nothing: {what}"
    if not thorough:
        return
    on_progress("second run")
    evaluator.close()
    fresh = dataclasses.replace(session, cache=ResultCache())
    twice = [grade_one(right[0], s, evaluator).checks for s in (session, fresh)]
    if twice[0] != twice[1]:
        yield "two runs of solution.py disagree: a check draws random numbers from outside its generator"


def _mistakes(
    session: Session,
    drawn: DrawSet,
    evaluator: Evaluator,
    one_in: int,
    on_progress: Callable[[str], object],
    counts: dict[str, set[str]],
) -> Iterator[str]:
    """Each known mistake fails exactly the checks that it names, and is recognised by its numbers."""
    assignment, plan, expected = session.assignment, drawn.plan, drawn.expected
    assert assignment.reference is not None
    submission, _ = screen(read_submission(assignment.reference / "solution.py"), assignment.allowed)
    solution = trace(submission, assignment, plan.calls, plan.public_calls(), session.sandbox).programs
    mistakes = {m.name: m for m in expected.mistakes[::one_in]}
    chosen = [variant for m in mistakes.values() for variant in _variants(m)]
    for name, changed in _mistaken_programs(plan, chosen).items():
        on_progress(name)
        known = mistakes[name.partition("=")[0]]
        evidence, _ = judge({**solution, **changed}, plan, expected, evaluator, session.cache, {})
        failed = {c.name for c in evidence if c.outcome == FAILED}
        if failed:
            counts["mistakes"].add(known.name)
        else:
            yield f"mistake {name} is not caught by any check: add a probe that tells it from the correct answer"
        extra, lacking = sorted(failed - known.fails), sorted(known.fails - failed)
        if failed and failed != known.fails and name == known.name:  # another constant may do more harm
            yield f"mistake {name}: " + "; ".join(
                complaint
                for complaint, checks in (
                    (f"fails {extra} without naming them", extra),
                    (f"names {lacking}, which pass", lacking),
                )
                if checks
            )
        named = {c.mistake for c in evidence if c.mistake}
        if known.name in named:
            counts["recognised"].add(known.name)
        elif named:
            yield f"mistake {name} gives the same numbers as {sorted(named)[0]}: add a probe that tells them apart"
        elif failed:
            yield f"mistake {name} is not recognised, so nobody reads its hint: it has no answer to a printed case"


def _variants(mistake: KnownMistake) -> Iterator[str]:
    """Name a mistake, and two values of its free constant that lie between those whose answers are known."""
    yield mistake.name
    for quarter in (1, 3) if mistake.constants else ():
        i = quarter * (len(mistake.constants) - 1) // 4
        yield f"{mistake.name}={(mistake.constants[i] * mistake.constants[i + 1]) ** 0.5:.6g}"


def _mistaken_programs(plan: Plan, chosen: Sequence[str]) -> dict[str, dict[str, Program | Failure]]:
    """Have the oracle trace the calls that each of the chosen mistakes changes."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "programs.npz"
        run_oracle("programs", plan, out, chosen)
        with np.load(out, allow_pickle=False) as stored:
            meta = json.loads(bytes(stored["meta"]))
            return {
                name: {
                    key: Failure(call["kind"], call["failure"])
                    if "failure" in call
                    else Program(bytes(stored[f"{name}/{key}"]), call["output"], call["forward"])
                    for key, call in calls.items()
                }
                for name, calls in meta.items()
            }


def _degenerate(plan: Plan, expected: Expected) -> Iterator[str]:
    """No values check may accept zeros, ones, NaN, the input, or a transposed, shifted or rounded answer."""
    for check in plan.assignment.checks.values():
        if check.kind not in ("values", "trajectory", "gradients"):
            continue
        probes = [p for p in plan.probes[check.name] if p.key in expected.truth and not p.public]
        for p in probes:
            for truth in expected.truth[p.key]:
                if truth.tolerance[0] > SAFETY * ILL_CONDITIONED:
                    lost = truth.tolerance[0] / SAFETY
                    yield f"{check.name}: {p.label!r} is ill-conditioned (in float32 the reference loses {lost:.0e})"
        for name, transform in _TRANSFORMS.items():
            verdicts = [v for p in probes if (v := _accepts(plan, expected, p, transform)) is not None]
            if verdicts and all(verdicts):
                yield f"{check.name} accepts {name} as an answer: add a case that rejects it"


def _accepts(plan: Plan, expected: Expected, probe: Probe, transform: Transform) -> bool | None:
    """Whether a degenerate answer passes; None where it equals the true answer."""
    truths = expected.truth[probe.key]
    inputs = inputs_of(plan, probe, expected.outputs)
    actual, differs = [], False
    for truth in truths:
        right = truth.value.astype(np.float32) if truth.value.dtype.kind == "f" else truth.value
        wrong = transform(right, inputs)
        if wrong is not None and wrong.shape == right.shape and not np.array_equal(wrong, right):
            differs = True
            actual.append(wrong)
        else:
            actual.append(right)
    if not differs:
        return None
    names = tree.paths(expected.outputs[probe.call.key])
    return compare(actual, truths, names).outcome == PASSED


def _half(x: np.ndarray) -> np.ndarray | None:
    if x.dtype.kind != "f" or np.abs(x).max(initial=0) > 6e4:
        return None
    return x.astype(np.float16).astype(np.float32)


def _input(x: np.ndarray, inputs: list[np.ndarray]) -> np.ndarray | None:
    return next((i for i in inputs if i.shape == x.shape and i.dtype == x.dtype), None)


_TRANSFORMS: Mapping[str, Transform] = {
    "zeros": lambda x, _: np.zeros_like(x),
    "ones": lambda x, _: np.ones_like(x),
    "NaN": lambda x, _: np.full_like(x, np.nan) if x.dtype.kind == "f" else None,
    "its input": _input,
    "a transposed answer": lambda x, _: np.ascontiguousarray(x.T) if x.ndim > 1 else None,
    "an answer shifted by one": lambda x, _: np.roll(x, 1) if x.size > 1 else None,
    "an answer in half precision": lambda x, _: _half(x),
}


def _topics(assignment: Assignment, expected: Expected) -> Iterator[str]:
    for mistake in expected.mistakes:
        if mistake.function not in assignment.functions and not mistake.function.startswith("given."):
            yield f"mistake {mistake.name} is about {mistake.function!r}, which is not a function of this assignment"
        for name in mistake.fails - set(assignment.checks):
            yield f"mistake {mistake.name} names the check {name!r}, which does not exist"


def _shortfall(result: Result) -> str:
    if result.problem:
        return result.problem.message
    lost = [c for c in result.checks if c.outcome not in (PASSED, LEFT_OUT)]
    reasons = [
        f"{c.name} {c.outcome}: {c.message or '; '.join(x.message for x in c.cases if x.message)[:200]}"
        for c in lost[:3]
    ]
    reasons += [f"{f.where}: {f.message}" for f in result.findings if f.severity != "note"][:3]
    return "; ".join(reasons) or "no check lost points: compare the rubric"
