"""The world that a confined process sees: which files, which devices, and the command line that builds it.

The interpreter, its standard library and the named distributions are mounted read-only; nothing else of this machine
is there.  bubblewrap reads its options from a descriptor, so that no path of this machine stands in a command line
that the confined process might read.
"""

from __future__ import annotations

import functools
import importlib.metadata
import os
import re
import shutil
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SITE = "/site"  # where the distributions lie inside
SCRATCH_BYTES = 64 << 20
FIRST_UID = 61184  # the range that Linux keeps for dynamic users


@dataclass(frozen=True)
class World:
    """What a confined process sees and may do.

    Attributes:
      distributions: installed distributions to mount, with everything that they declare to need.
      binds: (source, target) of further files and folders, mounted read-only.
      devices: device files and folders of this machine that stay usable.
      capabilities: kept by the first process; it must drop them itself.
      network: share the network of this machine.
      processes: show the processes of this world in /proc, as drivers of devices want it.
    """

    distributions: tuple[str, ...] = ("jax", "jaxlib")
    binds: tuple[tuple[str, str], ...] = ()
    devices: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    network: bool = False
    processes: bool = False


def options(world: World, environment: Mapping[str, str], namespace: Sequence[int]) -> list[str]:
    """Return the options for bubblewrap.

    Args:
      world: what the process sees.
      environment: all its variables.
      namespace: descriptor of the user namespace to join, from :func:`user_namespace`; empty for an ordinary user.
    """
    found = ["--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try"]
    found += [] if world.network else ["--unshare-net"]
    if namespace:  # root joins a namespace in which ordinary users exist, to become one
        found += ["--userns", str(namespace[0])]
    else:
        found += ["--unshare-user", "--uid", str(FIRST_UID), "--gid", str(FIRST_UID)]
    found += ["--cap-drop", "ALL"]
    for capability in world.capabilities:
        found += ["--cap-add", capability]
    # It ends with the *thread* that starts it.
    found += ["--new-session", "--die-with-parent", "--hostname", "sandbox", "--clearenv"]
    for name, text in environment.items():
        found += ["--setenv", name, text]
    if world.processes:
        found += ["--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys"]
    found += ["--dev", "/dev"]
    for device in world.devices:
        found += ["--dev-bind", device, device]
    found += ["--remount-ro", "/dev"]
    mounted = mounts(world)
    for folder in sorted({str(p) for _, target in mounted for p in Path(target).parents if str(p) != "/"}):
        found += ["--perms", "0755", "--dir", folder]  # bubblewrap's own default is closed to ordinary users
    for source, target in mounted:
        found += ["--ro-bind", source, target]
    for hidden in _hidden():
        found += ["--tmpfs", hidden, "--remount-ro", hidden]
    found += ["--perms", "1777", "--size", str(SCRATCH_BYTES), "--tmpfs", "/tmp", "--chdir", "/tmp"]
    return [*found, "--remount-ro", "/"]


def mounts(world: World) -> tuple[tuple[str, str], ...]:
    """Return (source, target) of every file and folder of this machine in a world."""
    return tuple(dict.fromkeys((*_interpreter(), *_distributions(world.distributions), *world.binds)))


def binary() -> str:
    """Return bubblewrap's path, or its bare name where it is not installed."""
    return shutil.which("bwrap") or "bwrap"


def python() -> str:
    """Return the interpreter's path, inside and outside."""
    return os.path.realpath(sys.executable)


@functools.cache
def closure(distributions: tuple[str, ...]) -> tuple[str, ...]:
    """Name the installed distributions among the given ones and everything that they declare to need."""
    found: dict[str, None] = {}
    todo = list(distributions)
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
def stdlib_path() -> tuple[str, ...]:
    """Return the folders of the standard library, for ``sys.path``."""
    base = {"platbase": sys.base_exec_prefix}
    return sysconfig.get_path("stdlib"), os.path.join(sysconfig.get_path("platstdlib", vars=base), "lib-dynload")


@functools.cache
def _interpreter() -> tuple[tuple[str, str], ...]:
    paths = [*stdlib_path(), python()]
    multiarch = sysconfig.get_config_var("MULTIARCH") or ""
    library = sysconfig.get_config_var("LIBDIR") or ""
    shared = sysconfig.get_config_var("INSTSONAME") or ""
    if shared.endswith((".so", ".so.1.0")) or ".so." in shared:
        paths.append(os.path.join(library, shared))
    for root in ("/lib", "/usr/lib"):
        paths += [f"{root}/{multiarch}"] if multiarch else []
    # Of processes nothing is shown: XLA asks what the processor can do, and nobody needs to know more.
    paths += ["/lib64", "/usr/lib64", "/etc/ld.so.cache", "/proc/cpuinfo"]
    return tuple((p, p) for p in paths if os.path.exists(p))


@functools.cache
def _distributions(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    found = []
    for name in closure(names):
        distribution = importlib.metadata.distribution(name)
        for top in sorted({f.parts[0] for f in distribution.files or () if f.parts and f.parts[0] != ".."}):
            source = str(distribution.locate_file(top))
            if os.path.exists(source) and not top.endswith(".pth") and top != "__pycache__":
                found.append((source, f"{SITE}/{top}"))
    return tuple(found)


@functools.cache
def _hidden() -> tuple[str, ...]:
    """Packages that happen to lie inside the mounted library folders, and are not allowed."""
    folders = [os.path.join(p, d) for p in stdlib_path() for d in ("site-packages", "dist-packages")]
    return tuple(f for f in folders if os.path.isdir(f))
