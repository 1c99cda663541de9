"""Strangers' text made inert: what a reader could not see, they see as an escape."""

from __future__ import annotations

import re
import unicodedata

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
