"""Measured difficulties beside the estimates: in the numbers of a bank, and with each item that is shown."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.commands import Ran
from rich.console import Console

from autograder.cli.bank.review import ReviewSession, run
from question_bank.analysis.feedback import STATISTICS, Measured, Sitting, read_statistics
from question_bank.analysis.limits import ROUGHLY, TOO_FEW, quality
from question_bank.item import RETIRED, Item, Option
from question_bank.stats import compare_difficulty, measured_of
from question_bank.store import ITEMS, plain, write_items, write_yaml
from question_bank.templates import load_templates
from question_bank.templates.engine import draw

Command = Callable[..., Ran]
DRAWN = load_templates()[0]
TEMPLATE, ESTIMATE = DRAWN.id, DRAWN.difficulty


def _item(name: str, difficulty: float, state: str = "draft") -> Item:
    options = (Option("the first", correct=True), Option("the second"), Option("the third"))
    return Item(name, "single", "dams", "remember", difficulty, f"Which gate is {name}?", "x", options, state=state)


def _measured(**exams: tuple[float, int]) -> Measured:
    sittings = tuple(Sitting(name, difficulty, n) for name, (difficulty, n) in exams.items())
    n = sum(s.n for s in sittings)
    return Measured(round(sum(s.difficulty * s.n for s in sittings) / n, 4), n, sittings)


ITEMS_THERE = [
    _item("easy", 0.2),
    _item("fair", 0.5),
    _item("hard", 0.8),
    _item("old", 0.5, RETIRED),
    _item("new", 0.5),
]
FOUND = {
    "easy": _measured(may=(0.3, 200)),
    "fair": _measured(may=(0.9, 20)),
    "gone": _measured(june=(0.4, 40)),
    "hard": _measured(june=(0.5, 30), may=(0.5, 40)),
    "old": _measured(may=(0.1, 100)),
    TEMPLATE: _measured(june=(round(ESTIMATE - 0.05, 4), 100)),
}


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    write_items(tmp_path / ITEMS / "dams.yaml", ITEMS_THERE)
    return tmp_path


@pytest.fixture
def measured(bank: Path) -> Path:
    write_yaml(bank / STATISTICS, {name: plain(one) for name, one in FOUND.items()})
    assert read_statistics(bank) == FOUND
    return bank


def test_estimates_are_compared_with_measurements_furthest_off_first() -> None:
    found = compare_difficulty(ITEMS_THERE, {TEMPLATE: ESTIMATE, "other": 0.5}, FOUND)
    assert (found.items, found.templates, found.gone, found.exams) == (3, 1, ("gone", "old"), 2)
    assert found.answers == 200 + 20 + 40 + 70 + 100 + 100
    # What has too few answers is last, though it is furthest off, and in no mean.
    assert [(c.id, c.off, c.n, c.exams, c.quality) for c in found.compared] == [
        ("hard", -0.3, 70, 2, ROUGHLY),
        ("easy", 0.1, 200, 1, ""),
        (TEMPLATE, -0.05, 100, 1, ""),
        ("fair", 0.4, 20, 1, TOO_FEW),
    ]
    assert (found.counted, found.mean, found.largest, found.bias) == (3, 0.15, 0.3, round(-0.25 / 3, 4))
    assert [c.template for c in found.compared] == [False, False, True, False]


def test_without_enough_answers_there_is_no_mean() -> None:
    found = compare_difficulty(ITEMS_THERE, {}, {"fair": FOUND["fair"]})
    assert (found.items, found.counted, found.mean, found.largest, found.bias) == (1, 0, None, None, None)
    assert [quality(n) for n in (1, 29, 30, 99, 100)] == [TOO_FEW, TOO_FEW, ROUGHLY, ROUGHLY, ""]


def test_a_draw_stands_for_its_template() -> None:
    assert measured_of(draw(DRAWN, "7"), FOUND) == FOUND[TEMPLATE]
    assert measured_of(ITEMS_THERE[0], FOUND) == FOUND["easy"] and measured_of(ITEMS_THERE[4], FOUND) is None


def test_stats_say_how_good_the_estimates_are(
    measured: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    ran = command("bank", "stats", "--bank", measured)
    text = " ".join(ran.out.split())
    assert ran.code == 0, ran.err
    assert "measured in exams: 3 items and 1 template, in 2 exams, with 530 answers" in text
    assert "measured too, but retired or no longer in the bank: 2" in text
    assert "differ by 0.15 on average, by 0.30 at most (3 with 30 answers or more)" in text
    assert "on the whole they were 0.08 easier than estimated" in text
    assert "hard 0.80 0.50 −0.30 70 rough (below 100) easy 0.20 0.30 +0.10 200" in text
    assert "fair 0.50 0.90 +0.40 20 too few (below 30): the estimate is used" in text
    told = json.loads(command("bank", "stats", "--bank", measured, "--json").out)["measured"]
    assert told["answers"] == 530 and told["mean"] == 0.15 and told["gone"] == ["gone", "old"]
    assert told["compared"][0] == {
        "id": "hard", "template": False, "estimated": 0.8, "measured": 0.5, "off": -0.3, "n": 70, "exams": 2,
        "quality": "rough",
    }  # fmt: skip


def test_too_few_answers_are_reported_as_such(bank: Path, command: Command) -> None:
    write_yaml(bank / STATISTICS, {"fair": plain(FOUND["fair"])})
    text = " ".join(command("bank", "stats", "--bank", bank).out.split())
    assert "1 item and 0 templates, in 1 exam, with 20 answers" in text
    assert "nothing has 30 answers yet" in text and "differ by" not in text


def test_a_long_list_is_cut_and_says_so(bank: Path, command: Command) -> None:
    write_items(bank / ITEMS / "dams.yaml", [_item(f"item-{i:02}", 0.5) for i in range(13)])
    found = {f"item-{i:02}": plain(_measured(may=(0.5 + i / 100, 100))) for i in range(13)}
    write_yaml(bank / STATISTICS, found)
    ran = command("bank", "stats", "--bank", bank)
    assert "item-12" in ran.out and "item-02" not in ran.out and "and 3 more" in ran.out


def test_a_bank_without_measurements_says_nothing_of_them(bank: Path, command: Command) -> None:
    for arguments in (
        ("stats",),
        ("stats", "--json"),
        ("show", "easy"),
        ("show", "easy", "--json"),
        ("show", TEMPLATE),
    ):
        ran = command("bank", *arguments, "--bank", bank)
        assert ran.code == 0 and "measured" not in ran.out, arguments


def test_show_and_review_put_it_beside_the_estimate(measured: Path, command: Command) -> None:
    def shown(*arguments: str) -> str:
        return " ".join(command("bank", "show", *arguments, "--bank", measured).out.replace("│", "").split())

    assert "difficulty 0.20, measured 0.30 (200 answers) · draft" in shown("easy")
    assert "measured 0.90 (20 answers: too few)" in shown("fair")
    assert f"measured {ESTIMATE - 0.05:.2f} (100 answers)" in shown(TEMPLATE)
    assert "measured" not in shown("new")
    assert json.loads(shown("hard", "--json"))["measured"]["n"] == 70
    console = Console(file=io.StringIO(), width=100)
    desk = ReviewSession(measured, {i.id: i for i in ITEMS_THERE}, {}, ["hard"], "ada", measured=FOUND)
    run(desk, console, lambda: "q", lambda text: None)
    assert "difficulty 0.80, measured 0.50 (70 answers: rough) · draft" in console.file.getvalue()  # type: ignore[attr-defined]


def test_review_reads_them_from_the_bank(measured: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    from autograder.cli.bank import review

    desks: list[ReviewSession] = []
    monkeypatch.setattr(review.sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(review.sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr(review, "run", lambda desk, *others: desks.append(desk))
    assert command("bank", "review", "--bank", measured).code == 0
    assert desks[0].measured == FOUND


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("easy: [unclosed", "statistics.yaml:"),
        ("easy:\n  difficulty: 0.2\n  n: many\n  exams: []\n", "statistics.yaml:3: easy.n: expected a number"),
        ("easy:\n  difficulty: 3\n  n: 4\n  exams: []\n", "statistics.yaml: easy: difficulty: expected a number from"),
        ("? [easy]\n: {difficulty: 0.2}\n", "statistics.yaml:1: expected a name, not a list or fields"),
        ("\x00", "statistics.yaml: not valid YAML"),
    ],
)
@pytest.mark.parametrize("arguments", [("stats",), ("stats", "--json"), ("show", "easy"), ("review",)])
def test_damaged_statistics_are_told_with_their_file(
    bank: Path, command: Command, arguments: tuple[str, ...], text: str, words: str
) -> None:
    (bank / STATISTICS).write_text(text)
    ran = command("bank", *arguments, "--bank", bank)
    assert ran.code == 2 and not ran.out
    assert words in " ".join(ran.err.split()) and "Traceback" not in ran.err
