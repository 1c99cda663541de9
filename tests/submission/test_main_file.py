"""Exactly one candidate file is taken wherever it lies, whatever was added to its name."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from autograder.results import ProblemKind
from autograder.submission.collect import Collected, collect
from autograder.submission.read import read_submission
from autograder.submission.source import code_name

FUNCTIONS = ("relu", "softmax")
WORK = "def relu(x):\n    return x\n\n\ndef softmax(x):\n    return x\n"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("hw.py", "hw.py"),
        ("HW.PY", "HW.py"),
        ("hw.py.txt", "hw.py"),
        ("hw.IPYNB.json", "hw.ipynb"),
        ("hw.ipynb.txt.download", "hw.ipynb"),
        ("hw.txt", ""),
        ("hw.json", ""),
        (".py", ""),
        ("py", ""),
        ("hw.pyc", ""),
    ],
)
def test_what_was_added_to_a_name_is_taken_off(name: str, meant: str) -> None:
    assert code_name(name) == meant


def put(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def notebook(*cells: tuple[str, str], **metadata: object) -> str:
    made = [{"cell_type": kind, "source": text, "metadata": metadata} for kind, text in cells]
    return json.dumps({"cells": made, "nbformat": 4, "nbformat_minor": 5, "metadata": {}})


@pytest.mark.parametrize(
    ("files", "main"),
    [
        ({"hw/deep/work.py": WORK}, "work.py"),
        ({"hw1.py": "x = 1", "hw2.py": WORK}, "hw2.py"),
        ({"plots.py": "def plot():\n    pass\n", "mine.ipynb": notebook(("code", WORK))}, "mine.ipynb"),
        ({"a.py": "def relu(x):\n    return x\n", "b.py": WORK}, "b.py"),
        ({"submission.py": "x = 1", "b.py": WORK}, "submission.py"),
        ({"old/submission.py": WORK, "notes.py": "x = 1"}, "submission.py"),
        ({"hw.ipynb.json": notebook(("code", WORK)), "util.py": "x = 1"}, "hw.ipynb.json"),
    ],
)
def test_the_file_that_defines_the_functions_is_taken(tmp_path: Path, files: dict[str, str], main: str) -> None:
    read = read_submission(put(tmp_path / "work", files), functions=FUNCTIONS)
    assert read.problem is None
    label = next(iter(read.sources))
    assert label in (main, "cell 1") and (label == "cell 1") == (".ipynb" in main)


def test_two_files_that_fit_equally_are_not_chosen_between(tmp_path: Path) -> None:
    read = read_submission(put(tmp_path / "work", {"a.py": WORK, "b.py": WORK}), functions=FUNCTIONS)
    assert read.problem is not None and read.problem.kind == ProblemKind.NO_ENTRY


def test_modules_are_taken_from_the_folder_of_the_main_file(tmp_path: Path) -> None:
    files = {"hw/main.py": f"import helper\n{WORK}", "hw/helper.py": "y = 1", "other.py": "z = 1"}
    read = read_submission(put(tmp_path / "work", files), functions=FUNCTIONS)
    assert [m.name for m in read.modules] == ["submission", "helper"]
    assert [f.where for f in read.findings] == ["other.py"]


def test_a_cell_that_became_text_is_named_and_nbgrader_s_is_read(tmp_path: Path) -> None:
    text = notebook(("code", "def relu(x):\n    return x"), ("markdown", "def softmax(x):\n    return x"))
    (path := tmp_path / "hw.ipynb").write_text(text)
    read = read_submission(path)
    assert list(read.sources) == ["cell 1"]
    (finding,) = read.findings
    assert "number 2" in finding.where and "softmax" in finding.message
    path.write_text(notebook(("markdown", WORK), nbgrader={"cell_type": "code", "grade_id": "a"}))
    read = read_submission(path)
    assert read.problem is None and not read.findings and list(read.sources) == ["cell 1"]


def packed(path: Path, files: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def students(found: tuple[Collected, ...]) -> dict[str, int]:
    """How many modules each student handed in; 0 where nothing can be read."""
    return {c.student: 0 if (read := c.read(FUNCTIONS)).problem else len(read.modules) for c in found}


def test_a_student_s_own_archive_within_the_archive_of_a_class_is_opened(tmp_path: Path) -> None:
    own = packed(tmp_path / "own.zip", {"hw1/hw.py": WORK, "hw1/helper.py": "y = 1"}).read_bytes()
    nested = packed(tmp_path / "deep.zip", {"x.zip": own}).read_bytes()
    files: dict[str, str | bytes] = {
        "leeanna_4001_90001_hw1.zip": own,
        "doeja_4002_90002_hw.py.txt": WORK,
        "roebo_4003_90003_hw.zip": nested,
    }
    found = collect([packed(tmp_path / "submissions.zip", files)], tmp_path / "work").found
    assert students(found) == {"leeanna": 2, "doeja": 1, "roebo": 0}
    bob = next(c for c in found if c.student == "roebo")
    assert any("archive inside the archive" in f.message for f in bob.read().findings)  # and so says the student's page


def test_the_instructor_s_own_argument_may_be_a_link(tmp_path: Path) -> None:
    put(tmp_path / "real", {"ada.py": WORK, "bob/submission.py": WORK})
    (tmp_path / "real" / "eve.py").symlink_to("/etc/hostname")
    packed(tmp_path / "real.zip", {"ada/submission.py": WORK})
    (tmp_path / "in").symlink_to(tmp_path / "real")
    (tmp_path / "c.zip").symlink_to(tmp_path / "real.zip")
    (tmp_path / "fay.py").symlink_to(tmp_path / "real" / "ada.py")
    assert students(collect([tmp_path / "in"], tmp_path / "w1").found) == {"ada": 1, "bob": 1, "eve": 0}
    assert students(collect([tmp_path / "c.zip"], tmp_path / "w2").found) == {"ada": 1}
    assert students(collect([tmp_path / "fay.py"], tmp_path / "w3").found) == {"fay": 1}
