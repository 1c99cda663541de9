"""What an assignment declares: checks with their cases, ladders, options and known mistakes, as frozen data."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from autograder.tree import Key

PERFORMANCE = ("throughput", "cost")  # kinds whose programs are timed or counted, at the device's own precision
MEASURED = (*PERFORMANCE, "training")

Generator = np.random.Generator
# Called with the random numbers of a draw, and with its sizes if it takes them.
Cases = Callable[..., Iterator[Any]]


@dataclass(frozen=True)
class Case:
    """One call of the function under test.

    ``label`` names the kind of case and no size: it is the same in every draw.  ``args`` are trees (dict, list,
    tuple, None) of float32/int32/bool arrays and :class:`Key`; their numbers come from the draw, their shapes from
    its sizes alone.  ``static`` are keyword arguments that JAX does not trace: str, int, float, bool, None, and
    tuples of these.
    """

    label: str
    args: tuple[Any, ...]
    static: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """A call of another function that a training run rests on, at the sizes of that run."""

    function: str
    case: Case


@dataclass(frozen=True)
class Task:
    """One training run: ``init(key)``, then ``step(state, *row)`` for every row of ``batches``, then
    ``predict(state, *held_out)``, which ``measure(output, target)`` turns into named numbers.
    """

    label: str
    key: Key
    batches: tuple[Any, ...]
    held_out: tuple[Any, ...]
    target: Any
    static: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Bound:
    """A statistic of an output and the interval that it must lie in (both ends included)."""

    name: str
    value: float
    low: float
    high: float

    @property
    def holds(self) -> bool:
        return bool(self.low <= self.value <= self.high)


@dataclass(frozen=True)
class Check:
    """One check of one function; ``name`` is the key of the rubric, ``draws`` the number of its hidden draws."""

    name: str
    title: str
    function: str
    kind: str
    cases: Cases
    draws: int = 1
    needs: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sized(self) -> bool:
        """Whether its sizes differ from draw set to draw set."""
        return _takes_sizes(self.cases)


@dataclass(frozen=True)
class Ladder:
    """Small public cases of a function, the smallest first: the first that fails is shown to a student."""

    function: str
    cases: Callable[[], Iterator[Case]]


@dataclass(frozen=True)
class Option:
    """One documented option of a function: its values by name, and which of them a case tries (None: neither)."""

    name: str
    values: tuple[str, ...]
    of: Callable[[Case], str | None]


@dataclass(frozen=True)
class Coverage:
    """What the cases of a function must cover: each value of each option, and each pair of values that interact."""

    function: str
    options: tuple[Option, ...]
    together: tuple[tuple[str, str], ...]  # names of options that interact
    impossible: frozenset[frozenset[tuple[str, str]]]  # pairs of (option, value) that no call can have


@dataclass(frozen=True)
class Mistake:
    """A known wrong implementation of ``function``: which checks it fails and what to tell a student.

    With ``constants`` it is a family: its implementation takes ``constant`` as a keyword, and every value between the
    first and the last makes the same mistake.
    """

    name: str
    function: str
    fails: frozenset[str]
    topic: str
    hint: str
    implementation: Callable[..., Any]
    constants: tuple[float, ...] = ()

    def at(self, constant: Any) -> Mistake:
        """Return the mistake with one value of its constant."""
        return replace(self, implementation=partial(self.implementation, constant=constant), constants=())


def _takes_sizes(cases: Cases) -> bool:
    return len(inspect.signature(cases).parameters) > 1
