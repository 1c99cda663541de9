"""Parameters of dense, convolutional, normalising and embedding layers."""

from __future__ import annotations

import jax.numpy as jnp
from flax import linen

from question_bank.templates._shapes import parameters
from question_bank.templates.engine import Draw, Question, Wrong, template


def _pairs(sizes: list[int]) -> list[tuple[int, int]]:
    return list(zip(sizes, sizes[1:], strict=False))


def _network(sizes: list[int]) -> int:
    """Parameters of dense layers with biases, as Flax makes them."""
    return sum(parameters(linen.Dense(b), (1, a)) for a, b in _pairs(sizes))


@template(topic="multi-layer perceptron", difficulty=0.25)
def dense_parameters(d: Draw) -> Question:
    """Parameters of a dense layer."""
    a, b, batch = d.integer(4, 40) * 4, d.integer(3, 60), d.choose(16, 32, 64)
    return Question(
        stem=f"A dense layer maps {a} inputs to {b} outputs and has a bias for every output. It is trained with "
        f"batches of {batch} examples. How many trainable parameters does it have?",
        key=jnp.asarray(parameters(linen.Dense(b), (1, a))),
        second=sum(a + 1 for _ in range(b)),  # neuron by neuron
        wrong=[
            Wrong("no bias", a * b, "You forgot the biases."),
            Wrong("one bias", a * b + 1, "Every output has a bias of its own."),
            Wrong("only sums", a + b, "Every input is connected with every output: multiply."),
            Wrong("bias per input", a * b + a, "Biases belong to the outputs, not to the inputs."),
            Wrong("biases on both sides", a * b + a + b, "Biases belong to the outputs only."),
            Wrong("bias unit on both sides", (a + 1) * (b + 1), "The outputs have no extra bias unit."),
            Wrong("times batch", batch * (a * b + b), "All examples of a batch share the same parameters."),
            Wrong("biases twice", a * b + 2 * b, "Every output has one bias."),
        ],
        explanation=f"{a}·{b} weights and {b} biases: {a * b + b}.",
    )


@template(topic="multi-layer perceptron", difficulty=0.4)
def mlp_parameters(d: Draw) -> Question:
    """Parameters of a whole multi-layer perceptron."""
    sizes = [d.integer(5, 25) * 4, d.integer(3, 16) * 4, d.integer(2, 12) * 4, d.integer(2, 12)]
    weights = sum(a * b for a, b in _pairs(sizes))
    biases = sum(sizes[1:])
    return Question(
        stem=f"A multi-layer perceptron has {sizes[0]} inputs, hidden layers of {sizes[1]} and {sizes[2]} neurons and "
        f"{sizes[3]} outputs. Every neuron of the hidden and output layers has a bias. How many trainable parameters "
        "does the network have?",
        key=jnp.asarray(_network(sizes)),
        second=weights + biases,
        wrong=[
            Wrong("no biases", weights, "You forgot the biases."),
            Wrong("one bias per layer", weights + 3, "Every neuron has a bias of its own."),
            Wrong(
                "no output layer",
                weights + biases - sizes[2] * sizes[3] - sizes[3],
                "The output layer has parameters too.",
            ),
            Wrong("no biases at the output", weights + biases - sizes[3], "The outputs have biases too."),
            Wrong("biases of the inputs", weights + sum(sizes), "Inputs have no biases."),
            Wrong("biases twice", weights + 2 * biases, "Every neuron has one bias."),
            Wrong(
                "inputs to the output",
                weights + biases + sizes[0] * sizes[3],
                "The inputs are connected with the first hidden layer only.",
            ),
            Wrong(
                "one more layer",
                weights + biases + sizes[2] ** 2 + sizes[2],
                "Between the second hidden layer and the outputs lies one layer.",
            ),
        ],
        explanation=" + ".join(f"({a}·{b} + {b})" for a, b in _pairs(sizes)) + f" = {weights + biases}.",
    )


@template(topic="autoencoders", difficulty=0.45)
def autoencoder_parameters(d: Draw) -> Question:
    """Parameters of a symmetric autoencoder."""
    n, h, z = d.integer(10, 60) * 4, d.integer(4, 16) * 4, d.integer(2, 12)
    down, up = n * h + h + h * z + z, z * h + h + h * n + n
    return Question(
        stem=f"An autoencoder has dense layers with biases. Its encoder goes from {n} inputs over {h} hidden neurons "
        f"to a code of {z} numbers; its decoder goes back over {h} hidden neurons to {n} outputs and has weights of "
        "its own. How many trainable parameters are there in all?",
        key=jnp.asarray(_network([n, h, z, h, n])),
        second=2 * (n + z) * h + (h + z + h + n),
        wrong=[
            Wrong("encoder only", down, "The decoder has parameters too."),
            Wrong("decoder only", up, "The encoder has parameters too."),
            Wrong("no biases", 2 * (n + z) * h, "You forgot the biases."),
            Wrong("shared weights", up + h + z, "The decoder has weights of its own."),
            Wrong("encoder twice", 2 * down, "The decoder ends in more biases than the encoder: one per output."),
            Wrong(
                "decoder twice",
                2 * up,
                "The encoder ends in fewer biases than the decoder: one per number of the code.",
            ),
            Wrong("biases of the inputs", down + up + n, "Inputs have no biases."),
            Wrong(
                "code to code", down + up + z * z + z, "Encoder and decoder meet in the code: no layer lies between."
            ),
        ],
        explanation=f"Encoder {down}, decoder {up}: {down + up} in all.",
    )


@template(topic="layer normalisation", difficulty=0.45)
def layer_norm_parameters(d: Draw) -> Question:
    """Parameters of all layer normalisations of an encoder."""
    width, blocks, tokens = d.integer(4, 48) * 16, d.integer(3, 24), d.choose(64, 100, 128, 256)
    one = parameters(linen.LayerNorm(), (1, width))
    key = 4 * width * blocks
    return Question(
        stem=f"A transformer encoder of width {width} has {blocks} blocks and reads {tokens} tokens. Each block has "
        "two layer normalisations with a trainable scale and shift over the features; there is none besides. How many "
        "trainable parameters do all layer normalisations have together?",
        key=jnp.asarray(one) * 2 * blocks,
        second=sum(width + width for _ in range(blocks) for _ in ("attention", "feed-forward")),
        wrong=[
            Wrong("scale only", key // 2, "Each layer has a shift as well as a scale, and each block has two layers."),
            Wrong("one block", 4 * width, "Count all blocks."),
            Wrong("one pair per layer", 4 * blocks, "Every feature has a scale and a shift of its own."),
            Wrong("one pair and a scale each", 2 * (width + 1) * blocks, "The shift has one number per feature too."),
            Wrong("statistics too", 2 * key, "Mean and variance are computed anew for each token, not trained."),
            Wrong("final layer", key + 2 * width, "There is no layer normalisation after the last block here."),
            Wrong("three layers", 6 * width * blocks, "Each block has two layer normalisations."),
            Wrong("per token", key * tokens, "All tokens share scale and shift."),
        ],
        explanation=f"2·{width} numbers per layer, 2 layers per block, {blocks} blocks: {key}.",
    )


@template(topic="embeddings", difficulty=0.35)
def embedding_parameters(d: Draw) -> Question:
    """Parameters of word and position embeddings."""
    words, width, places = d.integer(10, 80) * 100, d.choose(16, 32, 48, 64, 96, 128), d.choose(32, 50, 64, 100, 128)
    table = parameters(linen.Embed(words, width), (1, places), whole_numbers=True)
    table += parameters(linen.Embed(places, width), (1, places), whole_numbers=True)
    key = (words + places) * width
    return Question(
        stem=f"A language model has a vocabulary of {words} tokens and reads up to {places} tokens. Tokens and "
        f"positions each have a table of learned vectors with {width} numbers; the two vectors are added, and there "
        "are no biases. How many trainable parameters do the two tables have together?",
        key=jnp.asarray(table),
        second=words * width + places * width,
        wrong=[
            Wrong("no positions", words * width, "The positions have a table too."),
            Wrong("one number per position", words * width + places, "Each position has a whole vector."),
            Wrong("one number per token", words + places * width, "Each token has a whole vector."),
            Wrong("one position", (words + 1) * width, "Each position has a vector of its own."),
            Wrong("bias", key + width, "The tables have no biases."),
            Wrong("bias per token", key + words, "The tables have no biases."),
            Wrong("positions twice", key + places * width, "There is one vector per position."),
            Wrong("concatenated", 2 * width * (words + places), "The vectors are added: both have the given length."),
        ],
        explanation=f"({words} + {places})·{width} = {key}.",
    )
