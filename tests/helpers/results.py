"""Results of every kind, and pages read as a reader sees them."""

from __future__ import annotations

import html
import io
import re
from dataclasses import replace
from html.parser import HTMLParser

from rich.console import Console

from autograder.results import (
    FAILED,
    LEFT_OUT,
    PASSED,
    SKIPPED,
    CaseEvidence,
    CheckEvidence,
    CheckScore,
    Counterexample,
    FailureKind,
    Fault,
    Finding,
    Place,
    Problem,
    ProblemKind,
    Provenance,
    Result,
    Score,
)
from autograder.submission.read import Submission

TITLE = "Backpropagation by hand"


HINT = "You add the losses up; the handout asks for their mean. Divide by `logits.shape[0]`."


PROVENANCE = Provenance(
    "backprop", "1", "a" * 64, "0.1.0", "b" * 64, "seed-7f3a", "full", "cpu", {"jax": "0.10.2"}, {"trace": 0.4}, "today"
)


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style></title><svg onload=alert(1)>",
    "{{ 7 * 191 }}{% raw %}{# gone #}",
    "\x1b[31mred\x1b[0m\x1b]0;title\x07",
    "\x9b2J\x85",
    "abc\u202egnp.exe\u2066\u2069\u200f\u200e\u061c",
    "[red]markup[/red][link=http://evil.example]x[/link] :smile:",
    "bell\x07null\x00back\x08\x7f",
    "line\nbreak\rreturn\ttab\u2028sep\u2029par",
    "zero\u200bwidth\u200djoin\ufeffbom\u00adshy",
    "lone\ud800surrogate",
    "../../etc/passwd",
    "`code` **bold** [a](javascript:alert(1)) ![i](http://evil.example/x) | table |",
    "e" + "\u0301" * 40,
    "x" * 5000,
    "",
    " ",
]


CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


def check(name: str, outcome: str = PASSED, function: str = "relu", **more: object) -> CheckEvidence:
    message = str(more.get("message", ""))
    cases = (CaseEvidence("a matrix", outcome, 0, "x: float32 (4, 3)", message=message, public=True),)
    return replace(CheckEvidence(name, f"title of {name}", function, "values", outcome, cases), **more)  # type: ignore[arg-type]


def graded(name: str, *checks: CheckEvidence, judged: bool = True, **more: object) -> Result:
    scores = tuple(CheckScore(c.name, 2.0 if c.outcome == PASSED else 0.0, 2.0) for c in checks)
    total = Score(sum(s.points for s in scores), sum(s.possible for s in scores), scores, judged, "c" * 64)
    return replace(Result(name, PROVENANCE, checks, score=total), **more)  # type: ignore[arg-type]


def mistaken() -> Result:
    case = CaseEvidence(
        "a small batch",
        FAILED,
        0,
        "logits: float32 (8, 5)",
        0.8,
        2e-5,
        2.4,
        2e-4,
        Place("loss", (3, 1), 1.6094, 12.875),
        "the result is 8 times as large as expected",
        public=True,
        kind=FailureKind.WRONG,
    )
    wrong = check(
        "xent_values",
        FAILED,
        "softmax_xent",
        cases=(
            case,
            replace(case, draw=1, inputs="logits: float32 (9, 7)", public=False),
            replace(case, label="one row", outcome=PASSED, message="", kind=None),
        ),
        message="the result is 8 times as large as expected",
        mistake="sums_instead_of_mean",
        hint=HINT,
        topic="cross-entropy",
    )
    tracing = CaseEvidence(
        "a matrix", FAILED, message="A Python if on a traced value.", advice="Use `jnp.where`.",
        where="submission.py, line 2", code="    if z > 0:", public=True, kind=FailureKind.RAISED,
    )  # fmt: skip
    return graded(
        "ada.py",
        check("relu_values"),
        wrong,
        check("forward", FAILED, "mlp_forward", cases=(tracing,), message="A Python if on a traced value."),
        check(
            "backward", SKIPPED, "mlp_backward", cases=(), message="Waits for xent_values.", waits_for=("xent_values",)
        ),
        findings=(
            Finding("violation", "submission.py, line 9", "jax.grad is not allowed.", "use the chain rule", "jax.grad"),
            Finding("note", "cell 1, line 1", "A shell line was left out."),
        ),
        output="loss 1.61\n",
    )


COUNTEREXAMPLE = Counterexample(
    "softmax_xent",
    "two classes",
    "import jax.numpy as jnp\n\nlogits = jnp.array([[0.0, 0.5], [1.0, -0.5]])\nsoftmax_xent(logits, jnp.array([0, 1]))",
    "1.3378",
    "2.6756",
    passed=1,
    where="submission.py, line 3",
    code="    return losses.sum()",
)


def with_hidden(result: Result) -> Result:
    """Add a function that is right on public inputs only, and a counterexample for one that is wrong there."""
    right = CaseEvidence("even kernel, stride 1, SAME", PASSED, 0, "x: float32 (2, 8, 8, 3)", public=True)
    wrong = replace(
        right, outcome=FAILED, draw=1, inputs="x: float32 (3, 7, 9, 2)", error=0.7, tolerance=1e-5, public=False,
        message="the result is shifted by one", place=Place("y", (1,), 0.25, 0.75), kind=FailureKind.WRONG,
    )  # fmt: skip
    other = replace(right, label="odd kernel, stride 2, VALID")
    cases = (right, other, wrong, replace(other, draw=1, inputs=wrong.inputs, public=False))
    conv = check("conv_values", FAILED, "conv2d", cases=cases, message=wrong.message)
    made = graded(result.submission, *result.checks, conv)
    return replace(
        result,
        checks=made.checks,
        score=made.score,
        counterexamples=(COUNTEREXAMPLE,),
        provenance=replace(result.provenance, draw_set=2),
    )


def timed(
    slower: float, low: float = 0.95, high: float = 1.05, outcome: str = FAILED, label: str = "a batch"
) -> CaseEvidence:
    """A timed case that takes ``slower`` times as long as the reference, with bounds relative to that."""
    numbers = {
        "ratio": 1 / slower, "ratio low": 1 / (slower * high), "ratio high": 1 / (slower * low), "pairs": 24.0,
        "calls per second": 1840 / slower, "reference calls per second": 1840.0, "compile seconds": 1.31,
        "reference compile seconds": 0.42, "first call seconds": 0.0031, "reference first call seconds": 0.00082,
    }  # fmt: skip
    return CaseEvidence(label, outcome, message="it takes long", advice="look for loops", statistics=numbers)


def trained(draw: int, accuracy: float, losses: tuple[float, ...] = (2.3, 1.1, 0.4, 0.2)) -> CaseEvidence:
    enough = accuracy >= 0.9
    return CaseEvidence(
        f"digits, seed {draw + 1}",
        PASSED if enough else FAILED,
        draw,
        message="" if enough else f"accuracy is {accuracy} after training, at least 0.9 is needed (reference: 0.95)",
        statistics={"final loss": 0.2, "accuracy": accuracy, "needed accuracy": 0.9, "reference accuracy": 0.95},
        curves={"loss": losses, "reference loss": (2.3, 0.9, 0.3, 0.1)},
    )


def measured(kind: str, outcome: str, *cases: CaseEvidence, function: str = "conv2d", **more: object) -> CheckEvidence:
    return check(f"{function}_{kind}", outcome, function, kind=kind, cases=cases, **more)


def unreadable(message: str) -> Problem:
    return Problem(Fault.STUDENT, ProblemKind.EMPTY, message)


def problem_text(read: Result | Submission) -> str:
    """What is wrong with all of a submission, as people read it; nothing where it was read."""
    return read.problem.message if read.problem is not None else ""


def our_fault(message: str) -> Problem:
    return Problem(Fault.OURS, ProblemKind.SANDBOX, message)


def left_out() -> Result:
    message = "Left out: this run did not measure performance."
    return graded(
        "ada.py",
        check("values", PASSED, "conv2d"),
        measured("throughput", LEFT_OUT, message=message),
        measured("training", LEFT_OUT, function="given.train_step", message=message),
    )


class Page(HTMLParser):
    """Collects what a browser would act on, the visible text, and unbalanced tags."""

    void = frozenset({"meta", "link", "img", "br", "input", "path", "rect", "circle", "line"})

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in self.void:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, f"unbalanced </{tag}>"

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def inert(source: str) -> Page:
    """Assert that a page runs nothing, requests nothing and hides nothing."""
    page = Page(source)
    assert page.open == []
    assert not {"script", "img", "iframe", "object", "embed", "base", "form"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on") or name in ("style", "srcdoc")]
    for name, value in page.attributes:
        if name in ("href", "src"):
            assert re.fullmatch(
                r"#[a-z0-9-]+|data:,|(\.\./)?(\w+/){0,2}[\w-]+(\.instructor)?\.html", value, re.ASCII
            ), value
    assert "url(" not in source and "@import" not in source
    assert not CONTROLS.search(source)
    ids = [value for name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    for name, value in page.attributes:
        if name in ("aria-labelledby", "aria-describedby"):
            assert set(value.split()) <= set(ids)
    assert "default-src 'none'" in html.unescape(source)
    return page


def terminal(show: object, *args: object, width: int = 80, encoding: str = "utf-8", **more: object) -> str:
    raw = io.BytesIO()
    console = Console(
        file=io.TextIOWrapper(raw, encoding=encoding), width=width, color_system=None, force_terminal=False
    )
    show(console, *args, **more)  # type: ignore[operator]
    console.file.flush()
    return raw.getvalue().decode(encoding)
