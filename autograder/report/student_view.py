"""What a student may see of a result: nothing that was computed from hidden inputs.

Hidden inputs are the same for every attempt, so each number that a page shows of them is an entry in a table of
answers.  Every output for students passes its result through :func:`student_view`; pages of instructors do not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from autograder.checks import MEASURED
from autograder.results import (
    FAILED,
    INCONCLUSIVE,
    LEFT_OUT,
    NOT_JUDGED,
    PASSED,
    SKIPPED,
    CaseEvidence,
    CheckEvidence,
    FailureKind,
    Fault,
    Problem,
    Result,
)

PUBLIC_SEED, SECRET_SEED = "public", "secret"

_WORST_FIRST = (NOT_JUDGED, FAILED, INCONCLUSIVE, SKIPPED, LEFT_OUT, PASSED)
# Where outputs are compared before something is measured, the sizes are printed but the numbers are secret.
_COMPARED = (FailureKind.WRONG, FailureKind.NOT_FINITE, FailureKind.OUT_OF_BOUNDS)


def student_view(result: Result) -> Result:
    """Return what a student may see of a result; doing it twice changes nothing.

    Cases on public inputs stay, and so do measurements.  All hidden cases of one label become one, with its outcome,
    the kind of failure and the student's own line.  Nothing stays that differs when equal work is graded again:
    times, the seed's name and the draw set.
    """
    made = result.provenance
    everything = made.seed == PUBLIC_SEED
    seed = PUBLIC_SEED if everything else SECRET_SEED
    checks = tuple(_open(c) if everything else _closed(c) for c in result.checks)
    return replace(
        result,
        provenance=replace(made, seed=seed, draw_set=None, seconds={}, created=""),
        checks=checks,
        problem=result.problem if everything else _problem(result.problem),
        output=result.output if everything or _prints_publicly(result) else "",
    )


def _open(check: CheckEvidence) -> CheckEvidence:
    """Show everything of a check whose inputs everybody may know."""
    cases = tuple(replace(c, public=True) for c in check.cases)
    return replace(check, cases=cases, program="", operations={})


def _closed(check: CheckEvidence) -> CheckEvidence:
    measured = check.kind in MEASURED
    cases = tuple(map(_measurement, check.cases) if measured else _folded(check.cases))
    if not check.cases or (measured and all(c.public for c in cases)):
        message = check.message
    else:
        message = next((c.message for c in cases if c.outcome == check.outcome and c.message), "")
    # Which programs ran depends on the hidden sizes.
    return replace(check, cases=cases, message=message, program="", operations={})


def _folded(cases: Sequence[CaseEvidence]) -> Iterator[CaseEvidence]:
    """Yield the public cases of each label, then one for all hidden cases of that label."""
    groups: dict[str, list[CaseEvidence]] = {}
    for case in cases:
        groups.setdefault(case.label, []).append(case)
    for draws in groups.values():
        public = [c for c in draws if c.public]
        hidden = [c for c in draws if not c.public]
        yield from public
        if hidden:
            worst = min(hidden, key=lambda c: _WORST_FIRST.index(c.outcome))
            failed = any(c.outcome in (FAILED, SKIPPED) for c in public)
            if not failed or worst.outcome == NOT_JUDGED:  # where the public case fails, it says all there is to say
                yield _bare(worst)


def _measurement(case: CaseEvidence) -> CaseEvidence:
    """Keep times, counts and curves, whose sizes are printed; keep no comparison of secret numbers."""
    if case.outcome == NOT_JUDGED or case.kind in _COMPARED:
        return replace(_bare(case), inputs=case.inputs)
    return replace(
        case,
        error=None,
        tolerance=None,
        worst=None,
        worst_tolerance=None,
        place=None,
        error_map=None,
        public=True,
    )


def _bare(case: CaseEvidence) -> CaseEvidence:
    return CaseEvidence(case.label, case.outcome, where=case.where, code=case.code, kind=case.kind)


def _problem(problem: Problem | None) -> Problem | None:
    """Keep what is wrong with a submission; what is wrong with the grader may quote the reference."""
    if problem is None or problem.fault is not Fault.OURS:
        return problem
    return replace(problem, message="The grader failed. Your work will be graded again.")


def _prints_publicly(result: Result) -> bool:
    """Whether the printed output is of public cases only: earlier versions kept what hidden cases printed."""
    cases = [c for check in result.checks for c in check.cases]
    return not cases or any(c.public for c in cases)
