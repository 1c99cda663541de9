"""What several test modules share: the toy assignment, its answers, a probed sandbox and one evaluator."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder import sandbox
from autograder.answers import Answers, obtain
from autograder.assignment import Assignment, load_folder
from autograder.evaluate import Evaluator, Memory
from autograder.grade import Session
from autograder.plan import PUBLIC, Plan, make_plan

COURSE = Path(__file__).parent / "course"
# Short, so that what never ends ends soon; long enough for a machine that does other things beside.
LIMITS = {"import_seconds": 6, "trace_seconds": 3, "run_seconds": 3}


@pytest.fixture(scope="session")
def toy() -> Assignment:
    """The toy assignment of ``tests/course``, with short limits."""
    loaded = load_folder(COURSE / "assignments" / "toy", COURSE / "reference" / "toy")
    return dataclasses.replace(loaded, limits={**loaded.limits, **LIMITS})


@pytest.fixture(scope="session")
def toy_plan(toy: Assignment) -> Plan:
    return make_plan(toy, PUBLIC)


@pytest.fixture(scope="session")
def toy_answers(toy_plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """The true answers, computed once per run of the tests (or once per worker, at worst)."""
    return obtain(toy_plan, tmp_path_factory.getbasetemp().parent / "autograder-answers")


@pytest.fixture(scope="session")
def full_sandbox() -> sandbox.Sandbox:
    """The sandbox that grading uses; skips the test, with the reason, where there is none."""
    box = sandbox.probe()
    if not box.isolated:
        pytest.skip(f"{box.level}: {box.advice}")
    return box


@pytest.fixture(scope="session")
def session(toy_plan: Plan, toy_answers: Answers, full_sandbox: sandbox.Sandbox) -> Session:
    """What grades submissions of the toy assignment in the sandbox."""
    return Session(toy_plan, toy_answers, full_sandbox, Memory())


@pytest.fixture(scope="session")
def open_session(toy_plan: Plan, toy_answers: Answers) -> Session:
    """The same without a sandbox: for submissions that the tests themselves wrote and that do no harm."""
    return Session(toy_plan, toy_answers, sandbox.unsandboxed(), Memory())


@pytest.fixture(scope="session")
def evaluator(toy: Assignment) -> Iterator[Evaluator]:
    """One worker on the CPU; it is replaced by itself when a program brings it down."""
    worker = Evaluator("cpu", toy.limits["run_seconds"], toy.limits["memory_mb"])
    yield worker
    worker.close()
