"""Grade a submission: read, screen, trace; judge, score.  The two halves may run on two machines."""

from __future__ import annotations

import datetime
import functools
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from autograder import __version__
from autograder.assignment.load import Assignment
from autograder.assignment.seed import Keys
from autograder.errors import NotJudgedError, UserError
from autograder.grading.draws import Draws, TraceRequest
from autograder.grading.options import Keep, RunOptions
from autograder.grading.store import read_result, write_result
from autograder.judge.device.evaluator import Evaluator, ResultCache
from autograder.judge.device.process import DeviceError
from autograder.judge.judge import judge
from autograder.judge.ladder import climb, failing
from autograder.judge.oracle.expected import ReferenceFailedError, library_versions
from autograder.judge.performance.judge import judge_performance
from autograder.judge.performance.measurement import Measurement
from autograder.judge.performance.testbed import Testbed
from autograder.judge.score import score
from autograder.judge.suspected import with_suspicions
from autograder.judge.tasks import Programs
from autograder.results import (
    SUSPICION,
    Fault,
    Finding,
    Problem,
    ProblemKind,
    Provenance,
    Result,
    is_left_out,
    next_step,
)
from autograder.sandbox.bubblewrap import Sandbox
from autograder.sandbox.findings import with_causes
from autograder.sandbox.trace import Failure, Program, TracerError, trace
from autograder.submission.read import Submission, read_submission
from autograder.submission.screening.screen import screen
from autograder.submission.screening.suspicions import placeholders, suspicions

__all__ = [
    "Session",
    "TracedSubmission",
    "grade_one",
    "judge_traced",
    "stored",
    "trace_submission",
    "write_result",
]


@dataclass(frozen=True)
class Session:
    """Everything that is needed to judge a series of submissions."""

    draws: Draws
    sandbox: Sandbox
    cache: ResultCache

    @property
    def assignment(self) -> Assignment:
        return self.draws.assignment

    @property
    def keys(self) -> Keys:
        return self.draws.keys


@dataclass(frozen=True)
class TracedSubmission:
    """A traced submission: its programs, and findings about its source.  No part of it can run as Python."""

    name: str
    sha256: str
    sandbox: str
    draw_set: int = 0
    programs: Mapping[str, Program | Failure] = field(default_factory=dict)  # by call
    findings: tuple[Finding, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)  # filename -> text, to quote lines from
    output: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)
    problem: Problem | None = None
    measured: bool = True  # traced also for training, throughput and cost


def trace_submission(
    submission: Submission,
    order: TraceRequest,
    sandbox: Sandbox,
    *,
    stop: threading.Event | None = None,
    name: str = "",
) -> TracedSubmission:
    """Screen and trace a submission that has been read."""
    base = TracedSubmission(
        name or submission.name,
        submission.sha256,
        sandbox.level,
        order.draw_set,
        findings=submission.findings,
        measured=order.measured,
    )
    if submission.problem:
        return replace(base, findings=(), problem=submission.problem)
    violations: tuple[Finding, ...] = ()
    try:
        allowed, violations = screen(submission, order.assignment.allowed)
        traced = trace(allowed, order.assignment, order.calls, order.public, sandbox, stop, order.platforms)
        remarks, graded = (*submission.findings, *violations), order.assignment.functions
        programs, raised = with_causes(traced, allowed, order.calls, remarks)
        return replace(
            base,
            programs=programs,
            findings=(*remarks, *raised, *placeholders(submission), *suspicions(submission, graded)),
            sources=submission.sources,
            output=traced.output,
            seconds=traced.seconds,
        )
    except InterruptedError:
        raise
    except Exception as error:  # our fault: report it, and keep grading the others
        return replace(base, findings=(*submission.findings, *violations), problem=our_problem(error))


def judge_traced(
    handed: TracedSubmission,
    session: Session,
    evaluator: Evaluator,
    testbed: Testbed | None = None,
    *,
    on_progress: Callable[[str], object] = lambda text: None,
    feedback: Callable[[Collection[str]], Programs] | None = None,
) -> Result:
    """Judge a traced submission.  This half knows the secret; it runs programs only.

    Args:
      feedback: traces what explains functions that failed; None where it was traced with everything else.
    """
    if handed.problem:
        ours = handed.problem.fault is Fault.OURS
        return _result(handed, session, "" if ours else evaluator.start(), findings=handed.findings)
    started = time.monotonic()
    suspected = [f for f in handed.findings if f.severity == SUSPICION]
    handed = replace(handed, findings=tuple(f for f in handed.findings if f.severity != SUSPICION))
    try:
        device = evaluator.start()
        begun = time.monotonic()
        programs, sources = handed.programs, handed.sources
        drawn = session.draws.get(handed.draw_set)
        plan, answers = drawn.plan, drawn.expected
        measure = None
        if testbed is not None and handed.measured:
            measured = Measurement(programs, plan, answers, testbed, session.cache, sources, on_progress)
            measure = functools.partial(judge_performance, measured)
        checks, programs = judge(programs, plan, answers, evaluator, session.cache, sources, measure, feedback)
        wrong = failing(checks, plan)
        counterexamples = climb(wrong, programs, plan, answers, evaluator, session.cache, sources)
    except InterruptedError:
        raise
    except Exception as error:
        return _result(replace(handed, problem=our_problem(error)), session, "", findings=handed.findings)
    now = time.monotonic()
    seconds = {**handed.seconds, "judge": now - begun, "all": handed.seconds.get("all", 0.0) + now - started}
    result = _result(handed, session, device, findings=handed.findings, seconds=seconds)
    checks = with_suspicions(checks, suspected)
    result = replace(result, checks=checks, output=handed.output, counterexamples=counterexamples)
    return score(result, session.assignment)


def grade_one(
    path: Path, session: Session, evaluator: Evaluator, testbed: Testbed | None = None, *, name: str = ""
) -> Result:
    """Read and grade one submission; see :func:`grade_submission`."""
    submission = read_submission(path, functions=session.assignment.functions)
    return grade_submission(submission, session, evaluator, testbed, name=name)


def grade_submission(
    submission: Submission,
    session: Session,
    evaluator: Evaluator,
    testbed: Testbed | None = None,
    *,
    stop: threading.Event | None = None,
    on_progress: Callable[[str], object] = lambda text: None,
    name: str = "",
) -> Result:
    """Grade one submission; whatever it contains, this returns a :class:`Result`.

    Args:
      testbed: where training, throughput and cost are measured; None leaves these checks out.
      on_progress: called with the current step.
      name: name of the submission, if its path does not give it.
    """
    started = time.monotonic()
    # Without a testbed nothing is timed or trained, so nothing is traced for that.
    request = session.draws.request(session.draws.number(submission), measured=testbed is not None)
    request = replace(request, platforms=evaluator.platforms)
    traced = trace_submission(submission, request, session.sandbox, stop=stop, name=name)
    traced = replace(traced, seconds={**traced.seconds, "all": time.monotonic() - started})

    def feedback(functions: Collection[str]) -> Programs:
        asked = replace(session.draws.feedback(traced.draw_set, functions), platforms=evaluator.platforms)
        return trace_submission(submission, asked, session.sandbox, stop=stop, name=name).programs

    return judge_traced(traced, session, evaluator, testbed, on_progress=on_progress, feedback=feedback)


def stored(submission: Submission, target: Path, session: Session, device: str, options: RunOptions) -> Result | None:
    """Return the result stored in ``target`` if ``options.keep`` lets it stand for a submission."""
    result = None if options.keep is Keep.NOTHING else read_result(target)
    if result is None or not next_step(result).final:
        return None
    now = _provenance(submission.sha256, session.sandbox.level, session, device)
    same = ["assignment", "submission_sha256", "seed"]
    if options.keep is not Keep.SAME_BYTES:
        if not result.checks or (is_left_out(result) and not options.quick):
            return None
        same += ["assignment_sha256", "engine_version", "sandbox", "device"]
    if any(getattr(now, name) != getattr(result.provenance, name) for name in same):
        return None
    return score(result, session.assignment)


def not_judged(name: str, sha256: str, session: Session, error: Exception) -> Result:
    """Make the result of a submission for which our own code failed, outside of tracing and judging."""
    return _result(TracedSubmission(name, sha256, session.sandbox.level, problem=our_problem(error)), session, "")


def our_problem(error: Exception) -> Problem:
    """Turn an error of ours into a problem: nothing was judged, and the student loses no points."""
    kinds = {
        TracerError: ProblemKind.SANDBOX,
        DeviceError: ProblemKind.DEVICE,
        ReferenceFailedError: ProblemKind.REFERENCE,
    }
    kind = next((kind for error_type, kind in kinds.items() if isinstance(error, error_type)), ProblemKind.ENGINE)
    explained = isinstance(error, UserError | NotJudgedError)  # their messages are written for people
    return Problem(Fault.OURS, kind, str(error) if explained else f"{type(error).__name__}: {error}")


def _provenance(sha256: str, sandbox: str, session: Session, device: str, draw_set: int | None = None) -> Provenance:
    return Provenance(
        assignment=session.assignment.slug,
        assignment_version=session.assignment.version,
        assignment_sha256=session.assignment.sha256,
        engine_version=__version__,
        submission_sha256=sha256,
        seed=session.keys.identity,
        sandbox=sandbox,
        device=device,
        draw_set=draw_set,
    )


def _result(
    handed: TracedSubmission,
    session: Session,
    device: str,
    *,
    findings: Sequence[Finding] = (),
    seconds: dict[str, float] | None = None,
) -> Result:
    provenance = replace(
        _provenance(handed.sha256, handed.sandbox, session, device, handed.draw_set),
        libraries=library_versions(),
        seconds={k: round(v, 3) for k, v in (seconds or {}).items()},
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    )
    result = Result(handed.name, provenance, findings=tuple(findings), problem=handed.problem)
    return score(result, session.assignment)
