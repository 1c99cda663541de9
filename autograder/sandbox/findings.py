"""Findings that tracing adds to those on a submission's source, and what one finding costs further on.

A name that is missing because its statement was set aside is told of once, as the cause: whatever lacks the name only
says so.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from autograder.assignment.probes import Call
from autograder.results import Finding
from autograder.sandbox.trace import Failure, Program, Traced
from autograder.submission.read import Submission
from autograder.submission.screening import LEFT_OUT, Scope, Site, bound_in_module, sites
from autograder.submission.statements import Broken, Statement, parse

Causes = Mapping[str, Finding]  # name that the submission lacks -> why


def with_causes(
    traced: Traced, submission: Submission, calls: Mapping[str, Call], remarks: Sequence[Finding]
) -> tuple[dict[str, Program | Failure], tuple[Finding, ...]]:
    """Return the programs with the reason why functions are missing, and what is to say of statements that raised.

    Args:
      submission: as it was traced.
      remarks: what is known of its source.
    """
    raised, causes = _raised(traced, submission, remarks)
    modules = {m.name for m in submission.modules}
    programs = {key: _caused(program, calls[key], causes, modules) for key, program in traced.programs.items()}
    return programs, raised


def _caused(program: Program | Failure, call: Call, causes: Causes, modules: set[str]) -> Program | Failure:
    """Where a function, or a name that it uses, is missing because its source was set aside, report that instead."""
    if not isinstance(program, Failure):
        return program
    name = call.function if program.kind == "missing" else _undefined(program.details, modules)
    cause = causes.get(name)
    if cause is None:
        return program
    inner = name.startswith(LEFT_OUT)  # the function was run as far as a statement that is left out
    own = program.kind == "missing" or (inner and cause.function == call.function)
    shown = cause.function if inner else name
    return Failure(
        "removed" if own else "needs", cause.message, {"where": cause.where, "code": cause.code, "name": shown}
    )


def _undefined(details: Mapping[str, Any], modules: set[str]) -> str:
    """Return the name that an error is about, where that is one of the submission's own."""
    of_its_own = details.get("module", "") in ("", *modules)
    return str(details.get("undefined", "")) if of_its_own else ""


def _raised(
    traced: Traced, submission: Submission, remarks: Sequence[Finding]
) -> tuple[tuple[Finding, ...], dict[str, Finding]]:
    """Remark on top-level statements that raised or ended the process, and find out which names are missing and why."""
    causes = {name: f for f in reversed(remarks) if f.severity != "note" for name in f.binds or (f.function,) if name}
    names = {m.name for m in submission.modules}
    modules = {m.name: m.statements for m in submission.modules}
    findings: list[Finding] = []
    for event in traced.raised:
        try:
            module, index = event["raised"]
            statement = modules[module][index]
        except (KeyError, IndexError, TypeError, ValueError):
            continue
        listed = _sites(statement)
        binds = bound_in_module(listed)
        lacking = [_undefined(event, names), *_imported(listed, names)]
        cause = next((causes[name] for name in lacking if name in causes), None)
        if cause is None:
            cause = _finding(event, statement, binds, submission)
            findings.append(cause)
        causes = dict.fromkeys(binds, cause) | causes
    return tuple(findings), causes


def _finding(event: Mapping[str, Any], statement: Statement, binds: set[str], submission: Submission) -> Finding:
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
    where, message = f"{statement.filename}, line {line}", f"This statement {why}; it was skipped"
    return Finding("skipped", where, message, code=code, binds=tuple(sorted(binds)))


def _imported(listed: Sequence[Site], modules: set[str]) -> Iterator[str]:
    """Yield the names that a statement imports from the submission's own modules."""
    for site in listed:
        if isinstance(site.node, ast.ImportFrom) and site.node.module in modules and site.scope.kind == "module":
            yield from (alias.name for alias in site.node.names)


def _sites(statement: Statement) -> list[Site]:
    tree = parse(statement.source)
    return [] if isinstance(tree, Broken) else sites(tree, Scope("module"))
