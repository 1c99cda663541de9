"""Evidence of speed and cost: ratios to the reference, in numbers and in words."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograder import tree
from autograder.judge.device.requests import Task
from autograder.judge.intervals import interval, share
from autograder.results import FAILED, INCONCLUSIVE, PASSED, CaseEvidence

_SLOW = "look for work done twice, a Python loop over the batch or the positions, or arrays larger than needed"


def speed_case(answer: Mapping[str, Any], bands: Sequence[tuple[float, float]], base: dict[str, Any]) -> CaseEvidence:
    """Judge one timed comparison: inconclusive while the interval of the ratio spans several bands.

    Args:
      answer: what :func:`autograder.judge.device.measure.compare_speed` returned: ratios without unit, times
        in seconds.
      bands: (least ratio, share of the points).
      base: further fields of the evidence: label and inputs.

    References:
      Georges, Buytaert, Eeckhout, Statistically Rigorous Java Performance Evaluation, OOPSLA 2007: compare
      intervals, not single times.
    """
    measured = interval(answer["ratios"])
    pairs = len(answer["ratios"])
    statistics = {
        "ratio": measured.median,
        "ratio low": measured.low,
        "ratio high": min(measured.high, 1e9),
        "needed ratio": max(bar for bar, _ in bands),
        "pairs": float(pairs),
        "calls per second": 1 / answer["steady"][0],
        "reference calls per second": 1 / answer["steady"][1],
        "compile seconds": answer["compile"][0],
        "reference compile seconds": answer["compile"][1],
        "first call seconds": answer["first"][0],
        "reference first call seconds": answer["first"][1],
    }
    slower = 1 / measured.median
    between = f"{1 / measured.high:.2f} to {1 / max(measured.low, 1e-9):.2f}, {pairs} pairs"
    relative = f"{slower:.2f} times as long as the reference ({between})"
    if share(bands, measured.low) != share(bands, measured.high):
        message = (
            f"inconclusive: it takes {relative}, which spans more than one band; measure again on a quieter machine"
        )
        return CaseEvidence(outcome=INCONCLUSIVE, message=message, statistics=statistics, **base)
    if share(bands, measured.low) >= 1.0:
        return CaseEvidence(outcome=PASSED, statistics=statistics, **base)
    return CaseEvidence(outcome=FAILED, message=f"it takes {relative}", advice=_SLOW, statistics=statistics, **base)


def agreed(first: CaseEvidence, second: CaseEvidence, bands: Sequence[tuple[float, float]]) -> CaseEvidence:
    """Judge two timings of one program: only a slowness that both show costs points.

    Another process can slow one run from end to end, and no statistic within the run shows it.  What still spans
    several bands stands close to a bar, and earns the points of the lower one: a third run would say no more.

    References:
      Kalibera, Jones, Rigorous Benchmarking in Reasonable Time, ISMM 2013: repeat at the level that varies.
    """
    low = max(first.statistics["ratio low"], second.statistics["ratio low"])
    high = max(first.statistics["ratio high"], second.statistics["ratio high"])
    statistics = {**second.statistics, "ratio low": low, "ratio high": high}
    if share(bands, low) >= 1.0:
        return dataclasses.replace(second, outcome=PASSED, message="", advice="", statistics=statistics)
    seen = " and ".join(f"{1 / c.statistics['ratio']:.2f}" for c in (first, second))
    message = f"measured twice, it takes {seen} times as long as the reference"
    if share(bands, low) != share(bands, high):
        message += (
            f" ({1 / max(high, 1e-9):.2f} to {1 / max(low, 1e-9):.2f}): too close to a bar to tell its sides apart, "
            "so it earns the points of the lower band"
        )
    return dataclasses.replace(second, outcome=FAILED, message=message, advice=_SLOW, statistics=statistics)


def cost_case(
    answer: Mapping[str, Any], of: Sequence[str], bands: Sequence[tuple[float, float]], io: float, base: dict[str, Any]
) -> CaseEvidence | None:
    """Judge what a program needs beside the reference's; None where a loop hides it.

    Args:
      answer: the counts of both programs: "flops" (operations), "bytes" and "temporary" (bytes).
      of: which counts are judged; the worst ratio decides.
      bands: (least ratio, share of the points).
      io: bytes of inputs and outputs, which both programs need in any case.
      base: further fields of the evidence: label and inputs.
    """
    student, reference = answer["student"], answer["reference"]
    if any(side[name] is None for side in (student, reference) for name in of):
        return None
    statistics: dict[str, float] = {}
    ratios: dict[str, float] = {}
    for name in of:
        beside = io if name == "temporary" else 1.0
        ratios[name] = (reference[name] + beside) / (student[name] + beside)
        statistics |= {name: student[name], f"reference {name}": reference[name]}
    worst = min(ratios, key=lambda name: ratios[name])
    statistics |= {"ratio": ratios[worst], "ratio low": ratios[worst], "ratio high": ratios[worst]}
    statistics["needed ratio"] = max(bar for bar, _ in bands)
    if share(bands, ratios[worst]) >= 1.0:
        return CaseEvidence(outcome=PASSED, statistics=statistics, **base)
    what = {"flops": "arithmetic operations", "bytes": "memory traffic", "temporary": "temporary memory"}[worst]
    counts = f"{student[worst]:,.0f} beside {reference[worst]:,.0f}"
    message = f"it needs {1 / ratios[worst]:.2f} times the {what} of the reference ({counts})"
    advice = {
        "flops": "something is computed more than once, or for entries that are thrown away",
        "bytes": "arrays are written and read again more often than needed",
        "temporary": "an intermediate array is much larger than the inputs and the result",
    }[worst]
    return CaseEvidence(outcome=FAILED, message=message, advice=advice, statistics=statistics, **base)


def io_bytes(task: Task) -> float:
    """Return the bytes of a program's inputs and outputs, four for each element."""
    return float(sum(4 * int(np.prod(tree.shape_of(s), dtype=np.int64)) for s in (*task.inputs, *task.outputs)))
