"""The test stand: where programs are timed, counted and trained, one at a time."""

from __future__ import annotations

import contextlib
import fcntl
import platform
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from autograder.answers import cache_folder
from autograder.device import DeviceWorker, Lost
from autograder.evaluate import INSPECT_SECONDS, Refusal, Task, inspection_request, read_inspections

TIMING_SECONDS = 8.0  # budget of one comparison
COMPILE_SECONDS = 120.0
TRAIN_SECONDS = 180.0


class Stand:
    """The test stand: one pinned worker on the device, and one on the CPU where cost is counted.

    One measurement at a time, also across processes: a device that two use shows nobody's speed.
    """

    def __init__(self, device: str, memory_mb: int) -> None:
        self.worker = DeviceWorker(device, memory_mb, pinned=True)
        on_cpu = device in ("cpu", "auto")
        self.counter = self.worker if on_cpu else DeviceWorker("cpu", memory_mb, pinned=True)
        self.lock = threading.Lock()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the device against every other measurement on this machine."""
        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # The folder may be shared by the machines of a cluster; their devices are not.
        with self.lock, (folder / f"device-{platform.node()}.lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def close(self) -> None:
        self.worker.close()
        self.counter.close()


def inspect(worker: DeviceWorker, tasks: Sequence[Task], again: bool = True) -> dict[str, dict[str, Any] | Refusal]:
    """Look at programs before they are measured, twice if need be; those that may run are kept by the worker."""
    try:
        answer = worker.ask(*inspection_request(tasks), INSPECT_SECONDS)[0]
    except Lost as lost:
        if again and str(lost) == "crash":
            return inspect(worker, tasks, again=False)
        return {t.key: Refusal("parse", str(lost)) for t in tasks}
    if "error" in answer:
        return {t.key: Refusal("not judged", answer["message"]) for t in tasks}
    return read_inspections(tasks, answer)
