"""How many pairs of tokens a mask allows."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import linen

from question_bank.templates.engine import Draw, Question, Wrong, template

LONGEST = 64  # masks are made for this length and cut, so that every length runs the same program


@jax.jit
def _causal(length: int, window: int = LONGEST) -> jax.Array:
    """The number of pairs (query, key) with the key at the query or fewer than ``window`` places before."""
    places = jnp.arange(LONGEST)
    near = places[:, None] - places[None, :] < window
    real = places < length
    mask = linen.make_causal_mask(jnp.ones(LONGEST), dtype=bool)[0]
    return jnp.sum(mask & near & real[:, None] & real[None, :])


@jax.jit
def _causal_padded(length: int, real: int) -> jax.Array:
    """The same for all queries of a padded sequence, where only the first ``real`` keys may be looked at."""
    places = jnp.arange(LONGEST)
    mask = linen.make_causal_mask(jnp.ones(LONGEST), dtype=bool)[0]
    keys = linen.make_attention_mask(places < length, places < real, dtype=bool)[0]
    return jnp.sum(jnp.asarray(linen.combine_masks(mask, keys)))


@template(topic="attention masks", difficulty=0.4)
def causal_mask_pairs(d: Draw) -> Question:
    """Pairs that a causal mask allows."""
    n, heads, batch = d.integer(6, 64), d.choose(2, 4, 6, 8, 12), d.integer(2, 32)
    one, times = n * (n + 1) // 2, heads * batch
    return Question(
        stem=f"Self-attention with {heads} heads reads a batch of {batch} sequences of {n} tokens. A causal mask lets "
        "each token look at itself and at all tokens before it. How many score entries are not masked, over the whole "
        "batch and all heads?",
        key=_causal(n) * heads * batch,
        second=sum(query + 1 for query in range(n)) * times,
        wrong=[
            Wrong("no mask", n * n * times, "The tokens after the query are masked."),
            Wrong("self masked", n * (n - 1) // 2 * times, "A token may look at itself."),
            Wrong("half of all", n * n * times // 2, "The diagonal is not halved: n·(n + 1) / 2 entries remain."),
            Wrong("one head", one * batch, "Every head has scores of its own."),
            Wrong("one sequence", one * heads, "Every sequence of the batch has scores of its own."),
            Wrong("not halved", n * (n + 1) * times, "Only one side of the diagonal is allowed."),
            Wrong(
                "diagonal missing",
                n * (n - 1) * times,
                "The tokens after the query are masked, and a token may look at itself.",
            ),
            Wrong("one token more", (n + 1) * (n + 2) // 2 * times, "Token i (counted from 1) looks at i tokens."),
        ],
        explanation=f"{n}·{n + 1} / 2 = {one} entries per head and sequence; times {heads} heads and {batch} sequences "
        f"is {one * times}.",
        unit="entries",
    )


@template(topic="attention masks", difficulty=0.6)
def causal_padding_pairs(d: Draw) -> Question:
    """Pairs that a causal mask and a padding mask allow together."""
    n = d.integer(10, 40)
    lengths = d.sample(range(4, n), 2)
    key = _causal_padded(n, lengths[0]) + _causal_padded(n, lengths[1])
    allowed = sum(1 for real in lengths for query in range(n) for place in range(query + 1) if place < real)
    tri = [r * (r + 1) // 2 for r in lengths]
    return Question(
        stem=f"Two sequences of {lengths[0]} and {lengths[1]} tokens are padded at the end to {n} tokens. A position "
        f"may look at itself and at positions before it (causal mask), but never at padding (padding mask). All {n} "
        "positions of a sequence ask, the padding too. How many pairs of a position that asks and one that it may "
        "look at are there in both sequences together?",
        key=key,
        second=allowed,
        wrong=[
            Wrong("no padding mask", n * (n + 1), "Padding may not be looked at."),
            Wrong("no causal mask", n * sum(lengths), "Later positions may not be looked at."),
            Wrong("padding does not ask", sum(tri), "The padded positions ask too."),
            Wrong("self masked", allowed - sum(lengths), "A position may look at itself, unless it is padding."),
            Wrong(
                "padding looks at itself",
                allowed + 2 * n - sum(lengths),
                "Padding may not be looked at, not even by itself.",
            ),
            Wrong("first sequence only", tri[0] + (n - lengths[0]) * lengths[0], "Count both sequences."),
            Wrong(
                "squares",
                sum(r * r for r in lengths),
                "Among the real tokens the causal mask holds, and the padding asks too.",
            ),
            Wrong("no mask", 2 * n * n, "Neither later positions nor padding may be looked at."),
        ],
        explanation=" and ".join(f"{r}·{r + 1} / 2 + {n - r}·{r} = {r * (r + 1) // 2 + (n - r) * r}" for r in lengths)
        + f": {allowed} in all.",
        unit="pairs",
    )


@template(topic="attention masks", difficulty=0.55)
def sliding_window_pairs(d: Draw) -> Question:
    """Pairs that a causal sliding window allows."""
    n, w, heads = d.integer(12, 64), d.integer(3, 10), d.choose(2, 4, 6, 8, 12)
    one = sum(min(query + 1, w) for query in range(n))
    wider = n * (w + 1) - w * (w + 1) // 2
    return Question(
        stem=f"Self-attention with {heads} heads reads {n} tokens. Its mask lets each token look at itself and at the "
        f"{w - 1} tokens before it, as far as there are any, and at no others. How many score entries are not masked, "
        "over all heads?",
        key=_causal(n, w) * heads,
        second=one * heads,
        wrong=[
            Wrong("full windows", n * w * heads, f"The first {w - 1} tokens have fewer tokens before them."),
            Wrong(
                "first tokens left out",
                (n - w + 1) * w * heads,
                f"The first {w - 1} tokens look at fewer tokens, but they look.",
            ),
            Wrong("self masked", (one - n) * heads, "A token may look at itself."),
            Wrong("window too wide", wider * heads, f"The window holds {w} tokens, the token itself included."),
            Wrong("no window", n * (n + 1) // 2 * heads, "Tokens further back than the window are masked."),
            Wrong("one head", one, "Every head has scores of its own."),
            Wrong("both sides", (2 * one - n) * heads, "Later tokens are masked."),
            Wrong("no mask", n * n * heads, "Later tokens and tokens further back than the window are masked."),
        ],
        explanation=f"{n}·{w} − {w}·{w - 1} / 2 = {one} entries per head; times {heads} is {one * heads}.",
        unit="entries",
    )
