"""The course secret is in the environment of no process that this program starts: they get it, if at all, as input."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from helpers.commands import COURSE, ROOT, Ran
from test_layers import SOURCES

from autograder.sandbox import bubblewrap, process

KEY = "5eed5eed5eed5eed5eed5eed5eed5eed"
OPTIONS = ("-a", "toy", "--root", COURSE, "--device", "cpu")
STARTS = {"Popen", "run", "call", "check_call", "check_output"}


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A submission, a secret in the environment, and no stored answers: the oracle is asked."""
    monkeypatch.setenv("AUTOGRADER_KEY", KEY)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "work"
    folder.mkdir()
    shutil.copy(COURSE / "reference" / "toy" / "solution.py", folder / "right.py")
    return folder


def test_every_process_is_given_an_environment_of_its_own() -> None:
    """Without ``env`` a process gets ours, with whatever the instructor keeps in it."""
    seen = 0
    for module, path in SOURCES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in STARTS:
                owner = node.func.value
                if isinstance(owner, ast.Name) and owner.id == "subprocess":
                    seen += 1
                    assert "env" in {k.arg for k in node.keywords}, f"{module}, line {node.lineno}: no env"
            names = {"system", "popen", "posix_spawn", "execv", "execvp", "spawnv", "spawnl"}
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os":
                assert node.attr not in names, f"{module}, line {node.lineno}: os.{node.attr}"
    assert seen >= 8


@pytest.mark.sandbox
@pytest.mark.parametrize("sandboxed", [True, False])
def test_no_process_of_a_grading_run_is_given_the_secret(
    sandboxed: bool,
    work: Path,
    command: Callable[..., Ran],
    monkeypatch: pytest.MonkeyPatch,
    full_sandbox: bubblewrap.Sandbox,
) -> None:
    """Numbers, training, throughput and cost."""
    process.end_idle()  # so that this run starts its own
    monkeypatch.setenv("AUTOGRADER_KEY", KEY)
    started: dict[str, dict[str, str] | None] = {}
    popen = subprocess.Popen.__init__

    def noted(self: Any, command: Any, *rest: Any, **more: Any) -> None:
        started[" ".join(map(str, command))] = more.get("env")
        popen(self, command, *rest, **more)

    if not sandboxed:
        monkeypatch.setattr(bubblewrap, "probe", bubblewrap.unsandboxed)
    monkeypatch.setattr(subprocess.Popen, "__init__", noted)
    more = () if sandboxed else ("--unsandboxed",)
    ran = command("grade", work, *OPTIONS, *more, "-o", work.parent / "out")
    assert ran.code in (0, 1, 3) and "of 26 points" in ran.out, ran.err  # speed is open on a busy machine
    for line, environment in started.items():
        assert environment is not None and KEY not in str(environment), line
        assert not {n for n in environment if n.startswith("AUTOGRADER")}, line
    seen = "\n".join(started)
    parts = ("bwrap",) if sandboxed else ("inside.template", "device.worker")
    assert all(part in seen for part in ("oracle.process", *parts)), seen


@pytest.mark.sandbox
@pytest.mark.parametrize("more", [(), ("--quick", "--cluster", "local", "--jobs", "1")], ids=["one machine", "cluster"])
def test_no_process_below_a_grading_run_holds_the_secret(
    more: tuple[str, ...], work: Path, full_sandbox: bubblewrap.Sandbox
) -> None:
    """The kernel is asked, over and over, what stands in the environment of every process below the command."""
    line = [sys.executable, "-m", "autograder", "grade", work, *OPTIONS, *more, "-o", work.parent / "out"]
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "AUTOGRADER_KEY": KEY, "PYTHONPATH": path, "NO_COLOR": "1"}
    with subprocess.Popen(
        [*map(str, line)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=work.parent
    ) as process:
        held: dict[bytes, bool] = {}
        met: set[bytes] = set()
        done = threading.Event()

        def watch() -> None:
            while not done.is_set():
                for child in _below(process.pid):
                    try:
                        name = Path(f"/proc/{child}/cmdline").read_bytes()
                        met.add(name)
                        variables = Path(f"/proc/{child}/environ").read_bytes()
                    except OSError:  # it has ended, or the kernel shows it to nobody outside its user namespace
                        continue
                    if name and name != b"\0".join(
                        [*map(os.fsencode, process.args), b""]
                    ):  # between fork and exec a child is a copy of its parent
                        held[name] = held.get(name, False) or KEY.encode() in variables
                time.sleep(0.005)

        watching = threading.Thread(target=watch)
        watching.start()
        said = process.communicate(timeout=300)[0].decode()
        done.set()
        watching.join()
    assert process.returncode in (0, 1, 3) and "points" in said, said
    assert not [name for name, has in held.items() if has]
    seen = b"\n".join(met)
    parts = (b"oracle.process", b"device.worker", b"bwrap", *((b"multiprocessing",) if more else ()))
    assert all(part in seen for part in parts), met


def _below(pid: int) -> list[int]:
    try:
        return [p.pid for p in psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return []
