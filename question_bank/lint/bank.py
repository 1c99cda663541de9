"""Flaws of a bank: duplicates, keys that favour a position or a length, items that give others away, no provenance."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from question_bank.item import CLOZE, CODE, MULTIPLE, SHORT, SINGLE, Item
from question_bank.lint.finding import FLAW, REMARK, SEVERE, Finding, report
from question_bank.lint.text import (
    COMMON_ROOTS,
    WORDS,
    content,
    context,
    form,
    formulas,
    is_wordy,
    phrase_in,
    prose,
    shown,
    words,
)

# A rule about a whole bank runs on every build: one false alarm in a thousand is acceptable.
RARE = 0.001
NEAR = 0.9  # share of common words from which two items say the same
LONG_STEM = 20  # different words of stem and key from which one that differs may be mere wording
CONTEXT = 0.75  # share of an item's own words that another stem must print, besides its key, to give it away
OWN = 0.005  # a word in more stems than this is how the bank asks ("which term fits"), not what an item is about


def provenance(item: Item) -> Iterator[Finding]:
    """Report an item without its source, or a draw without its template."""
    if item.origin in ("fact", "model") and not item.sources:
        advice = "Name the document and the lines that support it."
        yield report(
            item, "provenance", f"It was made from a {item.origin}, but names no source.", advice, "sources", SEVERE
        )
    if item.origin == "template" and not item.group:
        advice = "Set its group to the template's id, so that one exam takes at most one of its forms."
        yield report(item, "provenance", "It was drawn from a template, but names no group.", advice, "group", SEVERE)


def duplicates(items: Sequence[Item]) -> Iterator[Finding]:
    """Report ids used twice, the same stem with the same key, and near duplicates by their words.

    Forms of one template or group may be alike: an exam takes at most one of them.
    """
    ids: set[str] = set()
    seen: dict[tuple[tuple[str, ...], ...], Item] = {}
    for item in items:
        if item.id in ids:
            yield report(
                item, "duplicate", "Its id belongs to another item.", "Give it an id of its own.", "id", SEVERE
            )
        ids.add(item.id)
        first = seen.setdefault(identity(item), item)
        if first is not item and not (first.kind != item.kind and _one_group(first, item)):
            message = f"It asks what {first.id} asks, and the key is the same."
            yield report(item, "duplicate", message, "Keep one of them.", "stem", SEVERE)
    yield from _near_duplicates(items)


def identity(item: Item) -> tuple[tuple[str, ...], ...]:
    """What makes two items the same one: stem, key and code, but for case and spaces."""
    # Marks of formulas and code matter: W + b is not W - b.
    stem = " ".join(item.stem.casefold().split()).rstrip(" .:?")
    return (stem,), tuple(sorted(" ".join(k.casefold().split()).rstrip(".") for k in _key(item))), (item.code.strip(),)


def _key(item: Item) -> tuple[str, ...]:
    if item.keys:
        return item.keys
    if item.number is not None:
        return (f"{item.number.value:.12g}", item.number.unit)
    pairs = tuple(f"{p.left} {p.right}" for p in item.pairs)
    return (*item.accepted[:1], *pairs, *(forms[0] for forms in item.gaps if forms), *item.steps)


def _one_group(a: Item, b: Item) -> bool:
    return bool(a.group) and a.group == b.group


def _kept_apart(a: Item, b: Item) -> bool:
    return _one_group(a, b) or not set(a.facts).isdisjoint(b.facts)


def _near_duplicates(items: Sequence[Item]) -> Iterator[Finding]:
    for item, first, difference in near_pairs(items):
        yield _near_duplicate(item, first, difference)


def near_pairs(items: Sequence[Item]) -> Iterator[tuple[Item, Item, frozenset[str]]]:
    """Items that say nearly what an earlier one says: the item, the earlier one, and the words in which they differ."""
    # A word of the stem is not the same word in the key: "term?" for a definition is not "definition?" for the term.
    bags = [frozenset([(0, w) for w in _signed(i.stem)] + [(1, w) for k in _key(i) for w in _signed(k)]) for i in items]
    frequency = Counter(w for bag in bags for w in bag)
    # Two bags that share 90 % of their words share one of the rarest tenth of either: only those are looked up.
    index: dict[tuple[int, str], list[int]] = defaultdict(list)
    for at, bag in enumerate(bags):
        rarest = sorted(bag, key=lambda w: (frequency[w], w))[: len(bag) - math.ceil(NEAR * len(bag)) + 1]
        for other in sorted({o for w in rarest for o in index[w]}):
            a, b = items[other], items[at]
            if len(bag & bags[other]) < NEAR * len(bag | bags[other]) or _one_group(a, b) or identity(a) == identity(b):
                continue
            difference = frozenset(w for _, w in bag ^ bags[other])
            # In a short stem one word of matter is a tenth: "range of the sigmoid" is not "range of the hard sigmoid".
            if _formulas(a) != _formulas(b) or (len(bag) < LONG_STEM and content(" ".join(difference))):
                continue
            yield b, a, difference
            break
        for w in rarest:
            index[w].append(at)


def _signed(text: str) -> list[str]:
    """Words and numbers, where -1 is not 1."""
    return re.findall(r"(?<!\w)[-−]\d+(?:[.,]\d+)*|\d+(?:[.,]\d+)*|[^\W\d_]+", text.casefold())


def _formulas(item: Item) -> tuple[str, ...]:
    """Code and formulas of the stem and the key, without spaces: there one letter makes all the difference."""
    pieces = [f for text in (item.stem, *_key(item)) for f in formulas(text)]
    return tuple("".join(piece.split()) for piece in (*pieces, item.code))


def _near_duplicate(item: Item, first: Item, difference: frozenset[str]) -> Finding:
    if difference and all(w[0].isdigit() or w[0] in "-−" for w in difference):
        advice = "Give both the same group, so that one exam takes at most one of them."
        message = f"It is {first.id} with other numbers."
        return report(item, "near-duplicate", message, advice, "stem", REMARK)
    advice = "Keep one of them, or make them ask different things."
    apart = f" (differing in: {shown(', '.join(sorted(difference)))})" if difference else ""
    return report(item, "near-duplicate", f"It is nearly the same as {first.id}{apart}.", advice)


def _about_bank(flaw: str, severity: str, message: str, advice: str) -> Finding:
    return Finding(flaw, severity, "", message, advice, "bank")


def key_balance(items: Sequence[Item]) -> Iterator[Finding]:
    """Report positions that hold the key too often, too seldom or never, for each number of options.

    References:
      Pearson, "On the criterion that a given system of deviations …", Philosophical Magazine 50, 1900.
    """
    places: dict[int, Counter[int]] = defaultdict(Counter)
    for item in items:
        if item.kind == SINGLE and len(item.keys) == 1 and len(item.options) > 1:
            places[len(item.options)][[o.correct for o in item.options].index(True)] += 1
    for count, counter in sorted(places.items()):
        total = sum(counter.values())
        row = ", ".join(str(counter[i]) for i in range(count))
        counted = f"{total} items with {count} options, the key's place: {row}"
        never = [i + 1 for i in range(count) if not counter[i]]
        # Any of the places stays empty by chance with at most this probability.
        if never and count * (1 - 1 / count) ** total < RARE:
            advice = "Shuffle the options (numbers: choose wrong values on both sides of the key)."
            yield _about_bank("key-position", SEVERE, f"Option {never[0]} is never right: {counted}.", advice)
        elif total >= 5 * count:  # below five expected in a place the chi-square distribution is a poor guide
            expected = total / count
            chance = chi_square_tail(sum((counter[i] - expected) ** 2 / expected for i in range(count)), count - 1)
            if chance < RARE:
                advice = "Shuffle the options of the items whose key stands in the favoured place."
                yield _about_bank("key-balance", FLAW, f"{counted}; chance {chance:.1g}.", advice)


def chi_square_tail(value: float, freedom: int) -> float:
    """Return the probability that a chi-square variable with ``freedom`` degrees of freedom exceeds ``value``.

    References:
      Abramowitz & Stegun, *Handbook of Mathematical Functions*, 1964, 26.4.4 and 26.4.5.
    """
    half = value / 2
    tail, k = (math.erfc(math.sqrt(half)), 1) if freedom % 2 else (math.exp(-half), 2)
    while k < freedom:
        tail += math.exp((k / 2) * math.log(half) - half - math.lgamma(k / 2 + 1)) if half > 0 else 0.0
        k += 2
    return tail


def length_balance(items: Sequence[Item]) -> Iterator[Finding]:
    """Report that the key is the longest, or the shortest, of the options more often than chance."""
    wordy = [i for i in items if i.kind == SINGLE and len(i.keys) == 1 and is_wordy(i)]
    for name, pick in (("longest", max), ("shortest", min)):
        hits, expected, variance, counted = 0, 0.0, 0.0, 0
        for item in wordy:
            lengths = [len(prose(o.text)) for o in item.options]
            if lengths.count(pick(lengths)) != 1:
                continue
            chance = 1 / len(lengths)
            counted, expected, variance = counted + 1, expected + chance, variance + chance * (1 - chance)
            hits += item.options[lengths.index(pick(lengths))].correct
        # 3.09 standard errors: one in a thousand on one side; twenty items make the normal distribution do.
        if counted >= 20 and hits - expected > 3.09 * math.sqrt(variance):
            message = f"The {name} option is the key in {hits} of {counted} items; chance would give {expected:.0f}."
            advice = "Bring keys and wrong options to like length, beginning with the items in which they differ most."
            yield _about_bank("length-balance", FLAW, message, advice)


def give_aways(items: Sequence[Item]) -> Iterator[Finding]:
    """Report stems that print the key of another item along with its question, and items that rest on one fact.

    Items of one group or on one fact are never in one exam, so what they print of each other does no harm; the shared
    fact is a remark for people who assemble an exam by hand.
    """
    for telling, given_away, phrase in telling_pairs(items):
        advice = "Reword the stem without that phrase, or give both items one group."
        message = f"The stem prints “{' '.join(phrase)}”, the key of {given_away.id}, along with what that item asks."
        yield report(telling, "give-away", message, advice)
    yield from _shared_facts(items)


def telling_pairs(items: Sequence[Item]) -> Iterator[tuple[Item, Item, tuple[str, ...]]]:
    """Items whose stem gives another one away: the one that tells, the one that is told, and the words of its key."""
    stems = [words(prose(i.stem)) for i in items]
    matter = [context(i.stem) - COMMON_ROOTS for i in items]
    stems_with = Counter(w for several in matter for w in several)
    own = [frozenset(w for w in several if stems_with[w] <= max(5, OWN * len(items))) for several in matter]
    index: dict[str, set[int]] = defaultdict(set)
    for at, stem in enumerate(stems):
        for w in set(stem):
            index[w].add(at)
    for at, item in enumerate(items):
        # A stem of one word of matter ("What is dropout?") would be met by chance.
        if len(own[at]) < 2:
            continue
        numbers = {w for w in matter[at] if w[0].isdigit()}  # what a question with numbers turns on
        for phrase in _telling_keys(item):
            if phrase_in(phrase, stems[at]):
                continue
            hits = set.intersection(*(index[w] for w in sorted(set(phrase), key=lambda w: (len(index[w]), w))))
            for other in sorted(hits - {at}):
                if _kept_apart(item, items[other]) or len(own[at] & matter[other]) < CONTEXT * len(own[at]):
                    continue
                if numbers <= matter[other] and phrase_in(phrase, stems[other]):
                    yield items[other], item, phrase


def _telling_keys(item: Item) -> set[tuple[str, ...]]:
    if item.kind in (SINGLE, CODE, MULTIPLE):
        texts: tuple[str, ...] = item.keys if item.kind == SINGLE else ()
    else:
        texts = item.accepted[:1] if item.kind == SHORT else tuple(f[0] for f in item.gaps if f and item.kind == CLOZE)
    return {words(prose(t)) for t in texts if form(t) == WORDS and content(t) - COMMON_ROOTS}


def _shared_facts(items: Sequence[Item]) -> Iterator[Finding]:
    resting: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        for fact in dict.fromkeys(item.facts):
            resting[fact].append(item)
    for fact, several in resting.items():
        first, rest = several[0], [i for i in several[1:] if not _one_group(i, several[0])]
        if rest:
            names = ", ".join(i.id for i in rest[:3]) + (f" and {len(rest) - 3} more" if len(rest) > 3 else "")
            message = f"It rests on the fact {fact}, as do {names}."
            advice = "Keep them apart: one exam takes at most one of them."
            yield report(first, "give-away", message, advice, "facts", REMARK)


RULES = (duplicates, key_balance, length_balance, give_aways)
