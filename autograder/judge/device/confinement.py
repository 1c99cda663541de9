"""How the process that parses and runs students' programs is confined.

A parser that is fed by a stranger may be made to do anything.  So the worker sees the interpreter, JAX, the modules
named here, and nothing else: no home, no course, no secret in its environment, no network, no other process.  On the
CPU it also wears the strict filter of system calls: it can start no program and no process.  The driver of a GPU or TPU
needs more system calls, and a TPU needs the network; ``Confinement.level`` says so.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autograder.judge.device.accelerators import CPU, CUDA, TPU, world
from autograder.sandbox import bubblewrap
from autograder.sandbox.bubblewrap import OURS
from autograder.sandbox.inside.probe import CALLS
from autograder.sandbox.system_calls import numbers
from autograder.sandbox.world import SITE, World, mounts, python, stdlib_path
from autograder.wire import pack

PACKAGE = Path(__file__).resolve().parents[2]
WORKER, PROBE = "autograder.judge.device.worker", "autograder.judge.device.probe"
MODULES = (  # all of ours that the worker sees; a test compares it with what the worker imports
    "autograder",
    "autograder.judge",
    "autograder.judge.device",
    "autograder.judge.device.arrays",
    "autograder.judge.device.canary",
    "autograder.judge.device.comparison",
    "autograder.judge.device.execute",
    "autograder.judge.device.flush",
    "autograder.judge.device.hlo",
    "autograder.judge.device.inspection",
    "autograder.judge.device.interpret",
    "autograder.judge.device.measure",
    "autograder.judge.device.requests",
    "autograder.judge.device.trainer",
    WORKER,
    "autograder.judge.intervals",
    "autograder.sandbox",
    "autograder.sandbox.inside",
    "autograder.sandbox.inside.isolation",
    "autograder.sandbox.inside.lowering",
    "autograder.sandbox.inside.tracing",
    "autograder.tree",
    "autograder.wire",
)
_INSIDE = ("by_hand", "guards", "loader", "main", "probe")
_ONLY_FOR_THE_PROBE = (PROBE, *(f"autograder.sandbox.inside.{name}" for name in _INSIDE))
_LEFT_OPEN = {
    CUDA: "partial: own files, no network, no rights; the GPU's driver needs more system calls than the CPU",
    TPU: "partial: own files, no rights; the TPU's driver needs the network and more system calls",
}
SPARE_MB = 1000  # above the limit that is watched: the hard one is for what grows too fast to be seen
FILE_MB = 64


@dataclass(frozen=True)
class Confinement:
    """How a worker is confined.

    Attributes:
      level: "full", "partial: …" with what is left open, or "missing: …" with the reason.
      advice: how to mend it.
      platform: "cpu", "cuda" or "tpu".
      world: what the worker sees; None: this machine, with the rights of who started it.
    """

    level: str
    platform: str
    advice: str = ""
    world: World | None = None

    @property
    def strict(self) -> bool:
        """Whether the worker wears the strict filter and has limits of its own."""
        return self.world is not None and self.platform == CPU


def confinement(platform: str) -> Confinement:
    """Return the strongest confinement that this machine gives to a worker on a platform.

    Where the sandbox works, a worker is never started without it: a device that does not start inside is an error.
    """
    sandbox = bubblewrap.probe()
    if not sandbox.isolated:
        return Confinement(sandbox.level, platform, sandbox.advice)
    bare = world(platform)
    made = replace(bare, binds=(*bare.binds, *_mounts(MODULES)))
    return Confinement(_LEFT_OPEN.get(platform, "full"), platform, world=made)


def launch(confined: Confinement, environment: Mapping[str, str], arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a worker; its standard streams are pipes.

    It ends with the *thread* that calls this, however that ended, where the kernel can be told so.

    Raises:
      OSError: it cannot be started.
    """
    if confined.world is not None:
        return bubblewrap.launch(confined.world, [*_command(WORKER), *arguments], environment)
    path = os.pathsep.join([str(PACKAGE.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.Popen(
        [sys.executable, "-P", "-m", WORKER, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**environment, "PYTHONPATH": path},
        start_new_session=True,
    )


def setup(confined: Confinement, memory_mb: int) -> bytes:
    """Return the first message to a worker: what it must take away from itself before it reads a program.

    Args:
      memory_mb: what the whole process may use, while somebody watches.
    """
    return pack(_setup(confined, memory_mb + SPARE_MB))


def _setup(confined: Confinement, memory_mb: int) -> dict[str, Any]:
    if confined.world is None:
        return {"isolation": "none"}
    threads = 256 + 16 * (os.cpu_count() or 1)
    limits = {"memory_mb": memory_mb, "cpu_seconds": 1 << 31, "file_mb": FILE_MB, "processes": threads}
    return {"isolation": "strict" if confined.strict else "rights", "limits": limits | bubblewrap.isolation()}


def rules(platform: str) -> dict[str, str]:
    """Try each rule from inside a worker's world, with a probe in the worker's place.

    Returns:
      For each rule, by name: nothing where it holds, else what was seen.  Empty where there is no confinement.
    """
    confined = confinement(platform)
    if confined.world is None:
        return {}
    extended = replace(confined.world, binds=(*confined.world.binds, *_mounts(_ONLY_FOR_THE_PROBE)))
    environment = {"LANG": "C.UTF-8", "JAX_PLATFORMS": platform}
    expected: dict[str, Any] = {"modules": [*MODULES, *_ONLY_FOR_THE_PROBE], "variables": sorted(environment)}
    expected["paths"] = [target for _, target in mounts(extended)]
    expected |= {"network": confined.world.network, "strict": confined.strict}
    message = _setup(confined, 500) | {"numbers": numbers(CALLS), "mounted": expected["paths"]}
    message["limits"] |= {"cpu_seconds": 20, "file_mb": 1}
    process = bubblewrap.launch(extended, [*_command(PROBE), json.dumps(expected)], environment)
    try:
        out, err = process.communicate(bubblewrap.message(message), timeout=30)
    except subprocess.TimeoutExpired:
        return {"probe": "it did not come to its end"}
    finally:
        bubblewrap.kill(process)
    found = dict(line.split("\t", 1) for line in out.decode("utf-8", "replace").splitlines() if "\t" in line)
    if "end" not in found:
        said = err.decode("utf-8", "replace").strip().splitlines() or ["no message"]
        return {**found, "probe": f"it did not come to its end: {said[-1][:200]}"}
    del found["end"]
    return found


def _command(module: str) -> list[str]:
    path = [*stdlib_path(), SITE, OURS]
    start = f"import sys; sys.path[:] = {path!r}; from {module} import main; sys.exit(main(sys.argv[1:]))"
    return [python(), "-I", "-S", "-B", "-c", start]


def _mounts(modules: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return source and target of each module's file, and of its compiled form where there is one."""
    found = []
    for name in modules:
        path = PACKAGE.parent.joinpath(*name.split("."))
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        for file in (path, Path(importlib.util.cache_from_source(str(path)))):
            if file.exists():
                found.append((str(file), f"{OURS}/{file.relative_to(PACKAGE.parent)}"))
    return tuple(found)
