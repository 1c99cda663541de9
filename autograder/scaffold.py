"""Make what authors begin with, and copy what students get."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from autograder.answers import PUBLIC_FILE, ask_oracle
from autograder.assignment import Assignment
from autograder.plan import PUBLIC, make_plan

TEMPLATE = Path(__file__).with_name("template")


def scaffold(slug: str, root: Path) -> list[Path]:
    """Write ``assignments/<slug>`` and ``reference/<slug>``; they validate as they are.

    Raises:
      ValueError: for a name that cannot be used, or is taken.
    """
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,40}", slug):
        raise ValueError(f"{slug!r} cannot name an assignment: use lower-case letters, digits and hyphens")
    made = []
    for half in ("assignments", "reference"):
        target = root / half / slug
        if target.exists():
            raise ValueError(f"{target} is there already")
        shutil.copytree(TEMPLATE / half, target, ignore=shutil.ignore_patterns("__pycache__"))
        made += sorted(target.iterdir())
    return made


def publish(assignment: Assignment, target: Path) -> None:
    """Copy the public half, with ``submission.py`` to fill in and answers for the self-check.

    Raises:
      ReferenceFailed: when the reference cannot be computed.
    """
    target.mkdir(parents=True, exist_ok=True)
    ignored = shutil.ignore_patterns("__pycache__", PUBLIC_FILE)
    shutil.copytree(assignment.folder, target, ignore=ignored, dirs_exist_ok=True)
    settings = target / "assignment.toml"
    text = settings.read_text()
    if not re.search(r"^slug\s*=", text, re.MULTILINE):
        settings.write_text(f'slug = "{assignment.slug}"\n{text}')
    shutil.copyfile(target / "starter.py", target / "submission.py")
    shipped = assignment.folder / PUBLIC_FILE
    if assignment.reference is not None:
        ask_oracle(make_plan(assignment, PUBLIC), target / PUBLIC_FILE)
    elif shipped.exists():
        shutil.copyfile(shipped, target / PUBLIC_FILE)
