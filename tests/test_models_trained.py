import numpy as np
import pytest

from course_utils import data, load, models, training

EXPECTED = {  # data set, test accuracy of the recorded runs in %, give or take
    "efficient_cnn": ("cifar10", 88.5, 2),
    "deeper_cnn": ("fashion_mnist", 93.4, 2),
}


@pytest.fixture(params=EXPECTED)
def name(request):
    return request.param


def test_a_trained_network_recognises_as_many_embedded_images_as_it_should(name):
    images, percent, tolerance = EXPECTED[name]
    mini = load(images)
    found = 100 * training.accuracy(models.load_trained(name), mini.x_test, mini.y_test)
    assert abs(found - percent) < tolerance


def test_trained_weights_are_float32_and_kernels_have_the_precision_of_float16(name):
    model = models.load_trained(name)
    for weight in model.get_weights():
        assert weight.dtype == np.float32
        if weight.ndim > 1:
            np.testing.assert_array_equal(weight, weight.astype(np.float16))


def test_float16_kernels_change_hardly_an_answer_of_rounded_again_networks(name):
    model, images = models.load_trained(name), load(EXPECTED[name][0]).x_test[:500]
    before = training.predict(model, images)
    rng = np.random.default_rng(0)  # shift every kernel by up to the rounding that it went through
    for weight in model.trainable_variables:
        if len(weight.shape) > 1:
            value = np.asarray(weight)
            weight.assign(value * (1 + rng.uniform(-(2**-11), 2**-11, value.shape)))
    after = training.predict(model, images)
    assert np.abs(after - before).max() < 0.05
    assert np.mean(before.argmax(axis=1) == after.argmax(axis=1)) >= 0.995


def test_the_card_says_how_a_network_was_trained(name):
    facts = data.catalog()["weights"].mini[name]
    assert facts["builder"] == name
    assert "epochs" in facts["recipe"]
    assert "% as stored" in facts["accuracy"]


def test_an_unknown_network_is_refused_with_the_known_names():
    with pytest.raises(data.DataError, match="deeper_cnn"):
        models.load_trained("vgg99")
