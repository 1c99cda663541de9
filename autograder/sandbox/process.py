"""Processes for student code: forked from a template that has imported JAX, or fresh where nothing forks.

Importing JAX costs more than tracing most submissions, so a template is kept for each job that runs at the same time
and serves one submission after the other.  Whatever ends in another way than by itself costs its template as well.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import select
import socket
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import IO

from autograder.errors import NotJudgedError
from autograder.sandbox import bubblewrap
from autograder.sandbox.bubblewrap import Sandbox
from autograder.sandbox.inside.template import READY, STATUS

START_SECONDS = 120.0  # until JAX must be imported: the machine may be busy
END_SECONDS = 2.0  # between the last word of a process and its end


class TracerError(NotJudgedError):
    """The sandbox failed before any student code ran: a fault of the grader, which costs no student a mark."""


class Child:
    """A process for student code.  ``stdin``, ``stdout`` and ``stderr`` are its ends of pipes."""

    stdin: IO[bytes]
    stdout: IO[bytes]
    stderr: IO[bytes]

    def wait(self, seconds: float) -> int | None:
        """Return how the process ended, as :class:`subprocess.Popen` tells it; None: not within these seconds."""
        raise NotImplementedError

    def overruns(self, memory_mb: int) -> bool:
        """Whether it uses more memory than it may, see :func:`bubblewrap.overruns`."""
        raise NotImplementedError

    def close(self, seconds: float) -> None:
        """Give it these seconds to end by itself, end it and all that it started, and close its pipes."""
        raise NotImplementedError

    def _close_pipes(self) -> None:
        for stream in (self.stdin, self.stdout, self.stderr):
            with contextlib.suppress(OSError):
                stream.close()


def start(sandbox: Sandbox) -> Child:
    """Start a process that will read the messages of a submission.

    Raises:
      TracerError: it cannot be started; the message holds the last words of the process.
    """
    try:
        if not sys.platform.startswith("linux"):
            return _Fresh(sandbox)
        while kept := _idle.take(sandbox.isolated):
            with contextlib.suppress(OSError):
                return _Forked(kept)
            kept.end()  # it died while nobody needed it
        return _Forked(_Template(sandbox))
    except OSError as error:
        raise TracerError(f"the tracer did not start: {error}") from None


def last_line(said: bytes | bytearray) -> str:
    """Return the last line of what a process printed, which names its error."""
    lines = said[-2000:].decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:300] if lines else "it said nothing"


def end_idle() -> None:
    """End the templates that serve nobody just now."""
    for isolated in (False, True):
        while kept := _idle.take(isolated):
            kept.end()


class _Fresh(Child):
    """A process that imports JAX itself."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.process = sandbox.start("main")
        assert self.process.stdin and self.process.stdout and self.process.stderr
        self.stdin, self.stdout, self.stderr = self.process.stdin, self.process.stdout, self.process.stderr
        self.stdin.write(bubblewrap.message({"path": sandbox.path()}))
        self.stdin.flush()

    def wait(self, seconds: float) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.process.wait(seconds)
        return None

    def overruns(self, memory_mb: int) -> bool:
        return bubblewrap.overruns(self.process, memory_mb)

    def close(self, seconds: float) -> None:
        bubblewrap.kill(self.process)
        self._close_pipes()


class _Template:
    """A process that has imported JAX and forks on demand."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.isolated = sandbox.isolated
        self.control, theirs = socket.socketpair()
        self.said = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        # A process in a sandbox ends with the *thread* that started it, so that thread must stay.
        streams = (theirs.fileno(), self.said.fileno(), self.said.fileno())
        try:
            self.process = _starter.submit(sandbox.start, "template", streams).result()
        finally:
            theirs.close()
        try:
            self.control.sendall(bubblewrap.message({"path": sandbox.path()}))
            if self.hear(len(READY), START_SECONDS) != READY:
                raise OSError(self.last_words())
        except BaseException:
            self.end()
            raise

    def fork(self) -> tuple[int, int, int]:
        """Fork a child; return our ends of its standard streams.  Raises :class:`OSError`."""
        pipes = [os.pipe() for _ in range(3)]
        theirs, ours = zip(*(pipe if stream == 0 else pipe[::-1] for stream, pipe in enumerate(pipes)), strict=True)
        try:
            socket.send_fds(self.control, [b"f"], theirs)
        except OSError:
            for descriptor in ours:
                os.close(descriptor)
            raise
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        return ours

    def hear(self, size: int, seconds: float) -> bytes:
        """Return the next bytes that the template says; none if it says nothing within these seconds, or has ended."""
        ready = select.poll()
        ready.register(self.control, select.POLLIN)
        with contextlib.suppress(OSError):
            return self.control.recv(size, socket.MSG_WAITALL) if ready.poll(1000 * seconds) else b""
        return b""

    def last_words(self) -> str:
        """Return the end of what the template printed."""
        self.said.seek(0)
        return last_line(self.said.read())

    def end(self) -> None:
        """End the template, and its child with it."""
        bubblewrap.kill(self.process)
        self.control.close()
        self.said.close()


class _Forked(Child):
    """A child of a template."""

    def __init__(self, template: _Template) -> None:
        self.template = template
        pipes = template.fork()
        self.stdin, self.stdout, self.stderr = (
            os.fdopen(descriptor, "wb" if stream == 0 else "rb", buffering=0) for stream, descriptor in enumerate(pipes)
        )
        self.code: int | None = None

    def wait(self, seconds: float) -> int | None:
        if self.code is None:
            said = self.template.hear(STATUS.size, seconds)
            self.code = STATUS.unpack(said)[0] if len(said) == STATUS.size else None
        return self.code

    def overruns(self, memory_mb: int) -> bool:
        return bubblewrap.overruns(self.template.process, memory_mb)

    def close(self, seconds: float) -> None:
        if self.wait(seconds) is None:
            self.template.end()
        else:
            _idle.keep(self.template)
        self._close_pipes()


class _Idle:
    """Templates that serve nobody just now."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.kept: list[_Template] = []

    def keep(self, template: _Template) -> None:
        with self.lock:
            self.kept.append(template)

    def take(self, isolated: bool) -> _Template | None:
        with self.lock:
            found = next((t for t in reversed(self.kept) if t.isolated == isolated), None)
            if found is not None:
                self.kept.remove(found)
            return found


def _forget() -> None:
    """In a fork of this process: the templates serve the other one."""
    global _idle, _starter
    _idle, _starter = _Idle(), ThreadPoolExecutor(1, "templates")


_idle = _Idle()
_starter = ThreadPoolExecutor(1, "templates")
atexit.register(end_idle)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
