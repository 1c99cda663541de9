"""What errors of JAX, NumPy and Python mean in a function that JAX traces, and what to write instead.

The texts are those of the libraries, not ours.  ``tests/judge/test_error_meanings.py`` provokes each error, so a new
version that words it differently is noticed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

Meaning = tuple[str, str]  # what happened, what to do

_VALUE_TESTED: Meaning = (
    "a Python `if`, `while`, `and`, `or`, `not`, `max` or `assert` tests the values of an array, "
    "but these are not known while JAX traces the function",
    "use jnp.where (or jnp.maximum, jnp.logical_and, jax.lax.cond, jax.lax.while_loop) to choose between values; "
    "`if` on shapes and static arguments is fine",
)
_NO_VALUE: Meaning = (
    "float(), int(), .item(), a number in a text or a shape made of values asks for the value of an array "
    "while JAX traces the function",
    "keep the value as an array: write the computation with jnp functions and return the array itself",
)
_SHAPE_OF_VALUES: Meaning = (
    "the shape of an array depends on the values of another, which are not known while JAX traces the function",
    "take sizes from x.shape or from the static arguments",
)
_TREE_AS_ARRAY: Meaning = (
    "a list, tuple or dict was used as if it were an array",
    "take the array out of it, or use jax.tree.map for all of them; jax.grad returns the gradient for its first "
    "argument unless argnums names another, and a tuple of gradients if argnums is a tuple",
)
_UNPACKED: Meaning = (
    "a result has another number of parts than there are names for it",
    "jax.value_and_grad returns (value, gradient), with has_aux=True ((value, more), gradient)",
)
_TREES_DIFFER: Meaning = (
    "two nested structures of dicts, lists and tuples do not have the same form",
    "argnums=0 gives the gradient itself, argnums=(0,) a tuple that holds it; print both with jax.tree.structure",
)
_KEEPDIMS: str = "keep the axis that you sum, average or take the maximum over: keepdims=True"
_SHAPES: str = "print the shapes (x.shape) just before this line: the shapes of two arrays do not fit together"

# By the name of the exception or of one of its bases.
BY_TYPE: Mapping[str, Meaning] = {
    "TracerBoolConversionError": _VALUE_TESTED,
    "TracerArrayConversionError": (
        "a NumPy function received a JAX array while JAX was tracing the function",
        "use the function of the same name in jax.numpy (jnp.…) instead of numpy (np.…)",
    ),
    "TracerIntegerConversionError": (
        "a JAX array was used where Python needs a plain integer (range, a list index, a shape)",
        "take sizes from x.shape, or index with jnp.take / x[i] on a JAX array instead of a list",
    ),
    "NonConcreteBooleanIndexError": (
        "a boolean mask was used as an index, so the shape of the result would depend on the values",
        "instead of x[mask] = value: x = jnp.where(mask, value, x); instead of reading x[mask]: put a neutral value "
        "where the mask is False",
    ),
    "ConcretizationTypeError": _NO_VALUE,
    "UnexpectedTracerError": (
        "the function uses a value that was kept from an earlier call (in a global variable, a list, an attribute or a "
        "default argument)",
        "return all that the next step needs and pass it in as an argument; store no arrays outside the function",
    ),
    "RecursionError": (
        "the function calls itself without end",
        "add a base case that ends the recursion, or use a loop over the layers",
    ),
    "KeyReuseError": ("a random key is used twice", "split the key first: key, sub = jax.random.split(key)"),
}

# Type, a part of the text, meaning.
_BY_TEXT: Sequence[tuple[str, str, Meaning]] = (
    ("ValueError", "truth value of an array", _VALUE_TESTED),
    (
        "TypeError",
        "are immutable",
        (
            "JAX arrays cannot be changed in place",
            "write x = x.at[i].set(value) or x = x.at[i].add(value); for a mask, x = jnp.where(mask, value, x); or "
            "build the parts in a list and join them with jnp.stack",
        ),
    ),
    (
        "TypeError",
        "unsupported format string",
        (
            "an f-string or format() asks for the digits of an array while JAX traces the function",
            "print the array without a format such as :.3f, or print outside the function; nobody reads it while "
            "grading",
        ),
    ),
    (
        "TypeError",
        "type <class 'range'>",
        (
            "a range was used as an index of a JAX array",
            "index with jnp.arange(n): x[jnp.arange(n), labels]; to change these entries, "
            "x = x.at[jnp.arange(n), labels].add(-1)",
        ),
    ),
    (
        "TypeError",
        "non-tuple sequence for multidimensional indexing",
        ("a list was used as an index of a JAX array", "make it an array: x[jnp.array([0, 1])]"),
    ),
    (
        "IndexError",
        "Slice entries must be static integers",
        (
            "the bounds of a slice depend on an array (an argument, or computed with jax.numpy), whose numbers are not "
            "known while JAX traces the function",
            "compute sizes from x.shape with Python's numbers; for a bound that is an argument, take the whole array "
            "and choose with a mask: jnp.arange(n) < bound",
        ),
    ),
    (
        "TypeError",
        "Gradient only defined for scalar-output functions",
        (
            "jax.grad differentiates a function that returns one number, and this one returns something else",
            "differentiate the sum of its outputs, or one row at a time under jax.vmap; a function that returns (loss, "
            "more) needs has_aux=True",
        ),
    ),
    (
        "TypeError",
        "string indexing",
        (
            "an array was indexed with a name, as if it were a dict",
            "look at what is passed in: are two arguments in the wrong order?",
        ),
    ),
    ("TypeError", "and 'list'", _TREE_AS_ARRAY),
    ("TypeError", "'list' and", _TREE_AS_ARRAY),
    ("TypeError", "and 'tuple'", _TREE_AS_ARRAY),
    ("TypeError", "'tuple' and", _TREE_AS_ARRAY),
    ("TypeError", "and 'dict'", _TREE_AS_ARRAY),
    ("TypeError", "'dict' and", _TREE_AS_ARRAY),
    ("ValueError", "values to unpack", _UNPACKED),
    (
        "ValueError",
        "does not match previous terms",
        (
            "two axes that einsum gives the same letter have different lengths",
            "print the shapes (x.shape) just before this line, and check which axis is which",
        ),
    ),
    ("ValueError", "pytree structure error", _TREES_DIFFER),
    ("ValueError", "Mismatch custom node data", _TREES_DIFFER),
    ("ValueError", "Tuple arity mismatch", _TREES_DIFFER),
    ("TypeError", "Shapes must be 1D sequences of concrete values", _SHAPE_OF_VALUES),
    ("TypeError", "expected a sequence of integers or a single integer", _SHAPE_OF_VALUES),
    (
        "TypeError",
        "unhashable type",
        (
            "an array was used as a key of a dict, as an element of a set, as a static argument or as an argument of a "
            "function under functools.lru_cache or cache",
            "use names or plain numbers as keys, pass arrays as ordinary arguments, and take lru_cache away",
        ),
    ),
    (
        "ValueError",
        "accepts a single key",
        ("a random function of JAX got several keys at once", "pass one of them: keys[i]"),
    ),
    (
        "TypeError",
        "unexpected PRNG key type",
        ("a random function of JAX got something else than a key first", "jax.random.normal(key, shape)"),
    ),
    (
        "TypeError",
        "invalid PRNG key data",
        ("a random function of JAX got something else than a key first", "jax.random.normal(key, shape)"),
    ),
    (
        "TypeError",
        "unexpected keyword argument 'dim'",
        ("dim is an argument of PyTorch", "in JAX and NumPy it is called axis"),
    ),
    (
        "TypeError",
        "unexpected keyword argument 'keepdim'",
        ("keepdim is an argument of PyTorch", "in JAX and NumPy it is called keepdims"),
    ),
)
# Methods that people know from lists, NumPy and PyTorch.
_METHODS: Mapping[str, str] = {
    "append": "collect the parts in a Python list and join them with jnp.stack or jnp.concatenate",
    "clamp": "jnp.clip(x, low, high)",
    "clone": "arrays never change: no copy is needed",
    "contiguous": "arrays are contiguous already",
    "cpu": "arrays are where they should be already",
    "detach": "jax.lax.stop_gradient(x)",
    "expand": "jnp.broadcast_to(x, shape)",
    "fill": "jnp.full_like(x, value)",
    "float": "x.astype(jnp.float32)",
    "long": "x.astype(jnp.int32)",
    "masked_fill": "jnp.where(mask, value, x)",
    "numpy": "keep the array: values are not known while JAX traces the function",
    "permute": "x.transpose(...)",
    "pow": "x**p",
    "size": "x.shape",
    "unsqueeze": "x[:, None], or jnp.expand_dims(x, axis)",
}


def _lost_an_axis(text: str) -> bool:
    """Whether two shapes of an error are (N, C) and (N,)."""
    matrix, vector = re.search(r"\((\d+), \d+\)", text), re.search(r"\((\d+),\)", text)
    return matrix is not None and vector is not None and matrix.group(1) == vector.group(1)


def meaning_of(kinds: Sequence[str], text: str, lacking: str = "") -> Meaning | None:
    """Return what an error means and what to do; None for one that this module does not know.

    Args:
      kinds: names of the exception's class and of its bases.
      text: the first line of its message.
      lacking: the attribute that an array does not have, if the error is about that.
    """
    for kind in kinds:
        if kind in BY_TYPE:
            return BY_TYPE[kind]
    for kind, part, meaning in _BY_TEXT:
        if kind in kinds and part in text:
            return meaning
    if "AttributeError" in kinds and lacking:
        return f"JAX arrays have no attribute {lacking}", _METHODS.get(lacking, "look for a function in jax.numpy")
    if any(part in text for part in ("shapes", "dot_general", "broadcast", "does not match previous terms")):
        return f"{kinds[0]}: {text}" if kinds else text, _KEEPDIMS if _lost_an_axis(text) else _SHAPES
    return None
