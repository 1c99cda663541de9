# why: without the places of its operations a program does not show that it was differentiated; but nothing was
# expect: standardize=failed momentum=passed dropout=passed
# says: jaxlib
# says: automatic differentiation
# expect unscreened: standardize=failed momentum=passed dropout=passed
# says unscreened: automatic differentiation does not work

import jax
import jax.numpy as jnp
from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo

serialize = stablehlo.serialize_portable_artifact


def stripped(part, *rest):
    with part.context:
        return serialize(ir.Module.parse(part.operation.get_asm(enable_debug_info=False)), *rest)


stablehlo.serialize_portable_artifact = stripped


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
