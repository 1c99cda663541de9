"""The two jobs of a CI that gives marks: trace (meets student code, knows no secret), judge (the other way round)."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from autograder import handover as folders
from autograder import sandbox
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
    collect,
    err,
    exit_code,
    find_assignment,
    find_seed,
    open_session,
    out,
    plain,
    require_sandbox,
    spinner,
)
from autograder.collect import Collected, Collection
from autograder.evaluate import Evaluator
from autograder.grade import Handed, Session, hand_out
from autograder.plan import PUBLIC
from autograder.report import show_table, write_reports
from autograder.results import NOT_JUDGED, to_json
from autograder.store import file_name, held
from autograder.tally import outline


def trace(
    submissions: Annotated[list[Path], typer.Argument(help="Files, folders or archives, as for grade.")],
    assignment: Slug = None,
    root: Root = None,
    folder: Annotated[Path, typer.Option("--out", "-o", help="Where the programs go.")] = Path("programs"),
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=0, help="Submissions side by side; 0: one per core.")] = 0,
    quick: Quick = False,
    unsandboxed: Annotated[
        bool, typer.Option("--unsandboxed", help="Run without a sandbox; stored with every mark.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Turn submissions into programs for another machine to judge; needs no secret and no reference.

    Example: autograder trace submissions/ -a backprop --out programs
    """
    loaded = find_assignment(assignment, root, None)
    box = sandbox.unsandboxed() if unsandboxed else sandbox.probe()
    require_sandbox(box, allow_none=unsandboxed)
    session = open_session(loaded, PUBLIC, box, quiet)
    folder.mkdir(parents=True, exist_ok=True)
    evaluator = Evaluator("cpu", loaded.limits["run_seconds"], loaded.limits["memory_mb"])
    with tempfile.TemporaryDirectory() as work, spinner("tracing", quiet) as say:
        collection = collect(submissions, Path(work), loaded.slug)
        if not quiet:
            tell_remarks(collection)

        def one(c: Collected) -> Handed:
            say(c.student)
            handed = hand_out(c.path, session, measured=not quick, name=c.name)
            handed = folders.quoted(handed, session.plan, session.answers, evaluator)
            unpacked = c.path.is_relative_to(work)  # under a name of its own, the same in every run
            target = folder / (c.path.name if unpacked else file_name(c.path).removesuffix(".json"))
            folders.write_handover(folders.Handover(handed, c.student, c.submitted, c.late), target, session.plan)
            return replace(handed, programs={}, sources={})

        try:
            with ThreadPoolExecutor(jobs or None) as pool:
                done = list(pool.map(one, collection.found))
        finally:
            evaluator.close()
    ours = [h for h in done if h.problem.startswith(NOT_JUDGED)]
    for handed in ours:
        err.print(f"{plain(handed.name)}: {plain(handed.problem)}", highlight=False, soft_wrap=True)
    if not quiet:
        unread = sum(bool(h.problem) for h in done) - len(ours)
        out.print(f"{len(done)} traced to {plain(str(folder))}, {unread} of them unreadable", highlight=False)
    raise typer.Exit(NOT_ALL_JUDGED if ours else OK)


def judge(
    programs: Annotated[Path, typer.Argument(help="Folder that autograder trace wrote.")],
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
        list[str] | None, typer.Option("--only", help="Judge only this student or folder; * matches anything.")
    ] = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="Judge again only what could not be read, judged or measured.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Judge again what was judged already.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Judge programs that were traced elsewhere, and write reports; no student code is run.

    What has a result that rests on the same programs is kept: an interrupted run goes on where it stopped.

    Example: autograder judge programs -a backprop --key-file course.key -o graded
    """
    loaded = find_assignment(assignment, root, None)
    seed = find_seed(key_file, public)
    try:
        paths = folders.handovers(programs)
    except folders.HandoverError as error:
        raise UsageError(str(error)) from None
    whose = {path: Collected(path.name, path) for path in paths}

    def read(path: Path, session: Session) -> Handed:
        try:
            found = folders.read_handover(path, session.plan, session.answers)
        except folders.HandoverError as error:
            problem = f"{NOT_JUDGED}, and not the student's fault: {path.name}: {error}"
            return Handed(path.name, "", "none", problem=problem)
        whose[path] = Collected(found.student or path.name, path, found.submitted, late=found.late)
        return found.handed

    box = sandbox.unsandboxed()  # never used: nothing is traced here
    with held(folder):
        if only or failed:  # whose they are stands inside, also of those that are not chosen
            session = open_session(loaded, seed, box, quiet or json)
            for path in paths:
                read(path, session)
        chosen = choose(list(whose.values()), folder, only or (), failed)
        graded, tally = grade_class(
            chosen,
            loaded,
            seed,
            box,
            folder,
            jobs=jobs,
            device=device,
            quick=quick,
            quiet=quiet or json,
            again="force" if force or failed else "",
            read=read,
        )
        collection = Collection(tuple(whose.values()))
        note_collected(collection, folder)
        stored = Stored(collection.found, folder)
        outlines = graded if len(chosen) == len(paths) else [outline(r) for r in stored]
        index = write_reports(stored, folder, assignment_title=loaded.title, outlines=outlines)
    if json:
        for number, result in enumerate(Stored(chosen, folder)):
            print("," if number else "[", to_json(result), sep="")
        print("]" if chosen else "[]")
    elif not quiet:
        if len(graded) <= TABLE:
            show_table(out, graded)
        out.print()
        for line in tally.summary():
            out.print(plain(line), highlight=False, soft_wrap=True)
        out.print(f"reports: {plain(str(index))}", highlight=False, soft_wrap=True)
    raise typer.Exit(exit_code(graded))
