# functions: softmax_xent_grad
# mistake: subtracts 1 at the labels with the NumPy idiom p[range(n), labels] -= 1; JAX arrays neither take a range as an index nor let themselves be assigned to, so that it raises TypeError.
# told: a range was used as an index


def softmax_xent_grad(logits, labels):
    n = logits.shape[0]
    shifted = logits - jnp.max(logits, axis=1, keepdims=True)
    p = jnp.exp(shifted)
    p = p / jnp.sum(p, axis=1, keepdims=True)
    p[range(n), labels] -= 1.0
    return p / n
