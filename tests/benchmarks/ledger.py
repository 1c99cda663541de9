"""How long marks of a class take: record, gradebook, and a changed rubric over every attempt.

.venv/bin/python tests/benchmarks/ledger.py --count 500
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from autograder.assignment.load import Assignment, find_root, load
from autograder.gradebook.ledger import Ledger
from autograder.gradebook.marks import make_marks, who_moved
from autograder.gradebook.policy import make_policy
from autograder.gradebook.rescore import rescore
from autograder.judge.score import score
from autograder.result_json import to_json
from autograder.results import FAILED, PASSED, CaseEvidence, CheckEvidence, Place, Provenance, Result

BOUND = 60.0  # seconds for 500 attempts on any machine; it takes a few


def evidence(assignment: Assignment, number: int) -> Result:
    """A result of the usual size: every check with four cases; each student fails other ones."""
    checks = []
    for index, check in enumerate(assignment.checks.values()):
        wrong = (index + number) % 5 == 0
        cases = tuple(
            CaseEvidence(
                f"case {c}",
                FAILED if wrong and c % 2 else PASSED,
                inputs="float32[16,8], float32[8,4]",
                error=1e-7 * (c + 1),
                tolerance=1e-5,
                worst=3e-7,
                worst_tolerance=1e-4,
                place=Place("grads['W1']", (2, c), 1.25, 1.5) if wrong and c % 2 else None,
                message="other numbers than the reference" if wrong and c % 2 else "",
                statistics={"ratio low": 1.0},
            )
            for c in range(4)
        )
        outcome = FAILED if wrong else PASSED
        checks.append(CheckEvidence(check.name, check.title, check.function, check.kind, outcome, cases))
    provenance = Provenance(
        assignment.slug, "1", "a" * 64, "0.1", f"{number:064x}", "seed", "full", "cpu", created="2026-11-20T12:00:00Z"
    )
    return score(Result(f"student{number}.py", provenance, tuple(checks)), assignment)


def timed(what: str, work: Callable[[], object]) -> float:
    started, used = time.monotonic(), time.process_time()
    work()
    seconds, used = time.monotonic() - started, time.process_time() - used
    print(f"{what}: {seconds:.1f} s, {used:.1f} s of them computing")
    return seconds


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=500)
    options.add_argument("--db", default="", help="a URL; default: SQLite in a temporary folder")
    chosen = options.parse_args()
    assignment = load("backprop", find_root())
    results = [evidence(assignment, n) for n in range(chosen.count)]
    print(f"{chosen.count} attempts, {len(to_json(results[0], compact=True)) / 1000:.0f} kB of evidence each")
    noon = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)
    policy = make_policy({})
    with (
        tempfile.TemporaryDirectory() as folder,
        Ledger(chosen.db or f"sqlite:///{folder}/course.db", Path(folder)) as ledger,
    ):
        timed("record", lambda: [ledger.record(f"s{n}", r, submitted=noon) for n, r in enumerate(results)])
        timed("gradebook", lambda: make_marks(ledger.book(), policy))
        before = make_marks(ledger.book(), policy)
        name = next(iter(assignment.points))
        points = {**assignment.points, name: assignment.points[name] + 2}
        changed = dataclasses.replace(assignment, points=points, credit=dict.fromkeys(points, "all"))
        seconds = timed("a changed rubric", lambda: rescore(ledger, lambda slug: changed))
        moves = who_moved(before, make_marks(ledger.book(), policy))
        students = len({m.student for m in moves})
        print(f"{students} students with changed marks, such as {moves[0].student}: {moves[0].difference:+}")
    if seconds > BOUND * max(1, chosen.count / 500):
        raise SystemExit(f"re-scoring took {seconds:.0f} s, expected less than {BOUND:.0f} s for 500 attempts")


if __name__ == "__main__":
    main()
