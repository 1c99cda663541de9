"""Make the submissions that the benchmark grades."""

from __future__ import annotations

from pathlib import Path

VARY = """

def _vary(function):
    def varied(*args, **static):
        out = function(*args, **static)
        return jax.tree.map(lambda x: x + jnp.float32({amount}) if jnp.issubdtype(x.dtype, jnp.floating) else x, out)

    return varied


{lines}
"""


def distinct(folder: Path, sources: list[str], functions: list[str], count: int) -> None:
    """Write right submissions of which no two share a program: every function is a little different."""
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        lines = "\n".join(f"{name} = _vary({name})" for name in functions)
        text = sources[i % len(sources)] + VARY.format(amount=(i + 1) * 1e-12, lines=lines)
        (folder / f"student_{i:03d}.py").write_text(text)


def partly_equal(folder: Path, sources: list[str], functions: list[str], count: int, equal: int) -> None:
    """Write submissions of which ``equal`` are one program in other words, and the rest distinct."""
    distinct(folder, sources, functions, count)
    for i in range(equal):
        (folder / f"student_{i:03d}.py").write_text(
            f"# written by student {i}\n\n\n" + sources[0] + f"\n\nUNUSED_{i} = {i}\n"
        )
