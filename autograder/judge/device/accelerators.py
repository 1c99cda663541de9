"""What a worker needs of this machine for each platform, as data: device files, libraries, distributions, variables.

The CPU needs nothing.  A GPU needs its device files, the driver's libraries and the wheels of its plugin; a TPU needs
its device files and the network.  Nothing here was tried on an accelerator; the tests read it from an imitated machine.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.sandbox.bubblewrap import CAPABILITIES
from autograder.sandbox.inside.lowering import PLATFORMS
from autograder.sandbox.world import World

CPU, CUDA, TPU = "cpu", "cuda", "tpu"  # as JAX and StableHLO name them

_DEVICES = {
    CUDA: ("dev/nvidia[0-9]*", "dev/nvidiactl", "dev/nvidia-uvm*", "dev/nvidia-caps", "dev/dxg"),
    TPU: ("dev/accel*", "dev/vfio"),
}
_DISTRIBUTIONS = {CUDA: r"jax-cuda\d+-(plugin|pjrt)|nvidia-.*", TPU: r"libtpu.*"}
_SYSTEM = {
    CUDA: ("sys/bus/pci", "sys/devices", "sys/module/nvidia*"),
    TPU: (
        *("sys/bus/pci", "sys/devices", "sys/class/accel", "sys/class/vfio", "sys/kernel/iommu_groups"),
        *("etc/resolv.conf", "etc/hosts", "etc/nsswitch.conf", "etc/ssl/certs"),
    ),
}
_LIBRARIES = ("usr/local/nvidia/lib64", "usr/local/nvidia/lib", "usr/local/cuda/compat", "usr/local/cuda/lib64")
_WSL = "usr/lib/wsl"  # where Windows keeps the driver's libraries
_ALWAYS_MOUNTED = re.compile(r"(/usr)?/lib(64|/[\w-]+-linux-gnu)?$")
_VARIABLES = {CUDA: ("XLA_PYTHON_CLIENT_",), TPU: ("TPU_", "LIBTPU_")}


@dataclass(frozen=True)
class Machine:
    """Where the files of a machine are; the tests have one of their own."""

    root: Path = Path("/")

    def find(self, *patterns: str) -> tuple[str, ...]:
        """Return the absolute paths on the machine that fit."""
        found = (p for pattern in patterns for p in sorted(self.root.glob(pattern)))
        return tuple(dict.fromkeys("/" + str(p.relative_to(self.root)) for p in found))

    def driver_folders(self) -> tuple[str, ...]:
        """Return the folders in which the dynamic linker finds NVIDIA's driver."""
        env = {"PATH": os.pathsep.join(("/usr/sbin", "/sbin", os.defpath))}
        command = ["ldconfig", "-p"] if self.root == Path("/") else ["cat", str(self.root / "ldconfig")]
        try:
            listed = subprocess.run(command, env=env, capture_output=True, text=True, check=False).stdout
        except OSError:
            return ()
        return tuple(dict.fromkeys(re.findall(r"libcuda\.so\S* .*=> (\S+)/libcuda\.so", listed)))


def resolve(device: str, machine: Machine | None = None) -> str:
    """Return the platform that a device means: "auto" is the GPU or TPU whose files and plugin are both here.

    JAX itself would go on with the CPU where a GPU does not start; here this is an error, and nobody's GPU is left idle
    unnoticed.
    """
    if device != "auto":
        return {"gpu": CUDA}.get(device, device)
    here = machine or Machine()
    for platform in (CUDA, TPU):
        if here.find(*_DEVICES[platform]) and distributions(platform):
            return platform
    return CPU


def lowered_for(device: str) -> tuple[str, ...]:
    """Return what programs for a device are lowered for; for a CPU nothing else, because that is cheaper."""
    return (CPU,) if device == CPU else PLATFORMS


def distributions(platform: str) -> tuple[str, ...]:
    """Name the installed distributions that make JAX run on a platform, beside JAX itself."""
    pattern = _DISTRIBUTIONS.get(platform)
    if pattern is None:
        return ()
    names = {str(d.metadata["Name"]).lower().replace("_", "-") for d in importlib.metadata.distributions()}
    return tuple(sorted(n for n in names if re.fullmatch(pattern, n)))


def world(platform: str, machine: Machine | None = None) -> World:
    """Return the world of a platform's worker, without any code of ours.

    The process keeps, for a moment, the capabilities that it needs to isolate itself.
    """
    if platform == CPU:
        return World(capabilities=CAPABILITIES)
    here = machine or Machine()
    files = here.find(*_SYSTEM[platform])
    if platform == CUDA:
        files += tuple(f for f in _folders(here) if not _ALWAYS_MOUNTED.match(f)) + here.find(_WSL)
    return World(
        distributions=("jax", "jaxlib", *distributions(platform)),
        binds=tuple((str(here.root / f.lstrip("/")), f) for f in files),
        devices=here.find(*_DEVICES[platform]),
        capabilities=("CAP_SETUID", "CAP_SETGID"),
        network=platform == TPU,
        processes=True,
    )


def variables(
    platform: str, index: str, confined: bool, outside: Mapping[str, str], machine: Machine | None = None
) -> dict[str, str]:
    """Return the environment of a worker: all of it but the options of XLA.

    Args:
      platform: where JAX shall run.
      index: which of several devices; empty for the first.
      confined: the worker sees a world of its own, with no home and no programs.
      outside: the environment of this process, of which little is handed on.
    """
    found = {"JAX_PLATFORMS": platform, "LANG": "C.UTF-8", "HOME": "/tmp", "OPENBLAS_NUM_THREADS": "1"}
    found |= {k: v for k, v in outside.items() if k.startswith(_VARIABLES.get(platform, "\0"))}
    found["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
    if platform == CUDA:
        found["CUDA_CACHE_DISABLE"] = "1"  # its folder would be the home
        visible = [name for name in outside.get("CUDA_VISIBLE_DEVICES", "").split(",") if name]
        chosen = visible[int(index)] if index.isdigit() and int(index) < len(visible) else index
        if chosen or visible:
            found["CUDA_VISIBLE_DEVICES"] = chosen or ",".join(visible)
    if confined and platform == CUDA:
        here = machine or Machine()
        found["LD_LIBRARY_PATH"] = os.pathsep.join((*_folders(here), *here.find(f"{_WSL}/lib")))
    if not confined:
        found |= {k: outside[k] for k in ("PATH", "LD_LIBRARY_PATH", "TMPDIR", "SYSTEMROOT") if k in outside}
    return {name: text for name, text in found.items() if text}


def _folders(here: Machine) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*here.driver_folders(), *here.find(*_LIBRARIES))))
