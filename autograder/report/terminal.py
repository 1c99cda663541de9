"""One screen for a student, one table for a class.

Everything goes to rich as :class:`~rich.text.Text`, never as markup, so "[red]" in a student's output stays
as it is; control characters are made visible before that, and what the terminal's encoding lacks is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console, Group, OverflowMethod, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from autograder.report import advice, classes, text, view
from autograder.results import Result

_STYLES = {
    "passed": "green",
    "partly": "yellow",
    "failed": "red",
    "fault": "bold magenta",
    "unsure": "magenta",
    "skipped": "bright_black",
    "absent": "bright_black",
}
_QUIET = "bright_black"
_NARROW = 66  # below this many columns, reasons get lines of their own
_REMARKS = 4


def show_result(console: Console, result: Result, *, verbose: bool = False) -> None:
    """Print what passed, what failed, why, and what to do next; ``verbose`` adds every case and where it ran."""
    ink = _Ink(console)
    for part in _screen(ink, result, verbose):
        console.print(part, highlight=False)


def show_table(console: Console, results: Sequence[Result]) -> None:
    """Print a class: points, a mark per function, and the first reason for missing points."""
    ink = _Ink(console)
    if not results:
        console.print(Text("No submissions."))
        return
    for part in _class(ink, results, console.width):
        console.print(part, highlight=False)


class _Ink:
    """Turns strangers' text into Text that this console can show."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.encoding = console.encoding or "utf-8"
        self.plain = console.options.ascii_only
        # rich cuts with "…" whatever the encoding is.
        self.cut: OverflowMethod = "crop" if self.plain else "ellipsis"

    def __call__(self, value: str, style: str = "", limit: int = 600) -> Text:
        return Text(self.string(value, limit), style=style)

    def string(self, value: str, limit: int = 600) -> str:
        shown = text.visible(value, limit=limit)
        if self.plain:
            shown = shown.replace("…", "...").replace("–", "-")
        return shown.encode(self.encoding, "backslashreplace").decode(self.encoding)

    def short(self, value: str, indent: int, lines: int = 2) -> Text:
        """Wrap to at most ``lines`` lines of this console; the last one says that there was more."""
        wrapped = self(value).wrap(self.console, max(20, self.console.width - indent))
        shown = Text("\n").join(line for line in wrapped[:lines])
        return shown.append("..." if self.plain else "…") if len(wrapped) > lines else shown

    def sign(self, state: view.State) -> Text:
        return Text(state.ascii if self.plain else state.sign, style=_STYLES[state.key])

    def panel(self, body: RenderableType, title: str, style: str) -> Panel:
        return Panel(body, title=Text(title), title_align="left", box=box.ROUNDED, border_style=style, padding=(0, 1))


def _screen(ink: _Ink, result: Result, verbose: bool) -> Iterator[RenderableType]:
    yield _headline(ink, result)
    if view.fault(result):
        said = "Some of this was not judged. The grader failed, not you: you lose nothing, and it will be graded again."
        yield ink.panel(Text(said), "Our fault, not yours", "bold magenta")
    if advice.steps(result) or not view.fault(result):
        yield _next_panel(ink, result)
    yield from _functions(ink, view.functions(result), verbose)
    yield from _remarks(ink, result, verbose)
    if verbose:
        yield from _background(ink, result)


def _headline(ink: _Ink, result: Result) -> RenderableType:
    grid = Table.grid(expand=True, padding=(0, 1, 0, 0))
    grid.add_column(ratio=1, no_wrap=True, overflow=ink.cut)
    grid.add_column(justify="right", no_wrap=True)
    title = ink(result.submission, "bold", 200).append(f"  {ink.string(result.provenance.assignment, 80)}", "not bold")
    if result.score is None:
        grid.add_row(title, Text("no mark", style="bold"))
    else:
        mark = Text(text.points(result.score.points), style="bold")
        part = "so far" if view.fault(result) else f"{view.share(result)} %"
        mark.append(f" of {text.points(result.score.possible)} points, {part}", "not bold")
        grid.add_row(title, mark)
    return grid


def _next_panel(ink: _Ink, result: Result) -> RenderableType:
    found = advice.steps(result)
    if not found:
        views = view.functions(result)
        done = bool(views) and all(v.state is view.PASS for v in views)
        said = "Every check passes: nothing left to do." if done else "Nothing to repair in your code."
        return ink.panel(Text(said), "Next", "green")
    step = found[0]
    lines = [ink(step.title, "bold"), ink(step.text)]
    if step.advice:
        lines.append(ink(step.advice))
    if step.where:
        lines.append(ink(step.where, "cyan"))
    if step.code:
        lines.append(ink(f"    {step.code.strip()}", "cyan", 160))
    if len(found) > 1:
        others = "; ".join(s.title for s in found[1:3]) + (f"; {len(found) - 3} more" if len(found) > 3 else "")
        lines.append(ink(f"then: {others}", _QUIET))
    return ink.panel(Group(*lines), "Next", "cyan")


def _functions(ink: _Ink, views: Sequence[view.FunctionView], verbose: bool) -> Iterator[RenderableType]:
    right = [v for v in views if v.state is view.PASS]
    together = not verbose and len(right) > 4 and len(views) > 8
    if together:
        names = ", ".join(v.name for v in right)
        yield _hang(ink, ink.sign(view.PASS), ink(f"{text.count(len(right), 'function')} right: {names}"))
    width = min(24, max((len(ink.string(v.name)) for v in views), default=0))
    for function in views:
        if together and function.state is view.PASS:
            continue
        earned = ""
        if function.points is not None and function.possible is not None:
            earned = f"{text.points(function.points)}/{text.points(function.possible)}"
        line = Text.assemble((ink.string(function.name, 60).ljust(width), "bold"), f" {earned:>7}")
        if function.state is not view.PASS:
            line.append(f"  {function.state.word.lower()}", _STYLES[function.state.key])
        yield _hang(ink, ink.sign(function.state), line, crop=not verbose)
        notable = [c for c in function.checks if c.state is not view.PASS]
        # What is skipped hardly needs a line beside what it waits for.
        wrong = [c for c in notable if c.state is not view.SKIP] or notable[:1]
        for check in function.checks if verbose else wrong[:1]:
            yield Padding(_check(ink, check, verbose), (0, 0, 0, 2))
        if not verbose and len(wrong) > 1:
            yield Text(f"    and {text.count(len(wrong) - 1, 'more check')}", style=_QUIET)


def _check(ink: _Ink, check: view.CheckView, verbose: bool) -> RenderableType:
    evidence = check.evidence
    said = f"our fault: {evidence.message}" if check.state is view.FAULT else evidence.message
    if not verbose:
        return _hang(ink, ink.sign(check.state), ink.short(said or evidence.title, indent=6))
    lines: list[RenderableType] = [ink(t) for t in (evidence.title, said, evidence.hint) if t]
    for row in check.rows:
        lines.append(_hang(ink, ink.sign(row.state), ink("; ".join(_row(check, row)))))
        if row.failed and row.worst.code:
            lines.append(ink(f"    {row.worst.code.strip()}", "cyan"))
    return _hang(ink, ink.sign(check.state), Group(*lines))


def _row(check: view.CheckView, row: view.Row) -> Iterator[str]:
    case = row.worst
    yield f"{row.label} ({case.inputs})" if case.inputs else row.label
    if not row.failed:
        return
    if row.draws > 1:
        yield f"{row.failed} of {row.draws} draws"
    if case.place is not None:
        expected, actual = text.value_pair(case.place.expected, case.place.actual)
        yield f"at {text.place_words(case.place)} expected {expected}, yours {actual}"
    if case.message != check.evidence.message:
        yield from filter(None, [case.message])
    yield from filter(None, [text.distance(case), case.advice, case.where])


def _remarks(ink: _Ink, result: Result, verbose: bool) -> Iterator[RenderableType]:
    shown = [f for f in result.findings if verbose or f.severity != "note"]
    for finding in shown if verbose else shown[:_REMARKS]:
        state = {"violation": view.FAIL, "skipped": view.SKIP}.get(finding.severity, view.ABSENT)
        said = f"{finding.where}: {finding.message}" + (f" Instead: {finding.instead}" if finding.instead else "")
        yield _hang(ink, ink.sign(state), ink(said) if verbose else ink.short(said, indent=4))
    if not verbose and len(shown) > _REMARKS:
        yield Text(f"  and {text.count(len(shown) - _REMARKS, 'more remark')}", style=_QUIET)


def _background(ink: _Ink, result: Result) -> Iterator[RenderableType]:
    if result.output:
        yield Text("printed:", style=_QUIET)
        for line in result.output[:4000].splitlines()[:40]:
            yield Padding(ink(line), (0, 0, 0, 2))
    p = result.provenance
    yield ink(
        f"{p.assignment} {p.assignment_version}, grader {p.engine_version}, seed {p.seed}, sandbox {p.sandbox}, "
        f"{p.device}, submission {p.submission_sha256[:12]}",
        _QUIET,
    )


def _class(ink: _Ink, results: Sequence[Result], width: int) -> Iterator[RenderableType]:
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
        table.add_column("first thing to repair", no_wrap=True, overflow=ink.cut, ratio=1)
    for result, marks in zip(results, states, strict=True):
        bar, reason = _bar(ink, result, 10 if width >= 100 else 5), ink(advice.first_reason(result), "", 300)
        cells = [ink(result.submission, "", 200), _mark(result), bar, Text().join(map(ink.sign, marks)), reason]
        table.add_row(*(cells[:2] + cells[3:4] if narrow else cells))
    yield table
    if narrow:
        yield Text()
        yield from _reasons(ink, results)
    yield Text()
    known = (view.PASS, view.PARTLY, view.FAIL, view.SKIP, view.FAULT, view.UNSURE, view.ABSENT)
    used = [s for s in known if any(s in marks for marks in states)]
    yield Text("  ").join(ink.sign(s).append(f" {s.word.lower()}", "default") for s in used)
    yield ink(f"functions: {', '.join(names) or 'none'}", _QUIET, 2000)
    waiting = sum(map(classes.is_open, results))
    if waiting:
        said = f"{text.count(waiting, 'submission')} without a final mark: a fault of the grader is never a zero."
        yield Text(said, style="bold magenta")


def _reasons(ink: _Ink, results: Sequence[Result]) -> Iterator[Text]:
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
    fault = view.fault(result)
    mark = f"{text.points(result.score.points)}/{text.points(result.score.possible)}"
    return Text(f"{mark} !" if fault else mark, style="bold magenta" if fault else "")


def _bar(ink: _Ink, result: Result, width: int) -> Text:
    full = (view.share(result) or 0) * width // 100
    solid, empty = ("#", ".") if ink.plain else ("━", "─")
    return Text.assemble((solid * full, "cyan"), (empty * (width - full), _QUIET))


def _hang(ink: _Ink, sign: Text, body: RenderableType, crop: bool = False) -> RenderableType:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True, min_width=1)
    grid.add_column(ratio=1, no_wrap=crop, overflow=ink.cut if crop else "fold")
    grid.add_row(sign, body)
    return grid
