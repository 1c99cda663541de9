"""Calls to trace, and the inputs to run them on: the cases of checks, ladders and training runs, drawn.

Inputs are NumPy arrays of dtype float32, int32 or bool (uint32 of shape ``[2]`` for PRNG keys).  Their numbers come
from the value key, their shapes from the printed sizes or from the shape key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder import tree
from autograder.assignment.load import Assignment, AssignmentError
from autograder.assignment.seed import Keys
from autograder.checks import PERFORMANCE, Case, Check, Ladder, Part, Sizes, Task


@dataclass(frozen=True)
class Call:
    """One program to trace in the sandbox: a function at given shapes and static arguments.

    Attributes:
      key: digest of the other fields; equal calls share one program.
      function: name of the graded function; "given.<name>" for one that the assignment supplies.
      args: specs of the traced arguments (see :mod:`autograder.tree`), one per argument.
      static: the keyword arguments that JAX does not trace, as a Python literal of a dict.
      vjp: positions of the arguments to differentiate, for a vector-Jacobian product; None for the function itself.
      precision: of matrix products: "highest" where numbers are judged, "default" where speed is.
    """

    key: str
    function: str
    args: tuple[tree.Spec, ...]
    static: str
    vjp: tuple[int, ...] | None = None
    precision: str = "highest"

    def leaves(self) -> list[tree.Spec]:
        """List the specs of all arrays among the arguments, in flattening order."""
        return [leaf for a in self.args for leaf in tree.leaf_specs(a)]

    def moving(self) -> list[int]:
        """List the positions, among :meth:`leaves`, of the floating arrays to differentiate."""
        differentiated = [
            position in (self.vjp or ()) and tree.dtype_of(leaf).startswith("float")
            for position, spec in enumerate(self.args)
            for leaf in tree.leaf_specs(spec)
        ]
        return [index for index, moves in enumerate(differentiated) if moves]


@dataclass(frozen=True)
class Probe:
    """One case of one check on one draw: a call, and the inputs to run it on.

    Attributes:
      check: name of the check, or of the function whose ladder it belongs to.
      forward: the call of the function itself; differs from ``call`` for gradients.
      inputs: the arrays of the case's arguments in flattening order, float32, int32 or bool, each of the shape in the
        matching leaf of ``forward``; for a trajectory, all arrays but those of the first argument (the state) have a
        leading axis of ``steps``.
      steps: of a trajectory, else 0.
      public: everybody may know the inputs.
    """

    key: str
    check: str
    label: str
    draw: int
    call: Call
    forward: Call
    inputs: tuple[np.ndarray, ...]
    case: Case
    steps: int = 0
    public: bool = False


@dataclass(frozen=True)
class Run:
    """One training run of one draw: the call that makes the state, and the data that follow.

    Attributes:
      init: the call that makes the state from ``key``.
      key: PRNG key, uint32 of shape ``[2]``.
      rows: specs of the data of one step.
      batches: arrays of the data in flattening order, each of shape ``[steps, ...]``.
      held: specs of the held-out arguments of the prediction.
      held_out: their arrays in flattening order.
      target: what the measure of the check compares predictions with.
      static: keyword arguments of every call, as a Python literal of a dict.
    """

    label: str
    init: Call
    key: np.ndarray
    rows: tuple[tree.Spec, ...]
    batches: tuple[np.ndarray, ...]
    held: tuple[tree.Spec, ...]
    held_out: tuple[np.ndarray, ...]
    target: Any
    static: str
    steps: int

    def step(self, function: str, state: tree.Spec) -> Call:
        """Return the call of one training step, once the structure of the state is known."""
        return _call(function, [state, *self.rows], self.static, None, "default")

    def predict(self, function: str, state: tree.Spec) -> Call:
        """Return the call that predicts from the held-out data."""
        return _call(function, [state, *self.held], self.static, None, "default")


def draw_probes(assignment: Assignment, keys: Keys, check: Check, draw: int, sizes: Sizes | None = None) -> list[Probe]:
    """Draw the cases of one check once.

    Args:
      check: of any kind but "training".
      draw: number of the draw; each number gives other inputs of the same shapes.
      sizes: those of the draw; by default the printed ones.

    Raises:
      AssignmentError: the generator fails, or yields no case or something else.
    """
    cases = _draw(assignment, keys, check, draw, sizes)
    return [
        _probe(
            check, check.function, _expect_case(assignment, check.name, case), f"{check.name}.{draw}.{i}", draw, keys
        )
        for i, case in enumerate(cases)
    ]


def draw_parts(assignment: Assignment, keys: Keys, check: Check, draw: int) -> list[Probe]:
    """Draw the calls that a training run rests on, at the sizes of the run.  Raises :class:`AssignmentError`."""
    generate = check.options["parts"]
    if generate is None:
        return []
    parts = _yielded(assignment, check.name, lambda: generate(keys.generator(check.name, draw, "parts")))
    for one in parts:
        if not isinstance(one, Part):
            raise AssignmentError(f"{_where(assignment, check.name)}: parts yields part(...), got {type(one).__name__}")
    return [
        _probe(check, one.function, one.case, f"{check.name}.{draw}.{i}", draw, keys) for i, one in enumerate(parts)
    ]


def draw_ladder(assignment: Assignment, ladder: Ladder) -> list[Probe]:
    """Lay out the ladder of a function: public probes, the smallest first.  Raises :class:`AssignmentError`."""
    name = f"the ladder of {ladder.function}"
    rungs = []
    for i, one in enumerate(_yielded(assignment, name, ladder.cases)):
        case = _expect_case(assignment, name, one)
        call, key = _call_of(ladder.function, case, 0, name, "highest"), f"{ladder.function}.ladder.{i}"
        rungs.append(Probe(key, ladder.function, case.label, 0, call, call, _leaves(case), case, public=True))
    return rungs


def draw_run(assignment: Assignment, keys: Keys, check: Check, draw: int) -> Run:
    """Draw the data of one training run.

    Args:
      check: a check of kind "training".
      draw: number of the draw; each number gives other data of the same shapes.

    Raises:
      AssignmentError: the generator fails or yields no task, or the arrays of its batches, each of shape
        ``[steps, ...]``, differ in ``steps``.
    """
    task = _draw(assignment, keys, check, draw)[0]
    where = _where(assignment, check.name)
    if not isinstance(task, Task):
        raise AssignmentError(f"{where}: a training check yields one task(...)")
    batches, specs = tree.flatten(list(task.batches))
    steps = {b.shape[0] if b.shape else 0 for b in batches}
    if len(steps) != 1:
        raise AssignmentError(f"{where}: every array of the batches needs the steps as its leading axis")
    count = steps.pop()
    held_out, held = tree.flatten(list(task.held_out))
    static = repr(dict(sorted(task.static.items())))
    init = _call(check.options["init"], [["k"]], static, None, "default")
    rows = tuple(_row(s, count, check.name) for s in specs[1])
    return Run(
        task.label,
        init,
        task.key.data,
        rows,
        tuple(batches),
        tuple(held[1]),
        tuple(held_out),
        task.target,
        static,
        count,
    )


def _draw(assignment: Assignment, keys: Keys, check: Check, draw: int, sizes: Sizes | None = None) -> list[Any]:
    """Run the generator of a check on the random numbers of one draw."""
    rng = keys.generator(check.name, draw)
    sized = (sizes or Sizes(),) if check.sized else ()
    cases = _yielded(assignment, check.name, lambda: check.cases(rng, *sized))
    if not cases:
        raise AssignmentError(f"{_where(assignment, check.name)} yields no case")
    return cases


def _where(assignment: Assignment, name: str) -> str:
    return f"{assignment.slug}/checks.py: {name}"


def _yielded(assignment: Assignment, name: str, generate: Callable[[], Iterable[Any]]) -> list[Any]:
    """Return what a generator of an assignment yields; what it raises is the author's fault."""
    try:
        return list(generate())
    except Exception as error:
        raise AssignmentError(f"{_where(assignment, name)}: {type(error).__name__}: {error}") from error


def _expect_case(assignment: Assignment, name: str, case: Any) -> Case:
    if not isinstance(case, Case):
        raise AssignmentError(f"{_where(assignment, name)}: expected case(...), got {type(case).__name__}")
    return case


def _probe(check: Check, function: str, case: Case, key: str, draw: int, keys: Keys) -> Probe:
    steps = int(check.options.get("steps", 0))
    precision = "default" if check.kind in PERFORMANCE else "highest"
    forward = _call_of(function, case, steps, check.name, precision)
    vjp = check.options.get("wrt")
    call = _call(function, list(forward.args), forward.static, vjp, precision) if vjp else forward
    return Probe(key, check.name, case.label, draw, call, forward, _leaves(case), case, steps, keys.public)


def _leaves(case: Case) -> tuple[np.ndarray, ...]:
    return tuple(tree.flatten(list(case.args))[0])


def _call_of(function: str, case: Case, steps: int, name: str, precision: str) -> Call:
    args = list(tree.flatten(list(case.args))[1][1])
    if steps:
        args = [args[0], *(_row(a, steps, name) for a in args[1:])]
    return _call(function, args, repr(dict(sorted(case.static.items()))), None, precision)


def _call(function: str, args: list[Any], static: str, vjp: tuple[int, ...] | None, precision: str = "highest") -> Call:
    text = json.dumps([function, args, static, vjp, precision])
    return Call(hashlib.sha256(text.encode()).hexdigest()[:16], function, tuple(args), static, vjp, precision)


def _row(spec: tree.Spec, steps: int, name: str) -> tree.Spec:
    """Return the spec of one step's data: that of an array of shape ``[steps, ...]`` without its leading axis."""
    if spec[0] == "d":
        return ["d", [[k, _row(s, steps, name)] for k, s in spec[1]]]
    if spec[0] in "lt":
        return [spec[0], [_row(s, steps, name) for s in spec[1]]]
    if spec[0] == "a" and spec[1][:1] == [steps]:
        return ["a", spec[1][1:], spec[2]]
    if spec[0] == "n":
        return spec
    raise AssignmentError(f"trajectory {name}: every array of the data needs a leading axis of {steps} steps")
