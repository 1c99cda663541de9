"""A cluster of real processes: the same results as one machine, each program once, nothing lost with a worker."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from helpers.commands import COURSE, ROOT, Ran
from helpers.sessions import expected_of, plan_of

from autograder import __version__
from autograder.assignment.load import load
from autograder.assignment.seed import Seed
from autograder.grading.batch import grade_many
from autograder.grading.cluster import connect as cluster_start
from autograder.grading.cluster import run as cluster
from autograder.grading.cluster import tasks as cluster_tasks
from autograder.grading.cluster.run import ClusterError, grade_with
from autograder.grading.draws import Draws
from autograder.grading.grade import Session
from autograder.grading.options import RunOptions
from autograder.grading.store import read_result, write_result
from autograder.judge.device.evaluator import ResultCache
from autograder.results import Fault, Problem, ProblemKind
from autograder.sandbox import bubblewrap
from autograder.submission.collect import Collected, result_name

distributed = pytest.importorskip("distributed")

pytestmark = pytest.mark.xdist_group("cluster")  # one worker: what they share is made once

CPU = RunOptions(device="cpu", jobs=1, quick=True)
SOLUTION = (COURSE / "reference" / "toy" / "solution.py").read_text()
STARTER = (COURSE / "assignments" / "toy" / "starter.py").read_text()
KEY = "0123456789abcdef0123456789abcdef"
LIMITS = {"run_seconds": 3}


@pytest.fixture(scope="module")
def secret_session(full_sandbox: bubblewrap.Sandbox) -> Session:
    loaded = load("toy", COURSE)
    limited = dataclasses.replace(loaded, limits={**loaded.limits, **LIMITS})
    return Session(Draws(limited, Seed(KEY.encode()).keys("toy")), full_sandbox, ResultCache())


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Right (twice the same), wrong and broken work, and one whose program brings its evaluator down."""
    folder = tmp_path_factory.mktemp("work")
    texts = {
        "anna": SOLUTION,
        "ben": "# the same\n\n" + SOLUTION,
        "cleo": SOLUTION.replace("0.9 *", "0.8 *"),
        "dora": STARTER,
        "emil": "",
        "fred": "import os\nprint('hello')\n1 / 0\n"
        + SOLUTION
        + "\n\ndef dropout(key, x, *, rate):\n    raise NotImplementedError\n",
    }
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text)
    shutil.copy(ROOT / "tests" / "attacks" / "endless_program.py", folder / "bad.py")
    return folder


@pytest.fixture(scope="module")
def serial(work: Path, secret_session: Session, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What one machine makes of the same work."""
    folder = tmp_path_factory.mktemp("serial")
    fresh = dataclasses.replace(secret_session, cache=ResultCache())
    grade_many(sorted(work.iterdir()), fresh, folder, dataclasses.replace(CPU, jobs=2))
    return _bytes(folder)


@pytest.fixture(scope="module")
def client(full_sandbox: bubblewrap.Sandbox) -> Iterator[Any]:
    with cluster_start.connect("local", secret=True, jobs=2) as client:
        yield client


def _bytes(folder: Path) -> dict[str, bytes]:
    """Results as they are stored, without when, how long and where."""
    found = {}
    for path in folder.glob("*.json"):
        result = read_result(path)
        assert result is not None
        made = dataclasses.replace(result.provenance, seconds={}, created="", device="")
        write_result(dataclasses.replace(result, provenance=made), path.with_suffix(".plain"))
        found[path.name] = path.with_suffix(".plain").read_bytes()
        path.with_suffix(".plain").unlink()
    return found


def _counts(dask_scheduler: Any = None) -> list[dict[str, int]]:
    return [p.count() for name, p in dask_scheduler.plugins.items() if name.startswith("autograder-")]


def _run(client: Any, session: Session, paths: list[Path], out: Path, **options: Any) -> list[tuple[str, bool]]:
    each = grade_with(client, _collected(paths), session, out, CPU, **options)
    return sorted((collected.path.name, kept) for collected, _, kept in each)


def _collected(paths: list[Path]) -> list[Collected]:
    return [Collected(path.name, path) for path in paths]


# The same as one machine ------------------------------------------------------------------------------


def test_a_killed_worker_loses_nothing(
    client: Any, work: Path, secret_session: Session, serial: dict[str, bytes], tmp_path: Path
) -> None:
    paths, seen, killed = sorted(work.iterdir()), [], 0
    each = grade_with(client, _collected(paths), secret_session, tmp_path / "out", CPU)
    for collected, _, kept in each:
        assert not kept
        seen.append(collected.path)
        if not killed:
            busy = [worker for worker, keys in client.processing().items() if keys]
            assert busy, "nothing was under way: make the class larger"
            killed = client.run(os.getpid, workers=busy[:1])[busy[0]]
            os.kill(killed, signal.SIGKILL)
    assert sorted(seen) == paths
    assert killed not in client.run(os.getpid).values()
    found = _bytes(tmp_path / "out")
    assert found == serial and len(found) == 7
    by_name = {r.submission: r for p in (tmp_path / "out").iterdir() if (r := read_result(p))}
    assert by_name["anna.py"].score and by_name["anna.py"].score.points == 18
    assert all(r.score and r.score.judged for r in by_name.values())  # also beside the program that never ends

    # What is stored is kept, on the cluster and on one machine; of what cannot be read there is nothing to keep.
    again = _run(client, secret_session, paths, tmp_path / "out")
    assert again == [(p.name, p.name != "emil.py") for p in paths]
    said: list[bool] = []
    grade_many(
        paths,
        secret_session,
        tmp_path / "out",
        CPU,
        on_result=lambda result, kept: said.append(kept),
    )
    assert said.count(True) == 6


def test_equal_programs_once_across_the_cluster(client: Any, secret_session: Session, tmp_path: Path) -> None:
    paths = [tmp_path / f"s{i}.py" for i in range(5)]
    for i, path in enumerate(paths):
        path.write_text(f"# {i}\n" * (i + 1) + SOLUTION)
    where, counts = set(), {}
    each = grade_with(client, _collected(paths), secret_session, tmp_path / "out", CPU)
    for collected, _, _ in each:
        where |= {name for name, keys in client.has_what().items() if any(str(k).startswith("judge") for k in keys)}
        counts = client.run_on_scheduler(_counts)[0]
        assert collected.path in paths
    tasks = [c for c in expected_of(secret_session).calls.values() if c.precision == "highest"]
    assert len(where) == 2, "one worker did all the work, so nothing was shared"
    assert counts["granted"] == counts["programs"] <= len(tasks) + 2 and counts["held"] == 0
    assert client.run_on_scheduler(_counts) == []  # nothing of the run stays
    assert not any(client.run(_holds_something).values())


def _holds_something() -> bool:
    return bool(cluster_tasks._held or cluster_tasks._orders)


def test_what_keeps_failing_costs_only_itself(
    client: Any, work: Path, secret_session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_tasks, "judge_one", _dies_for_ben)
    monkeypatch.setattr(cluster, "TRIES", 2)
    out = tmp_path / "out"
    assert len(_run(client, secret_session, [work / "anna.py", work / "ben.py"], out)) == 2
    anna, ben = (read_result(out / result_name(work / f"{n}.py")) for n in ("anna", "ben"))
    assert anna and anna.score and anna.score.points == 18
    assert ben and ben.score is None and ben.problem == Problem(Fault.OURS, ProblemKind.ENGINE, "OSError: disk full")


def _dies_for_ben(run: str, handed: Any) -> str:
    if handed.name == "ben.py":
        raise OSError("disk full")
    return cluster_tasks.judge_one(run, handed)


# Machines of two kinds --------------------------------------------------------------------------------


@contextlib.contextmanager
def _machines(folder: Path, *resources: str) -> Iterator[str]:
    """A scheduler and workers, each started by a command of its own, as on machines of their own."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    environment.pop("AUTOGRADER_KEY", None)
    file, started = folder / "scheduler.json", []

    def start(kind: str, *options: object) -> None:
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--scheduler-file", file, *options]
        with (folder / f"{kind}{len(started)}.log").open("wb") as log:
            started.append(subprocess.Popen([*map(str, command)], env=environment, stdout=log, stderr=log, cwd=folder))

    try:
        start("scheduler", "--host", "127.0.0.1", "--port", 0, "--no-dashboard")
        for declared in resources:
            start("worker", "--nthreads", 1, "--no-dashboard", "--no-nanny", "--resources", declared)
        deadline = time.monotonic() + 60
        while not file.exists():
            assert time.monotonic() < deadline and started[0].poll() is None, "the scheduler did not start"
            time.sleep(0.1)
        yield json.loads(file.read_text())["address"]
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()


def test_machines_that_trace_and_machines_that_judge(
    full_sandbox: bubblewrap.Sandbox,
    work: Path,
    serial: dict[str, bytes],
    command: Callable[..., Ran],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The command itself; the secret comes to the machine that judges, and to no other."""
    monkeypatch.setenv("AUTOGRADER_KEY", KEY)
    given: dict[str, bool] = {}
    arrived = cluster._next

    def look(queue: Any, client: Any) -> Any:
        """When something was traced and judged, look who has the secret."""
        found = arrived(queue, client)
        names = cluster_start.resources(client)
        given.update({min(names[worker]): has for worker, has in client.run(_has_the_secret).items()})
        return found

    monkeypatch.setattr(cluster, "_next", look)
    out = tmp_path / "out"
    small = [work / f"{n}.py" for n in ("anna", "cleo", "emil")]
    with _machines(tmp_path, "TRACE=1", "GPU=1") as address:
        grade = ("grade", *small, "-a", "toy", "--root", COURSE, "--quick", "--device", "cpu", "-o", out)
        ran = command(*grade, "--cluster", address)
    assert ran.code == 1 and "3 submissions: 1 full, 1 partial, 0 nothing, 1 unreadable" in ran.out, ran.err
    assert given == {"TRACE": False, "GPU": True}
    found = _bytes(out / "results")
    assert len(found) == 3 and found == {name: serial[name] for name in found}
    assert (out / "index.html").exists() and "run: toy" in (out / "log.txt").read_text()


def _has_the_secret() -> bool:
    """Whether any object of this process holds the course secret or the key of the numbers."""
    import gc

    secrets = (KEY.encode(), Seed(KEY.encode()).keys("toy").values)
    return any(
        isinstance(x, bytes) and any(secret in x for secret in secrets)
        for o in gc.get_objects()
        for x in (vars(o).values() if type(o).__name__ in ("Keys", "Seed") else ())
    )


def test_an_order_holds_no_secret(secret_session: Session) -> None:
    draws = secret_session.draws
    bare = dataclasses.replace(draws.assignment, checks={}, ladders={}, reference=None, folder=Path())
    requests = {n: dataclasses.replace(draws.request(n), assignment=bare) for n in draws.all()}
    text = pickle.dumps(cluster_tasks.Order(draws.keys.for_tracing("toy"), requests))
    assert KEY.encode() not in text and draws.keys.values not in text and len(text) < 200_000
    for probe in plan_of(secret_session).numeric():
        assert probe.public or probe.inputs[0].tobytes()[:16] not in text


def test_the_scheduler_is_lost(
    work: Path, secret_session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was finished is stored; the run ends by itself and says so."""
    monkeypatch.setattr(cluster_start, "CONNECT_SECONDS", 2)
    with _machines(tmp_path, "TRACE=1,EVALUATE=1") as address:
        options = dataclasses.replace(CPU, cluster=address)
        found = _collected([work / "emil.py", work / "anna.py"])
        each = cluster.grade_each_on(found, secret_session, tmp_path / "out", options)
        first, _, _ = next(each)
        scheduler = next(p for p in psutil.Process().children() if "distributed.cli.dask_scheduler" in p.cmdline())
        scheduler.kill()
        started = time.monotonic()
        with pytest.raises(ClusterError, match="was lost; finished results are stored"):
            list(each)
        assert time.monotonic() - started < 30
        assert first.path.name == "emil.py" and (tmp_path / "out" / first.result).exists()


def test_nobody_who_can_judge(tmp_path: Path) -> None:
    message = r"no worker of the cluster declares the resource EVALUATE or GPU \(workers: 1\): start workers"
    with _machines(tmp_path, "TRACE=1") as address, cluster_start.connect(address, secret=True) as client:
        client.wait_for_workers(1, timeout=60)
        with pytest.raises(ClusterError, match=message):
            cluster_start.wait_for_workers(client, 0)


SBATCH = """#!/bin/sh
cp "$1" {folder}/job.sh
setsid sh {folder}/job.sh > {folder}/job.log 2>&1 &
echo "Submitted batch job $!"
"""


def test_jobs_of_slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With commands that do what those of Slurm do."""
    pytest.importorskip("dask_jobqueue")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("AUTOGRADER_KEY", KEY)
    for name, text in (("sbatch", SBATCH.format(folder=tmp_path)), ("scancel", "#!/bin/bash\nkill -KILL -- -$1\n")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "course.toml").write_text(
        '[cluster]\ncores = 1\nmemory = "2 GB"\nqueue = "gpu"\njob_extra_directives = ["--gres=gpu:1"]\n'
        'interface = "lo"\n'
    )
    options = cluster_start.read_options(tmp_path / "course.toml")
    with cluster_start.connect("slurm", secret=True, options=options) as client:
        tracers, judges, kind = cluster_start.wait_for_workers(client, 60)
        assert tracers == judges and len(tracers) == 1 and tracers[0].startswith("tls://") and kind == "EVALUATE"
        assert client.run(os.getenv, "AUTOGRADER_KEY") == {tracers[0]: None}
    script = (tmp_path / "job.sh").read_text()
    assert "#SBATCH -p gpu" in script and "#SBATCH --gres=gpu:1" in script and "--nthreads 1" in script
    assert os.environ["AUTOGRADER_KEY"] == KEY
    assert not list(tmp_path.glob(".cache/autograder/cluster/*"))  # no key is left
    with pytest.raises(ClusterError, match="expected memory of a job in"):
        cluster_start.connect("slurm", secret=True, options={"jobs": 2, "cores": 2}).__enter__()


# What is said when it cannot work ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("tcp://127.0.0.1:1", "no dask scheduler answers at tcp://127.0.0.1:1 within"),
        ("nowhere", "--cluster nowhere: expected local, slurm or the address of a dask scheduler"),
        ("tcp://192.0.2.1:99999", "expected local, slurm or the address"),
        ("tcp://192.0.2.1:8786", "would send the course secret unencrypted"),
        ("192.0.2.1:8786", "would send the course secret unencrypted"),
        ("tls://127.0.0.1:1", "name the certificates in dask's own settings"),
    ],
)
def test_a_wrong_address(
    command: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, message: str
) -> None:
    monkeypatch.setenv("AUTOGRADER_KEY", KEY)
    monkeypatch.setattr(cluster_start, "CONNECT_SECONDS", 2)
    (tmp_path / "a.py").write_text(SOLUTION)
    started = time.monotonic()
    options = ("-a", "toy", "--root", COURSE, "--quick", "-o", tmp_path / "out", "--cluster", address)
    ran = command("grade", tmp_path / "a.py", *options)
    assert ran.code == 2 and message in re.sub(r"\s+", " ", ran.err) and "Traceback" not in ran.err
    assert time.monotonic() - started < 20


def test_without_a_sandbox_there_is_no_cluster(command: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(SOLUTION)
    ran = command(
        "grade", tmp_path / "a.py", "-a", "toy", "--root", COURSE, "--public", "--unsandboxed", "--cluster", "local"
    )
    assert ran.code == 2 and "--unsandboxed cannot be combined with --cluster" in ran.err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[cluster\n", "course.toml: "),
        ("cluster = 3", r"\[cluster\]: expected a table"),
        ('[cluster]\njobs = "many"', r"\[cluster\] jobs: expected int, got 'many'"),
        ("[cluster]\ntrusted_network = 1", "trusted_network: expected bool"),
    ],
)
def test_wrong_cluster_settings_are_told_with_the_file(tmp_path: Path, text: str, message: str) -> None:
    assert cluster_start.read_options(tmp_path / "course.toml") == {}
    (tmp_path / "course.toml").write_text(text)
    with pytest.raises(ClusterError, match=message):
        cluster_start.read_options(tmp_path / "course.toml")


def test_a_trusted_network() -> None:
    assert cluster_start._checked("node1:8786", secret=False) == "tcp://node1:8786"
    assert cluster_start._checked("tls://node1:8786", secret=True) == "tls://node1:8786"
    assert cluster_start._checked("tcp://[::1]:8786", secret=True) == "tcp://[::1]:8786"


# The shelf --------------------------------------------------------------------------------------------


def test_the_shelf_grants_each_program_once() -> None:
    from autograder.grading.cluster.scheduler_plugin import RunPlugin

    scheduler = SimpleNamespace(handlers={})
    shelf = RunPlugin("r", "order", "course", "client-1")
    asyncio.run(shelf.start(scheduler))
    assert set(scheduler.handlers) >= {"autograder_look_r", "autograder_fetch_r"}
    one, two, three = ["tcp://a", "1"], ["tcp://b", "2"], ["tcp://b", "3"]
    assert shelf.look(["x", "y"], one) == {"known": {}, "ours": ["x", "y"]}
    assert shelf.look(["y", "z"], two) == {"known": {}, "ours": ["z"]}
    assert shelf.look(["y", "z"], three) == {"known": {}, "ours": []}
    shelf.keep({"x": "answer"}, one)
    assert shelf.look(["x", "y"], three) == {"known": {"x": "answer"}, "ours": []}
    shelf.drop(one)  # it could not answer y
    assert shelf.look(["y"], three)["ours"] == ["y"]
    shelf.remove_worker(scheduler, "tcp://b")  # lost with what it was running
    assert shelf.look(["y", "z"], one)["ours"] == ["y", "z"]
    assert shelf.count() == {"programs": 1, "granted": 6, "held": 2}
    shelf.remove_client(scheduler, "another")
    assert shelf.halves and scheduler.handlers
    shelf.remove_client(scheduler, "client-1")
    assert not shelf.halves and not scheduler.handlers


def test_who_waits_for_a_program() -> None:
    """A program that another worker runs is asked for again until it is known or free."""
    answers = iter([{"known": {}, "ours": []}, {"known": {}, "ours": []}, {"known": {"d\0p\0t": 7}, "ours": []}])
    asked: list[Any] = []

    def ask(what: str, **more: Any) -> Any:
        asked.append((what, more))
        return next(answers)

    near = ResultCache()
    memory = cluster_tasks.SharedResultCache(near, "d", ask)
    assert memory.look([("p", "t")]) == ({("p", "t"): 7}, set())
    assert len(asked) == 3 and near.results.get(("p", "t")) == 7
    assert memory.look([("p", "t")]) == ({("p", "t"): 7}, set()) and len(asked) == 3  # not asked again


def test_a_machine_that_judges_without_a_sandbox_is_refused(
    monkeypatch: pytest.MonkeyPatch, secret_session: Session, tmp_path: Path
) -> None:
    """Before anything is sent to it: a program of a student would run there with the rights of whoever started it."""
    there = {"tracer": "full", "judge": "missing: bubblewrap"}

    class Fake:
        def run(self, _: Callable[..., Any], workers: list[str]) -> dict[str, dict[str, str]]:
            named = {w: {"host": w, "sandbox": there[w], "advice": "install it"} for w in workers}
            return {w: {**about, "engine": __version__} for w, about in named.items()}

    monkeypatch.setattr(cluster, "wait_for_workers", lambda *_: (["tracer"], ["judge"], "GPU"))
    with pytest.raises(ClusterError, match=r"the sandbox of judge is not complete \(missing: bubblewrap\)"):
        list(grade_with(Fake(), [], secret_session, tmp_path, RunOptions()))  # type: ignore[arg-type]
