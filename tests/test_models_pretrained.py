"""VGG16, ResNet50 and MobileNetV2: keras.applications' networks, with pixels from 0 to 255."""

import resource

import numpy as np
import pytest

from course_utils import models, quiet
from course_utils.data import DataError

with quiet():
    import keras

BUILDERS = {
    "vgg16": (models.vgg16, keras.applications.vgg16, "VGG16"),
    "resnet50": (models.resnet50, keras.applications.resnet50, "ResNet50"),
    "mobilenet_v2": (models.mobilenet_v2, keras.applications.mobilenet_v2, "MobileNetV2"),
}
HEADLESS = {"include_top": False, "weights": None}


@pytest.fixture(autouse=True)
def _fresh_keras():
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)


def trainable(model):
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


def outline(name, shape, **options):
    with models.shapes_only():
        return BUILDERS[name][0](shape, **(HEADLESS | options))


@pytest.mark.parametrize("name", BUILDERS)
def test_pixels_from_0_to_255_give_what_keras_gives_after_its_preprocessing(name):
    build, module, original = BUILDERS[name]
    shape = (64, 64, 3)
    ours = build(shape, **HEADLESS, pooling="avg")
    theirs = getattr(module, original)(input_shape=shape, **HEADLESS, pooling="avg")
    theirs.set_weights(ours.get_weights())
    pixels = np.random.default_rng(0).integers(0, 256, (2, *shape)).astype("float32")
    wanted = theirs.predict(module.preprocess_input(pixels.copy()), verbose=0)
    np.testing.assert_allclose(ours.predict(pixels, verbose=0), wanted, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "with_top", "without"),
    [
        ("vgg16", 138_357_544, 14_714_688),
        ("resnet50", 25_636_712, 23_587_712),
        ("mobilenet_v2", 3_538_984, 2_257_984),
    ],
)
def test_parameters_are_those_of_the_papers_networks(name, with_top, without):
    assert outline(name, (224, 224, 3), include_top=True).count_params() == with_top
    assert outline(name, (224, 224, 3)).count_params() == without


def test_outlines_take_practically_no_memory():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outline("vgg16", (224, 224, 3), include_top=True)  # 553 MB if it had weights
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kilobytes


def test_networks_built_after_an_outline_have_weights_again():
    outline("vgg16", (64, 64, 3))
    network = models.mobilenet_v2((32, 32, 3), **HEADLESS, pooling="avg")
    assert network(np.zeros((1, 32, 32, 3), "float32")).shape == (1, 1280)


def test_a_frozen_vgg16_leaves_its_head_to_train_and_block_5_where_asked():
    with models.shapes_only():
        base = models.vgg16((150, 150, 3), **HEADLESS)
        stack = [base, keras.layers.Flatten(), keras.layers.Dense(256), keras.layers.Dense(1)]
        model = keras.Sequential(stack)
    assert base.output_shape == (None, 4, 4, 512)
    assert (model.count_params(), trainable(model)) == (16_812_353, 16_812_353)
    base.trainable = False
    assert trainable(model) == 2_097_665
    base.trainable = True
    for layer in base.layers:
        layer.trainable = layer.name.startswith("block5")
    assert trainable(model) == 9_177_089


def test_a_frozen_resnet50_under_12_classes_trains_24588_numbers():
    with models.shapes_only():
        base = models.resnet50((150, 150, 3), **HEADLESS)
        stack = [base, keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(12)]
        model = keras.Sequential(stack)
    base.trainable = False
    assert (model.count_params(), trainable(model)) == (23_612_300, 24_588)


def test_an_own_head_over_any_backbone_is_saved_and_read_back(tmp_path):
    pixels = np.random.default_rng(0).uniform(0, 255, (1, 32, 32, 3)).astype("float32")
    for name, (build, *_) in BUILDERS.items():
        base = build((32, 32, 3), **HEADLESS, pooling="avg")
        model = keras.Sequential([base, keras.layers.Dense(1)])
        model.save(tmp_path / f"{name}.keras")
        again = keras.models.load_model(tmp_path / f"{name}.keras")
        np.testing.assert_allclose(again(pixels), model(pixels), rtol=1e-5, atol=1e-5)


def test_downloaded_weights_reach_their_layers(monkeypatch):
    source = keras.applications.MobileNetV2(input_shape=(96, 96, 3), **HEADLESS)
    asked = {}

    def get_file(fname, origin=None, **options):
        asked["file"] = fname
        return "downloaded"

    def load_weights(model, path):
        asked["path"] = path
        model.set_weights(source.get_weights())

    module = keras.src.applications.mobilenet_v2
    monkeypatch.setattr(module.file_utils, "get_file", get_file)
    monkeypatch.setattr(keras.Model, "load_weights", load_weights)
    network = models.mobilenet_v2((96, 96, 3), include_top=False)
    assert "1.0_96_no_top" in asked["file"]
    assert asked["path"] == "downloaded"
    for ours, theirs in zip(network.get_weights(), source.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("name", BUILDERS)
def test_without_a_network_one_error_says_what_was_tried_and_what_helps(name, monkeypatch):
    def get_file(fname, origin=None, **options):
        raise Exception(f"URL fetch failure on {origin}: None -- [Errno -2] Name not known")

    monkeypatch.setattr(keras.src.utils.file_utils, "get_file", get_file)
    with pytest.raises(DataError) as raised:
        BUILDERS[name][0]()
    message = str(raised.value)
    assert message.startswith(
        f"the ImageNet weights of {BUILDERS[name][2]} are not on this machine"
    )
    assert "[Errno -2] Name not known" in message
    assert "efficientnet_lite0() comes with the course" in message


def test_other_errors_keep_their_own_words():
    with pytest.raises(ValueError, match="at least 32x32"):
        models.resnet50((16, 16, 3), **HEADLESS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": (224, 224, 1)}, "VGG16 takes .* repeat a grey channel"),
        ({"weights": "places365"}, "weights is 'places365'"),
        ({"classifier_activation": "sigmoid"}, "classifier_activation is 'sigmoid'"),
        ({"pooling": "mean", "include_top": False}, "pooling is 'mean'"),
    ],
)
def test_arguments_that_mean_nothing_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        models.vgg16(**arguments)
