"""The testbed: programs are timed, counted and trained on it, one at a time."""

from __future__ import annotations

import contextlib
import fcntl
import platform
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from autograder.judge.device.accelerators import CPU, resolve
from autograder.judge.device.budget import ALL_TIME, MEASURED_TIME, Budget, Limits
from autograder.judge.device.environment import cache_folder
from autograder.judge.device.evaluation import Evaluation
from autograder.judge.device.process import CRASH, TIMEOUT, DeviceWorker, LostWorkerError
from autograder.judge.device.requests import Inspected, Refusal, Task

TIMING_SECONDS = 8.0  # budget of one comparison
COMPILE_SECONDS = 120.0
TRAIN_SECONDS = 180.0  # of one run, which is one seed
MEASURED_SECONDS = 600.0  # of everything that is measured of one submission


class Testbed:
    """One pinned worker on the device, and one on the CPU where cost is counted.

    One measurement at a time, also across processes: two concurrent measurements would distort each other.

    Args:
      device: "cpu", "gpu", "tpu" or "auto".
      memory_mb: what one program may use.
    """

    def __init__(self, device: str, memory_mb: int) -> None:
        self.worker = DeviceWorker(device, memory_mb, pinned=True)
        self.counter = self.worker if resolve(device) == CPU else DeviceWorker("cpu", memory_mb, pinned=True)
        self.lock = threading.Lock()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep every other measurement on this machine waiting."""
        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # The folder may be shared by the machines of a cluster; their devices are not.
        with self.lock, (folder / f"device-{platform.node()}.lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def close(self) -> None:
        """End both workers.  They start again with the next request."""
        self.worker.close()
        self.counter.close()


class Measured:
    """The measurements of one submission on one of the testbed's workers.

    Args:
      budget: what the submission has left for all its measurements; it is spent here.
    """

    def __init__(self, worker: DeviceWorker, budget: Budget) -> None:
        self._evaluation = Evaluation(worker, Limits(), budget)

    def inspect(self, tasks: Sequence[Task]) -> dict[str, Inspected | Refusal]:
        """Inspect programs before they are measured.  Raises :class:`DeviceError`."""
        inspected = self._evaluation.inspect(tasks)
        return {key: _measured(found) if isinstance(found, Refusal) else found for key, found in inspected.items()}

    def ask(
        self,
        request: tuple[dict[str, Any], bytes],
        seconds: float,
        on_progress: Callable[[dict[str, Any]], object] = lambda header: None,
    ) -> tuple[dict[str, Any], bytes] | Refusal:
        """Ask the worker to measure inspected programs; after a crash, ask a fresh worker once more.

        Args:
          seconds: what the answer may take.
          on_progress: told what the worker tells before its answer.

        Raises:
          DeviceError: the worker cannot start.
        """
        for last in (False, True):
            try:
                return self._evaluation.ask(request, seconds, lambda _, header, __: on_progress(header))
            except LostWorkerError as lost:
                if last or lost.kind != CRASH:
                    return _measured(Refusal(lost.kind), f"{seconds:g} seconds")
        raise AssertionError("the second crash is the last")


def _measured(refusal: Refusal, limit: str = "") -> Refusal:
    """Say of a time that was used up that it was that of measuring."""
    if refusal.kind == ALL_TIME:
        return Refusal(MEASURED_TIME, f"{MEASURED_SECONDS:g} seconds for all measurements of a submission")
    return Refusal(MEASURED_TIME, limit) if refusal.kind == TIMEOUT and limit else refusal
