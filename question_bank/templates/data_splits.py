"""Sizes of splits and folds, and how many models are trained."""

from __future__ import annotations

import jax.numpy as jnp

from question_bank.templates.engine import Draw, Question, Wrong, template


@template(topic="evaluation", difficulty=0.35)
def training_split_size(d: Draw) -> Question:
    """Size of the training set after two splits."""
    examples, test, validation = d.integer(20, 400) * 100, d.choose(10, 15, 20, 25, 30), d.choose(10, 20, 25, 30)
    rest = examples * (100 - test) // 100
    d.need(test != validation and rest * (100 - validation) % 100 == 0)
    key = rest * (100 - validation) // 100
    return Question(
        stem=f"Of {examples} examples, {test} % are set aside for the test. Of the rest, {validation} % are set aside "
        "for validation. What remains is the training set. How many examples does it have?",
        key=jnp.prod(jnp.asarray([examples, 100 - test, 100 - validation])) // 10_000,
        second=examples - examples * test // 100 - rest * validation // 100,
        wrong=[
            Wrong(
                "both of all",
                examples * (100 - test - validation) // 100,
                "The validation share is taken of the rest, not of all examples.",
            ),
            Wrong("no test", examples * (100 - validation) // 100, "The test set is set aside too."),
            Wrong("no validation", rest, "The validation set is set aside too."),
            Wrong("validation set", rest * validation // 100, "That is the validation set."),
            Wrong("test set", examples * test // 100, "That is the test set."),
            Wrong("both sets set aside", examples - key, "That is what was set aside."),
            Wrong(
                "product of shares",
                examples - examples * test * validation // 10_000,
                "Both shares are taken away, one after the other.",
            ),
            Wrong(
                "validation share twice",
                rest * (100 - 2 * validation) // 100,
                "The validation share is taken away once.",
            ),
        ],
        explanation=f"{examples}·{(100 - test) / 100:g}·{(100 - validation) / 100:g} = {key}.",
        unit="examples",
    )


@template(topic="evaluation", difficulty=0.4)
def cross_validation_training_size(d: Draw) -> Question:
    """Training examples in one round of cross-validation."""
    folds, test = d.choose(3, 4, 5, 6, 8, 10), d.choose(10, 20, 25, 40)
    examples = d.integer(6, 600) * 20
    rest = examples * (100 - test) // 100
    d.need(rest % folds == 0 and examples % folds == 0 and examples * test % 100 == 0)
    fold = rest // folds
    return Question(
        stem=f"Of {examples} examples, {test} % are set aside for the test. The rest is used for {folds}-fold "
        "cross-validation. How many examples is each of the models trained on?",
        key=jnp.asarray(rest) * (folds - 1) // folds,
        second=sum(1 for i in range(rest) if i % folds != 0),  # deal the examples out to the folds
        wrong=[
            Wrong("one fold", fold, "That is the fold that the model is validated on."),
            Wrong("all folds", rest, "One fold is left out in every round."),
            Wrong("test set too", examples * (folds - 1) // folds, "The test set is not part of the cross-validation."),
            Wrong("test set", examples - rest, "That is the test set."),
            Wrong("two folds out", rest - 2 * fold, "One fold is left out, not two."),
            Wrong("all examples", examples, "The test set and one fold are left out."),
            Wrong(
                "one more fold",
                rest * folds // (folds + 1),
                f"Each of the {folds} folds is one part in {folds} of the rest.",
            ),
            Wrong(
                "one fewer fold",
                rest * (folds - 2) // (folds - 1),
                f"Each of the {folds} folds is one part in {folds} of the rest.",
            ),
        ],
        explanation=f"{rest} examples make {folds} folds of {fold}; {folds - 1} of them are trained on: {rest - fold}.",
        unit="examples",
    )


@template(topic="evaluation", difficulty=0.45)
def cross_validation_fits(d: Draw) -> Question:
    """Models trained in a grid search with cross-validation."""
    rates, sizes, drops = d.integer(2, 7), d.integer(2, 7), d.integer(2, 5)
    folds, repeats = d.choose(3, 4, 5, 6, 8, 10), d.integer(2, 5)
    key = rates * sizes * drops * folds * repeats
    d.need(len({rates, sizes, drops}) == 3)
    return Question(
        stem=f"A grid search tries every combination of {rates} learning rates, {sizes} layer widths and {drops} "
        f"dropout rates. Each combination is judged by {repeats} runs of {folds}-fold cross-validation, each with new "
        "folds. At the end the best combination is trained once more on all data. How many models are trained?",
        key=jnp.prod(jnp.asarray([rates, sizes, drops, folds, repeats])) + 1,
        second=1 + len([0 for _ in range(rates * sizes) for _ in range(drops * repeats) for _ in range(folds)]),
        wrong=[
            Wrong("final training", key, "The last training on all data counts too."),
            Wrong("one run", rates * sizes * drops * folds + 1, "The cross-validation is run several times."),
            Wrong(
                "no folds",
                rates * sizes * drops * repeats + 1,
                "Each round of the cross-validation trains one model per fold.",
            ),
            Wrong(
                "values added", (rates + sizes + drops) * folds * repeats + 1, "Every combination is tried: multiply."
            ),
            Wrong(
                "folds and runs added",
                rates * sizes * drops * (folds + repeats) + 1,
                "Every run trains one model per fold: multiply.",
            ),
            Wrong(
                "trained on all data each time",
                rates * sizes * drops * (folds + 1) * repeats + 1,
                "Only the best combination is trained on all data.",
            ),
            Wrong(
                "one training per run", key + repeats, "The best combination is trained once more, not once per run."
            ),
            Wrong(
                "one per combination", key + rates * sizes * drops, "Only the best combination is trained on all data."
            ),
        ],
        explanation=f"{rates}·{sizes}·{drops}·{folds}·{repeats} + 1 = {key + 1}.",
        unit="models",
    )
