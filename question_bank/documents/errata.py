"""Errata: statements of documents that are wrong, contested, outdated or ambiguous.  No item is keyed on one.

An erratum names its place by document, line and a fingerprint of the line's words, and gives the reason in words of its
own; it holds nothing of the document's text.  A line that moved is found again by its fingerprint.  Errata stand in
``errata.toml`` beside the documents, or in ``errata/`` here, where they wait for the document they fit.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from question_bank.documents.document import Document, Remark, fingerprint
from question_bank.documents.facts import EXPANSION, Fact
from question_bank.errors import UserError

WRONG, CONTESTED, OUTDATED, AMBIGUOUS, QUALIFY = STATUSES = ("wrong", "contested", "outdated", "ambiguous", "qualify")
BESIDE = "errata.toml"
SHIPPED = Path(__file__).parents[1] / "errata"


class ErrataError(UserError):
    """An errata file cannot be used; the message says file, entry and field."""


@dataclass(frozen=True)
class Erratum:
    """One statement that must not become a key.

    Attributes:
      document: Name of the document's file.
      line: Line of the statement, from 1.
      fingerprint: Of that line's words (``document.fingerprint``).
      status: "wrong", "contested", "outdated", "ambiguous"; or "qualify": true if the stem says ``qualification``.
      reason: Why, for the instructor.
    """

    document: str
    line: int
    fingerprint: str
    status: str
    reason: str
    qualification: str = ""


@dataclass(frozen=True)
class LeftOut:
    """A fact that an erratum kept out."""

    fact: Fact
    erratum: Erratum


def load_errata(documents: Iterable[Path] = ()) -> tuple[Erratum, ...]:
    """Read all errata that ship with the bank and those beside the given documents.

    Raises:
      ErrataError: A file is no TOML, or an entry is wrong.
    """
    beside = {path.parent / BESIDE for path in documents}
    files = [*sorted(SHIPPED.glob("*.toml")), *sorted(path for path in beside if path.is_file())]
    return tuple(erratum for path in files for erratum in read_errata(path))


def read_errata(path: Path) -> list[Erratum]:
    """Read one errata file.

    Raises:
      ErrataError: The file is no TOML, or an entry is wrong.
    """
    try:
        entries = tomllib.loads(path.read_text("utf-8")).get("erratum", [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ErrataError(f"{path}: not valid TOML: {error}") from None
    if not isinstance(entries, list):
        raise ErrataError(f"{path}: expected entries under [[erratum]]")
    return [_read_entry(entry, f"{path}: erratum {number}") for number, entry in enumerate(entries, 1)]


def _read_entry(entry: object, where: str) -> Erratum:
    if not isinstance(entry, dict):
        raise ErrataError(f"{where}: expected a table")
    fields = {"document": str, "line": int, "fingerprint": str, "status": str, "reason": str, "qualification": str}
    if unknown := set(entry) - set(fields):
        raise ErrataError(f"{where}: unknown field {sorted(unknown)[0]!r}; known: {', '.join(fields)}")
    for name, kind in fields.items():
        if name not in entry and name == "qualification":
            continue
        if not isinstance(entry.get(name), kind) or isinstance(entry.get(name), bool):
            raise ErrataError(f"{where}: {name}: expected {'a number' if kind is int else 'text'}")
    erratum = Erratum(**entry)
    if erratum.status not in STATUSES:
        raise ErrataError(f"{where}: status: expected one of {', '.join(STATUSES)}, not {erratum.status!r}")
    if not re.fullmatch(r"[0-9a-f]{12}", erratum.fingerprint):
        raise ErrataError(
            f"{where}: fingerprint: expected 12 hex digits; `autograder bank fingerprint FILE LINE` prints it"
        )
    if not erratum.reason.strip() or (erratum.status == QUALIFY) != bool(erratum.qualification.strip()):
        raise ErrataError(f'{where}: every entry needs a reason, and status "qualify" (no other) a qualification')
    return erratum


def place_errata(errata: Sequence[Erratum], document: Document) -> tuple[dict[int, Erratum], list[Remark]]:
    """Place errata on the lines of a document; return line → erratum, and remarks on errata that no line fits."""
    prints = [fingerprint(line) for line in document.lines]
    placed: dict[int, Erratum] = {}
    lost = []
    for erratum in errata:
        line = 0
        if 0 < erratum.line <= len(prints) and prints[erratum.line - 1] == erratum.fingerprint:
            line = erratum.line
        elif erratum.fingerprint in prints and erratum.document == document.name:
            near = [n for n, line_print in enumerate(prints, 1) if line_print == erratum.fingerprint]
            line = min(near, key=lambda n: abs(n - erratum.line))
        elif erratum.document == document.name:
            lost.append(
                Remark(
                    document.name, erratum.line, "an erratum names this line, but its words have changed; check both"
                )
            )
        if line and (line not in placed or placed[line].status == QUALIFY):  # of two, the one that forbids more
            placed[line] = erratum
    return placed, lost


def apply_errata(facts: Iterable[Fact], lines: dict[int, Erratum]) -> tuple[list[Fact], list[LeftOut]]:
    """Keep out the facts on a line with an erratum, and add the qualifications; return kept facts and those left out.

    What an acronym stands for needs no condition, whatever else its line says.
    """
    kept, out = [], []
    for fact in facts:
        hit = [lines[n] for n in range(fact.source.first, fact.source.last + 1) if n in lines]
        wrong = [erratum for erratum in hit if erratum.status != QUALIFY]
        if wrong:
            out.append(LeftOut(fact, wrong[0]))
        else:
            kept.append(replace(fact, qualification=hit[0].qualification) if hit and fact.kind != EXPANSION else fact)
    return kept, out
