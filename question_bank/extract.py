"""From the outline of a document to facts, by structure alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from question_bank import facts
from question_bank.document import Document
from question_bank.facts import Fact
from question_bank.item import Source
from question_bank.lexicon import find_term, find_topic, normal, without_brackets
from question_bank.outline import FENCE, HEADING, ITEM, PARAGRAPH, ROW, Entry, label_of, outline

# Headings and labels that say something about the thing above them instead of naming a thing of their own.
_ABOUT = re.compile(
    r"(key |main |core |basic |common |important |typical |popular |notable |famous |other |most used )*"
    r"(purposes?|use( when| cases?)?|used (for|in)|range|output|input|problems?|effects?|benefits?|ideas?|insights?|innovations?|operations?|"
    r"examples?( .*)?|formulas?|equations?|architectures?( components?)?|applications?|advantages?|disadvantages?|pros|cons|limitations?|drawbacks?|"
    r"challenges?|solutions?|variants?|variations?|types?|kinds|components?|parts|features?|characteristics|steps?( .*)?|process( steps)?|training( process)?|"
    r"strategies|methods|techniques|benefit|difference.*|where|when.*|why.*|how.*|what.*|at inference|at the (beginning|end)|over time|definition.*|symptoms?( of .*)?|introduction|overview|"
    r"concepts?|hyperparameters|models|best (when|for)|takeaways|notes?|tips?|criteria|trade-offs?|performance impact|selection criteria|implementation strategies|goal|computation|important rule|code example|"
    r"visual representation|mathematical (foundations?|operations?)|practical applications?|best practices|two (ways|networks).*|combines|standard.*|"
    r"fix for .*|better than .*|most popular.*|general|definitions?|terms|terminology|history|timeline|pitfalls|common mistakes|exercise.*|question.*)",
    re.IGNORECASE,
)
_SEQUENCE = re.compile(
    r"\bsteps?\b|\bprocess\b|procedure|algorithm|pipeline|workflow|in order|recipe|how .*(work|train|does)|propagation|iteration|cycle",
    re.IGNORECASE,
)
_NO_SEQUENCE = re.compile(
    r"challenge|type|component|application|practice|strateg|loss function|variant|approach|technique|key difference|reason|option|tips|algorithms",
    re.IGNORECASE,
)
_SPLIT = re.compile(
    r"^(?P<mark>\*\*|__)?(?P<term>[^:*]{1,70}?)(?P<colon>:)?(?(mark)(\*\*|__))\s*(?(colon)|(:|–|—|\s-\s))\s*(?P<text>\S.*)$",
    re.DOTALL,
)
_YEAR = re.compile(r"(1[89]\d\d|20\d\d)")
_ARROW = re.compile(r"\s*(?:→|⇒|->|=>)\s*")
_EXPANSION = re.compile(r"(?P<first>[A-Za-z][\w/&-]*(?: [\w/&'-]+){0,6}) \((?P<second>[A-Za-z][\w/&'’ -]{1,70})\)")
_FORMULA = re.compile(r"^\W{0,2}[\w σθŷᵢ'(),|;*/-]{1,28}?\s*(?<![<>!])=(?![=>])\s*\S")


def extract(document: Document) -> list[Fact]:
    """All facts of ``document``, in its order; every quote is found again at its lines."""
    entries = outline(document)
    repeated = _repeated_terms(entries)
    found: dict[str, Fact] = {}
    order: Counter[str] = Counter()
    for entry in entries:
        for kind, subject, relation, value in _read(entry, repeated):
            plain = _tidy(value, keep_code=kind in (facts.FORMULA, facts.CALL))
            if not plain or not subject or len(plain) > 600:
                continue
            group = f"{entry.group or '/'.join(entry.section)}|{kind}|{relation if kind in (facts.ATTRIBUTE, facts.CELL) else ''}"
            order[group] += 1
            names = _places(kind, subject, relation, entry)
            topic = find_topic(*names) or _heading(entry) or document.name
            place = Source(document.name, entry.first, entry.last, document.quote(entry.first, entry.last)[:400])
            fact = Fact(
                kind,
                subject,
                relation,
                plain,
                topic.casefold() if topic else "",
                group,
                entry.number or order[group],
                (*entry.section, entry.label) if kind == facts.CELL and entry.label else entry.section,
                place,
            )
            found.setdefault(f"{fact.id}{group}", fact)
    return list(found.values())


def _places(kind: str, subject: str, relation: str, entry: Entry) -> list[str]:
    """Where to look up the topic of a fact, the nearest first."""
    above = [entry.label, *reversed(entry.section)]
    if kind == facts.EVENT:
        return above
    # The relation of a definition is the heading of a whole part; that of others is what is said.
    return [subject, *above, relation] if kind == facts.DEFINITION else [subject, relation, *above]


def _read(entry: Entry, repeated: frozenset[str]) -> Iterator[tuple[str, str, str, str]]:
    """The facts in one entry as (kind, subject, relation, value)."""
    if entry.kind == ROW:
        yield from _row(entry)
        return
    if entry.kind == FENCE:
        yield from _fence(entry)
        return
    text = entry.text
    yield from _expansions(text)
    if entry.kind == HEADING:
        if dated := re.fullmatch(r"(?P<what>.+?)\s*\((?P<year>1[89]\d\d|20\d\d)\)", text):
            yield facts.EVENT, dated["year"], "year", dated["what"]
        return
    if entry.number and entry.kind == ITEM and _is_sequence(entry):
        yield (
            facts.STEP,
            _subject(entry) or _heading(entry),
            entry.label or "steps",
            _first_sentence(without_code_tail(text)),
        )
        return
    first, *others = text.split("\n")
    if (
        label_of(first) and entry.kind == ITEM
    ):  # "**Use:**" with its text on the next line, or a heading of a nested list
        if others and _ABOUT.fullmatch(label_of(first)):
            yield from _about(entry, label_of(first), " ".join(others), repeated)
        return
    split = _SPLIT.match(text)
    arrows = _ARROW.split(text)
    bold = split is not None and bool(split["mark"])
    if len(arrows) in (2, 3) and not bold and entry.kind == ITEM and len(text) < 160 and all(a.strip() for a in arrows):
        yield facts.PAIRING, _tidy(arrows[0]), entry.label or _heading(entry), " → ".join(_tidy(a) for a in arrows[1:])
        return
    if split and _is_term(split) and (bold or (entry.kind == ITEM and "→" not in split["term"])):
        yield from _about(entry, _tidy(split["term"]), split["text"], repeated)
        return
    if entry.kind == PARAGRAPH:
        yield from _sentence(entry)
    elif entry.kind == ITEM:
        yield from _member(entry)


def _is_sequence(entry: Entry) -> bool:
    """Whether the numbers of a list mean an order: its label, or else its heading, names a process."""
    name = entry.label or _heading(entry)
    return bool(_SEQUENCE.search(name)) and not _NO_SEQUENCE.search(name)


def _is_term(split: re.Match[str]) -> bool:
    term = split["term"].strip()
    return (
        len(term.split()) <= 7
        and not term.endswith((",", ";"))
        and not re.match(r"(if|when|for example|example|e\.g|note|now|then)\b", term, re.IGNORECASE)
    )


def _about(entry: Entry, term: str, text: str, repeated: frozenset[str]) -> Iterator[tuple[str, str, str, str]]:
    """``Term: text``: an attribute of the thing above, an event, a formula or a definition."""
    if _YEAR.fullmatch(term):
        yield facts.EVENT, term, "event", text
        return
    if _YEAR.match(term):
        return
    if not find_term(term) and (_ABOUT.fullmatch(term) or normal(term) in repeated):
        subject = _subject(entry)
        if subject and subject != term and not re.match(r"example", term, re.IGNORECASE):
            kind = (
                facts.FORMULA
                if _FORMULA.search(text) and re.match(r"formula|equation", term, re.IGNORECASE)
                else facts.ATTRIBUTE
            )
            yield kind, subject, term.casefold(), text if kind == facts.FORMULA else _first_sentence(text)
        return
    if "→" in text and entry.kind == ITEM:
        return
    name = _name(term)
    if _FORMULA.search(text) and len(re.findall(r"[A-Za-z]{4,}", text)) <= 6:
        yield facts.FORMULA, name, "formula", text
    elif text.rstrip().endswith(":"):
        return  # it introduces a list
    else:
        yield facts.DEFINITION, name, _subject(entry, inside=False), _first_sentence(text)


def _sentence(entry: Entry) -> Iterator[tuple[str, str, str, str]]:
    """ "An epoch is one complete pass …": a definition, when the sentence begins with the thing it stands under."""
    heading = _heading(entry)
    sentence = _first_sentence(entry.text)
    names = {
        normal(heading),
        normal(without_brackets(heading)),
        *(normal(b) for b in re.findall(r"\(([^()]+)\)", heading)),
    } - {""}
    match = re.match(
        r"(?:(?:An?|The)\s+)?(?P<term>[A-Z\w][\w\s/'-]{1,60}?)(?:\s*\([^)]*\))?\s+(?P<verb>is|are|refers? to|means?|measures?|controls?|defines?|consists? of|determines?|allows?|computes?|converts?|adds?|leverages?|happens when|occurs when|updates?|helps?|introduces?)\s+(?P<text>.{12,})",
        sentence,
    )
    if match:
        term = find_term(match["term"])
        if normal(match["term"]) in names or (term and any(find_term(h) == term for h in entry.section[-2:])):
            verb = (
                "" if match["verb"] in ("is", "are", "refers to", "refer to", "means", "mean") else match["verb"] + " "
            )
            yield facts.DEFINITION, _name(match["term"]), "", verb + match["text"]
    elif (
        find_term(heading)
        and 5 <= len(sentence.split()) <= 22
        and not re.match(
            r"(the|this|these|in|it|they|we|to|unlike|when|if|imagine|consider|for|after|instead|every|each|similar|now|then|here|there)\b|\\W",
            sentence,
            re.IGNORECASE,
        )
    ):
        if entry.label == "" and not entry.group:
            yield facts.DEFINITION, _name(heading), "", sentence


def _member(entry: Entry) -> Iterator[tuple[str, str, str, str]]:
    """A plain item: a member of a labelled set, or a statement about the thing that the heading names."""
    subject = _subject(entry)
    label = entry.label or (_heading(entry) if _ABOUT.fullmatch(_heading(entry)) else "")
    if label and normal(label) != normal(subject):
        term = find_term(label)
        if term and not entry.parents:
            yield facts.STATEMENT, _name(label), "", _first_sentence(entry.text)
        else:
            yield facts.MEMBER, subject, label.casefold(), entry.text
    elif subject:
        yield facts.STATEMENT, subject, "", _first_sentence(entry.text)


def _row(entry: Entry) -> Iterator[tuple[str, str, str, str]]:
    (_, row), *others = entry.cells
    for column, cell in others:
        if row and cell and cell not in ("-", "–", "—"):
            yield facts.CELL, _tidy(row), _tidy(column), cell


def _fence(entry: Entry) -> Iterator[tuple[str, str, str, str]]:
    if entry.info in ("python", "py", "jax"):
        yield facts.CALL, _subject(entry) or _heading(entry), entry.label, entry.text.strip("\n")
        return
    rows = [row.strip() for row in entry.text.strip().split("\n") if row.strip()]
    subject = _subject(entry)
    for row in rows if len(rows) <= 4 else []:
        if _FORMULA.search(row) and len(row) < 120 and subject and "↓" not in row:
            name = re.match(r"\s*([\w σ]+)\(", row)
            known = find_term(name[1]) if name else None
            yield (
                facts.FORMULA,
                known.name if known else subject,
                "formula" if len(rows) == 1 else row.split("=")[0].strip(),
                row,
            )


def _expansions(text: str) -> Iterator[tuple[str, str, str, str]]:
    """``SGD (Stochastic Gradient Descent)`` and ``Rectified Linear Unit (ReLU)``."""
    for match in _EXPANSION.finditer(re.sub(r"[*_`]", "", text)):
        for short, long in ((match["first"].split()[-1], match["second"]), (match["second"], match["first"])):
            if " " not in short and sum(c.isupper() for c in short) >= 2 and len(long.split()) >= 2:
                if fitted := _fits(short, long):
                    yield (
                        facts.EXPANSION,
                        short.removesuffix("s") if short.endswith("s") and short[:-1].isupper() else short,
                        "stands for",
                        fitted,
                    )


def _fits(short: str, long: str) -> str:
    """The end of ``long`` whose initials make ``short``, or ""."""
    letters = "".join(c for c in short.removesuffix("s") if c.isalnum()).casefold()
    words = long.split()
    for start in range(len(words)):
        part = words[start:]
        if part[0][:1].casefold() != letters[:1] or len(part) > len(letters) + 2:
            continue
        rest = iter("".join(part).casefold())
        initials = "".join(w[0] for piece in part for w in re.split(r"[-/]", piece) if w).casefold()
        if (
            letters == initials or (len(part) >= 2 and letters[0] == initials[0] and all(c in rest for c in letters))
        ) and sum(c in initials for c in letters) >= 2:
            tail = " ".join(part)
            return tail if not long.isupper() else tail.capitalize()
    return ""


def _subject(entry: Entry, inside: bool = True) -> str:
    """The thing that an entry is about: the nearest item, label or heading above it that names a thing."""
    above = [*(p.split("\n")[0] for p in reversed(entry.parents))] if inside else []
    for one in above:
        name = _tidy(_SPLIT.sub(lambda m: m["term"], one))
        if not _ABOUT.fullmatch(name.rstrip(":?")) and len(name.split()) <= 7:
            return _name(name)
    if inside and entry.label and find_term(entry.label):
        return _name(entry.label)
    for heading in reversed(entry.section):
        if not _ABOUT.fullmatch(heading.rstrip("?")):
            return _name(heading)
    return ""


def _heading(entry: Entry) -> str:
    return entry.section[-1] if entry.section else ""


def _name(text: str) -> str:
    """A term as the course writes it: the lexicon's name, or the words without brackets and article."""
    term = find_term(text)
    if term:
        return term.name
    plain = re.sub(r"^(the|an?) ", "", without_brackets(_tidy(text)), flags=re.IGNORECASE)
    first = plain.split(": ")[0].strip(" :–—-")
    term = find_term(first)
    return term.name if term else first


def _repeated_terms(entries: Iterable[Entry]) -> frozenset[str]:
    """Terms of ``Term: text`` that stand under several headings: they are attributes ("Range", "Year")."""
    seen: dict[str, set[tuple[str, ...]]] = {}
    for entry in entries:
        split = _SPLIT.match(entry.text) if entry.kind in (ITEM, PARAGRAPH) else None
        if split:
            seen.setdefault(normal(split["term"]), set()).add(entry.section)
    return frozenset(term for term, places in seen.items() if len(places) > 1)


def _first_sentence(text: str) -> str:
    plain = " ".join(text.split())
    match = re.match(r"(.{15,}?[^.\s][a-z0-9)\"”])\.(\s+[A-Z].*)?$", plain)
    return match[1] if match else plain


def without_code_tail(text: str) -> str:
    """A step without the formula that follows it on lines of its own."""
    return re.split(r"\n|:\s*(?=\\\[|`|\\\()", text)[0].rstrip(": ")


def _tidy(text: str, keep_code: bool = False) -> str:
    """Text without emphasis marks, links, emoji, outer spaces and a final full stop."""
    plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    plain = re.sub(r"\*\*|__|~~", "", plain)
    plain = re.sub(r"(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)", "", plain) if not keep_code else plain
    plain = re.sub(r"<[a-zA-Z/!][^>]*>", "", plain)
    plain = re.sub("[\U0001f000-\U0001faff\u2600-\u27bf\u2b50\ufe0f]", "", plain)
    if keep_code:
        return plain.strip("\n").strip().strip("`")
    plain = " ".join(plain.split()).strip()
    return plain[:-1].strip() if plain.endswith((".", ";")) and not plain.endswith(("etc.", "...")) else plain
