"""Shared allow-lists: an assignment names profiles, then adds names, removes names and overrides hints.

In ``assignment.toml``, above the first table::

    profiles = ["python", "jax"]       # see: autograder profiles

    [imports]                          # added to the names of the profiles
    "jax.nn" = ["relu"]

    [imports.without]                  # removed from them; ["*"] removes all names of a module
    "jax.random" = ["choice"]

    [instead]                          # these hints replace those of the profiles, key by key
    "jax.grad" = "apply the chain rule yourself"

A hint may say ``{name}`` for the last part of the refused name.  The key ``"numpy.*"`` stands for the refused names of
a module; the longest key wins (:meth:`AllowList.hint`).  Of two profiles with the same key, the later one wins.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.assignment.errors import AssignmentError

_FOLDER = Path(__file__).with_name("profiles")
_DELETE = "; it is refused already: delete it here"


@dataclass(frozen=True)
class Profile:
    """A shared allow-list.

    Attributes:
      summary: one line for authors of assignments.
      imports: module -> names of it, as in ``[imports]`` of an assignment.
      instead: refused name -> what to use in its place, as in ``[instead]``.
    """

    name: str
    summary: str
    imports: Mapping[str, list[str]] = field(default_factory=dict)
    instead: Mapping[str, str] = field(default_factory=dict)


def list_profiles() -> list[str]:
    """Name the profiles."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def read_profile(name: str) -> Profile:
    """Read one profile by name, one of :func:`list_profiles`."""
    return Profile(name, **tomllib.loads((_FOLDER / f"{name}.toml").read_text()))


def expand(settings: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Write out the profiles that an assignment names.

    Args:
      settings: the content of ``assignment.toml``.
      path: that file, for messages.

    Returns:
      The settings with the whole list in ``imports`` (names sorted, so that the digest does not depend on which profile
      brings a name) and all hints in ``instead``.  Settings without profiles come back as they are.

    Raises:
      AssignmentError: a profile, or a module or name to remove, is not known; or an entry has the wrong kind.
    """
    added = _table(settings.get("imports", {}), f"{path}: [imports]")
    names = _profile_names(settings, path)
    hints = _table(settings.get("instead", {}), f"{path}: [instead]")
    for key, text in hints.items():
        if not isinstance(text, str):
            raise AssignmentError(f"{path}: [instead] {key!r}: expected a hint in quotes, got {text!r}")
    if not names:
        if isinstance(added.get("without"), dict):
            raise AssignmentError(
                f"{path}: [imports.without] removes names that profiles bring, and this assignment names no profile: "
                "delete the table, or write profiles = [...] above the first table"
            )
        _check_names(added, f"{path}: [imports]")
        return dict(settings)
    removed = _table(added.pop("without", {}), f"{path}: [imports.without]")
    _check_names(added, f"{path}: [imports]")
    _check_names(removed, f"{path}: [imports.without]")
    profiles = [read_profile(name) for name in names]
    expanded = {key: value for key, value in settings.items() if key != "profiles"}
    expanded["imports"] = _merge(profiles, added, removed, f"{path}: [imports.without]")
    expanded["instead"] = {key: text for profile in profiles for key, text in profile.instead.items()} | hints
    return expanded


def _merge(
    profiles: Sequence[Profile], added: Mapping[str, list[str]], removed: Mapping[str, list[str]], where: str
) -> dict[str, list[str]]:
    """Join the names of the profiles by module, take names away, then add names."""
    listed: dict[str, set[str]] = {}
    for profile in profiles:
        for module, names in profile.imports.items():
            listed.setdefault(module, set()).update(names)
    for module, names in removed.items():
        _check_removal(names, listed, module, f"{where} {module!r}")
        _check_not_added(names, added.get(module, ()), f"{where} {module!r}")
        listed[module] -= listed[module] if "*" in names else set(names)
    for module, names in added.items():
        listed.setdefault(module, set()).update(names)
    return {module: sorted(names) for module, names in listed.items() if names}


def _profile_names(settings: Mapping[str, Any], path: Path) -> list[str]:
    if "profiles" in settings.get("imports", ()):
        raise AssignmentError(f"{path}: [imports] profiles: this line belongs above the first table of the file")
    names = settings.get("profiles", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise AssignmentError(f'{path}: profiles: expected a list of names such as ["python", "jax"], got {names!r}')
    for name in names:
        if name not in list_profiles():
            raise AssignmentError(f"{path}: profiles: unknown profile {_unknown(name, list_profiles())}")
    return names


def _table(value: Any, where: str) -> dict[str, Any]:
    """Return a copy of a table.  Raises :class:`AssignmentError` for anything else."""
    if not isinstance(value, dict):
        raise AssignmentError(f"{where}: expected a table, got {value!r}")
    return dict(value)


def _check_names(table: Mapping[str, Any], where: str) -> None:
    for module, names in table.items():
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise AssignmentError(f"{where} {module!r}: expected a list of names, got {names!r}")


def _check_removal(names: Collection[str], listed: Mapping[str, set[str]], module: str, where: str) -> None:
    if module not in listed:
        raise AssignmentError(f"{where}: the profiles do not list the module {_unknown(module, listed, _DELETE)}")
    if not names:
        raise AssignmentError(f"{where} removes nothing: write the names to remove, or delete the line")
    for name in names:
        if name not in listed[module] and listed[module] == {"*"}:
            raise AssignmentError(
                f'{where}: the profiles list every public name of this module ("*"), not {name!r} by itself: '
                f'write ["*"] here and, in [imports], the names of {module} that stay'
            )
        if name not in listed[module] and name != "*":
            raise AssignmentError(
                f"{where}: the profiles do not list the name {_unknown(name, listed[module], _DELETE)}"
            )


def _check_not_added(names: Collection[str], added: Collection[str], where: str) -> None:
    for name in names:
        if name in added:
            raise AssignmentError(f"{where}: {name!r} is removed here and added in [imports]: delete one of the two")


def _unknown(name: str, known: Collection[str], otherwise: str = "") -> str:
    """Quote an unknown name, with the known names, and the fix: a similar name, or ``otherwise``."""
    close = difflib.get_close_matches(name, known, n=1)
    fix = f"; did you mean {close[0]!r}?" if close else otherwise
    return f"{name!r} (known: {', '.join(sorted(known))}){fix}"
