"""The item analysis of one exam as one frozen record, for a page, for JSON and for the bank."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from question_bank.analysis import limits
from question_bank.analysis.choices import Choice, choices
from question_bank.analysis.draws import Draws, compare_draws
from question_bank.analysis.flags import CHECK, Facts, Flag, exam_flags, flags
from question_bank.analysis.irt import Curve, fit
from question_bank.analysis.measures import Estimate, correlation, share_interval, standing, upper_lower
from question_bank.analysis.order import Position, Speed, position_effect, rapid_answers, speed, unit_position
from question_bank.analysis.reliability import Reliability, percent, reliability
from question_bank.analysis.table import Answer, Floats, Table, tabulate

FORMAT = 1


@dataclass(frozen=True)
class UnitStatistics:
    """One item, or one template over all its draws.

    Attributes:
      unit: Id of the item or template.
      stem: The item's stem, where known.
      template: Whether its numbers were drawn anew for each student.
      count: Number of students who had it.
      share: Mean fraction of the points.
      upper, lower: The same in the upper and the lower 27 % of the class.
      correlation: Corrected item-total (point-biserial) correlation: with the standing in the rest of the exam.
      omitted: Fraction of the students who answered nothing; NaN where responses are not known.
      seconds: First quartile, median and third quartile of the time, in seconds; NaN without times.
      rapid: Fraction of answers that came too fast to have read the item.
      choices: Distractor analysis; empty for templates and free answers.
      draws: For templates: are the draws equally hard?
      position: Effect of the place in the form on this unit.
      curve: 2PL parameters, where fitted.
      flags: What a person should look at.
    """

    unit: str
    stem: str
    template: bool
    count: int
    share: Estimate
    upper: float
    lower: float
    correlation: Estimate
    omitted: float
    seconds: tuple[float, float, float]
    rapid: float
    choices: tuple[Choice, ...]
    draws: Draws | None
    position: Position
    curve: Curve | None
    flags: tuple[Flag, ...]

    @property
    def difficulty(self) -> float:
        """Fraction of the points that the class did not earn, as the bank counts difficulty."""
        return 1 - self.share.value

    @property
    def discrimination(self) -> float:
        """The discrimination index D: upper minus lower group."""
        return self.upper - self.lower

    @property
    def quality(self) -> str:
        """How far these numbers carry: see ``limits.quality``."""
        return limits.quality(self.count)


@dataclass(frozen=True)
class Analysis:
    """The item analysis of an exam.

    Attributes:
      exam: Its name.
      students: Number of students.
      marks: Every student's mark in percent of the points, ascending, without names.
      irt: Why no 2PL was fitted, or a reservation about the fit, for people; empty otherwise.
      left_out: Unit → why it is not in the 2PL.
      flags: What a person should look at in the exam as a whole.
      notes: What the size of the class does not allow.
    """

    exam: str
    students: int
    units: tuple[UnitStatistics, ...]
    reliability: Reliability
    marks: tuple[float, ...]
    position: Position
    speed: Speed
    irt: str
    left_out: dict[str, str]
    flags: tuple[Flag, ...]
    notes: tuple[str, ...]

    @property
    def flagged(self) -> list[UnitStatistics]:
        """Units with flags; first those to check before marks are released."""
        return sorted(
            (u for u in self.units if u.flags), key=lambda u: (all(f.level != CHECK for f in u.flags), u.unit)
        )


def analyse(answers: Iterable[Answer], exam: str = "", stems: Mapping[str, str] | None = None) -> Analysis:
    """Analyse the marked responses of one exam.

    Args:
      answers: One for each student and item.
      exam: Name of the exam.
      stems: Unit → stem, for the report.

    Raises:
      ResponsesError: The answers are no table (see ``tabulate``).
    """
    from scipy import optimize  # noqa: F401  (loads the libraries that are limited next)
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # many tiny products: threads would only wait for each other
        return _analyse(tabulate(answers), exam, stems or {})


def _analyse(table: Table, exam: str, stems: Mapping[str, str]) -> Analysis:
    total, rest = standing(table.share, table.points)
    related = {
        unit: correlation(table.share[rows, i], rest[rows, i])
        for i, (unit, rows) in enumerate(zip(table.units, table.takers, strict=True))
    }
    fitted = fit(table, {unit: r.value for unit, r in related.items()})
    rapid = rapid_answers(table)
    position, pace = position_effect(table), speed(table)
    units = tuple(
        _unit(
            table,
            i,
            total,
            rest,
            related[name],
            float(rapid[i]),
            position.slope,
            fitted.curves.get(name),
            stems.get(name, ""),
        )
        for i, name in enumerate(table.units)
    )
    reservation = fitted.why_not or ("" if fitted.converged else "The estimates did not settle; take them as a hint.")
    return Analysis(
        exam,
        len(table.students),
        units,
        reliability(table),
        tuple(np.sort(percent(table)).tolist()),
        position,
        pace,
        reservation,
        fitted.left_out,
        exam_flags(position, pace, len(table.students)),
        _notes(table, units),
    )


def _unit(
    table: Table,
    column: int,
    total: Floats,
    rest: Floats,
    r: Estimate,
    rapid: float,
    common: float,
    curve: Curve | None,
    stem: str,
) -> UnitStatistics:
    rows, answers = table.takers[column], table.answers[column]
    share, left = table.share[rows, column], rest[rows, column]
    upper, lower = upper_lower(share, total[rows])
    times = table.seconds[rows, column]
    times = times[~np.isnan(times)]
    quartiles = tuple(np.percentile(times, (25, 50, 75)).tolist()) if times.size else (math.nan,) * 3
    known = any(a.response for a in answers)
    template = any(a.draw for a in answers)
    facts = Facts(
        len(rows),
        share_interval(share),
        r,
        choices(answers, left),
        all(len(a.key) <= 1 and len(a.response) <= 1 for a in answers),
        compare_draws(answers, left) if template else None,
        unit_position(table, rest, column, common),
    )
    return UnitStatistics(
        table.units[column],
        stem,
        template,
        facts.count,
        facts.share,
        upper,
        lower,
        r,
        sum(not a.response for a in answers) / len(answers) if known else math.nan,
        quartiles,
        rapid,
        facts.choices,
        facts.draws,
        facts.position,
        curve,
        flags(facts),
    )


def _notes(table: Table, units: tuple[UnitStatistics, ...]) -> tuple[str, ...]:
    students = len(table.students)
    notes = []
    if students < limits.FEWEST:
        notes.append(
            f"{students} students are too few to judge items: differences between items and alpha are mostly chance. "
            "Read the answers instead of the numbers."
        )
    elif students < limits.ROUGH:
        notes.append(f"{students} students: every number is rough; look at its interval before you act on it.")
    few = sum(u.quality == limits.TOO_FEW for u in units)
    if few and students >= limits.FEWEST:
        notes.append(
            f"{few} of {len(units)} items were in fewer than {limits.FEWEST} forms; their discrimination is not judged."
        )
    if not table.complete:
        notes.append(
            "Students had different items. Each is compared with those who had the same items, never with the others."
        )
    if len(table.units) < 2:
        notes.append("One item alone: there is no rest of the exam to compare it with.")
    return tuple(notes)


def to_json(analysis: Analysis) -> str:
    """Write the analysis as JSON for other programs; a statistic that cannot be computed is null."""
    value = {"format": FORMAT, **dataclasses.asdict(analysis)}
    for row, unit in zip(value["units"], analysis.units, strict=True):
        row |= {"difficulty": unit.difficulty, "discrimination": unit.discrimination, "quality": unit.quality}
    return json.dumps(_nulls(value), ensure_ascii=False, indent=1, allow_nan=False)


def _nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _nulls(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_nulls(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
