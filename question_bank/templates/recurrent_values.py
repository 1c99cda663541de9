"""Steps of recurrent cells by hand."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np

from question_bank.templates._writing import inside
from question_bank.templates.engine import Draw, Question, Wrong, template


@jax.jit
def _unrolled(inputs: jax.Array, state: float, input_weight: float, state_weight: float, bias: float) -> jax.Array:
    """The last state of a tanh cell, by ``lax.scan``."""

    def step(h: jax.Array, x: jax.Array) -> tuple[jax.Array, None]:
        return jnp.tanh(input_weight * x + state_weight * h + bias), None

    return jax.lax.scan(step, jnp.asarray(state), inputs)[0]


_state_slope = jax.jit(jax.grad(lambda state, x, u, w, b: jnp.tanh(u * x + w * state + b)))


_factor = jax.jit(
    lambda weight, slope, steps: jax.lax.fori_loop(0, steps, lambda _, g: g * weight * slope, jnp.ones(()))
)


def _parameters(d: Draw) -> tuple[float, float, float]:
    """Weight of the input, weight of the state, bias."""
    u, w, b = d.decimal(-1.5, 1.5), d.decimal(-1.5, 1.5), d.decimal(-0.8, 0.8)
    d.need(min(abs(u), abs(w)) > 0.25 and abs(b) > 0.15 and abs(u - w) > 0.15)
    return u, w, b


@template(topic="recurrent networks", difficulty=0.4)
def rnn_step(d: Draw) -> Question:
    """One step of a recurrent cell."""
    (u, w, b), x, h = _parameters(d), d.decimal(-2.0, 2.0), d.decimal(-0.9, 0.9)
    z = u * x + w * h + b
    d.need(abs(z) < 2 and abs(x) > 0.25 and abs(h) > 0.15)
    return Question(
        stem=f"A recurrent cell is h' = tanh(u·x + w·h + b) with u = {u}, w = {w} and b = {b}. The state is h = {h} "
        f"and the input x = {x}. What is the new state h'?",
        key=_unrolled(np.array([x]), h, u, w, b),
        second=1 - 2 / (math.exp(2 * z) + 1),
        wrong=[
            Wrong("no tanh", z, "Take tanh of the sum."),
            Wrong("no bias", math.tanh(z - b), "Add the bias."),
            Wrong("no state", math.tanh(u * x + b), "The old state takes part, with its weight w."),
            Wrong("no input", math.tanh(w * h + b), "The input takes part, with its weight u."),
            Wrong("weights swapped", math.tanh(w * x + u * h + b), "u belongs to the input, w to the state."),
            Wrong("sigmoid", 1 / (1 + math.exp(-z)), "The activation function is tanh, not the sigmoid."),
            Wrong("state outside", math.tanh(u * x + b) + w * h, "The term of the state stands inside tanh."),
            Wrong("state not weighted", math.tanh(u * x + h + b), "Multiply the state by w."),
        ],
        explanation=f"The sum is {z:.2f}, and tanh of it is {math.tanh(z):.3f}.",
        places=3,
    )


@template(topic="recurrent networks", difficulty=0.55)
def rnn_two_steps(d: Draw) -> Question:
    """Two steps of a recurrent cell from zero."""
    (u, w, b), (x, y) = _parameters(d), d.decimals(2, -2.0, 2.0)
    first = math.tanh(u * x + b)
    z = u * y + w * first + b
    d.need(abs(z) < 2 and min(abs(x), abs(y)) > 0.25 and abs(first) > 0.1)
    return Question(
        stem=f"A recurrent cell is h' = tanh(u·x + w·h + b) with u = {u}, w = {w} and b = {b}. It starts at h = 0 and "
        f"reads the inputs {x} and then {y}. What is the state after both?",
        key=_unrolled(np.array([x, y]), 0.0, u, w, b),
        second=math.tanh(z),
        wrong=[
            Wrong("one step", first, "This is the state after the first input."),
            Wrong("state forgotten", math.tanh(u * y + b), "The second step starts from the state after the first."),
            Wrong("order", math.tanh(u * x + w * math.tanh(u * y + b) + b), "The first input is read first."),
            Wrong("no tanh in between", math.tanh(u * y + w * (u * x + b) + b), "The first step also ends with tanh."),
            Wrong("state not weighted", math.tanh(u * y + first + b), "Multiply the state by w."),
            Wrong("no tanh at the end", z, "Take tanh of the sum."),
            Wrong("bias once", math.tanh(z - b), "The bias is added in every step."),
            Wrong("no bias", math.tanh(u * y + w * math.tanh(u * x)), "Add the bias in every step."),
        ],
        explanation=f"After the first input h = {first:.4f}; then tanh({z:.4f}) = {math.tanh(z):.3f}.",
        places=3,
    )


@template(topic="backpropagation", level="analyse", difficulty=0.6)
def rnn_state_gradient(d: Draw) -> Question:
    """Derivative of a recurrent state with respect to the one before."""
    (u, w, b), x, h = _parameters(d), d.decimal(-2.0, 2.0), d.decimal(-0.9, 0.9)
    z = u * x + w * h + b
    d.need(0.2 < abs(z) < 1.7 and abs(x) > 0.25 and abs(h) > 0.15)
    t = math.tanh(z)
    slope = 1 - t * t
    return Question(
        stem=f"A recurrent cell is h' = tanh(u·x + w·h + b) with u = {u}, w = {w} and b = {b}. At x = {x} and h = {h}, "
        "what is the derivative of h' with respect to h?",
        key=_state_slope(h, x, u, w, b),
        second=w / math.cosh(z) ** 2,
        wrong=[
            Wrong("no weight", slope, "By the chain rule, multiply by the weight w."),
            Wrong("no slope", w, "Multiply by the slope of tanh, 1 − h'²."),
            Wrong("input's weight", u * slope, "The state has the weight w; u belongs to the input."),
            Wrong("not squared", w * (1 - t), "The slope of tanh is 1 − h'², with a square."),
            Wrong("sigmoid's slope", w * t * (1 - t), "s(1 − s) is the slope of the sigmoid, not of tanh."),
            Wrong("old state", w * (1 - h * h), "The slope is taken at the new state h'."),
            Wrong(
                "state",
                h * slope,
                "The derivative of w·h with respect to h is w; h would be the one with respect to w.",
            ),
            Wrong("sum", w * (1 - z * z), "Put h' = tanh(z) into 1 − h'², not z."),
        ],
        explanation=f"h' = {t:.4f}, so the derivative is {w}·(1 − {inside(t, '.4f')}²) = {w * slope:.3f}.",
        places=3,
    )


@template(topic="vanishing gradients", difficulty=0.35)
def vanishing_factor(d: Draw) -> Question:
    """Factor of a gradient over several recurrent steps."""
    w, s, n = d.decimal(0.6, 1.8), d.decimal(0.4, 0.95, 2), d.integer(3, 8)
    p = w * s
    d.need(abs(p - 1) > 0.06 and abs(w - 1) > 0.05 and 0.02 < p**n < 60)
    return Question(
        stem=f"In a recurrent network with one unit the recurrent weight is {w} and the slope of the activation "
        f"function is {s} in every step. By what factor is a gradient multiplied on its way back through {n} steps?",
        key=_factor(w, s, n),
        second=math.exp(n * (math.log(w) + math.log(s))),
        wrong=[
            Wrong("weight alone", w**n, "Every step also multiplies by the slope."),
            Wrong("slope alone", s**n, "Every step also multiplies by the weight."),
            Wrong("weight once", w * s**n, "The weight enters in every step."),
            Wrong("slope once", s * w**n, "The slope enters in every step."),
            Wrong("one step too few", p ** (n - 1), "Each of the steps multiplies once."),
            Wrong("one step too many", p ** (n + 1), "Each of the steps multiplies once."),
            Wrong("added", n * p, "The factors multiply; they do not add."),
            Wrong("one step", p, "This is the factor of one step."),
        ],
        explanation=f"({w}·{s})^{n} = {p:.4f}^{n} = {p**n:.4f}.",
        places=3,
    )
