"""Results as JSON, both ways; results that earlier versions stored stay readable."""

from __future__ import annotations

import dataclasses
import enum
import functools
import json
import types
import typing
from collections.abc import Mapping
from typing import Any

from autograder.results import SCHEMA, Fault, Outcome, ProblemKind, Result, ResultError


def to_json(value: Any, *, compact: bool = False) -> str:
    """Serialise a dataclass of this module; NaN and infinities become strings, so the JSON is strict."""
    layout: dict[str, Any] = {"separators": (",", ":")} if compact else {"indent": 1}
    return json.dumps(_plain(value), ensure_ascii=False, allow_nan=False, **layout)


def from_json(text: str) -> Result:
    """Read a :class:`Result` back.  Raises :class:`ResultError` naming the field that does not fit."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: also numbers of thousands of digits
        raise ResultError(f"not JSON: {error}") from None
    if not isinstance(data, dict) or "schema" not in data:
        raise ResultError("expected a graded result (an object with a 'schema' field)")
    if data["schema"] == 1:
        data = _from_schema_1(data)
    if data["schema"] != SCHEMA:
        raise ResultError(
            f"written with result schema {data['schema']}, this version reads 1 to {SCHEMA}: grade the submission again"
        )
    result = _build(Result, data, "result")
    assert isinstance(result, Result)
    return result


def _plain(value: Any) -> Any:
    if isinstance(value, str) and value.isascii():
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    if isinstance(value, float) and value != value:
        return "nan"
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return "inf" if value > 0 else "-inf"
    if isinstance(value, str):  # lone surrogates of hostile names cannot be written as UTF-8
        return value.encode("utf-8", "replace").decode("utf-8")
    return value


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


@functools.cache
def _shape(kind: Any) -> tuple[bool, Any, tuple[Any, ...]]:
    record = dataclasses.is_dataclass(kind) and isinstance(kind, type)
    return record, typing.get_origin(kind), typing.get_args(kind)


def _build(kind: Any, data: Any, where: str) -> Any:
    if type(data) is kind and kind in (str, float, int, bool):  # nearly always; a class has thousands of results
        return data
    record, origin, args = _shape(kind)
    if record:
        if not isinstance(data, dict):
            raise ResultError(f"{where}: expected an object, got {type(data).__name__}")
        hints = _hints(kind)
        unknown = set(data) - set(hints)
        if unknown:
            raise ResultError(f"{where}: unknown field {sorted(unknown)[0]!r}")
        try:
            return kind(**{k: _build(hints[k], v, f"{where}.{k}") for k, v in data.items()})
        except TypeError as error:
            raise ResultError(f"{where}: {error}") from None
    if origin in (types.UnionType, typing.Union):
        if data is None:
            return None
        return _build(next(a for a in args if a is not type(None)), data, where)
    if origin is tuple:
        if not isinstance(data, list):
            raise ResultError(f"{where}: expected a list, got {type(data).__name__}")
        return tuple(_build(args[0], v, f"{where}[{i}]") for i, v in enumerate(data))
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(data, dict):
            raise ResultError(f"{where}: expected an object, got {type(data).__name__}")
        return {k: _build(args[1], v, f"{where}.{k}") for k, v in data.items()}
    if isinstance(kind, type) and issubclass(kind, enum.StrEnum):
        try:
            return kind(data)
        except ValueError:
            raise ResultError(f"{where}: expected one of {', '.join(kind)}, got {data!r}") from None
    if kind is float:
        if isinstance(data, str) and data in ("nan", "inf", "-inf"):
            return float(data)
        if isinstance(data, bool) or not isinstance(data, int | float):
            raise ResultError(f"{where}: expected a number, got {data!r}")
        try:
            return float(data)
        except OverflowError:
            raise ResultError(f"{where}: expected a number, got one too large") from None
    if not isinstance(data, kind) or (kind is int and isinstance(data, bool)):
        raise ResultError(f"{where}: expected {kind.__name__}, got {data!r}")
    return data


# How version 1 said in words what are fields now.  Nothing but this reader of old files may look at a message.
_OURS_1 = "not judged, and not the student's fault: "
_LEFT_OUT_1 = "left out: only numbers were asked for"
_MEASURED_1 = ("training", "throughput", "cost")


def _from_schema_1(data: dict[str, Any]) -> dict[str, Any]:
    """Bring a result of schema 1 into the present one."""
    checks = [_check_from_schema_1(c) if isinstance(c, dict) else c for c in data.get("checks") or ()]
    message, problem = data.get("problem") or "", None
    if message and isinstance(message, str):
        # Only a result of ours has no score; the words alone could come from the name of a student's file.
        ours = data.get("score") is None and message.startswith(_OURS_1)
        fault, kind = (Fault.OURS, ProblemKind.ENGINE) if ours else (Fault.STUDENT, ProblemKind.UNKNOWN)
        problem = {"fault": fault, "kind": kind, "message": message.removeprefix(_OURS_1) if ours else message}
    return {**data, "checks": checks, "problem": problem, "schema": SCHEMA}


def _check_from_schema_1(check: dict[str, Any]) -> dict[str, Any]:
    skipped = check.get("outcome") == Outcome.SKIPPED and check.get("kind") in _MEASURED_1
    return {**check, "outcome": Outcome.LEFT_OUT} if skipped and check.get("message") == _LEFT_OUT_1 else check
