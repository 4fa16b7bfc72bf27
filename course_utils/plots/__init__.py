"""Every picture that more than one lesson draws, in one palette and one style.

Functions take data and return a Figure or an Axes; they never train and never load.
"""

from course_utils.plots.components import show_ablation, show_compute
from course_utils.plots.family import block_legend, show_block, show_family
from course_utils.plots.pictures import show_images, show_matrix
from course_utils.plots.signals import sliding_dot_product
from course_utils.plots.sliding import matrix_product, sliding_window, window_stop, window_visits
from course_utils.plots.style import (
    DIVERGING,
    SEQUENTIAL,
    black,
    blue,
    green,
    grey,
    ink_on,
    luminance,
    orange,
    palette,
    purple,
    sky,
    use_style,
    vermilion,
    yellow,
)
from course_utils.plots.training import show_confusion, show_curves, show_parameters

__all__ = [
    "DIVERGING",
    "SEQUENTIAL",
    "black",
    "block_legend",
    "blue",
    "green",
    "grey",
    "ink_on",
    "luminance",
    "matrix_product",
    "orange",
    "palette",
    "purple",
    "show_ablation",
    "show_block",
    "show_compute",
    "show_confusion",
    "show_curves",
    "show_family",
    "show_images",
    "show_matrix",
    "show_parameters",
    "sky",
    "sliding_dot_product",
    "sliding_window",
    "use_style",
    "vermilion",
    "window_stop",
    "window_visits",
    "yellow",
]
