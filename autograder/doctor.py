"""Say what this machine can do, and what is missing."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from autograder import __version__, sandbox
from autograder.answers import cache_folder
from autograder.assignment import AssignmentError, find_root, list_assignments, load
from autograder.evaluate import DeviceError, Evaluator
from autograder.grade import libraries


@dataclass(frozen=True)
class Item:
    name: str
    good: bool
    text: str


def examine(root: Path | None, device: str) -> list[Item]:
    """Probe the sandbox and the device, and look at versions, folders and assignments."""
    return [
        Item("autograder", True, f"{__version__}, Python {platform.python_version()} at {sys.executable}"),
        Item("libraries", True, ", ".join(f"{name} {version}" for name, version in libraries().items())),
        Item("processor", True, f"{len(os.sched_getaffinity(0))} cores, {_memory()} GB memory"),
        _sandbox(),
        _device(device),
        _cache(),
        *_assignments(root),
    ]


def _sandbox() -> Item:
    box = sandbox.probe()
    if not box.isolated:
        return Item("sandbox", False, f"{box.level}: {box.advice}")
    version = subprocess.run(
        [shutil.which("bwrap") or "bwrap", "--version"], capture_output=True, text=True, check=False
    )
    return Item(
        "sandbox", True, f"full ({version.stdout.strip()}); mounted for student code: {', '.join(sandbox.packages())}"
    )


def _device(device: str) -> Item:
    evaluator = Evaluator(device)
    try:
        return Item("device", True, evaluator.start())
    except DeviceError as error:
        return Item("device", False, str(error))
    finally:
        evaluator.close()


def _cache() -> Item:
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        files = list(folder.glob("*.npz"))
    except OSError as error:
        return Item("cache", False, f"{folder}: {error.strerror}; name another place with XDG_CACHE_HOME")
    writable = os.access(folder, os.W_OK)
    text = f"{folder}, {len(files)} stored answers" if writable else f"{folder} is not writable"
    return Item("cache", writable, text)


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
