"""Run small programs in the reference interpreter of StableHLO: what costs time with small programs is compiling them.

The interpreter does one number after the other, about a million a second.  Programs with many numbers and few
operations are compiled (see ``execute.py``), and so is whatever the interpreter does not know.

Compiled programs take numbers below 1.2e-38 for zero, as they do on students' machines: so does a module here, before
it is interpreted (see ``flush.py``).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo

from autograder.judge.device.flush import flush_array, flush_module
from autograder.sandbox.inside.lowering import read_module

# How many numbers the interpreter computes in the time in which any program, and each of its operations, is compiled.
COMPILING, COMPILING_ONE = 40_000, 400
_DTYPES = frozenset("bool int8 int16 int32 int64 uint8 uint16 uint32 float16 float32 float64".split())
_UNKNOWN = 1 << 60
# What the interpreter knows; at anything else it ends the process.
_KNOWN = {"builtin.module", "func.call", "func.func", "func.return"} | {
    f"stablehlo.{name}"
    for name in (
        "abs add and atan2 bitcast_convert broadcast_in_dim case cbrt ceil clamp compare concatenate constant convert"
        " convolution cosine count_leading_zeros divide dot_general dynamic_slice dynamic_update_slice exponential"
        " exponential_minus_one floor gather iota is_finite log log_plus_one logistic maximum minimum multiply negate"
        " not or pad popcnt power reduce reduce_precision reduce_window remainder reshape return reverse"
        " round_nearest_afz round_nearest_even rsqrt scatter select select_and_scatter shift_left"
        " shift_right_arithmetic shift_right_logical sign sine slice sort sqrt subtract tan tanh transpose while xor"
    ).split()
}
_DIVISIONS = ("stablehlo.divide", "stablehlo.remainder")  # of integers, by zero: the process ends
# Operations that look at a window of one operand for each number of their result.
_WINDOWS = ("stablehlo.reduce_window", "stablehlo.select_and_scatter")

Rounds = list[list[np.ndarray]]
Run = Callable[[Sequence[np.ndarray]], list[np.ndarray]]


class NotInterpretedError(Exception):
    """The program is too large for the interpreter, or holds what it does not know."""


def interpret(
    module: bytes, platforms: Sequence[str], rounds: Sequence[Sequence[np.ndarray]], steps: int = 0, carried: int = 0
) -> Rounds:
    """Run an inspected program on each of its rounds.

    Args:
      module: a serialised StableHLO module.
      platforms: what it was lowered for.
      rounds: flat inputs; steps, carried: as in :class:`execute.Job`.

    Returns:
      Outputs by round and leaf, in the dtypes that the program returns; a trajectory has its steps as leading axis.

    Raises:
      NotInterpretedError: it must be compiled instead.
    """
    try:
        parsed = read_module(module)
        if not set(_operations(parsed)) <= _KNOWN:
            raise NotInterpretedError("unknown operations")
        with parsed.context, ir.Location.unknown():
            if not flush_module(parsed):
                raise NotInterpretedError("subnormal constants")
            if _work(parsed) * max(1, steps) * len(rounds) > COMPILING + COMPILING_ONE * len(_operations(parsed)):
                raise NotInterpretedError("too large")
            platform = [np.asarray(platforms.index("cpu"), np.int32)] * (len(platforms) > 1)
            run = functools.partial(_call, parsed, platform)
            return [_scan(run, inputs, steps, carried) if steps else run(inputs) for inputs in rounds]
    except NotInterpretedError:
        raise
    except Exception as error:  # of the bindings, which raise all kinds
        raise NotInterpretedError(type(error).__name__) from None


def try_to_interpret(module: bytes, platforms: Sequence[str], *feed: Any) -> Rounds | None:
    """Run a program as :func:`interpret` does; None where it must be compiled instead."""
    try:
        return interpret(module, platforms, *feed)
    except NotInterpretedError:
        return None


def _scan(run: Run, inputs: Sequence[np.ndarray], steps: int, carried: int) -> list[np.ndarray]:
    state, outputs = list(inputs[:carried]), []
    for step in range(steps):
        out = run([*state, *(rows[step] for rows in inputs[carried:])])
        state = out[:carried]
        outputs.append(out)
    return [np.stack(leaves) for leaves in zip(*outputs, strict=True)]


def _call(parsed: Any, platform: Sequence[np.ndarray], inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    given = [_attribute(array) for array in (*platform, *inputs)]
    return [_array(value) for value in stablehlo.eval_module(parsed, given)]


def _attribute(array: np.ndarray) -> Any:
    if array.dtype.name not in _DTYPES:
        raise NotInterpretedError(array.dtype.name)
    native: Any = np.array(flush_array(array), np.dtype(array.dtype.name), order="C")
    return ir.DenseElementsAttr.get(native, signless=native.dtype.kind != "u")


def _array(value: Any) -> np.ndarray:
    array = np.array(value)
    if array.dtype.name not in _DTYPES:
        raise NotInterpretedError(array.dtype.name)
    return array


def _work(module: Any) -> int:
    """Estimate how many numbers a program computes, or return more than any limit where it does not show."""
    functions = {f.attributes["sym_name"].value: f for f in module.body.operations}
    known: dict[str, int] = {}

    def of_function(name: str, depth: int = 0) -> int:
        if depth > 50:
            return _UNKNOWN
        if name not in known:
            known[name] = sum(of_block(block, depth) for block in functions[name].operation.regions[0].blocks)
        return known[name]

    def of_block(block: Any, depth: int) -> int:
        return sum(of_operation(operation.operation, depth) for operation in block.operations)

    def of_operation(operation: Any, depth: int) -> int:
        name = operation.name
        if name == "func.call":
            return of_function(operation.attributes["callee"].value, depth + 1)
        inside = [of_block(block, depth + 1) for region in operation.regions for block in region.blocks]
        if name == "stablehlo.while":
            return _trips(operation) * sum(inside)
        if name == "stablehlo.case":
            return max(inside, default=0)
        return _numbers(operation) * max(1, sum(inside))

    return of_function("main")


def _numbers(operation: Any) -> int:
    """How many times an operation computes a number, or calls its body."""
    if operation.name in _DIVISIONS and isinstance(operation.results[0].type.element_type, ir.IntegerType):
        return _UNKNOWN
    name, results = operation.name, [_size(value.type) for value in operation.results]
    made = max(results, default=1)
    operands = [value.type for value in operation.operands]
    if name == "stablehlo.dot_general":
        dimensions = stablehlo.DotDimensionNumbers(operation.attributes["dot_dimension_numbers"])
        return made * math.prod(int(operands[0].shape[i]) for i in dimensions.lhs_contracting_dimensions)
    if name == "stablehlo.convolution":
        return made * _size(operands[1])
    if name in _WINDOWS:
        return max(made, _size(operands[0])) * math.prod(map(int, operation.attributes["window_dimensions"]))
    if name == "stablehlo.sort":
        return made * max(1, made.bit_length())
    return max([made, *map(_size, operands)]) if operation.regions else made


def _trips(loop: Any) -> int:
    """How often a loop runs that counts up to a constant, as JAX writes it."""
    compared = [o.operation for o in loop.regions[0].blocks[0].operations if o.operation.name == "stablehlo.compare"]
    if len(compared) == 1:
        counter, bound = (operand.owner for operand in compared[0].operands)
        if isinstance(counter, ir.Block) and not isinstance(bound, ir.Block) and bound.name == "stablehlo.constant":
            value = bound.attributes["value"]
            return max(0, int(value[0])) if isinstance(value, ir.DenseIntElementsAttr) else _UNKNOWN
    return _UNKNOWN


def _operations(module: Any) -> list[str]:
    names: list[str] = []

    def add(operation: Any) -> Any:
        names.append(operation.name)
        return ir.WalkResult.ADVANCE

    module.operation.walk(add)
    return names


def _size(kind: Any) -> int:
    if not isinstance(kind, ir.RankedTensorType):
        return 1
    return math.prod(kind.shape) if kind.has_static_shape else _UNKNOWN
