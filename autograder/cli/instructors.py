"""The instructor's commands: grade, rescore, report, doctor, demo."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from autograder import sandbox
from autograder.assignment import AssignmentError, find_root, list_assignments, load
from autograder.bench import measure_limits, measure_references
from autograder.cli.attempts import RosterFile
from autograder.cli.classrun import TABLE, Stored, choose, grade_class, note_collected, tell_remarks
from autograder.cli.common import (
    NOT_ALL_JUDGED,
    OK,
    SECRET_VARIABLE,
    Device,
    Json,
    Quick,
    Quiet,
    Root,
    Slug,
    UsageError,
    Verbose,
    collect,
    exit_code,
    find_assignment,
    find_seed,
    grade_all,
    out,
    plain,
    print_json,
    require_sandbox,
    spinner,
    stored_results,
)
from autograder.cli.earlier import Earlier, Sources, earlier, graded_paths, keep_earlier
from autograder.cli.gradebook import PolicyFile, rescore_ledger
from autograder.demo import run_bank_demo, run_demo
from autograder.demo_class import run_class_demo
from autograder.doctor import examine
from autograder.grade import write_result
from autograder.plan import read_seed
from autograder.report import show_result, show_table, write_reports
from autograder.results import Result, to_json
from autograder.score import score
from autograder.simulate import students
from autograder.stand import Stand
from autograder.store import held
from autograder.tally import outline
from question_bank.build import NOTES

if TYPE_CHECKING:  # the ledger brings a library that the other commands do without
    from autograder.gradebook.records import Attempt, Override


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
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Grade only this student or file; * matches anything.")
    ] = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="Grade again only what could not be read, judged or measured.")
    ] = False,
    changed: Annotated[
        bool, typer.Option("--changed", help="Grade only new and changed submissions, whatever else changed.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Grade again what was graded already.")] = False,
    cluster: Annotated[
        str, typer.Option("--cluster", help="Grade on many machines: local, slurm or the address of a dask scheduler.")
    ] = "",
    unsandboxed: Annotated[
        bool, typer.Option("--unsandboxed", help="Run without a sandbox; stored with every mark.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Grade submissions and write a report for each: files, folders, archives, downloads of Canvas or Moodle, clones.

    Example: autograder grade submissions/ -a backprop --key-file course.key -o graded
    """
    if changed and (force or failed):
        raise UsageError("--changed does not go with --force or --failed: choose one")
    loaded = find_assignment(assignment, root, None)
    seed = find_seed(key_file, public)
    if cluster and unsandboxed:
        raise UsageError("--unsandboxed does not go with --cluster: student code could reach the other machines")
    box = sandbox.unsandboxed() if unsandboxed else sandbox.probe()
    if cluster:
        box = sandbox.Sandbox("full")  # the workers' own; they are asked
    require_sandbox(box, allow_none=unsandboxed)
    quiet, silent = quiet or json, quiet
    with held(folder):
        collection = collect(submissions, folder, loaded.slug)
        note_collected(collection, folder)
        if not quiet:
            tell_remarks(collection)
        chosen = choose(collection.found, folder, only or (), failed)
        keep_earlier([c.path for c in chosen], folder)
        again = "force" if force or failed else "changed" if changed else ""
        graded, tally = grade_class(
            chosen,
            loaded,
            seed,
            box,
            folder,
            jobs=jobs,
            device=device,
            quick=quick,
            quiet=quiet,
            again=again,
            remarks=collection.remarks,
            cluster=cluster,
        )
        stored = Stored(collection.found, folder)
        outlines = graded if len(chosen) == len(collection.found) else [outline(r) for r in stored]
        there = graded_paths([c.path for c in collection.found], folder)
        index = write_reports(
            stored,
            folder,
            assignment_title=loaded.title,
            outlines=outlines,
            sources=Sources(there),
            previous=Earlier(there, folder),
        )
    if json:
        for number, result in enumerate(Stored(chosen, folder)):
            print("," if number else "[", to_json(result), sep="")
        print("]" if chosen else "[]")
    elif not silent:
        if verbose or len(chosen) == 1:
            for result in Stored(chosen, folder):
                show_result(out, result, verbose=verbose)
        if 1 < len(chosen) <= TABLE or verbose:
            show_table(out, graded)
        out.print()
        for line in tally.summary():
            out.print(plain(line), highlight=False, soft_wrap=True)
        out.print(f"reports: {plain(str(index))}", highlight=False, soft_wrap=True)
    raise typer.Exit(exit_code(graded))


def rescore(
    folder: Annotated[Path | None, typer.Argument(help="Folder of a grading run.")] = None,
    db: Annotated[str | None, typer.Option("--db", help="Instead of a folder: the ledger of the course.")] = None,
    policy: PolicyFile = None,
    roster: RosterFile = None,
    root: Root = None,
    json: Json = False,
) -> None:
    """Apply a changed rubric to stored evidence, of a folder or of a ledger, and list who moved; nothing is run again.

    Example: autograder rescore graded
    """
    if (folder is None) == (db is None):
        raise UsageError("expected the folder of a grading run, or --db with the ledger of the course")
    if folder is None:
        rescore_ledger(str(db), policy, roster, root, json)
        return
    moved = []
    results = []
    stored = stored_results(folder)
    for path, result in stored:
        loaded = load(result.provenance.assignment, root or find_root())
        new = score(result, loaded) if result.checks or result.problem else result
        before, after = (result.score.points if result.score else 0.0), (new.score.points if new.score else 0.0)
        if before != after:
            moved.append({"submission": result.submission, "before": before, "after": after})
        write_result(new, path)
        results.append(new)
    if results:
        title = load(results[0].provenance.assignment, root or find_root()).title
        write_reports(results, folder, assignment_title=title, previous=earlier(stored, folder))
    if json:
        print_json(moved)
        return
    for m in moved:
        out.print(f"{plain(str(m['submission']))}: {m['before']:g} → {m['after']:g}", highlight=False)
    out.print(f"{len(results)} re-scored, {len(moved)} moved", highlight=False)


def report(
    folder: Annotated[Path, typer.Argument(help="Folder of a grading run.")],
    root: Root = None,
    db: Annotated[str, typer.Option("--db", help="The ledger, for attempts over time and overrides.")] = "",
) -> None:
    """Write the reports of a grading run again; with the ledger, also attempts over time and overrides.

    Example: autograder report graded --db sqlite:///course.db
    """
    stored = stored_results(folder)
    results = [result for _, result in stored]
    title = results[0].provenance.assignment
    with contextlib.suppress(AssignmentError):
        title = load(title, root or find_root()).title
    attempts, overrides = _recorded(db, results)
    index = write_reports(
        results,
        folder,
        assignment_title=title,
        previous=earlier(stored, folder),
        overrides=overrides,
        attempts=attempts,
    )
    out.print(f"reports: {plain(str(index))}", highlight=False, soft_wrap=True)


def _recorded(db: str, results: Sequence[Result]) -> tuple[list[Attempt], list[Override | None]]:
    """All attempts at the assignment of ``results``, and what was decided last about each result."""
    if not db:
        return [], []
    from autograder.cli.attempts import open_ledger

    with open_ledger(db) as ledger:
        book = ledger.book()
    attempts = [a for a in book.attempts if a.assignment == results[0].provenance.assignment]
    of = {a.number: a.submission for a in attempts}
    decided = {of[o.attempt]: o for o in book.overrides if o.attempt in of}
    return attempts, [decided.get(r.provenance.submission_sha256) for r in results]


def doctor(root: Root = None, device: Device = "auto", json: Json = False) -> None:
    """Show what this machine can do: sandbox, devices, versions, and what is missing.

    Example: autograder doctor
    """
    findings = examine(root, device)
    if json:
        print_json([f.__dict__ for f in findings])
    else:
        for f in findings:
            mark = "[green]✓[/]" if f.good else "[yellow]![/]"
            out.print(f"{mark} [bold]{f.name}[/]: {plain(f.text)}", highlight=False, soft_wrap=True)
    raise typer.Exit(OK if all(f.good for f in findings) else NOT_ALL_JUDGED)


def bench(
    slugs: Annotated[list[str] | None, typer.Argument(help="Assignments; default: all.")] = None,
    root: Root = None,
    device: Device = "auto",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure the reference programs on this device, beside what the device can do.

    Example: autograder bench conv --device gpu
    """
    folder = root or find_root()
    stand = Stand(device, 8000)
    try:
        name = stand.worker.start()
        with spinner("measuring", quiet or json) as say:
            limits = measure_limits(stand)
            speeds = measure_references(
                [load(s, folder) for s in slugs or list_assignments(folder)], stand, limits, say
            )
    finally:
        stand.close()
    if json:
        print_json({"device": name, "limits": limits.__dict__, "references": [s.__dict__ for s in speeds]})
        return
    out.print(plain(name), highlight=False)
    out.print(
        f"copy {limits.bandwidth / 1e9:.1f} GB/s, matmul {limits.matmul / 1e9:.1f} GFLOP/s (float32, one CPU thread)",
        highlight=False,
    )
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("assignment", "reference program", "calls/s", "GFLOP/s", "GB/s", "of the limit"):
        table.add_column(column, justify="left" if column in ("assignment", "reference program") else "right")
    for s in speeds:
        rates = [f"{v / s.seconds / 1e9:.2f}" if v is not None else "?" for v in (s.flops, s.bytes)]
        table.add_row(
            s.assignment, s.case, f"{1 / s.seconds:.1f}", *rates, f"{s.share:.0%}" if s.share == s.share else "?"
        )
    out.print(table)


DEMO_CLASS = 40


def demo(
    folder: Annotated[Path, typer.Option("--out", "-o", help="Where the reports go.")] = Path("demo"),
    root: Root = None,
    quiet: Quiet = False,
) -> None:
    """Grade samples and a simulated class, build a bank from the notes, and hold an exam; writes the reports of all.

    Example: autograder demo
    """
    from autograder.demo_exam import run_exam_demo

    box = sandbox.probe()
    require_sandbox(box, allow_none=False)
    course = root or find_root()
    run_demo(course, folder, box, out, quiet, grade_all)
    with spinner("building the question bank", quiet):
        run_bank_demo(NOTES, folder / "bank", out, quiet)
    seed, people = read_seed(folder / "course.key"), students(DEMO_CLASS)
    exam = run_exam_demo(folder / "bank", folder / "exam", seed, people, out, quiet)
    run_class_demo(course, folder / "class", seed, box, out, quiet, grade_all, people, [exam])
