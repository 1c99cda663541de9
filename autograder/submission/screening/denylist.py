"""Names and constructs that no assignment allows, because they reach into Python's own machinery."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from autograder.assignment.allowlist import words
from autograder.submission.screening.scopes import Scope, Site, bound_names

_NO_TEXT = "write the expression directly"
_NO_FILES = "use the arguments of your functions: a submission reads and writes nothing"
_NO_NAMESPACE = "keep values in variables or in your own dict"
_NO_GETATTR = "write x.name, or keep the functions to choose from in a dict"
_BUILTINS = {
    "eval": _NO_TEXT, "exec": _NO_TEXT, "compile": _NO_TEXT, "__import__": "write an import statement",
    "open": _NO_FILES, "input": _NO_FILES, "help": "call help() in your own Python session", "breakpoint": "remove it",
    "globals": _NO_NAMESPACE, "locals": _NO_NAMESPACE, "vars": _NO_NAMESPACE,
    "getattr": _NO_GETATTR, "setattr": "write x.name = value", "delattr": "write del x.name",
    "license": _NO_FILES, "credits": _NO_FILES, "copyright": _NO_FILES,
}  # fmt: skip
_HARMLESS_BUILTINS = (
    "input",
    "help",
    "license",
    "credits",
    "copyright",
)  # common as variable names, and of no use here

_READABLE_NAMES = ("__name__", "__doc__", "__debug__")
MODULE_LABELS = words(
    "__all__ __author__ __authors__ __contact__ __copyright__ __credits__ __date__ __doc__ __email__ __license__ "
    "__maintainer__ __status__ __version__"
)
_OPERATORS = words(
    "abs add and bool ceil complex contains delitem divmod enter eq exit float floor floordiv ge getitem gt hash "
    "iadd iand ifloordiv ilshift imatmul imod imul index int invert ior ipow irshift isub iter itruediv ixor le len "
    "length_hint lshift lt matmul mod mul ne neg next or pos pow radd rand rdivmod repr reversed rfloordiv rlshift "
    "rmatmul rmod rmul ror round rpow rrshift rshift rsub rtruediv rxor setitem str sub truediv trunc xor array "
    "jax_array"
)
BENIGN = frozenset(f"__{name}__" for name in _OPERATORS) | words(
    "__call__ __doc__ __final__ __init__ __name__ __new__ __override__ __post_init__ __qualname__ __version__"
)
# Attributes that lead to modules, namespaces, frames or raw memory; methods that find modules or attributes by name.
# tests/submission/test_allowed_names.py searches what a submission can hold for more of them.
INTERNAL = words(
    "ag_await ag_code ag_frame cr_await cr_code cr_frame cr_origin f_back f_builtins f_code f_generator f_globals "
    "f_locals f_trace func_code func_globals gi_code gi_frame gi_yieldfrom tb_frame tb_lasti tb_next "
    "co_code co_consts co_names mro subclasses obj attrname ctypes cffi bit_generator resize tofile "
    "_module _src _ctypes _evaluate _convert_ _create_ _ignore_ _member_map_ _member_names_ _stderr"
)
_ADVICE = {
    "__class__": "isinstance(x, ...), or type(x).__name__ in a message",
    "obj": "give the attribute another name: exceptions keep whole modules in theirs",
    "resize": "jnp.resize(x, shape), or x.reshape(shape)",
    "strides": "reshape, transpose or slice the array; give an attribute of your own another name",
    "tofile": _NO_FILES,
    "bit_generator": "pass the Generator itself on",
    "__dict__": "name the attributes one by one",
    "__setattr__": "write self.name = value",
    "__wrapped__": "give the undecorated function its own name",
}


@dataclass(frozen=True)
class Violation:
    """A use of a name or construct that is not allowed.

    Attributes:
      line: counted from the first line of the statement.
      name: the refused name.
      instead: what to write; empty to leave the hint to the allow-list.
      alias: the only imported name to drop; empty when the whole statement is dropped.
      harmless: nothing that is graded needs what is dropped.
      node: the node that is refused.
    """

    line: int
    name: str
    message: str
    instead: str = ""
    alias: str = ""
    harmless: bool = False
    node: ast.AST | None = field(default=None, compare=False)


def is_dunder(name: str) -> bool:
    """Whether the name begins and ends with two underscores."""
    return len(name) > 4 and name.startswith("__") and name.endswith("__")


def is_internal(name: str) -> bool:
    """Whether an attribute of this name may be read or written by nobody: machinery of Python or of a library."""
    return name in INTERNAL or (is_dunder(name) and name not in BENIGN)


def check_builtin(node: ast.Name, site: Site, defined: bool) -> Iterator[Violation]:
    """Check a name that is read.  ``defined``: the module has surely bound it before."""
    name = node.id
    if is_dunder(name) and name not in _BUILTINS:
        own_operator = site.scope.kind == "class" and name in site.scope.names and name in BENIGN  # __radd__ = __add__
        if name not in _READABLE_NAMES and name not in MODULE_LABELS and not own_operator:
            yield machinery(node.lineno, name)
        return
    if name not in _BUILTINS:
        return
    _, home = site.scope.lookup(name)
    own = home is not None and (home.kind != "module" or name in _HARMLESS_BUILTINS)
    if not own and not defined:
        yield Violation(node.lineno, name, f"{name} is not allowed in submissions", _BUILTINS[name])


def check_attribute(node: ast.Attribute, outer: ast.AST, scope: Scope) -> Iterator[Violation]:
    """Check the name of one attribute; ``outer`` is the node around it.

    ``self`` is no exception: a method is a function, and may be called with any object as its ``self``.  Only that of
    an ``__init__`` is new, because ``__init__`` is not called otherwise.
    """
    name, line = node.attr, node.end_lineno or node.lineno
    called = isinstance(outer, ast.Call) and outer.func is node
    if name == "__class__" and (_is_label(outer) or (called and builds_no_class(outer))):
        return
    if name == "__setattr__" and called and _sets_plain_name(outer):
        return  # how a frozen dataclass initialises itself
    new = scope.initialises() and getattr(node.value, "id", "") == "self"
    if name == "strides" and not isinstance(node.ctx, ast.Load) and not new:
        yield machinery(line, name)  # with other steps, numbers in an array are read as objects
    elif name == "__new__" and not (called and _makes_plainly(node, outer)):
        yield Violation(line, name, "__new__ is allowed through super() or with the class alone", "call the class")
    elif name == "__init__" and not (called and _initialises_plainly(node, outer, scope)):
        yield Violation(line, name, "__init__ may be called through super(), or with self in another __init__",
                        "call the class by its name")  # fmt: skip
    elif is_internal(name):
        yield machinery(line, name)


def _is_label(outer: ast.AST) -> bool:
    return isinstance(outer, ast.Attribute) and outer.attr in ("__name__", "__qualname__")


def _initialises_plainly(node: ast.Attribute, call: ast.AST, scope: Scope) -> bool:
    """Whether a base class initialises the new object; called by its name, with that object and no dict of fields."""
    if isinstance(node.value, ast.Call) and getattr(node.value.func, "id", "") == "super":
        return True
    if not isinstance(call, ast.Call) or not scope.initialises():
        return False
    first = call.args[0] if call.args else None
    return getattr(first, "id", "") == "self" and all(keyword.arg is not None for keyword in call.keywords)


def _makes_plainly(node: ast.Attribute, call: ast.AST) -> bool:
    """Whether an object is made without data: further arguments of ``__new__`` would be memory, or a namespace."""
    if isinstance(node.value, ast.Call) and getattr(node.value.func, "id", "") == "super" and not node.value.args:
        return True
    if not isinstance(call, ast.Call) or call.keywords or len(call.args) > 2:
        return False
    return not any(isinstance(argument, ast.Starred) for argument in call.args)


def _sets_plain_name(call: ast.AST) -> bool:
    """Whether this is ``object.__setattr__(x, "name", value)`` or ``super().__setattr__("name", value)``."""
    if not isinstance(call, ast.Call) or len(call.args) not in (2, 3) or call.keywords:
        return False
    name = call.args[-2]
    starred = any(isinstance(argument, ast.Starred) for argument in call.args)
    plain = isinstance(name, ast.Constant) and isinstance(name.value, str) and not is_internal(name.value)
    plain = plain and getattr(name, "value", "") != "strides"
    return plain and not starred and not str(getattr(name, "value", "")).startswith("__")


_DISPLAYS = ast.List | ast.Set | ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.JoinedStr | ast.Constant


def builds_no_class(call: ast.AST) -> bool:
    """Whether ``type(x)(...)`` is harmless whatever x is: a class of classes makes one from (name, bases, namespace).

    The type of a namespace takes attributes by name, that of an array takes memory: hence no "**", and two arguments
    at most.
    """
    if not isinstance(call, ast.Call) or any(k.arg in (None, "buffer") for k in call.keywords):
        return False
    if any(isinstance(argument, ast.Starred) for argument in call.args):
        return False
    return len(call.args) in (0, 2) or (len(call.args) == 1 and isinstance(call.args[0], _DISPLAYS))


def check_node(site: Site) -> Iterator[Violation]:
    """Check the names that a node binds, and the few constructs that are refused whatever they name."""
    node = site.node
    line = getattr(node, "lineno", 1)
    names = bound_names(node)
    if isinstance(node, ast.Import | ast.ImportFrom):
        names = [alias.asname for alias in node.names if alias.asname]
    if site.scope.kind != "class":  # class_bodies.py has the rules for these
        for name in filter(is_dunder, names):
            if name not in MODULE_LABELS:
                yield Violation(line, name, f"{name} may not be redefined", "give it an ordinary name")
    if isinstance(node, ast.MatchClass):
        for name in node.kwd_attrs:
            if is_internal(name) or name.startswith("__"):
                yield machinery(line, name)
    elif isinstance(node, ast.keyword) and node.arg and is_dunder(node.arg):
        yield Violation(node.value.lineno, node.arg, f"An argument named {node.arg} is not allowed",
                        "give the argument an ordinary name")  # fmt: skip
    elif isinstance(node, ast.ClassDef):
        for keyword in node.keywords:
            known = getattr(keyword.value, "attr", getattr(keyword.value, "id", "")) == "ABCMeta"
            if keyword.arg is None or (keyword.arg == "metaclass" and not known):
                yield Violation(
                    line, "metaclass", "Metaclasses are not allowed", "use an ordinary class or plain functions"
                )


def machinery(line: int, name: str) -> Violation:
    """Return the violation for an attribute or a name that belongs to Python or to a library."""
    message = f"{name} is not allowed in submissions: it gives access to the internals of Python or its libraries"
    return Violation(line, name, message, _ADVICE.get(name, "use the documented methods and attributes of the object"))
