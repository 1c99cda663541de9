"""Tell what the source of a wrong function shows, where its numbers gave no known mistake away."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from autograder.checks import MEASURED
from autograder.results import FAILED, CheckEvidence, Finding


def with_suspicions(checks: Sequence[CheckEvidence], suspicions: Sequence[Finding]) -> tuple[CheckEvidence, ...]:
    """Return the evidence with a hint from the source for failed checks that have none.

    Nothing but outcomes and source goes into it, so a student may read it whatever the inputs were.
    """
    wrong = {c.function for c in checks if c.outcome == FAILED and c.kind not in MEASURED}
    hints: dict[str, str] = {}
    for found in sorted(suspicions, key=lambda f: not f.name):  # a wrong function that it calls comes first
        if not found.name:
            hints.setdefault(found.function, f"Look at {found.where}: {found.message}.")
        elif found.name in wrong:
            hints.setdefault(
                found.function,
                f"It calls your {found.name}, which is not right yet: mend that first, then check again.",
            )
    return tuple(
        dataclasses.replace(c, hint=hints[c.function])
        if c.outcome == FAILED and not c.hint and c.kind not in MEASURED and c.function in hints
        else c
        for c in checks
    )
