"""Item analysis around the arithmetic: hostile tables, the page, JSON, what goes back to the bank, the command."""

from __future__ import annotations

import csv
import dataclasses
import json
import math
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from helpers.commands import Ran
from helpers.exams import cell, exam, single
from helpers.simulated_class import sit, sound_items
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.exam.analysis_page import analysis_page
from autograder.exam.blueprint import Exam, Section
from autograder.exam.form import Form, PlacedItem
from autograder.exam.forms import write_form
from autograder.exam.item_responses import collect, draw_name, stems
from autograder.exam.rekey import ACCEPT, DROP, Rekey
from question_bank.analysis.analyse import analyse, to_json
from question_bank.analysis.feedback import STATISTICS, combine, measured, read_statistics, record
from question_bank.analysis.table import (
    COLUMNS,
    Answer,
    ResponsesError,
    read_answers,
    tabulate,
)
from question_bank.item import Item, Option, replace
from question_bank.store import BankError

EVIL = "<script>alert(1)</script>\u202e\x1b[31m{{ 7*7 }}"


def classroom(seed: int = 1, students: int = 120) -> list[Answer]:
    """A class with a wrong key (item-04) and a template."""
    items = sound_items(14, seed)
    items[3] = dataclasses.replace(items[3], a=1.4, marked=2)
    items[5] = dataclasses.replace(items[5], shifts={"3, 5": 0.0, "2, 2": 2.5, "7, 9": 0.0})
    return sit(items, students, seed)


def write_csv(path: Path, answers: list[Answer]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for one in answers:
            cells = [getattr(one, c) for c in COLUMNS]
            rows.writerow([json.dumps(c) if isinstance(c, tuple) else "" if c != c else c for c in cells])


# ---- tables


def test_csv_and_json_give_the_same_answers(tmp_path: Path) -> None:
    answers = classroom(students=30)
    write_csv(tmp_path / "a.csv", answers)
    plain = [{k: None if v != v else v for k, v in dataclasses.asdict(a).items()} for a in answers]
    (tmp_path / "a.json").write_text(json.dumps({"answers": plain}))
    for found in (read_answers(tmp_path / "a.csv"), read_answers(tmp_path / "a.json")):
        assert repr(found) == repr(answers)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.json", "{", "not valid JSON"),
        ("a.json", "[" * 100_000, "not valid JSON"),
        ("a.json", '{"answers": 3}', "expected a list"),
        ("a.json", "[3]", "row 1: expected an object"),
        ("a.json", '[{"student": "s", "item": "q"}]', "row 1: share: is missing"),
        ("a.json", '[{"student": "s", "item": "q", "share": NaN}]', "share: expected a number from 0 to 1, not nan"),
        ("a.json", '[{"student": "s", "item": "q", "share": 1.01}]', "expected a number from 0 to 1"),
        ("a.json", '[{"student": "s", "item": "q", "share": true}]', "share: expected a number"),
        ("a.json", '[{"student": "s", "item": "q", "share": 1e999}]', "expected a number from 0 to 1"),
        ("a.json", f'[{{"student": "s", "item": "q", "share": 1{"0" * 400}}}]', "share: expected a number"),
        ("a.json", '[{"student": ["s"], "item": "q", "share": 1}]', "student: expected a text"),
        ("a.json", '[{"student": " ", "item": "q", "share": 1}]', "both need a name"),
        ("a.json", '[{"student": "s", "item": "q", "share": 1, "points": 0}]', "points: expected a number above 0"),
        ("a.json", '[{"student": "s", "item": "q", "share": 1, "seconds": -1}]', "seconds: expected a number from 0"),
        ("a.json", '[{"student": "s", "item": "q", "share": 1, "position": 1.5}]', "position: expected a whole number"),
        ("a.json", '[{"student": "s", "item": "q", "share": 1, "position": -1}]', "position: expected 1 or more"),
        ("a.json", '[{"student": "s", "item": "q", "share": 1, "options": [{}]}]', "options: expected a text"),
        (
            "a.json",
            '[{"student": "s", "item": "q", "share": 1}, {"student": "s", "item": "q", "share": 1}]',
            "than once",
        ),
        ("a.json", "[]", "no answers"),
        ("a.csv", "student,item\ns,q\n", "the heading lacks share"),
        ("a.csv", "", "the heading lacks student"),
        ("a.csv", 'student,item,share\n"s,q,1', "not valid CSV"),
        ("a.csv", "student,item,share\ns,q,one\n", "row 1: share: expected a number, not 'one'"),
        ("a.csv", "student,item,share\ns\n", "row 1: item: is missing"),
    ],
)
def test_a_bad_table_is_refused_with_its_place(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ResponsesError) as error:
        tabulate(read_answers(tmp_path / name))
    assert said in str(error.value)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"student,item,share\n\xff,q,1\n")
    with pytest.raises(ResponsesError, match="not UTF-8"):
        read_answers(tmp_path / "a.csv")


texts = st.text(max_size=8)
wild = st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | texts, lambda x: st.lists(x, max_size=3))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(COLUMNS), wild), max_size=6))
def test_any_json_is_analysed_or_refused(rows: list[dict[str, object]]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.json"
        path.write_text(json.dumps(rows))
        try:
            found = analyse(read_answers(path))
        except ResponsesError:
            return
    json.loads(to_json(found))
    analysis_page(found)


# ---- the page and JSON


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.targets: list[str] = []
        self.ids: list[str] = []
        self.refers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            assert not name.startswith("on"), name
            if name in ("href", "src"):
                self.targets.append(value or "")
            if name == "id":
                self.ids.append(value or "")
            if name in ("aria-labelledby", "aria-describedby"):
                self.refers += (value or "").split()


def test_the_page_is_self_contained_and_escapes_everything() -> None:
    answers = [
        dataclasses.replace(
            a,
            item=a.item.replace("item-04", EVIL),
            student=f"Zoë Privat {a.student}",
            options=tuple(o + EVIL for o in a.options),
            key=tuple(o + EVIL for o in a.key),
            response=tuple(o + EVIL for o in a.response),
        )
        for a in classroom()
    ]
    page = analysis_page(analyse(answers, f"Exam {EVIL}", {EVIL: f"Stem {EVIL}", "item-01": "x" * 500}))
    tags = Tags()
    tags.feed(page)
    assert "script" not in tags.tags and "img" not in tags.tags and "\x1b" not in page and "\u202e" not in page
    assert "&lt;script&gt;" in page and "49" not in re.findall(r"\{\{[^}]*\}\}", page) and "{{ 7*7 }}" in page
    assert set(tags.targets) <= {"#main", "data:,"}
    assert len(set(tags.ids)) == len(tags.ids) and set(tags.refers) <= set(tags.ids)
    assert "Zoë" not in page  # items are judged here, not people
    assert "Check the key" in page and "://" not in page


def test_the_page_shows_what_was_found() -> None:
    found = analyse(classroom(students=200), "Mid-term")
    page = analysis_page(found)
    assert "<title>Mid-term: item analysis</title>" in page
    assert f"{found.reliability.alpha.value:.2f}" in page and "Feldt (1965)" in page
    assert page.count('<article class="unit') == 14
    assert "Hardest and easiest draws" in page and "2PL a" in page
    small = analysis_page(analyse(classroom(students=12)))
    assert "12 students are too few" in small and "No item response theory: 12 students" in small


def test_json_holds_the_numbers_and_no_nan() -> None:
    text = to_json(analyse(classroom(students=12), "x"))
    value = json.loads(text, parse_constant=lambda name: pytest.fail(name))
    unit = next(u for u in value["units"] if u["unit"] == "item-01")
    assert value["format"] == 1 and unit["quality"] == "too few" and unit["curve"] is None
    assert unit["difficulty"] == pytest.approx(1 - unit["share"]["value"])
    assert "s001" not in text


# ---- from forms and responses


ITEM = single("sum", options=(Option("one", True), Option("two"), Option("three")))
TEMPLATE = replace(ITEM, id="area-1", group="area", origin="template", stem="A square of side 3.5 and -2?")
MID = Exam("mid", "Mid-term", 90, (Section("First"),))


def form(student: str, *items: Item) -> Form:
    return Form("mid", student, tuple(PlacedItem(f"q{n}", item, 2.0) for n, item in enumerate(items, 1)))


def test_forms_and_responses_become_answers_whatever_the_order_of_options() -> None:
    turned = replace(ITEM, options=ITEM.options[::-1])
    typed = replace(ITEM, id="typed", kind="short", options=(), accepted=("relu",))
    forms = [form("ada", ITEM, TEMPLATE, typed), form("bob", turned, TEMPLATE, typed), form("cy", ITEM)]
    responses = {"ada": {"q1": 0, "q2": 1, "q3": " ReLU "}, "bob": {"q1": 0, "q2": 99, "q3": ["x"]}, "eve": {"q1": 0}}
    found = collect(MID, forms, responses, times={"ada": {"q1": 12.5}})
    assert [(a.student, a.item, a.share, a.response, a.position) for a in found] == [
        ("ada", "sum", 1.0, ("one",), 1),
        ("ada", "area-1", 0.0, ("two",), 2),
        ("ada", "typed", 1.0, ("ReLU",), 3),
        ("bob", "sum", 0.0, ("three",), 1),
        ("bob", "area-1", 0.0, (), 2),
        ("bob", "typed", 0.0, ("x",), 3),
    ]
    assert found[0].key == ("one",) and set(found[3].options) == {"one", "two", "three"} and found[0].points == 2
    assert found[0].seconds == 12.5 and math.isnan(found[1].seconds)
    assert found[1].unit == "area" and found[1].draw == draw_name(TEMPLATE) == "3.5, -2"
    assert stems(forms) == {"sum": ITEM.stem, "area": TEMPLATE.stem, "typed": typed.stem}


def test_decisions_about_keys_are_in_force() -> None:
    forms = [form("ada", ITEM, TEMPLATE)]
    made = [Rekey("sum", ACCEPT, "me", "true too", "now", "two"), Rekey("area", DROP, "me", "broken", "now")]
    [only] = collect(MID, forms, {"ada": {"q1": 1, "q2": 0}}, made)
    assert (only.share, only.key, only.item) == (1.0, ("one", "two"), "sum")


# ---- back to the bank


def test_measured_difficulty_is_kept_and_an_exam_counts_once(tmp_path: Path) -> None:
    first, second = analyse(classroom(1), "2026"), analyse(classroom(2, 60), "2027")
    assert record(tmp_path, first) == ["item-04"]
    once = (tmp_path / STATISTICS).read_bytes()
    record(tmp_path, first)
    assert (tmp_path / STATISTICS).read_bytes() == once
    record(tmp_path, second)
    units = [{u.unit: u for u in a.units} for a in (first, second)]
    got = read_statistics(tmp_path)["item-01"]
    a, b = (u["item-01"] for u in units)
    assert [s.exam for s in got.exams] == ["2026", "2027"] and got.n == 180
    assert got.difficulty == pytest.approx((a.difficulty * 120 + b.difficulty * 60) / 180, abs=2e-4)
    assert got.discrimination == pytest.approx((a.correlation.value * 2 + b.correlation.value) / 3, abs=2e-4)
    levels = measured(tmp_path)
    assert levels["item-01"] == got.difficulty and "item-04" not in levels and "item-06" in levels
    assert measured(tmp_path, least=1000) == {}


def test_an_item_that_is_doubted_later_loses_that_exams_entry(tmp_path: Path) -> None:
    good = sit(sound_items(14, 1), 120, 1)
    record(tmp_path, analyse(good, "2026"))
    assert "item-04" in measured(tmp_path)
    record(tmp_path, analyse(classroom(1), "2026"))
    assert "item-04" not in measured(tmp_path)


def test_few_answers_are_not_measured(tmp_path: Path) -> None:
    record(tmp_path, analyse(classroom(students=20), "small"))
    assert read_statistics(tmp_path)["item-01"].discrimination is None
    assert measured(tmp_path) == {} and len(measured(tmp_path, least=1)) > 10


def test_a_template_twice_in_a_form_is_one_thing_in_the_bank(tmp_path: Path) -> None:
    answers = [
        Answer(f"s{i}", f"t-{i}-{j}", float(j), group="t", draw=f"{i}, {j}", position=j + 1)
        for i in range(40)
        for j in (0, 1)
    ]
    record(tmp_path, analyse(answers, "x"))
    assert measured(tmp_path) == {"t": 0.5} and read_statistics(tmp_path)["t"].n == 80


def test_a_bank_without_statistics_has_no_measured_items(tmp_path: Path) -> None:
    assert measured(tmp_path) == {} and measured(tmp_path / "none") == {}
    with pytest.raises(ValueError, match="name"):
        record(tmp_path, analyse(classroom(students=10)))
    with pytest.raises(BankError):
        record(tmp_path / "none", analyse(classroom(students=10), "x"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a:\n  difficulty: 1.5\n  n: 3\n  exams: []\n", "difficulty: expected a number from 0 to 1"),
        ("a:\n  difficulty: nan\n  n: 3\n  exams: []\n", "difficulty: expected a number from 0 to 1"),
        ("a:\n  difficulty: 0.5\n  n: 0\n  exams: []\n", "n: expected 1 or more"),
        ("a:\n  difficulty: 0.5\n  n: x\n  exams: []\n", "expected a number, not 'x'"),
        ("a:\n  difficulty: 0.5\n  n: 3\n  exams: []\n  discrimination: 7\n", "discrimination: expected"),
        ("- 1\n", "expected names with values"),
        ("a: &x\n  n: 1\nb: *x\n", "alias"),
    ],
)
def test_bad_statistics_are_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / STATISTICS).write_text(text)
    with pytest.raises(BankError) as error:
        measured(tmp_path)
    assert said in str(error.value) and STATISTICS in str(error.value)


def test_exams_weigh_by_their_answers() -> None:
    from question_bank.analysis.feedback import Sitting

    found = combine([Sitting("b", 0.2, 10), Sitting("a", 0.5, 30, 0.4)])
    assert (found.difficulty, found.n, found.discrimination) == (0.425, 40, 0.4)
    assert [s.exam for s in found.exams] == ["a", "b"]


# ---- the command


def test_the_command_writes_page_json_and_bank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bank").mkdir()
    write_csv(tmp_path / "a.csv", classroom())
    given_ = ("exam", "analyse", "a.csv", "-o", "a.html", "--json-out", "a.json", "--bank", "bank", "--exam", "mid")
    ran: Ran = command(*given_)
    assert ran.code == 1, ran.err  # a key to check
    assert "item-04" in ran.out and "Check the key" in " ".join(ran.out.split())
    assert "item-04" in ran.err and "in doubt" in ran.err
    assert "<!doctype html>" in Path("a.html").read_text() and json.loads(Path("a.json").read_text())["exam"] == "mid"
    assert Path("a.html").stat().st_mode & 0o077 == 0
    assert "item-01" in measured(Path("bank"))
    sound: Ran = command("exam", "analyse", _sound(tmp_path), "--json")
    assert sound.code == 0 and json.loads(sound.out)["students"] == 100


def _sound(folder: Path) -> str:
    write_csv(folder / "sound.csv", sit(sound_items(10, 4), 100, 3))
    return "sound.csv"


def test_the_command_marks_by_forms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "forms").mkdir()
    exam(tmp_path / "forms", cell(2))
    items = [single(f"item-{n}") for n in "abcd"]
    responses = {}
    for i in range(8):
        write_form(tmp_path / "forms", form(f"s{i}", *items))
        responses[f"s{i}"] = {f"q{n}": 0 if (i + n) % 4 else 1 for n in range(1, 5)}
    Path("r.json").write_text(json.dumps(responses))
    Path("t.json").write_text(json.dumps({"s1": {"q1": 30}}))
    ran: Ran = command("exam", "analyse", "r.json", "--forms", "forms", "--times", "t.json", "--json")
    assert ran.code == 0, ran.err
    value = json.loads(ran.out)
    assert (value["exam"], value["students"], len(value["units"])) == ("mid", 8, 4)
    assert [u["share"]["value"] for u in value["units"]] == [0.75] * 4
    assert value["units"][0]["seconds"][1] == 30 and value["units"][0]["stem"] == "Stem of item-a?"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("none.csv",), "none.csv"),
        (("bad.json",), "not valid JSON"),
        (("sound.csv", "--times", "t.json"), "--times needs --forms"),
        (("sound.csv", "--bank", "."), "the exam needs a name"),
        (("sound.csv", "--forms", "nowhere"), "nowhere"),
    ],
)
def test_the_command_says_what_is_wrong(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command,  # type: ignore[no-untyped-def]
    args: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    _sound(tmp_path)
    (tmp_path / "bad.json").write_text("{")
    ran: Ran = command("exam", "analyse", *args, "-o", "out.html")
    assert ran.code == 2 and said in " ".join(ran.err.split())
    assert not Path("out.html").exists()
