"""The order of calls in code, where every line needs the one before: no other order would run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from question_bank.documents import facts
from question_bank.documents.facts import Fact
from question_bank.generate.common import Doubt, cite, item_on, with_fields
from question_bank.generate.knowledge import Knowledge
from question_bank.item import ORDERING, Item

MOST = 8


def make(knowledge: Knowledge) -> Iterator[Item | Doubt]:
    """Yield the items of this kind, and doubts: facts that a person has to look at."""
    for fact in knowledge.usable:
        if fact.kind != facts.CALL:
            continue
        lines = _chain(fact.value)
        if lines is None:
            yield Doubt(fact, "code whose lines could stand in another order")
        else:
            yield _order(fact, lines)


def _order(fact: Fact, lines: Sequence[str]) -> Item:
    item = item_on(
        fact,
        "calls",
        ORDERING,
        f"Put these lines of code ({fact.subject}) in the order in which they run.",
        f"Every line uses a name that the line before it sets {cite(fact)}.",
        level="apply",
    )
    return with_fields(item, steps=tuple(f"`{line}`" for line in lines))


def _chain(code: str) -> list[str] | None:
    """The longest run of lines of which each uses a name that the line before it sets; ``None`` below three.

    The code is parsed, never run.
    """
    if len(code) > 4000:
        return None
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    best: list[str] = []
    for body in [tree.body, *(node.body for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))]:
        run: list[ast.stmt] = []
        for statement in body:
            if not isinstance(statement, ast.Assign | ast.Expr | ast.AnnAssign) or "\n" in ast.unparse(statement):
                run = []
                continue
            run = [*run, statement] if run and _sets(run[-1]) & _uses(statement) else [statement]
            if len(run) > len(best) and len(run) <= MOST and _unambiguous(run):
                best = [ast.unparse(one) for one in run]
    return best if len(best) >= 3 and len(set(best)) == len(best) and all(len(line) < 100 for line in best) else None


def _unambiguous(run: Sequence[ast.stmt]) -> bool:
    """No name is set twice: a name set again would let lines change places."""
    names = [name for statement in run for name in _sets(statement)]
    return len(set(names)) == len(names)


def _sets(statement: ast.stmt) -> set[str]:
    return {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _uses(statement: ast.stmt) -> set[str]:
    return {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
