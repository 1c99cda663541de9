"""Unpack archives and assemble each student's files, under names that are made here."""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.results import Finding
from autograder.submission.collect.archives import ArchiveError, Member, Refused, is_archive, read_archive
from autograder.submission.collect.layouts import ENTRY, Entry, Offer
from autograder.submission.source import code_name
from autograder.submission.statements import printable


@dataclass(frozen=True)
class Remark:
    """A note about an ignored file, or about a choice that was made.  Both texts are safe to print."""

    where: str
    why: str


class StagingArea:
    """Where archives are unpacked, under numbers; each student's files then get their own folder.

    A student's folder is put in place atomically, so that an interrupted run can start again.
    """

    def __init__(self, work: Path) -> None:
        self.work = work
        self.folder: Path | None = None
        self.count = 0

    def __enter__(self) -> StagingArea:
        return self

    def __exit__(self, *_: object) -> None:
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def unpack(self, path: Path, remarks: list[Remark], *, inner: bool = False) -> list[Entry]:
        """Unpack the files that are read.  A refused file still counts as handed in if its name tells the student.

        Args:
          inner: the archive came out of another one; those within it are refused.
        """
        entries = []
        for member in read_archive(path, archives=not inner):
            if isinstance(member, Refused):
                remarks.append(Remark(f"{printable(path.name)}: {member.name}", f"ignored: {member.why}"))
                if member.parts:
                    entries.append(Entry(member.parts, None, reported=True))
            else:
                entries.append(Entry(member.parts, self._keep(member), member.modified))
        return entries

    def put(self, offer: Offer, remarks: list[Remark]) -> tuple[Path, tuple[Finding, ...]]:
        """Make a student's folder.  The names in it are safe forms of the names that were handed in.

        Returns:
          The folder, and why files of the student are not in it; ``remarks`` gets the same.
        """
        target = self.work / f"{_safe(offer.student, set())[:50]}-{_digest(offer.student, offer.number)}"
        made = self._room() / f"s{self.count}"
        self.count += 1
        made.mkdir()
        notes: list[Finding] = []
        taken: dict[tuple[str, ...], set[str]] = {}
        folders: dict[tuple[str, ...], str] = {}
        for parts, entry in sorted(self._opened(offer, remarks, notes).items()):
            if entry.path is None or not entry.code:
                if not entry.reported and parts[-1] != "timestamp.txt":
                    _left_out(offer, "/".join(parts), "ignored: not code", remarks, notes)
                continue
            where: tuple[str, ...] = ()
            for n in range(1, len(parts)):
                if parts[:n] not in folders:
                    folders[parts[:n]] = _safe(parts[n - 1], taken.setdefault(where, set()))
                where = (*where, folders[parts[:n]])
            name = _safe(code_name(parts[-1]), taken.setdefault(where, set()))
            made.joinpath(*where).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(entry.path, made.joinpath(*where, name), follow_symlinks=False)
        if target.exists():
            target.rename(self._room() / f"old{self.count}")
        made.rename(target)
        return target, tuple(notes)

    def _opened(self, offer: Offer, remarks: list[Remark], notes: list[Finding]) -> dict[tuple[str, ...], Entry]:
        """Return a student's files, with each unpacked archive replaced by its contents."""
        files: dict[tuple[str, ...], Entry] = {}
        for parts, entry in offer.files.items():
            if entry.path is None or not is_archive(parts[-1]):
                files[parts] = entry
                continue
            inside: list[Remark] = []
            try:
                found = without_wrapping(self.unpack(entry.path, inside, inner=True))
            except ArchiveError as error:
                _left_out(offer, "/".join(parts), str(error), remarks, notes)
                continue
            for remark in inside:
                _left_out(offer, remark.where, remark.why, remarks, notes)
            for e in found:
                files.setdefault((*parts[:-1], *e.parts), e)
        return files

    def _keep(self, member: Member) -> Path | None:
        if member.data is None:
            return None
        self.count += 1
        path = self._room() / f"m{self.count}"
        path.write_bytes(member.data)
        return path

    def _room(self) -> Path:
        if self.folder is None:
            self.work.mkdir(parents=True, exist_ok=True)
            self.folder = self.work / f".new-{secrets.token_hex(6)}"
            self.folder.mkdir()
        return self.folder


def _left_out(offer: Offer, name: str, why: str, remarks: list[Remark], notes: list[Finding]) -> None:
    shown = printable(name)
    remarks.append(Remark(f"{printable(offer.student)}: {shown}", printable(why)))
    notes.append(Finding("skipped", shown, printable(why)))


def _safe(name: str, taken: set[str]) -> str:
    """Make a name that is safe in file systems and shells; a name that Python can import stays unchanged."""
    stem, dot, suffix = name.rpartition(".") if "." in name.strip(".") else (name, "", "")
    plain = re.sub(r"[^\w-]", "_", printable(stem))[:60].strip("-") or "file"
    suffix = re.sub(r"[^A-Za-z0-9]", "", suffix)[:10]
    candidate, number = f"{plain}{dot}{suffix}", 2
    while candidate.casefold() in taken:
        candidate, number = f"{plain}_{number}{dot}{suffix}", number + 1
    taken.add(candidate.casefold())
    return candidate


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:8]


def without_wrapping(entries: Sequence[Entry]) -> list[Entry]:
    """Leave out folders that hold everything, as archives made by a right click have them."""
    inside = list(entries)
    while inside and len({e.parts[0] for e in inside}) == 1 and all(len(e.parts) > 1 for e in inside):
        inner = [replace(e, parts=e.parts[1:]) for e in inside]
        if not any(len(e.parts) == 1 and e.code for e in inner) and len({e.parts[0] for e in inner}) == 1:
            inside = inner
            continue
        return inner if any(e.parts[-1] in ENTRY or len(e.parts) > 1 for e in inner) or len(inner) > 1 else inside
    return inside
