"""Findings that tracing adds to those on a submission's source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from autograder.assignment.probes import Call
from autograder.results import Finding
from autograder.sandbox.trace import Failure, Program, Traced
from autograder.submission.read import Submission


def left_out(
    programs: Mapping[str, Program | Failure], calls: Mapping[str, Call], remarks: Sequence[Finding]
) -> Iterator[tuple[str, Program | Failure]]:
    """Where a function is missing because its source was set aside, report that instead."""
    why = {f.function: f for f in reversed(remarks) if f.function and f.severity != "note"}
    for key, program in programs.items():
        remark = why.get(calls[key].function)
        if isinstance(program, Failure) and program.kind == "missing" and remark is not None:
            program = Failure("removed", remark.message, {"where": remark.where})
        yield key, program


def raised(traced: Traced, submission: Submission) -> Iterator[Finding]:
    """Remarks on top-level statements that raised or ended the process; the others were run."""
    modules = {m.name: m.statements for m in submission.modules}
    for event in traced.raised:
        try:
            name, index = event["raised"]
            statement = modules[name][index]
        except (KeyError, IndexError, TypeError, ValueError):
            continue
        line = event.get("line")
        line = line if isinstance(line, int) and event.get("file") == statement.filename else statement.line
        source = submission.sources.get(statement.filename, "").splitlines()
        code = source[line - 1].strip()[:200] if 0 < line <= len(source) else ""
        why = {
            "timeout": "did not end in time",
            "cpu": "used up its processor time",
            "memory": "used too much memory",
            "flood": "kept printing without end",
            "died": "ended the process",
        }.get(str(event.get("kind", "")), "")
        if not why:
            first = (str(event.get("message", "")).strip().splitlines() or [""])[0][:300]
            why = f"raised {str(event.get('type', 'an error'))[:80]}" + (f": {first}" if first else "")
        yield Finding(
            "skipped", f"{statement.filename}, line {line}", f"This statement {why}; it was skipped", code=code
        )
