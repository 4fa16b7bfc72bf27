"""VGG16, ResNet50 and MobileNetV2 of keras.applications, with their preprocessing inside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from course_utils.data import DataError
from course_utils.models.building import layers
from course_utils.models.efficientnet import IMAGENET_SHAPE, check_arguments

if TYPE_CHECKING:
    import keras

CAFFE_MEAN = (103.939, 116.779, 123.68)  # of ImageNet's training pixels: blue, green, red


def vgg16(
    input_shape: tuple[int, int, int] = IMAGENET_SHAPE,
    include_top: bool = True,
    weights: str | None = "imagenet",
    classifier_activation: str | None = "softmax",
    pooling: str | None = None,
) -> keras.Model:
    """Build VGG16; the arguments are those of `efficientnet_lite0`.

    Parameters
    ----------
    input_shape : tuple of int
        Height, width (at least 32 pixels each) and 3. With the top and ``"imagenet"``:
        (224, 224, 3).
    include_top : bool
        Whether the classifier over ImageNet's 1,000 classes is part of the model.
    weights : "imagenet" or None
        ``"imagenet"`` downloads the weights once (528 MB, 56 MB without the top); None gives a
        network with random weights.
    classifier_activation : "softmax" or None
        None gives logits. Only with ``include_top``.
    pooling : "avg", "max" or None
        Without the top: how the last feature map becomes one vector.

    Returns
    -------
    keras.Model
        Uncompiled functional model that takes pixels from 0 to 255, red first;
        138,357,544 parameters with the top, 14,714,688 without (512 features).

    Raises
    ------
    ValueError
        An argument is none of the above.
    DataError
        The weights are not on this machine and can't be downloaded.

    Notes
    -----
    Simonyan and Zisserman (2014), arXiv 1409.1556.

    Examples
    --------
    >>> with shapes_only():
    ...     base = vgg16((150, 150, 3), include_top=False, weights=None)
    >>> base.output_shape, base.count_params()
    ((None, 4, 4, 512), 14714688)
    """
    return _application("VGG16", _caffe, input_shape, include_top, weights, locals())


def resnet50(
    input_shape: tuple[int, int, int] = IMAGENET_SHAPE,
    include_top: bool = True,
    weights: str | None = "imagenet",
    classifier_activation: str | None = "softmax",
    pooling: str | None = None,
) -> keras.Model:
    """Build ResNet50; arguments and errors are those of `vgg16`.

    Returns
    -------
    keras.Model
        Uncompiled functional model that takes pixels from 0 to 255, red first;
        25,636,712 parameters with the top, 23,587,712 without (2,048 features).

    Notes
    -----
    He et al. (2015), arXiv 1512.03385. The weights are a download of 98 MB (90 MB without the
    top).

    Examples
    --------
    >>> with shapes_only():
    ...     base = resnet50((150, 150, 3), include_top=False, weights=None, pooling="avg")
    >>> base.output_shape, base.count_params()
    ((None, 2048), 23587712)
    """
    return _application("ResNet50", _caffe, input_shape, include_top, weights, locals())


def mobilenet_v2(
    input_shape: tuple[int, int, int] = IMAGENET_SHAPE,
    include_top: bool = True,
    weights: str | None = "imagenet",
    classifier_activation: str | None = "softmax",
    pooling: str | None = None,
) -> keras.Model:
    """Build MobileNetV2; arguments and errors are those of `vgg16`.

    Returns
    -------
    keras.Model
        Uncompiled functional model that takes pixels from 0 to 255, red first;
        3,538,984 parameters with the top, 2,257,984 without (1,280 features).

    Notes
    -----
    Sandler et al. (2018), arXiv 1801.04381. The weights are a download of 14 MB (9 MB without
    the top). There are none for other sizes than 96, 128, 160, 192 and 224 pixels; Keras takes
    those for 224 then, and warns.

    Examples
    --------
    >>> with shapes_only():
    ...     base = mobilenet_v2((96, 96, 3), include_top=False, weights=None)
    >>> base.output_shape, base.count_params()
    ((None, 3, 3, 1280), 2257984)
    """
    return _application("MobileNetV2", _between_ones, input_shape, include_top, weights, locals())


@contextmanager
def shapes_only() -> Iterator[None]:
    """Let networks that are built inside have shapes and counts, but no weights.

    VGG16 then takes practically no memory. Shapes, `count_params`, ``trainable`` and the lists of
    layers and weights work as usual; such a network can't be called on images.

    Examples
    --------
    >>> with shapes_only():
    ...     network = vgg16(weights=None)
    >>> network.count_params()
    138357544
    """
    layers()  # imports Keras without TensorFlow's log lines
    import keras

    with keras.StatelessScope(initialize_variables=False):
        yield


def _application(
    name: str, preprocess: Callable, input_shape, include_top, weights, arguments: dict
) -> keras.Model:
    """Build a network of keras.applications behind its own preprocessing."""
    rest = {key: arguments[key] for key in ("classifier_activation", "pooling")}
    check_arguments(name, input_shape, weights, **rest)
    layers()
    import keras

    inputs = keras.Input(input_shape)
    options = rest | {"include_top": include_top, "input_shape": input_shape}
    options["input_tensor"] = preprocess(inputs)
    build = getattr(keras.applications, name)
    try:
        network = build(weights=weights, **options)
    except Exception as problem:
        if "URL fetch failure" not in str(problem):
            raise
        raise DataError(
            f"the ImageNet weights of {name} are not on this machine and can't be downloaded "
            f"({str(problem).rpartition(' -- ')[2]}). With a network connection they are "
            "fetched once; efficientnet_lite0() comes with the course, and weights=None builds "
            f"{name} with random weights"
        ) from None
    return keras.Model(inputs, network.outputs[0], name=name.lower())  # one input, not a list


def _caffe(pixels):
    """Turn red, green, blue into blue, green, red, and subtract each colour's mean."""
    import keras

    flipped = keras.ops.flip(pixels, axis=-1)
    return layers().Normalization(mean=CAFFE_MEAN, variance=(1.0,) * 3, name="centre")(flipped)


def _between_ones(pixels):
    return layers().Rescaling(1 / 127.5, offset=-1.0, name="rescaling")(pixels)
