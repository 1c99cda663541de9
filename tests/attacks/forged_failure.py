# why: a failure report whose details are not what they should be
# expect: standardize=passed momentum=failed dropout=failed
# says: os may not be imported
# expect unscreened: standardize=passed momentum=failed dropout=failed

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
    send({"failure": main_frame().f_locals["call"]["id"], "kind": "structure", "message": "", "actual": 5})
    return state


def dropout(key, x, *, rate):
    name = main_frame().f_locals["call"]["id"]
    send({"failure": name, "kind": "raised", "message": [1] * 9, "type": {}, "kinds": 7, "line": 1e99, "file": None})
    os._exit(1)
