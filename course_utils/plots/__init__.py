"""Every picture that more than one lesson draws, in one palette and one style.

Functions take data and return a Figure or an Axes; they never train and never load.
"""

from course_utils.plots.components import show_ablation, show_compute
from course_utils.plots.family import block_legend, show_block, show_family
from course_utils.plots.inside import mosaic, show_channels, show_heat, show_tasks
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
from course_utils.plots.transfer import (
    show_answers,
    show_label_curves,
    show_neighbours,
    show_trainable,
)

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
    "mosaic",
    "orange",
    "palette",
    "purple",
    "show_ablation",
    "show_answers",
    "show_block",
    "show_channels",
    "show_compute",
    "show_confusion",
    "show_curves",
    "show_family",
    "show_heat",
    "show_images",
    "show_label_curves",
    "show_matrix",
    "show_neighbours",
    "show_parameters",
    "show_tasks",
    "show_trainable",
    "sky",
    "sliding_dot_product",
    "sliding_window",
    "use_style",
    "vermilion",
    "window_stop",
    "window_visits",
    "yellow",
]
