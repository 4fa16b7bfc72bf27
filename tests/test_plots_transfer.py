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


def test_bars_are_as_long_as_what_is_trained_and_what_is_frozen():
    axes = plots.show_trainable({"a": (1, 9), "b": (10, 0)})
    widths = [bar.get_width() for bar in axes.patches[:4]]
    assert widths == [1, 9, 10, 0]
    assert [text.get_text() for text in axes.texts] == ["1 of 10", "10 of 10"]


def test_label_curves_show_mean_spread_and_every_run():
    axes = plots.show_label_curves({"head": {20: [70, 74], 200: [80, 80]}})
    mean = axes.containers[0].lines[0].get_ydata()
    assert list(mean) == [72, 80]
    runs = [list(line.get_ydata()) for line in axes.lines if len(set(line.get_xdata())) == 1]
    assert [70, 74] in runs
    assert [label.get_text() for label in axes.get_xticklabels()] == ["20", "200"]


def test_a_method_with_a_single_number_of_labels_is_drawn_among_others():
    axes = plots.show_label_curves({"head": {20: [70], 200: [80]}, "other": {200: [75, 76]}})
    assert axes.get_legend_handles_labels()[1] == ["head", "other"]


def test_guessing_is_marked_where_it_is_named():
    assert "guessing" in [text.get_text() for text in _with_guess(50).texts]
    assert not _with_guess(None).texts


def _with_guess(guess):
    return plots.show_label_curves({"head": {20: [70], 200: [80]}}, guess=guess)


def test_answers_beyond_the_axis_are_counted_at_its_ends():
    figure = plots.show_answers([-99, -1, 1, 99], [0, 0, 1, 1], ["cats", "dogs"], limit=5)
    counted = sum(bar.get_height() for bar in figure.axes[0].patches)
    assert counted == 4


def test_neighbours_of_another_class_are_framed_and_crossed():
    grey = np.full((4, 4, 3), 128, "uint8")
    figure = plots.show_neighbours(grey, "cats", {"by pixels": [(grey, "cats"), (grey, "dogs")]})
    same, other = figure.axes[1:]
    assert (same.get_title(), other.get_title()) == ("cats", "× dogs")
    assert not same.spines["left"].get_visible()
    assert other.spines["left"].get_visible()
    assert mpl.colors.same_color(other.spines["left"].get_edgecolor(), plots.vermilion)
