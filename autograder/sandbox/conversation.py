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
from autograder.sandbox.inside.main import CALL, LOWERING, START
from autograder.sandbox.process import END_SECONDS, Child, start

MAX_OUTPUT = 8 << 20
KEPT_OUTPUT = 4 << 10
MAX_SECONDS = 1e6
CALLS_OF_ONE = 2  # as many times the seconds of one call may all calls of a function take together
Place = tuple[Any, Any]  # (CALL, key), (module, index of a statement), or one of these:
BEGINNING: Place = (START, 0)
LAST: Place = (LOWERING, 0)  # all calls are traced; no code of the submission runs any more


@dataclass
class Heard:
    """What one submission said so far, in all lives of its process.

    Attributes:
      programs: by call key.
      raised: top-level statements that raised, by module and index.
      printed: while a call was traced, by key; ``printed_first`` by top-level statements.
      spent: seconds that each call was traced for, by function and key.

    A call that is traced again replaces what was printed and spent before.
    """

    programs: dict[str, Program | Failure] = field(default_factory=dict)
    raised: dict[tuple[str, int], Mapping[str, Any]] = field(default_factory=dict)
    printed_first: bytearray = field(default_factory=bytearray)
    printed: dict[str, bytearray] = field(default_factory=dict)
    spent: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def output(self) -> str:
        """What was printed, up to KEPT_OUTPUT bytes."""
        return b"".join([self.printed_first, *self.printed.values()])[:KEPT_OUTPUT].decode("utf-8", "replace")

    def spent_by(self, function: str) -> float:
        """Return the seconds that all calls of a function were traced for."""
        return sum(self.spent.get(function, {}).values())

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
      platforms: what programs are lowered for.
      together: whether it was asked to lower them all at its end.
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
        platforms: Sequence[str],
        together: bool,
        limits: Mapping[str, int],
        until: float,
        heard: Heard,
        stop: threading.Event | None,
    ) -> None:
        self.messages, self.modules, self.calls, self.public = messages, modules, calls, public
        self.platforms, self.together = tuple(platforms), together
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
                            if self.at != before and self.at[0] in (CALL, LOWERING) and self._is_shown(before):
                                self._drain(process.stderr, before)
                            if self.at != before and (self.at[0] in (CALL, LOWERING) or before == BEGINNING):
                                self._charge(before)
                                deadline = self.since + self._allowed()
                        reader.feed(b"")  # what was wrong after the good frames
                    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError):
                        return "forged"
                    if self.done:
                        if self._is_shown(self.at):
                            self._drain(process.stderr, self.at)
                        return None

    def _charge(self, place: Place) -> None:
        """Put the time since the last place down to its function; the next place begins."""
        now = time.monotonic()
        if place[0] == CALL:
            self.heard.spent.setdefault(self.calls[place[1]], {})[place[1]] = now - self.since
        self.since = now

    def _allowed(self) -> float:
        """Seconds for what begins now: a function may not take the time of a call over and over."""
        if self.at[0] not in (CALL, LOWERING):
            return self.limits["import_seconds"]
        seconds = self.limits["trace_seconds"]
        if self.at == LAST:
            return seconds
        return min(seconds, CALLS_OF_ONE * seconds - self.heard.spent_by(self.calls[self.at[1]]))

    def _take(self, header: dict[str, Any], payload: bytes) -> None:
        if "begin" in header:
            self.at = self._place(*header["begin"])
            self.begun.add(self.at)
            if self.at[0] == CALL:
                function, key = self.calls[self.at[1]], self.at[1]
                self.heard.printed[key] = bytearray()
                self.heard.spent.setdefault(function, {})[key] = 0.0
        elif "program" in header:
            key = str(header["program"])
            if key in self.calls and key not in self.heard.programs:
                output, forward = checked_spec(header["output"]), checked_spec(header["forward"])
                self.heard.programs[key] = Program(payload, output, forward, self.platforms)
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
        elif name == LOWERING:
            place, known = LAST, self.together
        else:  # where only our own code runs, and nothing that runs later may go back
            place, known = BEGINNING, name == START and not self.begun
        if not known or place in self.begun or LAST in self.begun:
            raise ValueError("a place that was not asked about")
        return place

    def _hear(self, data: bytes) -> bool:
        """Keep what was printed, up to a bound; return False when it is too much to go on."""
        self.flood += len(data)
        if self._is_shown(self.at):
            _keep(self._sink(self.at), data)
        return self.flood <= MAX_OUTPUT

    def _sink(self, place: Place) -> bytearray:
        """Where to keep what is printed there."""
        return self.heard.printed[place[1]] if place[0] == CALL else self.first

    def _is_shown(self, place: Place) -> bool:
        """Whether a student may read what is printed there; in other places the process prints nothing by itself."""
        return place[1] in self.public if place[0] == CALL else place != LAST

    def _drain(self, stderr: IO[bytes], place: Place) -> None:
        """Read what was printed before this moment and is not read yet."""
        with contextlib.suppress(OSError):
            data = os.read(stderr.fileno(), 1 << 16)
            self.flood += len(data)
            _keep(self._sink(place), data)


def _keep(to: bytearray, data: bytes) -> None:
    to += data[: max(0, KEPT_OUTPUT - len(to))]


def _death(process: Child) -> str:
    return "cpu" if process.wait(5) in (-9, 137) else "died"


def _write(stream: Any, data: bytes) -> None:
    with contextlib.suppress(OSError):
        stream.write(data)
        stream.close()
