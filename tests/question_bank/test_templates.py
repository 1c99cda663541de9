"""Every template is audited on a sample; then faults are planted in templates and engine to see the audit notice."""

from __future__ import annotations

import math
import random
import tomllib
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest
from flax import linen, nnx

from question_bank.templates import engine, load_templates
from question_bank.templates._shapes import cell_parameters, parameters, printed
from question_bank.templates.audit import Audit, audit_template, rank_faults
from question_bank.templates.engine import Draw, Question, Template, Wrong, template

SAMPLE = 60
LEXICON = Path(engine.__file__).parents[1] / "lexicon" / "topics.toml"


@pytest.mark.parametrize("one", load_templates(), ids=lambda t: t.id)
def test_template_makes_sound_items(one: Template) -> None:
    found = audit_template(one, SAMPLE)
    assert not found.findings
    assert found.stems > SAMPLE // 2


def test_template_topics_are_topics_of_the_lexicon() -> None:
    topics = {name for module in tomllib.loads(LEXICON.read_text()).values() for name in module}
    assert {one.topic for one in load_templates()} <= topics


def _rectangle(d: Draw, second: int = 0, mistake: float | None = None, unit: str = "", places: int = 0) -> Question:
    a, b = d.integer(20, 90), d.integer(20, 90)
    wrong = [
        Wrong("added", a + b, "Multiply."),
        Wrong("first side", a, "Both sides count."),
        Wrong("less", a * b - a, "Too small."),
        Wrong("more", a * b + b, "Too large."),
        Wrong("doubled", 2 * a * b, "Do not double."),
        Wrong("cubed", a * b * b, "Do not cube."),
    ]
    if mistake is not None:
        wrong = [*wrong, Wrong("planted", mistake if mistake != 0 else a * b, "Planted.")]
    return Question(
        stem=f"A rectangle has sides {a} and {b}. What is its area?",
        key=jnp.asarray(a * b),
        second=a * b + second,
        wrong=wrong,
        explanation=f"{a} times {b}.",
        unit=unit,
        places=places,
    )


@template(topic="frameworks")
def rectangle(d: Draw) -> Question:
    """Sound: the audit finds nothing."""
    return _rectangle(d)


@template(topic="frameworks")
def rectangle_wrong_second(d: Draw) -> Question:
    """The second way is off by one."""
    return _rectangle(d, second=1)


@template(topic="frameworks")
def rectangle_near_mistake(d: Draw) -> Question:
    """A mistake that is always the key."""
    return _rectangle(d, mistake=0)


@template(topic="frameworks")
def rectangle_ugly_mistake(d: Draw) -> Question:
    """A mistake that is not a number."""
    return _rectangle(d, mistake=math.nan)


@template(topic="frameworks")
def rectangle_one_pixels(d: Draw) -> Question:
    """A mistake of one, with a plural behind it."""
    return _rectangle(d, mistake=1, unit="pixels")


@template(topic="frameworks")
def rectangle_rounded(d: Draw) -> Question:
    """A mistake within the tolerance of the key."""
    return _rectangle(d, mistake=0, places=1)


def _lines(found: Audit) -> str:
    return "\n".join(found.findings)


def test_sound_template_passes() -> None:
    seen: list[int] = []
    found = audit_template(rectangle, 300, seen.append)
    assert found == Audit("rectangle", 300, found.stems, found.seconds, ())
    assert found.stems > 250 and found.seconds > 0 and seen == [100, 200, 300]


def test_a_second_way_that_disagrees_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "the two ways to the key disagree" in _lines(audit_template(rectangle_wrong_second, 3))
    monkeypatch.setattr(engine, "_agreed", lambda one, question: float(question.key))
    assert "the key is not what the second way gives (3×" in _lines(audit_template(rectangle_wrong_second, 3))
    assert "the number or its tolerance is not what the second way gives" in _lines(
        audit_template(rectangle_wrong_second, 3)
    )


@pytest.mark.parametrize("one", [rectangle_near_mistake, rectangle_rounded])
def test_a_mistake_beside_the_key_is_never_offered_or_reported(one: Template, monkeypatch: pytest.MonkeyPatch) -> None:
    found = _lines(audit_template(one, 250))
    assert "mistake 'planted' is never offered" in found and "within" not in found
    monkeypatch.setattr(engine, "_far_apart", lambda key, question: [_moved(w) for w in question.wrong])
    monkeypatch.setattr("question_bank.templates.audit._mistakes", lambda item, question: {"a", "b", "c"})
    assert "a mistake lies within twice the tolerance of the number" in (found := _lines(audit_template(one, 60)))
    assert "two options lie within twice the tolerance" in found or one is rectangle_near_mistake


def _moved(w: Wrong) -> Wrong:
    """The planted mistake, a hair beside the key, so that the engine can rank it."""
    return Wrong(w.name, float(w.value) + 0.1, w.feedback) if w.name == "planted" else w


def test_ugly_numbers_are_left_out_or_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "never offered" in _lines(audit_template(rectangle_ugly_mistake, 250))  # the engine leaves it out
    monkeypatch.setattr(engine, "shown", lambda value, question: repr(value))
    assert "an option is not printed as a plain number" in _lines(audit_template(rectangle, 3))
    monkeypatch.undo()
    assert "an option is not printed as a plain number" in _lines(audit_template(rectangle_one_pixels, 60))


@pytest.mark.parametrize("text", ["-0", "-0.00", "nan", "0.30000000000000004", "1e5", "3.0", "05", "2.5"])
def test_an_option_that_is_printed_badly_is_reported(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "shown", lambda value, question: text if value < 100 else f"{value:.0f}")
    assert "an option is not printed as a plain number" in _lines(audit_template(rectangle, 30))


def test_a_key_at_a_fixed_rank_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = engine._rng
    monkeypatch.setattr(engine, "_rng", lambda *parts: random.Random(7) if parts[-1] == "rank" else kept(*parts))
    assert "the key's ranks are uneven" in _lines(audit_template(rectangle, 60))


def test_uneven_ranks_are_a_fault_once_there_are_enough() -> None:
    assert rank_faults([25, 20, 31, 24]) == []
    assert rank_faults([45, 5, 25, 25])[0].startswith("the key's ranks are uneven: [45, 5, 25, 25] (p = ")
    assert rank_faults([4, 0, 0, 0]) == []  # too few to tell


def test_traced_programs_print_what_real_ones_print() -> None:
    code = (
        "import jax.numpy as jnp\nx = jnp.ones((3, 1, 4)) + jnp.ones((5, 4))\nprint(x.shape, x.reshape(4, -1).T.shape)"
    )
    assert printed(code) == printed(code, shapes_only=False) == "(3, 5, 4) (15, 4)"


@pytest.mark.parametrize(
    "name", [one.id for one in load_templates() if one.id.endswith("-shape") and "feature" not in one.id]
)
def test_shown_programs_run(name: str) -> None:
    one = next(t for t in load_templates() if t.id == name)
    for seed in "ab":
        item = engine.draw(one, seed)
        assert (printed(item.code, shapes_only=False),) == item.keys


def test_counts_are_those_of_other_flax_layers() -> None:
    def count(module: nnx.Module) -> int:
        return sum(leaf.size for leaf in jax.tree.leaves(nnx.state(module, nnx.Param)))

    rngs = nnx.Rngs(0)
    assert parameters(linen.Dense(5), (1, 7)) == count(nnx.Linear(7, 5, rngs=rngs)) == 40
    conv = nnx.Conv(6, 8, (3, 3), feature_group_count=2, rngs=rngs)
    assert parameters(linen.Conv(8, (3, 3), feature_group_count=2), (1, 8, 8, 6)) == count(conv) == 224
    assert parameters(linen.BatchNorm(use_running_average=True), (1, 4)) == count(nnx.BatchNorm(4, rngs=rngs)) == 8
    attention = nnx.MultiHeadAttention(2, 8, decode=False, rngs=rngs)
    assert parameters(linen.MultiHeadDotProductAttention(2), (1, 3, 8)) == count(attention) == 288
    assert cell_parameters(linen.LSTMCell(4), 3) == count(nnx.LSTMCell(3, 4, rngs=rngs)) == 128
