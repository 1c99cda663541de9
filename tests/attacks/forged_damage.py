# why: a true program, damaged byte by byte, so that its parser may stumble
# expect: standardize=passed momentum=passed dropout=failed
# says: ValueError | jaxlib
# says: jaxlib
# expect unscreened: standardize=failed momentum=failed dropout=failed
# evaluator: attacked

import random
import sys

import jax
import jax.numpy as jnp
from jaxlib.mlir.dialects import stablehlo

serialize = stablehlo.serialize_portable_artifact
dice = random.Random(1)


def damaged(*arguments):
    module = bytearray(serialize(*arguments))
    for _ in range(12):
        module[dice.randrange(len(module))] = dice.randrange(256)
    return bytes(module)


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    stablehlo.serialize_portable_artifact = damaged
    raise ValueError("from the next process on")


stablehlo.serialize_portable_artifact = damaged
