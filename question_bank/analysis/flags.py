"""What a person should look at, in plain words, with what was seen and what to do about it."""

from __future__ import annotations

import math
from collections.abc import Sequence
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
    """Something about a unit or the exam: what was seen, and what to do."""

    kind: str
    level: str
    seen: str
    advice: str


@dataclass(frozen=True)
class Facts:
    """What is known of one unit when flags are raised."""

    count: int
    share: Estimate
    correlation: Estimate
    choices: tuple[Choice, ...]
    single: bool  # one option was to be chosen, or one text typed
    draws: Draws | None
    position: Position


def flags(facts: Facts) -> tuple[Flag, ...]:
    """What to look at in one unit; nothing on discrimination with too few answers."""
    found: list[Flag] = []
    if facts.count >= limits.FEWEST:
        found += _key(facts)
        found += _discrimination(facts.correlation, found)
        found += [] if found and found[0].kind == WRONG_KEY else _difficulty(facts.share)
        found += _place(facts.position)
    found += _unused(facts)
    found += _draws(facts.draws)
    return tuple(found)


def exam_flags(position: Position, speed: Speed, students: int) -> tuple[Flag, ...]:
    """What to look at in the exam as a whole."""
    found = []
    if position.p < limits.POSITION_LEVEL and abs(position.change) >= limits.POSITION_EFFECT:
        better = "better" if position.change > 0 else "worse"
        found.append(
            Flag(
                POSITION,
                IMPROVE,
                f"From the first place of a form to the last, the same items fare {percent(abs(position.change))} "
                f"{better}.",
                "Time may be short, or students tire: fewer items, more time, or the same order for everybody.",
            )
        )
    short = speed.reached_last < limits.REACHED_LAST or speed.reached_most < limits.REACHED_MOST
    if short and students >= limits.FEWEST:
        found.append(
            Flag(
                SPEEDED,
                CHECK,
                f"{percent(speed.reached_last)} of the students reached the last item, "
                f"{percent(speed.reached_most)} reached {percent(limits.MOST)} of the form.",
                "The exam measures speed too. Give more time or fewer items; judge late items with care.",
            )
        )
    return tuple(found)


def percent(share: float) -> str:
    """In whole percent, with a space that does not break."""
    return f"{100 * share:.0f}\N{NO-BREAK SPACE}%"


def chance(p: float) -> str:
    """A p value, as one writes it."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.01 else f"p = {p:.2f}"


def name_of(choice: Choice) -> str:
    text = choice.text if len(choice.text) <= 60 else choice.text[:57] + "…"
    return f"Option {choice.label} (“{text}”)" if choice.label else f"The answer “{text}”"


def _key(facts: Facts) -> list[Flag]:
    """A wrong answer that good students prefer: the key is wrong, or there are two.

    Three things must hold: among those who are wrong, better students choose it (beyond chance, for all wrong options
    together); in the whole class they do so too; and some of the best did.  Of a sound item the first is often true and
    the second is not, because the best have left for the key.
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


def _discrimination(r: Estimate, found: Sequence[Flag]) -> list[Flag]:
    if any(f.kind == WRONG_KEY for f in found):
        return []
    if r.high < 0:
        seen = f"Better students do worse on this item (correlation {r.value:.2f}, at most {r.high:.2f})."
        return [Flag(NEGATIVE, CHECK, seen, "Check the key and whether the stem misleads those who know more.")]
    if r.high < limits.POOR:
        seen = f"It hardly tells better from weaker students (correlation {r.value:.2f}, at most {r.high:.2f})."
        return [
            Flag(WEAK, IMPROVE, seen, "Look for an unclear stem, or knowledge that the rest of the exam leaves out.")
        ]
    return []


def _difficulty(share: Estimate) -> list[Flag]:
    if share.low > limits.EASY:
        seen = f"Nearly everybody gets it right ({percent(share.value)} of the points)."
        return [Flag(EASY, IMPROVE, seen, "Keep it if everybody must know this; else sharpen its wrong options.")]
    if share.high < limits.HARD:
        seen = f"Hardly anybody gets it right ({percent(share.value)} of the points)."
        return [Flag(HARD, IMPROVE, seen, "Was it taught? Is the stem clear? Check the key once more.")]
    return []


def _place(position: Position) -> list[Flag]:
    if not (position.p < limits.POSITION_LEVEL and abs(position.change) >= limits.POSITION_EFFECT):
        return []
    better = "better" if position.change > 0 else "worse"
    seen = (
        f"Late in a form it fares {percent(abs(position.change))} {better} than early, beyond what holds for all items."
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
    seen = f"Nobody of {facts.count} chose option {names}." if len(idle) == 1 else f"Nobody chose options {names}."
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
