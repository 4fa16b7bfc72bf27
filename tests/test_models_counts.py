import pytest

from course_utils import models, quiet

with quiet():
    import keras

    from course_utils.models.building import layers, sequential


def test_convolution_costs_its_kernel_at_every_place_of_the_output():
    model = sequential("one", layers().Conv2D(5, (3, 2), strides=2), input_shape=(9, 8, 4))
    [row] = models.multiply_adds(model).rows
    assert (row.kind, row.output) == ("Conv2D", (4, 4, 5))
    assert row.multiply_adds == (4 * 4) * (3 * 2 * 4) * 5


def test_depthwise_convolution_costs_one_channel_a_filter():
    model = sequential("one", layers().DepthwiseConv2D(3, padding="same"), input_shape=(6, 6, 7))
    assert models.multiply_adds(model).total == (6 * 6) * (3 * 3) * 7


def test_separable_convolution_costs_depthwise_and_pointwise():
    model = sequential("one", layers().SeparableConv2D(5, 3), input_shape=(6, 6, 7))
    assert models.multiply_adds(model).total == (4 * 4) * (3 * 3 * 7 + 7 * 5)


def test_grouped_convolution_sees_only_its_group():
    model = sequential("one", layers().Conv2D(8, 1, groups=2), input_shape=(3, 3, 4))
    assert models.multiply_adds(model).total == (3 * 3) * (4 // 2) * 8


def test_dense_costs_inputs_times_units():
    assert models.multiply_adds(models.dense_baseline()).total == 784 * 128 + 128 * 10


def test_preact_cnn_costs_266_million_by_hand():
    by_hand = [
        32 * 32 * 9 * (3 * 64 + 64 * 64 + 64 * 64),
        16 * 16 * 9 * (64 * 128 + 128 * 128 + 128 * 128),
        8 * 8 * 9 * (128 * 256 + 256 * 256 + 256 * 256),
        256 * 10,
    ]
    counts = models.multiply_adds(models.preact_cnn())
    assert counts.total == sum(by_hand) == 266_013_184
    assert len(counts.rows) == 10


def test_efficient_cnn_costs_12_point_9_million_by_hand():
    by_hand = [
        31 * 31 * 4 * 3 * 24,
        31 * 31 * 9 * 24 * 16 + 15 * 15 * 9 * 16 * 16,
        15 * 15 * 9 * 16 * 64 + 7 * 7 * 9 * 64 * 64,
        7 * 7 * 9 * 64 * 128 + 3 * 3 * 9 * 128 * 128,
        128 * 10,
    ]
    assert models.multiply_adds(models.efficient_cnn()).total == sum(by_hand) == 12_937_376


def test_models_inside_models_are_counted():
    inner = sequential("inner", layers().Conv2D(2, 1), input_shape=(4, 4, 3))
    outer = keras.Sequential([keras.Input((4, 4, 3)), inner, layers().Flatten(), layers().Dense(5)])
    assert models.multiply_adds(outer).total == 4 * 4 * 3 * 2 + 32 * 5


def test_counts_print_as_a_table_that_ends_in_the_total():
    lines = str(models.multiply_adds(models.efficient_cnn())).splitlines()
    assert lines[1].split() == ["Conv2D", "31", "x", "31", "x", "24", "276,768"]
    assert lines[-1].split() == ["total", "12,937,376"]
    assert len({len(line) for line in lines}) == 1


@pytest.mark.parametrize("count", [lambda model: models.multiply_adds(model), lambda _: 12_937_376])
def test_training_flop_is_six_times_multiply_adds_images_and_epochs(count):
    flop = models.training_flop(count(models.efficient_cnn()), images=50_000, epochs=3)
    assert flop == 6 * 12_937_376 * 50_000 * 3
