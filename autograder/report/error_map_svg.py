"""Draw where an output differs: the larger the square, the larger the error; no colour is needed to read it."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.report.text import count
from autograder.results import ErrorMap

_CELL = 10
_LEFT, _TOP = 26, 14  # room for the first and last index of rows and columns
_SIDE = {"0": 1.5, "1": 3.5, "2": 5.5, "3": 7.5, "4": 9.5}
_MOST = 64  # cells each way that a page draws, whatever a stored result says


@dataclass(frozen=True)
class Square:
    x: float
    y: float
    side: float
    right: bool


@dataclass(frozen=True)
class Heat:
    """A drawing of an error map, and the same in words."""

    plane: str
    words: str
    squares: tuple[Square, ...]
    crosses: tuple[tuple[float, float], ...]  # where there is no finite number
    width: int
    height: int
    columns: int
    rows: int
    last_row: int  # index of the last row of the output itself
    last_column: int
    thinned: bool


def heat(found: ErrorMap | None) -> Heat | None:
    """Lay an error map out, or None where there is nothing to draw."""
    if found is None or not found.rows or not found.rows[0]:
        return None
    rows = [row[:_MOST] for row in found.rows[:_MOST]]
    shape = found.shape if len(found.shape) == 2 else (1, *found.shape[-1:])
    squares, crosses = [], []
    for i, row in enumerate(rows):
        for j, level in enumerate(row):
            x, y = _LEFT + _CELL * (j + 0.5), _TOP + _CELL * (i + 0.5)
            if level in _SIDE:
                side = _SIDE[level]
                squares.append(Square(round(x - side / 2, 2), round(y - side / 2, 2), side, level == "0"))
            else:
                crosses.append((x, y))
    columns = max(map(len, rows))
    return Heat(
        found.plane,
        words(found),
        tuple(squares),
        tuple(crosses),
        _LEFT + _CELL * columns + 4,
        _TOP + _CELL * len(rows) + 4,
        columns,
        len(rows),
        (shape[0] if len(shape) == 2 else len(rows)) - 1,
        (shape[-1] if shape else columns) - 1,
        thinned(found),
    )


def thinned(found: ErrorMap) -> bool:
    """Whether a cell stands for more than one number."""
    cells = len(found.rows) * len(found.rows[0]) if found.rows else 0
    size = 1
    for n in found.shape:
        size *= n
    return size > cells


def words(found: ErrorMap) -> str:
    """Say where an output differs, with its pattern where that has a name."""
    wrong = [(i, j) for i, row in enumerate(found.rows) for j, level in enumerate(row) if level != "0"]
    total = sum(map(len, found.rows))
    unit = "part" if thinned(found) else "number"
    said = f"{len(wrong)} of {count(total, unit)} of {_name(found)} {'differs' if len(wrong) == 1 else 'differ'}"
    pattern = _pattern(wrong, len(found.rows), max(map(len, found.rows), default=0), thinned(found))
    nowhere = sum(level not in _SIDE for row in found.rows for level in row)
    infinite = f"; {nowhere} of them {'is' if nowhere == 1 else 'are'} not finite" if nowhere else ""
    return f"{said}{pattern}{infinite}"


def _name(found: ErrorMap) -> str:
    """An output of one leaf has no path."""
    return f"the result{found.plane}" if found.plane.startswith("[") else found.plane


def _pattern(wrong: list[tuple[int, int]], rows: int, columns: int, thinned: bool) -> str:
    if not wrong:
        return ""
    its_rows, its_columns = {i for i, _ in wrong}, {j for _, j in wrong}
    full = len(wrong) == len(its_rows) * len(its_columns)  # a rectangle
    square = rows == columns > 2
    if square and set(wrong) == {(i, i) for i in range(rows)}:
        return ": the diagonal"
    if square and all(j > i for i, j in wrong) and len(wrong) > rows:
        return ": all above the diagonal"
    if square and all(j < i for i, j in wrong) and len(wrong) > rows:
        return ": all below the diagonal"
    if rows > 2 and columns > 2 and _border(rows, columns) == set(wrong):
        return ": the border"
    if len(wrong) == rows * columns:
        return ""
    if rows == 1:
        return _span("entry", its_columns, columns, thinned)
    if full and len(its_columns) == columns:
        return _span("row", its_rows, rows, thinned) or ": whole rows"
    if full and len(its_rows) == rows and columns > 1:
        return _span("column", its_columns, columns, thinned) or ": whole columns"
    return ""


def _border(rows: int, columns: int) -> set[tuple[int, int]]:
    return {(i, j) for i in range(rows) for j in range(columns) if i in (0, rows - 1) or j in (0, columns - 1)}


def _span(name: str, found: set[int], size: int, thinned: bool) -> str:
    """Name the first or last few of something, or one; empty where they are scattered."""
    first, last = min(found), max(found)
    many = f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"
    several = "" if thinned else f" {len(found)}"
    if len(found) == 1:
        which = "the last" if last == size - 1 else "the first" if last == 0 else "one"
        return f": only {which} {name}"
    if len(found) == last - first + 1 and last == size - 1:
        return f": the last{several} {many}"
    if len(found) == last - first + 1 and first == 0:
        return f": the first{several} {many}"
    return ""
