"""Read a course document: bytes become lines of text, with everything that is not content marked as such.

Line numbers count from 1 and are those of the file as an editor shows it.
"""

from __future__ import annotations

import codecs
import hashlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

import ftfy

from question_bank.errors import UserError

MAX_BYTES = 4_000_000  # the longest textbook chapter is a tenth of it
LONGEST_LINE = 20_000
SUFFIXES = (".md", ".markdown", ".txt")

# Advertisements and announcements; nothing in them is taught.
_ADVERT = re.compile(
    r"(subscribe|sign up|sponsor|discount|coupon|% off|buy now|enrol+ (now|today)|limited offer|click here|"
    r"follow (me|us) on"
    r"|check out (my|our)|join (my|our)|newsletter|this content is|flashcard generation|star this repo|try running)",
    re.IGNORECASE,
)
# Lines that begin something of their own: an item, a row, a heading, a fence.
_BLOCK = re.compile(r"\s*([-*+] |\d+[.)] |\||#|```|~~~)")


class DocumentError(UserError):
    """A file cannot be read as a document."""


@dataclass(frozen=True)
class Remark:
    """A remark on a line that was left out or repaired; ``what`` is for people."""

    document: str
    line: int
    what: str


@dataclass(frozen=True)
class Document:
    """A document as lines of text.

    Attributes:
      name: What facts call it.
      lines: ``lines[0]`` is line 1.
      skipped: Numbers of lines that are not content.
      remarks: On lines that were left out or repaired.
    """

    name: str
    lines: tuple[str, ...]
    skipped: frozenset[int] = frozenset()
    remarks: tuple[Remark, ...] = ()

    def quote(self, first: int, last: int) -> str:
        """Return the words of these lines, from 1, with white space collapsed."""
        return " ".join(" ".join(self.lines[first - 1 : last]).split())


def find_documents(paths: list[Path]) -> list[Path]:
    """Find Markdown files: files as named, and those in the named folders; links are not followed.

    Raises:
      DocumentError: A path does not exist, or a folder holds no document.
    """
    documents: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = [Path(root) / name for root, _, names in os.walk(path) for name in names]
            inside_it = sorted(p for p in inside if p.suffix.lower() in SUFFIXES and not p.name.startswith("."))
            if not inside_it:
                raise DocumentError(f"{path}: no documents there; expected files that end in {', '.join(SUFFIXES)}")
            documents += inside_it
        elif path.exists():
            documents.append(path)
        else:
            raise DocumentError(f"{path}: there is no such file or folder")
    return list(dict.fromkeys(documents))


def read_document(path: Path, name: str | None = None) -> Document:
    """Read one document.

    Args:
      name: What facts call it; default: the file's name.

    Raises:
      DocumentError: The file is not regular, too large, or not text.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise DocumentError(f"{path}: expected a text file")
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise DocumentError(
            f"{path}: larger than {MAX_BYTES // 1_000_000} MB, too large for course notes; split it, or name "
            f"another file"
        )
    return parse_lines(name or path.name, *decode(data, str(path)))


def decode(data: bytes, where: str) -> tuple[str, bool]:
    """Decode ``data``; return the text, and whether it was valid UTF-8 (or UTF-16 with a byte order mark).

    Raises:
      DocumentError: The data hold a zero byte.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace"), True
    if b"\0" in data:
        raise DocumentError(f"{where}: not a text file (byte {data.index(0)} is zero)")
    try:
        return data.decode("utf-8-sig"), True
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace"), False


def parse_lines(name: str, text: str, sound: bool = True) -> Document:
    """Split a text into lines, repair broken encodings, and mark front matter, adverts and unreadable lines."""
    remarks = [] if sound else [Remark(name, 1, "not UTF-8: read as Windows-1252")]
    lines, skipped = [], set()
    raw = re.sub(r"\r\n?", "\n", text).removesuffix("\n").split("\n")
    front = _front_matter(raw)
    for number, line in enumerate(raw, 1):
        mended = ftfy.fix_text(line, uncurl_quotes=False, normalization=None, fix_line_breaks=False) if line else line
        mended = re.sub(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029\x85]", " ", mended)
        if len(mended) > LONGEST_LINE:
            remarks.append(Remark(name, number, f"a line of {len(mended):,} characters: left out"))
            mended = ""
        elif "\ufffd" in mended or any(0xE000 <= ord(c) <= 0xF8FF for c in mended):
            remarks.append(Remark(name, number, "unreadable characters: left out"))
            skipped.add(number)
        elif number > front and _ADVERT.search(mended) and not mended.lstrip().startswith("#"):
            remarks.append(Remark(name, number, "reads like an advertisement: left out"))
            skipped.add(number)
        lines.append("" if number <= front else mended)
    for first, last in _endless(lines):
        remarks.append(Remark(name, first, f"a paragraph of {last - first + 1:,} lines: left out"))
        skipped |= set(range(first, last + 1))
    return Document(name, tuple(lines), frozenset(skipped), tuple(remarks))


def _endless(lines: list[str]) -> list[tuple[int, int]]:
    """First and last lines of paragraphs that are longer than any line may be: no prose, and slow to parse."""
    paragraphs, first, size = [], 1, 0
    for number, line in enumerate([*lines, ""], 1):
        if not line.strip() or _BLOCK.match(line):
            if size > LONGEST_LINE:
                paragraphs.append((first, number - 1))
            first, size = number, 0
        size += len(line)
    return paragraphs


def _front_matter(lines: list[str]) -> int:
    """How many lines at the top are metadata between two rows of ``---``."""
    if not lines or lines[0].strip() != "---":
        return 0
    for number, line in enumerate(lines[1:200], 2):
        if line.strip() in ("---", "..."):
            body = [entry for entry in lines[1 : number - 1] if entry.strip()]
            return number if all(re.match(r"\s|[\w-]+\s*:|- ", entry) for entry in body) else 0
    return 0


def fingerprint(line: str) -> str:
    """Name the words and signs of a line by twelve hexadecimal digits, whatever its markup, spacing and case."""
    plain = re.sub(r"^\s*([-*+]|\d+[.)])\s+", "", line.casefold())
    words = re.sub(r"[^\w+\-−×÷=<>^/]+|_+", " ", plain).split()
    return hashlib.sha256(" ".join(words).encode()).hexdigest()[:12]
