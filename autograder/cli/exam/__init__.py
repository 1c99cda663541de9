"""The commands of ``autograder exam``: ``build`` and ``dry-run`` here, the others in this package's modules.

They are for instructors: they read keys, responses and names, and write files that only their owner can open.
"""

from __future__ import annotations

import datetime
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.bank.common import chosen_bank, load_items
from autograder.cli.common import OK, SOME_FAILED, UsageError, err, find_seed, out, plain, print_json, spinner
from autograder.cli.exam import analyse as exam_analyse
from autograder.cli.exam import marks
from autograder.cli.exam import print as exam_print
from autograder.cli.exam import record as exam_record
from autograder.cli.exam import serve as exam_serve
from autograder.cli.exam import served as exam_served
from autograder.cli.options import Json, Quiet
from autograder.exam.blueprint import Exam, read_exam
from autograder.exam.form import Form
from autograder.exam.pool import ItemPool
from autograder.exam.toml_fields import ExamError
from autograder.files import PRIVATE, write_bytes

__all__ = ["app"]

app = typer.Typer(
    help="Exams: forms from a blueprint, in the browser or on paper, marks, item analysis.", no_args_is_help=True
)

Blueprint = Annotated[Path, typer.Argument(help="The blueprint of the exam: a TOML file.", metavar="EXAM.TOML")]
Banks = Annotated[
    list[Path] | None,
    typer.Option(
        "--bank", "-b", help="Folder of a bank; may be repeated.  Default: bank/, else the bank of the course."
    ),
]
KeyFile = Annotated[Path | None, typer.Option("--key-file", help="File with the course secret; or set AUTOGRADER_KEY.")]
UsageFile = Annotated[
    Path | None,
    typer.Option("--usage", help="JSON file of the items used in earlier exams; build adds this exam."),
]


@app.command()
def build(
    blueprint: Blueprint,
    roster: Annotated[Path, typer.Option("--roster", help="CSV file with a column id; one student per line.")],
    banks: Banks = None,
    key_file: KeyFile = None,
    folder: Annotated[Path, typer.Option("--out", "-o", help="Folder for the forms, with their keys.")] = Path("forms"),
    usage: UsageFile = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace existing forms that differ.")] = False,
    quiet: Quiet = False,
) -> None:
    """Draw a form for every student of a roster; the same files give the same forms.

    Example: autograder exam build exam.toml --roster class.csv --key-file course.key -o forms
    """
    from autograder.exam.assemble import make_form, make_plan
    from autograder.exam.forms import EXAM, FORMS, form_file_name, form_text, write_form
    from autograder.exam.open import students_begun
    from autograder.gradebook.roster import read_roster

    secret = find_seed(key_file, False).secret
    exam, students = read_exam(blueprint), [s.id for s in read_roster(roster).students]
    _check_roster(exam, students, roster)
    _check_tasks(exam)
    with spinner("choosing items", quiet) as on_progress:
        plan = make_plan(exam, _item_pool(exam, banks, usage))
        forms = []
        for number, student in enumerate(students, 1):
            on_progress(f"{number} of {len(students)}")
            forms.append(make_form(plan, secret, student))
    path_of = {s: folder / FORMS / form_file_name(s) for s in students}
    changed = [
        f.student for f in forms if path_of[f.student].exists() and path_of[f.student].read_text() != form_text(f)
    ]
    if changed and not replace:
        shown = ", ".join(changed[:3]) + (" …" if len(changed) > 3 else "")
        raise UsageError(
            f"{folder}: {len(changed)} existing forms differ from those that exam and bank give now ({shown}); "
            "nothing was written. Choose another folder, or use --replace if no student has begun"
        )
    if changed and (affected := sorted(students_begun(folder, exam) & set(changed))):
        raise UsageError(
            f"{folder}: {len(affected)} students have begun with the existing forms ({affected[0]} is one of them); "
            "nothing was written. Choose another folder"
        )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for form in forms:
        if form.student in changed or not path_of[form.student].exists():
            write_form(folder, form)
    write_bytes(folder / EXAM, blueprint.read_bytes(), mode=PRIVATE, durable=True)
    if usage is not None:
        _add_usage(usage, exam, forms)
    others = len(list((folder / FORMS).glob("*.json"))) - len(forms)
    if not quiet:
        first = forms[0]
        text = f"{folder}: {len(forms)} forms of {len(first.placed)} items, {first.points:g} points"
        out.print(plain(text), highlight=False, soft_wrap=True)
        if others:
            out.print(f"  {others} more forms in the folder, of students who are not on the roster", highlight=False)


@app.command("dry-run")
def dry_run_command(
    blueprint: Blueprint,
    banks: Banks = None,
    students: Annotated[int, typer.Option("--students", "-n", min=1, max=5000, help="Size of the class.")] = 100,
    usage: UsageFile = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Draw forms for a simulated class: spread of difficulty, exposure of items, estimated time.

    Example: autograder exam dry-run exam.toml --students 200
    """
    from autograder.exam.assemble import make_plan
    from autograder.exam.dry_run import dry_run

    exam = read_exam(blueprint)
    _check_tasks(exam)
    with spinner("drawing forms", quiet or json):
        simulated = dry_run(make_plan(exam, _item_pool(exam, banks, usage)), students)
    slow = max(simulated.minutes) > exam.minutes
    if json:
        exposures = [{"item": e.name, "forms": e.forms} for e in simulated.exposures]
        print_json({**simulated.__dict__, "spread": simulated.spread, "exposures": exposures})
        raise typer.Exit(SOME_FAILED if slow else OK)
    low, high = min(simulated.difficulties), max(simulated.difficulties)
    most, mean = simulated.exposures[:5], statistics.fmean(simulated.minutes)
    lines = [
        f"{exam.title}: {students} forms",
        f"  mean difficulty {low:.3f} to {high:.3f}; target {simulated.target:.3f} ± {simulated.bound:g}",
        f"  {len(simulated.exposures)} different items; two students share {simulated.common:.0%} of their points",
        *[f"  {e.name}: in {e.forms / students:.0%} of the forms" for e in most],
        f"  estimated time {mean:.0f} (mean) to {max(simulated.minutes):.0f} minutes; allowed {exam.minutes:g}",
    ]
    for line in lines:
        out.print(plain(line), highlight=False, soft_wrap=True)
    if slow:
        err.print("The estimate exceeds the working time: ask for fewer items, or allow more minutes.")
    raise typer.Exit(SOME_FAILED if slow else OK)


def _item_pool(exam: Exam, banks: Sequence[Path] | None, usage: Path | None) -> ItemPool:
    from autograder.exam.exposure import read_exposure
    from question_bank.analysis.feedback import measured
    from question_bank.templates import load_templates

    folders = list(banks or [chosen_bank(None)])
    levels: dict[str, float] = {}
    for folder in folders:
        levels |= measured(folder)
    return ItemPool(
        [item for folder in folders for item in load_items(folder)],
        load_templates(),
        read_exposure(usage) if usage else {},
        levels,
        [item for folder in exam.practice for item in load_items(folder)],
        datetime.datetime.now(datetime.UTC).date(),
    )


def _check_roster(exam: Exam, students: Sequence[str], roster: Path) -> None:
    if not students:
        raise UsageError(f"{roster}: expected at least one student")
    for name, _ in exam.accommodations:
        if name not in students:
            raise UsageError(f"accommodations.{name}: the roster {roster} has no student with this id")


def _check_tasks(exam: Exam) -> None:
    slugs = [task.assignment for section in exam.sections for task in section.tasks]
    if not slugs:
        return
    from autograder.assignment.load import find_root, list_assignments

    known = list_assignments(find_root())
    for slug in slugs:
        if slug not in known:
            raise ExamError(f"section.task: there is no assignment {slug!r} (available: {', '.join(known) or 'none'})")


def _add_usage(path: Path, exam: Exam, forms: Sequence[Form]) -> None:
    from autograder.exam.exposure import read_exposure, with_exam, write_exposure

    day = (exam.opens or datetime.datetime.now(datetime.UTC)).date()
    items = [p.item.group if p.item.origin == "template" else p.item.id for f in forms for p in f.placed]
    write_exposure(path, with_exam(read_exposure(path), exam.id, day, items))


# The help lists the commands in this order: the life of an exam.
app.command()(exam_print.preview)
app.command()(exam_print.paper)
app.command()(exam_print.notebook)
app.command()(exam_served.codes)
app.command()(exam_serve.serve)
app.command()(exam_served.responses)
app.command()(marks.mark)
app.command()(marks.rekey)
app.command()(exam_record.record)
app.command()(exam_served.release)
app.command()(exam_analyse.analyse)
