"""Scaled dot-product attention by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from question_bank.templates._writing import listed, row
from question_bank.templates.engine import Draw, Question, Wrong, template

ORDINALS = ("first", "second", "third", "fourth")


@jax.jit
def _attention(query: jax.Array, keys: jax.Array, values: jax.Array) -> jax.Array:
    """What JAX's own attention makes of one query (one head)."""
    return jax.nn.dot_product_attention(query[None, None], keys[:, None], values[:, None])[0, 0]


@jax.jit
def _score(query: jax.Array, key: jax.Array) -> jax.Array:
    return jnp.einsum("d,d->", query, key) / jnp.sqrt(query.shape[0])


_mixed = jax.jit(lambda scores, values: jax.nn.softmax(scores) @ values)


_causal = jax.jit(
    lambda scores, i, j: jax.nn.softmax(jnp.where(jnp.tri(4, dtype=bool), scores, -jnp.inf), axis=-1)[i, j]
)


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    return math.fsum(x * y for x, y in zip(a, b, strict=True))


def _sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


@template(topic="scaled dot-product attention", difficulty=0.35)
def attention_score(d: Draw) -> Question:
    """One scaled score of a query and a key."""
    q, k = d.decimals(4, -3.0, 3.0), d.decimals(4, -3.0, 3.0)
    dot = _dot(q, k)
    d.need(abs(dot) > 1 and 0.0 not in q + k)
    return Question(
        stem=f"A query is {row(q)} and a key is {row(k)}. What is their scaled dot-product score, before the softmax?",
        key=_score(np.array(q), np.array(k)),
        second=math.fsum((a + b) ** 2 - (a - b) ** 2 for a, b in zip(q, k, strict=True)) / 8,
        wrong=[
            Wrong("not scaled", dot, "Divide by the root of the dimension."),
            Wrong("dimension", dot / 4, "Divide by the root of the dimension, not by the dimension."),
            Wrong("multiplied", dot * 2, "Divide by the root of the dimension, do not multiply."),
            Wrong("squared dimension", dot / 16, "Divide by the root of the dimension, not by its square."),
            Wrong(
                "cosine",
                dot / math.sqrt(_dot(q, q) * _dot(k, k)),
                "This is the cosine similarity; attention divides by √d only.",
            ),
            Wrong("root of two", dot / math.sqrt(2), "The vectors have four components: √4 = 2."),
            Wrong(
                "absolute values",
                math.fsum(abs(a * b) for a, b in zip(q, k, strict=True)) / 2,
                "Products keep their signs.",
            ),
            Wrong("sign", -dot / 2, "Look at the signs of the products again."),
        ],
        explanation=f"The dot product is {dot:.2f}; divided by √4 = 2: {dot / 2:.3f}.",
        places=3,
    )


@template(topic="scaled dot-product attention", difficulty=0.5)
def attention_weight_of_two_keys(d: Draw) -> Question:
    """Weight of the first of two keys."""
    q, first, second = (d.decimals(4, -2.0, 2.0) for _ in range(3))
    a, b = _dot(q, first), _dot(q, second)
    gap = a - b
    d.need(0.5 < abs(gap) < 6 and abs(a) > 0.3)
    return Question(
        stem=f"A query {row(q)} attends to two keys, {row(first)} and {row(second)}. What weight does scaled "
        "dot-product attention give the first key?",
        # The values 1 and 0 make the output the first weight.
        key=_attention(np.array(q), np.array([first, second]), np.array([[1.0, 0, 0, 0], [0.0, 0, 0, 0]]))[0],
        second=_sigmoid(gap / 2),
        wrong=[
            Wrong("not scaled", _sigmoid(gap), "Divide the scores by √4 = 2 before the softmax."),
            Wrong("dimension", _sigmoid(gap / 4), "Divide by the root of the dimension, not by the dimension."),
            Wrong("other key", _sigmoid(-gap / 2), "This is the weight of the second key."),
            Wrong("hard maximum", float(gap > 0), "The softmax gives every key some weight."),
            Wrong("uniform", 0.5, "The keys have different scores."),
            Wrong("one score", _sigmoid(a / 2), "The softmax compares both scores."),
            Wrong("multiplied", _sigmoid(2 * gap), "Divide by the root of the dimension, do not multiply."),
            Wrong("score", a / 2, "This is the score; take the softmax over both keys."),
        ],
        explanation=f"The scaled scores are {a / 2:.3f} and {b / 2:.3f}; the softmax gives the first "
        f"{_sigmoid(gap / 2):.3f}.",
        places=3,
    )


@template(topic="attention", difficulty=0.45)
def attention_output_from_scores(d: Draw) -> Question:
    """One component of the output from scores and values."""
    scores, values = d.decimals(3, -1.5, 2.5), d.decimals(3, -5.0, 5.0)
    powers = [math.exp(s) for s in scores]
    total = math.fsum(powers)
    out = _dot(powers, values) / total
    best = max(range(3), key=scores.__getitem__)
    d.need(abs(sum(scores)) > 0.4)
    return Question(
        stem=f"A query's scaled scores for three keys are {listed(scores)}. The first component of the three values is "
        f"{listed(values)}. What is the first component of the attention output?",
        key=_mixed(np.array(scores), np.array(values)),
        second=out,
        wrong=[
            Wrong("hard maximum", values[best], "The softmax mixes all values, not only that of the best key."),
            Wrong("mean", math.fsum(values) / 3, "Weight the values with the softmax of the scores."),
            Wrong(
                "no exponential",
                _dot(scores, values) / math.fsum(scores),
                "The weights are the softmax of the scores, not their shares.",
            ),
            Wrong("scores as weights", _dot(scores, values), "Take the softmax of the scores first."),
            Wrong("not normalised", _dot(powers, values), "Divide by the sum of the powers."),
            Wrong(
                "scaled again",
                _dot([math.exp(s / math.sqrt(3)) for s in scores], values)
                / math.fsum(math.exp(s / math.sqrt(3)) for s in scores),
                "The scores are scaled already.",
            ),
            Wrong(
                "sign",
                _dot([1 / p for p in powers], values) / math.fsum(1 / p for p in powers),
                "A larger score gives a larger weight.",
            ),
            Wrong("divided by three", out / 3, "The weights add up to 1 already: do not divide again."),
        ],
        explanation=f"The weights are {listed([round(p / total, 3) for p in powers])}; the output is {out:.3f}.",
        places=3,
    )


@template(topic="attention", level="analyse", difficulty=0.6)
def attention_output_component(d: Draw) -> Question:
    """One component of the output from query, keys and values."""
    q, one, two = (d.decimals(4, -2.0, 2.0) for _ in range(3))
    v, w = d.decimals(2, -5.0, 5.0)
    a, b = _dot(q, one), _dot(q, two)
    d.need(0.6 < abs(a - b) < 5 and abs(v - w) > 1)

    def mix(weight: float) -> float:
        return weight * v + (1 - weight) * w

    return Question(
        stem=f"A query {row(q)} attends to two keys, {row(one)} and {row(two)}, by scaled dot-product attention. The "
        f"first component of their values is {v} and {w}. What is the first component of the output?",
        key=_attention(np.array(q), np.array([one, two]), np.array([[v, 0, 0, 0], [w, 0, 0, 0]]))[0],
        second=(v * math.exp(a / 2) + w * math.exp(b / 2)) / (math.exp(a / 2) + math.exp(b / 2)),
        wrong=[
            Wrong("not scaled", mix(_sigmoid(a - b)), "Divide the scores by √4 = 2 before the softmax."),
            Wrong(
                "dimension", mix(_sigmoid((a - b) / 4)), "Divide by the root of the dimension, not by the dimension."
            ),
            Wrong("values swapped", mix(_sigmoid((b - a) / 2)), "The first weight belongs to the first value."),
            Wrong("hard maximum", v if a > b else w, "The softmax mixes both values."),
            Wrong("mean", (v + w) / 2, "Weight the values with the softmax of the scores."),
            Wrong("scores as weights", (a * v + b * w) / 2, "Take the softmax of the scores first."),
            Wrong("first part only", _sigmoid((a - b) / 2) * v, "Add the part of the second value."),
            Wrong("not normalised", v * math.exp(a / 2) + w * math.exp(b / 2), "Divide by the sum of the powers."),
        ],
        explanation=f"The scaled scores are {a / 2:.3f} and {b / 2:.3f}, the first weight is "
        f"{_sigmoid((a - b) / 2):.4f}, the output {mix(_sigmoid((a - b) / 2)):.3f}.",
        places=3,
    )


@template(topic="attention masks", difficulty=0.5)
def causal_mask_weight(d: Draw) -> Question:
    """A weight under the causal mask."""
    scores, i = d.decimals(4, -2.0, 2.5), d.integer(1, 2)
    j = d.integer(0, i)
    z = scores[j]
    seen = scores[: i + 1]
    d.need(abs(math.fsum(seen)) > 0.3)

    def weight(over: Sequence[float]) -> float:
        return 1 / math.fsum(math.exp(s - z) for s in over)

    return Question(
        stem=f"In a sequence of four tokens the {ORDINALS[i]} token has the scaled scores {listed(scores)} for the "
        f"four tokens, before the causal mask. What weight does it give the {ORDINALS[j]} token?",
        key=_causal(np.tile(scores, (4, 1)), i, j),
        second=weight(seen),
        wrong=[
            Wrong("no mask", weight(scores), "Later tokens are masked: leave them out of the sum."),
            Wrong(
                "scores set to 0",
                weight([*seen, *[0.0] * (3 - i)]),
                "A masked score becomes −∞, not 0: e^0 = 1 would still count.",
            ),
            Wrong(
                "one too many", weight(scores[: i + 2]), "The token sees itself and earlier tokens, not the next one."
            ),
            Wrong("itself masked", 0.0 if i == j else weight(scores[:i]), "A token may attend to itself."),
            Wrong("later tokens kept", weight([z, *scores[i + 1 :]]), "The mask hides later tokens, not earlier ones."),
            Wrong("uniform", 1 / (i + 1), "The visible tokens have different scores."),
            Wrong("no exponential", z / math.fsum(seen), "Take the softmax of the visible scores, not their shares."),
            Wrong(
                "another token",
                weight(seen) * math.exp(scores[j - 1 if j else i] - z),
                "This is the weight of another token.",
            ),
        ],
        explanation=f"Only {listed(seen)} are visible; their softmax gives {weight(seen):.3f}.",
        places=3,
    )
