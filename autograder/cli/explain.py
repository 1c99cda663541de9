"""``check --explain``: how one function does on its small cases."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import typer
from rich.console import Console

from autograder.cli.common import NOT_ALL_JUDGED, OK, SOME_FAILED, out
from autograder.grading.explain import Explained, explain_function
from autograder.grading.grade import Session
from autograder.judge.bench import bench
from autograder.report.console import ConsoleText
from autograder.report.counterexamples import text_lines
from autograder.report.view_model import PASS
from autograder.result_json import to_json
from autograder.results import Fault
from autograder.submission.read import read_submission


def explain_one(path: Path, session: Session, device: str, function: str, *, json: bool) -> NoReturn:
    """Print how a function does on its small cases; the first that fails comes with a call to run."""
    with bench(session.assignment, device, measure=False) as opened:
        submission = read_submission(path, functions=session.assignment.functions)
        found = explain_function(submission, session, opened.evaluator, function)
    if json:
        print(to_json(found))
    else:
        show_explained(out, found)
    if found.problem is not None:
        raise typer.Exit(SOME_FAILED if found.problem.fault is Fault.STUDENT else NOT_ALL_JUDGED)
    raise typer.Exit(SOME_FAILED if found.counterexample else OK)


def show_explained(console: Console, found: Explained) -> None:
    """Print the cases that are right, then the first that is wrong."""
    ink = ConsoleText(console)
    if found.problem is not None:
        console.print(ink(found.problem.message), highlight=False)
        return
    for finding in found.findings:
        console.print(ink(f"{finding.where}: {finding.message}"), highlight=False)
    failed = found.counterexample
    for label in found.rungs[: failed.passed if failed else None]:
        console.print(ink.sign(PASS).append_text(ink(f" {label}")), highlight=False)
    if failed is None:
        count = len(found.rungs)
        console.print(ink(f"{found.function} gets all of its {count} small cases right."), highlight=False)
        return
    for line in text_lines(failed):
        console.print(ink(line, limit=4000), highlight=False, soft_wrap=True)
