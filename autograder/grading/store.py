"""Results as files: written atomically, with the previous attempt kept, and one run per folder at a time."""

from __future__ import annotations

import contextlib
import fcntl
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from autograder.errors import UserError
from autograder.files import PRIVATE, write_text
from autograder.result_json import from_json, to_json
from autograder.results import Result, ResultError

_DIGEST = re.compile(r'"submission_sha256": "([0-9a-f]*)"')


class BusyError(UserError):
    """Another run is using the folder."""


def write_result(result: Result, path: Path, earlier: Path | None = None) -> None:
    """Store a result atomically: a reader sees either the old file or the new file.

    Args:
      earlier: folder to which a stored result of other bytes, the previous attempt, is copied first.
    """
    if earlier is not None:
        _set_aside(path, earlier, result.provenance.submission_sha256)
    write_text(path, to_json(result), mode=PRIVATE)


def write_judged(result: Result, path: Path, basis: str, earlier: Path | None = None) -> None:
    """Store a result, and beside it the basis of its judgement.

    Crash-safe: a basis file on disk always matches the result file beside it.
    """
    _basis(path).unlink(missing_ok=True)
    write_result(result, path, earlier)
    write_text(_basis(path), basis, mode=PRIVATE)


def _set_aside(path: Path, earlier: Path, sha256: str) -> None:
    """Copy a stored result that belongs to another submission; the digest is found without reading all of it."""
    if not path.exists():
        return
    digest = _DIGEST.search(path.read_text(encoding="utf-8", errors="replace"))
    if digest and digest[1] and digest[1] != sha256:
        earlier.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, earlier / path.name)


def read_judged(path: Path, basis: str) -> Result | None:
    """Return a stored result if its basis is ``basis``."""
    try:
        same = _basis(path).read_text(encoding="utf-8") == basis
    except (OSError, UnicodeDecodeError):
        return None
    return read_result(path) if same else None


def _basis(path: Path) -> Path:
    return path.with_suffix(".basis")


def read_result(path: Path) -> Result | None:
    """Return a stored result, or None if it is missing or unreadable."""
    try:
        return from_json(path.read_text())
    except (OSError, ResultError, UnicodeDecodeError):
        return None


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Lock a folder of results for one run, and remove the partial files of killed runs.

    Raises:
      BusyError: another process holds the lock, which ends with that process, however it ends.
    """
    (folder / "results").mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BusyError(
                f"another run is using {folder}: wait until it ends, or name another folder with --out"
            ) from None
        for left in (folder / "results").glob("*.partial"):
            left.unlink(missing_ok=True)
        yield
