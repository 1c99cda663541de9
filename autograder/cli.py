"""The command line.  Exit codes: 0 all judged and passed, 1 some check failed, 2 usage, 3 something not judged."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from autograder import __version__, sandbox
from autograder.answers import ReferenceFailed, obtain
from autograder.assignment import Assignment, AssignmentError, find_root, list_assignments, load, load_folder
from autograder.device import DeviceError
from autograder.evaluate import Memory
from autograder.grade import Session, grade_many, write_result
from autograder.plan import PUBLIC, Seed, SeedError, make_plan, read_seed, secret_seed
from autograder.report import show_result, show_table, write_reports
from autograder.results import FAILED, INCONCLUSIVE, NOT_JUDGED, SKIPPED, Result, ResultError, from_json, to_json
from autograder.sandbox import Sandbox
from autograder.score import score
from autograder.submission import find_submissions

OK, SOME_FAILED, USAGE, NOT_ALL_JUDGED = 0, 1, 2, 3
SECRET_VARIABLE = "AUTOGRADER_KEY"

app = typer.Typer(
    name="autograder",
    help="Exams and grading for deep-learning courses: submissions become programs, programs are judged.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
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


def main() -> None:
    """Run the command line; bad input never shows a traceback."""
    code: int | str | None
    try:
        code = app(standalone_mode=False) or OK
    except (UsageError, AssignmentError, SeedError, ResultError) as error:
        code = _complain(str(error), USAGE)
    except (ReferenceFailed, DeviceError) as error:
        code = _complain(str(error), NOT_ALL_JUDGED)
    except typer.Exit as stop:
        code = stop.exit_code
    except (KeyboardInterrupt, typer.Abort):
        code = _complain("interrupted; what was finished is stored, and the same command goes on from there", 130)
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        error.show()  # type: ignore[attr-defined]
        code = USAGE
    sys.exit(code)


def _complain(message: str, code: int) -> int:
    err.print(f"[bold red]autograder:[/] {_plain(message)}", highlight=False, soft_wrap=True)
    return code


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape("".join(c if c.isprintable() else "?" for c in text))


def _version(show: bool) -> None:
    if show:
        out.print(f"autograder {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command("list")
def list_command(root: Root = None, json: Json = False) -> None:
    """List the assignments of the course.

    Example: autograder list
    """
    from rich.table import Table

    folder = root or find_root()
    loaded = [load(slug, folder) for slug in list_assignments(folder)]
    if json:
        rows = [{"name": a.slug, "title": a.title, "points": a.total, "functions": list(a.functions)} for a in loaded]
        _print_json(rows)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("name", "title", "points", "functions", "checks"):
        table.add_column(column, justify="right" if column in ("points", "functions", "checks") else "left")
    for a in loaded:
        table.add_row(a.slug, a.title, f"{a.total:g}", str(len(a.functions)), str(len(a.checks)))
    out.print(table if loaded else f"no assignments in {folder / 'assignments'}")


@app.command()
def check(
    submission: Annotated[Path, typer.Argument(help="Your .py file, notebook or folder.")],
    assignment: Slug = None,
    root: Root = None,
    device: Device = "cpu",
    quick: Quick = False,
    sandboxed: Annotated[bool, typer.Option("--sandbox", help="Run inside the sandbox, as grading does.")] = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Check your own work: the same checks as grading, on public inputs.

    Example: autograder check submission.py -a backprop
    """
    loaded = _find(assignment, root, submission)
    box = sandbox.probe() if sandboxed else sandbox.unsandboxed()
    _require(box, allow_none=True)
    session = _session(loaded, PUBLIC, box, quiet or json)
    with TemporaryDirectory() as folder, _spinner("checking", quiet or json) as say:
        result = grade_many([submission], session, Path(folder), device=device, quick=quick, say=say)[0]
    if json:
        print(to_json(result))
    elif not quiet:
        show_result(out, result, verbose=verbose)
    raise typer.Exit(_exit_code([result]))


@app.command()
def grade(
    submissions: Annotated[list[Path], typer.Argument(help="Files, or folders of submissions.")],
    assignment: Slug = None,
    root: Root = None,
    folder: Annotated[Path, typer.Option("--out", "-o", help="Where results and reports go.")] = Path("graded"),
    key_file: Annotated[
        Path | None, typer.Option("--key-file", help=f"File with the course secret (or {SECRET_VARIABLE}).")
    ] = None,
    public: Annotated[bool, typer.Option("--public", help="Use the public seed: a rehearsal, not marks.")] = False,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=0, help="Submissions side by side; 0: one per core.")] = 0,
    device: Device = "auto",
    quick: Quick = False,
    unsandboxed: Annotated[
        bool, typer.Option("--unsandboxed", help="Run without a sandbox; stored with every mark.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Grade submissions and write a report for each.

    Example: autograder grade submissions/ -a backprop --key-file course.key -o graded
    """
    loaded = _find(assignment, root, None)
    seed = _seed(key_file, public)
    box = sandbox.unsandboxed() if unsandboxed else sandbox.probe()
    _require(box, allow_none=unsandboxed)
    paths = _submissions(submissions)
    results = grade_all(paths, loaded, seed, box, folder, jobs=jobs, device=device, quick=quick, quiet=quiet or json)
    index = write_reports(results, folder, assignment_title=loaded.title)
    if json:
        print("[" + ",\n".join(to_json(r) for r in results) + "]")
    elif not quiet:
        if verbose or len(results) == 1:
            for result in results:
                show_result(out, result, verbose=verbose)
        if len(results) > 1:
            show_table(out, results)
        out.print(f"\nreports: {_plain(str(index))}", highlight=False, soft_wrap=True)
    raise typer.Exit(_exit_code(results))


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
    session = _session(loaded, seed, box, quiet)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, disable=quiet) as progress:
        task = progress.add_task(f"grading {loaded.slug}", total=len(paths))

        def done(result: Result, kept: bool) -> None:
            progress.update(task, advance=1, description=f"grading {loaded.slug}")

        def say(text: str) -> None:
            progress.update(task, description=f"grading {loaded.slug}: {_plain(text)[:60]}")

        where = folder / "results"
        return grade_many(paths, session, where, jobs=jobs, device=device, quick=quick, done=done, say=say)


@app.command()
def rescore(
    folder: Annotated[Path, typer.Argument(help="Folder of a grading run.")],
    root: Root = None,
    json: Json = False,
) -> None:
    """Apply a changed rubric to stored evidence; nothing is run again.

    Example: autograder rescore graded
    """
    moved = []
    results = []
    for path, result in _stored(folder):
        loaded = load(result.provenance.assignment, root or find_root())
        new = score(result, loaded) if result.checks or result.problem else result
        before, after = (result.score.points if result.score else 0.0), (new.score.points if new.score else 0.0)
        if before != after:
            moved.append({"submission": result.submission, "before": before, "after": after})
        write_result(new, path)
        results.append(new)
    if results:
        write_reports(
            results, folder, assignment_title=load(results[0].provenance.assignment, root or find_root()).title
        )
    if json:
        _print_json(moved)
        return
    for m in moved:
        out.print(f"{_plain(str(m['submission']))}: {m['before']:g} → {m['after']:g}", highlight=False)
    out.print(f"{len(results)} re-scored, {len(moved)} moved", highlight=False)


@app.command()
def report(folder: Annotated[Path, typer.Argument(help="Folder of a grading run.")], root: Root = None) -> None:
    """Write the reports of a grading run again.

    Example: autograder report graded
    """
    results = [result for _, result in _stored(folder)]
    title = results[0].provenance.assignment
    with contextlib.suppress(AssignmentError):
        title = load(title, root or find_root()).title
    index = write_reports(results, folder, assignment_title=title)
    out.print(f"reports: {_plain(str(index))}", highlight=False, soft_wrap=True)


@app.command()
def validate(
    slugs: Annotated[list[str] | None, typer.Argument(help="Assignments; default: all.")] = None,
    root: Root = None,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Secret seeds to try.")] = 1,
    quick: Quick = False,
    quiet: Quiet = False,
) -> None:
    """Judge the judge: right solutions earn everything, every known mistake fails what it names.

    Example: autograder validate backprop
    """
    from autograder.validate import validate_assignment

    folder = root or find_root()
    problems = 0
    for slug in slugs or list_assignments(folder):
        loaded = load(slug, folder)
        if loaded.reference is None:
            raise UsageError(
                f"{slug}: the folder reference/{slug} is not here, so there is nothing to judge the judge with"
            )
        box = sandbox.probe()
        _require(box, allow_none=False)
        with _spinner(f"validating {slug}", quiet) as say:
            found = validate_assignment(loaded, box, say, seeds, quick)
        for problem in found.problems:
            err.print(f"[red]✗[/] {slug}: {_plain(problem)}", highlight=False, soft_wrap=True)
        if not quiet or found.problems:
            mark = "[red]✗[/]" if found.problems else "[green]✓[/]"
            out.print(f"{mark} {slug}: {found.summary}", highlight=False)
        problems += len(found.problems)
    raise typer.Exit(SOME_FAILED if problems else OK)


@app.command()
def starter(
    slug: Annotated[str, typer.Argument(help="Name of the assignment.")],
    to: Annotated[Path | None, typer.Option("--to", help="Where to; default: a folder of its name.")] = None,
    root: Root = None,
) -> None:
    """Copy what a student gets: handout, starter, checks, and answers for the self-check.

    Example: autograder starter backprop --to ~/course/backprop
    """
    from autograder.scaffold import publish

    loaded = load(slug, root or find_root())
    target = to or Path(slug)
    if target.exists() and any(target.iterdir()) if target.is_dir() else target.exists():
        raise UsageError(f"{target} is there already and not empty: name another place with --to")
    with _spinner("preparing", False):
        publish(loaded, target)
    out.print(f"{_plain(str(target))}: read README.md, write submission.py, then", highlight=False)
    out.print(f"  autograder check {_plain(str(target / 'submission.py'))}", highlight=False, soft_wrap=True)


@app.command()
def new(
    slug: Annotated[str, typer.Argument(help="Name of the new assignment: lower-case letters, digits and hyphens.")],
    root: Root = None,
) -> None:
    """Scaffold an assignment: two folders that validate from the start.

    Example: autograder new layer-norm
    """
    from autograder.scaffold import scaffold

    folder = root or find_root()
    try:
        made = scaffold(slug, folder)
    except ValueError as error:
        raise UsageError(str(error)) from None
    for path in made:
        out.print(_plain(str(path)), highlight=False)
    out.print(f"edit them, then: autograder validate {slug}", highlight=False)


@app.command()
def doctor(root: Root = None, device: Device = "auto", json: Json = False) -> None:
    """Show what this machine can do: sandbox, devices, versions, and what is missing.

    Example: autograder doctor
    """
    from autograder.doctor import examine

    findings = examine(root, device)
    if json:
        _print_json([f.__dict__ for f in findings])
    else:
        for f in findings:
            mark = "[green]✓[/]" if f.good else "[yellow]![/]"
            out.print(f"{mark} [bold]{f.name}[/]: {_plain(f.text)}", highlight=False, soft_wrap=True)
    raise typer.Exit(OK if all(f.good for f in findings) else NOT_ALL_JUDGED)


@app.command()
def demo(
    folder: Annotated[Path, typer.Option("--out", "-o", help="Where the reports go.")] = Path("demo"),
    root: Root = None,
    quiet: Quiet = False,
) -> None:
    """Grade the sample submissions of every assignment and write reports.

    Example: autograder demo
    """
    from autograder.demo import run_demo

    box = sandbox.probe()
    _require(box, allow_none=False)
    run_demo(root or find_root(), folder, box, out, quiet)


def _find(slug: str | None, root: Path | None, submission: Path | None) -> Assignment:
    """The assignment that is meant: named, beside the submission, or the only one there is."""
    if slug is None and submission is not None:
        beside = submission.resolve().parent
        if (beside / "assignment.toml").exists():
            reference = beside.parent.parent / "reference" / beside.name / "reference.py"
            return load_folder(beside, reference.parent if reference.exists() else None)
    folder = root or find_root()
    known = list_assignments(folder)
    if slug is None and len(known) != 1:
        raise UsageError(f"which assignment? name it with -a (there: {', '.join(known) or 'none'})")
    return load(slug or known[0], folder)


def _session(loaded: Assignment, seed: Seed, box: Sandbox, quiet: bool) -> Session:
    plan = make_plan(loaded, seed)
    with _spinner("preparing the reference answers (once)", quiet):
        answers = obtain(plan)
    return Session(plan, answers, box, Memory())


def _seed(key_file: Path | None, public: bool) -> Seed:
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


def _require(box: Sandbox, *, allow_none: bool) -> None:
    if not box.isolated and not (allow_none and box.level == "none"):
        raise DeviceError(
            f"the sandbox is not complete ({box.level}); nothing was run. {box.advice}. "
            "To grade without it all the same: --unsandboxed (stored with every mark)"
        )


def _submissions(paths: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        inside = find_submissions(path) if path.is_dir() and not path.is_symlink() else [path]
        if not inside:
            raise UsageError(f"no submission in {path}: expected .py files, notebooks, or a folder for each student")
        found += inside
    return list(dict.fromkeys(found))


def _stored(folder: Path) -> list[tuple[Path, Result]]:
    found = []
    for path in sorted((folder / "results").glob("*.json")):
        try:
            found.append((path, from_json(path.read_text())))
        except (ResultError, OSError, UnicodeDecodeError) as error:
            _complain(f"{path}: {error}; left as it is", USAGE)
    if not found:
        raise UsageError(f"no graded results in {folder / 'results'}: expected the --out folder of autograder grade")
    return found


def _exit_code(results: Sequence[Result]) -> int:
    outcomes = {c.outcome for r in results for c in r.checks}
    if any(r.problem.startswith("not judged") for r in results) or outcomes & {NOT_JUDGED, INCONCLUSIVE}:
        return NOT_ALL_JUDGED
    return SOME_FAILED if outcomes & {FAILED, SKIPPED} or any(r.problem for r in results) else OK


def _print_json(value: object) -> None:
    import json

    print(json.dumps(value, ensure_ascii=False, indent=1))


@contextlib.contextmanager
def _spinner(text: str, quiet: bool) -> Iterator[Callable[[str], object]]:
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
        yield lambda now: progress.update(task, description=f"{text}: {_plain(now)[:70]}")
