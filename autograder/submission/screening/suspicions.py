"""What the source of a function shows that may explain why it is wrong; told only where it is.

A line whose result is thrown away, a loop that only renames its variable, a return that was forgotten, a name that is
nearly the one asked for, and which other functions of the assignment a function calls.
"""

from __future__ import annotations

import ast
import dataclasses
import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from autograder.results import SUSPICION, Finding
from autograder.submission.read import Submission
from autograder.submission.statements import Broken, parse

NEAR = 0.8  # how alike two names must be
MOST_OF_ONE, MOST_OF_FUNCTION, MOST_NOTES = 5, 50, 50  # findings of a definition and of a function, and notes
LONGEST, MOST = 60, 200  # letters of a name, and names, that are compared: a stranger chose them
_UPDATES = frozenset({"add", "apply", "divide", "max", "min", "mul", "multiply", "power", "set"})
_ARRAY_METHODS = frozenset({"astype", "flatten", "ravel", "reshape", "squeeze", "swapaxes", "transpose"})
_ARRAY_MODULES = ("jnp.", "lax.", "jax.lax.", "jax.nn.", "jax.numpy.", "jax.random.", "jax.tree.", "jax.tree_util.")
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef


@dataclass(frozen=True)
class _Definition:
    """What stands behind a name at the top of a module."""

    node: ast.stmt
    filename: str
    line: int  # of the statement in its file
    code: list[str]

    @property
    def where(self) -> str:
        return f"{self.filename}, line {self.line + self.node.lineno - 1}"


def suspicions(submission: Submission, functions: Collection[str]) -> Iterator[Finding]:
    """Yield what may explain that a function is wrong.

    A finding with a ``name`` says that its function calls the function of this name: a graded one, which matters where
    that is wrong, or a helper, which matters where all that call it are wrong.

    Args:
      functions: names of the functions that are graded.
    """
    every = list(_definitions(submission))
    defined = dict(every)
    for function in functions:
        yield from islice(_of_function(function, every, defined, functions), MOST_OF_FUNCTION)


def _of_function(
    function: str,
    every: Sequence[tuple[str, _Definition]],
    defined: Mapping[str, _Definition],
    functions: Collection[str],
) -> Iterator[Finding]:
    twice = [found for name, found in every if name == function and isinstance(found.node, ast.FunctionDef)]
    if len(twice) > 1:
        text = f"{function} is defined here again, and this definition counts, not that of {twice[-2].where}"
        yield _finding(twice[-1], twice[-1].node, function, text)
    if function not in defined:
        others = [name for name in defined if name not in functions and len(name) <= LONGEST][:MOST]
        for name in difflib.get_close_matches(function, others, 1, NEAR):
            text = f"you define {name}; it must be called {function}"
            yield _finding(defined[name], defined[name].node, function, text)
        return
    for name in _reached(function, defined, functions):
        if name in functions and name != function:
            yield Finding(SUSPICION, "", "", name=name, function=function)
            continue
        yield from islice(_of_definition(defined[name], function), MOST_OF_ONE)
        if name != function and isinstance(defined[name].node, ast.FunctionDef) and len(name) <= LONGEST:
            yield Finding(SUSPICION, defined[name].where, "", name=name, function=function)


def placeholders(submission: Submission) -> Iterator[Finding]:
    """Yield a note for each line of a function that prints a number with so many digits: an array may have none yet."""
    return islice(_placeholders(submission), MOST_NOTES)


def _placeholders(submission: Submission) -> Iterator[Finding]:
    for name, found in _definitions(submission):
        within = ast.walk(found.node) if isinstance(found.node, ast.FunctionDef | ast.ClassDef) else ()
        for node in within:
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id != "print":
                continue
            if any(isinstance(inner, ast.FormattedValue) and inner.format_spec for inner in ast.walk(node)):
                text = (
                    "While JAX traces the function, arrays have no digits: this prints a placeholder, and costs nothing"
                )
                yield dataclasses.replace(_finding(found, node, name, text), severity="note")


def _definitions(submission: Submission) -> Iterator[tuple[str, _Definition]]:
    for module in submission.modules:
        for statement in module.statements:
            tree = parse(statement.source)
            if isinstance(tree, Broken):
                continue
            for node in tree.body:
                found = _Definition(node, statement.filename, statement.line, statement.source.splitlines())
                for name in _bound(node):
                    yield name, found


def _bound(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return [target.id for target in targets if isinstance(target, ast.Name)]
    return []


def _reached(function: str, defined: Mapping[str, _Definition], graded: Collection[str]) -> list[str]:
    """Name a function and what it reads, at once or through helpers; what another graded function reads is its own."""
    found, todo = [function], [function]
    while todo:
        for node in ast.walk(defined[todo.pop()].node):
            name = node.id if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) else ""
            if name in defined and name not in found:
                found.append(name)
                todo += [] if name in graded else [name]
    return found


def _of_definition(found: _Definition, function: str) -> Iterator[Finding]:
    if not isinstance(found.node, ast.FunctionDef):
        return
    own = list(_within(found.node))
    for node in own:
        if isinstance(node, ast.Expr) and (better := _thrown_away(node.value)):
            yield _finding(found, node, function, f"the result of this line is thrown away: {better}")
        if isinstance(node, ast.For) and (name := _renamed(node)):
            text = f"{name} = ... in a loop only gives the name to something new; collect the new ones in a list"
            yield _finding(found, node, function, text)
    if not any(isinstance(node, ast.Return | ast.Raise | ast.Yield | ast.YieldFrom) for node in own):
        yield _finding(found, found.node, function, f"{found.node.name} returns nothing: it has no return statement")


def _within(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a function without those of the functions that it holds, in the order of the source."""
    waiting = list(ast.iter_child_nodes(node))[::-1]
    while waiting:  # without recursion: a long sum is a tree as deep as it is long
        yield (inner := waiting.pop())
        if not isinstance(inner, _FUNCTIONS):
            waiting += list(ast.iter_child_nodes(inner))[::-1]


def _thrown_away(value: ast.expr) -> str:
    """Say how to keep a result that a statement computes for nothing; empty where it may do something."""
    if isinstance(value, ast.BinOp | ast.Compare | ast.UnaryOp):
        return "give it a name, or return it"
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute):
        return ""
    owner, method = value.func.value, value.func.attr
    if method in _UPDATES and isinstance(owner, ast.Subscript) and isinstance(owner.value, ast.Attribute):
        array = _dotted(owner.value.value) or "x"
        return f"keep it, {array} = {array}.at[...].{method}(...)" if owner.value.attr == "at" else ""
    if method in _ARRAY_METHODS:
        return f"keep it, {owner.id} = {owner.id}.{method}(...)" if isinstance(owner, ast.Name) else ""
    called = _dotted(value.func)
    return f"{called} changes nothing, use what it returns" if called.startswith(_ARRAY_MODULES) else ""


def _dotted(node: ast.expr) -> str:
    """Write a name with its attributes, ``jax.lax.stop_gradient``; empty for anything else, and for long ones."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute) and len(parts) < 8:
        parts.append(node.attr)
        node = node.value
    written = ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""
    return written if len(written) <= LONGEST else ""


def _renamed(loop: ast.For) -> str:
    """Name a variable of a loop that its last line gives to something new, and that nothing reads afterwards."""
    names = {node.id for node in ast.walk(loop.target) if isinstance(node, ast.Name)}
    last = loop.body[-1]
    if not isinstance(last, ast.Assign) or len(last.targets) != 1 or not isinstance(last.targets[0], ast.Name):
        return ""
    return last.targets[0].id if last.targets[0].id in names else ""


def _finding(found: _Definition, node: ast.stmt | ast.expr, function: str, message: str) -> Finding:
    lines = found.code
    code = lines[node.lineno - 1].strip()[:200] if node.lineno <= len(lines) else ""
    where = f"{found.filename}, line {found.line + node.lineno - 1}"
    return Finding(SUSPICION, where, message, function=function, code=code)
