"""What reports need besides results: the files of each submission, and the attempt before, read one by one."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from autograder.results import Result
from autograder.store import file_name, read_result
from autograder.submission import read_submission

EARLIER = "earlier"
_DIGEST = re.compile(r'"submission_sha256": "([0-9a-f]*)"')


def graded_paths(paths: Iterable[Path], folder: Path) -> list[Path]:
    """Return the submissions that have a result in ``folder``."""
    return [p for p in paths if (folder / "results" / file_name(p)).exists()]


def keep_earlier(paths: Iterable[Path], folder: Path) -> None:
    """Before grading: set the results of submissions aside that have changed since."""
    for path in graded_paths(paths, folder):
        stored = folder / "results" / file_name(path)
        found = _DIGEST.search(stored.read_text(encoding="utf-8", errors="replace"))
        if found and found[1] and found[1] != read_submission(path).sha256:
            (folder / EARLIER).mkdir(exist_ok=True)
            shutil.copyfile(stored, folder / EARLIER / stored.name)


def earlier(stored: Sequence[tuple[Path, Result]], folder: Path) -> list[Result | None]:
    """Return what was set aside for each stored result, or None."""
    return [read_result(folder / EARLIER / path.name) for path, _ in stored]


class Earlier(Sequence[Result | None]):
    """The attempt before each submission, where one was set aside."""

    def __init__(self, paths: Sequence[Path], folder: Path) -> None:
        self.paths, self.folder = paths, folder

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Result | None:  # type: ignore[override]
        return read_result(self.folder / EARLIER / file_name(self.paths[index]))

    def __iter__(self) -> Iterator[Result | None]:
        return (self[i] for i in range(len(self)))


class Sources(Sequence[Mapping[str, str]]):
    """The files of each submission by the names that messages use."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = paths

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Mapping[str, str]:  # type: ignore[override]
        return read_submission(self.paths[index]).sources

    def __iter__(self) -> Iterator[Mapping[str, str]]:
        return (self[i] for i in range(len(self)))
