"""The findings of lint rules, and why each flaw matters.

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
    """A flaw that an item or a bank can have: its name for people, the harm it does, and the source that shows it."""

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
      message: What is wrong, with the words or numbers that show it.
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
        "Students who know the subject must guess what is asked, so the item measures luck, not knowledge.",
        TARRANT,
    ),
    "implausible-distractors": Flaw(
        "implausible distractors",
        "A wrong option that no student would choose only makes guessing easier.",
        HALADYNA,
    ),
    "none-of-the-above": Flaw(
        "none of the above",
        "A student who chooses it may know what is wrong without knowing what is right.",
        HALADYNA,
    ),
    "all-of-the-above": Flaw(
        "all of the above",
        "Knowing two right options, or one wrong one, gives the answer without knowing the rest.",
        HALADYNA,
    ),
    "longest-correct": Flaw(
        "longest answer correct",
        "Authors qualify true statements; test-wise students choose the option with most detail.",
        TARRANT,
    ),
    "gratuitous": Flaw(
        "gratuitous information in the stem",
        "Words that the answer does not need cost time, most of all for students who read in a second language.",
        HALADYNA,
    ),
    "true-false": Flaw(
        "true/false question",
        "Guessing gets half of these items right, and statements are seldom true or false without qualification.",
        TARRANT,
    ),
    "convergence": Flaw(
        "convergence cues",
        "Wrong options made by changing parts of the key leave the key as the option that shares most with the others.",
        MOORE,
    ),
    "logical-cue": Flaw(
        "logical cues",
        "Options that logic alone rules out leave fewer to choose from.",
        TARRANT,
    ),
    "fill-in-blank": Flaw(
        "fill in the blank",
        "A gap in the stem makes students hold the sentence in mind while they try every option in it.",
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
        "When the stem asks nothing, the item is a list of unrelated statements.",
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
        "Numbers out of order make students search, and an unusual order can betray the key.",
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
        "Students overlook the negation, and finding a false statement does not show knowledge of the true ones.",
        HALADYNA,
    ),
}

BANK_FLAWS = {
    "wrong-key": Flaw("wrong key", "An item without a key, or with too many, cannot be marked.", HALADYNA),
    "provenance": Flaw(
        "missing provenance",
        "Without its source, an item cannot be checked, nor found when the source changes.",
        "the project's own rule",
    ),
    "duplicate": Flaw("duplicate", "An exam may ask the same thing twice.", HALADYNA),
    "near-duplicate": Flaw(
        "near duplicate", "Two items that ask nearly the same count one piece of knowledge twice.", HALADYNA
    ),
    "key-balance": Flaw(
        "key-position balance", "A student who always chooses the favoured position does better than chance.", HALADYNA
    ),
    "key-position": Flaw(
        "wrong key position", "Students can strike out a position that never holds the key.", HALADYNA
    ),
    "length-balance": Flaw(
        "length balance",
        "A student who always chooses the longest (or shortest) option does better than chance.",
        TARRANT,
    ),
    "give-away": Flaw("one item gives away another", "Students read the answer to one item off another.", HALADYNA),
}

FLAWS = {**ITEM_FLAWS, **BANK_FLAWS}


def report(item: Item, flaw: str, message: str, advice: str, where: str = "stem", severity: str = FLAW) -> Finding:
    """Make a finding about ``item``.

    Args:
      flaw: A name in ``FLAWS``.
      message, advice: For people.
      where: The part of the item that has the flaw; see ``Finding``.
    """
    return Finding(flaw, severity, item.id, message, advice, where)


def refused(findings: Iterable[Finding]) -> set[str]:
    """Return the ids of the items that must be left out: those with a severe finding, or with two different flaws.

    Two findings of one flaw (two options with "always", say) count as one.  Findings about the bank as a whole name no
    item; the caller judges them by their severity.
    """
    severe: set[str] = set()
    flaws: dict[str, set[str]] = {}
    for finding in findings:
        if finding.severity == SEVERE:
            severe.add(finding.item_id)
        elif finding.severity == FLAW:
            flaws.setdefault(finding.item_id, set()).add(finding.flaw)
    return (severe | {name for name, several in flaws.items() if len(several) > 1}) - {""}


def explain(finding: Finding) -> str:
    """Explain a finding in four lines: where and what, the evidence, what to do, and why it matters."""
    flaw = FLAWS[finding.flaw]
    place = f"{finding.item_id}, {finding.where}" if finding.item_id else "the bank as a whole"
    return (
        f"{place}: {flaw.title} ({finding.severity})\n"
        f"  {finding.message}\n"
        f"  What to do: {finding.advice}\n"
        f"  Why it matters: {flaw.why} [{flaw.source}]"
    )
