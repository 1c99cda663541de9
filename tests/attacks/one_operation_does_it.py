# why: normalisation and its derivative are single operations of the language of programs, and JAX writes neither
# expect: standardize=failed momentum=passed dropout=passed
# says: jaxlib
# expect unscreened: standardize=failed momentum=passed dropout=passed
# says unscreened: batch_norm_training

import jax
import jax.numpy as jnp
from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo


def normalise(text):
    """Standardise along axis 1: in rows of features, the rows are the features."""
    axis = axes.pop()
    rows, feature = ("4", 0) if axis == 1 else ("5", 1)
    at = text.index("return", text.index("@main"))
    one = f"%one = stablehlo.constant dense<1.0> : tensor<{rows}xf32>\n"
    zero = f"%zero = stablehlo.constant dense<0.0> : tensor<{rows}xf32>\n"
    kinds = f"(tensor<4x5xf32>, tensor<{rows}xf32>, tensor<{rows}xf32>)"
    call = '%n, %m, %v = "stablehlo.batch_norm_training"(%arg0, %one, %zero)'
    call += f" {{epsilon = 0.0 : f32, feature_index = {feature} : i64}} : {kinds} -> {kinds}\n"
    end = text.index("\n", at)
    return text[:at] + one + zero + call + "return %n : tensor<4x5xf32>" + text[end:]


axes = []


CRAFTS = {"standardize": (normalise, b"", b"")}
serialize = stablehlo.serialize_portable_artifact


def handed_out(part, *rest):
    """Craft the program of a function that is named in the places of its operations."""
    text = part.operation.get_asm(enable_debug_info=True)
    for name, (craft, old, new) in CRAFTS.items():
        if f'"{name}"' in text:
            with part.context:
                crafted = ir.Module.parse(craft(part.operation.get_asm()))
            return serialize(crafted, *rest).replace(old, new)
    return serialize(part, *rest)


stablehlo.serialize_portable_artifact = handed_out


def standardize(x, *, axis):
    axes.append(axis)
    return x + 0.0


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
