"""Benchmarks: what a submission costs, slow solutions told apart, a class, an exam.  See README.md beside this file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

import cost
import exam_load
import told_apart
import whole_class


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", default="cost", choices=["cost", "told-apart", "class", "exam"])
    parser.add_argument("--count", type=int, help="submissions: 50 for cost, 500 for class; students: 500 for exam")
    parser.add_argument(
        "--peers", type=int, help="submissions that other tools grade beside it: 5 for cost, 40 for class"
    )
    parser.add_argument("--peer-venv", type=Path, help="where nbgrader and pytest of class are installed, and kept")
    parser.add_argument("--runs", type=int, default=100, help="runs of each variant of told-apart")
    parser.add_argument("--only", default="", help="variants of told-apart whose name holds this")
    parser.add_argument("--busy", action="store_true", help="burn a core meanwhile")
    parser.add_argument("--minutes", type=float, default=3.0, help="how long the students of exam work")
    parser.add_argument("--kill", action="store_true", help="kill -9 the server of exam in the middle")
    parser.add_argument("--postgres", action="store_true", help="keep the answers of exam in PostgreSQL")
    options = parser.parse_args()
    if options.what == "cost":
        cost.main(options.count or 50, 5 if options.peers is None else options.peers)
    elif options.what == "class":
        whole_class.main(options.count or 500, 40 if options.peers is None else options.peers, options.peer_venv)
    elif options.what == "exam":
        exam_load.main(options.count or 500, options.minutes, options.kill, options.postgres)
    else:
        told_apart.main(options.runs, options.busy, options.only)


if __name__ == "__main__":
    main()
