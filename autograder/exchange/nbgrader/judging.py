"""One judge for all notebooks of an ``nbgrader autograde`` run: prepared once, closed when idle."""

from __future__ import annotations

import atexit
import dataclasses
import threading
from dataclasses import dataclass
from pathlib import Path

from autograder.assignment.load import Assignment
from autograder.assignment.seed import Seed
from autograder.grading.draws import Draws
from autograder.grading.grade import Session, grade_submission, stored, write_result
from autograder.grading.options import RunOptions
from autograder.judge.bench import Bench, open_bench
from autograder.judge.device.evaluator import ResultCache
from autograder.judge.device.process import DeviceError
from autograder.results import Result
from autograder.sandbox import bubblewrap
from autograder.submission.collect import result_name
from autograder.submission.read import read_submission
from autograder.submission.statements import printable

IDLE_SECONDS = 120.0  # formgrader grades from a server that runs for days


@dataclass(frozen=True)
class _Judge:
    session: Session
    bench: Bench


_LOCK = threading.Lock()
_JUDGES: dict[tuple[str, str, str], _Judge] = {}
_IDLE: list[threading.Timer] = []


def judge(path: Path, student: str, assignment: Assignment, seed: Seed, device: str, folder: Path) -> Result:
    """Judge one submitted notebook; the result is kept in ``folder`` and taken from there if nothing has changed.

    Raises:
      DeviceError: without a complete sandbox or without the device; nothing of the student's was run.
      ReferenceFailedError: when our own reference cannot be computed.
    """
    with _LOCK:
        for timer in _IDLE:
            timer.cancel()
        _IDLE.clear()
        try:
            prepared = _judge(assignment, seed, device)
            session, bench = prepared.session, prepared.bench
            folder.mkdir(parents=True, exist_ok=True)
            submission = read_submission(path, functions=assignment.functions)
            target = folder / result_name(path)
            result = stored(submission, target, session, bench.device, RunOptions())
            if result is None:
                result = grade_submission(submission, session, bench.evaluator, bench.testbed)
                result = dataclasses.replace(result, submission=f"{printable(student)}/{result.submission}")
                write_result(result, target)
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
        for prepared in _JUDGES.values():
            prepared.bench.close()  # its processes start again with the next request


def _judge(assignment: Assignment, seed: Seed, device: str) -> _Judge:
    keys = seed.keys(assignment.slug)
    key = (assignment.sha256, keys.identity, device)
    if key not in _JUDGES:
        sandbox = bubblewrap.probe()
        if not sandbox.isolated:
            raise DeviceError(f"the sandbox is not complete ({sandbox.level}); nothing was run. {sandbox.advice}")
        draws = Draws(assignment, keys)
        draws.public()
        session = Session(draws, sandbox, ResultCache())
        _JUDGES[key] = _Judge(session, open_bench(assignment, device))
    return _JUDGES[key]
