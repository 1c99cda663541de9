"""Shared by the bank's commands: find a bank, read it with its review decisions, show an item."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.text import Text

from autograder.cli.common import UsageError, out
from autograder.report import visible
from question_bank import Item
from question_bank.analysis import Measured
from question_bank.analysis.limits import quality
from question_bank.lint import Finding, explain
from question_bank.practice import BANK
from question_bank.review import apply_decisions, read_decisions
from question_bank.store import HEADER, ITEMS, OWN, read_bank, read_taught

HERE = Path("bank")

Bank = Annotated[
    Path | None, typer.Option("--bank", "-b", help="Folder of the bank; default: ./bank, else the course's own bank.")
]


def chosen_bank(bank: Path | None) -> Path:
    """Return the named bank, or ``bank/`` in the working folder, or the bank that ships with the course."""
    if bank is not None:
        return bank
    return HERE if (HERE / ITEMS).is_dir() or (HERE / OWN).is_dir() else BANK


def load_items(folder: Path) -> list[Item]:
    """Read the items of a bank and apply the reviewers' decisions.

    Raises:
      BankError: The folder holds no bank, or a file of it is wrong.
    """
    return apply_decisions(read_bank(folder), read_decisions(folder))[0]


def facts_by_topic(folder: Path) -> Mapping[str, int]:
    """Count the facts that the documents of the bank state, by topic; empty for a bank without a header."""
    path = folder / HEADER
    return read_taught(path) if path.exists() else {}


def find_item(items: Sequence[Item], name: str, also: Iterable[str] = ()) -> Item:
    """Find the item of this id, or the only item whose id begins with ``name``.

    Args:
      also: Further ids, of templates, to suggest when no item fits.

    Raises:
      UsageError: No item fits, or several do; the message suggests ids.
    """
    exact = [item for item in items if item.id == name]
    matches = exact or [item for item in items if item.id.startswith(name)]
    if len(matches) == 1:
        return matches[0]
    near = [item.id for item in matches] or [template for template in also if template.startswith(name[:4])]
    near = near or [item.id for item in items if name.split("-")[0] in item.id]
    similar = f"{', '.join(near[:8])}{' …' if len(near) > 8 else ''}"
    if matches:
        raise UsageError(f"{len(matches)} items begin with {name!r}: {similar}")
    raise UsageError(f"no items begin with {name!r}" + (f"; similar ids: {similar}" if near else ""))


def print_finding(console: Console, finding: Finding) -> None:
    """Print a lint finding with its message, advice and reason, each on a line of its own."""
    console.print(escape(visible(explain(finding), lines=True)), highlight=False, soft_wrap=True)


def show_item(item: Item, findings: Sequence[Finding] = (), *, measured: Measured | None = None) -> None:
    """Print an item as ``item_text`` shows it, in a frame that carries its id."""
    text = item_text(item, findings, measured=measured)
    out.print(Panel(text, title=visible(item.id), title_align="left", border_style="dim"))


def item_text(item: Item, findings: Sequence[Finding] = (), *, measured: Measured | None = None) -> Text:
    """Lay out an item for a reviewer; nothing in it is taken for markup.

    Args:
      findings: What the lint reports on it; printed below.
      measured: What exams measured of it, shown beside the estimated difficulty.
    """
    text = Text()
    text.append(f"{item.kind} · {visible(item.topic)} · {item.level} · difficulty {item.difficulty:.2f}", "dim")
    if measured is not None:
        reservation = quality(measured.n)
        basis = f"{measured.n} answers" + (f": {reservation}" if reservation else "")
        text.append(f", measured {measured.difficulty:.2f} ({basis})", "cyan")
    text.append(" · ", "dim")
    text.append(f"{item.state}\n\n", {"approved": "green", "retired": "red"}.get(item.state, "yellow"))
    text.append(visible(item.stem, lines=True) + "\n", "bold")
    if item.code:
        text.append("\n" + visible(item.code, lines=True) + "\n", "cyan")
    for letter, option in zip("ABCDEFGHIJ", item.options, strict=False):
        mark, style = ("✓", "green") if option.correct else (" ", "")
        text.append(f"\n {mark} {letter}  {visible(option.text)}", style)
        if option.feedback:
            text.append(f"\n       {visible(option.feedback)}", "dim italic")
    if item.number:
        unit = f" {item.number.unit}" if item.number.unit else ""
        text.append(f"\n ✓ {item.number.value:g}{unit} (± {item.number.reach:g})", "green")
    for form in item.accepted:
        text.append(f"\n ✓ {visible(form)}", "green")
    for number, forms in enumerate(item.gaps, 1):
        text.append(f"\n ✓ {{{number}}} {visible(' / '.join(forms))}", "green")
    for pair in item.pairs:
        text.append(f"\n   {visible(pair.left)}  →  {visible(pair.right)}", "green")
    for number, step in enumerate(item.steps, 1):
        text.append(f"\n   {number}. {visible(step)}", "green")
    text.append(f"\n\n{visible(item.explanation, lines=True)}", "italic")
    for source in item.sources:
        lines = str(source.first) if source.first == source.last else f"{source.first}–{source.last}"
        text.append(f"\n{visible(source.document)}:{lines}  “{visible(source.quote[:200])}”", "dim")
    for finding in findings:
        text.append(f"\n{finding.severity}: {visible(finding.message)} {visible(finding.advice)}", "yellow")
    return text
