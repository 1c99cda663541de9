"""Marks of forms: the rule for each kind, negative totals only if asked for, and feedback on wrong answers."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import nbformat
import pytest
from helpers.commands import Ran
from helpers.exams import bank, cell, exam, one_of_each, single
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.exam.blueprint import Exam, Section
from autograder.exam.form import Form, PlacedItem, Task, show
from autograder.exam.marks import is_answered, mark_changes, mark_exam, mark_form, notes, read_responses, rounded
from autograder.exam.notebook import notebook, read_answers
from autograder.exam.toml_fields import ExamError
from autograder.submission.notebook import claimed_cells
from question_bank.item import Item, Number, Option, Slip, replace
from question_bank.marking import Rules

RIGHT = {
    "q1": 0,
    "q2": [0, 1],
    "q3": "5",
    "q4": "lstm",
    "q5": ["meows", "barks"],
    "q6": ["wash", "peel", "boil", "serve"],
    "q7": ["red", "azure"],
    "q8": "2",
}
EXAM = Exam("mid", "Mid-term", 90, (Section("First", "Answer *all*."),), aids=("paper",))


def form_of(*items: Item, points: float = 2.0, student: str = "ada", tasks: tuple[Task, ...] = ()) -> Form:
    placed = tuple(PlacedItem(f"q{n}", item, points, "First") for n, item in enumerate(items, 1))
    return Form("mid", student, placed, tasks)


def test_the_key_earns_full_points_and_no_answer_earns_none() -> None:
    form = form_of(*one_of_each())
    full = mark_form(form, RIGHT)
    assert (full.points, full.possible) == (16, 16)
    assert all(m.answered and not m.notes for m in full.marks)
    empty = mark_form(form, {})
    assert (empty.points, empty.possible) == (0, 16)
    assert not any(m.answered or m.notes for m in empty.marks)


def test_parts_earn_their_share() -> None:
    form = form_of(*one_of_each())
    responses = {
        "q2": [0],
        "q5": ["meows", "sings"],
        "q6": ["peel", "boil", "serve", "wash"],
        "q7": ["red", "green"],
    }
    assert mark_form(form, responses).points == rounded(2 * (0.5 + 0.5 + 2 / 3 + 0.5))
    places = mark_form(form, responses, Rules(multiple="all", ordering="places"))
    assert places.points == 2 * (0.5 + 0.5)


def test_negative_marking_only_where_asked_and_no_negative_total_unless_asked() -> None:
    form = form_of(*(single(f"x{n}") for n in range(4)))
    wrong = {f"q{n}": 1 for n in range(1, 5)}
    asked = Rules(penalty=0.25)
    assert mark_form(form, wrong).points == 0
    assert mark_form(form, wrong, asked).points == 0
    assert mark_form(form, wrong, asked, negative=True).points == -2
    assert mark_form(form, {**wrong, "q1": 0}, asked).points == 0.5
    assert mark_form(form, {"q1": 0, "q2": None}, asked).points == 2


def test_a_wrong_number_or_option_gets_its_feedback() -> None:
    by_kind = {item.kind: item for item in one_of_each()}
    assert notes(by_kind["numeric"], "2.5") == ["You forgot to double."]
    assert notes(by_kind["numeric"], "2.55") == ["You forgot to double."]
    assert notes(by_kind["numeric"], "7") == []
    assert notes(by_kind["numeric"], "five") == ["This could not be read as a number."]
    near = Number(10.0, 0.5, "", (Slip(8.0, "eight"), Slip(7.4, "seven")))
    assert notes(replace(by_kind["numeric"], number=near), "7.6") == ["seven"]
    assert notes(by_kind["single"], 1) == ["y is wrong"]
    assert notes(by_kind["single"], 2) == []
    told = mark_form(form_of(*one_of_each()), {**RIGHT, "q1": 1, "q3": "2.5"})
    assert [m.notes for m in told.marks[:3]] == [("y is wrong",), (), ("You forgot to double.",)]


def test_tasks_of_assignments_count_beside_items() -> None:
    form = form_of(single("x"), tasks=(Task("backprop", "Backprop", 10.0),))
    waiting = mark_form(form, {"q1": 0})
    assert (waiting.points, waiting.possible, waiting.marks[1].waits) == (2, 12, True)
    done = mark_form(form, {"q1": 0}, tasks={"backprop": 0.75, "other": 1})
    assert (done.points, done.marks[1].points, done.marks[1].waits) == (9.5, 7.5, False)
    assert mark_form(form, {}, tasks={"backprop": 99}).points == 10


@pytest.mark.parametrize(
    ("points", "told"), [(0.125, 0.13), (0.375, 0.38), (2 / 3, 0.67), (0.285, 0.29), (-0.125, -0.13), (-0.0, 0)]
)
def test_half_a_hundredth_goes_up(points: float, told: float) -> None:
    assert rounded(points) == told
    assert str(rounded(-0.0)) == "0.0"


_JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
_RULES = st.builds(
    Rules, st.sampled_from(["net", "each", "all"]), st.sampled_from(["longest", "places"]), st.floats(0, 1)
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from([*RIGHT, "q99", "__class__"]), _JUNK), _RULES, st.booleans())
def test_whatever_is_sent_marks_stay_within_bounds(responses: dict[str, object], rules: Rules, negative: bool) -> None:
    before = json.dumps(responses, default=str)
    marked = mark_form(form_of(*one_of_each()), responses, rules, negative=negative)
    assert json.dumps(responses, default=str) == before
    assert marked.points <= marked.possible == 16
    assert marked.points >= (-16 if negative else 0)
    assert all(-rules.penalty * m.possible - 1e-9 <= m.points <= m.possible for m in marked.marks)
    assert len(marked.marks) == 8


@settings(max_examples=60, deadline=None)
@given(st.permutations(range(4)), st.integers(0, 3))
def test_the_order_of_options_changes_no_mark(order: list[int], chosen: int) -> None:
    options = (Option("k", True), Option("l", True), Option("m"), Option("n"))
    item = replace(single("x"), kind="multiple", options=options)
    turned = replace(item, options=tuple(options[n] for n in order))
    picked = list(range(chosen + 1))
    there = [order.index(n) for n in picked]
    assert mark_form(form_of(item), {"q1": picked}).points == mark_form(form_of(turned), {"q1": there}).points


@pytest.mark.parametrize(
    ("response", "said"),
    [(0, True), ("", False), (" ", False), ([], False), (["", ""], False), (["", "a"], True), ([0], True),
     (None, False), (False, False), ({"a": 1}, False), ([[[["a"]]]], False)],
)  # fmt: skip
def test_what_counts_as_an_answer(response: object, said: bool) -> None:
    assert is_answered(response) is said


def test_every_form_is_marked_by_the_rules_of_its_exam(tmp_path: Path) -> None:
    read = exam(tmp_path, cell(1), "[marking]\npenalty = 0.5\nnegative_total = true")
    forms = [form_of(single("x"), student="ada"), form_of(single("x"), student="bob")]
    marked = mark_exam(read, forms, {"ada": {"q1": 2}, "eve": {"q1": 0}})
    assert [(m.student, m.points) for m in marked] == [("ada", -1), ("bob", 0)]
    assert mark_changes(marked, marked) == []


@pytest.mark.parametrize("text", ["[]", "{", '{"ada": 1}', '{"ada": [1]}', "[" * 100_000, ""])
def test_invalid_response_files_are_reported(tmp_path: Path, text: str) -> None:
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(ExamError, match=r"r\.json"):
        read_responses(tmp_path / "r.json")


# ---- notebooks


def test_a_form_is_a_valid_notebook_with_one_locked_cell_of_points_for_every_item() -> None:
    form = form_of(*one_of_each(), tasks=(Task("backprop", "Backprop", 10.0, "First"),))
    text = notebook(EXAM, form)
    read = nbformat.reads(text, as_version=4)
    nbformat.validate(read)
    assert (read.nbformat, read.nbformat_minor) == (4, 5)
    about = [c.metadata.nbgrader for c in read.cells]
    assert len({a.grade_id for a in about}) == len(about)
    graded = [a for a in about if a.grade]
    assert [(a.grade_id, a.points, a.locked, a.solution) for a in graded] == [
        (f"points_q{n}", 2.0, True, False) for n in range(1, 9)
    ]
    assert [a.grade_id for a in about if a.solution] == [f"answer_q{n}" for n in range(1, 9)]
    assert all(a.locked != a.solution for a in about)


def test_nbgrader_accepts_the_cells() -> None:
    validator = pytest.importorskip("nbgrader.nbgraderformat")
    read = nbformat.reads(notebook(EXAM, form_of(*one_of_each())), as_version=4)
    validator.MetadataValidator().validate_nb(read)


def fill_in(text: str, answers: dict[str, str]) -> bytes:
    book = json.loads(text)
    for one in book["cells"]:
        name = one["metadata"]["nbgrader"]["grade_id"].removeprefix("answer_")
        if name in answers:
            one["source"] = answers[name]
    return json.dumps(book).encode()


def test_answers_come_back_from_a_notebook_and_earn_what_they_should() -> None:
    form = form_of(*one_of_each())
    shown = {p.name: show(p, form) for p in form.placed}
    letters = "ABCDEFGH"
    rights = [letters[shown["q5"].rights.index(r)] for r in ("meows", "barks")]
    steps = [letters[shown["q6"].steps.index(s)] for s in ("wash", "peel", "boil", "serve")]
    answers = {
        "q1": 'q1 = "a"',
        "q2": 'q2 = "A, B"',
        "q3": "q3 = 5",
        "q4": "q4 = 'LSTM'  # a remark",
        "q5": f"q5 = {rights!r}",
        "q6": f"q6 = {tuple(steps)!r}",
        "q7": 'q7 = []\nq7 = ["red", "azure"]',
        "q8": 'q8 = "2"',
    }
    found, remarks = read_answers(claimed_cells(fill_in(notebook(EXAM, form), answers)), form)
    assert remarks == []
    assert mark_form(form, found).points == 16
    blank, remarks = read_answers(claimed_cells(notebook(EXAM, form).encode()), form)
    assert (blank, remarks) == ({}, [])


@pytest.mark.parametrize(
    "source",
    ["q1 = __import__('os').system('touch owned')", "q1 = 'A' +", "q1 = 'Z'", "q1 = " + "(" * 3000, "#" * 60_000, "\0"],
)
def test_code_in_a_notebook_is_never_run(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    form = form_of(single("x"))
    found, remarks = read_answers(claimed_cells(fill_in(notebook(EXAM, form), {"q1": source})), form)
    assert found == {}
    assert len(remarks) == 1 and remarks[0].startswith("q1: ")
    assert list(tmp_path.iterdir()) == []


def test_two_answer_cells_are_no_answer() -> None:
    form = form_of(single("x"))
    book = json.loads(fill_in(notebook(EXAM, form), {"q1": 'q1 = "A"'}))
    book["cells"].append(next(c for c in book["cells"] if c["metadata"]["nbgrader"]["solution"]))
    found, remarks = read_answers(claimed_cells(json.dumps(book).encode()), form)
    assert (found, remarks) == ({}, ["q1: expected one answer cell, found 2"])


# ---- the command


def test_the_command_marks_json_and_notebooks_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command) -> None:  # type: ignore[no-untyped-def]
    from autograder.exam.forms import write_form

    monkeypatch.chdir(tmp_path)
    exam(tmp_path, cell(1))
    (tmp_path / "forms").mkdir()
    (tmp_path / "exam.toml").rename(tmp_path / "forms" / "exam.toml")
    items = bank(3)
    for student in ("=1+1", "bob"):
        write_form(tmp_path / "forms", form_of(*items, student=student))
    Path("r.json").write_text(json.dumps({"=1+1": {"q1": 0, "q2": 0}, "eve": {}}))
    ran: Ran = command("exam", "mark", "forms", "-r", "r.json", "-o", "m.csv", "--json")
    assert ran.code == 0, ran.err
    assert [(m["student"], m["points"]) for m in json.loads(ran.out)] in (
        [["=1+1", 4], ["bob", 0]],
        [("=1+1", 4), ("bob", 0)],
    )
    assert "eve: has responses, but no form" in " ".join(ran.err.split())
    assert "'=1+1,4,6,2,2,0" in Path("m.csv").read_text()
    assert command("exam", "notebook", "forms").code == 0
    for path in Path("notebooks").iterdir():
        path.write_bytes(fill_in(path.read_text(), {"q1": 'q1 = "A"'}))
    ran = command("exam", "mark", "forms", "-r", "notebooks", "--json")
    assert [m["points"] for m in json.loads(ran.out)] == [2, 2]
    next(Path("notebooks").iterdir()).write_text("{")
    assert command("exam", "mark", "forms", "-r", "notebooks").code == 1


def test_marks_are_frozen() -> None:
    marked = mark_form(form_of(single("x")), {"q1": 0})
    with pytest.raises(dataclasses.FrozenInstanceError):
        marked.points = 99  # type: ignore[misc]


# ---- the ledger


def test_exams_land_in_the_gradebook_and_a_decision_brings_them_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command
) -> None:  # type: ignore[no-untyped-def]
    from autograder.exam.forms import write_form

    monkeypatch.chdir(tmp_path)
    folder = Path("forms")
    folder.mkdir()
    exam(folder, cell(1), "closes = 2026-11-20T12:00:00Z")
    for student in ("ada", "bob", "eve"):
        write_form(folder, form_of(single("x"), single("y"), student=student))
    Path("r.json").write_text(json.dumps({"ada": {"q1": 1}, "bob": {"q1": 0, "q2": 0}}))
    common = (folder, "-r", "r.json", "--db", "sqlite:///c.db")

    def marks() -> dict[str, str]:
        ran = command("gradebook", "--db", "sqlite:///c.db", "--format", "csv")
        rows = [line.split(",") for line in ran.out.lstrip("\ufeff").splitlines()]
        at = next(n for n, name in enumerate(rows[0]) if name.startswith("mid"))
        return {row[0]: row[at] for row in rows[1:] if row[0] in ("ada", "bob", "eve")}

    ran: Ran = command("exam", "record", *common)
    assert ran.code == 0, ran.err
    assert "2 of 3 students have responses; 2 added, 0 changed" in " ".join(ran.out.split())
    first = marks()
    assert {name: float(points) for name, points in first.items()} == {"ada": 0, "bob": 4}
    assert "0 added, 0 changed" in " ".join(command("exam", "record", *common).out.split())
    assert command("exam", "rekey", folder, "x", "--accept", "x two", "--by", "eva", "--reason", "r").code == 0
    assert "0 added, 2 changed" in " ".join(command("exam", "record", *common).out.split())
    assert {name: float(points) for name, points in marks().items()} == {"ada": 2, "bob": 4}


def test_a_task_takes_its_share_from_the_gradebook_and_waits_until_there_is_one() -> None:
    import datetime
    from decimal import Decimal

    from autograder.exam.results import exam_result, task_shares, tasks_of
    from autograder.gradebook.marks import make_marks
    from autograder.gradebook.policy import Policy
    from autograder.gradebook.records import ASSIGNMENT, Attempt, Book

    at = datetime.datetime(2026, 11, 20, tzinfo=datetime.UTC)
    attempt = Attempt(
        1,
        "ada",
        "backprop",
        ASSIGNMENT,
        "s",
        "n",
        at,
        "platform",
        at,
        "i",
        "e",
        "b",
        "",
        Decimal("7.5"),
        Decimal(10),
        True,
        "r",
    )
    form = form_of(single("x"), tasks=(Task("backprop", "Backprop", 20.0),))
    shares = task_shares(make_marks(Book((attempt,)), Policy(), now=at), tasks_of([form]))
    assert shares == {"ada": {"backprop": 0.75}}
    done = exam_result(EXAM, form, {"q1": 0}, mark_form(form, {"q1": 0}, tasks=shares["ada"]))
    assert done.score is not None and (done.score.points, done.score.judged) == (17, True)
    waits = exam_result(EXAM, form, {"q1": 0}, mark_form(form, {"q1": 0}))
    assert waits.score is not None and (waits.score.points, waits.score.judged) == (2, False)
    assert [c.outcome for c in waits.checks] == ["passed", "not judged"]
    assert waits.provenance.submission_sha256 == done.provenance.submission_sha256
