"""Flaws of the stem: unclear, gratuitous, blank, unfocused."""

from __future__ import annotations

import re
from collections.abc import Iterator

from question_bank.item import CLOZE, CODE, MULTIPLE, NUMERIC, SHORT, SINGLE, Item
from question_bank.lint.finding import SEVERE, Finding, report
from question_bank.lint.text import (
    content,
    has_code,
    has_maths,
    is_choice,
    prose,
    sentences,
    shown,
    unquoted,
    without_code,
    words,
)

# Broken characters of a text read in the wrong encoding, and what templates and authors leave behind.
_BROKEN = re.compile(r"â€.|Ã[\x80-\xbf]|Â[\xa0°±·]|ï¿½|\ufffd")
_LEFT = re.compile(r"\b(?:TODO|FIXME|TBD|XXX)\b|\?{3,}|\{\{.*?\}\}|\{[a-z_]\w{2,}\}|\[insert\b|\blorem ipsum\b")
_GAP = re.compile(r"\{\d+\}")
_CODE_MEANT = re.compile(
    r"\b(?:following|above) (?:python )?(?:code|program|snippet|listing|script)\b|\b(?:code|program|snippet"
    r"|listing) (?:below|above)\b"
    r"|\bthis (?:program|snippet|listing|script)\b|\bthis code (?:print|output|return|do|produce)",
    re.IGNORECASE,
)
_PICTURE = re.compile(
    r"\b(?:figure|diagram|picture|chart|plot|image|graph) (?:below|above)(?=[,.?:]|$|\s(?:shows?|is|are|depicts?)\b)"
    r"|\bshown (?:above|below)\b"
    r"|\b(?:following|above) (?:figure|diagram|picture|chart|plot|image|graph)\b|\bin the (?:figure|diagram)\b",
    re.IGNORECASE,
)
_OTHER_ITEM = re.compile(
    r"\b(?:previous|preceding|last|next) (?:question|item|exercise)\b|\bquestion \d+\b", re.IGNORECASE
)
_DOCUMENT = re.compile(
    r"\b(?:according to|as (?:stated|described|mentioned|seen|explained) in) (?:the|this|our) "
    r"(?:document|text|article|lectures?|notes|section|chapter|passage|slides?|book)\b"
    r"|\bin this (?:document|section|chapter|lecture|article)\b|\bas (?:mentioned|stated|seen|discussed) (?:above"
    r"|earlier|before)\b",
    re.IGNORECASE,
)
_PRONOUN_FIRST = re.compile(
    r"(?:it|they|he|she)\s+(?!takes\b|follows\b)\w+|(?:this|these|those)\s+"
    r"(?:is|are|was|were|does|do|has|have|can|helps?|uses?|makes?|allows?|prevents?|reduces?|adds?|means?)\b",
    re.IGNORECASE,
)
_IS_IT = re.compile(
    r"\b(?:is|are|does|do|was) (?:it|this|that|they|these)\b[^.?]*\?\s*$|\b(?:this|it)\s*\?\s*$", re.IGNORECASE
)
_PRONOUN = re.compile(r"\b(?:it|its|they|them|their|this|that)\b", re.IGNORECASE)
# "best choice for ten classes" has a criterion; "most popular" never has one that holds next year.
_OPINION = re.compile(
    r"^\W*(?:\w+ )?(?:which|what|who)\b[^.?,]*?\b(?:(?:is|are) the best(?! (?:description|explanation|so far))"
    r"|(?:is|are|has|have) the most (?:important|popular|powerful|useful|interesting|exciting|elegant|famous|promising"
    r"|widely used))\b",
    re.IGNORECASE,
)
_CRITERION = re.compile(r"\b(?:for|when|if|given|so that|in terms of|because|under|by|to)\b", re.IGNORECASE)


def ambiguous(item: Item) -> Iterator[Finding]:
    """Report broken text, references to what is not there, loose pronouns, two questions at once and opinions."""
    yield from _broken(item)
    text = prose(item.stem)
    asked = unquoted(text)
    yield from _absent(item, asked)
    first = asked.strip()
    loose = _PRONOUN_FIRST.match(first) and not _IS_IT.search(first)
    bare = asked == text and not content(text) and not re.search(r"\d", text) and not has_maths(item.stem)
    nothing_else = bare and _PRONOUN.search(first)
    if (loose or nothing_else) and not has_code(item) and item.kind in (SINGLE, MULTIPLE, NUMERIC, SHORT):
        yield report(
            item,
            "ambiguous",
            f"The stem mentions “{shown(first, 30)}” without naming it first.",
            "Name the thing the stem is about; an item stands alone on an exam.",
        )
    if asked.count("?") > 1 and item.kind in (SINGLE, MULTIPLE, NUMERIC, SHORT, CODE):
        yield report(
            item,
            "ambiguous",
            f"The stem asks {asked.count('?')} questions; a student cannot tell which one the answer is for.",
            "Ask one question, and make an item of the other.",
        )
    opinion = next((m for m in map(_OPINION.search, sentences(asked)) if m), None)
    if (
        opinion
        and is_choice(item)
        and ("best" not in opinion[0] or not _CRITERION.search(opinion.string[opinion.end() :]))
    ):
        yield report(
            item,
            "ambiguous",
            f"“{shown(opinion[0].split(' the ')[-1])}” is an opinion: experts can disagree.",
            "Say by what measure, or ask for a property that can be checked.",
        )


def _broken(item: Item) -> Iterator[Finding]:
    places = [("stem", item.stem), *((f"option {i}", o.text) for i, o in enumerate(item.options, 1))]
    for where, text in places:
        broken = _BROKEN.search(text)
        if broken:
            advice = "Read the source as UTF-8 and write the character that was meant."
            yield report(item, "ambiguous", f"Broken characters: “{broken[0]}”.", advice, where, SEVERE)
        spoken = without_code(text)
        left = _LEFT.search(spoken) or (_GAP.search(spoken) if item.kind != CLOZE else None)
        if left:
            advice = "Write the intended text."
            yield report(
                item, "ambiguous", f"“{left[0]}” was left behind by an author or a program.", advice, where, SEVERE
            )


def _absent(item: Item, asked: str) -> Iterator[Finding]:
    code = _CODE_MEANT.search(asked)
    if code and not has_code(item):
        yield report(
            item,
            "ambiguous",
            f"The stem mentions “{code[0]}”, but the item shows no code.",
            "Add the code.",
            "stem",
            SEVERE,
        )
    picture = _PICTURE.search(asked)
    if picture and "![" not in item.stem:
        advice = "Say in words or numbers what the picture shows."
        yield report(item, "ambiguous", f"The stem mentions “{picture[0]}”, but there is none.", advice, "stem", SEVERE)
    other = _OTHER_ITEM.search(asked)
    if other:
        advice = "Repeat in the stem what is needed: every student gets different items in a different order."
        yield report(item, "ambiguous", f"The stem depends on another item: “{other[0]}”.", advice, "stem", SEVERE)
    document = _DOCUMENT.search(asked)
    if document:
        advice = "Ask about the subject itself; if the source differs from others, state its convention in the stem."
        yield report(
            item, "ambiguous", f"“{document[0]}” asks what a text says, and the student does not see it.", advice
        )


_FILLER = re.compile(
    r"\b(?:as (?:you|we|everyone|we all) (?:may |might |probably |already )*(?:know|learned|learnt|remember|recall)s?"
    r"|it is (?:well|commonly|widely) known that|needless to say|interestingly|fun fact|in today's world"
    r"|in this exciting|ever wondered|believe it or not|it goes without saying)\b",
    re.IGNORECASE,
)
_PRAISE = re.compile(
    r"\b(?:is|are|has become|have become|plays?|remains?)\b[^.?]*\b(?:popular|fascinating|exciting|revolutionary"
    r"|powerful"
    r"|widely used|crucial|important (?:concept|topic|part|role|field|tool)s?|key role|famous|ubiquitous|everywhere)\b",
    re.IGNORECASE,
)
# At some 200 words a minute, the pace of careful reading, a longer stem takes half of the minute that a choice item is
# given; the conventions of a numeric item fit into half as many words.
LONGEST_STEM = 110


def gratuitous(item: Item) -> Iterator[Finding]:
    """Report filler, praise of the subject, and stems that are longer than any question needs."""
    text = unquoted(prose(item.stem))
    filler = _FILLER.search(text)
    advice = "Leave it out: keep what the answer needs."
    if filler:
        yield report(item, "gratuitous", f"“{filler[0]}” gives the student no information.", advice)
    lead = sentences(text)[:-1]
    praise = next((s for s in lead if _PRAISE.search(s) and not re.search(r"\d", s)), "")
    if praise:
        yield report(item, "gratuitous", f"“{shown(praise)}” is not needed for the answer.", advice)
    count = len(words(text))
    if count > LONGEST_STEM:
        yield report(item, "gratuitous", f"The stem has {count} words (more than {LONGEST_STEM}).", advice)


_BLANK = re.compile(
    r"(?<!\w)_{2,}(?!\w)|\[\s*(?:blank|gap|\.\.\.|…|_+)?\s*\](?!\()|\(\s*(?:\.\.\.|…|_+|blank)\s*\)|\w (?:\.{3,}|…) \w"
)


def fill_in_blank(item: Item) -> Iterator[Finding]:
    """Report a gap in the stem of any kind of item but cloze."""
    blank = _BLANK.search(without_code(item.stem))
    if blank and item.kind in (SINGLE, MULTIPLE, SHORT, NUMERIC):
        advice = "Ask a question, or make it a cloze item with a numbered gap."
        yield report(item, "fill-in-blank", f"The stem has a gap: “{blank[0].strip()}”.", advice)


def unfocused_stem(item: Item) -> Iterator[Finding]:
    """Report a stem that asks nothing by itself."""
    if item.kind not in (SINGLE, MULTIPLE) or has_code(item) or has_maths(item.stem) or re.search(r"\d", item.stem):
        return
    text = unquoted(prose(item.stem))
    matter, count = content(item.stem), len(words(text))
    if not matter and not _PRONOUN.search(text):
        advice = (
            "Name what the item is about and ask for one thing, so that students can answer without seeing the options."
        )
        yield report(item, "unfocused-stem", f"“{shown(text)}” could stand above any options.", advice)
    elif matter and "?" not in item.stem and count <= 3:  # "Dropout:", "Batch normalisation is"
        advice = "Make it a question that can be answered before reading the options."
        yield report(item, "unfocused-stem", f"“{shown(text)}” names a subject and asks nothing about it.", advice)


RULES = (ambiguous, gratuitous, fill_in_blank, unfocused_stem)
