"""Every assignment of this repository holds: right work earns all, every known mistake is caught."""

from __future__ import annotations

import pytest
from conftest import COURSE, ROOT

from autograder.assignment import list_assignments, load
from autograder.sandbox import Sandbox, unsandboxed
from autograder.validate import validate_assignment


def test_the_toy_assignment_holds() -> None:
    said: list[str] = []
    found = validate_assignment(load("toy", COURSE), unsandboxed(), said.append, seeds=1, quick=True)
    assert not found.problems
    assert found.summary == (
        "9 checks, 1 right submissions with full marks, 3 known mistakes caught, 3 recognised by their numbers"
    )
    assert {"solution.py", "starter.py", "divides_by_n_minus_one"} <= set(said)


@pytest.mark.slow
@pytest.mark.sandbox
@pytest.mark.timeout(900)
@pytest.mark.parametrize("slug", list_assignments(ROOT))
def test_every_assignment_holds(slug: str, full_sandbox: Sandbox) -> None:
    found = validate_assignment(load(slug, ROOT), full_sandbox, quick=True)
    assert not found.problems, "\n".join(found.problems)
