"""Trees of arrays without JAX: what goes in comes out, and specs compare as the handouts promise."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder import tree
from autograder.tree import Key

ARRAY = ["a", [2, 3], "float32"]
OTHER = ["a", [3, 2], "float32"]
LEAVES = st.builds(
    lambda n, d: np.zeros(n, d),
    st.lists(st.integers(0, 3), max_size=3).map(tuple),
    st.sampled_from(["float32", "int32", "bool"]),
)
TREES = st.recursive(
    LEAVES | st.none() | st.builds(lambda: Key(np.zeros(2, np.uint32))),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, Key):
        return b is a.data
    if isinstance(a, dict):
        return isinstance(b, dict) and sorted(a) == list(b) and all(_same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(_same, a, b))
    return a is b


@given(TREES)
def test_flatten_and_unflatten_are_inverse(value: Any) -> None:
    leaves, spec = tree.flatten(value)
    assert _same(value, tree.unflatten(spec, iter(leaves)))
    assert [tree.shape_of(s) for s in tree.leaf_specs(spec)] == [x.shape for x in leaves]
    assert [tree.dtype_of(s) for s in tree.leaf_specs(spec)] == [str(x.dtype) for x in leaves]
    assert len(tree.paths(spec)) == len(leaves) == len(set(tree.paths(spec)))


@given(TREES)
def test_a_spec_survives_json(value: Any) -> None:
    spec = tree.flatten(value)[1]
    assert json.loads(json.dumps(spec)) == spec
    assert tree.matches(spec, spec) and tree.same_structure(spec, spec)


def test_paths_are_what_python_would_write() -> None:
    value = {"layers": [{"w": np.zeros(2)}, {"w": np.zeros(3)}], "step": np.zeros(())}
    leaves, spec = tree.flatten(value)
    paths = tree.paths(spec)
    assert paths == ["['layers'][0]['w']", "['layers'][1]['w']", "['step']"]
    for path, leaf in zip(paths, leaves, strict=True):
        assert eval(f"value{path}", {"value": value}) is leaf


@pytest.mark.parametrize(
    ("a", "b", "matches", "structure"),
    [
        (ARRAY, ARRAY, True, True),
        (ARRAY, OTHER, False, True),
        (ARRAY, ["a", [2, 3], "int32"], False, True),
        (["l", [ARRAY]], ["t", [ARRAY]], True, True),
        (["l", [ARRAY]], ARRAY, False, False),
        (["l", [ARRAY]], ["l", [ARRAY, ARRAY]], False, False),
        (["d", [["w", ARRAY]]], ["d", [["v", ARRAY]]], False, False),
        (["d", [["w", ARRAY]]], ["d", [["w", OTHER]]], False, True),
        (["n"], ARRAY, False, False),
        (["k"], ["a", [2], "uint32"], False, True),  # a key is not its bits
    ],
)
def test_specs_match_by_structure_shape_and_dtype(a: tree.Spec, b: tree.Spec, matches: bool, structure: bool) -> None:
    assert tree.matches(a, b) == tree.matches(b, a) == matches
    assert tree.same_structure(a, b) == tree.same_structure(b, a) == structure


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (ARRAY, "float32(2, 3)"),
        (["a", [], "int32"], "int32()"),
        (["t", [ARRAY]], "(float32(2, 3),)"),
        (["t", [["d", [["b", ARRAY], ["w", ["n"]]]], ["k"]]], "({'b': float32(2, 3), 'w': None}, key)"),
        (["l", []], "[]"),
    ],
)
def test_a_spec_is_shown_as_people_write_it(spec: tree.Spec, text: str) -> None:
    assert tree.show(spec) == text


def test_show_is_bounded() -> None:
    assert len(tree.show(["l", [ARRAY] * 1000], 80)) == 80
