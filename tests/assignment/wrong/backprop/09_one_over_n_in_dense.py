# functions: softmax_xent_grad, dense_backward
# mistake: leaves the 1/N out of the loss gradient and divides dW and db by N in dense_backward instead, so that softmax_xent_grad is N times too large and dW and db of a single layer N times too small, although both errors cancel in the gradients of a whole network.
# told: divides_by_the_batch_again


def softmax_xent_grad(logits, labels):
    shifted = logits - jnp.max(logits, axis=1, keepdims=True)
    e = jnp.exp(shifted)
    p = e / jnp.sum(e, axis=1, keepdims=True)
    return p - jax.nn.one_hot(labels, logits.shape[1])


def dense_backward(dz, x, w):
    m = x.shape[0]  # number of examples
    dw = (1.0 / m) * (x.T @ dz)
    db = (1.0 / m) * jnp.sum(dz, axis=0)
    dx = dz @ w.T
    return dx, dw, db
