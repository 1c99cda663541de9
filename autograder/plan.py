"""Materialise the checks of an assignment for one seed: which calls to trace, which inputs to feed them."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from autograder import tree
from autograder.assignment import Assignment, AssignmentError
from autograder.checks import Case, Check, Task

MIN_SECRET_BYTES = 16
PERFORMANCE = ("throughput", "cost")  # kinds whose programs are timed or counted, at the device's own precision


class SeedError(ValueError):
    """A secret that cannot be used; the message says why."""


@dataclass(frozen=True)
class Seed:
    """The course secret.  ``identity`` may be shown: it tells seeds apart and reveals nothing."""

    secret: bytes
    public: bool = False

    @property
    def identity(self) -> str:
        return "public" if self.public else hmac.new(self.secret, b"identity", "sha256").hexdigest()[:12]

    def generator(self, *names: object) -> np.random.Generator:
        """Draw numbers that nobody without the secret can foresee."""
        digest = hmac.new(self.secret, json.dumps([str(n) for n in names]).encode(), "sha256").digest()
        return np.random.Generator(np.random.Philox(key=np.frombuffer(digest[:16], np.uint64)))


PUBLIC = Seed(b"everybody may know this seed", public=True)


def read_seed(path: Path) -> Seed:
    """Read a secret from a key file.  Raises :class:`SeedError`."""
    try:
        secret = path.read_bytes().strip()
    except OSError as error:
        raise SeedError(f"the key file {path} cannot be read: {error.strerror}") from None
    return secret_seed(secret, str(path))


def secret_seed(secret: bytes, origin: str) -> Seed:
    """Make a seed of given bytes.  Raises :class:`SeedError` when they are too few to be secret."""
    if len(secret) < MIN_SECRET_BYTES:
        raise SeedError(
            f"the secret in {origin} has {len(secret)} bytes, expected at least {MIN_SECRET_BYTES}: "
            "make one with: openssl rand -hex 32 > course.key"
        )
    return Seed(secret)


@dataclass(frozen=True)
class Call:
    """One program that the sandbox is asked for: a function at given shapes and static arguments."""

    key: str
    function: str
    args: tuple[tree.Spec, ...]
    static: str  # a Python literal
    vjp: tuple[int, ...] | None = None
    precision: str = "highest"  # of matrix products: pinned for correctness, "default" for speed

    def leaves(self) -> list[tree.Spec]:
        return [leaf for a in self.args for leaf in tree.leaf_specs(a)]

    def moving(self) -> list[int]:
        """Positions of the floating leaves that a gradient is taken for."""
        found, at = [], 0
        for position, spec in enumerate(self.args):
            for leaf in tree.leaf_specs(spec):
                if position in (self.vjp or ()) and tree.dtype_of(leaf).startswith("float"):
                    found.append(at)
                at += 1
        return found


@dataclass(frozen=True)
class Probe:
    """One case of one check on one draw: which call, on which inputs."""

    key: str
    check: str
    label: str
    draw: int
    call: Call
    forward: Call  # the function itself; differs from ``call`` for gradients
    inputs: tuple[np.ndarray, ...]
    case: Case
    steps: int = 0  # of a trajectory


@dataclass(frozen=True)
class Run:
    """One training run of one draw: the call that makes the state, and the data that follow."""

    label: str
    init: Call
    key: np.ndarray
    rows: tuple[tree.Spec, ...]  # one step's data
    batches: tuple[np.ndarray, ...]
    held: tuple[tree.Spec, ...]
    held_out: tuple[np.ndarray, ...]
    target: Any
    static: str
    steps: int

    def step(self, function: str, state: tree.Spec) -> Call:
        """The call of one training step, once the structure of the state is known."""
        return _call(function, [state, *self.rows], self.static, None, "default")

    def predict(self, function: str, state: tree.Spec) -> Call:
        return _call(function, [state, *self.held], self.static, None, "default")


@dataclass(frozen=True)
class Plan:
    """Everything that one seed asks of a submission."""

    assignment: Assignment
    seed: Seed
    calls: Mapping[str, Call]
    probes: Mapping[str, tuple[Probe, ...]]  # by check
    runs: Mapping[str, Run] = field(default_factory=dict)  # training checks, first draw

    def digest(self) -> str:
        """Identify what the answers depend on, the secret included."""
        text = self.assignment.sha256 + hashlib.sha256(self.seed.secret).hexdigest()
        return hashlib.sha256(text.encode()).hexdigest()


def make_plan(assignment: Assignment, seed: Seed) -> Plan:
    """Draw all cases.  Raises :class:`AssignmentError` where a generator breaks its promises."""
    calls: dict[str, Call] = {}
    probes: dict[str, tuple[Probe, ...]] = {}
    runs: dict[str, Run] = {}
    for check in assignment.checks.values():
        if check.kind == "training":
            runs[check.name] = run = draw_run(assignment, seed, check, 0)
            calls[run.init.key] = run.init
            probes[check.name] = ()
            continue
        found: list[Probe] = []
        for draw in range(check.draws):
            cases = _draw(assignment, seed, check, draw)
            for case in cases:
                if not isinstance(case, Case):
                    where = f"{assignment.slug}/checks.py: {check.name}"
                    raise AssignmentError(f"{where}: expected case(...), got {type(case).__name__}")
            found += [_probe(check, case, draw, i) for i, case in enumerate(cases)]
        per_draw = len(found) // check.draws
        for i, probe in enumerate(found):
            if probe.call != found[i % per_draw].call:
                raise AssignmentError(
                    f"{assignment.slug}/checks.py: {check.name}: the shapes of {probe.label!r} change with the draw"
                )
            for call in (probe.forward, probe.call):
                calls[call.key] = call
        probes[check.name] = tuple(found)
    return Plan(assignment, seed, calls, probes, runs)


def draw_run(assignment: Assignment, seed: Seed, check: Check, draw: int) -> Run:
    """Draw the data of one training run.  Raises :class:`AssignmentError`."""
    task = _draw(assignment, seed, check, draw)[0]
    where = f"{assignment.slug}/checks.py: {check.name}"
    if not isinstance(task, Task):
        raise AssignmentError(f"{where}: a training check yields one task(...)")
    batches, specs = tree.flatten(list(task.batches))
    steps = {b.shape[0] if b.shape else 0 for b in batches}
    if len(steps) != 1:
        raise AssignmentError(f"{where}: every array of the batches needs the steps as its leading axis")
    count = steps.pop()
    held_out, held = tree.flatten(list(task.held_out))
    static = repr(dict(sorted(task.static.items())))
    init = _call(check.options["init"], [["k"]], static, None, "default")
    rows = tuple(_row(s, count, check.name) for s in specs[1])
    return Run(
        task.label,
        init,
        task.key.data,
        rows,
        tuple(batches),
        tuple(held[1]),
        tuple(held_out),
        task.target,
        static,
        count,
    )


def _draw(assignment: Assignment, seed: Seed, check: Check, draw: int) -> list[Any]:
    try:
        cases = list(check.cases(seed.generator(assignment.slug, check.name, draw)))
    except Exception as error:
        raise AssignmentError(f"{assignment.slug}/checks.py: {check.name}: {type(error).__name__}: {error}") from error
    if not cases:
        raise AssignmentError(f"{assignment.slug}/checks.py: {check.name} yields no case")
    return cases


def _probe(check: Check, case: Case, draw: int, number: int) -> Probe:
    steps = int(check.options.get("steps", 0))
    leaves, specs = tree.flatten(list(case.args))
    args = list(specs[1])
    if steps:
        args = [args[0], *(_row(a, steps, check.name) for a in args[1:])]
    static = repr(dict(sorted(case.static.items())))
    precision = "default" if check.kind in PERFORMANCE else "highest"
    forward = _call(check.function, args, static, None, precision)
    vjp = check.options.get("wrt")
    call = _call(check.function, args, static, vjp, precision) if vjp else forward
    return Probe(
        f"{check.name}.{draw}.{number}", check.name, case.label, draw, call, forward, tuple(leaves), case, steps
    )


def _call(function: str, args: list[Any], static: str, vjp: tuple[int, ...] | None, precision: str = "highest") -> Call:
    text = json.dumps([function, args, static, vjp, precision])
    return Call(hashlib.sha256(text.encode()).hexdigest()[:16], function, tuple(args), static, vjp, precision)


def _row(spec: tree.Spec, steps: int, name: str) -> tree.Spec:
    """The spec of one step's data: the leading axis removed."""
    if spec[0] == "d":
        return ["d", [[k, _row(s, steps, name)] for k, s in spec[1]]]
    if spec[0] in "lt":
        return [spec[0], [_row(s, steps, name) for s in spec[1]]]
    if spec[0] == "a" and spec[1][:1] == [steps]:
        return ["a", spec[1][1:], spec[2]]
    if spec[0] == "n":
        return spec
    raise AssignmentError(f"trajectory {name}: every array of the data needs a leading axis of {steps} steps")
