"""The folder of programs that one machine traces and another judges; it holds no Python of the student.

The first job runs student code and knows the shape key only; the second knows the secret and runs programs only.  A
folder for each submission holds ``handover.json`` and one file of StableHLO for each call.  The reader trusts
nothing: it checks sizes before it opens a file, refuses links, and checks the type and limit of every field;
a program earns points only through the checks that every program goes through.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autograder import __version__
from autograder.assignment.load import Assignment
from autograder.assignment.seed import Keys
from autograder.errors import UserError
from autograder.grading.draws import Draws, TraceRequest
from autograder.grading.grade import TracedSubmission
from autograder.judge.device.evaluator import Evaluator
from autograder.judge.device.requests import Refusal
from autograder.judge.tasks import Programs, make_task
from autograder.result_json import from_json, to_json
from autograder.results import Provenance, Result, ResultError
from autograder.sandbox.frames import checked_spec
from autograder.sandbox.trace import Failure, Program
from autograder.submission.collect import Collected
from autograder.submission.source import UnreadableError, read_bytes

FILE = "handover.json"
SCHEMA = 2
MAX_JSON = 8 << 20
MAX_PROGRAM = 8 << 20
MAX_TOTAL = 64 << 20
MAX_TEXT = 8000
MAX_LINE = 1 << 20
MAX_ITEMS = 5000
MAX_NAME = 300  # characters of a student's name
_KEY = re.compile(r"[0-9a-f]{16}")
_FIELDS = (
    "schema", "result", "student", "submitted", "late", "measured", "draw_set", "shapes", "calls", "quotes"
)  # fmt: skip
_DETAILS = {
    "file": str, "line": int, "type": str, "where": str, "code": str, "name": str, "undefined": str, "module": str,
    "lacking": str, "near": str, "changed": str, "argument": int, "own": bool,
}  # fmt: skip


class HandoverError(UserError):
    """A folder that this version's ``trace`` did not write, or that was modified afterwards; no mark is given."""


@dataclass(frozen=True)
class Handover:
    """One submission on its way from the job that traced it to the job that judges it."""

    handed: TracedSubmission
    student: str = ""
    submitted: datetime.datetime | None = None
    late: bool | None = None


def quoted(handed: TracedSubmission, order: TraceRequest, evaluator: Evaluator) -> TracedSubmission:
    """Reduce the sources to the lines that messages about these programs will quote.

    The programs are inspected here as the judging machine will inspect them, so both find the same places.
    """
    tasks = [
        make_task(key, order.calls[key], program, order.assignment)
        for key, program in handed.programs.items()
        if isinstance(program, Program)
    ]
    inspected = evaluator.inspect(tasks)
    places = {r.where for r in inspected.values() if isinstance(r, Refusal) and r.where}
    for program in handed.programs.values():
        if isinstance(program, Failure):
            line = program.details.get("line")
            places.add((str(program.details.get("file", "")), line if isinstance(line, int) else 0))
    sources = {}
    for name, text in handed.sources.items():
        lines = text.splitlines()
        wanted = {line for file, line in places if file == name and 0 < line <= min(len(lines), MAX_LINE)}
        sources[name] = _text({line: lines[line - 1].strip()[:200] for line in wanted})
    return replace(handed, sources=sources)


def _text(lines: Mapping[int, str]) -> str:
    """Make a source that holds only these lines, each at its number."""
    return "\n".join(lines.get(n, "") for n in range(1, max(lines, default=0) + 1))


def write_handover(handover: Handover, folder: Path, assignment: Assignment, keys: Keys) -> None:
    """Write one submission; the folder appears atomically."""
    handed = handover.handed
    made = folder.with_name(f".{folder.name[:40]}-{secrets.token_hex(4)}.new")
    made.mkdir(parents=True)
    try:
        calls: dict[str, Any] = {}
        for key, program in handed.programs.items():
            if isinstance(program, Program):
                (made / f"{key}.stablehlo").write_bytes(program.module)
                digest = hashlib.sha256(program.module).hexdigest()
                calls[key] = {"output": program.output, "forward": program.forward, "sha256": digest}
            else:
                calls[key] = {"failure": program.kind, "message": program.message[:MAX_TEXT], **_details(program)}
        quotes = {
            name: {str(n): line for n, line in enumerate(text.split("\n"), 1) if line}
            for name, text in handed.sources.items()
        }
        provenance = Provenance(
            assignment.slug, assignment.version, "", __version__, handed.sha256, "", handed.sandbox, "",
            seconds=handed.seconds,
        )  # fmt: skip
        result = Result(handed.name, provenance, findings=handed.findings, problem=handed.problem, output=handed.output)
        data = {
            "schema": SCHEMA,
            "result": json.loads(to_json(result)),
            "student": handover.student,
            "submitted": handover.submitted.isoformat() if handover.submitted else None,
            "late": handover.late,
            "measured": handed.measured,
            "draw_set": handed.draw_set,
            "shapes": keys.shapes_identity,
            "calls": calls,
            "quotes": quotes,
        }
        text = json.dumps(data, indent=1).encode()
        (made / FILE).write_bytes(text)
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(made, folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def _details(failure: Failure) -> dict[str, Any]:
    kept = {k: failure.details[k] for k, kind in _DETAILS.items() if isinstance(failure.details.get(k), kind)}
    kinds = failure.details.get("kinds")
    if isinstance(kinds, list):
        kept["kinds"] = [str(k)[:100] for k in kinds[:50]]
    return {k: v[:MAX_TEXT] if isinstance(v, str) else v for k, v in kept.items()}


def handovers(folder: Path) -> list[Path]:
    """List the submissions in a folder that ``trace`` wrote.  Raises :class:`HandoverError` if it is empty."""
    try:
        with os.scandir(folder) as entries:
            found = sorted(Path(e.path) for e in entries if e.is_dir(follow_symlinks=False) and e.name[:1] != ".")
    except OSError as error:
        raise HandoverError(f"{folder} cannot be read: {error.strerror}") from None
    if not found:
        raise HandoverError(f"nothing to judge in {folder}: expected the --out folder of autograder trace")
    return found


def read_label(folder: Path) -> Collected:
    """Read the owner of a folder's programs and the time of submission; by default, the owner is the folder's name.

    Errors are reported later, when the programs are read.
    """
    try:
        data = json.loads(read_bytes(folder / FILE, MAX_JSON, FILE))
        student, submitted, late = data["student"], data["submitted"], data["late"]
        when = datetime.datetime.fromisoformat(submitted) if submitted is not None else None
        if not (isinstance(student, str) and len(student) <= MAX_NAME and (late is None or isinstance(late, bool))):
            raise ValueError("not a label")
    except (UnreadableError, ArithmeticError, LookupError, RecursionError, TypeError, ValueError):
        return Collected(folder.name, folder)
    return Collected(student or folder.name, folder, when, late=late)


def read_handover(folder: Path, draws: Draws) -> Handover:
    """Read one submission.  Raises :class:`HandoverError`; never runs or unpickles anything."""
    try:
        return _read(folder, draws)
    except UnreadableError as error:
        raise HandoverError(str(error)) from None
    except ResultError as error:
        raise HandoverError(f"{FILE}: {error}") from None
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise HandoverError(
            f"{FILE} was not written by autograder trace ({type(error).__name__}): trace again"
        ) from None


def _read(folder: Path, draws: Draws) -> Handover:
    data = json.loads(read_bytes(folder / FILE, MAX_JSON, FILE))
    _expect(isinstance(data, dict) and set(data) == set(_FIELDS), f"expected the fields {', '.join(_FIELDS)}")
    _expect(data["schema"] == SCHEMA, f"written with schema {data['schema']!r}, this version reads {SCHEMA}")
    result = from_json(json.dumps(data["result"]))
    made = result.provenance
    _expect(
        (made.assignment, made.assignment_version) == (draws.assignment.slug, draws.assignment.version),
        f"traced for {made.assignment} {made.assignment_version}, to be judged for "
        f"{draws.assignment.slug} {draws.assignment.version}",
    )
    _expect(made.engine_version == __version__, f"traced by version {made.engine_version}, judged by {__version__}")
    _expect(made.sandbox in ("full", "none"), "sandbox: expected full or none")
    _expect(not result.checks and result.score is None, "expected a traced submission, got a judged result")
    _expect(bool(re.fullmatch(r"[0-9a-f]{64}|", made.submission_sha256)), "expected the SHA-256 of the submission")
    _expect(len(result.findings) <= MAX_ITEMS, f"more than {MAX_ITEMS} findings")
    for text in _texts(result):
        _expect(len(text) <= MAX_TEXT, f"a text is longer than {MAX_TEXT} characters")
    _expect(isinstance(data["measured"], bool), "measured: expected true or false")
    _expect(data["late"] is None or isinstance(data["late"], bool), "late: expected true, false or null")
    _expect(isinstance(data["student"], str) and len(data["student"]) <= MAX_NAME, "student: expected a name")
    submitted = datetime.datetime.fromisoformat(data["submitted"]) if data["submitted"] is not None else None
    number = data["draw_set"]
    _expect(type(number) is int and 0 <= number < draws.keys.sets, f"draw_set: expected 0 to {draws.keys.sets - 1}")
    _expect(
        data["shapes"] == draws.keys.shapes_identity,
        "traced with another shape key: pass the one that autograder shape-key makes of this course secret",
    )
    wanted = {*draws.request(number, data["measured"], everything=True).calls}
    programs = {} if result.problem else _programs(folder, data["calls"], wanted)
    handed = TracedSubmission(
        result.submission,
        made.submission_sha256,
        made.sandbox,
        number,
        programs,
        result.findings,
        _sources(data["quotes"]),
        result.output,
        made.seconds,
        result.problem,
        data["measured"],
    )
    return Handover(handed, data["student"], submitted, data["late"])


def _programs(folder: Path, calls: Any, wanted: set[str]) -> Programs:
    _expect(isinstance(calls, dict) and set(calls) <= wanted, "it contains calls that were not requested")
    _expect(
        set(calls) >= wanted,
        f"{len(wanted - set(calls))} of {len(wanted)} calls were not traced: checks.py changed between the jobs",
    )
    known = {FILE, *(f"{k}.stablehlo" for k, c in calls.items() if "sha256" in c)}
    present = {e.name for e in os.scandir(folder)}
    _expect(present == known, f"unexpected or missing files: {', '.join(sorted(present ^ known)[:3])!r}")
    total, programs = 0, dict[str, Program | Failure]()
    for key, call in calls.items():
        _expect(bool(_KEY.fullmatch(key)) and isinstance(call, dict), "calls: expected objects by key")
        if "sha256" in call:
            _expect(set(call) == {"output", "forward", "sha256"}, "program: expected output, forward and sha256")
            module = read_bytes(folder / f"{key}.stablehlo", MAX_PROGRAM, f"{key}.stablehlo")
            total += len(module)
            _expect(total <= MAX_TOTAL, f"more than {MAX_TOTAL >> 20} MiB of programs")
            _expect(hashlib.sha256(module).hexdigest() == call["sha256"], f"{key}.stablehlo was changed or truncated")
            programs[key] = Program(module, checked_spec(call["output"]), checked_spec(call["forward"]))
        else:
            programs[key] = _failure(call)
    return programs


def _failure(call: dict[str, Any]) -> Failure:
    details: dict[str, Any] = {}
    for name, kind in _DETAILS.items():
        if name in call:
            _expect(type(call[name]) is kind, f"{name}: expected {kind.__name__}")
            details[name] = call[name]
    if "kinds" in call:
        details["kinds"] = [str(k)[:100] for k in call["kinds"][:50]]
    unknown = set(call) - set(details) - {"failure", "message"}
    _expect(not unknown, f"unknown field {sorted(unknown)[:1]}")
    _expect(
        isinstance(call["failure"], str) and isinstance(call["message"], str), "failure: expected a kind and a message"
    )
    _expect(len(call["message"]) <= MAX_TEXT, f"a message is longer than {MAX_TEXT} characters")
    return Failure(call["failure"], call["message"], details)


def _sources(quotes: Any) -> dict[str, str]:
    _expect(isinstance(quotes, dict) and len(quotes) <= MAX_ITEMS, f"quotes: expected at most {MAX_ITEMS} files")
    sources = {}
    for name, lines in quotes.items():
        _expect(
            len(name) <= MAX_TEXT and isinstance(lines, dict) and len(lines) <= MAX_ITEMS,
            "quotes: expected lines by number",
        )
        numbered = {int(n): str(line)[:200] for n, line in lines.items()}
        _expect(all(0 < n <= MAX_LINE for n in numbered), "quotes: line number out of range")
        sources[name] = _text(numbered)
    return sources


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _texts(item)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from _texts(getattr(value, field.name))


def _expect(holds: bool, message: str) -> None:
    if not holds:
        raise HandoverError(f"{FILE}: {message}")
