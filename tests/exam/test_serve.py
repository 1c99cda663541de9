"""The commands around a served exam: codes, the server itself, responses, marks, the ledger, analysis, release."""

from __future__ import annotations

import csv
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from helpers.commands import ROOT, Ran
from helpers.exam_app import write_exam

from autograder.exam.client import ExamClient, RequestRefusedError
from autograder.exam.forms import read_folder

Command = Callable[..., Ran]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_exam(tmp_path / "forms", ("ada", "bob", "=eve"), "attempts = 2")


@pytest.fixture
def served(folder: Path) -> Iterator[str]:
    """The address of a server that runs as its user would start it; it ends by a signal."""
    with start(folder) as process:
        yield address_of(process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def start(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "autograder", "exam", "serve", str(folder), "--port", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT), "COLUMNS": "400"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)


def address_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    first = process.stdout.readline()
    assert " at http://127.0.0.1:" in first, first
    return first.rpartition(" at ")[2].strip()


def codes(path: Path) -> dict[str, str]:
    with path.open(newline="") as file:
        return {row["student"]: row["link"] for row in csv.DictReader(file)}


def take(address: str, link: str, answers: dict[str, list[tuple[str, str]]]) -> None:
    with ExamClient(address + link[link.index("/in/") :]) as taker:
        taker.take(answers)


def test_from_codes_to_the_ledger(folder: Path, served: str, command: Command) -> None:
    ran = command("exam", "codes", folder, "--url", served, "-o", "codes.csv")
    assert ran.code == 0 and "codes of 3 students" in ran.out
    links = codes(Path("codes.csv"))
    assert set(links) == {"ada", "bob", "'=eve"}  # a spreadsheet runs nothing
    assert stat.S_IMODE(Path("codes.csv").stat().st_mode) == 0o600
    assert "Every student has a code already" in command("exam", "codes", folder).out

    take(served, links["ada"], {"q1": [("q1", "0")], "q3": [("q3", "5")]})
    with ExamClient(links["bob"]) as bob:
        bob.run(bob.protocol.sign_in())
        bob.run(bob.protocol.begin())
        bob.protocol.answer("q8", [("q8", "2")], seconds=31.5)
        bob.run(bob.protocol.save())

    ran = command("exam", "responses", folder, "-o", "r.json", "--times", "t.json")
    assert ran.code == 0 and "2 of 3 students; 1 still working" in " ".join(ran.out.split())
    assert json.loads(Path("r.json").read_text()) == {"ada": {"q1": 0, "q3": "5"}, "bob": {"q8": "2"}}
    assert json.loads(Path("t.json").read_text()) == {"bob": {"q8": 31.5}}

    database = folder / "responses.db"
    marks = json.loads(command("exam", "mark", folder, "-r", database, "--json").out)
    assert {m["student"]: m["points"] for m in marks} == {"=eve": 0, "ada": 4, "bob": 8}
    assert json.loads(command("exam", "mark", folder, "-r", f"sqlite:///{database}", "--json").out) == marks
    assert json.loads(command("exam", "mark", folder, "-r", "r.json", "--json").out) == marks

    ran = command("exam", "record", folder, "-r", database, "--db", "sqlite:///course.db")
    assert ran.code == 0 and "1 of 3 students have responses; 1 added" in ran.out and "1 still working" in ran.out
    listed = json.loads(command("attempts", "--db", "sqlite:///course.db", "--json").out)
    assert [(a["student"], a["assignment"], float(a["points"])) for a in listed] == [("ada", "mid", 4.0)]

    ran = command("exam", "rekey", folder, "a", "--drop", "--by", "x", "--reason", "y", "-r", database, "--rehearse")
    assert ran.code == 0 and "ada" in ran.out
    ran = command("exam", "analyse", database, "--forms", folder, "-o", "analysis.html", "-q")
    assert ran.code in (0, 1) and "<html" in Path("analysis.html").read_text()

    with ExamClient(links["ada"]) as ada, pytest.raises(RequestRefusedError, match="403"):
        ada.run(ada.protocol.sign_in())  # the link was used up
    ran = command("exam", "release", folder, "--by", "staff")
    assert ran.code == 2 and "1 student is still working" in ran.err
    assert "released" in command("exam", "release", folder, "--by", "staff", "--force").out
    assert "withdrawn" in command("exam", "release", folder, "--by", "staff", "--withdraw").out


def test_every_sitting_is_an_attempt(folder: Path, served: str, command: Command) -> None:
    command("exam", "codes", folder, "-o", "codes.csv")
    with ExamClient(served + codes(Path("codes.csv"))["ada"].partition("8080")[2]) as ada:
        ada.run(ada.protocol.sign_in())
        for value in ("1", "0"):
            ada.run(ada.protocol.begin())
            ada.protocol.answer("q1", [("q1", value)])
            ada.run(ada.protocol.hand_in())
    ran = command("exam", "record", folder, "-r", folder / "responses.db", "--db", "sqlite:///course.db")
    assert "2 added" in ran.out
    assert len(json.loads(command("attempts", "--db", "sqlite:///course.db", "--json").out)) == 2


def test_sessions_survive_a_restart_of_the_server(folder: Path, command: Command) -> None:
    command("exam", "codes", folder, "-o", "codes.csv")
    link = codes(Path("codes.csv"))["ada"].partition("8080")[2]
    cookies = None
    for round in range(2):
        with start(folder) as process, ExamClient(address_of(process) + link) as ada:
            if cookies:
                ada._http.cookies = cookies
            ada.run(ada.protocol.sign_in())
            ada.run(ada.protocol.begin())
            ada.protocol.answer("q3", [("q3", str(round))])
            ada.run(ada.protocol.save())
            cookies = ada._http.cookies
            process.kill()
    command("exam", "responses", folder, "-o", "r.json")
    assert json.loads(Path("r.json").read_text()) == {"ada": {"q3": "1"}}


def test_the_files_of_the_server_are_private(folder: Path, served: str) -> None:
    for name in ("server.key", "responses.db", "server.log"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600, name
    with urlopen(f"{served}/health") as reply:
        assert json.loads(reply.read()) == {"status": "ok", "exam": "mid"}
        assert "waitress" not in str(reply.headers).lower() and "python" not in str(reply.headers).lower()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("serve", "nowhere"), "expected a folder that autograder exam build wrote"),
        (("serve", "forms", "--url", "exam.example.org"), "--url: expected an address such as https://"),
        (("serve", "forms", "--db", "mysql://x/y"), "expected sqlite or postgresql"),
        (("codes", "forms", "--student", "zoe"), "has no form for 'zoe'"),
        (("responses", "forms"), "was not served from this folder"),
        (("mark", "forms", "-r", "nothing.json"), "nothing.json"),
        (("release", "nowhere", "--by", "x"), "exam build"),
    ],
)
def test_invalid_arguments_are_reported(folder: Path, command: Command, arguments: tuple[str, ...], says: str) -> None:
    ran = command("exam", *arguments)
    assert ran.code == 2 and says in " ".join((ran.out + ran.err).split()) and "Traceback" not in ran.err


def test_a_port_in_use_is_reported(folder: Path, served: str, command: Command) -> None:
    port = served.rpartition(":")[2]
    ran = command("exam", "serve", folder, "--port", port)
    assert ran.code == 2 and f"port {port}" in ran.err


def test_a_damaged_key_is_reported(folder: Path, command: Command) -> None:
    (folder / "server.key").write_bytes(b"short")
    ran = command("exam", "codes", folder)
    assert ran.code == 2 and "expected 32 bytes" in ran.err


def test_a_foreign_database_is_reported(folder: Path, command: Command) -> None:
    (folder / "responses.db").write_bytes(b"no database at all, but long enough to be looked at")
    ran = command("exam", "codes", folder)
    assert ran.code == 2 and "Traceback" not in ran.err


def test_a_student_whose_form_was_removed_is_left_out(folder: Path, served: str, command: Command) -> None:
    command("exam", "codes", folder, "--url", served, "-o", "codes.csv")
    take(served, codes(Path("codes.csv"))["ada"], {"q1": [("q1", "0")]})
    _, forms = read_folder(folder)
    next(path for path in (folder / "forms").iterdir() if path.name.startswith("ada")).unlink()
    command("exam", "responses", folder, "-o", "r.json")
    assert json.loads(Path("r.json").read_text()) == {} and len(forms) == 3
