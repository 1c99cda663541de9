"""Grade a submission: read, screen, trace; judge, score.  The two halves may lie on two machines."""

from __future__ import annotations

import contextlib
import datetime
import importlib.metadata
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from autograder import __version__
from autograder.answers import Answers
from autograder.assignment import Assignment
from autograder.device import DeviceError
from autograder.evaluate import Evaluator, Memory
from autograder.judge import LEFT_OUT, judge
from autograder.performance import Measure
from autograder.plan import Call, Plan
from autograder.remarks import left_out, raised
from autograder.results import NOT_JUDGED, SKIPPED, Finding, Provenance, Result
from autograder.sandbox import Sandbox
from autograder.score import score
from autograder.screen import screen
from autograder.stand import Stand
from autograder.store import file_name, read_result, write_result
from autograder.submission import Submission, read_submission
from autograder.tracing import Failure, Program, TracerError, trace
from autograder.tree import Spec

__all__ = ["Handed", "Session", "file_name", "grade_one", "hand_out", "judge_handed", "stored", "write_result"]


@dataclass(frozen=True)
class Session:
    """Everything that judging one submission after another needs."""

    plan: Plan
    answers: Answers
    box: Sandbox
    memory: Memory

    @property
    def assignment(self) -> Assignment:
        return self.plan.assignment

    def order(self, measured: bool = True) -> Order:
        """What tracing needs to know.

        Args:
          measured: trace also what only training, throughput and cost need.
        """
        plan, answers = self.plan, self.answers
        calls = {k: c for k, c in answers.calls.items() if measured or c.precision == "highest"}
        return Order(plan.assignment, calls, answers.cotangents(plan), measured)


@dataclass(frozen=True)
class Order:
    """What is asked of the machine that traces: shapes and rules, no input and no answer."""

    assignment: Assignment
    calls: Mapping[str, Call]
    cotangents: Mapping[str, list[Spec]]
    measured: bool
    engine: str = __version__


@dataclass(frozen=True)
class Handed:
    """What one submission handed out: programs, and words about its source.  Nothing of it can run as Python."""

    name: str
    sha256: str
    sandbox: str
    programs: Mapping[str, Program | Failure] = field(default_factory=dict)  # by call
    findings: tuple[Finding, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)  # filename -> text, to quote lines from
    output: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)
    problem: str = ""
    measured: bool = True  # traced also for training, throughput and cost


def hand_out(
    path: Path, session: Session, *, measured: bool = True, stop: threading.Event | None = None, name: str = ""
) -> Handed:
    """Read, screen and trace a submission.  This is the half that meets student code, in the sandbox.

    Args:
      measured: trace also what only training, throughput and cost need.
      name: what to call the submission, where its path does not tell.
    """
    return trace_read(read_submission(path), session.order(measured), session.box, stop=stop, name=name)


def trace_read(
    submission: Submission, order: Order, box: Sandbox, *, stop: threading.Event | None = None, name: str = ""
) -> Handed:
    """Screen and trace a submission that was read already."""
    base = Handed(
        name or submission.name,
        submission.sha256,
        box.level,
        findings=submission.findings,
        measured=order.measured,
    )
    if submission.problem:
        return replace(base, findings=(), problem=submission.problem)
    violations: tuple[Finding, ...] = ()
    try:
        allowed, violations = screen(submission, order.assignment.policy)
        traced = trace(allowed, order.assignment, order.calls, order.cotangents, box, stop)
        remarks = (*submission.findings, *violations)
        return replace(
            base,
            programs=dict(left_out(traced.programs, order.calls, remarks)),
            findings=(*remarks, *raised(traced, allowed)),
            sources=submission.sources,
            output=traced.output,
            seconds=traced.seconds,
        )
    except InterruptedError:
        raise
    except Exception as error:  # ours, loud, and no other submission's loss
        return replace(base, findings=(*submission.findings, *violations), problem=_ours(error))


def judge_handed(
    handed: Handed,
    session: Session,
    evaluator: Evaluator,
    stand: Stand | None = None,
    *,
    say: Callable[[str], object] = lambda text: None,
) -> Result:
    """Judge what a submission handed out.  This is the half that knows the secret; it runs programs only."""
    if handed.problem:
        ours = handed.problem.startswith(NOT_JUDGED)
        return _result(handed, session, "" if ours else evaluator.start(), findings=handed.findings)
    started = time.monotonic()
    try:
        device = evaluator.start()
        begun = time.monotonic()
        programs, sources = handed.programs, handed.sources
        plan, answers = session.plan, session.answers
        measure = None
        if stand is not None and handed.measured:
            measure = Measure(programs, plan, answers, stand, session.memory, sources, say)
        checks = judge(programs, plan, answers, evaluator, session.memory, sources, measure)
    except InterruptedError:
        raise
    except Exception as error:
        return _result(replace(handed, problem=_ours(error)), session, "", findings=handed.findings)
    now = time.monotonic()
    seconds = {**handed.seconds, "judge": now - begun, "all": handed.seconds.get("all", 0.0) + now - started}
    result = _result(handed, session, device, findings=handed.findings, seconds=seconds)
    return score(replace(result, checks=checks, output=handed.output), session.assignment)


def grade_one(
    path: Path,
    session: Session,
    evaluator: Evaluator,
    stand: Stand | None = None,
    *,
    stop: threading.Event | None = None,
    say: Callable[[str], object] = lambda text: None,
    name: str = "",
) -> Result:
    """Grade one submission; whatever it holds, the answer is a :class:`Result`.

    Args:
      stand: where training, throughput and cost are measured; None leaves these checks out.
      say: told what is under way.
      name: what to call the submission, where its path does not tell.
    """
    started = time.monotonic()
    # Without a stand nothing is timed or trained, so nothing is traced for that.
    handed = hand_out(path, session, measured=stand is not None, stop=stop, name=name)
    handed = replace(handed, seconds={**handed.seconds, "all": time.monotonic() - started})
    return judge_handed(handed, session, evaluator, stand, say=say)


def stored(
    path: Path, folder: Path, session: Session, device: str, quick: bool = False, bytes_only: bool = False
) -> Result | None:
    """Return the stored result of a submission if nothing that it rests on has changed.

    Args:
      bytes_only: ask for the same bytes, assignment and seed only.
    """
    result = read_result(folder / file_name(path))
    if result is None or not (result.score and result.score.judged) or not (result.checks or bytes_only):
        return None
    if not quick and not bytes_only and any(c.outcome == SKIPPED and c.message == LEFT_OUT for c in result.checks):
        return None
    now = _provenance(read_submission(path).sha256, session.box.level, session, device)
    same = ["assignment", "submission_sha256", "seed"]
    if not bytes_only:
        same += ["assignment_sha256", "engine_version", "sandbox", "device"]
    if any(getattr(now, name) != getattr(result.provenance, name) for name in same):
        return None
    return score(result, session.assignment)


def not_judged(name: str, sha256: str, session: Session, error: Exception) -> Result:
    """The result of a submission that something of ours failed for, outside of tracing and judging."""
    return _result(Handed(name, sha256, session.box.level, problem=_ours(error)), session, "")


def _ours(error: Exception) -> str:
    detail = str(error) if isinstance(error, TracerError | DeviceError) else f"{type(error).__name__}: {error}"
    return f"{NOT_JUDGED}, and not the student's fault: {detail}"


def _provenance(sha256: str, sandbox: str, session: Session, device: str) -> Provenance:
    return Provenance(
        assignment=session.assignment.slug,
        assignment_version=session.assignment.version,
        assignment_sha256=session.assignment.sha256,
        engine_version=__version__,
        submission_sha256=sha256,
        seed=session.plan.seed.identity,
        sandbox=sandbox,
        device=device,
    )


def _result(
    handed: Handed,
    session: Session,
    device: str,
    *,
    findings: Sequence[Finding] = (),
    seconds: dict[str, float] | None = None,
) -> Result:
    provenance = replace(
        _provenance(handed.sha256, handed.sandbox, session, device),
        libraries=libraries(),
        seconds={k: round(v, 3) for k, v in (seconds or {}).items()},
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    )
    result = Result(handed.name, provenance, findings=tuple(findings), problem=handed.problem)
    if handed.problem.startswith(NOT_JUDGED):
        return result
    return score(result, session.assignment)


def libraries() -> dict[str, str]:
    """Versions of what a result depends on."""
    found = {}
    for name in ("jax", "jaxlib", "flax", "optax", "numpy"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found
