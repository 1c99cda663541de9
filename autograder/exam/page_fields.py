"""Read the form fields of a page of a served exam."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser

from autograder.exam.inputs import BASE, FLAG


@dataclass(frozen=True)
class Page:
    """The fields of a page.

    Attributes:
      values: Field name → value, hidden fields included; for a choice, the value of the selected option.
      items: Item name → names of its answer fields.
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
    control = {f"{item}.{suffix}" for item in items for suffix in (BASE, FLAG)}
    fields = {item: tuple(n for n in names if n.partition(".")[0] == item and n not in control) for item in items}
    return Page(reader.values, fields)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.values: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag not in ("input", "select", "textarea") or not attributes.get("name"):
            return
        self.names.append(attributes["name"])
        if tag == "input" and (attributes.get("type") not in ("radio", "checkbox") or "checked" in attributes):
            self.values[attributes["name"]] = attributes.get("value", "")
