"""Memory: the key-value cache, parameters, training with Adam."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import optax

from question_bank.templates.engine import Draw, Question, Wrong, template

BYTES = {"float32": 4, "bfloat16": 2}


def _cache(layers: int, tokens: int, heads: int, size: int, dtype: str = "float32") -> dict[str, jax.ShapeDtypeStruct]:
    """The arrays of a key-value cache of one sequence."""
    shape = (layers, tokens, heads, size)
    return {name: jax.ShapeDtypeStruct(shape, jnp.dtype(dtype)) for name in ("keys", "values")}


@template(topic="decoding with a cache", difficulty=0.5)
def cache_numbers(d: Draw) -> Question:
    """Numbers in a key-value cache with grouped queries."""
    layers, groups, shared = d.integer(4, 32), d.choose(2, 4, 8), d.choose(2, 4)
    size, tokens = d.choose(32, 64, 80, 128), d.integer(5, 99)
    heads = groups * shared
    key = 2 * layers * groups * size * tokens
    d.need(heads != layers)
    return Question(
        stem=f"A decoder has {layers} layers; each has {heads} query heads that share {groups} key-value heads of size "
        f"{size}. Its key-value cache holds {tokens} tokens of one sequence. How many numbers does the cache hold?",
        key=jnp.asarray(sum(a.size for a in jax.tree.leaves(_cache(layers, tokens, groups, size)))),
        second=sum(groups * size + groups * size for _ in range(layers)) * tokens,
        wrong=[
            Wrong("keys only", key // 2, "Keys and values are stored."),
            Wrong(
                "queries too",
                layers * tokens * size * (heads + 2 * groups),
                "Queries are not stored: each is used once.",
            ),
            Wrong("query heads", key * shared, "Only the key-value heads are stored."),
            Wrong("one layer", key // layers, "Every layer has a cache of its own."),
            Wrong("one head", key // groups, "Every key-value head is stored."),
            Wrong("last token", key // tokens, "The keys and values of all tokens are stored."),
            Wrong("three vectors", key // 2 * 3, "Queries are not stored: each is used once."),
            Wrong(
                "heads of both kinds",
                2 * layers * (heads + groups) * size * tokens,
                "Only the key-value heads are stored.",
            ),
        ],
        explanation=f"2·{layers}·{tokens}·{groups}·{size} = {key}.",
        unit="numbers",
    )


@template(topic="decoding with a cache", difficulty=0.55)
def cache_memory(d: Draw) -> Question:
    """Memory of a key-value cache."""
    dtype = d.choose(*BYTES)
    layers, heads, size = d.integer(4, 32), d.choose(4, 6, 8, 12, 16), d.choose(32, 64, 80, 128)
    tokens, batch = d.integer(5, 80) * 25, d.choose(2, 3, 4, 6, 8)
    numbers = 2 * layers * heads * size * tokens * batch
    megabytes = numbers * BYTES[dtype] / 1e6
    d.need(megabytes > 50)
    stored = sum(a.size * a.dtype.itemsize for a in jax.tree.leaves(_cache(layers, tokens, heads, size, dtype)))
    return Question(
        stem=f"A decoder has {layers} layers with {heads} heads of size {size}. It keeps a key-value cache in {dtype} "
        f"for {batch} sequences of {tokens} tokens each. How many megabytes does the cache take (1 MB = 1,000,000 "
        "bytes)?",
        key=jnp.asarray(stored) * batch / 1e6,
        second=megabytes,
        wrong=[
            Wrong("keys only", megabytes / 2, "Keys and values are stored."),
            Wrong(
                "other type",
                megabytes * (2 if dtype == "bfloat16" else 0.5),
                f"A number in {dtype} takes {BYTES[dtype]} bytes.",
            ),
            Wrong("bytes forgotten", numbers / 1e6, f"A number in {dtype} takes {BYTES[dtype]} bytes."),
            Wrong("bits", megabytes * 8, "Memory is asked in bytes, not in bits."),
            Wrong("one layer", megabytes / layers, "Every layer has a cache of its own."),
            Wrong("one head", megabytes / heads, "Every head has a cache of its own."),
            Wrong("one sequence", megabytes / batch, "Every sequence has a cache of its own."),
            Wrong("queries too", megabytes * 1.5, "Queries are not stored: each is used once."),
            Wrong("float64", numbers * 8 / 1e6, f"A number in {dtype} takes {BYTES[dtype]} bytes."),
        ],
        explanation=f"2·{layers}·{heads}·{size}·{tokens}·{batch} = {numbers} numbers of {BYTES[dtype]} bytes: "
        f"{megabytes:.1f} MB.",
        places=1,
        unit="MB",
    )


@template(topic="compute and data", difficulty=0.35)
def parameter_memory(d: Draw) -> Question:
    """Memory of a model's parameters."""
    dtype, thousands, batch = d.choose(*BYTES), d.integer(1_100, 99_000), d.choose(8, 16, 32)
    weights = jax.ShapeDtypeStruct((thousands, 1000), jnp.dtype(dtype))
    megabytes = thousands * BYTES[dtype] / 1000
    millions = thousands / 1000
    return Question(
        stem=f"A model has {millions:g} million parameters, stored in {dtype}. It is run on batches of {batch} "
        "examples. How many megabytes do the parameters take (1 MB = 1,000,000 bytes)?",
        key=jnp.asarray(weights.size * weights.dtype.itemsize) / 1e6,
        second=megabytes,
        wrong=[
            Wrong(
                "other type",
                millions * (4 if dtype == "bfloat16" else 2),
                f"A number in {dtype} takes {BYTES[dtype]} bytes.",
            ),
            Wrong("one byte", millions, f"A number in {dtype} takes {BYTES[dtype]} bytes."),
            Wrong("float64", millions * 8, f"A number in {dtype} takes {BYTES[dtype]} bytes."),
            Wrong("bits", megabytes * 8, "Memory is asked in bytes, not in bits."),
            Wrong("batch", megabytes * batch, "All examples of a batch share the parameters."),
            Wrong("bits for bytes", megabytes / 8, "The sizes are in bytes already: do not divide by 8."),
            Wrong("gradients too", megabytes * 3, "Only the parameters are asked."),
            Wrong("half a byte", millions / 2, f"A number in {dtype} takes {BYTES[dtype]} bytes."),
        ],
        explanation=f"{millions:g} million · {BYTES[dtype]} bytes = {megabytes:.1f} MB.",
        places=1,
        unit="MB",
    )


@functools.cache
def _adam_numbers() -> int:
    """The numbers that training with Optax's Adam keeps for each parameter, its gradient included."""
    weights = jax.ShapeDtypeStruct((1000,), jnp.float32)
    state = jax.eval_shape(optax.adam(1e-3).init, weights)
    return 2 + sum(int(leaf.size) for leaf in jax.tree.leaves(state) if leaf.shape) // 1000


@template(topic="adam", difficulty=0.5)
def adam_memory(d: Draw) -> Question:
    """Memory for training with Adam."""
    thousands, batch = d.integer(1_100, 99_000), d.choose(8, 16, 32, 64)
    millions = thousands / 1000
    return Question(
        stem=f"A model with {millions:g} million parameters is trained with Adam on batches of {batch} examples. "
        "Parameters, gradients and Adam's two running averages are all kept in float32. How many megabytes do they "
        "take together (1 MB = 1,000,000 bytes; activations and step counters are not counted)?",
        key=jnp.asarray(_adam_numbers() * thousands * jnp.dtype("float32").itemsize) / 1e3,
        second=16 * millions,
        wrong=[
            Wrong("parameters only", 4 * millions, "Gradients and the two running averages count too."),
            Wrong("no gradients", 12 * millions, "The gradients are kept as well."),
            Wrong("plain gradient descent", 8 * millions, "Adam keeps two running averages per parameter."),
            Wrong("five numbers", 20 * millions, "Four numbers are kept for each parameter."),
            Wrong("bits", 128 * millions, "Memory is asked in bytes, not in bits."),
            Wrong("float64", 32 * millions, "A float32 number takes 4 bytes."),
            Wrong(
                "gradient per example",
                4 * millions * (3 + batch),
                "The gradients are averaged over the batch: one per parameter.",
            ),
        ],
        explanation=f"4 numbers of 4 bytes for each of {millions:g} million parameters: {16 * millions:.1f} MB.",
        places=1,
        unit="MB",
    )
