"""A worker process that holds a device: started when needed, asked with a time limit, replaced when lost.

It is confined as far as the machine allows (``confinement.py``).  Where the sandbox works, a worker that cannot be
started in it is an error, never a reason to start it without.
"""

from __future__ import annotations

import contextlib
import functools
import os
import selectors
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, NoReturn

from autograder.errors import NotJudgedError
from autograder.judge.device.accelerators import resolve, variables
from autograder.judge.device.budget import Stopwatch
from autograder.judge.device.confinement import SPARE_MB, Confinement, confinement, launch, setup
from autograder.judge.device.description import describe
from autograder.judge.device.environment import xla_flags
from autograder.judge.device.requests import MEMORY
from autograder.sandbox.bubblewrap import ends_of_chain, kill
from autograder.sandbox.cgroup import Group, make
from autograder.wire import FrameReader, pack

START_SECONDS = 120
POLL_SECONDS = 0.1
MAX_PAYLOAD = 1 << 30
SLACK_MB = 2000  # what JAX itself needs beside a program's arrays


class DeviceError(NotJudgedError):
    """The requested device is not there, or the worker cannot start: our fault."""


TIMEOUT, CRASH = "timeout", "crash"  # why a worker was lost; or MEMORY


Progress = Callable[[dict[str, Any], bytes], object]


class LostWorkerError(Exception):
    """The worker gave no answer; ``kind`` says why."""

    def __init__(self, kind: str, message: str = "") -> None:
        super().__init__(message or kind)
        self.kind, self.message = kind, message


class DeviceWorker:
    """One worker process on one device.  Only one thread may use it at a time.

    Args:
      device: "cpu", "gpu", "tpu" or "auto"; a number after a colon picks one of several ("gpu:1").
      memory_mb: what a program may use.
      pinned: one thread on one core, for timing on the CPU.
    """

    def __init__(self, device: str = "auto", memory_mb: int = 2000, pinned: bool = False) -> None:
        kind, _, self._index = device.partition(":")
        if kind not in ("auto", "cpu", "gpu", "tpu"):
            raise DeviceError(f"unknown device {device!r}: expected cpu, gpu, tpu or auto")
        self._kind, self.memory_mb, self._pinned = kind, memory_mb, pinned
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = threading.Event()
        self._reader = FrameReader(max_payload=MAX_PAYLOAD, max_total=1 << 62)
        self._pid, self._said = 0, ""
        self._group: Group | None = None
        self.about: dict[str, Any] = {}

    @functools.cached_property
    def confinement(self) -> Confinement:
        """How the worker is confined; decided once, since a device is not to be had at one time and missing later."""
        return confinement(resolve(self._kind))

    def start(self) -> str:
        """Start the worker if there is none; return the name of its device.  Raises :class:`DeviceError`."""
        if not self.running:
            self.close()  # a worker that died leaves its pipes
            self._reader = FrameReader(max_payload=MAX_PAYLOAD, max_total=1 << 62)
            self._ended = threading.Event()
            try:
                self._process = _launch(self.confinement, self._environment(), self._arguments(), self._ended)
                self._pid = self._process.pid
                assert self._process.stdin is not None
                _write(self._process.stdin, setup(self.confinement, self.memory_mb + SLACK_MB))
                watch = Stopwatch(START_SECONDS)
                watch.start(self._pid)
                hello = self._receive(watch, None)[0]
            except OSError as error:
                raise DeviceError(f"the evaluator did not start ({error})") from None
            except LostWorkerError as lost:
                how = "confined" if self.confinement.world is not None else "not confined"
                why = f"{lost.kind}, {self.confinement.platform}, {how}"
                raise DeviceError(f"the evaluator did not start ({why}): {self._said or 'no message'}") from None
            if "error" in hello:
                raise DeviceError(f"no such device here: {hello['message']}")
            self._pid = next(iter(ends_of_chain(self._process.pid)), self._process.pid)
            self._bound()
            self.about = {**hello, "device": describe(hello["platform"], hello["kind"], self._index)}
        return str(self.about["device"])

    @property
    def running(self) -> bool:
        """Whether there is a worker that can be asked at once."""
        return self._process is not None and self._process.poll() is None

    def process_id(self) -> int:
        """Return the id of the process that runs programs, to measure it; start the worker if there is none."""
        self.start()
        return self._pid

    def ask(
        self,
        header: Mapping[str, Any],
        payload: bytes,
        watch: Stopwatch,
        progress: Progress | None = None,
    ) -> tuple[dict[str, Any], bytes]:
        """Send one request and wait for its answer, as long as the stopwatch allows.

        Args:
          progress: told the frames that come before the answer; an error that it raises for what no worker sends
            counts as a crash.

        Raises:
          LostWorkerError: there is no answer, or none that can be read; the worker has ended.
        """
        self.start()
        assert self._process is not None and self._process.stdin is not None
        frame, stdin = pack(dict(header), payload), self._process.stdin
        threading.Thread(target=_write, args=(stdin, frame), daemon=True).start()
        watch.start(self._pid)
        return self._receive(watch, progress)

    def close(self) -> None:
        """End the worker and everything that it started."""
        process, self._process = self._process, None
        self._ended.set()
        if process is not None:
            kill(process)
        group, self._group = self._group, None
        if group is not None:
            group.remove()

    def _bound(self) -> None:
        """Put the worker into a control group, where one can be made."""
        self._group = make((self.memory_mb + SLACK_MB + SPARE_MB) << 20)
        if self._group is not None:
            try:
                self._group.add(self._pid)
            except OSError as error:
                self.close()
                raise DeviceError(f"the evaluator's memory cannot be bounded: {error}") from None

    def _arguments(self) -> list[str]:
        return ["pinned"] if self._pinned else []

    def _environment(self) -> dict[str, str]:
        confined = self.confinement
        found = variables(confined.platform, self._index, confined.world is not None, os.environ)
        return found | {"XLA_FLAGS": xla_flags(self._pinned)}

    def _receive(self, watch: Stopwatch, progress: Progress | None) -> tuple[dict[str, Any], bytes]:
        assert self._process is not None and self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        with selectors.DefaultSelector() as ready:
            ready.register(descriptor, selectors.EVENT_READ)
            while True:
                if ready.select(POLL_SECONDS):
                    data = os.read(descriptor, 1 << 20)
                    if not data:
                        self._lose(CRASH)
                    answer = self._read(data, progress)
                    if answer is not None:
                        return answer
                elif _resident(self._pid) > (self.memory_mb + SLACK_MB) << 20:
                    self._lose(MEMORY)
                if watch.over():
                    self._lose(TIMEOUT)

    def _read(self, data: bytes, progress: Progress | None) -> tuple[dict[str, Any], bytes] | None:
        """Take bytes of the worker, which a program may have taken over; return its answer once it is complete."""
        try:
            for header, payload in self._reader.feed(data):
                if "progress" not in header:
                    return header, payload
                if progress is not None:
                    progress(header, payload)
        except (ArithmeticError, LookupError, TypeError, ValueError):
            self._lose(CRASH)
        return None

    def _lose(self, kind: str) -> NoReturn:
        self._said = _last_line(self._process)
        if kind == CRASH and self._group is not None and self._group.overran():
            kind = MEMORY
        self.close()
        raise LostWorkerError(kind)


def _launch(
    confined: Confinement, environment: Mapping[str, str], arguments: Sequence[str], ended: threading.Event
) -> subprocess.Popen[bytes]:
    """Start a worker from a thread that lives until ``ended``.

    The kernel ends the worker with the thread that started it, and so with this process, however that ended; the
    thread of whoever asked may end sooner.
    """
    started: Future[subprocess.Popen[bytes]] = Future()

    def live() -> None:
        try:
            started.set_result(launch(confined, environment, arguments))
        except BaseException as error:
            started.set_exception(error)
        else:
            ended.wait()

    threading.Thread(target=live, daemon=True).start()
    return started.result()


def _last_line(process: subprocess.Popen[bytes] | None) -> str:
    """Return what a worker that did not start said last; one that started says nothing on this line."""
    if process is None or process.stderr is None:
        return ""
    os.set_blocking(process.stderr.fileno(), False)
    with contextlib.suppress(OSError):
        lines = os.read(process.stderr.fileno(), 1 << 16).decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:300] if lines else ""
    return ""


def _resident(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _write(stream: Any, data: bytes) -> None:
    with contextlib.suppress(OSError, ValueError):
        stream.write(data)
        stream.flush()
