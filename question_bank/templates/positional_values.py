"""Values of the sinusoidal positional encoding."""

from __future__ import annotations

import cmath
import math

import jax
import jax.numpy as jnp

from question_bank.templates.engine import Draw, Question, Wrong, template


@jax.jit
def _encoding(position: int, dimension: int, width: int) -> jax.Array:
    """The entry of the table of Vaswani and others (2017) for one position and one dimension."""
    pair = dimension // 2
    angle = position / jnp.power(10000.0, 2 * pair / width)
    return jnp.where(dimension % 2 == 0, jnp.sin(angle), jnp.cos(angle))


def _turned(position: int, pair: int, width: int) -> complex:
    """Second way: the unit number 1 turned ``position`` times by the pair's angle."""
    return cmath.exp(1j * math.exp(-2 * pair / width * math.log(10000))) ** position


CONVENTION = (
    "dimension 2k holds sin(position/10000^(2k/d)) and dimension 2k + 1 holds cos(position/10000^(2k/d)); "
    "positions and dimensions are counted from 0"
)


def _numbers(d: Draw) -> tuple[int, int, int]:
    """Position, pair of dimensions, width."""
    width, position = d.choose(8, 12, 16, 20, 24, 32, 48, 64), d.integer(2, 60)
    pair = d.integer(1, width // 4)
    angle = position / 10000 ** (2 * pair / width)
    d.need(0.15 < angle < 40)
    return position, pair, width


@template(topic="positional encoding", difficulty=0.5)
def positional_sine(d: Draw) -> Question:
    """Positional encoding in an even dimension."""
    position, pair, width = _numbers(d)

    def angle(exponent: float, base: float = 10000, at: int = position) -> float:
        return at / math.pow(base, exponent)

    right = 2 * pair / width
    return Question(
        stem=f"In the sinusoidal positional encoding of width d = {width}, {CONVENTION}. What stands at position "
        f"{position} in dimension {2 * pair} (angles in radians)?",
        key=_encoding(position, 2 * pair, width),
        second=_turned(position, pair, width).imag,
        wrong=[
            Wrong("cosine", math.cos(angle(right)), "An even dimension holds the sine."),
            Wrong(
                "exponent k/d",
                math.sin(angle(pair / width)),
                f"In dimension {2 * pair} the exponent is {2 * pair}/{width}: 2k is the dimension itself.",
            ),
            Wrong(
                "exponent doubled",
                math.sin(angle(2 * right)),
                f"In dimension {2 * pair} the exponent is {2 * pair}/{width}: 2k is the dimension itself.",
            ),
            Wrong("degrees", math.sin(math.radians(angle(right))), "The angle is in radians."),
            Wrong("base 1000", math.sin(angle(right, 1000)), "The base is 10000."),
            Wrong(
                "position from 1",
                math.sin(angle(right, at=position + 1)),
                "Positions are counted from 0: use the number as it is.",
            ),
            Wrong(
                "next pair",
                math.sin(angle(right + 2 / width)),
                "Dimensions are counted from 0: 2k is the dimension itself.",
            ),
            Wrong("multiplied", math.sin(position * 10000**right), "Divide the position by the power."),
        ],
        explanation=f"sin({position}/10000^({2 * pair}/{width})) = sin({angle(right):.4f}).",
        places=3,
    )


@template(topic="positional encoding", difficulty=0.55)
def positional_cosine(d: Draw) -> Question:
    """Positional encoding in an odd dimension."""
    position, pair, width = _numbers(d)
    dimension = 2 * pair + 1

    def angle(exponent: float, base: float = 10000, at: int = position) -> float:
        return at / math.pow(base, exponent)

    right = 2 * pair / width
    return Question(
        stem=f"In the sinusoidal positional encoding of width d = {width}, {CONVENTION}. What stands at position "
        f"{position} in dimension {dimension} (angles in radians)?",
        key=_encoding(position, dimension, width),
        second=_turned(position, pair, width).real,
        wrong=[
            Wrong("sine", math.sin(angle(right)), "An odd dimension holds the cosine."),
            Wrong(
                "dimension in the exponent",
                math.cos(angle(dimension / width)),
                f"Dimension {dimension} is 2k + 1, so the exponent is {2 * pair}/{width}.",
            ),
            Wrong(
                "exponent k/d",
                math.cos(angle(pair / width)),
                f"Dimension {dimension} is 2k + 1, so the exponent is {2 * pair}/{width}.",
            ),
            Wrong("degrees", math.cos(math.radians(angle(right))), "The angle is in radians."),
            Wrong("base 1000", math.cos(angle(right, 1000)), "The base is 10000."),
            Wrong(
                "position from 1",
                math.cos(angle(right, at=position + 1)),
                "Positions are counted from 0: use the number as it is.",
            ),
            Wrong("next pair", math.cos(angle(right + 2 / width)), f"Dimension {dimension} is 2k + 1 with k = {pair}."),
            Wrong(
                "sine of the dimension",
                math.sin(angle(dimension / width)),
                "An odd dimension holds the cosine, with the exponent of its pair.",
            ),
        ],
        explanation=f"cos({position}/10000^({2 * pair}/{width})) = cos({angle(right):.4f}).",
        places=3,
    )
