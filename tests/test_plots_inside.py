"""Pictures of feature maps, heat maps and the four tasks show what they are given."""

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_utils import plots


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def test_a_mosaic_holds_every_channel_in_order_on_its_own_scale():
    maps = np.arange(1.0, 25).reshape(2, 2, 6)
    picture = plots.mosaic(maps, wide=1.5)  # 3 tiles across, 2 down, one pixel between
    assert picture.shape == (5, 8)
    for channel in range(6):
        row, column = divmod(channel, 3)
        tile = picture[3 * row : 3 * row + 2, 3 * column : 3 * column + 2]
        np.testing.assert_allclose(tile, maps[..., channel] / maps[..., channel].max())
    assert np.isnan(picture[2]).all()


def test_a_silent_channel_stays_dark_and_missing_tiles_stay_empty():
    maps = np.ones((2, 2, 5))
    maps[..., 1] = 0
    maps[..., 2] = -3
    picture = plots.mosaic(maps, wide=1.5)
    assert (picture[:2, 3:5] == 0).all()
    assert (picture[:2, 6:8] == 0).all()
    assert np.isnan(picture[3:, 6:]).all()


def test_a_heat_map_is_stretched_over_its_image_and_its_peak_marked():
    image, heat = np.zeros((64, 64, 3), "uint8"), np.zeros((2, 2))
    heat[1, 0] = 3
    figure = plots.show_heat([image], [heat], ["cat"], boxes=[(8, 4, 16, 16)])
    [axes] = figure.axes
    assert axes.get_title() == "cat"
    assert axes.images[1].get_extent() == [0, 64, 64, 0]
    assert axes.images[1].get_array().max() == 1
    [peak] = axes.lines
    assert (*peak.get_xdata(), *peak.get_ydata()) == (16, 48)
    assert axes.patches[0].get_bbox().bounds == (8, 4, 16, 16)


def test_a_map_of_zeros_is_drawn_dark():
    figure = plots.show_heat([np.zeros((8, 8, 3), "uint8")], [np.zeros((2, 2))])
    assert figure.axes[0].images[1].get_array().max() == 0


def test_as_many_heat_maps_as_images_are_needed():
    with pytest.raises(ValueError, match="2 images but 1 heat maps"):
        plots.show_heat(np.zeros((2, 8, 8, 3), "uint8"), np.ones((1, 2, 2)))


def test_the_four_tasks_draw_boxes_around_and_areas_of_what_they_name():
    cup, spoon = [(10, 10), (30, 10), (20, 40)], [(40, 5), (50, 5), (45, 45)]
    figure = plots.show_tasks(np.zeros((50, 60, 3), "uint8"), {"cup": cup, "spoon": spoon})
    classify, localise, detect, segment = figure.axes
    assert [len(axes.patches) for axes in figure.axes] == [0, 1, 2, 2]
    assert localise.patches[0].get_bbox().bounds == (10, 10, 20, 30)
    assert {text.get_text() for text in detect.texts} == {"cup", "spoon"}
    assert [text.get_text() for text in classify.texts] == ["cup"]
    np.testing.assert_allclose(segment.patches[-1].get_xy()[:3], cup)  # in front
