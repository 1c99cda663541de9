"""What the scheduler of a cluster holds: the two halves of a run, and the results of its programs.

The scheduler deserialises none of it.  Equal programs are judged once across the cluster: the first worker to ask
runs the program, the others wait; when a worker is lost, its programs become free again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from cachetools import LRUCache
from distributed.diagnostics.plugin import SchedulerPlugin
from distributed.protocol.serialize import Serialized, to_serialize

from autograder.judge.device.evaluator import CACHE_BYTES


class RunPlugin(SchedulerPlugin):
    """Answers the workers of one run.

    Args:
      run: name of the run; every question carries it, so that several runs share a scheduler.
      order: what tracing needs, for every worker.
      course: what judging needs, the secret included; asked for by judging tasks only.
      client: the run ends with this client, however the client ends.
    """

    def __init__(self, run: str, order: Any, course: Any, client: str) -> None:
        self.name = f"autograder-{run}"
        self.run, self.client = run, client
        self.halves = {"order": order, "course": course}
        self.results: LRUCache[str, Any] = LRUCache(CACHE_BYTES, getsizeof=_size)
        self.held: dict[str, tuple[str, str]] = {}  # program -> worker and task that run it now
        self.granted = 0
        self._scheduler: Any = None

    async def start(self, scheduler: Any) -> None:
        self._scheduler = scheduler
        for name in ("fetch", "look", "keep", "drop", "count", "end"):
            scheduler.handlers[f"autograder_{name}_{self.run}"] = getattr(self, name)

    def remove_worker(self, scheduler: Any, worker: str, **more: Any) -> None:
        for name in [n for n, (address, _) in self.held.items() if address == worker]:
            del self.held[name]

    def remove_client(self, scheduler: Any, client: str) -> None:
        if client == self.client:
            self.end()

    def fetch(self, half: str) -> Any:
        return to_serialize(self.halves[half])

    def look(self, names: list[str], holder: list[str]) -> dict[str, Any]:
        """Return the known results of these programs, and the programs that the caller has to run now."""
        known = {n: found for n in names if (found := self.results.get(n)) is not None}
        ours = [n for n in names if n not in known and n not in self.held]
        self.held |= dict.fromkeys(ours, (holder[0], holder[1]))
        self.granted += len(ours)
        return {"known": known, "ours": ours}

    def keep(self, found: Mapping[str, Any], holder: list[str]) -> None:
        for name, value in found.items():
            with contextlib.suppress(ValueError):  # larger than the whole cache
                self.results[name] = value
            self.held.pop(name, None)

    def drop(self, holder: list[str]) -> None:
        """End a task: programs without a result become free for other tasks."""
        for name in [n for n, by in self.held.items() if by == (holder[0], holder[1])]:
            del self.held[name]

    def count(self) -> dict[str, int]:
        return {"programs": len(self.results), "granted": self.granted, "held": len(self.held)}

    def end(self) -> None:
        """Forget the run, the secret first."""
        self.halves.clear()
        for name in ("fetch", "look", "keep", "drop", "count", "end"):
            self._scheduler.handlers.pop(f"autograder_{name}_{self.run}", None)
        self.results.clear()


def _size(value: Any) -> int:
    frames = value.frames if isinstance(value, Serialized) else ()
    return 500 + sum(memoryview(f).nbytes for f in frames)
