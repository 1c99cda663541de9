"""Between the fields of a page and the responses of ``form.Shown``: one reading for pages, scripts and whoever makes
requests by hand.

The fields of an item are called like it: ``q3`` for a choice (several for a select-all), a number or a text; ``q3.0``,
``q3.1`` … for the parts of a matching (number of a right side), an ordering (place of a step, from 1) and a cloze.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from question_bank.exam.form import Shown
from question_bank.item import CLOZE, CODE, MATCHING, MULTIPLE, NUMERIC, ORDERING
from question_bank.marking import LONGEST

LONGEST_LINE = 500
PLACES = "places"  # an ordering that is not complete is kept by the places given so far

Fields = Sequence[tuple[str, str]]


class Odd(ValueError):
    """A field holds what no page of ours sends; the message says what, for the log."""


def field_names(shown: Shown) -> tuple[str, ...]:
    """The names of an item's fields."""
    parts = len(shown.lefts) or len(shown.steps) or shown.gaps
    return tuple(f"{shown.name}.{n}" for n in range(parts)) if parts else (shown.name,)


def longest(shown: Shown) -> int:
    """How many characters a text field of the item takes."""
    return LONGEST if shown.kind == CODE and not shown.options else LONGEST_LINE


def read(shown: Shown, fields: Fields) -> Any:
    """The response that the fields of an item say; None for nothing.

    Raises:
      Odd: a choice that is not there, a field twice, a text that is too long.
    """
    values: dict[str, list[str]] = {}
    for name, value in fields:
        values.setdefault(name, []).append(value)
    if shown.kind == MULTIPLE:
        chosen = sorted({_number(v, shown.name, len(shown.options)) for v in values.get(shown.name, ()) if v})
        return chosen or None
    texts = [_one(values, name) for name in field_names(shown)]
    if shown.options:
        return _number(texts[0], shown.name, len(shown.options)) if texts[0] else None
    if shown.kind == MATCHING:
        count = len(shown.rights)
        rights = [shown.rights[_number(t, shown.name, count)] if t else "" for t in texts]
        return rights if any(rights) else None
    if shown.kind == ORDERING:
        return _order(shown, [_number(t, shown.name, len(shown.steps) + 1, 1) if t else 0 for t in texts])
    # Only code may have lines; browsers send them as \r\n and count them as one character.
    kept = [_whole(t.replace("\r\n", "\n") if shown.kind == CODE else t) for t in texts]
    if any(len(text) > longest(shown) for text in kept):
        raise Odd(f"{shown.name}: longer than {longest(shown)} characters")
    if not any(t.strip() for t in kept):
        return None
    return kept if shown.kind == CLOZE else kept[0]


def fill(shown: Shown, response: Any) -> dict[str, str]:
    """Field → its value, for a response that ``read`` made; a select-all has ``q3=1`` → "1" for each chosen option.

    What does not fit the item (its form was made anew since) fills nothing.
    """
    try:
        return _fill(shown, response)
    except (ValueError, TypeError, KeyError):
        return {}


def _fill(shown: Shown, response: Any) -> dict[str, str]:
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


def marked_as(response: Any) -> Any:
    """What marking gets: an ordering that is not complete is no answer yet."""
    return None if isinstance(response, Mapping) else response


def complete(shown: Shown, response: Any) -> bool:
    """Whether every part of an item is answered."""
    if response is None or isinstance(response, Mapping):
        return False
    return all(r.strip() for r in response) if shown.kind in (MATCHING, CLOZE) else True


def hint(shown: Shown) -> str:
    """What to do, in a line."""
    if shown.kind == MULTIPLE:
        return "Mark every option that is right."
    if shown.kind == MATCHING:
        return "Choose what belongs to each. One may be used more than once or not at all."
    if shown.kind == ORDERING:
        return f"Give every step its place, from 1 to {len(shown.steps)}."
    if shown.kind == CLOZE:
        return "Fill the gaps."
    if shown.kind == NUMERIC:
        return "A number, such as 12, 0.5 or 3e-4" + (f"; in {shown.unit}." if shown.unit else ".")
    if shown.options:
        return "Mark one option."
    return "Type the code or its output." if shown.kind == CODE else "A word or a few."


def _order(shown: Shown, places: list[int]) -> Any:
    if sorted(places) == list(range(1, len(places) + 1)):
        return [step for _, step in sorted(zip(places, shown.steps, strict=True))]
    return {PLACES: places} if any(places) else None


def _one(values: Mapping[str, Sequence[str]], name: str) -> str:
    found = values.get(name, ())
    if len(found) > 1:
        raise Odd(f"{name}: sent {len(found)} times")
    return found[0] if found else ""


def _whole(text: str) -> str:
    # Half a character, as a script sends it where a field's end cut it in two, could be written on no page.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _number(text: str, name: str, stop: int, start: int = 0) -> int:
    # Not int(): it takes "١", " 1 " and "1_0", which no page of ours sends.
    if len(text) > 4 or not text.isascii() or not text.isdigit() or not start <= int(text) < stop:
        raise Odd(f"{name}: expected a number from {start} to {stop - 1}, not {text[:40]!r}")
    return int(text)
