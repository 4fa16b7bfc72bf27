import numpy as np
import pytest

from course_utils import models, quiet

with quiet():
    import keras


@pytest.fixture(autouse=True)
def _fresh_keras():
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)


@pytest.mark.parametrize(("pixels", "count"), [(150, 3_453_121), (64, 504_001)])
def test_cats_dogs_cnn_has_the_parameters_of_its_source_at_each_size(pixels, count):
    last = {150: 7, 64: 2}[pixels]  # four times: minus 2, then half of it, rounded down
    by_hand = 3 * 9 * 32 + 32 + 32 * 9 * 64 + 64 + 64 * 9 * 128 + 128 + 128 * 9 * 128 + 128
    by_hand += last * last * 128 * 512 + 512 + 512 + 1
    assert models.cats_dogs_cnn((pixels, pixels, 3)).count_params() == by_hand == count


def test_one_logit_an_image_and_no_sigmoid():
    pixels = np.random.default_rng(0).integers(0, 256, (20, 64, 64, 3), dtype=np.uint8)
    model = models.cats_dogs_cnn((64, 64, 3))
    logits = model(pixels).numpy()
    last = model.layers[-1]
    last.set_weights([-weight for weight in last.get_weights()])
    assert logits.shape == (20, 1)
    np.testing.assert_allclose(model(pixels).numpy(), -logits, rtol=1e-4, atol=1e-6)


def test_fewer_than_46_pixels_are_refused_and_46_are_enough():
    assert models.cats_dogs_cnn((46, 46, 3)).layers[-4].output.shape[1:3] == (1, 1)
    with pytest.raises(ValueError, match="46 pixels or more"):
        models.cats_dogs_cnn((45, 60, 3))


def test_dropout_stands_between_the_features_and_the_dense_layers():
    kinds = [type(layer).__name__ for layer in models.cats_dogs_cnn(dropout=0.5).layers[-4:]]
    assert kinds == ["Flatten", "Dropout", "Dense", "Dense"]


def test_airplanes_motorbikes_cnn_has_more_than_two_million_parameters():
    model = models.airplanes_motorbikes_cnn()
    assert model.count_params() == 2_391_329
    assert model.output_shape == (None, 1)
