"""Wrong solutions of the assignment ``conv`` that are right at every size and option printed in its first version.

Each one redefines a function of ``reference/conv/solution.py``, as a student might have written it, and must fail the
checks beside it in every draw set.
"""

from __future__ import annotations

MUTANTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "size_same_counts_one_more": (
        '''
def output_size(*, size, kernel, stride, padding, dilation):
    """Takes n // s + 1 for n / s rounded up, which is one too many where the stride divides the size."""
    if padding == "SAME":
        return size // stride + 1 if stride > 1 else size
    low, high = (0, 0) if padding == "VALID" else padding
    return (size + low + high - (dilation * (kernel - 1) + 1)) // stride + 1
''',
        ("output_size_same",),
    ),
    "size_same_of_dilated_kernels": (
        '''
def output_size(*, size, kernel, stride, padding, dilation):
    """SAME keeps the size for the padding of the kernel without its gaps."""
    span = dilation * (kernel - 1) + 1
    if padding == "SAME":
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        return (size + total - span) // stride + 1
    low, high = (0, 0) if padding == "VALID" else padding
    return (size + low + high - span) // stride + 1
''',
        ("output_size_dilation",),
    ),
    "same_stride_pads_after_only": (
        '''
_right_conv2d = conv2d

def conv2d(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    """With SAME and a stride, all padding goes after the image: right for 3 taps, stride 2 and an even size only."""
    if padding == "SAME" and strides != (1, 1):
        total = [sum(p) for p in pads_of(x.shape[1:3], w.shape[:2], strides, dilation, "SAME")]
        padding = tuple((0, t) for t in total)
    return _right_conv2d(x, w, b, strides=strides, padding=padding, dilation=dilation, groups=groups)
''',
        ("conv2d_same_strides", "conv2d_dilation", "conv2d_groups"),
    ),
    "dilation_without_strides": (
        '''
_right_conv2d = conv2d

def conv2d(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    """Strides are ignored with a dilated kernel, as if the two could not be combined."""
    if dilation != (1, 1):
        strides = (1, 1)
    return _right_conv2d(x, w, b, strides=strides, padding=padding, dilation=dilation, groups=groups)
''',
        ("conv2d_dilation", "conv2d_groups"),
    ),
    "groups_are_never_padded": (
        '''
_right_conv2d = conv2d

def conv2d(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    """The branch for groups forgets the padding."""
    if groups > 1:
        padding = "VALID"
    return _right_conv2d(x, w, b, strides=strides, padding=padding, dilation=dilation, groups=groups)
''',
        ("conv2d_groups",),
    ),
    "padding_defaults_to_valid": (
        '''
_right_conv2d = conv2d

def conv2d(x, w, b, *, strides=(1, 1), padding="VALID", dilation=(1, 1), groups=1):
    """Without keywords, the padding is VALID."""
    return _right_conv2d(x, w, b, strides=strides, padding=padding, dilation=dilation, groups=groups)

def cnn_forward(params, x):
    for name in ("conv1", "conv2"):
        x = jnp.maximum(conv2d(x, params[name]["w"], params[name]["b"], padding="SAME"), 0)
        x = max_pool(x, window=(2, 2), strides=(2, 2), padding="VALID")
    return x.reshape(len(x), -1) @ params["dense"]["w"] + params["dense"]["b"]
''',
        ("conv2d_same",),
    ),
    "backward_even_kernel_same": (
        '''
_right_backward = conv2d_backward

def conv2d_backward(dy, x, w, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    """With SAME and stride 1, the odd pixel of padding goes before the image."""
    if padding == "SAME" and strides == (1, 1):
        pads = pads_of(x.shape[1:3], w.shape[:2], strides, dilation, "SAME")
        padding = tuple((high, low) for low, high in pads)
    return _right_backward(dy, x, w, strides=strides, padding=padding, dilation=dilation, groups=groups)
''',
        ("conv2d_backward_same",),
    ),
    "backward_cuts_minus_zero": (
        '''
_right_backward = conv2d_backward

def conv2d_backward(dy, x, w, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    """Cuts the given padding off dx with [top:-bottom], which is empty where nothing was added below."""
    how = {"strides": strides, "dilation": dilation, "groups": groups}
    if isinstance(padding, str):
        return _right_backward(dy, x, w, padding=padding, **how)
    (top, bottom), (left, right) = padding
    padded = jnp.pad(x, ((0, 0), *padding, (0, 0)))
    dx, dw, db = _right_backward(dy, padded, w, padding="VALID", **how)
    return dx[:, top:-bottom, left:-right], dw, db
''',
        ("conv2d_backward_explicit", "conv2d_backward_groups"),
    ),
    "backward_two_groups_at_most": (
        '''
_right_backward = conv2d_backward

def conv2d_backward(dy, x, w, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    """Cuts the channels into two halves, whatever the number of groups."""
    groups = min(groups, 2)
    if x.shape[3] != groups * w.shape[2]:
        w = jnp.repeat(w, x.shape[3] // (groups * w.shape[2]), axis=2)
    return _right_backward(dy, x, w, strides=strides, padding=padding, dilation=dilation, groups=groups)
''',
        ("conv2d_backward_groups",),
    ),
    "backward_same_without_dilation": (
        '''
_right_backward = conv2d_backward

def conv2d_backward(dy, x, w, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    """With SAME, each side is padded for the kernel without its gaps."""
    if padding == "SAME":
        right = pads_of(x.shape[1:3], w.shape[:2], strides, dilation, "SAME")
        small = pads_of(x.shape[1:3], w.shape[:2], strides, (1, 1), "SAME")
        padding = tuple((s[0], sum(r) - s[0]) for r, s in zip(right, small))
    return _right_backward(dy, x, w, strides=strides, padding=padding, dilation=dilation, groups=groups)
''',
        ("conv2d_backward_dilation",),
    ),
    "max_pool_ignores_numbers": (
        '''
_right_max_pool = max_pool

def max_pool(x, *, window, strides, padding):
    """Padding in numbers has no effect."""
    return _right_max_pool(x, window=window, strides=strides, padding=padding if padding == "SAME" else "VALID")
''',
        ("max_pool_padded",),
    ),
    "max_pool_same_is_centred": (
        '''
_right_max_pool = max_pool

def max_pool(x, *, window, strides, padding):
    """With SAME and stride 1, both sides get k // 2, and the last position is dropped."""
    if padding != "SAME" or strides != (1, 1):
        return _right_max_pool(x, window=window, strides=strides, padding=padding)
    pads = tuple((k // 2, k // 2) for k in window)
    y = _right_max_pool(x, window=window, strides=strides, padding=pads)
    return y[:, : x.shape[1], : x.shape[2]]
''',
        ("max_pool_padded",),
    ),
    "max_pool_backward_numbers_from_zero": (
        '''
_right_unpool = max_pool_backward

def max_pool_backward(dy, x, *, window, strides, padding):
    """Padding in numbers is 0 instead of minus infinity, and swallows the gradient of negative numbers."""
    if isinstance(padding, str):
        return _right_unpool(dy, x, window=window, strides=strides, padding=padding)
    (top, bottom), (left, right) = padding
    padded = jnp.pad(x, ((0, 0), *padding, (0, 0)))
    dx = _right_unpool(dy, padded, window=window, strides=strides, padding="VALID")
    return dx[:, top : top + x.shape[1], left : left + x.shape[2]]
''',
        ("max_pool_backward_padded",),
    ),
    "max_pool_backward_shares_overlaps": (
        '''
_right_unpool = max_pool_backward

def max_pool_backward(dy, x, *, window, strides, padding):
    """Ties go to the first number where windows lie side by side, and are shared where they overlap."""
    if window == strides or padding != "VALID":
        return _right_unpool(dy, x, window=window, strides=strides, padding=padding)
    padded, _, places = grid(x, window, strides, (1, 1), padding, -jnp.inf)
    seen = jnp.stack([padded[:, r, c] for r, c in places.values()])
    hits = (seen == seen.max(axis=0)).astype(x.dtype)
    dx = jnp.zeros_like(x)
    for hit, (r, c) in zip(hits / hits.sum(axis=0), places.values()):
        dx = dx.at[:, r, c].add(hit * dy)
    return dx
''',
        ("max_pool_backward_ties",),
    ),
    "avg_pool_never_counts_numbers": (
        '''
_right_avg_pool = avg_pool

def avg_pool(x, *, window, strides, padding, count_include_pad):
    """count_include_pad is obeyed with SAME only: padding in numbers never counts."""
    counts = count_include_pad and isinstance(padding, str)
    return _right_avg_pool(x, window=window, strides=strides, padding=padding, count_include_pad=counts)
''',
        ("avg_pool_with_padding",),
    ),
    "avg_pool_same_always_counts": (
        '''
_right_avg_pool = avg_pool

def avg_pool(x, *, window, strides, padding, count_include_pad):
    """The padding of SAME counts whatever count_include_pad says."""
    counts = count_include_pad or padding == "SAME"
    return _right_avg_pool(x, window=window, strides=strides, padding=padding, count_include_pad=counts)
''',
        ("avg_pool_without_padding",),
    ),
    "global_average_of_eighty_pixels": (
        '''
def global_avg_pool(x):
    """Divides by the number of pixels of the example."""
    return x.sum(axis=(1, 2)) / 80
''',
        ("global_avg_pool_values",),
    ),
    "adaptive_same_ratio_for_both_axes": (
        '''
_right_adaptive = adaptive_avg_pool

def adaptive_avg_pool(x, *, out):
    """One branch for both axes: as soon as the rows become more, pixels are repeated along the columns too."""
    if x.shape[1] < out[0] and x.shape[2] > out[1]:
        columns = jnp.arange(out[1]) * x.shape[2] // out[1]
        return _right_adaptive(x, out=(out[0], x.shape[2]))[:, :, columns]
    return _right_adaptive(x, out=out)
''',
        ("adaptive_avg_pool_uneven",),
    ),
    "second_pooling_pads": (
        '''
def cnn_forward(params, x):
    """The second pooling is SAME, which keeps half a window where pixels are left over."""
    for name, padding in (("conv1", "VALID"), ("conv2", "SAME")):
        x = jnp.maximum(conv2d(x, params[name]["w"], params[name]["b"]), 0)
        x = max_pool(x, window=(2, 2), strides=(2, 2), padding=padding)
    return x.reshape(len(x), -1) @ params["dense"]["w"] + params["dense"]["b"]
''',
        ("cnn_forward_values",),
    ),
    "network_squeezes_the_batch": (
        '''
def cnn_forward(params, x):
    """squeeze() takes the axis of a batch of one away."""
    for name in ("conv1", "conv2"):
        x = jnp.maximum(conv2d(x, params[name]["w"], params[name]["b"]), 0)
        x = max_pool(x, window=(2, 2), strides=(2, 2), padding="VALID")
    return (x.reshape(len(x), -1) @ params["dense"]["w"] + params["dense"]["b"]).squeeze()
''',
        ("cnn_forward_values",),
    ),
}
