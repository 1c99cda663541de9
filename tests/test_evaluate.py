"""Workers may die: what brings one down costs that program alone, and equal programs are judged once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import psutil
import pytest
from programs import SCALAR, X, module_of

from autograder.device import DeviceError, DeviceWorker, Lost
from autograder.evaluate import SHARE, Evaluator, Memory, Outputs, Refusal, Task, inspection_request

A = np.random.default_rng(0).normal(size=(4, 5)).astype(np.float32)
RUN_SECONDS = 20  # long enough for a busy machine; what never ends is asked with fewer


@pytest.fixture(scope="module")
def worker() -> Iterator[Evaluator]:
    evaluator = Evaluator("cpu", RUN_SECONDS, 400)
    evaluator.start()
    yield evaluator
    evaluator.close()


def _task(key: str, function: Callable[..., Any], *rounds: np.ndarray, **rules: Any) -> Task:
    return Task(key, module_of(function), (X,), (X,), tuple((r,) for r in rounds or (A,)), **rules)


def _answer(found: Outputs | Refusal) -> np.ndarray:
    assert isinstance(found, Outputs), found
    return found.rounds[0][0]


def endless(x: jax.Array) -> jax.Array:
    return jax.lax.while_loop(lambda y: jnp.isfinite(y).all(), lambda y: jnp.sin(y), x)


def bomb(x: jax.Array) -> jax.Array:
    huge = jnp.outer(jnp.arange(30_000.0), jnp.arange(30_000.0)) + x[0, 0]
    return x + jnp.sort(huge, axis=0).sum()


def test_numbers_come_back_by_program_and_round(worker: Evaluator) -> None:
    tasks = [_task("double", lambda x: 2 * x, A, -A), _task("sine", jnp.sin)]
    found = worker.evaluate(tasks, Memory())
    assert isinstance(found["double"], Outputs)
    for (out,), x in zip(found["double"].rounds, (A, -A), strict=True):
        np.testing.assert_array_equal(out, 2 * x)
    np.testing.assert_allclose(_answer(found["sine"]), np.sin(A), rtol=1e-5)
    assert found["double"].operations["stablehlo.multiply"] == 1


def test_a_trajectory_feeds_its_state_back(worker: Evaluator) -> None:
    module = module_of(lambda w, g: (w - g, 10 * w), SCALAR, SCALAR)
    inputs = np.float32(1), np.arange(3, dtype=np.float32)
    task = Task("path", module, (SCALAR, SCALAR), (SCALAR, SCALAR), (inputs,), 3, 1)
    found = worker.evaluate([task], Memory())["path"]
    assert isinstance(found, Outputs)
    np.testing.assert_array_equal(found.rounds[0][0], [1, 0, -2])
    np.testing.assert_array_equal(found.rounds[0][1], [10, 10, 0])


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "int32", "bool", "uint8"])
def test_every_dtype_comes_back(worker: Evaluator, dtype: str) -> None:
    module = module_of(lambda x: (x > 0).astype(dtype))
    task = Task(dtype, module, (X,), (["a", [4, 5], dtype],), ((A,),))
    found = _answer(worker.evaluate([task], Memory())[dtype])
    np.testing.assert_array_equal(found.astype(bool), A > 0)


def test_equal_programs_are_judged_once(worker: Evaluator, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory()
    first = worker.evaluate([_task("k", lambda x: jnp.sin(x) + 1)], memory)
    assert memory.hits == 0

    def written_otherwise(values: jax.Array) -> jax.Array:
        shifted = jnp.sin(values)
        return shifted + 1

    asked: list[Any] = []
    ask = worker.worker.ask
    monkeypatch.setattr(worker.worker, "ask", lambda header, *rest: asked.append(header["do"]) or ask(header, *rest))
    again = worker.evaluate([_task("k", written_otherwise)], memory)
    assert memory.hits == 1 and asked == ["inspect"] and again["k"] is first["k"]
    # The same program for another task has other inputs, and another program for the same task is another.
    worker.evaluate([_task("other", written_otherwise), _task("k", lambda x: jnp.sin(x) + 2)], memory)
    assert memory.hits == 1 and asked == ["inspect", "inspect", "run"]


def test_a_refusal_is_remembered_only_with_its_own_program(worker: Evaluator) -> None:
    memory = Memory()
    rules: dict[str, Any] = {"forbidden": ("stablehlo.sort",), "by_hand": True}
    tasks = [
        _task("sorted", lambda x: jnp.sort(x, 1), **rules),
        _task("by hand", jax.grad(lambda x: (x**3).sum()), **rules),
        _task("fine", lambda x: x + 1, **rules),
        Task("junk", b"junk", (X,), (X,), ((A,),)),
        Task("another signature", module_of(lambda x: x.T), (X,), (X,), ((A,),)),
    ]
    found = worker.evaluate(tasks, memory)
    kinds = {k: v.kind if isinstance(v, Refusal) else "" for k, v in found.items()}
    assert kinds == {
        "sorted": "forbidden",
        "by hand": "autodiff",
        "fine": "",
        "junk": "parse",
        "another signature": "signature",
    }
    refusal = found["by hand"]
    assert isinstance(refusal, Refusal) and refusal.where is not None and refusal.where[0] == __file__


def test_an_endless_program_costs_itself_alone(worker: Evaluator, monkeypatch: pytest.MonkeyPatch) -> None:
    worker.start()
    before = worker.worker._process
    monkeypatch.setattr(worker, "run_seconds", 3)
    ask = worker.worker.ask
    waited: list[float] = []

    def noted(header: dict[str, Any], data: bytes, seconds: float) -> Any:
        waited.extend([seconds] if header["do"] == "run" else [])
        return ask(header, data, seconds)

    monkeypatch.setattr(worker.worker, "ask", noted)
    memory = Memory()
    found = worker.evaluate([_task("endless", endless), _task("fine", lambda x: 2 * x)], memory)
    assert found["endless"] == Refusal("timeout")
    np.testing.assert_array_equal(_answer(found["fine"]), 2 * A)
    assert waited == [pytest.approx(3 * (1 + SHARE)), 3, 3]  # together, then each alone with its own share
    assert worker.worker._process is not before  # the worker was replaced, and the old one is gone
    assert before is not None and before.returncode is not None
    assert list(memory.found.values()) == [found["fine"]]  # a slow machine may be to blame: not remembered


def test_a_memory_bomb_is_refused_before_it_runs(worker: Evaluator) -> None:
    worker.start()
    before = worker.worker._process
    found = worker.evaluate([_task("bomb", bomb), _task("fine", lambda x: x - 1)], Memory())
    refusal = found["bomb"]
    assert isinstance(refusal, Refusal) and refusal.kind == "memory" and "400 MB allowed" in refusal.message
    np.testing.assert_array_equal(_answer(found["fine"]), A - 1)
    assert worker.worker._process is before  # nothing died of it


def test_a_worker_that_was_killed_is_replaced(worker: Evaluator) -> None:
    worker.evaluate([_task("a", lambda x: x + 1)], Memory())
    assert worker.worker._process is not None
    psutil.Process(worker.worker._process.pid).kill()
    found = worker.evaluate([_task("a", lambda x: x + 1)], Memory())
    np.testing.assert_allclose(_answer(found["a"]), A + 1, rtol=1e-6)


def test_what_crashes_twice_is_a_crash_and_others_are_not_lost(
    worker: Evaluator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that dies whenever one program is asked for: found by halving, tried again, refused."""
    ask = worker.worker.ask
    runs: list[list[str]] = []

    def dying(header: dict[str, Any], *rest: Any) -> Any:
        if header["do"] == "run":
            runs.append([job["program"] for job in header["jobs"]])
            if "bad" in runs[-1]:
                worker.worker.close()
                raise Lost("crash")
        return ask(header, *rest)

    monkeypatch.setattr(worker.worker, "ask", dying)
    found = worker.evaluate([_task(n, lambda x: x + 1) for n in ("a", "bad", "b")], Memory())
    assert found.pop("bad") == Refusal("crash", "crash")
    assert set(found) == {"a", "b"} and all(isinstance(v, Outputs) for v in found.values())
    assert runs.count(["bad"]) == 2


def test_an_inspection_that_brings_the_worker_down_costs_one_program(
    worker: Evaluator, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = worker.worker.ask
    looked: list[list[str]] = []

    def dying(header: dict[str, Any], *rest: Any) -> Any:
        if header["do"] == "inspect":
            looked.append([p["id"] for p in header["programs"]])
            if "bad" in looked[-1]:
                worker.worker.close()
                raise Lost("crash")
        return ask(header, *rest)

    monkeypatch.setattr(worker.worker, "ask", dying)
    found = worker.evaluate([_task(n, lambda x: x + 1) for n in ("a", "bad", "b")], Memory())
    bad = found.pop("bad")
    assert isinstance(bad, Refusal) and bad.kind == "parse"
    assert looked.count(["bad"]) == 2
    assert set(found) == {"a", "b"} and all(isinstance(v, Outputs) for v in found.values())


def test_nothing_to_do(worker: Evaluator) -> None:
    assert worker.evaluate([], Memory()) == {}


def test_a_device_that_is_not_there() -> None:
    with pytest.raises(DeviceError, match="unknown device 'abacus': expected cpu, gpu, tpu or auto"):
        DeviceWorker("abacus")
    absent = DeviceWorker("tpu")
    with pytest.raises(DeviceError, match="no such device here"):
        absent.start()
    absent.close()


def test_a_question_it_does_not_know_is_answered(worker: Evaluator) -> None:
    answer, _ = worker.worker.ask({"do": "dance"}, b"", RUN_SECONDS)
    assert answer["error"] == "run"
    request, data = inspection_request([_task("a", lambda x: x)])
    assert worker.worker.ask(request, data, RUN_SECONDS)[0]["inspections"][0]["kind"] == ""
