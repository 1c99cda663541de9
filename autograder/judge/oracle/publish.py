"""Publish an assignment: copy what students get, with the answers of the self-check."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from autograder.assignment.load import Assignment
from autograder.assignment.plan import make_plan
from autograder.assignment.published import published_settings
from autograder.assignment.seed import PUBLIC
from autograder.judge.oracle.expected import PUBLIC_FILE, ask_oracle


def publish(assignment: Assignment, target: Path) -> None:
    """Copy the public half, with ``submission.py`` to fill in and answers for the self-check.

    Raises:
      ReferenceFailedError: the reference cannot be computed.
    """
    target.mkdir(parents=True, exist_ok=True)
    ignored = shutil.ignore_patterns("__pycache__", PUBLIC_FILE)
    shutil.copytree(assignment.folder, target, ignore=ignored, dirs_exist_ok=True)
    settings = target / "assignment.toml"
    text = published_settings(assignment.folder / "assignment.toml")
    if not re.search(r"^slug\s*=", text, re.MULTILINE):
        text = f'slug = "{assignment.slug}"\n{text}'
    settings.write_text(text)
    shutil.copyfile(target / "starter.py", target / "submission.py")
    shipped = assignment.folder / PUBLIC_FILE
    if assignment.reference is not None:
        ask_oracle(make_plan(assignment, PUBLIC.keys(assignment.slug)), target / PUBLIC_FILE)
    elif shipped.exists():
        shutil.copyfile(shipped, target / PUBLIC_FILE)
