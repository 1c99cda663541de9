"""Train a submission's program on the testbed, over several seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from autograder import tree
from autograder.assignment.probes import Call, Run, draw_run
from autograder.checks import Check
from autograder.judge.device.arrays import as_bytes, from_bytes
from autograder.judge.device.requests import DIFFERENT, Refusal, Task, modules, programs_header
from autograder.judge.explain import Explanation
from autograder.judge.performance.measurement import Measurement, measured_evidence, remembered
from autograder.judge.performance.testbed import TRAIN_SECONDS
from autograder.judge.performance.training import judge_run, undecided, verdict
from autograder.results import FAILED, NOT_JUDGED, CaseEvidence, CheckEvidence


def train_programs(measurement: Measurement, check: Check) -> CheckEvidence:
    """Judge training on several seeds; where they disagree, on as many again."""
    state = measurement.expected.training[check.name].state
    first, options = measurement.plan.runs[check.name], check.options
    calls = [first.init, first.step(options["step"], state), first.predict(options["predict"], state)]
    tasks: list[Task] = []
    for call in calls:
        task = measurement.task(call)
        if isinstance(task, Explanation):
            return measured_evidence(check, [task.case(first.label)])
        tasks.append(task)
    with measurement.testbed.alone():
        inspected = measurement.on(measurement.testbed.worker).inspect(tasks)
        programs = []
        for call, task in zip(calls, tasks, strict=True):
            inspection = inspected[task.key]
            if isinstance(inspection, Refusal):
                return measured_evidence(check, [measurement.refused(inspection, call).case(first.label)])
            programs.append(inspection.normal)
        name = " ".join(programs), f"{check.name}/{measurement.plan.digest()}"
        evidence = measurement.cache.look([name])[0].get(name)
        if evidence is None:
            evidence = _train(measurement, check, calls, tasks)
            if all(case.curves or remembered(case) for case in evidence.cases):
                measurement.cache.keep({name: evidence})
    assert isinstance(evidence, CheckEvidence)
    return evidence


def _train(measurement: Measurement, check: Check, calls: Sequence[Call], tasks: Sequence[Task]) -> CheckEvidence:
    plan = measurement.plan
    cases: list[CaseEvidence] = []
    for draw in range(2 * check.draws):
        if draw >= check.draws and not undecided(cases):
            break
        run = plan.runs[check.name] if draw == 0 else draw_run(plan.assignment, plan.keys, check, draw)
        case = _train_once(measurement, check, run, draw, calls, tasks)
        cases.append(case)
        if case.outcome == NOT_JUDGED or (case.outcome == FAILED and not case.curves):
            break
    outcome, message = verdict(cases)
    return measured_evidence(check, cases, outcome, message)


def _train_once(
    measurement: Measurement, check: Check, run: Run, draw: int, calls: Sequence[Call], tasks: Sequence[Task]
) -> CaseEvidence:
    base: dict[str, Any] = {"label": f"{run.label}, seed {draw + 1}", "draw": draw}
    references = _references(measurement, check, calls, tasks)
    header = {
        "do": "train",
        "programs": programs_header(tasks),
        "references": programs_header(references),
        "steps": run.steps,
    }
    payload = modules([*tasks, *references]) + as_bytes([run.key, *run.batches, *run.held_out])
    _, step, predict = calls

    def progress(now: dict[str, Any]) -> None:
        measurement.on_progress(
            f"{check.name}, seed {draw + 1}: step {now['progress']} of {run.steps}, loss {now['loss']:.3g}"
        )

    found = measurement.on(measurement.testbed.worker).ask((header, payload), TRAIN_SECONDS, progress)
    if isinstance(found, Refusal):
        return measurement.refused(found, step).case(**base)
    answer, data = found
    if answer.get("error") == DIFFERENT:
        message = f"from the same state, {answer['message']} is not the reference's"
        advice = "make the functions that the training uses correct for these sizes first"
        return CaseEvidence(outcome=FAILED, message=message, advice=advice, **base)
    if "error" in answer:
        return measurement.failed(answer, step).case(**base)
    losses, at = from_bytes(data, 0, (run.steps,), "float32")
    leaves = []
    for spec in tasks[2].outputs:
        leaf, at = from_bytes(data, at, tree.shape_of(spec), tree.dtype_of(spec))
        leaves.append(leaf)
    output = tree.unflatten(measurement.expected.outputs[predict.key], iter(leaves))
    try:
        numbers = {name: float(value) for name, value in check.options["measure"](output, run.target).items()}
    except Exception as error:
        message = f"our measure failed: {type(error).__name__}: {error}"
        return CaseEvidence(outcome=NOT_JUDGED, message=message, **base)
    return judge_run(losses, numbers, measurement.expected.training[check.name], check.options["slack"], base)


def _references(measurement: Measurement, check: Check, calls: Sequence[Call], tasks: Sequence[Task]) -> list[Task]:
    """Return the reference's programs to compare with; none where the check leaves the step to the student."""
    programs = measurement.expected.programs
    if not check.options["same_step"] or any(call.key not in programs for call in calls):
        return []
    return [replace(task, module=programs[call.key]) for call, task in zip(calls, tasks, strict=True)]
