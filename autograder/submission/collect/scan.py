"""List the files of a folder that an instructor names."""

from __future__ import annotations

import os
from pathlib import Path

from autograder.submission.collect.archives import is_junk
from autograder.submission.collect.layouts import Entry
from autograder.submission.collect.staging import Remark
from autograder.submission.statements import printable

MAX_FILES = 200_000
MAX_DEPTH = 8


def scan(folder: Path, remarks: list[Remark]) -> tuple[list[Entry], set[str]]:
    """List the ordinary files below a folder, without links, hidden files and caches; and the clones at its top."""
    entries: list[Entry] = []
    repositories: set[str] = set()
    pending: list[tuple[str, ...]] = [()]
    while pending:
        below = pending.pop()
        try:
            with os.scandir(folder.joinpath(*below)) as found:
                items = sorted(found, key=lambda i: i.name)
        except OSError as error:
            if not below:
                raise
            remarks.append(
                Remark(printable("/".join(below)), f"ignored: the folder cannot be listed ({error.strerror})")
            )
            continue
        for item in items:
            parts = (*below, item.name)
            if len(parts) == 2 and item.name == ".git":
                repositories.add(parts[0])
            if is_junk((item.name,)):
                continue
            if item.is_dir(follow_symlinks=False):
                if len(parts) < MAX_DEPTH:
                    pending.append(parts)
            elif item.is_file(follow_symlinks=False):
                entries.append(Entry(parts, Path(item.path)))
                if len(entries) > MAX_FILES:  # no download of a class; each submission has limits of its own
                    return [], set()
    return entries, repositories
