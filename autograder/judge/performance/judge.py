"""Judge training, throughput and cost: what a program does over time, beside the reference on the same device."""

from __future__ import annotations

from autograder.checks import Check
from autograder.judge.performance.comparison import compare_programs
from autograder.judge.performance.measurement import Measurement, measured_evidence, reference_failed
from autograder.judge.performance.training_runs import train_programs
from autograder.results import NOT_JUDGED, CaseEvidence, CheckEvidence


def judge_performance(measurement: Measurement, check: Check) -> CheckEvidence:
    """Judge one check of training, throughput or cost."""
    if check.name in measurement.expected.problems:
        message = reference_failed(measurement.expected.problems[check.name])
        return measured_evidence(check, [CaseEvidence("reference", NOT_JUDGED, message=message)])
    if check.kind == "training":
        return train_programs(measurement, check)
    return compare_programs(measurement, check)
