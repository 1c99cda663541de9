"""The command gradebook: marks, and the list of marks that changed."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from autograder.assignment.load import AssignmentError, find_root, load
from autograder.cli.common import NOT_ALL_JUDGED, OK, UsageError, err, make_table, out, plain
from autograder.cli.ledger import Db, RosterFile, open_ledger
from autograder.cli.ledger import PolicyFile as PolicyFile
from autograder.cli.ledger import find_policy as find_policy
from autograder.cli.options import Verbose
from autograder.gradebook.policy import read_policy
from autograder.gradebook.records import DEFAULT, short
from autograder.gradebook.roster import read_roster
from autograder.report import visible

if TYPE_CHECKING:
    from autograder.gradebook.marks import Gradebook, Move

FORMATS = ("table", "csv", "canvas", "moodle", "json")


def gradebook(
    db: Db = DEFAULT,
    policy: PolicyFile = None,
    roster: RosterFile = None,
    form: Annotated[str, typer.Option("--format", "-f", help=f"One of {', '.join(FORMATS)}.")] = "table",
    file: Annotated[Path | None, typer.Option("--out", "-o", help="File to write; default: print.")] = None,
    update: Annotated[
        Path | None, typer.Option("--update", help="With --format canvas: a Canvas gradebook export to update.")
    ] = None,
    before: Annotated[
        Path | None, typer.Option("--before", help="Compare with this policy: list the marks that differ, and why.")
    ] = None,
    verbose: Verbose = False,
) -> None:
    """Compute marks from the ledger with the policy; show them, or write them for another program.

    Example: autograder gradebook --db sqlite:///course.db --policy course.toml --format canvas -o canvas.csv
    """
    from autograder.gradebook.marks import make_marks, who_moved

    if form not in FORMATS:
        raise UsageError(f"unknown format {form!r}: expected one of {', '.join(FORMATS)}")
    if update and form != "canvas":
        raise UsageError("--update updates a Canvas gradebook export: add --format canvas")
    known, rules = read_roster(roster) if roster else None, find_policy(policy)
    with open_ledger(db) as ledger:
        held = ledger.book()
    now = datetime.datetime.now(datetime.UTC)
    book = make_marks(held, rules, known, now)
    if before:
        moves = who_moved(make_marks(held, read_policy(before), known, now), book)
        show_moves(moves, form, file)
        return
    if form == "table" and file is None:
        _show(book, verbose)
    else:
        text, remarks = _written(book, form, update)
        _put(text, file)
        for remark in remarks:
            err.print(plain(remark), highlight=False, soft_wrap=True)
    for remark in book.remarks:
        err.print(plain(remark), highlight=False, soft_wrap=True)
    raise typer.Exit(NOT_ALL_JUDGED if any(m.open for r in book.rows for m in r.marks.values()) else OK)


def rescore_ledger(db: str, policy: Path | None, roster: Path | None, root: Path | None, json: bool) -> None:
    """Apply changed rubrics to all evidence in the ledger; list the marks that changed, by how much and why."""
    from autograder.gradebook.marks import make_marks, who_moved
    from autograder.gradebook.rescore import rescore

    known, rules, course = read_roster(roster) if roster else None, find_policy(policy), root or find_root()
    now = datetime.datetime.now(datetime.UTC)
    with open_ledger(db) as ledger:
        held = ledger.book()
        changed = rescore(ledger, lambda slug: load(slug, course))
        after = ledger.book()
    because: dict[tuple[str, str], str] = {}
    for c in changed:
        said = f"attempt {c.attempt}: " + (", ".join(c.checks) or f"now out of {c.after.possible:g}")
        because[c.student, c.assignment] = "; ".join(filter(None, (because.get((c.student, c.assignment)), said)))
    moves = who_moved(make_marks(held, rules, known, now), make_marks(after, rules, known, now), because)
    show_moves(moves, "json" if json else "table", None)
    if not json:
        scored = f"Attempts checked: {len(held.attempts)}; re-scored: {len(changed)}"
        out.print(f"{scored}; students with changed marks: {len({m.student for m in moves})}", highlight=False)


def show_moves(moves: Sequence[Move], form: str, file: Path | None) -> None:
    from autograder.exchange.gradebook import moves_json

    if form == "json":
        _put(moves_json(moves), file)
        return
    lines = []
    for m in moves:
        was, now = (("–" if v is None else f"{v}") for v in (m.before, m.after))
        who = f"{m.student} ({m.name})" if m.name else m.student
        sign = "+" if m.difference > 0 else "−" if m.difference < 0 else "±"
        why = f": {'; '.join(m.why)}" if m.why else ""
        old, new = (letter or "–" for letter in m.letters)
        grade = f", grade {old} → {new}" if old != new else ""
        lines.append(f"{who}, {m.assignment or 'total %'}: {was} → {now} ({sign}{abs(m.difference)}){grade}{why}")
    if file:
        _put("".join(f"{visible(line)}\n" for line in lines), file)
        return
    for line in lines:
        out.print(plain(line), highlight=False, soft_wrap=True)
    if not moves:
        out.print("No marks changed", highlight=False)


def _show(book: Gradebook, verbose: bool) -> None:
    worth = (f">{column.assignment} ({short(column.possible)})" for column in book.columns)
    more = ["grade"] * book.letters + [">slip days left"] * bool(book.slip_days)
    table = make_table("student", *worth, ">total %", *more)
    for row in book.rows:
        name = f"{row.student.id} {row.student.name}".strip()
        cells = [visible(name, limit=60)]
        for mark in row.marks.values():
            cells.append(("–" if mark.points is None else f"{mark.points}") + ("?" if mark.open else ""))
        cells.append("–" if row.total is None else f"{row.total}")
        if book.letters:
            cells.append(row.letter or "–")
        if book.slip_days:
            cells.append(str(row.slip_days_left))
        table.add_row(*map(Text, cells))
    out.print(table)
    for row in book.rows if verbose else ():
        for assignment, mark in row.marks.items():
            if mark.reasons:
                out.print(
                    plain(f"{row.student.id}, {assignment}: {'; '.join(mark.reasons)}"), highlight=False, soft_wrap=True
                )
        for reason in row.reasons:
            out.print(plain(f"{row.student.id}: {reason}"), highlight=False, soft_wrap=True)


def _written(book: Gradebook, form: str, update: Path | None) -> tuple[str, tuple[str, ...]]:
    from autograder.exchange.canvas import canvas
    from autograder.exchange.canvas import update as updated
    from autograder.exchange.gradebook import gradebook_csv, gradebook_json
    from autograder.exchange.moodle import moodle

    if update:
        made = updated(update.read_bytes(), book, titles=_titles(book), shown=str(update))
        return made.text, (*made.remarks, f"Marks changed: {made.changed}")
    makers = {"csv": gradebook_csv, "table": gradebook_csv, "canvas": canvas, "moodle": moodle, "json": gradebook_json}
    return makers[form](book), ()


def _titles(book: Gradebook) -> dict[str, str]:
    titles = {}
    for column in book.columns:
        try:
            titles[column.assignment] = load(column.assignment, find_root()).title
        except AssignmentError:
            continue
    return titles


def _put(text: str, file: Path | None) -> None:
    if file is None:
        sys.stdout.write(text)
    else:
        file.write_text(text, encoding="utf-8", newline="")
        err.print(f"Wrote {plain(str(file))}", highlight=False, soft_wrap=True)
