"""`course_utils.scratch` against Keras in float64: values and gradients."""

import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course_utils import quiet, scratch

with quiet():
    import tensorflow as tf
    from keras import ops

CLOSE = 1e-5  # of the largest magnitude
many = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
sizes = st.integers(1, 11)
kernel_sizes = st.integers(1, 5)
strides = st.integers(1, 3)
paddings = st.sampled_from(["valid", "same"])
seeds = st.integers(0, 2**32 - 1)


def assert_close(ours, theirs):
    theirs = np.asarray(theirs)
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype == np.float64
    scale = np.abs(theirs).max(initial=0.0)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=CLOSE * scale + 1e-300)


def fits(length, kernel, padding):
    """A kernel that sticks out is an error for 'valid' padding; make it fit."""
    return min(kernel, length) if padding == "valid" else kernel


def oracle(operation, *arguments, seed=0):
    """Return Keras's output, a gradient drawn for it, and the gradients of the arguments."""
    variables = [tf.constant(argument, dtype=tf.float64) for argument in arguments]
    with tf.GradientTape() as tape:
        for variable in variables:
            tape.watch(variable)
        output = operation(*variables)
    gradient = np.random.default_rng(seed).standard_normal(output.shape)
    parts = tape.gradient(output, variables, output_gradients=tf.constant(gradient))
    return output.numpy(), gradient, [part.numpy() for part in parts]


@st.composite
def convolutions(draw):
    padding = draw(paddings)
    height, width = draw(sizes), draw(sizes)
    kernel = [fits(length, draw(kernel_sizes), padding) for length in (height, width)]
    n, channels, filters = draw(st.integers(1, 3)), draw(st.integers(1, 4)), draw(st.integers(1, 4))
    stride = draw(st.one_of(strides, st.tuples(strides, strides)))
    rng = np.random.default_rng(draw(seeds))
    images = rng.standard_normal((n, height, width, channels))
    kernels = rng.standard_normal((*kernel, channels, filters))
    return images, kernels, rng.standard_normal(filters), {"stride": stride, "padding": padding}


@many
@given(convolutions())
def test_conv2d_and_its_gradients_equal_those_of_keras(case):
    images, kernels, bias, options = case
    expected, gradient, parts = oracle(
        lambda x, k, b: ops.conv(x, k, options["stride"], options["padding"]) + b,
        images,
        kernels,
        bias,
    )
    assert_close(scratch.conv2d(images, kernels, bias, **options), expected)
    ours = scratch.conv2d_backward(gradient, images, kernels, **options)
    for mine, theirs in zip(ours, parts, strict=True):
        assert_close(mine, theirs)


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_every_kernel_stride_and_padding_equals_keras_on_odd_and_even_images(
    kernel, stride, padding
):
    rng = np.random.default_rng(kernel)
    for height, width in ((8, 9), (11, 6)):
        images = rng.standard_normal((2, height, width, 3))
        kernels = rng.standard_normal((kernel, kernel, 3, 4))
        expected, gradient, parts = oracle(
            lambda x, k: ops.conv(x, k, stride, padding), images, kernels
        )
        options = {"stride": stride, "padding": padding}
        assert_close(scratch.conv2d(images, kernels, **options), expected)
        d_images, d_kernels, _ = scratch.conv2d_backward(gradient, images, kernels, **options)
        assert_close(d_images, parts[0])
        assert_close(d_kernels, parts[1])


@settings(many, max_examples=60)
@given(st.data())
def test_conv1d_and_its_gradients_equal_those_of_keras(data):
    padding, length, stride = data.draw(paddings), data.draw(sizes), data.draw(strides)
    kernel = fits(length, data.draw(kernel_sizes), padding)
    rng = np.random.default_rng(data.draw(seeds))
    signals, kernels = rng.standard_normal((2, length, 3)), rng.standard_normal((kernel, 3, 4))
    bias, options = rng.standard_normal(4), {"stride": stride, "padding": padding}
    expected, gradient, parts = oracle(
        lambda x, k, b: ops.conv(x, k, stride, padding) + b, signals, kernels, bias
    )
    assert_close(scratch.conv1d(signals, kernels, bias, **options), expected)
    ours = scratch.conv1d_backward(gradient, signals, kernels, **options)
    for mine, theirs in zip(ours, parts, strict=True):
        assert_close(mine, theirs)


@st.composite
def poolings(draw):
    padding = draw(paddings)
    height, width = draw(sizes), draw(sizes)
    size = tuple(fits(length, draw(kernel_sizes), padding) for length in (height, width))
    stride = draw(st.one_of(st.none(), strides))
    rng = np.random.default_rng(draw(seeds))
    images = rng.standard_normal((2, height, width, 3))
    return images, size, {"stride": stride, "padding": padding}


@many
@given(poolings())
def test_max_pooling_and_its_gradient_equal_those_of_keras(case):
    images, size, options = case
    expected, gradient, (d_images,) = oracle(
        lambda x: ops.max_pool(x, size, options["stride"], options["padding"]), images
    )
    assert_close(scratch.max_pool2d(images, size, **options), expected)
    assert_close(scratch.max_pool2d_backward(gradient, images, size, **options), d_images)


@many
@given(poolings())
def test_average_pooling_and_its_gradient_equal_those_of_keras(case):
    images, size, options = case
    expected, gradient, (d_images,) = oracle(
        lambda x: ops.average_pool(x, size, options["stride"], options["padding"]), images
    )
    assert_close(scratch.average_pool2d(images, size, **options), expected)
    assert_close(scratch.average_pool2d_backward(gradient, images, size, **options), d_images)


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_tied_maxima_send_the_gradient_to_the_first_one_as_in_keras(padding):
    images = np.random.default_rng(0).integers(0, 3, (4, 7, 7, 3)).astype(float)
    _, gradient, (expected,) = oracle(lambda x: ops.max_pool(x, 3, 2, padding), images)
    assert_close(
        scratch.max_pool2d_backward(gradient, images, 3, stride=2, padding=padding), expected
    )


@settings(many, max_examples=60)
@given(st.integers(1, 6), st.integers(2, 9), seeds)
def test_dense_relu_and_softmax_cross_entropy_equal_keras_through_a_whole_network(n, units, seed):
    rng = np.random.default_rng(seed)
    x, weights, bias = (rng.standard_normal(shape) for shape in ((n, 5), (5, units), units))
    labels = rng.integers(0, units, n)

    def keras_loss(x, weights, bias):
        logits = ops.relu(x @ weights + bias) * 3.0
        return ops.mean(ops.sparse_categorical_crossentropy(labels, logits, from_logits=True))

    variables = [tf.constant(value) for value in (x, weights, bias)]
    with tf.GradientTape() as tape:
        for variable in variables:
            tape.watch(variable)
        expected = keras_loss(*variables)
    hidden = scratch.dense(x, weights, bias)
    logits = scratch.relu(hidden) * 3.0
    assert scratch.softmax_cross_entropy(logits, labels) == pytest.approx(float(expected), rel=1e-5)
    assert_close(scratch.softmax(logits), ops.softmax(tf.constant(logits)))
    d_logits = scratch.softmax_cross_entropy_backward(logits, labels)
    ours = scratch.dense_backward(scratch.relu_backward(d_logits * 3.0, hidden), x, weights)
    for mine, theirs in zip(ours, tape.gradient(expected, variables), strict=True):
        assert_close(mine, theirs.numpy())


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_the_gradient_of_conv2d_equals_the_slope_measured_by_nudging_each_number(stride, padding):
    rng = np.random.default_rng(7)
    arrays = [rng.standard_normal(shape) for shape in ((1, 5, 6, 2), (3, 2, 2, 3), (3,))]
    options = {"stride": stride, "padding": padding}
    gradient = rng.standard_normal(scratch.conv2d(*arrays, **options).shape)
    analytic = scratch.conv2d_backward(gradient, *arrays[:2], **options)
    for array, expected in zip(arrays, analytic, strict=True):
        slopes = np.empty_like(array)
        for place in np.ndindex(array.shape):
            original = array[place]
            ends = []
            for nudge in (1e-5, -1e-5):
                array[place] = original + nudge
                ends.append((scratch.conv2d(*arrays, **options) * gradient).sum())
            array[place] = original
            slopes[place] = (ends[0] - ends[1]) / 2e-5
        np.testing.assert_allclose(slopes, expected, rtol=1e-5, atol=1e-7)


def test_no_function_changes_its_inputs_even_where_they_are_read_only():
    rng = np.random.default_rng(0)
    images, kernels = rng.standard_normal((2, 6, 6, 3)), rng.standard_normal((3, 3, 3, 4))
    bias, gradient = rng.standard_normal(4), rng.standard_normal((2, 6, 6, 4))
    tied, pooled = images.round(), rng.standard_normal((2, 3, 3, 3))
    logits, labels = rng.standard_normal((2, 5)), np.array([0, 4])
    before = [a.copy() for a in (images, kernels, bias, gradient, tied, pooled, logits, labels)]
    after = (images, kernels, bias, gradient, tied, pooled, logits, labels)
    for array in after:
        array.flags.writeable = False
    for padding in ("valid", "same"):
        scratch.conv2d(images, kernels, bias, padding=padding)
    scratch.conv2d_backward(gradient, images, kernels, padding="same")
    for pool in ("max_pool2d", "average_pool2d"):
        getattr(scratch, pool)(tied)
        getattr(scratch, f"{pool}_backward")(pooled, tied)
    scratch.relu(images)
    scratch.relu_backward(gradient, gradient)
    scratch.dense(logits, logits.T)
    scratch.dense_backward(np.ones((2, 2)), logits, logits.T)
    scratch.softmax_cross_entropy(logits, labels)
    scratch.softmax_cross_entropy_backward(logits, labels)
    for was, now in zip(before, after, strict=True):
        np.testing.assert_array_equal(was, now)


def test_results_are_new_arrays_that_share_no_memory_with_the_images():
    images = np.ones((1, 4, 4, 1))
    for output in (
        scratch.conv2d(images, np.ones((1, 1, 1, 1))),
        scratch.max_pool2d(images, 1),
        scratch.average_pool2d(images, 1),
        scratch.relu(images),
    ):
        assert not np.shares_memory(output, images)


def test_byte_images_are_computed_in_float32_without_overflow():
    images = np.full((1, 3, 3, 1), 200, np.uint8)
    output = scratch.conv2d(images, np.ones((3, 3, 1, 1), int), np.array([0]))
    assert output.dtype == np.float32
    assert output.item() == 1800
    assert scratch.average_pool2d(images, 3).item() == 200


def test_float32_stays_float32():
    images, kernels = np.ones((1, 4, 4, 1), np.float32), np.ones((3, 3, 1, 1), np.float32)
    gradient = np.ones((1, 2, 2, 1), np.float32)
    outputs = [scratch.conv2d(images, kernels), scratch.max_pool2d(images)]
    outputs += scratch.conv2d_backward(gradient, images, kernels)
    outputs += [scratch.average_pool2d(images), scratch.max_pool2d_backward(gradient, images)]
    assert {output.dtype for output in outputs} == {np.dtype(np.float32)}


def test_output_length_counts_the_stops_of_a_window():
    for length in range(1, 12):
        for kernel in range(1, length + 1):
            for stride in (1, 2, 3):
                stops = len(range(0, length - kernel + 1, stride))
                assert scratch.output_length(length, kernel, stride) == stops
                assert scratch.output_length(length, kernel, stride, "same") == len(
                    range(0, length, stride)
                )


images, kernels = np.zeros((1, 4, 4, 3)), np.zeros((3, 3, 3, 2))
gradient = np.zeros((1, 2, 2, 2))


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda: scratch.conv2d(images[0], kernels), "need 4 axes (n, height, width, channels)"),
        (lambda: scratch.conv2d(images[0], kernels), "images[None] adds the batch axis"),
        (lambda: scratch.max_pool2d(images[None]), "reshape the axes away that are too many"),
        (lambda: scratch.conv2d(images, kernels[0]), "kernels need 4 axes"),
        (lambda: scratch.conv2d(images[..., :1], kernels), "the kernels expect 3 channels"),
        (lambda: scratch.conv2d(images.transpose(0, 3, 1, 2), kernels), "channels come last"),
        (lambda: scratch.conv2d(images, np.zeros((5, 5, 3, 2))), "does not fit into 4"),
        (lambda: scratch.conv2d(images, np.zeros((5, 5, 3, 2))), "use padding='same'"),
        (lambda: scratch.max_pool2d(images, 5), "a window of 5 pixels does not fit into 4"),
        (lambda: scratch.conv2d(images, kernels, padding="full"), "use 'valid' (none) or 'same'"),
        (lambda: scratch.max_pool2d(images, padding="SAME"), "padding is 'SAME'"),
        (lambda: scratch.conv2d(images, kernels, stride=0), "stride is 0; use a whole number"),
        (lambda: scratch.conv2d(images, kernels, stride=(1, 0)), "stride is (1, 0); use a whole"),
        (lambda: scratch.conv2d(images, kernels, stride=1.5), "stride is 1.5; use a whole number"),
        (lambda: scratch.conv2d(images, kernels, stride=(1, 2, 3)), "or a pair of them"),
        (lambda: scratch.average_pool2d(images, 0), "size is 0; use a whole number"),
        (lambda: scratch.conv2d(images, kernels, np.zeros(3)), "2 filters need one number each"),
        (
            lambda: scratch.conv2d_backward(gradient[:, :1], images, kernels),
            "the gradient has shape (1, 1, 2, 2), the layer's output (1, 2, 2, 2)",
        ),
        (
            lambda: scratch.max_pool2d_backward(gradient, images),
            "the layer's output (1, 2, 2, 3)",
        ),
        (
            lambda: scratch.average_pool2d_backward(gradient, images),
            "the layer's output (1, 2, 2, 3)",
        ),
        (lambda: scratch.conv1d(images, kernels[0]), "signals need 3 axes"),
        (lambda: scratch.dense(images, kernels), "flatten images with images.reshape"),
        (lambda: scratch.dense(np.ones((2, 3)), np.ones((4, 5))), "3 features need weights"),
        (
            lambda: scratch.softmax_cross_entropy(np.ones((2, 3)), np.eye(3)[:2]),
            "labels are class numbers, not one-hot rows",
        ),
        (
            lambda: scratch.softmax_cross_entropy(np.ones((2, 3)), np.array([0.0, 1.0])),
            "use .astype(int)",
        ),
        (
            lambda: scratch.softmax_cross_entropy(np.ones((2, 3)), np.array([1, 3])),
            "labels run from 1 to 3, but 3 logits allow 0 to 2",
        ),
        (
            lambda: scratch.fit(scratch.Sequential([]), images, np.zeros(2, dtype=int), epochs=1),
            "1 images but 2 labels",
        ),
    ],
)
def test_an_error_says_what_was_wrong_and_what_to_do(mistake, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        mistake()


def small_network(seed=0):
    rng = np.random.default_rng(seed)
    layers = [scratch.Conv2D(1, 4, 3, rng=rng, padding="same"), scratch.ReLU()]
    layers += [scratch.MaxPool2D(2), scratch.Flatten(), scratch.Dense(36, 2, rng=rng)]
    return scratch.Sequential(layers)


def stripes(n=200, seed=0):
    """Return 6 x 6 images of noisy stripes, and whether they run across."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, n)
    wave = np.tile([0, 1], 18).reshape(6, 6)
    x = np.where(labels[:, None, None] == 1, wave.T, wave) + rng.normal(0, 0.3, (n, 6, 6))
    return x[..., None].astype(np.float32), labels


def test_a_network_learns_stripes_and_repeats_itself_under_one_seed():
    x, y = stripes()
    histories = []
    for _ in range(2):
        network = small_network()
        scores = lambda epoch, network=network: scratch.accuracy(network, x, y)  # noqa: E731
        histories.append(scratch.fit(network, x, y, epochs=3, batch_size=20, after_epoch=scores))
    assert histories[0] == histories[1]
    assert histories[0]["after_epoch"][-1] == 1.0
    assert len(histories[0]["loss"]) == len(histories[0]["after_epoch"]) == 3
    unseen = stripes(seed=1)
    assert scratch.accuracy(network, *unseen) == 1.0


def test_a_networks_gradients_equal_those_of_the_same_network_in_keras():
    x, y = stripes(8)
    network = small_network()
    kernels, bias, weights, last_bias = (tf.constant(p) for p in network.parameters)
    variables = [kernels, bias, weights, last_bias]
    with tf.GradientTape() as tape:
        for variable in variables:
            tape.watch(variable)
        maps = ops.relu(ops.conv(x, kernels, 1, "same") + bias)
        logits = ops.reshape(ops.max_pool(maps, 2), (8, 36)) @ weights + last_bias
        loss = ops.mean(ops.sparse_categorical_crossentropy(y, logits, from_logits=True))
    ours = network.forward(x)
    network.backward(scratch.softmax_cross_entropy_backward(ours, y))
    assert scratch.softmax_cross_entropy(ours, y) == pytest.approx(float(loss), rel=1e-5)
    for mine, theirs in zip(network.gradients, tape.gradient(loss, variables), strict=True):
        np.testing.assert_allclose(mine, theirs.numpy(), atol=1e-5)


def test_a_step_of_fit_is_momentum_descent_with_a_linearly_sinking_rate():
    x, y = stripes(4)
    network, twin = small_network(), small_network()
    scratch.fit(network, x, y, epochs=2, batch_size=4, learning_rate=0.5, momentum=0.5)
    velocities = [np.zeros_like(parameter) for parameter in twin.parameters]
    for rate in (0.5, 0.25):  # two steps in all: the full rate, then half of it
        logits = twin.forward(x)
        twin.backward(scratch.softmax_cross_entropy_backward(logits, y))
        for parameter, velocity, gradient in zip(
            twin.parameters, velocities, twin.gradients, strict=True
        ):
            velocity[...] = 0.5 * velocity - rate * gradient
            parameter += velocity
    for mine, theirs in zip(network.parameters, twin.parameters, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)
