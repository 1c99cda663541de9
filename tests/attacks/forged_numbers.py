# why: frames with numbers that are none, and places that nobody asked about
# expect: standardize=passed momentum=failed dropout=failed
# says: os may not be imported
# expect unscreened: standardize=passed momentum=failed dropout=failed
# says unscreened: not a program

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
    send({}, raw=b'{"begin": ["submission", 1e999]}')
    return state


def dropout(key, x, *, rate):
    send({"raised": ["nowhere", 10**9], "kind": {}})
    return x
