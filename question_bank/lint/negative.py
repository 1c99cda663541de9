"""Negatively worded stems."""

from __future__ import annotations

import re
from collections.abc import Iterator

from question_bank.item import Item
from question_bank.lint.finding import FLAW, REMARK, Finding, report
from question_bank.lint.text import is_choice, prose, sentences, unquoted, without_code

_SUBORDINATE = (
    r"(?:when|if|because|that|while|although|so|where|whose|who|since|unless|after|before|as|whether|why|how|but)"
)
# "Layers drop what does not fit" asks nothing: the question word opens the sentence, or its last part.
_NOT = re.compile(
    r"(?:^\W*(?:\w+ )?|, (?=[^,]*\?\W*$))(?:which|what|who|select|choose|mark|name)\b"
    rf"(?:(?!\b{_SUBORDINATE}\b)[^,;:?])*?"
    r"(?<!\bof )(?<!\bby )(?<!\bor )(?<!\bfor )(?<!\bwith )"
    r"[*_]{0,3}\b(?P<no>not|cannot|never|\w+n['’]t)\b(?! (?:only|yet)\b)",
    re.IGNORECASE,
)
_EXCEPT = re.compile(r"\b(?:all|each|every|any|which|following)\b[^.?]*?[*_]{0,3}\b(?P<no>except)\b", re.IGNORECASE)
_LEAST = re.compile(
    r"\b(?:which|what|who)\b[^.?]*?(?<!\bat )[*_]{0,3}\b(?P<no>least)\b(?![ -](?:squares?|mean|recently|significant"
    r"|upper))",
    re.IGNORECASE,
)
_FALSE = re.compile(
    r"\b(?:which|what|select|choose|mark)\b[^.?]*\b(?:is|are)\s+[*_]{0,3}(?P<no>false|incorrect|untrue"
    r"|wrong)\b[*_]*\s*(?:\?|\.|:|$|about\b)"
    r"|\b(?:which|what|select|choose|mark)\b[^.?]*[*_]{0,3}\b(?P<no2>false|incorrect|untrue"
    r"|wrong)\b[*_]* (?:statements?|claims?|answers?|options?)\b",
    re.IGNORECASE,
)
_NEGATION = re.compile(r"\b(?:not|no|never|none|cannot|\w+n['’]t|without)\b", re.IGNORECASE)


def negative_stem(item: Item) -> Iterator[Finding]:
    """Report a question for what does not hold; a remark when the negation is emphasised.

    A condition may be negative ("What happens if the base is not frozen?", "Why is it not used?"): only the question
    itself counts, which is why the words between the question word and the negation may hold no subordinate clause.
    """
    if not is_choice(item):
        return
    for sentence in sentences(unquoted(without_code(item.stem))):
        match = next((m for m in (r.search(sentence) for r in (_NOT, _EXCEPT, _LEAST, _FALSE)) if m), None)
        if match is None:
            continue
        group = "no" if match["no"] else "no2"
        word = match[group]
        before = sentence[: match.start(group)]
        emphasised = (word.isupper() and len(word) > 1) or before.endswith(("*", "_"))
        doubled = [i for i, o in enumerate(item.options, 1) if _NEGATION.search(prose(o.text))]
        severity = REMARK if emphasised and not doubled else FLAW
        message = f"The stem asks for what does not hold (“{word}”)"
        advice = "Ask for what holds" + (
            "." if emphasised else f", or at least emphasise the word: **{word.upper()}**."
        )
        if doubled:
            message += f", and option {doubled[0]} is negative too: the student must undo two negations"
            advice = "Ask for what holds, or word the options without negation."
        yield report(item, "negative-stem", message + ".", advice, "stem", severity)
        return


RULES = (negative_stem,)
