"""A second assignment takes two folders and no change of the engine; one that does not hold is refused with the reason."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Ran

from autograder.assignment import AssignmentError, load, load_folder
from autograder.results import from_json
from autograder.sandbox import unsandboxed
from autograder.scaffold import TEMPLATE, scaffold
from autograder.validate import Validation, validate_assignment


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
    assert found.summary.startswith("2 checks, 1 right submissions with full marks, 2 known mistakes caught, 2 recog")
    solution = tmp_path / "reference" / "second" / "solution.py"
    ran = command("check", solution)
    assert ran.code == 2 and "which assignment? name it with -a (there: layer-norm, second)" in ran.err
    ran = command("check", solution, "-a", "second", "--json")
    assert ran.code == 0 and from_json(ran.out).provenance.assignment == "second"
    ran = command("check", tmp_path / "assignments" / "second" / "starter.py", "--json")  # found by its folder
    result = from_json(ran.out)
    assert ran.code == 1 and result.score is not None and (result.score.points, result.score.possible) == (0, 10)


@pytest.mark.sandbox
def test_validate_command(full_sandbox: object, command: Callable[..., Ran], tmp_path: Path) -> None:
    _make(tmp_path)
    ran = command("validate", "unit", "--root", tmp_path)
    assert ran.code == 0 and "✓ unit: 2 checks" in ran.out, ran.err
    styles = tmp_path / "reference" / "unit" / "styles"
    styles.mkdir()
    (styles / "halves.py").write_text("def unit(x):\n    return x / 2\n")
    ran = command("validate", "--root", tmp_path)
    assert ran.code == 1 and "✗ unit: halves.py should earn 10 points: unit_values failed" in ran.err


UNFIT = {
    "a mistake that nothing catches": (
        {
            "reference__mistakes": "{old}\n\n@mistake('unit', fails=['unit_values'], topic='t')\n"
            "def does_no_harm(x):\n    '''hint'''\n    y = x / jnp.abs(x).max()\n    return y / jnp.linalg.norm(y)\n"
        },
        "mistake does_no_harm is not caught by any check: add a probe that tells it from the right answer",
    ),
    "a mistake that names too little": (
        {
            "reference__mistakes": "{old}\n\n@mistake('unit', fails=['unit_large'], topic='t')\n"
            "def negates(x):\n    '''hint'''\n    return -x / optax.tree.norm(x)\n".replace("optax.tree", "jnp.linalg")
        },
        "mistake negates: fails ['unit_values'] without naming them",
    ),
    "a mistake that names too much": (
        {
            "reference__mistakes": "import jax.numpy as jnp\nfrom autograder.checks import mistake\n"
            "@mistake('unit', fails=['unit_large', 'unit_values'], topic='t')\n"
            "def overflows(x):\n    '''hint'''\n    return x / jnp.sqrt((x**2).sum())\n"
        },
        "mistake overflows: names ['unit_values'], which pass",
    ),
    "a mistake that names nothing there is": (
        {
            "reference__mistakes": "from autograder.checks import mistake\n"
            "@mistake('unit', fails=['knitting'], topic='t')\ndef f(x):\n    '''hint'''\n    return x\n"
        },
        "mistake f names the check 'knitting', which does not exist",
    ),
    "a starter that earns points": (
        {"starter": "import jax.numpy as jnp\n\ndef unit(x):\n    return x / jnp.sqrt((x**2).sum())\n"},
        "starter.py should be readable and earn nothing: earned unit_values",
    ),
    "a solution that is wrong": (
        {"reference__solution": "def unit(x):\n    return 1.01 * x / (x * x).sum() ** 0.5\n"},
        "solution.py should earn 10 points: unit_values failed: every entry is 1.01 times the true one",
    ),
    "a solution that breaks its own rules": (
        {"reference__solution": "import optax\n\ndef unit(x):\n    return x / optax.tree.norm(x)\n"},
        "solution.py should earn 10 points",
    ),
    "a reference that fails": (
        {"reference__reference": "def unit(x):\n    raise ValueError('not today')\n"},
        "reference: unit_values.0.0: ValueError: not today",
    ),
    "a check that accepts anything near": (
        {
            "checks": "{old}\n\n@values('unit')\ndef unit_zero(rng):\n    '''title'''\n"
            "    x = np.ones(4)\n    yield case('ones', x + 0 * rng.normal(size=4))\n".replace(
                "@values", "import numpy as np\n\n@values", 1
            ),
            "assignment": "{old}unit_zero = 1\n",
        },
        "unit_zero accepts ",
    ),
    "a check without conditions for an answer": (
        {
            "checks": "from autograder.checks import case, values\n\n@values('unit')\ndef unit_values(rng):\n"
            "    '''title'''\n    yield case('a', rng.normal(size=5))\n\n@values('unit')\ndef unit_large(rng):\n"
            "    '''title'''\n    yield case('far', 1e4 + rng.normal(size=5))\n",
            "reference__reference": "import jax.numpy as jnp\n\ndef unit(x):\n    return jnp.sin(1e6 * x)\n",
            "reference__solution": "import jax.numpy as jnp\n\ndef unit(x):\n    return jnp.sin(1e6 * x)\n",
        },
        "is ill-conditioned (in float32 the reference loses",
    ),
    "two mistakes that nobody can tell apart": (
        {
            "reference__mistakes": "{old}\n\n@mistake('unit', fails=['unit_values', 'unit_large'], topic='t')\n"
            "def the_same(x):\n    '''hint'''\n    return x / jnp.abs(x).sum()\n"
        },
        "mistake the_same gives the same numbers as divides_by_the_sum: add a probe that tells them apart",
    ),
}
UNFIT["a check that accepts anything near"][0]["reference__reference"] = (
    "import jax.numpy as jnp\n\ndef unit(x):\n    return x / jnp.sqrt((x * x).sum() * 4 / x.shape[0] * 0 + 4)\n"
)


@pytest.mark.parametrize("name", UNFIT)
def test_what_does_not_hold_is_refused_with_the_reason(name: str, tmp_path: Path) -> None:
    changed, says = UNFIT[name]
    _make(tmp_path, **changed)
    problems = _validate(tmp_path).problems
    assert any(says in p for p in problems), problems


BROKEN = {
    "no settings": (lambda f: (f / "assignment.toml").unlink(), "No such file"),
    "not TOML": (lambda f: (f / "assignment.toml").write_text("title = "), "Invalid value"),
    "no title": (lambda f: _swap(f, 'title = "Scale to unit length"', ""), "expected an entry 'title' (str), got None"),
    "points for nothing": (lambda f: _swap(f, "unit_large = 3", "knitting = 3"), "no entry for check 'unit_large'"),
    "points too many": (lambda f: _swap(f, "unit_large = 3", "unit_large = 3\nknit = 1"), "names 'knit', which checks"),
    "points in words": (lambda f: _swap(f, "unit_large = 3", 'unit_large = "three"'), "unit_large"),
    "credit for nothing": (lambda f: _swap(f, "[points]", '[credit]\nknit = "all"\n[points]'), "[credit] names 'knit'"),
    "another function": (lambda f: _swap(f, "functions.unit", "functions.other"), "is about 'unit', which is not decl"),
    "an unknown entry": (lambda f: _swap(f, "topic =", "tropic ="), "unknown entry 'tropic'"),
    "a function that is no table": (lambda f: _swap(f, "[points]", "[functions]\nother = 3\n[points]"), ""),
    "an unknown limit": (lambda f: _swap(f, "[points]", "[limits]\nfuel = 3\n[points]"), "fuel"),
    "a limit in words": (lambda f: _swap(f, "[points]", '[limits]\nrun_seconds = "3"\n[points]'), "run_seconds"),
    "names that are no list": (lambda f: _swap(f, '"jax.numpy" = ["*"]', '"jax.numpy" = "*"'), "jax.numpy"),
    "no checks": (lambda f: (f / "checks.py").unlink(), "checks.py: ModuleNotFoundError"),
    "checks that do not parse": (lambda f: (f / "checks.py").write_text("def"), "checks.py: SyntaxError"),
    "checks without a title": (
        lambda f: (f / "checks.py").write_text((f / "checks.py").read_text().replace('"""unit scales', '"""\n"""unit')),
        "needs a docstring",
    ),
    "a check that needs nothing there is": (
        lambda f: (f / "checks.py").write_text(
            (f / "checks.py").read_text().replace('@values("unit")', '@values("unit", needs=("knit",))', 1)
        ),
        "needs 'knit', which checks.py does not declare",
    ),
    "given that does not parse": (lambda f: (f / "given.py").write_text("def"), "given.py"),
}


def _swap(folder: Path, old: str, new: str) -> None:
    path = folder / "assignment.toml"
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


def test_relative_imports_inside_a_reference(tmp_path: Path) -> None:
    _make(tmp_path, reference__reference="from .library import unit\n")
    (tmp_path / "reference" / "unit" / "library.py").write_text("import optax\n\ndef unit(x):\n    return x / 1\n")
    assert any("solution.py should earn 10" in p for p in _validate(tmp_path).problems)
    shutil.copy(TEMPLATE / "reference" / "reference.py", tmp_path / "reference" / "unit" / "library.py")
    assert not _validate(tmp_path).problems
