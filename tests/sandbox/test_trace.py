"""Driving the sandboxed process: times that hold for a whole submission, and who pays for lost time."""

from __future__ import annotations

import selectors
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from helpers.sessions import expected_of, public_of

from autograder.grading.grade import Session
from autograder.sandbox import process
from autograder.sandbox.bubblewrap import PIPES, Sandbox, Streams
from autograder.sandbox.conversation import LAST, Conversation, Heard
from autograder.sandbox.trace import Failure, Traced, trace
from autograder.submission.read import read_submission

pytestmark = pytest.mark.sandbox
SOLUTION = Path(__file__).parents[1] / "course" / "reference" / "toy" / "solution.py"


def _trace(session: Session, path: Path) -> Traced:
    answers = expected_of(session)
    return trace(read_submission(path), session.assignment, answers.calls, public_of(session), session.sandbox)


def _failures(traced: Traced, session: Session) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for key, program in traced.programs.items():
        if isinstance(program, Failure):
            found.setdefault(expected_of(session).calls[key].function, set()).add(program.kind)
    return found


def test_functions_that_hang_come_last_and_share_a_bounded_time(session: Session, tmp_path: Path) -> None:
    """Two of three functions hang in every call: the third is traced, and the whole takes no longer than it may."""
    path = tmp_path / "submission.py"
    hang = "import time\n\n\ndef momentum(state, grad):\n    time.sleep(99)\n\n\ndef dropout(key, x, *, rate):\n"
    path.write_text(SOLUTION.read_text() + "\n\n" + hang + "    while True:\n        pass\n")
    started = time.monotonic()
    traced = _trace(session, path)
    took = time.monotonic() - started
    assert _failures(traced, session) == {"momentum": {"timeout"}, "dropout": {"timeout"}}
    limits = session.assignment.limits
    assert took < 2 * limits["import_seconds"] + 6 * limits["trace_seconds"] + 10


def test_a_statement_that_hangs_is_skipped_and_what_came_before_is_said_once(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "submission.py"
    path.write_text("print('begin')\n" + SOLUTION.read_text() + "\nimport time\ntime.sleep(99)\nprint('end')\n")
    traced = _trace(session, path)
    assert _failures(traced, session) == {} and traced.output == "begin\nend\n"
    assert [event["kind"] for event in traced.raised] == ["timeout"]


def test_each_function_is_charged_for_its_own_time(session: Session, tmp_path: Path) -> None:
    """Calls that each stay below their limit add up."""
    path = tmp_path / "submission.py"
    calls = Counter(call.function for call in expected_of(session).calls.values())
    assert calls["standardize"] >= 3
    slow = (
        "\nplain = standardize\n\n\ndef standardize(x, *, axis):\n    time.sleep(2.2)\n    return plain(x, axis=axis)\n"
    )
    path.write_text("import time\n" + SOLUTION.read_text() + slow)
    found = _failures(_trace(session, path), session)
    assert found == {"standardize": {"timeout"}, "given.twice": {"timeout"}}  # which calls it twice


def test_numbers_that_are_not_there_may_be_printed_with_digits(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "submission.py"
    path.write_text(SOLUTION.read_text().replace("def momentum(state, grad):", PRINTS))
    assert PRINTS in path.read_text()
    traced = _trace(session, path)
    assert _failures(traced, session) == {} and "v = JitTracer(float32[4]) 0.9" in traced.output


PRINTS = """def momentum(state, grad):
    print(f"v = {state['v']:.3f} {0.9:.1f}")
"""


_TALKS_AT_ONCE = """
import json, os, struct
def send(header, payload=b""):
    text = json.dumps(header).encode()
    data = struct.pack(">II", len(text), len(payload)) + text + payload
    while data:
        data = data[os.write(1, data):]
send({"begin": ["import jax", 0]})
os.write(2, b"hello\\n")
send({"begin": ["m", 0]})
send({"begin": ["a call", "k"]})
send({"program": "k", "output": ["n"], "forward": ["n"]}, bytes(1 << 20))
send({"done": True, "start": 0, "trace": 0})
"""


_SAYS_THAT_IT_LOWERS = _TALKS_AT_ONCE.replace(
    'send({"program"', 'send({"begin": ["lowering all calls", 0]})\nsend({"program"'
)


class _Talker(Sandbox):
    """Starts a process that fills the pipe of its answers right after it printed."""

    says = _TALKS_AT_ONCE

    def start(self, module: str, streams: Streams = PIPES) -> subprocess.Popen[bytes]:
        stdin, stdout, stderr = streams
        command = [sys.executable, "-I", "-c", self.says]
        return subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=True)


@pytest.mark.timeout(60)
def test_what_was_drained_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both pipes are ready; what came by one leads to reading the other, which then is ready no more."""
    select = selectors.DefaultSelector.select

    def late(self: selectors.DefaultSelector, timeout: float | None = None) -> object:
        time.sleep(0.5)
        return select(self, timeout)

    monkeypatch.setattr(selectors.DefaultSelector, "select", late)
    monkeypatch.setattr(process.sys, "platform", "darwin")  # where every process is fresh
    heard = Heard()
    limits = {"import_seconds": 20, "trace_seconds": 20, "memory_mb": 900}
    life = Conversation([], {"m": 1}, {"k": "f"}, {"k"}, ("cpu",), False, limits, time.monotonic() + 60, heard, None)
    assert life.hold(_Talker("none")) is None
    assert heard.output == "hello\n" and len(heard.programs["k"].module) == 1 << 20  # type: ignore[union-attr]


class _Liar(_Talker):
    says = _SAYS_THAT_IT_LOWERS


@pytest.mark.timeout(60)
@pytest.mark.parametrize(("together", "why", "at"), [(True, None, LAST), (False, "forged", ("a call", "k"))])
def test_only_who_was_asked_to_lower_all_calls_may_say_so(
    together: bool, why: str | None, at: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the call under way is charged, and no place is heard of that nobody knows."""
    monkeypatch.setattr(process.sys, "platform", "darwin")
    limits = {"import_seconds": 20, "trace_seconds": 20, "memory_mb": 900}
    heard = Heard()
    life = Conversation([], {"m": 1}, {"k": "f"}, {"k"}, ("cpu",), together, limits, time.monotonic() + 60, heard, None)
    assert (life.hold(_Liar("none")), life.at) == (why, at) and ("k" in heard.programs) == together
