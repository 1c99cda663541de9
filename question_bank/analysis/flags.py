"""Flags: what a person should look at, in plain words, with the evidence and the next step."""

from __future__ import annotations

import math
from dataclasses import dataclass

from question_bank.analysis import limits
from question_bank.analysis.choices import Choice
from question_bank.analysis.draws import Draws
from question_bank.analysis.measures import Estimate, above_zero
from question_bank.analysis.order import Position, Speed

CHECK, IMPROVE = "check", "improve"  # before marks are released; before the item is used again
WRONG_KEY, TWO_KEYS, NEGATIVE, WEAK = "wrong key", "two keys", "negative discrimination", "weak discrimination"
EASY, HARD, UNUSED, POSITION, DRAWS, SPEEDED = "too easy", "too hard", "unused option", "position", "draws", "speeded"
KEY_FLAGS = (WRONG_KEY, TWO_KEYS, NEGATIVE)


@dataclass(frozen=True)
class Flag:
    """A reason for a person to look at a unit or at the exam.

    Attributes:
      kind: One of the names above, such as ``WRONG_KEY``.
      level: ``CHECK`` (before marks are released) or ``IMPROVE`` (before the item is used again).
      seen: The evidence, for people.
      advice: What to do, for people.
    """

    kind: str
    level: str
    seen: str
    advice: str


@dataclass(frozen=True)
class Facts:
    """The statistics of one unit from which its flags follow; see ``UnitStatistics``."""

    count: int
    share: Estimate
    correlation: Estimate
    choices: tuple[Choice, ...]
    single: bool  # one option was to be chosen, or one text typed
    draws: Draws | None
    position: Position


def flags(facts: Facts) -> tuple[Flag, ...]:
    """Flag one unit; with too few answers, only its options and draws are judged."""
    raised: list[Flag] = []
    if facts.count >= limits.FEWEST:
        raised += _key(facts)
        wrong_key = any(flag.kind == WRONG_KEY for flag in raised)
        if not wrong_key:  # the numbers of an item with a wrong key measure the mistake, not the item
            raised += _discrimination(facts.correlation)
            raised += _difficulty(facts.share)
        raised += _place(facts.position)
    raised += _unused(facts)
    raised += _draws(facts.draws)
    return tuple(raised)


def exam_flags(position: Position, speed: Speed, students: int) -> tuple[Flag, ...]:
    """Flag the exam as a whole.

    Args:
      students: Number of students; a class below ``limits.FEWEST`` is not called speeded.
    """
    raised = []
    if position.p < limits.POSITION_LEVEL and abs(position.change) >= limits.POSITION_EFFECT:
        better = "better" if position.change > 0 else "worse"
        raised.append(
            Flag(
                POSITION,
                IMPROVE,
                f"From the first place of a form to the last, the same items fare {percent(abs(position.change))} "
                f"{better}.",
                "Time may be short, or students tire: give fewer items, more time, or all students the same order.",
            )
        )
    short = speed.reached_last < limits.REACHED_LAST or speed.reached_most < limits.REACHED_MOST
    if short and students >= limits.FEWEST:
        raised.append(
            Flag(
                SPEEDED,
                CHECK,
                f"{percent(speed.reached_last)} of the students reached the last item, "
                f"{percent(speed.reached_most)} reached {percent(limits.MOST)} of the form.",
                "The exam measures speed too. Give more time or fewer items; judge late items with care.",
            )
        )
    return tuple(raised)


def percent(share: float) -> str:
    """Write a fraction in whole percent, with a space that does not break."""
    return f"{100 * share:.0f}\N{NO-BREAK SPACE}%"


def chance(p: float) -> str:
    """Write a p value as journals do: p < 0.001, p = 0.004, p = 0.03."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.01 else f"p = {p:.2f}"


def name_of(choice: Choice) -> str:
    """Name an option by its letter and its text, or a typed answer by its text; at most 60 characters of it."""
    text = choice.text if len(choice.text) <= 60 else choice.text[:57] + "…"
    return f"Option {choice.label} (“{text}”)" if choice.label else f"The answer “{text}”"


def _key(facts: Facts) -> list[Flag]:
    """Flag a wrong answer that good students prefer: the key is wrong, or there are two keys.

    Three things must hold: among students who are wrong, better students choose it (beyond chance, with a Bonferroni
    correction over the wrong options); in the whole class they do so too; and some of the best students did.  In a
    sound item the first often holds and the second does not, because the best students chose the key.
    """
    wrong = [c for c in facts.choices if not c.right]
    if not facts.single:
        return []
    level = limits.OPTION_LEVEL / max(1, len(wrong))
    near = [
        c
        for c in wrong
        if above_zero(c.among_wrong, c.wrong) < level
        and above_zero(c.correlation, facts.count) < limits.OPTION_CLASS
        and c.upper >= 2 * limits.RARE
    ]
    if not near:
        return []
    best = max(near, key=lambda c: (c.correlation, c.text))
    keys = [c for c in facts.choices if c.right]
    key_upper = max((c.upper for c in keys), default=0.0)
    attracts = max((c.correlation for c in keys if not math.isnan(c.correlation)), default=-1.0)
    groups = f"{percent(best.upper)} of the upper group, {percent(best.lower)} of the lower"
    if best.upper > 2 * key_upper and attracts < limits.POOR / 2:
        seen = (
            f"{name_of(best)} was chosen by the best students ({groups}); what counts as right by {percent(key_upper)}."
        )
        return [Flag(WRONG_KEY, CHECK, seen, "Check the key: it is probably the wrong one.")]
    seen = f"{name_of(best)} counts as wrong, but better students choose it more often ({groups})."
    return [Flag(TWO_KEYS, CHECK, seen, "Is it right too, or does the stem allow it? Check for a second key.")]


def _discrimination(r: Estimate) -> list[Flag]:
    if r.high < 0:
        seen = f"Better students do worse on this item (correlation {r.value:.2f}, at most {r.high:.2f})."
        return [Flag(NEGATIVE, CHECK, seen, "Check the key and whether the stem misleads those who know more.")]
    if r.high < limits.POOR:
        seen = f"It hardly distinguishes better from weaker students (correlation {r.value:.2f}, at most {r.high:.2f})."
        return [
            Flag(WEAK, IMPROVE, seen, "Look for an unclear stem, or knowledge that the rest of the exam leaves out.")
        ]
    return []


def _difficulty(share: Estimate) -> list[Flag]:
    if share.low > limits.EASY:
        seen = f"Nearly all students get it right ({percent(share.value)} of the points)."
        return [
            Flag(
                EASY,
                IMPROVE,
                seen,
                "Keep it if all students must know this; otherwise write more plausible wrong options.",
            )
        ]
    if share.high < limits.HARD:
        seen = f"Hardly any student gets it right ({percent(share.value)} of the points)."
        return [Flag(HARD, IMPROVE, seen, "Was it taught? Is the stem clear? Check the key once more.")]
    return []


def _place(position: Position) -> list[Flag]:
    if not (position.p < limits.POSITION_LEVEL and abs(position.change) >= limits.POSITION_EFFECT):
        return []
    better = "better" if position.change > 0 else "worse"
    seen = (
        f"Late in a form it fares {percent(abs(position.change))} {better} than early, beyond the effect on all items."
    )
    return [
        Flag(POSITION, IMPROVE, seen, "Another item may give it away, or time runs out: look at what stands before it.")
    ]


def _unused(facts: Facts) -> list[Flag]:
    if facts.count < limits.UNUSED:
        return []
    idle = [c for c in facts.choices if c.label and not c.count and not c.right]
    if not idle:
        return []
    names = ", ".join(c.label for c in idle)
    seen = f"None of {facts.count} students chose option{'s' if len(idle) > 1 else ''} {names}."
    return [Flag(UNUSED, IMPROVE, seen, "Replace it with a mistake that students really make, or leave it out.")]


def _draws(draws: Draws | None) -> list[Flag]:
    if draws is None or not (draws.p < limits.DRAW_LEVEL and draws.spread >= limits.DRAW_SPREAD):
        return []
    compared = [d for d in draws.drawn if d.count >= limits.DRAW_ANSWERS]
    hard, easy = compared[0], compared[-1]
    seen = (
        f"Its draws are not equally hard: {percent(hard.mean)} of the points with “{hard.name}”, "
        f"{percent(easy.mean)} with “{easy.name}” (spread {percent(draws.spread)}, {chance(draws.p)})."
    )
    return [Flag(DRAWS, IMPROVE, seen, "Narrow the range of numbers, or make two templates of it.")]
