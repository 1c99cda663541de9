"""Training, throughput and cost of the toy assignment: what is slow, wrong or trained elsewhere is told apart."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers.commands import COURSE
from helpers.programs import module_of
from helpers.sessions import expected_of, plan_of, public_of, session_of

from autograder import tree
from autograder.assignment.plan import Plan
from autograder.assignment.probes import Call
from autograder.grading.grade import Session
from autograder.judge.device.budget import Budget
from autograder.judge.device.comparison import DifferentOutputsError, gap
from autograder.judge.device.evaluator import ResultCache
from autograder.judge.device.inspection import Rules, rebuild
from autograder.judge.device.measure import compare_speed, count_cost
from autograder.judge.device.process import LostWorkerError
from autograder.judge.judge import judge
from autograder.judge.oracle.expected import Expected
from autograder.judge.performance import comparison, testbed
from autograder.judge.performance.judge import judge_performance
from autograder.judge.performance.measurement import Measurement
from autograder.judge.performance.ratios import cost_case
from autograder.results import FAILED, NOT_JUDGED, PASSED, SKIPPED, CheckEvidence
from autograder.sandbox.bubblewrap import unsandboxed
from autograder.sandbox.trace import Failure, Program, trace
from autograder.submission.read import read_submission

Programs = Mapping[str, Program | Failure]
SOLUTION = (COURSE / "reference" / "toy" / "solution.py").read_text()


@pytest.fixture(scope="module")
def open_session(toy_plan: Plan, toy_answers: Expected) -> Session:
    """Asks submissions for everything, also for what is measured."""
    return session_of(toy_plan, toy_answers, unsandboxed())


@pytest.fixture(scope="module")
def bed() -> Iterator[testbed.Testbed]:
    opened = testbed.Testbed("cpu", 900)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def quick(request: pytest.FixtureRequest) -> Iterator[None]:
    """Little time for timing: the tests ask which way it went, not how exactly."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comparison, "TIMING_SECONDS", 1.5)
        yield


@pytest.fixture
def programs(open_session: Session, tmp_path: Path) -> Callable[[str], Programs]:
    def traced(more: str = "") -> Programs:
        path = tmp_path / "submission.py"
        path.write_text(SOLUTION + "\n\n" + more)
        session, answers = open_session, expected_of(open_session)
        limits = {**session.assignment.limits, "import_seconds": 60, "trace_seconds": 60}
        assignment = dataclasses.replace(session.assignment, limits=limits)
        return trace(read_submission(path), assignment, answers.calls, public_of(session), session.sandbox).programs

    return traced


@pytest.fixture
def measure(open_session: Session, bed: testbed.Testbed, quick: None) -> Callable[..., CheckEvidence]:
    def one(name: str, programs: Programs, session: Session = open_session, **options: object) -> CheckEvidence:
        measurement = Measurement(programs, plan_of(session), expected_of(session), bed, ResultCache(), {})
        check = session.assignment.checks[name]
        return judge_performance(measurement, dataclasses.replace(check, options={**check.options, **options}))

    return one


def test_speed_is_traced_at_the_devices_own_precision(open_session: Session, tmp_path: Path) -> None:
    """Numbers at full precision; speed and training as the reference runs."""
    spec = ["a", [4, 4], "float32"]
    calls = {p: Call(p, "product", (spec,), "{}", None, p) for p in ("highest", "default")}
    (tmp_path / "a.py").write_text("def product(x):\n    return x @ x\n")
    found = trace(
        read_submission(tmp_path / "a.py"),
        open_session.assignment,
        calls,
        public_of(open_session),
        open_session.sandbox,
    ).programs
    for precision, program in found.items():
        assert isinstance(program, Program)
        run = rebuild(program.module, Rules((spec,), (spec,)))
        text = jax.jit(run).lower(np.zeros((4, 4), np.float32)).as_text()
        assert ("HIGHEST" in text) == (precision == "highest")
    kinds = {c.precision for c in expected_of(open_session).calls.values()}
    assert kinds == {"highest", "default"}


def test_a_slow_verdict_is_measured_again(
    programs: Callable[..., Programs], measure: Callable[..., CheckEvidence], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One bad run beside a busy neighbour costs nobody points."""
    answers = [0.4, 1.0]

    def timed(measurement: object, request: object) -> tuple[dict[str, object], bytes]:
        ratios = [answers.pop(0)] * 20
        return {"ratios": ratios, "steady": [1.0, 1.0], "compile": [0.1, 0.1], "first": [0.1, 0.1]}, b""

    monkeypatch.setattr(comparison, "time_programs", timed)
    speed = measure("standardize_speed", programs())
    assert not answers and speed.outcome == PASSED


def test_a_speed_close_to_a_bar_earns_the_lower_band(
    programs: Callable[..., Programs], measure: Callable[..., CheckEvidence], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is asked to measure for ever what stands between two bands."""
    answers = [[0.45, 0.55] * 10, [0.42, 0.58] * 10]

    def timed(measurement: object, request: object) -> tuple[dict[str, object], bytes]:
        return {"ratios": answers.pop(0), "steady": [1.0, 1.0], "compile": [0.1, 0.1], "first": [0.1, 0.1]}, b""

    monkeypatch.setattr(comparison, "time_programs", timed)
    speed = measure("standardize_speed", programs())
    assert not answers and speed.outcome == FAILED and "lower band" in speed.cases[0].message


@pytest.mark.slow
def test_right_work_learns_and_costs_no_more(
    programs: Callable[..., Programs], measure: Callable[..., CheckEvidence]
) -> None:
    right = programs()
    cost = measure("standardize_cost", right)
    assert cost.outcome == PASSED and cost.cases[0].statistics["ratio"] > 0.6
    learned = measure("line_learns", right)
    assert learned.outcome == PASSED and len(learned.cases) == 3, learned.message
    case = learned.cases[0]
    assert case.statistics["share of variance explained"] > 0.9 and len(case.curves["loss"]) == 60
    assert [c.draw for c in learned.cases] == [0, 1, 2]
    speed = measure("standardize_speed", right)
    assert speed.outcome != NOT_JUDGED and speed.cases[0].statistics["pairs"] >= 3  # how fast is for the benchmarks


WASTE = """
def standardize(x, *, axis):
    total = 0.0
    for i in range({times}):
        y = x + 1e-9 * i * total
        c = y - y.mean(axis=axis, keepdims=True)
        total = total + jnp.tanh(c / jnp.sqrt((c**2).mean(axis=axis, keepdims=True))) * 1e-12
    c = x - x.mean(axis=axis, keepdims=True)
    return c / jnp.sqrt((c**2).mean(axis=axis, keepdims=True)) + total
"""
LOOP = """
def standardize(x, *, axis):
    x = x if axis == 1 else x.T
    def row(r):
        c = r - r.mean()
        return c / jnp.sqrt((c**2).mean())
    y = jax.lax.map(row, x)
    return y if axis == 1 else y.T
"""
HIDDEN = """
def standardize(x, *, axis):
    c = x - x.mean(axis=axis, keepdims=True)
    y = c / jnp.sqrt((c**2).mean(axis=axis, keepdims=True))
    def wait(state):
        return state[0] + 1, jnp.sin(state[1])
    waited = jax.lax.while_loop(lambda s: s[0] < jnp.where(s[1][0, 0] > 9, 400, 200), wait, (0, y))[1]
    return y + 1e-12 * waited
"""


@pytest.mark.slow
def test_wasted_work_fails_speed_and_cost(
    programs: Callable[..., Programs], measure: Callable[..., CheckEvidence]
) -> None:
    slow = programs(WASTE.format(times=8))
    cost = measure("standardize_cost", slow)
    assert cost.outcome == FAILED and cost.cases[0].statistics["ratio"] < 0.4
    assert "times the arithmetic operations of the reference" in cost.message
    assert "computed more than once" in cost.cases[0].advice
    speed = measure("standardize_speed", slow)
    assert speed.outcome == FAILED and "times as long as the reference" in speed.message
    assert speed.cases[0].statistics["ratio high"] < 0.6


@pytest.mark.slow
def test_loops_hide_nothing(programs: Callable[..., Programs], measure: Callable[..., CheckEvidence]) -> None:
    cost = measure("standardize_cost", programs(LOOP))
    assert cost.cases[0].statistics["ratio"] == pytest.approx(1, abs=0.5)  # known trips: the body is not counted once
    hidden = measure("standardize_cost", programs(HIDDEN))
    assert hidden.outcome == FAILED  # unknown trips: time decides
    assert "pairs" in hidden.cases[0].statistics and hidden.cases[0].statistics["ratio"] < 0.3


_RIGHT = """
def right(x, axis):
    c = x - x.mean(axis=axis, keepdims=True)
    return c / jnp.sqrt((c**2).mean(axis=axis, keepdims=True))

def standardize(x, *, axis):
    y = right(x, axis)
    return {what}
"""


@pytest.mark.slow
@pytest.mark.parametrize("check", ["standardize_cost", "standardize_speed"])
@pytest.mark.parametrize(
    "what",
    [
        "y if x.shape[0] < 99 else x",
        "y if x.shape[0] < 99 else jnp.full_like(x, jnp.nan)",
        "y if x.shape[0] < 99 else jnp.zeros_like(x)",
        "y if x.shape[0] < 99 else y.at[0].set(0)",
        "y if x.shape[0] < 99 else jnp.where(x[0, 0] > 0, y, x)",
        "y if x.shape[0] < 99 else y * 1.01",
        "y if x.shape[0] < 99 else y.at[3, 7].add(0.3)",
        "y if x.shape[0] < 99 else x + jax.lax.while_loop(lambda i: i < y[0, 0], lambda i: i + 1.0, 0.0)",
    ],
    ids=[
        "input",
        "nan",
        "zeros",
        "all but a row",
        "half of the inputs",
        "a hundredth",
        "one element",
        "hidden by a loop",
    ],
)
def test_what_is_wrong_where_it_is_measured_earns_nothing(
    programs: Callable[..., Programs], measure: Callable[..., CheckEvidence], check: str, what: str
) -> None:
    """Right at the sizes of the other checks, and cheap and wrong at the size that is counted or timed."""
    found = measure(check, programs(_RIGHT.format(what=what)))
    assert found.outcome == FAILED and "did not return the reference's numbers" in found.message
    assert not found.cases[0].statistics


def test_a_broken_reference_is_a_fault_of_ours(
    open_session: Session, bed: testbed.Testbed, programs: Callable[..., Programs]
) -> None:
    plan, answers = plan_of(open_session), expected_of(open_session)
    right = programs()
    broken = dataclasses.replace(answers, programs=dict.fromkeys(answers.programs, b"ML no program"))
    measurement = Measurement(right, plan, broken, bed, ResultCache(), {})
    for name in ("standardize_cost", "standardize_speed", "line_learns"):
        found = judge_performance(measurement, plan.assignment.checks[name])
        assert found.outcome == NOT_JUDGED and "our reference failed here" in found.message, found
    assert not measurement.cache.results  # the next submission asks again


def test_measurements_of_a_submission_share_a_budget(
    open_session: Session, bed: testbed.Testbed, quick: None, programs: Callable[..., Programs]
) -> None:
    budget = Budget(600)
    measurement = Measurement(
        programs(), plan_of(open_session), expected_of(open_session), bed, ResultCache(), {}, budget=budget
    )
    check = open_session.assignment.checks["standardize_cost"]
    assert judge_performance(measurement, check).outcome == PASSED
    assert 0 < 600 - budget.left < 60
    budget.spend(600)
    measurement = dataclasses.replace(measurement, cache=ResultCache())
    found = judge_performance(measurement, check)
    assert found.outcome == FAILED and "training or measuring took too long" in found.message
    assert not measurement.cache.results


@pytest.mark.slow
@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("def standardize(x, *, axis):\n    return x[:] * 0 + 1", "did not return the reference's numbers"),
        (
            "def standardize(x, *, axis):\n    return jnp.where(x.shape[0] > 9, 0.0, x)",
            "did not return the reference's",
        ),
        ("def standardize(x, *, axis):\n    raise ValueError('slow day')", "ValueError: slow day"),
        ("def standardize(x, *, axis):\n    return x.T", "wrong shape"),
        ("def standardize(x, *, axis):\n    return jnp.sort(x, axis)", "the operation stablehlo.sort"),
        (
            "def standardize(x, *, axis):\n    return jax.grad(lambda y: (y**2).sum())(x)",
            "differentiation does not work",
        ),
        (
            "T = np.random.default_rng(0).normal(size=(512, 256)).astype('f4')\n\n"
            "def standardize(x, *, axis):\n    return jnp.asarray(T) + x if x.size > 99 else x",
            "the program contains too many constants",
        ),
    ],
    ids=["wrong", "wrong when large", "raises", "shape", "sort", "grad", "constants"],
)
def test_what_is_fast_and_wrong_earns_nothing(
    programs: Callable[..., Programs], measure: Callable[..., CheckEvidence], more: str, says: str
) -> None:
    found = measure("standardize_speed", programs("import numpy as np\n" + more))
    assert found.outcome == FAILED and says in found.message
    assert "ratio low" not in found.cases[0].statistics


@pytest.mark.slow
@pytest.mark.parametrize(
    ("more", "outcome", "says"),
    [
        ("def momentum(state, grad):\n    return state", FAILED, "share of variance explained is"),
        ("def momentum(state, grad):\n    return state | {'w': state['w'] + 9 * grad['w']}", FAILED, "the loss"),
        ("def momentum(state, grad):\n    return {'w': state['w']}", FAILED, "wrong structure"),
    ],
    ids=["stands still", "diverges", "structure"],
)
def test_a_step_that_does_not_learn_fails(
    programs: Callable[..., Programs], measure: Callable[..., CheckEvidence], more: str, outcome: str, says: str
) -> None:
    found = measure("line_learns", programs(more), same_step=False)
    assert found.outcome == outcome and says in found.message


FLAT_AT_TRAINING = """
def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    w = state["w"] - 0.1 * v
    return {WHAT}
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("state", "step 1 is not the reference's"),
        ("{'w': state['w'] - 0.08 * v, 'v': v}", "step 1 is not the reference's"),
        ("{'w': w, 'v': grad['w']}", "step 3 is not the reference's"),
        ("{'w': w * jnp.nan, 'v': v}", "step 1 is not the reference's"),
        ("{'w': w + 1e-6, 'v': v * (1 + 1e-6)}", ""),
    ],
    ids=["stands still", "another rate", "forgets", "not finite", "rounds otherwise"],
)
def test_a_training_step_must_be_the_references_from_the_same_state(
    programs: Callable[..., Programs], measure: Callable[..., CheckEvidence], what: str, says: str
) -> None:
    found = measure("line_learns", programs(FLAT_AT_TRAINING.replace("{WHAT}", what)))
    assert found.outcome == (FAILED if says else PASSED) and says in found.message
    assert bool(found.cases[0].curves) == (not says)  # nothing was trained


@pytest.mark.slow
def test_a_network_trained_elsewhere_is_seen(
    open_session: Session, programs: Callable[..., Programs], bed: testbed.Testbed
) -> None:
    """Weights that are right from the first step, as stored constants would be."""
    answers, plan = expected_of(open_session), plan_of(open_session)
    check = plan.assignment.checks["line_learns"]
    run = plan.runs["line_learns"]
    weights = np.linalg.lstsq(run.batches[0][0], run.batches[1][0], rcond=None)[0].astype(np.float32)
    call = run.step(check.options["step"], answers.training["line_learns"].state)

    def cheat(*leaves: jax.Array) -> tuple[jax.Array, ...]:
        v, w, x, y = leaves
        return 0 * v, 0 * w + weights, jnp.mean((x @ weights - y) ** 2)

    flat = module_of(cheat, *call.leaves())
    cheating = {**programs(), call.key: Program(flat, answers.outputs[call.key], answers.outputs[call.key])}
    # As for every real task, the reference begins at about the same loss with every seed.
    learned = answers.training["line_learns"]
    alike = dataclasses.replace(learned, losses=np.tile(learned.losses.mean(0), (5, 1)))
    answers = dataclasses.replace(answers, training={"line_learns": alike})
    free = dataclasses.replace(check, options={**check.options, "same_step": False})
    case = judge_performance(Measurement(cheating, plan, answers, bed, ResultCache(), {}), free).cases[0]
    assert case.outcome == FAILED and "trained already; start from random weights" in case.message


def test_a_lost_worker_is_not_the_students_program(
    open_session: Session,
    bed: testbed.Testbed,
    quick: None,
    programs: Callable[..., Programs],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = programs()
    ask = bed.worker.ask
    lost: list[str] = []

    def flaky(header: Mapping[str, object], *rest: object) -> object:
        if header["do"] == "inspect" and not lost:
            lost.append("once")
            bed.worker.close()
            raise LostWorkerError("crash")
        return ask(header, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(bed.worker, "ask", flaky)
    measurement = Measurement(right, plan_of(open_session), expected_of(open_session), bed, ResultCache(), {})
    assert judge_performance(measurement, open_session.assignment.checks["standardize_cost"]).outcome == PASSED and lost


def test_a_reference_without_a_program_is_not_judged(
    open_session: Session, bed: testbed.Testbed, programs: Callable[..., Programs]
) -> None:
    plan, answers = plan_of(open_session), expected_of(open_session)
    problems = {plan.probes["standardize_speed"][0].key: "ValueError: no", "line_learns": "ValueError: no"}
    measurement = Measurement({}, plan, dataclasses.replace(answers, problems=problems), bed, ResultCache(), {})
    for name in ("standardize_speed", "line_learns"):
        found = judge_performance(measurement, plan.assignment.checks[name])
        assert found.outcome == NOT_JUDGED and "our reference failed here: ValueError: no" in found.message


def test_equal_programs_are_measured_once_and_needs_come_first(
    open_session: Session, bed: testbed.Testbed, quick: None, programs: Callable[..., Programs]
) -> None:
    memory, right = ResultCache(), programs()
    measurement = Measurement(right, plan_of(open_session), expected_of(open_session), bed, memory, {})
    check = open_session.assignment.checks["standardize_cost"]
    assert judge_performance(measurement, check) == judge_performance(measurement, check) and memory.hits == 1

    class Nobody:
        def evaluate(self, tasks: object, memory: object) -> dict[str, object]:
            return {}

    asked: list[str] = []
    plan, answers = plan_of(open_session), expected_of(open_session)
    evidence, _ = judge({}, plan, answers, Nobody(), ResultCache(), {}, lambda c: asked.append(c.name))
    assert not asked  # everything measured rests on numbers that are not right
    assert {c.outcome for c in evidence if c.kind in ("throughput", "cost", "training")} == {SKIPPED}


def _double(x: jax.Array) -> list[jax.Array]:
    return [x * 2]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda x: [x * 2.01],
        lambda x: [jnp.where(jnp.arange(8) == 3, jnp.nan, x * 2)],
        lambda x: [jnp.zeros_like(x)],
    ],
    ids=["a hundredth off", "nan", "zeros"],
)
def test_every_timed_output_is_compared(wrong: Callable[..., list[jax.Array]]) -> None:
    sets = [[np.full(8, float(i + 1), np.float32)] for i in range(3)]
    bands = ((0.6, 1.0),)
    with pytest.raises(DifferentOutputsError, match="inputs 1 of 3"):
        compare_speed(wrong, _double, sets, len(sets), bands, 0.2)
    # Right on the first inputs only: the others are compared too.
    with pytest.raises(DifferentOutputsError, match="inputs 2 of 3"):
        compare_speed(lambda x: [jnp.where(x[0] == 1, x * 2, 0)], _double, sets, len(sets), bands, 0.2)
    with pytest.raises(DifferentOutputsError, match="inputs 3 of 3"):  # inputs that are compared and not timed
        compare_speed(lambda x: [jnp.where(x[0] == 3, 0, x * 2)], _double, sets, 1, bands, 0.2)
    found = compare_speed(_double, _double, sets, len(sets), bands, 0.2)
    assert len(found["ratios"]) >= 3 and all(r > 0 for r in found["ratios"])
    assert all(t > 0 for name in ("compile", "first", "steady") for t in found[name])


_WHOLE = np.arange(6, dtype=np.int32)
_SMALL = np.full(6, 1e-9, np.float32)
_LARGE = np.full(6, 1e25, np.float32)
_ONES = np.ones(6, np.float32)


@pytest.mark.parametrize(
    ("actual", "expected", "at_least", "at_most"),
    [
        ([_ONES], [_ONES], 0, 0),
        ([_ONES * 1.01], [_ONES], 0.0099, 0.0101),
        ([_WHOLE], [_WHOLE], 0, 0),
        ([_WHOLE[::-1].copy()], [_WHOLE], 1, 1),
        ([_WHOLE > 2], [_WHOLE > 1], 0.1, 0.2),
        ([_ONES * np.nan], [_ONES], np.inf, np.inf),
        ([_ONES * np.nan], [_ONES * np.nan], 0, 0),
        ([-_ONES * np.inf], [_ONES * np.inf], np.inf, np.inf),
        ([_LARGE * 2], [_LARGE], 0.99, 1.01),
        ([_ONES * 0], [_LARGE], 0.99, 1.01),
        ([_ONES, _SMALL * 3], [_ONES, _SMALL], 0, 1e-4),  # rounding noise beside the other leaf
        ([_SMALL * 3], [_SMALL], 1.99, 2.01),
        ([], [], 0, 0),
        ([np.zeros((0, 3), np.float32)], [np.zeros((0, 3), np.float32)], 0, 0),
    ],
)
def test_outputs_are_the_same_within_the_precision_of_the_device(
    actual: list[np.ndarray], expected: list[np.ndarray], at_least: float, at_most: float
) -> None:
    found = gap([jnp.asarray(a) for a in actual], [jnp.asarray(e) for e in expected])
    assert at_least <= found <= at_most


@pytest.mark.parametrize(
    ("value", "count"), [(3, 3.0), (0, 0.0), (-1, None), (np.nan, None), (np.inf, None), (None, None)]
)
def test_a_count_that_is_not_known_is_none(value: float | None, count: float | None) -> None:
    """XLA writes -1 for an operation whose cost it does not know."""

    class Compiled:
        def as_text(self) -> str:
            return ""

        def cost_analysis(self) -> dict[str, float | None]:
            return {"flops": value, "bytes accessed": value}

        def memory_analysis(self) -> None:
            return None

    assert count_cost(Compiled()) == {"flops": count, "bytes": count, "temporary": None}


@pytest.mark.parametrize(
    ("mine", "outcome", "says"),
    [
        ({"flops": 100.0, "temporary": 0.0}, PASSED, ""),
        ({"flops": 150.0, "temporary": 0.0}, PASSED, ""),
        ({"flops": 400.0, "temporary": 0.0}, FAILED, "3.97 times the arithmetic operations"),
        ({"flops": 100.0, "temporary": 9000.0}, FAILED, "10.00 times the temporary memory"),
    ],
)
def test_the_worst_count_decides_and_unknown_counts_are_not_judged(
    mine: dict[str, float], outcome: str, says: str
) -> None:
    bands = ((0.6, 1.0), (0.4, 0.6))
    theirs = {"flops": 100.0, "temporary": 0.0}
    found = cost_case({"student": mine, "reference": theirs}, ("flops", "temporary"), bands, 1000.0, {"label": "a"})
    assert found is not None and found.outcome == outcome and says in found.message
    unknown = {"student": {**mine, "flops": None}, "reference": theirs}
    assert cost_case(unknown, ("flops",), bands, 1000.0, {"label": "a"}) is None
    assert cost_case(unknown, ("temporary",), bands, 1000.0, {"label": "a"}) is not None


def test_the_flat_program_of_the_cheat_has_the_expected_leaves(open_session: Session) -> None:
    """What the cheat above relies on: leaves of a dict come in the order of its keys."""
    state = expected_of(open_session).training["line_learns"].state
    assert tree.paths(state) == ["['v']", "['w']"]
