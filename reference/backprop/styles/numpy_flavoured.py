# Looks like NumPy, and would run under NumPy nearly unchanged; np is jax.numpy.
import jax.numpy as np
from jax import random
from numpy import float32, sqrt


def relu(z):
    return (np.abs(z) + z) / 2


def relu_grad(z):
    return np.sign(relu(z)).astype(float32)


def tanh(z):
    return np.tanh(z)


def tanh_grad(z):
    return np.power(np.cosh(np.clip(z, -40, 40)), -2)


def sigmoid(z):
    z = np.clip(z, -88, 88)
    return 1 / (1 + np.exp(-z))


def sigmoid_grad(z):
    return sigmoid(z) * (1 - sigmoid(z))


def softmax(logits):
    e = np.exp(logits - np.max(logits, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


def softmax_xent(logits, labels):
    N = logits.shape[0]
    m = np.max(logits, axis=1)
    lse = m + np.log(np.sum(np.exp(logits - m.reshape(-1, 1)), axis=1))
    return np.sum(lse - logits[np.arange(N), labels]) / N


def softmax_xent_grad(logits, labels):
    N, C = logits.shape
    return (softmax(logits) - np.eye(C)[labels]) / N


def dense_backward(dz, x, w):
    return np.dot(dz, w.T), np.dot(x.T, dz), np.sum(dz, axis=0)


def mlp_init(key, *, sizes):
    shapes = list(zip(sizes[:-1], sizes[1:]))
    ends = [0]
    for i, o in shapes:
        ends.append(ends[-1] + i * o)
    numbers = random.normal(key, (ends[-1],))  # one draw for the whole network, cut into pieces
    return [
        {
            "w": (numbers[start:end] * float32(sqrt(2 / i))).reshape(i, o),
            "b": np.zeros(o, dtype=float32),
        }
        for (i, o), start, end in zip(shapes, ends[:-1], ends[1:])
    ]


def act_fn(act):
    return {"relu": relu, "tanh": tanh, "sigmoid": sigmoid}[act]


def act_grad(act):
    return {"relu": relu_grad, "tanh": tanh_grad, "sigmoid": sigmoid_grad}[act]


def mlp_forward(params, x, *, act):
    L = len(params)
    A, Z = [x], []
    for l in range(L):
        Z.append(np.matmul(A[l], params[l]["w"]) + params[l]["b"])
        A.append(act_fn(act)(Z[l]))
    return Z[-1], [{"x": A[l], "z": Z[l]} for l in range(L)]


def mlp_backward(params, cache, dlogits, *, act):
    L = len(params)
    dZ = {L - 1: dlogits}
    for l in range(L - 2, -1, -1):
        dA = np.matmul(dZ[l + 1], params[l + 1]["w"].T)
        dZ[l] = np.multiply(dA, act_grad(act)(cache[l]["z"]))
    return [{"w": np.matmul(cache[l]["x"].T, dZ[l]), "b": np.sum(dZ[l], axis=0)} for l in range(L)]


def sgd_step(params, grads, lr):
    new = [dict(layer) for layer in params]
    for layer, grad in zip(new, grads):
        for name in layer:
            layer[name] -= lr * grad[name]
    return new
