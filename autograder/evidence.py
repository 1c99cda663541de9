"""Turn what one submission's programs answered into evidence: compare, explain, recognise."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograder import tree
from autograder.answers import Answers, KnownMistake, inputs_of
from autograder.checks import Check
from autograder.compare import compare, scales
from autograder.diagnose import describe, match_mistake
from autograder.errormap import error_map
from autograder.evaluate import Outputs, Refusal
from autograder.explain import Explanation, explain_failure, explain_refusal, explain_structure
from autograder.plan import PERFORMANCE, Call, Plan, Probe
from autograder.results import FAILED, NOT_JUDGED, PASSED, CaseEvidence, CheckEvidence, Place
from autograder.tracing import Failure, Program

MEASURED = (*PERFORMANCE, "training")
FD_STEP = 1e-2  # of the rms of the inputs; float32 central differences are best near here
FD_BOUND = 5e-2

Programs = Mapping[str, Program | Failure]


class Observed:
    """What one submission's programs answered, seen through the plan."""

    def __init__(
        self,
        programs: Programs,
        plan: Plan,
        answers: Answers,
        ran: Mapping[str, Outputs | Refusal],
        sources: Mapping[str, str],
    ) -> None:
        self.programs, self.plan, self.answers, self.sources = programs, plan, answers, sources
        self.ran = ran
        self.outputs: dict[str, Sequence[np.ndarray]] = {}
        self.shifted: dict[str, list[Sequence[np.ndarray]]] = {}
        place: dict[str, int] = {}
        for probe in numeric_probes(plan, answers):
            task = f"{probe.call.key}/{probe.steps}"
            result, at = ran.get(task), place.get(task, 0)
            place[task] = at + 1
            if isinstance(result, Outputs):
                self.outputs[probe.key] = result.rounds[at]
        for probe in numeric_probes(plan, answers):
            task = f"{probe.forward.key}/0"
            if probe.call.vjp:
                result, at = ran.get(task), place.get(task, 0)
                place[task] = at + 2
                if isinstance(result, Outputs):
                    self.shifted[probe.key] = list(result.rounds[at : at + 2])

    def check(self, check: Check) -> CheckEvidence:
        cases = tuple(self.case(check, p) for p in self.plan.probes[check.name])
        outcomes = {c.outcome for c in cases}
        outcome = NOT_JUDGED if NOT_JUDGED in outcomes else FAILED if FAILED in outcomes else PASSED
        first = next((c for c in cases if c.outcome != PASSED), None)
        programs = {self.normal(p) for p in self.plan.probes[check.name]}
        ran = [self.ran.get(f"{p.call.key}/{p.steps}") for p in self.plan.probes[check.name]]
        counted = [r.operations for r in ran if isinstance(r, Outputs)]
        return CheckEvidence(
            name=check.name,
            title=check.title,
            function=check.function,
            kind=check.kind,
            outcome=outcome,
            cases=self.with_map(check, cases),
            message=first.message if first else "",
            program=" ".join(sorted(filter(None, programs))) if None not in programs else "",
            operations=_counts(max(counted, key=lambda one: sum(one.values()), default={})),
        )

    def with_map(self, check: Check, cases: tuple[CaseEvidence, ...]) -> tuple[CaseEvidence, ...]:
        """Show where the worst failing case differs; one map a check, for every result is stored."""
        failed = [i for i, c in enumerate(cases) if c.outcome == FAILED and c.place is not None and c.error is not None]
        if check.kind not in ("values", "gradients") or not failed:
            return cases
        worst = max(failed, key=lambda i: np.nan_to_num(cases[i].error or 0.0, nan=np.inf))
        probe = self.plan.probes[check.name][worst]
        found = error_map(self.outputs[probe.key], self.answers.truth[probe.key], self.paths(probe), cases[worst].place)
        return (*cases[:worst], dataclasses.replace(cases[worst], error_map=found), *cases[worst + 1 :])

    def normal(self, probe: Probe) -> str | None:
        result = self.ran.get(f"{probe.call.key}/{probe.steps}")
        return result.normal[:16] if isinstance(result, Outputs) else None

    def case(self, check: Check, probe: Probe) -> CaseEvidence:
        base: dict[str, Any] = {"label": probe.label, "draw": probe.draw, "inputs": describe_inputs(probe)}
        if probe.key in self.answers.problems:
            return CaseEvidence(
                outcome=NOT_JUDGED, message=f"our reference failed here: {self.answers.problems[probe.key]}", **base
            )
        explanation = self.refused(probe)
        if explanation is not None:
            ours = explanation.message.startswith(NOT_JUDGED)
            return CaseEvidence(
                outcome=NOT_JUDGED if ours else FAILED,
                message=explanation.message,
                advice=explanation.advice,
                where=explanation.where,
                code=explanation.code,
                **base,
            )
        if check.kind == "property":
            return self.property(check, probe, base)
        return self.numbers(check, probe, base)

    def refused(self, probe: Probe) -> Explanation | None:
        """Why a probe has no numbers, if it has none."""
        explanation = untraced(probe.call, self.programs, self.plan, self.answers, self.sources)
        result = self.ran.get(f"{probe.call.key}/{probe.steps}")
        if explanation is not None or isinstance(result, Outputs):
            return explanation
        return refused(result, probe.call, self.plan, self.sources)

    def numbers(self, check: Check, probe: Probe, base: dict[str, Any]) -> CaseEvidence:
        truths, actual = self.answers.truth[probe.key], self.outputs[probe.key]
        paths = self.paths(probe)
        found = compare(actual, truths, paths)
        message = ""
        if found.outcome == FAILED:
            if probe.steps:
                message = self.divergence(probe, paths)
            else:
                message = describe(actual, truths, probe.inputs, paths)
        statistics = self.differences(probe) if probe.call.vjp else {}
        ratio = statistics.get("finite differences / gradient")
        if found.outcome == FAILED and ratio is not None:
            own = abs(ratio - 1) < FD_BOUND
            message += (
                "; it is the gradient of what your function computes, so look at the forward computation"
                if own
                else "; it is not the gradient of what your function computes: look for stop_gradient or a custom rule"
            )
        return CaseEvidence(
            outcome=found.outcome,
            error=found.error,
            tolerance=found.tolerance,
            worst=found.worst,
            worst_tolerance=found.worst_tolerance,
            place=found.place,
            message=message,
            statistics=statistics,
            **base,
        )

    def divergence(self, probe: Probe, paths: Sequence[str]) -> str:
        """The first step at which a trajectory leaves the true one."""
        truths, actual = self.answers.truth[probe.key], self.outputs[probe.key]
        for step in range(probe.steps):
            rows = [type(t)(t.value[step], t.tolerance, t.scale) for t in truths]
            now = compare([a[step] for a in actual], rows, paths)
            if now.outcome == FAILED:
                fact = describe([a[step] for a in actual], rows, (), paths)
                return f"leaves the reference's path at step {step + 1} of {probe.steps}; there: {fact}"
        return f"drifts away from the reference's path within {probe.steps} steps"

    def differences(self, probe: Probe) -> dict[str, float]:
        """Compare the gradient program with finite differences of the student's own forward program."""
        pair, gradient = self.shifted.get(probe.key), self.outputs[probe.key]
        if pair is None:
            return {}
        inputs = inputs_of(self.plan, probe, self.answers.outputs)
        cotangents = inputs[len(probe.inputs) :]
        floats = [
            [
                leaf
                for leaf, s in zip(side, tree.leaf_specs(self.answers.outputs[probe.forward.key]), strict=True)
                if tree.dtype_of(s).startswith("float")
            ]
            for side in pair
        ]
        step, direction = shifted(self.plan, probe)[2:]
        with np.errstate(invalid="ignore", over="ignore"):  # outputs that overflow tell nothing here
            rise = sum(
                float(np.sum(c * (u.astype(np.float64) - d))) for c, u, d in zip(cotangents, *floats, strict=True)
            ) / (2 * step)
        if not any(np.any(t.value) for t in self.answers.truth[probe.key]):
            return {}  # a gradient that is to be stopped: differences would say otherwise
        slope = sum(float(np.sum(g.astype(np.float64) * d)) for g, d in zip(gradient, direction, strict=True))
        return {"finite differences / gradient": rise / slope} if abs(slope) > 1e-6 and np.isfinite(rise) else {}

    def property(self, check: Check, probe: Probe, base: dict[str, Any]) -> CaseEvidence:
        spec = self.answers.outputs[probe.call.key]
        output = tree.unflatten(spec, iter([np.asarray(a) for a in self.outputs[probe.key]]))
        args = list(probe.case.args)
        try:
            bounds = list(check.options["judge"](output, *args, **probe.case.static))
        except Exception as error:
            return CaseEvidence(
                outcome=NOT_JUDGED, message=f"our predicate failed: {type(error).__name__}: {error}", **base
            )
        broken = [b for b in bounds if not b.holds]
        message, place = "", None
        if broken:
            b = broken[0]
            wanted = (
                f"at least {b.low:.4g}"
                if b.high == np.inf
                else f"at most {b.high:.4g}"
                if b.low == -np.inf
                else f"between {b.low:.4g} and {b.high:.4g}"
            )
            if b.low == b.high:
                wanted = f"{b.low:.4g}"
            message = f"{b.name} is {b.value:.4g}, expected {wanted}"
            nearest = b.low if not b.value >= b.low else b.high
            place = Place(b.name, (), nearest, b.value)
        statistics = {b.name: b.value for b in bounds}
        return CaseEvidence(
            outcome=FAILED if broken else PASSED, message=message, place=place, statistics=statistics, **base
        )

    def paths(self, probe: Probe) -> list[str]:
        names = tree.paths(self.answers.outputs[probe.call.key])
        if not probe.call.vjp:
            return names
        leaves = [f"argument {i + 1}{p}" for i, a in enumerate(probe.call.args) for p in tree.paths(a)]
        return [f"gradient for {leaves[i]}" for i in probe.call.moving()]

    def recognise(self, evidence: dict[str, CheckEvidence]) -> None:
        """Name the known mistake behind the numbers of a function, or else of one check, where there is one."""
        for function in self.plan.assignment.functions:
            names = [n for n, e in evidence.items() if e.function == function]
            wrong = [n for n in names if evidence[n].outcome == FAILED and not self.lacking(n, evidence)]
            known = [m for m in self.answers.mistakes if m.function == function]
            mistake = self.match(names, wrong, evidence, known)
            for name in wrong:
                found = mistake or self.match([name], [name], evidence, [m for m in known if name in m.fails])
                if found is not None and any(p.key in self.outputs for p in self.plan.probes[name]):
                    evidence[name] = dataclasses.replace(
                        evidence[name], mistake=found.name, hint=found.hint, topic=found.topic
                    )

    def match(
        self,
        names: Sequence[str],
        wrong: Sequence[str],
        evidence: Mapping[str, CheckEvidence],
        known: Sequence[KnownMistake],
    ) -> KnownMistake | None:
        """The mistake that answers like the student on all probes of the checks ``names``."""
        probes = self.plan.probes
        failed = {
            p.key for n in wrong for p, c in zip(probes[n], evidence[n].cases, strict=True) if c.outcome == FAILED
        }
        outputs = {p.key: self.outputs[p.key] for n in names for p in probes[n] if p.key in self.outputs}
        return match_mistake(outputs, failed, known) if failed else None

    def lacking(self, name: str, evidence: Mapping[str, CheckEvidence]) -> bool:
        """Whether a check will be set aside because one that it rests on did not pass."""
        needs = self.plan.assignment.checks[name].needs
        return any(n in evidence and evidence[n].outcome != PASSED for n in needs)


def _counts(operations: Mapping[str, int]) -> dict[str, int]:
    """How often a program does what; without the frame that every program has, for every result is stored."""
    return {n.removeprefix("stablehlo."): k for n, k in operations.items() if not n.startswith(("builtin.", "func."))}


def numeric_probes(plan: Plan, answers: Answers) -> Iterator[Probe]:
    for name, probes in plan.probes.items():
        if plan.assignment.checks[name].kind not in MEASURED:
            yield from (p for p in probes if p.key not in answers.problems)


def untraced(
    call: Call, programs: Programs, plan: Plan, answers: Answers, sources: Mapping[str, str]
) -> Explanation | None:
    """Why a call has no program of the expected signature, if it has none."""
    program, expected = programs.get(call.key), answers.outputs[call.key]
    if program is None or isinstance(program, Failure):
        failure = program or Failure("gave up", "")
        if call.vjp and failure.kind == "structure":
            expected = answers.outputs[call.key + ":forward"]
        return explain_failure(failure, call, expected, plan.assignment, sources)
    return None if tree.matches(expected, program.output) else explain_structure(expected, program.output)


def refused(result: Refusal | None, call: Call, plan: Plan, sources: Mapping[str, str]) -> Explanation:
    """Why a program was not run, or did not finish."""
    if result is None or result.kind == "not judged":
        detail = f" ({result.message})" if result and result.message else ""
        return Explanation(f"{NOT_JUDGED}: the evaluator failed on this program{detail}; this is our fault, not yours")
    return explain_refusal(result, call.function, plan.assignment, sources)


def describe_inputs(probe: Probe) -> str:
    """Kinds and sizes of the arguments, never their numbers."""
    parts = [tree.show(list(a), 120) for a in probe.call.args]
    parts += [f"{k}={v!r}" for k, v in probe.case.static.items()]
    return ", ".join(parts)


def shifted(plan: Plan, probe: Probe) -> tuple[Any, Any, float, list[np.ndarray]]:
    """Inputs moved a little forth and back along a random direction, the step, and the direction."""
    rng = plan.seed.generator(plan.assignment.slug, probe.key, "direction")
    moving = probe.call.moving()
    direction = [rng.normal(size=probe.inputs[i].shape).astype(np.float32) for i in moving]
    rms = scales([probe.inputs[i].astype(np.float64) for i in moving])
    direction = [(d * np.float32(min(s, 1e3))).astype(np.float32) for d, s in zip(direction, rms, strict=True)]
    sides = []
    for sign in (1, -1):
        moved = list(probe.inputs)
        for i, d in zip(moving, direction, strict=True):
            moved[i] = (moved[i] + np.float32(sign * FD_STEP) * d).astype(np.float32)
        sides.append(tuple(moved))
    return sides[0], sides[1], FD_STEP, direction
