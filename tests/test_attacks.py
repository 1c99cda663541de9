"""Every attack costs the functions it stands in, and nothing else: not the others, not the next, not the machine.

An attack is a file, a folder or a notebook in ``tests/attacks``; comments at its top say what is expected:

    # why: what it tries
    # expect: standardize=failed momentum=passed dropout=passed      outcome of each function
    # says: text                     the report must hold it ("a | b": one of them); any number of lines
    # prints: text                   what the submission prints must hold it
    # expect unscreened: ...         run once more with the screen taken away: the sandbox and the check of
    # says unscreened: ...           programs must hold alone
    # evaluator: attacked            afterwards honest programs are compiled and run anew, not remembered

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
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from helpers.commands import COURSE, Ran
from helpers.sessions import expected_of, plan_of
from rich.console import Console

from autograder.grading import grade
from autograder.grading.batch import grade_many
from autograder.grading.grade import Session, grade_one
from autograder.grading.options import RunOptions
from autograder.judge.device.evaluator import Evaluator, ResultCache
from autograder.judge.judge import MEASURED, judge
from autograder.report import show_result, submission_page
from autograder.result_json import from_json, to_json
from autograder.results import FAILED, NOT_JUDGED, PASSED, SKIPPED, CheckEvidence, Result
from autograder.sandbox import bubblewrap, process
from autograder.sandbox.trace import Traced, trace
from autograder.sandbox.world import SITE
from autograder.submission.read import read_submission

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

    def __str__(self) -> str:
        return f"{self.path.stem}-{'screened' if self.screened else 'unscreened'}"


def _head(path: Path) -> str:
    path = path / "submission.py" if path.is_dir() else path
    text = path.read_text()
    return "".join(json.loads(text)["cells"][0]["source"]) if path.suffix == ".ipynb" else text


def _read(path: Path) -> Iterator[Attack]:
    found: dict[str, list[str]] = {}
    for line in _head(path).splitlines():
        match = re.match(r"# (why|evaluator|(?:expect|says|prints)(?: unscreened)?): (.+)", line)
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
            )


PATHS = sorted(p for p in FOLDER.iterdir() if not p.name.startswith(("_", ".")))
ATTACKS = [attack for path in PATHS for attack in _read(path)]


@pytest.fixture(scope="session")
def calm(session: Session, evaluator: Evaluator, honest: Traced) -> tuple[CheckEvidence, ...]:
    """What the right solution earns before anybody attacks, with all numbers."""
    return judge(honest.programs, plan_of(session), expected_of(session), evaluator, ResultCache(), {})[0]


@pytest.fixture(scope="session")
def honest(session: Session) -> Traced:
    """The programs of the right solution."""
    plan, answers = plan_of(session), expected_of(session)
    solution = read_submission(SOLUTION)
    return trace(solution, session.assignment, answers.calls, plan.public_calls(), session.sandbox)


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
    calm: tuple[CheckEvidence, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
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
    memory = ResultCache() if attack.evaluator else session.cache
    plan, answers = plan_of(session), expected_of(session)
    after, _ = judge(honest.programs, plan, answers, evaluator, memory, {})
    assert set(_outcomes(after).values()) == {PASSED}, [c.message for c in after]
    assert after == calm  # bit for bit: errors, tolerances, statistics


@pytest.mark.sandbox
def test_words_that_students_choose_move_no_mark(command: Callable[..., Ran], tmp_path: Path) -> None:
    """Names of files and of exceptions that say "not judged" or "left out" are graded like any others."""
    work, out = tmp_path / "work", tmp_path / "out"
    work.mkdir()
    for name in ("exception_named_not_judged.py", "exception_named_left_out.py"):
        (work / name).write_bytes((FOLDER / name).read_bytes())
    (work / "odd.py").write_bytes(
        (FOLDER / "exception_named_not_judged.py").read_bytes().replace(b"not judged", b"odd")
    )
    words = (
        "plain",
        "not judged",
        "not judged, and not the student's fault: x",
        "left out: only numbers were asked for",
    )
    for name in words:
        (work / f"{name}.py").write_text("# nothing yet\n")
    options = ("-a", "toy", "--root", COURSE, "--quick", "--device", "cpu", "--public")
    assert command("grade", work, *options, "-o", out, "-q").code == 1  # all judged, and some failed
    points = {r.submission: r.score.points for r in _stored(out) if r.score is not None}
    assert points["exception_named_not_judged.py"] == points["exception_named_left_out.py"] == points["odd.py"] > 0
    assert {points[f"{name}.py"] for name in words} == {0}
    db = f"sqlite:///{tmp_path}/course.db"
    ran = command("record", out, "--db", db, "--partial", "--public")
    assert ran.code == 0, ran.err
    recorded = json.loads(command("attempts", "--db", db, "--json").out)
    assert len(recorded) == 7 and all(row["points"] is not None for row in recorded)


def _stored(out: Path) -> Iterator[Result]:
    for path in (out / "results").glob("*.json"):
        yield from_json(path.read_text(encoding="utf-8"))


@pytest.mark.sandbox
def test_honest_work_beside_attacks(session: Session, tmp_path: Path) -> None:
    """In one folder with the nastiest, graded side by side, the right solution earns what it earns alone."""
    names = ("endless_program", "exhausts_memory", "thread_bomb", "floods_output", "notebook")
    nasty = [path for path in PATHS if path.stem in names]
    assert len(nasty) == len(names)
    fresh = dataclasses.replace(session, cache=ResultCache())
    work = [nasty[0], SOLUTION, *nasty[1:]]
    running = set(psutil.Process().children(recursive=True))
    results = grade_many(work, fresh, tmp_path, RunOptions(device="cpu", jobs=2, quick=True))
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
    show_result(Console(file=stream, width=160, color_system=None), result, verbose=True, instructor=True)
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
        left = [p for p in psutil.Process().children(recursive=True) if p not in running and p not in _templates()]
        found = [p for p in left if not _is_evaluator(p)]
        found += [p for p in psutil.process_iter() if _sandboxed(p) and not _owned(p)]
        found = [p for p in found if p.is_running()]
        if not found or time.monotonic() > deadline:
            return [repr(p) for p in found]
        time.sleep(0.1)


def _templates() -> set[psutil.Process]:
    """What stays for the next submission: for each template bubblewrap, its first process, and the template itself."""
    found: set[psutil.Process] = set()
    for kept in process._idle.kept:
        own = psutil.Process(kept.process.pid)
        chain = {own, *own.children(recursive=True)}
        found |= chain if len(chain) == 3 else set()
    return found


def _is_evaluator(one: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return any("autograder.judge.device.worker" in part for part in one.cmdline())
    return True  # ended meanwhile


def _sandboxed(one: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return one.uids().real in SANDBOX_UIDS or any("from inside." in part for part in one.cmdline())
    return False


def _owned(one: psutil.Process) -> bool:
    """Whether a living process outside of the sandbox looks after it."""
    with contextlib.suppress(psutil.Error):
        return any(p.pid != 1 and not _sandboxed(p) and p.name() != "bwrap" for p in one.parents())
    return True  # ended meanwhile


def _files() -> tuple[str, ...]:
    """What attacks could leave: files of a sandbox's user, files with their name, changed files of ours."""
    left = []
    for folder in ("/", "/tmp", "/var/tmp", "/dev/shm", "/dev", "/etc", os.path.expanduser("~"), SITE):
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    uid = entry.stat(follow_symlinks=False).st_uid
                    if uid in SANDBOX_UIDS or "attack-escaped" in entry.name or entry.name.startswith("fill"):
                        left.append(entry.path)
    digest = hashlib.sha256()
    for path in (
        *sorted(bubblewrap.INSIDE.glob("*.py")),
        *sorted((HERE / "course").rglob("*.py")),
        *sorted(FOLDER.rglob("*.*")),
    ):
        digest.update(path.read_bytes())
    return (*sorted(left), digest.hexdigest())
