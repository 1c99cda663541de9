# why: true programs with a nested module, a wait for the host, a function that calls itself
# expect: standardize=passed momentum=failed dropout=passed
# says: jax._src
# expect unscreened: standardize=failed momentum=failed dropout=failed
# says unscreened: builtin.module
# says unscreened: stablehlo.infeed
# prints unscreened: crafted
# evaluator: attacked

import jax
import jax.numpy as jnp
from jax._src.interpreters import mlir
from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo

export = jax.export.export
crafts = []


def nest(text):
    return text.replace("{\n", "{\n module { }\n", 1)


def wait(text):
    at = text.index("\n", text.index("@main")) + 1
    read = '"stablehlo.infeed"(%token) : (!stablehlo.token) -> (tensor<4xf32>, !stablehlo.token)\n'
    return text[:at] + "%token = stablehlo.create_token : !stablehlo.token\n%read:2 = " + read + text[at:]


def call_itself(text):
    at = text.index("\n", text.index("@main")) + 1
    call = "%again = func.call @again(%arg1) : (tensor<2xui32>) -> tensor<2xui32>\n"
    function = call.replace("%arg1", "%x") + "return %again : tensor<2xui32>"
    end = text.rindex("}")
    text = text[:end] + "func.func private @again(%x: tensor<2xui32>) -> tensor<2xui32> {\n" + function + "}\n}"
    return text[:at] + call + text[at:]


class Crafted:
    def __init__(self, exported):
        self.out_avals = exported.out_avals
        with mlir.make_ir_context() as context:
            module = stablehlo.deserialize_portable_artifact(context, exported.mlir_module_serialized)
            text = crafts.pop()(module.operation.get_asm())
            print("crafted")
            crafted = ir.Module.parse(text)
            self.mlir_module_serialized = stablehlo.serialize_portable_artifact(
                crafted, stablehlo.get_minimum_version()
            )


jax.export.export = lambda function, **options: lambda *avals: Crafted(export(function, **options)(*avals))


def standardize(x, *, axis):
    crafts[:] = [nest]
    return (x - x.mean(axis=axis, keepdims=True)) / x.std(axis=axis, keepdims=True)


def momentum(state, grad):
    crafts[:] = [wait]
    return {"w": state["w"], "v": state["v"]}


def dropout(key, x, *, rate):
    crafts[:] = [call_itself]
    return x * (jax.random.uniform(key, x.shape) >= rate) / (1 - rate)
