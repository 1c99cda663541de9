"""What a student reads about a case whose inputs are hidden: how it fails, and what to try.

Nothing here knows more than the label of a case and the kind of its failure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from autograder.checks import MEASURED
from autograder.results import FAILED, NOT_JUDGED, PASSED, CaseEvidence, CheckEvidence, FailureKind

_LABELS = 6  # named in one sentence
_RUN = "run it with sizes and numbers of your own within the ranges of the handout"


@dataclass(frozen=True)
class _Words:
    short: str  # "wrong numbers", after a colon
    clause: str  # "it returns wrong numbers"
    advice: str


_UNKNOWN = _Words("not right", "it does not give what is expected", _RUN)
WORDS: Mapping[FailureKind, _Words] = {
    FailureKind.WRONG: _Words(
        "wrong numbers",
        "it returns wrong numbers",
        f"{_RUN}, and compare with a computation by hand or with plain loops",
    ),
    FailureKind.NOT_FINITE: _Words(
        "NaN or infinity",
        "it returns NaN or infinity where the right result is finite",
        f"{_RUN}, and look for a division by zero, a logarithm of zero or an overflow",
    ),
    FailureKind.OUT_OF_BOUNDS: _Words(
        "a statistic out of bounds",
        "a statistic of its result is out of bounds",
        f"{_RUN}, and compute the statistics that the handout describes",
    ),
    FailureKind.STRUCTURE: _Words(
        "another shape, dtype or nesting",
        "its result has another shape, dtype or nesting than expected",
        f"{_RUN}, print the shape and dtype of each result, and look for a size that is written as a number",
    ),
    FailureKind.RAISED: _Words(
        "an error",
        "it raises an error",
        f"{_RUN} until you see the error, and look for a size that is written as a number",
    ),
    FailureKind.MISSING: _Words(
        "no function",
        "there is no function to run",
        "define the function at the top level of your file, whatever the sizes are",
    ),
    FailureKind.NO_PROGRAM: _Words(
        "no program",
        "JAX cannot trace it, or its program is not accepted",
        f"{_RUN} under `jax.jit`, and use allowed operations only",
    ),
    FailureKind.STOPPED: _Words(
        "out of time or memory, or a crash",
        "it runs out of time or memory, or crashes",
        f"{_RUN}, and look for loops and arrays that grow faster than the inputs",
    ),
    FailureKind.MEASURED: _Words(
        "not good enough",
        "it is too slow, needs too much, or does not learn",
        "compare the work of your function with what the handout describes",
    ),
}


def is_hidden(case: CaseEvidence) -> bool:
    """Whether only the label and the kind of failure of a case are left to tell."""
    return not case.public and not case.message and case.outcome in (FAILED, NOT_JUDGED)


def in_words(case: CaseEvidence, check: CheckEvidence) -> CaseEvidence:
    """Give a hidden case of a check the message and the advice that a student reads."""
    if not is_hidden(case):
        return case
    if case.outcome == NOT_JUDGED:
        return replace(case, message="our grader failed here")
    words = _words(case)
    if check.kind in MEASURED:
        return replace(case, message=f"{words.short} on the inputs that are measured", advice=words.advice)
    if _right_in_public(check, case.label):
        return replace(case, message=f"right at the printed sizes, at others: {words.short}", advice=words.advice)
    return replace(case, message=words.short, advice=words.advice)


def sentence(check: CheckEvidence) -> str:
    """Say what a student should read first about a check that fails on hidden cases only."""
    hidden = [c for c in check.cases if is_hidden(c) and c.outcome == check.outcome]
    if not hidden:
        return ""
    labels = _listed(list(dict.fromkeys(c.label for c in hidden)))
    if check.outcome == NOT_JUDGED:
        return f"Our grader failed here: {labels}."
    said = _words(hidden[0]).clause
    if check.kind in MEASURED:
        return f"Not right on the inputs that are measured: {labels}. There, {said}."
    if all(_right_in_public(check, c.label) for c in hidden):
        return f"Right at the printed sizes, not at other sizes or numbers: {labels}. There, {said}."
    return f"Not right on hidden inputs: {labels}. There, {said}."


def _words(case: CaseEvidence) -> _Words:
    return WORDS.get(case.kind, _UNKNOWN) if case.kind is not None else _UNKNOWN


def _right_in_public(check: CheckEvidence, label: str) -> bool:
    public = [c.outcome for c in check.cases if c.public and c.label == label]
    return bool(public) and all(outcome == PASSED for outcome in public)


def _listed(labels: Sequence[str]) -> str:
    more = len(labels) - _LABELS
    return "; ".join(labels[:_LABELS]) + (f"; and {more} more" if more > 0 else "")
