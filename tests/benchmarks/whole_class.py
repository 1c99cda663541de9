"""A whole class through the command line, with crashes and a kill in the middle; beside nbgrader and plain pytest.

python tests/benchmarks/run.py class [--count 500] [--peers 40] [--peer-venv FOLDER]
"""

from __future__ import annotations

import collections
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import peer_nbgrader
import peer_pytest
import peer_venv
from table import KILLED_AT, Graded, show
from watch import measure

from autograder.assignment.load import Assignment, load
from autograder.assignment.plan import make_plan
from autograder.assignment.seed import secret_seed
from autograder.grading.store import read_result
from autograder.judge.oracle.expected import inputs_of, obtain
from autograder.results import NOT_JUDGED, PASSED

ROOT = Path(__file__).resolve().parents[2]
COURSE = ROOT / "tests" / "course"
KEY = "0" * 32
CRASHES = ("exhausts_memory", "endless_program", "loops_in_function")
KINDS = ("values", "gradients", "trajectory", "property")  # what --quick judges
PEER_MEMORY = 4000.0  # MB; a peer has no limit of its own, and this machine has other users


def main(count: int, peers: int, venv: Path | None) -> None:
    """Grade ``count`` submissions with ours, and ``peers`` of them, all crashing ones included, with every tool."""
    python, refused = None, ""
    if peers:
        try:
            python = peer_venv.obtain(venv or peer_venv.default_folder())
        except peer_venv.NoPeers as error:
            refused = f"nbgrader and pytest are not compared: {error}"
            print(refused, file=sys.stderr, flush=True)
    assignment = load("toy", COURSE)
    points = {n: p for n, p in assignment.points.items() if assignment.checks[n].kind in KINDS}
    submissions = _class(count)
    crashes = [n for n in submissions if n.endswith(CRASHES)]
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        _write_numbers(assignment, points, base / "numbers.npz")  # also: nobody waits for the reference later
        rows = [_ours(submissions, crashes, points, base / "ours")]
        show(rows, crashes, count)
        if python is not None:
            few = _some(submissions, crashes, peers)
            print(f"\nThe same {len(few)} with every tool, in turn ...", flush=True)
            rows.append(_ours(few, crashes, points, base / "ours-few"))
            for name in ("nbgrader", "pytest"):
                (base / name).mkdir()
                (base / name / "numbers.npz").hardlink_to(base / "numbers.npz")
            rows.append(peer_nbgrader.grade(python, few, crashes, points, base / "nbgrader", PEER_MEMORY))
            rows.append(peer_pytest.grade(python, few, crashes, base / "pytest", PEER_MEMORY))
            show(rows, crashes, count)
            load_average = " ".join(f"{x:.1f}" for x in os.getloadavg())
            print(f"\n{peer_venv.versions(python)}; load average {load_average} on {os.cpu_count()} cores")
    if refused:
        print(refused, file=sys.stderr)
        raise SystemExit(2)
    if any(r.lost or r.doubled for r in rows if r.tool == "autograder"):
        raise SystemExit("something was lost or doubled")


def _class(count: int) -> dict[str, str]:
    """Every one a program of its own, and the three kinds of crash in the middle."""
    solution = (COURSE / "reference" / "toy" / "solution.py").read_text()
    places = {count * (i + 3) // 8: name for i, name in enumerate(CRASHES)}
    found = {}
    for i in range(count):
        if i in places:
            found[f"s{i:04}_{places[i]}"] = (ROOT / "tests" / "attacks" / f"{places[i]}.py").read_text()
        else:
            found[f"s{i:04}"] = f"# {i}\n" + solution.replace("0.9 *", f"{0.5 + i / 10_000:.4f} *")
    return found


def _some(submissions: Mapping[str, str], crashes: list[str], count: int) -> dict[str, str]:
    """``count`` of the class, evenly spread, all that crash among them."""
    others = [n for n in submissions if n not in crashes]
    wanted = max(1, min(len(others), count - len(crashes)))
    chosen = {others[i * len(others) // wanted] for i in range(wanted)} | set(crashes)
    return {n: t for n, t in submissions.items() if n in chosen}


def _ours(submissions: Mapping[str, str], crashes: list[str], points: Mapping[str, float], folder: Path) -> Graded:
    """Grade all, killed once and started again; then the crashing ones alone, to know their share."""
    work, alone, out = folder / "work", folder / "crashes", folder / "out"
    for where, names in ((work, list(submissions)), (alone, crashes)):
        where.mkdir(parents=True)
        for name in names:
            (where / f"{name}.py").write_text(submissions[name])
    environment = {**os.environ, "AUTOGRADER_KEY": KEY, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "autograder", "grade", "-a", "toy", "--root", COURSE, "--quick", "--device", "cpu"]

    def stored() -> dict[Path, int]:
        return {p: p.stat().st_mtime_ns for p in (out / "results").glob("*.json")}

    first = measure(
        [*command, "-q", "-o", out, work],
        folder,
        environment,
        stop=lambda: len(list((out / "results").glob("*.json"))) >= len(submissions) // KILLED_AT,
    )
    before = stored()
    second = measure([*command, "-q", "-o", out, work], folder, environment)
    after = stored()
    share = measure([*command, "-q", "-o", folder / "out-crashes", alone], folder, environment)
    found = [r for r in map(read_result, after) if r is not None]
    verdicts = {
        r.submission.removesuffix(".py"): {c.name: c.outcome == PASSED for c in r.checks if c.name in points}
        for r in found
        if r.checks and not any(c.outcome == NOT_JUDGED for c in r.checks)
    }
    again = sum(after.get(p) != at for p, at in before.items())  # graded before the kill, and once more
    twice = sum(n - 1 for n in collections.Counter(r.submission for r in found).values())
    print(f"killed (-9) with {len(before)} results; {len(after)} in the end", flush=True)
    return Graded(
        "autograder",
        len(submissions),
        first + second,
        share,
        verdicts,
        again + twice,
        left={"by the kill": first.left, "at the end": second.left},
        notes={n: "no mark" for n in submissions if n not in verdicts},
        one_by_one=False,
    )


def _write_numbers(assignment: Assignment, points: Mapping[str, float], path: Path) -> None:
    """Inputs and true answers as grading with this key has them."""
    plan = make_plan(assignment, secret_seed(KEY.encode(), "the benchmark").keys(assignment.slug))
    answers = obtain(plan)
    arrays: dict[str, Any] = {}
    for probe in (p for name in points for p in plan.probes[name]):
        arrays |= {f"{probe.key}.in{i}": x for i, x in enumerate(inputs_of(plan, probe, answers.outputs))}
        arrays |= {f"{probe.key}.out{i}": t.value for i, t in enumerate(answers.truth.get(probe.key, ()))}
    np.savez(path, **arrays)
