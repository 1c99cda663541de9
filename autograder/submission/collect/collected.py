"""What collecting gives: a path for each student, with what is known of the student."""

from __future__ import annotations

import datetime
import functools
import hashlib
import os
import re
from collections.abc import Collection as Names
from dataclasses import dataclass, field, replace
from pathlib import Path

from autograder.errors import UserError
from autograder.results import Finding
from autograder.submission.collect.layouts import PLAIN, Owner
from autograder.submission.collect.staging import Remark
from autograder.submission.read import Submission, read_submission


class CollectError(UserError):
    """No submissions, or an ambiguous layout; the message says what was expected."""


@dataclass(frozen=True)
class Collected:
    """One student's submission.

    Attributes:
      submitted: when it was handed in; None where the layout does not tell: a file's own date is no evidence.
      name: replaces the name of the path in results, if the path is not named after the student.
      late: whether the platform marks it as late; None where it never says.
      number: the platform's own number of the student or of the hand-in.
      owners: the student as the platform knows him or her, or the members of a team; may be empty.
      notes: what the student should know of files that were not read.
    """

    student: str
    path: Path
    submitted: datetime.datetime | None = None
    name: str = ""
    late: bool | None = None
    number: str = ""
    layout: str = PLAIN
    owners: tuple[Owner, ...] = ()
    notes: tuple[Finding, ...] = ()

    def read(self, functions: Names[str] = ()) -> Submission:
        """Read the files, as :func:`read_submission` does; what was left out before is among the findings."""
        submission = read_submission(self.path, functions=functions)
        return replace(submission, findings=(*submission.findings, *self.notes))

    @functools.cached_property
    def result(self) -> str:
        """Name of the file that holds the result."""
        return result_name(self.path)


def result_name(path: Path) -> str:
    """Make a safe, short and unique file name for the result of a submission.

    Students hand in files of the same name from their own folders, so the folder counts too.
    """
    raw = os.fsencode(os.path.join(os.path.abspath(path.parent), path.name))
    plain = re.sub(r"[^A-Za-z0-9_.-]", "_", path.name)[:60].strip(".") or "submission"
    return f"{plain}-{hashlib.sha256(raw).hexdigest()[:8]}.json"


@dataclass(frozen=True)
class Collection:
    found: tuple[Collected, ...]
    remarks: tuple[Remark, ...] = field(default=())
