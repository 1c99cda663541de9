"""Read one untrusted file into text.

Sizes are checked before anything is opened; links, pipes and devices are refused and never block.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from pathlib import Path

from autograder.results import Fault, Problem, ProblemKind

MAX_PY = 1 << 20
MAX_NOTEBOOK = 20 << 20

_COOKIE = re.compile(r"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_ENCODINGS = {
    **dict.fromkeys(("utf-8", "utf8", "utf-8-sig", "u8", "utf"), "utf-8"),
    **dict.fromkeys(("latin-1", "latin1", "latin", "l1", "iso-8859-1", "iso8859-1", "iso-latin-1"), "latin-1"),
    **dict.fromkeys(("ascii", "us-ascii"), "ascii"),
    **dict.fromkeys(("cp1252", "windows-1252", "1252"), "cp1252"),
}
_SIGNATURES = {
    b"PK\x03\x04": "a zip archive: unpack it and hand in what is inside",
    b"\x1f\x8b": "a gzip archive: unpack it and hand in what is inside",
    b"%PDF": "a PDF: hand in the Python file itself",
    b"\xff\xfe": "text in UTF-16: save it as UTF-8",
    b"\xfe\xff": "text in UTF-16: save it as UTF-8",
}

_ADDED = (".txt", ".json", ".download")  # by browsers and by Windows


def code_name(name: str) -> str:
    """Return the name of a Python file or notebook as it was meant, "hw.ipynb" for "hw.IPYNB.json"; else ""."""
    stem, suffix = os.path.splitext(name)
    while suffix.lower() in _ADDED:
        stem, suffix = os.path.splitext(stem)
    return stem + suffix.lower() if stem and suffix.lower() in (".py", ".ipynb") else ""


class UnreadableError(Exception):
    """A submission, or a file of it, that cannot be read; the message says what was expected, what came, what to do."""

    def __init__(self, kind: ProblemKind, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(Fault.STUDENT, kind, message)


def kind_of(path: Path, shown: str) -> str:
    """Say "file" or "folder", without opening anything; refuse everything else."""
    try:
        mode = os.lstat(path).st_mode
    except (OSError, ValueError) as error:
        raise os_error(error, shown) from None
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "folder"
    what = {stat.S_IFLNK: "a symbolic link", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    raise UnreadableError(
        ProblemKind.NOT_ORDINARY,
        f"{shown} is {what.get(stat.S_IFMT(mode), 'a device')}, expected an ordinary file: hand in the file itself",
    )


def os_error(error: OSError | ValueError, shown: str) -> UnreadableError:
    """Say in plain words why the operating system did not open a file."""
    number = error.errno if isinstance(error, OSError) else errno.ENOENT
    if number in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
        return UnreadableError(ProblemKind.MISSING, f"There is no file {shown}: check the name and the folder")
    if number in (errno.EACCES, errno.EPERM):
        message = f"{shown} cannot be read (permission denied): run chmod u+r on it, or hand it in again"
        return UnreadableError(ProblemKind.NO_PERMISSION, message)
    if number == errno.ELOOP:
        message = f"{shown} is a symbolic link, expected an ordinary file: hand in the file itself"
        return UnreadableError(ProblemKind.NOT_ORDINARY, message)
    said = error.strerror if isinstance(error, OSError) else error
    return UnreadableError(ProblemKind.UNREADABLE, f"{shown} could not be read ({said}): hand it in again")


def read_bytes(path: Path, limit: int, shown: str) -> bytes:
    """Read an ordinary file of at most ``limit`` bytes; never follows a link, never blocks on a pipe."""
    kind_of(path, shown)
    descriptor = -1
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableError(ProblemKind.NOT_ORDINARY, f"{shown} is not an ordinary file: hand in the file itself")
        if status.st_size > limit:
            raise UnreadableError(ProblemKind.TOO_LARGE, too_large(shown, status.st_size, limit))
        data = b""
        while len(data) <= limit and (more := os.read(descriptor, limit + 1 - len(data))):
            data += more
    except (OSError, ValueError) as error:
        raise os_error(error, shown) from None
    finally:
        if descriptor >= 0:
            os.close(descriptor)
    if len(data) > limit:  # it grew, or its file system does not tell sizes
        raise UnreadableError(ProblemKind.TOO_LARGE, too_large(shown, len(data), limit))
    if not data.strip():
        raise UnreadableError(ProblemKind.EMPTY, f"{shown} is empty: save your work and hand it in again")
    return data


def too_large(shown: str, size: int, limit: int) -> str:
    fix = "clear the outputs and save it again" if limit == MAX_NOTEBOOK else "hand in code only, without data"
    return f"{shown} has {size / 2**20:,.1f} MiB, expected at most {limit / 2**20:.0f} MiB: {fix}"


def decode(data: bytes, shown: str) -> str:
    """Decode Python source as its BOM or its coding line says, with line ends made ``\\n``."""
    for signature, what in _SIGNATURES.items():
        if data.startswith(signature):
            raise UnreadableError(ProblemKind.NOT_TEXT, f"Expected Python text, but {shown} is {what}")
    if b"\0" in data:
        raise UnreadableError(
            ProblemKind.NOT_TEXT,
            f"Expected Python text, but {shown} is binary (it contains NUL bytes): hand in the source file",
        )
    encoding = "utf-8"
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    else:
        encoding = _declared_encoding(data, shown)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line, byte = data.count(b"\n", 0, error.start) + 1, data[error.start]
        raise UnreadableError(
            ProblemKind.NOT_TEXT,
            f"Expected text in {encoding.upper()}, but line {line} of {shown} contains the byte 0x{byte:02x}: "
            "save the file as UTF-8",
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _declared_encoding(data: bytes, shown: str) -> str:
    for line in re.split(rb"\r\n|\r|\n", data[:1000])[:2]:
        match = _COOKIE.match(line.decode("latin-1"))
        if match:
            declared = match[1].lower().replace("_", "-")
            known = _ENCODINGS.get(declared) or ("utf-8" if declared.startswith("utf-8-") else None)
            if known is None:
                raise UnreadableError(
                    ProblemKind.NOT_TEXT, f"{shown} declares the encoding {declared[:40]}: save the file as UTF-8"
                )
            return known
        if line.strip() and not line.lstrip().startswith(b"#"):
            break
    return "utf-8"
