"""From traced programs to evidence: run them, compare with the truth, explain what differs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping

from autograder.assignment.plan import Plan
from autograder.checks import MEASURED, Check
from autograder.judge.device.evaluator import Evaluator, ResultCache
from autograder.judge.evidence import check_evidence
from autograder.judge.ladder import SHOWN
from autograder.judge.observed import Observed, ask, joined
from autograder.judge.oracle.expected import Expected
from autograder.judge.recognise import recognise
from autograder.judge.tasks import Programs
from autograder.results import LEFT_OUT, NOT_JUDGED, PASSED, SKIPPED, CheckEvidence


def judge(
    programs: Programs,
    plan: Plan,
    expected: Expected,
    evaluator: Evaluator,
    cache: ResultCache,
    sources: Mapping[str, str],
    measure: Callable[[Check], CheckEvidence] | None = None,
    more: Callable[[Collection[str]], Programs] | None = None,
) -> tuple[tuple[CheckEvidence, ...], Programs]:
    """Judge all checks of a plan on the programs that a submission handed out.

    Hidden cases come first, with one printed case of each function.  The other public cases are judged where a check of
    their function failed: they are what a student may see of it.  A function that is missing, not accepted or without
    end fails everywhere alike, and its printed case says so.

    Args:
      programs: what the sandbox traced, by call.
      cache: what equal programs answered before.
      sources: the student's files by name, to quote lines from.
      more: traces what :meth:`Plan.feedback` asks of functions; None where everything was traced already.
      measure: judges a check of training, throughput or cost; None leaves these checks out.

    Returns:
      The evidence of every check, in the order of the assignment; and all programs that are known now.
    """
    checks = plan.assignment.checks.values()
    observed = ask(programs, plan.first(), plan, expected, evaluator, cache, sources)
    numeric = _numeric(observed)
    wrong = {e.function for e in numeric.values() if any(case.kind in SHOWN for case in e.cases)}
    if wrong:
        programs = {**programs, **(more(wrong) if more else {})}
        known = [probe for probe in plan.feedback(wrong) if probe.call.key in programs]
        observed = joined(observed, ask(programs, known, plan, expected, evaluator, cache, sources))
        numeric = _numeric(observed)
    numeric = recognise(observed, numeric)
    final: dict[str, CheckEvidence] = {}
    for check in checks:  # a check may rest on any other, so performance comes when the numbers are known
        if check.kind not in MEASURED:
            final[check.name] = _set_aside(check, numeric, plan) or numeric[check.name]
    for check in checks:
        if check.kind in MEASURED:
            # Without measuring, a check is left out whatever it depends on: every student can earn the same points.
            aside = _set_aside(check, final, plan) if measure else None
            if measure and aside is None:
                aside = _wrong_parts(observed, check)
            final[check.name] = aside or (measure(check) if measure else left_out(check))
    return tuple(final[c.name] for c in checks), programs


def _numeric(observed: Observed) -> dict[str, CheckEvidence]:
    checks = observed.plan.assignment.checks.values()
    return {c.name: check_evidence(observed, c) for c in checks if c.kind not in MEASURED}


def _wrong_parts(observed: Observed, check: Check) -> CheckEvidence | None:
    """Judge the calls that a training run rests on, before anything is trained; None where all are right.

    A function that is wrong at the size of the training may make what is to be learned easier.
    """
    if check.kind != "training" or not observed.probes[check.name]:
        return None
    found = check_evidence(observed, check)
    if found.outcome == PASSED:
        return None
    cases = tuple(
        dataclasses.replace(case, message=f"nothing was trained: {case.label}: {case.message}")
        if case.outcome == found.outcome
        else case
        for case in found.cases
    )
    message = next(case.message for case in cases if case.outcome == found.outcome)
    return dataclasses.replace(found, cases=cases, message=message)


def left_out(check: Check) -> CheckEvidence:
    """Return the evidence of a measurement that this run does not make."""
    message = "Left out: this run did not measure performance."
    return CheckEvidence(check.name, check.title, check.function, check.kind, LEFT_OUT, message=message)


def _set_aside(check: Check, known: Mapping[str, CheckEvidence], plan: Plan) -> CheckEvidence | None:
    """Skip a check that depends on a check that did not pass; the message names that check."""
    lacking = [n for n in check.needs if n in known and known[n].outcome != PASSED]
    own = known.get(check.name)
    if not lacking or (own is not None and own.outcome in (PASSED, NOT_JUDGED)):
        return None
    titles = " and ".join(f"{n} (“{plan.assignment.checks[n].title}”)" for n in lacking)
    message = f"waits for {titles} to pass"
    return CheckEvidence(
        check.name, check.title, check.function, check.kind, SKIPPED, message=message, waits_for=tuple(lacking)
    )
