"""Grids of images and matrices of numbers."""

from collections.abc import Sequence
from math import ceil

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from course_utils.plots.style import DIVERGING, SEQUENTIAL, ink_on

PHOTOGRAPH = 200  # pixels; a wider image will be drawn smaller than it is


def show_images(
    images: Sequence[ArrayLike] | np.ndarray,
    titles: Sequence[str] | None = None,
    *,
    columns: int = 8,
    title: str = "",
    cmap: str = "gray",
    vmin: float | None = None,
    vmax: float | None = None,
    width: float = 6.4,
) -> Figure:
    """Draw images in a grid, without axes, on one common scale of brightness.

    Parameters
    ----------
    images : (n, height, width), (n, height, width, 1) or (n, height, width, 3), or a list of such
        Integers are drawn from 0 to 255, fractions from 0 to 1, unless ``vmin`` and ``vmax`` say
        otherwise (they apply to grey images; colour images are drawn as they are).
    titles : sequence of str, optional
        One short title an image.
    columns : int
        Images in a row.
    title : str
        A title over all of them.
    cmap : str
        Colour map for images with one channel.
    width : float
        Width of the figure in inches.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there is no image, or the number of titles differs from the number of images.

    Examples
    --------
    >>> figure = show_images(np.zeros((3, 28, 28, 1), "uint8"), titles=["a", "b", "c"])
    >>> len(figure.axes)
    3
    >>> plt.close(figure)
    """
    pictures = [_picture(image) for image in images]
    if not pictures:
        raise ValueError("show_images needs at least one image")
    if titles is not None and len(titles) != len(pictures):
        raise ValueError(f"{len(pictures)} images but {len(titles)} titles")
    columns = min(columns, len(pictures))
    rows = ceil(len(pictures) / columns)
    shape = max(picture.shape[0] / picture.shape[1] for picture in pictures)
    lines = max(str(text).count("\n") + 1 for text in titles) if titles else 0
    height = rows * (width / columns * shape + 0.2 * lines) + (0.35 if title else 0.0)
    figure, grid = plt.subplots(rows, columns, figsize=(width, height), squeeze=False)
    for place in grid.flat[len(pictures) :]:
        place.remove()
    for place, picture in zip(grid.flat, pictures, strict=False):
        top = 255 if np.issubdtype(picture.dtype, np.integer) else 1
        limits = {"vmin": 0 if vmin is None else vmin, "vmax": top if vmax is None else vmax}
        scale = {"cmap": cmap} | limits if picture.ndim == 2 else {}
        place.imshow(picture, interpolation=_interpolation(picture), **scale)
        place.axis("off")
    for place, text in zip(grid.flat, titles or [], strict=False):
        place.set_title(text, fontsize=9, loc="center", pad=3)
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure


def _picture(image: ArrayLike) -> np.ndarray:
    picture = np.asarray(image)
    if picture.ndim == 3 and picture.shape[-1] == 1:
        picture = picture[..., 0]
    if picture.ndim == 2 or (picture.ndim == 3 and picture.shape[-1] in (3, 4)):
        return picture
    raise ValueError(f"an image is (height, width) with 1 or 3 channels last, not {picture.shape}")


def show_matrix(
    array: ArrayLike,
    title: str = "",
    *,
    diverging: bool = False,
    annotate: bool | str = False,
    limit: float | None = None,
    limits: tuple[float, float] | None = None,
    xlabel: str = "",
    ylabel: str = "",
    colourbar: bool = False,
    axes: Axes | None = None,
) -> Axes:
    """Draw a matrix as coloured cells, for kernels, activations and small images.

    Parameters
    ----------
    array : (rows, columns)
        A one-dimensional array is drawn as one row.
    title : str
        What the picture shows.
    diverging : bool
        Use a colour map centred on zero, red above and blue below, white at 0.
    annotate : bool or str
        Write the number into each cell; a string is the format, such as ``".2f"``.
    limit : float, optional
        The largest magnitude of the diverging map, to compare several matrices.
    limits : (low, high), optional
        The ends of the other map, for the same purpose.
    xlabel, ylabel : str
        Without a label an axis has no ticks.
    colourbar : bool
        Add the scale.
    axes : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes

    Examples
    --------
    >>> axes = show_matrix([[1, 0, -1]], "an edge finder", diverging=True, annotate=True)
    >>> [text.get_text() for text in axes.texts]
    ['1', '0', '-1']
    >>> plt.close(axes.figure)
    """
    matrix = np.atleast_2d(array)
    if axes is None:
        _, axes = plt.subplots()
    low, high = limits or (None, None)
    scale = {"cmap": SEQUENTIAL, "vmin": low, "vmax": high}
    if diverging:
        largest = limit or float(np.nanmax(np.abs(matrix))) or 1.0
        scale = {"cmap": DIVERGING, "vmin": -largest, "vmax": largest}
    drawn = axes.imshow(matrix, interpolation=_interpolation(matrix), **scale)
    axes.set(title=title, xlabel=xlabel, ylabel=ylabel)
    axes.spines[:].set_visible(False)
    if not xlabel:
        axes.set_xticks([])
    if not ylabel:
        axes.set_yticks([])
    if annotate:
        _write_cells(axes, drawn, matrix, annotate if isinstance(annotate, str) else "")
    if colourbar:
        axes.figure.colorbar(drawn, ax=axes)
    return axes


def _interpolation(picture: np.ndarray) -> str:
    """Return how to scale a picture: square pixels, unless a photograph has to shrink."""
    return "auto" if picture.shape[1] > PHOTOGRAPH else "nearest"


def _write_cells(axes: Axes, drawn, matrix: np.ndarray, form: str) -> None:
    form = form or ("d" if np.issubdtype(matrix.dtype, np.integer) else "g")
    for (row, column), value in np.ndenumerate(matrix):
        ink = ink_on(drawn.to_rgba(value))
        axes.text(column, row, f"{value:{form}}", ha="center", va="center", color=ink, fontsize=9)
