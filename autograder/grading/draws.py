"""The draw sets of an assignment: which one a submission gets, its plan and its answers."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from autograder import __version__
from autograder.assignment.load import Assignment
from autograder.assignment.plan import Plan, make_plan
from autograder.assignment.probes import Call
from autograder.assignment.seed import PUBLIC, Keys
from autograder.judge.oracle.expected import Expected, all_calls, obtain
from autograder.sandbox.inside.lowering import PLATFORMS
from autograder.submission.code import code_as_read
from autograder.submission.read import Submission


@dataclass(frozen=True)
class DrawSet:
    """One draw set: what it asks, and what the reference answers."""

    plan: Plan
    expected: Expected


@dataclass(frozen=True)
class TraceRequest:
    """What the tracing machine gets: shapes and rules, but no numbers and no answers.

    Attributes:
      calls: what to trace, by key.
      public: keys of the calls of which everybody may know the shapes.
      measured: the calls include what only training, throughput and cost need.
      platforms: what programs are lowered for: fewer cost less, and the judging machine must be among them.
    """

    assignment: Assignment
    draw_set: int
    calls: Mapping[str, Call]
    public: frozenset[str]
    measured: bool
    platforms: tuple[str, ...] = PLATFORMS
    engine: str = __version__


class Draws:
    """All draw sets of an assignment under one key; each is prepared when a submission first needs it.

    Threads may share it.

    Args:
      prepared: draw sets that are known already, by number: where the reference is not at hand.
    """

    def __init__(
        self, assignment: Assignment, keys: Keys, prepared: Mapping[int, DrawSet] = MappingProxyType({})
    ) -> None:
        self.assignment, self.keys = assignment, keys
        self._plans: dict[int, Plan] = {}
        self._prepared = dict(prepared)
        self._public: Expected | None = None
        self._lock = threading.RLock()

    def number(self, submission: Submission) -> int:
        """Choose the draw set of a submission by its code as read: a comment more changes nothing."""
        return self.keys.choose(code_as_read(submission))

    def public(self) -> Expected:
        """Return the answers of the public plan.  Raises :class:`ReferenceFailedError`."""
        with self._lock:
            if self._public is None:
                self._public = obtain(make_plan(self.assignment, PUBLIC.keys(self.assignment.slug)))
            return self._public

    def get(self, number: int) -> DrawSet:
        """Return a draw set.  Raises :class:`ReferenceFailedError` where the reference cannot be computed."""
        with self._lock:
            if number not in self._prepared:
                plan = self._plan(number)
                self._prepared[number] = DrawSet(plan, obtain(plan, self.public()))
            return self._prepared[number]

    def all(self) -> dict[int, DrawSet]:
        """Prepare every draw set."""
        return {number: self.get(number) for number in range(self.keys.sets)}

    def request(self, number: int, measured: bool = True, everything: bool = False) -> TraceRequest:
        """Say what is to be traced for a draw set; needs no answer that depends on the value key.

        Args:
          measured: trace also what only training, throughput and cost need.
          everything: trace what feedback shows as well, where the submission will not be at hand when a check fails.
        """
        with self._lock:
            known = self._prepared.get(number)
            plan = known.plan if known else self._plan(number)
            calls = known.expected.calls if known else all_calls(plan, self.public().training)
        first = {c.key for p in plan.first() for c in (p.call, p.forward)}
        numeric = plan.calls.keys() if everything else first
        kept = {k: c for k, c in calls.items() if (measured if c.precision != "highest" else k in numeric)}
        if everything:
            kept |= plan.ladder_calls()
        return TraceRequest(self.assignment, number, kept, plan.public_calls(), measured)

    def feedback(self, number: int, functions: Collection[str]) -> TraceRequest:
        """Say what is to be traced to explain failed functions: public cases and ladders."""
        plan = self._plan(number)
        probes = [*plan.feedback(functions), *(r for f in functions for r in plan.ladders.get(f, ()))]
        calls = {c.key: c for p in probes for c in (p.call, p.forward)}
        return TraceRequest(self.assignment, number, calls, frozenset(calls), measured=False)

    def ladder(self, function: str) -> TraceRequest:
        """Say what is to be traced of the ladder of a function; it is public and the same in every set."""
        calls = {rung.call.key: rung.call for rung in self._plan(0).ladders[function]}
        return TraceRequest(self.assignment, 0, calls, frozenset(calls), measured=False)

    def _plan(self, number: int) -> Plan:
        if number in self._prepared:
            return self._prepared[number].plan
        if number not in self._plans:
            self._plans[number] = make_plan(self.assignment, self.keys, number)
        return self._plans[number]
