"""Grade many submissions in parallel: resumable, in bounded memory; one failure never loses the rest."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from itertools import islice
from pathlib import Path

from autograder import __version__
from autograder.grading.grade import Session, TracedSubmission, grade_submission, judge_traced, stored
from autograder.grading.options import Keep, RunOptions
from autograder.grading.store import read_judged, write_judged, write_result
from autograder.judge.bench import bench
from autograder.judge.score import score
from autograder.results import Result, is_left_out, next_step
from autograder.sandbox.trace import Program
from autograder.submission.collect import Collected

DEFAULT = RunOptions()
Graded = tuple[Collected, Result, bool]  # a submission, its result, and whether that was stored before this run


def grade_many(
    paths: Sequence[Path],
    session: Session,
    folder: Path,
    options: RunOptions = DEFAULT,
    *,
    on_result: Callable[[Result, bool], None] = lambda result, kept: None,
    on_progress: Callable[[str], object] = lambda text: None,
) -> list[Result]:
    """Grade submissions in parallel and store each result in ``folder`` as it comes; see :func:`grade_each`.

    Args:
      on_result: called after each submission with its result and whether it was kept.
    """
    found = [Collected(path.name, path) for path in paths]
    results: dict[Path, Result] = {}
    each = grade_each(found, session, folder, options, on_progress=on_progress)
    with contextlib.closing(each):  # an exception ends the processes of this run at once
        for collected, result, kept in each:
            results[collected.path] = result
            on_result(result, kept)
    return [results[p] for p in paths]


def grade_each(
    found: Sequence[Collected],
    session: Session,
    folder: Path,
    options: RunOptions = DEFAULT,
    *,
    earlier: Path | None = None,
    traced: Callable[[Path], TracedSubmission] | None = None,
    on_progress: Callable[[str], object] = lambda text: None,
) -> Generator[Graded, None, None]:
    """Grade submissions in parallel; yield each with its result, and whether the result was stored already.

    A stored result for the same bytes, seed, assignment and engine is kept, so an interrupted run resumes.
    For submissions that were traced elsewhere, the programs must be the same too.  Only results under way
    are held in memory.

    Args:
      earlier: folder for the previous results of students who have handed in again.
      traced: reads what another machine traced, instead of tracing here.

    Raises:
      KeyboardInterrupt: after all processes of this run have ended; finished results are stored.
    """
    jobs = min(options.jobs or os.cpu_count() or 1, max(1, len(found)))
    folder.mkdir(parents=True, exist_ok=True)
    stop = threading.Event()
    with bench(session.assignment, options.device, jobs=jobs, measure=not options.quick) as opened:
        device, evaluators, testbed = opened.device, opened.evaluators, opened.testbed

        def work(number: int, collected: Collected) -> Graded:
            target, evaluator = folder / collected.result, evaluators[number % len(evaluators)]
            shown = collected.name or collected.path.name

            def tell(text: str) -> object:
                return on_progress(f"{shown}: {text}")

            if traced is not None:
                handed = traced(collected.path)
                basis = _basis(handed, session, device)
                kept = _judged(handed, target, session, options, basis)
                if kept is not None:
                    return collected, kept, True
                result = judge_traced(handed, session, evaluator, testbed, on_progress=tell)
                write_judged(result, target, basis, earlier)
                return collected, result, False
            submission = collected.read(session.assignment.functions)
            kept = stored(submission, target, session, device, options)
            if kept is not None:
                return collected, replace(kept, submission=collected.name or kept.submission), True
            result = grade_submission(
                submission, session, evaluator, testbed, stop=stop, on_progress=tell, name=collected.name
            )
            write_result(result, target, earlier)
            return collected, result, False

        with ThreadPoolExecutor(jobs) as pool:
            waiting = enumerate(found)
            pending: set[Future[Graded]] = set()
            try:
                while True:
                    pending |= {pool.submit(work, i, c) for i, c in islice(waiting, 2 * jobs - len(pending))}
                    if not pending:
                        break
                    finished, pending = wait(pending, timeout=0.5, return_when=FIRST_COMPLETED)
                    for future in finished:
                        yield future.result()
            except BaseException:
                stop.set()
                for future in pending:
                    future.cancel()
                raise


def _basis(handed: TracedSubmission, session: Session, device: str) -> str:
    """Return a fingerprint of everything that the judgement depends on; tracing times are excluded."""
    assignment = session.assignment
    programs = [
        (key, hashlib.sha256(one.module).hexdigest(), one.output, one.forward)
        if isinstance(one, Program)
        else (key, one)
        for key, one in sorted(handed.programs.items())
    ]
    there = (assignment.slug, assignment.version, assignment.sha256, __version__, session.keys.identity, device)
    return hashlib.sha256(ascii((there, programs, replace(handed, programs={}, seconds={}))).encode()).hexdigest()


def _judged(handed: TracedSubmission, target: Path, session: Session, options: RunOptions, basis: str) -> Result | None:
    """Return the stored result of a traced submission if nothing that it depends on has changed."""
    result = None if options.keep is Keep.NOTHING else read_judged(target, basis)
    if result is None or not next_step(result).final:
        return None
    if is_left_out(result) and handed.measured and not options.quick:
        return None
    return score(result, session.assignment)
