# why: the last frame says how long it took: no number, and less than nothing
# expect: standardize=passed momentum=passed dropout=failed
# says: os may not be imported
# expect unscreened: standardize=passed momentum=passed dropout=failed
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
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    mine = [c for c in main_frame().f_locals["request"]["calls"] if c["function"] == "dropout"]
    if mine[0] is not main_frame().f_locals["call"]:
        raise ValueError("not yet")
    send({"failure": main_frame().f_locals["call"]["id"], "kind": "missing", "message": "gone"})
    send({}, raw=b'{"done": true, "start": NaN, "trace": -1e300}')
    return x
