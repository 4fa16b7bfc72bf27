"""EfficientNet-Lite0 is the original network, and takes the arguments of keras.applications."""

from pathlib import Path

import numpy as np
import pytest

from course_utils import models, photo
from course_utils.models.imagenet import imagenet_classes

REFERENCE = Path(__file__).parent / "references" / "efficientnet_lite0.npz"


@pytest.fixture(scope="module")
def reference():
    with np.load(REFERENCE) as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def network():
    return models.efficientnet_lite0(classifier_activation=None)


def middle(name, side=224):
    picture = photo(name)
    top, left = ((size - side) // 2 for size in picture.shape[:2])
    return picture[top : top + side, left : left + side]


def test_the_shipped_network_gives_the_original_s_logits_and_classes(network, reference):
    images = np.stack([middle(name) for name in reference["photos"]])
    logits = network.predict(images, verbose=0)
    assert np.abs(logits - reference["logits"]).max() < 0.1
    assert (logits.argmax(axis=1) == reference["logits"].argmax(axis=1)).all()


def test_the_reference_comes_from_four_photographs_that_differ(reference):
    assert reference["logits"].shape == (4, 1000)
    assert len(set(reference["logits"].argmax(axis=1))) == 4


def test_the_classifier_ends_in_probabilities_unless_told_otherwise(network):
    cat = middle("cat")[None]
    probabilities = models.efficientnet_lite0().predict(cat, verbose=0)
    logits = network.predict(cat, verbose=0)
    wanted = np.exp(logits - logits.max())
    np.testing.assert_allclose(probabilities, wanted / wanted.sum(), atol=1e-5)


def test_without_the_top_the_features_are_those_under_it(network):
    cat = middle("cat")[None]
    features = models.efficientnet_lite0(include_top=False, pooling="avg")
    kernel, bias = network.get_layer("predictions").get_weights()
    logits = features.predict(cat, verbose=0) @ kernel + bias
    np.testing.assert_allclose(logits, network.predict(cat, verbose=0), atol=1e-3)


def test_the_strongest_feature_is_what_max_pooling_keeps():
    cat = middle("cat", side=96)[None]
    arguments = {"input_shape": (96, 96, 3), "include_top": False}
    whole = models.efficientnet_lite0(**arguments).predict(cat, verbose=0)
    strongest = models.efficientnet_lite0(**arguments, pooling="max").predict(cat, verbose=0)
    assert whole.shape == (1, 3, 3, 1280)
    np.testing.assert_allclose(strongest, whole.max(axis=(1, 2)), atol=1e-5)


def test_every_weight_is_counted_once():
    assert models.efficientnet_lite0(weights=None).count_params() == 4_694_024
    assert models.efficientnet_lite0(include_top=False, weights=None).count_params() == 3_413_024


def test_two_networks_with_random_weights_differ():
    cat = middle("cat", side=64)[None].astype("float32")
    small = {"input_shape": (64, 64, 3), "include_top": False, "weights": None}
    one, other = (models.efficientnet_lite0(**small)(cat) for _ in range(2))
    assert float(np.abs(one - other).max()) > 0


def test_every_photograph_of_the_course_gets_a_name():
    cat = models.efficientnet_lite0().predict(middle("coffee")[None], verbose=0)
    [[(wordnet_id, name, probability)]] = models.decode_predictions(cat, top=1)
    assert (wordnet_id, name) == ("n07920052", "espresso")
    assert 0.3 < probability <= 1


def test_the_classes_are_imagenet_s():
    classes = imagenet_classes()
    assert len(classes) == len({key for key, _ in classes}) == 1000
    assert [classes[place].name for place in (0, 285, 999)] == [
        "tench",
        "Egyptian_cat",
        "toilet_tissue",
    ]


def test_predictions_are_named_from_the_largest_down():
    scores = np.zeros((2, 1000))
    scores[0, [3, 4]], scores[1, [5, 6]] = (0.2, 0.8), (0.6, 0.4)
    first, second = models.decode_predictions(scores, top=2)
    assert [score for _, _, score in first + second] == [0.8, 0.2, 0.6, 0.4]


@pytest.mark.parametrize("shape", [(1000,), (1, 999), (1, 1, 1000)])
def test_predictions_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"must have \(n, 1000\)"):
        models.decode_predictions(np.zeros(shape))


@pytest.mark.parametrize("top", [0, 1001])
def test_an_impossible_number_of_names_is_refused(top):
    with pytest.raises(ValueError, match="between 1 and 1,000"):
        models.decode_predictions(np.zeros((1, 1000)), top=top)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": (224, 224, 1)}, "repeat a grey channel"),
        ({"input_shape": (3, 224, 224)}, "channels last"),
        ({"input_shape": (224, 224)}, "height, width, 3"),
        ({"weights": "imagenet21k"}, "weights is 'imagenet21k'"),
        ({"classifier_activation": "sigmoid"}, "classifier_activation is 'sigmoid'"),
        ({"pooling": "mean", "include_top": False}, "pooling is 'mean'"),
    ],
)
def test_arguments_that_mean_nothing_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        models.efficientnet_lite0(**arguments)
