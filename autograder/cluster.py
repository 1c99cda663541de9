"""Grade on many machines: submissions are traced and judged as tasks, results come to this one process.

A tracing task needs a worker with the resource TRACE, a judging task one with EVALUATE or GPU.  What travels is
text and programs, a few kilobytes each; the secret and the answers lie on the scheduler and go to judging tasks
only.  A worker that is lost loses nothing: its tasks go to another.  Results are stored here, as on one machine,
so an interrupted run goes on where it stopped, on a cluster or without.
"""

from __future__ import annotations

import contextlib
import queue
import secrets
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder import __version__
from autograder import cluster_tasks as tasks
from autograder.cluster_start import TRACE, WAIT_SECONDS, ClusterError, connect, read_options, wait_for_workers
from autograder.device import DeviceError
from autograder.grade import Session, not_judged, stored
from autograder.results import Result, from_json
from autograder.store import file_name, write_result
from autograder.submission import Submission, read_submission

if TYPE_CHECKING:
    from distributed import Client, Future

AHEAD = 4  # submissions under way for each worker: enough to keep it busy, little to hold
TRIES = 4  # of a submission whose tasks fail; each survives the loss of three workers by itself
START_SECONDS = 180  # of a judging worker: the first use of a device may take a while
MAX_FILES = 64 << 20

__all__ = ["ClusterError", "grade_each_on", "grade_with", "read_options"]


@dataclass
class _Job:
    path: Path
    submission: Submission
    name: str
    future: Future[Any] | None = None
    tries: int = 0


def grade_each_on(
    where: str,
    paths: Sequence[Path],
    session: Session,
    folder: Path,
    *,
    jobs: int = 0,
    options: Mapping[str, Any] | None = None,
    say: Callable[[str], object] = lambda text: None,
    **more: Any,
) -> Generator[tuple[Path, Result, bool], None, None]:
    """Grade on a cluster as :func:`autograder.grade.grade_each` does on one machine.

    Args:
      where: "local", "slurm", or the address of a dask scheduler.
      options: the ``[cluster]`` section of the course's settings.
      more: what :func:`grade_with` takes.

    Raises:
      ClusterError: the cluster cannot be reached or used, or is lost on the way; what was graded is stored.
    """
    say("reaching the cluster")
    with connect(where, secret=not session.plan.seed.public, jobs=jobs, options=options) as client:
        wait = None if where == "slurm" else WAIT_SECONDS
        yield from grade_with(client, paths, session, folder, wait=wait, say=say, **more)


def grade_with(
    client: Client,
    paths: Sequence[Path],
    session: Session,
    folder: Path,
    *,
    device: str = "auto",
    quick: bool = False,
    again: str = "",
    names: Mapping[Path, str] | None = None,
    wait: float | None = WAIT_SECONDS,
    say: Callable[[str], object] = lambda text: None,
) -> Generator[tuple[Path, Result, bool], None, None]:
    """Grade on the workers of a client; see :func:`grade_each_on`.

    Args:
      device: what judging workers use: "cpu", "gpu", "tpu" or "auto".
      wait: seconds until there must be workers; None for as long as it takes.
    """
    from distributed.comm.core import CommClosedError

    folder.mkdir(parents=True, exist_ok=True)
    tracers, judges, kind = wait_for_workers(client, wait, say)
    _examine(client, tracers)
    with _run(client, session, device, quick) as run:
        devices = _devices(client, run, judges, kind)
        arrived: queue.SimpleQueue[Future[Any]] = queue.SimpleQueue()
        pending: dict[str, _Job] = {}

        def send(job: _Job) -> None:
            """Two tasks: the programs go from worker to worker."""
            job.tries += 1
            end = f"{run}-{file_name(job.path).removesuffix('.json')}-{job.tries}"
            traced = client.submit(
                tasks.trace_one, run, job.submission, job.name, key=f"trace-{end}", resources={TRACE: 1}, pure=False
            )
            job.future = client.submit(
                tasks.judge_one, run, traced, key=f"judge-{end}", resources={kind: 1}, priority=10, pure=False
            )
            pending[str(job.future.key)] = job
            job.future.add_done_callback(arrived.put)

        waiting = iter(paths)
        most = AHEAD * len({*tracers, *judges})
        more = True
        try:
            while more or pending:
                while more and len(pending) < most:
                    path = next(waiting, None)
                    if path is None:
                        more = False
                        break
                    name = (names or {}).get(path, "")
                    kept = None if again == "force" else _kept(path, folder, session, devices, quick, again)
                    if kept is not None:
                        yield path, replace(kept, submission=name or kept.submission), True
                        continue
                    submission = read_submission(path)
                    send(_Job(path, submission, name or submission.name))
                if not pending:
                    continue
                say(f"{len(pending)} under way")
                job = pending.pop(str(_next(arrived, client).key))
                result = _result(job, session)
                if result is None:
                    send(job)
                    continue
                write_result(result, folder / file_name(job.path))
                yield job.path, result, False
                most = AHEAD * max(1, len(client.nthreads()))
        except CommClosedError:
            raise _lost() from None
        finally:
            for job in pending.values():
                if job.future is not None:
                    with contextlib.suppress(Exception):
                        job.future.cancel()


def _next(arrived: queue.SimpleQueue[Future[Any]], client: Client) -> Future[Any]:
    """Wait for a task.  Raises :class:`ClusterError` when there is nobody left who could answer."""
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
        "the scheduler of the cluster is gone; what was finished is stored, and the same command goes on from there"
    )


def _kept(path: Path, folder: Path, session: Session, devices: Sequence[str], quick: bool, again: str) -> Result | None:
    """A stored result that any of the cluster's devices could have made."""
    for device in devices:
        kept = stored(path, folder, session, device, quick, again == "changed")
        if kept is not None:
            return kept
    return None


def _examine(client: Client, tracers: Sequence[str]) -> None:
    """Ask the tracing workers what they are before anything is sent to them."""
    try:
        answers = client.run(tasks.about, workers=list(tracers)).values()
    except Exception as error:
        raise ClusterError(
            f"the workers cannot run this version of autograder ({type(error).__name__}: {error}): install "
            f"{__version__} on every machine of the cluster, the scheduler's too"
        ) from None
    for about in answers:
        if about["engine"] != __version__:
            raise ClusterError(f"{about['host']} has autograder {about['engine']}, expected {__version__} as here")
        if about["sandbox"] != "full":
            raise ClusterError(
                f"the sandbox of {about['host']} is not complete ({about['sandbox']}): {about['advice']}; expected "
                "bubblewrap on every machine that traces"
            )


def _devices(client: Client, run: str, judges: Sequence[str], kind: str) -> list[str]:
    """Name the devices of the cluster.  What a worker of a device not among them made is judged again next time."""
    asked = [client.submit(tasks.device, run, workers=[w], resources={kind: 1}, pure=False) for w in judges]
    try:
        return sorted({str(future.result(timeout=START_SECONDS)) for future in asked})
    except DeviceError:
        raise
    except Exception as error:
        raise ClusterError(f"a judging worker cannot begin: {type(error).__name__}: {error}") from None


@contextlib.contextmanager
def _run(client: Client, session: Session, device: str, quick: bool) -> Generator[str, None, None]:
    """Put the two halves of a run on the scheduler; at the end nothing of them stays."""
    from autograder.cluster_shelf import Shelf

    loaded = session.assignment
    files = {
        str(p.relative_to(loaded.folder)): p.read_bytes()
        for p in sorted(loaded.folder.rglob("*"))
        if p.is_file() and "__pycache__" not in p.parts
    }
    if sum(map(len, files.values())) > MAX_FILES:
        raise ClusterError(f"{loaded.folder} has more than {MAX_FILES >> 20} MiB: too much to send to every worker")
    order = session.order(not quick)
    order = replace(order, assignment=replace(loaded, checks={}, reference=None, folder=Path()))
    course = tasks.Course(
        loaded.slug, files, loaded.sha256, loaded.limits, session.plan.seed, session.answers, device, quick
    )
    run = secrets.token_hex(6)
    try:
        client.register_plugin(Shelf(run, order, course, client.id))
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
