"""Processes forked from a template: nothing goes from one submission to the next, and no crash is the next one's."""

from __future__ import annotations

import ast
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.sessions import expected_of, public_of

from autograder.grading.grade import Session
from autograder.sandbox import bubblewrap, process
from autograder.sandbox.inside import template
from autograder.sandbox.process import TracerError
from autograder.sandbox.trace import Failure, Traced, trace
from autograder.submission.read import read_submission

pytestmark = pytest.mark.sandbox
SOLUTION = (Path(__file__).parents[1] / "course" / "reference" / "toy" / "solution.py").read_text()


@pytest.fixture(autouse=True)
def _no_template() -> Iterator[None]:
    process.end_idle()
    yield
    process.end_idle()


def _trace(session: Session, folder: Path, extra: str) -> Traced:
    path = folder / "submission.py"
    path.write_text(f"{SOLUTION}\n\n{extra}\n")
    answers = expected_of(session)
    return trace(read_submission(path), session.assignment, answers.calls, public_of(session), session.sandbox)


def _whole(traced: Traced) -> bool:
    return not any(isinstance(program, Failure) for program in traced.programs.values())


def _template() -> int:
    (kept,) = process._idle.kept
    return kept.process.pid


@pytest.mark.parametrize("which", ["session", "open_session"])
def test_one_template_serves_one_submission_after_the_other(
    which: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    session: Session = request.getfixturevalue(which)
    assert _whole(_trace(session, tmp_path, ""))
    first = _template()
    assert _whole(_trace(session, tmp_path, "")) and _template() == first
    assert not bubblewrap.ends_of_chain(first) if which == "open_session" else bubblewrap.ends_of_chain(first)


LEAVES = """
import os, signal, sys, jax
jax.left_behind = sys.left_behind = 1
jax.config.update("jax_enable_x64", True)
jax.numpy.exp = None
os.environ["LEFT"] = "1"
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open("/tmp/left", "w").write("1")
os.chdir("/")
if not os.fork():
    import time
    time.sleep(600)
"""
FINDS = """
import os, signal, sys, jax
found = [name for name, is_there in {
    "attribute": hasattr(jax, "left_behind") or hasattr(sys, "left_behind"),
    "configuration": jax.config.jax_enable_x64,
    "function": jax.numpy.exp is None,
    "variable": "LEFT" in os.environ,
    "signals": signal.getsignal(signal.SIGTERM) == signal.SIG_IGN,
    "file": os.path.exists("/tmp/left"),
    "folder": os.getcwd() == "/",
}.items() if is_there]
print("found:", *found)
"""


def test_what_one_submission_leaves_the_next_does_not_find(session: Session, tmp_path: Path) -> None:
    first = _trace(session, tmp_path, FINDS + LEAVES)
    assert first.output.startswith("found:\n"), first.output
    assert len(first.raised) == 1, first.raised  # it may not fork
    before = _template()
    second = _trace(session, tmp_path, FINDS)
    assert second.output == "found:\n" and not second.raised and _template() == before


REACHES = """
import ctypes, errno, os, struct
libc = ctypes.CDLL(None, use_errno=True)
for number in range(3, 256):
    try:
        kind = os.fstat(number).st_mode & 0o170000
    except OSError:
        continue
    if kind == 0o140000:
        print("a socket is open:", number)
print("parent:", os.getppid(), "others:", [pid for pid in range(2, 400) if not libc.kill(pid, 0)])
"""


def test_a_child_sees_neither_the_socket_of_its_template_nor_a_process(session: Session, tmp_path: Path) -> None:
    assert _trace(session, tmp_path, REACHES).output == "parent: 0 others: []\n"


@pytest.mark.parametrize(
    "end",
    ["os._exit(0)", "import ctypes; ctypes.string_at(0)", "import time; time.sleep(99)"],
)
def test_a_process_that_is_lost_costs_only_its_own_statement(session: Session, tmp_path: Path, end: str) -> None:
    traced = _trace(session, tmp_path, f"import os; {end}")
    assert _whole(traced) and len(traced.raised) == 1
    assert _whole(_trace(session, tmp_path, ""))


def test_a_template_that_died_is_replaced(session: Session, tmp_path: Path) -> None:
    assert _whole(_trace(session, tmp_path, ""))
    first = _template()
    os.killpg(first, signal.SIGKILL)
    time.sleep(0.5)
    assert _whole(_trace(session, tmp_path, "")) and _template() != first


def test_a_template_that_cannot_start_is_no_fault_of_a_student(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bubblewrap.Sandbox, "path", lambda _: ["/nowhere"])
    with pytest.raises(TracerError, match="the tracer did not start: "):
        _trace(session, tmp_path, "")


def test_a_fresh_process_serves_where_nothing_forks(
    open_session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process.sys, "platform", "darwin")
    assert _whole(_trace(open_session, tmp_path, "")) and not process._idle.kept


def test_nothing_differentiates_in_a_child_that_traces_work_by_hand(session: Session, tmp_path: Path) -> None:
    """All functions of the engine of differentiation are replaced, also those that the template has frozen."""
    lists = "import jax._src.interpreters.ad as ad\nprint({type(f).__name__ for f in vars(ad).values() if callable(f)})"
    left = "print([n for n, f in vars(ad).items() if getattr(f, '__code__', None) and f.__module__ == ad.__name__ "
    left += "and f.__code__.co_name not in ('_ask', '_ignore', '_refuse')])"
    said = _trace(session, tmp_path, f"{lists}\n{left}").output.splitlines()
    kept = set(ast.literal_eval(said[1]))
    assert kept <= {"identity", "is_undefined_primal", "instantiate_zeros", "_perm"}, kept


def test_the_template_imports_what_tracing_needs_and_lowers_nothing() -> None:
    assert "jax.export" in template.NEEDED
