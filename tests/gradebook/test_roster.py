"""A roster is read as spreadsheets save it, and says whose a submission is or why nobody can tell."""

from __future__ import annotations

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
        ("name,section\nAna,A\n", "line 1: expected a column 'id', or one with logins or e-mail addresses; got name"),
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


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=8))
def test_what_we_write_is_read_back(names: list[tuple[str, str]]) -> None:
    """Whatever a name holds: formulas, quotes, line breaks, semicolons."""
    rows = [(f"s{i}", name.encode("utf-8", "ignore").decode(), note) for i, (name, note) in enumerate(names)]
    rows = [(i, n, note.encode("utf-8", "ignore").decode()) for i, n, note in rows]
    text = rows_text([("id", "name", "section"), *rows], bom=True)
    found = [(s.id, s.name, s.section) for s in parse_roster(text.encode()).students]
    assert found == [(i, n.replace("\0", "\ufffd").strip(), c.replace("\0", "\ufffd").strip()) for i, n, c in rows]
