"""``exam serve``: an exam in the browser."""

from __future__ import annotations

import logging
import logging.handlers
import secrets
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from autograder.cli.common import OK, UsageError, err, out, plain
from autograder.cli.ledger import RosterFile
from autograder.cli.options import Quiet
from autograder.exam.blueprint import Exam
from autograder.exam.form import Form

LOG = "server.log"
CONNECTIONS = 4_000  # a browser opens up to six of them
BACKLOG = 2_048
LOG_BYTES = 20_000_000

Folder = Annotated[Path, typer.Argument(help="Folder that exam build wrote.", metavar="FORMS")]
Store = Annotated[
    str,
    typer.Option(
        "--db",
        envvar="AUTOGRADER_EXAM_DB",
        help="Database for the responses: sqlite:///FILE or postgresql://user@host/name; default: FORMS/responses.db.",
    ),
]
Url = Annotated[str, typer.Option("--url", help="Address for students, such as https://exam.example.org.")]


def serve(
    folder: Folder,
    db: Store = "",
    host: Annotated[str, typer.Option("--host", help="Address to listen on; 0.0.0.0 for all addresses.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0: any free port.")] = 8080,
    url: Url = "",
    threads: Annotated[
        int, typer.Option("--threads", min=1, max=256, help="Number of requests answered at the same time.")
    ] = 8,
    proxies: Annotated[int, typer.Option("--proxies", min=0, max=9, help="Your reverse proxies in front.")] = 0,
    name: Annotated[str, typer.Option("--as", help="Name of the instructor in the log.")] = "staff",
    roster: RosterFile = None,
    ledger: Annotated[
        str,
        typer.Option("--ledger", help="Ledger of the course: points of programming tasks for feedback."),
    ] = "",
    quiet: Quiet = False,
) -> None:
    """Serve the exam to browsers.  Ctrl-C stops the server; after a restart the exam continues where it was.

    Example: autograder exam serve forms --host 0.0.0.0 --url https://exam.example.org --proxies 1
    """
    from waitress.server import create_server

    from autograder.exam.open import open_exam
    from autograder.exam.server.access import make_codes
    from autograder.exam.server.app import MAX_BYTES, make_app
    from autograder.exam.sign_in import INSTRUCTOR

    exam, forms = read_exam_folder(folder)
    names = _names(roster)
    context = open_exam(folder, exam, forms, db, threads, names=names, tasks=_tasks(ledger, forms))
    _base(url, host, port)  # reports a wrong address before the port is opened
    listening = _listen(host, port)
    base = _base(url, host, listening.getsockname()[1])
    secure = base.startswith("https://")
    _log(folder / LOG)
    app = make_app(context, secure=secure, proxies=proxies)
    server = create_server(
        app,
        sockets=[listening],
        threads=threads,
        connection_limit=CONNECTIONS,
        asyncore_use_poll=True,  # select() supports at most 1024 connections
        backlog=BACKLOG,
        max_request_body_size=2 * MAX_BYTES,  # larger than the limit of the application, which answers with a message
        ident=None,
        clear_untrusted_proxy_headers=proxies == 0,
    )
    codes_of = make_codes(context, [f"{name[:80]} {secrets.token_hex(2)}"], INSTRUCTOR)
    if not quiet:
        out.print(plain(f"{exam.title}: {len(forms)} forms, at {base}"), highlight=False, soft_wrap=True)
    for code in codes_of.values():
        out.print(f"instructor: {base}/in/{code}", highlight=False, soft_wrap=True)
    without_code = len({form.student for form in forms} - context.sign_ins.students_with_code())
    if without_code:
        note = f"{without_code} students have no code yet; make them with: autograder exam codes {folder} --url {base}"
        err.print(plain(note), highlight=False, soft_wrap=True)
    if not secure and not _is_local(base):
        err.print(
            "Serving without TLS: anyone on the network can read and change answers. Put a TLS reverse proxy in front.",
            soft_wrap=True,
        )
    signal.signal(signal.SIGTERM, _stop)
    try:
        server.run()
    except KeyboardInterrupt:
        pass
    finally:
        server.close()
    raise typer.Exit(OK)


def read_exam_folder(folder: Path) -> tuple[Exam, list[Form]]:
    from autograder.exam.forms import read_folder

    return read_folder(folder)


def _names(roster: Path | None) -> dict[str, str]:
    if roster is None:
        return {}
    from autograder.gradebook.roster import read_roster

    return {student.id: student.name for student in read_roster(roster).students}


def _tasks(ledger: str, forms: Sequence[Form]) -> Callable[[], Mapping[str, Mapping[str, float]]]:
    if not ledger:
        return dict

    def shares() -> Mapping[str, Mapping[str, float]]:
        from autograder.cli.exam.record import task_points
        from autograder.cli.ledger import open_ledger

        with open_ledger(ledger) as opened:
            return task_points(opened, forms)

    return shares


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        raise UsageError(f"{host}, port {port}: cannot listen there: {getattr(error, 'strerror', error)}") from None


def _base(url: str, host: str, port: int) -> str:
    if url:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname or urlsplit(url).path.strip("/"):
            raise UsageError(f"--url: expected an address such as https://exam.example.org, not {url[:100]!r}")
        return url.rstrip("/")
    address = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)
    return f"http://{address}:{port}"


def _is_local(base: str) -> bool:
    return (urlsplit(base).hostname or "") in ("127.0.0.1", "localhost", "::1")


def _log(path: Path) -> None:
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=3, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    path.chmod(0o600)
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a queue that is full for a moment is normal


def _stop(*_: object) -> None:
    raise SystemExit(OK)
