"""Bytes that are almost a program cost themselves alone: they may crash a parser, abort it or never let it end.

Programs were mutated by the thousand (9,500 mutations: 40 parsers died or aborted, 25 did not end, and one raised what
nobody expected); one of each kind is kept here, and a batch of others is tried.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers.mutations import MODULES, mutate
from helpers.programs import X, module_of
from jax._src.interpreters.mlir import make_ir_context
from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo

from autograder.judge.device.budget import PARSE_TIME, Limits
from autograder.judge.device.evaluator import Evaluator, ResultCache
from autograder.judge.device.process import CRASH
from autograder.judge.device.requests import MEMORY, OURS, Outputs, Refusal, Task

A = np.random.default_rng(3).normal(size=(4, 5)).astype(np.float32)
MUTATIONS = range(40, 120)  # several of them bring the parser down

# Mutations that were found: number, digest of the bytes, what they do, and how they may be refused.
FOUND = {
    "segmentation fault": (50, "5a38d57cd984", ("parse", "malformed")),
    "abort": (1611, "15d81af293d9", ("parse", "malformed")),
    "endless parser": (2950, "ad79767a5a79", (PARSE_TIME, "parse")),
    "greedy parser": (567, "238e198d56c0", (PARSE_TIME, MEMORY, "parse")),
    "uncaught exception": (1585, "dd1ccf7cd3c7", ("malformed",)),
}


@pytest.fixture(scope="module")
def worker() -> Iterator[Evaluator]:
    opened = Evaluator("cpu", 8, 500)
    opened.start()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def honest() -> list[Task]:
    """Programs of other functions of the same submission."""
    functions = {
        "softmax": lambda x: jax.nn.softmax(x, axis=1),
        "loop": lambda x: jax.lax.scan(lambda c, _: (jnp.sin(c) * 1.1, None), x, None, length=9)[0],
    }
    return [_task(name, module_of(function)) for name, function in functions.items()]


def _task(name: str, module: bytes, **rules: bool) -> Task:
    return Task(name, module, (X,), (X,), ((A,), (-A,)), function=name, **rules)  # type: ignore[arg-type]


def _bits(found: Outputs | Refusal) -> list[bytes]:
    assert isinstance(found, Outputs), found
    return [leaf.tobytes() for leaves in found.rounds for leaf in leaves]


def _beside(worker: Evaluator, honest: list[Task], bad: list[Task]) -> tuple[dict[str, Outputs | Refusal], float]:
    """Evaluate bad programs between honest ones, and honest ones afterwards: their bits must not change."""
    alone = {t.key: _bits(found) for t in honest for found in worker.evaluate([t], ResultCache()).values()}
    started = time.monotonic()
    found = worker.evaluate([honest[0], *bad, honest[1]], ResultCache())
    seconds = time.monotonic() - started
    after = worker.evaluate(honest, ResultCache())
    for name, bits in alone.items():
        assert _bits(found[name]) == bits, f"{name} changed beside bad programs"
        assert _bits(after[name]) == bits, f"{name} changed after bad programs"
    refused = {t.key: found[t.key] for t in bad}
    ours = {name: r for name, r in refused.items() if isinstance(r, Refusal) and r.kind == OURS}
    assert not ours, ours
    return refused, seconds


@pytest.mark.parametrize("what", FOUND)
def test_what_was_found_costs_itself_alone(worker: Evaluator, honest: list[Task], what: str) -> None:
    number, digest, kinds = FOUND[what]
    module = mutate(MODULES, number)
    assert hashlib.sha256(module).hexdigest()[:12] == digest, "this is not the mutation that was found"
    refused, seconds = _beside(worker, honest, [_task(what, module, by_hand=True)])
    found = refused[what]
    assert isinstance(found, Refusal) and found.kind in kinds, found
    assert seconds < 30


def test_mutated_programs_cost_themselves_alone(worker: Evaluator, honest: list[Task]) -> None:
    bad = [_task(f"mutation {i}", mutate(MODULES, i), by_hand=i % 2 == 0) for i in MUTATIONS]
    before = worker.worker.process_id()
    found, seconds = _beside(worker, honest, bad)
    kinds = {f.kind if isinstance(f, Refusal) else "" for f in found.values()}
    assert {"", "parse"} <= kinds, kinds  # some are still programs, and some bring the parser down
    assert worker.worker.process_id() != before  # it was replaced
    assert seconds < Limits().submission + 15


def _crafted(text: str) -> bytes:
    """Serialise the text of a module."""
    context = make_ir_context()
    return bytes(stablehlo.serialize_portable_artifact(ir.Module.parse(text, context), stablehlo.get_minimum_version()))


def _body(body: str) -> bytes:
    """A module whose main function holds these lines and returns its argument."""
    main = "func.func public @main(%p: tensor<i32>, %x: tensor<4x5xf32>) -> tensor<4x5xf32>"
    return _crafted(f"module {{ {main} {{ {body}\n return %x : tensor<4x5xf32> }} }}")


def _custom(name: str) -> bytes:
    return _body(f"%y = stablehlo.custom_call @{name}(%x) : (tensor<4x5xf32>) -> tensor<4x5xf32>")


def _renamed(module: bytes, old: bytes, new: bytes) -> bytes:
    """Change a name in place, which keeps its length."""
    assert old in module and len(old) == len(new)
    return module.replace(old, new)


@jax.jit
def inner_function(x: jax.Array) -> jax.Array:
    return jnp.sin(x)


def _calling() -> bytes:
    return module_of(lambda x: jnp.tanh(inner_function(x)))


_MANY = ", ".join(f"%a{i}: tensor<4x5xf32>" for i in range(50_000))
# Makes a module, and how it may be refused: "" where it may run.
ODD: dict[str, tuple[Callable[[], bytes], tuple[str, ...]]] = {
    "a function's name is no text": (lambda: _renamed(_calling(), b"inner_func", b"inn\xe5r_func"), ("malformed",)),
    "a function's name ends early": (
        lambda: _renamed(_calling(), b"inner_func", b"inner\x00func"), ("", "parse", "malformed"),
    ),
    "a place is no text": (lambda: _renamed(_calling(), b"jit(inner_function)", b"jit(inner_f\xff\xfection)"), ("",)),
    "a file's name is no text": (lambda: _renamed(_calling(), b"programs.py", b"progr\xffms.py"), ("",)),
    "a call of something else": (lambda: _custom("nothing"), ("custom call",)),
    "a call of no text": (lambda: _renamed(_custom("nothing"), b"nothing", b"not\xffing"), ("malformed",)),
    "a name of two megabytes": (lambda: _custom("n" * (2 << 20)), ("custom call",)),
    "a type of a megabyte": (lambda: _crafted(f"module {{ func.func @main({_MANY}) {{ return }} }}"), ("signature",)),
    "no main": (lambda: _crafted("module { }"), ("signature",)),
    "nothing in main": (lambda: _crafted("module { func.func private @main() }"), ("signature", "malformed")),
    "a huge array": (
        lambda: _body(f"%y = stablehlo.broadcast_in_dim %p, dims = [] : (tensor<i32>) -> tensor<{10**11}x{10**8}xi32>"),
        ("", CRASH, "memory"),
    ),
    "an array of unknown size": (
        lambda: _body("%c = stablehlo.constant dense<3> : tensor<1xi32>\n"
                      "%y = stablehlo.dynamic_iota %c, dim = 0 : (tensor<1xi32>) -> tensor<?xf32>"),
        ("", CRASH),
    ),
    "odd types": (
        lambda: _body("%y = stablehlo.constant dense<1> : tensor<3xi4>\n"
                      "%z = stablehlo.constant dense<(1.0,2.0)> : tensor<2xcomplex<f64>>\n"
                      "%w = stablehlo.constant dense<1.0> : tensor<2xf8E4M3FN>"),
        ("", "wide numbers"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", ODD)
def test_odd_programs_are_never_a_fault_of_ours(worker: Evaluator, honest: list[Task], what: str) -> None:
    make, kinds = ODD[what]
    module = make()
    for by_hand in (True, False):
        refused, _ = _beside(worker, honest, [_task(what, module, by_hand=by_hand)])
        found = refused[what]
        assert (found.kind if isinstance(found, Refusal) else "") in kinds, found
