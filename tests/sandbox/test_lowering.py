"""All programs of a submission are lowered together; what goes wrong with one costs no other."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers.programs import X
from helpers.sessions import expected_of, public_of

from autograder.grading.grade import Session
from autograder.judge.device.inspection import Rules, inspect, rebuild
from autograder.sandbox.inside.lowering import PLATFORMS, export_call, lower
from autograder.sandbox.inside.tracing import TracedCall, trace_call
from autograder.sandbox.trace import Failure, Program, trace
from autograder.submission.read import read_submission

SOLUTION = (Path(__file__).parents[1] / "course" / "reference" / "toy" / "solution.py").read_text()
A = np.arange(20, dtype=np.float32).reshape(4, 5) / 7


@jax.jit
def shared(x: jax.Array) -> jax.Array:
    return jnp.sin(x) * 2


def _traced(function: Any, vjp: list[int] | None = None) -> TracedCall:
    call = {"function": "f", "args": [X], "static": "{}", "vjp": vjp, "precision": "highest"}
    return trace_call(call, SimpleNamespace(f=function), None, frozenset())


@pytest.mark.parametrize("platforms", [("cpu",), PLATFORMS], ids=["cpu", "all"])
def test_each_call_gets_a_module_of_its_own(platforms: tuple[str, ...]) -> None:
    functions = [lambda x: shared(x) + 1, lambda x: shared(shared(x)), lambda x: jnp.sort(x) * jax.random.PRNGKey(1)[1]]
    programs = lower([_traced(f) for f in functions], platforms)
    for function, program in zip(functions, programs, strict=True):
        rules = Rules((X,), (X,), platforms=platforms)
        assert inspect(program, rules).kind == ""
        (found,) = jax.jit(rebuild(program, rules))(A)
        np.testing.assert_allclose(found, function(A), rtol=1e-5)
    assert b"sort" not in programs[0] and b"sort" in programs[2]


def test_lowered_alone_or_with_others_a_program_is_the_same() -> None:
    functions = [lambda x: shared(x) + 1, lambda x: shared(x).sum()]
    together = lower([_traced(f) for f in functions])
    outs = [X, ["a", [], "float32"]]
    for function, out, program in zip(functions, outs, together, strict=True):
        rules = Rules((X,), (out,))
        assert inspect(program, rules).normal == inspect(lower([_traced(function)])[0], rules).normal


def test_a_derivative_is_lowered_with_the_rest() -> None:
    first, second = lower([_traced(lambda x: x**2, [0]), _traced(lambda x: x + 1)], ("cpu",))
    (found,) = jax.jit(rebuild(first, Rules((X, X), (X,), platforms=("cpu",))))(A, np.ones_like(A))
    np.testing.assert_allclose(found, 2 * A, rtol=1e-6)
    assert inspect(second, Rules((X,), (X,), platforms=("cpu",))).kind == ""


def test_export_call_says_what_the_program_returns() -> None:
    call = {"function": "f", "args": [X], "static": "{}", "vjp": None, "precision": "highest"}
    output, forward, _ = export_call(call, SimpleNamespace(f=lambda x: (x[0], {"s": x.sum()})), None, frozenset())
    assert output == forward == ["t", [["a", [5], "float32"], ["d", [["s", ["a", [], "float32"]]]]]]


# In the sandbox

BREAKS = """
import os

def dropout(key, x, *, rate):
    print("dropout is traced")
    {statement}
"""


def _run(session: Session, folder: Path, extra: str) -> tuple[dict[str, set[str]], str]:
    path = folder / "submission.py"
    path.write_text(f"{SOLUTION}\n\n{extra}\n")
    calls = expected_of(session).calls
    traced = trace(
        read_submission(path), session.assignment, calls, public_of(session), session.sandbox, platforms=("cpu",)
    )
    found: dict[str, set[str]] = {}
    for key, program in traced.programs.items():
        assert not isinstance(program, Program) or program.platforms == ("cpu",)
        found.setdefault(calls[key].function, set()).add(program.kind if isinstance(program, Failure) else "")
    return found, traced.output


@pytest.mark.sandbox
@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("return x if os.write(1, b'end') else os._exit(3)", ""),
        ("os._exit(3)", "died"),
        ("jax.debug.callback(print, x, ordered=True); return x * 1.0", "raised"),  # which JAX does not export
    ],
    ids=["right", "death", "no export"],
)
def test_what_breaks_one_function_costs_no_other(session: Session, tmp_path: Path, statement: str, kind: str) -> None:
    found, output = _run(session, tmp_path, "import jax\n" + BREAKS.format(statement=statement))
    assert found.pop("dropout") == {kind}
    assert set.union(*found.values()) == {""}
    asked = sum(call.function == "dropout" for call in expected_of(session).calls.values())
    assert output.count("dropout is traced") <= asked and "dropout is traced" in output


@pytest.mark.sandbox
def test_a_death_while_all_are_lowered_costs_nothing(session: Session, tmp_path: Path) -> None:
    """The programs are asked for again, one by one; what was printed is said once."""
    dies = "print('momentum')\n    import jax.export\n    from jaxlib.mlir.dialects import stablehlo\n"
    dies += "    if not hasattr(jax, 'spared'):\n        old = jax.export.export\n"
    dies += "        jax.export.export = lambda *a, **k: __import__('os')._exit(4)\n"
    plain = SOLUTION.replace("def momentum(state, grad):", f"def momentum(state, grad):\n    {dies}")
    assert plain != SOLUTION
    path = tmp_path / "submission.py"
    path.write_text(plain)
    calls = expected_of(session).calls
    traced = trace(read_submission(path), session.assignment, calls, public_of(session), session.sandbox)
    lost = {calls[k].function for k, p in traced.programs.items() if isinstance(p, Failure)}
    assert lost == {"momentum"}  # which does it again where it is alone
    assert traced.output.count("momentum") >= 1
