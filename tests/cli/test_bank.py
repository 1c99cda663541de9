"""The bank's commands, run the way people run them."""

from __future__ import annotations

import http.server
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from helpers.commands import Ran
from rich.console import Console

from autograder.cli.bank.review import ReviewSession, run
from question_bank import Item, Option
from question_bank.practice import practice
from question_bank.review import read_decisions
from question_bank.store import read_bank, read_items, write_items

NOTES = """# Gates

The gates of a valve cell steer what flows.

**Gates:**

- **Inlet gate**: opens the pipe towards the upper basin
- **Drain gate**: empties the lower basin after every flood
- **Bypass gate**: leads water around the turbine at night
- **Spill gate**: limits the level during heavy rain

**Steps of a flood test, in order:**

1. Close every valve of the dam
2. Fill the upper basin to the mark
3. Measure the pressure on the wall
4. Release the water through the turbine
"""

Command = Callable[..., Ran]


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "dam.md"
    path.write_text(NOTES)
    return path


@pytest.fixture
def bank(notes: Path, command: Command) -> Path:
    assert command("bank", "build", notes, "--quiet").code == 0
    return Path("bank")


def test_build_says_what_it_made_and_what_it_left_out(notes: Path, command: Command) -> None:
    notes.write_text(NOTES + "\nSubscribe to our newsletter for 20% off!\n\n**Applications:**\n\n- power\n- floods\n")
    ran = command("bank", "build", notes)
    assert ran.code == 0
    assert "items from 1 document" in ran.out
    assert "dam.md:19: reads like an advertisement" in ran.out
    assert "put aside for review" in ran.out
    kinds = {item.kind for item in read_bank(Path("bank"))}
    assert {"single", "matching", "ordering"} <= kinds


def test_building_twice_gives_the_same_bytes_in_any_order(tmp_path: Path, notes: Path, command: Command) -> None:
    other = tmp_path / "more.md"
    other.write_text(NOTES.replace("gate", "lock").replace("Gate", "Lock").replace("turbine", "mill"))
    command("bank", "build", notes, other, "-o", "a", "--quiet")
    command("bank", "build", other, notes, "-o", "b", "--quiet")
    files = [p.relative_to("a") for p in sorted(Path("a").rglob("*.yaml"))]
    assert files
    assert [p.relative_to("b") for p in sorted(Path("b").rglob("*.yaml"))] == files
    assert [(Path("a") / f).read_bytes() for f in files] == [(Path("b") / f).read_bytes() for f in files]


def test_an_empty_document_is_no_bank(tmp_path: Path, command: Command) -> None:
    (tmp_path / "empty.md").write_text("")
    ran = command("bank", "build", tmp_path / "empty.md", "-o", tmp_path / "bank")
    assert ran.code == 1
    assert "No items" in ran.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("build", "nowhere.md"), "no such file"),
        (("build", "."), "no documents there"),
        (("stats", "-b", "nowhere"), "no question bank there"),
        (("show", "nothing-like-it"), "no items begin with"),
        (("export", "word"), "unknown format 'word'"),
        (("draws", "no-template"), "no template 'no-template'"),
        (("import", "nowhere.gift"), "nowhere.gift"),
        (("fingerprint", "dam.md", "999"), "has 17 lines"),
        (("review", "--state", "perfect"), "expected one of draft"),
        (("propose", "dam.md", "--url", "file:///etc/passwd", "--model", "m"), "expected http"),
    ],
)
def test_usage_errors_say_what_was_expected(
    arguments: tuple[str, ...], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Command
) -> None:
    monkeypatch.chdir(tmp_path)
    if arguments[0] in ("fingerprint", "propose", "show"):
        (tmp_path / "dam.md").write_text(NOTES)
        assert command("bank", "build", "dam.md", "-q").code == 0
    ran = command("bank", *arguments)
    assert ran.code == 2, ran.err
    assert words in " ".join((ran.out + ran.err).split())
    assert "Traceback" not in ran.err


def test_a_broken_bank_is_told_with_file_and_line(bank: Path, command: Command) -> None:
    path = next((bank / "items").glob("*.yaml"))
    path.write_text(path.read_text().replace("level: remember", "level: guess", 1))
    ran = command("bank", "lint")
    assert ran.code == 2
    assert f"items/{path.name}:" in " ".join(ran.err.split()).replace(" ", "") or path.name in ran.err
    assert "expected one of remember" in " ".join(ran.err.split())


def test_show_prints_key_source_and_quote(bank: Path, command: Command) -> None:
    item = next(i for i in read_bank(bank) if i.id.startswith("drain-gate-term"))
    ran = command("bank", "show", item.id)
    text = " ".join(ran.out.split())
    assert ran.code == 0
    assert "✓" in text
    assert "dam.md:8" in text
    assert json.loads(command("bank", "show", item.id, "--json").out)["id"] == item.id


def test_lint_finds_the_flaws_of_items_that_people_wrote(bank: Path, command: Command) -> None:
    assert command("bank", "lint").code == 0
    (bank / "own").mkdir()
    (bank / "own" / "mine.yaml").write_text(
        "- id: mine\n  kind: single\n  topic: dams\n  level: remember\n  difficulty: 0.2\n"
        "  stem: 'Which gate is never, ever closed, except at night?'\n  explanation: x\n  options:\n"
        "  - {text: The gate that is never closed except at night because of the turbine, correct: 'true'}\n"
        "  - {text: none of the above}\n  - {text: all of the above}\n"
    )
    ran = command("bank", "lint")
    assert ran.code == 1
    assert "none of the above" in ran.out
    built = command("bank", "build", "dam.md")
    assert built.code == 1
    assert "hand-written or edited items fail the lint" in built.err


def test_lint_prints_message_advice_and_reason_on_lines_of_their_own(bank: Path, command: Command) -> None:
    write_items(bank / "own" / "mine.yaml", [choice("mine", "all of the above", ["an axle", "a brake"])])
    lines = [line.strip() for line in command("bank", "lint").out.splitlines()]
    assert any(line.startswith("mine, ") and line.endswith("(flaw)") for line in lines)
    assert any(line.startswith("What to do: ") for line in lines)
    assert any(line.startswith("Why it matters: ") for line in lines)


def choice(name: str, key: str, wrong: list[str], at: int = 0) -> Item:
    options = [Option(text) for text in wrong]
    options.insert(at, Option(key, True))
    return Item(name, "single", "dams", "remember", 0.2, "Which of these stops a flood?", "x", tuple(options))


def cued_bank(folder: Path, key: str) -> Path:
    """Forty items whose keys all have the same form."""
    items = [choice(f"item-{n}", f"{key} {n}", [f"a gate {n}", f"a lock {n}"], n % 3) for n in range(40)]
    write_items(folder / "items" / "dams.yaml", items)
    return folder


def test_guessers_are_printed_with_score_and_chance_and_fail_a_bank_with_a_cue(
    tmp_path: Path, command: Command
) -> None:
    ran = command("bank", "lint", "--guessers", "-b", cued_bank(tmp_path, "the longest of the three options"))
    assert ran.code == 1
    rows = {line.split("  ")[0]: " ".join(line.split()) for line in ran.out.splitlines()}
    assert rows["longest option"] == "longest option 40 100.0% 33.3% 7.5% beats chance"
    assert rows["smallest number"] == "smallest number 0 – – –"
    assert "beats chance" not in rows["shortest option"]


def test_guessers_pass_a_bank_without_a_cue(tmp_path: Path, command: Command) -> None:
    ran = command("bank", "lint", "--guessers", "-b", cued_bank(tmp_path, "a weir"))
    assert ran.code == 0
    assert "0 of 10 guessers beat chance" in ran.out


def test_guessers_are_given_as_json_too(tmp_path: Path, command: Command) -> None:
    ran = command("bank", "lint", "--guessers", "--json", "-b", cued_bank(tmp_path, "the longest of the three options"))
    rows = {row.pop("guesser"): row for row in json.loads(ran.out)}
    assert rows["longest option"] == {
        "items": 40,
        "score": 1.0,
        "chance": 0.3333,
        "standard_error": 0.0745,
        "beats_chance": True,
    }


def test_changing_one_line_changes_only_what_rests_on_it(notes: Path, bank: Path, command: Command) -> None:
    shutil.copytree(bank, "before")
    notes.write_text(NOTES.replace("Measure the pressure on the wall", "Photograph the wall from the boat"))
    command("bank", "build", notes, "-q")
    ran = command("bank", "diff", "before", "bank", "--json")
    changed = {c["id"] for c in json.loads(ran.out)}
    assert changed
    assert not any("inlet" in name or "drain" in name for name in changed)


def test_import_and_export_go_round(bank: Path, command: Command, tmp_path: Path) -> None:
    assert command("bank", "export", "gift", "--kind", "single", "-o", "out.gift").code == 0
    ran = command("bank", "import", "out.gift", "--bank", "second", "--topic", "dams")
    assert ran.code == 0, ran.err
    again = read_items(tmp_path / "second" / "own" / "out.yaml")
    first = [i for i in read_bank(bank) if i.kind == "single"]
    assert sorted(i.stem for i in again) == sorted(i.stem for i in first)
    assert sorted(i.keys for i in again) == sorted(i.keys for i in first)
    assert {i.state for i in again} == {"draft"}


def test_export_draws_templates_from_the_seed(bank: Path, command: Command) -> None:
    for name, seed in (("a.json", 1), ("b.json", 1), ("c.json", 2)):
        ran = command("bank", "export", "jupyterquiz", "--topic", "padding", "--forms", 2, "--seed", seed, "-o", name)
        assert ran.code == 0, ran.err
    a, b, c = (Path(n).read_bytes() for n in ("a.json", "b.json", "c.json"))
    assert a == b != c


def test_one_bad_question_does_not_void_the_others(tmp_path: Path, command: Command) -> None:
    file = tmp_path / "quiz.txt"
    file.write_text("What is 1 + 1?\nA) 2\nB) 3\nANSWER: A\n\nWhat is 2 + 2?\nA) 4\nB) 5\nANSWER: Q\n")
    ran = command("bank", "import", file, "--bank", tmp_path / "bank", "--format", "aiken")
    assert ran.code == 1
    assert "quiz.txt:" in "".join(ran.err.split())
    assert len(read_items(tmp_path / "bank" / "own" / "quiz.yaml")) == 1


# ---- review


def desk(bank: Path) -> ReviewSession:
    built = {item.id: item for item in read_bank(bank)}
    return ReviewSession(bank, built, {}, sorted(built), "ada")


def press(desk: ReviewSession, *keys: str, edit: Callable[[str], str | None] = lambda text: None) -> str:
    feed = iter([*keys, "q"])
    console = Console(file=__import__("io").StringIO(), width=80, force_terminal=False)
    run(desk, console, lambda: next(feed), edit)
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def test_one_key_approves_and_goes_on_and_is_stored_at_once(bank: Path) -> None:
    at = desk(bank)
    first, second = at.order[:2]
    shown = press(at, "a", "r")
    stored = read_decisions(bank)
    assert (stored[first].state, stored[second].state, stored[first].by) == ("approved", "retired", "ada")
    assert first in shown
    assert "dam.md" in shown


def test_undo_takes_back_and_returns(bank: Path) -> None:
    at = desk(bank)
    press(at, "a", "a", "u")
    assert list(read_decisions(bank)) == [at.order[0]]
    assert at.at == 1


def test_an_edit_is_checked_before_it_is_stored(bank: Path) -> None:
    at = desk(bank)
    texts = iter(["- id: [broken", None])
    shown = press(at, "e", edit=lambda text: next(texts))
    assert read_decisions(bank) == {}
    assert "not changed" in shown
    press(at, "e", "a", edit=lambda text: text.replace("difficulty: 0", "difficulty: 0.9 #"))
    stored = read_decisions(bank)[at.order[0]]
    assert stored.state == "approved"
    assert stored.edit[0].difficulty == 0.9


def test_an_edit_cannot_change_the_id(bank: Path) -> None:
    at = desk(bank)
    press(at, "e", edit=lambda text: text.replace(f"id: {at.order[0]}", "id: other", 1))
    assert read_decisions(bank) == {}


def test_other_keys_say_so_and_do_nothing(bank: Path) -> None:
    at = desk(bank)
    assert "does nothing here" in press(at, "x")
    press(at, "n", "n", "p")
    assert (at.at, read_decisions(bank)) == (1, {})


def test_review_without_a_terminal_takes_decisions_as_options(bank: Path, command: Command) -> None:
    name = sorted(item.id for item in read_bank(bank))[0]
    ran = command("bank", "review", "--approve", name, "--by", "ada")
    assert ran.code == 0
    assert read_decisions(bank)[name].state == "approved"
    assert command("bank", "review").code == 2
    assert "1 approved" in " ".join(command("bank", "stats").out.split())


# ---- proposals by a model


class Model(http.server.BaseHTTPRequestHandler):
    """A stand-in that speaks the chat format; ``answers`` are given one after the other."""

    answers: ClassVar[list[str]] = []
    asked: ClassVar[list[dict]] = []  # type: ignore[type-arg]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).asked.append(body)
        text = self.answers[(len(self.asked) - 1) % len(self.answers)]
        data = (
            text[4:].encode()
            if text.startswith("raw:")
            else json.dumps({"choices": [{"message": {"content": text}}]}).encode()
        )
        self.send_response(200)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def model() -> Iterator[str]:
    Model.asked = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()


GOOD = {
    "stem": "What does the bypass gate lead around the turbine at night?",
    "key": "water",
    "distractors": ["gravel", "boats"],
    "explanation": "The bypass gate leads water around the turbine.",
    "quote": "leads water around the turbine at night",
}


def ask(command: Command, model: str, *answers: str) -> Ran:
    Model.answers = list(answers)
    return command("bank", "propose", "dam.md", "--url", model, "--model", "tiny", "-n", 1, "-q")


def test_a_grounded_proposal_becomes_a_draft(notes: Path, model: str, command: Command) -> None:
    ran = ask(command, model, "Sure! " + json.dumps(GOOD) + " Anything else?")
    assert ran.code == 0, ran.err
    items = read_items(Path("bank/own/proposals.yaml"))
    assert [(i.origin, i.state, i.keys) for i in items] == [("model", "draft", ("water",))]
    assert items[0].sources[0].first == 9
    assert Model.asked[0]["model"] == "tiny"
    assert "leads water" in Model.asked[0]["messages"][0]["content"]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("I cannot help with that.", "no JSON"),
        (json.dumps(GOOD | {"quote": "dams are made of cheese"}), "quote is not in the passage"),
        (json.dumps(GOOD | {"key": "hydraulic uranium"}), "says more than its quote"),
        (json.dumps(GOOD | {"distractors": ["gravel"]}), "wrong options"),
        (json.dumps(GOOD | {"distractors": ["none of the above", "all of the above"]}), "above"),
        (json.dumps(GOOD | {"distractors": ["Water", "boats"]}), "same"),
        (json.dumps({"stem": "x"}), "lacks"),
        ("[" * 50000, "no JSON"),
    ],
)
def test_proposals_that_do_not_hold_are_refused(
    answer: str, why: str, notes: Path, model: str, command: Command
) -> None:
    ran = ask(command, model, answer)
    assert ran.code == 1
    assert why in " ".join(ran.err.split())
    assert not Path("bank").exists()


@pytest.mark.parametrize("data", ["raw:not json", "raw:{}", 'raw:{"choices": []}', 'raw:[[["x"]]]'])
def test_an_endpoint_that_speaks_something_else_is_told(notes: Path, model: str, command: Command, data: str) -> None:
    ran = ask(command, model, data)
    assert ran.code == 3
    assert "chat format" in " ".join(ran.err.split())


def test_an_endpoint_that_is_not_there_is_told(notes: Path, command: Command) -> None:
    ran = ask(command, "http://127.0.0.1:9/v1", "")
    assert ran.code == 3
    assert "cannot be reached" in " ".join(ran.err.split())


# ---- practice


def test_practice_gives_two_items_a_topic_the_same_for_the_same_work() -> None:
    once = practice(["softmax", "numerical stability", "no such topic"], "work-1")
    assert [p.topic for p in once] == ["softmax", "numerical stability"]
    assert all(len(p.items) == 2 for p in once)
    assert practice(["softmax", "numerical stability"], "work-1") == once
    assert practice(["softmax", "numerical stability"], "work-2") != once


def test_practice_without_a_bank_still_draws_templates(tmp_path: Path) -> None:
    found = practice(["softmax"], "work", tmp_path)
    assert [item.origin for item in found[0].items] == ["template"]
