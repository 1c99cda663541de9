"""The options that the handout documents, and which of them a hidden case must try."""

from __future__ import annotations

import numpy as np

from autograder.checks import Case, Option, covers, option

from .inputs import ACTIVATIONS


def _count(name: str, position: int, axis: int) -> Option:
    """Whether one axis of an argument has length one."""
    return option(name, ("one", "several"), lambda case: "one" if case.args[position].shape[axis] == 1 else "several")


# --- activations ------------------------------------------------------------------------------------------

AXES = option("axes", ("none", "two", "three"), lambda case: {0: "none", 2: "two", 3: "three"}.get(case.args[0].ndim))
NUMBERS = option(
    "numbers",
    ("ordinary", "up to 10,000"),
    lambda case: "up to 10,000" if np.abs(case.args[0]).max() > 1e3 else "ordinary",
)

relu_options = covers("relu", AXES, NUMBERS)
relu_grad_options = covers("relu_grad", AXES, NUMBERS)
tanh_options = covers("tanh", AXES, NUMBERS)
tanh_grad_options = covers("tanh_grad", AXES, NUMBERS)
sigmoid_options = covers("sigmoid", AXES, NUMBERS)
sigmoid_grad_options = covers("sigmoid_grad", AXES, NUMBERS)

# --- softmax and cross-entropy ----------------------------------------------------------------------------

ROWS_OF_LOGITS = _count("rows", 0, 0)
CLASSES = option("classes", ("two", "more"), lambda case: "two" if case.args[0].shape[1] == 2 else "more")
MORE = option("there are more", ("rows", "classes"), lambda case: _more(*case.args[0].shape))
SIZE_OF_LOGITS = option(
    "logits", ("ordinary", "large"), lambda case: "large" if np.abs(case.args[0]).max() > 100 else "ordinary"
)


def _more(n: int, c: int) -> str | None:
    return None if n == c else "rows" if n > c else "classes"


softmax_xent_options = covers("softmax_xent", ROWS_OF_LOGITS, CLASSES, MORE, SIZE_OF_LOGITS)
softmax_xent_grad_options = covers("softmax_xent_grad", ROWS_OF_LOGITS, CLASSES, MORE, SIZE_OF_LOGITS)

# --- one dense layer --------------------------------------------------------------------------------------

ROWS = _count("rows", 1, 0)
INPUTS = _count("inputs", 2, 0)
OUTPUTS = _count("outputs", 2, 1)
WEIGHTS = option(
    "weights", ("square", "not square"), lambda case: "square" if len(set(case.args[2].shape)) == 1 else "not square"
)

dense_options = covers(
    "dense_backward", ROWS, INPUTS, OUTPUTS, WEIGHTS, together=[(ROWS, INPUTS), (ROWS, OUTPUTS), (INPUTS, OUTPUTS)]
)

# --- the network ------------------------------------------------------------------------------------------

ACT = option("act", tuple(ACTIVATIONS), lambda case: case.static["act"])
LAYERS = option("layers", ("one", "several"), lambda case: _few(len(case.args[0])))
HIDDEN = option(
    "hidden layers", ("one", "several"), lambda case: _few(len(case.args[0]) - 1) if len(case.args[0]) > 1 else None
)
BATCH = option("batch", ("one", "several"), lambda case: _few(len(_data(case))))
LARGE_NUMBERS = option(
    "numbers", ("ordinary", "large"), lambda case: "large" if np.abs(_data(case)).max() > 8 else "ordinary"
)
INIT_LAYERS = option("layers", ("one", "several"), lambda case: _few(len(case.static["sizes"]) - 1))


def _few(count: int) -> str:
    return "one" if count == 1 else "several"


def _data(case: Case) -> np.ndarray:
    """The data of a forward pass, or of a backward pass from its cache."""
    given = case.args[1]
    return given[0]["x"] if isinstance(given, list) else given


NETWORK = (ACT, LAYERS, HIDDEN, BATCH, LARGE_NUMBERS)

mlp_init_options = covers("mlp_init", INIT_LAYERS)
mlp_forward_options = covers("mlp_forward", *NETWORK, together=[(ACT, HIDDEN), (ACT, LARGE_NUMBERS)])
mlp_backward_options = covers("mlp_backward", *NETWORK, together=[(ACT, HIDDEN), (ACT, LARGE_NUMBERS)])
sgd_step_options = covers("sgd_step", LAYERS)
