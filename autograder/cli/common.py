"""What the commands share: options, finding what is meant, saying what is wrong."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from autograder.answers import obtain
from autograder.assignment import Assignment, find_root, list_assignments, load, load_folder
from autograder.batch import grade_many
from autograder.collect import ArchiveError, CollectError, Collection
from autograder.collect import collect as collect_submissions
from autograder.device import DeviceError
from autograder.evaluate import Memory
from autograder.grade import Session
from autograder.judge import LEFT_OUT
from autograder.plan import PUBLIC, Seed, make_plan, read_seed, secret_seed
from autograder.report import visible
from autograder.results import FAILED, INCONCLUSIVE, NOT_JUDGED, SKIPPED, Result, ResultError, from_json
from autograder.sandbox import Sandbox

OK, SOME_FAILED, USAGE, NOT_ALL_JUDGED = 0, 1, 2, 3
SECRET_VARIABLE = "AUTOGRADER_KEY"

out = Console()
err = Console(stderr=True)

Root = Annotated[
    Path | None, typer.Option("--root", help="Course folder; default: the nearest one that holds assignments/.")
]
Slug = Annotated[str | None, typer.Option("--assignment", "-a", help="Name of the assignment (see: autograder list).")]
Device = Annotated[str, typer.Option("--device", help="Where programs are judged: cpu, gpu, tpu or auto.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say only what went wrong.")]
Quick = Annotated[bool, typer.Option("--quick", help="Numbers only: leave out training, throughput and cost.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show every case and number.")]


class UsageError(Exception):
    """What was asked cannot be done; the message says what was expected."""


def complain(message: str, code: int) -> int:
    err.print(f"[bold red]autograder:[/] {plain(message)}", highlight=False, soft_wrap=True)
    return code


def plain(text: str) -> str:
    return escape(visible(text))


def find_assignment(slug: str | None, root: Path | None, submission: Path | None) -> Assignment:
    """The assignment that is meant: named, beside the submission, or the only one there is."""
    if slug is None and submission is not None:
        beside = Path(os.path.realpath(submission)).parent  # resolve() fails on a loop of links
        if (beside / "assignment.toml").exists():
            reference = beside.parent.parent / "reference" / beside.name / "reference.py"
            return load_folder(beside, reference.parent if reference.exists() else None)
    folder = root or find_root()
    known = list_assignments(folder)
    if slug is None and len(known) != 1:
        raise UsageError(f"which assignment? name it with -a (there: {', '.join(known) or 'none'})")
    return load(slug or known[0], folder)


def open_session(loaded: Assignment, seed: Seed, box: Sandbox, quiet: bool) -> Session:
    plan = make_plan(loaded, seed)
    with spinner("preparing the reference answers (once)", quiet):
        answers = obtain(plan)
    return Session(plan, answers, box, Memory())


def grade_all(
    paths: Sequence[Path],
    loaded: Assignment,
    seed: Seed,
    box: Sandbox,
    folder: Path,
    *,
    jobs: int = 0,
    device: str = "auto",
    quick: bool = False,
    quiet: bool = False,
) -> list[Result]:
    """Grade with a progress bar; results are stored under ``folder/results``."""
    session = open_session(loaded, seed, box, quiet)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, disable=quiet) as progress:
        task = progress.add_task(f"grading {loaded.slug}", total=len(paths))

        def done(result: Result, kept: bool) -> None:
            progress.update(task, advance=1, description=f"grading {loaded.slug}")

        def say(text: str) -> None:
            progress.update(task, description=f"grading {loaded.slug}: {plain(text)[:60]}")

        where = folder / "results"
        return grade_many(paths, session, where, jobs=jobs, device=device, quick=quick, done=done, say=say)


def find_seed(key_file: Path | None, public: bool) -> Seed:
    if public:
        return PUBLIC
    if key_file is not None:
        return read_seed(key_file)
    if os.environ.get(SECRET_VARIABLE):
        return secret_seed(os.environ[SECRET_VARIABLE].encode(), f"${SECRET_VARIABLE}")
    raise UsageError(
        f"grading needs the course secret: --key-file course.key, or {SECRET_VARIABLE} "
        "(make one with: openssl rand -hex 32 > course.key); --public rehearses without marks"
    )


def require_sandbox(box: Sandbox, *, allow_none: bool) -> None:
    if not box.isolated and not (allow_none and box.level == "none"):
        raise DeviceError(
            f"the sandbox is not complete ({box.level}); nothing was run. {box.advice}. "
            "To grade without it all the same: --unsandboxed (stored with every mark)"
        )


def collect(paths: Sequence[Path], folder: Path = Path("graded"), slug: str = "") -> Collection:
    """Find the submissions; what has to be unpacked goes to ``folder/work``."""
    try:
        return collect_submissions(paths, folder / "work", slug)
    except (ArchiveError, CollectError) as error:
        raise UsageError(str(error)) from None


def stored_results(folder: Path) -> list[tuple[Path, Result]]:
    found = []
    for path in sorted((folder / "results").glob("*.json")):
        try:
            found.append((path, from_json(path.read_text())))
        except (ResultError, OSError, UnicodeDecodeError) as error:
            complain(f"{path}: {error}; left as it is", USAGE)
    if not found:
        raise UsageError(f"no graded results in {folder / 'results'}: expected the --out folder of autograder grade")
    return found


def exit_code(results: Sequence[Result]) -> int:
    outcomes = {c.outcome for r in results for c in r.checks if c.message != LEFT_OUT}
    if any(r.problem.startswith("not judged") for r in results) or outcomes & {NOT_JUDGED, INCONCLUSIVE}:
        return NOT_ALL_JUDGED
    return SOME_FAILED if outcomes & {FAILED, SKIPPED} or any(r.problem for r in results) else OK


def print_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1))


@contextlib.contextmanager
def spinner(text: str, quiet: bool) -> Iterator[Callable[[str], object]]:
    """Show that something is under way; yields a function that changes the text."""
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
