"""Grade the sample submissions that come with the assignments and build the course's bank, as an instructor would."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from autograder.assignment.load import AssignmentError, list_assignments, load
from autograder.assignment.seed import read_seed
from autograder.exchange.practice import practice_for
from autograder.report import show_table, write_reports
from autograder.results import Result
from autograder.sandbox.bubblewrap import Sandbox
from autograder.submission.read import find_submissions
from question_bank.build import build_bank, write_build
from question_bank.documents.document import find_documents
from question_bank.interchange import EXPORTS
from question_bank.item import digest
from question_bank.templates import load_templates
from question_bank.templates.engine import draw

Grade = Callable[..., list[Result]]  # cli.common.grade_all: grading with a progress bar


def run_demo(
    root: Path, folder: Path, sandbox: Sandbox, console: Console, quiet: bool, grade_all: Grade
) -> dict[str, list[Result]]:
    """Grade ``reference/<slug>/samples`` of every assignment; write reports below ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    key = folder / "course.key"
    if not key.exists():
        with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(os.urandom(32).hex())
    graded: dict[str, list[Result]] = {}
    for slug in list_assignments(root):
        samples = root / "reference" / slug / "samples"
        if not samples.is_dir():
            continue
        loaded = load(slug, root)
        results = grade_all(find_submissions(samples), loaded, read_seed(key), sandbox, folder / slug, quiet=quiet)
        index = write_reports(results, folder / slug, assignment_title=loaded.title, practice=practice_for)
        if not quiet:
            console.print(f"\n[bold]{loaded.title}[/]", highlight=False)
            show_table(console, results)
            console.print(f"open {index}", highlight=False, soft_wrap=True)
        graded[slug] = results
    if not graded:
        raise AssignmentError(f"no samples in {root / 'reference'}: expected reference/<assignment>/samples/")
    return graded


def run_bank_demo(notes: Path, folder: Path, console: Console, quiet: bool) -> int:
    """Build a bank from the course notes and print a paper of 30 items with its key; returns the number of items."""
    made = build_bank(find_documents([notes]))
    write_build(made, folder)
    drawn = [draw(one, "demo") for one in sorted(load_templates(), key=lambda one: digest("demo", one.id))[:15]]
    items = [*sorted(made.items, key=lambda item: digest("demo", item.id))[:15], *drawn]
    for name, path in (("paper", folder / "paper.html"), ("key", folder / "key.html")):
        path.write_bytes(EXPORTS[name](items, "Practice paper").data)
    if not quiet:
        console.print("\n[bold]Question bank[/]", highlight=False)
        console.print(
            f"{len(made.items)} items from {len(made.documents)} documents, {len(load_templates())} templates",
            highlight=False,
        )
        console.print(f"open {folder / 'paper.html'}", highlight=False, soft_wrap=True)
    return len(made.items)
