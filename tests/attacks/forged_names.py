# why: reports with halves of characters, control codes and words of the grader in every field
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


odd = "\ud800\x1b[2J\u202e\x00{trace_seconds}{0.__class__}</script>\n"
send({"raised": ["submission", 1], "message": odd, "type": odd, "file": odd, "line": True})
send({"raised": ["submission", 2], "message": [odd], "type": {odd: odd}, "line": -1})


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    name = main_frame().f_locals["call"]["id"]
    details = {"message": odd, "type": odd, "kinds": [odd, "RecursionError\ud800", None], "file": odd, "line": 2**30}
    send({"failure": name, "kind": "raised", **details})
    return state


def dropout(key, x, *, rate):
    name = main_frame().f_locals["call"]["id"]
    actual = ["d", [[odd, ["a", [2**39] * 60, odd]], [10**4000, ["k"]], [True, ["n"]], ["", ["t", []]]]]
    send({"failure": name, "kind": "structure", "message": odd, "actual": actual})
    return x
