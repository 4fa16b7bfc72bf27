"""Where a window may stop: padding, output length, and all windows of an image as one view."""

from operator import index

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

Pair = tuple[int, int]
PADDINGS = ("valid", "same")


def output_length(length: int, kernel: int, stride: int = 1, padding: str = "valid") -> int:
    """Return how many places a window of ``kernel`` pixels stops at along one axis.

    ``valid``: ``floor((length - kernel) / stride) + 1``; ``same``: ``ceil(length / stride)``.

    Raises
    ------
    ValueError
        If the padding is unknown, or the kernel does not fit into an unpadded axis.

    Examples
    --------
    >>> output_length(10, 3), output_length(10, 3, stride=2, padding="same")
    (8, 5)
    """
    if padding == "same":
        return -(-length // stride)
    if padding != "valid":
        raise ValueError(f"padding is {padding!r}; use 'valid' (none) or 'same' (zeros around)")
    if kernel > length:
        raise ValueError(
            f"a window of {kernel} pixels does not fit into {length} without padding; "
            "use padding='same', a smaller window or a larger image"
        )
    return (length - kernel) // stride + 1


def same_padding(length: int, kernel: int, stride: int = 1) -> Pair:
    """Return how many pixels ``padding="same"`` adds before and after an axis.

    Just enough for ``ceil(length / stride)`` stops; an odd pixel goes to the end, as in Keras.

    Examples
    --------
    >>> same_padding(10, 3), same_padding(10, 3, stride=2), same_padding(10, 4)
    ((1, 1), (0, 1), (1, 2))
    """
    stops = output_length(length, kernel, stride, "same")
    missing = max((stops - 1) * stride + kernel - length, 0)
    return missing // 2, missing - missing // 2


def pad_images(
    images: np.ndarray, size: Pair, stride: Pair, padding: str, value: float = 0.0
) -> tuple[np.ndarray, Pair]:
    """Pad the two middle axes; return the padded images and the pixels added (above, left)."""
    margins = [(0, 0)] * 4
    for axis in (1, 2):
        length, kernel, step = images.shape[axis], size[axis - 1], stride[axis - 1]
        output_length(length, kernel, step, padding)  # complains where nothing fits
        if padding == "same":
            margins[axis] = same_padding(length, kernel, step)
    offset = (margins[1][0], margins[2][0])
    if not any(map(any, margins)):
        return images, offset
    return np.pad(images, margins, constant_values=value), offset


def window_view(images: np.ndarray, size: Pair, stride: Pair = (1, 1)) -> np.ndarray:
    """Return every window of every image, copying nothing.

    Parameters
    ----------
    images : (n, height, width, channels)
    size, stride : pairs of int
        Height and width of the window, and of its step.

    Returns
    -------
    (n, stops down, stops across, window height, window width, channels)
        A read-only view: the same numbers in memory, seen through other strides.

    Examples
    --------
    >>> window_view(np.zeros((1, 10, 10, 3)), (3, 3)).shape
    (1, 8, 8, 3, 3, 3)
    """
    windows = sliding_window_view(images, size, axis=(1, 2))  # (n, down, across, channels, kh, kw)
    return windows[:, :: stride[0], :: stride[1]].transpose(0, 1, 2, 4, 5, 3)


def as_images(images: np.ndarray) -> np.ndarray:
    """Return ``images`` in floating point (never changed in place), or say what is wrong."""
    images = np.asarray(images)
    if images.ndim != 4:
        advice = (
            "images[None] adds the batch axis, images[..., None] a channel axis"
            if images.ndim < 4
            else "index or reshape the axes away that are too many"
        )
        raise ValueError(
            "images need 4 axes (n, height, width, channels); "
            f"these have {images.ndim}, shape {images.shape}: {advice}"
        )
    return images if np.issubdtype(images.dtype, np.floating) else images.astype(np.float32)


def as_pair(name: str, value: int | Pair) -> Pair:
    """Return ``value`` as two whole numbers of at least 1, or say what is wrong with ``name``."""
    advice = f"{name} is {value!r}; use a whole number of at least 1, or a pair of them"
    try:
        pair = tuple(map(index, value)) if isinstance(value, tuple | list) else (index(value),) * 2
    except TypeError:
        raise ValueError(advice) from None
    if len(pair) != 2 or min(pair) < 1:
        raise ValueError(advice)
    return pair


def check_gradient(gradient: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return ``gradient`` as an array, or say that it has not the shape of the output."""
    gradient = np.asarray(gradient)
    if gradient.shape != shape:
        raise ValueError(
            f"the gradient has shape {gradient.shape}, the layer's output {shape}; "
            "pass the gradient of the loss with respect to this output, same stride and padding"
        )
    return gradient
