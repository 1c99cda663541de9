"""Read times as platforms and people write them: a time that is not certain is refused, never guessed.

Sources of the abbreviations: the IANA time zone database; one that several zones use (CST, IST, BST) counts only where
the course's own zone uses it on that day.
"""

from __future__ import annotations

import datetime
import re
import zoneinfo
from collections.abc import Mapping

from autograder.errors import UserError

# Who says when something was handed in.
PLATFORM, GIVEN, CLAIMED, UNKNOWN = "platform", "given", "claimed", "unknown"
SOURCES = (PLATFORM, GIVEN, CLAIMED, UNKNOWN)

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january januar jan jän",
            "february februar feb",
            "march märz mar mär mrz",
            "april apr",
            "may mai",
            "june juni jun",
            "july juli jul",
            "august aug",
            "september sep sept",
            "october oktober oct okt",
            "november nov",
            "december dezember dec dez",
        ),
        1,
    )
    for name in names.split()
}
_WEEKDAY = re.compile(
    r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|mon|tue|wed|thu|fri|sat|sun|"
    r"(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch|sonnabend|mo|di|mi|do|fr|sa|so)\b",
    re.IGNORECASE,
)
_DATES = (
    re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})"),
    re.compile(r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})"),
    re.compile(r"(?P<name>[A-Za-zä]+)\.? (?P<d>\d{1,2}),? (?P<y>\d{4})"),
    re.compile(r"(?P<d>\d{1,2})\.? (?P<name>[A-Za-zä]+)\.? (?P<y>\d{4})"),
    re.compile(r"(?P<first>\d{1,2})/(?P<second>\d{1,2})/(?P<y>\d{4})"),
)
_BETWEEN = re.compile(r"(?:T|-|,? (?:at |um )?|, )", re.IGNORECASE)
_CLOCK = re.compile(
    r"(?P<h>\d{1,2})(?P<by>[:-])(?P<min>\d{2})(?:(?P=by)(?P<s>\d{2})(?:[.,](?P<part>\d{1,9}))?)?"
    r"(?: ?(?P<half>[AaPp]\.?[Mm]\.?)(?![A-Za-z]))?(?: Uhr)?"
    r"|(?P<packed>\d{3,4}) (?P<half2>[AaPp][Mm])"
)
_OFFSET = re.compile(r"(?:UTC|GMT)?(?P<sign>[+-])(?P<h>\d{1,2}):?(?P<min>\d{2})?")
_HOURS: Mapping[str, float] = {
    **dict.fromkeys(("Z", "UTC", "UCT", "GMT", "WET"), 0),
    **dict.fromkeys(("CET", "MEZ", "WEST"), 1),
    **dict.fromkeys(("CEST", "MESZ", "EET", "SAST"), 2),
    **dict.fromkeys(("EEST", "MSK"), 3),
    **dict.fromkeys(("SGT", "HKT", "AWST"), 8),
    **dict.fromkeys(("JST", "KST"), 9),
    "ACST": 9.5,
    "AEST": 10,
    "ACDT": 10.5,
    "AEDT": 11,
    "NZST": 12,
    "NZDT": 13,
    "EDT": -4,
    "EST": -5,
    "CDT": -5,
    "MDT": -6,
    "MST": -7,
    "PDT": -7,
    "PST": -8,
    "AKDT": -8,
    "AKST": -9,
    "HST": -10,
}


class MomentError(UserError):
    """A text that is no certain time; the message says what is missing."""


def read_moment(text: str, zone: datetime.tzinfo | None = None) -> datetime.datetime:
    """Read a time; the result is aware and in UTC.

    Of the two moments that an hour which is put back shows, it is the earlier one.

    Args:
      zone: the zone of times without one.

    Raises:
      MomentError: it is no time, has no time of day, or no zone that is known.
    """
    shown = f"{text.strip()[:60]!r}"
    rest = text.removeprefix("\ufeff").strip()
    if weekday := _WEEKDAY.match(rest):
        rest = rest[weekday.end() :].lstrip(".,").lstrip()
    day, rest = _day(" ".join(rest.split()), shown)
    between = _BETWEEN.match(rest)
    clock = _CLOCK.match(rest, between.end()) if between else None
    if clock is None:
        raise MomentError(f"{shown} has no time of day: expected a time like 2026-11-20 23:59 +01:00")
    try:
        local = datetime.datetime.combine(day, _time(clock))
        return _in_zone(local, rest[clock.end() :].strip(" ()"), zone, shown).astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        raise MomentError(f"{shown} is not a time that exists") from None


def read_day(text: str) -> datetime.date | None:
    """Read a date without a time of day; None for anything else."""
    try:
        return datetime.date.fromisoformat(text.strip())
    except ValueError:
        return None


def end_of_day(day: datetime.date, zone: datetime.tzinfo) -> datetime.datetime:
    """Return the last second of a day in a zone, in UTC."""
    return datetime.datetime.combine(day, datetime.time(23, 59, 59), zone).astimezone(datetime.UTC)


def read_zone(name: str) -> datetime.tzinfo | None:
    """Find a time zone by its name, as Europe/Berlin; None where it is not known."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _day(text: str, shown: str) -> tuple[datetime.date, str]:
    for pattern in _DATES:
        found = pattern.match(text)
        if found is None:
            continue
        part = found.groupdict()
        try:
            if part.get("first"):
                first, second = int(part["first"]), int(part["second"])
                if first <= 12 and second <= 12 and first != second:
                    raise MomentError(f"{shown} may be two days: write the year first, as in 2026-11-20 23:59 +01:00")
                month, day = (second, first) if first > 12 else (first, second)
            else:
                month = _MONTHS[part["name"].casefold()] if part.get("name") else int(part["m"])
                day = int(part["d"])
            return datetime.date(int(part["y"]), month, day), text[found.end() :]
        except (KeyError, ValueError):
            continue
    raise MomentError(f"{shown} is not a time: expected one like 2026-11-20 23:59 +01:00")


def _time(clock: re.Match[str]) -> datetime.time:
    if clock["packed"]:
        hour, minute, second, micro = int(clock["packed"][:-2]), int(clock["packed"][-2:]), 0, 0
    else:
        hour, minute, second = int(clock["h"]), int(clock["min"]), int(clock["s"] or 0)
        micro = int((clock["part"] or "0").ljust(6, "0")[:6])
    half = (clock["half"] or clock["half2"] or "").lower().replace(".", "")
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "pm" else 0)
    elif half == "am":
        raise ValueError("no hour of a morning")
    return datetime.time(hour, minute, second, micro)


def _in_zone(local: datetime.datetime, name: str, zone: datetime.tzinfo | None, shown: str) -> datetime.datetime:
    if not name:
        if zone is None:
            raise MomentError(
                f'{shown} has no time zone: set timezone = "Europe/Berlin" in [policy] of course.toml, or add +01:00'
            )
        return local.replace(tzinfo=zone)
    if offset := _OFFSET.fullmatch(name):
        hours, minutes = int(offset["h"]), int(offset["min"] or 0)
        if len(offset["h"]) == 1 and offset["min"]:  # +130 is neither
            raise MomentError(f"{shown} has no time zone that is known: write it as +01:00")
        shift = datetime.timedelta(hours=hours, minutes=minutes)
        return local.replace(tzinfo=datetime.timezone(-shift if offset["sign"] == "-" else shift))
    if zone is not None and (own := _named_by(zone, local, name.upper())) is not None:
        return own
    if name.upper() in _HOURS:
        return local.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=_HOURS[name.upper()])))
    if "/" in name and (found := read_zone(name)) is not None:
        return local.replace(tzinfo=found)
    raise MomentError(f"{shown} has no time zone that is known: write it as +01:00")


def _named_by(zone: datetime.tzinfo, local: datetime.datetime, name: str) -> datetime.datetime | None:
    """Return the time in the course's zone, if that zone has this abbreviation then."""
    for fold in (0, 1):
        own = local.replace(tzinfo=zone, fold=fold)
        if (own.tzname() or "").upper() == name:
            return own
    return None
