"""The course's own bank is the one that its notes give, and it keeps what a bank promises."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from question_bank import lexicon, lint
from question_bank.build import NOTES, Build, build_bank, write_build
from question_bank.documents.document import find_documents, read_document
from question_bank.guessers import score_guessers
from question_bank.item import KINDS, problems
from question_bank.lexicon import terms, topics
from question_bank.options import capital
from question_bank.practice import BANK
from question_bank.stats import measure
from question_bank.templates import load_templates

LEXICON = Path(lexicon.__file__).parent


@pytest.fixture(scope="module")
def made() -> Build:
    return build_bank(find_documents([NOTES]))


def test_the_bank_is_up_to_date(made: Build, tmp_path: Path) -> None:
    write_build(made, tmp_path)
    fresh = {p.relative_to(tmp_path): p.read_bytes() for p in tmp_path.rglob("*.yaml")}
    there = {p.relative_to(BANK): p.read_bytes() for p in BANK.rglob("*.yaml")}
    wrong = sorted(str(p) for p in fresh.keys() | there.keys() if fresh.get(p) != there.get(p))
    assert not wrong, "autograder bank build question_bank/notes -o question_bank/bank"


def test_every_quote_is_found_again_with_what_it_says(made: Build) -> None:
    documents = {path.name: read_document(path) for path in find_documents([NOTES])}
    for item in made.items:
        for source in item.sources:
            assert documents[source.document].quote(source.first, source.last).startswith(source.quote), item.id


def test_items_are_sound_and_without_flaws(made: Build) -> None:
    assert [text for item in made.items for text in problems(item)] == []
    assert [f for f in lint.lint_bank(made.items) if f.severity != lint.REMARK] == []
    assert all(item.sources and item.facts and item.explanation for item in made.items)


def test_blind_guessers_score_at_chance(made: Build) -> None:
    for name, result in score_guessers(made.items).items():
        assert result.score - result.chance < 0.1, f"{name}: {result}"


def test_every_topic_of_the_course_has_items_of_several_kinds(made: Build) -> None:
    found = measure(made.items, made.taught, [t.topic for t in load_templates()])
    course = {topic for names in topics().values() for topic in names}
    rows = {row.topic: row for row in found.rows}
    assert [t for t in sorted(course) if t not in rows or not rows[t].items] == []
    assert {item.kind for item in made.items} >= set(KINDS) - {"numeric", "code"}


def test_there_are_templates_enough_and_all_have_a_topic_of_the_course() -> None:
    course = {topic for names in topics().values() for topic in names}
    assert len(load_templates()) >= 70
    assert [t.id for t in load_templates() if t.topic not in course] == []


def test_shared_statements_name_only_terms_of_the_lexicon() -> None:
    shared = tomllib.loads((LEXICON / "shared.toml").read_text("utf-8"))
    used = {name for statement in shared["shared"] for name in statement["of"]}
    used |= {name for table in ("narrower", "parts") for whole, of in shared[table].items() for name in (whole, *of)}
    assert sorted(used - {term.name for term in terms().values()}) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("queries, keys and values", "Queries, keys and values"),
        ("share of the examples", "Share of the examples"),
        ("pH of the bath", "pH of the bath"),
        ("f(x), g(x)", "f(x), g(x)"),
        ("lr, the step", "lr, the step"),
    ],
)
def test_options_begin_alike(text: str, shown: str) -> None:
    assert capital(text) == shown
