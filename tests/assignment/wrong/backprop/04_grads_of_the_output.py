# functions: tanh_grad, sigmoid_grad
# mistake: both treat their argument as the activation's output and compute 1 - z^2 and z (1 - z), although they receive the pre-activation z, so that the derivatives are wrong nearly everywhere and even unbounded.
# told: tanh_grad_of_the_output


def tanh_grad(z):
    """Derivative of tanh: 1 - tanh^2."""
    return 1.0 - z**2


def sigmoid_grad(z):
    """Derivative of the sigmoid: s * (1 - s)."""
    return z * (1.0 - z)
