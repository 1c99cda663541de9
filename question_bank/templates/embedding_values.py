"""Similarity of embeddings."""

from __future__ import annotations

import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
import optax

from question_bank.templates._writing import row
from question_bank.templates.engine import Draw, Question, Wrong, template

WORDS = ("river", "stone", "cloud", "garden", "engine", "window", "music", "bread", "harbour", "letter")

_cosine = jax.jit(lambda a, b: optax.cosine_similarity(a, b))


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    return math.fsum(x * y for x, y in zip(a, b, strict=True))


_nearest = jax.jit(lambda query, table: jnp.argmax(optax.cosine_similarity(query[None], table)))


@template(topic="embeddings", difficulty=0.4)
def embedding_cosine(d: Draw) -> Question:
    """Cosine similarity of two embeddings."""
    a, b = d.decimals(3, -3.0, 3.0), d.decimals(3, -3.0, 3.0)
    dot, na, nb = _dot(a, b), math.hypot(*a), math.hypot(*b)
    cosine = dot / na / nb
    d.need(0.1 < abs(cosine) < 0.98)
    size = math.fsum(abs(v) for v in a) * math.fsum(abs(v) for v in b)
    return Question(
        stem=f"Two words have the embeddings {row(a)} and {row(b)}. What is their cosine similarity?",
        key=_cosine(np.array(a), np.array(b)),
        # Second way: the law of cosines.
        second=(na**2 + nb**2 - math.dist(a, b) ** 2) / (2 * na * nb),
        wrong=[
            Wrong("dot product", dot, "Divide the dot product by the product of the lengths."),
            Wrong("one length", dot / na, "Divide by the lengths of both vectors."),
            Wrong("second length", dot / nb, "Divide by the lengths of both vectors."),
            Wrong("squares", dot / (na * nb) ** 2, "Divide by the lengths, not by their squares."),
            Wrong("L1", dot / size, "The length is the root of the sum of squares."),
            Wrong("sum of lengths", dot / (na + nb), "Divide by the product of the lengths, not by their sum."),
            Wrong("distance", 1 - cosine, "This is the cosine distance."),
            Wrong("dimension", dot / 3, "Divide by the product of the lengths, not by the dimension."),
        ],
        explanation=f"{dot:.2f}/({na:.4f}·{nb:.4f}) = {cosine:.3f}.",
        places=3,
    )


@template(topic="embeddings", level="analyse", difficulty=0.5)
def embedding_nearest_word(d: Draw) -> Question:
    """The nearest word by cosine similarity."""
    names = d.sample(WORDS, 4)
    query = d.decimals(2, -3.0, 3.0)
    # One word is short and points almost where the query points, so that neither length nor distance gives it away.
    share, turn = d.decimal(0.2, 0.6), d.choose(-0.3, -0.2, -0.1, 0.1, 0.2, 0.3)
    near = [round(share * v, 1) + 0.0 for v in (query[0] + turn * query[1], query[1] - turn * query[0])]
    table = d.sample([near, *(d.decimals(2, -4.0, 4.0) for _ in range(3))], 4)
    d.need(math.hypot(*query) > 1.5 and all(math.hypot(*v) > 0.5 for v in table))
    dots = [math.fsum(a * b for a, b in zip(query, v, strict=True)) for v in table]
    distances = [math.dist(query, v) for v in table]
    # Second way: the smallest angle between the directions.
    turns = [abs(math.remainder(math.atan2(*v) - math.atan2(*query), math.tau)) for v in table]
    order = sorted(range(4), key=turns.__getitem__)
    best, longest, closest = order[0], max(range(4), key=dots.__getitem__), min(range(4), key=distances.__getitem__)
    d.need(best not in (longest, closest) and turns[best] < 0.5 and turns[order[1]] > turns[best] + 0.1)

    def feedback(i: int) -> str:
        if i == closest:
            return "This word has the smallest distance; the cosine looks at directions only."
        if i == longest:
            return "This word has the largest dot product; divide by the lengths."
        return "Its direction is further from that of the query."

    return Question(
        stem=f"A query has the embedding {row(query)}. Four words have the embeddings "
        f"{', '.join(f'{n} {row(v)}' for n, v in zip(names[:3], table[:3], strict=True))} and {names[3]} "
        f"{row(table[3])}. "
        "Which word has the largest cosine similarity with the query?",
        key=names[int(_nearest(np.array(query), np.array(table)))],
        second=names[best],
        wrong=[Wrong(f"word {i + 1}", names[i], feedback(i)) for i in range(4) if i != best],
        explanation=f"The direction of {names[best]} is nearest to that of the query: the angle is {turns[best]:.2f} "
        "radians.",
    )
