"""Small public cases of each function, the smallest first: the first that fails is a student's counterexample."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy import array

from autograder.checks import Case, case, ladder

from .inputs import Layers, cache

W23 = array([[0.5, -1.0, 2.0], [1.0, 3.0, -0.5]])
W32 = array([[1.0, -0.5], [2.0, 0.5], [-1.0, 1.5]])
G23 = array([[1.0, -2.0, 0.5], [-0.5, 3.0, -1.0]])
G32 = array([[2.0, 1.0], [-1.0, 0.5], [3.0, -2.0]])
ROWS = array([[1.0, -1.0], [2.0, 0.5]])


def _layers(*pairs: tuple[object, list[float]]) -> Layers:
    return [{"w": np.asarray(w), "b": array(b)} for w, b in pairs]


ONE = _layers(([[0.5]], [1.5]))
CHAIN = _layers(([[0.5]], [0.5]), ([[2.0]], [-1.0]))
LONG = _layers(([[0.5]], [0.5]), ([[2.0]], [-1.0]), ([[-1.5]], [0.5]))
UNEQUAL = _layers((W23, [1.5, -0.5, 1.0]), (W32, [1.0, -1.0]))  # no pre-activation is 0 on ROWS


# --- activations ------------------------------------------------------------------------------------------


def _activation(z: float) -> Iterator[Case]:
    yield case("one positive number", array([z]))
    yield case("one negative number", array([-1.5]))
    yield case("two rows", G23)
    yield case("large numbers", array([-1000.0, -100.0, 0.5, 100.0, 1000.0]))
    yield case("a single number without axes", array(z))
    yield case("three axes", array([[[1.0, -2.0]], [[0.5, 3.0]]]))


@ladder("relu")
def relu_ladder() -> Iterator[Case]:
    yield from _activation(2.0)


@ladder("relu_grad")
def relu_grad_ladder() -> Iterator[Case]:
    yield from _activation(2.0)


@ladder("tanh")
def tanh_ladder() -> Iterator[Case]:
    yield from _activation(0.5)


@ladder("tanh_grad")
def tanh_grad_ladder() -> Iterator[Case]:
    yield from _activation(0.5)


@ladder("sigmoid")
def sigmoid_ladder() -> Iterator[Case]:
    yield from _activation(0.5)


@ladder("sigmoid_grad")
def sigmoid_grad_ladder() -> Iterator[Case]:
    yield from _activation(0.5)


# --- softmax and cross-entropy ----------------------------------------------------------------------------


def _logits() -> Iterator[Case]:
    yield case("one row, two classes", array([[2.0, 0.5]]), array([1]))
    yield case("two rows, two classes", array([[2.0, 0.5], [0.0, 3.0]]), array([1, 1]))
    yield case("two rows, three classes", array([[1.0, 0.0, 2.0], [0.5, 3.0, -1.0]]), array([0, 2]))
    yield case("three rows, two classes", array([[1.0, 0.0], [0.5, 3.0], [-1.0, 1.5]]), array([0, 0, 1]))
    yield case("large logits", array([[1000.0, 998.0], [-500.0, -499.0]]), array([1, 0]))
    yield case("logits that are far apart", array([[50.0, 0.0, 20.0]]), array([1]))


@ladder("softmax_xent")
def softmax_xent_ladder() -> Iterator[Case]:
    yield from _logits()


@ladder("softmax_xent_grad")
def softmax_xent_grad_ladder() -> Iterator[Case]:
    yield from _logits()


# --- layers and networks ----------------------------------------------------------------------------------


@ladder("dense_backward")
def dense_backward_ladder() -> Iterator[Case]:
    yield case("one row, one input, one output", array([[2.0]]), array([[3.0]]), array([[0.5]]))
    yield case("two rows, one input, one output", array([[2.0], [-1.0]]), array([[3.0], [1.5]]), array([[0.5]]))
    yield case("one row, two inputs, one output", array([[2.0]]), array([[3.0, -1.0]]), array([[0.5], [4.0]]))
    yield case("one row, one input, two outputs", array([[2.0, -1.0]]), array([[3.0]]), array([[0.5, 4.0]]))
    dz, x = array([[2.0, -1.0], [0.5, 3.0]]), array([[1.0, 4.0], [-2.0, 1.5]])
    yield case("two rows, two inputs, two outputs", dz, x, array([[0.5, 3.0], [-1.0, 2.0]]))
    yield case("two rows, two inputs, three outputs", G23, x, W23)


@ladder("mlp_forward")
def mlp_forward_ladder() -> Iterator[Case]:
    yield case("one layer", ONE, array([[2.0]]), act="tanh")
    yield case("one hidden layer, relu", CHAIN, array([[-3.0]]), act="relu")
    yield case("one hidden layer, tanh", CHAIN, array([[2.0]]), act="tanh")
    yield case("one hidden layer, sigmoid, one large number", CHAIN, array([[2.0], [300.0]]), act="sigmoid")
    yield case("two rows, unequal layers", UNEQUAL, ROWS, act="relu")
    yield case("two hidden layers", LONG, array([[100.0]]), act="relu")


@ladder("mlp_backward")
def mlp_backward_ladder() -> Iterator[Case]:
    yield case("one layer", *_backward(ONE, [[2.0]], [[3.0]], "tanh"), act="tanh")
    yield case("one hidden layer, relu", *_backward(CHAIN, [[2.0]], [[3.0]], "relu"), act="relu")
    yield case("one hidden layer, tanh", *_backward(CHAIN, [[2.0]], [[3.0]], "tanh"), act="tanh")
    large = _backward(CHAIN, [[2.0], [-300.0]], [[3.0], [1.0]], "sigmoid")
    yield case("one hidden layer, sigmoid, one large number", *large, act="sigmoid")
    yield case("two rows, unequal layers", *_backward(UNEQUAL, ROWS, [[1.0, -2.0], [0.5, 3.0]], "relu"), act="relu")
    yield case("two hidden layers, large gradient", *_backward(LONG, [[2.0]], [[100.0]], "relu"), act="relu")


def _backward(layers: Layers, x: object, dlogits: object, act: str) -> tuple[Layers, Layers, np.ndarray]:
    return layers, cache(layers, np.asarray(x), act), np.asarray(dlogits)


@ladder("sgd_step")
def sgd_step_ladder() -> Iterator[Case]:
    step = _layers(([[3.0]], [1.0]))
    yield case("one weight and one bias", ONE, step, np.float32(0.5))
    yield case("a large learning rate", ONE, step, np.float32(2.0))
    yield case("large gradients", ONE, _layers(([[100.0]], [-50.0])), np.float32(0.5))
    yield case("two layers", CHAIN, _layers(([[3.0]], [-2.0]), ([[0.5]], [3.0])), np.float32(0.5))
    yield case("unequal layers", UNEQUAL, _layers((G23, [1.0, 2.0, 3.0]), (G32, [-1.0, 0.5])), np.float32(0.25))
