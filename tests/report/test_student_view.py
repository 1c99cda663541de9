"""What a student gets holds nothing that was computed from hidden inputs, in any format."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from helpers.results import (
    COUNTEREXAMPLE,
    PROVENANCE,
    check,
    graded,
    measured,
    mistaken,
    our_fault,
    terminal,
    timed,
    trained,
    with_hidden,
)
from helpers.student_outputs import student_outputs
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.exchange.check_text import check_texts
from autograder.report import instructor_page, show_result
from autograder.report.hidden import WORDS as BY_KIND
from autograder.report.student_view import student_view
from autograder.results import (
    FAILED,
    INCONCLUSIVE,
    NOT_JUDGED,
    PASSED,
    SKIPPED,
    CaseEvidence,
    CheckEvidence,
    Counterexample,
    ErrorMap,
    FailureKind,
    Fault,
    Outcome,
    Place,
    Problem,
    ProblemKind,
    Result,
)

RIGHT = CaseEvidence("even kernel, SAME", PASSED, 0, "x: float32 (4, 3)", public=True)
# Every field of a hidden case filled with what must not come out: a word, or a number of sevens.
HIDDEN = CaseEvidence(
    "even kernel, SAME", FAILED, 77, "HIDDEN inputs (77, 7)", 0.77, 0.077, 77.0, 0.0077,
    Place("HIDDEN", (77, 7), 7.7, 77.0), "HIDDEN message 7.7", "HIDDEN advice 77", "submission.py, line 2", "return x",
    {"HIDDEN mean": 7.7}, {"loss": (7.7, 77.0), "HIDDEN": (77.0,)}, ErrorMap("HIDDEN[:, :]", (77, 77), ("04",)),
    public=False, kind=FailureKind.WRONG,
)  # fmt: skip
LEAK = re.compile(r"HIDDEN|7[.]?7")
NUMERIC = [kind for kind in FailureKind if kind is not FailureKind.MEASURED]


def one(*cases: CaseEvidence, outcome: Outcome = FAILED, kind: str = "values", **more: object) -> Result:
    """A result of one check whose own message, programs and provenance are hidden too."""
    wrong = CheckEvidence(
        "conv_values", "conv2d with padding", "conv2d", kind, outcome, cases,
        message="HIDDEN message 77", program="HIDDEN77", operations={"HIDDEN": 77},
    )  # fmt: skip
    made = replace(
        PROVENANCE, seed="HIDDEN77", draw_set=77, seconds={"all": 77.0, "HIDDEN": 7.7}, created="HIDDEN 1977-07-07"
    )
    result = graded("ada.py", replace(wrong, **more), judged=outcome is not NOT_JUDGED)  # type: ignore[arg-type]
    return replace(result, provenance=made)


def case_of(result: Result) -> CaseEvidence:
    """The last case of the student's view of the only check."""
    return student_view(result).checks[0].cases[-1]


# ---- nothing comes out


@pytest.mark.parametrize("kind", [*NUMERIC, None], ids=str)
@pytest.mark.parametrize("outcome", [FAILED, NOT_JUDGED])
def test_nothing_of_a_hidden_case_comes_out_in_any_format(kind: FailureKind | None, outcome: Outcome) -> None:
    hidden = replace(HIDDEN, kind=kind, outcome=outcome)
    for result in (one(RIGHT, hidden, outcome=outcome), one(hidden, replace(hidden, label="other"), outcome=outcome)):
        for name, text in student_outputs(result).items():
            found = LEAK.search(text)
            assert found is None, f"{name}: …{text[max(0, found.start() - 60) : found.end() + 60]}…"


@pytest.mark.parametrize("kind", ["training", "throughput", "cost"])
def test_a_comparison_before_a_measurement_shows_no_numbers_either(kind: str) -> None:
    wrong = replace(HIDDEN, public=True, inputs="x: float32 (64, 3)", curves={})  # its sizes are printed
    for outcome in (FAILED, NOT_JUDGED):
        result = one(replace(wrong, outcome=outcome), outcome=outcome, kind=kind)
        for name, text in student_outputs(result).items():
            assert LEAK.search(text) is None, name


def test_a_measurement_keeps_no_comparison() -> None:
    case = replace(timed(3.0), error=0.77, tolerance=0.077, worst=77.0, worst_tolerance=0.077, place=HIDDEN.place)
    case = replace(case, error_map=HIDDEN.error_map, kind=FailureKind.MEASURED, public=True)
    assert case_of(one(case, kind="throughput")) == replace(timed(3.0), kind=FailureKind.MEASURED, public=True)


def test_lines_for_other_programs_hide_on_their_own() -> None:
    for text in check_texts(one(RIGHT, HIDDEN)):
        assert not LEAK.search(" ".join(text.lines))


def test_the_search_finds_what_an_instructor_sees() -> None:
    result = one(RIGHT, HIDDEN)
    said = terminal(show_result, result, verbose=True, instructor=True, width=300)
    for text in (said, instructor_page(result, assignment_title="Toy")):
        assert "HIDDEN message 7.7" in text and "HIDDEN inputs (77, 7)" in text and "HIDDEN[77, 7]" in text
    page = instructor_page(result, assignment_title="Toy")
    assert "hidden draw 77" in page and "public draw 0" in page and "<dt>Draw set</dt><dd>77</dd>" in page


def test_a_fault_of_ours_is_told_without_what_it_quotes() -> None:
    problem = Problem(Fault.OURS, ProblemKind.REFERENCE, "HIDDEN: division by 77")
    result = Result("ada.py", PROVENANCE, problem=problem)
    assert not [name for name, text in student_outputs(result).items() if LEAK.search(text)]
    assert student_view(result).problem == replace(
        problem, message="The grader failed. Your work will be graded again."
    )
    theirs = Result("ada.py", PROVENANCE, problem=Problem(Fault.STUDENT, ProblemKind.EMPTY, "ada.py is empty"))
    assert student_view(theirs).problem == theirs.problem
    assert "Our grader failed here: even kernel, SAME." in student_outputs(
        one(RIGHT, replace(HIDDEN, outcome=NOT_JUDGED), outcome=NOT_JUDGED)
    )["sections"].replace("\\", "")


# ---- what is kept


def test_hidden_cases_of_a_label_become_one_with_the_worst_outcome() -> None:
    passed = replace(HIDDEN, outcome=PASSED, kind=None)
    kept = case_of(one(RIGHT, passed, HIDDEN, passed))
    assert kept == CaseEvidence(
        HIDDEN.label, FAILED, where="submission.py, line 2", code="return x", kind=FailureKind.WRONG
    )
    assert len(student_view(one(RIGHT, passed, HIDDEN, passed)).checks[0].cases) == 2
    broken = replace(HIDDEN, outcome=NOT_JUDGED, kind=None)
    assert case_of(one(RIGHT, HIDDEN, broken, outcome=NOT_JUDGED)).outcome == NOT_JUDGED


def test_a_public_failure_says_all_there_is_to_say() -> None:
    public = replace(RIGHT, outcome=FAILED, message="the sign is wrong", error=1.0, tolerance=1e-5)
    seen = student_view(one(public, HIDDEN)).checks[0]
    assert seen.cases == (public,) and seen.message == "the sign is wrong"
    broken = replace(HIDDEN, outcome=NOT_JUDGED, kind=None)
    assert [c.outcome for c in student_view(one(public, broken, outcome=NOT_JUDGED)).checks[0].cases] == [
        FAILED,
        NOT_JUDGED,
    ]


def test_measurements_stay_and_so_does_everything_under_the_public_seed() -> None:
    slow, learning = timed(2.0), trained(1, 0.5)
    result = graded("ada.py", measured("throughput", FAILED, slow), measured("training", FAILED, learning))
    seen = student_view(result)
    assert [c.cases for c in seen.checks] == [(replace(slow, public=True),), (replace(learning, public=True),)]
    result = one(RIGHT, replace(HIDDEN, draw=1))
    public = replace(result, provenance=replace(result.provenance, seed="public"), output="printed")
    seen = student_view(public)
    assert seen.checks[0].cases == (RIGHT, replace(HIDDEN, draw=1, public=True))
    assert seen.checks[0].message == "HIDDEN message 77" and seen.output == "printed"
    assert seen.provenance.seed == "public" and not seen.provenance.seconds


def test_results_of_earlier_versions_show_no_numbers_and_no_printed_sizes() -> None:
    old = replace(one(replace(HIDDEN, kind=None), replace(HIDDEN, kind=None, draw=1)), output="shape (77, 7)")
    assert student_view(old).output == ""
    assert student_view(replace(one(RIGHT, HIDDEN), output="shape (4, 3)")).output == "shape (4, 3)"
    for name, text in student_outputs(old).items():
        assert LEAK.search(text) is None, name
    assert "Not right on hidden inputs: even kernel, SAME." in student_outputs(old)["gradescope"]


def test_what_a_skipped_check_waits_for_stays() -> None:
    waits = check("backward", SKIPPED, cases=(), message="waits for xent_values", waits_for=("xent_values",))
    assert student_view(graded("ada.py", waits)).checks[0].message == "waits for xent_values"


def test_an_inconclusive_measurement_keeps_its_sentence() -> None:
    unsure = measured("throughput", INCONCLUSIVE, timed(1.2, outcome=INCONCLUSIVE), message="measure again")
    assert student_view(graded("ada.py", unsure, judged=False)).checks[0].message == "measure again"


# ---- what is said instead


@pytest.mark.parametrize("kind", NUMERIC)
def test_each_kind_of_failure_has_a_sentence_and_advice(kind: FailureKind) -> None:
    said = student_outputs(one(RIGHT, replace(HIDDEN, kind=kind)))
    words = BY_KIND[kind]
    lead = f"Right at the printed sizes, not at other sizes or numbers: even kernel, SAME. There, {words.clause}."
    for name in ("page", "markdown", "sections", "terminal, verbose", "gradescope", "classroom", "junit", "summary"):
        text = re.sub(r"</?code>|[\\`│]", "", said[name])
        assert lead in " ".join(text.split()), name
        assert words.short in text, name
        if name != "junit":
            assert words.advice.replace("`", "").partition(",")[0] in " ".join(text.split()), name
    assert len({w.clause for w in BY_KIND.values()}) == len(FailureKind)


def test_the_students_own_line_is_shown() -> None:
    for name, text in student_outputs(one(RIGHT, replace(HIDDEN, kind=FailureKind.RAISED))).items():
        if name not in ("terminal, ASCII", "summary of several", "notebook"):
            assert re.search(r"submission\\?\.py(, line 2|,line=2)|\"line_no\": 2", text), name


def test_a_check_that_fails_on_many_hidden_cases_names_a_few() -> None:
    many = [(replace(RIGHT, label=f"case {i}"), replace(HIDDEN, label=f"case {i}")) for i in range(9)]
    said = student_outputs(one(*(c for pair in many for c in pair)))["gradescope"]
    assert "case 0; case 1; case 2; case 3; case 4; case 5; and 3 more. There, it returns wrong numbers." in said


# ---- counterexamples


def test_a_counterexample_stands_in_every_format_under_its_function() -> None:
    said = student_outputs(with_hidden(mistaken()))
    for name, text in said.items():
        if name == "summary of several":
            continue
        shown = text.replace("\\n", "\n").replace("%0A", "\n").replace('\\"', '"')
        if name == "notebook":
            shown = shown.replace('",\n', "").replace("\n", " ")
        assert "softmax_xent(logits, jnp.array([0, 1]))" in shown, name
        assert "two classes" in shown and "2.6756" in shown and "1.3378" in shown, name
    call = COUNTEREXAMPLE.call
    assert f"\n{call}\nYour code gives: 2.6756\nExpected: 1.3378\n" in said["gradescope"].replace("\\n", "\n")
    assert f"```python\n{call}\n```" in said["markdown"]
    assert f"<pre><code>{call}</code></pre>" in said["page"]
    assert said["gradescope"].count("softmax_xent(logits") == 1  # once, though further checks of the function may fail


def test_the_call_of_a_counterexample_can_be_copied_and_run() -> None:
    call = "x = [\n    1,\n    1,\n]\nf(x)"
    example = Counterexample("conv2d", "ones", call, "[[1]\n [2]]", "ValueError: no `x`")
    result = replace(one(RIGHT, HIDDEN), counterexamples=(example,))
    said = student_outputs(result)
    assert call in said["gradescope"].replace("\\n", "\n")  # lines that are equal stay
    assert f"```python\n{call}\n```" in said["markdown"] and "```\n[[1]\n [2]]\n```" in said["markdown"]
    assert "\n".join(f"  {line}" for line in call.split("\n")) in re.sub(" +\n", "\n", said["terminal"])


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "```\n<b>x</b>\n```", "\x1b[31m", "{{ 7 * 191 }}", ""])
def test_hostile_counterexamples_are_inert(text: str) -> None:
    example = Counterexample("conv2d", text, text, text, text, 1, text, text)
    for name, shown in student_outputs(replace(one(RIGHT, HIDDEN), counterexamples=(example,))).items():
        assert "\x1b" not in shown and "1337" not in shown, name
        if name == "page":
            assert "<script>" not in shown and "<b>x" not in shown
        if name == "markdown":
            assert "````" in shown or "```\n<b>" not in shown


# ---- properties


WORDS = st.text("abc 123.", max_size=12)
NUMBERS = st.one_of(st.none(), st.floats())


def hidden_cases(label: str, outcome: Outcome, kind: FailureKind | None) -> st.SearchStrategy[CaseEvidence]:
    """Cases that differ in what is hidden only."""
    return st.builds(
        CaseEvidence, st.just(label), st.just(outcome), st.integers(1, 9), WORDS, NUMBERS, NUMBERS, NUMBERS, NUMBERS,
        st.one_of(st.none(), st.builds(Place, WORDS, st.just((1, 2)), st.floats(), st.floats())), WORDS, WORDS,
        st.just("submission.py, line 2"), st.just("return x"), st.dictionaries(WORDS, st.floats(), max_size=2),
        st.dictionaries(WORDS, st.just((1.0, 2.0)), max_size=1),
        st.one_of(st.none(), st.builds(ErrorMap, WORDS, st.just((1, 2)), st.just(("04",)))),
        public=st.just(False), kind=st.just(kind),
    )  # fmt: skip


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Result, Result]:
    """Two gradings of equal work under two secrets: outcomes and public evidence are the same."""
    kinds = st.sampled_from(NUMERIC)
    outcomes = draw(st.lists(st.tuples(st.sampled_from([PASSED, FAILED, NOT_JUDGED]), kinds), min_size=1, max_size=3))
    public = [draw(st.sampled_from([PASSED, FAILED])) for _ in outcomes]
    both = []
    for _ in range(2):
        cases: list[CaseEvidence] = []
        for n, ((outcome, kind), seen) in enumerate(zip(outcomes, public, strict=True)):
            cases.append(replace(RIGHT, label=f"case {n}", outcome=seen, message="off" if seen == FAILED else ""))
            cases.append(draw(hidden_cases(f"case {n}", outcome, kind if outcome == FAILED else None)))
        found = {c.outcome for c in cases}
        outcome = next(o for o in (NOT_JUDGED, FAILED, PASSED) if o in found)
        result = one(*cases, outcome=outcome, message=draw(WORDS), program=draw(WORDS))
        made = replace(PROVENANCE, seed=draw(st.sampled_from(["a1", "b2"])), draw_set=draw(st.integers(0, 3)))
        both.append(replace(result, provenance=replace(made, seconds={"all": draw(st.floats(0, 9))})))
    return both[0], both[1]


@given(pairs())
@settings(max_examples=40, deadline=None)
def test_results_that_differ_in_hidden_numbers_only_are_the_same_bytes(both: tuple[Result, Result]) -> None:
    first, second = map(student_outputs, both)
    for name in first:
        assert first[name].encode() == second[name].encode(), name


@given(pairs(), st.sampled_from(["values", "training", "cost"]), st.booleans())
@settings(max_examples=150, deadline=None)
def test_what_a_student_sees_stays_what_it_is(both: tuple[Result, Result], kind: str, public: bool) -> None:
    result = replace(both[0], checks=tuple(replace(c, kind=kind) for c in both[0].checks), problem=our_fault("x"))
    if public:
        result = replace(result, provenance=replace(result.provenance, seed="public"))
    seen = student_view(result)
    assert repr(student_view(seen)) == repr(seen)  # repr: NaN differs from itself
    assert [c.outcome for c in seen.checks] == [c.outcome for c in result.checks]
    assert seen.score == result.score
