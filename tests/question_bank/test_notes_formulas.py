"""The formulas and numbers of the course notes are what jax and optax compute."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from helpers.course_notes import entries, formulas, items_under, rows_of_formulas, told
from helpers.plain_notation import Value, evaluate

from question_bank.documents import facts
from question_bank.documents.outline import FENCE
from question_bank.lexicon import normal


def test_the_evaluator_refuses_what_is_no_formula() -> None:
    for bad in ("__import__('os')", "x.shape", "[i for i in x]", "lambda: 1", "open('a')"):
        with pytest.raises((ValueError, NameError, SyntaxError)):
            evaluate(bad, {"x": np.ones(2)})
    assert evaluate("-sum_i t_i * log(p_i)", {"t_i": np.array([0.0, 1.0]), "p_i": np.array([0.5, 0.25])}) == np.log(4)
    assert evaluate("1 if x >= 0, otherwise 0", {"x": -1.0}) == 0


X = np.array([-7.5, -3.2, -1.0, -0.3, 0.0, 0.4, 1.0, 2.9, 8.0])
ACTIVATIONS: dict[str, Callable[[jax.Array], jax.Array]] = {
    "step": lambda x: jnp.heaviside(x, 1.0),
    "sigmoid": jax.nn.sigmoid,
    "tanh": jnp.tanh,
    "relu": jax.nn.relu,
    "leaky_relu": jax.nn.leaky_relu,
    "elu": jax.nn.elu,
    "softplus": jax.nn.softplus,
    "softsign": jax.nn.soft_sign,
    "hard_sigmoid": jax.nn.hard_sigmoid,
}


def close(got: object, wanted: object, tolerance: float = 2e-5) -> None:
    np.testing.assert_allclose(np.asarray(got, np.float64), np.asarray(wanted, np.float64), rtol=tolerance, atol=2e-6)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_each_activation_formula_computes_what_jax_computes(name: str) -> None:
    for right in formulas()[f"{name}(x)"]:
        close([evaluate(right, {"x": x, "alpha": 1.0}) for x in X], ACTIVATIONS[name](jnp.asarray(X)))


def test_every_activation_formula_is_checked() -> None:
    assert {row.split("(")[0] for row in rows_of_formulas("02")} == {*ACTIVATIONS, "softmax"} - {"step"}


def test_stated_attributes_of_activations_hold() -> None:
    """Value at 0, derivative there, and the limits, where they are numbers."""
    checked = 0
    for fact, _ in told():
        name = normal(fact.subject).replace(" ", "_")
        if fact.kind != facts.ATTRIBUTE or name not in ACTIVATIONS or fact.relation == "derivative":
            continue
        points = {"value at 0": 0.0, "derivative at 0": 0.0, "limit for x → -∞": -1e6, "limit for x → +∞": 1e6}
        if fact.relation not in points or not re.match(r"[-\d(l∞]", fact.value):
            continue
        text = fact.value.split(",")[0]
        function = jax.grad(ACTIVATIONS[name]) if fact.relation.startswith("derivative") else ACTIVATIONS[name]
        got = float(function(jnp.asarray(points[fact.relation])))
        if "∞" in text:
            assert math.copysign(1, got) == (-1 if text.startswith("-") else 1) and abs(got) > 1000, fact
        else:
            close(got, evaluate(text, {}), 1e-4)
        checked += 1
    assert checked > 25


def test_stated_derivatives_of_activations_are_those_of_jax() -> None:
    points = X[X != 0]
    checked = set()
    for fact, _ in told():
        name = normal(fact.subject).replace(" ", "_")
        if fact.kind != facts.ATTRIBUTE or fact.relation != "derivative" or name not in ACTIVATIONS:
            continue
        got = jax.vmap(jax.grad(ACTIVATIONS[name]))(jnp.asarray(points))
        close([_in_pieces(fact.value, x) for x in points], got)
        checked.add(name)
    assert checked == {*ACTIVATIONS} - {"step"}


def _in_pieces(text: str, x: float) -> Value:
    """The value at ``x`` of "1 for x > 0, 0.01 for x < 0"."""
    names = {"x": x, "alpha": 1.0}
    for piece in re.split(r", (?=\S+.* (?:for|outside) )|, (?=0 outside)", text):
        value, _, condition = piece.partition(" for ")
        value = value.removesuffix(" outside that interval")
        if not condition or evaluate(condition, names):
            return evaluate(value, names)
    raise ValueError(text)


def test_the_table_of_activation_values_is_what_jax_computes() -> None:
    checked = 0
    for fact, entry in told():
        point = re.fullmatch(r"Value at x = (-?1)", fact.relation)
        if point and entry.label == "Values of the functions":
            function = ACTIVATIONS[re.sub(r" \(.*", "", fact.subject).lower().replace(" ", "_")]
            assert abs(float(function(jnp.asarray(float(point[1])))) - float(fact.value)) < 6e-4, fact
            checked += 1
    assert checked == 16


Z, C = np.array([1.3, -0.4, 2.2, 0.1], np.float32), 2
P, Q = np.array([0.1, 0.2, 0.3, 0.4], np.float32), np.array([0.3, 0.3, 0.2, 0.2], np.float32)
HOT = np.eye(4, dtype=np.float32)[C]
R, F = np.array([0.7, -1.2, 3.0], np.float32), np.array([-2.0, 0.3, 1.1], np.float32)
ZEROS, ONES = np.zeros(3, np.float32), np.ones(3, np.float32)
LOSSES: dict[str, tuple[dict[str, object], Callable[[], object]]] = {
    "mse(y, t)": ({"y_n": R, "t_n": F, "N": 3}, lambda: jnp.mean(optax.losses.squared_error(R, F))),
    "bce(p, y)": ({"p": 0.3, "y": 0.25}, lambda: optax.sigmoid_binary_cross_entropy(jnp.log(0.3 / 0.7), 0.25)),
    "bce(z, y)": ({"z": Z, "y": P}, lambda: optax.sigmoid_binary_cross_entropy(Z, P)),
    "ce(p, t)": ({"p_i": P, "t_i": HOT}, lambda: optax.softmax_cross_entropy(np.log(P), HOT)),
    "ce(z, c)": ({"z_i": Z, "z_c": Z[C]}, lambda: optax.softmax_cross_entropy_with_integer_labels(Z, C)),
    "t_smooth": ({"onehot": HOT, "alpha": 0.2, "K": 4}, lambda: optax.smooth_labels(HOT, 0.2)),
    "hinge(s, y)": ({"s": R, "y": -1.0}, lambda: optax.hinge_loss(R, -ONES)),
    "kl(p, q)": ({"p_i": P, "q_i": Q}, lambda: optax.kl_divergence(np.log(Q), P)),
    "kl(N(mu, s^2), N(0, 1))": ({"mu": 0.7, "s": 1.6}, lambda: _gaussian_divergence(0.7, 1.6)),
    "logsumexp(z)": ({"z_i": Z}, lambda: jax.nn.logsumexp(Z)),
    "log_softmax(z)_i": ({"z_i": Z, "z": Z, "logsumexp": jax.nn.logsumexp}, lambda: jax.nn.log_softmax(Z)),
    "softmax(z, i)": ({"z_i": Z, "z": Z}, lambda: jax.nn.softmax(Z)),
    "kl(mu, logvar)": ({"mu": 0.7, "logvar": np.log(1.6**2)}, lambda: _gaussian_divergence(0.7, 1.6)),
    "d_loss(r, f)": (
        {"r": R, "f": F, "bce": lambda z, y: np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))},
        lambda: jnp.mean(optax.sigmoid_binary_cross_entropy(R, ONES))
        + jnp.mean(optax.sigmoid_binary_cross_entropy(F, ZEROS)),
    ),
    "g_loss_minimax(f)": ({"f": F}, lambda: -jnp.mean(optax.sigmoid_binary_cross_entropy(F, ZEROS))),
    "g_loss_nonsaturating(f)": ({"f": F}, lambda: jnp.mean(optax.sigmoid_binary_cross_entropy(F, ONES))),
    "ls_d_loss(r, f)": ({"r": R, "f": F}, lambda: jnp.mean(optax.l2_loss(R, ONES)) + jnp.mean(optax.l2_loss(F))),
    "ls_g_loss(f)": ({"f": F}, lambda: jnp.mean(optax.l2_loss(F, ONES))),
    "w_critic_loss(r, f)": ({"r": R, "f": F}, lambda: jnp.mean(F) - jnp.mean(R)),
    "cosine_similarity(a, b)": ({"a": R, "b": F}, lambda: optax.cosine_similarity(R, F)),
}  # fmt: skip


def _gaussian_divergence(mu: float, s: float) -> float:
    """From N(mu, s²) to N(0, 1), by adding up."""
    x = np.linspace(mu - 12 * s, mu + 12 * s, 200001)
    density = np.exp(-(((x - mu) / s) ** 2) / 2) / (s * np.sqrt(2 * np.pi))
    log_ratio = -(((x - mu) / s) ** 2) / 2 - np.log(s) + x**2 / 2
    return float(np.sum(density * log_ratio) * (x[1] - x[0]))


@pytest.mark.parametrize("left", LOSSES)
def test_each_loss_formula_computes_what_jax_or_optax_computes(left: str) -> None:
    """Every right side, also those of ``a = b = c``; what follows a comma sets a name first."""
    names, wanted = LOSSES[left]
    for right in formulas()[left]:
        names = dict(names)
        first, _, setting = right.partition(", m = ")
        if setting:
            names["m"] = evaluate(setting, names)
        for part in first.split(" = "):
            close(evaluate(part, names), wanted())


def test_every_loss_formula_is_checked() -> None:
    assert {row.split(" = ")[0] for row in rows_of_formulas("03")} - set(LOSSES) == set()


def test_stated_derivatives_of_generator_losses_are_those_of_jax() -> None:
    """The table's derivatives, by differences of its expressions."""
    cells = [fact for fact, entry in told() if entry.label == "Generator loss, expression and derivative"]
    rows = {fact.subject: {f.relation: f.value for f in cells if f.subject == fact.subject} for fact in cells}
    assert len(rows) == 4
    for row in rows.values():
        expression, derivative = row["Expression for a score f"], row["Derivative for the score f"]
        for f in (-3.0, -0.5, 0.0, 2.0):
            up, down = (float(evaluate(expression, {"f": f + h})) for h in (1e-5, -1e-5))
            close((up - down) / 2e-5, evaluate(derivative, {"f": f}), 1e-5)


# --- training -------------------------------------------------------------------------------------------------

GRADIENTS = [np.array([0.5, -2.0]), np.array([1.5, 0.1]), np.array([-0.7, 0.4])]
STEPS: dict[str, tuple[str, Callable[[], optax.GradientTransformation]]] = {
    "Gradient descent": ("", lambda: optax.sgd(0.1)),
    "Momentum": ("m", lambda: optax.sgd(0.1, momentum=0.9)),
    "AdaGrad": ("s", lambda: optax.adagrad(0.1, initial_accumulator_value=0.0, eps=1e-12)),
    "RMSprop": ("v", lambda: optax.rmsprop(0.1, decay=0.9, eps=1e-12)),
    "Adam": ("mv", lambda: optax.adam(0.1, eps=1e-12)),
    "Weight decay": ("", lambda: optax.chain(optax.add_decayed_weights(0.3), optax.sgd(0.1))),
}


@pytest.mark.parametrize("name", STEPS)
def test_each_optimizer_formula_steps_as_optax_does(name: str) -> None:
    """Three updates by the formulas are three updates by optax."""
    state, make = STEPS[name]
    rows = next(e.text for _, e in entries() if e.kind == FENCE and e.info == "formula" and e.section[-1] == name)
    ends = [row for row in rows.strip().splitlines() if row.startswith("w_new")]
    assert ends
    for end in ends:
        names: dict[str, object] = {"w": np.array([1.0, -2.0]), "lr": 0.1, "beta": 0.9, "rho": 0.9, "b1": 0.9}
        names |= {"b2": 0.999, "eps": 1e-12, "wd": 0.3, **dict.fromkeys(state, np.zeros(2))}
        optimizer = make()
        w = jnp.array([1.0, -2.0])
        memory = optimizer.init(w)
        for t, g in enumerate(GRADIENTS, 1):
            names |= {"g": g, "t": t, "grad": lambda _, g=g: g}
            for row in [row for row in rows.strip().splitlines() if not re.match(r"(w_new|nesterov)", row)] + [end]:
                for part in row.split(", "):
                    left, right = part.split(" = ")
                    names[left] = evaluate(right, names)
            names |= {one: names[f"{one}_new"] for one in ("w", *state)}
            updates, memory = optimizer.update(jnp.asarray(g), memory, w)
            w = optax.apply_updates(w, updates)
        close(names["w"], w, 1e-4)


SCHEDULES: dict[str, Callable[[int], object]] = {
    "step_decay(t)": optax.exponential_decay(0.1, 20, 0.5, staircase=True),
    "exponential_decay(t)": optax.exponential_decay(0.1, 1, math.exp(-0.03)),
    "cosine(t)": optax.cosine_decay_schedule(0.1, 100),
    "warmup(t)": optax.linear_schedule(0.0, 0.1, 200),
}


@pytest.mark.parametrize("left", SCHEDULES)
def test_each_schedule_formula_gives_the_rates_of_optax(left: str) -> None:
    names = {"lr0": 0.1, "factor": 0.5, "interval": 20, "k": 0.03, "T": 100, "W": 200}
    for t in (0, 7, 20, 25, 50, 99, 100):
        close(evaluate(formulas()[left][0], {**names, "t": t}), SCHEDULES[left](t), 1e-4)


@pytest.mark.parametrize("name", ["lecun", "glorot", "he"])
def test_each_initialisation_has_the_stated_variance(name: str) -> None:
    make = getattr(jax.nn.initializers, f"{name}_normal")()
    drawn = make(jax.random.key(0), (400, 800))
    wanted = evaluate(formulas()[f"{name}_variance"][0], {"n_in": 400, "n_out": 800})
    assert abs(float(jnp.var(drawn)) / float(wanted) - 1) < 0.02


def test_the_layer_normalisation_formulas_compute_what_jax_computes() -> None:
    x = np.array([1.0, 4.0, -2.0, 0.5])
    mean, _, var = formulas()["mean_x"][0].partition(", var_x = ")
    names: dict[str, object] = {"x_i": x, "D": 4, "gamma_i": 2.0, "beta_i": 0.3, "eps": 1e-5}
    names["mean_x"] = evaluate(mean, names)
    names["var_x"] = evaluate(var, names)
    close(evaluate(formulas()["layer_norm(x, i)"][0], names), 2.0 * jax.nn.standardize(x, epsilon=1e-5) + 0.3)


def test_optax_clips_gradients_as_the_notes_state() -> None:
    """The pairs of the notes, by optax."""
    g = jnp.array([3.0, 4.0])
    pairs = [row.split(" → ") for row in items_under("Gradient (3, 4) and the result of clipping")]
    assert len(pairs) == 4
    for left, right in pairs:
        limit = float(left.split()[-1])
        clip = optax.clip_by_global_norm(limit) if left.startswith("norm") else optax.clip(limit)
        close(clip.update(g, clip.init(g))[0], ast.literal_eval(right))


# --- shapes, attention ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "k", "s"), [(8, 3, 2), (227, 11, 4), (224, 7, 2), (9, 4, 3), (5, 5, 1)])
def test_convolution_sizes_are_those_of_jax(n: int, k: int, s: int) -> None:
    spec = ("NHC", "HIO", "NHC")
    x, w = jnp.zeros((1, n, 1)), jnp.zeros((k, 1, 1))

    def size(padding: str | list[tuple[int, int]]) -> int:
        out = jax.lax.conv_general_dilated(x, w, (s,), padding, dimension_numbers=spec)
        return int(out.shape[1])

    def back(padding: str) -> int:
        return int(jax.lax.conv_transpose(x, w, (s,), padding, dimension_numbers=spec).shape[1])

    names: dict[str, object] = {"n": n, "k": k, "s": s, "d": 1, "a": 2, "b": 3}
    total = int(evaluate(formulas()["same_total(n, k, s)"][0], names))
    assert evaluate(formulas()["valid_size(n, k, s)"][0], names) == size("VALID")
    assert evaluate(formulas()["same_size(n, s)"][0], names) == size("SAME")
    assert evaluate(formulas()["padded_size(n, k, s, a, b)"][0], names) == size([(2, 3)])
    assert size([(total // 2, total - total // 2)]) == size("SAME")
    assert jax.lax.padtype_to_pads((n,), (k,), (s,), "SAME") == [(total // 2, total - total // 2)]
    assert evaluate(formulas()["dilated_valid_size(n, k, s, d)"][0], {**names, "k": 2, "d": k - 1}) == size("VALID")
    assert evaluate(formulas()["spanned_width(k, d)"][0], {"k": 2, "d": k - 1}) == k
    assert evaluate(formulas()["transposed_valid_size(n, k, s)"][0], names) == back("VALID")
    assert evaluate(formulas()["transposed_same_size(n, s)"][0], names) == back("SAME")


def test_the_attention_formula_computes_what_jax_computes() -> None:
    q, k, v = (np.asarray(jax.random.normal(jax.random.key(i), (n, 6))) for i, n in enumerate((3, 5, 5)))
    right = evaluate(formulas()["attention(Q, K, V)"][0], {"Q": q, "K": k, "V": v, "D": 6})
    close(right, jax.nn.dot_product_attention(q[None, :, None], k[None, :, None], v[None, :, None])[0, :, 0], 1e-4)


# --- numbers in lists ----------------------------------------------------------------------------------------


def _smooth(alpha: float, classes: float, correct: bool) -> float:
    return (1 - alpha) * correct + alpha / classes


NUMBERS: dict[str, Callable[..., float]] = {
    "Number of classes and loss for equal logits": lambda k: math.log(k),
    "Probability of the correct label and binary cross-entropy": lambda p: -math.log(p),
    "Label smoothing and the target of the correct class": lambda a, k: _smooth(a, k, True),
    "Label smoothing and the target of each other class": lambda a, k: _smooth(a, k, False),
    "Product of label and score, and the hinge loss": lambda ys: max(0.0, 1 - ys),
    "Training set, batch size and updates per epoch (last batch kept)": lambda n, b: math.ceil(n / b),
    "Learning rate and next w, loss w^2, start w = 1": lambda lr: 1 - 2 * lr,
    "Learning rate, coefficient and factor on the weights per update": lambda lr, wd: 1 - lr * wd,
    "Rate and factor on the kept activations (inverted dropout)": lambda rate: 1 / (1 - rate),
    "Dilation of a 3-tap kernel and pixels it spans": lambda d: 2 * d + 1,
    "Dilation of a 3-tap kernel and VALID size for n = 20": lambda d: 20 - 2 * d,
    "Window and output of max pooling": lambda *window: max(window),
    "Window and output of average pooling": lambda *window: sum(window) / len(window),
    "Model width, heads and width of one head": lambda e, h: e / h,
    "Score of a generated sample and its least squares generator loss": lambda f: (f - 1) ** 2 / 2,
    "Size of a matrix factorisation without biases and its parameters": lambda u, i, d: (u + i) * d,
    "Network sizes and their number of parameters": lambda i, h, o: i * h + h + h * o + o,
}


@pytest.mark.parametrize("label", NUMBERS)
def test_numbers_stated_in_lists_follow_from_their_functions(label: str) -> None:
    rows = items_under(label)
    assert len(rows) >= 3
    for row in rows:
        plain = re.sub(r"(?<=\d),(?=\d{3}\b)", "", row.replace("−", "-"))
        *left, right = re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?", plain)
        wanted = NUMBERS[label](*map(float, left))
        digits = len(right.partition(".")[2])
        assert abs(float(right) - wanted) <= 0.5001 * 10**-digits, row
