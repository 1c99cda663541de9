"""How a run over a class goes: a log that only grows, and a bar with rate, time left and counts."""

from __future__ import annotations

import datetime
import json
import os
import time
from pathlib import Path
from types import TracebackType

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from autograder.cli.common import err, plain
from autograder.grading.summary import RunSummary, kind_of
from autograder.report import visible
from autograder.results import Result

SAY_EVERY = 30  # seconds between lines where there is no terminal


class Log:
    """A log with one line for each graded submission; lines are only appended."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        size = os.fstat(self.descriptor).st_size
        if (
            size and os.pread(self.descriptor, 1, size - 1) != b"\n"
        ):  # an earlier run was killed in the middle of a line
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
        why = f": {result.problem.message}" if result.problem else ""
        self.write(
            f"{json.dumps(result.submission, ensure_ascii=False)} {kind_of(result)} {points} {seconds:.1f} s{why}"
        )


class Bar:
    """Progress with rate, time left and counts: a bar on a terminal, an occasional line elsewhere."""

    def __init__(self, title: str, summary: RunSummary, quiet: bool) -> None:
        self.title, self.summary, self.quiet = title, summary, quiet
        self.live = err.is_terminal
        columns = (TextColumn("{task.description}"), BarColumn(20), TimeElapsedColumn())
        self.progress = Progress(*columns, console=err, disable=quiet or not self.live)
        self.task = self.progress.add_task(title, total=summary.total)
        self.said = time.monotonic()

    def __enter__(self) -> Bar:
        self.progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.progress.stop()

    def on_progress(self, text: str) -> None:
        self.progress.update(self.task, description=f"{self.title}: {self.summary.line()}; {plain(text)[:50]}")

    def step(self) -> None:
        self.progress.update(self.task, completed=self.summary.done, description=f"{self.title}: {self.summary.line()}")
        now = time.monotonic()
        if not self.live and not self.quiet and now - self.said > SAY_EVERY:
            self.said = now
            err.print(f"{self.title}: {self.summary.line()}", highlight=False, soft_wrap=True)
