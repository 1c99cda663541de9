"""Explain in plain words why a function has no program, or why its program was not run."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autograder import tree
from autograder.assignment.load import Assignment
from autograder.assignment.probes import Call
from autograder.judge.device.budget import ALL_TIME, COMPILE_TIME, MEASURED_TIME, PARSE_TIME, RUN_TIME, Limits
from autograder.judge.device.process import CRASH
from autograder.judge.device.requests import MEMORY, Refusal
from autograder.judge.error_meanings import BY_TYPE, meaning_of
from autograder.results import FAILED, NOT_JUDGED, SKIPPED, CaseEvidence, FailureKind, Fault
from autograder.sandbox.inside.by_hand import AutodiffRefusedError
from autograder.sandbox.trace import Failure
from autograder.submission.statements import printable


@dataclass(frozen=True)
class Explanation:
    """What happened, what to do, the student's own line where it is to blame, and whose fault it is."""

    message: str
    advice: str = ""
    where: str = ""
    code: str = ""
    fault: Fault = Fault.STUDENT
    kind: FailureKind = FailureKind.RAISED
    aside: bool = False  # the fault is in another place, which is told of there

    def case(self, label: str, **more: Any) -> CaseEvidence:
        """Return the evidence of a case that has no numbers for this reason; ``more`` are further fields of it."""
        ours = self.fault is Fault.OURS
        return CaseEvidence(
            label,
            NOT_JUDGED if ours else SKIPPED if self.aside else FAILED,
            message=self.message,
            advice=self.advice,
            where=self.where,
            code=self.code,
            kind=None if ours else self.kind,
            **more,
        )


_NOT_WRITTEN = (
    "the function is not written yet",
    "replace `raise NotImplementedError` with your code, then check again",
)
_BY_HAND = (
    "the derivative is the exercise here: automatic differentiation does not work while this function is traced",
    "write the chain rule yourself: jax.grad, vjp, jvp and linearize are not accepted here",
)

_LOST: Mapping[str, tuple[str, str]] = {
    "timeout": (
        "tracing did not finish in {trace_seconds} seconds",
        "look for an endless loop, or a Python loop over every row, pixel or pair",
    ),
    "cpu": (
        "tracing used up its limit of processor time",
        "look for an endless loop, or a Python loop over every row, pixel or pair",
    ),
    "memory": (
        "tracing used more than {memory_mb} MB of memory",
        "look for a list that keeps growing, or a very large array built with NumPy",
    ),
    "died": (
        "the Python process ended while the function was being traced",
        "remove calls that end the process; look for very deep recursion",
    ),
    "flood": ("the submission printed more than 8 MB", "remove the print calls from your loops"),
    "forged": (
        "the submission returned something that is not a program",
        "return plain arrays from your functions and do not interfere with the process that traces them",
    ),
    "gave up": (
        "the submission ended its process several times or used up its time, so this function was not reached",
        "fix the functions reported above first",
    ),
}

_REFUSED: Mapping[str, tuple[str, str]] = {
    RUN_TIME: (
        "the program did not finish in {run:g} seconds",
        "look for a while_loop whose condition never becomes false, or for far too many operations",
    ),
    COMPILE_TIME: (
        "compiling the program did not finish in {compile:g} seconds",
        "replace Python loops over elements with array operations, and large constants with computations",
    ),
    PARSE_TIME: (
        "the submission returned something that could not be read as a program in {parse:g} seconds",
        "return plain arrays from your functions",
    ),
    ALL_TIME: (
        "this submission used up its time of {submission:g} seconds before this program was done",
        "make the functions faster that did not finish, or that failed; then this one is run again",
    ),
    MEASURED_TIME: (
        "training or measuring took too long",
        "make your functions faster; a training step or a measured call should take about as long as the reference's",
    ),
    "memory": ("the program needs too much memory", "avoid building arrays much larger than the inputs"),
    "crash": (
        "the compiled program failed twice on the device",
        "simplify the function; if you think that it is correct, tell your instructor",
    ),
    "operations": (
        "the program is too large",
        "replace Python loops over elements with array operations, or use jax.lax.scan",
    ),
    "constants": (
        "the program contains too many constants: numbers that do not come from the arguments",
        "compute them from the arguments with jax.numpy, and draw random numbers with jax.random from the key that the "
        "function receives: what NumPy computes or draws becomes a table of stored numbers",
    ),
    "size": (
        "the program is too large",
        "replace Python loops over elements with array operations, or use jax.lax.scan",
    ),
    "parse": ("the submission returned something that is not a program", "return plain arrays from your functions"),
    "malformed": (
        "the submission returned a program that cannot be read",
        "return plain arrays from your functions; if you do, tell your instructor",
    ),
    "signature": (
        "the submission returned a program that does not have the inputs and outputs it declared",
        "return plain arrays from your functions",
    ),
    "wide numbers": (
        "the program computes in float64 or in complex numbers, and a derivative by its formula needs neither",
        "write the formula with the float32 arrays that you are given",
    ),
    "custom call": (
        "the program does something other than array operations",
        "remove callbacks, debug prints and calls of linear-algebra libraries",
    ),
}


_KINDS: Mapping[str, FailureKind] = {
    "raised": FailureKind.RAISED,
    "missing": FailureKind.MISSING,
    "removed": FailureKind.MISSING,
    "needs": FailureKind.MISSING,
    "output": FailureKind.STRUCTURE,
}
_IMPORTS = {
    **{
        name: f"import {name}" for name in ("dataclasses", "functools", "given", "itertools", "jax", "math", "operator")
    },
    "jnp": "import jax.numpy as jnp",
    "lax": "from jax import lax",
    "np": "import numpy as np",
    "numpy": "import numpy",
    "partial": "from functools import partial",
}
_NEEDS_NUMBERS = ("TracerArrayConversionError", "TracerIntegerConversionError")
_AXIS_FOR_NUMBER = re.compile(r"\bjnp\.(?:max|min)\(\s*-?[\d.]+\s*,")
_SETS_ENTRIES = re.compile(r"\w+\[.+\]\s*[-+*/]?=[^=]")
_STOPPED = (RUN_TIME, COMPILE_TIME, ALL_TIME, MEASURED_TIME, CRASH, MEMORY)


def explain_failure(
    failure: Failure, call: Call, expected: tree.Spec, assignment: Assignment, sources: Mapping[str, str]
) -> Explanation:
    """Explain why the function could not be traced.

    Args:
      expected: the structure of what the function should return.
      sources: the student's files by name, to quote lines from.
    """
    explanation = _explain_failure(failure, call, expected, assignment, sources)
    if _is_not_written(failure):
        return dataclasses.replace(explanation, kind=FailureKind.MISSING)
    return dataclasses.replace(explanation, kind=_KINDS.get(failure.kind, FailureKind.NO_PROGRAM))


def _explain_failure(
    failure: Failure, call: Call, expected: tree.Spec, assignment: Assignment, sources: Mapping[str, str]
) -> Explanation:
    if failure.kind == "raised":
        return _raised(failure, call, assignment, sources)
    if failure.kind == "missing":
        name = call.function.removeprefix("given.")
        return Explanation(
            f"{failure.message}"
            if call.function == name
            else f"a function that {name} builds on is missing: {failure.message}",
            "define it with exactly this name; if your file has this definition, an error or a rule removed it: "
            "see the remarks on your source",
        )
    if failure.kind == "removed":
        return Explanation(
            f"the function was not run: {failure.message}",
            "fix that place, and this function will be graded",
            str(failure.details.get("where", "")),
            str(failure.details.get("code", "")),
        )
    if failure.kind == "needs":
        where = str(failure.details.get("where", ""))
        name = printable(str(failure.details.get("name", "")))
        what = f"{name}, which was left out" if name else "what was left out"
        return Explanation(
            f"it needs {what} because of {where}: {failure.message}",
            "fix that place, and this function will be graded",
            where,
            str(failure.details.get("code", "")),
            aside=True,
        )
    if failure.kind == "mutation":
        position, changed = failure.details.get("argument"), printable(str(failure.details.get("changed", "")))
        names = assignment.functions[call.function].arguments if call.function in assignment.functions else ()
        known = isinstance(position, int) and position < len(names)
        place = names[position] + changed.removesuffix(" itself") if known and isinstance(position, int) else "what"
        return Explanation(
            f"the function changes {place} that it was given, which the caller still needs",
            "build a new one and return it: {**old, name: value}, [{...} for layer in layers] or jax.tree.map(...); "
            "a copy of a list still holds the caller's dicts",
        )
    if failure.kind == "output":
        lazy = any(word in failure.message for word in ("iterator", "generator", " map", " zip", " filter"))
        return Explanation(
            failure.message,
            f"return exactly {tree.show(expected)}" + ("; list(...) makes a list of it" if lazy else ""),
        )
    message, advice = _LOST.get(failure.kind, ("the function could not be traced", ""))
    return Explanation(message.format(**assignment.limits), advice)


def explain_refusal(refusal: Refusal, function: str, assignment: Assignment, sources: Mapping[str, str]) -> Explanation:
    """Explain why a program was refused or did not finish."""
    explanation = _explain_refusal(refusal, function, assignment, sources)
    kind = FailureKind.STOPPED if refusal.kind in _STOPPED else FailureKind.NO_PROGRAM
    return dataclasses.replace(explanation, kind=kind)


def _explain_refusal(
    refusal: Refusal, function: str, assignment: Assignment, sources: Mapping[str, str]
) -> Explanation:
    where, code = locate(*(refusal.where or ("", 0)), sources)
    if refusal.kind == "autodiff":
        return Explanation(
            f"the function {function} must be written by hand, but automatic differentiation made part of its program",
            "write the chain rule yourself: jax.grad, vjp, jvp and linearize are not accepted here",
            where,
            code,
        )
    if refusal.kind == "forbidden":
        return Explanation(
            f"the program contains the operation {refusal.message}, which this task asks you to write yourself",
            assignment.allowed.hint(refusal.message) or "build it from elementary array operations",
            where,
            code,
        )
    message, advice = _REFUSED.get(refusal.kind, ("the program could not be run", ""))
    detail = (
        f" ({refusal.message})"
        if refusal.message and refusal.kind in ("operations", "constants", "memory", "custom call", MEASURED_TIME)
        else ""
    )
    seconds = dataclasses.asdict(Limits.of(assignment.limits["run_seconds"]))
    return Explanation(message.format(**seconds) + detail, advice, where, code)


def explain_structure(expected: tree.Spec, actual: tree.Spec) -> Explanation:
    """Explain how a result differs in containers, shapes or dtypes; show both."""
    return dataclasses.replace(_explain_structure(expected, actual), kind=FailureKind.STRUCTURE)


def _explain_structure(expected: tree.Spec, actual: tree.Spec) -> Explanation:
    both = f"expected {tree.show(expected)}, got {tree.show(actual)}"
    if _is_permuted(expected, actual):
        return Explanation(f"the parts of the result are in the wrong order: {both}", "return them in this order")
    if not tree.same_structure(expected, actual):
        return Explanation(
            f"the result has the wrong structure{_difference(expected, actual)}",
            "return the same nesting of dicts, lists and tuples, with the same keys",
        )
    leaves = zip(tree.leaf_specs(expected), tree.leaf_specs(actual), tree.paths(expected), strict=True)
    for wanted, given, name in leaves:
        at = f" at {name}" if name else ""
        one = f"expected {tree.show(wanted)}, got {tree.show(given)}"
        if tree.shape_of(wanted) != tree.shape_of(given):
            return Explanation(f"wrong shape{at}: {one}", _shape_advice(tree.shape_of(wanted), tree.shape_of(given)))
        if tree.dtype_of(wanted) != tree.dtype_of(given):
            return Explanation(
                f"wrong dtype{at}: {one}",
                f"keep every array {tree.dtype_of(wanted)}; convert with .astype(jnp.{tree.dtype_of(wanted)})",
            )
    return Explanation(both)


def _is_permuted(expected: tree.Spec, actual: tree.Spec) -> bool:
    """Whether a tuple has the right parts in another order."""
    parts = [list(map(str, spec[1])) for spec in (expected, actual) if spec[0] == "t"]
    return len(parts) == 2 and parts[0] != parts[1] and sorted(parts[0]) == sorted(parts[1])


def _difference(expected: tree.Spec, actual: tree.Spec, path: str = "") -> str:
    """Describe the first place where two structures differ, the outermost one."""
    at = f" at {path}" if path else ""
    wanted_kind, given_kind = ({"l": "t", "k": "a"}.get(spec[0], spec[0]) for spec in (expected, actual))
    if wanted_kind != given_kind:
        return f"{at}: expected {tree.show(expected)}, got {tree.show(actual)}"
    if expected[0] == "d":
        wanted, given = dict(expected[1]), dict(actual[1])
        lacking, more = [k for k in wanted if k not in given], [k for k in given if k not in wanted]
        if lacking or more:
            said = [f"missing {', '.join(map(repr, lacking))}"] if lacking else []
            said += [f"not expected {', '.join(map(repr, more))}"] if more else []
            return f"{at}: {'; '.join(said)}"
        parts = [(f"{path}[{k!r}]", wanted[k], given[k]) for k in wanted]
    elif wanted_kind == "t":
        if len(expected[1]) != len(actual[1]):
            count = len(expected[1])
            return f"{at}: expected {count} {'entry' if count == 1 else 'entries'}, got {len(actual[1])}"
        pairs = zip(expected[1], actual[1], strict=True)
        parts = [(f"{path}[{i}]", one, other) for i, (one, other) in enumerate(pairs)]
    else:
        return ""
    return next((found for name, one, other in parts if (found := _difference(one, other, name))), "")


def locate(filename: str, line: int, sources: Mapping[str, str]) -> tuple[str, str]:
    """Name a student's line and quote it; return empty texts for a place outside the student's files."""
    if filename not in sources or line < 1:
        return "", ""
    lines = sources[filename].splitlines()
    code = lines[line - 1].strip()[:200] if line <= len(lines) else ""
    return f"{filename}, line {line}", code


def _raised(failure: Failure, call: Call, assignment: Assignment, sources: Mapping[str, str]) -> Explanation:
    details = failure.details
    line = details.get("line", 0)
    where, code = locate(str(details.get("file", "")), line if isinstance(line, int) else 0, sources)
    kinds = _kinds(failure)
    kind = str(details.get("type", "Error"))
    first = failure.message.strip().splitlines()[0][:300] if failure.message.strip() else "no message"
    if _is_not_written(failure):
        return Explanation(*_NOT_WRITTEN, where, code)
    if AutodiffRefusedError.__name__ in kinds:
        return Explanation(*_BY_HAND, where, code)
    if first.startswith("Too many leaves for PyTreeDef") and not where:  # so says jax.export of a value kept
        return Explanation(*BY_TYPE["UnexpectedTracerError"])
    function = assignment.functions.get(call.function)
    if kind == "TypeError" and "argument" in first and not where and function is not None:
        return Explanation(
            f"the function {call.function} could not be called: {first}",
            f"keep the signature of the starter: {function.signature}",
        )
    if kind in ("SystemExit", "KeyboardInterrupt"):
        return Explanation(
            "the function ends the program instead of returning", "remove exit() and sys.exit()", where, code
        )
    if _AXIS_FOR_NUMBER.search(code) and any(name.endswith("Error") for name in kinds):
        return Explanation(
            "the second argument of jnp.max and jnp.min is an axis",
            "to compare with a number, entry by entry, use jnp.maximum(0, x) and jnp.minimum",
            where,
            code,
        )
    filled = kind in _NEEDS_NUMBERS or first.startswith("setting an array element")
    if filled and _SETS_ENTRIES.match(code):
        return Explanation(
            "an array of NumPy is indexed with a JAX array, or filled from one",
            "make it with jax.numpy and write y = y.at[i, j].set(value); for labels, jax.nn.one_hot(labels, n)",
            where,
            code,
        )
    meaning = meaning_of([kind, *kinds], first, str(details.get("lacking", "")))
    if meaning is not None:
        return Explanation(*meaning, where, code)
    advice = "run the function on a small example of these shapes and look at this line"
    undefined, near = str(details.get("undefined", "")), printable(str(details.get("near", "")))
    if kind == "NameError" and undefined in _IMPORTS:
        advice = f"write {_IMPORTS[undefined]} at the top of the file"
    elif kind == "NameError" and undefined in ("tf", "torch"):
        advice = "PyTorch and TensorFlow are not available here: jax.numpy has a function for it"
    elif near:
        advice = f"did you mean {near}?"
    return Explanation(f"{kind}: {first}", advice, where, code)


def _kinds(failure: Failure) -> list[str]:
    kinds = failure.details.get("kinds")
    return [str(kind) for kind in kinds] if isinstance(kinds, list) else []


def _is_not_written(failure: Failure) -> bool:
    """Whether the student's own code says that it is not written yet: libraries raise the same error."""
    return NotImplementedError.__name__ in _kinds(failure) and failure.details.get("own") is True


def _shape_advice(wanted: tuple[int, ...], given: tuple[int, ...]) -> str:
    if not wanted and all(n == 1 for n in given):
        return "one number is wanted, of shape (): take the mean or sum over all axes, without keepdims"
    if 0 in given and 0 not in wanted:
        return "an axis has length 0: x[a:-b] is empty where b is 0; write x[a : x.shape[0] - b]"
    if len(wanted) == len(given) and wanted == given[::-1]:
        return "the result looks transposed: swap the axes (x.T), or the order of the factors"
    if [n for n in wanted if n != 1] == [n for n in given if n != 1]:
        return "an axis of length 1 is missing or should not be there: check keepdims and reshape"
    if len(given) < len(wanted):
        return "an axis was summed or averaged away: check the axis argument of your reductions"
    if len(given) > len(wanted):
        return "an axis is left over: sum, average or index it; beware that (N, 1) with (N,) broadcasts to (N, N)"
    return "compare the shapes with those in the starter's docstring"
