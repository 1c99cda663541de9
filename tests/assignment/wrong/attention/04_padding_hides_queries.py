# functions: padding_mask
# mistake: puts the positions on the query axis and not on the key axis, so that the shape is (B, 1, S, 1) in place of (B, 1, 1, S) and the mask hides padded queries while padded keys stay visible.
# told: expected bool(5, 1, 1, 7), got bool(5, 1, 7, 1)


def padding_mask(lengths, *, size):
    positions = jnp.arange(size)
    mask = positions[None, :] < lengths[:, None]
    return mask[:, None, :, None]
