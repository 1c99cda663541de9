"""Compare facts: terms of one kind, statements that say the same, options that could also be true.

An option that could also be true must not be a wrong option.  Everything that any document states about a term counts
here, including statements that errata keep from being keys, and so does the lexicon.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from question_bank.documents import facts
from question_bank.documents.facts import Fact
from question_bank.lexicon import Term, find_term, holders, narrower, normal, parts, stems, terms

SAME = 0.6  # share of the shorter statement's content words, from which two statements say the same
_ABOUT_TERM = (facts.DEFINITION, facts.STATEMENT, facts.ATTRIBUTE, facts.MEMBER)

# Words of praise, frequency and opinion: what they qualify is no matter of fact.
_OPINION = re.compile(
    r"\b(most|best|popular\w*|good|great|excellent\w*|simple|simpler|simplest|basic|easy|easier|powerful|"
    r"user-friendly|better|worse|"
    r"common|rare(ly)?|frequent(ly)?|famous|elegant|nice|recommended|excels?|often|usually|typically|"
    r"sometimes|commonly|widely|generally|mostly|primarily|traditional|important|significant\w*|various|"
    r"advanced|optimi[sz]ed|modern|state-of-the-art|cutting-edge|revolution\w+|dramatically|intuitive|"
    r"pythonic|comparable|perfect|amazing|should|crucial|essential|a lot|lots of|etc)\b",
    re.IGNORECASE,
)
_ANALOGY = re.compile(
    r"\b(imagine|think of|like (a|an|riding|walking|how)|as if|similar to human|analog\w+)\b", re.IGNORECASE
)
# Words that carry no content by themselves.
_THIN = stems(
    "model network neural layer method technique approach function type kind part thing value number problem "
    "task learning system "
    "term general common different new many several first second"
)


def is_opinion(text: str) -> bool:
    """Whether the text praises, hedges or draws an analogy, so that it states no fact."""
    return bool(_OPINION.search(text) or _ANALOGY.search(text))


def is_vague(text: str) -> bool:
    """Whether fewer than two content words are left, so that the words could mean many things."""
    return len(stems(text) - _THIN) < 2


def alike(a: str, b: str) -> float:
    """How much of the shorter statement's content the other one holds, 0 to 1."""
    first, second = stems(a), stems(b)
    shorter = min(len(first), len(second))
    return len(first & second) / shorter if shorter else 0.0


def says_the_same(a: str, b: str) -> bool:
    """Whether two statements share most of their content words."""
    shared = len(stems(a) & stems(b))
    return alike(a, b) >= SAME and (shared >= 2 or min(len(stems(a)), len(stems(b))) == 1)


@dataclass(frozen=True)
class Knowledge:
    """Everything that is stated, indexed by term.

    Attributes:
      usable: Facts that may be keys and wrong options.
      statements: Normalised term → what any document states about it.
      mentioned: Terms of the lexicon that some fact is about, by class.
    """

    usable: tuple[Fact, ...]
    statements: dict[str, tuple[str, ...]]
    mentioned: dict[str, tuple[Term, ...]]

    def about(self, term: str) -> tuple[str, ...]:
        return self.statements.get(normal(term), ())

    def could_be_true(self, term: str, statement: str, of: str) -> bool:
        """Whether ``statement``, made of the term ``of``, might hold for ``term`` too."""
        if same_term(term, of) or nested_terms(term, of) or one_includes_other(term, of):
            return True
        known, other = find_term(term), find_term(of)
        if known and other and other.name in parts(known.name):
            return True
        if known and any(known.name in group for group in holders(statement)):
            return True
        if self.true_of_class(term, statement) or self.likened(term, of):
            return True
        return any(says_the_same(statement, told) for told in self.about(term))

    def likened(self, term: str, to: str) -> bool:
        """Whether a document explains ``term`` by ``to``: "like ReLU, but …" shares what is said of ReLU."""
        name = re.escape(normal(to))
        likeness = (
            rf"\b(like|same as|similar to|version of|alternative to|alias (of|for)|simplified) (an? |the )?{name}\b"
        )
        return bool(name) and any(re.search(likeness, normal(told)) for told in self.about(term))

    def true_of_class(self, term: str, statement: str) -> bool:
        """Whether a document says it of the whole class: "activation functions introduce non-linearity"."""
        known = find_term(term)
        return known is not None and any(says_the_same(statement, told) for told in self.about(known.noun))

    def kind_of(self, fact: Fact) -> str:
        """The semantic class of a fact's subject: from the lexicon, or else the list it stands in."""
        term = find_term(fact.subject)
        return term.kind if term else f"list {fact.group}"


def make_knowledge(usable: Iterable[Fact], everything: Iterable[Fact]) -> Knowledge:
    """Index facts by term.

    Args:
      usable: Facts that may be keys and wrong options.
      everything: All facts, including those that errata keep out: what they state may also be true of another option.
    """
    statements: dict[str, list[str]] = defaultdict(list)
    mentioned: dict[str, dict[str, Term]] = defaultdict(dict)
    for fact in everything:
        if fact.kind in _ABOUT_TERM:
            statements[normal(fact.subject)].append(fact.value)
        for name in (fact.subject, fact.value) if fact.kind == facts.MEMBER else (fact.subject,):
            if term := find_term(name):
                mentioned[term.kind][term.name] = term
    return Knowledge(
        tuple(usable),
        {term: tuple(dict.fromkeys(texts)) for term, texts in statements.items()},
        {kind: tuple(by_name[name] for name in sorted(by_name)) for kind, by_name in mentioned.items()},
    )


@functools.lru_cache(maxsize=65536)
def same_term(a: str, b: str) -> bool:
    """Whether two names are equal or name the same term of the lexicon."""
    first, second = find_term(a), find_term(b)
    return normal(a) == normal(b) or (first is not None and first == second)


@functools.lru_cache(maxsize=65536)
def nested_terms(a: str, b: str) -> bool:
    """Whether one term's words are among the other's: a statement on pooling also holds for max pooling."""
    first, second = normal(a).split(), normal(b).split()
    if len(first) == len(second):
        return False
    short, long = sorted((first, second), key=len)
    return bool(short) and all(word in long for word in short)


@functools.lru_cache(maxsize=65536)
def one_includes_other(a: str, b: str) -> bool:
    """Whether one term is a kind of the other: what holds for recurrent networks holds for an LSTM."""
    first, second = find_term(a), find_term(b)
    if first is None or second is None:
        return False
    return second.name in narrower(first.name) or first.name in narrower(second.name)


def gives_away(term: str, text: str) -> bool:
    """Whether ``text`` holds a word of ``term``, or one that begins alike: "takes the maximum" gives max pooling away.

    Words that the terms of its class share ("pooling", "gate") tell nothing.  Words whose initials are the acronym do.
    """
    if _spells(term, text):
        return True
    words = {w for w in re.findall(r"[^\W\d_]{3,}", normal(term)) if w not in _COMMON} - _class_words(term)
    words = {w.replace("z", "s") for w in words}  # normalise, normalize
    others = re.findall(r"[^\W\d_]{3,}", normal(text).replace("z", "s"))
    return any(o.startswith(w) or (len(o) > 3 and w.startswith(o)) for w in words for o in others)


def _spells(term: str, text: str) -> bool:
    """Whether words of ``text`` in a row spell the acronym ``term``: "generative pre-trained transformer", GPT."""
    letters = "".join(c for c in term if c.isalnum())
    if not 2 <= len(letters) <= 8 or " " in term or sum(c.isupper() for c in letters) < 2:
        return False
    initials = ("".join(w[0] for w in re.findall(words, text)).casefold() for words in (r"[^\W_]+", r"[^\W_][\w-]*"))
    return any(letters.casefold() in word for word in initials)


@functools.lru_cache(maxsize=4096)
def _class_words(term: str) -> frozenset[str]:
    """Words of a term that at least half of the terms of its class have too."""
    known = find_term(term)
    if known is None:
        return frozenset()
    names = [normal(t.name).split() for t in set(terms().values()) if t.kind == known.kind]
    return frozenset(w for w in normal(term).split() if sum(w in words for words in names) * 2 >= len(names))


_COMMON = frozenset(
    ["the", "and", "for", "with", "layer", "network", "function", "loss", "learning", "term", "gate", "based", "data"]
)
