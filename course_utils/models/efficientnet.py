"""EfficientNet-Lite0: a small network trained on ImageNet that comes with the course."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from course_utils.data import read_weights
from course_utils.models.building import layers
from course_utils.models.imagenet import IMAGENET_CLASSES

if TYPE_CHECKING:
    import keras

IMAGENET_SHAPE = (224, 224, 3)
EPSILON = 1e-3  # of every batch normalisation
MEAN, SCALE = 127.0, 128.0  # the network was trained on (pixel - 127) / 128


class Stage(NamedTuple):
    """Blocks of one size: only the first has the stride, and only the others a shortcut."""

    repeats: int
    kernel_size: int
    stride: int
    expand: int  # each block widens its input by this factor, then works per channel
    filters: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


def efficientnet_lite0(
    input_shape: tuple[int, int, int] = IMAGENET_SHAPE,
    include_top: bool = True,
    weights: str | None = "imagenet",
    classifier_activation: str | None = "softmax",
    pooling: str | None = None,
) -> keras.Model:
    """Build EfficientNet-Lite0, with the ImageNet weights that come with the course.

    The arguments mean what they mean in ``keras.applications``, with one difference: the model
    takes plain pixels from 0 to 255, because preprocessing belongs to the model.

    Parameters
    ----------
    input_shape : tuple of int
        Height, width and 3. Other sizes than 224 work without retraining; below 32 pixels the
        last feature map is a single pixel.
    include_top : bool
        Whether the classifier over ImageNet's 1,000 classes is part of the model.
    weights : "imagenet" or None
        None gives a network with random weights.
    classifier_activation : "softmax" or None
        None gives logits. Only with ``include_top``.
    pooling : "avg", "max" or None
        Without the top: how the last feature map becomes one vector of 1,280 features. None keeps
        the map.

    Returns
    -------
    keras.Model
        Uncompiled functional model; ``(n, height, width, 3)`` pixels to ``(n, 1000)``
        probabilities, to ``(n, 1280)`` features, or to a ``(n, height / 32, width / 32, 1280)``
        map. 4,694,024 parameters with the top, 3,413,024 without.

    Raises
    ------
    ValueError
        An argument is none of the above.

    Notes
    -----
    EfficientNet: Tan and Le (2019), arXiv 1905.11946. The *Lite* variant for mobile processors
    (2020) leaves out squeeze-and-excitation and uses ReLU6, which survives 8-bit arithmetic.

    Examples
    --------
    >>> model = efficientnet_lite0(weights=None)
    >>> model.count_params()
    4694024
    >>> efficientnet_lite0((64, 64, 3), include_top=False, weights=None).output_shape
    (None, 2, 2, 1280)
    """
    check_arguments("EfficientNet-Lite0", input_shape, weights, classifier_activation, pooling)
    with_keras = layers()
    import keras

    inputs = keras.Input(input_shape)
    x = with_keras.Rescaling(1 / SCALE, offset=-MEAN / SCALE, name="rescaling")(inputs)
    x = _convolution(x, "stem", 32, kernel_size=3, strides=2)
    for number, stage in enumerate(STAGES, start=1):
        for repeat in range(stage.repeats):
            x = _block(x, f"block{number}{'abcd'[repeat]}", stage, first=repeat == 0)
    x = _convolution(x, "top", 1280, kernel_size=1)
    if include_top:
        x = with_keras.GlobalAveragePooling2D(name="avg_pool")(x)
        x = with_keras.Dropout(0.2, name="top_dropout")(x)
        x = with_keras.Dense(
            IMAGENET_CLASSES, activation=classifier_activation, name="predictions"
        )(x)
    elif pooling == "avg":
        x = with_keras.GlobalAveragePooling2D(name="avg_pool")(x)
    elif pooling == "max":
        x = with_keras.GlobalMaxPooling2D(name="max_pool")(x)
    model = keras.Model(inputs, x, name="efficientnet_lite0")
    if weights == "imagenet":
        _load(model)
    return model


def _load(model: keras.Model) -> None:
    """Set the weights that come with the course; without the top, its two last ones are left."""
    arrays = read_weights("efficientnet_lite0")
    model.set_weights(arrays[: len(model.weights)])


def _convolution(x, name: str, filters: int, kernel_size: int, strides: int = 1):
    """Apply convolution, batch norm and ReLU6."""
    with_keras = layers()
    x = with_keras.Conv2D(
        filters, kernel_size, strides, padding="same", use_bias=False, name=f"{name}_conv"
    )(x)
    return _normalise(x, name, relu=True)


def _block(x, name: str, stage: Stage, first: bool):
    """Widen, look at each channel with its own kernel, narrow again; add the input if it fits."""
    with_keras = layers()
    shortcut, channels = x, x.shape[-1]
    if stage.expand > 1:
        x = _convolution(x, f"{name}_expand", channels * stage.expand, kernel_size=1)
    x = with_keras.DepthwiseConv2D(
        stage.kernel_size,
        stage.stride if first else 1,
        padding="same",
        use_bias=False,
        name=f"{name}_depthwise_conv",
    )(x)
    x = _normalise(x, f"{name}_depthwise", relu=True)
    x = with_keras.Conv2D(stage.filters, 1, use_bias=False, name=f"{name}_project_conv")(x)
    x = _normalise(x, f"{name}_project", relu=False)
    if first:
        return x
    return with_keras.Add(name=f"{name}_add")([shortcut, x])


def _normalise(x, name: str, relu: bool):
    with_keras = layers()
    x = with_keras.BatchNormalization(epsilon=EPSILON, name=f"{name}_norm")(x)
    return with_keras.ReLU(6.0, name=f"{name}_relu")(x) if relu else x


def check_arguments(
    network: str,
    input_shape: tuple[int, ...],
    weights: str | None,
    classifier_activation: str | None,
    pooling: str | None,
) -> None:
    """Raise a ValueError that names the argument which no network of ImageNet takes."""
    if len(input_shape) != 3 or input_shape[-1] != 3:
        raise ValueError(
            f"input_shape is {tuple(input_shape)}; {network} takes (height, width, 3), "
            "channels last: repeat a grey channel three times"
        )
    for name, value, allowed in (
        ("weights", weights, ("imagenet", None)),
        ("classifier_activation", classifier_activation, ("softmax", None)),
        ("pooling", pooling, ("avg", "max", None)),
    ):
        if value not in allowed:
            raise ValueError(f"{name} is {value!r}; it must be one of {allowed}")
