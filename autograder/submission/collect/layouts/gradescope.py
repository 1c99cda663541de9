"""Gradescope: ``submission_metadata.yml`` beside a folder ``submission_<number>`` for each submission."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from autograder.submission.collect.layouts.records import (
    Arrangement,
    Entry,
    Offer,
    Owner,
    by_folder,
    mostly,
    told_apart,
)
from autograder.submission.collect.layouts.untrusted_yaml import Node, UntrustedYamlError, read_yaml

GRADESCOPE = "Gradescope"

_METADATA = re.compile(r"submission_metadata\.ya?ml", re.IGNORECASE)
_SUBMISSION = re.compile(r"(?:submission_)?(?P<number>[0-9]+)(?:\.\w+)?")  # 123.pdf: scanned on paper
_FOLDER = re.compile(r"submission_[0-9]+")


def arrange_gradescope(entries: Sequence[Entry]) -> Arrangement | None:
    """Sort an export by submission; the members of a group are the owners of one.

    Earlier submissions of a student are not in an export.
    """
    metadata = next((e for e in entries if len(e.parts) == 1 and _METADATA.fullmatch(e.parts[0])), None)
    if metadata is None:
        return None
    known, remarks = _read(metadata)
    others = [e for e in entries if e is not metadata]
    matched = [e for e in others if e.parts[0] in known or (len(e.parts) > 1 and _FOLDER.fullmatch(e.parts[0]))]
    if not mostly(matched, others):
        return None
    tops = sorted({e.parts[0] for e in matched})
    named = {top: _student(top, known.get(top, {})) for top in tops}
    names = Counter(name for name, _ in named.values())
    folders = by_folder(matched, 1)
    alone = {e.parts[0]: e for e in matched if len(e.parts) == 1}
    offers = []
    for top in tops:
        name, owners = named[top]
        number = match["number"] if (match := _SUBMISSION.fullmatch(top)) else top
        inside = folders.get((top,))
        files = inside or {(top,): alone[top]}
        when = _text(known.get(top, {}), "created_at")
        folder = (top,) if inside else None
        offers.append(Offer(told_apart(name, number, names), files, folder, when, "UTC", None, number, owners))
    missing = sorted(set(known) - set(tops))
    remarks += [(top, "skipped: listed in submission_metadata.yml, but no file came with it") for top in missing]
    inside_tops = sorted({e.parts[0] for e in others if e.code} - set(tops))
    remarks += [(top, "ignored: not listed in submission_metadata.yml") for top in inside_tops]
    return Arrangement(GRADESCOPE, tuple(offers), tuple(remarks))


def _read(metadata: Entry) -> tuple[dict[str, Mapping[str, Node]], list[tuple[str, str]]]:
    """Return what is known of each submission, by the name of its file or folder; and a remark if nothing is."""
    why = "it was not read"
    if metadata.path is not None:
        try:
            tree = _without_colons(read_yaml(metadata.path))
            if isinstance(tree, dict):
                return {k: v for k, v in tree.items() if isinstance(v, dict) and "submitters" in v}, []
            why = "it holds no table of submissions"
        except UntrustedYamlError as error:
            why = str(error)
    return {}, [(metadata.parts[0], f"ignored: {why}; the students' names are not known")]


def _without_colons(node: Node) -> Node:
    """Return a table with plain keys, two levels down: Ruby writes ``:name`` for ``name``."""
    if not isinstance(node, dict):
        return node
    return {
        k: {i.removeprefix(":"): v for i, v in inner.items()} if isinstance(inner, dict) else inner
        for k, inner in node.items()
    }


def _student(top: str, known: Mapping[str, Node]) -> tuple[str, tuple[Owner, ...]]:
    """Return what a submission is called, and its owners."""
    submitters = known.get("submitters")
    owners = []
    for submitter in submitters if isinstance(submitters, list) else ():
        if isinstance(submitter, dict):
            person = {k.removeprefix(":"): v for k, v in submitter.items()}
            owner = Owner(_text(person, "name"), id=_text(person, "sid"), email=_text(person, "email"))
            if owner != Owner():
                owners.append(owner)
    return ", ".join(o.name or o.id or o.email for o in owners) or top, tuple(owners)


def _text(table: Mapping[str, Node], key: str) -> str:
    value = table.get(key)
    return " ".join(value.split())[:300] if isinstance(value, str) else ""
