# why: every function that differentiates, under every name it goes by
# expect: standardize=failed momentum=passed dropout=passed
# says: jax.vjp
# expect unscreened: standardize=failed momentum=passed dropout=passed
# prints unscreened: held grad AutodiffRefusedError
# prints unscreened: held linearize AutodiffRefusedError
# prints unscreened: held transpose AutodiffRefusedError
# prints unscreened: held hessian AutodiffRefusedError
# prints unscreened: held compiled AutodiffRefusedError

import jax
import jax.numpy as jnp


def energy(x, axis):
    return (0.5 * (x - x.mean(axis=axis, keepdims=True)) ** 2).sum()


WAYS = {
    "grad": lambda f, x: jax.grad(f)(x),
    "value_and_grad": lambda f, x: jax.value_and_grad(f)(x)[1],
    "jacfwd": lambda f, x: jax.jacfwd(f)(x),
    "jacrev": lambda f, x: jax.jacrev(f)(x),
    "jvp": lambda f, x: jax.vmap(lambda d: jax.jvp(f, (x,), (d,))[1])(jnp.eye(x.size).reshape(-1, *x.shape)),
    "vjp": lambda f, x: jax.vjp(f, x)[1](jnp.ones(()))[0],
    "linearize": lambda f, x: jax.vmap(jax.linearize(f, x)[1])(jnp.eye(x.size).reshape(-1, *x.shape)),
    "transpose": lambda f, x: jax.linear_transpose(lambda y: (x * y).sum(), x)(jnp.ones(()))[0],
    "hessian": lambda f, x: jax.hessian(f)(x),
    "saved": lambda f, x: jax.vjp(jax.checkpoint(f), x)[1](jnp.ones(()))[0],
    "compiled": lambda f, x: jax.jit(jax.grad(f))(x),
}


def derivative(x, axis):
    for name, way in WAYS.items():
        try:
            found = way(lambda y: energy(y, axis), x)
            print("worked", name)  # as it does where the grader itself differentiates
            return found.reshape(x.shape)
        except TypeError as error:
            print("held", name, type(error).__name__)
    return x


def standardize(x, *, axis):
    centred = derivative(x, axis)
    return centred / jnp.sqrt((centred**2).mean(axis=axis, keepdims=True))


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
