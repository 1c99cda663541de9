"""Try every rule of the sandbox from inside, and print what holds: a rule, a tab, and nothing or what was seen."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

from .isolation import enter
from .main import message

_SHARED, _PRIVATE, _ANONYMOUS, _GROWSDOWN, _HUGETLB = 0x01, 0x02, 0x20, 0x0100, 0x40000
_NEW_USER_NAMESPACE = 0x10000000
_PR_GET_NO_NEW_PRIVS = 39
FOLDERS = ("/home", "/root", "/mnt", "/media", "/srv", "/opt", "/var", "/run", "/tmp")
_X32 = 0x40000000  # the second set of system calls of one processor family

# For each rule, calls that the filter must refuse.  Allowed, they would fail otherwise or do nothing.
REFUSED: dict[str, tuple[tuple[str, tuple[int, ...]], ...]] = {
    "own keyring": (("keyctl", (0, -3, 0)), ("add_key", (0, 0, 0, 0, 0)), ("request_key", (0, 0, 0, 0))),
    "no other program": (("execve", (0, 0, 0)), ("execveat", (-1, 0, 0, 0, 0))),
    "no other process": (("clone", (0x0800, 0, 0, 0, 0)),),
    "no further namespace": (("unshare", (0,)), ("unshare", (_NEW_USER_NAMESPACE,)), ("setns", (-1, 0))),
    "no network": (("socket", (1, 1, 0)), ("socket", (2, 1, 0)), ("socketpair", (1, 1, 0, 0))),
    "no shared memory": (
        ("shmget", (0, 4096, 0)),
        ("memfd_create", (0, 0)),
        ("memfd_secret", (0,)),
        ("mmap", (0, 4096, 3, _SHARED | _ANONYMOUS, -1, 0)),
        ("mmap", (0, 4096, 3, _PRIVATE | _ANONYMOUS | _GROWSDOWN, -1, 0)),
        ("mmap", (0, 4096, 3, _PRIVATE | _ANONYMOUS | _HUGETLB, -1, 0)),
    ),
    "no queues": (("msgget", (0, 0)), ("semget", (0, 1, 0)), ("mq_open", (0, 0, 0, 0))),
    "no locks or larger pipes": (("fcntl", (0, 5, 0)), ("fcntl", (0, 6, 0)), ("fcntl", (0, 1031, 4096))),
    "no look into processes": (
        ("ptrace", (0x4200, 0, 0, 0)),
        ("process_vm_readv", (0, 0, 0, 0, 0, 0)),
        ("process_vm_writev", (0, 0, 0, 0, 0, 0)),
        ("pidfd_open", (1, 0)),
        ("pidfd_getfd", (-1, 0, 0)),
        ("kcmp", (0, 0, 0, 0, 0)),
    ),
    "no mounts": (("mount", (0, 0, 0, 0, 0)), ("umount2", (0, 0)), ("pivot_root", (0, 0)), ("fsopen", (0, 0))),
    "no file handles": (("open_by_handle_at", (-1, 0, 0)), ("name_to_handle_at", (-1, 0, 0, 0, 0))),
    "no personality": (("personality", (0xFFFFFFFF,)),),
    "no doors to the kernel": (
        ("bpf", (0, 0, 0)),
        ("perf_event_open", (0, 0, -1, -1, 0)),
        ("io_uring_setup", (0, 0)),
        ("userfaultfd", (0,)),
        ("prctl", (22, 0, 0, 0, 0)),
    ),
}
CALLS = (*dict.fromkeys(name for calls in REFUSED.values() for name, _ in calls), "clone3")


def main() -> None:
    """Isolate this process as one that traces, and probe it."""
    setup = json.loads(message())
    enter(setup["limits"], ())
    libc = ctypes.CDLL(None, use_errno=True)
    numbers: dict[str, int] = setup["numbers"]

    def call(name: str, *arguments: int) -> str:
        """Make a system call by its number; say how it ended."""
        if numbers.get(name, -1) < 0:
            return "EPERM"  # no such call on this machine
        ctypes.set_errno(0)
        if libc.syscall(ctypes.c_long(numbers[name]), *map(ctypes.c_long, arguments)) >= 0:
            return "it worked"
        return errno.errorcode.get(ctypes.get_errno(), "?")

    for rule, details in _rules(setup, libc, call).items():
        print(f"{rule}\t{next(details, '')}", flush=True)
    print("end\t", flush=True)
    if numbers.get("execve") == 59:  # x86-64: the filter ends a process that calls in another way
        os.write(2, b"")
        libc.syscall(ctypes.c_long(_X32 | 39))
        print("no other architecture\ta call of another architecture was answered", flush=True)


def _rules(setup: dict[str, Any], libc: ctypes.CDLL, call: Callable[..., str]) -> dict[str, Iterator[str]]:
    """For each rule: what speaks against it."""
    found = {
        "own files": foreign_files(setup["mounted"]),
        "own processes": _processes(),
        "an ordinary user": _user(libc),
    }
    for rule, calls in REFUSED.items():
        found[rule] = (
            f"{name}: {how}" for name, arguments in calls if (how := call(name, *arguments)) not in ("EPERM", "ENOSYS")
        )
    found["bounded memory"] = _memory(setup["limits"])
    found["bounded scratch"] = _scratch(setup["limits"])
    found["threads"] = _threads(call)
    return found


def foreign_files(mounted: list[str]) -> Iterator[str]:
    """Look for files that are not mounted by us, and for folders that can be written to.

    Args:
      mounted: paths that must be there; an interpreter may lie in a home, so what leads to it is there as well.
    """
    todo = list(FOLDERS)
    while todo:
        for entry in os.scandir(folder) if os.path.isdir(folder := todo.pop()) else ():
            if entry.path not in mounted:
                if not any(path.startswith(f"{entry.path}/") for path in mounted):
                    yield f"{entry.path} is there"
                todo.append(entry.path)
    for folder in ("/", "/usr", "/dev", "/dev/shm", "/proc", "/site", "/ours", "/ours/inside"):
        try:
            open(f"{folder}/x", "a").close()
            yield f"{folder} can be written to"
        except OSError:
            pass


def _processes() -> Iterator[str]:
    seen = os.listdir("/proc")
    if seen != ["cpuinfo"]:
        yield f"/proc shows {seen[0] if seen else 'nothing'}"
    if os.getpid() != 1:
        yield "other processes have numbers here"


def _user(libc: ctypes.CDLL) -> Iterator[str]:
    if os.getuid() == 0 or os.geteuid() == 0:
        yield "it is root"
    header, data = ctypes.create_string_buffer(struct.pack("II", 0x20080522, 0)), ctypes.create_string_buffer(24)
    if libc.capget(header, data) != 0 or any(data.raw):
        yield "it has capabilities"
    if libc.prctl(_PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1:
        yield "it may gain privileges"


def _memory(limits: dict[str, Any]) -> Iterator[str]:
    try:
        bytearray((limits["memory_mb"] + 100) << 20)
        yield "it can take more than its limit"
    except MemoryError:
        pass


def _scratch(limits: dict[str, Any]) -> Iterator[str]:
    try:
        with open("/tmp/large", "wb") as file:
            file.write(bytes((limits["file_mb"] << 20) + 1))
        yield "a file can be larger than its limit"
    except OSError:
        pass
    try:
        for number in range(1100):
            open(f"/tmp/{number}", "w").close()
        yield "it can make files without end"
    except OSError:
        pass


def _threads(call: Callable[..., str]) -> Iterator[str]:
    if (how := call("clone3", 0, 0)) != "ENOSYS":
        yield f"clone3: {how}, expected ENOSYS"
    try:
        thread = threading.Thread(target=sys.getrecursionlimit)
        thread.start()
        thread.join()
    except RuntimeError:
        yield "no thread can be started, and JAX needs some"
