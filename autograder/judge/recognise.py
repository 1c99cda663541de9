"""Recognise known mistakes by their numbers, on public draws: a hint is the same whatever is hidden."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from autograder import tree
from autograder.assignment.plan import PUBLIC_DRAW
from autograder.assignment.probes import Probe
from autograder.judge.diagnose import match_mistake
from autograder.judge.families import match_family
from autograder.judge.observed import Observed
from autograder.judge.oracle.expected import KnownMistake
from autograder.results import FAILED, PASSED, CheckEvidence
from autograder.sandbox.trace import Failure

ALIKE = 0.2  # how far apart, relatively, statistics of two random answers with the same mistake may be


def recognise(observed: Observed, evidence: Mapping[str, CheckEvidence]) -> dict[str, CheckEvidence]:
    """Return the evidence with the known mistake behind each failed check, where its numbers give it away.

    A mistake that explains all checks of a function comes first; else one that explains a single check.
    Checks that rest on another failed check are left out of the first search: their numbers follow from it.
    """
    recognised = dict(evidence)
    known = observed.expected.mistakes
    for function in observed.plan.assignment.functions:
        names = [n for n, e in evidence.items() if e.function == function]
        failed = [n for n in names if evidence[n].outcome == FAILED and not _rests_on_failed(observed, n, evidence)]
        own = [m for m in known if m.function == function]
        common = _match(observed, names, failed, evidence, own)
        for name in failed:
            mistake = None
            if any(p.key in observed.outputs for p in observed.probes[name]):
                mistake = common or _of_check(observed, name, evidence, own)
            mistake = mistake or _by_form(observed, name, own, failed)
            if mistake is not None:
                recognised[name] = _named(evidence[name], mistake)
    for name, e in evidence.items():  # compositions: the mistake may be in any function that they call
        if e.function.startswith("given.") and e.outcome == FAILED and not _rests_on_failed(observed, name, evidence):
            mistake = _of_check(observed, name, evidence, known)
            if mistake is not None:
                recognised[name] = _named(e, mistake)
    return recognised


def _named(evidence: CheckEvidence, mistake: KnownMistake) -> CheckEvidence:
    return dataclasses.replace(evidence, mistake=mistake.name, hint=mistake.hint, topic=mistake.topic)


def _of_check(
    observed: Observed, name: str, evidence: Mapping[str, CheckEvidence], known: Sequence[KnownMistake]
) -> KnownMistake | None:
    """Find the mistake behind one failed check: by its numbers, or by its statistics where these are random."""
    candidates = [m for m in known if name in m.fails]
    found = _match(observed, [name], [name], evidence, candidates)
    if found is None and observed.plan.assignment.checks[name].kind == "property":
        return _by_statistics(observed, name, candidates)
    return found


def _by_form(
    observed: Observed, name: str, known: Sequence[KnownMistake], failed: Sequence[str]
) -> KnownMistake | None:
    """Find the one mistake that answers with the same wrong structure, or breaks the same rule.

    Of several, it is the one that fails just what failed.
    """
    fitting: set[str] = set()
    for probe in observed.probes[name]:
        program = observed.programs.get(probe.forward.key)
        if probe.draw == PUBLIC_DRAW and program is not None:
            form = program.kind if isinstance(program, Failure) else program.forward
            fitting |= {m.name for m in known if name in m.fails and m.forms.get(probe.forward.key) == form}
    alike = [m for m in known if m.name in fitting]
    alike = alike if len(alike) == 1 else [m for m in alike if m.fails == set(failed)]
    return alike[0] if len(alike) == 1 else None


def _by_statistics(observed: Observed, name: str, candidates: Sequence[KnownMistake]) -> KnownMistake | None:
    """Find the one mistake whose random numbers break the same bounds of a property, by about as much."""
    fitting: list[KnownMistake] = []
    for probe in observed.probes[name]:
        if probe.draw != PUBLIC_DRAW or probe.key not in observed.outputs:
            continue
        broken = _broken(observed, probe, observed.outputs[probe.key])
        if broken:
            answered = [
                (m, _broken(observed, probe, m.outputs[probe.key])) for m in candidates if probe.key in m.outputs
            ]
            fitting += [m for m, theirs in answered if _alike(broken, theirs)]
    return fitting[0] if len({m.name for m in fitting}) == 1 else None


def _broken(observed: Observed, probe: Probe, leaves: Sequence[np.ndarray]) -> dict[str, float]:
    """Return the statistics of an output that are outside their bounds, by name; nothing if it cannot be judged."""
    judge = observed.plan.assignment.checks[probe.check].options["judge"]
    output = tree.unflatten(observed.expected.outputs[probe.call.key], iter([np.asarray(leaf) for leaf in leaves]))
    try:
        bounds = list(judge(output, *probe.case.args, **probe.case.static))
    except Exception:  # our predicate does not fit what a stranger's program answered
        return {}
    return {bound.name: bound.value for bound in bounds if not bound.holds}


def _alike(ours: Mapping[str, float], theirs: Mapping[str, float]) -> bool:
    if ours.keys() != theirs.keys():
        return False
    return all(abs(a - theirs[n]) <= ALIKE * max(abs(a), abs(theirs[n])) + 1e-6 for n, a in ours.items())


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
    if not wrong:
        return None
    exact = match_mistake(outputs, wrong, [m for m in known if not m.constants])
    return exact or match_family(outputs, wrong, [m for m in known if m.constants], observed.expected.truth)


def _rests_on_failed(observed: Observed, name: str, evidence: Mapping[str, CheckEvidence]) -> bool:
    """Whether a check will be set aside because a check that it rests on did not pass."""
    needs = observed.plan.assignment.checks[name].needs
    return any(n in evidence and evidence[n].outcome != PASSED for n in needs)
