"""What the bank's commands share: finding a bank, reading it with its review decisions, showing an item."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.panel import Panel
from rich.text import Text

from autograder.cli.common import UsageError, out
from autograder.report import visible
from question_bank.analysis.feedback import Measured
from question_bank.item import Item
from question_bank.lint import Finding
from question_bank.practice import BANK
from question_bank.review import apply_decisions, read_decisions
from question_bank.stats import quality
from question_bank.store import HEADER, ITEMS, OWN, read_bank, read_taught

HERE = Path("bank")

Bank = Annotated[
    Path | None, typer.Option("--bank", "-b", help="Folder of the bank; default: bank/ here, else the course's own.")
]


def chosen_bank(bank: Path | None) -> Path:
    """The bank that is meant."""
    if bank is not None:
        return bank
    return HERE if (HERE / ITEMS).is_dir() or (HERE / OWN).is_dir() else BANK


def load_items(folder: Path) -> list[Item]:
    """The items of a bank with people's decisions applied."""
    return apply_decisions(read_bank(folder), read_decisions(folder))[0]


def read_header(folder: Path) -> Mapping[str, int]:
    """Topic → number of facts that the documents of the bank state on it."""
    path = folder / HEADER
    return read_taught(path) if path.exists() else {}


def find_item(items: Sequence[Item], name: str, also: Iterable[str] = ()) -> Item:
    """The item of this id, or the only one whose id begins so."""
    exact = [item for item in items if item.id == name]
    found = exact or [item for item in items if item.id.startswith(name)]
    if len(found) == 1:
        return found[0]
    near = [item.id for item in found] or [t for t in also if t.startswith(name[:4])]
    near = near or [item.id for item in items if name.split("-")[0] in item.id]
    more = f": {', '.join(near[:8])}{' …' if len(near) > 8 else ''}" if near else ""
    raise UsageError(f"{len(found) or 'no'} items begin with {name!r}{more}")


def show_item(
    item: Item, findings: Sequence[Finding] = (), *, key: bool = True, measured: Measured | None = None
) -> None:
    """Print an item the way a reviewer wants to see it; nothing in it is taken for markup."""
    text = item_text(item, findings, key=key, measured=measured)
    out.print(Panel(text, title=visible(item.id), title_align="left", border_style="dim"))


def item_text(
    item: Item, findings: Sequence[Finding] = (), *, key: bool = True, measured: Measured | None = None
) -> Text:
    text = Text()
    text.append(f"{item.kind} · {visible(item.topic)} · {item.level} · difficulty {item.difficulty:.2f}", "dim")
    if measured is not None:
        rough = quality(measured.n)
        text.append(
            f", measured {measured.difficulty:.2f} ({measured.n} answers{': ' + rough if rough else ''})", "cyan"
        )
    text.append(" · ", "dim")
    text.append(f"{item.state}\n\n", {"approved": "green", "retired": "red"}.get(item.state, "yellow"))
    text.append(visible(item.stem, lines=True) + "\n", "bold")
    if item.code:
        text.append("\n" + visible(item.code, lines=True) + "\n", "cyan")
    for letter, option in zip("ABCDEFGHIJ", item.options, strict=False):
        right = option.correct and key
        text.append(f"\n {'✓' if right else ' '} {letter}  {visible(option.text)}", "green" if right else "")
        if option.feedback and key:
            text.append(f"\n       {visible(option.feedback)}", "dim italic")
    if item.number and key:
        unit = f" {item.number.unit}" if item.number.unit else ""
        text.append(f"\n ✓ {item.number.value:g}{unit} (± {item.number.reach:g})", "green")
    if key:
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
