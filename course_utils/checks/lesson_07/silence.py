"""Exercise 07.1: the share of zeros of every channel."""

from typing import Any

import numpy as np

from course_utils.checks.compare import compare
from course_utils.checks.lesson_07.showing import labelled, thoughts
from course_utils.checks.registry import exercise


def channel_sparsity(maps: np.ndarray) -> np.ndarray:
    """Return each channel's share of zeros over all images and places."""
    return (maps == 0).mean(axis=(0, 1, 2))


@exercise(
    "07.1",
    answers=("channel_sparsity",),
    hints=(
        "Two steps: mark every number that is exactly 0, then take a mean. Of the four axes only "
        "one is to be left.",
        "`maps == 0` is an array of True and False, and the mean of True and False is the share of "
        "True. `np.mean` takes several axes at once.",
        "`np.mean(maps == 0, axis=(0, 1, 2))`: images, rows and columns go, channels stay.",
    ),
    praise="The mean of True and False is a share: one line counts a whole layer.",
)
def judge_channel_sparsity(answer: Any) -> None:
    """Count by hand on four places, then on images of unequal sides."""
    rng = np.random.default_rng(7)
    small = labelled([[[[0, -2], [3, 0], [0, 5], [0, 1]]]], "channels [0, 3, 0, 0], [-2, 0, 5, 1]")
    tiny = labelled([[[[0], [1e-9]]], [[[2], [7]]]], "2 images, a channel each: [0, 1e-09], [2, 7]")
    maps = np.maximum(rng.normal(size=(3, 2, 5, 4)), 0)
    maps[..., 1], maps[1:, ..., 2] = 0, 4
    cases = [(small,), (tiny,), (maps,), (-maps.astype("float32"),)]
    settings = {"name": "channel_sparsity", "tolerance": 1e-6}
    compare(answer, channel_sparsity, cases, thoughts(_SHARES), **settings)


_SHARES = {
    "This is the share of numbers that speak; the zeros are the rest.": (
        lambda maps: (maps != 0).mean(axis=(0, 1, 2))
    ),
    "These are counts; a share is a count divided by how many numbers the channel has.": (
        lambda maps: (maps == 0).sum(axis=(0, 1, 2))
    ),
    "Divided by the places of one image: a channel has images x rows x columns numbers.": (
        lambda maps: (maps == 0).sum(axis=(0, 1, 2)) / maps[0, ..., 0].size
    ),
    "Divided by the number of images only: a channel has images x rows x columns numbers.": (
        lambda maps: (maps == 0).sum(axis=(0, 1, 2)) / len(maps)
    ),
    "These are percent; a share lies between 0 and 1.": (
        lambda maps: 100 * (maps == 0).mean(axis=(0, 1, 2))
    ),
    "This is one share for the whole layer, as in the lesson; leave the channels' axis standing.": (
        lambda maps: (maps == 0).mean()
    ),
    "Each image has its own shares here; the mean goes over the images too.": (
        lambda maps: (maps == 0).mean(axis=(1, 2))
    ),
    "The axis that is left is that of the rows: the channels are the last one.": (
        lambda maps: (maps == 0).mean(axis=(0, 2, 3))
    ),
    "This is a share for each place of each image, over the channels; it is the other way round.": (
        lambda maps: (maps == 0).mean(axis=-1)
    ),
    "This is the mean activation; the question is how many numbers are 0, not how large.": (
        lambda maps: maps.mean(axis=(0, 1, 2))
    ),
    "Negative numbers are counted too. They are not 0: before a ReLU they do say something.": (
        lambda maps: (maps <= 0).mean(axis=(0, 1, 2))
    ),
    "Very small numbers are counted too; only what is exactly 0 is silent.": (
        lambda maps: np.isclose(maps, 0).mean(axis=(0, 1, 2))
    ),
    "This says which channels are 0 everywhere; the others have a share of zeros, too.": (
        lambda maps: (maps == 0).all(axis=(0, 1, 2))
    ),
}
