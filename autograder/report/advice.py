"""What to do next, and the first reason, for a table."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.report.measured import MEASURED, sentence
from autograder.report.text import capital, function_name
from autograder.report.view_model import FAIL, PARTLY, PASS, CheckView, functions, telling
from autograder.results import FAILED, INCONCLUSIVE, NOT_JUDGED, CaseEvidence, Fault, Finding, Result


@dataclass(frozen=True)
class Step:
    """One thing to do next."""

    title: str
    text: str
    advice: str = ""
    where: str = ""
    code: str = ""
    function: str = ""
    worth: float = 0.0  # points that wait behind it


def steps(result: Result) -> tuple[Step, ...]:
    """List what to do next, the most useful first: unreadable code, forbidden names, then wrong results."""
    found: list[Step] = []
    if result.problem is not None and result.problem.fault is Fault.STUDENT:
        found.append(Step("Make the submission readable", result.problem.message))
    aside: list[Step] = []  # a plot or a test that nothing else needs
    for severity, title in (
        ("skipped", "Fix what could not be read or run"),
        ("violation", "Replace what is not allowed"),
    ):
        for finding in result.findings:
            if finding.severity == severity:
                needed = finding.function or finding.binds or not finding.code
                (found if needed else aside).append(_finding_step(finding, title, result))
    explained = {f.function for f in result.findings if f.severity in ("skipped", "violation") and f.function}
    said: set[str] = set()
    wrong = [c for v in functions(result) if v.key not in explained for c in v.checks if c.state in (FAIL, PARTLY)]
    order = {v.key: place for place, v in enumerate(functions(result))}
    for check in sorted(wrong, key=lambda c: (c.evidence.kind in MEASURED, order[c.evidence.function], telling(c))):
        step = _check_step(check, result)
        if step.text not in said:  # one cause often fails several checks
            found.append(step)
        said.add(step.text)
    return (*found, *aside)


def missed_topics(result: Result) -> tuple[str, ...]:
    """The topics of the known mistakes in a submission, most points first; at most four."""
    missed = {c.topic: 0.0 for c in result.checks if c.topic and c.outcome == FAILED}
    for function in functions(result):
        for check in function.checks:
            if check.evidence.topic in missed:
                missed[check.evidence.topic] += (check.possible or 0.0) - (check.points or 0.0)
    return tuple(sorted(missed, key=lambda topic: -missed[topic])[:4])


def first_reason(result: Result) -> str:
    """Say in one line why points are missing, for a table."""
    if result.problem is not None:
        ours = result.problem.fault is Fault.OURS
        return f"Not judged (our fault): {result.problem.message}" if ours else result.problem.message
    for check in result.checks:
        if check.outcome == NOT_JUDGED:
            return f"Not judged (our fault): {check.message or check.name}"
    found = steps(result)
    if found:
        place = found[0].function or found[0].where
        return f"{place}: {found[0].text}" if place else found[0].text
    return unsettled_reason(result)


def unsettled_reason(result: Result) -> str:
    """Say in one line which measurement is to be repeated."""
    open_ = (c for c in result.checks if c.outcome == INCONCLUSIVE)
    return next((f"Not settled yet: {function_name(c.function)}: {sentence(c) or c.title}" for c in open_), "")


def _finding_step(finding: Finding, title: str, result: Result) -> Step:
    name = f"{title}: {function_name(finding.function)}" if finding.function else title
    worth = sum(v.possible or 0 for v in functions(result) if v.key == finding.function and v.state is not PASS)
    advice = f"Instead: {finding.instead}" if finding.instead else ""
    return Step(name, finding.message, advice, finding.where, finding.code, function_name(finding.function), worth)


def _advice(check: CheckView, case: CaseEvidence | None) -> str:
    """What to do; beside a hint that comes from the source, what is wrong."""
    if check.evidence.hint:
        return "" if check.evidence.mistake else check.said
    return capital(case.advice) if case else ""


def _check_step(check: CheckView, result: Result) -> Step:
    evidence = check.evidence
    case = next((r.worst for r in check.rows if r.state is FAIL), None)
    blamed = case if case and not evidence.mistake else None  # the mistake stands where the hint says
    text = evidence.hint or check.said or capital(case.message if case else "") or check.reason or evidence.title
    blocked = [s for s in result.checks if evidence.name in s.waits_for]
    scores = {s.name: s for s in result.score.checks} if result.score else {}
    names = [evidence.name, *(b.name for b in blocked)]
    worth = sum(scores[n].possible - scores[n].points for n in names if n in scores)
    return Step(
        f"{function_name(evidence.function)}: {evidence.title}",
        text,
        _advice(check, case),
        blamed.where if blamed else "",
        blamed.code if blamed else "",
        function_name(evidence.function),
        worth,
    )
