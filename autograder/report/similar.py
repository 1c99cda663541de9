"""Submissions whose sources are alike once names, numbers, comments and layout are taken away.

RapidFuzz compares them: it is maintained, has no dependencies, and does thousands of pairs a second.  What is
alike is evidence, not a verdict: a short function has few shapes.
"""

from __future__ import annotations

import io
import keyword
import statistics
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autograder.report.text import count

ALIKE = 95  # percent; see the page for what is usual in the class
MOST = 1000  # submissions; every pair is compared, so twice the class takes four times as long
_MOST_TOKENS = 20_000
_LAYOUT = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENCODING, tokenize.ENDMARKER)
_SAME = {
    tokenize.NUMBER: "0", tokenize.STRING: '""', tokenize.INDENT: "{", tokenize.DEDENT: "}"
}  # fmt: skip


@dataclass(frozen=True)
class Likeness:
    """Submissions of which each is alike to another of the group; ``percent`` is of the most alike pair."""

    members: tuple[int, ...]
    percent: int


@dataclass(frozen=True)
class Similarity:
    groups: tuple[Likeness, ...]
    usual: int  # percent: what half of all pairs reach
    pairs: int

    @property
    def words(self) -> str:
        return f"{count(self.pairs, 'pair')} compared; half of them are at most {self.usual} % alike."


def similarity(sources: Sequence[Mapping[str, str]]) -> Similarity | None:
    """Compare every two sources; None where there are no two, or more than :data:`MOST`."""
    if len(sources) > MOST:
        return None
    texts = [normalised(s) for s in sources]
    known = [i for i, t in enumerate(texts) if t]
    if len(known) < 2:
        return None
    from rapidfuzz import process
    from rapidfuzz.distance import Indel

    shares: list[float] = []
    alike: list[tuple[int, int, int]] = []
    for n, i in enumerate(known[:-1]):
        others = known[n + 1 :]
        row = process.cdist([texts[i]], [texts[j] for j in others], scorer=Indel.normalized_similarity)[0]
        for j, value in zip(others, row, strict=True):
            share = 100 * float(value)
            shares.append(share)
            if share >= ALIKE:
                alike.append((i, j, int(share + 1e-6)))
    return Similarity(tuple(_groups(alike)), int(statistics.median_low(shares)), len(shares))


def normalised(sources: Mapping[str, str]) -> str:
    """One character per token: names that a student chose are one and the same, as are numbers and texts."""
    signs: list[str] = []
    for text in sources.values():
        signs += _tokens(text)
    return "".join(_character(s) for s in signs[:_MOST_TOKENS])


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    before = ""
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type in _LAYOUT:
                continue
            said = _SAME.get(token.type, token.string)
            # What follows a dot is the library's name and stays: jnp.exp is not jnp.sum.
            if token.type == tokenize.NAME and before != "." and not keyword.iskeyword(said):
                said = "x"
            found.append(said)
            before = said
    except (tokenize.TokenError, SyntaxError, ValueError):  # a broken file: what was read so far counts
        pass
    return found


def _character(token: str) -> str:
    """The same character for the same token, in every process; few tokens share one."""
    number = 0
    for byte in token[:64].encode("utf-8", "replace"):
        number = (number * 131 + byte) % 40_000
    return chr(0x100 + number)


def _groups(alike: Sequence[tuple[int, int, int]]) -> list[Likeness]:
    leader: dict[int, int] = {}

    def find(i: int) -> int:
        while leader.setdefault(i, i) != i:
            i = leader[i]
        return i

    for i, j, _ in alike:
        leader[find(j)] = find(i)
    members: dict[int, list[int]] = {}
    for i in sorted(leader):
        members.setdefault(find(i), []).append(i)
    best = {root: max(p for i, _, p in alike if find(i) == root) for root in members}
    return sorted(
        (Likeness(tuple(group), best[root]) for root, group in members.items()), key=lambda g: (-g.percent, g.members)
    )
