"""Flaws of the set of options: catch-alls, true or false, combinations, order, plausibility, more than one right."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import combinations

from question_bank.item import CODE, MULTIPLE, SINGLE, Item
from question_bank.lint.finding import REMARK, SEVERE, Finding, report
from question_bank.lint.text import (
    FORMULA,
    NUMBER,
    WORDS,
    amount,
    content,
    form,
    has_code,
    is_choice,
    plain,
    prose,
    shown,
    words,
)

_THESE = (
    r"(?:the )?(?:above|below|these|those|them|(?:other |given |listed )?(?:options|answers|choices|statements|others))"
)
_NONE = re.compile(
    rf"(?:none|neither) of {_THESE}.*|(?:there is )?no (?:correct|right) (?:answer|option)|none (?:is"
    rf"|are) (?:correct|right|true)"
)
_ALL = re.compile(
    rf"(?:all|both|any) (?:of )?{_THESE}.*|all (?:are|is) (?:correct|right|true)|(?:all|every) (?:answers?"
    rf"|options?) (?:are|is) .*"
)


def catch_all(item: Item) -> Iterator[Finding]:
    """Report "none of the above" and "all of the above"."""
    for i, option in enumerate(item.options, 1):
        text = plain(prose(option.text)).rstrip("!")
        if _NONE.fullmatch(text):
            advice = "Replace it with a mistake that students make, or leave it out: three options are enough."
            yield report(item, "none-of-the-above", f"“{shown(option.text)}” is an option.", advice, f"option {i}")
        elif _ALL.fullmatch(text):
            advice = "Make the item select-all, or ask for one thing that only one option has."
            yield report(item, "all-of-the-above", f"“{shown(option.text)}” is an option.", advice, f"option {i}")


_VERDICTS = ({"true", "false"}, {"yes", "no"}, {"correct", "incorrect"}, {"right", "wrong"}, {"t", "f"})
_TRUE_OR_FALSE = re.compile(r"^\s*(?:true or false|yes or no|right or wrong)\b", re.IGNORECASE)
_WHICH_IS_TRUE = re.compile(
    r"\bwhich (?:one )?(?:of (?:the following|these) )?statements?\b[^.?]*\b(?:true|correct|right|holds?)\b",
    re.IGNORECASE,
)


def true_false(item: Item) -> Iterator[Finding]:
    """Report items whose options are verdicts; a remark for one that asks which of several statements is true."""
    if not is_choice(item) or has_code(item):  # what a comparison prints is not a verdict
        return
    texts = {plain(o.text) for o in item.options}
    if texts in _VERDICTS or _TRUE_OR_FALSE.search(prose(item.stem)):
        advice = "Ask for the thing that makes the statement true or false, with options that are common mistakes."
        yield report(item, "true-false", "The student only says whether a statement is true.", advice, "options")
    elif item.kind == SINGLE and _WHICH_IS_TRUE.search(prose(item.stem)) and content(item.stem):
        advice = "Ask the question that the true statement answers, or make the item select-all."
        message = "The options are statements to be judged true or false one by one."
        yield report(item, "true-false", message, advice, "options", REMARK)


_LABEL = r"\(?(?:[A-H]|I{1,3}|IV|VI{0,3})\)?"
_DIGIT = r"\(?[1-9]\)?"
_ROMAN = r"\(?(?:i{1,3}|iv|vi{0,3})\)?"


def _combination(label: str) -> re.Pattern[str]:
    joined = r"(?:\s*,\s*(?:and |or )?|\s+and\s+|\s+or\s+|\s*&\s*|\s*\+\s*)"
    return re.compile(
        rf"(?:[Bb]oth |[Oo]nly |[Nn]either |[Ee]ither |[Oo]ptions? "
        rf"|[Ss]tatements? )*{label}(?:{joined}{label})+(?: only)?(?: (?:are|is) \w+)?\.?"
        rf"|(?:[Oo]nly {label}|{label} only)\.?"
    )


_LETTERS, _DIGITS, _ROMANS = _combination(_LABEL), _combination(_DIGIT), _combination(_ROMAN)
# Statements numbered in the stem: a first and a second mark, so that "(3, 1) and (3, 2)" are none.
_LISTED = re.compile(
    r"(?:^|[^,]\s)\(?(?:1[.):]\s.*[^,]\s\(?2|i[.):]\s.*[^,]\s\(?ii|I[.):]\s.*[^,]\s\(?II|A[.):]\s.*[^,]\s\(?B)[.):]\s",
    re.DOTALL,
)


def k_type(item: Item) -> Iterator[Finding]:
    """Report options that are combinations of other options or of numbered statements."""
    if not is_choice(item):
        return
    stem = prose(item.stem)
    listed = bool(_LISTED.search(stem))
    for i, option in enumerate(item.options, 1):
        text = option.text.strip()
        letters = set(re.findall(r"\b[A-H]\b", text))
        # "A and B" may be two matrices of which the stem speaks, and "1 and 2" two numbers that are asked for.
        named = letters and all(re.search(rf"(?<!\w){c}(?![\w.):])", item.stem) for c in letters) and not listed
        if (_LETTERS.fullmatch(text) and not named) or (
            listed and (_DIGITS.fullmatch(text) or _ROMANS.fullmatch(text))
        ):
            advice = "Make the item select-all, with the parts as options."
            yield report(
                item, "k-type", f"“{shown(text)}” combines other options or statements.", advice, f"option {i}"
            )
            return


def lost_sequence(item: Item) -> Iterator[Finding]:
    """Report numeric options that neither rise nor fall."""
    if not is_choice(item) or len(item.options) < 3:
        return
    amounts = [amount(o.text) for o in item.options]
    known = [a for a in amounts if a is not None]
    # Different units ("90 ms", "2 s") have no order that the eye sees; "1 layer" and "2 layers" do.
    if len(known) < len(amounts) or len({unit.rstrip("s") for _, unit in known}) > 1:
        return
    values = [value for value, _ in known]
    if values not in (sorted(values), sorted(values, reverse=True)):
        advice = "Put them in order; the student should look for the answer, not for its place."
        row = ", ".join(shown(o.text, 15) for o in item.options)
        yield report(item, "lost-sequence", f"The numbers are out of order: {row}.", advice, "options")


_GIVING_UP = re.compile(
    r"(?:i )?(?:do not|don['’]t) know|no idea|not sure|who cares|whatever|nobody knows|not applicable|n/?a|asdf\w*"
    r"|qwerty|lorem ipsum.*|bla+h?(?: bla+h?)*"
    r"|magic|by magic|it is magic|because (?:i|we|the (?:teacher|lecturer|professor)) (?:say|said|says) so"
    r"|option [a-e\d]|answer [a-e\d]|wrong answer|(?:some )?distractor(?: \d)?"
)
# What may stand among numbers without being one.
_LIKE_A_NUMBER = re.compile(
    r"\b(?:undefined|infinit\w*|infinitely|nan|zero|one|two|three|four|five|six|seven|eight|nine|ten|none|no|not"
    r"|error|nothing|depends|unknown"
    r"|cannot|unchanged|same|as many|any|never|all|half|twice|double|unlimited|before|after|in the)\b"
)
_ASKS_NUMBER = re.compile(r"\b(?:how many|how much|in (?:which|what) year|what number|which number)\b", re.IGNORECASE)


def implausible_distractors(item: Item) -> Iterator[Finding]:
    """Report wrong options that no student would choose, and items with a single wrong one."""
    if not is_choice(item):
        return
    for i, option in enumerate(item.options, 1):
        if not option.correct and _GIVING_UP.fullmatch(plain(prose(option.text)).rstrip("!?")):
            advice = "Replace it with a mistake that students make, or leave it out."
            message = f"“{shown(option.text)}” is no plausible answer."
            yield report(item, "implausible-distractors", message, advice, f"option {i}")
    forms = [form(o.text) for o in item.options]
    odd = [i for i, o in enumerate(item.options) if forms[i] == WORDS and not _LIKE_A_NUMBER.search(plain(o.text))]
    numbers = forms.count(NUMBER)
    keys = [i for i, o in enumerate(item.options) if o.correct]
    if len(odd) == 1 and odd[0] not in keys and numbers == len(forms) - 1 >= 2:
        advice = "Offer a number that a mistake leads to."
        message = f"“{shown(item.options[odd[0]].text)}” is the only option that is no number."
        yield report(item, "implausible-distractors", message, advice, f"option {odd[0] + 1}")
    if item.kind == SINGLE and len(item.options) == 2 and not list(true_false(item)):
        advice = "Add the next most common mistake, if there is one."
        message = "There is one wrong option; a guess is right half the time."
        yield report(item, "implausible-distractors", message, advice, "options", REMARK)


def only_number(item: Item) -> Iterator[Finding]:
    """Report a key that is the only number where a number is asked for."""
    if item.kind != SINGLE or len(item.options) < 3 or len(item.keys) != 1 or not _ASKS_NUMBER.search(prose(item.stem)):
        return
    wrong = [o.text for o in item.options if not o.correct]
    if form(item.keys[0]) == NUMBER and all(form(t) == WORDS and not _LIKE_A_NUMBER.search(plain(t)) for t in wrong):
        advice = "Offer numbers that mistakes lead to."
        yield report(item, "logical-cue", "The stem asks for a number, and only the key is one.", advice, "key")


def marked_keys(item: Item) -> Iterator[Finding]:
    """Report a choice without a key, or a single choice with several."""
    right = len(item.keys)
    if item.kind not in (SINGLE, MULTIPLE, CODE) or not item.options:
        return
    if not right:
        yield report(item, "wrong-key", "No option is marked as right.", "Mark the right one.", "options", SEVERE)
    elif right > 1 and item.kind != MULTIPLE:
        advice = "Mark one, or make the item select-all."
        message = f"{right} options are marked as right, and the student may choose one."
        yield report(item, "more-than-one-correct", message, advice, "options", SEVERE)


def same_meaning(a: str, b: str) -> str:
    """Why two options say the same, in words; empty when they do not, as far as form can tell."""
    if plain(a) == plain(b):
        return "are the same but for case, article or marks"
    first, second = amount(a), amount(b)
    if first and second and first[1] == second[1] and math.isclose(first[0], second[0], rel_tol=1e-9, abs_tol=1e-12):
        return "are the same number"
    if FORMULA in (form(a), form(b)) or NUMBER in (form(a), form(b)):
        return ""  # W + b and W - b have the same words
    if _is_initials(a, b) or _is_initials(b, a):
        return "are an abbreviation and what it stands for"
    left, right = words(plain(a)), words(plain(b))
    if left == right or ("".join(left) == "".join(right) and len("".join(left)) > 4):
        return "are the same but for spaces or hyphens"
    return ""


def _is_initials(short: str, long: str) -> bool:
    name, spelled = plain(short), words(plain(long))
    if not 2 <= len(name) <= 6 or not re.fullmatch(r"[A-Z][A-Za-z]*[A-Z]s?", short.strip().strip("*`.")):
        return False
    initials = ("".join(w[0] for w in spelled), "".join(w[0] for w in spelled if w not in ("of", "and", "the", "for")))
    return len(spelled) >= 2 and name.rstrip("s") in initials


def same_options(item: Item) -> Iterator[Finding]:
    """Report a wrong option that says what the key says, and two wrong ones that say the same."""
    if not is_choice(item):
        return
    for (i, a), (j, b) in combinations(enumerate(item.options, 1), 2):
        reason = same_meaning(a.text, b.text)
        if not reason:
            continue
        both = f"“{shown(a.text, 40)}” and “{shown(b.text, 40)}” {reason}"
        if a.correct != b.correct:
            wrong = j if a.correct else i
            advice = f"Replace option {wrong}: a student who chooses it is right."
            yield report(item, "more-than-one-correct", f"{both}.", advice, f"option {wrong}", SEVERE)
        elif not a.correct and item.kind != MULTIPLE:
            advice = f"Replace option {j} with another mistake."
            yield report(
                item,
                "logical-cue",
                f"{both}; both can be struck out, as only one option is right.",
                advice,
                f"option {j}",
            )


RULES = (catch_all, true_false, k_type, lost_sequence, implausible_distractors, only_number, marked_keys, same_options)
