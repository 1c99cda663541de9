"""Byte streams with hard limits, whatever an archive claims about itself."""

from __future__ import annotations

import io
import lzma
import os
import stat
import zlib
from pathlib import Path
from types import TracebackType
from typing import Any

from autograder.errors import UserError

MAX_ARCHIVE = 4 << 30
MAX_READ = 4 << 20  # of one read: a directory of a zip, an extended header of a tar
MEMORY = 128 << 20  # what unpacking xz may use
_FREE = 16 << 20  # bytes that may be unpacked before the ratio counts


class ArchiveError(UserError):
    """An archive that cannot be read at all; the message says what is wrong and what to do."""


class Bounded(io.RawIOBase):
    """An ordinary file on disk.  It refuses a library that reads too much of it at once."""

    def __init__(self, path: Path, shown: str) -> None:
        self.shown = shown
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ArchiveError(f"{shown} cannot be opened ({reason}): expected an ordinary file") from None
        self.file = os.fdopen(descriptor, "rb")
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_ARCHIVE:
            self.file.close()
            what = "is not an ordinary file" if not stat.S_ISREG(status.st_mode) else "is larger than 4 GiB"
            raise ArchiveError(f"{shown} {what}: unpack it yourself and name the folder")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self.file.read(MAX_READ + 1 if size < 0 else min(size, MAX_READ + 1))
        if len(data) > MAX_READ:
            raise ArchiveError(
                f"{self.shown} asks for more than {MAX_READ >> 20} MiB at once: its directory is too large"
            )
        return data

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        return self.file.tell()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.file.close()
        super().close()


class Inflated(io.RawIOBase):
    """The contents of a gzip or xz file, forwards only, up to ``total`` bytes and ``ratio`` times its size."""

    def __init__(self, packed: Bounded, total: int, ratio: int) -> None:
        self.packed, self.total, self.ratio = packed, total, ratio
        self.buffer = bytearray()
        self.position = self.consumed = self.produced = 0
        self.engine: Any = None
        self.waiting = b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.position

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence != 0 or offset < self.position:
            raise ArchiveError(f"{self.packed.shown} would have to be read backwards: it is damaged")
        while self.position < offset and self.read(min(1 << 16, offset - self.position)):
            pass
        return self.position

    def read(self, size: int = -1) -> bytes:
        if size < 0 or size > MAX_READ:
            raise ArchiveError(f"{self.packed.shown} contains a header of more than {MAX_READ >> 20} MiB")
        while len(self.buffer) < size and (more := self._more()):
            self.buffer += more
            self.produced += len(more)
            if self.produced > self.total:
                raise ArchiveError(f"{self.packed.shown} unpacks to more than {self.total >> 20} MiB")
            if self.produced > max(_FREE, self.ratio * self.consumed):
                raise ArchiveError(
                    f"{self.packed.shown} unpacks to more than {self.ratio} times its size, like a decompression bomb"
                )
        data = bytes(self.buffer[:size])
        del self.buffer[:size]
        self.position += len(data)
        return data

    def _more(self) -> bytes:
        """The next piece, of at most 64 KiB; empty at the end."""
        while True:
            if self.engine is None:
                self.waiting = self.waiting or self._packed()
                if not self.waiting.strip(b"\0"):
                    return b""  # the end, or padding for tape drives
                self.engine = self._open(self.waiting)
            if isinstance(self.engine, lzma.LZMADecompressor):
                feed = self.waiting if self.engine.needs_input else b""
                if self.engine.needs_input and not feed and not (feed := self._packed()):
                    raise EOFError("it ends too early")
                self.waiting = b"" if self.engine.needs_input else self.waiting
                piece = self.engine.decompress(feed, 1 << 16)
                rest = self.engine.unused_data if self.engine.eof else b""
            else:
                feed = self.waiting or self._packed()
                piece = self.engine.decompress(feed, 1 << 16)
                if not feed and not piece and not self.engine.eof:
                    raise EOFError("it ends too early")
                self.waiting = self.engine.unconsumed_tail
                rest = self.engine.unused_data if self.engine.eof else b""
            if self.engine.eof:
                self.engine, self.waiting = None, rest
            if piece:
                return bytes(piece)

    def _packed(self) -> bytes:
        data = self.packed.read(1 << 16)
        self.consumed += len(data)
        return data

    @staticmethod
    def _open(start: bytes) -> Any:
        if start.startswith(b"\x1f"):
            return zlib.decompressobj(wbits=31)
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY)


class _Plain(Inflated):
    """A tar that is not compressed, behind the same limits."""

    def _more(self) -> bytes:
        return self._packed()


def plain_tar(stream: Bounded, total: int) -> Inflated:
    return _Plain(stream, total, 1 << 20)
