"""Late days end by the calendar and the clock of the course's zone; times without seconds' parts are compared."""

from __future__ import annotations

import datetime
import zoneinfo
from decimal import Decimal

import pytest
from helpers.attempts import DAY, DUE, HOUR, MINUTE, SECOND, attempt, extension, one, rules
from hypothesis import given
from hypothesis import strategies as st

from autograder.gradebook.lateness import at_clock, days_after, is_cut_off, late_days
from autograder.gradebook.policy import make_policy

NONE = datetime.timedelta()
ZONES = [zoneinfo.ZoneInfo(name) for name in ("Europe/Berlin", "America/New_York", "Africa/Casablanca", "UTC")]


def local(text: str, zone: str = "America/New_York") -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=zoneinfo.ZoneInfo(zone))


@pytest.mark.parametrize(
    ("due", "submitted", "days"),
    [
        ("2026-10-31T20:00", "2026-10-31T20:00", 0),
        ("2026-10-31T20:00", "2026-10-31T20:00:01", 1),
        ("2026-10-31T20:00", "2026-11-01T19:30", 1),  # 24.5 hours later: the clocks went back
        ("2026-10-31T20:00", "2026-11-01T20:00", 1),
        ("2026-10-31T20:00", "2026-11-01T20:00:01", 2),
        ("2026-03-07T20:00", "2026-03-08T20:00", 1),  # 23 hours later: the clocks went forward
        ("2026-03-07T20:00", "2026-03-08T20:30", 2),
        ("2026-03-07T20:00", "2026-04-06T20:00", 30),
        ("2026-03-07T02:30", "2026-03-08T03:30", 1),  # 02:30 is skipped: the day ends as if it were not
        ("2026-03-07T02:30", "2026-03-08T03:31", 2),
    ],
)
def test_a_late_day_ends_at_the_deadlines_clock_time(due: str, submitted: str, days: int) -> None:
    zone = zoneinfo.ZoneInfo("America/New_York")
    assert late_days(local(submitted).astimezone(datetime.UTC), local(due), NONE, zone) == days


def test_a_clock_time_that_comes_twice_is_the_later_one() -> None:
    zone = zoneinfo.ZoneInfo("Europe/Berlin")
    twice = datetime.datetime(2026, 10, 25, 2, 30)
    assert at_clock(twice, zone) == datetime.datetime(2026, 10, 25, 1, 30, tzinfo=datetime.UTC)
    assert days_after(datetime.datetime(2026, 10, 24, 0, 30, tzinfo=datetime.UTC), 1, zone) == at_clock(twice, zone)
    policy = make_policy({"timezone": "Europe/Berlin", "assignments": {"toy": {"due": twice}}})
    assert policy.rules("toy").due == at_clock(twice, zone)


def test_without_a_zone_a_late_day_has_24_hours() -> None:
    due = local("2026-10-31T20:00")
    assert late_days(local("2026-11-01T19:30").astimezone(datetime.UTC), due.astimezone(datetime.UTC), NONE, None) == 2


@pytest.mark.parametrize(
    ("due", "submitted", "days"),
    [
        (DUE, DUE + datetime.timedelta(microseconds=999_999), 0),
        (DUE + datetime.timedelta(microseconds=1), DUE + datetime.timedelta(microseconds=999_999), 0),
        (DUE + datetime.timedelta(microseconds=999_999), DUE + SECOND, 1),
        (DUE, DUE + DAY + datetime.timedelta(microseconds=999_999), 1),
    ],
)
def test_parts_of_a_second_count_on_neither_side(
    due: datetime.datetime, submitted: datetime.datetime, days: int
) -> None:
    assert late_days(submitted, due, NONE, None) == days


def test_the_grace_period_delays_only_the_first_late_day() -> None:
    grace = 10 * MINUTE
    assert late_days(DUE + grace, DUE, grace, None) == 0
    assert late_days(DUE + grace + SECOND, DUE, grace, None) == 1
    assert late_days(DUE + DAY + SECOND, DUE, grace, None) == 2
    assert late_days(DUE + 30 * HOUR, DUE, 40 * HOUR, None) == 0


def test_the_cut_off_has_calendar_days_too() -> None:
    zone, due = zoneinfo.ZoneInfo("America/New_York"), local("2026-10-31T20:00")
    assert not is_cut_off(local("2026-11-01T20:00"), due, DAY, zone)
    assert is_cut_off(local("2026-11-01T20:00:01"), due, DAY, zone)
    assert not is_cut_off(local("2026-11-02T08:00"), due, 1.5 * DAY, zone)
    assert is_cut_off(local("2026-11-02T08:00:01"), due, 1.5 * DAY, zone)
    assert not is_cut_off(due - HOUR, due, NONE, zone)


def test_the_policys_zone_reaches_the_mark() -> None:
    policy = make_policy(
        {
            "per_day_percent": 10,
            "timezone": "America/New_York",
            "assignments": {"toy": {"due": datetime.datetime(2026, 10, 31, 20)}},
        }
    )
    mark = one([attempt(1, submitted=local("2026-11-01T19:30").astimezone(datetime.UTC))], policy)
    assert (mark.points, mark.reasons) == (Decimal("9.00"), ("1 day late: −10 % (10 → 9)",))
    later = [attempt(1, submitted=local("2026-11-03T19:30").astimezone(datetime.UTC))]
    given_more = extension(local("2026-11-01T20:00").astimezone(datetime.UTC))  # its late days end at 20:00 too
    assert one(later, policy, extensions=(given_more,)).points == Decimal("8.00")


def test_a_deadline_far_away_breaks_nothing() -> None:
    for until in (
        datetime.datetime.max.replace(tzinfo=datetime.UTC),
        datetime.datetime.min.replace(tzinfo=datetime.UTC),
    ):
        late = [attempt(1, submitted=DUE + 2 * DAY)]
        policy = rules(per_day_percent=20, cut_off_days=7, grace_minutes=10, timezone="Europe/Berlin")
        assert one(late, policy, extensions=(extension(until),)).points in (Decimal("10.00"), Decimal("6.00"))


@given(
    st.datetimes(datetime.datetime(2025, 1, 1), datetime.datetime(2027, 12, 31)),
    st.integers(-100, 100_000),
    st.sampled_from(ZONES),
)
def test_late_days_never_fall_and_differ_from_periods_of_24_hours_by_one(
    due: datetime.datetime, minutes: int, zone: datetime.tzinfo
) -> None:
    until = due.replace(tzinfo=datetime.UTC)
    submitted = until + minutes * MINUTE
    days = late_days(submitted, until, NONE, zone)
    assert days <= late_days(submitted + HOUR, until, NONE, zone)
    assert abs(days - late_days(submitted, until, NONE, None)) <= 1
    assert (days == 0) == (submitted.replace(microsecond=0) <= until.replace(microsecond=0))
    if days:
        end = days_after(until.replace(microsecond=0), days, zone)
        assert submitted.replace(microsecond=0) <= end
        clocks = {t.astimezone(zone).strftime("%H:%M:%S") for t in (until, end)}
        assert len(clocks) == 1 or abs(end - (until + days * DAY)) <= HOUR
