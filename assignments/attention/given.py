"""Functions of this assignment that are written for you.

They put the pieces of a submission together.  ``student`` is any object that holds your functions: the
grader passes your submission; in a file of your own, ``types.SimpleNamespace`` of your functions will do.

The training task is copying.  A row of tokens is a word, a separator, and the word again:

    c a b | c a b

One causal block reads the row and predicts every next token.  The first word is noise; the second can be
predicted without a mistake by looking back at the right place, and at nothing else.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

LETTERS = 8  # tokens 0 .. 7; the separator is token 8
LENGTH = 6  # letters in a word
WIDTH, HIDDEN = 32, 64
RATE = 1e-2

Params = dict[str, Any]


# --- decoding ---------------------------------------------------------------------------------------------


def decode(student: Any, state: Params, x_t: Any, *, num_heads: int) -> tuple[Params, Any]:
    """Take one step of ``decode_step``; the state is {"params": ..., "cache": ...}."""
    cache, out = student.decode_step(state["params"], state["cache"], x_t, num_heads=num_heads)
    return {"params": state["params"], "cache": cache}, out


def decode_and_recompute(student: Any, params: Params, cache: Params, x: Any, *, num_heads: int) -> Params:
    """Attend to x (B, T, M) twice: position by position from an unfilled cache, and all at once with a causal mask."""
    outs = []
    for t in range(x.shape[1]):
        cache, out = student.decode_step(params, cache, x[:, t], num_heads=num_heads)
        outs.append(out)
    mask = student.causal_mask(length=x.shape[1])
    full = student.multi_head_attention(params, x, x, mask, num_heads=num_heads)
    return {"step by step": jnp.stack(outs, axis=1), "all at once": full}


# --- training ---------------------------------------------------------------------------------------------


def copy_task(word: Any) -> Any:
    """Return the rows of the copying task: (B, LENGTH) letters -> (B, 2 * LENGTH + 1) tokens, int32."""
    separator = jnp.full((word.shape[0], 1), LETTERS, jnp.int32)
    return jnp.concatenate([word, separator, word], axis=1)


def init(student: Any, key: Any, *, num_heads: int) -> Params:
    """Draw the parameters of a one-block language model, and an optimizer state of zeros."""
    del student, num_heads
    keys = iter(jax.random.split(key, 8))

    def draw(i: int, o: int) -> Any:
        return jax.random.normal(next(keys), (i, o), jnp.float32) / i**0.5

    def norm() -> Params:
        return {"scale": jnp.ones(WIDTH, jnp.float32), "bias": jnp.zeros(WIDTH, jnp.float32)}

    attention: Params = {}
    for name in "qkvo":
        attention |= {"w" + name: draw(WIDTH, WIDTH), "b" + name: jnp.zeros(WIDTH, jnp.float32)}
    params = {
        "embedding": draw(LETTERS + 1, WIDTH),
        "block": {
            "norm1": norm(),
            "attention": attention,
            "norm2": norm(),
            "feed_forward": {
                "w1": draw(WIDTH, HIDDEN),
                "b1": jnp.zeros(HIDDEN, jnp.float32),
                "w2": draw(HIDDEN, WIDTH),
                "b2": jnp.zeros(WIDTH, jnp.float32),
            },
        },
        "norm": norm(),
        "head": draw(WIDTH, LETTERS + 1),
    }
    zeros = jax.tree.map(jnp.zeros_like, params)
    return {"params": params, "mean": zeros, "square": zeros, "step": jnp.int32(0)}


def logits(student: Any, params: Params, tokens: Any, *, num_heads: int) -> Any:
    """Predict the next token at every position: (B, T) -> (B, T, LETTERS + 1)."""
    length = tokens.shape[1]
    x = params["embedding"][tokens] + student.positional_encoding(jnp.arange(length, dtype=jnp.int32), dim=WIDTH)
    mask = student.causal_mask(length=length)
    x = student.transformer_encoder_block(params["block"], x, mask, num_heads=num_heads)
    return student.layer_norm(params["norm"], x) @ params["head"]


def train_step(student: Any, state: Params, tokens: Any, *, num_heads: int) -> tuple[Params, Any]:
    """Take one step of Adam on one batch of rows (B, T); return the new state and the loss before the step."""

    def loss_of(params: Params) -> Any:
        scores = logits(student, params, tokens[:, :-1], num_heads=num_heads)[:, LENGTH:]
        right = jax.nn.one_hot(tokens[:, LENGTH + 1 :], LETTERS + 1)
        return -jnp.mean(jnp.sum(right * jax.nn.log_softmax(scores), axis=-1))

    loss, grads = jax.value_and_grad(loss_of)(state["params"])
    step = state["step"] + 1
    mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, state["mean"], grads)
    square = jax.tree.map(lambda s, g: 0.99 * s + 0.01 * g * g, state["square"], grads)

    def move(p: Any, m: Any, s: Any) -> Any:
        return p - RATE * (m / (1 - 0.9**step)) / (jnp.sqrt(s / (1 - 0.99**step)) + 1e-8)

    params = jax.tree.map(move, state["params"], mean, square)
    return {"params": params, "mean": mean, "square": square, "step": step}, loss


def predict(student: Any, state: Params, tokens: Any, *, num_heads: int) -> Any:
    """Return the scores for each letter of the second word: rows (B, T) -> (B, LENGTH, LETTERS + 1)."""
    return logits(student, state["params"], tokens[:, :-1], num_heads=num_heads)[:, LENGTH:]
