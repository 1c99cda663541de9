"""A roster is read as spreadsheets and learning platforms save it, and finds the owner of a file by its name."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.escaping import rows_text
from autograder.gradebook.roster import Roster, RosterError, Student, parse_roster, read_roster

PLAIN = "id,name,email,section,Canvas ID\ns1001,Ana Núñez,ana@x.edu,A,77\ns1002,Ben Ode,ben@x.edu,B,78\n"
STUDENTS = (
    Student("s1001", "Ana Núñez", "ana@x.edu", "A", {"Canvas ID": "77"}),
    Student("s1002", "Ben Ode", "ben@x.edu", "B", {"Canvas ID": "78"}),
)


@pytest.mark.parametrize(
    "data",
    [
        PLAIN.encode(),
        b"\xef\xbb\xbf" + PLAIN.encode(),
        PLAIN.encode("utf-16"),
        PLAIN.encode("cp1252"),
        PLAIN.replace(",", ";").encode(),
        PLAIN.replace(",", "\t").encode(),
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.replace("\n", "\n\n").encode() + b",,,,\n",
        PLAIN.replace("id,name", '"Student ID","Full Name"').encode(),
        PLAIN.replace("email", "E-Mail Address").replace("section", "GROUP").encode(),
    ],
    ids=["utf-8", "bom", "utf-16", "cp1252", "semicolons", "tabs", "crlf", "empty lines", "other names", "case"],
)
def test_as_spreadsheets_save_it(data: bytes) -> None:
    assert parse_roster(data).students == STUDENTS


def test_first_and_last_names_are_joined() -> None:
    roster = parse_roster(b"ID,First name,Last name\n7,Ana,Lee\n8,,Ode\n")
    assert [s.name for s in roster.students] == ["Ana Lee", "Ode"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty, expected a line of column names"),
        ("name,section\nAna,A\n", "line 1: expected a column 'id' .*'Matrikelnummer'.*'email', got name, section"),
        ("id,id\n1,2\n", "line 1: two columns are called 'id'"),
        ("id,name\n1,Ana\n\n1,Ben\n", "line 4: the id 1 is already on line 2"),
        ("id,name\nab,Ana\nAB,Ben\n", "line 3: the id ab is already on line 2"),
        ("id,email\n1,a@x\n2,A@X\n", "line 3: the e-mail a@x is already on line 2"),
        ("id,name\n1,Ana\n,Ben\n", "line 3: the id is missing"),
        ("id,name\n1,Lee, Ana\n", "line 2: 3 cells under 2 column names"),
        ("id,name\n1,Ana\x00\n", "line 2: contains a zero byte"),
        ('id,name\n1,"Ana\n2,Ben\n', "line 2: unexpected end of data"),
        ("id,name\n1\u202e2,Ana\n", "line 2: id: .* contains the invisible character U\\+202E"),
        (f"id,name\n{'9' * 300},Ana\n", "line 2: id: expected at most 200 characters"),
        ("id,E-Mail,e_mail\n1,a@x,b@x\n", "line 1: two columns are called 'e mail'"),
        ("id,name\n1,Ana\n7.1E+11,Ben\n", r"line 3: the id 7\.1E\+11 was changed by a spreadsheet program.*as text"),
        ("id;name\n7,1E+11;Ana\n", r"line 2: the id 7,1E\+11 was changed"),
        ("Student ID,name\n7E+11,Ana\n", r"line 2: the Student ID 7E\+11 was changed"),
        ("id,name\n7.1e11,Ana\n", r"line 2: the id 7\.1e11 was changed"),
        ("id,login\n1,7.1E+11\n", r"line 2: the login 7\.1E\+11 was changed"),
        ("Student,ID,SIS User ID,Section\nAna,1E+13,s1,A\n", r"line 2: the ID 1E\+13 was changed"),
        ("name,email\nAna,a@x\nBen,-\n", "line 3: the id is missing"),
        ("id,name\n,Test Student\n", "line 2: the id is missing"),
    ],
)
def test_errors_name_the_line(text: str, says: str) -> None:
    with pytest.raises(RosterError, match=f"roster.*{says}"):
        parse_roster(text.encode())


def test_bytes_of_no_encoding_are_told() -> None:
    with pytest.raises(RosterError, match="line 3: expected UTF-8, got the byte 0x81"):
        parse_roster(b"id,name\n1,Ana\n2,B\x81n\n")


def test_files_that_are_not_there_or_too_large(tmp_path: Path) -> None:
    with pytest.raises(RosterError, match=r"none\.csv: No such file"):
        read_roster(tmp_path / "none.csv")
    with (tmp_path / "huge.csv").open("wb") as file:
        file.truncate(17 << 20)
    with pytest.raises(RosterError, match="larger than 16 MiB"):
        read_roster(tmp_path / "huge.csv")


CANVAS = """\ufeffStudent,ID,SIS User ID,SIS Login ID,Integration ID,Section,Name (4711),Name (4712),Current Score
,,,,,,Manual Posting,,
    Points Possible,,,,,,10.00,5.00,(read only)
"Lee, Anna",9001,s1001,alee,,"Sec 1, Mon",3.00,,60.0
"Müller, Jörg",9002,,jmueller,,Sec 1,,EX,
"Student, Test",9999,,8f1e7d,,Sec 1,,,
"Student, Test",9003,s1003,tstudent,,Sec 1,,,
"""
OLD_CANVAS = """LastName;FirstName;ID;SIS Login ID;Section;Essay (1)
;;;;;Muted
    Points Possible;;;;;10,00
Lee;Anna;9001;alee;A;
Student;Test;9999;8f1e;A;
Gast;Gerda;9002;;A;
"""


def test_canvas_gradebook_export() -> None:
    roster = parse_roster(CANVAS.encode())
    assert [(s.id, s.name, s.login, s.numbers) for s in roster.students] == [
        ("s1001", "Lee, Anna", "alee", ("9001",)),
        ("jmueller", "Müller, Jörg", "jmueller", ("9002",)),  # a guest without a number of the school
        ("s1003", "Student, Test", "tstudent", ("9003",)),  # somebody may be called so
    ]
    assert roster.left_out == ((2, "Manual Posting"), (3, "Points Possible"), (6, "Student, Test"))
    anna = roster.students[0]
    assert (anna.section, anna.email) == ("Sec 1, Mon", "")
    assert (
        anna.more["Canvas ID"] == "9001" and anna.more["SIS Login ID"] == "alee"
    )  # as the export to Canvas wants them


def test_canvas_export_with_names_in_two_columns_and_no_numbers_of_the_school() -> None:
    roster = parse_roster(OLD_CANVAS.encode())
    assert [(s.id, s.name, s.numbers) for s in roster.students] == [
        ("alee", "Anna Lee", ("9001",)),
        ("9002", "Gerda Gast", ("9002",)),  # Canvas' own number is better than none
    ]
    assert [what for _, what in roster.left_out] == ["Muted", "Points Possible", "Student"]


def test_canvas_export_that_shows_only_its_own_ids() -> None:
    text = 'Student,ID,Section,Essay (1)\n    Points Possible,,,10\n"Lee, Anna",9001,A,\n"Student, Test",9999,A,\n'
    roster = parse_roster(text.encode())
    assert [(s.id, s.numbers) for s in roster.students] == [("9001", ("9001",))]
    assert len(roster.left_out) == 2


TABLES: dict[str, tuple[str, Student]] = {
    "Moodle participants": (
        'First name,Last name,ID number,Email address,Groups\nAna,Núñez,4711,ana@x.example,"A, B"\n',
        Student("4711", "Ana Núñez", "ana@x.example", "A, B"),
    ),
    "Moodle participants, older": (
        "First name\tSurname\tID number\tEmail address\nAna\tNúñez\t\tana@x.example\n",
        Student("ana@x.example", "Ana Núñez", "ana@x.example"),
    ),
    "Moodle participants, German": (
        '"Vorname";"Nachname";"ID-Nummer";"E-Mail-Adresse";"Gruppe(n)"\n"Ana";"Núñez";"4711";"ana@x.example";"A"\n',
        Student("4711", "Ana Núñez", "ana@x.example", "A"),
    ),
    "Moodle worksheet": (
        "Identifier,Full name,ID number,Email address\nParticipant 88123,Ana Núñez,4711,ana@x.example\n",
        Student("4711", "Ana Núñez", "ana@x.example", "", {"Identifier": "Participant 88123"}, "", ("88123",)),
    ),
    "Moodle worksheet without ids": (
        'Identifier,"Full name","Email address",Status\n"Participant 88123","Ana Núñez",ana@x.example,-\n',
        Student(
            "ana@x.example",
            "Ana Núñez",
            "ana@x.example",
            "",
            {"Identifier": "Participant 88123", "Status": "-"},
            "",
            ("88123",),
        ),
    ),
    "Moodle worksheet, German": (
        "ID,Vollständiger Name,E-Mail-Adresse\nTeilnehmer/in88123,Ana Núñez,ana@x.example\n",
        Student("ana@x.example", "Ana Núñez", "ana@x.example", numbers=("88123",)),
    ),
    "Moodle worksheet, German, all columns": (
        "ID,Vollständiger Name,ID-Nummer,E-Mail-Adresse,Bestwertung,Zuletzt geändert (Abgabe),Zuletzt geändert "
        "(Bewertung)\nTeilnehmer/in88123,Ana Núñez,4711,ana@x.example,10,-,-\n",
        Student(
            "4711",
            "Ana Núñez",
            "ana@x.example",
            "",
            {"ID": "Teilnehmer/in88123", "Bestwertung": "10"}
            | {f"Zuletzt geändert ({what})": "-" for what in ("Abgabe", "Bewertung")},
            "",
            ("88123",),
        ),
    ),
    "Blackboard": (
        '"Last Name"\t"First Name"\t"Username"\t"Student ID"\n"Núñez"\t"Ana"\t"anunez"\t"s1001"\n',
        Student("s1001", "Ana Núñez", more={"Username": "anunez"}, login="anunez"),
    ),
    "Blackboard without ids": (
        "Last Name,First Name,Username,Student ID\nNúñez,Ana,anunez,\n",
        Student("anunez", "Ana Núñez", more={"Username": "anunez"}, login="anunez"),
    ),
    "Brightspace": (
        "OrgDefinedId,Username,Last Name,First Name,Email,End-of-Line Indicator\n"
        "#0400123,#anunez,Núñez,Ana,ana@x.example,#\n",
        Student("0400123", "Ana Núñez", "ana@x.example", "", {"Username": "#anunez"}, "anunez"),
    ),
    "Gradescope": (
        "First Name,Last Name,SID,Email\nAna,Núñez,s1001,ana@x.example\n",
        Student("s1001", "Ana Núñez", "ana@x.example"),
    ),
    "GitHub Classroom": (
        "identifier,github_username,github_id,name\ns1001,anunez,77,Ana Núñez\n",
        Student("s1001", "Ana Núñez", more={"github_username": "anunez", "github_id": "77"}, login="anunez"),
    ),
    "campus system": (
        "REGISTRATION_NUMBER;FAMILY_NAME_OF_STUDENT;FIRST_NAME_OF_STUDENT;EMAIL_ADDRESS_OF_STUDENT\n"
        '"0471";"Núñez";"Ana";"ana@x.example"\n',
        Student("0471", "Ana Núñez", "ana@x.example"),
    ),
    "campus system, German": (
        '"Matrikelnummer";"Familienname";"Vorname";"E-Mail"\n"0471";"Núñez";"Ana";"ana@x.example"\n',
        Student("0471", "Ana Núñez", "ana@x.example"),
    ),
    "ids kept as text by a formula": ('id,name\n="0471",Ana Núñez\n', Student("0471", "Ana Núñez")),
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("platform", TABLES)
def test_rosters_as_platforms_export_them(platform: str, encoding: str) -> None:
    text, student = TABLES[platform]
    assert parse_roster(text.replace("\n", "\r\n").encode(encoding)).students == (student,)


def test_a_table_of_ones_own_may_use_any_number_as_id() -> None:
    """Digits under "ID" are no participant of Moodle, whose cells begin with a word."""
    assert parse_roster("ID;Vollständiger Name;E-Mail\n4711;Ana;a@x.example\n".encode()).students[0].id == "4711"
    assert parse_roster(b"Student,ID,Email\nAna,4711,a@x.example\n").students[0].id == "4711"
    assert parse_roster(b"id,name\nteilnehmer07,Ana\n").students[0].id == "teilnehmer07"


def test_columns_that_nobody_reads_may_have_equal_names() -> None:
    roster = parse_roster(b"id,Notes,Notes,name\n1,,x,Ana\n")
    assert roster.students[0].more == {"Notes": "x"}


def test_what_separates_stands_outside_the_quotes() -> None:
    assert parse_roster(b'"id";"name";"a, b, c, d"\n1;Ana;x\n').students[0].name == "Ana"


def test_a_large_table_is_read_in_bounded_time() -> None:
    lines = "".join(f'"Last{i}, First{i}",{i + 10_000},s{i},l{i},A\n' for i in range(5000))
    begun = time.perf_counter()
    roster = parse_roster(f"Student,ID,SIS User ID,SIS Login ID,Section\n{lines}".encode())
    assert len(roster.students) == 5000 and time.perf_counter() - begun < 3


@given(st.lists(st.lists(st.text(max_size=12), max_size=6), max_size=6), st.sampled_from(sorted(TABLES)))
def test_hostile_rows_are_read_or_refused(rows: list[list[str]], platform: str) -> None:
    header = TABLES[platform][0].split("\n")[0].replace(";", ",").replace("\t", ",")
    text = "\n".join([header, *(",".join(row) for row in rows)])
    with contextlib.suppress(RosterError):
        assert all(s.id == s.id.strip() != "" for s in parse_roster(text.encode("utf-8", "ignore")).students)


CLASS = Roster(
    (
        *STUDENTS,
        Student("s1003", "Kim, Min-jun", "minjun.kim@x.edu"),
        Student("s1004", "Ana Lee"),
        Student("s1005", "Ana Lee"),
        Student("7", "Strauß Øst"),
        Student("s2001", "李 小龍"),
    )
)


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("s1001", "s1001"),
        ("S1001.py", "s1001"),
        ("s1001.ipynb", "s1001"),
        ("ana@x.edu", "s1001"),
        ("ben.py", "s1002"),
        ("ana nunez", "s1001"),
        ("Núñez_Ana.py", "s1001"),
        ("min-jun kim", "s1003"),
        ("kim_min_jun.ipynb", "s1003"),
        ("minjun.kim", "s1003"),
        ("hw1-s1002-final.py", "s1002"),
        ("7", "7"),
        ("strauss_ost", "7"),
        ("李 小龍", "s2001"),
    ],
)
def test_names_say_who(name: str, who: str) -> None:
    assert CLASS.find(name).id == who


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("dora.py", "no student on the roster"),
        ("hw_7.py", "no student on the roster"),  # too short to be an id within a longer name
        ("Ana Lee", "may be s1004 or s1005"),
        ("s1001_s1002.py", "may be s1001 or s1002"),
        ("", "no student"),
        ("...", "no student"),
        ("do\u202era", "do\\u202era: no student"),
        ("../../etc/passwd", "no student"),
    ],
)
def test_names_that_say_nothing(name: str, says: str) -> None:
    with pytest.raises(RosterError) as caught:
        CLASS.find(name)
    assert says in str(caught.value)


def test_a_number_of_the_learning_platform() -> None:
    assert CLASS.numbered("78") == "s1002" and CLASS.numbered("79") is None


def test_marks_are_no_numbers_of_a_platform() -> None:
    roster = Roster((Student("s1", more={"Essay (4712)": "12345", "Moodle ID": "777"}), Student("s2", numbers=("9",))))
    assert (roster.numbered("12345"), roster.numbered("777"), roster.numbered("9")) == (None, "s1", "s2")


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=8))
def test_what_we_write_is_read_back(names: list[tuple[str, str]]) -> None:
    """Whatever a name holds: formulas, quotes, line breaks, semicolons."""
    rows = [(f"s{i}", name.encode("utf-8", "ignore").decode(), note) for i, (name, note) in enumerate(names)]
    rows = [(i, n, note.encode("utf-8", "ignore").decode()) for i, n, note in rows]
    text = rows_text([("id", "name", "section"), *rows], bom=True)
    found = [(s.id, s.name, s.section) for s in parse_roster(text.encode()).students]
    assert found == [(i, n.replace("\0", "\ufffd").strip(), c.replace("\0", "\ufffd").strip()) for i, n, c in rows]
