"""Who is meant: found on the roster by id, else the platform's number, the login, the e-mail address or the name.

A key that fits one student wins over weaker keys that fit several.  Keys of two students, and a name of two students,
name nobody.  ``collect`` and ``record`` both ask here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from autograder.gradebook.roster_columns import RosterError, Student, is_damaged, plain_header, platform_number
from autograder.report.text import visible

ID, NUMBER, LOGIN, EMAIL, NAME = "id", "number of the platform", "login", "e-mail", "name"

_LIKE, _ZEROS = "like ", "without zeros"  # keys that are less exact
_SHORTEST_PART = 4  # an id of so many characters may be part of the name of a file
_MOST_SHOWN = 5
_LONGEST, _MOST_WORDS = 400, 8
_PARTICLES = frozenset(
    "al ben bin da dal de del den der des di do dos du el la las le los ten ter van vom von y zu".split()
)
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
_Ids = tuple[str, ...]


@dataclass(frozen=True)
class Claim:
    """What a hand-in says of its owner; what it does not say is empty.

    Attributes:
      name: of the student, or of the file.
      number: the platform's own number of the student or of the hand-in.
    """

    name: str = ""
    id: str = ""
    login: str = ""
    email: str = ""
    number: str = ""


@dataclass(frozen=True)
class Match:
    """The student who is meant, and the key that told: ``ID``, ``NUMBER``, ``LOGIN``, ``EMAIL`` or ``NAME``."""

    student: Student
    by: str


@dataclass(frozen=True)
class Roster:
    """The students of a class; ``left_out`` lists the rows that are no students, by line and first cell."""

    students: tuple[Student, ...] = ()
    left_out: tuple[tuple[int, str], ...] = ()

    def get(self, id: str) -> Student | None:
        return self._by_id.get(id)

    def numbered(self, number: str) -> str | None:
        """Return the id of the only student with this number on a platform, or in a column such as "canvas id"."""
        found = self.fitting(NUMBER, number)
        return found[0] if len(found) == 1 else None

    def find(self, name: str) -> Student:
        """Find the owner of a submission of this name.

        An id, a login, an e-mail address or a name must match as a whole, with or without the file's extension
        ("anna_lee.py", "Lee, Anna"); an id of four characters or more may also be part of a longer name
        ("hw1-s1234.py").

        Raises:
          RosterError: no student matches, or more than one.
        """
        return identify(self, Claim(name)).student

    def fitting(self, by: str, key: str) -> _Ids:
        """Return the ids of the students whom a key fits, whatever its case; the exact ones, if there are any."""
        if by == NAME:
            return self._by_name(key)
        if by == NUMBER:
            key = platform_number(key) or key
        return self._index.get((by, _plain(key))) or self._index.get((_LIKE + by, _words(key))) or ()

    def with_other_zeros(self, id: str) -> _Ids:
        """Return the ids that differ from a number by leading zeros only."""
        id = _plain(id)
        same = self._index.get((_ZEROS, id.lstrip("0")), ()) if id.isdigit() else ()
        return tuple(other for other in same if _plain(other) != id)

    def within(self, text: str) -> _Ids:
        """Return the ids that are words of a longer text."""
        words = _words(text).split()
        return tuple(dict.fromkeys(self._parts[word] for word in words if word in self._parts))

    def _by_name(self, name: str) -> _Ids:
        """Return whom a name fits: all of it, else without the middle names that one of the two does not mention."""
        exact = dict.fromkeys(id for key in _spellings(name) for id in self._index.get((NAME, key), ()))
        if exact:
            return tuple(exact)
        short, middles = _shortened(name)
        loose = [id for key in _spellings(short) if middles for id in self._index.get((NAME, key), ())]
        for key in _spellings(short or name):
            loose += [id for id, theirs in self._without_middles.get(key, ()) if _same_middles(middles, theirs)]
        return tuple(dict.fromkeys(loose))

    @cached_property
    def _by_id(self) -> Mapping[str, Student]:
        return {s.id: s for s in self.students}

    @cached_property
    def _index(self) -> Mapping[tuple[str, str], _Ids]:
        index: dict[tuple[str, str], dict[str, None]] = {}
        for student in self.students:
            for by, key in _keys(student):
                if key:
                    index.setdefault((by, key), {})[student.id] = None
        return {key: tuple(ids) for key, ids in index.items()}

    @cached_property
    def _without_middles(self) -> Mapping[str, Sequence[tuple[str, Sequence[str]]]]:
        """Students with middle names, by their first and last names."""
        index: dict[str, list[tuple[str, Sequence[str]]]] = {}
        for student in self.students:
            short, middles = _shortened(student.name)
            for key in _orders(short) if middles else ():
                index.setdefault(key, []).append((student.id, middles))
        return index

    @cached_property
    def _parts(self) -> Mapping[str, str]:
        return {_words(s.id): s.id for s in self.students if len(s.id) >= _SHORTEST_PART}


def identify(roster: Roster, claim: Claim) -> Match:
    """Find the student who is meant.

    The name may be that of a file, which may hold an id, a login or an e-mail address instead.

    Raises:
      RosterError: nobody fits, several do, or the keys are those of different students.
    """
    told = ((ID, claim.id), (NUMBER, claim.number), (LOGIN, claim.login), (EMAIL, claim.email))
    fits = [(by, roster.fitting(by, key)) for by, key in told if key.strip()]
    name = _own_name(claim)
    if any(ids for _, ids in fits):
        fits.append((NAME, roster.fitting(NAME, _stem(name))))
    else:
        fits = _by_text(roster, name)
    return _decide(roster, claim, fits)


def _by_text(roster: Roster, name: str) -> list[tuple[str, _Ids]]:
    stem = _stem(name)
    for text in dict.fromkeys((stem, name)):
        keys = (ID, EMAIL, LOGIN, NAME) if "@" in text else (ID, LOGIN, EMAIL, NAME)
        fits = [(by, roster.fitting(by, text)) for by in keys]
        if any(ids for _, ids in fits):
            return fits
    return [(ID, roster.within(stem))]


def _decide(roster: Roster, claim: Claim, fits: Sequence[tuple[str, _Ids]]) -> Match:
    sure = next(((by, ids[0]) for by, ids in fits if len(ids) == 1), None)
    zeros = roster.with_other_zeros(claim.id or _stem(claim.name))
    if sure is None:
        several = next((ids for _, ids in fits if ids), ())
        raise RosterError(f"{_shown(claim)}: {_why_nobody(claim, several, zeros)}")
    by, id = sure
    others = [(other, ids) for other, ids in fits if ids and id not in ids]
    if zeros and id not in zeros and by != ID:
        others.append((f"{ID}, but for leading zeros,", zeros))
    if others:
        against = " and ".join(f"the {other} is of {_people(roster, ids)}" for other, ids in others)
        raise RosterError(
            f"{_shown(claim)}: the {by} is of {_people(roster, (id,))}, but {against}: "
            "correct the roster, or what collected.csv says of the student"
        )
    student = roster.get(id)
    assert student is not None
    return Match(student, by)


def _why_nobody(claim: Claim, several: _Ids, zeros: _Ids) -> str:
    if several:
        shown = sorted(visible(id, limit=100) for id in several)[:_MOST_SHOWN]
        more = f" or {len(several) - _MOST_SHOWN} more" if len(several) > _MOST_SHOWN else ""
        return f"may be {' or '.join(shown)}{more}: rename it to the student's id, or write the id into collected.csv"
    why = "no student on the roster has this id, login, e-mail address or name"
    if zeros:
        shown = sorted(visible(id, limit=100) for id in zeros)[:_MOST_SHOWN]
        why += f"; {' or '.join(shown)} differs by leading zeros: a spreadsheet program may have cut them off"
    if is_damaged(claim.id.strip()):
        why += f"; the id {claim.id.strip()} was changed by a spreadsheet program, which rounds long numbers"
    return why


def _people(roster: Roster, ids: Iterable[str]) -> str:
    found = [(id, s.name if (s := roster.get(id)) else "") for id in list(ids)[:_MOST_SHOWN]]
    return " or ".join(
        f"{visible(id, limit=100)} ({visible(name, limit=60)})" if name else visible(id, limit=100)
        for id, name in found
    )


def _shown(claim: Claim) -> str:
    keys = [(ID, claim.id), (NUMBER, claim.number), (LOGIN, claim.login), (EMAIL, claim.email)]
    keys = [(by, key) for by, key in keys if key.strip() and key != claim.name]
    told = ", ".join(f"{by} {visible(key, limit=60)}" for by, key in keys)
    name = visible(claim.name, limit=100)
    return f"{name} ({told})" if name and told else name or told or "a submission without a name"


def _own_name(claim: Claim) -> str:
    """Return the name without the number or login that tells equal names apart: ``Ana Lee (88123)``."""
    name = claim.name.strip()[:_LONGEST]
    found = re.fullmatch(r"(.+?) \(([^()]+)\)(?: \[\d+\])?", name)
    return found[1] if found and found[2] in (claim.number, claim.login, claim.id) else name


def _keys(student: Student) -> Iterator[tuple[str, str]]:
    """Yield the keys of a student; those that are less exact are called ``_LIKE``."""
    id, login, email = _plain(student.id), _plain(student.login), _plain(student.email)
    yield from ((ID, id), (LOGIN, login), (EMAIL, email))
    yield _LIKE + ID, _words(id)
    yield from ((_LIKE + LOGIN, _words(key)) for key in (id, email, login, login.partition("@")[0]))
    yield from ((_LIKE + EMAIL, _words(key)) for key in (login, email, email.partition("@")[0]))
    numbers = [text for header, text in student.more.items() if _is_number(header)]
    yield from ((NUMBER, _plain(number)) for number in (*student.numbers, *numbers))
    yield from ((NAME, key) for key in _orders(student.name))
    if id.isdigit():
        yield _ZEROS, id.lstrip("0")


def _is_number(header: str) -> bool:
    return bool({"id", "number", "nummer", "identifier"} & set(plain_header(header).split()))


def _plain(key: str) -> str:
    return unicodedata.normalize("NFC", key.strip()[:_LONGEST].lstrip("#")).casefold()


def _words(key: str) -> str:
    """Make a key alike in file names: without accents and case, with single spaces for punctuation."""
    return re.sub(r"(?:[^\w@]|_)+", " ", _folded(key.strip()[:_LONGEST])).strip()


def _stem(name: str) -> str:
    return re.sub(r"\.(py|ipynb)$", "", name.strip(), flags=re.IGNORECASE)


def _folded(text: str) -> str:
    if text.isascii():
        return text.casefold()
    text = text.casefold().translate(_LETTERS)
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def _both(text: str) -> list[str]:
    """Return a text as Canvas writes names, letters and digits in lower case: umlauts as one letter, then as two."""
    composed = unicodedata.normalize("NFC", text).casefold()
    forms = [composed] if composed.isascii() else [composed, composed.translate(_UMLAUTS)]
    return ["".join(filter(str.isalnum, _folded(form))) for form in forms]


def _spellings(text: str) -> set[str]:
    return set(_both(text[:_LONGEST])) - {""}


def _orders(name: str) -> set[str]:
    """Return the spellings of a name that begin with any of its words: "First Last" is also "Last, First"."""
    words = [_both(word) for word in name[:_LONGEST].replace(",", " ").split()]
    starts = range(len(words) if len(words) <= _MOST_WORDS else 1)
    forms = [[word[at] for word in words] for at in (0, -1)]
    return {"".join([*form[at:], *form[:at]]) for form in forms for at in starts} - {""}


def _shortened(name: str) -> tuple[str, Sequence[str]]:
    """Return the first and the last name, and the middle names; nothing if there are none."""
    last, comma, first = name[:_LONGEST].replace("_", " ").partition(",")
    words = first.split() if comma else last.split()
    if not comma and words:
        words, last = words[:-1], words[-1]
    middles = [_folded(word).strip(".") for word in words[1:]]
    if not middles or _PARTICLES & set(middles):  # a particle belongs to the last name
        return "", ()
    return f"{words[0]} {last}", middles


def _same_middles(some: Sequence[str], others: Sequence[str]) -> bool:
    """Whether middle names agree, where both have them; an initial agrees with what it begins."""
    if not some or not others:
        return True
    pairs = zip(some, others, strict=False)
    return len(some) == len(others) and all(a == b or (a[:1] == b[:1] and 1 in (len(a), len(b))) for a, b in pairs)
