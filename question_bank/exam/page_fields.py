"""The fields of a page of a served exam, as a script sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser

from question_bank.exam.server.take import BASE, FLAG


@dataclass(frozen=True)
class Page:
    """What a page holds for a script.

    Attributes:
      values: Name → value of its fields, the hidden ones too (of a choice, the one that is marked).
      items: Item name → the names of its answer fields.
    """

    values: Mapping[str, str]
    items: Mapping[str, tuple[str, ...]]


def read_page(html: str) -> Page:
    """Read the fields of a page."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    names = list(dict.fromkeys(reader.names))
    items = [n.removesuffix(f".{BASE}") for n in names if n.endswith(f".{BASE}")]
    besides = {f"{item}.{what}" for item in items for what in (BASE, FLAG)}
    fields = {item: tuple(n for n in names if n.partition(".")[0] == item and n not in besides) for item in items}
    return Page(reader.values, fields)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.values: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag not in ("input", "select", "textarea") or not said.get("name"):
            return
        self.names.append(said["name"])
        if tag == "input" and (said.get("type") not in ("radio", "checkbox") or "checked" in said):
            self.values[said["name"]] = said.get("value", "")
