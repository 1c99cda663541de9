"""Functions and decorators that make the records of :mod:`autograder.checks.records`.

@values("relu")
def relu_values(rng, size):
    '''relu of positive and negative numbers'''
    yield case("a matrix", rng.normal(size=size.apart((4, 2, 9), (3, 2, 9))))

@ladder("relu")
def relu_ladder():
    yield case("one positive number", [2.0])
    yield case("one negative number", [-1.5])
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.checks.records import (
    Bound,
    Case,
    Cases,
    Check,
    Coverage,
    Generator,
    Ladder,
    Mistake,
    Option,
    Part,
    Task,
)
from autograder.tree import Key

CONSTANTS = 97  # values of a free constant for which a mistake is answered; those between are interpolated


def case(label: str, /, *args: Any, **static: Any) -> Case:
    """Declare one call: ``case("batch of one", x, w, act="tanh")``.

    Floats become float32 and integers int32 here, so that every side sees the same rounded numbers.  Nested lists of
    numbers are arrays.
    """
    return Case(label, tuple(_as_arrays(a) for a in args), static)


def part(function: str, label: str, /, *args: Any, **static: Any) -> Part:
    """Declare a call of ``function`` that a training run rests on; the rest is as for :func:`case`."""
    return Part(function, case(label, *args, **static))


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


def values(function: str, *, draws: int = 1, needs: tuple[str, ...] = ()) -> Callable[[Cases], Check]:
    """Same numbers as the reference, on every case and every draw."""
    return _declare("values", function, draws, needs)


def gradients(
    function: str, *, wrt: tuple[int, ...] = (0,), draws: int = 1, needs: tuple[str, ...] = ()
) -> Callable[[Cases], Check]:
    """Same vector-Jacobian products as the reference, for the positional arguments ``wrt``.

    JAX differentiates the student's function; the cotangents are drawn by the grader.
    """
    return _declare("gradients", function, draws, needs, wrt=tuple(wrt))


def property_(
    function: str,
    *,
    judge: Callable[..., Iterator[Bound]],
    draws: int = 1,
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
    same_step: bool = True,
    parts: Callable[[Generator], Iterator[Part]] | None = None,
    needs: tuple[str, ...] = (),
) -> Callable[[Cases], Check]:
    """A training run learns: its loss curve and held-out numbers, against the reference's over several seeds.

    Args:
      init: function ``(key, **static) -> state``.
      step: function ``(state, *row, **static) -> (state, loss)``.
      predict: function ``(state, *held_out, **static) -> output``.
      measure: ``(output, target) -> {name: number}``; more is better for every number.
      draws: seeds to run; the inputs of every seed are drawn anew.
      slack: how much less than the reference's numbers is still as good.
      same_step: from the same state, ``step`` and ``predict`` must do what the reference's do; false where a student
        may choose how to learn.
      parts: yields :func:`part` for every function whose output the training data depend on, at the sizes of the
        training: they must give the reference's numbers before anything is trained.  A mask that shows what is
        to be predicted "learns" best.
    """
    functions = {"init": init, "step": step, "predict": predict}
    options = {"measure": measure, "slack": slack, "same_step": same_step, "parts": parts}
    return _declare("training", step, draws, needs, **options, **functions)


# A ratio of 1 means as good as the reference; each band is (ratio that is reached, share of the points).
# The best band leaves room for other styles, and none for doing everything one and a half times.
SPEED_BANDS = ((0.8, 1.0), (0.5, 0.6), (0.15, 0.3))
COST_BANDS = ((0.7, 1.0), (0.5, 0.6), (0.25, 0.3))


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
    """What the compiled program needs, against the reference's: counted without noise, so the bands can be tight.

    Args:
      of: any of "flops", "bytes" (read and written) and "temporary" (memory beside inputs and outputs);
        the worst of them counts.
    """
    return _declare("cost", function, 1, needs, of=tuple(of), bands=tuple(bands), wrt=tuple(wrt))


def ladder(function: str) -> Callable[[Callable[[], Iterator[Case]]], Ladder]:
    """Declare the ladder of a function: four to six public cases, from the smallest that can be wrong upwards.

    Use small whole numbers and halves, so that a student can follow the computation by hand.
    """
    return lambda cases: Ladder(function, cases)


def option(name: str, values: Sequence[str], of: Callable[[Case], str | None]) -> Option:
    """Declare an option of a function: the names of its values, and which of them a case tries.

    Args:
      of: returns one of ``values``, or None for a case to which the option does not apply.
    """
    return Option(name, tuple(values), of)


def covers(
    function: str,
    *options: Option,
    together: Sequence[tuple[Option, Option]] = (),
    impossible: Sequence[tuple[tuple[Option, str], tuple[Option, str]]] = (),
) -> Coverage:
    """Declare what the handout documents of a function; ``autograder validate`` lists what no case covers.

    Args:
      options: each of their values must be tried, in every draw.
      together: pairs of options that interact: each pair of their values must be tried.
      impossible: pairs of values, as ((option, value), (option, value)), that no call can have.

        PADDING = option("padding", ("VALID", "SAME", "numbers"), lambda case: ...)
        KERNEL = option("kernel", ("odd", "even"), lambda case: ...)
        conv2d_options = covers("conv2d", PADDING, KERNEL, together=[(PADDING, KERNEL)])
    """
    pairs = frozenset(frozenset({(a.name, x), (b.name, y)}) for (a, x), (b, y) in impossible)
    return Coverage(function, options, tuple((a.name, b.name) for a, b in together), pairs)


def mistake(
    function: str, *, fails: tuple[str, ...] | list[str], topic: str, between: tuple[float, float] | None = None
) -> Callable[[Callable[..., Any]], Mistake]:
    """Declare a known wrong implementation; its docstring is the hint that a student reads.

    Args:
      between: the smallest and the largest value, both above 0, of a constant that students choose freely, such as a
        slope or an epsilon.  The implementation takes it as a keyword: ``def leaks(z, *, constant=0.01)``.
    """
    if between is not None and not 0 < between[0] < between[1]:
        raise ValueError(f"expected two increasing numbers above 0 in between, got {between!r}")
    constants = () if between is None else tuple(np.geomspace(*between, CONSTANTS).tolist())

    def declare(implementation: Callable[..., Any]) -> Mistake:
        hint = " ".join((implementation.__doc__ or "").split())
        if not hint:
            raise ValueError(f"mistake {implementation.__name__!r} needs a docstring: it is the student's hint")
        return Mistake(implementation.__name__, function, frozenset(fails), topic, hint, implementation, constants)

    return declare


def _declare(kind: str, function: str, draws: int, needs: tuple[str, ...], **options: Any) -> Callable[[Cases], Check]:
    def declare(cases: Cases) -> Check:
        title = (cases.__doc__ or "").strip().split("\n")[0].strip()
        if not title:
            raise ValueError(f"check {cases.__name__!r} needs a docstring: its first line is the student's title")
        return Check(cases.__name__, title, function, kind, cases, draws, tuple(needs), options)

    return declare


def _is_literal(tree: Any) -> bool:
    """Whether nested lists of numbers stand for an array, as in ``[[1.0, 2.0], [3.0, 4.0]]``."""
    if isinstance(tree, list):
        return bool(tree) and all(map(_is_literal, tree))
    return isinstance(tree, bool | int | float)


def _as_arrays(tree: Any) -> Any:
    if tree is None or isinstance(tree, Key):
        return tree
    if isinstance(tree, dict):
        return {k: _as_arrays(v) for k, v in tree.items()}
    if isinstance(tree, list) and _is_literal(tree):
        return _as_arrays(np.array(tree))
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
