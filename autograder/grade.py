"""Grade submissions: read, screen, trace, judge, score; many side by side, resumable, never all lost for one."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import importlib.metadata
import os
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path

from autograder import __version__
from autograder.answers import Answers
from autograder.assignment import Assignment
from autograder.device import DeviceError
from autograder.evaluate import Evaluator, Memory
from autograder.evidence import MEASURED
from autograder.judge import LEFT_OUT, judge
from autograder.performance import Measure
from autograder.plan import Call, Plan
from autograder.results import SKIPPED, Finding, Provenance, Result, ResultError, from_json, to_json
from autograder.sandbox import Sandbox
from autograder.score import score
from autograder.screen import screen
from autograder.stand import Stand
from autograder.submission import Submission, read_submission
from autograder.tracing import Failure, Program, Traced, TracerError, trace


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


def grade_one(
    path: Path,
    session: Session,
    evaluator: Evaluator,
    stand: Stand | None = None,
    *,
    stop: threading.Event | None = None,
    say: Callable[[str], object] = lambda text: None,
) -> Result:
    """Grade one submission; whatever it holds, the answer is a :class:`Result`.

    Args:
      stand: where training, throughput and cost are measured; None leaves these checks out.
      say: told what is under way.
    """
    started = time.monotonic()
    submission = read_submission(path)
    if submission.problem:
        return _result(submission, session, evaluator.start(), problem=submission.problem)
    violations: tuple[Finding, ...] = ()
    try:
        allowed, violations = screen(submission, session.assignment.policy)
        plan, answers, sources = session.plan, session.answers, submission.sources
        # Without a stand nothing is timed or trained, so nothing is traced for that.
        calls = {k: c for k, c in answers.calls.items() if stand or c.precision == "highest"}
        traced = trace(allowed, session.assignment, calls, answers.cotangents(plan), session.box, stop)
        device = evaluator.start()
        traced_at = time.monotonic()
        remarks = (*submission.findings, *violations)
        traced = replace(traced, programs=dict(_left_out(traced.programs, answers.calls, remarks)))
        measure = Measure(traced.programs, plan, answers, stand, session.memory, sources, say) if stand else None
        checks = judge(traced.programs, plan, answers, evaluator, session.memory, sources, measure)
    except InterruptedError:
        raise
    except Exception as error:  # ours, loud, and no other submission's loss
        detail = str(error) if isinstance(error, TracerError | DeviceError) else f"{type(error).__name__}: {error}"
        problem = f"not judged, and not the student's fault: {detail}"
        return _result(submission, session, "", problem=problem, findings=(*submission.findings, *violations))
    seconds = {**traced.seconds, "judge": time.monotonic() - traced_at, "all": time.monotonic() - started}
    findings = (*submission.findings, *violations, *_raised(traced, allowed))
    result = _result(submission, session, device, findings=findings, seconds=seconds)
    return score(replace(result, checks=checks, output=traced.output), session.assignment)


def grade_many(
    paths: Sequence[Path],
    session: Session,
    folder: Path,
    *,
    jobs: int = 0,
    device: str = "auto",
    quick: bool = False,
    done: Callable[[Result, bool], None] = lambda result, kept: None,
    say: Callable[[str], object] = lambda text: None,
) -> list[Result]:
    """Grade submissions side by side and store each result in ``folder`` as it comes.

    A result that is stored already, for the same bytes, seed, assignment and engine, is kept: an
    interrupted run goes on where it stopped.

    Args:
      jobs: submissions side by side; 0 for one per core.
      device: "cpu", "gpu", "tpu" or "auto"; several GPUs get one evaluator each.
      quick: leave out training, throughput and cost.
      done: called after each submission with its result and whether it was kept.

    Raises:
      KeyboardInterrupt: after all processes of this run were ended; what was graded is stored.
    """
    jobs = min(jobs or os.cpu_count() or 1, max(1, len(paths)))
    folder.mkdir(parents=True, exist_ok=True)
    results: dict[Path, Result] = {}
    stop = threading.Event()
    with _devices(jobs, session, device, quick) as (evaluators, stand):
        name = evaluators[0].start()

        def work(number: int, path: Path) -> tuple[Path, Result, bool]:
            kept = stored(path, folder, session, name, quick)
            if kept is not None:
                return path, kept, True
            evaluator = evaluators[number % len(evaluators)]
            result = grade_one(path, session, evaluator, stand, stop=stop, say=lambda text: say(f"{path.name}: {text}"))
            write_result(result, folder / file_name(path))
            return path, result, False

        with ThreadPoolExecutor(jobs) as pool:
            pending: set[Future[tuple[Path, Result, bool]]] = {pool.submit(work, i, p) for i, p in enumerate(paths)}
            try:
                while pending:
                    finished, pending = wait(pending, timeout=0.5, return_when=FIRST_COMPLETED)
                    for future in finished:
                        path, result, kept = future.result()
                        results[path] = result
                        done(result, kept)
            except BaseException:
                stop.set()
                for future in pending:
                    future.cancel()
                raise
    return [results[p] for p in paths]


@contextlib.contextmanager
def _devices(jobs: int, session: Session, device: str, quick: bool) -> Iterator[tuple[list[Evaluator], Stand | None]]:
    """One evaluator for each GPU, or for each job on the CPU; and one test stand."""
    limits = session.assignment.limits
    first = Evaluator(device, limits["run_seconds"], limits["memory_mb"])
    evaluators = [first]
    stand = None
    try:
        first.start()
        on_cpu = first.worker.about["platform"] == "cpu"
        count = jobs if on_cpu else int(first.worker.about["count"])
        kind = "cpu" if on_cpu else device.partition(":")[0].replace("auto", "gpu")
        for index in range(1, count):
            one = kind if on_cpu else f"{kind}:{index}"
            evaluators.append(Evaluator(one, limits["run_seconds"], limits["memory_mb"]))
        if not quick and any(c.kind in MEASURED for c in session.assignment.checks.values()):
            stand = Stand(kind, limits["memory_mb"])
        yield evaluators, stand
    finally:
        for evaluator in evaluators:
            evaluator.close()
        if stand is not None:
            stand.close()


def stored(path: Path, folder: Path, session: Session, device: str, quick: bool = False) -> Result | None:
    """Return the stored result of a submission if nothing that it rests on has changed."""
    try:
        result = from_json((folder / file_name(path)).read_text())
    except (OSError, ResultError, UnicodeDecodeError):
        return None
    if not result.checks or not (result.score and result.score.judged):
        return None
    if not quick and any(c.outcome == SKIPPED and c.message == LEFT_OUT for c in result.checks):
        return None
    now = _provenance(read_submission(path), session, device)
    same = ("assignment", "assignment_sha256", "engine_version", "submission_sha256", "seed", "sandbox", "device")
    if any(getattr(now, name) != getattr(result.provenance, name) for name in same):
        return None
    return score(result, session.assignment)


def write_result(result: Result, path: Path) -> None:
    """Store a result in one step: a reader sees the old file or the new one."""
    text = to_json(result)
    handle, partial = tempfile.mkstemp(dir=path.parent, suffix=".partial")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.replace(partial, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(partial)
        raise


def file_name(path: Path) -> str:
    """A safe, short and unique name for a submission's result, whatever and wherever the submission is.

    Students hand in files of one name from folders of their own, so the folder counts too.
    """
    raw = os.fsencode(os.path.join(os.path.abspath(path.parent), path.name))
    plain = re.sub(r"[^A-Za-z0-9_.-]", "_", path.name)[:60].strip(".") or "submission"
    return f"{plain}-{hashlib.sha256(raw).hexdigest()[:8]}.json"


def _left_out(
    programs: Mapping[str, Program | Failure], calls: Mapping[str, Call], remarks: Sequence[Finding]
) -> Iterator[tuple[str, Program | Failure]]:
    """Where a function is missing because its source was set aside, say that instead."""
    why = {f.function: f for f in reversed(remarks) if f.function and f.severity != "note"}
    for key, program in programs.items():
        remark = why.get(calls[key].function)
        if isinstance(program, Failure) and program.kind == "missing" and remark is not None:
            program = Failure("removed", remark.message, {"where": remark.where})
        yield key, program


def _raised(traced: Traced, submission: Submission) -> Iterator[Finding]:
    """Remarks on top-level statements that raised or ended the process; the others were run."""
    modules = {m.name: m.statements for m in submission.modules}
    for event in traced.raised:
        try:
            name, index = event["raised"]
            statement = modules[name][index]
        except (KeyError, IndexError, TypeError, ValueError):
            continue
        line = event.get("line")
        line = line if isinstance(line, int) and event.get("file") == statement.filename else statement.line
        source = submission.sources.get(statement.filename, "").splitlines()
        code = source[line - 1].strip()[:200] if 0 < line <= len(source) else ""
        why = {
            "timeout": "did not end in time",
            "cpu": "used up its processor time",
            "memory": "used too much memory",
            "flood": "printed without end",
            "died": "ended the process",
        }.get(str(event.get("kind", "")), "")
        if not why:
            first = (str(event.get("message", "")).strip().splitlines() or [""])[0][:300]
            why = f"raised {str(event.get('type', 'an error'))[:80]}" + (f": {first}" if first else "")
        yield Finding(
            "skipped", f"{statement.filename}, line {line}", f"this statement {why}; it was skipped", code=code
        )


def _provenance(submission: Submission, session: Session, device: str) -> Provenance:
    return Provenance(
        assignment=session.assignment.slug,
        assignment_version=session.assignment.version,
        assignment_sha256=session.assignment.sha256,
        engine_version=__version__,
        submission_sha256=submission.sha256,
        seed=session.plan.seed.identity,
        sandbox=session.box.level,
        device=device,
    )


def _result(
    submission: Submission,
    session: Session,
    device: str,
    *,
    problem: str = "",
    findings: Sequence[Finding] = (),
    seconds: dict[str, float] | None = None,
) -> Result:
    provenance = replace(
        _provenance(submission, session, device),
        libraries=libraries(),
        seconds={k: round(v, 3) for k, v in (seconds or {}).items()},
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    )
    result = Result(submission.name, provenance, findings=tuple(findings), problem=problem)
    if problem.startswith("not judged"):
        return result
    return score(result, session.assignment)


def libraries() -> dict[str, str]:
    """Versions of what a result depends on."""
    found = {}
    for name in ("jax", "jaxlib", "flax", "optax", "numpy"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found
