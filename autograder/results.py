"""What grading leaves behind: frozen data, JSON both ways.

Evidence (what was observed) and score (what the rubric makes of it) are apart, so that a changed rubric
re-scores stored evidence without running anything.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SCHEMA = 1

# Outcomes of a case and of a check.
PASSED = "passed"
FAILED = "failed"
SKIPPED = "skipped"  # rests on another check that failed
NOT_JUDGED = "not judged"  # our fault, never the student's zero
INCONCLUSIVE = "inconclusive"  # timing or training: measure again


class ResultError(ValueError):
    """A stored result that cannot be read; the message says which field and what was expected."""


@dataclass(frozen=True)
class Finding:
    """A remark about the source: a screen violation, something skipped, something removed.

    ``severity`` is "violation" (costs the statement it stands in), "skipped" (could not be read or run)
    or "note" (costs nothing).  ``function`` names the graded function it belongs to, if any.
    """

    severity: str
    where: str  # "submission.py, line 12" or "cell 3, line 2"
    message: str
    instead: str = ""
    name: str = ""
    function: str = ""
    code: str = ""  # the student's own line


@dataclass(frozen=True)
class Place:
    """The worst place of a failed comparison: path of the leaf, index in it, both values."""

    path: str
    index: tuple[int, ...]
    expected: float
    actual: float


@dataclass(frozen=True)
class ErrorMap:
    """Where an output differs: a plane through its worst place, thinned to at most 32 × 32 cells.

    Each character of ``rows`` is the worst of its cell: "0" is within the tolerance, "1" to "4" are up to
    10, 100, 1000 and more times the tolerance, "!" is no finite number.  No input and no value is in it.
    """

    plane: str  # "logits[:, :]" or "y[0, :, :, 3]"
    shape: tuple[int, ...]  # of the plane, before thinning
    rows: tuple[str, ...]


@dataclass(frozen=True)
class CaseEvidence:
    """What one case showed on one draw of its inputs.

    ``error`` and ``tolerance`` are relative to the rms of the reference (norm-wise); ``worst`` and
    ``worst_tolerance`` are the same for the single worst element.
    """

    label: str
    outcome: str
    draw: int = 0
    inputs: str = ""  # kinds and shapes, never numbers
    error: float | None = None
    tolerance: float | None = None
    worst: float | None = None
    worst_tolerance: float | None = None
    place: Place | None = None
    message: str = ""  # what went wrong, in plain words
    advice: str = ""  # what to do about it
    where: str = ""  # the student's line, when the error has one
    code: str = ""
    statistics: Mapping[str, float] = field(default_factory=dict)
    curves: Mapping[str, tuple[float, ...]] = field(default_factory=dict)  # "loss" and "reference loss", thinned
    error_map: ErrorMap | None = None  # of the worst failing case of a check, where it shows a pattern


@dataclass(frozen=True)
class CheckEvidence:
    """All cases of one check, and the known mistake that the numbers match, if any."""

    name: str
    title: str
    function: str
    kind: str
    outcome: str
    cases: tuple[CaseEvidence, ...] = ()
    message: str = ""  # the one sentence a student should read first
    mistake: str = ""
    hint: str = ""
    topic: str = ""
    program: str = ""  # sha256 of the normalised programs judged
    operations: Mapping[str, int] = field(default_factory=dict)  # of the largest of these programs, by name


@dataclass(frozen=True)
class Provenance:
    """Where a result comes from; enough to say whether two results may be compared."""

    assignment: str
    assignment_version: str
    assignment_sha256: str
    engine_version: str
    submission_sha256: str
    seed: str  # id of the seed, never the seed
    sandbox: str
    device: str
    libraries: Mapping[str, str] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    created: str = ""
    precision: str = "matrix products: highest for numbers, the device's own for speed"


@dataclass(frozen=True)
class CheckScore:
    name: str
    points: float
    possible: float
    reason: str = ""


@dataclass(frozen=True)
class Score:
    """Points that a rubric gives to evidence.  ``judged`` is False while something awaits our repair."""

    points: float
    possible: float
    checks: tuple[CheckScore, ...]
    judged: bool
    rubric_sha256: str


@dataclass(frozen=True)
class Result:
    """One graded submission.  ``problem`` is set when nothing could be read or judged at all."""

    submission: str
    provenance: Provenance
    checks: tuple[CheckEvidence, ...] = ()
    findings: tuple[Finding, ...] = ()
    score: Score | None = None
    problem: str = ""
    output: str = ""  # the start of what the submission printed
    schema: int = SCHEMA


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
    if data["schema"] != SCHEMA:
        raise ResultError(
            f"written with result schema {data['schema']}, this version reads {SCHEMA}: grade the submission again"
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
