"""A key that turns out wrong: accept another answer, give everybody the points, or leave the item out.

Decisions are lines added to a file and never changed; responses are never touched.  Marks are worked out from form,
responses and decisions each time, so a decision re-marks everybody, and taking one back is a decision too.  A further
accepted answer never takes points from anybody: each response is marked by the key that is best for it.
"""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from question_bank.exam.fields import ExamError
from question_bank.exam.form import Form
from question_bank.exam.forms import REKEYS, build
from question_bank.item import CLOZE, CODE, MULTIPLE, NUMERIC, SHORT, SINGLE, Item, Option, replace
from question_bank.marking import read_number, same_text

ACCEPT, CREDIT, DROP, WITHDRAW = ACTIONS = ("accept", "credit", "drop", "withdraw")
LONGEST = 2_000
MAX_BYTES = 20_000_000


@dataclass(frozen=True)
class Rekey:
    """One decision.

    Attributes:
      item: Id of the item, or name of a template for all of its draws.
      action: "accept" ``option`` as well, "credit" (all points for everybody who has the item), "drop" (it does not
        count), or "withdraw" (earlier decisions about the item no longer hold).
      option: Words of the option, or what is typed; for a gap "{2} words".
      at: When, in UTC, ISO 8601.
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
    """A decision, checked against the forms.  Raises ExamError that says what was expected."""
    for name, text in (("--by", by), ("--reason", reason)):
        if not text.strip() or len(text) > LONGEST:
            raise ExamError(f"{name}: expected a text of 1 to {LONGEST} characters")
    if action not in ACTIONS:
        raise ExamError(f"action: expected one of {', '.join(ACTIONS)}, not {action!r}")
    made = Rekey(item, action, by.strip(), reason.strip(), now.astimezone(datetime.UTC).isoformat(), option)
    placed = [one.item for form in forms for one in form.placed if concerns(made, one.item)]
    if not placed:
        raise ExamError(f"no form of the exam holds an item {item!r}")
    if action == ACCEPT:
        if any(one.id != item for one in placed):
            raise ExamError(f"{item} is a template: name one of its draws, such as {placed[0].id}, or use --all-credit")
        variants(placed[0], option)
    return made


def concerns(decision: Rekey, item: Item) -> bool:
    return decision.item != "" and decision.item in (item.id, item.group)


def in_force(decisions: Sequence[Rekey], item: Item) -> list[Rekey]:
    """The decisions about ``item`` that nobody took back."""
    found: list[Rekey] = []
    for one in decisions:
        if concerns(one, item):
            found = [] if one.action == WITHDRAW else [*found, one]
    return found


def variants(item: Item, option: str) -> list[Item]:
    """``item`` as it would be with ``option`` as its key, or as one more.  Raises ExamError."""
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
        raise ExamError(f"--accept: name the gap of {item.id} and its words, as in “{{1}} words”")
    raise ExamError(f"--accept: {item.id} is of kind {item.kind}: use --all-credit or --drop")


def _choice(item: Item, option: str) -> list[Item]:
    found = [n for n, o in enumerate(item.options) if o.text.strip() == option.strip()]
    found = found or [n for n, o in enumerate(item.options) if same_text(o.text, option)]
    if len(found) != 1:
        words = "; ".join(o.text[:60] for o in item.options)
        raise ExamError(f"--accept: expected the words of one option of {item.id} ({words}), not {option[:60]!r}")
    if item.kind == MULTIPLE:
        right = {n for n, o in enumerate(item.options) if o.correct} | {found[0]}
    else:
        right = {found[0]}
    options = tuple(Option(o.text, n in right, "" if n in right else o.feedback) for n, o in enumerate(item.options))
    accepted = (item.options[found[0]].text,) if item.kind == CODE else ()
    return [replace(item, options=options, accepted=accepted)]


def add_rekey(folder: Path, decision: Rekey) -> None:
    """Add a decision to the file of ``folder``; what stands there is never rewritten."""
    path = folder / REKEYS
    line = json.dumps(asdict(decision), ensure_ascii=True) + "\n"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        # A line that a crash cut short was never acknowledged; the next one begins on a line of its own.
        if path.stat().st_size and not path.read_bytes().endswith(b"\n"):
            line = "\n" + line
        os.write(handle, line.encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def read_rekeys(folder: Path) -> list[Rekey]:
    """The decisions of ``folder``, oldest first.  Raises ExamError with the line."""
    path = folder / REKEYS
    if not path.exists():
        return []
    if path.stat().st_size > MAX_BYTES:
        raise ExamError(f"{path}: larger than {MAX_BYTES // 1_000_000} MB")
    found = []
    for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
        if not line.strip():
            continue
        try:
            one = build(Rekey, json.loads(line), "decision")
        except (ValueError, RecursionError) as error:
            raise ExamError(f"{path}: line {number}: {error}") from None
        if one.action not in ACTIONS:
            raise ExamError(f"{path}: line {number}: action: expected one of {', '.join(ACTIONS)}, not {one.action!r}")
        found.append(one)
    return found
