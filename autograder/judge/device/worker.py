"""The evaluator's own process: holds the device, inspects programs and runs them on given inputs.

Disposable: it is killed when a program takes too long, and replaced when a program brings it down.  It knows
no truth, no rubric and no student; it answers in frames on standard output.  Before it reads the first program it
isolates itself, as its first message says (see ``confinement.py``).
"""

from __future__ import annotations

import ctypes
import functools
import os
import select
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any, BinaryIO

import jax
import numpy as np

from autograder import tree
from autograder.judge.device.arrays import as_bytes, from_bytes
from autograder.judge.device.canary import canary_module
from autograder.judge.device.comparison import (
    BrokenReferenceError,
    DifferentOutputsError,
    FailedProgramError,
    TrainingComparison,
    blaming,
)
from autograder.judge.device.execute import Job, TooLargeError, run
from autograder.judge.device.inspection import Rules, inspect, rebuild
from autograder.judge.device.interpret import try_to_interpret
from autograder.judge.device.measure import compare_cost, compare_speed, roofline, speed
from autograder.judge.device.requests import DIFFERENT, FAILED, MAX_TEXT, MEMORY, OURS, REFERENCE
from autograder.judge.device.trainer import Trainer
from autograder.sandbox.inside.isolation import enter, renounce
from autograder.wire import pack, read_frame

Header = dict[str, Any]
_PR_SET_PDEATHSIG = 1


class Worker:
    """Answers one request after another, each of which carries the programs that it is about.

    The parent asks for nothing but inspections of programs that it has not seen pass an inspection.
    """

    def __init__(self, answers: BinaryIO) -> None:
        self.answers = answers
        # The last that trained, compiled once for all seeds.
        self.trained: tuple[tuple[bytes, ...], Trainer, TrainingComparison | None] | None = None

    def send(self, header: Header, payload: bytes = b"") -> None:
        self.answers.write(pack(header, payload))
        self.answers.flush()

    def answer(self, header: Header, payload: bytes) -> tuple[Header, bytes]:
        """Dispatch one request; an exception becomes an answer with an ``error``."""
        actions: dict[str, Callable[[Header, bytes], tuple[Header, bytes]]] = {
            "inspect": self.inspect,
            "canary": self.canary,
            "run": self.run,
            "train": self.train,
            "time": self.time,
            "cost": self.cost,
            "speed": self.speed,
            "roofline": lambda header, payload: (roofline(), b""),
        }
        try:
            return actions[header["do"]](header, payload)
        except Exception as error:
            return _error(error), b""

    def inspect(self, header: Header, payload: bytes) -> tuple[Header, bytes]:
        """Inspect programs in turn, and tell of each as soon as it is done: the next may bring this process down."""
        for i, (module, rules) in enumerate(_programs(header, payload)[0]):
            found = inspect(module, rules)
            self.send(
                {
                    "progress": i,
                    "kind": found.kind,
                    "message": found.message[:MAX_TEXT],
                    "where": (found.where[0][:MAX_TEXT], found.where[1]) if found.where else None,
                    "normal": found.normal,
                    "operations": {} if found.kind else dict(found.operations),
                }
            )
        return {"done": True}, b""

    def canary(self, header: Header, payload: bytes) -> tuple[Header, bytes]:
        """Hand out a good program, for the parent to see how this process treats it."""
        return {"done": True}, canary_module()

    def run(self, header: Header, payload: bytes) -> tuple[Header, bytes]:
        """Run groups of programs in turn; tell when one is compiled, and send its outputs as soon as it is done."""
        programs, at = _programs(header, payload)
        jobs = []
        for (module, rules), job in zip(programs, header["jobs"], strict=True):
            shapes = [
                (job["steps"], *tree.shape_of(s)) if job["steps"] and i >= job["carried"] else tree.shape_of(s)
                for i, s in enumerate(rules.inputs)
            ]
            rounds = []
            for _ in range(job["rounds"]):
                arrays, at = _arrays(payload, at, rules.inputs, shapes)
                rounds.append(arrays)
            jobs.append((module, rules, rounds, job["steps"], job["carried"]))
        left = iter(jobs)
        for i, count in enumerate(header["groups"]):
            group = [next(left) for _ in range(count)]
            try:
                quick = [_interpreted(job) if header["interpret"] else None for job in group]
                slow = [job for job, found in zip(group, quick, strict=True) if found is None]
                rebuilt = [Job(rebuild(module, rules), *feed) for module, rules, *feed in slow]
                compiled = functools.partial(self.send, {"progress": i, "compiled": True})
                ran = iter(run(rebuilt, header["max_bytes"], compiled))
                results = [next(ran) if found is None else found for found in quick]
                outputs = b"".join(as_bytes(_plain(leaves)) for job in results for leaves in job)
            except Exception as error:  # programs that XLA refuses; the parent finds out which one
                self.send({"progress": i, **_error(error, FAILED)})
            else:
                self.send({"progress": i}, outputs)
        return {"done": True}, b""

    def train(self, header: Header, payload: bytes) -> tuple[Header, bytes]:
        """Train one run; the state never leaves this process.

        With reference programs, the step and the prediction must first be the reference's on the same states.
        """
        programs, at = _programs(header, payload)
        references, at = _programs(header, payload, "references", at)
        init, step, predict = (rules for _, rules in programs)
        carried = len(init.outputs)
        key, at = _arrays(payload, at, init.inputs)
        rows, held = step.inputs[carried:], predict.inputs[carried:]
        batches, at = _arrays(payload, at, rows, [(header["steps"], *tree.shape_of(s)) for s in rows])
        held_out, at = _arrays(payload, at, held)
        names = tuple(module for module, _ in (*programs, *references))
        if self.trained is None or self.trained[0] != names:
            functions, right = ([rebuild(*program) for program in some] for some in (programs, references))
            comparison = TrainingComparison(functions, right) if right else None
            self.trained = names, Trainer(functions[0], functions[1], functions[2], carried), comparison
        _, trainer, comparison = self.trained
        if comparison is not None:
            comparison.compare(key, batches, held_out)
        with blaming(FailedProgramError):
            losses, output = trainer.train(
                key[0], batches, held_out, lambda done, loss: self.send({"progress": done, "loss": loss})
            )
        return {"done": True, "compile": trainer.compile_seconds}, as_bytes([losses, *_plain(output)])

    def time(self, header: Header, payload: bytes) -> tuple[Header, bytes]:
        student, reference, sets = _pair(header, payload)
        measured = header["measured"]
        return compare_speed(student, reference, sets, measured, header["bands"], header["seconds"]), b""

    def cost(self, header: Header, payload: bytes) -> tuple[Header, bytes]:
        """Count what two programs need, after both gave the same outputs."""
        return dict(compare_cost(*_pair(header, payload))), b""

    def speed(self, header: Header, payload: bytes) -> tuple[Header, bytes]:
        """Speed and cost of one trusted program."""
        [(module, rules)], at = _programs(header, payload)
        return dict(speed(rebuild(module, rules), _sets(header, payload, at, rules))), b""


def _isolate(setup: Header, answers: int) -> None:
    """Take away what a program must not have, for good.  May return in another process than it was called in.

    Raises:
      OSError: a step failed; no program may be read then.
    """
    if setup["isolation"] == "strict":
        enter(setup["limits"], (answers,))
    elif setup["isolation"] == "rights":
        renounce(setup["limits"])
    elif sys.platform == "linux":  # a parser that never ends may hold the interpreter, and _follow with it
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _follow(parent: int) -> None:
    """End with the parent process, however it ended: an endless program would outlive it."""
    line = select.poll()
    line.register(0, 0)  # the end of the line is reported unasked
    while not line.poll(1000) and parent in (0, os.getppid()):
        pass
    os._exit(1)


def main(arguments: list[str]) -> int:
    """Isolate this process, then answer one request after another.  The first message says how."""
    parent = os.getppid()
    answers = os.dup(1)
    os.dup2(2, 1)
    if (first := read_frame(sys.stdin.buffer)) is None:
        return 1
    if "pinned" in arguments:  # the filter forbids it later
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    _isolate(first[0], answers)
    null = os.open(os.devnull, os.O_RDWR)  # nobody reads what libraries print
    os.dup2(null, 1)
    os.dup2(null, 2)
    # In a world of its own the process does not see its parent: there, the line alone tells.
    threading.Thread(target=_follow, args=(parent if first[0]["isolation"] == "none" else 0,), daemon=True).start()
    worker = Worker(os.fdopen(answers, "wb"))
    try:
        devices = jax.devices()
    except RuntimeError as error:
        worker.send({"error": "device", "message": str(error).splitlines()[0]})
        return 3
    worker.send({"platform": devices[0].platform, "kind": devices[0].device_kind, "count": len(devices)})
    while (frame := read_frame(sys.stdin.buffer)) is not None:
        worker.send(*worker.answer(*frame))
    return 0


def _error(error: Exception, blamed: str = OURS) -> Header:
    """Describe an error and say whose it is.

    Args:
      blamed: what an error of no known class says.
    """
    line = (str(error).splitlines() or [""])[0]
    if isinstance(error, TooLargeError):
        return {"error": MEMORY, "message": line[:MAX_TEXT]}
    kinds = {DifferentOutputsError: DIFFERENT, BrokenReferenceError: REFERENCE, FailedProgramError: FAILED}
    kind = next((kind for error_type, kind in kinds.items() if isinstance(error, error_type)), "")
    message = line if kind else f"{type(error).__name__}: {line}"
    if (kind or blamed) == FAILED and "RESOURCE_EXHAUSTED" in line:
        kind = MEMORY
    return {"error": kind or blamed, "message": message[:MAX_TEXT]}


def _interpreted(job: tuple[bytes, Rules, Any, int, int]) -> list[list[np.ndarray]] | None:
    """Run a program in the interpreter, on a CPU; None where it must be compiled."""
    module, rules, *feed = job
    return try_to_interpret(module, rules.platforms, *feed) if jax.default_backend() == "cpu" else None


def _programs(
    header: Header, payload: bytes, field: str = "programs", at: int = 0
) -> tuple[list[tuple[bytes, Rules]], int]:
    """Read the programs of a request with their rules, and where the payload goes on behind them."""
    programs = []
    for program in header.get(field, ()):
        lists = (tuple(program[name]) for name in ("inputs", "outputs", "forbidden", "platforms"))
        inputs, outputs, forbidden, platforms = lists
        rules = Rules(inputs, outputs, program["by_hand"], forbidden, platforms)
        programs.append((payload[at : at + program["bytes"]], rules))
        at += program["bytes"]
    return programs, at


def _pair(header: Header, payload: bytes) -> tuple[Any, Any, list[list[np.ndarray]]]:
    """Read the student's program, the reference's of the same signature, and the inputs for both."""
    [student, reference], at = _programs(header, payload)
    return rebuild(*student), rebuild(*reference), _sets(header, payload, at, reference[1])


def _sets(header: Header, payload: bytes, at: int, rules: Rules) -> list[list[np.ndarray]]:
    sets = []
    for _ in range(header["sets"]):
        arrays, at = _arrays(payload, at, rules.inputs)
        sets.append(arrays)
    return sets


def _arrays(
    payload: bytes, at: int, specs: Any, shapes: list[tuple[int, ...]] | None = None
) -> tuple[list[np.ndarray], int]:
    arrays = []
    for spec, shape in zip(specs, shapes or [tree.shape_of(s) for s in specs], strict=True):
        array, at = from_bytes(payload, at, shape, tree.dtype_of(spec))
        arrays.append(array)
    return arrays, at


def _plain(leaves: list[np.ndarray]) -> list[np.ndarray]:
    return [leaf.astype(np.float32) if leaf.dtype.name == "bfloat16" else leaf for leaf in leaves]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
