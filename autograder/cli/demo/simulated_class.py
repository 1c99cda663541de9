"""A simulated class, graded like a real class: numbers only, equal submissions once, with a course page."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from autograder.assignment.load import Assignment, list_assignments, load
from autograder.assignment.seed import Seed
from autograder.cli.demo.students import Student, write_class
from autograder.exchange.practice import practice_for
from autograder.files import write_text
from autograder.grading.options import RunOptions
from autograder.grading.store import write_result
from autograder.report import Column, course_page, write_reports
from autograder.report.folder import file_stems, instructor_href
from autograder.results import Result
from autograder.sandbox.bubblewrap import Sandbox
from autograder.submission.collect import result_name
from autograder.submission.read import read_submission

Grade = Callable[..., list[Result]]  # cli.common.grade_all
EARLIER = 12  # students with an earlier attempt at the first assignment
_FIRST_DUE = datetime.datetime(2026, 9, 21, 22, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class Handed:
    """One simulated attempt, as a ledger would know it."""

    student: str
    submitted: datetime.datetime
    points: float | None
    possible: float | None


def run_class_demo(
    root: Path,
    folder: Path,
    seed: Seed,
    sandbox: Sandbox,
    console: Console,
    quiet: bool,
    grade_all: Grade,
    people: Sequence[Student],
    exams: Sequence[Column] = (),
) -> Path | None:
    """Grade ``people`` on every assignment that has known mistakes; return the page of the course, exams included."""
    columns: list[Column] = []
    for slug in list_assignments(root):
        reference = root / "reference" / slug
        if not (reference / "mistakes.py").is_file() or not (reference / "solution.py").is_file():
            continue
        week, loaded = len(columns), load(slug, root)

        def judge(written: Mapping[Path, Student], into: Path, loaded: Assignment = loaded) -> dict[str, Result]:
            results = _grade_once(list(written), loaded, seed, sandbox, into, quiet, grade_all)
            return {written[path].name: result for path, result in results.items()}

        first = people[:: max(1, len(people) // EARLIER)][:EARLIER] if week == 0 else []
        drafts = write_class(first, loaded, reference, folder / slug / "drafts", week=week, attempt=1)
        earlier = judge(drafts, folder / slug / "earlier") if drafts else {}
        written = write_class(people, loaded, reference, folder / slug / "submissions", week=week)
        results = judge(written, folder / slug)
        write_reports(
            list(results.values()),
            folder / slug,
            assignment_title=loaded.title,
            sources=[read_submission(path).sources for path in written],
            previous=[earlier.get(name) for name in results],
            attempts=[_handed(n, r, week, 1) for n, r in earlier.items()]
            + [_handed(n, r, week, 2) for n, r in results.items()],
            course="../index.html",
            practice=practice_for,
        )
        stems = file_stems([r.submission for r in results.values()])
        pages = {n: f"{slug}/{instructor_href(stem)}" for n, stem in zip(results, stems, strict=True)}
        columns.append(Column(loaded.title, results, f"{slug}/index.html", pages))
    if not columns:
        return None
    index = folder / "index.html"
    write_text(index, course_page([*columns, *exams], title="A simulated class", students=[p.name for p in people]))
    if not quiet:
        console.print(f"\n[bold]A simulated class of {len(people)}[/]", highlight=False)
        for column in columns:
            console.print(f"{column.title}: {len(column.results)} submissions, numbers only", highlight=False)
        console.print(f"open {index}", highlight=False, soft_wrap=True)
    return index


def _grade_once(
    paths: Sequence[Path], loaded: Assignment, seed: Seed, sandbox: Sandbox, folder: Path, quiet: bool, grade_all: Grade
) -> dict[Path, Result]:
    """Grade equal bytes once: the evidence is the same for every student who hands them in."""
    digests = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
    first: dict[str, Path] = {}
    for path, digest in digests.items():
        first.setdefault(digest, path)
    graded = grade_all(list(first.values()), loaded, seed, sandbox, folder, RunOptions(quick=True), quiet=quiet)
    by_digest = dict(zip(first, graded, strict=True))
    results = {path: replace(by_digest[digest], submission=path.name) for path, digest in digests.items()}
    for path, result in results.items():
        if path not in first.values():
            write_result(result, folder / "results" / result_name(path))
    return results


def _handed(name: str, result: Result, week: int, attempt: int) -> Handed:
    """Simulate an attempt; most students hand in on the last evening."""
    number = int(hashlib.sha256(f"{name}/{week}/{attempt}".encode()).hexdigest()[:8], 16) / 0xFFFFFFFF
    hours = 1 + 90 * number**3 + (60 if attempt == 1 else 0)
    due = _FIRST_DUE + datetime.timedelta(days=14 * week)
    score = result.score
    return Handed(
        name,
        (due - datetime.timedelta(hours=hours)).replace(microsecond=0),
        score.points if score else None,
        score.possible if score else None,
    )
