"""One step of the optimisers that scale each gradient."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import optax

from question_bank.templates._writing import inside
from question_bank.templates.engine import Draw, Question, Wrong, template


def _run(optimiser: optax.GradientTransformation, weight: jax.Array, gradients: jax.Array) -> jax.Array:
    """The weight after one step for each gradient."""
    state = optimiser.init(weight)
    for gradient in gradients:
        updates, state = optimiser.update(gradient, state, weight)
        weight = jnp.asarray(optax.apply_updates(weight, updates))
    return weight


_adagrad = jax.jit(lambda w, g, rate, start: _run(optax.adagrad(rate, start, eps=0.0), w, g))
_rmsprop = jax.jit(
    lambda w, g, rate, decay, start: _run(optax.rmsprop(rate, decay, eps=0.0, initial_scale=start), w, g)
)
_adam = jax.jit(lambda w, g, rate, b1, b2: _run(optax.adam(rate, b1, b2, eps=0.0), w, g))
_adamw = jax.jit(
    lambda w, g, rate, b1, b2, strength: _run(optax.adamw(rate, b1, b2, eps=0.0, weight_decay=strength), w, g)
)


@template(topic="adagrad", difficulty=0.45)
def adagrad_step(d: Draw) -> Question:
    """One step of AdaGrad."""
    w, g, before = d.decimal(-2.0, 2.0), d.decimal(-4.0, 4.0), d.decimal(0.5, 12.0)
    rate = d.choose(0.05, 0.1, 0.2, 0.5)
    d.need(abs(g) > 0.4 and abs(w) > 0.1)
    s = before + g * g
    return Question(
        stem=f"AdaGrad has the learning rate {rate}, and ε is small enough to leave out. Before the step the weight is "
        f"{w} and the sum of squared gradients is {before}. The gradient is {g}. What is the weight after the step?",
        key=_adagrad(w, np.array([g]), rate, before),
        second=w - math.copysign(rate / math.sqrt(1 + before / (g * g)), g),
        wrong=[
            Wrong("old sum", w - rate * g / math.sqrt(before), "Add the square of the new gradient to the sum first."),
            Wrong("no root", w - rate * g / s, "Divide by the root of the sum."),
            Wrong(
                "not squared", w - rate * g / math.sqrt(before + abs(g)), "Add the square of the gradient to the sum."
            ),
            Wrong("plain SGD", w - rate * g, "Divide by the root of the sum of squared gradients."),
            Wrong("uphill", w + rate * g / math.sqrt(s), "Subtract the step."),
            Wrong("first step", w - math.copysign(rate, g), "The sum also holds the squares from before."),
            Wrong("multiplied", w - rate * g * math.sqrt(s), "Divide by the root; a large sum makes steps smaller."),
            Wrong("mean", w - rate * g / math.sqrt(s / 2), "AdaGrad keeps the sum of the squares, not their mean."),
        ],
        explanation=f"The sum becomes {s:.2f}; w becomes {w} − {rate}·{inside(g)}/√{s:.2f}.",
        places=3,
    )


@template(topic="rmsprop", difficulty=0.5)
def rmsprop_step(d: Draw) -> Question:
    """One step of RMSprop."""
    w, g, before = d.decimal(-2.0, 2.0), d.decimal(-4.0, 4.0), d.decimal(0.5, 9.0)
    rate, decay = d.choose(0.05, 0.1, 0.2), d.choose(0.8, 0.9, 0.95)
    d.need(abs(g) > 0.4 and abs(w) > 0.1)
    s = decay * before + (1 - decay) * g * g
    return Question(
        stem=f"RMSprop has the learning rate {rate} and the decay {decay}, and ε is small enough to leave out. Before "
        f"the step the weight is {w} and the running mean of squared gradients is {before}. The gradient is {g}. What "
        "is the weight after the step?",
        key=_rmsprop(w, np.array([g]), rate, decay, before),
        second=w - math.copysign(rate / math.sqrt(1 - decay + decay * before / g**2), g),
        wrong=[
            Wrong("old mean", w - rate * g / math.sqrt(before), "Update the running mean first."),
            Wrong("sum", w - rate * g / math.sqrt(before + g * g), "This is AdaGrad; RMSprop keeps a running mean."),
            Wrong(
                "weights swapped",
                w - rate * g / math.sqrt((1 - decay) * before + decay * g * g),
                "The decay belongs to the old mean.",
            ),
            Wrong("no root", w - rate * g / s, "Divide by the root of the running mean."),
            Wrong(
                "not squared",
                w - rate * g / math.sqrt(decay * before + (1 - decay) * abs(g)),
                "The running mean is that of the squares.",
            ),
            Wrong("plain SGD", w - rate * g, "Divide by the root of the running mean of squares."),
            Wrong("uphill", w + rate * g / math.sqrt(s), "Subtract the step."),
            Wrong(
                "gradient added whole",
                w - rate * g / math.sqrt(decay * before + g * g),
                "The new square has the weight 1 − decay.",
            ),
        ],
        explanation=f"The running mean becomes {s:.4f}; w becomes {w} − {rate}·{inside(g)}/√{s:.4f}.",
        places=3,
    )


def _moments(d: Draw) -> tuple[float, float, float]:
    """Learning rate, β₁ and β₂."""
    return d.choose(0.01, 0.02, 0.05, 0.1), d.choose(0.8, 0.9), d.choose(0.95, 0.98, 0.99)


@template(topic="adam", difficulty=0.45)
def adam_first_step(d: Draw) -> Question:
    """The first step of Adam."""
    rate, b1, b2 = _moments(d)
    w, g = d.decimal(-2.0, 2.0), d.decimal(-5.0, 5.0)
    d.need(abs(g) > 0.3 and abs(abs(g) - 1) > 0.15 and abs(w) > 0.1)
    sign = math.copysign(1.0, g)
    return Question(
        stem=f"Adam starts with both moments at 0; the learning rate is {rate}, β₁ = {b1}, β₂ = {b2}, and ε is small "
        f"enough to leave out. The weight is {w} and the first gradient is {g}. What is the weight after the first "
        "step, with bias correction?",
        key=_adam(w, np.array([g]), rate, b1, b2),
        second=w - rate if g > 0 else w + rate,
        wrong=[
            Wrong(
                "no correction",
                w - rate * sign * (1 - b1) / math.sqrt(1 - b2),
                "Correct both moments for their start at 0.",
            ),
            Wrong(
                "first moment not corrected",
                w - rate * sign * (1 - b1),
                "Correct the first moment too: divide it by 1 − β₁.",
            ),
            Wrong(
                "second moment not corrected",
                w - rate * sign / math.sqrt(1 - b2),
                "Correct the second moment too: divide it by 1 − β₂.",
            ),
            Wrong(
                "plain SGD",
                w - rate * g,
                "Adam divides by the root of the second moment: the size of the first gradient cancels.",
            ),
            Wrong("uphill", w + rate * sign, "Subtract the step."),
            Wrong("no root", w - rate / g, "Divide by the root of the second moment."),
            Wrong("no rate", w - sign, "Multiply by the learning rate."),
            Wrong(
                "raw average",
                w - rate * g * (1 - b1),
                "Divide by the root of the second moment, and correct the first one.",
            ),
        ],
        explanation="After bias correction the moments are g and g², so the first step is the learning rate times the "
        "sign of g.",
        places=3,
    )


@template(topic="adam", level="analyse", difficulty=0.65)
def adam_second_step(d: Draw) -> Question:
    """The weight after two steps of Adam."""
    rate, b1, b2 = _moments(d)
    w, g, h = d.decimal(-2.0, 2.0), d.decimal(-4.0, 4.0), d.decimal(-4.0, 4.0)
    d.need(min(abs(g), abs(h)) > 0.3 and abs(g - h) > 0.3 and abs(w) > 0.1)
    first = w - math.copysign(rate, g)
    m, v = b1 * (1 - b1) * g + (1 - b1) * h, b2 * (1 - b2) * g * g + (1 - b2) * h * h
    # Second way: a corrected moment is a weighted mean of the gradients seen so far.
    mean = (b1 * g + h) / (b1 + 1)
    square = (b2 * g * g + h * h) / (b2 + 1)
    return Question(
        stem=f"Adam starts with both moments at 0; the learning rate is {rate}, β₁ = {b1}, β₂ = {b2}, and ε is small "
        f"enough to leave out. The weight is {w}, and the gradients of the first two steps are {g} and {h}. What is "
        "the weight after the second step, with bias correction?",
        key=_adam(w, np.array([g, h]), rate, b1, b2),
        second=first - rate * mean / math.sqrt(square),
        wrong=[
            Wrong("first step only", first, "This is the weight after the first step."),
            Wrong(
                "signs",
                first - math.copysign(rate, h),
                "Only the first step is the learning rate times the sign; now both gradients are in the moments.",
            ),
            Wrong(
                "no correction in step 2",
                first - rate * m / math.sqrt(v),
                "Correct both moments in the second step as well.",
            ),
            Wrong(
                "correction of step 1",
                first - rate * m / (1 - b1) / math.sqrt(v / (1 - b2)),
                "In step 2 the corrections are 1 − β₁² and 1 − β₂².",
            ),
            Wrong(
                "second step from the start",
                w - rate * mean / math.sqrt(square),
                "The second step starts where the first one ended.",
            ),
            Wrong("plain SGD", w - rate * (g + h), "Divide by the root of the second moment."),
            Wrong(
                "no first moment",
                first - rate * h / math.sqrt(square),
                "The step uses the first moment, not the gradient alone (that would be RMSprop).",
            ),
            Wrong("uphill", w + math.copysign(rate, g) + rate * mean / math.sqrt(square), "Subtract the steps."),
        ],
        explanation=f"After step 1: {first:.3f}. The corrected moments in step 2 are {mean:.4f} and {square:.4f}; "
        f"subtract {rate}·{inside(mean, '.4f')}/√{square:.4f}.",
        places=3,
    )


@template(topic="adam", difficulty=0.5)
def adamw_first_step(d: Draw) -> Question:
    """The first step of AdamW."""
    rate, b1, b2 = _moments(d)
    w, g, strength = d.decimal(-3.0, 3.0), d.decimal(-5.0, 5.0), d.choose(0.1, 0.2, 0.3, 0.5)
    d.need(abs(g) > 0.3 and abs(abs(g) - 1) > 0.15 and abs(w) > 0.5)
    sign = math.copysign(1.0, g)
    return Question(
        stem=f"AdamW starts with both moments at 0; the learning rate is {rate}, β₁ = {b1}, β₂ = {b2}, the weight "
        f"decay λ = {strength} (multiplied by the learning rate), and ε is small enough to leave out. The weight is "
        f"{w} and the first gradient is {g}. What is the weight after the first step?",
        key=_adamw(w, np.array([g]), rate, b1, b2, strength),
        second=w * (1 - rate * strength) - (rate if g > 0 else -rate),
        wrong=[
            Wrong("no decay", w - rate * sign, "The weight decay is missing."),
            Wrong("decay without rate", w - rate * sign - strength * w, "The learning rate multiplies the decay too."),
            Wrong("decay added", w - rate * (sign - strength * w), "The decay pulls the weight towards 0."),
            Wrong("decay alone", w * (1 - rate * strength), "Adam's own step is missing."),
            Wrong("SGD", w - rate * (g + strength * w), "The size of the first gradient cancels in Adam's step."),
            Wrong("uphill", w + rate * (sign - strength * w), "Subtract Adam's step."),
            Wrong(
                "no correction",
                w - rate * (sign * (1 - b1) / math.sqrt(1 - b2) + strength * w),
                "Correct both moments for their start at 0.",
            ),
            Wrong("decay doubled", w - rate * (sign + 2 * strength * w), "The decay is λ·w, without a factor 2."),
        ],
        explanation=f"Adam's first step is {rate} times the sign of g; the decay takes {rate}·{strength}·{inside(w)} "
        "more.",
        places=3,
    )
