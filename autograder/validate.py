"""Judge the judge: an assignment is fit for marks when right work earns all and every known mistake is caught."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from autograder import tree
from autograder.answers import Answers, ReferenceFailed, inputs_of, obtain, oracle_environment
from autograder.assignment import Assignment
from autograder.compare import ILL_CONDITIONED, SAFETY, compare
from autograder.evaluate import Evaluator, Memory
from autograder.evidence import MEASURED
from autograder.grade import Session, grade_one
from autograder.judge import LEFT_OUT, judge
from autograder.plan import Plan, Probe, Seed, make_plan
from autograder.results import FAILED, PASSED, Result
from autograder.sandbox import Sandbox
from autograder.screen import screen
from autograder.stand import Stand
from autograder.submission import find_submissions, read_submission
from autograder.tracing import Failure, Program, trace

Transform = Callable[[np.ndarray, list[np.ndarray]], np.ndarray | None]


@dataclass(frozen=True)
class Validation:
    """What was found wrong (nothing, for a sound assignment), and what was tried."""

    problems: tuple[str, ...]
    summary: str


def validate_assignment(
    assignment: Assignment,
    box: Sandbox,
    say: Callable[[str], object] = lambda text: None,
    seeds: int = 1,
    quick: bool = False,
) -> Validation:
    """Try right, missing, wrong and degenerate work on ``seeds`` secret seeds.

    Args:
      quick: leave out training, throughput and cost of the solution.
    """
    problems: list[str] = []
    counts = {"right": 0, "mistakes": 0, "recognised": 0}
    for number in range(seeds):
        plan = make_plan(assignment, Seed(hashlib.sha256(f"validate {number}".encode()).digest()))
        say("reference answers")
        answers = obtain(plan)
        problems += [f"reference: {key}: {text}" for key, text in answers.problems.items()]
        problems += _degenerate(plan, answers)
        session = Session(plan, answers, box, Memory())
        limits = assignment.limits
        evaluator = Evaluator("cpu", limits["run_seconds"], limits["memory_mb"])
        measured = not quick and any(c.kind in MEASURED for c in assignment.checks.values())
        stand = Stand("cpu", limits["memory_mb"]) if measured and number == 0 else None
        try:
            problems += _submissions(session, evaluator, stand, say, counts)
            problems += _mistakes(session, evaluator, say, counts)
        finally:
            evaluator.close()
            if stand is not None:
                stand.close()
    problems += _topics(assignment, answers)
    summary = (
        f"{len(assignment.checks)} checks, {counts['right']} right submissions with full marks, "
        f"{counts['mistakes']} known mistakes caught, {counts['recognised']} recognised by their numbers"
    )
    return Validation(tuple(dict.fromkeys(problems)), summary)


def _submissions(
    session: Session, evaluator: Evaluator, stand: Stand | None, say: Callable[[str], object], counts: dict[str, int]
) -> Iterator[str]:
    """Solution and styles earn everything, the starter nothing, and two runs agree.

    Styles are judged by their numbers: a right loop over pixels is right, and slow.
    """
    reference, assignment = session.assignment.reference, session.assignment
    assert reference is not None
    styles = reference / "styles"
    right = [reference / "solution.py", *(find_submissions(styles) if styles.is_dir() else [])]
    numbers = sum(p for name, p in assignment.points.items() if assignment.checks[name].kind not in MEASURED)
    for path in right:
        say(path.name)
        first = path == right[0]
        result = grade_one(path, session, evaluator, stand if first else None, say=say)
        wanted = assignment.total if first and stand else numbers
        if result.score is None or result.score.points < wanted:
            yield f"{path.name} should earn {wanted:g} points: {_shortfall(result)}"
        else:
            counts["right"] += 1
    say("starter.py")
    result = grade_one(assignment.folder / "starter.py", session, evaluator)
    earned = [c.name for c in result.score.checks if c.points] if result.score else []
    if result.problem or earned:
        yield f"starter.py should be readable and earn nothing: {result.problem or 'earned ' + ', '.join(earned)}"
    say("second run")
    evaluator.close()
    fresh = dataclasses.replace(session, memory=Memory())
    twice = [grade_one(right[0], s, evaluator).checks for s in (session, fresh)]
    if twice[0] != twice[1]:
        yield "two runs of solution.py disagree: something in a check is not drawn from its generator"


def _mistakes(
    session: Session, evaluator: Evaluator, say: Callable[[str], object], counts: dict[str, int]
) -> Iterator[str]:
    """Each known mistake fails exactly the checks that it names, and is recognised by its numbers."""
    assignment, plan, answers = session.assignment, session.plan, session.answers
    assert assignment.reference is not None
    submission, _ = screen(read_submission(assignment.reference / "solution.py"), assignment.policy)
    solution = trace(submission, assignment, plan.calls, answers.cotangents(plan), session.box).programs
    for name, changed in _mistaken_programs(plan).items():
        say(name)
        known = next(m for m in answers.mistakes if m.name == name)
        evidence = judge({**solution, **changed}, plan, answers, evaluator, session.memory, {})
        failed = {c.name for c in evidence if c.outcome == FAILED}
        counts["mistakes"] += bool(failed)
        if not failed:
            yield f"mistake {name} is not caught by any check: add a probe that tells it from the right answer"
        elif failed != known.fails:
            extra, lacking = sorted(failed - known.fails), sorted(known.fails - failed)
            yield f"mistake {name}: " + "; ".join(
                text
                for text, found in (
                    (f"fails {extra} without naming them", extra),
                    (f"names {lacking}, which pass", lacking),
                )
                if found
            )
        named = {c.mistake for c in evidence if c.mistake}
        counts["recognised"] += name in named
        if named and name not in named:
            yield f"mistake {name} gives the same numbers as {sorted(named)[0]}: add a probe that tells them apart"


def _mistaken_programs(plan: Plan) -> dict[str, dict[str, Program | Failure]]:
    """Have the oracle trace the calls that each mistake changes."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "programs.npz"
        command = [sys.executable, "-P", "-m", "autograder.oracle", "programs", str(plan.assignment.folder)]
        command += [str(plan.assignment.reference), str(out), "secret"]
        done = subprocess.run(
            command, input=plan.seed.secret, capture_output=True, env=oracle_environment(), check=False
        )
        if done.returncode:
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no message"]
            raise ReferenceFailed(f"the known mistakes could not be traced: {lines[-1]}")
        with np.load(out, allow_pickle=False) as stored:
            meta = json.loads(bytes(stored["meta"]))
            return {
                name: {
                    key: Failure("raised", call["failure"])
                    if "failure" in call
                    else Program(bytes(stored[f"{name}/{key}"]), call["output"])
                    for key, call in calls.items()
                }
                for name, calls in meta.items()
            }


def _degenerate(plan: Plan, answers: Answers) -> Iterator[str]:
    """No values check may accept zeros, ones, NaN, the input, or a transposed, shifted or rounded answer."""
    for check in plan.assignment.checks.values():
        if check.kind not in ("values", "trajectory", "gradients"):
            continue
        probes = [p for p in plan.probes[check.name] if p.key in answers.truth]
        for p in probes:
            for truth in answers.truth[p.key]:
                if truth.tolerance[0] > SAFETY * ILL_CONDITIONED:
                    lost = truth.tolerance[0] / SAFETY
                    yield f"{check.name}: {p.label!r} is ill-conditioned (in float32 the reference loses {lost:.0e})"
        for name, transform in _TRANSFORMS.items():
            verdicts = [v for p in probes if (v := _accepts(plan, answers, p, transform)) is not None]
            if verdicts and all(verdicts):
                yield f"{check.name} accepts {name} as an answer: add a case that does not"


def _accepts(plan: Plan, answers: Answers, probe: Probe, transform: Transform) -> bool | None:
    """Whether a degenerate answer passes; None where it is no different from the true one."""
    truths = answers.truth[probe.key]
    inputs = inputs_of(plan, probe, answers.outputs)
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
    names = tree.paths(answers.outputs[probe.call.key])
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


def _topics(assignment: Assignment, answers: Answers) -> Iterator[str]:
    for mistake in answers.mistakes:
        if mistake.function not in assignment.functions and not mistake.function.startswith("given."):
            yield f"mistake {mistake.name} is about {mistake.function!r}, which is not a function of this assignment"
        for name in mistake.fails - set(assignment.checks):
            yield f"mistake {mistake.name} names the check {name!r}, which does not exist"


def _shortfall(result: Result) -> str:
    if result.problem:
        return result.problem
    lost = [c for c in result.checks if c.outcome != PASSED and c.message != LEFT_OUT]
    texts = [
        f"{c.name} {c.outcome}: {c.message or '; '.join(x.message for x in c.cases if x.message)[:200]}"
        for c in lost[:3]
    ]
    texts += [f"{f.where}: {f.message}" for f in result.findings if f.severity != "note"][:3]
    return "; ".join(texts) or "no check lost points, look at the rubric"
