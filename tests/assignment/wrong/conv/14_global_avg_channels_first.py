# functions: global_avg_pool
# mistake: averages over axes 2 and 3, as for images with the channels first, so that it returns one mean per row of pixels over columns and channels, of shape (N, H), and not one per channel.
# told: expected float32(2, 3), got float32(2, 8)


def global_avg_pool(x):
    # (N, C, H, W) -> (N, C)
    return jnp.mean(x, axis=(2, 3))
