"""What a class may define: operators and the usual methods, but no hook that is told names of attributes.

Libraries look special attributes up by themselves: an array interface is a pointer into memory, the state of a copy is
written attribute by attribute, and ``__match_args__`` names what a pattern reads.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autograder.assignment.allowlist import words
from autograder.submission.screening.denylist import BENIGN, Violation, is_dunder, is_internal, machinery
from autograder.submission.screening.scopes import Site, bound_names

_USUAL = BENIGN | words("__array_priority__ __bytes__ __class_getitem__ __copy__ __dir__ __format__ __missing__")
_NAMES_OF_ATTRIBUTES = ("__slots__", "__match_args__")
_FROZEN = {"__getattr__": 2, "__setattr__": 3, "__delattr__": 2}  # with the number of arguments
_INSTEAD = {
    "__getattr__": "keep the values in a dict and write x['name'], or define each attribute",
    "__setattr__": "@dataclass(frozen=True), or only raise an error in it",
    "__deepcopy__": "__copy__ with copies of what it holds",
    "__slots__": "a tuple of names, each written out",
    "__match_args__": "a tuple of names, each written out",
}


def check_class_binding(site: Site) -> Iterator[Violation]:
    """Check the names that a node binds directly in the body of a class."""
    if site.scope.kind != "class":
        return
    node = site.node
    if isinstance(node, ast.arg):
        return
    for name in bound_names(node):
        line = getattr(node, "lineno", 1)
        if is_dunder(name):
            if not _may_define(name, site):
                yield Violation(
                    line,
                    name,
                    f"A class of a submission may not define {name}"
                    + (" like this" if name in _NAMES_OF_ATTRIBUTES or name in _FROZEN else ""),
                    _INSTEAD.get(name, "give it an ordinary name; operators, __init__ and __call__ are allowed"),
                )
        elif is_internal(name):
            yield machinery(line, name)


def _may_define(name: str, site: Site) -> bool:
    node, parent = site.node, site.parent
    if name in _NAMES_OF_ATTRIBUTES:
        single = isinstance(parent, ast.Assign) and parent.targets == [node]
        annotated = isinstance(parent, ast.AnnAssign) and parent.target is node
        value = parent.value if isinstance(parent, ast.Assign | ast.AnnAssign) else None
        return (single or annotated) and value is not None and plain_names(value) is not None
    if name in _FROZEN:
        return isinstance(node, ast.FunctionDef) and _only_raises(node, _FROZEN[name])
    return name in _USUAL


def _only_raises(node: ast.FunctionDef, number: int) -> bool:
    """Whether a method does nothing but raise an error that does not carry the new value along."""
    arguments = [*node.args.posonlyargs, *node.args.args]
    rest = node.args.vararg or node.args.kwarg or node.args.kwonlyargs or node.args.defaults
    body = [s for s in node.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    if node.decorator_list or rest or len(arguments) != number or len(body) != 1 or not isinstance(body[0], ast.Raise):
        return False
    value = arguments[2].arg if number == 3 else ""
    return not any(isinstance(n, ast.Name) and n.id == value for n in ast.walk(body[0]))


def plain_names(node: ast.expr) -> list[str] | None:
    """Return the names of attributes that an expression spells out, None if it computes any or names internals.

    The forms of :func:`collections.namedtuple` count: a text with blanks or commas, or a list, tuple or set of texts.
    """
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        names: list[object] = [*node.value.replace(",", " ").split()]
    elif isinstance(node, ast.List | ast.Tuple | ast.Set):
        names = [element.value if isinstance(element, ast.Constant) else None for element in node.elts]
    else:
        return None
    plain = [name for name in names if isinstance(name, str) and not is_dunder(name) and not is_internal(name)]
    return plain if len(plain) == len(names) else None


def written_names(node: ast.expr) -> bool:
    """Whether names are spelled out: as texts, as pairs that begin with texts, or as the keys of a dict."""
    if isinstance(node, ast.Dict):
        return all(key is not None and plain_names(key) is not None for key in node.keys)
    if isinstance(node, ast.List | ast.Tuple) and all(isinstance(e, ast.List | ast.Tuple) for e in node.elts):
        pairs = [element.elts for element in node.elts if isinstance(element, ast.List | ast.Tuple)]
        return all(len(pair) == 2 and plain_names(pair[0]) is not None for pair in pairs)
    return plain_names(node) is not None
