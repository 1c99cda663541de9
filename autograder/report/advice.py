"""What to do next, and the one reason that a table has room for."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.report.measured import MEASURED, sentence
from autograder.report.text import capital, function_name
from autograder.report.view import FAIL, PARTLY, PASS, CheckView, functions
from autograder.results import FAILED, INCONCLUSIVE, NOT_JUDGED, SKIPPED, Finding, Result


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
    """List what to do next, the most useful first: what stops reading, then what is forbidden, then what is wrong."""
    found: list[Step] = []
    if result.problem:
        found.append(Step("Make the submission readable", result.problem))
    for severity, title in (("skipped", "Repair what could not be read"), ("violation", "Replace what is not allowed")):
        for finding in result.findings:
            if finding.severity == severity:
                found.append(_finding_step(finding, title, result))
    explained = {f.function for f in result.findings if f.severity in ("skipped", "violation") and f.function}
    said: set[str] = set()
    wrong = [c for v in functions(result) if v.key not in explained for c in v.checks if c.state in (FAIL, PARTLY)]
    for check in sorted(wrong, key=lambda c: c.evidence.kind in MEASURED):  # right first, fast then
        step = _check_step(check, result)
        if step.text not in said:  # one cause often fails several checks
            found.append(step)
        said.add(step.text)
    return tuple(found)


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
    if result.problem:
        return result.problem
    for check in result.checks:
        if check.outcome == NOT_JUDGED:
            return f"not judged (our fault): {check.message or check.name}"
    found = steps(result)
    if found:
        place = found[0].function or found[0].where
        return f"{place}: {found[0].text}" if place else found[0].text
    return unsettled_reason(result)


def unsettled_reason(result: Result) -> str:
    """Say in one line which measurement is to be repeated."""
    open_ = (c for c in result.checks if c.outcome == INCONCLUSIVE)
    return next((f"not settled yet: {function_name(c.function)}: {sentence(c) or c.title}" for c in open_), "")


def _finding_step(finding: Finding, title: str, result: Result) -> Step:
    name = f"{title}: {function_name(finding.function)}" if finding.function else title
    worth = sum(v.possible or 0 for v in functions(result) if v.key == finding.function and v.state is not PASS)
    advice = f"Instead: {finding.instead}" if finding.instead else ""
    return Step(name, finding.message, advice, finding.where, finding.code, function_name(finding.function), worth)


def _check_step(check: CheckView, result: Result) -> Step:
    evidence = check.evidence
    case = next((r.worst for r in check.rows if r.state is FAIL), None)
    text = evidence.hint or check.said or (case.message if case else "") or check.reason or evidence.title
    blocked = [s for s in result.checks if s.outcome == SKIPPED and evidence.name in s.message]
    scores = {s.name: s for s in result.score.checks} if result.score else {}
    names = [evidence.name, *(b.name for b in blocked)]
    worth = sum(scores[n].possible - scores[n].points for n in names if n in scores)
    return Step(
        f"{function_name(evidence.function)}: {evidence.title}",
        text,
        capital(case.advice) if case and not evidence.hint else "",
        case.where if case else "",
        case.code if case else "",
        function_name(evidence.function),
        worth,
    )
