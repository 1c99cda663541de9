"""Aiken read into items: a question, options A, B, C … on lines of their own, and ANSWER: with one letter."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from question_bank.interchange.outcome import (
    LONGEST_TEXT,
    MAX_QUESTIONS,
    Imported,
    Problem,
    UnreadError,
    decode,
    draft,
    gather,
    sound,
)
from question_bank.interchange.text import from_plain
from question_bank.item import SINGLE, Item, Option

_OPTION = re.compile(r"([A-Z])[.)]\s+(\S.*)")
_ANSWER = re.compile(r"ANSWER\s*:\s*(.*)", re.IGNORECASE)


@dataclass
class _Question:
    line: int
    stem: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)

    def item(self, key: str) -> Item:
        if sum(len(text) for text in (*self.stem, *self.options.values())) > LONGEST_TEXT:
            raise UnreadError(f"expected a question of at most {LONGEST_TEXT:,} characters")
        if not self.stem:
            raise UnreadError("expected a question above its options")
        if len(self.options) < 2:
            raise UnreadError("expected two or more options, each on a line like: A. text")
        if key not in self.options:
            raise UnreadError(f"expected ANSWER: with one of {', '.join(self.options)}, not {key[:20]!r}")
        options = tuple(Option(from_plain(text), letter == key) for letter, text in self.options.items())
        return draft(SINGLE, from_plain(" ".join(self.stem)), options=options)


def read(data: bytes, topic: str = "") -> Imported:
    """The items of an Aiken file; it says nothing of topics, so all are filed under ``topic``."""
    try:
        lines = decode(data).split("\n")
    except UnreadError as why:
        return Imported(problems=(Problem(why.line, str(why)),))
    results: list[Item | Problem] = []
    question = None
    for number, line in enumerate(lines, 1):
        line = line.strip()
        if not line:
            continue
        if len(results) >= MAX_QUESTIONS:
            results.append(Problem(number, f"expected at most {MAX_QUESTIONS:,} questions in a file; split it"))
            return gather(results)
        question = question or _Question(number)
        answer, option = _ANSWER.fullmatch(line), _OPTION.fullmatch(line)
        if answer:
            results.append(_done(question, answer[1].strip().rstrip(".").upper(), topic, number))
            question = None
        elif option and question.stem and option[1] == chr(ord("A") + len(question.options)):
            question.options[option[1]] = option[2]
        elif question.options:
            letter = chr(ord("A") + len(question.options))
            results.append(Problem(number, f"expected '{letter}. …' or 'ANSWER: …', not {line[:60]!r}"))
            question = None if option else _Question(number, [line])
        else:
            question.stem.append(line)
    if question:
        results.append(Problem(question.line, "expected ANSWER: and a letter before the end of the file"))
    return gather(results)


def _done(question: _Question, key: str, topic: str, line: int) -> Item | Problem:
    try:
        return sound(question.item(key), topic)
    except UnreadError as why:
        return Problem(line if question.options else question.line, str(why))
