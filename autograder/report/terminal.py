"""One screen for a student: what passed, what failed, why, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from autograder.report import advice, heat, measured, readings, standing, text, view
from autograder.report.ink import QUIET, STYLES, Ink, hang
from autograder.results import CheckEvidence, Result

_REMARKS = 4


def show_result(console: Console, result: Result, *, verbose: bool = False) -> None:
    """Print what passed, what failed, why, and what to do next; ``verbose`` adds every case and where it ran."""
    ink = Ink(console)
    for part in _screen(ink, result, verbose):
        console.print(part, highlight=False)


def _screen(ink: Ink, result: Result, verbose: bool) -> Iterator[RenderableType]:
    yield _headline(ink, result)
    if standing.fault(result):
        said = "Some of this was not judged. The grader failed, not you: you lose nothing, and it will be graded again."
        yield ink.panel(Text(said), "Our fault, not yours", "bold magenta")
    if standing.unsettled(result):
        yield ink.panel(Text(measured.UNSETTLED), "Not settled yet", "magenta")
    if advice.steps(result) or not (standing.fault(result) or standing.unsettled(result)):
        yield _next_panel(ink, result)
    yield from _functions(ink, result, verbose)
    yield from _remarks(ink, result, verbose)
    if verbose:
        yield from _background(ink, result)


def _headline(ink: Ink, result: Result) -> RenderableType:
    grid = Table.grid(expand=True, padding=(0, 1, 0, 0))
    grid.add_column(ratio=1, no_wrap=True, overflow=ink.cut)
    grid.add_column(justify="right", no_wrap=True)
    title = ink(result.submission, "bold", 200).append(f"  {ink.string(result.provenance.assignment, 80)}", "not bold")
    if result.score is None:
        grid.add_row(title, Text("no mark", style="bold"))
    else:
        mark = Text(text.points(result.score.points), style="bold")
        part = f", {standing.share(result)} %"
        if standing.fault(result) or standing.unsettled(result):
            part = " so far"
        elif standing.left_points(result):
            part = f", {text.points(standing.left_points(result))} left out"
        mark.append(f" of {text.points(result.score.possible)} points{part}", "not bold")
        grid.add_row(title, mark)
    return grid


def _next_panel(ink: Ink, result: Result) -> RenderableType:
    found = advice.steps(result)
    if not found:
        said = "Nothing to repair in your code."
        if standing.complete(result):
            left = any(map(measured.left_out, result.checks))
            said = "Everything that was checked passes." if left else "Every check passes: nothing left to do."
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
        lines.append(ink(f"then: {others}", QUIET))
    return ink.panel(Group(*lines), "Next", "cyan")


def _functions(ink: Ink, result: Result, verbose: bool) -> Iterator[RenderableType]:
    views = [v for v in view.functions(result) if verbose or v.state is not view.LEFT]
    left = [c for c in result.checks if measured.left_out(c)]
    right = [v for v in views if v.state is view.PASS]
    together = not verbose and len(right) > 4 and len(views) > 8
    if together:
        names = ", ".join(v.name for v in right)
        noun = standing.parts_or_functions(result)
        yield hang(ink, ink.sign(view.PASS), ink(f"{text.count(len(right), noun)} right: {names}"))
    width = min(36, max((len(ink.string(v.name)) for v in views), default=0))
    for function in views:
        if together and function.state is view.PASS:
            continue
        earned = ""
        if function.points is not None and function.possible is not None:
            earned = f"{text.points(function.points)}/{text.points(function.possible)}"
        line = Text.assemble((ink.string(function.name, 60).ljust(width), "bold"), f" {earned:>7}")
        if function.state is not view.PASS:
            line.append(f"  {function.state.word.lower()}", STYLES[function.state.key])
        yield hang(ink, ink.sign(function.state), line, crop=not verbose)
        notable = [c for c in function.checks if c.state not in (view.PASS, view.LEFT)]
        # What is skipped hardly needs a line beside what it waits for.
        wrong = [c for c in notable if c.state is not view.SKIP] or notable[:1]
        for check in function.checks if verbose else wrong[:1]:
            yield Padding(_check(ink, check, verbose, result.provenance.device), (0, 0, 0, 2))
        if not verbose and len(wrong) > 1:
            yield Text(f"    and {text.count(len(wrong) - 1, 'more check')}", style=QUIET)
    if left and not verbose:
        worth = f" ({text.points(standing.left_points(result))} points)" if result.score else ""
        yield Text(f"  performance left out: {text.count(len(left), 'check')}{worth}", style=QUIET)


def _check(ink: Ink, check: view.CheckView, verbose: bool, device: str) -> RenderableType:
    evidence = check.evidence
    said = f"our fault: {check.said}" if check.state is view.FAULT else check.said
    if not verbose:
        return hang(ink, ink.sign(check.state), ink.short(evidence.hint or said or evidence.title, indent=6))
    lines: list[RenderableType] = [ink(t) for t in (evidence.title, said, evidence.hint) if t]
    lines += [line if isinstance(line, Text) else ink(line) for line in _measured(ink, evidence, device)]
    for row in check.rows:
        if not measured.unmeasured(evidence, row.worst):
            continue
        lines.append(hang(ink, ink.sign(row.state), ink("; ".join(_row(check, row)))))
        if row.failed and row.worst.code:
            lines.append(ink(f"    {row.worst.code.strip()}", "cyan"))
    return hang(ink, ink.sign(check.state), Group(*lines))


def _measured(ink: Ink, evidence: CheckEvidence, device: str) -> Iterator[str | Text]:
    for ratio in measured.ratios(evidence):
        if len(evidence.cases) > 1:
            yield f"{ratio.label}: {ratio.words}"
        yield Text(readings.meter(ratio, ink.plain), style="cyan")
        yield readings.numbers(ratio, device)
    found = measured.training(evidence)
    if found is None:
        return
    drawn = readings.curves(found, ink.plain)
    for reading in drawn:
        name = f"loss, {reading.name}".ljust(6 + max(len(r.name) for r in drawn))
        yield Text.assemble(name, " ", (reading.blocks, "cyan"), ink(f" {reading.first} → {reading.last}"))
    yield from map(readings.held_out, found.held)


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
    yield from filter(
        None, [text.distance(case), heat.words(case.error_map) if case.error_map else "", case.advice, case.where]
    )


def _remarks(ink: Ink, result: Result, verbose: bool) -> Iterator[RenderableType]:
    shown = [f for f in result.findings if verbose or f.severity != "note"]
    for finding in shown if verbose else shown[:_REMARKS]:
        state = {"violation": view.FAIL, "skipped": view.SKIP}.get(finding.severity, view.ABSENT)
        said = f"{finding.where}: {finding.message}" + (f" Instead: {finding.instead}" if finding.instead else "")
        yield hang(ink, ink.sign(state), ink(said) if verbose else ink.short(said, indent=4))
    if not verbose and len(shown) > _REMARKS:
        yield Text(f"  and {text.count(len(shown) - _REMARKS, 'more remark')}", style=QUIET)


def _background(ink: Ink, result: Result) -> Iterator[RenderableType]:
    if result.output:
        yield Text("printed:", style=QUIET)
        for line in result.output[:4000].splitlines()[:40]:
            yield Padding(ink(line), (0, 0, 0, 2))
    p = result.provenance
    yield ink(
        f"{p.assignment} {p.assignment_version}, grader {p.engine_version}, seed {p.seed}, sandbox {p.sandbox}, "
        f"{p.device}, submission {p.submission_sha256[:12]}",
        QUIET,
    )
