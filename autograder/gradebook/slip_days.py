"""Which late days of a student slip days cover."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal


def spend(
    assignments: Iterable[str], budget: int, most: Callable[[str], int], mark: Callable[[str, int], Decimal | None]
) -> dict[str, int]:
    """Spend slip days on assignments in turn; on each as few as make its mark highest.

    So no day is spent where it changes nothing, and spending never lowers a mark.

    Args:
      most: the most days that an assignment may take and can use.
      mark: the mark of an assignment, as displayed, with a number of its late days covered.

    Returns:
      assignment → days; at most ``budget`` in all.
    """
    spent: dict[str, int] = {}
    left = budget
    for name in assignments:
        days = 0
        if (limit := min(left, most(name))) > 0:
            worth = [mark(name, n) for n in range(limit + 1)]
            values = [Decimal(-1) if value is None else value for value in worth]
            days = values.index(max(values))
        spent[name] = days
        left -= days
    return spent
