"""Steps of LSTM and GRU cells by hand."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp

from question_bank.templates._writing import inside
from question_bank.templates.engine import Draw, Question, Wrong, template

_cell = jax.jit(
    lambda forget, admit, candidate, cell: jnp.dot(jnp.stack([forget, admit]), jnp.stack([cell, candidate]))
)


_hidden = jax.jit(lambda forget, admit, output, candidate, cell: output * jnp.tanh(forget * cell + admit * candidate))


_gru = jax.jit(lambda update, candidate, state: update * state + (1 - update) * candidate)


def _gates(d: Draw) -> tuple[float, float, float, float]:
    """Forget gate, input gate, candidate, old cell state."""
    f, i = d.decimals(2, 0.1, 0.95, 2)
    g, c = d.decimal(-0.95, 0.95, 2), d.decimal(-2.5, 2.5)
    d.need(abs(g) > 0.15 and abs(c) > 0.3 and abs(f - i) > 0.08)
    return f, i, g, c


@template(topic="lstm", difficulty=0.35)
def lstm_cell_state(d: Draw) -> Question:
    """New cell state of an LSTM."""
    f, i, g, c = _gates(d)
    o = d.decimal(0.1, 0.95, 2)
    new = f * c + i * g
    return Question(
        stem=f"In an LSTM cell the forget gate is {f}, the input gate {i}, the output gate {o}, the candidate {g} and "
        f"the old cell state {c}. What is the new cell state?",
        key=_cell(f, i, g, c),
        second=c + g - (1 - f) * c - (1 - i) * g,
        wrong=[
            Wrong(
                "gates swapped",
                i * c + f * g,
                "The forget gate multiplies the old cell state, the input gate the candidate.",
            ),
            Wrong("forgetting", (1 - f) * c + i * g, "The forget gate says how much is kept."),
            Wrong("no forget gate", c + i * g, "Multiply the old cell state by the forget gate."),
            Wrong("no input gate", f * c + g, "Multiply the candidate by the input gate."),
            Wrong(
                "output", o * math.tanh(new), "This is the hidden state; the cell state comes before the output gate."
            ),
            Wrong("coupled", f * c + (1 - f) * g, "The LSTM has an input gate of its own."),
            Wrong("output gate", o * new, "The output gate acts on the hidden state only."),
            Wrong("tanh again", f * c + i * math.tanh(g), "The candidate has been through tanh already."),
        ],
        explanation=f"{f}·{inside(c)} + {i}·{inside(g)} = {new:.3f}.",
        places=3,
    )


@template(topic="lstm", difficulty=0.45)
def lstm_hidden_state(d: Draw) -> Question:
    """New hidden state of an LSTM."""
    f, i, g, c = _gates(d)
    o = d.decimal(0.1, 0.95, 2)
    new = f * c + i * g
    d.need(abs(new) > 0.2 and min(abs(o - f), abs(o - i)) > 0.05)
    return Question(
        stem=f"In an LSTM cell the forget gate is {f}, the input gate {i}, the output gate {o}, the candidate {g} and "
        f"the old cell state {c}. What is the new hidden state?",
        key=_hidden(f, i, o, g, c),
        second=o * (1 - 2 / (math.exp(2 * new) + 1)),
        wrong=[
            Wrong(
                "cell state", new, "This is the new cell state; the hidden state is the output gate times tanh of it."
            ),
            Wrong("no tanh", o * new, "Take tanh of the cell state first."),
            Wrong("no output gate", math.tanh(new), "Multiply by the output gate."),
            Wrong("old cell state", o * math.tanh(c), "Update the cell state first."),
            Wrong("gate inside", math.tanh(o * new), "The output gate multiplies tanh of the cell state."),
            Wrong(
                "gates swapped",
                o * math.tanh(i * c + f * g),
                "The forget gate multiplies the old cell state, the input gate the candidate.",
            ),
            Wrong("forgetting", o * math.tanh((1 - f) * c + i * g), "The forget gate says how much is kept."),
            Wrong(
                "output and forget swapped",
                f * math.tanh(o * c + i * g),
                "The output gate acts at the end, the forget gate on the old cell state.",
            ),
        ],
        explanation=f"The cell state is {new:.4f}; {o}·tanh({new:.4f}) = {o * math.tanh(new):.3f}.",
        places=3,
    )


@template(topic="gru", difficulty=0.4)
def gru_state(d: Draw) -> Question:
    """New state of a GRU."""
    z, r = d.decimals(2, 0.05, 0.95, 2)
    h, n = d.decimals(2, -0.95, 0.95, 2)
    d.need(abs(z - 0.5) > 0.04 and abs(h - n) > 0.2 and min(abs(h), abs(n)) > 0.1 and abs(r - z) > 0.08)
    new = z * h + (1 - z) * n
    return Question(
        stem="In a GRU the new state is z·h + (1 − z)·n, where h is the old state and n the candidate (Flax's "
        f"convention). The update gate is z = {z}, the reset gate {r}, h = {h}, and the candidate, in which the reset "
        f"gate has been used already, is n = {n}. What is the new state?",
        key=_gru(z, n, h),
        second=n + z * (h - n),
        wrong=[
            Wrong("convention", (1 - z) * h + z * n, "Here z multiplies the old state and 1 − z the candidate."),
            Wrong("reset gate", z * r * h + (1 - z) * n, "The reset gate acts only inside the candidate."),
            Wrong("reset for update", r * h + (1 - r) * n, "The update gate mixes, not the reset gate."),
            Wrong("no complement", z * h + n, "The candidate has the weight 1 − z."),
            Wrong("old part", z * h, "Add the part of the candidate."),
            Wrong("tanh again", z * h + (1 - z) * math.tanh(n), "The candidate has been through tanh already."),
            Wrong("tanh outside", math.tanh(new), "No tanh follows the mixing."),
            Wrong("both gates", z * h + r * n, "The weights are z and 1 − z."),
        ],
        explanation=f"{z}·{inside(h)} + {1 - z:g}·{inside(n)} = {new:.3f}.",
        places=3,
    )
