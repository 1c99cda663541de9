"""`autograder bank stats`: count items by topic, and compare estimated difficulties with measured ones."""

from __future__ import annotations

from typing import Annotated

import typer

from autograder.cli.bank.common import Bank, chosen_bank, facts_by_topic, load_items
from autograder.cli.common import make_table, out, plain, print_json
from autograder.cli.options import Json
from question_bank.analysis import read_statistics
from question_bank.analysis.limits import FEWEST, ROUGH, ROUGHLY, TOO_FEW
from question_bank.item import KINDS, LEVELS
from question_bank.stats import Measurements, Stats, compare_difficulty, measure
from question_bank.store import plain as as_plain
from question_bank.templates import load_templates

_FURTHEST = 10  # estimates that are listed
_REMARKS = {"": "", ROUGHLY: f"rough (below {ROUGH})", TOO_FEW: f"too few (below {FEWEST}): the estimate is used"}


def stats(
    bank: Bank = None,
    kinds: Annotated[bool, typer.Option("--kinds", help="Count by kind instead of by level.")] = False,
    json: Json = False,
) -> None:
    """Count items by topic and level (or kind), and list the topics without items.

    After exams (autograder exam analyse --bank), compare the estimated difficulties with the measured ones.

    Example: autograder bank stats
    """
    folder = chosen_bank(bank)
    items, templates = load_items(folder), load_templates()
    counted = measure(items, facts_by_topic(folder), [template.topic for template in templates])
    statistics = read_statistics(folder)
    estimates = {template.id: template.difficulty for template in templates}
    measured = compare_difficulty(items, estimates, statistics)
    if json:
        print_json({**as_plain(counted), **({"measured": as_plain(measured)} if statistics else {})})  # type: ignore[dict-item]
        return
    _print_topics(counted, kinds)
    if statistics:
        _print_measured(measured)


def _print_topics(counted: Stats, kinds: bool) -> None:
    counts = (f">{column}" for column in ("facts", "items", *(KINDS if kinds else LEVELS), "templates"))
    table = make_table("topic", *counts)
    for row in counted.rows:
        numbers = (row.facts, row.items, *(row.kinds if kinds else row.levels), row.templates)
        table.add_row(plain(row.topic), *(str(n) if n else "·" for n in numbers))
    out.print(table)
    states = ", ".join(f"{n} {state}" for state, n in sorted(counted.states.items()))
    out.print(f"{sum(row.items for row in counted.rows)} items ({states or 'none'})", highlight=False)
    if counted.taught:
        share = (counted.covered + counted.drawn) / counted.taught
        out.print(
            f"{counted.covered + counted.drawn} of {counted.taught} topics in the documents are covered ({share:.0%}), "
            f"{counted.drawn} of them by templates only",
            highlight=False,
            soft_wrap=True,
        )
    if counted.missing:
        out.print(f"topics without items: {plain(', '.join(counted.missing))}", highlight=False, soft_wrap=True)


def _print_measured(measured: Measurements) -> None:
    """Print how many items are measured, how far the estimates are off, and the estimates that are furthest off."""
    out.print()
    lines = [
        f"measured in exams: {_count(measured.items, 'item')} and {_count(measured.templates, 'template')}, "
        f"in {_count(measured.exams, 'exam')}, with {_count(measured.answers, 'answer')}"
    ]
    if measured.gone:
        lines.append(f"  measured too, but retired or no longer in the bank: {len(measured.gone)}")
    if measured.mean is None or measured.bias is None or measured.largest is None:
        lines.append(f"  nothing has {FEWEST} answers yet: too few to say how good the estimates are")
    else:
        whole = f"{abs(measured.bias):.2f} {'harder' if measured.bias > 0 else 'easier'} than estimated"
        whole = whole if abs(measured.bias) >= 0.005 else "neither harder nor easier than estimated"
        lines += [
            f"  estimate and measurement differ by {measured.mean:.2f} on average, by {measured.largest:.2f} at most "
            f"({measured.counted} with {FEWEST} answers or more)",
            f"  on the whole they were {whole}",
        ]
    for line in lines:
        out.print(line, highlight=False, soft_wrap=True)
    if not measured.compared:
        return
    table = make_table("furthest off", ">estimated", ">measured", ">off", ">answers", "")
    table.columns[0].overflow = "fold"
    for item in measured.compared[:_FURTHEST]:
        style = "dim" if item.quality == TOO_FEW else ""
        numbers = (f"{item.estimated:.2f}", f"{item.measured:.2f}", f"{item.off:+.2f}".replace("-", "−"), str(item.n))
        table.add_row(plain(item.id), *numbers, _REMARKS[item.quality], style=style)
    out.print(table)
    if len(measured.compared) > _FURTHEST:
        out.print(f"  … and {len(measured.compared) - _FURTHEST} more: --json lists all", highlight=False)


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
