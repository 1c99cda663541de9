"""The outline of a document: what stands where, under which headings and labels, with its lines.

A real CommonMark parser does the reading; here its tokens become a flat list of entries that the extraction of facts
can walk through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

from question_bank.documents.document import Document

HEADING, PARAGRAPH, ITEM, ROW, FENCE = "heading", "paragraph", "item", "row", "fence"

_NAVIGATION = re.compile(
    r"(table of )?contents|toc|what'?s next\??|further reading|references|bibliography|see also|next steps|navigation"
    r"|about( this| the author| me)?"
    r"|prerequisites|changelog|changes( in .*)?|releases?( notes)?|what'?s new.*|version v?\d.*"
    r"|v?\d+(\.\d+)+([-+.]\w+)*( \(.*\))?|(\d-)?\d{8}(\.\d+)?|license|acknowledge?ments|resources|links",
    re.IGNORECASE,
)
_SUMMARY = re.compile(r"(key )?take-?aways|summary|conclusions?|recap|tl;?dr", re.IGNORECASE)
_NUMBERING = re.compile(
    r"^((module|chapter|part|section|unit|lecture|week|step|lesson)\s+\d+(\.\d+)*\s*[:.–—-]\s*"
    r"|\(?\d+(\.\d+)*[.):]\s*|\d+(\.\d+)+\s+|[ivx]+\.\s+)",
    re.IGNORECASE,
)
_EMOJI = re.compile("[\U0001f000-\U0001faff\u2190-\u21ff\u2300-\u23ff\u2460-\u27bf\u2b00-\u2bff\ufe0f\u200d]+")
_LABEL = re.compile(r"(\*\*|__)(?P<bold>[^*_]{2,80}?)\1:?|(?P<plain>[^:.|]{2,60}):")
_LEAD = re.compile(r"(\*\*|__)(?P<name>[^*_:]{2,60})(:\1|\1:)\s*\S")


@dataclass(frozen=True)
class Entry:
    """One thing that a document says.

    Attributes:
      kind: "heading", "paragraph", "item" of a list, "row" of a table, or "fence" (fenced code).
      text: Markdown of its own words, without those of nested lists; the code of a fence.
      section: The headings it stands under, outermost first, without numbers and emoji.
      label: The label that introduces it ("Applications:"), or "".
      group: Names the list or table it belongs to; entries of one list share it.
      number: Its place in an ordered list (from 1), or 0.
      parents: For what stands inside list items, the texts of those items, outermost first.
      cells: For a row, column heading → cell.
      info: For a fence, the language.
    """

    kind: str
    text: str
    first: int
    last: int
    section: tuple[str, ...]
    label: str = ""
    group: str = ""
    number: int = 0
    parents: tuple[str, ...] = ()
    cells: tuple[tuple[str, str], ...] = ()
    info: str = ""


@dataclass
class _List:
    """A list that the walk is inside of."""

    group: str
    label: str
    number: int
    ordered: bool
    text: str = ""  # of the current item


@dataclass
class _Walk:
    """Where the walk over the tokens is."""

    headings: list[tuple[int, str]] = field(default_factory=list)
    label: str = ""
    lists: list[_List] = field(default_factory=list)

    @property
    def section(self) -> tuple[str, ...]:
        return tuple(text for _, text in self.headings)

    @property
    def parents(self) -> tuple[str, ...]:
        return tuple(enclosing.text for enclosing in self.lists if enclosing.text)

    def open_list(self, group: str, start: int, ordered: bool) -> None:
        # A nested list is introduced by the item that holds it, another one by the label before it.
        label = (label_of(self.lists[-1].text) or self.lists[-1].text) if self.lists else self.label
        self.lists.append(_List(group, label, start - 1, ordered))

    def close_list(self) -> None:
        self.lists.pop()
        self.end_of_label()

    def end_of_label(self) -> None:
        """A label introduces one list, table or block of code."""
        if not self.lists:
            self.label = ""


def outline(document: Document) -> list[Entry]:
    """Everything that ``document`` says, in its order, without tables of contents, navigation and summaries."""
    source = "\n".join("" if n in document.skipped else line for n, line in enumerate(document.lines, 1))
    tokens = MarkdownIt("commonmark", {"maxNesting": 40}).enable("table").parse(source)
    return [e for e in _entries(tokens, document) if not _left_out(e)]


def _entries(tokens: list[Token], document: Document) -> Iterator[Entry]:
    walk = _Walk()
    i = 0
    while i < len(tokens):
        token = tokens[i]
        if token.type == "heading_open":
            level, text = int(token.tag[1]), clean_heading(tokens[i + 1].content)
            walk.headings = [(n, t) for n, t in walk.headings if n < level]
            walk.headings.append((level, text))
            walk.label = ""
            yield Entry(HEADING, text, *_lines(token), walk.section)
        elif token.type in ("bullet_list_open", "ordered_list_open"):
            if not walk.lists and not walk.label:
                walk.label = _lead(tokens[:i])
            start = int(token.attrs.get("start", 1))
            walk.open_list(f"{document.name}:{_lines(token)[0]}", start, token.type == "ordered_list_open")
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            walk.close_list()
        elif token.type == "list_item_open":
            walk.lists[-1].text = ""
            walk.lists[-1].number += 1
        elif token.type == "inline" and tokens[i - 1].type == "paragraph_open":
            yield from _paragraph(token, walk)
        elif token.type in ("fence", "code_block"):
            first, last = _lines(token)
            info = token.info.strip().lower()
            yield Entry(FENCE, token.content, first, last, walk.section, walk.label, parents=walk.parents, info=info)
            walk.end_of_label()
        elif token.type == "table_open":
            end = next(j for j in range(i, len(tokens)) if tokens[j].type == "table_close")
            yield from _rows(tokens[i:end], walk, document)
            walk.end_of_label()
            i = end
        i += 1


def _lead(before: list[Token]) -> str:
    """What introduces a list in the paragraph right above it.

    The bold name that it begins with (``**Backpropagation**: Update the weights``), or its last words before a colon.
    """
    if len(before) < 3 or before[-1].type != "paragraph_close" or before[-2].type != "inline":
        return ""
    content = before[-2].content.strip()
    if content.endswith(":"):
        first, *_, last = (*content.split("\n"), content.split("\n")[-1])
        return label_of(first) or clean_heading(re.split(r"(?<=[.!?]) ", last)[-1])
    match = _LEAD.match(before[-2].content)
    return clean_heading(match["name"]) if match and "\n" not in before[-2].content else ""


def _paragraph(token: Token, walk: _Walk) -> Iterator[Entry]:
    first, last = _lines(token)
    rows = token.content.split("\n")
    if walk.lists:
        here = walk.lists[-1]
        if here.text:  # a further paragraph of the same item
            yield Entry(PARAGRAPH, " ".join(rows), first, last, walk.section, here.text, parents=walk.parents)
            return
        number = here.number if here.ordered else 0
        yield Entry(ITEM, token.content, first, last, walk.section, here.label, here.group, number, walk.parents)
        here.text = token.content
        return
    label = label_of(token.content)
    if label:
        walk.label = label
        return
    starts = [bool(re.match(r"(\*\*|__)[^*_]+(\*\*|__)", row.strip())) for row in rows]
    if len(rows) > 1 and all(starts):  # one statement a line: **Range**: …, **Use**: …
        for offset, row in enumerate(rows):
            group = f"paragraph:{first}"
            yield Entry(PARAGRAPH, row.strip(), first + offset, first + offset, walk.section, walk.label, group)
        return
    yield Entry(PARAGRAPH, " ".join(rows), first, last, walk.section, walk.label)


def _rows(tokens: list[Token], walk: _Walk, document: Document) -> Iterator[Entry]:
    heads: list[str] = []
    cells: list[str] = []
    group = f"{document.name}:{(tokens[0].map or [0])[0] + 1}"
    for token in tokens:
        if token.type == "tr_open":
            cells, line = [], (token.map or [0])[0] + 1
        elif token.type == "inline":
            cells.append(token.content.strip())
        elif token.type == "tr_close":
            if not heads:
                heads = cells
            elif cells and len(cells) == len(heads):
                pairs = tuple(zip(heads, cells, strict=True))
                yield Entry(ROW, " | ".join(cells), line, line, walk.section, walk.label, group, cells=pairs)


def _lines(token: Token) -> tuple[int, int]:
    first, end = token.map or [0, 1]
    return first + 1, max(first + 1, end)


def label_of(text: str) -> str:
    """The label that ``text`` is, such as "Applications" for ``**Applications:**``; "" when it is none."""
    match = _LABEL.fullmatch(text.strip())
    label = clean_heading((match["bold"] or match["plain"]) if match else "")
    return label if len(label.split()) <= 12 else ""


def clean_heading(text: str) -> str:
    """A heading without numbering, markup, emoji and final colon."""
    plain = re.sub(r"\[([^\[\]]*)\]\([^()]*\)", r"\1", text)
    plain = _EMOJI.sub("", re.sub(r"[*_`#]+", "", plain)).strip()
    return _NUMBERING.sub("", plain).strip().rstrip(":").strip()


def _left_out(entry: Entry) -> bool:
    if any(_NAVIGATION.fullmatch(h) for h in entry.section) or _NAVIGATION.fullmatch(entry.label):
        return True
    if any(_SUMMARY.fullmatch(h) for h in entry.section):
        return True
    links = re.findall(r"\[[^\[\]]*\]\([^()]*\)", entry.text)
    if links and entry.kind in (ITEM, PARAGRAPH):
        rest = re.sub(r"\[[^\[\]]*\]\([^()]*\)", "", entry.text)
        return len(re.sub(r"\W", "", rest)) < sum(len(link) for link in links) / 2
    return False
