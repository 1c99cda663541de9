"""The lint: each of the nineteen flaws is found where it is and nowhere else, and so are the flaws of a bank."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from question_bank.item import (
    CLOZE,
    CODE,
    MATCHING,
    MULTIPLE,
    NUMERIC,
    ORDERING,
    SHORT,
    SINGLE,
    Item,
    Number,
    Option,
    Pair,
    Source,
)
from question_bank.lint import FLAWS, ITEM_FLAWS, Finding, explain, lint_bank, lint_item, refused
from question_bank.lint.bank import chi_square_tail
from question_bank.lint.text import amount, form, root


def item(stem: str, kind: str = SINGLE, name: str = "one", **fields: object) -> Item:
    made = Item(
        id=name, kind=kind, topic="dropout", level="remember", difficulty=0.5, stem=stem, explanation="Because."
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def choice(stem: str, *texts: str, kind: str = SINGLE, name: str = "one", **fields: object) -> Item:
    """A choice; a star before the text marks the key."""
    options = tuple(Option(t.removeprefix("*"), t.startswith("*")) for t in texts)
    return item(stem, kind, name, options=options, **fields)


def flaws(one: Item) -> set[tuple[str, str]]:
    return {(f.flaw, f.severity) for f in lint_item(one)}


LOSSES = ("*Hinge", "Huber", "Focal")
NETS = ("*Dropout", "Momentum", "Padding")
SENTENCES = ("*It sets random activations to zero", "It adds noise to every label", "It shrinks the images by half")

# Flaw, severity, items that have it, and near misses that are good items: no finding of any severity but a remark.
TABLE: list[tuple[str, str, list[Item], list[Item]]] = [
    (
        "ambiguous",
        "severe",
        [
            choice("What does the following code print?", "*`1`", "`2`", "`3`"),
            choice("Which loss is shown below?", *LOSSES),
            choice("Which loss goes with the network of the previous question?", *LOSSES),
            choice("Which loss doesnâ€™t saturate here?".replace("doesn", "does"), *LOSSES),
            choice("Which loss suits {task_name}?", *LOSSES),
            choice("Which regulariser is it?", "*Dropout", "TODO", "Padding"),
        ],
        [
            choice("What does the following code print?", "*`1`", "`2`", "`3`", code="print(1)"),
            choice("It runs once. What is printed?", "*`1`", "`2`", "`3`", code="print(1)"),
            choice("What does the following code print?\n```python\nprint(1)\n```", "*`1`", "`2`", "`3`"),
            choice("Which loss compares the image above the threshold with its target?", *LOSSES),
            choice("What does `d[{key_name}]` raise in Python?", "*`KeyError`", "`NameError`", "`TypeError`"),
            item("Complete: sigmoid maps to the interval from {1} to {2}.", CLOZE, gaps=(("0",), ("1",))),
        ],
    ),
    (
        "ambiguous",
        "flaw",
        [
            choice("It is applied after the matrix product. Why?", *SENTENCES),
            choice("What is it used for?", *SENTENCES),
            choice("What does dropout do? Why does that help?", *SENTENCES),
            choice("Which is the most important loss for images?", *LOSSES),
            choice("Which is the best optimizer?", "*Adam", "Momentum", "AdaGrad"),
            choice("According to the lecture, which loss suits margins?", *LOSSES),
        ],
        [
            choice(
                "It sets activations to zero at random and does nothing at test time. Which regulariser is it?", *NETS
            ),
            choice("A colleague asks “Why is my loss NaN?” after ten updates. Which cause fits?", *NETS),
            choice("Which is the best choice of loss for ten exclusive classes?", *LOSSES),
            choice("Which loss is lower than the best so far, and which is the best by margin?", *LOSSES),
            choice("Training ends at a loss which is above the best so far. Which epoch has the best loss?", *NETS),
            choice("Which of these best describes the effect of early stopping?", *SENTENCES),
            choice("How many tokens does a sentence in the text of the example have?", "*3", "4", "5"),
        ],
    ),
    (
        "implausible-distractors",
        "flaw",
        [
            choice("Which loss has a margin?", "*Hinge", "Huber", "I don't know"),
            choice("How large is the output?", "*3", "5", "banana bread"),
            choice("Which are losses?", "*Hinge", "*Huber", kind=MULTIPLE),
        ],
        [
            choice("How large is the gradient at 0?", "*0", "1", "It is undefined"),
            choice("How large is the gradient at the corner?", "0", "*It is undefined", "It depends on the framework"),
            choice("Which are losses?", "*Hinge", "*Huber", "Dropout", kind=MULTIPLE),
            choice("What is the limit for large negative inputs?", "0", "*-alpha", "-1"),
        ],
    ),
    (
        "none-of-the-above",
        "flaw",
        [
            choice("Which loss has a margin?", "*Hinge", "Huber", "None of the above"),
            choice("Which loss has a margin?", "*Hinge", "Huber", "*None* of these options."),
        ],
        [
            choice("What does `print(d.get(1))` show for an empty dictionary?", "*`None`", "`0`", "`1`"),
            choice(
                "Which units are dropped at test time?", "*None of the units", "Half of the units", "The first units"
            ),
        ],
    ),
    (
        "all-of-the-above",
        "flaw",
        [
            choice("What slows overfitting?", "Dropout", "Early stopping", "*All of the above"),
            choice("What slows overfitting?", "Dropout", "Early stopping", "*All of these are correct"),
        ],
        [
            choice(
                "Over which positions does the softmax run?",
                "*All earlier positions",
                "The next position",
                "The first one",
            ),
            choice("Which weights are updated in fine-tuning?", "*All of the weights", "The last layer", "The biases"),
        ],
    ),
    (
        "longest-correct",
        "flaw",
        [
            choice(
                "Why is the learning rate warmed up?",
                "*So that early, unreliable moment estimates of Adam do not cause large steps",
                "So that epochs get shorter",
                "So that memory is saved",
            ),
            choice(
                "What does batch normalisation use at test time?",
                "the current batch",
                "*the running mean and variance gathered over the updates",
                "no statistics",
            ),
        ],
        [
            choice("Which cell has two gates?", "RNN", "LSTM", "*Gated recurrent unit"),
            choice(
                "Why are epochs shuffled?",
                "*So that batches differ each time",
                "So that memory is saved",
                "So that rates fall",
            ),
            choice("What is the loss?", "*`-(y * log(p) + (1 - y) * log(1 - p))`", "`(y - p)**2`", "`abs(y - p)`"),
        ],
    ),
    (
        "gratuitous",
        "flaw",
        [
            choice("As you know, overfitting is common. Which method randomly silences units?", *NETS),
            choice("Deep learning has become very popular in industry. Which loss has a margin?", *LOSSES),
            choice(
                "Which loss has a margin? " + "The task at hand was described by a large company in a report. " * 10,
                *LOSSES,
            ),
        ],
        [
            choice("A net sorts photos into ten exclusive classes. Which loss suits it?", *LOSSES),
            choice(
                "An image is 32 pixels high. The kernel is powerful enough at height 3. How high is the output?",
                "28",
                "*30",
                "32",
            ),
            choice("Which popular loss has a margin?", *LOSSES),
        ],
    ),
    (
        "true-false",
        "flaw",
        [
            choice("Dropout is switched off at test time.", "*True", "False"),
            choice("Is dropout applied at test time?", "Yes", "*No"),
            choice(
                "True or false: a GRU has three gates.", "*False, it has two", "True, it has three", "False, it has one"
            ),
        ],
        [
            choice("What is printed?", "*`True`", "`False`", code="print(1 < 2)"),
            choice("Which phase applies the mask?", "*Training", "Testing", "Loading"),
        ],
    ),
    (
        "convergence",
        "flaw",
        [
            choice(
                "How is a classifier for ten classes built?",
                "*Softmax and cross-entropy",
                "Softmax and hinge",
                "Tanh and cross-entropy",
                "ReLU",
            ),
            choice(
                "What follows the convolution?",
                "Padding, pooling",
                "*ReLU, pooling",
                "ReLU, flattening",
                "Dropout, masking",
            ),
        ],
        [
            choice(
                "What is it built of?",
                "*Softmax and cross-entropy",
                "Softmax and hinge",
                "Tanh and cross-entropy",
                "Tanh and hinge",
                code="x",
            ),
            choice(
                "How is a classifier built?",
                "Softmax and cross-entropy",
                "Softmax and hinge",
                "Tanh and cross-entropy",
                "*ReLU",
            ),
            choice("What is the shape?", "*(4, 6)", "(4, 5)", "(3, 6)", "(2, 2)"),
        ],
    ),
    (
        "logical-cue",
        "flaw",
        [
            choice("Which loss sums squares?", "*Hinge", "MSE", "Mean squared error"),
            choice("Which two parts make a residual block?", "*Convolution and shortcut", "Pooling", "Flattening"),
            choice("How many gates has a GRU?", "*2", "Sigmoid", "Dropout"),
            item(
                "Order the phases of an update.",
                ORDERING,
                steps=("First compute the loss", "Take the gradient", "Change the weights"),
            ),
            item(
                "Order the phases of an update.",
                ORDERING,
                steps=("1. Compute the loss", "Take the gradient", "Change the weights"),
            ),
        ],
        [
            choice("Which loss sums squares?", "Hinge", "*MSE", "MAE"),
            choice(
                "Which two parts make a residual block?",
                "*Convolution and shortcut",
                "Pooling and mask",
                "Flattening and mask",
            ),
            choice("How many gates has a GRU?", "*2", "three", "as many as an LSTM"),
            item(
                "Order the phases of an update.",
                ORDERING,
                steps=("Compute the loss", "Take the gradient", "Change the weights"),
            ),
            choice("Which formula is right?", "*$W + b$", "$W - b$", "$W b$"),
        ],
    ),
    (
        "fill-in-blank",
        "flaw",
        [
            choice("The ____ loss has a margin of one.", *LOSSES),
            choice("A loss with a margin is called [blank] in the literature.", *LOSSES),
            item("The loss with a margin is ____.", SHORT, accepted=("hinge",)),
        ],
        [
            choice(
                "What does `__init__` receive, and what does my__name hold after it ran?", "*`self`", "`cls`", "`x`"
            ),
            item("The {1} loss has a margin of one.", CLOZE, gaps=(("hinge",),)),
            choice("A loss with a margin of one is called", *LOSSES),
        ],
    ),
    (
        "absolute-terms",
        "flaw",
        [
            choice(
                "What does momentum do?",
                "*It averages past gradients",
                "It always finds the minimum",
                "It halves the rate",
            ),
            choice(
                "What does momentum do?",
                "*It averages past gradients",
                "It guarantees convergence",
                "It halves the rate",
            ),
        ],
        [
            choice(
                "What does attention sum over?",
                "*All positions of the input",
                "Every second position",
                "Only the last position",
            ),
            choice(
                "What holds for the outputs of softmax?",
                "*They never are negative",
                "They never exceed a half",
                "They never add up",
            ),
            choice(
                "Which claim about softmax always holds?", "*It adds up to one", "It is always zero", "It is a median"
            ),
        ],
    ),
    (
        "word-repeats",
        "flaw",
        [
            choice(
                "Why is the gradient clipped?",
                "*To keep a large gradient from ruining the rest",
                "To save memory",
                "To warm up",
            ),
            choice("Which layer normalises each example?", "*Example-wise normalisation", "Dropout", "Pooling"),
            choice("Which loss has a margin?", "*Hinge loss", "Huber", "Cross-entropy"),
            choice("Which function maps to the unit interval?", "*Sigmoid function", "Tanh", "Softplus"),
            item(
                "Match.",
                MATCHING,
                pairs=(Pair("forget gate", "decides what to forget"), Pair("GRU", "has two of them")),
            ),
            item("Which regulariser is called dropout because units are dropped?", SHORT, accepted=("dropout",)),
            item("Softmax exponentiates; {1} adds up to one.", CLOZE, gaps=(("softmax",),)),
        ],
        [
            choice("Which layer normalises each example?", "*Layer normalisation", "Batch normalisation", "Pooling"),
            choice(
                "What does a layer of a network do?", "*It maps an input of the layer", "It saves memory", "It warms up"
            ),
            item(
                "Match.", MATCHING, pairs=(Pair("input gate", "what gate adds"), Pair("output gate", "what gate shows"))
            ),
            item("Which is bounded, tanh or ReLU?", SHORT, accepted=("tanh",)),
            choice("What is `relu(3)`?", "*`relu(3)` is 3 for any input", "It is 0", "It is 9"),
        ],
    ),
    (
        "unfocused-stem",
        "flaw",
        [
            choice("Which of the following is true?", *SENTENCES),
            choice("Select the correct answer.", *SENTENCES),
            choice("Dropout:", *SENTENCES),
            choice("Batch normalisation is", *SENTENCES),
        ],
        [
            choice("What is dropout?", *SENTENCES),
            choice("Compute $2 + 2$.", "3", "*4", "5"),
            choice("Which is printed?", "*`1`", "`2`", "`3`", code="print(1)"),
            choice("Which of these is a loss?", *LOSSES),
        ],
    ),
    (
        "k-type",
        "flaw",
        [
            choice("What slows overfitting?", "Dropout", "Early stopping", "*Both A and B", "Momentum"),
            choice(
                "Look at: I. dropout slows it. II. momentum slows it. What slows overfitting?",
                "*I only",
                "II only",
                "I and II",
            ),
            choice("Two claims: 1. Dropout scales. 2. Momentum scales. Which hold in training?", "*1", "1 and 2", "2"),
        ],
        [
            choice(
                "Which of the matrices A, B and C can be multiplied with a vector of 3?",
                "*A and B",
                "B and C",
                "A and C",
            ),
            choice("Which units fire for the inputs (0, 1), (1, 2) and (2, 1)?", "*1, 2", "2, 3", "1, 3"),
            choice("What does the perceptron output for the four inputs?", "*1, 1, 1, 1", "0, 1, 1, 0", "1, 0, 0, 1"),
        ],
    ),
    (
        "grammatical-cue",
        "flaw",
        [
            choice("A unit that keeps a memory over time is an", "*LSTM", "GRU", "perceptron"),
            choice("The network that reads a sentence is an", "*encoder", "decoder", "mask"),
            choice("Why is dropout used?", "*It slows overfitting.", "It saves memory", "It warms up"),
            choice("Why is dropout used?", "*Less overfitting follows", "To save memory", "To warm up"),
        ],
        [
            choice("The network that reads a sentence is a(n)", "*encoder", "decoder", "mask"),
            choice("A unit that keeps a memory over time is an", "*LSTM", "RNN", "encoder"),
            choice("Why is dropout used?", "*To slow overfitting", "To save memory", "To warm up"),
            choice("Why is dropout used?", "*It slows overfitting.", "It saves memory.", "It warms up."),
        ],
    ),
    (
        "lost-sequence",
        "flaw",
        [
            choice("How high is the output?", "30", "*28", "32"),
            choice("In which year did AlexNet win?", "1998", "2014", "*2012"),
            choice("What is the loss?", "$0.5$", "*$-0.2$", "$0.7$"),
            choice("How long is a row?", "30 pixels", "*1 pixel", "32 pixels"),
        ],
        [
            choice("How high is the output?", "32", "30", "*28"),
            choice("How high is the output?", "*1 pixel", "2 pixels", "3 pixels"),
            choice("What is the shape?", "*(4, 6)", "(1, 2)", "(3, 3)"),
            choice("How long does it take?", "90 ms", "*2 s", "4 min"),
            choice("How many are left?", "1/4", "*1/2", "75 %"),
        ],
    ),
    (
        "vague-terms",
        "flaw",
        [
            choice("What does momentum do?", "*It often averages gradients", "It halves the rate", "It adds noise"),
            choice("What does momentum do?", "*It averages gradients", "It halves the rate", "It adds a lot of noise"),
            choice("Which loss was recently proposed?", *LOSSES),
        ],
        [
            choice("Which loss is usually minimised for margins?", *LOSSES),
            choice("What does momentum do?", "*It averages gradients", "It halves the rate", "It adds some of them"),
        ],
    ),
    (
        "more-than-one-correct",
        "severe",
        [
            choice("What is the value?", "0.25", "*0.5", "1/2"),
            choice("Which loss has a margin?", "*Hinge", "*Huber", "Focal"),
            choice("What adds the input to the output?", "*A skip-connection", "skip connection", "Pooling"),
            choice("What has two gates?", "LSTM", "*GRU", "Gated recurrent unit"),
        ],
        [
            choice("What is the value?", "*0.5 s", "0.5 ms", "0.7 ns"),
            choice("Which losses have a margin?", "*Hinge", "*Triplet", "Focal", kind=MULTIPLE),
            choice("What is the value?", "-0.5", "*0.5", "0.51"),
            choice("What is the update?", "*`w - lr * g`", "`w + lr * g`", "`w * lr - g`"),
        ],
    ),
    (
        "negative-stem",
        "flaw",
        [
            choice("Which of these is not a loss?", "*Dropout", "Hinge", "Huber"),
            choice("All of the following are losses except", "*Dropout", "Hinge", "Huber"),
            choice("Which loss is least robust to outliers?", *LOSSES),
            choice("Which statement about dropout is false?", "*It adds layers", "It adds zeros", "It adds noise"),
            choice("Which layer does **not** change shapes?", "*Layers that do not pool", "Pooling", "Flattening"),
        ],
        [
            choice("What happens to the weights if the base is not frozen?", *SENTENCES),
            choice("Why is the sigmoid not used in hidden layers?", *SENTENCES),
            choice("What is the effect of not shuffling?", *SENTENCES),
            choice("A window drops what does not fit. How high is the output?", "2", "*3", "4"),
            choice("Which method minimises least squares, at least in two steps?", *NETS),
            choice("What does `x is not None` test?", *SENTENCES),
            choice("What is the rate of false positives among all negatives called?", *NETS),
        ],
    ),
]


def test_the_table_covers_the_nineteen_flaws() -> None:
    assert len(ITEM_FLAWS) == 19
    assert {row[0] for row in TABLE} == set(ITEM_FLAWS)
    assert all(len(bad) >= 2 and len(good) >= 2 for _, _, bad, good in TABLE)


@pytest.mark.parametrize(
    ("flaw", "severity", "bad"),
    [
        pytest.param(flaw, severity, one, id=f"{flaw}: {one.stem[:40]}")
        for flaw, severity, bad, _ in TABLE
        for one in bad
    ],
)
def test_a_flaw_is_found(flaw: str, severity: str, bad: Item) -> None:
    assert (flaw, severity) in flaws(bad)


@pytest.mark.parametrize(
    ("flaw", "good"),
    [pytest.param(flaw, one, id=f"{flaw}: {one.stem[:40]}") for flaw, _, _, good in TABLE for one in good],
)
def test_a_near_miss_is_not(flaw: str, good: Item) -> None:
    found = [f for f in lint_item(good) if f.severity != "remark"]
    assert not [f for f in found if f.flaw == flaw]


# Items of every kind as a careful author writes them: no rule may fire on any.
GOOD = [
    choice(
        "Which activation maps every real number into the open interval from 0 to 1?",
        "*Sigmoid",
        "Tanh",
        "ReLU",
        "Softplus",
    ),
    choice(
        "A network trains well and then its validation loss rises. What is happening?",
        "It underfits the training set",
        "*It overfits the training set",
        "Its gradients have vanished",
    ),
    choice(
        "Which term fits this description: “share of units silenced in an update”?",
        "Momentum",
        "*Dropout rate",
        "Stride",
        "Decay rate",
    ),
    choice(
        "An input is 28 pixels wide and the kernel 5, stride 1, no padding. How wide is the output?",
        "23 pixels",
        "*24 pixels",
        "28 pixels",
    ),
    choice("Which of these shrink the weights?", "*L2 penalty", "*Weight decay", "Shuffling", "Padding", kind=MULTIPLE),
    choice(
        "Why are the running averages of Adam divided by $1 - b^t$?",
        "*They begin at zero",
        "They grow too large",
        "They change sign",
    ),
    choice("What is printed?", "`[1 2]`", "*`[2 4]`", "`[4 8]`", kind=CODE, code="print(2 * x)", accepted=("[2 4]",)),
    item("Compute the sigmoid of 0.", NUMERIC, number=Number(0.5)),
    item("Which activation returns the larger of 0 and its input?", SHORT, accepted=("ReLU", "rectified linear unit")),
    item("Put the parts of an update in order.", ORDERING, steps=("Forward pass", "Loss", "Backward pass", "Update")),
    item(
        "Match each loss with its task.",
        MATCHING,
        pairs=(Pair("hinge", "margins"), Pair("MSE", "regression"), Pair("BCE", "two classes")),
    ),
    item("The {1} gate of an LSTM scales the old cell state.", CLOZE, gaps=(("forget",),)),
]


@pytest.mark.parametrize("good", GOOD, ids=lambda one: one.stem[:40])
def test_good_items_have_no_finding(good: Item) -> None:
    assert lint_item(good) == []


def test_emphasised_negation_is_a_remark_and_two_negations_are_a_flaw() -> None:
    assert flaws(choice("Which of these is NOT a loss?", "*Dropout", "Hinge", "Huber")) == {("negative-stem", "remark")}
    doubled = choice("Which of these is NOT a loss?", "*What has no target", "Hinge", "Huber")
    assert ("negative-stem", "flaw") in flaws(doubled)


def test_what_may_be_meant_is_a_remark_only() -> None:
    assert flaws(choice("Which loss has a margin?", "*Hinge", "Huber")) == {("implausible-distractors", "remark")}
    statements = choice("Which statement about the mask is true?", "*It has zeros", "It has halves", "It has twos")
    assert ("true-false", "remark") in flaws(statements)
    assert flaws(item("Sigmoid is an {1} of the step.", CLOZE, gaps=(("approximation",),))) == {
        ("grammatical-cue", "remark")
    }


def test_a_choice_without_key_is_severe() -> None:
    assert ("wrong-key", "severe") in flaws(choice("Which loss has a margin?", "Hinge", "Huber", "Focal"))


@pytest.mark.parametrize("kind", [SINGLE, MULTIPLE, NUMERIC, SHORT, MATCHING, ORDERING, CLOZE, CODE])
def test_empty_items_do_not_crash(kind: str) -> None:
    assert isinstance(lint_bank([item("", kind), item("?", kind, "two", options=(Option(""),))]), list)


# --- the bank ---


def found(items: list[Item], flaw: str) -> list[Finding]:
    return [f for f in lint_bank(items) if f.flaw == flaw]


SOURCE = (Source("notes.md", 1, 1, "quote"),)


def test_items_without_source_or_group_are_severe() -> None:
    assert ("provenance", "severe") in flaws(choice("Which loss has a margin?", *LOSSES, origin="fact"))
    assert ("provenance", "severe") in flaws(choice("Which loss has a margin?", *LOSSES, origin="template"))
    assert ("provenance", "severe") in flaws(choice("Which loss has a margin?", *LOSSES, origin="model"))
    assert flaws(choice("Which loss has a margin?", *LOSSES, origin="fact", sources=SOURCE)) == set()
    assert flaws(choice("Which loss has a margin?", *LOSSES, origin="template", group="margin")) == set()
    assert flaws(choice("Which loss has a margin?", *LOSSES)) == set()


A = choice("Which loss has a margin?", *LOSSES, name="a")
LONG = (
    "Which loss compares a predicted distribution over ten exclusive classes "
    "with a target that puts all mass on one of {} images?"
)


@pytest.mark.parametrize(
    "other",
    [
        choice("which loss  has a margin", "Focal", "*hinge", "Dice", name="b"),
        replace(A, stem="Another question?"),  # the same id
        choice("Which loss has a margin?", "*Hinge", "*Dice", "Focal", kind=MULTIPLE, name="b"),
    ],
    ids=["case, spaces and other distractors", "id", "not: another key"],
)
def test_the_same_question_with_the_same_key_is_a_duplicate(other: Item, request: pytest.FixtureRequest) -> None:
    expected = 0 if "not" in request.node.callspec.id else 1
    assert [f.severity for f in found([A, other], "duplicate")] == ["severe"] * expected


def test_signs_code_and_groups_keep_items_apart() -> None:
    plus, minus = (
        choice(f"What is `1 {sign} 1` here?", "*0", "1", "2", name=name) for sign, name in (("+", "a"), ("-", "b"))
    )
    assert not found([plus, minus], "duplicate") and not found([plus, minus], "near-duplicate")
    programs = [replace(A, id=name, code=f"x = 1\nprint(x {sign} 1)") for name, sign in (("a", "+"), ("b", "-"))]
    assert not found(programs, "duplicate") and not found(programs, "near-duplicate")
    forms = [replace(A, group="g"), item(A.stem, SHORT, "b", accepted=("Hinge",), group="g")]
    assert not found(forms, "duplicate")
    assert found([replace(f, group="") for f in forms], "duplicate")


def test_items_with_nearly_the_same_words_are_near_duplicates() -> None:
    first, second = choice(LONG.format("those"), *LOSSES, name="a"), choice(LONG.format("these"), *LOSSES, name="b")
    (finding,) = found([first, second], "near-duplicate")
    assert finding.severity == "flaw" and finding.item_id == "b" and "a" in finding.message.split("as ")[1]
    numbers = [choice(LONG.format(n), *LOSSES, name=f"n{n}") for n in (10, 20)]
    assert [f.severity for f in found(numbers, "near-duplicate")] == ["remark"]
    assert not found([replace(n, group="g") for n in numbers], "near-duplicate")
    hard = [
        choice(f"What is the range of the {name}?", "*from 0 to 1", "from -1 to 1", "from 0 to 2", name=f"n{i}")
        for i, name in enumerate(("sigmoid", "hard sigmoid"))
    ]
    assert not found(hard, "near-duplicate")
    assert not found(
        [
            choice(f"What is tanh at x = {x}, rounded?", "-0.8", "*0", "0.8", name=f"n{i}")
            for i, x in enumerate(("-1", "1"))
        ],
        "duplicate",
    )


def placed(count: int, place: Callable[[int], int]) -> list[Item]:
    """Items with four options of one length whose key stands where ``place`` says."""
    row = []
    for n in range(count):
        texts = [
            f"w{'abcdefghij'[n % 10]}{letter}{n:03}".translate(str.maketrans("0123456789", "klmnopqrst"))
            for letter in "uvxy"
        ]
        row.append(
            choice(
                f"What is number {n} of list {n * 7}?",
                *(f"{'*' * (i == place(n))}{t}" for i, t in enumerate(texts)),
                name=f"n{n}",
            )
        )
    return row


def test_keys_that_favour_or_avoid_a_position_are_reported() -> None:
    (never,) = found(placed(60, lambda n: n % 3), "key-position")
    assert never.severity == "severe" and never.item_id == "" and "Option 4" in never.message
    (uneven,) = found(placed(60, lambda n: n % 4 if n % 3 else 0), "key-balance")
    assert uneven.severity == "flaw" and uneven.item_id == ""
    for even in (
        placed(60, lambda n: n % 4),
        placed(12, lambda n: 0 if n < 6 else n % 3),
        placed(60, lambda n: n % 4 if n < 44 else n % 2),
    ):
        assert not found(even, "key-balance") and not found(even, "key-position")


def test_chi_square_tail_matches_tables() -> None:
    # Critical values at 0.001 for 1 to 4 degrees of freedom, as printed in statistics books.
    for freedom, critical in ((1, 10.828), (2, 13.816), (3, 16.266), (4, 18.467)):
        assert chi_square_tail(critical, freedom) == pytest.approx(0.001, rel=2e-3)
    assert chi_square_tail(0.0, 3) == 1


def test_keys_that_are_longest_too_often_are_reported() -> None:
    short, long = ["amber", "basil", "cedar"], "evergreens"

    def bank(longest: Callable[[int], bool]) -> list[Item]:
        return [
            choice(
                f"Which plant is {n}?",
                *(("*" + long, *short) if longest(n) else (long, "*" + short[0], *short[1:])),
                name=f"n{n}",
            )
            for n in range(40)
        ]

    (finding,) = found(bank(lambda n: n % 2 == 0), "length-balance")
    assert finding.severity == "flaw" and "longest" in finding.message and "20 of 40" in finding.message
    assert not found(bank(lambda n: n % 10 < 3), "length-balance")  # 12, where chance gives 10
    assert not found(bank(lambda n: True)[:15], "length-balance")  # too few to tell


def test_a_stem_that_prints_the_key_of_another_item_gives_it_away() -> None:
    asks = choice(
        "Which activation squashes real numbers into the unit interval?", "*Sigmoid", "Tanh", "ReLU", name="asks"
    )
    tells = choice(
        "Sigmoid squashes real numbers into the unit interval. What is its slope at 0?",
        "*0.25",
        "0.5",
        "1",
        name="tells",
    )
    (finding,) = found([asks, tells], "give-away")
    assert (finding.item_id, finding.severity) == ("tells", "flaw") and "“sigmoid”, the key of asks" in finding.message
    short = item(asks.stem, SHORT, "asks", accepted=("sigmoid", "logistic function"))
    assert [f.item_id for f in found([tells, short], "give-away")] == ["tells"]
    # The key without the question, the question without the key, and items that never meet.
    assert not found(
        [asks, choice("What is the slope of the sigmoid at 0?", "*0.25", "0.5", "1", name="b")], "give-away"
    )
    assert not found([asks, replace(tells, stem=tells.stem.replace("Sigmoid", "It"))], "give-away")
    assert not found([replace(asks, group="g"), replace(tells, group="g")], "give-away")


def test_how_the_bank_asks_is_no_context() -> None:
    names = ["convolutional", "recurrent", "residual", "generative", "adversarial", "variational", "contrastive"]
    stem = "Complete the expansion of the abbreviation with one word: {1} %s"
    gaps = [item(stem % f"{names[n - 1]} w{'x' * n}", CLOZE, f"n{n}", gaps=((names[n],),)) for n in range(7)]
    assert not found(gaps, "give-away")
    # Six stems of a small bank share their words because that is how it asks; six of a large bank share a subject.
    asks = choice("Which activation squashes reals into the unit interval?", "*Sigmoid", "Tanh", "ReLU", name="asks")
    tells = [
        choice(
            f"Sigmoid squashes reals into the unit interval. What holds at {n}?",
            "*Slope",
            "Height",
            "Sign",
            name=f"t{n}",
        )
        for n in range(5)
    ]
    assert not found([asks, *tells], "give-away")
    assert len(found([asks, *tells, *placed(1300, lambda n: n % 4)], "give-away")) == 5


@pytest.mark.parametrize(
    "text", ["which ", "what does the ", "{{", "which one of the following statement ", "1 ", "`", "which, "]
)
def test_a_huge_stem_ends(text: str) -> None:  # within the time limit that every test has
    assert isinstance(lint_bank([choice(text * 10_000, "*a" * 10_000, text * 10_000, "c")]), list)


def test_a_shared_fact_is_a_remark() -> None:
    other = choice("What does the hinge loss demand?", "*A margin", "A mean", "A mode", name="b", facts=("f1",))
    (finding,) = found([replace(A, facts=("f1",)), other], "give-away")
    assert (finding.severity, finding.where) == ("remark", "facts") and "b" in finding.message
    assert not found([replace(A, facts=("f1",)), replace(other, facts=("f2",))], "give-away")


# --- what becomes of findings ---


def test_two_flaws_or_one_severe_finding_refuse_an_item() -> None:
    def finding(flaw: str, severity: str, item_id: str) -> Finding:
        return Finding(flaw, severity, item_id, "Message.", "Advice.", "stem")

    findings = [
        finding("ambiguous", "flaw", "one"),
        finding("vague-terms", "flaw", "two"),
        finding("k-type", "flaw", "two"),
        finding("duplicate", "severe", "three"),
        *[finding("absolute-terms", "flaw", "same twice")] * 2,
        *[finding(flaw, "remark", "remarks") for flaw in FLAWS],
        finding("key-position", "severe", ""),
    ]
    assert refused(findings) == {"two", "three"}
    assert refused([]) == set()


def test_explanations_say_what_where_what_to_do_and_why() -> None:
    (finding,) = lint_item(choice("Which of these is not a loss?", "*Dropout", "Hinge", "Huber", name="losses-1"))
    text = explain(finding)
    assert text.splitlines()[0] == "losses-1, stem: negatively worded stem (flaw)"
    assert "(“not”)" in text and "What to do: Ask for what holds" in text and FLAWS["negative-stem"].why in text
    everything = [f for _, _, bad, _ in TABLE for one in bad for f in lint_item(one)]
    assert all(f.message.endswith(".") and f.advice.endswith(".") and explain(f) for f in everything)
    about_bank = found(placed(60, lambda n: n % 3), "key-position")[0]
    assert explain(about_bank).startswith("the bank as a whole: ")


def test_findings_come_in_one_order() -> None:
    items = [one for _, _, bad, _ in TABLE for one in bad]
    named = [replace(one, id=f"item-{n}") for n, one in enumerate(items)]
    assert lint_bank(named) == lint_bank(tuple(named))
    order = [f.item_id for f in lint_bank(named) if f.item_id]
    assert order == sorted(order, key=lambda name: int(name.split("-")[1]))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.5", (0.5, "")),
        ("1/4", (0.25, "")),
        ("−3 %", (-3, "%")),
        ("24 pixels", (24, "pixels")),
        ("$1e-3$", (1e-3, "")),
        ("1,000", (1000, "")),
        ("(4, 6)", None),
        ("L2", None),
        ("1" * 5000 + "/3", None),
        ("3 × 3", None),
    ],
)
def test_an_option_that_is_one_number_has_a_value_and_a_unit(text: str, value: tuple[float, str] | None) -> None:
    assert amount(text) == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.5", "number"),
        ("max(0, x)", "formula"),
        ("$x^2$", "formula"),
        ("(32, 10)", "formula"),
        ("`relu`", "formula"),
        ("encoder/decoder", "words"),
        ("`nnx.relu` after every hidden layer", "words"),
        ("-alpha", "formula"),
        ("a (small) model", "words"),
        ("h = tanh(W x)", "formula"),
    ],
)
def test_options_are_numbers_formulas_or_words(text: str, expected: str) -> None:
    assert form(text) == expected


@pytest.mark.parametrize(
    "group",
    [
        ("pool", "pooling", "pooled", "pools"),
        ("normalise", "normalization", "normalised"),
        ("class", "classes"),
        ("activate", "activation", "activates"),
    ],
)
def test_forms_of_one_word_have_one_root(group: tuple[str, ...]) -> None:
    assert len({root(word) for word in group}) == 1
