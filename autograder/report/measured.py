"""What training, timing and cost measurements say, in words and numbers for a reader."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from autograder.report import hidden
from autograder.report.text import capital, grouped, si, times, times_between
from autograder.results import (
    FAILED,
    INCONCLUSIVE,
    LEFT_OUT,
    NOT_JUDGED,
    PASSED,
    SKIPPED,
    CaseEvidence,
    CheckEvidence,
    Outcome,
)

MEASURED = ("training", "throughput", "cost")
UNSETTLED = "A timing or training measurement was inconclusive and will be repeated; you lose nothing."

_PACE = (
    ("calls per second", "calls per second", ""),
    ("compile seconds", "to compile", "s"),
    ("first call seconds", "first call", "s"),
)
_NEEDS = (
    ("flops", "arithmetic operations", ""),
    ("bytes", "memory read and written", "B"),
    ("temporary", "temporary memory", "B"),
)


@dataclass(frozen=True)
class Pair:
    """One number of the student's program beside the reference's."""

    what: str
    yours: str
    reference: str


@dataclass(frozen=True)
class Ratio:
    """One timed or counted case.  ``middle``, ``low`` and ``high`` say how many times as much as the reference."""

    label: str
    inputs: str
    outcome: Outcome
    timed: bool
    middle: float
    low: float
    high: float
    pairs: int
    words: str
    numbers: tuple[Pair, ...]


@dataclass(frozen=True)
class Curve:
    label: str
    outcome: Outcome
    losses: tuple[float, ...]


@dataclass(frozen=True)
class Held:
    """One measure on held-out data after one run."""

    name: str
    seed: str
    yours: float
    needed: float
    reference: float

    @property
    def enough(self) -> bool:
        return self.yours >= self.needed


@dataclass(frozen=True)
class Training:
    """All runs of a training check; ``steps`` is 0 where the evidence does not tell."""

    curves: tuple[Curve, ...]
    reference: tuple[float, ...]
    held: tuple[Held, ...]
    steps: int


def left_out(check: CheckEvidence) -> bool:
    """True for a measurement that the run did not make: neither right nor wrong."""
    return check.outcome == LEFT_OUT


def ratios(check: CheckEvidence) -> tuple[Ratio, ...]:
    """Return the cases of a throughput or cost check that were measured."""
    if check.kind not in ("throughput", "cost"):
        return ()
    return tuple(_ratio(c) for c in check.cases if is_ratio(c))


def is_ratio(case: CaseEvidence) -> bool:
    """Whether the case holds a ratio to the reference."""
    return case.statistics.get("ratio", math.nan) > 0


def training(check: CheckEvidence) -> Training | None:
    """Return the runs of a training check, or None where there was none."""
    cases = [c for c in check.cases if c.curves or any(n.startswith("needed ") for n in c.statistics)]
    if check.kind != "training" or not cases:
        return None
    curves = [Curve(_seed(c), c.outcome, c.curves["loss"]) for c in cases if c.curves.get("loss")]
    reference = next((c.curves["reference loss"] for c in cases if c.curves.get("reference loss")), ())
    held = sorted((h for c in cases for h in _held(c)), key=lambda h: h.name)
    steps = max(c.statistics.get("steps", 0.0) for c in cases)
    return Training(tuple(curves), reference, tuple(held), int(steps) if 0 < steps < 1e12 else 0)


def unmeasured(check: CheckEvidence, case: CaseEvidence) -> bool:
    """Whether only the case's message can tell what happened."""
    if check.kind == "training":
        return not case.curves
    return check.kind not in MEASURED or not is_ratio(case)


def sentence(check: CheckEvidence) -> str:
    """Say what a student should read first about a check: a measurement, its message, or how hidden cases fail."""
    if left_out(check):
        return "Left out: this run did not measure performance."
    if check.kind not in MEASURED or check.outcome in (SKIPPED, NOT_JUDGED):
        return capital(check.message) or hidden.sentence(check)
    if check.kind == "training":
        return _training_sentence(check)
    found = [r for r in ratios(check) if r.outcome == check.outcome]
    if not found:
        return capital(check.message) or hidden.sentence(check)
    worst = max(found, key=lambda r: r.middle)
    words = f"{worst.label}: {worst.words}." if len(check.cases) > 1 else f"{capital(worst.words)}."
    if check.outcome == INCONCLUSIVE:
        return f"{capital(worst.words)}, too wide a range for a mark. It will be measured again; you lose nothing."
    return words


def _training_sentence(check: CheckEvidence) -> str:
    number, learned = len(check.cases), sum(c.outcome == PASSED for c in check.cases)
    if check.outcome == INCONCLUSIVE:
        return f"{learned} of {number} seeds learned. It will be trained again with more seeds; you lose nothing."
    if check.outcome == PASSED:
        return f"It learns as well as the reference with {learned} of {number} seeds." if number else ""
    message = next((c.message for c in check.cases if c.outcome == FAILED and c.message), check.message)
    if not message:
        return hidden.sentence(check)
    failed = f"{number - learned} of {number} seeds did not learn well enough"
    return f"{capital(message)}; {failed}." if training(check) else capital(message)


def _ratio(case: CaseEvidence) -> Ratio:
    found = case.statistics
    ratio = found["ratio"]
    timed = "pairs" in found
    middle, low = 1 / ratio, _inverse(found.get("ratio high", ratio))
    high = _inverse(found.get("ratio low", ratio))
    numbers = tuple(_numbers(found, _PACE if timed else _NEEDS))
    if timed:
        words = f"it takes {times_between(middle, low, high)}"
    elif 0.95 < middle < 1.05:
        words = "it needs about what the reference needs"
    else:
        words = f"it needs {times(middle)} times what the reference needs"
    if case.outcome == FAILED and not timed and case.message:  # it names what is needed too much of
        words = case.message.removesuffix(".")
    pairs = found.get("pairs", 0.0)
    return Ratio(
        case.label,
        case.inputs,
        case.outcome,
        timed,
        middle,
        low,
        high,
        int(pairs) if 0 <= pairs < 1e12 else 0,
        words,
        numbers,
    )


def _inverse(value: float) -> float:
    return 1 / value if value > 1e-9 else math.inf


def _numbers(found: Mapping[str, float], names: tuple[tuple[str, str, str], ...]) -> Iterator[Pair]:
    for name, what, unit in names:
        if name in found and f"reference {name}" in found:
            yours, reference = found[name], found[f"reference {name}"]
            if name == "calls per second":
                yield Pair(what, grouped(yours), grouped(reference))
            else:
                yield Pair(what, si(yours, unit), si(reference, unit))


def _held(case: CaseEvidence) -> Iterator[Held]:
    found = case.statistics
    for name in found:
        if f"needed {name}" in found:
            reference = found.get(f"reference {name}", math.nan)
            yield Held(name, _seed(case), found[name], found[f"needed {name}"], reference)


def _seed(case: CaseEvidence) -> str:
    return f"seed {case.draw + 1}"
