"""What the commands share: consoles, errors, exit codes, progress, and finding assignments, seeds and results."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from autograder.assignment.load import Assignment, find_root, list_assignments, load, load_folder
from autograder.assignment.seed import PUBLIC, Keys, Seed, SeedError, read_seed, secret_seed, tracing_keys
from autograder.cli.options import SECRET_VARIABLE, SHAPES_VARIABLE
from autograder.errors import UserError
from autograder.gradebook.policy import read_policy
from autograder.grading.batch import DEFAULT, grade_many
from autograder.grading.draws import Draws
from autograder.grading.grade import Session
from autograder.grading.options import RunOptions
from autograder.judge.device.evaluator import ResultCache
from autograder.judge.device.process import DeviceError
from autograder.report import visible
from autograder.result_json import from_json
from autograder.results import NextStep, Result, ResultError, next_step
from autograder.sandbox.bubblewrap import Sandbox
from autograder.submission.collect import Collection
from autograder.submission.collect import collect as collect_submissions

COURSE = Path("course.toml")
OK, SOME_FAILED, USAGE, NOT_ALL_JUDGED = 0, 1, 2, 3
out = Console()
err = Console(stderr=True)


class UsageError(UserError):
    """A command that cannot be carried out as given; the message says what was expected."""


def complain(message: str, code: int) -> int:
    err.print(f"[bold red]autograder:[/] {plain(message)}", highlight=False, soft_wrap=True)
    return code


def remark(message: str) -> None:
    """Say something on standard error that stops nothing."""
    err.print(plain(message), style="dim", highlight=False, soft_wrap=True)


def plain(text: str) -> str:
    return escape(visible(text))


def make_table(*columns: str) -> Table:
    """Make a plain table for the terminal: a column whose title begins with ">" holds numbers, right-aligned."""
    table = Table(box=None, pad_edge=False, header_style="bold", show_header=any(columns))
    for title in columns:
        table.add_column(Text(visible(title.removeprefix(">"))), justify="right" if title[:1] == ">" else "left")
    return table


def find_assignment(slug: str | None, root: Path | None, submission: Path | None) -> Assignment:
    """Find the assignment: by its name, beside the submission, or the only assignment of the course."""
    if slug is None and submission is not None:
        beside = Path(os.path.realpath(submission)).parent  # resolve() fails on a loop of links
        if (beside / "assignment.toml").exists():
            reference = beside.parent.parent / "reference" / beside.name / "reference.py"
            return load_folder(beside, reference.parent if reference.exists() else None)
    folder = root or find_root()
    known = list_assignments(folder)
    if slug is None and len(known) != 1:
        raise UsageError(f"expected an assignment: name it with -a (known: {', '.join(known) or 'none'})")
    return load(slug or known[0], folder)


def open_session(loaded: Assignment, keys: Keys, sandbox: Sandbox, quiet: bool, *, tracing: bool = False) -> Session:
    """Prepare what a run needs; a run that only traces needs no answer that depends on the numbers."""
    draws = Draws(loaded, keys)
    with spinner("preparing the reference answers (once)", quiet):
        draws.public()
        if not tracing:
            draws.get(0)  # a reference that fails is told at once; other sets follow when a submission needs them
    return Session(draws, sandbox, ResultCache())


def grade_all(
    paths: Sequence[Path],
    loaded: Assignment,
    seed: Seed,
    sandbox: Sandbox,
    folder: Path,
    options: RunOptions = DEFAULT,
    *,
    quiet: bool = False,
) -> list[Result]:
    """Grade with a progress bar; results are stored under ``folder/results``."""
    session = open_session(loaded, seed.keys(loaded.slug), sandbox, quiet)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, disable=quiet) as progress:
        task = progress.add_task(f"grading {loaded.slug}", total=len(paths))

        def on_result(result: Result, kept: bool) -> None:
            progress.update(task, advance=1, description=f"grading {loaded.slug}")

        def on_progress(text: str) -> None:
            progress.update(task, description=f"grading {loaded.slug}: {plain(text)[:60]}")

        where = folder / "results"
        return grade_many(paths, session, where, options, on_result=on_result, on_progress=on_progress)


def find_seed(key_file: Path | None, public: bool) -> Seed:
    if public:
        return PUBLIC
    if key_file is not None:
        return read_seed(key_file)
    if os.environ.get(SECRET_VARIABLE):
        return secret_seed(os.environ[SECRET_VARIABLE].encode(), f"${SECRET_VARIABLE}")
    raise UsageError(
        f"grading needs the course secret: pass --key-file course.key or set {SECRET_VARIABLE} "
        "(create a key with: openssl rand -hex 32 > course.key). To rehearse without marks, pass --public"
    )


def find_tracing_keys(shape_key: Path | None, public: bool, slug: str) -> Keys:
    """Find the keys of a machine that traces: the shape key from a file or the environment, or public ones."""
    if public:
        return PUBLIC.keys(slug)
    if shape_key is not None:
        try:
            return tracing_keys(shape_key.read_text(), slug)
        except (OSError, UnicodeDecodeError) as error:
            raise SeedError(f"the shape key {shape_key} cannot be read: {error}") from None
    if os.environ.get(SHAPES_VARIABLE):
        return tracing_keys(os.environ[SHAPES_VARIABLE], slug)
    raise UsageError(
        f"tracing needs the shape key of {slug}: pass --shape-key FILE or set {SHAPES_VARIABLE} "
        f"(make it where the course secret is: autograder shape-key -a {slug} --key-file course.key). "
        "To rehearse without marks, pass --public"
    )


def require_sandbox(sandbox: Sandbox, *, allow_none: bool) -> None:
    if not sandbox.isolated and not (allow_none and sandbox.level == "none"):
        raise DeviceError(
            f"the sandbox is not complete ({sandbox.level}); nothing was run. {sandbox.advice}. "
            "To grade without a sandbox anyway, pass --unsandboxed (recorded with every mark)"
        )


def collect(paths: Sequence[Path], folder: Path = Path("graded"), slug: str = "") -> Collection:
    """Find the submissions; archives are unpacked into ``folder/work``.  Times without a zone are in the course's."""
    return collect_submissions(paths, folder / "work", slug, course_zone())


def course_zone() -> datetime.tzinfo | None:
    """Return the time zone of the course, if ``course.toml`` is here and names one.  Raises :class:`PolicyError`."""
    return read_policy(COURSE).timezone if COURSE.is_file() else None


def stored_results(folder: Path) -> list[tuple[Path, Result]]:
    found = []
    for path in sorted((folder / "results").glob("*.json")):
        try:
            found.append((path, from_json(path.read_text())))
        except (ResultError, OSError, UnicodeDecodeError) as error:
            complain(f"{path}: {error}; skipped", USAGE)
    if not found:
        raise UsageError(f"no graded results in {folder / 'results'}: expected the --out folder of autograder grade")
    return found


def exit_code(results: Sequence[Result]) -> int:
    steps = {next_step(result) for result in results}
    if not all(step.final for step in steps):
        return NOT_ALL_JUDGED
    return SOME_FAILED if NextStep.RESUBMIT in steps else OK


def print_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1))


@contextlib.contextmanager
def spinner(text: str, quiet: bool) -> Iterator[Callable[[str], object]]:
    """Show a spinner while the block runs; yields a function that changes its text."""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=err,
        disable=quiet,
        transient=True,
    ) as progress:
        task = progress.add_task(text)
        yield lambda now: progress.update(task, description=f"{text}: {plain(now)[:70]}")
