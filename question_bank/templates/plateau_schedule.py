"""Learning rates that follow the validation loss."""

from __future__ import annotations

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import optax

from question_bank.templates._writing import listed
from question_bank.templates.engine import Draw, Question, Wrong, template


@functools.partial(jax.jit, static_argnums=1)
def _plateau(losses: jax.Array, factor: float, patience: int, start: float) -> jax.Array:
    """The learning rate after ``optax.contrib.reduce_on_plateau`` has seen every loss."""
    schedule = optax.contrib.reduce_on_plateau(factor, patience)

    def see(state: optax.OptState, loss: jax.Array) -> tuple[optax.OptState, None]:
        return schedule.update(jnp.asarray(1.0), state, value=loss)[1], None

    state, _ = jax.lax.scan(see, schedule.init(jnp.asarray(1.0)), losses)
    return jnp.asarray(start * state.scale)


def _drops(losses: list[float], patience: int, *, previous: bool = False, reset: bool = True) -> int:
    """How often the rate drops; the keywords switch mistakes on."""
    best, waited, drops = math.inf, 0, 0
    for loss in losses:
        waited = 0 if loss < best else waited + 1
        best = loss if previous else min(best, loss)
        if waited >= patience:
            drops += 1
            waited = 0 if reset else waited
    return drops


@template(topic="learning rate schedules", level="analyse", difficulty=0.55)
def plateau_value(d: Draw) -> Question:
    """Learning rate after plateaus of the validation loss."""
    start, factor, patience = d.decimal(0.2, 0.9, 2), d.choose(0.2, 0.4, 0.5, 0.6, 0.8), d.integer(2, 3)
    losses = [
        round(0.9 - 0.02 * i + d.choose(-0.15, -0.06, 0.0, 0.05, 0.09, 0.14) + d.decimal(0.0, 0.06, 2), 2)
        for i in range(10)
    ]
    d.need(len(set(losses)) == len(losses))
    drops = _drops(losses, patience)
    d.need(drops > 0)
    low = [i for i, loss in enumerate(losses) if loss < min(losses[:i], default=math.inf)]
    # Second way: between two new lowest losses lie whole runs of bad epochs.
    runs = [after - before - 1 for before, after in zip(low, [*low[1:], len(losses)], strict=True)]

    def after(count: int) -> float:
        return start * math.pow(factor, count)

    return Question(
        stem=f"A learning rate of {start} is multiplied by {factor} as soon as {patience} epochs in a row have brought "
        "no new lowest validation loss; counting then starts again from 0. The losses of ten epochs are "
        f"{listed(losses)}. What is the learning rate after them?",
        key=_plateau(np.array(losses), factor, patience, start),
        second=after(sum(run // patience for run in runs)),
        wrong=[
            Wrong(
                "previous epoch",
                after(_drops(losses, patience, previous=True)),
                "Compare with the lowest loss so far, not with the epoch before.",
            ),
            Wrong(
                "not reset",
                after(_drops(losses, patience, reset=False)),
                "After a drop the counting starts again from 0.",
            ),
            Wrong(
                "one epoch later",
                after(_drops(losses, patience + 1)),
                "The rate drops as soon as the patience is used up, not one epoch later.",
            ),
            Wrong(
                "one epoch earlier",
                after(_drops(losses, patience - 1)),
                "The rate drops only when the patience is used up.",
            ),
            Wrong(
                "not in a row",
                after(sum(runs) // patience),
                "Only epochs in a row count: a new lowest loss sets the count back.",
            ),
            Wrong("never", start, "There is a run that is long enough."),
            Wrong("linear", start * factor * max(drops, 1), "Each drop multiplies again: use a power."),
            Wrong(
                "complement", start * (1 - factor) ** drops, "The rate is multiplied by the factor, not reduced by it."
            ),
        ],
        explanation=f"The rate drops {'once' if drops == 1 else f'{drops} times'}: {start}·{factor}^{drops} = "
        f"{after(drops):.4f}.",
        places=4,
    )
