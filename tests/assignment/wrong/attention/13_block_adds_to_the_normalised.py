# functions: transformer_encoder_block
# mistake: adds the attention to the normalised copy and not to the stream, y = h + attention(h, h, mask), because x is overwritten by its norm, so that the first residual connection does not carry x; the second half is right for its input y.
# told: residual_from_the_normalised_input


def transformer_encoder_block(params, x, mask, *, num_heads):
    x = layer_norm(params["norm1"], x)
    x = x + multi_head_attention(params["attention"], x, x, mask, num_heads=num_heads)
    h = layer_norm(params["norm2"], x)
    return x + feed_forward(params["feed_forward"], h)
