"""Reports say what a reader needs, and text of strangers comes out inert and visible."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers.results import (
    CONTROLS,
    HINT,
    HOSTILE,
    PROVENANCE,
    TITLE,
    Page,
    check,
    graded,
    inert,
    left_out,
    measured,
    mistaken,
    terminal,
    timed,
    trained,
    unreadable,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.report import (
    class_page,
    show_result,
    show_table,
    submission_markdown,
    submission_page,
    visible,
    write_reports,
)
from autograder.report.advice import steps
from autograder.report.axes import fitting
from autograder.report.classes import marks
from autograder.report.folder import file_stems
from autograder.report.measured import ratios, sentence, training
from autograder.report.measurement_lines import curves, meter
from autograder.report.plots import loss_plot, ratio_plot, strip_plot
from autograder.report.text import capital, distance, percent, points, si, times, value_pair
from autograder.results import (
    FAILED,
    INCONCLUSIVE,
    NOT_JUDGED,
    PASSED,
    SKIPPED,
    CaseEvidence,
    CheckEvidence,
    CheckScore,
    Finding,
    Place,
    Provenance,
    Result,
    Score,
)


def test_student_page_says_what_failed_why_and_what_next() -> None:
    page = inert(submission_page(mistaken(), assignment_title=TITLE))
    words = " ".join(page.text.split())
    for expected in (
        "ada.py", TITLE, "2 of 8 points, 25 %", "What to do next", "jax.grad is not allowed.", "use the chain rule",
        "You add the losses up; the handout asks for their mean. Divide by logits.shape[0].",
        "Review: cross-entropy",
        "logits: float32 (8, 5)", "loss[3, 1]", "1.6094", "12.875", "off by 80 % of its usual size; 0.002 % is allowed",
        "Not right yet", "Use jnp.where.", "submission.py, line 2", "Waits for xent_values.",
        "A shell line was left out.", "loss 1.61", "Seedsecret", "full", "jax 0.10.2", "b" * 64,
    ):  # fmt: skip
        assert expected in words, expected
    assert page.tags.count("h1") == 1
    assert words.index("jax.grad is not allowed.") < words.index("You add the losses up")  # what blocks comes first
    assert "script" not in page.tags


def test_headings_never_skip_a_level_and_tables_have_captions_and_scopes() -> None:
    for source in (
        submission_page(mistaken(), assignment_title=TITLE),
        class_page([mistaken(), mistaken()], assignment_title=TITLE),
    ):
        page = inert(source)
        levels = [int(t[1]) for t in page.tags if re.fullmatch(r"h[1-6]", t)]
        assert levels[0] == 1
        assert all(b <= a + 1 for a, b in zip(levels, levels[1:], strict=False))
        assert page.tags.count("caption") == page.tags.count("table") > 0
        assert page.tags.count("th") == sum(name == "scope" for name, _ in page.attributes)
        assert {"main", "header", "footer"} <= set(page.tags)


def test_lines_around_a_tracing_error_come_from_the_sources() -> None:
    sources = {"submission.py": "def f(z):\n    if z > 0:\n        return z\n"}
    page = submission_page(mistaken(), assignment_title=TITLE, sources=sources)
    assert '<li value="2" class="here"><code>    if z &gt; 0:</code>' in page
    assert '<li value="3"><code>        return z</code>' in page


def test_what_changed_since_the_last_attempt() -> None:
    before = graded("ada.py", check("one", FAILED), check("two"), check("three"))
    after = graded("ada.py", check("one"), check("two", FAILED), check("three"))
    words = " ".join(Page(submission_page(after, assignment_title=TITLE, previous=before)).text.split())
    assert "The same points" in words
    assert "Now right: relu: title of one" in words
    assert "No longer right: relu: title of two" in words
    assert "Since your last attempt" not in submission_page(after, assignment_title=TITLE)


def test_not_judged_is_loud_and_our_fault() -> None:
    broken = graded("ada.py", check("one"), check("two", NOT_JUDGED, message="The reference crashed."), judged=False)
    for said in (
        Page(submission_page(broken, assignment_title=TITLE)).text,
        submission_markdown(broken, assignment_title=TITLE),
        terminal(show_result, broken),
    ):
        assert "our fault" in said.lower()
        assert "You lose nothing" in " ".join(said.replace("│", " ").split())
        assert "The reference crashed" in said.replace("\\", "")
    page = Page(class_page([broken, graded("b.py", check("one"))], assignment_title=TITLE))
    words = " ".join(page.text.split())
    assert "1 submission without a final mark" in words
    assert "1 final mark: 100 % to 100 %" in words  # a fault is not a zero in the statistics
    assert "1 submission without a final mark" in terminal(show_table, [broken])


def test_a_function_that_is_partly_not_judged_is_not_judged() -> None:
    broken = graded("ada.py", check("one"), check("two", NOT_JUDGED), check("three", FAILED), judged=False)
    assert [mark.word for mark in marks(broken, ["relu", "other"])] == ["Not judged", "Missing"]
    assert "1 not judged, which is our fault" in Page(submission_page(broken, assignment_title=TITLE)).text


def test_reports_load_without_jax() -> None:
    code = "import sys, autograder.report; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def test_no_score_at_all() -> None:
    unread = Result("ada.py", PROVENANCE, problem=unreadable("submission.py, line 3: '(' was never closed."))
    words = " ".join(Page(inert_source := submission_page(unread, assignment_title=TITLE)).text.split())
    inert(inert_source)
    assert "No mark" in words
    assert "'(' was never closed." in words
    assert "no mark" in terminal(show_result, unread)
    assert "no mark" in terminal(show_table, [unread])
    assert "No mark" in submission_markdown(unread, assignment_title=TITLE)
    assert "1 submission without a final mark" in " ".join(
        Page(class_page([unread], assignment_title=TITLE)).text.split()
    )
    bare = Result("bare.py", PROVENANCE)
    inert(submission_page(bare, assignment_title=TITLE))
    assert terminal(show_result, bare, verbose=True)


def test_every_outcome_has_a_word_and_not_colour_alone() -> None:
    outcomes = (PASSED, FAILED, SKIPPED, NOT_JUDGED, INCONCLUSIVE)
    result = graded("a.py", *(check(o.replace(" ", "_"), o, o.replace(" ", "_")) for o in outcomes))
    words = Page(submission_page(result, assignment_title=TITLE)).text
    for word in ("Passed", "Not right yet", "Skipped", "Not judged", "Not settled yet"):
        assert word in words
    assert all(sign in terminal(show_table, [result]) for sign in "✓✗–!?")
    plain = terminal(show_table, [result], encoding="ascii")
    assert "+x-!?" in plain


def test_complete_work_has_nothing_left_to_do() -> None:
    done = graded("ada.py", check("one"), check("two"))
    assert "every check passes" in Page(submission_page(done, assignment_title=TITLE)).text
    assert "Every check passes" in terminal(show_result, done)


def everywhere(result: Result) -> list[str]:
    """A student's report on all media, without escapes and line breaks."""
    shown = (
        Page(inert_source := submission_page(result, assignment_title=TITLE)).text,
        submission_markdown(result, assignment_title=TITLE).replace("\\", ""),
        terminal(show_result, result, width=200, verbose=True),
    )
    inert(inert_source)
    return [" ".join(re.sub("[│]", "", s).split()) for s in shown]


def test_a_timed_check_says_how_many_times_as_long() -> None:
    slow = graded("ada.py", check("values", PASSED, "conv2d"), measured("throughput", FAILED, timed(1.91)))
    slow = replace(slow, provenance=replace(PROVENANCE, device="gpu: NVIDIA H200"))
    for said in everywhere(slow):
        for expected in (
            "It takes 1.9 times as long as the reference, between 1.8 and 2.0.", "963", "1,840", "1.31 s", "420 ms",
            "3.1 ms", "820 µs", "gpu: NVIDIA H200",
        ):  # fmt: skip
            assert expected in said, expected
    page = everywhere(slow)[0]
    assert "Too slow" in page and "Look for loops" in page
    assert "takes 1.9 times" in terminal(show_result, slow)
    equal = graded("ada.py", measured("throughput", PASSED, timed(1.01, outcome=PASSED)))
    assert "as long as the reference, as far as can be told" in everywhere(equal)[0]


def test_cost_has_prefixes_and_names() -> None:
    numbers = {
        "flops": 128e6,
        "reference flops": 57.8e6,
        "temporary": 7.11e6,
        "reference temporary": 0.0,
        "ratio": 0.45,
    }
    message = "it needs 2.22 times the arithmetic operations of the reference"
    case = CaseEvidence("a batch", FAILED, message=message, statistics=numbers)
    for said in everywhere(graded("ada.py", measured("cost", FAILED, case, message=message))):
        assert "It needs 2.22 times the arithmetic operations of the reference." in said
        assert "128 M" in said and "57.8 M" in said and "7.11 MB" in said and "0 B" in said


def test_training_shows_curves_and_what_was_needed() -> None:
    nan = float("nan")
    result = graded(
        "ada.py",
        measured("training", FAILED, trained(0, 0.71), trained(1, 0.93), trained(2, 0.2, (2.0, nan, nan, nan)),
                 function="given.train_step"),
    )  # fmt: skip
    source = submission_page(result, assignment_title=TITLE)
    page = inert(source)
    words = " ".join(page.text.split())
    assert source.count('<path class="mine" d="M44') == 3 and 'class="theirs" d="M44' in source
    assert "seed 1 ✗" in words and "solid: yours" in words and "× where the loss stops being a number" in words
    assert "0% 2.3 2.3 2 2.3" in " ".join(re.sub("<[^>]+>", " ", source).split())  # the curves as a table
    assert "seed 3: from 2 to not a number." in words  # for who cannot see the picture
    for said in everywhere(result):
        assert "Accuracy is 0.71 after training, at least 0.9 is needed" in said
        assert "2 of 3 seeds did not learn" in said
        assert "not enough" in said and "0.95" in said
    drawn = terminal(show_result, result, verbose=True)
    assert "loss, seed 1" in drawn and "█" in drawn and "!" in drawn
    plain = terminal(show_result, result, verbose=True, encoding="ascii")
    assert "#" in plain and "->" in plain and "\\u" not in plain


def test_unsettled_is_not_our_fault_and_costs_nothing() -> None:
    result = graded(
        "ada.py",
        check("values", PASSED, "conv2d"),
        measured("throughput", INCONCLUSIVE, timed(1.6, 0.7, 1.4, INCONCLUSIVE)),
        judged=False,
    )
    for said in (*everywhere(result), terminal(show_result, result, width=200)):
        assert "Not settled yet" in said
        assert "will be repeated; you lose nothing" in said
        assert "so far" in said
        assert "our fault" not in said.lower()
    words = " ".join(Page(class_page([result], assignment_title=TITLE)).text.split())
    assert "1 submission not settled yet" in words
    assert "without a final mark" not in words and "Not judged0" in words
    table = terminal(show_table, [result])
    assert "1 submission not settled yet" in table and "fault" not in table
    assert "– / 2" in everywhere(result)[0]  # open is not zero
    both = replace(result, checks=(*result.checks, check("other", NOT_JUDGED)))
    for said in everywhere(both):
        assert "our fault" in said.lower() and "Not settled yet" in said
    lacking = replace(result, checks=result.checks[1:])  # points without evidence are our business again
    assert "our fault" in everywhere(lacking)[0]


def test_left_out_performance_is_quiet() -> None:
    result = left_out()
    page, markdown, _ = everywhere(result)
    screen = terminal(show_result, result)
    assert "2 of 6 points, performance (4) left out" in page and "performance (4) left out" in markdown
    assert "2 of 6 points, 4 left out" in screen and "Performance left out: 2 checks (4 points)" in screen
    assert "everything that was checked passes" in page and "Everything that was checked passes" in screen
    for said in (page, markdown, screen):
        assert "Not right yet" not in said and "Skipped" not in said and "0/" not in said and "0 / " not in said
    assert [mark.word for mark in marks(result, ["conv2d", "given.train_step"])] == ["Passed", "Left out"]
    full = replace(result, checks=tuple(replace(c, outcome=PASSED) for c in result.checks))
    words = Page(submission_page(result, assignment_title=TITLE, previous=full)).text
    assert "No longer right" not in words
    assert "left out for 1 submission" in " ".join(Page(class_page([result], assignment_title=TITLE)).text.split())


def test_compositions_are_named_for_what_they_are() -> None:
    mistake = {"mistake": "m", "hint": "Divide.", "program": "p"}
    result = graded("ada.py", check("one", FAILED, "given.train_step", **mistake), check("two", PASSED, "train_step"))
    previous = graded("ada.py", check("one", PASSED, "given.train_step"))
    said = [
        *everywhere(result),
        terminal(show_result, result),
        Page(submission_page(result, assignment_title=TITLE, previous=previous)).text,
        Page(class_page([result, result], assignment_title=TITLE)).text,
        terminal(show_table, [result], width=120),
    ]
    for text in said:
        assert "given." not in text
        assert "your functions together" in " ".join(text.split())


def test_right_comes_before_fast() -> None:
    result = graded(
        "ada.py", measured("throughput", FAILED, timed(3.0)), check("late", FAILED, "mlp", message="Wrong.")
    )
    assert [s.function for s in steps(result)] == ["mlp", "conv2d"]


def test_class_page_shows_how_ratios_and_measures_spread() -> None:
    def one(name: str, slower: float, accuracy: float) -> Result:
        speed, learns = timed(slower, outcome=PASSED), trained(0, accuracy)
        return graded(
            name, measured("throughput", PASSED, speed), measured("training", PASSED, learns, function="step")
        )

    crashed = graded("z.py", measured("throughput", FAILED, CaseEvidence("a batch", FAILED, message="It crashed.")))
    results = [*(one(f"s{i}.py", r, a) for i, (r, a) in enumerate([(1.0, 0.93), (2.0, 0.95), (8.0, 0.91)])), crashed]
    source = class_page(results, assignment_title=TITLE)
    words = " ".join(inert(source).text.split())
    assert "Median 2.0 times as long as the reference, from 1.0 to 8.0." in words
    assert "3 submissions." in words and "1 submission without a number." in words
    assert "Median 0.93, from 0.91 to 0.95; needed 0.9, reference 0.95." in words
    assert source.count('class="dot"') == 6
    assert "Training and speed" not in class_page([mistaken()], assignment_title=TITLE)


@given(st.lists(st.floats(allow_nan=True), max_size=80), st.lists(st.floats(allow_nan=True), max_size=5))
@settings(max_examples=150, deadline=None)
def test_every_curve_can_be_drawn(losses: list[float], reference: list[float]) -> None:
    run = CaseEvidence("x", PASSED, curves={"loss": tuple(losses), "reference loss": tuple(reference)})
    found = training(CheckEvidence("c", "t", "f", "training", PASSED, (run,)))
    assert found is not None
    plot = loss_plot(found)
    for line in plot.lines if plot else ():
        numbers = [float(n) for n in re.findall(r"-?[\d.]+", line.path)]
        assert all(22 <= y <= 166 for y in numbers[1::2]) and all(44 <= x <= 280 for x in numbers[::2])
    assert all(len(r.blocks) <= 24 for r in curves(found, plain=True))
    strip = strip_plot(losses, {"needed": 0.5}, ratio=False)
    assert strip is None or all(0 <= x <= 360 and 0 <= y <= 60 for x, y in strip.dots)


@given(st.floats(0, 1e12), st.floats(0, 1e12), st.floats(0, 1e12))
@settings(max_examples=150, deadline=None)
def test_every_ratio_can_be_drawn_and_said(ratio: float, low: float, high: float) -> None:
    numbers = {"ratio": ratio, "ratio low": min(low, ratio), "ratio high": max(high, ratio), "pairs": 12.0}
    check = CheckEvidence("c", "t", "f", "throughput", FAILED, (CaseEvidence("x", FAILED, statistics=numbers),))
    for found in ratios(check):
        plot = ratio_plot(found)
        assert 0 <= plot.low <= plot.middle + 0.1 and plot.low + plot.width <= 348
        assert len(plot.ticks) <= 8
        assert len(meter(found)) < 80
        assert len(sentence(check)) < 200


def test_axes_have_few_round_ticks() -> None:
    assert [t.label for t in fitting([0.0, 1.0], 0, 100).ticks()] == ["0", "0.25", "0.5", "0.75", "1"]
    assert [t.label for t in fitting([1e-4, 1.0], 0, 100).ticks()] == ["1e-4", "0.001", "0.01", "0.1", "1"]
    assert [t.label for t in fitting([0.1, 2.4], 0, 100).ticks()] == ["0.1", "0.2", "0.5", "1", "2"]
    assert fitting([-1.0, 100.0], 0, 100).log is False


def test_quantities_have_prefixes_and_units() -> None:
    assert [si(v, "B") for v in (0, 12, 999.6, 12345, 1.5e9)] == ["0 B", "12 B", "1 kB", "12.3 kB", "1.5 GB"]
    assert [si(v, "s") for v in (1.31, 0.0031, 8.2e-7)] == ["1.31 s", "3.1 ms", "820 ns"]
    assert si(float("nan"), "s") == "NaN"
    assert [times(v) for v in (1.91, 0.48, 23.4, 1234.0)] == ["1.9", "0.48", "23", "1,234"]


def test_a_class_without_submissions_has_a_page(tmp_path: Path) -> None:
    page = inert(class_page([], assignment_title=TITLE))
    assert "No submissions" in page.text
    assert write_reports([], tmp_path, assignment_title=TITLE) == tmp_path / "index.html"
    assert "No submissions" in terminal(show_table, [])


def test_class_page_counts_mistakes_rates_and_equal_programs() -> None:
    def program(name: str, text: str, outcome: str = PASSED) -> Result:
        return graded(name, check("relu_values", program="r"), check("deep", outcome, "mlp", program=text))

    results = [program("a.py", "p", FAILED), program("b.py", "p", FAILED), program("c.py", "q"), mistaken()]
    page = inert(class_page(results, assignment_title=TITLE, hrefs=["a-py.html", "", "", ""]))
    words = " ".join(page.text.split())
    assert "Equal programs are evidence, not a verdict." in words
    assert "a.py, b.py (2 functions, 1 of them wrong)" in words
    assert "relu3a.py, b.py, c.py" in words.replace(" ", "").replace(",", ", ")  # equal in one function only
    assert "1 submission · softmax_xent · cross-entropy" in words
    assert "jax.grad in 1 submission" in words
    assert "4 of 4 (100 %)" in words
    assert "1 of 3 (33 %)" in words
    assert ("href", "a-py.html") in page.attributes
    assert "20 to 29 %: 1 submission." in words  # the text alternative of the histogram


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_inert_and_visible_everywhere(text: str, tmp_path: Path) -> None:
    case = CaseEvidence(
        text, FAILED, 0, text, 1.0, 1e-5, 1.0, 1e-4, Place(text, (0,), 1.0, float("nan")), text, text, text, text,
        {text: float("inf")},
    )  # fmt: skip
    evidence = CheckEvidence("c", text, text, "values", FAILED, (case,), text, text, text, text, text)
    unjudged = replace(evidence, name="d", outcome=NOT_JUDGED)
    numbers = {text: 0.5, f"needed {text}": 0.9, f"reference {text}": float("inf")}
    run = replace(case, statistics=numbers, curves={"loss": (1.0, float("nan")), "reference loss": (2.0, 1e300)})
    learning = replace(evidence, name="e", kind="training", cases=(run, replace(run, draw=1)))
    timing = replace(evidence, name="f", kind="throughput", cases=(timed(2.0, label=text), case))
    counting = replace(timing, name="g", kind="cost", outcome=INCONCLUSIVE, function=f"given.{text}")
    provenance = Provenance(text, text, text, text, text, text, text, text, {text: text}, {text: 1.0}, text)
    findings = tuple(Finding(s, text, text, text, text, text, text) for s in ("violation", "skipped", "note"))
    score = Score(1.0, 2.0, (CheckScore("c", 1.0, 2.0, text),), False, text)
    checks = (evidence, unjudged, learning, timing, counting)
    result = Result(text, provenance, checks, findings, score, unreadable(text), text)
    lines = {text.removesuffix(", line 1"): text}
    page = inert(submission_page(result, assignment_title=text, sources=lines, previous=result))
    inert(class_page([result, result], assignment_title=text, hrefs=["x.html", "x.html"]))
    shown = visible(text)  # at least its message comes out in full
    assert " ".join(shown.split()) in " ".join(page.text.split())
    assert "1337" not in page.text  # 7 * 191
    for width in (80, 50):
        for encoding in ("utf-8", "ascii", "cp1252"):
            outputs = [
                terminal(show_result, result, width=width, encoding=encoding),
                terminal(show_result, result, width=width, encoding=encoding, verbose=True),
                terminal(show_table, [result, result], width=width, encoding=encoding),
            ]
            for output in outputs:
                assert not CONTROLS.search(output.replace("\r\n", "\n"))
                assert max(map(len, output.splitlines())) <= width
    markdown = submission_markdown(result, assignment_title=text)
    assert not CONTROLS.search(markdown)
    assert not re.search(r"(?<!\\)<[a-z/!]", re.sub(r"(`+).*?\1", "", markdown))
    assert "](" not in re.sub(r"(`+).*?\1", "", markdown)
    index = write_reports([result, result], tmp_path / "out", assignment_title=text)
    pages = sorted(tmp_path.rglob("*.html"))
    assert [p.parent.relative_to(index.parent).as_posix() for p in pages] == [
        ".",
        "instructor",
        "instructor",
        "students",
        "students",
    ]
    for one in pages:
        inert(one.read_text(encoding="utf-8"))


def test_rich_markup_of_students_stays_text() -> None:
    output = terminal(show_result, graded("[bold]x[/bold].py", check("one", FAILED, message="[red]no[/red] :smile:")))
    assert "[bold]x[/bold].py" in output
    assert "[red]no[/red] :smile:" in output


def test_hidden_characters_become_escapes() -> None:
    assert visible("plain") == "plain"
    assert visible("Jürgen 李") == "Jürgen 李"
    assert visible("\x1b[31m") == "\\x1b[31m"
    assert visible("a\nb") == "a\\nb"
    assert visible("a\r\nb\tc\r", lines=True) == "a\nb\tc\\r"
    assert visible("\u202e\ud800\U000e0041") == "\\u202e\\ud800\\U000e0041"
    assert visible("abcdef", limit=4) == "abcd… (2 more characters)"
    assert visible("e\u0301te\u0301") == "e\u0301te\u0301"
    assert "\\u0301" in visible("e" + "\u0301" * 9)


def test_file_names_are_safe_distinct_and_stable() -> None:
    names = ["ada.py", "Ada.py", "../../etc/passwd", "/abs", "index", "CON", "", ".", "..", "a/b", "a\\b", "a b", "a-b",
             "x" * 999, "x" * 998, "ada.py", "Jürgen.py", "\x00", "\ud800", "李"]  # fmt: skip
    stems = file_stems(names)
    assert len({s.casefold() for s in stems}) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]*", s) and len(s) < 100 for s in stems)
    assert not {"index", "con"} & {s.casefold() for s in stems}
    assert stems == file_stems(names)
    assert file_stems(["ada.py"]) == ["ada-py"]


def test_write_reports_replaces_links_and_leaves_no_parts(tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("mine")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "students").mkdir()
    (folder / "students" / "ada-py.html").symlink_to(outside)
    index = write_reports([mistaken()], folder, assignment_title=TITLE)
    assert outside.read_text() == "mine"
    assert {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} == {
        "index.html", "students/ada-py.html", "students/ada-py.md", "instructor/ada-py.instructor.html",
        "instructor/pages.json",
    }  # fmt: skip
    assert 'href="instructor/ada-py.instructor.html"' in index.read_text(encoding="utf-8")
    full = (folder / "instructor" / "ada-py.instructor.html").read_text(encoding="utf-8")
    assert 'href="../index.html"' in full and 'href="../students/ada-py.html"' in full
    # Handed out by copying one folder: nothing in it leads out of it.
    student = Page((folder / "students" / "ada-py.html").read_text(encoding="utf-8"))
    assert all(value.startswith("#") or value == "data:," for name, value in student.attributes if name == "href")


def test_an_interrupted_write_keeps_the_old_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = write_reports([mistaken()], tmp_path, assignment_title=TITLE)
    before = index.read_text(encoding="utf-8")

    def fail(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="no space"):
        write_reports([mistaken(), mistaken()], tmp_path, assignment_title=TITLE)
    assert index.read_text(encoding="utf-8") == before
    assert not list(tmp_path.rglob(".*"))


def test_a_class_of_two_hundred(tmp_path: Path) -> None:
    results = [replace(mistaken(), submission=f"student {i}.py") for i in range(200)]
    index = write_reports(results, tmp_path, assignment_title=TITLE)
    assert len(list(tmp_path.rglob("*.html"))) == 401
    links = re.findall(r'href="([\w/-]+\.instructor\.html)"', index.read_text(encoding="utf-8"))
    assert len(set(links)) == 200
    assert all((tmp_path / link).is_file() for link in links)


@pytest.mark.parametrize("width", [80, 50])
def test_terminal_shows_one_screen_for_a_student(width: int) -> None:
    output = terminal(show_result, mistaken(), width=width)
    lines = output.splitlines()
    assert max(map(len, lines)) <= width
    assert len(lines) <= (24 if width == 80 else 30)
    assert "jax.grad is not allowed." in output
    assert output.index("Next") < output.index("✓ relu")
    assert HINT.split()[0] in output  # where a known mistake is recognised, its hint says more than its numbers
    table = terminal(show_table, [mistaken()] * 3, width=width)
    assert max(map(len, table.splitlines())) <= width
    assert "✓◐✗–" in table
    assert "2/8" in table


def test_verbose_terminal_has_every_case_and_the_provenance() -> None:
    output = " ".join(terminal(show_result, mistaken(), verbose=True, width=200).split())
    for expected in ("a small batch (logits: float32 (8, 5)); at loss[3, 1] expected 1.6094, yours",
                     "Divide by `logits.shape[0]`.", "if z > 0:", "seed secret", "loss 1.61"):  # fmt: skip
        assert expected in output


def test_markdown_says_what_the_page_says() -> None:
    text = submission_markdown(mistaken(), assignment_title=TITLE)
    assert text.startswith("# Backpropagation by hand\n\nSubmission: `ada.py`\n")
    assert "**2 of 8 points, 25 %.**" in text
    assert "## What to do next" in text
    assert "expected `1.6094`, yours `12.875`" in text
    assert "`    if z > 0:`" in text


def test_numbers_in_words() -> None:
    assert points(39.9999) == "39.99"
    assert points(40.0) == "40"
    assert points(2.5) == "2.5"
    assert points(0.1 + 0.2) == "0.3"
    assert percent(39.999, 40) == 99
    assert percent(1, 0) == 0
    assert value_pair(1.0, 1.0000002) == ("1", "1.0000002")
    assert value_pair(float("nan"), float("-inf")) == ("NaN", "-infinity")
    case = CaseEvidence("a", FAILED, error=1e-6, tolerance=2e-5, worst=0.03, worst_tolerance=2e-4)
    assert distance(case) == "its worst number is off by 3 % of its usual size; 0.02 % is allowed"
    assert distance(replace(case, worst=1e-6)) == "within the tolerance"
    assert (
        distance(replace(case, error=50.0))
        == "the result as a whole is off by 50 times its usual size; 0.002 % is allowed"
    )
    assert (
        distance(replace(case, error=float("nan")))
        == "the result as a whole has no finite distance from the expected one"
    )
    assert distance(CaseEvidence("a", FAILED)) == ""


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("the sign is wrong", "The sign is wrong"),
        ("jnp.dot: NumPy cannot compute with traced arrays", "jnp.dot: NumPy cannot compute with traced arrays"),
        ("float(), int() or .item()", "float(), int() or .item()"),
        ("", ""),
    ],
)
def test_a_sentence_begins_with_a_capital_unless_it_begins_with_code(said: str, shown: str) -> None:
    assert capital(said) == shown


def test_the_message_of_a_check_is_shown_as_a_sentence() -> None:
    result = graded("ada.py", check("one", FAILED, message="the sign is wrong"))
    for said in (
        Page(submission_page(result, assignment_title=TITLE)).text,
        submission_markdown(result, assignment_title=TITLE),
        terminal(show_result, result),
    ):
        assert "The sign is wrong" in said


def test_pages_that_would_be_the_same_are_left_alone(tmp_path: Path) -> None:
    """Whatever a page shows, or what lies in its place, decides; the time of a file tells whether it was written."""
    results = [mistaken(), replace(mistaken(), submission="other.py")]

    def write(**changes: Any) -> set[str]:
        pages = [
            p for p in tmp_path.rglob("*.*") if p.parent.name in ("students", "instructor") and p.suffix != ".json"
        ]
        for path in pages:
            os.utime(path, (1, 1), follow_symlinks=False)
        write_reports(**({"results": results, "folder": tmp_path, "assignment_title": TITLE} | changes))
        return {p.name for p in pages if p.stat(follow_symlinks=False).st_mtime != 1}

    assert write() == set() and len(list((tmp_path / "students").iterdir())) == 4
    assert write() == set()
    moved = replace(results[1], output="printed now")
    assert write(results=[results[0], moved]) == {"other-py.html", "other-py.md", "other-py.instructor.html"}
    assert len(write()) == 3 and write() == set()
    assert len(write(assignment_title="another title")) == 6 and len(write()) == 6
    assert len(write(previous=[None, results[0]])) == 3 and len(write()) == 3
    page = tmp_path / "students" / "other-py.html"
    page.write_text(page.read_text().replace("</html>", "<p>edited</p></html>"))
    assert write() == {page.name} and "edited" not in page.read_text()
    page.unlink()
    write()
    assert page.exists()
    (tmp_path / "instructor" / "pages.json").write_text("[" * 10_000)
    assert len(write()) == 6
