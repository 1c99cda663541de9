"""Plain text in the style of text2qti read into items.

    1. Which one?                  a question; its text is CommonMark
    ... said after marking         explanation (after an option: what to say to who chose it)
    a) wrong      *b) right        one of several
    [ ] wrong     [*] right        all that apply
    * answer                       typed text, one line for each accepted form
    = 3.5 +- 0.1                   a number; also = 3.5 and = [3.4, 3.6] and = 3.5 +- 2%

Blocks of code that text2qti would run are never run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
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
from question_bank.interchange.reading import real
from question_bank.interchange.text import canonical, one_line
from question_bank.item import MULTIPLE, NUMERIC, SHORT, SINGLE, Item, Number, Option

# What a line starts with; the first that fits counts.
_STARTS = {
    "question": r"\d+\.\s+(?=\S)",
    "right": r"\*[a-zA-Z]\)\s+(?=\S)",
    "wrong": r"[a-zA-Z]\)\s+(?=\S)",
    "ticked": r"\[[*xX]\]\s+(?=\S)",
    "unticked": r"\[ ?\]\s+(?=\S)",
    "note": r"\.\.\.\s+(?=\S)",
    "well done": r"\+\s+(?=\S)",
    "not right": r"-\s+(?=\S)",
    "solution": r"!\s+(?=\S)",
    "form": r"\*\s+(?=\S)",
    "number": r"=\s+(?=\S)",
    "essay": r"___+\s*$",
    "upload": r"\^\^\^+\s*$",
    "run": r"```+\s*\{.*",
    "group": r"(GROUP|END_GROUP)\s*$",
    "setting": r"(?i:(quiz |text )?(title|description|points|pick|text|solutions pick|points per question"
    r"|shuffle answers|show correct answers|one question at a time|can't go back|feedback is solution"
    r"|solutions sample groups|solutions randomize groups)\s*:)",
}
_START = re.compile("|".join(f"(?P<{name.replace(' ', '_')}>{pattern})" for name, pattern in _STARTS.items()))
_IMAGE = re.compile(r"!\[[^\]\n]*\]\([^)\n]*\)")
_NUMBER = re.compile(
    r"(?P<value>\S+)(\s*\+-\s*(?P<reach>[^\s%]+)(?P<percent>%?))?|\[\s*(?P<low>[^,]+),\s*(?P<high>[^\]]+)\]"
)


@dataclass
class _Part:
    kind: str
    line: int
    lines: list[str]

    @property
    def text(self) -> str:
        return "\n".join(self.lines).strip()


@dataclass
class _Question:
    parts: list[_Part] = field(default_factory=list)


def read(data: bytes, topic: str = "") -> Imported:
    """The items of a plain text file; it says nothing of topics, so all are filed under ``topic``."""
    try:
        text = decode(data)
    except UnreadError as why:
        return Imported(problems=(Problem(why.line, str(why)),))
    results: list[Item | Problem] = []
    question: _Question | None = None
    for part in _parts(text):
        if len(results) >= MAX_QUESTIONS:
            results.append(Problem(part.line, f"expected at most {MAX_QUESTIONS:,} questions in a file; split it"))
            return gather(results)
        if part.kind in ("question", "setting", "group", "run"):
            results += _finish(question, topic)
            question = _Question([part]) if part.kind == "question" else None
            if part.kind == "run":
                results.append(Problem(part.line, "expected questions, not code that makes them: it is not run"))
        elif question:
            question.parts.append(part)
        else:
            results.append(Problem(part.line, f"expected a question like '1. text', not {part.text[:60]!r}"))
    results += _finish(question, topic)
    return gather(results)


def _parts(text: str) -> Iterator[_Part]:
    """Lines that belong together: one that starts something, and what follows indented, blank or without a start."""
    part: _Part | None = None
    hidden = ""
    for number, line in enumerate(text.split("\n"), 1):
        bare = line.strip()
        if hidden:  # a comment, or code that would be run
            hidden = (
                "" if (bare == "END_COMMENT" if hidden == "comment" else bool(re.fullmatch("```+", bare))) else hidden
            )
            continue
        if bare == "COMMENT" or line.startswith("%"):
            hidden = "comment" if bare == "COMMENT" else ""
            continue
        start = _START.match(line)
        if start:
            if part:
                yield part
            kind = str(start.lastgroup).replace("_", " ")
            part = _Part(kind, number, [line[start.end() :]])
            hidden = "code" if kind == "run" else ""
        elif part and part.kind not in ("group", "run"):
            indent = 4 if line.startswith("    ") else len(line) - len(line.lstrip(" "))
            part.lines.append(line[indent:])
        elif bare:
            yield _Part("stray", number, [line])
    if part:
        yield part


def _finish(question: _Question | None, topic: str) -> list[Item | Problem]:
    if question is None:
        return []
    line = question.parts[0].line
    try:
        return [sound(_item(question.parts), topic)]
    except UnreadError as why:
        return [Problem(why.line or line, str(why))]


def _item(parts: list[_Part]) -> Item:
    if sum(len(part.text) for part in parts) > LONGEST_TEXT:
        raise UnreadError(f"expected a question of at most {LONGEST_TEXT:,} characters")
    for part in parts:
        if _IMAGE.search(part.text):
            raise UnreadError("expected text only, but it holds an image", part.line)
        if part.kind in ("essay", "upload"):
            raise UnreadError(f"expected answers that can be marked, not an {part.kind}", part.line)
    answers = [p for p in parts if p.kind in ("right", "wrong", "ticked", "unticked", "form", "number")]
    kinds = {_KIND_OF[p.kind] for p in answers}
    if not answers:
        raise UnreadError("expected answers below the question: a) …, [ ] …, * … or = …")
    if len(kinds) > 1:
        raise UnreadError(f"expected answers of one kind, not {' and '.join(sorted(kinds))}", answers[-1].line)
    stem, kind = canonical(parts[0].text), kinds.pop()
    notes = {
        name: "\n\n".join(p.text for p in parts if p.kind == name) for name in ("well done", "not right", "solution")
    }
    feedback = _about_question(parts)
    if kind in (SINGLE, MULTIPLE):
        explanation = canonical("\n\n".join(filter(None, (feedback, notes["solution"]))))
        return draft(kind, stem, explanation, options=_options(parts, notes))
    explanation = canonical("\n\n".join(filter(None, (feedback, notes["well done"], notes["solution"]))))
    if kind == SHORT:
        return draft(SHORT, stem, explanation, accepted=tuple(dict.fromkeys(one_line(p.text) for p in answers)))
    if len(answers) > 1:
        raise UnreadError("expected one number", answers[1].line)
    return draft(NUMERIC, stem, explanation, number=_number(answers[0]))


_KIND_OF = {
    "right": SINGLE,
    "wrong": SINGLE,
    "ticked": MULTIPLE,
    "unticked": MULTIPLE,
    "form": SHORT,
    "number": NUMERIC,
}


def _about_question(parts: list[_Part]) -> str:
    """The notes that stand before the first answer."""
    notes = []
    for part in parts:
        if part.kind in _KIND_OF:
            break
        notes += [part.text] if part.kind == "note" else []
    return "\n\n".join(notes)


def _options(parts: list[_Part], notes: dict[str, str]) -> tuple[Option, ...]:
    options: list[Option] = []
    for part in parts:
        if part.kind in _KIND_OF:
            right = part.kind in ("right", "ticked")
            feedback = canonical(notes["well done" if right else "not right"])
            options.append(Option(canonical(part.text), right, feedback))
        elif part.kind == "note" and options:
            options[-1] = Option(options[-1].text, options[-1].correct, canonical(part.text))
    return tuple(options)


def _number(part: _Part) -> Number:
    match = _NUMBER.fullmatch(part.text)
    if not match:
        raise UnreadError(f"expected a number like 3.5, 3.5 +- 0.1 or [3, 4], not {part.text[:40]!r}", part.line)
    if match["low"]:
        low, high = real(match["low"], part.line), real(match["high"], part.line)
        if low > high:
            raise UnreadError(f"expected the smaller number first, not {part.text[:40]!r}", part.line)
        return Number((low + high) / 2, (high - low) / 2)
    value = real(match["value"], part.line)
    reach = real(match["reach"] or "0", part.line)
    return Number(value, abs(value) * reach / 100 if match["percent"] else reach)
