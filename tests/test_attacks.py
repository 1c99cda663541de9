"""Every attack costs the functions it stands in, and nothing else: not the others, not the next, not the machine.

An attack is a file, a folder or a notebook in ``tests/attacks``; comments at its top say what is expected:

    # why: what it tries
    # expect: standardize=failed momentum=passed dropout=passed      outcome of each function
    # says: text                     the report must hold it ("a | b": one of them); any number of lines
    # prints: text                   what the submission prints must hold it
    # expect unscreened: ...         run once more with the screen taken away: the sandbox and the check of
    # says unscreened: ...           programs must hold alone
    # evaluator: attacked            afterwards honest programs are compiled and run anew, not remembered
    # needs: disable-userns          a newer bubblewrap, or root

An attack that gets through prints BREACH.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import io
import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from autograder import grade, sandbox
from autograder.batch import grade_many
from autograder.evaluate import Evaluator, Memory
from autograder.grade import Session, grade_one
from autograder.judge import MEASURED, judge
from autograder.report import show_result, submission_page
from autograder.results import FAILED, NOT_JUDGED, PASSED, SKIPPED, CheckEvidence, Result, from_json, to_json
from autograder.submission import read_submission
from autograder.tracing import Traced, trace

HERE = Path(__file__).parent
FOLDER = HERE / "attacks"
SOLUTION = HERE / "course" / "reference" / "toy" / "solution.py"
FUNCTIONS = ("standardize", "momentum", "dropout")
SANDBOX_UIDS = range(61184, 65184)
KEY = "attack-key-0123456789"


@dataclasses.dataclass(frozen=True)
class Attack:
    path: Path
    screened: bool
    expect: dict[str, str]
    says: tuple[str, ...]
    prints: tuple[str, ...]
    evaluator: bool  # attacked
    needs: str

    def __str__(self) -> str:
        return f"{self.path.stem}-{'screened' if self.screened else 'unscreened'}"


def _head(path: Path) -> str:
    path = path / "submission.py" if path.is_dir() else path
    text = path.read_text()
    return "".join(json.loads(text)["cells"][0]["source"]) if path.suffix == ".ipynb" else text


def _read(path: Path) -> Iterator[Attack]:
    found: dict[str, list[str]] = {}
    for line in _head(path).splitlines():
        match = re.match(r"# (why|evaluator|needs|(?:expect|says|prints)(?: unscreened)?): (.+)", line)
        if match is None:
            break
        found.setdefault(match[1], []).append(match[2])
    for mode in ("", " unscreened"):
        if "expect" + mode in found:
            yield Attack(
                path=path,
                screened=not mode,
                expect=dict(part.split("=") for part in found["expect" + mode][0].split()),
                says=tuple(found.get("says" + mode, ())),
                prints=tuple(found.get("prints" + mode, ())),
                evaluator="evaluator" in found,
                needs="".join(found.get("needs", ())),
            )


PATHS = sorted(p for p in FOLDER.iterdir() if not p.name.startswith(("_", ".")))
ATTACKS = [attack for path in PATHS for attack in _read(path)]


@pytest.fixture(scope="session")
def honest(session: Session) -> Traced:
    """The programs of the right solution."""
    plan, answers = session.plan, session.answers
    solution = read_submission(SOLUTION)
    return trace(solution, session.assignment, answers.calls, answers.cotangents(plan), session.box)


def test_the_corpus_is_complete() -> None:
    assert len(PATHS) >= 45
    for path in PATHS:
        assert list(_read(path)), f"{path.name} does not say what is expected"
        assert re.match(r"# why: \w", _head(path)), f"{path.name} does not say why"
    for attack in ATTACKS:
        assert tuple(attack.expect) == FUNCTIONS, f"{attack}: the outcome of every function is part of the expectation"
        assert set(attack.expect.values()) <= {PASSED, FAILED}, str(attack)


@pytest.mark.sandbox
@pytest.mark.parametrize("attack", ATTACKS, ids=str)
def test_attack(
    attack: Attack,
    session: Session,
    evaluator: Evaluator,
    honest: Traced,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if attack.needs == "disable-userns" and not _forbids_namespaces():
        pytest.skip("bubblewrap is older than 0.8 here")
    if not attack.screened:
        monkeypatch.setattr(grade, "screen", lambda submission, policy: (submission, ()))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("AUTOGRADER_KEY", KEY)
    before, running = _files(), set(psutil.Process().children(recursive=True))

    result = grade_one(attack.path, session, evaluator)

    text = _report(result)
    assert not result.problem, result.problem
    assert NOT_JUDGED not in {c.outcome for c in result.checks}, text
    assert _outcomes(result.checks) == attack.expect, text
    for part in attack.says:
        assert any(a.strip() in text for a in part.split(" | ")), f"the report does not say {part!r}:\n{text}"
    for part in attack.prints:
        assert part in result.output, f"it did not print {part!r}:\n{result.output}"
    assert "BREACH" not in result.output, result.output
    assert not _strays(running)
    assert _files() == before
    assert os.listdir(tmp_path) == []
    memory = Memory() if attack.evaluator else session.memory
    plan, answers = session.plan, session.answers
    after = judge(honest.programs, plan, answers, evaluator, memory, {})
    assert set(_outcomes(after).values()) == {PASSED}, [c.message for c in after]


@pytest.mark.sandbox
def test_honest_work_beside_attacks(session: Session, tmp_path: Path) -> None:
    """In one folder with the nastiest, graded side by side, the right solution earns what it earns alone."""
    names = ("endless_program", "exhausts_memory", "thread_bomb", "floods_output", "notebook")
    nasty = [path for path in PATHS if path.stem in names]
    assert len(nasty) == len(names)
    fresh = dataclasses.replace(session, memory=Memory())
    work = [nasty[0], SOLUTION, *nasty[1:]]
    running = set(psutil.Process().children(recursive=True))
    results = grade_many(work, fresh, tmp_path, jobs=2, device="cpu", quick=True)
    assert [r.submission for r in results] == [p.name for p in work]
    assert set(_outcomes(results[1].checks).values()) == {PASSED}
    for path, result in zip(nasty, [results[0], *results[2:]], strict=True):
        assert _outcomes(result.checks) == next(_read(path)).expect, _report(result)
    assert not _strays(running)


def _outcomes(checks: tuple[CheckEvidence, ...]) -> dict[str, str]:
    """Per function: whether all its checks passed.  What would have to be measured is left out here."""
    found = {name: {c.outcome for c in checks if c.function == name and c.kind not in MEASURED} for name in FUNCTIONS}
    assert all(outcomes <= {PASSED, FAILED, SKIPPED} and outcomes for outcomes in found.values()), found
    return {name: PASSED if outcomes == {PASSED} else FAILED for name, outcomes in found.items()}


def _report(result: Result) -> str:
    """What a student reads, on one line.  No byte of the submission may act on the reader's terminal or page."""
    stored = to_json(result)
    assert from_json(stored).submission == result.submission
    stream = io.StringIO()
    show_result(Console(file=stream, width=160, color_system=None), result, verbose=True)
    text = stream.getvalue()
    assert "Traceback (most recent call last)" not in text
    assert all(c.isprintable() or c == "\n" for c in text), [c for c in text if not c.isprintable() and c != "\n"]
    page = submission_page(result, assignment_title="Toy")
    assert "<script>alert" not in page
    return " ".join(text.split())


def _strays(running: set[psutil.Process]) -> list[str]:
    """Processes that came and stayed; what other test processes run just now is theirs."""
    deadline = time.monotonic() + 3
    while True:
        found = [p for p in psutil.Process().children(recursive=True) if p not in running and not _is_evaluator(p)]
        found += [p for p in psutil.process_iter() if _sandboxed(p) and not _owned(p)]
        found = [p for p in found if p.is_running()]
        if not found or time.monotonic() > deadline:
            return [repr(p) for p in found]
        time.sleep(0.1)


def _is_evaluator(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return "autograder.worker" in process.cmdline()
    return True  # ended meanwhile


def _sandboxed(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.uids().real in SANDBOX_UIDS or "/tracer.py" in process.cmdline()
    return False


def _owned(process: psutil.Process) -> bool:
    """Whether a living process outside of the sandbox looks after it."""
    with contextlib.suppress(psutil.Error):
        return any(p.pid != 1 and not _sandboxed(p) and p.name() != "bwrap" for p in process.parents())
    return True  # ended meanwhile


def _forbids_namespaces() -> bool:
    shown = subprocess.run(["bwrap", "--help"], capture_output=True, text=True, check=False)
    return os.getuid() == 0 or "--disable-userns" in shown.stdout + shown.stderr


def _files() -> tuple[str, ...]:
    """What attacks could leave: files of a sandbox's user, files with their name, changed files of ours."""
    left = []
    for folder in ("/", "/tmp", "/var/tmp", "/dev/shm", "/dev", "/etc", os.path.expanduser("~"), sandbox.SITE):
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    uid = entry.stat(follow_symlinks=False).st_uid
                    if uid in SANDBOX_UIDS or "attack-escaped" in entry.name or entry.name.startswith("fill"):
                        left.append(entry.path)
    digest = hashlib.sha256()
    for path in (sandbox.TRACER, *sorted((HERE / "course").rglob("*.py")), *sorted(FOLDER.rglob("*.*"))):
        digest.update(path.read_bytes())
    return (*sorted(left), digest.hexdigest())
