"""The audit of a template: draw many items and check each by what is printed on it.

The audit trusts nothing that the engine decided: it reads the options' numbers back from their text and compares the key
with the second way; over the whole run, the key must have every rank equally often.
"""

from __future__ import annotations

import itertools
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from question_bank.item import NUMERIC, SINGLE, Item, problems
from question_bank.marking import mark
from question_bank.templates import engine
from question_bank.templates.engine import Draw, Question, RedrawError, Template, TemplateError

UNLIKELY = 1e-4  # a rank as uneven as this by chance alone: one run in ten thousand
EXPECTED = 200  # questions that name a mistake before it must have been offered once
REPORT_EVERY = 100

_UGLY = re.compile(r"\bnan\b|\binf\b|\d[eE][+-]?\d|\d\.\d{7,}|(?<![\d.\w])[-−]0(?:\.0+)?(?![\d.])")
_PLURAL = re.compile(
    r"(?<![\d.,·=+−×/-])(?<![·=+−×/-] )"
    r"\b1 (?:row|column|pixel|token|layer|head|block|epoch|image|example|neuron)s\b"
)


@dataclass(frozen=True)
class Audit:
    """The result of auditing one template.

    Attributes:
      template: Its id.
      draws: Number of seeds, each drawn in both forms.
      stems: Number of different questions among them, the code included.
      seconds: Duration of the audit, in seconds.
      findings: One line for each kind of fault, with its count and the first seed; empty for a sound template.
    """

    template: str
    draws: int
    stems: int
    seconds: float
    findings: tuple[str, ...]


def audit_template(template: Template, count: int, progress: Callable[[int], None] | None = None) -> Audit:
    """Draw ``count`` items of a template in both forms and check each of them.

    Args:
      count: Number of seeds.
      progress: Called after every ``REPORT_EVERY`` seeds with the number of seeds done.
    """
    started = time.perf_counter()
    faults: dict[str, list[str]] = {}
    stems: set[str] = set()
    ranks: Counter[int] = Counter()
    named: Counter[str] = Counter()
    offered: Counter[str] = Counter()
    for i in range(count):
        seed = f"audit-{i}"
        try:
            single, numeric = engine.draw(template, seed), engine.draw(template, seed, NUMERIC)
            question, typed = _question(template, seed, single), _question(template, seed, numeric)
        except TemplateError as error:
            faults.setdefault(f"no item: {error}", []).append(seed)
            continue
        stems.add(single.stem + single.code)
        ranks[next((n for n, o in enumerate(single.options) if o.correct), -1)] += 1
        named.update({w.name for w in question.wrong})
        offered.update(_mistakes(single, question))
        for fault in {*choice_faults(single, question, template.options), *number_faults(numeric, typed)}:
            faults.setdefault(fault, []).append(seed)
        if progress is not None and (i + 1) % REPORT_EVERY == 0:
            progress(i + 1)
    lines = [f"{fault} ({len(seeds)}×, first with seed {seeds[0]})" for fault, seeds in faults.items()]
    lines += rank_faults([ranks[n] for n in range(template.options)])
    lines += [f"mistake {n!r} is never offered" for n in named if named[n] >= EXPECTED and not offered[n]]
    return Audit(template.id, count, len(stems), time.perf_counter() - started, tuple(lines))


def choice_faults(item: Item, question: Question, options: int) -> Iterator[str]:
    """Check a single choice item that was made from ``question``; yield its faults."""
    yield from _common_faults(item, question)
    if item.kind != SINGLE or len(item.options) != options:
        yield f"expected a single choice of {options} options"
    if len(item.keys) != 1:
        yield "expected exactly one key"
        return
    if len(_mistakes(item, question)) != len(item.options) - 1:
        yield "an option is no named mistake of the question, or has another one's feedback"
    if isinstance(question.key, str):
        if item.keys[0] != question.second:
            yield "the key is not what the second way gives"
        return
    numbers = [read(option.text, question) for option in item.options]
    if None in numbers:
        yield "an option is not printed as a plain number with the right decimals and unit"
        return
    values = [n for n in numbers if n is not None]
    reach = _tolerance(question)
    if any(abs(a - b) <= 2 * reach for a, b in itertools.combinations(values, 2)):
        yield "two options lie within twice the tolerance"
    if values != sorted(values):
        yield "the options are not in order"
    if not _same(values[[o.correct for o in item.options].index(True)], question.second, question.places):
        yield "the key is not what the second way gives"


def number_faults(item: Item, question: Question) -> Iterator[str]:
    """Check the numeric form of an item; yield its faults."""
    if isinstance(question.key, str):
        return
    yield from _common_faults(item, question)
    number = item.number
    if item.kind != NUMERIC or number is None:
        yield "expected a numeric item"
        return
    reach = _tolerance(question)
    value = Decimal(repr(number.value))
    if not _same(value, question.second, question.places) or Decimal(repr(number.tolerance)) != reach:
        yield "the number or its tolerance is not what the second way gives"
    if mark(item, f"{value:f}") != 1 or any(mark(item, f"{Decimal(repr(s.value)):f}") for s in number.slips):
        yield "the number is marked wrong, or a mistake is marked right"
    if any(abs(Decimal(repr(s.value)) - value) <= 2 * reach for s in number.slips):
        yield "a mistake lies within twice the tolerance of the number"


def rank_faults(seen: list[int]) -> list[str]:
    """Test whether the key has some ranks more often than chance allows (Pearson's chi-square test).

    Args:
      seen: For each rank, how often the key had it.

    References:
      Pearson, "On the criterion that a given system of deviations …", Philosophical Magazine 50, 1900.
    """
    expected = sum(seen) / len(seen)
    if expected < 5:  # too few for the test
        return []
    distance = sum((n - expected) ** 2 / expected for n in seen)
    from jax.scipy.stats import chi2

    chance = float(chi2.sf(distance, len(seen) - 1))
    return [f"the key's ranks are uneven: {seen} (p = {chance:.1g})"] if chance < UNLIKELY else []


def read(text: str, question: Question) -> Decimal | None:
    """Read the number of an option; ``None`` when it is not printed with the right decimals and unit."""
    plain = text.removesuffix(f" {question.unit}") if question.unit else text
    digits = rf"-?(?:0|[1-9]\d*)\.\d{{{question.places}}}" if question.places else r"-?(?:0|[1-9]\d*)"
    plural = question.unit.endswith("s") and plain == "1"
    return Decimal(plain) if re.fullmatch(digits, plain) and not _UGLY.search(text) and not plural else None


def _common_faults(item: Item, question: Question) -> Iterator[str]:
    yield from map(str, problems(item))
    written = [item.stem, item.explanation, *(o.feedback for o in item.options)]
    if any(_UGLY.search(text) or _PLURAL.search(text) for text in written):
        yield "stem, explanation or feedback holds an ugly number or a wrong plural"
    if any("  " in text or not text.strip() for text in written[:2] + [w.feedback for w in question.wrong]):
        yield "stem, explanation or feedback is empty or holds two spaces in a row"
    if ("decimal place" in item.stem) != bool(question.places):
        yield "the stem must say how to round exactly when there are decimals"


def _question(template: Template, seed: str, item: Item) -> Question:
    """Make the question of ``item`` once more from the same draws.

    Raises:
      TemplateError: No draw leads to the item's stem.
    """
    import jax

    with jax.enable_x64(True):
        for attempt in range(engine.ATTEMPTS):
            try:
                question = template.make(Draw(engine._rng(template.id, seed, str(attempt))))
            except RedrawError:
                continue
            if item.code == question.code and item.stem.startswith(" ".join(question.stem.split())):
                return question
    raise TemplateError("drawn again, the numbers make another question")


def _mistakes(item: Item, question: Question) -> set[str]:
    """The names of the mistakes that the wrong options show."""
    names = set()
    for option in [o for o in item.options if not o.correct]:
        number = None if isinstance(question.key, str) else read(option.text, question)
        for w in question.wrong:
            same = w.value == option.text if number is None else _same(number, w.value, question.places)
            if same and w.feedback == option.feedback:
                names.add(w.name)
                break
    return names


def _same(value: Decimal, other: float | str, places: int) -> bool:
    """Whether ``other``, a raw number, is what ``value`` shows rounded."""
    try:
        return abs(value - Decimal(str(float(other)))) <= Decimal(10) ** -places / 2 * (
            1 if places else Decimal("1e-5")
        )
    except (ValueError, ArithmeticError):
        return False


def _tolerance(question: Question) -> Decimal:
    return Decimal(10) ** -question.places if question.places else Decimal(0)
