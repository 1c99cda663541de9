"""Errors of JAX and NumPy that students meet get advice; another wording in a new version fails here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from autograder.judge.error_meanings import meaning_of
from autograder.sandbox.inside.tracing import TracingError, explain

X = jnp.ones((3, 4))
LABELS = jnp.array([0, 1, 2])


def _subtract(p: Any, index: Any, labels: Any) -> Any:
    p[index, labels] -= 1
    return p


def _unpack(values: Any, count: int) -> list[Any]:
    if count == 3:
        a, b, c = values
        return [a, b, c]
    return list(values)


# What a student writes, a word of what they read, a word of the advice.
ERRORS: dict[str, tuple[Callable[..., Any], tuple[Any, ...], str, str]] = {
    "if of an array": (lambda x: x if x > 0 else -x, (X,), "tests the values", "jnp.where"),
    "if of a number": (lambda x: x if x > 0 else -x, (X[0, 0],), "tests the values", "jnp.where"),
    "and": (lambda x: (x > 0) and (x < 1), (X,), "tests the values", "jnp.logical_and"),
    "max": (lambda x: max(x, 0), (X,), "tests the values", "jnp.maximum"),
    "f-string": (lambda x: f"{x.sum():.3f}", (X,), "f-string", "print"),
    "format": (lambda x: "{:.2f}".format(x.sum()), (X,), "format()", "print"),  # noqa: UP032
    "percent": (lambda x: "%.3f" % x.sum(), (X,), "asks for the value", "jnp"),  # noqa: UP031
    "range as an index": (lambda p, y: _subtract(p, range(3), y), (X, LABELS), "range", ".at[jnp.arange(n), labels]"),
    "arange of NumPy as an index": (lambda p, y: _subtract(p, np.arange(3), y), (X, LABELS), "in place", ".at[i]"),
    "mask as an index": (lambda x: x[x > 0], (X,), "boolean mask", "jnp.where"),
    "list as an index": (lambda x: x[[0, 1]], (X,), "a list was used", "jnp.array"),
    "NumPy": (lambda x: np.exp(x), (X,), "NumPy function", "jnp"),
    "float": (lambda x: float(x.sum()), (X,), "asks for the value", "array"),
    "item": (lambda x: x.sum().item(), (X,), "asks for the value", "array"),
    "range": (lambda y: list(range(y[0])), (LABELS,), "plain integer", "x.shape"),
    "zeros of a length": (lambda y: jnp.zeros((y[0], 2)), (LABELS,), "depends on the values", "x.shape"),
    "key of a dict": (lambda x: {x: 1}, (X,), "key of a dict", "names"),
    "dim": (lambda x: jnp.sum(x, dim=1), (X,), "PyTorch", "axis"),
    "keepdim": (lambda x: jnp.sum(x, axis=1, keepdim=True), (X,), "PyTorch", "keepdims"),
    "unsqueeze": (lambda x: x.unsqueeze(0), (X,), "no attribute unsqueeze", "x[:, None]"),
    "detach": (lambda x: x.detach(), (X,), "no attribute detach", "stop_gradient"),
    "append": (lambda x: x.append(1), (X,), "no attribute append", "jnp.stack"),
    "random without a key": (lambda x: jax.random.normal((3,)), (X,), "key first", "jax.random.normal(key"),
    "random with a number": (lambda x: jax.random.normal(0, (3,)), (X,), "key first", "jax.random.normal(key"),
    "shapes of a product": (lambda x: x @ x, (X,), "contracting dimensions", "x.shape"),
    "shapes of a sum": (lambda x: x + jnp.ones(5), (X,), "shapes", "x.shape"),
    "an axis summed away": (lambda x: x / x.sum(axis=1), (X,), "shapes", "keepdims=True"),
    "several keys": (lambda x: jax.random.normal(jax.random.split(jax.random.key(0), 3)), (X,), "keys", "keys[i]"),
    "gradient of an array": (lambda x: jax.grad(jnp.sin)(x), (X,), "one number", "has_aux=True"),
    "gradient of a pair": (lambda x: jax.grad(lambda y: (y.sum(), y))(x), (X,), "one number", "has_aux=True"),
    "a list for an array": (lambda x: [x, x] ** 2, (X,), "as if it were an array", "jax.tree.map"),
    "a tuple for an array": (lambda x: x - (x,) / 2, (X,), "as if it were an array", "argnums"),
    "two names for one": (
        lambda x: _unpack(jax.value_and_grad(jnp.sum)(x), 3),
        (X,),
        "another number of parts",
        "value_and_grad",
    ),
    "two trees": (lambda x: jax.tree.map(jnp.add, [x], (x,)), (X,), "same form", "argnums=0"),
    "string as an index": (lambda x: x["w"], (X,), "with a name", "wrong order"),
    "einsum": (lambda x: jnp.einsum("ij,jk", x, x), (X,), "same letter", "x.shape"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors_get_advice(name: str) -> None:
    function, arguments, said, advice = ERRORS[name]
    with pytest.raises(BaseException) as raised:
        jax.jit(function)(*arguments)
    error: TracingError = explain(raised.value, frozenset())
    meaning = meaning_of(error.details["kinds"], error.message.splitlines()[0], error.details.get("lacking", ""))
    assert meaning is not None, error.message
    assert said in meaning[0] and advice in meaning[1], meaning


def test_an_error_that_is_not_known_has_no_meaning() -> None:
    assert meaning_of(["KeyError", "LookupError"], "'w'") is None
    assert meaning_of(["AttributeError"], "module 'jax.numpy' has no attribute 'centre'") is None
