"""Grade a class: select submissions, show progress, keep a log, hold in memory only what the class page needs."""

from __future__ import annotations

import contextlib
import difflib
import fnmatch
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn

import typer

from autograder.assignment.load import Assignment
from autograder.assignment.seed import Seed
from autograder.cli.common import UsageError, err, exit_code, open_session, out, plain
from autograder.cli.options import Printing, Selection
from autograder.cli.previous import EARLIER, Earlier, Sources
from autograder.cli.progress import Bar, Log
from autograder.escaping import rows_text
from autograder.exchange.practice import practice_for
from autograder.files import write_text
from autograder.grading.batch import grade_each
from autograder.grading.grade import Session, TracedSubmission
from autograder.grading.options import RunOptions
from autograder.grading.store import held, read_result
from autograder.grading.summary import RunSummary, compact, settled
from autograder.report import show_result, show_table, write_reports
from autograder.result_json import to_json
from autograder.results import Result
from autograder.sandbox.bubblewrap import Sandbox
from autograder.submission.collect import Collected, Collection, Owner, Remark
from autograder.submission.statements import printable

TABLE = 100  # students in the table on the terminal; the class page shows all
REMARKS = 12  # printed on the terminal


class Stored(Sequence[Result]):
    """Results in files, read on demand, so that a class fits into little memory.

    Submissions without a result are skipped.
    """

    def __init__(self, found: Sequence[Collected], folder: Path) -> None:
        paths = [folder / "results" / c.result for c in found]
        self.paths = [path for path in paths if path.exists()]

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Result:  # type: ignore[override]
        result = read_result(self.paths[index])
        if result is None:
            raise UsageError(f"{self.paths[index]} can no longer be read: grade this submission again with --only")
        return result

    def __iter__(self) -> Iterator[Result]:
        return (self[i] for i in range(len(self)))


def choose(found: Sequence[Collected], folder: Path, only: Sequence[str], failed: bool) -> list[Collected]:
    """Select submissions by name and outcome.  Raises :class:`UsageError` for a name that matches none."""
    chosen = list(found)
    if only:
        names = {c: {n.casefold() for n in (c.student, c.name, c.path.name, c.path.stem) if n} for c in found}
        for pattern in only:
            if not any(fnmatch.filter(n, pattern.casefold()) for n in names.values()):
                near = difflib.get_close_matches(pattern, [c.student for c in found], 3)
                hint = f"did you mean {', '.join(near)}?" if near else "use a student's id or a file name"
                raise UsageError(f"--only {pattern}: no submission matches; {hint}")
        chosen = [c for c in found if any(fnmatch.filter(names[c], p.casefold()) for p in only)]
    if failed:
        chosen = [c for c in chosen if _failed(read_result(folder / "results" / c.result))]
    return chosen


def tell_remarks(collection: Collection) -> None:
    """Print which files were ignored and why, and which of several were chosen."""
    for remark in collection.remarks[:REMARKS]:
        err.print(f"[yellow]note:[/] {plain(remark.where)}: {plain(remark.why)}", highlight=False, soft_wrap=True)
    if len(collection.remarks) > REMARKS:
        more = len(collection.remarks) - REMARKS
        err.print(f"[yellow]and {more} more:[/] see log.txt", highlight=False)


def note_collected(collection: Collection, folder: Path) -> None:
    """Write ``collected.csv``, the owners of each result, for ``autograder record``: a line for each."""
    rows: list[tuple[str, ...]] = [
        ("result", "student", "submitted", "late", "number", "layout", "id", "login", "email", "team")
    ]
    late = {True: "late", False: "on time", None: ""}
    for c in collection.found:
        submitted = c.submitted.isoformat() if c.submitted else ""
        team = c.student if len(c.owners) > 1 else ""
        for owner in c.owners or (Owner(),):
            name = (owner.name or c.student) if team else c.student
            number = owner.number if team else owner.number or c.number
            about = (owner.id, owner.login, owner.email, team)
            rows.append((c.result, name, submitted, late[c.late], number, c.layout, *map(printable, about)))
    write_text(folder / "collected.csv", rows_text(rows))


def _failed(result: Result | None) -> bool:
    return result is not None and (result.problem is not None or not settled(result))


def run_class(
    find: Callable[[], Collection],
    loaded: Assignment,
    seed: Seed,
    sandbox: Sandbox,
    folder: Path,
    options: RunOptions,
    selection: Selection,
    printing: Printing,
    traced: Callable[[Path, Session], TracedSubmission] | None = None,
) -> NoReturn:
    """Grade a class, write results and reports to ``folder``, print a summary, and exit with its code.

    Args:
      find: collects the submissions and unpacks archives into the folder, which is locked by then.
      traced: reads what another machine traced, instead of the submissions themselves.
    """
    with held(folder):
        collection = find()
        note_collected(collection, folder)
        if printing.progress:
            tell_remarks(collection)
        chosen = choose(collection.found, folder, selection.only or (), selection.failed)
        session = open_session(loaded, seed.keys(loaded.slug), sandbox, not printing.progress)
        results, summary = grade_class(chosen, session, folder, options, collection.remarks, printing, traced)
        everything = Stored(collection.found, folder)
        compacted = results if len(chosen) == len(collection.found) else [compact(r) for r in everything]
        graded = [c for c in collection.found if (folder / "results" / c.result).exists()]
        index = write_reports(
            everything,
            folder,
            assignment_title=loaded.title,
            compacted=compacted,
            sources=Sources([c.path for c in graded]) if traced is None else (),
            previous=Earlier([c.result for c in graded], folder),
            practice=practice_for,
        )
    show_run(Stored(chosen, folder), results, printing, summary, index)


def grade_class(
    found: Sequence[Collected],
    session: Session,
    folder: Path,
    options: RunOptions,
    remarks: Sequence[Remark],
    printing: Printing,
    traced: Callable[[Path, Session], TracedSubmission] | None = None,
) -> tuple[list[Result], RunSummary]:
    """Grade with progress and a log; results are stored under ``folder/results``.

    Returns:
      What the class page needs of each result, in the order of ``found``, and the counts.
    """
    loaded, where, earlier = session.assignment, folder / "results", folder / EARLIER
    summary = RunSummary(len(found))
    results: dict[str, Result] = {}
    title = f"grading {loaded.slug}"
    with Log(folder / "log.txt") as log, Bar(title, summary, not printing.progress) as bar:
        log.write(
            f"run: {loaded.slug} {loaded.version}, seed {session.keys.identity}, "
            f"sandbox {session.sandbox.level}, {len(found)} selected"
        )
        for remark in remarks:
            log.write(f"note: {remark.where}: {remark.why}")
        if options.cluster:
            from autograder.grading.cluster.run import grade_each_on, read_options

            settings = read_options(Path("course.toml"))
            each = grade_each_on(
                found, session, where, options, settings=settings, earlier=earlier, on_progress=bar.on_progress
            )
        else:
            given = (lambda path: traced(path, session)) if traced is not None else None
            each = grade_each(
                found, session, where, options, earlier=earlier, traced=given, on_progress=bar.on_progress
            )
        with contextlib.closing(each):
            for collected, result, kept in each:
                summary.add(result, kept)
                if not kept:
                    log.result(result)
                results[collected.result] = compact(result)
                bar.step()
        for line in summary.lines():
            log.write(f"end: {line}")
    return [results[c.result] for c in found], summary


def show_run(
    stored: Sequence[Result],
    results: Sequence[Result],
    printing: Printing,
    summary: RunSummary | None = None,
    index: Path | None = None,
) -> NoReturn:
    """Print the outcome of a run, and exit with its code.

    Args:
      stored: the full results.
      results: the same results, possibly compacted.
      summary: the counts; None for a single submission, whose JSON is not a list.
    """
    if printing.json and summary is None:
        print(to_json(stored[0]))
    elif printing.json:
        for number, result in enumerate(stored):
            print("," if number else "[", to_json(result), sep="")
        print("]" if len(stored) else "[]")
    elif not printing.quiet:
        if printing.verbose or len(stored) == 1:
            for result in stored:
                show_result(out, result, verbose=printing.verbose, instructor=summary is not None)
        if 1 < len(stored) <= TABLE or (printing.verbose and summary is not None):
            show_table(out, results)
        if summary is not None:
            out.print()
            for line in summary.lines():
                out.print(plain(line), highlight=False, soft_wrap=True)
        if index is not None:
            out.print(f"Reports: {plain(str(index))}", highlight=False, soft_wrap=True)
    raise typer.Exit(exit_code(results))
