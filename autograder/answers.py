"""True answers, their tolerances and the answers that known mistakes give: computed once, kept in a file."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder import tree
from autograder.compare import Truth, make_truth
from autograder.plan import Call, Plan, Probe

PUBLIC_FILE = "answers_public.npz"


class ReferenceFailed(RuntimeError):
    """The reference itself could not be computed: nobody's mark may depend on it."""


@dataclass(frozen=True)
class KnownMistake:
    """A known mistake as the diagnosis needs it: what to say, and what it answers to each probe."""

    name: str
    function: str
    topic: str
    hint: str
    fails: frozenset[str]
    outputs: Mapping[str, list[np.ndarray]]  # by probe


@dataclass(frozen=True)
class Learned:
    """How the reference learns: one loss curve and one set of held-out numbers per seed."""

    state: tree.Spec
    losses: np.ndarray  # (seeds, steps)
    numbers: Mapping[str, tuple[float, ...]]  # by name, over seeds


@dataclass(frozen=True)
class Answers:
    outputs: Mapping[str, tree.Spec]  # what each call returns, by call
    truth: Mapping[str, list[Truth]]  # by probe
    problems: Mapping[str, str]  # probes, or training checks, whose reference failed: not judged
    mistakes: tuple[KnownMistake, ...]
    programs: Mapping[str, bytes]  # the reference's own programs, by call: what speed is measured against
    training: Mapping[str, Learned]  # by check
    calls: Mapping[str, Call]  # everything to trace: the plan's calls, and the steps of training

    def cotangents(self, plan: Plan) -> dict[str, list[tree.Spec]]:
        """The floating outputs of every call that is differentiated: what its pullback takes."""
        found = {}
        for probes in plan.probes.values():
            for p in probes:
                if p.call.vjp and p.forward.key in self.outputs:
                    found[p.call.key] = float_leaves(self.outputs[p.forward.key])
        return found


def float_leaves(spec: tree.Spec) -> list[tree.Spec]:
    return [leaf for leaf in tree.leaf_specs(spec) if tree.dtype_of(leaf).startswith(("float", "bfloat"))]


def inputs_of(plan: Plan, probe: Probe, outputs: Mapping[str, tree.Spec]) -> list[np.ndarray]:
    """All flat inputs of a probe; a gradient's cotangents are drawn here, from N(0, 1)."""
    if not probe.call.vjp:
        return list(probe.inputs)
    rng = plan.seed.generator(plan.assignment.slug, probe.key, "cotangents")
    leaves = float_leaves(outputs[probe.forward.key])
    return [*probe.inputs, *(rng.normal(size=tree.shape_of(s)).astype(np.float32) for s in leaves)]


def obtain(plan: Plan, cache: Path | None = None) -> Answers:
    """Return the answers of a plan: from the cache, from the public file, or by asking the oracle.

    Raises:
      ReferenceFailed: the oracle could not answer; the message carries its own words.
    """
    kept = (cache or cache_folder()) / f"{plan.assignment.slug}-{plan.digest()[:16]}-{_engine()}.npz"
    if kept.exists():
        with contextlib.suppress(ReferenceFailed):
            answers = read(kept, plan)
            if not answers.problems:  # a reference that failed is asked again
                return answers
    if plan.assignment.reference is None:
        shipped = plan.assignment.folder / PUBLIC_FILE
        if plan.seed.public and shipped.exists():
            return read(shipped, plan)
        raise ReferenceFailed(
            f"the reference of {plan.assignment.slug!r} is not here: only the public self-check is possible, "
            f"and it needs {PUBLIC_FILE} beside assignment.toml (autograder starter writes it)"
        )
    ask_oracle(plan, kept)
    return read(kept, plan)


def ask_oracle(plan: Plan, target: Path) -> None:
    """Compute the answers in a process of their own.  Raises :class:`ReferenceFailed`."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, partial = tempfile.mkstemp(dir=target.parent, suffix=".partial")
    os.close(handle)
    command = [sys.executable, "-P", "-m", "autograder.oracle", "answers", str(plan.assignment.folder)]
    command += [str(plan.assignment.reference), partial, "public" if plan.seed.public else "secret"]
    try:
        done = subprocess.run(
            command, input=plan.seed.secret, capture_output=True, env=oracle_environment(), check=False
        )
        if done.returncode != 0:
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no message"]
            raise ReferenceFailed(f"the reference of {plan.assignment.slug!r} failed: {lines[-1]}")
        os.replace(partial, target)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(partial)


def oracle_environment() -> dict[str, str]:
    """The oracle runs on the CPU, in a process without student programs.

    Trusted processes start with -P: the current folder may hold submissions, and one called jax.py.
    """
    flags = os.environ.get("XLA_FLAGS", "")
    if platform.machine() == "x86_64":
        # Compiled quickly, XLA may compute a value twice, once with a fused multiply-add: x == max(x) is then false.
        flags = f"{flags} --xla_cpu_max_isa=AVX".strip()
    package = str(Path(__file__).resolve().parent.parent)
    path = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
    return dict(os.environ) | {"JAX_PLATFORMS": "cpu", "PYTHONPATH": path, "XLA_FLAGS": flags}


@functools.cache
def _engine() -> str:
    """Identify the code and the libraries that stored answers rest on."""
    digest = hashlib.sha256()
    for name in (
        "answers",
        "checks",
        "compare",
        "execute",
        "oracle",
        "plan",
        "reference",
        "tracer",
        "training",
        "tree",
    ):
        digest.update(Path(__file__).with_name(f"{name}.py").read_bytes())
    for library in ("jax", "flax", "optax", "numpy"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            digest.update(importlib.metadata.version(library).encode())
    return digest.hexdigest()[:12]


def cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "autograder"


def write(path: Path, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> None:
    """Store arrays and their description in one file; no pickle."""
    text = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    with path.open("wb") as stream:
        np.savez_compressed(stream, allow_pickle=False, meta=text, **arrays)


def read(path: Path, plan: Plan) -> Answers:
    """Read stored answers.  Raises :class:`ReferenceFailed` when they are damaged or of another version."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            meta = json.loads(bytes(stored["meta"]))
            arrays = {name: stored[name] for name in stored.files if name != "meta"}
        if meta["assignment"] != plan.assignment.sha256 and plan.assignment.reference is not None:
            raise ValueError("they belong to another version of the assignment")
        truth = {}
        for probes in plan.probes.values():
            for p in probes:
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
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise ReferenceFailed(f"the stored answers {path} cannot be read: {error}") from None
    calls = dict(plan.calls)
    for name, learned in training.items():
        options, run = plan.assignment.checks[name].options, plan.runs[name]
        for call in (run.step(options["step"], learned.state), run.predict(options["predict"], learned.state)):
            calls[call.key] = call
    return Answers(meta["outputs"], truth, meta["problems"], mistakes, programs, training, calls)


def _mistake(meta: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> KnownMistake:
    outputs = {
        key: [arrays[f"m/{meta['name']}/{key}/{i}"] for i in range(count)] for key, count in meta["outputs"].items()
    }
    return KnownMistake(meta["name"], meta["function"], meta["topic"], meta["hint"], frozenset(meta["fails"]), outputs)
