"""The source notebook of an assignment: its starter, with the cells that nbgrader needs."""

from __future__ import annotations

import ast
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograder.assignment.load import Assignment, AssignmentError
from autograder.exchange.nbgrader.cells import check_id, check_text, metadata, possible, solution_id
from autograder.judge.oracle.publish import publish

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"  # nbgrader puts "YOUR CODE HERE" between them
_STARTERS = ("starter.py", "starter.ipynb", "submission.py")
_PYTHON = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def source_notebook(assignment: Assignment) -> str:
    """Make the notebook that ``nbgrader generate_assignment`` turns into the students' version.

    Every cell that defines graded functions is theirs to fill in; a locked cell behind it carries the points of
    each.  What is graded across functions has its cells at the end.

    Raises:
      AssignmentError: for a starter that cannot be marked up.
    """
    import nbformat
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    worth = possible(assignment)
    pending = dict(worth)
    made = []

    def points_cell(function: str) -> Any:
        name = check_id(function)
        cell = new_code_cell(check_text(function, assignment.slug), id=_identifier(name))
        entries = metadata(name, grade=True, locked=True, points=pending.pop(function))
        cell.metadata = nbformat.from_dict({"nbgrader": entries, "deletable": False, "editable": False})
        return cell

    for number, (kind, text) in enumerate(_starter(assignment)):
        if kind != "code":
            text = text.replace("submission.py", f"{assignment.slug}.ipynb")  # what students hand in here
            made.append(new_markdown_cell(text, id=f"text-{number}"))
            continue
        functions = [name for name in _defined(text) if name in assignment.functions]
        cell = new_code_cell(text, id=f"code-{number}")
        if functions:
            cell.source = _marked(text, functions, assignment)
            cell.id = _identifier(solution_id(functions[0]))
            cell.metadata = nbformat.from_dict({"nbgrader": metadata(solution_id(functions[0]), solution=True)})
        made += [cell, *(points_cell(f) for f in functions if f in pending)]
    made += [points_cell(f) for f in list(pending)]
    return str(nbformat.writes(new_notebook(cells=made, metadata=_PYTHON)))


def write_source(assignment: Assignment, folder: Path, *, force: bool = False) -> tuple[list[Path], list[Path]]:
    """Write the notebook and everything else a student gets; returns what was written and what was left alone.

    Existing files are the instructor's, and stay unchanged without ``force``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written, left = [], []
    with tempfile.TemporaryDirectory() as temporary:
        fresh = Path(temporary) / assignment.slug
        publish(assignment, fresh)
        for name in _STARTERS:
            (fresh / name).unlink(missing_ok=True)
        (fresh / f"{assignment.slug}.ipynb").write_text(source_notebook(assignment), encoding="utf-8")
        for path in sorted(p for p in fresh.rglob("*") if p.is_file()):
            target = folder / path.relative_to(fresh)
            if target.exists() and not force:
                if target.read_bytes() != path.read_bytes():
                    left.append(target)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            written.append(target)
    return written, left


def _starter(assignment: Assignment) -> Iterator[tuple[str, str]]:
    """Yield kind and text of the starter's cells; without a starter notebook, one cell for each function."""
    notebook = assignment.folder / "starter.ipynb"
    if notebook.exists():
        import nbformat

        for cell in nbformat.read(notebook, as_version=4).cells:
            yield cell.cell_type, cell.source
        return
    text = (assignment.folder / "starter.py").read_text()
    tree = ast.parse(text)
    yield "markdown", f"# {assignment.title}\n\n{ast.get_docstring(tree) or assignment.summary}"
    lines, done = text.splitlines(), 0
    for node in tree.body:
        begin = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))]) - 1
        end = node.end_lineno or node.lineno
        between = "\n".join(lines[done:begin]).strip()
        if between:
            yield "code", between
        done = end
        docstring = node is tree.body[0] and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not docstring:
            yield "code", "\n".join(lines[begin:end])


def _defined(text: str) -> list[str]:
    return [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]


def _marked(text: str, functions: list[str], assignment: Assignment) -> str:
    """Mark the bodies as what nbgrader leaves to the student; signature and docstring stay."""
    lines = text.splitlines()
    nodes = [n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef) and n.name in functions]
    for node in reversed(nodes):
        body = node.body[1:] if ast.get_docstring(node) is not None else node.body
        first, last = node.body[0], node.body[-1]
        if first.lineno == node.lineno:
            raise AssignmentError(
                f"{assignment.folder}: the starter's {node.name!r} is written on one line: "
                "put its body on separate lines, so that nbgrader can leave it to the student"
            )
        indent = " " * first.col_offset
        begin = body[0].lineno - 1 if body else (last.end_lineno or last.lineno)
        end = (last.end_lineno or last.lineno) if body else begin
        inside = lines[begin:end] or [f"{indent}raise NotImplementedError"]
        lines[begin:end] = [f"{indent}{BEGIN}", *inside, f"{indent}{END}"]
    return "\n".join(lines)


def _identifier(name: str) -> str:
    """Make an identifier that a notebook cell may have: at most 64 characters."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", name)[:64]
