"""Plans: what is drawn is secret, what is traced is not, and a generator that breaks its promises is named."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.assignment.load import Assignment, AssignmentError
from autograder.assignment.plan import PUBLIC_DRAW, Plan, make_plan
from autograder.assignment.seed import (
    MIN_SECRET_BYTES,
    PUBLIC,
    SETS,
    Seed,
    SeedError,
    read_seed,
    secret_seed,
    tracing_keys,
)
from autograder.checks import Case, Check, Sizes, Task, bound, case, key, mistake, task, training, trajectory, values
from autograder.submission.code import code_as_read
from autograder.submission.read import read_submission

SECRET = Seed(b"first secret of a course")
ONE, TWO = SECRET.keys("toy"), Seed(b"second secret of a course").keys("toy")
EVERYBODYS = PUBLIC.keys("toy")
Cases = Callable[[np.random.Generator], Iterator[Any]]


def _inputs(plan: Plan) -> dict[str, tuple[np.ndarray, ...]]:
    return {p.key: p.inputs for probes in plan.probes.values() for p in probes}


def test_the_public_draw_is_everybodys_and_the_others_are_secret(toy: Assignment) -> None:
    one, two, public = (make_plan(toy, keys) for keys in (ONE, TWO, EVERYBODYS))
    for plan in (one, two):
        for probe, shown in zip(plan.numeric(), public.numeric(), strict=True):
            assert probe.key == shown.key and probe.label == shown.label
            same = [np.array_equal(x, y) for x, y in zip(probe.inputs, shown.inputs, strict=True)]
            assert all(same) if probe.public else not all(same), probe.key
            assert (probe.draw == PUBLIC_DRAW) == probe.public and shown.public
    for name, inputs in _inputs(one).items():
        if name.split(".")[1] != "0":
            assert any(not np.array_equal(x, y) for x, y in zip(inputs, _inputs(two)[name], strict=True)), name
    assert len({plan.digest() for plan in (one, two, public, make_plan(toy, ONE, 1))}) == 4


def test_each_draw_set_has_its_own_sizes_and_none_of_them_is_printed(toy: Assignment) -> None:
    printed = {p.label: p.call for p in make_plan(toy, ONE).probes["standardize_values"] if p.public}
    sizes = set()
    for draw_set in range(SETS):
        hidden = [p for p in make_plan(toy, ONE, draw_set).probes["standardize_values"] if not p.public]
        assert all(p.call != printed[p.label] for p in hidden)
        sizes.add(tuple(p.call.key for p in hidden))
    assert len(sizes) > 1


def test_sizes_need_the_shape_key_alone_and_numbers_the_value_key(toy: Assignment) -> None:
    tracer = tracing_keys(ONE.shapes.hex(), "toy")
    assert tracer.values == EVERYBODYS.values and tracer.sets == SETS
    there, here = make_plan(toy, tracer, 2), make_plan(toy, ONE, 2)
    assert set(there.calls) == set(here.calls)
    hidden = {p.key: p.inputs for p in here.numeric() if not p.public}
    assert all(
        any(not np.array_equal(x, y) for x, y in zip(p.inputs, hidden[p.key], strict=True))
        for p in there.numeric()
        if not p.public and p.key in hidden
    )
    for bad in ("", "ab", "z" * 64, "0" * 63):
        with pytest.raises(SeedError, match=r"64 hexadecimal digits.*autograder shape-key -a toy"):
            tracing_keys(bad, "toy")


def test_keys_of_assignments_are_apart(toy: Assignment) -> None:
    other = SECRET.keys("other")
    known = {ONE.shapes, ONE.values, other.shapes, other.values, SECRET.secret}
    assert len(known) == 5


def test_the_draw_set_is_chosen_by_the_code_as_read(tmp_path: Path) -> None:
    def code(text: str, name: str = "a.py") -> str:
        (tmp_path / name).write_text(text)
        return code_as_read(read_submission(tmp_path / name))

    same = code("import jax\n\n\ndef f(x):  # a comment\n    return (x + 1)\n")
    assert (
        same == code("# another\nimport jax\ndef f(x):\n    return x + 1") != code("import jax\ndef f(x): return x+2")
    )
    assert {ONE.choose(f"{n}") for n in range(100)} == set(range(SETS)) and ONE.choose(same) == ONE.choose(same)
    assert [ONE.choose(f"{n}") for n in range(50)] != [TWO.choose(f"{n}") for n in range(50)]
    assert {EVERYBODYS.choose(f"{n}") for n in range(10)} == {0}
    code("x = " + "(" * 150 + "1" + ")" * 150)  # deep, and no error


def test_one_key_draws_the_same_numbers_every_time(toy: Assignment) -> None:
    one, again = _inputs(make_plan(toy, ONE)), _inputs(make_plan(toy, Seed(SECRET.secret).keys("toy")))
    assert all(np.array_equal(x, y) for k in one for x, y in zip(one[k], again[k], strict=True))


def test_draws_and_checks_do_not_share_numbers(toy_plan: Plan) -> None:
    first, second, *_ = (p.inputs[0] for p in toy_plan.probes["standardize_values"] if p.label == "rows")
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, toy_plan.probes["standardize_gradients"][0].inputs[0])


def test_the_identity_tells_seeds_apart_and_reveals_nothing() -> None:
    assert EVERYBODYS.identity == "public"
    assert ONE.identity != TWO.identity and len(ONE.identity) == 12
    assert Seed(SECRET.secret).keys("toy").identity == ONE.identity
    text = f"{ONE!r} {ONE.identity} {ONE.shapes_identity}"
    assert not any(key.hex()[:12] in text for key in (ONE.values, ONE.shapes, SECRET.secret))


@pytest.mark.parametrize("a", [("x", 1), ("x", "y", 0)])
@pytest.mark.parametrize("b", [("x1",), ("xy", 0), ("x", "y0")])
def test_names_of_draws_are_not_run_together(a: tuple[object, ...], b: tuple[object, ...]) -> None:
    assert ONE.generator(*a).random() != ONE.generator(*b).random()


def test_equal_calls_share_one_program(toy_plan: Plan) -> None:
    probes = [*toy_plan.probes["standardize_values"], *toy_plan.probes["standardize_far"]]
    rows = {p.call.key for p in probes if p.case.static == {"axis": 1} and p.draw == PUBLIC_DRAW}
    assert len(rows) == 1
    gradient = toy_plan.probes["standardize_gradients"][0]
    assert gradient.forward.key in rows and gradient.call.key not in rows
    speed = toy_plan.probes["standardize_speed"][0].call
    assert speed == toy_plan.probes["standardize_cost"][0].call and speed.precision == "default"


def test_a_trajectory_is_asked_for_one_step(toy_plan: Plan) -> None:
    probe = toy_plan.probes["momentum_path"][0]
    assert probe.steps == 8
    assert probe.call.args[1] == ["d", [["w", ["a", [3], "float32"]]]]
    assert probe.inputs[-1].shape == (8, 3)


def test_floats_and_integers_are_rounded_before_anybody_sees_them() -> None:
    found = case("a", 0.1 * np.ones(2), np.arange(2), np.array([True]), {"w": [np.float32(1), None]}, axis=1)
    assert [str(x.dtype) for x in found.args[:3]] == ["float32", "int32", "bool"]
    assert found.static == {"axis": 1}


def test_nested_lists_of_numbers_are_arrays() -> None:
    found = case("a", [[1.0, 2.0], [3.0, 4.0]], [1, 2], [True], [np.ones(2), np.ones(3)])
    assert [(str(x.dtype), x.shape) for x in found.args[:3]] == [("float32", (2, 2)), ("int32", (2,)), ("bool", (1,))]
    assert [x.shape for x in found.args[3]] == [(2,), (3,)]  # a list of arrays stays one


@pytest.mark.parametrize("bad", [1, 1.0, True, "text", (1.0,)])
def test_python_numbers_are_refused_as_arrays(bad: object) -> None:
    with pytest.raises(TypeError, match="by keyword to keep it static"):
        case("a", bad)


@pytest.mark.parametrize("bad", [np.array([1j]), np.array(["x"]), np.array([None])])
def test_arrays_of_other_kinds_are_refused(bad: np.ndarray) -> None:
    with pytest.raises(TypeError, match="float, integer and boolean"):
        case("a", bad)


def test_a_check_needs_a_title_and_a_mistake_a_hint() -> None:
    with pytest.raises(ValueError, match="needs a docstring"):
        values("f")(lambda rng: iter(()))
    with pytest.raises(ValueError, match="needs a docstring"):
        mistake("f", fails=[], topic="")(lambda x: x)


def test_nan_holds_no_bound() -> None:
    assert bound("x", 1, 0, 2).holds and not bound("x", 3, 0, 2).holds and not bound("x", np.nan).holds


def _labelled(rng: np.random.Generator, size: Sizes) -> Iterator[Case]:
    """labelled"""
    n = size(3, 4, 9)
    yield case(f"{n} numbers", rng.normal(size=n))


def _narrow(rng: np.random.Generator, size: Sizes) -> Iterator[Case]:
    """narrow"""
    yield case("a", rng.normal(size=size(3, 3, 3)))


def _grows(rng: np.random.Generator) -> Iterator[Case]:
    """grows"""
    yield case("random length", np.zeros(int(rng.integers(2, 10**6))))


def _switches(rng: np.random.Generator) -> Iterator[Case]:
    """switches"""
    yield case("random static", np.zeros(3), axis=int(rng.integers(10**6)))


def _raises(rng: np.random.Generator) -> Iterator[Case]:
    """raises"""
    yield case("a", np.zeros(3))
    raise RuntimeError("out of numbers")


def _nothing(rng: np.random.Generator) -> Iterator[Case]:
    """nothing"""
    yield from ()


def _strange(rng: np.random.Generator) -> Iterator[object]:
    """strange"""
    yield np.zeros(3)


def _short(rng: np.random.Generator) -> Iterator[Case]:
    """short"""
    yield case("a", np.zeros(3), np.zeros((7, 3)))


def _ragged(rng: np.random.Generator) -> Iterator[Task]:
    """ragged"""
    yield task("a", key(rng), batches=(np.zeros((8, 1)), np.zeros((9, 1))), held_out=(), target=0)


def _measure(output: object, target: object) -> dict[str, float]:
    return {}


@pytest.mark.parametrize(
    ("check", "says"),
    [
        (values("f", draws=2)(_grows), "_grows: the shapes change with the numbers that are drawn"),
        (values("f", draws=2)(_switches), "the shapes change with the numbers that are drawn"),
        (values("f")(_labelled), "_labelled: the labels change with the draw: name the kind of case, and no size"),
        (values("f")(_narrow), "expected ranges (printed, low, high) with other sizes that differ"),
        (values("f")(_raises), "_raises: RuntimeError: out of numbers"),
        (values("f")(_nothing), "_nothing yields no case"),
        (values("f")(_strange), "_strange: expected case(...), got ndarray"),
        (values("f")(_ragged), "_ragged: expected case(...), got Task"),
        (trajectory("f", steps=8)(_short), "_short: every array of the data needs a leading axis of 8 steps"),
        (training(init="f", step="f", predict="f", measure=_measure)(_short), "_short: a training check yields one"),
        (training(init="f", step="f", predict="f", measure=_measure)(_ragged), "needs the steps as its leading axis"),
    ],
    ids=lambda x: x.cases.__name__ if isinstance(x, Check) else "",
)
def test_a_generator_that_breaks_its_promises_is_named(toy: Assignment, check: Check, says: str) -> None:
    broken = dataclasses.replace(toy, checks={check.name: check}, points={check.name: 1.0})
    with pytest.raises(AssignmentError) as error:
        make_plan(broken, ONE)
    assert says in str(error.value)


def test_a_byte_order_mark_changes_no_seed(tmp_path: Path) -> None:
    secret = b"0123456789abcdef" * 2
    for data in (secret, secret + b"\r\n", b"\xef\xbb\xbf" + secret + b"\n"):
        (tmp_path / "key").write_bytes(data)
        assert read_seed(tmp_path / "key") == secret_seed(secret, "here")
    for encoding in ("utf-16", "utf-16-le", "utf-32"):
        (tmp_path / "key").write_bytes(secret.decode().encode(encoding))
        with pytest.raises(SeedError, match="UTF-8"):
            read_seed(tmp_path / "key")


def test_a_key_file_must_hold_a_secret(tmp_path: Path) -> None:
    path = tmp_path / "course.key"
    with pytest.raises(SeedError, match=r"course\.key cannot be read: No such file"):
        read_seed(path)
    path.write_bytes(b"  short \n")
    with pytest.raises(SeedError, match=r"course\.key has 5 bytes, expected at least 16.*openssl rand"):
        read_seed(path)
    path.write_bytes(b"\n" + b"x" * MIN_SECRET_BYTES + b"\n")
    assert read_seed(path) == secret_seed(b"x" * MIN_SECRET_BYTES, "here")  # a newline more or less is no other course
    with pytest.raises(SeedError, match="cannot be read: Is a directory"):
        read_seed(tmp_path)
