"""Pooling layers: one number for each window and channel, and nothing to learn."""

from collections.abc import Iterator

import numpy as np

from course_utils.scratch.windows import (
    Pair,
    as_images,
    as_pair,
    check_gradient,
    output_length,
    pad_images,
)

Index = tuple[slice, slice, slice]


def max_pool2d(
    images: np.ndarray,
    size: int | Pair = 2,
    *,
    stride: int | Pair | None = None,
    padding: str = "valid",
) -> np.ndarray:
    """Return the largest value of each window, channel by channel.

    Parameters
    ----------
    images : (n, height, width, channels)
    size : int or pair
        Height and width of the window.
    stride : int, pair or None
        None steps by ``size``, so that windows tile the image.
    padding : "valid" or "same"
        Padding never wins: it counts as minus infinity.

    Returns
    -------
    (n, output height, output width, channels)

    Raises
    ------
    ValueError
        If shape, size, stride or padding do not fit.

    Examples
    --------
    >>> max_pool2d(np.arange(16.0).reshape(1, 4, 4, 1))[0, :, :, 0]
    array([[ 5.,  7.],
           [13., 15.]])
    """
    padded, taps, _ = _prepare(images, size, stride, padding, -np.inf)
    output = padded[taps[0]].copy()
    for tap in taps[1:]:
        np.maximum(output, padded[tap], out=output)
    return output


def max_pool2d_backward(
    gradient: np.ndarray,
    images: np.ndarray,
    size: int | Pair = 2,
    *,
    stride: int | Pair | None = None,
    padding: str = "valid",
) -> np.ndarray:
    """Return the gradient with respect to the images: it goes to each window's winner.

    Where several pixels tie, the first (top left) takes all of it.

    Examples
    --------
    >>> images = np.array([[1.0, 4], [3, 2]]).reshape(1, 2, 2, 1)
    >>> max_pool2d_backward(np.full((1, 1, 1, 1), 10.0), images)[0, :, :, 0]
    array([[ 0., 10.],
           [ 0.,  0.]])
    """
    padded, taps, crop = _prepare(images, size, stride, padding, -np.inf)
    output = max_pool2d(images, size, stride=stride, padding=padding)
    gradient = check_gradient(gradient, output.shape)
    d_padded = np.zeros(padded.shape, gradient.dtype)
    open_windows = np.ones(output.shape, bool)
    for tap in taps:
        wins = open_windows & (padded[tap] == output)
        d_padded[tap] += gradient * wins
        open_windows &= ~wins
    return d_padded[crop]


def average_pool2d(
    images: np.ndarray,
    size: int | Pair = 2,
    *,
    stride: int | Pair | None = None,
    padding: str = "valid",
) -> np.ndarray:
    """Return the mean of each window, channel by channel; padding is left out of the mean.

    Parameters, result and errors are those of `max_pool2d`.

    Examples
    --------
    >>> average_pool2d(np.arange(16.0).reshape(1, 4, 4, 1))[0, :, :, 0]
    array([[ 2.5,  4.5],
           [10.5, 12.5]])
    """
    padded, taps, crop = _prepare(images, size, stride, padding, 0.0)
    total = padded[taps[0]].copy()
    for tap in taps[1:]:
        total += padded[tap]
    return total / _pixels(padded, taps, crop)


def average_pool2d_backward(
    gradient: np.ndarray,
    images: np.ndarray,
    size: int | Pair = 2,
    *,
    stride: int | Pair | None = None,
    padding: str = "valid",
) -> np.ndarray:
    """Return the gradient with respect to the images: equal shares for each window's pixels.

    Examples
    --------
    >>> average_pool2d_backward(np.full((1, 1, 1, 1), 8.0), np.ones((1, 2, 2, 1)))[0, :, :, 0]
    array([[2., 2.],
           [2., 2.]])
    """
    padded, taps, crop = _prepare(images, size, stride, padding, 0.0)
    pixels = _pixels(padded, taps, crop)
    gradient = check_gradient(gradient, (len(padded), *pixels.shape[1:3], padded.shape[3]))
    d_padded = np.zeros(padded.shape, gradient.dtype)
    for tap in taps:
        d_padded[tap] += gradient / pixels
    return d_padded[crop]


def _prepare(
    images: np.ndarray, size: int | Pair, stride: int | Pair | None, padding: str, value: float
) -> tuple[np.ndarray, list[Index], Index]:
    """Return the padded images, an index for each place in the window, and one to undo padding."""
    images, size = as_images(images), as_pair("size", size)
    stride = size if stride is None else as_pair("stride", stride)
    stops = [
        output_length(images.shape[axis + 1], size[axis], stride[axis], padding) for axis in (0, 1)
    ]
    padded, (above, left) = pad_images(images, size, stride, padding, value)
    crop = np.s_[:, above : above + images.shape[1], left : left + images.shape[2]]
    return padded, list(_taps(size, stride, stops)), crop


def _taps(size: Pair, stride: Pair, stops: list[int]) -> Iterator[Index]:
    """Yield, for each place in the window, the index of the pixels that all windows have there."""
    for i, j in np.ndindex(size):
        last_i, last_j = i + stride[0] * (stops[0] - 1), j + stride[1] * (stops[1] - 1)
        yield np.s_[:, i : last_i + 1 : stride[0], j : last_j + 1 : stride[1]]


def _pixels(padded: np.ndarray, taps: list[Index], crop: Index) -> np.ndarray:
    """Return how many pixels of the image itself each window holds, (1, down, across, 1)."""
    inside = np.zeros((1, *padded.shape[1:3], 1), padded.dtype)
    inside[crop] = 1
    return sum(inside[tap] for tap in taps)
