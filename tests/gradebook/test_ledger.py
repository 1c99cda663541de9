"""The ledger keeps everything, once, and nobody can change it: in SQLite, and in PostgreSQL where there is a server."""

from __future__ import annotations

import dataclasses
import datetime
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy
from helpers.attempts import HOUR, NOON, made
from helpers.commands import COURSE, ROOT, Ran
from helpers.results import our_fault, unreadable
from sqlalchemy.exc import DBAPIError

from autograder.assignment.load import Assignment
from autograder.gradebook.blobs import Objects, packed
from autograder.gradebook.ledger import Ledger
from autograder.gradebook.marks import make_marks, who_moved
from autograder.gradebook.policy import Policy
from autograder.gradebook.records import LedgerError
from autograder.gradebook.rescore import rescore
from autograder.judge.score import score
from autograder.result_json import to_json
from autograder.results import (
    FAILED,
    LEFT_OUT,
    NOT_JUDGED,
    PASSED,
    CaseEvidence,
    CheckEvidence,
    Provenance,
    Result,
)
from autograder.submission.collect import result_name
from autograder.submission.read import read_submission
from autograder.submission.source import UnreadableError


@pytest.fixture
def url(database_url: str) -> str:
    return database_url


@pytest.fixture
def ledger(url: str, tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(url, tmp_path / "objects") as opened:
        yield opened


def _raw(url: str) -> sqlalchemy.Engine:
    read = sqlalchemy.make_url(url)
    return sqlalchemy.create_engine(read if "sqlite" in url else read.set(drivername="postgresql+psycopg"))


def test_what_goes_in_comes_out(ledger: Ledger) -> None:
    result = made()
    attempt, added = ledger.record("anna", result, submitted=NOON, content=b"x = 1\n", now=NOON + HOUR)
    assert added and ledger.result(attempt.number) == result
    assert (attempt.student, attempt.assignment, attempt.kind, attempt.name) == ("anna", "toy", "assignment", "anna.py")
    assert (attempt.submitted, attempt.recorded) == (NOON, NOON + HOUR)
    assert (attempt.points, attempt.possible, attempt.judged) == (Decimal("3.5"), Decimal("10.0"), True)
    assert ledger.objects.get(attempt.object) == b"x = 1\n"
    assert ledger.book().attempts == (attempt,) and ledger.book("ben").attempts == ()


def test_the_same_attempt_twice_is_one(ledger: Ledger) -> None:
    first, _ = ledger.record("anna", made(), submitted=NOON)
    again, added = ledger.record("anna", made(points=9), submitted=NOON.astimezone(datetime.timezone(HOUR)))
    assert not added and again == first
    others = [
        ledger.record("ben", made(), submitted=NOON),
        ledger.record("anna", made(), submitted=NOON + HOUR),
        ledger.record("anna", made(digest="c"), submitted=NOON),
        ledger.record("anna", made(seed="s2"), submitted=NOON),
    ]
    assert all(added for _, added in others) and len(ledger.book().attempts) == 5


def test_what_awaited_our_repair_takes_the_new_judgement(ledger: Ledger) -> None:
    first, _ = ledger.record("anna", made(points=1, judged=False), submitted=NOON)
    same, added = ledger.record("anna", made(points=2, judged=False), submitted=NOON)
    assert not added and same.points == 1
    new, added = ledger.record("anna", made(points=7), submitted=NOON)
    assert added and (new.number, new.points, new.judged) == (first.number, 7, True)
    assert ledger.result(first.number) == made(points=7)
    kept, added = ledger.record("anna", made(points=2), submitted=NOON)
    assert not added and kept.points == 7


TABLES = ("attempts", "judgements", "overrides", "extensions")


@pytest.mark.parametrize("table", TABLES)
def test_the_database_refuses_every_change(ledger: Ledger, url: str, table: str) -> None:
    ledger.record("anna", made(), submitted=NOON)
    ledger.override(1, Decimal(9), "Dr Lee", "the handout was wrong")
    ledger.extend("anna", "toy", NOON, "Dr Lee", "illness")
    sqlite = "sqlite" in url
    column = {"attempts": "result", "judgements": "points", "overrides": "points", "extensions": "until"}[table]
    statements = [
        f"UPDATE {table} SET {column} = '0'",
        f"UPDATE {table} SET id = id + 100",
        f"DELETE FROM {table}",
        f"DELETE FROM {table} WHERE id = 1",
    ]
    statements += [f"REPLACE INTO {table} SELECT * FROM {table}"] if sqlite else [f"TRUNCATE {table} CASCADE"]
    if sqlite and table == "attempts":
        columns = (
            "student, assignment, submission, submitted_at, seed, engine, kind, name, recorded_at, sandbox, object"
        )
        statements.append(
            f"INSERT OR REPLACE INTO attempts ({columns}, result) SELECT {columns}, 'forged' FROM attempts"
        )
    engine = _raw(url)
    for statement in statements:
        with engine.connect() as connection:
            before = connection.execute(sqlalchemy.text(f"SELECT * FROM {table}")).all()
            connection.rollback()
            with pytest.raises(DBAPIError, match=f"{table} is append-only|append-only"):
                connection.execute(sqlalchemy.text(statement))
            connection.rollback()
            assert len(before) == 1
            assert connection.execute(sqlalchemy.text(f"SELECT * FROM {table}")).all() == before
    engine.dispose()


WRITER = """
import datetime, decimal, pathlib, sys
url, own, stored = sys.argv[1:]
from autograder.gradebook.ledger import Ledger
from autograder.result_json import from_json
result = from_json(pathlib.Path(stored).read_text())
with Ledger(url) as ledger:
    for n in range(12):  # everybody adds the same twelve, and twelve of their own
        when = datetime.datetime(2026, 11, 1 + n, tzinfo=datetime.UTC)
        ledger.record("all", result, submitted=when)
        ledger.record(own, result, submitted=when)
        ledger.override(1, decimal.Decimal(n), own, "because")
"""


def test_processes_write_side_by_side(url: str, tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text(to_json(made()))
    writers = ["own0", "own1", "own2"]
    started = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, url, name, str(tmp_path / "result.json")],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for name in writers  # the database is not there yet: one of them makes it
    ]
    for process in started:
        said = process.communicate(timeout=150)[1]
        assert process.returncode == 0, said
    with Ledger(url) as ledger:
        book = ledger.book()
    owners = [a.student for a in book.attempts]
    assert {name: owners.count(name) for name in set(owners)} == dict.fromkeys(["all", *writers], 12)
    assert len(book.overrides) == 36


def test_overrides_and_extensions_are_rows_of_their_own(ledger: Ledger) -> None:
    ledger.record("anna", made(), submitted=NOON)
    ledger.override(1, Decimal("8.25"), " Dr Lee ", "the handout was wrong", NOON)
    ledger.override(1, None, "Dr Lee", "it was not", NOON)
    ledger.extend("anna", "toy", NOON, "Dr Lee", "illness", NOON)
    book = ledger.book()
    assert [(o.points, o.by, o.reason) for o in book.overrides] == [
        (Decimal("8.25"), "Dr Lee", "the handout was wrong"),
        (None, "Dr Lee", "it was not"),
    ]
    assert [(e.student, e.assignment, e.until, e.by) for e in book.extensions] == [("anna", "toy", NOON, "Dr Lee")]
    for wrong, says in [
        (lambda: ledger.override(2, Decimal(1), "Lee", "x"), "attempt 2 does not exist"),
        (lambda: ledger.override(1, Decimal(-1), "Lee", "x"), "expected a number from 0 to"),
        (lambda: ledger.override(1, Decimal("NaN"), "Lee", "x"), "expected a number from 0 to"),
        (lambda: ledger.override(1, Decimal(1), "", "x"), "--by: expected a name"),
        (lambda: ledger.override(1, Decimal(1), "Lee", "  "), "expected a reason"),
        (lambda: ledger.extend("anna", "toy", NOON.replace(tzinfo=None), "Lee", "x"), "has no time zone"),
        (lambda: ledger.record("anna", made(), submitted=NOON.replace(tzinfo=None)), "has no time zone"),
        (lambda: ledger.record("anna", made(), submitted=NOON, kind="party"), "expected one of assignment, exam"),
    ]:
        with pytest.raises(LedgerError, match=says):
            wrong()
    assert len(ledger.book().overrides) == 2


@pytest.mark.parametrize("name", ["Robert'); DROP TABLE attempts;--", "=cmd()", "%s:x", "Ünal 李", "a" * 200])
def test_names_are_only_data(ledger: Ledger, name: str) -> None:
    attempt, _ = ledger.record(name, dataclasses.replace(made(), submission=name), submitted=NOON)
    assert attempt.student == name and ledger.book(name).attempts == (attempt,)


@pytest.mark.parametrize("name", ["", " ", "a\nb", "a\0b", "ab\u202ecd", "a\ud800", "a" * 201, "zero\u200bwidth"])
def test_names_that_deceive_are_refused(ledger: Ledger, name: str) -> None:
    with pytest.raises(LedgerError, match="student: "):
        ledger.record(name, made(), submitted=NOON)
    assert ledger.book().attempts == ()


def test_hostile_evidence_comes_back_as_it_was(ledger: Ledger) -> None:
    text = "\0\x1b[31m\u202e</script>{{7*7}}'\"\n" * 3
    result = dataclasses.replace(made(), submission=text, output=text, problem=unreadable(text))
    attempt, _ = ledger.record("anna", result, submitted=NOON)
    assert ledger.result(attempt.number) == result
    assert "\x1b" not in attempt.name and "\0" not in attempt.name


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("course.db", "expected a URL such as sqlite:///course.db"),
        ("mysql://x/y", "expected sqlite or postgresql, got 'mysql'"),
        ("sqlite://", "expected a file"),
        ("sqlite:///{tmp}/none/course.db", "does not exist: create it first"),
        ("sqlite:///{tmp}", "is a folder, expected a file"),
        ("sqlite:///{tmp}/notes.txt", "is not a ledger"),
        ("sqlite:///{tmp}/other.db", "the database of another program"),
        ("sqlite:///{tmp}/newer.db", "ledger version 99, this program reads 2"),
        ("postgresql://lee:secret@/course?host={tmp}", "cannot be opened"),
    ],
)
def test_what_is_no_ledger_is_told(tmp_path: Path, url: str, says: str) -> None:
    (tmp_path / "notes.txt").write_text("This is a page of notes, and no database at all. " * 50)
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE attempts (x)")
    other.close()
    Ledger(f"sqlite:///{tmp_path}/newer.db").close()
    with sqlite3.connect(tmp_path / "newer.db") as newer:
        newer.execute("UPDATE about SET version = 99")
    newer.close()
    with pytest.raises(LedgerError, match=says) as caught:
        Ledger(url.format(tmp=tmp_path))
    assert "secret" not in str(caught.value)


def test_bytes_are_kept_once_and_checked(tmp_path: Path) -> None:
    objects = Objects(tmp_path / "objects")
    digest = objects.put(b"x = 1\n")
    path = tmp_path / "objects" / digest[:2] / digest[2:]
    before = path.stat().st_mtime_ns
    assert objects.put(b"x = 1\n") == digest and path.stat().st_mtime_ns == before
    assert [p.name for p in (tmp_path / "objects").rglob("*") if p.is_file()] == [path.name]  # no partial file stays
    assert objects.get(digest) == b"x = 1\n"
    path.chmod(0o600)
    path.write_bytes(b"x = 2\n")
    with pytest.raises(ValueError, match="was changed"):
        objects.get(digest)
    for wrong in ("../../etc/passwd", "ab", digest.upper()):
        with pytest.raises(ValueError, match="expected a SHA-256"):
            objects.path(wrong)


def test_folders_are_packed_alike_and_without_links(tmp_path: Path) -> None:
    for name in ("one", "two"):
        folder = tmp_path / name
        (folder / "pkg").mkdir(parents=True)
        (folder / "submission.py").write_text("x = 1\n")
        (folder / "pkg" / "__init__.py").write_text("")
        (folder / "secret.py").symlink_to("/etc/passwd")
    os.utime(tmp_path / "two" / "submission.py", (0, 0))
    assert packed(tmp_path / "one") == packed(tmp_path / "two")
    assert zipfile.ZipFile(io.BytesIO(packed(tmp_path / "one"))).namelist() == ["pkg/__init__.py", "submission.py"]
    with pytest.raises(UnreadableError, match="symbolic link"):
        packed(tmp_path / "one" / "secret.py")


def _evidence(toy: Assignment, failed: str = "") -> Result:
    checks = []
    for check in toy.checks.values():
        fast = {"ratio low": 1.0}
        cases = (CaseEvidence("a", PASSED, statistics=fast), CaseEvidence("b", PASSED, statistics=fast))
        outcome = PASSED
        if check.name == failed:
            cases, outcome = (CaseEvidence("a", FAILED), CaseEvidence("b", PASSED)), FAILED
        checks.append(CheckEvidence(check.name, check.title, check.function, check.kind, outcome, cases))
    provenance = Provenance("toy", "1", "a", "0.1", "b" * 64, "s1", "full", "cpu", created=NOON.isoformat())
    return score(Result("anna.py", provenance, tuple(checks)), toy)


def test_a_changed_rubric_moves_marks_and_says_why(ledger: Ledger, toy: Assignment) -> None:
    ledger.record("anna", _evidence(toy, "standardize_values"), submitted=NOON)
    ledger.record("ben", _evidence(toy), submitted=NOON)
    broken = dataclasses.replace(_evidence(toy), problem=our_fault("x"), score=None, checks=())
    ledger.record("cem", broken, submitted=NOON)
    before = make_marks(ledger.book(), Policy())
    assert rescore(ledger, lambda slug: toy) == ()  # nothing changed, and nothing was added
    strict = dataclasses.replace(toy, credit={"standardize_values": "all"})
    changed = rescore(ledger, lambda slug: strict)
    assert [(c.student, c.before, c.after.points, c.checks) for c in changed] == [
        ("anna", Decimal(24), 22, ("standardize_values 2 → 0",))
    ]
    because = {(c.student, c.assignment): ", ".join(c.checks) for c in changed}
    moves = who_moved(before, make_marks(ledger.book(), Policy()), because)
    assert [(m.student, m.assignment, m.before, m.after, m.why) for m in moves] == [
        ("anna", "toy", Decimal("24.00"), Decimal("22.00"), ("standardize_values 2 → 0",)),
        ("anna", "", Decimal("92.31"), Decimal("84.62"), ()),
    ]
    assert rescore(ledger, lambda slug: strict) == ()
    back = rescore(ledger, lambda slug: toy)
    assert [c.checks for c in back] == [("standardize_values 0 → 2",)]
    assert make_marks(ledger.book(), Policy()) == before


def _graded(folder: Path, toy: Assignment, **failed: str) -> Path:
    results = folder / "graded" / "results"
    results.mkdir(parents=True, exist_ok=True)
    for name, check in failed.items():
        result = dataclasses.replace(_evidence(toy, check), submission=f"{name}.py")
        digest = (name[:1].encode().hex() * 64)[:64]
        result = dataclasses.replace(
            result, provenance=dataclasses.replace(result.provenance, submission_sha256=digest)
        )
        (results / f"{name}.json").write_text(to_json(result))
    return folder / "graded"


def test_the_commands_from_grading_to_gradebook(
    toy: Assignment, command: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    graded = _graded(tmp_path, toy, anna="standardize_values", ben="", cem="")
    (tmp_path / "roster.csv").write_text("id;name;email\ns1001;Lee, Anna;anna@x.edu\ns1002;Ben Ode;ben@x.edu\n")
    db = ("--db", f"sqlite:///{tmp_path}/course.db")
    ran = command("record", graded, *db, "--roster", "roster.csv", "--submitted-at", "2026-11-20T12:00Z")
    assert ran.code == 1 and "2 added, 0 already present, 1 not recorded" in ran.out
    assert "cem.py: no student on the roster" in ran.err
    ran = command("record", graded, *db, "--roster", "roster.csv", "--submitted-at", "2026-11-20T12:00Z")
    assert "0 added, 2 already present" in ran.out
    rows = json.loads(command("attempts", *db, "--json").out)
    assert [(r["attempt"], r["student"], r["points"]) for r in rows] == [(1, "s1001", "24.0"), (2, "s1002", "26.0")]

    (tmp_path / "course.toml").write_text(
        "[policy]\nper_day_percent = 50\n[policy.assignments.toy]\ndue = 2026-11-19T20:00:00+01:00\n"
    )
    ran = command("gradebook", *db, "--roster", "roster.csv", "--verbose")
    assert ran.code == 0 and "13.00" in ran.out and "1 day late: −50 %" in ran.out
    (tmp_path / "mild.toml").write_text((tmp_path / "course.toml").read_text().replace("50", "0"))
    ran = command("gradebook", *db, "--policy", "course.toml", "--before", "mild.toml")
    assert "s1002, toy: 26.00 → 13.00 (−13.00): 1 day late: −50 %" in ran.out
    until = "2026-11-21T00:00:00Z"
    assert command("extend", "s1002", "toy", *db, "--until", until, "--by", "Lee", "--reason", "flu").code == 0
    assert command("override", "1", "20.5", *db, "--by", "Lee", "--reason", "bad handout").code == 0
    ran = command("gradebook", *db, "--roster", "roster.csv", "--format", "json")
    marks = {s["id"]: s["marks"]["toy"] for s in json.loads(ran.out)["students"]}
    assert (marks["s1001"]["points"], marks["s1002"]["points"]) == ("20.50", "26.00")
    assert marks["s1001"]["reasons"] == ["set to 20.5 by Lee: bad handout"]
    assert marks["s1002"]["reasons"] == ["extended by Lee: flu"]
    assert "1 s1001 toy" in " ".join(command("attempts", *db).out.split())
    assert "24/26" in command("attempts", *db).out
    assert "20.5 by Lee" in " ".join(command("attempts", "s1001", *db).out.split())
    for form in ("csv", "canvas", "moodle"):
        ran = command("gradebook", *db, "--roster", "roster.csv", "--format", form, "-o", f"{form}.csv")
        assert ran.code == 0 and "20.50" in (tmp_path / f"{form}.csv").read_text(encoding="utf-8")
    assert command("override", "1", "none", *db, "--by", "Lee", "--reason", "never mind").code == 0

    shutil.copytree(COURSE, tmp_path / "course", ignore=shutil.ignore_patterns("__pycache__"))
    settings = tmp_path / "course" / "assignments" / "toy" / "assignment.toml"
    settings.write_text(settings.read_text() + '\n[credit]\nstandardize_values = "all"\n')
    ran = command("rescore", *db, "--root", tmp_path / "course", "--policy", "mild.toml")
    assert ran.code == 0 and "Attempts checked: 2; re-scored: 1; students with changed marks: 1" in ran.out, ran.err
    assert "s1001, toy: 24.00 → 22.00 (−2.00): attempt 1: standardize_values 2 → 0" in ran.out


def test_who_and_when_come_from_the_collector(toy: Assignment, command: Callable[..., Ran], tmp_path: Path) -> None:
    graded = _graded(tmp_path, toy, anna="", ben="")
    (graded / "collected.csv").write_text(
        "result,student,submitted,number\nanna.json,anna lee,2026-11-01T08:00:00+01:00,77\n"
    )
    db = ("--db", f"sqlite:///{tmp_path}/course.db")
    assert command("record", graded, *db).code == 0
    rows = json.loads(command("attempts", *db, "--json").out)
    assert [(r["student"], r["submitted"]) for r in rows] == [
        ("anna lee", "2026-11-01T07:00:00+00:00"),
        ("ben", None),  # nobody knows when
    ]
    again = to_json(dataclasses.replace(_evidence(toy), submission="ben.py")).replace("12:00:00", "18:00:00")
    digest = (b"b".hex() * 64)[:64]
    (graded / "results" / "ben.json").write_text(again.replace("b" * 64, digest))
    ran = command("record", graded, *db)
    assert "0 added, 2 already present" in ran.out  # the same bytes, graded again: not another attempt


def test_submissions_are_kept_beside_the_ledger(toy: Assignment, command: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "anna.py").write_text("x = 1\n")
    graded = _graded(tmp_path, toy, anna="")
    digest = read_submission(tmp_path / "work" / "anna.py").sha256
    stored = graded / "results" / "anna.json"
    text = stored.read_text().replace((b"a".hex() * 64)[:64], digest)
    stored.rename(graded / "results" / result_name(tmp_path / "work" / "anna.py")).write_text(text)
    db = ("--db", f"sqlite:///{tmp_path}/course.db")
    assert command("record", graded, *db, "--submissions", tmp_path / "work").code == 0
    assert Objects(tmp_path / "objects").get(digest) == b"x = 1\n"
    (tmp_path / "work" / "anna.py").write_text("x = 2\n")
    ran = command("record", graded, "--db", f"sqlite:///{tmp_path}/other.db", "--submissions", tmp_path / "work")
    assert "changed since it was graded; not stored" in ran.err
    assert len([p for p in (tmp_path / "objects").rglob("*") if p.is_file()]) == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("record", "graded"), "judged with the public seed"),
        (("record", "empty"), "no graded results in"),
        (("override", "7", "1", "--by", "Lee", "--reason", "x"), "attempt 7 does not exist"),
        (("override", "7", "many", "--by", "Lee", "--reason", "x"), "points: expected a number"),
        (
            ("extend", "a", "toy", "--until", "tomorrow", "--by", "Lee", "--reason", "x"),
            "--until: expected a time like",
        ),
        (("gradebook", "--format", "abacus"), "unknown format 'abacus'"),
        (("gradebook", "--update", "x.csv"), "add --format canvas"),
        (("gradebook", "--policy", "bad.toml"), "attempts: expected one of best, last, average, decay"),
        (("gradebook", "--roster", "none.csv"), "none.csv: No such file"),
        (("rescore",), "expected the folder of a grading run, or --db"),
    ],
    ids=lambda x: " ".join(x)[:30] if isinstance(x, tuple) else "",
)
def test_usage_errors(
    arguments: tuple[str, ...],
    says: str,
    toy: Assignment,
    command: Callable[..., Ran],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.toml").write_text('[policy]\nattempts = "worst"\n')
    stored = _graded(tmp_path, toy, anna="") / "results" / "anna.json"
    stored.write_text(stored.read_text().replace('"seed": "s1"', '"seed": "public"'))
    ran = command(*arguments)
    assert ran.code == 2 and says in " ".join(ran.err.split()), ran.err
    assert "Traceback" not in ran.err


def test_an_open_mark_is_no_zero_and_ends_with_3(toy: Assignment, command: Callable[..., Ran], tmp_path: Path) -> None:
    evidence = _evidence(toy)
    checks = (dataclasses.replace(evidence.checks[0], outcome=NOT_JUDGED), *evidence.checks[1:])
    db = f"sqlite:///{tmp_path}/course.db"
    with Ledger(db) as ledger:
        ledger.record("anna", score(dataclasses.replace(evidence, checks=checks), toy), submitted=NOON)
    ran = command("gradebook", "--db", db, "--format", "json")
    assert ran.code == 3
    student = json.loads(ran.out)["students"][0]
    assert student["total"] is None and student["marks"]["toy"]["points"] is None
    assert student["marks"]["toy"]["reasons"] == ["attempt 1 is not judged yet; the fault is ours"]


def test_marks_without_performance_are_not_recorded_unasked(
    toy: Assignment, command: Callable[..., Ran], tmp_path: Path
) -> None:
    graded = _graded(tmp_path, toy, anna="")
    evidence = _evidence(toy)
    checks = (*evidence.checks[:-1], dataclasses.replace(evidence.checks[-1], outcome=LEFT_OUT))
    quick = score(dataclasses.replace(evidence, checks=checks), toy)
    (graded / "results" / "anna.json").write_text(to_json(quick))
    db = ("--db", f"sqlite:///{tmp_path}/course.db")
    ran = command("record", graded, *db)
    assert ran.code == 2 and "pass --partial" in " ".join(ran.err.split())
    assert json.loads(command("attempts", *db, "--json").out) == []
    assert command("record", graded, *db, "--partial", "--exam").code == 0
    with Ledger(db[1]) as ledger:
        assert [a.kind for a in ledger.book().attempts] == ["exam"]


def test_commands_that_need_no_ledger_do_not_load_one() -> None:
    code = "import sys, autograder.cli; print('sqlalchemy' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True, timeout=60)
    assert ran.stdout.strip() == "False"


def test_reports_show_what_the_ledger_knows(
    toy: Assignment, command: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    graded = _graded(tmp_path, toy, anna="standardize_values", ben="")
    db = ("--db", f"sqlite:///{tmp_path}/course.db")
    assert command("record", graded, *db, "--submitted-at", "2026-11-20 12:00 UTC").code == 0
    numbers = {r["student"]: r["attempt"] for r in json.loads(command("attempts", *db, "--json").out)}
    assert command("override", numbers["anna"], 7, *db, "--by", "ada", "--reason", "oral exam").code == 0
    assert command("report", graded).code == 0
    assert "oral exam" not in (graded / "instructor" / "anna-py.instructor.html").read_text()
    assert command("report", graded, *db).code == 0
    assert "oral exam" in (graded / "instructor" / "anna-py.instructor.html").read_text()
    assert "oral exam" not in (graded / "instructor" / "ben-py.instructor.html").read_text()
    assert "oral exam" not in (graded / "students" / "anna-py.html").read_text()
    assert "Attempts over time" in (graded / "index.html").read_text()


def test_a_team_counts_for_every_member_and_a_dry_run_records_nothing(
    toy: Assignment, command: Callable[..., Ran], tmp_path: Path
) -> None:
    graded = _graded(tmp_path, toy, **{"anna+ben": "", "cem": "", "dora": ""})
    (graded / "collected.csv").write_text(
        "result,student,submitted,late\ncem.json,cem,2026-11-01 08:00 +01:00,\ncem.json,eve,,\ndora.json,dora,,late\n"
    )
    (tmp_path / "times.csv").write_text("student,submitted\nanna,2026-11-02 08:00 UTC\n")
    db = ("--db", f"sqlite:///{tmp_path}/course.db")
    ran = command("record", graded, *db, "--dry-run", "--json")
    assert ran.code == 0 and {r["student"] for r in json.loads(ran.out)} == {"anna", "ben", "cem", "eve", "dora"}
    assert not (tmp_path / "course.db").exists()
    for _ in range(2):
        assert command("record", graded, *db, "--times", tmp_path / "times.csv").code == 0
    rows = json.loads(command("attempts", *db, "--json").out)
    assert [(r["student"], r["submitted"], r["source"]) for r in sorted(rows, key=lambda r: str(r["student"]))] == [
        ("anna", "2026-11-02T08:00:00+00:00", "given"),
        ("ben", None, "unknown"),
        ("cem", "2026-11-01T07:00:00+00:00", "platform"),
        ("dora", None, "unknown"),
        ("eve", None, "unknown"),
    ]
    for time, code in (("tomorrow", 2), ("2026-11-03 08:00 UTC", 0)):
        assert command("set-time", rows[0]["attempt"], time, *db, "--by", "lee", "--reason", "x").code == code
    assert command("record", graded, *db, "--submitted-at", "yesterday").code == 2
    assert json.loads(command("attempts", *db, "--doubtful", "--json").out) == []
