"""Known wrong implementations, with the checks that notice them and the hint that a student reads."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from autograder.checks import mistake

from .solution import ACTIVATION, DERIVATIVE, log_softmax
from .solution import dense_backward as right_dense_backward
from .solution import mlp_backward as right_mlp_backward
from .solution import mlp_forward as right_mlp_forward
from .solution import mlp_init as right_mlp_init

# --- activations ------------------------------------------------------------------------------------------


@mistake("relu", fails=["relu_values"], topic="relu", between=(1e-3, 0.9))
def leaks_below_zero(z, *, constant=0.01):
    """Your relu lets a small multiple of negative numbers through: that is leaky ReLU. Here every negative number
    becomes exactly 0."""
    return jnp.where(z > 0, z, constant * z)


@mistake("relu_grad", fails=["relu_grad_slopes"], topic="relu")
def relu_instead_of_its_slope(z):
    """Your relu_grad returns relu(z) itself. The slope of relu does not depend on how far z is from zero: it is 1
    wherever z is positive and 0 wherever z is negative."""
    return jnp.maximum(z, 0)


@mistake("relu_grad", fails=["relu_grad_slopes"], topic="relu")
def slope_is_boolean(z):
    """Your relu_grad returns True and False. The comparison is right; turn it into float32 numbers, for instance with
    jnp.where(z > 0, 1.0, 0.0)."""
    return z > 0


@mistake("tanh", fails=["tanh_values"], topic="tanh")
def tanh_from_sigmoid_without_doubling(z):
    """Your tanh is 2 * sigmoid(z) - 1, which rises half as fast as it should. The identity doubles z first:
    tanh(z) = 2 * sigmoid(2 * z) - 1. Or use jnp.tanh."""
    return 2 * ACTIVATION["sigmoid"](z) - 1


@mistake("tanh", fails=["tanh_large"], topic="tanh")
def tanh_of_two_overflowing_exponentials(z):
    """Your tanh divides two exponentials that are both infinite once |z| passes 89, and inf / inf is NaN. Use jnp.tanh,
    or write it with exp(-2|z|), which never exceeds 1."""
    return (jnp.exp(z) - jnp.exp(-z)) / (jnp.exp(z) + jnp.exp(-z))


@mistake("tanh_grad", fails=["tanh_grad_values"], topic="tanh")
def tanh_grad_of_the_output(z):
    """Your tanh_grad computes 1 - z**2, which is right when its argument is already tanh(z). Here the argument is the
    pre-activation: apply tanh to it first, then square."""
    return 1 - z**2


@mistake("tanh_grad", fails=["tanh_grad_values"], topic="tanh")
def tanh_grad_without_the_square(z):
    """Your tanh_grad computes 1 - tanh(z). The derivative of tanh is 1 - tanh(z)**2: square it."""
    return 1 - jnp.tanh(z)


@mistake("tanh_grad", fails=["tanh_grad_large"], topic="tanh")
def tanh_grad_from_overflowing_exponentials(z):
    """Your tanh_grad is right for moderate numbers, but it goes through exponentials that become infinite, and inf /
    inf is NaN. Write 1 - jnp.tanh(z)**2 instead."""
    return 1 - ((jnp.exp(2 * z) - 1) / (jnp.exp(2 * z) + 1)) ** 2


@mistake("sigmoid", fails=["sigmoid_large"], topic="sigmoid")
def sigmoid_overflows(z):
    """Your sigmoid is exp(z) / (1 + exp(z)): for z above 89 both parts are infinite and the quotient is NaN. Only ever
    take exp of a number that is not positive, such as -|z|, and treat the two signs of z apart."""
    return jnp.exp(z) / (1 + jnp.exp(z))


@mistake("sigmoid", fails=["sigmoid_values"], topic="sigmoid")
def sigmoid_of_minus_z(z):
    """Your sigmoid falls where it should rise: it is the sigmoid of -z. Look at the sign in the exponent."""
    return ACTIVATION["sigmoid"](-z)


@mistake("sigmoid", fails=["sigmoid_values"], topic="sigmoid")
def sigmoid_of_the_absolute_value(z):
    """Your sigmoid is right for positive z and never below 0.5: |z| avoids the overflow, but negative z needs a formula
    of its own, sigmoid(z) = exp(z) / (1 + exp(z))."""
    return 1 / (1 + jnp.exp(-jnp.abs(z)))


@mistake("sigmoid_grad", fails=["sigmoid_grad_values"], topic="sigmoid")
def sigmoid_grad_of_the_output(z):
    """Your sigmoid_grad computes z * (1 - z), which is right when its argument is already sigmoid(z). Here the argument
    is the pre-activation: apply sigmoid to it first."""
    return z * (1 - z)


@mistake("sigmoid_grad", fails=["sigmoid_grad_values"], topic="sigmoid")
def sigmoid_grad_without_brackets(z):
    """Your sigmoid_grad is zero everywhere, as s * 1 - s is: the product comes first. Put the difference in brackets,
    s * (1 - s)."""
    return jnp.zeros_like(z)


@mistake("sigmoid_grad", fails=["sigmoid_grad_large"], topic="sigmoid")
def sigmoid_grad_overflows(z):
    """Your sigmoid_grad divides by the square of an exponential that becomes infinite for very negative z, so the
    result is NaN. The derivative is the same for z and -z: compute it from exp(-|z|), or from your stable
    sigmoid."""
    return jnp.exp(-z) / (1 + jnp.exp(-z)) ** 2


# --- softmax and cross-entropy ----------------------------------------------------------------------------


def _onehot(logits, labels):
    return (labels[:, None] == jnp.arange(logits.shape[1])).astype(logits.dtype)


def _pick(rows, labels):
    return jnp.take_along_axis(rows, labels[:, None], axis=1)


@mistake("softmax_xent", fails=["softmax_xent_values"], topic="cross-entropy")
def sums_instead_of_mean(logits, labels):
    """You add up the losses of the batch; the handout asks for their mean. Divide by the number of rows."""
    return -_pick(log_softmax(logits), labels).sum()


@mistake("softmax_xent", fails=["softmax_xent_values"], topic="cross-entropy")
def loss_without_the_minus(logits, labels):
    """Your loss is negative: the minus in front of the log-probability is missing. A cross-entropy is never below 0."""
    return _pick(log_softmax(logits), labels).mean()


@mistake("softmax_xent", fails=["softmax_xent_values"], topic="cross-entropy")
def softmax_twice(logits, labels):
    """You feed probabilities into a loss that takes the softmax again. The network returns logits: apply the softmax
    once."""
    return -_pick(log_softmax(jnp.exp(log_softmax(logits))), labels).mean()


@mistake("softmax_xent", fails=["softmax_xent_values"], topic="cross-entropy")
def picks_every_label_in_every_row(logits, labels):
    """You pick the labels of all rows from each row, N x N numbers instead of N. Each row has one label: index both
    axes at once, logp[jnp.arange(N), labels]."""
    return -log_softmax(logits)[:, labels].mean()


@mistake("softmax_xent", fails=["softmax_xent_values"], topic="cross-entropy")
def swaps_rows_and_labels(logits, labels):
    """Your two indices are swapped: the row comes first and then the label, logp[jnp.arange(N), labels]. JAX raises no
    error, because an index beyond the end is taken for the last one."""
    return -log_softmax(logits)[labels, jnp.arange(len(labels))].mean()


@mistake("softmax_xent", fails=["softmax_xent_values"], topic="cross-entropy")
def averages_over_the_classes_too(logits, labels):
    """You average over the classes as well, which divides by their number. Sum each row first, where the one-hot label
    leaves a single term, then take the mean over the rows."""
    return -(log_softmax(logits) * _onehot(logits, labels)).mean()


@mistake("softmax_xent", fails=["softmax_xent_values"], topic="cross-entropy")
def divides_by_the_number_of_classes(logits, labels):
    """You divide the sum by the number of classes. The mean is over the rows: divide by logits.shape[0]."""
    return -_pick(log_softmax(logits), labels).sum() / logits.shape[1]


@mistake("softmax_xent", fails=["softmax_xent_values"], topic="cross-entropy")
def loss_normalises_over_the_batch(logits, labels):
    """Your softmax runs over axis 0, the batch. Each row is a distribution of its own: take the maximum and the sum
    over axis 1, with keepdims=True."""
    return -_pick(log_softmax(logits.T).T, labels).mean()


@mistake("softmax_xent", fails=["softmax_xent_values"], topic="cross-entropy")
def loss_shifts_by_the_largest_of_each_class(logits, labels):
    """You subtract the largest logit of each column. Only a number that is the same for a whole row may be subtracted:
    take the maximum over axis 1, with keepdims=True."""
    return -_pick(log_softmax(logits - logits.max(axis=0, keepdims=True)), labels).mean()


@mistake("softmax_xent", fails=["softmax_xent_values"], topic="cross-entropy")
def subtracts_the_maximum_once_only(logits, labels):
    """You subtract the row's largest logit inside the exponentials but not from the logit that you pick, so the loss is
    off by it, and may be negative. Shift the logits once, and use only the shifted ones."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return (jnp.log(jnp.exp(shifted).sum(axis=1)) - _pick(logits, labels)[:, 0]).mean()


@mistake("softmax_xent", fails=["softmax_xent_large"], topic="cross-entropy")
def loss_overflows(logits, labels):
    """You take exp of the logits as they come: beyond 88 that is infinite, below -104 it is zero, and the logarithm of
    either is infinite. Subtract the largest logit of each row first; the loss does not change."""
    p = jnp.exp(logits) / jnp.exp(logits).sum(axis=1, keepdims=True)
    return -jnp.log(_pick(p, labels)).mean()


@mistake("softmax_xent", fails=["softmax_xent_large"], topic="cross-entropy", between=(1e-15, 1e-2))
def loss_of_a_rounded_probability(logits, labels, *, constant=1e-8):
    """You take the log of a probability plus a small number, so the loss stops growing however wrong the network is:
    with 1e-8 it cannot pass 18.4. Stay with logarithms: log-softmax is the shifted logit minus the log of the row's sum
    of exponentials."""
    return -jnp.log(_pick(jnp.exp(log_softmax(logits)), labels) + constant).mean()


@mistake("softmax_xent", fails=["softmax_xent_large"], topic="cross-entropy")
def loss_shifts_by_the_global_maximum(logits, labels):
    """You subtract the largest logit of the whole batch. Rows that lie far below it then underflow to zero. Subtract
    each row's own maximum: max over axis 1 with keepdims=True."""
    shifted = logits - logits.max()
    return (jnp.log(jnp.exp(shifted).sum(axis=1)) - _pick(shifted, labels)[:, 0]).mean()


@mistake("softmax_xent", fails=["softmax_xent_large"], topic="cross-entropy")
def loss_of_probabilities_shifted_by_the_global_maximum(logits, labels):
    """You shift all rows by one number, the largest logit of the batch, so rows far below it underflow to 0 / 0. Each
    row needs its own maximum: max over axis 1 with keepdims=True."""
    e = jnp.exp(logits - logits.max())
    return -jnp.log(_pick(e / e.sum(axis=1, keepdims=True), labels)).mean()


@mistake("softmax_xent", fails=["softmax_xent_large"], topic="cross-entropy")
def loss_of_an_underflowing_probability(logits, labels):
    """Your softmax is stable, but you take its logarithm afterwards: the probability of a wrong class underflows to 0,
    and log(0) is infinite. Stay with logarithms: the shifted logit minus the log of the row's sum of exponentials."""
    return -jnp.log(_pick(jnp.exp(log_softmax(logits)), labels)).mean()


@mistake("softmax_xent", fails=["softmax_xent_gradient"], topic="cross-entropy")
def loss_stops_the_gradient(logits, labels):
    """The loss is right, but stop_gradient cuts the shifted logits off, so the derivative of the loss is zero. Stop the
    gradient at the row maximum only, or not at all."""
    return -_pick(log_softmax(jax.lax.stop_gradient(logits)), labels).mean()


@mistake("softmax_xent_grad", fails=["softmax_xent_grad_values"], topic="cross-entropy")
def grad_of_the_sum(logits, labels):
    """Your gradient belongs to the summed loss: it is N times too large. The loss is a mean over the rows, so its
    derivative carries the factor 1/N."""
    return jnp.exp(log_softmax(logits)) - _onehot(logits, labels)


@mistake("softmax_xent_grad", fails=["softmax_xent_grad_values"], topic="cross-entropy")
def grad_with_the_wrong_sign(logits, labels):
    """Your gradient points downhill: the sign is the wrong way round. It is probabilities minus the one-hot labels, and
    sgd_step does the subtracting."""
    return (_onehot(logits, labels) - jnp.exp(log_softmax(logits))) / logits.shape[0]


@mistake("softmax_xent_grad", fails=["softmax_xent_grad_values"], topic="cross-entropy")
def grad_normalises_over_the_batch(logits, labels):
    """Your softmax runs over axis 0, the batch. Each row is a distribution of its own: sum over axis 1 with
    keepdims=True."""
    return (jnp.exp(log_softmax(logits.T).T) - _onehot(logits, labels)) / logits.shape[0]


@mistake("softmax_xent_grad", fails=["softmax_xent_grad_values"], topic="cross-entropy")
def grad_shifts_by_the_largest_of_each_class(logits, labels):
    """You subtract the largest logit of each column. Only a number that is the same for a whole row may be subtracted:
    take the maximum over axis 1, with keepdims=True."""
    p = jnp.exp(log_softmax(logits - logits.max(axis=0, keepdims=True)))
    return (p - _onehot(logits, labels)) / logits.shape[0]


@mistake("softmax_xent_grad", fails=["softmax_xent_grad_values"], topic="cross-entropy")
def divides_the_labels_only(logits, labels):
    """You divide only the one-hot labels by N, not the probabilities: p - y / N. Put the difference in brackets, (p -
    y) / N."""
    return jnp.exp(log_softmax(logits)) - _onehot(logits, labels) / logits.shape[0]


@mistake("softmax_xent_grad", fails=["softmax_xent_grad_values"], topic="cross-entropy")
def grad_divided_by_the_number_of_classes(logits, labels):
    """You divide by the number of classes. The mean of the loss is over the rows: divide by logits.shape[0]."""
    return (jnp.exp(log_softmax(logits)) - _onehot(logits, labels)) / logits.shape[1]


@mistake("softmax_xent_grad", fails=["softmax_xent_grad_large"], topic="cross-entropy")
def grad_shifts_by_the_global_maximum(logits, labels):
    """You shift all rows by one number, the largest logit of the batch, so rows far below it underflow to 0 / 0. Each
    row needs its own maximum: max over axis 1 with keepdims=True."""
    e = jnp.exp(logits - logits.max())
    return (e / e.sum(axis=1, keepdims=True) - _onehot(logits, labels)) / logits.shape[0]


@mistake("softmax_xent_grad", fails=["softmax_xent_grad_large"], topic="cross-entropy")
def grad_overflows(logits, labels):
    """You take exp of the logits as they come, which is infinite beyond 88 and zero below -104; inf / inf and 0 / 0 are
    NaN. Subtract the largest logit of each row first."""
    p = jnp.exp(logits) / jnp.exp(logits).sum(axis=1, keepdims=True)
    return (p - _onehot(logits, labels)) / logits.shape[0]


# --- one dense layer --------------------------------------------------------------------------------------

EVERY_DENSE = ["dense_backward_values", "dense_backward_square", "dense_backward_narrow"]


@mistake("dense_backward", fails=EVERY_DENSE, topic="backpropagation")
def bias_gradient_is_a_mean(dz, x, w):
    """db is the mean over the batch; it should be the sum. The 1/N of the loss is already in dz, so taking the mean
    divides twice."""
    return dz @ w.T, x.T @ dz, dz.mean(axis=0)


@mistake("dense_backward", fails=EVERY_DENSE, topic="backpropagation")
def bias_gradient_keeps_the_batch_axis(dz, x, w):
    """db has shape (1, o), but b has shape (o,). Leave keepdims out of the sum over the batch: a gradient always has
    the shape of what it belongs to."""
    return dz @ w.T, x.T @ dz, dz.sum(axis=0, keepdims=True)


@mistake("dense_backward", fails=EVERY_DENSE, topic="backpropagation")
def bias_gradient_is_one_number(dz, x, w):
    """db is one number: jnp.sum without an axis adds everything up. Sum over axis 0, the batch, so that db has shape
    (o,)."""
    return dz @ w.T, x.T @ dz, dz.sum()


@mistake("dense_backward", fails=EVERY_DENSE, topic="backpropagation")
def weight_gradient_transposed(dz, x, w):
    """dw comes out transposed, as (o, i). With w of shape (i, o) the product is x.T @ dz; check the shape, and use a
    non-square layer when you test."""
    return dz @ w.T, dz.T @ x, dz.sum(axis=0)


@mistake("dense_backward", fails=["dense_backward_square"], topic="backpropagation")
def weight_not_transposed_when_square(dz, x, w):
    """With square weights your dx uses w where it needs w.T. Shapes cannot show this, so do not let shapes decide:
    going back through z = x @ w + b is always dz @ w.T."""
    return (dz @ w if w.shape[0] == w.shape[1] else dz @ w.T), x.T @ dz, dz.sum(axis=0)


@mistake("dense_backward", fails=EVERY_DENSE, topic="backpropagation")
def divides_by_the_batch_again(dz, x, w):
    """dw and db are N times too small: you divide by the batch size here, but dz already carries the 1/N of the mean
    loss. Divide once, in softmax_xent_grad."""
    return dz @ w.T, x.T @ dz / len(x), dz.sum(axis=0) / len(x)


@mistake("dense_backward", fails=["dense_backward_narrow"], topic="backpropagation")
def squeezes_the_bias_gradient(dz, x, w):
    """A layer with a single output loses its axis: squeeze turns db of shape (1,) into a scalar. Sum over axis 0 and
    squeeze nothing."""
    return dz @ w.T, x.T @ dz, dz.sum(axis=0).squeeze()


# --- initialisation ---------------------------------------------------------------------------------------


@mistake("mlp_init", fails=["mlp_init_weights"], topic="weight initialisation")
def variance_instead_of_standard_deviation(key, *, sizes):
    """You multiply by 2 / i, which is the variance. Multiplying a draw by s gives it standard deviation s: take the
    square root."""
    return [
        {"w": layer["w"] * (2 / layer["w"].shape[0]) ** 0.5, "b": layer["b"]}
        for layer in right_mlp_init(key, sizes=sizes)
    ]


@mistake("mlp_init", fails=["mlp_init_weights"], topic="weight initialisation")
def counts_the_outputs(key, *, sizes):
    """You divide by the number of outputs of a layer. The spread keeps what comes in at its size, so it counts the
    inputs: sqrt(2 / i), with i the first of the two sizes."""
    return [
        {"w": layer["w"] * (layer["w"].shape[0] / layer["w"].shape[1]) ** 0.5, "b": layer["b"]}
        for layer in right_mlp_init(key, sizes=sizes)
    ]


@mistake("mlp_init", fails=["mlp_init_weights"], topic="weight initialisation")
def uniform_from_zero_to_one(key, *, sizes):
    """Your weights are all positive: jax.random.uniform draws from 0 to 1. Draw them with jax.random.normal, whose mean
    is 0."""
    keys = jax.random.split(key, len(sizes) - 1)
    return [
        {"w": jax.random.uniform(k, (i, o)) * (2 / i) ** 0.5, "b": jnp.zeros(o)}
        for k, i, o in zip(keys, sizes[:-1], sizes[1:], strict=True)
    ]


@mistake("mlp_init", fails=["mlp_init_weights"], topic="weight initialisation")
def uniform_weights(key, *, sizes):
    """Your weights have the right spread but a uniform distribution. Draw them with jax.random.normal."""
    keys = jax.random.split(key, len(sizes) - 1)
    return [
        {"w": jax.random.uniform(k, (i, o), minval=-1, maxval=1) * (6 / i) ** 0.5, "b": jnp.zeros(o)}
        for k, i, o in zip(keys, sizes[:-1], sizes[1:], strict=True)
    ]


@mistake("mlp_init", fails=["mlp_init_weights"], topic="weight initialisation")
def starts_at_zero(key, *, sizes):
    """All weights start at zero, so every neuron of a layer computes the same thing and receives the same gradient for
    ever. Random numbers break the tie."""
    return jax.tree.map(jnp.zeros_like, right_mlp_init(key, sizes=sizes))


@mistake("mlp_init", fails=["mlp_init_biases"], topic="weight initialisation")
def random_biases(key, *, sizes):
    """Your biases are random numbers. Only the weights have a tie to break: start every bias at exactly 0."""
    keys = jax.random.split(key, len(sizes) - 1)
    params = right_mlp_init(key, sizes=sizes)
    return [
        {"w": layer["w"], "b": 0.01 * jax.random.normal(k, layer["b"].shape)}
        for k, layer in zip(keys, params, strict=True)
    ]


@mistake("mlp_init", fails=["mlp_init_keys"], topic="weight initialisation")
def one_key_for_all_layers(key, *, sizes):
    """You draw every layer with the same key, so layers of one shape receive the same numbers. A key gives the same
    numbers each time it is used: jax.random.split it, one key for each layer."""
    return [
        {"w": jax.random.normal(key, (i, o)) * (2 / i) ** 0.5, "b": jnp.zeros(o)}
        for i, o in zip(sizes[:-1], sizes[1:], strict=True)
    ]


@mistake("mlp_init", fails=["mlp_init_keys"], topic="weight initialisation")
def ignores_the_key(key, *, sizes):
    """Your weights are the same whatever key is given: a key of your own is written into the function. Draw from the
    key that arrives as the argument."""
    return right_mlp_init(jax.random.key(42), sizes=sizes)


# --- forward ----------------------------------------------------------------------------------------------

EVERY_FORWARD = ["mlp_forward_values", "mlp_forward_shapes", "mlp_forward_wide"]


@mistake("mlp_forward", fails=EVERY_FORWARD, topic="forward pass")
def activates_the_last_layer(params, x, *, act):
    """Your logits have gone through the activation. The last layer has none: its pre-activation is the output, since
    the softmax belongs to the loss."""
    logits, cache = right_mlp_forward(params, x, act=act)
    return ACTIVATION[act](logits), cache


@mistake("mlp_forward", fails=EVERY_FORWARD, topic="forward pass")
def forgets_the_biases(params, x, *, act):
    """Your layers compute x @ w. The bias is missing: add b, which broadcasts over the rows. Zero biases at the start
    hide this until the first update."""
    bare = [{"w": layer["w"], "b": jnp.zeros_like(layer["b"])} for layer in params]
    return right_mlp_forward(bare, x, act=act)


@mistake("mlp_forward", fails=EVERY_FORWARD, topic="forward pass")
def caches_the_output_as_z(params, x, *, act):
    """The logits are right, but cache[l]["z"] holds the number after the activation. Store the pre-activation x @ w +
    b: the derivatives need it."""
    logits, cache = right_mlp_forward(params, x, act=act)
    return logits, [{"x": entry["x"], "z": ACTIVATION[act](entry["z"])} for entry in cache[:-1]] + cache[-1:]


@mistake("mlp_forward", fails=EVERY_FORWARD, topic="forward pass")
def cache_from_last_to_first(params, x, *, act):
    """Your cache is in reverse order. cache[0] belongs to the first layer and holds the data: append to the list as you
    go."""
    logits, cache = right_mlp_forward(params, x, act=act)
    return logits, cache[::-1]


@mistake("mlp_forward", fails=["mlp_forward_shapes"], topic="forward pass")
def takes_a_single_layer_for_a_hidden_one(params, x, *, act):
    """A network with one layer comes out activated, so you seem to treat the first layer as hidden in any case. What
    has no activation is the last layer, and the last may be the first."""
    logits, cache = right_mlp_forward(params, x, act=act)
    return (ACTIVATION[act](logits) if len(params) == 1 else logits), cache


@mistake("mlp_forward", fails=["mlp_forward_wide"], topic="forward pass", between=(1, 100))
def clips_the_pre_activations(params, x, *, act, constant=20):
    """Your network is right until a pre-activation gets large, and is cut off there. Nothing needs clipping here: keep
    z = x @ w + b as it is."""
    cache = []
    for layer in params:
        z = jnp.clip(x @ layer["w"] + layer["b"], -constant, constant)
        cache.append({"x": x, "z": z})
        x = ACTIVATION[act](z)
    return z, cache


@mistake("mlp_forward", fails=["mlp_forward_gradient"], topic="forward pass")
def detaches_the_hidden_layers(params, x, *, act):
    """The logits are right, but a stop_gradient between the layers keeps every derivative from the layers before it.
    Take it out: your backward pass does not go through JAX, so there is nothing to stop."""
    cache = []
    for layer in params:
        z = jax.lax.stop_gradient(x) @ layer["w"] + layer["b"]
        cache.append({"x": x, "z": z})
        x = ACTIVATION[act](z)
    return z, cache


# --- backward ---------------------------------------------------------------------------------------------

EVERY_BACKWARD = ["mlp_backward_values", "mlp_backward_shapes", "mlp_backward_wide"]


def _backward(params, cache, dz, step, *, upstream=right_dense_backward):
    """Walk back through the layers; ``step(n, dx)`` turns the gradient of layer n's input into dz of layer n - 1."""
    grads = []
    for n in reversed(range(len(params))):
        dx, dw, db = upstream(dz, cache[n]["x"], params[n]["w"])
        grads.insert(0, {"w": dw, "b": db})
        if n > 0:
            dz = step(n, dx)
    return grads


@mistake("mlp_backward", fails=EVERY_BACKWARD, topic="backpropagation")
def skips_the_last_hidden_derivative(params, cache, dlogits, *, act):
    """The gradient enters the last hidden layer without the derivative of its activation. Every step from a layer's
    input to the layer before it multiplies by act'(z), the first step too."""

    def step(n, dx):
        return dx if n == len(params) - 1 else dx * DERIVATIVE[act](cache[n - 1]["z"])

    return _backward(params, cache, dlogits, step)


@mistake("mlp_backward", fails=EVERY_BACKWARD, topic="backpropagation")
def forgets_the_derivatives(params, cache, dlogits, *, act):
    """The last layer is right, the layers before it are not: what you pass back lacks the derivative of the activation.
    Multiply dx by act'(z) of the layer below before you go on."""
    return _backward(params, cache, dlogits, lambda n, dx: dx)


@mistake("mlp_backward", fails=EVERY_BACKWARD, topic="backpropagation")
def derivative_at_the_output_layer(params, cache, dlogits, *, act):
    """You multiply dlogits by act'(z) of the last layer. That layer has no activation: dlogits already is the gradient
    of its pre-activation."""
    return right_mlp_backward(params, cache, dlogits * DERIVATIVE[act](cache[-1]["z"]), act=act)


@mistake("mlp_backward", fails=EVERY_BACKWARD, topic="backpropagation")
def derivative_at_the_post_activation(params, cache, dlogits, *, act):
    """You evaluate the derivative at the output of the activation, cache[l]["x"]. It belongs at the pre-activation
    which that came from, cache[l - 1]["z"]. With relu the two agree, so test with tanh."""
    return _backward(params, cache, dlogits, lambda n, dx: dx * DERIVATIVE[act](cache[n]["x"]))


@mistake("mlp_backward", fails=EVERY_BACKWARD, topic="backpropagation")
def updates_the_weights_too_early(params, cache, dlogits, *, act):
    """You change w before you send the gradient through it, so dx belongs to weights that the forward pass never used.
    Compute dx with the old w; sgd_step does the updating, afterwards."""

    def upstream(dz, x, w):
        _, dw, db = right_dense_backward(dz, x, w)
        return dz @ (w - 0.1 * dw).T, dw, db

    return _backward(params, cache, dlogits, lambda n, dx: dx * DERIVATIVE[act](cache[n - 1]["z"]), upstream=upstream)


@mistake("mlp_backward", fails=EVERY_BACKWARD, topic="backpropagation")
def averages_over_the_batch_again(params, cache, dlogits, *, act):
    """Your gradients are N times too small: you divide by the batch size, but dlogits already carries the 1/N of the
    mean loss. Divide once, in softmax_xent_grad."""
    return jax.tree.map(lambda g: g / len(dlogits), right_mlp_backward(params, cache, dlogits, act=act))


@mistake("mlp_backward", fails=EVERY_BACKWARD, topic="backpropagation")
def gradients_from_last_to_first(params, cache, dlogits, *, act):
    """Your gradients are in the order in which you met the layers, last layer first. Reverse the list: entry l belongs
    to params[l]."""
    return right_mlp_backward(params, cache, dlogits, act=act)[::-1]


@mistake("mlp_backward", fails=["mlp_backward_shapes"], topic="backpropagation")
def takes_a_single_layer_for_a_hidden_one_going_back(params, cache, dlogits, *, act):
    """With one layer only, you multiply dlogits by act'(z). What has no activation is the last layer, and the last may
    be the first: use dlogits as it comes."""
    dz = dlogits * DERIVATIVE[act](cache[0]["z"]) if len(params) == 1 else dlogits
    return right_mlp_backward(params, cache, dz, act=act)


@mistake("mlp_backward", fails=["mlp_backward_wide"], topic="backpropagation", between=(0.1, 40))
def clips_the_gradients(params, cache, dlogits, *, act, constant=40):
    """Your gradients are right while they are small, and cut off where they get large. Clipping belongs to an
    optimizer, not to the derivative: return the gradients as they are."""
    grads = right_mlp_backward(params, cache, dlogits, act=act)
    return jax.tree.map(lambda g: jnp.clip(g, -constant, constant), grads)


@mistake("mlp_backward", fails=EVERY_BACKWARD, topic="backpropagation")
def writes_the_gradients_into_the_parameters(params, cache, dlogits, *, act):
    """Each gradient is right, but you store it in the dicts of params, so the parameters are gone when sgd_step wants
    them. Build new dicts for the gradients and leave the arguments alone."""
    grads = params
    for layer, grad in zip(grads, right_mlp_backward(params, cache, dlogits, act=act), strict=True):
        layer["w"], layer["b"] = grad["w"], grad["b"]
    return grads


# --- update -----------------------------------------------------------------------------------------------


@mistake("sgd_step", fails=["sgd_step_values"], topic="gradient descent")
def climbs_the_gradient(params, grads, lr):
    """You add the gradient, which makes the loss larger. Descent subtracts it: p - lr * g."""
    return jax.tree.map(lambda p, g: p + lr * g, params, grads)


@mistake("sgd_step", fails=["sgd_step_values"], topic="gradient descent")
def parameters_and_gradients_swapped(params, grads, lr):
    """You have parameters and gradients the wrong way round: g - lr * p. It is p - lr * g."""
    return jax.tree.map(lambda p, g: g - lr * p, params, grads)


@mistake("sgd_step", fails=["sgd_step_values"], topic="gradient descent")
def returns_the_parameters(params, grads, lr):
    """You return the parameters as they came. In a loop, p = ... only gives the name p to something new and changes no
    list: build a new list and return that."""
    return params


@mistake("sgd_step", fails=["sgd_step_values"], topic="gradient descent")
def updates_the_biases_without_the_learning_rate(params, grads, lr):
    """The weights are right, but the biases move by the whole gradient: multiply it by lr there too."""
    return [{"w": p["w"] - lr * g["w"], "b": p["b"] - g["b"]} for p, g in zip(params, grads, strict=True)]


@mistake("sgd_step", fails=["sgd_step_values"], topic="gradient descent")
def leaves_the_biases(params, grads, lr):
    """Your biases never move. They are parameters like the weights: update both entries of every layer."""
    return [{"w": p["w"] - lr * g["w"], "b": p["b"]} for p, g in zip(params, grads, strict=True)]


@mistake("sgd_step", fails=["sgd_step_values"], topic="gradient descent", between=(1e-4, 2))
def fixed_learning_rate(params, grads, lr, *, constant=0.1):
    """Your step is the same whatever lr is: a learning rate is written into the function. Use the argument."""
    return jax.tree.map(lambda p, g: p - constant * g, params, grads)
