"""True answers, their tolerances and the answers of known mistakes: computed once, kept in a file."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from autograder import tree
from autograder.assignment.plan import Plan, make_plan
from autograder.assignment.probes import Call, Probe
from autograder.assignment.seed import PUBLIC
from autograder.errors import NotJudgedError
from autograder.files import PRIVATE, replaced
from autograder.judge.compare import Truth, make_truth
from autograder.judge.device.environment import cache_folder, oracle_environment

SAMPLE = 512  # entries of an output leaf that are kept for each value of a free constant
PUBLIC_FILE = "answers_public.npz"


class ReferenceFailedError(NotJudgedError):
    """The reference itself could not be computed: no mark may depend on it."""


Forms = dict[str, tree.Spec | str]
TELLING = ("mutation", "output")  # kinds of failures that say what is wrong; an exception may have any reason


@dataclass(frozen=True)
class KnownMistake:
    """A known mistake as the diagnosis needs it: what to say, and what it answers to each probe.

    Attributes:
      fails: names of the checks that it fails.
      outputs: output leaves by probe, float32 for floating outputs; where the mistake has a constant, entries of
        each leaf (see :func:`sampled`), of shape ``[constants, entries]``.
      forms: by call, a structure that the reference does not have, or the kind of failure, where it has such.
      constants: increasing values of a constant that students choose freely; empty where it has none.
    """

    name: str
    function: str
    topic: str
    hint: str
    fails: frozenset[str]
    outputs: Mapping[str, list[np.ndarray]]
    forms: Forms = field(default_factory=dict)
    constants: tuple[float, ...] = ()


@dataclass(frozen=True)
class Learned:
    """How the reference learns, over several seeds.

    Attributes:
      state: the structure of the training state.
      losses: the loss of every step, float32 of shape ``[seeds, steps]``.
      numbers: the held-out measures by name, one for each seed.
    """

    state: tree.Spec
    losses: np.ndarray
    numbers: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True)
class Expected:
    """What the reference answers to a plan.

    Attributes:
      outputs: the structure of what each call returns, by call.
      truth: the true output leaves with their tolerances, by probe.
      problems: why the reference has no answer, by probe or training check: these are not judged.
      mistakes: the known mistakes and their answers.
      programs: the reference's own programs, by call: speed is measured against them.
      training: how the reference learns, by training check.
      calls: everything to trace: the plan's calls and the steps of training.
      libraries: versions of the libraries that computed the answers; empty where an earlier version stored them.
    """

    outputs: Mapping[str, tree.Spec]
    truth: Mapping[str, list[Truth]]
    problems: Mapping[str, str]
    mistakes: tuple[KnownMistake, ...]
    programs: Mapping[str, bytes]
    training: Mapping[str, Learned]
    calls: Mapping[str, Call]
    libraries: Mapping[str, str] = field(default_factory=dict)


def library_versions() -> dict[str, str]:
    """Return the versions of the libraries that a result depends on."""
    found = {}
    for name in ("jax", "jaxlib", "flax", "optax", "numpy"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def sampled(leaf: np.ndarray) -> np.ndarray:
    """Return at most 512 entries of an array, evenly spread: enough to recognise the constant of a mistake."""
    flat = leaf.ravel()
    return flat if flat.size <= SAMPLE else flat[np.linspace(0, flat.size - 1, SAMPLE).astype(int)]


def float_leaves(spec: tree.Spec) -> list[tree.Spec]:
    """Return the specs of the floating leaves of a structure."""
    return [leaf for leaf in tree.leaf_specs(spec) if tree.dtype_of(leaf).startswith(("float", "bfloat"))]


def inputs_of(plan: Plan, probe: Probe, outputs: Mapping[str, tree.Spec]) -> list[np.ndarray]:
    """Return all flat inputs of a probe, in the shapes and dtypes of its call.

    The inputs of a gradient end with its cotangents, float32 from N(0, 1), which the keys of the probe draw.

    Args:
      outputs: the structure of what each call returns, by call.
    """
    if not probe.call.vjp:
        return list(probe.inputs)
    rng = plan.keys_of(probe).generator(probe.key, "cotangents")
    leaves = float_leaves(outputs[probe.forward.key])
    return [*probe.inputs, *(rng.normal(size=tree.shape_of(s)).astype(np.float32) for s in leaves)]


def obtain(plan: Plan, public: Expected | None = None, cache: Path | None = None) -> Expected:
    """Return the answers of a plan: from the cache, from the public file, or by asking the oracle.

    What is public is computed once for all keys: the public draws, ladders, the answers of known mistakes to them, and
    how the reference learns.  For a key and a draw set only the truth of the hidden draws is new.

    Args:
      public: the answers of the public plan, if they are at hand.

    Raises:
      ReferenceFailedError: the oracle could not answer; the message carries its own words.
    """
    if plan.keys.public:
        return public or _answers(plan, cache)
    public = public or obtain(make_plan(plan.assignment, PUBLIC.keys(plan.assignment.slug)), cache=cache)
    return joined(plan, public, _answers(plan, cache))


def joined(plan: Plan, public: Expected, hidden: Expected) -> Expected:
    """Join the public answers of an assignment with those to the hidden draws of a plan."""
    own = {p.key for p in plan.numeric() if not p.public}
    return Expected(
        {**public.outputs, **hidden.outputs},
        {**{k: t for k, t in public.truth.items() if k not in own}, **hidden.truth},
        {**{k: p for k, p in public.problems.items() if k not in own}, **hidden.problems},
        public.mistakes,
        public.programs,
        public.training,
        all_calls(plan, public.training),
        public.libraries,
    )


def _answers(plan: Plan, cache: Path | None) -> Expected:
    kept = (cache or cache_folder()) / f"{plan.assignment.slug}-{plan.digest()[:16]}-{_engine()}.npz"
    if kept.exists():
        with contextlib.suppress(ReferenceFailedError):
            expected = read(kept, plan)
            if not expected.problems:  # a reference that failed is asked again
                return expected
    if plan.assignment.reference is None:
        shipped = plan.assignment.folder / PUBLIC_FILE
        if plan.keys.public and shipped.exists():
            return read(shipped, plan)
        raise ReferenceFailedError(
            f"the reference of {plan.assignment.slug!r} is not here: only the public self-check is possible, "
            f"and it needs {PUBLIC_FILE} beside assignment.toml (autograder starter writes it)"
        )
    ask_oracle(plan, kept)
    return read(kept, plan)


def ask_oracle(plan: Plan, target: Path) -> None:
    """Compute the answers in a process of their own and store them.  Raises :class:`ReferenceFailedError`."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with replaced(target, PRIVATE) as partial:
        run_oracle("answers", plan, partial)


def run_oracle(what: str, plan: Plan, out: Path, chosen: Sequence[str] = ()) -> None:
    """Run the oracle's process on a plan; it writes ``out``.  Raises :class:`ReferenceFailedError`.

    Args:
      chosen: names of the mistakes whose programs are asked for.
    """
    assignment = plan.assignment
    command = [sys.executable, "-P", "-m", "autograder.judge.oracle.process", what, str(assignment.folder)]
    command += [str(assignment.reference), str(out)]
    order = {
        "shapes": plan.keys.shapes.hex(),
        "values": plan.keys.values.hex(),
        "public": plan.keys.public,
        "draw_set": plan.draw_set,
        "chosen": list(chosen),
    }
    text = json.dumps(order).encode()
    process = subprocess.run(command, input=text, capture_output=True, env=oracle_environment(), check=False)
    if process.returncode != 0:
        lines = process.stderr.decode("utf-8", "replace").strip().splitlines() or ["no message"]
        raise ReferenceFailedError(f"the reference of {assignment.slug!r} failed: {lines[-1]}")


# Source files, below autograder/, that stored answers depend on.
_RESTS_ON = (
    "assignment/plan.py",
    "assignment/probes.py",
    "assignment/seed.py",
    "checks/declare.py",
    "checks/records.py",
    "checks/sizes.py",
    "judge/compare.py",
    "judge/device/execute.py",
    "judge/device/flush.py",
    "judge/device/interpret.py",
    "judge/device/trainer.py",
    "judge/oracle/calls.py",
    "judge/oracle/expected.py",
    "judge/oracle/process.py",
    "judge/oracle/reference.py",
    "judge/oracle/small.py",
    "sandbox/inside/lowering.py",
    "sandbox/inside/tracing.py",
    "tree.py",
)


@functools.cache
def _engine() -> str:
    """Identify the code and the libraries that stored answers depend on."""
    digest = hashlib.sha256()
    package = Path(__file__).resolve().parents[2]
    for name in _RESTS_ON:
        digest.update((package / name).read_bytes())
    digest.update(json.dumps(library_versions()).encode())
    return digest.hexdigest()[:12]


def write(path: Path, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> None:
    """Store arrays and their description in one file; no pickle."""
    description = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    with path.open("wb") as stream:
        np.savez_compressed(stream, allow_pickle=False, meta=description, **arrays)


def read(path: Path, plan: Plan) -> Expected:
    """Read stored answers.

    Raises:
      ReferenceFailedError: the file is damaged, or belongs to another version of the assignment.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            meta = json.loads(bytes(stored["meta"]))
            arrays = {name: stored[name] for name in stored.files if name != "meta"}
        if meta["assignment"] != plan.assignment.sha256 and plan.assignment.reference is not None:
            raise ValueError("they belong to another version of the assignment")
        truth = {}
        for p in answerable(plan):
            if p.key in meta["problems"] or f"t/{p.key}/0" not in arrays:
                continue
            leaves = tree.leaf_specs(meta["outputs"][p.call.key])
            values = [arrays[f"t/{p.key}/{i}"] for i in range(len(leaves))]
            etas = [(float(a), float(b)) for a, b in arrays[f"e/{p.key}"]]
            truth[p.key] = make_truth(values, etas, [tree.dtype_of(s) for s in leaves])
        mistakes = tuple(_mistake(m, arrays) for m in meta["mistakes"])
        programs = {n.removeprefix("p/"): bytes(a) for n, a in arrays.items() if n.startswith("p/")}
        training = {
            name: Learned(t["state"], arrays[f"l/{name}"], {k: tuple(v) for k, v in t["numbers"].items()})
            for name, t in meta["training"].items()
        }
        libraries = {str(name): str(version)[:40] for name, version in meta.get("libraries", {}).items()}
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise ReferenceFailedError(f"the stored answers {path} cannot be read: {error}") from None
    calls = all_calls(plan, training)
    return Expected(meta["outputs"], truth, meta["problems"], mistakes, programs, training, calls, libraries)


def answerable(plan: Plan) -> Iterator[Probe]:
    """Yield the probes whose truth is stored with a plan: all of the public one, the hidden ones of another."""
    yield from (p for p in plan.numeric() if p.public == plan.keys.public)
    if plan.keys.public:
        for rungs in plan.ladders.values():
            yield from rungs


def all_calls(plan: Plan, training: Mapping[str, Learned]) -> dict[str, Call]:
    """Return everything to trace: the plan's calls, and the steps of training, whose state the reference tells."""
    calls = dict(plan.calls)
    for name, learned in training.items():
        options, run = plan.assignment.checks[name].options, plan.runs[name]
        for call in (run.step(options["step"], learned.state), run.predict(options["predict"], learned.state)):
            calls[call.key] = call
    return calls


def _mistake(meta: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> KnownMistake:
    outputs = {
        key: [arrays[f"m/{meta['number']}/{key}/{i}"] for i in range(count)] for key, count in meta["outputs"].items()
    }
    fails = frozenset(meta["fails"])
    constants = tuple(meta["constants"])
    return KnownMistake(
        meta["name"], meta["function"], meta["topic"], meta["hint"], fails, outputs, meta["forms"], constants
    )
