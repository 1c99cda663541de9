"""The two CI jobs that give marks: trace (student code, the shape key) and judge (the secret, no student code)."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.class_run import run_class, tell_remarks
from autograder.cli.common import (
    NOT_ALL_JUDGED,
    OK,
    UsageError,
    collect,
    err,
    find_assignment,
    find_seed,
    find_tracing_keys,
    open_session,
    out,
    plain,
    require_sandbox,
    spinner,
)
from autograder.cli.options import (
    SHAPES_VARIABLE,
    Course,
    Jobs,
    Machine,
    Printing,
    Quick,
    Quiet,
    Secret,
    Selection,
    Unsandboxed,
    grouped,
)
from autograder.files import PRIVATE, replaced
from autograder.grading import handover
from autograder.grading.grade import Session, TracedSubmission, trace_submission
from autograder.judge.device.evaluator import Evaluator
from autograder.results import Fault, Problem, ProblemKind
from autograder.sandbox import bubblewrap
from autograder.submission.collect import Collected, Collection


@grouped
def trace(
    submissions: Annotated[list[Path], typer.Argument(help="Files, folders or archives, as for grade.")],
    course: Course,
    folder: Annotated[Path, typer.Option("--out", "-o", help="Folder for the programs.")] = Path("programs"),
    shape_key: Annotated[
        Path | None,
        typer.Option("--shape-key", help=f"File with the shape key; default: the variable {SHAPES_VARIABLE}."),
    ] = None,
    public: Annotated[bool, typer.Option("--public", help="Use the public seed: a rehearsal without marks.")] = False,
    jobs: Jobs = 0,
    quick: Quick = False,
    unsandboxed: Unsandboxed = False,
    quiet: Quiet = False,
) -> None:
    """Turn submissions into programs for another machine to judge.

    Needs the shape key of the assignment (see: autograder shape-key), and neither the course secret nor the reference.

    Example: autograder trace submissions/ -a backprop --shape-key backprop.shapes --out programs
    """
    loaded = find_assignment(course.assignment, course.root, None)
    sandbox = bubblewrap.unsandboxed() if unsandboxed else bubblewrap.probe()
    require_sandbox(sandbox, allow_none=unsandboxed)
    keys = find_tracing_keys(shape_key, public, loaded.slug)
    draws = open_session(loaded, keys, sandbox, quiet, tracing=True).draws
    folder.mkdir(parents=True, exist_ok=True)
    evaluator = Evaluator("cpu", loaded.limits["run_seconds"], loaded.limits["memory_mb"])
    with tempfile.TemporaryDirectory() as work, spinner("tracing", quiet) as on_progress:
        collection = collect(submissions, Path(work), loaded.slug)
        if not quiet:
            tell_remarks(collection)

        def trace_collected(collected: Collected) -> TracedSubmission:
            on_progress(collected.student)
            submission = collected.read(loaded.functions)
            order = draws.request(draws.number(submission), measured=not quick, everything=True)
            traced = trace_submission(submission, order, sandbox, name=collected.name)
            traced = handover.quoted(traced, order, evaluator)
            unpacked = collected.path.is_relative_to(work)  # under a name of its own, the same in every run
            name = collected.path.name if unpacked else collected.result.removesuffix(".json")
            label = handover.Handover(traced, collected.student, collected.submitted, collected.late)
            handover.write_handover(label, folder / name, loaded, keys)
            return replace(traced, programs={}, sources={})

        try:
            with ThreadPoolExecutor(jobs or None) as pool:
                done = list(pool.map(trace_collected, collection.found))
        finally:
            evaluator.close()
    problems = [(t.name, t.problem) for t in done if t.problem is not None]
    ours = [(name, problem) for name, problem in problems if problem.fault is Fault.OURS]
    for name, problem in ours:
        said = f"{name}: not judged, through no fault of the student: {problem.message}"
        err.print(plain(said), highlight=False, soft_wrap=True)
    if not quiet:
        unread = len(problems) - len(ours)
        out.print(f"{len(done)} traced to {plain(str(folder))}; {unread} unreadable", highlight=False)
    raise typer.Exit(NOT_ALL_JUDGED if ours else OK)


@grouped
def shape_key(
    course: Course,
    secret: Secret,
    to: Annotated[Path | None, typer.Option("--out", "-o", help="File to write, for you alone to read.")] = None,
) -> None:
    """Print the shape key of an assignment, which `autograder trace` needs.

    It chooses sizes and options of the hidden cases, and tells nothing of their numbers or of the course secret.

    Example: autograder shape-key -a backprop --key-file course.key -o backprop.shapes
    """
    loaded = find_assignment(course.assignment, course.root, None)
    text = find_seed(secret.key_file, secret.public).keys(loaded.slug).shapes.hex()
    if to is None:
        print(text)
        return
    if to.exists():
        raise UsageError(f"{to} already exists: name another file with --out")
    with replaced(to, PRIVATE) as partial:
        partial.write_text(text + "\n")
    out.print(f"Wrote {plain(str(to))}. Make it the secret {SHAPES_VARIABLE} of the job that traces.", highlight=False)


@grouped
def judge(
    programs: Annotated[Path, typer.Argument(help="Folder that autograder trace wrote.")],
    course: Course,
    secret: Secret,
    selection: Selection,
    machine: Machine,
    printing: Printing,
    folder: Annotated[Path, typer.Option("--out", "-o", help="Folder for results and reports.")] = Path("graded"),
    unsandboxed: Unsandboxed = False,
) -> None:
    """Judge programs that another machine traced, and write reports; runs no student code.

    Results of unchanged programs are kept, so an interrupted run resumes.

    Example: autograder judge programs -a backprop --key-file course.key -o graded
    """
    loaded = find_assignment(course.assignment, course.root, None)
    seed = find_seed(secret.key_file, secret.public)
    # Student code has run elsewhere, but the programs that it became are parsed and run here, in a confined process.
    sandbox = bubblewrap.unsandboxed() if unsandboxed else bubblewrap.probe()
    require_sandbox(sandbox, allow_none=unsandboxed)
    paths = handover.handovers(programs)

    def read(path: Path, session: Session) -> TracedSubmission:
        try:
            return handover.read_handover(path, session.draws).handed
        except handover.HandoverError as error:
            problem = Problem(Fault.OURS, ProblemKind.HANDOVER, f"{path.name}: {error}")
            return TracedSubmission(path.name, "", "none", problem=problem)

    run_class(
        lambda: Collection(tuple(map(handover.read_label, paths))),
        loaded,
        seed,
        bubblewrap.unsandboxed(),  # never used: nothing is traced here
        folder,
        machine.options(selection.keep),
        selection,
        printing,
        read,
    )
