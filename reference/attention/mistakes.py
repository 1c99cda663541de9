"""Known wrong implementations, with the checks that notice them and the hint that a student reads."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from autograder.checks import mistake

from .solution import causal_mask as right_causal_mask
from .solution import decode_step as right_decode_step
from .solution import feed_forward as right_feed_forward
from .solution import layer_norm as right_layer_norm
from .solution import masked_softmax, split_heads
from .solution import multi_head_attention as right_multi_head_attention
from .solution import padding_mask as right_padding_mask
from .solution import positional_encoding as right_positional_encoding
from .solution import scaled_dot_product_attention as right_attention

# --- positions and masks ----------------------------------------------------------------------------------


def _interleave(sine, cosine):
    return jnp.stack([sine, cosine], axis=-1).reshape(len(sine), -1)


def _angles(positions, dim, base=10000.0):
    return positions[:, None] / base ** (jnp.arange(0, dim, 2) / dim)


@mistake("positional_encoding", fails=["positional_encoding_values"], topic="positional encoding")
def exponent_from_the_dimension_index(positions, *, dim):
    """Your exponent is 2i/d with i the number of the dimension, so the waves slow down twice as fast as they should. In
    10000 ** (2k/d), k counts the pairs: dimensions 2k and 2k + 1 share one k, and so one wavelength."""
    i = jnp.arange(dim)
    angles = positions[:, None] / 10000.0 ** (2 * i / dim)
    return jnp.where(i % 2 == 0, jnp.sin(angles), jnp.cos(angles))


@mistake("positional_encoding", fails=["positional_encoding_values"], topic="positional encoding")
def each_dimension_a_wavelength(positions, *, dim):
    """Your sine and your cosine of a pair have different wavelengths: the exponent is i/d for every dimension i. Both
    members of a pair use the same exponent, 2k/d for dimensions 2k and 2k + 1."""
    i = jnp.arange(dim)
    angles = positions[:, None] / 10000.0 ** (i / dim)
    return jnp.where(i % 2 == 0, jnp.sin(angles), jnp.cos(angles))


@mistake("positional_encoding", fails=["positional_encoding_values"], topic="positional encoding")
def exponent_without_the_two(positions, *, dim):
    """Your exponent is k/d, so the waves slow down half as fast as they should. It is 2k/d, where k counts the pairs
    from 0 to d/2 - 1."""
    angles = positions[:, None] / 10000.0 ** (jnp.arange(dim // 2) / dim)
    return _interleave(jnp.sin(angles), jnp.cos(angles))


@mistake("positional_encoding", fails=["positional_encoding_values"], topic="positional encoding")
def sines_first_then_cosines(positions, *, dim):
    """You put all sines into the first half and all cosines into the second. Here they alternate: dimension 2k is a
    sine, 2k + 1 the cosine of the same angle. Stack the two on a new last axis and reshape."""
    angles = _angles(positions, dim)
    return jnp.concatenate([jnp.sin(angles), jnp.cos(angles)], axis=-1)


@mistake("positional_encoding", fails=["positional_encoding_values"], topic="positional encoding")
def cosine_before_sine(positions, *, dim):
    """Your pairs are the wrong way round: even dimensions hold the sine, odd ones the cosine."""
    angles = _angles(positions, dim)
    return _interleave(jnp.cos(angles), jnp.sin(angles))


@mistake("positional_encoding", fails=["positional_encoding_values"], topic="positional encoding", between=(2, 1e6))
def another_base(positions, *, dim, constant=1000.0):
    """Your wavelengths grow with the powers of another number. The base is 10000."""
    angles = _angles(positions, dim, constant)
    return _interleave(jnp.sin(angles), jnp.cos(angles))


@mistake("positional_encoding", fails=["positional_encoding_values"], topic="positional encoding")
def counts_positions_from_one(positions, *, dim):
    """Your encoding is that of the next position: something adds 1. Position 0 is encoded as 0, 1, 0, 1, ..."""
    return right_positional_encoding(positions + 1, dim=dim)


@mistake("positional_encoding", fails=["positional_encoding_values"], topic="positional encoding")
def ignores_the_positions(positions, *, dim):
    """You encode 0, 1, 2, ... whatever the argument holds. Row t belongs to positions[t]; positions come in any order,
    and need not start at 0."""
    return right_positional_encoding(jnp.arange(len(positions)), dim=dim)


@mistake("positional_encoding", fails=["positional_encoding_far"], topic="positional encoding")
def table_of_512_positions(positions, *, dim):
    """You look positions up in a table of 512 rows; beyond its end JAX silently hands out the last row. Compute the
    angles from the positions themselves, then there is no end."""
    return right_positional_encoding(jnp.arange(512), dim=dim)[positions]


@mistake("causal_mask", fails=["causal_mask_values", "decode_equals_recomputation"], topic="attention masks")
def hides_the_position_itself(*, length):
    """Your causal mask hides the diagonal: a position may look at itself, so the comparison is key <= query. As it is,
    the first position sees nothing at all."""
    i = jnp.arange(length)
    return (i[None, :] < i[:, None])[None, None]


@mistake("causal_mask", fails=["causal_mask_values", "decode_equals_recomputation"], topic="attention masks")
def looks_into_the_future(*, length):
    """Your causal mask is transposed: queries see later keys and not earlier ones. The query is the row (third axis),
    the key the column (last axis), and key <= query must be True."""
    return right_causal_mask(length=length).swapaxes(2, 3)


@mistake("causal_mask", fails=["causal_mask_values", "decode_equals_recomputation"], topic="attention masks")
def true_where_hidden(*, length):
    """Your causal mask is the opposite of the right one. Here True means that the query may look at the key; some
    libraries mark the hidden keys instead. Negate it with ~."""
    return ~right_causal_mask(length=length)


@mistake("padding_mask", fails=["padding_mask_values"], topic="attention masks")
def true_where_padded(lengths, *, size):
    """Your padding mask is True for the padding. Here True means that the key is real and may be looked at: negate
    it."""
    return ~right_padding_mask(lengths, size=size)


@mistake("padding_mask", fails=["padding_mask_values"], topic="attention masks")
def one_key_too_many(lengths, *, size):
    """Your padding mask shows one key too many. With length n the real keys are 0 to n - 1, so the comparison is
    strict: key < length."""
    return right_padding_mask(lengths + 1, size=size)


@mistake("padding_mask", fails=["padding_mask_values"], topic="attention masks")
def padding_in_front(lengths, *, size):
    """Your mask takes the first keys for padding. Sequences start at key 0 here, and the padding comes after them."""
    return right_padding_mask(lengths, size=size)[..., ::-1]


# --- attention --------------------------------------------------------------------------------------------

# What fails when the mask is not obeyed.  The large logits wait for ordinary masks to be right.
MASKS = ["attention_masked", "attention_empty_rows", "attention_weights", "attention_gradient"]


def _scores(q, k, scale=None):
    return jnp.einsum("bthd,bshd->bhts", q, k) / (q.shape[-1] ** 0.5 if scale is None else scale)


def _weighted(weights, v):
    return jnp.einsum("bhts,bshd->bthd", weights, v)


def _softmax(scores, axis=-1):
    """A softmax without any mask."""
    e = jnp.exp(scores - scores.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _seen(mask, scores):
    """Whether each row of the scores has any visible entry."""
    return True if mask is None else jnp.broadcast_to(mask, scores.shape).any(axis=-1, keepdims=True)


def _hide(scores, mask, low):
    return scores if mask is None else jnp.where(mask, scores, low)


@mistake("scaled_dot_product_attention", fails=["attention_values"], topic="scaled dot-product attention")
def scores_without_scale(q, k, v, mask):
    """You do not scale the scores: divide q·k by the square root of the width of a key, q.shape[-1] ** 0.5, before the
    softmax."""
    return _weighted(masked_softmax(_scores(q, k, 1.0), mask), v)


@mistake("scaled_dot_product_attention", fails=["attention_values"], topic="scaled dot-product attention")
def divides_by_the_width(q, k, v, mask):
    """You divide the scores by the width D of a key. It is the square root of D: a sum of D products of independent
    numbers spreads like sqrt(D)."""
    return _weighted(masked_softmax(_scores(q, k, q.shape[-1]), mask), v)


@mistake("scaled_dot_product_attention", fails=["attention_values"], topic="scaled dot-product attention")
def multiplies_by_the_root(q, k, v, mask):
    """You multiply the scores by sqrt(D) where they are to be divided by it. The softmax becomes nearly one-hot."""
    return _weighted(masked_softmax(_scores(q, k, q.shape[-1] ** -0.5), mask), v)


@mistake("scaled_dot_product_attention", fails=["attention_values"], topic="scaled dot-product attention")
def scales_by_the_width_of_a_value(q, k, v, mask):
    """You divide by the square root of v's last axis. What is summed over is the last axis of q and k: use
    q.shape[-1]. Values may have another width."""
    return _weighted(masked_softmax(_scores(q, k, v.shape[-1] ** 0.5), mask), v)


@mistake("scaled_dot_product_attention", fails=["attention_values"], topic="scaled dot-product attention")
def scales_by_the_width_of_all_heads(q, k, v, mask):
    """You divide by the square root of H * D, the width of all heads together. Each head takes its own dot product:
    divide by the square root of the width D of one head."""
    return _weighted(masked_softmax(_scores(q, k, (q.shape[-1] * q.shape[-2]) ** 0.5), mask), v)


@mistake("scaled_dot_product_attention", fails=["attention_values"], topic="scaled dot-product attention")
def scales_by_the_number_of_keys(q, k, v, mask):
    """You divide the scores by the square root of the number of keys. Divide by the square root of their width, the
    last axis of k, not by that of its second axis."""
    return _weighted(masked_softmax(_scores(q, k, k.shape[1] ** 0.5), mask), v)


@mistake(
    "scaled_dot_product_attention",
    fails=["attention_values", "attention_weights"],
    topic="scaled dot-product attention",
)
def scales_after_the_softmax(q, k, v, mask):
    """You divide the weights by sqrt(D), after the softmax, so they do not add up to 1 any more. Divide the scores,
    before the softmax."""
    return _weighted(masked_softmax(_scores(q, k, 1.0), mask) / q.shape[-1] ** 0.5, v)


@mistake("scaled_dot_product_attention", fails=["attention_values", "attention_weights"], topic="softmax")
def forgets_the_softmax(q, k, v, mask):
    """You weight the values with the scores themselves. Between the scores and the values stands a softmax over the
    keys: weights are positive and add up to 1."""
    return _weighted(_hide(_scores(q, k), mask, 0.0), v)


@mistake("scaled_dot_product_attention", fails=["attention_values", "attention_weights"], topic="softmax")
def softmax_over_the_queries(q, k, v, mask):
    """Your softmax runs over the queries: the weights of a key add up to 1, not those of a query. Scores are (B, H, T,
    S); normalise over the last axis, the keys."""
    scores = _hide(_scores(q, k), mask, -1e30)
    weights = _softmax(scores, axis=2)
    return _weighted(weights if mask is None else weights * mask, v)


@mistake("scaled_dot_product_attention", fails=["attention_values", "attention_weights"], topic="softmax")
def softmax_over_the_heads(q, k, v, mask):
    """Your softmax runs over the heads. Each head has weights of its own, which add up to 1 over the keys: normalise
    over the last axis of the (B, H, T, S) scores."""
    scores = _scores(q, k)
    weights = _softmax(_hide(scores, mask, -1e30), axis=1)
    return _weighted(jnp.where(True if mask is None else mask, weights, 0.0), v)


@mistake(
    "scaled_dot_product_attention",
    fails=["attention_values", "attention_weights"],
    topic="scaled dot-product attention",
)
def reshapes_heads_behind_positions(q, k, v, mask):
    """You reshape (B, H, T, D) to (B, T, H, D) at the end, which cuts the array in the wrong places. Swap the axes of
    heads and positions: jnp.swapaxes(out, 1, 2)."""
    out = _weighted(masked_softmax(_scores(q, k), mask), v)
    return out.swapaxes(1, 2).reshape(out.shape)


@mistake("scaled_dot_product_attention", fails=MASKS, topic="attention masks")
def ignores_the_mask(q, k, v, mask):
    """You do not use the mask. Where it is False, the query must not see the key: replace those scores by a very
    negative number before the softmax."""
    return right_attention(q, k, v, None)


@mistake("scaled_dot_product_attention", fails=MASKS, topic="attention masks")
def mask_upside_down(q, k, v, mask):
    """You hide the keys that may be seen and show the others. Here True means visible: jnp.where(mask, scores,
    very_negative)."""
    return right_attention(q, k, v, None if mask is None else ~mask)


@mistake("scaled_dot_product_attention", fails=MASKS, topic="attention masks")
def mask_of_the_first_sequence(q, k, v, mask):
    """You use the mask of the first sequence for the whole batch. Every sequence may have a mask of its own: let the
    first axis broadcast, do not index it."""
    return right_attention(q, k, v, None if mask is None else mask[:1])


@mistake("scaled_dot_product_attention", fails=MASKS, topic="attention masks")
def mask_of_the_first_head(q, k, v, mask):
    """You use the mask of the first head for all of them. The second axis of the mask belongs to the heads: it has
    length 1 or H, and broadcasting takes care of both."""
    return right_attention(q, k, v, None if mask is None else mask[:, :1])


@mistake("scaled_dot_product_attention", fails=MASKS, topic="attention masks")
def multiplies_the_scores_by_the_mask(q, k, v, mask):
    """You multiply the scores by the mask. A score of 0 is not hidden: e^0 is 1, as good as any other. Hidden keys need
    a very negative score, before the softmax."""
    scores = _scores(q, k)
    return _weighted(_softmax(scores if mask is None else scores * mask), v)


@mistake("scaled_dot_product_attention", fails=MASKS, topic="attention masks")
def adds_the_boolean_mask(q, k, v, mask):
    """You add the mask to the scores as if it held 0 and minus infinity. It is boolean: True adds 1 and False adds 0,
    which hides nothing. Use jnp.where(mask, scores, very_negative)."""
    scores = _scores(q, k)
    return _weighted(_softmax(scores if mask is None else scores + mask), v)


@mistake("scaled_dot_product_attention", fails=MASKS, topic="attention masks")
def hides_after_the_softmax(q, k, v, mask):
    """You set the hidden weights to 0 after the softmax, so those that are left add up to less than 1. Hide the scores
    before the softmax, and the visible keys share all the weight."""
    weights = _softmax(_scores(q, k))
    return _weighted(weights if mask is None else weights * mask, v)


@mistake(
    "scaled_dot_product_attention",
    fails=["attention_large", "attention_empty_rows", "attention_weights", "attention_gradient"],
    topic="attention masks",
)
def hides_after_the_softmax_and_divides_again(q, k, v, mask):
    """You take the softmax over all keys, then hide some and divide by what is left. That is 0/0 when nothing is left:
    for a query that sees no key, and when a hidden key fits so much better that the visible weights underflow. Hide the
    scores before the softmax."""
    weights = _softmax(_scores(q, k))
    if mask is not None:
        weights = weights * mask
        weights = weights / weights.sum(axis=-1, keepdims=True)
    return _weighted(weights, v)


@mistake("scaled_dot_product_attention", fails=["attention_large"], topic="softmax", between=(1e-12, 1e-3))
def divides_again_with_an_epsilon(q, k, v, mask, *, constant=1e-9):
    """You shift by the largest of all scores, hidden ones too, and hide afterwards. When a hidden key fits much better
    than the visible ones, nothing is left of these and your answer is zero. Hide the scores before the softmax and
    shift by the largest visible score."""
    weights = _softmax(_scores(q, k))
    if mask is not None:
        weights = weights * mask
        weights = weights / (weights.sum(axis=-1, keepdims=True) + constant)
    return _weighted(weights, v)


EMPTY = ["attention_empty_rows", "attention_weights", "attention_gradient"]


@mistake("scaled_dot_product_attention", fails=EMPTY, topic="attention masks")
def minus_infinity(q, k, v, mask):
    """You hide keys with minus infinity. A query that may look at nothing has only minus infinities, and inf - inf is
    NaN. Use a large finite number such as -1e30, and set the weights of hidden keys to exactly 0."""
    return _weighted(_softmax(_hide(_scores(q, k), mask, -jnp.inf)), v)


@mistake("scaled_dot_product_attention", fails=EMPTY, topic="attention masks")
def mean_of_all_values_when_nothing_is_visible(q, k, v, mask):
    """A query that may look at nothing gets the mean of all values from you, hidden ones included: all its scores are
    the same very negative number. The handout asks for zeros: set the weights of hidden keys to 0 after exp, and take
    care not to divide by a sum of 0."""
    return _weighted(_softmax(_hide(_scores(q, k), mask, -1e30)), v)


@mistake("scaled_dot_product_attention", fails=["attention_gradient"], topic="attention masks")
def nan_hides_in_the_gradient(q, k, v, mask):
    """Your values are right, but the gradient is NaN where a query sees nothing. You add minus infinity to the scores,
    get NaN for such rows, and replace it afterwards; the derivative still goes through the NaN, and 0 * NaN is NaN.
    Avoid it before it arises: jnp.where(mask, scores, -1e30), and divide by jnp.where(total > 0, total, 1)."""
    scores = _scores(q, k)
    weights = _softmax(scores if mask is None else scores + jnp.where(mask, 0.0, -jnp.inf))
    return _weighted(jnp.where(_seen(mask, scores), weights, 0.0), v)


@mistake("scaled_dot_product_attention", fails=["attention_large"], topic="attention masks", between=(20, 200))
def sentinel_not_low_enough(q, k, v, mask, *, constant=100.0):
    """You hide keys with a score such as -100. That is not low enough: where the visible scores lie near -300, the
    hidden key wins. Use -1e30, or the smallest finite float32."""
    scores = _scores(q, k)
    weights = _softmax(_hide(scores, mask, -constant))
    return _weighted(jnp.where(_seen(mask, scores), weights, 0.0), v)


@mistake("scaled_dot_product_attention", fails=["attention_large", *EMPTY], topic="attention masks", between=(20, 200))
def sentinel_not_low_enough_and_no_zeros(q, k, v, mask, *, constant=100.0):
    """You hide keys with a score such as -100. That is not low enough: where the visible scores lie near -300, the
    hidden key wins; use -1e30. And a query that may look at nothing must give zeros, where you give the mean of all
    values."""
    return _weighted(_softmax(_hide(_scores(q, k), mask, -constant)), v)


@mistake("scaled_dot_product_attention", fails=["attention_large"], topic="softmax")
def exponentials_overflow(q, k, v, mask):
    """You take exp of the scores as they come: above 88 that is infinite, below -104 it is zero. Subtract the largest
    visible score of each row first; the softmax does not change."""
    e = jnp.exp(_scores(q, k))
    e = e if mask is None else jnp.where(mask, e, 0.0)
    total = e.sum(axis=-1, keepdims=True)
    return _weighted(e / jnp.where(total > 0, total, 1.0), v)


@mistake("scaled_dot_product_attention", fails=["attention_large"], topic="softmax")
def shifts_by_the_global_maximum(q, k, v, mask):
    """You subtract the largest score of the whole array. Rows that lie far below it underflow to zero. Subtract each
    row's own maximum: max over the last axis, with keepdims=True."""
    scores = _hide(_scores(q, k), mask, -1e30)
    e = jnp.exp(scores - scores.max())
    e = e if mask is None else jnp.where(mask, e, 0.0)
    total = e.sum(axis=-1, keepdims=True)
    return _weighted(e / jnp.where(total > 0, total, 1.0), v)


@mistake("scaled_dot_product_attention", fails=["attention_large", "attention_gradient"], topic="softmax")
def shifts_by_the_global_maximum_to_nan(q, k, v, mask):
    """You shift by the largest of all scores, so a row far below it becomes 0 / 0. Subtract each row's own maximum: max
    over the last axis, with keepdims=True."""
    scores = _hide(_scores(q, k), mask, -1e30)
    e = jnp.exp(scores - scores.max())
    weights = e / e.sum(axis=-1, keepdims=True)
    return _weighted(jnp.where(_seen(mask, scores), weights, 0.0), v)


@mistake("scaled_dot_product_attention", fails=["attention_large"], topic="softmax", between=(10, 150))
def clips_the_scores(q, k, v, mask, *, constant=80):
    """You clip the scores so that exp cannot overflow. That changes the answer: scores of 200 and 5,000 become the
    same. Subtract the largest visible score of each row instead."""
    return _weighted(masked_softmax(jnp.clip(_scores(q, k), -constant, constant), mask), v)


@mistake("scaled_dot_product_attention", fails=["attention_gradient"], topic="scaled dot-product attention")
def weights_without_gradient(q, k, v, mask):
    """Your values are right, but stop_gradient cuts the weights off: no gradient reaches q and k, and attention could
    never learn where to look. Stop the gradient at the row maximum only, or not at all."""
    return _weighted(jax.lax.stop_gradient(masked_softmax(_scores(q, k), mask)), v)


# --- several heads ----------------------------------------------------------------------------------------


def _project(params, name, x):
    return x @ params["w" + name] + params["b" + name]


def _heads(params, x_q, x_kv, num_heads, split=split_heads):
    sources = (("q", x_q), ("k", x_kv), ("v", x_kv))
    return [split(_project(params, name, x), num_heads) for name, x in sources]


def _join(heads):
    return heads.reshape(*heads.shape[:2], -1)


EVERY_HEAD = ["multi_head_values", "multi_head_cross"]


@mistake("multi_head_attention", fails=EVERY_HEAD, topic="multi-head attention")
def reshapes_heads_before_positions(params, x_q, x_kv, mask, *, num_heads):
    """You reshape (B, T, E) straight to (B, H, T, D), which cuts the array in the wrong places: a head gets pieces of
    several positions. Reshape to (B, T, H, D); swap the axes afterwards if you like."""

    def split(x, h):
        return x.reshape(x.shape[0], h, x.shape[1], -1).swapaxes(1, 2)

    q, k, v = _heads(params, x_q, x_kv, num_heads, split)
    return _project(params, "o", _join(right_attention(q, k, v, mask)))


@mistake("multi_head_attention", fails=EVERY_HEAD, topic="multi-head attention")
def deals_columns_out_in_turn(params, x_q, x_kv, mask, *, num_heads):
    """You deal the columns out to the heads in turn, like cards: reshape to (..., D, H). Head h owns the h-th block of
    D neighbouring columns: reshape to (..., H, D)."""

    def split(x, h):
        return x.reshape(*x.shape[:2], -1, h).swapaxes(2, 3)

    q, k, v = _heads(params, x_q, x_kv, num_heads, split)
    return _project(params, "o", _join(right_attention(q, k, v, mask)))


@mistake("multi_head_attention", fails=EVERY_HEAD, topic="multi-head attention")
def reshapes_heads_before_positions_and_leaves_them(params, x_q, x_kv, mask, *, num_heads):
    """You reshape (B, T, E) straight to (B, H, T, D), which cuts the array in the wrong places, and attention takes the
    second axis for the positions. Reshape to (B, T, H, D) and hand that over."""
    q, k, v = _heads(params, x_q, x_kv, num_heads, lambda x, h: x.reshape(x.shape[0], h, x.shape[1], -1))
    out = right_attention(q, k, v, None if mask is None else mask[..., :1, :1])
    return _project(params, "o", out.reshape(*x_q.shape[:2], -1))


@mistake("multi_head_attention", fails=EVERY_HEAD, topic="multi-head attention")
def deals_columns_out_and_leaves_them(params, x_q, x_kv, mask, *, num_heads):
    """You reshape to (B, T, D, H), so that heads and columns are exchanged. Head h owns the h-th block of D
    neighbouring columns: reshape to (B, T, H, D)."""
    q, k, v = _heads(params, x_q, x_kv, num_heads, lambda x, h: x.reshape(*x.shape[:2], -1, h))
    out = right_attention(q, k, v, None if mask is None else mask[:, :1])
    return _project(params, "o", _join(out))


@mistake("multi_head_attention", fails=EVERY_HEAD, topic="multi-head attention")
def joins_heads_without_swapping_back(params, x_q, x_kv, mask, *, num_heads):
    """You join the heads while they still stand before the positions: (B, H, T, D) reshaped to (B, T, E) mixes
    positions. Swap back to (B, T, H, D) first, then reshape."""
    heads = right_attention(*_heads(params, x_q, x_kv, num_heads), mask)
    return _project(params, "o", heads.swapaxes(1, 2).reshape(*heads.shape[:2], -1))


@mistake("multi_head_attention", fails=EVERY_HEAD, topic="multi-head attention")
def one_large_head(params, x_q, x_kv, mask, *, num_heads):
    """You attend with one head of width E: num_heads has no effect. Split queries, keys and values into heads before
    the attention."""
    if mask is not None:
        mask = mask[:, :1]
    return _project(params, "o", _join(right_attention(*_heads(params, x_q, x_kv, 1), mask)))


@mistake("multi_head_attention", fails=EVERY_HEAD, topic="multi-head attention")
def scale_of_the_whole_width(params, x_q, x_kv, mask, *, num_heads):
    """You divide the scores by the square root of E, all heads together. A head takes dot products of length D = E /
    num_heads: divide by the square root of D."""
    q, k, v = _heads(params, x_q, x_kv, num_heads)
    return _project(params, "o", _join(right_attention(q / num_heads**0.5, k, v, mask)))


@mistake("multi_head_attention", fails=EVERY_HEAD, topic="multi-head attention")
def scales_twice(params, x_q, x_kv, mask, *, num_heads):
    """Your scores are divided by sqrt(D) twice: once here and once more inside scaled_dot_product_attention. Leave it
    to that function."""
    q, k, v = _heads(params, x_q, x_kv, num_heads)
    return _project(params, "o", _join(right_attention(q / q.shape[-1] ** 0.5, k, v, mask)))


@mistake("multi_head_attention", fails=EVERY_HEAD, topic="multi-head attention")
def no_biases(params, x_q, x_kv, mask, *, num_heads):
    """You leave the biases out. All four projections have one: x @ w + b."""
    zeros = {name: jnp.zeros_like(p) if name.startswith("b") else p for name, p in params.items()}
    return right_multi_head_attention(zeros, x_q, x_kv, mask, num_heads=num_heads)


@mistake("multi_head_attention", fails=EVERY_HEAD, topic="multi-head attention")
def no_bias_at_the_end(params, x_q, x_kv, mask, *, num_heads):
    """The bias of the last projection is missing: add params["bo"] after the product with params["wo"]."""
    return right_multi_head_attention(params, x_q, x_kv, mask, num_heads=num_heads) - params["bo"]


@mistake("multi_head_attention", fails=EVERY_HEAD, topic="multi-head attention")
def values_are_keys(params, x_q, x_kv, mask, *, num_heads):
    """Your values are the keys: both come from wk and bk. Values have a projection of their own, wv and bv."""
    params = params | {"wv": params["wk"], "bv": params["bk"]}
    return right_multi_head_attention(params, x_q, x_kv, mask, num_heads=num_heads)


@mistake("multi_head_attention", fails=EVERY_HEAD, topic="multi-head attention")
def keys_and_queries_swapped(params, x_q, x_kv, mask, *, num_heads):
    """The weights of queries and keys have changed places. Queries are made of x_q with wq and bq; keys are made of
    x_kv with wk and bk."""
    swapped = {"wq": params["wk"], "bq": params["bk"], "wk": params["wq"], "bk": params["bq"]}
    return right_multi_head_attention(params | swapped, x_q, x_kv, mask, num_heads=num_heads)


@mistake("multi_head_attention", fails=["multi_head_cross"], topic="cross-attention")
def attends_to_itself_only(params, x_q, x_kv, mask, *, num_heads):
    """You take keys and values from x_q. In cross-attention they come from x_kv, which may have another length and
    another width; only the queries come from x_q."""
    return right_multi_head_attention(params, x_q, x_q, mask, num_heads=num_heads)


@mistake(
    "multi_head_attention",
    fails=["multi_head_masked", "multi_head_gradient", "decode_equals_recomputation"],
    topic="attention masks",
)
def drops_the_mask(params, x_q, x_kv, mask, *, num_heads):
    """Your multi_head_attention does not hand the mask on to the attention inside it."""
    return right_multi_head_attention(params, x_q, x_kv, None, num_heads=num_heads)


@mistake("multi_head_attention", fails=["multi_head_masked"], topic="attention masks")
def one_mask_for_all_heads(params, x_q, x_kv, mask, *, num_heads):
    """You use the mask of the first head for all of them. The mask broadcasts to (B, num_heads, T, S): hand it on
    whole."""
    mask = None if mask is None else mask[:, :1]
    return right_multi_head_attention(params, x_q, x_kv, mask, num_heads=num_heads)


@mistake("multi_head_attention", fails=["multi_head_masked"], topic="attention masks")
def clears_the_output_of_empty_rows(params, x_q, x_kv, mask, *, num_heads):
    """Where a query may look at nothing you return zeros after the last projection. Zeros belong before it: the heads
    are zero, and the output is the bias params["bo"]."""
    out = right_multi_head_attention(params, x_q, x_kv, mask, num_heads=num_heads)
    return out if mask is None else jnp.where(mask.any(axis=-1).any(axis=1)[..., None], out, 0.0)


@mistake("multi_head_attention", fails=["multi_head_gradient"], topic="multi-head attention")
def projections_without_gradient(params, x_q, x_kv, mask, *, num_heads):
    """Your values are right, but no gradient reaches the query and key projections: a stop_gradient stands in the
    way."""
    q, k, v = _heads(params, x_q, x_kv, num_heads)
    q, k = jax.lax.stop_gradient((q, k))
    return _project(params, "o", _join(right_attention(q, k, v, mask)))


# --- layer norm -------------------------------------------------------------------------------------------


def _normalise(params, x, axis=-1, epsilon=1e-6):
    mean, variance = x.mean(axis=axis, keepdims=True), x.var(axis=axis, keepdims=True)
    return (x - mean) / jnp.sqrt(variance + epsilon) * params["scale"] + params["bias"]


@mistake("layer_norm", fails=["layer_norm_values"], topic="layer normalisation")
def normalises_over_the_positions(params, x):
    """You normalise over the positions. Layer norm looks at one position at a time: mean and variance over the last
    axis, the features."""
    return _normalise(params, x, axis=-2)


@mistake("layer_norm", fails=["layer_norm_values"], topic="layer normalisation")
def normalises_the_batch(params, x):
    """You take mean and variance over the batch, as batch normalisation does. Layer norm looks at one position of one
    sequence at a time: the last axis."""
    return _normalise(params, x, axis=0)


@mistake("layer_norm", fails=["layer_norm_values"], topic="layer normalisation")
def normalises_everything_at_once(params, x):
    """You take one mean and one variance of the whole array: an axis is missing. Use axis=-1 with keepdims=True."""
    return _normalise(params, x, axis=None)


@mistake("layer_norm", fails=["layer_norm_values"], topic="layer normalisation")
def sample_variance(params, x):
    """You divide the squares by M - 1, as for the estimate of a variance from a sample. Layer norm divides by M: ddof
    is 0."""
    mean, variance = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True, ddof=1)
    return (x - mean) / jnp.sqrt(variance + 1e-6) * params["scale"] + params["bias"]


@mistake("layer_norm", fails=["layer_norm_values"], topic="layer normalisation")
def does_not_centre(params, x):
    """You do not subtract the mean; that is RMS norm. Layer norm subtracts the mean first and divides by the standard
    deviation."""
    return x / jnp.sqrt((x**2).mean(axis=-1, keepdims=True) + 1e-6) * params["scale"] + params["bias"]


@mistake("layer_norm", fails=["layer_norm_values"], topic="layer normalisation")
def divides_by_the_variance(params, x):
    """You divide by the variance. Divide by its square root, the standard deviation."""
    mean, variance = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
    return (x - mean) / (variance + 1e-6) * params["scale"] + params["bias"]


@mistake("layer_norm", fails=["layer_norm_values"], topic="layer normalisation")
def scale_and_bias_swapped(params, x):
    """Scale and bias have changed places: multiply by params["scale"], then add params["bias"]."""
    return _normalise({"scale": params["bias"], "bias": params["scale"]}, x)


@mistake("layer_norm", fails=["layer_norm_values"], topic="layer normalisation")
def forgets_scale_and_bias(params, x):
    """You normalise and stop there. Multiply the result by params["scale"] and add params["bias"]."""
    return _normalise({"scale": 1.0, "bias": 0.0}, x)


@mistake("layer_norm", fails=["layer_norm_flat"], topic="layer normalisation", between=(1e-7, 1e-3))
def epsilon_outside_the_root(params, x, *, constant=1e-6):
    """You add a small number to the standard deviation. The handout's 1e-6 is added to the variance, inside the square
    root; with a spread of 0.003 the difference shows."""
    mean, deviation = x.mean(axis=-1, keepdims=True), x.std(axis=-1, keepdims=True)
    return (x - mean) / (deviation + constant) * params["scale"] + params["bias"]


@mistake("layer_norm", fails=["layer_norm_flat"], topic="layer normalisation", between=(1e-12, 1e-2))
def another_epsilon(params, x, *, constant=1e-5):
    """Your epsilon is not 1e-6. The handout asks for 1e-6, Flax's default (PyTorch's is 1e-5); with a spread of 0.003
    the difference shows."""
    return _normalise(params, x, epsilon=constant)


@mistake("layer_norm", fails=["layer_norm_flat"], topic="layer normalisation")
def no_epsilon(params, x):
    """You divide by the bare standard deviation. Where all features are equal that is 0/0. Add 1e-6 to the variance
    before the square root."""
    return _normalise(params, x, epsilon=0.0)


@mistake("layer_norm", fails=["layer_norm_gradient"], topic="layer normalisation")
def statistics_without_gradient(params, x):
    """Your values are right, but stop_gradient makes mean and variance look like constants. They depend on x, and the
    gradient must go through them."""
    mean, variance = jax.lax.stop_gradient((x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)))
    return (x - mean) / jnp.sqrt(variance + 1e-6) * params["scale"] + params["bias"]


# --- feed-forward and block -------------------------------------------------------------------------------


def _two_layers(params, x, activation):
    return activation(x @ params["w1"] + params["b1"]) @ params["w2"] + params["b2"]


@mistake("feed_forward", fails=["feed_forward_values"], topic="transformer block")
def relu_between_the_layers(params, x):
    """You put relu between the two layers. The handout asks for gelu: jax.nn.gelu."""
    return _two_layers(params, x, lambda z: jnp.maximum(z, 0))


@mistake("feed_forward", fails=["feed_forward_values"], topic="transformer block")
def gelu_with_the_error_function(params, x):
    """Your gelu is the exact one, with the error function: approximate=False. The handout asks for the tanh form, which
    is what jax.nn.gelu computes unless told otherwise."""
    return _two_layers(params, x, lambda z: jax.nn.gelu(z, approximate=False))


@mistake("feed_forward", fails=["feed_forward_values"], topic="transformer block")
def nothing_between_the_layers(params, x):
    """There is no activation between your two layers, so they are one layer in disguise. Apply gelu after the first."""
    return _two_layers(params, x, lambda z: z)


@mistake("feed_forward", fails=["feed_forward_values"], topic="transformer block")
def gelu_at_the_end(params, x):
    """You apply gelu after the second layer too. It stands between the two layers only: the block adds the result to
    its stream, which must be able to go down as well as up."""
    return jax.nn.gelu(right_feed_forward(params, x))


def _attend(params, x_q, x_kv, mask, num_heads):
    return right_multi_head_attention(params["attention"], x_q, x_kv, mask, num_heads=num_heads)


@mistake("transformer_encoder_block", fails=["block_values"], topic="transformer block")
def normalises_after_the_addition(params, x, mask, *, num_heads):
    """You normalise after each addition: that is the post-norm block of the first paper. The handout asks for pre-norm:
    normalise what goes into attention and feed-forward, and leave the stream x itself alone."""
    x = right_layer_norm(params["norm1"], x + _attend(params, x, x, mask, num_heads))
    return right_layer_norm(params["norm2"], x + right_feed_forward(params["feed_forward"], x))


@mistake("transformer_encoder_block", fails=["block_values"], topic="transformer block")
def residual_from_the_normalised_input(params, x, mask, *, num_heads):
    """You add the attention to the normalised input. Add it to x itself: the stream passes the block unnormalised."""
    h = right_layer_norm(params["norm1"], x)
    x = h + _attend(params, h, h, mask, num_heads)
    return x + right_feed_forward(params["feed_forward"], right_layer_norm(params["norm2"], x))


@mistake("transformer_encoder_block", fails=["block_values"], topic="transformer block")
def second_residual_from_the_normalised_stream(params, x, mask, *, num_heads):
    """The second half adds the feed-forward part to the normalised stream. Add it to the stream itself: x +
    feed_forward(layer_norm(x))."""
    x = x + _attend(params, *[right_layer_norm(params["norm1"], x)] * 2, mask, num_heads)
    h = right_layer_norm(params["norm2"], x)
    return h + right_feed_forward(params["feed_forward"], h)


@mistake("transformer_encoder_block", fails=["block_values"], topic="transformer block")
def both_residuals_from_the_normalised_stream(params, x, mask, *, num_heads):
    """Both halves add to the normalised stream. Normalise only what goes into attention and feed-forward, and add what
    comes out to the stream itself."""
    h = right_layer_norm(params["norm1"], x)
    h = right_layer_norm(params["norm2"], h + _attend(params, h, h, mask, num_heads))
    return h + right_feed_forward(params["feed_forward"], h)


@mistake("transformer_encoder_block", fails=["block_values"], topic="transformer block")
def no_residuals(params, x, mask, *, num_heads):
    """Nothing is added back: your block replaces its input instead of adding to it. It is x + attention(...), then x +
    feed_forward(...)."""
    h = right_layer_norm(params["norm1"], x)
    h = right_layer_norm(params["norm2"], _attend(params, h, h, mask, num_heads))
    return right_feed_forward(params["feed_forward"], h)


@mistake("transformer_encoder_block", fails=["block_values"], topic="transformer block")
def no_residual_around_attention(params, x, mask, *, num_heads):
    """The attention replaces x instead of being added to it: x = x + attention(...)."""
    h = right_layer_norm(params["norm1"], x)
    x = _attend(params, h, h, mask, num_heads)
    return x + right_feed_forward(params["feed_forward"], right_layer_norm(params["norm2"], x))


@mistake("transformer_encoder_block", fails=["block_values"], topic="transformer block")
def no_residual_around_feed_forward(params, x, mask, *, num_heads):
    """You return the feed-forward part alone. It is added to the stream: x + feed_forward(...)."""
    h = right_layer_norm(params["norm1"], x)
    x = x + _attend(params, h, h, mask, num_heads)
    return right_feed_forward(params["feed_forward"], right_layer_norm(params["norm2"], x))


@mistake("transformer_encoder_block", fails=["block_values"], topic="transformer block")
def feed_forward_sees_the_old_stream(params, x, mask, *, num_heads):
    """Your feed-forward part sees the input of the block. It comes after the attention: normalise x after the attention
    has been added to it."""
    h = right_layer_norm(params["norm1"], x)
    feed = right_feed_forward(params["feed_forward"], right_layer_norm(params["norm2"], x))
    return x + _attend(params, h, h, mask, num_heads) + feed


@mistake("transformer_encoder_block", fails=["block_values"], topic="transformer block")
def first_norm_used_twice(params, x, mask, *, num_heads):
    """You use norm1 for both halves of the block. The second half has parameters of its own, norm2."""
    h = right_layer_norm(params["norm1"], x)
    x = x + _attend(params, h, h, mask, num_heads)
    return x + right_feed_forward(params["feed_forward"], right_layer_norm(params["norm1"], x))


@mistake("transformer_encoder_block", fails=["block_values"], topic="transformer block")
def keys_of_the_unnormalised_input(params, x, mask, *, num_heads):
    """Your queries are normalised, your keys and values are not. Self-attention gets the same normalised input for
    both: attention(h, h)."""
    x = x + _attend(params, right_layer_norm(params["norm1"], x), x, mask, num_heads)
    return x + right_feed_forward(params["feed_forward"], right_layer_norm(params["norm2"], x))


@mistake("transformer_encoder_block", fails=["block_values"], topic="transformer block")
def attention_without_norm(params, x, mask, *, num_heads):
    """You normalise before the feed-forward part only. The attention has a norm of its own before it, norm1."""
    x = x + _attend(params, x, x, mask, num_heads)
    return x + right_feed_forward(params["feed_forward"], right_layer_norm(params["norm2"], x))


@mistake("transformer_encoder_block", fails=["block_masked", "block_gradient"], topic="attention masks")
def block_drops_the_mask(params, x, mask, *, num_heads):
    """Your block does not hand its mask to multi_head_attention, so the padding takes part."""
    h = right_layer_norm(params["norm1"], x)
    x = x + _attend(params, h, h, None, num_heads)
    return x + right_feed_forward(params["feed_forward"], right_layer_norm(params["norm2"], x))


@mistake("transformer_encoder_block", fails=["block_gradient"], topic="transformer block")
def stream_without_gradient(params, x, mask, *, num_heads):
    """Your values are right, but no gradient flows along the residual stream: a stop_gradient cuts it off, and that
    stream is what lets deep networks learn."""
    h = right_layer_norm(params["norm1"], x)
    x = jax.lax.stop_gradient(x) + _attend(params, h, h, mask, num_heads)
    return x + right_feed_forward(params["feed_forward"], right_layer_norm(params["norm2"], x))


# --- decoding ---------------------------------------------------------------------------------------------


def _decode(params, cache, x_t, num_heads, *, slot=None, seen=None, value="v"):
    """A decode step with one of its parts exchanged."""
    now = cache["length"]
    slot = now if slot is None else slot
    q = split_heads(_project(params, "q", x_t), num_heads)[:, None]
    k = cache["k"].at[:, slot].set(split_heads(_project(params, "k", x_t), num_heads))
    v = cache["v"].at[:, slot].set(split_heads(_project(params, value, x_t), num_heads))
    places = jnp.arange(k.shape[1])
    visible = (places <= now) if seen is None else seen(places, now)
    out = _project(params, "o", _join(right_attention(q, k, v, visible[None, None, None])))[:, 0]
    return {"k": k, "v": v, "length": now + 1}, out


@mistake("decode_step", fails=["decode_step_values"], topic="decoding with a cache")
def looks_at_the_whole_cache(params, cache, x_t, *, num_heads):
    """You attend to the whole cache. Only the first "length" positions and the new one hold anything; the rest are
    leftovers, not zeros, and must be hidden by a mask."""
    return _decode(params, cache, x_t, num_heads, seen=lambda places, now: places >= 0)


@mistake("decode_step", fails=["decode_step_values"], topic="decoding with a cache")
def does_not_look_at_itself(params, cache, x_t, *, num_heads):
    """Your new position looks at the earlier ones, but not at itself. Put its key and value into the cache first and
    show positions 0 to "length", the new one included."""
    return _decode(params, cache, x_t, num_heads, seen=lambda places, now: places < now)


@mistake("decode_step", fails=["decode_step_values"], topic="decoding with a cache")
def looks_one_position_too_far(params, cache, x_t, *, num_heads):
    """You show one position too many: after the new one, at place "length", the cache holds leftovers. The mask is
    place <= length, with the length before this step."""
    return _decode(params, cache, x_t, num_heads, seen=lambda places, now: places <= now + 1)


@mistake("decode_step", fails=["decode_step_values"], topic="decoding with a cache")
def writes_one_place_too_far(params, cache, x_t, *, num_heads):
    """You write the new key and value one place too far: counting starts at 0, so the next free place is number
    "length", as it was before this step."""
    return _decode(params, cache, x_t, num_heads, slot=cache["length"] + 1)


@mistake("decode_step", fails=["decode_step_values"], topic="decoding with a cache")
def writes_at_the_end(params, cache, x_t, *, num_heads):
    """You shift the cache and write at its end. Here it is filled from the front: the new key and value go to place
    number "length", and nothing else moves."""
    moved = {name: jnp.roll(cache[name], -1, axis=1) for name in "kv"} | {"length": cache["length"]}
    return _decode(params, moved, x_t, num_heads, slot=-1, seen=lambda places, now: places >= places.size - 1 - now)


@mistake("decode_step", fails=["decode_step_values"], topic="decoding with a cache")
def length_stays(params, cache, x_t, *, num_heads):
    """Your "length" does not grow, so the next step overwrites this one. Return it one larger."""
    new, out = right_decode_step(params, cache, x_t, num_heads=num_heads)
    return new | {"length": cache["length"]}, out


@mistake("decode_step", fails=["decode_step_values"], topic="decoding with a cache")
def forgets_the_new_position(params, cache, x_t, *, num_heads):
    """The output is right, but the cache you return does not hold the new key and value: you hand back the old arrays.
    JAX arrays never change in place; return what .at[...].set(...) gives you."""
    _, out = right_decode_step(params, cache, x_t, num_heads=num_heads)
    return cache | {"length": cache["length"] + 1}, out


@mistake("decode_step", fails=["decode_step_values"], topic="decoding with a cache")
def caches_keys_as_values(params, cache, x_t, *, num_heads):
    """You write the key into the cache of values. The value has a projection of its own, wv and bv."""
    return _decode(params, cache, x_t, num_heads, value="k")


@mistake("decode_step", fails=["decode_step_values"], topic="decoding with a cache")
def decodes_without_output_projection(params, cache, x_t, *, num_heads):
    """The bias of the last projection is missing from your decoded output: end as multi_head_attention does, with
    params["wo"] and params["bo"]."""
    new, out = right_decode_step(params, cache, x_t, num_heads=num_heads)
    return new, out - params["bo"]
