"""The course secret, and the keys of an assignment that are derived from it.

From the secret of a term comes a key for each assignment, and from that two keys: the *shape key* chooses draw sets,
sizes and options; the *value key* draws the numbers.  A machine that traces needs the shape key (student code sees
shapes anyway) and never gets the value key.  Neither tells anything of the other, or of the secret.

References:
  Krawczyk, Bellare, Canetti, HMAC: Keyed-Hashing for Message Authentication, RFC 2104, 1997.
  Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3, SC 2011 (Philox).
"""

from __future__ import annotations

import codecs
import hmac
import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from autograder.errors import UserError

MIN_SECRET_BYTES = 16
SETS = 4  # draw sets of an assignment


class SeedError(UserError):
    """The course secret cannot be read, or is too short; the message says which file and what to do."""


@dataclass(frozen=True)
class Seed:
    """The course secret.

    Attributes:
      secret: at least MIN_SECRET_BYTES bytes, never shown.
      public: the seed of rehearsals and self-checks, which everybody may know.
    """

    secret: bytes
    public: bool = False

    def keys(self, assignment: str) -> Keys:
        """Derive the keys of an assignment, by its name."""
        key = _derive(self.secret, "assignment", assignment)
        return Keys(_derive(key, "shapes"), _derive(key, "values"), self.public)


@dataclass(frozen=True)
class Keys:
    """The keys of one assignment.

    Attributes:
      shapes: 32 bytes, which choose draw sets, sizes and options.
      values: 32 bytes, from which the numbers come; those of the public seed on machines that only trace.
      public: everybody may know the keys, so there is one draw set.
    """

    shapes: bytes
    values: bytes
    public: bool = False

    def __repr__(self) -> str:  # logs show arguments
        return f"Keys({self.identity})"

    @property
    def identity(self) -> str:
        """A name that tells keys apart and reveals nothing of them: 12 hexadecimal digits, or "public"."""
        return "public" if self.public else _derive(self.values, "identity").hex()[:12]

    @property
    def shapes_identity(self) -> str:
        """The same for the shape key alone."""
        return _derive(self.shapes, "identity").hex()[:12]

    @property
    def sets(self) -> int:
        """Number of draw sets."""
        return 1 if self.public else SETS

    def for_tracing(self, assignment: str) -> Keys:
        """Return the keys of a machine that traces: the numbers that it draws are public ones, and never used."""
        return Keys(self.shapes, PUBLIC.keys(assignment).values, self.public)

    def choose(self, code: str) -> int:
        """Choose the draw set of a submission by its code as read: 0 up to ``sets``, ``sets`` excluded."""
        return int.from_bytes(_derive(self.shapes, "draw set", code)[:8], "big") % self.sets

    def sizes(self, *names: object) -> np.random.Generator:
        """Return the generator of hidden sizes; names and numbers are as for :meth:`generator`."""
        return _generator(self.shapes, names)

    def generator(self, *names: object) -> np.random.Generator:
        """Return a generator of numbers that cannot be predicted without the value key.

        Args:
          names: what to draw for, such as check and number of the draw; other names give an independent stream,
            and the same names give the same numbers on every machine.
        """
        return _generator(self.values, names)


PUBLIC = Seed(b"everybody may know this seed", public=True)


def tracing_keys(text: str, assignment: str) -> Keys:
    """Make the keys of a machine that only traces, of the shape key as ``autograder shape-key`` prints it.

    Raises:
      SeedError: not 64 hexadecimal digits.
    """
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text.strip()):
        raise SeedError(
            "expected a shape key of 64 hexadecimal digits: make it with "
            f"autograder shape-key -a {assignment} --key-file course.key"
        )
    return Keys(bytes.fromhex(text.strip()), PUBLIC.keys(assignment).values)


def read_seed(path: Path) -> Seed:
    """Read a secret from a key file; white space around it and a byte-order mark before it do not count.

    Raises:
      SeedError: the file cannot be read, is written in UTF-16 or UTF-32, or the secret is too short.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SeedError(f"the key file {path} cannot be read: {error.strerror}") from None
    if (
        data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE))
        or data.count(0) > len(data) // 4
    ):
        raise SeedError(
            f"the key file {path} is not plain text in UTF-8: an editor saved it as UTF-16; save it as UTF-8"
        )
    return secret_seed(data.removeprefix(codecs.BOM_UTF8).strip(), str(path))


def secret_seed(secret: bytes, origin: str) -> Seed:
    """Make a seed of given bytes; ``origin`` names their source in messages.

    Raises:
      SeedError: fewer than MIN_SECRET_BYTES bytes.
    """
    if len(secret) < MIN_SECRET_BYTES:
        raise SeedError(
            f"the secret in {origin} has {len(secret)} bytes, expected at least {MIN_SECRET_BYTES}: "
            "make one with: openssl rand -hex 32 > course.key"
        )
    return Seed(secret)


def _derive(key: bytes, *names: object) -> bytes:
    return hmac.new(key, json.dumps([str(n) for n in names]).encode("utf-8", "surrogatepass"), "sha256").digest()


def _generator(key: bytes, names: tuple[object, ...]) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=np.frombuffer(_derive(key, *names)[:16], np.uint64)))
