"""The columns and rows of a roster, whatever program exported it.

Known are the tables of Canvas (gradebook), Moodle (participants and grading worksheet, in English and German),
Blackboard, Brightspace, Gradescope, GitHub Classroom and campus systems, and those that people make.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from autograder.gradebook.records import LedgerError, label
from autograder.report.text import visible

ID, NUMBER, LOGIN, EMAIL, SECTION = "id", "number", "login", "email", "section"
NAME, FIRST, LAST = "name", "first", "last"

# Names of columns in the order in which they are preferred, as ``_plain`` writes them.
_NAMES: Mapping[str, tuple[str, ...]] = {
    ID: (
        "sis user id", "orgdefinedid", "registration number", "matriculation number", "matrikelnummer", "matrikelnr",
        "matrikel nr", "matr nr", "matrikel", "student number", "student id", "sid", "id number", "id nummer",
        "idnumber", "roster identifier", "id",
    ),
    LOGIN: (
        "sis login id", "login id", "login", "username", "user name", "benutzername", "anmeldename", "nutzername",
        "kennung", "github username",
    ),
    NAME: ("name", "student", "full name", "student name", "vollständiger name"),
    FIRST: ("first name", "firstname", "given name", "vorname"),
    LAST: ("last name", "lastname", "surname", "family name", "nachname", "familienname"),
    EMAIL: (
        "email", "e mail", "email address", "e mail address", "mail", "e mail adresse", "email adresse", "mailadresse",
    ),
    SECTION: ("section", "sections", "group", "groups", "class", "tutorial", "gruppe", "gruppen"),
}  # fmt: skip
_EXPECTED = "'id' (or 'student id', 'SIS User ID', 'ID number', 'Matrikelnummer', 'REGISTRATION_NUMBER')"
_OF_CANVAS = {"sis user id", "sis login id", "integration id", "root account"}
_OF_WORKSHEET = {"grade can be changed", "bewertung kann geändert werden", "bestwertung", "zuletzt geändert"}
_PARTICIPANT = re.compile(r"teilnehm[^\W\d]{0,20}[/:*_ ]\D{0,10}\d{1,20}", re.IGNORECASE)  # "Teilnehmer/in88123"
_NUMBER_LAST = re.compile(r"\D{0,40}(\d{1,20})", re.ASCII)
_DAMAGED = re.compile(r"\d(?:[.,]\d+)?E\+\d{1,3}|\d[.,]\d+E\d{1,3}", re.IGNORECASE | re.ASCII)
_AS_TEXT = re.compile(r'="([^"]*)"')  # how a spreadsheet is made to keep leading zeros
_END_OF_LINE = "end of line indicator"  # the last column of Brightspace
_ABOUT_COLUMNS = ("manual posting", "muted")
_TEST_STUDENTS = ("student, test", "test student", "test, student")


class RosterError(LedgerError):
    """A roster that cannot be used, or a student who cannot be told from it; the message says what was expected."""


@dataclass(frozen=True)
class Student:
    """One line of a roster.

    Attributes:
      id: the number that the school gave; where the table has none, the login, else the e-mail address.
      more: the other columns, among them the login; Canvas' own ID is called "Canvas ID" there.
      login: the name for signing in.
      numbers: what learning platforms call the student, such as Canvas' ID.
    """

    id: str
    name: str = ""
    email: str = ""
    section: str = ""
    more: Mapping[str, str] = field(default_factory=dict)
    login: str = ""
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Columns:
    """Where a table holds what.

    Attributes:
      at: the places of the known columns.
      canvas: whether Canvas exported the table, so that its own ID may stand in for a missing id.
    """

    header: tuple[str, ...]
    at: Mapping[str, int]
    canvas: bool = False

    def cell(self, cells: Sequence[str], name: str) -> str:
        """Return the cell of a known column; "" where there is none."""
        at = self.at.get(name, len(cells))
        return cells[at].strip() if at < len(cells) else ""


def find_columns(header: Sequence[str], where: str) -> Columns:
    """Find the known columns of a table.

    Raises:
      RosterError: nothing tells the students apart, or two columns of the same name do.
    """
    names = [_plain(h) for h in header]
    at = {kind: names.index(k) for kind, known in _NAMES.items() if (k := _first(known, names))}
    canvas = "id" in names and bool(_OF_CANVAS & set(names))
    if canvas or ("id" in names and _OF_WORKSHEET & set(names)):
        at[NUMBER] = names.index("id")
    if "identifier" in names:
        at[ID if "github username" in names else NUMBER] = names.index("identifier")
    if at.get(ID) == at.get(NUMBER):
        at.pop(ID, None)
    elif names[:2] == ["student", "id"] or names[:3] == [
        "lastname",
        "firstname",
        "id",
    ]:  # perhaps of Canvas, without the school's numbers
        at.setdefault(NUMBER, names.index("id"))
    if not {ID, LOGIN, EMAIL} & set(at) and not canvas:
        shown = ", ".join(visible(h, limit=40) for h in header[:12])
        raise RosterError(f"{where}: expected a column {_EXPECTED}, 'login' or 'email', got {shown}")
    double = next((names[i] for i in at.values() if names.count(names[i]) > 1), None)
    if double is not None:
        raise RosterError(f"{where}: two columns are called {visible(double)!r}")
    return Columns(tuple(header), at, canvas)


def is_no_student(cells: Sequence[str], columns: Columns) -> bool:
    """Whether a row is about the columns, or holds the student that Canvas makes for trying things out."""
    if columns.cell(cells, ID) and ID in columns.at and columns.at[ID] != columns.at.get(NUMBER):
        return False  # a number of the school: somebody may have that name
    name = (columns.cell(cells, NAME) or f"{columns.cell(cells, LAST)}, {columns.cell(cells, FIRST)}").casefold()
    if name in _TEST_STUDENTS:
        return columns.canvas or columns.at.get(ID, -1) == columns.at.get(NUMBER)
    if any(columns.cell(cells, kind) for kind in (ID, LOGIN, EMAIL, NUMBER)):
        return False
    said = any(c.strip().casefold().startswith(_ABOUT_COLUMNS) for c in cells)
    return name.startswith("points possible") or (said and not name.strip(", "))


def make_student(cells: Sequence[str], columns: Columns, where: str) -> Student:
    """Read one line.  Raises RosterError: it has no id, or a spreadsheet program has changed it."""
    told = {kind: _inner(columns.cell(cells, kind)) for kind in (ID, NUMBER, LOGIN)}
    for kind, text in told.items():
        if is_damaged(text):
            shown = visible(columns.header[columns.at[kind]], limit=40)
            raise RosterError(
                f"{where}: the {shown} {text} was changed by a spreadsheet program, which rounds long numbers: "
                "export the table again, and format this column as text before you save it"
            )
    id, login, email = told[ID].lstrip("#"), told[LOGIN].lstrip("#"), columns.cell(cells, EMAIL)
    if _PARTICIPANT.fullmatch(id):  # Moodle's grading worksheet, whose first column is called ID in German
        id, told[NUMBER] = "", id
    number = platform_number(told[NUMBER])
    id = id or login or (email if "@" in email else "") or (number if columns.canvas else "")
    if not id:
        raise RosterError(f"{where}: the id is missing")
    try:
        id = label(id, "id")
    except LedgerError as error:
        raise RosterError(f"{where}: {error}") from None
    name = columns.cell(cells, NAME) or " ".join(filter(None, (columns.cell(cells, k) for k in (FIRST, LAST))))
    section = columns.cell(cells, SECTION)
    return Student(id, name, email, section, _more(cells, columns), login, (number,) if number else ())


def platform_number(text: str) -> str:
    """Return the number in a text such as "88123" or "Participant 88123"; "" where there is none."""
    found = _NUMBER_LAST.fullmatch(text.strip())
    return found[1] if found else ""


def is_damaged(id: str) -> bool:
    """Whether a spreadsheet program rounded a number: 7.1E+11."""
    return bool(_DAMAGED.fullmatch(id))


def plain_header(header: str) -> str:
    """Return the name of a column in lower case, with single spaces for spaces, underscores and hyphens."""
    return re.sub(r"[\s_.-]+", " ", header.strip("\ufeff").casefold()).strip()


def _plain(header: str) -> str:
    """Make the names of a column alike: without words in brackets, and without the campus system's "of student"."""
    name = plain_header(header)
    return (re.sub(r" ?\([^()\d]*\)", "", name) or name).removesuffix(" of student")


def _first(known: Sequence[str], names: Sequence[str]) -> str | None:
    return next((k for k in known if k in names), None)


def _inner(cell: str) -> str:
    found = _AS_TEXT.fullmatch(cell)
    return found[1].strip() if found else cell


def _more(cells: Sequence[str], columns: Columns) -> dict[str, str]:
    known = {columns.at[kind] for kind in (ID, NAME, FIRST, LAST, EMAIL, SECTION) if kind in columns.at}
    more: dict[str, str] = {}
    for i, (header, cell) in enumerate(zip(columns.header, cells, strict=False)):
        name = "Canvas ID" if columns.canvas and i == columns.at.get(NUMBER) else header.strip()
        if i not in known and name and plain_header(name) != _END_OF_LINE and not more.get(name):
            more[name] = cell.strip()
    return more
