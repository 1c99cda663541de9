"""What exams measured, kept in the bank: ``statistics.yaml``, by item (or template) id.

    conv-output-size:
      difficulty: 0.41        share of the points that classes did not earn, all exams together
      discrimination: 0.36    corrected item-total correlation, likewise; absent where nobody could tell
      n: 212
      exams:                  what each exam measured; analysing an exam again replaces its entry

Items whose key is in doubt are not measured: their numbers tell of the mistake, not of the item.
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
    """One item in one exam; ``discrimination`` is absent where nobody could tell."""

    exam: str
    difficulty: float
    n: int
    discrimination: float | None = None


@dataclass(frozen=True)
class Measured:
    """One item over all exams."""

    difficulty: float
    n: int
    exams: tuple[Sitting, ...]
    discrimination: float | None = None


def measured(folder: Path, least: int = FEWEST) -> dict[str, float]:
    """Item (or template) id → measured difficulty, for those with at least ``least`` answers.

    Raises:
      BankError: ``statistics.yaml`` is wrong; the message says where.
    """
    return {name: one.difficulty for name, one in read_statistics(folder).items() if one.n >= least}


def read_statistics(folder: Path) -> dict[str, Measured]:
    """Everything in ``statistics.yaml``; nothing where there is none.

    Raises:
      BankError: The file is wrong.
    """
    path = folder / STATISTICS
    if not path.exists():
        return {}
    found: dict[str, Measured] = read_yaml(path, dict[str, Measured]) or {}
    wrong = [Problem(STATISTICS, 0, name, text) for name, one in found.items() for text in _problems(one)]
    if wrong:
        raise BankError(wrong)
    return found


def record(folder: Path, analysis: Analysis) -> list[str]:
    """Add what ``analysis`` measured to the bank; ids of the items whose key is in doubt are returned, not recorded.

    Raises:
      ValueError: The exam has no name.
      BankError: There is no bank, or its statistics are wrong.
    """
    from question_bank.analysis.flags import KEY_FLAGS

    if not analysis.exam.strip():
        raise ValueError("the exam needs a name: its entry is found by it when the exam is analysed again")
    if not folder.is_dir():
        raise BankError([Problem(str(folder), 0, "", "no such folder")])
    old = read_statistics(folder)
    doubtful = sorted({_id(u) for u in analysis.units if any(f.kind in KEY_FLAGS for f in u.flags)})
    found: dict[str, list[Sitting]] = {}
    for unit in analysis.units:
        found.setdefault(_id(unit), []).append(_sitting(unit, analysis.exam))
    new = {name: _one(sittings) for name, sittings in found.items()}
    merged: dict[str, Measured] = {}
    for name in sorted(old | new):
        exams = [s for s in (old[name].exams if name in old else ()) if s.exam != analysis.exam]
        if name in new and name not in doubtful:
            exams.append(new[name])
        if exams:
            merged[name] = combine(exams)
    write_yaml(folder / STATISTICS, {name: plain(one) for name, one in merged.items()})
    return doubtful


def combine(exams: list[Sitting]) -> Measured:
    """All exams together, each with the weight of its answers."""
    exams = sorted(exams, key=lambda s: s.exam)
    n = sum(s.n for s in exams)
    difficulty = sum(s.difficulty * s.n for s in exams) / n
    told = [(s.discrimination, s.n) for s in exams if s.discrimination is not None]
    weight = sum(n for _, n in told)
    discrimination = round(sum(d * n for d, n in told) / weight, 4) if weight else None
    return Measured(round(difficulty, 4), n, tuple(exams), discrimination)


def _id(unit: UnitStatistics) -> str:
    """A template that stood in a form twice is “name” and “name (2)” in the analysis, and one thing in the bank."""
    return re.sub(r" \(\d+\)$", "", unit.unit) if unit.template else unit.unit


def _one(sittings: list[Sitting]) -> Sitting:
    both = combine(sittings)
    return Sitting(sittings[0].exam, both.difficulty, both.n, both.discrimination)


def _sitting(unit: UnitStatistics, exam: str) -> Sitting:
    r = unit.correlation.value
    known = unit.count >= FEWEST and not math.isnan(r)
    return Sitting(exam, round(unit.difficulty, 4), unit.count, round(r, 4) if known else None)


def _problems(one: Measured) -> list[str]:
    rows: Mapping[str, Measured | Sitting] = {"": one, **{f"exams: {s.exam}: ": s for s in one.exams}}
    found = []
    for where, row in rows.items():
        if not 0 <= row.difficulty <= 1:
            found.append(f"{where}difficulty: expected a number from 0 to 1, not {row.difficulty!r}")
        if row.n < 1:
            found.append(f"{where}n: expected 1 or more, not {row.n!r}")
        if row.discrimination is not None and not -1 <= row.discrimination <= 1:
            found.append(f"{where}discrimination: expected a number from −1 to 1, not {row.discrimination!r}")
    return found
