"""The page about ``exam.toml``: its example is valid, and it explains every key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from helpers.commands import ROOT

from autograder.exam.assemble import make_form, make_plan
from autograder.exam.blueprint import read_exam
from autograder.exam.pool import ItemPool
from autograder.exam.toml_fields import Table
from question_bank.store import read_bank
from question_bank.templates import load_templates

PAGE = ROOT / "autograder" / "exam" / "BLUEPRINT.md"


def example(folder: Path) -> Path:
    """The example of the page as a file."""
    path = folder / "exam.toml"
    path.write_text(PAGE.read_text("utf-8").split("```toml\n")[1].split("```")[0], "utf-8")
    return path


def test_the_example_gives_a_form_from_the_bank_of_the_course(tmp_path: Path) -> None:
    exam = read_exam(example(tmp_path))
    plan = make_plan(exam, ItemPool(read_bank(ROOT / "question_bank" / "bank"), load_templates()))
    form = make_form(plan, b"k" * 32, "s1")
    assert exam.minutes_for("s1") == 122.5
    assert (len(form.placed), form.points, form.tasks[0].assignment) == (7, 20, "backprop")


def test_the_page_shows_and_explains_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[str] = set()
    used: set[str] = set()
    close = Table.close

    def recording_close(self: Table) -> None:
        asked.update(self._known)
        used.update(self._data)
        close(self)

    monkeypatch.setattr(Table, "close", recording_close)
    read_exam(example(tmp_path))
    tables = {"shuffle", "marking", "exposure", "accommodations", "link", "section", "cell", "item", "task"}
    explained = set(re.findall(r"`([a-z_]+)`", PAGE.read_text("utf-8").split("```")[2]))
    assert asked - used == set()
    assert asked - tables - explained == set()
