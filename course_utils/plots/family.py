"""Pictures of networks: what a block consists of, and what a network's accuracy costs."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch, Patch

from course_utils.plots.style import blue, green, grey, ink_on, orange, purple, sky, yellow

KINDS = {
    "convolution": blue,
    "1 x 1": sky,
    "in groups": orange,
    "pooling": green,
    "dense": purple,
    "exit": yellow,
    "maps": "#E4E4E4",
}
HEIGHT = 0.56  # of a box, in rows


def show_block(
    branches: Sequence[Sequence[tuple[str, str, float]]],
    *,
    start: str = "",
    merge: str = "",
    title: str = "",
    axes: Axes | None = None,
) -> Axes:
    """Draw a block of a network from top to bottom: branches that part and come together.

    Parameters
    ----------
    branches : sequence of sequences of (text, kind, width)
        From left to right; each from top to bottom. ``kind`` is a key of `KINDS` and gives the
        colour; ``width`` (0 to 1) the width of the box, for the number of channels. An empty
        branch is a shortcut: a line.
    start, merge : str
        Words at the top, and where the branches meet.
    title : str
    axes : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If a kind is unknown.

    Examples
    --------
    >>> axes = show_block([[("3 x 3", "convolution", 1)], []], merge="+")
    >>> [text.get_text() for text in axes.texts if text.get_text()]
    ['+', '3 x 3']
    >>> plt.close(axes.figure)
    """
    rows, columns = max(map(len, branches)), len(branches)
    if axes is None:
        _, axes = plt.subplots(figsize=(1.5 * columns + 0.6, 0.55 * rows + 1.4))
    middle = (columns - 1) / 2
    for y, words in ((0, start), (rows + 1, merge)):
        axes.text(middle, y, words, ha="center", va="center", fontsize=9)
    top, bottom = 0.46, rows + 0.5  # where the branches part and meet
    for y in (top, bottom):
        axes.plot([0, columns - 1], [y, y], color=grey, linewidth=1.2)
    axes.plot([middle, middle], [0.25, top], color=grey, linewidth=1.2)
    _arrow(axes, middle, bottom, rows + 0.8)
    for column, branch in enumerate(branches):
        above = top
        for place, (text, kind, width) in enumerate(branch, start=1):
            _arrow(axes, column, above, place - HEIGHT / 2)
            _box(axes, column, place, text, kind, width)
            above = place + HEIGHT / 2
        axes.plot([column, column], [above, bottom], color=grey, linewidth=1.2)
    axes.set(xlim=(-0.55, columns - 0.45), ylim=(rows + 1.25, -0.25))
    axes.set_title(title)
    axes.axis("off")
    return axes


def _box(axes: Axes, x: float, y: float, text: str, kind: str, width: float) -> None:
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is none of {', '.join(KINDS)}")
    colour, width = KINDS[kind], 0.92 * width
    corner = (x - width / 2, y - HEIGHT / 2)
    style = "round,pad=0,rounding_size=0.06"
    axes.add_patch(FancyBboxPatch(corner, width, HEIGHT, boxstyle=style, fc=colour, ec="none"))
    axes.text(x, y, text, ha="center", va="center", fontsize=8, color=ink_on(colour))


def _arrow(axes: Axes, x: float, y0: float, y1: float) -> None:
    arrow = {"arrowstyle": "-|>", "color": grey, "linewidth": 1.2, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", (x, y1), (x, y0), arrowprops=arrow)


def block_legend(axes: Axes, kinds: Sequence[str]) -> None:
    """Name the colours of ``kinds`` under the figure of ``axes``.

    Examples
    --------
    >>> axes = show_block([[("2 x 2", "pooling", 1)]])
    >>> block_legend(axes, ["pooling"])
    >>> [text.get_text() for text in axes.figure.legends[0].get_texts()]
    ['pooling']
    >>> plt.close(axes.figure)
    """
    handles = [Patch(color=KINDS[kind], label=kind) for kind in kinds]
    axes.figure.legend(handles=handles, loc="outside lower center", ncols=len(kinds), fontsize=9)


def show_family(
    networks: Mapping[str, tuple[float, float, float]],
    *,
    title: str = "",
    below: Sequence[str] = (),
    left: Sequence[str] = (),
) -> Axes:
    """Draw accuracy against multiply-adds on a logarithmic axis; areas are parameters.

    Parameters
    ----------
    networks : mapping of str to (multiply-adds, accuracy in %, parameters)
    title : str
    below, left : sequence of str
        Networks whose name stands under or left of its disc instead of right of it.

    Returns
    -------
    Axes

    Examples
    --------
    >>> axes = show_family({"small": (5e8, 70, 4e6), "large": (1.5e10, 71, 1.4e8)})
    >>> axes.get_xscale()
    'log'
    >>> plt.close(axes.figure)
    """
    _, axes = plt.subplots(figsize=(6.4, 4.0))
    for name, (price, accuracy, parameters) in networks.items():
        area = parameters / 1e5
        radius = np.sqrt(area / np.pi)  # in points
        axes.scatter(price, accuracy, s=area, color=sky, edgecolor=blue, alpha=0.8)
        shift, how = (radius + 4, 0), {"ha": "left", "va": "center"}
        if name in below:
            shift, how = (0, -radius - 4), {"ha": "center", "va": "top"}
        if name in left:
            shift, how = (-radius - 4, 0), {"ha": "right", "va": "center"}
        axes.annotate(name, (price, accuracy), shift, textcoords="offset points", fontsize=9, **how)
    axes.set(xscale="log", xlabel="multiply-adds for one image (each line right: ten times)")
    axes.set(ylabel="published top-1 accuracy, %", title=title)
    axes.margins(x=0.16, y=0.14)
    axes.grid()
    return axes
