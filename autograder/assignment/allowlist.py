"""The allow-list of an assignment: which modules and names a submission may use."""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property, lru_cache


def words(text: str) -> frozenset[str]:
    """Split a text at white space into a set of words."""
    return frozenset(text.split())


Dotted = tuple[str, ...]  # a dotted name in parts: ("jax", "numpy", "sum")


# Modules among the public names of modules that assignments open with "*": they need a listing of their own.
_GENERAL = words(
    "builtins core errors experimental export extend ffi fft functools given importlib inspect interpreters io jax "
    "jaxlib jnp jr jsp lax lib linalg linen math nn nnx np numpy operator optax flax os pickle random scipy "
    "sharding special sys tree tree_util types typing"
)
_SUBMODULES: Mapping[str, frozenset[str]] = {
    module: words(names)
    for module, names in {
        "jax": "api_util collect_profile core custom_batching custom_derivatives custom_transpose debug "
        "distributed dlpack dtypes errors example_libraries experimental export extend ffi "
        "flatten_util fwd_lower image interpreters lax lib memory monitoring nn numpy ops profiler "
        "random ref scipy sharding stages test_util tools tree tree_util typing util version",
        "jax.numpy": "fft linalg",
        "jax.lax": "linalg lax",
        "jax.nn": "initializers functions",
        "jax.nn.initializers": "",
        "jax.random": "",
        "jax.scipy": "cluster fft integrate interpolate linalg ndimage optimize signal sparse spatial special stats",
        "jax.scipy.special": "",
        "jax.scipy.stats": "bernoulli beta betabinom binom cauchy chi2 dirichlet expon gamma gennorm geom gumbel_l "
        "gumbel_r laplace logistic multinomial multivariate_normal nbinom norm pareto poisson t "
        "truncnorm uniform vonmises wrapcauchy",
        "numpy": "char core ctypeslib distutils dtypes emath exceptions f2py fft lib linalg ma matlib matrixlib "
        "polynomial random rec strings testing typing version",
    }.items()
}
# Public names that read files, evaluate text, make functions or classes of data, or look names up from strings: "*"
# does not cover them.
_NEVER_BY_STAR = words(
    "attrgetter bmat clear_overloads CodeType DataSource DynamicClassAttribute evaluate_forward_ref ForwardRef "
    "Formatter fromfile fromregex FunctionType genfromtxt get_args get_include get_origin get_overloads "
    "get_type_hints global_enum info LambdaType load loadtxt memmap methodcaller ModuleType new_class no_type_check "
    "open_memmap save savetxt savez savez_compressed show_config show_runtime singledispatch singledispatchmethod"
)
_METADATA = ("__version__", "__name__", "__doc__")
_TYPES = ("Array", "ArrayLike", "DTypeLike", "KeyArray", "dtype", "ndarray")


class Verdict(StrEnum):
    """What an allow-list says about a dotted name."""

    MODULE = "module"  # a listed module: its names may be used, the module itself is no value
    ALLOWED = "allowed"
    REFUSED = "refused"


@dataclass(frozen=True)
class AllowList:
    """What the submissions of one assignment may use.

    Attributes:
      imports: module -> names of it; "*" is every public name that is not itself a module.
      instead: dotted name -> what to use in its place (see :meth:`hint`).
      also: graded function -> further dotted names, allowed inside this function only.
    """

    imports: Mapping[str, tuple[str, ...]]
    instead: Mapping[str, str] = field(default_factory=dict)
    also: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def in_some_function(self) -> frozenset[str]:
        """Names that at least one graded function may use; importing them is fine anywhere."""
        return frozenset(name for names in self.also.values() for name in names)

    @cached_property
    def modules(self) -> frozenset[str]:
        """Listed modules and the packages on the way to them."""
        listed = {*self.imports, *(name.rpartition(".")[0] for name in self.in_some_function)} - {""}
        return frozenset(".".join(m.split(".")[:n]) for m in listed for n in range(1, m.count(".") + 2))

    @cached_property
    def roots(self) -> frozenset[str]:
        """Top-level packages of the listed modules."""
        return frozenset(module.split(".")[0] for module in self.modules)

    @cached_property
    def starred(self) -> frozenset[str]:
        """Modules whose star import has to be followed; those of the standard library bring no modules along."""
        return frozenset(m for m, names in self.imports.items() if "*" in names and not _is_stdlib(m))

    def judge(self, name: Dotted, also: Collection[str] = (), annotation: bool = False) -> tuple[Verdict, str]:
        """Decide whether a submission may use ``name``.

        Args:
          name: the dotted name in parts.
          also: further dotted names that are allowed where this one stands.
          annotation: the name stands in a type annotation, where the usual array types are allowed.

        Returns:
          The verdict, and the prefix of ``name`` that decides it.
        """
        n = 0
        while n < len(name) and ".".join(name[: n + 1]) in self.modules:
            n += 1
        module = ".".join(name[:n])
        if n == 0:
            return (Verdict.ALLOWED, ".".join(name)) if ".".join(name) in also else (Verdict.REFUSED, name[0])
        if n == len(name):
            return Verdict.MODULE, module
        first, full = name[n], f"{module}.{name[n]}"
        if len(name) == n + 1 and first in _METADATA:
            return Verdict.ALLOWED, full
        hidden = next((k for k in range(n, len(name)) if _is_private(name[k])), None)
        if hidden is not None:
            return Verdict.REFUSED, ".".join(name[: hidden + 1])
        if any(".".join(name[:k]) in also for k in range(n + 1, len(name) + 1)):
            return Verdict.ALLOWED, full
        listed = self.imports.get(module, ())
        if first in listed:
            is_module = len(name) == n + 1 and first in _SUBMODULES.get(module, _GENERAL)
            return (Verdict.MODULE if is_module else Verdict.ALLOWED), full
        if ("*" in listed and _covered(module, first)) or (annotation and name[-1] in _TYPES):
            return Verdict.ALLOWED, full
        return Verdict.REFUSED, full

    def hint(self, name: str) -> str:
        """Return what to use in place of the refused ``name``; empty when no hint fits.

        The longest key wins: the name itself, then ``module.*``, then the module and each package above it.  As in
        ``imports``, the star stands for the public names of a module; its submodules, and functions that read or write
        files, get the hint of the module itself.  In the text, ``{name}`` becomes the last part of ``name``.
        """
        parts = name.split(".")
        keys = [".".join(parts[:n]) for n in range(len(parts), 0, -1)]
        module, last = ".".join(parts[:-1]), parts[-1]
        if module and _star_may_cover(module, last):
            keys.insert(1, f"{module}.*")
        return next((self.instead[key].replace("{name}", last) for key in keys if key in self.instead), "")


def _is_private(name: str) -> bool:
    if name in ("_replace", "_asdict", "_fields", "_make"):
        return False
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__"))


def _is_stdlib(module: str) -> bool:
    return module.split(".")[0] in sys.stdlib_module_names


def _covered(module: str, name: str) -> bool:
    """Whether "*" of a listed module covers this name of it."""
    if _is_stdlib(module):
        return name in _exports(module) and name not in _NEVER_BY_STAR and not name.startswith("_")
    return _star_may_cover(module, name)


def _star_may_cover(module: str, name: str) -> bool:
    """Whether this is a public name that is no module and reads no files, as far as names tell."""
    hidden = name in _NEVER_BY_STAR or name.startswith("_")
    return not hidden and name not in _SUBMODULES.get(module, _GENERAL)


@lru_cache(maxsize=64)
def _exports(module: str) -> frozenset[str]:
    """Return the public names of a standard module (listed by the assignment, so importing it is safe)."""
    try:
        loaded = importlib.import_module(module)
    except ImportError:
        return frozenset()
    public = getattr(loaded, "__all__", None) or [n for n in vars(loaded) if not n.startswith("_")]
    return frozenset(n for n in public if not isinstance(getattr(loaded, n, None), types.ModuleType))
