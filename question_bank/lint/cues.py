"""Cues that lead to the key without knowledge: length, words, grammar, convergence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from question_bank.item import CLOZE, MATCHING, MULTIPLE, ORDERING, SHORT, SINGLE, Item
from question_bank.lint.finding import REMARK, Finding, report
from question_bank.lint.text import (
    COMMON_ROOTS,
    WORDS,
    content,
    form,
    has_code,
    is_wordy,
    phrase_in,
    prose,
    root,
    shown,
    words,
)

# A key is "longest" for the eye only when it stands out: some 40 % and a dozen characters beyond every other.  Names
# have the length they have, so keys under five words are left to the balance of the whole bank.
LONGER_BY, LONGER_CHARACTERS, LONG_WORDS = 1.4, 12, 5


def longest_correct(item: Item) -> Iterator[Finding]:
    """Report a key that stands out by its length."""
    if item.kind != SINGLE or not is_wordy(item) or len(item.keys) != 1:
        return
    key = len(prose(item.keys[0]))
    longest = max((len(prose(o.text)) for o in item.options if not o.correct), default=key)
    if len(words(item.keys[0])) >= LONG_WORDS and key >= LONGER_BY * longest and key - longest >= LONGER_CHARACTERS:
        message = f"The key has {key} characters, the longest wrong option {longest}."
        advice = "Shorten the key (its reasons belong in the explanation), or give the wrong options as much detail."
        yield report(item, "longest-correct", message, advice, "key")


_PARTS = re.compile(r"\s*[,;]\s*(?:and\s+|with\s+)?|\s+(?:and|with|plus|then|followed by)\s+|\s*[+&/]\s*")


def convergence(item: Item) -> Iterator[Finding]:
    """Report a key each of whose parts recurs in other options, more often than the parts of any other option.

    In "A and B, A and C, D and B, E" the first is the one that the others vary.  A full design (A or B with C or D) has
    no such centre and is fine.
    """
    if item.kind != SINGLE or not is_wordy(item) or len(item.options) < 3:
        return
    parts = [{_part(p) for p in _PARTS.split(prose(o.text)) if content(p)} for o in item.options]
    if sum(len(p) > 1 for p in parts) < 3:
        return
    count = Counter(p for several in parts for p in several)
    scores = [sum(count[p] for p in several) for several in parts]
    best = max(scores)
    for option, several, score in zip(item.options, parts, scores, strict=True):
        if (
            option.correct
            and len(several) > 1
            and score == best
            and scores.count(best) == 1
            and min(count[p] for p in several) > 1
        ):
            message = f"Every part of “{shown(option.text)}” recurs in other options, more than any other option's."
            advice = "Vary the wrong options around one of themselves, or combine the parts evenly."
            yield report(item, "convergence", message, advice, "key")


def _part(text: str) -> str:
    return " ".join(sorted(content(text)))


_SEQUENCE = re.compile(
    r"(?:first(?:ly)?|second(?:ly)?|third(?:ly)?|then|next|finally|lastly|after that|afterwards|step \d+)\b"
    r"|\(?\d+[.):]\s",
    re.IGNORECASE,
)
_WHICH_TWO = re.compile(r"\bwhich (?:two|pair)\b", re.IGNORECASE)
_TWO = re.compile(r"\band\b|\bwith\b|[,&+/]", re.IGNORECASE)


def logical_cue(item: Item) -> Iterator[Finding]:
    """Report steps that name their own place, and a stem that asks for two where only the key names two."""
    for i, step in enumerate(item.steps if item.kind == ORDERING else (), 1):
        place = _SEQUENCE.match(prose(step).strip())
        if place:
            advice = "Leave the word out; the student is to find the order."
            yield report(
                item, "logical-cue", f"“{place[0].strip()}” gives away the place of the step.", advice, f"step {i}"
            )
    if item.kind != SINGLE or not is_wordy(item) or len(item.options) < 3 or not _WHICH_TWO.search(prose(item.stem)):
        return
    if [o.correct for o in item.options] == [bool(_TWO.search(o.text)) for o in item.options]:
        advice = "Give every option as many parts as the stem asks for."
        yield report(item, "logical-cue", "The stem asks for two things, and only the key names two.", advice, "key")


_HEAD = re.compile(
    r"\b(?:which|what)\s+(?:(?:kind|type|sort)\s+of\s+)?((?:[^\W\d_]+[\s-]+){1,3}?)"
    r"(?:is|are|was|were|does|do|did|has|have|can|should|would|will|\w+s)\b",
    re.IGNORECASE,
)


def word_repeats(item: Item) -> Iterator[Finding]:
    """Report words of the stem that only the key (or the right partner, or the gap) repeats."""
    if item.kind == SINGLE and is_wordy(item) and len(item.options) > 2 and len(item.keys) == 1:
        yield from _clang(item)
    elif item.kind == MATCHING:
        yield from _clang_pairs(item)
    elif item.kind in (SHORT, CLOZE):
        yield from _printed_answer(item)


def _clang(item: Item) -> Iterator[Finding]:
    stem = content(item.stem)
    head = _HEAD.search(prose(item.stem))
    asked = {root(w) for w in words(head[1])[-1:]} if head else set()
    telling = stem - (COMMON_ROOTS - asked)
    key = content(item.keys[0]) & telling
    others = [content(o.text) & telling for o in item.options if not o.correct]
    most = max(map(len, others))
    only = key - frozenset().union(*others)
    # One shared word tells when no other option shares any; where others share some, the key must share two more.
    if only and (most == 0 or len(key) >= most + 2):
        repeated = sorted({w for w in words(prose(item.keys[0])) if root(w) in only})
        message = f"Of all options, only the key repeats “{'”, “'.join(repeated)}” from the stem."
        advice = "Use another word in the stem or in the key, or let the wrong options repeat it too."
        yield report(item, "word-repeats", message, advice, "key")


def _clang_pairs(item: Item) -> Iterator[Finding]:
    rights = [content(p.right) - COMMON_ROOTS for p in item.pairs] + [content(x) - COMMON_ROOTS for x in item.extra]
    telling = []
    for i, pair in enumerate(item.pairs):
        elsewhere = frozenset().union(*(r for j, r in enumerate(rights) if j != i))
        if (content(pair.left) & rights[i]) - elsewhere:
            telling.append(i + 1)
    # With half of the pairs told by their words the rest follows by elimination.
    if telling and form(item.pairs[0].right) == WORDS:
        message = f"Pair {telling[0]} can be matched by a word that both sides share"
        message += f" (so can {len(telling) - 1} more)." if len(telling) > 1 else "."
        severity = "flaw" if 2 * len(telling) >= len(item.pairs) else REMARK
        advice = "Word one side without the other's words."
        yield report(item, "word-repeats", message, advice, f"pair {telling[0]}", severity)


_ALTERNATIVES = re.compile(r"\b(?:or|between|among|versus|vs)\b|:", re.IGNORECASE)


def _printed_answer(item: Item) -> Iterator[Finding]:
    stem = words(prose(item.stem))
    if has_code(item) or (item.kind == SHORT and _ALTERNATIVES.search(prose(item.stem))):
        return  # "Which is bounded, relu or tanh?" offers the answer on purpose
    for forms in item.gaps if item.kind == CLOZE else (item.accepted,):
        printed = next((f for f in forms if len(f) > 2 and form(f) == WORDS and phrase_in(words(prose(f)), stem)), "")
        if printed and content(printed):
            advice = "Word the stem without it."
            yield report(item, "word-repeats", f"The answer “{shown(printed)}” is printed in the stem.", advice, "stem")


_ARTICLE = re.compile(r"\b(an?)\s*[:…_.]*\s*$", re.IGNORECASE)
_ARTICLE_GAP = re.compile(r"(?<!\()\b(an?)\s+\{\d+\}", re.IGNORECASE)
_OPENERS = frozenset(["to", "by", "because", "it", "they", "when", "if", "so"])


def grammatical_cue(item: Item) -> Iterator[Finding]:
    """Report an article that fits only some options, and a key that alone differs in form."""
    stem = prose(item.stem)
    if item.kind == CLOZE:
        gap = _ARTICLE_GAP.search(stem)
        if gap:
            advice = "Write “a(n)”, or put the article into the gap."
            yield report(item, "grammatical-cue", f"“{gap[0]}” tells how the answer begins.", advice, "stem", REMARK)
    if item.kind != SINGLE or not is_wordy(item) or len(item.options) < 3 or len(item.keys) != 1:
        return
    article = _ARTICLE.search(stem)
    if article and not re.search(r"\ba ?/ ?an\s*\W*$", stem, re.IGNORECASE):
        fits = [_fits(article[1], o.text) for o in item.options]
        if any(f and o.correct for f, o in zip(fits, item.options, strict=True)) and not all(fits):
            advice = "End the stem with “a(n)”, or put the article into the options."
            message = f"“{article[1]}” at the end of the stem fits {sum(fits)} of {len(fits)} options."
            yield report(item, "grammatical-cue", message, advice, "stem")
    key, wrong = item.keys[0], [o.text for o in item.options if not o.correct]
    stops = [t.rstrip().endswith(".") for t in wrong]
    if len(set(stops)) == 1 and stops[0] != key.rstrip().endswith("."):
        advice = "End all options alike."
        yield report(item, "grammatical-cue", "The key alone differs in its final full stop.", advice, "key")
    firsts = {words(prose(t))[0] for t in wrong if words(prose(t))}
    first = next(iter(firsts), "")
    if len(firsts) == 1 and first in _OPENERS and words(prose(key))[:1] != (first,):
        advice = "Begin all options alike."
        yield report(
            item, "grammatical-cue", f"All wrong options begin with “{first}”, the key does not.", advice, "key"
        )


def _fits(article: str, text: str) -> bool:
    # An upper-case letter before another is spelled out ("an LSTM", "a GRU"); else the first letter decides.
    spoken = prose(text).strip()
    spelled = re.match(r"([A-Z])[A-Z]+s?\b", spoken)
    vowel = (
        spelled[1] in "AEFHILMNORSX"
        if spelled
        else bool(re.match(r"(?!uni|use|eu|one\b)[aeiou]", spoken, re.IGNORECASE))
    )
    return vowel == (article.casefold() == "an")


def asks_many(item: Item) -> Iterator[Finding]:
    """Report a select-all whose every option is right: there is nothing to tell apart."""
    if item.kind == MULTIPLE and len(item.options) > 1 and all(o.correct for o in item.options):
        advice = "Add options that are common mistakes."
        yield report(item, "implausible-distractors", "Every option is right.", advice, "options")


RULES = (
    longest_correct,
    convergence,
    logical_cue,
    word_repeats,
    grammatical_cue,
    asks_many,
)
