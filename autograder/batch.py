"""Grade many submissions side by side: resumable, in little memory, never all lost for one."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from itertools import islice
from pathlib import Path

from autograder import __version__
from autograder.evaluate import Evaluator
from autograder.evidence import MEASURED
from autograder.grade import Handed, Session, grade_one, judge_handed, stored
from autograder.judge import LEFT_OUT
from autograder.results import SKIPPED, Result
from autograder.score import score
from autograder.stand import Stand
from autograder.store import file_name, read_judged, write_judged, write_result
from autograder.tracing import Program


def grade_many(
    paths: Sequence[Path],
    session: Session,
    folder: Path,
    *,
    jobs: int = 0,
    device: str = "auto",
    quick: bool = False,
    done: Callable[[Result, bool], None] = lambda result, kept: None,
    say: Callable[[str], object] = lambda text: None,
) -> list[Result]:
    """Grade submissions side by side and store each result in ``folder`` as it comes; see :func:`grade_each`.

    Args:
      done: called after each submission with its result and whether it was kept.
    """
    results: dict[Path, Result] = {}
    each = grade_each(paths, session, folder, jobs=jobs, device=device, quick=quick, say=say)
    with contextlib.closing(each):  # an exception ends the processes of this run at once
        for path, result, kept in each:
            results[path] = result
            done(result, kept)
    return [results[p] for p in paths]


def grade_each(
    paths: Sequence[Path],
    session: Session,
    folder: Path,
    *,
    jobs: int = 0,
    device: str = "auto",
    quick: bool = False,
    again: str = "",
    names: Mapping[Path, str] | None = None,
    read: Callable[[Path], Handed] | None = None,
    say: Callable[[str], object] = lambda text: None,
) -> Generator[tuple[Path, Result, bool], None, None]:
    """Grade submissions side by side; yield each with its result, and whether that was stored already.

    A result that is stored already, for the same bytes, seed, assignment and engine, is kept: an
    interrupted run goes on where it stopped.  Of what was traced elsewhere, the programs must be the same
    too.  No more results are held than are under way.

    Args:
      jobs: submissions side by side; 0 for one per core.
      device: "cpu", "gpu", "tpu" or "auto"; several GPUs get one evaluator each.
      quick: leave out training, throughput and cost.
      again: "force" keeps nothing; "changed" keeps what has the same bytes, whatever else changed (where we trace).
      names: what to call submissions whose paths do not tell.
      read: read what was handed out on another machine instead of tracing.

    Raises:
      KeyboardInterrupt: after all processes of this run were ended; what was graded is stored.
    """
    jobs = min(jobs or os.cpu_count() or 1, max(1, len(paths)))
    folder.mkdir(parents=True, exist_ok=True)
    stop = threading.Event()
    with _devices(jobs, session, device, quick) as (evaluators, stand):
        device_name = evaluators[0].start()

        def work(number: int, path: Path) -> tuple[Path, Result, bool]:
            name, target = (names or {}).get(path, ""), folder / file_name(path)
            evaluator = evaluators[number % len(evaluators)]
            shown = name or path.name

            def tell(text: str) -> object:
                return say(f"{shown}: {text}")

            if read is not None:
                handed = read(path)
                basis = _basis(handed, session, device_name)
                kept = None if again == "force" else _judged(handed, target, session, quick, basis)
                if kept is not None:
                    return path, kept, True
                result = judge_handed(handed, session, evaluator, stand, say=tell)
                write_judged(result, target, basis)
                return path, result, False
            kept = None if again == "force" else stored(path, folder, session, device_name, quick, again == "changed")
            if kept is not None:
                return path, replace(kept, submission=name or kept.submission), True
            result = grade_one(path, session, evaluator, stand, stop=stop, say=tell, name=name)
            write_result(result, target)
            return path, result, False

        with ThreadPoolExecutor(jobs) as pool:
            waiting = enumerate(paths)
            pending: set[Future[tuple[Path, Result, bool]]] = set()
            try:
                while True:
                    pending |= {pool.submit(work, i, p) for i, p in islice(waiting, 2 * jobs - len(pending))}
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


def _basis(handed: Handed, session: Session, device: str) -> str:
    """A fingerprint of all that judging this again would rest on; how long tracing took is no part of it."""
    assignment = session.assignment
    programs = [
        (key, hashlib.sha256(one.module).hexdigest(), one.output) if isinstance(one, Program) else (key, one)
        for key, one in sorted(handed.programs.items())
    ]
    there = (assignment.slug, assignment.version, assignment.sha256, __version__, session.plan.seed.identity, device)
    return hashlib.sha256(ascii((there, programs, replace(handed, programs={}, seconds={}))).encode()).hexdigest()


def _judged(handed: Handed, target: Path, session: Session, quick: bool, basis: str) -> Result | None:
    """Return the stored result of what was handed out if nothing that it rests on has changed."""
    result = read_judged(target, basis)
    if result is None or not (result.score and result.score.judged):
        return None
    left_out = any(c.outcome == SKIPPED and c.message == LEFT_OUT for c in result.checks)
    if left_out and handed.measured and not quick:
        return None
    return score(result, session.assignment)


@contextlib.contextmanager
def _devices(jobs: int, session: Session, device: str, quick: bool) -> Iterator[tuple[list[Evaluator], Stand | None]]:
    """One evaluator for each GPU, or for each job on the CPU; and one test stand."""
    limits = session.assignment.limits
    first = Evaluator(device, limits["run_seconds"], limits["memory_mb"])
    evaluators = [first]
    stand = None
    try:
        first.start()
        on_cpu = first.worker.about["platform"] == "cpu"
        count = jobs if on_cpu else int(first.worker.about["count"])
        kind = "cpu" if on_cpu else device.partition(":")[0].replace("auto", "gpu")
        for index in range(1, count):
            one = kind if on_cpu else f"{kind}:{index}"
            evaluators.append(Evaluator(one, limits["run_seconds"], limits["memory_mb"]))
        if not quick and any(c.kind in MEASURED for c in session.assignment.checks.values()):
            stand = Stand(kind, limits["memory_mb"])
        yield evaluators, stand
    finally:
        for evaluator in evaluators:
            evaluator.close()
        if stand is not None:
            stand.close()
