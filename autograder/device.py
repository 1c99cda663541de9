"""A worker process that holds a device: started when needed, asked with a time limit, replaced when lost."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from autograder.answers import oracle_environment
from autograder.frames import FrameReader, pack

START_SECONDS = 120
MAX_PAYLOAD = 1 << 30
SLACK_MB = 2000  # what JAX itself needs beside a program's arrays


class DeviceError(RuntimeError):
    """The device that was asked for is not there, or the worker cannot start: our fault."""


class Lost(Exception):
    """The worker is gone; the text says why: timeout, memory or crash."""


class DeviceWorker:
    """One worker process on one device.  Not for use by two threads at once.

    Args:
      device: "cpu", "gpu", "tpu" or "auto"; a number after a colon picks one of several ("gpu:1").
      memory_mb: what a program may use.
      pinned: one thread on one core, for timing on the CPU.
    """

    def __init__(self, device: str = "auto", memory_mb: int = 2000, pinned: bool = False) -> None:
        kind, _, self._index = device.partition(":")
        if kind not in ("auto", "cpu", "gpu", "tpu"):
            raise DeviceError(f"unknown device {device!r}: expected cpu, gpu, tpu or auto")
        self._platform = {"auto": None, "gpu": "cuda"}.get(kind, kind)
        self.memory_mb, self._pinned = memory_mb, pinned
        self._process: subprocess.Popen[bytes] | None = None
        self._reader = FrameReader(max_payload=MAX_PAYLOAD, max_total=1 << 62)
        self.about: dict[str, Any] = {}

    def start(self) -> str:
        """Start the worker if there is none; return the name of its device.  Raises :class:`DeviceError`."""
        if self._process is None or self._process.poll() is not None:
            self.close()  # a worker that died leaves its pipes
            self._reader = FrameReader(max_payload=MAX_PAYLOAD, max_total=1 << 62)
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "autograder.worker", *(["pinned"] if self._pinned else [])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=self._environment(),
                start_new_session=True,
            )
            try:
                hello = self._receive(START_SECONDS, None)[0]
            except Lost as lost:
                raise DeviceError(f"the evaluator did not start ({lost})") from None
            if "error" in hello:
                raise DeviceError(f"no such device here: {hello['message']}")
            self.about = hello
        return str(self.about["device"])

    def process_id(self) -> int:
        """The worker's process, for those who measure it."""
        self.start()
        assert self._process is not None
        return self._process.pid

    def ask(
        self,
        header: Mapping[str, Any],
        payload: bytes,
        seconds: float,
        progress: Callable[[dict[str, Any]], None] | None = None,
    ) -> tuple[dict[str, Any], bytes]:
        """Send one request and wait for its answer.  Raises :class:`Lost`."""
        self.start()
        assert self._process is not None and self._process.stdin is not None
        frame, stdin = pack(dict(header), payload), self._process.stdin
        threading.Thread(target=_write, args=(stdin, frame), daemon=True).start()
        return self._receive(seconds, progress)

    def close(self) -> None:
        """End the worker."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _environment(self) -> dict[str, str]:
        environment = oracle_environment() | {"XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
        environment.pop("JAX_PLATFORMS")
        if self._platform:
            environment["JAX_PLATFORMS"] = self._platform
        if self._index:
            environment["CUDA_VISIBLE_DEVICES"] = self._index
        if self._pinned:
            flags = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
            environment["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {flags}".strip()  # at full speed
        return environment

    def _receive(
        self, seconds: float, progress: Callable[[dict[str, Any]], None] | None
    ) -> tuple[dict[str, Any], bytes]:
        assert self._process is not None and self._process.stdout is not None
        deadline = time.monotonic() + seconds
        descriptor = self._process.stdout.fileno()
        with selectors.DefaultSelector() as ready:
            ready.register(descriptor, selectors.EVENT_READ)
            while True:
                left = deadline - time.monotonic()
                if left <= 0:
                    self._lose("timeout")
                if not ready.select(min(left, 0.5)):
                    if _resident(self._process.pid) > (self.memory_mb + SLACK_MB) << 20:
                        self._lose("memory")
                    continue
                data = os.read(descriptor, 1 << 20)
                if not data:
                    self._lose("crash")
                for header, payload in self._reader.feed(data):
                    if "progress" not in header:
                        return header, payload
                    if progress is not None:
                        progress(header)

    def _lose(self, why: str) -> None:
        self.close()
        raise Lost(why)


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
