"""Attention and the transformer block

Write the body of every function below. The handout (README.md) has the formulas and the rules: numbers are float32,
masks are boolean and True means "may be looked at", and arguments are never changed in place.

Check yourself as often as you like:

    autograder check submission.py --assignment attention
"""

import jax
import jax.numpy as jnp

# --- positions and masks ---


def positional_encoding(positions, *, dim):
    """Return the sinusoidal encoding of each position; sine and cosine alternate along the last axis.

    Args:
        positions: (T,) int32, in any order.
        dim: even Python int, the width d.
    Returns:
        (T, dim) float32: entries 2k and 2k + 1 are the sine and the cosine of position / 10000 ** (2k / dim).
    """
    raise NotImplementedError


def causal_mask(*, length):
    """Return the mask that lets each position look at itself and at what came before.

    Args:
        length: Python int, the number of positions T.
    Returns:
        (1, 1, T, T) bool; the axes are batch, head, query, key.
    """
    raise NotImplementedError


def padding_mask(lengths, *, size):
    """Return the mask that hides the padding at the end of each sequence.

    Args:
        lengths: (B,) int32, how many keys of each sequence are real (0 to size).
        size: Python int, the number of keys S with the padding.
    Returns:
        (B, 1, 1, S) bool; the axes are batch, head, query, key.
    """
    raise NotImplementedError


# --- attention ---


def scaled_dot_product_attention(q, k, v, mask):
    """Return, for every query and head, the weighted mean of the values.

    Args:
        q: (B, T, H, D) float32, the queries.
        k: (B, S, H, D) float32, the keys.
        v: (B, S, H, Dv) float32, the values.
        mask: None, or bool that broadcasts to (B, H, T, S); True where the query may look at the key.
    Returns:
        (B, T, H, Dv) float32; zeros for a query that may look at no key at all.
    """
    raise NotImplementedError


def multi_head_attention(params, x_q, x_kv, mask, *, num_heads):
    """Project to queries, keys and values, attend in every head, and project back.

    Args:
        params: {"wq": (Mq, E), "bq": (E,), "wk": (Mkv, E), "bk": (E,), "wv": (Mkv, E), "bv": (E,), "wo": (E, Mq),
            "bo": (Mq,)}; head h owns the h-th block of E // num_heads columns.
        x_q: (B, T, Mq) float32, where the queries come from.
        x_kv: (B, S, Mkv) float32, where keys and values come from; x_q itself in self-attention.
        mask: None, or bool that broadcasts to (B, num_heads, T, S).
        num_heads: Python int H, divides E.
    Returns:
        (B, T, Mq) float32.
    """
    raise NotImplementedError


# --- the encoder block ---


def layer_norm(params, x):
    """Normalise the last axis to mean 0 and variance 1, then scale and shift.

    Args:
        params: {"scale": (M,), "bias": (M,)}.
        x: (..., M) float32.
    Returns:
        the shape of x, float32; 1e-6 is added to the variance.
    """
    raise NotImplementedError


def feed_forward(params, x):
    """Apply a layer, gelu (the tanh form), and a second layer at every position.

    Args:
        params: {"w1": (M, F), "b1": (F,), "w2": (F, M), "b2": (M,)}.
        x: (..., M) float32.
    Returns:
        (..., M) float32.
    """
    raise NotImplementedError


def transformer_encoder_block(params, x, mask, *, num_heads):
    """Run one pre-norm block: attention and feed-forward, each normalised before and added to the stream.

    Args:
        params: {"norm1": layer norm, "attention": attention, "norm2": layer norm, "feed_forward": feed-forward}, each
            with the parameters of its own function.
        x: (B, T, M) float32.
        mask: None, or bool that broadcasts to (B, num_heads, T, T).
        num_heads: Python int H.
    Returns:
        (B, T, M) float32.
    """
    raise NotImplementedError


# --- decoding ---


def decode_step(params, cache, x_t, *, num_heads):
    """Take one more position of causal self-attention, with the keys and values of the earlier ones kept.

    Args:
        params: the parameters of multi_head_attention, with Mkv = Mq = M.
        cache: {"k": (B, L, H, D), "v": (B, L, H, D), "length": () int32}: room for L positions, of which the first
            "length" are filled; what the others hold means nothing.
        x_t: (B, M) float32, the input at position number "length".
        num_heads: Python int H.
    Returns:
        the new cache (same structure, "length" one larger) and the output (B, M), in this order.
    """
    raise NotImplementedError


if __name__ == "__main__":
    # Runs when you start this file yourself; the grader never does.
    from types import SimpleNamespace

    import given

    me = SimpleNamespace(
        positional_encoding=positional_encoding,
        causal_mask=causal_mask,
        layer_norm=layer_norm,
        transformer_encoder_block=transformer_encoder_block,
    )
    state = given.init(me, jax.random.key(0), num_heads=4)
    step = jax.jit(lambda state, tokens: given.train_step(me, state, tokens, num_heads=4))
    for number in range(101):
        word = jax.random.randint(jax.random.key(number + 1), (32, given.LENGTH), 0, given.LETTERS)
        state, loss = step(state, given.copy_task(word))
        if number % 20 == 0:
            print(f"step {number}: loss {loss:.4f}")
