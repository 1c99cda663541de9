"""Learning rates that a schedule gives."""

from __future__ import annotations

import functools
import math

import jax.numpy as jnp
import optax

from question_bank.templates.engine import Draw, Question, Wrong, template


@template(topic="learning rate schedules", difficulty=0.3)
def step_decay_value(d: Draw) -> Question:
    """Learning rate of a step decay."""
    start, factor, every = d.decimal(0.1, 0.9, 2), d.choose(0.2, 0.3, 0.5, 0.6, 0.7, 0.8), d.choose(5, 8, 10, 15, 20)
    epoch = d.integer(2 * every + 1, 6 * every - 1)
    d.need(epoch % every != 0)
    drops = epoch // every

    def after(count: float) -> float:
        return start * math.pow(factor, count)

    return Question(
        stem=f"A learning rate starts at {start} and is multiplied by {factor} after every {every} epochs. Epochs are "
        f"counted from 0. What is the learning rate in epoch {epoch}?",
        key=jnp.asarray(optax.exponential_decay(start, every, factor, staircase=True)(epoch)),
        second=functools.reduce(lambda rate, _: rate * factor, range(every, epoch + 1, every), start),
        wrong=[
            Wrong("one drop too many", after(drops + 1), "The last drop has not come yet: round epochs/interval down."),
            Wrong("one drop too few", after(drops - 1), "One more interval is already over."),
            Wrong("smooth", after(epoch / every), "The rate drops in steps: use whole intervals only."),
            Wrong("one drop", after(1), "More than one interval is over."),
            Wrong("linear", start * factor * drops, "Each drop multiplies again: use a power."),
            Wrong("divided", start / factor**drops, "The factor makes the rate smaller: multiply by it."),
            Wrong(
                "complement", start * (1 - factor) ** drops, "The rate is multiplied by the factor, not reduced by it."
            ),
            Wrong("squared twice", after(2 * drops), "Each interval brings one drop, not two."),
        ],
        explanation=f"{epoch} // {every} = {drops}, so {start}·{factor}^{drops} = {after(drops):.4f}.",
        places=4,
    )


@template(topic="learning rate schedules", difficulty=0.35)
def exponential_decay_value(d: Draw) -> Question:
    """Learning rate of a smooth exponential decay."""
    start, factor, every = d.decimal(0.1, 0.9, 2), d.choose(0.5, 0.6, 0.7, 0.8, 0.9), d.choose(100, 200, 500, 1000)
    step = d.integer(every // 4, 3 * every, every // 20)
    d.need(step % every != 0)
    t = step / every
    return Question(
        stem=f"A learning rate starts at {start} and decays smoothly (exponentially), by the factor {factor} in every "
        f"{every} steps. What is it at step {step}?",
        key=jnp.asarray(optax.exponential_decay(start, every, factor)(step)),
        second=start * math.exp(t * math.log(factor)),
        wrong=[
            Wrong("stairs", start * factor ** (step // every), "The decay is smooth: the exponent need not be whole."),
            Wrong(
                "rounded up",
                start * factor ** (step // every + 1),
                "The decay is smooth: the exponent need not be whole.",
            ),
            Wrong("linear", start * (1 - (1 - factor) * t), "The decay is exponential, not a straight line."),
            Wrong("one interval", start * factor, "Raise the factor to steps/interval."),
            Wrong("base e", start * math.exp(-t), "The base is the factor, not 1/e."),
            Wrong("complement", start * (1 - factor) ** t, "The rate is multiplied by the factor, not reduced by it."),
            Wrong("growth", start / factor**t, "The rate becomes smaller."),
            Wrong(
                "root",
                start * factor ** (1 / t),
                "The exponent is steps divided by the interval, not the other way round.",
            ),
        ],
        explanation=f"{start}·{factor}^({step}/{every}) = {start * factor**t:.4f}.",
        places=4,
    )


@template(topic="learning rate schedules", difficulty=0.4)
def cosine_value(d: Draw) -> Question:
    """Learning rate of a cosine schedule."""
    start, steps = d.decimal(0.1, 0.9, 2), d.choose(50, 100, 200, 500)
    step = d.integer(steps // 10, steps * 9 // 10, steps // 50)
    d.need(abs(2 * step - steps) > steps // 10)
    t = step / steps
    c = math.cos(math.pi * t)
    return Question(
        stem=f"A cosine schedule takes the learning rate from {start} at step 0 to 0 at step {steps}. What is it at "
        f"step {step}?",
        key=jnp.asarray(optax.cosine_decay_schedule(start, steps)(step)),
        second=start * math.cos(math.pi * t / 2) ** 2,
        wrong=[
            Wrong("linear", start * (1 - t), "This is a straight line; the schedule follows (1 + cos(πt/T))/2."),
            Wrong(
                "quarter wave",
                start * math.cos(math.pi * t / 2),
                "The schedule is half a wave moved up: (1 + cos(πt/T))/2.",
            ),
            Wrong("not moved", start * c, "Move the cosine up: (1 + cos(πt/T))/2 stays above 0."),
            Wrong("not halved", start * (1 + c), "Divide 1 + cos by 2."),
            Wrong("turned round", start * (1 - c) / 2, "The rate falls: use 1 + cos, not 1 − cos."),
            Wrong("degrees", start * (1 + math.cos(math.radians(math.pi * t))) / 2, "The angle is in radians."),
            Wrong(
                "whole wave",
                start * (1 + math.cos(2 * math.pi * t)) / 2,
                "The schedule uses half a wave: the angle goes to π.",
            ),
            Wrong("squared", start * ((1 + c) / 2) ** 2, "(1 + cos(πt/T))/2 is not squared."),
        ],
        explanation=f"{start}·(1 + cos(π·{step}/{steps}))/2 = {start * (1 + c) / 2:.4f}.",
        places=4,
    )


@template(topic="learning rate schedules", difficulty=0.3)
def warmup_value(d: Draw) -> Question:
    """Learning rate during a linear warm-up."""
    first, peak = d.decimal(0.01, 0.1, 2), d.decimal(0.2, 0.9, 2)
    steps = d.choose(40, 50, 80, 100, 200, 400)
    step = d.integer(steps // 10, steps * 9 // 10)
    d.need(abs(2 * step - steps) > steps // 20)
    t = step / steps
    return Question(
        stem=f"The learning rate rises linearly from {first} at step 0 to {peak} at step {steps}. What is it at step "
        f"{step}?",
        key=jnp.asarray(optax.linear_schedule(first, peak, steps)(step)),
        second=((steps - step) * first + step * peak) / steps,
        wrong=[
            Wrong(
                "from zero", peak * t, "The rate starts above 0: add the starting value and take only the difference."
            ),
            Wrong("start added", first + peak * t, "Only the difference between both ends is added in part."),
            Wrong("turned round", first * t + peak * (1 - t), "The rate rises: at the end it is the higher one."),
            Wrong("start left out", (peak - first) * t, "Add the starting value."),
            Wrong(
                "geometric",
                first * (peak / first) ** t,
                "The rate rises by the same amount in every step, not by the same factor.",
            ),
            Wrong("cosine", first + (peak - first) * (1 - math.cos(math.pi * t)) / 2, "The rise is a straight line."),
            Wrong("peak", peak, "The peak is reached only at the end of the warm-up."),
            Wrong("middle", (first + peak) / 2, "This is the rate halfway."),
        ],
        explanation=f"{first} + ({peak} − {first})·{step}/{steps} = {first + (peak - first) * t:.4f}.",
        places=4,
    )


@template(topic="learning rate schedules", difficulty=0.5)
def warmup_cosine_value(d: Draw) -> Question:
    """Learning rate of a warm-up followed by a cosine."""
    peak, warm = d.decimal(0.2, 0.9, 2), d.choose(50, 100, 200)
    total = warm * d.choose(5, 6, 8, 10)
    step = d.integer(warm + warm // 2, total - warm // 2, 10)
    t, late = (step - warm) / (total - warm), step / total
    d.need(abs(t - 0.5) > 0.03)
    c = math.cos(math.pi * t)
    return Question(
        stem=f"The learning rate rises linearly from 0 to {peak} in the first {warm} steps and then follows a cosine "
        f"down to 0, which it reaches at step {total}. What is it at step {step}?",
        key=jnp.asarray(optax.warmup_cosine_decay_schedule(0.0, peak, warm, total)(step)),
        second=peak * math.sin(math.pi / 2 * (total - step) / (total - warm)) ** 2,
        wrong=[
            Wrong(
                "warm-up not subtracted",
                peak * (1 + math.cos(math.pi * late)) / 2,
                "The cosine starts after the warm-up: subtract its steps from both numbers.",
            ),
            Wrong(
                "total not shortened",
                peak * (1 + math.cos(math.pi * (step - warm) / total)) / 2,
                "The cosine lasts only until the last step: total minus warm-up.",
            ),
            Wrong(
                "step not moved",
                peak * (1 + math.cos(math.pi * min(1.0, step / (total - warm)))) / 2,
                "The cosine starts after the warm-up: subtract its steps.",
            ),
            Wrong("linear", peak * (1 - t), "After the warm-up the rate follows a cosine, not a straight line."),
            Wrong("turned round", peak * (1 - c) / 2, "The rate falls after the warm-up: use 1 + cos."),
            Wrong("quarter wave", peak * math.cos(math.pi * t / 2), "The schedule is (1 + cos)/2 with half a wave."),
            Wrong("warm-up goes on", peak * step / total, "The warm-up is over."),
            Wrong(
                "warm-up added",
                peak * (1 + math.cos(math.pi * (step - warm) / (total + warm))) / 2,
                "The cosine lasts total minus warm-up steps.",
            ),
        ],
        explanation=f"Of the {total - warm} cosine steps {step - warm} are done: {peak}·(1 + "
        f"cos(π·{step - warm}/{total - warm}))/2 = {peak * (1 + c) / 2:.4f}.",
        places=4,
    )
