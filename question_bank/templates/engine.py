"""The engine of templates: items whose numbers are drawn anew for every student.

A template is a function of a ``Draw`` that returns a ``Question``: a stem, the key computed with JAX, the key computed
a second, independent way (plain Python or NumPy, by another route), and wrong values that are named mistakes.  The
engine draws until the numbers make a sound item: key and second way agree, no two options are closer than twice the
tolerance, every number is readable, and the key has the rank among the options that was drawn beforehand, uniformly.

Every file in ``templates/`` is read; there is nothing to register.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import math
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from question_bank.errors import NotMadeError
from question_bank.item import CODE, NUMERIC, SINGLE, Item, Number, Option, Slip, digest

if TYPE_CHECKING:
    import jax  # slow to import, and not needed before the first draw

ATTEMPTS = 2000  # draws before a template is called broken for a seed
AGREE = 1e-6  # relative difference allowed between the two ways to the key; both run in float64
TOO_BIG = 1e8  # numbers from here on are ugly
FORMS = (SINGLE, NUMERIC)
_MINUS_ZERO = re.compile(r"(?<![\d.\w])[-−](0(?:\.0+)?)(?![\d.]*[1-9])")
_WORDS = {1: "one decimal place", 2: "two decimal places", 3: "three decimal places", 4: "four decimal places"}

T = TypeVar("T")


class TemplateError(NotMadeError):
    """A template is wrong: its two ways disagree, or it finds no sound numbers."""


class RedrawError(Exception):
    """The numbers drawn do not suit; the engine draws again."""


class Draw:
    """The source of a template's numbers; the same seed gives the same numbers."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def integer(self, low: int, high: int, step: int = 1) -> int:
        """An integer from ``low`` to ``high``, both included."""
        return self._rng.randrange(low, high + 1, step)

    def decimal(self, low: float, high: float, places: int = 1) -> float:
        """A number with ``places`` decimals from ``low`` to ``high``, both included."""
        scale = 10.0**places
        return self._rng.randint(math.ceil(low * scale - 1e-9), math.floor(high * scale + 1e-9)) / scale

    def decimals(self, count: int, low: float, high: float, places: int = 1) -> list[float]:
        """``count`` different numbers with ``places`` decimals from ``low`` to ``high``, both included."""
        scale = 10.0**places
        steps = range(math.ceil(low * scale - 1e-9), math.floor(high * scale + 1e-9) + 1)
        return [n / scale for n in self._rng.sample(steps, count)]

    def choose(self, *values: T) -> T:
        """One of ``values``, all equally likely."""
        return self._rng.choice(values)

    def sample(self, values: Sequence[T], count: int) -> list[T]:
        """``count`` different members of ``values``, in random order."""
        return self._rng.sample(list(values), count)

    def need(self, holds: bool) -> None:
        """Draw again unless ``holds``."""
        if not holds:
            raise RedrawError


@dataclass(frozen=True)
class Wrong:
    """A named mistake, the value it leads to, and one sentence to the student who made it."""

    name: str
    value: float | str
    feedback: str


@dataclass(frozen=True)
class Question:
    """What a template makes from its numbers.

    Attributes:
      stem: States every convention that the key rests on.  The engine adds how to round.
      key: For numbers, a ``jax.Array`` of shape `[]`, computed with 64-bit types enabled; for shapes and printed output,
        a text.
      second: The same by another route; never a ``jax.Array``.
      wrong: At least as many as the item has wrong options; more of them let the key's rank vary.
      explanation: Shown after marking; leads to the key in a line or two.
      places: Decimals to which numbers are shown; 0 for whole numbers, which must be exact.
      unit: Shown behind every number.
      code: Python shown under the stem; with it, the item is a code tracing item.
    """

    stem: str
    key: jax.Array | str
    second: float | int | str
    wrong: Sequence[Wrong]
    explanation: str
    places: int = 0
    unit: str = ""
    code: str = ""


@dataclass(frozen=True)
class Template:
    """A parametric item; ``template`` makes one of a function.

    Attributes:
      id: The function's name with hyphens.
      title: The first line of the function's docstring.
      topic: A topic of the lexicon.
      level: Cognitive level, one of ``item.LEVELS``.
      difficulty: Estimated fraction of a class that gets it wrong.
      options: Number of options in the single choice form.
      make: The function that makes a question of drawn numbers.
    """

    id: str
    title: str
    topic: str
    level: str
    difficulty: float
    options: int
    make: Callable[[Draw], Question]


def template(
    *, topic: str, level: str = "apply", difficulty: float = 0.4, options: int = 4
) -> Callable[[Callable[[Draw], Question]], Template]:
    """Make a function a template (decorator); see ``Template`` for the arguments."""

    def wrap(make: Callable[[Draw], Question]) -> Template:
        title = (make.__doc__ or "").strip().splitlines()[0]
        return Template(make.__name__.replace("_", "-"), title, topic, level, difficulty, options, make)

    return wrap


def draw(template: Template, seed: str, form: str = SINGLE) -> Item:
    """Draw the item that ``template`` makes from ``seed``.

    Args:
      seed: Any text; the same text gives the same item on every machine.
      form: "single" for options, "numeric" for a typed answer: a number, or what code prints.  Keys that are other texts
        remain a single choice.

    Raises:
      TemplateError: The two ways to the key disagree, or no sound numbers were found.
    """
    import jax

    rank = _rng(template.id, seed, "rank").randrange(template.options)
    with jax.enable_x64(True):
        for attempt in range(ATTEMPTS):
            rng = _rng(template.id, seed, str(attempt))
            try:
                question = template.make(Draw(rng))
                return _item(template, question, seed, form, rank, rng)
            except RedrawError:
                continue
    raise TemplateError(
        f"template {template.id}: no sound numbers in {ATTEMPTS} draws (seed {seed!r}, key at rank {rank + 1})"
    )


def _rng(*parts: str) -> random.Random:
    return random.Random(hashlib.sha256("\x1f".join(parts).encode()).digest())


def _item(template: Template, question: Question, seed: str, form: str, rank: int, rng: random.Random) -> Item:
    stem = " ".join(question.stem.split()) if not question.code else question.stem.strip()
    identity = f"{template.id}-{digest(template.id, seed)}"
    item = functools.partial(
        Item,
        id=identity,
        topic=template.topic,
        level=template.level,
        difficulty=template.difficulty,
        explanation=_MINUS_ZERO.sub(r"\1", question.explanation.strip()),
        group=template.id,
        origin="template",
        code=question.code,
    )
    if isinstance(question.key, str) and form == NUMERIC and question.code:
        _check_texts(template, question)
        forms = dict.fromkeys(
            [question.key, question.key.replace(", ", ",")]
        )  # what Python prints, and the same typed closely
        return item(kind=CODE, stem=stem, accepted=tuple(forms))
    if isinstance(question.key, str):
        options = _texts(template, question, rank, rng)
        return item(kind=SINGLE, stem=stem, options=options)
    key = _agreed(template, question)
    if question.places:
        stem += f" Round to {_WORDS[question.places]}."
    wrong = _far_apart(key, question)
    if form == NUMERIC:
        slips = tuple(Slip(round(float(w.value), question.places), w.feedback) for w in wrong)
        value = round(key, question.places)
        return item(kind=NUMERIC, stem=stem, number=Number(value, tolerance(question), question.unit, slips))
    below = [w for w in wrong if float(w.value) < key]
    above = [w for w in wrong if float(w.value) > key]
    if len(below) < rank or len(above) < template.options - 1 - rank:
        raise RedrawError
    chosen = rng.sample(below, rank) + rng.sample(above, template.options - 1 - rank)
    rows = [(key, Option(shown(key, question), True))]
    rows += [(float(w.value), Option(shown(float(w.value), question), False, w.feedback)) for w in chosen]
    return item(kind=SINGLE, stem=stem, options=tuple(option for _, option in sorted(rows, key=lambda row: row[0])))


def _agreed(template: Template, question: Question) -> float:
    import jax

    if not isinstance(question.key, jax.Array) or isinstance(question.second, jax.Array | str):
        raise TemplateError(f"template {template.id}: the key comes from JAX (a jax.Array), the second way does not")
    key, second = float(question.key), float(question.second)
    if not math.isclose(key, second, rel_tol=AGREE, abs_tol=AGREE):
        raise TemplateError(f"template {template.id}: the two ways to the key disagree: {key!r} and {second!r}")
    if not question.places and abs(key - round(key)) > AGREE:
        raise TemplateError(f"template {template.id}: a key shown without decimals must be a whole number, not {key!r}")
    if is_ugly(key, question.places) or _on_the_edge(key, question.places):
        raise RedrawError
    return float(round(key)) if not question.places else key


def _far_apart(key: float, question: Question) -> list[Wrong]:
    """Keep the wrong values that differ from the key and from each other by more than twice the tolerance."""
    kept: list[Wrong] = []
    shortest = 2 * tolerance(question) + 10.0**-question.places / 2
    for w in question.wrong:
        value = float(w.value)
        if is_ugly(value, question.places):
            continue
        if all(
            abs(round(value, question.places) - round(v, question.places)) > shortest
            for v in [key, *(float(k.value) for k in kept)]
        ):
            kept.append(w)
    return kept


def _texts(template: Template, question: Question, rank: int, rng: random.Random) -> tuple[Option, ...]:
    _check_texts(template, question)
    wrong = {str(w.value): w for w in question.wrong if w.value != question.key}
    if len(wrong) < template.options - 1:
        raise RedrawError
    sets = list(itertools.combinations(wrong.values(), template.options - 1))
    rng.shuffle(sets)
    # Mistakes change one part of the key, so the key tends to be the option that is most like all others.  Which option
    # that is, is drawn first: the key no more often than any other.
    conspicuous = rng.randrange(template.options) == 0
    chosen = next((s for s in sets[:40] if _is_centre(question.key, s) == conspicuous), sets[0])
    options = [Option(str(w.value), False, w.feedback) for w in chosen]
    return (*options[:rank], Option(str(question.key), True), *options[rank:])


def _check_texts(template: Template, question: Question) -> None:
    if question.key != question.second:
        raise TemplateError(f"template {template.id}: the two ways disagree: {question.key!r} and {question.second!r}")


def _is_centre(key: object, wrong: Sequence[Wrong]) -> bool:
    """Whether no wrong option has more in common with the others than the key has."""
    bags = [frozenset(re.findall(r"\d+(?:\.\d+)?|\w+", text)) for text in (str(key), *(str(w.value) for w in wrong))]
    shares = [sum(len(a & b) / len(a | b) for b in bags if b is not a and a | b) for a in bags]
    return shares[0] >= max(shares)


def tolerance(question: Question) -> float:
    """Return the accepted distance from the key: 0 for whole numbers, else one unit in the last decimal shown."""
    return 10.0**-question.places if question.places else 0.0


def shown(value: float, question: Question) -> str:
    """Write a number with the decimals and the unit of the question."""
    text = f"{value:.{question.places}f}"
    text = text.lstrip("-") if float(text) == 0 else text
    return f"{text} {question.unit}".strip()


def is_ugly(value: float, places: int) -> bool:
    """Whether a number is unfit for an exam: not finite, at least ``TOO_BIG``, or rounded to fewer than two digits."""
    if not math.isfinite(value) or abs(value) >= TOO_BIG:
        return True
    exact = abs(value - round(value, places)) <= 1e-9 * max(1.0, abs(value))
    return not exact and (not places or abs(value) < 10 * 10.0**-places)


def _on_the_edge(value: float, places: int) -> bool:
    """Whether rounding could go either way: the digits after the last place are 5000…"""
    scaled = abs(value) * 10.0**places
    return abs(scaled - math.floor(scaled) - 0.5) < 1e-4
