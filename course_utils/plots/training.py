"""Pictures of training and of its result: curves by epoch, and who is taken for whom."""

from collections.abc import Mapping, Sequence
from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from course_utils.plots.style import blue, ink_on, orange, palette


def show_curves(
    curves: Mapping[str, Sequence[float]],
    *,
    title: str = "",
    ylabel: str = "",
    axes: Axes | None = None,
) -> Axes:
    """Draw one value an epoch for each name: the first solid, the second dashed, and so on.

    Parameters
    ----------
    curves : mapping of str to (epochs,)
        What the legend says, and the values from epoch 1 on.
    title, ylabel : str
        What the picture shows, and the unit of the values.
    axes : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes

    Examples
    --------
    >>> axes = show_curves({"training": [70, 80], "validation": [72, 78]}, ylabel="accuracy, %")
    >>> axes.get_xlabel()
    'epoch'
    >>> plt.close(axes.figure)
    """
    if axes is None:
        _, axes = plt.subplots()
    lines = zip(curves.items(), cycle(palette), cycle(("-", "--", ":", "-.")))
    for (name, values), colour, line in lines:
        epochs = np.arange(1, len(values) + 1)
        axes.plot(epochs, values, line, color=colour, marker="o", markersize=3, label=name)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(title=title, xlabel="epoch", ylabel=ylabel)
    axes.legend()
    return axes


def show_confusion(confusion: ArrayLike, class_names: Sequence[str], *, title: str = "") -> Axes:
    """Draw a confusion matrix: true classes in rows, answers in columns, counts in the cells.

    The colour is the share of the row on a square-root scale, so that rare mistakes show.

    Parameters
    ----------
    confusion : (classes, classes) of int
        ``confusion[i, j]`` images of class ``i`` were taken for class ``j``.
    class_names : sequence of str
    title : str

    Returns
    -------
    Axes

    Examples
    --------
    >>> axes = show_confusion([[9, 1], [2, 8]], ["cat", "dog"])
    >>> [text.get_text() for text in axes.texts]
    ['9', '1', '2', '8']
    >>> plt.close(axes.figure)
    """
    counts = np.asarray(confusion)
    share = np.sqrt(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))
    side = max(3.0, 0.5 * len(counts) + 1.2)
    _, axes = plt.subplots(figsize=(6.4, min(side, 6.0)))
    drawn = axes.imshow(share, cmap="cividis", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            ink = ink_on(drawn.to_rgba(share[row, column]))
            axes.text(column, row, count, ha="center", va="center", color=ink, fontsize=9)
    axes.set_xticks(range(len(counts)), class_names, rotation=45, ha="right")
    axes.set_yticks(range(len(counts)), class_names)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    axes.set(title=title, xlabel="the network's answer", ylabel="true class")
    return axes


def show_parameters(networks: Mapping[str, Sequence[tuple[int, bool]]]) -> Axes:
    """Draw one bar a network, one piece a layer, as long as the layer has parameters.

    Parameters
    ----------
    networks : mapping of str to (layers, 2)
        For each network its layers in order: number of parameters, and whether it is dense.

    Returns
    -------
    Axes

    Examples
    --------
    >>> axes = show_parameters({"tiny": [(320, False), (1290, True)]})
    >>> axes.texts[0].get_text()
    '1,610'
    >>> plt.close(axes.figure)
    """
    _, axes = plt.subplots(figsize=(6.4, 0.55 * len(networks) + 0.9))
    longest = max(sum(count for count, _ in stack) for stack in networks.values())
    for row, stack in enumerate(networks.values()):
        left = 0
        for count, is_dense in stack:
            colour = orange if is_dense else blue
            axes.barh(row, count, left=left, color=colour, edgecolor="white", linewidth=0.5)
            left += count
        axes.text(left + 0.01 * longest, row, f"{left:,}", va="center")
    for words, colour in (("convolutions", blue), ("dense layers", orange)):
        axes.barh(0, 0, color=colour, label=words)
    axes.set_yticks(range(len(networks)), list(networks))
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set(xlabel="parameters", xlim=(0, 1.2 * longest), title="Where the parameters are")
    axes.legend(loc="upper right")
    return axes
