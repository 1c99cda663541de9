"""Workers may die: what brings one down costs that program alone, and equal programs are judged once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import psutil
import pytest
from helpers.programs import SCALAR, X, module_of

from autograder.judge.device import evaluator
from autograder.judge.device.budget import Limits, Stopwatch
from autograder.judge.device.evaluator import Evaluator, ResultCache
from autograder.judge.device.process import DeviceError, DeviceWorker
from autograder.judge.device.requests import OURS, Outputs, Refusal, Task, inspection_request

A = np.random.default_rng(0).normal(size=(4, 5)).astype(np.float32)
RUN_SECONDS = 20  # long enough for a busy machine; what never ends is asked with fewer


@pytest.fixture(scope="module")
def worker() -> Iterator[Evaluator]:
    opened = Evaluator("cpu", RUN_SECONDS, 400)
    opened.start()
    yield opened
    opened.close()


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
    found = worker.evaluate(tasks, ResultCache())
    assert isinstance(found["double"], Outputs)
    for (out,), x in zip(found["double"].rounds, (A, -A), strict=True):
        np.testing.assert_array_equal(out, 2 * x)
    np.testing.assert_allclose(_answer(found["sine"]), np.sin(A), rtol=1e-5)
    assert found["double"].operations["stablehlo.multiply"] == 1


def test_a_trajectory_feeds_its_state_back(worker: Evaluator) -> None:
    module = module_of(lambda w, g: (w - g, 10 * w), SCALAR, SCALAR)
    inputs = np.float32(1), np.arange(3, dtype=np.float32)
    task = Task("path", module, (SCALAR, SCALAR), (SCALAR, SCALAR), (inputs,), 3, 1)
    found = worker.evaluate([task], ResultCache())["path"]
    assert isinstance(found, Outputs)
    np.testing.assert_array_equal(found.rounds[0][0], [1, 0, -2])
    np.testing.assert_array_equal(found.rounds[0][1], [10, 10, 0])


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "int32", "bool", "uint8"])
def test_every_dtype_comes_back(worker: Evaluator, dtype: str) -> None:
    module = module_of(lambda x: (x > 0).astype(dtype))
    task = Task(dtype, module, (X,), (["a", [4, 5], dtype],), ((A,),))
    found = _answer(worker.evaluate([task], ResultCache())[dtype])
    np.testing.assert_array_equal(found.astype(bool), A > 0)


def test_equal_programs_are_judged_once(worker: Evaluator, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = ResultCache()
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


def _outputs(number: int, size: int) -> Outputs:
    return Outputs(((np.zeros(size, np.uint8),),), f"program {number}")


def test_the_least_recently_used_results_are_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluator, "CACHE_BYTES", 30_000)
    cache = ResultCache()
    for i in range(50):
        cache.keep({(str(i), "task"): _outputs(i, 1000)})  # 3,000 bytes each with what surrounds it
        cache.look([("0", "task")])
    assert len(cache.results) == 10 and cache.hits == 50
    known, left = cache.look([("0", "task"), ("30", "task"), ("49", "task")])
    assert set(known) == {("0", "task"), ("49", "task")} and left == {("30", "task")}
    cache.keep({("large", "task"): _outputs(7, 40_000)})  # larger than the whole cache
    assert ("large", "task") not in cache.results and len(cache.results) == 10


def test_threads_share_the_result_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluator, "CACHE_BYTES", 30_000)
    cache = ResultCache()

    def use(thread: int) -> None:
        for i in range(3000):
            name = str((i * (thread + 1)) % 17), "task"
            cache.keep({name: _outputs(i, 1000)})
            cache.look([name, (str(i % 17), "task")])

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(use, range(4)))  # raises what a thread raised
    finally:
        sys.setswitchinterval(interval)
    assert len(cache.results) == 10 and cache.results.currsize == 30_000


def test_a_refusal_is_remembered_only_with_its_own_program(worker: Evaluator) -> None:
    memory = ResultCache()
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
    monkeypatch.setattr(worker, "limits", Limits.of(4))
    ran = _recorded(worker, monkeypatch)
    memory = ResultCache()
    found = worker.evaluate([_task("endless", endless), _task("fine", lambda x: 2 * x)], memory)
    assert found["endless"] == Refusal("timeout")
    np.testing.assert_array_equal(_answer(found["fine"]), 2 * A)
    assert ran == [2, 1, 1]  # in haste, what is left, and what was slow at the end
    assert worker.worker._process is not before  # the worker was replaced, and the old one is gone
    assert before is not None and before.returncode is not None
    assert list(memory.results.values()) == [found["fine"]]  # a slow machine may be to blame: not remembered


def test_a_memory_bomb_is_refused_before_it_runs(worker: Evaluator) -> None:
    worker.start()
    before = worker.worker._process
    found = worker.evaluate([_task("bomb", bomb), _task("fine", lambda x: x - 1)], ResultCache())
    refusal = found["bomb"]
    assert isinstance(refusal, Refusal) and refusal.kind == "memory" and "400 MB allowed" in refusal.message
    np.testing.assert_array_equal(_answer(found["fine"]), A - 1)
    assert worker.worker._process is before  # nothing died of it


def test_a_worker_that_was_killed_is_replaced(worker: Evaluator) -> None:
    worker.evaluate([_task("a", lambda x: x + 1)], ResultCache())
    assert worker.worker._process is not None
    psutil.Process(worker.worker._process.pid).kill()
    found = worker.evaluate([_task("a", lambda x: x + 1)], ResultCache())
    np.testing.assert_allclose(_answer(found["a"]), A + 1, rtol=1e-6)


def test_no_tasks_have_no_results(worker: Evaluator) -> None:
    assert worker.evaluate([], ResultCache()) == {}


def test_a_device_that_is_not_there_is_named() -> None:
    with pytest.raises(DeviceError, match="unknown device 'abacus': expected cpu, gpu, tpu or auto"):
        DeviceWorker("abacus")
    absent = DeviceWorker("tpu")
    with pytest.raises(DeviceError, match="no such device here"):
        absent.start()
    absent.close()


def test_an_unknown_request_is_answered_with_an_error(worker: Evaluator) -> None:
    answer, _ = worker.worker.ask({"do": "dance"}, b"", Stopwatch(RUN_SECONDS))
    assert answer["error"] == OURS
    frames: list[dict[str, Any]] = []
    request, data = inspection_request([_task("a", lambda x: x)])
    worker.worker.ask(request, data, Stopwatch(RUN_SECONDS), lambda header, _: frames.append(header))
    assert [frame["kind"] for frame in frames] == [""]


def _recorded(worker: Evaluator, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of programs in each request to run some."""
    ran: list[int] = []
    ask = worker.worker.ask

    def noted(header: dict[str, Any], *rest: Any) -> Any:
        ran.extend([len(header["programs"])] if header["do"] == "run" else [])
        return ask(header, *rest)

    monkeypatch.setattr(worker.worker, "ask", noted)
    return ran


def test_a_worker_is_replaced_after_many_submissions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluator, "FRESH_AFTER", 2)
    worker = Evaluator("cpu", 20, 900)
    try:
        seen = []
        for n in range(4):
            answer = worker.evaluate([_task("k", lambda x, n=n: x + n)], ResultCache())["k"]
            assert isinstance(answer, Outputs)
            seen.append(worker.worker.process_id())
    finally:
        worker.close()
    assert seen[0] == seen[1] != seen[2] == seen[3]
