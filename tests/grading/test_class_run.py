"""A class: chosen, shown, logged, counted; killed at any moment and gone on with, without loss or repetition."""

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
from helpers.results import our_fault, unreadable

from autograder.cli.class_run import Stored, choose
from autograder.cli.common import UsageError
from autograder.cli.progress import Log
from autograder.grading.store import BusyError, held, read_result, write_result
from autograder.grading.summary import RunSummary, compact, kind_of
from autograder.results import (
    NOT_JUDGED,
    PASSED,
    CaseEvidence,
    CheckEvidence,
    Fault,
    Finding,
    Problem,
    Provenance,
    Result,
    Score,
)
from autograder.sandbox import bubblewrap
from autograder.submission.collect import Collected, collect

SOLUTION = (COURSE / "reference" / "toy" / "solution.py").read_text()
STARTER = (COURSE / "assignments" / "toy" / "starter.py").read_text()
ATTACKS = ROOT / "tests" / "attacks"
KEY = "0123456789abcdef0123456789abcdef"
OPTIONS = ("-a", "toy", "--root", COURSE, "--quick", "--device", "cpu")


def _result(
    name: str, outcome: str = PASSED, points: float = 1.0, problem: Problem | None = None, seconds: float = 1.0
) -> Result:
    made = Provenance("toy", "1", "", "", "", "", "", "", seconds={"all": seconds})
    checks = () if problem else (CheckEvidence("a", "a", "f", "values", outcome, (CaseEvidence("x", outcome),)),)
    score = None if problem and problem.fault is Fault.OURS else Score(points, 1.0, (), outcome != NOT_JUDGED, "")
    return Result(name, made, checks, score=score, problem=problem)


def _table(out: Path) -> dict[str, dict[str, str]]:
    with (out / "collected.csv").open(newline="") as stream:
        return {row["student"]: row for row in csv.DictReader(stream)}


# Choosing --------------------------------------------------------------------------------------------


@pytest.fixture
def three(tmp_path: Path) -> tuple[list[Collected], Path]:
    found = [Collected(n, tmp_path / f"{n}.py") for n in ("anna", "ben", "Cleo Müller")]
    (tmp_path / "out" / "results").mkdir(parents=True)
    return found, tmp_path / "out"


@pytest.mark.parametrize(
    ("only", "chosen"),
    [
        (["anna"], ["anna"]),
        (["ben.py", "ANNA"], ["anna", "ben"]),
        (["*n*"], ["anna", "ben"]),
        (["cleo*"], ["Cleo Müller"]),
        ([], ["anna", "ben", "Cleo Müller"]),
    ],
)
def test_only_chooses_by_name(three: tuple[list[Collected], Path], only: list[str], chosen: list[str]) -> None:
    assert [c.student for c in choose(three[0], three[1], only, False)] == chosen


def test_only_a_name_that_nobody_has(three: tuple[list[Collected], Path]) -> None:
    with pytest.raises(UsageError, match=r"--only ana: no submission matches; did you mean anna\?"):
        choose(three[0], three[1], ["anna", "ana"], False)


@pytest.mark.parametrize(
    ("result", "again"),
    [
        (_result("x"), False),
        (_result("x", "failed", 0), False),
        (_result("x", NOT_JUDGED, 0), True),
        (_result("x", "inconclusive", 0), True),
        (_result("x", problem=unreadable("x is empty")), True),
        (_result("x", problem=our_fault("the sandbox failed")), True),
    ],
)
def test_failed_chooses_what_could_not_be_judged(
    three: tuple[list[Collected], Path], result: Result, again: bool
) -> None:
    found, out = three
    write_result(result, out / "results" / found[1].result)
    assert [c.student for c in choose(found, out, [], True)] == (["ben"] if again else [])


# Counting --------------------------------------------------------------------------------------------


def test_the_summary_counts_and_foretells(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    summary = RunSummary(10, started=0.0)
    results = [
        _result("full", seconds=3),
        _result("partial", "failed", 0.5, seconds=9),
        _result("nothing", "failed", 0),
        _result("ours", NOT_JUDGED, 0),
        _result("unread", "", 0, problem=unreadable("it is empty"), seconds=0),
    ]
    assert [kind_of(r) for r in results] == ["full", "partial", "nothing", NOT_JUDGED, "unreadable"]
    for result in results:
        summary.add(result, kept=False)
    summary.add(results[0], kept=True)
    now[0] = 60.0
    assert summary.rate() == 5 and summary.left() == "48 s left"
    assert summary.line() == "6 of 10, 5 per minute, 48 s left, 1 nothing, 1 not judged, 1 unreadable"
    assert summary.lines() == [
        "6 submissions: 2 full, 1 partial, 1 nothing, 1 not judged, 1 unreadable",
        "5 graded in 60 s (5 per minute), 1 kept from an earlier run",
        "slowest: partial 9.0 s, full 3.0 s, ours 1.0 s",
    ]


def test_an_outline_is_small_and_says_the_same() -> None:
    case = CaseEvidence("x", PASSED, message="m" * 999, inputs="i" * 99, curves={"loss": tuple(map(float, range(99)))})
    failed = CaseEvidence("x", "failed", message="what went wrong")
    checks = (CheckEvidence("a", "a", "f", "values", "failed", (case, failed), message="what went wrong"),)
    result = Result("a", _result("a").provenance, checks, (Finding("violation", "l", "m" * 99, name="os"),), output="o")
    small = compact(result)
    assert len(repr(small)) < len(repr(result)) / 2 and kind_of(small) == kind_of(result)
    assert small.checks[0].message == "what went wrong" and small.findings[0].name == "os"
    assert [c.outcome for c in small.checks[0].cases] == [PASSED, "failed"]


# The log and the folder -------------------------------------------------------------------------------


def test_the_log_goes_on_after_a_broken_line(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("2026-01-01T00:00:00Z half a li")
    with Log(path) as log:
        log.result(_result('a"b\n\x1b[2J\u202e.py', problem=unreadable("it is\nempty")))
    lines = path.read_text().split("\n")
    assert len(lines) == 3 and lines[0].endswith("half a li")
    assert re.fullmatch(r'\d{4}-\S+Z ".+" unreadable 1/1 1\.0 s: it is\\nempty', lines[1]) and lines[1].isprintable()
    with pytest.raises(KeyboardInterrupt), Log(path):
        raise KeyboardInterrupt
    assert path.read_text().endswith("stopped: KeyboardInterrupt\n")


def test_one_run_at_a_time_in_a_folder(tmp_path: Path, command: Callable[..., Ran]) -> None:
    with held(tmp_path / "out"):
        (tmp_path / "out" / "results" / "tmpx.partial").write_text("half")
        with pytest.raises(BusyError, match="another run is using"), held(tmp_path / "out"):
            pass
        (tmp_path / "a.py").write_text(SOLUTION)
        ran = command("grade", tmp_path / "a.py", *OPTIONS, "--public", "--unsandboxed", "-o", tmp_path / "out")
        assert ran.code == 2 and "another run is using" in ran.err
    with held(tmp_path / "out"):
        assert not list((tmp_path / "out" / "results").iterdir())


def test_options_of_a_run(command: Callable[..., Ran], tmp_path: Path) -> None:
    work, out = tmp_path / "work", tmp_path / "out"
    work.mkdir()
    (work / "anna.py").write_text(SOLUTION)
    (work / "ben.py").write_text("")
    (work / "notes.txt").write_text("")
    options = (*OPTIONS, "--public", "--unsandboxed", "-o", out)
    ran = command("grade", work, *options)
    assert ran.code == 1 and "2 submissions: 1 full, 0 partial, 0 nothing, 1 unreadable" in ran.out
    assert "note: notes.txt" in ran.err
    table = _table(out)
    assert set(table) == {"anna", "ben"} and (out / "results" / table["anna"]["result"]).exists()

    def graded(*more: str) -> list[str]:
        before = (out / "log.txt").read_text()
        ran = command("grade", work, *options, "--quiet", *more)
        assert ran.code in (0, 1), ran.err
        return re.findall(r'Z "(.+?)"', (out / "log.txt").read_text().removeprefix(before))

    assert graded() == ["ben.py"]  # there is nothing to keep of what cannot be read
    assert graded("--failed") == ["ben.py"]
    assert sorted(graded("--force")) == ["anna.py", "ben.py"]
    assert graded("--only", "anna") == []
    assert graded("--only", "anna", "--force") == ["anna.py"]
    assert graded("--changed") == []
    result = out / "results" / table["anna"]["result"]
    data = json.loads(result.read_text())
    data["provenance"]["engine_version"] = "0.0.1"
    result.write_text(json.dumps(data))
    assert graded("--changed") == []
    (work / "ben.py").write_text(SOLUTION)
    (work / "cleo.py").write_text(SOLUTION)
    assert sorted(graded("--changed")) == ["ben.py", "cleo.py"]
    assert graded() == ["anna.py"]  # by another engine
    page = (out / "index.html").read_text()
    assert all(n in page for n in ("anna.py", "ben.py", "cleo.py"))
    assert command("grade", work, *options, "--changed", "--force").code == 2
    stored = Stored(collect([work], tmp_path / "w").found, out)
    assert len(stored) == 3 and [r.submission for r in stored] == ["anna.py", "ben.py", "cleo.py"]


def test_a_download_of_canvas(command: Callable[..., Ran], tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "submissions.zip", "w") as archive:
        archive.writestr("doejane_101_9001_my work.py", SOLUTION)
        archive.writestr("kimsam_LATE_102_9002_hw.pdf", "%PDF")
        archive.writestr("../../evil_103_9003_hw.py", SOLUTION)
    out = tmp_path / "out"
    ran = command("grade", tmp_path / "submissions.zip", *OPTIONS, "--public", "--unsandboxed", "-o", out, "--json")
    results = {r["submission"]: r for r in json.loads(ran.out)}
    assert set(results) == {"doejane", "kimsam"} and results["doejane"]["score"]["points"] == 18
    assert "no .py file and no notebook" in results["kimsam"]["problem"]["message"]
    assert "leads out of the archive" in (out / "log.txt").read_text()
    table = _table(out)
    assert table["kimsam"]["late"] == "late" and table["doejane"]["number"] == "101"


# Killed ----------------------------------------------------------------------------------------------


def _class(folder: Path, count: int) -> Path:
    """Right, wrong and broken work, and three that bring something down: the sandbox, the evaluator, the clock."""
    folder.mkdir()
    kinds = (
        lambda i: SOLUTION,
        lambda i: SOLUTION.replace("0.9 *", f"0.{80 + i} *"),
        lambda i: SOLUTION + "\n\ndef dropout(key, x, *, rate):\n    raise NotImplementedError\n",
        lambda i: STARTER,
        lambda i: "",
    )
    for i in range(count):
        (folder / f"s{i:02}.py").write_text(kinds[i % len(kinds)](i) and f"# {i}\n{kinds[i % len(kinds)](i)}")
    for place, name in ((1, "exhausts_memory.py"), (4, "endless_program.py"), (8, "loops_in_function.py")):
        shutil.copy(ATTACKS / name, folder / f"s{place:02}_{name}")
    return folder


def _start(work: Path, out: Path) -> subprocess.Popen[bytes]:
    sandbox = () if bubblewrap.probe().isolated else ("--unsandboxed",)
    command = [sys.executable, "-m", "autograder", "grade", work, "-a", "toy", "--root", COURSE, "--quick", *sandbox]
    command += ["--device", "cpu", "-o", out, "--jobs", "2"]
    environment = {**os.environ, "AUTOGRADER_KEY": KEY, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    return subprocess.Popen(
        listening_to_interrupts(*map(str, command)),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=out.parent,
    )


def _plain(result: Result) -> dict[str, Any]:
    """A result without when and how long."""
    data = {**vars(result), "provenance": {**vars(result.provenance)}}
    del data["provenance"]["seconds"], data["provenance"]["created"]
    return data


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_killed_again_and_again(full_sandbox: bubblewrap.Sandbox, tmp_path: Path) -> None:
    """A real command is killed in the middle, several times; in the end everything is as if it never was."""
    work = _class(tmp_path / "work", 10)
    out, calm = tmp_path / "out", tmp_path / "calm"
    results, rng, kills = out / "results", random.Random(3), 0
    stamps: dict[str, int] = {}
    while kills < 3:
        process = _start(work, out)
        before = len(list(results.glob("*.json"))) if results.exists() else 0
        goal, deadline = before + rng.choice((1, 2, 3)), time.monotonic() + 90
        while process.poll() is None and len(list(results.glob("*.json"))) < goal and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(rng.random() * 0.7 if kills else 0)  # at once: while a result may still be on its way to its file
        assert process.poll() is None, "it ended before it was killed: make the class larger"
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT if kills == 1 else signal.SIGKILL)
        output = process.communicate(timeout=60)[0]
        assert process.returncode == (130 if kills == 1 else -signal.SIGKILL), output.decode()
        kills += 1
        assert not psutil.wait_procs(children, timeout=15)[1], "a process outlived the run"
        for path in results.glob("*.json"):
            assert read_result(path) is not None  # whole, whenever the run was killed
            stamps.setdefault(path.name, path.stat().st_mtime_ns)
    assert len(stamps) >= 3
    process = _start(work, out)
    output = process.communicate(timeout=200)[0].decode()
    assert process.returncode == 1, output
    undisturbed = _start(work, calm)
    assert undisturbed.communicate(timeout=200)[0] and undisturbed.returncode == 1

    names = sorted(p.name for p in results.iterdir())
    assert names == sorted(p.name for p in (calm / "results").iterdir()) and len(names) == 13  # nothing half-made
    for name in names:
        ours, theirs = read_result(results / name), read_result(calm / "results" / name)
        assert ours is not None and theirs is not None and _plain(ours) == _plain(theirs), name
    kept = [n for n in stamps if (results / n).stat().st_mtime_ns == stamps[n]]
    repeated = {n for n in stamps if n not in kept}
    unreadable = {p.name for p in results.iterdir() if (r := read_result(p)) and r.problem}
    assert repeated <= unreadable, "a stored result was made again"
    logged = re.findall(r'Z "(s\d\d\w*\.py)"', (out / "log.txt").read_text())
    again = {n for n in logged if logged.count(n) > 1}
    assert again <= {f"s{i:02}.py" for i in range(4, 10, 5)}  # the empty ones, of which nothing is kept
    # All pages are the pages of the undisturbed run.
    mine = {p.name for p in out.rglob("*.html")}
    assert mine == {p.name for p in calm.rglob("*.html")} and len(mine) > 13


def test_a_crash_costs_nobody_else(
    full_sandbox: bubblewrap.Sandbox, command: Callable[..., Ran], tmp_path: Path
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "right.py").write_text(SOLUTION)
    for name in ("exhausts_memory.py", "endless_program.py", "loops_in_function.py"):
        shutil.copy(ATTACKS / name, work / name)
    ran = command("grade", work, *OPTIONS, "--public", "-o", tmp_path / "out", "--json", "--jobs", "2")
    results = {r["submission"]: r for r in json.loads(ran.out)}
    assert ran.code == 1 and len(results) == 4 and results["right.py"]["score"]["points"] == 18
    assert all(r["score"]["judged"] and not r["problem"] for r in results.values())


def test_an_evaluator_ends_with_who_asked() -> None:
    """Also in the middle of a program that never ends, when the one who asked could not say goodbye."""
    code = (
        "import subprocess, time\nfrom autograder.judge.device.process import DeviceWorker\n"
        "worker = DeviceWorker('cpu')\nnumber = worker.process_id()\nline = worker._process.stdin.fileno()\n"
        "holder = subprocess.Popen(['sleep', '30'], pass_fds=[line])\n"  # so that its input does not end
        "print(number, holder.pid, flush=True)\ntime.sleep(60)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment)
    assert parent.stdout is not None
    worker, holder = (psutil.Process(int(n)) for n in parent.stdout.readline().split())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    try:
        assert not psutil.wait_procs([worker], timeout=15)[1]
    finally:
        holder.kill()
