"""What a download says of an owner finds one student of the roster, or says whom it may mean."""

from __future__ import annotations

import contextlib
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.gradebook.identity import EMAIL, ID, LOGIN, NAME, NUMBER, Claim, identify
from autograder.gradebook.roster import Roster, RosterError, Student, parse_roster

ROSTER = Roster(
    (
        Student("s1001", "Anna Lee", "anna@x.example", login="alee", numbers=("9001",)),
        Student("s1002", "Müller, Jörg", "joerg@x.example", login="jm@uni.example", numbers=("9002",)),
        Student("s1003", "Anna Lee", "anna2@x.example", login="alee2"),
        Student("0471", "Mary Jane O'Neil", "mj@x.example"),
        Student("s1005", "Jan van der Berg"),
        Student("s1006", "Kim, Min-jun", more={"Canvas ID": "9006"}),
        Student("s1007", "李 小龍"),
        Student("s1008", "Strauß Øst"),
        Student("dora", "Dora Fox", more={"Essay (12)": "777"}),
    )
)


@pytest.mark.parametrize(
    ("claim", "id", "by"),
    [
        (Claim(name="Anna Lee", id="s1003"), "s1003", ID),
        (Claim(name="Anna Lee", id="S1003 "), "s1003", ID),
        (Claim(name="Anna Lee", number="9001"), "s1001", NUMBER),
        (Claim(name="Anna Lee", number="Participant 9001"), "s1001", NUMBER),
        (Claim(number="9006"), "s1006", NUMBER),
        (Claim(name="Anna Lee", login="ALEE2"), "s1003", LOGIN),
        (Claim(name="Anna Lee", login="#alee2"), "s1003", LOGIN),  # as Brightspace writes it
        (Claim(login="jm"), "s1002", LOGIN),
        (Claim(login="dora"), "dora", LOGIN),  # the table has logins as ids
        (Claim(login="anna2@x.example"), "s1003", LOGIN),
        (Claim(name="Anna Lee", email="Anna@X.example"), "s1001", EMAIL),
        (Claim(email="jm@uni.example"), "s1002", EMAIL),
        (Claim(name="nobody", id="unknown", email="anna2@x.example"), "s1003", EMAIL),
        (Claim(name="Anna Lee (9001)", number="9001"), "s1001", NUMBER),
        (Claim(name="Anna Lee", id="s1001", number="9001", login="alee", email="anna@x.example"), "s1001", ID),
        (Claim(name="Jörg Müller", number="88123"), "s1002", NAME),  # a number that the roster does not know
        (Claim(name="O'Neil, Mary Jane", id="471"), "0471", NAME),
    ],
)
def test_the_strongest_key_decides(claim: Claim, id: str, by: str) -> None:
    match = identify(ROSTER, claim)
    assert (match.student.id, match.by) == (id, by)


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("Jörg Müller", "s1002"),
        ("Müller, Jörg", "s1002"),
        ("müllerjörg", "s1002"),
        ("jörgmüller", "s1002"),
        ("mullerjorg", "s1002"),
        ("Mueller_Joerg", "s1002"),  # as ILIAS makes names plain
        ("MÜLLER JÖRG", "s1002"),
        ("jorg_muller.py", "s1002"),
        ("O'Neil, Mary Jane", "0471"),
        ("mary jane o’neil", "0471"),
        ("oneilmaryjane", "0471"),
        ("Mary O'Neil", "0471"),
        ("oneilmary", "0471"),
        ("Mary J. O'Neil", "0471"),
        ("O'Neil, Mary", "0471"),
        ("van der Berg, Jan", "s1005"),
        ("vanderbergjan", "s1005"),
        ("Min-jun Kim", "s1006"),
        ("kim_min_jun.ipynb", "s1006"),
        ("Kim, Min-jun Lucas", "s1006"),
        ("李 小龍", "s1007"),
        ("小龍李", "s1007"),
        ("Strauss Ost", "s1008"),
        ("oest_strauss", "s1008"),
    ],
)
def test_names_in_all_their_forms(name: str, id: str) -> None:
    for form in ("NFC", "NFD"):
        match = identify(ROSTER, Claim(unicodedata.normalize(form, name)))
        assert (match.student.id, match.by) == (id, NAME)


@pytest.mark.parametrize(
    ("name", "id", "by"),
    [
        ("s1002", "s1002", ID),
        ("S1002.ipynb", "s1002", ID),
        ("hw1-s1002.py", "s1002", ID),
        ("alee2.py", "s1003", LOGIN),
        ("jm", "s1002", LOGIN),
        ("anna2@x.example", "s1003", EMAIL),
        ("joerg", "s1002", EMAIL),
    ],
)
def test_the_name_of_a_file_may_be_another_key(name: str, id: str, by: str) -> None:
    match = identify(ROSTER, Claim(name))
    assert (match.student.id, match.by) == (id, by)
    assert ROSTER.find(name) is match.student


@pytest.mark.parametrize(
    ("claim", "facts"),
    [
        (Claim("Anna Lee"), ("Anna Lee: may be s1001 or s1003",)),
        (Claim("leeanna"), ("may be s1001 or s1003",)),
        (Claim("Anna Lee", id="s9", number="5"), ("Anna Lee (id s9, number of the platform 5)", "s1001 or s1003")),
        (Claim("s1001-s1002.py"), ("may be s1001 or s1002",)),
        (Claim("Nobody", email="no@x.example"), ("Nobody (e-mail no@x.example): no student",)),
        (Claim("Mary Ann O'Neil"), ("no student",)),  # another middle name is another person
        (Claim("Jan Berg"), ("no student",)),  # so is another last name
        (Claim("Mary"), ("no student",)),
        (Claim("777"), ("no student",)),
        (Claim(number="777"), ("number of the platform 777: no student",)),  # a mark is no number of a person
        (Claim("..."), ("no student",)),
        (Claim(), ("a submission without a name: no student",)),
        (Claim("a\u202eb"), ("a\\u202eb: no student",)),
    ],
)
def test_what_names_nobody_or_several_is_refused(claim: Claim, facts: tuple[str, ...]) -> None:
    with pytest.raises(RosterError) as caught:
        identify(ROSTER, claim)
    assert all(fact in str(caught.value) for fact in facts), caught.value


@pytest.mark.parametrize(
    ("claim", "by", "others"),
    [
        (Claim("x", id="s1001", email="joerg@x.example"), "the id is of s1001 (Anna Lee)", "the e-mail is of s1002"),
        (
            Claim("x", number="9001", login="jm@uni.example"),
            "the number of the platform is of s1001",
            "login is of s1002",
        ),
        (Claim("Jörg Müller", number="9001"), "the number of the platform is of s1001", "the name is of s1002"),
        (Claim("Anna Lee", id="s1002"), "the id is of s1002", "the name is of s1001 (Anna Lee) or s1003 (Anna Lee)"),
        (Claim("Jörg Müller", id="471"), "the name is of s1002", "the id, but for leading zeros, is of 0471"),
        (Claim("x", id="471", email="anna@x.example"), "the e-mail is of s1001", "leading zeros, is of 0471"),
    ],
)
def test_keys_of_different_students_name_nobody(claim: Claim, by: str, others: str) -> None:
    with pytest.raises(RosterError) as caught:
        identify(ROSTER, claim)
    assert by in str(caught.value) and others in str(caught.value)


def test_a_key_of_one_student_wins_over_a_key_of_several() -> None:
    twins = Roster((Student("s1", "Ana Lee", "lee@x.example"), Student("s2", "Bo Lee", "lee@x.example", login="bo")))
    assert identify(twins, Claim(login="bo", email="lee@x.example")).by == LOGIN
    assert identify(twins, Claim("Bo Lee", email="lee@x.example")) == identify(twins, Claim("Bo Lee"))
    with pytest.raises(RosterError, match="may be s1 or s2"):
        identify(twins, Claim(email="lee@x.example"))


@pytest.mark.parametrize(
    ("id", "roster_id"),
    [("471", "0471"), ("471", "000471"), ("00471", "0471"), ("0471", "471")],
)
def test_an_id_that_lacks_leading_zeros_is_reported_and_not_taken(id: str, roster_id: str) -> None:
    roster = Roster((Student(roster_id, "Ana Lee"), Student("s1", "Bo Ode")))
    for claim in (Claim(id), Claim("Cem", id=id), Claim(f"{id}.py")):
        with pytest.raises(RosterError, match=f"no student .*; {roster_id} differs by leading zeros: a spreadsheet"):
            identify(roster, claim)
    assert identify(roster, Claim("Ana Lee", id=id)).by == NAME


def test_ids_that_differ_by_zeros_only_are_different_students() -> None:
    roster = Roster((Student("471", "Ana Lee"), Student("0471", "Bo Ode")))
    assert [identify(roster, Claim(id=id)).student.name for id in ("471", "0471")] == ["Ana Lee", "Bo Ode"]


def test_an_id_that_a_spreadsheet_rounded_is_reported() -> None:
    with pytest.raises(RosterError, match=r"no student .*; the id 7,1E\+11 was changed by a spreadsheet program"):
        identify(ROSTER, Claim("Cem", id="7,1E+11"))


def test_a_spreadsheet_of_canvas_and_a_download_of_canvas_agree() -> None:
    text = (
        'Student,ID,SIS User ID,SIS Login ID,Section\n"Müller, Ana",4711,s100,ana.mueller,A\n"Ode, Ben",4712,s101,b,A\n'
    )
    roster = parse_roster(text.encode())
    for name in ("müllerana", unicodedata.normalize("NFD", "müllerana"), "mullerana"):
        assert identify(roster, Claim(name, number="4711")).by == NUMBER
        assert identify(roster, Claim(name)).student.id == "s100"


def test_a_worksheet_of_moodle_and_a_download_of_moodle_agree() -> None:
    text = "Identifier,Full name,Email address\nParticipant 88123,Ana Lee,a@x.edu\nParticipant 88124,Ana Lee,b@x.edu\n"
    match = identify(parse_roster(text.encode()), Claim("Ana Lee (88124)", number="88124"))
    assert (match.student.id, match.by) == ("b@x.edu", NUMBER)


def test_five_thousand_students_are_found_quickly() -> None:
    students = (
        Student(f"{i:05}", f"Érika{i} Middle Läst{i}", f"e{i}@x.example", login=f"l{i}", numbers=(f"{9 * 10**6 + i}",))
        for i in range(5000)
    )
    roster = Roster(tuple(students))
    assert roster.find("l0").id == "00000"  # makes the index
    begun = time.perf_counter()
    for i in range(5000):
        assert identify(roster, Claim(f"Läst{i}, Érika{i}", number=f"{9 * 10**6 + i}")).student.id == f"{i:05}"
    assert time.perf_counter() - begun < 2
    begun = time.perf_counter()
    for i in range(1000):
        for claim in (Claim(f"hw1-{i:05}.py"), Claim(f"läst{i}érika{i}"), Claim(f"Érika{i} Läst{i}")):
            assert identify(roster, claim).student.id == f"{i:05}"
        with pytest.raises(RosterError):
            identify(roster, Claim(f"nobody{i}", id=f"{i:09}"))
    assert time.perf_counter() - begun < 3


WORDS = st.text("abcäéñøßАя李'-", min_size=1, max_size=8).filter(lambda word: any(map(str.isalnum, word)))


@given(st.lists(WORDS, min_size=2, max_size=4))
def test_every_order_and_form_of_a_name_finds_its_owner(words: list[str]) -> None:
    first, last = " ".join(words[:-1]), words[-1]
    roster = Roster((Student("s1", f"{first} {last}"), Student("s2", "Zoe Zed")))
    squeezed = "".join(filter(str.isalnum, f"{last}{first}".lower()))
    for name in (f"{first} {last}", f"{last}, {first}", f"{last} {first}".upper(), f"{first}_{last}.py", squeezed):
        for form in ("NFC", "NFD"):
            assert roster.find(unicodedata.normalize(form, name)).id == "s1"


@given(st.lists(st.tuples(*[st.text(max_size=10)] * 4), max_size=5), st.tuples(*[st.text(max_size=10)] * 5))
def test_hostile_texts_find_somebody_or_are_refused(people: list[tuple[str, ...]], told: tuple[str, ...]) -> None:
    roster = Roster(tuple(Student(f"{i}{a}", a, b, c, {d: a}, d, (b,)) for i, (a, b, c, d) in enumerate(people)))
    with contextlib.suppress(RosterError):
        assert identify(roster, Claim(*told)).student in roster.students


def test_long_names_cost_little() -> None:
    roster = Roster((Student("s1", "a " * 100_000), Student("s2", "Ana Lee")))
    begun = time.perf_counter()
    for name in ("b " * 1_000_000, "x (" * 100_000, "," * 100_000, "0" * 1_000_000):
        with pytest.raises(RosterError):
            identify(roster, Claim(name, id=name))
    assert time.perf_counter() - begun < 1
