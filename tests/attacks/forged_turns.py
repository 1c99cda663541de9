# why: a function that pretends to begin over and over, so that its time is never up, and takes that of the others
# expect: standardize=failed momentum=passed dropout=passed
# says: os may not be imported
# expect unscreened: standardize=failed momentum=passed dropout=passed
# says unscreened: not a program

import json
import os
import struct
import sys

import jax
import jax.numpy as jnp
import time


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
    while True:
        for place in (["submission", 0], ["call", main_frame().f_locals["call"]["id"]]):
            send({"begin": place})
            time.sleep(0.5)


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
