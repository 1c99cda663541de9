"""The instructor's pages, the page of the course, and what they are made of."""

from __future__ import annotations

import datetime
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.classes import DUE, ONE, RENAMED, Decided, Handed, share, with_map
from helpers.results import HOSTILE, TITLE, Page, check, graded, inert, left_out, mistaken, terminal, unreadable
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.judge.compare import compare, make_truth
from autograder.judge.error_map import CELLS, error_map
from autograder.report import (
    Column,
    class_page,
    course_page,
    instructor_page,
    show_result,
    submission_markdown,
    submission_page,
    write_reports,
)
from autograder.report.at_risk import concerns, course_concerns
from autograder.report.draw_sets import DrawSet, draw_sets
from autograder.report.error_map_svg import heat, words
from autograder.report.history import history
from autograder.report.similar import normalised, similarity
from autograder.report.text import visible
from autograder.result_json import from_json, to_json
from autograder.results import FAILED, LEFT_OUT, NOT_JUDGED, PASSED, SKIPPED, ErrorMap, Outcome, Result


def flat(source: str) -> str:
    return " ".join(Page(source).text.split())


# ---- where an output differs


def mapped(value: np.ndarray, truth: np.ndarray) -> ErrorMap | None:
    truths = make_truth([truth], [(0.0, 0.0)], ["float32"])
    return error_map([value], truths, ["y"], compare([value], truths, ["y"]).place)


def test_an_error_map_shows_which_rows_differ_and_by_how_much() -> None:
    truth = np.ones((4, 5))
    value = truth.astype(np.float32)
    value[3] += [1e-4, 1e-3, 1e-2, 1.0, np.nan]
    found = mapped(value, truth)
    assert found == ErrorMap("y[:, :]", (4, 5), ("00000", "00000", "00000", "1234!"))
    assert words(found) == "5 of 20 numbers of y[:, :] differ: only the last row; 1 of them is not finite"


def test_an_error_map_of_an_image_is_the_plane_of_the_worst_place() -> None:
    truth = np.ones((2, 8, 9, 3))
    value = truth.astype(np.float32)
    value[1, :, 0, 2] = 0
    found = mapped(value, truth)
    assert found is not None and found.plane == "y[1, :, :, 2]" and found.shape == (8, 9)
    assert all(row == "400000000" for row in found.rows)
    assert "only the first column" in words(found)


def test_there_is_no_error_map_where_it_would_say_nothing() -> None:
    truth = np.ones((4, 5))
    assert mapped(truth.astype(np.float32), truth) is None  # right
    assert mapped((2 * truth).astype(np.float32), truth) is None  # wrong everywhere alike
    assert mapped(np.float32(2) * np.ones(()), np.ones(())) is None  # one number
    assert mapped(np.array([1.0, 2.0], np.float32), np.ones(2)) is None


@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 2**31))
@settings(max_examples=60, deadline=None)
def test_every_error_map_is_small_and_keeps_the_worst(rows: int, columns: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(rows, columns))
    value = truth.astype(np.float32)
    at = tuple(int(rng.integers(n)) for n in value.shape)
    value[at] = np.inf
    found = mapped(value, truth)
    if found is None:
        assert value.size < 4  # nothing to draw
        return
    assert len(found.rows) <= CELLS and {len(r) for r in found.rows} == {min(columns, CELLS)}
    assert sum(r.count("!") for r in found.rows) == 1
    drawn = heat(found)
    assert drawn is not None and len(drawn.crosses) == 1
    assert from_json(to_json(with_map(found))) == with_map(found)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (("400", "040", "004"), ": the diagonal"),
        (("0444", "0044", "0004", "0000"), ": all above the diagonal"),
        (("4444", "4004", "4444"), ": the border"),
        (("00", "40", "40"), ""),
        (("044", "044", "044"), ": the last 2 columns"),
        (("444", "000", "444"), ": whole rows"),
        (("444", "444"), ""),
        (("00044",), ": the last 2 entries"),
        (("04044",), ""),
    ],
)
def test_patterns_have_names(rows: tuple[str, ...], said: str) -> None:
    assert words(ErrorMap("y", (len(rows), len(rows[0])), rows)).removesuffix(said).endswith(("differ", "differs"))
    assert words(ErrorMap("y", (len(rows), len(rows[0])), rows)).endswith(said)


def test_every_report_of_a_student_says_where_the_output_differs() -> None:
    result = with_map(ErrorMap("loss[:, :]", (3, 4), ("0000", "0000", "1444")))
    said = "4 of 12 numbers of loss[:, :] differ: only the last row"
    page = submission_page(result, assignment_title=TITLE)
    inert(page)
    assert f'<title id="h2-1-1-title">{said}</title>' in page and page.count('class="off"') == 4
    assert said in submission_markdown(result, assignment_title=TITLE).replace("\\", "")
    assert said in " ".join(terminal(show_result, result, verbose=True, width=200).split())


def test_broken_error_maps_are_drawn_all_the_same() -> None:
    for rows in ((), ("",), ("<b>", "0"), ("0" * 500,) * 500, ("0", "0444")):
        result = with_map(ErrorMap("<script>", (), rows))
        inert(submission_page(result, assignment_title=TITLE))
        inert(instructor_page(result, assignment_title=TITLE))


# ---- the instructor's page of a submission


def test_instructors_page_has_everything_that_is_stored() -> None:
    result = with_map(ErrorMap("loss[:, :]", (1, 4), ("0004",)))
    page = instructor_page(
        result,
        assignment_title=TITLE,
        student_page="../students/ada-py.html",
        class_page="../index.html",
        override=Decided(),
        previous=graded("ada.py", check("relu_values", FAILED)),
    )
    text = " ".join(inert(page).text.split())
    for expected in (
        "6.5 points instead of 2", "by prof@example.org", "The handout said <sum>.", "2026-09-21 22:00:00+00:00",
        "failed (wrong numbers), public draw 0; logits: float32 (8, 5)",
        "failed (wrong numbers), hidden draw 1; logits: float32 (9, 7)", "0.8 / 2e-05", "2.4 / 0.0002", "loss[3, 1]",
        "1.6094", "12.875", "known mistake sums_instead_of_mean", "xent_values", "p1 p2", "add 3", "jax.grad",
        "A shell line was left out.", "matrix products: highest for numbers", "trace 0.4 s", "jax 0.10.2", "a" * 64,
        "b" * 64, "c" * 64, "full", "seed-7f3a", "Now right: relu: title of relu_values",
        "passed, public draw 0; x: float32 (4, 3)", "1 of 4 numbers of loss[:, :] differs",
    ):  # fmt: skip
        assert expected in text, expected
    assert 'href="../students/ada-py.html"' in page and 'href="../index.html"' in page
    assert "Override" not in instructor_page(result, assignment_title=TITLE)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_inert_on_the_pages_of_instructors(text: str) -> None:
    result = with_map(ErrorMap(text, (1, 4), ("0004",)))
    wrong = replace(result.checks[1], message=text, mistake=text, program=text, operations={text: 3})
    result = replace(
        result,
        submission=text,
        checks=(result.checks[0], wrong),
        findings=tuple(replace(f, message=text, where=text, name=text, code=text) for f in result.findings),
    )
    decided = Decided(by=text, reason=text, at=text)
    full = inert(instructor_page(result, assignment_title=text, override=decided, sources={text: text}))
    assert " ".join(visible(text).split()) in " ".join(full.text.split())
    attempts = [Handed(text, DUE), Handed(text, DUE + datetime.timedelta(days=3))]
    files = [{text: text}, {text: text}]
    classes = class_page(
        [result, result],
        assignment_title=text,
        hrefs=["", ""],
        sources=files,
        attempts=attempts,
        previous=[result, None],
    )
    course = course_page([Column(text, {text: result, "b": share("b", 3)})], title=text, students=[text, "c"])
    for page in (full, inert(classes), inert(course)):
        assert "1337" not in page.text


def test_writing_shows_previous_attempts_sources_and_overrides(tmp_path: Path) -> None:
    results = [mistaken(), graded("b.py", check("one"))]
    write_reports(
        results,
        tmp_path,
        assignment_title=TITLE,
        sources=[{"submission.py": "def f(z):\n    if z > 0:\n        return z\n"}, {}],
        previous=[graded("ada.py", check("relu_values", FAILED)), None],
        overrides=[None, Decided()],
    )
    student = (tmp_path / "students" / "ada-py.html").read_text(encoding="utf-8")
    assert "Since your last attempt" in student and '<li value="3"><code>        return z</code>' in student
    assert "Now right" in (tmp_path / "students" / "ada-py.md").read_text(encoding="utf-8")
    assert "Override" in (tmp_path / "instructor" / "b-py.instructor.html").read_text(encoding="utf-8")
    assert "Override" not in (tmp_path / "instructor" / "ada-py.instructor.html").read_text(encoding="utf-8")


# ---- who needs attention


def test_who_needs_attention_and_why() -> None:
    broken = graded("a.py", check("one"), check("two", NOT_JUDGED), judged=False)
    assert [c.key for c in concerns(broken)] == ["ours"]  # a fault of ours, and nothing else is said
    assert [c.key for c in concerns(share("a", 49))] == ["low"]
    assert concerns(share("a", 50)) == ()
    assert [c.key for c in concerns(share("a", 60), share("a", 80))] == ["fewer points"]
    assert concerns(left_out()) == ()  # what was left out is no sign of weakness
    unread = Result("a.py", mistaken().provenance, problem=unreadable("'(' was never closed"))
    assert [c.key for c in concerns(unread)] == ["unreadable"]


@pytest.mark.parametrize(
    ("shares", "keys"),
    [
        ((90, 80, 70), ["falling"]),
        ((90, 81, 70), []),
        ((90, 60, 70), []),
        ((90, 80, None), ["stopped"]),
        ((None, None), ["stopped"]),
        ((None, 90), []),
        ((80, 40), ["low"]),
        ((40, 45, 90), ["low"]),
        ((40, 80, 90), []),
        ((70, 50, 30), ["falling", "low"]),
    ],
)
def test_a_course_shows_who_falls_behind_and_who_stops(shares: tuple[int | None, ...], keys: list[str]) -> None:
    past = [None if s is None else share("a", s) for s in shares]
    assert [c.key for c in course_concerns(past)] == keys


def test_class_page_lists_attention_orders_and_credit() -> None:
    results = [graded("zoe.py", check("one")), graded("abe.py", check("one", FAILED)), graded("mia.py", check("one"))]
    page = class_page(
        results,
        assignment_title=TITLE,
        hrefs=["instructor/abe.instructor.html" if r.submission == "abe.py" else "" for r in results],
    )
    text = flat(page)
    inert(page)
    assert "Students who need attention 1" in text and "abe.py: low, 0 % of the points" in text
    fewest = text[text.index("Fewest points first") :]
    assert fewest.index("abe.py") < fewest.index("mia.py") < fewest.index("zoe.py") < fewest.index("Most points first")
    assert "2 of 3 (66 %) 0 66 %" in text  # passed, partly, mean of the points


def drawn(number: int | None, *outcomes: Outcome) -> Result:
    result = graded("a.py", *(check(f"c{i}", outcome) for i, outcome in enumerate(outcomes)))
    return replace(result, provenance=replace(result.provenance, draw_set=number))


def test_class_page_compares_the_outcomes_of_draw_sets() -> None:
    results = [
        drawn(1, PASSED, FAILED),
        drawn(1, PASSED, PASSED),
        drawn(0, PASSED, NOT_JUDGED, SKIPPED, LEFT_OUT),  # what was not judged or asked for says nothing
        drawn(3),
        drawn(None, FAILED),
    ]
    assert draw_sets(results) == [DrawSet(0, 1, 50), DrawSet(1, 2, 75), DrawSet(3, 1, None)]
    page = class_page(results, assignment_title=TITLE)
    inert(page)
    assert "Draw set Submissions Checks passed 0 1 50 % 1 2 75 % 3 1 –" in re.sub(
        r"\s+", " ", re.sub("<[^>]+>", " ", page)
    )
    assert "Sets should be equally hard" in flat(page)
    assert "draw set" not in flat(class_page([drawn(None, FAILED)], assignment_title=TITLE)).lower()


# ---- attempts over time


def test_attempts_over_time() -> None:
    hours = (0, 30, 31, 70)
    attempts = [
        Handed("ada" if i % 2 else "ben", DUE + datetime.timedelta(hours=h), i + 1.0) for i, h in enumerate(hours)
    ]
    found = history([*attempts, Handed("cy", DUE, None)])
    assert found is not None and found.unit == "six hours"
    assert [b.n for b in found.bars if b.n] == [2, 2, 1] and sum(b.n for b in found.bars) == 5
    assert found.bars[0].label == "2026-09-21 18:00" and found.bars[0].median == 12
    assert "5 attempts by 3 students, from 2026-09-21 22:00 to 2026-09-24 20:00 UTC." in found.words
    assert found.often == "1 attempt: 1 student; 2 attempts: 2 students."
    assert "+25 percentage points" in found.gain and "2 of 2 improved" in found.gain
    page = class_page([mistaken()], assignment_title=TITLE, hrefs=[""], attempts=attempts)
    assert "Attempts over time" in flat(page)
    inert(page)
    assert history([]) is None


@given(st.lists(st.integers(0, 10**8), min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_any_history_has_few_bars(minutes: list[int]) -> None:
    found = history([Handed("a", DUE + datetime.timedelta(minutes=m)) for m in minutes])
    assert found is not None and sum(b.n for b in found.bars) == len(minutes) and len(found.bars) <= 33
    assert all(12 <= b.x <= 348 and 24 <= b.y <= 130 for b in found.bars if b.n)


# ---- similar sources

OTHER = "import jax.numpy as jnp\n\ndef relu(z):\n    return jnp.where(z > 0, z, 0)\n"


def test_names_numbers_comments_and_layout_do_not_make_a_source_different() -> None:
    assert normalised({"a.py": ONE}) == normalised({"b.py": RENAMED})
    assert normalised({"a.py": ONE}) != normalised({"a.py": OTHER})
    assert normalised({"a.py": ONE}) != normalised({"a.py": ONE.replace("maximum", "minimum")})  # a library's name
    found = similarity([{"a.py": ONE}, {"a.py": OTHER}, {}, {"b.py": RENAMED}])
    assert found is not None and found.pairs == 3
    assert [(g.members, g.percent) for g in found.groups] == [((0, 3), 100)]
    assert similarity([{"a.py": ONE}, {}]) is None


def test_class_page_says_whose_sources_are_alike() -> None:
    results = [graded(f"{n}.py", check("one")) for n in "abc"]
    files = [{"s": ONE}, {"s": OTHER}, {"s": RENAMED}]
    page = class_page(results, assignment_title=TITLE, hrefs=[""] * 3, sources=files)
    assert "a.py, c.py (up to 100 %)" in flat(page) and "evidence, not a verdict" in flat(page)
    inert(page)
    assert "Similar sources" not in class_page(results, assignment_title=TITLE)


@pytest.mark.parametrize("text", ["def f(:\n", "'''", "\x00", "if 1:\n  x\n y\n", "(" * 9999, "\ud800", "é = 1"])
def test_any_source_can_be_compared(text: str) -> None:
    assert similarity([{"a.py": text + ONE}, {"a.py": text + ONE}, {"b.py": ONE}, {"c.py": ONE}]) is not None


# ---- the page of a course


def test_course_page_has_every_student_on_every_assignment() -> None:
    ada = "one/instructor/a.instructor.html"
    columns = [
        Column("One", {"Ada": share("a", 80), "Ben": share("b", 30)}, "one/index.html", {"Ada": ada}),
        Column("Two", {"Ada": share("a", 90)}, "two/index.html"),
    ]  # fmt: skip
    page = course_page(columns, title="Deep learning", students=["Ada", "Ben", "Cleo"])
    text = " ".join(inert(page).text.split())
    assert "Ada 80 % Ada, One 1.6 / 2 90 %" in text and "85 %" in text
    assert "Cleo not handed in not handed in –" in text
    assert "Ben: stopped, handed in nothing for the last assignment; low, 30 % in the last" in text
    assert 'href="one/instructor/a.instructor.html"' in page and 'href="two/index.html"' in page
    assert "Median 55 %, from 30 % to 80 %" in text
    assert "No students" in flat(course_page([], title="x"))
