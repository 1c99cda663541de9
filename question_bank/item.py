"""What an item is, and what must hold for every one.

One flat frozen record serves all kinds; which fields a kind uses is written down in ``FIELDS``.  Text (stem, options,
explanation) is CommonMark restricted to paragraphs, emphasis, `code`, fenced code and $math$; it is data, never HTML.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
import re
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
    """One option of a choice; ``feedback`` is shown to who chose it."""

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
      tolerance: Absolute; ``relative`` is a share of the value.  The wider of the two counts.
      figures: Where above 0, an answer that agrees with the value to so many significant figures is right too.
    """

    value: float
    tolerance: float = 0.0
    unit: str = ""
    slips: tuple[Slip, ...] = ()
    relative: float = 0.0
    figures: int = 0

    @property
    def reach(self) -> float:
        """How far an answer may lie from the value, for programs that know of one distance only."""
        half = 0.0
        if self.figures and self.value:
            half = 0.5 * 10.0 ** (math.floor(math.log10(abs(self.value))) - self.figures + 1)
        return max(self.tolerance, self.relative * abs(self.value), half)


@dataclass(frozen=True)
class Pair:
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
    """A short name for some text, the same on every machine."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:length]


def problems(item: Item) -> list[str]:
    """What keeps ``item`` from being an item at all: ``"field: what was expected"``; empty when it is sound."""
    found = []
    if not _ID.fullmatch(item.id) or len(item.id) > 120:
        found.append(f"id: expected lower-case words joined by hyphens, not {item.id!r}")
    for field, allowed in (("kind", KINDS), ("level", LEVELS), ("state", STATES), ("origin", ORIGINS)):
        if getattr(item, field) not in allowed:
            found.append(f"{field}: expected one of {', '.join(allowed)}, not {getattr(item, field)!r}")
    for field in ("topic", "stem"):
        if not getattr(item, field).strip():
            found.append(f"{field}: is empty")
    if not 0 <= item.difficulty <= 1:
        found.append(f"difficulty: expected a number from 0 to 1, not {item.difficulty!r}")
    if item.kind in FIELDS:
        found += _kind_problems(item)
    return found


def _kind_problems(item: Item) -> list[str]:
    needed, also = FIELDS[item.kind], OPTIONAL.get(item.kind, ())
    everything = {f for fields in (*FIELDS.values(), *OPTIONAL.values()) for f in fields}
    found = [f"{f}: an item of kind {item.kind} needs it" for f in needed if not getattr(item, f)]
    found += [
        f"{f}: an item of kind {item.kind} has none"
        for f in sorted(everything - set(needed) - set(also))
        if getattr(item, f)
    ]
    if item.options:
        found += _option_problems(item)
    if item.number is not None and not (math.isfinite(item.number.value) and 0 <= item.number.tolerance < math.inf):
        found.append("number: value and tolerance must be finite, and the tolerance not negative")
    if item.number is not None and not (0 <= item.number.relative < 1 and 0 <= item.number.figures <= 15):
        found.append("number: expected a relative tolerance from 0 to below 1, and 0 to 15 significant figures")
    if item.pairs and len(item.pairs) < 2:
        found.append("pairs: expected two or more")
    if item.pairs and len({p.left for p in item.pairs}) < len(item.pairs):
        found.append("pairs: the same left side stands there twice")
    rights = {p.right for p in item.pairs}
    if rights & set(item.extra) or len(set(item.extra)) < len(item.extra):
        found.append("extra: an extra right side must differ from every other right side")
    if item.steps and (len(item.steps) < 3 or len(set(item.steps)) < len(item.steps)):
        found.append("steps: expected three or more, all different")
    gaps = [int(n) for n in _GAP.findall(item.stem)]
    if item.kind == CLOZE and sorted(gaps) != list(range(1, len(item.gaps) + 1)):
        found.append(f"stem: expected {{1}} to {{{len(item.gaps)}}} once each, one for each gap")
    if not all(
        all(a.strip() for a in forms) and forms for forms in (*item.gaps, *([item.accepted] * bool(item.accepted)))
    ):
        found.append("accepted: an accepted form is empty")
    return found


def _option_problems(item: Item) -> list[str]:
    texts = [" ".join(o.text.split()).casefold() for o in item.options]
    right = len(item.keys)
    found = []
    if not all(texts):
        found.append("options: an option is empty")
    if len(set(texts)) < len(texts):
        found.append("options: two options are the same")
    if len(texts) < 2:
        found.append("options: expected two or more")
    if item.kind == MULTIPLE and not 1 <= right <= len(texts):
        found.append("options: expected at least one correct option")
    if item.kind != MULTIPLE and right != 1:
        found.append(f"options: expected exactly one correct option, not {right}")
    return found


def replace(item: Item, **changes: object) -> Item:
    return dataclasses.replace(item, **changes)  # type: ignore[arg-type]
