"""Choose units for the cells of a blueprint: a random choice without conflicts and of the required difficulty.

Sets of units are integers, bit n for unit n.  ``choose`` is a backtracking search: it picks the cell with the least
slack, either takes a unit or rules it out, and backtracks as soon as some cell can no longer be filled.  The order in
which it tries units is random for each student.  ``balance`` then swaps units within their cells until the mean
difficulty lies within the bound.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

NODES = 20_000  # nodes of the search tree before the search gives up
SWAPS = 200  # exchanges at most to balance the difficulty


@dataclass(frozen=True)
class CellDemand:
    """The demand of one cell: ``count`` items from the units of ``pool``, each worth ``points``."""

    pool: int
    count: int
    points: float


@dataclass(frozen=True)
class UnitTable:
    """Units as the search sees them: number of items, summed difficulty, and excluded units of each."""

    sizes: Sequence[int]
    levels: Sequence[float]
    excluded: Sequence[int]


class NoChoiceError(Exception):
    """No choice was found; ``cell`` is where the search backtracked most often."""

    def __init__(self, cell: int, exhausted: bool) -> None:
        super().__init__(cell)
        self.cell = cell
        self.exhausted = exhausted


def choose(demands: Sequence[CellDemand], table: UnitTable, rng: random.Random) -> list[list[int]]:
    """Choose units for every cell, without conflicts.

    Raises:
      NoChoiceError: No choice exists (``exhausted``), or none was found within ``NODES`` nodes.
    """
    order = list(range(len(table.sizes)))
    rng.shuffle(order)
    rank = {n: position for position, n in enumerate(order)}
    ranked = [sorted(bits(demand.pool), key=rank.__getitem__) for demand in demands]
    multi_item = sum(1 << n for n, size in enumerate(table.sizes) if size > 1)
    dead_ends = [0] * len(demands)
    nodes = 0
    chosen: list[list[int]] = [[] for _ in demands]

    def capacity(pool: int) -> int:
        return pool.bit_count() + sum(table.sizes[n] - 1 for n in bits(pool & multi_item))

    def search(pools: list[int], needs: list[int]) -> bool:
        nonlocal nodes
        pools = list(pools)
        while True:
            nodes += 1
            if nodes > NODES:
                return False
            slack = [capacity(pools[c]) - needs[c] if needs[c] else None for c in range(len(demands))]
            open_cells = [(s, c) for c, s in enumerate(slack) if s is not None]
            if not open_cells:
                return True
            least, cell = min(open_cells)
            if least < 0:
                dead_ends[cell] += 1
                return False
            unit = next((n for n in ranked[cell] if pools[cell] >> n & 1 and table.sizes[n] <= needs[cell]), None)
            if unit is None:
                dead_ends[cell] += 1
                return False
            without = ~(table.excluded[unit] | 1 << unit)
            chosen[cell].append(unit)
            remaining = [*needs[:cell], needs[cell] - table.sizes[unit], *needs[cell + 1 :]]
            if search([pool & without for pool in pools], remaining):
                return True
            chosen[cell].pop()
            pools[cell] &= ~(1 << unit)  # rule this unit out and continue with the others

    if not search([demand.pool for demand in demands], [demand.count for demand in demands]):
        raise NoChoiceError(max(range(len(demands)), key=dead_ends.__getitem__), nodes <= NODES)
    return chosen


def balance(
    chosen: Sequence[Sequence[int]],
    demands: Sequence[CellDemand],
    table: UnitTable,
    excess: float,
    bound: float,
    rng: random.Random,
) -> tuple[list[list[int]], float]:
    """Swap units for others of the same cell until the difficulty is within the bound.

    Args:
      excess: Difficulty times points of the choice, minus the target of the blueprint.
      bound: Largest absolute excess allowed.

    Returns:
      The choice and its excess, which is still beyond the bound if no swap helps.
    """
    balanced = [list(units) for units in chosen]
    for _ in range(SWAPS):
        if abs(excess) <= bound:
            break
        swaps = list(_swaps(balanced, demands, table))
        within = [s for s in swaps if abs(excess + s[3]) <= bound]
        nearer = [(abs(excess + s[3]), s) for s in swaps if abs(excess + s[3]) < abs(excess) - 1e-12]
        better = within or [s for _, s in sorted(nearer)[:5]]
        if not better:
            break
        cell, position, unit, change = rng.choice(better)
        balanced[cell][position] = unit
        excess += change
    return balanced, excess


def _swaps(
    chosen: list[list[int]], demands: Sequence[CellDemand], table: UnitTable
) -> list[tuple[int, int, int, float]]:
    """Every exchange that causes no conflict: cell, position in it, new unit, change of the excess."""
    current = [n for units in chosen for n in units]
    taken = sum(1 << n for n in current)
    exclusions: dict[int, int] = {}  # unit → number of chosen units that exclude it
    for n in current:
        for m in bits(table.excluded[n]):
            exclusions[m] = exclusions.get(m, 0) + 1
    swaps = []
    for cell, demand in enumerate(demands):
        for position, old in enumerate(chosen[cell]):
            for new in bits(demand.pool & ~taken):
                if table.sizes[new] != table.sizes[old]:
                    continue
                if exclusions.get(new, 0) - (table.excluded[old] >> new & 1) == 0:
                    swaps.append((cell, position, new, (table.levels[new] - table.levels[old]) * demand.points))
    return swaps


def bits(mask: int) -> list[int]:
    """The positions of the bits that are set."""
    positions = []
    while mask:
        low = mask & -mask
        positions.append(low.bit_length() - 1)
        mask ^= low
    return positions
