"""One table for a class in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from autograder.report import advice, classes, status, text, view_model
from autograder.report.console import QUIET, ConsoleText
from autograder.results import Result

_NARROW = 66  # below this many columns, reasons get lines of their own


def show_table(console: Console, results: Sequence[Result]) -> None:
    """Print a class: points, a mark per function, and the first reason for missing points."""
    ink = ConsoleText(console)
    if not results:
        console.print(Text("No submissions."))
        return
    for part in _class(ink, results, console.width):
        console.print(part, highlight=False)


def _class(ink: ConsoleText, results: Sequence[Result], width: int) -> Iterator[RenderableType]:
    names = classes.function_names(results)
    states = [classes.marks(r, names) for r in results]
    narrow = width < _NARROW
    table = Table(box=None, padding=(0, 2 if width >= 100 else 1, 0, 0), expand=not narrow, show_edge=False)
    table.add_column("submission", no_wrap=True, overflow=ink.cut, min_width=8, max_width=18 if width < 100 else 26)
    table.add_column("points", justify="right", no_wrap=True)
    if not narrow:
        table.add_column("", no_wrap=True)
    table.add_column("functions", overflow="fold", min_width=min(max(len(names), 9), 20))
    if not narrow:
        table.add_column("first thing to fix", no_wrap=True, overflow=ink.cut, ratio=1)
    for result, marks in zip(results, states, strict=True):
        bar, reason = _bar(ink, result, 10 if width >= 100 else 5), ink(advice.first_reason(result), "", 300)
        cells = [ink(result.submission, "", 200), _mark(result), bar, Text().join(map(ink.sign, marks)), reason]
        table.add_row(*(cells[:2] + cells[3:4] if narrow else cells))
    yield table
    if narrow:
        yield Text()
        yield from _reasons(ink, results)
    yield Text()
    known = (
        view_model.PASS,
        view_model.PARTLY,
        view_model.FAIL,
        view_model.SKIP,
        view_model.FAULT,
        view_model.UNSURE,
        view_model.LEFT,
        view_model.ABSENT,
    )
    used = [s for s in known if any(s in marks for marks in states)]
    yield Text("  ").join(ink.sign(s).append(f" {s.word.lower()}", "default") for s in used)
    yield ink(f"Functions: {', '.join(map(text.function_name, names)) or 'none'}", QUIET, 2000)
    waiting = sum(classes.is_open(r) and not classes.only_unsettled(r) for r in results)
    if waiting:
        said = (
            f"{text.count(waiting, 'submission')} without a final mark: a fault of the grader never counts as a zero."
        )
        yield Text(said, style="bold magenta")
    left = max(map(status.left_points, results))
    if left:
        yield Text(f"Performance was left out of this run ({text.points(left)} points)", style=QUIET)
    unsettled = sum(map(classes.only_unsettled, results))
    if unsettled:
        said = f"{text.count(unsettled, 'submission')} not settled yet: they will be measured again and lose no points."
        yield Text(said, style="magenta")


def _reasons(ink: ConsoleText, results: Sequence[Result]) -> Iterator[Text]:
    names = [ink(r.submission, "bold", 200) for r in results]
    widest = min(16, max(name.cell_len for name in names))
    for name, result in zip(names, results, strict=True):
        reason = advice.first_reason(result)
        if reason:
            name.truncate(widest, overflow=ink.cut, pad=True)
            line = Text.assemble(name, " ", ink(reason, "", 300))
            line.truncate(ink.console.width, overflow=ink.cut)
            yield line


def _mark(result: Result) -> Text:
    if result.score is None:
        return Text("no mark", style="bold magenta")
    mark = f"{text.points(result.score.points)}/{text.points(result.score.possible)}"
    if status.fault(result):
        return Text(f"{mark} !", style="bold magenta")
    return Text(f"{mark} ?", style="magenta") if status.unsettled(result) else Text(mark)


def _bar(ink: ConsoleText, result: Result, width: int) -> Text:
    full = (status.share(result) or 0) * width // 100
    solid, empty = ("#", ".") if ink.plain else ("━", "─")
    return Text.assemble((solid * full, "cyan"), (empty * (width - full), QUIET))
