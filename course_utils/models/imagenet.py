"""The 1,000 classes of ImageNet, and what a network says about them."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from course_utils.data.entries import catalog, embedded

IMAGENET_CLASSES = 1000


class ImagenetClass(NamedTuple):
    """A class of ImageNet: its WordNet id and its first name there."""

    wordnet_id: str
    name: str


@cache
def imagenet_classes() -> tuple[ImagenetClass, ...]:
    """Return the 1,000 classes in the order of the logits.

    Returns
    -------
    tuple of ImagenetClass
        Pairs of WordNet id and name. Two names occur twice, as in WordNet: ``crane`` (the bird
        and the machine) and ``maillot``; the ids differ.

    Notes
    -----
    ILSVRC 2012: Russakovsky et al. (2015), arXiv 1409.0575. Names: WordNet 3.0, by way of the
    Python package timm.

    Examples
    --------
    >>> imagenet_classes()[967]
    ImagenetClass(wordnet_id='n07920052', name='espresso')
    """
    content = embedded(catalog()["imagenet"].mini["classes"]).decode("utf-8")
    return tuple(ImagenetClass(*line.split("\t")) for line in content.splitlines())


def decode_predictions(predictions: np.ndarray, top: int = 5) -> list[list[tuple[str, str, float]]]:
    """Name the classes with the largest predictions, as ``keras.applications`` does.

    Parameters
    ----------
    predictions : (n, 1000) array
        Probabilities (or logits) of a network trained on ImageNet.
    top : int
        How many classes to name for each image.

    Returns
    -------
    list of lists
        For each image ``top`` tuples of WordNet id, name and prediction, the largest first.

    Raises
    ------
    ValueError
        If the predictions don't have the shape ``(n, 1000)``, or ``top`` is not between 1 and
        1,000.

    Examples
    --------
    >>> decode_predictions(np.eye(1000)[[285]], top=1)
    [[('n02124075', 'Egyptian_cat', 1.0)]]
    """
    predictions = np.asarray(predictions)
    if predictions.ndim != 2 or predictions.shape[1] != IMAGENET_CLASSES:
        raise ValueError(
            f"predictions have the shape {predictions.shape}; they must have (n, 1000), one "
            "number for each class of ImageNet (a single image needs an axis in front: x[None])"
        )
    if not 1 <= top <= IMAGENET_CLASSES:
        raise ValueError(f"top is {top}; it must be between 1 and 1,000")
    classes = imagenet_classes()
    best = np.argsort(-predictions, axis=1, kind="stable")[:, :top]
    return [
        [(*classes[place], float(row[place])) for place in places]
        for row, places in zip(predictions, best, strict=True)
    ]
