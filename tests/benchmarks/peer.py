"""The same checks the way they are usually run: pytest, one fresh interpreter per submission.

SUBMISSION and ROOT come from the environment; the submission is imported next to the reference.
"""

import importlib.util
import os
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

from autograder.assignment.load import load, load_package
from autograder.assignment.plan import make_plan
from autograder.assignment.seed import PUBLIC
from autograder.judge.oracle.calls import flat_function, given_module
from autograder.judge.oracle.expected import inputs_of, obtain

ASSIGNMENT = load("backprop", Path(os.environ["ROOT"]))
PLAN = make_plan(ASSIGNMENT, PUBLIC.keys(ASSIGNMENT.slug))
OUTPUTS = obtain(PLAN).outputs
GIVEN = given_module(ASSIGNMENT)
REFERENCE = load_package(ASSIGNMENT.reference, "_reference", "reference")
SPEC = importlib.util.spec_from_file_location("student", os.environ["SUBMISSION"])
STUDENT = importlib.util.module_from_spec(SPEC)
sys.modules["student"] = STUDENT
SPEC.loader.exec_module(STUDENT)


@pytest.mark.parametrize("name", [n for n, c in ASSIGNMENT.checks.items() if c.kind in ("values", "gradients")])
def test_check(name):
    for probe in PLAN.probes[name]:
        inputs = inputs_of(PLAN, probe, OUTPUTS)
        expected = jax.jit(flat_function(probe.call, REFERENCE, GIVEN))(*inputs)
        actual = jax.jit(flat_function(probe.call, STUDENT, GIVEN))(*inputs)
        for a, e in zip(actual, expected, strict=True):
            np.testing.assert_allclose(a, e, rtol=1e-3, atol=1e-4)
