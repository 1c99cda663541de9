"""The exam's commands: build forms, and try what a class would draw."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from autograder.cli import exam_analyse, exam_marks, exam_print, exam_record, exam_serve
from autograder.cli.bank_common import chosen_bank, load_items
from autograder.cli.common import (
    OK,
    SOME_FAILED,
    Json,
    Quiet,
    UsageError,
    err,
    find_seed,
    out,
    plain,
    print_json,
    spinner,
)
from question_bank.exam.blueprint import Exam, read_exam
from question_bank.exam.fields import ExamError
from question_bank.exam.form import Form
from question_bank.exam.pool import Stock

app = typer.Typer(
    help="Exams: forms from a blueprint, in the browser or on paper, marks, item analysis.", no_args_is_help=True
)

Blueprint = Annotated[Path, typer.Argument(help="The exam: a TOML file.", metavar="EXAM.TOML")]
Banks = Annotated[
    list[Path] | None,
    typer.Option(
        "--bank", "-b", help="Folder of a bank; more than one may be named.  Default: bank/, else the course's."
    ),
]
KeyFile = Annotated[Path | None, typer.Option("--key-file", help="File with the course secret (or AUTOGRADER_KEY).")]
UsageFile = Annotated[
    Path | None, typer.Option("--usage", help="JSON file of what earlier exams used; build adds this one to it.")
]


@app.command()
def build(
    blueprint: Blueprint,
    roster: Annotated[Path, typer.Option("--roster", help="CSV with a column id, one student a line.")],
    banks: Banks = None,
    key_file: KeyFile = None,
    folder: Annotated[Path, typer.Option("--out", "-o", help="Where the forms go, keys included.")] = Path("forms"),
    usage: UsageFile = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace forms that are there and differ.")] = False,
    quiet: Quiet = False,
) -> None:
    """Draw a form for every student of a roster; the same files give the same forms.

    Example: autograder exam build exam.toml --roster class.csv --key-file course.key -o forms
    """
    from autograder.exam_store import begun
    from autograder.gradebook.roster import read_roster
    from question_bank.exam.assemble import make_form, make_plan
    from question_bank.exam.forms import EXAM, FORMS, file_of, form_text, write_form, write_private

    secret = find_seed(key_file, False).secret
    exam, students = read_exam(blueprint), [s.id for s in read_roster(roster).students]
    _check_people(exam, students, roster)
    _check_tasks(exam)
    with spinner("choosing items", quiet) as say:
        plan = make_plan(exam, _stock(exam, banks, usage))
        forms = []
        for number, student in enumerate(students, 1):
            say(f"{number} of {len(students)}")
            forms.append(make_form(plan, secret, student))
    there = {s: folder / FORMS / file_of(s) for s in students}
    changed = [f.student for f in forms if there[f.student].exists() and there[f.student].read_text() != form_text(f)]
    if changed and not replace:
        shown = ", ".join(changed[:3]) + (" …" if len(changed) > 3 else "")
        raise UsageError(
            f"{folder}: {len(changed)} forms there differ from what exam and bank now give ({shown}); "
            "nothing was written. Name another folder, or --replace them if nobody has begun"
        )
    if changed and (at_it := sorted(begun(folder, exam) & set(changed))):
        raise UsageError(
            f"{folder}: {len(at_it)} students have begun with the forms that are there ({at_it[0]} is one); "
            "nothing was written. Name another folder"
        )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for form in forms:
        if form.student in changed or not there[form.student].exists():
            write_form(folder, form)
    write_private(folder / EXAM, blueprint.read_bytes())
    if usage is not None:
        _add_usage(usage, exam, forms)
    left = len(list((folder / FORMS).glob("*.json"))) - len(forms)
    if not quiet:
        one = forms[0]
        text = f"{folder}: {len(forms)} forms of {len(one.placed)} items, {one.points:g} points"
        out.print(plain(text), highlight=False, soft_wrap=True)
        if left:
            out.print(f"  {left} more forms there, of students who are not on the roster", highlight=False)


@app.command("dry-run")
def dry_run_command(
    blueprint: Blueprint,
    banks: Banks = None,
    students: Annotated[int, typer.Option("--students", "-n", min=1, max=5000, help="Size of the class.")] = 100,
    usage: UsageFile = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Let a made-up class draw its forms: spread of difficulty, how often items are met, estimated time.

    Example: autograder exam dry-run exam.toml --students 200
    """
    from question_bank.exam.assemble import make_plan
    from question_bank.exam.dry_run import dry_run, middle

    exam = read_exam(blueprint)
    _check_tasks(exam)
    with spinner("drawing forms", quiet or json):
        found = dry_run(make_plan(exam, _stock(exam, banks, usage)), students)
    slow = max(found.minutes) > exam.minutes
    if json:
        exposures = [{"item": e.name, "forms": e.forms} for e in found.exposures]
        print_json({**found.__dict__, "spread": found.spread, "exposures": exposures})
        raise typer.Exit(SOME_FAILED if slow else OK)
    low, high = min(found.difficulties), max(found.difficulties)
    most = found.exposures[:5]
    lines = [
        f"{exam.title}: {students} forms",
        f"  mean difficulty {low:.3f} to {high:.3f}; target {found.target:.3f} ± {found.bound:g}",
        f"  {len(found.exposures)} different items; two students share {found.common:.0%} of their points",
        *[f"  {e.name}: in {e.forms / students:.0%} of the forms" for e in most],
        f"  estimated time {middle(found.minutes):.0f} to {max(found.minutes):.0f} minutes; allowed {exam.minutes:g}",
    ]
    for line in lines:
        out.print(plain(line), highlight=False, soft_wrap=True)
    if slow:
        err.print("The estimate exceeds the time allowed: ask for fewer items, or allow more minutes.")
    raise typer.Exit(SOME_FAILED if slow else OK)


def _stock(exam: Exam, banks: Sequence[Path] | None, usage: Path | None) -> Stock:
    from question_bank.analysis.feedback import measured
    from question_bank.exam.usage import read_usage
    from question_bank.template import load_templates

    folders = list(banks or [chosen_bank(None)])
    levels: dict[str, float] = {}
    for folder in folders:
        levels |= measured(folder)
    return Stock(
        [item for folder in folders for item in load_items(folder)],
        load_templates(),
        read_usage(usage) if usage else {},
        levels,
        [item for folder in exam.practice for item in load_items(folder)],
        datetime.datetime.now(datetime.UTC).date(),
    )


def _check_people(exam: Exam, students: Sequence[str], roster: Path) -> None:
    if not students:
        raise UsageError(f"{roster}: expected at least one student")
    for name, _ in exam.accommodations:
        if name not in students:
            raise UsageError(f"accommodations.{name}: nobody on the roster {roster} has this id")


def _check_tasks(exam: Exam) -> None:
    slugs = [task.assignment for section in exam.sections for task in section.tasks]
    if not slugs:
        return
    from autograder.assignment import find_root, list_assignments

    known = list_assignments(find_root())
    for slug in slugs:
        if slug not in known:
            raise ExamError(f"section.task: there is no assignment {slug!r} (there: {', '.join(known) or 'none'})")


def _add_usage(path: Path, exam: Exam, forms: Sequence[Form]) -> None:
    from question_bank.exam.usage import read_usage, with_exam, write_usage

    day = (exam.opens or datetime.datetime.now(datetime.UTC)).date()
    met = [one.item.group if one.item.origin == "template" else one.item.id for f in forms for one in f.placed]
    write_usage(path, with_exam(read_usage(path), exam.id, day, met))


# After the commands of this module, in the order of an exam's life.
app.command()(exam_print.preview)
app.command()(exam_print.paper)
app.command()(exam_print.notebook)
app.command()(exam_serve.codes)
app.command()(exam_serve.serve)
app.command()(exam_serve.responses)
app.command()(exam_marks.mark)
app.command()(exam_marks.rekey)
app.command()(exam_record.record)
app.command()(exam_serve.release)
app.command()(exam_analyse.analyse)
