"""No message is compared in code: outcomes are fields and enumerations, words are for people.

The reader of results that version 1 stored is the one exception: there the words were all there was.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
from helpers.commands import ROOT

# Fields that hold sentences, and variables that are called like them.
SENTENCES = {"message", "problem", "advice", "hint", "remark", "explanation"}
FIELDS = SENTENCES | {"said", "why"}
METHODS = {"startswith", "endswith", "removeprefix", "find", "index", "count", "partition"}
PATTERNS = {"match", "fullmatch", "search", "findall"}
EXCEPTIONS = {"autograder/result_json.py"}  # reads schema 1
SOURCES = sorted(p for top in ("autograder", "question_bank") for p in (ROOT / top).rglob("*.py"))


def is_message(node: ast.expr) -> bool:
    """Whether an expression is a sentence for people: a field or a variable so called, or the text of an error."""
    if isinstance(node, ast.Attribute):
        return node.attr in FIELDS
    if isinstance(node, ast.Name):
        return node.id in SENTENCES
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "str" and node.args:
        return isinstance(node.args[0], ast.Name) and node.args[0].id in ("error", "lost", "stop", "problem")
    return False


def is_words(node: ast.expr) -> bool:
    """Whether an expression can hold words: a literal text, or a constant in capitals."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and node.value != ""
    if isinstance(node, ast.Name):
        return node.id.strip("_").isupper()
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return any(map(is_words, node.elts))
    return isinstance(node, ast.JoinedStr)


def comparisons(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield what compares a message with words: operators, methods of text, patterns, match statements."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            if any(map(is_message, sides)) and any(map(is_words, sides)):
                yield node
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            called = node.func
            if called.attr in METHODS and is_message(called.value) and any(map(is_words, node.args)):
                yield node
            if called.attr in PATTERNS and any(map(is_message, node.args)):
                yield node
        elif isinstance(node, ast.Match) and is_message(node.subject):
            yield node


@pytest.mark.parametrize(
    "code",
    [
        'result.problem.startswith("not judged")',
        "check.message == LEFT_OUT",
        'if "rests on" in check.message: pass',
        'message != f"left out: {x}"',
        'str(error) == "crash"',
        're.match("inconclusive", case.advice)',
        'match problem:\n    case "x": pass',
        'reading.said in ("a", "b")',
    ],
)
def test_comparisons_of_messages_are_seen(code: str) -> None:
    assert list(comparisons(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        "check.message == other.message",
        "if result.problem: pass",
        'check.kind == "values"',
        'message == ""',
        "problem is None",
    ],
)
def test_other_comparisons_are_left_alone(code: str) -> None:
    assert not list(comparisons(ast.parse(code)))


def test_no_message_is_compared() -> None:
    found = []
    for path in SOURCES:
        name = path.relative_to(ROOT).as_posix()
        if name not in EXCEPTIONS:
            lines = path.read_text(encoding="utf-8").splitlines()
            found += [
                f"{name}:{n.lineno}: {lines[n.lineno - 1].strip()}" for n in comparisons(ast.parse("\n".join(lines)))
            ]
    assert not found, "\n".join(found)


def test_the_reader_of_schema_1_is_the_only_exception() -> None:
    for name in EXCEPTIONS:
        assert list(comparisons(ast.parse((ROOT / name).read_text(encoding="utf-8")))), f"{name} needs no exception"
