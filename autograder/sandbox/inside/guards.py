"""Built-in functions that find attributes by name, as a submission may use them.

The screen puts these in the place of ``getattr`` and its like, because it cannot see the names that they are called
with.  They refuse what the screen refuses where a name is written out.
"""

from __future__ import annotations

import builtins
import dataclasses
import functools
import types
from collections.abc import Callable, Collection, Iterator, Mapping, MutableMapping
from typing import Any

_PLAIN = (bool, dict, float, int, list, str, tuple)
_ARRAY_FUNCTIONS = ("jax.nn", "jax.numpy", "jax._src.nn", "jax._src.numpy")


def guards(
    module: types.ModuleType, own: Collection[str], internal: Collection[str]
) -> Mapping[str, Callable[..., Any]]:
    """Return the guarded functions of one module, by the names that the screen writes.

    None of them is a ``partial``: its arguments can be read, and a module is one of them.

    Args:
      own: names of the submission's modules: attributes are set on objects of their classes only.
      internal: names of attributes that lead into Python's machinery.
    """
    access = _Access(own, internal)
    return {
        "__guarded_fields__": _fields,
        "__guarded_getattr__": access.get,
        "__guarded_globals__": lambda: types.MappingProxyType(_definitions(module, own)),
        "__guarded_namespace__": access.namespace,
        "__guarded_setattr__": access.put,
        "__guarded_singledispatch__": lambda function: _singledispatch(module, function),
        "__guarded_vars__": lambda owner: _Attributes(owner, access),
    }


class _Access:
    """Attributes by name; each refusal is a :class:`TypeError`."""

    def __init__(self, own: Collection[str], internal: Collection[str]) -> None:
        self.own, self.internal = own, internal

    def get(self, owner: Any, name: str, *default: Any) -> Any:
        self.check(owner, name)
        value = getattr(owner, name, *default)
        if isinstance(value, types.ModuleType):
            raise TypeError(f"{name} is a module: import it")
        return value

    def put(self, owner: Any, name: str, value: Any) -> None:
        self.check(owner, name)
        if not self.is_own(owner) or name.startswith("__") or name == "strides":
            raise TypeError("attributes can be set on objects of your own classes only")
        setattr(owner, name, value)

    def namespace(self, **values: Any) -> types.SimpleNamespace:
        for name in values:
            self.check(None, name)
        return types.SimpleNamespace(**values)

    def is_own(self, owner: Any) -> bool:
        """Whether this is an object of a class of the submission, or such a class."""
        return (owner if isinstance(owner, type) else type(owner)).__module__ in self.own

    def is_hidden(self, name: str) -> bool:
        return name.startswith("__") or name in self.internal

    def check(self, owner: Any, name: Any) -> None:
        if type(name) is not str:
            raise TypeError(f"the name of an attribute is a string, not {type(name).__name__}")
        if isinstance(owner, types.ModuleType):
            raise TypeError(f"{owner.__name__}.{name} must be written out, or come from a dict of your own")
        if isinstance(owner, BaseException):  # exceptions hold modules and frames
            raise TypeError("the attributes of an exception must be written out")
        hidden = self.is_hidden(name) or (name.startswith("_") and not self.is_own(owner))
        if hidden and name not in ("__name__", "__doc__", "__qualname__"):
            raise TypeError(f"{name} is not allowed in submissions")


class _Attributes(MutableMapping[str, Any]):
    """The attributes of an object of the submission's own, as a dict."""

    def __init__(self, owner: Any, access: _Access) -> None:
        if isinstance(owner, type) or not access.is_own(owner):
            raise TypeError("vars and __dict__ are allowed for objects of your own classes only")
        self._names: Callable[[], list[str]] = lambda: [n for n in vars(owner) if not access.is_hidden(n)]
        self._get: Callable[..., Any] = lambda name: access.get(owner, name)
        self._put: Callable[..., None] = lambda name, value: access.put(owner, name, value)

    def __getitem__(self, name: str) -> Any:
        if name not in self._names():
            raise KeyError(name)
        return self._get(name)

    def __setitem__(self, name: str, value: Any) -> None:
        self._put(name, value)

    def __delitem__(self, name: str) -> None:
        raise TypeError("an attribute is deleted by writing del x.name")

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())


def _definitions(module: types.ModuleType, own: Collection[str]) -> dict[str, Any]:
    """Return what a module defines: functions and classes of the submission, array functions, plain data."""
    found = {}
    for name, value in vars(module).items():
        source = getattr(value, "__module__", None)
        known = isinstance(source, str) and (source in own or source.startswith(_ARRAY_FUNCTIONS))
        if not name.startswith("__") and (known or type(value) in _PLAIN):
            found[name] = value
    return found


def _fields(owner: Any) -> tuple[types.SimpleNamespace, ...]:
    """Name the fields of a dataclass; the fields themselves are a way to write source text."""
    return tuple(types.SimpleNamespace(name=f.name, init=f.init, repr=f.repr) for f in dataclasses.fields(owner))


def _singledispatch(module: types.ModuleType, function: Callable[..., Any]) -> Callable[..., Any]:
    """Dispatch on the class of the first argument, without Python's own reading of annotations: it evaluates text."""
    dispatching = functools.singledispatch(function)

    def register(kind: Any, implementation: Callable[..., Any] | None = None) -> Any:
        if isinstance(kind, types.FunctionType) and implementation is None:
            kind, implementation = named_class(kind), kind
        if not isinstance(kind, type | types.UnionType):
            raise TypeError("name the class: @f.register(list)")
        return dispatching.register(kind, implementation)

    def named_class(implementation: types.FunctionType) -> Any:
        annotation = next(iter(implementation.__annotations__.values()), "")
        if annotation is None or annotation == "None":
            return types.NoneType
        if not isinstance(annotation, str):
            return annotation
        return vars(module).get(annotation, getattr(builtins, annotation, None))

    @functools.wraps(function)
    def dispatched(*args: Any, **kwargs: Any) -> Any:
        return dispatching(*args, **kwargs)

    dispatched.register = register  # type: ignore[attr-defined]
    return dispatched
