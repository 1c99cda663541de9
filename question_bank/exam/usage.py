"""Which items were used in which exam: a JSON file beside the bank, so that no item is asked too often across years."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from question_bank.exam.fields import ExamError

MAX_BYTES = 50_000_000
DAYS_OF_A_YEAR = 365.25


@dataclass(frozen=True)
class Use:
    """An item in an exam: when it was, and in how many of its forms the item stood."""

    exam: str
    on: datetime.date
    forms: int


Usage = Mapping[str, tuple[Use, ...]]  # item id, or name of a template → its uses


def read_usage(path: Path) -> dict[str, tuple[Use, ...]]:
    """Read a usage file; none there is none used.  Raises ExamError."""
    if not path.exists():
        return {}
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ExamError(f"{path}: larger than {MAX_BYTES // 1_000_000} MB, expected a usage file")
        data = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ExamError(f"{path}: not JSON: {error}") from None
    except OSError as error:
        raise ExamError(f"{path}: {error.strerror or error}") from None
    if not isinstance(data, dict):
        raise ExamError(f"{path}: expected an object of item ids")
    found = {}
    for item, uses in data.items():
        if not isinstance(uses, list):
            raise ExamError(f"{path}: {item}: expected a list of uses")
        found[item] = tuple(_use(one, f"{path}: {item}") for one in uses)
    return found


def _use(data: object, where: str) -> Use:
    expected = 'expected {"exam": …, "on": "2026-11-20", "forms": 1}'
    if not isinstance(data, dict) or set(data) != {"exam", "on", "forms"}:
        raise ExamError(f"{where}: {expected}, not {str(data)[:80]}")
    exam, on, forms = data["exam"], data["on"], data["forms"]
    if not isinstance(exam, str) or not isinstance(on, str) or type(forms) is not int:
        raise ExamError(f"{where}: {expected}, not {str(data)[:80]}")
    try:
        return Use(exam, datetime.date.fromisoformat(on), forms)
    except ValueError:
        raise ExamError(f"{where}: on: expected a date as 2026-11-20, not {on[:40]!r}") from None


def times_used(usage: Usage, item: str, exam: str, on: datetime.date, years: float) -> int:
    """In how many other exams of the ``years`` before ``on`` the item stood.

    The exam itself and later ones do not count, so that an exam built again is the same.
    """
    first = on.toordinal() - round(years * DAYS_OF_A_YEAR)
    return len({u.exam for u in usage.get(item, ()) if u.exam != exam and first <= u.on.toordinal() < on.toordinal()})


def with_exam(usage: Usage, exam: str, on: datetime.date, items: Iterable[str]) -> dict[str, tuple[Use, ...]]:
    """``usage`` with what stands in the forms of ``exam``; ``items`` names an item once for each form."""
    counts: dict[str, int] = {}
    for item in items:
        counts[item] = counts.get(item, 0) + 1
    kept = {item: tuple(u for u in uses if u.exam != exam) for item, uses in usage.items()}
    for item, forms in counts.items():
        kept[item] = (*kept.get(item, ()), Use(exam, on, forms))
    return {item: tuple(sorted(kept[item], key=lambda u: (u.on, u.exam))) for item in sorted(kept) if kept[item]}


def write_usage(path: Path, usage: Usage) -> None:
    data = {
        item: [{"exam": u.exam, "on": u.on.isoformat(), "forms": u.forms} for u in uses] for item, uses in usage.items()
    }
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temporary.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", "utf-8")
    temporary.replace(path)
