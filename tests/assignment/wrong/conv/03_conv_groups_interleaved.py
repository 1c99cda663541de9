# functions: conv2d
# mistake: puts the output channels of the groups together alternately (first filter of every group, then second filter of every group) and not block after block, so that the output channels are permuted, and meet the wrong bias, with several groups of several filters each.
# told: channels_of_the_groups_by_turns


def conv2d(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    kh, kw = w.shape[:2]
    co = w.shape[3]
    xp = _pad(x, _pads(x.shape[1:3], (kh, kw), strides, padding, dilation))
    out = _positions(xp, (kh, kw), strides, dilation)
    x_blocks = jnp.split(xp, groups, axis=3)
    w_blocks = jnp.split(w, groups, axis=3)
    results = []
    for xg, wg in zip(x_blocks, w_blocks):
        acc = 0.0
        for i, j, rows, cols in _taps((kh, kw), strides, dilation, out):
            acc = acc + xg[:, rows, cols, :] @ wg[i, j]
        results.append(acc)
    y = jnp.stack(results, axis=-1)  # (N, H', W', Co / groups, groups)
    return y.reshape(x.shape[0], out[0], out[1], co) + b
