"""A served exam that is killed (-9) while students answer: every acknowledged answer is stored exactly once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from benchmarks import exam_crowd
from helpers.exam_app import write_exam
from helpers.served import ROOT, Server, answers_for, compare, shown_of, sign_in_links, store_of

from autograder.exam.forms import read_folder
from autograder.exam.responses import Change

STUDENTS, SECONDS, THINK = 10, 6.0, (0.02, 0.2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_exam(tmp_path / "forms", [f"s{number}" for number in range(STUDENTS)])


@pytest.mark.slow
def test_no_acknowledged_answer_is_lost(folder: Path, database_url: str) -> None:
    draw = Random(1)
    forms = {form.student: form for form in read_folder(folder)[1]}
    answers = {
        student: [(name, answers_for(shown, draw)) for name, shown in shown_of(form).items() for _ in range(3)]
        for student, form in forms.items()
    }
    with Server(folder, database_url) as server:
        links = sign_in_links(folder, database_url)
        plan = exam_crowd.Plan(server.base, links, answers, SECONDS, THINK, poll=1.0, reload=2.0, lost=0.2)
        path = folder / "plan.json"
        path.write_text(json.dumps(asdict(plan)))
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        crowd = subprocess.Popen([sys.executable, exam_crowd.__file__, str(path)], env=environment)
        try:
            before = _until_many(folder, database_url)
            server.kill()
            server.start()
            assert crowd.wait(timeout=SECONDS + 2 * exam_crowd.PATIENCE) == 0
        finally:
            crowd.kill()
            crowd.wait(timeout=30)
    seen = json.loads(path.with_suffix(".seen.json").read_text())
    with store_of(folder, database_url) as store:
        there, wrong = compare(seen["kept"], store, forms)
    assert wrong == [] and seen["refused"] == [] and seen["unsent"] == []
    # Whose reply was lost sent the same again: what is there was acknowledged in the end, once.
    assert there == len(seen["kept"]) > before
    assert set(seen["errors"]) > {"ReadError"}  # it was killed in the middle of it, and not only replies were lost


def _until_many(folder: Path, database_url: str) -> int:
    """Wait until they are all in the middle of it; returns how many answers there are."""
    deadline = time.monotonic() + 60
    with store_of(folder, database_url) as store:
        while len(found := store.answers()) < 3 * STUDENTS:
            assert time.monotonic() < deadline, "the students do not answer"
            time.sleep(0.05)
    return len(found)


def test_a_lost_answer_is_detected(folder: Path) -> None:
    """The comparison itself: what is missing, changed, or acknowledged for two answers is named."""
    forms = {form.student: form for form in read_folder(folder)[1]}
    with store_of(folder) as store:
        kept = store.save("s1", 1, [Change("q1", 0, False, "t1"), Change("q3", "5", False, "t2")], datetime.now(UTC))
        good = [("s1", "q1", [["q1", "0"]], "t1", kept["q1"]), ("s1", "q3", [["q3", "5"]], "t2", kept["q3"])]
        assert compare(good, store, forms) == (2, [])
        bad = [
            ("s1", "q1", [["q1", "0"]], "t1", 999),
            ("s1", "q1", [["q1", "1"]], "t1", kept["q1"]),
            ("s2", "q3", [["q3", "5"]], "t2", kept["q3"]),
            ("s1", "q3", [["q3", "5"]], "t2", kept["q3"]),
        ]
        assert len(compare(bad, store, forms)[1]) == 4
