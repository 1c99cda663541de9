"""The virtual environment of the benchmark's own, with nbgrader and pytest in it and nothing of this project."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("flax", "ipykernel", "jax", "nbgrader", "pytest", "pytest-timeout")
SHOWN = ("nbgrader", "nbclient", "ipykernel", "pytest", "jax")
MINUTES = 15


class NoPeers(RuntimeError):
    """The environment could not be made; the message says why."""


def default_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "autograder-benchmarks" / "peers"


def obtain(folder: Path) -> Path:
    """Return the interpreter of the peers' environment; made where it is missing, kept for the next time.

    Raises:
      NoPeers: for example, without a network.
    """
    constraints = ROOT / "constraints.txt"
    wanted = json.dumps([PACKAGES, platform.python_version(), hashlib.sha256(constraints.read_bytes()).hexdigest()])
    python, state = folder / "bin" / "python", folder / "made-by-the-benchmark.json"
    if state.exists() and state.read_text() == wanted and python.exists():
        return python
    if folder.exists() and any(folder.iterdir()) and not state.exists():
        raise NoPeers(f"{folder} holds something else: name a folder that is empty or not there (--peer-venv)")
    print(f"Making {folder} with {', '.join(PACKAGES)} (a minute or two) ...", flush=True)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        state.write_text("half made")
        _run([sys.executable, "-m", "venv", str(folder)])
        pip = [str(python), "-m", "pip", "install", "-q", "--no-input", "--disable-pip-version-check", "--retries", "1"]
        _run([*pip, "-c", str(constraints), *PACKAGES])
        state.write_text(wanted)
    except OSError as error:
        raise NoPeers(f"{folder}: {error.strerror}") from None
    return python


def environment(python: Path, home: Path) -> dict[str, str]:
    """What the peers see: their own programs, an empty home, the CPU."""
    home.mkdir(parents=True, exist_ok=True)
    return {"PATH": f"{python.parent}:/usr/bin:/bin", "HOME": str(home), "JAX_PLATFORMS": "cpu", "LANG": "C.UTF-8"}


def versions(python: Path) -> dict[str, str]:
    code = f"import importlib.metadata as m, json; print(json.dumps({{n: m.version(n) for n in {SHOWN!r}}}))"
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found | {"Python": platform.python_version()}


def _run(command: list[str]) -> None:
    what = " ".join(command[1:4])
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60 * MINUTES)
    except subprocess.TimeoutExpired:
        raise NoPeers(f"{what} took longer than {MINUTES} minutes") from None
    if done.returncode:
        lines = [x for x in (done.stderr + done.stdout).strip().splitlines() if "rror:" in x.replace("ERROR", "Error")]
        raise NoPeers(f"{what} failed, is there a network? {(lines or ['no message'])[0][:300]}")
