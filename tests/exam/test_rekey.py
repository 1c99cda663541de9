"""Correction of keys: decisions are appended, all forms are marked again, and additional answers cost no points."""

from __future__ import annotations

import datetime
import json
import random
from pathlib import Path

import pytest
from helpers.commands import Ran
from helpers.exams import bank, cell, exam, one_of_each, single
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.exam.blueprint import Exam, Section
from autograder.exam.form import Form, PlacedItem
from autograder.exam.forms import REKEYS, write_form
from autograder.exam.marks import mark_changes, mark_exam, mark_form
from autograder.exam.rekey import ACCEPT, CREDIT, DROP, WITHDRAW, Rekey, add_rekey, in_force, make_rekey, read_rekeys
from autograder.exam.toml_fields import ExamError
from question_bank.item import Item, Option, replace

NOW = datetime.datetime(2026, 11, 21, 12, tzinfo=datetime.UTC)
EXAM = Exam("mid", "Mid-term", 90, (Section("First"),))


def form_of(*items: Item, student: str = "ada") -> Form:
    return Form("mid", student, tuple(PlacedItem(f"q{n}", item, 2.0, "First") for n, item in enumerate(items, 1)))


def decide(item: str, action: str, option: str = "", *, forms: list[Form]) -> Rekey:
    return make_rekey(forms, item, action, "eva", "the notes were wrong", NOW, option)


def test_a_decision_marks_two_hundred_students_again_and_lists_the_changes(tmp_path: Path) -> None:
    items, forms, responses = bank(6), [], {}
    chance = random.Random(5)
    chosen: dict[str, str] = {}
    for n in range(200):
        mine = chance.sample(items, 3)
        mine = [replace(i, options=tuple(chance.sample(i.options, 3))) for i in mine]
        student = f"s{n}"
        forms.append(form_of(*mine, student=student))
        responses[student] = {f"q{k}": chance.randrange(3) for k in (1, 2, 3)}
        for k, item in enumerate(mine, 1):
            if item.id == items[0].id:
                chosen[student] = item.options[responses[student][f"q{k}"]].text
    before = mark_exam(EXAM, forms, responses)
    made = decide(items[0].id, ACCEPT, f"{items[0].id} two", forms=forms)
    after = mark_exam(EXAM, forms, responses, [made])
    found = mark_changes(before, after)
    assert {one.student for one in found} == {s for s, text in chosen.items() if text.endswith(" two")}
    assert len(found) > 15
    for one in found:
        assert one.after == one.before + 2
        assert len(one.why) == 1
        assert items[0].id in one.why[0] and "+2" in one.why[0] and "the notes were wrong (eva)" in one.why[0]
    back = mark_exam(EXAM, forms, responses, [made, decide(items[0].id, WITHDRAW, forms=forms)])
    assert back == before
    assert "withdrawn" in mark_changes(after, back)[0].why[0]


def test_all_credit_gives_points_to_everyone_with_the_item() -> None:
    forms = [form_of(single("x"), single("y")), form_of(single("y"), student="bob")]
    rekeys = [decide("x", CREDIT, forms=forms)]
    assert [m.points for m in mark_exam(EXAM, forms, {}, rekeys)] == [2, 0]


def test_a_dropped_item_leaves_every_form_worth_the_same() -> None:
    forms = [
        form_of(single("x"), single("y"), single("z")),
        form_of(single("y"), single("z"), single("w"), student="bob"),
    ]
    rekeys = [decide("x", DROP, forms=forms)]
    responses = {"ada": {"q2": 0}, "bob": {"q1": 0}}
    ada, bob = mark_exam(EXAM, forms, responses, rekeys)
    assert (ada.points, ada.possible, bob.points, bob.possible) == (3, 6, 2, 6)
    assert [m.counts for m in ada.marks] == [False, True, True]
    [one] = mark_changes(mark_exam(EXAM, forms, responses), [ada, bob])
    assert (one.student, one.before, one.after) == ("ada", 2, 3)
    assert "q1 (x): no longer counts; left out" in one.why[0]
    alone = form_of(single("x"))
    assert mark_form(alone, {"q1": 0}, rekeys=rekeys).points == 0


@pytest.mark.parametrize(
    ("kind", "option", "response"),
    [
        ("single", "y", 1),
        ("numeric", "7.5", "7.5"),
        ("numeric", "7.5", "7.45"),
        ("short", "gated cell", "Gated  cell."),
        ("cloze", "{2} green", ["red", "green"]),
        ("code", "2.0", "2.0"),
    ],
)
def test_an_accepted_answer_earns_full_points(kind: str, option: str, response: object) -> None:
    item = next(i for i in one_of_each() if i.kind == kind)
    form = form_of(item)
    rekeys = [decide(item.id, ACCEPT, option, forms=[form])]
    assert mark_form(form, {"q1": response}).points < 2
    assert mark_form(form, {"q1": response}, rekeys=rekeys).points == 2


def test_select_all_forgives_a_doubtful_option_both_ways() -> None:
    item = next(i for i in one_of_each() if i.kind == "multiple")
    form = form_of(item)
    rekeys = [decide(item.id, ACCEPT, "m", forms=[form])]
    assert [mark_form(form, {"q1": r}, rekeys=rekeys).points for r in ([0, 1], [0, 1, 2], [0, 1, 3])] == [2, 2, 1]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=4), st.integers(0, 3), st.sampled_from(["net", "each", "all"]))
def test_an_additional_right_answer_never_costs_points(chosen: list[int], option: int, rule: str) -> None:
    from question_bank.marking import Rules

    item = next(i for i in one_of_each() if i.kind == "multiple")
    form = form_of(item)
    rules = Rules(rule, penalty=0.5)
    rekeys = [decide(item.id, ACCEPT, "klmn"[option], forms=[form])]
    before, after = (mark_form(form, {"q1": chosen}, rules, negative=True, rekeys=r) for r in ((), rekeys))
    assert after.points >= before.points


def test_a_template_can_be_credited_as_a_whole_but_its_key_cannot_change() -> None:
    drawn = [replace(single(f"sum-{n}"), group="sum", origin="template") for n in range(3)]
    forms = [form_of(item, student=f"s{n}") for n, item in enumerate(drawn)]
    assert [m.points for m in mark_exam(EXAM, forms, {}, [decide("sum", CREDIT, forms=forms)])] == [2, 2, 2]
    assert [m.points for m in mark_exam(EXAM, forms, {}, [decide("sum-1", CREDIT, forms=forms)])] == [0, 2, 0]
    with pytest.raises(ExamError, match="is a template: name one of its draws, such as sum-0"):
        decide("sum", ACCEPT, "x", forms=forms)


def test_an_empty_name_does_not_match_items_without_a_group() -> None:
    with pytest.raises(ExamError, match="no form of the exam contains an item ''"):
        decide("", DROP, forms=[form_of(single("x"))])


@pytest.mark.parametrize(
    ("item", "action", "option", "words"),
    [
        ("nothing", DROP, "", "no form of the exam contains"),
        ("a", "burn", "", "expected one of accept"),
        ("a", ACCEPT, "q", r"text of one option of a \(x; y; z\)"),
        ("c", ACCEPT, "many", "asks for a number"),
        ("g", ACCEPT, "green", "expected the gap"),
        ("g", ACCEPT, "{3} green", "expected the gap"),
        ("e", ACCEPT, "x", "use --all-credit or --drop"),
        ("f", ACCEPT, "x", "use --all-credit or --drop"),
        ("d", ACCEPT, " ", "use --all-credit or --drop"),
    ],
)
def test_invalid_decisions_are_refused(item: str, action: str, option: str, words: str) -> None:
    with pytest.raises(ExamError, match=words):
        decide(item, action, option, forms=[form_of(*one_of_each())])
    for by, reason in (("", "r"), ("b", " "), ("b", "x" * 3000)):
        with pytest.raises(ExamError, match=r"--(by|reason)"):
            make_rekey([form_of(single("x"))], "x", DROP, by, reason, NOW)


def test_decisions_are_only_appended(tmp_path: Path) -> None:
    forms = [form_of(single("x"), single("y"))]
    made = [
        decide("x", DROP, forms=forms),
        decide("y", ACCEPT, "y two", forms=forms),
        decide("x", WITHDRAW, forms=forms),
    ]
    seen = b""
    for n, one in enumerate(made, 1):
        add_rekey(tmp_path, one)
        data = (tmp_path / REKEYS).read_bytes()
        assert data.startswith(seen)
        seen = data
        assert read_rekeys(tmp_path) == made[:n]
    assert in_force(made, forms[0].placed[0].item) == []
    assert in_force(made, forms[0].placed[1].item) == [made[1]]
    assert made[0].at == "2026-11-21T12:00:00+00:00"


def test_an_incomplete_line_is_reported_and_the_next_decision_starts_a_new_line(tmp_path: Path) -> None:
    forms = [form_of(single("x"))]
    (tmp_path / REKEYS).write_text('{"item": "x", "act')
    add_rekey(tmp_path, decide("x", DROP, forms=forms))
    with pytest.raises(ExamError, match=r"rekeys\.jsonl: line 1"):
        read_rekeys(tmp_path)
    lines = (tmp_path / REKEYS).read_text().splitlines()
    assert json.loads(lines[1])["action"] == DROP
    for text in ("[]", "3", '{"item": "x"}', '{"item":"x","action":"burn","by":"b","reason":"r","at":"t"}', "[" * 9999):
        (tmp_path / REKEYS).write_text(text + "\n")
        with pytest.raises(ExamError, match="line 1"):
            read_rekeys(tmp_path)


def test_the_command_stores_lists_and_rehearses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    folder = Path("forms")
    folder.mkdir()
    exam(folder, cell(1))
    for student in ("ada", "bob"):
        write_form(folder, form_of(single("x"), single("y"), student=student))
    Path("r.json").write_text(json.dumps({"ada": {"q1": 1}, "bob": {"q1": 0}}))
    responses = Path("r.json").read_bytes()
    common = ("--by", "eva", "--reason", "two is right", "-r", "r.json")
    ran: Ran = command("exam", "rekey", folder, "x", "--accept", "x two", *common, "--rehearse")
    assert ran.code == 0, ran.err
    assert "ada: 0 → 2; q1 (x): +2; “x two” is also accepted: two is right (eva)" in " ".join(ran.out.split())
    assert "marks changed: 1" in ran.out
    assert read_rekeys(folder) == []
    ran = command("exam", "rekey", folder, "x", "--accept", "x two", *common, "--json")
    assert [one["student"] for one in json.loads(ran.out)] == ["ada"]
    assert len(read_rekeys(folder)) == 1
    assert Path("r.json").read_bytes() == responses
    marks = json.loads(command("exam", "mark", folder, "-r", "r.json", "--json").out)
    assert [m["points"] for m in marks] == [2, 2]
    for wrong in ((), ("--drop", "--all-credit"), ("--accept", "q"), ("--drop", "--rehearse")):
        ran = command("exam", "rekey", folder, "x", *wrong, "--by", "eva", "--reason", "r")
        assert ran.code == 2
        assert "expected" in ran.err or "needs --responses" in ran.err
    assert len(read_rekeys(folder)) == 1


def test_an_ambiguous_option_is_refused() -> None:
    item = replace(single("x"), options=(Option("ReLU", True), Option("relu "), Option("Tanh")))
    form = form_of(item)
    with pytest.raises(ExamError, match="text of one option"):
        decide("x", ACCEPT, "RELU", forms=[form])
    assert mark_form(form, {"q1": 2}, rekeys=[decide("x", ACCEPT, "tanh.", forms=[form])]).points == 2
