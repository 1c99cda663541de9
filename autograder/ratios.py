"""Evidence of speed and cost: ratios to the reference, in numbers and in words."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograder import tree
from autograder.evaluate import Task
from autograder.results import FAILED, INCONCLUSIVE, PASSED, CaseEvidence
from autograder.timing import interval, share


def speed_case(answer: Mapping[str, Any], bands: Sequence[tuple[float, float]], base: dict[str, Any]) -> CaseEvidence:
    """Evidence of one timed comparison; inconclusive while the interval spans several bands."""
    found = interval(answer["ratios"])
    pairs = len(answer["ratios"])
    statistics = {
        "ratio": found.median,
        "ratio low": found.low,
        "ratio high": min(found.high, 1e9),
        "needed ratio": max(bar for bar, _ in bands),
        "pairs": float(pairs),
        "calls per second": 1 / answer["steady"][0],
        "reference calls per second": 1 / answer["steady"][1],
        "compile seconds": answer["compile"][0],
        "reference compile seconds": answer["compile"][1],
        "first call seconds": answer["first"][0],
        "reference first call seconds": answer["first"][1],
    }
    slower = 1 / found.median
    between = f"{1 / found.high:.2f} to {1 / max(found.low, 1e-9):.2f}, {pairs} pairs"
    text = f"{slower:.2f} times as long as the reference ({between})"
    if share(bands, found.low) != share(bands, found.high):
        message = f"inconclusive: it takes {text}, which spans more than one band; measure again on a quieter machine"
        return CaseEvidence(outcome=INCONCLUSIVE, message=message, statistics=statistics, **base)
    if share(bands, found.low) >= 1.0:
        return CaseEvidence(outcome=PASSED, statistics=statistics, **base)
    advice = "look for work done twice, a Python loop over the batch or the positions, or arrays larger than needed"
    return CaseEvidence(outcome=FAILED, message=f"it takes {text}", advice=advice, statistics=statistics, **base)


def agreed(first: CaseEvidence, second: CaseEvidence, bands: Sequence[tuple[float, float]]) -> CaseEvidence:
    """The verdict of two timings of one slow program: what costs points is seen twice, or it is inconclusive.

    A neighbour on the machine can colour one run from end to end, and no statistics within the run show it.
    """
    low = min(first.statistics["ratio low"], second.statistics["ratio low"])
    high = max(first.statistics["ratio high"], second.statistics["ratio high"])
    if share(bands, low) == share(bands, high):
        return second
    seen = " and ".join(f"{1 / c.statistics['ratio']:.2f}" for c in (first, second))
    message = (
        f"inconclusive: measured twice, it takes {seen} times as long as the reference, and the intervals "
        f"({1 / max(high, 1e-9):.2f} to {1 / max(low, 1e-9):.2f}) span more than one band; "
        "measure again on a quieter machine"
    )
    statistics = {**second.statistics, "ratio low": low, "ratio high": high}
    return dataclasses.replace(second, outcome=INCONCLUSIVE, message=message, advice="", statistics=statistics)


def cost_case(
    answer: Mapping[str, Any], of: Sequence[str], bands: Sequence[tuple[float, float]], io: float, base: dict[str, Any]
) -> CaseEvidence | None:
    """Ratios of what both programs need; None where a loop hides it."""
    mine, theirs = answer["student"], answer["reference"]
    if any(side[name] is None for side in (mine, theirs) for name in of):
        return None
    statistics: dict[str, float] = {}
    ratios: dict[str, float] = {}
    for name in of:
        beside = io if name == "temporary" else 1.0  # inputs and outputs are there in any case
        ratios[name] = (theirs[name] + beside) / (mine[name] + beside)
        statistics |= {name: mine[name], f"reference {name}": theirs[name]}
    worst = min(ratios, key=lambda name: ratios[name])
    statistics |= {"ratio": ratios[worst], "ratio low": ratios[worst], "ratio high": ratios[worst]}
    statistics["needed ratio"] = max(bar for bar, _ in bands)
    if share(bands, ratios[worst]) >= 1.0:
        return CaseEvidence(outcome=PASSED, statistics=statistics, **base)
    what = {"flops": "arithmetic operations", "bytes": "memory traffic", "temporary": "temporary memory"}[worst]
    message = f"it needs {1 / ratios[worst]:.2f} times the {what} of the reference"
    advice = {
        "flops": "something is computed more than once, or for entries that are thrown away",
        "bytes": "arrays are written and read again more often than needed",
        "temporary": "an intermediate array is much larger than the inputs and the result",
    }[worst]
    return CaseEvidence(outcome=FAILED, message=message, advice=advice, statistics=statistics, **base)


def io_bytes(task: Task) -> float:
    """Bytes of a program's inputs and outputs."""
    return float(sum(4 * int(np.prod(tree.shape_of(s), dtype=np.int64)) for s in (*task.inputs, *task.outputs)))
