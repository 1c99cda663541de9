"""The numbers of the cases in ``checks.py``: images, kernels, networks and digits."""

from __future__ import annotations

import gzip
import importlib.util
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from autograder.checks import Case, Generator, Sizes, case

from .layers import Convolution, Pooling

Numbers = Callable[..., np.ndarray]


def forward(rng: Generator, label: str, layer: Convolution) -> Case:
    return case(label, *image_and_kernel(rng, layer.image, layer.kernel), **layer.options)


def backward(rng: Generator, label: str, layer: Convolution) -> Case:
    dy, x = rng.normal(size=layer.output), rng.normal(size=layer.image)
    return case(label, dy, x, draw_kernel(rng, layer.kernel), **layer.options)


def pool(numbers: Numbers, label: str, pooling: Pooling, **more: Any) -> Case:
    return case(label, numbers(size=pooling.image), **pooling.options, **more)


def unpool(rng: Generator, numbers: Numbers, label: str, pooling: Pooling) -> Case:
    return case(label, rng.normal(size=pooling.output), numbers(size=pooling.image), **pooling.options)


def image_and_kernel(rng: Generator, image: tuple[int, ...], kernel: tuple[int, ...]) -> tuple[np.ndarray, ...]:
    return rng.normal(size=image), draw_kernel(rng, kernel), rng.normal(size=kernel[-1])


def draw_kernel(rng: Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.normal(size=shape) / np.sqrt(np.prod(shape[:-1]))


def negative(rng: Generator) -> Numbers:
    return lambda size: -0.1 - np.abs(rng.normal(size=size))


def half_zero(rng: Generator) -> Numbers:
    return lambda size: -np.maximum(rng.normal(size=size), 0)


def zeros(size: tuple[int, ...]) -> np.ndarray:
    return np.zeros(size)


def some_zeros(rng: Generator) -> Numbers:
    """Pixels of which many are exactly 0, as behind a relu: padding cannot be told from them by its number."""
    return lambda size: np.where(rng.random(size=size) < 0.4, 0.0, 1 + rng.normal(size=size))


def around_one(rng: Generator) -> Numbers:
    return lambda size: 1 + rng.normal(size=size)


def one_channel(rng: Generator, size: Sizes) -> Case:
    rows, columns = (4 * n for n in size.apart((2, 1, 3), (3, 1, 3)))
    first, second = size.apart((2, 2, 5), (3, 2, 5))
    network = draw_network(rng, (1, first, second), (rows // 4) * (columns // 4), size(4, 2, 6))
    return case("one channel, nothing left over", network, rng.normal(size=(size(3, 2, 4), rows, columns, 1)))


def draw_network(rng: Generator, channels: tuple[int, int, int], pixels: int, classes: int) -> dict[str, Any]:
    first, second, third = channels
    shapes = {"conv1": (3, 3, first, second), "conv2": (3, 3, second, third), "dense": (pixels * third, classes)}
    return {name: {"w": 1.5 * draw_kernel(rng, s), "b": 0.3 * rng.normal(size=s[-1])} for name, s in shapes.items()}


@lru_cache(maxsize=1)
def digits() -> tuple[np.ndarray, np.ndarray]:
    """The 1,797 handwritten digits that come with scikit-learn: (N, 8, 8, 1) from 0 to 1, and labels (N,).

    Read from the package's folder: importing scikit-learn itself takes longer than everything else here.
    """
    found = importlib.util.find_spec("sklearn")
    folders = (found.submodule_search_locations if found else None) or []
    path = next((p for f in folders if (p := Path(f, "datasets", "data", "digits.csv.gz")).exists()), None)
    if path is None:
        raise FileNotFoundError("the digits come with scikit-learn, which is not installed: pip install scikit-learn")
    with gzip.open(path, "rt") as stream:
        table = np.loadtxt(stream, delimiter=",", dtype=np.int32)
    return (table[:, :64] / 16).reshape(-1, 8, 8, 1), table[:, 64]
