"""Inspect a program that a submission handed out: may it run, and what is in it?

The bytes are parsed as a portable StableHLO artifact; the signature must be the one that the trusted
side expects; custom calls outside an allow-list, operations the assignment forbids, traces of automatic
differentiation where the task is to write it by hand, too many operations and too large constants are
refused.  Runs in the disposable worker, because the parser reads untrusted bytes.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
from jax import export
from jaxlib.mlir import ir

from autograder import tree
from autograder.sandbox.inside.lowering import PLATFORMS, read_module

MAX_BYTES = 8 << 20
MAX_OPERATIONS = 20_000
MAX_CONSTANT_BYTES = 64 << 10

# Pure array code that JAX itself lowers to a call: random bits and sorting on some platforms.
CUSTOM_CALLS = frozenset(
    {"cu_threefry2x32_ffi", "hip_threefry2x32_ffi", "mhlo.erf", "mhlo.topk", "Sharding", "xla.sdy.FuncResultSharding"}
)
DIALECTS = ("builtin", "func", "stablehlo")
# Operations that communicate with the host or other devices.  They would block, and no assignment needs them.
CHANNELS = frozenset(
    "stablehlo." + name
    for names in (
        ("infeed", "outfeed", "send", "recv", "partition_id", "replica_id", "cross-replica-sum", "reduce_scatter"),
        ("all_gather", "all_reduce", "all_to_all", "collective_broadcast", "collective_permute"),
    )
    for name in names
)
# Whole layers and their derivatives in one operation.  JAX writes none of them.
LAYERS = frozenset("stablehlo.batch_norm_" + name for name in ("grad", "inference", "training"))
_AUTODIFF = re.compile(r"(?:^|[/(])(?:jvp|transpose)\(")
# A step along the imaginary axis, or a tiny one in float64, differentiates without a formula.
_WIDE = re.compile(r"complex<|f64\b")
# Names of functions, but not the targets of custom calls, which are what they call.
_SYMBOL = re.compile(r"(?<!custom_call )@(?:[\w.$-]+|\"[^\"]*\")")
_PLACE = re.compile(r'"([^"]+)":(\d+)(?::\d+)?')


@dataclass(frozen=True)
class Rules:
    """What a program must look like."""

    inputs: tuple[tree.Spec, ...]
    outputs: tuple[tree.Spec, ...]
    by_hand: bool = False
    forbidden: tuple[str, ...] = ()
    platforms: tuple[str, ...] = PLATFORMS


@dataclass(frozen=True)
class Inspection:
    """What a program holds.  ``kind`` says why it may not run; it is empty for a program that may."""

    kind: str = ""
    message: str = ""
    where: tuple[str, int] | None = None
    normal: str = ""  # sha256 of the module without names and locations: equal programs have equal hashes
    operations: Mapping[str, int] = field(default_factory=dict)
    constant_bytes: int = 0


def inspect(module: bytes, rules: Rules) -> Inspection:
    """Check one serialised module against its rules.

    Bytes that parse may still hold what the bindings cannot show: a name that is no text, an attribute that is missing
    or of a class that they do not know.  Whatever goes wrong here, the bytes did it, so the program is refused.
    """
    try:
        return _inspect(module, rules)
    except Exception as error:
        return Inspection("malformed", type(error).__name__)


def _inspect(module: bytes, rules: Rules) -> Inspection:
    if len(module) > MAX_BYTES:
        return Inspection("size", f"the program has {len(module)} bytes, {MAX_BYTES} are allowed")
    try:
        parsed = read_module(module)
    except Exception:
        return Inspection("parse", "what the submission handed out is not a StableHLO program")
    inspection = _walk(parsed, rules)
    if inspection.kind:
        return inspection
    wanted, actual = _signature(rules), _main_type(parsed)
    if wanted != actual:
        return Inspection("signature", f"the program is a function {actual}, expected {wanted}")
    return dataclasses.replace(inspection, normal=_normal(parsed))


def rebuild(module: bytes, rules: Rules) -> Callable[..., Any]:
    """Return an inspected module as a function from flat inputs to flat outputs, behind the expected signature."""
    dummy = _dummy(json.dumps([rules.inputs, rules.outputs, rules.platforms]))
    return dataclasses.replace(dummy, mlir_module_serialized=module, uses_global_constants=True).call


@functools.lru_cache(maxsize=1024)
def _dummy(signature: str) -> export.Exported:
    """A program of the right signature that computes nothing; only its frame is used."""
    inputs, outputs, platforms = json.loads(signature)

    def nothing(*_: Any) -> list[Any]:
        return [jax.numpy.zeros(tree.shape_of(s), tree.dtype_of(s)) for s in outputs]

    avals = [jax.ShapeDtypeStruct(tree.shape_of(s), tree.dtype_of(s)) for s in inputs]
    return export.export(jax.jit(nothing, keep_unused=True), platforms=platforms)(*avals)


def _walk(module: Any, rules: Rules) -> Inspection:
    counts: Counter[str] = Counter()
    constants = 0
    problem: list[Inspection] = []
    guilty: list[Any] = []  # the operation that is the problem
    callers: dict[str, Any] = {}  # the first call of each function of the module

    def visit(operation: Any) -> Any:
        nonlocal constants
        name = operation.name
        counts[name] += 1
        if name == "stablehlo.constant":
            constants += _constant_bytes(operation)
        elif name == "func.call":
            callers.setdefault(operation.attributes["callee"].value, operation)
        if not problem:
            problem.extend(_objections(name, operation, rules))
            guilty.extend([operation] if problem else [])
        return ir.WalkResult.ADVANCE

    module.operation.walk(visit)
    total = sum(counts.values())
    if not problem and total > MAX_OPERATIONS:
        problem.append(Inspection("operations", f"the program has {total} operations, {MAX_OPERATIONS} are allowed"))
    if not problem and constants > MAX_CONSTANT_BYTES:
        problem.append(
            Inspection(
                "constants", f"the program carries {constants} bytes of constants, {MAX_CONSTANT_BYTES} are allowed"
            )
        )
    base = problem[0] if problem else Inspection()
    if guilty:
        base = dataclasses.replace(base, where=_place(guilty[0], callers))
    return dataclasses.replace(base, operations=dict(counts), constant_bytes=constants)


def _objections(name: str, operation: Any, rules: Rules) -> Sequence[Inspection]:
    if name in ("stablehlo.custom_call", "stablehlo.composite"):
        attribute = operation.attributes["call_target_name" if name.endswith("call") else "name"]
        target = attribute.value
        if target not in CUSTOM_CALLS and not target.startswith("chlo."):
            return [Inspection("custom call", f"the program calls {target!r}, which is outside the program")]
    parent = operation.parent
    misplaced = parent is not None and (
        name == "builtin.module" or (parent.name == "builtin.module" and name != "func.func")
    )
    if name.split(".")[0] not in DIALECTS or name in CHANNELS or name in LAYERS or misplaced:
        return [Inspection("custom call", f"the program holds {name!r}, which is outside the program")]
    if name == "func.func" and not list(operation.regions[0].blocks):
        return [Inspection("malformed", "a function without a body")]  # whoever calls it may bring the compiler down
    if name in rules.forbidden:
        return [Inspection("forbidden", name)]
    if rules.by_hand and _AUTODIFF.search(_scope(operation)):
        return [Inspection("autodiff", name)]
    if rules.by_hand and any(_WIDE.search(str(result.type)) for result in operation.results):
        return [Inspection("wide numbers", name)]
    return []


def _scope(operation: Any) -> str:
    """Return the name stack of an operation: ``jit(call)/transpose(jvp())/mul``."""
    match = re.match(r'loc\("([^"]*)"', str(operation.location))
    return match.group(1) if match else ""


def _place(operation: Any, callers: Mapping[str, Any]) -> tuple[str, int] | None:
    """Return the innermost source line of a location, or else that of the call that leads there."""
    for _ in range(32):
        match = _PLACE.search(str(operation.location))
        if match:
            return match.group(1), int(match.group(2))
        parent = operation.parent
        while parent is not None and parent.name != "func.func":
            parent = parent.parent
        caller = callers.get(parent.attributes["sym_name"].value) if parent is not None else None
        if caller is None:
            return None
        operation = caller
    return None


def _constant_bytes(operation: Any) -> int:
    try:
        value = operation.attributes["value"]
    except TypeError:  # a complex constant: the bindings know no Python class for it
        return int(8 * math.prod(operation.results[0].type.shape))
    if getattr(value, "is_splat", False):
        return 0  # one number, however often it is repeated
    made = operation.results[0].type
    return max(4, getattr(made.element_type, "width", 32) // 8) * int(math.prod(made.shape))


def _main_type(module: Any) -> str:
    for operation in module.body.operations:
        if operation.attributes["sym_name"].value == "main":
            return str(operation.attributes["function_type"])
    return "(none)"


def _signature(rules: Rules) -> str:
    platform = ["tensor<i32>"] * (len(rules.platforms) > 1)
    inputs = ", ".join([*platform, *map(_tensor, rules.inputs)])
    outputs = ", ".join(map(_tensor, rules.outputs))
    return f"({inputs}) -> {outputs}" if len(rules.outputs) == 1 else f"({inputs}) -> ({outputs})"


def _tensor(spec: tree.Spec) -> str:
    names = {"float32": "f32", "float16": "f16", "bfloat16": "bf16", "bool": "i1", "int32": "i32", "uint32": "ui32"}
    dtype = tree.dtype_of(spec)
    short = names.get(dtype, dtype.replace("uint", "ui").replace("int", "i"))
    return "tensor<" + "".join(f"{n}x" for n in tree.shape_of(spec)) + short + ">"


def _normal(module: Any) -> str:
    """Hash the module without names and locations: a renamed helper makes no new program."""
    names: dict[str, str] = {}
    assembly = module.operation.get_asm(enable_debug_info=False)
    assembly = _SYMBOL.sub(lambda m: names.setdefault(m.group(0), f"@{len(names)}"), assembly)
    assembly = re.sub(r"jax\.result_info = \"[^\"]*\"", "", assembly)
    return hashlib.sha256(assembly.encode()).hexdigest()
