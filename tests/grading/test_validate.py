"""Every assignment of this repository holds: right work earns all, every known mistake is caught."""

from __future__ import annotations

import pytest
from helpers.commands import COURSE, ROOT

from autograder.assignment.load import list_assignments, load
from autograder.grading.validate import validate_assignment
from autograder.sandbox.bubblewrap import Sandbox, unsandboxed


def test_the_toy_assignment_holds() -> None:
    said: list[str] = []
    found = validate_assignment(load("toy", COURSE), unsandboxed(), said.append, seeds=1, quick=True)
    assert not found.problems
    assert found.summary == (
        "9 checks, 1 correct submissions with full marks, 3 known mistakes caught, 3 recognised by their numbers"
    )
    assert {"solution.py", "starter.py", "divides_by_n_minus_one"} <= set(said)


@pytest.mark.slow
@pytest.mark.sandbox
@pytest.mark.timeout(900)
@pytest.mark.parametrize("slug", list_assignments(ROOT))
def test_every_assignment_holds(slug: str, full_sandbox: Sandbox) -> None:
    # One draw set and one mistake in three: `make validate` tries all of them, with more seeds, before a release.
    found = validate_assignment(load(slug, ROOT), full_sandbox, quick=True, sets=1, one_in=3)
    assert not found.problems, "\n".join(found.problems)
