"""Files are written in one step: the old content or the new one, with the mode that was asked for from the start."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from autograder import files
from autograder.files import PRIVATE, replaced, write_bytes, write_text


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("durable", [False, True])
def test_a_file_is_written_with_its_folder(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "new" / "folder" / "a.txt"
    write_text(path, "é\n", durable=durable)
    assert path.read_bytes() == b"\xc3\xa9\n" and os.listdir(path.parent) == ["a.txt"]


def test_what_fails_leaves_the_old_content_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(ZeroDivisionError), replaced(path) as partial:
        partial.write_text("half" * (1 // 0))
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["a.txt"]


def test_a_file_gets_its_mode(tmp_path: Path) -> None:
    for mode in (PRIVATE, 0o400):
        write_bytes(tmp_path / "a", b"x", mode=mode)
        assert _mode(tmp_path / "a") == mode
    before = os.umask(0o027)
    try:
        write_bytes(tmp_path / "b", b"x")
    finally:
        os.umask(before)
    assert _mode(tmp_path / "b") == 0o640


def test_a_private_file_is_private_from_the_start(tmp_path: Path) -> None:
    with replaced(tmp_path / "a", PRIVATE) as partial:
        assert _mode(partial) == PRIVATE


def test_a_link_is_replaced_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("theirs")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    write_text(tmp_path / "link", "ours")
    assert (tmp_path / "target").read_text() == "theirs" and not (tmp_path / "link").is_symlink()


def test_a_durable_file_reaches_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(files.os, "fsync", lambda handle: (order.append("fsync"), fsync(handle)))
    monkeypatch.setattr(files.os, "replace", lambda *names: (order.append("rename"), replace(*names)))
    write_bytes(tmp_path / "a", b"x", durable=True)
    assert order == ["fsync", "rename", "fsync"]
