"""Collect submissions from folders and archives: one path for each student, and remarks on ignored files."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from autograder.results import Finding
from autograder.submission.collect.archives import SUFFIXES, ArchiveError, is_archive, is_junk
from autograder.submission.collect.collected import Collected, CollectError, Collection
from autograder.submission.collect.layouts import ENTRY, PLAIN, AmbiguousLayoutError, Entry, Offer, arrange
from autograder.submission.collect.scan import scan
from autograder.submission.collect.staging import Remark, StagingArea, without_wrapping
from autograder.submission.moments import MomentError, read_moment, read_zone
from autograder.submission.read import find_submissions
from autograder.submission.source import code_name
from autograder.submission.statements import printable


def collect(paths: Sequence[Path], work: Path, slug: str = "", zone: datetime.tzinfo | None = None) -> Collection:
    """Find the submissions in files, folders and archives.  Links among the ``paths`` are followed, others are not.

    Args:
      work: folder for what has to be unpacked or put together; the names in it are made here.
      slug: the assignment, for folders that hold several.
      zone: of times without a zone.

    Raises:
      CollectError: nothing was found in one of the paths, or it can be read in two ways.
      ArchiveError: an archive that was named cannot be read.
    """
    found: list[Collected] = []
    remarks: list[Remark] = []
    for path in paths:
        with StagingArea(work) as staging:
            try:
                new = _collect_one(path, staging, slug, zone, remarks)
            except AmbiguousLayoutError as error:
                raise CollectError(f"{printable(str(path))}: {error}") from None
        if not new:
            raise CollectError(
                f"no submission in {printable(str(path))}: expected .py files, notebooks, archives, "
                "or a folder for each student"
            )
        found += new
    return Collection(tuple(_once(found, remarks)), tuple(remarks))


def _collect_one(
    path: Path, staging: StagingArea, slug: str, zone: datetime.tzinfo | None, remarks: list[Remark]
) -> list[Collected]:
    named, path = path, Path(os.path.realpath(path)) if path.is_symlink() else path  # resolve() fails on loops
    if not path.is_dir():
        if _readable_archive(path):
            return _from_archive(path, staging, slug, zone, remarks, _stem(named))
        return [replace(_plain(named), path=path, name=printable(named.name) if named != path else "")]
    if any((path / name).is_file() for name in ENTRY):  # a student's own folder
        return [replace(_plain(named), path=path)]
    entries, repositories = scan(path, remarks)
    arranged = arrange(entries, slug, path.name, repositories)
    if arranged is None:
        return _from_folder(path, staging, remarks)
    remarks += [Remark(printable(w), printable(why)) for w, why in arranged.remarks]
    made = []
    for offer in arranged.offers:
        notes: tuple[Finding, ...] = ()
        if offer.folder is not None and not any(is_archive(parts[-1]) for parts in offer.files):
            where = path.joinpath(*offer.folder)
        else:
            where, notes = staging.put(offer, remarks)
        made.append(_named(offer, where, arranged.layout, zone, remarks, notes))
    return made


def _readable_archive(path: Path) -> bool:
    return is_archive(path.name) and path.is_file() and not path.is_symlink()


def _from_folder(folder: Path, staging: StagingArea, remarks: list[Remark]) -> list[Collected]:
    """A file, a folder or an archive for each student."""
    own = staging.work.resolve()  # the results of an earlier run may lie among the submissions
    found = find_submissions(folder)
    made = [_plain(p) for p in found if not own.is_relative_to(os.path.realpath(p))]
    taken = {p.name for p in found}
    with os.scandir(folder) as entries:
        others = sorted(e.name for e in entries if e.name not in taken and not is_junk((e.name,)))
    for name in others:
        if _readable_archive(folder / name):
            made.append(_unpacked(folder / name, staging, remarks))
        else:
            remarks.append(Remark(printable(name), "ignored: not a .py file, notebook, folder or archive"))
    stems: dict[str, list[str]] = {}
    for c in made:
        stems.setdefault(c.student.casefold(), []).append(printable(c.path.name))
    for same in stems.values():
        if len(same) > 1:
            remarks.append(Remark(", ".join(same), "possibly the same student (same name); each is graded"))
    return sorted(made, key=lambda c: (c.path.parent != folder, c.path))


def _from_archive(
    path: Path, staging: StagingArea, slug: str, zone: datetime.tzinfo | None, remarks: list[Remark], name: str
) -> list[Collected]:
    """The archive of a class, or of one student, whose name it has then."""
    entries = staging.unpack(path, remarks)
    arranged = arrange(entries, slug, name)
    if arranged is not None:
        remarks += [Remark(printable(w), printable(why)) for w, why in arranged.remarks]
        offers, layout = list(arranged.offers), arranged.layout
    else:
        around = (
            entries[0].parts[:-1] if entries else ()
        )  # a folder around one student's file is called after the student
        entries, layout = without_wrapping(entries), PLAIN
        if (
            len(around) == 1
            and entries[0].parts[:-1] == ()
            and around[-1].casefold() not in (slug.casefold(), "submission")
        ):
            name = around[-1]
        tops = {e.parts[0] for e in entries if e.code or is_archive(e.parts[-1])}
        if not tops:
            return []
        if {code_name(top) for top in tops} & set(ENTRY):
            offers = [Offer(name, {e.parts: e for e in entries})]
        else:
            offers = [_offer_of(top, [e for e in entries if e.parts[0] == top]) for top in sorted(tops)]
            for e in entries:
                if e.parts[0] not in tops:
                    remarks.append(Remark(printable("/".join(e.parts)), "ignored: not a .py file or notebook"))
    made = []
    for offer in offers:
        where, notes = staging.put(offer, remarks)
        made.append(_named(offer, where, layout, zone, remarks, notes))
    return made


def _offer_of(top: str, entries: Sequence[Entry]) -> Offer:
    if len(entries) == 1 and len(entries[0].parts) == 1:
        return Offer(Path(code_name(top) or _stem(Path(top))).stem, {entries[0].parts: entries[0]})
    return Offer(top, {e.parts[1:]: e for e in entries if len(e.parts) > 1})


def _unpacked(path: Path, staging: StagingArea, remarks: list[Remark]) -> Collected:
    """Unpack an archive that one student handed in; an unreadable archive still counts as handed in."""
    try:
        entries = without_wrapping(staging.unpack(path, remarks))
    except ArchiveError as error:
        remarks.append(Remark(printable(path.name), str(error)))
        entries = []
    offer = Offer(_stem(path), {e.parts: e for e in entries})
    where, notes = staging.put(offer, remarks)
    return _named(offer, where, PLAIN, None, remarks, notes)


def _plain(path: Path) -> Collected:
    student = Path(code_name(path.name)).stem or path.name
    if code_name(path.name) in ENTRY:  # every student calls it so: the folder tells them apart
        student = path.absolute().parent.name
    return Collected(printable(student or path.absolute().name), path)


def _named(
    offer: Offer,
    path: Path,
    layout: str,
    zone: datetime.tzinfo | None,
    remarks: list[Remark],
    notes: Sequence[Finding],
) -> Collected:
    student = printable(offer.student)
    submitted = None
    if offer.when:
        try:
            submitted = read_moment(offer.when, read_zone(offer.zone) if offer.zone else zone)
        except MomentError as error:
            remarks.append(Remark(student, printable(f"the time of submission is not known: {error}")))
    return Collected(student, path, submitted, student, offer.late, offer.number, layout, offer.owners, tuple(notes))


def _once(found: Sequence[Collected], remarks: list[Remark]) -> Iterator[Collected]:
    """The same path twice is one submission; a student of two downloads counts with the latest."""
    by_path = {c.path: c for c in found}
    latest: dict[tuple[str, str], Collected] = {}
    for c in by_path.values():
        key = (c.student.casefold(), c.number) if c.layout != PLAIN else (str(c.path), "")
        old = latest.get(key)
        if old is not None:
            new, old = (c, old) if _later(c, old) else (old, c)
            remarks.append(
                Remark(printable(str(old.path)), f"ignored: an earlier version of {c.student}; the latest is graded")
            )
            latest[key] = new
        else:
            latest[key] = c
    return iter(latest.values())


def _later(new: Collected, old: Collected) -> bool:
    if new.submitted is not None and old.submitted is not None:
        return new.submitted >= old.submitted
    return True  # named later


def _stem(path: Path) -> str:
    name = path.name
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        if name.lower().endswith(suffix):
            return name[: -len(suffix)] or name
    return name
