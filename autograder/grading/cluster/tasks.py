"""The tasks of a cluster's workers: trace one submission, or judge a traced submission.

Student code and programs run in separate processes, as on one machine, so that a crash affects no other task of the
worker.  A tracing task knows shapes and rules; only judging tasks fetch the keys of the numbers.
"""

from __future__ import annotations

import contextlib
import platform
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autograder import __version__
from autograder.assignment.load import load_folder
from autograder.assignment.plan import make_plan
from autograder.assignment.seed import Keys
from autograder.grading.draws import Draws, DrawSet, TraceRequest
from autograder.grading.grade import Session, TracedSubmission, judge_traced, trace_submission
from autograder.judge.bench import Bench, open_bench
from autograder.judge.device.evaluator import Name, ResultCache
from autograder.judge.oracle.expected import Expected
from autograder.result_json import to_json
from autograder.results import Fault, Problem, ProblemKind
from autograder.sandbox import bubblewrap
from autograder.submission.code import code_as_read
from autograder.submission.read import Submission

POLL_SECONDS = 0.1  # between two polls for a program that another worker runs

Ask = Callable[..., Any]


@dataclass(frozen=True)
class Order:
    """What tracing needs: the shape key, and what each draw set asks.  No numbers and no answers are in it."""

    keys: Keys
    requests: Mapping[int, TraceRequest]
    engine: str = __version__


@dataclass(frozen=True)
class Course:
    """What judging needs and tracing must not have.  Travels to judging tasks only."""

    slug: str
    files: Mapping[str, bytes]  # the public folder of the assignment
    sha256: str
    limits: Mapping[str, int]
    keys: Keys
    answers: Mapping[int, Expected]  # by draw set
    device: str
    quick: bool
    engine: str = __version__

    def __repr__(self) -> str:  # logs of a cluster show arguments
        return f"Course({self.slug})"


@dataclass
class Held:
    """A course as a judging worker holds it: between tasks, and for one run at a time."""

    run: str
    session: Session
    bench: Bench
    folder: tempfile.TemporaryDirectory[str]

    def close(self) -> None:
        self.bench.close()
        self.folder.cleanup()


class SharedResultCache(ResultCache):
    """The result cache of all workers: programs that are unknown here are looked up on the scheduler.

    Devices differ in their numbers, so the device is part of a program's name.
    """

    def __init__(self, near: ResultCache, device: str, ask: Ask) -> None:
        super().__init__(near.results, near.lock)
        self.device, self.ask = device, ask

    def look(self, names: Iterable[Name]) -> tuple[dict[Name, Any], set[Name]]:
        known, left = super().look(names)
        far = {self._far(n): n for n in left}
        while far:
            answer = self.ask("look", names=list(far))
            fresh = {far[name]: value for name, value in answer["known"].items()}
            known |= fresh
            super().keep(fresh)
            ours = {far[n] for n in answer["ours"]}
            if known or ours:
                return known, ours
            time.sleep(POLL_SECONDS)
        return known, set()

    def keep(self, answers: Mapping[Name, Any]) -> None:
        from distributed.protocol.serialize import Serialize

        super().keep(answers)
        if answers:
            self.ask("keep", found={self._far(n): Serialize(value) for n, value in answers.items()})

    def _far(self, name: Name) -> str:
        return "\0".join((self.device, *name))


_orders: dict[str, Order] = {}
_held: dict[str, Held] = {}
_lock = threading.Lock()  # a worker may have several threads


def trace_one(run: str, submission: Submission, name: str) -> TracedSubmission:
    """Screen and trace a submission in this machine's sandbox."""
    with _lock:
        if run not in _orders:
            _orders.clear()
            _orders[run] = _same_version(_ask(run)("fetch", half="order"))
        order = _orders[run]
    started = time.monotonic()
    sandbox = bubblewrap.probe()
    if not sandbox.isolated:
        why = f"the sandbox of {platform.node()} is not complete ({sandbox.level}): {sandbox.advice}"
        problem = Problem(Fault.OURS, ProblemKind.SANDBOX, why)
        return TracedSubmission(name, submission.sha256, sandbox.level, problem=problem)
    request = order.requests[order.keys.choose(code_as_read(submission))]
    handed = trace_submission(submission, request, sandbox, name=name)
    return replace(handed, seconds={**handed.seconds, "all": time.monotonic() - started})


def judge_one(run: str, handed: TracedSubmission) -> str:
    """Judge a traced submission; return the result as JSON, as it is stored."""
    held = _hold(run)
    holder = [_worker().address, uuid.uuid4().hex]
    ask = _ask(run, holder)
    memory = SharedResultCache(held.session.cache, held.bench.device, ask)
    try:
        session, bench = replace(held.session, cache=memory), held.bench
        return to_json(judge_traced(handed, session, bench.evaluator, bench.testbed))
    finally:
        with contextlib.suppress(OSError):
            ask("drop")


def about() -> dict[str, str]:
    """Return the version and the sandbox of a worker, which are checked before anything is sent to it."""
    sandbox = bubblewrap.probe()
    return {"engine": __version__, "host": platform.node(), "sandbox": sandbox.level, "advice": sandbox.advice}


def device(run: str) -> str:
    """Return the device of a judging worker."""
    return _hold(run).bench.device


def forget(run: str) -> None:
    """Forget a run: end its processes and drop its secret."""
    _orders.pop(run, None)
    if run in _held:
        _held.pop(run).close()


def _hold(run: str) -> Held:
    with _lock:
        if run not in _held:
            for other in list(_held):
                forget(other)
            _held[run] = _take(_same_version(_ask(run)("fetch", half="course")), run)
        return _held[run]


def _take(course: Course, run: str) -> Held:
    with contextlib.ExitStack() as undo:
        folder = tempfile.TemporaryDirectory(prefix="autograder-")
        undo.callback(folder.cleanup)
        for name, data in course.files.items():
            path = Path(folder.name) / course.slug / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        loaded = load_folder(Path(folder.name) / course.slug, None)
        loaded = replace(loaded, slug=course.slug, sha256=course.sha256, limits=course.limits)
        prepared = {n: DrawSet(make_plan(loaded, course.keys, n), answers) for n, answers in course.answers.items()}
        draws = Draws(loaded, course.keys, prepared)
        session = Session(draws, bubblewrap.unsandboxed(), ResultCache())
        held = Held(run, session, open_bench(loaded, course.device, measure=not course.quick), folder)
        undo.pop_all()
        return held


def _same_version(half: Any) -> Any:
    if half.engine != __version__:
        raise RuntimeError(f"{platform.node()} has autograder {__version__}, the run needs {half.engine}")
    return half


def _worker() -> Any:
    from distributed import get_worker

    return get_worker()


def _ask(run: str, holder: list[str] | None = None) -> Ask:
    """Return a function that asks the scheduler plugin of a run, from the thread of a task."""
    from distributed.utils import sync

    worker = _worker()

    def ask(what: str, **more: Any) -> Any:
        if holder is not None:
            more["holder"] = holder
        return sync(worker.loop, getattr(worker.scheduler, f"autograder_{what}_{run}"), **more)

    return ask
