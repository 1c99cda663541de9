# functions: tanh
# mistake: divides differences and sums of exp(z) and exp(-z); one of them overflows to infinity for |z| above 88.7, and inf / inf is NaN there, while smaller numbers are right.
# told: tanh_of_two_overflowing_exponentials


def tanh(z):
    ep = jnp.exp(z)
    en = jnp.exp(-z)
    return (ep - en) / (ep + en)
