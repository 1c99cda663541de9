"""Shared by exports: stems with code and gaps, numbers and ranges in decimal, shuffles, loops over items."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal

from question_bank.interchange.outcome import Refusal, UnfitError
from question_bank.interchange.text import (
    DISPLAY,
    MATH,
    Paragraph,
    clean,
    code_html,
    mathjax,
    one_line,
    parse,
    to_html,
    to_plain,
)
from question_bank.item import CODE, SINGLE, Item, Number, digest, replace

_GAP = re.compile(r"\{(\d+)\}")
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # the first moment that a ZIP file can name


def each(items: Sequence[Item], write: Callable[[Item], str]) -> tuple[list[tuple[Item, str]], tuple[Refusal, ...]]:
    """What ``write`` makes of every item that it takes, and a refusal for each of the others."""
    written, refused = [], []
    for item in items:
        try:
            _look_different(item)
            written.append((item, write(item)))
        except UnfitError as why:
            refused.append(Refusal(item.id, str(why)))
    return written, tuple(refused)


def _look_different(item: Item) -> None:
    """Refuse what differs in its source only: *a* and _a_, or a character that no file can hold."""
    lefts = [pair.left for pair in item.pairs]
    for name, texts in (("options", [o.text for o in item.options]), ("steps", item.steps), ("left sides", lefts)):
        shown = [to_html(text) for text in texts]
        if len(set(shown)) < len(shown):
            raise UnfitError(f"two {name} look the same when they are shown")
        if not all(shown):
            raise UnfitError(f"one of the {name} shows nothing")
    if not to_html(item.stem):
        raise UnfitError("the stem shows nothing")


def stem_html(item: Item, math: Callable[[str, bool], str] = mathjax) -> str:
    """The stem, with its code below."""
    return to_html(item.stem, math) + (code_html(item.code.rstrip("\n")) if item.code else "")


def fill_gaps(item: Item, gap: Callable[[int], str], math: Callable[[str, bool], str] = mathjax) -> str:
    """The stem of a cloze item with ``gap(0)`` for {1}, ``gap(1)`` for {2} and so on.

    Raises:
      UnfitError: A gap stands where no field can be put.
    """
    for block in parse(item.stem):
        pieces = block.pieces if isinstance(block, Paragraph) else ()
        if any(p.kind in (MATH, DISPLAY) and _GAP.search(p.text) for p in pieces):
            raise UnfitError("a gap stands inside $math$, where there can be no field")
    shown = to_html(item.stem, math)
    if sorted(int(n) for n in _GAP.findall(shown)) != list(range(1, len(item.gaps) + 1)):
        raise UnfitError("a gap is not shown exactly once")
    return _GAP.sub(lambda match: gap(int(match[1]) - 1), shown)


def distinct_forms(accepted: Sequence[str]) -> tuple[str, ...]:
    """Accepted forms as one can type them into a field: on one line, none twice."""
    lines = dict.fromkeys(one_line(form) for form in accepted)
    if "" in lines:
        raise UnfitError("an accepted form is empty once characters that no file can hold are gone")
    return tuple(lines)


def needs_case(item: Item) -> bool:
    """Whether the answer is only right with its capitals: printed output with letters in it."""
    return item.kind == CODE and any(form.lower() != form.upper() for form in item.accepted)


def without_case(item: Item) -> Item:
    """``item`` for a program that never minds capitals: a choice where it has options.

    Raises:
      UnfitError: It must be typed exactly.
    """
    if not needs_case(item):
        return item
    if item.options:
        return replace(item, kind=SINGLE, accepted=())
    raise UnfitError("the answer must be typed with its capitals, and this format never minds them")


def plain_rights(item: Item) -> dict[str, str]:
    """Every right side of a matching item, and how it is shown where there is no HTML.

    Raises:
      UnfitError: Two would look the same.
    """
    shown = {right: to_plain(right) for right in (*(p.right for p in item.pairs), *item.extra)}
    if len(set(shown.values())) < len(shown) or not all(shown.values()):
        raise UnfitError("two right sides look the same without their marks")
    return shown


def decimal_text(value: float) -> str:
    """The shortest decimal that reads back as ``value``."""
    text = repr(float(value))
    return text.removesuffix(".0")


def bounds(key: Number) -> tuple[float, float]:
    """The smallest and the largest right answer, worked out in decimal so that 0.3 ± 0.01 begins at 0.29."""
    return around(key.value, key.reach)


def around(value: float, tolerance: float) -> tuple[float, float]:
    """Return ``value`` ± ``tolerance``, computed in decimal."""
    middle, reach = Decimal(repr(float(value))), Decimal(repr(float(tolerance)))
    return float(middle - reach), float(middle + reach)


def shuffled(texts: Iterable[str], seed: str) -> list[str]:
    """The same mixed order on every machine, and never the given one."""
    given = list(texts)
    mixed = [given[i] for i in sorted(range(len(given)), key=lambda i: digest(seed, str(i), given[i]))]
    return [*mixed[1:], mixed[0]] if mixed == given else mixed


def category(topic: str) -> str:
    """A topic as one step of a Moodle category path."""
    return one_line(topic).replace("/", "//")


def short_id(item: Item, longest: int = 100) -> str:
    """Return the item's id, shortened with a hash to at most ``longest`` characters."""
    return item.id if len(item.id) <= longest else f"{item.id[: longest - 9]}-{digest(item.id)}"


def archive(files: Mapping[str, str | bytes]) -> bytes:
    """A ZIP file that holds ``files`` in this order; the same bytes for the same files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as zipped:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            entry.create_system = 3  # Unix, also when made on Windows
            zipped.writestr(entry, clean(content) if isinstance(content, str) else content)
    return out.getvalue()
