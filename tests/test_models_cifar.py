import numpy as np
import pytest

from course_utils import models, quiet

with quiet():
    import keras

COUNTS = {
    "preact_cnn": 1_926_934,
    "efficient_cnn": 276_280,
    "component_cnn": 24_682,
}
every_model = pytest.mark.parametrize("name", COUNTS)


@pytest.fixture(autouse=True)
def _fresh_keras():
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)


def smooth_images(count=200, seed=0):
    """Draw colour images whose neighbouring pixels agree, as those of photographs do."""
    rng = np.random.default_rng(seed)
    images = rng.normal(0, 1, (count, 32, 32, 3)).cumsum(axis=1).cumsum(axis=2)
    images += rng.normal(0, 30, (count, 1, 1, 3)) + rng.normal(0, 4, images.shape)
    return np.clip(images + 128, 0, 255).astype(np.uint8)


def whitened(model, images):
    """Return the whitening layer's answers before its ReLU, one row for each place."""
    pixels = model.get_layer("whitening")(images.astype("float32") / 255).numpy()
    return pixels.reshape(-1, pixels.shape[-1])


@every_model
def test_parameter_count_is_the_documented_one(name):
    assert getattr(models, name)().count_params() == COUNTS[name]


@every_model
def test_thirty_two_colour_pixels_give_ten_logits(name):
    logits = getattr(models, name)()(smooth_images(4)).numpy()
    assert logits.shape == (4, 10)
    assert not np.allclose(logits.sum(axis=1), 1)  # softmax would sum to 1


def test_unit_normalises_then_drops_the_negative_half_then_convolves():
    inputs = keras.Input((8, 8, 3))
    layers = keras.Model(inputs, models.unit(inputs, 5)).layers[1:]
    kinds = [type(layer).__name__ for layer in layers]
    assert kinds == ["BatchNormalization", "ReLU", "Conv2D"]
    assert layers[-1].output.shape == (None, 8, 8, 5)


def test_preact_cnn_has_the_stages_of_its_source():
    shapes = [layer.output.shape[1:] for layer in models.preact_cnn().layers]
    convolved = [
        layer.output.shape[1:]
        for layer in models.preact_cnn().layers
        if isinstance(layer, keras.layers.Conv2D)
    ]
    assert convolved == [(32, 32, 64)] * 3 + [(16, 16, 128)] * 3 + [(8, 8, 256)] * 3
    assert shapes[-3:] == [(1, 1, 256), (256,), (10,)]


def test_the_scale_of_the_pixels_does_not_matter_to_preact_cnn_in_training():
    model, images = models.preact_cnn(), smooth_images(8).astype("float32")
    kinds = keras.layers.BatchNormalization
    first = next(layer for layer in model.layers if isinstance(layer, kinds))
    answers = [
        first(pixels, training=True).numpy().ravel()
        for pixels in (images / 255, (images - images.mean()) / images.std())
    ]
    assert np.corrcoef(answers)[0, 1] > 0.999
    np.testing.assert_allclose(np.std(answers, axis=1), 1, atol=0.1)  # its epsilon counts


def test_efficient_cnn_shrinks_to_31_15_7_and_3_pixels():
    shapes = [layer.output.shape[1:3] for layer in models.efficient_cnn().layers[:-3]]
    assert list(dict.fromkeys(shapes)) == [(32, 32), (31, 31), (15, 15), (7, 7), (3, 3)]


def test_whitened_patches_are_uncorrelated_with_variance_one_and_mean_zero():
    images = smooth_images()
    kernel, bias = models.whitening(images, epsilon=0)
    patches = (images / 255)[:, ::2, ::2], (images / 255)[:, ::2, 1::2]
    patches += (images / 255)[:, 1::2, ::2], (images / 255)[:, 1::2, 1::2]
    rows = np.stack(patches, axis=3).reshape(-1, 12)
    answers = rows @ kernel.reshape(12, 24)[:, :12] + bias[:12]
    np.testing.assert_allclose(answers.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(np.cov(answers.T), np.eye(12), atol=1e-2)


def test_whitening_inside_the_network_holds_for_images_that_it_never_saw():
    model = models.efficient_cnn(smooth_images(400, seed=0))
    covariance = np.cov(whitened(model, smooth_images(400, seed=1))[:, :12].T)
    off_diagonal = covariance - np.diag(covariance.diagonal())
    assert np.abs(off_diagonal).max() < 0.05
    np.testing.assert_allclose(covariance.diagonal(), 1, atol=0.2)


def test_second_half_of_the_whitening_filters_are_the_negatives_of_the_first():
    kernel, bias = models.whitening(smooth_images(20))
    np.testing.assert_array_equal(kernel[..., 12:], -kernel[..., :12])
    np.testing.assert_allclose(bias[12:], -bias[:12], rtol=1e-5)


def test_whitening_is_frozen_and_the_rest_is_trained():
    model = models.efficient_cnn()
    frozen = {weight.path for weight in model.weights} - {
        weight.path for weight in model.trainable_weights
    }
    assert {path.split("/")[-1] for path in frozen if "whitening" in path} == {"kernel", "bias"}
    assert all("whitening" in path or "moving" in path for path in frozen)


def test_convolutions_start_by_handing_their_channels_on():
    model = models.efficient_cnn()
    wide = [layer for layer in model.layers if layer.output.shape[-1] == 64]
    images = np.random.default_rng(0).normal(size=(2, 7, 7, 64)).astype("float32")
    second = [layer for layer in wide if isinstance(layer, keras.layers.Conv2D)][1]
    np.testing.assert_allclose(second(images).numpy(), images, rtol=1e-5)


def test_without_identity_every_kernel_is_random():
    for layer in models.efficient_cnn(identity=False).layers:
        if isinstance(layer, keras.layers.Conv2D) and layer.name != "whitening":
            assert np.all(layer.get_weights()[0] != 0)


def test_fresh_efficient_cnn_is_unsure():
    images = smooth_images(50)
    probabilities = keras.ops.softmax(models.efficient_cnn(images)(images)).numpy()
    assert probabilities.max() < 0.5


@pytest.mark.parametrize(
    ("pooling", "last"), [("none", 32), ("max", 4), ("average", 4), ("strided", 4)]
)
def test_pooling_decides_how_far_the_picture_shrinks(pooling, last):
    model = models.component_cnn(pooling=pooling)
    assert model.layers[-3].output.shape[1:] == (last, last, 64)
    assert model.count_params() == COUNTS["component_cnn"]


@pytest.mark.parametrize(
    ("norm", "kinds"),
    [
        ("none", ["Conv2D", "ReLU", "MaxPooling2D"]),
        ("before", ["Conv2D", "BatchNormalization", "ReLU", "MaxPooling2D"]),
        ("after", ["Conv2D", "ReLU", "BatchNormalization", "MaxPooling2D"]),
    ],
)
def test_norm_decides_where_batch_normalisation_stands(norm, kinds):
    layers = models.component_cnn(norm=norm).layers[1:]  # without the rescaling
    assert [type(layer).__name__ for layer in layers[: len(kinds)]] == kinds


def test_component_cnn_takes_other_widths_images_and_dropout():
    model = models.component_cnn(widths=(4, 8), dropout=0.25, input_shape=(28, 28, 1))
    assert model.output_shape == (None, 10)
    assert model.get_layer("dropout").rate == 0.25


@pytest.mark.parametrize("wrong", [{"pooling": "maximum"}, {"norm": "batch"}])
def test_unknown_components_are_refused_with_the_known_ones(wrong):
    with pytest.raises(ValueError, match=r"strided.*before.*got"):
        models.component_cnn(**wrong)
