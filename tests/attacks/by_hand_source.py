# why: the source of the differentiating module is read and run under another name
# expect: standardize=failed momentum=passed dropout=passed
# says: open is not allowed
# expect unscreened: standardize=failed momentum=passed dropout=passed

import jax
import jax.numpy as jnp
import types

import jax._src.interpreters.ad as known


def energy(x, axis):
    return (0.5 * (x - x.mean(axis=axis, keepdims=True)) ** 2).sum()


engine = types.ModuleType("engine")
engine.__dict__.update(__name__="engine", __package__="")
exec(compile(open(known.__file__).read(), "engine.py", "exec"), engine.__dict__)


def tangent(x, axis, direction):
    from jax._src import linear_util as lu
    from jax._src.api_util import debug_info

    info = debug_info("jvp", energy, (x, axis), {})
    return engine.jvp(lu.wrap_init(lambda y: [energy(y, axis)], debug_info=info)).call_wrapped([x], [direction])[1][0]


def standardize(x, *, axis):
    centred = jax.vmap(lambda d: tangent(x, axis, d))(jnp.eye(x.size).reshape(-1, *x.shape)).reshape(x.shape)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
