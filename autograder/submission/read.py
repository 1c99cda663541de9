"""Read what a student handed in: a ``.py`` file, a notebook, or a folder with helper modules.

No byte is trusted: sizes are checked before anything is opened, links, pipes and devices are refused,
and whatever cannot be read becomes a ``problem`` or a finding, never an exception.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from autograder.results import Finding, Problem, ProblemKind
from autograder.submission.main_file import main_file
from autograder.submission.notebook import NotebookError, read_cells, without_magics, written_file
from autograder.submission.source import (
    MAX_NOTEBOOK,
    MAX_PY,
    UnreadableError,
    code_name,
    decode,
    kind_of,
    os_error,
    read_bytes,
    too_large,
)
from autograder.submission.statements import Statement, printable, split

__all__ = ["Module", "Statement", "Submission", "find_submissions", "printable", "read_submission"]

MAX_TOTAL = 4 << 20  # all Python files of a folder together
MAX_FILES = 200
MAX_ENTRIES = 2_000  # directory entries looked at
MAX_DEPTH = 4

_IGNORED = ("__pycache__", "__MACOSX", "node_modules", "site-packages")


@dataclass(frozen=True)
class Module:
    """Statements of one module; ``name`` is "submission" for the entry, else the dotted import name."""

    name: str
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class Submission:
    """What a student handed in.  The entry module comes first; ``problem`` is set when nothing could be read."""

    name: str  # safe to print
    sha256: str
    modules: tuple[Module, ...]
    findings: tuple[Finding, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)  # filename -> text, to show the student's own line
    problem: Problem | None = None


def read_submission(path: Path, *, entry: str = "submission.py", functions: Collection[str] = ()) -> Submission:
    """Read a submission.  Bad input never raises: the result then carries a ``problem``.

    Args:
      functions: what the assignment asks for: of several files in a folder, the one that defines most of it is taken.
    """
    name = printable(path.name or path.absolute().name)
    try:
        if kind_of(path, name) == "folder":
            return _read_folder(path, name, Path(entry).stem, functions)
        if code_name(path.name).endswith(".ipynb"):
            return _read_notebook(name, read_bytes(path, MAX_NOTEBOOK, name), name)
        if code_name(path.name):
            return _read_python(name, read_bytes(path, MAX_PY, name), name)
        raise UnreadableError(
            ProblemKind.WRONG_TYPE, f"Expected a .py file, an .ipynb notebook or a folder, got {name}"
        )
    except UnreadableError as error:
        return Submission(name, "", (), problem=error.problem)


def find_submissions(folder: Path) -> list[Path]:
    """List the submissions in ``folder``: Python files, notebooks and subfolders, sorted by name.

    Links and odd files are listed too, so that :func:`read_submission` can say what is wrong with them;
    hidden files and caches are not.  Raises OSError when the folder itself cannot be read.
    """
    found = []
    with os.scandir(folder) as entries:
        for item in entries:
            if item.name.startswith(".") or item.name in _IGNORED:
                continue
            if code_name(item.name) or item.is_dir():
                found.append(folder / item.name)
    return sorted(found)


def _read_python(name: str, data: bytes, filename: str) -> Submission:
    text = decode(data, filename)
    statements, findings = split(text, filename)
    if not statements and not findings:
        raise UnreadableError(
            ProblemKind.EMPTY, f"{filename} contains no code, only comments: save your work and hand it in again"
        )
    module = Module("submission", statements)
    return Submission(name, hashlib.sha256(data).hexdigest(), (module,), findings, {filename: text})


def _read_notebook(name: str, data: bytes, filename: str) -> Submission:
    try:
        read = read_cells(data)
    except NotebookError as error:
        raise UnreadableError(ProblemKind.NOT_A_NOTEBOOK, f"{filename}: {error}") from None
    cells = read.code
    size = sum(map(len, cells))
    if size > MAX_PY:
        raise UnreadableError(ProblemKind.TOO_LARGE, too_large(f"The code of {filename}", size, MAX_PY))
    sources = {f"cell {n}": cell for n, cell in enumerate(cells, 1)}  # as a student counts them: code cells only
    files = {label: file for label, cell in sources.items() if (file := written_file(cell)) is not None}
    written = {file.module for file in files.values()}
    modules: dict[str, list[Statement]] = {"submission": []}
    findings = [
        Finding(
            "skipped",
            f"Markdown cell (number {number} of all cells)",
            f"It defines {printable(name)}, but it is text, not code: change its type to Code, and hand in again",
        )
        for number, name in read.prose
    ]
    for label, cell in sources.items():
        file = files.get(label)
        text, notes = (file.text, ()) if file else without_magics(cell, label, written)
        kept, skipped = split(text, label)
        findings += [*notes, *skipped]
        if file and file.module != "submission" and not file.append:
            modules[file.module] = []  # a file that is written again loses what it held
        modules.setdefault(file.module if file else "submission", []).extend(kept)
    if not any(modules.values()) and not findings:
        raise UnreadableError(
            ProblemKind.EMPTY,
            f"{filename} has no code in its code cells: did you save the notebook after your last change?",
        )
    made = _with_packages([Module(module, tuple(kept)) for module, kept in modules.items()])
    return Submission(name, hashlib.sha256(data).hexdigest(), made, tuple(findings), sources)


def _read_folder(folder: Path, name: str, stem: str, functions: Collection[str]) -> Submission:
    findings: list[Finding] = []
    files = list(_walk(folder, findings))
    main = main_file(folder, files, stem, functions)
    if main is None:
        raise UnreadableError(ProblemKind.NO_ENTRY, _no_entry(name, stem, files))
    for path in files:  # modules are imported from the folder of the main file
        if not path.is_relative_to(main.parent):
            shown = printable(path.as_posix())
            findings.append(Finding("skipped", shown, f"{shown} was not read: it is outside the folder of {main.name}"))
    files = [path.relative_to(main.parent) for path in files if path.is_relative_to(main.parent)]
    folder, main = folder / main.parent, Path(main.name)
    notebook = code_name(main.name).endswith(".ipynb")
    reader, limit = (_read_notebook, MAX_NOTEBOOK) if notebook else (_read_python, MAX_PY)
    shown = printable(main.name)
    data = read_bytes(folder / main, limit, shown)
    submission = reader(name, data, shown)
    digest = hashlib.sha256(_framed(main, data))
    modules, sources = list(submission.modules), dict(submission.sources)
    findings = [*submission.findings, *findings]
    total = len(data) if limit == MAX_PY else 0
    written = {m.name for m in modules if m.statements}
    for path in files:
        shown = printable(path.as_posix())
        if path == main:
            continue
        try:
            meant = path.with_name(code_name(path.name))
            if meant.suffix == ".ipynb":
                raise UnreadableError(
                    ProblemKind.WRONG_TYPE, f"{shown} was not read: your work is read from {printable(main.name)}"
                )
            if not all(part.isidentifier() for part in meant.with_suffix("").parts):
                raise UnreadableError(
                    ProblemKind.WRONG_TYPE, f"{shown} was not read: its name cannot be used in an import statement"
                )
            helper = _read_helper(folder / path, shown)
            total += len(helper)
            if total > MAX_TOTAL:
                raise UnreadableError(
                    ProblemKind.TOO_LARGE,
                    f"{shown} was not read: the folder contains more than {MAX_TOTAL >> 20} MiB of Python",
                )
            text = decode(helper, shown)
        except UnreadableError as error:
            findings.append(Finding("skipped", shown, str(error)))
            continue
        statements, skipped = split(text, shown)
        parts = meant.with_suffix("").parts
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        digest.update(_framed(path, helper))
        if module in written:
            continue  # the notebook writes this file anew
        modules.append(Module(module, statements))
        findings += skipped
        sources[shown] = text
    return Submission(name, digest.hexdigest(), _with_packages(modules), tuple(findings), sources)


def _read_helper(path: Path, shown: str) -> bytes:
    try:
        return (
            b"" if os.lstat(path).st_size == 0 and kind_of(path, shown) == "file" else read_bytes(path, MAX_PY, shown)
        )
    except OSError as error:
        raise os_error(error, shown) from None


def _framed(path: Path, data: bytes) -> bytes:
    """Name and content with their lengths, so that two different folders never hash alike."""
    name = os.fsencode(path.as_posix())
    return b"%d %d " % (len(name), len(data)) + name + data


def _with_packages(modules: list[Module]) -> tuple[Module, ...]:
    """Add an empty module for every folder that has no ``__init__.py``."""
    names = {module.name for module in modules}
    for module in list(modules):
        parts = module.name.split(".")
        for n in range(1, len(parts)):
            package = ".".join(parts[:n])
            if package not in names:
                names.add(package)
                modules.append(Module(package, ()))
    return (modules[0], *sorted((m for m in modules[1:] if m.name), key=lambda m: m.name))


def _walk(folder: Path, findings: list[Finding]) -> Iterator[Path]:
    """Yield the Python files and notebooks below ``folder``, relative to it, folder by folder."""
    pending, files, seen = [Path()], 0, 0
    while pending:
        below = pending.pop(0)
        try:
            with os.scandir(folder / below) as entries:
                items = sorted(islice(entries, MAX_ENTRIES), key=lambda i: i.name)
        except OSError as error:
            shown = printable(below.as_posix())
            if not below.parts:
                raise os_error(error, "The folder") from None
            findings.append(Finding("skipped", shown, str(os_error(error, shown))))
            continue
        names = {item.name for item in items}
        if below.parts and "pyvenv.cfg" in names:  # a virtual environment, not the student's work
            continue
        seen += len(items)
        for item in items:
            path = below / item.name
            if item.name.startswith(".") or item.name in _IGNORED:
                continue
            python = bool(code_name(item.name))
            if item.is_dir(follow_symlinks=False):
                if len(path.parts) <= MAX_DEPTH:
                    pending.append(path)
            elif python and not item.is_file(follow_symlinks=False) and len(path.parts) > 1:
                findings.append(Finding("skipped", printable(path.as_posix()), "This is not an ordinary file"))
            elif python:
                files += 1
                yield path
        if files > MAX_FILES:
            raise UnreadableError(
                ProblemKind.TOO_MANY_FILES,
                f"The folder contains more than {MAX_FILES} Python files: hand in only your own files",
            )
        if seen >= MAX_ENTRIES:
            raise UnreadableError(
                ProblemKind.TOO_MANY_FILES,
                f"The folder contains more than {MAX_ENTRIES:,} files: hand in only your own code",
            )


def _no_entry(name: str, stem: str, files: Sequence[Path]) -> str:
    expected = f"Expected {stem}.py or {stem}.ipynb in {name}"
    if files:
        shown = ", ".join(printable(path.as_posix()) for path in files[:8]) + (", ..." if len(files) > 8 else "")
        return f"{expected}, found {shown}: rename the file that contains your functions to {stem}.py"
    return f"{expected}, found no .py file and no notebook: hand in your work again"
