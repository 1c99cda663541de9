"""Which system calls confined processes may make: two seccomp filters, built by libseccomp.

``TEMPLATE`` is worn by a process of ours that prepares the sandbox and must still make namespaces; ``STUDENT`` is put
on top of it before the first student byte is read: threads, files of its own and memory of its own, nothing else.
Filters stack, and no process can take one off.

References:
  seccomp(2) and the kernel's Documentation/userspace-api/seccomp_filter.rst.
"""

from __future__ import annotations

import errno
import functools
import tempfile
from collections.abc import Iterable
from typing import Any

from autograder.sandbox.inside.isolation import JOIN_SESSION_KEYRING

_CLONE_THREAD, _CLONE_NAMESPACES = 0x00010000, 0x7E020080
_MAP_SHARED, _MAP_GROWSDOWN, _MAP_HUGETLB = 0x01, 0x0100, 0x40000

# Nobody in the sandbox needs these, prepared or not: keys, other processes, the kernel itself, memory of no process.
_NEVER = (
    "acct add_key bpf clock_adjtime clock_settime delete_module fanotify_init finit_module init_module io_uring_enter "
    "io_uring_register io_uring_setup kcmp kexec_file_load kexec_load lookup_dcookie mbind memfd_create memfd_secret "
    "migrate_pages move_pages mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink msgctl msgget "
    "msgrcv msgsnd name_to_handle_at open_by_handle_at perf_event_open personality pidfd_getfd pidfd_open "
    "process_madvise process_vm_readv process_vm_writev ptrace quotactl reboot request_key semctl semget semop "
    "semtimedop set_mempolicy settimeofday shmat shmctl shmdt shmget socket socketpair swapoff swapon syslog "
    "userfaultfd vmsplice"
).split()

# What Python and JAX need to trace: files, memory, threads, signals to itself, clocks.
_STUDENT = (
    "access alarm arch_prctl brk capget chdir chmod clock_getres clock_gettime clock_nanosleep close close_range "
    "copy_file_range creat dup dup2 dup3 epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_wait eventfd2 exit "
    "exit_group faccessat faccessat2 fadvise64 fallocate fchdir fchmod fchmodat fdatasync fstat fstatfs fsync "
    "ftruncate futex futex_waitv get_robust_list getcpu getcwd getdents getdents64 getegid geteuid getgid getgroups "
    "getitimer getpgid getpgrp getpid getppid getpriority getrandom getresgid getresuid getrlimit getrusage getsid "
    "gettid gettimeofday getuid kill link linkat lseek lstat madvise membarrier mincore mkdir mkdirat mprotect "
    "mremap msync munmap nanosleep newfstatat open openat openat2 pause pipe pipe2 poll ppoll pread64 preadv preadv2 "
    "prlimit64 pselect6 pwrite64 pwritev pwritev2 read readlink readlinkat readv rename renameat renameat2 "
    "restart_syscall rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigreturn rt_sigsuspend rt_sigtimedwait "
    "sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam "
    "sched_getscheduler sched_yield select set_robust_list set_tid_address setitimer setrlimit sigaltstack stat "
    "statfs statx symlink symlinkat sysinfo tgkill time times tkill truncate umask uname unlink unlinkat utimensat "
    "wait4 waitid write writev"
).split()
_PRCTL = (15, 16, 39, 0x53564D41)  # name of a thread, set and get; no new privileges, get; name of a mapping
_FCNTL = (0, 1, 2, 3, 4, 1030)  # duplicate, flags; no locks and no larger pipes, whose memory belongs to nobody
_IOCTL = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # is it a terminal, how wide; how much is there; blocking


def template_filter(network: bool = False) -> bytes:
    """Return the program of the wide filter, with or without sockets.

    Raises:
      FilterError: libseccomp is missing.
    """
    return _filters()[2 if network else 0]


def student_filter() -> bytes:
    """Return the program of the strict filter.  Raises :class:`FilterError` where libseccomp is missing."""
    return _filters()[1]


def numbers(names: Iterable[str]) -> dict[str, int]:
    """Return the numbers of system calls on this machine; negative for those that it does not have."""
    seccomp = _library()
    return {name: int(seccomp.resolve_syscall(seccomp.Arch.NATIVE, name)) for name in names}


class FilterError(OSError):
    """The filters cannot be built here."""


def _library() -> Any:
    try:
        import pyseccomp
    except (ImportError, RuntimeError, OSError, AttributeError) as error:
        raise FilterError(errno.ENOSYS, f"libseccomp cannot be loaded ({error})") from None
    return pyseccomp


@functools.cache
def _filters() -> tuple[bytes, bytes, bytes]:
    seccomp = _library()
    refuse = seccomp.ERRNO(errno.EPERM)

    def arg(number: int, mask: int, value: int) -> object:
        # Masked: the kernel reads 32 bits of these arguments, so what stands above them must not matter.
        return seccomp.Arg(number, seccomp.MASKED_EQ, mask, value)

    def wide(never: Iterable[str]) -> Any:
        made = seccomp.SyscallFilter(seccomp.ALLOW)
        _add(made, refuse, never)
        made.add_rule(refuse, "keyctl", seccomp.Arg(0, seccomp.NE, JOIN_SESSION_KEYRING))
        return made

    template, connected = wide(_NEVER), wide(n for n in _NEVER if not n.startswith("socket"))
    student = seccomp.SyscallFilter(refuse)
    _add(student, seccomp.ALLOW, _STUDENT)
    # The C library then uses clone, whose flags a filter can see.
    _add(student, seccomp.ERRNO(errno.ENOSYS), ["clone3"])
    student.add_rule(seccomp.ALLOW, "clone", arg(0, _CLONE_THREAD | _CLONE_NAMESPACES, _CLONE_THREAD))
    # Shared, huge and growing mappings are memory that the limit on a process's data does not count.
    student.add_rule(seccomp.ALLOW, "mmap", arg(3, _MAP_SHARED | _MAP_GROWSDOWN | _MAP_HUGETLB, 0))
    for call, position, values in (("prctl", 0, _PRCTL), ("fcntl", 1, _FCNTL), ("ioctl", 1, _IOCTL)):
        for value in values:
            student.add_rule(seccomp.ALLOW, call, arg(position, 0xFFFFFFFF, value))
    for one in (template, student, connected):
        one.set_attr(seccomp.Attr.ACT_BADARCH, seccomp.KILL_PROCESS)
    return _program(template), _program(student), _program(connected)


def _add(to: Any, action: int, names: Iterable[str]) -> None:
    seccomp = _library()
    for name in names:
        if seccomp.resolve_syscall(seccomp.Arch.NATIVE, name) != -1:  # a call that this libseccomp knows
            to.add_rule(action, name)


def _program(made: Any) -> bytes:
    with tempfile.TemporaryFile() as file:
        made.export_bpf(file)
        file.seek(0)
        return file.read()
