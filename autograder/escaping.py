"""Strangers' text made inert: on a page or a terminal, and in the cell of a spreadsheet.

A cell that begins with = + - @, a tab or a line break may be taken for a formula, also after a semicolon or a
line break inside it, where a spreadsheet of another country splits cells.  An apostrophe in front keeps it text;
reading takes the apostrophe away again.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Decimal

# Control, format (bidi overrides, zero-width), surrogate, private and unassigned characters, and the
# line separators: whatever could move a cursor, turn text around or hide in a name.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_STACKED = re.compile(r"(?:[̀-ͯ҃-҉᪰-᫿᷀-᷿⃐-⃰︠-︯]){4,}")
_ELLIPSIS = "…"


def visible(text: str, *, lines: bool = False, limit: int = 2000) -> str:
    """Replace what a reader cannot see by an escape that they can: ESC becomes ``\\x1b``.

    With ``lines``, newlines and tabs stay.  Text beyond ``limit`` characters is cut, and says so.
    """
    rest = len(text) - limit
    if rest > 0:
        text = text[:limit]
    if lines:
        text = text.replace("\r\n", "\n")
    if not (text.isascii() and text.isprintable()):
        text = "".join(_shown(c, lines) for c in text)
        text = _STACKED.sub(lambda m: "".join(_escape(c) for c in m[0]), text)
    return f"{text}{_ELLIPSIS} ({rest} more characters)" if rest > 0 else text


def _shown(character: str, lines: bool) -> str:
    if lines and character in "\n\t":
        return character
    return _escape(character) if unicodedata.category(character) in _HIDDEN else character


def _escape(character: str) -> str:
    names = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
    code = ord(character)
    if character in names:
        return names[character]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


Cell = str | int | Decimal | None

BOM = "\ufeff"  # tells spreadsheets that the file is UTF-8

_FORMULA = tuple("=+-@|＝＋－＠")
_BREAKS = ("\t", "\r", "\n")
_SPLIT = re.compile(r"([;\t\r\n])")
_BEFORE = " '\"\u00a0\ufeff"  # what a spreadsheet may skip before it looks


def cell(value: str) -> str:
    """Make text inert in a spreadsheet; :func:`uncell` is the exact inverse."""
    value = value.replace("\0", "\ufffd")  # nobody can read a zero byte
    guarded = "".join(part if i % 2 else _guard(part) for i, part in enumerate(_SPLIT.split(value)))
    return "'" + guarded if guarded.lstrip("'").startswith(_BREAKS) else guarded


def uncell(value: str) -> str:
    """Read a cell that :func:`cell` wrote; other text stays as it is."""
    if value.startswith("'") and value.lstrip("'").startswith(_BREAKS):
        value = value[1:]
    return "".join(part if i % 2 else _unguard(part) for i, part in enumerate(_SPLIT.split(value)))


def rows_text(rows: Iterable[Sequence[Cell]], *, bom: bool = False) -> str:
    """Write rows as CSV with CRLF line ends (RFC 4180).  Numbers stay numbers; text is made inert."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    for row in rows:
        writer.writerow([_written(value) for value in row])
    return (BOM if bom else "") + out.getvalue()


def _written(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"  # never an exponent
    return cell(value) if isinstance(value, str) else str(value)


def _guard(part: str) -> str:
    return "'" + part if part.lstrip(_BEFORE).startswith(_FORMULA) else part


def _unguard(part: str) -> str:
    return part[1:] if part.startswith("'") and part.lstrip(_BEFORE).startswith(_FORMULA) else part
