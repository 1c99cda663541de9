"""Whatever is handed in or typed: a clear line, the right exit code, and everything else graded as if alone."""

from __future__ import annotations

import io
import json
import os
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.commands import COURSE, Ran
from helpers.results import problem_text
from rich.console import Console

from autograder.report import show_result, show_table
from autograder.result_json import from_json
from autograder.results import Result

SOLUTION = (COURSE / "reference" / "toy" / "solution.py").read_text()
NOT_WRITTEN = (COURSE / "assignments" / "toy" / "starter.py").read_text()
NUMBERS = 18  # points that --quick can give
RIGHT = "every point"  # followed, where something is wrong all the same, by what is said about it


# What is handed in -----------------------------------------------------------------------------------


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 30)


def _notebook(path: Path, *sources: str, **more: Any) -> None:
    cells = [
        {"cell_type": "code", "metadata": {}, "source": s, "outputs": [], "execution_count": None} for s in sources
    ]
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5} | more))


def _socket(path: Path) -> None:
    there = os.getcwd()
    os.chdir(path.parent)  # a socket's path may not be long
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path.name)
    os.chdir(there)


def _folder(path: Path, **files: str) -> None:
    path.mkdir()
    for name, text in files.items():
        (path / f"{name}.py").write_text(text)


def _deep_folder(path: Path) -> None:
    inner = path
    for _ in range(60):
        inner = inner / "a"
    inner.mkdir(parents=True)
    (inner / "submission.py").write_text(SOLUTION)


def _loop(path: Path) -> None:
    _folder(path, submission=SOLUTION)
    (path / "again").symlink_to(path, target_is_directory=True)
    (path / "secret.py").symlink_to("/etc/passwd")


# name of the file -> how it is made, and what its result says: RIGHT, or a part of the problem
HANDED_IN: dict[str, tuple[Callable[[Path], object], str]] = {
    "honest.py": (lambda p: p.write_text(SOLUTION), RIGHT),
    "notebook.ipynb": (lambda p: _notebook(p, "%matplotlib inline\n" + SOLUTION), RIGHT),
    "folder": (lambda p: _folder(p, submission="from helper import *\n", helper=SOLUTION), RIGHT),
    "crlf.py": (lambda p: p.write_bytes(SOLUTION.replace("\n", "\r\n").encode()), RIGHT),
    "mac.py": (lambda p: p.write_bytes(SOLUTION.replace("\n", "\r").encode()), RIGHT),
    "bom.py": (lambda p: p.write_bytes(b"\xef\xbb\xbf" + SOLUTION.encode()), RIGHT),
    "latin.py": (lambda p: p.write_bytes(b"# -*- coding: latin-1 -*-\n# \xe9\n" + SOLUTION.encode()), RIGHT),
    "no_newline.py": (lambda p: p.write_text(SOLUTION.rstrip("\n")), RIGHT),
    "link_inside": (_loop, RIGHT),
    "bell\x07\x1b[2Jred.py": (lambda p: p.write_text(SOLUTION), RIGHT),
    "\u202etrap\u2066.py": (lambda p: p.write_text(SOLUTION), RIGHT),
    "two\nlines.py": (lambda p: p.write_text(SOLUTION), RIGHT),
    "bytes\udcff.py": (lambda p: p.write_text(SOLUTION), RIGHT),
    "-rf.py": (lambda p: p.write_text(SOLUTION), RIGHT),
    "x" * 240 + ".py": (lambda p: p.write_text(SOLUTION), RIGHT),
    "empty.py": (lambda p: p.write_bytes(b""), "is empty"),
    "blank.py": (lambda p: p.write_text("\n\t\n# nothing\n"), "only comments"),
    "docstring.py": (lambda p: p.write_text('"""To be done."""\n'), "there is no function named"),
    "starter.py": (lambda p: p.write_text(NOT_WRITTEN), "not written yet"),
    "junk.py": (lambda p: p.write_bytes(bytes(range(256)) * 50), "Expected Python text"),
    "document.py": (lambda p: p.write_bytes(b"%PDF-1.7\n\xb5\xb5\xb5\xb5\n1 0 obj"), "PDF"),
    "archive.py": (lambda p: p.write_bytes(b"PK\x03\x04" + bytes(100)), "zip"),
    "wide.py": (lambda p: p.write_bytes(SOLUTION.encode("utf-16")), "UTF-16"),
    "zeros.py": (lambda p: p.write_bytes(b"x = 1\0\n"), "NUL bytes"),
    "broken_text.py": (lambda p: p.write_bytes(b"x = '\xe9'\n"), "line 1"),
    "huge.py": (_sparse, "1,024.0 MiB"),
    "huge.ipynb": (_sparse, "1,024.0 MiB"),
    "long_line.py": (lambda p: p.write_text(f"text = '{'x' * (2 << 20)}'\n{SOLUTION}"), "2.0 MiB"),
    "brackets.py": (
        lambda p: p.write_text("x = " + "(" * 50_000 + ")" * 50_000 + "\n" + SOLUTION),
        f"{RIGHT}: too many nested parentheses",
    ),
    "minus.py": (lambda p: p.write_text("x = " + "-" * 20_000 + "1\n" + SOLUTION), f"{RIGHT}: Python cannot read this"),
    "words.py": (lambda p: p.write_text("x = " + "-" * 200_000 + "1\n" + SOLUTION), "more than 200,000 words"),
    "indents.py": (
        lambda p: p.write_text("".join(" " * n + "if 1:\n" for n in range(200)) + SOLUTION),
        f"{RIGHT}: too many levels of indentation",
    ),
    "unclosed.py": (
        lambda p: p.write_text("'''\n" + SOLUTION.replace('"""', "")),
        f"{RIGHT}: unterminated triple-quoted",
    ),
    "empty.ipynb": (lambda p: p.write_text("{}"), "empty.ipynb"),
    "list.ipynb": (lambda p: p.write_text("[]"), "list.ipynb"),
    "text.ipynb": (lambda p: p.write_text(SOLUTION), "text.ipynb"),
    "no_cells.ipynb": (lambda p: _notebook(p), "no code in its code cells"),
    "odd_cells.ipynb": (lambda p: _notebook(p, cells=[1, None, {"cell_type": 3}, {"source": {}}]), "odd_cells.ipynb"),
    "old.ipynb": (lambda p: _notebook(p, SOLUTION, nbformat=3), RIGHT),
    "deep.ipynb": (lambda p: p.write_text("[" * 200_000), "deep.ipynb"),
    "deeper.ipynb": (lambda p: p.write_text('{"cells": ' * 90_000 + "1" + "}" * 90_000), "deeper.ipynb"),
    "numbers.ipynb": (lambda p: p.write_text('{"cells": [], "nbformat": ' + "9" * 100_000 + "}"), "numbers.ipynb"),
    "nothing": (lambda p: p.mkdir(), "found no .py file"),
    "two_names": (lambda p: _folder(p, main=SOLUTION, other=SOLUTION), "rename"),
    "wrong_names": (lambda p: _folder(p, main=SOLUTION, other=""), RIGHT),
    "inner": (lambda p: (p / "work").mkdir(parents=True) or _folder(p / "work" / "x", submission=SOLUTION), RIGHT),
    "deep": (_deep_folder, "deep"),
    "folder.py": (lambda p: p.mkdir(), "found no .py file"),
    "link.py": (lambda p: p.symlink_to("/etc/passwd"), "link"),
    "dangling.py": (lambda p: p.symlink_to("nowhere"), "link"),
    "circle.py": (lambda p: p.symlink_to("circle.py"), "link"),
    "link_to_folder": (lambda p: p.symlink_to("/etc", target_is_directory=True), "link"),
    "pipe.py": (os.mkfifo, "pipe"),
    "socket.py": (_socket, "socket"),
    "locked.py": (lambda p: p.write_text(SOLUTION) and p.chmod(0), "ermission"),
}


@pytest.fixture
def grade(command: Callable[..., Ran], tmp_path: Path) -> Callable[..., Ran]:
    """Grade with the public seed and without the sandbox: what is bad here does not run."""
    options = ("-a", "toy", "--root", COURSE, "--public", "--unsandboxed", "--quick", "--device", "cpu", "--json")
    return lambda *arguments: command("grade", *options, "-o", tmp_path / "out", *arguments)


def test_a_folder_of_bad_submissions(grade: Callable[..., Ran], tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    wanted = dict(HANDED_IN)
    if os.getuid() == 0:  # root reads everything
        del wanted["locked.py"]
    for name, (make, _) in wanted.items():
        make(work / name)

    ran = grade(work)

    assert ran.code == 1 and ran.err == ""
    results = [from_json(json.dumps(r)) for r in json.loads(ran.out)]
    wrong = []
    for path, result in zip(sorted(work / n for n in wanted), results, strict=True):
        says, text = wanted[path.name][1], _text(result)
        assert result.score is not None
        right = result.score.points == NUMBERS
        part = says.removeprefix(RIGHT).removeprefix(": ")
        print(f"{path.name!r:40.40} {result.score.points:4} {text[:200]!r}")
        if right != says.startswith(RIGHT) or part not in text or "not judged" in text:
            wrong.append(f"{path.name!r}, {result.score.points} points: {text[:300]!r}")
        if path.name.isprintable():
            assert result.submission == path.name
        assert result.submission.isprintable()
    assert not wrong, "\n".join(wrong)
    assert "Traceback" not in ran.out
    _nothing_acts_on_the_terminal(results)
    stored = sorted(os.listdir(tmp_path / "out" / "results"))
    assert len(stored) == len(wanted) and all(re.fullmatch(r"[\w.-]+\.json", name, re.ASCII) for name in stored)
    reports = os.listdir(tmp_path / "out")
    assert "index.html" in reports and all(name.isprintable() for name in reports)
    assert sorted(os.listdir(tmp_path)) == ["out", "work"]


def _text(result: Result) -> str:
    findings = [f"{f.where}: {f.message}" for f in result.findings]
    return "\n".join([problem_text(result), *findings, *(c.message for c in result.checks)])


def _nothing_acts_on_the_terminal(results: list[Result]) -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=120, color_system=None)
    show_table(console, results)
    for result in results:
        show_result(console, result, verbose=True)
    assert all(c.isprintable() or c == "\n" for c in stream.getvalue())


# What is typed ---------------------------------------------------------------------------------------


def test_a_missing_file_costs_itself(grade: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "honest.py").write_text(SOLUTION)
    ran = grade(tmp_path / "none.py", tmp_path / "honest.py")
    assert ran.code == 1 and "Traceback" not in ran.err
    missing, honest = (from_json(json.dumps(r)) for r in json.loads(ran.out))
    assert honest.score is not None and honest.score.points == NUMBERS
    assert "none.py" in problem_text(missing) and missing.score is not None and missing.score.points == 0


@pytest.mark.parametrize("name", ["x" * 5000, "zero\0byte.py"], ids=["long", "zero"])
def test_names_that_cannot_be(name: str, grade: Callable[..., Ran]) -> None:
    ran = grade(name)
    assert ran.code in (1, 2) and "Traceback" not in ran.err


def test_submissions_of_one_name_are_all_kept(grade: Callable[..., Ran], tmp_path: Path) -> None:
    """Each student hands in submission.py, from a folder of their own."""
    for name, text in (("anna", SOLUTION), ("ben", NOT_WRITTEN)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "submission.py").write_text(text)
    ran = grade(tmp_path / "anna" / "submission.py", tmp_path / "ben" / "submission.py")
    assert [r["score"]["points"] for r in json.loads(ran.out)] == [NUMBERS, 0]
    stored = [from_json(p.read_text()) for p in (tmp_path / "out" / "results").iterdir()]
    assert sorted(r.score.points for r in stored if r.score) == [0, NUMBERS]


@pytest.mark.parametrize("place", ["file", "file/below", "/dev/null/out", "/proc/out"])
def test_results_that_cannot_be_written(place: str, grade: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "honest.py").write_text(SOLUTION)
    ran = grade(tmp_path / "honest.py", "-o", tmp_path / place)
    assert ran.code == 2 and place.split("/")[-1] in ran.err and "Traceback" not in ran.err
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("key", ["folder", "empty.key", "spaces.key", "none.key", "pipe.key"])
def test_keys_that_are_none(key: str, command: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty.key").write_bytes(b"")
    (tmp_path / "spaces.key").write_bytes(b" \n" * 100)
    (tmp_path / "pipe.key").symlink_to("none.key")
    ran = command("grade", "x.py", "-a", "toy", "--root", COURSE, "--key-file", tmp_path / key)
    assert ran.code == 2 and key in ran.err and "Traceback" not in ran.err and not ran.out


def test_stored_results_that_were_damaged(
    grade: Callable[..., Ran], command: Callable[..., Ran], tmp_path: Path
) -> None:
    (tmp_path / "honest.py").write_text(SOLUTION)
    assert grade(tmp_path / "honest.py").code == 0
    results = tmp_path / "out" / "results"
    good = next(results.iterdir()).read_text()
    for number, text in enumerate(
        ("", "[" * 100_000, "{}", good[:-40], good.replace('"points"', '"marks"'), "\0" * 99)
    ):
        (results / f"bad{number}.json").write_text(text)
    (results / "folder.json").mkdir()
    for name in ("report", "rescore"):
        ran = command(name, tmp_path / "out", "--root", COURSE)
        assert ran.code == 0 and "Traceback" not in ran.err
        assert ran.err.count("; skipped") == 7, ran.err
