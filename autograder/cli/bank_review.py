"""`autograder bank review`: look at items one after the other and decide with one key each."""

from __future__ import annotations

import getpass
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import click
import typer
from rich.console import Console

from autograder.cli.bank_common import Bank, chosen_bank, find_item, item_text
from autograder.cli.common import UsageError, out, plain
from question_bank import lint
from question_bank.analysis.feedback import Measured, read_statistics
from question_bank.item import APPROVED, DRAFT, RETIRED, STATES, Item
from question_bank.review import Decision, apply_decisions, decide, read_decisions, write_decisions
from question_bank.stats import measured_of
from question_bank.store import BankError, read_bank, read_items, write_items

KEYS = "[b]a[/]pprove  [b]r[/]etire  [b]d[/]raft  [b]e[/]dit  [b]n[/]ext  [b]p[/]revious  [b]u[/]ndo  [b]q[/]uit"
_NEXT, _BACK, _QUIT = (
    ("n", " ", "\r", "\n", "j", "\x1b[C", "\x1b[B"),
    ("p", "k", "\x1b[D", "\x1b[A"),
    ("q", "\x1b", "\x03", "\x04"),
)


@dataclass
class Desk:
    """The items under review, where the reviewer is, and what was decided; every decision is stored at once."""

    folder: Path
    built: dict[str, Item]
    decisions: dict[str, Decision]
    order: Sequence[str]
    by: str
    at: int = 0
    done: list[tuple[str, Decision | None]] = field(default_factory=list)
    message: str = ""
    measured: Mapping[str, Measured] = field(default_factory=dict)

    @property
    def item(self) -> Item:
        name = self.order[self.at]
        here = {name: self.decisions[name]} if name in self.decisions else {}
        return apply_decisions([self.built[name]], here)[0][0]

    def set(self, item: Item, state: str) -> None:
        built = self.built[item.id]
        self.done.append((item.id, self.decisions.get(item.id)))
        self.decisions[item.id] = decide(item, built, state, self.by)
        write_decisions(self.folder, self.decisions)

    def undo(self) -> None:
        if not self.done:
            self.message = "nothing to undo"
            return
        name, before = self.done.pop()
        if before is None:
            del self.decisions[name]
        else:
            self.decisions[name] = before
        write_decisions(self.folder, self.decisions)
        self.at = self.order.index(name)
        self.message = f"undone: {name}"

    def move(self, by: int) -> None:
        self.at = min(max(self.at + by, 0), len(self.order) - 1)


def review(
    bank: Bank = None,
    state: Annotated[str, typer.Option("--state", help="Which items: draft, approved, retired or all.")] = DRAFT,
    topic: Annotated[str, typer.Option("--topic", help="Only topics that hold these words.")] = "",
    kind: Annotated[str, typer.Option("--kind", help="Only items of this kind.")] = "",
    approve: Annotated[list[str] | None, typer.Option("--approve", help="Approve this item, without a screen.")] = None,
    retire: Annotated[list[str] | None, typer.Option("--retire", help="Retire this item, without a screen.")] = None,
    by: Annotated[str, typer.Option("--by", help="Who decides; default: your user name.")] = "",
) -> None:
    """Approve, edit and retire items with one key each; decisions survive rebuilds.

    Example: autograder bank review --topic lstm
    """
    if state not in (*STATES, "all"):
        raise UsageError(f"--state: expected one of {', '.join(STATES)}, all; not {state!r}")
    folder = chosen_bank(bank)
    built = {item.id: item for item in read_bank(folder)}
    decisions = read_decisions(folder)
    now = apply_decisions(built.values(), decisions)[0]
    wanted = [
        item.id
        for item in now
        if state in (item.state, "all") and topic.casefold() in item.topic.casefold() and kind in ("", item.kind)
    ]
    desk = Desk(folder, built, decisions, wanted, by or getpass.getuser(), measured=read_statistics(folder))
    if approve or retire:
        for names, to in ((approve, APPROVED), (retire, RETIRED)):
            for name in names or ():
                item = find_item(now, name)
                desk.set(item, to)
                out.print(f"{plain(item.id)}: {to}", highlight=False)
        return
    if not wanted:
        out.print("no such items to review", highlight=False)
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("review needs a terminal; in scripts use --approve ID and --retire ID")
    run(desk, out, click.getchar, edit_text)
    counts = [f"{sum(d.state == s for d in desk.decisions.values())} {s}" for s in STATES]
    out.print(f"{len(desk.done)} decisions; in all {', '.join(counts)}", highlight=False)


def run(desk: Desk, console: Console, read_key: Callable[[], str], edit: Callable[[str], str | None]) -> None:
    """The loop of the screen: show, read a key, act; ends with q or after the last item."""
    while True:
        item = desk.item
        console.clear()
        console.print(f"[dim]{desk.at + 1} of {len(desk.order)} · {plain(item.id)}[/]", highlight=False)
        shown = item_text(item, lint.lint_item(item), measured=measured_of(item, desk.measured))
        console.print(shown, highlight=False)
        console.print(f"\n{KEYS}", highlight=False)
        if desk.message:
            console.print(f"[yellow]{plain(desk.message)}[/]", highlight=False, soft_wrap=True)
        desk.message = ""
        try:
            key = read_key()
        except (KeyboardInterrupt, EOFError):
            return
        if key in _QUIT:
            return
        decided = {"a": APPROVED, "r": RETIRED, "d": DRAFT}.get(key)
        if decided:
            desk.set(item, decided)
            if desk.at == len(desk.order) - 1:
                return
            desk.move(1)
        elif key == "e":
            _edit(desk, item, edit)
        elif key == "u":
            desk.undo()
        elif key in _NEXT or key in _BACK:
            desk.move(1 if key in _NEXT else -1)
        else:
            desk.message = f"{key!r} is no key here"


def _edit(desk: Desk, item: Item, edit: Callable[[str], str | None]) -> None:
    """Let the reviewer change the item's own text; what does not fit is said, and nothing is lost."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "item.yaml"
        write_items(path, [item])
        before = path.read_text("utf-8")
        text = before
        for _ in range(5):
            changed = edit(text)
            if changed is None or changed.strip() == before.strip():
                desk.message = "not changed"
                return
            path.write_text(changed, "utf-8")
            try:
                found = read_items(path)
            except BankError as error:
                text = "".join(f"# {line}\n" for line in str(error).splitlines()) + changed
                continue
            if len(found) == 1 and found[0].id == item.id:
                desk.set(replace(found[0], state=item.state), DRAFT)
                desk.message = "edited: look at it again, then approve it"
                return
            text = f"# expected this one item, id {item.id}; its id stays\n{changed}"
        desk.message = "not changed: it did not become a sound item"


def edit_text(text: str) -> str | None:
    return click.edit(text, extension=".yaml")
