"""Look up topics and terms of the course by any of their names, and compare texts by the stems of their words."""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import snowballstemmer

_HERE = Path(__file__).parent
_STEMMER = snowballstemmer.stemmer("english")

_STOP = frozenset(
    """
    a an and are as at be been being by can do does during each etc for from has have in into is it its like of
    on or such that the their them then there these they this those to up via was were when where which while
    who will with within would not no than so use uses used using also more most very only other one two based
    make makes made help helps get gets allow allows enable enables provide provides well work works e.g i.e
    """.split()
)
# Words that say the same; the first stands for all.
_SAME = (
    "reduce decrease lower diminish shrink downsample",
    "discard forget drop remove erase",
    "store keep retain remember save storage",
    "compute calculate",
    "create generate produce make synthesise synthesize",
    "select choose pick take",
    "image picture photo",
    "distinguish discriminate separate tell",
    "prevent avoid mitigate solve address fix",
    "normalise normalize",
    "maximum largest highest",
    "mean average",
    "sample example instance",
    "fast quick rapid",
    "network net",
    "neuron unit node",
    "penalise penalize penalty",
    "disable deactivate off",
    "data dataset",
    "faster speed accelerate",
)


@dataclass(frozen=True)
class Term:
    """A term of the course: its name, class, the class's noun, and its other names."""

    name: str
    kind: str
    noun: str
    aliases: tuple[str, ...]


@functools.lru_cache(maxsize=65536)
def normal(text: str) -> str:
    """A name as it is looked up: lower case, singular, no article, no markup, hyphens as spaces."""
    plain = re.sub(r"[*_`\"'“”]", "", text)
    plain = re.sub(r"[-‐-―/]", " ", plain)
    words = re.sub(r"[^\w\s+.&]", " ", plain).split()
    words = words[1:] if len(words) > 1 and words[0].casefold() in ("the", "a", "an") else words
    # HTTPS, DNS and macOS are no plurals; GANs are.
    return " ".join(w.casefold() if w.endswith("S") and len(w) <= 6 else singular(w.casefold()) for w in words)


def singular(word: str) -> str:
    """Turn a lower-case English plural into its singular, by its ending."""
    if len(word) > 3 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is", "as")):
        return word[:-1]
    return word


def without_brackets(text: str) -> str:
    """Drop everything in round brackets."""
    return re.sub(r"\s*\([^()]*\)", "", text).strip()


@functools.cache
def topics() -> dict[str, tuple[str, ...]]:
    """Module → its topics, in the order of the course."""
    return {module: tuple(entries) for module, entries in _read("topics").items()}


@functools.cache
def _topic_names() -> dict[str, str]:
    topic_of: dict[str, str] = {}
    for entries in _read("topics").values():
        for topic, others in entries.items():
            for name in (topic, *others):
                topic_of.setdefault(normal(name), topic)
    return topic_of


@functools.cache
def terms() -> dict[str, Term]:
    """Every name and other name, normalised → the term."""
    term_of: dict[str, Term] = {}
    for kind, entry in _read("terms").items():
        for name, aliases in entry["terms"].items():
            term = Term(name, kind, entry["noun"], tuple(aliases))
            for alias in (name, *aliases):
                term_of.setdefault(normal(alias), term)
    return term_of


@functools.lru_cache(maxsize=65536)
def find_term(text: str) -> Term | None:
    """The term that ``text`` names, also as "Name (expansion)" or "the name layer"."""
    for candidate in (text, without_brackets(text), *re.findall(r"\(([^()]+)\)", text)):
        term = terms().get(normal(candidate))
        if term:
            return term
    return None


def find_topic(*names: str) -> str:
    """The topic that the first of ``names`` it can place belongs to; "" when it can place none."""
    for name in names:
        if topic := _exact_topic(name) or _topic_in(name):
            return topic
    return ""


def _exact_topic(name: str) -> str:
    term, plain = find_term(name), without_brackets(name)
    others = (*re.findall(r"\(([^()]+)\)", name), plain.split(": ")[0], *((term.name, *term.aliases) if term else ()))
    return next((t for candidate in (name, plain, *others) if (t := _topic_names().get(normal(candidate)))), "")


def _topic_in(name: str) -> str:
    """The topic of the longest known part of a heading such as "Understanding the Heaviside step function"."""
    words = normal(name).split()[:12]
    for length in range(min(5, len(words)), 0, -1):
        for start in range(len(words) - length + 1):
            part = " ".join(words[start : start + length])
            if len(part) > 3 and part in _topic_names():
                return _topic_names()[part]
    return ""


@functools.lru_cache(maxsize=65536)
def stems(text: str) -> frozenset[str]:
    """The content words of ``text``, stemmed, words that mean the same as one."""
    words = re.findall(r"[^\W_]+(?:[-'][^\W_]+)*|-?\d+(?:\.\d+)?", re.sub(r"[*`_]", "", text.casefold()))
    content = set()
    for word in words:
        for part in word.split("-") if not re.fullmatch(r"-?\d+(\.\d+)?", word) else [word]:
            if part and part not in _STOP:
                stem = _STEMMER.stemWord(part)
                content.add(_synonyms().get(stem, stem))
    return frozenset(content)


@functools.cache
def _synonyms() -> dict[str, str]:
    first_of: dict[str, str] = {}
    for group in _SAME:
        first, *others = (_STEMMER.stemWord(w) for w in group.split())
        first_of |= dict.fromkeys(others, first)
    return first_of


@functools.cache
def _shared() -> tuple[tuple[tuple[re.Pattern[str], ...], frozenset[str]], ...]:
    return tuple(
        (tuple(re.compile(rf"\b({words})") for words in entry["says"]), frozenset(entry["of"]))
        for entry in _read("shared")["shared"]
    )


def holders(statement: str) -> tuple[frozenset[str], ...]:
    """For every known statement that ``statement`` makes, all terms it is true of."""
    plain = re.sub(r"[*`_]", "", statement.casefold())
    return tuple(of for says, of in _shared() if all(p.search(plain) for p in says))


def narrower(name: str) -> frozenset[str]:
    """The terms that are kinds of the term ``name``: what is said of one may hold for the other."""
    return _listed("narrower").get(name, frozenset())


def parts(name: str) -> frozenset[str]:
    """The terms that are parts of the term ``name``: what a part does, the whole does too, but not the other way."""
    return _listed("parts").get(name, frozenset())


@functools.cache
def _listed(table: str) -> dict[str, frozenset[str]]:
    return {name: frozenset(of) for name, of in _read("shared")[table].items()}


def _read(name: str) -> dict[str, dict]:  # type: ignore[type-arg]
    return tomllib.loads((_HERE / f"{name}.toml").read_text("utf-8"))
