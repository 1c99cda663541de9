"""The ledger of attempts: record, attempts, override, extend."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from autograder.cli.common import (
    OK,
    SOME_FAILED,
    Json,
    Quiet,
    UsageError,
    collect,
    complain,
    err,
    out,
    plain,
    print_json,
)
from autograder.gradebook.objects import packed
from autograder.gradebook.records import ASSIGNMENT, DEFAULT, EXAM, LedgerError, read_points, read_time, short
from autograder.gradebook.roster import Roster, read_roster, read_rows
from autograder.judge import LEFT_OUT
from autograder.report import visible
from autograder.results import Result, ResultError, from_json
from autograder.source import Unreadable
from autograder.store import file_name
from autograder.submission import read_submission

if TYPE_CHECKING:  # SQLAlchemy takes its time: only the commands that need it load it
    from autograder.gradebook.ledger import Ledger

COLLECTED = "collected.csv"

Db = Annotated[
    str,
    typer.Option("--db", envvar="AUTOGRADER_DB", help="The ledger: sqlite:///FILE or postgresql://user@host/name."),
]
RosterFile = Annotated[Path | None, typer.Option("--roster", help="CSV with the columns id, name, email, section.")]
By = Annotated[str, typer.Option("--by", help="Who decides.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; the student may read it.")]


def record(
    folder: Annotated[Path, typer.Argument(help="Folder of a grading run.")],
    db: Db = DEFAULT,
    roster: RosterFile = None,
    submissions: Annotated[
        list[Path] | None, typer.Option("--submissions", help="What was graded: keep these bytes beside the ledger.")
    ] = None,
    exam: Annotated[bool, typer.Option("--exam", help="The results are of an exam.")] = False,
    partial: Annotated[
        bool, typer.Option("--partial", help="Record runs with --quick too, without the points of performance.")
    ] = False,
    public: Annotated[bool, typer.Option("--public", help="Record a rehearsal with the public seed too.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Add the results of a grading run to the ledger; running it again adds nothing twice.

    Whose a submission is says collected.csv in the folder (columns result, student, submitted), else the roster, else
    the name of its file or folder.

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
                    f"{path}: judged with the public seed, a rehearsal and no marks: grade with --key-file, "
                    "or say --public to record it all the same"
                )
            if not partial and any(c.message == LEFT_OUT for c in result.checks):
                raise UsageError(
                    f"{path}: judged with --quick, which leaves performance out: grade without it, "
                    "or say --partial to record the points without performance"
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
            out.print(f"{new} added, {there} there already, {len(problems)} not recorded", highlight=False)
    raise typer.Exit(SOME_FAILED if problems else OK)


def attempts(
    student: Annotated[str, typer.Argument(help="Id of a student; default: all.")] = "",
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
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("no.", "student", "assignment", "submitted (UTC)", "points", "override"):
        table.add_column(name, justify="right" if name in ("no.", "points") else "left")
    for a in book.attempts:
        points = f"{short(a.points)}/{short(a.possible)}" if a.judged else "not judged"
        decided = last.get(a.number)
        said = (
            f"{short(decided.points)} by {decided.by}: {decided.reason}"
            if decided and decided.points is not None
            else ""
        )
        cells = [str(a.number), a.student, a.assignment, f"{a.submitted:%Y-%m-%d %H:%M}", points, said]
        table.add_row(*(Text(visible(c)) for c in cells))
    out.print(table)
    for e in book.extensions:
        text = f"{e.student} has until {e.until:%Y-%m-%d %H:%M} UTC for {e.assignment} (by {e.by}: {e.reason})"
        out.print(plain(text), highlight=False, soft_wrap=True)


def override(
    attempt: Annotated[int, typer.Argument(help="Number of the attempt (see: autograder attempts).")],
    points: Annotated[str, typer.Argument(help='Points that it gets, or "none" to take an override back.')],
    by: By,
    reason: Reason,
    db: Db = DEFAULT,
) -> None:
    """Set the points of an attempt; no late rule and no limit touches them, and the mark says who and why.

    Example: autograder override 12 17.5 --by "Dr Lee" --reason "the handout was wrong"
    """
    value = None if points.strip().lower() == "none" else read_points(points)
    with open_ledger(db) as ledger:
        ledger.override(attempt, value, by, reason)
    said = "is as computed again" if value is None else f"has {value} points now"
    out.print(f"attempt {attempt} {said}", highlight=False)


def extend(
    student: Annotated[str, typer.Argument(help="Id of the student.")],
    assignment: Annotated[str, typer.Argument(help="Name of the assignment.")],
    until: Annotated[str, typer.Option("--until", help="New due time, as in 2026-11-27T23:59:00+01:00.")],
    by: By,
    reason: Reason,
    db: Db = DEFAULT,
) -> None:
    """Give one student more time; late rules count from the new time, and the mark says who and why.

    Example: autograder extend anna backprop --until 2026-11-27T23:59:00+01:00 --by "Dr Lee" --reason illness
    """
    when = read_time(until, "--until")
    with open_ledger(db) as ledger:
        ledger.extend(student, assignment, when, by, reason)
    out.print(f"{plain(student)} has until {when:%Y-%m-%d %H:%M} UTC for {plain(assignment)}", highlight=False)


def open_ledger(db: str) -> Ledger:
    from autograder.gradebook.ledger import Ledger

    return Ledger(db)


def _stored(folder: Path) -> Iterator[tuple[Path, Result]]:
    """Results one after the other, so that a class does not have to fit into memory."""
    paths = sorted((folder / "results").glob("*.json"))
    if not paths:
        raise UsageError(f"no graded results in {folder / 'results'}: expected the --out folder of autograder grade")
    for path in paths:
        try:
            yield path, from_json(path.read_text(encoding="utf-8"))
        except (ResultError, OSError, UnicodeDecodeError) as error:
            complain(f"{path}: {error}; left out", SOME_FAILED)


def _collected(path: Path) -> Mapping[str, Mapping[str, str]]:
    """Whose each result is, by the name of its file, as ``autograder grade`` wrote it down."""
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
    """Where nobody knows when it was handed in: when these bytes were first graded."""
    p = result.provenance
    for attempt in ledger.book(student).attempts:
        if (attempt.assignment, attempt.submission) == (p.assignment, p.submission_sha256):
            return attempt.submitted
    return read_time(p.created, f"{visible(result.submission)}: created")


def _content(paths: Sequence[Path], folder: Path) -> dict[str, Path]:
    """Where the bytes of each result lie."""
    return {file_name(c.path): c.path for c in collect(paths, folder).found} if paths else {}


def _bytes(path: Path | None, result: Result) -> bytes | None:
    """The bytes that were graded; none where the file is another one by now."""
    if path is None:
        return None
    try:
        if read_submission(path).sha256 == result.provenance.submission_sha256:
            return packed(path)
        complain(f"{path}: changed since it was graded, not kept", SOME_FAILED)
    except (Unreadable, OSError) as error:
        complain(f"{path}: not kept: {error}", SOME_FAILED)
    return None
