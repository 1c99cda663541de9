"""What a stranger's frames may say, and how much of it is kept."""

from __future__ import annotations

import json
import sys

import pytest

from autograder.sandbox.conversation import Heard
from autograder.sandbox.frames import MAX_MESSAGE, checked_spec, read_failure, read_raised


def _size(value: object) -> int:
    """Bytes of a structure of dicts, lists and texts."""
    inner = [*value.keys(), *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
    return sys.getsizeof(value) + sum(map(_size, inner))


def test_only_known_fields_of_a_failure_are_kept_and_each_is_bounded() -> None:
    big = "x" * 500_000
    header = {
        "failure": "key",
        "kind": "raised",
        "message": big,
        "type": big,
        "file": big,
        "line": 7,
        "kinds": [big] * 1000,
        "more": [big],
        "where": big,
        "fault": "ours",
    }
    kept = read_failure(header)
    assert set(kept.details) == {"type", "file", "line", "kinds"} and len(kept.message) == MAX_MESSAGE
    assert _size(dict(kept.details)) < 5000


def test_only_known_fields_of_a_statement_are_kept() -> None:
    event = read_raised(
        {"raised": ["m", 1], "kind": "timeout", "message": "y" * 99_999, "line": 10**30, "x": [1] * 999}
    )
    assert event == {"raised": ["m", 1], "message": "y" * MAX_MESSAGE}


@pytest.mark.parametrize(
    "header",
    [
        {"kind": "removed", "message": ""},
        {"kind": "not judged", "message": ""},
        {"message": ""},
        {"kind": "raised"},
        {"kind": ["raised"], "message": ""},
        {"kind": "structure", "message": ""},
        {"kind": "structure", "message": "", "actual": ["a", [-1], "float32"]},
    ],
)
def test_what_the_tracer_never_reports_is_no_report(header: dict[str, object]) -> None:
    with pytest.raises((LookupError, TypeError, ValueError)):
        read_failure(header)


@pytest.mark.parametrize(
    "spec",
    [
        [],
        ["z"],
        "a",
        ["a", [1e400], "float32"],
        ["a", [1] * 100, "float32"],
        ["a", [2**50], "float32"],
        ["a", 3, "float32"],
        ["d", [["k"]]],
        ["d", {"k": ["n"]}],
        ["t", [["n"]] * 20_000],
    ],
)
def test_a_description_in_another_language_is_refused(spec: object) -> None:
    with pytest.raises((ArithmeticError, LookupError, TypeError, ValueError)):
        checked_spec(spec)


def test_a_description_is_rebuilt_not_believed() -> None:
    spec = ["d", [["w", ["a", [2, 3], "float32"]], [0, ["t", [["n"], ["k"]]]]]]
    assert checked_spec(json.loads(json.dumps([*spec, "more", {"x": 1}]))) == spec


def test_what_is_printed_again_in_another_life_is_kept_once() -> None:
    heard = Heard()
    for printed in (b"hello\n", b"hello\nworld\n", b"hello\nworld\n"):
        heard.print_again(printed)
    heard.printed["call"] = bytearray(b"inside\n")
    assert heard.output == "hello\nworld\ninside\n"
