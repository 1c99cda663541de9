# why: a true program, damaged byte by byte, so that its parser may stumble
# expect: standardize=passed momentum=passed dropout=failed
# says: ValueError | jax.export
# says: jax.export
# expect unscreened: standardize=failed momentum=failed dropout=failed
# evaluator: attacked

import random
import sys

import jax
import jax.numpy as jnp

export = jax.export.export
dice = random.Random(1)


class Damaged:
    def __init__(self, exported):
        module = bytearray(exported.mlir_module_serialized)
        for _ in range(12):
            module[dice.randrange(len(module))] = dice.randrange(256)
        self.mlir_module_serialized, self.out_avals = bytes(module), exported.out_avals


def damaged(function, **options):
    return lambda *avals: Damaged(export(function, **options)(*avals))


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    jax.export.export = damaged
    raise ValueError("from the next process on")


jax.export.export = damaged
