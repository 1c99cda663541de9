"""One judge for all notebooks of an ``nbgrader autograde``: prepared once, put away when nothing comes any more."""

from __future__ import annotations

import atexit
import dataclasses
import threading
from dataclasses import dataclass
from pathlib import Path

from autograder import sandbox
from autograder.answers import obtain
from autograder.assignment import Assignment
from autograder.device import DeviceError
from autograder.evaluate import Evaluator, Memory
from autograder.evidence import MEASURED
from autograder.grade import Session, file_name, grade_one, stored, write_result
from autograder.plan import Seed, make_plan
from autograder.results import Result
from autograder.stand import Stand
from autograder.statements import printable

IDLE_SECONDS = 120.0  # formgrader grades from a server that runs for days


@dataclass(frozen=True)
class _Bench:
    session: Session
    evaluator: Evaluator
    stand: Stand | None

    def close(self) -> None:
        """End the processes; they start again by themselves."""
        self.evaluator.close()
        if self.stand is not None:
            self.stand.close()


_LOCK = threading.Lock()
_BENCHES: dict[tuple[str, str, str], _Bench] = {}
_IDLE: list[threading.Timer] = []


def judge(path: Path, student: str, assignment: Assignment, seed: Seed, device: str, folder: Path) -> Result:
    """Judge one submitted notebook; the result is kept in ``folder`` and taken from there if nothing has changed.

    Raises:
      DeviceError: without a complete sandbox or without the device; nothing of the student's was run.
      ReferenceFailed: when our own reference cannot be computed.
    """
    with _LOCK:
        for timer in _IDLE:
            timer.cancel()
        _IDLE.clear()
        try:
            bench = _bench(assignment, seed, device)
            folder.mkdir(parents=True, exist_ok=True)
            result = stored(path, folder, bench.session, bench.evaluator.start())
            if result is None:
                result = grade_one(path, bench.session, bench.evaluator, bench.stand)
                result = dataclasses.replace(result, submission=f"{printable(student)}/{result.submission}")
                write_result(result, folder / file_name(path))
            return result
        finally:
            timer = threading.Timer(IDLE_SECONDS, put_away)
            timer.daemon = True
            timer.start()
            _IDLE.append(timer)


@atexit.register
def put_away() -> None:
    """End all processes of the judges."""
    with _LOCK:
        for bench in _BENCHES.values():
            bench.close()


def _bench(assignment: Assignment, seed: Seed, device: str) -> _Bench:
    key = (assignment.sha256, seed.identity, device)
    if key not in _BENCHES:
        box = sandbox.probe()
        if not box.isolated:
            raise DeviceError(f"the sandbox is not complete ({box.level}); nothing was run. {box.advice}")
        plan = make_plan(assignment, seed)
        session = Session(plan, obtain(plan), box, Memory())
        evaluator = Evaluator(device, assignment.limits["run_seconds"], assignment.limits["memory_mb"])
        evaluator.start()
        measured = any(c.kind in MEASURED for c in assignment.checks.values())
        kind = "cpu" if evaluator.worker.about["platform"] == "cpu" else device.partition(":")[0].replace("auto", "gpu")
        _BENCHES[key] = _Bench(session, evaluator, Stand(kind, assignment.limits["memory_mb"]) if measured else None)
    return _BENCHES[key]
