"""What grading leaves behind: frozen data, and who has to act next.

Evidence (what was observed) and score (what the rubric makes of it) are apart, so that a changed rubric
re-scores stored evidence without running anything.  Outcomes are enumerations; messages are for people and
are never compared.  ``result_json`` writes and reads these records.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from autograder.errors import UserError

SCHEMA = 2


class Outcome(enum.StrEnum):
    """How a case or a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"  # rests on another check that did not pass
    LEFT_OUT = "left out"  # a measurement that was not asked for
    NOT_JUDGED = "not judged"  # our fault, never the student's zero
    INCONCLUSIVE = "inconclusive"  # timing or training: measure again


PASSED, FAILED, SKIPPED = Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED
LEFT_OUT, NOT_JUDGED, INCONCLUSIVE = Outcome.LEFT_OUT, Outcome.NOT_JUDGED, Outcome.INCONCLUSIVE


class Fault(enum.StrEnum):
    """Whose fault it is that something could not be judged."""

    STUDENT = "student"
    OURS = "ours"


class ProblemKind(enum.StrEnum):
    """Why nothing of a submission was judged."""

    MISSING = "missing"  # no such file
    NO_PERMISSION = "no permission"
    NOT_ORDINARY = "not an ordinary file"  # a link, a pipe, a device
    WRONG_TYPE = "wrong type"  # neither Python, nor a notebook, nor a folder
    TOO_LARGE = "too large"
    TOO_MANY_FILES = "too many files"
    EMPTY = "empty"  # no code in it
    NOT_TEXT = "not text"
    NOT_A_NOTEBOOK = "not a notebook"
    NO_ENTRY = "no entry file"
    UNREADABLE = "unreadable"  # the operating system says no
    UNKNOWN = "unknown"  # stored by a version that did not tell
    SANDBOX = "sandbox"  # from here on: a fault of ours
    DEVICE = "device"
    REFERENCE = "reference"
    HANDOVER = "handover"
    ENGINE = "engine"


class FailureKind(enum.StrEnum):
    """How a case failed: as much as a student may know of it where the inputs are hidden."""

    WRONG = "wrong numbers"
    NOT_FINITE = "not finite"  # NaN or infinity where the reference is finite
    OUT_OF_BOUNDS = "out of bounds"  # a statistic of the output
    STRUCTURE = "wrong structure"  # another shape, dtype or nesting
    RAISED = "raised an error"  # while the function was traced
    MISSING = "missing"  # there is no such function, or it was not run
    NO_PROGRAM = "no program"  # tracing did not end well, or its program was refused
    STOPPED = "stopped"  # the program ran out of time or memory, or crashed
    MEASURED = "measured"  # too slow, needs too much, did not learn


class NextStep(enum.StrEnum):
    """Who has to act next on a result."""

    NONE = "none"  # everything that was asked is right
    RESUBMIT = "resubmit"  # the student may earn more with another attempt
    MEASURE_AGAIN = "measure again"  # the grader: a measurement was inconclusive
    REPAIR = "repair"  # the grader: something of ours failed; then grade again

    @property
    def final(self) -> bool:
        """Whether the result stands as it is: nothing awaits the grader."""
        return self in (NextStep.NONE, NextStep.RESUBMIT)


class ResultError(UserError):
    """A stored result that cannot be read; the message says which field and what was expected."""


SUSPICION = "suspicion"


@dataclass(frozen=True)
class Finding:
    """A remark about the source: a screen violation, something skipped, something removed.

    ``severity`` is "violation" (costs the statement it stands in), "skipped" (could not be read or run),
    "note" (costs nothing) or SUSPICION (may explain a wrong function; it becomes a hint and is not stored).
    ``function`` names the graded function it belongs to, if any; ``binds`` are the names that would exist if the
    statement had been run.
    """

    severity: str
    where: str  # "submission.py, line 12" or "cell 3, line 2"
    message: str
    instead: str = ""
    name: str = ""
    function: str = ""
    code: str = ""  # the student's own line
    binds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Place:
    """The worst place of a failed comparison: path of the leaf, index in it, both values."""

    path: str
    index: tuple[int, ...]
    expected: float
    actual: float


@dataclass(frozen=True)
class ErrorMap:
    """Where an output differs: a plane through its worst place, thinned to at most 32 × 32 cells.

    Each character of ``rows`` is the worst of its cell: "0" is within the tolerance, "1" to "4" are up to
    10, 100, 1000 and more times the tolerance, "!" is no finite number.  No input and no value is in it.
    """

    plane: str  # "logits[:, :]" or "y[0, :, :, 3]"
    shape: tuple[int, ...]  # of the plane, before thinning
    rows: tuple[str, ...]


@dataclass(frozen=True)
class Problem:
    """Why nothing of a submission was judged.  A problem of ours leaves it without a score."""

    fault: Fault
    kind: ProblemKind
    message: str


@dataclass(frozen=True)
class CaseEvidence:
    """What one case showed on one draw of its inputs; ``label`` names the kind of case, in every draw alike.

    ``error`` and ``tolerance`` are relative to the rms of the reference (norm-wise); ``worst`` and
    ``worst_tolerance`` are the same for the single worst element.
    """

    label: str
    outcome: Outcome
    draw: int = 0
    inputs: str = ""  # kinds and shapes, never numbers
    error: float | None = None
    tolerance: float | None = None
    worst: float | None = None
    worst_tolerance: float | None = None
    place: Place | None = None
    message: str = ""  # what went wrong, in plain words
    advice: str = ""  # what to do about it
    where: str = ""  # the student's line, when the error has one
    code: str = ""
    statistics: Mapping[str, float] = field(default_factory=dict)
    curves: Mapping[str, tuple[float, ...]] = field(default_factory=dict)  # "loss" and "reference loss", thinned
    error_map: ErrorMap | None = None  # of the worst failing case of a check, where it shows a pattern
    public: bool = False  # students may see its inputs and all that was computed from them
    kind: FailureKind | None = None  # of a case that failed


@dataclass(frozen=True)
class CheckEvidence:
    """All cases of one check, and the known mistake that the numbers match, if any."""

    name: str
    title: str
    function: str
    kind: str
    outcome: Outcome
    cases: tuple[CaseEvidence, ...] = ()
    message: str = ""  # the one sentence a student should read first
    mistake: str = ""
    hint: str = ""
    topic: str = ""
    waits_for: tuple[str, ...] = ()  # of a skipped check: the checks that did not pass
    program: str = ""  # sha256 of the normalised programs judged
    operations: Mapping[str, int] = field(default_factory=dict)  # of the largest of these programs, by name


@dataclass(frozen=True)
class Counterexample:
    """The smallest public case on which a function is wrong, as something that a student can run.

    ``call`` is Python that makes the call, ``expected`` and ``actual`` are what it should and does give, as text;
    where there is no answer, ``actual`` says why, and ``where`` and ``code`` are the student's line.
    """

    function: str
    label: str
    call: str
    expected: str
    actual: str
    passed: int = 0  # smaller cases that the function gets right
    where: str = ""
    code: str = ""
    advice: str = ""  # what to do where there is no answer


@dataclass(frozen=True)
class Provenance:
    """Where a result comes from; enough to say whether two results may be compared."""

    assignment: str
    assignment_version: str
    assignment_sha256: str
    engine_version: str
    submission_sha256: str
    seed: str  # id of the seed, never the seed
    sandbox: str
    device: str
    libraries: Mapping[str, str] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    created: str = ""
    precision: str = "matrix products: highest for numbers, the device's own for speed"
    draw_set: int | None = None  # number of the draw set; None where nothing was drawn, or an older version graded


@dataclass(frozen=True)
class CheckScore:
    name: str
    points: float
    possible: float
    reason: str = ""


@dataclass(frozen=True)
class Score:
    """Points that a rubric gives to evidence.  ``judged`` is False while something awaits our repair."""

    points: float
    possible: float
    checks: tuple[CheckScore, ...]
    judged: bool
    rubric_sha256: str


@dataclass(frozen=True)
class Result:
    """One graded submission.  ``problem`` is set when nothing could be read or judged at all."""

    submission: str
    provenance: Provenance
    checks: tuple[CheckEvidence, ...] = ()
    findings: tuple[Finding, ...] = ()
    score: Score | None = None
    problem: Problem | None = None
    output: str = ""  # the start of what the submission printed, hidden cases apart
    counterexamples: tuple[Counterexample, ...] = ()
    schema: int = SCHEMA


def next_step(result: Result) -> NextStep:
    """Say who has to act next on a result, and so whether it is final.

    A fault of ours comes before everything else: nothing is final that rests on it.
    """
    outcomes = {check.outcome for check in result.checks}
    if result.problem is not None and result.problem.fault is Fault.OURS:
        return NextStep.REPAIR
    if NOT_JUDGED in outcomes:
        return NextStep.REPAIR
    if result.score is not None and not result.score.judged:
        known = {check.name for check in result.checks}
        complete = all(score.name in known for score in result.score.checks)
        return NextStep.MEASURE_AGAIN if INCONCLUSIVE in outcomes and complete else NextStep.REPAIR
    if INCONCLUSIVE in outcomes:
        return NextStep.MEASURE_AGAIN
    return NextStep.RESUBMIT if result.problem or outcomes & {FAILED, SKIPPED} else NextStep.NONE


def is_left_out(result: Result) -> bool:
    """Whether measurements were not asked for, so that the points are not those of the whole rubric."""
    return any(check.outcome == LEFT_OUT for check in result.checks)
