"""Write the submissions of a simulated class: correct solutions with known mistakes inserted.

Every student is drawn from a name, so the class is the same on every machine and in every run.
"""

from __future__ import annotations

import ast
import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.assignment.load import Assignment

_FIRST = (
    "Aisha", "Bruno", "Chiara", "Dmitri", "Elif", "Farid", "Grace", "Hana", "Ivan", "Jamal", "Keiko", "Léa", "Mateo",
    "Nadia", "Omar", "Petra", "Quentin", "Rosa", "Sven", "Tala",
)  # fmt: skip
_LAST = ("Abebe", "Brown", "Costa", "Dubois", "Eriksen", "Fischer", "Garcia", "Haddad", "Ito", "Jensen")
_NOT_THEIRS = ("__future__", "autograder.checks")
_PROGRESS = {"steady": 1.2, "strong": 0.3, "weak": 2.6}  # mistakes to expect of a student, by kind


@dataclass(frozen=True)
class Student:
    """A simulated student; ``habit`` is strong, steady, weak, falling (worse each time) or stopped."""

    name: str
    habit: str

    @property
    def stem(self) -> str:
        """The name as a file name."""
        return self.name.lower().replace(" ", "_").replace("é", "e")


@dataclass(frozen=True)
class Part:
    """A wrong function that can replace the correct function, with the helpers that it calls."""

    function: str
    mistake: str
    source: str
    helpers: Mapping[str, str]
    rights: Mapping[str, str]  # what the mistake calls the right functions -> their names in a submission
    imports: Mapping[str, str]  # name -> the line that imports it


def students(count: int) -> list[Student]:
    """Name a class; most are steady, some strong or weak, a few fall behind or stop handing in."""
    names = [f"{first} {last}" for last in _LAST for first in _FIRST]
    chosen = sorted(names, key=_digest)[:count]
    habits = ("steady",) * 11 + ("strong",) * 5 + ("weak",) * 2 + ("falling", "stopped")
    return sorted((Student(n, habits[i % len(habits)]) for i, n in enumerate(chosen)), key=lambda s: s.stem)


def write_class(
    people: Sequence[Student], assignment: Assignment, reference: Path, folder: Path, *, week: int = 0, attempt: int = 2
) -> dict[Path, Student]:
    """Write one submission per student who hands one in; the earlier ``attempt`` 1 has more mistakes.

    Args:
      week: which assignment of the course this is, from 0; falling students make more mistakes with it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    bases = [reference / "solution.py", *sorted((reference / "styles").glob("*.py"))]
    sources = [b.read_text(encoding="utf-8") for b in bases if b.is_file()]
    known = list(parts((reference / "mistakes.py").read_text(encoding="utf-8")))
    written = {}
    for student in people:
        if student.habit == "stopped" and week > 1:
            continue
        chance = random.Random(_digest(f"{student.name}/{assignment.slug}"))
        base = chance.choice(sources)
        text = _submission(base, known, student, week, chance, attempt, list(assignment.functions))
        path = folder / f"{student.stem}.py"
        path.write_text(text, encoding="utf-8")
        written[path] = student
    return written


def parts(mistakes: str) -> Iterator[Part]:
    """Split the known mistakes of an assignment into single wrong functions."""
    tree = ast.parse(mistakes)
    top = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    values = {t.id: n for n in tree.body if isinstance(n, ast.Assign) for t in n.targets if isinstance(t, ast.Name)}
    imports = [n for n in tree.body if isinstance(n, ast.ImportFrom) and n.level == 1]
    rights = {a.asname or a.name: a.name for n in imports for a in n.names}
    modules = _imported(tree)
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef):
            continue
        function = _graded(node)
        if function is None:
            continue
        needs = _reach(node, {**top, **values})
        helpers = {n: ast.unparse({**values, **top}[n]) for n in (*values, *top) if n in needs}
        used = {name for n in (node, *({**values, **top}[h] for h in helpers)) for name in _names(n)}
        yield Part(
            function,
            node.name,
            _renamed(node, function),
            helpers,
            {k: v for k, v in rights.items() if k in used},
            {k: v for k, v in modules.items() if k in used},
        )


def with_mistakes(base: str, chosen: Sequence[Part]) -> str:
    """Replace correct functions with wrong functions."""
    tree, lines = ast.parse(base), base.splitlines()
    wrong = {p.function: p for p in chosen}
    rights = {alias: own for p in chosen for alias, own in p.rights.items() if alias != own}
    has = _imported(tree)
    missing = sorted({line for p in chosen for name, line in p.imports.items() if name not in has})
    helpers: set[str] = set()
    out: list[str] = []
    at = 0
    for node in tree.body:
        if missing and isinstance(node, ast.Import | ast.ImportFrom) and getattr(node, "module", "") != "__future__":
            out += [*lines[at : node.lineno - 1], *missing]
            at, missing = node.lineno - 1, []
        end = node.end_lineno or node.lineno
        aliases = [alias for alias, own in rights.items() if own in _bound(node)]
        part = wrong.get(node.name) if isinstance(node, ast.FunctionDef) else None
        if part is None or not isinstance(node, ast.FunctionDef):
            out += [*lines[at:end], *(f"{alias} = {rights[alias]}" for alias in aliases)]
        else:
            out += lines[at : min([node.lineno, *(d.lineno for d in node.decorator_list)]) - 1]
            # The correct function stays, under the name by which the mistake calls it.
            out += [ast.unparse(_called(node, alias)) + "\n\n" for alias in aliases]
            out += [text + "\n\n" for name, text in part.helpers.items() if name not in helpers]
            out.append(part.source)
            helpers |= set(part.helpers)
        at = end
    return "\n".join([*out, *lines[at:]]).rstrip() + "\n"


def fits(base: str, part: Part) -> bool:
    """Whether a base defines everything that a wrong function calls, and a plain function that it can replace."""
    tree = ast.parse(base)
    functions = {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}
    named = {name for n in tree.body for name in _bound(n)}
    has = _imported(tree)
    clash = named & set(part.helpers) or {n for n, line in part.imports.items() if has.get(n, line) != line}
    return part.function in functions and set(part.rights.values()) <= named and not clash


def _submission(
    base: str,
    known: Sequence[Part],
    student: Student,
    week: int,
    chance: random.Random,
    attempt: int,
    functions: Sequence[str],
) -> str:
    mean = _PROGRESS.get(student.habit, 0.6) if student.habit != "falling" else 0.4 + 1.1 * week
    number = min(4, sum(chance.random() < mean / 4 for _ in range(4)))
    usable = [p for p in known if fits(base, p)]
    # The first mistakes of each function are the commonest, as in a real class.
    common = [p for i, p in enumerate(usable) if sum(q.function == p.function for q in usable[:i]) < 2] or usable
    chosen: dict[str, Part] = {}
    for _ in range(number + (1 if attempt == 1 else 0)):
        part = chance.choice(common if chance.random() < 0.75 else usable)
        chosen.setdefault(part.function, part)
    text = with_mistakes(base, list(chosen.values()))
    trouble = chance.random()
    if trouble < 0.04:  # ran out of time: the last function is not written
        text = _unwritten(text, functions[-1])
    elif trouble < 0.07:  # reached for a library
        text = text.replace("import jax.numpy as jnp", "import jax.numpy as jnp\nimport optax", 1)
    elif trouble < 0.09:  # handed in half a line
        text += "\n\ndef notes(:\n"
    return text


def _unwritten(text: str, function: str) -> str:
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            lines = text.splitlines()
            return "\n".join(
                [*lines[: node.body[0].lineno - 1], "    raise NotImplementedError", *lines[node.end_lineno :]]
            )
    return text


def _graded(node: ast.FunctionDef) -> str | None:
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "mistake":
            first = decorator.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                return first.value if "." not in first.value else None
    return None


def _bound(node: ast.stmt) -> set[str]:
    """The names that a statement defines."""
    if isinstance(node, ast.FunctionDef):
        return {node.name}
    return {t.id for t in node.targets if isinstance(t, ast.Name)} if isinstance(node, ast.Assign) else set()


def _imported(tree: ast.Module) -> dict[str, str]:
    """Names that a module imports from outside its folder, each with its import line."""
    found: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Import):
            found |= {a.asname or a.name: ast.unparse(ast.Import([a])) for a in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and str(node.module) not in _NOT_THEIRS:
            found |= {a.asname or a.name: ast.unparse(ast.ImportFrom(node.module, [a], 0)) for a in node.names}
    return found


def _called(node: ast.FunctionDef, name: str) -> ast.FunctionDef:
    return ast.FunctionDef(name, node.args, node.body, node.decorator_list, node.returns, lineno=1, col_offset=0)


def _renamed(node: ast.FunctionDef, name: str) -> str:
    """The wrong function without its decorator and its docstring, which holds the hint."""
    body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
    return ast.unparse(ast.FunctionDef(name, node.args, body, [], None, lineno=1, col_offset=0))


def _names(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _reach(node: ast.AST, known: Mapping[str, ast.AST]) -> set[str]:
    found: set[str] = set()
    waiting = _names(node) & set(known)
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= (_names(known[name]) & set(known)) - found
    return found


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
