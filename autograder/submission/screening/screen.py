"""Check a submission against the assignment's allow-list, on the syntax tree, before anything runs.

This is honest advice with teeth: every violation is reported with its line and costs the top-level statement that
contains it.  The walls are the sandbox and the check of the traced program.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice

from autograder.assignment.allowlist import AllowList, Dotted
from autograder.results import Finding
from autograder.submission.read import Module, Submission
from autograder.submission.screening.denylist import Violation
from autograder.submission.screening.inner_statements import inner_statements, needs_nothing, removal_of
from autograder.submission.screening.kept import kept_statement
from autograder.submission.screening.name_checks import Context, inspect, reads_args, reserved_names
from autograder.submission.screening.name_resolution import NameResolver, absolute
from autograder.submission.screening.scopes import bound_in_module
from autograder.submission.screening.top_level import (
    ScreenedStatement,
    never_runs,
    read_statements,
    surely_defined,
)
from autograder.submission.screening.unneeded import Removal, inside_of, removals, shown_variables, unneeded_names
from autograder.submission.statements import code_line, printable

MAX_FINDINGS = 100
LEFT_OUT = "_left_out_"  # begins the name that stands for an inner statement

Inner = Sequence[tuple[Violation, ast.stmt]] | None  # None: the whole statement is taken out


def screen(submission: Submission, allowed: AllowList) -> tuple[Submission, tuple[Finding, ...]]:
    """Return the submission without the statements that break the rules, and one finding per violation.

    Helper modules that no other module imports, and refused code under ``if __name__ == "__main__"``, are left out
    without a finding: they never run.
    """
    helpers = {m.name for m in submission.modules if m.name.split(".")[0] not in allowed.roots | reserved_names()}
    resolver = NameResolver(helpers, allowed.modules, allowed.starred)
    findings: list[Finding] = []
    statements: list[ScreenedStatement] = []
    modules = {m.name: m for m in submission.modules}
    reached: list[str] = []
    pending = [m.name for m in submission.modules[:1]]
    while pending:
        name = pending.pop(0)
        if name in reached:
            continue
        reached.append(name)
        package = _is_package(modules[name], helpers)
        new = list(read_statements(modules[name], package, resolver, findings))
        resolver.bind(name, package, [site for statement in new for site in statement.sites])
        statements += new
        pending += sorted(_imported(new) & helpers)
    resolver.settle()
    shown = shown_variables(statements, resolver)
    removed = {statement: removals(statement, resolver, shown) for statement in statements}
    violations = _violations(statements, resolver, allowed, removed)
    inner = {s: inner_statements(s, its_violations) for s, its_violations in violations.items()}
    markers = _markers(inner)
    findings += _report(violations, inner, markers, allowed, submission)
    told = ((s, removal) for s in statements if not never_runs(s.tree) for removal in removed[s] if removal.told)
    findings += [_left_out(s, removal, submission) for s, removal in islice(told, MAX_FINDINGS)]
    refused = {s: _refused(s, violations.get(s, ()), inner.get(s)) for s in statements}
    kept = {s: kept_statement(s, refused[s], _with_inner(s, removed[s], inner.get(s), markers)) for s in statements}
    modules_left = tuple(
        Module(name, tuple(text for s, text in kept.items() if text is not None and s.module == name))
        for name in reached
    )
    return replace(submission, modules=modules_left), tuple(findings)


def _refused(statement: ScreenedStatement, violations: Sequence[Violation], inner: Inner) -> set[str]:
    """Return the names of an import that are dropped from a statement; "" where the whole statement is."""
    if inner is None:
        return {v.alias for v in violations}
    within = {id(v) for v, _ in inner}
    return {v.alias for v in violations if id(v) not in within}


def _markers(inner: Mapping[ScreenedStatement, Inner]) -> dict[int, str]:
    """Give each inner statement that is taken out a name that nobody defines: what runs into it says so."""
    nodes = {id(node): node for found in inner.values() for _, node in found or ()}
    return {key: f"{LEFT_OUT}{number}" for number, key in enumerate(nodes, 1)}


def _with_inner(
    statement: ScreenedStatement, removed: Sequence[Removal], inner: Inner, markers: Mapping[int, str]
) -> list[Removal]:
    """Add the inner statements to what is taken out; what else is taken out of them goes with them."""
    nodes = {id(node): node for _, node in inner or ()}
    taken = [removal_of(node, statement, markers[key]) for key, node in nodes.items()]
    gone = inside_of(taken)
    return [*(r for r in removed if id(r.node) not in gone), *taken]


def _is_package(module: Module, helpers: set[str]) -> bool:
    has_init = any(s.filename.endswith("__init__.py") for s in module.statements)
    return has_init or any(name.startswith(module.name + ".") for name in helpers)


def _imported(statements: Sequence[ScreenedStatement]) -> set[str]:
    """Name all modules that the statements may import, with the packages above them."""
    paths: list[Dotted] = []
    for statement in statements:
        for site in statement.sites:
            if isinstance(site.node, ast.Import):
                paths += [tuple(alias.name.split(".")) for alias in site.node.names]
            elif isinstance(site.node, ast.ImportFrom):
                base = absolute(site.node, statement.module, statement.package) or ()
                paths += [(*base, alias.name) for alias in site.node.names]
    return {".".join(path[:n]) for path in paths for n in range(1, len(path) + 1)}


def _violations(
    statements: Sequence[ScreenedStatement],
    resolver: NameResolver,
    allowed: AllowList,
    removed: Mapping[ScreenedStatement, Sequence[Removal]],
) -> dict[ScreenedStatement, list[Violation]]:
    """List the violations of each statement that has any.

    A refused statement takes its definitions with it: a function of the student's own called ``eval`` hides the
    built-in one only as long as its definition is kept.  Hence the loop.
    """
    violations: dict[ScreenedStatement, list[Violation]] = {}
    args = any(reads_args(site) for statement in statements for site in statement.sites)
    unneeded, guarded = unneeded_names(statements, removed), unneeded_names(statements, removed, guards=True)
    while True:
        defined = surely_defined([s for s in statements if s not in violations])
        context = Context(allowed, resolver, defined, args, removed, unneeded, guarded)
        latest = {statement: seen for statement in statements if (seen := list(inspect(statement, context)))}
        if latest.keys() <= violations.keys():
            return violations
        violations = latest | {s: seen for s, seen in violations.items() if s not in latest}


def _report(
    violations: Mapping[ScreenedStatement, Sequence[Violation]],
    inner: Mapping[ScreenedStatement, Inner],
    markers: Mapping[int, str],
    allowed: AllowList,
    submission: Submission,
) -> list[Finding]:
    """Make the findings that students read, at most MAX_FINDINGS and a count of the others."""
    graded = {statement: seen for statement, seen in violations.items() if not never_runs(statement.tree)}
    reports = [(s, v) for s, seen in graded.items() for v in dict.fromkeys(seen) if v.message]
    findings = []
    for statement, violation in reports[:MAX_FINDINGS]:
        filename, source = statement.original.filename, statement.original.source
        line = statement.original.line + violation.line - 1
        node = next((node for v, node in inner[statement] or () if v == violation), None)
        harmless = violation.harmless or (node is None and needs_nothing(statement, violation))
        findings.append(
            Finding(
                "note" if harmless else "violation",
                f"{filename}, line {line}",
                violation.message,
                instead="" if violation.harmless else violation.instead or allowed.hint(violation.name),
                name=printable(violation.name),
                function=statement.function,
                binds=() if harmless else (markers[id(node)],) if node else _binds(statement, violation),
                code=code_line(submission.sources.get(filename, ""), line) or code_line(source, violation.line),
            )
        )
    if len(reports) > MAX_FINDINGS:
        more = f"{len(reports) - MAX_FINDINGS:,} more violations are not shown"
        findings.append(replace(findings[-1], message=more, instead="", name="", function="", code=""))
    return findings


def _binds(statement: ScreenedStatement, violation: Violation) -> tuple[str, ...]:
    """Return the names that the module lacks because of a violation."""
    return tuple(sorted(bound_in_module(statement.sites, violation.alias)))


def _left_out(statement: ScreenedStatement, removal: Removal, submission: Submission) -> Finding:
    original = statement.original
    line = original.line + getattr(removal.node, "lineno", 1) - 1
    message = "Checks, debugging prints, logs, plots and settings are not run during grading, so this was left out"
    code = code_line(submission.sources.get(original.filename, ""), line)
    return Finding("note", f"{original.filename}, line {line}", message, code=code)
