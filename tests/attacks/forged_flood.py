# why: valid frames without end
# expect: standardize=passed momentum=passed dropout=failed
# says: os may not be imported
# expect unscreened: standardize=passed momentum=passed dropout=failed
# says unscreened: not a program | Tracing did not finish in

import json
import os
import struct

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


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    while True:
        send({"nothing": "x" * 60_000}, bytes(1 << 16))
