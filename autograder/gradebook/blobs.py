"""The bytes of submissions, stored by hash beside the ledger: written once, atomically, and never changed."""

from __future__ import annotations

import hashlib
import io
import os
import re
import zipfile
from pathlib import Path

from autograder.files import write_bytes
from autograder.results import ProblemKind
from autograder.submission.source import MAX_NOTEBOOK, UnreadableError, kind_of, read_bytes

MAX_FOLDER = 64 << 20
MAX_FILES = 200


class Objects:
    """A folder ``objects/ab/cdef…`` of files that are named by the SHA-256 of what they hold."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, digest: str) -> Path:
        if not re.fullmatch(r"[0-9a-f]{64}", digest):
            raise ValueError(f"expected a SHA-256, got {digest[:80]!r}")
        return self.folder / digest[:2] / digest[2:]

    def put(self, content: bytes) -> str:
        """Store ``content`` and return its hash; an existing file stays unchanged."""
        digest = hashlib.sha256(content).hexdigest()
        path = self.path(digest)
        if path.exists():
            return digest
        write_bytes(path, content, mode=0o400, durable=True)
        return digest

    def get(self, digest: str) -> bytes:
        """Read the bytes back.  Raises ValueError if they no longer match the hash in the file's name."""
        content = self.path(digest).read_bytes()
        if hashlib.sha256(content).hexdigest() != digest:
            raise ValueError(f"{self.path(digest)} was changed: its content does not match the hash in its name")
        return content


def packed(path: Path) -> bytes:
    """Return the bytes to store: the file itself, or a zip of a folder's Python files and notebooks.

    Raises:
      UnreadableError: for links, devices, and submissions that are too large.
    """
    shown = path.name
    if kind_of(path, shown) == "file":
        return read_bytes(path, MAX_NOTEBOOK, shown)
    found, total = io.BytesIO(), 0
    with zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as archive:
        for count, inner in enumerate(_files(path)):
            name = inner.relative_to(path).as_posix()
            total += inner.stat().st_size
            if count >= MAX_FILES or total > MAX_FOLDER:
                raise UnreadableError(
                    ProblemKind.TOO_LARGE, f"{shown} holds more than {MAX_FILES} files or {MAX_FOLDER >> 20} MiB"
                )
            data = inner.read_bytes()
            # One fixed date, so that equal folders are equal bytes.
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
    return found.getvalue()


def _files(folder: Path) -> list[Path]:
    found = []
    for here, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted(f for f in folders if not f.startswith((".", "__")))
        for name in sorted(names):
            path = Path(here, name)
            wanted = name.lower().endswith((".py", ".ipynb")) and not name.startswith(".")
            if wanted and path.is_file() and not path.is_symlink():
                found.append(path)
        if len(found) > MAX_FILES:
            break
    return sorted(found)
