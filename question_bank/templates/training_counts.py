"""Updates, epochs and early stopping."""

from __future__ import annotations

import math

import jax.numpy as jnp
import numpy as np

from question_bank.templates.engine import Draw, Question, Wrong, template


@template(topic="epochs and mini-batches", difficulty=0.3)
def updates_per_epoch(d: Draw) -> Question:
    """Updates per epoch with a last batch kept or dropped."""
    examples, batch, kept = (
        d.integer(500, 9000),
        d.choose(16, 20, 24, 32, 48, 50, 64, 96, 100, 128),
        d.choose(True, False),
    )
    full, rest = examples // batch, examples % batch
    d.need(rest > 1)
    starts = [start for start in range(0, examples, batch) if kept or start + batch <= examples]
    key = jnp.ceil(examples / batch) if kept else jnp.floor(examples / batch)
    rule = "A smaller last batch is used as well." if kept else "A smaller last batch is dropped."
    return Question(
        stem=f"A training set has {examples} examples; mini-batches have {batch}. {rule} How many updates does one "
        "epoch take?",
        key=key,
        second=len(starts),
        wrong=[
            Wrong("last batch", full + (0 if kept else 1), "Look again at what happens to a smaller last batch."),
            Wrong("per example", examples, "There is one update per mini-batch, not one per example."),
            Wrong("batch size", batch, "That is the size of a batch, not their number."),
            Wrong("examples left over", rest, "That is the size of the last batch."),
            Wrong("one more", len(starts) + 1, "Count the batches once more."),
            Wrong("one fewer", len(starts) - 1, "Count the batches once more."),
            Wrong("two fewer", full - 1, "Only a batch that is not full may be dropped."),
        ],
        explanation=f"{examples} / {batch} gives {full} full batches and {rest} left over: {len(starts)} updates.",
        unit="updates",
    )


@template(topic="epochs and mini-batches", difficulty=0.4)
def total_updates(d: Draw) -> Question:
    """Updates in a whole training."""
    examples, share = d.integer(10, 90) * 100, d.choose(10, 15, 20, 25, 30)
    batch, epochs = d.choose(16, 20, 32, 40, 50, 64, 100, 128), d.integer(5, 60)
    train = examples * (100 - share) // 100
    d.need(train % batch != 0)
    per = -(-train // batch)
    return Question(
        stem=f"Of {examples} examples, {share} % are held out for validation; the rest are the training set. It is "
        f"trained for {epochs} epochs with mini-batches of {batch}; a smaller last batch of an epoch is used as well. "
        "How many updates are made in all?",
        key=jnp.ceil(train / batch) * epochs,
        second=sum(1 for _ in range(epochs) for _ in range(0, train, batch)),
        wrong=[
            Wrong("one epoch", per, "That is one epoch."),
            Wrong(
                "last batch dropped", train // batch * epochs, "The smaller last batch of each epoch is used as well."
            ),
            Wrong("all examples", -(-examples // batch) * epochs, "The validation set is not trained on."),
            Wrong(
                "validation set", -(-(examples - train) // batch) * epochs, "That counts batches of the validation set."
            ),
            Wrong(
                "rounded at the end",
                -(-train * epochs // batch),
                "Each epoch ends with its own last batch: round up before you multiply.",
            ),
            Wrong("per example", train * epochs, "There is one update per mini-batch."),
            Wrong("one epoch more", per * (epochs + 1), "Count the epochs once more."),
            Wrong("one epoch less", per * (epochs - 1), "Count the epochs once more."),
        ],
        explanation=f"{train} training examples make ceil({train} / {batch}) = {per} updates per epoch; times {epochs} "
        f"is {per * epochs}.",
        unit="updates",
    )


@template(topic="epochs and mini-batches", difficulty=0.4)
def epochs_from_updates(d: Draw) -> Question:
    """Epoch in which an update falls."""
    examples, batch = d.integer(500, 6000), d.choose(16, 20, 32, 40, 50, 64, 100, 128)
    d.need(examples % batch != 0)
    per = -(-examples // batch)
    update = d.integer(3 * per, 40 * per)
    d.need(update % per not in (0, 1))
    epoch, left = 1, update  # second way: take epoch after epoch off
    while left > per:
        epoch, left = epoch + 1, left - per
    return Question(
        stem=f"A training set has {examples} examples; mini-batches have {batch}, and a smaller last batch of an epoch "
        f"is used as well. Updates and epochs are counted from 1. In which epoch does update {update} fall?",
        key=jnp.floor_divide(update - 1, per) + 1,
        second=epoch,
        wrong=[
            Wrong(
                "epochs completed", update // per, "That many epochs are complete; the update falls into the next one."
            ),
            Wrong(
                "last batch dropped",
                -(-update // (examples // batch)),
                "The smaller last batch makes an update of its own.",
            ),
            Wrong("one too many", epoch + 1, "Epochs are counted from 1."),
            Wrong("examples", -(-update // batch), "Divide by the updates of an epoch, not by the batch size."),
            Wrong("two too few", epoch - 2, "Count the epochs once more."),
            Wrong("per example", -(-update // examples), "An update uses a whole mini-batch."),
            Wrong("two too many", epoch + 2, "Count the epochs once more."),
        ],
        explanation=f"An epoch has ceil({examples} / {batch}) = {per} updates; ceil({update} / {per}) = {epoch}.",
    )


@template(topic="early stopping", difficulty=0.5)
def early_stopping_epoch(d: Draw) -> Question:
    """Epoch after which early stopping ends the training."""
    patience, count = d.integer(2, 4), 13
    level, losses = d.integer(80, 95), []
    for epoch in range(count):
        level += d.choose(-14, -11, -8, -5, 2) if epoch < 4 else d.choose(-7, -4, 2, 3, 4, 5)
        losses.append(level / 100)
    d.need(len(set(losses)) == count and min(losses) > 0.2)
    stop, best, waited = 0, math.inf, 0
    for epoch, loss in enumerate(losses, start=1):  # second way: go through the epochs
        best, waited = (loss, 0) if loss < best else (best, waited + 1)
        if waited == patience:
            stop = epoch
            break
    d.need(5 <= stop <= count - 2)
    values = np.asarray(losses)
    lowest = np.minimum.accumulate(values)
    better = jnp.asarray(values <= lowest)
    last = jnp.maximum.accumulate(jnp.where(better, jnp.arange(count), 0))  # the latest best epoch so far
    key = 1 + jnp.argmax(jnp.arange(count) - last >= patience)
    rises = [i for i in range(1, count) if losses[i] > losses[i - 1]]
    runs = [i for i in range(patience, count) if all(losses[j] > losses[j - 1] for j in range(i - patience + 1, i + 1))]
    kept = 1 + int(np.argmin(values[:stop]))
    return Question(
        stem=f"The validation losses of epochs 1 to {count} would be {', '.join(f'{v:.2f}' for v in losses)}. Training "
        f"stops after the epoch in which the loss has failed for the {('second', 'third', 'fourth')[patience - 2]} "
        f"time in a row to be lower than the best so far (patience {patience}). After which epoch does it stop?",
        key=key,
        second=stop,
        wrong=[
            Wrong(
                "best epoch",
                kept,
                "That is the epoch with the best loss; training goes on until the patience is used up.",
            ),
            Wrong("one too late", stop + 1, "It stops as soon as the patience is used up."),
            Wrong("one too early", stop - 1, "The patience is not used up yet."),
            Wrong("first rise", rises[0] + 1 if rises else 1, "One worse epoch does not stop it yet."),
            Wrong(
                "compared with the epoch before",
                runs[0] + 1 if runs else count,
                "Compare with the best loss so far, not with the epoch before.",
            ),
            Wrong(
                "bad epochs in all",
                rises[patience - 1] + 1 if len(rises) >= patience else count,
                "The count starts anew after every best loss.",
            ),
            Wrong(
                "lowest of all",
                1 + int(np.argmin(values)),
                "The losses after the stop are never seen.",
            ),
            Wrong("never", count, "The patience is used up before the last epoch."),
        ],
        explanation=f"The best loss so far is {min(losses[:stop]):.2f} in epoch {kept}; {patience} epochs without a "
        f"better one end with epoch {stop}.",
    )


@template(topic="data augmentation", difficulty=0.35)
def augmented_examples(d: Draw) -> Question:
    """Size of an augmented training set."""
    images, share = d.integer(40, 400) * 20, d.choose(10, 20, 25, 30)
    turns = d.integer(2, 7)
    train = images * (100 - share) // 100
    key = jnp.prod(jnp.asarray([train, 2, turns + 1]))
    return Question(
        stem=f"Of {images} images, {share} % are the test set. Each image of the rest is stored as it is and mirrored; "
        f"each of these two in its original position and turned by {turns} different angles. How many training images "
        "are stored?",
        key=key,
        second=train + train * turns + train + train * turns,
        wrong=[
            Wrong("test set too", images * 2 * (turns + 1), "The test set is not augmented."),
            Wrong("not mirrored", train * (turns + 1), "The mirrored images are turned as well."),
            Wrong("originals forgotten", train * 2 * turns, "The images in their original position are stored too."),
            Wrong("new ones only", train * (2 * (turns + 1) - 1), "The original images are stored too."),
            Wrong("added", train * (2 + turns), "Every mirrored image is turned as well: multiply."),
            Wrong(
                "test set added",
                train * 2 * (turns + 1) + images - train,
                "The test set is not part of the training images.",
            ),
            Wrong("test set only", (images - train) * 2 * (turns + 1), "You augmented the test set."),
            Wrong("mirrored twice", train * 3 * (turns + 1), "Each image appears plain and mirrored: two, not three."),
        ],
        explanation=f"{train} images, times 2 for mirroring, times {turns + 1} for the positions: "
        f"{train * 2 * (turns + 1)}.",
        unit="images",
    )
