"""Read YAML that strangers may have written: maps, lists and texts, within limits.

Only the parser of PyYAML's safe loader is used.  It never builds objects, and this module keeps scalars as the file
writes them, so that times and numbers stay what they were.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TypeAlias

import yaml

MAX_BYTES = 4 << 20
MAX_DEPTH = 50

Node: TypeAlias = "str | list[Node] | dict[str, Node]"

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NOTHING = ("", "~", "null", "Null", "NULL")
_DIRECTIVE = re.compile(r"(?:\A|[\r\n\x85\u2028\u2029\ufeff])%")


class UntrustedYamlError(ValueError):
    """A YAML file that is not read; the message says why."""


def read_yaml(path: Path) -> Node:
    """Return the first document of a file.  Empty values and null are empty texts.

    Raises:
      UntrustedYamlError: the file cannot be read, is no YAML, is too large or too deep, or has aliases or directives.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise UntrustedYamlError(f"it cannot be read ({error})") from None
    if len(data) > MAX_BYTES:
        raise UntrustedYamlError(f"it is larger than {MAX_BYTES >> 20} MiB")
    try:
        text = data.decode("utf-8-sig")
        if _DIRECTIVE.search(text):  # libyaml compares each with all others: 4 MiB of them take minutes
            raise UntrustedYamlError("it has directives (%)")
        return _document(text)
    except (yaml.YAMLError, UnicodeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        raise UntrustedYamlError(f"it is not YAML{where}") from None


def _document(text: str) -> Node:
    """Build a document from the parser's events, without recursion."""
    root: list[Node] = []
    pending: list[tuple[list[Node] | dict[str, Node], str | None]] = []  # open containers, and the key above each
    into: list[Node] | dict[str, Node] = root
    key: str | None = None
    for event in yaml.parse(text, Loader=_LOADER):
        node: Node
        if isinstance(event, yaml.AliasEvent):  # a few of them can stand for gigabytes
            raise UntrustedYamlError("it has aliases (*name)")
        if isinstance(event, yaml.ScalarEvent):
            node = "" if not event.style and event.value in _NOTHING else event.value
            if isinstance(into, dict) and key is None:
                key = node
                continue
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            if isinstance(into, dict) and key is None:
                raise UntrustedYamlError("a key in it is not a text")
            if len(pending) >= MAX_DEPTH:
                raise UntrustedYamlError(f"it is nested more than {MAX_DEPTH} levels deep")
            pending.append((into, key))
            into, key = {} if isinstance(event, yaml.MappingStartEvent) else [], None
            continue
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            node = into
            into, key = pending.pop()
        elif isinstance(event, yaml.DocumentEndEvent):
            break
        else:
            continue
        if isinstance(into, dict):
            assert key is not None
            into[key], key = node, None
        else:
            into.append(node)
    return root[0] if root else ""
