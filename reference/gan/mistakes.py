"""Known wrong implementations, with the checks that notice them and the hint that a student reads."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp

import given
from autograder.checks import mistake

from .solution import d_loss as right_d_loss
from .solution import d_objective as right_d_objective
from .solution import g_loss_nonsaturating as right_g_loss
from .solution import g_objective as right_g_objective
from .solution import softplus

# --- minimax and non-saturating losses --------------------------------------------------------------------


@mistake("d_loss", fails=["d_loss_large", "d_loss_sure", "d_loss_gradient"], topic="numerical stability")
def log_of_sigmoid(real, fake):
    """Your d_loss computes sigmoid first and its logarithm afterwards. In float32 sigmoid(-180) is 0, and its log is
    -inf; sigmoid(18) is 1, and log(1 - 1) is -inf too. Stay with logits: -log(sigmoid(x)) is softplus(-x), and -log(1 -
    sigmoid(x)) is softplus(x)."""
    return -jnp.log(jax.nn.sigmoid(real)).mean() - jnp.log(1 - jax.nn.sigmoid(fake)).mean()


@mistake("d_loss", fails=["d_loss_large", "d_loss_sure", "d_loss_gradient"], topic="numerical stability")
def log_of_sigmoid_by_hand(real, fake):
    """Your d_loss computes 1 / (1 + exp(-x)) first and its logarithm afterwards. In float32 exp(180) is infinite,
    sigmoid(-180) is 0 and its log is -inf; even the gradient of the good side becomes NaN. Stay with logits:
    -log(sigmoid(x)) is softplus(-x), and -log(1 - sigmoid(x)) is softplus(x)."""
    return -jnp.log(_by_hand(real)).mean() - jnp.log(1 - _by_hand(fake)).mean()


EVERY_EXTREME = ["d_loss_large", "d_loss_sure", "d_loss_gradient"]


@mistake("d_loss", fails=EVERY_EXTREME, topic="numerical stability", between=(1e-7, 1e-2))
def epsilon_inside_the_log(real, fake, *, constant=1e-8):
    """Your d_loss adds a small number inside the logarithm. That caps the loss of one sample, with 1e-8 at 18.4, and
    where it would be more the gradient is gone, just where the discriminator is most wrong. On the fake side it does
    not even help: 1 + 1e-8 is 1 in float32. Use softplus of the logits, which needs no epsilon."""
    return -jnp.log(jax.nn.sigmoid(real) + constant).mean() - jnp.log(1 - jax.nn.sigmoid(fake) + constant).mean()


@mistake("d_loss", fails=EVERY_EXTREME, topic="numerical stability", between=(1e-7, 1e-2))
def clipped_probabilities(real, fake, *, constant=1e-7):
    """Your d_loss clips probabilities. With [1e-7, 1 - 1e-7] no sample can cost more than 16.1, and a clipped sample
    has no gradient: the discriminator cannot learn from its worst mistakes. Use softplus of the logits, unclipped."""
    p, q = (jnp.clip(jax.nn.sigmoid(x), constant, 1 - constant) for x in (real, fake))
    return -jnp.log(p).mean() - jnp.log(1 - q).mean()


@mistake("d_loss", fails=["d_loss_large", "d_loss_sure", "d_loss_gradient"], topic="numerical stability")
def exponential_overflows(real, fake):
    """Your softplus is log(1 + exp(x)). For x above 89 the exponential is infinite in float32; for x below -17, 1 +
    exp(x) is 1 and its logarithm 0. Write jnp.logaddexp(0, x), or max(x, 0) + log1p(exp(-|x|))."""
    return jnp.log(1 + jnp.exp(-real)).mean() + jnp.log(1 + jnp.exp(fake)).mean()


@mistake("d_loss", fails=["d_loss_sure"], topic="numerical stability")
def log_without_log1p(real, fake):
    """Your d_loss never overflows, but it is exactly 0 for a discriminator that is sure and right. 1 + exp(-18) is 1 in
    float32, and softplus(18) - 18 is 0: small numbers get lost beside large ones. Write jnp.log1p(e) for jnp.log(1 +
    e), and softplus(-x) for softplus(x) - x."""
    return _softplus_without_log1p(-real).mean() + _softplus_without_log1p(fake).mean()


@mistake("d_loss", fails=["d_loss_values"], topic="binary cross-entropy")
def halved(real, fake):
    """Your d_loss is half of what it should be: you average the real and the fake part. The handout adds the two
    means."""
    return right_d_loss(real, fake) / 2


@mistake("d_loss", fails=["d_loss_values"], topic="binary cross-entropy")
def labels_swapped(real, fake):
    """Your d_loss has the labels the wrong way round: it rewards high logits for fake samples. Real samples have target
    1, which costs softplus(-logit); generated ones have target 0, which costs softplus(logit)."""
    return softplus(real).mean() + softplus(-fake).mean()


@mistake("d_loss", fails=["d_loss_values"], topic="binary cross-entropy")
def one_mean_over_both_batches(real, fake):
    """You put both batches together before you take the mean. Then the larger batch counts for more, and the sum of two
    means has become one. Take the mean over real samples, the mean over fake samples, and add the two."""
    return jnp.concatenate([softplus(-real), softplus(fake)]).mean()


@mistake("d_loss", fails=["d_loss_values"], topic="binary cross-entropy")
def sums_over_the_batch(real, fake):
    """You add the losses of a batch up. Take the mean of each batch, so that the size of the batch does not change the
    size of the step."""
    return softplus(-real).sum() + softplus(fake).sum()


@mistake("d_loss", fails=["d_loss_values"], topic="binary cross-entropy")
def value_of_the_game(real, fake):
    """Your d_loss is negative: it is the value of the game, which the discriminator maximises. A loss is minimised: put
    a minus in front."""
    return -right_d_loss(real, fake)


@mistake("d_loss", fails=["d_loss_values"], topic="binary cross-entropy")
def probabilities_assumed(real, fake):
    """You apply the sigmoid twice: once yourself, and once within the cross-entropy from logits, which contains it.
    Pass the logits as they come."""
    return right_d_loss(jax.nn.sigmoid(real), jax.nn.sigmoid(fake))


@mistake("d_loss", fails=["d_loss_values"], topic="label smoothing", between=(0.01, 0.5))
def smooths_silently(real, fake, *, constant=0.1):
    """Your d_loss gives real samples a target below 1, such as 0.9. Label smoothing has a function of its own here,
    d_loss_smoothed; in d_loss the target is 1."""
    return _smoothed(real, 1 - constant) + softplus(fake).mean()


@mistake("d_loss", fails=["d_loss_gradient"], topic="stop gradient")
def stops_at_the_fake_logits(real, fake):
    """Your d_loss stops the gradient at the fake logits, so the discriminator never learns what a fake looks like. Its
    value is right and its gradient is not. The gradient is stopped at the fake *sample*, in d_objective; losses stop
    nothing."""
    return right_d_loss(real, jax.lax.stop_gradient(fake))


@mistake("d_loss_smoothed", fails=["d_loss_smoothed_values"], topic="label smoothing")
def smooths_both_sides(real, fake, smooth):
    """You smooth both sides: fake samples get the target `smooth`. One-sided smoothing leaves them at 0; a positive
    target for fakes would reward the generator for staying where it is."""
    return _smoothed(real, 1 - smooth) + _smoothed(fake, smooth)


@mistake("d_loss_smoothed", fails=["d_loss_smoothed_values"], topic="label smoothing")
def smooths_the_fake_side(real, fake, smooth):
    """You smooth the wrong side: the fake target is `smooth` and the real one still 1. It is the real target that goes
    down, to 1 - smooth; the fake one stays 0."""
    return softplus(-real).mean() + _smoothed(fake, smooth)


@mistake("d_loss_smoothed", fails=["d_loss_smoothed_values"], topic="label smoothing")
def target_is_smooth(real, fake, smooth):
    """Your loss belongs to the real target `smooth`. The target is t = 1 - smooth, and one logit costs
    t * softplus(-x) + (1 - t) * softplus(x): look at the target and at the signs inside softplus."""
    return _smoothed(real, smooth) + softplus(fake).mean()


@mistake("d_loss_smoothed", fails=["d_loss_smoothed_values"], topic="label smoothing", between=(0.01, 0.5))
def always_the_same_target(real, fake, smooth, *, constant=0.1):
    """Your real target is the same number, such as 0.9, whatever `smooth` says. Compute it from the argument: 1 -
    smooth."""
    return _smoothed(real, 1 - constant) + softplus(fake).mean()


@mistake("d_loss_smoothed", fails=["d_loss_smoothed_values"], topic="label smoothing")
def half_of_the_smoothing(real, fake, smooth):
    """Your real target is 1 - smooth / 2. That is smoothing towards a uniform distribution over two classes, as for
    classifiers; here the target is 1 - smooth."""
    return _smoothed(real, 1 - smooth / 2) + softplus(fake).mean()


@mistake("d_loss_smoothed", fails=["d_loss_smoothed_values"], topic="label smoothing")
def scales_the_real_part(real, fake, smooth):
    """You multiply the loss of the real samples by 1 - smooth and stop there. Cross-entropy with a soft target t has
    two terms: t * softplus(-x) + (1 - t) * softplus(x). The second one is what holds the logits back."""
    return (1 - smooth) * softplus(-real).mean() + softplus(fake).mean()


@mistake("d_loss_smoothed", fails=["d_loss_smoothed_large"], topic="numerical stability")
def smoothed_log_of_sigmoid(real, fake, smooth):
    """Your smoothed loss overflows for large logits: either the log of a sigmoid that is 0 in float32, or the
    exponential of something large. With target t = 1 - smooth, write t * softplus(-x) + (1 - t) * softplus(x), with a
    softplus that only ever exponentiates numbers below 0 (jax.nn.softplus, jnp.logaddexp)."""
    t, p, q = 1 - smooth, jax.nn.sigmoid(real), jax.nn.sigmoid(fake)
    return -(t * jnp.log(p) + (1 - t) * jnp.log(1 - p)).mean() - jnp.log(1 - q).mean()


@mistake("g_loss_minimax", fails=["g_loss_minimax_values"], topic="minimax loss")
def minimax_upside_down(fake):
    """Your g_loss_minimax is positive: it is what the discriminator minimises. The generator works against it and
    minimises the mean of log(1 - sigmoid(fake)), which is -softplus(fake)."""
    return softplus(fake).mean()


@mistake("g_loss_minimax", fails=["g_loss_minimax_values"], topic="minimax loss")
def minimax_is_nonsaturating(fake):
    """Your g_loss_minimax is the non-saturating loss, -log(sigmoid(fake)). The original game has log(1 -
    sigmoid(fake)), without a minus in front."""
    return right_g_loss(fake)


@mistake("g_loss_minimax", fails=["g_loss_minimax_values"], topic="minimax loss")
def minimax_of_the_wrong_logarithm(fake):
    """Your g_loss_minimax is log(sigmoid(fake)): the 1 - is missing, and with it the generator would try to be caught.
    It is log(1 - sigmoid(fake)) = -softplus(fake)."""
    return -softplus(-fake).mean()


@mistake(
    "g_loss_minimax",
    fails=["g_loss_minimax_large", "g_loss_minimax_sure", "g_loss_minimax_gradient"],
    topic="numerical stability",
)
def minimax_by_log_of_sigmoid(fake):
    """Your g_loss_minimax takes the sigmoid first: 1 - sigmoid(180) is 0 in float32, and its logarithm -inf; 1 -
    sigmoid(-18) is 1, and its logarithm 0. Write it as -softplus(fake)."""
    return jnp.log(1 - jax.nn.sigmoid(fake)).mean()


@mistake(
    "g_loss_minimax",
    fails=["g_loss_minimax_large", "g_loss_minimax_sure", "g_loss_minimax_gradient"],
    topic="numerical stability",
)
def minimax_by_log_of_sigmoid_by_hand(fake):
    """Your g_loss_minimax computes 1 / (1 + exp(-x)) first: 1 - sigmoid(180) is 0 in float32, and its logarithm -inf;
    exp(180) is infinite, and the gradient NaN. Write it as -softplus(fake)."""
    return jnp.log(1 - _by_hand(fake)).mean()


@mistake(
    "g_loss_minimax",
    fails=["g_loss_minimax_large", "g_loss_minimax_sure", "g_loss_minimax_gradient"],
    topic="numerical stability",
)
def minimax_exponential_overflows(fake):
    """Your g_loss_minimax is -log(1 + exp(fake)). For logits above 89 the exponential is infinite in float32; for
    logits below -17, 1 + exp(x) is 1 and its logarithm 0. Write jnp.logaddexp(0, x), or max(x, 0) +
    log1p(exp(-|x|))."""
    return -jnp.log(1 + jnp.exp(fake)).mean()


@mistake("g_loss_minimax", fails=["g_loss_minimax_sure"], topic="numerical stability")
def minimax_without_log1p(fake):
    """Your g_loss_minimax is exactly 0 where the discriminator is not fooled: 1 + exp(-18) is 1 in float32.
    jnp.log1p(x) is log(1 + x) without that loss."""
    return -_softplus_without_log1p(fake).mean()


@mistake(
    "g_loss_nonsaturating",
    fails=["g_loss_nonsaturating_values"],
    topic="non-saturating loss",
)
def nonsaturating_is_minimax(fake):
    """Your g_loss_nonsaturating is the minimax loss, log(1 - sigmoid(fake)). Its gradient vanishes where the
    discriminator is sure, which is why nobody uses it: minimise -log(sigmoid(fake)) instead, that is
    softplus(-fake)."""
    return -softplus(fake).mean()


@mistake(
    "g_loss_nonsaturating",
    fails=["g_loss_nonsaturating_values"],
    topic="non-saturating loss",
)
def nonsaturating_sign(fake):
    """Your g_loss_nonsaturating is the mean of log(sigmoid(fake)), never positive, and minimising it makes fakes easier
    to spot. Change its sign: it is -log(sigmoid(fake)), which is softplus(-fake) without a further minus."""
    return -softplus(-fake).mean()


@mistake(
    "g_loss_nonsaturating",
    fails=["g_loss_nonsaturating_values"],
    topic="non-saturating loss",
)
def nonsaturating_with_target_0(fake):
    """Your g_loss_nonsaturating is the cross-entropy against 0, the discriminator's share. The generator wants its
    samples to pass for real: cross-entropy against 1, which is softplus(-fake)."""
    return softplus(fake).mean()


@mistake(
    "g_loss_nonsaturating",
    fails=["g_loss_nonsaturating_large", "g_loss_nonsaturating_gradient"],
    topic="numerical stability",
)
def nonsaturating_overflows(fake):
    """Your g_loss_nonsaturating overflows for fakes that are spotted, and early in training most fakes are. In float32
    sigmoid(-180) is 0 and its logarithm -inf; exp(180) is inf, and so is log(1 + exp(180)). Write it as softplus(-fake)
    with jax.nn.softplus or jnp.logaddexp(0, -fake), which exponentiate nothing above 0."""
    return -jnp.log(jax.nn.sigmoid(fake)).mean()


@mistake(
    "g_loss_nonsaturating",
    fails=["g_loss_nonsaturating_large", "g_loss_nonsaturating_gradient"],
    topic="numerical stability",
    between=(1e-15, 1e-2),
)
def nonsaturating_epsilon(fake, *, constant=1e-8):
    """Your g_loss_nonsaturating adds a small number inside the logarithm, or clips what stands there. A fake that is
    spotted with certainty then has no gradient, and the generator is stuck: the very problem that this loss was
    invented to avoid. Use softplus(-fake), which needs no epsilon."""
    return -jnp.log(jax.nn.sigmoid(fake) + constant).mean()


@mistake("g_loss_minimax", fails=["g_loss_minimax_values"], topic="minimax loss")
def one_minus_the_logit(fake):
    """You subtract the logit from 1, where the probability is meant: 1 - sigmoid(x) is sigmoid(-x), not sigmoid(1 - x).
    So log(1 - sigmoid(fake)) is -softplus(fake)."""
    return -softplus(fake - 1).mean()


# --- least squares, hinge, Wasserstein --------------------------------------------------------------------


@mistake("ls_d_loss", fails=["ls_d_loss_values"], topic="least squares gan")
def squares_without_the_half(real, fake):
    """Your ls_d_loss is twice as large: the factor 1/2 in front of both means is missing."""
    return ((real - 1) ** 2).mean() + (fake**2).mean()


@mistake("ls_d_loss", fails=["ls_d_loss_values"], topic="least squares gan")
def squares_of_probabilities(real, fake):
    """Your ls_d_loss squashes the scores with a sigmoid first. Least squares takes them as they are: no sigmoid, and so
    no flat ends."""
    return 0.5 * ((jax.nn.sigmoid(real) - 1) ** 2).mean() + 0.5 * (jax.nn.sigmoid(fake) ** 2).mean()


@mistake("ls_d_loss", fails=["ls_d_loss_values"], topic="least squares gan")
def squares_with_targets_plus_minus_one(real, fake):
    """Your ls_d_loss pulls fake scores to -1. The targets here are 1 for real and 0 for fake; -1 belongs to the hinge
    loss."""
    return 0.5 * ((real - 1) ** 2).mean() + 0.5 * ((fake + 1) ** 2).mean()


@mistake("ls_d_loss", fails=["ls_d_loss_values"], topic="least squares gan")
def squares_with_targets_exchanged(real, fake):
    """Your targets are exchanged: real samples should score 1 and generated ones 0, so it is (r - 1)**2 for the real
    ones and f**2 for the others."""
    return (real**2).mean() / 2 + ((fake - 1) ** 2).mean() / 2


@mistake("ls_d_loss", fails=["ls_d_loss_values"], topic="least squares gan")
def half_of_the_real_part_only(real, fake):
    """Only the first of your two means has the factor 1/2. Both have it."""
    return ((real - 1) ** 2).mean() / 2 + (fake**2).mean()


@mistake("ls_d_loss", fails=["ls_d_loss_values"], topic="least squares gan")
def half_of_the_fake_part_only(real, fake):
    """Only the second of your two means has the factor 1/2. Both have it."""
    return ((real - 1) ** 2).mean() + (fake**2).mean() / 2


@mistake("ls_d_loss", fails=["ls_d_loss_values"], topic="least squares gan")
def squares_of_the_means(real, fake):
    """You take the mean of each batch before you square. Square each score first, then take the mean."""
    return (real.mean() - 1) ** 2 / 2 + fake.mean() ** 2 / 2


@mistake("ls_g_loss", fails=["ls_g_loss_values"], topic="least squares gan")
def ls_generator_without_the_half(fake):
    """Your ls_g_loss is twice as large: the factor 1/2 is missing."""
    return ((fake - 1) ** 2).mean()


@mistake("ls_g_loss", fails=["ls_g_loss_values"], topic="least squares gan")
def ls_generator_aims_at_zero(fake):
    """Your ls_g_loss pulls the scores of fakes to 0, which is the discriminator's aim. The generator wants them to be
    1, like those of real samples."""
    return 0.5 * (fake**2).mean()


@mistake("ls_g_loss", fails=["ls_g_loss_values"], topic="least squares gan")
def ls_generator_aims_at_minus_one(fake):
    """Your ls_g_loss is smallest at a score of -1. The generator wants the score of a real sample, 1: (f - 1)**2."""
    return ((fake + 1) ** 2).mean() / 2


@mistake("ls_g_loss", fails=["ls_g_loss_values"], topic="least squares gan")
def ls_generator_squares_the_mean(fake):
    """You take the mean first and the square afterwards, so scores on both sides of 1 cancel. Every sample has a
    distance of its own: square each, then take the mean."""
    return 0.5 * (fake.mean() - 1) ** 2


@mistake("hinge_d_loss", fails=["hinge_d_loss_values"], topic="hinge loss")
def hinge_of_fakes_like_that_of_real_samples(real, fake):
    """Your hinge_d_loss treats fakes like real samples: max(0, 1 - fake) rewards high scores for both. A fake costs
    nothing below -1: max(0, 1 + fake)."""
    return jnp.maximum(0, 1 - real).mean() + jnp.maximum(0, 1 - fake).mean()


@mistake("hinge_d_loss", fails=["hinge_d_loss_values"], topic="hinge loss")
def hinge_signs_swapped(real, fake):
    """Your hinge_d_loss has the two signs the wrong way round. A real score costs nothing above 1: max(0, 1 - real). A
    fake one costs nothing below -1: max(0, 1 + fake)."""
    return jnp.maximum(0, 1 + real).mean() + jnp.maximum(0, 1 - fake).mean()


@mistake("hinge_d_loss", fails=["hinge_d_loss_values"], topic="hinge loss")
def hinge_without_margin(real, fake):
    """Your hinge_d_loss has no margin: it is content as soon as scores have the right sign. Add the 1: max(0, 1 - real)
    and max(0, 1 + fake)."""
    return jnp.maximum(0, -real).mean() + jnp.maximum(0, fake).mean()


@mistake("hinge_d_loss", fails=["hinge_d_loss_values"], topic="hinge loss")
def hinge_takes_the_smaller(real, fake):
    """You take the smaller of 0 and the distance to the margin, where the larger is meant: jnp.maximum, not
    jnp.minimum."""
    return jnp.minimum(0, 1 - real).mean() + jnp.minimum(0, 1 + fake).mean()


@mistake("hinge_d_loss", fails=["hinge_d_loss_values"], topic="hinge loss")
def hinge_of_the_mean(real, fake):
    """You take the mean first and the maximum afterwards. Every sample has a margin of its own: apply max(0, ...) to
    each score, then take the mean."""
    return jnp.maximum(0, 1 - real.mean()) + jnp.maximum(0, 1 + fake.mean())


@mistake("hinge_d_loss", fails=["hinge_d_loss_values"], topic="hinge loss")
def hinge_never_lets_go(real, fake):
    """Your hinge_d_loss is a straight line: the max(0, ...) is missing, so scores beyond the margin still earn
    something. That is the Wasserstein critic's loss, shifted by 2."""
    return (1 - real).mean() + (1 + fake).mean()


@mistake("hinge_g_loss", fails=["hinge_g_loss_values"], topic="hinge loss")
def hinge_for_the_generator_too(fake):
    """Your hinge_g_loss has a hinge: max(0, 1 - fake). Only the discriminator's loss has one; the generator minimises
    minus the mean score, without a margin."""
    return jnp.maximum(0, 1 - fake).mean()


@mistake("hinge_g_loss", fails=["hinge_g_loss_values"], topic="hinge loss")
def hinge_generator_sign(fake):
    """The sign of your hinge_g_loss is wrong: the generator wants high scores, so it minimises *minus* their mean."""
    return fake.mean()


@mistake("w_critic_loss", fails=["w_critic_loss_values"], topic="wasserstein gan")
def critic_sign(real, fake):
    """Your w_critic_loss is mean(real) - mean(fake), the distance that the critic maximises. A loss is minimised: mean
    fake score minus mean real score."""
    return real.mean() - fake.mean()


@mistake("w_critic_loss", fails=["w_critic_loss_values"], topic="wasserstein gan")
def critic_adds_both(real, fake):
    """You add the two means. The critic wants high scores for real samples and low ones for generated ones: the mean of
    f minus the mean of r."""
    return fake.mean() + real.mean()


@mistake("w_critic_loss", fails=["w_critic_loss_values"], topic="wasserstein gan")
def critic_of_probabilities(real, fake):
    """Your w_critic_loss squashes the scores with a sigmoid. A Wasserstein critic has no sigmoid: its scores are any
    numbers, held in check by the gradient penalty."""
    return jax.nn.sigmoid(fake).mean() - jax.nn.sigmoid(real).mean()


@mistake("w_g_loss", fails=["w_g_loss_values"], topic="wasserstein gan")
def wasserstein_generator_sign(fake):
    """The sign of your w_g_loss is wrong: minimising the mean score makes samples that the critic dislikes. Put a minus
    in front."""
    return fake.mean()


# --- gradient penalty -------------------------------------------------------------------------------------


def _between(real, fake, key):
    eps = jax.random.uniform(key, (real.shape[0], 1))
    return eps * real + (1 - eps) * fake


def _slopes(d, x):
    return jax.grad(lambda x: given.critic(d, x).sum())(x)


def _lengths(slopes):
    return jnp.sqrt((slopes**2).sum(axis=1) + 1e-12)


def _penalty(d, x):
    return ((_lengths(_slopes(d, x)) - 1) ** 2).mean()


@mistake("gradient_penalty", fails=["gradient_penalty_flat"], topic="gradient penalty")
def square_root_of_zero(d, real, fake, key):
    """Your gradient_penalty takes the square root of a sum that can be 0. The root is fine, its derivative is infinite
    there, and infinity times 0 is NaN: one flat spot, and all parameters of the critic are NaN. Add 1e-12 inside the
    root; added outside it changes nothing. jnp.linalg.norm has the same problem."""
    return ((jnp.sqrt((_slopes(d, _between(real, fake, key)) ** 2).sum(axis=1)) - 1) ** 2).mean()


@mistake("gradient_penalty", fails=["gradient_penalty_values"], topic="gradient penalty")
def one_length_for_the_batch(d, real, fake, key):
    """Your gradient_penalty takes one length over the whole batch. Every row has a gradient, and a length, of its own:
    sum the squares over axis 1 only, then take the mean of (length - 1)**2 over the rows."""
    slopes = _slopes(d, _between(real, fake, key))
    return (jnp.sqrt((slopes**2).sum() + 1e-12) - 1) ** 2


@mistake("gradient_penalty", fails=["gradient_penalty_values"], topic="gradient penalty")
def length_over_the_batch_axis(d, real, fake, key):
    """You sum the squares over axis 0: one length per feature, across all samples. Sum over axis 1, the features of one
    sample."""
    slopes = _slopes(d, _between(real, fake, key))
    return ((jnp.sqrt((slopes**2).sum(axis=0)) - 1) ** 2).mean()


@mistake("gradient_penalty", fails=["gradient_penalty_values"], topic="gradient penalty")
def mean_square_for_a_length(d, real, fake, key):
    """You take the mean of the squared slopes of a row. A length is the root of their sum: sum over axis 1."""
    slopes = _slopes(d, _between(real, fake, key))
    return ((jnp.sqrt((slopes**2).mean(axis=1) + 1e-12) - 1) ** 2).mean()


@mistake("gradient_penalty", fails=["gradient_penalty_values"], topic="gradient penalty")
def sum_of_absolute_slopes(d, real, fake, key):
    """You add the absolute slopes of a row. Its length is the root of the sum of their squares."""
    return ((jnp.abs(_slopes(d, _between(real, fake, key))).sum(axis=1) - 1) ** 2).mean()


@mistake("gradient_penalty", fails=["gradient_penalty_values"], topic="gradient penalty")
def square_of_the_mean_distance(d, real, fake, key):
    """You average the lengths minus 1 and square afterwards, so that long and short ones cancel. Square each first,
    then take the mean."""
    return (_lengths(_slopes(d, _between(real, fake, key))) - 1).mean() ** 2


@mistake("gradient_penalty", fails=["gradient_penalty_values"], topic="gradient penalty")
def without_the_minus_one(d, real, fake, key):
    """Your gradient_penalty is the mean squared length of the gradient: it pulls the critic's slope to 0. The
    Wasserstein penalty pulls it to 1: subtract 1 from the length before squaring."""
    return (_lengths(_slopes(d, _between(real, fake, key))) ** 2).mean()


@mistake("gradient_penalty", fails=["gradient_penalty_values"], topic="gradient penalty")
def squared_length(d, real, fake, key):
    """You subtract 1 from the *squared* length. Take the square root of the sum of squares first: (length - 1)**2."""
    return (((_slopes(d, _between(real, fake, key)) ** 2).sum(axis=1) - 1) ** 2).mean()


@mistake("gradient_penalty", fails=["gradient_penalty_values"], topic="gradient penalty")
def one_sided(d, real, fake, key):
    """Your gradient_penalty is one-sided: slopes below 1 cost nothing. That is a variant; here a length of 0.5 costs as
    much as one of 1.5."""
    return (jnp.maximum(_lengths(_slopes(d, _between(real, fake, key))) - 1, 0) ** 2).mean()


@mistake("gradient_penalty", fails=["gradient_penalty_values"], topic="gradient penalty", between=(1.5, 1000))
def weighted(d, real, fake, key, *, constant=10):
    """Your gradient_penalty is a multiple of what it should be: a weight, usually 10, is in it. Leave it out; whoever
    adds the penalty to a loss chooses the weight."""
    return constant * _penalty(d, _between(real, fake, key))


@mistake("gradient_penalty", fails=["gradient_penalty_values"], topic="gradient penalty")
def gradient_of_the_mean_logit(d, real, fake, key):
    """You differentiate the *mean* of the logits, so every row's gradient comes out divided by the number of rows.
    Differentiate their sum: each row then gets the gradient of its own logit."""
    slopes = jax.grad(lambda x: given.critic(d, x).mean())(_between(real, fake, key))
    return ((_lengths(slopes) - 1) ** 2).mean()


@mistake("gradient_penalty", fails=["gradient_penalty_values"], topic="gradient penalty")
def one_eps_for_the_batch(d, real, fake, key):
    """You draw a single eps for the whole batch. Every row gets its own: jax.random.uniform(key, (N, 1))."""
    eps = jax.random.uniform(key)
    return _penalty(d, eps * real + (1 - eps) * fake)


@mistake("gradient_penalty", fails=["gradient_penalty_values"], topic="gradient penalty")
def eps_for_every_coordinate(d, real, fake, key):
    """You draw an eps for every coordinate. Then the points fill the box around a real and a fake sample; they should
    lie on the line between them: one eps per row, shape (N, 1)."""
    eps = jax.random.uniform(key, real.shape)
    return _penalty(d, eps * real + (1 - eps) * fake)


@mistake("gradient_penalty", fails=["gradient_penalty_values"], topic="gradient penalty")
def eps_on_the_fake_side(d, real, fake, key):
    """You mix the wrong way round: eps is the share of the real sample, eps * real + (1 - eps) * fake. In distribution
    this makes no difference, but the grader draws the same eps and compares numbers."""
    return _penalty(d, _between(fake, real, key))


@mistake("gradient_penalty", fails=["gradient_penalty_values"], topic="gradient penalty")
def splits_the_key(d, real, fake, key):
    """You split the key before you draw eps. That is a good habit where a key is used more than once; here the handout
    asks for jax.random.uniform with the very key that comes in, so that everybody draws the same points."""
    return _penalty(d, _between(real, fake, jax.random.split(key)[1]))


@mistake("gradient_penalty", fails=["gradient_penalty_values"], topic="gradient penalty")
def normal_eps(d, real, fake, key):
    """You draw eps from a normal distribution: points then lie beyond the two samples as well. eps is uniform between 0
    and 1."""
    eps = jax.random.normal(key, (real.shape[0], 1))
    return _penalty(d, eps * real + (1 - eps) * fake)


@mistake("gradient_penalty", fails=["gradient_penalty_values"], topic="gradient penalty")
def at_the_real_samples(d, real, fake, key):
    """You take the gradient at the real samples. The penalty applies on the way between real and fake ones: eps * real
    + (1 - eps) * fake."""
    return _penalty(d, real)


@mistake("gradient_penalty", fails=["gradient_penalty_gradient"], topic="gradient penalty")
def stops_the_penalty(d, real, fake, key):
    """Your gradient_penalty has the right value and no gradient: something in it is stopped. The critic is trained by
    the gradient *of this gradient*, so jax.grad must see the parameters all the way through. Stop nothing here."""
    return _penalty(jax.lax.stop_gradient(d), _between(real, fake, key))


# --- the game ---------------------------------------------------------------------------------------------


@mistake("d_objective", fails=["d_objective_frozen"], topic="stop gradient")
def generator_moves_along(d, g, real, z):
    """Your d_objective has a gradient for the generator, and whoever follows it makes fakes that are *easier* to spot.
    Cut it where the sample leaves the generator: jax.lax.stop_gradient(given.generator(g, z))."""
    return right_d_loss(given.critic(d, real), given.critic(d, given.generator(g, z)))


@mistake("d_objective", fails=["d_objective_gradient"], topic="stop gradient")
def stops_behind_the_critic(d, g, real, z):
    """The discriminator learns nothing from the fakes: a stop_gradient stands on its logits of them, or on d itself.
    Stop the sample and nothing else, before the critic sees it: jax.lax.stop_gradient(given.generator(g, z))."""
    fake = jax.lax.stop_gradient(given.critic(d, given.generator(g, z)))
    return right_d_loss(given.critic(d, real), fake)


@mistake("d_objective", fails=["d_objective_values"], topic="gan training")
def ignores_the_real_samples(d, g, real, z):
    """Your d_objective contains only the fake samples. Without real ones the discriminator learns to say "fake" to
    everything: use d_loss of both."""
    return softplus(given.critic(d, jax.lax.stop_gradient(given.generator(g, z)))).mean()


@mistake("d_objective", fails=["d_objective_values"], topic="gan training")
def real_and_fake_exchanged(d, g, real, z):
    """You hand the logits to d_loss in the wrong order: real ones first, fake ones second."""
    fake = jax.lax.stop_gradient(given.generator(g, z))
    return right_d_loss(given.critic(d, fake), given.critic(d, real))


@mistake("g_objective", fails=["g_objective_frozen"], topic="stop gradient")
def discriminator_moves_along(g, d, z):
    """Your g_objective has a gradient for the discriminator, and whoever follows it teaches the discriminator to be
    fooled. Stop the gradient at its parameters, and use what stop_gradient returns:
    given.critic(jax.lax.stop_gradient(d), fake)."""
    return right_g_loss(given.critic(d, given.generator(g, z)))


@mistake("g_objective", fails=["g_objective_gradient", "g_objective_frozen"], topic="stop gradient")
def stops_the_sample_for_the_generator(g, d, z):
    """You stop the gradient at the generated sample. In the generator's turn that is the wrong place: the gradient has
    to pass through the critic and the sample to reach the generator. Stop the discriminator's parameters instead:
    jax.lax.stop_gradient(d)."""
    return right_g_loss(given.critic(d, jax.lax.stop_gradient(given.generator(g, z))))


@mistake("g_objective", fails=["g_objective_gradient"], topic="stop gradient")
def stops_the_logit_for_the_generator(g, d, z):
    """Your g_objective stops the gradient at the critic's output, so nothing is left for the generator. Stop the
    discriminator's *parameters*, not what it returns: given.critic(jax.lax.stop_gradient(d), fake)."""
    return right_g_loss(jax.lax.stop_gradient(given.critic(d, given.generator(g, z))))


@mistake("g_objective", fails=["g_objective_values"], topic="non-saturating loss")
def plays_the_minimax_game(g, d, z):
    """Your g_objective uses the minimax loss. The handout asks for g_loss_nonsaturating here: early in training its
    gradient does not vanish."""
    return -softplus(given.critic(jax.lax.stop_gradient(d), given.generator(g, z))).mean()


@mistake("g_objective", fails=["g_objective_values"], topic="gan training")
def forgets_the_critic(g, d, z):
    """You hand the generated samples themselves to the loss. It takes logits: pass the samples through the critic
    first."""
    return right_g_loss(given.generator(g, z))


def _d_gradient(d, g, real, z, weight=given.R1_WEIGHT):
    value, grads = jax.value_and_grad(right_d_objective)(d, g, real, z)
    return value, jax.tree.map(lambda a, b: a + weight * b, grads, jax.grad(given.r1)(d, real))


def _round(state, real, z_d, z_g, *, weight=given.R1_WEIGHT, stale=False, uphill=False):
    d_value, d_grads = _d_gradient(state["d"], state["g"], real, z_d, weight)
    if uphill:
        d_grads = jax.tree.map(jnp.negative, d_grads)
    d, d_opt = given.adam(state["d"], d_grads, state["d_opt"])
    opponent = state["d"] if stale else d
    g_value, g_grads = jax.value_and_grad(right_g_objective)(state["g"], opponent, z_g)
    g, g_opt = given.adam(state["g"], g_grads, state["g_opt"])
    return {"d": d, "g": g, "d_opt": d_opt, "g_opt": g_opt}, {"d": d_value, "g": g_value}


game = partial(mistake, "train_step", fails=["train_step_path"], topic="gan training")


@game()
def plays_against_yesterday(state, real, z_d, z_g):
    """Your train_step updates both players at once: the generator still plays against the discriminator from before its
    update. Alternate: first the discriminator, then the generator against the *new* one."""
    return _round(state, real, z_d, z_g, stale=True)


@game()
def forgets_the_stabiliser(state, real, z_d, z_g):
    """Your train_step leaves the R1 penalty out. Add given.R1_WEIGHT * given.r1(d, real) to what the discriminator
    minimises: it keeps the discriminator flat where the data are, which damps the game."""
    return _round(state, real, z_d, z_g, weight=0.0)


@game(between=(0.2, 20))
def stabiliser_with_another_weight(state, real, z_d, z_g, *, constant=1.0):
    """Your train_step adds the R1 penalty with a weight of its own, or with none. Multiply it by given.R1_WEIGHT, which
    is 0.1."""
    return _round(state, real, z_d, z_g, weight=constant)


@game()
def climbs_uphill(state, real, z_d, z_g):
    """Your discriminator walks uphill. given.adam already moves against the gradient: hand the gradient of the loss
    over as it is, without a minus."""
    return _round(state, real, z_d, z_g, uphill=True)


@game()
def noise_of_the_other_player(state, real, z_d, z_g):
    """Your train_step uses the discriminator's noise z_d for the generator's update as well. The generator gets fresh
    noise, z_g."""
    return _round(state, real, z_d, z_d)


@game()
def noises_swapped(state, real, z_d, z_g):
    """You have the two noises the wrong way round: z_d is for the discriminator's update, z_g for the generator's."""
    return _round(state, real, z_g, z_d)


@game()
def generator_first(state, real, z_d, z_g):
    """Your train_step updates the generator first. Begin with the discriminator; the generator then plays against the
    updated one."""
    g_value, g_grads = jax.value_and_grad(right_g_objective)(state["g"], state["d"], z_g)
    g, g_opt = given.adam(state["g"], g_grads, state["g_opt"])
    d_value, d_grads = _d_gradient(state["d"], g, real, z_d)
    d, d_opt = given.adam(state["d"], d_grads, state["d_opt"])
    return {"d": d, "g": g, "d_opt": d_opt, "g_opt": g_opt}, {"d": d_value, "g": g_value}


@game()
def forgets_the_optimiser(state, real, z_d, z_g):
    """Your train_step returns the optimisers' states as they came in. given.adam returns two things, the new parameters
    and its own new state; put the second into the new state, or every step is Adam's first."""
    new, losses = _round(state, real, z_d, z_g)
    return new | {"d_opt": state["d_opt"], "g_opt": state["g_opt"]}, losses


@game()
def discriminator_stays(state, real, z_d, z_g):
    """Your train_step computes the discriminator's update and then returns the old discriminator. Put the new
    parameters into the new state."""
    new, losses = _round(state, real, z_d, z_g)
    return new | {"d": state["d"]}, losses


@game()
def reports_the_loss_with_the_penalty(state, real, z_d, z_g):
    """Your train_step plays right, but the "d" that it reports contains the R1 penalty. Return d_objective alone, as it
    was before the update; jax.value_and_grad(..., has_aux=True) lets you carry it out."""
    new, losses = _round(state, real, z_d, z_g)
    return new, losses | {"d": losses["d"] + given.R1_WEIGHT * given.r1(state["d"], real)}


@game()
def reports_the_loss_after_the_update(state, real, z_d, z_g):
    """Your train_step plays right, but the "d" that it reports was computed after the update. Return the value that
    jax.value_and_grad gave together with the gradient."""
    new, losses = _round(state, real, z_d, z_g)
    return new, losses | {"d": right_d_objective(new["d"], state["g"], real, z_d)}


@game()
def stabiliser_at_the_fakes(state, real, z_d, z_g):
    """Your train_step takes the R1 penalty at the generated samples. It belongs to the real ones: given.r1(d, real)."""
    value, grads = jax.value_and_grad(right_d_objective)(state["d"], state["g"], real, z_d)
    fake = given.generator(state["g"], z_d)
    grads = jax.tree.map(lambda a, b: a + given.R1_WEIGHT * b, grads, jax.grad(given.r1)(state["d"], fake))
    d, d_opt = given.adam(state["d"], grads, state["d_opt"])
    g_value, g_grads = jax.value_and_grad(right_g_objective)(state["g"], d, z_g)
    g, g_opt = given.adam(state["g"], g_grads, state["g_opt"])
    return {"d": d, "g": g, "d_opt": d_opt, "g_opt": g_opt}, {"d": value, "g": g_value}


# --- helpers ----------------------------------------------------------------------------------------------


def _by_hand(x):
    return 1 / (1 + jnp.exp(-x))


def _softplus_without_log1p(x):
    return jnp.maximum(x, 0) + jnp.log(1 + jnp.exp(-jnp.abs(x)))


def _smoothed(logits, target):
    return (target * softplus(-logits) + (1 - target) * softplus(logits)).mean()
