"""LeNet-5, AlexNet, GoogLeNet and ResNeXt-50 have the numbers that their papers give."""

import numpy as np
import pytest

from course_utils import models, quiet

with quiet():
    import keras


def outline(build, **options):
    with models.shapes_only():
        return build(**options)


def learnt(model):
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


def work(model):
    return models.multiply_adds(model).total


def named(model, prefix):
    return [layer for layer in model.layers if layer.name.startswith(prefix)]


@pytest.mark.parametrize(
    ("layer", "parameters"),
    [("C1", 156), ("S2", 12), ("C3", 1516), ("S4", 32), ("C5", 48_120), ("F6", 10_164)],
)
def test_each_layer_of_lenet5_has_the_parameters_of_the_paper(layer, parameters):
    model = outline(models.lenet5)
    assert sum(part.count_params() for part in named(model, layer)) == parameters


def test_lenet5_learns_60000_parameters_and_keeps_840_fixed():
    model = outline(models.lenet5)
    assert (learnt(model), model.count_params()) == (60_000, 60_840)
    assert outline(models.lenet5, as_published=False).count_params() == 61_706


def test_a_map_of_lenet5_answers_only_to_the_maps_that_it_is_connected_with():
    keras.utils.set_random_seed(0)
    model = models.lenet5()
    late = keras.Model(model.get_layer("S2").output, model.get_layer("C3").output)
    maps = np.zeros((7, 14, 14, 6), "float32")
    for channel in range(6):
        maps[channel + 1, ..., channel] = 1
    silent, *answers = late.predict(maps, verbose=0)
    moved = np.abs(np.array(answers) - silent).max(axis=(1, 2)) > 0  # (6, 16)
    sees = [tuple(np.flatnonzero(column)) for column in moved.T]
    assert sees == list(models.LENET_CONNECTIONS)
    assert len(set(sees)) == 16


def test_lenet5_as_published_gives_ten_numbers():
    assert models.lenet5()(np.zeros((2, 32, 32, 1), "float32")).shape == (2, 10)


def test_alexnet_has_60_million_parameters_and_724_million_multiply_adds():
    model = outline(models.alexnet)
    assert (model.count_params(), work(model)) == (60_965_224, 724_406_816)


def test_alexnet_in_one_piece_doubles_three_convolutions_and_no_other_layer():
    two, one = outline(models.alexnet), outline(models.alexnet, towers=1)
    pairs = [
        (a.count_params(), b.count_params())
        for a, b in zip(two.layers, one.layers, strict=True)
        if a.count_params() != b.count_params()
    ]
    filters = (256, 384, 256)
    assert [(b - f) / (a - f) for (a, b), f in zip(pairs, filters, strict=True)] == [2, 2, 2]


def test_alexnet_shrinks_to_6_by_6_places():
    model = outline(models.alexnet)
    sides = [layer.output.shape[1] for layer in model.layers if "conv" in layer.name]
    assert sides == [55, 27, 13, 13, 13]
    assert next(layer for layer in model.layers if "flatten" in layer.name).output.shape[1] == 9216


TABLE_1 = {  # Szegedy et al. (2014): millions of multiply-adds
    **{"1": 34, "2": 360, "3a": 128, "3b": 304, "4a": 73, "4b": 88, "4c": 100, "4d": 119},
    **{"4e": 170, "5b": 71, "linear": 1},
}


@pytest.mark.parametrize("line", TABLE_1)
def test_each_line_of_googlenet_costs_what_the_paper_says(line):
    rows = models.multiply_adds(outline(models.googlenet)).rows
    millions = sum(row.multiply_adds for row in rows if row.name.split("_")[0] == line) / 1e6
    assert abs(millions - TABLE_1[line]) <= 1


def test_an_inception_block_has_the_weights_of_line_3a():
    x = keras.Input((28, 28, 192))
    block = keras.Model(x, models.inception_block(x, models.INCEPTIONS["3a"], "3a"))
    assert work(block) // 28**2 == 163_328  # 159 K with K = 1,024
    assert block.output_shape == (None, 28, 28, 256)


def test_googlenet_has_either_first_layer():
    published, ordinary = (outline(models.googlenet, separable_first=s) for s in (True, False))
    first = [model.get_layer("1").count_params() - 64 for model in (published, ordinary)]
    assert first == [2712, 9408]
    assert ordinary.count_params() == 6_998_552


def test_resnext50_has_the_parameters_of_torchvision_and_the_work_of_the_paper():
    model = outline(models.resnext50)
    assert learnt(model) == 25_028_904
    assert round(work(model) / 1e9, 1) == 4.2


def test_groups_divide_the_weights_of_the_middle_convolutions_alone():
    grouped, whole = outline(models.resnext50), outline(models.resnext50, groups=1)
    ratios = {
        round(b.count_params() / a.count_params(), 6)
        for a, b in zip(grouped.layers, whole.layers, strict=True)
        if a.count_params()
    }
    assert ratios == {1, 32}


@pytest.mark.parametrize(
    ("stride", "filters", "convolutions"), [(1, 64, 3), (1, 32, 4), (2, 64, 4)]
)
def test_a_resnext_block_projects_its_shortcut_only_where_shapes_differ(
    stride, filters, convolutions
):
    x = keras.Input((8, 8, 64))
    block = keras.Model(x, models.resnext_block(x, 32, filters, groups=8, stride=stride))
    found = [layer for layer in block.layers if isinstance(layer, keras.layers.Conv2D)]
    assert len(found) == convolutions
    assert block.output_shape == (None, 8 // stride, 8 // stride, filters)
