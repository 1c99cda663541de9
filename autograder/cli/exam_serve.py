"""The exam's commands around the browser: serve it, sign-in codes, the responses, feedback for students."""

from __future__ import annotations

import json as json_
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

from autograder.cli.attempts import By, RosterFile
from autograder.cli.common import OK, Quiet, UsageError, err, out, plain
from question_bank.exam.blueprint import Exam
from question_bank.exam.form import Form

LOG = "server.log"
CONNECTIONS = 4_000  # a browser opens up to six
BACKLOG = 2_048
LOG_BYTES = 20_000_000

Folder = Annotated[Path, typer.Argument(help="Folder that exam build wrote.", metavar="FORMS")]
Store = Annotated[
    str,
    typer.Option(
        "--db",
        envvar="AUTOGRADER_EXAM_DB",
        help="Where responses are kept: sqlite:///FILE or postgresql://user@host/name; default: FORMS/responses.db.",
    ),
]
Url = Annotated[str, typer.Option("--url", help="How students reach it, such as https://exam.example.org.")]


def serve(
    folder: Folder,
    db: Store = "",
    host: Annotated[str, typer.Option("--host", help="Address to listen on; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0: any free one.")] = 8080,
    url: Url = "",
    threads: Annotated[
        int, typer.Option("--threads", min=1, max=256, help="Requests that are answered side by side.")
    ] = 8,
    proxies: Annotated[int, typer.Option("--proxies", min=0, max=9, help="Reverse proxies of yours before it.")] = 0,
    name: Annotated[str, typer.Option("--as", help="What the log calls the instructor of the printed link.")] = "staff",
    roster: RosterFile = None,
    ledger: Annotated[
        str, typer.Option("--ledger", help="Ledger of the course: points of programming tasks on feedback pages.")
    ] = "",
    quiet: Quiet = False,
) -> None:
    """Serve the exam to browsers; Ctrl-C ends it, and starting it again goes on where it was.

    Example: autograder exam serve forms --host 0.0.0.0 --url https://exam.example.org --proxies 1
    """
    from waitress.server import create_server

    from autograder.exam_store import open_hall
    from question_bank.exam.responses import INSTRUCTOR
    from question_bank.exam.server.access import make_codes
    from question_bank.exam.server.app import MAX_BYTES, make_app

    exam, forms = _read(folder)
    names = _names(roster)
    hall = open_hall(folder, exam, forms, db, threads, names=names, tasks=_tasks(ledger, forms))
    _base(url, host, port)  # a wrong address is told before anything is opened
    listening = _listen(host, port)
    base = _base(url, host, listening.getsockname()[1])
    secure = base.startswith("https://")
    _log(folder / LOG)
    app = make_app(hall, secure=secure, proxies=proxies)
    server = create_server(
        app,
        sockets=[listening],
        threads=threads,
        connection_limit=CONNECTIONS,
        asyncore_use_poll=True,  # select() knows no more than 1024 connections
        backlog=BACKLOG,
        max_request_body_size=2 * MAX_BYTES,  # the application says so in words, the server only ends it
        ident=None,
        clear_untrusted_proxy_headers=proxies == 0,
    )
    code = make_codes(hall, [f"{name[:80]} {secrets.token_hex(2)}"], INSTRUCTOR)
    if not quiet:
        out.print(plain(f"{exam.title}: {len(forms)} forms, at {base}"), highlight=False, soft_wrap=True)
    for one in code.values():
        out.print(f"instructor: {base}/in/{one}", highlight=False, soft_wrap=True)
    without = len({form.student for form in forms} - hall.responses.coded())
    if without:
        note = f"{without} students have no code yet: autograder exam codes {folder} --url {base}"
        err.print(plain(note), highlight=False, soft_wrap=True)
    if not secure and not _is_local(base):
        err.print("not https: whoever is on the line reads and writes answers; put a TLS proxy before it")
    signal.signal(signal.SIGTERM, _stop)
    try:
        server.run()
    except KeyboardInterrupt:
        pass
    finally:
        server.close()
    raise typer.Exit(OK)


def codes(
    folder: Folder,
    db: Store = "",
    url: Url = "http://127.0.0.1:8080",
    file: Annotated[Path, typer.Option("--out", "-o", help="CSV to write: student, code, link.")] = Path("codes.csv"),
    student: Annotated[list[str] | None, typer.Option("--student", help="A new code for this student only.")] = None,
    renew: Annotated[bool, typer.Option("--renew", help="New codes for everybody; the earlier ones end.")] = False,
) -> None:
    """Make the one-time code and link with which each student signs in; who has one keeps it.

    Example: autograder exam codes forms --url https://exam.example.org -o codes.csv
    """
    from autograder.exam_store import open_hall
    from question_bank.csv_safe import rows_text
    from question_bank.exam.forms import write_private
    from question_bank.exam.server.access import make_codes

    exam, forms = _read(folder)
    hall = open_hall(folder, exam, forms, db)
    known = [form.student for form in forms]
    for one in student or ():
        if one not in known:
            raise UsageError(f"--student: there is no form of {one!r} in {folder}")
    there = set() if renew else hall.responses.coded()
    wanted = student or [one for one in known if one not in there]
    if not wanted:
        out.print("everybody has a code already; --student ID or --renew makes new ones", highlight=False)
        return
    made = make_codes(hall, wanted)
    rows = [["student", "code", "link"], *([who, code, f"{url.rstrip('/')}/in/{code}"] for who, code in made.items())]
    write_private(file, rows_text(rows).encode())
    out.print(plain(f"{file}: codes of {len(made)} students; they are kept nowhere else"), highlight=False)


def responses(
    folder: Folder,
    db: Store = "",
    file: Annotated[Path, typer.Option("--out", "-o", help="JSON: student → answer name → response.")] = Path(
        "responses.json"
    ),
    times: Annotated[Path | None, typer.Option("--times", help="JSON too: seconds spent on each item.")] = None,
) -> None:
    """Write what students answered: of each the last sitting, with the answers that count.  At any moment.

    Example: autograder exam responses forms -o responses.json --times times.json
    """
    from autograder.exam_store import sittings_of
    from question_bank.exam.collected import last_sittings
    from question_bank.exam.forms import write_private

    exam, forms = _read(folder)
    last = last_sittings(sittings_of(folder, exam, forms, db))
    write_private(file, _json({one.student: one.responses for one in last.values()}))
    if times is not None:
        write_private(times, _json({one.student: one.seconds for one in last.values() if one.seconds}))
    running = sum(one.open for one in last.values())
    late = sum(bool(one.late) for one in last.values())
    text = (
        f"{file}: {len(last)} of {len(forms)} students; {running} still at work, {late} with answers within the grace"
    )
    out.print(plain(text), highlight=False, soft_wrap=True)
    for one in last.values():
        if one.left:
            text = f"{one.student}: came after time and does not count: {', '.join(one.left)}"
            err.print(plain(text), highlight=False, soft_wrap=True)


def release(
    folder: Folder,
    by: By,
    db: Store = "",
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take it back.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Even while some are still at work.")] = False,
) -> None:
    """Let students see marks and explanations of their own exam; nobody can begin it after that.

    Example: autograder exam release forms --by ada
    """
    from autograder.exam_store import open_hall
    from question_bank.exam.server.roll import at_work
    from question_bank.exam.sitting import RELEASED, WITHDRAWN

    exam, forms = _read(folder)
    hall = open_hall(folder, exam, forms, db)
    working = at_work(hall)
    if working and not withdraw and not force:
        raise UsageError(f"{working} are still at work and could learn the keys: wait, or release with --force")
    hall.responses.add_event(WITHDRAWN if withdraw else RELEASED, "", hall.now(), by=by[:200])
    out.print("feedback is withdrawn" if withdraw else "feedback is released")


def _read(folder: Path) -> tuple[Exam, list[Form]]:
    from question_bank.exam.forms import read_folder

    return read_folder(folder)


def _names(roster: Path | None) -> dict[str, str]:
    if roster is None:
        return {}
    from autograder.gradebook.roster import read_roster

    return {one.id: one.name for one in read_roster(roster).students}


def _tasks(ledger: str, forms: Sequence[Form]) -> Callable[[], Mapping[str, Mapping[str, float]]]:
    if not ledger:
        return dict

    def shares() -> Mapping[str, Mapping[str, float]]:
        from autograder.cli.attempts import open_ledger
        from autograder.cli.exam_record import task_points

        with open_ledger(ledger) as book:
            return task_points(book, forms)

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
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)
    return f"http://{shown}:{port}"


def _is_local(base: str) -> bool:
    return (urlsplit(base).hostname or "") in ("127.0.0.1", "localhost", "::1")


def _log(path: Path) -> None:
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=3, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    path.chmod(0o600)
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a full queue for a moment is no news


def _stop(*_: object) -> None:
    raise SystemExit(OK)


def _json(data: object) -> bytes:
    return (json_.dumps(data, ensure_ascii=True, indent=1, sort_keys=True) + "\n").encode()
