# functions: output_size
# mistake: for a pair of numbers it uses the textbook formula with 2p, p being the padding before, and ignores the padding after, so that the size is wrong where the two sides differ.
# told: doubles_the_first_pad


def output_size(*, size, kernel, stride, padding, dilation):
    k_eff = dilation * (kernel - 1) + 1
    if padding == "SAME":
        return (size + stride - 1) // stride
    if padding == "VALID":
        p = 0
    else:
        p = padding[0]
    return (size + 2 * p - k_eff) // stride + 1
