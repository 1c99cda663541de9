"""Tell what the source of a wrong function shows, where its numbers gave no known mistake away."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from autograder.checks import MEASURED
from autograder.results import FAILED, CheckEvidence, FailureKind, Finding


def with_suspicions(checks: Sequence[CheckEvidence], suspicions: Sequence[Finding]) -> tuple[CheckEvidence, ...]:
    """Return the evidence with a hint from the source for failed checks that have none.

    Nothing but outcomes and source goes into it, so a student may read it whatever the inputs were.
    """
    wrong = {c.function for c in checks if c.outcome == FAILED and c.kind not in MEASURED}
    calls: dict[str, str] = {}
    shown: dict[str, str] = {}
    for found in suspicions:
        if not found.name:
            shown.setdefault(found.function, f"Look at {found.where}: {found.message}.")
        elif found.name in wrong:
            said = f"It calls your {found.name}, which is not right yet: mend that first, then check again."
            calls.setdefault(found.function, said)

    def hint(check: CheckEvidence) -> str:
        if check.outcome != FAILED or check.hint or check.kind in MEASURED:
            return check.hint
        raised = any(case.kind is FailureKind.RAISED for case in check.cases)  # an error names its own line
        return calls.get(check.function, "" if raised else shown.get(check.function, ""))

    return tuple(dataclasses.replace(check, hint=hint(check)) for check in checks)
