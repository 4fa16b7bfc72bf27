"""One palette and one style for every figure of the course."""

import matplotlib as mpl
import numpy as np
from cycler import cycler

# Okabe and Ito's colours (2008), told apart by people with any common colour blindness.
# The order puts the strongest contrasts on white first; yellow is for areas, not for lines.
palette = [
    "#0072B2",  # blue
    "#D55E00",  # vermilion
    "#009E73",  # bluish green
    "#CC79A7",  # reddish purple
    "#E69F00",  # orange
    "#56B4E9",  # sky blue
    "#000000",  # black
    "#F0E442",  # yellow
]
blue, vermilion, green, purple, orange, sky, black, yellow = palette
grey = "#767676"

SEQUENTIAL = "viridis"
DIVERGING = "RdBu_r"

_STYLE = {
    "figure.figsize": (6.4, 3.2),
    "figure.dpi": 100,
    "figure.constrained_layout.use": True,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.prop_cycle": cycler(color=palette),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": "#DDDDDD",
    "lines.linewidth": 1.8,
    "legend.frameon": False,
    "image.cmap": SEQUENTIAL,
    "image.interpolation": "nearest",
}


def use_style() -> None:
    """Set the course's style for every figure that follows: 640 pixels wide, one palette.

    Examples
    --------
    >>> use_style()
    >>> mpl.rcParams["figure.dpi"]
    100.0
    """
    mpl.rcParams.update(_STYLE)


def luminance(colour) -> float:
    """Return the relative luminance of a colour, 0 for black to 1 for white (WCAG 2.2).

    Examples
    --------
    >>> luminance("white")
    1.0
    """
    channels = np.array(mpl.colors.to_rgb(colour))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def ink_on(colour) -> str:
    """Return ``"black"`` or ``"white"``, whichever is easier to read on ``colour``.

    Examples
    --------
    >>> ink_on("navy")
    'white'
    """
    return "black" if luminance(colour) > 0.179 else "white"
