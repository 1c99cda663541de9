"""Who is meant: by id, else the platform's number, the login, the e-mail address or the name.

A stronger key that fits one person wins over a weaker one; keys that name two people, and names that fit two, name
nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

from autograder.gradebook.roster import Roster, Student
from autograder.gradebook.roster_columns import RosterError
from autograder.report.text import visible

ID, NUMBER, LOGIN, EMAIL, NAME = "id", "number of the platform", "login", "e-mail", "name"


@dataclass(frozen=True)
class Claim:
    """What a hand-in says of its owner; what it does not say is empty."""

    name: str = ""
    id: str = ""
    login: str = ""
    email: str = ""
    number: str = ""


@dataclass(frozen=True)
class Match:
    """The student who is meant, and what told."""

    student: Student
    by: str


def identify(roster: Roster, claim: Claim) -> Match:
    """Find the student who is meant.

    Raises:
      RosterError: nobody fits, several do, or what the hand-in says points to different people.
    """
    found: dict[str, Student] = {}
    for by, key in ((ID, claim.id), (LOGIN, claim.login), (EMAIL, claim.email)):
        if key and (student := roster.known_as(by, key)) is not None:
            found[by] = student
    if claim.number and (id := roster.numbered(claim.number)) is not None:
        found[NUMBER] = roster.named(id)
    if len({s.id for s in found.values()}) > 1:
        who = ", ".join(f"{by} of {visible(s.id)}" for by, s in sorted(found.items()))
        raise RosterError(f"{visible(claim.name, limit=100)}: it has the {who}: correct the roster or collected.csv")
    by_key = next(((by, found[by]) for by in (ID, NUMBER, LOGIN, EMAIL) if by in found), None)
    if by_key is not None:
        return Match(by_key[1], by_key[0])
    return _by_name(roster, claim)


def _by_name(roster: Roster, claim: Claim) -> Match:
    id = claim.id or claim.name
    shorter = [s.id for s in roster.students if s.id != id and s.id.isdigit() and s.id.lstrip("0") == id.lstrip("0")]
    try:
        student = roster.find(claim.name)
    except RosterError as error:
        if id.isdigit() and shorter:
            raise RosterError(
                f"{error}; {visible(shorter[0])} differs by leading zeros: a spreadsheet program may have cut them off"
            ) from None
        raise
    kinds = ((ID, student.id), (LOGIN, student.login), (EMAIL, student.email))
    by = next((by for by, key in kinds if key and key.casefold() == claim.name.casefold()), NAME)
    return Match(student, by)
