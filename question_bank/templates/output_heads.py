"""Flattening against global average pooling: length of the vector, parameters of the head."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import linen

from question_bank.templates._shapes import parameters, shape_of
from question_bank.templates.engine import Draw, Question, Wrong, template


@template(topic="flattening", difficulty=0.35)
def flatten_length(d: Draw) -> Question:
    """Length of the vector after flattening."""
    pools, channels, batch = d.choose(2, 3), d.integer(4, 64) * 2, d.choose(8, 16, 32, 64)
    side = d.integer(3, 12) * 2**pools
    small = side // 2**pools

    def net(x: jax.Array) -> jax.Array:
        for _ in range(pools):
            x = linen.max_pool(x, (2, 2), (2, 2))
        return jnp.ravel(x)

    return Question(
        stem=f"A network reads RGB images of {side}×{side} pixels. All its convolutions keep height and width; {pools} "
        f"times 2×2 max pooling with stride 2 follows a convolution. The last convolution has {channels} filters. How "
        f"long is the vector that flattening makes of each image of a batch of {batch}, after the last pooling?",
        # Convolutions keep the sides, so that pooling alone changes them.
        key=jnp.asarray(shape_of(net, (side, side, channels))[0]),
        second=len(range(0, side, 2**pools)) ** 2 * channels,
        wrong=[
            Wrong("global pooling", channels, "That is global average pooling: flattening keeps every pixel."),
            Wrong("one side", small * channels, "The map has height × width pixels."),
            Wrong("one channel", small * small, "All channels are flattened."),
            Wrong(
                "input channels", small * small * 3, "The last convolution, not the image, sets the number of channels."
            ),
            Wrong("pooled once more", (small // 2) ** 2 * channels, f"There are {pools} poolings."),
            Wrong("pooled once less", (2 * small) ** 2 * channels, f"There are {pools} poolings."),
            Wrong("whole batch", batch * small * small * channels, "Each image of the batch has a vector of its own."),
            Wrong("not pooled", side * side * channels, "Pooling makes the maps smaller."),
            Wrong("one side pooled", side * small * channels, "Pooling halves the height and the width."),
            Wrong("times three", 3 * small * small * channels, "A filter reads all input channels and makes one map."),
        ],
        explanation=f"The sides shrink to {side} / {2**pools} = {small}; {small}·{small}·{channels} = "
        f"{small * small * channels}.",
    )


@template(topic="flattening", difficulty=0.4)
def flatten_head_parameters(d: Draw) -> Question:
    """Parameters of a classifier on flattened feature maps."""
    side, channels, classes, batch = d.integer(4, 14), d.integer(2, 16) * 8, d.integer(3, 20), d.choose(16, 32, 64)
    places = side * side
    key = places * channels * classes + classes
    return Question(
        stem=f"The last feature maps have {side}×{side} pixels and {channels} channels. They are flattened and enter a "
        f"dense layer with {classes} outputs and biases. Batches have {batch} images. How many trainable parameters "
        "does the dense layer have?",
        key=jnp.asarray(parameters(linen.Dense(classes), (1, places * channels))),
        second=sum(places * channels + 1 for _ in range(classes)),
        wrong=[
            Wrong("global pooling", channels * classes + classes, "That is the head after global average pooling."),
            Wrong("one side", side * channels * classes + classes, "Each channel has height × width numbers."),
            Wrong("one channel", places * classes + classes, "All channels enter the dense layer."),
            Wrong("no biases", places * channels * classes, "You forgot the biases."),
            Wrong("one bias", places * channels * classes + 1, "Every output has a bias."),
            Wrong("bias per channel", places * channels * classes + channels, "The biases belong to the outputs."),
            Wrong("bias per input", places * channels * (classes + 1), "The biases belong to the outputs."),
            Wrong("biases twice", key + classes, "Every output has one bias."),
            Wrong("times batch", batch * key, "All images of a batch share the parameters."),
            Wrong(
                "bias per input and output",
                places * channels * (classes + 1) + classes,
                "The biases belong to the outputs.",
            ),
        ],
        explanation=f"{side}·{side}·{channels}·{classes} + {classes} = {key}.",
    )


@template(topic="average pooling", difficulty=0.45)
def global_pool_head_parameters(d: Draw) -> Question:
    """Parameters of a classifier after global average pooling."""
    side, channels, classes = d.integer(4, 14), d.integer(4, 64) * 8, d.integer(3, 40)
    places = side * side
    key = channels * classes + classes
    return Question(
        stem=f"The last feature maps have {side}×{side} pixels and {channels} channels. Global average pooling, then a "
        f"dense layer with {classes} outputs and biases follow. How many trainable parameters do the two layers have "
        "together?",
        key=jnp.asarray(parameters(linen.Dense(classes), (1, channels))),
        second=sum(channels + 1 for _ in range(classes)),
        wrong=[
            Wrong(
                "flattened",
                places * channels * classes + classes,
                "Global average pooling leaves one number per channel.",
            ),
            Wrong(
                "one per place",
                places * classes + classes,
                "Global average pooling leaves one number per channel, not per place.",
            ),
            Wrong("no biases", channels * classes, "You forgot the biases."),
            Wrong("one bias", channels * classes + 1, "Every output has a bias."),
            Wrong("only sums", channels + classes, "Every input is connected with every output: multiply."),
            Wrong("trained pooling", key + channels, "Pooling has no parameters."),
            Wrong("pooling weights", key + places, "Pooling has no parameters: every place has the same weight."),
            Wrong("biases twice", key + classes, "Every output has one bias."),
        ],
        explanation=f"Pooling has none, the dense layer {channels}·{classes} + {classes} = {key}.",
    )


@template(topic="average pooling", difficulty=0.55)
def head_parameters_saved(d: Draw) -> Question:
    """Parameters that global average pooling saves against flattening."""
    side, channels, classes = d.integer(4, 14), d.integer(2, 16) * 8, d.integer(3, 20)
    places = side * side
    flat, pooled = (
        parameters(linen.Dense(classes), (1, places * channels)),
        parameters(linen.Dense(classes), (1, channels)),
    )
    key = (places - 1) * channels * classes
    return Question(
        stem=f"The last feature maps have {side}×{side} pixels and {channels} channels; a dense layer with {classes} "
        "outputs and biases follows. How many trainable parameters fewer does the dense layer have after global "
        "average pooling than after flattening?",
        key=jnp.asarray(flat) - jnp.asarray(pooled),
        second=key,
        wrong=[
            Wrong(
                "the flattened head",
                places * channels * classes + classes,
                "Subtract the parameters that remain after pooling.",
            ),
            Wrong("flattened weights", places * channels * classes, "Subtract the weights that remain after pooling."),
            Wrong("biases subtracted", key - classes, "Both dense layers have the same biases."),
            Wrong("biases added", key + classes, "Both dense layers have the same biases: they cancel out."),
            Wrong(
                "numbers that enter", (places - 1) * channels, "Each number that enters has a weight for every output."
            ),
            Wrong("one side", (side - 1) * channels * classes, "Each channel has height × width numbers."),
            Wrong(
                "sides first",
                (side - 1) ** 2 * channels * classes,
                "The number of places is height × width; one of them remains.",
            ),
            Wrong("one channel", (places - 1) * classes, "All channels enter the dense layer."),
            Wrong(
                "one number left in all",
                (places * channels - 1) * classes,
                "Global average pooling leaves one number per channel.",
            ),
        ],
        explanation=f"{flat} after flattening, {pooled} after pooling: {key} fewer.",
    )
