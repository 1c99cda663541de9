"""A control group bounds memory as a whole, and none is touched that belongs to somebody else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.sandbox import cgroup
from autograder.sandbox.cgroup import Group, Parent, available, find, make

V1 = "24 18 0:21 / {}/memory rw,nosuid - cgroup cgroup rw,memory\n25 18 0:22 / {}/cpu rw - cgroup cgroup rw,cpu\n"
V2 = "30 18 0:26 /docker {} rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"


@pytest.fixture(autouse=True)
def _afresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    available.cache_clear()
    monkeypatch.delenv(cgroup.VARIABLE, raising=False)
    yield
    available.cache_clear()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A group of version 2, as files."""
    made = tmp_path / "own"
    made.mkdir()
    for name, text in (("controllers", "cpu memory"), ("subtree_control", "memory"), ("procs", "")):
        (made / f"cgroup.{name}").write_text(text)
    return made


def _delegate(monkeypatch: pytest.MonkeyPatch, *mine: Path) -> None:
    monkeypatch.setattr(cgroup, "_delegated", lambda folder: folder in mine)


def test_the_group_that_counts_memory_is_found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = folder / "memory" / "jobs" / "7"
    memory.mkdir(parents=True)
    _delegate(monkeypatch, memory, folder)
    both = "3:cpu:/x\n4:memory:/jobs/7\n0::/elsewhere\n"
    assert find(both, V1.format(folder, folder)) == Parent(memory, 1)
    assert find("0::/docker\n", V2.format(folder)) == Parent(folder, 2)


@pytest.mark.parametrize(
    ("own", "mounted"), [("", ""), ("3:cpu:/\n", V1), ("0::/elsewhere\n", V2)], ids=["nothing", "cpu", "elsewhere"]
)
def test_without_a_group_there_is_a_reason(folder: Path, own: str, mounted: str) -> None:
    assert find(own, mounted.format(folder, folder)) == Parent(None, reason="no control group counts memory here")


def test_a_group_of_somebody_else_is_left_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _delegate(monkeypatch)
    found = find("0::/docker\n", V2.format(folder))
    assert found.folder is None and "is not ours to divide" in found.reason and cgroup.VARIABLE in found.reason
    _delegate(monkeypatch, folder)
    (folder / "cgroup.subtree_control").write_text("")
    (folder / "cgroup.procs").write_text("1\n2\n")
    found = find("0::/docker\n", V2.format(folder))
    assert found.folder is None and "holds other processes" in found.reason
    assert sorted(p.name for p in folder.iterdir()) == ["cgroup.controllers", "cgroup.procs", "cgroup.subtree_control"]


def test_a_group_that_holds_this_process_alone_is_divided(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _delegate(monkeypatch, folder)
    (folder / "cgroup.subtree_control").write_text("")
    (folder / "cgroup.procs").write_text(f"{os.getpid()}\n")
    assert find("0::/docker\n", V2.format(folder)) == Parent(folder, 2)
    assert (folder / "autograder" / "cgroup.procs").read_text() == str(os.getpid())
    assert (folder / "cgroup.subtree_control").read_text() == "+memory"


def test_a_group_that_the_instructor_names_is_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cgroup.VARIABLE, str(folder))
    assert available() == Parent(folder, 2)
    group = make(1 << 20)
    assert group is not None and group.folder.parent == folder
    assert (group.folder / "memory.max").read_text() == str(1 << 20)
    group.add(4711)
    assert (group.folder / "cgroup.procs").read_text() == "4711"
    (group.folder / "memory.current").write_text("99\n")
    (group.folder / "memory.events").write_text("low 0\noom 3\noom_kill 0\n")
    assert group.used() == 99 and not group.overran()
    (group.folder / "memory.events").write_text("low 0\noom 3\noom_kill 1\n")
    assert group.overran()


def test_version_1_has_other_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "memory.limit_in_bytes").write_text("9")
    monkeypatch.setenv(cgroup.VARIABLE, str(folder))
    group = make(1 << 20)
    assert group is not None and group.version == 1
    assert (group.folder / "memory.limit_in_bytes").read_text() == str(1 << 20)
    (group.folder / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 2\n")
    assert group.overran()


def test_a_group_is_removed_and_those_of_dead_runs_are_swept_away(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cgroup, "REMOVE_SECONDS", 0.2)
    dead, alive = folder / "autograder-999999999-0", folder / f"autograder-{os.getppid()}-0"
    dead.mkdir()
    alive.mkdir()
    monkeypatch.setenv(cgroup.VARIABLE, str(folder))
    assert make(1 << 20) is not None
    assert not dead.exists() and alive.exists()
    Group(alive, 2).remove()
    assert not alive.exists()
    Group(alive, 2).remove()  # twice is once


def test_the_kernel_bounds_what_a_group_holds() -> None:
    """Where this machine gives us a group: memory that no limit of a process counts ends the process."""
    if available().folder is None:
        pytest.skip(available().reason)
    group = make(64 << 20)
    assert group is not None
    code = "import os; os.read(0, 9); f = os.memfd_create('x')\nfor _ in range(256): os.write(f, bytes(1 << 20))"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, env={}) as process:
        group.add(process.pid)
        process.communicate(b"\n", timeout=60)
    assert process.returncode == -9 and group.overran()
    group.remove()
    assert not group.folder.exists()
