"""Archives of strangers: every member is taken or refused with a reason, and nothing else happens."""

from __future__ import annotations

import contextlib
import io
import lzma
import os
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.submission.collect.archives import ArchiveError, Limits, Member, Refused, read_archive

SOURCE = b"x = 1\n"


def _zip(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def _named(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), SOURCE)
    return path


def _tar(path: Path, mode: str, *members: tarfile.TarInfo | tuple[str, bytes]) -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size, info.mtime = len(member[1]), 1_700_000_000
                archive.addfile(info, io.BytesIO(member[1]))
    return path


def _read(path: Path, limits: Limits | None = None) -> tuple[dict[str, bytes | None], dict[str, str]]:
    found = list(read_archive(path, limits))
    taken = {"/".join(m.parts): m.data for m in found if isinstance(m, Member)}
    return taken, {r.name: r.why for r in found if isinstance(r, Refused)}


@pytest.mark.parametrize(("name", "mode"), [("a.tar", "w:"), ("a.tar.gz", "w:gz"), ("a.tar.xz", "w:xz")])
def test_tar_in_three_coats(tmp_path: Path, name: str, mode: str) -> None:
    big = os.urandom(3 << 20)
    path = _tar(tmp_path / name, mode, ("hw/a.py", SOURCE), ("hw/data.bin", big), ("hw/b.ipynb", b"{}" * 100_000))
    taken, refused = _read(path)
    assert taken == {"hw/a.py": SOURCE, "hw/data.bin": None, "hw/b.ipynb": b"{}" * 100_000} and not refused
    members = [m for m in read_archive(path) if isinstance(m, Member)]
    assert members[0].modified is not None and members[0].modified.year == 2023


def test_a_zip_with_backslashes_folders_and_junk(tmp_path: Path) -> None:
    path = _named(tmp_path / "a.zip", "hw\\a.py", "hw/", "hw/.git/config", "__MACOSX/._a.py", "hw/.DS_Store", "b.py")
    assert _read(path) == ({"hw/a.py": SOURCE, "b.py": SOURCE}, {})


NAMES = {
    "/etc/cron.d/x.py": "absolute",
    "C:/x.py": "absolute",
    "../x.py": "leads out",
    "a/../../x.py": "leads out",
    "a\\..\\..\\x.py": "leads out",
    "a/" * 13 + "x.py": "folders deep",
    "n" * 300 + ".py": "longer than",
    "work.zip": "archive inside",
    "a/work.TAR.GZ": "archive inside",
    "work.7z": "archive inside",
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_names_that_are_refused(tmp_path: Path, name: str, kind: str) -> None:
    if kind == "zip":
        path = _named(tmp_path / "a.zip", name, "good.py")
    else:  # where a backslash is an ordinary character
        path = _tar(tmp_path / "a.tar", "w:", (name.replace("\\", "/"), SOURCE), ("good.py", SOURCE))
    taken, refused = _read(path)
    assert taken == {"good.py": SOURCE}
    assert len(refused) == 1 and NAMES[name] in next(iter(refused.values())), refused
    assert [p.name for p in tmp_path.iterdir()] == [path.name]  # nothing was written anywhere


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("first", "second"),
    [("a.py", "a.py"), ("a.py", "A.PY"), ("a.py", "a.py/b.py"), ("a.py/b.py", "a.py"), ("é.py", "e\u0301.py")],
)
def test_names_that_collide(tmp_path: Path, first: str, second: str) -> None:
    for path in (
        _named(tmp_path / "a.zip", first, second),
        _tar(tmp_path / "a.tar", "w:", (first, b"1"), (second, b"2")),
    ):
        taken, refused = _read(path)
        assert list(taken) == [first] and "appears twice" in next(iter(refused.values()))


def test_links_and_special_files(tmp_path: Path) -> None:
    odd = []
    for name, kind in (
        ("link.py", tarfile.SYMTYPE),
        ("hard.py", tarfile.LNKTYPE),
        ("pipe.py", tarfile.FIFOTYPE),
        ("device.py", tarfile.CHRTYPE),
        ("disk.py", tarfile.BLKTYPE),
    ):
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, "/etc/passwd"
        odd.append(info)
    taken, refused = _read(_tar(tmp_path / "a.tar", "w:", *odd, ("good.py", SOURCE)))
    assert taken == {"good.py": SOURCE} and set(refused) == {i.name for i in odd}
    assert "a link" in refused["link.py"] and "a link" in refused["hard.py"] and "a pipe" in refused["pipe.py"]
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        info = zipfile.ZipInfo("link.py")
        info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
        archive.writestr("good.py", SOURCE)
    taken, refused = _read(tmp_path / "a.zip")
    assert taken == {"good.py": SOURCE} and "a link" in refused["link.py"]


def test_encrypted_and_oddly_compressed_members(tmp_path: Path) -> None:
    path = _zip(tmp_path / "a.zip", **{"secret.py": SOURCE, "good.py": SOURCE})
    data = bytearray(path.read_bytes())
    data[6] |= 1  # the flag in the local header of the first member
    data[data.index(b"PK\x01\x02") + 8] |= 1  # and in the directory
    path.write_bytes(data)
    taken, refused = _read(path)
    assert taken == {"good.py": SOURCE} and "encrypted" in refused["secret.py"]
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("l.py", SOURCE, zipfile.ZIP_LZMA)
        archive.writestr("b.py", SOURCE, zipfile.ZIP_BZIP2)
    taken, refused = _read(tmp_path / "b.zip")
    assert not taken and all("unusual compression" in w for w in refused.values())


def test_bombs_in_zips(tmp_path: Path) -> None:
    path = _zip(
        tmp_path / "a.zip", **{"zeros.py": bytes(8 << 20), "large.ipynb": os.urandom(21 << 20), "ok.py": SOURCE}
    )
    taken, refused = _read(path)
    assert taken == {"ok.py": SOURCE}
    assert "times its size" in refused["zeros.py"] and "at most 20 MiB" in refused["large.ipynb"]
    # A member that claims to be small is read up to what it claims and no further.
    data = bytearray(_zip(tmp_path / "b.zip", **{"liar.py": bytes(1 << 20)}).read_bytes())
    for at in (22, data.index(b"PK\x01\x02") + 24):
        data[at : at + 4] = struct.pack("<I", 10)
    (tmp_path / "b.zip").write_bytes(data)
    taken, refused = _read(tmp_path / "b.zip")
    assert not taken and "cannot be unpacked" in refused["liar.py"]


def test_limits_of_a_whole_archive(tmp_path: Path) -> None:
    many = _named(tmp_path / "a.zip", *(f"{i}.py" for i in range(30)))
    with pytest.raises(ArchiveError, match="30 members; at most 20"):
        _read(many, Limits(members=20))
    with pytest.raises(ArchiveError, match="unpacks to more than 1 MiB"):
        _read(_zip(tmp_path / "b.zip", **{f"{i}.py": os.urandom(400_000) for i in range(3)}), Limits(total=1 << 20))
    with pytest.raises(ArchiveError, match="more than 20 members"):
        _read(_tar(tmp_path / "c.tar", "w:", *((f"{i}.py", b"") for i in range(30))), Limits(members=20))
    with pytest.raises(ArchiveError, match="unpacks to more than 1 MiB"):
        _read(_tar(tmp_path / "d.tar.gz", "w:gz", ("a.bin", os.urandom(3 << 20))), Limits(total=1 << 20))
    with pytest.raises(ArchiveError, match="200 times its size"):
        _read(_tar(tmp_path / "e.tar.gz", "w:gz", ("a.bin", bytes(64 << 20)), ("b.py", SOURCE)))
    with pytest.raises(ArchiveError, match="200 times its size"):
        _read(_tar(tmp_path / "f.tar.xz", "w:xz", ("a.bin", bytes(64 << 20)), ("b.py", SOURCE)))


def test_headers_that_ask_for_memory(tmp_path: Path) -> None:
    info = tarfile.TarInfo("a.py")
    info.type, info.size = tarfile.XHDTYPE, (1 << 33) - 1
    path = tmp_path / "a.tar"
    path.write_bytes(info.tobuf(tarfile.USTAR_FORMAT) + bytes(10 << 20))
    with pytest.raises(ArchiveError, match="a header of more than 4 MiB"):
        _read(path)
    # A directory of a zip that claims 400 MB.
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 400 << 20, 0, 0)
    with (tmp_path / "a.zip").open("wb") as stream:
        stream.write(b"PK\x03\x04")
        stream.truncate(401 << 20)
        stream.seek(0, 2)
        stream.write(end)
    with pytest.raises(ArchiveError, match="at once"):
        _read(tmp_path / "a.zip")
    # A dictionary of xz larger than anybody needs.
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 1, "dict_size": 512 << 20}]
    plain = _tar(tmp_path / "b.tar", "w:", ("a.py", SOURCE)).read_bytes()
    (tmp_path / "b.tar.xz").write_bytes(lzma.compress(plain, filters=filters))
    with pytest.raises(ArchiveError, match="damaged"):
        _read(tmp_path / "b.tar.xz")


@pytest.mark.parametrize("mode", ["zip", "w:", "w:gz", "w:xz"])
def test_an_archive_that_is_cut_off_says_so(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "a"
    if mode == "zip":
        _zip(path, **{"a.py": SOURCE, "b.bin": os.urandom(200_000)})
    else:
        _tar(path, mode, ("a.py", SOURCE), ("b.py", os.urandom(200_000)))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(ArchiveError, match="damaged or truncated"):
        _read(path)


def test_what_is_no_archive(tmp_path: Path) -> None:
    for name, data in (("empty.zip", b""), ("text.zip", b"hello" * 100), ("rar.zip", b"Rar!\x1a\x07")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ArchiveError, match="not a zip or tar"):
            _read(tmp_path / name)
    os.mkfifo(tmp_path / "pipe.zip")
    (tmp_path / "link.zip").symlink_to("/etc/passwd")
    for name in ("pipe.zip", "link.zip", "none.zip"):
        with pytest.raises(ArchiveError, match="ordinary file"):
            _read(tmp_path / name)


def _sample(mode: str) -> Callable[[Path], bytes]:
    def make(folder: Path) -> bytes:
        path = folder / "sample"
        files = {"a/b.py": SOURCE * 50, "c.ipynb": b"{}" * 99, "d.bin": bytes(99)}
        _zip(path, **files) if mode == "zip" else _tar(path, mode, *files.items())
        return path.read_bytes()

    return make


@pytest.mark.parametrize("mode", ["zip", "w:", "w:gz", "w:xz"])
def test_damage_never_raises_anything_else(tmp_path: Path, mode: str) -> None:
    whole = _sample(mode)(tmp_path)

    @settings(max_examples=120, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)), min_size=1, max_size=6))
    def damaged(changes: list[tuple[int, int]]) -> None:
        data = bytearray(whole)
        for at, byte in changes:
            data[at] = byte
        (tmp_path / "x").write_bytes(data)
        with contextlib.suppress(ArchiveError):
            for found in read_archive(tmp_path / "x"):
                assert isinstance(found, Refused) or ".." not in found.parts

    damaged()
