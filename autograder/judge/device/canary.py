"""A program that is known to be good: where it fails, the fault is ours and not that of another program."""

from __future__ import annotations

import numpy as np

from autograder.judge.device.requests import Rounds, Task

SPEC = ["a", [4, 3], "float32"]
INPUT = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)


def canary_task(module: bytes) -> Task:
    """Return the good program as a task with rules and one input, as the programs of submissions have them."""
    return Task("canary", module, (SPEC,), (SPEC,), ((INPUT,),), by_hand=True, forbidden=("stablehlo.fft",))


def is_right(rounds: Rounds) -> bool:
    """Whether the good program gave its numbers: 8 sort(x) + [0, 1, 2], float32 of shape ``[4, 3]``."""
    return bool(np.allclose(rounds[0][0], 8 * np.sort(INPUT, axis=0) + np.arange(3), atol=1e-4))


def canary_module() -> bytes:
    """Make the good program: calls, a loop, a constant, random numbers, a sort.  Only the worker calls this."""
    import jax
    from jax import export

    from autograder.sandbox.inside.lowering import PLATFORMS

    @jax.jit
    def doubled(x: jax.Array) -> jax.Array:
        return jax.numpy.sort(x, axis=0) * 2

    def song(x: jax.Array) -> list[jax.Array]:
        y, _ = jax.lax.scan(lambda c, _: (doubled(c), None), x, None, length=3)
        y = y + jax.numpy.asarray(np.arange(3, dtype=np.float32))
        return [jax.numpy.where(jax.random.uniform(jax.random.key(0), INPUT.shape) < 2, y, 0)]

    exported = export.export(jax.jit(song, keep_unused=True), platforms=PLATFORMS)
    return exported(jax.ShapeDtypeStruct(INPUT.shape, INPUT.dtype)).mlir_module_serialized
