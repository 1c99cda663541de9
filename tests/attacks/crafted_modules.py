# why: true programs with a nested module, a wait for the host, a function that calls itself
# expect: standardize=passed momentum=failed dropout=passed
# says: jaxlib
# expect unscreened: standardize=failed momentum=failed dropout=failed
# says unscreened: builtin.module
# says unscreened: stablehlo.infeed
# evaluator: attacked

import jax
import jax.numpy as jnp
from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo


def nest(text):
    return text.replace("{\n", "{\n module { }\n", 1)


def wait(text):
    at = text.index("\n", text.index("@main")) + 1
    read = '"stablehlo.infeed"(%token) : (!stablehlo.token) -> (tensor<4xf32>, !stablehlo.token)\n'
    return text[:at] + "%token = stablehlo.create_token : !stablehlo.token\n%read:2 = " + read + text[at:]


def call_itself(text):
    at = text.index("\n", text.index("@main")) + 1
    call = "%again = func.call @again(%arg0) : (tensor<2xui32>) -> tensor<2xui32>\n"
    function = call.replace("%arg0", "%x") + "return %again : tensor<2xui32>"
    end = text.rindex("}")
    text = text[:end] + "func.func private @again(%x: tensor<2xui32>) -> tensor<2xui32> {\n" + function + "}\n}"
    return text[:at] + call + text[at:]


CRAFTS = {"standardize": (nest, b"", b""), "momentum": (wait, b"", b""), "dropout": (call_itself, b"", b"")}
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
    return (x - x.mean(axis=axis, keepdims=True)) / x.std(axis=axis, keepdims=True)


def momentum(state, grad):
    return {"w": state["w"] + grad["w"], "v": state["v"]}


def dropout(key, x, *, rate):
    return x * (jax.random.uniform(key, x.shape) >= rate) / (1 - rate)
