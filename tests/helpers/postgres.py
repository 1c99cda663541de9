"""A PostgreSQL server of the tests' own: in a temporary folder, on a Unix socket, as an ordinary user."""

from __future__ import annotations

import contextlib
import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

USER = "course"


class NoServer(Exception):
    """There is no PostgreSQL to test with; the message says what was looked for."""


def programs() -> Path:
    """The folder with ``initdb`` and ``postgres``."""
    named = shutil.which("initdb")
    folders = [Path(named).parent] if named else []
    folders += [Path(p).parent for p in sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), reverse=True)]
    for folder in folders:
        if all((folder / name).exists() for name in ("initdb", "postgres")):
            return folder
    raise NoServer(
        "no PostgreSQL server here: initdb and postgres are neither on PATH nor in /usr/lib/postgresql/*/bin"
    )


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Run a server and yield its URL.  Raises NoServer with the reason where there is none."""
    where = programs()
    # A socket's path has at most 107 bytes, so not below pytest's own long folders.
    with tempfile.TemporaryDirectory(prefix="pg") as name:
        folder = Path(name)
        become: dict[str, Any] = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            nobody = pwd.getpwnam("nobody")
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
            become = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "HOME": name}

        options = {"cwd": name, "env": environment, **become}
        data, log_file = str(folder / "data"), folder / "log"
        with log_file.open("ab") as log:
            made = [str(where / "initdb"), "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--no-sync"]
            done = subprocess.run(made, stdout=log, stderr=log, timeout=120, check=False, **options)
            if done.returncode:
                raise NoServer(f"initdb ended with {done.returncode}: {_end(log_file)}")
            # Our own child and not pg_ctl's, so that its end is seen wherever nobody collects orphans.
            settings = ["-k", name, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=40"]
            process = subprocess.Popen(
                [str(where / "postgres"), "-D", data, *settings], stdout=log, stderr=log, **options
            )
        url = f"postgresql://{USER}@/postgres?host={quote(name)}"
        try:
            _wait(process, name, log_file)
            yield url
        finally:
            process.send_signal(signal.SIGQUIT)  # at once; nothing in it is worth keeping
            process.wait(timeout=60)


def _wait(process: subprocess.Popen[bytes], socket: str, log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        if process.poll() is not None:
            raise NoServer(f"postgres ended with {process.returncode}: {_end(log)}")
        try:
            psycopg.connect(f"host={socket} user={USER} dbname=postgres connect_timeout=5").close()
            return
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise NoServer(f"postgres does not answer: {error}") from None
            time.sleep(0.1)


def _end(log: Path) -> str:
    return log.read_text(errors="replace")[-400:]
