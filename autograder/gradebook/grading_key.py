"""The grading key: which grade a total earns.

The total is compared as it is displayed: 89.996 % that is shown as 90.00 is an "A" from 90.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from autograder.escaping import visible
from autograder.gradebook.policy_fields import PolicyError, read_number

# Grades and the lowest percentage that earns each, the best first.
GradingKey = tuple[tuple[str, Decimal], ...]


def read_grading_key(data: Any, where: str) -> GradingKey:
    """Read ``[policy.grading_key]``; empty where there is none.  Raises PolicyError."""
    if data is None:
        return ()
    if not isinstance(data, dict) or not data:
        raise PolicyError(f'{where}: expected grades and their lowest percentages, such as "A" = 90')
    for name, value in data.items():
        if isinstance(value, dict):  # 1.3 = 90 is a table in a table for TOML
            raise PolicyError(f'{where} {name}: write a grade with a dot in quotes, such as "1.3" = 90')
        if not name.strip() or len(name) > 20 or visible(name) != name:
            raise PolicyError(f"{where}: expected grades of 1 to 20 visible characters, got {name!a}")
    key = sorted(((name, read_number(data, name, where, 0, 1000) or Decimal(0)) for name in data), key=lambda g: -g[1])
    for (better, above), (worse, below) in zip(key, key[1:], strict=False):
        if above == below:
            raise PolicyError(
                f"{where}: {better!r} and {worse!r} both begin at {above} %; each percentage has one grade"
            )
    if key[-1][1] != 0:
        raise PolicyError(f"{where}: no grade begins at 0 %; the lowest is {key[-1][0]!r} at {key[-1][1]} %")
    return tuple(key)


def grade_of(total: Decimal | None, key: Sequence[tuple[str, Decimal]]) -> str | None:
    """Return the grade of a total as displayed; None without a total or a key."""
    if total is None or not key:
        return None
    return next((name for name, lowest in key if total >= lowest), key[-1][0])
