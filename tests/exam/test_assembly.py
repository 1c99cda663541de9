"""Assembly of forms: reproducible, equal in blueprint and difficulty, without conflicting items."""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import json
import random
import stat
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from helpers.commands import ROOT
from helpers.exams import WORDS, bank, cell, exam, one_of_each, single
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.exam.arrange import arranged
from autograder.exam.assemble import choose_units, make_form, make_plan
from autograder.exam.choose import CellDemand, NoChoiceError, UnitTable, balance, bits, choose
from autograder.exam.conflicts import find_conflict
from autograder.exam.dry_run import dry_run
from autograder.exam.exposure import read_exposure, times_used, with_exam, write_exposure
from autograder.exam.form import Form, PlacedItem, Task, form_seed, show
from autograder.exam.forms import build, form_file_name, form_text, read_folder, read_form, write_form
from autograder.exam.notebook import notebook
from autograder.exam.open import open_responses
from autograder.exam.paper import keys, papers, preview
from autograder.exam.pool import ItemPool
from autograder.exam.sitting import BEGUN
from autograder.exam.toml_fields import ExamError
from question_bank.item import APPROVED, DRAFT, RETIRED, Item, Number, Option, Pair, replace
from question_bank.templates import load_templates

SECRET = b"k" * 32
STUDENTS = [f"s{n}" for n in range(200)]


def mean(form: Form) -> float:
    return sum(p.item.difficulty * p.points for p in form.placed) / sum(p.points for p in form.placed)


# ---- fair and the same


def test_two_hundred_forms_follow_the_blueprint_and_have_similar_difficulty(tmp_path: Path) -> None:
    items = [*bank(60), *bank(50, "softmax", "soft", level="apply"), *bank(12, "tanh", "tan")]
    cells = cell(6, 1, topic="relu") + cell(4, 2.5, topic="softmax", level="apply") + cell(2, 1, topic="tanh")
    plan = make_plan(exam(tmp_path, cells, "bound = 0.01"), ItemPool(items))
    forms = [make_form(plan, SECRET, s) for s in STUDENTS]
    for form in forms:
        assert Counter((p.item.topic, p.points) for p in form.placed) == {
            ("relu", 1): 6,
            ("softmax", 2.5): 4,
            ("tanh", 1): 2,
        }
        assert [p.name for p in form.placed] == [f"q{n}" for n in range(1, 13)]
        assert abs(mean(form) - plan.target) <= 0.01 + 1e-9
        assert find_conflict([p.item for p in form.placed]) == ""
    assert len({frozenset(p.item.id for p in form.placed) for form in forms}) > 190
    met = Counter(p.item.id for form in forms for p in form.placed if p.item.topic == "relu")
    assert len(met) == 60
    assert max(met.values()) < 3 * 200 * 6 / 60


def test_without_the_bound_forms_differ_more(tmp_path: Path) -> None:
    items = bank(60)
    wide = make_plan(exam(tmp_path, cell(5), "bound = 1"), ItemPool(items))
    tight = make_plan(exam(tmp_path, cell(5), "bound = 0.01"), ItemPool(items))
    spread = [
        max(values) - min(values)
        for plan in (wide, tight)
        for values in [[choose_units(plan, form_seed(SECRET, "mid", s)).difficulty for s in STUDENTS]]
    ]
    assert spread[1] <= 0.02 + 1e-9 < 0.2 < spread[0]


def test_a_target_moves_every_form(tmp_path: Path) -> None:
    plan = make_plan(exam(tmp_path, cell(5, target=0.3)), ItemPool(bank(60)))
    assert plan.target == pytest.approx(0.3)
    assert all(abs(mean(make_form(plan, SECRET, s)) - 0.3) <= 0.02 + 1e-9 for s in STUDENTS[:30])


def test_an_impossible_bound_is_reported_with_the_nearest_difficulty(tmp_path: Path) -> None:
    items = [single("easy", 0.1), single("hard", 0.9)]
    plan = make_plan(exam(tmp_path, cell(1)), ItemPool(items))
    with pytest.raises(ExamError, match=r"bound: no choice .* 0\.500; the nearest has 0\.[19]00\. Widen"):
        make_form(plan, SECRET, "s1")


def test_measured_difficulty_counts_instead_of_the_estimate(tmp_path: Path) -> None:
    items = bank(20)
    plan = make_plan(
        exam(tmp_path, cell(3, difficulty=[0.9, 1.0])), ItemPool(items, measured={i.id: 0.95 for i in items[:5]})
    )
    form = make_form(plan, SECRET, "s1")
    assert {p.item.id for p in form.placed} <= {i.id for i in items[:5]}
    assert all(p.item.difficulty == 0.95 for p in form.placed)


def test_a_form_depends_on_secret_exam_and_student_only(tmp_path: Path) -> None:
    items = bank(40)
    made = make_plan(exam(tmp_path, cell(5)), ItemPool(items))
    shuffled = random.Random(1).sample(items, len(items))
    again = make_plan(exam(tmp_path, cell(5)), ItemPool(shuffled))
    other = make_plan(dataclasses.replace(made.exam, id="other"), ItemPool(items))
    first = form_text(make_form(made, SECRET, "ada"))
    assert form_text(make_form(again, SECRET, "ada")) == first
    assert form_text(make_form(made, b"x" * 32, "ada")) != first
    assert make_form(made, SECRET, "bob").placed != make_form(made, SECRET, "ada").placed
    assert make_form(other, SECRET, "ada").placed != make_form(made, SECRET, "ada").placed


SCRIPT = """
import sys; sys.path[:0] = [{root!r}, {tests!r}]
from pathlib import Path
from helpers.exams import bank, cell, exam
from autograder.exam.assemble import make_form, make_plan
from autograder.exam.forms import form_text
from autograder.exam.pool import ItemPool
from question_bank.templates import load_templates
wanted = [t for t in load_templates() if t.topic == "softmax"][:1]
plan = make_plan(exam(Path({folder!r}), cell(4) + cell(1, kind="numeric")), ItemPool(bank(30), wanted))
print("".join(form_text(make_form(plan, b"k" * 32, f"s{{n}}")) for n in range(3)), end="")
"""


def test_another_process_makes_the_same_bytes(tmp_path: Path) -> None:
    code = SCRIPT.format(root=str(ROOT), tests=str(ROOT / "tests"), folder=str(tmp_path))
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, timeout=120,
        env={"PYTHONHASHSEED": "7", "PATH": "/usr/bin:/bin", "JAX_PLATFORMS": "cpu"},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    wanted = [t for t in load_templates() if t.topic == "softmax"][:1]
    plan = make_plan(exam(tmp_path, cell(4) + cell(1, kind="numeric")), ItemPool(bank(30), wanted))
    texts = "".join(form_text(make_form(plan, SECRET, f"s{n}")) for n in range(3))
    assert ran.stdout == texts.encode()
    assert texts.count('"template"') == 3


# ---- templates


def test_templates_give_every_student_different_numbers(tmp_path: Path) -> None:
    wanted = [t for t in load_templates() if t.topic == "softmax"]
    plan = make_plan(exam(tmp_path, cell(1, kind="numeric") + cell(1, kind="single")), ItemPool([], wanted))
    forms = [make_form(plan, SECRET, s) for s in STUDENTS[:12]]
    for form in forms:
        assert sorted(p.item.kind for p in form.placed) == ["numeric", "single"]
        assert len({p.item.group for p in form.placed}) == 2
    assert len({p.item.stem for form in forms for p in form.placed}) > 12
    assert form_text(make_form(plan, SECRET, "s3")) == form_text(forms[3])


# ---- what may not meet


def test_items_with_a_shared_fact_or_group_and_revealing_items_never_meet(tmp_path: Path) -> None:
    items = bank(6)
    a, b, c, d, e, f = items
    items = [a, replace(b, facts=a.facts), c, replace(d, group="g"), replace(e, group="g"), f]
    told = single("gives", facts=("other",))
    told = replace(
        told,
        stem="Which harbour pilot guides tankers?",
        options=(Option("Lantern warden", True), Option("b"), Option("c")),
    )
    telling = single("tells", facts=("third",))
    telling = replace(telling, stem="The lantern warden, a harbour pilot who guides tankers, earns what?")
    twin = replace(c, id="twin", facts=("fourth",))
    items += [told, telling, twin]
    plan = make_plan(exam(tmp_path, cell(5), "bound = 1"), ItemPool(items))
    never = [{a.id, b.id}, {d.id, e.id}, {c.id, "twin"}, {"gives", "tells"}]
    seen = set()
    for student in STUDENTS:
        ids = {p.item.id for p in make_form(plan, SECRET, student).placed}
        assert not any(pair <= ids for pair in never), ids
        seen |= ids
    assert seen == {i.id for i in items}
    with pytest.raises(ExamError, match=r"needs 6; 9 fit, but too many of them share"):
        make_form(make_plan(exam(tmp_path, cell(6), "bound = 1"), ItemPool(items)), SECRET, "s1")


def test_linked_items_come_together_in_their_order(tmp_path: Path) -> None:
    items = bank(12)
    first, second = items[7], replace(items[2], facts=items[7].facts)
    items[2] = second
    top = f'bound = 1\n[[link]]\nitems = ["{first.id}", "{second.id}"]'
    plan = make_plan(exam(tmp_path, cell(5), top), ItemPool(items))
    met = 0
    for student in STUDENTS[:80]:
        ids = [p.item.id for p in make_form(plan, SECRET, student).placed]
        assert len(ids) == 5
        assert (first.id in ids) == (second.id in ids)
        if first.id in ids:
            met += 1
            assert ids.index(second.id) == ids.index(first.id) + 1
    assert 0 < met < 80


def test_impossible_links_and_fixed_items_are_reported(tmp_path: Path) -> None:
    items = [*bank(5), *bank(3, "tanh", "tan")]
    top = f'[[link]]\nitems = ["{items[0].id}", "{items[5].id}"]'
    with pytest.raises(ExamError, match=r"link\.items: no cell fits all of"):
        make_plan(exam(tmp_path, cell(2, topic="relu"), top), ItemPool(items))
    with pytest.raises(ExamError, match=r"link\.items: the banks have no item 'more'"):
        make_plan(exam(tmp_path, cell(2), '[[link]]\nitems = ["nothing", "more"]'), ItemPool(items))
    fixed = '[[section.item]]\nid = "{}"\npoints = 2\n'
    with pytest.raises(ExamError, match=r"the banks have no item 'item-ambre-flint' \(similar: item-amber-flint"):
        make_plan(exam(tmp_path, fixed.format("item-ambre-flint")), ItemPool(items))
    with pytest.raises(ExamError, match="is draft; expected approved"):
        make_plan(exam(tmp_path, fixed.format("x")), ItemPool([single("x", state=DRAFT)]))
    both = fixed.format("x") + fixed.format("y")
    with pytest.raises(ExamError, match=r"section\.item: x and y test the same fact"):
        make_plan(exam(tmp_path, both), ItemPool([single("x"), single("y", facts=("fact-x",))]))


def test_fixed_items_are_in_every_form_and_exclude_conflicting_items(tmp_path: Path) -> None:
    items = bank(12)
    items[1] = replace(items[1], facts=items[0].facts)
    fixed = f'[[section.item]]\nid = "{items[0].id}"\npoints = 3\n'
    plan = make_plan(exam(tmp_path, cell(4) + fixed, "bound = 1"), ItemPool(items))
    for student in STUDENTS[:50]:
        form = make_form(plan, SECRET, student)
        worth = {p.item.id: p.points for p in form.placed}
        assert len(worth) == 5
        assert worth[items[0].id] == 3
        assert items[1].id not in worth


# ---- too few


def test_a_cell_without_enough_items_is_named_with_what_is_missing(tmp_path: Path) -> None:
    items = [
        *bank(4),
        *bank(3, prefix="draft", state=DRAFT),
        *bank(2, prefix="old", state=RETIRED),
        *bank(3, "tanh", "tan"),
    ]
    cells = cell(3, topic="tanh") + cell(6, topic="relu", level="remember", kind="single")
    with pytest.raises(ExamError) as told:
        make_plan(exam(tmp_path, cells), ItemPool(items))
    text = str(told.value)
    assert text.startswith("section “First”, cell 2 (relu, remember, single): needs 6, 2 are missing: 12 in total")
    assert "9 on relu" in text
    assert "4 approved" in text
    with pytest.raises(ExamError, match=r"cell 2 .*: needs 9, 2 are missing"):
        make_plan(exam(tmp_path, cells.replace("count = 6", "count = 9"), "drafts = true"), ItemPool(items))
    with pytest.raises(ExamError, match=r"topic: the bank has no item on 'rellu' \(similar: relu\)"):
        make_plan(exam(tmp_path, cell(1, topic="rellu")), ItemPool(items))


def test_cells_that_compete_for_the_same_items_are_reported(tmp_path: Path) -> None:
    items = bank(5)
    plan = make_plan(exam(tmp_path, cell(3) + cell(2, kind="single"), "bound = 1"), ItemPool(items))
    assert len({p.item.id for p in make_form(plan, SECRET, "s1").placed}) == 5
    plan = make_plan(exam(tmp_path, cell(3) + cell(3, kind="single"), "bound = 1"), ItemPool(items))
    with pytest.raises(ExamError, match=r"needs 3; 5 fit, but too many"):
        make_form(plan, SECRET, "s1")


def test_practice_items_and_overused_items_are_excluded(tmp_path: Path) -> None:
    items = bank(10)
    day = datetime.date(2026, 11, 20)
    history = with_exam({}, "e1", day - datetime.timedelta(300), [i.id for i in items[:4]])
    history = with_exam(history, "e2", day - datetime.timedelta(30), [i.id for i in items[:2]])
    history = with_exam(history, "e0", day - datetime.timedelta(2000), [i.id for i in items[:6]])
    top = "opens = 2026-11-20T09:00:00Z\nbound = 1\n[exposure]\nmost = {}\nyears = 3"

    def left(most: int, **more: object) -> int:
        item_pool = ItemPool(items, history=history, **more)  # type: ignore[arg-type]
        return make_plan(exam(tmp_path, cell(1), top.format(most)), item_pool).demands[0].pool.bit_count()

    assert [left(most) for most in (1, 2, 3, 0)] == [6, 8, 10, 10]
    assert left(0, practised=[replace(items[9], id="renamed")]) == 9
    # An exam that is built again does not wear its own items out, nor do later exams.
    later = with_exam(history, "mid", day - datetime.timedelta(7), [i.id for i in items])  # it was put off by a week
    later = with_exam(later, "e3", day + datetime.timedelta(1), [i.id for i in items])
    assert all(times_used(later, i.id, "mid", day, 3) == times_used(history, i.id, "mid", day, 3) for i in items)


def test_the_exposure_file_keeps_the_uses_of_other_exams(tmp_path: Path) -> None:
    path, day = tmp_path / "usage.json", datetime.date(2026, 1, 2)
    write_exposure(path, with_exam(read_exposure(path), "e1", day, ["a", "a", "b"]))
    write_exposure(path, with_exam(read_exposure(path), "e2", day, ["a"]))
    write_exposure(path, with_exam(read_exposure(path), "e1", day, ["b"]))
    found = read_exposure(path)
    assert {k: [(u.exam, u.forms) for u in v] for k, v in found.items()} == {"a": [("e2", 1)], "b": [("e1", 1)]}
    for text in ("[]", "{", '{"a": 1}', '{"a": [{"exam": "e", "on": "x", "forms": 1}]}', '{"a": [{"exam": 3}]}'):
        path.write_text(text)
        with pytest.raises(ExamError, match=r"usage\.json"):
            read_exposure(path)


# ---- the search


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_the_search_finds_a_choice_exactly_where_there_is_one(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 7))
    sizes = data.draw(st.lists(st.sampled_from([1, 1, 1, 2]), min_size=n, max_size=n))
    excluded = [0] * n
    for a, b in data.draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=8)):
        if a != b:
            excluded[a] |= 1 << b
            excluded[b] |= 1 << a
    pools = data.draw(st.lists(st.integers(0, 2**n - 1), min_size=1, max_size=3))
    demands = [CellDemand(pool, data.draw(st.integers(1, 3)), 1.0) for pool in pools]
    table = UnitTable(sizes, [0.5] * n, excluded)

    def sound(cells: tuple[tuple[int, ...], ...]) -> bool:
        flat = [u for units in cells for u in units]
        return (
            len(set(flat)) == len(flat)
            and not any(excluded[a] >> b & 1 for a, b in itertools.combinations(flat, 2))
            and all(
                sum(sizes[u] for u in units) == demand.count and all(demand.pool >> u & 1 for u in units)
                for units, demand in zip(cells, demands, strict=True)
            )
        )

    ways = [[c for k in range(4) for c in itertools.combinations(bits(demand.pool), k)] for demand in demands]
    possible = any(sound(cells) for cells in itertools.product(*ways))
    rng = random.Random(data.draw(st.integers(0, 99)))
    if possible:
        assert sound(tuple(map(tuple, choose(demands, table, rng))))
    else:
        with pytest.raises(NoChoiceError) as told:
            choose(demands, table, rng)
        assert told.value.exhausted


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_swaps_for_difficulty_cause_no_conflict(number: int) -> None:
    chance = random.Random(number)
    excluded = [0] * 14
    for _ in range(16):
        a, b = chance.sample(range(14), 2)
        excluded[a] |= 1 << b
        excluded[b] |= 1 << a
    table = UnitTable([1] * 14, [chance.random() for _ in range(14)], excluded)
    demands = [CellDemand(0b1111111, 2, 1.0), CellDemand(0b11111110000000, 2, 2.0)]
    try:
        start = choose(demands, table, chance)
    except NoChoiceError:
        return
    excess = (
        sum(table.levels[n] * demand.points for demand, units in zip(demands, start, strict=True) for n in units) - 3.0
    )
    end, left = balance(start, demands, table, excess, 0.01, chance)
    flat = [n for units in end for n in units]
    assert len(set(flat)) == 4
    assert not any(excluded[a] >> b & 1 for a, b in itertools.combinations(flat, 2))
    assert all(demand.pool >> n & 1 for demand, units in zip(demands, end, strict=True) for n in units)
    told = sum(table.levels[n] * demand.points for demand, units in zip(demands, end, strict=True) for n in units) - 3.0
    assert left == pytest.approx(told)
    assert abs(left) <= abs(excess)


# ---- order of options


@pytest.mark.parametrize(
    "texts",
    [
        ("3", "10", "200"),
        ("0.5 px", "2 px", "10 px"),
        ("1987", "1998", "2012"),
        ("True", "False"),
        ("Decreases", "Stays the same", "Increases"),
        ("Red", "Blue", "All of the above"),
        ("Red", "Blue", "Both A and B"),
        ("Red", "Blue", "None of these"),
    ],
)
def test_options_with_a_meaningful_order_keep_it(texts: tuple[str, ...]) -> None:
    item = replace(single("x"), options=tuple(Option(t, n == 0) for n, t in enumerate(texts)))
    assert all(tuple(o.text for o in arranged(item, f"seed {n}").options) == texts for n in range(30))


def test_numbers_ascend_and_words_are_shuffled_evenly_whatever_the_key_is() -> None:
    wild = replace(single("x"), options=(Option("30", True), Option("4"), Option("200")))
    assert [o.text for o in arranged(wild, "s").options] == ["4", "30", "200"]
    item = single("y")
    other = replace(item, options=tuple(Option(o.text, n == 2) for n, o in enumerate(item.options)))
    orders = Counter()
    for n in range(600):
        order = tuple(o.text for o in arranged(item, f"{n}").options)
        assert order == tuple(o.text for o in arranged(other, f"{n}").options)
        orders[order] += 1
    assert len(orders) == 6
    assert min(orders.values()) > 60


# ---- nothing of the key is shown


def with_another_key(item: Item) -> Item:
    """The same words with another key."""
    if item.options and item.kind in ("single", "multiple"):
        turned = tuple(
            Option(o.text, item.options[n - 1].correct, "other feedback") for n, o in enumerate(item.options)
        )
        return replace(item, options=turned, explanation="Other.", difficulty=0.9, facts=("z",), id="other-id")
    number = item.number and Number(item.number.value + 7, 3.0, item.number.unit, (), 0.1, 2)
    rights = [*(p.right for p in item.pairs), *item.extra]
    pairs = tuple(Pair(p.left, rights[n - 2]) for n, p in enumerate(item.pairs))
    extra = tuple(r for r in rights if r not in {p.right for p in pairs})
    return replace(
        item, number=number, accepted=tuple(f"not {a}" for a in item.accepted), pairs=pairs, extra=extra,
        steps=item.steps[::-1], gaps=tuple(("other",) for _ in item.gaps), explanation="Other.", id="other-id",
    )  # fmt: skip


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_with_another_key_what_is_shown_is_the_same_bytes(number: int) -> None:
    student = f"student {number}"
    items = [*one_of_each(), single("plain")]
    others = [with_another_key(item) for item in items]
    assert all(a != b for a, b in zip(items, others, strict=True))
    form, other = (
        Form(
            "mid",
            student,
            tuple(
                PlacedItem(f"q{n}", arranged(replace(i, id="same"), student), 2.0, "First")
                for n, i in enumerate(several, 1)
            ),
        )
        for several in (items, others)
    )
    shown = [[dataclasses.asdict(show(p, f)) for p in f.placed] for f in (form, other)]
    assert json.dumps(shown[0]).encode() == json.dumps(shown[1]).encode()
    blueprint = _exam()
    assert papers(blueprint, [form]) == papers(blueprint, [other])
    assert notebook(blueprint, form) == notebook(blueprint, other)
    assert keys(blueprint, [form]) != keys(blueprint, [other])
    assert preview(blueprint, [form]) != preview(blueprint, [other])


def _exam():  # type: ignore[no-untyped-def]
    from autograder.exam.blueprint import Exam, Section

    return Exam("mid", "Mid-term", 90, (Section("First"),))


# ---- files


def test_forms_are_private_and_come_back_whole(tmp_path: Path) -> None:
    placed = tuple(PlacedItem(f"q{n}", item, 1.5, "First") for n, item in enumerate(one_of_each(), 1))
    form = Form("mid", "Zoë/../é <b>", placed, (Task("backprop", "Backprop", 10.0, "First"),))
    path = write_form(tmp_path, form)
    assert path.parent == tmp_path / "forms"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert read_form(path) == form
    assert form.points == 8 * 1.5 + 10
    assert form_file_name("a b") != form_file_name("a/b") != form_file_name("a-b")
    assert "/" not in form_file_name("../../x")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.pop("student"), "'student' is missing"),
        (lambda d: d.update(more=1), "unknown field 'more'"),
        (lambda d: d["placed"][0].update(points="1"), r"placed\[0\].points: expected float"),
        (lambda d: d["placed"][0].update(points=True), r"placed\[0\].points: expected float"),
        (lambda d: d["placed"][0]["item"].update(kind="essay"), "q1: kind"),
        (lambda d: d["placed"].append(d["placed"][0]), "two items have the same name"),
        (lambda d: d["placed"][0]["item"].update(options=[]), "q1: options"),
    ],
)
def test_damaged_forms_are_reported_with_the_field(tmp_path: Path, change: object, words: str) -> None:
    path = write_form(tmp_path, Form("mid", "s", (PlacedItem("q1", single("x"), 1.0),)))
    data = json.loads(path.read_text())
    change(data)  # type: ignore[operator]
    path.write_text(json.dumps(data))
    with pytest.raises(ExamError, match=words):
        read_form(path)
    for text in ("{", "[]", "[" * 100_000, '"x"'):
        path.write_text(text)
        with pytest.raises(ExamError):
            read_form(path)


def test_build_of_plain_data_stops_at_depth() -> None:
    deep: object = []
    for _ in range(50):
        deep = [deep]
    with pytest.raises(ValueError):
        build(tuple[str, ...], deep, "x")


def test_a_dry_run_reports_fairness_and_time(tmp_path: Path) -> None:
    plan = make_plan(exam(tmp_path, cell(6), "bound = 0.01"), ItemPool(bank(30)))
    found = dry_run(plan, 60)
    assert found.students == len(found.difficulties) == len(found.minutes) == 60
    assert 0 < found.spread <= 0.02 + 1e-9
    assert sum(e.forms for e in found.exposures) == 60 * 6
    assert all(m == pytest.approx(6 * 48 / 60) for m in found.minutes)
    assert found.common == pytest.approx(6 / 30, abs=0.03)


# ---- the commands


def _class(tmp_path: Path, count: int = 3) -> None:
    (tmp_path / "class.csv").write_text("id,name\n" + "".join(f"s{n},Student {n}\n" for n in range(count)))
    (tmp_path / "course.key").write_text("k" * 40)


def test_the_commands_build_preview_and_print(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command) -> None:  # type: ignore[no-untyped-def]
    from question_bank.store import write_items

    monkeypatch.chdir(tmp_path)
    _class(tmp_path)
    items = [*bank(20, state=APPROVED), replace(single("hostile"), stem="<script>alert(1)</script> & $a<b$?")]
    write_items(tmp_path / "bank" / "own" / "mine.yaml", items)
    fixed = '[[section.item]]\nid = "hostile"\npoints = 2\n'
    exam(tmp_path, cell(4, source="bank") + fixed)
    common = ("--roster", "class.csv", "--key-file", "course.key")
    ran = command("exam", "build", "exam.toml", *common, "--usage", "usage.json")
    assert ran.code == 0, ran.err
    assert "3 forms of 5 items, 6 points" in ran.out
    _, forms = read_folder(Path("forms"))
    assert sorted(f.student for f in forms) == ["s0", "s1", "s2"]
    assert len(read_exposure(Path("usage.json"))["hostile"]) == 1
    before = {p: p.read_bytes() for p in Path("forms").rglob("*.json")}
    _class(tmp_path, 4)
    assert command("exam", "build", "exam.toml", *common, "-q").code == 0
    assert {p: p.read_bytes() for p in before} == before
    assert len(list(Path("forms/forms").iterdir())) == 4
    exam(tmp_path, cell(5, source="bank") + fixed)
    ran = command("exam", "build", "exam.toml", *common)
    assert ran.code == 2
    assert "4 existing forms differ" in " ".join(ran.err.split())
    assert {p: p.read_bytes() for p in before} == before
    assert command("exam", "build", "exam.toml", *common, "--replace", "-q").code == 0
    assert {p: p.read_bytes() for p in before} != before
    assert command("exam", "preview", "forms", "--student", "s1").code == 0
    page = Path("preview.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not any(word in page for word in ("http://", "https://")) or page.count("http") == page.count("www.w3.org")
    assert command("exam", "paper", "forms").code == 0
    assert Path("paper/papers.html").read_text().count("<article") == 4
    assert "Because of" not in Path("paper/papers.html").read_text()
    assert stat.S_IMODE(Path("paper/keys.html").stat().st_mode) == 0o600
    ran = command("exam", "dry-run", "exam.toml", "-n", "20", "--json")
    assert json.loads(ran.out)["students"] == 20


def test_a_form_is_not_replaced_after_its_student_has_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command
) -> None:  # type: ignore[no-untyped-def]
    from question_bank.store import write_items

    monkeypatch.chdir(tmp_path)
    _class(tmp_path)
    write_items(tmp_path / "bank" / "own" / "mine.yaml", bank(20, state=APPROVED))
    common = ("exam.toml", "--roster", "class.csv", "--key-file", "course.key", "-q")
    made = exam(tmp_path, cell(4, source="bank"))
    assert command("exam", "build", *common).code == 0
    open_responses(Path("forms"), made, "").add_event(BEGUN, "s1", datetime.datetime.now(datetime.UTC))
    before = {p: p.read_bytes() for p in Path("forms/forms").iterdir()}
    exam(tmp_path, cell(5, source="bank"))
    ran = command("exam", "build", *common, "--replace")
    assert ran.code == 2 and "s1" in ran.err and "have begun" in " ".join(ran.err.split())
    assert {p: p.read_bytes() for p in before} == before


@pytest.mark.parametrize(
    ("top", "arguments", "words"),
    [
        ("", ("--bank", "nowhere"), "no question bank there"),
        ("[accommodations.stranger]\npercent = 10", (), "accommodations.stranger: the roster"),
        ("minutes = 9", (), "Cannot overwrite a value"),
    ],
)
def test_the_commands_say_what_was_expected(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command,
    top: str,
    arguments: tuple[str, ...],
    words: str,  # type: ignore[no-untyped-def]
) -> None:
    from helpers.exams import EXAM

    monkeypatch.chdir(tmp_path)
    _class(tmp_path)
    (tmp_path / "exam.toml").write_text(EXAM.format(cells=cell(1), top=top))
    ran = command("exam", "build", "exam.toml", "--roster", "class.csv", "--key-file", "course.key", *arguments)
    assert ran.code == 2, ran.err
    assert words in " ".join(ran.err.split())


def test_the_helper_has_enough_words_for_its_banks() -> None:
    assert len(set(WORDS)) == len(WORDS) >= 30
