# functions: conv2d
# mistake: pads SAME by k' - 1 pixels in all, whatever the stride and the size of the image are, so that with a stride larger than 1 the kernel can stand a pixel or more too far to the top left; the shape of the output, and stride 1, are right.
# told: same_padding_without_the_stride


def conv2d(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    kh, kw, cg, co = w.shape
    sh, sw = strides
    dh, dw = dilation
    span_h, span_w = dh * (kh - 1) + 1, dw * (kw - 1) + 1
    if padding == "SAME":
        pad_h = ((span_h - 1) // 2, span_h - 1 - (span_h - 1) // 2)
        pad_w = ((span_w - 1) // 2, span_w - 1 - (span_w - 1) // 2)
    elif padding == "VALID":
        pad_h = pad_w = (0, 0)
    else:
        pad_h, pad_w = padding
    xp = jnp.pad(x, ((0, 0), pad_h, pad_w, (0, 0)))
    n, hp, wp, ci = xp.shape
    ho = (hp - span_h) // sh + 1
    wo = (wp - span_w) // sw + 1
    y = jnp.zeros((n, ho, wo, co))
    for i in range(kh):
        for j in range(kw):
            top, left = i * dh, j * dw
            patch = xp[:, top : top + (ho - 1) * sh + 1 : sh, left : left + (wo - 1) * sw + 1 : sw, :]
            parts = []
            for g in range(groups):
                xg = patch[..., g * cg : (g + 1) * cg]
                wg = w[i, j, :, g * co // groups : (g + 1) * co // groups]
                parts.append(xg @ wg)
            y = y + jnp.concatenate(parts, axis=-1)
    return y + b
