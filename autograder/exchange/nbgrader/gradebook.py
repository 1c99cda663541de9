"""What nbgrader's gradebook knows about the cells of a notebook."""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Mapping
from typing import Any

from autograder.exchange.nbgrader.rebuild import Known


def known_cells(url: str, notebook: str, assignment: str) -> dict[str, Known]:
    """Read the cells that ``nbgrader generate_assignment`` recorded, by name."""
    from nbgrader.api import Gradebook

    with Gradebook(url) as book:
        found = book.find_notebook(notebook, assignment)
        points = {c.name: float(c.max_score) for c in (*found.grade_cells, *found.task_cells)}
        solutions = {c.name for c in found.solution_cells}
        tasks = {c.name for c in found.task_cells}
        cells = [_known(c, points, solutions, tasks) for c in found.source_cells]
    return {c.name: c for c in sorted(cells, key=lambda c: c.name)}


def _known(cell: Any, points: Mapping[str, float], solutions: set[str], tasks: set[str]) -> Known:
    return Known(
        name=cell.name,
        kind=cell.cell_type,
        text=cell.source,
        checksum=cell.checksum,
        locked=bool(cell.locked),
        solution=cell.name in solutions,
        points=points.get(cell.name),
        task=cell.name in tasks,
        after=f"solution_{cell.name.removeprefix('points_')}",
    )


def create(url: str) -> None:
    """Create the gradebook if there is none.

    nbgrader starts ``alembic`` by name to do it, which is not found when a virtual environment is used without
    being activated; a gradebook that exists needs no alembic any more.
    """
    from nbgrader.api import Gradebook

    before = os.environ.get("PATH")
    os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), *([before] if before else [])])
    try:
        Gradebook(url).close()
    finally:
        if before is None:
            del os.environ["PATH"]
        else:
            os.environ["PATH"] = before
