"""What the sandboxed process may say of calls and statements, and how much of it is kept.

Its words are a stranger's: only known fields are read, each bounded, so that a frame holds no more memory than it says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from autograder.sandbox.inside.lowering import PLATFORMS
from autograder.tree import Spec

KINDS = ("missing", "mutation", "output", "raised")  # of failures that the tracer reports; others are ours
MAX_MESSAGE = 4000
MAX_NODES = 10_000  # of a description of an output: more than any answer has
MAX_SIZE = 1 << 40


@dataclass(frozen=True)
class Program:
    """What the sandbox handed out for one call: serialised StableHLO, not yet believed.

    Attributes:
      output: what the program returns; for a vector-Jacobian product, gradients.
      forward: what the function itself returns.
      platforms: what it was lowered for.
    """

    module: bytes
    output: Spec
    forward: Spec
    platforms: tuple[str, ...] = PLATFORMS


@dataclass(frozen=True)
class Failure:
    """Why a call has no program; ``kind`` and ``details`` feed the explanation."""

    kind: str
    message: str
    details: Mapping[str, Any] = field(default_factory=dict)


def read_failure(header: Mapping[str, Any]) -> Failure:
    """Read the report of a call that has no program.

    Raises:
      LookupError, TypeError, ValueError: the tracer does not report such a thing, so somebody else wrote it.
    """
    if header["kind"] not in KINDS:
        raise ValueError("a kind of failure that the tracer does not report")
    details = _place(header)
    kinds = header.get("kinds")
    if isinstance(kinds, list):
        details["kinds"] = [str(kind)[:100] for kind in kinds[:8]]
    return Failure(str(header["kind"]), str(header["message"])[:MAX_MESSAGE], details)


def read_raised(header: Mapping[str, Any]) -> dict[str, Any]:
    """Read the report of a top-level statement that raised; errors as for :func:`read_failure`."""
    name, index = header["raised"]
    event: dict[str, Any] = {"raised": [str(name), int(index)], "message": str(header.get("message", ""))[:MAX_MESSAGE]}
    return event | _place(header)


def _place(header: Mapping[str, Any]) -> dict[str, Any]:
    """The type of an exception, the line of student code that it belongs to, and the name that was not defined."""
    texts = ("type", "file", "undefined", "module", "lacking", "near", "changed")
    found: dict[str, Any] = {key: str(header[key])[:300] for key in texts if key in header}
    if header.get("own") is True:
        found["own"] = True
    position = header.get("argument")
    if isinstance(position, int) and 0 <= position < 100:
        found["argument"] = position
    line = header.get("line")
    return found | ({"line": line} if isinstance(line, int) and 0 <= line < 1 << 31 else {})


def checked_spec(spec: Any) -> Spec:
    """Return a description of an output; errors as for :func:`read_failure` if it is not in the language of specs."""
    return _checked(spec, 0, [MAX_NODES])


def _checked(spec: Any, depth: int, left: list[int]) -> Spec:
    left[0] -= 1
    if not isinstance(spec, list) or depth > 70 or not spec or left[0] < 0:
        raise ValueError("not a spec")
    kind = spec[0]
    if kind == "d":
        return ["d", [[k if isinstance(k, int) else str(k)[:200], _checked(s, depth + 1, left)] for k, s in spec[1]]]
    if kind in ("l", "t"):
        return [kind, [_checked(s, depth + 1, left) for s in spec[1]]]
    if kind in ("n", "k"):
        return [kind]
    if kind == "a":
        shape = [int(n) for n in spec[1]]
        if len(shape) > 64 or any(not 0 <= n < MAX_SIZE for n in shape):
            raise ValueError("not a shape")
        return ["a", shape, str(spec[2])[:20]]
    raise ValueError("not a spec")
