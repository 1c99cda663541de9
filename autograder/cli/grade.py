"""The instructor's commands: grade, rescore, report."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autograder.assignment.load import AssignmentError, find_root, load
from autograder.cli.class_run import run_class
from autograder.cli.common import (
    UsageError,
    collect,
    find_assignment,
    find_seed,
    out,
    plain,
    print_json,
    require_sandbox,
    stored_results,
)
from autograder.cli.gradebook import PolicyFile, rescore_ledger
from autograder.cli.ledger import RosterFile
from autograder.cli.options import (
    Course,
    Json,
    Machine,
    Printing,
    Root,
    Secret,
    Selection,
    Unsandboxed,
    grouped,
)
from autograder.cli.previous import earlier
from autograder.exchange.practice import practice_for
from autograder.grading.grade import write_result
from autograder.grading.options import Keep
from autograder.judge.score import score
from autograder.report import write_reports
from autograder.results import Result
from autograder.sandbox import bubblewrap

if TYPE_CHECKING:  # SQLAlchemy is slow to import: only the commands that need it load it
    from autograder.gradebook.records import Attempt, Override


@grouped
def grade(
    submissions: Annotated[list[Path], typer.Argument(help="Files, or folders of submissions.")],
    course: Course,
    secret: Secret,
    selection: Selection,
    machine: Machine,
    printing: Printing,
    folder: Annotated[Path, typer.Option("--out", "-o", help="Folder for results and reports.")] = Path("graded"),
    changed: Annotated[
        bool,
        typer.Option("--changed", help="Grade only new and changed submissions, even if checks or engine changed."),
    ] = False,
    cluster: Annotated[
        str, typer.Option("--cluster", help="Grade with dask workers: local, slurm or the address of a dask scheduler.")
    ] = "",
    unsandboxed: Unsandboxed = False,
) -> None:
    """Grade submissions and write a report for each.

    Accepts files, folders, archives, downloads from Canvas or Moodle, and Git clones.

    Example: autograder grade submissions/ -a backprop --key-file course.key -o graded
    """
    if changed and (selection.force or selection.failed):
        raise UsageError("--changed cannot be combined with --force or --failed: choose one")
    loaded = find_assignment(course.assignment, course.root, None)
    seed = find_seed(secret.key_file, secret.public)
    if cluster and unsandboxed:
        raise UsageError("--unsandboxed cannot be combined with --cluster: student code could reach the other machines")
    sandbox = bubblewrap.unsandboxed() if unsandboxed else bubblewrap.probe()
    if cluster:
        sandbox = bubblewrap.Sandbox("full")  # each worker has its own, which is checked later
    require_sandbox(sandbox, allow_none=unsandboxed)
    run_class(
        lambda: collect(submissions, folder, loaded.slug),
        loaded,
        seed,
        sandbox,
        folder,
        machine.options(Keep.SAME_BYTES if changed else selection.keep, cluster),
        selection,
        printing,
    )


def rescore(
    folder: Annotated[Path | None, typer.Argument(help="Folder of a grading run.")] = None,
    db: Annotated[str | None, typer.Option("--db", help="URL of the course ledger, instead of a folder.")] = None,
    policy: PolicyFile = None,
    roster: RosterFile = None,
    root: Root = None,
    json: Json = False,
) -> None:
    """Apply a changed rubric to the stored results of a folder or the ledger, and list the marks that changed.

    No submission is run again.

    Example: autograder rescore graded
    """
    if (folder is None) == (db is None):
        raise UsageError("expected the folder of a grading run, or --db with the ledger of the course")
    if folder is None:
        rescore_ledger(str(db), policy, roster, root, json)
        return
    moved = []
    results = []
    stored = stored_results(folder)
    loading = functools.cache(lambda slug: load(slug, root or find_root()))
    for path, result in stored:
        loaded = loading(result.provenance.assignment)
        new = score(result, loaded) if result.checks or result.problem else result
        before, after = (result.score.points if result.score else 0.0), (new.score.points if new.score else 0.0)
        if before != after:
            moved.append({"submission": result.submission, "before": before, "after": after})
        if new != result:
            write_result(new, path)
        results.append(new)
    if results:
        title = loading(results[0].provenance.assignment).title
        write_reports(results, folder, assignment_title=title, previous=earlier(stored, folder), practice=practice_for)
    if json:
        print_json(moved)
        return
    for m in moved:
        out.print(f"{plain(str(m['submission']))}: {m['before']:g} → {m['after']:g}", highlight=False)
    out.print(f"Re-scored: {len(results)}; marks changed: {len(moved)}", highlight=False)


def report(
    folder: Annotated[Path, typer.Argument(help="Folder of a grading run.")],
    root: Root = None,
    db: Annotated[str, typer.Option("--db", help="URL of the ledger; adds attempts over time and overrides.")] = "",
) -> None:
    """Rewrite the reports of a grading run; with --db, add attempts over time and overrides.

    Example: autograder report graded --db sqlite:///course.db
    """
    stored = stored_results(folder)
    results = [result for _, result in stored]
    title = results[0].provenance.assignment
    with contextlib.suppress(AssignmentError):
        title = load(title, root or find_root()).title
    attempts, overrides = _recorded(db, results)
    index = write_reports(
        results,
        folder,
        assignment_title=title,
        previous=earlier(stored, folder),
        overrides=overrides,
        attempts=attempts,
        practice=practice_for,
    )
    out.print(f"Reports: {plain(str(index))}", highlight=False, soft_wrap=True)


def _recorded(db: str, results: Sequence[Result]) -> tuple[list[Attempt], list[Override | None]]:
    """Read all attempts at the assignment of ``results``, and the last override of each result."""
    if not db:
        return [], []
    from autograder.cli.ledger import open_ledger

    with open_ledger(db) as ledger:
        book = ledger.book()
    attempts = [a for a in book.attempts if a.assignment == results[0].provenance.assignment]
    of = {a.number: a.submission for a in attempts}
    decided = {of[o.attempt]: o for o in book.overrides if o.attempt in of}
    return attempts, [decided.get(r.provenance.submission_sha256) for r in results]
