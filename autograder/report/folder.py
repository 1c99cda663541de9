"""A folder of reports.  Names of files are made here, never taken from a submission."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from autograder.files import write_text
from autograder.report.history import Handed
from autograder.report.html import class_page, submission_page
from autograder.report.instructor import Decision, instructor_page
from autograder.report.made_before import Pages
from autograder.report.markdown import submission_markdown
from autograder.report.practice import PracticeFor, no_practice
from autograder.results import Result

# Names that mean a device on Windows, whatever follows the dot.
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d|index)(\..*)?", re.IGNORECASE)


STUDENTS, INSTRUCTOR = "students", "instructor"


def write_reports(
    results: Sequence[Result],
    folder: Path,
    *,
    assignment_title: str,
    sources: Sequence[Mapping[str, str]] = (),
    previous: Sequence[Result | None] = (),
    overrides: Sequence[Decision | None] = (),
    attempts: Sequence[Handed] = (),
    course: str = "",
    compacted: Sequence[Result] = (),
    practice: PracticeFor = no_practice,
) -> Path:
    """Write the page of the class, and for each submission the student's page and the instructor's.

    ``students/`` holds what students may see, and nothing that leads elsewhere: hand it out by copying it.
    ``index.html`` and ``instructor/`` are for instructors.  Each file is replaced in one step, the index last:
    a reader never sees half a page or a dead link.  Pages of submissions that would be the same are left alone.

    Args:
      sources: the files of each submission, to show the student's own lines and to say whose are alike.
      previous: the attempt before each result, or None.
      overrides: what a person decided about the points of each result, or None.
      attempts: all attempts at this assignment with their times.
      course: href of the page of the course, seen from ``folder``.
      compacted: what the page of the class needs of each result, where ``results`` are read from files one by one.
      practice: gives questions on what a submission missed.

    Returns:
      the path of the index.
    """
    for name in (STUDENTS, INSTRUCTOR):
        (folder / name).mkdir(parents=True, exist_ok=True)
    stems = file_stems([r.submission for r in results])
    before: Sequence[Result | None] = previous or [None] * len(results)
    decided: Sequence[Decision | None] = overrides or [None] * len(results)
    files: Sequence[Mapping[str, str]] = sources or [{}] * len(results)
    pages = Pages(folder / INSTRUCTOR)
    for result, stem, old, decision, text in zip(results, stems, before, decided, files, strict=True):
        topics = practice(result)
        shown: dict[str, Any] = {"result": result, "assignment_title": assignment_title, "previous": old}
        of_student, sourced = shown | {"practice": topics}, shown | {"sources": text}
        of_instructor = sourced | {
            "student_page": f"../{STUDENTS}/{stem}.html",
            "class_page": "../index.html",
            "override": decision,
        }
        made = {
            folder / STUDENTS / f"{stem}.html": partial(submission_page, **of_student, sources=text),
            folder / STUDENTS / f"{stem}.md": partial(submission_markdown, **of_student),
            folder / instructor_href(stem): partial(instructor_page, **of_instructor),
        }
        pages.write(made, shown | {"practice": topics, "sources": text, "override": repr(decision)})
    pages.keep()
    index = folder / "index.html"
    page = class_page(
        compacted or results,
        assignment_title=assignment_title,
        hrefs=[instructor_href(s) for s in stems],
        previous=before,
        sources=sources,
        attempts=attempts,
        course=course,
    )
    write_text(index, page)
    return index


def instructor_href(stem: str) -> str:
    """Where the instructor's page of a submission lies, seen from the page of the class."""
    return f"{INSTRUCTOR}/{stem}.instructor.html"


def file_stems(names: Sequence[str]) -> list[str]:
    """Turn names into distinct file stems of ASCII letters, digits, dashes and underscores.

    "ada.py" becomes "ada-py" (no dots: some web servers run "x.php.html").  A name that loses more than its
    dots, or whose stem is not its own, gets part of its SHA-256; equal names are numbered.
    """
    plain = [_stem(name) for name in names]
    taken: set[str] = set()
    stems = []
    for name, stem in zip(names, plain, strict=True):
        clashes = sum(other.casefold() == stem.casefold() for other in plain) > 1
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:10]
        candidate = stem if stem == name.replace(".", "-") and not clashes else f"{stem}-{digest}"
        number = 2
        while candidate.casefold() in taken:
            candidate = f"{stem}-{digest}-{number}"
            number += 1
        taken.add(candidate.casefold())
        stems.append(candidate)
    return stems


def _stem(name: str) -> str:
    ascii_name = unicodedata.normalize("NFKD", name[:200]).encode("ascii", "ignore").decode("ascii")
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", ascii_name).strip("-")[:60].rstrip("-") or "submission"
    return f"submission-{stem}" if _RESERVED.fullmatch(stem) else stem
