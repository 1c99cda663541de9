"""What JAX meant, in plain words: real student code, really traced, and the sentence that comes back."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Mapping
from typing import Any

import pytest
from helpers.sessions import expected_of, plan_of, session_of

from autograder import tree
from autograder.assignment.load import Assignment
from autograder.assignment.probes import Call
from autograder.grading.grade import Session
from autograder.judge import explain
from autograder.judge.device.requests import Refusal
from autograder.judge.explain import Explanation, explain_failure, explain_refusal, explain_structure, locate
from autograder.sandbox.trace import Failure, Program, trace
from autograder.submission.read import Module, Submission
from autograder.submission.statements import split

X = ["a", [4, 5], "float32"]
CALLS = {"rows": Call("rows", "standardize", (X,), "{'axis': 1}")}
HEAD = "import jax\nimport jax.numpy as jnp\nimport numpy as np\n"


def _trace(session: Session, source: str, calls: Mapping[str, Call]) -> tuple[Mapping[str, Program | Failure], str]:
    text = HEAD + textwrap.dedent(source)
    statements, _ = split(text, "submission.py")
    submission = Submission("submission.py", "", (Module("submission", statements),), (), {"submission.py": text})
    return trace(submission, session.assignment, calls, set(calls), session.sandbox).programs, text


def _explain(session: Session, program: Program | Failure, call: Call, text: str, expected: Any = X) -> Explanation:
    if isinstance(program, Program):
        return explain_structure(expected, program.forward)
    return explain_failure(program, call, expected, session.assignment, {"submission.py": text})


# Each function stands in one file, so that one process traces them all.  A line to blame ends with "# here".
SNIPPETS = {
    "if": ("    if x.sum() > 0:  # here\n        return x\n    return -x", "a Python `if`", "jnp.where"),
    "while": (
        "    while x[0, 0] > 0:  # here\n        x = x - 1\n    return x",
        "a Python `if`, `while`",
        "while_loop",
    ),
    "and": ("    return x if x[0, 0] > 0 and x[0, 1] > 0 else -x  # here", "`and`, `or`", "jnp.where"),
    "numpy": ("    return np.sqrt(x)  # here", "a NumPy function received a JAX array", "jax.numpy (jnp.…)"),
    "asarray": ("    return np.asarray(x).copy()  # here", "a NumPy function", "instead of numpy"),
    "float": ("    return x / float(x.max())  # here", "float(), int(), .item()", "keep the value as an array"),
    "item": ("    return x / x.max().item()  # here", "float(), int(), .item()", "return the array itself"),
    "range": (
        "    return sum(x for _ in range(x[0, 0].astype(int)))  # here",
        "plain integer",
        "x.shape",
    ),
    "list": ("    return jnp.asarray([x, -x][x[0, 0].astype(int)])  # here", "plain integer", "jnp.take"),
    "mask": ("    return x[x > 0]  # here", "a boolean mask was used as an index", "jnp.where(mask, value, x)"),
    "recursion": ("    return FUNCTION(x, axis=axis)  # here", "calls itself without end", "add a base case"),
    "unwritten": ("    raise NotImplementedError  # here", "not written yet", "replace `raise NotImplementedError`"),
    "shapes": ("    return x @ x  # here", "dot_general", "two arrays do not fit together"),
    "broadcast": ("    return x - x.mean(1)  # here", "Incompatible shapes for broadcasting", "keepdims=True"),
    "axis": (
        "    return jnp.max(0, x)  # here",
        "second argument of jnp.max and jnp.min is an axis",
        "jnp.maximum(0, x)",
    ),
    "NumPy array": (
        "    y = np.zeros(4)\n    y[0] = x[0, 0]  # here\n    return y",
        "an array of NumPy is indexed with a JAX array, or filled from one",
        "y.at[i, j].set(value)",
    ),
    "iterator": ("    return reversed([x])", "list_reverseiterator", "list(...) makes a list of it"),
    "attribute": ("    return x.standardise()  # here", "no attribute standardise", "look for a function in jax.numpy"),
    "not in JAX": ("    return jnp.asarray(x, order='F')  # here", "NotImplementedError: Only", "look at this line"),
    "if of an array": ("    return x if x > 0 else -x  # here", "a Python `if`", "jnp.where"),
    "name": ("    return y  # here", "NameError: name 'y' is not defined", "look at this line"),
    "arity": ("SIGNATURE (x):\n    return x", "could not be called", "standardize(x, *, axis)"),
    "exit": ("    raise SystemExit  # here", "ends the program instead of returning", "remove exit()"),
    "interrupt": ("    raise KeyboardInterrupt  # here", "ends the program", "remove exit()"),
    "own": ("    raise ValueError('first\\nsecond')  # here", "ValueError: first", "small example of these shapes"),
    "silent": ("    raise ValueError  # here", "ValueError: no message", "small example"),
    "none": ("    x - 1", "the result has the wrong structure: expected float32(4, 5), got None", "same nesting"),
    "tuple": ("    return x, x", "expected float32(4, 5), got (float32(4, 5), float32(4, 5))", "same nesting"),
    "dict": ("    return {'x': x}", "got {'x': float32(4, 5)}", "with the same keys"),
    "transposed": ("    return x.T", "wrong shape: expected float32(4, 5), got float32(5, 4)", "swap the axes (x.T)"),
    "summed": ("    return x.sum(axis)", "got float32(4)", "summed or averaged away"),
    "left over": ("    return x[None] + jnp.zeros((3, 1, 1))", "got float32(3, 4, 5)", "an axis is left over"),
    "axis of one": ("    return x[None]", "got float32(1, 4, 5)", "keepdims and reshape"),
    "sliced": ("    return x[1:]", "got float32(3, 5)", "starter's docstring"),
    "integers": (
        "    return x.astype(jnp.int32)",
        "wrong dtype: expected float32(4, 5), got int32(4, 5)",
        ".astype(jnp.float32)",
    ),
    "half": ("    return x.astype(jnp.bfloat16)", "got bfloat16(4, 5)", "keep every array float32"),
    "string": ("    return 'done'", "the result holds a str", "return exactly float32(4, 5)"),
    "function": ("    return jnp.sqrt", "the result holds a function", "return exactly"),
    "generator": ("    yield x", "the result holds a generator", "return exactly"),
    "objects": ("    return np.array([None])", "a NumPy array of dtype object", "return exactly"),
    "complex": ("    return x * 1j", "an array of dtype complex64", "return exactly"),
    "huge": ("    return jnp.zeros((1 << 20, 1 << 10))", "larger than any answer", "return exactly"),
    "deep": ("    for _ in range(99):\n        x = [x]\n    return x", "nested too deeply", "return exactly"),
    "odd keys": ("    return {(1, 2): x}", "a dict whose keys are not strings", "return exactly"),
}


@pytest.fixture(scope="module")
def patient(open_session: Session) -> Session:
    """These functions are traced on a machine that may do other things beside."""
    limits = dict.fromkeys(("import_seconds", "trace_seconds"), 60)
    toy = dataclasses.replace(open_session.assignment, limits={**open_session.assignment.limits, **limits})
    plan = dataclasses.replace(plan_of(open_session), assignment=toy)
    return session_of(plan, expected_of(open_session), open_session.sandbox)


@pytest.fixture(scope="module")
def explained(patient: Session) -> dict[str, tuple[Explanation, int]]:
    """One explanation per snippet, and the line that should be blamed."""
    text, calls = "", {}
    for number, (name, (body, _, _)) in enumerate(SNIPPETS.items()):
        function = f"f{number}"
        start = body.removeprefix("SIGNATURE ") if body.startswith("SIGNATURE") else "(x, *, axis):\n" + body
        text += f"def {function}" + start.replace("FUNCTION", function) + f"  # {name}\n\n\n"
        calls[name] = Call(name, function, (X,), "{'axis': 1}")
    programs, text = _trace(patient, text, calls)
    toy = patient.assignment
    known = {c.function: toy.functions["standardize"] for c in calls.values()}
    plan = dataclasses.replace(plan_of(patient), assignment=dataclasses.replace(toy, functions=known))
    session = session_of(plan, expected_of(patient), patient.sandbox)
    lines = {line.rpartition("# ")[2]: n for n, line in enumerate(text.splitlines(), 1)}
    blamed = {}
    for number, name in enumerate(SNIPPETS):
        begin = next(n for n, line in enumerate(text.splitlines(), 1) if line.startswith(f"def f{number}("))
        body = text.splitlines()[begin - 1 : lines[name]]
        blamed[name] = next((begin + i for i, line in enumerate(body) if "# here" in line), 0)
    return {n: (_explain(session, programs[n], calls[n], text), blamed[n]) for n in SNIPPETS}


@pytest.mark.parametrize("name", SNIPPETS)
def test_errors_of_jax_are_put_into_plain_words(explained: dict[str, tuple[Explanation, int]], name: str) -> None:
    found, line = explained[name]
    _, message, advice = SNIPPETS[name]
    assert message in found.message
    assert advice in found.advice
    assert found.where == (f"submission.py, line {line}" if line else "")
    assert ("# here" in found.code) == bool(line)


def test_a_missing_function_is_asked_for_by_name(patient: Session) -> None:
    programs, text = _trace(patient, "standardize = 3", CALLS)
    found = _explain(patient, programs["rows"], CALLS["rows"], text)
    assert found.message == "the name standardize refers to an object of type int, not to a function"
    programs, text = _trace(patient, "other = 3", CALLS)
    found = _explain(patient, programs["rows"], CALLS["rows"], text)
    assert found.message == "there is no function named standardize"
    assert "see the remarks on your source" in found.advice


def test_a_missing_part_of_a_composition_is_named(patient: Session) -> None:
    call = Call("twice", "given.twice", (X,), "{'axis': 1}")
    programs, text = _trace(patient, "def momentum(): pass", {"twice": call})
    found = _explain(patient, programs["twice"], call, text)
    assert "standardize" in found.message and "SimpleNamespace" not in found.message, found


@pytest.mark.parametrize("use", ["x + KEPT[0]", "jax.jit(jnp.add)(x, KEPT[0])", "KEPT[0]", "x.at[0].set(KEPT[0][1])"])
def test_a_value_kept_from_an_earlier_call_is_explained(patient: Session, use: str) -> None:
    source = f"""
    KEPT = []
    def standardize(x, *, axis):
        KEPT.append(x)
        return {use}
    """
    calls = {
        name: dataclasses.replace(CALLS["rows"], key=name, static=f"{{'axis': {i}}}")
        for i, name in enumerate(("first", "second"))
    }
    programs, text = _trace(patient, source, calls)
    assert isinstance(programs["first"], Program)
    found = _explain(patient, programs["second"], calls["second"], text)
    assert "kept from an earlier call" in found.message and "store no arrays" in found.advice


def test_what_is_given_may_not_be_changed(patient: Session) -> None:
    state = ["d", [["v", X], ["w", X]]]
    call = Call("step", "momentum", (state, ["d", [["w", X]]]), "{}")
    changes = {"state['w'] = state['w'] * 2": "state['w']", "state.pop('v')": "state", "state.update(u=1)": "state"}
    for change, place in changes.items():
        source = f"def momentum(state, grad):\n    {change}\n    return state\n"
        programs, text = _trace(patient, source, {"step": call})
        found = _explain(patient, programs["step"], call, text, state)
        assert f"changes {place} that it was given" in found.message and "build a new one" in found.advice


def test_both_structures_are_shown_and_the_place_is_named() -> None:
    layer = ["d", [["b", ["a", [3], "float32"]], ["w", X]]]
    wrong = ["d", [["b", ["a", [1, 3], "float32"]], ["w", X]]]
    found = explain_structure(["l", [layer, layer]], ["l", [layer, wrong]])
    assert found.message == "wrong shape at [1]['b']: expected float32(3), got float32(1, 3)"
    assert "axis of length 1" in found.advice


LAYER = ["d", [["b", ["a", [3], "float32"]], ["w", X]]]
PAIR = ["t", [["a", [], "float32"], ["l", [LAYER, LAYER]]]]
STRUCTURES: dict[str, tuple[tree.Spec, str]] = {
    "another number": (["t", [PAIR[1][0], ["l", [LAYER]]]], " at [1]: expected 2 entries, got 1"),
    "another key": (
        ["t", [PAIR[1][0], ["l", [LAYER, ["d", [["B", X], ["w", X]]]]]]],
        " at [1][1]: missing 'b'; not expected 'B'",
    ),
    "no dict": (["t", [PAIR[1][0], ["l", [LAYER, ["t", [X, X]]]]]], " at [1][1]: expected {"),
    "nothing": (["t", [PAIR[1][0], ["n"]]], "got None"),
    "a tuple for a list": (["t", [PAIR[1][0], ["t", [LAYER, X]]]], " at [1][1]: expected {"),
}


@pytest.mark.parametrize("name", STRUCTURES)
def test_the_first_place_where_structures_differ_is_told(name: str) -> None:
    actual, said = STRUCTURES[name]
    message = explain_structure(PAIR, actual).message
    assert message.startswith("the result has the wrong structure") and said in message, message


def test_parts_in_another_order_are_told_from_wrong_shapes() -> None:
    parts = [["a", [2, 3], "float32"], ["a", [3, 4], "float32"], ["a", [4], "float32"]]
    swapped = ["t", [parts[0], parts[2], parts[1]]]
    assert "in the wrong order" in explain_structure(["t", parts], swapped).message
    assert "wrong shape" in explain_structure(["l", parts], ["l", swapped[1]]).message  # a list has no parts


@pytest.mark.parametrize("kind", explain._LOST)
def test_every_way_to_lose_the_process_is_explained(toy: Assignment, kind: str) -> None:
    found = explain_failure(Failure(kind, ""), CALLS["rows"], X, toy, {})
    assert found.message and found.advice and "{" not in found.message
    if kind == "timeout":
        assert f"did not finish in {toy.limits['trace_seconds']} seconds" in found.message


@pytest.mark.parametrize("kind", explain._REFUSED)
def test_every_refusal_is_explained(toy: Assignment, kind: str) -> None:
    found = explain_refusal(Refusal(kind, "DETAIL", ("submission.py", 1)), "standardize", toy, {"submission.py": "x=1"})
    assert found.message and found.advice and "{" not in found.message
    assert (found.where, found.code) == ("submission.py, line 1", "x=1")
    assert ("DETAIL" in found.message) == (
        kind in ("operations", "constants", "memory", "custom call", "measured time")
    )


def test_autodiff_and_forbidden_operations_quote_the_line(toy: Assignment) -> None:
    place = ("submission.py", 2)
    found = explain_refusal(Refusal("autodiff", "x", place), "standardize", toy, {"submission.py": "a\n  jax.grad(f)"})
    assert "standardize must be written by hand" in found.message and found.code == "jax.grad(f)"
    found = explain_refusal(Refusal("forbidden", "stablehlo.sort", None), "standardize", toy, {})
    assert "stablehlo.sort" in found.message and found.advice == "build it from elementary array operations"
    allowed = dataclasses.replace(toy.allowed, instead={"stablehlo.sort": "compare all pairs"})
    found = explain_refusal(
        Refusal("forbidden", "stablehlo.sort"), "standardize", dataclasses.replace(toy, allowed=allowed), {}
    )
    assert found.advice == "compare all pairs"


@pytest.mark.parametrize("what", ["timeout", "an unknown word"])
def test_unknown_kinds_still_say_something(toy: Assignment, what: str) -> None:
    assert explain_failure(Failure(what, ""), CALLS["rows"], X, toy, {}).message
    assert explain_refusal(Refusal(what), "standardize", toy, {}).message


def test_only_lines_of_the_student_are_named() -> None:
    sources = {"submission.py": "a = 1\n\tb = 2"}
    assert locate("submission.py", 2, sources) == ("submission.py, line 2", "b = 2")
    assert locate("submission.py", 9, sources) == ("submission.py, line 9", "")
    assert locate("/usr/lib/jax.py", 2, sources) == locate("submission.py", 0, sources) == ("", "")


@pytest.mark.parametrize(
    "details",
    [{}, {"kinds": 3}, {"kinds": [None, 7]}, {"line": "x", "file": 3}, {"type": None}, {"line": 10**30}],
    ids=str,
)
def test_details_from_the_sandbox_are_not_believed(toy: Assignment, details: dict[str, Any]) -> None:
    failure = Failure("raised", "\n \nmessage", details)
    found = explain_failure(failure, CALLS["rows"], X, toy, {"submission.py": "x"})
    assert isinstance(found, Explanation) and "message" in found.message
