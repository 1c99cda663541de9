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

Guards = Mapping[str, Callable[..., Any]]
_PLAIN = (bool, dict, float, int, list, str, tuple)
_ARRAY_FUNCTIONS = ("jax.nn", "jax.numpy", "jax._src.nn", "jax._src.numpy")


def guards(module: types.ModuleType, own: Collection[str], internal: Collection[str]) -> Guards:
    """Return the guarded functions of one module, by the names that the screen writes.

    Args:
      own: names of the submission's modules: attributes are set on objects of their classes only.
      internal: names of attributes that lead into Python's machinery.
    """

    def is_own(owner: Any) -> bool:
        return (owner if isinstance(owner, type) else type(owner)).__module__ in own

    def check(owner: Any, name: Any) -> None:
        if type(name) is not str:
            raise TypeError(f"the name of an attribute is a string, not {type(name).__name__}")
        if isinstance(owner, types.ModuleType):
            raise TypeError(f"{owner.__name__}.{name} must be written out, or come from a dict of your own")
        if isinstance(owner, BaseException):  # exceptions hold modules and frames
            raise TypeError("the attributes of an exception must be written out")
        hidden = name.startswith("__") or (name.startswith("_") and not is_own(owner))
        if name not in ("__name__", "__doc__", "__qualname__") and (hidden or name in internal):
            raise TypeError(f"{name} is not allowed in submissions")

    def guarded_getattr(owner: Any, name: str, *default: Any) -> Any:
        check(owner, name)
        value = getattr(owner, name, *default)
        if isinstance(value, types.ModuleType):
            raise TypeError(f"{name} is a module: import it")
        return value

    def guarded_setattr(owner: Any, name: str, value: Any) -> None:
        check(owner, name)
        if not is_own(owner) or name.startswith("__") or name == "strides":
            raise TypeError("attributes can be set on objects of your own classes only")
        setattr(owner, name, value)

    class Attributes(MutableMapping[str, Any]):
        """The attributes of an object of the submission's own, as a dict."""

        def __init__(self, names: Callable[[], list[str]], get: Callable[..., Any], put: Callable[..., Any]) -> None:
            self.names, self.get_one, self.put_one = names, get, put

        def __getitem__(self, name: str) -> Any:
            if name not in self.names():
                raise KeyError(name)
            return self.get_one(name)

        def __setitem__(self, name: str, value: Any) -> None:
            self.put_one(name, value)

        def __delitem__(self, name: str) -> None:
            raise TypeError("an attribute is deleted by writing del x.name")

        def __iter__(self) -> Iterator[str]:
            return iter(self.names())

        def __len__(self) -> int:
            return len(self.names())

    def guarded_vars(owner: Any) -> Attributes:
        if isinstance(owner, type) or not is_own(owner):
            raise TypeError("vars and __dict__ are allowed for objects of your own classes only")

        def names() -> list[str]:
            return [name for name in vars(owner) if not name.startswith("__") and name not in internal]

        return Attributes(names, functools.partial(guarded_getattr, owner), functools.partial(guarded_setattr, owner))

    def guarded_globals() -> Mapping[str, Any]:
        return types.MappingProxyType({name: value for name, value in vars(module).items() if is_plain(name, value)})

    def is_plain(name: str, value: Any) -> bool:
        source = getattr(value, "__module__", None)
        known = isinstance(source, str) and (source in own or source.startswith(_ARRAY_FUNCTIONS))
        return not name.startswith("__") and (known or type(value) in _PLAIN)

    def guarded_namespace(**values: Any) -> types.SimpleNamespace:
        for name in values:
            check(None, name)
        return types.SimpleNamespace(**values)

    def guarded_fields(owner: Any) -> tuple[types.SimpleNamespace, ...]:
        return tuple(types.SimpleNamespace(name=f.name, init=f.init, repr=f.repr) for f in dataclasses.fields(owner))

    def guarded_singledispatch(function: Callable[..., Any]) -> Callable[..., Any]:
        dispatching = functools.singledispatch(function)

        def register(kind: Any, implementation: Callable[..., Any] | None = None) -> Any:
            if isinstance(kind, types.FunctionType) and implementation is None:
                kind, implementation = named_class(kind), kind
            if not isinstance(kind, type | types.UnionType):  # Python would evaluate the text of annotations
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

    return {
        "__guarded_fields__": guarded_fields,
        "__guarded_getattr__": guarded_getattr,
        "__guarded_globals__": guarded_globals,
        "__guarded_namespace__": guarded_namespace,
        "__guarded_setattr__": guarded_setattr,
        "__guarded_singledispatch__": guarded_singledispatch,
        "__guarded_vars__": guarded_vars,
    }
