"""Check what this machine can do, and what is missing."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from autograder import __version__
from autograder.assignment.load import AssignmentError, find_root, list_assignments, load
from autograder.judge.device.confinement import rules
from autograder.judge.device.environment import cache_folder
from autograder.judge.device.evaluator import Evaluator
from autograder.judge.device.process import DeviceError
from autograder.judge.oracle.expected import library_versions
from autograder.sandbox import bubblewrap, cgroup


@dataclass(frozen=True)
class Item:
    name: str
    good: bool
    text: str


def examine(root: Path | None, device: str) -> list[Item]:
    """Probe the sandbox and the device, and look at versions, folders and assignments."""
    return [
        Item("autograder", True, f"{__version__}, Python {platform.python_version()} at {sys.executable}"),
        Item("libraries", True, ", ".join(f"{name} {version}" for name, version in library_versions().items())),
        Item("processor", True, f"{len(os.sched_getaffinity(0))} cores, {_memory()} GB memory"),
        *_sandbox(),
        _device(device),
        _cache(),
        *_assignments(root),
    ]


def _sandbox() -> list[Item]:
    """Say of every rule of the sandbox whether it holds; each was tried from inside."""
    sandbox = bubblewrap.probe()
    rules = bubblewrap.rules()
    broken = {rule: detail for rule, detail in rules.items() if detail}
    holding = [rule for rule in rules if rule not in broken]
    if not sandbox.isolated and not holding:
        return [Item("sandbox", False, f"{sandbox.level}: {sandbox.advice}")]
    asked = [shutil.which("bwrap") or "bwrap", "--version"]
    version = subprocess.run(asked, capture_output=True, text=True, check=False, env={}).stdout.strip()
    mounted = f"({version}); mounted for student code: {', '.join(bubblewrap.packages())}"
    return [
        Item("sandbox", sandbox.isolated, f"{sandbox.level} {mounted}"),
        Item("rules of the sandbox that hold", True, ", ".join(holding)),
        *(Item(f"rule of the sandbox: {rule}", False, detail) for rule, detail in broken.items()),
    ]


def _device(device: str) -> Item:
    evaluator = Evaluator(device)
    try:
        name = evaluator.start()
    except DeviceError as error:
        return Item("device", False, str(error))
    finally:
        evaluator.close()
    confined = evaluator.worker.confinement
    if confined.world is None:
        return Item("device", False, f"{name}; programs run with your rights ({confined.level}): {confined.advice}")
    tried = rules(confined.platform)
    broken = "; ".join(f"{rule}: {seen}" for rule, seen in tried.items() if seen)
    if broken:
        return Item(
            "device", False, f"{name}; the process that runs programs is not confined as it should be: {broken}"
        )
    group = cgroup.available()
    memory = f"watched, not bounded as a whole: {group.reason}"
    if (
        group.folder or confined.strict
    ):  # with the strict filter, the limits of the process are those of all it can hold
        memory = "bounded by a control group" if group.folder else "bounded by the limits of the process"
    text = f"programs run confined, {confined.level} ({len(tried)} rules tried); memory {memory}"
    return Item("device", True, f"{name}; {text}")


def _cache() -> Item:
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        files = list(folder.glob("*.npz"))
    except OSError as error:
        return Item("cache", False, f"{folder}: {error.strerror}: set XDG_CACHE_HOME to another folder")
    writable = os.access(folder, os.W_OK)
    advice = f"{folder} is not writable: set XDG_CACHE_HOME to another folder"
    return Item("cache", writable, f"{folder}, {len(files)} stored reference answers" if writable else advice)


def _assignments(root: Path | None) -> list[Item]:
    try:
        folder = root or find_root()
    except AssignmentError as error:
        return [Item("assignments", False, str(error))]
    items = []
    for slug in list_assignments(folder):
        try:
            loaded = load(slug, folder)
        except AssignmentError as error:
            items.append(Item(slug, False, str(error)))
            continue
        here = "with its reference" if loaded.reference else "without its reference: public self-check only"
        items.append(Item(slug, True, f"{loaded.total:g} points, {len(loaded.checks)} checks, {here}"))
    return items or [Item("assignments", False, f"none in {folder / 'assignments'}")]


def _memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
