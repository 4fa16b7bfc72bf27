import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import FancyBboxPatch

from course_utils import plots

CHAIN = [("1 x 1, 64", "1 x 1", 0.5), ("3 x 3, 64", "convolution", 1.0)]


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def boxes(axes):
    return [patch for patch in axes.patches if isinstance(patch, FancyBboxPatch)]


def test_every_box_is_drawn_with_its_words_from_top_to_bottom():
    axes = plots.show_block([CHAIN], start="in", merge="out")
    words = sorted(
        (text.get_position()[1], text.get_text()) for text in axes.texts if text.get_text()
    )
    assert [word for _, word in words] == ["in", "1 x 1, 64", "3 x 3, 64", "out"]
    assert axes.yaxis_inverted()


def test_wider_maps_get_wider_boxes_and_kinds_their_colours():
    narrow, wide = boxes(plots.show_block([CHAIN]))
    assert wide.get_width() == pytest.approx(2 * narrow.get_width())
    assert narrow.get_facecolor() == mpl.colors.to_rgba(plots.sky)
    assert wide.get_facecolor() == mpl.colors.to_rgba(plots.blue)


def test_an_empty_branch_is_a_line_past_all_boxes():
    axes = plots.show_block([CHAIN, []], merge="+")
    [line] = [line for line in axes.lines if list(line.get_xdata()) == [1, 1]]
    assert line.get_ydata()[0] < 1 < 2 < line.get_ydata()[-1]
    assert len(boxes(axes)) == 2


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="'magic' is none of convolution, 1 x 1"):
        plots.show_block([[("?", "magic", 1)]])


def test_areas_are_proportional_to_parameters():
    axes = plots.show_family({"small": (1e9, 70, 1e7), "large": (1e10, 75, 4e7)})
    small, large = (collection.get_sizes()[0] for collection in axes.collections)
    assert large == pytest.approx(4 * small)
    points = np.concatenate([collection.get_offsets() for collection in axes.collections])
    assert points.tolist() == [[1e9, 70], [1e10, 75]]


def test_every_network_is_named_and_names_stand_where_asked():
    networks = {"a": (1e9, 70, 1e7), "b": (1e9, 75, 1e7), "c": (1e10, 75, 1e7)}
    axes = plots.show_family(networks, below=["b"], left=["c"])
    places = {text.get_text(): (text.get_ha(), text.get_va()) for text in axes.texts}
    assert places == {"a": ("left", "center"), "b": ("center", "top"), "c": ("right", "center")}
