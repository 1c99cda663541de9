"""Make a new assignment from the template."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from autograder.assignment.load import AssignmentError

TEMPLATE = Path(__file__).with_name("template")


def scaffold(slug: str, root: Path) -> list[Path]:
    """Write ``assignments/<slug>`` and ``reference/<slug>``; they validate without a change.

    Returns:
      The files, the public half first.

    Raises:
      AssignmentError: the name cannot be used, or is taken.
    """
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,40}", slug):
        raise AssignmentError(f"{slug!r} cannot name an assignment: use lower-case letters, digits and hyphens")
    made = []
    for half in ("assignments", "reference"):
        target = root / half / slug
        if target.exists():
            raise AssignmentError(f"{target} already exists: choose another name, or delete the folder")
        shutil.copytree(TEMPLATE / half, target, ignore=shutil.ignore_patterns("__pycache__"))
        made += sorted(target.iterdir())
    return made
