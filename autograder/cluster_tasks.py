"""What workers of a cluster do: trace one submission, or judge what was traced.

Both keep student code and programs in processes of their own, as on one machine: what brings one down costs
no other task of the worker.  A tracing task knows shapes and rules; the secret is fetched by judging tasks.
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

from autograder import __version__, sandbox
from autograder.answers import Answers
from autograder.assignment import load_folder
from autograder.evaluate import Evaluator, Memory, Name
from autograder.evidence import MEASURED
from autograder.grade import Handed, Order, Session, judge_handed, trace_read
from autograder.plan import Seed, make_plan
from autograder.results import NOT_JUDGED, to_json
from autograder.stand import Stand
from autograder.submission import Submission

POLL_SECONDS = 0.1  # between two questions after a program that another worker runs

Ask = Callable[..., Any]


@dataclass(frozen=True)
class Course:
    """What judging needs and tracing must not have.  Travels to judging tasks only."""

    slug: str
    files: Mapping[str, bytes]  # the public folder of the assignment
    sha256: str
    limits: Mapping[str, int]
    seed: Seed
    answers: Answers
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
    evaluator: Evaluator
    stand: Stand | None
    folder: tempfile.TemporaryDirectory[str]

    def close(self) -> None:
        self.evaluator.close()
        if self.stand is not None:
            self.stand.close()
        self.folder.cleanup()


class SharedMemory(Memory):
    """The memory of all workers: what is not known here is asked of the scheduler.

    Numbers of one device are not another's, so the device is part of a program's name.
    """

    def __init__(self, near: Memory, device: str, ask: Ask) -> None:
        super().__init__(near.found)
        self.device, self.ask = device, ask

    def look(self, names: Iterable[Name]) -> tuple[dict[Name, Any], set[Name]]:
        known, left = super().look(names)
        far = {self._far(n): n for n in left}
        while far:
            answer = self.ask("look", names=list(far))
            for name, found in answer["known"].items():
                known[far[name]] = self.found[far[name]] = found
            ours = {far[n] for n in answer["ours"]}
            if known or ours:
                return known, ours
            time.sleep(POLL_SECONDS)
        return known, set()

    def keep(self, found: Mapping[Name, Any]) -> None:
        from distributed.protocol.serialize import Serialize

        super().keep(found)
        if found:
            self.ask("keep", found={self._far(n): Serialize(f) for n, f in found.items()})

    def _far(self, name: Name) -> str:
        return "\0".join((self.device, *name))


_orders: dict[str, Order] = {}
_held: dict[str, Held] = {}
_lock = threading.Lock()  # a worker may have several threads


def trace_one(run: str, submission: Submission, name: str) -> Handed:
    """Screen and trace a submission in this machine's sandbox."""
    with _lock:
        if run not in _orders:
            _orders.clear()
            _orders[run] = _same_version(_ask(run)("fetch", half="order"))
        order = _orders[run]
    started = time.monotonic()
    box = sandbox.probe()
    if not box.isolated:
        why = f"the sandbox of {platform.node()} is not complete ({box.level}): {box.advice}"
        return Handed(name, submission.sha256, box.level, problem=f"{NOT_JUDGED}, and not the student's fault: {why}")
    handed = trace_read(submission, order, box, name=name)
    return replace(handed, seconds={**handed.seconds, "all": time.monotonic() - started})


def judge_one(run: str, handed: Handed) -> str:
    """Judge what a submission handed out; the answer is the result as it is stored."""
    held = _hold(run)
    holder = [_worker().address, uuid.uuid4().hex]
    ask = _ask(run, holder)
    memory = SharedMemory(held.session.memory, held.evaluator.start(), ask)
    try:
        return to_json(judge_handed(handed, replace(held.session, memory=memory), held.evaluator, held.stand))
    finally:
        with contextlib.suppress(OSError):
            ask("drop")


def about() -> dict[str, str]:
    """What must be known of a tracing worker before anything is sent to it."""
    box = sandbox.probe()
    return {"engine": __version__, "host": platform.node(), "sandbox": box.level, "advice": box.advice}


def device(run: str) -> str:
    """The device of a judging worker."""
    return _hold(run).evaluator.start()


def forget(run: str) -> None:
    """The run is over: end its processes, let go of its secret."""
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
    folder = tempfile.TemporaryDirectory(prefix="autograder-")
    for name, data in course.files.items():
        path = Path(folder.name) / course.slug / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    loaded = load_folder(Path(folder.name) / course.slug, None)
    loaded = replace(loaded, slug=course.slug, sha256=course.sha256, limits=course.limits)
    session = Session(make_plan(loaded, course.seed), course.answers, sandbox.unsandboxed(), Memory())
    evaluator = Evaluator(course.device, loaded.limits["run_seconds"], loaded.limits["memory_mb"])
    stand = None
    if not course.quick and any(c.kind in MEASURED for c in loaded.checks.values()):
        stand = Stand(course.device, loaded.limits["memory_mb"])
    return Held(run, session, evaluator, stand, folder)


def _same_version(half: Any) -> Any:
    if half.engine != __version__:
        raise RuntimeError(f"{platform.node()} has autograder {__version__}, the run needs {half.engine}")
    return half


def _worker() -> Any:
    from distributed import get_worker

    return get_worker()


def _ask(run: str, holder: list[str] | None = None) -> Ask:
    """Ask the shelf of a run, from the thread of a task."""
    from distributed.utils import sync

    worker = _worker()

    def ask(what: str, **more: Any) -> Any:
        if holder is not None:
            more["holder"] = holder
        return sync(worker.loop, getattr(worker.scheduler, f"autograder_{what}_{run}"), **more)

    return ask
