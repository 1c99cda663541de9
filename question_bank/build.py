"""Build a bank: documents → facts → items, with everything that was left out and the reasons.

The same documents give the same bytes, on every machine and in every order of the command line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from question_bank import lint
from question_bank.documents import (
    Document,
    Erratum,
    Fact,
    LeftOut,
    Remark,
    apply_errata,
    extract,
    fingerprint,
    load_errata,
    place_errata,
    read_document,
)
from question_bank.generate import Doubt, make_items, make_knowledge
from question_bank.item import Item, digest
from question_bank.lint import Finding
from question_bank.store import REVIEW, write_bank, write_yaml

FORMAT = 1
NOTES = Path(__file__).parent / "notes"  # the course's own documents


@dataclass(frozen=True)
class Build:
    """The result of a build.

    Attributes:
      documents: The documents, by name.
      items: Items without severe findings, by id.
      refused: Items that the lint refused, with its findings.
      doubts: Facts that a person has to look at.
      left_out: Facts that errata keep out.
      remarks: On lines of documents that were left out or repaired.
      taught: Topic → number of facts that the documents state on it.
    """

    documents: tuple[Document, ...]
    items: tuple[Item, ...]
    refused: tuple[tuple[Item, tuple[Finding, ...]], ...]
    doubts: tuple[Doubt, ...]
    left_out: tuple[LeftOut, ...]
    remarks: tuple[Remark, ...]
    taught: dict[str, int]


def build_bank(paths: Sequence[Path], on_progress: Callable[[str], object] = lambda text: None) -> Build:
    """Read documents and make the items that their facts allow.

    Args:
      paths: The documents.
      on_progress: Called with what is being done, for people.

    Raises:
      DocumentError, ErrataError: A file cannot be read.
    """
    known = load_errata(paths)
    documents, usable, everything = [], [], []
    remarks: list[Remark] = []
    left_out: list[LeftOut] = []
    for name, path in sorted(zip(names(paths), paths, strict=True)):
        on_progress(f"reading {path.name}")
        document = read_document(path, name)
        kept, out, more = _facts(document, known)
        everything += [*kept, *(left.fact for left in out)]
        usable += kept
        left_out += out
        remarks += [*document.remarks, *more]
        documents.append(document)
    on_progress("making items")
    made, doubts = make_items(make_knowledge(usable, everything))
    on_progress("checking items")
    items, refused = _checked(made)
    taught = Counter(fact.topic for fact in everything if fact.topic)
    return Build(
        tuple(documents),
        tuple(items),
        tuple(refused),
        tuple(doubts),
        tuple(left_out),
        tuple(remarks),
        dict(sorted(taught.items())),
    )


def names(paths: Sequence[Path]) -> list[str]:
    """Name documents: by the file's name, with its folder where two files have the same name."""
    counts = Counter(path.name for path in paths)
    return [path.name if counts[path.name] == 1 else f"{path.resolve().parent.name}/{path.name}" for path in paths]


def _facts(document: Document, known: Sequence[Erratum]) -> tuple[list[Fact], list[LeftOut], list[Remark]]:
    """Extract the facts of one document, those that errata keep out, and remarks on errata."""
    lines, remarks = place_errata(known, document)
    kept, out = apply_errata(extract(document), lines)
    return kept, out, remarks


def _checked(made: Sequence[Item]) -> tuple[list[Item], list[tuple[Item, tuple[Finding, ...]]]]:
    """Separate the items that pass the lint, one by one and side by side, from those that do not."""
    refused: list[tuple[Item, tuple[Finding, ...]]] = []
    items = list(made)
    for _ in range(3):  # leaving out one of two duplicates can settle the other
        findings = lint.lint_bank(items)
        flawed = {
            f.item_id for f in findings if f.severity != lint.REMARK
        }  # stricter than for people: one flaw is enough
        if not flawed & {item.id for item in items}:
            break
        refused += [(item, tuple(f for f in findings if f.item_id == item.id)) for item in items if item.id in flawed]
        items = [item for item in items if item.id not in flawed]
    return items, refused


def write_build(build: Build, folder: Path) -> None:
    """Write a build as a bank; hand-written items and reviewers' decisions stay as they are."""
    header = {
        "format": FORMAT,
        "documents": [{"name": d.name, "lines": len(d.lines), "fingerprint": _print(d)} for d in build.documents],
        "taught": build.taught,
    }
    write_bank(folder, build.items, header)
    aside = [
        *({"why": d.reason, **_place(d.fact)} for d in build.doubts),
        *(
            {"why": "; ".join(f.message for f in findings) or "lint", "item": item.id, "stem": item.stem}
            for item, findings in build.refused
        ),
    ]
    left = [{"why": f"{o.erratum.status}: {o.erratum.reason}", **_place(o.fact)} for o in build.left_out]
    write_yaml(folder / REVIEW, {"doubts": aside, "errata": left})


def _place(fact: Fact) -> dict[str, object]:
    return {"document": fact.source.document, "line": fact.source.first, "about": fact.subject, "says": fact.value}


def _print(document: Document) -> str:
    return digest(*(fingerprint(line) for line in document.lines), length=12)
