"""A second assignment takes two folders and no change of the engine; an unfit one is refused with the reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.commands import Ran

from autograder.assignment.load import AssignmentError, load, load_folder
from autograder.assignment.scaffold import TEMPLATE, scaffold
from autograder.grading.validate import Validation, validate_assignment
from autograder.result_json import from_json
from autograder.sandbox.bubblewrap import unsandboxed


def _make(folder: Path, slug: str = "unit", **changed: str) -> None:
    """Scaffold an assignment and replace files of it: ``checks="..."``, ``reference__mistakes="..."``."""
    scaffold(slug, folder)
    for name, text in changed.items():
        half, _, stem = name.rpartition("__")
        path = folder / (half or "assignments") / slug / f"{stem}.{'toml' if stem == 'assignment' else 'py'}"
        path.write_text(text.format(old=path.read_text()) if "{old}" in text else text)


def _validate(folder: Path, slug: str = "unit") -> Validation:
    return validate_assignment(load(slug, folder), unsandboxed())


def test_new_scaffold_validates_and_stands_beside_another(
    command: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "assignments").mkdir()
    monkeypatch.chdir(tmp_path)
    ran = command("new", "layer-norm")
    assert ran.code == 0 and "autograder validate layer-norm" in ran.out
    made = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert made == {f"{p.parent.relative_to(TEMPLATE).as_posix()}/layer-norm/{p.name}" for p in TEMPLATE.rglob("*.*")}
    assert command("new", "layer-norm").code == 2  # nothing is written over
    assert command("new", "second").code == 0
    assert "layer-norm" in command("list").out and "second" in command("list").out

    found = _validate(tmp_path, "layer-norm")
    assert not found.problems
    assert found.summary.startswith("2 checks, 1 correct submissions with full marks, 2 known mistakes caught, 2 recog")
    solution = tmp_path / "reference" / "second" / "solution.py"
    ran = command("check", solution)
    assert ran.code == 2 and "expected an assignment: name it with -a (known: layer-norm, second)" in ran.err
    ran = command("check", solution, "-a", "second", "--json")
    assert ran.code == 0 and from_json(ran.out).provenance.assignment == "second"
    ran = command("check", tmp_path / "assignments" / "second" / "starter.py", "--json")  # found by its folder
    result = from_json(ran.out)
    assert ran.code == 1 and result.score is not None and (result.score.points, result.score.possible) == (0, 10)


def test_validate_ends_with_1_where_something_does_not_hold(
    command: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from autograder.cli import authors
    from autograder.sandbox import bubblewrap

    _make(tmp_path)
    found = Validation((), "2 checks, all is well")
    monkeypatch.setattr(bubblewrap, "probe", lambda: bubblewrap.Sandbox("full"))
    monkeypatch.setattr(authors, "validate_assignment", lambda *_: found)
    ran = command("validate", "--root", tmp_path)
    assert (ran.code, ran.out.strip()) == (0, "✓ unit: 2 checks, all is well")
    assert not command("validate", "unit", "--root", tmp_path, "--quiet").out
    found = Validation(("solution.py should earn 10 points", "another"), "2 checks, not well")
    ran = command("validate", "--root", tmp_path, "--quiet")
    assert ran.code == 1 and "✗ unit: solution.py should earn 10 points" in ran.err and "✗ unit: another" in ran.err
    assert "✗ unit: 2 checks, not well" in ran.out


# One assignment in which nothing holds: its validation must name every fault.
STARTER = "import jax.numpy as jnp\n\ndef unit(x):\n    return x / jnp.sqrt((x**2).sum())\n"
CHECKS = """{old}

@values("unit")
def unit_ones(rng):
    '''equal entries'''
    yield case("equal entries", np.full(4, rng.uniform(1, 2)))


@values("unit")
def unit_far(rng):
    '''an answer that float32 cannot give'''
    yield case("far out", np.sign(rng.normal(size=5)) * 1e6 + rng.normal(size=5), wave=True)
"""
REFERENCE = """import jax.numpy as jnp
from .scaling import scaled

def unit(x, *, wave=False):
    return jnp.sin(1e3 * x) if wave else scaled(x)
"""
SCALING = """import jax.numpy as jnp

def scaled(x):
    x = x / jnp.abs(x).max()
    return x / jnp.sqrt((x**2).sum())
"""
SOLUTION = """import jax.numpy as jnp

def unit(x, *, wave=False):
    if wave:
        return jnp.sin(1e3 * x)
    x = x / jnp.abs(x).max()
    return x / jnp.sqrt((x**2).sum())
"""
MISTAKES = """import jax.numpy as jnp

from autograder.checks import mistake

from .reference import unit


@mistake("unit", fails=["unit_values"], topic="t")
def does_no_harm(x, *, wave=False):
    '''hint'''
    return unit(x, wave=wave)


@mistake("unit", fails=["unit_large"], topic="t")
def negates(x, *, wave=False):
    '''hint'''
    return -unit(x, wave=wave)


@mistake("unit", fails=["unit_large", "unit_values"], topic="t")
def overflows(x, *, wave=False):
    '''hint'''
    return jnp.where(wave, unit(x, wave=True), x / jnp.sqrt((x**2).sum()))


@mistake("unit", fails=["knitting"], topic="t")
def names_nothing(x, *, wave=False):
    '''hint'''
    return 3.0 * unit(x, wave=wave)


@mistake("other", fails=["unit_values"], topic="t")
def of_another(x, *, wave=False):
    '''hint'''
    return x


@mistake("unit", fails=["unit_values", "unit_large", "unit_ones", "unit_far"], topic="t")
def the_same(x, *, wave=False):
    '''hint'''
    return -1.0 * unit(x, wave=wave)
"""
REASONS = {
    "mistake that nothing catches": "mistake does_no_harm is not caught by any check: add a probe that tells it",
    "mistake that names too little": "mistake negates: fails ['unit_ones', 'unit_values'] without naming",
    "mistake that names too much": "mistake overflows: names ['unit_values'], which pass",
    "mistake that names no check": "mistake names_nothing names the check 'knitting', which does not exist",
    "mistake of no function": "mistake of_another is about 'other', which is not a function of this assignment",
    "mistakes alike": "mistake the_same gives the same numbers as negates: add a probe that tells them apart",
    "starter with points": "starter.py should be readable and earn nothing: earned unit_values",
    "style that is wrong": "wrong.py should earn 12 points: unit_values failed: every entry is 1.01 times the expected",
    "style that breaks the rules": "breaks_rules.py should earn 12 points: ",
    "check that float32 cannot pass": "unit_far: 'far out' is ill-conditioned (in float32 the reference loses",
    "check that accepts anything": "unit_far accepts zeros as an answer: add a case that rejects it",
}


def test_what_does_not_hold_is_refused_with_the_reason(tmp_path: Path) -> None:
    _make(
        tmp_path,
        starter=STARTER,
        checks=CHECKS.replace("{old}", "import numpy as np\n{old}"),
        assignment="{old}unit_ones = 1\nunit_far = 1\n",
        reference__reference=REFERENCE,
        reference__scaling=SCALING,
        reference__solution=SOLUTION,
        reference__mistakes=MISTAKES,
    )
    styles = tmp_path / "reference" / "unit" / "styles"
    styles.mkdir()
    right = (tmp_path / "reference" / "unit" / "solution.py").read_text()
    (styles / "wrong.py").write_text(right.replace("return x /", "return 1.01 * x /"))
    (styles / "breaks_rules.py").write_text(right.replace("jnp.sqrt(", "jnp.linalg.norm("))
    (styles / "fine.py").write_text(right)
    unfit = _validate(tmp_path).problems
    missing = [reason for reason in REASONS.values() if not any(p.startswith(reason) for p in unfit)]
    assert not missing, "\n".join(unfit)
    assert not [p for p in unfit if "fine.py" in p or "solution.py" in p or p.startswith("unit_values")]


def test_a_reference_that_fails(tmp_path: Path) -> None:
    _make(tmp_path, reference__reference="def unit(x):\n    raise ValueError('not today')\n")
    problems = _validate(tmp_path).problems
    assert "reference: unit_values.0.0: ValueError: not today" in problems


BROKEN = {
    "no settings": (lambda f: (f / "assignment.toml").unlink(), "No such file"),
    "not TOML": (lambda f: (f / "assignment.toml").write_text("title = "), "Invalid value"),
    "no title": (lambda f: _swap(f, 'title = "Scale to unit length"', ""), "expected an entry 'title' (str), got None"),
    "points for nothing": (lambda f: _swap(f, "unit_large = 3", "knitting = 3"), "no entry for check 'unit_large'"),
    "points too many": (lambda f: _swap(f, "unit_large = 3", "unit_large = 3\nknit = 1"), "names 'knit', which checks"),
    "points in words": (lambda f: _swap(f, "unit_large = 3", 'unit_large = "three"'), "unit_large"),
    "credit for nothing": (lambda f: _swap(f, "[points]", '[credit]\nknit = "all"\n[points]'), "[credit] names 'knit'"),
    "another function": (
        lambda f: _swap(f, "functions.unit", "functions.other"),
        "about 'unit', which is not declared",
    ),
    "an unknown entry": (lambda f: _swap(f, "topic =", "tropic ="), "unknown entry 'tropic'"),
    "a function that is no table": (lambda f: _swap(f, "[points]", "[functions]\nother = 3\n[points]"), ""),
    "an unknown limit": (lambda f: _swap(f, "[points]", "[limits]\nfuel = 3\n[points]"), "fuel"),
    "a limit in words": (lambda f: _swap(f, "[points]", '[limits]\nrun_seconds = "3"\n[points]'), "run_seconds"),
    "names that are no list": (
        lambda f: _swap(f, "[imports.without]", '[imports]\n"jax.numpy" = "*"\n[imports.without]'),
        "[imports] 'jax.numpy': expected a list of names, got '*'",
    ),
    "no checks": (lambda f: (f / "checks.py").unlink(), "checks.py: ModuleNotFoundError"),
    "checks that do not parse": (lambda f: (f / "checks.py").write_text("def"), "checks.py: SyntaxError"),
    "checks without a title": (
        lambda f: _swap(f, "unit scales a vector to length one", " ", "checks.py"),
        "needs a docstring",
    ),
    "a check that needs nothing there is": (
        lambda f: _swap(f, '@values("unit")', '@values("unit", needs=("knit",))', "checks.py"),
        "needs 'knit', which checks.py does not declare",
    ),
    "given that does not parse": (lambda f: (f / "given.py").write_text("def"), "given.py"),
}


def _swap(folder: Path, old: str, new: str, file: str = "assignment.toml") -> None:
    path = folder / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize("name", BROKEN)
def test_folders_that_do_not_fit_together(name: str, tmp_path: Path) -> None:
    scaffold("unit", tmp_path)
    folder = tmp_path / "assignments" / "unit"
    change, says = BROKEN[name]
    change(folder)
    with pytest.raises(AssignmentError) as error:
        load_folder(folder, tmp_path / "reference" / "unit")
    assert says in str(error.value) and "unit" in str(error.value)


def test_a_published_copy_names_no_profile_and_works_alone(
    command: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scaffold("unit", tmp_path)
    handout = tmp_path / "handout"
    assert command("starter", "unit", "--to", handout, "--root", tmp_path).code == 0
    settings = (handout / "assignment.toml").read_text()
    assert settings.startswith('slug = "unit"\n') and "profiles = " not in settings and '"functools" = [' in settings
    (handout / "submission.py").write_text("import functools\nimport jax.numpy as jnp\nunit = jnp.linalg.norm\n")
    monkeypatch.chdir(handout)
    ran = command("check", "submission.py", "--json")
    (violation,) = [finding for finding in from_json(ran.out).findings if finding.severity == "violation"]
    assert (violation.name, violation.instead) == (
        "jax.numpy.linalg.norm",
        "sum the squares and take the square root yourself",
    )
