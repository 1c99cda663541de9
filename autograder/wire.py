"""Length-capped frames between processes: a JSON header and a payload of bytes.

The reader never trusts the writer: every length is capped before anything is allocated, and what does
not parse raises :class:`FrameError`.
"""

from __future__ import annotations

import json
import struct
from typing import Any, BinaryIO

MAX_HEADER = 1 << 20
MAX_PAYLOAD = 1 << 24


class FrameError(ValueError):
    """The other side sent something that is not a frame."""


def pack(header: dict[str, Any], payload: bytes = b"") -> bytes:
    """Serialise one frame."""
    text = json.dumps(header).encode()
    return struct.pack(">II", len(text), len(payload)) + text + payload


class FrameReader:
    """Cut a stream of bytes into frames, fed as the bytes arrive."""

    def __init__(self, max_header: int = MAX_HEADER, max_payload: int = MAX_PAYLOAD, max_total: int = 1 << 26):
        self._buffer = bytearray()
        self._max_header, self._max_payload, self._left = max_header, max_payload, max_total

    def feed(self, data: bytes) -> list[tuple[dict[str, Any], bytes]]:
        """Take bytes and return the frames that they complete.

        Raises:
          FrameError: for what is no frame; after good frames, at the next call.
        """
        self._left -= len(data)
        if self._left < 0:
            raise FrameError("more bytes than allowed")
        self._buffer += data
        frames: list[tuple[dict[str, Any], bytes]] = []
        while len(self._buffer) >= 8:
            head, body = struct.unpack_from(">II", self._buffer)
            if head > self._max_header or body > self._max_payload:
                if frames:
                    break
                raise FrameError("a frame longer than allowed")
            if len(self._buffer) < 8 + head + body:
                break
            try:
                header = _header(bytes(self._buffer[8 : 8 + head]))
            except FrameError:
                if frames:
                    break
                raise
            frames.append((header, bytes(self._buffer[8 + head : 8 + head + body])))
            del self._buffer[: 8 + head + body]
        return frames


def read_frame(stream: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    """Read one frame of a trusted peer from a blocking stream; None at its end."""
    start = stream.read(8)
    if len(start) < 8:
        return None
    head, body = struct.unpack(">II", start)
    text, payload = stream.read(head), stream.read(body)
    if len(text) < head or len(payload) < body:
        return None
    return _header(text), payload


def _header(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text)
    except (ValueError, RecursionError):
        raise FrameError("a frame whose header is not JSON") from None
    if not isinstance(header, dict):
        raise FrameError("a frame whose header is not an object")
    return header
