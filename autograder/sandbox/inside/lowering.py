"""Lower traced calls to programs: one module for all costs a fraction of one for each, and is taken apart again.

Runs where tracing runs; standard library and JAX only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .tracing import TracedCall, trace_call

PLATFORMS = ("cpu", "cuda", "tpu")


def export_call(
    call: dict[str, Any], student: Any, given: Any, sources: frozenset[str], platforms: Sequence[str] = PLATFORMS
) -> tuple[list[Any], list[Any], bytes]:
    """Trace and lower one call: the specs of its output and of what the function returns, and the program.

    Arguments and errors as for :func:`trace_call` and :func:`lower`.
    """
    traced = trace_call(call, student, given, sources)
    return traced.output, traced.forward, lower([traced], platforms)[0]


def lower(calls: Sequence[TracedCall], platforms: Sequence[str] = PLATFORMS) -> list[bytes]:
    """Turn each call into a serialised StableHLO module of its own.

    A program for several platforms takes the index of the platform, an int32, as its first input.

    Raises:
      Exception: whatever JAX raises where it cannot lower one of the calls; lower them one by one to see which.
      ValueError: the module does not have the form that JAX gives it.
    """
    import jax.export
    import jax.extend.core
    from jaxlib.mlir.dialects import stablehlo

    functions = [jax.extend.core.jaxpr_as_fun(call.jaxpr) for call in calls]

    def together(*xs: Any) -> list[Any]:
        left = iter(xs)
        return [y for f, call in zip(functions, calls, strict=True) for y in f(*(next(left) for _ in call.avals))]

    avals = [aval for call in calls for aval in call.avals]
    exported = jax.export.export(jax.jit(together, keep_unused=True), platforms=platforms)(*avals)
    module = read_module(exported.mlir_module_serialized)
    version = stablehlo.get_version_from_compatibility_requirement(stablehlo.StablehloCompatibilityRequirement.WEEK_4)
    parts = _parts(module, [len(call.avals) + (len(platforms) > 1) for call in calls])
    return [stablehlo.serialize_portable_artifact(part, version, True) for part in parts]


def read_module(program: bytes) -> Any:
    """Parse a serialised module in a context of its own, which keeps every number that it has seen.

    Raises:
      Exception: of the bindings, which raise all kinds: the bytes are no portable StableHLO.
    """
    from jaxlib.mlir import ir
    from jaxlib.mlir.dialects import sdy, stablehlo

    context = ir.Context()
    context.enable_multithreading(False)
    stablehlo.register_dialect(context)
    sdy.register_dialect(context)  # linear algebra carries its attributes; without it, it would not parse
    return stablehlo.deserialize_portable_artifact(context, program)


def _parts(module: Any, inputs: Sequence[int]) -> Iterator[Any]:
    """Yield a module for each call of the main function, with what that call reaches.

    Args:
      inputs: how many inputs each call takes.
    """
    from jaxlib.mlir import ir

    functions = {f.attributes["sym_name"].value: f.operation for f in module.body.operations}
    *calls, _ = [operation.operation for operation in functions["main"].regions[0].blocks[0].operations]
    if [(c.name, len(c.operands)) for c in calls] != [("func.call", count) for count in inputs]:
        raise ValueError("JAX lowered the calls to something else than calls")
    with module.context, ir.Location.unknown():
        for call in calls:
            first = call.attributes["callee"].value
            part = ir.Module.create()
            for attribute in module.operation.attributes:
                part.operation.attributes[attribute] = module.operation.attributes[attribute]
            with ir.InsertionPoint(part.body):
                for operation in module.body.operations:  # what functions may name beside functions
                    if operation.operation.name != "func.func":
                        operation.operation.clone()
                for name in _reached(first, functions):
                    clone = functions[name].clone()
                    if name == first:
                        clone.attributes["sym_name"] = ir.StringAttr.get("main")
                        clone.attributes["sym_visibility"] = ir.StringAttr.get("public")
            yield part


def _reached(first: str, functions: Mapping[str, Any]) -> list[str]:
    """Return the names of a function and of all that it reaches."""
    from jaxlib.mlir import ir

    found: list[str] = [first]

    def look(operation: Any) -> Any:
        if operation.name in ("func.call", "stablehlo.composite"):
            attribute = "callee" if operation.name == "func.call" else "decomposition"
            name = operation.attributes[attribute].value
            if name not in found:
                found.append(name)
        return ir.WalkResult.ADVANCE

    for name in found:  # which grows meanwhile
        functions[name].walk(look)
    return found
