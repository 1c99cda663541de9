# why: a frame that goes back to before any student code ran, where a fault would be ours
# expect: standardize=passed momentum=failed dropout=passed
# says: os may not be imported
# expect unscreened: standardize=passed momentum=failed dropout=passed
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
    send({"begin": ["import jax", 0]})
    os._exit(1)


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
