"""Draw the checks of an assignment for one draw set: the calls to trace, and the inputs to run them on."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from autograder.assignment.load import Assignment, AssignmentError
from autograder.assignment.probes import Call, Probe, Run, draw_ladder, draw_parts, draw_probes, draw_run
from autograder.assignment.seed import PUBLIC, Keys
from autograder.checks import MEASURED, PERFORMANCE, Check, Sizes

PUBLIC_DRAW = 0  # the printed sizes, with the numbers of the public seed: the same for everybody


@dataclass(frozen=True)
class Plan:
    """Everything that one draw set asks of a submission.

    Attributes:
      draw_set: its number.
      calls: key of a call -> the call, but for those of ladders.
      probes: check -> its cases, over all draws, the public draw first; of training the calls that it rests on.
      runs: training check -> the run of its first draw.
      ladders: function -> its rungs, the smallest first.
    """

    assignment: Assignment
    keys: Keys
    draw_set: int
    calls: Mapping[str, Call]
    probes: Mapping[str, tuple[Probe, ...]]
    runs: Mapping[str, Run] = field(default_factory=dict)
    ladders: Mapping[str, tuple[Probe, ...]] = field(default_factory=dict)

    def digest(self) -> str:
        """Return the digest of assignment, keys and draw set: equal digests have equal reference answers."""
        keys = hashlib.sha256(self.keys.shapes + self.keys.values).hexdigest()
        return hashlib.sha256(f"{self.assignment.sha256} {keys} {self.draw_set}".encode()).hexdigest()

    def keys_of(self, probe: Probe) -> Keys:
        """Return the keys from which everything about a probe is drawn."""
        return PUBLIC.keys(self.assignment.slug) if probe.public else self.keys

    def numeric(self) -> Iterator[Probe]:
        """Yield the probes whose numbers are compared with the truth, but for ladders."""
        for name, probes in self.probes.items():
            if self.assignment.checks[name].kind not in PERFORMANCE:
                yield from probes

    @cached_property
    def printed(self) -> frozenset[str]:
        """The keys of one printed case of each function; they tell copies: all submissions run the same sizes there."""
        found: dict[str, str] = {}
        for probe in self.numeric():
            if self._explains(probe):
                found.setdefault(probe.forward.function, probe.key)
        return frozenset(found.values())

    def first(self) -> list[Probe]:
        """Return the probes that every submission answers: all but those that only explain a failure."""
        return [p for p in self.numeric() if p.key in self.printed or not self._explains(p)]

    def feedback(self, functions: Collection[str]) -> list[Probe]:
        """Return the probes that are answered only where a check of these functions fails: what may be shown of it."""
        checks = self.assignment.checks
        explaining = (p for p in self.numeric() if self._explains(p) and p.key not in self.printed)
        return [p for p in explaining if checks[p.check].function in functions]

    def _explains(self, probe: Probe) -> bool:
        """Whether a probe decides nothing that hidden ones do not: a public case of a check that is not measured."""
        return probe.draw == PUBLIC_DRAW and self.assignment.checks[probe.check].kind not in MEASURED

    def public_calls(self) -> frozenset[str]:
        """Return the keys of the calls of which everybody may know the shapes."""
        calls = {c.key for p in self.numeric() if p.public for c in (p.call, p.forward)}
        measured = {c.key for c in self.calls.values() if c.precision != "highest"}
        return frozenset(calls | measured | {c.key for c in self.ladder_calls().values()})

    def ladder_calls(self) -> dict[str, Call]:
        """Return the calls of all ladders by key."""
        return {rung.call.key: rung.call for rungs in self.ladders.values() for rung in rungs}


def make_plan(assignment: Assignment, keys: Keys, draw_set: int = 0) -> Plan:
    """Draw all cases of all checks.

    Raises:
      AssignmentError: a generator of cases fails, yields none or something else; its shapes change with the numbers, or
        its labels with the draw.
    """
    calls: dict[str, Call] = {}
    probes: dict[str, tuple[Probe, ...]] = {}
    runs: dict[str, Run] = {}
    for check in assignment.checks.values():
        if check.kind == "training":
            runs[check.name] = draw_run(assignment, keys, check, 0)
            calls[runs[check.name].init.key] = runs[check.name].init
        probes[check.name] = tuple(_draws(assignment, keys, check, draw_set))
        calls |= {c.key: c for p in probes[check.name] for c in (p.forward, p.call)}
    ladders = {ladder.function: tuple(draw_ladder(assignment, ladder)) for ladder in assignment.ladders.values()}
    return Plan(assignment, keys, draw_set, calls, probes, runs, ladders)


def _draws(assignment: Assignment, keys: Keys, check: Check, draw_set: int) -> Iterator[Probe]:
    """Draw a check on its public draw and on its hidden ones; what is measured has printed sizes throughout."""
    public = PUBLIC.keys(assignment.slug)
    if check.kind in PERFORMANCE:
        for draw in range(check.draws):
            yield from draw_probes(assignment, keys, check, draw)
        return
    if check.kind in MEASURED:
        yield from draw_parts(assignment, public, check, PUBLIC_DRAW)
        yield from draw_parts(assignment, keys, check, PUBLIC_DRAW + 1)
        return
    first = draw_probes(assignment, public, check, PUBLIC_DRAW)
    yield from first
    calls: list[Call] = []
    for draw in range(PUBLIC_DRAW + 1, PUBLIC_DRAW + 1 + check.draws):
        known = None if keys.public else Sizes(public.sizes(check.function, 0))
        drawn = draw_probes(assignment, keys, check, draw, Sizes(keys.sizes(check.function, draw_set), known))
        where = f"{assignment.slug}/checks.py: {check.name}"
        if [p.label for p in drawn] != [p.label for p in first]:
            raise AssignmentError(f"{where}: the labels change with the draw: name the kind of case, and no size")
        if calls and [p.call for p in drawn] != calls:
            raise AssignmentError(f"{where}: the shapes change with the numbers that are drawn")
        calls = [p.call for p in drawn]
        yield from drawn
