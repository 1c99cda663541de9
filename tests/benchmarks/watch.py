"""Run a command and measure it with everything that it starts: processor seconds, minutes and memory.

The kernel adds up the seconds of processes that somebody waited for.  Those of a sandbox it forgets: when a process
namespace is killed, nobody waits for what was in it.  Such processes are looked at while they live instead; what they
do between the last look and their end is missing, half of ``EVERY`` for each on average.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

EVERY = 0.04  # seconds between two looks
PATIENCE = 10  # seconds that processes have to end after the command that started them did
_BECOME_REAPER = 36  # PR_SET_CHILD_SUBREAPER of prctl(2)


@dataclass(frozen=True)
class Spent:
    """What one or several commands took; memory is the RSS of all their processes together, in MB."""

    cpu: float = 0.0
    wall: float = 0.0
    others: float = 0.0  # processor seconds that other people's processes took meanwhile
    samples: tuple[float, ...] = ()
    alone: float = 0.0  # the command's own process, at most
    left: int = 0  # processes that were still there PATIENCE seconds after their command
    code: int = 0

    def __add__(self, other: Spent) -> Spent:
        return Spent(
            self.cpu + other.cpu,
            self.wall + other.wall,
            self.others + other.others,
            self.samples + other.samples,
            max(self.alone, other.alone),
            self.left + other.left,
            other.code,
        )

    @property
    def typical(self) -> float:
        return statistics.median(self.samples or (0.0,))

    @property
    def peak(self) -> float:
        return max(self.samples, default=0.0)


def measure(
    command: Sequence[object],
    folder: Path,
    environment: Mapping[str, str],
    *,
    stop: Callable[[], bool] = lambda: False,
    seconds: float = 3600,
    memory: float = 0,
    log: Path | None = None,
) -> Spent:
    """Run a command to its end; kill it (-9) when ``stop`` says so or ``seconds`` are over.

    Args:
      memory: play the machine that has only so many MB: above, the largest process is killed, as the kernel does it.
    """
    # Orphans of a killed command become our children: they are seen, their seconds count, and none stays behind.
    ctypes.CDLL(None).prctl(_BECOME_REAPER, 1, 0, 0, 0)
    before, busy, began = _children(), _busy(), time.monotonic()
    samples, alone, boxed = [], 0.0, _Boxed()
    with (log or Path(os.devnull)).open("ab") as output:
        process = subprocess.Popen(
            [str(c) for c in command],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    if memory:  # in case that nobody looks for a while: the machine has other users
        resource.prlimit(process.pid, resource.RLIMIT_AS, (int(memory * 4e6), int(memory * 4e6)))
    while process.poll() is None:
        members = psutil.Process().children(recursive=True)
        boxed.look(members)
        sizes = _sizes(members)
        samples.append(sum(sizes.values()))
        alone = max(alone, sizes.get(process.pid, 0.0))
        for member in members:  # a class leaves a thousand sandboxes behind it, and every look would go through them
            if member.pid != process.pid:
                boxed.reap(member.pid)
        if memory and samples[-1] > memory:
            _kill(max(sizes, key=lambda p: sizes[p]))
        if stop() or time.monotonic() - began > seconds:
            _kill(process.pid)
        time.sleep(EVERY)
    wall = time.monotonic() - began
    left = _wait_for_orphans(boxed)
    cpu = _children() - before + boxed.seconds
    others = max(0.0, _busy() - busy - cpu)
    return Spent(cpu, wall, others, tuple(samples), alone, left, process.returncode)


def _wait_for_orphans(boxed: _Boxed) -> int:
    deadline = time.monotonic() + PATIENCE
    while boxed.reap_all() and time.monotonic() < deadline:
        time.sleep(EVERY)
    left = [p.pid for p in psutil.Process().children(recursive=True)]
    for pid in left:
        _kill(pid)
    while boxed.reap_all():
        time.sleep(EVERY)
    return len(left)


class _Boxed:
    """Processor seconds of the processes that live in a process namespace of their own."""

    def __init__(self) -> None:
        self._own = os.readlink("/proc/self/ns/pid")
        self._inside: dict[psutil.Process, bool] = {}  # psutil tells processes apart that had one number in turn
        self._last: dict[psutil.Process, float] = {}
        self._counted = 0.0  # by the kernel too, which sometimes does

    def look(self, members: Sequence[psutil.Process]) -> None:
        for process in members:
            with contextlib.suppress(psutil.Error, OSError):
                if not self._inside.get(process):  # asked again: a process enters the namespace after it has begun
                    self._inside[process] = os.readlink(f"/proc/{process.pid}/ns/pid") != self._own
                if self._inside[process]:
                    times = process.cpu_times()
                    self._last[process] = times.user + times.system

    def reap(self, pid: int) -> bool:
        """Collect an orphan, or any for -1, if it has ended."""
        with contextlib.suppress(ChildProcessError):
            found, _, usage = os.wait4(pid, os.WNOHANG)
            if found and any(inside and p.pid == found for p, inside in self._inside.items()):
                self._counted += usage.ru_utime + usage.ru_stime
            return bool(found)
        return False

    def reap_all(self) -> bool:
        """Collect all orphans that have ended; whether others are still there."""
        while self.reap(-1):
            pass
        return bool(psutil.Process().children())

    @property
    def seconds(self) -> float:
        """What the kernel's sum lacks."""
        return sum(self._last.values()) - self._counted


def _sizes(members: Sequence[psutil.Process]) -> dict[int, float]:
    found = {}
    for process in members:
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            found[process.pid] = process.memory_info().rss / 1e6
    return found


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 9)


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _busy() -> float:
    """Processor seconds of the whole machine, without this process."""
    times, own = psutil.cpu_times(), psutil.Process().cpu_times()
    return float(times.user + times.nice + times.system + times.irq + times.softirq - own.user - own.system)
