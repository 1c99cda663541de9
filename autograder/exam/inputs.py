"""Convert between the form fields of a page and the responses that ``form.ShownItem`` describes.

Plain forms, the autosave script and hand-made requests all go through ``read``.  The fields carry the name of the item:
``q3`` for a choice (repeated for a select-all), a number or a text; ``q3.0``, ``q3.1``, … for the parts of a matching
item (index of a right side), an ordering item (position of a step, from 1) and a cloze item.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from autograder.exam.form import ShownItem
from question_bank.item import CLOZE, CODE, MATCHING, MULTIPLE, NUMERIC, ORDERING
from question_bank.marking import LONGEST

LONGEST_LINE = 500
PLACES = "places"  # an incomplete ordering is stored as the positions given so far, under this key

BASE, FLAG = "base", "flag"  # q3.base: number of the answer that the page showed; q3.flag: flagged for review

Fields = Sequence[tuple[str, str]]


class MalformedFieldError(ValueError):
    """A field with a value that no page of this server sends; the message describes it for the log."""


def field_names(shown: ShownItem) -> tuple[str, ...]:
    """The names of an item's fields."""
    parts = len(shown.lefts) or len(shown.steps) or shown.gaps
    return tuple(f"{shown.name}.{n}" for n in range(parts)) if parts else (shown.name,)


def longest(shown: ShownItem) -> int:
    """Largest number of characters in a text field of the item."""
    return LONGEST if shown.kind == CODE and not shown.options else LONGEST_LINE


def read(shown: ShownItem, fields: Fields) -> Any:
    """Read the response from the fields of an item; ``None`` if nothing is answered.

    Raises:
      MalformedFieldError: An unknown choice, a repeated field, or a text that is too long.
    """
    values: dict[str, list[str]] = {}
    for name, value in fields:
        values.setdefault(name, []).append(value)
    if shown.kind == MULTIPLE:
        chosen = sorted({_number(v, shown.name, len(shown.options)) for v in values.get(shown.name, ()) if v})
        return chosen or None
    texts = [_single(values, name) for name in field_names(shown)]
    if shown.options:
        return _number(texts[0], shown.name, len(shown.options)) if texts[0] else None
    if shown.kind == MATCHING:
        count = len(shown.rights)
        rights = [shown.rights[_number(t, shown.name, count)] if t else "" for t in texts]
        return rights if any(rights) else None
    if shown.kind == ORDERING:
        return _order(shown, [_number(t, shown.name, len(shown.steps) + 1, 1) if t else 0 for t in texts])
    # Only code may contain line breaks; browsers send each as \r\n and count it as one character.
    cleaned = [_without_lone_surrogates(t.replace("\r\n", "\n") if shown.kind == CODE else t) for t in texts]
    if any(len(text) > longest(shown) for text in cleaned):
        raise MalformedFieldError(f"{shown.name}: longer than {longest(shown)} characters")
    if not any(t.strip() for t in cleaned):
        return None
    return cleaned if shown.kind == CLOZE else cleaned[0]


def fill(shown: ShownItem, response: Any) -> dict[str, str]:
    """Field → value, for a response that ``read`` returned; a select-all has ``q3=1`` → "1" for each chosen option.

    A response that does not fit the item (because the form was rebuilt) fills no field.
    """
    try:
        return _fill(shown, response)
    except (ValueError, TypeError, KeyError):
        return {}


def _fill(shown: ShownItem, response: Any) -> dict[str, str]:
    names = field_names(shown)
    if response is None:
        return {}
    if shown.kind == MULTIPLE:
        return {f"{shown.name}={n}": str(n) for n in response}
    if shown.kind == MATCHING:
        return {name: str(shown.rights.index(r)) for name, r in zip(names, response, strict=True) if r}
    if shown.kind == ORDERING:
        if isinstance(response, Mapping):
            places = response[PLACES]
        else:
            places = [list(response).index(step) + 1 for step in shown.steps]
        return {name: str(place) for name, place in zip(names, places, strict=True) if place}
    if shown.kind == CLOZE:
        return dict(zip(names, response, strict=True))
    return {shown.name: str(response)}


def response_for_marking(response: Any) -> Any:
    """The response for marking: an incomplete ordering counts as no answer."""
    return None if isinstance(response, Mapping) else response


def complete(shown: ShownItem, response: Any) -> bool:
    """Whether every part of an item is answered."""
    if response is None or isinstance(response, Mapping):
        return False
    return all(r.strip() for r in response) if shown.kind in (MATCHING, CLOZE) else True


def hint(shown: ShownItem) -> str:
    """The instruction to the student, in one line."""
    if shown.kind == MULTIPLE:
        return "Select all correct options."
    if shown.kind == MATCHING:
        return "Choose a match for each. You may use a match more than once, or not at all."
    if shown.kind == ORDERING:
        return f"Number the steps in the right order, from 1 to {len(shown.steps)}."
    if shown.kind == CLOZE:
        return "Fill in the gaps."
    if shown.kind == NUMERIC:
        return "A number, such as 12, 0.5 or 3e-4" + (f", in {shown.unit}." if shown.unit else ".")
    if shown.options:
        return "Select one option."
    return "Type the code or its output." if shown.kind == CODE else "A word or a short phrase."


def _order(shown: ShownItem, places: list[int]) -> Any:
    if sorted(places) == list(range(1, len(places) + 1)):
        return [step for _, step in sorted(zip(places, shown.steps, strict=True))]
    return {PLACES: places} if any(places) else None


def _single(values: Mapping[str, Sequence[str]], name: str) -> str:
    sent = values.get(name, ())
    if len(sent) > 1:
        raise MalformedFieldError(f"{name}: sent {len(sent)} times")
    return sent[0] if sent else ""


def _without_lone_surrogates(text: str) -> str:
    # A script may send half of a character that the length limit of a field cut in two; UTF-8 cannot encode it.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _number(text: str, name: str, stop: int, start: int = 0) -> int:
    # Not int() alone: it accepts "١", " 1 " and "1_0", which no page of this server sends.
    if len(text) > 4 or not text.isascii() or not text.isdigit() or not start <= int(text) < stop:
        raise MalformedFieldError(f"{name}: expected a number from {start} to {stop - 1}, not {text[:40]!r}")
    return int(text)
