"""The ledger of attempts: record, attempts, override, extend."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from autograder.cli.common import (
    OK,
    SOME_FAILED,
    UsageError,
    collect,
    complain,
    err,
    make_table,
    out,
    plain,
    print_json,
)
from autograder.cli.options import Json, Quiet
from autograder.gradebook.blobs import packed
from autograder.gradebook.records import ASSIGNMENT, DEFAULT, EXAM, LedgerError, read_points, read_time, short
from autograder.gradebook.roster import Roster, read_roster, read_rows
from autograder.report import visible
from autograder.report.text import utc
from autograder.result_json import from_json
from autograder.results import Result, ResultError, is_left_out
from autograder.submission.read import read_submission
from autograder.submission.source import UnreadableError

if TYPE_CHECKING:  # SQLAlchemy is slow to import: only the commands that need it load it
    from autograder.gradebook.ledger import Ledger

COLLECTED = "collected.csv"

Db = Annotated[
    str,
    typer.Option("--db", envvar="AUTOGRADER_DB", help="The ledger: sqlite:///FILE or postgresql://user@host/name."),
]
RosterFile = Annotated[Path | None, typer.Option("--roster", help="CSV with the columns id, name, email, section.")]
By = Annotated[str, typer.Option("--by", help="Name of the person who decides.")]
Reason = Annotated[str, typer.Option("--reason", help="Reason for the decision; the student may read it.")]


def record(
    folder: Annotated[Path, typer.Argument(help="Folder of a grading run.")],
    db: Db = DEFAULT,
    roster: RosterFile = None,
    submissions: Annotated[
        list[Path] | None, typer.Option("--submissions", help="The graded submissions, to store beside the ledger.")
    ] = None,
    exam: Annotated[bool, typer.Option("--exam", help="The results belong to an exam.")] = False,
    partial: Annotated[
        bool, typer.Option("--partial", help="Also record runs with --quick, without performance points.")
    ] = False,
    public: Annotated[bool, typer.Option("--public", help="Also record rehearsals with the public seed.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Add the results of a grading run to the ledger; running it again adds nothing twice.

    The owner of a submission comes from collected.csv in the folder (columns result, student, submitted), then the
    roster, then the name of the file or folder.

    Example: autograder record graded --db sqlite:///course.db --roster roster.csv
    """
    known = read_roster(roster) if roster else None
    collected = _collected(folder / COLLECTED)
    content = _content(submissions or [], folder)
    rows: list[dict[str, object]] = []
    with open_ledger(db) as ledger:
        for path, result in _stored(folder):
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
            row: dict[str, object] = {"submission": visible(result.submission)}
            try:
                student, submitted = _whose(path, result, collected, known)
                when = submitted or _first_time(ledger, student, result)
                kept = _bytes(content.get(path.name), result)
                kind = EXAM if exam else ASSIGNMENT
                attempt, added = ledger.record(student, result, submitted=when, kind=kind, content=kept)
                row |= {"attempt": attempt.number, "student": attempt.student, "added": added}
            except LedgerError as error:
                row["problem"] = str(error)
            rows.append(row)
    problems = [r for r in rows if "problem" in r]
    if json:
        print_json(rows)
    else:
        for r in problems:
            err.print(f"not recorded: {plain(str(r['problem']))}", highlight=False, soft_wrap=True)
        if not quiet:
            new = sum(bool(r.get("added")) for r in rows)
            there = len(rows) - len(problems) - new
            out.print(f"{new} added, {there} already present, {len(problems)} not recorded", highlight=False)
    raise typer.Exit(SOME_FAILED if problems else OK)


def attempts(
    student: Annotated[str, typer.Argument(help="Id of the student; default: all students.")] = "",
    db: Db = DEFAULT,
    json: Json = False,
) -> None:
    """List the attempts in the ledger, with their numbers.

    Example: autograder attempts anna --db sqlite:///course.db
    """
    with open_ledger(db) as ledger:
        book = ledger.book(student)
    last = {o.attempt: o for o in book.overrides}
    rows = []
    for a in book.attempts:
        row: dict[str, object] = {
            "attempt": a.number,
            "student": a.student,
            "assignment": a.assignment,
            "submitted": a.submitted.isoformat(timespec="seconds"),
            "points": str(a.points) if a.judged else None,
            "possible": None if a.possible is None else str(a.possible),
            "submission": a.submission,
            "seed": a.seed,
            "engine": a.engine,
            "sandbox": a.sandbox,
        }
        if a.number in last:
            o = last[a.number]
            row["override"] = {"points": None if o.points is None else str(o.points), "by": o.by, "reason": o.reason}
        rows.append(row)
    if json:
        print_json(rows)
        return
    table = make_table(">no.", "student", "assignment", "submitted", ">points", "override")
    for a in book.attempts:
        points = f"{short(a.points)}/{short(a.possible)}" if a.judged else "not judged"
        decided = last.get(a.number)
        said = (
            f"{short(decided.points)} by {decided.by}: {decided.reason}"
            if decided and decided.points is not None
            else ""
        )
        cells = [str(a.number), a.student, a.assignment, utc(a.submitted), points, said]
        table.add_row(*(Text(visible(c)) for c in cells))
    out.print(table)
    for e in book.extensions:
        text = f"{e.student} has until {utc(e.until)} for {e.assignment} (by {e.by}: {e.reason})"
        out.print(plain(text), highlight=False, soft_wrap=True)


def override(
    attempt: Annotated[int, typer.Argument(help="Number of the attempt (see: autograder attempts).")],
    points: Annotated[str, typer.Argument(help='New points, or "none" to withdraw an override.')],
    by: By,
    reason: Reason,
    db: Db = DEFAULT,
) -> None:
    """Set the points of an attempt by hand, exempt from late rules and limits; the mark shows who decided and why.

    Example: autograder override 12 17.5 --by "Dr Lee" --reason "the handout was wrong"
    """
    value = None if points.strip().lower() == "none" else read_points(points)
    with open_ledger(db) as ledger:
        ledger.override(attempt, value, by, reason)
    said = "has its computed points again" if value is None else f"now has {value} points"
    out.print(f"Attempt {attempt} {said}", highlight=False)


def extend(
    student: Annotated[str, typer.Argument(help="Id of the student.")],
    assignment: Annotated[str, typer.Argument(help="Name of the assignment.")],
    until: Annotated[str, typer.Option("--until", help="New deadline, such as 2026-11-27T23:59:00+01:00.")],
    by: By,
    reason: Reason,
    db: Db = DEFAULT,
) -> None:
    """Extend a student's deadline; late rules count from the new time, and the mark shows who decided and why.

    Example: autograder extend anna backprop --until 2026-11-27T23:59:00+01:00 --by "Dr Lee" --reason illness
    """
    when = read_time(until, "--until")
    with open_ledger(db) as ledger:
        ledger.extend(student, assignment, when, by, reason)
    out.print(f"{plain(student)} has until {utc(when)} for {plain(assignment)}", highlight=False)


def open_ledger(db: str) -> Ledger:
    from autograder.gradebook.ledger import Ledger

    return Ledger(db)


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


def _collected(path: Path) -> Mapping[str, Mapping[str, str]]:
    """Read the rows that ``autograder grade`` wrote: the owner of each result, by the name of the result file."""
    if not path.is_file():
        return {}
    (_, header), *rows = read_rows(path.read_bytes(), str(path)) or [(1, [])]
    if not {"result", "student"} <= set(header):
        raise UsageError(f"{path}: expected the columns result, student, submitted")
    named = (dict(zip(header, cells, strict=False)) for _, cells in rows)
    return {row["result"]: row for row in named}


def _whose(
    path: Path, result: Result, collected: Mapping[str, Mapping[str, str]], roster: Roster | None
) -> tuple[str, datetime.datetime | None]:
    row = collected.get(path.name, {})
    name = row.get("student") or result.submission
    submitted = read_time(row["submitted"], f"{COLLECTED}: submitted") if row.get("submitted") else None
    if roster is None:
        return (name if row.get("student") else name.removesuffix(".py").removesuffix(".ipynb")), submitted
    number = row.get("number", "")  # the learning platform's own, if the roster knows it
    if number and roster.numbered(number) is not None:
        return roster.numbered(number) or "", submitted
    return roster.find(name).id, submitted


def _first_time(ledger: Ledger, student: str, result: Result) -> datetime.datetime:
    """Stand in for an unknown time of submission: when these bytes were first graded."""
    p = result.provenance
    for attempt in ledger.book(student).attempts:
        if (attempt.assignment, attempt.submission) == (p.assignment, p.submission_sha256):
            return attempt.submitted
    return read_time(p.created, f"{visible(result.submission)}: created")


def _content(paths: Sequence[Path], folder: Path) -> dict[str, Path]:
    """Map the name of each result file to the path of its submission."""
    return {c.result: c.path for c in collect(paths, folder).found} if paths else {}


def _bytes(path: Path | None, result: Result) -> bytes | None:
    """Return the bytes that were graded, or None if the file has changed since."""
    if path is None:
        return None
    try:
        if read_submission(path).sha256 == result.provenance.submission_sha256:
            return packed(path)
        complain(f"{path}: changed since it was graded; not stored", SOME_FAILED)
    except (UnreadableError, OSError) as error:
        complain(f"{path}: not stored: {error}", SOME_FAILED)
    return None
