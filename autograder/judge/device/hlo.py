"""Count operations and bytes of an optimised HLO module, with the trip counts of loops multiplied in.

XLA's own analysis counts the body of a loop once.  Its optimised text carries the trip counts that the
compiler could prove.  With them the counts are exact; where a trip count is missing, the answer is None.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

_INSTRUCTION = re.compile(r"^\s*(?:ROOT )?%?([\w.-]+) = (\(.*?\)|\S+) ([\w-]+)\((.*)$")
_COMPUTATION = re.compile(r"^(ENTRY )?%?([\w.-]+) .*\{\s*$")
_ARRAY = re.compile(r"([a-z]\w*)\[([\d,]*)\]")
_NAME = re.compile(r"%([\w.-]+)")
_PLAIN_NAME = re.compile(r"[\w.-]+")
_CALLED = re.compile(
    r"(?:calls|to_apply|body|true_computation|false_computation|branch_computations)=(%?[\w.-]+|\{[^}]*\})"
)
_TRIPS = re.compile(r'"known_trip_count":\{"n":"(\d+)"\}')
_BYTES = {"pred": 1, "s8": 1, "u8": 1, "s16": 2, "u16": 2, "f16": 2, "bf16": 2, "f64": 8, "s64": 8, "u64": 8}
# Moves and bookkeeping: no arithmetic.
_FREE = frozenset(
    [
        "parameter",
        "constant",
        "get-tuple-element",
        "tuple",
        "bitcast",
        "copy",
        "reshape",
        "broadcast",
        "transpose",
        "slice",
        "dynamic-slice",
        "pad",
        "iota",
        "concatenate",
        "gather",
        "convert",
        "after-all",
        "bitcast-convert",
        "reverse",
        "dynamic-update-slice",
        "scatter",
        "custom-call",
        "call",
        "while",
        "fusion",
        "conditional",
        "copy-start",
        "copy-done",
    ]
)
# Operations that neither read nor write memory.
_VIRTUAL = frozenset(
    ["parameter", "constant", "get-tuple-element", "tuple", "bitcast", "after-all", "while", "call", "conditional"]
)


@dataclass(frozen=True)
class Count:
    """Floating operations (a multiply-add is two) and bytes read and written."""

    flops: float
    bytes: float


@dataclass(frozen=True)
class _Line:
    name: str
    shape: str
    operation: str
    rest: str


def count(module: str) -> Count | None:
    """Count a whole optimised module, given as HLO text; None when the trip count of a loop is not known."""
    computations, entry = _parse(module)
    return _computation(entry, computations, {})


def loops(module: str) -> bool:
    """Whether the module holds a loop, whose body XLA's own analysis would count once."""
    return bool(re.search(r" while\(", module))


def _parse(module: str) -> tuple[dict[str, list[_Line]], str]:
    computations: dict[str, list[_Line]] = {}
    current, entry = "", ""
    for line in module.splitlines():
        head = _COMPUTATION.match(line)
        if head and " = " not in line.split("{")[0].split("->")[0]:
            current = head.group(2)
            computations[current] = []
            entry = current if head.group(1) else entry
            continue
        instruction = _INSTRUCTION.match(line)
        if instruction and current:
            computations[current].append(_Line(*instruction.groups()))
    return computations, entry


def _computation(name: str, computations: Mapping[str, list[_Line]], known: dict[str, Count | None]) -> Count | None:
    if name not in known:
        shapes = {line.name: line.shape for line in computations.get(name, ())}
        total: Count | None = Count(0.0, 0.0)
        for line in computations.get(name, ()):
            line_count = _line(line, shapes, computations, known)
            total = (
                None
                if total is None or line_count is None
                else Count(total.flops + line_count.flops, total.bytes + line_count.bytes)
            )
        known[name] = total
    return known[name]


def _line(
    line: _Line, shapes: Mapping[str, str], computations: Mapping[str, list[_Line]], known: dict[str, Count | None]
) -> Count | None:
    called = [
        _computation(name, computations, known)
        for names in re.findall(_CALLED, line.rest)
        for name in _PLAIN_NAME.findall(names)
    ]
    if line.operation == "while":
        trips = _TRIPS.search(line.rest)
        if trips is None or called[0] is None:
            return None
        return Count(called[0].flops * int(trips.group(1)), called[0].bytes * int(trips.group(1)))
    if line.operation == "conditional":  # one branch runs: count the longest
        if any(c is None for c in called):
            return None
        known_branches = [c for c in called if c is not None]
        flops = max((c.flops for c in known_branches), default=0.0)
        return Count(flops, max((c.bytes for c in known_branches), default=0.0))
    if line.operation in ("fusion", "call"):
        if any(c is None for c in called):
            return None
        flops = sum(c.flops for c in called if c is not None)
        moved = sum(c.bytes for c in called if c is not None) if line.operation == "call" else _moved(line, shapes)
        return Count(flops, moved)
    return Count(_flops(line, shapes), 0.0 if line.operation in _VIRTUAL else _moved(line, shapes))


def _flops(line: _Line, shapes: Mapping[str, str]) -> float:
    operands = [shapes.get(n, "") for n in _NAME.findall(line.rest.split("), ")[0])]
    if line.operation == "dot":
        contracted = re.search(r"lhs_contracting_dims=\{([\d,]*)\}", line.rest)
        left = _dims(operands[0]) if operands else []
        axes = [int(a) for a in contracted.group(1).split(",") if a] if contracted else []
        return 2.0 * _elements(line.shape) * math.prod(left[a] for a in axes)
    if line.operation == "convolution" and len(operands) > 1:
        kernel = _dims(operands[1])
        labels = re.search(r"dim_labels=\w+_(\w+)->", line.rest)
        out = kernel[labels.group(1).index("o")] if labels and kernel else 1
        return 2.0 * _elements(line.shape) * math.prod(kernel) / max(out, 1)
    if line.operation in ("reduce", "reduce-window", "select-and-scatter") and operands:
        return float(_elements(operands[0]))
    return 0.0 if line.operation in _FREE else float(_elements(line.shape))


def _moved(line: _Line, shapes: Mapping[str, str]) -> float:
    names = _NAME.findall(line.rest.split("), ")[0])
    return float(_size(line.shape) + sum(_size(shapes.get(n, "")) for n in names))


def _dims(shape: str) -> list[int]:
    array = _ARRAY.search(shape)
    return [int(n) for n in array.group(2).split(",") if n] if array else []


def _elements(shape: str) -> int:
    return sum(math.prod(int(n) for n in dims.split(",") if n) for _, dims in _ARRAY.findall(shape))


def _size(shape: str) -> int:
    return sum(
        _BYTES.get(kind, 4) * math.prod(int(n) for n in dims.split(",") if n) for kind, dims in _ARRAY.findall(shape)
    )
