"""The command record: from a grading run into the ledger."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from autograder.cli.common import (
    OK,
    SOME_FAILED,
    UsageError,
    collect,
    complain,
    course_zone,
    err,
    make_table,
    out,
    plain,
    print_json,
)
from autograder.cli.ledger import Db, RosterFile, open_ledger
from autograder.cli.options import Json, Quiet
from autograder.cli.owners import Owners, Times
from autograder.gradebook.blobs import packed
from autograder.gradebook.records import ASSIGNMENT, DEFAULT, EXAM, LedgerError, Person
from autograder.gradebook.roster import read_roster
from autograder.report import visible
from autograder.result_json import from_json
from autograder.results import Result, ResultError, is_left_out
from autograder.submission.moments import UNKNOWN
from autograder.submission.read import read_submission
from autograder.submission.source import UnreadableError

COLLECTED = "collected.csv"


def record(
    folder: Annotated[Path, typer.Argument(help="Folder of a grading run.")],
    db: Db = DEFAULT,
    roster: RosterFile = None,
    submissions: Annotated[
        list[Path] | None, typer.Option("--submissions", help="The graded submissions, to store beside the ledger.")
    ] = None,
    times: Annotated[
        Path | None, typer.Option("--times", help="CSV of times: columns student (or result) and submitted.")
    ] = None,
    submitted_at: Annotated[
        str, typer.Option("--submitted-at", help="Time of all submissions of which no time is known.")
    ] = "",
    exam: Annotated[bool, typer.Option("--exam", help="The results belong to an exam.")] = False,
    partial: Annotated[
        bool, typer.Option("--partial", help="Also record runs with --quick, without performance points.")
    ] = False,
    public: Annotated[bool, typer.Option("--public", help="Also record rehearsals with the public seed.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say whose each result is and why; record nothing.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Add the results of a grading run to the ledger; running it again adds nothing twice.

    The owner of a submission comes from collected.csv in the folder, then the roster, then the name of the file or
    folder; a team's result is recorded for every member. A time that nobody knows stays unknown, and costs nothing.

    Example: autograder record graded --db sqlite:///course.db --roster roster.csv
    """
    owners = Owners(folder / COLLECTED, read_roster(roster) if roster else None, course_zone())
    given = Times(times, submitted_at, course_zone())
    content = _content(submissions or [], folder)
    rows: list[dict[str, object]] = []
    with open_ledger(db) if not dry_run else contextlib.nullcontext() as ledger:
        if ledger is not None and owners.roster is not None:
            ledger.know(Person(s.id, s.name, s.email, s.login, s.section) for s in owners.roster.students)
        for path, result in _stored(folder):
            _refuse_rehearsals(path, result, partial=partial, public=public)
            for found in owners.of(path.name, result):
                row: dict[str, object] = {"submission": visible(result.submission)}
                rows.append(row)
                if isinstance(found, LedgerError):
                    row["problem"] = str(found)
                    continue
                at, source = given.of(found, path.name)
                row |= {"student": found.student, "by": found.by, "submitted": at and at.isoformat(), "source": source}
                if ledger is None:
                    continue
                try:
                    attempt, added = ledger.record(
                        found.student,
                        result,
                        submitted=at,
                        source=source,
                        late=found.late,
                        team=found.team,
                        kind=EXAM if exam else ASSIGNMENT,
                        content=_bytes(content.get(path.name), result),
                    )
                    row |= {"attempt": attempt.number, "student": attempt.student, "added": added}
                except LedgerError as error:
                    row["problem"] = str(error)
    if json:
        print_json(rows)
    else:
        _tell(rows, dry_run, quiet)
    raise typer.Exit(SOME_FAILED if any("problem" in r for r in rows) else OK)


def _refuse_rehearsals(path: Path, result: Result, *, partial: bool, public: bool) -> None:
    if result.provenance.seed == "public" and not public:
        raise UsageError(
            f"{path}: judged with the public seed, which is a rehearsal without marks: grade with --key-file, "
            "or pass --public to record it anyway"
        )
    if not partial and is_left_out(result):
        raise UsageError(
            f"{path}: judged with --quick, which skips performance: grade without --quick, "
            "or pass --partial to record the other points"
        )


def _tell(rows: Sequence[Mapping[str, object]], dry_run: bool, quiet: bool) -> None:
    problems = [r for r in rows if "problem" in r]
    for r in problems:
        err.print(f"not recorded: {plain(str(r['problem']))}", highlight=False, soft_wrap=True)
    if dry_run:
        table = make_table("submission", "student", "found by", "submitted")
        for r in rows:
            if "problem" not in r:
                cells = (r["submission"], r["student"], r["by"], r["submitted"] or "time unknown")
                table.add_row(*(Text(visible(str(c))) for c in cells))
        out.print(table)
        out.print(f"{len(rows) - len(problems)} found, {len(problems)} not; nothing was recorded", highlight=False)
    elif not quiet:
        new = sum(bool(r.get("added")) for r in rows)
        there = len(rows) - len(problems) - new
        out.print(f"{new} added, {there} already present, {len(problems)} not recorded", highlight=False)
    unknown = sum(r.get("source") == UNKNOWN for r in rows)
    if unknown and not quiet:
        out.print(
            f"{unknown} without a time of submission: they count as on time. To give times, use --times or "
            "--submitted-at",
            highlight=False,
            soft_wrap=True,
        )


def _stored(folder: Path) -> Iterator[tuple[Path, Result]]:
    """Read results one at a time, so that a class does not have to fit into memory."""
    paths = sorted((folder / "results").glob("*.json"))
    if not paths:
        raise UsageError(f"no graded results in {folder / 'results'}: expected the --out folder of autograder grade")
    for path in paths:
        try:
            yield path, from_json(path.read_text(encoding="utf-8"))
        except (ResultError, OSError, UnicodeDecodeError) as error:
            complain(f"{path}: {error}; skipped", SOME_FAILED)


def _content(paths: Sequence[Path], folder: Path) -> dict[str, Path]:
    """Map the name of each result file to the path of its submission."""
    return {c.result: c.path for c in collect(paths, folder).found} if paths else {}


def _bytes(path: Path | None, result: Result) -> bytes | None:
    """Return the bytes that were graded, or None if the file has changed since."""
    if path is None:
        return None
    try:
        functions = {c.function for c in result.checks}
        if read_submission(path, functions=functions).sha256 == result.provenance.submission_sha256:
            return packed(path)
        complain(f"{path}: changed since it was graded; not stored", SOME_FAILED)
    except (UnreadableError, OSError) as error:
        complain(f"{path}: not stored: {error}", SOME_FAILED)
    return None
