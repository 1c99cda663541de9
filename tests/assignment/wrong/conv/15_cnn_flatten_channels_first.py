# functions: cnn_forward
# mistake: moves the channels in front of height and width before it flattens, as PyTorch does, so that the features meet the wrong rows of the dense weights; the shape is right, and so is an image that both poolings reduce to a single pixel.
# told: flattens_channels_first


def cnn_forward(params, x):
    h = conv2d(x, params["conv1"]["w"], params["conv1"]["b"])
    h = jax.nn.relu(h)
    h = max_pool(h, window=(2, 2), strides=(2, 2), padding="VALID")
    h = conv2d(h, params["conv2"]["w"], params["conv2"]["b"])
    h = jax.nn.relu(h)
    h = max_pool(h, window=(2, 2), strides=(2, 2), padding="VALID")
    h = jnp.transpose(h, (0, 3, 1, 2)).reshape(h.shape[0], -1)
    return h @ params["dense"]["w"] + params["dense"]["b"]
