"""GoogLeNet and the inception block that it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from course_utils.models.building import layers

if TYPE_CHECKING:
    import keras


class Inception(NamedTuple):
    """Filters of a block's convolutions, named for the columns of the paper's Table 1."""

    ones: int  # 1 x 1
    before_threes: int  # 1 x 1 in front of the 3 x 3
    threes: int
    before_fives: int  # 1 x 1 in front of the 5 x 5
    fives: int
    after_pool: int  # 1 x 1 behind the pooling


INCEPTIONS = {
    "3a": Inception(64, 96, 128, 16, 32, 32),
    "3b": Inception(128, 128, 192, 32, 96, 64),
    "4a": Inception(192, 96, 208, 16, 48, 64),
    "4b": Inception(160, 112, 224, 24, 64, 64),
    "4c": Inception(128, 128, 256, 24, 64, 64),
    "4d": Inception(112, 144, 288, 32, 64, 64),
    "4e": Inception(256, 160, 320, 32, 128, 128),
    "5a": Inception(256, 160, 320, 32, 128, 128),
    "5b": Inception(384, 192, 384, 48, 128, 128),
}


def inception_block(x: keras.KerasTensor, filters: Inception, name: str) -> keras.KerasTensor:
    """Look at ``x`` with kernels of 1, 3 and 5 pixels and a pooling, side by side.

    Parameters
    ----------
    x : (n, height, width, channels) tensor
    filters : Inception
    name : str
        Every layer's name starts with it.

    Returns
    -------
    (n, height, width, ones + threes + fives + after_pool) tensor

    Examples
    --------
    >>> import keras
    >>> inception_block(keras.Input((28, 28, 192)), INCEPTIONS["3a"], "3a").shape
    (None, 28, 28, 256)
    """

    def convolution(x, count, size):
        options = {"padding": "same", "activation": "relu", "name": f"{name}_{len(made)}_{size}"}
        made.append(size)
        return layers().Conv2D(count, size, **options)(x)

    made: list[int] = []
    pooled = layers().MaxPooling2D(3, 1, padding="same", name=f"{name}_pool")(x)
    answers = [
        convolution(x, filters.ones, 1),
        convolution(convolution(x, filters.before_threes, 1), filters.threes, 3),
        convolution(convolution(x, filters.before_fives, 1), filters.fives, 5),
        convolution(pooled, filters.after_pool, 1),
    ]
    return layers().Concatenate(name=f"{name}_out")(answers)


def googlenet(separable_first: bool = True) -> keras.Model:
    """Build GoogLeNet without its two auxiliary classifiers, which serve in training only.

    Parameters
    ----------
    separable_first : bool
        True: the first layer has eight 7 x 7 kernels for each colour and mixes their answers, as
        the counts in the paper's Table 1 say. False: an ordinary convolution, as in most
        implementations.

    Returns
    -------
    keras.Model
        Uncompiled; ``(n, 224, 224, 3)`` to ``(n, 1000)`` probabilities.

    Notes
    -----
    Szegedy et al. (2014), arXiv 1409.4842. Chollet (2016, arXiv 1610.02357) reports that the first
    layer was separable. Local response normalisation has nothing to learn and is left out.

    Examples
    --------
    >>> from course_utils.models import shapes_only
    >>> with shapes_only():
    ...     network = googlenet(separable_first=False)
    >>> network.count_params()
    6998552
    """
    with_keras = layers()
    import keras

    options = {"padding": "same", "activation": "relu"}

    def shrink(x):
        return with_keras.MaxPooling2D(3, 2, padding="same")(x)

    first = with_keras.Conv2D(64, 7, 2, name="1", **options)
    if separable_first:
        first = with_keras.SeparableConv2D(64, 7, 2, depth_multiplier=8, name="1", **options)
    x = inputs = keras.Input((224, 224, 3))
    x = shrink(first(x))  # 112, then 56 pixels
    x = with_keras.Conv2D(64, 1, name="2_0_1", **options)(x)
    x = shrink(with_keras.Conv2D(192, 3, name="2_1_3", **options)(x))  # 28
    for name, filters in INCEPTIONS.items():
        if name in ("4a", "5a"):
            x = shrink(x)  # 14, then 7
        x = inception_block(x, filters, name)
    x = with_keras.Dropout(0.4)(with_keras.GlobalAveragePooling2D()(x))
    x = with_keras.Dense(1000, activation="softmax", name="linear")(x)
    return keras.Model(inputs, x, name="googlenet")
