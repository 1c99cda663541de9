"""Small cases to follow by hand: a student sees the first that a function gets wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.checks import Case, case, ladder
from autograder.tree import Key

KEY = Key(np.array([0, 3], np.uint32))


def _layer(w: list[list[float]], b: list[float]) -> dict[str, np.ndarray]:
    return {"w": np.array(w), "b": np.array(b)}


# Linear networks, one layer each: everything about them can be computed by hand.
SLOPE = [_layer([[3.0]], [0.5])]
PLANE = [_layer([[3.0], [4.0]], [-1.0])]
STRETCH = [_layer([[2.0]], [-1.0])]
# With a hidden layer.
BENT = [_layer([[1.0, -0.5]], [0.5, 0.0]), _layer([[2.0], [1.5]], [-0.5])]
BENT_PLANE = [_layer([[1.0, 0.5, -1.0], [0.5, -1.5, 0.0]], [0.0, 0.5, 0.5]), _layer([[1.0], [2.0], [-1.5]], [0.5])]
MAKER = [_layer([[0.5, -1.0], [1.0, 0.5]], [0.0, 0.5]), _layer([[1.5, -0.5], [0.5, 1.0]], [0.5, -1.0])]
FLAT = [_layer([[1.0], [0.5]], [0.5]), _layer([[0.0]], [1.0])]


# --- losses of both batches -------------------------------------------------------------------------------


def _column(*logits: float) -> np.ndarray:
    return np.array(logits)[:, None]


def _both() -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    yield "one real and one fake sample", _column(1.5), _column(-2.0)
    yield "two of each: a mean over each batch", _column(1.5, -2.0), _column(-0.5, 1.0)
    yield "more real samples than fake: two means, added", _column(1.5, -2.0, 0.5), _column(-0.5, 1.0)
    yield "more fake samples than real", _column(0.5), _column(-1.5, 0.5, 3.0)


@ladder("d_loss")
def d_loss_ladder() -> Iterator[Case]:
    yield from (case(label, real, fake) for label, real, fake in _both())
    yield case("large logits, on the wrong side", _column(-200.0), _column(150.0))
    yield case("sure and right: tiny, not zero", _column(20.0), _column(-30.0))


@ladder("d_loss_smoothed")
def d_loss_smoothed_ladder() -> Iterator[Case]:
    yield case("no smoothing: the same as d_loss", _column(1.5), _column(-0.5), np.float32(0.0))
    yield case("the target of the real sample is 3/4", _column(1.5), _column(-0.5), np.float32(0.25))
    yield case("two real samples, one fake", _column(1.5, -2.0), _column(1.0), np.float32(0.25))
    yield case("one real sample, two fake", _column(0.5), _column(-1.5, 1.0), np.float32(0.5))
    yield case("large logits", _column(-200.0), _column(150.0), np.float32(0.25))


@ladder("ls_d_loss")
def ls_d_loss_ladder() -> Iterator[Case]:
    yield from (case(label, real, fake) for label, real, fake in _both())


@ladder("hinge_d_loss")
def hinge_d_loss_ladder() -> Iterator[Case]:
    yield case("one of each, inside the margin", _column(0.5), _column(-0.75))
    yield case("one of each, beyond the margin: no loss", _column(1.5), _column(-2.0))
    yield from (case(label, real, fake) for label, real, fake in list(_both())[1:])


@ladder("w_critic_loss")
def w_critic_loss_ladder() -> Iterator[Case]:
    yield from (case(label, real, fake) for label, real, fake in _both())


# --- losses of the generator ------------------------------------------------------------------------------


def _fakes() -> Iterator[Case]:
    yield case("one fake sample", _column(-0.5))
    yield case("a fake sample that passes for real", _column(2.5))
    yield case("two samples: their mean", _column(-0.5, 2.0))
    yield case("three samples", _column(-1.5, 0.5, 3.0))


@ladder("g_loss_minimax")
def g_loss_minimax_ladder() -> Iterator[Case]:
    yield from _fakes()
    yield case("a large logit", _column(150.0))
    yield case("a fake that is spotted: tiny, not zero", _column(-20.0))


@ladder("g_loss_nonsaturating")
def g_loss_nonsaturating_ladder() -> Iterator[Case]:
    yield from _fakes()
    yield case("a large logit: a fake that is spotted", _column(-150.0))


@ladder("ls_g_loss")
def ls_g_loss_ladder() -> Iterator[Case]:
    yield from _fakes()


@ladder("hinge_g_loss")
def hinge_g_loss_ladder() -> Iterator[Case]:
    yield from _fakes()


@ladder("w_g_loss")
def w_g_loss_ladder() -> Iterator[Case]:
    yield from _fakes()


# --- gradient penalty -------------------------------------------------------------------------------------


@ladder("gradient_penalty")
def gradient_penalty_ladder() -> Iterator[Case]:
    yield case(
        "a linear critic on a line: its slope is 3 everywhere", SLOPE, np.array([[1.0]]), np.array([[-1.0]]), KEY
    )
    yield case("in the plane: a slope of length 5", PLANE, np.array([[1.0, 2.0]]), np.array([[-1.0, 0.5]]), KEY)
    yield case(
        "two samples: a length for each row",
        PLANE,
        np.array([[1.0, 2.0], [0.5, 0.0]]),
        np.array([[-1.0, 0.5], [0.0, 1.5]]),
        KEY,
    )
    yield case("a hidden layer: the point between matters", BENT, np.array([[1.0]]), np.array([[-1.0]]), KEY)
    yield case(
        "a hidden layer, three samples: a point between for each row",
        BENT_PLANE,
        np.array([[1.0, 2.0], [0.5, 0.0], [2.0, -0.5]]),
        np.array([[-1.0, 0.5], [0.0, 1.5], [-0.5, -2.0]]),
        KEY,
    )
    yield case("a flat critic: a slope of length 0", FLAT, np.array([[1.0, 2.0]]), np.array([[-1.0, 0.5]]), KEY)


# --- the game ---------------------------------------------------------------------------------------------


@ladder("d_objective")
def d_objective_ladder() -> Iterator[Case]:
    yield case("linear networks, one sample each", SLOPE, STRETCH, np.array([[0.5]]), np.array([[0.75]]))
    yield case("two real samples, one fake", SLOPE, STRETCH, np.array([[0.5], [-1.0]]), np.array([[0.75]]))
    yield case("one real sample, two fake", SLOPE, STRETCH, np.array([[0.5]]), np.array([[0.75], [0.0]]))
    yield case(
        "hidden layers",
        BENT_PLANE,
        MAKER,
        np.array([[1.0, 0.5], [-0.5, 2.0]]),
        np.array([[1.0, -0.5], [0.5, 2.0], [-1.0, 0.0]]),
    )


@ladder("g_objective")
def g_objective_ladder() -> Iterator[Case]:
    yield case("linear networks, one sample", STRETCH, SLOPE, np.array([[0.75]]))
    yield case("a sample that is spotted", STRETCH, SLOPE, np.array([[-0.5]]))
    yield case("two samples: their mean", STRETCH, SLOPE, np.array([[0.75], [0.0]]))
    yield case("hidden layers", MAKER, BENT_PLANE, np.array([[1.0, -0.5], [0.5, 2.0], [-1.0, 0.0]]))


def _opt(params: list[dict[str, list[Any]]], m: float, v: float, t: int) -> dict[str, Any]:
    def filled(value: float) -> list[dict[str, Any]]:
        return [{name: np.full(np.shape(array), value) for name, array in layer.items()} for layer in params]

    return {"m": filled(m), "v": filled(v), "t": np.int32(t)}


def _state(d: list[Any], g: list[Any], d_steps: int = 0, g_steps: int = 0) -> dict[str, Any]:
    d_moments, g_moments = ((0.5, 0.25) if steps else (0.0, 0.0) for steps in (d_steps, g_steps))
    return {"d": d, "g": g, "d_opt": _opt(d, *d_moments, d_steps), "g_opt": _opt(g, *g_moments, g_steps)}


@ladder("train_step")
def train_step_ladder() -> Iterator[Case]:
    yield case(
        "linear networks, the first round",
        _state(SLOPE, STRETCH),
        np.array([[0.5]]),
        np.array([[0.75]]),
        np.array([[0.25]]),
    )
    yield case(
        "batches of different sizes",
        _state(SLOPE, STRETCH),
        np.array([[0.5], [-1.0], [1.5]]),
        np.array([[0.75], [0.0]]),
        np.array([[0.25]]),
    )
    yield case(
        "a later round: Adam has moments",
        _state(SLOPE, STRETCH, 3, 1),
        np.array([[0.5]]),
        np.array([[0.75]]),
        np.array([[0.25], [1.5]]),
    )
    yield case(
        "hidden layers",
        _state(BENT_PLANE, MAKER),
        np.array([[1.0, 0.5], [-0.5, 2.0]]),
        np.array([[1.0, -0.5], [0.5, 2.0], [-1.0, 0.0]]),
        np.array([[0.0, 1.5]]),
    )
