"""Items of every kind, and what each export refuses."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from question_bank.interchange.text import to_html
from question_bank.item import (
    CLOZE,
    CODE,
    MATCHING,
    MULTIPLE,
    NUMERIC,
    ORDERING,
    SHORT,
    SINGLE,
    Item,
    Number,
    Option,
    Pair,
    Slip,
    problems,
    replace,
)

NASTY = "`a=b` ~ = { } # : \\\\ < > & \"q\" 'r' $x_{1}$ é → 数"


def item(kind: str, name: str = "", **fields: Any) -> Item:
    shared = {"stem": "Which?", "explanation": "Because $o=1$.", "topic": "convolution"}
    one = Item(id=name or f"golden-{kind}", kind=kind, level="apply", difficulty=0.4, **{**shared, **fields})
    assert problems(one) == []
    return one


GOLDEN = [
    item(
        SINGLE,
        stem=f"What does {NASTY} say?",
        options=(
            Option("$\\frac{1}{n} < 1$", True, "Yes: `a=b`."),
            Option("a < b & c", False, "No <b>bold</b> here # 1"),
            Option("*c* [0](x) -> {d}", False),
            Option("~=#{}: \\\\ \\n", False, "why ~ so"),
            Option("[html] is text", False, "[plain] too"),
        ),
    ),
    item(
        SINGLE,
        "golden-code-options",
        code="x = {'a': 1 == 1}  # ~\nprint(x)\n",
        options=(Option("`{}`"), Option("`1`", True)),
    ),
    item(
        MULTIPLE,
        options=(
            Option("right one", True, "indeed"),
            Option("wrong one", False, "not this"),
            Option("right two", True),
            Option("right three", True),
            Option("wrong two"),
        ),
    ),
    item(NUMERIC, number=Number(0.3, 0.01, "m/s", (Slip(0.6, "You forgot the half."), Slip(-0.3, "The sign.")))),
    item(NUMERIC, "golden-whole", number=Number(896.0, 0.0, "", (Slip(864.0, "You forgot the bias."),))),
    item(SHORT, accepted=("ReLU", "rectified = linear * unit", "[html] {x} # ~ : \\", "100%", "%50% a")),
    item(
        MATCHING,
        pairs=(Pair("GAN = {a}", "two nets"), Pair("VAE -> b", "a KL term"), Pair("`AE` # c", "a bottle-neck -> =")),
        extra=("nothing: ~",),
    ),
    item(ORDERING, steps=("forward", "loss", "backward", "update")),
    item(
        CLOZE,
        stem="First {1}, then `{2}` = {x} # y {1:SA:=z}.",
        gaps=(("one", "1*"), ("two}#", "a\\}~b", '"q"/<p>&amp;')),
    ),
    item(CLOZE, "golden-cloze-one", stem="The {1} is = {x}.", gaps=(("ReLU",),)),
    item(CODE, code="print({'a': True}, 1)\n", accepted=("{'a': True} 1",)),
    item(CODE, "golden-code-lower", code="print(1, 2)\nprint(3)\n", accepted=("1 2\n3",)),
]


REFUSED = {
    "moodle": set(),
    "gift": {"golden-ordering", "golden-cloze", "golden-code"},
    "canvas": {"golden-ordering", "golden-code"},
    "qti": set(),
    "anki": set(),
    "jupyterquiz": {"golden-matching", "golden-ordering", "golden-cloze", "golden-cloze-one"},
    "paper": set(),
    "key": set(),
}


SPICY = st.text(st.sampled_from(list("ab 1=~{}#:\\<>&\"'\n$*_`-[]().%é\u00a0\u2028\t→;^")), min_size=1, max_size=30)


TEXTS = (SPICY | st.text(min_size=1, max_size=20)).filter(lambda text: bool(to_html(text)))


FORMS = TEXTS.map(lambda text: " ".join(text.split())).filter(
    lambda text: text.isprintable() and any(c.isalnum() for c in text)
)


NAMES = st.lists(st.sampled_from(["alpha", "beta", "gamma", "delta", "eps"]), min_size=3, max_size=5, unique=True)


@st.composite
def choices(draw: st.DrawFn) -> Item:
    texts = draw(st.lists(TEXTS, min_size=2, max_size=5, unique_by=lambda t: " ".join(t.split()).casefold()))
    many = draw(st.booleans())
    right = draw(st.sets(st.integers(0, len(texts) - 1), min_size=1, max_size=len(texts) if many else 1))
    options = tuple(Option(t, i in right, draw(TEXTS | st.just(""))) for i, t in enumerate(texts))
    kind = MULTIPLE if many else SINGLE
    return Item("fuzz", kind, "t", "apply", 0.5, draw(TEXTS), draw(TEXTS | st.just("")), options=options)


@st.composite
def fields(draw: st.DrawFn) -> Item:
    kind = draw(st.sampled_from([SHORT, MATCHING, CLOZE, NUMERIC]))
    base = Item("fuzz", kind, "t", "apply", 0.5, draw(TEXTS), draw(TEXTS | st.just("")))
    if kind == SHORT:
        return replace(base, accepted=tuple(draw(st.lists(FORMS, min_size=1, max_size=3))))
    if kind == CLOZE:
        stem = draw(SPICY).replace("{", "").replace("$", "")
        return replace(
            base, stem=f"a {{1}} b {stem.strip('`')}", gaps=(tuple(draw(st.lists(FORMS, min_size=1, max_size=3))),)
        )
    if kind == MATCHING:
        rights = draw(NAMES)
        lefts = draw(st.lists(TEXTS, min_size=len(rights) - 1, max_size=len(rights) - 1, unique=True))
        pairs = tuple(Pair(a, b) for a, b in zip(lefts, rights, strict=False))
        return replace(base, pairs=pairs, extra=tuple(rights[-1:]))
    value = draw(st.floats(-1e6, 1e6).map(lambda v: round(v, 4)))
    slips = (Slip(round(value + 50, 4), draw(TEXTS)),)
    return replace(base, number=Number(value, draw(st.sampled_from([0.0, 0.01, 0.5])), "", slips))
