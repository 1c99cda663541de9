"""The settings of a published copy: ``assignment.toml`` with the lists of its profiles written out."""

from __future__ import annotations

import json
import re
import textwrap
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.assignment.errors import AssignmentError
from autograder.assignment.profiles import expand

_EXPANDED = ("imports", "imports.without", "instead")
_HEADER = re.compile(r"^[ \t]*\[[ \t]*([\w.-]+)[ \t]*\][ \t]*(?:#.*)?$", re.MULTILINE)
_PROFILES = re.compile(r"^profiles[ \t]*=[ \t]*\[[^\]]*\][^\n]*\n", re.MULTILINE)


def published_settings(path: Path) -> str:
    """Return the text of an ``assignment.toml`` that needs no profile.

    A copy is used for weeks with whatever version of the grader a student has installed, and the profiles of another
    version may differ.  So the copy holds the lists themselves: it keeps meaning what it meant when it was published,
    and students can read in it what they may use.

    Raises:
      AssignmentError: the profiles do not fit, or the tables stand in the file in a form that cannot be replaced.
    """
    text = path.read_text()
    settings = tomllib.loads(text)
    if not settings.get("profiles"):
        return text
    expanded = expand(settings, path)
    expanded.setdefault("instead", {})
    first, *tables = _split(_PROFILES.sub("", text, count=1))
    lists = _write_lists(expanded, settings["profiles"])
    kept = [part for part in tables if _name(part) not in _EXPANDED]
    at = next((i for i, part in enumerate(tables) if _name(part) in _EXPANDED), 0)
    rewritten = "".join([first, *kept[:at], lists, *kept[at:]])
    try:
        same = tomllib.loads(rewritten) == expanded
    except tomllib.TOMLDecodeError:
        same = False
    if not same:
        raise AssignmentError(
            f"{path}: the profiles cannot be written out for a published copy: expected profiles = [...] on a line of "
            "its own, and [imports], [imports.without] and [instead] as tables with such headers"
        )
    return rewritten


def _split(text: str) -> list[str]:
    """Split a file before each table; the comments right above a header belong to its table."""
    starts = [0]
    for header in _HEADER.finditer(text):
        above = text[: header.start()].splitlines(keepends=True)
        while above and (above[-1].isspace() or above[-1].startswith("#")):
            above.pop()
        starts.append(sum(map(len, above)))
    return [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]


def _name(table: str) -> str:
    header = _HEADER.search(table)
    return header.group(1) if header else ""


def _write_lists(expanded: Mapping[str, Any], profiles: list[str]) -> str:
    lines = [
        'What a submission may import: module -> names of it.  "*" is every public name.',
        f"Written out from the profiles {', '.join(profiles)} when this copy was published.",
    ]
    comment = "".join(f"# {line}\n" for line in lines)
    imports = "".join(_write_names(module, names) for module, names in expanded["imports"].items())
    hints = "".join(f"{_quote(key)} = {_quote(hint)}\n" for key, hint in expanded["instead"].items())
    return f"\n{comment}[imports]\n{imports}\n# What to write in place of a refused name.\n[instead]\n{hints}"


def _write_names(module: str, names: list[str]) -> str:
    joined = ", ".join(map(_quote, names))
    line = f"{_quote(module)} = [{joined}]\n"
    if len(line) <= 120:
        return line
    wrapped = textwrap.fill(joined, 118, initial_indent="    ", subsequent_indent="    ", break_long_words=False)
    return f"{_quote(module)} = [\n{wrapped},\n]\n"


def _quote(text: str) -> str:
    """Write a TOML string; JSON quotes alike, except that TOML also wants DEL escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
