"""Check a submission against the assignment's allow-list, on the syntax tree, before anything runs.

This is honest advice with teeth: every violation is reported with its line and costs the top-level
statement it stands in.  The walls are the sandbox and the check of the traced program.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import replace

from autograder.forbidden import Violation, check_attribute, check_builtin, check_node, is_dunder
from autograder.names import TANGLED, Names, absolute
from autograder.policy import MODULE, REFUSED, Policy
from autograder.results import Finding
from autograder.scopes import Dotted, Site
from autograder.statements import code_line, printable
from autograder.submission import Module, Submission
from autograder.units import Unit, kept_statement, never_runs, surely_defined, units_of

__all__ = ["Policy", "screen"]

MAX_FINDINGS = 100
_LIBRARIES = frozenset(("autograder", "flax", "given", "jax", "jaxlib", "ml_dtypes", "numpy", "optax", "scipy"))


def screen(submission: Submission, policy: Policy) -> tuple[Submission, tuple[Finding, ...]]:
    """Return the submission without what the policy does not allow, and one finding per violation.

    Helper modules that nothing imports, and refused code under ``if __name__ == "__main__"``, are left out
    without a word: they never run.
    """
    helpers = {m.name for m in submission.modules if m.name.split(".")[0] not in policy.roots | _reserved()}
    names = Names(helpers, policy.modules, policy.starred)
    findings: list[Finding] = []
    units: list[Unit] = []
    modules = {m.name: m for m in submission.modules}
    reached: list[str] = []
    pending = [m.name for m in submission.modules[:1]]
    while pending:
        name = pending.pop(0)
        if name in reached:
            continue
        reached.append(name)
        package = _is_package(modules[name], helpers)
        new = list(units_of(modules[name], package, names, findings))
        names.bind(name, package, [site for unit in new for site in unit.found])
        units += new
        pending += sorted(_imported(new) & helpers)
    names.settle()
    dropped = _violations(units, names, policy, submission, findings)
    kept = tuple(
        Module(name, tuple(filter(None, (kept_statement(u, dropped) for u in units if u.module == name))))
        for name in reached
    )
    return replace(submission, modules=kept), tuple(findings)


def _reserved() -> frozenset[str]:
    return _LIBRARIES | sys.stdlib_module_names


def _is_package(module: Module, helpers: set[str]) -> bool:
    inside = any(s.filename.endswith("__init__.py") for s in module.statements)
    return inside or any(name.startswith(module.name + ".") for name in helpers)


def _imported(units: list[Unit]) -> set[str]:
    """Name all modules that the statements may import, with the packages above them."""
    paths: list[Dotted] = []
    for unit in units:
        for site in unit.found:
            if isinstance(site.node, ast.Import):
                paths += [tuple(alias.name.split(".")) for alias in site.node.names]
            elif isinstance(site.node, ast.ImportFrom):
                base = absolute(site.node, unit.module, unit.package) or ()
                paths += [(*base, alias.name) for alias in site.node.names]
    return {".".join(path[:n]) for path in paths for n in range(1, len(path) + 1)}


def _violations(
    units: list[Unit], names: Names, policy: Policy, submission: Submission, findings: list[Finding]
) -> dict[Unit, set[str]]:
    """Report every violation; return, for each statement that has one, the imports to drop from it.

    A statement that goes takes its definitions with it: a function of the student's own called ``eval``
    hides the built-in one only while it stands.  Hence the loop.
    """
    found: dict[Unit, list[Violation]] = {}
    while True:
        shadows = surely_defined([u for u in units if u not in found])
        latest = {unit: seen for unit in units if (seen := list(_inspect(unit, names, policy, shadows)))}
        if latest.keys() <= found.keys():
            break
        found = latest | {u: v for u, v in found.items() if u not in latest}
    graded = {unit: seen for unit, seen in found.items() if not never_runs(unit.tree)}
    reports = [(unit, violation) for unit, seen in graded.items() for violation in dict.fromkeys(seen)]
    for unit, violation in reports[:MAX_FINDINGS]:
        text = submission.sources.get(unit.statement.filename, "")
        line = unit.statement.line + violation.line - 1
        findings.append(
            Finding(
                "violation",
                f"{unit.statement.filename}, line {line}",
                violation.message,
                instead=violation.instead or policy.advice(violation.name),
                name=printable(violation.name),
                function=unit.function,
                code=code_line(text, line) or code_line(unit.statement.source, violation.line),
            )
        )
    if len(reports) > MAX_FINDINGS:
        more = f"{len(reports) - MAX_FINDINGS:,} more remarks of this kind are not shown"
        findings.append(replace(findings[-1], message=more, instead="", name="", function="", code=""))
    return {unit: {v.alias for v in violations} for unit, violations in found.items()}


def _inspect(unit: Unit, names: Names, policy: Policy, shadows: dict[tuple[str, str], int]) -> Iterator[Violation]:
    also = frozenset(policy.also.get(unit.function, ()))
    for site in unit.found:
        node = site.node
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from _check_import(node, site, unit, names, policy)
        elif isinstance(node, ast.Name | ast.Attribute):
            if not (isinstance(site.parent, ast.Attribute) and isinstance(node.ctx, ast.Load)):
                yield from _check_chain(node, site, unit, names, policy, also, shadows)
        elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            for path in names.resolve(node.value, site.scope):
                yield _changes(node.lineno, ".".join(path))
        yield from check_node(site)


def _check_chain(
    node: ast.Name | ast.Attribute,
    site: Site,
    unit: Unit,
    names: Names,
    policy: Policy,
    also: frozenset[str],
    shadows: dict[tuple[str, str], int],
) -> Iterator[Violation]:
    chain: list[ast.Attribute] = []
    base: ast.expr = node
    while isinstance(base, ast.Attribute):
        chain.append(base)
        base = base.value
    reached = names.resolve(node, site.scope)
    for attribute, outer in zip(chain, (site.parent, *chain), strict=False):
        if not (
            reached and attribute.attr.startswith("_") and not is_dunder(attribute.attr)
        ):  # the policy judges those
            yield from check_attribute(attribute, outer)
    if not isinstance(base, ast.Name):
        return
    if isinstance(base.ctx, ast.Load):
        index = shadows.get((unit.module, base.id), unit.index + 1)
        defined = index < unit.index or (index == unit.index and site.scope.kind != "module")
        yield from check_builtin(base, site, defined)
    if not isinstance(node.ctx, ast.Load):
        if isinstance(node, ast.Attribute):
            for path in names.resolve(node.value, site.scope):
                yield _changes(node.end_lineno or node.lineno, ".".join(path))
        return
    for path in sorted(reached):
        line = node.lineno
        if ".".join(path) in names.helpers:
            verdict, name = MODULE, ".".join(path)
        else:
            verdict, name = policy.judge(path, also, site.annotation)
        if verdict == REFUSED:
            yield Violation(line, name, _refusal(name, policy))
        elif verdict == MODULE and not _is_alias(site):
            yield Violation(
                line, name, f"the module {name} is used as a value here", f"write {name}.<function> where you need it"
            )


def _is_alias(site: Site) -> bool:
    parent = site.parent
    if isinstance(parent, ast.Expr):
        return True
    if isinstance(parent, ast.Assign):
        return site.scope.kind != "class" and all(isinstance(t, ast.Name) for t in parent.targets)
    return isinstance(parent, ast.AnnAssign) and site.scope.kind != "class" and isinstance(parent.target, ast.Name)


def _changes(line: int, name: str) -> Violation:
    return Violation(line, name, f"{name} may not be changed", "write a function of your own and call that")


def _refusal(name: str, policy: Policy) -> str:
    if name == TANGLED[0]:
        return "a name is rebound over and over here, so it cannot be said what it stands for"
    only = sorted(f for f, allowed in policy.also.items() if name in allowed)
    if only:
        return f"{name} is allowed in {' and '.join(only)} only"
    if name.rpartition(".")[2].startswith("_"):
        return f"{name} is private to its library and not allowed"
    return f"{name} is not allowed in this assignment"


def _check_import(
    node: ast.Import | ast.ImportFrom, site: Site, unit: Unit, names: Names, policy: Policy
) -> Iterator[Violation]:
    if site.scope.kind == "class":
        name = node.names[0].name
        yield Violation(
            node.lineno, name, "an import inside a class body is not allowed", "import at the top of the file"
        )
        return
    base: Dotted | None = ()
    if isinstance(node, ast.ImportFrom):
        if node.module == "__future__" and not node.level:
            return
        base = absolute(node, unit.module, unit.package)
        named = "." * node.level + (node.module or "")
        if base is None or (node.level and base and ".".join(base) not in names.helpers):
            message = f"the relative import of {named} finds no file of this submission"
            yield Violation(node.lineno, named, message, "check the file's name, and hand it in together with this one")
            return
    for alias in node.names:
        path = (*(base or ()), *alias.name.split("."))
        name = ".".join(path)
        if alias.name == "*":
            module = ".".join(base or ())
            if module in names.helpers or "*" in policy.imports.get(module, ()):
                continue
            instead = policy.advice(module) or f"name what you need: from {module} import ..."
            yield Violation(node.lineno, name, f"everything of {module} may not be imported at once", instead, "*")
            continue
        for target in names.expand({path}):
            if ".".join(target) in names.helpers:
                continue
            verdict, decisive = policy.judge(target, policy.everywhere)
            if verdict == REFUSED:
                refused = name if isinstance(node, ast.Import) else decisive
                yield Violation(
                    node.lineno, refused, *_import_refusal(refused, target[0], unit, policy), alias=alias.name
                )


def _import_refusal(name: str, root: str, unit: Unit, policy: Policy) -> tuple[str, str]:
    if root in policy.roots:
        return _refusal(name, policy), policy.advice(name)
    own = f"if you mean your own {root}.py, give the file another name: Python has a module called {root}"
    allowed = ", ".join(sorted(m for m in policy.imports if m != "__future__")[:12])
    instead = policy.advice(name) or (own if root in _reserved() and root not in _LIBRARIES else "")
    return f"{name} may not be imported in this assignment", instead or f"what may be imported: {allowed}"
