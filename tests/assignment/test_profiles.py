"""Shared allow-lists: expansion, hints, messages, published copies, and the command that shows them."""

from __future__ import annotations

import importlib
import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.commands import COURSE, ROOT, Ran
from hypothesis import given
from hypothesis import strategies as st

from autograder.assignment import profiles as shared
from autograder.assignment.allowlist import AllowList
from autograder.assignment.load import Assignment, AssignmentError, list_assignments, load, load_folder
from autograder.assignment.profiles import list_profiles, read_profile
from autograder.assignment.published import published_settings
from autograder.assignment.scaffold import scaffold

RULES = """profiles = ["first", "second"]

[imports]
"given" = ["*"]
"jax" = ["vmap"]

[imports.without]
"jax" = ["grad"]
"numpy" = ["*"]

[instead]
"jax.grad" = "by hand"
"""
FIRST = """summary = "the first"
[imports]
"jax" = ["jit", "grad"]
"jax.numpy" = ["*"]
"numpy" = ["pi", "zeros"]
[instead]
"jax.grad" = "of the first"
"jax.vjp" = "of the first"
"""
SECOND = """summary = "the second"
[imports]
"jax" = ["Array", "jit"]
[instead]
"jax.vjp" = "of the second"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new assignment in a world of two profiles."""
    known = tmp_path / "profiles"
    known.mkdir()
    (known / "first.toml").write_text(FIRST)
    (known / "second.toml").write_text(SECOND)
    scaffold("unit", tmp_path)
    monkeypatch.setattr(shared, "_FOLDER", known)
    return tmp_path / "assignments" / "unit"


def _load(folder: Path, rules: str = RULES) -> Assignment:
    """Load the assignment with ``rules`` in place of the template's own."""
    path = folder / "assignment.toml"
    template = tomllib.loads(path.read_text())
    head = "".join(f"{key} = {json.dumps(template[key])}\n" for key in ("title", "version", "summary"))
    functions = '# The exercise.\n[functions.unit]\nsignature = "unit(x)"\n'
    path.write_text(f"{head}{rules}\n{functions}\n[points]\nunit_values = 7\nunit_large = 3\n")
    return load_folder(folder, None)


def test_an_assignment_adds_to_its_profiles_and_removes_from_them(folder: Path) -> None:
    loaded = _load(folder)
    assert loaded.profiles == ("first", "second")
    assert loaded.allowed.imports == {"jax": ("Array", "jit", "vmap"), "jax.numpy": ("*",), "given": ("*",)}


def test_the_assignment_overrides_hints_and_the_later_profile_the_earlier(folder: Path) -> None:
    assert _load(folder).allowed.instead == {"jax.grad": "by hand", "jax.vjp": "of the second"}


def test_an_assignment_without_profiles_is_taken_as_written(folder: Path) -> None:
    loaded = _load(folder, '[imports]\n"jax" = ["vmap", "jit"]\n')
    assert loaded.profiles == () and loaded.allowed.imports == {"jax": ("vmap", "jit")}
    assert not loaded.allowed.instead


def test_profiles_alone_are_enough(folder: Path) -> None:
    assert _load(folder, 'profiles = ["second"]\n').allowed.imports == {"jax": ("Array", "jit")}


def test_the_digest_depends_on_the_list_and_not_on_how_it_is_written(folder: Path) -> None:
    same = '[imports]\n"jax" = ["Array", "jit"]\n'
    assert _load(folder, 'profiles = ["second"]\n').sha256 == _load(folder, same).sha256
    assert _load(folder, 'profiles = ["first"]\n').sha256 != _load(folder, same).sha256


WRONG = {
    "a profile by itself": ('profiles = "first"', "profiles: expected a list of names such as [", "got 'first'"),
    "a profile that is a number": ("profiles = [3]", "profiles: expected a list of names such as [", "got [3]"),
    "an unknown profile": (
        'profiles = ["frist"]',
        "profiles: unknown profile 'frist' (known: first, second); did you mean 'first'?",
        "",
    ),
    "profiles below a header": (
        '[imports]\nprofiles = ["first"]',
        "[imports] profiles: this line belongs above the first table",
        "",
    ),
    "imports that are no table": ('profiles = ["first"]\nimports = 3', "[imports]: expected a table, got 3", ""),
    "no imports at all": ("", "expected an entry 'imports' (dict), got None", ""),
    "names that are no list": (
        'profiles = ["first"]\n[imports]\n"jax" = "jit"',
        "[imports] 'jax': expected a list of names, got 'jit'",
        "",
    ),
    "names that are no list, without profiles": (
        '[imports]\n"jax" = [1]',
        "[imports] 'jax': expected a list of names, got [1]",
        "",
    ),
    "removal without profiles": (
        '[imports]\n[imports.without]\n"jax" = ["jit"]',
        "[imports.without] removes names that profiles bring, and this assignment names no profile",
        "write profiles = [...] above the first table",
    ),
    "removals that are no table": (
        'profiles = ["first"]\n[imports]\nwithout = ["jit"]',
        "[imports.without]: expected a table, got ['jit']",
        "",
    ),
    "removed names that are no list": (
        'profiles = ["first"]\n[imports.without]\n"jax" = "jit"',
        "[imports.without] 'jax': expected a list of names, got 'jit'",
        "",
    ),
    "an unknown module to remove from": (
        'profiles = ["first"]\n[imports.without]\n"nunpy" = ["pi"]',
        "[imports.without] 'nunpy': the profiles do not list the module 'nunpy' (known: jax, jax.numpy, numpy)",
        "; did you mean 'numpy'?",
    ),
    "an unknown name to remove": (
        'profiles = ["first"]\n[imports.without]\n"jax" = ["vmap"]',
        "[imports.without] 'jax': the profiles do not list the name 'vmap' (known: grad, jit)",
        "; it is refused already: delete it here",
    ),
    "one name to remove of all": (
        'profiles = ["first"]\n[imports.without]\n"jax.numpy" = ["dot"]',
        "[imports.without] 'jax.numpy': the profiles list every public name of this module (\"*\"), not 'dot'",
        'write ["*"] here and, in [imports], the names of jax.numpy that stay',
    ),
    "a removal of nothing": (
        'profiles = ["first"]\n[imports.without]\n"jax" = []',
        "[imports.without] 'jax' removes nothing: write the names to remove, or delete the line",
        "",
    ),
    "a name removed and added": (
        'profiles = ["first"]\n[imports]\n"jax" = ["jit"]\n[imports.without]\n"jax" = ["jit"]',
        "[imports.without] 'jax': 'jit' is removed here and added in [imports]: delete one of the two",
        "",
    ),
    "hints that are no table": ('instead = "x"\n[imports]', "[instead]: expected a table, got 'x'", ""),
    "a hint that is no text": (
        '[imports]\n[instead]\n"jax.grad" = ["by", "hand"]',
        "[instead] 'jax.grad': expected a hint in quotes, got ['by', 'hand']",
        "",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_entries_are_refused_with_file_key_and_fix(name: str, folder: Path) -> None:
    rules, message, fix = WRONG[name]
    with pytest.raises(AssignmentError) as error:
        _load(folder, rules)
    said = str(error.value)
    assert said.startswith(f"{folder / 'assignment.toml'}: {message}") and fix in said


def test_all_names_of_a_starred_module_can_be_replaced_by_a_few(folder: Path) -> None:
    rules = 'profiles = ["first"]\n[imports]\n"jax.numpy" = ["sum"]\n[imports.without]\n"jax.numpy" = ["*"]\n'
    assert _load(folder, rules).allowed.imports["jax.numpy"] == ("sum",)


HINTS = AllowList(
    imports={},
    instead={
        "numpy": "use jax.numpy",
        "numpy.*": "jnp.{name}, not numpy.{name}",
        "numpy.dot": "the operator @",
        "numpy.lib": "stack slices",
        "jax.nn": "build {name} from jax.numpy: {...}",
    },
)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("numpy.exp", "jnp.exp, not numpy.exp"),
        ("numpy.dot", "the operator @"),  # its own key is as long, and exact
        ("numpy", "use jax.numpy"),
        ("numpy.linalg", "use jax.numpy"),  # a module, as with "*" in [imports]
        ("numpy.random.normal", "use jax.numpy"),  # a name of another module
        ("numpy._core", "use jax.numpy"),
        ("numpy.loadtxt", "use jax.numpy"),
        ("numpy.lib.stride_tricks", "stack slices"),
        ("jax.nn.softmax", "build softmax from jax.numpy: {...}"),
        ("jax.lax.exp", ""),
        ("os", ""),
    ],
)
def test_the_longest_key_gives_the_hint(name: str, hint: str) -> None:
    assert HINTS.hint(name) == hint


def test_a_published_copy_holds_the_whole_list_and_the_comments(folder: Path) -> None:
    original = _load(folder)
    text = published_settings(folder / "assignment.toml")
    (folder / "assignment.toml").write_text(text)
    copy = load_folder(folder, None)
    assert "profiles" not in tomllib.loads(text) and "# The exercise.\n[functions.unit]" in text
    assert "from the profiles first, second when" in text
    assert copy.allowed == original.allowed and copy.sha256 == original.sha256
    assert copy.points == original.points and copy.functions == original.functions
    assert published_settings(folder / "assignment.toml") == text


def test_a_published_copy_means_the_same_where_the_profiles_differ(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = _load(folder)
    (folder / "assignment.toml").write_text(published_settings(folder / "assignment.toml"))
    monkeypatch.setattr(shared, "_FOLDER", tmp_path / "of another version")
    assert load_folder(folder, None).allowed == original.allowed


@pytest.mark.parametrize(
    "rules",
    [
        'profiles = ["first"]\n',
        'profiles = [\n    "first",\n    "second",\n]\n\n[imports.without]\n"jax" = ["grad"]\n',
        'profiles = ["second"]  # a comment\n[instead]\n"jax.grad" = "a \\"quoted\\" hint: {name} → λ"\n',
    ],
)
def test_copies_can_be_made_of_every_form(rules: str, folder: Path) -> None:
    original = _load(folder, rules)
    (folder / "assignment.toml").write_text(published_settings(folder / "assignment.toml"))
    assert load_folder(folder, None).allowed == original.allowed


def test_settings_without_profiles_are_published_as_they_are(folder: Path) -> None:
    _load(folder, '[imports]\n"jax" = ["jit"]  # a comment\n')
    assert published_settings(folder / "assignment.toml") == (folder / "assignment.toml").read_text()


@pytest.mark.parametrize(
    "rules",
    [
        'profiles = ["first"]\nimports = { "jax" = ["vmap"] }\n',
        'profiles = ["first"]\nimports."jax" = ["vmap"]\n',
        '"profiles" = ["first"]\n',
    ],
)
def test_tables_that_cannot_be_replaced_are_not_published(rules: str, folder: Path) -> None:
    _load(folder, rules)
    with pytest.raises(AssignmentError, match=r"assignment\.toml: the profiles cannot be written out .*such headers"):
        published_settings(folder / "assignment.toml")


@given(st.text())
def test_any_hint_can_be_written(text: str) -> None:
    from autograder.assignment.published import _quote

    assert tomllib.loads(f"hint = {_quote(text)}") == {"hint": text}


@pytest.mark.parametrize("name", ["derivatives_by_hand", "jax", "python"])
def test_profiles_name_what_exists(name: str) -> None:
    assert name in list_profiles()
    profile = read_profile(name)
    assert profile.summary
    for module, names in profile.imports.items():
        loaded = importlib.import_module(module)
        assert names == sorted(set(names)), module
        assert [n for n in names if n != "*" and not hasattr(loaded, n)] == [], module


def test_profiles_and_template_are_part_of_an_installation() -> None:
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["*"]
    installed = {path for pattern in patterns for path in (ROOT / "autograder").glob(pattern) if path.is_file()}
    folder = ROOT / "autograder" / "assignment"
    needed = {path for path in folder.rglob("*") if path.suffix in (".toml", ".md") or "template" in path.parts}
    assert {path for path in needed if path.is_file() and path.suffix != ".pyc"} <= installed
    assert len([path for path in installed if path.parent.name == "profiles"]) == len(list_profiles())


def test_the_command_lists_the_profiles(command: Callable[..., Ran]) -> None:
    ran = command("profiles")
    assert ran.code == 0
    for name in ("jax", "python"):
        profile = read_profile(name)
        assert f"{name}: {len(profile.imports)} modules, {len(profile.instead)} hints" in ran.out
    assert "autograder profiles -a NAME" in ran.out
    listed = json.loads(command("profiles", "--json").out)
    assert [entry["name"] for entry in listed] == list_profiles()
    assert listed[2]["imports"]["abc"] == ["ABC", "abstractmethod"] and listed[0]["imports"] == {}


def test_the_command_shows_what_an_assignment_allows(command: Callable[..., Ran]) -> None:
    ran = command("profiles", "-a", "gan", "--root", ROOT)
    lines = ran.out.splitlines()
    assert ran.code == 0 and lines[0] == "gan (profiles: python, jax)"
    assert lines[lines.index("jax.nn") + 1] == "  leaky_relu, log_sigmoid, relu, sigmoid, softplus, tanh"
    assert lines[lines.index("jax.numpy") + 1] == "  every public name"
    assert lines[lines.index("inside train_step only") + 1] == "  jax.grad, jax.value_and_grad, jax.vjp"
    assert lines[lines.index("torch") + 1] == "  jax.numpy"


def test_the_command_shows_an_assignment_as_json(command: Callable[..., Ran]) -> None:
    for slug in list_assignments(ROOT):
        shown = json.loads(command("profiles", "-a", slug, "--root", ROOT, "--json").out)
        allowed = load(slug, ROOT).allowed
        assert {m: tuple(names) for m, names in shown["imports"].items()} == allowed.imports
        assert shown["instead"] == allowed.instead and shown["assignment"] == slug
        assert {f: tuple(names) for f, names in shown["also"].items()} == allowed.also


def test_the_command_shows_an_assignment_without_profiles(command: Callable[..., Ran]) -> None:
    ran = command("profiles", "-a", "toy", "--root", COURSE)
    assert ran.code == 0 and ran.out.startswith("toy (profiles: none)\n") and "\ntime\n  every public name\n" in ran.out


def test_the_command_names_the_known_assignments(command: Callable[..., Ran]) -> None:
    ran = command("profiles", "-a", "knitting", "--root", ROOT)
    assert ran.code == 2 and not ran.out
    assert "no assignment 'knitting'" in ran.err and "(known: attention, backprop, conv, gan)" in ran.err


def test_the_command_fits_a_narrow_terminal(command: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    from autograder.cli import common

    monkeypatch.setattr(common.out, "_width", 60)
    for arguments in ((), *(("-a", slug) for slug in list_assignments(ROOT))):
        ran = command("profiles", *arguments, "--root", ROOT)
        assert ran.code == 0 and max(map(len, ran.out.splitlines())) <= 60
        assert not [line for line in ran.out.splitlines() if line.endswith(" ")]
