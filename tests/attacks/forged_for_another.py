# why: work by hand is answered again in the name of a later life, in which differentiation works
# expect: standardize=failed momentum=failed dropout=passed
# says: os may not be imported
# expect unscreened: standardize=failed momentum=passed dropout=passed
# prints unscreened: answered

import json
import os
import struct
import sys

import jax
import jax.numpy as jnp
import hashlib


def send(header, payload=b"", raw=None):
    """Write a frame to every descriptor there is; the tracer's own is among them."""
    text = raw or json.dumps(header).encode()
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, struct.pack(">II", len(text), len(payload)) + text + payload)
        except OSError:
            pass


def main_frame():
    frame = sys._getframe()
    while frame.f_code.co_name != "_serve":
        frame = frame.f_back
    return frame


def energy(x, axis):
    return (0.5 * (x - x.mean(axis=axis, keepdims=True)) ** 2).sum()


def standardize(x, *, axis):
    centred = jax.grad(energy)(x, axis)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    """Trace the work by hand here, and answer for it: keys are digests of what is public."""
    shape = jax.ShapeDtypeStruct((4, 5), "float32")
    module = jax.export.export(jax.jit(lambda x: standardize(x, axis=1)))(shape).mlir_module_serialized
    described = [["standardize", [["a", [4, 5], "float32"]], "{'axis': 1}", None, "highest"], "standardize_values"]
    for content in (described[0], json.dumps(described[0]), described[1], repr(tuple(described[0]))):
        key = hashlib.sha256(str(content).encode()).hexdigest()
        for name in (key, key[:16], content):
            send({"program": name, "output": ["a", [4, 5], "float32"], "forward": ["a", [4, 5], "float32"]}, module)
            send({"failure": name, "kind": "missing", "message": ""})
    print("answered")
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
