"""No way to Python's machinery without a finding: attributes and classes made of data, objects that hold modules.

The routes are variants of a few kinds.  Of each kind at least one was run before it was closed, and reached a module, a
frame, the source of a method or raw memory; tests/attacks has the strongest in full.
"""

from __future__ import annotations

import textwrap
import time

import pytest
from helpers.commands import ROOT

from autograder.assignment import load
from autograder.results import Finding
from autograder.submission.read import Module, Submission
from autograder.submission.screening import screen
from autograder.submission.statements import split

IMPORTS = """
import abc, collections, copy, dataclasses, enum, functools, math, operator, threading, types, typing, warnings
import jax
import jax.numpy as jnp
import numpy as np
from abc import ABC
from collections import namedtuple
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import partial, wraps
from types import SimpleNamespace
from typing import NamedTuple
"""
ALLOWED = load("backprop", ROOT).allowed


def findings(source: str) -> list[Finding]:
    text = textwrap.dedent(source).strip()
    statements, unread = split(IMPORTS + text, "submission.py")
    assert not unread, unread
    handed_in = Submission("s", "", (Module("submission", statements),), (), {"submission.py": IMPORTS + text})
    return list(screen(handed_in, ALLOWED)[1])


def lines(source: str) -> set[int]:
    """The lines of the source, from 1, that a finding names."""
    before = IMPORTS.count("\n")
    return {int(f.where.rpartition(" ")[2]) - before for f in findings(source)}


# name: (source, a line that must be reported)
ROUTES = {
    # functools.wraps reads and updates the attributes that it is told to
    "wraps_updated": (
        """
        box = {}
        class Holder:
            __globals__ = box
        functools.wraps(lambda: 0, assigned=(), updated=("__globals__",))(Holder)
        loaded = box["__builtins__"]["__import__"]
        """,
        4,
    ),
    "wraps_assigned": ('f = wraps(lambda: 0, assigned=("__globals__",))(SimpleNamespace())', 1),
    "wraps_computed": ('n = "".join(reversed(["ls__", "__globa"]))\nf = wraps(lambda: 0, (n,))(SimpleNamespace())', 2),
    "wraps_through_partial": ('w = partial(wraps, assigned=("a",))', 1),
    "wraps_with_a_dict": ("options = {}\nf = wraps(len, **options)(len)", 2),
    "wraps_given_more_later": ("w = wraps(len)\nw(len, updated=(name,))", 1),
    "wraps_called_with_more": ("wraps(len)(len, updated=(name,))", 1),
    "wraps_is_a_partial": ("wraps(len).func(len, len, (), (name,))", 1),
    "wraps_in_a_dict": ("tools = {'w': wraps}", 1),
    "update_wrapper": ("from functools import update_wrapper", 1),
    # dataclasses build source text from the names of their fields
    "make_dataclass": ("x = dataclasses.make_dataclass('C', names)", 1),
    "field_kept": ("f = field(default=1)\n@dataclass\nclass C:\n    x: int = f", 1),
    "field_read_in_the_body": ("@dataclass\nclass C:\n    x: int = field(default=1)\n    box.append(x)", 3),
    "field_read_by_a_default": ("@dataclass\nclass C:\n    x: int = field(default=1)\n    def m(self, y=x): pass", 3),
    "field_read_by_augmenting": ("@dataclass\nclass C:\n    x: int = field(default=1)\n    x += spy", 3),
    "field_read_by_subclass_hook": ("class B:\n    def __init_subclass__(cls): box.append(cls.x)", 2),
    "field_without_dataclass": ("class C:\n    x: int = field(default=1)\nbox = C.x", 2),
    "field_under_another_decorator": ("@dataclass\n@spy\nclass C:\n    x: int = field(default=1)", 4),
    "field_under_a_false_dataclass": (
        "def dataclass(c): return c.x\n@dataclass\nclass C:\n    x: int = field(default=1)", 4,
    ),
    "field_by_stars": ("@dataclass\nclass C:\n    x: int = field(**options)", 3),
    "dataclass_of_a_made_class": ("dataclass(made)", 1),
    "typed_dict_with_odd_keys": ("C = typing.TypedDict('C', {text: int})", 1),
    "annotations_of_a_class": ("@dataclass\nclass C:\n    __annotations__ = {text: int}", 3),
    # class patterns read what __match_args__ names
    "match_args": ("class C(ABC):\n    __match_args__ = ('__globals__',)", 2),
    "match_args_of_frames": ("class C(ABC):\n    __match_args__ = ('tb_frame',)", 2),
    "match_args_computed": ("class C(ABC):\n    __match_args__ = (name,)", 2),
    "match_args_unpacked": ("class C(ABC):\n    __match_args__, y = (name,), 1", 2),
    "match_args_by_loop": ("class C(ABC):\n    for __match_args__ in [(name,)]: pass", 2),
    "match_args_augmented": ("class C(ABC):\n    __match_args__ = ()\n    __match_args__ += (name,)", 3),
    "match_args_of_a_dataclass": ("@dataclass\nclass C(ABC):\n    tb_frame: int", 3),
    "match_args_of_exceptions": ("@dataclass\nclass C(ABC):\n    obj: int", 3),
    "match_args_of_a_named_tuple": ("class C(ABC, namedtuple('P', 'tb_frame')): pass", 1),
    "match_args_of_a_computed_tuple": ("class C(ABC, namedtuple('P', [name])): pass", 1),
    "match_args_of_a_typed_tuple": ("P = NamedTuple('P', [(name, int)])", 1),
    "match_by_keyword": ("match error:\n    case AttributeError(obj=module): pass", 2),
    "match_frames_by_keyword": ("match error:\n    case object(tb_frame=frame): pass", 2),
    "subclass_hook": ("class C(ABC):\n    def __subclasshook__(cls, c): return True", 2),
    "instance_check": ("class C:\n    def __instancecheck__(self, x): return True", 2),
    # JAX flattens the attributes that a registration names
    "register_functions": (
        'jax.tree_util.register_dataclass(type(lambda: 0), data_fields=["__globals__"], meta_fields=[])', 1,
    ),
    "register_computed": ("class C: pass\njax.tree_util.register_dataclass(C, data_fields=[n], meta_fields=[])", 2),
    "register_frames": ("class C: pass\njax.tree_util.register_dataclass(C, ['tb_frame'], [])", 2),
    "register_by_alias": ("r = jax.tree_util.register_dataclass", 1),
    "register_by_partial": ("r = partial(jax.tree_util.register_dataclass, data_fields=['x'])", 1),
    "register_a_variable": ("def f(c): jax.tree_util.register_dataclass(c, ['x'], [])", 1),
    # classes made of data may have any special attribute
    "type_of_a_class": ("made = type(int)('A', (), namespace)", 1),
    "type_kept": ("t = type(int)", 1),
    "type_renamed": ("t = type", 1),
    "type_passed_on": ("list(map(type, [int]))", 1),
    "type_called_by_partial": ("partial(type, 'A', ())({})", 1),
    "type_called_with_stars": ("type(int)(*arguments)", 1),
    "type_of_a_type": ("t = type(int)(int)", 1),
    "type_to_an_equal": ("spy == type(int)", 1),
    "type_subscripted": ("type[int]('A', (), namespace)", 1),
    "type_new": ("type.__new__(kind, 'A', (), namespace)", 1),
    "type_method": ("type(int).__call__(int, 'A', (), namespace)", 1),
    "type_in_a_message": (
        "try:\n    assert False, type(int)\nexcept AssertionError as e:\n    made = e.args[0]('A', (), {})", 2,
    ),
    "type_in_an_error_that_keeps_it": (
        "class E(Exception):\n    def __init__(self, kept): self.kept = kept\ndef f(): raise E(type(int))", 3,
    ),
    "type_in_an_error_with_a_value": ("raise StopIteration(type(int))", 1),
    "type_in_an_error_by_name": ("def TypeError(x): box.append(x)\ndef f(): raise TypeError(type(int))", 2),
    "type_shadowed_never": ("if 0: type = 1\ntype(int)('A', (), namespace)", 2),
    "type_to_an_object": ("q = spy()\nr = q\nr == type(int)", 3),
    "type_to_a_value_of_two_kinds": ("class Q: pass\nif x: Q = spy\ntype(int) == Q", 3),
    "metaclass_called": ("class M(type): pass\nM('A', (), namespace)", 1),
    "metaclass_of_abstract_classes": ("class M(type(ABC)): pass", 1),
    "class_of_self": ("def f(self): return self.__class__('A', (), namespace)\nf(int)", 1),
    "class_of_self_by_stars": ("def f(self): return self.__class__(*arguments)", 1),
    "enumeration_made": ("A = Enum('A', {name: 1})", 1),
    "enumeration_without_members": ("class E(Enum): pass\nmade = E('A', {name: 1})", 1),
    "enumeration_that_deletes": ("class E(Enum):\n    A = 1\n    del A", 1),
    "enumeration_that_ignores": ("class E(Enum):\n    A = 1\n    _ignore_ = ['A']", 3),
    "enumeration_of_a_module": ("class E(Enum):\n    A = 1\nE._convert_('X', 'jax', lambda n: n == 'grad').grad", 3),
    "enumeration_of_properties": ("class E(Enum):\n    A = property()", 1),
    "enumeration_of_odd_objects": ("class R:\n    def __new__(cls): return property()\nclass E(Enum):\n    A = R()", 3),
    "enumeration_of_derived_properties": ("class R(property): pass\nclass E(Enum):\n    A = R()", 2),
    "enumeration_of_decorated": ("@spy\nclass R: pass\nclass E(Enum):\n    A = R()", 3),
    "enumeration_emptied": ("class E(Enum):\n    A = 1\nE._member_names_.clear()\nE('X', {name: 1})", 3),
    "enumeration_as_value": ("kinds = [Enum]", 1),
    # attributes that are set by name
    "namespace_as_value": ("f = partial(SimpleNamespace)", 1),
    "namespace_inherited": ("class S(SimpleNamespace): pass", 1),
    "namespace_again": ("s = SimpleNamespace(a=1)\ns.__init__(**{name: 1})", 2),
    "strides_of_another": (
        "class L:\n    def __init__(self, s): self.strides = s\ndef f(a): L.__init__(a, (8,))", 3,
    ),
    "strides_of_any_self": ("class L:\n    def g(self, s): self.strides = s\n", 2),
    "initialised_elsewhere": ("class L:\n    def g(self): Base.__init__(self)\n", 2),
    "initialised_for_another": ("class L:\n    def __init__(self, a): Base.__init__(a)\n", 2),
    "namespace_initialiser": ("s = SimpleNamespace(a=1)\nf = s.__init__", 2),
    "namespace_of_the_same_type": ("s = SimpleNamespace(a=1)\ntype(s)(**{name: 1})", 2),
    "cached_property_renamed": (
        "class C:\n    @functools.cached_property\n    def p(self): return 1\nC.p.attrname = name", 4,
    ),
    "cached_property_wrapped": ("wraps(SimpleNamespace(attrname=name))(C.p)", 1),
    "cached_property_named": ("p = functools.cached_property(f)", 1),
    "descriptor_that_is_named": ("class D:\n    def __set_name__(self, owner, name): box.append(owner)", 2),
    "descriptor": ("class D:\n    def __get__(self, x, owner): return owner", 2),
    "setattr_of_a_text": ("object.__setattr__(x, name, 'text')", 1),
    "setattr_of_an_internal": ("object.__setattr__(p, 'attrname', name)", 1),
    "state_of_an_exception": ("e.__setstate__({name: 1})", 1),
    "copy_that_calls": ("class R:\n    def __reduce_ex__(self, p): return f, (), (None, {name: 1})\ncopy.copy(R())", 2),
    "copy_with_state": ("class R:\n    def __getstate__(self): return None, {name: 1}", 2),
    "copy_that_sets": ("class W:\n    def __setstate__(self, state): box.append(state)", 2),
    "copy_by_assigning": ("class R:\n    __reduce__ = f", 2),
    "deep_copy_with_a_memo": ("copy.deepcopy(x, memo)", 1),
    "deep_copy_passed_on": ("partial(copy.deepcopy, memo=memo)", 1),
    "deep_copy_that_is_told": ("class A:\n    def __deepcopy__(self, memo): return box.append(memo)", 2),
    "slots_computed": ("class C:\n    __slots__ = (name,)", 2),
    "slots_named": ("class C:\n    __slots__ = ('__array_interface__',)", 2),
    "slots_by_loop": ("class C:\n    for __slots__ in [(name,)]: pass", 2),
    # objects that hold modules
    "array_ctypes": ("np.zeros(1).ctypes._ctypes", 1),
    "array_ctypes_by_self": ("def f(self): return self.ctypes\nf(np.zeros(1))", 1),
    "generator_ctypes": ("np.random.default_rng(0).bit_generator.ctypes", 1),
    "generator_cffi": ("def f(g): return g.cffi", 1),
    "error_in_a_list": ("try:\n    jnp.nothing\nexcept AttributeError as e:\n    m = [e][0].obj", 4),
    "error_as_self": ("def f(self): return self.obj\ntry:\n    jnp.nothing\nexcept AttributeError as e:\n    f(e)", 1),
    "error_of_a_thread": ("def f(future): return future.exception().obj", 1),
    "warnings_as_self": ("def f(self): return self._module\nf(warnings.catch_warnings())", 1),
    "warnings_inherited": ("class W(warnings.catch_warnings): pass", 1),
    "warnings_kept": ("w = warnings.catch_warnings()", 1),
    "warnings_initialised": ("warnings.catch_warnings.__init__(spy)", 1),
    "warnings_told": ("class H:\n    def __setattr__(self, name, value): box.append(value)", 2),
    "warnings_told_by_error": ("class H:\n    def __setattr__(self, name, value): raise Told(value)", 2),
    "warnings_property": ("class H:\n    _module = property(f)", 2),
    "stream_of_a_thread": ("threading.Thread()._stderr", 1),
    "annotation_evaluated": ("def f(reference): return reference._evaluate({}, {}, frozenset())", 1),
    # raw memory
    "array_interface": ("class A:\n    __array_interface__ = {'data': (id(print) + 24, True)}", 2),
    "array_struct": ("class A:\n    @property\n    def __array_struct__(self): return 1", 3),
    "array_interface_by_getattr": ("class A:\n    def __getattr__(self, name): return {'data': (1, True)}", 2),
    "array_interface_by_dict": ("class A(dict):\n    __getattr__ = dict.get", 2),
    "array_of_pointers": ("np.ndarray((1,), dtype=object, buffer=np.array([id(print)]))", 1),
    "array_of_pointers_by_type": ("type(np.zeros(1))((1,), dtype=object, buffer=np.array([id(print)]))", 1),
    "array_of_pointers_by_position": ("type(np.zeros(1))((1,), object, np.array([id(print)]), 0)", 1),
    "array_of_pointers_inherited": ("class A(np.ndarray): pass", 1),
    "array_of_pointers_renamed": ("make = np.ndarray\nmake((1,), object, memory)", 2),
    "array_of_pointers_by_union": ("make = typing.Union[np.ndarray]", 1),
    "array_of_pointers_passed_on": ("list(map(np.ndarray, shapes))", 1),
    "array_resized_under_a_view": ("x.resize(0, refcheck=False)", 1),
    "buffer_protocol": ("class A:\n    def __buffer__(self, flags): return 1", 2),
    "dlpack": ("class A:\n    def __dlpack__(self): return 1", 2),
    # the machinery itself, named in other ways
    "subscript": ('box["__builtins__"]', 1),
    "subscript_joined": ('box["__buil" + "tins__"]', 1),
    "subscript_formatted": ('box[f"__{\'builtins\'}__"]', 1),
    "subscript_percent": ('box["__%s__" % "builtins"]', 1),
    "subscript_by_join": ('box["".join(["__", "builtins", "__"])]', 1),
    "subscript_in_a_pattern": ('match box:\n    case {"__builtins__": b}: pass', 2),
    "getitem": ('operator.getitem(box, "__import__")', 1),
    "get": ('box.get("__import__")', 1),
    "keyword": ("dict(__globals__=1)", 1),
    "keyword_from_a_dict": ('f(**{"__globals__": 1})', 1),
    "default": ('def f(n="__globals__"): return n', 1),
    "kept_in_a_name": ('n = "__globals__"', 1),
    "bytes": ('n = b"__globals__".decode()', 1),
    "format_kept": ('f = "{0.__globals__}".format', 1),
    "format_map": ('"{x.__class__}".format_map(d)', 1),
    "format_unbound": ('str.format("{0.__class__}", 1)', 1),
    "format_joined": ('("{0.__gl" + "obals__}").format(f)', 1),
    "metaclass_from_a_dict": ('class A(**{"metaclass": spy}): pass', 1),
    "class_cell": ("class A:\n    def f(self): return __class__", 2),
    "generator_frame": ("def f(generator): return generator.gi_frame", 1),
    "frame_of_a_generator": ("def f(frame): return frame.f_generator", 1),
    "source_reader": ("license", 1),
    "unknown_hook": ("class A:\n    def __new_hook__(self): pass", 2),
    "module_of_a_class": ("class A:\n    __module__ = 'jax'", 2),
    "nested_class_as_hook": ("class A:\n    class __reduce__: pass", 2),
    "hook_by_import_name": ("class A:\n    def __class_getitem__(cls, i): return i\n    __init_subclass__ = f", 3),
    "hook_by_exception": ("class A:\n    try: pass\n    except ValueError as __reduce__: pass", 3),
    "hook_by_pattern": ("class A:\n    match x:\n        case __reduce__: pass", 3),
    "hook_by_walrus": ("class A:\n    (__reduce__ := f)", 2),
}  # fmt: skip


@pytest.mark.parametrize("name", ROUTES)
def test_route_is_reported_where_it_begins(name: str) -> None:
    source, line = ROUTES[name]
    assert line in lines(source), findings(source)
    assert all(finding.severity == "violation" and finding.message for finding in findings(source))


@pytest.mark.parametrize("name", ROUTES)
def test_each_refusal_says_what_to_write_instead(name: str) -> None:
    assert [finding for finding in findings(ROUTES[name][0]) if not finding.instead] == []


HONEST = {
    "wraps": """
        def timed(f):
            @wraps(f)
            def inner(*args, **kwargs):
                return f(*args, **kwargs)
            return functools.wraps(f)(inner)
    """,
    "dataclass_with_fields": """
        @dataclass(frozen=True)
        class Config:
            '''Settings.  __init__ is generated.'''
            rate: float = 0.1
            sizes: list = field(default_factory=list, metadata={"static": True})
            def __post_init__(self):
                object.__setattr__(self, "rate", float(self.rate))
            def local(self):
                sizes = self.sizes
                return [sizes for sizes in sizes]
        changed = replace(Config(), rate=0.2)
        print(dataclasses.asdict(changed), dataclasses.astuple(changed))
        @partial(dataclass, frozen=True)
        class Other: pass
    """,
    "pytrees": """
        @jax.tree_util.register_dataclass
        @dataclass
        class State:
            w: jax.Array
            step: int = 0
        @partial(jax.tree_util.register_dataclass, data_fields=["w"], meta_fields=("step",))
        @dataclass
        class Second:
            w: jax.Array
            step: int = 0
        class Third:
            def __init__(self, w): self.w = w
        jax.tree_util.register_dataclass(Third, data_fields=["w"], meta_fields=[])
        @jax.tree_util.register_pytree_node_class
        class Fourth:
            def tree_flatten(self): return (self.w,), None
            @classmethod
            def tree_unflatten(cls, _, children): return cls(*children)
    """,
    "tuples_and_enumerations": """
        P = namedtuple("P", "x y", defaults=(1,))
        Q = collections.namedtuple("Q", ["x", "y"])
        class R(namedtuple("R", ("w", "b"))):
            __slots__ = ()
            def moved(self): return self._replace(w=1)
        S = NamedTuple("S", [("w", int), ("b", int)])
        class T(NamedTuple):
            w: jax.Array
        class Kind(Enum):
            RELU = "relu"
            TANH = enum.auto()
            @classmethod
            def _missing_(cls, value): return cls.RELU
        class Level(enum.IntEnum):
            LOW = 1 << 2
        class Act(ABC):
            def value(self): return 1
        @dataclass
        class Relu(Act):
            slope: float = 0.0
        class Acts(Enum):
            relu = Relu()
        Colour = Enum("Colour", "RED GREEN")
        Size = Enum("Size", {"SMALL": 1})
        class Keys(typing.TypedDict, total=False):
            w: int
        print(Kind("relu").value, Kind["TANH"].name, isinstance(Kind.RELU, Enum))
    """,
    "operators": """
        class Vector:
            __slots__ = ("x", "_y")
            __match_args__ = ("x",)
            __array_priority__ = 1000
            __hash__ = None
            __version__ = "1"
            def __init__(self, x, **rest): super().__init__(**rest); self.x = x; self.strides = (1, 1)
            def __new__(cls, *args): return super().__new__(cls)
            def __add__(self, other): return Vector(self.x + other.x)
            __radd__ = __add__
            def __lshift__(self, other): return self
            def __eq__(self, other): return isinstance(other, Vector) and self.x == other.x
            def __iter__(self): yield self.x
            def __len__(self): return 1
            def __getitem__(self, i): return self.x[i]
            def __setitem__(self, i, v): self.x[i] = v
            def __contains__(self, x): return x in self.x
            def __enter__(self): return self
            def __exit__(self, *error): return False
            def __copy__(self): return Vector(self.x)
            def copied(self): return Vector(copy.deepcopy(self.x))
            def __format__(self, spec): return format(self.x, spec)
            def __missing__(self, key): return key
            def __getattr__(self, name): raise AttributeError(name)
            def __array__(self, dtype=None, copy=None): return np.asarray(self.x)
            def __jax_array__(self): return self.x
        class Frozen:
            def __setattr__(self, name, value):
                "No changes."
                raise AttributeError(f"{name} is frozen")
            def __delattr__(self, name): raise AttributeError
        match Vector(1):
            case Vector(x): print(x)
    """,
    "types": """
        def f(x: type, y: type[int] | None, z: np.ndarray | None = None, *w: tuple[np.ndarray, ...]) -> "type":
            if type(x) == dict or type(x) is not type(y) or type(x) in (list, tuple) or type(x) == jnp.ndarray:
                raise TypeError(f"a {type(x).__name__}, {type(y)}")
            if isinstance(x, np.ndarray) or isinstance(y, (np.ndarray, jax.Array)) or issubclass(x, type):
                raise TypeError("expected", type(x))
            assert isinstance(x, dict), type(x)
            print(type(x), repr(type(x)), "%s" % type(x), "%s, %s" % (1, type(y)), "{}".format(type(x)))
            return type(x)(w=1, b=2), type(x)(v for v in x), type(x)([1, 2]), type(x)(x, y)
        type(1)
        match 1:
            case np.ndarray(): pass
        Array = np.ndarray
        Both = np.ndarray | jax.Array
        Params = typing.Dict[str, np.ndarray]
        def g(type): return type + 1
        class A:
            def label(self): return self.__class__.__name__ + type(self).__qualname__
            def again(self, w): return type(self).make(w), self.__class__(w=w)
    """,
    "namespaces": """
        me = SimpleNamespace(forward=len, backward=len)
        print(isinstance(me, SimpleNamespace), me.forward)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
        with warnings.catch_warnings(record=True) as caught, open_nothing as other:
            warnings.warn("x")
        class Lazy:
            @functools.cached_property
            def value(self): return 1
    """,
    "texts": """
        '''A module with __init__ and __globals__ in prose.'''
        __all__ = ["f", "__version__"]
        print("__init__ is called by {}".format(1), "__name__", "_____", "__", "__" + "_" * 20, "{:_}".format(1))
        print("see __init__", f"{1}__x__", "{} __init__ {}", hasattr(1, "__len__"), "__init__.py")
        d = {"a__b": 1, "_x": 2, "w__": 3}
        if __name__ == "__main__":
            print(d)
        def f(name):
            "__init__"
            return name == "__init__", "obj", "args", "tb_frame", "resize", jnp.resize(name, (2,))
    """,
}


@pytest.mark.parametrize("name", HONEST)
def test_plain_use_is_left_alone(name: str) -> None:
    assert findings(HONEST[name]) == []


def test_many_uses_are_checked_in_time() -> None:
    started = time.monotonic()
    fields = "".join(f"    x{n}: int = field(default={n})\n" for n in range(2000))
    classes = "".join(f"class C{n}({', '.join(f'C{k}' for k in range(max(0, n - 30), n))}): pass\n" for n in range(200))
    for source in (
        f"@dataclass\nclass C:\n{fields}",
        f"{classes}class E(Enum):\n    A = C199()\n",
        "x = " + " + ".join(["'__a'"] * 600),
        "x = " + " % ".join(["'%s'"] * 90),
        "from helper import *\n" * 500 + "isinstance(1, int)\n" * 2000,
        "@wraps(f)\n" * 2000 + "def f(): pass",
        f"class A({'Enum, ' * 12_000}):\n    x = 1\n" + "    y = 1\n" * 12_000,
        "class Q: pass\n" * 2400 + "class E(Enum): A = Q()\n" * 2400,
        "class Q(Q): pass\n" * 2400 + "class E(Enum): A = Q()\n" * 2400,
        f"x = {' == '.join(['type'] * 12_000)}",
    ):
        modules = [("submission", IMPORTS + source), ("helper", "from helper import *\n" * 500)]
        split_up = tuple(Module(name, split(text, f"{name}.py")[0]) for name, text in modules)
        screen(Submission("s", "", split_up, (), {}), ALLOWED)
    assert time.monotonic() - started < 60


def test_a_helper_module_vouches_for_nothing() -> None:
    helper = (
        "from dataclasses import dataclass\nimport numpy as np\ndef dataclass(kind): return kind.x\nclass Q: pass\n"
        "spy = Q()\ndef isinstance(x, kind): return kind\nlist = np.ndarray\n"
    )
    main = "from helper import dataclass, spy\nfrom dataclasses import field\nfrom helper import *\n"
    for source in (
        "@dataclass\nclass C:\n    x: int = field(default=1)",
        "type(int) == spy",
        "t = isinstance(1, type)",
        "list((1,), object, memory)",
    ):
        texts = {"submission": main + source, "helper": helper}
        modules = tuple(Module(name, split(text, f"{name}.py")[0]) for name, text in texts.items())
        assert screen(Submission("s", "", modules, (), {}), ALLOWED)[1], source
