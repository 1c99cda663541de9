"""Code tracing: which number does a short JAX program print?"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from question_bank.templates._shapes import printed
from question_bank.templates.engine import Draw, Question, Wrong, template

STEM = "What does this program print?"


def _number(code: str) -> jax.Array:
    """The whole number that a run of the program prints."""
    return jnp.asarray(int(printed(code, shapes_only=False)))


@template(topic="frameworks", difficulty=0.4)
def loop_sum_value(d: Draw) -> Question:
    """Number printed by a loop with a step."""
    values = d.sample(range(1, 30), 8)
    start, stop, step = d.integer(1, 2), d.integer(6, 8), d.choose(2, 3)
    code = (
        f"import jax.numpy as jnp\n\nx = jnp.array({values})\ntotal = 0\n"
        f"for i in range({start}, {stop}, {step}):\n    total = total + x[i] - x[i - 1]\nprint(total)\n"
    )
    picked = [i for i in range(8) if start <= i < stop and (i - start) % step == 0]

    def total(places: list[int]) -> int:
        return sum(values[i] for i in places) - sum(values[i - 1] for i in places)

    return Question(
        stem=STEM,
        code=code,
        key=_number(code),
        second=total(picked),
        wrong=[
            Wrong("step ignored", values[stop - 1] - values[start - 1], f"The loop takes one index in {step} only."),
            Wrong(
                "start at zero",
                sum(values[i] - values[i - 1] for i in range(0, stop, step)),
                f"The loop starts at {start}.",
            ),
            Wrong("first index left out", total(picked[1:]), f"The loop starts at {start}, which counts too."),
            Wrong("last index left out", total(picked[:-1]), "The last index below the stop counts too."),
            Wrong(
                "stop included",
                total([*picked, picked[-1] + step]) if picked[-1] + step < 8 else total(picked) + values[7],
                "The stop is not included.",
            ),
            Wrong("not subtracted", sum(values[i] for i in picked), "Every step subtracts the value before, too."),
            Wrong("last step only", total(picked[-1:]), "The total is carried on from step to step."),
            Wrong("counted from one", total([i - 1 for i in picked if i > 1]), "Indices are counted from 0."),
        ],
        explanation=f"The loop visits the indices {', '.join(map(str, picked))}; the total is {total(picked)}.",
    )


@template(topic="recurrent networks", difficulty=0.5)
def loop_state_value(d: Draw) -> Question:
    """State after a recurrent loop."""
    a, b, first = d.choose(2, 3, -2), d.choose(-3, -1, 1, 2, 3), d.integer(-3, 3)
    values = d.sample(range(-4, 8), 4)
    code = (
        f"import jax.numpy as jnp\n\nh = {first}\nfor x in jnp.array({values}):\n    h = {a} * h + {b} * x\nprint(h)\n"
    )

    def run(order: list[int], start: int = first, old: int = a, new: int = b) -> int:
        h = start
        for x in order:
            h = old * h + new * x
        return h

    unrolled = a**4 * first + sum(b * x * a ** (3 - i) for i, x in enumerate(values))  # the recursion written out
    return Question(
        stem=STEM,
        code=code,
        key=_number(code),
        second=unrolled,
        wrong=[
            Wrong("last step left out", run(values[:-1]), "The loop runs over all values."),
            Wrong("first step left out", run(values[1:]), "The loop begins with the first value."),
            Wrong("starts with zero", run(values, 0), f"The state starts with {first}."),
            Wrong("backwards", run(values[::-1]), "The values come in the order in which they stand."),
            Wrong(
                "factors swapped",
                run(values, old=b, new=a),
                f"The old state is multiplied by {a}, the new value by {b}.",
            ),
            Wrong("no factor for the state", run(values, old=1), f"The old state is multiplied by {a} in every step."),
            Wrong("no factor for the value", run(values, new=1), f"The new value is multiplied by {b}."),
            Wrong("state forgotten", b * values[-1] + a * first, "The state is carried on from step to step."),
        ],
        explanation=f"The states are {', '.join(str(run(values[:n])) for n in range(1, 5))}.",
    )


@template(topic="frameworks", difficulty=0.45)
def axis_sum_value(d: Draw) -> Question:
    """Entry of a sum over an axis."""
    rows = [[d.integer(-9, 20) for _ in range(3)] for _ in range(3)]
    axis, at = d.choose(0, 1), d.integer(0, 2)
    call = d.choose("sum", "max")
    code = f"import jax.numpy as jnp\n\nx = jnp.array({rows})\ny = x.{call}(axis={axis})\nprint(y[{at}])\n"
    columns = [list(c) for c in zip(*rows, strict=True)]
    lines, others = (columns, rows) if axis == 0 else (rows, columns)
    fold = sum if call == "sum" else max
    opposite = max if call == "sum" else sum
    second = fold([rows[i][at] if axis == 0 else rows[at][i] for i in range(3)])
    return Question(
        stem=STEM,
        code=code,
        key=_number(code),
        second=second,
        wrong=[
            Wrong("other axis", fold(others[at]), f"axis={axis} is the axis that disappears."),
            Wrong("counted from one", fold(lines[at - 1]), "Indices are counted from 0."),
            Wrong("next index", fold(lines[(at + 1) % 3]), "Indices are counted from 0."),
            Wrong("other function", opposite(lines[at]), f"The program calls {call}."),
            Wrong("everything", fold([n for row in rows for n in row]), f"Only axis {axis} is taken together."),
            Wrong("diagonal entry", rows[at][at], f"{call} takes a whole row or column together."),
            Wrong("other axis, next index", fold(others[(at + 1) % 3]), f"axis={axis} is the axis that disappears."),
            Wrong("smallest", min(lines[at]), f"The program calls {call}."),
        ],
        explanation=f"axis={axis} disappears, so y[{at}] takes {', '.join(map(str, lines[at]))} together: {second}.",
    )


@template(topic="frameworks", difficulty=0.55)
def functional_update_value(d: Draw) -> Question:
    """Arrays do not change: an update makes a new one."""
    values = d.sample(range(2, 30), 4)
    i, j = d.sample(range(4), 2)
    new, plus = d.integer(31, 60), d.integer(2, 20)
    code = (
        f"import jax.numpy as jnp\n\nx = jnp.array({values})\ny = x.at[{i}].set({new})\nx.at[{j}].add({plus})\n"
        f"z = y.at[{j}].add({plus})\nprint(x[{i}] + y[{j}] + z[{j}] - z[{i}])\n"
    )
    x = dict(enumerate(values))
    y = x | {i: new}
    z = y | {j: y[j] + plus}
    key = x[i] + y[j] + z[j] - z[i]
    return Question(
        stem=STEM,
        code=code,
        key=_number(code),
        second=values[i] + 2 * values[j] + plus - new,
        wrong=[
            Wrong("x changed by set", key - x[i] + new, "x.at[…].set(…) returns a new array; x keeps its values."),
            Wrong("lost addition kept", key + 2 * plus, "The result of x.at[…].add(…) is not stored anywhere."),
            Wrong("y changed by add", key + plus, "y.at[…].add(…) returns a new array; y keeps its values."),
            Wrong("nothing added", key - plus, "z holds the result of the addition."),
            Wrong("everything in place", new + 2 * (x[j] + 2 * plus) - new, "No array is changed in place."),
            Wrong("add sets", key - z[j] + plus, "add adds to the old value; only set replaces it."),
            Wrong("set adds", key - x[i], "set replaces the old value; only add adds to it."),
        ],
        explanation=f"x[{i}] = {x[i]}, y[{j}] = {y[j]}, z[{j}] = {z[j]}, z[{i}] = {z[i]}: {key}.",
    )


@template(topic="automatic differentiation", difficulty=0.5)
def grad_code_value(d: Draw) -> Question:
    """Gradient printed by a short program."""
    w, b, x, y = d.integer(-4, 6), d.integer(-5, 5), d.integer(-5, 6), d.integer(-9, 12)
    d.need(x not in (0, 1) and w != 0 and b != 0 and w * x + b != y)
    wanted = d.choose(0, 1)
    code = (
        "import jax\n\n\ndef loss(w, b, x, y):\n    return (w * x + b - y) ** 2\n\n\n"
        f"g = jax.grad(loss, argnums={wanted})({w}.0, {b}.0, {x}.0, {y}.0)\nprint(int(g))\n"
    )
    error = w * x + b - y
    key = 2 * error * (x if wanted == 0 else 1)
    name = "wb"[wanted]
    return Question(
        stem=STEM,
        code=code,
        key=_number(code),
        second=_difference(w, b, x, y, wanted),
        wrong=[
            Wrong("loss", error**2, "grad returns the derivative, not the loss."),
            Wrong("no factor two", key // 2, "The square's derivative has the factor 2."),
            Wrong(
                "other argument",
                2 * error * (1 if wanted == 0 else x),
                f"argnums={wanted} asks for the derivative with respect to {name}.",
            ),
            Wrong(
                "input left out",
                2 * error * (w if wanted == 0 else y),
                f"The derivative of w·x + b − y with respect to {name} is {'x' if wanted == 0 else '1'}.",
            ),
            Wrong("wrong sign", -key, "The error is the prediction minus the target."),
            Wrong(
                "target forgotten",
                2 * (w * x + b) * (x if wanted == 0 else 1),
                "The target is subtracted inside the square.",
            ),
            Wrong("bias forgotten", 2 * (w * x - y) * (x if wanted == 0 else 1), "b is part of the prediction."),
            Wrong("error", error, "That is the error; the derivative of its square is asked."),
        ],
        explanation=f"The error is {error}; the derivative with respect to {name} is "
        f"2·({error}){f'·({x})' if wanted == 0 else ''} = {key}.",
    )


def _difference(w: int, b: int, x: int, y: int, wanted: int) -> int:
    """The central difference with step 1, which is exact for a square."""
    up, down = ((w + 1, b), (w - 1, b)) if wanted == 0 else ((w, b + 1), (w, b - 1))
    return ((up[0] * x + up[1] - y) ** 2 - (down[0] * x + down[1] - y) ** 2) // 2
