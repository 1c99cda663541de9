"""Item exposure control: a JSON file of the exams that used each item, so that no item is used too often."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.exam.toml_fields import ExamError
from autograder.files import write_text

MAX_BYTES = 50_000_000
DAYS_OF_A_YEAR = 365.25


@dataclass(frozen=True)
class ItemUse:
    """The use of an item in one exam: the day, and the number of forms that contained the item."""

    exam: str
    on: datetime.date
    forms: int


ExposureHistory = Mapping[str, tuple[ItemUse, ...]]  # item id, or name of a template → its uses


def read_exposure(path: Path) -> dict[str, tuple[ItemUse, ...]]:
    """Read the history; empty if the file does not exist.  Raises ExamError."""
    if not path.exists():
        return {}
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ExamError(
                f"{path}: larger than {MAX_BYTES // 1_000_000} MB, expected a file that exam build --usage wrote"
            )
        data = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ExamError(f"{path}: not JSON: {error}") from None
    except OSError as error:
        raise ExamError(f"{path}: {error.strerror or error}") from None
    if not isinstance(data, dict):
        raise ExamError(f"{path}: expected an object: item id → list of uses")
    history = {}
    for item, uses in data.items():
        if not isinstance(uses, list):
            raise ExamError(f"{path}: {item}: expected a list of uses")
        history[item] = tuple(_read_use(use, f"{path}: {item}") for use in uses)
    return history


def _read_use(data: object, where: str) -> ItemUse:
    expected = 'expected {"exam": …, "on": "2026-11-20", "forms": 1}'
    if not isinstance(data, dict) or set(data) != {"exam", "on", "forms"}:
        raise ExamError(f"{where}: {expected}, not {str(data)[:80]}")
    exam, on, forms = data["exam"], data["on"], data["forms"]
    if not isinstance(exam, str) or not isinstance(on, str) or type(forms) is not int:
        raise ExamError(f"{where}: {expected}, not {str(data)[:80]}")
    try:
        return ItemUse(exam, datetime.date.fromisoformat(on), forms)
    except ValueError:
        raise ExamError(f"{where}: on: expected a date as 2026-11-20, not {on[:40]!r}") from None


def times_used(history: ExposureHistory, item: str, exam: str, on: datetime.date, years: float) -> int:
    """The number of other exams within ``years`` years before ``on`` that used the item.

    The exam itself and later exams do not count, so that rebuilding an exam gives the same forms.
    """
    earliest = on.toordinal() - round(years * DAYS_OF_A_YEAR)
    return len(
        {u.exam for u in history.get(item, ()) if u.exam != exam and earliest <= u.on.toordinal() < on.toordinal()}
    )


def with_exam(
    history: ExposureHistory, exam: str, on: datetime.date, items: Iterable[str]
) -> dict[str, tuple[ItemUse, ...]]:
    """Return ``history`` with the uses in ``exam``; ``items`` lists an item once for each form that contains it."""
    counts: dict[str, int] = {}
    for item in items:
        counts[item] = counts.get(item, 0) + 1
    kept = {item: tuple(u for u in uses if u.exam != exam) for item, uses in history.items()}
    for item, forms in counts.items():
        kept[item] = (*kept.get(item, ()), ItemUse(exam, on, forms))
    return {item: tuple(sorted(kept[item], key=lambda u: (u.on, u.exam))) for item in sorted(kept) if kept[item]}


def write_exposure(path: Path, history: ExposureHistory) -> None:
    data = {
        item: [{"exam": u.exam, "on": u.on.isoformat(), "forms": u.forms} for u in uses]
        for item, uses in history.items()
    }
    write_text(path, json.dumps(data, ensure_ascii=False, indent=1) + "\n", durable=True)
