"""Recognise known mistakes by their numbers, on public draws: a hint is the same whatever is hidden."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from autograder.assignment.plan import PUBLIC_DRAW
from autograder.judge.diagnose import match_mistake
from autograder.judge.observed import Observed
from autograder.judge.oracle.expected import KnownMistake
from autograder.results import FAILED, PASSED, CheckEvidence


def recognise(observed: Observed, evidence: Mapping[str, CheckEvidence]) -> dict[str, CheckEvidence]:
    """Return the evidence with the known mistake behind each failed check, where its numbers give it away.

    A mistake that explains all checks of a function comes first; else one that explains a single check.
    Checks that rest on another failed check are left out of the first search: their numbers follow from it.
    """
    recognised = dict(evidence)
    for function in observed.plan.assignment.functions:
        names = [n for n, e in evidence.items() if e.function == function]
        failed = [n for n in names if evidence[n].outcome == FAILED and not _rests_on_failed(observed, n, evidence)]
        known = [m for m in observed.expected.mistakes if m.function == function]
        common = _match(observed, names, failed, evidence, known)
        for name in failed:
            mistake = common or _match(observed, [name], [name], evidence, [m for m in known if name in m.fails])
            if mistake is not None and any(p.key in observed.outputs for p in observed.probes[name]):
                recognised[name] = dataclasses.replace(
                    evidence[name], mistake=mistake.name, hint=mistake.hint, topic=mistake.topic
                )
    return recognised


def _match(
    observed: Observed,
    names: Sequence[str],
    failed: Sequence[str],
    evidence: Mapping[str, CheckEvidence],
    known: Sequence[KnownMistake],
) -> KnownMistake | None:
    """Find the mistake that answers like the student on all printed probes of the checks ``names``."""
    probes = observed.probes
    judged = [
        (p, c) for n in failed for p, c in zip(probes[n], evidence[n].cases, strict=True) if p.draw == PUBLIC_DRAW
    ]
    wrong = {p.key for p, c in judged if c.outcome == FAILED}
    shown = [p for n in names for p in probes[n] if p.draw == PUBLIC_DRAW]
    outputs = {p.key: observed.outputs[p.key] for p in shown if p.key in observed.outputs}
    return match_mistake(outputs, wrong, known) if wrong else None


def _rests_on_failed(observed: Observed, name: str, evidence: Mapping[str, CheckEvidence]) -> bool:
    """Whether a check will be set aside because a check that it rests on did not pass."""
    needs = observed.plan.assignment.checks[name].needs
    return any(n in evidence and evidence[n].outcome != PASSED for n in needs)
