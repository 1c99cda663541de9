"""The layouts that people have: which files belong to which student, and what is said about the rest."""

from __future__ import annotations

import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from helpers.results import problem_text

from autograder.submission.collect import ArchiveError, Collected, CollectError, Collection, collect
from autograder.submission.read import read_submission

CODE = "def f(x):\n    return x\n"


def _write(root: Path, *names: str, text: str = CODE) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def _zip(path: Path, *names: str, **texts: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, CODE)
        for name, text in texts.items():
            archive.writestr(name, text)
    return path


def _both(tmp_path: Path, slug: str, *names: str, top: str = "download") -> list[Collection]:
    """The same files as a folder and as a zip of that folder."""
    folder = _write(tmp_path / top, *names)
    packed = _zip(tmp_path / f"{top}.zip", *(f"{top}/{n}" for n in names))
    return [collect([p], tmp_path / f"work{i}", slug) for i, p in enumerate((folder, packed))]


def _files(found: Collected) -> set[str]:
    if found.path.is_file():
        return {found.path.name}
    return {str(p.relative_to(found.path)) for p in found.path.rglob("*") if p.is_file()}


def _told(collection: Collection) -> str:
    return "\n".join(f"{r.where}: {r.why}" for r in collection.remarks)


def test_a_course_of_nbgrader_gives_the_assignment_s_submissions(tmp_path: Path) -> None:
    root = _write(
        tmp_path / "course",
        "submitted/anna/ps1/problem.ipynb",
        "submitted/ben/ps1/problem.ipynb",
        "submitted/ben/ps2/problem.ipynb",
        "submitted/cleo/ps2/problem.ipynb",
        "source/ps1/problem.ipynb",
    )
    (root / "submitted/anna/ps1/timestamp.txt").write_text("2015-02-02 15:58:23.948203 America/Los_Angeles\n")
    (root / "submitted/ben/ps1/timestamp.txt").write_text("2015-02-02 15:58:23 UTC")
    for path in (root, root / "submitted"):
        found = collect([path], tmp_path / "work", "ps1")
        assert [c.student for c in found.found] == ["anna", "ben"]
        assert found.found[0].path == root / "submitted/anna/ps1" and found.found[0].name == "anna"
        assert [c.submitted for c in found.found] == [
            datetime(2015, 2, 2, 23, 58, 23, 948203, UTC),
            datetime(2015, 2, 2, 15, 58, 23, tzinfo=UTC),
        ]
        assert "cleo: skipped: handed in only ps2, not ps1" in _told(found)
    with pytest.raises(CollectError, match=r"several assignments were handed in \(ps1, ps2\)"):
        collect([root], tmp_path / "work", "backprop")


@pytest.mark.parametrize("text", ["", "yesterday", "2015-13-01 00:00:00 UTC", "9999-12-31 23:59:59 Nowhere/Else"])
def test_a_time_of_handing_in_that_cannot_be_read(tmp_path: Path, text: str) -> None:
    root = _write(tmp_path / "submitted", "anna/ps1/a.py")
    (root / "anna/ps1/timestamp.txt").write_text(text)
    assert collect([root], tmp_path / "work", "ps1").found[0].submitted is None


def test_a_canvas_download_is_taken_apart_by_student(tmp_path: Path) -> None:
    for found in _both(
        tmp_path,
        "ps1",
        "doejane_1234_98765_submission.py",
        "doejane_1234_98766_helper.py",
        "roelee_LATE_1235_98767_hw 1.ipynb",
        "smithjo_1236_98768_hw.py",
        "smithjo_1236_98790_hw-1.py",
        "smithjo_1299_98769_hw.py",
        "müllerzoë_1237_98770_hw.pdf",
        "anon_x7Yz2_98771_hw.py",
        "kimsam_1240_text.html",
        "notes.py",
    ):
        by_name = {c.student: c for c in found.found}
        assert set(by_name) == {
            "doejane",
            "roelee",
            "smithjo (1236)",
            "smithjo (1299)",
            "müllerzoë",
            "anon_x7Yz2",
        }
        assert {c.layout for c in found.found} == {"Canvas"}
        assert _files(by_name["doejane"]) == {"submission.py", "helper.py"} and by_name["doejane"].number == "1234"
        assert [c.student for c in found.found if c.late] == ["roelee"]
        assert _files(by_name["roelee"]) == {"hw_1.ipynb"}
        assert _files(by_name["smithjo (1236)"]) == {"hw.py"}
        said = _told(found)
        assert "smithjo_1236_98768_hw.py: ignored: an earlier version; the latest is smithjo_1236_98790_hw-1.py" in said
        assert "kimsam_1240_text.html: ignored: a text or a link" in said and "notes.py" in said
        assert "müllerzoë: hw.pdf: ignored: not code" in said
        # A student who handed in nothing that can be read is not lost.
        assert "no .py file and no notebook" in problem_text(read_submission(by_name["müllerzoë"].path))


def test_a_moodle_download_is_taken_apart_by_student(tmp_path: Path) -> None:
    for found in _both(
        tmp_path,
        "ps1",
        "Jane Q. Doe_555_assignsubmission_file_/submission.py",
        "Jane Q. Doe_555_assignsubmission_file_/parts/helper.py",
        "Jane Q. Doe_555_assignsubmission_onlinetext_/onlinetext.html",
        "Sam Kim_556_assignsubmission_file/hw.ipynb",
        "Sam Kim_557_assignsubmission_file_/hw.ipynb",
        "Zoë O'Neil_558_assignsubmission_onlinetext_/onlinetext.html",
    ):
        by_name = {c.student: c for c in found.found}
        assert set(by_name) == {"Jane Q. Doe", "Sam Kim (556)", "Sam Kim (557)", "Zoë O'Neil"}
        assert _files(by_name["Jane Q. Doe"]) == {"submission.py", "parts/helper.py"}
        assert by_name["Jane Q. Doe"].name == "Jane Q. Doe" and by_name["Jane Q. Doe"].number == "555"
        assert "text typed into Moodle" in _told(found) and not _files(by_name["Zoë O'Neil"])


def test_moodle_without_folders(tmp_path: Path) -> None:
    for found in _both(
        tmp_path, "ps1", "Jane Doe_555_assignsubmission_file_hw.py", "Sam Kim_9_assignsubmission_file_a b.py"
    ):
        assert {c.student: _files(c) for c in found.found} == {"Jane Doe": {"hw.py"}, "Sam Kim": {"a_b.py"}}


def test_clones_of_github_classroom_belong_to_their_owners(tmp_path: Path) -> None:
    root = _write(tmp_path / "clones", *(f"ps1-{n}/submission.py" for n in ("ada-l", "anna", "ben")), "old/x.py")
    for name in ("ps1-ada-l", "ps1-anna", "ps1-ben"):
        (root / name / ".git").mkdir()
    for slug in ("ps1", "backprop"):  # called after the assignment, or just alike
        found = collect([root], tmp_path / "work", slug)
        assert [c.student for c in found.found] == ["ada-l", "anna", "ben"]
        assert found.found[1].path == root / "ps1-anna" and "old: ignored: not a clone" in _told(found)


def test_files_folders_and_archives_of_students(tmp_path: Path) -> None:
    root = _write(tmp_path / "in", "anna.py", "ben.ipynb", "cleo/submission.py", "cleo/helper.py", "notes.txt")
    _zip(root / "dora.zip", "hw1/submission.py", "hw1/helper.py", "hw1/data.csv", "../evil.py")
    (root / "emil.zip").write_bytes(b"broken")
    _zip(root / "fay.zip", "my homework.py")
    found = collect([root], tmp_path / "work")
    by_name = {c.student: c for c in found.found}
    assert list(by_name) == ["anna", "ben", "cleo", "dora", "emil", "fay"]
    assert by_name["anna"].path == root / "anna.py" and by_name["anna"].name == ""
    assert _files(by_name["dora"]) == {"submission.py", "helper.py"} and _files(by_name["fay"]) == {"my_homework.py"}
    said = _told(found)
    assert (
        "notes.txt: ignored: not a .py file, notebook, folder or archive" in said
        and "dora.zip: ../evil.py: ignored: its name leads out" in said
    )
    assert "dora: data.csv: ignored: not code" in said and "emil.zip" in said
    assert "no .py file" in problem_text(read_submission(by_name["emil"].path))
    assert not read_submission(by_name["dora"].path).problem
    assert not list(tmp_path.rglob("evil.py"))


def test_the_same_path_twice_is_one_submission(tmp_path: Path) -> None:
    root = _write(tmp_path, "anna/submission.py", "anna/helper.py", "ben.py")
    found = collect([root / "anna", root / "ben.py", root / "anna/submission.py", root / "ben.py"], tmp_path / "work")
    assert [(c.student, c.path.name) for c in found.found] == [
        ("anna", "anna"),
        ("ben", "ben.py"),
        ("anna", "submission.py"),
    ]
    found = collect([_zip(root / "fay.zip", "x/y/submission.py", "x/y/helper.py")], tmp_path / "work")
    assert [c.student for c in found.found] == ["fay"] and _files(found.found[0]) == {"submission.py", "helper.py"}


def test_the_archive_of_a_class(tmp_path: Path) -> None:
    path = _zip(tmp_path / "class.zip", "week1/anna.py", "week1/ben/submission.py", "week1/ben/h.py", "week1/list.txt")
    found = collect([path], tmp_path / "work")
    assert {c.student: _files(c) for c in found.found} == {"anna": {"anna.py"}, "ben": {"submission.py", "h.py"}}
    assert "list.txt: ignored: not a .py file" in _told(found)


def test_two_downloads_of_one_class(tmp_path: Path) -> None:
    first = _zip(tmp_path / "submissions.zip", "doejane_1234_100_hw.py", "kimsam_77_101_hw.py")
    second = _zip(tmp_path / "submissions (1).zip", "doejane_1234_200_hw.py", "kimsam_77_101_hw.py", "new_78_300_hw.py")
    before = collect([first], tmp_path / "work")
    both = collect([first, second], tmp_path / "work")
    assert [c.student for c in both.found] == ["doejane", "kimsam", "new"]
    assert [c.path for c in both.found[:2]] == [c.path for c in before.found]  # so that results stay theirs


def test_what_was_unpacked_is_replaced(tmp_path: Path) -> None:
    work = tmp_path / "work"
    collect([_zip(tmp_path / "a.zip", "doejane_1234_100_old.py", "kimsam_77_101_hw.py")], work)
    found = collect([_zip(tmp_path / "a.zip", "doejane_1234_200_new.py", "kimsam_77_101_hw.py")], work)
    assert _files(found.found[0]) == {"new.py"}
    assert sorted(p.name[:6] for p in work.iterdir()) == ["doejan", "kimsam"]  # and nothing half-made


@pytest.mark.parametrize(
    "student", ["..", "-rf", "con", "a/b", "ä" * 90, "x\n\x1b[2J", "\u202etrap", "index", ".hidden"]
)
def test_names_in_the_work_folder_are_ours(tmp_path: Path, student: str) -> None:
    names = [
        f"{student.replace('/', '_')}_5_assignsubmission_file_/{n}" for n in ("sub mission.py", "größe.py", "-x.py")
    ]
    found = collect([_zip(tmp_path / "a.zip", *names, "Ann_6_assignsubmission_file_/a.py")], tmp_path / "work")
    assert len(found.found) == 2
    for c in found.found:
        assert c.path.parent == tmp_path / "work" and c.path.name[0] not in "-." and c.path.name.isprintable()
        assert c.student.isprintable() and len(os.fsencode(c.path.name)) < 200
        if c.student != "Ann":
            assert _files(c) == {"sub_mission.py", "größe.py", "x.py"}


def test_a_path_without_submissions_is_a_mistake_of_the_user(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.zip").write_bytes(b"hello" * 90)
    with pytest.raises(CollectError, match=r"no submission in .*empty"):
        collect([tmp_path / "empty"], tmp_path / "work")
    with pytest.raises(ArchiveError, match="not a zip or tar"):
        collect([tmp_path / "bad.zip"], tmp_path / "work")
    with pytest.raises(CollectError, match="no submission in"):
        collect([_zip(tmp_path / "pdf.zip", "hw.pdf")], tmp_path / "work")
    found = collect([tmp_path / "nowhere.py"], tmp_path / "work").found  # the reader says what is wrong with it
    assert found[0].student == "nowhere"


def test_results_among_the_submissions(tmp_path: Path) -> None:
    staging = "graded/work"
    root = _write(tmp_path / "in", "anna.py", "graded/results/x.json", f"{staging}/ben-1/submission.py")
    assert [c.student for c in collect([root], root / staging).found] == ["anna"]
    assert [c.student for c in collect([root], tmp_path / "work").found] == ["anna", "graded"]


def test_links_are_not_followed(tmp_path: Path) -> None:
    root = _write(tmp_path / "submitted", "anna/ps1/a.py")
    (root / "anna/ps1/secret.py").symlink_to("/etc/passwd")
    (root / "mallory").symlink_to("/etc", target_is_directory=True)
    found = collect([root], tmp_path / "work", "ps1")
    assert [c.student for c in found.found] == ["anna"]
    canvas = _write(tmp_path / "canvas", "doejane_1234_100_hw.py")
    (canvas / "eve_1235_101_hw.py").symlink_to("/etc/passwd")
    found = collect([canvas], tmp_path / "work")
    assert [c.student for c in found.found] == ["doejane"]
