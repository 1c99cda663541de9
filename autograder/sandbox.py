"""The one seam to student code: start a process that can see nothing and harm nothing.

``Sandbox.start`` runs the tracer under bubblewrap with every namespace unshared, no network, a cleared
environment and read-only mounts of the interpreter, the standard library and exactly the packages that
tracing needs.  The process is an ordinary user inside *and* outside: started by root, a user namespace
with a map of its own is made first, because a process that is root outside would escape the limit on
processes and could write to /proc/sys.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import itertools
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

PACKAGES = ("jax", "jaxlib")
TRACER = Path(__file__).with_name("tracer.py")
SITE = "/site"
SCRATCH_BYTES = 64 << 20
_FIRST_UID = 61184  # the range that Linux keeps for dynamic users
_uids = itertools.count()


@dataclass(frozen=True)
class Sandbox:
    """How student code is run.  ``level`` is "full", "none" (told so), or "missing: …" with the reason."""

    level: str
    advice: str = ""

    @property
    def isolated(self) -> bool:
        return self.level == "full"

    def request(self) -> dict[str, Any]:
        """Return what the tracer must know about where it runs."""
        if not self.isolated:
            return {"uid": None, "path": [p for p in sys.path if p not in ("", os.getcwd())], "processes": 0}
        uid = _FIRST_UID + next(_uids) % 4000 if os.getuid() == 0 else None
        return {"uid": uid, "path": [*_stdlib_path(), SITE], "processes": 64}

    def start(self) -> subprocess.Popen[bytes]:
        """Start the tracer; its standard input, output and error are pipes."""
        environment = {"JAX_PLATFORMS": "cpu", "OPENBLAS_NUM_THREADS": "1", "HOME": "/tmp", "LANG": "C.UTF-8"}
        if not self.isolated:
            command = [sys.executable, "-I", "-S", str(TRACER)]
            return _popen(command, environment | {"PATH": os.defpath}, ())
        with _user_namespace() as namespace:
            return _popen(
                bubblewrap([_python(), "-I", "-S", "-B", "/tracer.py"], namespace, environment), {}, namespace
            )


def unsandboxed() -> Sandbox:
    """A student's own file, or an instructor who says so: the level is stored with every mark."""
    return Sandbox("none")


@functools.cache
def probe() -> Sandbox:
    """Try the sandbox once per run and say what it gives; never assume it."""
    binary = shutil.which("bwrap")
    if not sys.platform.startswith("linux"):
        return Sandbox("missing: Linux", "the sandbox needs Linux namespaces; grade in a Linux machine or container")
    if binary is None:
        return Sandbox("missing: bubblewrap", "install it: sudo apt-get install bubblewrap")
    try:
        with _user_namespace() as namespace:
            command = bubblewrap([_python(), "-I", "-S", "-B", "-c", _PROBE], namespace, {"LANG": "C.UTF-8"})
            uid = str(_FIRST_UID if os.getuid() == 0 else "")
            done = subprocess.run(
                [*command, uid], capture_output=True, text=True, timeout=30, env={}, pass_fds=namespace, check=False
            )
    except (OSError, subprocess.SubprocessError) as error:
        return Sandbox("missing: namespaces", f"bubblewrap could not start: {error}")
    if done.returncode != 0:
        line = (done.stderr.strip().splitlines() or ["no message"])[-1][:200]
        advice = f"bubblewrap says: {line}"
        restricted = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
        if restricted.exists() and restricted.read_text().strip() == "1":
            advice += "; allow it: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"
        return Sandbox("missing: namespaces", advice)
    missing = done.stdout.split()
    if missing:
        return Sandbox("missing: " + ", ".join(missing), "the sandbox started, but does not hold what it promises")
    return Sandbox("full")


def kill(process: subprocess.Popen[bytes]) -> None:
    """End the process and everything it started: the namespace's first process dies with bubblewrap."""
    with contextlib.suppress(psutil.Error):
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()


def resident_bytes(process: subprocess.Popen[bytes]) -> int:
    """Sum the resident memory of a process and everything below it."""
    total = 0
    with contextlib.suppress(psutil.Error):
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                total += child.memory_info().rss
    return total


def bubblewrap(inner: list[str], namespace: tuple[int, ...], environment: dict[str, str]) -> list[str]:
    """Write the command line that runs ``inner`` in a fresh, empty world."""
    command = [shutil.which("bwrap") or "bwrap"]
    command += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    if namespace:  # root: join the namespace that maps ordinary users, keep just enough to become one
        command += [
            "--userns",
            str(namespace[0]),
            "--cap-drop",
            "ALL",
            "--cap-add",
            "CAP_SETUID",
            "--cap-add",
            "CAP_SETGID",
        ]
    else:
        command += ["--unshare-user", "--uid", "61184", "--gid", "61184", "--cap-drop", "ALL", *_no_more_namespaces()]
    command += ["--new-session", "--die-with-parent", "--hostname", "sandbox", "--clearenv"]
    for name, text in environment.items():
        command += ["--setenv", name, text]
    command += ["--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys", "--dev", "/dev", "--remount-ro", "/dev"]
    for folder in sorted(
        {str(parent) for _, target in _mounts() for parent in Path(target).parents if str(parent) != "/"}
    ):
        command += ["--perms", "0755", "--dir", folder]  # bubblewrap's own default is closed to ordinary users
    for source, target in _mounts():
        command += ["--ro-bind", source, target]
    for hidden in _hidden():
        command += ["--tmpfs", hidden, "--remount-ro", hidden]
    command += ["--ro-bind", str(TRACER), "/tracer.py"]
    command += ["--perms", "1777", "--size", str(SCRATCH_BYTES), "--tmpfs", "/tmp", "--chdir", "/tmp"]
    return [*command, "--remount-ro", "/", "--", *inner]


@functools.cache
def packages() -> tuple[str, ...]:
    """Name the distributions that tracing needs: the closure of PACKAGES over declared requirements."""
    found: dict[str, None] = {}
    todo = list(PACKAGES)
    while todo:
        name = todo.pop()
        if name in found:
            continue
        try:
            requires = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        found[name] = None
        todo += [re.split(r"[^\w.-]", r)[0] for r in requires if "extra ==" not in r]
    return tuple(found)


@functools.cache
def _mounts() -> tuple[tuple[str, str], ...]:
    paths = [*_stdlib_path(), os.path.realpath(sys.executable)]
    multiarch = sysconfig.get_config_var("MULTIARCH") or ""
    library = sysconfig.get_config_var("LIBDIR") or ""
    shared = sysconfig.get_config_var("INSTSONAME") or ""
    if shared.endswith((".so", ".so.1.0")) or ".so." in shared:
        paths.append(os.path.join(library, shared))
    for root in ("/lib", "/usr/lib"):
        paths += [f"{root}/{multiarch}"] if multiarch else []
    paths += ["/lib64", "/usr/lib64", "/etc/ld.so.cache"]
    mounts = [(p, p) for p in paths if os.path.exists(p)]
    for name in packages():
        distribution = importlib.metadata.distribution(name)
        for top in sorted({f.parts[0] for f in distribution.files or () if f.parts and f.parts[0] != ".."}):
            source = str(distribution.locate_file(top))
            if os.path.exists(source) and not top.endswith(".pth") and top != "__pycache__":
                mounts.append((source, f"{SITE}/{top}"))
    return tuple(dict.fromkeys(mounts))


@functools.cache
def _hidden() -> tuple[str, ...]:
    """Packages that happen to lie inside the mounted library folders, and are not allowed."""
    folders = [os.path.join(p, d) for p in _stdlib_path() for d in ("site-packages", "dist-packages")]
    return tuple(f for f in folders if os.path.isdir(f))


@functools.cache
def _stdlib_path() -> tuple[str, ...]:
    stdlib = sysconfig.get_path("stdlib")
    return stdlib, os.path.join(
        sysconfig.get_path("platstdlib", vars={"platbase": sys.base_exec_prefix}), "lib-dynload"
    )


def _python() -> str:
    return os.path.realpath(sys.executable)


def _popen(command: list[str], environment: dict[str, str], namespace: tuple[int, ...]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        pass_fds=namespace,
        start_new_session=True,
    )


@functools.cache
def _no_more_namespaces() -> tuple[str, ...]:
    """In a user namespace of its own, student code could mount memory without end; bubblewrap 0.8 can forbid it."""
    shown = subprocess.run([shutil.which("bwrap") or "bwrap", "--help"], capture_output=True, text=True, check=False)
    return ("--disable-userns",) if "--disable-userns" in shown.stdout + shown.stderr else ()


# The inner shell starts as root of the namespace, once the map is written, and forbids further ones inside.
_HOLD = """echo; read line
sh -c 'echo 0 >/proc/sys/user/max_user_namespaces; cat /proc/sys/user/max_user_namespaces'; read line"""


@contextlib.contextmanager
def _user_namespace() -> Iterator[tuple[int, ...]]:
    """For root only: hold a user namespace in which ordinary users exist beside root."""
    if os.getuid() != 0:
        yield ()
        return
    holder = subprocess.Popen(
        ["unshare", "--user", "sh", "-c", _HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(os.environ)
    )
    assert holder.stdin is not None and holder.stdout is not None
    try:
        if not holder.stdout.readline():
            raise OSError("user namespaces are not allowed here")
        maps = f"0 0 1\n{_FIRST_UID} {_FIRST_UID} 4000\n"
        Path(f"/proc/{holder.pid}/uid_map").write_text(maps)
        Path(f"/proc/{holder.pid}/gid_map").write_text(maps)
        holder.stdin.write(b"\n")
        holder.stdin.flush()
        if holder.stdout.readline().strip() != b"0":
            raise OSError("further user namespaces cannot be forbidden here")
        descriptor = os.open(f"/proc/{holder.pid}/ns/user", os.O_RDONLY)
    finally:
        holder.stdin.close()
        holder.stdout.close()
        holder.wait()
    try:
        yield (descriptor,)
    finally:
        os.close(descriptor)


# Runs inside; prints a word for each promise that does not hold.
_PROBE = """
import os, sys
if sys.argv[-1].isdigit():
    os.setgroups([]); os.setresgid(*[int(sys.argv[-1])] * 3); os.setresuid(*[int(sys.argv[-1])] * 3)
import resource, socket
if not os.listdir("/site/jax"): print("packages")
if os.getuid() == 0: print("ordinary-user")
if os.listdir("/tmp") or os.path.exists("/home") or os.path.exists("/root/.profile"): print("own-files")
if len([p for p in os.listdir("/proc") if p.isdigit()]) > 3: print("own-processes")
if len(socket.if_nameindex()) > 1: print("no-network")
for path in ("/proc/sys/kernel/hostname", "/usr/x", "/x", "/dev/x", "/dev/shm/x", "/tracer.py"):
    try: open(path, "a").close(); print("read-only:" + path)
    except OSError: pass
status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
if int(status["CapEff"], 16): print("no-capabilities")
if status["NoNewPrivs"].strip() != "1": print("no-new-privileges")
open("/tmp/scratch", "w").close()
"""
