"""`autograder bank stats`: what a bank holds, and how its estimates of difficulty compare with exams."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from autograder.cli.bank_common import Bank, chosen_bank, load_items, read_header
from autograder.cli.common import Json, out, plain, print_json
from question_bank.analysis.feedback import read_statistics
from question_bank.analysis.limits import FEWEST, ROUGH
from question_bank.item import KINDS, LEVELS
from question_bank.stats import ROUGHLY, TOO_FEW, Measurements, Stats, compare_difficulty, measure
from question_bank.store import plain as as_plain
from question_bank.template import load_templates

_FURTHEST = 10  # estimates that are listed
_REMARKS = {"": "", ROUGHLY: f"rough (below {ROUGH})", TOO_FEW: f"too few (below {FEWEST}): the estimate is used"}


def stats(
    bank: Bank = None,
    kinds: Annotated[bool, typer.Option("--kinds", help="Count by kind instead of by level.")] = False,
    json: Json = False,
) -> None:
    """Count items by topic and level (or kind), name the topics that have none, and say how good the estimates are.

    After exams (autograder exam analyse --bank), the estimated difficulties stand beside the measured ones.

    Example: autograder bank stats
    """
    folder = chosen_bank(bank)
    items, templates = load_items(folder), load_templates()
    found = measure(items, read_header(folder), [one.topic for one in templates])
    statistics = read_statistics(folder)
    measured = compare_difficulty(items, {one.id: one.difficulty for one in templates}, statistics)
    if json:
        print_json({**as_plain(found), **({"measured": as_plain(measured)} if statistics else {})})  # type: ignore[dict-item]
        return
    _show_topics(found, kinds)
    if statistics:
        _show_measured(measured)


def _show_topics(found: Stats, kinds: bool) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("topic")
    for column in ("facts", "items", *(KINDS if kinds else LEVELS), "templates"):
        table.add_column(column, justify="right")
    for row in found.rows:
        numbers = (row.facts, row.items, *(row.kinds if kinds else row.levels), row.templates)
        table.add_row(plain(row.topic), *(str(n) if n else "·" for n in numbers))
    out.print(table)
    states = ", ".join(f"{n} {state}" for state, n in sorted(found.states.items()))
    out.print(f"{sum(row.items for row in found.rows)} items ({states or 'none'})", highlight=False)
    if found.taught:
        share = (found.covered + found.drawn) / found.taught
        out.print(
            f"{found.covered + found.drawn} of {found.taught} topics that the documents teach are covered "
            f"({share:.0%}), "
            f"{found.drawn} of them by templates only",
            highlight=False,
            soft_wrap=True,
        )
    if found.missing:
        out.print(f"no item yet: {plain(', '.join(found.missing))}", highlight=False, soft_wrap=True)


def _show_measured(found: Measurements) -> None:
    """How many are measured, how far the estimates are off, and where most."""
    out.print()
    lines = [
        f"measured in exams: {_count(found.items, 'item')} and {_count(found.templates, 'template')}, "
        f"in {_count(found.exams, 'exam')}, with {_count(found.answers, 'answer')}"
    ]
    if found.gone:
        lines.append(f"  measured too, but retired or no longer in the bank: {len(found.gone)}")
    if found.mean is None or found.bias is None or found.largest is None:
        lines.append(f"  nothing has {FEWEST} answers yet: too few to say how good the estimates are")
    else:
        whole = f"{abs(found.bias):.2f} {'harder' if found.bias > 0 else 'easier'} than estimated"
        whole = whole if abs(found.bias) >= 0.005 else "neither harder nor easier than estimated"
        lines += [
            f"  estimate and measurement differ by {found.mean:.2f} on average, by {found.largest:.2f} at most "
            f"({found.counted} with {FEWEST} answers or more)",
            f"  on the whole they were {whole}",
        ]
    for line in lines:
        out.print(line, highlight=False, soft_wrap=True)
    if not found.compared:
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("furthest off", overflow="fold")
    for column in ("estimated", "measured", "off", "answers"):
        table.add_column(column, justify="right")
    table.add_column("")
    for one in found.compared[:_FURTHEST]:
        style = "dim" if one.quality == TOO_FEW else ""
        numbers = (f"{one.estimated:.2f}", f"{one.measured:.2f}", f"{one.off:+.2f}".replace("-", "−"), str(one.n))
        table.add_row(plain(one.id), *numbers, _REMARKS[one.quality], style=style)
    out.print(table)
    if len(found.compared) > _FURTHEST:
        out.print(f"  … and {len(found.compared) - _FURTHEST} more: --json lists all", highlight=False)


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
