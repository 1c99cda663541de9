"""Grade on many machines: submissions are traced and judged as tasks; this process collects the results.

A tracing task needs a worker with the resource TRACE, a judging task a worker with EVALUATE or GPU.  The tasks
exchange text and programs, a few kilobytes each; the secret and the answers are on the scheduler and go to judging
tasks only.  When a worker is lost, its tasks go to another worker.  Results are stored here, as on one machine, so
an interrupted run resumes, with or without a cluster.
"""

from __future__ import annotations

import contextlib
import queue
import secrets
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder import __version__
from autograder.grading.batch import Graded
from autograder.grading.cluster import tasks as tasks
from autograder.grading.cluster.connect import (
    TRACE,
    WAIT_SECONDS,
    ClusterError,
    connect,
    read_options,
    wait_for_workers,
)
from autograder.grading.grade import Session, not_judged, stored
from autograder.grading.options import RunOptions
from autograder.grading.store import write_result
from autograder.judge.device.accelerators import lowered_for
from autograder.judge.device.process import DeviceError
from autograder.result_json import from_json
from autograder.results import Result
from autograder.submission.collect import Collected
from autograder.submission.read import Submission

if TYPE_CHECKING:
    from distributed import Client, Future

AHEAD = 4  # submissions under way for each worker: enough to keep it busy, little to hold
TRIES = 4  # of a submission whose tasks fail; each survives the loss of three workers by itself
START_SECONDS = 180  # of a judging worker: the first use of a device may take a while
MAX_FILES = 64 << 20

__all__ = ["ClusterError", "grade_each_on", "grade_with", "read_options"]


@dataclass
class _Job:
    collected: Collected
    submission: Submission
    name: str
    future: Future[Any] | None = None
    tries: int = 0


def grade_each_on(
    found: Sequence[Collected],
    session: Session,
    folder: Path,
    options: RunOptions,
    *,
    settings: Mapping[str, Any] | None = None,
    earlier: Path | None = None,
    on_progress: Callable[[str], object] = lambda text: None,
) -> Generator[Graded, None, None]:
    """Grade on a cluster as :func:`autograder.grading.grade.grade_each` does on one machine.

    Args:
      settings: the ``[cluster]`` section of the course's settings.
      earlier: folder for the previous results of students who have handed in again.

    Raises:
      ClusterError: the cluster cannot be reached or used, or is lost during the run; finished results are stored.
    """
    on_progress("reaching the cluster")
    where, secret = options.cluster, not session.keys.public
    with connect(where, secret=secret, jobs=options.jobs, options=settings) as client:
        wait = None if where == "slurm" else WAIT_SECONDS
        yield from grade_with(
            client, found, session, folder, options, earlier=earlier, wait=wait, on_progress=on_progress
        )


def grade_with(
    client: Client,
    found: Sequence[Collected],
    session: Session,
    folder: Path,
    options: RunOptions,
    *,
    earlier: Path | None = None,
    wait: float | None = WAIT_SECONDS,
    on_progress: Callable[[str], object] = lambda text: None,
) -> Generator[Graded, None, None]:
    """Grade on the workers of a client; see :func:`grade_each_on`.

    Args:
      wait: seconds to wait for workers; None waits without limit.
    """
    from distributed.comm.core import CommClosedError

    folder.mkdir(parents=True, exist_ok=True)
    tracers, judges, kind = wait_for_workers(client, wait, on_progress)
    _examine(client, {*tracers, *judges})
    with _run(client, session, options.device, options.quick) as run:
        devices = _devices(client, run, judges, kind)
        arrived: queue.SimpleQueue[Future[Any]] = queue.SimpleQueue()
        pending: dict[str, _Job] = {}

        def send(job: _Job) -> None:
            """Two tasks: the programs go from worker to worker."""
            job.tries += 1
            end = f"{run}-{job.collected.result.removesuffix('.json')}-{job.tries}"
            traced = client.submit(
                tasks.trace_one, run, job.submission, job.name, key=f"trace-{end}", resources={TRACE: 1}, pure=False
            )
            job.future = client.submit(
                tasks.judge_one, run, traced, key=f"judge-{end}", resources={kind: 1}, priority=10, pure=False
            )
            pending[str(job.future.key)] = job
            job.future.add_done_callback(arrived.put)

        waiting = iter(found)
        most = AHEAD * len({*tracers, *judges})
        more = True
        try:
            while more or pending:
                while more and len(pending) < most:
                    collected = next(waiting, None)
                    if collected is None:
                        more = False
                        break
                    submission = collected.read(session.assignment.functions)
                    kept = _kept(submission, folder / collected.result, session, devices, options)
                    if kept is not None:
                        yield collected, replace(kept, submission=collected.name or kept.submission), True
                        continue
                    send(_Job(collected, submission, collected.name or submission.name))
                if not pending:
                    continue
                on_progress(f"{len(pending)} under way")
                job = pending.pop(str(_next(arrived, client).key))
                result = _result(job, session)
                if result is None:
                    send(job)
                    continue
                write_result(result, folder / job.collected.result, earlier)
                yield job.collected, result, False
                most = AHEAD * max(1, len(client.nthreads()))
        except CommClosedError:
            raise _lost() from None
        finally:
            for job in pending.values():
                if job.future is not None:
                    with contextlib.suppress(Exception):
                        job.future.cancel()


def _next(arrived: queue.SimpleQueue[Future[Any]], client: Client) -> Future[Any]:
    """Wait for a task.  Raises :class:`ClusterError` when the connection to the scheduler is lost."""
    while True:
        with contextlib.suppress(queue.Empty):
            return arrived.get(timeout=1)
        if client.status != "running":
            raise _lost()


def _result(job: _Job, session: Session) -> Result | None:
    """The result of a job; None if it is to be tried again."""
    from concurrent.futures import CancelledError

    assert job.future is not None
    try:
        return from_json(job.future.result())
    except CancelledError:
        raise _lost() from None
    except Exception as error:
        if job.tries < TRIES:
            return None
        return not_judged(job.name, job.submission.sha256, session, error)


def _lost() -> ClusterError:
    return ClusterError(
        "the connection to the cluster's scheduler was lost; finished results are stored. "
        "Run the same command again to resume."
    )


def _kept(
    submission: Submission, target: Path, session: Session, devices: Sequence[str], options: RunOptions
) -> Result | None:
    """A stored result that any of the cluster's devices could have made."""
    for device in devices:
        kept = stored(submission, target, session, device, options)
        if kept is not None:
            return kept
    return None


def _examine(client: Client, workers: Collection[str]) -> None:
    """Check the version and the sandbox of all workers before anything is sent to them.

    Judging workers need the sandbox as well: a process that runs programs of students is confined by it.
    """
    try:
        answers = client.run(tasks.about, workers=sorted(workers)).values()
    except Exception as error:
        raise ClusterError(
            f"the workers cannot run this version of autograder ({type(error).__name__}: {error}): install "
            f"{__version__} on every machine of the cluster, including the scheduler's"
        ) from None
    for about in answers:
        if about["engine"] != __version__:
            raise ClusterError(f"{about['host']} has autograder {about['engine']}, expected {__version__}, as here")
        if about["sandbox"] != "full":
            raise ClusterError(
                f"the sandbox of {about['host']} is not complete ({about['sandbox']}): {about['advice']}; expected "
                "bubblewrap on every machine that traces or judges"
            )


def _devices(client: Client, run: str, judges: Sequence[str], kind: str) -> list[str]:
    """Name the devices of the cluster.  The next run judges results from other devices again."""
    asked = [client.submit(tasks.device, run, workers=[w], resources={kind: 1}, pure=False) for w in judges]
    try:
        return sorted({str(future.result(timeout=START_SECONDS)) for future in asked})
    except DeviceError:
        raise
    except Exception as error:
        raise ClusterError(f"a judging worker cannot start: {type(error).__name__}: {error}") from None


@contextlib.contextmanager
def _run(client: Client, session: Session, device: str, quick: bool) -> Generator[str, None, None]:
    """Put the two halves of a run on the scheduler, and remove them at the end."""
    from autograder.grading.cluster.scheduler_plugin import RunPlugin

    loaded = session.assignment
    files = {
        str(p.relative_to(loaded.folder)): p.read_bytes()
        for p in sorted(loaded.folder.rglob("*"))
        if p.is_file() and "__pycache__" not in p.parts
    }
    if sum(map(len, files.values())) > MAX_FILES:
        raise ClusterError(f"{loaded.folder} has more than {MAX_FILES >> 20} MiB: too much to send to every worker")
    draws, bare = session.draws, replace(loaded, checks={}, ladders={}, coverages=(), reference=None, folder=Path())
    prepared = draws.all()  # the workers have no reference
    platforms = lowered_for(device)
    requests = {
        n: replace(draws.request(n, not quick, everything=True), assignment=bare, platforms=platforms) for n in prepared
    }
    order = tasks.Order(draws.keys.for_tracing(loaded.slug), requests)
    answers = {n: one.expected for n, one in prepared.items()}
    course = tasks.Course(loaded.slug, files, loaded.sha256, loaded.limits, draws.keys, answers, device, quick)
    run = secrets.token_hex(6)
    try:
        client.register_plugin(RunPlugin(run, order, course, client.id))
    except Exception as error:
        raise ClusterError(
            f"the scheduler cannot take the run ({type(error).__name__}: {error}): install autograder {__version__} "
            "on its machine too"
        ) from None
    try:
        yield run
    finally:
        with contextlib.suppress(Exception):
            client.run(tasks.forget, run, on_error="ignore")
        with contextlib.suppress(Exception):
            client.sync(getattr(client.scheduler, f"autograder_end_{run}"))
            client.unregister_scheduler_plugin(f"autograder-{run}")
