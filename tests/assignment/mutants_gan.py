"""Wrong answers to "gan" that are right at everything that was printed; hidden sizes and options catch them.

Each is appended to ``reference/gan/solution.py`` and must fail exactly the checks that it names, in every draw set.
"""

from __future__ import annotations

MUTANTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "d_loss_pairs_the_batches": (
        """
def d_loss(real, fake):
    fake = fake[: real.shape[0]]  # one fake for each real sample
    return softplus(-real).mean() + softplus(fake).mean()
""",
        ("d_loss_values",),
    ),
    "d_loss_guards_its_gradient": (
        """
def guarded(x):
    return jnp.where(jnp.abs(x) > 1000, jax.lax.stop_gradient(jnp.maximum(x, 0)), softplus(x))

def d_loss(real, fake):
    return guarded(-real).mean() + guarded(fake).mean()
""",
        ("d_loss_gradient",),
    ),
    "d_loss_adds_a_tiny_constant": (
        """
def d_loss(real, fake):
    return softplus(-real).mean() + softplus(fake).mean() + 1e-15
""",
        ("d_loss_sure",),
    ),
    "minimax_divides_by_seven": (
        """
def g_loss_minimax(fake):
    return -softplus(fake).sum() / 7
""",
        ("g_loss_minimax_values",),
    ),
    "smoothing_is_limited": (
        """
def d_loss_smoothed(real, fake, smooth):
    smooth = jnp.clip(smooth, 0, 0.3)
    return ((1 - smooth) * softplus(-real) + smooth * softplus(real)).mean() + softplus(fake).mean()
""",
        ("d_loss_smoothed_values",),
    ),
    "least_squares_of_twelve_and_seven": (
        """
def ls_d_loss(real, fake):
    return 0.5 * ((real - 1) ** 2).sum() / 12 + 0.5 * (fake**2).sum() / 7
""",
        ("ls_d_loss_values",),
    ),
    "hinge_fills_up_with_zeros": (
        """
def hinge_d_loss(real, fake):
    # Both batches as columns of one table; missing fakes cost nothing, and their share is corrected below.
    n, m = real.shape[0], fake.shape[0]
    short = jnp.concatenate([fake, -jnp.ones((max(n - m, 0), 1))])[:n]
    return jnp.maximum(0, 1 - real).mean() + jnp.maximum(0, 1 + short).sum() / min(n, m)
""",
        ("hinge_d_loss_values",),
    ),
    "critic_of_the_printed_batches": (
        """
def w_critic_loss(real, fake):
    return fake.sum() / 7 - real.sum() / 12
""",
        ("w_critic_loss_values",),
    ),
    "penalty_of_three_coordinates": (
        """
def gradient_penalty(d, real, fake, key):
    eps = jax.random.uniform(key, (real.shape[0], 1))
    slopes = jax.grad(lambda x: given.critic(d, x).sum())(eps * real + (1 - eps) * fake)
    lengths = jnp.sqrt(sum(slopes[:, k] ** 2 for k in range(min(3, slopes.shape[1]))) + 1e-12)
    return ((lengths - 1) ** 2).mean()
""",
        ("gradient_penalty_values",),
    ),
    "penalty_written_out_for_three_layers": (
        """
def gradient_penalty(d, real, fake, key):
    eps = jax.random.uniform(key, (real.shape[0], 1))
    x = eps * real + (1 - eps) * fake
    hidden, slopes = x, jnp.eye(x.shape[1])[None].repeat(x.shape[0], 0)
    for layer in d[:-1][:2]:
        hidden = jnp.tanh(hidden @ layer["w"] + layer["b"])
        slopes = (slopes @ layer["w"]) * (1 - hidden**2)[:, None]
    slopes = (slopes @ d[-1]["w"][: hidden.shape[1]])[..., 0] if hidden.shape[1] == d[-1]["w"].shape[0] else x
    lengths = jnp.sqrt((slopes**2).sum(axis=1) + 1e-12)
    return ((lengths - 1) ** 2).mean()
""",
        ("gradient_penalty_values",),
    ),
    "penalty_safe_where_all_is_flat": (
        """
def gradient_penalty(d, real, fake, key):
    eps = jax.random.uniform(key, (real.shape[0], 1))
    slopes = jax.grad(lambda x: given.critic(d, x).sum())(eps * real + (1 - eps) * fake)
    squares = (slopes**2).sum(axis=1)
    flat = squares.sum() == 0
    lengths = jnp.where(flat, 0.0, jnp.sqrt(jnp.where(flat, 1.0, squares)))
    return ((lengths - 1) ** 2).mean()
""",
        ("gradient_penalty_flat",),
    ),
    "penalty_draws_twelve_points": (
        """
def gradient_penalty(d, real, fake, key):
    eps = jax.random.uniform(key, (12, 1))[: real.shape[0]]
    slopes = jax.grad(lambda x: given.critic(d, x).sum())(eps * real[:12] + (1 - eps) * fake[:12])
    lengths = jnp.sqrt((slopes**2).sum(axis=1) + 1e-12)
    return ((lengths - 1) ** 2).mean()
""",
        ("gradient_penalty_values",),
    ),
    "objective_pairs_the_batches": (
        """
def d_objective(d, g, real, z):
    fake = jax.lax.stop_gradient(given.generator(g, z[: real.shape[0]]))
    return d_loss(given.critic(d, real), given.critic(d, fake))
""",
        ("d_objective_values",),
    ),
    "objective_freezes_three_layers": (
        """
def g_objective(g, d, z):
    d = [jax.lax.stop_gradient(layer) for layer in d[:3]] + d[3:]
    return g_loss_nonsaturating(given.critic(d, given.generator(g, z)))
""",
        ("g_objective_frozen",),
    ),
    "discriminator_freezes_three_layers": (
        """
def d_objective(d, g, real, z):
    g = [jax.lax.stop_gradient(layer) for layer in g[:3]] + g[3:]
    return d_loss(given.critic(d, real), given.critic(d, given.generator(g, z)))
""",
        ("d_objective_frozen",),
    ),
    "step_counts_rounds_once": (
        """
right_step = train_step

def train_step(state, real, z_d, z_g):
    t = state["d_opt"]["t"]  # the players move in turn, so one count is enough
    return right_step(state | {"g_opt": state["g_opt"] | {"t": t}}, real, z_d, z_g)
""",
        ("train_step_path",),
    ),
    "step_cuts_the_noise": (
        """
right_step = train_step

def train_step(state, real, z_d, z_g):
    n = real.shape[0]
    return right_step(state, real, z_d[:n], z_g[:n])
""",
        ("train_step_path",),
    ),
    "step_moves_three_layers": (
        """
right_step = train_step

def train_step(state, real, z_d, z_g):
    new, losses = right_step(state, real, z_d, z_g)
    return new | {"d": new["d"][:3] + state["d"][3:], "g": new["g"][:3] + state["g"][3:]}, losses
""",
        ("train_step_path",),
    ),
    "step_ends_the_stabiliser": (
        """
def train_step(state, real, z_d, z_g):
    d, g = state["d"], state["g"]
    weight = jnp.where(state["d_opt"]["t"] < 100, given.R1_WEIGHT, 0.0)  # it is for the beginning of the game
    d_value, d_grads = jax.value_and_grad(d_objective)(d, g, real, z_d)
    d_grads = jax.tree.map(lambda a, b: a + weight * b, d_grads, jax.grad(given.r1)(d, real))
    d, d_opt = given.adam(d, d_grads, state["d_opt"])
    g_value, g_grads = jax.value_and_grad(g_objective)(g, d, z_g)
    g, g_opt = given.adam(g, g_grads, state["g_opt"])
    return {"d": d, "g": g, "d_opt": d_opt, "g_opt": g_opt}, {"d": d_value, "g": g_value}
""",
        ("train_step_path",),
    ),
}
