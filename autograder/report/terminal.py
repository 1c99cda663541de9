"""One screen for a student: what passed, what failed, why, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from autograder.report import (
    advice,
    counterexamples,
    error_map_svg,
    measured,
    measurement_lines,
    status,
    text,
    view_model,
)
from autograder.report.console import QUIET, STYLES, ConsoleText, hang
from autograder.report.student_view import PUBLIC_SEED, student_view
from autograder.results import FAILED, CheckEvidence, Counterexample, Result

_REMARKS = 4
_OUTPUT_LINES, _ALL_LINES = 10, 40  # of what was printed
_VALUE_LINES = 4  # of a value in a counterexample


def show_result(console: Console, result: Result, *, verbose: bool = False, instructor: bool = False) -> None:
    """Print what passed, what failed, why, and what to do next.

    Args:
      verbose: add every case and where it ran.
      instructor: show also what was computed from hidden inputs, which no student may see.
    """
    ink = ConsoleText(console)
    result = result if instructor else student_view(result)
    for part in _screen(ink, result, verbose):
        console.print(part, highlight=False)


def _screen(ink: ConsoleText, result: Result, verbose: bool) -> Iterator[RenderableType]:
    yield _headline(ink, result)
    if status.fault(result):
        said = "Part of your work was not judged. The grader failed, not you. You lose nothing; "
        own = result.provenance.seed == PUBLIC_SEED
        said += "check again, and tell your instructor if it stays." if own else "we will judge it again."
        yield ink.panel(Text(said), "Our fault, not yours", "bold magenta")
    if status.unsettled(result):
        yield ink.panel(Text(measured.UNSETTLED), "Not settled yet", "magenta")
    if advice.steps(result) or not (status.fault(result) or status.unsettled(result)):
        yield _next_panel(ink, result)
    yield from _functions(ink, result, verbose)
    yield from _remarks(ink, result, verbose)
    if result.output:
        yield from _output(ink, result, _ALL_LINES if verbose else _OUTPUT_LINES)
    if verbose:
        yield _background(ink, result)
    elif result.provenance.seed == PUBLIC_SEED and any(c.outcome == FAILED for c in result.checks):
        yield Text("More: -v shows every case; autograder check --explain FUNCTION tries small inputs.", style=QUIET)


def _headline(ink: ConsoleText, result: Result) -> RenderableType:
    grid = Table.grid(expand=True, padding=(0, 1, 0, 0))
    grid.add_column(ratio=1, no_wrap=True, overflow=ink.cut)
    grid.add_column(justify="right", no_wrap=True)
    title = ink(result.submission, "bold", 200).append(f"  {ink.string(result.provenance.assignment, 80)}", "not bold")
    if result.score is None:
        grid.add_row(title, Text("no mark", style="bold"))
    else:
        mark = Text(text.points(result.score.points), style="bold")
        part = f", {status.share(result)} %"
        if status.fault(result) or status.unsettled(result):
            part = " so far"
        elif status.left_points(result):
            part = f", {text.points(status.left_points(result))} left out"
        mark.append(f" of {text.points(result.score.possible)} points{part}", "not bold")
        grid.add_row(title, mark)
    return grid


def _next_panel(ink: ConsoleText, result: Result) -> RenderableType:
    found = advice.steps(result)
    if not found:
        said = "Nothing to fix in your code."
        if status.complete(result):
            left = any(map(measured.left_out, result.checks))
            said = "Everything that was checked passes." if left else "Every check passes: you have nothing left to do."
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
        lines.append(ink(f"Then: {others}", QUIET))
    return ink.panel(Group(*lines), "Next", "cyan")


def _functions(ink: ConsoleText, result: Result, verbose: bool) -> Iterator[RenderableType]:
    views = [v for v in view_model.functions(result) if verbose or v.state is not view_model.LEFT]
    left = [c for c in result.checks if measured.left_out(c)]
    right = [v for v in views if v.state is view_model.PASS]
    together = not verbose and len(right) > 4 and len(views) > 8
    if together:
        names = ", ".join(v.name for v in right)
        noun = status.parts_or_functions(result)
        yield hang(ink, ink.sign(view_model.PASS), ink(f"{text.count(len(right), noun)} right: {names}"))
    width = min(36, max((len(ink.string(v.name)) for v in views), default=0))
    for function in views:
        if together and function.state is view_model.PASS:
            continue
        earned = ""
        if function.points is not None and function.possible is not None:
            earned = f"{text.points(function.points)}/{text.points(function.possible)}"
        line = Text.assemble((ink.string(function.name, 60).ljust(width), "bold"), f" {earned:>7}")
        if function.state is not view_model.PASS:
            line.append(f"  {function.state.word.lower()}", STYLES[function.state.key])
        yield hang(ink, ink.sign(function.state), line, crop=not verbose)
        for example in function.counterexamples:
            yield Padding(_counterexample(ink, example, verbose), (0, 0, 0, 2))
        notable = [c for c in function.checks if c.state not in (view_model.PASS, view_model.LEFT)]
        # A skipped check needs no line beside the check that it waits for.
        wrong = sorted((c for c in notable if c.state is not view_model.SKIP), key=view_model.telling) or notable[:1]
        for check in function.checks if verbose else wrong[:1]:
            yield Padding(_check(ink, check, verbose, result.provenance.device), (0, 0, 0, 2))
        if not verbose and len(wrong) > 1:
            more = ", ".join(c.evidence.name for c in wrong[1:])
            yield Padding(ink.short(f"and {text.count(len(wrong) - 1, 'more check')}: {more}", indent=4), (0, 0, 0, 4))
    if left and not verbose:
        worth = f" ({text.points(status.left_points(result))} points)" if result.score else ""
        yield Text(f"  Performance left out: {text.count(len(left), 'check')}{worth}", style=QUIET)


def _counterexample(ink: ConsoleText, example: Counterexample, verbose: bool) -> RenderableType:
    """Show the call as it can be copied, and both values in as few lines as that takes."""
    title = ink(counterexamples.title(example)) if verbose else ink.short(counterexamples.title(example), indent=4)
    lines: list[Text] = [title]
    lines += [ink.code(line) for line in counterexamples.block(example.call) if verbose or line.strip()]
    width = max(len(name) for name, _ in counterexamples.values(example))
    for name, value in counterexamples.values(example):
        shown = counterexamples.block(value)
        if not verbose and len(shown) > _VALUE_LINES:
            shown = [*shown[:_VALUE_LINES], "…"]
        lines.append(Text.assemble((f"{name.ljust(width)}  ", QUIET), ink(shown[0])))
        lines += [Text.assemble(" " * (width + 2), ink(line)) for line in shown[1:]]
    if example.where:
        lines.append(ink(counterexamples.line(example), "cyan"))
    return Group(*lines)


def _check(ink: ConsoleText, check: view_model.CheckView, verbose: bool, device: str) -> RenderableType:
    evidence = check.evidence
    said = f"Our fault: {check.said}" if check.state is view_model.FAULT else check.said
    if not verbose and check.state is view_model.SKIP and evidence.waits_for:
        return hang(ink, ink.sign(check.state), ink.short(f"Waits for {', '.join(evidence.waits_for)}", indent=6))
    if not verbose:
        name = f"{evidence.name}: " if check.state is view_model.FAIL and not evidence.hint else ""
        told = [ink(evidence.hint) if evidence.hint else ink.short(f"{name}{said or evidence.title}", 6, lines=4)]
        todo = next((row.worst.advice for row in check.rows if row.failed), "")
        if evidence.hint and not evidence.mistake and check.said:  # the hint is what the source shows
            told.append(ink.short(said, indent=6, lines=2))
        if todo and not evidence.mistake:
            told.append(ink.short(text.capital(todo), indent=6, lines=4))
        lines_told = (row.worst for row in check.rows if row.failed and row.worst.where and not evidence.mistake)
        blamed = next(lines_told, None)
        if blamed is not None:
            told.append(ink.short(f"{blamed.where}: {blamed.code.strip()}", indent=6, lines=1))
        return hang(ink, ink.sign(check.state), Group(*told))
    lines: list[RenderableType] = [ink(t) for t in (evidence.title, said, evidence.hint) if t]
    lines += [line if isinstance(line, Text) else ink(line) for line in _measured(ink, evidence, device)]
    for row in check.rows:
        if not measured.unmeasured(evidence, row.worst):
            continue
        lines.append(hang(ink, ink.sign(row.state), ink("; ".join(_row(check, row)))))
        if row.failed and row.worst.code:
            lines.append(ink(f"    {row.worst.code.strip()}", "cyan"))
    return hang(ink, ink.sign(check.state), Group(*lines))


def _measured(ink: ConsoleText, evidence: CheckEvidence, device: str) -> Iterator[str | Text]:
    for ratio in measured.ratios(evidence):
        if len(evidence.cases) > 1:
            yield f"{ratio.label}: {ratio.words}"
        yield Text(measurement_lines.meter(ratio, ink.plain), style="cyan")
        yield measurement_lines.numbers(ratio, device)
    found = measured.training(evidence)
    if found is None:
        return
    drawn = measurement_lines.curves(found, ink.plain)
    for reading in drawn:
        name = f"loss, {reading.name}".ljust(6 + max(len(r.name) for r in drawn))
        yield Text.assemble(name, " ", (reading.blocks, "cyan"), ink(f" {reading.first} → {reading.last}"))
    yield from map(measurement_lines.held_out, found.held)


def _row(check: view_model.CheckView, row: view_model.Row) -> Iterator[str]:
    case = row.worst
    yield f"{row.label} ({case.inputs})" if case.inputs else row.label
    if not row.failed:
        return
    if row.several:
        yield f"{row.failed} of {row.draws} draws"
    if case.place is not None:
        expected, actual = text.value_pair(case.place.expected, case.place.actual)
        yield f"at {text.place_words(case.place)} expected {expected}, yours {actual}"
    if case.message != check.evidence.message:
        yield from filter(None, [case.message])
    yield from filter(
        None,
        [text.distance(case), error_map_svg.words(case.error_map) if case.error_map else "", case.advice, case.where],
    )


def _remarks(ink: ConsoleText, result: Result, verbose: bool) -> Iterator[RenderableType]:
    shown = [f for f in result.findings if verbose or f.severity != "note"]
    for finding in shown if verbose else shown[:_REMARKS]:
        state = {"violation": view_model.FAIL, "skipped": view_model.SKIP}.get(finding.severity, view_model.ABSENT)
        said = f"{finding.where}: {finding.message}" + (f" Instead: {finding.instead}" if finding.instead else "")
        yield hang(ink, ink.sign(state), ink(said) if verbose else ink.short(said, indent=4, lines=4))
    if not verbose and len(shown) > _REMARKS:
        yield Text(f"  and {text.count(len(shown) - _REMARKS, 'more remark')}", style=QUIET)


def _output(ink: ConsoleText, result: Result, limit: int) -> Iterator[RenderableType]:
    lines = result.output[:4000].splitlines()
    yield Text("Printed output:", style=QUIET)
    for line in lines[:limit]:
        yield Padding(ink(line), (0, 0, 0, 2))
    if len(lines) > limit:
        yield Text(f"  and {text.count(len(lines) - limit, 'more line')}", style=QUIET)


def _background(ink: ConsoleText, result: Result) -> RenderableType:
    p = result.provenance
    return ink(
        f"{p.assignment} {p.assignment_version}, grader {p.engine_version}, seed {p.seed}, sandbox {p.sandbox}, "
        f"{p.device}, submission {p.submission_sha256[:12]}",
        QUIET,
    )
