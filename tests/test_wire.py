"""Frames from a stranger: whole ones are read, everything else is refused before memory is spent."""

from __future__ import annotations

import io
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.wire import FrameError, FrameReader, pack, read_frame

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
FRAMES = st.lists(st.tuples(st.dictionaries(st.text(max_size=4), JSON, max_size=3), st.binary(max_size=30)), max_size=5)


@given(FRAMES, st.integers(1, 17))
def test_frames_survive_any_cut(frames: list[tuple[dict[str, Any], bytes]], size: int) -> None:
    stream = b"".join(pack(*f) for f in frames)
    reader = FrameReader()
    found = [f for at in range(0, len(stream), size) for f in reader.feed(stream[at : at + size])]
    assert found == frames
    blocking = io.BytesIO(stream)
    assert [read_frame(blocking) for _ in frames] == frames
    assert read_frame(blocking) is None


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_any_bytes_give_frames_or_a_frame_error(data: bytes) -> None:
    try:
        found = FrameReader().feed(data)
    except FrameError:
        return
    assert all(isinstance(header, dict) and isinstance(payload, bytes) for header, payload in found)


@pytest.mark.parametrize(
    "header",
    [b"", b"{", b"[]", b"1", b"null", b'"text"', b"\xff\xfe", b"[" * 100_000, b'{"a": ' * 50_000, b"9" * 10_000],
    ids=["empty", "cut", "list", "number", "null", "text", "not-utf8", "deep-list", "deep-object", "huge-number"],
)
def test_a_header_that_is_no_json_object(header: bytes) -> None:
    with pytest.raises(FrameError, match="header"):
        FrameReader().feed(struct.pack(">II", len(header), 0) + header)


@pytest.mark.parametrize("lengths", [(2**32 - 1, 0), (0, 2**32 - 1), (101, 0), (0, 201)])
def test_lengths_are_refused_before_the_bytes_come(lengths: tuple[int, int]) -> None:
    with pytest.raises(FrameError, match="longer than allowed"):
        FrameReader(max_header=100, max_payload=200).feed(struct.pack(">II", *lengths))


def test_the_total_is_bounded() -> None:
    frame = pack({"begin": ["call", "x"]})
    reader = FrameReader(max_total=3 * len(frame))
    for _ in range(3):
        assert reader.feed(frame)
    with pytest.raises(FrameError, match="more bytes"):
        reader.feed(frame)


@pytest.mark.parametrize("cut", range(len(pack({"a": 1}, b"xyz"))))
def test_a_stream_that_ends_within_a_frame_has_ended(cut: int) -> None:
    assert read_frame(io.BytesIO(pack({"a": 1}, b"xyz")[:cut])) is None
