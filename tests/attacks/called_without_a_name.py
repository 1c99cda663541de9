# why: a true program calls a function whose name is no text
# expect: standardize=passed momentum=passed dropout=passed
# says: jaxlib
# expect unscreened: standardize=passed momentum=failed dropout=passed
# says unscreened: program that cannot be read
# evaluator: attacked

import jax
import jax.numpy as jnp
from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo


def called(text):
    at = text.index("\n", text.index("@main")) + 1
    call = "%none = func.call @attack() : () -> tensor<f32>\n"
    end = text.rindex("}")
    body = "{ %x = stablehlo.constant dense<1.0> : tensor<f32>\n return %x : tensor<f32> }"
    return text[:at] + call + text[at:end] + "func.func private @attack() -> tensor<f32> " + body + "\n}"


CRAFTS = {"momentum": (called, b"attack", b"at\xff\xfeck")}
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
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
