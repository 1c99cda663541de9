"""Programs are looked at before they run: what is in them, what they may not hold, which are equal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers.programs import SCALAR, X, module_of

from autograder import tree
from autograder.judge.device import inspection
from autograder.judge.device.inspection import Inspection, Rules, inspect, rebuild
from autograder.sandbox.inside.lowering import PLATFORMS


def look(function: Callable[..., Any], *args: tree.Spec, out: tree.Spec = X, **rules: Any) -> Inspection:
    return inspect(module_of(function, *args), Rules(tuple(args or (X,)), (out,), **rules))


def square(x: jax.Array) -> jax.Array:
    return x * x


def test_an_honest_program_may_run() -> None:
    found = look(square)
    assert (found.kind, found.message, found.constant_bytes) == ("", "", 0)
    assert found.operations["stablehlo.multiply"] == 1 and len(found.normal) == 64


def test_a_rebuilt_program_computes_the_same() -> None:
    rules = Rules((X, SCALAR), (X,))
    run = rebuild(module_of(lambda x, a: a * x @ x.T @ x, X, SCALAR), rules)
    x = np.random.default_rng(0).normal(size=(4, 5)).astype(np.float32)
    found = jax.jit(run)(x, np.float32(2))
    np.testing.assert_allclose(found[0], 2 * x @ x.T @ x, rtol=1e-4)


def test_one_program_for_every_platform() -> None:
    assert set(PLATFORMS) == {"cpu", "cuda", "tpu"}
    module = module_of(lambda x: jnp.sort(jax.random.normal(jax.random.key(0), (4, 5)) + x))
    traced = jax.jit(rebuild(module, Rules((X,), (X,)))).trace(np.zeros((4, 5), np.float32))
    for platform in PLATFORMS:
        assert "stablehlo" in traced.lower(lowering_platforms=(platform,)).as_text()


def _grad(f: Callable[..., Any] = lambda x: (x**3).sum()) -> Callable[..., Any]:
    return jax.grad(f)


def _hidden(x: jax.Array) -> jax.Array:
    return jax.jit(lambda y: jax.jit(_grad())(y))(x)


def _scanned(x: jax.Array) -> jax.Array:
    return jax.lax.scan(lambda c, row: (c, _grad()(row)), 0.0, x)[1]


def _branch(x: jax.Array) -> jax.Array:
    return jax.lax.cond(x[0, 0] > 0, _grad(), lambda y: y, x)


def _while(x: jax.Array) -> jax.Array:
    return jax.lax.while_loop(lambda c: c[0, 0] < 9, lambda c: _grad()(c), x)


def _second_order(x: jax.Array) -> jax.Array:
    return jax.hessian(lambda row: (row**3).sum())(x[0])[0] * x


def _in_scope(x: jax.Array) -> jax.Array:
    with jax.named_scope("mine"):
        return _grad()(x)


def _checkpointed(x: jax.Array) -> jax.Array:
    return _grad(jax.checkpoint(lambda y: jnp.sin(y).sum()))(x)


DERIVATIVES: dict[str, Callable[..., Any]] = {
    "grad": _grad(),
    "vjp": lambda x: jax.vjp(lambda y: y**3, x)[1](x)[0],
    "jvp": lambda x: jax.jvp(lambda y: y**3, (x,), (x,))[1],
    "linearize": lambda x: jax.linearize(jnp.sin, x)[1](x),
    "vmap": lambda x: jax.vmap(_grad())(x),
    "jacfwd": lambda x: jax.jacfwd(lambda y: (y**2).sum())(x),
    "jacrev": lambda x: jax.jacrev(lambda y: (y**2).sum())(x),
    "value_and_grad": lambda x: jax.value_and_grad(lambda y: (y @ y.T).sum())(x)[1],
    "linear_transpose": lambda x: jax.linear_transpose(lambda y: 2 * jnp.cumsum(y, 0), x)(x)[0],
    "jit": _hidden,
    "scan": _scanned,
    "cond": _branch,
    "while": _while,
    "hessian": _second_order,
    "scope": _in_scope,
    "checkpoint": _checkpointed,
}


@pytest.mark.parametrize("name", DERIVATIVES)
def test_automatic_differentiation_is_seen(name: str) -> None:
    function = DERIVATIVES[name]
    found = look(function, by_hand=True)
    assert found.kind == "autodiff"
    assert found.where is not None and found.where[0] == __file__
    assert look(function).kind == ""  # where it is allowed, it is fine


@pytest.mark.parametrize("name", ["jvp", "transpose", "my_jvp", "jvp_of_mine", "transposed"])
def test_names_alone_are_no_automatic_differentiation(name: str) -> None:
    def scoped(x: jax.Array) -> jax.Array:
        with jax.named_scope(name):
            return jnp.sin(x) * 2

    def helper(x: jax.Array) -> jax.Array:
        return jnp.sin(x)

    helper.__name__ = helper.__qualname__ = name
    for function in (scoped, lambda x: jax.jit(helper)(x), lambda x: jax.vmap(jax.jit(helper))(x)):
        assert look(function, by_hand=True).kind == ""


def test_a_gradient_by_hand_may_transpose_and_use_library_functions() -> None:
    def by_hand(x: jax.Array) -> jax.Array:
        return jnp.transpose(jax.nn.softmax(x @ x.T) @ x).T * jax.nn.relu(x) + jnp.logaddexp(x, 0)

    assert look(by_hand, by_hand=True).kind == ""


def test_a_forbidden_operation_names_itself_and_the_line() -> None:
    for function in (lambda x: jnp.sort(x), lambda x: jax.lax.map(jnp.sort, x), lambda x: jnp.median(x) * x):
        found = look(function, forbidden=("stablehlo.sort",))
        assert (found.kind, found.message) == ("forbidden", "stablehlo.sort")
        assert found.where is not None and found.where[0] == __file__
        assert look(function).kind == ""


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x + jnp.linalg.inv(x @ x.T)[0, 0],
        lambda x: jnp.linalg.svd(x, full_matrices=False)[0] @ x[:4],
        lambda x: x * jnp.linalg.eigh(x @ x.T)[0][0],
    ],
    ids=["inv", "svd", "eigh"],
)
def test_calls_out_of_the_program_are_refused(function: Callable[..., Any]) -> None:
    found = look(function)
    assert found.kind == "custom call" and "outside the program" in found.message


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x + jax.random.normal(jax.random.key(1), x.shape),
        lambda x: jnp.sort(x, axis=0) + jax.lax.top_k(x, 5)[0],
        lambda x: jax.scipy.special.erf(x) + jax.nn.gelu(x),
        lambda x: jnp.where(jax.random.bernoulli(jax.random.key(2), 0.5, x.shape), jnp.cumsum(x, 0), x),
        lambda x: jnp.arccosh(2 + x**2) + jnp.tan(x),
    ],
    ids=["random", "top_k", "erf", "bernoulli", "chlo"],
)
def test_ordinary_array_code_is_no_call_out(function: Callable[..., Any]) -> None:
    found = look(function)
    assert (found.kind, found.message) == ("", "")


def test_what_is_no_array_operation_is_refused() -> None:
    mesh = jax.make_mesh((1,), ("a",), axis_types=(jax.sharding.AxisType.Auto,))
    sharding = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("a"))
    found = look(lambda x: jax.lax.with_sharding_constraint(x, sharding) * 2)
    assert found.kind == "custom call" and "sdy" in found.message, found


def test_constants_are_counted_and_capped() -> None:
    table = np.random.default_rng(0).normal(size=(200, 20)).astype(np.float32)

    def stored(x: jax.Array, rows: int) -> jax.Array:
        return x + jnp.asarray(table[:rows]).sum()

    assert look(lambda x: stored(x, 10)).constant_bytes == pytest.approx(10 * 20 * 4, abs=16)
    found = look(lambda x: stored(x, 200) + jnp.asarray(table[::-1]).mean())
    assert 2 * table.nbytes <= found.constant_bytes < inspection.MAX_CONSTANT_BYTES and found.kind == ""
    large = np.random.default_rng(0).normal(size=(inspection.MAX_CONSTANT_BYTES // 4 + 1)).astype(np.float32)
    found = look(lambda x: x + jnp.asarray(large).sum())
    assert found.kind == "constants" and str(large.nbytes) in found.message
    halves = np.array_split(large, 2)  # many small ones are as large as one large one
    assert look(lambda x: x + jnp.asarray(halves[0]).sum() * jnp.asarray(halves[1]).sum()).kind == "constants"
    assert look(lambda x: x + jnp.ones((1 << 12, 1 << 12)).sum()).constant_bytes < 100  # one number, repeated
    integers = np.random.default_rng(0).integers(1 << 60, size=1000)

    def wide(x: jax.Array) -> jax.Array:
        with jax.enable_x64(True):
            return x + jnp.asarray(integers).sum().astype("float32")

    assert look(wide).constant_bytes >= integers.nbytes


def test_unrolled_loops_are_capped() -> None:
    def unrolled(x: jax.Array) -> jax.Array:
        for i in range(500):
            x = x * i + 1
        return x

    found = look(unrolled)
    assert found.kind == "" and found.operations["stablehlo.multiply"] == 500
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inspection, "MAX_OPERATIONS", 900)
        found = look(unrolled)
        assert found.kind == "operations" and "900 are allowed" in found.message
        patch.setattr(inspection, "MAX_BYTES", 100)
        assert look(unrolled).kind == "size"


@pytest.mark.parametrize(
    ("function", "args", "out"),
    [
        (lambda x: x.T, (X,), X),
        (lambda x: x.astype(jnp.float16), (X,), X),
        (lambda x: (x, x), (X,), X),
        (lambda x: x.sum(), (X,), X),
        (lambda x: x, (["a", [5, 4], "float32"],), ["a", [5, 4], "float32"]),
        (lambda x, y: x, (X, X), X),
        (lambda x: x, (["a", [4, 5], "int32"],), ["a", [4, 5], "int32"]),
    ],
    ids=["output shape", "output dtype", "two outputs", "scalar", "input shape", "two inputs", "input dtype"],
)
def test_another_signature_than_expected_is_refused(function: Callable[..., Any], args: Any, out: tree.Spec) -> None:
    found = inspect(module_of(function, *args), Rules((X,), (X,)))
    assert found.kind == "signature" and "tensor<4x5xf32>" in found.message


@pytest.mark.parametrize(
    "dtype", ["float32", "float16", "bfloat16", "bool", "int8", "int32", "uint8", "uint32"], ids=str
)
def test_every_dtype_has_its_signature(dtype: str) -> None:
    spec = ["a", [3], dtype]
    assert look(lambda x: x, spec, out=spec).kind == ""
    assert look(lambda k: k, ["k"], out=["k"]).kind == ""


@pytest.mark.parametrize("junk", [b"", b"\0" * 64, b"ML\xefR", b"#!/bin/sh", "func @main".encode("utf-16")])
def test_junk_is_no_program(junk: bytes) -> None:
    assert inspect(junk, Rules((X,), (X,))).kind in ("parse", "signature")  # nothing at all is an empty module


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_a_program_cut_short_is_refused(share: float) -> None:
    """Bytes damaged elsewhere may end the reader, which is why it is a process of its own: see test_evaluate."""
    good = module_of(square)
    assert inspect(good[: int(len(good) * share)], Rules((X,), (X,))).kind == "parse"


def test_equal_programs_are_equal_whatever_their_names_and_lines() -> None:
    def written(name: str, lines: int) -> Callable[..., Any]:
        text = "\n" * lines + f"def {name}(x):\n    return jnp.sin(x) * 2\ndef f(x):\n    y = jax.jit({name})(x)\n    "
        names: dict[str, Any] = {"jax": jax, "jnp": jnp}
        exec(compile(text + f"return jax.jit({name})(y)", f"{name}.py", "exec"), names)
        function: Callable[..., Any] = names["f"]
        return function

    one, two = look(written("helper", 1)), look(written("another_name", 30))
    assert module_of(written("helper", 1)) != module_of(written("another_name", 30))
    assert one.normal == two.normal
    assert look(lambda x: jnp.sin(jnp.sin(x) * 2) * 3).normal != one.normal
    assert look(lambda x: jnp.cos(x)).normal != look(lambda x: jnp.sin(x)).normal
    numbers = [look(lambda x, c=c: x * c).normal for c in (2.0, 2.0000002, 3.0)]
    assert len(set(numbers)) == 3


def test_equal_programs_may_not_differ_in_what_they_call() -> None:
    """Names are made anonymous by order, so two helpers swapped are another program."""

    def pair(first: Callable[..., Any], second: Callable[..., Any]) -> Inspection:
        return look(lambda x: jax.jit(second)(jax.jit(first)(x)))

    assert pair(jnp.sin, jnp.cos).normal != pair(jnp.cos, jnp.sin).normal


def test_precision_is_pinned_for_numbers_and_free_for_speed() -> None:
    def text(precision: str) -> str:
        module = module_of(lambda x: x @ x.T @ x, precision=precision)
        run = rebuild(module, Rules((X,), (X,)))
        return str(jax.jit(run).lower(np.zeros((4, 5), np.float32)).as_text())

    assert "HIGHEST" in text("highest") and "HIGHEST" not in text("default")


def _complex_step(x: jax.Array) -> jax.Array:
    return jnp.imag((x + 1e-20j) ** 3) / 1e-20


def _double_step(x: jax.Array) -> jax.Array:
    wide = x.astype("float64")
    return (((wide + 1e-6) ** 3 - (wide - 1e-6) ** 3) / 2e-6).astype("float32")


@pytest.mark.parametrize("function", [_complex_step, _double_step])
def test_a_derivative_by_a_tiny_step_is_refused_where_it_is_the_exercise(function: Callable[..., Any]) -> None:
    with jax.enable_x64(function is _double_step):
        assert look(function, by_hand=True).kind == "wide numbers"
    assert look(_complex_step).kind == ""
