"""The process that parses and runs students' programs sees its own code and libraries, and can harm nothing else."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import psutil
import pytest
from helpers.commands import ROOT
from helpers.programs import X, module_of
from test_layers import reached

from autograder.judge.device import accelerators, confinement, description, process
from autograder.judge.device.accelerators import CUDA, TPU, Machine
from autograder.judge.device.budget import Stopwatch
from autograder.judge.device.confinement import MODULES, Confinement
from autograder.judge.device.process import CRASH, MEMORY, DeviceError, DeviceWorker, LostWorkerError
from autograder.judge.device.requests import Task, read_outputs, run_request
from autograder.sandbox import bubblewrap
from autograder.sandbox.world import World, mounts
from autograder.wire import pack

A = np.random.default_rng(0).normal(size=(4, 5)).astype(np.float32)
SECRET = "the-course-secret"


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[DeviceWorker]:
    monkeypatch.setenv("AUTOGRADER_KEY", SECRET)
    opened = DeviceWorker("cpu", 400)
    yield opened
    opened.close()


@pytest.fixture
def unconfined(worker: DeviceWorker) -> DeviceWorker:
    worker.confinement = Confinement("missing: told so", "cpu")
    return worker


def _task(function: Any) -> Task:
    return Task("k", module_of(function), (X,), (X,), ((A,),))


def _answer(worker: DeviceWorker, function: Any, seconds: float = 60) -> np.ndarray:
    task, told = _task(function), list[bytes]()
    header, _ = worker.ask(*run_request([[task]], 400), Stopwatch(seconds), lambda header, data: told.append(data))
    assert header == {"done": True}
    answered: np.ndarray = read_outputs([task], told[-1])["k"][0][0]
    return answered


def endless(x: jax.Array) -> jax.Array:
    return jax.lax.while_loop(lambda y: jnp.isfinite(y).all(), lambda y: jnp.sin(y), x)


# What is there


def test_the_worker_is_given_exactly_the_modules_that_it_imports() -> None:
    assert set(MODULES) == reached(confinement.WORKER) and len(set(MODULES)) == len(MODULES)


@pytest.mark.sandbox
@pytest.mark.parametrize("platform", ["cpu", CUDA, TPU])
def test_nothing_else_of_ours_is_mounted(platform: str, full_sandbox: bubblewrap.Sandbox) -> None:
    world = confinement.confinement(platform).world
    assert world is not None
    ours = {s for s, _ in mounts(world) if s.startswith(f"{ROOT}/") and "/site-packages/" not in s}
    files = {Path(s).relative_to(ROOT) for s in ours if "__pycache__" not in s}
    assert {".".join(f.with_suffix("").parts).removesuffix(".__init__") for f in files} == set(MODULES)
    assert not [s for s, _ in mounts(world) if Path(s) in (ROOT, *ROOT.parents) or Path(s) == Path.home()]


@pytest.mark.sandbox
@pytest.mark.parametrize("platform", ["cpu", CUDA, TPU])
def test_every_rule_holds_from_inside(platform: str, full_sandbox: bubblewrap.Sandbox) -> None:
    found = confinement.rules(platform)
    assert not {rule: seen for rule, seen in found.items() if seen}
    assert {"only the worker's code", "no other files", "only its own variables", "an ordinary user"} <= set(found)
    assert ("own network" in found) == (platform != TPU)
    assert ("no other program" in found) == (platform == "cpu")  # on a GPU, ptxas is one


@pytest.mark.sandbox
@pytest.mark.parametrize("platform", ["cpu", CUDA])
@pytest.mark.parametrize(
    ("more", "rule"),
    [
        ({"binds": ((str(ROOT / "reference"), "/ours/autograder/judge/reference"),)}, "only the worker's code"),
        ({"binds": ((str(ROOT / "assignments"), "/home/assignments"),)}, "no other files"),
        ({"network": True}, "own network"),
    ],
    ids=["code", "files", "network"],
)
def test_the_probe_sees_a_hole(
    platform: str, more: dict[str, Any], rule: str, monkeypatch: pytest.MonkeyPatch, full_sandbox: bubblewrap.Sandbox
) -> None:
    launch = bubblewrap.launch

    def leaking(world: World, *rest: Any) -> Any:
        known = {"binds": (*world.binds, *more["binds"])} if "binds" in more else more
        return launch(dataclasses.replace(world, **known), *rest)

    monkeypatch.setattr(bubblewrap, "launch", leaking)
    assert [r for r, seen in confinement.rules(platform).items() if seen][:1] == [rule]


@pytest.mark.sandbox
def test_the_worker_itself_has_no_rights_and_no_secret(worker: DeviceWorker, full_sandbox: bubblewrap.Sandbox) -> None:
    inner = Path(f"/proc/{worker.process_id()}")
    said = dict(line.split(":\t", 1) for line in (inner / "status").read_text().splitlines() if ":\t" in line)
    assert said["Seccomp"] == "2" and int(said["Seccomp_filters"]) >= 2 and said["NoNewPrivs"] == "1"
    assert {said[name] for name in ("CapEff", "CapPrm", "CapInh", "CapAmb")} == {"0" * 16}
    assert os.getuid() != 0 or "0" not in said["Uid"].split()
    for kind in ("mnt", "pid", "net", "ipc", "uts", "user"):
        with contextlib.suppress(PermissionError):  # an ordinary user may not look
            assert os.readlink(inner / "ns" / kind) != os.readlink(f"/proc/self/ns/{kind}"), kind
    assert "VmRSS" in said and int(said["VmRSS"].split()[0]) > 50_000  # the one that holds JAX
    limits = (inner / "limits").read_text()
    assert str((400 + process.SLACK_MB + confinement.SPARE_MB) << 20) in limits


@pytest.mark.sandbox
def test_a_confined_worker_answers_as_an_unconfined_one(worker: DeviceWorker, full_sandbox: bubblewrap.Sandbox) -> None:
    def program(x: jax.Array) -> jax.Array:
        return jax.nn.softmax(jnp.sin(x) @ x.T) @ x

    assert worker.confinement.level == "full"
    free = DeviceWorker("cpu", 400)
    free.confinement = Confinement("missing: told so", "cpu")
    try:
        np.testing.assert_array_equal(_answer(worker, program), _answer(free, program))
    finally:
        free.close()


@pytest.mark.sandbox
@pytest.mark.parametrize("platform", [CUDA, TPU])
def test_a_worker_confined_as_on_another_device_answers_too(
    platform: str, worker: DeviceWorker, monkeypatch: pytest.MonkeyPatch, full_sandbox: bubblewrap.Sandbox
) -> None:
    """With the CPU in the place of the device, which is not here."""
    worker.confinement = confinement.confinement(platform)
    assert worker.confinement.level.startswith("partial: ")
    monkeypatch.setattr(process, "variables", lambda *rest: accelerators.variables(*rest) | {"JAX_PLATFORMS": "cpu"})
    np.testing.assert_array_equal(_answer(worker, lambda x: 2 * x), 2 * A)
    status = Path(f"/proc/{worker.process_id()}/status").read_text()
    assert "CapEff:\t0000000000000000" in status and "NoNewPrivs:\t1" in status and "Seccomp:\t2" in status
    assert os.getuid() != 0 or "Uid:\t0" not in status


def _variables(pid: int) -> set[str]:
    return {v.partition(b"=")[0].decode() for v in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") if v}


def test_without_a_sandbox_the_worker_still_has_no_secret(unconfined: DeviceWorker) -> None:
    inner = unconfined.process_id()
    assert not {"AUTOGRADER_KEY", "XDG_CACHE_HOME"} & _variables(inner)
    assert SECRET.encode() not in Path(f"/proc/{inner}/environ").read_bytes()
    np.testing.assert_array_equal(_answer(unconfined, lambda x: 2 * x), 2 * A)


def test_where_the_sandbox_is_missing_the_level_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bubblewrap, "probe", lambda: bubblewrap.Sandbox("missing: bubblewrap", "install it"))
    found = DeviceWorker("cpu").confinement
    assert found == Confinement("missing: bubblewrap", "cpu", "install it")
    assert confinement.rules("cpu") == {}


@pytest.mark.sandbox
def test_a_worker_that_cannot_start_confined_is_never_started_without(
    worker: DeviceWorker, monkeypatch: pytest.MonkeyPatch, full_sandbox: bubblewrap.Sandbox
) -> None:
    lacking = tuple(m for m in MODULES if m != "autograder.wire")
    monkeypatch.setattr(confinement, "MODULES", lacking)
    with pytest.raises(DeviceError, match=r"did not start.*confined.*autograder\.wire"):
        worker.start()


# Life and death


@pytest.mark.parametrize("confined", [True, False])
def test_a_worker_outlives_the_thread_that_asked_first(worker: DeviceWorker, confined: bool) -> None:
    if not confined:
        worker.confinement = Confinement("missing: told so", "cpu")
    first = threading.Thread(target=worker.start)
    first.start()
    first.join()
    before = worker.process_id()
    time.sleep(0.5)
    np.testing.assert_array_equal(_answer(worker, lambda x: 2 * x), 2 * A)
    assert worker.process_id() == before


_PARENT = """
import os, sys, threading, time
import psutil
from judge.test_confinement import _answer, endless, Confinement, DeviceWorker
worker = DeviceWorker("cpu", 400)
if sys.argv[1] == "unconfined":
    worker.confinement = Confinement("missing: told so", "cpu")
worker.start()
running = psutil.Process(worker.process_id())
before = running.cpu_times().user
threading.Thread(target=_answer, args=(worker, endless, 1000), daemon=True).start()
while running.cpu_times().user < before + 3:  # more than it takes to compile
    time.sleep(0.1)
print(*(p.pid for p in psutil.Process().children(recursive=True)), flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("how", ["confined", "unconfined"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_an_endless_program_ends_with_who_started_it(how: str, number: int) -> None:
    path = [str(ROOT), str(ROOT / "tests"), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path)}
    command = [sys.executable, "-c", _PARENT, how]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        below = [psutil.Process(int(n)) for n in parent.stdout.readline().split()]
        assert below
        os.kill(parent.pid, number)
        parent.wait()
    gone, left = psutil.wait_procs(below, timeout=10)
    for p in left:
        p.kill()
    assert not left and len(gone) == len(below)


@pytest.mark.parametrize("confined", [True, False])
def test_closing_ends_everything(worker: DeviceWorker, confined: bool) -> None:
    if not confined:
        worker.confinement = Confinement("missing: told so", "cpu")
    worker.start()
    assert worker._process is not None
    outer = psutil.Process(worker._process.pid)
    below = [outer, *outer.children(recursive=True)]
    worker.close()
    assert not psutil.wait_procs(below, timeout=5)[1]


def test_the_memory_of_the_process_that_runs_programs_is_watched(worker: DeviceWorker) -> None:
    worker.start()
    worker.memory_mb = 100 - process.SLACK_MB  # JAX alone needs more
    with pytest.raises(LostWorkerError) as lost:
        _answer(worker, endless)
    assert lost.value.kind == MEMORY


@pytest.mark.parametrize(
    "said",
    [b"\xff" * 9000, pack({"done": True})[:-2] + b"{]", b"\0\0\0\x01\0\0\0\0[" * 3],
    ids=["noise", "json", "list"],
)
def test_a_worker_that_a_program_took_over_is_a_crash(
    worker: DeviceWorker, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    hello = pack({"platform": "cpu", "kind": "cpu", "count": 1})
    code = f"import os, time; os.read(0, 1 << 20); os.write(1, {hello!r}); os.read(0, 1); os.write(1, {said!r})"
    command = [sys.executable, "-c", f"{code}; time.sleep(60)"]

    def fallen(*_: Any) -> Any:
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)

    monkeypatch.setattr(process, "launch", fallen)
    with pytest.raises(LostWorkerError) as lost:
        worker.ask({"do": "inspect"}, b"", Stopwatch(10))
    assert lost.value.kind == CRASH


# Devices that are not here


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine with two GPUs and a TPU, and their plugins."""
    files = "dev/nvidia0 dev/nvidia1 dev/nvidiactl dev/nvidia-uvm dev/nvidia-caps/nvidia-cap1 dev/accel0 dev/sda"
    for name in (*files.split(), "etc/resolv.conf", "etc/shadow", "usr/local/cuda/lib64/libcudart.so"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "sys/bus/pci").mkdir(parents=True)
    lines = ("libcuda.so.1 (libc6,x86-64) => /opt/driver/libcuda.so.1", "libcuda.so => /usr/lib64/libcuda.so")
    (tmp_path / "ldconfig").write_text("".join(f"\t{line}\n" for line in lines))
    names = "jax jaxlib jax-cuda12-plugin jax_cuda12_pjrt nvidia-cudnn-cu12 libtpu flask".split()
    there = [type("D", (), {"metadata": {"Name": n}}) for n in names]
    monkeypatch.setattr(accelerators.importlib.metadata, "distributions", lambda: there)
    return Machine(tmp_path)


def test_a_gpu_worker_gets_the_driver_and_no_network(machine: Machine) -> None:
    world = accelerators.world(CUDA, machine)
    assert set(world.devices) == {f"/dev/{n}" for n in "nvidia0 nvidia1 nvidiactl nvidia-uvm nvidia-caps".split()}
    assert {target for _, target in world.binds} == {"/sys/bus/pci", "/opt/driver", "/usr/local/cuda/lib64"}
    assert world.distributions == ("jax", "jaxlib", "jax-cuda12-pjrt", "jax-cuda12-plugin", "nvidia-cudnn-cu12")
    assert not world.network and "CAP_SYS_ADMIN" not in world.capabilities


def test_a_tpu_worker_gets_the_network_and_its_device(machine: Machine) -> None:
    world = accelerators.world(TPU, machine)
    assert world.network and world.devices == ("/dev/accel0",) and "libtpu" in world.distributions
    assert {target for _, target in world.binds} == {"/sys/bus/pci", "/etc/resolv.conf"}


def test_auto_is_the_device_whose_files_and_plugin_are_both_here(machine: Machine, tmp_path: Path) -> None:
    assert accelerators.resolve("auto", machine) == CUDA
    for file in (machine.root / "dev").glob("nvidia*"):
        file.rename(file.with_name(f"not-{file.name}"))
    assert accelerators.resolve("auto", machine) == TPU
    assert accelerators.resolve("auto", Machine(tmp_path / "nowhere")) == "cpu"
    assert [accelerators.resolve(d, machine) for d in ("cpu", "gpu", "tpu")] == ["cpu", CUDA, TPU]


@pytest.mark.parametrize(
    ("index", "outside", "expected"),
    [("", "", None), ("1", "", "1"), ("", "2,3", "2,3"), ("1", "2,3", "3"), ("0", "GPU-5f", "GPU-5f")],
)
def test_the_number_of_a_gpu_counts_those_that_are_ours(
    machine: Machine, index: str, outside: str, expected: str | None
) -> None:
    given = {"CUDA_VISIBLE_DEVICES": outside, "AUTOGRADER_KEY": SECRET, "HOME": "/home/instructor", "PATH": "/bin"}
    found = accelerators.variables(CUDA, index, True, given, machine)
    assert found.get("CUDA_VISIBLE_DEVICES") == expected
    assert found["LD_LIBRARY_PATH"] == "/opt/driver:/usr/lib64:/usr/local/cuda/lib64"
    assert found["HOME"] == "/tmp" and not {"AUTOGRADER_KEY", "PATH"} & set(found)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ('echo "$*|$AUTOGRADER_KEY|"; yes', ", --query-gpu=memory.total,clocks.max.sm,driver_version"),
        ("exit 9", ""),
        ("printf '\\377'", ""),
    ],
    ids=["words without end", "fails", "no text"],
)
def test_the_description_of_a_gpu_is_bounded_and_knows_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, expected: str
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("AUTOGRADER_KEY", SECRET)
    monkeypatch.setattr(description, "SECONDS", 1.0)
    name = description.describe("gpu", "Imitated", "1")
    assert name.startswith(f"gpu: Imitated{expected}") and (expected or name == "gpu: Imitated")
    assert len(name) <= description.MAX_CHARACTERS and SECRET not in name
