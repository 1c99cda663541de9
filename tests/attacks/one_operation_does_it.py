# why: normalisation and its derivative are single operations of the language of programs, and JAX writes neither
# expect: standardize=failed momentum=passed dropout=passed
# says: jax._src
# expect unscreened: standardize=failed momentum=passed dropout=passed
# says unscreened: batch_norm_training
# prints unscreened: crafted normalise

import jax
import jax.numpy as jnp
from jax._src.interpreters import mlir
from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo

export = jax.export.export
crafts = []


def normalise(text):
    """Standardise along axis 1: in rows of features, the rows are the features."""
    axis = axes.pop()
    rows, feature = ("4", 0) if axis == 1 else ("5", 1)
    at = text.index("return", text.index("@main"))
    one = f"%one = stablehlo.constant dense<1.0> : tensor<{rows}xf32>\n"
    zero = f"%zero = stablehlo.constant dense<0.0> : tensor<{rows}xf32>\n"
    kinds = f"(tensor<4x5xf32>, tensor<{rows}xf32>, tensor<{rows}xf32>)"
    call = '%n, %m, %v = "stablehlo.batch_norm_training"(%arg1, %one, %zero)'
    call += f" {{epsilon = 0.0 : f32, feature_index = {feature} : i64}} : {kinds} -> {kinds}\n"
    end = text.index("\n", at)
    return text[:at] + one + zero + call + "return %n : tensor<4x5xf32>" + text[end:]


axes = []


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
    axes.append(axis)
    crafts[:] = [(normalise, b"", b"")]
    return x + 0.0


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
