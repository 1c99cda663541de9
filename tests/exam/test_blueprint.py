"""``exam.toml``: every key is read, and every mistake is reported with file and field."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from helpers.exams import cell, exam
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.exam.blueprint import read_exam
from autograder.exam.toml_fields import ExamError
from question_bank.item import APPROVED, DRAFT
from question_bank.marking import Rules

FULL = """
id = "final-2026"
title = "Final"
minutes = 120
grace = 30
opens = 2026-11-20T09:00:00+01:00
closes = 2026-11-20T12:00:00+01:00
attempts = 2
aids = ["one sheet"]
drafts = true
bound = 0.03
practice = ["given-out"]

[shuffle]
options = false

[marking]
multiple = "each"
ordering = "places"
penalty = 0.25
negative_total = true

[exposure]
most = 2
years = 5

[accommodations."s 1"]
percent = 25
minutes = 10
note = "on file"

[[link]]
items = ["a", "b"]

[[section]]
title = "Theory"
text = "Answer *all*."
[[section.cell]]
topic = ["relu", "softmax"]
level = "apply"
kind = ["single", "numeric"]
difficulty = [0.2, 0.6]
target = 0.4
source = "templates"
count = 3
points = 1.5
[[section.item]]
id = "a"
points = 2
[[section.task]]
assignment = "backprop"
points = 10
"""


def test_every_key_is_read(tmp_path: Path) -> None:
    (tmp_path / "exam.toml").write_text(FULL)
    found = read_exam(tmp_path / "exam.toml")
    assert (found.id, found.minutes, found.grace, found.attempts, found.aids) == (
        "final-2026",
        120,
        30,
        2,
        ("one sheet",),
    )
    assert found.opens == datetime.datetime(2026, 11, 20, 8, tzinfo=datetime.UTC)
    assert found.states == (APPROVED, DRAFT)
    assert found.rules == Rules("each", "places", 0.25)
    assert (found.negative, found.shuffle_options, found.shuffle_items) == (True, False, True)
    assert (found.bound, found.most, found.years, found.links) == (0.03, 2, 5, (("a", "b"),))
    assert found.practice == (tmp_path / "given-out",)
    [section] = found.sections
    [one] = section.cells
    assert (one.topics, one.levels, one.kinds) == (("relu", "softmax"), ("apply",), ("single", "numeric"))
    assert (one.count, one.points, one.difficulty, one.target, one.source) == (3, 1.5, (0.2, 0.6), 0.4, "templates")
    assert (section.fixed[0].id, section.fixed[0].points, section.tasks[0].assignment) == ("a", 2, "backprop")


def test_extra_time_is_percent_and_minutes(tmp_path: Path) -> None:
    (tmp_path / "exam.toml").write_text(FULL)
    found = read_exam(tmp_path / "exam.toml")
    assert found.minutes_for("s 1") == 160
    assert found.minutes_for("s 2") == 120


def test_defaults_are_strict(tmp_path: Path) -> None:
    found = exam(tmp_path, cell(1))
    assert found.states == (APPROVED,)
    assert found.rules.penalty == 0
    assert not found.negative
    assert found.most == 0


@pytest.mark.parametrize(
    ("old", "new", "field", "words"),
    [
        ('id = "final-2026"', "", "id", "is missing"),
        ('id = "final-2026"', 'id = "../etc"', "id", "lower-case words"),
        ('title = "Final"', 'title = " "', "title", "expected a text"),
        ("minutes = 120", "minutes = true", "minutes", "expected a number from 1"),
        ("minutes = 120", "minutes = nan", "minutes", "not nan"),
        ("minutes = 120", "minute = 120", "minute", "unknown entry"),
        ("opens = 2026-11-20T09:00:00+01:00", "opens = 2026-11-20T09:00:00", "opens", "with an offset"),
        ("opens = 2026-11-20T09:00:00+01:00", 'opens = "tomorrow"', "opens", "with an offset"),
        ("closes = 2026-11-20T12", "closes = 2026-11-19T12", "closes", "after opens"),
        ("attempts = 2", "attempts = 0", "attempts", "whole number from 1"),
        ("attempts = 2", "attempts = 1.5", "attempts", "whole number"),
        ('aids = ["one sheet"]', "aids = [3]", "aids", "list of texts"),
        ("drafts = true", 'drafts = "yes"', "drafts", "true or false"),
        ('multiple = "each"', 'multiple = "some"', "marking.multiple", "one of net, each, all"),
        ("penalty = 0.25", "penalty = 2", "marking.penalty", "from 0 to 1"),
        ("percent = 25", 'percent = "25"', "accommodations.s 1.percent", "expected a number"),
        ("percent = 25", "percents = 25", "accommodations.s 1.percents", "unknown entry"),
        ('items = ["a", "b"]', 'items = ["a"]', "link[1].items", "two or more"),
        ('items = ["a", "b"]', "", "link[1].items", "is missing"),
        ('level = "apply"', 'level = "guess"', "section[1].cell[1].level", "'guess'"),
        ('kind = ["single", "numeric"]', 'kind = "essay"', "section[1].cell[1].kind", "'essay'"),
        ("difficulty = [0.2, 0.6]", "difficulty = [0.6, 0.2]", "section[1].cell[1].difficulty", "[from, to]"),
        ("target = 0.4", "target = 0.9", "section[1].cell[1].target", "from 0.2 to 0.6"),
        ("count = 3", "count = 0", "section[1].cell[1].count", "whole number from 1"),
        ("count = 3", "", "section[1].cell[1].count", "is missing"),
        ("points = 1.5", "points = -1", "section[1].cell[1].points", "expected a number"),
        ("points = 10", "points = 0", "section[1].task[1].points", "expected a number"),
        ("[[section.cell]]", "[[section.cells]]", "section[1].cells", "unknown entry"),
    ],
)
def test_every_mistake_is_told_with_file_and_field(tmp_path: Path, old: str, new: str, field: str, words: str) -> None:
    path = tmp_path / "exam.toml"
    assert old in FULL
    path.write_text(FULL.replace(old, new, 1))
    with pytest.raises(ExamError) as told:
        read_exam(path)
    lines = str(told.value).splitlines()
    assert any(line.startswith(f"{path}: {field}: ") and words in line for line in lines), lines


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "exam.toml"
    path.write_text(FULL.replace("minutes = 120", "minutes = 0").replace("count = 3", "count = -3"))
    with pytest.raises(ExamError) as told:
        read_exam(path)
    assert len(str(told.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a = ", "not valid TOML"),
        ("\x00", "not valid TOML"),
        ("a = " + "[" * 5000, "not valid TOML"),
        ("a = 1" + "0" * 10_000, "not valid TOML"),
        ("section = 3", "expected [[section]]"),
        ("shuffle = 3", "shuffle: expected a table"),
        ("section = [3]", "section[1]: expected a table"),
        ("#" * 1_000_001, "larger than 1 MB"),
    ],
)
def test_invalid_files_are_reported_with_the_field(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "exam.toml"
    path.write_text(text)
    with pytest.raises(ExamError) as told:
        read_exam(path)
    assert words in str(told.value)
    assert str(path) in str(told.value)


def test_a_file_that_is_not_utf8_is_reported(tmp_path: Path) -> None:
    (tmp_path / "exam.toml").write_bytes(b'id = "\xff"')
    with pytest.raises(ExamError, match="not valid TOML"):
        read_exam(tmp_path / "exam.toml")
    with pytest.raises(ExamError, match="No such file"):
        read_exam(tmp_path / "none.toml")


def test_duplicates_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "exam.toml"
    again = FULL[FULL.index("[[section]]") :]
    path.write_text(FULL + again)
    with pytest.raises(ExamError) as told:
        read_exam(path)
    for what in ("section.title: 'Theory'", "section.item: 'a'", "section.task: 'backprop'"):
        assert what in str(told.value)


_VALUES = st.sampled_from(
    ['""', '"a"', "-1", "0", "1", "1e400", "nan", "true", "[]", "[[]]", "{}", "1979-05-27", '["a", 1]']
)
_NAMES = st.sampled_from(
    ["id", "title", "minutes", "opens", "aids", "shuffle", "marking", "section", "link", "exposure"]
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(_NAMES, _VALUES, max_size=6))
def test_no_file_breaks_the_reader(tmp_path: Path, entries: dict[str, str]) -> None:
    path = tmp_path / "exam.toml"
    path.write_text("\n".join(f"{k} = {v}" for k, v in entries.items()))
    with pytest.raises(ExamError):
        read_exam(path)
