# functions: sigmoid
# mistake: replaces z by |z| in 1 / (1 + exp(-z)) without treating negative z separately, so that sigmoid(-2) gives sigmoid(2) and no value is below 0.5.
# told: sigmoid_of_the_absolute_value


def sigmoid(z):
    # only exponentiate numbers that are at most 0
    e = jnp.exp(-jnp.abs(z))
    return 1.0 / (1.0 + e)
