"""Real data with one call: embedded packs without a network, complete sets with one.

Examples
--------
>>> from course_utils import load
>>> fashion = load("fashion_mnist")
>>> fashion.x_train.shape, fashion.class_names[0]
((10000, 28, 28, 1), 'T-shirt/top')
"""

from course_utils.data.dataset import Dataset, Split
from course_utils.data.entries import DataError, Entry, catalog
from course_utils.data.folders import folder
from course_utils.data.loading import State, available, fetch, load
from course_utils.data.packs import photo
from course_utils.data.trained import read_weights, weights

__all__ = [
    "DataError",
    "Dataset",
    "Entry",
    "Split",
    "State",
    "available",
    "catalog",
    "fetch",
    "folder",
    "load",
    "photo",
    "read_weights",
    "weights",
]
