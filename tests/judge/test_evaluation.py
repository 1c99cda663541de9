"""Each program is charged for what it does, within the budget of its submission; worker and clock are played."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
import pytest

from autograder.judge.device.arrays import as_bytes
from autograder.judge.device.budget import (
    ALL_TIME,
    COMPILE_TIME,
    PARSE_TIME,
    PATIENCE,
    RUN_TIME,
    Budget,
    Limits,
    Stopwatch,
    spent,
)
from autograder.judge.device.canary import INPUT
from autograder.judge.device.evaluation import Evaluation
from autograder.judge.device.process import CRASH, TIMEOUT, LostWorkerError
from autograder.judge.device.requests import MEMORY, OURS, Inspected, Refusal, Task, read_inspection, read_outputs

SPEC = ["a", [], "float32"]
START = 2.0  # seconds to start a worker
LIMITS = Limits()
SONG = 8 * np.sort(INPUT, axis=0) + np.arange(3, dtype=np.float32)


class PlayedWorker:
    """Plays a worker: the bytes of a module say what happens with it, and time passes when it says so."""

    memory_mb = 1000

    def __init__(self) -> None:
        self.now = self.computed = 0.0
        self.running, self.starts = False, 0
        self.asked: list[tuple[str, list[str]]] = []
        self.canary = b"canary"

    def process_id(self) -> int:
        if not self.running:
            self.running = True
            self.starts += 1
            self._pass(START)
        return 1

    def close(self) -> None:
        self.running = False

    def ask(
        self, header: dict[str, Any], payload: bytes, watch: Stopwatch, progress: Callable[..., object]
    ) -> tuple[dict[str, Any], bytes]:
        self.process_id()
        watch.start(1)
        if header["do"] == "canary":
            return {"done": True}, self.canary
        names, at = [], 0
        for program in header["programs"]:
            names.append(payload[at : at + program["bytes"]].decode())
            at += program["bytes"]
        self.asked.append((header["do"], names))
        try:
            self._answer(header, names, watch, progress)
        except ValueError:  # so does the true one, with what no worker sends
            self._lose(CRASH)
        return {"done": True}, b""

    def _answer(
        self, header: dict[str, Any], names: list[str], watch: Stopwatch, progress: Callable[..., object]
    ) -> None:
        if header["do"] == "inspect":
            for name in names:
                progress(self._inspect(name, watch), b"")
        else:
            left = iter(names)
            for count in header["groups"]:
                self._run([next(left) for _ in range(count)], watch, progress, header["interpret"])

    def _inspect(self, name: str, watch: Stopwatch) -> dict[str, Any]:
        self._obey(name, "parse", watch)
        kind = "malformed" if "malformed" in name else "forbidden" if "forbidden" in name else ""
        return {"progress": 0, "kind": kind, "message": "", "where": None, "normal": name, "operations": {"add": 1}}

    def _run(self, names: list[str], watch: Stopwatch, progress: Callable[..., object], interpret: bool) -> None:
        for name in names if interpret else ():
            self._obey(name, "interpret", watch)
        for name in names:
            self._obey(name, "compile", watch)
        if any("refused" in name for name in names):
            progress({"progress": 0, "error": "run", "message": "XLA says no"}, b"")
            return
        progress({"progress": 0, "compiled": True}, b"")
        for name in names:
            self._obey(name, "run", watch)
        answers = [SONG if name == "canary" else np.float32(len(name)) for name in names]
        data = as_bytes([np.asarray(a, np.float32) for a in answers])
        progress({"progress": 0}, data[:-1] if "short" in names[0] else data)

    def _obey(self, name: str, phase: str, watch: Stopwatch) -> None:
        """``endless run``, ``blocked run``, ``crash run``, ``memory run``; ``4.3 compile`` takes so many seconds."""
        words = name.split()
        if phase not in words:
            self._pass(0.01)
            return
        word = words[words.index(phase) - 1]
        if word == "crash":
            self._lose(CRASH)
        if word == "memory":
            self._lose(MEMORY)
        seconds = 1e9 if word in ("endless", "blocked") else float(word)
        end = self.now + seconds
        while self.now < end:
            self._pass(0.1, computing=word != "blocked")
            if watch.over():
                self._lose(TIMEOUT)

    def _lose(self, kind: str) -> NoReturn:
        self.close()
        raise LostWorkerError(kind)

    def _pass(self, seconds: float, computing: bool = True) -> None:
        self.now += seconds
        self.computed += seconds if computing else 0.0


@pytest.fixture
def played() -> PlayedWorker:
    return PlayedWorker()


def _evaluation(played: PlayedWorker, seconds: float = LIMITS.submission) -> Evaluation:
    def stopwatch(limit: float) -> Stopwatch:
        return Stopwatch(limit, clock=lambda: played.now, processor=lambda _: played.computed)

    return Evaluation(played, LIMITS, Budget(seconds), stopwatch)  # type: ignore[arg-type]


def _tasks(*names: str) -> list[Task]:
    """Programs of a function each, or of the function before a colon."""
    tasks = []
    for i, name in enumerate(names):
        function, _, module = name.rpartition(":")
        tasks.append(Task(f"{i}", module.encode(), (SPEC,), (SPEC,), ((np.float32(0),),), function=function))
    return tasks


def _kinds(found: dict[str, Any]) -> list[str]:
    """The kind of each refusal, in the order of the tasks; empty for an answer."""
    return [found[key].kind if isinstance(found[key], Refusal) else "" for key in sorted(found, key=int)]


@pytest.mark.parametrize(
    ("waited", "computed", "counts"),
    [(2, 2, 2), (2, 16, 2), (9, 3, 3), (6, 0, 6 / PATIENCE), (0, 0, 0), (6, -1, 6 / PATIENCE)],
    ids=["computes", "in many threads", "on a busy machine", "blocked", "nothing", "no reading"],
)
def test_a_second_counts_when_it_was_waited_and_used(waited: float, computed: float, counts: float) -> None:
    assert spent(waited, computed) == counts


def test_a_stopwatch_times_phases_and_the_whole() -> None:
    now = [0.0]
    watch = Stopwatch(2, 5, clock=lambda: now[0], processor=lambda _: now[0])
    watch.start(1)
    now[0] = 1.9
    assert not watch.over()
    watch.next_phase(2)
    now[0] = 3.8
    assert not watch.over()
    now[0] = 4.0
    assert watch.over() and not watch.all_over
    watch.next_phase(2)
    now[0] = 5.1
    assert watch.over() and watch.all_over
    assert watch.spent() == pytest.approx(5.1)


def test_limits_follow_the_assignment() -> None:
    assert Limits.of(20) == Limits() == Limits(parse=2, compile=20, run=5, submission=60)
    assert Limits.of(30) == Limits(parse=2, compile=30, run=7.5, submission=60)


@pytest.mark.parametrize("bad", ["endless parse", "crash parse", "memory parse"])
def test_what_cannot_be_parsed_costs_itself_alone(played: PlayedWorker, bad: str) -> None:
    found = _evaluation(played).inspect(_tasks("a", "b", bad, "c"))
    kind = {"endless parse": PARSE_TIME, "crash parse": "parse", "memory parse": MEMORY}[bad]
    assert _kinds(found) == ["", "", kind, ""]
    assert found["0"] == Inspected("a", {"add": 1})
    tries = [names for _, names in played.asked if names[0] == bad]
    assert tries == ([[bad]] if kind == "parse" else [])  # a crash is tried again, alone
    assert played.asked[-1][1][-1] == "c"


def test_endless_parsers_are_bounded_by_function_and_by_submission(played: PlayedWorker) -> None:
    evaluation = _evaluation(played)
    found = evaluation.inspect(_tasks("f:endless parse", "f:endless parse", "f:fine", "g:fine", "h:endless parse", "a"))
    assert _kinds(found) == [PARSE_TIME, PARSE_TIME, PARSE_TIME, "", PARSE_TIME, ""]
    assert played.now == pytest.approx(2 * (LIMITS.parse + START) + START, abs=0.5)
    assert evaluation.budget.left == pytest.approx(LIMITS.submission - played.now, abs=0.5)
    played.now = played.computed = 0.0
    many = _evaluation(played).inspect(_tasks(*["endless parse"] * 100, "fine"))
    assert set(_kinds(many)) == {PARSE_TIME, ALL_TIME} and _kinds(many)[-1] == ALL_TIME
    assert played.now < LIMITS.submission + 10


@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        ("endless run", RUN_TIME),
        ("blocked run", RUN_TIME),
        ("endless compile", COMPILE_TIME),
        ("crash run", CRASH),
        ("crash compile", CRASH),
        ("memory run", MEMORY),
        ("refused", CRASH),
        ("short", CRASH),
    ],
)
def test_what_fails_costs_itself_alone(played: PlayedWorker, bad: str, kind: str) -> None:
    evaluation = _evaluation(played)
    found = evaluation.run(_tasks("a", bad, "b", "c", "b:1", "b:2"))
    assert _kinds(found) == ["", kind, "", "", "", ""]
    assert evaluation.budget.left > 0


@pytest.mark.parametrize("bad", ["crash interpret", "endless interpret", "memory interpret"])
def test_what_the_interpreter_does_not_survive_is_compiled(played: PlayedWorker, bad: str) -> None:
    found = _evaluation(played).run(_tasks("a", bad, "b", "c:1", "c:2"))
    assert _kinds(found) == [""] * 5


@pytest.mark.parametrize(
    ("names", "kinds"),
    [
        ([*["endless compile"] * 3, "4.3 compile"], [COMPILE_TIME, ALL_TIME, ALL_TIME, ""]),
        (["endless run"] * 5 + ["4 compile"], [RUN_TIME] * 5 + [""]),
        (["f:endless run"] * 5 + ["g:4.3 compile"] * 8, [RUN_TIME] * 5 + [""] * 8),
        (["f:4 run", "f:1", "f:endless run", "f:4 run", "f:2"], ["", "", RUN_TIME, RUN_TIME, RUN_TIME]),
    ],
)
def test_slow_functions_come_last_and_share_what_is_left(
    played: PlayedWorker, names: list[str], kinds: list[str]
) -> None:
    assert _kinds(_evaluation(played).run(_tasks(*names))) == kinds
    assert played.now < LIMITS.submission + 10


def test_quick_functions_keep_their_results_when_the_budget_is_used_up(played: PlayedWorker) -> None:
    names = [*["endless compile"] * 20, "fine"]
    found = _evaluation(played).run(_tasks("first", *names))
    assert _kinds(found)[0] == ""
    assert set(_kinds(found)[1:]) == {ALL_TIME}
    assert played.now < LIMITS.submission + 10


def test_an_unrolled_function_of_eight_programs_passes(played: PlayedWorker) -> None:
    found = _evaluation(played).run(_tasks(*["conv:4.3 compile"] * 8, *["small"] * 8))
    assert set(_kinds(found)) == {""}


def test_a_busy_machine_fails_no_honest_program(played: PlayedWorker) -> None:
    """Each second of computing takes almost three of waiting."""

    def stopwatch(limit: float) -> Stopwatch:
        return Stopwatch(limit, clock=lambda: (PATIENCE - 0.1) * played.now, processor=lambda _: played.computed)

    evaluation = Evaluation(played, LIMITS, Budget(60), stopwatch)  # type: ignore[arg-type]
    tasks = _tasks("f:1.8 parse 19 compile 4.8 run", "g:1.9 parse")
    assert _kinds(dict(evaluation.inspect(tasks))) == ["", ""]
    assert _kinds(dict(evaluation.run(tasks))) == ["", ""]


@pytest.mark.parametrize("bad", ["malformed", "crash parse", "crash run", "refused"])
@pytest.mark.parametrize("canary", ["canary", "canary malformed", "canary refused", "canary crash parse"])
def test_a_program_is_blamed_only_where_a_good_one_passes(played: PlayedWorker, bad: str, canary: str) -> None:
    played.canary = canary.encode()
    evaluation = _evaluation(played)
    tasks = _tasks("fine", bad)
    found: dict[str, Any] = dict(evaluation.inspect(tasks))
    if set(_kinds(found)) == {""}:
        found = dict(evaluation.run(tasks))
    expected = {"crash parse": "parse", "malformed": "malformed"}.get(bad, CRASH) if canary == "canary" else OURS
    assert _kinds(found) == ["", expected]


def test_a_good_program_with_wrong_numbers_is_a_fault_of_ours(
    played: PlayedWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "SONG", SONG + 1)
    assert _kinds(dict(_evaluation(played).run(_tasks("crash run")))) == [OURS]


def test_an_answer_that_no_worker_gives_is_not_believed() -> None:
    good = {"kind": "forbidden", "message": "x", "where": ["a.py", 3], "normal": "", "operations": {}}
    assert read_inspection(good) == Refusal("forbidden", "x", ("a.py", 3))
    odd = read_inspection({**good, "message": "\ud800" * 1000, "where": ["\udcff", 1]})
    assert isinstance(odd, Refusal) and odd.message == "?" * 300 and odd.where == ("?", 1)
    for change in ({"kind": 3}, {"kind": None}, {"where": ["a.py"]}, {"where": 3}, {"message": []}, {"where": [1, 2]}):
        with pytest.raises((LookupError, TypeError, ValueError)):
            read_inspection({**good, **change})
    for change in ({"operations": {"add": "many"}}, {"operations": 3}, {"normal": 5}):
        with pytest.raises((LookupError, TypeError, ValueError)):
            read_inspection({**good, "kind": "", **change})
    task = _tasks("a")[0]
    for data in (b"", b"123", b"12345"):
        with pytest.raises(ValueError, match=r"bytes|buffer"):
            read_outputs([task], data)
