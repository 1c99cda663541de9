# why: a true program calls a function whose name is no text
# expect: standardize=passed momentum=passed dropout=passed
# says: jax._src
# expect unscreened: standardize=passed momentum=failed dropout=passed
# says unscreened: program that cannot be read
# prints unscreened: crafted called
# evaluator: attacked

import jax
import jax.numpy as jnp
from jax._src.interpreters import mlir
from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo

export = jax.export.export
crafts = []


def called(text):
    at = text.index("\n", text.index("@main")) + 1
    call = "%none = func.call @attack() : () -> tensor<f32>\n"
    end = text.rindex("}")
    body = "{ %x = stablehlo.constant dense<1.0> : tensor<f32>\n return %x : tensor<f32> }"
    return text[:at] + call + text[at:end] + "func.func private @attack() -> tensor<f32> " + body + "\n}"


class Crafted:
    def __init__(self, exported):
        self.out_avals = exported.out_avals
        self.mlir_module_serialized = exported.mlir_module_serialized
        if not crafts:
            return
        craft, old, new = crafts.pop()
        with mlir.make_ir_context() as context:
            module = stablehlo.deserialize_portable_artifact(context, exported.mlir_module_serialized)
            crafted = ir.Module.parse(craft(module.operation.get_asm()))
            print("crafted", craft.__name__)
            data = stablehlo.serialize_portable_artifact(crafted, stablehlo.get_minimum_version())
            self.mlir_module_serialized = data.replace(old, new)


jax.export.export = lambda function, **options: lambda *avals: Crafted(export(function, **options)(*avals))


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    crafts[:] = [(called, b"attack", b"at\xff\xfeck")]
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
