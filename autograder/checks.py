"""The words in which an assignment says what is checked.

``checks.py`` of an assignment declares its checks with these decorators; each one turns a generator
of cases into a :class:`Check`.  The first line of the generator's docstring is the title a student
reads.  ``mistakes.py`` of a reference uses :func:`mistake`.  Nothing here imports JAX: the command
line must answer before JAX has loaded.

    @values("relu")
    def relu_values(rng):
        '''relu of positive and negative numbers'''
        yield case("a matrix", rng.normal(size=(4, 3)))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Generator = np.random.Generator
Cases = Callable[[Generator], Iterator["Case"]]


@dataclass(frozen=True)
class Key:
    """A typed PRNG key (threefry) among the arguments of a case; ``data`` is uint32 of shape (2,)."""

    data: np.ndarray


@dataclass(frozen=True)
class Case:
    """One call of the function under test.

    ``args`` are trees (dict, list, tuple, None) of float32/int32/bool arrays and :class:`Key`; they are
    drawn afresh for every seed, but their shapes may not depend on the draw.  ``static`` are keyword
    arguments that JAX does not trace: str, int, float, bool, None, and tuples of these.
    """

    label: str
    args: tuple[Any, ...]
    static: Mapping[str, Any] = field(default_factory=dict)


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
    """One thing that is asked of one function; ``name`` is the key of the rubric."""

    name: str
    title: str
    function: str
    kind: str
    cases: Cases
    draws: int = 2
    needs: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Mistake:
    """A known wrong implementation of ``function``: which checks it fails and what to tell a student."""

    name: str
    function: str
    fails: frozenset[str]
    topic: str
    hint: str
    implementation: Callable[..., Any]


def case(label: str, /, *args: Any, **static: Any) -> Case:
    """Declare one call: ``case("batch of one", x, w, act="tanh")``.

    Floats become float32 and integers int32 here, so that every side sees the same rounded numbers.
    """
    return Case(label, tuple(_as_arrays(a) for a in args), static)


def task(
    label: str, key: Key, /, *, batches: tuple[Any, ...], held_out: tuple[Any, ...], target: Any, **static: Any
) -> Task:
    """Declare one training run; every array of ``batches`` has the steps as its leading axis.

    Rows may hold PRNG keys as uint32 data of shape (steps, 2).  ``static`` goes to init, step and predict alike.
    """
    return Task(label, key, _as_arrays(tuple(batches)), _as_arrays(tuple(held_out)), target, static)


def key(rng: Generator) -> Key:
    """Draw a PRNG key."""
    return Key(rng.integers(0, 2**32, size=2, dtype=np.uint32))


def bound(name: str, value: Any, low: float = -np.inf, high: float = np.inf) -> Bound:
    """State that ``low <= value <= high``; NaN never holds."""
    return Bound(name, float(value), float(low), float(high))


def values(function: str, *, draws: int = 2, needs: tuple[str, ...] = ()) -> Callable[[Cases], Check]:
    """Same numbers as the reference, on every case and every draw."""
    return _declare("values", function, draws, needs)


def gradients(
    function: str, *, wrt: tuple[int, ...] = (0,), draws: int = 2, needs: tuple[str, ...] = ()
) -> Callable[[Cases], Check]:
    """Same vector-Jacobian products as the reference, for the positional arguments ``wrt``.

    JAX differentiates the student's function; the cotangents are drawn by the grader.
    """
    return _declare("gradients", function, draws, needs, wrt=tuple(wrt))


def property_(
    function: str,
    *,
    judge: Callable[..., Iterator[Bound]],
    draws: int = 2,
    needs: tuple[str, ...] = (),
) -> Callable[[Cases], Check]:
    """A predicate on the output: ``judge(output, *args, **static)`` yields :func:`bound` statements."""
    return _declare("property", function, draws, needs, judge=judge)


def trajectory(function: str, *, steps: int, draws: int = 1, needs: tuple[str, ...] = ()) -> Callable[[Cases], Check]:
    """Many steps of an update stay together with the reference's.

    The function is called as ``function(state, *data, **static)`` and returns the new state, or a tuple
    whose first entry is the new state.  Every array of ``data`` has ``steps`` as its leading axis; step
    ``t`` receives row ``t``.
    """
    return _declare("trajectory", function, draws, needs, steps=steps)


def training(
    *,
    init: str,
    step: str,
    predict: str,
    measure: Callable[[Any, Any], Mapping[str, float]],
    draws: int = 3,
    slack: float = 0.02,
    needs: tuple[str, ...] = (),
) -> Callable[[Cases], Check]:
    """Does it learn?  The run's loss curve and held-out numbers, against the reference's over several seeds.

    Args:
      init: function ``(key, **static) -> state``.
      step: function ``(state, *row, **static) -> (state, loss)``.
      predict: function ``(state, *held_out, **static) -> output``.
      measure: ``(output, target) -> {name: number}``; more is better for every number.
      draws: seeds to run; the inputs of every seed are drawn anew.
      slack: how much less than the reference's numbers is still as good.
    """
    functions = {"init": init, "step": step, "predict": predict}
    return _declare("training", step, draws, needs, measure=measure, slack=slack, **functions)


# A ratio of 1 means as good as the reference; each band is (ratio that is reached, share of the points).
# The best band leaves room for other styles, and none for doing everything one and a half times.
SPEED_BANDS = ((0.8, 1.0), (0.5, 0.6), (0.15, 0.3))
COST_BANDS = ((0.8, 1.0), (0.5, 0.6), (0.25, 0.3))


def throughput(
    function: str,
    *,
    wrt: tuple[int, ...] = (),
    bands: tuple[tuple[float, float], ...] = SPEED_BANDS,
    needs: tuple[str, ...] = (),
) -> Callable[[Cases], Check]:
    """Calls per second against the reference, interleaved on one device; of the gradient if ``wrt`` is given.

    Every timed output is compared with the reference's.  A band is earned only when the whole
    confidence interval of the ratio clears it.
    """
    return _declare("throughput", function, 4, needs, bands=tuple(bands), wrt=tuple(wrt))


def cost(
    function: str,
    *,
    of: tuple[str, ...] = ("flops", "temporary"),
    wrt: tuple[int, ...] = (),
    bands: tuple[tuple[float, float], ...] = COST_BANDS,
    needs: tuple[str, ...] = (),
) -> Callable[[Cases], Check]:
    """What the compiled program needs, against the reference's: no noise, so it may be graded tightly.

    Args:
      of: any of "flops", "bytes" (read and written) and "temporary" (memory beside inputs and outputs);
        the worst of them counts.
    """
    return _declare("cost", function, 1, needs, of=tuple(of), bands=tuple(bands), wrt=tuple(wrt))


def mistake(
    function: str, *, fails: tuple[str, ...] | list[str], topic: str
) -> Callable[[Callable[..., Any]], Mistake]:
    """Declare a known wrong implementation; its docstring is the hint that a student reads."""

    def declare(implementation: Callable[..., Any]) -> Mistake:
        hint = " ".join((implementation.__doc__ or "").split())
        if not hint:
            raise ValueError(f"mistake {implementation.__name__!r} needs a docstring: it is the student's hint")
        return Mistake(implementation.__name__, function, frozenset(fails), topic, hint, implementation)

    return declare


def _declare(kind: str, function: str, draws: int, needs: tuple[str, ...], **options: Any) -> Callable[[Cases], Check]:
    def declare(cases: Cases) -> Check:
        title = (cases.__doc__ or "").strip().split("\n")[0].strip()
        if not title:
            raise ValueError(f"check {cases.__name__!r} needs a docstring: its first line is the student's title")
        return Check(cases.__name__, title, function, kind, cases, draws, tuple(needs), options)

    return declare


def _as_arrays(tree: Any) -> Any:
    if tree is None or isinstance(tree, Key):
        return tree
    if isinstance(tree, dict):
        return {k: _as_arrays(v) for k, v in tree.items()}
    if isinstance(tree, list | tuple):
        return type(tree)(_as_arrays(v) for v in tree)
    if isinstance(tree, bool | int | float | str):
        raise TypeError(
            f"positional arguments of a case are arrays, got {tree!r}: pass it by keyword to keep it static, "
            "or wrap it in numpy.float32(...) to have it traced"
        )
    array = np.asarray(tree)
    if array.dtype.kind == "f":
        return array.astype(np.float32)
    if array.dtype == np.uint32:  # key data
        return array
    if array.dtype.kind in "iu":
        return array.astype(np.int32)
    if array.dtype.kind == "b":
        return array
    raise TypeError(f"a case may hold float, integer and boolean arrays, got dtype {array.dtype}")
