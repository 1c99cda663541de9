"""Choosing units for the cells of a blueprint: a random choice in which nothing clashes, no harder than any other.

Sets of units are integers, bit n for unit n.  ``choose`` goes through a search tree: it takes the cell with the least
slack, takes a unit or leaves it out for good, and turns back as soon as some cell cannot be filled any more; the order
in which units are tried is the student's.  ``balance`` then swaps units of like cells until the mean difficulty lies
within the bound.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

NODES = 20_000  # of the search tree, before a choice is given up
SWAPS = 200


@dataclass(frozen=True)
class Ask:
    """What a cell asks of the search: ``count`` places for units of ``pool``, each worth ``points``."""

    pool: int
    count: int
    points: float


@dataclass(frozen=True)
class Board:
    """Units as the search sees them: how many places each takes, its summed difficulty, whom it excludes."""

    sizes: Sequence[int]
    levels: Sequence[float]
    excluded: Sequence[int]


class Stuck(Exception):
    """No choice was found; ``cell`` is where the search turned back most often."""

    def __init__(self, cell: int, exhausted: bool) -> None:
        super().__init__(cell)
        self.cell = cell
        self.exhausted = exhausted


def choose(asks: Sequence[Ask], board: Board, rng: random.Random) -> list[list[int]]:
    """Units for every cell, none clashing with another.

    Raises:
      Stuck: There is no such choice, or it was not found in ``NODES`` steps (``exhausted`` tells them apart).
    """
    order = list(range(len(board.sizes)))
    rng.shuffle(order)
    rank = {n: at for at, n in enumerate(order)}
    ranked = [sorted(bits(ask.pool), key=rank.__getitem__) for ask in asks]
    several = sum(1 << n for n, size in enumerate(board.sizes) if size > 1)
    turned = [0] * len(asks)
    nodes = 0
    chosen: list[list[int]] = [[] for _ in asks]

    def room(pool: int) -> int:
        return pool.bit_count() + sum(board.sizes[n] - 1 for n in bits(pool & several))

    def search(pools: list[int], needs: list[int]) -> bool:
        nonlocal nodes
        pools = list(pools)
        while True:
            nodes += 1
            if nodes > NODES:
                return False
            slack = [room(pools[c]) - needs[c] if needs[c] else None for c in range(len(asks))]
            open_cells = [(s, c) for c, s in enumerate(slack) if s is not None]
            if not open_cells:
                return True
            least, cell = min(open_cells)
            if least < 0:
                turned[cell] += 1
                return False
            unit = next((n for n in ranked[cell] if pools[cell] >> n & 1 and board.sizes[n] <= needs[cell]), None)
            if unit is None:
                turned[cell] += 1
                return False
            without = ~(board.excluded[unit] | 1 << unit)
            chosen[cell].append(unit)
            after = [*needs[:cell], needs[cell] - board.sizes[unit], *needs[cell + 1 :]]
            if search([pool & without for pool in pools], after):
                return True
            chosen[cell].pop()
            pools[cell] &= ~(1 << unit)  # not this one: go on with the rest

    if not search([ask.pool for ask in asks], [ask.count for ask in asks]):
        raise Stuck(max(range(len(asks)), key=turned.__getitem__), nodes <= NODES)
    return chosen


def balance(
    chosen: Sequence[Sequence[int]],
    asks: Sequence[Ask],
    board: Board,
    excess: float,
    bound: float,
    rng: random.Random,
) -> tuple[list[list[int]], float]:
    """Swap units against others of their cell until the difficulty is within the bound.

    Args:
      excess: Difficulty times points of the choice, less what the blueprint wants.
      bound: How far that may be from 0.

    Returns:
      The choice and its excess; where no swap helps any more, one that is still beyond the bound.
    """
    now = [list(units) for units in chosen]
    for _ in range(SWAPS):
        if abs(excess) <= bound:
            break
        swaps = list(_swaps(now, asks, board))
        good = [s for s in swaps if abs(excess + s[3]) <= bound]
        nearer = [(abs(excess + s[3]), s) for s in swaps if abs(excess + s[3]) < abs(excess) - 1e-12]
        better = good or [s for _, s in sorted(nearer)[:5]]
        if not better:
            break
        cell, at, unit, change = rng.choice(better)
        now[cell][at] = unit
        excess += change
    return now, excess


def _swaps(now: list[list[int]], asks: Sequence[Ask], board: Board) -> list[tuple[int, int, int, float]]:
    """Every exchange that keeps a choice sound: cell, place in it, new unit, change of the excess."""
    everyone = [n for units in now for n in units]
    taken = sum(1 << n for n in everyone)
    times: dict[int, int] = {}  # unit → how many of the choice exclude it
    for n in everyone:
        for m in bits(board.excluded[n]):
            times[m] = times.get(m, 0) + 1
    found = []
    for cell, ask in enumerate(asks):
        for at, old in enumerate(now[cell]):
            for new in bits(ask.pool & ~taken):
                if board.sizes[new] != board.sizes[old]:
                    continue
                if times.get(new, 0) - (board.excluded[old] >> new & 1) == 0:
                    found.append((cell, at, new, (board.levels[new] - board.levels[old]) * ask.points))
    return found


def bits(mask: int) -> list[int]:
    """The members of a set of bits."""
    found = []
    while mask:
        low = mask & -mask
        found.append(low.bit_length() - 1)
        mask ^= low
    return found
