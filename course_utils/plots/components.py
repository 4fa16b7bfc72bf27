"""Pictures of comparisons: what one change does, and accuracy against its price."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.offsetbox import AnchoredText

from course_utils.plots.style import blue, grey, orange, palette, sky, vermilion


def show_ablation(
    rows: Mapping[str, Sequence[float]],
    base: str,
    noise: float,
    *,
    title: str = "",
    xlabel: str = "validation accuracy, %",
    axes: Axes | None = None,
) -> Axes:
    """Draw every run of every row, its mean and spread, and the band of noise around the base.

    A row whose mean lies within ``noise`` of the base's mean is drawn in grey: nothing was found.

    Parameters
    ----------
    rows : mapping of str to (seeds,)
        What was changed, and the result of each seed, from top to bottom.
    base : str
        The row that the others are compared with.
    noise : float
        Half the width of the band: how far two means may differ by luck.
    title, xlabel : str
    axes : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the base is not among the rows.

    Examples
    --------
    >>> rows = {"base": [60, 61], "no pooling": [50, 51], "dropout": [60, 60.5]}
    >>> axes = show_ablation(rows, "base", noise=1.0)
    >>> [label.get_text() for label in axes.get_yticklabels()]
    ['base', 'no pooling', 'dropout']
    >>> plt.close(axes.figure)
    """
    if base not in rows:
        raise ValueError(f"the base {base!r} is none of the rows: {', '.join(rows)}")
    if axes is None:
        _, axes = plt.subplots(figsize=(6.4, 0.36 * len(rows) + 1.2))
    middle = np.mean(rows[base])
    axes.axvspan(middle - noise, middle + noise, color=sky, alpha=0.3, linewidth=0)
    for row, (name, values) in enumerate(rows.items()):
        mean, spread = np.mean(values), np.std(values, ddof=1) if len(values) > 1 else 0.0
        colour = blue if name == base else row_colour(mean - middle, noise)
        axes.errorbar(mean, row, xerr=spread, fmt="s", color=colour, capsize=4, markersize=6)
        axes.plot(values, [row - 0.22] * len(values), "o", color=colour, markersize=3, alpha=0.6)
    axes.set_yticks(range(len(rows)), list(rows))
    axes.set(title=title, xlabel=xlabel, ylim=(len(rows) - 0.5, -0.6))
    axes.grid(axis="x")
    return axes


def row_colour(difference: float, noise: float) -> str:
    """Return the colour of a row: grey within the noise, else orange for more, red for less.

    Examples
    --------
    >>> row_colour(0.3, noise=0.5) == grey
    True
    """
    if abs(difference) <= noise:
        return grey
    return orange if difference > 0 else vermilion


def show_compute(
    points: Mapping[str, tuple[float, Sequence[float]]],
    *,
    title: str = "",
    ylabel: str = "test accuracy, %",
    note: str = "",
) -> Axes:
    """Draw accuracy against the floating-point operations of training, on a logarithmic axis.

    Parameters
    ----------
    points : mapping of str to (TFLOP, accuracies)
        For each recipe its price and the accuracy of each seed.
    title, ylabel : str
    note : str
        A sentence for the corner with most room, at the bottom left.

    Returns
    -------
    Axes

    Examples
    --------
    >>> axes = show_compute({"ours": (11.6, [83, 84]), "source": (1600, [82])})
    >>> axes.get_xscale()
    'log'
    >>> plt.close(axes.figure)
    """
    _, axes = plt.subplots(figsize=(6.4, 3.6))
    for (name, (price, values)), colour in zip(points.items(), palette * len(points), strict=False):
        mean, spread = np.mean(values), np.std(values, ddof=1) if len(values) > 1 else 0.0
        axes.errorbar(price, mean, yerr=spread, fmt="o", color=colour, capsize=4, markersize=8)
        axes.annotate(
            name, (price, mean), (0, 10), textcoords="offset points", ha="center", fontsize=9
        )
    if note:
        box = AnchoredText(note, loc="lower left", frameon=False, prop={"size": 9})
        axes.add_artist(box)
    axes.set(xscale="log", xlabel="TFLOP of training (each step right: ten times)", ylabel=ylabel)
    axes.set_title(title)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.margins(x=0.18, y=0.25)
    axes.grid()
    return axes
