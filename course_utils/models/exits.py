"""A network with two exits: sure answers leave early, the others go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from course_utils.models.building import CLASSES, layers
from course_utils.models.cifar import CIFAR_SHAPE, PATCH, whitening

if TYPE_CHECKING:
    import keras


def two_exit_cnn(images: np.ndarray | None = None) -> keras.Model:
    """Build a small network for CIFAR-10 that answers twice, after 2 and after 5 convolutions.

    A frozen `whitening` of 2 x 2 patches side by side; two convolutions and the early exit; three
    more and the late exit. An exit is a global max pooling and a dense layer.

    Parameters
    ----------
    images : (n, 32, 32, 3) uint8, optional
        Training images from which the whitening is computed. Without them the frozen layer holds
        random numbers.

    Returns
    -------
    keras.Model
        Uncompiled; ``(n, 32, 32, 3)`` pixels to a list of two ``(n, 10)`` logits, early and late.
        The layer ``"split"`` gives the ``(n, 8, 8, 32)`` feature maps after which the two part.

    Notes
    -----
    Teerapittayanon, McDanel and Kung (2016), *BranchyNet*, and (2017), *Distributed deep neural
    networks over the cloud, the edge and end devices*.

    Examples
    --------
    >>> [tuple(exit.shape) for exit in two_exit_cnn().outputs]
    [(None, 10), (None, 10)]
    """
    with_keras = layers()
    import keras

    first = with_keras.Conv2D(2 * PATCH * PATCH * CIFAR_SHAPE[-1], PATCH, PATCH, name="whitening")
    x = inputs = keras.Input(CIFAR_SHAPE)
    x = with_keras.ReLU()(first(with_keras.Rescaling(1 / 255)(x)))  # (n, 16, 16, 24)
    x = _step(with_keras.MaxPooling2D()(_convolution(x, 32)))  # (n, 8, 8, 32)
    x = _step(_convolution(x, 32), name="split")
    early = _exit(x, "early")
    x = _step(with_keras.MaxPooling2D()(_convolution(x, 64)))  # (n, 4, 4, 64)
    x = _step(_convolution(x, 128))
    x = _step(_convolution(x, 128))
    late = _exit(x, "late")
    if images is not None:
        first.set_weights(whitening(images))
    first.trainable = False
    return keras.Model(inputs, [early, late], name="two_exit_cnn")


def _convolution(x, filters: int):
    return layers().Conv2D(filters, 3, padding="same", use_bias=False)(x)


def _step(x, name: str | None = None):
    return layers().ReLU(name=name)(layers().BatchNormalization(momentum=0.8)(x))


def _exit(x, name: str):
    """Return the ten logits of an exit, unsure at first."""
    x = layers().Dense(CLASSES, use_bias=False, name=f"{name}_dense")(_largest(x))
    return layers().Rescaling(1 / 8, name=name)(x)


def _largest(x):
    return layers().GlobalMaxPooling2D()(x)
