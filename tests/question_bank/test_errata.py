"""Errata: what a file must hold, how a line is found again, and what becomes of the facts that rest on it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from question_bank.documents.document import Document, fingerprint, parse_lines
from question_bank.documents.errata import (
    AMBIGUOUS,
    BESIDE,
    CONTESTED,
    OUTDATED,
    QUALIFY,
    SHIPPED,
    STATUSES,
    WRONG,
    ErrataError,
    Erratum,
    apply_errata,
    load_errata,
    place_errata,
    read_errata,
)
from question_bank.documents.extract import extract

NOTES = """# Optics

## Lenses

- **Convex lens**: Bends parallel rays towards one point
- **Concave lens**: Bends parallel rays towards one point
- **Prism**: Splits white light into its colours

## Sources

- **Light Emitting Diode (LED)**: Glows when a current flows through it
"""
CONVEX, CONCAVE, PRISM, LED = 5, 6, 7, 11
ENTRY = {
    "document": "optics.md",
    "line": CONCAVE,
    "fingerprint": "0123456789ab",
    "status": WRONG,
    "reason": "It spreads them.",
}


def _document(text: str = NOTES, name: str = "optics.md") -> Document:
    return parse_lines(name, text)


def _erratum(line: int, status: str = WRONG, qualification: str = "") -> Erratum:
    """An erratum on a line of ``NOTES``."""
    return Erratum("optics.md", line, fingerprint(_document().lines[line - 1]), status, "Not so.", qualification)


def _toml(entry: Mapping[str, object]) -> str:
    lines = [f"{name} = {value if isinstance(value, int) else repr(value)}" for name, value in entry.items()]
    return "\n".join(["[[erratum]]", *lines, ""]).replace("True", "true")


def _write(folder: Path, text: str) -> Path:
    path = folder / BESIDE
    path.write_text(text, "utf-8")
    return path


def test_reads_what_a_file_holds(tmp_path: Path) -> None:
    qualified = {**ENTRY, "line": 7, "status": QUALIFY, "qualification": "in glass"}
    first, second = read_errata(_write(tmp_path, _toml(ENTRY) + _toml(qualified)))
    assert first == Erratum("optics.md", CONCAVE, "0123456789ab", WRONG, "It spreads them.")
    assert (second.line, second.status, second.qualification) == (7, QUALIFY, "in glass")


@pytest.mark.parametrize("status", [WRONG, CONTESTED, OUTDATED, AMBIGUOUS])
def test_every_other_status_needs_no_qualification(tmp_path: Path, status: str) -> None:
    (found,) = read_errata(_write(tmp_path, _toml({**ENTRY, "status": status})))
    assert (found.status, found.qualification) == (status, "")


def test_an_empty_file_holds_none(tmp_path: Path) -> None:
    assert read_errata(_write(tmp_path, "# nothing yet\n")) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"document": 3}, "erratum 1: document: expected text"),
        ({"line": "six"}, "erratum 1: line: expected a number"),
        ({"line": True}, "erratum 1: line: expected a number"),
        ({"fingerprint": 123456789012}, "erratum 1: fingerprint: expected text"),
        ({"fingerprint": "0123456789a"}, "erratum 1: fingerprint: expected 12 hex digits"),
        ({"fingerprint": "0123456789abc"}, "erratum 1: fingerprint: expected 12 hex digits"),
        ({"fingerprint": "0123456789AB"}, "erratum 1: fingerprint: expected 12 hex digits"),
        ({"status": "false"}, "erratum 1: status: expected one of wrong, contested, outdated, ambiguous, qualify"),
        ({"status": 1}, "erratum 1: status: expected text"),
        ({"reason": " "}, "erratum 1: every entry needs a reason"),
        ({"reason": 0}, "erratum 1: reason: expected text"),
        ({"qualification": 1}, "erratum 1: qualification: expected text"),
        ({"qualification": "in air"}, 'status "qualify" (no other) a qualification'),
        ({"status": QUALIFY}, 'status "qualify" (no other) a qualification'),
        ({"status": QUALIFY, "qualification": " "}, 'status "qualify" (no other) a qualification'),
        ({"page": 4, "author": "x"}, "erratum 1: unknown field 'author'; known: document, line, fingerprint, status"),
    ],
)
def test_says_what_is_wrong_with_an_entry(tmp_path: Path, change: dict[str, object], message: str) -> None:
    path = _write(tmp_path, _toml({**ENTRY, **change}))
    with pytest.raises(ErrataError) as error:
        read_errata(path)
    assert str(error.value).startswith(f"{path}: ")
    assert message in str(error.value)


@pytest.mark.parametrize("field", ["document", "line", "fingerprint", "status", "reason"])
def test_says_which_field_is_missing(tmp_path: Path, field: str) -> None:
    path = _write(tmp_path, _toml(ENTRY) + _toml({name: value for name, value in ENTRY.items() if name != field}))
    with pytest.raises(ErrataError) as error:
        read_errata(path)
    expected = "a number" if field == "line" else "text"
    assert str(error.value) == f"{path}: erratum 2: {field}: expected {expected}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[erratum]\n", "not valid TOML"),
        ("reason = \n", "not valid TOML"),
        ("erratum = 3\n", "expected entries under [[erratum]]"),
        ("[erratum]\nline = 3\n", "expected entries under [[erratum]]"),
        ("erratum = [3]\n", "erratum 1: expected a table"),
    ],
)
def test_says_what_is_wrong_with_a_file(tmp_path: Path, text: str, message: str) -> None:
    path = _write(tmp_path, text)
    with pytest.raises(ErrataError) as error:
        read_errata(path)
    assert str(error.value).startswith(f"{path}: ") and message in str(error.value)


def test_says_that_a_file_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / BESIDE
    path.write_bytes(b'reason = "\xff\xfe"\n')
    with pytest.raises(ErrataError) as error:
        read_errata(path)
    assert str(error.value).startswith(f"{path}: not valid TOML")


def test_errata_beside_a_document_join_those_that_ship(tmp_path: Path) -> None:
    own = read_errata(_write(tmp_path, _toml(ENTRY)))
    both = [tmp_path / "optics.md", tmp_path / "waves.md"]
    assert set(load_errata(both)) - set(load_errata()) == set(own)
    assert len(load_errata(both)) == len(load_errata()) + 1
    assert load_errata([tmp_path / "elsewhere" / "optics.md"]) == load_errata()


def test_a_line_is_found_where_it_stands() -> None:
    erratum = _erratum(CONCAVE)
    assert place_errata([erratum], _document()) == ({CONCAVE: erratum}, [])


def test_markup_spacing_and_case_do_not_matter() -> None:
    erratum = _erratum(CONCAVE)
    text = NOTES.replace("- **Concave lens**: Bends", "  * __concave  lens__ :  bends")
    assert text != NOTES
    assert place_errata([erratum], _document(text)) == ({CONCAVE: erratum}, [])


@pytest.mark.parametrize("moved", [-2, 1, 40])
def test_a_line_that_moved_is_found_again(moved: int) -> None:
    erratum = _erratum(CONCAVE)
    text = "\n" * moved + NOTES if moved > 0 else "\n".join(NOTES.split("\n")[-moved:])
    assert place_errata([erratum], _document(text)) == ({CONCAVE + moved: erratum}, [])


def test_of_several_such_lines_the_nearest_is_meant() -> None:
    line = NOTES.split("\n")[CONCAVE - 1]
    text = "\n".join([line, "", "", *NOTES.split("\n"), line])
    found, lost = place_errata([_erratum(CONCAVE)], _document(text))
    assert (list(found), lost) == ([CONCAVE + 3], [])


def test_a_line_whose_words_changed_is_reported() -> None:
    text = NOTES.replace("- **Concave lens**: Bends parallel rays towards", "- **Concave lens**: Spreads rays from")
    found, (remark,) = place_errata([_erratum(PRISM), _erratum(CONCAVE)], _document(text))
    assert list(found) == [PRISM]
    assert (remark.document, remark.line) == ("optics.md", CONCAVE)
    assert "words have changed" in remark.what


def test_a_line_beyond_the_end_is_reported() -> None:
    erratum = Erratum("optics.md", 400, "0123456789ab", WRONG, "Not so.")
    found, lost = place_errata([erratum, Erratum("optics.md", 0, "0123456789ab", WRONG, "Not so.")], _document())
    assert (found, [remark.line for remark in lost]) == ({}, [400, 0])


def test_line_zero_is_not_the_last_line() -> None:
    document = _document(NOTES.rstrip())
    erratum = Erratum("optics.md", 0, fingerprint(document.lines[-1]), WRONG, "Not so.")
    assert place_errata([erratum], document) == ({LED: erratum}, [])


def test_errata_of_another_document_are_no_loss() -> None:
    other = Erratum("waves.md", 5, "0123456789ab", WRONG, "Not so.")
    assert place_errata([other], _document()) == ({}, [])


def test_a_renamed_document_keeps_its_errata() -> None:
    erratum = _erratum(CONCAVE)
    assert place_errata([erratum], _document(name="lenses.md")) == ({CONCAVE: erratum}, [])


@pytest.mark.parametrize("status", [WRONG, CONTESTED, OUTDATED, AMBIGUOUS])
def test_a_fact_with_an_erratum_is_kept_out(status: str) -> None:
    erratum = _erratum(CONCAVE, status)
    facts = extract(_document())
    kept, out = apply_errata(facts, {CONCAVE: erratum})
    assert [(one.fact.source.first, one.erratum) for one in out] == [(CONCAVE, erratum)]
    assert {fact.source.first for fact in kept} >= {CONVEX, PRISM}
    assert kept == [fact for fact in facts if fact.source.first != CONCAVE]


def test_a_condition_is_carried_by_the_fact_alone() -> None:
    facts = extract(_document())
    kept, out = apply_errata(facts, {CONVEX: _erratum(CONVEX, QUALIFY, "in air")})
    assert out == [] and len(kept) == len(facts)
    assert {fact.source.first: fact.qualification for fact in kept if fact.qualification} == {CONVEX: "in air"}
    assert [fact.id for fact in kept] == [fact.id for fact in facts]


def test_the_long_form_of_an_acronym_needs_no_condition() -> None:
    facts = extract(_document())
    kept, _ = apply_errata(facts, {LED: _erratum(LED, QUALIFY, "one way round")})
    here = {fact.kind: fact.qualification for fact in kept if fact.source.first == LED}
    assert here == {"expansion": "", "definition": "one way round"}


def test_any_line_that_a_fact_rests_on_counts() -> None:
    document = _document("# Optics\n\n## Lens equation\n\n```\nd = 1 / f\n```\n")
    facts = extract(document)
    assert [(fact.source.first, fact.source.last) for fact in facts] == [(5, 7)]
    inside = Erratum("optics.md", 6, fingerprint(document.lines[5]), WRONG, "Not so.")
    assert apply_errata(facts, {6: inside})[0] == []
    assert apply_errata(facts, {4: inside, 8: inside})[0] == facts


def test_a_condition_does_not_save_what_is_wrong() -> None:
    document = _document("# Optics\n\n## Lens equation\n\n```\nd = 1 / f\n```\n")
    lines = {
        5: Erratum("optics.md", 5, "0123456789ab", QUALIFY, "Not always.", "in air"),
        6: Erratum("optics.md", 6, "0123456789ab", WRONG, "Not so."),
    }
    kept, (out,) = apply_errata(extract(document), lines)
    assert (kept, out.erratum.status) == ([], WRONG)


def test_shipped_errata_can_be_read() -> None:
    files = sorted(SHIPPED.glob("*.toml"))
    assert files
    for path in files:
        places = [(erratum.document, erratum.line) for erratum in read_errata(path)]
        assert places == sorted(set(places)), f"{path.name}: sorted by document and line, each line once"
    assert {erratum.status for erratum in load_errata()} == set(STATUSES)
