from itertools import combinations

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_utils import plots

# Machado, Oliveira and Fernandes (2009), severity 1.0, for linear RGB.
COLOUR_BLINDNESS = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
    "none": np.eye(3),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


@pytest.fixture(autouse=True)
def _close_figures():
    with mpl.rc_context():
        yield
    plt.close("all")


def lab(colour, seen_with):
    """CIELAB of a colour as somebody with a colour blindness sees it."""
    channels = np.array(mpl.colors.to_rgb(colour))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.array(COLOUR_BLINDNESS[seen_with]) @ linear, 0, 1)
    x, y, z = np.cbrt(TO_XYZ @ linear / (TO_XYZ @ np.ones(3)))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(first, second):
    darker, lighter = sorted(plots.luminance(colour) for colour in (first, second))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("seen_with", COLOUR_BLINDNESS)
def test_any_two_palette_colours_look_different_with_any_colour_blindness(seen_with):
    # A CIELAB distance of 2.3 is just noticeable; ten is told apart at a glance.
    distances = [
        np.linalg.norm(lab(a, seen_with) - lab(b, seen_with))
        for a, b in combinations(plots.palette, 2)
    ]
    assert min(distances) >= 10


def test_the_first_three_colours_make_lines_that_stand_out_from_white():
    assert min(contrast(colour, "white") for colour in plots.palette[:3]) >= 3
    assert contrast(plots.grey, "white") >= 4.5


@pytest.mark.parametrize("background", [*plots.palette, "white", plots.grey])
def test_ink_is_readable_on_every_background(background):
    assert contrast(plots.ink_on(background), background) >= 4.5


def test_the_style_makes_figures_640_pixels_wide_that_start_with_the_palette():
    plots.use_style()
    figure, axes = plt.subplots()
    assert figure.get_size_inches()[0] * figure.dpi == 640
    assert axes.plot([0, 1])[0].get_color() == plots.palette[0]


def test_images_share_one_scale_of_brightness():
    figure = plots.show_images(np.stack([np.full((4, 4), 10), np.full((4, 4), 200)]))
    assert {place.images[0].get_clim() for place in figure.axes} == {(0, 255)}


def test_images_stand_in_rows_with_their_titles():
    figure = plots.show_images(np.zeros((5, 4, 4, 3)), list("abcde"), columns=3, title="All")
    assert [place.get_title() for place in figure.axes] == list("abcde")
    assert figure.axes[0].get_gridspec().get_geometry() == (2, 3)


@pytest.mark.parametrize(
    ("images", "titles", "words"),
    [([], None, "at least one"), ([np.zeros((2, 2))], ["a", "b"], "2 titles"),
     ([np.zeros((2, 2, 5))], None, "channels last")],
)  # fmt: skip
def test_images_that_cannot_be_drawn_are_refused(images, titles, words):
    with pytest.raises(ValueError, match=words):
        plots.show_images(images, titles)


def test_a_diverging_matrix_is_white_at_zero_whatever_its_range():
    axes = plots.show_matrix([[-1, 0, 5]], diverging=True)
    low, high = axes.images[0].get_clim()
    assert (low, high) == (-5, 5)
    assert min(axes.images[0].to_rgba(0.0)[:3]) > 0.95


def test_a_matrix_of_zeros_has_a_scale_too():
    assert plots.show_matrix(np.zeros((2, 2)), diverging=True).images[0].get_clim() == (-1, 1)


def test_numbers_in_cells_are_readable_on_their_colours():
    axes = plots.show_matrix([[-3, 0, 3]], diverging=True, annotate=True)
    assert [text.get_text() for text in axes.texts] == ["-3", "0", "3"]
    for value, text in zip((-3, 0, 3), axes.texts, strict=True):
        assert contrast(axes.images[0].to_rgba(value), text.get_color()) >= 4.5


def test_a_sliding_kernel_shows_the_sum_of_its_stop_and_only_the_outputs_so_far():
    x, k = np.array([1, 1, 5, 5, 2]), np.array([-1, 0, 1])
    figure = plots.sliding_dot_product(x, k, stop=1)
    (axes,) = figure.axes
    assert axes.get_title(loc="left") == "stop 1:  1·(−1) + 5·0 + 5·1 = 4"
    texts = [text.get_text() for text in axes.texts if text.get_text() not in "signalkerneloutput"]
    assert texts == ["1", "1", "5", "5", "2", "−1", "0", "1", "4", "4"]


@pytest.mark.parametrize(("padding", "stride", "dilation"), [(0, 1, 1), (2, 2, 1), (2, 3, 2)])
def test_a_sliding_kernel_has_as_many_stops_as_the_length_formula_says(padding, stride, dilation):
    stops = (8 + 2 * padding - dilation * 2 - 1) // stride + 1
    options = {"padding": padding, "stride": stride, "dilation": dilation}
    plots.sliding_dot_product(np.ones(8), np.ones(3), stops - 1, **options)
    with pytest.raises(ValueError, match=f"there are {stops} stops"):
        plots.sliding_dot_product(np.ones(8), np.ones(3), stops, **options)


def test_all_stops_of_a_sliding_kernel_make_figures_of_one_size():
    sizes = {
        tuple(plots.sliding_dot_product(np.arange(n), [1, 2], stop, padding=p).get_size_inches())
        for n, stop, p in [(4, 0, 0), (8, 3, 2), (12, 1, 1)]
    }
    assert len(sizes) == 1
