"""Allowed names that take names of attributes, make classes or hold modules: each may be used in its plain way only.

``functools.wraps`` may decorate a function; with ``updated=...`` it would copy a namespace.  Not the name is refused
but every other use of it: as a value, under another name, with computed arguments.
"""

from __future__ import annotations

import ast
import functools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from autograder.assignment.allowlist import Dotted
from autograder.submission.screening.class_bodies import plain_names, written_names
from autograder.submission.screening.class_uses import Use, is_inert, is_named, use_of
from autograder.submission.screening.denylist import Violation, is_internal
from autograder.submission.screening.enumerations import is_enumeration
from autograder.submission.screening.name_resolution import NameResolver
from autograder.submission.screening.scopes import Site, in_class_scope


def check_plain_use(
    path: Dotted, site: Site, parents: Mapping[int, ast.AST], resolver: NameResolver
) -> Iterator[Violation]:
    """Check one meaning of a name that the allow-list allows."""
    name = next((n for n in (".".join(path[:k]) for k in range(len(path), 0, -1)) if n in PLAIN_USES), None)
    if name is not None and isinstance(site.node, ast.expr):
        plain, instead = PLAIN_USES[name]
        if name != ".".join(path) or not plain(use_of(site.node, site, parents, resolver)):
            yield Violation(site.node.lineno, name, f"This use of {name} is not allowed", instead)


def _decorates(use: Use, node: ast.AST, kind: type[ast.FunctionDef] | type[ast.ClassDef]) -> bool:
    return any(isinstance(a, kind) and use.among(node, a.decorator_list) for a in use.around[:3])


def _wraps(use: Use) -> bool:
    call, outer = use.call, use.around[1]
    if call is None or not _positional(call, 1):
        return False
    at_once = isinstance(outer, ast.Call) and outer.func is call and _positional(outer, 1)
    return at_once or _decorates(use, call, ast.FunctionDef)


def _positional(call: ast.Call, number: int) -> bool:
    return len(call.args) == number and not call.keywords and not isinstance(call.args[0], ast.Starred)


def _field(use: Use) -> bool:
    """Whether ``x: int = field(...)`` stands in the body of a dataclass, and nothing else there reads ``x``.

    A field that student code could hold would be a way to write source text: dataclasses build ``__init__`` from it.
    """
    call, target, body = use.call, use.around[1], use.around[2]
    if call is None or any(k.arg is None for k in call.keywords) or call.args:
        return False
    if not isinstance(target, ast.AnnAssign) or target.value is not call or not isinstance(target.target, ast.Name):
        return False
    if not isinstance(body, ast.ClassDef) or not body.decorator_list or use.site.scope.parent is None:
        return False
    innermost = body.decorator_list[-1]
    decorator = innermost.func if isinstance(innermost, ast.Call) else innermost
    once = _names_in_body(body)[target.target.id] == 1
    return once and use.means(decorator, use.site.scope.parent, "dataclasses.dataclass")


@functools.lru_cache(maxsize=4)
def _names_in_body(node: ast.ClassDef) -> Counter[str]:
    """Count the names that the body of a class itself reads and binds."""
    return Counter(name.id for name in in_class_scope(node.body) if isinstance(name, ast.Name))


def _named_tuple(use: Use) -> bool:
    """Whether the names of the fields are written out: patterns read the attributes that these name."""
    call = use.call
    if call is None or any(isinstance(a, ast.Starred) for a in call.args):
        return False
    keywords = {k.arg: k.value for k in call.keywords}
    fields = keywords.pop("field_names", None) or (call.args[1] if len(call.args) == 2 else None)
    return fields is not None and keywords.keys() <= {"typename", "defaults", "rename"} and written_names(fields)


def _typed_tuple(use: Use) -> bool:
    call = use.call
    return use.is_base() or (
        call is not None and len(call.args) == 2 and not call.keywords and written_names(call.args[1])
    )


def _namespace(use: Use) -> bool:
    call = use.call
    if call is None:
        return is_inert(use)
    return not call.args and all(keyword.arg and not is_internal(keyword.arg) for keyword in call.keywords)


def _register_dataclass(use: Use) -> bool:
    """Whether a class of the submission is registered, with names of fields that are spelled out."""
    outer, call = use.around[0], use.call
    if isinstance(outer, ast.ClassDef):
        return use.among(use.node, outer.decorator_list)
    if call is not None:
        own = bool(call.args) and isinstance(call.args[0], ast.Name)
        own = own and use.site.scope.bound_as(getattr(call.args[0], "id", "")) == {"class"}
        return own and _only_plain(call.args[1:], call.keywords)
    if isinstance(outer, ast.Call) and use.node in outer.args[:1]:  # partial(register_dataclass, data_fields=[...])
        return _decorates(use, outer, ast.ClassDef) and _only_plain(outer.args[1:], outer.keywords)
    return False


def _only_plain(arguments: Sequence[ast.expr], keywords: Sequence[ast.keyword]) -> bool:
    named = all(keyword.arg is not None for keyword in keywords)
    return named and all(plain_names(value) is not None for value in (*arguments, *(k.value for k in keywords)))


def _in_with(use: Use) -> bool:
    outer = use.around[1]
    return use.call is not None and isinstance(outer, ast.withitem) and outer.context_expr is use.call


def _deep_copy(use: Use) -> bool:
    """Whether a copy is made without a memo of one's own: into that, the attributes of each object are put."""
    return use.call is not None and _positional(use.call, 1)


def _cached_property(use: Use) -> bool:
    return _decorates(use, use.node, ast.FunctionDef)


def _dataclass(use: Use) -> bool:
    outer = use.around[0]
    return any(_decorates(use, node, ast.ClassDef) for node in (use.node, outer, use.call) if node is not None)


def _metaclass(use: Use) -> bool:
    outer = use.around[0]
    return isinstance(outer, ast.keyword) and outer.arg == "metaclass" and isinstance(use.around[1], ast.ClassDef)


def _matrix(use: Use) -> bool:
    """Whether it is called, which makes a matrix of numbers; passed on or inherited from, it is a class of arrays."""
    return use.call is not None or is_named(use)


def _getter(use: Use) -> bool:
    """Whether the names of the attributes are spelled out, as in ``attrgetter("shape")``, and nobody refuses them."""
    call = use.call
    return call is not None and not call.keywords and bool(call.args) and all(map(_is_open_name, call.args))


def _method_caller(use: Use) -> bool:
    """Whether the name of the method is spelled out, as in ``methodcaller("sum", axis=0)``."""
    call = use.call
    return call is not None and bool(call.args) and _is_open_name(call.args[0])


def _is_open_name(node: ast.expr) -> bool:
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return False
    return all(part.isidentifier() and part[0] != "_" and not is_internal(part) for part in node.value.split("."))


def _never(use: Use) -> bool:
    return False


_ENUM = "class Kind(Enum): with at least one member such as RELU = 1"
PLAIN_USES: Mapping[str, tuple[Callable[[Use], bool], str]] = {
    "abc.ABCMeta": (_metaclass, "class Layer(ABC):"),
    "collections.namedtuple": (_named_tuple, 'write the names of the fields out: namedtuple("State", "w b step")'),
    "copy.deepcopy": (_deep_copy, "copy.deepcopy(x), with nothing but the object"),
    "dataclasses.Field": (_never, "x: int = field(default=...) in a class under @dataclass"),
    "dataclasses.dataclass": (_dataclass, "use it as the decorator of a class: @dataclass"),
    "dataclasses.field": (_field, "x: int = field(default=...) in a class right under @dataclass; read it as self.x"),
    "dataclasses.fields": (_never, "name the fields one by one"),
    "dataclasses.make_dataclass": (_never, "write a class under @dataclass"),
    "enum.Enum": (is_enumeration, _ENUM),
    "enum.EnumMeta": (_never, _ENUM),
    "enum.EnumType": (_never, _ENUM),
    "enum.Flag": (is_enumeration, _ENUM),
    "enum.IntEnum": (is_enumeration, _ENUM),
    "enum.IntFlag": (is_enumeration, _ENUM),
    "enum.ReprEnum": (is_enumeration, _ENUM),
    "enum.StrEnum": (is_enumeration, _ENUM),
    "functools.cached_property": (_cached_property, "use it as the decorator of a method: @cached_property"),
    "functools.update_wrapper": (_never, "@functools.wraps(f) above the inner function"),
    "functools.wraps": (_wraps, "@functools.wraps(f) above the inner function, with nothing but the function"),
    "jax.tree_util.register_dataclass": (
        _register_dataclass,
        "@jax.tree_util.register_dataclass above your own class, the names of its fields written out",
    ),
    **dict.fromkeys(
        # Each takes memory, and makes objects of what it finds there.
        (
            "numpy.ndarray",
            "numpy.char.chararray",
            "numpy.chararray",
            "numpy.ma.MaskedArray",
            "numpy.ma.masked_array",
            "numpy.memmap",
            "numpy.rec.recarray",
            "numpy.recarray",
            "numpy.record",
        ),
        (is_named, "isinstance(x, np.ndarray), or np.array(...) for a new array"),
    ),
    "numpy.matrix": (_matrix, "np.array(...)"),
    "operator.attrgetter": (
        _getter,
        'operator.attrgetter("shape"), with public names written out, or lambda x: x.shape',
    ),
    "operator.methodcaller": (_method_caller, 'operator.methodcaller("sum"), with the name written out'),
    "types.SimpleNamespace": (_namespace, "SimpleNamespace(name=value, ...) with each name written out, or a dict"),
    "typing.NamedTuple": (_typed_tuple, "class State(NamedTuple): with one line for each field"),
    "typing.Type": (is_inert, "use it in annotations only"),
    "typing.TypedDict": (Use.is_base, "class State(TypedDict): with one line for each key"),
    "warnings.catch_warnings": (_in_with, "with warnings.catch_warnings():"),
}
