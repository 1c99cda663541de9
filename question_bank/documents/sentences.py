"""Sentences that begin with a term: what it is, and what it does."""

from __future__ import annotations

import re
from collections.abc import Iterator

from question_bank.documents.outline import Entry
from question_bank.documents.wording import first_sentence, heading_of, name_of, tidy
from question_bank.lexicon import Term, find_term, normal, without_brackets

_NO_VERB = frozenset(
    "of in on and or with to for that which at by from as vs has was does this its across "
    "always often sometimes perhaps".split()
)
_IS = ("is", "are", "refers to", "refer to", "means", "mean")
_DEFINES = re.compile(
    r"(?:(?:An?|The)\s+)?(?P<term>[A-Z\w][\w\s/'-]{1,60}?)(?:\s*\([^)]*\))?\s+"
    r"(?P<verb>is|are|refers? to|means?|measures?|controls?|defines?|consists? of|determines?|allows?|"
    r"computes?|converts?|"
    r"adds?|leverages?|happens when|occurs when|updates?|helps?|introduces?)\s+(?P<text>.{12,})"
)
_ELSEWHERE = re.compile(
    r"(the|this|these|in|it|they|we|to|unlike|when|if|imagine|consider|for|after|instead|every|each|similar|"
    r"now|then|here|there)\b|\W",
    re.IGNORECASE,
)


def led_by_term(sentence: str) -> tuple[str, str] | None:
    """ "RNNs process data one step at a time": the known term that a sentence begins with, and what it says of it."""
    words = re.sub(r"^(An?|The) ", "", tidy(sentence)).split()
    for length in range(min(5, len(words) - 3), 0, -1):
        verb = words[length]
        if (
            re.fullmatch(r"[a-z]+s|[a-z]+", verb)
            and verb not in _NO_VERB
            and (term := _whole_term(" ".join(words[:length])))
        ):
            plural = words[length - 1].endswith("s")
            if verb in ("is", "are") or not (plural or verb.endswith("s") or verb == "can"):
                return None  # what a thing is needs the care of _sentence
            return term, " ".join([_of_one(verb) if plural else verb, *words[length + 1 :]])
    return None


def _of_one(verb: str) -> str:
    """ "RNNs process" is said of one as "processes"."""
    if verb in ("can", "may", "will", "must", "might", "could"):
        return verb
    if re.search(r"(s|x|z|ch|sh|o)$", verb):
        return f"{verb}es"
    return f"{verb[:-1]}ies" if re.search(r"[^aeiou]y$", verb) else f"{verb}s"


def _whole_term(words: str) -> str:
    """The term that ``words`` are, with nothing left over but its acronym in brackets."""
    term = find_term(without_brackets(words))
    return term.name if term else ""


def definition(entry: Entry) -> Iterator[tuple[str, str]]:
    """ "An epoch is one complete pass …": term and what it is, when the sentence begins with what it stands under."""
    heading, sentence = heading_of(entry), first_sentence(entry.text)
    names = {normal(name) for name in (heading, without_brackets(heading), *re.findall(r"\(([^()]+)\)", heading))} - {
        ""
    }
    match = _DEFINES.match(sentence)
    if match:
        term = find_term(match["term"])
        if normal(match["term"]) in names or (term and any(_names(h, term) for h in entry.section[-2:])):
            verb = "" if match["verb"] in _IS else match["verb"] + " "
            yield name_of(match["term"]), verb + match["text"]
        return
    about_term = find_term(heading) and 5 <= len(sentence.split()) <= 22 and not _ELSEWHERE.match(sentence)
    if about_term and entry.label == "" and not entry.group:
        yield name_of(heading), sentence


def _names(heading: str, term: Term) -> bool:
    """Whether a heading is the term, or asks what it is."""
    asked = re.sub(r"^what (is|are)( an?| the)? ", "", heading.rstrip("?"), flags=re.IGNORECASE)
    return find_term(heading) == term or find_term(asked) == term
