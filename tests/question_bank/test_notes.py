"""The course notes: every topic is taught, definitions define, lists are read as meant, and code runs."""

from __future__ import annotations

import ast
import contextlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.course_notes import NOTES, ROOT, entries, told

from question_bank.documents import facts
from question_bank.documents.document import read_document
from question_bank.documents.outline import FENCE, HEADING, ITEM, PARAGRAPH, Entry, outline
from question_bank.generate.knowledge import gives_away
from question_bank.lexicon import find_topic, normal, topics

# Lists of statements that are headed by what they are about.
STATED = ("Terms", "Vanishing gradients", "Exploding gradients")


# --- topics, definitions, labels ---------------------------------------------------------------------------


@pytest.mark.parametrize("path", NOTES, ids=lambda path: path.stem)
def test_a_module_has_one_heading_for_each_of_its_topics(path: Path) -> None:
    text = path.read_text("utf-8")
    module = re.search(r"^module: (\w+)$", text, re.MULTILINE)
    assert module
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert [find_topic(heading) for heading in headings] == list(topics()[module[1]])


def test_there_are_notes_for_every_module() -> None:
    assert [re.sub(r"^\d+-", "", path.stem) for path in NOTES] == list(topics())


def test_topics_of_known_mistakes_are_topics() -> None:
    names = {topic for entries in topics().values() for topic in entries}
    used = {
        (path.parent.name, topic)
        for path in (ROOT / "reference").glob("*/mistakes.py")
        for topic in re.findall(r'\btopic="([^"]+)"', path.read_text("utf-8"))
    }
    assert len(used) > 30
    assert {one for one in used if one[1] not in names} == set()


def definitions() -> Iterator[tuple[str, str]]:
    for fact, entry in told():
        if fact.kind == facts.DEFINITION and entry.label == "Terms":
            yield entry.text.split("**")[1], fact.value


def test_definitions_do_not_contain_their_term() -> None:
    assert len(list(definitions())) > 300
    assert [term for term, text in definitions() if gives_away(term, text)] == []


def test_no_term_is_defined_twice() -> None:
    terms = [normal(term) for term, _ in definitions()]
    texts = [normal(text) for _, text in definitions()]
    assert [term for term in terms if terms.count(term) > 1] == []
    assert [text for text in texts if texts.count(text) > 1] == []


def test_only_lists_of_terms_define() -> None:
    """An attribute that no other topic of the module shares would be read as a term: “Which term is 2 * H?”"""
    loose = [
        (fact.source.document, fact.subject, fact.value)
        for fact, entry in told()
        if fact.kind in (facts.DEFINITION, facts.STATEMENT) and entry.kind == ITEM and entry.label not in STATED
    ]
    assert loose == []


def test_labels_are_short_enough_to_be_read_as_labels() -> None:
    long = [
        line
        for path in NOTES
        for line in path.read_text("utf-8").splitlines()
        if re.fullmatch(r"\*\*[^*]+:\*\*", line) and len(line.split()) > 12
    ]
    assert long == []


def test_a_list_ends_before_the_next_one_begins() -> None:
    """Markdown joins two lists that only an empty line parts: the second would get the label of the first."""
    joined = [path.stem for path in NOTES if re.search(r"^- .*\n\n- ", path.read_text("utf-8"), re.MULTILINE)]
    assert joined == []


def test_common_mistakes_are_no_facts() -> None:
    assert any(entry.label == "Common mistakes" for _, entry in entries())
    assert [fact.value for fact, entry in told() if entry.label == "Common mistakes"] == []


# --- code ----------------------------------------------------------------------------------------------------


def blocks() -> list[tuple[str, str, str]]:
    """All Python blocks: where they stand, the code, and the paragraph that follows."""
    found = []
    for path in NOTES:
        after: list[Entry] = outline(read_document(path))
        for entry, following in zip(after, [*after[1:], None], strict=True):
            if entry.kind == FENCE and entry.info == "python":
                text = following.text if following and following.kind == PARAGRAPH else ""
                found.append((f"{path.stem}:{entry.first}", entry.text, text))
    return found


@pytest.mark.parametrize(("place", "code", "after"), blocks(), ids=[place for place, _, _ in blocks()])
def test_code_runs_and_prints_what_is_stated(place: str, code: str, after: str) -> None:
    ast.parse(code)
    if "print(" not in code:
        return
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, place, "exec"), {"__name__": "notes"})
    assert printed.getvalue().strip() not in ("", "nan")
    if stated := re.match(r"The block[^.`]* prints `([^`]+)`", after):
        assert printed.getvalue().strip() == stated[1]


def test_some_outputs_are_stated() -> None:
    assert sum(" prints `" in after for _, _, after in blocks()) >= 5


def test_headings_are_found() -> None:
    assert sum(entry.kind == HEADING for _, entry in entries()) > 100
