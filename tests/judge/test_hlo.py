"""Counting what a compiled program does: as XLA counts where it can, and with the trips of its loops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from autograder.judge.device import hlo
from autograder.judge.device.measure import count_cost

X = np.ones((64, 48), np.float32)
W = np.ones((48, 32), np.float32)
IMAGE = np.ones((2, 12, 12, 3), np.float32)
KERNEL = np.ones((3, 3, 3, 8), np.float32)
N = 7


def _cost(function: Callable[..., Any], args: list[Any]) -> dict[str, float | None]:
    return count_cost(jax.jit(function).lower(*args).compile())


def _count(function: Callable[..., Any], *args: Any) -> tuple[hlo.Count | None, dict[str, Any], str]:
    compiled = jax.jit(function).lower(*args).compile()
    text = compiled.as_text() or ""
    return hlo.count(text), compiled.cost_analysis() or {}, text


def _softmax(x: jax.Array) -> jax.Array:
    return jax.nn.softmax(x, axis=-1)


def _standardize(x: jax.Array) -> jax.Array:
    return (x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True)


def _mlp_loss(x: jax.Array, w: jax.Array) -> jax.Array:
    return jnp.mean(jnp.maximum(x @ w, 0) ** 2)


LOOP_FREE: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "add": (lambda x: x + 1, (X,)),
    "chain": (lambda x: (x * 2 + 1) / (x - 3), (X,)),
    "matmul": (lambda x, w: x @ w, (X, W)),
    "batched": (lambda x, w: jnp.einsum("bij,jk->bik", x, w), (np.ones((5, 16, 48), np.float32), W)),
    "sum": (lambda x: x.sum(0), (X,)),
    "standardize": (_standardize, (X,)),
    "mlp": (lambda x, w: jnp.maximum(x @ w, 0), (X, W)),
    "gradient": (jax.grad(_mlp_loss, (0, 1)), (X, W)),
    "moves": (lambda x: x.T.reshape(-1)[::2], (X,)),
}


@pytest.mark.parametrize("name", LOOP_FREE)
def test_loop_free_programs_are_counted_as_xla_counts_them(name: str) -> None:
    found, theirs, text = _count(*(LOOP_FREE[name][0], *LOOP_FREE[name][1]))
    assert found is not None and not hlo.loops(text)
    flops = theirs.get("flops", 0)
    assert found.flops == pytest.approx(max(flops, 0), rel=0.1, abs=2.0)
    assert found.bytes == pytest.approx(theirs["bytes accessed"], rel=0.1)


def test_a_matrix_product_and_a_convolution_are_two_operations_per_term() -> None:
    found = _count(lambda x, w: x @ w, X, W)[0]
    assert found is not None and found.flops == 2 * 64 * 48 * 32

    def convolve(image: jax.Array, kernel: jax.Array) -> jax.Array:
        return jax.lax.conv_general_dilated(
            image, kernel, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"), precision="highest"
        )

    found = _count(convolve, IMAGE, KERNEL)[0]
    assert found is not None and found.flops == pytest.approx(2 * (2 * 10 * 10 * 8) * (3 * 3 * 3), rel=0.1)


def _scan(x: jax.Array, w: jax.Array) -> jax.Array:
    return jax.lax.scan(lambda c, _: (jnp.sin(c @ w @ w.T), None), x, None, length=N)[0]


def _nested(x: jax.Array, w: jax.Array) -> jax.Array:
    return jax.lax.fori_loop(0, 3, lambda i, c: _scan(c, w), x)


def _inside_jit(x: jax.Array, w: jax.Array) -> jax.Array:
    return jax.jit(lambda y: jax.lax.scan(lambda c, row: (c, row @ w), 0.0, y)[1])(x)


@pytest.mark.parametrize(
    ("function", "products"),
    [(_scan, 2 * N), (_nested, 3 * 2 * N), (_inside_jit, 1)],
    ids=["scan", "nested", "over rows"],
)
def test_loops_are_multiplied_by_their_trips(function: Callable[..., Any], products: int) -> None:
    found, theirs, text = _count(function, X, W)
    assert hlo.loops(text) and found is not None
    arithmetic = products * 2 * 64 * 48 * 32
    assert arithmetic <= found.flops <= 1.2 * arithmetic
    assert theirs["flops"] < found.flops / 2  # XLA's own analysis counts the body once


def _until(x: jax.Array) -> jax.Array:
    return jax.lax.while_loop(lambda c: c[0, 0] < 100, lambda c: c * 2, x)


def _hidden(x: jax.Array) -> jax.Array:
    return jax.lax.scan(lambda c, _: (_until(c), None), x, None, length=N)[0]


@pytest.mark.parametrize("function", [_until, _hidden, lambda x: jax.lax.cond(x[0, 0] > 0, _until, jnp.sin, x)])
def test_where_the_trips_are_not_known_it_says_so(function: Callable[..., Any]) -> None:
    found, _, text = _count(function, X)
    assert hlo.loops(text) and found is None
    cost = _cost(lambda x: [function(x)], [X])
    assert cost["flops"] is None and cost["bytes"] is None and cost["temporary"] is not None


def test_branches_are_counted_too() -> None:
    def branch(x: jax.Array, w: jax.Array) -> jax.Array:
        return jax.lax.switch(x[0, 0].astype(int), [lambda: x @ w, lambda: (x * 2) @ w, lambda: x[:, :32]])

    found = _count(branch, X, W)[0]
    assert found is not None and found.flops >= 2 * 64 * 48 * 32


def test_cost_tells_a_recomputation_from_one_that_xla_removes() -> None:
    def twice(x: jax.Array, w: jax.Array) -> list[jax.Array]:
        return [x @ w + (x * 1.0001) @ w]

    def once(x: jax.Array, w: jax.Array) -> list[jax.Array]:
        return [x @ w + x @ w]

    plain = _cost(lambda x, w: [x @ w], [X, W])["flops"]
    assert plain is not None
    ratios = [(_cost(f, [X, W])["flops"] or 0) / plain for f in (once, twice)]
    assert ratios[0] < 1.1 and ratios[1] > 1.9


def test_a_large_intermediate_shows_as_temporary_memory() -> None:
    def gram(x: jax.Array) -> list[jax.Array]:
        return [jnp.sort(x @ x.T, 0).sum(0)]

    def lean(x: jax.Array) -> list[jax.Array]:
        return [x.sum(1) * x.sum()]

    big = np.ones((512, 4), np.float32)
    assert (_cost(gram, [big])["temporary"] or 0) >= 512 * 512 * 4
    assert (_cost(lean, [big])["temporary"] or 0) < 512 * 512


@pytest.mark.parametrize("text", ["", "HloModule m", "ENTRY %main (a: f32[]) -> f32[] {\n}\n", "%x = f32[ y(\n}"])
def test_text_that_is_no_module_counts_nothing(text: str) -> None:
    found = hlo.count(text)
    assert found is None or (found.flops, found.bytes) == (0, 0)
