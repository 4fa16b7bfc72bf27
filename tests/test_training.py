import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import models, quiet, training
from course_utils.training import Recipe

with quiet():
    import keras

SMALL = Recipe(epochs=3, batch=16, peak=0.05, seed=3)


def build(seed=0):
    """Build a small network with everything that a checkpoint must keep, dropout included."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    return models.component_cnn(widths=(4, 8), dropout=0.5, input_shape=(12, 12, 3))


def pictures(count=70, seed=0):
    """Draw images of ten classes: a bright column for each class."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 10
    images = rng.integers(0, 90, (count, 12, 12, 3), dtype=np.uint8)
    images[np.arange(count), :, labels + 1] = 255
    return images, labels


def weights(model):
    return [np.asarray(variable) for variable in model.variables]


# Schedule


def test_triangular_rate_rises_to_its_peak_and_falls_to_zero():
    recipe = Recipe(peak=0.5, warmup=0.25)
    assert [recipe.rate(progress) for progress in (0, 0.125, 0.25, 0.625, 1)] == [
        *(0, 0.25, 0.5, 0.25, 0)
    ]


def test_cosine_rate_has_the_same_peak_and_ends_and_its_middle_is_half_way():
    recipe = Recipe(peak=0.5, warmup=0.2, schedule="cosine")
    found = [recipe.rate(progress) for progress in (0, 0.2, 0.6, 1)]
    np.testing.assert_allclose(found, [0, 0.5, 0.25, 0], atol=1e-12)


def test_constant_rate_stays_at_its_peak():
    assert {Recipe(schedule="constant", peak=0.4).rate(x) for x in (0, 0.3, 1)} == {0.4}


@pytest.mark.parametrize("wrong", [{"schedule": "linear"}, {"flips": "sometimes"}])
def test_unknown_words_in_a_recipe_are_refused(wrong):
    with pytest.raises(ValueError, match="is none of"):
        Recipe(**wrong)


# Crop and flip


@given(seed=st.integers(0, 1000), pixels=st.integers(0, 3))
@settings(max_examples=20, deadline=None)
def test_every_crop_is_a_window_of_the_reflected_image(seed, pixels):
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (5, 6, 7, 3), dtype=np.uint8)
    cropped = training.crop(images, rng, pixels)
    assert cropped.dtype == images.dtype
    for image, result in zip(images, cropped, strict=True):
        padded = np.pad(image, ((pixels, pixels), (pixels, pixels), (0, 0)), mode="reflect")
        places = range(2 * pixels + 1)
        windows = [padded[top : top + 6, left : left + 7] for top in places for left in places]
        assert any(np.array_equal(result, window) for window in windows)


def test_crops_of_many_images_use_every_place_about_equally_often():
    images = np.zeros((5000, 7, 7, 1), np.uint8)
    images[:, 3, 3] = 1
    where = training.crop(images, np.random.default_rng(0), 2)[..., 0].mean(axis=0)
    np.testing.assert_allclose(where[1:6, 1:6], 1 / 25, atol=0.012)
    assert where[0].sum() == where[:, 0].sum() == 0


def test_flip_mirrors_the_named_images_left_to_right_and_leaves_the_others():
    images, _ = pictures(6)
    mirror = np.array([1, 0, 0, 1, 1, 0], bool)
    flipped = training.flip(images, mirror)
    np.testing.assert_array_equal(flipped[~mirror], images[~mirror])
    np.testing.assert_array_equal(flipped[mirror], images[mirror][:, :, ::-1])
    np.testing.assert_array_equal(training.flip(flipped, mirror), images)


def test_alternating_flips_show_each_image_in_both_directions_in_every_two_epochs():
    epochs = [training.mirrored_in(epoch, 400, Recipe()) for epoch in range(4)]
    np.testing.assert_array_equal(epochs[0], ~epochs[1])
    np.testing.assert_array_equal(epochs[0], epochs[2])
    assert 0.4 < epochs[0].mean() < 0.6


def test_random_flips_of_two_epochs_are_independent_and_none_are_none():
    first, second = (training.mirrored_in(e, 2000, Recipe(flips="random")) for e in (0, 1))
    assert 0.45 < np.mean(first == second) < 0.55
    assert not training.mirrored_in(1, 50, Recipe(flips="none")).any()


# Batches


def test_an_epoch_shows_every_image_once_with_its_label_apart_from_the_rest_of_a_batch():
    labels = np.arange(70)
    images = np.broadcast_to(labels[:, None, None, None].astype(np.uint8), (70, 6, 6, 3))
    shown = list(training.batches(images, labels, SMALL, epoch=0))
    assert [len(batch) for batch, _ in shown] == [16] * 4
    seen = np.concatenate([answers for _, answers in shown])
    assert len(set(seen)) == 64
    assert all(np.all(batch[:, 0, 0, 0] == answers) for batch, answers in shown)


def test_an_epoch_can_be_repeated_exactly_and_another_one_differs():
    images, labels = pictures()
    first, again, other = (
        next(iter(training.batches(images, labels, SMALL, epoch))) for epoch in (1, 1, 2)
    )
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert not np.array_equal(first[1], other[1])


def test_distort_replaces_crop_and_flip():
    images, labels = pictures()
    dark = lambda batch, rng: np.zeros_like(batch)  # noqa: E731
    assert all(not batch.any() for batch, _ in training.batches(images, labels, SMALL, 0, dark))


# Training


def test_training_learns_a_task_that_can_be_learned():
    images, labels = pictures(320)
    model = build()
    losses = training.train(
        model, images, labels, Recipe(epochs=12, batch=32, peak=0.2, shift=0, flips="none")
    )
    assert losses[-1] < 0.7 * losses[0]
    assert training.accuracy(model, images, labels) > 0.6


def test_one_step_is_nesterov_descent_with_l2_and_smoothed_labels():
    images, labels = pictures(16)
    keras.utils.clear_session()
    model = keras.Sequential([keras.Input((12, 12, 3)), keras.layers.Flatten()])
    model.add(keras.layers.Dense(10, kernel_initializer="zeros"))
    recipe = Recipe(epochs=1, batch=16, peak=1e-3, schedule="constant", shift=0, flips="none")
    training.train(model, images, labels, recipe)
    targets = 0.9 * np.eye(10)[labels] + 0.1 / 10
    slope = (np.full((16, 10), 0.1) - targets) / 16  # softmax of zero logits, minus the targets
    kernel = images.reshape(16, -1).T @ slope  # the decay of a zero kernel is zero
    found = [np.asarray(weight) for weight in model.weights]
    for weight, gradient in zip(found, (kernel, slope.sum(axis=0)), strict=True):
        np.testing.assert_allclose(weight, -1e-3 * 1.9 * gradient, rtol=1e-4, atol=1e-7)


def test_decay_shrinks_kernels_and_leaves_biases_alone():
    keras.utils.clear_session()
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten()])
    model.add(keras.layers.Dense(10, kernel_initializer="ones", bias_initializer="ones"))
    black, labels = np.zeros((20, 4, 4, 1), np.uint8), np.arange(20) % 10  # no gradient at all
    recipe = Recipe(epochs=1, batch=20, peak=0.1, decay=0.5, schedule="constant")
    training.train(model, black, labels, recipe)
    kernel, bias = (np.asarray(weight) for weight in model.weights)
    np.testing.assert_allclose(kernel, 1 - 0.1 * 1.9 * 0.5, rtol=1e-6)
    np.testing.assert_allclose(bias, 1, atol=1e-6)


def test_frozen_layers_keep_their_numbers():
    images, labels = np.random.default_rng(0).integers(0, 256, (32, 32, 32, 3)), np.arange(32) % 10
    keras.utils.clear_session()
    model = models.efficient_cnn(images.astype(np.uint8), widths=(4, 4, 4))
    before = model.get_layer("whitening").get_weights()
    training.train(model, images.astype(np.uint8), labels, Recipe(epochs=1, batch=16))
    for old, new in zip(before, model.get_layer("whitening").get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


class Interrupted(Exception):
    pass


def interrupt(epoch, loss):
    if epoch == 2:
        raise Interrupted


def test_training_resumed_after_an_interruption_ends_in_the_same_bits(tmp_path):
    (images, labels), kept = pictures(), tmp_path / "kept.npz"
    whole = build()
    losses = training.train(whole, images, labels, SMALL)
    with pytest.raises(Interrupted):
        training.train(build(), images, labels, SMALL, checkpoint=kept, after_epoch=interrupt)
    resumed = build(seed=9)  # other first weights: everything must come from the checkpoint
    assert training.train(resumed, images, labels, SMALL, checkpoint=kept) == losses
    for one, other in zip(weights(whole), weights(resumed), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_finished_training_is_not_trained_again(tmp_path):
    (images, labels), kept = pictures(), tmp_path / "kept.npz"
    model = build()
    losses = training.train(model, images, labels, SMALL, checkpoint=kept)
    again, epochs = build(seed=1), []
    found = training.train(
        again, images, labels, SMALL, checkpoint=kept, after_epoch=lambda *done: epochs.append(done)
    )
    assert (found, epochs) == (losses, [])
    np.testing.assert_array_equal(weights(model)[0], weights(again)[0])


def test_a_checkpoint_of_another_recipe_or_model_is_refused(tmp_path):
    (images, labels), kept = pictures(), tmp_path / "kept.npz"
    training.train(build(), images, labels, SMALL, checkpoint=kept)
    with pytest.raises(ValueError, match="another training"):
        training.train(build(), images, labels, Recipe(epochs=9, batch=16), checkpoint=kept)
    other = models.component_cnn(widths=(4, 6), dropout=0.5, input_shape=(12, 12, 3))
    with pytest.raises(ValueError, match="another model"):
        training.train(other, images, labels, SMALL, checkpoint=kept)


def test_checkpoints_are_written_whole_and_leave_nothing_else_behind(tmp_path):
    images, labels = pictures()
    training.train(build(), images, labels, SMALL, checkpoint=tmp_path / "new" / "kept.npz")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["kept.npz"]


def test_fewer_images_than_a_batch_are_refused():
    images, labels = pictures(10)
    with pytest.raises(ValueError, match="a batch of 16 is more than all 10 images"):
        training.train(build(), images, labels, SMALL)


# Prediction


def test_the_mirrored_look_averages_both_logits_and_ignores_direction():
    model, (images, _) = build(), pictures(23)
    plain = training.predict(model, images, batch=10)
    other = training.predict(model, images[:, :, ::-1], batch=10)
    both = training.predict(model, images, mirrored=True, batch=10)
    np.testing.assert_allclose(both, (plain + other) / 2, rtol=1e-5)
    turned = training.predict(model, images[:, :, ::-1], mirrored=True)
    np.testing.assert_allclose(both, turned, rtol=1e-4, atol=1e-6)


def test_accuracy_is_the_share_of_right_answers():
    model, (images, _) = build(), pictures(40)
    answers = training.predict(model, images).argmax(axis=1)
    wrong = np.where(np.arange(40) < 10, (answers + 1) % 10, answers)
    assert training.accuracy(model, images, answers) == 1
    assert training.accuracy(model, images, wrong) == 0.75
