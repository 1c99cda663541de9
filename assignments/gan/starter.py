"""The losses of a GAN

Write the body of every function below. The handout (README.md) has the formulas and the rules: losses take logits,
means are taken over each batch on its own, and everything is float32.

Check yourself as often as you like:

    autograder check submission.py --assignment gan
"""

import jax
import jax.numpy as jnp

import given

# --- losses from logits ---


def d_loss(real, fake):
    """Return the discriminator's loss: mean cross-entropy of the real logits against 1 plus that of the fake against 0.

    Args:
        real: (N, 1) float32, the discriminator's logits for real samples, up to 1e4 in size.
        fake: (M, 1) float32, its logits for generated samples; M need not be N.
    Returns:
        () float32.
    """
    raise NotImplementedError


def d_loss_smoothed(real, fake, smooth):
    """Return the discriminator's loss with one-sided label smoothing: the real target is 1 - smooth, the fake one 0.

    Args:
        real: (N, 1) float32 logits.
        fake: (M, 1) float32 logits.
        smooth: () float32, an array like the others, from 0 to 0.5, both included.
    Returns:
        () float32.
    """
    raise NotImplementedError


def g_loss_minimax(fake):
    """Return what the generator minimises in the original game: the mean of log(1 - sigmoid(fake)), never positive.

    Args:
        fake: (M, 1) float32 logits.
    Returns:
        () float32.
    """
    raise NotImplementedError


def g_loss_nonsaturating(fake):
    """Return what the generator minimises in practice: the mean of -log(sigmoid(fake)).

    Args:
        fake: (M, 1) float32 logits.
    Returns:
        () float32.
    """
    raise NotImplementedError


# --- losses from scores ---


def ls_d_loss(real, fake):
    """Return half the mean squared distance of the real scores to 1, plus half that of the fake ones to 0.

    Args:
        real: (N, 1) float32 scores.
        fake: (M, 1) float32 scores.
    Returns:
        () float32.
    """
    raise NotImplementedError


def ls_g_loss(fake):
    """Return half the mean squared distance of the fake scores to 1.

    Args:
        fake: (M, 1) float32 scores.
    Returns:
        () float32.
    """
    raise NotImplementedError


def hinge_d_loss(real, fake):
    """Return how far, on average, real scores fall short of 1, plus how far fake ones exceed -1.

    Args:
        real: (N, 1) float32 scores.
        fake: (M, 1) float32 scores.
    Returns:
        () float32.
    """
    raise NotImplementedError


def hinge_g_loss(fake):
    """Return what the generator minimises against a hinge discriminator: minus the mean score.

    Args:
        fake: (M, 1) float32 scores.
    Returns:
        () float32.
    """
    raise NotImplementedError


def w_critic_loss(real, fake):
    """Return what a Wasserstein critic minimises: the mean fake score minus the mean real score.

    Args:
        real: (N, 1) float32 scores.
        fake: (M, 1) float32 scores.
    Returns:
        () float32.
    """
    raise NotImplementedError


def w_g_loss(fake):
    """Return what the generator minimises against a Wasserstein critic: minus the mean score.

    Args:
        fake: (M, 1) float32 scores.
    Returns:
        () float32.
    """
    raise NotImplementedError


def gradient_penalty(d, real, fake, key):
    """Return the mean over the rows of (length of the critic's gradient - 1) squared, between real and fake samples.

    Args:
        d: parameters of the critic, for given.critic(d, x).
        real: (N, D) float32 samples.
        fake: (N, D) float32 samples.
        key: draws the points: eps = jax.random.uniform(key, (N, 1)), with this very key.
    Returns:
        () float32, without a weight in front.
    """
    raise NotImplementedError


# --- the game ---


def d_objective(d, g, real, z):
    """Return d_loss of the critic's logits for real samples and for generated ones.

    Differentiated for d, it gives the discriminator's gradient; differentiated for g, exactly zero.

    Args:
        d: parameters of the critic, for given.critic(d, x).
        g: parameters of the generator, for given.generator(g, z).
        real: (N, D) float32 samples.
        z: (M, L) float32 noise.
    Returns:
        () float32.
    """
    raise NotImplementedError


def g_objective(g, d, z):
    """Return g_loss_nonsaturating of the critic's logits for generated samples.

    Differentiated for g, it gives the generator's gradient; differentiated for d, exactly zero.

    Args:
        g: parameters of the generator.
        d: parameters of the critic.
        z: (M, L) float32 noise.
    Returns:
        () float32.
    """
    raise NotImplementedError


def train_step(state, real, z_d, z_g):
    """Play one round: update the discriminator, then the generator against the updated discriminator.

    Args:
        state: {"d": parameters, "g": parameters, "d_opt": Adam's state, "g_opt": Adam's state}.
        real: (N, D) float32 samples.
        z_d: (M, L) float32, noise for the discriminator's update; M need not be N.
        z_g: (K, L) float32, noise for the generator's update; K need not be M.
    Returns:
        the new state, same structure, and {"d": (), "g": ()}: both objectives, each before its own update.
    """
    raise NotImplementedError


if __name__ == "__main__":
    # Runs when you start this file yourself; the grader never does.
    from types import SimpleNamespace

    student = SimpleNamespace(train_step=train_step)
    play = jax.jit(lambda state, seed: given.play(student, state, seed, width=64))
    state = given.start(student, jax.random.key(0), width=64)
    for step in range(1200):
        state, loss = play(state, step)
        if step % 100 == 99:
            x = given.generator(state["g"], jax.random.normal(jax.random.key(1), (1000, given.LATENT)))
            angle = jnp.round(jnp.arctan2(x[:, 1], x[:, 0]) * 4 / jnp.pi) % 8
            print(f"step {step + 1}: loss {loss:.3f}, samples per mode {[int((angle == k).sum()) for k in range(8)]}")
