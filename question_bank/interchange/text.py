"""Our restricted CommonMark (paragraphs, emphasis, code, fences, $math$) to and from what other programs read.

Text is parsed into a few plain pieces; every writer works on those, so that no format ever sees raw input.  Everything
that is not in the subset (HTML, links, lists, headings, entities) stands as it was typed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

TEXT, CODE, MATH, DISPLAY, BREAK = "text", "code", "math", "display", "break"
EM, STRONG = "em", "strong"  # opened by a piece of that kind with the text "open", closed by one with "close"

# What XML 1.0 cannot hold, not even escaped.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LANGUAGE = re.compile(r"[A-Za-z0-9_+#.-]{1,30}")
_WHITE = re.compile(r"[ \t\n\r\f]+")
_SPECIAL = re.compile(r"([\\`*_$~])")


class Piece(NamedTuple):
    """A stretch of a line of one kind."""

    kind: str
    text: str


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of text."""

    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Fence:
    """A block of code."""

    language: str
    code: str


Block = Paragraph | Fence
Blocks = tuple[Block, ...]


def parse(text: str) -> Blocks:
    """The blocks of ``text``; line ends inside a paragraph are spaces."""
    blocks: list[Block] = []
    for token in _MARKDOWN.parse(clean(text)):
        if token.type == "fence":
            blocks.append(fence(token.info, token.content))
        elif token.type == "inline":
            blocks.append(Paragraph(tuple(_pieces(token.children or ()))))
    return tidy(blocks)


def clean(text: str) -> str:
    """``text`` without characters that no XML file can hold."""
    return _ILLEGAL.sub("", text)


def fence(info: str, code: str) -> Fence:
    """Make a block of code; an unusual language name is dropped."""
    language = info.split()[0] if info.split() else ""
    return Fence(language if _LANGUAGE.fullmatch(language) else "", code.rstrip("\n"))


def tidy(blocks: Iterable[Block]) -> Blocks:
    """The same blocks with white space as a browser shows it, neighbouring texts joined, empty ones gone."""
    kept: list[Block] = []
    for block in blocks:
        if isinstance(block, Fence):
            kept += [block] if block.code.strip() else []
            continue
        pieces, before = _join(block.pieces), block.pieces
        while pieces != before:  # what fell away may leave two texts side by side
            pieces, before = _join(pieces), pieces
        if any(p.kind in (CODE, MATH, DISPLAY) or (p.kind == TEXT and p.text.strip()) for p in pieces):
            kept.append(Paragraph(pieces))
    return tuple(kept)


def _join(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    out: list[Piece] = []
    opened: list[tuple[str, bool]] = []  # emphasis, and whether it changes anything: what is emphasised stays so
    for texts, group in groupby(pieces, key=_is_text):
        if texts:
            joined = _WHITE.sub(" ", "".join(piece.text for piece in group))
            if not out or out[-1].kind == BREAK:
                joined = joined.lstrip()
            out += [Piece(TEXT, joined)] if joined else []
            continue
        for kind, text in group:
            if kind == BREAK:
                out = _strip_end(out)
                out += [Piece(BREAK, "")] if out else []
            elif kind not in (EM, STRONG):
                out.append(Piece(kind, text))
            elif text == "open":
                opened.append((kind, all(kind != before for before, _ in opened)))
                out += [Piece(kind, text)] if opened[-1][1] else []
            elif opened.pop()[1]:
                if out and out[-1] == Piece(kind, "open"):
                    out.pop()  # emphasis on nothing
                else:
                    out.append(Piece(kind, text))
    return tuple(_strip_end(out))


def _is_text(piece: Piece) -> bool:
    return piece.kind == TEXT or (piece.kind == CODE and not piece.text.strip())


def _strip_end(pieces: list[Piece]) -> list[Piece]:
    while pieces and pieces[-1].kind in (TEXT, BREAK):
        stripped = pieces[-1].text.rstrip()
        if pieces[-1].kind == TEXT and stripped:
            return [*pieces[:-1], Piece(TEXT, stripped)]
        pieces = pieces[:-1]
    return pieces


def _pieces(tokens: Iterable[object]) -> Iterable[Piece]:
    for token in tokens:
        kind, content = str(getattr(token, "type", "")), str(getattr(token, "content", ""))
        if kind in ("em_open", "em_close", "strong_open", "strong_close"):
            yield Piece(*kind.split("_"))
        elif kind == "code_inline":
            yield Piece(CODE, content)
        elif kind in (MATH, DISPLAY):
            yield Piece(kind, content)
        elif kind == "hardbreak":
            yield Piece(BREAK, "")
        else:
            yield Piece(TEXT, content or "\n")


def _math(state: StateInline, silent: bool) -> bool:
    """$…$ as pandoc reads it: no space inside next to the dollars, and no digit after the closing one."""
    match = _MATH.match(state.src, state.pos)
    if not match:
        return False
    if not silent:
        token = state.push(DISPLAY if match["display"] else MATH, "", 0)
        token.content = " ".join((match["display"] or match["inline"]).split())
    state.pos = match.end()
    return True


_MATH = re.compile(
    r"\$\$(?P<display>(?![\s$])(?:\\.|[^\\$])*?(?<!\s))\$\$|\$(?P<inline>(?![\s$])(?:\\.|[^\\$])+?(?<!\s))\$(?![\d$])",
    re.DOTALL,
)
_MARKDOWN = MarkdownIt("zero", {"html": False}).enable(["fence", "emphasis", "backticks", "escape", "newline"])
_MARKDOWN.inline.ruler.before("escape", MATH, _math)


def escape(text: str) -> str:
    """Characters as HTML and XML write them."""
    return html.escape(clean(text), quote=True)


def mathjax(tex: str, display: bool) -> str:
    r"""Math as MathJax finds it on a page of Moodle, Canvas or Anki: \( … \)."""
    return rf"\[{escape(tex)}\]" if display else rf"\({escape(tex)}\)"


def _unmath(text: str) -> str:
    """Escaped text in which MathJax finds no math that is none: a tag stands inside every delimiter."""
    text = re.sub(r"\\(?=[()\[\]])", r"<span>\\</span>", text)
    return re.sub(r"\$(?=\$)", "<span>$</span>", text)


def to_html(text: str, math: Callable[[str, bool], str] = mathjax) -> str:
    """``text`` as blocks of XHTML."""
    return "".join(_block(block, math) for block in parse(text))


def to_inline(text: str, math: Callable[[str, bool], str] = mathjax) -> str:
    """``text`` as XHTML without a paragraph around it, where it is one paragraph only."""
    blocks = parse(text)
    if len(blocks) == 1 and isinstance(blocks[0], Paragraph):
        return _line(blocks[0].pieces, math)
    return "".join(_block(block, math) for block in blocks)


def code_html(code: str, language: str = "python") -> str:
    """Code as a block of XHTML."""
    name = f' class="language-{escape(language)}"' if language else ""
    return f"<pre><code{name}>{escape(code)}</code></pre>"


def _block(block: Block, math: Callable[[str, bool], str]) -> str:
    if isinstance(block, Fence):
        return code_html(block.code, block.language)
    return f"<p>{_line(block.pieces, math)}</p>"


def _line(pieces: Iterable[Piece], math: Callable[[str, bool], str]) -> str:
    out = []
    for kind, text in pieces:
        if kind in (EM, STRONG):
            out.append(f"<{kind}>" if text == "open" else f"</{kind}>")
        elif kind == CODE:
            out.append(f"<code>{escape(text)}</code>")
        elif kind in (MATH, DISPLAY):
            out.append(math(text, kind == DISPLAY))
        else:
            out.append("<br/>" if kind == BREAK else _unmath(escape(text)))
    return "".join(out)


def to_plain(text: str) -> str:
    """``text`` on one line without any marks; math stands as TeX.  For places that show no HTML."""
    parts = []
    for block in parse(text):
        pieces = block.pieces if isinstance(block, Paragraph) else (Piece(CODE, block.code),)
        parts.append("".join(" " if p.kind == BREAK else p.text for p in pieces if p.kind not in (EM, STRONG)))
    return one_line(" ".join(parts))


def one_line(text: str) -> str:
    """Collapse white space to single spaces, and drop characters that no XML file can hold."""
    return " ".join(clean(text).split())


def from_plain(text: str) -> str:
    """Our text that shows ``text`` as it stands."""
    return write(tidy([Paragraph((Piece(TEXT, one_line(text)),))]))


def write(blocks: Blocks) -> str:
    """Our text for ``blocks``: with backslashes only where it would otherwise read as something else."""
    for escaped in (False, True):
        for marks in _MARKS:
            text = "\n\n".join(_source(block, escaped, marks) for block in blocks)
            if parse(text) == blocks:
                return text
    # Emphasis that CommonMark cannot write (on half a word, around a space) is let go.
    calm = tidy(
        Paragraph(tuple(p for p in b.pieces if p.kind not in (EM, STRONG))) if isinstance(b, Paragraph) else b
        for b in blocks
    )
    return "\n\n".join(_source(block, escaped=True) for block in calm)


def canonical(text: str) -> str:
    """``text`` as it comes back from another program."""
    return write(parse(text))


# Marks of emphasis: asterisks; or both in turn, for emphasis that follows on emphasis without a space.
_MARKS = ("*", "*_", "_*")


def _source(block: Block, escaped: bool, marks: str = "*") -> str:
    if isinstance(block, Fence):
        ticks = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", block.code)), default=0))
        return f"{ticks}{block.language}\n{block.code}\n{ticks}"
    out = []
    opened: list[str] = []  # marks of the emphasis that is open
    count = 0
    for kind, text in block.pieces:
        if kind in (EM, STRONG):
            if text == "open":
                opened.append(marks[count % len(marks)])
                count += 1
            mark = opened[-1] if text == "open" else opened.pop()
            out.append(mark if kind == EM else 2 * mark)
        elif kind == CODE:
            ticks = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
            edge = text[:1] == "`" or text[-1:] == "`" or (text[:1] == text[-1:] == " " and text.strip(" ") != "")
            out.append(f"{ticks} {text} {ticks}" if edge else f"{ticks}{text}{ticks}")
        elif kind in (MATH, DISPLAY):
            out.append(f"$${text}$$" if kind == DISPLAY else f"${text}$")
        else:
            out.append("\\\n" if kind == BREAK else _SPECIAL.sub(r"\\\1", text) if escaped else text)
    return "".join(out)
