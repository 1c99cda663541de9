"""Code tracing: the shapes that mapped functions, convolutions and einsums print."""

from __future__ import annotations

from question_bank.templates._shapes import printed
from question_bank.templates.code_shapes import STEM, Shape, mistakes
from question_bank.templates.engine import Draw, Question, template


@template(topic="frameworks", difficulty=0.6)
def vmap_shape(d: Draw) -> Question:
    """Shape of a doubly mapped function."""
    n, m, k = d.sample(range(2, 40), 3)
    scalar, outer_first = d.choose(True, False), d.choose(True, False)
    body = "jnp.dot(u, v)" if scalar else "u - v"
    inner, outer = ("(None, 0)", "(0, None)") if outer_first else ("(0, None)", "(None, 0)")
    code = (
        "import jax\nimport jax.numpy as jnp\n\n"
        f"def f(u, v):\n    return {body}\n\n"
        f"x, y = jnp.ones(({n}, {k})), jnp.ones(({m}, {k}))\n"
        f"g = jax.vmap(jax.vmap(f, in_axes={inner}), in_axes={outer})\nprint(g(x, y).shape)\n"
    )
    pair = (n, m) if outer_first else (m, n)
    tail: Shape = () if scalar else (k,)
    return Question(
        stem=STEM,
        code=code,
        key=printed(code),
        second=str(pair + tail),
        wrong=mistakes(
            ("order", pair[::-1] + tail, "The outer vmap makes the first axis."),
            (
                "result of f",
                pair if tail else (*pair, k),
                "f returns " + ("a vector for each pair." if tail else "one number for each pair."),
            ),
            ("outer map only", (pair[0], *tail) if tail else (pair[0],), "Both maps add an axis."),
            ("inner map only", (pair[1], *tail) if tail else (pair[1],), "Both maps add an axis."),
            ("axis at the end", (*tail, *pair) if tail else (k, *pair), "vmap puts the mapped axis first."),
            ("pairs in one row", (n * m, *tail), "Each map adds an axis of its own."),
        ),
        explanation=f"The inner map adds an axis of length {pair[1]}, the outer one puts an axis of length {pair[0]} "
        "before it.",
    )


@template(topic="convolution arithmetic", difficulty=0.5)
def conv_code_shape(d: Draw) -> Question:
    """Shape of a convolution in JAX."""
    batch, height, width = d.choose(2, 4, 8, 16), d.integer(10, 40), d.integer(10, 40)
    kernel, stride, inputs, filters = d.choose(3, 4, 5), d.choose(2, 3), d.choose(1, 3, 4), d.choose(6, 8, 10, 12)
    padding = d.choose("SAME", "VALID")
    d.need(height != width)
    code = (
        "import jax.numpy as jnp\nfrom jax import lax\n\n"
        f"x = jnp.ones(({batch}, {height}, {width}, {inputs}))\n"
        f"w = jnp.ones(({kernel}, {kernel}, {inputs}, {filters}))\n"
        f'y = lax.conv_general_dilated(\n    x, w, window_strides=({stride}, {stride}), padding="{padding}",\n'
        '    dimension_numbers=("NHWC", "HWIO", "NHWC"),\n)\nprint(y.shape)\n'
    )

    def sides(same: bool, step: int = stride) -> Shape:
        return tuple(-(-n // step) if same else (n - kernel) // step + 1 for n in (height, width))

    same = padding == "SAME"
    h, w = sides(same)
    return Question(
        stem=STEM,
        code=code,
        key=printed(code),
        second=str((batch, h, w, filters)),
        wrong=mistakes(
            (
                "other padding",
                (batch, *sides(not same), filters),
                "SAME rounds side / stride up; VALID adds no padding.",
            ),
            ("channels kept", (batch, h, w, inputs), "The output has one channel per filter, the last axis of w."),
            ("channels first", (batch, filters, h, w), "The last letters, NHWC, say that the channels come last."),
            ("no stride", (batch, *sides(same, 1), filters), "The stride divides the sides."),
            ("sides swapped", (batch, w, h, filters), "Height comes before width."),
            ("no batch", (h, w, filters), "The batch axis remains."),
            ("one too few", (batch, h - 1, w - 1, filters), "The first place of the kernel counts too."),
        ),
        explanation=f"With {padding} the sides become {h} and {w}; w has {filters} filters.",
    )


_EQUATIONS = (
    "bqhd,bkhd->bhqk",
    "bhqk,bkhd->bqhd",
    "btd,df->btf",
    "ij,kj->ik",
    "bij,bjk->bik",
    "bthd,hde->bte",
    "bi,bj->bij",
    "nhwc,cf->nhwf",
)


@template(topic="scaled dot-product attention", difficulty=0.55)
def einsum_shape(d: Draw) -> Question:
    """Shape of an einsum."""
    equation = d.choose(*_EQUATIONS)
    left, out = equation.split("->")
    one, two = left.split(",")
    letters = sorted(set(one + two))
    size = dict(zip(letters, d.sample(range(2, 24), len(letters)), strict=True))

    def shape(names: str) -> Shape:
        return tuple(size[name] for name in names)

    code = (
        "import jax.numpy as jnp\n\n"
        f'a = jnp.ones({shape(one)})\nb = jnp.ones({shape(two)})\nc = jnp.einsum("{equation}", a, b)\nprint(c.shape)\n'
    )
    summed = "".join(name for name in letters if name not in out)
    return Question(
        stem=STEM,
        code=code,
        key=printed(code),
        second=str(shape(out)),
        wrong=mistakes(
            ("first operand", shape(one), "The letters after the arrow give the axes of the result."),
            ("second operand", shape(two), "The letters after the arrow give the axes of the result."),
            (
                "last two swapped",
                shape(out[:-2] + out[:-3:-1]),
                "The axes stand in the order of the letters after the arrow.",
            ),
            ("nothing summed", shape(out + summed), "Letters missing after the arrow are summed over."),
            (
                "first two swapped",
                shape(out[1::-1] + out[2:]),
                "The axes stand in the order of the letters after the arrow.",
            ),
            (
                "alphabetical",
                shape("".join(sorted(out))),
                "The axes stand in the order of the letters after the arrow.",
            ),
            ("last axis lost", shape(out[:-1]), "Every letter after the arrow is an axis of the result."),
            ("placed side by side", shape(one) + shape(two), "A letter that both operands have is one axis."),
        ),
        explanation="The letters after the arrow stand for "
        + ", ".join(f"{name} = {size[name]}" for name in out)
        + ".",
    )
