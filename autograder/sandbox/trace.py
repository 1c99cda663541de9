"""Drive the sandboxed process from outside: ask for programs, believe no answer, start again after a crash."""

from __future__ import annotations

import threading
import time
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.assignment.load import Assignment
from autograder.assignment.probes import Call
from autograder.sandbox.bubblewrap import Sandbox
from autograder.sandbox.conversation import BEGINNING, CALLS_OF_ONE, LAST, Conversation, Heard, Place
from autograder.sandbox.frames import Failure, Program
from autograder.sandbox.inside.by_hand import AutodiffRefusedError
from autograder.sandbox.inside.lowering import PLATFORMS
from autograder.sandbox.inside.main import CALL
from autograder.sandbox.process import TracerError, last_line
from autograder.submission.read import Submission
from autograder.submission.screening import INTERNAL

__all__ = ["Failure", "Program", "Traced", "TracerError", "is_by_hand", "trace"]

MAX_STARTS = 12


@dataclass(frozen=True)
class Traced:
    """All that one submission handed out."""

    programs: Mapping[str, Program | Failure]  # by call key
    raised: tuple[Mapping[str, Any], ...]  # top-level statements that raised or killed the process
    output: str
    seconds: Mapping[str, float]  # wall time, and the processor time that the tracer says it used


def trace(
    submission: Submission,
    assignment: Assignment,
    calls: Mapping[str, Call],
    public: Container[str],
    sandbox: Sandbox,
    stop: threading.Event | None = None,
    platforms: Sequence[str] = PLATFORMS,
) -> Traced:
    """Trace every call of a submission in the sandbox; ``public`` are the keys of calls whose shapes are no secret.

    One process traces everything but work by hand, which has its own, and lowers all programs together at its end.  If
    it dies or runs out of time, a fresh process hands out each program as soon as it is traced; if that dies in one
    function, the calls that remain are traced in a fresh process, those of that function last.

    Args:
      platforms: what the programs are lowered for.
    """
    started = time.monotonic()
    run = _Run(submission, assignment, calls, public, sandbox, stop, platforms)
    for _ in range(MAX_STARTS):
        left = (c for c in calls.values() if c.key not in run.heard.programs)
        todo = sorted(
            left, key=lambda c: (run.is_lost(c), c.key not in public)
        )  # after hidden calls, nothing is printed
        if not todo or time.monotonic() > run.until:
            break
        by_hand = [c for c in todo if is_by_hand(c, assignment)]
        run.live(by_hand or todo, bool(by_hand))
    for call in calls.values():
        run.heard.programs.setdefault(call.key, Failure("gave up", ""))
    seconds = {"tracer": time.monotonic() - started, **run.used}
    return Traced(run.heard.programs, tuple(run.heard.raised.values()), run.heard.output, seconds)


def is_by_hand(call: Call, assignment: Assignment) -> bool:
    """Whether a call is traced where automatic differentiation refuses.

    What the assignment composes, and what it differentiates itself, is traced elsewhere, and never earlier in the
    same process.
    """
    function = assignment.functions.get(call.function)
    return bool(function and function.by_hand and call.vjp is None)


class _Run:
    """All lives of the process of one submission."""

    def __init__(
        self,
        submission: Submission,
        assignment: Assignment,
        calls: Mapping[str, Call],
        public: Container[str],
        sandbox: Sandbox,
        stop: threading.Event | None,
        platforms: Sequence[str],
    ) -> None:
        self.submission, self.assignment, self.calls, self.public = submission, assignment, calls, public
        self.sandbox, self.stop, self.platforms = sandbox, stop, platforms
        self.heard = Heard()
        self.skip: list[list[Any]] = []  # top-level statements that ended the process before
        self.lost: set[str] = set()  # functions that already cost a process once
        self.together = True  # whether all programs are lowered at the end of a life
        self.used: dict[str, float] = {}
        limits = assignment.limits
        self.until = time.monotonic() + 2 * limits["import_seconds"] + 6 * limits["trace_seconds"]

    def is_lost(self, call: Call) -> bool:
        """Whether the function already cost a process: its other calls come last, and cost it alone."""
        return call.function in self.lost

    def live(self, todo: Sequence[Call], by_hand: bool) -> None:
        """Trace calls in a fresh process; put down what it lost."""
        limits = self.assignment.limits
        if not by_hand:  # statements that only asked for a derivative run again, and well, where there is one
            for place in [
                p for p, event in self.heard.raised.items() if event.get("type") == AutodiffRefusedError.__name__
            ]:
                del self.heard.raised[place]
        setup = self.sandbox.setup(_process_limits(limits), by_hand)
        modules = {m.name: len(m.statements) for m in self.submission.modules}
        keys = {c.key: c.function for c in todo}
        life = Conversation(
            [setup, self._request(todo)],
            modules,
            keys,
            self.public,
            self.platforms,
            self.together,
            limits,
            self.until,
            self.heard,
            self.stop,
        )
        why = life.hold(self.sandbox)
        for name, seconds in life.used.items():
            self.used[name] = self.used.get(name, 0.0) + seconds
        if why is None and all(key in self.heard.programs for key in keys):
            return
        self._lose(why or "forged", life.at, todo)  # forged: it said that it was done, but programs are missing

    def _lose(self, why: str, at: Place, todo: Sequence[Call]) -> None:
        programs = self.heard.programs
        if at == LAST or at[0] == CALL:  # then the programs that remain are handed out one by one
            self.together = False
        if at == LAST:
            return
        if at == BEGINNING:
            raise TracerError(f"the tracer did not start ({why}): {last_line(self.heard.printed_first)}")
        if at[0] != CALL:
            self.skip.append(list(at))
            self.heard.raised[at[0], int(at[1])] = {"raised": list(at), "kind": why, "message": ""}
            return
        call = self.calls[str(at[1])]
        programs[call.key] = Failure(why, "")
        spent = self.heard.spent_by(call.function) >= CALLS_OF_ONE * self.assignment.limits["trace_seconds"]
        if spent or call.function in self.lost:  # do not let one function spend the time of the others twice
            for other in todo:
                if other.function == call.function:
                    programs.setdefault(other.key, Failure(why, ""))
        self.lost.add(call.function)

    def _request(self, calls: Sequence[Call]) -> dict[str, Any]:
        return {
            "given": self.assignment.given,
            "modules": [
                {
                    "name": m.name,
                    "statements": [{"source": s.source, "filename": s.filename, "line": s.line} for s in m.statements],
                }
                for m in self.submission.modules
            ],
            "skip": self.skip,
            "internal": sorted(INTERNAL),
            "together": self.together,
            "platforms": list(self.platforms),
            "calls": [
                {
                    "id": c.key,
                    "function": c.function,
                    "args": c.args,
                    "static": c.static,
                    "vjp": c.vjp,
                    "precision": c.precision,
                    "public": c.key in self.public,
                }
                for c in calls
            ],
        }


def _process_limits(limits: Mapping[str, int]) -> dict[str, int]:
    return {
        "memory_mb": limits["memory_mb"],
        "cpu_seconds": limits["import_seconds"] + limits["trace_seconds"] * 4,
        "file_mb": 1,  # a file in memory counts against no memory limit
    }
