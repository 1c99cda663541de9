"""What one perceptron with the step function gives, and where its bias must lie."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from question_bank.templates._writing import row
from question_bank.templates.engine import Draw, Question, Wrong, template


@jax.jit
def _outputs(weights: jax.Array, bias: jax.Array, inputs: jax.Array) -> jax.Array:
    """1 for every input whose weighted sum plus bias is at least 0."""
    return jnp.heaviside(inputs @ weights + bias, 1.0)


@jax.jit
def _smallest_bias(weights: jax.Array, inputs: jax.Array) -> jax.Array:
    """The first whole bias from -200 on that makes the perceptron output 1."""
    biases = jnp.arange(-200.0, 200.0)
    return biases[jnp.argmax(jnp.heaviside(inputs @ weights + biases, 1.0))]


@template(topic="perceptron", difficulty=0.3)
def perceptron_outputs(d: Draw) -> Question:
    """Outputs of a perceptron for four inputs."""
    w1, w2 = (d.choose(-3, -2, -1, 1, 2, 3) for _ in range(2))
    bias = d.choose(-3, -2, -1, 1, 2, 3)
    points = [(d.integer(-2, 3), d.integer(-2, 3)) for _ in range(4)]
    sums = [w1 * a + w2 * b + bias for a, b in points]
    # One sum is 0, so that the convention matters; both outputs occur.
    d.need(0 in sums and min(sums) < 0 and len(set(points)) == 4)
    outputs = _outputs(np.array([w1, w2], float), float(bias), np.array(points, float))

    def text(fires: list[bool]) -> str:
        return ", ".join("1" if fire else "0" for fire in fires)

    return Question(
        stem=f"A perceptron has the weights ({w1}, {w2}) and the bias {bias} (which is added). Its step function gives "
        f"1 for 0 and above, otherwise 0. What does it output for the inputs {', '.join(str(p) for p in points[:3])} "
        f"and {points[3]}, in this order?",
        key=", ".join(str(int(v)) for v in np.asarray(outputs)),
        second=text([w1 * a + w2 * b >= -bias for a, b in points]),
        wrong=[
            Wrong(
                "0 at 0", text([s > 0 for s in sums]), "Here the step function gives 1 also where the sum is exactly 0."
            ),
            Wrong("no bias", text([s - bias >= 0 for s in sums]), "Add the bias to the weighted sum before the step."),
            Wrong("bias subtracted", text([s - 2 * bias >= 0 for s in sums]), "The bias is added, not subtracted."),
            Wrong(
                "weights swapped",
                text([w2 * a + w1 * b + bias >= 0 for a, b in points]),
                "The first weight belongs to the first input.",
            ),
            Wrong(
                "step turned round",
                text([s < 0 for s in sums]),
                "The perceptron gives 1 where the sum is not negative.",
            ),
            Wrong("one input", text([w1 * a + bias >= 0 for a, _ in points]), "Both inputs take part in the sum."),
        ],
        explanation=f"The sums with the bias are {', '.join(map(str, sums))}; the output is 1 where the sum is at "
        "least 0.",
    )


@template(topic="step function", difficulty=0.45)
def perceptron_smallest_bias(d: Draw) -> Question:
    """Smallest whole bias with which a perceptron outputs 1."""
    weights, inputs = ([d.choose(*range(-6, 0), *range(1, 7)) for _ in range(3)] for _ in range(2))
    products = [w * x for w, x in zip(weights, inputs, strict=True)]
    total = sum(products)
    d.need(total != 0)
    return Question(
        stem=f"A perceptron with the weights {row(weights)} receives the input {row(inputs)}. Its bias is added to the "
        "weighted sum, and its step function gives 1 for 0 and above, otherwise 0. What is the smallest whole number "
        "as a bias with which it outputs 1?",
        key=_smallest_bias(np.array(weights, float), np.array(inputs, float)),
        second=next(b for b in range(-200, 200) if b >= -total),
        wrong=[
            Wrong("strictly above 0", 1 - total, "A sum of exactly 0 gives 1 already, so the bias can be one smaller."),
            Wrong("one too small", -total - 1, "With this bias the sum is -1, and the step function gives 0."),
            Wrong("sign", total, "The bias must make up for the weighted sum: it has the opposite sign."),
            Wrong("third input left out", products[2] - total, "You left out the third input and its weight."),
            Wrong("first input left out", products[0] - total, "You left out the first input and its weight."),
            Wrong("weights alone", -sum(weights), "Multiply each weight by its input before you add."),
            Wrong("sign of one product", 2 * products[1] - total, "Look at the sign of the second product again."),
        ],
        explanation=f"The weighted sum is {total}, and {total} + b must be at least 0: b = {-total}.",
    )
