# why: without the places of its operations a program does not show that it was differentiated; but nothing was
# expect: standardize=failed momentum=passed dropout=passed
# says: jax._src
# says: automatic differentiation
# expect unscreened: standardize=failed momentum=passed dropout=passed
# says unscreened: automatic differentiation does not work

import jax
import jax.numpy as jnp
from jax._src.interpreters import mlir
from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo

export = jax.export.export


class Stripped:
    def __init__(self, exported):
        self.out_avals = exported.out_avals
        with mlir.make_ir_context() as context:
            module = stablehlo.deserialize_portable_artifact(context, exported.mlir_module_serialized)
            plain = ir.Module.parse(module.operation.get_asm(enable_debug_info=False))
            self.mlir_module_serialized = stablehlo.serialize_portable_artifact(plain, stablehlo.get_minimum_version())


jax.export.export = lambda function, **options: lambda *avals: Stripped(export(function, **options)(*avals))


def energy(x, axis):
    return (0.5 * (x - x.mean(axis=axis, keepdims=True)) ** 2).sum()


def standardize(x, *, axis):
    centred = jax.grad(energy)(x, axis)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
