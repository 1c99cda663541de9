"""The one way into isolation, for a process that is about to read a stranger's bytes.

``enter`` is called by a process of ours that bubblewrap started, fresh or forked from a template that has imported JAX.
It returns in a child that has its own keyring, process numbers, files and memory, no rights, and the strict filter.
"""

from __future__ import annotations

import base64
import ctypes
import os
import resource
import struct
from typing import Any, NoReturn

SCRATCH = "size=64m,nr_inodes=1024,mode=1777"  # names cost memory too, and belong to no process
_NEW_NAMESPACES = 0x00020000 | 0x04000000 | 0x08000000 | 0x20000000 | 0x40000000  # mount, uts, ipc, pid, net
_NOSUID, _NODEV, _BIND, _REC, _PRIVATE = 2, 4, 0x1000, 0x4000, 0x40000
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _PR_CAP_AMBIENT, _FILTER, _CLEAR_ALL = 38, 22, 47, 2, 4
_CAPABILITY_VERSION = 0x20080522
JOIN_SESSION_KEYRING = 1


def enter(limits: dict[str, Any], keep: tuple[int, ...], cover: tuple[str, ...] = ()) -> None:
    """Isolate this process for good; return in the isolated child, while this process waits for it and ends with it.

    The order matters: what needs rights comes first, the filter last.

    Args:
      limits: ``uid`` to become (None: stay the only user of the namespace), ``filter`` (base64 of a seccomp program),
        ``keyctl`` (the number of that system call), and what :func:`limit` takes.
      keep: descriptors that stay open beside the standard ones.
      cover: files that nobody shall read from now on.

    Raises:
      OSError: a step failed; nothing of a stranger may run then.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    # Without keyrings in this kernel, or with keyctl forbidden from outside, there is nothing to join.
    libc.syscall(ctypes.c_long(limits["keyctl"]), ctypes.c_long(JOIN_SESSION_KEYRING), None)
    _check(libc.unshare(_NEW_NAMESPACES), "unshare")
    child = os.fork()
    if child:
        _wait(child)
    _mount(libc, "none", "/", None, _REC | _PRIVATE, None)
    for path in cover:
        _mount(libc, "/dev/null", path, None, _BIND, None)
    _mount(libc, "tmpfs", "/tmp", "tmpfs", _NOSUID | _NODEV, SCRATCH)
    os.chdir("/tmp")
    _close_all_but((0, 1, 2, *keep))
    _drop(libc, limits["uid"])
    limit(limits)
    _wear(libc, base64.b64decode(limits["filter"]))


def renounce(limits: dict[str, Any]) -> None:
    """Give up every right for good, in a process whose device needs more than :func:`enter` leaves.

    Its files, processes and network are those that it was started with, and it wears no further filter.

    Args:
      limits: ``uid`` and ``keyctl``, as for :func:`enter`.

    Raises:
      OSError: a step failed; nothing of a stranger may run then.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall(ctypes.c_long(limits["keyctl"]), ctypes.c_long(JOIN_SESSION_KEYRING), None)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _drop(libc, limits["uid"])
    _check(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


def limit(limits: dict[str, Any]) -> None:
    """Bound this process: ``memory_mb``, ``cpu_seconds``, ``file_mb`` and ``processes`` (0: no bound of ours)."""
    memory = limits["memory_mb"] << 20
    for what, amount in (
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_AS, memory + (4 << 30)),
        (resource.RLIMIT_CPU, limits["cpu_seconds"]),
        (resource.RLIMIT_FSIZE, limits["file_mb"] << 20),
        (resource.RLIMIT_NOFILE, 256),
        (resource.RLIMIT_CORE, 0),
        *([(resource.RLIMIT_NPROC, limits["processes"])] if limits["processes"] else []),
        *_linux_limits(),
    ):
        hard = resource.getrlimit(what)[1]
        bounded = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
        resource.setrlimit(what, (bounded, bounded))


def _linux_limits() -> list[tuple[int, int]]:
    """Memory that the kernel keeps for a user: queues of messages and of signals, and pages that stay in memory."""
    amounts = {"RLIMIT_MSGQUEUE": 0, "RLIMIT_SIGPENDING": 256, "RLIMIT_MEMLOCK": 0}
    return [(getattr(resource, name), amount) for name, amount in amounts.items() if hasattr(resource, name)]


def _wait(child: int) -> NoReturn:
    """Hold nothing open, and end as the child ended."""
    os.closerange(0, 256)
    status = os.waitpid(child, 0)[1]
    os._exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))


def _close_all_but(keep: tuple[int, ...]) -> None:
    edges = [-1, *sorted(set(keep)), 1 << 20]
    for low, high in zip(edges, edges[1:], strict=False):
        if low + 1 < high:  # an empty range from 0 would close everything
            os.closerange(low + 1, high)


def _drop(libc: ctypes.CDLL, uid: int | None) -> None:
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    libc.prctl(_PR_CAP_AMBIENT, _CLEAR_ALL, 0, 0, 0)  # kernels without ambient capabilities refuse, rightly
    header = ctypes.create_string_buffer(struct.pack("II", _CAPABILITY_VERSION, 0))
    _check(libc.capset(header, ctypes.create_string_buffer(24)), "capset")


def _wear(libc: ctypes.CDLL, program: bytes) -> None:
    """Put the filter on.  The process may never gain rights again, which the kernel asks for first."""
    _check(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    buffer = ctypes.create_string_buffer(program, len(program))
    filled = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
    _check(libc.prctl(_PR_SET_SECCOMP, _FILTER, ctypes.create_string_buffer(filled), 0, 0), "seccomp")


def _mount(libc: ctypes.CDLL, source: str, target: str, kind: str | None, flags: int, options: str | None) -> None:
    texts = [None if text is None else text.encode() for text in (source, target, kind)]
    done = libc.mount(*texts, ctypes.c_ulong(flags), None if options is None else options.encode())
    _check(done, f"mount {target}")


def _check(status: int, what: str) -> None:
    if status != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
