"""Read the text of items: prose without code and formulas, words and their roots, numbers."""

from __future__ import annotations

import functools
import re

from question_bank.item import CODE, MULTIPLE, SINGLE, Item
from question_bank.marking import read_number

LONGEST = 4_000  # characters of a text that the rules read: far more than an item has, few enough to stay fast

NUMBER, FORMULA, WORDS = "number", "formula", "words"

_CODE = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]*`", re.DOTALL)
_MATHS = re.compile(r"\$\$.*?\$\$|\$[^$\n]+\$", re.DOTALL)
_QUOTED = re.compile(r"“[^”]*”|\"[^\"\n]*\"|«[^»]*»|(?<!\w)'[^'\n]*'(?!\w)|(?<!\w)‘[^’\n]*’(?!\w)")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d+(?:[.,]\d+)*")
_END = re.compile(r"(?<=[.?!])[*_)\"”]*\s+(?=[A-Z*_“\"(])")
_OPERATOR = re.compile(r"[=+*/^×·÷√ΣΠ∑<>≤≥|\\]|\d|\w\(|\w\[|\s[-−]\s")
_AMOUNT = re.compile(
    r"[≈~]?\s*([+\-−]?[\d.][\d.,'_ ]*(?:e[+\-]?\d+)?)\s*(%?\s*[^\W\d_]*(?:\s+[^\W\d_]+)?)\.?", re.IGNORECASE
)
_FRACTION = re.compile(r"([+\-−]?\d+)\s*/\s*([1-9]\d*)")

# Words that carry the grammar of a question, not its matter.
_FUNCTION = """
a about above after again all also although am among an and another any are as at be because been before being below
between both but by can cannot could did do does doing done down during each either else every few first following
for from further get gets give gives given had has have having he her here his how however i if in instead into is
it its itself just kind last least less let like made make makes many may me might mine more most much must my
neither next no nor not of off often on once one only onto or other others our out over own per rather same several
she should since so some sort such take takes than that the their them themselves then there these they this those
through thus to together too toward towards two type under until up upon us use used uses using very via was we were
what when where whether which while who whom whose why will with within without would yes yet you your happens
happen called call name named means mean meant describe describes described best true false correct incorrect right
wrong statement statements option options answer answers choose select apply applies pick mark tick claim claims
sentence holds valid question item term terms entry description fit fits belong belongs match matches
"""
FUNCTION_WORDS = frozenset(_FUNCTION.split())

# Words so common in this subject that sharing one with the stem is no cue.
_COMMON = """
model models network networks neural deep layer layers value values number numbers data dataset input inputs output
outputs training train trains trained learning learn learns example examples step steps method methods technique
function functions result results size parameter parameters weight weights compute computes computed
"""


# Longest first; the root keeps four letters or more, so that "ring" does not become "r".
_ENDINGS = (
    "isations ational isation ations ation ators isers ising ments ally ated ates ator ings ions ised "
    "iser ises ities ment ate ers ied ies ing ion ise ity al ed er es ly e s y "
)
_SUFFIXES = tuple(sorted(_ENDINGS.split(), key=len, reverse=True))


def without_code(text: str) -> str:
    """The text with code and formulas left out; emphasis stays."""
    return _MATHS.sub(" ", _CODE.sub(" ", text[:LONGEST]))


def prose(text: str) -> str:
    """What is left of a text without code, formulas and marks of emphasis."""
    return re.sub(r"[*]+|(?<!\w)_+(?=\w)|(?<=\w)_+(?!\w)", "", without_code(text))


def formulas(text: str) -> list[str]:
    """The pieces of code and the formulas of a text."""
    return [*_CODE.findall(text), *_MATHS.findall(_CODE.sub(" ", text))]


def unquoted(text: str) -> str:
    """The text without what stands in quotation marks: what is quoted is not what is asked."""
    return _QUOTED.sub(" ", text)


def has_code(item: Item) -> bool:
    """Whether the item shows code, in its stem or below it."""
    return bool(item.code or _CODE.search(item.stem))


def has_maths(text: str) -> bool:
    """Whether the text holds a formula between dollars."""
    return bool(_MATHS.search(text))


def sentences(text: str) -> list[str]:
    """Split prose into sentences."""
    return [s for s in _END.split(text.strip()) if s]


@functools.lru_cache(maxsize=16384)
def words(text: str) -> tuple[str, ...]:
    """The words and numbers of a text in lower case, hyphens apart; code and formulas count as they stand."""
    return tuple(_WORD.findall(text.casefold()))


@functools.lru_cache(maxsize=16384)
def root(word: str) -> str:
    """A crude root, so that pooling, pooled and pools are one word, in either spelling of -ise."""
    plain = re.sub(r"iz(?=e|i|a)", "is", word)
    for suffix in _SUFFIXES:
        if plain.endswith(suffix) and len(plain) - len(suffix) >= 4 and not plain.endswith("ss"):
            plain = plain[: -len(suffix)]
            break
    return plain[:-1] if len(plain) > 4 and plain[-1] == plain[-2] and plain[-1] not in "ls" else plain


@functools.lru_cache(maxsize=16384)
def content(text: str) -> frozenset[str]:
    """The roots of the words of a text's prose that carry matter: no function words, no single letters, no numbers."""
    return frozenset(
        root(w) for w in words(prose(text)) if len(w) > 2 and not w[0].isdigit() and w not in FUNCTION_WORDS
    )


@functools.lru_cache(maxsize=16384)
def context(text: str) -> frozenset[str]:
    """What a stem is about, with the words and numbers in its formulas and code."""
    return frozenset(root(w) for w in words(text) if w not in FUNCTION_WORDS)


COMMON_ROOTS = frozenset(root(w) for w in _COMMON.split())


@functools.lru_cache(maxsize=16384)
def amount(text: str) -> tuple[float, str] | None:
    """The value and the unit of an option that is one number, perhaps with a unit of one or two words."""
    if len(text) > 60:
        return None
    plain = text.strip().strip("$`*").replace("\\,", "").replace("\\%", "%").strip()
    fraction = _FRACTION.fullmatch(plain)
    if fraction:
        return int(fraction[1].replace("−", "-")) / int(fraction[2]), ""
    match = _AMOUNT.fullmatch(plain)
    value = read_number(match[1].strip()) if match else None
    if match is None or value is None:
        return None
    return value, " ".join(match[2].split()).rstrip(".")


@functools.lru_cache(maxsize=16384)
def form(text: str) -> str:
    """Whether an option is a number, a formula (or shape, or code), or words."""
    if amount(text):
        return NUMBER
    if re.match(r"[-−+±√∞]\s?\w", text.strip()):  # -alpha
        return FORMULA
    text = text[:LONGEST]
    spoken = without_code(text)
    long_words = [w for w in _WORD.findall(spoken) if len(w) > 2 and not w[0].isdigit()]
    if not long_words:
        return FORMULA
    if spoken != text:  # some code or maths: a formula unless there is more prose than that
        return WORDS if len(long_words) > 2 else FORMULA
    signs = len(_OPERATOR.findall(text))
    return FORMULA if signs and signs >= len(long_words) else WORDS


def is_choice(item: Item) -> bool:
    """Whether the item shows options to choose from."""
    return bool(item.options) and item.kind in (SINGLE, MULTIPLE, CODE)


def is_wordy(item: Item) -> bool:
    """Whether every option is in words, so that rules about wording apply."""
    return is_choice(item) and all(form(o.text) == WORDS for o in item.options)


def plain(text: str) -> str:
    """The text as it is compared: lower case, no marks, no leading article, no final full stop."""
    return re.sub(r"^(an?|the) (?=\w)", "", " ".join(re.sub(r"[`*_$\"“”]|[.;]$", "", text.strip()).casefold().split()))


def phrase_in(phrase: tuple[str, ...], text: tuple[str, ...]) -> bool:
    """Whether the words stand in the text side by side in this order."""
    n = len(phrase)
    return bool(n) and any(text[i : i + n] == phrase for i in range(len(text) - n + 1))


def shown(text: str, longest: int = 60) -> str:
    """A text short enough to stand inside a message."""
    flat = " ".join(text.split())
    return flat if len(flat) <= longest else flat[: longest - 1].rstrip() + "…"
