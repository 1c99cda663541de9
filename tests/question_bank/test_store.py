"""A bank on disk: what is written is read back, what is wrong is said with file, line and field, decisions survive."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from question_bank import item as items_
from question_bank.item import Item, Number, Option, Pair, Slip, Source, problems
from question_bank.review import (
    Decision,
    apply_decisions,
    decide,
    read_decisions,
    words,
    write_decisions,
)
from question_bank.stats import compare, measure
from question_bank.store import BankError, read_bank, read_items, read_yaml, write_bank, write_items

COMMON = {"topic": "relu", "level": "remember", "difficulty": 0.25, "explanation": "Because.", "origin": "person"}


def single(name: str = "one", **fields: object) -> Item:
    options = (Option("max(0, x)", True), Option("min(0, x)", False, "That is the other half."), Option("no", False))
    given = {"stem": "What is ReLU(x)?", "options": options, **COMMON, **fields}
    return Item(id=name, kind="single", **given)  # type: ignore[arg-type]


EVERY_KIND = [
    single(),
    Item(
        id="many", kind="multiple", stem="Which are sums?",
        options=(Option("1 + 1", True), Option("2 + 0", True), Option("3", False)), **COMMON,
    ),
    Item(id="number", kind="numeric", stem="ReLU?", number=Number(0.5, 0.01, "m", (Slip(-2.0, "Sign."),)), **COMMON),
    Item(id="short", kind="short", stem="What does RNN stand for?", accepted=("yes", "1.10", "null", "~"), **COMMON),
    Item(id="match", kind="matching", stem="Match.", pairs=(Pair("a", "1"), Pair("b", "2")), extra=("3",), **COMMON),
    Item(id="order", kind="ordering", stem="Order.", steps=("first", "second", "third"), **COMMON),
    Item(id="gap", kind="cloze", stem="Long {1} memory", gaps=(("short-term", "short term"),), **COMMON),
    Item(id="code", kind="code", stem="Prints?", code="x = 1\nprint(x)\n", accepted=("1",), **COMMON),
]  # fmt: skip


@pytest.mark.parametrize("item", EVERY_KIND, ids=lambda i: i.kind)
def test_every_kind_is_sound_and_comes_back(item: Item, tmp_path: Path) -> None:
    assert problems(item) == []
    write_items(tmp_path / "a.yaml", [item])
    assert read_items(tmp_path / "a.yaml") == [item]


def test_hostile_text_comes_back_unchanged(tmp_path: Path) -> None:
    text = "no: {% x %} & *a |\n- <b> 'q' \"d\" # \t é 𝜎 \u202e \x85"
    item = single(stem=text, sources=(Source("a: b.md", 1, 2, text),))
    write_items(tmp_path / "a.yaml", [item])
    assert read_items(tmp_path / "a.yaml") == [item]


SOUND = """- id: one
  kind: single
  topic: relu
  level: remember
  difficulty: 0.25
  stem: What is it?
  explanation: This.
  options:
  - {text: a, correct: 'true'}
  - {text: b}
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "message"),
    [
        ("level: remember", "level: know", 4, "level", "expected one of remember, understand"),
        ("difficulty: 0.25", "difficulty: easy", 5, "difficulty", "expected a number"),
        ("difficulty: 0.25", "difficulty: 7", 5, "difficulty", "from 0 to 1"),
        ("  stem: What is it?\n", "", 1, "stem", "is missing"),
        ("correct: 'true'", "correct: 'yes'", 9, "correct", "expected true or false"),
        ("correct: 'true'", "right: 'true'", 9, "right", "unknown field"),
        ("{text: b}", "{text: A}", 8, "options", "two options are the same"),
        ("{text: b}", "{text: b, correct: 'true'}", 8, "options", "exactly one correct"),
        ("kind: single", "kind: numeric", 1, "number", "needs it"),
        ("  options:", "  accepted: [c]\n  options:", 8, "accepted", "has none"),
        ("id: one", "id: One Item", 1, "id", "lower-case"),
        ("  options:", "  options: 3\n  accepted:", 8, "options", "expected a list"),
        ("topic: relu", "topic: *relu", 0, "", "alias"),
        ("stem: What is it?", "stem: 'What", 6, "", "not valid YAML"),
        ("stem: What is it?", "stem: [a]", 6, "stem", "single value"),
        ("  topic: relu\n", "  topic: relu\n  topic: elu\n", 4, "topic", "twice"),
    ],
)
def test_problems_are_reported_with_file_line_and_field(
    old: str, new: str, line: int, field: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(SOUND)
    assert len(read_items(path)) == 1
    assert old in SOUND
    path.write_text(SOUND.replace(old, new).replace("topic: *relu", "topic: &r x\n  code: *r"))
    with pytest.raises(BankError) as caught:
        read_items(path)
    found = [p for p in caught.value.problems if message in p.message]
    assert found, [str(p) for p in caught.value.problems]
    if line and "YAML" not in message:
        assert found[0].line == line, str(found[0])
    assert field in found[0].field


def test_two_items_of_one_id_are_named_with_both_files(tmp_path: Path) -> None:
    write_items(tmp_path / "items" / "a.yaml", [single()])
    write_items(tmp_path / "own" / "b.yaml", [single()])
    with pytest.raises(BankError, match=r"own/b\.yaml.*one.*items/a\.yaml"):
        read_bank(tmp_path)


def test_a_folder_without_a_bank_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(BankError, match="bank build"):
        read_bank(tmp_path)


def test_writing_again_removes_topics_that_are_gone_and_leaves_own_items(tmp_path: Path) -> None:
    write_bank(tmp_path, [single(), single("two", topic="elu")], {"format": 1, "documents": [], "taught": {}})
    write_items(tmp_path / "own" / "mine.yaml", [single("mine")])
    write_bank(tmp_path, [single()], {"format": 1, "documents": [], "taught": {}})
    assert sorted(i.id for i in read_bank(tmp_path)) == ["mine", "one"]
    assert not (tmp_path / "items" / "elu.yaml").exists()


def test_an_approval_holds_for_the_words_that_were_seen(tmp_path: Path) -> None:
    built = single()
    write_decisions(tmp_path, {"one": decide(built, built, "approved", "ada")})
    decisions = read_decisions(tmp_path)
    assert apply_decisions([built], decisions)[0][0].state == "approved"
    changed = dataclasses.replace(built, stem="What is ReLU of x?")
    now, lapsed = apply_decisions([changed], decisions)
    assert now[0].state == "draft"
    assert "changed since it was approved" in lapsed[0].why


def test_moved_lines_do_not_undo_an_approval() -> None:
    built = single(sources=(Source("a.md", 3, 3, "q"),))
    decision = decide(built, built, "approved", "ada")
    moved = dataclasses.replace(built, sources=(Source("a.md", 9, 9, "q"),))
    assert apply_decisions([moved], {"one": decision})[0][0].state == "approved"


def test_an_edit_survives_a_rebuild_and_says_when_the_item_changed_beneath(tmp_path: Path) -> None:
    built = single()
    edited = dataclasses.replace(built, stem="What does ReLU compute?")
    write_decisions(tmp_path, {"one": decide(edited, built, "approved", "ada", "clearer")})
    decisions = read_decisions(tmp_path)
    now, lapsed = apply_decisions([built], decisions)
    assert (now[0].stem, now[0].state, lapsed) == ("What does ReLU compute?", "approved", [])
    rebuilt = dataclasses.replace(built, explanation="Because of the definition.")
    now, lapsed = apply_decisions([rebuilt], decisions)
    assert now[0].stem == "What does ReLU compute?"
    assert "edit stays" in lapsed[0].why


def test_a_decision_on_an_item_that_is_gone_is_kept_and_said() -> None:
    now, lapsed = apply_decisions([single()], {"gone": Decision("approved", "x")})
    assert now[0].state == "draft"
    assert lapsed[0].item_id == "gone"


def test_a_retired_item_stays_retired_when_it_changes() -> None:
    built = single()
    decision = decide(built, built, "retired", "ada")
    assert apply_decisions([single(stem="Else?")], {"one": decision})[0][0].state == "retired"


def test_words_name_everything_a_reader_sees() -> None:
    assert words(single()) != words(single(stem="Other?"))
    assert words(single()) == words(single(difficulty=0.9, state="approved"))


def test_compare_names_new_gone_and_changed_fields() -> None:
    changes = compare([single(), single("two")], [single(stem="Now?"), single("three")])
    assert {(c.item_id, c.old is None, c.new is None, c.fields) for c in changes} == {
        ("one", False, False, ("stem",)),
        ("two", False, True, ()),
        ("three", True, False, ()),
    }


def test_measure_counts_topics_and_names_those_without_items() -> None:
    taught = {"relu": 3, "elu": 2, "gru": 1}
    found = measure([single(), single("old", topic="elu", state="retired")], taught, ["gru"])
    assert (found.taught, found.covered, found.drawn) == (3, 1, 1)
    assert found.missing == ["elu"]
    assert found.states == {"draft": 1, "retired": 1}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"options": ()}, "needs it"),
        ({"options": (Option("a", True),)}, "two or more"),
        ({"options": (Option("a"), Option("b"))}, "exactly one"),
        ({"kind": "ordering", "options": (), "steps": ("a", "b")}, "three or more"),
        ({"kind": "cloze", "options": (), "gaps": (("a",),)}, "{1}"),
        ({"kind": "matching", "options": (), "pairs": (Pair("a", "1"), Pair("a", "2"))}, "same left side"),
        ({"kind": "numeric", "options": (), "number": Number(float("nan"))}, "finite"),
        ({"state": "done"}, "draft, approved, retired"),
        ({"stem": "  "}, "empty"),
    ],
)
def test_unsound_items_are_reported_with_the_reason(change: dict[str, object], message: str) -> None:
    assert any(message in str(p) for p in problems(dataclasses.replace(single(), **change)))


def test_kinds_are_those_of_the_tests() -> None:
    assert {i.kind for i in EVERY_KIND} == set(items_.KINDS)


@pytest.mark.parametrize("kind", [dict[str, str], Item])
def test_a_name_that_is_a_list_is_told_with_its_line(tmp_path: Path, kind: object) -> None:
    (tmp_path / "a.yaml").write_text("one: two\n? [three]\n: four\n")
    with pytest.raises(BankError, match="expected a name, not a list or fields") as raised:
        read_yaml(tmp_path / "a.yaml", kind)
    assert any(problem.line == 2 for problem in raised.value.problems)
