"""Put into plain words why a function has no program, or why its program was not run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from autograder import tree
from autograder.assignment import Assignment
from autograder.evaluate import Refusal
from autograder.plan import Call
from autograder.tracing import Failure


@dataclass(frozen=True)
class Explanation:
    """What happened, what to do, and the student's own line if one is to blame."""

    message: str
    advice: str = ""
    where: str = ""
    code: str = ""


# What JAX meant, by the name of the exception.
_RAISED: Mapping[str, tuple[str, str]] = {
    "TracerBoolConversionError": (
        "a Python `if`, `while`, `and`, `or` or `assert` asks whether an array is true; "
        "while JAX traces, its numbers are not known",
        "use jnp.where (or jax.lax.cond, jax.lax.while_loop) to choose between values; "
        "`if` on shapes and static arguments is fine",
    ),
    "TracerArrayConversionError": (
        "a NumPy function was given a JAX array while JAX traces",
        "use the function of the same name in jax.numpy (jnp.…) instead of numpy (np.…)",
    ),
    "TracerIntegerConversionError": (
        "a JAX array was used where Python needs a plain integer (range, a list index, a shape)",
        "take sizes from x.shape, or index with jnp.take / x[i] on a JAX array instead of a list",
    ),
    "NonConcreteBooleanIndexError": (
        "a boolean mask was used as an index; the size of the result would depend on the values",
        "use jnp.where(mask, x, other), or multiply by the mask",
    ),
    "ConcretizationTypeError": (
        "float(), int(), .item() or similar asks for the number inside an array while JAX traces",
        "keep it an array: write the computation with jnp functions and return the array itself",
    ),
    "UnexpectedTracerError": (
        "the function uses a value that was kept from an earlier call (in a global, a list or an attribute)",
        "return everything the next step needs and take it as an argument; do not store arrays outside the function",
    ),
    "NotImplementedError": (
        "the function is not written yet",
        "replace `raise NotImplementedError` by your code, then check again",
    ),
    "RecursionError": (
        "the function calls itself without end",
        "give the recursion an end, or use a loop over the layers",
    ),
    "KeyReuseError": ("a random key is used twice", "split the key first: key, sub = jax.random.split(key)"),
}

_LOST: Mapping[str, tuple[str, str]] = {
    "timeout": (
        "tracing did not finish in {trace_seconds} seconds",
        "look for a loop that does not end, or one over every pixel or pair",
    ),
    "cpu": ("tracing used up its processor time", "look for a loop that does not end, or one over every pixel or pair"),
    "memory": (
        "tracing used more than {memory_mb} MB of memory",
        "look for a list that grows without end, or a very large array built with NumPy",
    ),
    "died": (
        "the Python process ended while the function was traced",
        "remove calls that end the process; look for very deep recursion",
    ),
    "flood": ("the submission printed more than 8 MB", "remove the print calls from your loops"),
    "forged": (
        "the submission handed out something that is not a program",
        "return plain arrays from your functions and leave the process alone",
    ),
    "gave up": (
        "the submission ended its process again and again, so this function was not reached",
        "repair the functions reported above first",
    ),
}

_REFUSED: Mapping[str, tuple[str, str]] = {
    "timeout": (
        "the program did not finish in {run_seconds} seconds",
        "look for a while_loop whose condition never becomes false, or for far too many operations",
    ),
    "memory": ("the program needs too much memory", "avoid building arrays much larger than the inputs"),
    "crash": (
        "the compiled program failed on the device, twice",
        "simplify the function; report it to your instructor if it looks right to you",
    ),
    "operations": (
        "the program is too large",
        "replace Python loops over elements by array operations, or use jax.lax.scan",
    ),
    "constants": (
        "the program carries too many constants",
        "compute with the arguments; tables of stored numbers are not accepted",
    ),
    "size": ("the program is too large", "replace Python loops over elements by array operations, or use jax.lax.scan"),
    "parse": ("the submission handed out something that is not a program", "return plain arrays from your functions"),
    "signature": (
        "the submission handed out a program of another kind than it said",
        "return plain arrays from your functions",
    ),
    "custom call": (
        "the program leaves the world of arrays",
        "remove callbacks, debug prints and linear-algebra library calls",
    ),
}


def explain_failure(
    failure: Failure, call: Call, expected: tree.Spec, assignment: Assignment, sources: Mapping[str, str]
) -> Explanation:
    """Say why the function could not be traced."""
    if failure.kind == "raised":
        return _raised(failure, call, assignment, sources)
    if failure.kind == "structure":
        return explain_structure(expected, failure.details.get("actual", ["n"]))
    if failure.kind == "missing":
        name = call.function.removeprefix("given.")
        return Explanation(
            f"{failure.message}"
            if call.function == name
            else f"a function that {name} builds on is missing: {failure.message}",
            "define it with exactly this name; if it is there, an error or a rule removed it: "
            "see the remarks on your source",
        )
    if failure.kind == "removed":
        return Explanation(
            f"it was not run: {failure.message}",
            "repair that place; then this function is graded",
            failure.details["where"],
        )
    if failure.kind == "mutation":
        return Explanation(
            "the function changes the dict or list that it was given; the caller's parameters would change under it",
            "build a new one and return it: [{...} for layer in params], or jax.tree.map(...)",
        )
    if failure.kind == "output":
        return Explanation(failure.message, f"return exactly {tree.show(expected)}")
    message, advice = _LOST.get(failure.kind, ("the function could not be traced", ""))
    return Explanation(message.format(**assignment.limits), advice)


def explain_refusal(refusal: Refusal, function: str, assignment: Assignment, sources: Mapping[str, str]) -> Explanation:
    """Say why a program was refused or did not finish."""
    where, code = locate(*(refusal.where or ("", 0)), sources)
    if refusal.kind == "autodiff":
        return Explanation(
            f"{function} is to be written by hand, but automatic differentiation made operations of its program",
            "write the chain rule yourself: jax.grad, vjp, jvp and linearize are not accepted here",
            where,
            code,
        )
    if refusal.kind == "forbidden":
        return Explanation(
            f"the program contains the operation {refusal.message}, which this task asks you to write yourself",
            assignment.policy.instead.get(refusal.message, "build it from elementary array operations"),
            where,
            code,
        )
    message, advice = _REFUSED.get(refusal.kind, ("the program could not be run", ""))
    detail = (
        f" ({refusal.message})"
        if refusal.message and refusal.kind in ("operations", "constants", "memory", "custom call")
        else ""
    )
    return Explanation(message.format(**assignment.limits) + detail, advice, where, code)


def explain_structure(expected: tree.Spec, actual: tree.Spec) -> Explanation:
    """Say how a result differs in containers, shapes or dtypes; both are shown."""
    both = f"expected {tree.show(expected)}, got {tree.show(actual)}"
    if not tree.same_structure(expected, actual):
        return Explanation(
            f"the result has another structure: {both}",
            "return the same nesting of dicts, lists and tuples, with the same keys",
        )
    wanted, found, names = tree.leaf_specs(expected), tree.leaf_specs(actual), tree.paths(expected)
    for w, f, name in zip(wanted, found, names, strict=True):
        at = f" at {name}" if name else ""
        if tree.shape_of(w) != tree.shape_of(f):
            return Explanation(f"wrong shape{at}: {both}", _shape_advice(tree.shape_of(w), tree.shape_of(f)))
        if tree.dtype_of(w) != tree.dtype_of(f):
            return Explanation(
                f"wrong dtype{at}: {both}",
                f"keep every array {tree.dtype_of(w)}; convert with .astype(jnp.{tree.dtype_of(w)})",
            )
    return Explanation(both)


def locate(filename: str, line: int, sources: Mapping[str, str]) -> tuple[str, str]:
    """Name a student's line and quote it; nothing for a place that is not theirs."""
    if filename not in sources or line < 1:
        return "", ""
    lines = sources[filename].splitlines()
    code = lines[line - 1].strip()[:200] if line <= len(lines) else ""
    return f"{filename}, line {line}", code


def _raised(failure: Failure, call: Call, assignment: Assignment, sources: Mapping[str, str]) -> Explanation:
    details = failure.details
    line = details.get("line", 0)
    where, code = locate(str(details.get("file", "")), line if isinstance(line, int) else 0, sources)
    kinds = details.get("kinds")
    for kind in [str(k) for k in kinds] if isinstance(kinds, list) else []:
        if kind in _RAISED:
            return Explanation(*_RAISED[kind], where, code)
    kind = str(details.get("type", "Error"))
    first = failure.message.strip().splitlines()[0][:300] if failure.message.strip() else "no message"
    if first.startswith("Too many leaves for PyTreeDef") and not where:  # so says jax.export of a value kept
        return Explanation(*_RAISED["UnexpectedTracerError"])
    function = assignment.functions.get(call.function)
    if kind == "TypeError" and "argument" in first and not where and function is not None:
        return Explanation(
            f"{call.function} could not be called: {first}", f"keep the signature of the starter: {function.signature}"
        )
    if kind in ("SystemExit", "KeyboardInterrupt"):
        return Explanation(
            "the function ends the program instead of returning", "remove exit() and sys.exit()", where, code
        )
    if "immutable" in first:
        return Explanation(
            "JAX arrays cannot be changed in place",
            "write x = x.at[i].set(value), or build the parts in a list and join them with jnp.stack",
            where,
            code,
        )
    advice = "run the function on a small example of these shapes and look at this line"
    if "shapes" in first or "dot_general" in first or "broadcast" in first:
        advice = "print the shapes (x.shape) just before this line: two arrays do not fit together"
    return Explanation(f"{kind}: {first}", advice, where, code)


def _shape_advice(wanted: tuple[int, ...], found: tuple[int, ...]) -> str:
    if len(wanted) == len(found) and wanted == found[::-1]:
        return "it looks transposed: swap the axes (x.T), or the order of the factors"
    if [n for n in wanted if n != 1] == [n for n in found if n != 1]:
        return "an axis of length 1 is too many or missing: look at keepdims and reshape"
    if len(found) < len(wanted):
        return "an axis was summed or averaged away: look at the axis argument of your reductions"
    if len(found) > len(wanted):
        return "an axis is left over: sum, average or index it; beware that (N, 1) with (N,) broadcasts to (N, N)"
    return "compare the shapes with the ones in the starter's docstring"
