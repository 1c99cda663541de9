"""Downloads of learning platforms, made up: whose each file is, when it was handed in, and what stays plain."""

from __future__ import annotations

import time
import unicodedata
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.submission.collect import collect
from autograder.submission.collect.layouts import (
    BLACKBOARD,
    BRIGHTSPACE,
    CLASSROOM,
    GOOGLE,
    GRADESCOPE,
    ILIAS,
    MOODLE,
    NBGRADER,
    SAKAI,
    TEAMS,
    AmbiguousLayoutError,
    Arrangement,
    Entry,
    Offer,
    Owner,
    arrange,
)
from autograder.submission.collect.layouts.untrusted_yaml import MAX_BYTES, UntrustedYamlError, read_yaml
from autograder.submission.moments import read_moment, read_zone

CODE = "def f(x):\n    return x\n"
GROUP = "0f8fad5b-d9cb-469f-a165-70867728950e"

BOARD = """Name: {name}
Assignment: Unit 1
Date Submitted: {when}
Current Mark: Needs Grading

Submission Field:
There is no student submission text data for this assignment.

Comments:
Name: Somebody Else (broe)
"""

SCOPE = """---
submission_501:
  :submitters:
  - :name: Ana Lee
    :sid: '0071'
    :email: ana@example.org
  - :name: Jörg Müller
    :sid:
    :email: jm@example.org
  :created_at: 2026-11-20 10:11:12.000000000 Z
  :score: 0.0
  :results:
    :tests:
    - :output: "*not an alias"
  :history:
  - :created_at: 2026-11-19 10:11:12.000000000 Z
submission_502:
  :submitters:
  - :name: Ana Lee
    :sid: s1003
    :email: other@example.org
  :created_at: 2026-11-20 11:11:12.000000000 -08:00
503.pdf:
  :submitters:
  - :name: Cleo Ray
    :sid: null
    :email: cleo@example.org
submission_504:
  :submitters:
  - :name: Dan Poe
"""

Files = Mapping[str, str]


def _files(*names: str, **texts: str) -> dict[str, str]:
    return {**dict.fromkeys(names, CODE), **texts}


def _entries(root: Path, files: Files) -> list[Entry]:
    """Write the files under names of their own, since some of theirs no file system takes."""
    root.mkdir(exist_ok=True)
    entries = []
    for number, (name, text) in enumerate(files.items()):
        path = root / f"f{number}"
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        entries.append(Entry(tuple(name.split("/")), path))
    return entries


def _arranged(root: Path, files: Files, slug: str = "unit", top: str = "") -> Arrangement:
    found = arrange(_entries(root, files), slug, top)
    assert found is not None
    return found


def _in(offer: Offer) -> set[str]:
    return {"/".join(parts) for parts in offer.files}


def _by_student(found: Arrangement) -> dict[str, set[str]]:
    return {o.student: _in(o) for o in found.offers}


def _remarked(found: Arrangement) -> set[str]:
    return {where for where, _ in found.remarks}


def _moment(offer: Offer, zone: str = "Europe/Berlin") -> datetime:
    return read_moment(offer.when, read_zone(offer.zone or zone))


# Brightspace


def test_brightspace_folders_name_the_student_and_the_time(tmp_path: Path) -> None:
    found = _arranged(
        tmp_path,
        _files(
            "index.html",
            "12345-678 - Ana Lee - Nov 20, 2026 1011 AM/hw.py",
            "12345-678 - Ana Lee - Nov 20, 2026 1011 AM/parts/utils.py",
            "12345-678 - Ana Lee - Nov 3, 2026 1159 PM/old.py",
            "12346-678 - Jörg Müller - Nov 20, 2026 1200 PM/hw final (1).py",
            "12347-678 - Ana Lee - Nov 20, 2026 1201\u202fPM/hw.py",
            "12348-678 - Jean-Luc - the - Third - Nov 20, 2026 1202 PM/essay.pdf",
            "solution/hw.py",
        ),
    )
    assert found.layout == BRIGHTSPACE
    assert _by_student(found) == {
        "Ana Lee (12345)": {"hw.py", "parts/utils.py"},
        "Ana Lee (12347)": {"hw.py"},
        "Jean-Luc - the - Third": {"essay.pdf"},
        "Jörg Müller": {"hw final (1).py"},
    }
    first = found.offers[0]
    assert first.folder == ("12345-678 - Ana Lee - Nov 20, 2026 1011 AM",) and first.late is None
    assert first.owners == (Owner("Ana Lee", "12345"),) and first.number == "12345"
    assert [_moment(o).hour for o in found.offers] == [9, 11, 11, 11]
    assert _remarked(found) == {"12345-678 - Ana Lee - Nov 3, 2026 1159 PM", "solution/hw.py"}


def test_brightspace_without_folders(tmp_path: Path) -> None:
    found = _arranged(
        tmp_path,
        _files(
            "1-2 - Ana Lee - Mar 29, 2018 1205 PM - ALee - Homework 6.py",
            "1-2 - Ana Lee - Mar 29, 2018 1205 PM - utils.py",
            "1-2 - Ana Lee - Mar 29, 2018 900 AM - utils.py",
            "3-2 - Mallory - Mar 29, 2018 1206 PM - 1-2 - Ana Lee - Mar 30, 2018 1205 PM - hw.py",
        ),
    )
    assert _by_student(found) == {
        "Ana Lee": {"ALee - Homework 6.py", "utils.py"},
        "Mallory": {"1-2 - Ana Lee - Mar 30, 2018 1205 PM - hw.py"},
    }
    assert [o.number for o in found.offers] == ["1", "3"] and found.offers[0].folder is None
    assert _remarked(found) == {"1-2 - Ana Lee - Mar 29, 2018 900 AM - utils.py"}


@pytest.mark.parametrize(
    "names",
    [
        ("1-2 - x/hw.py", "1-3 - y/hw.py"),
        ("12345-678 - Ana Lee - yesterday/hw.py",),
        ("12345-678 - Ana Lee - Nov 20, 2026 1011 AM.py", "ben.py"),
        ("Ana Lee - Nov 20, 2026 1011 AM/hw.py", "Ben Roe - Nov 20, 2026 1011 AM/hw.py"),
        ("12345-678 - Ana Lee - Nov 20, 2026 1011 AM/hw.py", "ben.py", "cleo.py"),
    ],
)
def test_names_that_only_resemble_brightspace(tmp_path: Path, names: tuple[str, ...]) -> None:
    assert arrange(_entries(tmp_path, _files(*names)), "unit") is None


# Blackboard


def test_blackboard_files_of_one_attempt_are_one_submission(tmp_path: Path) -> None:
    first, second = "2026-11-20-10-11-12", "2026-11-21-09-00-00"
    zoned = "Saturday, November 21, 2026 9:00:00 AM GMT"
    found = _arranged(
        tmp_path,
        {
            f"Unit1_a_lee_attempt_{first}_hw.py": CODE,
            f"Unit1_a_lee_attempt_{first}.txt": BOARD.format(name="Ana Lee (a_lee)", when=zoned),
            f"Unit1_a_lee_attempt_{second}_hw.py": CODE,
            f"Unit1_a_lee_attempt_{second}_my_utils.py": CODE,
            f"Unit1_a_lee_attempt_{second}.txt": BOARD.format(name="Ana Lee (a_lee)", when=zoned).replace("\n", "\r\n"),
            f"Unit1_broe_attempt_{first}_hw.py": CODE,
            f"Unit1_cray_attempt_{first}_hw.py": CODE,
            f"Unit1_cray_attempt_{first}.txt": BOARD.format(name="Ana Lee (cray)", when="lundi 20 novembre, 10 h 11"),
            f"Unit1_dpoe_attempt_{first}.txt": BOARD.format(name="Dan Poe (dpoe)", when=zoned),
            "notes.py": CODE,
        },
    )
    assert found.layout == BLACKBOARD
    assert _by_student(found) == {
        "Ana Lee (a_lee)": {"hw.py", "my_utils.py"},
        "broe": {"hw.py"},
        "Ana Lee (cray)": {"hw.py"},
        "Dan Poe": set(),
    }
    assert [o.owners for o in found.offers] == [
        (Owner("Ana Lee", login="a_lee"),),
        (Owner(login="broe"),),
        (Owner("Ana Lee", login="cray"),),
        (Owner("Dan Poe", login="dpoe"),),
    ]
    assert [o.when for o in found.offers] == [zoned, first, first, zoned]
    assert _moment(found.offers[0]) == datetime(2026, 11, 21, 9, tzinfo=UTC)
    assert _moment(found.offers[1]) == datetime(2026, 11, 20, 9, 11, 12, tzinfo=UTC)
    assert _remarked(found) == {f"Unit1_a_lee_attempt_{first}", f"Unit1_dpoe_attempt_{first}", "notes.py"}


@pytest.mark.parametrize(
    ("names", "logins"),
    [
        (("unit_s1001",), ["s1001"]),
        (("unit_a_lee",), ["a_lee"]),  # by the assignment that is graded
        (("HW_1_alee", "HW_1_broe"), ["alee", "broe"]),
        (("HW_a_lee", "HW_broe"), ["a_lee", "broe"]),
        (("HW_a_lee", "HW_b_lee"), ["a_lee", "b_lee"]),
        (("HW_x_a_lee", "HW_x_a_roe"), ["lee", "roe"]),
    ],
)
def test_blackboard_logins_without_text_files(tmp_path: Path, names: tuple[str, ...], logins: list[str]) -> None:
    found = _arranged(tmp_path, _files(*(f"{n}_attempt_2026-11-20-10-11-12_hw.py" for n in names)))
    assert [o.owners[0].login for o in found.offers] == logins


def test_blackboard_names_that_claim_to_be_of_another_student(tmp_path: Path) -> None:
    time_ = "2026-11-20-10-11-12"
    found = _arranged(
        tmp_path,
        {
            f"unit_mallory_attempt_{time_}_unit_alice_attempt_2030-01-01-00-00-00_hw.py": CODE,
            f"unit_mallory_attempt_{time_}.txt": BOARD.format(name="Alice (alice)", when=""),
            f"unit_alice_attempt_{time_}_hw.py": CODE,
        },
    )
    assert {o.owners[0].login: _in(o) for o in found.offers} == {
        "alice": {"hw.py"},
        "mallory": {"unit_alice_attempt_2030-01-01-00-00-00_hw.py"},
    }
    assert {o.owners[0].name for o in found.offers} == {""}


@pytest.mark.parametrize(
    "names",
    [
        ("unit_alee_attempt_1_hw.py", "unit_alee_attempt_2_hw.py"),
        ("unit_alee_attempt_2026-11-20_hw.py",),
        ("x/unit_alee_attempt_2026-11-20-10-11-12_hw.py", "y/unit_broe_attempt_2026-11-20-10-11-12_hw.py"),
    ],
)
def test_names_that_only_resemble_blackboard(tmp_path: Path, names: tuple[str, ...]) -> None:
    assert arrange(_entries(tmp_path, _files(*names)), "unit") is None


# Gradescope


def test_gradescope_takes_students_and_times_from_its_metadata(tmp_path: Path) -> None:
    top = "assignment_99_export"
    found = _arranged(
        tmp_path,
        _files(
            f"{top}/submission_501/submission.py",
            f"{top}/submission_501/src/utils.py",
            f"{top}/submission_502/hw.ipynb",
            f"{top}/503.pdf",
            f"{top}/extra/hw.py",
            **{f"{top}/submission_metadata.yml": SCOPE},
        ),
    )
    assert found.layout == GRADESCOPE
    assert _by_student(found) == {
        "Cleo Ray": {"503.pdf"},
        "Ana Lee, Jörg Müller": {"submission.py", "src/utils.py"},
        "Ana Lee": {"hw.ipynb"},
    }
    assert found.offers[1].owners == (
        Owner("Ana Lee", id="0071", email="ana@example.org"),
        Owner("Jörg Müller", email="jm@example.org"),
    )
    assert [o.number for o in found.offers] == ["503", "501", "502"]
    assert [o.folder for o in found.offers] == [None, (top, "submission_501"), (top, "submission_502")]
    assert found.offers[1].when == "2026-11-20 10:11:12.000000000 Z"
    assert _moment(found.offers[2]) == datetime(2026, 11, 20, 19, 11, 12, tzinfo=UTC)
    assert _remarked(found) == {"submission_504", "extra"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1, 2]",
        "a: [",
        "a: *x",
        "\x00",
        "%TAG !a! x\n---\na: b",
        "a: &x [1]\nsubmission_501: {:submitters: [*x]}",
        "[" * 100_000,
        "submission_501: " * 1000,
        "submission_501: 7",
        "submission_501: {:submitters: 7, :created_at: [1]}",
        "submission_501: {:submitters: [7, [8], {:name: {}}]}",
        "? [a]\n: b",
        "!!python/object/apply:os.system ['true']",
    ],
    ids=lambda text: repr(text[:20]),
)
def test_gradescope_metadata_that_says_nothing(tmp_path: Path, text: str) -> None:
    started = time.monotonic()
    found = _arranged(tmp_path, {"submission_501/hw.py": CODE, "submission_metadata.yml": text})
    assert time.monotonic() - started < 5
    assert [(o.student, o.number, o.when, o.owners) for o in found.offers] == [("submission_501", "501", "", ())]


def test_gradescope_metadata_that_was_not_kept(tmp_path: Path) -> None:
    entries = [
        Entry(("submission_metadata.yml",), None),
        *_entries(tmp_path, {"submission_501/hw.py": CODE, "submission_502/hw.py": CODE}),
    ]
    found = arrange(entries, "unit")
    assert found is not None and [o.number for o in found.offers] == ["501", "502"]
    assert _remarked(found) == {"submission_metadata.yml"}


@pytest.mark.parametrize(
    "files",
    [
        {"submission_501/hw.py": CODE, "submission_502/hw.py": CODE},  # no metadata
        {"anna/hw.py": CODE, "ben/hw.py": CODE, "submission_metadata.yml": SCOPE},
        {"anna/hw.py": CODE, "anna/submission_metadata.yml": SCOPE, "submission_501/hw.py": CODE},
    ],
)
def test_names_that_only_resemble_gradescope(tmp_path: Path, files: Files) -> None:
    assert arrange(_entries(tmp_path, files), "unit") is None


def test_yaml_keeps_texts_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    path.write_text("a: 0071\nb: 2026-01-02\nc: 'null'\nd: ~\ne: [x, {y: yes}]\nf:\n", encoding="utf-8-sig")
    assert read_yaml(path) == {"a": "0071", "b": "2026-01-02", "c": "null", "d": "", "e": ["x", {"y": "yes"}], "f": ""}
    path.write_bytes(b"a" * (MAX_BYTES + 1))
    with pytest.raises(UntrustedYamlError, match="4 MiB"):
        read_yaml(path)
    with pytest.raises(UntrustedYamlError, match="cannot be read"):
        read_yaml(tmp_path / "nowhere.yml")


# Google Classroom


def test_google_copies_of_a_template_belong_to_students(tmp_path: Path) -> None:
    found = _arranged(
        tmp_path,
        _files(
            "Unit 1/Ana Lee - hw 1.ipynb",
            "Unit 1/Ana Lee - utils.py",
            "Unit 1/Jörg Müller - hw 1.ipynb",
            "Unit 1/Jörg Müller - hw 1 (1).ipynb",
            "Unit 1/Cher - hw 1.py",
            "Unit 1/my homework.py",
            "Unit 1/IMG_2041.jpg",
        ),
    )
    assert found.layout == GOOGLE
    assert _by_student(found) == {
        "Ana Lee": {"hw 1.ipynb", "utils.py"},
        "Cher": {"hw 1.py"},
        "Jörg Müller": {"hw 1.ipynb"},
        "Jörg Müller (1)": {"hw 1.ipynb"},
        "my homework": {"my homework.py"},
    }
    assert [o.owners for o in found.offers[-2:]] == [(Owner("Jörg Müller"),), ()]
    assert _remarked(found) == {"Jörg Müller (1)", "my homework.py"}


def test_google_does_not_lose_a_file_that_is_called_like_a_student(tmp_path: Path) -> None:
    found = _arranged(tmp_path, _files("Ana Lee - hw.py", "Ben Roe - hw.py", "ANA LEE.py"))
    assert len({(o.student.casefold(), o.number) for o in found.offers}) == len(found.offers) == 3


@pytest.mark.parametrize(
    "names",
    [
        ("1-2 - x.py", "1-3 - x.py"),
        ("Week 1 - anna.py", "Week 1 - ben.py"),
        ("Homework - anna.py", "Homework - ben.py"),
        ("anna - hw.py", "ben - hw.py"),  # ids, not names
        ("Ana Lee - hw.py", "Ana Lee - utils.py"),
        ("Ana Lee - hw.py", "Ben Roe - hw.py", "c.py", "d.py", "e.py"),
        ("Ana Lee - hw/a.py", "Ben Roe - hw/a.py"),
    ],
)
def test_names_that_only_resemble_google(tmp_path: Path, names: tuple[str, ...]) -> None:
    assert arrange(_entries(tmp_path, _files(*names)), "unit") is None


# Microsoft Teams


def test_teams_gives_the_highest_version(tmp_path: Path) -> None:
    found = _arranged(
        tmp_path,
        _files(
            "Student Work/Submitted files/Ana Lee/Unit/Version 2/hw.py",
            "Student Work/Submitted files/Ana Lee/Unit/Version 10/hw.py",
            "Student Work/Submitted files/Ana Lee/Unit/Version 10/parts/utils.py",
            "Student Work/Submitted files/Ana Lee/Other/Version 1/x.py",
            "Student Work/Submitted files/Ben Roe/Unit/Version 1/hw.py",
            "Student Work/Submitted files/Cleo Ray/Other/Version 1/x.py",
            "Student Work/Submitted files/Dan Poe/Unit/stray.py",
            "Student Work/Working files/Ben Roe/Unit/draft.py",
        ),
    )
    assert found.layout == TEAMS
    assert _by_student(found) == {"Ana Lee": {"hw.py", "parts/utils.py"}, "Ben Roe": {"hw.py"}}
    assert found.offers[0].folder == ("Student Work", "Submitted files", "Ana Lee", "Unit", "Version 10")
    assert found.offers[0].owners == (Owner("Ana Lee"),) and found.offers[0].when == ""
    assert _remarked(found) == {
        "Submitted files/Ana Lee/Unit/Version 2",
        "Cleo Ray",
        "Submitted files/Dan Poe/Unit/stray.py",
        "Working files",
    }


def test_teams_in_another_language_is_recognised_by_two_students(tmp_path: Path) -> None:
    names = ("Eingereichte Dateien/Ana/Blatt 1/Version 1/hw.py", "Eingereichte Dateien/Ben/Blatt 1/Version 3/hw.py")
    assert _by_student(_arranged(tmp_path, _files(*names))) == {"Ana": {"hw.py"}, "Ben": {"hw.py"}}
    one = _files("Ana/Blatt 1/Version 1/hw.py", "Ana/Blatt 1/Version 2/hw.py")
    assert arrange(_entries(tmp_path, one), "unit") is None
    assert _arranged(tmp_path, one, top="Submitted files").layout == TEAMS


def test_teams_with_several_assignments_asks_which(tmp_path: Path) -> None:
    names = ("Submitted files/Ana/A/Version 1/hw.py", "Submitted files/Ben/B/Version 1/hw.py")
    with pytest.raises(AmbiguousLayoutError, match="A, B"):
        arrange(_entries(tmp_path, _files(*names)), "unit")


@pytest.mark.parametrize(
    "names",
    [
        ("Submitted files/hw.py", "Submitted files/utils.py"),
        ("anna/Submitted files/hw.py", "ben/Submitted files/hw.py"),
        ("Submitted files/src/lib/hw.py",),
        ("anna/hw/Exercise 1/a.py", "ben/hw/Exercise 1/a.py", "ben/hw/Exercise 2/a.py"),
        ("anna/hw.py", "ben/hw.py", "cleo/hw.py", "Submitted files/a/b/Version 1/x.py"),
    ],
)
def test_names_that_only_resemble_teams(tmp_path: Path, names: tuple[str, ...]) -> None:
    assert arrange(_entries(tmp_path, _files(*names)), "unit") is None


# ILIAS


def test_ilias_folders_end_in_login_and_user_id(tmp_path: Path) -> None:
    found = _arranged(
        tmp_path,
        _files(
            "Unit/Abgaben/Lee_Ana_alee_3321/hw.py",
            "Unit/Abgaben/Lee_Ana_alee_3321/utils.py",
            "Unit/Abgaben/Lee_Ana_alee2_3322/hw.py",
            "Unit/Abgaben/Muller_Jorg_j_muller_4000/hw.ipynb",
            "Unit/Abgaben/Poe_Dan_dpoe_4001/Verspaetete Abgabe - hw.py",
            "Unit/Abgaben/Poe_Dan_dpoe_4001/hw.py",
            "Unit/Abgaben/solution/hw.py",
            "Unit/Bewertung.xlsx",
        ),
    )
    assert found.layout == ILIAS
    assert _by_student(found) == {
        "Ana Lee (3321)": {"hw.py", "utils.py"},
        "Ana Lee (3322)": {"hw.py"},
        "Muller Jorg j muller": {"hw.ipynb"},
        "Dan Poe": {"hw.py"},
    }
    by_number = {o.number: o for o in found.offers}
    assert by_number["3321"].owners == (Owner("Ana Lee", "3321", login="alee"),)
    assert by_number["4000"].owners == (Owner(number="4000"),)  # where the login begins is not certain
    assert by_number["3321"].folder == ("Unit", "Abgaben", "Lee_Ana_alee_3321") and by_number["3321"].late is None
    late = by_number["4001"]
    assert late.late and late.folder is None and late.files[("hw.py",)].parts[-1] == "Verspaetete Abgabe - hw.py"
    assert _remarked(found) == {"Poe_Dan_dpoe_4001/hw.py", "solution/hw.py"}


def test_ilias_teams_have_several_owners(tmp_path: Path) -> None:
    found = _arranged(
        tmp_path,
        _files(
            "Team 17/Lee_Ana_alee_3321/hw.py",
            "Team 17/Roe_Ben_broe_3322/utils.py",
            "Team 18/Ray_Cleo_cray_3323/hw.py",
            "Team 19/Poe_Dan_dpoe_3324/hw.py",
            "Team 19/Fox_Eve_efox_3325/hw.py",
        ),
    )
    assert _by_student(found) == {
        "Team 17": {"hw.py", "utils.py"},
        "Team 18": {"hw.py"},
        "Team 19": {"Poe_Dan_dpoe_3324/hw.py", "Fox_Eve_efox_3325/hw.py"},
    }
    assert [[o.login for o in offer.owners] for offer in found.offers] == [["alee", "broe"], ["cray"], ["efox", "dpoe"]]
    assert [o.folder for o in found.offers] == [None, ("Team 18", "Ray_Cleo_cray_3323"), None]
    assert [o.number for o in found.offers] == ["17", "18", "19"]


@pytest.mark.parametrize(
    "names",
    [
        ("Lee_Ana_hw_2026/hw.py", "Roe_Ben_hw_2026/hw.py"),
        ("deep_learning_unit_2026/hw.py",),
        ("deep_learning_unit_20261120/hw.py",),
        ("my_hw_version_1/hw.py", "my_hw_version_2/hw.py"),
        ("Lee_Ana_3321/hw.py", "Roe_Ben_3322/hw.py"),
        ("Lee_Ana_alee_3321.py", "Roe_Ben_broe_3322.py"),
        ("Lee_Ana_alee_3321/hw.py", "anna/hw.py", "ben/hw.py"),
    ],
)
def test_names_that_only_resemble_ilias(tmp_path: Path, names: tuple[str, ...]) -> None:
    assert arrange(_entries(tmp_path, _files(*names)), "unit") is None


# Sakai

_GRADES = """Unit 1,SCORE_GRADE_TYPE

Display ID,ID,Last Name,First Name,grade,Submission Time,Late?
s100,alee,Lee,Ána,8.50,2026-03-02T10:15:00Z,On time
broe,broe,Roe,"Ben, Jr.",,2026-03-02T11:15:00.123Z,Late
"""


def test_sakai_folders_give_name_and_login(tmp_path: Path) -> None:
    word = "提出物の添付ファイル"  # the name of the folder follows the language of the site
    found = _arranged(
        tmp_path,
        _files(
            f"Unit 1/Lee, Ana(alee)/{word}/hw.py",
            f"Unit 1/Lee, Ana(alee)/{word}/src/utils.py",
            f"Unit 1/Lee, Ana(ana2)/{word}/hw.py",
            f"Unit 1/Lee, Ana(ana2)/{word}/hw+1.py",
            "Unit 1/Lee, Ana(alee)/フィードバック/hw.py",
            "Unit 1/Ray, Cleo (Jo)(cray)/comments.txt",
            "Unit 1/Ray, Cleo (Jo)(cray)/Ray, Cleo (Jo)(cray)_submissionText.html",
            "Unit 1/solution.py",
            **{"Unit 1/Lee, Ana(alee)/timestamp.txt": "2026-03-02T10:15:00Z", "Unit 1/grades.csv": _GRADES},
        ),
    )
    assert found.layout == SAKAI
    assert _by_student(found) == {
        "Lee, Ana (alee)": {"hw.py", "src/utils.py"},
        "Lee, Ana (ana2)": {"hw.py", "hw+1.py"},
        "Ray, Cleo (Jo)": set(),
    }
    assert [o.owners for o in found.offers] == [
        (Owner("Lee, Ána", id="s100", login="alee"),),
        (Owner("Lee, Ana", login="ana2"),),
        (Owner("Ray, Cleo (Jo)", login="cray"),),
    ]
    assert found.offers[0].folder == ("Unit 1", "Lee, Ana(alee)", word)
    assert _moment(found.offers[0]) == datetime(2026, 3, 2, 10, 15, tzinfo=UTC)
    assert _remarked(found) == {
        "Lee, Ana(alee)/フィードバック/hw.py",
        "Ray, Cleo (Jo)(cray)",
        "solution.py",
    }


def test_sakai_ignores_feedback_whatever_there_is_more_of(tmp_path: Path) -> None:
    names = (
        "Lee, Ana(alee)/Submission attachment(s)/hw.py",
        "Lee, Ana(alee)/Feedback Attachment(s)/hw.py",
        "Roe, Ben(broe)/Feedback Attachment(s)/hw.py",
    )
    found = _arranged(tmp_path, _files(*names))
    assert [set(o.files.values()) for o in found.offers] == [{e} for e in _entries(tmp_path, _files(*names))[:1]] + [
        set()
    ]


def test_sakai_asks_where_two_folders_may_be_meant(tmp_path: Path) -> None:
    names = [f"{who}/{folder}/hw.py" for who in ("Lee, A(al)", "Roe, B(br)") for folder in ("ένα", "δύο")]
    with pytest.raises(AmbiguousLayoutError):
        arrange(_entries(tmp_path, _files(*names, "Lee, A(al)/timestamp.txt")), "unit")


def test_sakai_groups_and_anonymous_students(tmp_path: Path) -> None:
    found = _arranged(
        tmp_path,
        _files(
            f"Unit 1/Group (A) ({GROUP})/Abgabe/hw.py",
            f"Unit 1/{GROUP.replace('0', '1')} Anonym/Abgabe/hw.py",
            "Unit 1/Fox, Eve(efox); Poe, Dan(dpoe)/Abgabe/hw.py",
            **{
                f"Unit 1/Group (A) ({GROUP})/members.txt": "Lee, Ana(alee); M&#252;ller, J&#246;rg(jm)",
                f"Unit 1/Group (A) ({GROUP})/timestamp.txt": "2026-03-02T10:15:00.123Z",
            },
        ),
    )
    by_name = {o.student: o for o in found.offers}
    group, pair = by_name["Group (A)"], by_name["Fox, Eve; Poe, Dan"]
    assert group.owners == (Owner("Lee, Ana", login="alee"), Owner("Müller, Jörg", login="jm"))
    assert group.number == GROUP and group.zone == "UTC"
    assert [o.login for o in pair.owners] == ["efox", "dpoe"]
    assert by_name[f"{GROUP.replace('0', '1')} Anonym"].owners == ()


def test_sakai_without_folders(tmp_path: Path) -> None:
    found = _arranged(
        tmp_path,
        _files(
            "Unit 1/Lee, Ana(alee)_Anhang_my_hw.py",
            "Unit 1/Lee, Ana(alee)_Anhang_utils.py",
            "Unit 1/Roe, Ben(broe)_Anhang_Lee, Ana(alee)_Anhang_hw.py",
            "Unit 1/Ray, Cleo(cray)__submissionText.html",
            "Unit 1/Roe, Ben(broe)_comments.txt",
            **{"Unit 1/grades.csv": _GRADES.replace(",", ";").replace("Ben; Jr.", "Ben, Jr.")},
        ),
    )
    assert _by_student(found) == {
        "Lee, Ana": {"my_hw.py", "utils.py"},
        "Roe, Ben": {"Lee, Ana(alee)_Anhang_hw.py"},
        "Ray, Cleo": set(),
    }
    assert {o.student: o.when for o in found.offers} == {
        "Lee, Ana": "2026-03-02T10:15:00Z",
        "Roe, Ben": "2026-03-02T11:15:00.123Z",
        "Ray, Cleo": "",
    }


@pytest.mark.parametrize(
    "names",
    [
        ("Lee, Ana(alee)/hw.py", "Roe, Ben(broe)/hw.py"),  # no folder within
        ("Lee, Ana(alee)/src/hw.py", "Roe, Ben(broe)/src/hw.py"),  # nothing that Sakai adds
        ("Lee, Ana (homework)/src/hw.py", "Lee, Ana (homework)/timestamp.txt"),
        ("Lee, Ana(alee)/src/hw.py", "Lee, Ana(alee)/lib/hw.py"),
        ("Lee, Ana(alee)_hw_final.py", "Roe, Ben(broe)_hw_final.py"),
        ("Ana Lee(alee)/src/hw.py", "grades.csv"),
    ],
)
def test_names_that_only_resemble_sakai(tmp_path: Path, names: tuple[str, ...]) -> None:
    assert arrange(_entries(tmp_path, _files(*names)), "other") is None


# All systems


def test_nbgrader_and_github_name_the_student(tmp_path: Path) -> None:
    found = _arranged(tmp_path, _files("alee/unit/hw.py", "broe/unit/hw.py"), top="submitted")
    assert (found.layout, [o.owners for o in found.offers]) == (NBGRADER, [(Owner(id="alee"),), (Owner(id="broe"),)])
    for top in ("", "unit-submissions/"):
        entries = _entries(tmp_path, _files(*(f"{top}{n}/hw.py" for n in ("unit-alee", "unit-broe"))))
        clones = arrange(entries, "other", "", () if top else ("unit-alee", "unit-broe"))
        assert clones is not None and clones.layout == CLASSROOM
        assert [o.owners for o in clones.offers] == [(Owner(login="alee"),), (Owner(login="broe"),)]


def test_a_student_s_file_does_not_change_the_layout_of_a_class(tmp_path: Path) -> None:
    names = [
        f"in/{n}_55{i}_assignsubmission_file_/{f}" for i, n in enumerate(("Ana", "Ben", "Cleo")) for f in ("a.py",)
    ]
    hostile = (
        "in/Mallory_559_assignsubmission_file_/timestamp.txt",
        "in/Mallory_559_assignsubmission_file_/unit/a.py",
        "in/Mallory_559_assignsubmission_file_/submission_metadata.yml",
        "in/Mallory_559_assignsubmission_file_/Submitted files/x/y/Version 1/a.py",
    )
    for slug in ("unit", "other"):
        found = _arranged(tmp_path, _files(*names, *hostile), slug)
        assert found.layout == MOODLE and len(found.offers) == 4
    deep = [f"Name {i}_55{i}_assignsubmission_file_/unit/hw.py" for i in range(3)]
    assert _arranged(tmp_path, _files(*deep)).layout == MOODLE  # though a folder has the name of the assignment


def test_moodle_files_that_claim_to_be_of_another_student(tmp_path: Path) -> None:
    names = ("Ana_1_assignsubmission_file_hw.py", "Mal_2_assignsubmission_file_Ana_1_assignsubmission_file_hw.py")
    assert [o.number for o in _arranged(tmp_path, _files(*names)).offers] == ["1", "2"]


def test_moodle_without_names_has_no_owner_of_that_name(tmp_path: Path) -> None:
    names = ("Teilnehmer/in_1_assignsubmission_file_/a.py", "Teilnehmer/in_2_assignsubmission_file_/a.py")
    found = _arranged(tmp_path, _files(*(n.replace("r/i", "r i", 1) for n in names)))
    assert [o.owners for o in found.offers] == [(Owner(number="1"),), (Owner(number="2"),)]


def test_names_from_macos_are_composed_but_folders_are_found(tmp_path: Path) -> None:
    name = unicodedata.normalize("NFD", "7-8 - Jörg Müller - Nov 20, 2026 1011 AM")
    found = _arranged(tmp_path, _files(f"{name}/größe.py", "9-8 - Ana - Nov 20, 2026 1011 AM/a.py"))
    assert found.offers[1].student == "Jörg Müller" and found.offers[1].owners[0].name == "Jörg Müller"
    assert found.offers[1].folder == (name,)
    canvas = unicodedata.normalize("NFD", "müllerzoë_1237_98770_hw.py")
    assert [o.student for o in _arranged(tmp_path, _files(canvas)).offers] == ["müllerzoë"]
    both = (unicodedata.normalize(form, "7-8 - Zoë - Nov 20, 2026 1011 AM/ä.py") for form in ("NFC", "NFD"))
    found = _arranged(tmp_path, _files(*both))
    assert sum(len(o.files) for o in found.offers) + len(found.remarks) == 2


def test_students_are_never_mistaken_for_each_other_by_case(tmp_path: Path) -> None:
    names = ("Lee, Ana(alee)/Submission attachment(s)/a.py", "LEE, ANA(blee)/Submission attachment(s)/a.py")
    found = _arranged(tmp_path, _files(*names))
    assert len({(o.student.casefold(), o.number) for o in found.offers}) == 2


DOWNLOADS: dict[str, Files] = {
    BRIGHTSPACE: _files("1-2 - Ana Lee - Nov 20, 2026 1011 AM/hw.py", "index.html"),
    BLACKBOARD: {
        "unit_alee_attempt_2026-11-20-10-11-12_hw.py": CODE,
        "unit_alee_attempt_2026-11-20-10-11-12.txt": BOARD.format(
            name="Ana Lee (alee)", when="Friday, November 20, 2026 10:11:12 AM GMT"
        ),
    },
    GRADESCOPE: {"submission_502/hw.py": CODE, "submission_metadata.yml": SCOPE},
    GOOGLE: _files("Ana Lee - hw.py", "Ben Roe - hw.py"),
    TEAMS: _files("Submitted files/Ana Lee/unit/Version 2/hw.py", "Working files/Ana Lee/unit/hw.py"),
    ILIAS: _files("Lee_Ana_alee_3321/hw.py"),
    SAKAI: _files("Lee, Ana(alee)/添付/hw.py", **{"Lee, Ana(alee)/timestamp.txt": "2026-11-20T10:11:12Z"}),
}


@pytest.mark.parametrize("layout", DOWNLOADS)
@pytest.mark.parametrize("again", [False, True])
def test_folders_and_archives_give_the_same(tmp_path: Path, layout: str, again: bool) -> None:
    """Also if a download was unpacked and packed again, with one folder above it."""
    top = "again/" if again else ""
    root, packed = tmp_path / "in", tmp_path / "in.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in DOWNLOADS[layout].items():
            (root / top / name).parent.mkdir(parents=True, exist_ok=True)
            (root / top / name).write_text(text)
            archive.writestr(top + name, text)
    zone = read_zone("Europe/Berlin")
    unpacked, archived = (collect([p], tmp_path / p.name[-3:], "unit", zone).found for p in (root, packed))
    assert {c.layout for c in (*unpacked, *archived)} == {layout}
    assert [(c.student, c.submitted, c.owners) for c in unpacked] == [
        (c.student, c.submitted, c.owners) for c in archived
    ]
    assert "Ana" in unpacked[0].owners[0].name
    assert (unpacked[0].submitted is not None) == (layout not in (GOOGLE, TEAMS, ILIAS))
    assert [p.name for p in archived[0].path.rglob("*.py")] == ["hw.py"]


_PIECES = st.sampled_from(
    [
        *("Lee", "Ana", "alee", "3321", "Version 2", "Submitted files", "Working files", "Team 1", "unit", "submitted"),
        *("_", " - ", ", ", "(", ")", "; ", "-", " ", ".", "\n", "\u202e", "\x00", "\ud800", "e\u0301", "😀", "٣"),
        *("_attempt_2026-11-20-10-11-12", "Nov 20, 2026 1011 AM", "1-2", "_assignsubmission_file_", "LATE_", "anon_"),
        *("Submission attachment(s)", GROUP, "submission_501", "9" * 60, "Feb 31, 9999 9999 PM"),
    ]
)
_NAMES = st.lists(_PIECES, min_size=1, max_size=7).map("".join)
_LAST = st.one_of(
    st.builds("{}{}".format, _NAMES, st.sampled_from([".py", ".ipynb", ".txt", ".pdf", ""])),
    st.sampled_from(["timestamp.txt", "submission_metadata.yml", "grades.csv", "members.txt", "hw.py"]),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.lists(_NAMES, max_size=4), _LAST), max_size=8),
    st.sampled_from(["", SCOPE, _GRADES, BOARD, '"', "\x00", "Name: (alee)", "\ud800"]),
)
def test_hostile_names_and_texts(tmp_path: Path, names: list[tuple[list[str], str]], text: str) -> None:
    """Whatever the names are, no file is counted twice, and no other exception comes."""
    path = tmp_path / "text"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    entries = [Entry(parts, path) for parts in dict.fromkeys((*above, last) for above, last in names)]
    try:
        found = arrange(entries, "unit", "in")
    except AmbiguousLayoutError:
        return
    if found is None:
        return
    taken = [e.parts for o in found.offers for e in o.files.values()]
    assert len(taken) == len(set(taken))
    assert len({(o.student.casefold(), o.number) for o in found.offers}) == len(found.offers)
    on_disk = {e.parts for e in entries}
    for offer in found.offers:
        if offer.folder is not None:
            assert any(parts[: len(offer.folder)] == offer.folder for parts in on_disk)


def test_large_downloads_take_little_time(tmp_path: Path) -> None:
    path = tmp_path / "hw.py"
    path.write_text(CODE)
    made = {
        BLACKBOARD: "unit_s{0}_attempt_2026-11-20-10-11-12_hw.py",
        BRIGHTSPACE: "{0}-7 - Ana Lee - Nov 20, 2026 1011 AM/hw.py",
        ILIAS: "Lee_Ana_alee_{0}/hw.py",
        NBGRADER: "submitted/s{0}/unit/hw.py",
        SAKAI: "Lee, Ana(s{0})/Submission attachment(s)/hw.py",
        TEAMS: "Submitted files/s{0}/unit/Version 1/hw.py",
    }
    for layout, name in made.items():
        started = time.monotonic()
        found = arrange([Entry(tuple(name.format(i).split("/")), path) for i in range(1000, 6000)], "unit")
        assert found is not None and found.layout == layout and len(found.offers) == 5000
        assert time.monotonic() - started < 10
