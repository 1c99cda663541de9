"""The columns of a roster, whatever program exported it, and its rows that are no students.

Read are tables of Canvas (gradebook), Moodle (participants, grading worksheet; English and German), Blackboard,
Brightspace, Gradescope and campus systems, and tables that people make.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from autograder.gradebook.records import LedgerError
from autograder.report.text import visible

# Names of columns in the order in which they are preferred.
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "id": (
        "sis user id", "orgdefinedid", "registration number", "matriculation number", "matrikelnummer",
        "student number", "student id", "sid", "id number", "id nummer", "idnumber", "id",
    ),
    "login": ("sis login id", "login id", "login", "username", "user name", "benutzername", "anmeldename"),
    "name": ("name", "student", "full name", "student name", "vollständiger name"),
    "first": ("first name", "firstname", "given name", "vorname", "first name of student"),
    "last": ("last name", "lastname", "surname", "family name", "nachname", "familienname", "family name of student"),
    "email": (
        "email", "e mail", "email address", "e mail address", "mail", "e mail adresse", "email adresse",
        "email address of student",
    ),
    "section": ("section", "sections", "group", "groups", "class", "tutorial", "gruppe", "gruppen"),
}  # fmt: skip
_NUMBER = re.compile(r"(?:[^\W\d]|[/ ])*?(\d+)")  # "Participant 88123", "Teilnehmer/in88123"
_DAMAGED = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d{1,3}")
_NOT_STUDENTS = ("manual posting", "muted")
_TEST = ("student, test", "test student", "test, student")


class RosterError(LedgerError):
    """A roster that cannot be used; the message names the line and what was expected."""


def find_columns(header: Sequence[str], where: str) -> dict[str, int]:
    """Find what each known column is called; "number" is the platform's own.

    Raises:
      RosterError: nothing tells the students apart, or two columns have the same name.
    """
    names = [_plain(h) for h in header]
    found: dict[str, int] = {}
    for field, known in _COLUMNS.items():
        at = next((names.index(k) for k in known if k in names), None)
        if at is not None:
            found[field] = at
    if "identifier" in names:  # Moodle's grading worksheet; in German it is called ID
        found["number"] = names.index("identifier")
    elif "id" in names and (names.index("id") != found["id"] or "vollständiger name" in names):
        found["number"] = names.index("id")
        if found["number"] == found["id"]:
            del found["id"]
    if not {"id", "login", "email"} & set(found):
        shown = ", ".join(visible(h, limit=40) for h in header[:12])
        raise RosterError(f"{where}: expected a column 'id', or one with logins or e-mail addresses; got {shown}")
    double = next((n for n in names if n and names.count(n) > 1), None)
    if double is not None:
        raise RosterError(f"{where}: two columns are called {visible(double)!r}")
    return found


def cell_of(cells: Sequence[str], columns: Mapping[str, int], name: str) -> str:
    """Return a cell by the name of its column; "" where there is none."""
    at = columns.get(name, len(cells))
    return cells[at].strip() if at < len(cells) else ""


def is_no_student(cells: Sequence[str], columns: Mapping[str, int]) -> bool:
    """Whether a row holds something about the columns, or the student that Canvas makes for trying things out."""
    name, id = (cell_of(cells, columns, field) for field in ("name", "id"))
    if name.casefold().startswith("points possible") and not id:
        return True
    if name.casefold() in _TEST and not id:
        return True
    return not name and not id and any(c.strip().casefold() in _NOT_STUDENTS for c in cells)


def platform_number(cell: str) -> str:
    """Return the number in a cell such as "Participant 88123"; "" where there is none."""
    found = _NUMBER.fullmatch(cell)
    return found[1] if found else ""


def is_damaged(id: str) -> bool:
    """Whether a spreadsheet program rounded a number: 7.1E+11."""
    return bool(_DAMAGED.fullmatch(id))


def _plain(header: str) -> str:
    header = header.strip("\ufeff \t").casefold()
    name = re.sub(r"\(.*\)", "", header) or header
    return re.sub(r"[\s_-]+", " ", name).strip()
