"""What the layers hold: kernels, feature maps, and how many of their numbers are zero."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.explain.naming import find_layer, layers_of
from course_utils.explain.tapping import checked, run

if TYPE_CHECKING:
    import keras


def activations(
    model: keras.Model, images: Any, layers: Sequence[str] | None = None, batch_size: int = 32
) -> dict[str, np.ndarray]:
    """Return the feature maps that the layers of a model give.

    Parameters
    ----------
    model : keras.Model
        Of any kind and nesting, called before or not.
    images : (n, height, width, channels) array
        As the model takes them.
    layers : sequence of str, optional
        Names or paths; by default every layer whose output is a feature map (four axes).
    batch_size : int
        Images at a time.

    Returns
    -------
    dict of str to (n, rows, columns, channels) float32 array
        In the order asked for, or of the model. Layers that were named may have other shapes.

    Raises
    ------
    ValueError
        If a name fits no layer or several, or the images don't fit the model.

    Notes
    -----
    Every channel of every intermediate activation: F. Chollet, *Deep Learning with Python*
    (2017), section 5.4.

    Examples
    --------
    >>> import keras
    >>> model = keras.Sequential([keras.layers.Conv2D(4, 3, name="edges"), keras.layers.Flatten()])
    >>> {name: maps.shape for name, maps in activations(model, np.zeros((2, 8, 8, 1))).items()}
    {'edges': (2, 6, 6, 4)}
    """
    names = list(layers_of(model) if layers is None else layers)
    wanted = [find_layer(model, name) for name in names]
    images, parts = checked(model, images), []
    for start in range(0, len(images), batch_size):
        some = images[start : start + batch_size]
        tensors, _ = run(model, some, wanted, to_the_end=False)
        parts.append([np.asarray(each, "float32") for each in tensors])
    found = {}
    for name in reversed(names):  # each part is given up as soon as it is joined
        found[name] = np.concatenate([part.pop() for part in parts])
    found = {name: found[name] for name in names}
    if layers is None:
        found = {name: maps for name, maps in found.items() if maps.ndim == 4}
    return found


def sparsity(maps: np.ndarray) -> float:
    """Return the share of zeros among activations.

    Parameters
    ----------
    maps : array
        Of any shape; behind a ReLU, or it will hardly hold zeros.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If the array is empty.

    Examples
    --------
    >>> sparsity(np.array([0.0, 0.0, 0.5, 1.0]))
    0.5
    """
    if np.size(maps) == 0:
        raise ValueError("there are no activations: the array is empty")
    return float(np.mean(np.asarray(maps) == 0))


def kernels(model: keras.Model, layer: str | None = None) -> np.ndarray:
    """Return the kernels of a convolution, scaled for looking at.

    Parameters
    ----------
    model : keras.Model
    layer : str, optional
        Name or path of a Conv2D or DepthwiseConv2D; by default the first one that sees 1 or 3
        channels, which alone can be looked at as pictures.

    Returns
    -------
    (kernels, rows, columns, channels) float32 array
        Each kernel scaled by its own largest magnitude, so that 0.5 stands for a weight of 0.

    Raises
    ------
    ValueError
        If the layer has no kernel of four axes, or there is none to choose.

    Examples
    --------
    >>> import keras
    >>> model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3, name="edges")])
    >>> kernels(model).shape
    (4, 3, 3, 3)
    """
    if layer is None:
        candidates = [
            each for each in layers_of(model).values() if _kernel(each).shape[2:3] in ((1,), (3,))
        ]
        if not candidates:
            raise ValueError(
                f"no convolution of {model.name!r} sees 1 or 3 channels; name a layer (and call "
                "the model once: before, it has no kernels)"
            )
        kernel = _kernel(candidates[0])
    else:
        kernel = _kernel(find_layer(model, layer))
        if kernel.ndim != 4:
            raise ValueError(f"the layer {layer!r} has no two-dimensional kernels")
    kernel = kernel.transpose(3, 0, 1, 2)
    largest = np.abs(kernel).max(axis=(1, 2, 3), keepdims=True)
    return 0.5 + 0.5 * kernel / np.where(largest > 0, largest, 1)


def _kernel(layer: keras.Layer) -> np.ndarray:
    """Return a kernel (rows, columns, in, out) as float32, or an empty array."""
    kernel = getattr(layer, "kernel", None) if layer.built else None
    if kernel is None or len(kernel.shape) != 4:
        return np.empty(0, "float32")
    return np.asarray(kernel, "float32")
