"""Results as files: safe names, written in one step, one run at a time in a folder."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from autograder.results import Result, ResultError, from_json, to_json


class Busy(RuntimeError):
    """Another run is at work in the folder."""


def write_result(result: Result, path: Path) -> None:
    """Store a result in one step: a reader sees the old file or the new one."""
    _write(to_json(result), path)


def write_judged(result: Result, path: Path, basis: str) -> None:
    """Store a result with what it rests on, beside it.

    Whenever this is interrupted, a basis that is there belongs to the result that is there.
    """
    _basis(path).unlink(missing_ok=True)
    write_result(result, path)
    _write(basis, _basis(path))


def read_judged(path: Path, basis: str) -> Result | None:
    """Return a stored result if it rests on ``basis``."""
    try:
        same = _basis(path).read_text(encoding="utf-8") == basis
    except (OSError, UnicodeDecodeError):
        return None
    return read_result(path) if same else None


def _basis(path: Path) -> Path:
    return path.with_suffix(".basis")


def _write(text: str, path: Path) -> None:
    handle, partial = tempfile.mkstemp(dir=path.parent, suffix=".partial")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.replace(partial, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(partial)
        raise


def read_result(path: Path) -> Result | None:
    """Return a stored result, or None where there is none that can be read."""
    try:
        return from_json(path.read_text())
    except (OSError, ResultError, UnicodeDecodeError):
        return None


def file_name(path: Path) -> str:
    """A safe, short and unique name for a submission's result, whatever and wherever the submission is.

    Students hand in files of one name from folders of their own, so the folder counts too.
    """
    raw = os.fsencode(os.path.join(os.path.abspath(path.parent), path.name))
    plain = re.sub(r"[^A-Za-z0-9_.-]", "_", path.name)[:60].strip(".") or "submission"
    return f"{plain}-{hashlib.sha256(raw).hexdigest()[:8]}.json"


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a folder of results for one run; what a killed run left half-written is removed.

    Raises:
      Busy: another process holds it.  The lock goes with the process that holds it, however it ends.
    """
    (folder / "results").mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Busy(f"another run is at work in {folder}: wait for it, or name another folder with --out") from None
        for left in (folder / "results").glob("*.partial"):
            left.unlink(missing_ok=True)
        yield
