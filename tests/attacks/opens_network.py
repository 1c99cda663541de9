# why: connections to the world, to this machine, and by name
# expect: standardize=passed momentum=passed dropout=passed
# says: socket may not be imported
# expect unscreened: standardize=passed momentum=passed dropout=passed
# prints unscreened: held world
# prints unscreened: held name
# prints unscreened: held packet

import os

import jax
import jax.numpy as jnp


def attempt(what, action):
    """Run something that must fail; say so either way."""
    try:
        print("BREACH", what, repr(action())[:200])
    except BaseException as error:
        print("held", what, type(error).__name__)


import socket


def connect(host, port):
    return socket.create_connection((host, port), timeout=1)


attempt("world", lambda: connect("1.1.1.1", 53))
attempt("name", lambda: connect("example.com", 80))
for port in (22, 80, 111, 631, 8080):
    attempt("machine", lambda: connect("127.0.0.1", port))
attempt("raw", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
attempt("packet", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
attempt("abstract", lambda: socket.socket(socket.AF_UNIX).connect("\0/tmp/.X11-unix/X0"))
if len(socket.if_nameindex()) > 1:
    print("BREACH", socket.if_nameindex())


def standardize(x, *, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
