"""Networks for CIFAR-10: 32 x 32 colour pixels to ten logits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from course_utils.models.building import CLASSES, layers, sequential

if TYPE_CHECKING:
    import keras

CIFAR_SHAPE = (32, 32, 3)
PATCH = 2  # pixels along one side of the patches that the whitening looks at
POOLING = ("none", "max", "average", "strided")
NORM = ("none", "before", "after")


def unit(x: keras.KerasTensor, filters: int) -> keras.KerasTensor:
    """Apply batch normalisation, ReLU and a 3 x 3 convolution, in this order ("pre-activation").

    Parameters
    ----------
    x : (n, height, width, channels) tensor
    filters : int
        Channels of the output.

    Returns
    -------
    (n, height, width, filters) tensor
        What the convolution gives: nothing is applied to it here.

    Notes
    -----
    Order of the layers: He et al. (2016), arXiv 1603.05027.

    Examples
    --------
    >>> import keras
    >>> unit(keras.Input((32, 32, 3)), 64).shape
    (None, 32, 32, 64)
    """
    x = layers().BatchNormalization()(x)
    x = layers().ReLU()(x)
    return layers().Conv2D(filters, 3, padding="same")(x)


def preact_cnn() -> keras.Model:
    """Build nine `unit` s in three stages of 64, 128 and 256 filters, as a known tutorial does.

    Returns
    -------
    keras.Model
        Uncompiled; ``(n, 32, 32, 3)`` pixels to ``(n, 10)`` logits; 1,926,934 parameters.

    Notes
    -----
    The network of a widely read Keras tutorial on CIFAR-10 components, layer by layer, oddities
    included: the first unit normalises the *pixels* and then lets ReLU drop the half below the
    mean, and neither normalisation nor ReLU follows the last convolution. The tutorial divides the
    pixels by their standard deviation and ends in softmax; here the division by 255 and the logits
    are the course's. The first batch normalisation undoes any scale (up to its epsilon), so the
    network computes the same.

    Examples
    --------
    >>> preact_cnn().count_params()
    1926934
    """
    with_keras = layers()
    import keras

    inputs = keras.Input(CIFAR_SHAPE)
    x = with_keras.Rescaling(1 / 255)(inputs)
    for stage, filters in enumerate((64, 128, 256)):
        if stage:
            x = with_keras.MaxPooling2D()(x)  # 32, 16 and 8 pixels
        for _ in range(3):
            x = unit(x, filters)
    x = with_keras.Dropout(0.25)(x)
    x = with_keras.AveragePooling2D(8)(x)  # (n, 1, 1, 256)
    logits = with_keras.Dense(CLASSES)(with_keras.Flatten()(x))
    return keras.Model(inputs, logits, name="preact_cnn")


def whitening(images: np.ndarray, epsilon: float = 3e-5) -> tuple[np.ndarray, np.ndarray]:
    """Find 2 x 2 filters whose answers on ``images`` are uncorrelated and of variance one.

    A patch of 2 x 2 colour pixels is 12 numbers, and neighbouring pixels agree: most of the
    variance is brightness. The eigenvectors of the patches' covariance, each divided by the root
    of its eigenvalue, give twelve answers without that redundancy. Their negatives are filters as
    well, since the ReLU that follows keeps only one sign.

    Parameters
    ----------
    images : (n, height, width, channels) uint8
        Training images; the first 5,000 are enough and are all that is used.
    epsilon : float
        Added to the eigenvalues (of pixels between 0 and 1), so that directions with hardly any
        variance are not blown up.

    Returns
    -------
    kernel : (2, 2, channels, 8 * channels) float32
        For pixels between 0 and 1: the eigenvectors by falling eigenvalue, then their negatives.
    bias : (8 * channels,) float32
        Moves the mean patch to zero.

    Notes
    -----
    A first layer of this kind, frozen: Page (2018), *How to train your ResNet*; Jordan (2024),
    arXiv 2404.00498.

    Examples
    --------
    >>> noise = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), dtype=np.uint8)
    >>> kernel, bias = whitening(noise)
    >>> kernel.shape, bias.shape
    ((2, 2, 3, 24), (24,))
    """
    pixels = images[:5000].astype(np.float32) / 255
    windows = np.lib.stride_tricks.sliding_window_view(pixels, (PATCH, PATCH), axis=(1, 2))
    patches = np.moveaxis(windows, 3, -1)[:, ::PATCH, ::PATCH]  # (n, h / 2, w / 2, 2, 2, channels)
    patches = patches.reshape(-1, PATCH * PATCH * images.shape[-1])
    mean = patches.mean(axis=0, dtype=np.float64)
    covariance = patches.T.astype(np.float64) @ patches / len(patches) - np.outer(mean, mean)
    eigenvalues, eigenvectors = np.linalg.eigh(covariance)
    filters = (eigenvectors / np.sqrt(eigenvalues + epsilon))[:, ::-1]  # a filter in each column
    signs = np.where(filters.sum(axis=0) < 0, -1, 1)  # an eigenvector's sign is anybody's choice
    filters = np.concatenate([filters * signs, -filters * signs], axis=1)
    kernel = filters.reshape(PATCH, PATCH, images.shape[-1], -1)
    return kernel.astype(np.float32), (-mean @ filters).astype(np.float32)


def efficient_cnn(
    images: np.ndarray | None = None,
    widths: tuple[int, ...] = (16, 64, 128),
    identity: bool = True,
) -> keras.Sequential:
    """Build the network that gets far on CIFAR-10 for very little compute.

    A frozen 2 x 2 whitening convolution with ReLU, then for each width a block of convolution,
    pooling, batch norm, ReLU, convolution, batch norm, ReLU; global max pooling; a dense layer
    without bias, whose output is divided by 8 so that training starts with unsure answers.

    Parameters
    ----------
    images : (n, 32, 32, 3) uint8, optional
        Training images from which the `whitening` is computed. Without them the frozen layer holds
        random numbers until weights are loaded.
    widths : tuple of int
        Filters of each block.
    identity : bool
        Whether convolutions start by handing their input on: filter ``i`` copies channel ``i``,
        and only the filters beyond the number of channels start from random numbers. A layer with
        fewer filters than channels starts at random in any case.

    Returns
    -------
    keras.Sequential
        Uncompiled; ``(n, 32, 32, 3)`` pixels to ``(n, 10)`` logits; 276,280 parameters, 312 of
        them frozen, with the default widths.

    Notes
    -----
    A small relative of the networks of Page (2018) and Jordan (2024), arXiv 2404.00498.

    Examples
    --------
    >>> efficient_cnn().count_params()
    276280
    """
    first = layers().Conv2D(2 * PATCH * PATCH * CIFAR_SHAPE[-1], PATCH, name="whitening")
    blocks = [layer for width in widths for layer in _block(width)]  # 31, 15, 7 and 3 pixels
    model = sequential(
        "efficient_cnn",
        first,  # (n, 31, 31, 24)
        layers().ReLU(),
        *blocks,
        layers().GlobalMaxPooling2D(),
        layers().Dense(CLASSES, use_bias=False),
        layers().Rescaling(1 / 8),
        input_shape=CIFAR_SHAPE,
    )
    if images is not None:
        first.set_weights(whitening(images))
    first.trainable = False
    if identity:
        for layer in model.layers:
            if layer.name.startswith("conv2d"):
                _hand_on(layer)
    return model


def _hand_on(convolution: keras.layers.Conv2D) -> None:
    """Let the first filters copy the input's channels, as many as there are."""
    [kernel] = convolution.get_weights()  # (3, 3, channels, filters)
    channels, filters = kernel.shape[2:]
    if channels <= filters:
        kernel[..., :channels] = 0
        kernel[1, 1, range(channels), range(channels)] = 1
        convolution.set_weights([kernel])


def _block(width: int) -> list[keras.Layer]:
    """Return two convolutions; pooling stands right after the first, so the rest is cheaper."""

    def convolution():
        return layers().Conv2D(width, 3, padding="same", use_bias=False)

    def norm():
        return layers().BatchNormalization(momentum=0.8)

    return [
        *(convolution(), layers().MaxPooling2D(), norm(), layers().ReLU()),
        *(convolution(), norm(), layers().ReLU()),
    ]


def component_cnn(
    *,
    pooling: str = "max",
    dropout: float = 0.0,
    norm: str = "before",
    widths: tuple[int, ...] = (16, 32, 64),
    input_shape: tuple[int, int, int] = CIFAR_SHAPE,
) -> keras.Sequential:
    """Build a small network whose components can be exchanged one at a time.

    One 3 x 3 convolution for each width, each followed by batch norm, ReLU and pooling; then
    dropout, global average pooling and a dense layer.

    Parameters
    ----------
    pooling : {"none", "max", "average", "strided"}
        How the picture shrinks after each width: not at all, by 2 x 2 pooling, or because the
        convolution itself takes steps of two pixels.
    dropout : float
        Share of the last feature maps' numbers that are dropped in training.
    norm : {"none", "before", "after"}
        Batch normalisation before the ReLU, after it, or none at all.
    widths : tuple of int
        Filters of each convolution.
    input_shape : tuple of int
        Height, width and channels of one image.

    Returns
    -------
    keras.Sequential
        Uncompiled; pixels to ``(n, 10)`` logits. All choices have 24,682 parameters with the
        default widths, apart from ``norm="none"`` with 24,234.

    Raises
    ------
    ValueError
        If ``pooling`` or ``norm`` is none of the words above.

    Examples
    --------
    >>> component_cnn(pooling="strided").count_params() == component_cnn().count_params()
    True
    """
    if pooling not in POOLING or norm not in NORM:
        raise ValueError(
            f"pooling is one of {', '.join(POOLING)} and norm one of {', '.join(NORM)}; "
            f"got {pooling!r} and {norm!r}"
        )
    stack = []
    for width in widths:
        strides = 2 if pooling == "strided" else 1
        stack.append(layers().Conv2D(width, 3, strides=strides, padding="same"))
        normed = layers().BatchNormalization(momentum=0.8)
        stack += {
            "none": [layers().ReLU()],
            "before": [normed, layers().ReLU()],
            "after": [layers().ReLU(), normed],
        }[norm]
        if pooling == "max":
            stack.append(layers().MaxPooling2D())
        elif pooling == "average":
            stack.append(layers().AveragePooling2D(2))
    return sequential(
        "component_cnn",
        *stack,
        layers().Dropout(dropout),
        layers().GlobalAveragePooling2D(),
        layers().Dense(CLASSES),
        input_shape=input_shape,
    )
