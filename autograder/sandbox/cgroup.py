"""Bound the memory of a process and of all that it starts, by a control group of its own.

Limits on a single process do not count what belongs to none: files in memory, and what several processes hold together.
A control group counts it all.  A group is made only below one that may be divided: an ordinary user's own, one that
carries systemd's mark of delegation, or the one that the instructor names in ``AUTOGRADER_CGROUP``.  Other groups
belong to whoever manages this machine, and are left alone.

References:
  Linux, Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst; systemd, CGROUP_DELEGATION.md.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "AUTOGRADER_CGROUP"
REMOVE_SECONDS = 5.0  # a group can be removed once its last process is gone
_MARKS = ("user.delegate", "trusted.delegate")  # attributes that systemd sets on a folder
_numbers = itertools.count()


@dataclass(frozen=True)
class Group:
    """A control group of ours.  ``version`` is 1 or 2."""

    folder: Path
    version: int

    def add(self, pid: int) -> None:
        """Put a process into the group, with all that it will start.  Raises :class:`OSError`."""
        (self.folder / "cgroup.procs").write_text(str(pid))

    def used(self) -> int:
        """Return the bytes that the group holds."""
        return _number(self.folder / ("memory.current" if self.version == 2 else "memory.usage_in_bytes"))

    def overran(self) -> bool:
        """Whether the kernel ended a process because the group reached its limit."""
        name = "memory.events" if self.version == 2 else "memory.oom_control"
        with contextlib.suppress(OSError):
            return any(int(n) > 0 for n in re.findall(r"(?m)^oom_kill (\d+)$", (self.folder / name).read_text()))
        return False

    def remove(self) -> None:
        """Remove the group, whose processes must have ended or be about to; one that stays is removed later."""
        deadline = time.monotonic() + REMOVE_SECONDS
        while self.folder.exists() and time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                self.folder.rmdir()
                return
            time.sleep(0.02)


@dataclass(frozen=True)
class Parent:
    """A group that may be divided, or the reason why there is none."""

    folder: Path | None
    version: int = 0
    reason: str = ""


def make(memory_bytes: int) -> Group | None:
    """Make a group that holds at most ``memory_bytes``; None where no group may be divided."""
    parent = available()
    if parent.folder is None:
        return None
    _sweep(parent.folder)
    group = Group(parent.folder / f"autograder-{os.getpid()}-{next(_numbers)}", parent.version)
    try:
        group.folder.mkdir()
        limits = {"memory.max": memory_bytes, "memory.swap.max": 0, "memory.oom.group": 1}
        if parent.version == 1:
            limits = {"memory.limit_in_bytes": memory_bytes, "memory.memsw.limit_in_bytes": memory_bytes}
        for place, (name, amount) in enumerate(limits.items()):
            if place == 0 or (group.folder / name).exists():  # a kernel without accounts of swap has no such file
                (group.folder / name).write_text(str(amount))
    except OSError:
        group.remove()
        return None
    return group


@functools.cache
def available() -> Parent:
    """Return the group below which groups are made.  It stays the same for the whole run."""
    if not sys.platform.startswith("linux"):
        return Parent(None, reason="control groups need Linux")
    named = os.environ.get(VARIABLE)
    if named:
        version = 1 if (Path(named) / "memory.limit_in_bytes").exists() else 2
        return _divisible(Path(named), version)
    own, mounted = Path("/proc/self/cgroup"), Path("/proc/self/mountinfo")
    try:
        return find(own.read_text(), mounted.read_text())
    except OSError as error:
        return Parent(None, reason=f"{error.filename}: {error.strerror}")


def find(own: str, mounted: str) -> Parent:
    """Find the group of this process that counts memory, and say whether it may be divided.

    Args:
      own: what the kernel says in ``/proc/self/cgroup``.
      mounted: the same for ``/proc/self/mountinfo``.
    """
    groups = dict(line.split(":", 2)[1:] for line in own.splitlines() if line.count(":") >= 2)
    for controllers, path in groups.items():
        version = 1 if "memory" in controllers.split(",") else 2 if not controllers else 0
        folder = _mount(mounted, path, version) if version else None
        if folder is not None and (version == 1 or "memory" in _words(folder / "cgroup.controllers")):
            if not _delegated(folder):
                how = f"systemd-run --user --scope -p Delegate=yes …, or name a folder in {VARIABLE}"
                return Parent(None, reason=f"{folder} is not ours to divide; use {how}")
            return _divisible(folder, version)
    return Parent(None, reason="no control group counts memory here")


def _mount(mounted: str, path: str, version: int) -> Path | None:
    """Return the folder of a group, given its path from the root of its hierarchy."""
    for line in mounted.splitlines():
        left, _, right = line.partition(" - ")
        root, point = left.split()[3:5]
        kind, *_, options = right.split()
        fits = kind == "cgroup2" if version == 2 else kind == "cgroup" and "memory" in options.split(",")
        if fits and f"{path}/".startswith(f"{root.rstrip('/')}/"):
            return Path(point) / path[len(root.rstrip("/")) :].strip("/")
    return None


def _delegated(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        if 0 != os.getuid() == folder.stat().st_uid:
            return True
    for mark in _MARKS:
        with contextlib.suppress(OSError):
            if os.getxattr(folder, mark) == b"1":
                return True
    return False


def _divisible(folder: Path, version: int) -> Parent:
    """Prepare a group: in version 2, one that is divided may hold no process itself."""
    try:
        if version == 2 and "memory" not in _words(folder / "cgroup.subtree_control"):
            inside = _words(folder / "cgroup.procs")
            if inside - {str(os.getpid())}:
                return Parent(None, reason=f"{folder} holds other processes, so it cannot be divided")
            if inside:
                (leaf := folder / "autograder").mkdir(exist_ok=True)
                (leaf / "cgroup.procs").write_text(str(os.getpid()))
            (folder / "cgroup.subtree_control").write_text("+memory")
        if not os.access(folder, os.W_OK):
            return Parent(None, reason=f"{folder} cannot be written to")
    except OSError as error:
        return Parent(None, reason=f"{folder}: {error.strerror}")
    return Parent(folder, version)


def _sweep(parent: Path) -> None:
    """Remove groups of runs that were killed: a group that still holds a process cannot be removed."""
    for folder in parent.glob("autograder-*-*"):
        if not Path(f"/proc/{folder.name.split('-')[1]}").exists():
            with contextlib.suppress(OSError):
                folder.rmdir()


def _words(path: Path) -> set[str]:
    return set(path.read_text().split())


def _number(path: Path) -> int:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return 0
