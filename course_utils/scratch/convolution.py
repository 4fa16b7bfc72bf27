"""Convolution layers: a window view and one matrix product for each image.

Networks slide the kernel as it is (cross-correlation) and call it convolution; so does this.
"""

import numpy as np

from course_utils.scratch.windows import (
    Pair,
    as_images,
    as_pair,
    check_gradient,
    pad_images,
    window_view,
)


def conv2d(
    images: np.ndarray,
    kernels: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    stride: int | Pair = 1,
    padding: str = "valid",
) -> np.ndarray:
    """Slide every filter over every image; each output number is one dot product.

    ``output[n, y, x, f] = bias[f] + sum(padded[n, y*S + i, x*S + j, c] * kernels[i, j, c, f])``
    over ``i, j, c``.

    Parameters
    ----------
    images : (n, height, width, channels)
        Never changed; integers are read as float32.
    kernels : (kernel height, kernel width, channels, filters)
    bias : (filters,), optional
    stride : int or pair
    padding : "valid" or "same"
        No padding, or zeros for an output of ``ceil(length / stride)``, placed as Keras does.

    Returns
    -------
    (n, output height, output width, filters)

    Raises
    ------
    ValueError
        If shapes, stride or padding do not fit; the message says what to change.

    Examples
    --------
    >>> conv2d(np.ones((1, 10, 10, 1)), np.ones((3, 3, 1, 4))).shape
    (1, 8, 8, 4)
    """
    images, kernels = as_images(images), _kernels(kernels, images)
    stride, size, filters = as_pair("stride", stride), kernels.shape[:2], kernels.shape[3]
    bias = None if bias is None else _bias(bias, filters, images)
    padded, _ = pad_images(images, size, stride, padding)
    windows = window_view(padded, size, stride)  # (n, down, across, kh, kw, channels)
    n, down, across = windows.shape[:3]
    matrix = kernels.reshape(-1, filters)  # (kh * kw * channels, filters)
    dtype = np.result_type(images, kernels, *([] if bias is None else [bias]))
    output = np.empty((n, down * across, filters), dtype)
    # One image at a time: its rows are written, used and overwritten inside the cache.
    for image_windows, image_output in zip(windows, output, strict=True):
        np.matmul(image_windows.reshape(down * across, -1), matrix, out=image_output)
        if bias is not None:
            image_output += bias
    return output.reshape(n, down, across, filters)


def conv2d_backward(
    gradient: np.ndarray,
    images: np.ndarray,
    kernels: np.ndarray,
    *,
    stride: int | Pair = 1,
    padding: str = "valid",
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients with respect to images, kernels and bias.

    A kernel weight collects every pixel that it met, times the gradient of the output it went
    into. A pixel collects from every window that it was in: a convolution of the gradient (its
    values ``stride`` apart, zeros between) with the kernels turned by 180 degrees.

    Parameters
    ----------
    gradient : (n, output height, output width, filters)
        Of the loss, with respect to what ``conv2d`` returned for the other arguments.
    images, kernels, stride, padding
        As they were given to `conv2d`.

    Raises
    ------
    ValueError
        If the gradient has not the shape of the output, or as in `conv2d`.

    Examples
    --------
    >>> images, kernels = np.ones((2, 10, 10, 3)), np.ones((3, 3, 3, 4))
    >>> [part.shape for part in conv2d_backward(np.ones((2, 8, 8, 4)), images, kernels)]
    [(2, 10, 10, 3), (3, 3, 3, 4), (4,)]
    """
    images, kernels = as_images(images), _kernels(kernels, images)
    stride, (kh, kw, _, filters) = as_pair("stride", stride), kernels.shape
    padded, (above, left) = pad_images(images, (kh, kw), stride, padding)
    windows = window_view(padded, (kh, kw), stride)
    n, down, across = windows.shape[:3]
    gradient = check_gradient(gradient, (n, down, across, filters))

    d_matrix = np.zeros((kernels[..., 0].size, filters), kernels.dtype)
    rows = gradient.reshape(n, down * across, filters)
    for image_windows, image_rows in zip(windows, rows, strict=True):
        d_matrix += image_windows.reshape(down * across, -1).T @ image_rows

    (_, height, width, _), (_, tall, wide, _) = images.shape, padded.shape
    spread = np.zeros((n, tall + kh - 1, wide + kw - 1, filters), gradient.dtype)
    spread[:, kh - 1 : tall : stride[0], kw - 1 : wide : stride[1]] = gradient
    spread = spread[:, above : above + height + kh - 1, left : left + width + kw - 1]
    d_images = conv2d(spread, kernels[::-1, ::-1].swapaxes(2, 3))
    d_bias = np.ones(n * down * across, gradient.dtype) @ gradient.reshape(-1, filters)  # fast sums
    return d_images, d_matrix.reshape(kernels.shape), d_bias


def conv1d(
    signals: np.ndarray,
    kernels: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    stride: int = 1,
    padding: str = "valid",
) -> np.ndarray:
    """Slide every filter along every signal: `conv2d` on images one pixel high.

    Parameters
    ----------
    signals : (n, length, channels)
    kernels : (kernel length, channels, filters)
    bias, stride, padding
        As in `conv2d`.

    Returns
    -------
    (n, output length, filters)

    Raises
    ------
    ValueError
        If shapes, stride or padding do not fit.

    Examples
    --------
    >>> conv1d(np.arange(5.0).reshape(1, 5, 1), np.array([1.0, 0, -1]).reshape(3, 1, 1)).ravel()
    array([-2., -2., -2.])
    """
    flat = _one_pixel_high(signals, kernels)
    return conv2d(*flat, bias, stride=(1, stride), padding=padding)[:, 0]


def conv1d_backward(
    gradient: np.ndarray,
    signals: np.ndarray,
    kernels: np.ndarray,
    *,
    stride: int = 1,
    padding: str = "valid",
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients with respect to signals, kernels and bias (see `conv2d_backward`).

    Examples
    --------
    >>> parts = conv1d_backward(np.ones((2, 8, 4)), np.ones((2, 10, 3)), np.ones((3, 3, 4)))
    >>> [part.shape for part in parts]
    [(2, 10, 3), (3, 3, 4), (4,)]
    """
    flat = _one_pixel_high(signals, kernels)
    d_images, d_kernels, d_bias = conv2d_backward(
        np.expand_dims(gradient, 1), *flat, stride=(1, stride), padding=padding
    )
    return d_images[:, 0], d_kernels[0], d_bias


def _one_pixel_high(signals: np.ndarray, kernels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    signals, kernels = np.asarray(signals), np.asarray(kernels)
    if signals.ndim != 3 or kernels.ndim != 3:
        raise ValueError(
            "signals need 3 axes (n, length, channels) and kernels 3 (length, channels, filters); "
            f"these have shapes {signals.shape} and {kernels.shape}"
        )
    return signals[:, None], kernels[None]


def _kernels(kernels: np.ndarray, images: np.ndarray) -> np.ndarray:
    kernels = np.asarray(kernels)
    if kernels.ndim != 4:
        raise ValueError(
            "kernels need 4 axes (kernel height, kernel width, channels, filters); "
            f"these have shape {kernels.shape}: one grey kernel is kernel[:, :, None, None]"
        )
    if kernels.shape[2] != images.shape[3]:
        raise ValueError(
            f"the kernels expect {kernels.shape[2]} channels, the images have {images.shape[3]} "
            f"(images {images.shape}, kernels {kernels.shape}): "
            "channels come last in images and third in kernels"
        )
    return _floating(kernels, images)


def _bias(bias: np.ndarray, filters: int, images: np.ndarray) -> np.ndarray:
    bias = np.asarray(bias)
    if bias.shape != (filters,):
        raise ValueError(
            f"the bias has shape {bias.shape}; {filters} filters need one number each: ({filters},)"
        )
    return _floating(bias, images)


def _floating(array: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Return ``array`` itself, or integers in the type of the images."""
    return array if np.issubdtype(array.dtype, np.floating) else array.astype(images.dtype)
