"""Traced here, judged there: the same evidence, no secret in the first job and no student code in the second."""

from __future__ import annotations

import dataclasses
import json
import os
import random
import shutil
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.commands import COURSE, ROOT, Ran
from helpers.sessions import plan_of, trace_path, with_answers

from autograder.assignment.load import Assignment, list_assignments, load
from autograder.assignment.plan import make_plan
from autograder.assignment.seed import secret_seed
from autograder.grading.grade import Session
from autograder.grading.handover import FILE, Handover, HandoverError, handovers, quoted, read_handover, write_handover
from autograder.judge.device.evaluator import Evaluator
from autograder.judge.oracle.expected import obtain
from autograder.result_json import from_json
from autograder.results import Result
from autograder.sandbox import bubblewrap
from autograder.sandbox.trace import Failure

SOLUTION = COURSE / "reference" / "toy" / "solution.py"
KEY = "0123456789abcdef0123456789abcdef"
CANARY = "canary_in_the_source_4711"

# Three functions to a submission, each with a fate of its own.
WRONG = {
    "a": """
def standardize(x, *, axis):
    f = lambda y: 0.5 * jnp.sum(y**2)
    return jax.grad(f)(x)

def momentum(state, grad):
    return state["nothing"]

def dropout(key, x, *, rate):
    if x.sum() > 0:
        return x
    return -x
""",
    "b": """
import os

def standardize(x, *, axis):
    return x.sum(axis)

def momentum(state, grad):
    return {"w": state["w"] * os.getpid(), "v": state["v"]}

def dropout(key, x, *, rate):
    jax.debug.print("{}", x)
    return x
""",
    "c": """
print("hello")

def standardize(x, *, axis):
    centred = x - x.mean(axis, keepdims=True)
    return centred / centred.std(axis, keepdims=True, ddof=1)

def dropout(key, x, *, rate):
    raise SystemExit
""",
    "d": """
def standardize(x, *, axis):
    return jnp.sort(x, axis=axis)
""",
}


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Submissions of all fates."""
    folder = tmp_path / "work"
    folder.mkdir()
    for name, body in WRONG.items():
        (folder / f"{name}.py").write_text(f"{SOLUTION.read_text()}\n# {CANARY}\n\n{body}\n")
    shutil.copy(SOLUTION, folder / "right.py")
    (folder / "empty.py").write_text("")
    (folder / "late").mkdir()
    (folder / "late" / "submission.py").write_text(f"from helper import *\n# {CANARY}\n")
    (folder / "late" / "helper.py").write_text(SOLUTION.read_text() + "\nraise ValueError('at the top')\n")
    return folder


def _results(folder: Path) -> dict[str, Result]:
    return {r.submission: r for r in (from_json(p.read_text()) for p in (folder / "results").glob("*.json"))}


def _evidence(result: Result) -> dict[str, Any]:
    made = result.provenance
    own = {"provenance": (made.assignment, made.assignment_sha256, made.submission_sha256, made.seed, made.sandbox)}
    # A handover holds programs for every platform; one job makes them for its own: names and operations differ.
    checks = tuple(dataclasses.replace(c, program="", operations={}) for c in result.checks)
    return {f.name: getattr(result, f.name) for f in dataclasses.fields(result)} | own | {"checks": checks}


def test_the_same_evidence(command: Callable[..., Ran], work: Path, tmp_path: Path) -> None:
    sandbox = () if bubblewrap.probe().isolated else ("--unsandboxed",)
    (tmp_path / "course.key").write_text(KEY)
    handout = tmp_path / "course" / "assignments" / "toy"
    assert command("starter", "toy", "--to", handout, "--root", COURSE).code == 0
    options = ("-a", "toy", "--quick")
    # The first job has the public half only.
    key = tmp_path / "toy.shapes"
    made = command("shape-key", "-a", "toy", "--root", COURSE, "--key-file", tmp_path / "course.key", "-o", key)
    assert made.code == 0 and stat.S_IMODE(key.stat().st_mode) == 0o600 and KEY not in key.read_text()
    tracing = (*options, "--root", tmp_path / "course", "--shape-key", key, *sandbox)
    ran = command("trace", work, *tracing, "-o", tmp_path / "programs")
    assert ran.code == 0 and "7 traced" in ran.out, ran.err
    for path in (tmp_path / "programs").rglob("*"):
        assert path.is_dir() or (CANARY.encode() not in path.read_bytes() and path.suffix in (".json", ".stablehlo"))
    shutil.move(work, tmp_path / "gone")
    judging = (*options, "--root", COURSE, "--key-file", tmp_path / "course.key", "--device", "cpu")
    judged = command("judge", tmp_path / "programs", *judging, "-o", tmp_path / "judged")
    shutil.move(tmp_path / "gone", work)
    graded = command("grade", work, *judging, "-o", tmp_path / "graded", *sandbox)
    assert judged.code == graded.code == 1, judged.err + graded.err
    there, here = _results(tmp_path / "judged"), _results(tmp_path / "graded")
    assert set(there) == set(here) and len(here) == 7
    for name, result in here.items():
        assert _evidence(there[name]) == _evidence(result), name
    quotes = {c.code for check in there["a.py"].checks for c in check.cases} - {""}
    assert quotes == {"return jax.grad(f)(x)", 'return state["nothing"]', "if x.sum() > 0:"}
    assert there["c.py"].checks[0].mistake == "divides_by_n_minus_one" and there["c.py"].output == "hello\n"
    assert there["right.py"].score == here["right.py"].score and here["right.py"].score is not None
    table = (tmp_path / "judged" / "collected.csv").read_text()
    assert "\nright.py-" in table and ",right," in table and ",late," in table


def test_training_and_speed_travel_too(open_session: Session, toy: Assignment, tmp_path: Path) -> None:
    answers = obtain(plan_of(open_session))
    session = with_answers(open_session, answers)
    evaluator = Evaluator("cpu", 3, 900)
    try:
        handed = quoted(trace_path(SOLUTION, session), session.draws.request(0, everything=True), evaluator)
    finally:
        evaluator.close()
    write_handover(Handover(handed, "anna", late=True), tmp_path / "anna", toy, session.keys)
    found = read_handover(tmp_path / "anna", session.draws)
    assert found.handed == handed and found.late and found.student == "anna"
    assert set(handed.programs) == {*answers.calls, *plan_of(session).ladder_calls()}
    quick = dataclasses.replace(handed, measured=False)
    write_handover(Handover(quick), tmp_path / "ben", toy, session.keys)
    with pytest.raises(HandoverError, match="not requested"):
        read_handover(tmp_path / "ben", session.draws)


@pytest.fixture(scope="module")
def good(open_session: Session, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A handover of the solution, with one failure beside the programs."""
    folder = tmp_path_factory.mktemp("good") / "anna"
    handed = trace_path(SOLUTION, open_session, measured=False)
    key = next(iter(handed.programs))
    details = {"file": "solution.py", "line": 3, "kinds": ["KeyError"], "type": "KeyError"}
    programs = {**handed.programs, key: Failure("raised", "no", details)}
    handed = dataclasses.replace(handed, programs=programs, sources={"solution.py": "\n\nx = 1"})
    write_handover(Handover(handed, "anna"), folder, open_session.assignment, open_session.keys)
    assert read_handover(folder, open_session.draws).handed == handed
    return folder


def _set(path: str, value: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        data = json.loads((folder / FILE).read_text())
        *steps, last = path.split("/")
        inner = data
        for step in steps:
            inner = inner[step] if step != "*" else next(v for v in inner.values() if "sha256" in v)
        inner[last] = value
        (folder / FILE).write_text(json.dumps(data))

    return change


def _drop_a_call(folder: Path) -> None:
    data = json.loads((folder / FILE).read_text())
    data["calls"].popitem()
    (folder / FILE).write_text(json.dumps(data))


def _program(folder: Path) -> Path:
    return next(folder.glob("*.stablehlo"))


def _link(folder: Path) -> None:
    path = _program(folder)
    path.unlink()
    path.symlink_to("/etc/passwd")


TAMPERED: dict[str, tuple[Callable[[Path], object], str]] = {
    "no file": (lambda f: (f / FILE).unlink(), "There is no file"),
    "not JSON": (lambda f: (f / FILE).write_text("{"), "was not written by autograder trace"),
    "nesting": (lambda f: (f / FILE).write_text("[" * 100_000), "was not written by autograder trace"),
    "huge": (lambda f: os.truncate(f / FILE, 1 << 30), "at most"),
    "unknown field": (_set("more", 1), "expected the fields"),
    "schema": (_set("schema", 1), "written with schema 1"),
    "draw set": (_set("draw_set", 1), "draw_set: expected 0 to 0"),
    "no number": (_set("draw_set", "0"), "draw_set: expected"),
    "shapes": (_set("shapes", "0" * 12), "traced with another shape key"),
    "forward": (_set("calls/*/forward", ["z"]), "was not written by autograder trace"),
    "assignment": (_set("result/provenance/assignment", "conv"), "traced for conv 1, to be judged for toy 1"),
    "engine": (_set("result/provenance/engine_version", "0.0"), "traced by version 0.0"),
    "sandbox": (_set("result/provenance/sandbox", "perfect"), "full or none"),
    "hash": (_set("result/provenance/submission_sha256", "../../x"), "SHA-256 of the submission"),
    "score": (
        _set("result/score", {"points": 9, "possible": 9, "checks": [], "judged": True, "rubric_sha256": ""}),
        "got a judged result",
    ),
    "long text": (_set("result/output", "x" * 9000), "longer than 8000"),
    "student": (_set("student", 7), "student: expected a name"),
    "time": (_set("submitted", "tomorrow"), "was not written by autograder trace"),
    "dropped call": (_drop_a_call, "were not traced"),
    "new call": (_set("calls/0123456789abcdef", {"failure": "raised", "message": ""}), "not requested"),
    "path as key": (_set("calls/..%2f", {"failure": "raised", "message": ""}), "not requested"),
    "hash of a program": (_set("calls/*/sha256", "0" * 64), "changed or truncated"),
    "spec without shape": (_set("calls/*/output", ["a"]), "was not written by autograder trace"),
    "spec of one number": (_set("calls/*/output", ["a", 5, "float32"]), "was not written by autograder trace"),
    "spec": (_set("calls/*/output", ["z"]), "was not written by autograder trace"),
    "failure": (_set("calls/*/failure", "raised"), "program: expected output"),
    "quote": (_set("quotes/solution.py", {"99999999999": "x"}), "line number out of range"),
    "changed program": (lambda f: _program(f).write_bytes(b"junk"), "changed or truncated"),
    "lost program": (lambda f: _program(f).unlink(), "unexpected or missing files"),
    "another file": (lambda f: (f / "evil.py").write_text("x"), "unexpected or missing files"),
    "link": (_link, "symbolic link"),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_what_is_refused(good: Path, open_session: Session, tmp_path: Path, name: str) -> None:
    change, says = TAMPERED[name]
    shutil.copytree(good, tmp_path / "anna")
    change(tmp_path / "anna")
    with pytest.raises(HandoverError, match=says.replace("(", r"\(")):
        read_handover(tmp_path / "anna", open_session.draws)


def test_damage_never_raises_anything_else(good: Path, open_session: Session, tmp_path: Path) -> None:
    folder = tmp_path / "anna"
    shutil.copytree(good, folder)
    text = (good / FILE).read_text()
    rng = random.Random(1)
    junk = ["null", "-1", "1e999", '"x"', "[]", "{}", "[[1]]", '{"a":1}', "true", "9" * 400, ""]
    tokens = [i for i, c in enumerate(text) if c in '"[{0123456789tfn']
    refused = 0
    for _ in range(400):
        at = rng.choice(tokens)
        (folder / FILE).write_text(text[:at] + rng.choice(junk) + text[at + rng.choice((0, 1, 3)) :])
        try:
            read_handover(folder, open_session.draws)
        except HandoverError:
            refused += 1
    assert refused > 300


def test_a_handover_that_cannot_be_read_is_nobodys_zero(
    good: Path, command: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("anna", "ben"):
        shutil.copytree(good, tmp_path / "programs" / name)
    _program(tmp_path / "programs" / "ben").write_bytes(b"junk")

    def never(*_: object) -> None:
        raise AssertionError("the job that judges starts no sandbox")

    monkeypatch.setattr(bubblewrap.Sandbox, "start", never)
    options = (
        "-a",
        "toy",
        "--root",
        COURSE,
        "--public",
        "--quick",
        "--device",
        "cpu",
        "-o",
        tmp_path / "out",
        "--json",
    )
    ran = command("judge", tmp_path / "programs", *options)
    results = {r["submission"]: r for r in json.loads(ran.out)}
    assert ran.code == 3 and (results["ben"]["problem"]["fault"], results["ben"]["problem"]["kind"]) == (
        "ours",
        "handover",
    )
    assert results["ben"]["score"] is None and results["solution.py"]["score"]["points"] > 0
    (tmp_path / "none").mkdir()
    for path in ("none", "nowhere"):
        ran = command("judge", tmp_path / path, *options)
        assert ran.code == 2 and "Traceback" not in ran.err
    assert len(handovers(tmp_path / "programs")) == 2


def test_tracing_a_download_again_replaces_it(command: Callable[..., Ran], tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "submissions.zip", "w") as archive:
        archive.writestr("doejane_101_9001_hw.py", "def standardize(x, *, axis):\n    return x\n")
    options = ("-a", "toy", "--root", COURSE, "--quick", "--public", "--unsandboxed", "-o", tmp_path / "programs")
    names = []
    for _ in range(2):
        assert command("trace", tmp_path / "submissions.zip", *options).code == 0
        names.append(sorted(p.name for p in (tmp_path / "programs").iterdir()))
    assert len(names[0]) == 1 and names[0] == names[1]


@pytest.mark.parametrize("root", [COURSE, ROOT], ids=["toy", "course"])
def test_what_is_traced_depends_on_the_shape_key_alone(root: Path) -> None:
    """So the programs of the first job, which knows no secret, are those that the second one asks for."""
    for slug in list_assignments(root):
        assignment, keys = load(slug, root), secret_seed(b"a" * 32, "a").keys(slug)
        for draw_set in range(keys.sets):
            here, there = (make_plan(assignment, k, draw_set) for k in (keys, keys.for_tracing(slug)))
            assert set(here.calls) == set(there.calls), slug
