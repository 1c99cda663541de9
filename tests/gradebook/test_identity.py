"""Rosters as platforms export them, and who is meant by what a download says."""

from __future__ import annotations

import time
import unicodedata

import pytest

from autograder.gradebook.identity import EMAIL, ID, LOGIN, NAME, NUMBER, Claim, identify
from autograder.gradebook.roster import Roster, RosterError, Student, parse_roster

CANVAS = """\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,unit (4711),Current Score
,,,,,Manual Posting,
    Points Possible,,,,,10.00,(read only)
"Lee, Anna",9001,s1001,alee,Sec 1,3.00,60.0
"Müller, Jörg",9002,s1002,jmueller,Sec 1,,
"Student, Test",9999,,8f1e,Sec 1,,
"""
TABLES = {
    "Canvas": (CANVAS, "s1001", ("9001",)),
    "Moodle participants": ("First name,Last name,ID number,Email address\nAnna,Lee,4711,a@x.example\n", "4711", ()),
    "Moodle in German": ('"Vorname";"Nachname";"ID-Nummer";"E-Mail-Adresse"\nAnna;Lee;4711;a@x.example\n', "4711", ()),
    "Moodle without numbers": ("Vorname;Nachname;E-Mail-Adresse\nAnna;Lee;a@x.example\n", "a@x.example", ()),
    "Moodle worksheet": (
        'Identifier,Full name,Email address,Status\n"Participant 123",Anna Lee,a@x.example,-\n',
        "a@x.example",
        ("123",),
    ),
    "Moodle worksheet in German": (
        "ID;Vollständiger Name;E-Mail-Adresse\nTeilnehmer/in123;Anna Lee;a@x.example\n",
        "a@x.example",
        ("123",),
    ),
    "Blackboard": ("Last Name,First Name,Username,Student ID\nLee,Anna,alee,s1001\n", "s1001", ()),
    "Brightspace": ("OrgDefinedId,Username,Last Name,End-of-Line Indicator\n#s1001,#alee,Lee,#\n", "s1001", ()),
    "Gradescope": ("First Name,Last Name,SID,Email\nAnna,Lee,s1001,a@x.example\n", "s1001", ()),
    "campus system": (
        "REGISTRATION_NUMBER;FAMILY_NAME_OF_STUDENT;FIRST_NAME_OF_STUDENT\n4711;Lee;Anna\n",
        "4711",
        (),
    ),
}


@pytest.mark.parametrize("platform", TABLES)
def test_rosters_as_platforms_export_them(platform: str) -> None:
    text, id, numbers = TABLES[platform]
    for data in (text.encode(), text.encode("utf-16")):
        student = parse_roster(data).students[0]
        assert (student.id, student.numbers) == (id, numbers)
        assert platform == "Brightspace" or "Lee" in student.name


def test_rows_that_are_no_students_are_left_out() -> None:
    assert [s.id for s in parse_roster(CANVAS.encode()).students] == ["s1001", "s1002"]


@pytest.mark.parametrize("id", ["7.1E+11", "7,1E+11", "7E+11"])
def test_ids_that_a_spreadsheet_has_damaged_are_refused(id: str) -> None:
    with pytest.raises(RosterError, match=r"line 2.*changed by a spreadsheet"):
        parse_roster(f"id;name\n{id};Ana\n".encode())


ROSTER = Roster(
    (
        Student("s1001", "Anna Lee", "anna@x.example", login="alee", numbers=("9001",)),
        Student("s1002", "Müller, Jörg", "joerg@x.example", login="jm", numbers=("9002",)),
        Student("s1003", "Anna Lee", "anna2@x.example", login="alee2"),
        Student("0471", "Mary Jane O'Neil", "mj@x.example"),
    )
)


@pytest.mark.parametrize(
    ("claim", "id", "by"),
    [
        (Claim(name="Anna Lee", id="s1003"), "s1003", ID),
        (Claim(name="Anna Lee", number="9001"), "s1001", NUMBER),
        (Claim(name="Anna Lee", login="ALEE2"), "s1003", LOGIN),
        (Claim(name="Anna Lee", email="Anna@X.example"), "s1001", EMAIL),
        (Claim(name="Jörg Müller"), "s1002", NAME),
        (Claim(name="Müller, Jörg"), "s1002", NAME),
        (Claim(name="müllerjörg"), "s1002", NAME),
        (Claim(name=unicodedata.normalize("NFD", "Müller, Jörg")), "s1002", NAME),
        (Claim(name="O'Neil, Mary Jane"), "0471", NAME),
        (Claim(name="s1002"), "s1002", ID),
        (Claim(name="hw1-s1002.py"), "s1002", NAME),
        (Claim(name="jm"), "s1002", LOGIN),
        (Claim(name="nobody", id="unknown", email="anna2@x.example"), "s1003", EMAIL),
    ],
)
def test_the_strongest_key_decides(claim: Claim, id: str, by: str) -> None:
    match = identify(ROSTER, claim)
    assert (match.student.id, match.by) == (id, by)


@pytest.mark.parametrize(
    ("claim", "says"),
    [
        (Claim(name="Anna Lee"), "s1001 or s1003"),
        (Claim(name="leeanna"), "s1001 or s1003"),
        (Claim(name="x", id="s1001", email="joerg@x.example"), "e-mail of s1002, id of s1001"),
        (Claim(name="Nobody"), "no student"),
        (Claim(name="471", id="471"), "0471 differs by leading zeros"),
        (Claim(), "no student"),
    ],
)
def test_what_names_nobody_or_several_is_refused(claim: Claim, says: str) -> None:
    with pytest.raises(RosterError, match=says):
        identify(ROSTER, claim)


def test_a_large_class_is_searched_quickly() -> None:
    roster = Roster(tuple(Student(f"s{i}", f"First{i} Last{i}", f"{i}@x.example") for i in range(5000)))
    begun = time.perf_counter()
    assert all(identify(roster, Claim(name=f"Last{i}, First{i}")).student.id == f"s{i}" for i in range(0, 5000, 10))
    assert time.perf_counter() - begun < 5
