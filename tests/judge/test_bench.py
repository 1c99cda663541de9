"""A bench opens the evaluators and the testbed of a device together, and closes them together."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from autograder.assignment.load import Assignment
from autograder.checks import MEASURED
from autograder.judge import bench as module
from autograder.judge.bench import bench, open_bench
from autograder.judge.device.process import DeviceError


class Machine:
    """Stands in for evaluators and testbeds: notes what was opened and what is still open."""

    def __init__(self, platform: str, count: int) -> None:
        self.about = {"platform": platform, "count": count}
        self.opened: list[tuple[str, Any]] = []
        self.open: list[str] = []

    def evaluator(self, device: str, seconds: float, memory_mb: int) -> Any:
        return self._part("evaluator", device, (seconds, memory_mb))

    def testbed(self, device: str, memory_mb: int) -> Any:
        return self._part("testbed", device, memory_mb)

    def _part(self, kind: str, device: str, limits: Any) -> Any:
        name = f"{kind} {device}"
        self.opened.append((name, limits))
        self.open.append(name)
        machine = self

        class Part:
            worker = self

            def start(self) -> str:
                if machine.about["count"] == 0:
                    raise DeviceError("no such device here")
                return f"the {device}"

            def close(self) -> None:
                machine.open.remove(name)

        return Part()


def _on(monkeypatch: pytest.MonkeyPatch, platform: str, count: int) -> Machine:
    machine = Machine(platform, count)
    monkeypatch.setattr(module, "Evaluator", machine.evaluator)
    monkeypatch.setattr(module, "Testbed", machine.testbed)
    return machine


def test_on_the_cpu_every_job_has_an_evaluator(toy: Assignment, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = _on(monkeypatch, "cpu", 1)
    with bench(toy, "auto", jobs=3) as opened:
        assert opened.device == "the auto" and opened.evaluator is opened.evaluators[0]
        assert machine.open == ["evaluator auto", "evaluator cpu", "evaluator cpu", "testbed cpu"]
        limits = toy.limits["run_seconds"], toy.limits["memory_mb"]
        assert [given for _, given in machine.opened] == [limits] * 3 + [limits[1]]
    assert not machine.open


def test_every_gpu_has_an_evaluator_however_many_jobs(toy: Assignment, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = _on(monkeypatch, "gpu", 3)
    with bench(toy, "auto", jobs=8):
        assert machine.open == ["evaluator auto", "evaluator gpu:1", "evaluator gpu:2", "testbed gpu"]
    assert not machine.open


def test_there_is_a_testbed_only_for_what_is_measured(toy: Assignment, monkeypatch: pytest.MonkeyPatch) -> None:
    _on(monkeypatch, "cpu", 1)
    assert open_bench(toy, "cpu").testbed is not None
    assert open_bench(toy, "cpu", measure=False).testbed is None
    numeric = {name: check for name, check in toy.checks.items() if check.kind not in MEASURED}
    assert open_bench(dataclasses.replace(toy, checks=numeric), "cpu").testbed is None


def test_an_error_leaves_nothing_open(toy: Assignment, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = _on(monkeypatch, "cpu", 0)
    with pytest.raises(DeviceError), bench(toy, "cpu", jobs=2):
        pass
    assert machine.opened and not machine.open
    machine.about["count"] = 1
    with pytest.raises(KeyboardInterrupt), bench(toy, "cpu", jobs=2):
        raise KeyboardInterrupt
    assert not machine.open
