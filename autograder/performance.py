"""Judge training, throughput and cost: what a program does over time, beside the reference on the same device."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from autograder import learning, tree
from autograder.answers import Answers, inputs_of
from autograder.checks import Check
from autograder.device import Lost
from autograder.evaluate import Memory, Refusal, Task, as_bytes, from_bytes
from autograder.evidence import Programs, describe_inputs, refused, untraced
from autograder.explain import Explanation
from autograder.judge import make_task
from autograder.plan import Call, Plan, Probe, Run, draw_run
from autograder.ratios import agreed, cost_case, io_bytes, speed_case
from autograder.results import FAILED, INCONCLUSIVE, NOT_JUDGED, PASSED, CaseEvidence, CheckEvidence
from autograder.stand import COMPILE_SECONDS, TIMING_SECONDS, TRAIN_SECONDS, Stand, inspect
from autograder.tracing import Program


class Measure:
    """Judges the performance checks of one submission."""

    def __init__(
        self,
        programs: Programs,
        plan: Plan,
        answers: Answers,
        stand: Stand,
        memory: Memory,
        sources: Mapping[str, str],
        say: Callable[[str], object] = lambda text: None,
    ) -> None:
        self.programs, self.plan, self.answers, self.sources = programs, plan, answers, sources
        self.stand, self.memory, self.say = stand, memory, say

    def __call__(self, check: Check) -> CheckEvidence:
        if check.name in self.answers.problems:
            message = f"our reference failed here: {self.answers.problems[check.name]}"
            return _evidence(check, [CaseEvidence("reference", NOT_JUDGED, message=message)])
        if check.kind == "training":
            return self.training(check)
        by_label: dict[str, list[Probe]] = {}
        for probe in self.plan.probes[check.name]:
            by_label.setdefault(probe.label, []).append(probe)
        with self.stand.alone():
            return _evidence(check, [self.ratio(check, probes) for probes in by_label.values()])

    def ratio(self, check: Check, probes: Sequence[Probe]) -> CaseEvidence:
        """Compare one program with the reference's on all draws of one case."""
        probe = probes[0]
        base: dict[str, Any] = {"label": probe.label, "inputs": describe_inputs(probe)}
        if probe.key in self.answers.problems:
            message = f"our reference failed here: {self.answers.problems[probe.key]}"
            return CaseEvidence(outcome=NOT_JUDGED, message=message, **base)
        program = self.programs.get(probe.call.key)
        explanation = untraced(probe.call, self.programs, self.plan, self.answers, self.sources)
        if explanation is not None or not isinstance(program, Program):
            return _explained(explanation, base)
        task = make_task(probe.call.key, probe.call, program, self.plan, self.answers)
        worker = self.stand.counter if check.kind == "cost" else self.stand.worker
        inspection = inspect(worker, [task])[task.key]
        if isinstance(inspection, Refusal):
            return _explained(refused(inspection, probe.call, self.plan, self.sources), base)
        memo = (str(inspection["normal"]), f"{check.name}/{probe.label}")
        found = self.memory.look([memo])[0].get(memo)
        if found is None:
            found = self._compare(check, probes, task, base)
            self.memory.keep({memo: found})
        assert isinstance(found, CaseEvidence)
        return found

    def _compare(self, check: Check, probes: Sequence[Probe], task: Task, base: dict[str, Any]) -> CaseEvidence:
        bands = check.options["bands"]
        reference = self.answers.programs[probes[0].call.key]
        sets = [inputs_of(self.plan, p, self.answers.outputs) for p in probes]
        payload = reference + b"".join(as_bytes(s) for s in sets)
        request = {"program": task.key, "bytes": len(reference), "sets": len(sets)}
        try:
            if check.kind == "cost":
                answer = self.stand.counter.ask({"do": "cost", **request}, payload, COMPILE_SECONDS)[0]
                if "error" not in answer:
                    found = cost_case(answer, check.options["of"], bands, io_bytes(task), base)
                    if found is not None:
                        return found
                    self.say("a loop hides the cost: timing it")
                    inspect(self.stand.worker, [task])
            timing = {"do": "time", **request, "bands": bands, "seconds": TIMING_SECONDS}
            answer = self._time(timing, payload)
            if "error" not in answer and (slow := speed_case(answer, bands, base)).outcome == FAILED:
                self.say("slower than the reference: timing it again")
                answer = self._time(timing, payload)
                if "error" not in answer:
                    return agreed(slow, speed_case(answer, bands, base), bands)
        except Lost as lost:
            return _explained(refused(Refusal(str(lost)), probes[0].call, self.plan, self.sources), base)
        if answer.get("error") == "different":
            message = "while it was timed, the function did not give the reference's numbers"
            return CaseEvidence(outcome=FAILED, message=message, advice="make it right for these sizes first", **base)
        if "error" in answer:
            kind = "memory" if answer["error"] == "memory" else "crash"
            return _explained(refused(Refusal(kind, answer["message"]), probes[0].call, self.plan, self.sources), base)
        return speed_case(answer, bands, base)

    def _time(self, request: dict[str, Any], payload: bytes) -> dict[str, Any]:
        return self.stand.worker.ask(request, payload, COMPILE_SECONDS + 2 * TIMING_SECONDS)[0]

    def training(self, check: Check) -> CheckEvidence:
        """Train on several seeds; where they disagree, on as many again."""
        learned = self.answers.training[check.name]
        first, options = self.plan.runs[check.name], check.options
        calls = [
            first.init,
            first.step(options["step"], learned.state),
            first.predict(options["predict"], learned.state),
        ]
        base = {"label": first.label}
        tasks = []
        for call in calls:
            program = self.programs.get(call.key)
            explanation = untraced(call, self.programs, self.plan, self.answers, self.sources)
            if explanation is not None or not isinstance(program, Program):
                return _evidence(check, [_explained(explanation, base)])
            tasks.append(make_task(call.key, call, program, self.plan, self.answers))
        with self.stand.alone():
            inspected = inspect(self.stand.worker, tasks)
            for call, task in zip(calls, tasks, strict=True):
                inspection = inspected[task.key]
                if isinstance(inspection, Refusal):
                    return _evidence(check, [_explained(refused(inspection, call, self.plan, self.sources), base)])
            memo = (" ".join(str(inspected[t.key]["normal"]) for t in tasks), check.name)  # type: ignore[index]
            found = self.memory.look([memo])[0].get(memo)
            if found is None:
                found = self._train(check, calls, tasks)
                self.memory.keep({memo: found})
        assert isinstance(found, CheckEvidence)
        return found

    def _train(self, check: Check, calls: Sequence[Call], tasks: Sequence[Task]) -> CheckEvidence:
        learned = self.answers.training[check.name]
        cases: list[CaseEvidence] = []
        for draw in range(2 * check.draws):
            if draw >= check.draws and not learning.undecided(cases):
                break
            run = (
                self.plan.runs[check.name] if draw == 0 else draw_run(self.plan.assignment, self.plan.seed, check, draw)
            )
            case = self._train_once(check, run, draw, calls, tasks)
            cases.append(case)
            if case.outcome == NOT_JUDGED or (case.outcome == FAILED and not case.curves):
                break
        outcome, message = learning.verdict(cases, learned)
        return _evidence(check, cases, outcome, message)

    def _train_once(
        self, check: Check, run: Run, draw: int, calls: Sequence[Call], tasks: Sequence[Task]
    ) -> CaseEvidence:
        base: dict[str, Any] = {"label": f"{run.label}, seed {draw + 1}", "draw": draw}
        payload = as_bytes([run.key, *run.batches, *run.held_out])
        header = {"do": "train", "programs": [t.key for t in tasks], "steps": run.steps}

        def progress(now: dict[str, Any]) -> None:
            self.say(f"{check.name}, seed {draw + 1}: step {now['progress']} of {run.steps}, loss {now['loss']:.3g}")

        try:
            answer, data = self.stand.worker.ask(header, payload, TRAIN_SECONDS, progress)
        except Lost as lost:
            return _explained(refused(Refusal(str(lost)), calls[1], self.plan, self.sources), base)
        if "error" in answer:
            kind = "memory" if answer["error"] == "memory" else "crash"
            return _explained(refused(Refusal(kind, answer["message"]), calls[1], self.plan, self.sources), base)
        losses, at = from_bytes(data, 0, (run.steps,), "float32")
        leaves = []
        for spec in tasks[2].outputs:
            leaf, at = from_bytes(data, at, tree.shape_of(spec), tree.dtype_of(spec))
            leaves.append(leaf)
        output = tree.unflatten(self.answers.outputs[calls[2].key], iter(leaves))
        try:
            numbers = {k: float(v) for k, v in check.options["measure"](output, run.target).items()}
        except Exception as error:
            message = f"our measure failed: {type(error).__name__}: {error}"
            return CaseEvidence(outcome=NOT_JUDGED, message=message, **base)
        return learning.judge_run(losses, numbers, self.answers.training[check.name], check.options["slack"], base)


def _explained(explanation: Explanation | None, base: dict[str, Any]) -> CaseEvidence:
    found = explanation or Explanation("there is no program")
    outcome = NOT_JUDGED if found.message.startswith(NOT_JUDGED) else FAILED
    return CaseEvidence(
        outcome=outcome, message=found.message, advice=found.advice, where=found.where, code=found.code, **base
    )


def _evidence(check: Check, cases: Sequence[CaseEvidence], outcome: str = "", message: str = "") -> CheckEvidence:
    outcomes = {c.outcome for c in cases}
    order = (NOT_JUDGED, FAILED, INCONCLUSIVE, PASSED)
    worst = outcome or next(o for o in order if o in outcomes)
    first = next((c.message for c in cases if c.outcome == worst and c.message), "")
    return CheckEvidence(
        check.name,
        check.title,
        check.function,
        check.kind,
        worst,
        tuple(cases),
        "" if worst == PASSED else message or first,
    )
