"""Attempts and decisions in the ledger: attempts, override, extend, slip, set-time."""

from __future__ import annotations

import datetime
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from autograder.cli.common import COURSE, UsageError, make_table, out, plain, print_json, remark
from autograder.cli.options import Json
from autograder.gradebook.policy import CHOSEN, Policy, read_policy
from autograder.gradebook.records import (
    DEFAULT,
    Attempt,
    Extension,
    LedgerError,
    SlipDays,
    read_points,
    read_time,
    short,
)
from autograder.report import visible
from autograder.report.text import count, utc
from autograder.submission.moments import CLAIMED, UNKNOWN, MomentError, end_of_day, read_day, read_moment

if TYPE_CHECKING:  # SQLAlchemy is slow to import: only the commands that need it load it
    from autograder.gradebook.ledger import Ledger

Db = Annotated[
    str,
    typer.Option("--db", envvar="AUTOGRADER_DB", help="The ledger: sqlite:///FILE or postgresql://user@host/name."),
]
PolicyFile = Annotated[
    Path | None, typer.Option("--policy", help='File with a "policy" section; default: course.toml if it exists.')
]
RosterFile = Annotated[Path | None, typer.Option("--roster", help="CSV with the columns id, name, email, section.")]
By = Annotated[str, typer.Option("--by", help="Name of the person who decides.")]
Reason = Annotated[str, typer.Option("--reason", help="Reason for the decision; the student may read it.")]


def attempts(
    student: Annotated[str, typer.Argument(help="Id of the student; default: all students.")] = "",
    doubtful: Annotated[
        bool,
        typer.Option("--doubtful", help="Only those of earlier versions whose time may be that of the grading."),
    ] = False,
    db: Db = DEFAULT,
    json: Json = False,
) -> None:
    """List the attempts in the ledger, with their numbers.

    Earlier versions stored the time of the grading where no time of submission was known; --doubtful lists these.

    Example: autograder attempts anna --db sqlite:///course.db
    """
    from autograder.gradebook.marks import in_order

    with open_ledger(db) as ledger:
        book = ledger.book(student)
        if doubtful:
            book = replace(book, attempts=tuple(a for a in book.attempts if _is_doubtful(a, ledger)))
    last = {o.attempt: o for o in in_order(book.overrides)}
    rows = []
    for a in book.attempts:
        row: dict[str, object] = {
            "attempt": a.number,
            "student": a.student,
            "assignment": a.assignment,
            "submitted": a.submitted and a.submitted.isoformat(timespec="seconds"),
            "source": a.source,
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
        cells = [str(a.number), a.student, a.assignment, _submitted(a), points, said]
        table.add_row(*(Text(visible(c)) for c in cells))
    out.print(table)
    for text in (*map(_extension, book.extensions), *map(_choice, book.slip_days)):
        out.print(plain(text), highlight=False, soft_wrap=True)


def _is_doubtful(attempt: Attempt, ledger: Ledger) -> bool:
    """Whether an attempt of an earlier version has the time of the grading as its time of submission."""
    if attempt.source or attempt.submitted is None:
        return False
    try:
        return read_time(ledger.result(attempt.number).provenance.created) == attempt.submitted
    except LedgerError:
        return False


def set_time(
    attempt: Annotated[int, typer.Argument(help="Number of the attempt (see: autograder attempts).")],
    time: Annotated[str, typer.Argument(help='When it was handed in, or "unknown".')],
    by: By,
    reason: Reason,
    policy: PolicyFile = None,
    db: Db = DEFAULT,
) -> None:
    """Say when an attempt was handed in; the earlier time stays in the ledger.

    Example: autograder set-time 12 "2026-11-20 22:10" --by "Dr Lee" --reason "the mail server's log"
    """
    unknown = time.strip().lower() == UNKNOWN
    try:
        at = None if unknown else read_moment(time, find_policy(policy).timezone)
    except MomentError as error:
        raise UsageError(str(error)) from None
    with open_ledger(db) as ledger:
        ledger.set_time(attempt, at, by, reason)
    said = "has no known time of submission" if at is None else f"was handed in at {utc(at)}"
    out.print(f"Attempt {attempt} {said}", highlight=False)


def override(
    attempt: Annotated[int, typer.Argument(help="Number of the attempt (see: autograder attempts).")],
    points: Annotated[str, typer.Argument(help='New points, or "none" to withdraw an override.')],
    by: By,
    reason: Reason,
    above_maximum: Annotated[
        bool, typer.Option("--above-maximum", help="Give more points than the attempt can earn.")
    ] = False,
    db: Db = DEFAULT,
) -> None:
    """Set the points of an attempt by hand, exempt from late rules and limits; the mark shows who decided and why.

    Example: autograder override 12 17.5 --by "Dr Lee" --reason "the handout was wrong"
    """
    value = None if points.strip().lower() == "none" else read_points(points)
    with open_ledger(db) as ledger:
        if value is not None and not above_maximum:
            possible = next((a.possible for a in ledger.book().attempts if a.number == attempt), None)
            if possible is not None and value > possible:
                raise UsageError(
                    f"{short(value)} points exceed the maximum of attempt {attempt}, which is {short(possible)}; "
                    "to give more than the maximum, add --above-maximum"
                )
        ledger.override(attempt, value, by, reason)
    said = "has its computed points again" if value is None else f"now has {value} points"
    out.print(f"Attempt {attempt} {said}", highlight=False)


def extend(
    student: Annotated[str, typer.Argument(help="Id of the student.")],
    assignment: Annotated[str, typer.Argument(help="Name of the assignment.")],
    by: By,
    reason: Reason,
    until: Annotated[
        str,
        typer.Option("--until", help='New deadline: a day, such as 2026-11-27, or a time, such as "2026-11-27 18:00".'),
    ] = "",
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take the student's extension back.")] = False,
    policy: PolicyFile = None,
    db: Db = DEFAULT,
) -> None:
    """Extend a student's deadline; late rules count from the new time, and the mark shows who decided and why.

    A day alone means its end.  Times without an offset are in the time zone of the policy.

    Example: autograder extend anna backprop --until 2026-11-27 --by "Dr Lee" --reason illness
    """
    if bool(until) == withdraw:
        raise UsageError("expected either --until with the new deadline, or --withdraw")
    rules = find_policy(policy)
    when = None if withdraw else _read_until(until, rules.timezone)
    with open_ledger(db) as ledger:
        ledger.extend(student, assignment, when, by, reason)
    if when is None:
        out.print(f"{plain(student)} has no extension for {plain(assignment)} any more", highlight=False)
        return
    local = f" ({when.astimezone(rules.timezone):%Y-%m-%d %H:%M:%S} in {rules.timezone})" if rules.timezone else ""
    out.print(f"{plain(student)} has until {utc(when)}{local} for {plain(assignment)}", highlight=False, soft_wrap=True)
    due = rules.rules(assignment).due
    if rules.assignments and due is None:
        remark(f"the policy has no deadline for {assignment}: without one, an extension changes nothing")
    elif due is not None and when <= due:
        remark(f"the deadline of the class is {utc(due)}: an extension to an earlier time changes nothing")


def slip(
    student: Annotated[str, typer.Argument(help="Id of the student.")],
    assignment: Annotated[str, typer.Argument(help="Name of the assignment.")],
    days: Annotated[str, typer.Argument(help='The most slip days to spend, or "rules" to withdraw the choice.')],
    by: By,
    reason: Reason,
    policy: PolicyFile = None,
    db: Db = DEFAULT,
) -> None:
    """Store how many slip days a student spends on an assignment; days that are not needed are not spent.

    Example: autograder slip anna backprop 2 --by anna --reason "asked by e-mail"
    """
    from autograder.gradebook.marks import last_choices

    rules = find_policy(policy)
    number = None if days.strip().lower() == "rules" else _read_days(days, assignment, rules)
    with open_ledger(db) as ledger:
        ledger.spend(student, assignment, number, by, reason)
        chosen = last_choices(ledger.book(student).slip_days)
    if number is None:
        again = "none are spent" if rules.slip == CHOSEN else "they are spent automatically"
        said = f"{student} has no choice of slip days for {assignment} any more: by the rules, {again}"
    else:
        said = f"{student} spends at most {count(number, 'slip day')} on {assignment}"
    out.print(plain(said), highlight=False, soft_wrap=True)
    if (total := sum(chosen.values())) > rules.slip_days:
        remark(
            f"the choices of {student} add up to {total}, and there are {count(rules.slip_days, 'slip day')}: "
            "assignments that are due first get theirs first"
        )


def find_policy(policy: Path | None) -> Policy:
    """Find the policy: the named file, else ``course.toml`` here, else the default (the best attempt counts)."""
    if policy is None and COURSE.is_file():
        return read_policy(COURSE)
    return read_policy(policy) if policy else Policy()


def open_ledger(db: str) -> Ledger:
    from autograder.gradebook.ledger import Ledger

    return Ledger(db)


def _read_until(text: str, zone: datetime.tzinfo | None) -> datetime.datetime:
    """Read a new deadline: a day alone means its end in ``zone``, the zone of the course.  Raises UsageError."""
    day = read_day(text)
    if day is not None and zone is None:
        raise UsageError(
            f"--until: the end of {day} is not known without a time zone: "
            'set timezone = "Europe/Berlin" in [policy] of course.toml, or give a time like 2026-11-27 23:59 +01:00'
        )
    try:
        until = read_moment(text, zone) if day is None or zone is None else end_of_day(day, zone)
    except (MomentError, OverflowError) as error:
        raise UsageError(
            f"--until: expected a time like 2026-11-27 23:59 +01:00 or a day like 2026-11-27; {error}"
        ) from None
    if not 1900 <= until.year <= 2999:
        raise UsageError(f"--until: expected a year from 1900 to 2999, got {text[:60]!r}")
    return until


def _read_days(text: str, assignment: str, policy: Policy) -> int:
    """Read a number of slip days that the policy allows.  Raises UsageError."""
    if not policy.slip_days:
        raise UsageError("the policy has no slip days: add slip_days = 5 to [policy] of course.toml")
    rules = policy.rules(assignment)
    if rules.due is None:
        raise UsageError(f"the policy has no deadline for {assignment}, so no slip days can be spent on it")
    most = policy.slip_days if rules.slip_days_at_most is None else min(policy.slip_days, rules.slip_days_at_most)
    if not re.fullmatch(r"[0-9]{1,4}", text.strip()) or int(text) > most:
        raise UsageError(f'expected a number of slip days from 0 to {most}, or "rules", got {text[:60]!r}')
    return int(text)


def _submitted(attempt: Attempt) -> str:
    if attempt.submitted is None:
        return "unknown"
    return utc(attempt.submitted) + (" (claimed)" if attempt.source == CLAIMED else "")


def _extension(e: Extension) -> str:
    if e.until is None:
        return f"{e.student} has no extension for {e.assignment} any more (by {e.by}: {e.reason})"
    return f"{e.student} has until {utc(e.until)} for {e.assignment} (by {e.by}: {e.reason})"


def _choice(s: SlipDays) -> str:
    chosen = "as many slip days as the rules say" if s.days is None else f"at most {count(s.days, 'slip day')}"
    return f"{s.student} spends {chosen} on {s.assignment} (by {s.by}: {s.reason})"
