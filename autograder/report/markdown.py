"""A result as Markdown, for job summaries and issue comments.  Strangers' text comes out as plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from autograder.report import (
    advice,
    counterexamples,
    error_map_svg,
    measured,
    measurement_lines,
    plots,
    status,
    view_model,
)
from autograder.report.practice import PracticeTopic
from autograder.report.student_view import student_view
from autograder.report.text import distance, place_words, points, value_pair, visible
from autograder.results import CheckEvidence, Counterexample, Result

# Everything CommonMark, GitHub's extensions, or a mail client might read as more than a character.
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|~:$^=])")


def submission_markdown(
    result: Result,
    *,
    assignment_title: str,
    previous: Result | None = None,
    practice: Sequence[PracticeTopic] = (),
    whole: bool = True,
) -> str:
    """Render the student's report as Markdown; not ``whole``: without the functions, which stand elsewhere."""
    result = student_view(result)
    parts = [f"# {_plain(assignment_title)}", f"Submission: {_code(result.submission)}"]
    if result.score is None:
        parts.append(f"**No mark.** {_plain(status.summary(result))}")
    else:
        mark = f"{points(result.score.points)} of {points(result.score.possible)} points"
        parts.append(f"**{mark}{_plain(status.standing(result))}.** {_plain(status.summary(result))}")
    if status.fault(result):
        parts.append(
            "> **Part of your work was not judged, and that is our fault.** The grader failed, not you. You lose "
            "nothing: your work will be graded again."
        )
    if status.unsettled(result):
        parts.append(f"> **Not settled yet.** {_plain(measured.UNSETTLED)}")
    parts += _next(result)
    change = status.change(previous, result)
    if change and (change.better or change.worse):
        parts.append("## Since your last attempt")
        rows = [f"- Now right: {_plain(t)}" for t in change.better]
        parts.append("\n".join(rows + [f"- No longer right: {_plain(t)}" for t in change.worse]))
    if result.findings:
        parts.append("## Remarks on the source")
        parts.append("\n".join(_finding(f.severity, f.where, f.name, f.message, f.instead) for f in result.findings))
    if whole:
        parts += function_sections(result).values()
    parts += _practice(practice)
    p = result.provenance
    parts.append(
        f"Graded by version {_plain(p.engine_version)} of the grader, assignment {_plain(p.assignment)} "
        f"{_plain(p.assignment_version)}, seed {_code(p.seed)}, sandbox {_plain(p.sandbox)}, {_plain(p.device)}, "
        f"submission {_code(p.submission_sha256[:12])}."
    )
    return "\n\n".join(parts) + "\n"


def function_sections(result: Result, *, marks: bool = True) -> dict[str, str]:
    """Render what each graded function earned and why, by the function's name in the evidence.

    Without ``marks``, the points are left to the page that the section goes into.
    """
    result = student_view(result)
    return {v.key: "\n\n".join(_function(v, result.provenance.device, marks)) for v in view_model.functions(result)}


def _practice(topics: Sequence[PracticeTopic]) -> list[str]:
    parts = ["## Practice"] if topics else []
    for topic in topics:
        parts.append(f"### {_plain(topic.topic)}")
        for item in topic.items:
            options = "\n".join(f"- {_plain(option)}" for option in item.options)
            code = (
                ["\n".join(f"    {line}" for line in visible(item.code, lines=True).splitlines())] if item.code else []
            )
            answer = "; ".join(item.answers)
            parts += [_plain(item.stem), *code, *([options] if options else [])]
            parts.append(f"Answer: {_plain(answer)}. {_plain(item.explanation)}")
    return parts


def _next(result: Result) -> list[str]:
    steps = advice.steps(result)[:3]
    if not steps:
        return []
    lines = []
    for number, step in enumerate(steps, 1):
        where = f" ({_plain(step.where)})" if step.where else ""
        tip = f" {_plain(step.advice)}" if step.advice else ""
        lines.append(f"{number}. **{_plain(step.title)}**{where}: {_plain(step.text)}{tip}")
    return ["## What to do next", "\n".join(lines)]


def _finding(severity: str, where: str, name: str, message: str, instead: str) -> str:
    named = f" {_code(name)}" if name else ""
    better = f" Instead: {_plain(instead)}" if instead else ""
    return f"- {_plain(severity)}, {_plain(where)}:{named} {_plain(message)}{better}"


def _function(function: view_model.FunctionView, device: str, marks: bool) -> list[str]:
    earned = ""
    if marks and function.points is not None and function.possible is not None:
        earned = f", {points(function.points)} of {points(function.possible)}"
    lines = []
    for check in function.checks:
        evidence = check.evidence
        lines.append(f"- {check.state.sign} {check.word}: {_plain(evidence.title)}")
        if check.state is not view_model.PASS or evidence.kind in measured.MEASURED:
            if check.state is view_model.FAULT:
                lines.append("  - Our fault, not yours")
            lines += [f"  - {_plain(t)}" for t in (check.said, evidence.hint) if t]
            rows = [r for r in check.rows if r.failed and measured.unmeasured(evidence, r.worst)]
            lines += [f"  - {_case(row)}" for row in rows]
        lines += _measured(evidence, device)
    together = " (your functions together)" if function.name != function.key else ""
    name = f"{_code(function.key.removeprefix('given.'))}{together}" if together else _code(function.key)
    examples = [part for example in function.counterexamples for part in _counterexample(example)]
    return [f"## {name}: {function.state.word.lower()}{earned}", *examples, "\n".join(lines)]


def _counterexample(example: Counterexample) -> Iterator[str]:
    yield f"**{_plain(counterexamples.title(example))}**"
    yield _fenced(example.call, "python")
    for name, value in counterexamples.values(example):
        if len(counterexamples.block(value)) == 1:
            yield f"{name}: {_code(value)}"
        else:
            yield f"{name}:"
            yield _fenced(value)
    if example.where:
        yield f"At {_plain(example.where)}: {_code(example.code)}" if example.code else f"At {_plain(example.where)}"


def _measured(evidence: CheckEvidence, device: str) -> Iterator[str]:
    for ratio in measured.ratios(evidence):
        label = f"{_plain(ratio.label)}: " if len(evidence.cases) > 1 else ""
        yield f"  - {label}{_code(measurement_lines.meter(ratio))}"
        yield f"  - {_plain(measurement_lines.numbers(ratio, device))}"
    found = measured.training(evidence)
    if found is None:
        return
    for held in found.held:
        yield f"  - {_plain(measurement_lines.held_out(held))}"
    for reading in measurement_lines.curves(found):
        ends = f"{_plain(reading.first)} → {_plain(reading.last)}"
        yield f"  - loss, {_plain(reading.name)}: {_code(reading.blocks)} {ends}"
    plot = plots.loss_plot(found)
    if plot:
        yield ""
        yield f"  | trained | {' | '.join(map(_plain, plot.heads))} |"
        yield f"  |---|{'---:|' * len(plot.heads)}"
        yield from (f"  | {' | '.join(map(_plain, row))} |" for row in plot.rows)


def _case(row: view_model.Row) -> str:
    case, said = row.worst, []
    if case.message:
        said.append(_plain(case.message))
    if case.place is not None:
        expected, actual = value_pair(case.place.expected, case.place.actual)
        said.append(f"at {_code(place_words(case.place))} expected {_code(expected)}, yours {_code(actual)}")
    if distance(case):
        said.append(_plain(distance(case)))
    if case.error_map is not None:
        said.append(_plain(error_map_svg.words(case.error_map)))
    if case.where:
        said.append(f"{_plain(case.where)}: {_code(case.code)}" if case.code else _plain(case.where))
    if row.hidden and case.advice:
        said.append(_plain(case.advice))
    kinds = f" ({_plain(case.inputs)})" if case.inputs else ""
    return f"{_plain(row.label)}{kinds}: {'; '.join(said) or 'not right'}"


def _plain(value: str) -> str:
    shown = _SPECIAL.sub(r"\\\1", visible(value))
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "&#64;")


def plain_markdown(value: str) -> str:
    """Write text so that Markdown takes nothing in it for markup, even in a table."""
    return _plain(value)


def _fenced(value: str, language: str = "") -> str:
    """Quote as a block of code."""
    shown = "\n".join(counterexamples.block(value))
    fence = _fence(shown, 3)
    return f"{fence}{language}\n{shown}\n{fence}"


def _fence(shown: str, least: int) -> str:
    """Return backticks, more than any run of them inside."""
    return "`" * max(least, 1 + max((len(run) for run in re.findall(r"`+", shown)), default=0))


def _code(value: str) -> str:
    """Quote as a code span."""
    shown = visible(value) or " "
    fence = _fence(shown, 1)
    return f"{fence} {shown} {fence}" if "`" in shown else f"{fence}{shown}{fence}"
