"""Results and marks arrive in other programs as those read them, and whatever a name holds does nothing there."""

from __future__ import annotations

import csv
import dataclasses
import datetime
import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from helpers.commands import COURSE, Ran
from helpers.results import our_fault, unreadable
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from autograder.escaping import cell, rows_text, uncell
from autograder.exchange.canvas import canvas, update
from autograder.exchange.classroom import classroom
from autograder.exchange.github import BUDGET, annotations, command, summary
from autograder.exchange.gradebook import gradebook_csv, gradebook_json
from autograder.exchange.gradescope.results import VISIBILITIES, gradescope
from autograder.exchange.junit import junit
from autograder.exchange.moodle import moodle
from autograder.gradebook.marks import Gradebook, make_marks
from autograder.gradebook.policy import make_policy
from autograder.gradebook.records import Attempt, Book, LedgerError
from autograder.gradebook.roster import Roster, Student
from autograder.result_json import from_json, to_json
from autograder.results import (
    FAILED,
    INCONCLUSIVE,
    NOT_JUDGED,
    PASSED,
    SKIPPED,
    CaseEvidence,
    CheckEvidence,
    CheckScore,
    Finding,
    Place,
    Provenance,
    Result,
    Score,
)

NASTY = [
    '=HYPERLINK("http://evil","x")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1)",
    "\t=1+1",
    "\r=1+1",
    'a;=1+1;"b"',
    "line\n=1+1",
    "＝1+1",
    "'=1",
    '"quoted", and comma',
    "bidi \u202egnp.exe\u202c",
    "esc \x1b[31m nul \0 bell \a",
    "]]> & <b onload=alert(1)> {{7*7}} ${{ secrets.KEY }}",
    "::error::forged%0A::stop-commands::x",
    "first\n::set-output name=a::b",
    "| table | `code` <img src=x> [link](javascript:1) @team #1",
    "lone \ud800 surrogate",
    "noncharacter \ufffe\uffff",
]
PROVENANCE = Provenance(
    "toy", "1", "a", "0.1", "b" * 64, "s1", "full", "cpu", seconds={"all": 1.25}, created="2026-11-20T12:00:00+00:00"
)


def check(name: str, outcome: str = PASSED, **other: Any) -> CheckEvidence:
    cases = other.pop("cases", (CaseEvidence("a", outcome, message=other.get("message", ""), public=True),))
    return CheckEvidence(name, f"title of {name}", "relu", other.pop("kind", "values"), outcome, cases, **other)


def graded(*checks: CheckEvidence, judged: bool = True, **other: Any) -> Result:
    scores = tuple(CheckScore(c.name, 4.0 if c.outcome == PASSED else 1.5, 4.0) for c in checks)
    total = Score(sum(s.points for s in scores), 4.0 * len(scores), scores, judged, "r1")
    return Result("anna.py", PROVENANCE, checks, score=total, **other)


WRONG = CaseEvidence(
    "rows",
    FAILED,
    inputs="float32[4,3]",
    error=2.0,
    tolerance=1e-5,
    place=Place("y", (2, 0), 1.0, 3.0),
    message="wrong sign",
    where="submission.py, line 12",
    public=True,
)
MIXED = graded(
    check("right"),
    check("wrong", FAILED, cases=(WRONG, CaseEvidence("columns", PASSED)), message="wrong sign", hint="mind the sign"),
    check("waits", SKIPPED, message="waits for wrong to pass"),
)
OPEN = graded(check("right"), check("ours", NOT_JUDGED, message="the worker ended"), judged=False)
UNSURE = graded(check("right"), check("speed", INCONCLUSIVE, kind="throughput"), judged=False)
UNREADABLE = Result(
    "b.py", PROVENANCE, problem=unreadable("b.py is empty"), score=Score(0, 8, (CheckScore("right", 0, 8),), True, "r")
)
FAULT = Result("c.py", PROVENANCE, problem=our_fault("no disk"))


def nasty(text: str) -> Result:
    case = dataclasses.replace(WRONG, label=text, message=text, advice=text, inputs=text, code=text, where=text)
    wrong = CheckEvidence(text, text, text, "values", FAILED, (case,), message=text, hint=text, mistake=text)
    provenance = dataclasses.replace(PROVENANCE, assignment=text, seed=text, device=text, sandbox=text)
    result = graded(wrong, findings=(Finding("violation", text, text, text, text),), output=text)
    return dataclasses.replace(result, submission=text, provenance=provenance)


def attempt(number: int, student: str, points: str, assignment: str = "toy") -> Attempt:
    now = datetime.datetime(2026, 11, 20, tzinfo=datetime.UTC)
    about = (number, student, assignment, "assignment", "b" * 64, "x.py", now, "platform", now)
    return Attempt(*about, "s1", "0.1", "full", "", Decimal(points), Decimal(20), True, "r1")


def book(*students: Student, points: str = "12.345") -> Gradebook:
    attempts = [attempt(i, s.id, points) for i, s in enumerate(students, 1)]
    return make_marks(Book(tuple(attempts)), make_policy({"decimals": 3}), Roster(students))


ANNA = Student("s1", "Lee, Anna", "anna@x.edu", "A", {"Canvas ID": "4711"})


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


# Spreadsheets.


def _formula(value: str) -> bool:
    """Whether a spreadsheet may take a cell for a formula."""
    return value.strip(' "\u00a0\ufeff').startswith(tuple("=+-@|＝＋－＠\t\r\n"))


@given(st.text())
@example("'=1")
@example('a;=1+1;"b"')
@example('a; "=1')
@example("''\t=1")
@example(";'\n'=")
def test_cells_are_inert_and_come_back(value: str) -> None:
    value = value.replace("\0", "")
    safe = cell(value)
    assert uncell(safe) == value
    assert not any(_formula(part) for part in re.split(r"[;\t\r\n]", safe) if part)
    assert not safe.startswith(("\t", "\r", "\n"))


@pytest.mark.parametrize("value", NASTY)
def test_nasty_cells_one_by_one(value: str) -> None:
    written = rows_of(rows_text([[value, "next"]]))
    assert len(written) == 1 and written[0][1] == "next"  # nothing broke out of its cell
    assert not any(_formula(part) for part in re.split(r"[;\t\r\n]", written[0][0]) if part)
    assert uncell(written[0][0]) == value.replace("\0", "\ufffd")


def test_numbers_stay_numbers() -> None:
    assert rows_text([[Decimal("-1.50"), 3, None, "-1.50", Decimal("1E+3")]]) == "-1.50,3,,'-1.50,1000\r\n"


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("render", [gradebook_csv, canvas, moodle])
def test_nasty_people_in_a_gradebook(render: Callable[[Gradebook], str], text: str) -> None:
    people = book(Student("s1", text, text, text), Student("s2", "Ben"))
    written = rows_of(render(people))
    assert len({len(row) for row in written}) == 1 and written[-1][-1] is not None
    assert [r for r in written if "s2" in r] and len(written) == (4 if render is canvas else 3)
    for row in written:
        assert not any(_formula(part) for value in row for part in re.split(r"[;\t\r\n]", value) if part), row
        assert not any(c in value for value in row for c in "\u202e\x1b\0\a")


def test_the_gradebook_as_csv_and_json() -> None:
    text = gradebook_csv(book(ANNA))
    assert text.startswith("\ufeffid,name,email,section,toy (of 20),total %,reasons\r\n")
    assert rows_of(text)[1] == ["s1", "Lee, Anna", "anna@x.edu", "A", "12.345", "61.725", ""]
    student = json.loads(gradebook_json(book(ANNA)))["students"][0]
    assert (student["total"], student["marks"]["toy"]["points"]) == ("61.725", "12.345")
    for name in NASTY:
        read = json.loads(gradebook_json(book(Student("s1", name))))
        assert read["students"][0]["name"] == name


# Canvas and Moodle.


def _canvas_reads(text: str) -> tuple[list[str], dict[str, str], dict[str, list[str]]]:
    """What Canvas' importer makes of a file, by the rules of its ``GradebookImporter``."""
    header, *rows = rows_of(text)
    assert len(header) > 3 and "Student" in header[0] and "ID" in header[1]
    count = 3
    if re.search(r"SIS\s+Login\s+ID", header[2]):
        count += 1
    elif re.search(r"SIS\s+User\s+ID", header[2]) and re.search(r"SIS\s+Login\s+ID", header[3]):
        count += 2
        count += bool(len(header) > 4 and re.search(r"Integration\s+ID", header[4]))
        count += bool(len(header) > count - 1 and re.search(r"Root\s+Account", header[count - 1]))
    assert "Section" in header[count - 1], "Canvas: invalid header row"
    possible: dict[str, str] = {}
    students = {}
    for row in rows:
        if "Points Possible" in row[0]:
            possible = dict(zip(header[count:], row[count:], strict=True))
        elif any(not re.fullmatch(r"\s*(Muted|Manual Posting.*)?\s*", c, re.IGNORECASE) for c in row if c):
            students[row[0]] = row[1:count] + row[count:]
    return header[count:], possible, students


def test_canvas_reads_what_we_write() -> None:
    columns, possible, students = _canvas_reads(canvas(book(ANNA, Student("s2", "Ben", "ben@x.edu"))))
    assert columns == ["toy"] and possible == {"toy": "20.00"}
    assert students == {
        "Lee, Anna": ["4711", "s1", "anna@x.edu", "A", "12.35"],  # two decimals there, a half goes up
        "Ben": ["", "s2", "ben@x.edu", "", "12.35"],
    }


EXPORT = (
    "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Notes,Toy Task (101),Essay (102),Toy Task Current Score\r\n"
    ",,,,,,Manual Posting,,\r\n"
    "    Points Possible,,,,,,20.00,10.00,(read only)\r\n"
    '"Lee, Anna",4711,,,A,nice,3.00,7.00,30\r\n'
    '"Ode, Ben",4712,s2,,A,,,5.00,\r\n'
    '"Kim, Cem",4713,,s3,B,,EX,1.00,\r\n'
    "=Eve(),4714,s99,eve,B,,2.00,1.00,\r\n"
    '"Student, Test",4715,,abc,B,,,,\r\n'
)


def test_an_export_of_canvas_is_brought_up_to_date() -> None:
    ours = book(ANNA, Student("s2", "Ben"), Student("s3", "Cem"), Student("s4", "Dora"))
    made = update(EXPORT.encode(), ours, titles={"toy": "Toy Task"})
    columns, possible, students = _canvas_reads(made.text)
    assert columns == ["Toy Task (101)"] and possible == {"Toy Task (101)": "20.00"}  # nothing but ours
    assert {name: row[-1] for name, row in students.items()} == {
        "Lee, Anna": "12.35",
        "Ode, Ben": "12.35",
        "Kim, Cem": "EX",  # excused in Canvas stays excused
        "'=Eve()": "2.00",  # not ours: as it was
        "Student, Test": "",
    }
    assert students["Lee, Anna"][0] == "4711" and made.changed == 2
    assert made.remarks == (
        "line 7: =Eve() is not in our gradebook: row unchanged",
        "line 8: Student, Test is not in our gradebook: row unchanged",
        "s4 has marks, but is not in the Canvas export",
    )
    other = update(EXPORT.replace("20.00", "25.00").encode(), ours, titles={"toy": "Toy Task"})
    assert "toy is worth 20 points here, but 25.00 in Canvas" in other.remarks
    assert "Canvas has no column for toy" in update(EXPORT.encode(), ours).remarks
    assert update(EXPORT.replace(",", ";").encode(), ours, titles={"toy": "toy task"}).changed == 2
    with pytest.raises(LedgerError, match="expected a Canvas gradebook export"):
        update(b"a,b\n1,2\n", ours)


def test_moodle_gets_identity_grade_and_feedback() -> None:
    header, row = rows_of(moodle(book(ANNA)))
    assert header == ["ID number", "Email address", "Full name", "toy", "toy feedback"]
    assert row == ["s1", "anna@x.edu", "Lee, Anna", "12.345", ""]
    nobody = make_marks(Book((attempt(1, "s2", "5"),)), make_policy({}), Roster((ANNA,)))
    assert rows_of(moodle(nobody))[1][3:] == ["", "nothing handed in"]  # an empty grade changes nothing there
    assert rows_of(moodle(nobody, feedback=False))[0][-1] == "toy"


# Gradescope and GitHub Classroom.

_TEXT, _NUMBER = str, (int, float)
GRADESCOPE = {
    "score": _NUMBER,
    "execution_time": _NUMBER,
    "output": _TEXT,
    "output_format": {"text", "html", "simple_format", "md", "ansi"},
    "test_output_format": {"text", "html", "simple_format", "md", "ansi"},
    "test_name_format": {"text", "html", "simple_format", "md", "ansi"},
    "visibility": set(VISIBILITIES),
    "stdout_visibility": set(VISIBILITIES),
    "extra_data": dict,
    "tests": list,
}
GRADESCOPE_TEST = {
    "score": _NUMBER,
    "max_score": _NUMBER,
    "status": {"passed", "failed"},
    "name": _TEXT,
    "name_format": {"text"},
    "number": _TEXT,
    "output": _TEXT,
    "output_format": {"text"},
    "tags": list,
    "visibility": set(VISIBILITIES),
    "extra_data": dict,
}


def _conforms(data: dict[str, Any], specification: dict[str, Any]) -> None:
    for key, value in data.items():
        allowed = specification[key]
        assert value in allowed if isinstance(allowed, set) else isinstance(value, allowed), (key, value)
        assert not isinstance(value, bool)


@pytest.mark.parametrize(
    "result", [MIXED, OPEN, UNSURE, UNREADABLE, FAULT, *map(nasty, NASTY)], ids=lambda r: ascii(r.submission)
)
def test_gradescope_results_conform_to_the_specification(result: Result) -> None:
    data = json.loads(gradescope(result, assignment_title="Toy"))
    _conforms(data, GRADESCOPE)
    for test in data["tests"]:
        _conforms(test, GRADESCOPE_TEST)
    assert "leaderboard" not in data
    assert data["stdout_visibility"] == "hidden"
    text = json.dumps(data, ensure_ascii=False)
    assert not any(c in text for c in "\u202e\x1b\a\ud800")


def test_gradescope_points_and_words() -> None:
    data = json.loads(gradescope(MIXED, assignment_title="Toy", visibility="after_published"))
    assert data["score"] == 7.0 and data["visibility"] == "after_published"
    assert "execution_time" not in data  # it differs from one grading to the next
    assert [(t["score"], t["max_score"], t["status"]) for t in data["tests"]] == [
        (4.0, 4.0, "passed"),
        (1.5, 4.0, "failed"),
        (1.5, 4.0, "failed"),
    ]
    said = data["tests"][1]["output"]
    assert "Wrong sign" in said and "mind the sign" in said and "expected 1, yours 3" in said
    assert "submission.py, line 12" in said
    with pytest.raises(ValueError, match="expected one of visible, hidden"):
        gradescope(MIXED, assignment_title="Toy", visibility="secret")


@pytest.mark.parametrize("result", [OPEN, UNSURE, FAULT], ids=["not judged", "not settled", "fault"])
def test_no_score_leaves_us_while_something_is_open(result: Result) -> None:
    data = json.loads(gradescope(result, assignment_title="Toy"))
    assert "score" not in data and not any("score" in t for t in data["tests"])
    assert "our fault" in data["output"] or "measured again" in data["output"]
    runner = json.loads(classroom(result))
    assert runner["status"] == "error" and runner["max_score"] == 0 and not any(t["score"] for t in runner["tests"])


def test_classroom_as_the_reporter_reads_it() -> None:
    runner = json.loads(classroom(MIXED))
    assert (runner["version"], runner["status"], runner["max_score"]) == (1, "fail", 12)
    assert sum(t["score"] for t in runner["tests"]) == 7.0
    assert [t["status"] for t in runner["tests"]] == ["pass", "fail", "fail"]
    assert (runner["tests"][1]["filename"], runner["tests"][1]["line_no"]) == ("submission.py", 12)
    assert json.loads(classroom(graded(check("right"))))["status"] == "pass"
    unreadable = json.loads(classroom(UNREADABLE))
    assert (unreadable["status"], unreadable["max_score"], len(unreadable["tests"])) == ("fail", 8, 1)
    assert "b.py is empty" in unreadable["tests"][0]["message"]


# JUnit: the elements and attributes of Jenkins' junit-10 schema.

_MESSAGE = ({"type", "message"}, set(), set())
JUNIT: dict[str, tuple[set[str], set[str], set[str]]] = {  # allowed attributes, required ones, children
    "testsuites": ({"name", "time", "tests", "failures", "errors"}, set(), {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors", "group", "time", "skipped", "timestamp", "hostname", "id", "package"},
        {"name", "tests", "failures", "errors"},
        {"testsuite", "properties", "testcase", "system-out", "system-err"},
    ),
    "properties": (set(), set(), {"property"}),
    "property": ({"name", "value"}, {"name", "value"}, set()),
    "testcase": (
        {"name", "time", "classname", "group"},
        {"name"},
        {"skipped", "error", "failure", "system-out", "system-err"},
    ),
    "failure": _MESSAGE,
    "error": _MESSAGE,
    "skipped": _MESSAGE,
}


def _valid(element: ET.Element) -> None:
    allowed, required, children = JUNIT[element.tag]
    assert required <= set(element.attrib) <= allowed, element.attrib
    for child in element:
        assert child.tag in children, f"{child.tag} in {element.tag}"
        _valid(child)


@pytest.mark.parametrize(
    "result", [MIXED, OPEN, UNSURE, UNREADABLE, FAULT, *map(nasty, NASTY)], ids=lambda r: ascii(r.submission)
)
def test_junit_is_valid_whatever_it_holds(result: Result) -> None:
    text = junit([result, MIXED], name=result.submission)
    root = ET.fromstring(text.encode("utf-8"))
    _valid(root)
    assert len(root) == 2 and not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\u202e\ufffe\uffff]", text)


def test_junit_counts_what_failed_and_what_was_skipped() -> None:
    root = ET.fromstring(junit([MIXED, OPEN, UNREADABLE, FAULT], name="toy").encode())
    assert [(s.get("tests"), s.get("failures"), s.get("errors"), s.get("skipped")) for s in root] == [
        ("3", "1", "0", "1"),
        ("2", "0", "1", "0"),
        ("1", "1", "0", "0"),
        ("1", "0", "1", "0"),
    ]
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("7", "2", "2")
    assert root.get("time") is None and root[0].get("timestamp") is None  # they differ from one grading to the next
    failure = root[0].find("testcase/failure")
    assert failure is not None and failure.get("message") == "Wrong sign" and "mind the sign" in (failure.text or "")
    assert root[0].find("properties/property[@name='points']").get("value") == "7"  # type: ignore[union-attr]
    assert root[1].find("properties/property[@name='points']") is None


# GitHub.


def _commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """What the runner makes of the lines: level, properties, message."""
    found = []
    for line in re.split("[\r\n]", text):
        match = re.match(r"::(?P<level>[a-z-]+)(?: (?P<properties>.*?))?::(?P<message>.*)", line)
        if match:
            pairs = [p.split("=", 1) for p in (match["properties"] or "").split(",") if p]
            decoded = {k: _decoded(v) for k, v in pairs}
            found.append((match["level"], decoded, _decoded(match["message"])))
    return found


def _decoded(text: str) -> str:
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, character)
    return text


def test_annotations_point_at_the_line() -> None:
    [(level, properties, message)] = _commands(annotations(MIXED))
    assert level == "error"
    assert properties == {"file": "submission.py", "line": "12", "title": "relu: title of wrong"}
    assert message.splitlines()[:2] == ["Wrong sign", "mind the sign"]
    assert _commands(annotations(MIXED, file="work/hw1.py"))[0][1]["file"] == "work/hw1.py"
    assert [c[0] for c in _commands(annotations(OPEN))] == ["warning"]
    assert _commands(annotations(UNREADABLE))[0][2].endswith("b.py is empty")
    assert [c[0] for c in _commands(annotations(FAULT))] == ["warning"]
    assert annotations(graded(check("right"))) == ""


@pytest.mark.parametrize("text", NASTY)
def test_nasty_texts_forge_no_command(text: str) -> None:
    printed = annotations(nasty(text))
    assert [level for level, _, _ in _commands(printed)] == ["error"]
    assert len(printed.splitlines()) == 1 and not any(c in printed for c in "\u202e\x1b\0")


@given(st.text(), st.text(), st.text())
def test_one_command_is_one_line(message: str, title: str, file: str) -> None:
    line = command("error", message, title=title, file=file)
    assert len(_commands(line)) == 1 and not re.search("[\r\n]", line)
    assert set(_commands(line)[0][1]) <= {"file", "title"}


def test_commands_are_escaped_as_the_runner_wants() -> None:
    line = command("error", "50 %: a, b\nc", title="a::b, c=d", file="x,line=9::.py", line=3)
    assert line == "::error file=x%2Cline=9%3A%3A.py,line=3,title=a%3A%3Ab%2C c=d::50 %25: a, b%0Ac"


def test_no_more_annotations_than_are_shown() -> None:
    many = graded(*(check(f"c{i}", FAILED, message="wrong") for i in range(30)))
    found = _commands(annotations(many))
    assert len(found) == 10 and found[-1][2] == "21 more: see the summary of this job"


@pytest.mark.parametrize("text", NASTY)
def test_summaries_are_inert(text: str) -> None:
    both = summary([nasty(text), MIXED], assignment_title=text)
    assert len([line for line in both.splitlines() if line.startswith("| ")]) == 3  # one line each
    for page in (both, summary([nasty(text)])):
        tokens = MarkdownIt("commonmark").enable("table").parse(page)
        inner = [t for token in tokens for t in (token, *(token.children or ()))]
        assert not {t.type for t in inner} & {"html_inline", "html_block", "link_open", "image"}
        assert not any(c in page for c in "\u202e\x1b\0")
        assert "@team" not in "".join(t.content for t in tokens if t.type == "inline" and "`" not in t.content)


def test_a_summary_fits() -> None:
    page = summary([dataclasses.replace(MIXED, submission="x" * 1500)] * 900)
    assert len(page.encode()) < BUDGET + 200 and page.endswith("The rest does not fit in a job summary.\n")
    assert "Worth" not in summary([MIXED]) and "title of wrong" in summary([MIXED], assignment_title="Toy")


# The command.


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    results = tmp_path / "graded" / "results"
    results.mkdir(parents=True)
    for name, result in (("anna", MIXED), ("ben", dataclasses.replace(OPEN, submission="ben.py"))):
        (results / f"{name}.json").write_text(to_json(result))
    return tmp_path / "graded"


def test_export_writes_each_format(
    folder: Path, command: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    course = ("--root", COURSE)
    assert command("export", folder, "--format", "junit", "-o", tmp_path / "j.xml", *course).code == 0
    _valid(ET.parse(tmp_path / "j.xml").getroot())
    ran = command("export", folder, "--format", "json", *course)
    assert [from_json(json.dumps(r)).submission for r in json.loads(ran.out)] == ["anna.py", "ben.py"]
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    ran = command("export", folder, "--format", "github", *course)
    assert [c[0] for c in _commands(ran.out)] == ["error", "warning"]
    assert "| ben\\.py | open |" in (tmp_path / "summary.md").read_text()
    for form in ("gradescope", "classroom"):
        ran = command("export", folder, "--format", form, *course)
        assert ran.code == 2 and "one file for each of 2 submissions" in " ".join(ran.err.split())
        assert command("export", folder, "--format", form, "-o", tmp_path / form, *course).code == 0
        assert sorted(p.name for p in (tmp_path / form).iterdir()) == ["anna.json", "ben.json"]
    (folder / "results" / "ben.json").unlink()
    ran = command("export", folder, "--format", "gradescope", *course)
    assert json.loads(ran.out)["score"] == 7.0
    ran = command("export", folder, "--format", "abacus", *course)
    assert ran.code == 2 and "unknown format 'abacus'" in ran.err
