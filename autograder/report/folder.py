"""A folder of reports.  Names of files are made here, never taken from a submission."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from autograder.report.html import class_page_at, submission_page
from autograder.report.markdown import submission_markdown
from autograder.results import Result

# Names that mean a device on Windows, whatever follows the dot.
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d|index)(\..*)?", re.IGNORECASE)


def write_reports(results: Sequence[Result], folder: Path, *, assignment_title: str) -> Path:
    """Write ``index.html`` and a page and a Markdown file per submission; return the path of the index.

    Each file is replaced in one step, the index last: a reader never sees half a page or a dead link.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stems = file_stems([r.submission for r in results])
    for result, stem in zip(results, stems, strict=True):
        page = submission_page(result, assignment_title=assignment_title, home="index.html")
        _replace(folder / f"{stem}.html", page)
        _replace(folder / f"{stem}.md", submission_markdown(result, assignment_title=assignment_title))
    index = folder / "index.html"
    _replace(index, class_page_at(results, assignment_title=assignment_title, hrefs=[f"{s}.html" for s in stems]))
    return index


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


def _replace(path: Path, content: str) -> None:
    """Write beside ``path`` and rename; a link in its place is replaced, not followed."""
    partial = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with partial.open("x", encoding="utf-8", newline="\n") as file:
            file.write(content)
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
