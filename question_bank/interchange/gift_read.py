"""GIFT read into items, by the rules of Moodle's own reader."""

from __future__ import annotations

import re
from dataclasses import dataclass

from question_bank.interchange.gift_source import Source, brace, raw, split
from question_bank.interchange.markup import read_auto, read_html
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
from question_bank.interchange.reading import check_weights, last_step, real, split_code, starless
from question_bank.interchange.text import canonical, from_plain, one_line
from question_bank.item import (
    CLOZE,
    CODE,
    MATCHING,
    MULTIPLE,
    NUMERIC,
    SHORT,
    SINGLE,
    Item,
    Number,
    Option,
    Pair,
    Slip,
)

_WEIGHT = re.compile(r"%(-?\d{1,3}(?:\.\d*)?)%")
_FORMAT = re.compile(r"\[(html|moodle|plain|markdown)\]")
_TRUE = {"T": True, "TRUE": True, "F": False, "FALSE": False}


def read(data: bytes, topic: str = "") -> Imported:
    """The items of a GIFT file.

    Args:
      topic: Files every item there, whatever category it is in.
    """
    results: list[Item | Problem] = []
    category = ""
    try:
        sources = list(split(decode(data)))
    except UnreadError as why:
        return Imported(problems=(Problem(why.line, str(why)),))
    if len(sources) > MAX_QUESTIONS:
        late = sources[MAX_QUESTIONS]
        results.append(Problem(late.line, f"expected at most {MAX_QUESTIONS:,} questions in a file; split it"))
    for source in sources[:MAX_QUESTIONS]:
        if source.text.startswith("$CATEGORY:"):
            category = last_step(raw(source.text.removeprefix("$CATEGORY:")))
            continue
        try:
            results.append(sound(_question(source), topic or category))
        except UnreadError as why:
            results.append(Problem(why.line or source.line, str(why)))
    return gather(results)


def _question(source: Source) -> Item:
    if len(source.text) > LONGEST_TEXT:
        raise UnreadError(f"expected a question of at most {LONGEST_TEXT:,} characters")
    text = source.text.strip()
    if text.startswith("::"):
        _name, separator, rest = text[2:].partition("::")
        text = rest.strip(" \t\n") if separator else text
    before, opened, rest = text.partition("{")
    answers, closed, after = rest.partition("}")
    if not opened or not closed:
        raise UnreadError("expected answers between { and } (write \\{ and \\} for braces in a text)")
    if "{" in answers or "{" in after:
        raise UnreadError("expected one block of answers; write \\{ for a brace in a text")
    answers, _, note = _last_note(answers)
    form = _FORMAT.match(before)
    stem_format = form[1] if form else "moodle"
    stem = before[form.end() :] if form else before
    reader = _Reader(stem, after, stem_format, _shown(note, stem_format), source.level)
    return reader.item(answers.strip(" \t\n"))


def _last_note(answers: str) -> tuple[str, str, str]:
    head, mark, note = answers.rpartition("####")
    return (head, mark, note) if mark else (answers, "", "")


def _shown(text: str, default: str) -> str:
    """Our text for a piece of GIFT, in the format it names or in the question's."""
    text = text.strip(" \t\n")
    named = _FORMAT.match(text)
    form = named[1] if named else default
    plain = raw(text[named.end() :] if named else text)
    if form == "markdown":
        return canonical(plain)
    if form == "plain":
        return from_plain(plain)
    return read_html(plain) if form == "html" else read_auto(plain)


@dataclass(frozen=True)
class _Reader:
    stem: str
    after: str
    format: str
    explanation: str
    level: str

    def item(self, answers: str) -> Item:
        if not answers:
            raise UnreadError("expected answers between { and }; an essay has none that could be marked")
        word, *notes = answers.split("#")
        if word.strip() in _TRUE:
            return self._true_false(_TRUE[word.strip()], notes)
        if answers.startswith("#"):
            return self._numeric(answers[1:])
        if "~" in answers:
            return self._choice(answers)
        if "=" in answers and "->" in answers:
            return self._matching(answers)
        return self._typed(answers)

    def _stem(self) -> tuple[str, str]:
        """The stem with a blank where answers stand inside it, and the Python under it."""
        stem = self.stem
        if self.after.strip(" \t\n"):
            stem = f"{stem}_____{self.after}"
        return self._split(stem)

    def _split(self, stem: str) -> tuple[str, str]:
        if self.format == "html":
            return split_code(raw(stem))
        return _shown(stem, self.format), ""

    def _draft(self, kind: str, **fields: object) -> Item:
        stem, code = self._stem()
        return draft(kind, stem, self.explanation, self.level, code=code, **fields)

    def _feedback(self, text: str) -> tuple[str, str]:
        answer, _, feedback = text.partition("#")
        return answer, _shown(feedback, self.format)

    def _true_false(self, truth: bool, notes: list[str]) -> Item:
        wrong, right = (_shown(note, self.format) for note in (*notes, "", "")[:2])
        options = tuple(Option(str(t), t == truth, right if t == truth else wrong) for t in (True, False))
        return self._draft(SINGLE, options=options)

    def _choice(self, answers: str) -> Item:
        options, weights = [], []
        for sign, part in _answers(answers):
            part = part.strip(" \t\n")
            weight, part = (100.0, part) if sign == "=" else (0.0, part)
            match = _WEIGHT.match(part)
            if match:
                weight, part = float(match[1]), part[match.end() :]
            text, feedback = self._feedback(part)
            options.append(Option(_shown(text, self.format), weight > 0, feedback))
            weights.append(weight)
        single = any(sign == "=" for sign, _ in _answers(answers))
        check_weights(single, weights)
        return self._draft(SINGLE if single else MULTIPLE, options=tuple(options))

    def _numeric(self, answers: str) -> Item:
        keys, slips = [], []
        for sign, part in _answers(answers if answers.lstrip().startswith(("=", "~")) else f"={answers}"):
            part = part.strip(" \t\n")
            if sign == "~":
                continue  # what Moodle says to every other number
            match = _WEIGHT.match(part)
            weight = float(match[1]) if match else 100.0
            value, feedback = self._feedback(part[match.end() :] if match else part)
            if 0 < weight < 99.99:
                raise UnreadError(f"expected answers worth 100 % or nothing, not {weight:g} %")
            if weight > 0:
                keys.append(_range(raw(value)))
            else:
                slips.append(Slip(_range(raw(value))[0], feedback))
        if len(keys) != 1:
            raise UnreadError(f"expected one number worth 100 %, not {len(keys)}")
        return self._draft(NUMERIC, number=Number(*keys[0], slips=tuple(slips)))

    def _matching(self, answers: str) -> Item:
        pairs, extra = [], []
        for _, part in _answers(answers):
            left, arrow, right = part.partition("->")
            if not arrow or not right.strip():
                raise UnreadError(f"expected = left side -> right side, not {one_line(raw(part))[:60]!r}")
            shown = _shown(left, self.format)
            if shown:
                pairs.append(Pair(shown, from_plain(raw(right))))
            else:
                extra.append(from_plain(raw(right)))
        stem = _shown(self.stem, self.format)
        others = tuple(one for one in dict.fromkeys(extra) if one not in {pair.right for pair in pairs})
        return draft(MATCHING, stem, self.explanation, self.level, pairs=tuple(pairs), extra=others)

    def _typed(self, answers: str) -> Item:
        accepted = []
        for _, part in _answers(answers if answers.startswith("=") else f"={answers}"):
            part = part.strip(" \t\n")
            match = _WEIGHT.match(part)
            weight = float(match[1]) if match else 100.0
            if 0 < weight < 99.99:
                raise UnreadError(f"expected answers worth 100 % or nothing, not {weight:g} %")
            text, _ = self._feedback(part[match.end() :] if match else part)
            if weight > 0:
                text = text.strip(" \t\n")
                accepted.append(starless(raw(_FORMAT.sub("", text, count=1) if text.startswith("[") else text)))
        forms = tuple(dict.fromkeys(accepted))
        if self.after.strip(" \t\n"):
            stem = _shown(f"{self.stem}{brace('{')}1{brace('}')}{self.after}", self.format)
            return draft(CLOZE, stem, self.explanation, self.level, gaps=(forms,))
        stem, code = self._stem()
        return draft(CODE if code else SHORT, stem, self.explanation, self.level, accepted=forms, code=code)


def _answers(block: str) -> list[tuple[str, str]]:
    """Each answer with the sign it starts with."""
    parts = re.split(r"([=~])", block)
    if parts[0].strip():
        raise UnreadError(f"expected = or ~ before every answer, not {one_line(raw(parts[0]))[:60]!r}")
    return [pair for pair in zip(parts[1::2], parts[2::2], strict=True) if pair != ("~", "") and pair[0]]


def _range(text: str) -> tuple[float, float]:
    """The value and the tolerance of 3, 3:0.5 or 2.5..3.5."""
    low, dots, high = text.partition("..")
    if dots:
        bottom, top = real(low), real(high)
        return (bottom + top) / 2, abs(top - bottom) / 2
    value, _, tolerance = text.partition(":")
    return real(value), real(tolerance or "0")
