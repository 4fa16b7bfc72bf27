import subprocess
import sys

import numpy as np
import pytest

from course_utils import models, quiet

with quiet():
    import keras

COUNTS = {
    "dense_baseline": 101_770,
    "fashion_cnn": 421_642,
    "small_cnn": 93_322,
    "deeper_cnn": 420_906,
}
# The output of every layer that has one of its own, and its parameters, counted by hand.
SMALL_CNN_LAYERS = [
    ((26, 26, 32), 3 * 3 * 1 * 32 + 32),
    ((13, 13, 32), 0),
    ((11, 11, 64), 3 * 3 * 32 * 64 + 64),
    ((5, 5, 64), 0),
    ((3, 3, 64), 3 * 3 * 64 * 64 + 64),
    ((576,), 0),
    ((64,), 576 * 64 + 64),
    ((10,), 64 * 10 + 10),
]
every_model = pytest.mark.parametrize("name", COUNTS)


@pytest.fixture(autouse=True)
def _fresh_keras():
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)


def stripes(count=64, seed=0):
    """Draw images of ten classes that a network can tell apart: bright row 2k for class k."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 10
    images = rng.integers(0, 60, (count, 28, 28, 1), dtype=np.uint8)
    images[np.arange(count), 2 * labels + 4] = 255
    return images, labels


@every_model
def test_parameter_count_is_the_documented_one(name):
    assert getattr(models, name)().count_params() == COUNTS[name]


@every_model
def test_twenty_eight_pixels_give_ten_logits(name):
    images, _ = stripes(6)
    logits = getattr(models, name)()(images).numpy()
    assert logits.shape == (6, 10)
    assert not np.allclose(logits.sum(axis=1), 1)  # softmax would sum to 1


def test_small_cnn_has_the_shapes_and_counts_derived_by_hand():
    layers = models.small_cnn().layers[1:]  # without the rescaling
    assert [(layer.output.shape[1:], layer.count_params()) for layer in layers] == SMALL_CNN_LAYERS


def test_fashion_cnn_keeps_the_size_in_convolutions_and_halves_it_in_pooling():
    shapes = [layer.output.shape[1:] for layer in models.fashion_cnn().layers[1:6]]
    assert shapes == [(28, 28, 32), (14, 14, 32), (14, 14, 64), (7, 7, 64), (3136,)]


def test_deeper_cnn_has_seven_convolutions_and_stays_below_half_a_million_parameters():
    model = models.deeper_cnn()
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert len(convolutions) == 7
    assert model.count_params() < 500_000


@every_model
def test_pixels_are_divided_by_255_inside_the_model(name):
    first = getattr(models, name)().layers[0]
    images, _ = stripes(4)
    np.testing.assert_allclose(first(images).numpy(), images / 255, rtol=1e-6)


@every_model
def test_bytes_and_floats_of_the_same_pixels_give_the_same_logits(name):
    model, (images, _) = getattr(models, name)(), stripes(4)
    as_floats = model(images.astype("float32")).numpy()
    np.testing.assert_allclose(model(images).numpy(), as_floats, rtol=1e-6)


@every_model
def test_loss_of_a_fresh_model_is_near_ln_10(name):
    model, (images, labels) = getattr(models, name)(), stripes()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    assert abs(float(loss(labels, model(images))) - np.log(10)) < 0.5


@every_model
def test_a_few_steps_on_one_batch_reduce_the_loss(name):
    model, (images, labels) = getattr(models, name)(), stripes()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, jit_compile=False)
    losses = [float(model.train_on_batch(images, labels)) for _ in range(12)]
    assert losses[-1] < 0.8 * losses[0]


@every_model
def test_two_builds_share_no_weights(name):
    build = getattr(models, name)
    first, second = build(), build()
    assert first is not second
    assert not np.array_equal(first.get_weights()[0], second.get_weights()[0])


def test_importing_the_models_imports_no_keras():
    code = "import sys, course_utils.models; sys.exit('keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
