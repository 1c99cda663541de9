"""Reading words: labels that name no thing of their own, names of terms, first sentences, text without markup."""

from __future__ import annotations

import re

from question_bank.documents.outline import Entry
from question_bank.lexicon import find_term, without_brackets

# Headings and labels that say something about the thing above them instead of naming a thing of their own.
_ADJECTIVES = (
    "key main core basic common important typical popular notable famous other most.used mathematical practical best"
)
_LABELS = (
    "purposes? use use.when use.cases? used.for used.in range output input problems? effects? benefits? "
    "ideas? insights?",
    "innovations? operations? examples?(.*)? formulas? equations? architectures?(.components?)? "
    "applications? advantages?",
    "disadvantages? pros cons limitations? drawbacks? challenges? solutions? variants? variations? types? "
    "kinds components?",
    "parts features? characteristics steps? steps?.(of|in|to|for|"
    "towards).* process(.steps)? training(.process)? strategies methods",
    "techniques difference.* where when.* why.* how.* what.* at.inference at.the.(beginning|"
    "end) over.time definition.*",
    "symptoms?(.of.*)? introduction overview concepts? hyperparameters models best.(when|"
    "for) takeaways notes? tips? criteria",
    "trade-offs? performance.impact selection.criteria implementation.strategies goal computation "
    "important.rule code.example",
    "visual.representation foundations? practices ways.* networks.* combines standard.* fix.for.* "
    "better.than.* most.popular.*",
    "general terms terminology history timeline pitfalls mistakes exercise.* question.*",
)
_ABOUT = re.compile(
    rf"(({'|'.join(_ADJECTIVES.split())}) )*({'|'.join(label for row in _LABELS for label in row.split())})",
    re.IGNORECASE,
)
SPLIT = re.compile(
    r"^(?P<mark>\*\*|__)?(?P<term>[^:*]{1,70}?)(?P<colon>:)?(?(mark)(\*\*|__))\s*"
    r"(?(colon)|(:|–|—|\s-\s))\s*(?P<text>\S.*)$",
    re.DOTALL,
)


def is_label(text: str) -> bool:
    """Whether a heading or label ("Applications", "Why use it?") speaks of the thing above it."""
    return _ABOUT.fullmatch(text.rstrip(":?")) is not None and find_term(text) is None


def subject_of(entry: Entry, inside: bool = True) -> str:
    """The thing that an entry is about: the nearest item, label or heading above it that names a thing."""
    above = [*(p.split("\n")[0] for p in reversed(entry.parents))] if inside else []
    for text in above:
        name = tidy(SPLIT.sub(lambda m: m["term"], text))
        if not is_label(name) and len(name.split()) <= 7:
            return name_of(name)
    if inside and entry.label and find_term(entry.label):
        return name_of(entry.label)
    for heading in reversed(entry.section):
        if not is_label(heading):
            return name_of(heading)
    return ""


def heading_of(entry: Entry) -> str:
    """Return the innermost heading above an entry."""
    return entry.section[-1] if entry.section else ""


def name_of(text: str) -> str:
    """A term as the course writes it: the lexicon's name, or the words without brackets and article."""
    term = find_term(text)
    if term:
        return term.name
    plain = re.sub(r"^(the|an?) ", "", without_brackets(tidy(text)), flags=re.IGNORECASE)
    first = plain.split(": ")[0].strip(" :–—-")
    term = find_term(first)
    return term.name if term else first


def lower(label: str) -> str:
    """A label in small letters, but for acronyms: "Gates of an LSTM" becomes "gates of an LSTM"."""
    return " ".join(word if sum(c.isupper() for c in word) >= 2 else word.casefold() for word in label.split())


def first_sentence(text: str) -> str:
    """Return the first sentence of a text without its full stop; abbreviations such as "e.g." do not end one."""
    plain = " ".join(text.split())
    match = re.match(r"(.{15,}?(?:[^.\s][a-z0-9)\"”]|\s\d))\.(\s+[A-Z].*)?$", plain)
    return match[1] if match else plain


def without_code_tail(text: str) -> str:
    """A step without the formula that follows it on lines of its own."""
    return re.split(r"\n|:\s*(?=\\\[|`|\\\()", text)[0].rstrip(": ")


def tidy(text: str, keep_code: bool = False) -> str:
    """Text without emphasis marks, links, emoji, outer spaces and a final full stop."""
    plain = re.sub(r"!?\[([^\[\]]*)\]\([^()]*\)", r"\1", text)
    plain = re.sub(r"\[\^[^\]\s]+\]", "", plain)  # marks of footnotes
    if not keep_code:  # in code, ** is a power and __ part of a name
        plain = re.sub(r"\*\*|__|~~", "", plain)
        plain = re.sub(r"(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)", "", plain)
    plain = re.sub(r"<[a-zA-Z/!][^>]*>", "", plain)
    plain = re.sub("[\U0001f000-\U0001faff\u2600-\u27bf\u2b50\ufe0f]", "", plain)
    if keep_code:
        return plain.strip("\n").strip().strip("`")
    plain = " ".join(plain.split()).strip()
    return plain[:-1].strip() if plain.endswith((".", ";")) and not plain.endswith(("etc.", "...")) else plain
