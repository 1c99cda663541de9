"""The sizes and options of one draw: those that the handout prints, or others within the ranges that it states."""

from __future__ import annotations

from typing import TypeVar

import numpy as np

T = TypeVar("T")


class Sizes:
    """Chooses sizes and options for the cases of a check.

    In the public draw every method returns the printed choice.  In a hidden draw it returns another one, drawn from
    the shape key, so that code which is right only for what is printed is wrong there.

        rows = size(12, 1, 40)                                      # printed: 12; hidden: 1 to 40, but not 12
        queries, keys = size.apart((5, 2, 9), (7, 2, 9))            # never equal, so that no mix-up goes unseen
        strides = size.one((2, 3), (3, 2), (1, 2))                  # printed: (2, 3); hidden: one of the others

    Args:
      rng: where hidden choices come from; None for the printed ones.
      known: the hidden choices of the public seed, which a student meets at home: avoided where there are others.
    """

    def __init__(self, rng: np.random.Generator | None = None, known: Sizes | None = None) -> None:
        self._rng, self._known = rng, known

    @property
    def printed(self) -> bool:
        """Whether this is the public draw."""
        return self._rng is None

    def __call__(self, printed: int, low: int, high: int) -> int:
        """Choose a size from ``low`` to ``high``, both included; a hidden one differs from the printed one.

        Raises:
          ValueError: the range has no other size.
        """
        return self.apart((printed, low, high))[0]

    def apart(self, *ranges: tuple[int, int, int]) -> tuple[int, ...]:
        """Choose sizes of which no two are equal; each range is (printed, low, high).

        Every hidden size differs from its printed one.

        Raises:
          ValueError: the printed sizes are not apart, or the ranges are too narrow.
        """
        printed = tuple(one for one, _, _ in ranges)
        if len(set(printed)) < len(printed):
            raise ValueError(f"the printed sizes {printed} must differ from each other")
        if self._rng is None:
            return printed
        known = self._known.apart(*ranges) if self._known else printed
        for last in (False, True):
            for _ in range(1000):
                drawn = tuple(int(self._rng.integers(low, high + 1)) for _, low, high in ranges)
                new = all(d != p and (last or d != k) for d, p, k in zip(drawn, printed, known, strict=True))
                if new and len(set(drawn)) == len(drawn):
                    return drawn
        raise ValueError(f"expected ranges (printed, low, high) with other sizes that differ, got {ranges}")

    def one(self, printed: T, *others: T) -> T:
        """Choose an option: the printed one in the public draw, one of the others in a hidden one."""
        if self._rng is None or not others:
            return printed
        known = self._known.one(printed, *others) if self._known else printed
        new = [other for other in others if other != known] or list(others)
        return new[int(self._rng.integers(len(new)))]
