"""What one machine traced and another judges: a folder of programs, with no Python of the student in it.

The first job meets student code and knows no secret; the second knows the secret and runs programs only.  A
folder for each submission holds ``handover.json`` and one file of StableHLO for each call.  The reader believes
nothing: sizes are asked before anything is opened, links are refused, every field has its kind and its limit,
and what a program is worth is found out by the checks that every program passes.
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

from autograder import __version__, tree
from autograder.answers import Answers
from autograder.evaluate import Evaluator, Refusal
from autograder.evidence import Programs
from autograder.grade import Handed
from autograder.judge import make_task
from autograder.plan import Plan
from autograder.results import Provenance, Result, ResultError, from_json, to_json
from autograder.source import Unreadable, read_bytes
from autograder.tracing import Failure, Program, checked_spec

FILE = "handover.json"
SCHEMA = 1
MAX_JSON = 8 << 20
MAX_PROGRAM = 8 << 20
MAX_TOTAL = 64 << 20
MAX_TEXT = 8000
MAX_LINE = 1 << 20
MAX_ITEMS = 5000
_KEY = re.compile(r"[0-9a-f]{16}")
_FIELDS = ("schema", "result", "student", "submitted", "late", "measured", "calls", "quotes")
_DETAILS = {"file": str, "line": int, "type": str, "where": str}


class HandoverError(ValueError):
    """A folder that was not written by this version's ``trace``, or was changed since: nobody's mark."""


@dataclass(frozen=True)
class Handover:
    """One submission on its way from the job that traced it to the job that judges it."""

    handed: Handed
    student: str = ""
    submitted: datetime.datetime | None = None
    late: bool = False


def quoted(handed: Handed, plan: Plan, answers: Answers, evaluator: Evaluator) -> Handed:
    """Keep of the source only the lines that a message about these programs will quote.

    The programs are looked at here as they will be looked at there, so the same places are found.
    """
    tasks = []
    for key, program in handed.programs.items():
        if isinstance(program, Program) and tree.matches(answers.outputs[key], program.output):
            tasks.append(make_task(key, answers.calls[key], program, plan, answers))
    with evaluator.lock:
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
    """A source of which only some lines are left, each at its number."""
    return "\n".join(lines.get(n, "") for n in range(1, max(lines, default=0) + 1))


def write_handover(handover: Handover, folder: Path, plan: Plan) -> None:
    """Write one submission; the folder appears in one step."""
    handed = handover.handed
    made = folder.with_name(f".{folder.name[:40]}-{secrets.token_hex(4)}.new")
    made.mkdir(parents=True)
    try:
        calls: dict[str, Any] = {}
        for key, program in handed.programs.items():
            if isinstance(program, Program):
                (made / f"{key}.stablehlo").write_bytes(program.module)
                calls[key] = {"output": program.output, "sha256": hashlib.sha256(program.module).hexdigest()}
            else:
                calls[key] = {"failure": program.kind, "message": program.message[:MAX_TEXT], **_details(program)}
        quotes = {
            name: {str(n): line for n, line in enumerate(text.split("\n"), 1) if line}
            for name, text in handed.sources.items()
        }
        provenance = Provenance(
            plan.assignment.slug, plan.assignment.version, "", __version__, handed.sha256, "", handed.sandbox, "",
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
    if failure.kind == "structure":
        kept["actual"] = failure.details["actual"]
    return {k: v[:MAX_TEXT] if isinstance(v, str) else v for k, v in kept.items()}


def handovers(folder: Path) -> list[Path]:
    """The submissions in a folder that ``trace`` wrote.  Raises :class:`HandoverError` when there is none."""
    try:
        with os.scandir(folder) as entries:
            found = sorted(Path(e.path) for e in entries if e.is_dir(follow_symlinks=False) and e.name[:1] != ".")
    except OSError as error:
        raise HandoverError(f"{folder} cannot be read: {error.strerror}") from None
    if not found:
        raise HandoverError(f"nothing to judge in {folder}: expected the --out folder of autograder trace")
    return found


def read_handover(folder: Path, plan: Plan, answers: Answers) -> Handover:
    """Read one submission.  Raises :class:`HandoverError`; never runs or unpickles anything."""
    try:
        return _read(folder, plan, answers)
    except Unreadable as error:
        raise HandoverError(str(error)) from None
    except ResultError as error:
        raise HandoverError(f"{FILE}: {error}") from None
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
        if isinstance(error, HandoverError):
            raise
        raise HandoverError(f"{FILE} is not what autograder trace writes ({type(error).__name__})") from None


def _read(folder: Path, plan: Plan, answers: Answers) -> Handover:
    data = json.loads(read_bytes(folder / FILE, MAX_JSON, FILE))
    _expect(isinstance(data, dict) and set(data) == set(_FIELDS), f"expected the fields {', '.join(_FIELDS)}")
    _expect(data["schema"] == SCHEMA, f"written with schema {data['schema']!r}, this version reads {SCHEMA}")
    result = from_json(json.dumps(data["result"]))
    made = result.provenance
    _expect(
        (made.assignment, made.assignment_version) == (plan.assignment.slug, plan.assignment.version),
        f"traced for {made.assignment} {made.assignment_version}, to be judged for {plan.assignment.slug} "
        f"{plan.assignment.version}",
    )
    _expect(made.engine_version == __version__, f"traced by version {made.engine_version}, this is {__version__}")
    _expect(made.sandbox in ("full", "none"), "the level of the sandbox is full or none")
    _expect(not result.checks and result.score is None, "evidence has no place here")
    _expect(bool(re.fullmatch(r"[0-9a-f]{64}|", made.submission_sha256)), "expected the SHA-256 of the submission")
    _expect(len(result.findings) <= MAX_ITEMS, "too many findings")
    for text in _texts(result):
        _expect(len(text) <= MAX_TEXT, f"a text is longer than {MAX_TEXT} characters")
    for name in ("late", "measured"):
        _expect(isinstance(data[name], bool), f"{name} is true or false")
    _expect(isinstance(data["student"], str) and len(data["student"]) <= 300, "student is a name")
    submitted = datetime.datetime.fromisoformat(data["submitted"]) if data["submitted"] is not None else None
    wanted = {k for k, c in answers.calls.items() if data["measured"] or c.precision == "highest"}
    programs = {} if result.problem else _programs(folder, data["calls"], wanted)
    handed = Handed(
        result.submission,
        made.submission_sha256,
        made.sandbox,
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
    _expect(isinstance(calls, dict) and set(calls) <= wanted, "it holds calls that were not asked for")
    _expect(
        set(calls) >= wanted,
        f"{len(wanted - set(calls))} of {len(wanted)} calls were not traced: checks.py changed between the jobs, or "
        "its shapes or static arguments depend on the seed",
    )
    known = {FILE, *(f"{k}.stablehlo" for k, c in calls.items() if "sha256" in c)}
    present = {e.name for e in os.scandir(folder)}
    _expect(present == known, f"unexpected or missing files: {', '.join(sorted(present ^ known)[:3])!r}")
    total, programs = 0, dict[str, Program | Failure]()
    for key, call in calls.items():
        _expect(bool(_KEY.fullmatch(key)) and isinstance(call, dict), "calls are named by their keys")
        if "sha256" in call:
            _expect(set(call) == {"output", "sha256"}, "a program has an output and a SHA-256")
            module = read_bytes(folder / f"{key}.stablehlo", MAX_PROGRAM, f"{key}.stablehlo")
            total += len(module)
            _expect(total <= MAX_TOTAL, f"more than {MAX_TOTAL >> 20} MiB of programs")
            _expect(hashlib.sha256(module).hexdigest() == call["sha256"], f"{key}.stablehlo was changed or cut off")
            programs[key] = Program(module, checked_spec(call["output"]))
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
    if "actual" in call:
        details["actual"] = checked_spec(call["actual"])
    unknown = set(call) - set(details) - {"failure", "message"}
    _expect(not unknown, f"unknown field {sorted(unknown)[:1]}")
    _expect(isinstance(call["failure"], str) and isinstance(call["message"], str), "a failure has a kind and a message")
    _expect(len(call["message"]) <= MAX_TEXT, "a message is too long")
    return Failure(call["failure"], call["message"], details)


def _sources(quotes: Any) -> dict[str, str]:
    _expect(isinstance(quotes, dict) and len(quotes) <= MAX_ITEMS, "too many quotes")
    sources = {}
    for name, lines in quotes.items():
        _expect(len(name) <= MAX_TEXT and isinstance(lines, dict) and len(lines) <= MAX_ITEMS, "quotes are lines")
        numbered = {int(n): str(line)[:200] for n, line in lines.items()}
        _expect(all(0 < n <= MAX_LINE for n in numbered), "a quote from a line that no file has")
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
