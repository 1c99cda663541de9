"""Code cells of a Jupyter notebook, as text.

Untrusted JSON is measured before it is parsed.  Stored outputs and metadata are not used, except
for the language of the notebook.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from autograder.results import Finding
from autograder.submission.recovery import LineScanner
from autograder.submission.statements import Broken, code_line, parse, printable

MAX_DEPTH = 100  # a real notebook nests about 10 deep
MAX_BRACKETS = 1_000_000
MAX_VALUES = 3_000_000
MAX_CELLS = 2_000

_NOT_A_BRACKET = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[^\[\]{}"]++|"', re.DOTALL)
_CLEAR = "clear the outputs (in Jupyter: Edit, Clear Outputs of All Cells), save the notebook and hand it in again"

_PYTHON_FILE = r"""['"]?(?:\./)?([\w/]{1,100})\.py['"]?[ \t]*$"""
_WRITES = re.compile(r"\s*%%(?:writefile|file)[ \t]+(-a[ \t]+|--append[ \t]+)?" + _PYTHON_FILE)
_RUNS = re.compile(r"([ \t]*)%run[ \t]+" + _PYTHON_FILE)
_CELL_MAGIC = re.compile(r"\s*%%(\w*)")
_KEEPS_CODE = ("time", "timeit", "capture", "prun", "memit")
_LINE_MAGIC = re.compile(
    r"""\s*(?: %{1,2}\w | [!?] | [\w.,\ ]+=\s*(?:!|%\w)   # %matplotlib, !pip, ?help, files = !ls
             | [\w.*]+\?{1,2}\s*$                          # help?
             | (?:pip3?|conda|mamba)\s+(?:install|list)\b )""",
    re.VERBOSE,
)


_DEFINES = re.compile(r"^(?:async )?def ([A-Za-z_]\w{0,100})\(", re.MULTILINE)


class NotebookError(ValueError):
    """Why a notebook cannot be read; the message says what was expected and what to do."""


@dataclass(frozen=True)
class Cells:
    """The code of a notebook.

    Attributes:
      code: the text of the code cells, in order.
      prose: positions, from 1 and among all cells, of Markdown and raw cells that seem to hold code, with the name that
        each defines first: their type was changed by mistake.
    """

    code: tuple[str, ...]
    prose: tuple[tuple[int, str], ...] = ()


def read_cells(data: bytes) -> Cells:
    """Read the code cells of a notebook; a cell that nbgrader gave out as code is code, whatever it became.

    Raises:
      NotebookError: it is no notebook for Python.
    """
    code, prose = [], []
    for number, cell in enumerate(_cells(data), 1):
        text = _source(cell)
        if cell.get("cell_type") == "code" or _entry(cell, "cell_type") == "code":
            code.append(text)
        elif found := _DEFINES.search(text):
            prose.append((number, found[1]))
    return Cells(tuple(code), tuple(prose))


def claimed_cells(data: bytes) -> list[tuple[str, str, str]]:
    """Return kind, text and claimed nbgrader name ("" for none) of all cells, in order; nothing else is kept."""
    return [(str(cell.get("cell_type")), _source(cell), _entry(cell, "grade_id")) for cell in _cells(data)]


def _entry(cell: dict[str, Any], name: str) -> str:
    """Return an entry of the metadata that nbgrader gave a cell; "" where there is none."""
    found: Any = cell
    for entry in ("metadata", "nbgrader", name):
        found = found.get(entry) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""


def _cells(data: bytes) -> list[dict[str, Any]]:
    notebook = _load(data)
    if not isinstance(notebook, dict):
        raise NotebookError(f"expected a notebook (a JSON object), got a JSON {_kind(notebook)}")
    if "worksheets" in notebook and "cells" not in notebook:
        raise NotebookError(
            "this notebook has the old format 3 (worksheets), expected format 4: open it in Jupyter and save it again"
        )
    cells = notebook.get("cells")
    if not isinstance(cells, list):
        raise NotebookError("expected a Jupyter notebook: this JSON has no list of cells")
    language = _language(notebook)
    if language and not language.lower().startswith(("python", "ipython")):
        raise NotebookError(
            f"the notebook is written for {printable(language)[:40]}, expected Python: "
            "choose a Python kernel in Jupyter and save it"
        )
    found = [cell for cell in cells if isinstance(cell, dict)]
    code = sum(cell.get("cell_type") == "code" for cell in found)
    if code > MAX_CELLS:
        raise NotebookError(f"the notebook has {code:,} code cells, expected at most {MAX_CELLS:,}")
    return found


def _load(data: bytes) -> Any:
    if data.count(b",") > MAX_VALUES or sum(data.count(b) for b in (b"[", b"{", b"]", b"}")) > MAX_BRACKETS:
        raise NotebookError(f"the notebook contains millions of values, far more than code needs: {_CLEAR}")
    depth = deepest = 0
    for byte in _NOT_A_BRACKET.sub(b"", data):
        depth += 1 if byte in b"[{" else -1
        deepest = max(deepest, depth)
    if deepest > MAX_DEPTH:
        raise NotebookError(
            f"the JSON is nested {deepest:,} levels deep, expected at most {MAX_DEPTH}: "
            "Jupyter did not write this notebook; save it again from Jupyter"
        )
    try:
        return json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise NotebookError(f"byte {error.start:,} is not UTF-8: save the notebook again from Jupyter") from None
    except json.JSONDecodeError as error:
        raise NotebookError(
            f"expected a notebook (JSON), got something else at line {error.lineno}, column {error.colno} "
            f"({error.msg}): was the upload complete? Save the notebook again from Jupyter"
        ) from None
    except (ValueError, RecursionError):  # integers of thousands of digits
        raise NotebookError("Jupyter did not write this JSON: save the notebook again from Jupyter") from None


def _kind(value: Any) -> str:
    return {list: "list", str: "string", bool: "boolean", type(None): "null"}.get(type(value), "number")


def _language(notebook: dict[str, Any]) -> str:
    metadata = notebook.get("metadata")
    for section, entry in (("language_info", "name"), ("kernelspec", "language")):
        value = metadata.get(section) if isinstance(metadata, dict) else None
        if isinstance(value, dict) and isinstance(value.get(entry), str):
            return str(value[entry])
    return ""


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    text = source if isinstance(source, str) else ""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


@dataclass(frozen=True)
class WrittenFile:
    """What a cell like ``%%writefile helper.py`` writes: the import name of the file, and its text."""

    module: str
    text: str  # on the lines that it has in the cell
    append: bool


def written_file(text: str) -> WrittenFile | None:
    """Return the Python file that a cell writes; None for any other cell."""
    lines = text.split("\n")
    first = next((n for n, line in enumerate(lines) if line.strip()), 0)
    magic = _WRITES.match(lines[first])
    parts = magic[2].split("/") if magic else []
    if magic is None or not all(part.isidentifier() for part in parts):
        return None
    lines[first] = ""
    return WrittenFile(".".join(parts), "\n".join(lines), append=bool(magic[1]))


def without_magics(text: str, filename: str, written: Collection[str] = ()) -> tuple[str, tuple[Finding, ...]]:
    """Replace lines that only IPython understands with ``pass``, keeping every line where it is.

    A cell that is plain Python is left alone, so that ``%`` and ``!`` in strings and formulas stay.

    Args:
      written: modules that cells of the notebook write; to run such a file is to take all names from it.
    """
    lines = text.split("\n")
    first = next((n for n, line in enumerate(lines) if line.strip()), 0)
    indent = len(lines[first]) - len(lines[first].lstrip(" \t"))
    if indent:  # IPython forgives a cell that is indented as a whole
        prefix = lines[first][:indent]
        lines = [line.removeprefix(prefix) for line in lines]
    magic = _CELL_MAGIC.match(lines[first])
    if magic is None and not isinstance(parse("\n".join(lines)), Broken):
        return "\n".join(lines), ()
    findings = []
    if magic is not None:
        shown = code_line(text, first + 1)
        where = f"{filename}, line {first + 1}"
        if magic[1] not in _KEEPS_CODE:
            message = "This cell is input for a notebook command, not Python, so it was left out"
            return "", (Finding("note", where, message, code=shown),)
        findings.append(_note(where, shown))
        lines[first] = ""
    scan = LineScanner()
    inside, blank = False, "pass"  # a shell line that goes on after a backslash
    for n, line in enumerate(lines):
        run = _RUNS.match(line) if scan.at_statement else None
        if run is not None and run[2].replace("/", ".") in written:
            lines[n] = f"{run[1]}from {run[2].replace('/', '.')} import *"
        elif inside or (scan.at_statement and _LINE_MAGIC.match(line)):
            if not inside:
                findings.append(_note(f"{filename}, line {n + 1}", code_line(text, n + 1)))
                blank = line[: len(line) - len(line.lstrip())] + "pass"
            inside = line.endswith("\\")
            lines[n] = blank
        else:
            scan.feed(line)
    return "\n".join(lines), tuple(findings)


def _note(where: str, code: str) -> Finding:
    message = "Notebook commands are not run during grading, so this line was left out"
    return Finding("note", where, message, code=code)
