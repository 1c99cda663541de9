"""`autograder bank review`: show items one after the other; one key decides on each."""

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

from autograder.cli.bank.common import Bank, chosen_bank, find_item, item_text
from autograder.cli.common import UsageError, out, plain
from question_bank import Item, lint
from question_bank.analysis import Measured, read_statistics
from question_bank.item import APPROVED, DRAFT, RETIRED, STATES
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
class ReviewSession:
    """The state of a review; every decision is written to the bank at once.

    Attributes:
      folder: The bank.
      built: Item id → the item as the build made it.
      decisions: Item id → decision, as stored.
      order: Ids of the items under review.
      by: Who decides.
      at: Index in ``order`` of the item on the screen.
      done: What this session decided, for undo: item id and the decision before (None: there was none).
      message: Shown once, below the keys.
      measured: Item id → what exams measured.
    """

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
        """The item on the screen, with its decision applied."""
        name = self.order[self.at]
        here = {name: self.decisions[name]} if name in self.decisions else {}
        return apply_decisions([self.built[name]], here)[0][0]

    def set(self, item: Item, state: str) -> None:
        """Decide on ``item``, perhaps edited, and store the decision."""
        built = self.built[item.id]
        self.done.append((item.id, self.decisions.get(item.id)))
        self.decisions[item.id] = decide(item, built, state, self.by)
        write_decisions(self.folder, self.decisions)

    def undo(self) -> None:
        """Take the last decision of this session back and return to its item."""
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
        """Go ``by`` items forward (or back), at most to either end."""
        self.at = min(max(self.at + by, 0), len(self.order) - 1)


def review(
    bank: Bank = None,
    state: Annotated[str, typer.Option("--state", help="Which items: draft, approved, retired or all.")] = DRAFT,
    topic: Annotated[str, typer.Option("--topic", help="Only topics whose name contains this text.")] = "",
    kind: Annotated[str, typer.Option("--kind", help="Only items of this kind.")] = "",
    approve: Annotated[list[str] | None, typer.Option("--approve", help="Approve this item unseen.")] = None,
    retire: Annotated[list[str] | None, typer.Option("--retire", help="Retire this item unseen.")] = None,
    by: Annotated[str, typer.Option("--by", help="Who decides; default: your user name.")] = "",
) -> None:
    """Approve, edit or retire items with one key each; decisions survive rebuilds.

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
    session = ReviewSession(folder, built, decisions, wanted, by or getpass.getuser(), measured=read_statistics(folder))
    if approve or retire:
        for names, to in ((approve, APPROVED), (retire, RETIRED)):
            for name in names or ():
                item = find_item(now, name)
                session.set(item, to)
                out.print(f"{plain(item.id)}: {to}", highlight=False)
        return
    if not wanted:
        out.print("no items to review: no item has this state, topic and kind", highlight=False)
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("review needs a terminal; in scripts use --approve ID and --retire ID")
    run(session, out, click.getchar, edit_text)
    counts = [f"{sum(d.state == s for d in session.decisions.values())} {s}" for s in STATES]
    out.print(f"{len(session.done)} decisions; in all {', '.join(counts)}", highlight=False)


def run(
    session: ReviewSession, console: Console, read_key: Callable[[], str], edit: Callable[[str], str | None]
) -> None:
    """Show an item, read a key, act on it; repeat until q or a decision on the last item.

    Args:
      read_key: Waits for a key and returns it.
      edit: Lets the reviewer edit a text; None when nothing was changed.
    """
    while True:
        item = session.item
        console.clear()
        console.print(f"[dim]{session.at + 1} of {len(session.order)} · {plain(item.id)}[/]", highlight=False)
        shown = item_text(item, lint.lint_item(item), measured=measured_of(item, session.measured))
        console.print(shown, highlight=False)
        console.print(f"\n{KEYS}", highlight=False)
        if session.message:
            console.print(f"[yellow]{plain(session.message)}[/]", highlight=False, soft_wrap=True)
        session.message = ""
        try:
            key = read_key()
        except (KeyboardInterrupt, EOFError):
            return
        if key in _QUIT:
            return
        decided = {"a": APPROVED, "r": RETIRED, "d": DRAFT}.get(key)
        if decided:
            session.set(item, decided)
            if session.at == len(session.order) - 1:
                return
            session.move(1)
        elif key == "e":
            _edit(session, item, edit)
        elif key == "u":
            session.undo()
        elif key in _NEXT or key in _BACK:
            session.move(1 if key in _NEXT else -1)
        else:
            session.message = f"{key!r} does nothing here; use one of the keys above"


def _edit(session: ReviewSession, item: Item, edit: Callable[[str], str | None]) -> None:
    """Let the reviewer edit the item as YAML; problems are written above the text, which is opened again."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "item.yaml"
        write_items(path, [item])
        before = path.read_text("utf-8")
        text = before
        for _ in range(5):
            changed = edit(text)
            if changed is None or changed.strip() == before.strip():
                session.message = "not changed"
                return
            path.write_text(changed, "utf-8")
            try:
                edited = read_items(path)
            except BankError as error:
                text = "".join(f"# {line}\n" for line in str(error).splitlines()) + changed
                continue
            if len(edited) == 1 and edited[0].id == item.id:
                session.set(replace(edited[0], state=item.state), DRAFT)
                session.message = "edited: look at it again, then approve it"
                return
            text = f"# expected exactly one item, with the id {item.id}; an edit cannot change the id\n{changed}"
        session.message = "not changed: the edited text is no valid item"


def edit_text(text: str) -> str | None:
    """Open ``text`` in the user's editor; None when it was closed without saving."""
    return click.edit(text, extension=".yaml")
