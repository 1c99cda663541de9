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

from autograder.answers import inputs_of, obtain
from autograder.assignment import load, load_package
from autograder.plan import PUBLIC, make_plan
from autograder.reference import flat_function, given_module

ASSIGNMENT = load("backprop", Path(os.environ["ROOT"]))
PLAN = make_plan(ASSIGNMENT, PUBLIC)
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
