"""CSV that spreadsheets open without running anything in it, and the way back.

A cell that begins with = + - @, a tab or a line break may be taken for a formula, also after a semicolon or a
line break inside it, where a spreadsheet of another country splits cells.  An apostrophe in front keeps it text;
reading takes the apostrophe away again.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal

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
