"""Within a function only the statement that breaks a rule is taken out; names and lines stay as they are."""

from __future__ import annotations

import ast

import pytest
from helpers.commands import COURSE

from autograder.assignment.load import load
from autograder.submission.read import Module, Submission
from autograder.submission.screening import LEFT_OUT, screen
from autograder.submission.statements import split

ALLOWED = load("toy", COURSE).allowed


def screened(text: str) -> tuple[str, list[str]]:
    """Return the text that is kept, and the names of what is refused."""
    statements, _ = split(text, "submission.py")
    submission = Submission("s", "", (Module("submission", statements),), (), {"submission.py": text})
    left, findings = screen(submission, ALLOWED)
    return "\n".join(s.source for m in left.modules for s in m.statements), [f.name for f in findings if f.name]


def test_the_rest_of_a_function_runs() -> None:
    text = "def f(x, plain=True):\n    if plain:\n        return x\n    return x.__class__.mro\n"
    left, refused = screened(text)
    assert "return x\n" in left and "mro" not in left and "mro" in refused


def test_running_into_it_is_an_error_that_names_a_marker() -> None:
    left, _ = screened("def f(x):\n    y = x.f_globals\n    return y\n")
    space: dict[str, object] = {}
    exec(left, space)
    with pytest.raises(NameError) as raised:
        space["f"](1)  # type: ignore[operator]
    assert str(raised.value.name).startswith(LEFT_OUT)


KEPT_LOCAL = {
    "assigned": "eval = x.f_globals",
    "annotated": "eval: int = x.f_globals",
    "augmented": "eval += x.f_globals",
    "unpacked": "[a, (eval, *b)] = x.f_globals",
    "walrus": "print(eval := x.f_globals)",
    "walrus in a comprehension": "print([(eval := x.f_globals) for _ in x])",
    "loop": "for eval in x.f_globals:\n            pass",
    "with": "with x.f_globals as eval:\n            pass",
    "import": "from os import system as eval",
    "handler": "try:\n            x.f_globals\n        except x.f_globals as eval:\n            pass",
    "function": "def eval(y=x.f_globals):\n            pass",
    "class": "class eval(x.f_globals):\n            pass",
    "match": "match x.f_globals:\n            case [eval, *_]:\n                pass",
}


@pytest.mark.parametrize("binds", KEPT_LOCAL.values(), ids=KEPT_LOCAL)
def test_a_name_that_it_binds_means_no_builtin_afterwards(binds: str) -> None:
    # Refused with its binding, ``eval`` would be Python's own in the handler.
    text = f"def f(x):\n    try:\n        {binds}\n    except Exception:\n        pass\n    return eval('1')\n"
    left, refused = screened(text)
    assert refused and "f_globals" not in left and "system" not in left
    function = next(node for node in ast.parse(left).body if isinstance(node, ast.FunctionDef))
    space: dict[str, object] = {}
    exec(compile(ast.Module([function], []), "s", "exec"), space)
    assert "eval" in space["f"].__code__.co_varnames  # type: ignore[attr-defined]


PLACES = {
    "elif": "def f(x):\n    if x:\n        y = 1\n    elif x.f_globals:\n        y = 2\n    return y",
    "head of a loop": "def f(x):\n    while x.f_globals:\n        x = 1\n    return x",
    "one line": "def f(x):\n    if x: y = 1; z = x.f_globals; w = 2\n    return x",
    "several lines": "def f(x):\n    y = max(\n        x.f_globals,\n        1,\n    )\n    return y",
    "method": "class A:\n    def m(self):\n        return self.f_globals\n    def n(self):\n        return 1",
    "nested function": "def f(x):\n    def g(y):\n        return y.f_globals\n    return x",
    "default of a nested function": "def f(x):\n    def g(y=x.f_globals):\n        return y\n    return x",
    "decorated nested function": "def f(x):\n    @x.f_globals\n    def g(y):\n        return y\n    return x",
    "class within a function": "def f(x):\n    class A:\n        y = x.f_globals\n    return x",
    "lambda": "def f(x):\n    g = lambda y: y.f_globals\n    return x",
    "comprehension": "def f(x):\n    return [y.f_globals for y in x]",
    "two in one": "def f(x):\n    for y in x.f_globals:\n        y.f_globals\n    return x.f_globals",
    "global": "def f(x):\n    global y\n    y = x.f_globals",
    "two on a line": "def f(x):\n    a = x.f_globals; b = x.f_globals\n    return a",
    "yield": "def f(x):\n    y = yield x.f_globals\n    return y",
}


@pytest.mark.parametrize("text", PLACES.values(), ids=PLACES)
def test_it_is_taken_out_wherever_it_stands(text: str) -> None:
    left, refused = screened(text)
    assert "f_globals" not in left and refused
    if left:
        assert left.count("\n") == text.count("\n")
        ast.parse(left)


WHOLE = {
    "default": "def f(x=y.f_globals):\n    return x",
    "decorator": "@y.f_globals\ndef f(x):\n    return x",
    "class body": "class A:\n    x = y.f_globals",
    "base": "class A(y.f_globals):\n    pass",
    "module": "x = y.f_globals",
    "lambda": "f = lambda y: y.f_globals",
}


@pytest.mark.parametrize("text", WHOLE.values(), ids=WHOLE)
def test_outside_functions_the_whole_statement_goes(text: str) -> None:
    assert screened(text)[0] == ""


def test_an_import_that_is_tried_fails_as_if_it_were_not_installed() -> None:
    left, _ = screened("try:\n    import os as found\nexcept ImportError:\n    found = None\n")
    space: dict[str, object] = {}
    exec(left, space)
    assert space["found"] is None and "import os" not in left
