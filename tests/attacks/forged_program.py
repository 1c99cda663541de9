# why: bytes that are no program, sent in the name of the function
# expect: standardize=passed momentum=failed dropout=passed
# says: os may not be imported
# expect unscreened: standardize=passed momentum=failed dropout=passed
# says unscreened: not a program
# evaluator: attacked

import json
import os
import struct
import sys

import jax
import jax.numpy as jnp


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


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    output = ["d", [["v", ["a", [3], "float32"]], ["w", ["a", [3], "float32"]]]]
    send({"program": main_frame().f_locals["call"]["id"], "output": output, "forward": output}, b"ML\xefR" + os.urandom(4000))
    return state


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
