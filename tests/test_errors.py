"""Errors belong to two kinds, and the command line needs to know no more of them than their kind."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable

import pytest
from helpers.commands import Ran
from test_layers import SOURCES

import question_bank.errors
from autograder import cli, errors

KINDS = (errors.UserError, errors.NotJudgedError, question_bank.errors.UserError, question_bank.errors.NotMadeError)
# Caught inside their own package, or raised by what a library calls: never seen by the command line.
INNER = {
    "ActionRefusedError",
    "AmbiguousLayoutError",
    "AutodiffRefusedError",
    "BrokenReferenceError",
    "DifferentOutputsError",
    "DuplicateActionError",
    "FailedProgramError",
    "FilterError",
    "ForeignDatabaseError",
    "FrameError",
    "LostWorkerError",
    "NotInterpretedError",
    "MalformedFieldError",
    "NoChoiceError",
    "NotebookError",
    "RedrawError",
    "TooLargeError",
    "TooManyAnswersError",
    "TracingError",
    "UnreadError",
    "UnreadableError",
    "UntrustedYamlError",
}


def exceptions() -> dict[str, type[BaseException]]:
    """Every exception class that a module of ours defines, by its full name."""
    found = {}
    for module in SOURCES:
        if module.endswith("__main__"):
            continue
        for name, value in vars(importlib.import_module(module)).items():
            if inspect.isclass(value) and issubclass(value, BaseException) and value.__module__ == module:
                found[f"{module}.{name}"] = value
    return found


EXCEPTIONS = exceptions()


@pytest.mark.parametrize("name", sorted(EXCEPTIONS))
def test_an_error_is_called_one_and_has_a_kind(name: str) -> None:
    error, own = EXCEPTIONS[name], name.rpartition(".")[2]
    assert own.endswith("Error")
    assert error.__doc__ and error.__doc__[0].isupper()
    inner = own in INNER or own.startswith("_")
    assert issubclass(error, KINDS) != inner, "derive it from one of the two kinds, or list it as caught inside"


def test_the_list_of_inner_errors_is_not_longer_than_it_must_be() -> None:
    assert {name.rpartition(".")[2] for name in EXCEPTIONS} >= INNER


@pytest.mark.parametrize(("kind", "code"), list(zip(KINDS, (2, 3, 2, 3), strict=True)))
def test_the_kind_of_an_error_decides_the_exit_code(
    kind: type[Exception], code: int, command: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise type("SomeError", (kind,), {})("expected bread, got stones")

    monkeypatch.setattr(cli, "app", fail)
    ran = command("list")
    assert ran.code == code and "expected bread, got stones" in ran.err and "Traceback" not in ran.err
