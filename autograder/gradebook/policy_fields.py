"""Read the entries of a policy: each is checked, and each error names the entry, what came and what was expected."""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from autograder.errors import UserError
from autograder.gradebook.lateness import at_clock
from autograder.gradebook.records import utc

T = TypeVar("T")


class PolicyError(UserError):
    """An invalid policy; the message says which entry, what came and what was expected."""


def read_table(data: Any, where: str, known: Sequence[str]) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise PolicyError(f"{where}: expected a table, got {data!r}")
    unknown = sorted(set(data) - set(known))
    if unknown:
        raise PolicyError(f"{where} has an unknown entry {unknown[0]!r} (known: {', '.join(known)})")
    return data


def read_number(data: Mapping[str, Any], name: str, where: str, low: int, high: int) -> Decimal | None:
    """Read an exact number; None where the entry is missing."""
    if name not in data:
        return None
    value = data[name]
    number = Decimal("NaN") if isinstance(value, bool) or not isinstance(value, int | Decimal) else Decimal(value)
    if not number.is_finite() or not low <= number <= high:
        raise PolicyError(f"{where} {name}: expected a number from {low} to {high}, got {shown(value)}")
    return number


def read_whole(data: Mapping[str, Any], name: str, otherwise: T, where: str, low: int, high: int) -> int | T:
    if name not in data:
        return otherwise
    value = data[name]
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise PolicyError(f"{where} {name}: expected a whole number from {low} to {high}, got {shown(value)}")
    return value


def read_choice(data: Mapping[str, Any], name: str, otherwise: str, where: str, known: Sequence[str]) -> str:
    value = data.get(name, otherwise)
    if value not in known:
        raise PolicyError(f"{where} {name}: expected one of {', '.join(known)}, got {value!r}")
    return str(value)


def read_switch(data: Mapping[str, Any], name: str, otherwise: bool, where: str) -> bool:
    value = data.get(name, otherwise)
    if not isinstance(value, bool):
        raise PolicyError(f"{where} {name}: expected true or false, got {shown(value)}")
    return value


def read_names(data: Mapping[str, Any], name: str, where: str) -> frozenset[str]:
    value = data.get(name, [])
    if not isinstance(value, list) or not all(isinstance(n, str) for n in value):
        raise PolicyError(f"{where} {name}: expected a list of assignments, got {value!r}")
    return frozenset(value)


def read_timezone(name: Any, where: str) -> datetime.tzinfo | None:
    if name is None:
        return None
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        raise PolicyError(f"{where} timezone: expected a name like Europe/Berlin, got {shown(name)}") from None


def read_due(value: Any, where: str, zone: datetime.tzinfo | None) -> datetime.datetime | None:
    """Read a deadline; the result is aware and in UTC.  Without an offset it is the clock time of ``zone``."""
    if value is None:
        return None
    if not isinstance(value, datetime.datetime):
        raise PolicyError(f"{where} due: expected a time like 2026-11-20T23:59:00+01:00, got {shown(value)}")
    if not 1900 <= value.year <= 2999:  # so that late days are within the calendar
        raise PolicyError(f"{where} due: expected a year from 1900 to 2999, got {value.isoformat()}")
    if value.tzinfo is not None:
        return utc(value)
    if zone is None:
        raise PolicyError(
            f"{where} due: {value.isoformat()} has no time zone: "
            'write 2026-11-20T23:59:00+01:00, or timezone = "Europe/Berlin" in [policy]'
        )
    return at_clock(value, zone)


def shown(value: Any) -> str:
    return str(value) if isinstance(value, Decimal | datetime.date | datetime.time) else repr(value)[:80]
