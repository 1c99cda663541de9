"""Grade a class: choose what to grade, show how it goes, keep a log, hold no more than a page needs."""

from __future__ import annotations

import contextlib
import datetime
import difflib
import fnmatch
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from autograder.assignment import Assignment
from autograder.batch import grade_each
from autograder.cli.common import UsageError, err, open_session, plain
from autograder.collect import Collected, Collection, Remark
from autograder.grade import Handed, Session
from autograder.plan import Seed
from autograder.report import visible
from autograder.report.folder import write_page
from autograder.results import Result
from autograder.sandbox import Sandbox
from autograder.store import file_name, read_result
from autograder.tally import Tally, kind_of, outline, settled
from question_bank.csv_safe import rows_text

TABLE = 100  # students in a table on the terminal; the page of the class shows all
REMARKS = 12  # that are told on the terminal
SAY_EVERY = 30  # seconds between lines where there is no terminal


class Stored(Sequence[Result]):
    """Results in files, read when they are needed: a class fits into little memory.

    Those that are not graded yet are left out.
    """

    def __init__(self, found: Sequence[Collected], folder: Path) -> None:
        paths = [(c.name or c.path.name or c.student, folder / "results" / file_name(c.path)) for c in found]
        self.paths = [(name, path) for name, path in paths if path.exists()]

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Result:  # type: ignore[override]
        result = read_result(self.paths[index][1])
        if result is None:
            raise UsageError(f"{self.paths[index][1]} cannot be read any more: grade again with --only")
        return result

    def __iter__(self) -> Iterator[Result]:
        return (self[i] for i in range(len(self)))


def choose(found: Sequence[Collected], folder: Path, only: Sequence[str], failed: bool) -> list[Collected]:
    """The submissions that are meant.  Raises :class:`UsageError` for a name that nobody has."""
    chosen = list(found)
    if only:
        names = {c: {n.casefold() for n in (c.student, c.name, c.path.name, c.path.stem) if n} for c in found}
        for pattern in only:
            if not any(fnmatch.filter(n, pattern.casefold()) for n in names.values()):
                near = difflib.get_close_matches(pattern, [c.student for c in found], 3)
                hint = f"did you mean {', '.join(near)}?" if near else "names are those of students or of their files"
                raise UsageError(f"--only {pattern}: no submission has that name; {hint}")
        chosen = [c for c in found if any(fnmatch.filter(names[c], p.casefold()) for p in only)]
    if failed:
        chosen = [c for c in chosen if _failed(read_result(folder / "results" / file_name(c.path)))]
    return chosen


def tell_remarks(collection: Collection) -> None:
    """Say what was not used, and what was chosen where there was a choice."""
    for remark in collection.remarks[:REMARKS]:
        err.print(f"[yellow]not used:[/] {plain(remark.where)}: {plain(remark.why)}", highlight=False, soft_wrap=True)
    if len(collection.remarks) > REMARKS:
        more = len(collection.remarks) - REMARKS
        err.print(f"[yellow]and {more} more:[/] see log.txt", highlight=False)


def note_collected(collection: Collection, folder: Path) -> None:
    """Write down whose each result is, for those who record marks: ``collected.csv``."""
    rows = [("result", "student", "submitted", "late", "number", "layout")]
    for c in collection.found:
        submitted = c.submitted.isoformat() if c.submitted else ""
        rows.append((file_name(c.path), c.student, submitted, "late" if c.late else "", c.number, c.layout))
    write_page(folder / "collected.csv", rows_text(rows))


def _failed(result: Result | None) -> bool:
    return result is not None and (bool(result.problem) or not settled(result))


def grade_class(
    found: Sequence[Collected],
    loaded: Assignment,
    seed: Seed,
    box: Sandbox,
    folder: Path,
    *,
    jobs: int,
    device: str,
    quick: bool,
    quiet: bool,
    again: str,
    remarks: Sequence[Remark] = (),
    read: Callable[[Path, Session], Handed] | None = None,
    cluster: str = "",
) -> tuple[list[Result], Tally]:
    """Grade with progress and a log; results are stored under ``folder/results``.

    Args:
      read: what was traced elsewhere, instead of the submissions themselves.
      cluster: where to grade, if not in this process: "local", "slurm" or the address of a scheduler.

    Returns:
      What the page of a class needs of each result, in the order of ``found``, and the counts.
    """
    session = open_session(loaded, seed, box, quiet)
    tally = Tally(len(found))
    results: dict[Path, Result] = {}
    names = {c.path: c.name for c in found if c.name}
    paths = [c.path for c in found]
    with Log(folder / "log.txt") as log, Bar(f"grading {loaded.slug}", tally, quiet) as bar:
        log.write(
            f"run: {loaded.slug} {loaded.version}, seed {seed.identity}, sandbox {box.level}, {len(found)} chosen"
        )
        for remark in remarks:
            log.write(f"not used: {remark.where}: {remark.why}")
        share: dict[str, Any] = {"jobs": jobs, "device": device, "quick": quick, "again": again, "names": names}
        if cluster:
            from autograder.cluster import grade_each_on, read_options

            options = read_options(Path("course.toml"))
            each = grade_each_on(cluster, paths, session, folder / "results", options=options, say=bar.say, **share)
        else:
            given = (lambda path: read(path, session)) if read is not None else None
            each = grade_each(paths, session, folder / "results", read=given, say=bar.say, **share)
        with contextlib.closing(each):
            for path, result, kept in each:
                tally.add(result, kept)
                if not kept:
                    log.result(result)
                results[path] = outline(result)
                bar.step()
        for line in tally.summary():
            log.write(f"end: {line}")
    return [results[p] for p in paths], tally


class Log:
    """One line for each submission that was graded; lines are added, never changed."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        size = os.fstat(self.descriptor).st_size
        if size and os.pread(self.descriptor, 1, size - 1) != b"\n":  # a run was killed in the middle of a line
            os.write(self.descriptor, b"\n")

    def __enter__(self) -> Log:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is not None:
            self.write(f"stopped: {kind.__name__}")
        os.close(self.descriptor)

    def write(self, text: str) -> None:
        now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        os.write(self.descriptor, f"{now} {visible(text, limit=600)}\n".encode("utf-8", "replace"))

    def result(self, result: Result) -> None:
        points = f"{result.score.points:g}/{result.score.possible:g}" if result.score else "no mark"
        seconds = result.provenance.seconds.get("all", 0.0)
        why = f": {result.problem}" if result.problem else ""
        self.write(
            f"{json.dumps(result.submission, ensure_ascii=False)} {kind_of(result)} {points} {seconds:.1f} s{why}"
        )


class Bar:
    """Progress with rate, time left and counts: a bar on a terminal, a line now and then elsewhere."""

    def __init__(self, title: str, tally: Tally, quiet: bool) -> None:
        self.title, self.tally, self.quiet = title, tally, quiet
        self.live = err.is_terminal
        columns = (TextColumn("{task.description}"), BarColumn(20), TimeElapsedColumn())
        self.progress = Progress(*columns, console=err, disable=quiet or not self.live)
        self.task = self.progress.add_task(title, total=tally.total)
        self.said = time.monotonic()

    def __enter__(self) -> Bar:
        self.progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.progress.stop()

    def say(self, text: str) -> None:
        self.progress.update(self.task, description=f"{self.title}: {self.tally.line()}; {plain(text)[:50]}")

    def step(self) -> None:
        self.progress.update(self.task, completed=self.tally.done, description=f"{self.title}: {self.tally.line()}")
        now = time.monotonic()
        if not self.live and not self.quiet and now - self.said > SAY_EVERY:
            self.said = now
            err.print(f"{self.title}: {self.tally.line()}", highlight=False, soft_wrap=True)
