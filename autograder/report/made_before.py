"""Which pages of a folder need not be made again: nothing that they show has changed."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from autograder.files import write_text
from autograder.result_json import to_json

FILE = "pages.json"
MAX_BYTES = 64 << 20


class Pages:
    """The pages of one folder, with digests of what each was made from and of its bytes.

    Args:
      folder: where the digests are kept; what cannot be read there is made again.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._known = _read(self._file)
        self._now: dict[str, list[str]] = {}

    def write(self, pages: Mapping[Path, Callable[[], str]], shown: Any) -> None:
        """Write pages, unless they lie there as they were made and show the same.

        Args:
          pages: the text of each page, made only where it is needed.
          shown: everything that the pages depend on, as JSON or dataclasses.
        """
        key = _digest(_engine() + to_json(shown, compact=True))
        for path, make in pages.items():
            name = f"{path.parent.name}/{path.name}"
            lying = _lying(path)
            if self._known.get(name) != [key, lying]:
                write_text(path, make())
                lying = _lying(path)
            self._now[name] = [key, lying]

    def keep(self) -> None:
        """Remember the digests for the next time."""
        write_text(self._file, json.dumps(self._now, indent=0))


def _read(file: Path) -> dict[str, Any]:
    try:
        if file.is_symlink() or file.stat().st_size > MAX_BYTES:
            return {}
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _lying(path: Path) -> str:
    """Digest of the bytes of a page; empty where there is none, or a link."""
    try:
        return "" if path.is_symlink() else hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@functools.cache
def _engine() -> str:
    """Identify the code and the templates that make pages."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.read_bytes())
    return digest.hexdigest()
