"""What is asked of a device's worker about programs, and how its answers are read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from autograder import tree
from autograder.judge.device.arrays import as_bytes, from_bytes
from autograder.sandbox.inside.lowering import PLATFORMS

MAX_TEXT = 300  # characters of a text that a program may have chosen

# What an answer that is an error says: whose it is, and what went wrong.
MEMORY, FAILED, DIFFERENT = "memory", "run", "different"  # the program
REFERENCE, OURS = "reference", "ours"

Rounds = list[list[np.ndarray]]  # outputs by round and leaf


@dataclass(frozen=True)
class Task:
    """One program, the rules that it must obey, and what to feed it.

    Attributes:
      module: the serialised StableHLO module.
      inputs: specs (shape and dtype) of its flat inputs; ``outputs`` of its flat outputs.
      rounds: lists of flat inputs, run one after the other.
      steps: length of a trajectory: the program is scanned, inputs after the first ``carried`` have the steps
        as leading axis, and so have all outputs; 0 runs the program once for each round.
      carried: number of inputs that the first outputs of the step before replace.
      by_hand: refuse operations that automatic differentiation made.
      forbidden: names of StableHLO operations that the program may not hold.
      function: programs of one function share the time limit when they are run apart.
      platforms: what the program was lowered for.
    """

    key: str
    module: bytes
    inputs: tuple[tree.Spec, ...]
    outputs: tuple[tree.Spec, ...]
    rounds: tuple[tuple[np.ndarray, ...], ...] = ()
    steps: int = 0
    carried: int = 0
    by_hand: bool = False
    forbidden: tuple[str, ...] = ()
    function: str = ""
    platforms: tuple[str, ...] = PLATFORMS

    @cached_property
    def name(self) -> str:
        """The key and a digest of what the program is fed: draw sets ask the same call with other numbers."""
        digest = hashlib.sha256()
        for array in (array for fed in self.rounds for array in fed):
            digest.update(array.tobytes())
        return f"{self.key}/{digest.hexdigest()[:32]}"


@dataclass(frozen=True)
class Refusal:
    """A program that was not run, or did not finish.

    Attributes:
      kind: a word that :mod:`autograder.judge.explain` knows, or OURS.
      message: a detail; a program may have chosen its words.
      where: file name and line of the operation that was refused, as the program claims.
    """

    kind: str
    message: str = ""
    where: tuple[str, int] | None = None


@dataclass(frozen=True)
class Outputs:
    """What a program answered.

    Attributes:
      rounds: output arrays by round and leaf, of the shapes and dtypes of the task (bfloat16 as float32).
      normal: sha256 of the module without names and locations.
      operations: how often each operation occurs in the program, by name.
    """

    rounds: tuple[tuple[np.ndarray, ...], ...]
    normal: str
    operations: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Inspected:
    """A program that may run.

    Attributes:
      normal: sha256 of the module without names and locations: equal programs have equal hashes.
      operations: how often each operation occurs in the program, by name.
    """

    normal: str
    operations: Mapping[str, int] = field(default_factory=dict)


def programs_header(tasks: Sequence[Task]) -> list[dict[str, Any]]:
    """Describe programs to the worker; their modules follow one another in the payload."""
    return [
        {
            "bytes": len(t.module),
            "inputs": t.inputs,
            "outputs": t.outputs,
            "by_hand": t.by_hand,
            "forbidden": t.forbidden,
            "platforms": t.platforms,
        }
        for t in tasks
    ]


def modules(tasks: Sequence[Task]) -> bytes:
    """Join the modules of programs."""
    return b"".join(t.module for t in tasks)


def inspection_request(tasks: Sequence[Task]) -> tuple[dict[str, Any], bytes]:
    """Make the request to inspect programs, one after the other."""
    return {"do": "inspect", "programs": programs_header(tasks)}, modules(tasks)


def read_inspection(answer: Mapping[str, Any]) -> Inspected | Refusal:
    """Read what the worker said of one program: its inspection, or why it may not run.

    Raises:
      LookupError, TypeError, ValueError: no worker of ours answers so.
    """
    kind, where = _text(answer["kind"]), answer["where"]
    if kind:
        place = (_text(where[0]), int(where[1])) if where else None
        return Refusal(kind, _text(answer["message"]), place)
    operations = dict(answer["operations"])
    return Inspected(_text(answer["normal"]), {_text(name): int(count) for name, count in operations.items()})


def run_request(
    groups: Sequence[Sequence[Task]], memory_mb: int, interpret: bool = False
) -> tuple[dict[str, Any], bytes]:
    """Make the request to run groups of inspected programs on their rounds, each group compiled together.

    Args:
      memory_mb: what one group may use.
      interpret: whether small programs may be interpreted instead, where the device is a CPU.
    """
    tasks = [t for group in groups for t in group]
    jobs = [{"rounds": len(t.rounds), "steps": t.steps, "carried": t.carried} for t in tasks]
    header = {
        "do": "run",
        "programs": programs_header(tasks),
        "jobs": jobs,
        "groups": [len(group) for group in groups],
        "max_bytes": memory_mb << 20,
        "interpret": interpret,
    }
    return header, modules(tasks) + b"".join(as_bytes(inputs) for t in tasks for inputs in t.rounds)


def read_outputs(tasks: Sequence[Task], data: bytes) -> dict[str, Rounds]:
    """Read the outputs of all tasks, by key, round and leaf; a trajectory has its steps as leading axis.

    Raises:
      ValueError: the data are too short or too long.
    """
    at, results = 0, dict[str, Rounds]()
    for task in tasks:
        rounds = []
        for _ in task.rounds:
            leaves = []
            for spec in task.outputs:
                shape = ((task.steps,) if task.steps else ()) + tree.shape_of(spec)
                leaf, at = from_bytes(data, at, shape, tree.dtype_of(spec))
                leaves.append(leaf)
            rounds.append(leaves)
        results[task.key] = rounds
    if at != len(data):
        raise ValueError(f"the outputs have {at} bytes, but {len(data)} came")
    return results


def _text(value: object) -> str:
    """Return a text of the worker, short and fit to be written to any file."""
    if not isinstance(value, str):
        raise TypeError(f"expected a text, not {type(value).__name__}")
    return value[:MAX_TEXT].encode("utf-8", "replace").decode()
