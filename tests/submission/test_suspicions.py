"""What the source shows that may explain a wrong function."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from autograder.judge.suspected import with_suspicions
from autograder.results import FAILED, PASSED, SUSPICION, CaseEvidence, CheckEvidence, FailureKind, Finding, Outcome
from autograder.submission.read import read_submission
from autograder.submission.screening.suspicions import placeholders, suspicions

GRADED = ("f", "g")


def _found(folder: Path, source: str) -> list[Finding]:
    path = folder / "submission.py"
    path.write_text(source)
    return list(suspicions(read_submission(path), GRADED))


def _told(folder: Path, body: str) -> list[tuple[str, str]]:
    found = _found(folder, f"def f(x, ys):\n{body}\n\ndef g(x):\n    return x\n")
    assert all(f.severity == SUSPICION and f.function == "f" and f.code for f in found)
    return [(f.where, f.message) for f in found]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("    x.at[0].set(1)\n    return x", "keep it, x = x.at[...].set(...)"),
        ("    x.at[0, 1].add(-1)\n    return x", "keep it, x = x.at[...].add(...)"),
        ("    x - x.max()\n    return x", "give it a name, or return it"),
        ("    jnp.maximum(x, 0)\n    return x", "jnp.maximum changes nothing, use what it returns"),
        ("    jax.lax.stop_gradient(x)\n    return x", "jax.lax.stop_gradient changes nothing"),
        ("    x.reshape(-1)\n    return x", "keep it, x = x.reshape(...)"),
        (
            "    for y in ys:\n        y = y + 1\n    return ys",
            "y = ... in a loop only gives the name to something new",
        ),
        ("    for i, (y, z) in enumerate(ys):\n        y = y + z\n    return ys", "y = ... in a loop"),
        ("    y = x + 1", "f returns nothing: it has no return statement"),
    ],
)
def test_a_line_that_does_nothing_is_noticed(tmp_path: Path, body: str, said: str) -> None:
    ((where, message),) = _told(tmp_path, body)
    assert said in message and where.startswith("submission.py, line ")


@pytest.mark.parametrize(
    "body",
    [
        "    x = x.at[0].set(1)\n    return x",
        "    ys.append(x)\n    ys.reverse()\n    return ys",
        "    '''Return x - 1.'''\n    return x - 1",
        "    print(x)\n    return x",
        "    for y in ys:\n        x = x + y\n    return x",
        "    for y in ys:\n        y = y + 1\n        x = x + y\n    return x",
        "    raise NotImplementedError",
        "    def inner(y):\n        x.sum()\n    return inner(x)",
    ],
)
def test_a_line_that_may_do_something_is_not(tmp_path: Path, body: str) -> None:
    assert _told(tmp_path, body) == []


def test_a_helper_is_read_for_the_function_that_uses_it(tmp_path: Path) -> None:
    table = "TABLE = {'h': helper}\n\n\ndef f(x):\n    return TABLE['h'](x)\n\n\ndef g(x):\n    return x\n"
    found, _ = _found(tmp_path, f"def helper(x):\n    x * 2\n    return x\n\n\n{table}")
    assert found.function == "f" and found.where == "submission.py, line 2" and found.code == "x * 2"


def test_a_function_that_is_defined_twice(tmp_path: Path) -> None:
    source = "def f(x):\n    return x\n\n\ndef g(x):\n    return x\n\n\ndef f(x):\n    return -x\n"
    (found,) = _found(tmp_path, source)
    assert found.where == "submission.py, line 9" and "not that of submission.py, line 1" in found.message


def test_calls_of_other_graded_functions_are_named(tmp_path: Path) -> None:
    source = "def f(x):\n    return x\n\n\ndef helper(x):\n    return f(x)\n\n\ndef g(x):\n    return helper(x)\n"
    _, found = _found(tmp_path, source)
    assert (found.function, found.name, found.message) == ("g", "f", "")


def test_a_source_of_monstrous_size_is_read_in_a_moment(tmp_path: Path) -> None:
    deep = " + ".join(["x"] * 900)
    names = "\n".join(f"{'mlp_backward' * 5}{i} = 1" for i in range(2000))
    path = tmp_path / "submission.py"
    path.write_text(f"{names}\n{'n' * 5000} = 2\ndef f(x):\n    ({deep}).at[0].set(1)\n    {deep}\n    return x\n")
    started = time.monotonic()
    found = list(suspicions(read_submission(path), ("f", "mlp_backward")))
    assert len(found) == 2 and time.monotonic() - started < 20


def test_digits_of_an_array_are_a_placeholder(tmp_path: Path) -> None:
    path = tmp_path / "submission.py"
    path.write_text("def f(x):\n    print(f'{x.sum():.3f}')\n    print(f'{x}', x)\n    return x\nprint(f'{1.5:.1f}')\n")
    (found,) = placeholders(read_submission(path))
    assert (found.severity, found.where, found.function) == ("note", "submission.py, line 2", "f")


def test_a_name_that_is_nearly_right(tmp_path: Path) -> None:
    path = tmp_path / "submission.py"
    path.write_text("def mlp_backwards(x):\n    return x\n\n\ndef f(x):\n    return x\n")
    assert list(suspicions(read_submission(path), GRADED)) == []
    (found,) = suspicions(read_submission(path), ("f", "mlp_backward"))
    assert (
        found.function == "mlp_backward" and found.message == "you define mlp_backwards; it must be called mlp_backward"
    )


def _check(function: str, outcome: Outcome, **more: str) -> CheckEvidence:
    return CheckEvidence(f"{function}_values", "", function, more.pop("kind", "values"), outcome, **more)


CALLS = Finding(SUSPICION, "", "", name="f", function="g")
SHOWN = Finding(SUSPICION, "a.py, line 3", "x = ... does nothing", function="g", code="x")


def test_what_is_told_of_a_wrong_function() -> None:
    wrong = [_check("f", FAILED), _check("g", FAILED)]
    assert "calls your f, which is not right yet" in with_suspicions(wrong, [SHOWN, CALLS])[1].hint
    alone = [_check("f", PASSED), _check("g", FAILED)]
    assert with_suspicions(alone, [SHOWN, CALLS])[1].hint == "Look at a.py, line 3: x = ... does nothing."
    assert with_suspicions(alone, [CALLS])[1].hint == ""


def _helped(*functions: str, name: str = "_norm") -> list[Finding]:
    return [Finding(SUSPICION, "a.py, line 1", "", name=name, function=f) for f in functions]


def test_a_helper_is_suspected_where_all_that_use_it_are_wrong() -> None:
    wrong = [_check(name, FAILED) for name in "fgh"]
    said = "f, g and h all use your _norm (a.py, line 1), and none of them is right: the mistake may be there."
    assert [c.hint for c in with_suspicions(wrong, _helped(*"fgh"))] == [said] * 3
    nothing = [""] * 3
    one_right = [*wrong[:2], _check("h", PASSED)]
    assert [c.hint for c in with_suspicions(one_right, _helped(*"fgh"))] == nothing
    assert [c.hint for c in with_suspicions(wrong, _helped(*"fg"))] == nothing  # two may be wrong each for itself
    assert [c.hint for c in with_suspicions(wrong, _helped(*"fgh") + _helped(*"fgh", name="_mean"))] == nothing
    known = [_check("f", FAILED, mistake="m", hint="Divide once."), *wrong[1:]]
    assert [c.hint for c in with_suspicions(known, _helped(*"fgh"))] == ["Divide once.", "", ""]
    assert with_suspicions(wrong, [*_helped(*"fgh"), SHOWN])[1].hint == "Look at a.py, line 3: x = ... does nothing."


def test_helpers_are_named_with_the_functions_that_reach_them(tmp_path: Path) -> None:
    source = "def _a(x):\n    return _b(x)\n\ndef _b(x):\n    return x\n\nC = 3\n\n"
    source += "def f(x):\n    return _a(x) + C\n\ndef g(x):\n    return f(x)\n"
    found = _found(tmp_path, source)
    assert [(f.function, f.name, f.where) for f in found] == [
        ("f", "_a", "submission.py, line 1"), ("f", "_b", "submission.py, line 4"), ("g", "f", "")
    ]  # fmt: skip


def test_an_error_that_names_its_line_comes_before_what_the_source_shows() -> None:
    raised = CaseEvidence("rows", FAILED, kind=FailureKind.RAISED, where="a.py, line 9")
    check = CheckEvidence("g_values", "", "g", "values", FAILED, (raised,))
    assert with_suspicions([check], [SHOWN])[0].hint == ""
    assert "calls your f" in with_suspicions([_check("f", FAILED), check], [SHOWN, CALLS])[1].hint


def test_nothing_is_told_of_what_is_right_known_or_measured() -> None:
    known = [_check("f", FAILED), _check("g", FAILED, mistake="m", hint="Divide once.")]
    assert with_suspicions(known, [SHOWN, CALLS])[1].hint == "Divide once."
    right = [_check("f", FAILED), _check("g", PASSED), _check("g", FAILED, kind="throughput")]
    assert [c.hint for c in with_suspicions(right, [SHOWN, CALLS])] == ["", "", ""]


def test_a_source_with_many_helpers_says_no_more_than_a_page_holds(tmp_path: Path) -> None:
    helpers = "".join(f"def h{i}(x):\n    x + 1\n    return h{i + 1}(x)\n\n" for i in range(300))
    found = _found(
        tmp_path, f"{helpers}def h300(x):\n    return x\n\ndef f(x):\n    return h0(x)\n\ndef g(x):\n    return x\n"
    )
    assert 10 < len(found) <= 50
