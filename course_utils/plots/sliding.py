"""Pictures of a window on its way over an image: what it meets, where it stops, whom it visits."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from course_utils.plots.pictures import show_matrix
from course_utils.plots.style import grey, sky, vermilion

PAPER = "#EFEFEF"


def sliding_window(
    image: ArrayLike,
    kernel: ArrayLike,
    output: ArrayLike,
    at: tuple[int, int],
    *,
    padding: int = 0,
) -> Figure:
    """Draw a small image, the kernel at one stop, the sum written out, and the output so far.

    Parameters
    ----------
    image : (rows, columns) integers
        Without padding.
    kernel : (size, size) integers
    output : (stops down, stops across) integers
        All of it; what comes after ``at`` stays hidden.
    at : (row, column)
        The stop, counted in the output.
    padding : int
        Zeros around the image.

    Returns
    -------
    Figure
        Always of one size, so that stops can become the frames of an animation.

    Examples
    --------
    >>> figure = sliding_window(np.eye(4, dtype=int), np.eye(3, dtype=int), np.eye(2), at=(0, 1))
    >>> len(figure.axes)
    3
    >>> plt.close(figure)
    """
    padded, kernel, output = np.pad(image, padding), np.asarray(kernel), np.asarray(output)
    rows, columns = kernel.shape
    window = padded[at[0] : at[0] + rows, at[1] : at[1] + columns]
    reached = np.arange(output.size).reshape(output.shape) <= at[0] * output.shape[1] + at[1]
    figure, (left, middle, right) = _panels((2, 1, 2))
    around = ", zeros around" if padding else ""
    show_matrix(padded, f"image {_by(image)}{around}", annotate=True, axes=left)
    show_matrix(kernel, f"kernel {_by(kernel)}", diverging=True, annotate=True, axes=middle)
    limit = float(np.abs(output).max()) or 1.0
    known = np.where(reached, output, 0)
    show_matrix(known, f"output {_by(output)}", diverging=True, limit=limit, axes=right)
    for row, column in np.argwhere(reached):
        value = output[row, column]
        ink = "white" if abs(value) > 0.6 * limit else "black"
        right.text(column, row, f"{value:g}", ha="center", va="center", color=ink, fontsize=9)
    _grid(right, output.shape)
    _frame(left, *at, rows, columns)
    _frame(right, *at, 1, 1)
    if padding:
        _frame(left, padding, padding, *np.shape(image), color="white", linestyle=":")
    figure.text(0.02, 0.05, _sum_of_products(window, kernel), fontsize=10)
    return figure


def window_stop(
    length: int,
    size: int,
    at: tuple[int, int],
    *,
    stride: int = 1,
    padding: int = 0,
    title: str = "",
) -> Figure:
    """Draw a window at one stop on a square image, beside the output that it has filled so far.

    Parameters
    ----------
    length, size : int
        Sides of the image and of the window.
    at : (row, column)
        The stop, counted in the output.
    stride, padding : int
        Step of the window; zeros around the image (drawn in grey).

    Examples
    --------
    >>> figure = window_stop(10, 3, at=(2, 5), title="3 x 3 on 10 x 10")
    >>> plt.close(figure)
    """
    wide = length + 2 * padding
    stops = (wide - size) // stride + 1
    inside = np.zeros((wide, wide))
    inside[padding : padding + length, padding : padding + length] = 1
    reached = np.arange(stops**2).reshape(stops, stops) <= at[0] * stops + at[1]
    figure, (left, right) = _panels((1, 1))
    _cells(left, inside, sky, "#D0D0D0")
    around = f", with zeros {wide} x {wide}" if padding else ""
    left.set_title(f"image {length} x {length}{around}")
    _cells(right, reached, sky, PAPER)
    right.set_title(f"output {stops} x {stops}")
    largest = max(wide, stops)  # a cell is as large on the right as on the left
    for axes, side in ((left, wide), (right, stops)):
        axes.set(xlim=(-0.6, largest - 0.4), ylim=(largest - 0.4, -0.6))
        _grid(axes, (side, side))
    _frame(left, at[0] * stride, at[1] * stride, size, size)
    _frame(right, *at, 1, 1)
    figure.text(0.02, 0.05, title, fontsize=10)
    return figure


def window_visits(length: int, size: int, *, stride: int = 1, padding: int = 0) -> Figure:
    """Draw how many windows each pixel of a square image takes part in.

    Examples
    --------
    >>> figure = window_visits(6, 3, padding=1)
    >>> figure.axes[0].texts[0].get_text()
    '4'
    >>> plt.close(figure)
    """
    wide = length + 2 * padding
    starts = range(0, wide - size + 1, stride)
    line = np.zeros(wide, int)
    for start in starts:
        line[start : start + size] += 1
    visits = np.outer(line, line)[padding : padding + length, padding : padding + length]
    stops = len(starts)
    figure, (left, right) = _panels((1, 1))
    scale = (0, size * size)
    show_matrix(visits, "windows that see a pixel", annotate=True, limits=scale, axes=left)
    _cells(right, np.ones((stops, stops)), sky, PAPER)
    _grid(right, (stops, stops))
    largest = max(length, stops)
    right.set(xlim=(-0.6, largest - 0.4), ylim=(largest - 0.4, -0.6))
    right.set_title(f"output {stops} x {stops}")
    words = f"image {length} x {length}, K = {size}, S = {stride}, P = {padding}"
    figure.text(0.02, 0.05, words, fontsize=10)
    return figure


def matrix_product(rows: ArrayLike, columns: ArrayLike, titles: tuple[str, str, str]) -> Figure:
    """Draw ``rows @ columns = product`` as three tables of numbers.

    Examples
    --------
    >>> figure = matrix_product(np.eye(3), np.ones((3, 2)), ("A", "B", "A @ B"))
    >>> len(figure.axes)
    3
    >>> plt.close(figure)
    """
    tables = [np.asarray(rows), np.asarray(columns)]
    tables.append(tables[0] @ tables[1])
    widths = [table.shape[1] + 1.2 for table in tables]
    figure, panels = plt.subplots(1, 3, figsize=(6.4, 3.4), width_ratios=widths)
    for axes, table, title in zip(panels, tables, titles, strict=True):
        show_matrix(table, title, diverging=axes is not panels[0], annotate=True, axes=axes)
        axes.title.set_fontsize(10)
        axes.set_ylim(max(map(len, tables)) - 0.5, -0.5)  # cells of one size, tops aligned
    for axes, sign in zip(panels, ("@", "="), strict=False):
        axes.text(1.0, 0.5, f"   {sign}", transform=axes.transAxes, va="center", fontsize=14)
    return figure


def _panels(widths: tuple[int, ...]) -> tuple[Figure, np.ndarray]:
    """Return a figure whose panels keep their place, whatever is drawn (for animations)."""
    figure, panels = plt.subplots(
        1, len(widths), figsize=(6.4, 3.2), layout="none", width_ratios=widths
    )
    figure.subplots_adjust(left=0.02, right=0.98, top=0.9, bottom=0.13, wspace=0.1)
    return figure, panels


def _cells(axes: Axes, filled: ArrayLike, colour: str, other: str) -> None:
    axes.imshow(filled, cmap=ListedColormap([other, colour]), vmin=0, vmax=1)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def _grid(axes: Axes, shape: tuple[int, int]) -> None:
    rows, columns = shape
    lines = {"color": grey, "linewidth": 0.5}
    axes.hlines(np.arange(rows + 1) - 0.5, -0.5, columns - 0.5, **lines)
    axes.vlines(np.arange(columns + 1) - 0.5, -0.5, rows - 0.5, **lines)


def _frame(
    axes: Axes, row: int, column: int, rows: int, columns: int, color=vermilion, linestyle="-"
) -> None:
    corner = (column - 0.5, row - 0.5)
    style = {"fill": False, "linewidth": 3, "clip_on": False, "zorder": 3}
    axes.add_patch(Rectangle(corner, columns, rows, edgecolor=color, linestyle=linestyle, **style))


def _by(array: ArrayLike) -> str:
    rows, columns = np.shape(array)
    return f"{rows} x {columns}"


def _sum_of_products(window: np.ndarray, kernel: np.ndarray) -> str:
    """Spell out the products whose weight is not zero, and their sum."""
    products = [int(value) for value in (window * kernel)[kernel != 0]]
    terms = " ".join(f"{'−' if value < 0 else '+'} {abs(value)}" for value in products)
    return f"{terms.removeprefix('+ ')} = {sum(products)}".replace("-", "−")
