# why: an error whose text clears the terminal, and one whose text cannot be asked for
# expect: standardize=failed momentum=failed dropout=passed
# says: ValueError
# says: Rude

import jax
import jax.numpy as jnp


class Rude(Exception):
    def __str__(self):
        raise self


def standardize(x, *, axis):
    raise ValueError("\x1b[2J\ud800<script>alert(1)</script>" + "A" * 100_000)


def momentum(state, grad):
    raise Rude


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
