"""Times as platforms and people write them: read to the second, or refused with what is missing."""

from __future__ import annotations

import datetime

import pytest

from autograder.submission.moments import MomentError, end_of_day, read_day, read_moment, read_zone

BERLIN, CHICAGO = read_zone("Europe/Berlin"), read_zone("America/Chicago")


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-20 10:11:12.123456 America/Los_Angeles", "2026-11-20T18:11:12.123456"),  # nbgrader
        ("2026-11-20 10:11:12 EST", "2026-11-20T15:11:12"),
        ("2026-07-20 10:11:12 EDT", "2026-07-20T14:11:12"),
        ("2026-11-20 10:11:12 JST", "2026-11-20T01:11:12"),
        ("2026-11-20 10:11:12 CEST", "2026-11-20T08:11:12"),
        ("2026-11-20 10:11:12 +0100", "2026-11-20T09:11:12"),
        ("2026-11-20T10:11:12Z", "2026-11-20T10:11:12"),
        ("2026-11-20T10:11:12.000-08:00", "2026-11-20T18:11:12"),
        ("\ufeff2026-11-20 10:11:12 UTC\n", "2026-11-20T10:11:12"),
        ("2026-11-20 10:11:12 AM CET", "2026-11-20T09:11:12"),
        ("Fri, 20 Nov 2026 23:59:00 +0100", "2026-11-20T22:59:00"),
        ("Monday, March 2, 2026 10:15:00 AM GMT", "2026-03-02T10:15:00"),  # Blackboard
        ("2026-03-02 10:15:00+00:00", "2026-03-02T10:15:00"),  # Gradescope
        ("2 Mar 2026 10:15 UTC+2", "2026-03-02T08:15:00"),
        ("March 2, 2026 at 12:05 AM UTC", "2026-03-02T00:05:00"),
        ("2026-10-25 02:30 CEST", "2026-10-25T00:30:00"),
        ("2026-10-25 02:30 CET", "2026-10-25T01:30:00"),
    ],
)
def test_a_time_with_a_zone_is_read(text: str, utc: str) -> None:
    for zone in (None, BERLIN):
        assert read_moment(text, zone) == datetime.datetime.fromisoformat(utc + "+00:00")


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-03-02-10-15-00", "2026-03-02T09:15"),  # Blackboard's file names
        ("Mar 2, 2026 1015 AM", "2026-03-02T09:15"),  # Brightspace
        ("Mar 2, 2026 115 PM", "2026-03-02T12:15"),
        ("Monday, 2 March 2026, 10:15 AM", "2026-03-02T09:15"),  # Moodle
        ("Montag, 2. März 2026, 10:15", "2026-03-02T09:15"),
        ("Mo, 02.03.2026, 10:15 Uhr", "2026-03-02T09:15"),
        ("13/02/2026 10:00 PM", "2026-02-13T21:00"),
        ("2026-10-25 02:30", "2026-10-25T00:30"),  # comes twice: the earlier one
    ],
)
def test_a_time_without_a_zone_is_in_the_course_s(text: str, utc: str) -> None:
    assert read_moment(text, BERLIN) == datetime.datetime.fromisoformat(utc + ":00+00:00")
    with pytest.raises(MomentError, match="timezone"):
        read_moment(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-11-20",
        "10:11:12",
        "03/02/2026 10:00 UTC",
        "2026-11-20 25:00 UTC",
        "2026-02-30 10:00 UTC",
        "2026-11-20 10:11:12 IST",
        "2026-11-20 10:11:12 XYZT",
        "2026-11-20 10:11:12 +99:00",
        "2026-11-20 10:11:12 Europe/Atlantis",
        "2026-11-20 10:11:12 ../../etc/passwd",
        "2026-11-20 13:11 AM UTC",
        "9" * 5000,
        "2026-11-20 10:11:12 " + "/" * 5000,
        "0000-01-01 00:00 UTC",
    ],
)
def test_what_is_not_certain_is_refused(text: str) -> None:
    with pytest.raises(MomentError):
        read_moment(text, BERLIN)


def test_an_ambiguous_abbreviation_counts_where_the_course_uses_it() -> None:
    assert read_moment("2026-11-20 10:00 CST", CHICAGO) == read_moment("2026-11-20 16:00 UTC")
    with pytest.raises(MomentError):
        read_moment("2026-11-20 10:00 CST", BERLIN)
    with pytest.raises(MomentError):  # not in July
        read_moment("2026-07-20 10:00 CST", CHICAGO)


def test_a_day_ends_in_its_zone() -> None:
    assert read_day("2026-11-20") == datetime.date(2026, 11, 20) and read_day("2026-11-20 10:00") is None
    assert BERLIN is not None
    assert end_of_day(datetime.date(2026, 11, 20), BERLIN).isoformat() == "2026-11-20T22:59:59+00:00"
