"""The gradebook as table, CSV and JSON: grades, slip days, unknown times, and who moved."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.attempts import DAY, DUE, LATER, attempt
from helpers.commands import Ran

from autograder.cli import gradebook as commands
from autograder.exchange.gradebook import gradebook_csv, gradebook_json, moves_json
from autograder.gradebook.marks import Gradebook, make_marks, who_moved
from autograder.gradebook.policy import make_policy
from autograder.gradebook.records import Book
from autograder.submission.moments import UNKNOWN

ENTRIES: dict[str, Any] = {
    "per_day_percent": 20,
    "slip_days": 5,
    "grading_key": {"1.0": 50, "5.0": 0},
    "assignments": {"toy": {"due": DUE}},
}
BOOK = Book(
    (
        attempt(1, submitted=DUE + 2 * DAY),
        attempt(2, 5, submitted=None, source=UNKNOWN, student="ben"),
    )
)


def made(**entries: Any) -> Gradebook:
    return make_marks(BOOK, make_policy({**ENTRIES, **entries}), now=LATER)


def test_the_csv_has_columns_for_what_the_policy_has() -> None:
    rows = list(csv.DictReader(io.StringIO(gradebook_csv(made()).lstrip("\ufeff"))))
    anna, ben = ({k: v for k, v in row.items() if k not in ("name", "email", "section")} for row in rows)
    assert anna == {
        "id": "anna",
        "toy (of 20)": "10.00",
        "total %": "50.00",
        "grade": "1.0",
        "slip days spent": "2",
        "slip days left": "3",
        "time unknown": "",
        "reasons": "toy: 2 days late, 2 covered by slip days: no penalty; slip days: 2 spent here, 3 of 5 left",
    }
    assert (ben["grade"], ben["slip days left"], ben["time unknown"]) == ("5.0", "5", "toy")
    plain = make_marks(Book((attempt(1),)), make_policy({}), now=LATER)
    assert gradebook_csv(plain).splitlines()[0].endswith("section,toy (of 20),total %,reasons")


def test_the_json_has_them_all() -> None:
    data = json.loads(gradebook_json(made()))
    anna, ben = data["students"]
    assert (anna["letter"], anna["slip_days_left"], data["slip_days"]) == ("1.0", 3, 5)
    assert (anna["marks"]["toy"]["slip_days"], anna["marks"]["toy"]["time_unknown"]) == (2, False)
    assert (ben["marks"]["toy"]["slip_days"], ben["marks"]["toy"]["time_unknown"]) == (0, True)
    assert data["remarks"] == ["time unknown for 1 mark, so lateness cost nothing there"]
    plain = json.loads(gradebook_json(make_marks(Book((attempt(1),)), make_policy({}), now=LATER)))
    student = plain["students"][0]
    assert (student["letter"], student["slip_days_left"], student["marks"]["toy"]["slip_days"]) == (None, None, None)


def test_a_changed_key_moves_grades_and_a_spent_slip_day_moves_marks() -> None:
    moves = who_moved(made(), made(grading_key={"1.0": 60, "5.0": 0}))
    assert [(m.student, m.assignment, m.difference, m.letters) for m in moves] == [("anna", "", 0, ("1.0", "5.0"))]
    assert json.loads(moves_json(moves))[0]["letters"] == ["1.0", "5.0"]
    moves = who_moved(made(), made(slip_days=1))
    assert (moves[0].assignment, str(moves[0].difference), moves[0].why) == (
        "toy",
        "-2.00",
        (
            "2 days late, 1 covered by a slip day: −20 % (10 → 8)",
            "no longer: 2 days late, 2 covered by slip days: no penalty",
        ),
    )


@pytest.fixture
def course(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Held:
        def __enter__(self) -> Held:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def book(self) -> Book:
            return BOOK

    monkeypatch.setattr(commands, "open_ledger", lambda db: Held())
    monkeypatch.chdir(tmp_path)
    Path("course.toml").write_text(
        "[policy]\nper_day_percent = 20\nslip_days = 5\n[policy.grading_key]\nA = 50\nF = 0\n"
        f"[policy.assignments.toy]\ndue = {DUE.isoformat()}\n"
    )


def test_the_table_shows_grades_and_slip_days_and_says_how_many_times_are_unknown(
    course: None, command: Callable[..., Ran]
) -> None:
    ran = command("gradebook", "--verbose")
    words = " ".join(ran.out.split())
    assert ran.code == 0 and "student toy (20) total % grade slip days left" in words
    assert "anna 10.00 50.00 A 3" in words and "ben 5.00 25.00 F 5" in words
    assert "ben, toy: time unknown; slip days: 0 spent here, 5 of 5 left" in ran.out
    assert "time unknown for 1 mark, so lateness cost nothing there" in " ".join(ran.err.split())


def test_the_list_of_moves_shows_grades(course: None, command: Callable[..., Ran]) -> None:
    Path("old.toml").write_text(Path("course.toml").read_text().replace("slip_days = 5", "slip_days = 0"))
    ran = command("gradebook", "--before", "old.toml")
    assert "anna, toy: 6.00 → 10.00 (+4.00): 2 days late, 2 covered by slip days: no penalty; no longer" in ran.out
    assert "anna, total %: 30.00 → 50.00 (+20.00), grade F → A" in ran.out
