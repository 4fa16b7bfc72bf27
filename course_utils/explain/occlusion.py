"""Cover a part of an image and see what the classifier loses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from course_utils.explain.scores import best, scores
from course_utils.explain.tapping import checked, run_to_logits
from course_utils.settings import quiet

if TYPE_CHECKING:
    import keras


def occlusion(
    model: keras.Model,
    image: Any,
    class_index: int | None = None,
    patch: int = 32,
    stride: int = 16,
    fill: float | None = None,
    batch_size: int = 16,
) -> np.ndarray:
    """Return how far a class's logit falls when a square of the image is covered.

    Parameters
    ----------
    model, class_index
        As for `grad_cam`.
    image : (1, height, width, channels) array
        One image.
    patch, stride : int
        Side of the square, and the step between its places, in pixels.
    fill : float, optional
        Grey level of the square; by default the image's mean.
    batch_size : int
        Covered images at a time.

    Returns
    -------
    (rows, columns) float32 array
        The fall of the logit for each place of the square, from the top left; negative where the
        class gains. No gradient is needed.

    Raises
    ------
    ValueError
        If there is more than one image, the square does not fit it, or the class is unknown.

    Notes
    -----
    Zeiler and Fergus (2013), arXiv 1311.2901.

    Examples
    --------
    >>> import keras
    >>> model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(2)])
    >>> occlusion(model, np.ones((1, 8, 8, 1)), class_index=0, patch=4, stride=2).shape
    (3, 3)
    """
    with quiet():
        import tensorflow as tf
    whole = checked(model, image).numpy()
    count, height, width, _ = whole.shape
    if count != 1:
        raise ValueError(f"there are {count} images; occlusion takes one at a time: images[:1]")
    if not (1 <= patch <= min(height, width) and stride >= 1):
        raise ValueError(
            f"a square of {patch} pixels in steps of {stride} does not fit {height} x {width}"
        )
    fill = float(whole.mean()) if fill is None else fill
    _, logits = run_to_logits(model, whole)
    class_index = best(logits) if class_index is None else class_index
    before = float(scores(logits, class_index)[0])
    tops = range(0, height - patch + 1, stride)
    lefts = range(0, width - patch + 1, stride)
    places = [(top, left) for top in tops for left in lefts]
    look = tf.function(
        lambda covered: scores(run_to_logits(model, covered)[1], class_index),
        autograph=False,
        reduce_retracing=True,
    )
    after = []
    for start in range(0, len(places), batch_size):
        some = places[start : start + batch_size]
        covered = np.repeat(whole, len(some), axis=0)
        for one, (top, left) in zip(covered, some, strict=True):
            one[top : top + patch, left : left + patch] = fill
        after.append(look(tf.constant(covered)).numpy())
    return (before - np.concatenate(after)).reshape(len(tops), len(lefts)).astype("float32")


def enlarged(heat: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return heat maps at the size of the image, interpolated bilinearly.

    Parameters
    ----------
    heat : (rows, columns) or (n, rows, columns) array
    height, width : int
        Of the image.

    Returns
    -------
    (height, width) or (n, height, width) float32 array

    Examples
    --------
    >>> enlarged(np.eye(2), 4, 4).shape
    (4, 4)
    """
    heat = np.asarray(heat, "float32")
    if heat.ndim == 3:
        return np.stack([enlarged(one, height, width) for one in heat])
    picture = Image.fromarray(heat, mode="F")
    return np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR))
