"""A submitted notebook, rebuilt: the student's text, nbgrader's own cells, and nothing else of what was handed in.

Everything nbgrader does afterwards, and everything its pages show, rests on this notebook.  Metadata, outputs
and attachments of a stranger are not cleaned but left behind; which cells carry points, and how many, is read from
the gradebook, where ``nbgrader generate_assignment`` put it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.exchange.nbgrader.cells import metadata
from autograder.report.text import visible
from autograder.results import ProblemKind
from autograder.submission.notebook import NotebookError, claimed_cells
from autograder.submission.source import MAX_NOTEBOOK, UnreadableError, kind_of, read_bytes
from autograder.submission.statements import printable

MAX_CELLS = 2_000
MAX_TEXT = 2 << 20  # characters of all cells together: pages are made of them

_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_LINK = re.compile(r"\]([(:])")  # [text](where) and [name]: where; images are links too
_COMMAND = re.compile(r"\\(?=href|csname|require|style|class|cssId)")  # TeX that becomes HTML


@dataclass(frozen=True)
class Known:
    """A cell that the gradebook knows.  ``after`` names the cell behind which it goes when it is missing."""

    name: str
    kind: str
    text: str
    checksum: str
    locked: bool
    solution: bool
    points: float | None = None  # None: carries none
    task: bool = False
    after: str = ""


@dataclass(frozen=True)
class Written:
    """A cell as the student wrote it; ``claim`` is the nbgrader name that its metadata claims."""

    kind: str
    text: str
    claim: str = ""


@dataclass(frozen=True)
class Handed:
    """What could be read of a submitted notebook."""

    cells: Sequence[Written] = field(default_factory=tuple)
    problem: str = ""


def read_handed(path: Path) -> Handed:
    """Read a submitted notebook within limits; never raises, whatever the file contains."""
    name = printable(path.name)
    try:
        if kind_of(path, name) == "folder":
            raise UnreadableError(ProblemKind.WRONG_TYPE, f"{name} is a folder, expected a notebook")
        cells = claimed_cells(read_bytes(path, MAX_NOTEBOOK, name))
    except (UnreadableError, NotebookError) as problem:
        return Handed(problem=str(problem))
    kept, size = [], 0
    for kind, text, claim in cells[:MAX_CELLS]:
        size += len(text)
        if size > MAX_TEXT:
            break
        kept.append(Written(kind, text, claim))
    if len(kept) < len(cells):
        kept.append(Written("markdown", f"({len(cells) - len(kept):,} more cells are not shown)"))
    return Handed(tuple(kept))


def rebuild(handed: Handed, known: Mapping[str, Known]) -> Any:
    """Return the notebook (nbformat 4) that takes the submission's place.

    The first cell that claims a known name gets it; a locked cell gets the text that the gradebook holds, and what
    the student wrote into it stands before it.  Cells with points that are missing come back.
    """
    from nbformat.v4 import new_notebook

    cells: list[Any] = []
    names: list[str] = []  # beside the cells; "" for those that the gradebook does not know

    def put(at: int, name: str, cell: Any) -> None:
        names.insert(at, name)
        cells.insert(at, cell)

    for one in handed.cells:
        cell = known.get(one.claim)
        if cell is None or cell.name in names:
            put(len(cells), "", _plain_cell(one))
            continue
        if cell.locked and one.text.strip() and one.text != cell.text:
            put(len(cells), "", _plain_cell(one))
        put(len(cells), cell.name, _known_cell(cell, one.text))
    for cell in known.values():
        if cell.name not in names and (cell.points is not None or cell.locked):
            at = names.index(cell.after) + 1 if cell.after and cell.after in names else len(cells)
            put(at, cell.name, _known_cell(cell, cell.text))
    return new_notebook(cells=cells)


def _known_cell(cell: Known, text: str) -> Any:
    made = _cell(cell.kind, cell.text if cell.locked else _shown(cell.kind, text))
    entries = metadata(
        cell.name,
        grade=cell.points is not None and not cell.task,
        solution=cell.solution,
        locked=cell.locked,
        points=cell.points,
    )
    made.metadata["nbgrader"] = entries | {"task": cell.task, "checksum": cell.checksum, "cell_type": cell.kind}
    return made


def _plain_cell(one: Written) -> Any:
    return _cell("code" if one.kind == "code" else "markdown", _shown(one.kind, one.text))


def _cell(kind: str, text: str) -> Any:
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

    make: Any = {"code": new_code_cell, "raw": new_raw_cell}.get(kind, new_markdown_cell)
    return make(text)


def _shown(kind: str, text: str) -> str:
    """Make control characters visible and Markdown inert.

    nbgrader's pages put a student's HTML, links to scripts and MathJax commands before the instructor as they are.
    Done twice, this changes nothing more: nbgrader hands over what it wrote.
    """
    if kind != "code":
        text = _TAG.sub("< ", text)
        text = _LINK.sub(r"] \1", text)
        text = _COMMAND.sub("/", text)
    return visible(text, lines=True, limit=len(text))
