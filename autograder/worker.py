"""The evaluator's own process: holds the device, inspects programs and runs them on given inputs.

Disposable: it is killed when a program takes too long, and replaced when one brings it down.  It knows
no truth, no rubric and no student; it answers frames on standard output.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, BinaryIO

import jax
import numpy as np

from autograder import tree
from autograder.evaluate import as_bytes, from_bytes
from autograder.execute import Job, TooLarge, run
from autograder.frames import pack, read_frame
from autograder.program import Rules, inspect, rebuild
from autograder.stopwatch import Different, compare_speed, count_cost, roofline, speed
from autograder.training import Trainer

Header = dict[str, Any]


class Worker:
    """Answers one request after another; remembers the programs of the last inspection."""

    def __init__(self, answers: BinaryIO) -> None:
        self.answers = answers
        self.known: dict[str, tuple[bytes, Rules]] = {}
        self.trainers: dict[tuple[str, ...], Trainer] = {}  # compiled once for all seeds

    def send(self, header: Header, payload: bytes = b"") -> None:
        self.answers.write(pack(header, payload))
        self.answers.flush()

    def answer(self, header: Header, payload: bytes) -> tuple[Header, bytes]:
        """Dispatch one request; whatever goes wrong becomes an answer."""
        actions: dict[str, Callable[[Header, bytes], tuple[Header, bytes]]] = {
            "inspect": self.inspect,
            "run": self.run,
            "train": self.train,
            "time": self.time,
            "cost": self.cost,
            "speed": self.speed,
            "roofline": lambda header, payload: (roofline(), b""),
        }
        try:
            return actions[header["do"]](header, payload)
        except TooLarge as error:
            return {"error": "memory", "message": str(error)}, b""
        except Different as error:
            return {"error": "different", "message": str(error)}, b""
        except Exception as error:  # a program that XLA refuses; the parent finds out which one
            lines = str(error).splitlines() or [""]
            kind = "memory" if "RESOURCE_EXHAUSTED" in lines[0] else "run"
            return {"error": kind, "message": f"{type(error).__name__}: {lines[0][:300]}"}, b""

    def inspect(self, header: Header, payload: bytes) -> tuple[Header, bytes]:
        found, at = [], 0
        self.known.clear()
        self.trainers.clear()
        for program in header["programs"]:
            module = payload[at : at + program["bytes"]]
            at += program["bytes"]
            rules = _rules(program)
            inspection = inspect(module, rules)
            if not inspection.kind:
                self.known[program["id"]] = module, rules
            found.append(
                {
                    "kind": inspection.kind,
                    "message": inspection.message,
                    "where": inspection.where,
                    "normal": inspection.normal,
                    "operations": dict(inspection.operations),
                    "constant_bytes": inspection.constant_bytes,
                }
            )
        return {"inspections": found}, b""

    def run(self, header: Header, payload: bytes) -> tuple[Header, bytes]:
        at, jobs = 0, []
        for job in header["jobs"]:
            module, rules = self.known[job["program"]]
            shapes = [
                (job["steps"], *tree.shape_of(s)) if job["steps"] and i >= job["carried"] else tree.shape_of(s)
                for i, s in enumerate(rules.inputs)
            ]
            rounds = []
            for _ in range(job["rounds"]):
                arrays, at = _arrays(payload, at, rules.inputs, shapes)
                rounds.append(arrays)
            jobs.append(Job(rebuild(module, rules), rounds, job["steps"], job["carried"]))
        results = run(jobs, header["max_bytes"])
        return {"done": True}, b"".join(as_bytes(_plain(leaves)) for job in results for leaves in job)

    def train(self, header: Header, payload: bytes) -> tuple[Header, bytes]:
        """Train one run; the state never leaves this process."""
        names = tuple(header["programs"])
        init, step, predict = (self.known[name][1] for name in names)
        carried = len(init.outputs)
        key, at = _arrays(payload, 0, init.inputs)
        rows, held = step.inputs[carried:], predict.inputs[carried:]
        batches, at = _arrays(payload, at, rows, [(header["steps"], *tree.shape_of(s)) for s in rows])
        held_out, at = _arrays(payload, at, held)
        if names not in self.trainers:
            programs = [rebuild(*self.known[name]) for name in names]
            self.trainers[names] = Trainer(programs[0], programs[1], programs[2], carried)
        trainer = self.trainers[names]
        losses, output = trainer.train(
            key[0], batches, held_out, lambda done, loss: self.send({"progress": done, "loss": loss})
        )
        return {"done": True, "compile": trainer.compile_seconds}, as_bytes([losses, *_plain(output)])

    def time(self, header: Header, payload: bytes) -> tuple[Header, bytes]:
        student, reference, sets = self._pair(header, payload)
        return compare_speed(student, reference, sets, header["bands"], header["seconds"]), b""

    def cost(self, header: Header, payload: bytes) -> tuple[Header, bytes]:
        student, reference, sets = self._pair(header, payload)
        return {"student": count_cost(student, sets[0]), "reference": count_cost(reference, sets[0])}, b""

    def speed(self, header: Header, payload: bytes) -> tuple[Header, bytes]:
        """Speed and cost of one trusted program."""
        rules, module = _rules(header), payload[: header["bytes"]]
        sets, at = [], header["bytes"]
        for _ in range(header["sets"]):
            arrays, at = _arrays(payload, at, rules.inputs)
            sets.append(arrays)
        program = rebuild(module, rules)
        return {"seconds": speed(program, sets), **count_cost(program, sets[0])}, b""

    def _pair(self, header: Header, payload: bytes) -> tuple[Any, Any, list[list[np.ndarray]]]:
        """The student's inspected program, the reference's, and the inputs for both."""
        module, rules = self.known[header["program"]]
        reference, at = payload[: header["bytes"]], header["bytes"]
        sets = []
        for _ in range(header["sets"]):
            arrays, at = _arrays(payload, at, rules.inputs)
            sets.append(arrays)
        return rebuild(module, rules), rebuild(reference, rules), sets


def _follow(parent: int) -> None:
    """End with the process that asked, however it ended: nobody else would stop a program that runs for ever."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def main(arguments: list[str]) -> int:
    threading.Thread(target=_follow, args=(os.getppid(),), daemon=True).start()
    worker = Worker(os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)
    if "pinned" in arguments:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    try:
        devices = jax.devices()
    except RuntimeError as error:
        worker.send({"error": "device", "message": str(error).splitlines()[0]})
        return 3
    device = devices[0]
    worker.send({"device": describe_device(device), "platform": device.platform, "count": len(devices)})
    while (frame := read_frame(sys.stdin.buffer)) is not None:
        worker.send(*worker.answer(*frame))
    return 0


def describe_device(device: Any) -> str:
    """Name the device with its memory and clock, as far as the machine tells."""
    if device.platform != "cpu":
        more = ""
        if shutil.which("nvidia-smi"):
            query = ["nvidia-smi", "--query-gpu=memory.total,clocks.max.sm,driver_version", "--format=csv,noheader"]
            lines = subprocess.run(query, capture_output=True, text=True, check=False).stdout.splitlines()
            more = f", {lines[0]}" if lines else ""
        return f"{device.platform}: {device.device_kind}{more}"
    facts: dict[str, str] = {}
    try:
        with open("/proc/cpuinfo") as file:
            facts = {k.strip(): v.strip() for k, _, v in (line.partition(":") for line in file)}
    except OSError:
        pass
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"cpu: {facts.get('model name', 'unknown processor')}, {os.cpu_count()} cores, {memory:.0f} GB{_clock()}"


def _clock() -> str:
    """The highest clock, which does not change from run to run, where the kernel tells it."""
    try:
        with open("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq") as file:
            return f", {int(file.read()) / 1e6:.1f} GHz"
    except (OSError, ValueError):
        return ""


def _rules(header: Header) -> Rules:
    return Rules(
        tuple(header["inputs"]),
        tuple(header["outputs"]),
        header.get("by_hand", False),
        tuple(header.get("forbidden", ())),
    )


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
