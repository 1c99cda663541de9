"""What a lint rule reports, and why each flaw matters.

The nineteen names are those of Moore et al. (2023), who took them from Tarrant et al. (2006); the reasons are in
Haladyna, Downing & Rodriguez (2002).  The rest concern a whole bank.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from question_bank.item import Item

SEVERE, FLAW, REMARK = SEVERITIES = ("severe", "flaw", "remark")

TARRANT = "Tarrant, Knierim, Hayes & Ware (2006), Nurse Education in Practice 6(6)"
HALADYNA = "Haladyna, Downing & Rodriguez (2002), Applied Measurement in Education 15(3)"
MOORE = "Moore, Nguyen, Chen & Stamper (2023), EC-TEL: Assessing the Quality of Multiple-Choice Questions"


@dataclass(frozen=True)
class Flaw:
    """A way in which an item can be bad: its name for people, what harm it does, and who showed it."""

    title: str
    why: str
    source: str


@dataclass(frozen=True)
class Finding:
    """One flaw in one place.

    Attributes:
      flaw: A name in ``FLAWS``.
      severity: "severe" (the item must not be used), "flaw" (two refuse it) or "remark" (for a person to weigh).
      item_id: Empty when the finding concerns the bank as a whole.
      message: What was seen, with the words or numbers that were seen.
      advice: What to do about it.
      where: "stem", "key", "options", "option 2", "pair 1", "step 3", "facts" or "bank".
    """

    flaw: str
    severity: str
    item_id: str
    message: str
    advice: str
    where: str


# The nineteen of the literature.
ITEM_FLAWS = {
    "ambiguous": Flaw(
        "ambiguous or unclear information",
        "Students who know the matter must guess what is asked, so the answer measures reading the author's mind.",
        TARRANT,
    ),
    "implausible-distractors": Flaw(
        "implausible distractors",
        "A wrong option that nobody would choose only makes guessing easier.",
        HALADYNA,
    ),
    "none-of-the-above": Flaw(
        "none of the above",
        "Who chooses it may know what is wrong without knowing what is right.",
        HALADYNA,
    ),
    "all-of-the-above": Flaw(
        "all of the above",
        "Knowing two right options, or one wrong one, gives the answer without knowing the rest.",
        HALADYNA,
    ),
    "longest-correct": Flaw(
        "longest answer correct",
        "Authors qualify what is true; test-wise students take the option with most detail.",
        TARRANT,
    ),
    "gratuitous": Flaw(
        "gratuitous information in the stem",
        "Words that the answer does not need cost time, and cost those most who read in a second language.",
        HALADYNA,
    ),
    "true-false": Flaw(
        "true/false question",
        "A coin gets half of such items right, and statements are seldom true or false without qualification.",
        TARRANT,
    ),
    "convergence": Flaw(
        "convergence cues",
        "Wrong options made by changing parts of the right one leave it as the option with the commonest parts.",
        MOORE,
    ),
    "logical-cue": Flaw(
        "logical cues",
        "Options that logic alone rules out leave fewer to choose from.",
        TARRANT,
    ),
    "fill-in-blank": Flaw(
        "fill in the blank",
        "A gap in a stem above options makes the student hold the sentence in mind and try every option in it.",
        TARRANT,
    ),
    "absolute-terms": Flaw(
        "absolute terms",
        "Test-wise students strike out options with always or never, which are seldom true.",
        HALADYNA,
    ),
    "word-repeats": Flaw(
        "word repeats",
        "An option that repeats a word of the stem is chosen for its sound.",
        HALADYNA,
    ),
    "unfocused-stem": Flaw(
        "unfocused stem",
        "When the stem asks nothing, the item is a set of unrelated statements.",
        HALADYNA,
    ),
    "k-type": Flaw(
        "complex or K-type",
        "Combinations of options are hard to read, and knowing one part rules out several of them.",
        HALADYNA,
    ),
    "grammatical-cue": Flaw(
        "grammatical cues",
        "An option that does not fit the stem's grammar, or alone differs in form, can be told without knowledge.",
        HALADYNA,
    ),
    "lost-sequence": Flaw(
        "lost sequence",
        "Numbers out of order make students search, and order out of habit can betray the key.",
        HALADYNA,
    ),
    "vague-terms": Flaw(
        "vague terms",
        "Often and usually mean different shares to different people, and a hedged option sounds true.",
        TARRANT,
    ),
    "more-than-one-correct": Flaw(
        "more than one correct",
        "Students who chose a right option lose points for it.",
        TARRANT,
    ),
    "negative-stem": Flaw(
        "negatively worded stem",
        "The negation is overlooked, and finding what is false does not show that one knows what is true.",
        HALADYNA,
    ),
}

BANK_FLAWS = {
    "wrong-key": Flaw("wrong key", "An item without a key, or with too many, cannot be marked.", HALADYNA),
    "provenance": Flaw(
        "missing provenance",
        "Nobody can check an item, or find it when its source changes, if it does not say where it comes from.",
        "the project's own rule",
    ),
    "duplicate": Flaw("duplicate", "An exam may ask the same thing twice.", HALADYNA),
    "near-duplicate": Flaw(
        "near duplicate", "Two items that say nearly the same count one piece of knowledge twice.", HALADYNA
    ),
    "key-balance": Flaw(
        "key-position balance", "Who always takes the favoured position does better than chance.", HALADYNA
    ),
    "key-position": Flaw(
        "wrong key position", "A position that never holds the key can be struck out unread.", HALADYNA
    ),
    "length-balance": Flaw(
        "length balance", "Who always takes the longest (or shortest) option does better than chance.", TARRANT
    ),
    "give-away": Flaw("one item gives away another", "The answer to one item is read off another.", HALADYNA),
}

FLAWS = {**ITEM_FLAWS, **BANK_FLAWS}


def found(item: Item, flaw: str, message: str, advice: str, where: str = "stem", severity: str = FLAW) -> Finding:
    """A finding about ``item``."""
    return Finding(flaw, severity, item.id, message, advice, where)


def refused(findings: Iterable[Finding]) -> set[str]:
    """The ids of the items that must stay out: those with a severe finding, or with two different flaws.

    Two findings of one flaw (two options with "always", say) count as one.  Findings about the bank as a whole name no
    item; a build looks at their severity itself.
    """
    severe: set[str] = set()
    flaws: dict[str, set[str]] = {}
    for one in findings:
        if one.severity == SEVERE:
            severe.add(one.item_id)
        elif one.severity == FLAW:
            flaws.setdefault(one.item_id, set()).add(one.flaw)
    return (severe | {name for name, several in flaws.items() if len(several) > 1}) - {""}


def explain(finding: Finding) -> str:
    """The finding in plain words: what, where, what to do, and why it matters."""
    flaw = FLAWS[finding.flaw]
    place = f"{finding.item_id}, {finding.where}" if finding.item_id else "the bank as a whole"
    return (
        f"{place}: {flaw.title} ({finding.severity})\n"
        f"  {finding.message}\n"
        f"  What to do: {finding.advice}\n"
        f"  Why it matters: {flaw.why} [{flaw.source}]"
    )
