"""What every builder of the course shares; Keras is imported when the first model is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course_utils.settings import quiet

if TYPE_CHECKING:
    import keras

CLASSES = 10


def layers():
    """Return ``keras.layers``, imported on the first call without TensorFlow's log lines."""
    with quiet():
        from keras import layers
    return layers


def sequential(
    name: str, *stack: keras.Layer, input_shape: tuple[int, int, int], rescale: bool = True
) -> keras.Sequential:
    """Build a Sequential that takes pixels from 0 to 255 and divides them by 255 itself.

    Parameters
    ----------
    name : str
        The model's name.
    *stack : keras.Layer
        The layers after the division, in order.
    input_shape : tuple of int
        Height, width and channels of one image.
    rescale : bool
        Whether to divide by 255; without, the first layer of ``stack`` sees raw pixels.

    Returns
    -------
    keras.Sequential
        Built and uncompiled.

    Examples
    --------
    >>> sequential("nothing", layers().Flatten(), input_shape=(2, 2, 3)).output_shape
    (None, 12)
    """
    import keras

    scale = [layers().Rescaling(1 / 255)] if rescale else []
    return keras.Sequential([keras.Input(input_shape), *scale, *stack], name=name)


def convolution(width: int) -> list[keras.Layer]:
    """Return convolution, batch norm, ReLU. Batch norm has the offset, so no bias is needed."""
    return [
        layers().Conv2D(width, 3, padding="same", use_bias=False),
        layers().BatchNormalization(momentum=0.9),
        layers().ReLU(),
    ]
