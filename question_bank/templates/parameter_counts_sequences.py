"""Parameters of recurrent, attention and transformer layers, counted with the biases that the stem names."""

from __future__ import annotations

import jax.numpy as jnp
from flax import linen

from question_bank.templates._shapes import cell_parameters, parameters
from question_bank.templates.engine import Draw, Question, Wrong, template


@template(topic="recurrent networks", difficulty=0.4)
def rnn_parameters(d: Draw) -> Question:
    """Parameters of a simple recurrent layer."""
    x, h, steps = d.integer(2, 24) * 4, d.integer(2, 24) * 4, d.integer(10, 60)
    d.need(x != h)
    return Question(
        stem=f"A simple recurrent layer computes h' = tanh(W·x + U·h + b) with {x} inputs and {h} hidden units; b is "
        f"its only bias vector. It reads sequences of {steps} steps. How many trainable parameters does it have?",
        key=jnp.asarray(cell_parameters(linen.SimpleCell(h), x)),
        second=sum(x + h + 1 for _ in range(h)),
        wrong=[
            Wrong("no bias", h * (x + h), "You forgot the bias vector."),
            Wrong("no recurrence", h * x + h, "The hidden state has a weight matrix of its own."),
            Wrong("no input", h * h + h, "The input has a weight matrix of its own."),
            Wrong("one bias", h * (x + h) + 1, "Every hidden unit has a bias."),
            Wrong("two biases", h * (x + h) + 2 * h, "The stem names one bias vector."),
            Wrong("bias for inputs", h * (x + h) + x + h, "The bias has one number per hidden unit."),
            Wrong("per step", steps * (h * (x + h) + h), "All steps share the same parameters."),
            Wrong(
                "state and input joined",
                (x + h) * (x + h) + x + h,
                "Input and state are read together, but only the state is computed.",
            ),
        ],
        explanation=f"{h}·{x} + {h}·{h} + {h} = {h * (x + h) + h}.",
    )


@template(topic="lstm", difficulty=0.5)
def lstm_parameters(d: Draw) -> Question:
    """Parameters of an LSTM layer."""
    x, h, steps = d.integer(2, 24) * 4, d.integer(2, 24) * 4, d.integer(10, 60)
    d.need(x != h)
    one = h * (x + h) + h
    return Question(
        stem=f"An LSTM layer has {x} inputs and {h} hidden units; the forget, input and output gates and the candidate "
        "each have weights for the input, weights for the hidden state and one bias vector. It reads sequences of "
        f"{steps} steps. How many trainable parameters does it have?",
        key=jnp.asarray(cell_parameters(linen.LSTMCell(h), x)),
        second=4 * h * x + 4 * h * h + 4 * h,
        wrong=[
            Wrong("three parts", 3 * one, "The candidate has parameters as well as the three gates."),
            Wrong("one part", one, "Each gate and the candidate have parameters of their own."),
            Wrong("no biases", 4 * h * (x + h), "You forgot the biases."),
            Wrong("no recurrence", 4 * (h * x + h), "The hidden state has weights too."),
            Wrong("one bias vector", 4 * h * (x + h) + h, "Each of the four parts has a bias vector."),
            Wrong("two bias vectors", 4 * one + 4 * h, "The stem names one bias vector for each part."),
            Wrong("cell state", 5 * one, "The cell state is computed without parameters of its own."),
            Wrong(
                "cell state read",
                4 * (one + h * h),
                "The gates read the input and the hidden state, not the cell state.",
            ),
            Wrong("per step", steps * 4 * one, "All steps share the same parameters."),
        ],
        explanation=f"4·({h}·{x} + {h}·{h} + {h}) = {4 * one}.",
    )


@template(topic="gru", difficulty=0.5)
def gru_parameters(d: Draw) -> Question:
    """Parameters of a GRU layer."""
    x, h, steps = d.integer(2, 24) * 4, d.integer(2, 24) * 4, d.integer(10, 60)
    d.need(x != h)
    one = h * (x + h) + h
    return Question(
        stem=f"A GRU layer has {x} inputs and {h} hidden units; the reset gate, the update gate and the candidate each "
        f"have weights for the input, weights for the hidden state and one bias vector. It reads sequences of {steps} "
        "steps. How many trainable parameters does it have?",
        # Flax's cell has a fourth bias vector; a dense layer on input and state has what one part of this one has.
        key=3 * jnp.asarray(parameters(linen.Dense(h), (1, x + h))),
        second=3 * h * x + 3 * h * h + 3 * h,
        wrong=[
            Wrong("two parts", 2 * one, "The candidate has parameters as well as the two gates."),
            Wrong("one part", one, "Both gates and the candidate have parameters of their own."),
            Wrong("no biases", 3 * h * (x + h), "You forgot the biases."),
            Wrong("no recurrence", 3 * (h * x + h), "The hidden state has weights too."),
            Wrong("one bias vector", 3 * h * (x + h) + h, "Each of the three parts has a bias vector."),
            Wrong("two bias vectors", 3 * one + 3 * h, "The stem names one bias vector for each part."),
            Wrong("lstm", 4 * one, "That is an LSTM: a GRU has three parts, not four."),
            Wrong("per step", steps * 3 * one, "All steps share the same parameters."),
        ],
        explanation=f"3·({h}·{x} + {h}·{h} + {h}) = {3 * one}.",
    )


@template(topic="bidirectional rnns", difficulty=0.6)
def bidirectional_lstm_parameters(d: Draw) -> Question:
    """Parameters of a bidirectional LSTM with an output layer."""
    x, h, classes = d.integer(2, 20) * 4, d.integer(2, 16) * 4, d.integer(2, 12)
    d.need(x != h)
    one = 4 * (h * (x + h) + h)
    head = 2 * h * classes + classes
    return Question(
        stem=f"A bidirectional LSTM layer reads {x} inputs; each direction has {h} hidden units and weights of its own "
        "(three gates and a candidate, one bias vector each). Both final hidden states, concatenated, enter a dense "
        f"layer with {classes} outputs and biases. How many trainable parameters are there in all?",
        key=jnp.asarray(2 * cell_parameters(linen.LSTMCell(h), x) + parameters(linen.Dense(classes), (1, 2 * h))),
        second=2 * 4 * h * (x + h + 1) + (2 * h + 1) * classes,
        wrong=[
            Wrong("one direction", one + head, "Each direction has parameters of its own."),
            Wrong(
                "not concatenated",
                2 * one + h * classes + classes,
                "The dense layer reads both directions: twice as many inputs.",
            ),
            Wrong("no output layer", 2 * one, "The dense layer has parameters too."),
            Wrong("three parts", 2 * one // 4 * 3 + head, "Each direction has three gates and a candidate."),
            Wrong("no biases", 8 * h * (x + h) + 2 * h * classes, "You forgot the biases."),
            Wrong("two bias vectors", 2 * one + 8 * h + head, "Each part has one bias vector."),
            Wrong("two output layers", 2 * (one + head), "One dense layer reads both directions."),
            Wrong("biases twice", 2 * one + head + classes, "The dense layer has one bias per output."),
            Wrong("directions joined", 2 * (one + 4 * h * h) + head, "Each direction reads its own hidden state only."),
        ],
        explanation=f"2·4·({h}·{x} + {h}·{h} + {h}) = {2 * one} and 2·{h}·{classes} + {classes} = {head}: "
        f"{2 * one + head} in all.",
    )


@template(topic="multi-head attention", difficulty=0.5)
def self_attention_parameters(d: Draw) -> Question:
    """Parameters of multi-head self-attention."""
    heads, tokens = d.choose(2, 4, 8), d.integer(4, 64) * 4
    width = heads * d.integer(4, 40) * (8 if heads == 2 else 4)
    d.need(width <= 512)
    key = 4 * width * (width + 1)
    return Question(
        stem=f"Multi-head self-attention of width {width} has {heads} heads of width {width // heads}. The maps to "
        f"queries, keys and values (all heads together) and the output map are dense layers from {width} to {width} "
        f"numbers with biases. It reads {tokens} tokens. How many trainable parameters does it have?",
        key=jnp.asarray(parameters(linen.MultiHeadDotProductAttention(heads), (1, 2, width))),
        second=sum(width * width + width for _ in ("query", "key", "value", "output")),
        wrong=[
            Wrong("no output map", 3 * width * (width + 1), "The output map has parameters too."),
            Wrong("no biases", 4 * width * width, "You forgot the biases."),
            Wrong("one map", width * (width + 1), "Queries, keys, values and the output each have a map."),
            Wrong("one bias vector", 4 * width * width + width, "Each of the four maps has a bias vector."),
            Wrong(
                "times heads",
                heads * key,
                "The heads share the width: together they have one map each for queries, keys and values.",
            ),
            Wrong(
                "output bias per head", key + (heads - 1) * width, "The output map has one bias vector for all heads."
            ),
            Wrong("scores", key + tokens * tokens, "The scores are computed, not trained."),
            Wrong("five maps", 5 * width * (width + 1), "There are four maps: queries, keys, values, output."),
            Wrong("scores per head", key + heads * tokens * tokens, "The scores are computed, not trained."),
        ],
        explanation=f"4·({width}·{width} + {width}) = {key}; the number of heads does not matter.",
    )


@template(topic="transformer block", difficulty=0.65)
def encoder_block_parameters(d: Draw) -> Question:
    """Parameters of a transformer encoder block."""
    heads = d.choose(2, 4, 8)
    width = d.integer(2, 24) * 8
    d.need(width % heads == 0)
    inner, tokens = width * d.choose(2, 3, 4), d.integer(4, 64) * 8
    attention, feed, norm = 4 * width * (width + 1), 2 * width * inner + width + inner, 2 * width
    key = attention + feed + 2 * norm
    flax = parameters(linen.MultiHeadDotProductAttention(heads), (1, 2, width))
    flax += 2 * parameters(linen.LayerNorm(), (1, width))
    flax += parameters(linen.Dense(inner), (1, width)) + parameters(linen.Dense(width), (1, inner))
    return Question(
        stem=f"A transformer encoder block of width {width} has self-attention with {heads} heads (maps to queries, "
        f"keys and values and an output map, each {width}×{width}), a feed-forward network with {inner} hidden units "
        f"and two layer normalisations with scale and shift. All dense maps have biases. It reads {tokens} tokens. How "
        "many trainable parameters does the block have?",
        key=jnp.asarray(flax),
        second=4 * width**2 + 2 * width * inner + (4 + 1 + 4) * width + inner,
        wrong=[
            Wrong("no normalisation", attention + feed, "Each layer normalisation has a scale and a shift."),
            Wrong("one normalisation", attention + feed + norm, "The block has two layer normalisations."),
            Wrong("no output map", key - width * (width + 1), "The output map of the attention has parameters too."),
            Wrong("no biases", 4 * width**2 + 2 * width * inner + 2 * norm, "All dense maps have biases."),
            Wrong(
                "one feed-forward map",
                key - inner * width - width,
                "The feed-forward network has a second map, back to the width.",
            ),
            Wrong("three normalisations", key + norm, "An encoder block has two layer normalisations."),
            Wrong(
                "times heads", key + (heads - 1) * attention, "The heads share the width: their number does not matter."
            ),
            Wrong("decoder block", key + attention + norm, "Cross-attention belongs to a decoder block."),
            Wrong(
                "third feed-forward map",
                key + inner * inner + inner,
                "The feed-forward network has two maps: to the hidden units and back.",
            ),
        ],
        explanation=f"Attention {attention}, feed-forward {feed}, normalisation {2 * norm}: {key}.",
    )
