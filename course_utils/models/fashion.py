"""Networks for Fashion-MNIST: 28 x 28 grey pixels to ten logits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course_utils.models.building import CLASSES, convolution, layers, sequential

if TYPE_CHECKING:
    import keras

FASHION_SHAPE = (28, 28, 1)


def dense_baseline() -> keras.Sequential:
    """Build the network that ignores where a pixel lies: 784 inputs, 128 units, 10 logits.

    Returns
    -------
    keras.Sequential
        Uncompiled; ``(n, 28, 28, 1)`` pixels to ``(n, 10)`` logits; 101,770 parameters.

    Notes
    -----
    The classic first network of introductory TensorFlow courses.

    Examples
    --------
    >>> dense_baseline().count_params()  # 784 x 128 + 128 and 128 x 10 + 10
    101770
    """
    return sequential(
        "dense_baseline",
        layers().Flatten(),  # (n, 784)
        layers().Dense(128, activation="relu"),
        layers().Dense(CLASSES),
        input_shape=FASHION_SHAPE,
    )


def fashion_cnn() -> keras.Sequential:
    """Build two 'same' convolutions with pooling, then the dense head that overfits.

    Returns
    -------
    keras.Sequential
        Uncompiled; ``(n, 28, 28, 1)`` pixels to ``(n, 10)`` logits; 421,642 parameters, of which
        the first dense layer holds 401,536.

    Notes
    -----
    The convolutional network of introductory TensorFlow courses on Fashion-MNIST.

    Examples
    --------
    >>> fashion_cnn().count_params()
    421642
    """
    return sequential(
        "fashion_cnn",
        layers().Conv2D(32, 3, padding="same", activation="relu"),  # (n, 28, 28, 32)
        layers().MaxPooling2D(),  # (n, 14, 14, 32)
        layers().Conv2D(64, 3, padding="same", activation="relu"),  # (n, 14, 14, 64)
        layers().MaxPooling2D(),  # (n, 7, 7, 64)
        layers().Flatten(),  # (n, 3136)
        layers().Dense(128, activation="relu"),
        layers().Dense(CLASSES),
        input_shape=FASHION_SHAPE,
    )


def small_cnn() -> keras.Sequential:
    """Build three 'valid' convolutions that shrink 28 x 28 to 3 x 3, then a small dense head.

    Returns
    -------
    keras.Sequential
        Uncompiled; ``(n, 28, 28, 1)`` pixels to ``(n, 10)`` logits; 93,322 parameters.

    Notes
    -----
    The first network of F. Chollet, *Deep Learning with Python* (2017), chapter 5.

    Examples
    --------
    >>> small_cnn().count_params()  # fewer than dense_baseline has
    93322
    """
    return sequential(
        "small_cnn",
        layers().Conv2D(32, 3, activation="relu"),  # (n, 26, 26, 32)
        layers().MaxPooling2D(),  # (n, 13, 13, 32)
        layers().Conv2D(64, 3, activation="relu"),  # (n, 11, 11, 64)
        layers().MaxPooling2D(),  # (n, 5, 5, 64)
        layers().Conv2D(64, 3, activation="relu"),  # (n, 3, 3, 64)
        layers().Flatten(),  # (n, 576)
        layers().Dense(64, activation="relu"),
        layers().Dense(CLASSES),
        input_shape=FASHION_SHAPE,
    )


def deeper_cnn(widths: tuple[int, ...] = (32, 48, 96, 128)) -> keras.Sequential:
    """Build seven convolutions with batch normalisation, ended by global average pooling.

    The first stage has one convolution, each later one two; a 2 x 2 pooling stands between
    stages. Global pooling averages each feature map to one number, so that no weight is tied to a
    place in the image.

    Parameters
    ----------
    widths : tuple of int
        Filters of each stage.

    Returns
    -------
    keras.Sequential
        Uncompiled; ``(n, 28, 28, 1)`` pixels to ``(n, 10)`` logits; 420,906 parameters with the
        default widths.

    Notes
    -----
    Batch normalisation: Ioffe and Szegedy (2015), arXiv 1502.03167. Global average pooling: Lin,
    Chen and Yan (2013), arXiv 1312.4400.

    Examples
    --------
    >>> deeper_cnn().count_params() < fashion_cnn().count_params()
    True
    """
    stack = convolution(widths[0])  # (n, 28, 28, 32)
    for width in widths[1:]:  # 14, 7 and 3 pixels
        stack += [layers().MaxPooling2D(), *convolution(width), *convolution(width)]
    return sequential(
        "deeper_cnn",
        *stack,
        layers().GlobalAveragePooling2D(),
        layers().Dense(CLASSES),
        input_shape=FASHION_SHAPE,
    )
