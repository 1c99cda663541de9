"""What exams measured, kept in the bank: ``statistics.yaml``, by item (or template) id.

    conv-output-size:
      difficulty: 0.41        share of the points that classes did not earn, all exams together
      discrimination: 0.36    corrected item-total correlation, likewise; absent where it could not be computed
      n: 212
      exams:                  what each exam measured; analysing an exam again replaces its entry

Items whose key is in doubt are not recorded: their numbers measure the mistake in the key, not the item.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from question_bank.analysis.limits import FEWEST
from question_bank.store import BankError, Problem, plain, read_yaml, write_yaml

if TYPE_CHECKING:
    from question_bank.analysis.analyse import Analysis, UnitStatistics

STATISTICS = "statistics.yaml"


@dataclass(frozen=True)
class Sitting:
    """What one exam measured of one item.

    Attributes:
      difficulty: Fraction of the points that the class did not earn.
      n: Number of answers.
      discrimination: Corrected item-total correlation; None where it could not be computed.
    """

    exam: str
    difficulty: float
    n: int
    discrimination: float | None = None


@dataclass(frozen=True)
class Measured:
    """What all exams together measured of one item; each exam weighs by its answers."""

    difficulty: float
    n: int
    exams: tuple[Sitting, ...]
    discrimination: float | None = None


def measured(folder: Path, least: int = FEWEST) -> dict[str, float]:
    """Read the measured difficulties of a bank: item (or template) id → difficulty.

    Args:
      folder: The bank.
      least: Smallest number of answers; items with fewer are left out.

    Raises:
      BankError: ``statistics.yaml`` is wrong; the message says where.
    """
    return {name: item.difficulty for name, item in read_statistics(folder).items() if item.n >= least}


def read_statistics(folder: Path) -> dict[str, Measured]:
    """Read ``statistics.yaml`` of a bank; empty where the bank has no such file.

    Raises:
      BankError: The file is wrong.
    """
    path = folder / STATISTICS
    if not path.exists():
        return {}
    statistics: dict[str, Measured] = read_yaml(path, dict[str, Measured]) or {}
    problems = [Problem(STATISTICS, 0, name, text) for name, item in statistics.items() for text in _problems(item)]
    if problems:
        raise BankError(problems)
    return statistics


def record(folder: Path, analysis: Analysis) -> list[str]:
    """Add what ``analysis`` measured to the bank's statistics; an exam that was recorded before is replaced.

    Returns:
      Ids of the items whose key is in doubt, which were not recorded.

    Raises:
      ValueError: The exam has no name.
      BankError: There is no bank, or its statistics are wrong.
    """
    from question_bank.analysis.flags import KEY_FLAGS

    if not analysis.exam.strip():
        raise ValueError("the exam needs a name, so that analysing it again replaces its entry")
    if not folder.is_dir():
        raise BankError([Problem(str(folder), 0, "", "no such folder")])
    old = read_statistics(folder)
    doubtful = sorted({_id(u) for u in analysis.units if any(f.kind in KEY_FLAGS for f in u.flags)})
    sittings_of: dict[str, list[Sitting]] = {}
    for unit in analysis.units:
        sittings_of.setdefault(_id(unit), []).append(_sitting(unit, analysis.exam))
    new = {name: _merged(sittings) for name, sittings in sittings_of.items()}
    merged: dict[str, Measured] = {}
    for name in sorted(old | new):
        exams = [s for s in (old[name].exams if name in old else ()) if s.exam != analysis.exam]
        if name in new and name not in doubtful:
            exams.append(new[name])
        if exams:
            merged[name] = combine(exams)
    write_yaml(folder / STATISTICS, {name: plain(item) for name, item in merged.items()})
    return doubtful


def combine(exams: list[Sitting]) -> Measured:
    """Average over exams, each weighted by its number of answers; rounded to four decimals."""
    exams = sorted(exams, key=lambda s: s.exam)
    n = sum(s.n for s in exams)
    difficulty = sum(s.difficulty * s.n for s in exams) / n
    known = [(s.discrimination, s.n) for s in exams if s.discrimination is not None]
    weight = sum(n for _, n in known)
    discrimination = round(sum(d * n for d, n in known) / weight, 4) if weight else None
    return Measured(round(difficulty, 4), n, tuple(exams), discrimination)


def _id(unit: UnitStatistics) -> str:
    """The bank's id of a unit: a template that is in a form twice is “name” and “name (2)” in the analysis."""
    return re.sub(r" \(\d+\)$", "", unit.unit) if unit.template else unit.unit


def _merged(sittings: list[Sitting]) -> Sitting:
    """One sitting for a template that is in a form twice."""
    combined = combine(sittings)
    return Sitting(sittings[0].exam, combined.difficulty, combined.n, combined.discrimination)


def _sitting(unit: UnitStatistics, exam: str) -> Sitting:
    r = unit.correlation.value
    known = unit.count >= FEWEST and not math.isnan(r)
    return Sitting(exam, round(unit.difficulty, 4), unit.count, round(r, 4) if known else None)


def _problems(item: Measured) -> list[str]:
    rows: Mapping[str, Measured | Sitting] = {"": item, **{f"exams: {s.exam}: ": s for s in item.exams}}
    problems = []
    for where, row in rows.items():
        if not 0 <= row.difficulty <= 1:
            problems.append(f"{where}difficulty: expected a number from 0 to 1, not {row.difficulty!r}")
        if row.n < 1:
            problems.append(f"{where}n: expected 1 or more, not {row.n!r}")
        if row.discrimination is not None and not -1 <= row.discrimination <= 1:
            problems.append(f"{where}discrimination: expected a number from −1 to 1, not {row.discrimination!r}")
    return problems
