"""What is kept of a statement: its text without refused imports, and without what grading does not need."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from dataclasses import replace

from autograder.submission.screening.name_resolution import absolute
from autograder.submission.screening.top_level import ScreenedStatement
from autograder.submission.screening.unneeded import Removal, inside_of
from autograder.submission.statements import Statement

Located = ast.stmt | ast.expr


def kept_statement(
    statement: ScreenedStatement, refused: Collection[str], removed: Sequence[Removal]
) -> Statement | None:
    """Return the statement as it may run: on the same lines, or not at all.

    Args:
      refused: names of the statement's import that are dropped; "" where the whole statement is.
      removed: what is taken out of it.
    """
    first = statement.tree.body[0] if statement.tree.body else None
    if refused and ("" in refused or not isinstance(first, ast.Import | ast.ImportFrom)):
        return None
    edits: list[tuple[Located, str]] = [(r.node, _taken_out(r)) for r in removed if isinstance(r.node, Located)]
    gone = inside_of(removed)
    for site in statement.sites:
        node = site.node
        if isinstance(node, ast.Import | ast.ImportFrom) and id(node) not in gone:
            left = [a for a in node.names if node is not first or a.name not in refused]
            if not left:
                return None
            if len(left) < len(node.names) or (isinstance(node, ast.ImportFrom) and node.level):
                edits.append((node, _import(node, left, statement)))
    source = statement.original.source
    for node, text in sorted(edits, key=lambda edit: (edit[0].lineno, edit[0].col_offset), reverse=True):
        source = _edited(source, node, text)
    return replace(statement.original, source=source)


def _taken_out(removal: Removal) -> str:
    blank = _line_breaks(removal.node)
    if isinstance(removal.node, ast.stmt):
        return f"{removal.instead}; ({blank})" if blank else removal.instead
    return f"({removal.instead}{blank})" if blank else removal.instead


def _import(node: ast.Import | ast.ImportFrom, left: list[ast.alias], statement: ScreenedStatement) -> str:
    """Write an import anew with the names ``left``, absolute, on as many lines as it had."""
    names, blank = ", ".join(ast.unparse(alias) for alias in left), _line_breaks(node)
    base = absolute(node, statement.module, statement.package) if isinstance(node, ast.ImportFrom) else ()
    if base and names != "*":
        return f"from {'.'.join(base)} import ({names}{blank})"
    if base:
        return f"from {'.'.join(base)} import *"
    return f"import {names}" + (f"; ({blank})" if blank else "")


def _line_breaks(node: ast.AST) -> str:
    return "\n" * (getattr(node, "end_lineno", 0) - getattr(node, "lineno", 0))


def _edited(source: str, node: Located, text: str) -> str:
    """Put ``text`` in the place of a node."""
    end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
    lines = [line.encode() for line in source.split("\n")]  # the parser's columns count bytes
    before, after = lines[node.lineno - 1][: node.col_offset], lines[end_line - 1][end_column:]
    lines[node.lineno - 1 : end_line] = [before + text.encode() + after]
    return b"\n".join(lines).decode()
