"""Run programs on a device, in workers that may die: a crash costs one program, never another's mark."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder import tree
from autograder.device import DeviceError, DeviceWorker, Lost
from autograder.recent import Recent

INSPECT_SECONDS = 30
REMEMBERED = 256 << 20  # bytes of what programs answered
SHARE = 0.05  # of a program's own time limit, for each further program that runs along with it

__all__ = ["DeviceError", "Evaluator", "Memory", "Outputs", "Refusal", "Task"]


@dataclass(frozen=True)
class Task:
    """One program, the rules that it must obey, and what to feed it."""

    key: str
    module: bytes
    inputs: tuple[tree.Spec, ...]
    outputs: tuple[tree.Spec, ...]
    rounds: tuple[tuple[np.ndarray, ...], ...] = ()
    steps: int = 0
    carried: int = 0
    by_hand: bool = False
    forbidden: tuple[str, ...] = ()
    function: str = ""


@dataclass(frozen=True)
class Refusal:
    """A program that was not run, or did not finish; ``kind`` is a word that ``explain`` knows."""

    kind: str
    message: str = ""
    where: tuple[str, int] | None = None


@dataclass(frozen=True)
class Outputs:
    """What a program answered, by round and leaf."""

    rounds: tuple[tuple[np.ndarray, ...], ...]
    normal: str
    operations: Mapping[str, int] = field(default_factory=dict)


def _size(found: Any) -> int:
    return 2000 + (sum(a.nbytes for leaves in found.rounds for a in leaves) if isinstance(found, Outputs) else 0)


Name = tuple[str, str]  # a normalised program, and the task that it was run for


@dataclass
class Memory:
    """Equal programs are judged once: what each normalised program answered, by task.

    What was not seen for longest is forgotten first, so that a large class fits into memory.
    """

    found: Recent[Name, Any] = field(default_factory=lambda: Recent(REMEMBERED, _size))
    hits: int = 0

    def look(self, names: Iterable[Name]) -> tuple[dict[Name, Any], set[Name]]:
        """Return what is known of these programs, and those that the caller shall run now.

        A program that is in neither is run by another process, which shares this memory: ask again later.
        """
        asked = list(names)
        known = {n: found for n in asked if (found := self.found.get(n)) is not None}
        self.hits += len(known)
        return known, set(asked) - set(known)

    def keep(self, found: Mapping[Name, Any]) -> None:
        """Remember what programs answered."""
        for name, value in found.items():
            self.found[name] = value


class Evaluator:
    """Judges programs on one device, one request at a time."""

    def __init__(self, device: str = "auto", run_seconds: float = 20, memory_mb: int = 2000) -> None:
        self.run_seconds = run_seconds
        self.worker = DeviceWorker(device, memory_mb)
        self.lock = threading.Lock()

    def start(self) -> str:
        """Return the name of the device.  Raises :class:`DeviceError`."""
        with self.lock:
            return self.worker.start()

    def close(self) -> None:
        """End the worker."""
        self.worker.close()

    def evaluate(self, tasks: Sequence[Task], memory: Memory) -> dict[str, Outputs | Refusal]:
        """Inspect and run all tasks, together if possible, one by one where that fails."""
        with self.lock:
            inspected = self.inspect(tasks)
            results: dict[str, Outputs | Refusal] = {}
            left: dict[Name, Task] = {}
            for task in tasks:
                inspection = inspected[task.key]
                if isinstance(inspection, Refusal):
                    results[task.key] = inspection
                else:
                    left[inspection["normal"], task.key] = task
            run = self._together
            while left:
                known, ours = memory.look(left)
                ready = {name: task for name, task in left.items() if name in ours}
                outcomes = run(list(ready.values())) if ready else {}
                fresh: dict[Name, Outputs | Refusal] = {}
                for name in ready:
                    inspection, outcome = inspected[name[1]], outcomes[name[1]]
                    assert not isinstance(inspection, Refusal)
                    if isinstance(outcome, Refusal):
                        fresh[name] = outcome
                    else:
                        fresh[name] = Outputs(tuple(map(tuple, outcome)), name[0], inspection["operations"])
                # A timeout or a crash may be the machine's doing: it is not remembered.
                memory.keep({n: f for n, f in fresh.items() if getattr(f, "kind", "") not in ("timeout", "crash")})
                results |= {name[1]: found for name, found in (known | fresh).items()}
                left = {n: t for n, t in left.items() if t.key not in results}
                run = self._again  # the worker may have been replaced
            return results

    def inspect(self, tasks: Sequence[Task], again: bool = True) -> dict[str, dict[str, Any] | Refusal]:
        """Look at all programs at once; if that brings the worker down, at one after the other, each twice."""
        if not tasks:
            return {}
        try:
            answer = self.worker.ask(*inspection_request(tasks), INSPECT_SECONDS)[0]
            if "error" in answer:
                raise Lost(f"not judged: {answer['message']}")
        except Lost as lost:
            if len(tasks) == 1 and again and str(lost) == "crash":
                return self.inspect(tasks, again=False)
            if len(tasks) == 1:
                ours = str(lost).startswith("not judged")
                return {tasks[0].key: Refusal("not judged" if ours else "parse", str(lost))}
            half = len(tasks) // 2
            found = self.inspect(tasks[:half]) | self.inspect(tasks[half:])
            good = [t for t in tasks if not isinstance(found[t.key], Refusal)]
            return found if not good or len(good) == len(tasks) else found | self.inspect(good)
        return read_inspections(tasks, answer)

    def _together(self, tasks: list[Task]) -> dict[str, list[list[np.ndarray]] | Refusal]:
        if not tasks:
            return {}
        # A budget for all: a program that needs more than its own share is found out alone.
        seconds = self.run_seconds * (1 + SHARE * (len(tasks) - 1))
        try:
            header, data = self.worker.ask(*_run_request(tasks, self.worker.memory_mb), seconds)
        except Lost as lost:
            header, data = {"error": str(lost)}, b""
        if "error" not in header:
            return _unpack(tasks, data)
        if len(tasks) > 1:
            return self._apart(tasks)
        return {tasks[0].key: self._alone(tasks[0], header)}

    def _apart(self, tasks: list[Task]) -> dict[str, list[list[np.ndarray]] | Refusal]:
        """Find the guilty program: function by function, then one by one.

        A function that ran out of time once does not get the time of its other programs as well.
        """
        functions = dict.fromkeys(t.function or t.key for t in tasks)
        results: dict[str, list[list[np.ndarray]] | Refusal] = {}
        if len(functions) > 1:
            for function in functions:
                results |= self._again([t for t in tasks if (t.function or t.key) == function])
            return results
        slow: Refusal | None = None
        for task in tasks:
            found = slow or self._again([task])[task.key]
            slow = found if isinstance(found, Refusal) and found.kind == "timeout" else slow
            results[task.key] = found
        return results

    def _again(self, tasks: list[Task]) -> dict[str, list[list[np.ndarray]] | Refusal]:
        """The worker knows only the programs of its last inspection: show it these again."""
        with contextlib.suppress(Lost):
            self.worker.ask(*inspection_request(tasks), INSPECT_SECONDS)
        return self._together(tasks)

    def _alone(self, task: Task, header: dict[str, Any]) -> list[list[np.ndarray]] | Refusal:
        """One program failed alone: say why, after a second try in a fresh worker for a crash."""
        if header["error"] in ("timeout", "memory"):
            return Refusal(header["error"], str(header.get("message", "")))
        self.worker.close()
        try:
            self.worker.ask(*inspection_request([task]), INSPECT_SECONDS)
            again, data = self.worker.ask(*_run_request([task], self.worker.memory_mb), self.run_seconds)
        except Lost as lost:
            return Refusal("crash", str(lost))
        if "error" in again:
            return Refusal(again["error"] if again["error"] == "memory" else "crash", str(again.get("message", "")))
        return _unpack([task], data)[task.key]


def inspection_request(tasks: Sequence[Task]) -> tuple[dict[str, Any], bytes]:
    """Ask the worker to look at programs and to keep those that may run."""
    programs = [
        {
            "id": t.key,
            "bytes": len(t.module),
            "inputs": t.inputs,
            "outputs": t.outputs,
            "by_hand": t.by_hand,
            "forbidden": t.forbidden,
        }
        for t in tasks
    ]
    return {"do": "inspect", "programs": programs}, b"".join(t.module for t in tasks)


def read_inspections(tasks: Sequence[Task], answer: Mapping[str, Any]) -> dict[str, dict[str, Any] | Refusal]:
    """What the worker found in each program: its inspection, or why it may not run."""
    return {
        task.key: Refusal(i["kind"], i["message"], tuple(i["where"]) if i["where"] else None) if i["kind"] else i
        for task, i in zip(tasks, answer["inspections"], strict=True)
    }


def as_bytes(arrays: Sequence[np.ndarray]) -> bytes:
    return b"".join(np.ascontiguousarray(x).tobytes() for x in arrays)


def from_bytes(data: bytes, at: int, shape: tuple[int, ...], dtype: str) -> tuple[np.ndarray, int]:
    """Read one array; the worker sends bfloat16 as float32."""
    kind = np.dtype("float32" if dtype == "bfloat16" else dtype)
    count = int(np.prod(shape, dtype=np.int64))
    return np.frombuffer(data, kind, count, at).reshape(shape), at + count * kind.itemsize


def _run_request(tasks: Sequence[Task], memory_mb: int) -> tuple[dict[str, Any], bytes]:
    jobs = [{"program": t.key, "rounds": len(t.rounds), "steps": t.steps, "carried": t.carried} for t in tasks]
    data = b"".join(as_bytes(inputs) for t in tasks for inputs in t.rounds)
    return {"do": "run", "jobs": jobs, "max_bytes": memory_mb << 20}, data


def _unpack(tasks: Sequence[Task], data: bytes) -> dict[str, list[list[np.ndarray]] | Refusal]:
    at, found = 0, dict[str, list[list[np.ndarray]] | Refusal]()
    for task in tasks:
        rounds = []
        for _ in task.rounds:
            leaves = []
            for spec in task.outputs:
                shape = ((task.steps,) if task.steps else ()) + tree.shape_of(spec)
                leaf, at = from_bytes(data, at, shape, tree.dtype_of(spec))
                leaves.append(leaf)
            rounds.append(leaves)
        found[task.key] = rounds
    return found
