"""Results of a class, and what a ledger adds to them."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace

from helpers.results import check, graded, mistaken

from autograder.results import ErrorMap, Result

DUE = datetime.datetime(2026, 9, 21, 22, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class Handed:
    student: str
    submitted: datetime.datetime
    points: float | None = 4.0
    possible: float | None = 8.0


@dataclass(frozen=True)
class Decided:
    points: float | None = 6.5
    by: str = "prof@example.org"
    reason: str = "The handout said <sum>."
    at: object = DUE


def with_map(found: ErrorMap) -> Result:
    """The sample with a mistake, its worst case with an error map."""
    result = mistaken()
    wrong = result.checks[1]
    cases = (replace(wrong.cases[0], error_map=found), *wrong.cases[1:])
    checks = (result.checks[0], replace(wrong, cases=cases, program="p1 p2", operations={"add": 3}))
    return replace(result, checks=(*checks, *result.checks[2:]))


def share(name: str, percent: int) -> Result:
    """A result with a given percentage."""
    result = graded(name, check("one"))
    assert result.score is not None
    return replace(result, score=replace(result.score, points=percent / 50, possible=2.0))


ONE = "import jax.numpy as jnp\n\ndef relu(z):\n    # at zero: zero\n    return jnp.maximum(z, 0)\n"


RENAMED = "import jax.numpy as np\ndef relu( values ):\n    return np.maximum(values,\n        1.5)  # same\n"
