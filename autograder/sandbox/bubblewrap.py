"""The one seam to student code: start a process that can see nothing and harm nothing.

``Sandbox.start`` runs a module of ``inside`` under bubblewrap with every namespace unshared, no network, a cleared
environment and read-only mounts of the interpreter, the standard library and exactly the packages that tracing needs.
That process is ours; it, or a fork of it, isolates itself for good before it reads a student's byte
(``inside.isolation``).  It is an ordinary user
inside *and* outside: started by root, a user namespace with a map of its own is made first.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import importlib.metadata
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from autograder.sandbox.inside.probe import CALLS
from autograder.sandbox.system_calls import FilterError, numbers, student_filter, template_filter
from autograder.sandbox.user_namespace import USERS, user_namespace
from autograder.sandbox.world import FIRST_UID, SITE, World, binary, closure, mounts, options, python, stdlib_path

INSIDE = Path(__file__).with_name("inside")
OURS = "/ours"  # where our own code lies inside
PROCESSES = 64  # threads are counted too
CAPABILITIES = ("CAP_SYS_ADMIN", "CAP_SETUID", "CAP_SETGID")
ENVIRONMENT = {"JAX_PLATFORMS": "cpu", "OPENBLAS_NUM_THREADS": "1", "HOME": "/tmp", "LANG": "C.UTF-8"}
_WORLD = World(binds=((str(INSIDE), f"{OURS}/{INSIDE.name}"),), capabilities=CAPABILITIES)
_uids = itertools.count()
_MEMORY = re.compile(r"^Vm(RSS|PTE):\s*(\d+) kB$", re.MULTILINE)
Streams = tuple[int, int, int]
PIPES: Streams = (subprocess.PIPE, subprocess.PIPE, subprocess.PIPE)
CODE_MB, TABLES_MB = 200, 100  # beside a process's data: code of JAX that is loaded, and tables of pages


@dataclass(frozen=True)
class Sandbox:
    """How student code is run.  ``level`` is "full", "none" (told so), or "missing: …" with the reason."""

    level: str
    advice: str = ""

    @property
    def isolated(self) -> bool:
        return self.level == "full"

    def setup(self, limits: Mapping[str, int], by_hand: bool) -> dict[str, Any]:
        """Return the message that says what the process must take away from itself."""
        own = {**isolation(), "processes": PROCESSES} if self.isolated else {"processes": 0}
        return {"isolated": self.isolated, "by_hand": by_hand, "limits": {**limits, **own}}

    def path(self) -> list[str]:
        """Return the folders of the packages, for ``sys.path``."""
        if self.isolated:
            return [*stdlib_path(), SITE]
        folders = (str(importlib.metadata.distribution(name).locate_file("")) for name in packages())
        return [*stdlib_path(), *dict.fromkeys(folders)]

    def start(self, module: str, streams: Streams = PIPES) -> subprocess.Popen[bytes]:
        """Start a module of ``inside``; ``streams`` are its standard input, output and error.

        Raises:
          OSError: bubblewrap or a user namespace is not to be had.
        """
        if not self.isolated:
            command = [sys.executable, "-I", "-S", "-c", _start(INSIDE.parent, module)]
            return _popen(command, ENVIRONMENT | {"PATH": os.defpath}, (), streams)
        return launch(_WORLD, [python(), "-I", "-S", "-B", "-c", _start(Path(OURS), module)], ENVIRONMENT, streams)


def unsandboxed() -> Sandbox:
    """A student's own file, or an instructor who says so: the level is stored with every mark."""
    return Sandbox("none")


@functools.cache
def probe() -> Sandbox:
    """Try the sandbox once per run and say what it gives; never assume it."""
    broken = {rule: detail for rule, detail in rules().items() if detail}
    for rule, detail in broken.items():
        if rule in _CAUSES:
            return Sandbox(f"missing: {rule}", detail)
    if broken:
        return Sandbox("missing: " + ", ".join(broken), "the sandbox started, but does not hold what it promises")
    return Sandbox("full")


_CAUSES = ("Linux", "bubblewrap", "libseccomp", "namespaces")  # without them no rule can be probed


@functools.cache
def rules() -> dict[str, str]:
    """Probe each rule of the sandbox from inside.

    Returns:
      For each rule, by name: nothing where it holds, else what was seen, or how to mend it.
    """
    if not sys.platform.startswith("linux"):
        return {"Linux": "the sandbox needs Linux namespaces; grade in a Linux machine or container"}
    if shutil.which("bwrap") is None:
        return {"bubblewrap": "install it: sudo apt-get install bubblewrap"}
    try:
        template_filter()
    except FilterError as error:
        return {"libseccomp": f"{error.strerror}; install it: sudo apt-get install libseccomp2"}
    try:
        command = [python(), "-I", "-S", "-B", "-c", _start(Path(OURS), "probe")]
        setup = Sandbox("full").setup({"memory_mb": 500, "cpu_seconds": 20, "file_mb": 1}, False)
        setup |= {"numbers": numbers(CALLS), "mounted": [target for _, target in mounts(_WORLD)]}
        process = launch(_WORLD, command, {"LANG": "C.UTF-8"})
        try:
            out, err = process.communicate(message(setup), timeout=30)
        finally:
            kill(process)
    except (OSError, subprocess.SubprocessError) as error:
        return {"namespaces": f"bubblewrap could not start: {error}"}
    lines = out.decode("utf-8", "replace").splitlines()
    found = dict(line.split("\t", 1) for line in lines if "\t" in line)
    if not found:
        return {"namespaces": _why_not(err.decode("utf-8", "replace"))}
    if "end" not in found:
        found["probe"] = "it did not come to its end"
    found.pop("end", None)
    return {**found, "no other architecture": found.get("no other architecture", "")}


def _why_not(said: str) -> str:
    line = (said.strip().splitlines() or ["no message"])[-1][:200]
    advice = f"bubblewrap says: {line}"
    restricted = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
    if restricted.exists() and restricted.read_text().strip() == "1":
        advice += "; allow it: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"
    return advice


def isolation() -> dict[str, Any]:
    """Return what ``inside.isolation.enter`` must know; started by root, each process becomes another user."""
    return {
        "uid": FIRST_UID + next(_uids) % USERS if os.getuid() == 0 else None,
        "filter": base64.b64encode(student_filter()).decode(),
        "keyctl": numbers(["keyctl"])["keyctl"],
    }


def packages() -> tuple[str, ...]:
    """Name the distributions that student code can import: what tracing needs."""
    return closure(_WORLD.distributions)


def message(content: Mapping[str, Any]) -> bytes:
    """Pack one message to the process: its length, and JSON."""
    text = json.dumps(content).encode()
    return len(text).to_bytes(4, "big") + text


def launch(
    world: World, inner: Sequence[str], environment: Mapping[str, str], streams: Streams = PIPES
) -> subprocess.Popen[bytes]:
    """Start ``inner`` in a world of its own, behind the wide filter.

    Raises:
      OSError: bubblewrap or a user namespace is not to be had.
    """
    with contextlib.ExitStack() as stack:
        namespace = stack.enter_context(user_namespace())
        filters = stack.enter_context(_readable(template_filter(world.network)))
        listed = "\0".join([*options(world, environment, namespace), "--seccomp", str(filters)])
        arguments = stack.enter_context(_readable(listed.encode()))
        command = [binary(), "--args", str(arguments), "--", *inner]
        return _popen(command, {}, (*namespace, filters, arguments), streams)


@contextlib.contextmanager
def _readable(data: bytes) -> Any:
    """Yield a descriptor from which ``data`` can be read once."""
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        yield file.fileno()


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


def overruns(process: subprocess.Popen[bytes], memory_mb: int) -> bool:
    """Whether what was started uses more memory than it may, beyond what the kernel's limits count.

    Only the processes at the end of the chain are measured: the others wait, and share their pages with them.  The
    kernel bounds data at ``memory_mb``; code, and the tables that map pages, come on top.
    """
    measured = map(_memory_kb, ends_of_chain(process.pid))
    return any(rss > (memory_mb + CODE_MB) << 10 or tables > TABLES_MB << 10 for rss, tables in measured)


def ends_of_chain(pid: int) -> list[int]:
    """Return the processes below one that have none below themselves: around them are bubblewrap and who waits."""
    with contextlib.suppress(psutil.Error):
        below = psutil.Process(pid).children(recursive=True)
        parents = {child.ppid() for child in below}
        return [child.pid for child in below if child.pid not in parents]
    return []


def _memory_kb(pid: int) -> tuple[int, int]:
    with contextlib.suppress(OSError):
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
        found = dict(_MEMORY.findall(status))
        return int(found.get("RSS", 0)), int(found.get("PTE", 0))
    return 0, 0


def _start(folder: Path, module: str) -> str:
    return f"import sys; sys.path.insert(0, {str(folder)!r}); from {INSIDE.name}.{module} import main; main()"


def _popen(
    command: list[str], environment: Mapping[str, str], descriptors: tuple[int, ...], streams: Streams
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdin=streams[0],
        stdout=streams[1],
        stderr=streams[2],
        env=dict(environment),
        pass_fds=descriptors,
        start_new_session=True,
    )
