"""An exam from blueprint to analysis, taken by a simulated class through the real server."""

from __future__ import annotations

import contextlib
import datetime
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from rich.console import Console

from autograder.assignment.seed import Seed
from autograder.cli.demo.students import Student
from autograder.exam.analysis_page import analysis_page
from autograder.exam.assemble import make_form, make_plan
from autograder.exam.blueprint import Exam, read_exam
from autograder.exam.form import Form
from autograder.exam.forms import EXAM, write_form
from autograder.exam.item_responses import collect, stems
from autograder.exam.marks import mark_exam
from autograder.exam.paper import keys, papers, preview
from autograder.exam.pool import ItemPool
from autograder.exam.results import exam_result
from autograder.report import Column
from autograder.results import Result
from question_bank.analysis.analyse import analyse
from question_bank.item import Item, digest
from question_bank.store import read_bank
from question_bank.templates import load_templates
from question_bank.templates.engine import Template

WAIT_SECONDS = 60
POOL = {"single": 24, "multiple": 10, "cloze": 4, "short": 4, "matching": 4, "ordering": 4}
_ABILITY = {"strong": 1.3, "steady": 0.3, "weak": -0.9, "falling": -0.6, "stopped": -1.2}

BLUEPRINT = """
id = "demo-exam"
title = "Deep learning: a demo exam"
minutes = 60
aids = ["a pocket calculator"]
drafts = true

[[section]]
title = "Remember and understand"

[[section.cell]]
kind = "single"
count = 8
points = 1

[[section.cell]]
kind = "multiple"
count = 3
points = 2

[[section.cell]]
kind = ["cloze", "short"]
count = 2
points = 1

[[section]]
title = "Apply"
text = "Every student gets different numbers."

[[section.cell]]
source = "templates"
kind = "numeric"
count = 4
points = 2

[[section.cell]]
kind = ["matching", "ordering"]
count = 2
points = 2
"""


def run_exam_demo(
    bank: Path, folder: Path, seed: Seed, people: Sequence[Student], console: Console, quiet: bool
) -> Column:
    """Draw forms from ``bank``, let ``people`` take them through a server, mark and analyse; writes to ``folder``."""
    from autograder.cli.common import spinner

    folder.mkdir(parents=True, exist_ok=True)
    (folder / EXAM).write_text(BLUEPRINT.lstrip(), "utf-8")
    exam = read_exam(folder / EXAM)
    with spinner("exam: drawing forms", quiet) as on_progress:
        item_pool = ItemPool(*_pool(bank), {}, {}, [], datetime.datetime.now(datetime.UTC).date())
        plan = make_plan(exam, item_pool)
        forms = [make_form(plan, seed.secret, person.stem) for person in people]
        for form in forms:
            write_form(folder, form)
        for name, page in (("preview", preview(exam, forms[:1])), ("paper", papers(exam, forms[:2]))):
            (folder / f"{name}.html").write_text(page, "utf-8")
        (folder / "keys.html").write_text(keys(exam, forms[:2]), "utf-8")
        take_exam(folder, exam, forms, people, on_progress)
        results = _judge(folder, exam, forms, people)
    if not quiet:
        console.print(f"\n[bold]{exam.title}[/]", highlight=False)
        console.print(
            f"{len(people)} students took it over HTTP. To look at it: autograder exam serve {folder}",
            highlight=False,
            soft_wrap=True,
        )
        console.print(f"open {folder / 'analysis.html'}", highlight=False, soft_wrap=True)
    return Column(exam.title, results, f"../{folder.name}/analysis.html")


def _pool(bank: Path) -> tuple[list[Item], list[Template]]:
    """Draw few items of each kind, so that students share them: item analysis needs shared items."""
    items = sorted(read_bank(bank), key=lambda item: digest("demo exam", item.id))
    templates = sorted(load_templates(), key=lambda one: digest("demo exam", one.id))
    return [one for kind, count in POOL.items() for one in [i for i in items if i.kind == kind][:count]], templates[:16]


def take_exam(
    folder: Path, exam: Exam, forms: Sequence[Form], people: Sequence[Student], on_progress: Callable[[str], object]
) -> None:
    """Let every student sign in, answer and hand in, as browsers do; students who have handed in are skipped."""
    from autograder.exam.client import ExamClient
    from autograder.exam.open import open_exam
    from autograder.exam.server.access import make_codes
    from autograder.exam.simulate import answers
    from autograder.exam.sitting import DONE

    context = open_exam(folder, exam, forms, "")
    left = [form for form in forms if context.status(form.student).phase != DONE]
    codes = make_codes(context, [form.student for form in left])
    ability = {person.stem: _ABILITY[person.habit] for person in people}
    with served(folder) as address:
        for number, form in enumerate(left, 1):
            on_progress(f"exam: {number} of {len(left)} students")
            level = ability[form.student] + random.Random(form.student).gauss(0, 0.5)
            with ExamClient(f"{address}/in/{codes[form.student]}") as client:
                client.run(client.protocol.sign_in())
                client.run(client.protocol.begin())
                for name, (fields, seconds) in answers(form, level, form.student).items():
                    client.protocol.answer(name, fields, seconds=seconds)
                    client.run(client.protocol.save())
                client.run(client.protocol.hand_in())


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Run ``autograder exam serve`` on a free port while the block lasts; yields its address."""
    command = [sys.executable, "-m", "autograder", "exam", "serve", str(folder), "--port", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment, stdin=subprocess.DEVNULL
    )
    try:
        assert process.stdout is not None
        first = process.stdout.readline().strip()
        address = first.rpartition(" at ")[2]
        if not address.startswith("http://"):
            raise RuntimeError(f"the exam server did not start: {first or 'no output'}")
        yield address
    finally:
        process.terminate()
        try:
            process.wait(WAIT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


def _judge(folder: Path, exam: Exam, forms: Sequence[Form], people: Sequence[Student]) -> dict[str, Result]:
    """Mark, analyse, and write the page; returns student → result."""
    from autograder.exam.open import read_sittings
    from autograder.exam.sittings import last_sittings

    last = last_sittings(read_sittings(folder, exam, forms, ""))
    given = {student: one.responses for student, one in last.items()}
    seconds = {student: one.seconds for student, one in last.items()}
    found = analyse(collect(exam, forms, given, (), seconds), exam.id, stems(forms))
    (folder / "analysis.html").write_text(analysis_page(found), "utf-8")
    names = {person.stem: person.name for person in people}
    marked = mark_exam(exam, forms, given)
    return {
        names[form.student]: exam_result(exam, form, given.get(form.student, {}), one)
        for form, one in zip(forms, marked, strict=True)
    }
