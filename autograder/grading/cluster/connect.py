"""Connect to a cluster: a running scheduler, local worker processes, or Slurm jobs."""

from __future__ import annotations

import contextlib
import importlib.util
import ipaddress
import logging
import os
import re
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.errors import UserError

if TYPE_CHECKING:
    from distributed import Client

TRACE = "TRACE"
JUDGE = ("EVALUATE", "GPU")  # either names a worker that judges
CONNECT_SECONDS = 6
WAIT_SECONDS = 90  # for workers of a running scheduler
OWN_OPTIONS = ("jobs", "trusted_network")  # of [cluster]; all others are those of dask_jobqueue.SLURMCluster
NO_PAGES = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}  # dask's pages have no password
SECRET = "AUTOGRADER_KEY"  # the variable that may hold the course secret
INSTALL = 'install what it needs, in the checkout: pip install -e ".[cluster]"'


class ClusterError(UserError):
    """A cluster that cannot be reached or used; the message says what was expected."""


def read_options(path: Path) -> dict[str, Any]:
    """Read the ``[cluster]`` section of a course's settings.  Raises :class:`ClusterError`."""
    try:
        options = tomllib.loads(path.read_text()).get("cluster", {})
    except FileNotFoundError:
        return {}
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ClusterError(f"{path}: {error}") from None
    if not isinstance(options, dict):
        raise ClusterError(f"{path}: [cluster]: expected a table, got {options!r}")
    for name, kind in (("jobs", int), ("trusted_network", bool)):
        if name in options and type(options[name]) is not kind:
            raise ClusterError(f"{path}: [cluster] {name}: expected {kind.__name__}, got {options[name]!r}")
    return options


@contextlib.contextmanager
def connect(where: str, *, secret: bool, jobs: int = 0, options: Mapping[str, Any] | None = None) -> Iterator[Client]:
    """Connect to a cluster; a cluster that was started for this run ends with it.

    Args:
      where: "local", "slurm", or the address of a dask scheduler.
      secret: the run has a secret, which must not be sent unencrypted.
      jobs: worker processes of "local"; 0 for one per core.

    Raises:
      ClusterError: the cluster cannot be reached, or the secret would be sent unencrypted.
    """
    for library in ("distributed", "cryptography"):
        if importlib.util.find_spec(library) is None:
            raise ClusterError(f"--cluster needs {library}: {INSTALL}")
    import distributed

    options = options or {}
    with contextlib.ExitStack() as stack:
        stack.enter_context(_quiet())
        stack.enter_context(_without_secret())
        if where == "local":
            target = stack.enter_context(_local(jobs or os.cpu_count() or 1))
        elif where == "slurm":
            target = stack.enter_context(_slurm(options))
        else:
            target = _checked(where, secret and not options.get("trusted_network", False))
        try:
            client = distributed.Client(target, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, TypeError, ValueError) as error:
            hint = "" if "tls" not in str(target) else "; for tls://, name the certificates in dask's own settings"
            why = str(error).splitlines()[0] or type(error).__name__
            raise ClusterError(
                f"no dask scheduler answers at {where} within {CONNECT_SECONDS} s: expected the address that "
                f"dask scheduler prints{hint} ({why})"
            ) from None
        stack.enter_context(client)
        yield client


def resources(client: Client) -> dict[str, set[str]]:
    """Return the resources that each worker declares, by address."""
    found: dict[str, list[str]] = client.run_on_scheduler(_resources)
    return {address: set(names) for address, names in found.items()}


def _resources(dask_scheduler: Any = None) -> dict[str, list[str]]:
    return {address: list(state.resources) for address, state in dask_scheduler.workers.items()}


def wait_for_workers(
    client: Client, seconds: float | None, on_progress: Callable[[str], object] = lambda text: None
) -> tuple[list[str], list[str], str]:
    """Wait for workers that trace and workers that judge; return both, and the resource of the judging workers.

    Raises:
      ClusterError: no worker connected within ``seconds``.
    """
    deadline = time.monotonic() + seconds if seconds is not None else float("inf")
    while True:
        there = resources(client)
        tracers = sorted(address for address, names in there.items() if TRACE in names)
        kind = next((k for k in JUDGE if any(k in names for names in there.values())), "")
        if tracers and kind:
            return tracers, sorted(address for address, names in there.items() if kind in names), kind
        lacking = TRACE if not tracers else " or ".join(JUDGE)
        on_progress(f"waiting for a worker with the resource {lacking}")
        if time.monotonic() > deadline:
            raise ClusterError(
                f"no worker of the cluster declares the resource {lacking} (workers: {len(there)}): start "
                f'workers with: dask worker ADDRESS --nthreads 1 --resources "{lacking.partition(" ")[0]}=1"'
            )
        time.sleep(0.5)


@contextlib.contextmanager
def _local(jobs: int) -> Iterator[Any]:
    """Start processes on this machine.  Encrypted, because its other users could reach the ports."""
    import distributed

    with distributed.LocalCluster(
        n_workers=jobs,
        threads_per_worker=1,
        processes=True,
        security=True,
        protocol="tls://",
        dashboard_address=None,
        scheduler_kwargs=NO_PAGES,
        resources={TRACE: 1, JUDGE[0]: 1},
        memory_limit=0,  # the sandbox and the evaluators have limits of their own
        silence_logs=logging.CRITICAL,
    ) as cluster:
        yield cluster


@contextlib.contextmanager
def _slurm(options: Mapping[str, Any]) -> Iterator[Any]:
    """Start Slurm jobs, each of which traces and judges."""
    import dask

    try:
        from dask_jobqueue.slurm import SLURMCluster
    except ImportError:
        raise ClusterError(f"--cluster slurm needs dask-jobqueue: {INSTALL}") from None
    given = {k: v for k, v in options.items() if k not in OWN_OPTIONS}
    for name in ("cores", "memory"):
        if given.get(name, dask.config.get(f"jobqueue.slurm.{name}", None)) is None:
            raise ClusterError(f"--cluster slurm: expected {name} of a job in [cluster] of course.toml")
    if "cores" in given:
        given.setdefault("processes", given["cores"])
    declared = ["--resources", f"{TRACE}=1,{JUDGE[0]}=1"]
    given["worker_extra_args"] = [*given.get("worker_extra_args", ()), *declared]
    given["scheduler_options"] = NO_PAGES | given.get("scheduler_options", {})
    with _certificates(Path.home() / ".cache" / "autograder" / "cluster") as security:
        try:
            cluster = SLURMCluster(security=security, protocol="tls://", **given)
        except (TypeError, ValueError) as error:
            raise ClusterError(
                f"[cluster] of course.toml, or dask's jobqueue.yaml: {error}; expected options of "
                "dask_jobqueue.SLURMCluster"
            ) from None
        with cluster:
            jobs = options.get("jobs", 1)
            cluster.adapt(minimum_jobs=jobs, maximum_jobs=jobs)  # a job that ends is followed by another
            yield cluster


@contextlib.contextmanager
def _certificates(folder: Path) -> Iterator[Any]:
    """Write the certificates of one run to files on a shared file system, for its jobs; removed at the end."""
    from distributed.security import Security

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = Security.temporary()
    with tempfile.TemporaryDirectory(dir=folder) as work:
        files = {}
        for name, text in (("ca", made.tls_ca_file), ("cert", made.tls_worker_cert), ("key", made.tls_worker_key)):
            path = Path(work) / f"{name}.pem"
            path.touch(0o600)
            path.write_text(text)
            files[name] = str(path)
        pairs = {
            f"tls_{role}_{part}": files[part] for role in ("client", "scheduler", "worker") for part in ("cert", "key")
        }
        yield Security(tls_ca_file=files["ca"], require_encryption=True, **pairs)


def _checked(address: str, secret: bool) -> str:
    """Refuse a malformed address, and an unencrypted connection for a secret."""
    match = re.fullmatch(r"(?:(tcp|tls|ws|wss)://)?(\[[0-9a-fA-F:]+\]|[\w.-]+):(\d{1,5})", address)
    if match is None or not 0 < int(match[3]) < 65536:
        raise ClusterError(
            f"--cluster {address}: expected local, slurm or the address of a dask scheduler, such as "
            "tls://node1.example.edu:8786"
        )
    scheme, host = match[1] or "tcp", match[2].strip("[]")
    if secret and scheme not in ("tls", "wss") and not _loopback(host):
        raise ClusterError(
            f"--cluster {address} would send the course secret unencrypted, and anyone who reaches the scheduler could "
            "run code there: start it with TLS certificates and use tls://, or set trusted_network = true in "
            "[cluster] of course.toml if the network is private"
        )
    return f"{scheme}://{match[2]}:{match[3]}"


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextlib.contextmanager
def _without_secret() -> Iterator[None]:
    """Hide the secret from the environment, which workers and jobs inherit; only judging tasks get it."""
    secret = os.environ.pop(SECRET, None)
    try:
        yield
    finally:
        if secret is not None:
            os.environ[SECRET] = secret


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence dask's log lines, for instance about lost workers; the run reports what matters."""
    import dask

    loggers = [logging.getLogger(f"distributed{part}") for part in ("", ".nanny", ".scheduler", ".worker", ".client")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        with dask.config.set({"distributed.comm.retry.count": 3, "distributed.scheduler.http.routes": []}):
            yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
