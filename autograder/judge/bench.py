"""Open everything that judging needs of a device, and close it together."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from autograder.assignment.load import Assignment
from autograder.checks import MEASURED
from autograder.judge.device.evaluator import Evaluator
from autograder.judge.performance.testbed import Testbed


@dataclass(frozen=True)
class Bench:
    """Evaluators for one assignment, and the testbed beside them.

    Attributes:
      evaluators: one for each device, or one for each job on the CPU.
      testbed: where training, throughput and cost are measured; None leaves these checks out.
    """

    evaluators: tuple[Evaluator, ...]
    testbed: Testbed | None = None

    @property
    def evaluator(self) -> Evaluator:
        """The first evaluator."""
        return self.evaluators[0]

    @property
    def device(self) -> str:
        """The name of the device, as results carry it.  Raises :class:`DeviceError`."""
        return self.evaluator.start()

    def close(self) -> None:
        """End all processes.  They start again with the next request."""
        for evaluator in self.evaluators:
            evaluator.close()
        if self.testbed is not None:
            self.testbed.close()


def open_bench(assignment: Assignment, device: str = "auto", *, jobs: int = 1, measure: bool = True) -> Bench:
    """Start a device for an assignment, with the time and memory limits that it sets.

    Args:
      device: "cpu", "gpu", "tpu" or "auto"; a number after a colon picks one of several ("gpu:1").
      jobs: submissions side by side; on the CPU each of them gets an evaluator.
      measure: open a testbed as well, where the assignment has something to measure.

    Raises:
      DeviceError: the device is not there; nothing is left running.
    """
    seconds, memory_mb = assignment.limits["run_seconds"], assignment.limits["memory_mb"]
    first = Evaluator(device, seconds, memory_mb)
    try:
        first.start()
    except BaseException:
        first.close()
        raise
    on_cpu = first.worker.about["platform"] == "cpu"
    kind = "cpu" if on_cpu else device.partition(":")[0].replace("auto", "gpu")
    count = jobs if on_cpu else int(first.worker.about["count"])
    others = [Evaluator(kind if on_cpu else f"{kind}:{i}", seconds, memory_mb) for i in range(1, count)]
    measured = measure and any(check.kind in MEASURED for check in assignment.checks.values())
    return Bench((first, *others), Testbed(kind, memory_mb) if measured else None)


@contextlib.contextmanager
def bench(assignment: Assignment, device: str = "auto", *, jobs: int = 1, measure: bool = True) -> Iterator[Bench]:
    """Open a bench as :func:`open_bench` does, and close it at the end of the block."""
    with contextlib.closing(open_bench(assignment, device, jobs=jobs, measure=measure)) as opened:
        yield opened
