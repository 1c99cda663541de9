"""The package for Gradescope works in a clean folder laid out as theirs; check --ci speaks GitHub's language."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.commands import COURSE, Ran

from autograder.assignment.load import Assignment, load, load_folder
from autograder.assignment.seed import secret_seed
from autograder.exchange.gradescope.package import PackageError, gradescope_zip
from autograder.sandbox import bubblewrap

SOLUTION = COURSE / "reference" / "toy" / "solution.py"
KEY = "0123456789abcdef0123456789abcdef"


def _names(data: bytes) -> dict[str, zipfile.ZipInfo]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {i.filename: i for i in archive.infolist()}


def test_what_is_in_the_package() -> None:
    toy = load("toy", COURSE)
    plain = gradescope_zip(toy)
    names = _names(plain)
    assert {
        "setup.sh",
        "run_autograder",
        "pyproject.toml",
        "constraints.txt",
        "autograder/sandbox/inside/tracing.py",
    } <= set(names)
    course = {n for n in names if n.startswith("course/")}
    assert course == {
        "course/gradescope.json",
        "course/reference/toy/reference.py",
        "course/reference/toy/mistakes.py",
        *(f"course/assignments/toy/{n}" for n in ("assignment.toml", "checks.py", "given.py", "starter.py")),
    }  # no solution, no key
    for name, info in names.items():
        mode = info.external_attr >> 16
        assert bool(mode & stat.S_IXUSR) == (name in ("setup.sh", "run_autograder")), name
        assert not re.search(r"__pycache__|\.git/|\.key$|(^|/)tests/", name)
    assert gradescope_zip(toy) == plain  # the same bytes each time
    with_key = gradescope_zip(toy, seed=secret_seed(KEY.encode(), "x"))
    assert {n for n in _names(with_key) if n.startswith("course/")} - course == {"course/course.key"}
    assert KEY.encode() not in plain


def test_the_package_needs_the_reference(tmp_path: Path, toy: Assignment) -> None:
    shutil.copytree(toy.folder, tmp_path / "toy")
    with pytest.raises(PackageError, match="the reference of 'toy' is missing"):
        gradescope_zip(load_folder(tmp_path / "toy", None))


def test_the_command_says_what_it_means(command: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "k.key").write_text(KEY)
    options = ("-a", "toy", "--root", COURSE, "-o", tmp_path / "a.zip")
    ran = command("package", "gradescope", *options)
    assert stat.S_IMODE((tmp_path / "a.zip").stat().st_mode) == 0o600  # it is its owner's: the secret may be in it
    assert (
        ran.code == 0 and "no key" in ran.err and "nothing is run and no marks are given" in " ".join(ran.err.split())
    )
    ran = command("package", "gradescope", *options, "--key-file", tmp_path / "k.key", "--unsandboxed")
    said = " ".join(ran.err.split())
    assert "no key" not in said and "can read the reference and the course secret" in said
    assert KEY not in ran.out + ran.err
    assert command("package", "gradescope", *options, "--key-file", tmp_path / "none.key").code == 2


# In a folder laid out as Gradescope's ----------------------------------------------------------------


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """What stands in for /autograder; the virtual environment is ours instead of the one that setup.sh makes."""

    def make(submission: str, **options: Any) -> Path:
        base = tmp_path / "autograder"
        data = gradescope_zip(load("toy", COURSE), quick=True, **options)
        (tmp_path / "a.zip").write_bytes(data)
        with zipfile.ZipFile(tmp_path / "a.zip") as archive:  # ours, with modes, as unzip does
            archive.extractall(base / "source")
            for info in archive.infolist():
                (base / "source" / info.filename).chmod(info.external_attr >> 16)
        shutil.copy(base / "source" / "run_autograder", base / "run_autograder")
        for name in ("submission", "results"):
            (base / name).mkdir()
        (base / "submission" / "my work.py").write_text(submission)
        metadata = {"id": 1, "users": [{"name": "<b>"}], "assignment": {"total_points": "20.0"}}
        (base / "submission_metadata.json").write_text(json.dumps(metadata))
        (base / "venv").symlink_to(sys.prefix, target_is_directory=True)
        return base

    return make


def _run(base: Path, *more: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(base / "source"), "HOME": str(base)}
    command = [str(base / "run_autograder"), *more]
    return subprocess.run(command, cwd=base, env=environment, capture_output=True, text=True, timeout=170, check=False)


STATUS = {"passed", "failed"}
VISIBILITY = {"visible", "hidden", "after_due_date", "after_published"}
FORMAT = {"text", "html", "simple_format", "md", "ansi"}
TOP = {
    "score": float,
    "execution_time": float,
    "output": str,
    "output_format": FORMAT,
    "test_output_format": FORMAT,
    "test_name_format": FORMAT,
    "visibility": VISIBILITY,
    "stdout_visibility": VISIBILITY,
    "extra_data": dict,
    "tests": list,
    "leaderboard": list,
}
TEST = {
    "score": float,
    "max_score": float,
    "status": STATUS,
    "name": str,
    "name_format": FORMAT,
    "number": str,
    "output": str,
    "output_format": FORMAT,
    "tags": list,
    "visibility": VISIBILITY,
    "extra_data": dict,
}


def _conforms(data: dict[str, Any], fields: dict[str, Any]) -> None:
    for name, value in data.items():
        kind = fields[name]  # a field that the specification does not know is a KeyError
        if isinstance(kind, set):
            assert value in kind, (name, value)
        elif kind is float:
            assert isinstance(value, int | float) and not isinstance(value, bool) and value >= 0, (name, value)
        else:
            assert isinstance(value, kind), (name, value)
    for test in data.get("tests", ()):
        _conforms(test, TEST)


def _results(base: Path) -> dict[str, Any]:
    assert sorted(p.name for p in (base / "results").iterdir()) == ["results.json"]
    data: dict[str, Any] = json.loads((base / "results" / "results.json").read_text())
    _conforms(data, TOP)
    return data


def test_a_submission_is_graded(base: Callable[..., Path]) -> None:
    sandbox = bubblewrap.probe().isolated
    folder = base(SOLUTION.read_text(), seed=secret_seed(KEY.encode(), "x"), unsandboxed=not sandbox)
    ran = _run(folder)
    assert ran.returncode == 0, ran.stderr
    data = _results(folder)
    assert data["score"] == 18 and data["extra_data"]["seed"] == "secret"
    assert data["extra_data"]["sandbox"] == ("full" if sandbox else "none")
    assert sum(t.get("score", 0) for t in data["tests"]) == 18
    assert "points: Gradescope's assignment has 20, the rubric 26" in ran.stdout
    assert "sandbox: " in ran.stdout and "public" not in ran.stdout
    assert KEY not in json.dumps(data) + ran.stdout + ran.stderr
    assert data["stdout_visibility"] == "hidden"  # what we print is for instructors


def test_where_the_sandbox_cannot_work(base: Callable[..., Path]) -> None:
    """Nothing is run, nobody gets a mark, and the instructor reads what to do."""
    canary = "import builtins\nopen('/tmp/canary-of-the-package', 'w')\n"
    folder = base(canary + SOLUTION.read_text())
    empty = folder / "bin"
    empty.mkdir()
    for tool in ("bash", "dirname", "env"):
        (empty / tool).symlink_to(shutil.which(tool) or "")
    environment = {"PATH": str(empty), "PYTHONPATH": str(folder / "source"), "HOME": str(folder)}
    ran = subprocess.run(
        [folder / "run_autograder"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    data = _results(folder)
    assert "score" not in data and not any("score" in t for t in data["tests"])
    assert "missing: bubblewrap" in ran.stderr and "--unsandboxed runs student code anyway" in ran.stderr
    assert "fault" in data["output"] and not Path("/tmp/canary-of-the-package").exists()


def test_nothing_handed_in(base: Callable[..., Path]) -> None:
    folder = base("", unsandboxed=True)
    (folder / "submission" / "my work.py").unlink()
    (folder / "submission_metadata.json").write_text("{broken")
    ran = _run(folder)
    data = _results(folder)
    assert ran.returncode == 0 and data["score"] == 0 and "no .py file and no notebook" in data["output"]
    assert "seed: public" in ran.stdout


def test_the_scripts_are_sound(base: Callable[..., Path]) -> None:
    folder = base("x = 1")
    for name in ("setup.sh", "run_autograder"):
        assert subprocess.run(["bash", "-n", folder / "source" / name], check=False).returncode == 0
    text = (folder / "source" / "setup.sh").read_text()
    assert "bubblewrap" in text and "-c constraints.txt" in text and "set -euo pipefail" in text
    for name in ("pyproject.toml", "constraints.txt", "README.md", "LICENSE"):  # what pip install . reads
        assert (folder / "source" / name).exists()


# check --ci ------------------------------------------------------------------------------------------


def test_check_in_a_students_repository(
    command: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = SOLUTION.read_text() + "\n\ndef momentum(state, grad):\n    return state['nothing']\n"
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "submission.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    monkeypatch.setenv("AUTOGRADER_KEY", KEY)  # is not looked at: this is advice
    options = ("-a", "toy", "--root", COURSE, "--quick", "--ci")
    ran = command("check", "src/submission.py", *options)
    assert ran.code == 1
    line = text.splitlines().index("    return state['nothing']") + 1
    commands = [x for x in ran.out.splitlines() if x.startswith("::")]
    assert commands and any(f"file=src/submission.py,line={line}" in c for c in commands), ran.out
    page = (tmp_path / "summary.md").read_text()
    assert page.startswith("These results use public inputs") and "Toy" in page
    monkeypatch.delenv("GITHUB_STEP_SUMMARY")
    ran = command("check", SOLUTION, *options)
    assert ran.code == 0 and not [x for x in ran.out.splitlines() if x.startswith("::")]
    assert command("check", SOLUTION, *options, "--json").code == 2
