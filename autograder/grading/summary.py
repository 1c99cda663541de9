"""Count the results of a run over a class, for the progress bar, the log and the summary."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field, replace

from autograder.report.text import count
from autograder.results import LEFT_OUT, NOT_JUDGED, PASSED, CaseEvidence, Result, next_step

FULL, PARTIAL, NOTHING, UNREADABLE = "full", "partial", "nothing", "unreadable"
KINDS = (FULL, PARTIAL, NOTHING, NOT_JUDGED, UNREADABLE)
SLOWEST = 3


def kind_of(result: Result) -> str:
    """One word for a result; a fault of ours, or a measurement to repeat, is "not judged"."""
    if not settled(result):
        return NOT_JUDGED
    if result.problem:
        return UNREADABLE
    asked = [c for c in result.checks if c.outcome != LEFT_OUT]
    if asked and all(c.outcome == PASSED for c in asked):
        return FULL
    return PARTIAL if result.score is not None and result.score.points > 0 else NOTHING


def settled(result: Result) -> bool:
    """Whether a result needs no further run: everything was judged, and every measurement was clear."""
    return next_step(result).final


def compact(result: Result) -> Result:
    """Reduce a result to what the class page and the exit code need; the full evidence stays in its file."""
    checks = tuple(replace(c, cases=tuple(map(_thin, c.cases))) for c in result.checks)
    findings = tuple(replace(f, message="", instead="", code="") for f in result.findings)
    return replace(result, checks=checks, findings=findings, output="")


def _thin(case: CaseEvidence) -> CaseEvidence:
    if case.outcome == PASSED:
        case = replace(case, message="", advice="", code="", place=None)
    return replace(case, inputs="", curves={}, error_map=None)


@dataclass
class RunSummary:
    """The counts of a run so far.  ``kept`` results come from an earlier run."""

    total: int
    counts: Counter[str] = field(default_factory=Counter)
    kept: int = 0
    graded: int = 0
    slowest: list[tuple[float, str]] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def add(self, result: Result, kept: bool) -> None:
        self.counts[kind_of(result)] += 1
        if kept:
            self.kept += 1
            return
        self.graded += 1
        seconds = result.provenance.seconds.get("all", 0.0)
        self.slowest = sorted([*self.slowest, (seconds, result.submission)], reverse=True)[:SLOWEST]

    @property
    def done(self) -> int:
        return self.kept + self.graded

    def rate(self) -> float:
        """Submissions graded per minute."""
        return 60 * self.graded / max(time.monotonic() - self.started, 1e-3)

    def left(self) -> str:
        """How long the rest will take at this rate, in words."""
        if not self.graded or self.done >= self.total:
            return ""
        seconds = (self.total - self.done) * 60 / self.rate()
        if seconds < 90:
            return f"{seconds:.0f} s left"
        return f"{seconds / 60:.0f} min left" if seconds < 5400 else f"{seconds / 3600:.1f} h left"

    def line(self) -> str:
        """``120 of 500, 42 per minute, 9 min left, 3 unreadable``."""
        parts = [f"{self.done} of {self.total}"]
        if self.graded:
            parts.append(f"{self.rate():.0f} per minute")
        parts += [self.left()] if self.left() else []
        parts += [f"{self.counts[k]} {k}" for k in (NOTHING, NOT_JUDGED, UNREADABLE) if self.counts[k]]
        return ", ".join(parts)

    def lines(self) -> list[str]:
        """The lines to print at the end: counts, rate, and the slowest submissions."""
        counts = ", ".join(f"{self.counts[k]} {k}" for k in KINDS if self.counts[k] or k in (FULL, PARTIAL, NOTHING))
        seconds = time.monotonic() - self.started
        lines = [f"{count(self.done, 'submission')}: {counts}"]
        if self.graded:
            kept = f", {self.kept} kept from an earlier run" if self.kept else ""
            lines.append(f"{self.graded} graded in {seconds:.0f} s ({self.rate():.0f} per minute){kept}")
        elif self.kept:
            lines.append(f"all {self.kept} kept from an earlier run: nothing has changed")
        if self.graded > SLOWEST:
            lines.append("slowest: " + ", ".join(f"{name} {seconds:.1f} s" for seconds, name in self.slowest))
        return lines
