"""Wrong work by somebody who had seen neither checks nor known mistakes: the feedback names the mistake or its symptom.

``wrong/NAME/base.py`` is right; each file beside it is appended to it and redefines the functions that its first line
names.  The line that begins with ``# told:`` is the known mistake that the page names, or a part of its message.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.commands import ROOT

from autograder.assignment.load import list_assignments, load
from autograder.assignment.seed import PUBLIC
from autograder.grading.draws import Draws
from autograder.grading.grade import Session, grade_submission
from autograder.judge.bench import bench
from autograder.judge.device.evaluator import ResultCache
from autograder.results import FAILED, CheckEvidence, Result
from autograder.sandbox.bubblewrap import unsandboxed
from autograder.submission.read import read_submission

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
WRONG = Path(__file__).parent / "wrong"


@pytest.mark.parametrize("slug", list_assignments(ROOT))
def test_the_page_names_the_mistake(slug: str, tmp_path: Path) -> None:
    assignment = load(slug, ROOT)
    base = (WRONG / slug / "base.py").read_text()
    (tmp_path / "base.py").write_text(base)
    unnamed: list[str] = []
    with bench(assignment, "cpu", measure=False) as opened:
        session = Session(Draws(assignment, PUBLIC.keys(slug)), unsandboxed(), ResultCache())

        def graded(path: Path) -> Result:
            return grade_submission(read_submission(path), session, opened.evaluator, None)

        assert not [c.name for c in graded(tmp_path / "base.py").checks if c.outcome == FAILED]
        for wrong in sorted((WRONG / slug).glob("[0-9]*.py")):
            text = wrong.read_text()
            functions, told = (_line(text, word) for word in ("functions", "told"))
            (tmp_path / wrong.name).write_text(f"{base}\n\n{text}")
            checks = [c for c in graded(tmp_path / wrong.name).checks if c.outcome == FAILED]
            said = [_said(c) for c in checks if c.function in functions.split(", ")]
            if not any(told in words for words in said):
                unnamed.append(f"{wrong.name}: expected {told!r}, got {said}")
    assert not unnamed, "\n".join(unnamed)


def _line(text: str, word: str) -> str:
    return next(line.partition(": ")[2] for line in text.splitlines() if line.startswith(f"# {word}: "))


def _said(check: CheckEvidence) -> str:
    return " | ".join([check.mistake, check.message, *(case.message for case in check.cases)])
