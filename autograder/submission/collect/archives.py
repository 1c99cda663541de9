"""Read an untrusted archive member by member: zip, tar, tar.gz, tar.xz.

No library extracts anything, and no member's name ever becomes a path here.  Every size is capped before memory is
allocated; a refused member comes with the reason, and the other members are still read.
"""

from __future__ import annotations

import datetime
import lzma
import re
import stat
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from autograder.submission.collect.streams import ArchiveError, Bounded, Inflated, plain_tar
from autograder.submission.source import MAX_NOTEBOOK, code_name
from autograder.submission.statements import printable

__all__ = ["ArchiveError", "Limits", "Member", "Refused", "is_archive", "is_junk", "read_archive"]

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz")
_NESTED = (*SUFFIXES, ".gz", ".xz", ".bz2", ".7z", ".rar", ".zst", ".jar", ".whl")
# Beside code, files that platforms write and that say whose work it is, or when it was handed in.
_TELLING = re.compile(
    r"(?:timestamp|members)\.txt|submission_metadata\.ya?ml|.+_attempt_[\d-]+\.txt|grades\.csv", re.IGNORECASE
)
_JUNK = ("__MACOSX", "__pycache__", "node_modules", "site-packages")
_BROKEN = (  # what damaged and hostile archives raise inside the libraries
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    ValueError,
    ArithmeticError,
    LookupError,
    RecursionError,
    NotImplementedError,
    RuntimeError,
)


@dataclass(frozen=True)
class Limits:
    """How much of an archive is read.  A class of 500 with notebooks full of plots needs a tenth of it."""

    members: int = 20_000
    total: int = 1 << 30  # bytes unpacked, together
    member: int = MAX_NOTEBOOK
    ratio: int = 200  # unpacked to packed; Python source reaches 20
    depth: int = 12
    name: int = 200  # characters of one part of a name
    path: int = 1000
    archives: bool = False  # whether archives within the archive are read


@dataclass(frozen=True)
class Member:
    """One file.  ``data`` is None for kinds of files that are not read."""

    parts: tuple[str, ...]
    size: int
    modified: datetime.datetime | None
    data: bytes | None


@dataclass(frozen=True)
class Refused:
    """A member that was not read.  Both texts are safe to print.

    ``parts`` is empty when the name itself is refused.
    """

    name: str
    why: str
    parts: tuple[str, ...] = ()


def is_archive(name: str) -> bool:
    """Whether a file name has the suffix of an archive that can be read."""
    return name.lower().endswith(SUFFIXES)


def is_junk(parts: tuple[str, ...]) -> bool:
    """Whether a file is hidden or in a cache, so that no remark is needed; a student's name may begin with a dot."""
    hidden = (p.startswith(".") and p != ".." and "_assignsubmission_" not in p for p in parts)
    return any(hidden) or any(p in _JUNK for p in parts)


def read_archive(path: Path, limits: Limits | None = None, *, archives: bool = False) -> Iterator[Member | Refused]:
    """Yield the members of an archive in its own order; folders are left out.

    Args:
      archives: also read archives within it, as they are; else they are refused.

    Raises:
      ArchiveError: when the file is not an archive, is damaged, or exceeds the limits as a whole.
    """
    limits = replace(limits or Limits(), archives=archives)
    shown = printable(path.name)
    with Bounded(path, shown) as stream:
        start = stream.read(262)
        stream.seek(0)
        names = _Names(limits)
        try:
            if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
                yield from _read_zip(stream, shown, limits, names)
            elif start.startswith((b"\x1f\x8b", b"\xfd7zXZ\x00")):
                yield from _read_tar(Inflated(stream, limits.total, limits.ratio), shown, limits, names)
            elif start[257:262] == b"ustar":
                yield from _read_tar(plain_tar(stream, limits.total), shown, limits, names)
            else:
                raise ArchiveError(f"{shown} is not a zip or tar archive (by its first bytes): download it again")
        except ArchiveError:
            raise
        except _BROKEN as error:
            detail = printable(str(error))[:120]
            raise ArchiveError(f"{shown} is damaged or truncated ({detail}): download it again") from None


class _Names:
    """Names seen so far; gives the reason for refusing a name."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.files: set[tuple[str, ...]] = set()
        self.folders: set[tuple[str, ...]] = set()

    def parts(self, name: str) -> tuple[str, ...]:
        return tuple(p for p in name.split("/") if p not in ("", "."))

    def objection(self, name: str, parts: tuple[str, ...]) -> str:
        if "\0" in name or not parts:
            return "it has no usable name"
        if name.startswith("/") or (len(name) > 1 and name[1] == ":" and name[0].isalpha()):
            return "its name is an absolute path"
        if ".." in parts:
            return "its name leads out of the archive (..)"
        if len(parts) > self.limits.depth:
            return f"it is {len(parts)} folders deep; at most {self.limits.depth} are read"
        if len(name) > self.limits.path or max(map(len, parts)) > self.limits.name:
            return f"its name is longer than {self.limits.name} characters"
        key = tuple(unicodedata.normalize("NFC", p).casefold() for p in parts)
        above = {key[:n] for n in range(1, len(key))}
        if key in self.files or key in self.folders or above & self.files:
            return "its name appears twice (upper and lower case count as equal); the first file is read"
        self.files.add(key)
        self.folders |= above
        return ""


def _is_read(name: str, limits: Limits) -> bool:
    return bool(code_name(name) or _TELLING.fullmatch(name)) or (limits.archives and is_archive(name))


def _why_not(parts: tuple[str, ...], size: int, packed: int | None, limits: Limits) -> str:
    """Return why the content of a member is not read; empty if it is read."""
    name = parts[-1].lower()
    if name.endswith(_NESTED) and not _is_read(name, limits):
        return "it is an archive inside the archive: unpack it and hand in its contents"
    if size > limits.member and _is_read(name, limits):
        return f"it is {size / 2**20:,.1f} MiB large; at most {limits.member >> 20} MiB are read"
    if packed is not None and size > 1 << 20 and size > limits.ratio * max(packed, 1) and _is_read(name, limits):
        return f"it unpacks to {size // max(packed, 1):,} times its size; the limit is {limits.ratio} times"
    return ""


def _read_zip(stream: Bounded, shown: str, limits: Limits, names: _Names) -> Iterator[Member | Refused]:
    total = 0
    with zipfile.ZipFile(stream) as archive:
        members = archive.infolist()
        if len(members) > limits.members:
            raise ArchiveError(f"{shown} contains {len(members):,} members; at most {limits.members:,} are read")
        for info in members:
            name = info.filename.replace("\\", "/")
            parts = names.parts(name)
            if info.is_dir() or name.endswith("/") or is_junk(parts):
                continue
            mode = stat.S_IFMT(info.external_attr >> 16) if info.create_system == 3 else 0
            if objection := names.objection(name, parts):
                yield Refused(_shown(name), objection)
                continue
            why = _special(mode)
            if not why and info.flag_bits & 1:
                why = "it is encrypted: create the archive without a password"
            if not why and info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                why = "it uses an unusual compression method: create the archive with a standard program"
            why = why or _why_not(parts, info.file_size, info.compress_size, limits)
            if why:
                yield Refused(_shown(name), why, parts)
                continue
            data = None
            if _is_read(parts[-1], limits):
                try:
                    with archive.open(info) as content:
                        data = _take(content, limits)
                except _BROKEN as error:
                    yield Refused(_shown(name), f"it cannot be unpacked ({printable(str(error))[:80]})", parts)
                    continue
                total += len(data)
                if total > limits.total:
                    raise ArchiveError(f"{shown} unpacks to more than {limits.total >> 20} MiB")
            yield Member(parts, info.file_size, _date(info), data)


def _read_tar(stream: Inflated, shown: str, limits: Limits, names: _Names) -> Iterator[Member | Refused]:
    count = 0
    with tarfile.open(fileobj=stream, mode="r:", errors="surrogateescape") as archive:
        while (info := archive.next()) is not None:
            archive.members = []  # type: ignore[attr-defined]  # the library would keep them all
            count += 1
            if count > limits.members:
                raise ArchiveError(f"{shown} contains more than {limits.members:,} members")
            parts = names.parts(info.name)
            if info.isdir() or is_junk(parts):
                continue
            if objection := names.objection(info.name, parts):
                yield Refused(_shown(info.name), objection)
                continue
            why = "" if info.isreg() and not info.issparse() else _special_tar(info)
            why = why or _why_not(parts, info.size, None, limits)
            if why:
                yield Refused(_shown(info.name), why, parts)
                continue
            data = None
            if _is_read(parts[-1], limits):
                content = archive.extractfile(info)
                assert content is not None
                data = _take(content, limits)
            yield Member(parts, info.size, _moment(info.mtime), data)


def _take(content: IO[bytes], limits: Limits) -> bytes:
    """Read one member in small steps; the declared size was checked, the true one is checked again."""
    data = bytearray()
    while more := content.read(1 << 16):
        data += more
        if len(data) > limits.member:
            raise ValueError(f"it unpacks to more than {limits.member >> 20} MiB")
    return bytes(data)


def _special(mode: int) -> str:
    kinds = {stat.S_IFLNK: "a link", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    if mode in (0, stat.S_IFREG, stat.S_IFDIR):
        return ""
    return f"it is {kinds.get(mode, 'a device')}, expected an ordinary file"


def _special_tar(info: tarfile.TarInfo) -> str:
    what = "a link" if info.issym() or info.islnk() else "a pipe" if info.isfifo() else "a device or special file"
    return f"it is {what}, expected an ordinary file"


def _shown(name: str) -> str:
    return printable(name[:300])


def _date(info: zipfile.ZipInfo) -> datetime.datetime | None:
    try:  # a zip does not store a time zone
        return datetime.datetime(*info.date_time).replace(tzinfo=datetime.UTC)
    except ValueError:
        return None


def _moment(seconds: float) -> datetime.datetime | None:
    try:
        return datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    except (ValueError, OverflowError, OSError):
        return None
