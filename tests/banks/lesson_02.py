"""Answers to the exercises of lesson 02; see tests/banks/__init__.py for what each part means."""

import math

import numpy as np

from banks import Later
from course_utils import scratch

windows_of = np.lib.stride_tricks.sliding_window_view


def shape_loops(shape, filters, K, S=1, padding="valid"):
    """Count the stops one by one."""
    counts = []
    for n in shape[:2]:
        last = n if padding == "same" else n - K + 1
        counts.append(len(range(0, last, S)))
    return [*counts, filters]


def shape_from_scratch(shape, filters, K, S=1, padding="valid"):
    lengths = [scratch.output_length(n, K, S, padding) for n in shape[:2]]
    return np.array([*lengths, filters], np.int32)


def shape_with(valid, same):
    """A wrong `output_shape` with its own formulas for a length n."""

    def answer(shape, filters, K, S=1, padding="valid"):
        length = same if padding == "same" else valid
        return length(shape[0], K, S), length(shape[1], K, S), filters

    return answer


def valid(n, K, S):
    return (n - K) // S + 1


def same(n, K, S):
    return math.ceil(n / S)


def channels_kept(shape, filters, K, S=1, padding="valid"):
    height, width, _ = shape_loops(shape, filters, K, S, padding)
    return height, width, shape[2]


def channels_first(*case):
    height, width, filters = shape_loops(*case)
    return filters, height, width


def with_a_batch_axis(*case):
    return (1, *shape_loops(*case))


def width_first(*case):
    height, width, filters = shape_loops(*case)
    return width, height, filters


def squares_only(*case):
    height, _, filters = shape_loops(*case)
    return height, height, filters


def pool(image, size, stride=None, *, value=np.max, default=None, down=valid, across=valid):
    """The mended loop of exercise 02.2, for wrong answers to start from."""
    stride = stride or default or size
    shape = down(image.shape[0], size, stride), across(image.shape[1], size, stride)
    pooled = np.zeros(shape)
    for y, x in np.ndindex(shape):
        top, left = y * stride, x * stride
        pooled[y, x] = value(image[top : top + size, left : left + size])
    return pooled


def pool_with(**changes):
    return lambda image, size, stride=None: pool(image, size, stride, **changes)


def unmended_stops(n, size, stride):
    return n // stride


def max_pool_from_the_web(image, size, stride=None):
    stops = {"down": unmended_stops, "across": unmended_stops}
    return pool(image, size, stride, value=np.sum, default=2, **stops)


def pool_from_zero(image, size, stride=None):
    stride = stride or size
    pooled = np.zeros([(n - size) // stride + 1 for n in image.shape])
    for i, j in np.ndindex(size, size):
        tap = image[i::stride, j::stride][: pooled.shape[0], : pooled.shape[1]]
        pooled = np.maximum(pooled, tap)
    return pooled


def pool_returns_in_the_loop(image, size, stride=None):
    stride = stride or size
    pooled = np.zeros([(n - size) // stride + 1 for n in image.shape])
    for y, x in np.ndindex(pooled.shape):
        pooled[y, x] = image[y * stride : y * stride + size, x * stride : x * stride + size].max()
        return pooled


def pool_square(image, size, stride=None):
    stride = stride or size
    down = (len(image) - size) // stride + 1
    pooled = np.zeros((down, down))
    for y, x in np.ndindex(pooled.shape):
        pooled[y, x] = image[y * stride : y * stride + size, x * stride : x * stride + size].max()
    return pooled


def pool_whole_numbers(image, size, stride=None):
    return pool(image, size, stride).astype(int)


def pool_windows(image, size, stride=None):
    stride = size if stride is None else stride
    return windows_of(image, (size, size))[::stride, ::stride].max(axis=(2, 3))


def pool_lists(image, size, stride=None):
    stride = size if stride is None else stride
    rows, columns = image.shape
    return [
        [
            float(max(image[y + i, x + j] for i in range(size) for j in range(size)))
            for x in range(0, columns - size + 1, stride)
        ]
        for y in range(0, rows - size + 1, stride)
    ]


def pool_framework():
    import tensorflow as tf

    def answer(image, size, stride=None):
        images = image[None, :, :, None] / 1
        return tf.nn.max_pool2d(images, size, stride or size, "VALID")[0, :, :, 0]

    return answer


def conv_loops(images, kernels, S=1, D=1):
    """The lesson's four loops with stride and gaps, for wrong answers to start from."""
    n, height, width, _ = images.shape
    KH, KW, _, filters = kernels.shape
    down = (height - D * (KH - 1) - 1) // S + 1
    across = (width - D * (KW - 1) - 1) // S + 1
    output = np.zeros((n, down, across, filters))
    for i, y, x, f in np.ndindex(output.shape):
        window = images[i, y * S :, x * S :][: D * KH : D, : D * KW : D]
        output[i, y, x, f] = (window * kernels[..., f]).sum()
    return output


def conv_taps(images, kernels, S=1, D=1):
    """One product of matrices for each weight's place in the kernel."""
    KH, KW = kernels.shape[:2]
    height, width = images.shape[1] - D * (KH - 1), images.shape[2] - D * (KW - 1)
    taps = [
        images[:, i * D : i * D + height : S, j * D : j * D + width : S] @ kernels[i, j]
        for i, j in np.ndindex(KH, KW)
    ]
    return np.sum(taps, axis=0)


def conv_float32(images, kernels, S=1, D=1):
    return conv_loops(images.astype(np.float32), kernels.astype(np.float32), S, D).astype("float32")


def conv_with_zeros_between(images, kernels, S=1, D=1):
    KH, KW, channels, filters = kernels.shape
    gaps = np.zeros((D * (KH - 1) + 1, D * (KW - 1) + 1, channels, filters))
    gaps[::D, ::D] = kernels
    return scratch.conv2d(images.astype(float), gaps, stride=S).tolist()


def conv_framework():
    import tensorflow as tf

    def answer(images, kernels, S=1, D=1):
        every = tf.nn.conv2d(images / 1, kernels / 1, 1, "VALID", dilations=D)  # not both at once
        return every[:, ::S, ::S]

    return answer


def conv_whole_numbers(images, kernels, S=1, D=1):
    return conv_loops(images, kernels, S, D).astype(images.dtype)


def conv_padded(images, kernels, S=1, D=1):
    margins = [(0, 0), (0, 0), (0, 0), (0, 0)]
    for axis in (1, 2):
        reach = D * (kernels.shape[axis - 1] - 1) + 1
        n = images.shape[axis]
        zeros = max((math.ceil(n / S) - 1) * S + reach - n, 0)
        margins[axis] = (zeros // 2, zeros - zeros // 2)
    return conv_loops(np.pad(images, margins), kernels, S, D)


def conv_reach_too_long(images, kernels, S=1, D=1):
    KH, KW = kernels.shape[:2]
    windows = windows_of(images, (D * KH, D * KW), axis=(1, 2))[:, ::S, ::S, :, ::D, ::D]
    return np.einsum("nyxcij,ijcf->nyxf", windows, kernels)


def conv_added_into_whole_numbers(images, kernels, S=1, D=1):
    output = conv_loops(images, 0 * kernels, S, D).astype(images.dtype)
    output += conv_loops(images, kernels, S, D)
    return output


def conv_of_squares(images, kernels, S=1, D=1):
    K, reach = len(kernels), D * (len(kernels) - 1) + 1
    n, height, width, _ = images.shape
    output = np.zeros((n, (height - reach) // S + 1, (width - reach) // S + 1, kernels.shape[3]))
    for i, y, x, f in np.ndindex(output.shape):
        window = images[i, y * S : y * S + D * K : D, x * S : x * S + D * K : D]
        output[i, y, x, f] = (window * kernels[..., f]).sum()
    return output


def conv_turned(images, kernels, S=1, D=1):
    return conv_loops(images, kernels[::-1, ::-1], S, D)


def slopes_loops(gradient, image, size, S, share=None, step=None):
    """Winner by winner, for wrong answers to start from."""
    slopes = np.zeros(image.shape)
    for y in range(len(gradient)):
        for x in range(len(gradient[0])):
            top, left = (step or S) * y, (step or S) * x
            block = image[top : top + size, left : left + size]
            winner = block == block.max()
            given = share(gradient[y, x], block, winner) if share else gradient[y, x] * winner
            slopes[top : top + size, left : left + size] += given
    return slopes


def slopes_with(share):
    return lambda gradient, image, size, S: slopes_loops(gradient, image, size, S, share)


def slopes_argmax(gradient, image, size, S):
    windows = windows_of(image, (size, size))[::S, ::S].reshape(*gradient.shape, -1)
    down, across = np.divmod(windows.argmax(axis=-1), size)
    rows, columns = np.indices(gradient.shape) * S
    slopes = np.zeros(image.shape)
    np.add.at(slopes, (rows + down, columns + across), gradient)
    return slopes


def slopes_nudged(gradient, image, size, S):
    """What the check does, with another nudge, so not quite exact."""
    slopes = np.zeros(image.shape)
    for place in np.ndindex(image.shape):
        losses = []
        for nudge in (1e-3, -1e-3):
            nudged = image.astype(float)
            nudged[place] += nudge
            losses.append((pool_windows(nudged, size, S) * gradient).sum())
        slopes[place] = (losses[0] - losses[1]) / 2e-3
    return slopes


def slopes_whole_numbers(gradient, image, size, S):
    slopes = np.zeros_like(image)
    for y, x in np.ndindex(gradient.shape):
        block = image[y * S : y * S + size, x * S : x * S + size]
        i, j = np.unravel_index(block.argmax(), block.shape)
        slopes[y * S + i, x * S + j] += gradient[y, x]
    return slopes


def slopes_added_into_whole_numbers(gradient, image, size, S):
    slopes = np.zeros_like(image)
    for y, x in np.ndindex(gradient.shape):
        window = np.s_[y * S : y * S + size, x * S : x * S + size]
        slopes[window] += gradient[y, x] * (image[window] == image[window].max())
    return slopes


def slopes_of_the_largest_magnitude(gradient, image, size, S):
    slopes = np.zeros(image.shape)
    for y, x in np.ndindex(gradient.shape):
        block = abs(image[y * S : y * S + size, x * S : x * S + size])
        i, j = np.unravel_index(block.argmax(), block.shape)
        slopes[y * S + i, x * S + j] += gradient[y, x]
    return slopes


def slopes_from_scratch(gradient, image, size, S):
    image, gradient = image[None, :, :, None] / 1, gradient[None, :, :, None] / 1
    return scratch.max_pool2d_backward(gradient, image, size, stride=S)[0, :, :, 0].tolist()


def slopes_framework():
    import tensorflow as tf

    def answer(gradient, image, size, S):
        x = tf.constant(image[None, :, :, None], tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(x)
            pooled = tf.nn.max_pool2d(x, size, S, "VALID")
            loss = tf.reduce_sum(pooled[0, :, :, 0] * gradient.astype("float32"))
        return tape.gradient(loss, x)[0, :, :, 0]

    return answer


def slopes_assigned(gradient, image, size, S):
    slopes = np.zeros(image.shape)
    for y, x in np.ndindex(gradient.shape):
        block = image[y * S : y * S + size, x * S : x * S + size]
        i, j = np.unravel_index(block.argmax(), block.shape)
        slopes[y * S + i, x * S + j] = gradient[y, x]
    return slopes


def slopes_erased(gradient, image, size, S):
    slopes = np.zeros(image.shape)
    for y, x in np.ndindex(gradient.shape):
        window = np.s_[y * S : y * S + size, x * S : x * S + size]
        slopes[window] = gradient[y, x] * (image[window] == image[window].max())
    return slopes


def slopes_everywhere(gradient, image, size, S):
    slopes = np.zeros(image.shape)
    for y, x in np.ndindex(gradient.shape):
        block = image[y * S : y * S + size, x * S : x * S + size]
        slopes += gradient[y, x] * (image == block.max())
    return slopes


def slopes_in_place(gradient, image, size, S):
    image[:] = slopes_loops(gradient, image, size, S)
    return image


def slopes_of_the_output(gradient, image, size, S):
    return gradient * pool_windows(image, size, S)


WRONG = {
    "02.1": [
        ("same keeps the size", shape_with(valid, lambda n, K, S: n), "only at stride 1"),
        ("channels kept", channels_kept, "As many channels come out"),
        (
            "channels times filters",
            lambda *case: [*shape_loops(*case)[:2], case[0][2] * case[1]],
            "no product",
        ),
        (
            "filters set the size",
            lambda shape, filters, K, S, padding: (filters, filters, shape[2]),
            "not height and width",
        ),
        ("channels first", channels_first, "channels first"),
        ("width first", width_first, "the height comes first"),
        ("squares only", squares_only, "need not be square"),
        ("a batch axis", with_a_batch_axis, "three numbers"),
        ("padding ignored", shape_with(valid, valid), "The padding has no say"),
        ("always same", shape_with(same, same), 'Right for "same" only'),
        (
            "stride ignored",
            shape_with(lambda n, K, S: n - K + 1, lambda n, K, S: n),
            "The stride has no say",
        ),
        (
            "steps, not stops",
            shape_with(lambda n, K, S: (n - K) // S, same),
            "you counted the steps",
        ),
        (
            "valid rounded up",
            shape_with(lambda n, K, S: math.ceil((n - K) / S) + 1, same),
            "is not taken",
        ),
        (
            "fractions",
            shape_with(lambda n, K, S: (n - K) / S + 1, lambda n, K, S: n / S),
            "are whole numbers",
        ),
        (
            "fractions with valid",
            shape_with(lambda n, K, S: (n - K) / S + 1, same),
            "has no fractions",
        ),
        ("same rounded down", shape_with(valid, lambda n, K, S: n // S), "rounds up, not down"),
        (
            "even kernels",
            shape_with(valid, lambda n, K, S: (n + 2 * (K // 2) - K) // S + 1),
            "one too many",
        ),
        (
            "even kernels, one short",
            shape_with(valid, lambda n, K, S: (n + 2 * ((K - 1) // 2) - K) // S + 1),
            "one is missing",
        ),
        (
            "always one zero",
            shape_with(valid, lambda n, K, S: (n + 2 - K) // S + 1),
            "That fits K = 3",
        ),
        ("height only", lambda *case: shape_loops(*case)[0], "a single number"),
    ],
    "02.2": [
        ("unchanged", max_pool_from_the_web, "2: None means the window's own size. The stops"),
        ("only the sum left", pool_with(value=np.sum), "added: max pooling keeps the largest."),
        ("only the half left", pool_with(default=2), "Without a stride it still steps by 2"),
        (
            "only the edge left",
            pool_with(down=unmended_stops, across=unmended_stops),
            "The stops are still n // stride",
        ),
        (
            "sum and half left",
            pool_with(value=np.sum, default=2),
            "the largest. Without a stride it still steps by 2",
        ),
        (
            "sum and edge left",
            pool_with(value=np.sum, down=unmended_stops, across=unmended_stops),
            "the largest. The stops are still",
        ),
        ("the mean", pool_with(value=np.mean), "average pooling"),
        ("starts from zero", pool_from_zero, "below zero"),
        ("steps by 1", pool_with(default=1), "steps by 1"),
        ("stride ignored", lambda image, size, stride=None: pool(image, size), "no say"),
        (
            "keeps what sticks out",
            pool_with(
                down=lambda n, K, S: math.ceil((n - K) / S) + 1,
                across=lambda n, K, S: math.ceil((n - K) / S) + 1,
            ),
            "sticks out is kept",
        ),
        (
            "one too few",
            pool_with(down=lambda n, K, S: (n - K) // S, across=lambda n, K, S: (n - K) // S),
            "The last window is missing",
        ),
        ("squares only", pool_square, "As many columns as rows"),
        ("exchanged", lambda *case: pool(*case).T, "Rows and columns are exchanged"),
        ("whole numbers", pool_whole_numbers, "fractions are cut off"),
        ("returns in the loop", pool_returns_in_the_loop, "inside the loop"),
        ("one edge left", pool_with(down=unmended_stops), "an array of shape"),
        ("one maximum", lambda image, size, stride=None: image.max(), "a single number"),
        ("forgets the return", lambda *case: None, "returns None"),
    ],
    "02.3": [
        ("the lesson's layer", lambda x, k, S, D: conv_loops(x, k), "S and D have no say yet"),
        ("no stride", lambda x, k, S, D: conv_loops(x, k, 1, D), "The stride has no say"),
        ("no dilation", lambda x, k, S, D: conv_loops(x, k, S), "The dilation has no say"),
        ("D between", lambda x, k, S, D: conv_loops(x, k, S, D + 1), "D - 1 between them"),
        ("squares only", conv_of_squares, "Kernels need not be square"),
        ("exchanged", lambda x, k, S, D: conv_loops(x, k, D, S), "dilation are exchanged"),
        (
            "misses the last stop",
            lambda x, k, S, D: conv_loops(x, k, S, D)[:, :-1, :-1],
            "The last stop is missing",
        ),
        (
            "strides down only",
            lambda x, k, S, D: conv_loops(x, k, 1, D)[:, ::S],
            "downwards only",
        ),
        (
            "mean of the channels",
            lambda x, k, S, D: conv_loops(x, k / x.shape[-1], S, D),
            "The channels are averaged",
        ),
        (
            "thins out the image",
            lambda x, k, S, D: conv_loops(x[:, ::D, ::D], k, S),
            "thinned out by D",
        ),
        ("reach too long", conv_reach_too_long, "not D times K"),
        ("turned", conv_turned, "turned by 180 degrees"),
        (
            "kernels lying down",
            lambda x, k, S, D: conv_loops(x, k.swapaxes(0, 1), S, D),
            "KH weights down",
        ),
        ("zeros around", conv_padded, "Zeros were put around"),
        (
            "first channel",
            lambda x, k, S, D: conv_loops(x[..., :1], k[:, :, :1], S, D),
            "Only the first channel",
        ),
        (
            "one map",
            lambda x, k, S, D: conv_loops(x, k.sum(axis=3, keepdims=True), S, D),
            "All filters are added",
        ),
        ("one image", lambda x, k, S, D: conv_loops(x[:1], k, S, D), "Only the first image"),
        (
            "channels first",
            lambda x, k, S, D: conv_loops(x, k, S, D).transpose(0, 3, 1, 2),
            "channels first",
        ),
        ("whole numbers", conv_whole_numbers, "Fractions are cut off"),
        ("added into whole numbers", conv_added_into_whole_numbers, "take in no fractions"),
        (
            "batch axis lost",
            lambda x, k, S, D: conv_loops(x, k, S, D)[0],
            "an array of shape (2, 3, 1)",
        ),
        ("refuses gaps", lambda x, k, S, D: scratch.conv2d(x, k, dilation=D), "TypeError"),
    ],
    "02.4": [
        (
            "equal shares",
            slopes_with(lambda g, block, winner: g / block.size),
            "that is average pooling",
        ),
        ("to all", slopes_with(lambda g, block, winner: g), "to the winner alone"),
        (
            "times the winner",
            slopes_with(lambda g, block, winner: g * winner * block),
            "The winner's value is in it",
        ),
        ("winners marked", slopes_with(lambda g, block, winner: winner), "is not passed on"),
        (
            "ReLU",
            slopes_with(lambda g, block, winner: g * winner * (block > 0)),
            "the gradient of ReLU",
        ),
        (
            "the smallest",
            slopes_with(lambda g, block, winner: g * (block == block.min())),
            "The smallest pixel of a window",
        ),
        (
            "largest magnitude",
            slopes_of_the_largest_magnitude,
            "largest magnitude",
        ),
        ("whole numbers", slopes_whole_numbers, "Fractions are cut off"),
        ("added into whole numbers", slopes_added_into_whole_numbers, "take in no fractions"),
        ("erased", slopes_erased, "a whole window is overwritten"),
        ("assigned", slopes_assigned, "keeps only what it got last"),
        ("everywhere", slopes_everywhere, "in the whole image"),
        ("steps of 1", lambda g, i, size, S: slopes_loops(g, i, size, S, step=1), "side by side"),
        (
            "steps of size",
            lambda g, i, size, S: slopes_loops(g, i, size, S, step=size),
            "identity. A window starts beyond the edge",
        ),
        ("of the output", slopes_of_the_output, "it should be an array of shape"),
        ("in place", slopes_in_place, "in place"),
    ],
}
RIGHT = {
    "02.1": [("counts the stops", shape_loops), ("asks scratch", shape_from_scratch)],
    "02.2": [
        ("loops", pool),
        ("windows", pool_windows),
        ("lists", pool_lists),
        ("TensorFlow", Later(pool_framework)),
    ],
    "02.3": [
        ("loops", conv_loops),
        ("taps", conv_taps),
        ("float32", conv_float32),
        ("zeros between the weights, lists", conv_with_zeros_between),
        ("TensorFlow", Later(conv_framework)),
    ],
    "02.4": [
        ("loops", slopes_loops),
        ("argmax and add.at", slopes_argmax),
        ("nudges", slopes_nudged),
        ("scratch, lists", slopes_from_scratch),
        ("TensorFlow, float32", Later(slopes_framework)),
    ],
}
EQUIVALENT = {
    "02.2": {
        "pooled = np.zeros((down, across)) -> pooled = np.ones((down, across))": (
            "every number of the array is overwritten in the loop"
        ),
    },
}
