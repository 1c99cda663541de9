"""The course's rules: which attempt counts, what lateness costs, what is dropped.  Read from ``course.toml``.

    [policy]
    attempts = "best"                    # best, last, average, or decay
    decay = 0.9                          # with "decay": the second attempt counts 90 %, the third 81 %; the best counts
    limit = 5                            # attempts that count; later ones are kept
    grace_minutes = 10
    per_day_percent = 20                 # of the points earned, for each day that has begun
    cut_off_days = 7                     # later hand-ins do not count
    timezone = "Europe/Berlin"           # for times without an offset
    drop_lowest = 1
    extra_credit = ["bonus"]
    decimals = 2

    [policy.assignments.backprop]        # each of the above up to cut_off_days may stand here too
    due = 2026-11-20T23:59:00
    weight = 2

Rules only read the ledger: changing them changes marks and runs nothing.
"""

from __future__ import annotations

import datetime
import tomllib
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from autograder.errors import UserError
from autograder.gradebook.records import utc

BEST, LAST, AVERAGE, DECAY = "best", "last", "average", "decay"
ATTEMPTS = (BEST, LAST, AVERAGE, DECAY)


class PolicyError(UserError):
    """An invalid policy; the message says which entry, what came and what was expected."""


@dataclass(frozen=True)
class Rules:
    """The rules of one assignment."""

    attempts: str = BEST
    decay: Decimal = Decimal("0.9")
    limit: int | None = None
    grace: datetime.timedelta = datetime.timedelta()
    per_day_percent: Decimal = Decimal(0)
    cut_off: datetime.timedelta | None = None
    due: datetime.datetime | None = None
    weight: Decimal | None = None


@dataclass(frozen=True)
class Policy:
    """The rules of the course; assignments that are not named follow ``common``."""

    common: Rules = field(default_factory=Rules)
    assignments: Mapping[str, Rules] = field(default_factory=dict)
    extra_credit: frozenset[str] = frozenset()
    drop_lowest: int = 0
    decimals: int = 2

    def rules(self, assignment: str) -> Rules:
        return self.assignments.get(assignment, self.common)


_RULES = ("attempts", "decay", "limit", "grace_minutes", "per_day_percent", "cut_off_days")
_COURSE = (*_RULES, "timezone", "drop_lowest", "extra_credit", "decimals", "assignments")
_OWN = (*_RULES, "due", "weight")


def read_policy(path: Path) -> Policy:
    """Read the ``[policy]`` section of a course file.  Raises PolicyError."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise PolicyError(f"{path}: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PolicyError(f"{path}: {error}") from None
    return make_policy(data.get("policy", {}), f"{path}: [policy]")


def make_policy(data: Any, where: str = "[policy]") -> Policy:
    """Make a policy of a parsed section.  Raises PolicyError naming the entry."""
    data = _table(data, where, _COURSE)
    zone = _zone(data.get("timezone"), where)
    common = _rules(data, Rules(), where, zone)
    own = data.get("assignments", {})
    if not isinstance(own, dict):
        raise PolicyError(f"{where} assignments: expected tables such as [policy.assignments.backprop]")
    assignments = {
        name: _rules(_table(entry, f"{where} assignments.{name}", _OWN), common, f"{where} assignments.{name}", zone)
        for name, entry in own.items()
    }
    extra = data.get("extra_credit", [])
    if not isinstance(extra, list) or not all(isinstance(name, str) for name in extra):
        raise PolicyError(f"{where} extra_credit: expected a list of assignments, got {extra!r}")
    return Policy(
        common,
        assignments,
        frozenset(extra),
        _whole(data, "drop_lowest", 0, where, 0, 1000),
        _whole(data, "decimals", 2, where, 0, 6),
    )


def _rules(data: Mapping[str, Any], given: Rules, where: str, zone: datetime.tzinfo | None) -> Rules:
    attempts = data.get("attempts", given.attempts)
    if attempts not in ATTEMPTS:
        raise PolicyError(f"{where} attempts: expected one of {', '.join(ATTEMPTS)}, got {attempts!r}")
    limit = _whole(data, "limit", None, where, 1, 1_000_000) if "limit" in data else given.limit
    grace = _number(data, "grace_minutes", where, 0, 100_000)
    cut_off = _number(data, "cut_off_days", where, 0, 10_000)
    decay = _number(data, "decay", where, 0, 1)
    percent = _number(data, "per_day_percent", where, 0, 100)
    return Rules(
        attempts=attempts,
        decay=given.decay if decay is None else decay,
        limit=limit,
        grace=given.grace if grace is None else datetime.timedelta(seconds=float(grace * 60)),
        per_day_percent=given.per_day_percent if percent is None else percent,
        cut_off=given.cut_off if cut_off is None else datetime.timedelta(seconds=float(cut_off * 86_400)),
        due=_due(data.get("due"), where, zone),
        weight=_number(data, "weight", where, 0, 1_000_000),
    )


def _table(data: Any, where: str, known: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise PolicyError(f"{where}: expected a table, got {data!r}")
    unknown = sorted(set(data) - set(known))
    if unknown:
        raise PolicyError(f"{where} has an unknown entry {unknown[0]!r} (known: {', '.join(known)})")
    return data


def _number(data: Mapping[str, Any], name: str, where: str, low: int, high: int) -> Decimal | None:
    if name not in data:
        return None
    value = data[name]
    number = Decimal("NaN") if isinstance(value, bool) or not isinstance(value, int | Decimal) else Decimal(value)
    if not number.is_finite() or not low <= number <= high:
        raise PolicyError(f"{where} {name}: expected a number from {low} to {high}, got {_shown(value)}")
    return number


def _whole(data: Mapping[str, Any], name: str, otherwise: Any, where: str, low: int, high: int) -> Any:
    value = data.get(name, otherwise)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high):
        raise PolicyError(f"{where} {name}: expected a whole number from {low} to {high}, got {_shown(value)}")
    return value


def _zone(name: Any, where: str) -> datetime.tzinfo | None:
    if name is None:
        return None
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        raise PolicyError(f"{where} timezone: expected a name like Europe/Berlin, got {_shown(name)}") from None


def _due(value: Any, where: str, zone: datetime.tzinfo | None) -> datetime.datetime | None:
    if value is None:
        return None
    if not isinstance(value, datetime.datetime):
        raise PolicyError(f"{where} due: expected a time like 2026-11-20T23:59:00+01:00, got {_shown(value)}")
    if value.tzinfo is None and zone is None:
        raise PolicyError(
            f"{where} due: {value.isoformat()} has no time zone: "
            'write 2026-11-20T23:59:00+01:00, or timezone = "Europe/Berlin" in [policy]'
        )
    return utc(value if value.tzinfo else value.replace(tzinfo=zone))


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, Decimal | datetime.date | datetime.time) else repr(value)[:80]
