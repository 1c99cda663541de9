"""Source text into top-level statements, keeping what can be read when some of it cannot.

The text is only ever parsed (``ast.parse``), never compiled: nested ``finally`` blocks make the compiler
write exponentially much code, and this runs outside the sandbox.
"""

from __future__ import annotations

import ast
import re
import sys
import threading
import unicodedata
import warnings
from dataclasses import dataclass

from autograder.results import Finding
from autograder.submission.recovery import block_end, resume

MAX_TOKENS = 200_000  # one token costs the parser up to 1 KB; a long submission has 20,000
MAX_STATEMENTS = 5_000
MAX_NESTING = 200  # links of a dotted name, prefix operators in a row; CPython itself stops at 200 brackets
MAX_FINDINGS = 50
MAX_CODE = 200

_TEXT_OR_COMMENT = re.compile(
    r"""   '''(?:[^\\']|\\.|'(?!''))*+'''  |  \"{3}(?:[^\\"]|\\.|"(?!""))*+\"{3}
         |  '(?:[^\\'\n]|\\.)*+'           |  "(?:[^\\"\n]|\\.)*+"
         |  \#[^\n]*""",
    re.DOTALL | re.VERBOSE,
)
_TOKEN = re.compile(r"\w++|[^\w\s]")
_LONG_CHAIN = re.compile(rf"(?<!\w)\w++(?:[\s\\]*+\.[\s\\]*+\w++){{{MAX_NESTING}}}")
_LONG_PREFIX = re.compile(rf"(?:(?:[-+~]|\bnot\b|\bawait\b|\blambda\b[^:\n]{{0,20}}:)[\s\\]*+){{{MAX_NESTING}}}")

_PARSING = threading.Lock()  # warning filters belong to the process, and submissions are read in threads
_DEFINES = re.compile(r"(?:async\s+)?def\s+(\w+)")


@dataclass(frozen=True)
class Statement:
    """One top-level statement, which may be executed on its own."""

    source: str  # exact text, from its first decorator to its last character
    filename: str  # what tracebacks show: "submission.py", "helper.py", "cell 3"
    line: int  # 1-based line of the first line of ``source`` in that file or cell


@dataclass(frozen=True)
class Broken:
    """Why a text could not be parsed; ``line`` is 1-based within the text, 0 when unknown."""

    line: int
    reason: str


def printable(text: str) -> str:
    """Escape what a terminal or a browser would act on or hide: controls, bidi marks, lone surrogates."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(c) for c in text)


def _escape(char: str) -> str:
    if char == "\t":
        return " "
    if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
        return char.encode("unicode_escape").decode("ascii")
    return char


def code_line(text: str, line: int) -> str:
    """Return the student's own line for a finding, clipped and safe to show."""
    lines = text.split("\n")
    return printable(lines[line - 1].strip()[:MAX_CODE]) if 0 < line <= len(lines) else ""


def parse(text: str) -> ast.Module | Broken:
    """Parse ``text``, or say in plain words why it cannot be."""
    reason = _too_big(text)
    if reason:
        return Broken(0, reason)
    try:
        with _PARSING, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape such as "\d" is the student's style, not an error
            return ast.parse(text)
    except SyntaxError as error:
        return Broken(error.lineno or 0, printable(newer_syntax(text, sys.version_info[:2]) or _plain(error)))
    except (RecursionError, MemoryError):
        return Broken(0, "it is nested too deeply or chains too many operators: split it into several lines")
    except ValueError as error:  # NUL bytes, lone surrogates
        return Broken(0, f"it contains characters that are not allowed in Python source ({printable(str(error))[:80]})")


def _too_big(text: str) -> str:
    if _too_many_tokens(text):
        return f"it has more than {MAX_TOKENS:,} words and symbols: hand in code, not data"
    if len(text) < MAX_NESTING:
        return ""
    bare = _TEXT_OR_COMMENT.sub(" 0 ", text)
    if _LONG_CHAIN.search(bare):
        return f"a name in it has more than {MAX_NESTING} dots"
    if _LONG_PREFIX.search(bare):
        return f"it has more than {MAX_NESTING} operators in a row"
    return ""


def _too_many_tokens(text: str) -> bool:
    return len(text) > MAX_TOKENS and any(n >= MAX_TOKENS for n, _ in enumerate(_TOKEN.finditer(text)))


# Syntax that came with a later Python than the oldest that runs the grader.
_DEFINES_WITH = r"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+\w+\["
_OWN_QUOTES = r"""(?<![\w"'])[rR]?[fF][rR]?(["'])(?:(?!\1)[^{\n])*\{(?:(?!\1)[^}\n])*\1[^}\n]*\1[^}\n]*\}"""
_NEWER: tuple[tuple[tuple[int, int], str, re.Pattern[str]], ...] = tuple(
    (needed, what, re.compile(pattern, re.MULTILINE))
    for needed, what, pattern in (
        ((3, 12), "the statement `type X = ...`", r"^[ \t]*type[ \t]+\w+[ \t]*(?:\[[^\]\n]*\])?[ \t]*=(?!=)"),
        ((3, 13), "a default for a type parameter", _DEFINES_WITH + r"[^\]\n=]*="),
        ((3, 12), "a type parameter in brackets after a name", _DEFINES_WITH),
        ((3, 14), "`except` with several types and no parentheses", r"^[ \t]*except[ \t]+[\w.]+[ \t]*,"),
        ((3, 14), "a t-string", r"""(?<![\w"'])[tT][rR]?["']"""),
        ((3, 12), "an f-string with its own quotes inside the braces", _OWN_QUOTES),
    )
)


def newer_syntax(text: str, version: tuple[int, int]) -> str:
    """Say which part of a text needs a later Python than ``version``, which could not read it; empty if none does."""
    for needed, what, pattern in _NEWER:
        if version < needed and pattern.search(text):
            ours = ".".join(map(str, version))
            return f"{what} needs Python {needed[0]}.{needed[1]} or newer, and the grader runs Python {ours}"
    return ""


def _plain(error: SyntaxError) -> str:
    message = re.sub(r" \(detected at line \d+\)| on line \d+", "", str(error.msg or "invalid syntax"))
    return {
        "inconsistent use of tabs and spaces in indentation": "tabs and spaces are mixed: use four spaces everywhere",
        "invalid syntax": "this is not valid Python syntax",
        "unexpected indent": "this line is indented further than the lines around it",
        "unindent does not match any outer indentation level": "this line's indentation matches no line above it",
    }.get(message, message)


def split(text: str, filename: str) -> tuple[tuple[Statement, ...], tuple[Finding, ...]]:
    """Split ``text`` into its top-level statements.

    Text that cannot be parsed as a whole is cut into top-level blocks; those that parse are kept and each
    of the others becomes one finding.
    """
    tree = parse(text)
    if isinstance(tree, ast.Module):
        statements, findings = _of_tree(tree, text, filename, 1)
    elif _too_many_tokens(text):
        return (), (_skipped(filename, text, 1, f"None of this was read: {tree.reason}", ""),)
    else:
        statements, findings = _recover(text, filename)
    if len(statements) > MAX_STATEMENTS:
        reason = f"The rest was not read: there are more than {MAX_STATEMENTS:,} statements outside functions"
        findings = [*findings, _skipped(filename, text, statements[MAX_STATEMENTS].line, reason, "")]
        statements = statements[:MAX_STATEMENTS]
    return tuple(statements), tuple(findings)


def _skipped(filename: str, text: str, line: int, message: str, function: str) -> Finding:
    binds = (function,) if function else ()
    where = f"{filename}, line {line}"
    return Finding("skipped", where, message, function=function, code=code_line(text, line), binds=binds)


def _of_tree(tree: ast.Module, text: str, filename: str, first: int) -> tuple[list[Statement], list[Finding]]:
    """Cut the text of a parsed tree at its top-level nodes; ``first`` is the line of the text in its file."""
    lines = text.split("\n")
    statements, findings = [], []
    previous_end = 0
    for node in tree.body:
        start, column = node.lineno, node.col_offset
        end, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
        if getattr(node, "decorator_list", None):  # the node starts at "def"; "@" starts a line further up
            above = range(previous_end + 1, start + 1)
            start = next((n for n in above if lines[n - 1].lstrip("\f ").startswith("@")), start)
            column = len(lines[start - 1]) - len(lines[start - 1].lstrip("\f "))
        piece = lines[start - 1 : end]
        piece[-1] = _bytes_slice(piece[-1], 0, end_column)
        piece[0] = _bytes_slice(piece[0], column, None)
        previous_end = end
        line = first + start - 1
        outside = _needs_function(node)
        if outside:
            message = f"{outside} is allowed only inside a function; this statement was skipped"
            findings.append(Finding("skipped", f"{filename}, line {line}", message, code=code_line(text, start)))
        else:
            statements.append(Statement("\n".join(piece), filename, line))
    return statements, findings[:MAX_FINDINGS]


def _bytes_slice(line: str, start: int, stop: int | None) -> str:
    """Slice by the parser's columns, which count UTF-8 bytes."""
    return line[start:stop] if line.isascii() else line.encode()[start:stop].decode("utf-8", "replace")


def _needs_function(top: ast.stmt) -> str:
    """Name a return, await or yield outside every function; empty where there is none."""
    words: dict[type[ast.AST], str] = {
        ast.Return: "return", ast.Await: "await", ast.Yield: "yield", ast.YieldFrom: "yield from",
        ast.AsyncFor: "async for", ast.AsyncWith: "async with",
    }  # fmt: skip
    pending: list[ast.AST] = [top]
    while pending:
        node = pending.pop()
        if type(node) in words:
            return words[type(node)]
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            pending.extend(ast.iter_child_nodes(node))
    return ""


def _recover(text: str, filename: str) -> tuple[list[Statement], list[Finding]]:
    lines = text.split("\n")
    statements: list[Statement] = []
    findings: list[Finding] = []
    budget = 10 * len(text) + 10_000  # a block that swallowed its neighbours is read again without them
    start = 0
    while start < len(lines):
        if not lines[start].strip() or lines[start].lstrip().startswith("#"):
            start += 1
            continue
        end = block_end(lines, start)
        block = "\n".join(lines[start:end])
        budget -= len(block)
        if budget < 0 or len(findings) >= MAX_FINDINGS or len(statements) > MAX_STATEMENTS:
            message = "The rest was not read: too much of this file is not valid Python"
            findings.append(_skipped(filename, text, start + 1, message, ""))
            break
        tree = parse(block)
        if isinstance(tree, ast.Module):
            kept, remarks = _of_tree(tree, block, filename, start + 1)
            statements += kept
            findings += remarks
        else:
            end, opened = resume(lines, start, end)
            bad = opened + 1 if opened >= 0 else min(start + max(tree.line, 1), end)
            found = next(filter(None, map(_DEFINES.match, lines[start:end])), None)
            function = found[1] if found else ""
            what = f"The function {printable(function)}" if function else "This part"
            message = f"Python cannot read this: {tree.reason}. {what} was skipped; the rest is graded"
            findings.append(_skipped(filename, text, bad, message, function))
        start = end
    return statements, findings
