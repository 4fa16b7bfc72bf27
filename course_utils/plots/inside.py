"""Pictures of what a network holds and looks at: feature maps, heat maps, the four tasks."""

from collections.abc import Mapping, Sequence
from math import ceil

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle

from course_utils.plots.style import SEQUENTIAL, palette


def mosaic(maps: np.ndarray, wide: float = 2.0) -> np.ndarray:
    """Return every channel of a feature map in one picture, a tile each.

    Parameters
    ----------
    maps : (rows, columns, channels) array
    wide : float
        About how many times wider than high the picture is.

    Returns
    -------
    (height, width) array
        Each channel is divided by its own maximum, so it lies between 0 and 1 (all zeros stay
        zeros; negative numbers count as 0); NaN between the tiles.

    Examples
    --------
    >>> mosaic(np.ones((4, 4, 8)), wide=2).shape
    (9, 19)
    """
    rows, columns, channels = maps.shape
    across = min(channels, max(1, round((wide * channels * rows / columns) ** 0.5)))
    down = ceil(channels / across)
    largest = maps.max(axis=(0, 1))
    tiles = np.full((down * across, rows + 1, columns + 1), np.nan)
    scaled = np.maximum(maps, 0) / np.where(largest > 0, largest, 1)
    tiles[:channels, :rows, :columns] = np.moveaxis(scaled, -1, 0)
    picture = tiles.reshape(down, across, rows + 1, columns + 1).swapaxes(1, 2)
    return picture.reshape(down * (rows + 1), across * (columns + 1))[:-1, :-1]


def show_channels(
    maps: np.ndarray, title: str = "", *, wide: float = 2.0, axes: Axes | None = None
) -> Axes:
    """Draw every channel of a feature map as one tile of a mosaic, each on its own scale.

    Parameters
    ----------
    maps : (rows, columns, channels) array
    title : str
    wide : float
        About how many times wider than high the mosaic is.
    axes : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes

    Examples
    --------
    >>> axes = show_channels(np.ones((4, 4, 8)), "8 channels")
    >>> plt.close(axes.figure)
    """
    if axes is None:
        _, axes = plt.subplots(figsize=(6.4, 6.4 / wide + 0.4))
    picture = mosaic(maps, wide)
    shades = plt.get_cmap(SEQUENTIAL, 16)  # few colours make small files
    scale = {"vmin": 0, "vmax": 1, "interpolation": "auto", "interpolation_stage": "data"}
    axes.imshow(picture, cmap=shades, **scale)
    axes.set_title(title)
    axes.axis("off")
    return axes


def show_heat(
    images: Sequence[np.ndarray] | np.ndarray,
    heat: Sequence[np.ndarray] | np.ndarray,
    titles: Sequence[str] | None = None,
    *,
    columns: int = 6,
    boxes: Sequence[tuple[float, float, float, float]] | None = None,
    width: float = 6.4,
) -> Figure:
    """Draw heat maps over the grey images that they explain.

    Parameters
    ----------
    images : (n, height, width, 3) uint8 array
    heat : (n, rows, columns) array
        Of any size; each is stretched over its image, its own maximum brightest.
    titles : sequence of str, optional
        One short title an image.
    columns : int
        Images in a row.
    boxes : sequence of (left, top, width, height), optional
        A frame in each image; the middle of the strongest cell is then marked too.
    width : float
        Width of the figure in inches.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there are not as many heat maps as images.

    Examples
    --------
    >>> figure = show_heat(np.zeros((2, 8, 8, 3), "uint8"), np.ones((2, 2, 2)))
    >>> len(figure.axes)
    2
    >>> plt.close(figure)
    """
    if len(images) != len(heat):
        raise ValueError(f"{len(images)} images but {len(heat)} heat maps")
    columns = min(columns, len(images))
    rows = ceil(len(images) / columns)
    lines = max(text.count("\n") + 1 for text in titles) if titles else 0
    height = rows * (width / columns + 0.17 * lines)
    figure, grid = plt.subplots(rows, columns, figsize=(width, height), squeeze=False)
    for place in grid.flat:
        place.axis("off")
    for number, (place, image, one) in enumerate(zip(grid.flat, images, heat, strict=False)):
        high, across = image.shape[:2]
        extent = (0, across, high, 0)
        place.imshow(np.asarray(image).mean(axis=-1), cmap="gray", vmin=0, vmax=255, extent=extent)
        strength = one / (one.max() or 1)
        place.imshow(strength, cmap="inferno", alpha=0.65, interpolation="bilinear", extent=extent)
        if titles:
            place.set_title(titles[number], fontsize=9, loc="center", pad=3)
        if boxes is not None:
            left, top, wide, tall = boxes[number]
            place.add_patch(Rectangle((left, top), wide, tall, fill=False, ec="white", lw=1.2))
            row, column = np.unravel_index(np.argmax(one), one.shape)
            cell = high / one.shape[0], across / one.shape[1]
            place.plot((column + 0.5) * cell[1], (row + 0.5) * cell[0], "x", c="cyan", ms=7, mew=2)
        place.set(xlim=(0, across), ylim=(high, 0))
    return figure


def show_tasks(photograph: np.ndarray, things: Mapping[str, Sequence[tuple[float, float]]]):
    """Draw what classification, localisation, detection and segmentation say about a photograph.

    Parameters
    ----------
    photograph : (height, width, 3) uint8 array
    things : dict of str to outline
        Each thing's outline as points (x, y); the first is what the photograph is of. Later ones
        lie behind earlier ones.

    Returns
    -------
    Figure

    Examples
    --------
    >>> figure = show_tasks(np.zeros((9, 9, 3), "uint8"), {"cup": [(2, 2), (6, 2), (4, 6)]})
    >>> [axes.get_title().split()[0] for axes in figure.axes]
    ['Classification', 'Localisation', 'Detection', 'Segmentation']
    >>> plt.close(figure)
    """
    height, width = photograph.shape[:2]
    colours = dict(zip(things, [palette[5], palette[7], palette[3], palette[4]], strict=False))
    first = next(iter(things))
    figure, grid = plt.subplots(2, 2, figsize=(4.8, 4.8 * height / width + 0.9))
    panels = {
        "Classification · what is it?": ("K scores", [], []),
        "Localisation · and where?": ("K scores, 4 numbers", [first], []),
        "Detection · what is where?": ("for each thing: K scores, 4 numbers", list(things), []),
        "Segmentation · what is each pixel?": ("K scores a pixel", [], list(things)),
    }
    for place, (title, (output, boxed, filled)) in zip(grid.flat, panels.items(), strict=True):
        place.imshow(photograph, alpha=0.45 if filled else 1.0)
        for name in reversed(filled):
            place.add_patch(Polygon(things[name], fc=colours[name], ec="black", lw=0.8))
        for name in boxed:
            points = np.array(things[name])
            low, size = points.min(axis=0), np.ptp(points, axis=0)
            place.add_patch(Rectangle(low, *size, fill=False, ec=colours[name], lw=2.5))
        for name in boxed or filled or [first]:
            x, y = np.array(things[name]).min(axis=0) if boxed else (12, 30)
            if filled:
                x, y = 12, 30 + 45 * filled.index(name)
            place.text(
                *(max(x, 4), max(y, 22)),
                name,
                fontsize=8.5,
                bbox={"fc": colours[name], "ec": "none", "pad": 1.5},
            )
        place.set_title(title, fontsize=10)
        place.set_xlabel(output, fontsize=9)
        place.set(xticks=[], yticks=[], xlim=(0, width), ylim=(height, 0))
    return figure
