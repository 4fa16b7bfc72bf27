"""Pictures of networks that learn from other networks: what is trained, and how few labels do."""

from collections.abc import Mapping, Sequence
from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from course_utils.plots.style import blue, orange, palette, vermilion


def show_trainable(networks: Mapping[str, tuple[int, int]], *, title: str = "") -> Axes:
    """Draw one bar a network: what is trained in full colour, what is frozen pale.

    Parameters
    ----------
    networks : mapping of str to (trainable, frozen)
        The numbers of parameters, from top to bottom.
    title : str

    Returns
    -------
    Axes

    Examples
    --------
    >>> axes = show_trainable({"frozen": (24_588, 23_587_712)})
    >>> axes.texts[0].get_text()
    '24,588 of 23,612,300'
    >>> plt.close(axes.figure)
    """
    _, axes = plt.subplots(figsize=(6.4, 0.5 * len(networks) + 1.3))
    longest = max(sum(counts) for counts in networks.values())
    for row, (trained, frozen) in enumerate(networks.values()):
        axes.barh(row, trained, color=orange)
        axes.barh(row, frozen, left=trained, color="#DDDDDD")
        total = trained + frozen
        axes.text(total + 0.01 * longest, row, f"{trained:,} of {total:,}", va="center", fontsize=9)
    axes.barh(0, 0, color=orange, label="trained")
    axes.barh(0, 0, color="#DDDDDD", label="frozen")
    axes.set_yticks(range(len(networks)), list(networks))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value / 1e6:g}")
    axes.set(xlabel="parameters, millions", xlim=(0, 1.5 * longest), title=title)
    axes.set_ylim(len(networks) - 0.4, -0.6)
    axes.legend(loc="lower right")
    return axes


def show_label_curves(
    curves: Mapping[str, Mapping[int, Sequence[float]]],
    *,
    title: str = "",
    ylabel: str = "test accuracy, %",
    guess: float | None = None,
    axes: Axes | None = None,
) -> Axes:
    """Draw accuracy against the number of labelled images: mean, spread, and every single run.

    Parameters
    ----------
    curves : mapping of str to {labels: (seeds,)}
        For each method, the result of each seed by the number of labels.
    title, ylabel : str
    guess : float, optional
        What guessing would give: a dotted line.
    axes : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes

    Examples
    --------
    >>> axes = show_label_curves({"frozen": {20: [72, 74], 200: [80, 81]}})
    >>> axes.get_xlabel()
    'labelled training images'
    >>> plt.close(axes.figure)
    """
    if axes is None:
        _, axes = plt.subplots(figsize=(6.4, 3.6))
    looks = zip(cycle(palette[:5]), cycle("os^Dv"), cycle(("-", "--", "-.", ":", "-")))
    for (name, by_labels), (colour, mark, line) in zip(curves.items(), looks, strict=False):
        labels = list(by_labels)
        mean = [np.mean(values) for values in by_labels.values()]
        spread = [np.std(values, ddof=1) if len(values) > 1 else 0 for values in by_labels.values()]
        style = {"color": colour, "marker": mark, "linestyle": line, "markersize": 5}
        axes.errorbar(labels, mean, yerr=spread, capsize=3, label=name, **style)
        for n, values in by_labels.items():
            axes.plot([n] * len(values), values, mark, color=colour, markersize=2.5, alpha=0.5)
    if guess is not None:
        axes.axhline(guess, color="black", linestyle=":", linewidth=1)
        axes.annotate(
            "guessing", (1, guess), (0, 3), xycoords=("axes fraction", "data"),
            textcoords="offset points", ha="right", fontsize=9,
        )  # fmt: skip
    ticks = sorted({n for by_labels in curves.values() for n in by_labels})
    axes.set(xscale="log", xlabel="labelled training images", ylabel=ylabel, title=title)
    axes.set_xticks(ticks, [f"{n:,}" for n in ticks])
    axes.minorticks_off()
    axes.grid()
    axes.legend(fontsize=9)
    return axes


def show_answers(
    logits: ArrayLike,
    labels: ArrayLike,
    class_names: Sequence[str],
    *,
    title: str = "",
    limit: float = 10.0,
    top: float | None = None,
    size: tuple[float, float] = (3.2, 2.4),
) -> Figure:
    """Draw how the logits of two classes are distributed; at 0 the answer changes.

    Parameters
    ----------
    logits : (n,)
        Positive for class 1.
    labels : (n,) of 0 and 1
    class_names : two strings
    title : str
    limit : float
        Half the width of the axis; what lies beyond is counted at its ends.
    top : float, optional
        The height of the axis, to compare several figures.
    size : (width, height)
        In inches.

    Returns
    -------
    Figure

    Examples
    --------
    >>> figure = show_answers([-2.0, 1.0, 3.0], [0, 1, 1], ["cats", "dogs"])
    >>> figure.axes[0].get_xlabel()
    'logit'
    >>> plt.close(figure)
    """
    figure, axes = plt.subplots(figsize=size)
    shown, labels = np.clip(logits, -limit, limit), np.asarray(labels)
    bins = np.linspace(-limit, limit, 41)
    for label, (colour, hatch) in enumerate(((blue, None), (vermilion, "///"))):
        style = {"color": colour, "alpha": 0.55, "hatch": hatch, "edgecolor": "white"}
        axes.hist(shown[labels == label], bins, label=class_names[label], **style)
    axes.axvline(0, color="black", linewidth=1)
    axes.set(xlabel="logit", ylabel="pictures", xlim=(-limit, limit), ylim=(0, top))
    axes.set_title(title, fontsize=10)
    axes.legend(fontsize=8, loc="upper right")
    return figure


def show_neighbours(
    picture: np.ndarray,
    name: str,
    neighbours: Mapping[str, Sequence[tuple[np.ndarray, str]]],
) -> Figure:
    """Draw a picture, and next to it its nearest others by each way of measuring, a row each.

    A neighbour of another class has a red frame and a cross before its name.

    Parameters
    ----------
    picture : (height, width, 3) uint8
    name : str
        Its class.
    neighbours : mapping of str to a sequence of (picture, class)
        The nearest first; each row as long as the first.

    Returns
    -------
    Figure

    Examples
    --------
    >>> grey = np.zeros((8, 8, 3), "uint8")
    >>> figure = show_neighbours(grey, "cats", {"by pixels": [(grey, "dogs")]})
    >>> [axes.get_title() for axes in figure.axes]
    ['cats', '× dogs']
    >>> plt.close(figure)
    """
    columns = 1 + len(next(iter(neighbours.values())))
    rows = len(neighbours)
    figure, grid = plt.subplots(
        rows, columns, figsize=(6.4, 1.25 * rows + 0.1), squeeze=False, layout="constrained"
    )
    for place in grid.flat:
        place.set(xticks=[], yticks=[])
        place.spines[:].set_visible(False)
    for row, (words, found) in enumerate(neighbours.items()):
        start = grid[row, 0]
        if row == 0:
            start.imshow(picture)
            start.set_title(name, fontsize=9, loc="center")
        else:
            start.remove()
        for place, (other, kind) in zip(grid[row, 1:], found, strict=True):
            place.imshow(other)
            place.set_title(("" if kind == name else "× ") + kind, fontsize=9, loc="center")
            if kind != name:
                place.spines[:].set(visible=True, color=vermilion, linewidth=3)
        grid[row, 1].set_ylabel(words, fontsize=9)
    return figure
