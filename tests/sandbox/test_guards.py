"""What stands in for getattr and its like refuses at run time what the screen refuses where a name is written out."""

from __future__ import annotations

import functools
import math
import types
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import pytest

from autograder.sandbox.inside.guards import guards
from autograder.submission.screening import INTERNAL

MODULE = types.ModuleType("submission")
SOURCE = """
import dataclasses, functools, math
import jax.numpy as jnp
tanh = jnp.tanh
wraps = functools.wraps
SCALE = 2.0
def relu(z): return z
class Layer:
    kind = "dense"
    def __init__(self): self.w, self._b = 1, 2
@dataclasses.dataclass
class Config:
    width: int = 3
    depth: int = 4
"""
exec(compile(SOURCE, "submission.py", "exec", dont_inherit=True), MODULE.__dict__)
GUARDS = guards(MODULE, {"submission"}, INTERNAL)
get, put, attributes = (GUARDS[f"__guarded_{name}__"] for name in ("getattr", "setattr", "vars"))


def layer() -> Any:
    return MODULE.Layer()


def test_attributes_of_objects_are_read_and_set_by_name() -> None:
    one = layer()
    assert (get(one, "w"), get(one, "_b"), get(one, "none", 5), get(jnp.ones(2), "shape")) == (1, 2, 5, (2,))
    assert get(MODULE.relu, "__name__") == "relu" and [get(x, "real") for x in (1, 2.0)] == [1, 2.0]
    put(one, "w", 7)
    put(MODULE.Layer, "forward", MODULE.relu)
    assert one.w == 7 and MODULE.Layer.forward is MODULE.relu
    with pytest.raises(AttributeError):
        get(one, "none")


def test_the_dict_of_an_object_is_its_attributes() -> None:
    one = layer()
    attributes(one).update({"w": 3, "scale": 4})
    assert dict(attributes(one)) == {"w": 3, "_b": 2, "scale": 4} and "w" in attributes(one) and one.scale == 4
    with pytest.raises(KeyError):
        attributes(one)["none"]


def test_globals_are_the_definitions_of_the_module() -> None:
    found = GUARDS["__guarded_globals__"]()
    assert found["relu"] is MODULE.relu and found["tanh"] is jnp.tanh and found["SCALE"] == 2.0 and "Layer" in found
    assert not {"wraps", "jnp", "math", "__builtins__", "functools"} & set(found)
    with pytest.raises(TypeError):
        found["relu"] = 1


def test_a_namespace_is_made_of_a_dict() -> None:
    assert GUARDS["__guarded_namespace__"](w=1).w == 1


def test_fields_have_names() -> None:
    assert [f.name for f in GUARDS["__guarded_fields__"](MODULE.Config())] == ["width", "depth"]


def test_dispatching_on_the_first_argument() -> None:
    @GUARDS["__guarded_singledispatch__"]
    def show(x: object) -> str:
        return "other"

    show.register(list)(lambda x: "list")

    @show.register
    def _(x: int) -> str:
        return "int"

    @show.register
    def _nothing(x: None) -> str:
        return "nothing"

    @show.register
    def _by_text(x: Layer) -> str:  # type: ignore[name-defined]  # noqa: F821
        return "layer"

    assert [show(x) for x in ([], 1, "", None, layer())] == ["list", "int", "other", "nothing", "layer"]


class Odd:
    x: "print('evaluated')" = 1  # type: ignore[valid-type]  # noqa: UP037


REFUSED: dict[str, Callable[[], object]] = {
    "internal": lambda: get(MODULE.relu, "func_globals"),
    "dunder": lambda: get(MODULE.relu, "__globals__"),
    "dunder with a default": lambda: get(MODULE.relu, "__code__", None),
    "dunder of an own object": lambda: get(layer(), "__class__"),
    "private to a library": lambda: get(jnp.ones(2), "_value"),
    "module": lambda: get(math, "pi"),
    "attribute that is a module": lambda: get(types.SimpleNamespace(m=math), "m"),
    "exception": lambda: get(KeyError(1), "args"),
    "name that is no plain text": lambda: get(layer(), type("S", (str,), {})("w")),
    "name that is no text": lambda: get(layer(), 1),
    "set on a module": lambda: put(math, "pi", 3),
    "set on a library's class": lambda: put(functools.partial, "x", 3),
    "set on a library's object": lambda: put(types.SimpleNamespace(), "x", 3),
    "set a dunder": lambda: put(layer(), "__class__", int),
    "set the name of a class": lambda: put(MODULE.Layer, "__module__", "submission"),
    "set steps": lambda: put(layer(), "strides", (1,)),
    "set an internal": lambda: put(layer(), "_member_map_", {}),
    "dict of a module": lambda: attributes(math),
    "dict of a class": lambda: attributes(MODULE.Layer),
    "dict of a function": lambda: attributes(jnp.tanh),
    "put a dunder into a dict": lambda: attributes(layer()).update({"__class__": int}),
    "delete from a dict": lambda: attributes(layer()).clear(),
    "namespace with a dunder": lambda: GUARDS["__guarded_namespace__"](__class__=1),
    "namespace with an internal name": lambda: GUARDS["__guarded_namespace__"](f_globals=1),
    "register a text": lambda: GUARDS["__guarded_singledispatch__"](MODULE.relu).register("print()"),
    "register an object with annotations": lambda: GUARDS["__guarded_singledispatch__"](MODULE.relu).register(Odd()),
}


@pytest.mark.parametrize("attempt", REFUSED.values(), ids=REFUSED)
def test_what_the_screen_would_refuse_is_refused(attempt: Callable[[], object]) -> None:
    with pytest.raises(TypeError):
        attempt()


def test_no_guard_tells_what_it_was_made_of() -> None:
    made = [*GUARDS.values(), *vars(attributes(layer())).values()]
    assert not any(isinstance(guard, functools.partial) for guard in made)


def test_nothing_of_the_guards_leads_back_to_what_they_guard() -> None:
    show = GUARDS["__guarded_singledispatch__"](MODULE.relu)
    for name in ("dispatch", "registry", "_clear_cache"):
        assert not hasattr(show, name)
