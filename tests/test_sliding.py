"""`course_utils.plots.sliding`: the pictures of windows say what the arithmetic says."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_utils import plots, scratch

image = np.arange(36).reshape(6, 6) % 7
kernel = np.array([[-1, 0, 1], [-2, 0, 2], [0, 0, 0]])
output = scratch.conv2d(image[None, :, :, None], kernel[:, :, None, None])[0, :, :, 0].astype(int)


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def numbers(axes):
    return [text.get_text() for text in axes.texts]


def title(axes):
    return axes.get_title(loc="left") or axes.get_title()


def test_the_sum_below_a_stop_is_the_output_there():
    for at in np.ndindex(output.shape):
        figure = plots.sliding_window(image, kernel, output, at)
        terms, total = figure.texts[0].get_text().replace("−", "-").split(" = ")
        assert int(total) == output[at]
        assert sum(int(term) for term in terms.replace("- ", "-").replace("+ ", "").split()) == int(
            total
        )


def test_output_pixels_after_the_stop_stay_hidden():
    figure = plots.sliding_window(image, kernel, output, (1, 2))
    assert numbers(figure.axes[2]) == [str(value) for value in output.ravel()[:7]]


def test_padding_is_drawn_as_zeros_around_the_image():
    figure = plots.sliding_window(image, kernel, np.zeros((6, 6), int), (0, 0), padding=1)
    shown = np.array(numbers(figure.axes[0]), int).reshape(8, 8)
    np.testing.assert_array_equal(shown, np.pad(image, 1))


@pytest.mark.parametrize("size", [1, 2, 3, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1, 2])
def test_visits_equal_the_gradient_of_the_sum_of_all_windows(size, stride, padding):
    padded = np.zeros((1, 7 + 2 * padding, 7 + 2 * padding, 1))
    ones = np.ones((size, size, 1, 1))
    gradient = np.ones_like(scratch.conv2d(padded, ones, stride=stride))
    expected = scratch.conv2d_backward(gradient, padded, ones, stride=stride)[0][0, :, :, 0]
    inside = slice(padding, padding + 7)
    figure = plots.window_visits(7, size, stride=stride, padding=padding)
    shown = np.array(numbers(figure.axes[0]), int).reshape(7, 7)
    np.testing.assert_array_equal(shown, expected[inside, inside])
    stops = gradient.shape[1]
    assert title(figure.axes[1]) == f"output {stops} x {stops}"


def test_frames_of_different_stops_have_one_size():
    sizes = {
        tuple(plots.window_stop(10, 3, at, stride=2, padding=padding).get_size_inches())
        for at in ((0, 0), (1, 3))
        for padding in (0, 1)
    }
    assert len(sizes) == 1


def test_a_matrix_product_shows_rows_columns_and_their_product():
    rows, columns = np.arange(6).reshape(3, 2), np.array([[1, -1], [2, 0]])
    figure = plots.matrix_product(rows, columns, ("rows", "columns", "product"))
    assert numbers(figure.axes[2]) == [str(value) for value in (rows @ columns).ravel()]
