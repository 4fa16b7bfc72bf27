"""Pictures of one-dimensional signals: a kernel on its way along a row of numbers."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from course_utils.plots.style import grey, vermilion

SIGNAL, KERNEL, OUTPUT = 4.2, 2.6, 0.5  # heights of the three rows of cells
PAPER, PALE_YELLOW, PALE_VERMILION = "#F2F2F2", "#FBF3B0", "#FBE3D6"


def sliding_dot_product(
    signal: ArrayLike,
    kernel: ArrayLike,
    stop: int,
    *,
    padding: int = 0,
    stride: int = 1,
    dilation: int = 1,
    title: str = "",
) -> Figure:
    """Draw a kernel at one of its stops under a signal, the sum, and the output so far.

    Parameters
    ----------
    signal : (n,)
        Without padding.
    kernel : (K,)
    stop : int
        Which stop, counted from 0; what comes after it stays hidden.
    padding, stride, dilation : int
        Zeros on each side, steps between stops, distance between the kernel's numbers.
    title : str
        By default, what happens at this stop.

    Returns
    -------
    Figure
        Always of one size, so that stops can become the frames of an animation.

    Raises
    ------
    ValueError
        If there is no such stop.

    Examples
    --------
    >>> figure = sliding_dot_product([1, 1, 5, 5], [-1, 0, 1], stop=0)
    >>> figure.axes[0].get_title(loc="left")
    'stop 0:  1·(−1) + 1·0 + 5·1 = 4'
    >>> plt.close(figure)
    """
    padded, kernel = np.pad(signal, padding), np.asarray(kernel)
    reach = dilation * (len(kernel) - 1) + 1
    starts = range(0, len(padded) - reach + 1, stride)
    if not 0 <= stop < len(starts):
        raise ValueError(f"there are {len(starts)} stops, counted from 0; there is no stop {stop}")
    met = starts[stop] + dilation * np.arange(len(kernel))
    figure, axes = plt.subplots(figsize=(6.4, 2.9))
    inside = range(padding, len(padded) - padding)
    for place, value in enumerate(padded):
        _cell(axes, place, SIGNAL, value, marked=place in met, added=place not in inside)
    for place, weight in zip(met, kernel, strict=True):
        _cell(axes, place, KERNEL, weight, fill=PALE_YELLOW)
    outputs = [padded[s + dilation * np.arange(len(kernel))] @ kernel for s in starts[: stop + 1]]
    middles = [start + (reach - 1) / 2 for start in starts]
    for number, middle in enumerate(middles):
        value = outputs[number] if number <= stop else None
        _cell(axes, middle, OUTPUT, value, marked=number == stop, added=number > stop)
    axes.plot([middles[stop]] * 2, [KERNEL - 0.55, OUTPUT + 0.55], color=vermilion, lw=1.2)
    for height, name in ((SIGNAL, "signal"), (KERNEL, "kernel"), (OUTPUT, "output")):
        axes.text(-0.8, height, name, ha="right", va="center")
    total = _spelt(padded[met], kernel, outputs[-1])
    axes.set(xlim=(-3.0, max(12, len(padded)) - 0.4), ylim=(-0.3, 5.0), aspect="equal")
    axes.set_title(title or f"stop {stop}:  {total}", loc="left")
    axes.axis("off")
    return figure


def _cell(axes: Axes, place, height, value, *, marked=False, added=False, fill="white") -> None:
    edge = vermilion if marked else grey if added else "black"
    fill = PALE_VERMILION if marked else PAPER if added else fill
    options = {"facecolor": fill, "edgecolor": edge, "linestyle": ":" if added else "-"}
    corner = (place - 0.5, height - 0.5)
    axes.add_patch(Rectangle(corner, 1, 1, linewidth=1.2, zorder=2 + marked, **options))
    if value is not None:
        axes.text(place, height, _number(value), ha="center", va="center", zorder=4)


def _spelt(window: np.ndarray, kernel: np.ndarray, total: float) -> str:
    def factor(value: float) -> str:
        return f"({_number(value)})" if value < 0 else _number(value)

    pairs = zip(window, kernel, strict=True)
    products = " + ".join(f"{factor(value)}·{factor(weight)}" for value, weight in pairs)
    return f"{products} = {_number(total)}"


def _number(value: float) -> str:
    return f"{value:g}".replace("-", "−")
