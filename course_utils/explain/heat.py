"""Heat maps: which part of an image speaks for a class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.explain.naming import find_layer
from course_utils.explain.scores import best, scores
from course_utils.explain.tapping import checked, run_to_logits
from course_utils.settings import quiet

if TYPE_CHECKING:
    import keras


def grad_cam(
    model: keras.Model,
    images: Any,
    class_index: int | Sequence[int] | None = None,
    layer: str | keras.Layer | None = None,
) -> np.ndarray:
    """Return where a convolution's feature maps speak for a class.

    The class's logit is differentiated by each feature map; the mean of that gradient is the map's
    weight; the weighted sum of the maps, without its negative part, is the heat map.

    Parameters
    ----------
    model : keras.Model
        A classifier of any kind and nesting, called before or not.
    images : (n, height, width, channels) array
        As the model takes them.
    class_index : int or sequence of n int, optional
        One for all images or one for each; by default the class that the model gives. For a model
        with one logit, 1 is the class of positive logits and 0 the other.
    layer : str or keras.Layer, optional
        Name or path; by default the last convolution.

    Returns
    -------
    (n, rows, columns) float32 array
        Heat, 0 or more, at the size of the feature maps, each image's maximum 1 (all zeros where
        nothing speaks for the class). `enlarged` brings it to the size of the image.

    Raises
    ------
    ValueError
        If the model has no convolution or not the layer or class named, if the layer gives no
        feature maps or does not lead to the output, or if the images don't fit.

    Notes
    -----
    Selvaraju et al. (2016), arXiv 1610.02391.

    Examples
    --------
    >>> import keras
    >>> model = keras.Sequential(
    ...     [keras.layers.Conv2D(4, 3), keras.layers.Flatten(), keras.layers.Dense(2)]
    ... )
    >>> grad_cam(model, np.ones((1, 8, 8, 1)), class_index=0).shape
    (1, 6, 6)
    """
    with quiet():
        import tensorflow as tf
    wanted = find_layer(model, layer)
    images = checked(model, images)
    with tf.GradientTape() as tape:
        tape.watch(images)  # the feature maps then are on the tape, whatever is trainable
        [maps], logits = run_to_logits(model, images, [wanted])
        score = scores(logits, class_index)
    if len(maps.shape) != 4:
        raise ValueError(
            f"the layer {wanted.name!r} gives the shape {tuple(maps.shape[1:])}, and no feature "
            "maps; choose a layer before the flattening or pooling"
        )
    gradient = tape.gradient(score, maps)
    if gradient is None:
        raise ValueError(f"the output of {model.name!r} does not depend on {wanted.name!r}")
    weight = tf.reduce_mean(gradient, axis=(1, 2), keepdims=True)
    heat = tf.nn.relu(tf.reduce_sum(weight * maps, axis=-1)).numpy().astype("float32")
    return _to_one(heat)


def saliency(
    model: keras.Model,
    images: Any,
    class_index: int | Sequence[int] | None = None,
    samples: int = 1,
    noise: float = 0.0,
    seed: int = 0,
) -> np.ndarray:
    """Return how much each pixel's change would change a class's logit.

    Parameters
    ----------
    model, images, class_index
        As for `grad_cam`.
    samples : int
        Gradients to average, each of the images with other noise (*SmoothGrad*).
    noise : float
        Standard deviation of the noise, as a share of each image's range of values (0.1 to 0.2 is
        usual); 0 with one sample gives the plain saliency map.
    seed : int
        Of the noise.

    Returns
    -------
    (n, height, width) float32 array
        The gradient's largest magnitude over the channels, each image's maximum 1.

    Raises
    ------
    ValueError
        If the images don't fit, the class is unknown, or samples or noise make no sense.

    Notes
    -----
    Simonyan, Vedaldi and Zisserman (2013), arXiv 1312.6034; SmoothGrad: Smilkov et al. (2017),
    arXiv 1706.03825.

    Examples
    --------
    >>> import keras
    >>> model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(2)])
    >>> saliency(model, np.ones((1, 8, 8, 1)), class_index=0, samples=4, noise=0.1).shape
    (1, 8, 8)
    """
    with quiet():
        import tensorflow as tf
    if samples < 1 or noise < 0:
        raise ValueError(f"samples is {samples} and noise {noise}; take at least 1, and 0 or more")
    if samples > 1 and noise == 0:
        raise ValueError("without noise all samples are the same; set noise, to 0.15 for example")
    images = checked(model, images)
    if class_index is None:  # of the image without noise
        _, logits = run_to_logits(model, images)
        class_index = best(logits)
    span = np.ptp(images.numpy(), axis=(1, 2, 3), keepdims=True) * noise

    def slope(noisy):
        with tf.GradientTape() as tape:
            tape.watch(noisy)
            _, logits = run_to_logits(model, noisy)
            score = scores(logits, class_index)
        return tape.gradient(score, noisy)

    if samples > 1:
        slope = tf.function(slope, autograph=False)
    rng, total = np.random.default_rng(seed), 0.0
    for _ in range(samples):
        gradient = slope(images + (rng.normal(size=images.shape) * span).astype("float32"))
        if gradient is None:
            raise ValueError(f"the output of {model.name!r} can't be differentiated by its input")
        total = total + gradient.numpy()
    return _to_one(np.abs(total).max(axis=-1).astype("float32"))


def _to_one(heat: np.ndarray) -> np.ndarray:
    largest = heat.max(axis=(1, 2), keepdims=True)
    return heat / np.where(largest > 0, largest, 1)
