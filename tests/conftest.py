"""What several test modules share: the toy assignment, its answers, a probed sandbox and one evaluator."""

from __future__ import annotations

import dataclasses
import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from helpers import postgres
from helpers.commands import COURSE, LIMITS, Ran
from helpers.sessions import session_of

from autograder.assignment.load import Assignment, load_folder
from autograder.assignment.plan import Plan, make_plan
from autograder.assignment.seed import PUBLIC
from autograder.cli import main
from autograder.grading.grade import Session
from autograder.judge.device.evaluator import Evaluator
from autograder.judge.oracle.expected import Expected, obtain
from autograder.sandbox import bubblewrap


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Stored answers lie in the tests' own folder, which the processes of one run share."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp().parent / "cache"))
        yield


@pytest.fixture(scope="session")
def toy() -> Assignment:
    """The toy assignment of ``tests/course``, with short limits."""
    loaded = load_folder(COURSE / "assignments" / "toy", COURSE / "reference" / "toy")
    return dataclasses.replace(loaded, limits={**loaded.limits, **LIMITS})


@pytest.fixture(scope="session")
def toy_plan(toy: Assignment) -> Plan:
    return make_plan(toy, PUBLIC.keys(toy.slug))


@pytest.fixture(scope="session")
def toy_answers(toy_plan: Plan) -> Expected:
    """The true answers, computed once per run of the tests (or once per worker, at worst)."""
    return obtain(toy_plan)


@pytest.fixture(scope="session")
def full_sandbox() -> bubblewrap.Sandbox:
    """The sandbox that grading uses; skips the test, with the reason, where there is none."""
    sandbox = bubblewrap.probe()
    if not sandbox.isolated:
        pytest.skip(f"{sandbox.level}: {sandbox.advice}")
    return sandbox


@pytest.fixture(scope="session")
def session(toy_plan: Plan, toy_answers: Expected, full_sandbox: bubblewrap.Sandbox) -> Session:
    """What grades submissions of the toy assignment in the sandbox."""
    return session_of(toy_plan, _numbers(toy_plan, toy_answers), full_sandbox)


@pytest.fixture(scope="session")
def open_session(toy_plan: Plan, toy_answers: Expected) -> Session:
    """The same without a sandbox: for submissions that the tests themselves wrote and that do no harm."""
    return session_of(toy_plan, _numbers(toy_plan, toy_answers), bubblewrap.unsandboxed())


def _numbers(plan: Plan, answers: Expected) -> Expected:
    """Ask submissions only for what ``--quick`` judges: training, throughput and cost have tests of their own."""
    return dataclasses.replace(answers, calls={c.key: c for p in plan.numeric() for c in (p.forward, p.call)})


@pytest.fixture(scope="session")
def evaluator(toy: Assignment) -> Iterator[Evaluator]:
    """One worker on the CPU; it is replaced by itself when a program brings it down."""
    worker = Evaluator("cpu", toy.limits["run_seconds"], toy.limits["memory_mb"])
    yield worker
    worker.close()


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run the command line in this process: ``command("check", "submission.py")``."""
    for name in ("AUTOGRADER_KEY", "AUTOGRADER_ROOT"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["autograder", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main()
        printed = capsys.readouterr()
        return Ran(int(stop.value.code or 0), printed.out, printed.err)

    return run


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests first: with several workers the run ends when the last of them does."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a PostgreSQL server of this process's own; skips where there is none."""
    try:
        with postgres.server() as url:
            yield url
    except postgres.NoServer as reason:
        pytest.skip(str(reason))


_schemas = itertools.count()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/test.db"
    server = request.getfixturevalue("postgresql_server")
    name = f"test{next(_schemas)}"  # a schema of its own: quicker to make than a database
    with psycopg.connect(server) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    return f"{server}&options=-csearch_path%3D{name}"
