"""A bank on disk: plain YAML that reads well in a diff, checked on reading against the fields of an item.

    bank.yaml        what it was built from
    items/*.yaml     items, one file for each topic; every build writes them anew
    own/*.yaml       items that people wrote or imported, and proposals of a model; no build touches them
    decisions.yaml   what reviewers decided: states and edits, by item; they survive rebuilds
    review.yaml      what the build put aside, with the reasons

Scalars are read as text and converted by the type of the field, so the answers "no" and 1.10 stay as written.
"""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from question_bank.errors import UserError
from question_bank.item import Item, problems

MAX_BYTES = 30_000_000
DEEPEST = 12
HEADER, ITEMS, OWN, DECISIONS, REVIEW = "bank.yaml", "items", "own", "decisions.yaml", "review.yaml"

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


@dataclass(frozen=True)
class Problem:
    """A problem in a file of the bank; ``line`` counts from 1, 0 where it is not known."""

    file: str
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.field + ': ' if self.field else ''}{self.message}"


class BankError(UserError):
    """A bank cannot be read; ``problems`` gives file, line and field of every problem, the message the first twenty."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        more = f"\n… and {len(problems) - 20} more" if len(problems) > 20 else ""
        super().__init__("\n".join(map(str, problems[:20])) + more)
        self.problems = tuple(problems)


def read_items(path: Path, name: str = "") -> list[Item]:
    """Read the items of one file.

    Args:
      name: What messages call the file; default: its name.

    Raises:
      BankError: With every problem of the file.
    """
    name = name or path.name
    node = _compose(path, name)
    if node is None:
        return []
    if not isinstance(node, yaml.SequenceNode):
        raise BankError([Problem(name, 1, "", "expected a list of items, each beginning with “- id: …”")])
    items, every_problem = [], []
    for node_of_item in node.value:
        wrong: list[Problem] = []
        value = _convert(node_of_item, Item, name, "", wrong)
        if isinstance(value, Item):
            lines = {key.value: key.start_mark.line + 1 for key, _ in node_of_item.value}
            for fault in problems(value):
                line = lines.get(fault.field, node_of_item.start_mark.line + 1)
                wrong.append(Problem(name, line, f"{value.id}: {fault.field}", fault.message))
            items.append(value)
        every_problem += wrong
    if every_problem:
        raise BankError(every_problem)
    return items


def read_bank(folder: Path) -> list[Item]:
    """Read all items of a bank, built and hand-written, before review decisions are applied.

    Raises:
      BankError: The folder holds no bank, a file is wrong, or two items have one id.
    """
    if not (folder / ITEMS).is_dir() and not (folder / OWN).is_dir():
        raise BankError([Problem(str(folder), 0, "", "no question bank there; make one with `autograder bank build`")])
    items: list[Item] = []
    wrong: list[Problem] = []
    places: dict[str, str] = {}
    for path in [*sorted((folder / ITEMS).glob("*.yaml")), *sorted((folder / OWN).glob("*.yaml"))]:
        name = f"{path.parent.name}/{path.name}"
        try:
            of_file = read_items(path, name)
        except BankError as error:
            wrong += error.problems
            continue
        for item in of_file:
            if item.id in places:
                wrong.append(Problem(name, 0, item.id, f"another item in {places[item.id]} has this id"))
            places[item.id] = name
        items += of_file
    if wrong:
        raise BankError(wrong)
    return items


@dataclass(frozen=True)
class DocumentRead:
    """A document that a bank was built from: its name, number of lines, and a fingerprint of all lines."""

    name: str
    lines: int
    fingerprint: str


@dataclass(frozen=True)
class Header:
    """What a bank was built from; ``taught`` is topic → number of facts that the documents state on it."""

    format: int
    documents: tuple[DocumentRead, ...]
    taught: dict[str, int]


def read_taught(path: Path) -> dict[str, int]:
    """Read the number of facts of each topic from a bank's header.

    Raises:
      BankError: The file is no header.
    """
    header: Header | None = read_yaml(path, Header)
    return header.taught if header else {}


def write_items(path: Path, items: Iterable[Item]) -> None:
    """Write items to one file, in the order given."""
    write_yaml(path, [plain(item) for item in items])


def write_bank(folder: Path, items: Iterable[Item], header: Mapping[str, object]) -> None:
    """Write built items, one file for each topic, and remove the files of topics that are gone."""
    by_topic: dict[str, list[Item]] = {}
    for item in items:
        by_topic.setdefault(file_name(item.topic), []).append(item)
    (folder / ITEMS).mkdir(parents=True, exist_ok=True)
    for path in (folder / ITEMS).glob("*.yaml"):
        if path.stem not in by_topic:
            path.unlink()
    for name, members in by_topic.items():
        write_items(folder / ITEMS / f"{name}.yaml", sorted(members, key=lambda item: item.id))
    write_yaml(folder / HEADER, dict(header))


def file_name(topic: str) -> str:
    """Turn a topic into the name of its file, without suffix."""
    return re.sub(r"[^a-z0-9]+", "-", topic.casefold()).strip("-")[:60].strip("-") or "other"


def write_yaml(path: Path, value: object) -> None:
    """Write a value as YAML through a temporary file, so that an interruption leaves the old file whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.dump(value, Dumper=_DUMPER, sort_keys=False, allow_unicode=True, width=120, default_flow_style=False)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text, "utf-8")
    temporary.replace(path)


def read_yaml(path: Path, kind: object, name: str = "") -> typing.Any:
    """Read a file as ``kind``: a dataclass, or a tuple or dict of them.

    Returns:
      A value of ``kind``; None for an empty file.

    Raises:
      BankError: With every problem of the file.
    """
    node = _compose(path, name or path.name)
    wrong: list[Problem] = []
    value = _convert(node, kind, name or path.name, "", wrong) if node is not None else None
    if wrong:
        raise BankError(wrong)
    return value


def plain(value: object) -> object:
    """Turn a dataclass into dicts and lists, without fields that have their default value."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            f.name: plain(getattr(value, f.name))
            for f in dataclasses.fields(value)
            if f.default is dataclasses.MISSING or getattr(value, f.name) != f.default
        }
    if isinstance(value, tuple | list):
        return [plain(member) for member in value]
    return value


def _compose(path: Path, name: str) -> yaml.Node | None:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BankError([Problem(name, 0, "", f"larger than {MAX_BYTES // 1_000_000} MB")])
        text = path.read_text("utf-8")
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=_LOADER)):
            raise BankError([Problem(name, 0, "", "holds an alias (*name); write the value out instead")])
        node: yaml.Node | None = yaml.compose(text, Loader=_LOADER)
        return node
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise BankError([Problem(name, line, "", f"not valid YAML: {error.problem}")]) from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise BankError([Problem(name, 0, "", f"not valid YAML: {error}")]) from None


def _convert(node: yaml.Node, kind: object, file: str, field: str, wrong: list[Problem], depth: int = 0) -> object:
    """Convert a node to ``kind``; problems are added to ``wrong``."""

    def mismatch(message: str) -> object:
        wrong.append(Problem(file, node.start_mark.line + 1, field, message))
        return None

    if depth > DEEPEST:
        return mismatch("nested too deeply")
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return _convert(node, next(a for a in args if a is not type(None)), file, field, wrong, depth)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        if not isinstance(node, yaml.MappingNode):
            return mismatch(f"expected fields of {kind.__name__.casefold()}")
        return _record(node, kind, file, field, wrong, depth)
    if origin is tuple:
        if not isinstance(node, yaml.SequenceNode):
            return mismatch("expected a list")
        return tuple(
            _convert(member, args[0], file, f"{field}[{n}]", wrong, depth + 1) for n, member in enumerate(node.value)
        )
    if origin is dict:
        if not isinstance(node, yaml.MappingNode):
            return mismatch("expected names with values")
        return {
            key.value: _convert(v, args[1], file, f"{field}.{key.value}".strip("."), wrong, depth + 1)
            for key, v in _pairs(node, file, field, wrong)
        }
    if not isinstance(node, yaml.ScalarNode):
        return mismatch("expected a single value, not a list or fields")
    text = node.value
    if kind is str:
        return text
    if kind is bool:
        return (
            text.casefold() == "true"
            if text.casefold() in ("true", "false")
            else mismatch(f"expected true or false, not {text!r}")
        )
    try:
        return float(text) if kind is float else int(text)
    except ValueError:
        return mismatch(f"expected a number, not {text!r}")


def _record(node: yaml.MappingNode, kind: type, file: str, field: str, wrong: list[Problem], depth: int) -> object:
    hints = typing.get_type_hints(kind)
    known = {f.name: f for f in dataclasses.fields(kind)}
    before, values = len(wrong), {}
    for key, value in _pairs(node, file, field, wrong):
        path = f"{field}.{key.value}".strip(".")
        if key.value not in known:
            wrong.append(Problem(file, key.start_mark.line + 1, path, f"unknown field; known: {', '.join(known)}"))
        elif key.value in values:
            wrong.append(Problem(file, key.start_mark.line + 1, path, "is given twice"))
        else:
            values[key.value] = _convert(value, hints[key.value], file, path, wrong, depth + 1)
    for name, declared in known.items():
        if declared.default is dataclasses.MISSING and name not in values:
            wrong.append(Problem(file, node.start_mark.line + 1, f"{field}.{name}".strip("."), "is missing"))
    return kind(**values) if len(wrong) == before else None


def _pairs(
    node: yaml.MappingNode, file: str, field: str, wrong: list[Problem]
) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    """Names with their values; a name that is a list or has fields is added to ``wrong``."""
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode):
            yield key, value
        else:
            wrong.append(Problem(file, key.start_mark.line + 1, field, "expected a name, not a list or fields"))
