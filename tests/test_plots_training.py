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


def test_curves_start_at_epoch_one_and_tick_whole_epochs():
    axes = plots.show_curves({"training": [70, 80, 85], "validation": [72, 78, 79]})
    assert [line.get_xdata().tolist() for line in axes.lines] == [[1, 2, 3], [1, 2, 3]]
    assert all(tick == int(tick) for tick in axes.get_xticks())


def test_curves_differ_without_colour():
    axes = plots.show_curves({str(k): [1, 2] for k in range(4)})
    assert len({line.get_linestyle() for line in axes.lines}) == 4


def test_curves_are_drawn_where_they_are_told():
    _, axes = plt.subplots()
    assert plots.show_curves({"loss": [2, 1]}, title="falls", axes=axes) is axes
    assert axes.get_title(loc="left") + axes.get_title() == "falls"


def test_confusion_has_true_classes_in_rows_and_leaves_empty_cells_empty():
    axes = plots.show_confusion(np.array([[9, 1], [0, 8]]), ["cat", "dog"])
    written = {text.get_position(): text.get_text() for text in axes.texts}
    assert written == {(0, 0): "9", (1, 0): "1", (1, 1): "8"}  # (column, row)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["cat", "dog"]


def test_confusion_of_a_class_without_images_is_drawn():
    axes = plots.show_confusion(np.array([[5, 0], [0, 0]]), ["cat", "dog"])
    assert np.isfinite(axes.images[0].get_array()).all()


def test_parameter_bars_are_as_long_as_their_layers():
    axes = plots.show_parameters({"a": [(320, False), (0, False), (1290, True)], "b": [(7, True)]})
    assert [text.get_text() for text in axes.texts] == ["1,610", "7"]
    drawn = [(bar.get_x(), bar.get_width()) for bar in axes.patches if bar.get_width()]
    assert drawn == [(0, 320), (320, 1290), (0, 7)]
