# why: JSON that is nested deeper than any parser goes
# expect: standardize=passed momentum=failed dropout=failed
# says: os may not be imported
# expect unscreened: standardize=passed momentum=failed dropout=failed
# says unscreened: not a program

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
    send({}, raw=b'{"begin": ' + b"[" * 100_000 + b"]" * 100_000 + b"}")
    return state


def dropout(key, x, *, rate):
    output = ["a", [], "float32"]
    for _ in range(500):
        output = ["l", [output]]
    send({"program": main_frame().f_locals["call"]["id"], "output": output, "forward": output}, b"x")
    return x
