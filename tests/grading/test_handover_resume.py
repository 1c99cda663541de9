"""Judging what was traced elsewhere: killed at any moment and gone on with; what has a result is not judged again."""

from __future__ import annotations

import csv
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from helpers.commands import COURSE, ROOT, Ran, listening_to_interrupts

from autograder.assignment.seed import Seed
from autograder.checks import MEASURED
from autograder.grading import batch, store
from autograder.grading.grade import Session, TracedSubmission
from autograder.grading.handover import FILE
from autograder.grading.options import RunOptions
from autograder.grading.store import read_judged, read_result, write_judged
from autograder.judge.score import score
from autograder.result_json import from_json
from autograder.results import LEFT_OUT, PASSED, CheckEvidence, Provenance, Result

SOLUTION = (COURSE / "reference" / "toy" / "solution.py").read_text()
KEY = "0123456789abcdef0123456789abcdef"
OPTIONS = ("-a", "toy", "--root", COURSE, "--quick")
WRONG = SOLUTION.replace("0.9 *", "0.8 *")

Command = Callable[..., Ran]


def _trace(command: Command, work: Path, programs: Path, *more: str) -> None:
    key = programs.with_name("toy.shapes")
    key.write_text(Seed(KEY.encode()).keys("toy").shapes.hex())
    options = ("-a", "toy", "--root", COURSE, "--shape-key", key, "--unsandboxed", "-q")
    ran = command("trace", work, *options, "-o", programs, *more)
    assert ran.code == 0, ran.err


@pytest.fixture
def programs(command: Command, tmp_path: Path) -> Path:
    """What ``trace`` left of three submissions: right, wrong, empty."""
    (tmp_path / "course.key").write_text(KEY)
    work = tmp_path / "work"
    work.mkdir()
    for name, text in {"anna": SOLUTION, "ben": WRONG, "cleo": ""}.items():
        (work / f"{name}.py").write_text(text)
    _trace(command, work, tmp_path / "programs", "--quick")
    return tmp_path / "programs"


@pytest.fixture
def judged(command: Command, programs: Path, tmp_path: Path) -> Callable[..., list[str]]:
    """Run ``judge``; returns whom it judged, from the log."""
    out = tmp_path / "out"

    def run(*more: object, code: int = 1, key: str = "course.key") -> list[str]:
        log = out / "log.txt"
        before = log.read_text() if log.exists() else ""
        options = (*OPTIONS, "--key-file", tmp_path / key, "--device", "cpu", "-o", out)
        ran = command("judge", programs, *options, *more)
        assert ran.code == code, ran.err
        return sorted(re.findall(r'Z "(\w+)\.py"', log.read_text().removeprefix(before)))

    return run


def _of(programs: Path, name: str) -> Path:
    return next(programs.glob(f"{name}*"))


def _results(out: Path) -> dict[str, Path]:
    return {p.name.partition(".")[0]: p for p in (out / "results").glob("*.json")}


def _plain(path: Path) -> dict[str, Any]:
    """A result without when and how long."""
    data: dict[str, Any] = json.loads(path.read_text())
    del data["provenance"]["seconds"], data["provenance"]["created"]
    return data


def test_what_rests_on_the_same_is_kept(
    judged: Callable[..., list[str]], command: Command, programs: Path, tmp_path: Path
) -> None:
    assert judged() == ["anna", "ben", "cleo"]
    results = _results(tmp_path / "out")
    before, said = {p: p.read_bytes() for p in results.values()}, {p: _plain(p) for p in results.values()}
    _trace(command, tmp_path / "work", programs, "--quick")  # took another time, and nothing else is new
    assert judged() == []
    assert {p: p.read_bytes() for p in results.values()} == before
    page = (tmp_path / "out" / "index.html").read_text()
    assert all(f"{name}.py" in page for name in results)
    assert judged("--force") == ["anna", "ben", "cleo"]
    assert {p: _plain(p) for p in results.values()} == said


def test_what_has_changed_is_judged_again(
    judged: Callable[..., list[str]], command: Command, programs: Path, tmp_path: Path
) -> None:
    judged()
    results = _results(tmp_path / "out")
    (tmp_path / "work" / "ben.py").write_text(SOLUTION)
    _trace(command, tmp_path / "work", programs, "--quick")
    assert judged() == ["ben"]
    assert from_json(results["ben"].read_text()).score == from_json(results["anna"].read_text()).score
    # The same file of the student, another program: as traced by another version of JAX.
    other = _of(programs, "anna")
    data = json.loads((other / FILE).read_text())
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    (wrong / "anna.py").write_text(WRONG)
    _trace(command, wrong, tmp_path / "others", "--quick")
    made = json.loads((_of(tmp_path / "others", "anna") / FILE).read_text())
    for path in other.glob("*.stablehlo"):
        shutil.copy(_of(tmp_path / "others", "anna") / path.name, path)
    (other / FILE).write_text(json.dumps(data | {"calls": made["calls"]}))
    assert judged() == ["anna"]
    assert from_json(results["anna"].read_text()).score != from_json(results["ben"].read_text()).score
    (tmp_path / "other.key").write_text(KEY[::-1])
    judged(key="other.key", code=3)  # traced with the shape key of this secret: no mark, and no student's fault


def test_a_result_without_its_basis_is_made_again(judged: Callable[..., list[str]], tmp_path: Path) -> None:
    judged()
    results = _results(tmp_path / "out")
    results["anna"].with_suffix(".basis").unlink()
    results["ben"].write_text("{")
    assert judged() == ["anna", "ben"]


def test_a_basis_never_stands_beside_another_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed while a result is replaced: the old basis is gone before the new result is there."""
    path = tmp_path / "anna.json"
    made = Provenance("toy", "1", "", "", "", "", "", "")
    old, new = Result("old", made), Result("new", made)
    write_judged(old, path, "a")
    assert read_judged(path, "a") == old and read_judged(path, "b") is None
    write = store.write_text

    def killed(to: Path, text: str, **options: Any) -> None:
        write(to, text, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(store, "write_text", killed)
    with pytest.raises(KeyboardInterrupt):
        write_judged(new, path, "b")
    assert read_result(path) == new and read_judged(path, "a") is None and read_judged(path, "b") is None


@pytest.mark.parametrize(
    ("measured", "quick", "kept"), [(True, False, False), (True, True, True), (False, False, True), (False, True, True)]
)
def test_a_quick_result_stands_for_a_full_one_only_where_no_more_was_traced(
    open_session: Session, tmp_path: Path, measured: bool, quick: bool, kept: bool
) -> None:
    checks = tuple(
        CheckEvidence(c.name, c.title, c.function, c.kind, LEFT_OUT if c.kind in MEASURED else PASSED)
        for c in open_session.assignment.checks.values()
    )  # fmt: skip
    made = Provenance("toy", "1", "", "", "", "", "", "")
    result = score(Result("anna", made, checks), open_session.assignment)
    write_judged(result, tmp_path / "anna.json", "basis")
    handed = TracedSubmission("anna", "", "full", measured=measured)
    found = batch._judged(handed, tmp_path / "anna.json", open_session, RunOptions(quick=quick), "basis")
    assert found == (result if kept else None)


def test_options_of_a_run(judged: Callable[..., list[str]], command: Command, programs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert judged("--only", "ben") == ["ben"] and set(_results(out)) == {"ben"}
    judged()
    assert judged("--only", "anna", code=0) == []
    assert judged("--only", "ANN*", "--force", code=0) == ["anna"]
    for path in _of(programs, "anna").glob("*.stablehlo"):
        path.write_bytes(b"junk")
    judged(code=3)  # nobody's zero, and nothing to keep
    results = _results(out)
    assert len(results) == 3 and from_json(results["anna"].read_text()).score is None
    _trace(command, tmp_path / "work", programs, "--quick")
    assert judged("--failed") == ["anna", "cleo"]
    assert judged("--only", "nobody", code=2) == []
    with (out / "collected.csv").open(newline="") as stream:
        assert {row["student"] for row in csv.DictReader(stream)} == {"anna", "ben", "cleo"}
    judged("--only", "ben")  # the page and the table keep the others
    page, table = (out / "index.html").read_text(), (out / "collected.csv").read_text()
    assert all(f"{name}.py" in page and f",{name}," in table for name in results)


# Killed ----------------------------------------------------------------------------------------------


CLASS = 12


def _start(programs: Path, out: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "autograder", "judge", programs, *OPTIONS, "--device", "cpu", "-o", out, "-j", "1"]
    environment = {**os.environ, "AUTOGRADER_KEY": KEY, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    return subprocess.Popen(
        listening_to_interrupts(*map(str, command)),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=out.parent,
    )


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_killed_again_and_again(command: Command, tmp_path: Path) -> None:
    """A real command is killed in the middle, several times; in the end everything is as if it never was."""
    work, programs, out, calm = (tmp_path / name for name in ("work", "programs", "out", "calm"))
    work.mkdir()
    for i in range(CLASS - 1):
        text = SOLUTION.replace("0.9 *", f"0.{70 + i} *") if i % 5 else "" if i == 10 else SOLUTION
        (work / f"s{i:02}.py").write_text(text and f"# {i}\n{text}")
    shutil.copy(ROOT / "tests" / "attacks" / "endless_program.py", work / "s03_endless.py")
    _trace(command, work, programs, "--quick")
    results, rng = out / "results", random.Random(5)
    stamps: dict[str, int] = {}
    for signal_number in (signal.SIGKILL, signal.SIGINT):
        process = _start(programs, out)
        goal, deadline = len(stamps) + rng.choice((1, 2, 3)), time.monotonic() + 90
        while process.poll() is None and len(list(results.glob("*.json"))) < goal and time.monotonic() < deadline:
            time.sleep(0.005)
        assert process.poll() is None, "it ended before it was killed: make the class larger"
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal_number)
        output = process.communicate(timeout=60)[0]
        assert process.returncode == (130 if signal_number == signal.SIGINT else -signal.SIGKILL), output.decode()
        assert b"Traceback" not in output
        assert not psutil.wait_procs(children, timeout=15)[1], "a process outlived the run"
        for path in results.glob("*.json"):
            assert read_result(path) is not None  # whole, whenever the run was killed
            if path.with_suffix(".basis").exists():
                stamps.setdefault(path.name, path.stat().st_mtime_ns)
    assert 2 <= len(stamps) < CLASS
    for folder in (out, calm):
        process = _start(programs, folder)
        output = process.communicate(timeout=200)[0].decode()
        assert process.returncode == 1, output
        assert (f"{len(stamps)} kept from an earlier run" in output) == (folder == out), output
    names = sorted(p.name for p in results.iterdir())
    assert (
        names == sorted(p.name for p in (calm / "results").iterdir()) and len(names) == 2 * CLASS
    )  # nothing half-made
    ours, theirs = _results(out), _results(calm)
    assert {n: _plain(p) for n, p in ours.items()} == {n: _plain(p) for n, p in theirs.items()} and len(ours) == CLASS
    assert {n: (results / n).stat().st_mtime_ns for n in stamps} == stamps, "a stored result was made again"
    assert (out / "collected.csv").read_text() == (calm / "collected.csv").read_text()
    assert {p.name for p in out.rglob("*.html")} == {p.name for p in calm.rglob("*.html")}
