"""Texts that spell the name of a special attribute, such as ``"__globals__"``.

Any function that takes the name of an attribute can be given one.  A text that merely mentions such a name, in prose or
in a docstring, names no attribute.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from autograder.submission.screening.denylist import MODULE_LABELS, Violation
from autograder.submission.screening.scopes import Site

_NAME = re.compile(r"\s*(__\w*[^\W_]\w*__)\s*")
_FIELD = re.compile(r"\{[^{}]*?(__\w*[^\W_]\w*__)[^{}]*\}")
_SIMPLE_FORMAT = re.compile(r"(?:[^%]|%[sd%])*")  # a width would let a few bytes make a huge text
_MAX_PARTS = 200
_MAX_LENGTH = 1000
_HARMLESS = MODULE_LABELS | {"__main__", "__name__"}
_ONLY_TEXT = ("print", "hasattr")  # what they are given comes back as no attribute


def check_text(site: Site, parents: Mapping[int, ast.AST]) -> Iterator[Violation]:
    """Check one text, or texts that are joined where they stand.  ``parents``: id of a node -> the node around it."""
    node, parent = site.node, site.parent
    if not isinstance(node, ast.Constant | ast.BinOp | ast.JoinedStr | ast.Call):
        return
    joined = isinstance(parent, ast.BinOp | ast.JoinedStr | ast.FormattedValue) and not isinstance(node, ast.Call)
    if joined and (_text(parent) is not None or isinstance(parent, ast.JoinedStr)):
        return  # part of a longer text, which is checked as a whole
    text = _text(node)
    if text is None:
        return
    found = _NAME.fullmatch(text) or _FIELD.search(text)
    if found is None or found[1] in _HARMLESS or _is_harmless(site, parents):
        return
    yield Violation(
        getattr(node, "lineno", 1),
        found[1],
        f"The text {found[1]!r} is not allowed here: it names an attribute of Python's own machinery",
        "write the attribute or the operator itself, or give your own keys ordinary names",
    )


def _is_harmless(site: Site, parents: Mapping[int, ast.AST]) -> bool:
    parent = site.parent
    if isinstance(parent, ast.Expr | ast.Compare | ast.MatchValue):
        return not isinstance(parents.get(id(parent)), ast.MatchMapping)
    name = parent.func.id if isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name) else ""
    return name in _ONLY_TEXT and site.scope.lookup(name)[1] is None  # a false one is given a text, and no more


def _text(node: ast.AST) -> str | None:
    """Return the text that an expression of constants makes, None if it is no such expression."""
    texts: list[str] = []
    pending: list[ast.AST] = [node]
    parts = 0
    while pending:
        part = pending.pop()
        parts += 1
        if parts > _MAX_PARTS:
            return None
        if isinstance(part, ast.Constant) and isinstance(part.value, str | bytes):
            value = part.value
            texts.append(value if isinstance(value, str) else value.decode("latin-1"))
        elif isinstance(part, ast.BinOp) and isinstance(part.op, ast.Add):
            pending += [part.right, part.left]
        elif isinstance(part, ast.JoinedStr):
            pending += reversed(part.values)
        elif isinstance(part, ast.FormattedValue) and part.format_spec is None:
            pending.append(part.value)
        elif (simple := _call(part)) is not None:
            texts.append(simple)
        else:
            return None
        if sum(map(len, texts)) > _MAX_LENGTH:
            return None
    return "".join(texts)


def _call(node: ast.AST) -> str | None:
    """Fold ``"...".join([...])``, ``"..." % ...`` and ``"..." * n`` of constants."""
    if isinstance(node, ast.BinOp) and isinstance(node.left, ast.Constant):
        left, right = node.left.value, _constants(node.right)
        if isinstance(left, str) and right and isinstance(node.op, ast.Mod) and _SIMPLE_FORMAT.fullmatch(left):
            try:
                return left % tuple(right) if len(left) < _MAX_LENGTH else None
            except (ArithmeticError, TypeError, ValueError):  # "%d" of infinity, or of thousands of digits
                return None
        if isinstance(left, str) and isinstance(node.op, ast.Mult) and right and isinstance(right[0], int):
            return left * right[0] if max(len(left), 1) * right[0] < _MAX_LENGTH else None
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or len(node.args) != 1:
        return None
    between, pieces = node.func.value, _constants(node.args[0])
    if node.func.attr != "join" or not isinstance(between, ast.Constant) or pieces is None:
        return None
    texts = [piece for piece in pieces if isinstance(piece, str)]
    return between.value.join(texts) if isinstance(between.value, str) and len(texts) == len(pieces) else None


def _constants(node: ast.AST) -> list[object] | None:
    """Return the values of a constant, or of a list or tuple of constants."""
    elements = node.elts if isinstance(node, ast.List | ast.Tuple) else [node]
    values = [element.value for element in elements if isinstance(element, ast.Constant)]
    return list(values) if len(values) == len(elements) <= _MAX_PARTS else None
