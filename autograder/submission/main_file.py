"""Choose the file of a folder that holds the student's functions; the others are modules beside it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path

from autograder.submission.notebook import NotebookError, read_cells
from autograder.submission.source import MAX_NOTEBOOK, MAX_PY, UnreadableError, code_name, decode, read_bytes

# By text alone: parsers of Python do not survive everything that strangers write.
_BINDS = re.compile(r"^(?:(?:async +)?def +|class +)?([A-Za-z_]\w*)[ (:=]", re.MULTILINE)


def main_file(folder: Path, files: Sequence[Path], stem: str, functions: Collection[str]) -> Path | None:
    """Return the main file, relative to the folder; None where it is not clear which it is.

    It is, in this order: the file that has the expected name, at the top or alone in the nearest folder below; the
    only file; the one that defines most of the functions, if that is one; the only file at the top.

    Args:
      files: Python files and notebooks, relative to the folder, from the top down.
      stem: the expected name, without its suffix.
      functions: names that the assignment asks for.
    """
    for suffix in (".py", ".ipynb"):
        named = [path for path in files if code_name(path.name) == stem + suffix]
        nearest = [path for path in named if len(path.parts) == min(len(p.parts) for p in named)]
        if len(nearest) == 1:
            return nearest[0]
    if len(files) == 1:
        return files[0]
    counts = {path: len(_defined(folder / path) & set(functions)) for path in files} if functions else {}
    most = [path for path, count in counts.items() if count == max(counts.values()) > 0]
    if len(most) == 1:
        return most[0]
    top = [path for path in files if len(path.parts) == 1]
    return top[0] if len(top) == 1 and not most else None


def _defined(path: Path) -> set[str]:
    """Return the names that a file binds at its top level; none where it cannot be read."""
    try:
        if code_name(path.name).endswith(".ipynb"):
            texts = list(read_cells(read_bytes(path, MAX_NOTEBOOK, path.name)).code)
        else:
            texts = [decode(read_bytes(path, MAX_PY, path.name), path.name)]
    except (UnreadableError, NotebookError):
        return set()
    return {name for text in texts for name in _BINDS.findall(text)}
