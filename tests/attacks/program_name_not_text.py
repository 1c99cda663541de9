# why: names in a program that are no text: of a function, of a call to somewhere else, and very long
# expect: standardize=passed momentum=passed dropout=passed
# says: jaxlib
# expect unscreened: standardize=failed momentum=failed dropout=failed
# says unscreened: a program that cannot be read
# says unscreened: something other than array operations
# evaluator: attacked

import jax
import jax.numpy as jnp
from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo


def same(text):
    return text


def call_far_away(text):
    """Call something whose name has two megabytes."""
    at = text.index("\n", text.index("@main")) + 1
    call = "%far = stablehlo.custom_call @" + "n" * (2 << 20) + "(%arg0) : (tensor<2xui32>) -> tensor<2xui32>\n"
    return text[:at] + call + text[at:]


CRAFTS = {
    "standardize": (same, b"inner_function", b"inn\xe5r_function"),
    "momentum": (same, b"inner_function", b"\xff\xfe\xfd\xfc\xfb_function"),
    "dropout": (call_far_away, b"", b""),
}
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


@jax.jit
def inner_function(x):
    return x * 1.0


def standardize(x, *, axis):
    x = inner_function(x)
    return (x - x.mean(axis=axis, keepdims=True)) / x.std(axis=axis, keepdims=True)


def momentum(state, grad):
    v = 0.9 * state["v"] + inner_function(grad["w"])
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    return x * (jax.random.uniform(key, x.shape) >= rate) / (1 - rate)
