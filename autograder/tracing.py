"""Drive the tracer from outside: ask for programs, believe nothing, start again where it dies."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from autograder import frames, sandbox
from autograder.assignment import Assignment
from autograder.plan import Call
from autograder.sandbox import Sandbox
from autograder.submission import Submission
from autograder.tree import Spec

MAX_STARTS = 12
MAX_OUTPUT = 8 << 20
KEPT_OUTPUT = 4 << 10


@dataclass(frozen=True)
class Program:
    """What the sandbox handed out for one call: serialised StableHLO, not yet believed."""

    module: bytes
    output: Spec


@dataclass(frozen=True)
class Failure:
    """Why a call has no program; ``kind`` and ``details`` feed the explanation."""

    kind: str
    message: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Traced:
    """All that one submission handed out."""

    programs: Mapping[str, Program | Failure]  # by call key
    raised: tuple[Mapping[str, Any], ...]  # top-level statements that raised or killed the process
    output: str
    seconds: Mapping[str, float]  # wall time, and the processor time that the tracer says it used


def trace(
    submission: Submission,
    assignment: Assignment,
    calls: Mapping[str, Call],
    cotangents: Mapping[str, list[Spec]],
    box: Sandbox,
    stop: threading.Event | None = None,
) -> Traced:
    """Trace every call of a submission in the sandbox.

    One process traces everything; if it dies or runs out of time in one function, the calls that remain
    are traced in a fresh process.
    """
    started = time.monotonic()
    programs: dict[str, Program | Failure] = {}
    raised: dict[tuple[str, int], Mapping[str, Any]] = {}
    skip: list[list[Any]] = []
    lost: set[str] = set()  # functions that already cost a process once
    output = bytearray()
    used: Mapping[str, float] = {}
    for _ in range(MAX_STARTS):
        todo = [c for c in calls.values() if c.key not in programs]
        if not todo:
            break
        request = _request(submission, assignment, todo, cotangents, skip, box)
        session = _Session(request, assignment.limits, box, programs, raised, output, stop)
        why, at = session.run()
        used = session.used
        if why is None and all(c.key in programs for c in todo):
            break
        why = why or "forged"  # it said that it was done, and is not
        if at[0] == "call":
            call = calls[str(at[1])]
            programs[call.key] = Failure(why, "")
            if call.function in lost:  # do not let one function spend the time of the others twice
                for other in todo:
                    if other.function == call.function:
                        programs.setdefault(other.key, Failure(why, ""))
            lost.add(call.function)
        elif at[0] == "import jax":
            raise TracerError(f"the tracer did not start ({why}): {output[-400:].decode('utf-8', 'replace').strip()}")
        else:
            skip.append(list(at))
            raised[at[0], int(at[1])] = {"raised": list(at), "kind": why, "message": ""}
    for call in calls.values():
        programs.setdefault(call.key, Failure("gave up", ""))
    text = bytes(output[:KEPT_OUTPUT]).decode("utf-8", "replace")
    seconds = {"tracer": time.monotonic() - started, **used}
    return Traced(programs, tuple(raised.values()), text, seconds)


class TracerError(RuntimeError):
    """The sandbox itself failed, before student code ran: our fault, nobody's mark."""


def _request(
    submission: Submission,
    assignment: Assignment,
    calls: list[Call],
    cotangents: Mapping[str, list[Spec]],
    skip: list[list[Any]],
    box: Sandbox,
) -> dict[str, Any]:
    where = box.request()
    limits = assignment.limits
    cpu = limits["import_seconds"] + limits["trace_seconds"] * 4
    return {
        "uid": where["uid"],
        "path": where["path"],
        "limits": {
            "memory_mb": limits["memory_mb"],
            "cpu_seconds": cpu,
            "file_mb": 1,  # a file in memory counts against nobody's memory
            "processes": where["processes"],
        },
        "given": assignment.given,
        "modules": [
            {
                "name": m.name,
                "statements": [{"source": s.source, "filename": s.filename, "line": s.line} for s in m.statements],
            }
            for m in submission.modules
        ],
        "skip": skip,
        "calls": [
            {
                "id": c.key,
                "function": c.function,
                "args": c.args,
                "static": c.static,
                "vjp": c.vjp,
                "cotangents": cotangents.get(c.key, []),
                "precision": c.precision,
            }
            for c in calls
        ],
    }


class _Session:
    """One life of the tracer process."""

    def __init__(
        self,
        request: dict[str, Any],
        limits: Mapping[str, int],
        box: Sandbox,
        programs: dict[str, Program | Failure],
        raised: dict[tuple[str, int], Mapping[str, Any]],
        output: bytearray,
        stop: threading.Event | None,
    ) -> None:
        self.asked = {c["id"] for c in request["calls"]}
        self.request, self.limits, self.box, self.stop = request, limits, box, stop
        self.programs, self.raised, self.output = programs, raised, output
        self.at: tuple[Any, Any] = ("import jax", 0)
        self.begun = self.done = False
        self.used: Mapping[str, float] = {}

    def run(self) -> tuple[str | None, tuple[Any, Any]]:
        """Return (None, …) when everything was answered, else why the process was lost, and where."""
        process = self.box.start()
        try:
            return self._converse(process)
        finally:
            sandbox.kill(process)

    def _converse(self, process: subprocess.Popen[bytes]) -> tuple[str | None, tuple[Any, Any]]:
        assert process.stdin and process.stdout and process.stderr
        writer = threading.Thread(target=_write, args=(process.stdin, json.dumps(self.request).encode()), daemon=True)
        writer.start()
        reader = frames.FrameReader()
        flood, measured = 0, 0.0
        deadline = total = time.monotonic()
        deadline += self.limits["import_seconds"]
        total += self.limits["import_seconds"] + 6 * self.limits["trace_seconds"]
        with selectors.DefaultSelector() as ready:
            ready.register(process.stdout, selectors.EVENT_READ)
            ready.register(process.stderr, selectors.EVENT_READ)
            while True:
                now = time.monotonic()
                if now > min(deadline, total):
                    return "timeout", self.at
                if self.stop is not None and self.stop.is_set():
                    raise InterruptedError
                if now - measured > 0.2:
                    measured = now
                    if sandbox.resident_bytes(process) > self.limits["memory_mb"] << 20:
                        return "memory", self.at
                for key, _ in ready.select(timeout=min(0.25, max(deadline - now, 0.01))):
                    data = os.read(key.fd, 1 << 16)
                    if key.fileobj is process.stderr:
                        flood += len(data)
                        self.output += data[: max(0, KEPT_OUTPUT - len(self.output))]
                        if flood > MAX_OUTPUT:
                            return "flood", self.at
                        if not data:
                            ready.unregister(process.stderr)
                        continue
                    if not data:
                        return (None if self.done else self._death(process)), self.at
                    try:
                        for header, payload in reader.feed(data):
                            before = self.at
                            self._take(header, payload)
                            if self.at != before:
                                imports = self.at[0] != "call"
                                seconds = self.limits["import_seconds" if imports else "trace_seconds"]
                                if not imports or before[0] == "import jax":
                                    deadline = time.monotonic() + seconds
                        reader.feed(b"")  # what was wrong after the good frames
                    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError):
                        return "forged", self.at
                    if self.done:
                        self._last_words(process.stderr)
                        return None, self.at

    def _take(self, header: dict[str, Any], payload: bytes) -> None:
        if "begin" in header:
            name, index = header["begin"]
            known = name == "call" or any(m["name"] == name for m in self.request["modules"])
            if name == "import jax" and not self.begun:  # ours, so nothing that runs later may go back there
                known = self.begun = True
            if not known or (name == "call" and index not in self.asked):
                raise ValueError("a place that was not asked about")
            self.at = (name, index if name == "call" else int(index))
        elif "program" in header:
            key = str(header["program"])
            if key in self.asked and key not in self.programs:
                self.programs[key] = Program(payload, checked_spec(header["output"]))
        elif "failure" in header:
            key = str(header["failure"])
            if header["kind"] == "structure":
                header["actual"] = checked_spec(header["actual"])
            if key in self.asked and key not in self.programs:
                self.programs[key] = Failure(str(header["kind"]), str(header["message"]), header)
        elif "raised" in header:
            name, index = header["raised"]
            if not any(m["name"] == name and 0 <= index < len(m["statements"]) for m in self.request["modules"]):
                raise ValueError("a statement that was not asked about")
            self.raised[name, int(index)] = header
        elif header.get("done"):
            self.done = True
            self.used = {f"{k} (cpu)": float(header[k]) for k in ("start", "trace")}

    def _last_words(self, stderr: IO[bytes]) -> None:
        """Keep what was printed before the end and is not read yet."""
        os.set_blocking(stderr.fileno(), False)
        with contextlib.suppress(OSError):
            self.output += os.read(stderr.fileno(), max(0, KEPT_OUTPUT - len(self.output)))

    @staticmethod
    def _death(process: subprocess.Popen[bytes]) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=5)
        return "cpu" if process.returncode in (-9, 137) else "died"


def checked_spec(spec: Any, depth: int = 0) -> Spec:
    """Refuse a description of an output that is not in the language of specs."""
    if not isinstance(spec, list) or depth > 70 or not spec:
        raise ValueError("not a spec")
    kind = spec[0]
    if kind == "d":
        return ["d", [[k if isinstance(k, int) else str(k), checked_spec(s, depth + 1)] for k, s in spec[1]]]
    if kind in ("l", "t"):
        return [kind, [checked_spec(s, depth + 1) for s in spec[1]]]
    if kind in ("n", "k"):
        return [kind]
    if kind == "a":
        return ["a", [int(n) for n in spec[1]], str(spec[2])[:20]]
    raise ValueError("not a spec")


def _write(stream: Any, data: bytes) -> None:
    with contextlib.suppress(OSError):
        stream.write(data)
        stream.close()
