"""The name of a device, with its memory and clock, as far as the machine tells.  Asked outside the worker."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Mapping
from typing import Any

MAX_CHARACTERS, MAX_BYTES = 200, 4096
SECONDS = 20.0  # for NVIDIA's own program to answer


def describe(platform: str, kind: str, index: str = "") -> str:
    """Describe a device.

    Args:
      platform: as JAX names it: "cpu", "gpu" or "tpu".
      kind: the model, as JAX names it.
      index: which of several devices, as ``nvidia-smi`` counts; empty for the first.
    """
    return (_processor() if platform == "cpu" else f"{platform}: {kind}{_graphics(index)}")[:MAX_CHARACTERS]


def _processor() -> str:
    facts: Mapping[str, Any] = {}
    try:
        with open("/proc/cpuinfo") as file:
            facts = {k.strip(): v.strip() for k, _, v in (line.partition(":") for line in file)}
    except OSError:
        pass
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"cpu: {facts.get('model name', 'unknown processor')}, {os.cpu_count()} cores, {memory:.0f} GB{_clock()}"


def _clock() -> str:
    """The highest clock, which does not change from run to run, where the kernel tells it."""
    try:
        with open("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq") as file:
            return f", {int(file.read()) / 1e6:.1f} GHz"
    except (OSError, ValueError):
        return ""


def _graphics(index: str) -> str:
    program = shutil.which("nvidia-smi")
    if program is None:
        return ""
    query = [program, "--query-gpu=memory.total,clocks.max.sm,driver_version", "--format=csv,noheader"]
    query += ["-i", index] if index else []
    environment = {"PATH": os.defpath, "LC_ALL": "C"}
    try:
        with subprocess.Popen(query, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            assert process.stdout is not None
            watch = threading.Timer(SECONDS, process.kill)
            watch.start()
            said = process.stdout.read(MAX_BYTES)
            process.stdout.close()
            failed = process.wait() and len(said) < MAX_BYTES  # who says more is not heard to the end
            watch.cancel()
        lines = [] if failed else said.decode().splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    return f", {lines[0]}" if lines else ""
