"""Training, throughput and cost of the toy assignment: what is slow, wrong or trained elsewhere is told apart."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from conftest import COURSE
from programs import module_of

from autograder import performance, tree
from autograder.answers import Answers
from autograder.device import Lost
from autograder.evaluate import Memory
from autograder.grade import Session
from autograder.judge import judge
from autograder.performance import Measure
from autograder.plan import Call, Plan
from autograder.program import Rules, rebuild
from autograder.ratios import cost_case
from autograder.results import FAILED, INCONCLUSIVE, NOT_JUDGED, PASSED, SKIPPED, CheckEvidence
from autograder.sandbox import unsandboxed
from autograder.stand import Stand
from autograder.stopwatch import Different, compare_speed
from autograder.submission import read_submission
from autograder.tracing import Failure, Program, trace

Programs = Mapping[str, Program | Failure]
SOLUTION = (COURSE / "reference" / "toy" / "solution.py").read_text()


@pytest.fixture(scope="module")
def open_session(toy_plan: Plan, toy_answers: Answers) -> Session:
    """Asks submissions for everything, also for what is measured."""
    return Session(toy_plan, toy_answers, unsandboxed(), Memory())


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    one = Stand("cpu", 900)
    yield one
    one.close()


@pytest.fixture(scope="module")
def quick(request: pytest.FixtureRequest) -> Iterator[None]:
    """Little time for timing: the tests ask which way it went, not how exactly."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(performance, "TIMING_SECONDS", 1.5)
        yield


@pytest.fixture
def programs(open_session: Session, tmp_path: Path) -> Callable[[str], Programs]:
    def traced(more: str = "") -> Programs:
        path = tmp_path / "submission.py"
        path.write_text(SOLUTION + "\n\n" + more)
        session, answers = open_session, open_session.answers
        cotangents = answers.cotangents(session.plan)
        limits = {**session.assignment.limits, "import_seconds": 60, "trace_seconds": 60}
        assignment = dataclasses.replace(session.assignment, limits=limits)
        return trace(read_submission(path), assignment, answers.calls, cotangents, session.box).programs

    return traced


@pytest.fixture
def measure(open_session: Session, stand: Stand, quick: None) -> Callable[..., CheckEvidence]:
    def one(name: str, programs: Programs, session: Session = open_session) -> CheckEvidence:
        measured = Measure(programs, session.plan, session.answers, stand, Memory(), {})
        return measured(session.assignment.checks[name])

    return one


def test_speed_is_traced_at_the_devices_own_precision(open_session: Session, tmp_path: Path) -> None:
    """Numbers at full precision; speed and training as the reference runs."""
    spec = ["a", [4, 4], "float32"]
    calls = {p: Call(p, "product", (spec,), "{}", None, p) for p in ("highest", "default")}
    (tmp_path / "a.py").write_text("def product(x):\n    return x @ x\n")
    found = trace(read_submission(tmp_path / "a.py"), open_session.assignment, calls, {}, open_session.box).programs
    for precision, program in found.items():
        assert isinstance(program, Program)
        run = rebuild(program.module, Rules((spec,), (spec,)))
        text = jax.jit(run).lower(np.zeros((4, 4), np.float32)).as_text()
        assert ("HIGHEST" in text) == (precision == "highest")
    kinds = {c.precision for c in open_session.answers.calls.values()}
    assert kinds == {"highest", "default"}


def test_a_slow_verdict_is_measured_again(
    programs: Callable[..., Programs], measure: Callable[..., CheckEvidence], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One bad run beside a busy neighbour costs nobody points."""
    answers = [0.4, 1.0]

    def timed(self: Measure, request: object, payload: bytes) -> dict[str, object]:
        return {"ratios": [answers.pop(0)] * 20, "steady": [1.0, 1.0], "compile": [0.1, 0.1], "first": [0.1, 0.1]}

    monkeypatch.setattr(Measure, "_time", timed)
    speed = measure("standardize_speed", programs())
    assert not answers and speed.outcome == INCONCLUSIVE and "measured twice" in speed.cases[0].message


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
def test_wasted_work_is_told_apart(programs: Callable[..., Programs], measure: Callable[..., CheckEvidence]) -> None:
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
    assert hidden.outcome in (FAILED, INCONCLUSIVE)  # unknown trips: time decides
    assert "pairs" in hidden.cases[0].statistics and hidden.cases[0].statistics["ratio"] < 0.3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("def standardize(x, *, axis):\n    return x[:] * 0 + 1", "did not give the reference's numbers"),
        ("def standardize(x, *, axis):\n    return jnp.where(x.shape[0] > 9, 0.0, x)", "did not give the reference's"),
        ("def standardize(x, *, axis):\n    raise ValueError('slow day')", "ValueError: slow day"),
        ("def standardize(x, *, axis):\n    return x.T", "wrong shape"),
        ("def standardize(x, *, axis):\n    return jnp.sort(x, axis)", "the operation stablehlo.sort"),
        ("def standardize(x, *, axis):\n    return jax.grad(lambda y: (y**2).sum())(x)", "to be written by hand"),
        (
            "T = np.random.default_rng(0).normal(size=(512, 256)).astype('f4')\n\n"
            "def standardize(x, *, axis):\n    return jnp.asarray(T) + x if x.size > 99 else x",
            "the program carries too many constants",
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
        ("def momentum(state, grad):\n    return {'w': state['w']}", FAILED, "another structure"),
    ],
    ids=["stands still", "diverges", "structure"],
)
def test_what_does_not_learn(
    programs: Callable[..., Programs], measure: Callable[..., CheckEvidence], more: str, outcome: str, says: str
) -> None:
    found = measure("line_learns", programs(more))
    assert found.outcome == outcome and says in found.message


@pytest.mark.slow
def test_a_network_trained_elsewhere_is_seen(
    open_session: Session, programs: Callable[..., Programs], stand: Stand
) -> None:
    """Weights that are right from the first step, as stored constants would be."""
    answers, plan = open_session.answers, open_session.plan
    check = plan.assignment.checks["line_learns"]
    run = plan.runs["line_learns"]
    weights = np.linalg.lstsq(run.batches[0][0], run.batches[1][0], rcond=None)[0].astype(np.float32)
    call = run.step(check.options["step"], answers.training["line_learns"].state)

    def cheat(*leaves: jax.Array) -> tuple[jax.Array, ...]:
        v, w, x, y = leaves
        return 0 * v, 0 * w + weights, jnp.mean((x @ weights - y) ** 2)

    flat = module_of(cheat, *call.leaves())
    cheating = {**programs(), call.key: Program(flat, answers.outputs[call.key])}
    # As for every real task, the reference begins at about the same loss with every seed.
    learned = answers.training["line_learns"]
    alike = dataclasses.replace(learned, losses=np.tile(learned.losses.mean(0), (5, 1)))
    answers = dataclasses.replace(answers, training={"line_learns": alike})
    case = Measure(cheating, plan, answers, stand, Memory(), {})(check).cases[0]
    assert case.outcome == FAILED and "trained already; start from random weights" in case.message


def test_a_lost_worker_is_not_the_students_program(
    open_session: Session, stand: Stand, quick: None, programs: Callable[..., Programs], monkeypatch: pytest.MonkeyPatch
) -> None:
    right = programs()
    ask = stand.worker.ask
    lost: list[str] = []

    def flaky(header: Mapping[str, object], *rest: object) -> object:
        if header["do"] == "inspect" and not lost:
            lost.append("once")
            stand.worker.close()
            raise Lost("crash")
        return ask(header, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(stand.worker, "ask", flaky)
    measured = Measure(right, open_session.plan, open_session.answers, stand, Memory(), {})
    assert measured(open_session.assignment.checks["standardize_cost"]).outcome == PASSED and lost


def test_a_reference_without_a_program_is_not_judged(
    open_session: Session, stand: Stand, programs: Callable[..., Programs]
) -> None:
    plan, answers = open_session.plan, open_session.answers
    problems = {plan.probes["standardize_speed"][0].key: "ValueError: no", "line_learns": "ValueError: no"}
    measured = Measure({}, plan, dataclasses.replace(answers, problems=problems), stand, Memory(), {})
    for name in ("standardize_speed", "line_learns"):
        found = measured(plan.assignment.checks[name])
        assert found.outcome == NOT_JUDGED and "our reference failed here: ValueError: no" in found.message


def test_equal_programs_are_measured_once_and_needs_come_first(
    open_session: Session, stand: Stand, quick: None, programs: Callable[..., Programs]
) -> None:
    memory, right = Memory(), programs()
    measured = Measure(right, open_session.plan, open_session.answers, stand, memory, {})
    check = open_session.assignment.checks["standardize_cost"]
    assert measured(check) == measured(check) and memory.hits == 1

    class Nobody:
        def evaluate(self, tasks: object, memory: object) -> dict[str, object]:
            return {}

    asked: list[str] = []
    plan, answers = open_session.plan, open_session.answers
    evidence = judge({}, plan, answers, Nobody(), Memory(), {}, lambda c: asked.append(c.name))
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
    with pytest.raises(Different, match="call 1 of a timed run"):
        compare_speed(wrong, _double, sets, bands, 0.2)
    # Right on the first inputs only: the others are compared too.
    with pytest.raises(Different):
        compare_speed(lambda x: [jnp.where(x[0] == 1, x * 2, 0)], _double, sets, bands, 0.2)
    found = compare_speed(_double, _double, sets, bands, 0.2)
    assert len(found["ratios"]) >= 3 and all(r > 0 for r in found["ratios"])
    assert all(t > 0 for name in ("compile", "first", "steady") for t in found[name])


@pytest.mark.parametrize(
    ("mine", "outcome", "says"),
    [
        ({"flops": 100.0, "temporary": 0.0}, PASSED, ""),
        ({"flops": 150.0, "temporary": 0.0}, PASSED, ""),
        ({"flops": 400.0, "temporary": 0.0}, FAILED, "3.97 times the arithmetic operations"),
        ({"flops": 100.0, "temporary": 9000.0}, FAILED, "10.00 times the temporary memory"),
    ],
)
def test_evidence_of_cost(mine: dict[str, float], outcome: str, says: str) -> None:
    bands = ((0.6, 1.0), (0.4, 0.6))
    theirs = {"flops": 100.0, "temporary": 0.0}
    found = cost_case({"student": mine, "reference": theirs}, ("flops", "temporary"), bands, 1000.0, {"label": "a"})
    assert found is not None and found.outcome == outcome and says in found.message
    unknown = {"student": {**mine, "flops": None}, "reference": theirs}
    assert cost_case(unknown, ("flops",), bands, 1000.0, {"label": "a"}) is None
    assert cost_case(unknown, ("temporary",), bands, 1000.0, {"label": "a"}) is not None


def test_the_flat_program_of_the_cheat_has_the_expected_leaves(open_session: Session) -> None:
    """What the cheat above relies on: leaves of a dict come in the order of its keys."""
    state = open_session.answers.training["line_learns"].state
    assert tree.paths(state) == ["['v']", "['w']"]
