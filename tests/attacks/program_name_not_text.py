# why: names in a program that are no text: of a function, of a call to somewhere else, and very long
# expect: standardize=passed momentum=passed dropout=passed
# says: jax._src
# expect unscreened: standardize=failed momentum=failed dropout=failed
# says unscreened: a program that cannot be read
# says unscreened: something other than array operations
# prints unscreened: renamed
# evaluator: attacked

import jax
import jax.numpy as jnp
from jax._src.interpreters import mlir
from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo

export = jax.export.export
changes = []


def call_far_away(module):
    """Call something whose name has two megabytes."""
    with mlir.make_ir_context() as context:
        text = stablehlo.deserialize_portable_artifact(context, module).operation.get_asm()
        at = text.index("\n", text.index("@main")) + 1
        call = "%far = stablehlo.custom_call @" + "n" * (2 << 20) + "(%arg1) : (tensor<2xui32>) -> tensor<2xui32>\n"
        crafted = ir.Module.parse(text[:at] + call + text[at:])
        return stablehlo.serialize_portable_artifact(crafted, stablehlo.get_minimum_version())


class Renamed:
    def __init__(self, exported):
        self.out_avals = exported.out_avals
        module = bytes(exported.mlir_module_serialized)
        self.mlir_module_serialized = changes.pop()(module)
        print("renamed" if self.mlir_module_serialized != module else "not changed")


jax.export.export = lambda function, **options: lambda *avals: Renamed(export(function, **options)(*avals))


@jax.jit
def inner_function(x):
    return x * 1.0


def standardize(x, *, axis):
    changes[:] = [lambda module: module.replace(b"inner_function", b"inn\xe5r_function")]
    x = inner_function(x)
    return (x - x.mean(axis=axis, keepdims=True)) / x.std(axis=axis, keepdims=True)


def momentum(state, grad):
    changes[:] = [lambda module: module.replace(b"inner_function", b"\xff\xfe\xfd\xfc\xfb_function")]
    v = 0.9 * state["v"] + inner_function(grad["w"])
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    changes[:] = [call_far_away]
    return x * (jax.random.uniform(key, x.shape) >= rate) / (1 - rate)
