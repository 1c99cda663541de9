"""Absolute and vague terms."""

from __future__ import annotations

import re
from collections.abc import Iterator

from question_bank.item import Item
from question_bank.lint.finding import REMARK, Finding, report
from question_bank.lint.text import is_wordy, prose, unquoted

_ABSOLUTE = re.compile(
    r"\b(?:always|never|invariably|impossible|guarantee[sd]?|without (?:any )?exceptions?|in (?:every|all) cases?"
    r"|under (?:all|any|no) circumstances"
    r"|no matter what|absolutely)\b",
    re.IGNORECASE,
)
_VAGUE = re.compile(
    r"\b(?:often|sometimes|usually|frequently|occasionally|seldom|rarely|in most cases|most of the time|a lot"
    r"|lots of|somewhat|kind of|sort of"
    r"|more or less|in some cases|quite|etc|and so on)\b",
    re.IGNORECASE,
)
_VAGUE_STEM = re.compile(
    r"\b(?:a lot of|lots of|somewhat|kind of like|sort of like|more or less|etc|and so on|nowadays|recently)\b",
    re.IGNORECASE,
)


def absolute_terms(item: Item) -> Iterator[Finding]:
    """Report wrong options with always, never and the like where the key has none; a remark for the key."""
    if not is_wordy(item) or _ABSOLUTE.search(prose(item.stem)):
        return
    hits = [(i, o.correct, _ABSOLUTE.search(prose(o.text))) for i, o in enumerate(item.options, 1)]
    in_key = any(correct and hit for _, correct, hit in hits)
    in_wrong = any(hit for _, correct, hit in hits if not correct)
    for i, correct, hit in hits:
        if hit and not correct and not in_key:
            advice = "Word the mistake as those who make it would, without the strong word."
            yield report(item, "absolute-terms", f"“{hit[0]}” marks the option as wrong.", advice, f"option {i}")
        elif hit and correct and not in_wrong:
            advice = "Make sure that it holds without exception, or say when it holds."
            yield report(item, "absolute-terms", f"The key says “{hit[0]}”.", advice, f"option {i}", REMARK)


def vague_terms(item: Item) -> Iterator[Finding]:
    """Report often, usually and the like in options, and loose amounts and times in the stem.

    "Usually" in a stem may be a needed qualification ("is usually trained with"), so frequencies count in options only.
    """
    places = [(f"option {i}", o.text) for i, o in enumerate(item.options, 1)] if is_wordy(item) else []
    for where, text in places:
        hit = _VAGUE.search(unquoted(prose(text)))
        if hit:
            advice = "Say how much or when, or leave it out."
            yield report(item, "vague-terms", f"“{hit[0]}” means different things to different people.", advice, where)
    hit = _VAGUE_STEM.search(unquoted(prose(item.stem)))
    if hit:
        advice = "Give the number, the condition or the year."
        yield report(item, "vague-terms", f"“{hit[0]}” means different things to different people.", advice, "stem")


RULES = (absolute_terms, vague_terms)
