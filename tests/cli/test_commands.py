"""The command line keeps its promises: help, exit codes, JSON, narrow terminals."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer.main
from helpers.commands import COURSE, ROOT, Ran

from autograder.cli import app
from autograder.cli.common import collect
from autograder.grading.doctor import Item
from autograder.result_json import from_json

SOLUTION = COURSE / "reference" / "toy" / "solution.py"


def _flat(group: Any, before: str = "") -> dict[str, Any]:
    """Every command by what one types: "list", "bank build"."""
    found = {}
    for name, one in group.commands.items():
        found |= _flat(one, f"{before}{name} ") if hasattr(one, "commands") else {f"{before}{name}": one}
    return found


COMMANDS = _flat(typer.main.get_command(app))
KEY = "0123456789abcdef0123456789abcdef"


def _subprocess(*arguments: str, columns: int = 50) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "AUTOGRADER_KEY"}
    environment |= {"COLUMNS": str(columns), "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "TERM": "dumb"}
    command = [sys.executable, "-m", "autograder", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, check=False, timeout=100)


def test_the_commands_are_these() -> None:
    assert {"list", "new", "starter", "check", "grade", "validate", "rescore", "report", "doctor", "demo", "bench"} <= (
        set(COMMANDS)
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help_with_an_example(name: str, command: Callable[..., Ran]) -> None:
    ran = command(*name.split(), "--help")
    assert ran.code == 0 and not ran.err
    assert re.search(rf"Example: autograder {name}\b", ran.out)
    for option in COMMANDS[name].params:
        assert getattr(option, "help", None), f"{name}: {option.name} has no help"


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_use_options_that_exist(name: str) -> None:
    example = re.search(r"Example: autograder (.*)", COMMANDS[name].help).group(1)
    assert set(re.findall(r"(?<!\S)--?[a-z-]+", example)) <= _options(name)


def _options(name: str) -> set[str]:
    return {text for p in COMMANDS[name].params for text in getattr(p, "opts", ())} | {"-h", "--help"}


@pytest.mark.parametrize("arguments", [("--help",), ("list", "--root", str(COURSE)), ("grade", "--help")], ids=str)
def test_a_narrow_terminal(arguments: tuple[str, ...]) -> None:
    ran = _subprocess(*arguments)
    assert ran.returncode == 0, ran.stderr
    assert max(map(len, ran.stdout.splitlines())) <= 50
    assert "Traceback" not in ran.stderr


def test_help_comes_before_jax() -> None:
    code = (
        "import sys; from autograder.cli import main; sys.argv = ['autograder', 'list', '--root', sys.argv[1]]\n"
        "try: main()\nexcept SystemExit: print('jax' in sys.modules, 'flax' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(COURSE)]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert ran.stdout.splitlines()[-1] == "False False"


def test_version_and_no_arguments(command: Callable[..., Ran]) -> None:
    assert re.fullmatch(r"autograder \d+\.\d+\S*\n", command("--version").out)
    ran = command()
    assert "Usage" in ran.out + ran.err and ran.code in (0, 2)


def test_list_shows_points_and_functions(command: Callable[..., Ran], tmp_path: Path) -> None:
    ran = command("list", "--root", COURSE)
    assert ran.code == 0 and "toy" in ran.out and "26" in ran.out
    rows = json.loads(command("list", "--root", COURSE, "--json").out)
    assert rows[0]["name"] == "toy" and rows[0]["functions"] == ["standardize", "momentum", "dropout"]
    ran = command("list", "--root", tmp_path)
    assert ran.code == 0 and "no assignments in" in ran.out
    assert json.loads(command("list", "--root", tmp_path, "--json").out) == []


USAGE: list[tuple[tuple[str, ...], str]] = [
    (("dance",), "No such command 'dance'"),
    (("check",), "Missing argument"),
    (("check", "x.py", "--speed"), "No such option"),
    (("check", "x.py", "-a", "knitting", "--root", str(COURSE)), "there is no assignment 'knitting'"),
    (("check", "x.py", "-a", "toy", "--root", "/nonexistent"), "there is no assignment 'toy' in /nonexistent/"),
    (("grade", "empty", "-a", "toy", "--root", str(COURSE), "--public", "--unsandboxed"), "no submission in empty"),
    (("grade", "x.py", "-a", "toy", "--root", str(COURSE)), "grading needs the course secret"),
    (("grade", "x.py", "-a", "toy", "--root", str(COURSE), "--key-file", "no.key"), "no.key cannot be read"),
    (("grade", "x.py", "-a", "toy", "--root", str(COURSE), "--key-file", "short.key"), "expected at least 16"),
    (("rescore", "empty"), "no graded results in"),
    (("report", "empty"), "no graded results in"),
    (("starter", "toy", "--to", "full", "--root", str(COURSE)), "full already exists and is not empty"),
    (("starter", "toy", "--to", "short.key", "--root", str(COURSE)), "short.key already exists"),
    (("new", "Layer Norm", "--root", "."), "use lower-case letters, digits and hyphens"),
    (("new", "../escape", "--root", "."), "cannot name an assignment"),
    (("new", "toy", "--root", str(COURSE)), "already exists"),
    (("validate", "knitting", "--root", str(COURSE)), "there is no assignment 'knitting'"),
    (("validate", "alone", "--root", "."), "validation needs its solution and mistakes"),
    (("list", "--root", "broken"), "assignment.toml: "),
    (("check", "x.py", "-a", "toy", "--root", str(COURSE), "--device", "abacus"), "unknown device 'abacus'"),
]


@pytest.mark.parametrize(("arguments", "says"), USAGE, ids=lambda x: " ".join(x)[:40] if isinstance(x, tuple) else "")
def test_wrong_usage_ends_with_2_and_the_reason(
    arguments: tuple[str, ...],
    says: str,
    command: Callable[..., Ran],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("empty", "full", "broken/assignments/bad"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "full" / "mine.py").write_text("")
    (tmp_path / "x.py").write_text("x = 1\n")
    (tmp_path / "short.key").write_text("abc")
    (tmp_path / "broken" / "assignments" / "bad" / "assignment.toml").write_text("title =")
    shutil.copytree(COURSE / "assignments" / "toy", tmp_path / "assignments" / "alone")
    ran = command(*arguments)
    assert ran.code == (3 if "abacus" in arguments else 2), ran.err
    assert says in " ".join(re.sub(r"[│╭╮╰╯─]", " ", ran.err).split()), ran.err
    assert "Traceback" not in ran.err and not ran.out


def test_a_full_sandbox_is_never_assumed(
    command: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from autograder.sandbox import bubblewrap

    missing = bubblewrap.Sandbox("missing: bubblewrap", "install it: sudo apt-get install bubblewrap")
    monkeypatch.setattr(bubblewrap, "probe", lambda: missing)
    out = tmp_path / "graded"
    for arguments in (
        ("grade", SOLUTION, "-a", "toy", "--public", "-o", out),
        ("check", SOLUTION, "-a", "toy", "--sandbox"),
        ("validate", "toy"),
    ):
        ran = command(*arguments, "--root", COURSE)
        assert ran.code == 3 and "nothing was run" in ran.err and "apt-get install bubblewrap" in ran.err
    ran = command("demo", "--root", COURSE, "-o", out)
    assert ran.code == 3 and not out.exists()


def test_check_says_what_failed_why_and_where(command: Callable[..., Ran], tmp_path: Path) -> None:
    text = SOLUTION.read_text() + "\n\ndef momentum(state, grad):\n    raise NotImplementedError\n\n"
    text += "def dropout(key, x, *, rate):\n    return [0][int(x[0, 0])]\n"
    (tmp_path / "submission.py").write_text(text)
    options = ("-a", "toy", "--root", COURSE, "--quick")
    ran = command("check", tmp_path / "submission.py", *options)
    assert ran.code == 1 and not ran.err.strip(), ran.err
    assert "not written yet" in " ".join(ran.out.split())
    line = text.splitlines().index("    raise NotImplementedError") + 1
    assert f"submission.py, line {line}" in ran.out and "Replace `raise NotImplementedError`" in ran.out
    assert "float(), int(), .item(), a number in a text" in " ".join(ran.out.split())  # the other mistake is there too
    assert len(ran.out.splitlines()) < 60  # one screen
    ran = command("check", tmp_path / "submission.py", *options, "--quiet")
    assert ran.code == 1 and not ran.out


def test_check_as_json_and_exit_code_0(command: Callable[..., Ran]) -> None:
    ran = command("check", SOLUTION, "-a", "toy", "--root", COURSE, "--quick", "--json")
    assert ran.code == 0 and not ran.err
    result = from_json(ran.out)
    assert result.provenance.seed == "public" and result.score is not None and result.score.points == 18


def test_check_of_what_is_not_there(command: Callable[..., Ran], tmp_path: Path) -> None:
    ran = command("check", tmp_path / "none.py", "-a", "toy", "--root", COURSE, "--quick")
    assert ran.code == 1 and "none.py" in ran.out and "Traceback" not in ran.err


def test_the_starter_folder_works_alone(
    command: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = tmp_path / "course"
    shutil.copytree(COURSE, course, ignore=shutil.ignore_patterns("__pycache__"))
    handout = tmp_path / "elsewhere" / "my work"
    ran = command("starter", "toy", "--to", handout, "--root", course)
    assert ran.code == 0 and "autograder check" in ran.out
    files = {p.name for p in handout.iterdir()}
    assert {"assignment.toml", "checks.py", "given.py", "starter.py", "submission.py", "answers_public.npz"} <= files
    assert not files & {"reference.py", "solution.py", "mistakes.py", "__pycache__"}

    wrong = SOLUTION.read_text().replace("0.9 * state", "0.8 * state")
    (course / "wrong.py").write_text(wrong)
    with_reference = command("check", course / "wrong.py", "-a", "toy", "--root", course, "--quick", "--json")
    shutil.rmtree(course)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(handout)
    assert command("check", "submission.py", "--quick", "--quiet").code == 1  # nothing written yet
    (handout / "submission.py").write_text(wrong)
    alone = command("check", "submission.py", "--quick", "--json")
    assert alone.code == with_reference.code == 1, alone.err
    mine, theirs = from_json(alone.out), from_json(with_reference.out)
    assert mine.checks == theirs.checks and mine.score == theirs.score
    assert {c.outcome for c in mine.checks if c.function == "momentum"} == {"failed"}
    # Marks are not to be had here: they need the reference.
    ran = command(
        "grade",
        "submission.py",
        "--unsandboxed",
        "--key-file",
        _key(tmp_path),
        "-a",
        "toy",
        "-o",
        "out",
        "--root",
        tmp_path,
    )
    assert ran.code == 2
    (tmp_path / "assignments").mkdir()
    handout.rename(tmp_path / "assignments" / "toy")
    monkeypatch.chdir(tmp_path)
    ran = command("grade", SOLUTION, "--unsandboxed", "--key-file", _key(tmp_path), "-o", "out")
    assert ran.code == 3 and "the reference of 'toy' is not here" in ran.err


def _key(folder: Path) -> Path:
    (folder / "course.key").write_text(KEY)
    return folder / "course.key"


@pytest.mark.sandbox
def test_grade_report_and_resume(
    full_sandbox: object, command: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, out = tmp_path / "work", tmp_path / "graded"
    work.mkdir()
    shutil.copy(SOLUTION, work / "anna.py")
    (work / "ben.py").write_text("def standardize(x, *, axis):\n    return x\n")
    (work / "notes.txt").write_text("not a submission")
    options = ("-a", "toy", "--root", COURSE, "-o", out, "--quick", "--device", "cpu")
    monkeypatch.setenv("AUTOGRADER_KEY", KEY)
    ran = command("grade", work, *options)
    assert ran.code == 1 and "anna" in ran.out and "ben" in ran.out and "index.html" in ran.out
    assert (out / "index.html").exists() and len(list((out / "results").glob("*.json"))) == 2
    everything = "".join(p.read_text() for p in out.rglob("*") if p.is_file())
    assert KEY not in everything and KEY not in ran.out + ran.err
    before = {p: p.stat().st_mtime_ns for p in (out / "results").iterdir()}
    ran = command("grade", work, *options, "--json")
    assert [r["submission"] for r in json.loads(ran.out)] == ["anna.py", "ben.py"]
    assert {p: p.stat().st_mtime_ns for p in (out / "results").iterdir()} == before  # kept, not graded again
    ran = command("grade", work, *options, "--quiet")
    assert ran.code == 1 and not ran.out
    (out / "index.html").unlink()
    ran = command("report", out, "--root", COURSE)
    assert ran.code == 0 and (out / "index.html").exists()
    assert json.loads(command("rescore", out, "--root", COURSE, "--json").out) == []
    ran = command("grade", work / "anna.py", *options)
    assert ran.code == 0


def test_doctor_says_what_is_good_and_ends_accordingly(
    command: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from autograder.cli import machine

    ran = command("doctor", "--root", COURSE, "--device", "cpu", "--json")
    items = {i["name"]: i for i in json.loads(ran.out)}
    assert set(items) >= {"autograder", "libraries", "processor", "sandbox", "device", "cache", "toy"}
    assert items["device"]["good"] and "cpu" in items["device"]["text"] and "jax" in items["libraries"]["text"]
    assert ran.code == (0 if all(i["good"] for i in items.values()) else 3)

    bad = [Item("sandbox", False, "missing: bubblewrap"), Item("device", True, "cpu")]
    monkeypatch.setattr(machine, "examine", lambda root, device: bad)
    ran = command("doctor")
    assert ran.code == 3 and "! sandbox: missing: bubblewrap" in ran.out and "✓ device: cpu" in ran.out
    assert json.loads(command("doctor", "--json").out) == [dataclasses.asdict(i) for i in bad]


def test_interrupting_says_how_to_go_on(command: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    from autograder.cli import check as students

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(students, "grade_many", interrupt)
    ran = command("check", SOLUTION, "-a", "toy", "--root", COURSE)
    assert ran.code == 130 and "Run the same command again to resume" in ran.err


def test_a_folder_with_an_entry_file_is_one_submission(tmp_path: Path) -> None:
    for name in ("submission.py", "helper.py"):
        (tmp_path / "ada").mkdir(exist_ok=True)
        (tmp_path / "ada" / name).write_text("x = 1\n")
    (tmp_path / "bo.py").write_text("x = 1\n")
    assert [c.path for c in collect([tmp_path / "ada"]).found] == [tmp_path / "ada"]
    assert [c.path for c in collect([tmp_path]).found] == [tmp_path / "ada", tmp_path / "bo.py"]
