"""Correct a wrong key: accept another answer, give everyone full points, or drop the item.

Decisions are appended to a file and never changed; responses are never touched.  Marks are computed from form,
responses and decisions each time, so a decision re-marks everyone, and withdrawing one is a decision too.  An
additional accepted answer never costs points: each response is marked by the key that is best for it.
"""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from autograder.exam.form import Form
from autograder.exam.forms import REKEYS, build
from autograder.exam.toml_fields import ExamError
from question_bank.item import CLOZE, CODE, MULTIPLE, NUMERIC, SHORT, SINGLE, Item, Option, replace
from question_bank.marking import read_number, same_text

ACCEPT, CREDIT, DROP, WITHDRAW = ACTIONS = ("accept", "credit", "drop", "withdraw")
LONGEST = 2_000
MAX_BYTES = 20_000_000


@dataclass(frozen=True)
class Rekey:
    """A decision about the key of an item.

    Attributes:
      item: Id of the item, or name of a template for all of its draws.
      action: "accept" (``option`` is also right), "credit" (full points for everyone who has the item), "drop" (the
        item does not count), or "withdraw" (earlier decisions about the item no longer apply).
      by: The person who decided.
      reason: The reason, which students read.
      at: Time in UTC, ISO 8601.
      option: Text of the option, or the typed answer; for a gap "{2} words".
    """

    item: str
    action: str
    by: str
    reason: str
    at: str
    option: str = ""


def make_rekey(
    forms: Iterable[Form], item: str, action: str, by: str, reason: str, now: datetime.datetime, option: str = ""
) -> Rekey:
    """Make a decision and check it against the forms.  Raises ExamError."""
    for name, text in (("--by", by), ("--reason", reason)):
        if not text.strip() or len(text) > LONGEST:
            raise ExamError(f"{name}: expected a text of 1 to {LONGEST} characters")
    if action not in ACTIONS:
        raise ExamError(f"action: expected one of {', '.join(ACTIONS)}, not {action!r}")
    decision = Rekey(item, action, by.strip(), reason.strip(), now.astimezone(datetime.UTC).isoformat(), option)
    items = [placed.item for form in forms for placed in form.placed if concerns(decision, placed.item)]
    if not items:
        raise ExamError(f"no form of the exam contains an item {item!r}")
    if action == ACCEPT:
        if any(other.id != item for other in items):
            raise ExamError(f"{item} is a template: name one of its draws, such as {items[0].id}, or use --all-credit")
        variants(items[0], option)
    return decision


def concerns(decision: Rekey, item: Item) -> bool:
    """Whether a decision applies to an item, by its id or by its template."""
    return decision.item != "" and decision.item in (item.id, item.group)


def in_force(decisions: Sequence[Rekey], item: Item) -> list[Rekey]:
    """The decisions about ``item`` that were not withdrawn."""
    valid: list[Rekey] = []
    for decision in decisions:
        if concerns(decision, item):
            valid = [] if decision.action == WITHDRAW else [*valid, decision]
    return valid


def variants(item: Item, option: str) -> list[Item]:
    """Variants of ``item`` in which ``option`` is right, alone or in addition.  Raises ExamError."""
    if item.kind in (SINGLE, MULTIPLE) or (item.kind == CODE and item.options):
        return _choice(item, option)
    if item.kind in (SHORT, CODE) and option.strip():
        return [replace(item, accepted=(*item.accepted, option))]
    if item.kind == NUMERIC and item.number is not None:
        value = read_number(option)
        if value is None:
            raise ExamError(f"--accept: {item.id} asks for a number, not {option[:60]!r}")
        return [
            replace(
                item,
                number=type(item.number)(
                    value, item.number.tolerance, item.number.unit, (), item.number.relative, item.number.figures
                ),
            )
        ]
    if item.kind == CLOZE:
        for n in range(len(item.gaps)):
            words = option.removeprefix(f"{{{n + 1}}}")
            if words != option and words.strip():
                return [replace(item, gaps=(*item.gaps[:n], (*item.gaps[n], words.strip()), *item.gaps[n + 1 :]))]
        raise ExamError(f"--accept: expected the gap of {item.id} and its words, such as “{{1}} words”")
    raise ExamError(f"--accept: not possible for {item.id}, an item of kind {item.kind}; use --all-credit or --drop")


def _choice(item: Item, option: str) -> list[Item]:
    matching = [n for n, o in enumerate(item.options) if o.text.strip() == option.strip()]
    matching = matching or [n for n, o in enumerate(item.options) if same_text(o.text, option)]
    if len(matching) != 1:
        words = "; ".join(o.text[:60] for o in item.options)
        raise ExamError(f"--accept: expected the text of one option of {item.id} ({words}), not {option[:60]!r}")
    if item.kind == MULTIPLE:
        right = {n for n, o in enumerate(item.options) if o.correct} | {matching[0]}
    else:
        right = {matching[0]}
    options = tuple(Option(o.text, n in right, "" if n in right else o.feedback) for n, o in enumerate(item.options))
    accepted = (item.options[matching[0]].text,) if item.kind == CODE else ()
    return [replace(item, options=options, accepted=accepted)]


def add_rekey(folder: Path, decision: Rekey) -> None:
    """Append a decision to the file of ``folder``; existing lines are never rewritten."""
    path = folder / REKEYS
    line = json.dumps(asdict(decision), ensure_ascii=True) + "\n"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        # A line that a crash cut short was never acknowledged; start the next decision on a new line.
        if path.stat().st_size and not path.read_bytes().endswith(b"\n"):
            line = "\n" + line
        os.write(handle, line.encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def read_rekeys(folder: Path) -> list[Rekey]:
    """Read the decisions of ``folder``, oldest first.  Raises ExamError, which names the line."""
    path = folder / REKEYS
    if not path.exists():
        return []
    if path.stat().st_size > MAX_BYTES:
        raise ExamError(f"{path}: larger than {MAX_BYTES // 1_000_000} MB")
    decisions = []
    for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
        if not line.strip():
            continue
        try:
            decision = build(Rekey, json.loads(line), "decision")
        except (ValueError, RecursionError) as error:
            raise ExamError(f"{path}: line {number}: {error}") from None
        if decision.action not in ACTIONS:
            raise ExamError(
                f"{path}: line {number}: action: expected one of {', '.join(ACTIONS)}, not {decision.action!r}"
            )
        decisions.append(decision)
    return decisions
