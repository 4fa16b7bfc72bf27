"""What would please a filter most? Gradient ascent in the input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.explain.naming import find_layer
from course_utils.explain.tapping import run
from course_utils.settings import quiet

if TYPE_CHECKING:
    import keras

# The colours of natural photographs vary together: brightness most. Noise drawn in these directions
# (eigenvectors of the covariance of ImageNet's colours) starts closer to a photograph.
COLOURS = np.array([[0.26, 0.09, 0.02], [0.27, 0.0, -0.05], [0.27, -0.09, 0.03]], "float32")


def filter_patterns(
    model: keras.Model,
    layer: str | keras.Layer,
    channels: Sequence[int],
    size: int = 96,
    steps: int = 40,
    step_size: float = 10.0,
    jitter: int = 0,
    blur: float = 0.0,
    decorrelated: bool = False,
    seed: int = 0,
) -> np.ndarray:
    """Return images that make chosen channels of a layer large.

    From grey with a little noise, each step moves the image along the gradient of the channel's
    mean activation, divided by the gradient's root mean square.

    Parameters
    ----------
    model : keras.Model
        Takes pixels from 0 to 255, of any size.
    layer : str or keras.Layer
        Name or path of a layer that gives feature maps.
    channels : sequence of int
        One image each; all are made in one batch.
    size : int
        Pixels along one side.
    steps : int
    step_size : float
        Grey levels that a pixel moves by in one step, root mean square.
    jitter : int
        Shift the images by up to so many pixels before each step, at random: a pattern must please
        wherever it lies.
    blur : float
        Standard deviation, in pixels, of a Gaussian blur after every fourth step: fine grain, which
        networks like and photographs lack, does not survive.
    decorrelated : bool
        Whether the noise at the start is smooth and has the colours of photographs.
    seed : int

    Returns
    -------
    (channels, size, size, 3) uint8 array
        Each brought to the same mean and contrast.

    Raises
    ------
    ValueError
        If the layer gives no feature maps, has no such channel, or nothing drives the channel.

    Notes
    -----
    Erhan et al. (2009); F. Chollet, *Deep Learning with Python* (2017), section 5.4. What makes
    the patterns clear: Olah, Mordvintsev and Schubert (2017), *Feature Visualization*, Distill.

    Examples
    --------
    >>> import keras
    >>> model = keras.Sequential([keras.layers.Conv2D(4, 3, name="edges")])
    >>> filter_patterns(model, "edges", [0, 2], size=16, steps=2).shape
    (2, 16, 16, 3)
    """
    with quiet():
        import tensorflow as tf
    wanted, chosen = find_layer(model, layer), np.asarray(channels)
    if chosen.ndim != 1 or not len(chosen):
        raise ValueError(f"channels is {channels!r}; give a list of at least one number")
    rng = np.random.default_rng(seed)
    images = tf.convert_to_tensor(_start(len(chosen), size, decorrelated, rng))

    @tf.function(autograph=False, reduce_retracing=True)
    def climbed(images, shift):
        moved = tf.roll(images, shift, (1, 2))
        with tf.GradientTape() as tape:
            tape.watch(moved)
            [maps], _ = run(model, moved, [wanted], to_the_end=False)
            _check(wanted, maps, chosen)
            means = tf.reduce_mean(maps, axis=(1, 2))  # one row an image, one column a channel
            gain = tf.reduce_sum(tf.gather(means, chosen, axis=1, batch_dims=1))
        gradient = tf.roll(tape.gradient(gain, moved), -shift, (1, 2))
        length = tf.sqrt(tf.reduce_mean(gradient**2, axis=(1, 2, 3), keepdims=True))
        return tf.clip_by_value(images + step_size * gradient / (length + 1e-12), 0.0, 255.0)

    for step in range(steps):
        images = climbed(images, tf.constant(rng.integers(-jitter, jitter + 1, 2), "int32"))
        if blur and step % 4 == 3:
            images = _blurred(images, blur)
    return _displayed(images.numpy())


def _start(count: int, size: int, decorrelated: bool, rng: np.random.Generator) -> np.ndarray:
    noise = rng.normal(size=(count, size, size, 3)).astype("float32")
    if not decorrelated:
        return 127.5 + 10 * noise
    rows, columns = np.fft.fftfreq(size)[:, None], np.fft.fftfreq(size)[None]
    frequency = np.maximum(np.hypot(rows, columns), 1 / size)[None, ..., None]
    smooth = np.fft.ifft2(np.fft.fft2(noise, axes=(1, 2)) / frequency, axes=(1, 2)).real
    smooth /= smooth.std(axis=(1, 2, 3), keepdims=True)
    return (127.5 + 60 * smooth @ COLOURS.T).astype("float32")


def _blurred(images: Any, deviation: float) -> Any:
    """Blur each channel with a Gaussian, rows and columns one after the other."""
    import tensorflow as tf

    reach = max(1, round(2 * deviation))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2)
    weights = (weights / weights.sum()).astype("float32")
    padded = tf.pad(images, [(0, 0), (reach, reach), (reach, reach), (0, 0)], "SYMMETRIC")
    for shape in ((-1, 1, 1, 1), (1, -1, 1, 1)):
        kernel = np.tile(weights.reshape(shape), (1, 1, 3, 1))
        padded = tf.nn.depthwise_conv2d(padded, kernel, [1, 1, 1, 1], "VALID")
    return padded


def _check(layer: keras.Layer, maps: Any, chosen: np.ndarray) -> None:
    if len(maps.shape) != 4:
        raise ValueError(
            f"the layer {layer.name!r} gives the shape {tuple(maps.shape[1:])} and no feature maps"
        )
    if chosen.min() < 0 or chosen.max() >= maps.shape[-1]:
        raise ValueError(
            f"the layer {layer.name!r} has {maps.shape[-1]} channels, from 0 to "
            f"{maps.shape[-1] - 1}; asked for {chosen.tolist()}"
        )


def _displayed(images: np.ndarray) -> np.ndarray:
    mean, spread = (f(images, axis=(1, 2, 3), keepdims=True) for f in (np.mean, np.std))
    shown = 127.5 + 55 * (images - mean) / np.maximum(spread, 1e-6)
    return np.clip(shown, 0, 255).astype("uint8")
