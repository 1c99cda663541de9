"""Where the top-level blocks of a source text begin and end, without parsing it."""

from __future__ import annotations

import re
from collections.abc import Iterator

_CONTINUES = re.compile(r"(?:else|elif|except|finally)\b|[)\]}]")
_STARTS_ANEW = re.compile(r"(?:async\s+def|def|class|import|from)\s|@\w")
_LEX = re.compile(r"#|'''|\"\"\"|'|\"|[(\[{]|[)\]}]|\\$")
_STRING_END = {q: re.compile(rf"(?:[^\\]|\\.)*?{q}", re.DOTALL) for q in ("'''", '"""', "'", '"')}


def resume(lines: list[str], start: int, end: int) -> tuple[int, int]:
    """Find where to go on reading after the broken block ``start`` to ``end``.

    Returns:
      The first line after the block's own head that starts a statement if brackets are disregarded, or a
      definition even within a string; and the line of the string left open there, or -1.
    """
    head = next((n for n in range(start, end) if not _is_decoration(lines[n])), end)
    scan, opened = LineScanner(), -1
    for at in range(start, end):
        line = lines[at]
        statement = line[:1].strip() and line[0] != "#" and not _CONTINUES.match(line)
        if at > head and (_STARTS_ANEW.match(line) or (statement and not scan.in_string and not scan.continued)):
            return at, opened
        before = scan.in_string
        scan.feed(line)
        opened = (opened if before else at) if scan.in_string else -1
    return end, opened


def _is_decoration(line: str) -> bool:
    return not line.strip() or line.startswith(("@", "#"))


def block_end(lines: list[str], start: int) -> int:
    """Find the end of the top-level block that starts at line ``start``.

    A definition at column 0 ends a block even within open brackets: there the bracket was forgotten.
    """
    decorated = True
    scan = LineScanner()
    for at in range(start, len(lines)):
        line = lines[at]
        if at > start and not scan.in_string and line[:1].strip() and not line.startswith("#") and not decorated:
            fresh = scan.at_statement and not _CONTINUES.match(line)
            if fresh or (scan.depth and _STARTS_ANEW.match(line)):
                return at
        if scan.at_statement and not _is_decoration(line):
            decorated = False
        scan.feed(line)
    return len(lines)


class LineScanner:
    """Follows strings and brackets line by line, well enough to tell where a statement may start."""

    def __init__(self) -> None:
        self.quote = ""
        self.depth = 0
        self.continued = False

    @property
    def in_string(self) -> bool:
        return bool(self.quote)

    @property
    def at_statement(self) -> bool:
        return not (self.quote or self.depth or self.continued)

    def feed(self, line: str) -> None:
        self.continued = False
        for kind in self._tokens(line):
            if kind == "\\":
                self.continued = True
            elif kind in "([{":
                self.depth += 1
            elif kind in ")]}":
                self.depth = max(0, self.depth - 1)
        if len(self.quote) == 1 and not line.endswith("\\"):
            self.quote = ""  # a single-quoted string ends with its line

    def _tokens(self, line: str) -> Iterator[str]:
        at = 0
        while at <= len(line):
            if self.quote:
                end = _STRING_END[self.quote].match(line, at)
                if end is None:
                    return
                self.quote, at = "", end.end()
            token = _LEX.search(line, at)
            if token is None or token[0] == "#":
                return
            at = token.end()
            if token[0][0] in "'\"":
                self.quote = token[0]
            else:
                yield token[0]
