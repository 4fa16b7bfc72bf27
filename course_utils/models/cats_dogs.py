"""Networks for two classes of photographs, with one logit as their output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course_utils.models.building import layers, sequential

if TYPE_CHECKING:
    import keras


def cats_dogs_cnn(
    input_shape: tuple[int, int, int] = (150, 150, 3),
    *,
    dropout: float = 0.0,
    kernel_initializer: str = "glorot_uniform",
) -> keras.Sequential:
    """Build four 'valid' convolutions with pooling, a dense layer of 512 units and one logit.

    Parameters
    ----------
    input_shape : tuple of int
        Height, width and channels; at least 46 pixels a side, or nothing is left to pool.
    dropout : float
        The share of the flattened numbers that is set to 0 in each training step.
    kernel_initializer : str
        How the weights before a ReLU start: as the source has them by default; ``"he_normal"``
        starts them larger, so that training gets going some epochs earlier.

    Returns
    -------
    keras.Sequential
        Uncompiled; ``(n, *input_shape)`` pixels to ``(n, 1)`` logits, positive for the second
        class; 3,453,121 parameters at 150 x 150, 504,001 at 64 x 64.

    Raises
    ------
    ValueError
        If the images are smaller than 46 pixels.

    Notes
    -----
    F. Chollet, *Deep Learning with Python* (2017), chapter 5.2; a sigmoid over the logit gives
    that model's output. He initialisation: He et al. (2015), arXiv 1502.01852. Train with
    ``keras.losses.BinaryCrossentropy(from_logits=True)``.

    Examples
    --------
    >>> cats_dogs_cnn((64, 64, 3)).count_params()
    504001
    """
    if min(input_shape[:2]) < 46:
        raise ValueError(f"four convolutions with pooling need 46 pixels or more: {input_shape}")
    relu = {"activation": "relu", "kernel_initializer": kernel_initializer}
    stack = []
    for filters in (32, 64, 128, 128):  # n - 2, then half of it, rounded down
        stack += [layers().Conv2D(filters, 3, **relu), layers().MaxPooling2D()]
    return sequential(
        "cats_dogs_cnn",
        *stack,  # (n, 7, 7, 128) from 150 pixels
        layers().Flatten(),  # (n, 6272)
        *([layers().Dropout(dropout)] if dropout else []),
        layers().Dense(512, **relu),
        layers().Dense(1),
        input_shape=input_shape,
    )


def airplanes_motorbikes_cnn(
    input_shape: tuple[int, int, int] = (150, 150, 3),
) -> keras.Sequential:
    """Build three 'valid' convolutions with pooling, a dense layer of 128 units and one logit.

    Parameters
    ----------
    input_shape : tuple of int
        Height, width and channels.

    Returns
    -------
    keras.Sequential
        Uncompiled; ``(n, *input_shape)`` pixels to ``(n, 1)`` logits, positive for the second
        class; 2,391,329 parameters at 150 x 150.

    Notes
    -----
    A reconstruction of a network that an article describes as three blocks of 3 x 3 convolution
    (16 filters in the first) and 2 x 2 pooling with "more than 2 million" parameters.

    Examples
    --------
    >>> airplanes_motorbikes_cnn().count_params()
    2391329
    """
    stack = []
    for filters in (16, 32, 64):
        stack += [layers().Conv2D(filters, 3, activation="relu"), layers().MaxPooling2D()]
    return sequential(
        "airplanes_motorbikes_cnn",
        *stack,  # (n, 17, 17, 64) from 150 pixels
        layers().Flatten(),
        layers().Dense(128, activation="relu"),
        layers().Dense(1),
        input_shape=input_shape,
    )
