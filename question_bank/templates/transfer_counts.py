"""What is trained in transfer learning: counts after freezing and unfreezing."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen

from question_bank.templates._shapes import parameters
from question_bank.templates.engine import Draw, Question, Wrong, template


def _trained(counts: list[int], trained: list[bool]) -> jax.Array:
    """The sum of the counts of what is trained, as an optimiser's mask would take them."""
    return jnp.sum(jnp.where(np.asarray(trained), np.asarray(counts), 0))


@template(topic="feature extraction", difficulty=0.4)
def frozen_base_parameters(d: Draw) -> Question:
    """Trainable parameters with a frozen base and a new head."""
    base, features = d.integer(20, 90) * 1000, d.integer(4, 32) * 16
    hidden, classes = d.integer(2, 24) * 4, d.integer(3, 20)
    one = parameters(linen.Dense(hidden), (1, features))
    two = parameters(linen.Dense(classes), (1, hidden))
    key = features * hidden + hidden + hidden * classes + classes
    return Question(
        stem=f"A pretrained base with {base} parameters returns {features} features and is frozen. A new head follows: "
        f"a dense layer with {hidden} units, then one with {classes} outputs, both with biases. How many parameters "
        "are trained?",
        key=_trained([base, one, two], [False, True, True]),
        second=key,
        wrong=[
            Wrong("base too", base + key, "Frozen parameters are not trained."),
            Wrong("frozen part", base, "That is the frozen part."),
            Wrong("no biases", features * hidden + hidden * classes, "The new layers have biases."),
            Wrong("output layer only", hidden * classes + classes, "Both new layers are trained."),
            Wrong("first new layer only", features * hidden + hidden, "Both new layers are trained."),
            Wrong("no output biases", key - classes, "The output layer has biases too."),
            Wrong("one layer", features * classes + classes, "The head has two layers."),
            Wrong("bias of the features", key + features, "The features have no bias of their own in the head."),
            Wrong("biases twice", key + hidden + classes, "Each unit has one bias."),
        ],
        explanation=f"{features}·{hidden} + {hidden} + {hidden}·{classes} + {classes} = {key}.",
    )


@template(topic="fine-tuning", difficulty=0.4)
def unfrozen_blocks_parameters(d: Draw) -> Question:
    """Trainable parameters when the last blocks are fine-tuned."""
    counts, head = [d.integer(12, 99) * 100 for _ in range(5)], d.integer(3, 60) * 100
    last = d.integer(2, 3)
    d.need(len(set(counts)) == 5)
    key = sum(counts[-last:]) + head
    return Question(
        stem=f"A pretrained network has five blocks with {', '.join(map(str, counts[:-1]))} and {counts[-1]} "
        f"parameters, from the input on. A new head with {head} parameters is put on top. The head and the last {last} "
        "blocks are trained, all else is frozen. How many parameters are trained?",
        key=_trained([*counts, head], [i >= 5 - last for i in range(6)]),
        second=sum(counts) + head - sum(counts[: 5 - last]),
        wrong=[
            Wrong("head only", head, "The last blocks are trained too."),
            Wrong("no head", key - head, "The new head is trained too."),
            Wrong("first blocks", sum(counts[:last]) + head, "The last blocks are those furthest from the input."),
            Wrong("frozen part", sum(counts[:-last]), "That is the frozen part."),
            Wrong("all", sum(counts) + head, "The first blocks are frozen."),
            Wrong(
                "one block fewer",
                sum(counts[1 - last :]) + head,
                f"The last {last} blocks are trained; the head is no block.",
            ),
            Wrong("one block more", sum(counts[-last - 1 :]) + head, f"Only the last {last} blocks are trained."),
            Wrong(
                "frozen and head", sum(counts[:-last]) + head, "You took the frozen blocks instead of the trained ones."
            ),
        ],
        explanation=f"{' + '.join(map(str, [*counts[-last:], head]))} = {key}.",
    )


@template(topic="fine-tuning", difficulty=0.55)
def gradual_unfreezing_parameters(d: Draw) -> Question:
    """Trainable parameters during gradual unfreezing."""
    counts, head = [d.integer(12, 99) * 100 for _ in range(5)], d.integer(3, 60) * 100
    every = d.choose(2, 3, 4)
    opened = d.integer(2, 3)
    epoch = opened * every + d.integer(1, every)
    d.need(len(set(counts)) == 5)
    # Second way: live through the epochs.
    trained, frozen = head, list(counts)
    for done in range(1, epoch):
        if done % every == 0:
            trained += frozen.pop()

    def after(blocks: int) -> int:
        return sum(counts[5 - blocks :]) + head

    return Question(
        stem=f"A pretrained network has five blocks with {', '.join(map(str, counts[:-1]))} and {counts[-1]} "
        f"parameters, from the input on, and a new head with {head} parameters. In the first {every} epochs only the "
        f"head is trained; then, after every {every} epochs, one more block is unfrozen, the last block first. Epochs "
        f"are counted from 1. How many parameters are trained in epoch {epoch}?",
        key=_trained([*counts, head], [i >= 5 - (epoch - 1) // every for i in range(6)]),
        second=trained,
        wrong=[
            Wrong(
                "one block fewer",
                after(opened - 1),
                "Only the first phase trains the head alone: count the phases once more.",
            ),
            Wrong("one block more", after(opened + 1), "The first phase unfreezes nothing but the head."),
            Wrong("no head", after(opened) - head, "The head stays trained."),
            Wrong("first blocks", sum(counts[:opened]) + head, "Unfreezing starts with the last block."),
            Wrong("only the newest block", counts[5 - opened] + head, "Blocks stay unfrozen once they are."),
            Wrong("all", sum(counts) + head, "The first blocks are still frozen."),
            Wrong("frozen part", sum(counts[: 5 - opened]), "That is the frozen part."),
            Wrong("newest block alone", counts[5 - opened], "The head and the blocks unfrozen before are trained too."),
        ],
        explanation=f"In epoch {epoch} the head and the last {opened} blocks are trained: {trained}.",
    )


@template(topic="transfer learning", difficulty=0.4)
def trainable_share(d: Draw) -> Question:
    """Share of parameters that is trained."""
    base, features, classes = d.integer(20, 99) * 100, d.integer(4, 16) * 16, d.integer(3, 20)
    d.need(features * classes * 3 > base // 4)
    head = features * classes + classes
    ratio = 100 * jnp.asarray(parameters(linen.Dense(classes), (1, features))) / (base + head)
    return Question(
        stem=f"A pretrained base with {base} parameters returns {features} features and is frozen. A dense layer with "
        f"{classes} outputs and biases is trained on top. What percentage of all parameters of the whole network is "
        "trained?",
        key=ratio,
        second=100 - 100 * base / (base + head),
        wrong=[
            Wrong("of the base", 100 * head / base, "Divide by all parameters, the head's included."),
            Wrong("frozen share", 100 * base / (base + head), "That is the frozen share."),
            Wrong("no biases", 100 * features * classes / (base + features * classes), "The head has biases too."),
            Wrong(
                "bias per feature",
                100 * (features * classes + features) / (base + features * classes + features),
                "The biases belong to the outputs.",
            ),
            Wrong(
                "numbers that enter", 100 * features / (base + features), "Each feature has a weight for every output."
            ),
            Wrong("outputs", 100 * classes / (base + classes), "Each output has a weight for every feature."),
            Wrong(
                "features and outputs added",
                100 * (features + classes) / (base + features + classes),
                "Multiply features and outputs.",
            ),
            Wrong("head twice", 100 * head / (base + 2 * head), "The head counts once among all parameters."),
        ],
        explanation=f"{features}·{classes} + {classes} = {head} of {base + head} parameters: "
        f"{100 * head / (base + head):.2f} %.",
        places=2,
        unit="%",
    )
