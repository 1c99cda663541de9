"""The interpreter of small programs gives the numbers of the compiled program, and leaves alone what is not its."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers.programs import X
from jaxlib.mlir import ir

from autograder.judge.device import interpret as interpreter
from autograder.judge.device.execute import Job, run
from autograder.judge.device.inspection import Rules, rebuild
from autograder.judge.device.interpret import NotInterpretedError, interpret
from autograder.sandbox.inside.lowering import PLATFORMS, export_call

A = np.random.default_rng(1).normal(size=(4, 5)).astype(np.float32)
KEY = ["k"]
INTEGERS = ["a", [6], "int32"]
HALF = ["a", [3, 2], "float16"]


def _module(function: Callable[..., Any], args: list[Any], platforms: tuple[str, ...]) -> tuple[bytes, Rules]:
    from types import SimpleNamespace

    call = {"function": "f", "args": args, "static": "{}", "vjp": None, "precision": "highest"}
    output, _, module = export_call(call, SimpleNamespace(f=function), None, frozenset(), platforms)
    outputs = output[1] if output[0] == "t" else [output]
    return module, Rules(tuple(args), tuple(outputs), platforms=platforms)


def _sorted_and_more(x: jax.Array) -> Any:
    order = jnp.argsort(x, axis=1)
    return x[::2, 1:], order, jnp.sort(x, axis=0), x > 0, jnp.cumsum(x, axis=1), jnp.maximum(x, 0).sum(0)


def _windows(x: jax.Array) -> jax.Array:
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (2, 2), (1, 2), "SAME")


def _convolved(x: jax.Array) -> jax.Array:
    dimensions = ("NHWC", "HWIO", "NHWC")
    image, kernel = x.reshape(1, 4, 5, 1), jnp.ones((3, 2, 1, 2)) / 3
    return jax.lax.conv_general_dilated(image, kernel, (1, 2), "SAME", dimension_numbers=dimensions)


def _looped(x: jax.Array) -> jax.Array:
    return jax.lax.scan(lambda c, row: (c + row, jnp.sin(c)), x[0], x)[1]


CASES: dict[str, tuple[Callable[..., Any], list[Any], list[np.ndarray]]] = {
    "many operations": (_sorted_and_more, [X], [A]),
    "matrices": (lambda x: (x @ x.T, jnp.einsum("ij,ik->jk", x, x), jnp.linalg.norm(x)), [X], [A]),
    "windows": (_windows, [X], [A]),
    "convolution": (_convolved, [X], [A]),
    "derivative": (jax.grad(lambda x: (jax.nn.softmax(x) * jnp.log1p(x**2)).sum()), [X], [A]),
    "scan": (_looped, [X], [A]),
    "branch": (lambda x: jax.lax.cond(x.sum() > 0, jnp.exp, jnp.tanh, x), [X], [A]),
    "random": (lambda k: (jax.random.normal(k, (3, 2)), jax.random.split(k)[1]), [KEY], [np.uint32([7, 2**32 - 1])]),
    "integers": (
        lambda n: (n * 4 - 3, n ^ 3, n.astype(bool), n.astype(jnp.uint8)),
        [INTEGERS],
        [np.arange(6, dtype="i4")],
    ),
    "half": (lambda h: h * 3 + 1, [HALF], [np.float16([[1, 2], [3, 4], [5, 6]])]),
    "scatter": (lambda x: x.at[jnp.array([0, 2, 2]), 1].add(x[:3, 0]), [X], [A]),
    "not a number": (lambda x: (jnp.log(x), jnp.maximum(jnp.log(x), 0), jnp.sign(x)), [X], [A]),
}


@pytest.mark.parametrize("platforms", [("cpu",), PLATFORMS], ids=["cpu", "all"])
@pytest.mark.parametrize("name", CASES)
def test_the_numbers_are_those_of_the_compiled_program(name: str, platforms: tuple[str, ...]) -> None:
    function, args, inputs = CASES[name]
    module, rules = _module(function, args, platforms)
    (found,) = interpret(module, platforms, [inputs])
    ((wanted,),) = run([Job(rebuild(module, rules), [inputs])])
    assert [(a.dtype, a.shape) for a in found] == [(a.dtype, a.shape) for a in wanted]
    for mine, theirs in zip(found, wanted, strict=True):
        np.testing.assert_allclose(mine.astype(np.float64), theirs.astype(np.float64), rtol=3e-6, atol=1e-6)


def test_a_trajectory_carries_its_state_and_rounds_are_run_in_turn() -> None:
    state, row = ["a", [5], "float32"], ["a", [5], "float32"]
    module, rules = _module(lambda s, r: (s * 0.5 + r, (s * r).sum()), [state, row], ("cpu",))
    rounds = [[A[0], A[1:]], [A[1], A[:3]]]
    found = interpret(module, ("cpu",), rounds, steps=3, carried=1)
    (wanted,) = run([Job(rebuild(module, rules), rounds, steps=3, carried=1)])
    for mine, theirs in zip(chain(*found), chain(*wanted), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: (jnp.ones((300, 200)) * x[0, 0]) @ jnp.ones((200, 300)),
        lambda x: jax.lax.while_loop(lambda y: y.sum() < 9, lambda y: y + 1, x),  # who knows for how long
        lambda x: jax.lax.fori_loop(0, 10**9, lambda i, y: y + 1, x),
        lambda x: jnp.linalg.qr(x)[0],  # a call out of the program
        lambda x: x.astype(jnp.bfloat16),
        lambda x: x.astype(int) // 2,  # the interpreter does not survive a division by zero
    ],
    ids=["large", "endless", "long", "call", "bfloat16", "integer division"],
)
def test_what_is_large_or_unknown_is_left_to_the_compiler(function: Callable[..., Any]) -> None:
    module, _ = _module(function, [X], ("cpu",))
    with pytest.raises(NotInterpretedError):
        interpret(module, ("cpu",), [[A]])


UNDERFLOWS: dict[str, Callable[..., Any]] = {
    "exponential": lambda x: jnp.exp(x) / jnp.exp(x).sum(),
    "product": lambda x: (x * 1e-20) * (x * 1e-20) * 1e30,
    "quotient": lambda x: jnp.log(1e-4 / (jnp.abs(x) * 1e34)),
    "matrices": lambda x: ((1e-25 * x) @ (1e-14 * x.T)) * 1e30,
    "power": lambda x: (jnp.abs(x) + 0.1) ** -50.0 * 1e20,
    "in a loop": lambda x: jax.lax.fori_loop(0, 50, lambda i, y: y * 0.1, x) * 1e36,
    "in a reduction": lambda x: jax.lax.reduce(x * 1e-12, jnp.float32(1), jax.lax.mul, (1,)) * 1e36,
    "sigmoid": lambda x: jax.nn.sigmoid(x) * 1e30,
    "constant": lambda x: jnp.log(x * 0 + 1e-45),
}


@pytest.mark.parametrize("least", [-1.0, -88.5, -95.0, -1e4, 1e-40, -1e30, -np.inf, np.nan])
@pytest.mark.parametrize("name", UNDERFLOWS)
def test_tiny_numbers_are_zero_as_in_the_compiled_program(name: str, least: float) -> None:
    """A softmax that underflows divides by zero, at home and here."""
    module, rules = _module(UNDERFLOWS[name], [X], ("cpu",))
    inputs = np.full((4, 5), least, np.float32)
    inputs[1] = A[1]
    ((wanted,),) = run([Job(rebuild(module, rules), [[inputs]])])
    if name == "constant":
        with pytest.raises(NotInterpretedError, match="subnormal"):
            interpret(module, ("cpu",), [[inputs]])
    else:
        (found,) = interpret(module, ("cpu",), [[inputs]])
        np.testing.assert_allclose(found[0], wanted[0], rtol=1e-5, atol=1e-37)


def test_functions_that_call_themselves_are_left_to_the_compiler() -> None:
    text = """
    func.func public @main(%x: tensor<f32>) -> tensor<f32> {
      %y = func.call @again(%x) : (tensor<f32>) -> tensor<f32>
      return %y : tensor<f32>
    }
    func.func private @again(%x: tensor<f32>) -> tensor<f32> {
      %a = func.call @again(%x) : (tensor<f32>) -> tensor<f32>
      %b = func.call @again(%a) : (tensor<f32>) -> tensor<f32>
      return %b : tensor<f32>
    }"""
    from jax._src.interpreters import mlir

    with mlir.make_ir_context():
        assert interpreter._work(ir.Module.parse(text)) > 1 << 50
