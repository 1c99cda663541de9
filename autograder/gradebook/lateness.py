"""Lateness by the clock and the calendar of the course's zone, in whole seconds.

A late day ends at the deadline's local clock time, one calendar day later: where the clocks change in between, it has
23 or 25 hours.  Without a zone it has 24 hours.
"""

from __future__ import annotations

import datetime

_DAY = datetime.timedelta(days=1)


def in_whole_seconds(time: datetime.datetime) -> datetime.datetime:
    """Drop the part of a second: platforms show deadlines and hand-ins without it."""
    return time.replace(microsecond=0)


def at_clock(wall: datetime.datetime, zone: datetime.tzinfo) -> datetime.datetime:
    """Return the moment, in UTC, at which the clocks of a zone show ``wall``.

    Of the two moments that an hour which is put back shows, it is the later one; a time that is skipped ends with
    the hour that is put forward.  Both are best for the student.
    """
    return max(wall.replace(tzinfo=zone, fold=fold).astimezone(datetime.UTC) for fold in (0, 1))


def days_after(time: datetime.datetime, days: int, zone: datetime.tzinfo | None) -> datetime.datetime:
    """Return the moment that is ``days`` calendar days after ``time``, at the same local clock time."""
    if zone is None or not days:
        return time + days * _DAY
    local = time.astimezone(zone).replace(tzinfo=None, fold=0)
    return at_clock(local + days * _DAY, zone)


def late_days(
    submitted: datetime.datetime, until: datetime.datetime, grace: datetime.timedelta, zone: datetime.tzinfo | None
) -> int:
    """Count the late days that have begun: 0 on time and within the grace period.

    The grace period delays the first late day only; all late days end by the deadline's clock.
    """
    submitted, until = in_whole_seconds(submitted), in_whole_seconds(until)
    late = submitted - until
    if late <= max(grace, datetime.timedelta()):
        return 0
    days = max(1, late.days - 1)  # the days so far may have had 25 hours
    while submitted > days_after(until, days, zone):
        days += 1
    return days


def is_cut_off(
    submitted: datetime.datetime,
    until: datetime.datetime,
    cut_off: datetime.timedelta,
    zone: datetime.tzinfo | None,
) -> bool:
    """Whether a hand-in came more than ``cut_off`` after the deadline; whole days are calendar days."""
    submitted, until = in_whole_seconds(submitted), in_whole_seconds(until)
    if submitted <= until:
        return False
    return submitted > days_after(until, cut_off.days, zone) + (cut_off - cut_off.days * _DAY)
