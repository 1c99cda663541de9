"""A way around the screen to the points of a derivative by hand earns a finding, and none of these points."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.commands import ROOT, Ran

from autograder.judge.judge import MEASURED
from autograder.result_json import from_json
from autograder.results import PASSED, Result

BY_HAND = "sigmoid_grad"
BYPASSES = {
    "wraps": """
import functools

box = {}


class Holder:
    __globals__ = box


functools.wraps(lambda: 0, assigned=(), updated=("__globals__",))(Holder)
derive = box["__builtins__"]["__import__"]("jax").grad
""",
    "enumeration": """
from enum import Enum


class Empty(Enum):
    pass


derive = Empty._convert_("Tools", "jax", lambda name: name == "grad").grad
""",
    "memory": """
from types import SimpleNamespace

import numpy as np

options = {"".join(["__array_", "interface__"][:2]): {"data": (id(print) + 24, True), "typestr": "|O", "shape": (1,)}}
derive = np.asarray(SimpleNamespace(**options))[0].eval("__imp" + "ort__('jax').grad")
""",
}


@pytest.mark.sandbox
@pytest.mark.slow
def test_a_bypass_costs_the_function_that_it_was_for(
    command: Callable[..., Ran], full_sandbox: object, tmp_path: Path
) -> None:
    solution = (ROOT / "reference" / "backprop" / "solution.py").read_text()
    table = f'"sigmoid": {BY_HAND}'  # other functions look the derivative up: they keep a right one
    assert table in solution
    solution = solution.replace(table, '"sigmoid": lambda z: sigmoid(z) * (1 - sigmoid(z))')
    start = solution.index(f"def {BY_HAND}")
    end = solution.index("\n\n\n", start)
    work, out = tmp_path / "work", tmp_path / "out"
    work.mkdir()
    (work / "honest.py").write_text(solution)
    for name, route in BYPASSES.items():
        derived = f"{route}\n\ndef {BY_HAND}(z):\n    return derive(lambda z: sigmoid(z).sum())(z)"
        (work / f"{name}.py").write_text(solution[:start] + derived + solution[end:])
    ran = command(
        "grade", work, "-a", "backprop", "--root", ROOT, "--quick", "--device", "cpu", "--public", "-o", out, "-q"
    )
    assert ran.code == 1, ran.err
    graded = [from_json(path.read_text(encoding="utf-8")) for path in (out / "results").glob("*.json")]
    results = {result.submission.removesuffix(".py"): result for result in graded}
    assert _failed(results["honest"]) == set()
    for name in BYPASSES:
        assert [f for f in results[name].findings if f.severity != "note"], (
            name
        )  # by the screen, or a guard at run time
        assert _failed(results[name]) == {BY_HAND}, name


def _failed(result: Result) -> set[str]:
    return {c.function for c in result.checks if c.outcome != PASSED and c.kind not in MEASURED}
