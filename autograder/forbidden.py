"""What no assignment allows: reaching into Python's own machinery."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from autograder.scopes import Site, bound_names


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NO_TEXT = "write the expression itself"
_NO_FILES = "a submission reads and writes nothing: everything comes as an argument"
_NO_NAMESPACE = "keep values in variables or in a dict of your own"
_NO_GETATTR = "write x.name, or keep the functions to choose from in a dict"
_BUILTINS = {
    "eval": _NO_TEXT, "exec": _NO_TEXT, "compile": _NO_TEXT, "__import__": "write an import statement",
    "open": _NO_FILES, "input": _NO_FILES, "help": "read the help in a session of your own", "breakpoint": "remove it",
    "globals": _NO_NAMESPACE, "locals": _NO_NAMESPACE, "vars": _NO_NAMESPACE,
    "getattr": _NO_GETATTR, "setattr": "write x.name = value", "delattr": "write del x.name",
}  # fmt: skip
_HARMLESS_BUILTINS = ("input", "help")  # common as variable names, and of no use here

_READABLE_NAMES = ("__name__", "__doc__", "__debug__")
_MODULE_LABELS = words(
    "__all__ __author__ __authors__ __contact__ __copyright__ __credits__ __date__ __doc__ __email__ __license__ "
    "__maintainer__ __status__ __version__"
)
_OPERATORS = words(
    "abs add and bool ceil complex contains delitem divmod enter eq exit float floor floordiv ge getitem gt hash "
    "iadd iand ifloordiv imatmul imod imul index int invert ior ipow isub iter itruediv ixor le len length_hint lt "
    "matmul mod mul ne neg next or pos pow radd rand rdivmod repr reversed rfloordiv rmatmul rmod rmul ror round "
    "rpow rsub rtruediv rxor setitem str sub truediv trunc xor array jax_array"
)
_BENIGN = frozenset(f"__{name}__" for name in _OPERATORS) | words(
    "__call__ __doc__ __init__ __init_subclass__ __name__ __new__ __post_init__ __qualname__ __version__"
)
_INTERNAL = words(
    "_module _src ag_await ag_code ag_frame co_code co_consts co_names cr_await cr_code cr_frame cr_origin f_back "
    "f_builtins f_code f_globals f_locals f_trace func_code func_globals gi_code gi_frame gi_yieldfrom mro "
    "subclasses tb_frame tb_lasti tb_next"
)
_UNUSUAL_METHODS = words("__class__ __del__ __dict__ __getattribute__ __mro_entries__ __prepare__")
_ADVICE = {
    "__class__": "type(x)",
    "__dict__": "name the attributes one by one",
    "__setattr__": "write self.name = value",
    "__wrapped__": "keep the undecorated function under a name of its own",
}


@dataclass(frozen=True)
class Violation:
    """Something that is not allowed; ``line`` counts from the first line of its statement."""

    line: int
    name: str
    message: str
    instead: str = ""
    alias: str = ""  # the one imported name that goes; empty when the whole statement goes


def is_dunder(name: str) -> bool:
    return len(name) > 4 and name.startswith("__") and name.endswith("__")


def check_builtin(node: ast.Name, site: Site, defined: bool) -> Iterator[Violation]:
    """Check a name that is read.  ``defined``: the module itself has surely bound it before."""
    name = node.id
    if is_dunder(name) and name not in _BUILTINS:
        if name not in _READABLE_NAMES and name not in _MODULE_LABELS:
            yield _machinery(node.lineno, name)
        return
    if name not in _BUILTINS:
        return
    _, home = site.scope.lookup(name)
    own = home is not None and (home.kind != "module" or name in _HARMLESS_BUILTINS)
    if not own and not defined:
        yield Violation(node.lineno, name, f"{name} is not allowed in submissions", _BUILTINS[name])


def check_attribute(node: ast.Attribute, outer: ast.AST) -> Iterator[Violation]:
    """Check the name of one attribute; ``outer`` is the node around it."""
    name, line = node.attr, node.end_lineno or node.lineno
    on_self = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
    if name in _INTERNAL and not (on_self and name == "_module"):
        yield _machinery(line, name)
    elif name == "obj" and isinstance(node.value, ast.Name) and not on_self:
        # The obj of an AttributeError is the module that lacked the attribute.
        yield Violation(line, name, "attributes called obj are not allowed: exceptions keep whole modules there",
                        "give the attribute another name")  # fmt: skip
    elif is_dunder(name) and name not in _BENIGN:
        named = isinstance(outer, ast.Attribute) and outer.attr in ("__name__", "__qualname__")
        called = isinstance(outer, ast.Call) and outer.func is node
        if name == "__class__" and (named or (called and on_self)):
            return
        if name == "__setattr__" and isinstance(outer, ast.Call) and called and _sets_plain_name(outer):
            return  # how a frozen dataclass initialises itself
        yield _machinery(line, name)


def _sets_plain_name(call: ast.Call) -> bool:
    texts = [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    plain = not any(isinstance(a, ast.Starred) for a in call.args) and not call.keywords
    return plain and bool(texts) and not texts[0].startswith("__")


def check_node(site: Site) -> Iterator[Violation]:
    """Check what a node binds, and the few constructs that are refused as such."""
    node = site.node
    line = getattr(node, "lineno", 1)
    names = bound_names(node)
    if isinstance(node, ast.Import | ast.ImportFrom):
        names = [alias.asname for alias in node.names if alias.asname]
    for name in filter(is_dunder, names):
        refused = name in _UNUSUAL_METHODS if site.scope.kind == "class" else name not in _MODULE_LABELS
        if refused:
            yield Violation(line, name, f"{name} may not be redefined", "give it an ordinary name")
    if isinstance(node, ast.MatchClass):
        for name in node.kwd_attrs:
            if name in _INTERNAL or name.startswith("__"):
                yield _machinery(line, name)
    elif isinstance(node, ast.ClassDef):
        for keyword in node.keywords:
            known = getattr(keyword.value, "attr", getattr(keyword.value, "id", "")) == "ABCMeta"
            if keyword.arg is None or (keyword.arg == "metaclass" and not known):
                yield Violation(
                    line, "metaclass", "metaclasses are not allowed", "an ordinary class, or plain functions"
                )
    elif isinstance(node, ast.Call):
        yield from _check_call(node)


def _check_call(node: ast.Call) -> Iterator[Violation]:
    function = node.func
    if isinstance(function, ast.Name) and function.id == "type":
        if len(node.args) != 1 or node.keywords or isinstance(node.args[0], ast.Starred):
            yield Violation(
                node.lineno, "type", "type() with a name and bases is not allowed", "write a class statement"
            )
    elif isinstance(function, ast.Attribute) and function.attr in ("format", "format_map"):
        text = function.value.value if isinstance(function.value, ast.Constant) else ""
        if isinstance(text, str) and "__" in text:
            yield Violation(node.lineno, function.attr, "double underscores in format strings are not allowed",
                            "an f-string")  # fmt: skip


def _machinery(line: int, name: str) -> Violation:
    message = f"{name} is not allowed in submissions: it reaches into the machinery of Python or its libraries"
    return Violation(line, name, message, _ADVICE.get(name, ""))
