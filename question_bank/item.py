"""The record of an exam item, and what must hold for every item.

One flat frozen record serves all kinds; ``FIELDS`` lists the fields that each kind uses.  Text (stem, options,
explanation) is CommonMark restricted to paragraphs, emphasis, `code`, fenced code and $math$; it is data, never HTML.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

SINGLE, MULTIPLE, NUMERIC, SHORT = "single", "multiple", "numeric", "short"
MATCHING, ORDERING, CLOZE, CODE = "matching", "ordering", "cloze", "code"

# The fields that a kind needs besides stem and explanation; it must leave the others empty.
FIELDS = {
    SINGLE: ("options",),
    MULTIPLE: ("options",),
    NUMERIC: ("number",),
    SHORT: ("accepted",),
    MATCHING: ("pairs",),
    ORDERING: ("steps",),
    CLOZE: ("gaps",),
    CODE: ("code", "accepted"),
}
KINDS = tuple(FIELDS)
OPTIONAL = {MATCHING: ("extra",), SINGLE: ("code",), MULTIPLE: ("code",), NUMERIC: ("code",), CODE: ("options",)}
LEVELS = ("remember", "understand", "apply", "analyse")
DRAFT, APPROVED, RETIRED = STATES = ("draft", "approved", "retired")
ORIGINS = ("fact", "template", "person", "model")

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_GAP = re.compile(r"\{(\d+)\}")


@dataclass(frozen=True)
class Option:
    """One option of a choice; a student who chose it reads ``feedback``."""

    text: str
    correct: bool = False
    feedback: str = ""


@dataclass(frozen=True)
class Slip:
    """A wrong number that a known mistake leads to, and what to say about it."""

    value: float
    feedback: str


@dataclass(frozen=True)
class Number:
    """The key of a numeric item: any answer within ``reach`` of ``value`` is right.

    Attributes:
      value: The right number, in ``unit``.
      tolerance: Absolute, in ``unit``; ``relative`` is a fraction of the value.  The wider of the two counts.
      unit: Shown behind the number; students do not type it.
      slips: Wrong numbers that known mistakes lead to.
      figures: Above 0, an answer that agrees with the value to this many significant figures is right too.
    """

    value: float
    tolerance: float = 0.0
    unit: str = ""
    slips: tuple[Slip, ...] = ()
    relative: float = 0.0
    figures: int = 0

    @property
    def reach(self) -> float:
        """The largest accepted distance from the value, for formats that hold a single tolerance."""
        half = 0.0
        if self.figures and self.value:
            half = 0.5 * 10.0 ** (math.floor(math.log10(abs(self.value))) - self.figures + 1)
        return max(self.tolerance, self.relative * abs(self.value), half)


@dataclass(frozen=True)
class Pair:
    """A left side and the right side that belongs to it, for matching."""

    left: str
    right: str


@dataclass(frozen=True)
class Source:
    """Where a fact stands: document name, first and last line (from 1), and the words found there."""

    document: str
    first: int
    last: int
    quote: str


@dataclass(frozen=True)
class Item:
    """One exam item.

    Attributes:
      id: Lower-case words and digits joined by hyphens; the same in every rebuild from the same facts.
      kind: One of ``KINDS``.
      topic: A topic name of the lexicon, or the heading of the document where the lexicon knows none.
      level: Cognitive level, one of ``LEVELS`` (revised Bloom taxonomy: Anderson & Krathwohl, 2001).
      difficulty: Estimated share of a class that gets it wrong, 0 to 1; replaced by a measured one after an exam.
      options: For choices, in the order in which they are shown.
      accepted: For short text and code tracing: every accepted form, the model answer first.
      pairs, extra: For matching: what belongs together, and right-hand sides that belong to nothing.
      steps: For ordering: in the right order.
      gaps: For cloze, where the stem holds {1}, {2} …: the accepted forms of each gap.
      code: Python shown under the stem.
      facts: Ids of the facts that the item rests on; two items that share one give each other away.
      group: Name of a set of items of which one exam form takes at most one (forms of one template, say); may be empty.
    """

    id: str
    kind: str
    topic: str
    level: str
    difficulty: float
    stem: str
    explanation: str
    options: tuple[Option, ...] = ()
    number: Number | None = None
    accepted: tuple[str, ...] = ()
    pairs: tuple[Pair, ...] = ()
    extra: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    gaps: tuple[tuple[str, ...], ...] = ()
    code: str = ""
    sources: tuple[Source, ...] = ()
    facts: tuple[str, ...] = ()
    group: str = ""
    origin: str = "person"
    state: str = DRAFT

    @property
    def keys(self) -> tuple[str, ...]:
        """The texts of the right options, for choices."""
        return tuple(o.text for o in self.options if o.correct)


def digest(*parts: str, length: int = 8) -> str:
    """Name a text by the first hexadecimal digits of its SHA-256, the same on every machine.

    Args:
      parts: Texts; their order and their boundaries count.
      length: Number of hexadecimal digits, at most 64.
    """
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:length]


@dataclass(frozen=True)
class ItemProblem:
    """Why a record is no item: the field that is wrong, and what was expected of it."""

    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


def problems(item: Item) -> list[ItemProblem]:
    """List everything that keeps ``item`` from being an item; the list is empty when the item is sound."""
    return [*_header_problems(item), *(_kind_problems(item) if item.kind in FIELDS else ())]


def _header_problems(item: Item) -> Iterator[ItemProblem]:
    """Check the fields that every kind has."""
    if not _ID.fullmatch(item.id) or len(item.id) > 120:
        yield ItemProblem("id", f"expected lower-case words joined by hyphens, not {item.id!r}")
    for field, allowed in (("kind", KINDS), ("level", LEVELS), ("state", STATES), ("origin", ORIGINS)):
        if getattr(item, field) not in allowed:
            yield ItemProblem(field, f"expected one of {', '.join(allowed)}, not {getattr(item, field)!r}")
    for field in ("topic", "stem"):
        if not getattr(item, field).strip():
            yield ItemProblem(field, "is empty")
    if not 0 <= item.difficulty <= 1:
        yield ItemProblem("difficulty", f"expected a number from 0 to 1, not {item.difficulty!r}")


def _kind_problems(item: Item) -> Iterator[ItemProblem]:
    """Check the fields that belong to the item's kind."""
    needed, optional = FIELDS[item.kind], OPTIONAL.get(item.kind, ())
    every_field = {field for fields in (*FIELDS.values(), *OPTIONAL.values()) for field in fields}
    for field in needed:
        if not getattr(item, field):
            yield ItemProblem(field, f"an item of kind {item.kind} needs it")
    for field in sorted(every_field - set(needed) - set(optional)):
        if getattr(item, field):
            yield ItemProblem(field, f"an item of kind {item.kind} has none")
    if item.options:
        yield from _option_problems(item)
    if item.number is not None:
        yield from _number_problems(item.number)
    if item.pairs and len(item.pairs) < 2:
        yield ItemProblem("pairs", "expected two or more")
    if item.pairs and len({p.left for p in item.pairs}) < len(item.pairs):
        yield ItemProblem("pairs", "two pairs have the same left side")
    rights = {p.right for p in item.pairs}
    if rights & set(item.extra) or len(set(item.extra)) < len(item.extra):
        yield ItemProblem("extra", "an extra right side must differ from every other right side")
    if item.steps and (len(item.steps) < 3 or len(set(item.steps)) < len(item.steps)):
        yield ItemProblem("steps", "expected three or more, all different")
    gap_numbers = [int(n) for n in _GAP.findall(item.stem)]
    if item.kind == CLOZE and sorted(gap_numbers) != list(range(1, len(item.gaps) + 1)):
        yield ItemProblem("stem", f"expected {{1}} to {{{len(item.gaps)}}} once each, one for each gap")
    accepted_forms = (*item.gaps, *([item.accepted] if item.accepted else []))
    if not all(forms and all(form.strip() for form in forms) for forms in accepted_forms):
        yield ItemProblem("accepted", "an accepted form is empty")


def _number_problems(number: Number) -> Iterator[ItemProblem]:
    if not (math.isfinite(number.value) and 0 <= number.tolerance < math.inf):
        yield ItemProblem("number", "value and tolerance must be finite, and the tolerance not negative")
    if not (0 <= number.relative < 1 and 0 <= number.figures <= 15):
        yield ItemProblem("number", "expected a relative tolerance from 0 to below 1, and 0 to 15 significant figures")


def _option_problems(item: Item) -> Iterator[ItemProblem]:
    texts = [" ".join(option.text.split()).casefold() for option in item.options]
    right = len(item.keys)
    if not all(texts):
        yield ItemProblem("options", "an option is empty")
    if len(set(texts)) < len(texts):
        yield ItemProblem("options", "two options are the same")
    if len(texts) < 2:
        yield ItemProblem("options", "expected two or more")
    if item.kind == MULTIPLE and right < 1:
        yield ItemProblem("options", "expected at least one correct option")
    if item.kind != MULTIPLE and right != 1:
        yield ItemProblem("options", f"expected exactly one correct option, not {right}")


def replace(item: Item, **changes: object) -> Item:
    """Copy ``item`` with some fields changed; the result is not checked."""
    return dataclasses.replace(item, **changes)  # type: ignore[arg-type]
