"""Documents in other subjects and other Markdown, and files that are no documents: few items rather than wrong ones."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from question_bank.build import Build, build_bank, write_build
from question_bank.documents.document import DocumentError, fingerprint, read_document
from question_bank.documents.outline import HEADING, outline
from question_bank.item import MATCHING, ORDERING, Item, problems
from question_bank.store import read_bank

DOCUMENTS = Path(__file__).parent / "documents"
NAMES = ("cell-biology.md", "cooking.md", "messy.md", "networking.md", "rome.md", "statistik.md")
SECONDS = 20.0  # for one malformed file; on a quiet machine none takes three

# Document → items that must be there: kind, words of the stem, and what is right (key, steps or right sides).
RIGHT: dict[str, list[tuple[str, str, tuple[str, ...]]]] = {
    "cell-biology.md": [
        ("single", "digests worn-out parts with enzymes", ("Lysosome",)),
        ("single", "“Fermentation”, place", ("Cytoplasm",)),
        ("short", "“RNA” stand for", ("ribonucleic acid",)),
        (
            ORDERING,
            "phases of mitosis",
            (
                "Chromosomes condense and become visible",
                "The spindle attaches to the centromeres",
                "Sister chromatids move to opposite poles",
                "Two nuclear envelopes form",
            ),
        ),
    ],
    "cooking.md": [
        ("single", "long blade for chopping and slicing", ("Chef's knife",)),
        (
            ORDERING,
            "Potato soup",
            (
                "Peel and dice the potatoes",
                "Sweat the onion in butter until translucent",
                "Pour in the stock and simmer for 20 minutes",
                "Blend the soup and stir in the cream",
            ),
        ),
    ],
    "messy.md": [
        ("single", "stretching of light from receding sources", ("Redshift",)),
        ("single", "mean distance between Earth and Sun", ("Astronomical unit",)),
    ],
    "networking.md": [
        ("single", "what stands under “Port” for “DNS”", ("53",)),
        ("single", "routes packets between networks", ("Internet layer",)),
        ("short", "“TCP” stand for", ("Transmission Control Protocol",)),
        (MATCHING, "Status classes", ("Success", "Redirection", "Error of the client", "Error of the server")),
        (
            ORDERING,
            "lines of code",
            (
                "`listener = socket.create_server(('', 8000))`",
                "`connection, address = listener.accept()`",
                "`request = connection.recv(4096)`",
                "`answer = request.upper()`",
                "`connection.sendall(answer)`",
            ),
        ),
    ],
    "rome.md": [
        ("single", "keeps the treasury", ("Quaestor",)),
        ("single", "which row has “olive oil”", ("Hispania Baetica",)),
        ("single", "Giuseppe Fiorelli pours plaster", ("1863",)),
    ],
    "statistik.md": [
        ("single", "number of trials $n$ and probability $p$", ("Binomial distribution",)),
        ("short", "“MLE” stand for", ("maximum likelihood estimator",)),
    ],
}
# Document → words that no item may hold: lists that are no sequence, opinions, adverts, ratings, notes, marks.
NEVER = {
    "cell-biology.md": ["beautiful", "It is fun", "Tree of life", "Most diseases"],
    "cooking.md": ["800 g", "Sherry", "Leeks", "Flour", "Zur Post", "Blue Door", "next day", "Beef, rare"],
    "messy.md": [
        "TODO",
        "telescope",
        "vulcanoes",
        "Ellipse",
        "deepest",
        "first again",
        "primer",
        "Bold and",
        "unclosed",
    ],
    "networking.md": [
        "50%",
        "coupon",
        "bird site",
        "[^1]",
        "<",
        "Beej",
        "newsletter",
        "three pages",
        "regular expression",
        "do not print",
        "🌐",
    ],
    "rome.md": [
        "Trajan",
        "Galba",
        "Nero",
        "Inflation",
        "Plague",
        "1997",
        "cheap",
        "pirates",
        "author",
        "nobody",
        "753",
        "27 BC",
    ],
    "statistik.md": ["Januar", "Imagine", "causation", "best way", "hypothesis that is", "Größer", "\\frac", "Modus"],
}


@pytest.fixture(scope="module")
def built() -> dict[str, Build]:
    return {name: build_bank([DOCUMENTS / name]) for name in NAMES}


def _texts(item: Item) -> Iterator[str]:
    yield item.stem
    yield from (option.text for option in item.options)
    yield from (side for pair in item.pairs for side in (pair.left, pair.right))
    yield from item.steps
    yield from item.accepted


def _right(item: Item) -> tuple[str, ...]:
    if item.pairs:
        return tuple(pair.right for pair in item.pairs)
    return item.steps or item.accepted[:1] or tuple(item.keys)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())


def test_every_document_has_its_expectations() -> None:
    assert {path.name for path in DOCUMENTS.glob("*.md")} == set(NAMES) == set(RIGHT) == set(NEVER)


@pytest.mark.parametrize("name", NAMES)
def test_right_items_appear(built: dict[str, Build], name: str) -> None:
    items = built[name].items
    for kind, words, right in RIGHT[name]:
        found = [item for item in items if item.kind == kind and words in item.stem]
        assert [_right(item) for item in found] == [right] * len(found), words
        assert found, f"no {kind} item with “{words}” in its stem"


@pytest.mark.parametrize("name", NAMES)
def test_wrong_items_never_appear(built: dict[str, Build], name: str) -> None:
    source = (DOCUMENTS / name).read_text("utf-8")
    for words in NEVER[name]:
        assert words in source, f"{words}: not in the document, so its absence shows nothing"
        hits = [item.id for item in built[name].items if any(words in text for text in _texts(item))]
        assert not hits, words


def test_only_real_sequences_are_put_in_order(built: dict[str, Build]) -> None:
    stems = {name: [i.stem for i in build.items if i.kind == ORDERING] for name, build in built.items()}
    assert {name: len(found) for name, found in stems.items() if found} == {
        "cell-biology.md": 1,
        "cooking.md": 1,
        "networking.md": 1,
    }


@pytest.mark.parametrize("name", NAMES)
def test_quotes_are_found_again_with_the_words_of_the_statement(built: dict[str, Build], name: str) -> None:
    document = read_document(DOCUMENTS / name)
    raw = (DOCUMENTS / name).read_text("utf-8").split("\n")
    above = {w for entry in outline(document) if entry.kind == HEADING for w in _words(entry.text)}
    assert built[name].items
    for item in built[name].items:
        assert not problems(item), item.id
        assert item.sources, item.id
        for source in item.sources:
            assert document.quote(source.first, source.last).startswith(source.quote), item.id
            assert _words(source.quote)[0] in _words(raw[source.first - 1]), item.id
        told = {w for source in item.sources for w in _words(source.quote)}
        keys = item.steps if item.steps else _right(item)
        if "`" not in "".join(keys):  # code is shown as Python prints it
            missing = {w for key in keys for w in _words(key)} - told - above
            assert not missing, f"{item.id}: {missing} stand neither at its lines nor in a heading"


def test_the_same_bytes_every_time_and_in_every_order(tmp_path: Path) -> None:
    paths = [DOCUMENTS / name for name in NAMES]
    for folder, order in (("one", paths), ("two", paths), ("three", paths[::-1])):
        write_build(build_bank(order), tmp_path / folder)
    files = {p.relative_to(tmp_path / "one") for p in (tmp_path / "one").rglob("*") if p.is_file()}
    assert len(files) > 20
    for other in ("two", "three"):
        assert {p.relative_to(tmp_path / other) for p in (tmp_path / other).rglob("*") if p.is_file()} == files
        for file in files:
            assert (tmp_path / other / file).read_bytes() == (tmp_path / "one" / file).read_bytes(), file
    assert {item.id for item in read_bank(tmp_path / "one")} == {item.id for item in build_bank(paths).items}


def _changed(tmp_path: Path, name: str, old: str, new: str) -> tuple[dict[str, Item], dict[str, Item]]:
    text = (DOCUMENTS / name).read_text("utf-8")
    assert text.count(old) == 1
    (tmp_path / name).write_text(text.replace(old, new), "utf-8")
    before, after = build_bank([DOCUMENTS / name]), build_bank([tmp_path / name])
    return {item.id: item for item in before.items}, {item.id: item for item in after.items}


def test_a_changed_line_changes_only_items_that_rest_on_it(tmp_path: Path) -> None:
    old, new = "keeps the treasury", "guards the gold of the state"
    before, after = _changed(tmp_path, "rome.md", old, new)
    changed = {name for name in before if after.get(name) != before[name]}
    keyed = {name for name, item in before.items() if any(old in fact.casefold() for fact in _right(item))}
    # What else may change takes its wrong options from the same list.
    siblings = {name for name, item in before.items() if item.topic == "offices of the republic"}
    assert keyed <= changed <= siblings < set(before)
    assert set(before) - set(after) <= siblings
    assert all(item.topic == "offices of the republic" for name, item in after.items() if before.get(name) != item)
    assert not any(old in text.casefold() for item in after.values() for text in _texts(item))
    assert any(new in text.casefold() for item in after.values() for text in _texts(item))


def test_a_new_line_above_moves_the_lines_and_nothing_else(tmp_path: Path) -> None:
    before, after = _changed(tmp_path, "cell-biology.md", "Organelles\n---", "A sentence more.\n\nOrganelles\n---")
    assert set(before) == set(after)
    for name, item in before.items():
        assert list(_texts(after[name])) == list(_texts(item))
        assert [s.quote for s in after[name].sources] == [s.quote for s in item.sources]
        assert {b.first - a.first for a, b in zip(item.sources, after[name].sources, strict=True)} <= {0, 2}


def test_a_condition_stands_beside_its_statement(tmp_path: Path) -> None:
    """In a list of pairs the stem cannot carry what an erratum demands; where one statement is asked, it does."""
    lines = (DOCUMENTS / "rome.md").read_text("utf-8").split("\n")
    line = next(n for n, text in enumerate(lines, 1) if "presides over the courts" in text)
    erratum = f'''[[erratum]]
document = "rome.md"
line = {line}
fingerprint = "{fingerprint(lines[line - 1])}"
status = "qualify"
reason = "Later there were others."
qualification = "before Sulla"
'''
    (tmp_path / "rome.md").write_text("\n".join(lines), "utf-8")
    (tmp_path / "errata.toml").write_text(erratum, "utf-8")
    items = {item.id: item for item in build_bank([tmp_path / "rome.md"]).items}
    pairs = next(item for item in items.values() if item.kind == MATCHING)
    assert "Sulla" not in pairs.stem
    assert [pair.right for pair in pairs.pairs if "Sulla" in pair.right] == ["Presides over the courts (before Sulla)"]
    alone = [item for item in items.values() if "Praetor" in _right(item) and item.kind == "single"]
    assert alone and all(item.stem.endswith("(before Sulla)") for item in alone)


BIOLOGY = (DOCUMENTS / "cell-biology.md").read_text("utf-8")
GERMAN = (
    "# Öfen\n\n- **Kachelofen**: hält die Wärme lange\n- **Grill**: brät über Glut\n- **Röhre**: bäckt mit Umluft\n"
)
WIDE = "|".join(f"c{i}" for i in range(500))
MALFORMED: dict[str, bytes] = {
    "empty": b"",
    "only front matter": b"---\ntitle: x\n---\n",
    "front matter without end": b"---\ntitle: x\n",
    "latin-1": GERMAN.encode("latin-1"),
    "UTF-16": BIOLOGY.encode("utf-16"),
    "UTF-16 cut short": b"\xff\xfeA",
    "mojibake": GERMAN.encode().decode("latin-1").encode(),
    "2,000 lists on one line": b"- " * 2000 + b"x\n",
    "nested lists": "".join("  " * i + "- a\n" for i in range(1000)).encode(),
    "2,000 quotes on one line": b"> " * 2000 + b"x\n",
    "nested quotes": "".join(">" * i + " x\n" for i in range(2000)).encode(),
    "a line of 1 MB": b"# H\n" + b"word " * 200_000,
    "open emphasis": b"*a _b [c `d\n" * 50_000,
    "open brackets": b"[" * 19_000,
    "500 columns": f"|{WIDE}|\n|{'---|' * 500}\n{f'|{WIDE}|' + chr(10)}".encode() * 5,
    "3,000 rows": ("|a|b|\n|---|---|\n" + "".join(f"|thing {i}|value {i}|\n" for i in range(3000))).encode(),
    "300 definitions": "".join(f"- **Term{i}**: gives thing{i} to object{i}\n" for i in range(300)).encode(),
    "300 years": "".join(f"- {1900 + i % 120}: event a{i} b{i}\n" for i in range(300)).encode(),
    "unclosed fence": b"# A\n```\n" + BIOLOGY.encode(),
    "control characters": BIOLOGY.replace("sunlight", "sun\x07light\x1b")
    .replace("enzymes", "\x7fenzymes\x01")
    .encode(),
    "bidi": "# A\n\n- **\u202eabc\u202c**: d e\u2066 f\u2069\n- **\u200fx**: y z w\n- **Q**: r s t\n".encode(),
    "huge numbers": b"# Steps\n\n999999999. a b\n1000000000. c d\n",
    "open HTML": b"<div>" * 3000 + b"\n<!-- " + b"x" * 9000,
}


@pytest.mark.parametrize("what", MALFORMED)
def test_malformed_input_ends_in_a_bank_in_bounded_time(tmp_path: Path, what: str) -> None:
    path = tmp_path / "notes.md"
    path.write_bytes(MALFORMED[what])
    started = time.perf_counter()
    built = build_bank([path])
    write_build(built, tmp_path / "bank")
    assert time.perf_counter() - started < SECONDS
    assert {item.id: item for item in read_bank(tmp_path / "bank")} == {item.id: item for item in built.items}
    shown = "".join(text for item in built.items for text in _texts(item))
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\ufffd]", shown)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"word " * 10_000_000, "larger than 4 MB"),
        (b"# A\n\0\n", "not a text file (byte 4 is zero)"),
        (BIOLOGY.encode("utf-16-le"), "not a text file (byte 1 is zero)"),
    ],
    ids=["50 MB", "NUL", "UTF-16 without its mark"],
)
def test_what_is_no_text_is_refused_at_once(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "notes.md"
    path.write_bytes(data)
    started = time.perf_counter()
    with pytest.raises(DocumentError, match=re.escape(says)):
        build_bank([path])
    assert time.perf_counter() - started < 2


def test_encodings_and_line_ends_make_no_difference(tmp_path: Path) -> None:
    expected = build_bank([DOCUMENTS / "cell-biology.md"]).items
    for data in (
        BIOLOGY.replace("\n", "\r\n").encode(),
        BIOLOGY.replace("\n", "\r").encode(),
        BIOLOGY.encode("utf-8-sig"),
        BIOLOGY.encode("utf-16"),
    ):
        (tmp_path / "cell-biology.md").write_bytes(data)
        assert build_bank([tmp_path / "cell-biology.md"]).items == expected
    texts = []
    for data in (GERMAN.encode(), GERMAN.encode("latin-1"), GERMAN.encode().decode("latin-1").encode()):
        (tmp_path / "german.md").write_bytes(data)
        texts.append([list(_texts(item)) for item in build_bank([tmp_path / "german.md"]).items])
    assert texts[0] and texts[0] == texts[1] == texts[2]
