"""Make the zip that Gradescope runs as an autograder: our source, one assignment, and two scripts."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

from autograder.assignment.load import Assignment
from autograder.assignment.seed import Seed
from autograder.errors import UserError

COURSE, KEY, SETTINGS = "course", "course.key", "gradescope.json"
ROOT = Path(__file__).resolve().parents[3]
SCRIPTS = Path(__file__).parent
_PROJECT = ("pyproject.toml", "constraints.txt", "README.md", "LICENSE")
_REFERENCE = ("reference.py", "mistakes.py")  # nothing else of the secret half is needed to grade
_DATE = (2020, 1, 1, 0, 0, 0)  # the same files make the same bytes


class PackageError(UserError):
    """The package cannot be made; the message says what is missing."""


def gradescope_zip(
    assignment: Assignment, *, seed: Seed | None = None, unsandboxed: bool = False, quick: bool = False
) -> bytes:
    """Return the bytes of ``autograder.zip``.

    Args:
      seed: the course secret to put into the package; without it, the package uses the public seed.
      unsandboxed: grade even if the sandbox cannot run in the container.

    Raises:
      PackageError: the reference or a file of the project is missing.
    """
    if assignment.reference is None:
        raise PackageError(f"the reference of {assignment.slug!r} is missing, and grading needs it")
    settings = {"assignment": assignment.slug, "unsandboxed": unsandboxed, "quick": quick}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("setup.sh", "run_autograder"):
            _add(archive, name, (SCRIPTS / name).read_bytes(), 0o755)
        for name, path in sorted(_files(assignment)):
            _add(archive, name, path.read_bytes())
        _add(archive, f"{COURSE}/{SETTINGS}", json.dumps(settings).encode())
        if seed is not None and not seed.public:
            _add(archive, f"{COURSE}/{KEY}", seed.secret, 0o600)
    return buffer.getvalue()


def _files(assignment: Assignment) -> Iterator[tuple[str, Path]]:
    for name in _PROJECT:
        if not (ROOT / name).exists():
            raise PackageError(f"{ROOT / name} is missing: make packages from a checkout of the project")
        yield name, ROOT / name
    for package in ("autograder", "question_bank"):
        for path in (ROOT / package).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path.relative_to(ROOT).as_posix(), path
    public = f"{COURSE}/assignments/{assignment.slug}"
    for path in assignment.folder.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            yield f"{public}/{path.relative_to(assignment.folder).as_posix()}", path
    assert assignment.reference is not None
    for name in _REFERENCE:
        if (assignment.reference / name).exists():
            yield f"{COURSE}/reference/{assignment.slug}/{name}", assignment.reference / name


def _add(archive: zipfile.ZipFile, name: str, data: bytes, mode: int = 0o644) -> None:
    info = zipfile.ZipInfo(name, _DATE)
    info.create_system, info.compress_type = 3, zipfile.ZIP_DEFLATED
    info.external_attr = (stat.S_IFREG | mode) << 16
    archive.writestr(info, data)
