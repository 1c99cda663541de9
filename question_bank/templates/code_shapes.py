"""Code tracing: which shape does a short JAX program print?"""

from __future__ import annotations

import math

from question_bank.templates._shapes import printed
from question_bank.templates.engine import Draw, Question, Wrong, template

STEM = "What does this program print?"
Shape = tuple[int, ...]


def mistakes(*rows: tuple[str, Shape, str]) -> list[Wrong]:
    """Named mistakes that lead to a wrong shape."""
    return [Wrong(name, str(shape), feedback) for name, shape, feedback in rows]


def _without(shape: Shape, axis: int) -> Shape:
    axis %= len(shape)
    return shape[:axis] + shape[axis + 1 :]


@template(topic="frameworks", difficulty=0.5)
def broadcast_sum_shape(d: Draw) -> Question:
    """Shape after broadcasting and a sum."""
    p, r, q = d.sample(range(2, 30), 3)
    axis, keep = d.choose(0, 1, 2, -1, -2), d.choose(True, False)
    full = (p, r, q)
    place = axis % 3
    kept = (*full[:place], 1, *full[place + 1 :])
    other = (place + 1) % 3
    code = (
        f"import jax.numpy as jnp\n\na = jnp.ones(({p}, 1, {q}))\nb = jnp.ones(({r}, {q}))\n"
        f"c = jnp.sum(a + b, axis={axis}{', keepdims=True' if keep else ''})\nprint(c.shape)\n"
    )
    return Question(
        stem=STEM,
        code=code,
        key=printed(code),
        second=str(kept if keep else _without(full, axis)),
        wrong=mistakes(
            (
                "axis kept or dropped",
                _without(full, axis) if keep else kept,
                "Only keepdims=True leaves an axis of length 1.",
            ),
            ("not summed", full, "The sum takes one axis away."),
            ("another axis", _without(full, other), f"The sum runs over axis {axis}."),
            (
                "not broadcast",
                _without((p, 1, q), axis),
                "The axis of length 1 is stretched to the length of the other array.",
            ),
            ("another axis kept", (*full[:other], 1, *full[other + 1 :]), f"The sum runs over axis {axis}."),
            ("summed axis left", (full[place],), "The sum runs over the axis that is named; the others remain."),
        ),
        explanation=f"a + b has the shape {full}; the sum over axis {axis} leaves "
        f"{kept if keep else _without(full, axis)}.",
    )


@template(topic="frameworks", difficulty=0.45)
def slice_shape(d: Draw) -> Question:
    """Shape after slicing."""
    a, b, c = d.sample(range(8, 40), 3)
    start, end, step, at = d.integer(1, 3), d.integer(1, 4), d.choose(2, 3, 4), d.integer(0, 7)
    code = (
        f"import jax.numpy as jnp\n\nx = jnp.zeros(({a}, {b}, {c}))\n"
        f"y = x[{start}:-{end}, ::{step}, {at}]\nprint(y.shape)\n"
    )
    rows, columns = len(range(a)[start:-end]), -(-b // step)
    d.need(a - start - end >= 3)
    return Question(
        stem=STEM,
        code=code,
        key=printed(code),
        second=str((a - start - end, (b - 1) // step + 1)),
        wrong=mistakes(
            ("end included", (rows + 1, columns), "The end of a slice is not included."),
            ("rounded down", (rows, b // step), "The first entry counts too: round up."),
            ("axis kept", (rows, columns, 1), "An index takes the axis away; only a slice keeps it."),
            ("axis unchanged", (rows, columns, c), "An index takes one entry of the last axis."),
            ("end as length", (end, columns), f"-{end} counts from the end: all but the last {end}."),
            ("start forgotten", (a - end, columns), f"The first {start} are left out too."),
            ("step not used", (rows, b), f"::{step} takes one entry in {step} only."),
        ),
        explanation=f"{a} − {start} − {end} = {rows} rows, ceil({b} / {step}) = {columns} columns; the index takes the "
        "last axis away.",
    )


@template(topic="flattening", difficulty=0.45)
def reshape_shape(d: Draw) -> Question:
    """Shape after reshape with -1 and a transpose."""
    a, b, c = d.integer(2, 16) * 2, d.integer(2, 12), d.integer(2, 12)
    first, batch = d.choose(2, a, b * 2 if (a * c) % 2 == 0 else 2, a // 2), d.choose(True, False)
    d.need(len({a, b, c}) == 3 and (a * b * c) % first == 0 and a + b + c > 1 + (first if batch else c))
    call = f"x.reshape({first}, -1).T" if batch else f"x.transpose(2, 0, 1).reshape({c}, -1)"
    code = f"import jax.numpy as jnp\n\nx = jnp.zeros(({a}, {b}, {c}))\ny = {call}\nprint(y.shape)\n"
    size = math.prod((a, b, c))
    lead = first if batch else c
    right = (size // lead, lead) if batch else (lead, size // lead)
    return Question(
        stem=STEM,
        code=code,
        key=printed(code),
        second=str(right),
        wrong=mistakes(
            (
                "swapped",
                right[::-1],
                ".T swaps the two axes." if batch else "The axis of the given length comes first.",
            ),
            ("literal -1", (-1, lead) if batch else (lead, -1), "-1 stands for the length that the other axes leave."),
            ("all in one", (size,), "reshape gets two lengths, so the result has two axes."),
            (
                "one axis taken",
                (b * c, a) if (b * c, a) != right else (a, b * c),
                "The lengths must multiply to the number of entries.",
            ),
            ("three axes", (lead, b, c), "reshape gets two lengths, so the result has two axes."),
            (
                "sum",
                (a + b + c - lead, lead) if batch else (lead, a + b + c - lead),
                "Lengths multiply, they do not add.",
            ),
            ("one entry", (lead, 1), "No entry may be lost: the lengths multiply to the number of entries."),
        ),
        explanation=f"There are {a}·{b}·{c} = {size} entries; -1 becomes {size} / {lead} = {size // lead}.",
    )
