"""Annotations, type checkers and statements that only show something are taken out and cost nothing."""

from __future__ import annotations

import ast
import textwrap

import pytest
from helpers.commands import ROOT

from autograder.assignment import load
from autograder.results import Finding
from autograder.submission.read import Module, Submission
from autograder.submission.screening.screen import screen
from autograder.submission.statements import split

ALLOWED = load("backprop", ROOT).allowed


def screened(text: str) -> tuple[list[str], tuple[Finding, ...]]:
    source = textwrap.dedent(text).strip()
    statements, skipped = split(source, "submission.py")
    assert not skipped
    before = Submission("s", "", (Module("submission", statements),), (), {"submission.py": source})
    after, findings = screen(before, ALLOWED)
    return [s.source for m in after.modules for s in m.statements], findings


# Text, and what is left of it.
TAKEN_OUT = {
    "annotations": (
        "def f(x: eval('1'), *y: Float[Array, 'n'], z: os.path = 1) -> type[int]: return x",
        "def f(x: object, *y: object, z: object = 1) -> object: return x",
    ),
    "annotations of variables": ("x: Spy[list[type]] = 1\ny: 'text' = 2", "x: object = 1\ny: 'text' = 2"),
    "annotations on several lines": (
        "def f(x: Float[\n  Array, 'n'\n]) -> (\n  Spy\n): return x",
        "def f(x: (object\n\n)) -> (\n  object\n): return x",
    ),
    "annotations after letters of several bytes": ("def f(é: Ü, x: Ü) -> Ü: return é",
    "def f(é: object, x: object) -> object: return é"),
    "fields of a class": (
        "from typing import NamedTuple\nclass S(NamedTuple):\n    w: Float[Array, 'n']\n    b: int = 1",
        "from typing import NamedTuple\nclass S(NamedTuple):\n    w: object\n    b: object = 1",
    ),
    "an import for annotations": ("from jaxtyping import Array, Float\ndef f(x: Float[Array, 'n']): return x",
    "def f(x: object): return x"),
    "an import under another name": ("import numpy.typing as npt, jaxtyping as jt\ndef f(x: jt.Float): return x",
    "import numpy.typing as npt\ndef f(x: object): return x"),
    "checkers of types": (
        "from jaxtyping import Float, jaxtyped\nfrom beartype import beartype\n"
        "@jaxtyped(typechecker=beartype)\ndef f(x: Float): return x",
        "@(lambda _: _)\ndef f(x: object): return x",
    ),
    "debugging": ("import jax\ndef f(x):\n    jax.debug.print('x {}', x)\n    breakpoint()\n    return x",
    "import jax\ndef f(x):\n    ()\n    ()\n    return x"),
    "debugging on several lines": (
        "from jax import debug\ndef f(x):\n    debug.print(\n      'x {}',\n      x)\n    return x",
    "def f(x):\n    (); (\n\n)\n    return x"),
    "a debugger": ("import pdb\ndef f(x):\n    if x is None: pdb.set_trace()\n    return x",
    "def f(x):\n    if x is None: ()\n    return x"),
    "logging": (
        "import logging\nlogging.basicConfig(level=logging.INFO)\nlog = logging.getLogger(__name__)\n"
        "def f(x):\n    log.info('x %s', x.shape)\n    logging.warning('x')\n    return x",
        "()\n()\ndef f(x):\n    ()\n    ()\n    return x",
    ),
    "assertions within functions": (
        "assert 1 == 1\ndef f(x):\n    assert x.shape == (3,), 'three'\n    if x: assert (y := x)\n    return y",
        "assert 1 == 1\ndef f(x):\n    ()\n    if x: assert (y := x)\n    return y",
    ),
    "plots": (
        "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\n"
        "ax.plot([1])\nplt.gca().set_title('a')\nplt.show()\nx = 1",
        "()\n()\n()\n()\nx = 1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TAKEN_OUT)
def test_what_grading_does_not_need_is_taken_out(name: str) -> None:
    text, left = TAKEN_OUT[name]
    sources, findings = screened(text)
    assert "\n".join(sources) == left
    assert {f.severity for f in findings} <= {"note"}
    ast.parse(left)


def test_the_student_reads_what_was_left_out() -> None:
    _, findings = screened("import logging\n\ndef f(x):\n    logging.info(x)\n    return x")
    assert [(f.severity, f.where, f.code) for f in findings] == [
        ("note", "submission.py, line 1", "import logging"),
        ("note", "submission.py, line 4", "logging.info(x)"),
    ]
    assert screened('if __name__ == "__main__":\n    breakpoint()')[1] == ()


# What looks alike and is judged as before: (text, the name that is reported).
JUDGED = {
    "what a call returns is used": ("import logging\nx = [logging.getLogger()]", "logging"),
    "a debugger as a value": ("import pdb\nf = pdb.set_trace", "pdb"),
    "a default value": ("def f(x: int = eval('1')): pass", "eval"),
    "a decorator": ("import os\n@os.system\ndef f(): pass", "os"),
    "a checker with other company": ("import beartype, os\n@beartype.beartype(os.system('ls'))\ndef f(x): pass\nos",
    "os"),
    "an import that something else needs": ("import logging\nlogging.info(1)\nlogging.shutdown", "logging"),
    "what dataclasses read": ("from typing import ClassVar\nclass C:\n    x: ClassVar[eval('1')] = 1", "eval"),
    "what a bar goes over": ("from tqdm import tqdm\nfor i in tqdm(range(eval('3'))): x = 1", "eval"),
    "a part of a bar's library that is no bar": ("import tqdm\nx = tqdm.contrib", "tqdm"),
}  # fmt: skip


@pytest.mark.parametrize("name", JUDGED)
def test_the_rest_is_judged_as_before(name: str) -> None:
    text, reported = JUDGED[name]
    assert reported in {f.name.split(".")[0] for f in screened(text)[1] if f.severity == "violation"}


def test_own_names_are_no_loggers() -> None:
    sources, findings = screened(
        "class Log:\n    def info(self, x): self.x = x\nlog = Log()\nlog.info(1)\ndisplay = print\ndisplay(1)"
    )
    assert sources[-3:] == ["log.info(1)", "display = print", "display(1)"] and findings == ()


# Lines that honest students write, one of which used to cost up to 90 points.
HONEST = [
    "np.finfo(np.float32).min", "np.floor_divide(7, 2)", "np.s_[..., 1:]", "np.log(10000.0)", "np.linalg.norm([1.0])",
    "operator.attrgetter('shape')", "operator.methodcaller('sum', axis=0)", "itertools.combinations([1, 2], 2)",
    "sys.float_info.eps", "math.prod([2, 3])", "typing.Self", "jax.named_scope('layer')", "operator.mod(7, 2)",
    "np.issubdtype(np.float32, np.floating)", "np.triu(np.ones((3, 3)))", "re.compile('a+')", "string.digits",
    "functools.cmp_to_key(max)", "np.random.default_rng(0)", "np.pi * np.e", "np.prod((2, 3))", "np.einsum('i->', [1])",
]  # fmt: skip


@pytest.mark.parametrize("line", HONEST)
def test_harmless_names_are_allowed(line: str) -> None:
    imports = "import functools, itertools, math, operator, re, string, sys, typing\nimport jax\nimport numpy as np\n"
    assert screened(f"{imports}VALUE = {line}")[1] == ()


REFUSED = [
    "np.load('a')", "np.savetxt('a', [1])", "np.memmap('a')", "np.bmat('a')", "np.ndarray(3)",
    "operator.attrgetter('__class__')",
    "operator.attrgetter('at.f_globals')", "operator.attrgetter(name)", "operator.attrgetter",
    "operator.methodcaller('mro')",
    "operator.methodcaller(name)", "list(map(operator.methodcaller, [name]))", "sys.modules",
    "typing.get_type_hints(f)",
    "typing.get_origin(f)", "np.ctypeslib", "np.lib", "string.Formatter()", "np.show_config()", "re.template",
]  # fmt: skip


@pytest.mark.parametrize("line", REFUSED)
def test_what_reads_files_or_names_is_still_refused(line: str) -> None:
    imports = "import operator, re, string, sys, typing\nimport numpy as np\n"
    assert {f.severity for f in screened(f"{imports}VALUE = {line}")[1]} == {"violation"}
