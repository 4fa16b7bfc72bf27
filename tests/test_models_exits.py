"""The network with two exits, and training both together."""

import numpy as np
import pytest

from course_utils import models, quiet, training

with quiet():
    import keras


@pytest.fixture(autouse=True)
def _fresh_keras():
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)


def images(n=16):
    return np.random.default_rng(0).integers(0, 256, (n, 32, 32, 3), dtype=np.uint8)


def test_the_early_exit_costs_a_third_of_all_multiply_adds():
    rows = models.multiply_adds(models.two_exit_cnn()).rows
    early = sum(row.multiply_adds for row in (*rows[:3], rows[6]))
    assert early == 16**2 * (12 * 24 + 9 * 24 * 32) + 8**2 * 9 * 32 * 32 + 320
    assert round(early / sum(row.multiply_adds for row in rows), 2) == 0.34


def test_the_whitening_layer_holds_the_whitening_and_is_frozen():
    model = models.two_exit_cnn(images())
    kernel, bias = model.get_layer("whitening").get_weights()
    wanted = models.whitening(images())
    np.testing.assert_array_equal(kernel, wanted[0])
    np.testing.assert_array_equal(bias, wanted[1])
    assert not model.get_layer("whitening").trainable_weights


def test_device_and_server_together_answer_like_the_whole():
    model = models.two_exit_cnn(images())
    split = model.get_layer("split").output
    device = keras.Model(model.input, [split, model.outputs[0]])
    server = keras.Model(split, model.outputs[1])
    whole = training.predict_exits(model, images())
    maps, early = training.predict_exits(device, images())
    np.testing.assert_allclose(early, whole[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(server.predict(maps, verbose=0), whole[1], rtol=1e-4, atol=1e-5)


def test_batches_do_not_change_what_exits_say():
    model = models.two_exit_cnn(images())
    at_once, in_parts = (training.predict_exits(model, images(), batch=n) for n in (16, 5))
    for one, other in zip(at_once, in_parts, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_training_lowers_the_loss_of_both_exits():
    labels = np.arange(16) % 4
    model = models.two_exit_cnn(images())

    def losses():
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        return [float(loss(labels, exit)) for exit in training.predict_exits(model, images())]

    before = losses()
    recipe = training.Recipe(epochs=20, batch=8, peak=0.2, shift=0, flips="none")
    reported = training.train_exits(model, images(), labels, recipe)
    assert len(reported) == 20
    assert reported[-1] < reported[0]
    assert all(now < then for now, then in zip(losses(), before, strict=True))


def test_fewer_images_than_a_batch_are_refused():
    with pytest.raises(ValueError, match="a batch of 128 is more than all 16 images"):
        training.train_exits(models.two_exit_cnn(), images(), np.zeros(16, int), training.Recipe())
