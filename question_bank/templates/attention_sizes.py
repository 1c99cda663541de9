"""Sizes of attention: heads, their scale, score matrices."""

from __future__ import annotations

import functools
import math

import jax
import jax.numpy as jnp

from question_bank.templates._shapes import shape_of
from question_bank.templates.engine import Draw, Question, Wrong, template


@template(topic="multi-head attention", difficulty=0.3)
def head_dimension(d: Draw) -> Question:
    """Numbers per head after splitting the width."""
    heads, size = d.choose(3, 4, 5, 6, 8, 10, 12, 16), d.integer(3, 40) * 4
    width, tokens = heads * size, d.integer(5, 128) * 4

    def split(x: jax.Array) -> jax.Array:
        return jnp.reshape(x, (heads, -1))

    return Question(
        stem=f"A transformer has width {width}; its multi-head attention splits the queries, keys and values of "
        f"{tokens} tokens evenly among {heads} heads. How many numbers does the query vector of one token have in one "
        "head?",
        key=jnp.asarray(shape_of(split, (width,))[1]),
        second=len(range(0, width, heads)),
        wrong=[
            Wrong("not split", width, "The width is split among the heads."),
            Wrong("heads", heads, "That is the number of heads."),
            Wrong("multiplied", width * heads, "The heads share the width; they do not multiply it."),
            Wrong("tokens split", tokens // heads, "The width is split, not the sequence."),
            Wrong("shared by three", width // (3 * heads), "Queries, keys and values each have the whole width."),
            Wrong("halved", size // 2, "The heads share the width evenly."),
            Wrong("three vectors", 3 * size, "Count the query's numbers only."),
            Wrong("tokens", tokens, "That is the number of tokens."),
        ],
        explanation=f"{width} / {heads} = {size}.",
    )


@template(topic="scaled dot-product attention", difficulty=0.4)
def attention_scale(d: Draw) -> Question:
    """Factor that scales the scores of a head."""
    heads, size = d.choose(2, 3, 4, 5, 6, 7, 8, 9, 10, 12), d.integer(5, 80)
    width, tokens = heads * size, d.integer(10, 128)
    return Question(
        stem=f"A transformer of width {width} splits queries and keys evenly among {heads} heads and reads {tokens} "
        "tokens. By which factor does scaled dot-product attention multiply the dot product of a query and a key of "
        "one head?",
        key=jax.lax.rsqrt(jnp.asarray(width / heads)),
        second=math.sqrt(heads / width),
        wrong=[
            Wrong("whole width", 1 / math.sqrt(width), "The scale uses the size of one head, not the whole width."),
            Wrong("no root", 1 / size, "Divide by the square root of the size."),
            Wrong("heads", 1 / math.sqrt(heads), "The scale uses the size of a head, not the number of heads."),
            Wrong("square root", math.sqrt(size), "The dot product is divided by the square root, not multiplied."),
            Wrong("unscaled", 1.0, "The dot product is scaled."),
            Wrong("tokens", 1 / math.sqrt(tokens), "The scale does not depend on the number of tokens."),
            Wrong("half the size", 1 / math.sqrt(2 * size), "Take the size of one query or key, not of both together."),
            Wrong("cube root", size ** (-1 / 3), "Take the square root."),
        ],
        explanation=f"One head has {width} / {heads} = {size} numbers; 1 / sqrt({size}) = {1 / math.sqrt(size):.3f}.",
        places=3,
    )


@template(topic="cross-attention", difficulty=0.45)
def score_entries(d: Draw) -> Question:
    """Entries of all score matrices of cross-attention."""
    layers, heads, batch = d.choose(2, 3, 4, 6), d.choose(2, 4, 6, 8), d.choose(2, 4, 8, 10)
    n, m = d.integer(5, 30), d.integer(5, 30)
    d.need(n != m)
    size = heads * 8

    one = _size_of_scores(batch, heads, n, m)
    key = layers * heads * batch * n * m
    return Question(
        stem=f"A decoder of width {size} has {layers} layers with cross-attention of {heads} heads each. Its {n} "
        f"tokens look at the {m} tokens of the encoder; the batch has {batch} examples. How many attention scores are "
        "computed in all layers together?",
        key=jnp.asarray(one) * layers,
        second=sum(n * m for _ in range(layers) for _ in range(heads) for _ in range(batch)),
        wrong=[
            Wrong("one layer", key // layers, "Every layer has scores of its own."),
            Wrong("one head", key // heads, "Every head has scores of its own."),
            Wrong("one example", key // batch, "Every example of the batch has scores of its own."),
            Wrong("self-attention of the decoder", layers * heads * batch * n * n, "The keys come from the encoder."),
            Wrong(
                "self-attention of the encoder", layers * heads * batch * m * m, "The queries come from the decoder."
            ),
            Wrong(
                "all tokens together",
                layers * heads * batch * (n + m) ** 2,
                "Only decoder tokens ask, and only encoder tokens are looked at.",
            ),
            Wrong("both directions", 2 * key, "The encoder does not look at the decoder."),
            Wrong("products of numbers", key * 8, "One score is one number, however long the vectors are."),
            Wrong("lengths added", layers * heads * batch * (n + m), "Each query has a score for each key: multiply."),
        ],
        explanation=f"{layers}·{heads}·{batch}·{n}·{m} = {key}.",
        unit="scores",
    )


@functools.cache
def _size_of_scores(batch: int, heads: int, n: int, m: int) -> int:
    """The entries of the score tensor that a product of queries and keys really has."""

    def scores(q: jax.Array, k: jax.Array) -> jax.Array:
        return jnp.einsum("bqhd,bkhd->bhqk", q, k)

    return math.prod(shape_of(scores, (batch, n, heads, 8), (batch, m, heads, 8)))
