"""One life of the sandboxed process: send it its messages, hear its answers, and notice how it ends."""

from __future__ import annotations

import contextlib
import os
import selectors
import threading
import time
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from autograder import wire
from autograder.sandbox import bubblewrap
from autograder.sandbox.bubblewrap import Sandbox
from autograder.sandbox.frames import Failure, Program, checked_spec, read_failure, read_raised
from autograder.sandbox.inside.main import CALL, START
from autograder.sandbox.process import END_SECONDS, Child, start

MAX_OUTPUT = 8 << 20
KEPT_OUTPUT = 4 << 10
MAX_SECONDS = 1e6
CALLS_OF_ONE = 2  # as many times the seconds of one call may all calls of a function take together
Place = tuple[Any, Any]  # (CALL, key), (module, index of a statement), or where it starts
BEGINNING: Place = (START, 0)


@dataclass
class Heard:
    """What one submission said so far, in all lives of its process.

    Attributes:
      programs: by call key.
      raised: top-level statements that raised, by module and index.
      printed: by its functions while they were traced; ``printed_first`` by its top-level statements.
      spent: seconds that each function was traced for.
    """

    programs: dict[str, Program | Failure] = field(default_factory=dict)
    raised: dict[tuple[str, int], Mapping[str, Any]] = field(default_factory=dict)
    printed_first: bytearray = field(default_factory=bytearray)
    printed: bytearray = field(default_factory=bytearray)
    spent: dict[str, float] = field(default_factory=dict)

    @property
    def output(self) -> str:
        """What was printed, up to KEPT_OUTPUT bytes."""
        return bytes((self.printed_first + self.printed)[:KEPT_OUTPUT]).decode("utf-8", "replace")

    def print_again(self, new: bytes) -> None:
        """Add what top-level statements printed in another life; what they repeat is kept once."""
        pairs = enumerate(zip(self.printed_first, new, strict=False))
        same = next((i for i, (a, b) in pairs if a != b), min(len(self.printed_first), len(new)))
        self.printed_first += new[same:]


class Conversation:
    """One life of the process.

    Args:
      messages: what the process reads, one after the other.
      modules: how many statements each module has, by name: the places that it may speak of.
      calls: key of each call that it was asked for -> name of the function.
      public: keys of the calls whose prints a student may read.
      limits: seconds and megabytes, see :class:`Assignment`.
      until: when the time of the whole submission is over, on the monotonic clock.
      heard: filled with what it says.
      stop: set from outside to end everything.
    """

    def __init__(
        self,
        messages: Sequence[Mapping[str, Any]],
        modules: Mapping[str, int],
        calls: Mapping[str, str],
        public: Container[str],
        limits: Mapping[str, int],
        until: float,
        heard: Heard,
        stop: threading.Event | None,
    ) -> None:
        self.messages, self.modules, self.calls, self.public = messages, modules, calls, public
        self.limits, self.until, self.heard, self.stop = limits, until, heard, stop
        self.since = 0.0  # when the call under way began
        self.at = BEGINNING
        self.begun: set[Place] = set()
        self.done = False
        self.first = bytearray()  # printed before the first call
        self.flood = 0
        self.used: Mapping[str, float] = {}

    def hold(self, sandbox: Sandbox) -> str | None:
        """Return None when everything was answered, else why the process was lost; ``at`` says where."""
        process = start(sandbox)
        try:
            return self._converse(process)
        finally:
            self._charge(self.at)
            process.close(END_SECONDS if self.done else 0)
            self.heard.print_again(bytes(self.first))

    def _converse(self, process: Child) -> str | None:
        data = b"".join(map(bubblewrap.message, self.messages))
        threading.Thread(target=_write, args=(process.stdin, data), daemon=True).start()
        reader = wire.FrameReader()
        measured = 0.0
        self.since = time.monotonic()
        deadline = self.since + self.limits["import_seconds"]
        with selectors.DefaultSelector() as ready:
            for stream in (process.stdout, process.stderr):
                os.set_blocking(stream.fileno(), False)  # what was ready may have been drained since
                ready.register(stream, selectors.EVENT_READ)
            while True:
                now = time.monotonic()
                if now > min(deadline, self.until):
                    return "timeout"
                if self.stop is not None and self.stop.is_set():
                    raise InterruptedError
                if now - measured > 0.2:
                    measured = now
                    if process.overruns(self.limits["memory_mb"]):
                        return "memory"
                for key, _ in ready.select(timeout=min(0.25, max(deadline - now, 0.01))):
                    try:
                        data = os.read(key.fd, 1 << 16)
                    except BlockingIOError:
                        continue
                    if key.fileobj is process.stderr:
                        if not self._hear(data):
                            return "flood"
                        if not data:
                            ready.unregister(process.stderr)
                        continue
                    if not data:
                        return None if self.done else _death(process)
                    try:
                        for header, payload in reader.feed(data):
                            before = self.at
                            self._take(header, payload)
                            if self.at[0] == CALL and before[0] != CALL:
                                self._drain(process.stderr, self.first)
                            elif not self._is_shown(self.at) and self._is_shown(before):
                                self._drain(process.stderr, self.heard.printed)
                            if self.at != before and (self.at[0] == CALL or before == BEGINNING):
                                self._charge(before)
                                deadline = self.since + self._allowed()
                        reader.feed(b"")  # what was wrong after the good frames
                    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError):
                        return "forged"
                    if self.done:
                        if self._is_shown(self.at):
                            self._drain(process.stderr, self.heard.printed)
                        return None

    def _charge(self, place: Place) -> None:
        """Put the time since the last place down to its function; the next place begins."""
        now = time.monotonic()
        if place[0] == CALL:
            function = self.calls[place[1]]
            self.heard.spent[function] = self.heard.spent.get(function, 0.0) + now - self.since
        self.since = now

    def _allowed(self) -> float:
        """Seconds for what begins now: a function may not take the time of a call over and over."""
        if self.at[0] != CALL:
            return self.limits["import_seconds"]
        seconds = self.limits["trace_seconds"]
        return min(seconds, CALLS_OF_ONE * seconds - self.heard.spent.get(self.calls[self.at[1]], 0.0))

    def _take(self, header: dict[str, Any], payload: bytes) -> None:
        if "begin" in header:
            self.at = self._place(*header["begin"])
            self.begun.add(self.at)
        elif "program" in header:
            key = str(header["program"])
            if key in self.calls and key not in self.heard.programs:
                output, forward = checked_spec(header["output"]), checked_spec(header["forward"])
                self.heard.programs[key] = Program(payload, output, forward)
        elif "failure" in header:
            key, failure = str(header["failure"]), read_failure(header)
            if key in self.calls and key not in self.heard.programs:
                self.heard.programs[key] = failure
        elif "raised" in header:
            event = read_raised(header)
            name, index = event["raised"]
            if not 0 <= index < self.modules.get(name, 0):
                raise ValueError("a statement that was not asked about")
            self.heard.raised[name, index] = event
        elif header.get("done"):
            used = {f"{k} (cpu)": float(header[k]) for k in ("start", "trace")}
            if not all(0 <= seconds < MAX_SECONDS for seconds in used.values()):
                raise ValueError("no time that a process can take")
            self.used, self.done = used, True

    def _place(self, name: str, index: Any) -> Place:
        """Check where the process says that it is now: nothing begins twice, or its time would begin anew."""
        if name == CALL:
            place, known = (name, index), index in self.calls
        elif name in self.modules:
            place = (name, int(index))
            known = 0 <= place[1] < self.modules[name]
        else:  # where only our own code runs, and nothing that runs later may go back
            place, known = BEGINNING, name == START and not self.begun
        if not known or place in self.begun:
            raise ValueError("a place that was not asked about")
        return place

    def _hear(self, data: bytes) -> bool:
        """Keep what was printed, up to a bound; return False when it is too much to go on."""
        self.flood += len(data)
        if self._is_shown(self.at):
            _keep(self.heard.printed if self.at[0] == CALL else self.first, data)
        return self.flood <= MAX_OUTPUT

    def _is_shown(self, place: Place) -> bool:
        """Whether a student may read what is printed there; in other places the process prints nothing by itself."""
        return place[0] != CALL or place[1] in self.public

    def _drain(self, stderr: IO[bytes], to: bytearray) -> None:
        """Read what was printed before this moment and is not read yet."""
        with contextlib.suppress(OSError):
            data = os.read(stderr.fileno(), 1 << 16)
            self.flood += len(data)
            _keep(to, data)


def _keep(to: bytearray, data: bytes) -> None:
    to += data[: max(0, KEPT_OUTPUT - len(to))]


def _death(process: Child) -> str:
    return "cpu" if process.wait(5) in (-9, 137) else "died"


def _write(stream: Any, data: bytes) -> None:
    with contextlib.suppress(OSError):
        stream.write(data)
        stream.close()
