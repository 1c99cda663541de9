"""Run programs on a device, in workers that may die: a crash costs one program, never another's mark."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cachetools import LRUCache

from autograder.judge.device.accelerators import lowered_for
from autograder.judge.device.budget import TIMES, Budget, Limits
from autograder.judge.device.evaluation import Evaluation
from autograder.judge.device.process import CRASH, DeviceWorker
from autograder.judge.device.requests import OURS, Inspected, Outputs, Refusal, Task

FRESH_AFTER = 200  # submissions: what their programs may have left in a worker ends with it
CACHE_BYTES = 256 << 20  # of what programs answered

Name = tuple[str, str]  # a normalised program, and what it was run for: the task with its inputs


def _size(value: Any) -> int:
    """Bytes of what is remembered of a program, roughly."""
    return 2000 + (sum(a.nbytes for leaves in value.rounds for a in leaves) if isinstance(value, Outputs) else 0)


def _cache() -> LRUCache[Name, Any]:
    return LRUCache(CACHE_BYTES, getsizeof=_size)


@dataclass
class ResultCache:
    """What each normalised program answered, by task and inputs: equal programs are judged once.

    A size-bounded LRU cache, so that a large class fits into memory.  Threads may share it.
    """

    results: LRUCache[Name, Any] = field(default_factory=_cache)
    lock: threading.Lock = field(default_factory=threading.Lock)  # of ``results``
    hits: int = 0

    def look(self, names: Iterable[Name]) -> tuple[dict[Name, Any], set[Name]]:
        """Return what is known of these programs, and those that the caller shall run now.

        Programs in neither are being run by another process that shares this cache; call again later.
        """
        asked = list(names)
        with self.lock:
            known = {name: value for name in asked if (value := self.results.get(name)) is not None}
            self.hits += len(known)
        return known, set(asked) - set(known)

    def keep(self, answers: Mapping[Name, Any]) -> None:
        """Remember what programs answered; an answer larger than the whole cache is not kept."""
        with self.lock:
            for name, value in answers.items():
                with contextlib.suppress(ValueError):  # too large
                    self.results[name] = value


class Evaluator:
    """Runs programs on one device, one request at a time.

    Args:
      device: as for :class:`DeviceWorker`.
      run_seconds: how long one program may compile; the other limits follow, see :class:`Limits`.
      memory_mb: what one program may use.
    """

    def __init__(self, device: str = "auto", run_seconds: float = 20, memory_mb: int = 2000) -> None:
        self.limits = Limits.of(run_seconds)
        self.worker = DeviceWorker(device, memory_mb)
        self.lock = threading.Lock()
        self._served = 0  # submissions since the worker was fresh

    def start(self) -> str:
        """Return the name of the device.  Raises :class:`DeviceError`."""
        with self.lock:
            return self.worker.start()

    @property
    def platforms(self) -> tuple[str, ...]:
        """What programs must be lowered for."""
        return lowered_for(self.worker.confinement.platform)

    def close(self) -> None:
        """End the worker."""
        self.worker.close()

    def inspect(self, tasks: Sequence[Task]) -> dict[str, Inspected | Refusal]:
        """Inspect the programs of one submission without running them.  Raises :class:`DeviceError`."""
        with self.lock:
            return self._evaluation().inspect(tasks)

    def evaluate(self, tasks: Sequence[Task], cache: ResultCache) -> dict[str, Outputs | Refusal]:
        """Inspect and run all programs of one submission, within its budget.

        Returns:
          The outputs, or why there are none, for every key of a task.

        Raises:
          DeviceError: the worker cannot start.
        """
        with self.lock:
            evaluation = self._evaluation()
            results: dict[str, Outputs | Refusal] = {}
            normal: dict[str, Inspected] = {}
            for key, found in evaluation.inspect(tasks).items():
                if isinstance(found, Refusal):
                    results[key] = found
                else:
                    normal[key] = found
            left: dict[Name, Task] = {(normal[t.key].normal, t.name): t for t in tasks if t.key in normal}
            while left:
                known, ours = cache.look(left)
                ran = evaluation.run([task for name, task in left.items() if name in ours])
                fresh: dict[Name, Outputs | Refusal] = {}
                for name in ours:
                    key = left[name].key
                    outcome, inspected = ran[key], normal[key]
                    fresh[name] = (
                        outcome
                        if isinstance(outcome, Refusal)
                        else Outputs(tuple(map(tuple, outcome)), inspected.normal, inspected.operations)
                    )
                # What the machine may have done is not remembered.
                cache.keep({name: f for name, f in fresh.items() if not _passing(f)})
                results |= {left[name].key: result for name, result in (known | fresh).items()}
                left = {name: task for name, task in left.items() if task.key not in results}
            return results

    def _evaluation(self) -> Evaluation:
        self._served += 1
        if self._served > FRESH_AFTER:
            self.worker.close()  # it starts again by itself
            self._served = 1
        return Evaluation(self.worker, self.limits, Budget(self.limits.submission))


def _passing(found: Outputs | Refusal) -> bool:
    """Whether another run may end otherwise: a busy machine makes a program slow, and a crash may be the machine's."""
    return isinstance(found, Refusal) and found.kind in (*TIMES, CRASH, OURS)
