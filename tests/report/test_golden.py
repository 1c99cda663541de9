"""Rendered pages stay as they are until somebody means to change them.

Renew them with ``UPDATE_GOLDEN=1 python -m pytest tests/report/test_golden.py`` and read the difference that git shows.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from helpers.pages import pages

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", ["student.html", "student.md", "instructor.html", "class.html", "course.html"])
def test_pages_are_as_they_were(name: str) -> None:
    # The style sheet is looked at in a browser.
    text = re.sub(r"(?s)<style>.*?</style>", "<style></style>", pages()[name])
    assert str(Path.cwd()) not in text and str(Path.home()) not in text
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.exists(), "there is no golden page yet: UPDATE_GOLDEN=1 python -m pytest tests/report/test_golden.py"
    assert text.splitlines() == path.read_text(encoding="utf-8").splitlines()
