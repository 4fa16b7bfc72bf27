import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import pytest

from course_utils import plots

ROWS = {"base": [60, 61, 62], "a little": [61.5, 61, 62], "worse": [50, 51, 49], "better": [70] * 3}


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def colours(axes):
    return [container.lines[0].get_color() for container in axes.containers]


def test_a_difference_within_the_noise_is_grey_and_others_tell_their_sign():
    axes = plots.show_ablation(ROWS, "base", noise=1.0)
    assert colours(axes) == [plots.blue, plots.grey, plots.vermilion, plots.orange]


def test_a_wider_band_turns_more_rows_grey():
    axes = plots.show_ablation(ROWS, "base", noise=15.0)
    assert colours(axes)[1:] == [plots.grey] * 3


def test_the_band_lies_around_the_mean_of_the_base():
    band = plots.show_ablation(ROWS, "base", noise=2.0).patches[0]
    assert (band.get_x(), band.get_width()) == (59.0, 4.0)


def test_every_run_is_drawn_and_the_first_row_stands_on_top():
    axes = plots.show_ablation(ROWS, "base", noise=1.0)
    drawn = [line.get_xdata() for line in axes.lines if len(line.get_xdata()) == 3]
    assert [list(x) for x in drawn] == list(ROWS.values())
    assert axes.yaxis_inverted()


def test_an_unknown_base_is_refused_by_name():
    with pytest.raises(ValueError, match="'bass' is none of the rows: base, a little"):
        plots.show_ablation(ROWS, "bass", noise=1.0)


def test_price_is_drawn_on_a_logarithmic_axis_and_every_point_is_named():
    axes = plots.show_compute({"ours": (11.6, [83, 84]), "source": (1600, [82])}, note="cheap")
    assert axes.get_xscale() == "log"
    assert [text.get_text() for text in axes.texts] == ["ours", "source"]
    assert [(c.lines[0].get_xdata()[0], c.lines[0].get_ydata()[0]) for c in axes.containers] == [
        (11.6, 83.5),
        (1600, 82),
    ]
