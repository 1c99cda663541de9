"""Write a file in one step: a reader sees the old content or the new one, never a part."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

PRIVATE = 0o600  # for what no other user may ever open
PUBLIC = 0o666  # less what the user's umask takes away


@contextlib.contextmanager
def replaced(path: Path, mode: int = PUBLIC) -> Iterator[Path]:
    """Give an empty file beside ``path`` to write to; it takes the place of ``path`` when the block ends well.

    A link in that place is replaced, not followed; the folder is made if it is missing.

    Args:
      mode: of the file, from the start.

    Raises:
      OSError: the folder cannot be written; what stood in ``path`` stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{secrets.token_hex(8)}.partial")
    try:
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode | 0o200))
        yield partial
        if not mode & 0o200:
            os.chmod(partial, mode)
        os.replace(partial, path)
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise


def write_bytes(path: Path, data: bytes, *, mode: int = PUBLIC, durable: bool = False) -> None:
    """Write a file in one step.

    Args:
      mode: of the file, from the start.
      durable: return only when the content has reached the disk (fsync of the file and of its folder).

    Raises:
      OSError: the folder cannot be written; what stood in ``path`` stays.
    """
    with replaced(path, mode) as partial, partial.open("wb") as stream:
        stream.write(data)
        if durable:
            stream.flush()
            os.fsync(stream.fileno())
    if durable:
        folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def write_text(path: Path, text: str, *, mode: int = PUBLIC, durable: bool = False) -> None:
    """Write text as UTF-8 in one step; see :func:`write_bytes`."""
    write_bytes(path, text.encode("utf-8"), mode=mode, durable=durable)
