# functions: multi_head_attention
# mistake: reshapes keys and values with T, the number of queries, and not with the length of the second sequence, so that self-attention is right and cross-attention with another length raises an error about the sizes of reshape.
# told: cannot reshape array of shape (2, 7, 6)


def multi_head_attention(params, x_q, x_kv, mask, *, num_heads):
    B, T, _ = x_q.shape
    E = params["wq"].shape[1]
    D = E // num_heads
    q = (x_q @ params["wq"] + params["bq"]).reshape(B, T, num_heads, D)
    k = (x_kv @ params["wk"] + params["bk"]).reshape(B, T, num_heads, D)
    v = (x_kv @ params["wv"] + params["bv"]).reshape(B, T, num_heads, D)
    heads = scaled_dot_product_attention(q, k, v, mask)
    return heads.reshape(B, T, E) @ params["wo"] + params["bo"]
