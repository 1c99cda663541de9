"""HTML that other programs wrote, read into our text.  What text cannot hold is refused, never dropped in silence."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

from question_bank.interchange.outcome import UnreadError
from question_bank.interchange.text import (
    BREAK,
    CODE,
    DISPLAY,
    EM,
    MATH,
    STRONG,
    TEXT,
    Block,
    Blocks,
    Fence,
    Paragraph,
    Piece,
    clean,
    fence,
    tidy,
    write,
)

_EMPHASIS = {"em": EM, "i": EM, "strong": STRONG, "b": STRONG}
_BLOCKS = frozenset(
    [
        "p",
        "div",
        "li",
        "ul",
        "ol",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "section",
        "article",
        "hr",
        "dl",
        "dt",
        "dd",
        "header",
        "footer",
    ]
)
_INLINE = frozenset(["span", "font", "u", "small", "a", "big", "mark", "label", "abbr", "s", "wbr"])
_WITHOUT = frozenset(["script", "style", "head", "title"])  # left out with all they hold
_HOLDS = {
    "img": "an image", "table": "a table", "iframe": "a frame", "audio": "a sound", "video": "a film",
    "object": "an object",
    "svg": "a drawing", "math": "MathML", "embed": "an object", "input": "a form field", "select": "a form field",
    "canvas": "a drawing",
}  # fmt: skip
_MATH = re.compile(r"\\\((.+?)\\\)|\\\[(.+?)\\\]|\$\$(.+?)\$\$", re.DOTALL)


def read_html(source: str) -> str:
    """Our text for ``source``.

    Raises:
      UnreadError: It holds an image, a table or something else that is not text.
    """
    return write(html_blocks(source))


def html_blocks(source: str) -> Blocks:
    reader = _Reader()
    reader.feed(clean(source))
    reader.close()
    reader.end_block()
    return tidy(reader.blocks)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self._pieces: list[Piece] = []
        self._text = ""  # since the last tag; \( … \) never spans one
        self._open: list[str] = []  # emphasis
        self._code: list[str] | None = None
        self._pre: list[str] | None = None
        self._language = ""
        self._skip = 0
        self._raised: list[str] | None = None  # inside sup or sub

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HOLDS:
            raise UnreadError(f"expected text only, but it holds {_HOLDS[tag]} (<{tag}>)")
        self._flush()
        values = dict(attrs)
        if tag in _WITHOUT:
            self._skip += 1
        elif tag == "pre":
            self.end_block()
            self._pre, self._language = [], ""
        elif tag == "code" and self._pre is not None:
            self._language = _language(values.get("class"))
        elif tag in ("code", "tt", "kbd", "samp"):
            self._code = []
        elif tag in ("sup", "sub"):
            self._raised = []
        elif tag == "br":
            self._line_break()
        elif tag in _EMPHASIS:
            self._open_emphasis(_EMPHASIS[tag])
        elif tag in _BLOCKS:
            self.end_block()
            if tag == "li":
                self._pieces.append(Piece(TEXT, "- "))
        elif tag not in _INLINE:
            # A browser shows what is inside an unknown tag; so do we.
            pass

    def handle_endtag(self, tag: str) -> None:
        self._flush()
        if tag in _WITHOUT:
            self._skip = max(0, self._skip - 1)
        elif tag == "pre" and self._pre is not None:
            code = "".join(self._pre)
            self.blocks.append(fence(self._language, code.removeprefix("\n")))
            self._pre = None
        elif tag in ("code", "tt", "kbd", "samp") and self._code is not None:
            code = re.sub(r"[\n\r]", " ", "".join(self._code))
            self._pieces += [Piece(CODE, code)] if code.strip() else [Piece(TEXT, code)]
            self._code = None
        elif tag in ("sup", "sub") and self._raised is not None:
            raised, self._raised = "".join(self._raised).strip(), None
            mark = "^" if tag == "sup" else "_"
            self._pieces += [Piece(MATH, f"{mark}{{{raised}}}")] if raised and "$" not in raised else []
        elif tag in _EMPHASIS and _EMPHASIS[tag] in self._open:
            self._close_emphasis(_EMPHASIS[tag])
        elif tag in _BLOCKS:
            self.end_block()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in ("br", "hr", "wbr"):
            self.handle_endtag(tag)

    def handle_data(self, data: str) -> None:
        if self._skip:
            return
        for place in (self._pre, self._code, self._raised):
            if place is not None:
                place.append(data)
                return
        self._text += data

    def end_block(self) -> None:
        self._flush()
        for kind in reversed(self._open):
            self._pieces.append(Piece(kind, "close"))
        self._open = []
        if self._code:
            self._pieces.append(Piece(CODE, " ".join("".join(self._code).split("\n"))))
        self._code = None
        if self._pre is not None:
            self.blocks.append(Fence("", "".join(self._pre)))
            self._pre = None
        self.blocks.append(Paragraph(tuple(self._pieces)))
        self._pieces = []

    def _line_break(self) -> None:
        if self._pre is not None:
            self._pre.append("\n")
        elif self._code is not None:
            self._code.append(" ")
        else:
            self._pieces.append(Piece(BREAK, ""))

    def _open_emphasis(self, kind: str) -> None:
        if self._code is None and self._pre is None:
            self._open.append(kind)
            self._pieces.append(Piece(kind, "open"))

    def _close_emphasis(self, kind: str) -> None:
        if self._code is not None or self._pre is not None:
            return
        while self._open:  # what was opened later ends here too
            last = self._open.pop()
            self._pieces.append(Piece(last, "close"))
            if last == kind:
                return

    def _flush(self) -> None:
        """Turn the text since the last tag into pieces."""
        text, self._text = self._text, ""
        end = 0
        for match in _MATH.finditer(text):
            self._pieces.append(Piece(TEXT, text[end : match.start()]))
            tex = " ".join(next(g for g in match.groups() if g is not None).split())
            kind = MATH if match[1] is not None else DISPLAY
            # A dollar that is not escaped would end the math.
            plain = not tex or re.search(r"(?<!\\)(\\\\)*\$", tex)
            self._pieces.append(Piece(TEXT, match[0]) if plain else Piece(kind, tex))
            end = match.end()
        self._pieces.append(Piece(TEXT, text[end:]))


def _language(classes: str | None) -> str:
    for name in (classes or "").split():
        if name.startswith("language-"):
            return name.removeprefix("language-")
    return ""


_LOOKS_LIKE_HTML = re.compile(
    r"</?(p|div|span|br|b|i|em|strong|code|pre|sub|sup|ul|ol|li|img|table|h[1-6]|a|u|font|hr|blockquote)\b[^<>]*>|&\w{2,8};",
    re.IGNORECASE,
)


def read_auto(source: str) -> str:
    """Our text for ``source`` in Moodle's automatic format: text as typed, or HTML where there are tags.

    Raises:
      UnreadError: As for ``read_html``.
    """
    if not _LOOKS_LIKE_HTML.search(source):
        source = html.escape(source)
    return read_html(re.sub(r"\n[ \t]*\n\s*", "<p></p>", source.strip()))
