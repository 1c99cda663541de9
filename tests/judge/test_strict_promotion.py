"""The engine's own array code never promotes ranks or dtypes by itself.

The programs here are written out in full, so that a promotion can only be the engine's.
"""

from __future__ import annotations

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from autograder.judge.device import measure
from autograder.judge.device.execute import Job, run
from autograder.judge.device.trainer import Trainer

BANDS = ((0.6, 1.0),)
KEY = np.array([0, 1], np.uint32)
ROWS = np.arange(6, dtype=np.float32).reshape(3, 2)


@pytest.fixture(autouse=True)
def _strict() -> Iterator[None]:
    with jax.numpy_rank_promotion("raise"), jax.numpy_dtype_promotion("strict"):
        yield


def _mixed(x: jax.Array) -> list[jax.Array]:
    """Outputs of every kind: two floating dtypes, integers and truth values."""
    return [jnp.sin(x), jnp.sin(x).astype(jnp.bfloat16), x.astype(jnp.int32), jnp.greater(x, 0.0)]


def test_the_mode_of_these_tests_is_strict() -> None:
    with pytest.raises(ValueError, match="no available implicit dtype promotion"):
        jnp.ones(2, jnp.float32) + jnp.ones(2, jnp.bfloat16)
    with pytest.raises(ValueError, match="rank"):
        jnp.ones((2, 2)) + jnp.ones(2)


def test_programs_run_without_promotion() -> None:
    scan = Job(lambda state, row: [jnp.add(state, row), jnp.multiply(row, row)], [(ROWS[0], ROWS)], steps=3, carried=1)
    (once, twice), (path,) = run([Job(_mixed, [(ROWS,), (-ROWS,)]), scan], max_bytes=1 << 20)
    assert [leaf.dtype.name for leaf in once] == ["float32", "bfloat16", "int32", "bool"] and len(twice) == 4
    np.testing.assert_array_equal(path[0], ROWS[0] + np.cumsum(ROWS, axis=0))


def test_training_runs_without_promotion() -> None:
    trainer = Trainer(
        lambda key: [jax.random.normal(jax.random.wrap_key_data(key), (2,), jnp.float32), jnp.zeros((), jnp.int32)],
        lambda w, n, row: [jnp.subtract(w, row), jnp.add(n, jnp.int32(1)), jnp.sum(jnp.multiply(w, row))],
        lambda w, n, x: [jnp.multiply(w, x), n],
        2,
    )
    losses, (_, count) = trainer.train(KEY, [ROWS], [ROWS[0]])
    assert losses.shape == (3,) and losses.dtype == np.float32 and count == 3


def test_timing_and_counting_run_without_promotion() -> None:
    timed = measure.compare_speed(_mixed, _mixed, [[ROWS], [-ROWS]], 2, BANDS, 0.05)
    assert len(timed["ratios"]) >= 3
    found = measure.speed(_mixed, [[ROWS]])
    assert (found["seconds"] or 0) > 0 and found["temporary"] is not None


def test_a_wrong_leaf_of_any_floating_dtype_is_different() -> None:
    def half_wrong(x: jax.Array) -> list[jax.Array]:
        leaves = _mixed(x)
        return [leaves[0], jnp.negative(leaves[1]), *leaves[2:]]

    with pytest.raises(measure.DifferentOutputsError):
        measure.compare_speed(half_wrong, _mixed, [[ROWS]], 1, BANDS, 0.05)


def test_the_device_is_measured_without_promotion() -> None:
    assert all(rate > 0 for rate in measure.roofline().values())
