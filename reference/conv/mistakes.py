"""Known wrong implementations, with the checks that notice them and the hint that a student reads."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from autograder.checks import mistake

from .solution import avg_pool as right_avg_pool
from .solution import conv2d as right_conv2d
from .solution import conv2d_backward as right_conv2d_backward
from .solution import global_avg_pool as right_global_avg_pool
from .solution import grid, pads_of, split_channels, window_sum
from .solution import max_pool as right_max_pool
from .solution import max_pool_backward as right_max_pool_backward

# --- sizes ------------------------------------------------------------------------------------------------


def _pads(size, kernel, stride, padding, dilation):
    return pads_of((size,), (kernel,), (stride,), (dilation,), padding)[0] if padding == "SAME" else padding


@mistake("output_size", fails=["output_size_valid", "output_size_dilation"], topic="convolution arithmetic")
def forgets_the_first_position(*, size, kernel, stride, padding, dilation):
    """Your size is one too small. (n - k) / s counts the steps from the first position to the last; the positions are
    one more than the steps: add 1."""
    if padding == "SAME":
        return -(-size // stride)
    low, high = (0, 0) if padding == "VALID" else padding
    return (size + low + high - (dilation * (kernel - 1) + 1)) // stride


@mistake("output_size", fails=["output_size_valid", "output_size_dilation"], topic="convolution arithmetic")
def rounds_up_without_padding(*, size, kernel, stride, padding, dilation):
    """You round (n - k) / s up. A kernel that would stick out at the end has no position there: round down, with //.
    Only SAME rounds up, and it rounds n / s."""
    low, high = (0, 0) if padding == "VALID" else _pads(size, kernel, stride, padding, dilation)
    return -(-(size + low + high - (dilation * (kernel - 1) + 1)) // stride) + 1


@mistake("output_size", fails=["output_size_same"], topic="convolution arithmetic")
def same_rounds_down(*, size, kernel, stride, padding, dilation):
    """With SAME you round n / s down. SAME loses no pixel at the end: it is n / s rounded up."""
    return size // stride if padding == "SAME" else _right_size(size, kernel, stride, padding, dilation)


@mistake("output_size", fails=["output_size_same"], topic="convolution arithmetic")
def same_means_same_size(*, size, kernel, stride, padding, dilation):
    """With SAME you return the input's size. That is what SAME gives with stride 1; with stride s it is n / s, rounded
    up."""
    return size if padding == "SAME" else _right_size(size, kernel, stride, padding, dilation)


@mistake("output_size", fails=["output_size_same"], topic="convolution arithmetic")
def same_size_of_odd_kernels(*, size, kernel, stride, padding, dilation):
    """With SAME you add (k - 1) // 2 on both sides and go on as usual. For an even kernel that is one pixel short. SAME
    is defined by its result: n / s, rounded up."""
    around = (dilation * (kernel - 1) // 2,) * 2
    return _right_size(size, kernel, stride, around if padding == "SAME" else padding, dilation)


@mistake("output_size", fails=["output_size_valid", "output_size_dilation"], topic="convolution arithmetic")
def size_without_the_padding(*, size, kernel, stride, padding, dilation):
    """Your size leaves the padding out. A pair (before, after) makes the image before + after pixels longer."""
    return _right_size(size, kernel, stride, padding if padding == "SAME" else "VALID", dilation)


@mistake("output_size", fails=["output_size_valid", "output_size_dilation"], topic="convolution arithmetic")
def doubles_the_first_pad(*, size, kernel, stride, padding, dilation):
    """You add twice the first number of the padding. The two sides may differ: add both numbers of the pair."""
    pads = padding if isinstance(padding, str) else (padding[0], padding[0])
    return _right_size(size, kernel, stride, pads, dilation)


@mistake("output_size", fails=["output_size_dilation"], topic="convolution arithmetic")
def size_without_the_dilation(*, size, kernel, stride, padding, dilation):
    """Your size does not depend on the dilation. A dilated kernel is longer: its k taps span d * (k - 1) + 1
    pixels."""
    return _right_size(size, kernel, stride, padding, 1)


@mistake("output_size", fails=["output_size_dilation"], topic="convolution arithmetic")
def dilation_times_kernel(*, size, kernel, stride, padding, dilation):
    """You take d * k for the length of a dilated kernel. There are gaps between the taps only, not behind the last
    one: d * (k - 1) + 1."""
    return _right_size(size, kernel * dilation, stride, padding, 1)


def _right_size(size, kernel, stride, padding, dilation):
    low, high = (0, 0) if padding == "VALID" else _pads(size, kernel, stride, padding, dilation)
    return (size + low + high - (dilation * (kernel - 1) + 1)) // stride + 1


# --- convolution ------------------------------------------------------------------------------------------

UNPADDED = ["conv2d_valid", "conv2d_strides", "conv2d_groups"]
EVERY_CONV = [*UNPADDED, "conv2d_same", "conv2d_same_strides", "conv2d_explicit", "conv2d_dilation"]


@mistake("conv2d", fails=EVERY_CONV, topic="convolution")
def flips_the_kernel(x, w, b, **how):
    """You turn the kernel upside down and left to right. That is convolution as mathematicians define it; deep
    learning computes the cross-correlation, and so do we: y[p, q] uses x[p + i, q + j] * w[i, j]."""
    return right_conv2d(x, w[::-1, ::-1], b, **how)


@mistake("conv2d", fails=EVERY_CONV, topic="convolution")
def forgets_the_bias(x, w, b, **how):
    """The bias is missing. Add b once to the finished sum; it broadcasts over images and pixels."""
    return right_conv2d(x, w, jnp.zeros_like(b), **how)


@mistake("conv2d", fails=EVERY_CONV, topic="convolution")
def bias_for_every_tap(x, w, b, **how):
    """You add the bias inside the loop over the kernel, once for every tap. Add it once, after the loop."""
    return right_conv2d(x, w, b * w.shape[0] * w.shape[1], **how)


@mistake("conv2d", fails=EVERY_CONV, topic="convolution")
def first_bias_for_all(x, w, b, **how):
    """Every output channel receives the first number of b. Each channel has a bias of its own: add the whole
    vector."""
    return right_conv2d(x, w, jnp.broadcast_to(b[0], b.shape), **how)


@mistake("conv2d", fails=EVERY_CONV, topic="convolution")
def skips_the_last_row_of_taps(x, w, b, **how):
    """The last row of the kernel is never used, as after range(kh - 1). range(kh) already stops before kh."""
    return right_conv2d(x, w.at[-1].set(0), b, **how)


@mistake("conv2d", fails=["conv2d_same", "conv2d_explicit", "conv2d_groups"], topic="convolution")
def swaps_rows_and_columns_of_square_kernels(x, w, b, **how):
    """Your square kernels are transposed: w[j, i] where it should be w[i, j]. The first axis of the kernel runs down
    the image, along its height."""
    return right_conv2d(x, w.swapaxes(0, 1) if w.shape[0] == w.shape[1] else w, b, **how)


@mistake("conv2d", fails=["conv2d_same_strides"], topic="convolution")
def swaps_channels_when_there_are_as_many(x, w, b, **how):
    """With as many output channels as input channels you take w[i, j, out, in]. The order is the same always: inputs
    first, then outputs. Then y = x @ w[i, j], without a transpose."""
    return right_conv2d(x, w.swapaxes(2, 3) if w.shape[2] == w.shape[3] else w, b, **how)


@mistake(
    "conv2d",
    fails=["conv2d_strides", "conv2d_same_strides", "conv2d_explicit", "conv2d_dilation", "conv2d_groups"],
    topic="convolution",
)
def strides_forgotten_in_the_slices(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    """Your result has the right size, but it holds the first positions of the kernel, one pixel apart. The stride
    belongs into the slices too: position p looks at pixel p * stride."""
    padding = pads_of(x.shape[1:3], w.shape[:2], strides, dilation, padding)
    y = right_conv2d(x, w, b, padding=padding, dilation=dilation, groups=groups)
    rows, columns = (-(-n // s) for n, s in zip(y.shape[1:3], strides))
    return y[:, :rows, :columns]


def _sides(x, w, strides, dilation, padding, split, strided=True):
    """Padding whose SAME total is split by ``split(total)``."""
    if padding != "SAME":
        return padding
    steps = strides if strided else (1, 1)
    return tuple(split(sum(p)) for p in pads_of(x.shape[1:3], w.shape[:2], steps, dilation, padding))


@mistake("conv2d", fails=["conv2d_same", "conv2d_same_strides", "conv2d_dilation", "conv2d_groups"], topic="padding")
def same_amount_on_both_sides(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    """With SAME you pad both sides alike, by (k - 1) // 2. That is right for odd kernels and stride 1. In general the
    two sides differ: work out the total, then total // 2 before and the rest after."""
    if padding == "SAME":
        padding = tuple((d * (k - 1) // 2,) * 2 for k, d in zip(w.shape[:2], dilation))
    return right_conv2d(x, w, b, strides=strides, padding=padding, dilation=dilation, groups=groups)


@mistake("conv2d", fails=["conv2d_same", "conv2d_same_strides", "conv2d_dilation", "conv2d_groups"], topic="padding")
def odd_pixel_of_padding_first(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    """When SAME needs an odd number of pixels, you put the extra one above and left. By the convention here, and in
    JAX, it goes below and right: total // 2 before, the rest after."""
    pads = _sides(x, w, strides, dilation, padding, lambda t: (t - t // 2, t // 2))
    return right_conv2d(x, w, b, strides=strides, padding=pads, dilation=dilation, groups=groups)


@mistake("conv2d", fails=["conv2d_same", "conv2d_same_strides", "conv2d_dilation", "conv2d_groups"], topic="padding")
def all_padding_after(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    """With SAME you pad only below and right. Half of the total (rounded down) goes above and left."""
    pads = _sides(x, w, strides, dilation, padding, lambda t: (0, t))
    return right_conv2d(x, w, b, strides=strides, padding=pads, dilation=dilation, groups=groups)


@mistake("conv2d", fails=["conv2d_groups"], topic="convolution")
def channels_of_the_groups_by_turns(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    """You put the output channels together by turns: the first of every group, then the second of every group. They
    come group by group: jnp.concatenate of the groups along the channels, not jnp.stack."""
    options = {"strides": strides, "padding": padding, "dilation": dilation, "groups": groups}
    y = right_conv2d(x, w, jnp.zeros_like(b), **options)
    blocks = y.reshape(*y.shape[:3], groups, -1)
    return jnp.swapaxes(blocks, 3, 4).reshape(y.shape) + b


@mistake("conv2d", fails=["conv2d_same_strides", "conv2d_dilation", "conv2d_groups"], topic="padding")
def same_padding_without_the_stride(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    """Your SAME padding is the one for stride 1, (k - 1) / 2 on each side. With stride 2 the last position may need
    less: the total is (ceil(n / s) - 1) * s + k - n, never below 0."""
    pads = _sides(x, w, strides, dilation, padding, lambda t: (t // 2, t - t // 2), strided=False)
    return right_conv2d(x, w, b, strides=strides, padding=pads, dilation=dilation, groups=groups)


@mistake(
    "conv2d",
    fails=["conv2d_same", "conv2d_explicit", "conv2d_same_strides", "conv2d_dilation", "conv2d_groups"],
    topic="padding",
)
def repeats_the_border(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    """You pad with copies of the border pixels. The padding is 0 here: jnp.pad without a mode."""
    pads = pads_of(x.shape[1:3], w.shape[:2], strides, dilation, padding)
    x = jnp.pad(x, ((0, 0), *pads, (0, 0)), mode="edge")
    return right_conv2d(x, w, b, strides=strides, padding="VALID", dilation=dilation, groups=groups)


@mistake("conv2d", fails=["conv2d_explicit", "conv2d_groups"], topic="padding")
def before_and_after_swapped(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    """You take each pair of the padding the wrong way round. It is ((top, bottom), (left, right)): the first number of
    a pair goes before the image."""
    if not isinstance(padding, str):
        padding = tuple(p[::-1] for p in padding)
    return right_conv2d(x, w, b, strides=strides, padding=padding, dilation=dilation, groups=groups)


@mistake("conv2d", fails=["conv2d_explicit", "conv2d_groups"], topic="padding")
def columns_before_rows_in_the_padding(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    """You read the padding as ((left, right), (top, bottom)). It is ((top, bottom), (left, right)): the rows come
    first."""
    if not isinstance(padding, str):
        padding = tuple(padding)[::-1]
    return right_conv2d(x, w, b, strides=strides, padding=padding, dilation=dilation, groups=groups)


@mistake("conv2d", fails=["conv2d_explicit", "conv2d_groups"], topic="padding")
def given_padding_ignored(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    """A padding that is given in numbers has no effect: you treat it as VALID. Pass ((top, bottom), (left, right)) to
    jnp.pad, with (0, 0) for the batch and the channels."""
    padding = padding if padding == "SAME" else "VALID"
    return right_conv2d(x, w, b, strides=strides, padding=padding, dilation=dilation, groups=groups)


@mistake("conv2d", fails=["conv2d_dilation", "conv2d_groups"], topic="dilation")
def ignores_the_dilation(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    """The dilation has no effect. Tap (i, j) looks at the pixel i * dilation further down and j * dilation further
    right, and the kernel spans d * (k - 1) + 1 pixels."""
    return right_conv2d(x, w, b, strides=strides, padding=padding, dilation=(1, 1), groups=groups)


@mistake("conv2d", fails=["conv2d_dilation"], topic="dilation")
def pads_for_the_undilated_kernel(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    """Your SAME padding is too small for a dilated kernel, so the result shrinks. Work the padding out with the length
    that the kernel really has, d * (k - 1) + 1."""
    pads = pads_of(x.shape[1:3], w.shape[:2], strides, (1, 1), padding)
    return right_conv2d(x, w, b, strides=strides, padding=pads, dilation=dilation, groups=groups)


@mistake("conv2d", fails=["conv2d_dilation", "conv2d_groups"], topic="dilation")
def dilates_the_image_instead(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    """You take dilation for a stride: the positions move apart instead of the taps. The stride belongs to the
    positions, the dilation to the taps of the kernel."""
    if dilation != (1, 1):
        pads = pads_of(x.shape[1:3], w.shape[:2], strides, dilation, padding)
        return right_conv2d(x, w, b, strides=dilation, padding=pads, dilation=(1, 1), groups=groups)
    return right_conv2d(x, w, b, strides=strides, padding=padding, dilation=dilation, groups=groups)


def _in_order(a, groups, order):
    """Channels dealt out to the groups like cards (``order`` = "dealt") or gathered again."""
    axes = (-2, -1)
    cut = a.reshape(*a.shape[:-1], *((a.shape[-1] // groups, groups) if order == "dealt" else (groups, -1)))
    return cut.swapaxes(*axes).reshape(a.shape)


@mistake("conv2d", fails=["conv2d_groups"], topic="grouped convolution")
def first_group_reads_for_all(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    """Every group reads the input channels of the first one. Group g reads its own block: channels g * Ci / groups up
    to (g + 1) * Ci / groups."""
    x = jnp.tile(x[..., : w.shape[2]], groups)
    return right_conv2d(x, w, b, strides=strides, padding=padding, dilation=dilation, groups=groups)


@mistake("conv2d", fails=["conv2d_groups"], topic="grouped convolution")
def deals_the_outputs_like_cards(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    """You deal the output channels out like cards: 0, 1, 0, 1, … Groups are blocks: output channel o belongs to group
    o // (Co / groups)."""
    w = _in_order(w, groups, "dealt") if groups > 1 else w
    y = right_conv2d(x, w, jnp.zeros_like(b), strides=strides, padding=padding, dilation=dilation, groups=groups)
    return (_in_order(y, groups, "blocks") if groups > 1 else y) + b


@mistake("conv2d", fails=["conv2d_groups"], topic="grouped convolution")
def deals_the_inputs_like_cards(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    """You deal the input channels out like cards: 0, 1, 0, 1, … Groups are blocks of neighbouring channels: with 4
    channels in 2 groups, the first group reads channels 0 and 1."""
    x = _in_order(x, groups, "dealt") if groups > 1 else x
    return right_conv2d(x, w, b, strides=strides, padding=padding, dilation=dilation, groups=groups)


@mistake("conv2d", fails=["conv2d_groups"], topic="grouped convolution")
def deals_inputs_and_outputs_like_cards(x, w, b, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    """You deal input and output channels out like cards: x[..., g::groups], w[..., g::groups]. Groups are blocks of
    neighbouring channels, of x as well as of w."""
    if groups > 1:
        x, w = _in_order(x, groups, "dealt"), _in_order(w, groups, "dealt")
    return right_conv2d(x, w, b, strides=strides, padding=padding, dilation=dilation, groups=groups)


@mistake("conv2d", fails=["conv2d_gradient"], topic="convolution")
def stops_the_gradient_at_the_kernel(x, w, b, **how):
    """The numbers are right, but the kernel receives no gradient, so it would never learn: take stop_gradient out, or
    whatever else cuts w off."""
    return right_conv2d(x, jax.lax.stop_gradient(w), b, **how)


# --- convolution, backwards -------------------------------------------------------------------------------

EVERY_BACK = [
    "conv2d_backward_valid", "conv2d_backward_strides", "conv2d_backward_same", "conv2d_backward_explicit",
    "conv2d_backward_dilation", "conv2d_backward_groups",
]  # fmt: skip
STRIDED_BACK = [
    "conv2d_backward_strides", "conv2d_backward_same", "conv2d_backward_explicit", "conv2d_backward_dilation",
    "conv2d_backward_groups",
]  # fmt: skip


@mistake("conv2d_backward", fails=EVERY_BACK, topic="convolution gradients")
def correlates_once_more(dy, x, w, **how):
    """Your dx goes through the kernel the same way round as the forward pass. Going back, pixel p * s + i receives
    from position p through tap i: seen from the pixel, the kernel is flipped."""
    dx, _, _ = right_conv2d_backward(dy, x, w[::-1, ::-1], **how)
    return (dx, *right_conv2d_backward(dy, x, w, **how)[1:])


@mistake("conv2d_backward", fails=EVERY_BACK, topic="convolution gradients")
def gradient_of_the_kernel_flipped(dy, x, w, **how):
    """dx is right, but dw is upside down and left to right. dw[i, j] pairs dy with the same slice of the image that
    tap (i, j) saw in the forward pass."""
    dx, dw, db = right_conv2d_backward(dy, x, w, **how)
    return dx, dw[::-1, ::-1], db


@mistake("conv2d_backward", fails=["conv2d_backward_same"], topic="convolution gradients")
def forgets_to_swap_the_channels(dy, x, w, **how):
    """Where there are as many channels out as in, dx uses w[i, j] where it needs the transpose: dy has the output
    channels, which are the last axis of w. dx gets dy @ w[i, j].T."""
    dx, dw, db = right_conv2d_backward(dy, x, w, **how)
    if w.shape[2] == w.shape[3]:
        dx = right_conv2d_backward(dy, x, w.swapaxes(2, 3), **how)[0]
    return dx, dw, db


@mistake("conv2d_backward", fails=EVERY_BACK, topic="convolution gradients")
def averages_the_bias_gradient(dy, x, w, **how):
    """Your db is a mean. The bias is added at every pixel of every image, so its gradient is the sum of dy over all of
    them."""
    dx, dw, _ = right_conv2d_backward(dy, x, w, **how)
    return dx, dw, dy.mean(axis=(0, 1, 2))


@mistake(
    "conv2d_backward",
    fails=EVERY_BACK,
    topic="convolution gradients",
)
def bias_gradient_of_the_first_image(dy, x, w, **how):
    """Your db counts the first image only. Sum dy over the batch as well: axes 0, 1 and 2."""
    dx, dw, _ = right_conv2d_backward(dy, x, w, **how)
    return dx, dw, dy[0].sum(axis=(0, 1))


@mistake(
    "conv2d_backward",
    fails=EVERY_BACK,
    topic="convolution gradients",
)
def averages_over_the_batch(dy, x, w, **how):
    """Your dw and db are divided by the number of images. dy already carries whatever the loss divides by: add the
    images up."""
    dx, dw, db = right_conv2d_backward(dy, x, w, **how)
    return dx, dw / len(x), db / len(x)


@mistake("conv2d_backward", fails=EVERY_BACK, topic="convolution gradients")
def last_tap_overwrites(dy, x, w, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    """You write into dx where you should add. A pixel is seen by several positions through different taps, and
    receives from all of them: .at[...].add, not .set."""
    _, dw, db = right_conv2d_backward(dy, x, w, strides=strides, padding=padding, dilation=dilation, groups=groups)
    padded, ((top, _), (left, _)), places = grid(x, w.shape[:2], strides, dilation, padding)
    dpadded, taps = split_channels(jnp.zeros_like(padded), groups), split_channels(w, groups)
    for (i, j), (r, c) in places.items():
        dpadded = dpadded.at[:, r, c].set(jnp.einsum("nhwgo,cgo->nhwgc", split_channels(dy, groups), taps[i, j]))
    return dpadded[:, top : top + x.shape[1], left : left + x.shape[2]].reshape(x.shape), dw, db


@mistake("conv2d_backward", fails=STRIDED_BACK, topic="convolution gradients")
def forgets_the_gaps_of_the_stride(dy, x, w, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    """Your gradients put neighbouring entries of dy on neighbouring pixels. With stride s they belong s pixels apart:
    position p of dy met pixel p * s + i."""
    pads = pads_of(x.shape[1:3], w.shape[:2], strides, dilation, padding)
    steps = (1, 1)
    full = right_conv2d(x, w, jnp.zeros(w.shape[-1]), strides=steps, padding=pads, dilation=dilation, groups=groups)
    rows, columns = (a - b for a, b in zip(full.shape[1:3], dy.shape[1:3]))
    dy = jnp.pad(dy, ((0, 0), (0, rows), (0, columns), (0, 0)))
    return right_conv2d_backward(dy, x, w, strides=steps, padding=pads, dilation=dilation, groups=groups)


@mistake("conv2d_backward", fails=["conv2d_backward_strides"], topic="convolution gradients")
def leftover_pixels_first(dy, x, w, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    """Where the strides leave rows and columns over, your dx is shifted: you put the zeros of the leftover pixels at
    the beginning. The pixels that no position reaches are the last ones."""
    how = {"strides": strides, "padding": padding, "dilation": dilation, "groups": groups}
    dx, dw, db = right_conv2d_backward(dy, x, w, **how)
    if padding == "VALID":
        lengths = ((n, d * (k - 1) + 1, s) for n, k, s, d in zip(x.shape[1:3], w.shape[:2], strides, dilation))
        dx = jnp.roll(dx, [(n - k) % s for n, k, s in lengths], axis=(1, 2))
    return dx, dw, db


@mistake(
    "conv2d_backward",
    fails=["conv2d_backward_same", "conv2d_backward_explicit", "conv2d_backward_dilation", "conv2d_backward_groups"],
    topic="convolution gradients",
)
def cuts_the_wrong_border_off(dy, x, w, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    """When you cut the padding off dx, the borders are swapped. Cut top rows off at the beginning and bottom rows off
    at the end; they may differ, and either may be 0."""
    how = {"strides": strides, "dilation": dilation, "groups": groups}
    pads = pads_of(x.shape[1:3], w.shape[:2], strides, dilation, padding)
    padded = jnp.pad(x, ((0, 0), *pads, (0, 0)))
    dpadded, dw, db = right_conv2d_backward(dy, padded, w, padding="VALID", **how)
    (_, bottom), (_, right) = pads
    return dpadded[:, bottom : bottom + x.shape[1], right : right + x.shape[2]], dw, db


@mistake(
    "conv2d_backward",
    fails=["conv2d_backward_same", "conv2d_backward_dilation", "conv2d_backward_groups"],
    topic="convolution gradients",
)
def same_amount_on_both_sides_going_back(dy, x, w, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    """With SAME you pad both sides alike, by (k - 1) // 2. That is right for odd kernels and stride 1. The padding is
    the one of the forward pass: work out the total, then total // 2 before and the rest after."""
    if padding == "SAME":
        padding = tuple((d * (k - 1) // 2,) * 2 for k, d in zip(w.shape[:2], dilation))
    return right_conv2d_backward(dy, x, w, strides=strides, padding=padding, dilation=dilation, groups=groups)


@mistake(
    "conv2d_backward",
    fails=["conv2d_backward_same", "conv2d_backward_explicit", "conv2d_backward_dilation", "conv2d_backward_groups"],
    topic="convolution gradients",
)
def gradients_without_the_padding(dy, x, w, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    """Your gradients leave the padding out, as if the first position started at the first pixel. Pad the image as in
    the forward pass, work on the padded one, and cut the border off dx at the end."""
    pads = pads_of(x.shape[1:3], w.shape[:2], strides, dilation, padding)
    after = tuple((0, sum(p)) for p in pads)
    return right_conv2d_backward(dy, x, w, strides=strides, padding=after, dilation=dilation, groups=groups)


@mistake("conv2d_backward", fails=["conv2d_backward_dilation", "conv2d_backward_groups"], topic="convolution gradients")
def gradients_without_the_dilation(dy, x, w, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    """Your gradients ignore the dilation. Tap (i, j) saw the pixel i * dilation further down and j * dilation further
    right; that is where its share of dx goes, and the slice that dw needs."""
    pads = pads_of(x.shape[1:3], w.shape[:2], strides, dilation, padding)
    if dilation != (1, 1):
        sizes = (d * (k - 1) - (k - 1) for k, d in zip(w.shape[:2], dilation))
        pads = tuple((low, high - more) for (low, high), more in zip(pads, sizes))
        rows, columns = (n + high for n, (_, high) in zip(x.shape[1:3], pads))
        dx, dw, db = right_conv2d_backward(
            dy, x[:, :rows, :columns], w, strides=strides, padding="VALID", dilation=(1, 1), groups=groups
        )
        return jnp.pad(dx, ((0, 0), *((0, -high) for _, high in pads), (0, 0))), dw, db
    return right_conv2d_backward(dy, x, w, strides=strides, padding=padding, dilation=dilation, groups=groups)


@mistake("conv2d_backward", fails=["conv2d_backward_groups"], topic="convolution gradients")
def gradients_of_dealt_groups(dy, x, w, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    """In groups, you deal the output channels out like cards: 0, 1, 0, 1, … Groups are blocks: output channel o
    belongs to group o // (Co / groups), in dx and in dw."""
    how = {"strides": strides, "padding": padding, "dilation": dilation, "groups": groups}
    if groups == 1:
        return right_conv2d_backward(dy, x, w, **how)
    dx, dw, _ = right_conv2d_backward(_in_order(dy, groups, "dealt"), x, _in_order(w, groups, "dealt"), **how)
    return dx, _in_order(dw, groups, "blocks"), dy.sum(axis=(0, 1, 2))


# --- max pooling ------------------------------------------------------------------------------------------


@mistake("max_pool", fails=["max_pool_padded"], topic="max pooling")
def pads_the_maximum_with_zeros(x, *, window, strides, padding):
    """Where all numbers are negative, your padding wins: you pad with 0. Pad with -jnp.inf, which never is the
    maximum."""
    padded, _, places = grid(x, window, strides, (1, 1), padding)
    return jnp.stack([padded[:, r, c] for r, c in places.values()]).max(axis=0)


@mistake("max_pool", fails=["max_pool_padded"], topic="padding")
def pads_windows_on_both_sides_alike(x, *, window, strides, padding):
    """With SAME you pad both sides of the image alike, by (k - 1) // 2. With strides and with even windows the two
    sides can differ: work out the total as for a convolution, then total // 2 before and the rest after."""
    pads = tuple(((k - 1) // 2,) * 2 for k in window) if padding == "SAME" else padding
    return right_max_pool(x, window=window, strides=strides, padding=pads)


@mistake("max_pool", fails=["max_pool_values", "max_pool_padded"], topic="max pooling")
def steps_by_the_window(x, *, window, strides, padding):
    """Your windows never overlap: you step by the size of the window. The step is strides; window is only how much
    each one covers."""
    if padding == "SAME":
        return right_max_pool(x, window=window, strides=strides, padding=padding)
    return right_max_pool(x, window=window, strides=window, padding=padding)


@mistake("max_pool", fails=["max_pool_values", "max_pool_padded"], topic="max pooling")
def largest_size(x, *, window, strides, padding):
    """You take the number that is largest in size, whatever its sign. The maximum of -3 and 1 is 1."""
    padded, _, places = grid(x, window, strides, (1, 1), padding)
    stacked = jnp.stack([padded[:, r, c] for r, c in places.values()])
    return jnp.take_along_axis(stacked, jnp.argmax(jnp.abs(stacked), axis=0)[None], axis=0)[0]


@mistake("max_pool", fails=["max_pool_values", "max_pool_padded"], topic="max pooling")
def averages_instead_of_maximum(x, *, window, strides, padding):
    """You return the mean of each window. max_pool keeps the largest number."""
    return right_avg_pool(x, window=window, strides=strides, padding=padding, count_include_pad=False)


@mistake("max_pool", fails=["max_pool_values", "max_pool_padded"], topic="max pooling")
def windows_miss_their_last_row(x, *, window, strides, padding):
    """The last row of each window is left out, as after range(rows - 1). range already stops before its end."""
    padded, _, places = grid(x, window, strides, (1, 1), padding, -jnp.inf)
    kept = [padded[:, r, c] for (i, _), (r, c) in places.items() if i < window[0] - 1]
    return jnp.stack(kept).max(axis=0)


@mistake("max_pool", fails=["max_pool_gradient"], topic="max pooling")
def maximum_cut_off(x, **how):
    """The numbers are right, but no gradient passes: a stop_gradient, or a detour through integers, cuts the image
    off."""
    return jax.lax.stop_gradient(right_max_pool(x, **how))


EVERY_MAX_BACK = ["max_pool_backward_values", "max_pool_backward_overlap", "max_pool_backward_padded"]


@mistake("max_pool_backward", fails=["max_pool_backward_ties"], topic="max pooling")
def all_maxima_receive_everything(dy, x, *, window, strides, padding):
    """Where several numbers of a window are the largest, each of them receives all of dy, so gradient appears from
    nowhere. Only the first one, row by row, receives it: jnp.argmax over the stacked slices finds it."""
    return _by_share(dy, x, window, strides, padding, lambda hits: hits)


@mistake("max_pool_backward", fails=["max_pool_backward_ties"], topic="max pooling")
def equal_maxima_share(dy, x, *, window, strides, padding):
    """Where several numbers of a window are the largest, you share dy between them. The convention here is the one of
    XLA, cuDNN and PyTorch: the first one, row by row, receives everything."""
    return _by_share(dy, x, window, strides, padding, lambda hits: hits / hits.sum(axis=0))


@mistake("max_pool_backward", fails=["max_pool_backward_ties"], topic="max pooling")
def last_maximum_wins(dy, x, *, window, strides, padding):
    """Where several numbers of a window are the largest, you give dy to the last of them. The handout asks for the
    first, row by row."""
    return _by_share(dy, x, window, strides, padding, lambda hits: hits * (jnp.cumsum(hits[::-1], 0)[::-1] == 1))


def _by_share(dy, x, window, strides, padding, share):
    """Send dy back to the maxima of every window, in the proportions ``share(hits)``."""
    padded, ((top, _), (left, _)), places = grid(x, window, strides, (1, 1), padding, -jnp.inf)
    stacked = jnp.stack([padded[:, r, c] for r, c in places.values()])
    shares = share((stacked == stacked.max(axis=0)).astype(x.dtype))
    dpadded = jnp.zeros_like(padded)
    for part, (r, c) in zip(shares, places.values()):
        dpadded = dpadded.at[:, r, c].add(part * dy)
    return dpadded[:, top : top + x.shape[1], left : left + x.shape[2]]


@mistake("max_pool_backward", fails=["max_pool_backward_overlap", "max_pool_backward_padded"], topic="max pooling")
def last_window_overwrites(dy, x, *, window, strides, padding):
    """Where windows overlap, a number can be the maximum of several, and you keep the gradient of one of them only.
    Add the shares up: .at[...].add, not .set."""
    padded, ((top, _), (left, _)), places = grid(x, window, strides, (1, 1), padding, -jnp.inf)
    winner = jnp.argmax(jnp.stack([padded[:, r, c] for r, c in places.values()]), axis=0)
    dpadded = jnp.zeros_like(padded)
    for number, (r, c) in enumerate(places.values()):
        dpadded = dpadded.at[:, r, c].set(jnp.where(winner == number, dy, dpadded[:, r, c]))
    return dpadded[:, top : top + x.shape[1], left : left + x.shape[2]]


@mistake("max_pool_backward", fails=EVERY_MAX_BACK, topic="max pooling")
def spreads_over_the_window(dy, x, *, window, strides, padding):
    """You spread dy evenly over each window: that is the gradient of average pooling. Only the maximum had a say in
    the result, so it alone receives dy."""
    size = window[0] * window[1]
    return _by_share(dy, x, window, strides, padding, lambda hits: jnp.ones_like(hits) / size)


@mistake("max_pool_backward", fails=EVERY_MAX_BACK, topic="max pooling")
def multiplies_by_the_maximum(dy, x, *, window, strides, padding):
    """Your gradient carries the maximum itself as a factor. The derivative of a maximum for its largest number is 1:
    pass dy on unchanged."""
    y = right_max_pool(x, window=window, strides=strides, padding=padding)
    return right_max_pool_backward(dy * y, x, window=window, strides=strides, padding=padding)


@mistake("max_pool_backward", fails=["max_pool_backward_padded"], topic="max pooling")
def padding_swallows_the_gradient(dy, x, *, window, strides, padding):
    """Where all numbers are negative, the padding takes the gradient: you pad with 0. Pad with -jnp.inf, as in the
    forward pass."""
    padded, ((top, _), (left, _)), places = grid(x, window, strides, (1, 1), padding)
    winner = jnp.argmax(jnp.stack([padded[:, r, c] for r, c in places.values()]), axis=0)
    dpadded = jnp.zeros_like(padded)
    for number, (r, c) in enumerate(places.values()):
        dpadded = dpadded.at[:, r, c].add(jnp.where(winner == number, dy, 0))
    return dpadded[:, top : top + x.shape[1], left : left + x.shape[2]]


# --- average pooling --------------------------------------------------------------------------------------

EVERY_AVG = ["avg_pool_values", "avg_pool_with_padding", "avg_pool_without_padding"]


@mistake("avg_pool", fails=["avg_pool_without_padding"], topic="average pooling")
def always_counts_the_padding(x, *, window, strides, padding, count_include_pad):
    """You divide by the size of the window even where count_include_pad is False. Divide by the number of real pixels
    then: pool an image of ones the same way, and you have that number."""
    return right_avg_pool(x, window=window, strides=strides, padding=padding, count_include_pad=True)


@mistake("avg_pool", fails=["avg_pool_with_padding"], topic="average pooling")
def never_counts_the_padding(x, *, window, strides, padding, count_include_pad):
    """You divide by the number of real pixels even where count_include_pad is True. Then the padding counts as pixels
    that are 0, and the divisor is the size of the window everywhere."""
    return right_avg_pool(x, window=window, strides=strides, padding=padding, count_include_pad=False)


@mistake("avg_pool", fails=["avg_pool_without_padding"], topic="average pooling")
def counts_what_is_not_zero(x, *, window, strides, padding, count_include_pad):
    """Where count_include_pad is False you divide by the number of entries that are not 0. A pixel may be 0 as well:
    count the real pixels, by pooling an image of ones the same way."""
    total = window_sum(x, window, strides, padding)
    if count_include_pad:
        return total / (window[0] * window[1])
    return total / window_sum((x != 0).astype(x.dtype), window, strides, padding)


@mistake("avg_pool", fails=["avg_pool_with_padding", "avg_pool_without_padding"], topic="average pooling")
def count_include_pad_inverted(x, *, window, strides, padding, count_include_pad):
    """You treat count_include_pad the wrong way round. True: divide by the size of the window. False: divide by the
    number of real pixels."""
    return right_avg_pool(x, window=window, strides=strides, padding=padding, count_include_pad=not count_include_pad)


@mistake("avg_pool", fails=EVERY_AVG, topic="average pooling")
def sums_the_window(x, *, window, strides, padding, count_include_pad):
    """You add up each window without dividing."""
    return window_sum(x, window, strides, padding)


@mistake("avg_pool", fails=EVERY_AVG, topic="average pooling")
def divides_by_the_strides(x, *, window, strides, padding, count_include_pad):
    """You divide by the product of the strides. How many numbers are added up depends on the window: divide by its
    height times its width."""
    return window_sum(x, window, strides, padding) / (strides[0] * strides[1])


@mistake("global_avg_pool", fails=["global_avg_pool_values"], topic="average pooling")
def sums_every_channel(x):
    """You add up all pixels of a channel. Divide by their number: take the mean over axes 1 and 2."""
    return x.sum(axis=(1, 2))


@mistake("global_avg_pool", fails=["global_avg_pool_values"], topic="average pooling")
def largest_pixel(x):
    """You return the largest pixel of every channel. Global average pooling takes the mean over axes 1 and 2."""
    return x.max(axis=(1, 2))


@mistake("global_avg_pool", fails=["global_avg_pool_values"], topic="average pooling")
def keeps_the_axes(x):
    """Your result still has axes of length 1 for height and width. The handout asks for (N, C): leave keepdims out."""
    return x.mean(axis=(1, 2), keepdims=True)


@mistake("global_avg_pool", fails=["global_avg_pool_values"], topic="average pooling")
def averages_the_batch_too(x):
    """Every image gets the same answer: you average over the batch as well. Leave axis 0 alone."""
    return jnp.broadcast_to(right_global_avg_pool(x).mean(axis=0), (x.shape[0], x.shape[3]))


@mistake("global_avg_pool", fails=["global_avg_pool_values"], topic="average pooling")
def takes_the_channels_for_rows(x):
    """You average over the last two axes, which would be height and width in (N, C, H, W). Here images are (N, H, W,
    C): average over axes 1 and 2."""
    return x.mean(axis=(2, 3))


# --- adaptive average pooling -----------------------------------------------------------------------------


def _adaptive(x, bounds):
    """Means over the windows whose (start, end) are ``bounds`` of the rows and of the columns."""
    rows, columns = bounds
    picked = [[x[:, a:b, c:d].mean(axis=(1, 2)) for c, d in columns] for a, b in rows]
    return jnp.stack([jnp.stack(row, axis=1) for row in picked], axis=1)


@mistake("adaptive_avg_pool", fails=["adaptive_avg_pool_uneven"], topic="adaptive pooling")
def windows_of_one_size(x, *, out):
    """Your windows all have the same size and step, n // o. That leaves the last pixels out where n / o is not whole,
    and cannot make more pixels than there are. Window i runs from floor(i n / o) to ceil((i + 1) n / o)."""
    sizes = [(max(n // o, 1), o, n) for n, o in zip(x.shape[1:3], out)]
    return _adaptive(x, [[(min(i * k, n - 1), min(i * k, n - 1) + k) for i in range(o)] for k, o, n in sizes])


@mistake("adaptive_avg_pool", fails=["adaptive_avg_pool_uneven"], topic="adaptive pooling")
def ends_rounded_down(x, *, out):
    """Your windows end at floor((i + 1) n / o), where the next one begins. The end is rounded up, so neighbouring
    windows may share a row or a column."""
    return _adaptive(
        x,
        [[(i * n // o, max((i + 1) * n // o, i * n // o + 1)) for i in range(o)] for n, o in zip(x.shape[1:3], out)],
    )


@mistake("adaptive_avg_pool", fails=["adaptive_avg_pool_uneven"], topic="adaptive pooling")
def last_window_takes_the_rest(x, *, out):
    """Your windows are n // o long and the last one takes all that remains. Window i runs from floor(i n / o) to
    ceil((i + 1) n / o), so the leftover pixels are spread over all windows."""
    bounds = []
    for n, o in zip(x.shape[1:3], out):
        k = max(n // o, 1)
        starts = [min(i * k, n - 1) for i in range(o)]
        bounds.append([(a, n if i == o - 1 else a + k) for i, a in enumerate(starts)])
    return _adaptive(x, bounds)


@mistake("adaptive_avg_pool", fails=["adaptive_avg_pool_even", "adaptive_avg_pool_uneven"], topic="adaptive pooling")
def nearest_pixels(x, *, out):
    """You pick one pixel out of each window: that is resizing. Take the mean of the whole window."""
    rows, columns = ([i * n // o for i in range(o)] for n, o in zip(x.shape[1:3], out))
    return x[:, jnp.asarray(rows)][:, :, jnp.asarray(columns)]


# --- network ----------------------------------------------------------------------------------------------


def _network(params, x, *, conv=right_conv2d, act=lambda z: jnp.maximum(z, 0), pool=right_max_pool, flat=None):
    for name in ("conv1", "conv2"):
        x = act(conv(x, params[name]["w"], params[name]["b"]))
        x = pool(x, window=(2, 2), strides=(2, 2), padding="VALID")
    x = flat(x) if flat else x.reshape(len(x), -1)
    return x @ params["dense"]["w"] + params["dense"]["b"]


@mistake("cnn_forward", fails=["cnn_forward_values"], topic="convolutional networks")
def network_without_relu(params, x):
    """There is no relu in your network. After each convolution negative numbers become 0; without that the two
    convolutions are nearly one."""
    return _network(params, x, act=lambda z: z)


@mistake("cnn_forward", fails=["cnn_forward_values"], topic="convolutional networks")
def activates_the_logits(params, x):
    """Your logits are never negative: they have gone through a relu. The dense layer is the last step; nothing follows
    it."""
    return jnp.maximum(_network(params, x), 0)


@mistake("cnn_forward", fails=["cnn_forward_values"], topic="convolutional networks")
def returns_probabilities(params, x):
    """You return probabilities. The network returns logits: the softmax belongs to the loss."""
    return jax.nn.softmax(_network(params, x))


@mistake("cnn_forward", fails=["cnn_forward_values"], topic="convolutional networks")
def flattens_channels_first(params, x):
    """You flatten with the channels first, as in (N, C, H, W). Here the channels are the last axis and stay there:
    x.reshape(N, -1), without a transpose."""
    return _network(params, x, flat=lambda x: x.transpose(0, 3, 1, 2).reshape(len(x), -1))


@mistake("cnn_forward", fails=["cnn_forward_values"], topic="convolutional networks")
def pools_averages(params, x):
    """Your network pools by averages. This one keeps the maximum of each 2 x 2 window."""

    def pool(x, **how):
        return right_avg_pool(x, **how, count_include_pad=True)

    return _network(params, x, pool=pool)


@mistake("cnn_forward", fails=["cnn_forward_values"], topic="convolutional networks")
def network_without_biases(params, x):
    """The biases of the convolutions are missing. Zero biases at the start hide this until the first update."""
    return _network(params, x, conv=lambda x, w, b: right_conv2d(x, w, jnp.zeros_like(b)))


@mistake("cnn_forward", fails=["cnn_forward_values"], topic="convolutional networks")
def no_relu_after_the_second_convolution(params, x):
    """The second convolution has no relu behind it. Both have."""
    first = {"conv1": params["conv1"]}
    hidden = jnp.maximum(right_conv2d(x, first["conv1"]["w"], first["conv1"]["b"]), 0)
    hidden = right_max_pool(hidden, window=(2, 2), strides=(2, 2), padding="VALID")
    hidden = right_conv2d(hidden, params["conv2"]["w"], params["conv2"]["b"])
    hidden = right_max_pool(hidden, window=(2, 2), strides=(2, 2), padding="VALID")
    return hidden.reshape(len(x), -1) @ params["dense"]["w"] + params["dense"]["b"]


@mistake("cnn_forward", fails=["cnn_forward_gradient"], topic="convolutional networks")
def network_trains_its_head_only(params, x):
    """The logits are right, but a stop_gradient before the dense layer keeps the convolutions from learning. Take it
    out."""
    return _network(params, x, flat=lambda x: jax.lax.stop_gradient(x.reshape(len(x), -1)))
