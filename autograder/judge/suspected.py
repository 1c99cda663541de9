"""Tell what the source of a wrong function shows, where its numbers gave no known mistake away."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence

from autograder.checks import MEASURED
from autograder.results import FAILED, CheckEvidence, FailureKind, Finding

FEWEST_USERS = 3  # of a helper, before it is suspected: two functions may well be wrong each for itself


def with_suspicions(checks: Sequence[CheckEvidence], suspicions: Sequence[Finding]) -> tuple[CheckEvidence, ...]:
    """Return the evidence with a hint from the source for failed checks that have none.

    Nothing but outcomes and source goes into it, so a student may read it whatever the inputs were.
    """
    wrong = {c.function for c in checks if c.outcome == FAILED and c.kind not in MEASURED}
    graded = {c.function for c in checks}
    calls: dict[str, str] = {}
    helped: dict[tuple[str, str], list[str]] = {}  # functions by the helper that they use: its name and place
    shown: dict[str, str] = {}
    for found in suspicions:
        if not found.name:
            shown.setdefault(found.function, f"Look at {found.where}: {found.message}.")
        elif found.name not in graded:
            helped.setdefault((found.name, found.where), []).append(found.function)
        elif found.name in wrong:
            said = f"It calls your {found.name}, which is not right yet: mend that first, then check again."
            calls.setdefault(found.function, said)

    unknown = wrong - {c.function for c in checks if c.mistake}
    shared = _shared(helped, unknown)

    def hint(check: CheckEvidence) -> str:
        if check.outcome != FAILED or check.hint or check.kind in MEASURED:
            return check.hint
        raised = any(case.kind is FailureKind.RAISED for case in check.cases)  # an error names its own line
        return calls.get(check.function) or (
            "" if raised else shown.get(check.function) or shared.get(check.function, "")
        )

    return tuple(dataclasses.replace(check, hint=hint(check)) for check in checks)


def _shared(helped: Mapping[tuple[str, str], Sequence[str]], unknown: Collection[str]) -> dict[str, str]:
    """Name, for each function, the one helper that several functions use, all wrong for a reason that is not known."""
    hints: dict[str, list[str]] = {}
    for (name, where), users in helped.items():
        if len(users) >= FEWEST_USERS and set(users) <= set(unknown):
            together = f"{', '.join(users[:-1])} and {users[-1]}"
            text = f"{together} all use your {name} ({where}), and none of them is right: the mistake may be there."
            for user in users:
                hints.setdefault(user, []).append(text)
    return {user: texts[0] for user, texts in hints.items() if len(texts) == 1}
