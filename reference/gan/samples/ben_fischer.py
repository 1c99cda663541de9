# assignment 4 - GANs
# Ben Fischer
import jax
import jax.numpy as jnp
import given

# from the paper, eq. (1)
def d_loss(real, fake):
    D_real = jax.nn.sigmoid(real)
    D_fake = jax.nn.sigmoid(fake)
    return -jnp.mean(jnp.log(D_real + 1e-8)) - jnp.mean(jnp.log(1 - D_fake + 1e-8))

def d_loss_smoothed(real, fake, smooth):
    D_real = jax.nn.sigmoid(real)
    D_fake = jax.nn.sigmoid(fake)
    # targets: real 0.9, fake 0.1
    r = -jnp.mean((1 - smooth) * jnp.log(D_real) + smooth * jnp.log(1 - D_real))
    f = -jnp.mean(smooth * jnp.log(D_fake) + (1 - smooth) * jnp.log(1 - D_fake))
    return r + f

def g_loss_minimax(fake):
    return jnp.mean(jnp.log(1 - jax.nn.sigmoid(fake)))

def g_loss_nonsaturating(fake):
    return -jnp.mean(jnp.log(jax.nn.sigmoid(fake)))

def ls_d_loss(real, fake):
    return jnp.mean((real - 1) ** 2) + jnp.mean(fake ** 2)

def ls_g_loss(fake):
    return jnp.mean((fake - 1) ** 2)

def hinge_d_loss(real, fake):
    return jnp.mean(jnp.maximum(0, 1 - real)) + jnp.mean(jnp.maximum(0, 1 + fake))

def hinge_g_loss(fake):
    return -jnp.mean(fake)

def w_critic_loss(real, fake):
    return jnp.mean(real) - jnp.mean(fake)

def w_g_loss(fake):
    return -jnp.mean(fake)

def gradient_penalty(d, real, fake, key):
    eps = jax.random.uniform(key, (real.shape[0], 1))
    x = eps * real + (1 - eps) * fake
    grads = jax.grad(lambda x: given.critic(d, x).mean())(x)
    norm = jnp.sqrt(jnp.sum(grads ** 2, axis=1) + 1e-12)
    return jnp.mean((norm - 1) ** 2)

def d_objective(d, g, real, z):
    fake = given.generator(g, z)
    return d_loss(given.critic(d, real), given.critic(d, fake))

def g_objective(g, d, z):
    return g_loss_nonsaturating(given.critic(d, given.generator(g, z)))

def train_step(state, real, z_d, z_g):
    loss_d, grads_d = jax.value_and_grad(d_objective)(state["d"], state["g"], real, z_d)
    loss_g, grads_g = jax.value_and_grad(g_objective)(state["g"], state["d"], z_g)
    d, d_opt = given.adam(state["d"], grads_d, state["d_opt"])
    g, g_opt = given.adam(state["g"], grads_g, state["g_opt"])
    return {"d": d, "g": g, "d_opt": d_opt, "g_opt": g_opt}, {"d": loss_d, "g": loss_g}
