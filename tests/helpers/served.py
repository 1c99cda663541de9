"""A served exam for tests and benchmarks: the real command as a separate process, and a check of its store."""

from __future__ import annotations

import contextlib
import csv
import os
import random
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
from helpers.commands import ROOT

from autograder.exam import inputs
from autograder.exam.blueprint import read_exam
from autograder.exam.form import Form, ShownItem, show
from autograder.exam.forms import EXAM
from autograder.exam.open import DATABASE
from autograder.exam.responses import Responses
from autograder.gradebook.database import open_engine, read_url
from question_bank.item import CODE, MULTIPLE

START = 90.0  # seconds until it must answer: the machine may be busy

Fields = list[tuple[str, str]]


class Server:
    """``autograder exam serve`` as a process that can be killed and started again.

    Args:
      db: URL of the store; "" for SQLite in the folder.
    """

    def __init__(self, folder: Path, db: str = "", *arguments: str) -> None:
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        more = ["--db", db] if db else []
        self._command = [sys.executable, "-m", "autograder", "exam", "serve", str(folder), "--port", str(self.port)]
        self._command += [*more, *arguments]
        self._log = folder / "out.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command, cwd=ROOT, env={**os.environ, "AUTOGRADER_EXAM_DB": ""}, stdout=log, stderr=log
            )
        deadline = time.monotonic() + START
        while True:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self.base}/health", trust_env=False).status_code == 200:
                    return
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"the server did not start: {self._log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.1)

    def kill(self) -> None:
        """kill -9."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(timeout=30)

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=15)
        self.kill()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def sign_in_links(folder: Path, db: str = "") -> dict[str, str]:
    """Student → personal link, as ``exam codes`` makes them."""
    path = folder / "codes.csv"
    command = [sys.executable, "-m", "autograder", "exam", "codes", str(folder), "-o", str(path)]
    subprocess.run([*command, *(["--db", db] if db else [])], cwd=ROOT, check=True, capture_output=True, timeout=START)
    with path.open(newline="", encoding="utf-8") as file:
        return {row["student"]: row["link"] for row in csv.DictReader(file)}


@contextlib.contextmanager
def store_of(folder: Path, db: str = "") -> Iterator[Responses]:
    """What the server keeps, looked at beside it."""
    engine = open_engine(read_url(db or f"sqlite:///{folder / DATABASE}"))
    try:
        yield Responses(engine, read_exam(folder / EXAM).id)
    finally:
        engine.dispose()


def shown_of(form: Form) -> dict[str, ShownItem]:
    return {placed.name: show(placed, form) for placed in form.placed}


def answers_for(shown: ShownItem, draw: random.Random) -> Fields:
    """Something that a student may answer; nothing is known of the key."""
    names = inputs.field_names(shown)
    if shown.kind == MULTIPLE:
        return [(shown.name, str(n)) for n in range(len(shown.options)) if draw.random() < 0.5]
    if shown.options:
        return [(shown.name, str(draw.randrange(len(shown.options))))]
    if shown.lefts:
        return [(name, str(draw.randrange(len(shown.rights)))) for name in names]
    if shown.steps:
        places = draw.sample(range(1, len(names) + 1), len(names))
        return [(name, str(place)) for name, place in zip(names, places, strict=True)]
    line = "\n" if shown.kind == CODE else " "
    return [(name, f"{draw.uniform(-9, 9):.3f}{line}Größe “ħ” {draw.random()}") for name in names]


def compare(kept: Iterable[Any], store: Responses, forms: Mapping[str, Form]) -> tuple[int, list[str]]:
    """Check acknowledged answers (student, item, fields, token, number) against the store, one by one.

    Returns:
      How many the store holds, and what is wrong.
    """
    there = {one.number: one for one in store.answers()}
    shown = {student: shown_of(form) for student, form in forms.items()}
    wrong, numbers = [], Counter[int]()
    for student, name, fields, token, number in kept:
        numbers[number] += 1
        one = there.get(number)
        wanted = inputs.read(shown[student][name], [(f, v) for f, v in fields])
        if one is None:
            wrong.append(f"{student} {name}: answer {number} ({token}) was acknowledged and is not there")
        elif (one.student, one.name, one.response) != (student, name, wanted):
            wrong.append(f"{student} {name}: answer {number} is {one.student} {one.name} {one.response!r}")
    wrong += [f"answer {number} was acknowledged for {count} answers" for number, count in numbers.items() if count > 1]
    return len(there), wrong
