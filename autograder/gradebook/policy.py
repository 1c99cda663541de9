"""The course's rules: which attempt counts, what lateness costs, what is dropped.  Read from ``course.toml``.

    [policy]
    attempts = "best"                    # best, last, average, or decay
    decay = 0.9                          # with "decay": the second attempt counts 90 %, the third 81 %; the best counts
    limit = 5                            # attempts that count; later ones are kept
    grace_minutes = 10                   # late by no more than this is on time; the late days start at the deadline
    per_day_percent = 20                 # of the points earned, for each day that has begun
    cut_off_days = 7                     # later hand-ins do not count; slip days do not move the cut-off
    slip_days_at_most = 2                # slip days on one assignment; default: all that are left
    trust_commit_dates = false           # true: a time that the student's own commit claims counts as the time
    after_rejudging = "last"             # last, or best: a judgement that was higher is kept
    timezone = "Europe/Berlin"           # of times without an offset, and of late days
    slip_days = 5                        # for the term: each covers a late day without penalty
    slip = "automatic"                   # automatic, or chosen: with the command slip
    drop_lowest = 1
    extra_credit = ["project"]           # added to the total
    bonus = ["quizzes"]                  # the same, for those who pass without it
    bonus_needs_pass = true              # false: bonus is extra credit
    pass_percent = 50                    # needed for bonus
    decimals = 2

    [policy.grading_key]                 # the lowest percentage of each grade; names with a dot in quotes: "1.3" = 90
    A = 90
    B = 75
    F = 0

    [policy.assignments.backprop]        # each of the above up to after_rejudging may stand here too
    due = 2026-11-20T23:59:00
    weight = 2

Times are compared in whole seconds.  A late day ends at the deadline's local clock time, one calendar day later.  An
extension counts where it is later than the deadline of the class.

A hand-in without a known time has no penalty.  Attempts with a time are in the order of time, those without in the
order of the ledger.  How the two mix is unknown: of the possible orders, the one that is best for the student holds,
for the limit, for "decay" and for "last".  A time that becomes known later, for the same bytes, counts.

Slip days go to assignments in the order of their deadlines, as many as raise the mark and no more; they move the
deadline for all attempts at an assignment.  With "automatic", a student's choice for an assignment is the most that is
spent there; with "chosen", none is spent without a choice.  An extension counts first: slip days cover only what is
late after it.

A mark is rounded once, a half is rounded up; totals and grades come from the numbers that people see.  A total below
100 % is never shown as 100.  A total counts each assignment as a percentage of its maximum, by its weight, or by its
maximum where no assignment has a weight.

``drop_lowest`` drops the assignments without which the total is highest.  Where all weigh the same, these are the
lowest percentages, the first in the table among equal ones.  A better mark never lowers a total.  At least one
assignment stays.  Work that is not due yet, or not judged through our fault, is left out and never dropped; missing
work that was due is a zero and can be dropped; extra credit and bonus are never dropped.

A bonus adds its share of its weight, like extra credit, if the displayed total without it reaches ``pass_percent``.

Rules only read the ledger: changing them changes marks and runs nothing.
"""

from __future__ import annotations

import datetime
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from autograder.gradebook.grading_key import GradingKey, read_grading_key
from autograder.gradebook.policy_fields import PolicyError as PolicyError
from autograder.gradebook.policy_fields import (
    read_choice,
    read_due,
    read_names,
    read_number,
    read_switch,
    read_table,
    read_timezone,
    read_whole,
)

BEST, LAST, AVERAGE, DECAY = "best", "last", "average", "decay"
ATTEMPTS = (BEST, LAST, AVERAGE, DECAY)
AUTOMATIC, CHOSEN = "automatic", "chosen"


@dataclass(frozen=True)
class Rules:
    """The rules of one assignment."""

    attempts: str = BEST
    decay: Decimal = Decimal("0.9")
    limit: int | None = None
    grace: datetime.timedelta = datetime.timedelta()
    per_day_percent: Decimal = Decimal(0)
    cut_off: datetime.timedelta | None = None
    due: datetime.datetime | None = None
    weight: Decimal | None = None
    zone: datetime.tzinfo | None = None  # of late days; without one they have 24 hours
    slip_days_at_most: int | None = None
    trust_commit_dates: bool = False
    after_rejudging: str = LAST


@dataclass(frozen=True)
class Policy:
    """The rules of the course; assignments that are not named follow ``common``."""

    common: Rules = field(default_factory=Rules)
    assignments: Mapping[str, Rules] = field(default_factory=dict)
    extra_credit: frozenset[str] = frozenset()
    drop_lowest: int = 0
    decimals: int = 2
    timezone: datetime.tzinfo | None = None
    slip_days: int = 0
    slip: str = AUTOMATIC
    bonus: frozenset[str] = frozenset()
    bonus_needs_pass: bool = True
    pass_percent: Decimal | None = None
    grading_key: GradingKey = ()

    def rules(self, assignment: str) -> Rules:
        return self.assignments.get(assignment, self.common)


_RULES = (
    "attempts",
    "decay",
    "limit",
    "grace_minutes",
    "per_day_percent",
    "cut_off_days",
    "slip_days_at_most",
    "trust_commit_dates",
    "after_rejudging",
)
_COURSE = (
    *_RULES,
    "timezone",
    "slip_days",
    "slip",
    "drop_lowest",
    "extra_credit",
    "bonus",
    "bonus_needs_pass",
    "pass_percent",
    "decimals",
    "grading_key",
    "assignments",
)
_OWN = (*_RULES, "due", "weight")


def read_policy(path: Path) -> Policy:
    """Read the ``[policy]`` section of a course file.  Raises PolicyError."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise PolicyError(f"{path}: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PolicyError(f"{path}: {error}") from None
    return make_policy(data.get("policy", {}), f"{path}: [policy]")


def make_policy(data: Any, where: str = "[policy]") -> Policy:
    """Make a policy of a parsed section.  Raises PolicyError naming the entry."""
    data = read_table(data, where, _COURSE)
    zone = read_timezone(data.get("timezone"), where)
    common = _rules(data, Rules(zone=zone), where)
    own = data.get("assignments", {})
    if not isinstance(own, dict):
        raise PolicyError(f"{where} assignments: expected tables such as [policy.assignments.backprop]")
    policy = Policy(
        common,
        {name: _own(entry, common, f"{where} assignments.{name}") for name, entry in own.items()},
        read_names(data, "extra_credit", where),
        read_whole(data, "drop_lowest", 0, where, 0, 1000),
        read_whole(data, "decimals", 2, where, 0, 6),
        zone,
        read_whole(data, "slip_days", 0, where, 0, 1000),
        read_choice(data, "slip", AUTOMATIC, where, (AUTOMATIC, CHOSEN)),
        read_names(data, "bonus", where),
        read_switch(data, "bonus_needs_pass", True, where),
        read_number(data, "pass_percent", where, 0, 100),
        read_grading_key(data.get("grading_key"), f"{where} grading_key"),
    )
    if both := sorted(policy.bonus & policy.extra_credit):
        raise PolicyError(f"{where}: {both[0]!r} is in bonus and in extra_credit; expected one of the two")
    if policy.bonus and policy.bonus_needs_pass and policy.pass_percent is None:
        raise PolicyError(f"{where} bonus: add pass_percent = 50, or bonus_needs_pass = false")
    return policy


def _own(data: Any, common: Rules, where: str) -> Rules:
    return _rules(read_table(data, where, _OWN), common, where)


def _rules(data: Mapping[str, Any], given: Rules, where: str) -> Rules:
    grace = read_number(data, "grace_minutes", where, 0, 100_000)
    cut_off = read_number(data, "cut_off_days", where, 0, 10_000)
    decay = read_number(data, "decay", where, 0, 1)
    percent = read_number(data, "per_day_percent", where, 0, 100)
    return Rules(
        attempts=read_choice(data, "attempts", given.attempts, where, ATTEMPTS),
        decay=given.decay if decay is None else decay,
        limit=read_whole(data, "limit", given.limit, where, 1, 1_000_000),
        grace=given.grace if grace is None else datetime.timedelta(seconds=math.ceil(grace * 60)),
        per_day_percent=given.per_day_percent if percent is None else percent,
        cut_off=given.cut_off if cut_off is None else datetime.timedelta(seconds=math.ceil(cut_off * 86_400)),
        due=read_due(data.get("due"), where, given.zone),
        weight=read_number(data, "weight", where, 0, 1_000_000),
        zone=given.zone,
        slip_days_at_most=read_whole(data, "slip_days_at_most", given.slip_days_at_most, where, 0, 1000),
        trust_commit_dates=read_switch(data, "trust_commit_dates", given.trust_commit_dates, where),
        after_rejudging=read_choice(data, "after_rejudging", given.after_rejudging, where, (LAST, BEST)),
    )
