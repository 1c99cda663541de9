"""What reports need besides results, read one at a time: files and previous attempt of each submission."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from autograder.grading.store import read_result
from autograder.results import Result
from autograder.submission.read import read_submission

EARLIER = "earlier"


def earlier(stored: Sequence[tuple[Path, Result]], folder: Path) -> list[Result | None]:
    """Return the previous attempt of each stored result, or None."""
    return [read_result(folder / EARLIER / path.name) for path, _ in stored]


class Earlier(Sequence[Result | None]):
    """The previous attempt of each submission, or None."""

    def __init__(self, names: Sequence[str], folder: Path) -> None:
        self.names, self.folder = names, folder

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> Result | None:  # type: ignore[override]
        return read_result(self.folder / EARLIER / self.names[index])

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
