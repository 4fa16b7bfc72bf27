"""LeNet-5, AlexNet and ResNeXt-50 as their papers describe them; see also `inception`.

`keras.applications` has none of the three. Build them inside `shapes_only` where only shapes and
counts are wanted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from course_utils.models.building import layers

if TYPE_CHECKING:
    import keras

# For each of the sixteen maps of LeNet-5's second convolution: the maps of the first that it sees.
LENET_CONNECTIONS = (
    *((0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5)),
    *((0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5)),
    *((0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5)),
    (0, 1, 2, 3, 4, 5),
)
RESNEXT_STAGES = ((3, 128, 256), (4, 256, 512), (6, 512, 1024), (3, 1024, 2048))


def lenet5(as_published: bool = True) -> keras.Model:
    """Build LeNet-5, which read handwritten digits on cheques.

    Parameters
    ----------
    as_published : bool
        True: the second convolution's maps see three, four or six of the first one's, pooling has
        a learnt factor and offset for each map, and the ten outputs have fixed weights.
        False: what is called LeNet-5 today, with all connections, plain pooling and ten learnt
        outputs.

    Returns
    -------
    keras.Model
        Uncompiled; ``(n, 32, 32, 1)`` to ``(n, 10)``. 60,000 parameters that are learnt and 840
        fixed ones as published; 61,706 as today.

    Notes
    -----
    LeCun, Bottou, Bengio and Haffner (1998), *Gradient-based learning applied to document
    recognition*. The paper's outputs are distances to fixed pictures of the digits; here a dense
    layer without bias stands for them, with as many weights.

    Examples
    --------
    >>> lenet5(as_published=False).count_params()
    61706
    """
    with_keras = layers()
    import keras

    x = inputs = keras.Input((32, 32, 1))
    x = with_keras.Conv2D(6, 5, activation="tanh", name="C1")(x)
    x = _subsample(x, "S2", as_published)
    x = _partial(x) if as_published else with_keras.Conv2D(16, 5, name="C3")(x)
    x = with_keras.Activation("tanh")(x)
    x = _subsample(x, "S4", as_published)
    x = with_keras.Conv2D(120, 5, activation="tanh", name="C5")(x)
    x = with_keras.Dense(84, activation="tanh", name="F6")(with_keras.Flatten()(x))
    x = with_keras.Dense(10, use_bias=not as_published, trainable=not as_published, name="out")(x)
    return keras.Model(inputs, x, name="lenet5")


def _subsample(x, name: str, learnt: bool):
    """Halve each map: the mean of 2 x 2, then a factor and an offset for each map, and a bend."""
    x = layers().AveragePooling2D(2)(x)
    if not learnt:
        return x
    return layers().DepthwiseConv2D(1, activation="tanh", name=name)(x)


def _partial(x):
    """Give each of the sixteen maps a kernel over the maps that it is connected with."""
    with_keras = layers()
    maps = [x[..., channel : channel + 1] for channel in range(6)]
    seen = [with_keras.Concatenate()([maps[i] for i in group]) for group in LENET_CONNECTIONS]
    answers = [with_keras.Conv2D(1, 5, name=f"C3_{i}")(group) for i, group in enumerate(seen)]
    return with_keras.Concatenate(name="C3")(answers)


def alexnet(towers: int = 2) -> keras.Model:
    """Build AlexNet, which won the ImageNet contest of 2012.

    Parameters
    ----------
    towers : int
        2: the second, fourth and fifth convolution see half of the channels each, because the
        network was divided between two graphics processors. 1: they see all of them.

    Returns
    -------
    keras.Model
        Uncompiled; ``(n, 227, 227, 3)`` to ``(n, 1000)`` probabilities; 60,965,224 parameters
        with two towers, 62,378,344 with one.

    Notes
    -----
    Krizhevsky, Sutskever and Hinton (2012). The paper says 224 pixels; only 227 fit its shapes.
    Its local response normalisation has nothing to learn and is left out.

    Examples
    --------
    >>> from course_utils.models import shapes_only
    >>> with shapes_only():
    ...     network = alexnet()
    >>> network.count_params()
    60965224
    """
    with_keras = layers()
    import keras

    def convolution(x, filters, size, groups=1, **options):
        options = {"padding": "same", "activation": "relu", "groups": groups} | options
        return with_keras.Conv2D(filters, size, **options)(x)

    def pool(x):
        return with_keras.MaxPooling2D(3, 2)(x)  # windows overlap by one

    x = inputs = keras.Input((227, 227, 3))
    x = pool(convolution(x, 96, 11, strides=4, padding="valid"))  # 55, then 27 pixels
    x = pool(convolution(x, 256, 5, towers))  # 27, 13
    x = convolution(x, 384, 3)
    x = convolution(x, 384, 3, towers)
    x = pool(convolution(x, 256, 3, towers))  # 13, 6
    x = with_keras.Flatten()(x)  # 6 x 6 x 256 = 9,216 numbers
    for _ in range(2):
        x = with_keras.Dropout(0.5)(with_keras.Dense(4096, activation="relu")(x))
    x = with_keras.Dense(1000, activation="softmax")(x)
    return keras.Model(inputs, x, name="alexnet")


def resnext_block(x, width: int, filters: int, *, groups: int = 32, stride: int = 1):
    """Apply a residual bottleneck whose middle convolution works in groups of channels.

    Parameters
    ----------
    x : (n, height, width, channels) tensor
    width : int
        Channels of the middle convolution, a multiple of ``groups``.
    filters : int
        Channels of the output.
    groups : int
        32 for ResNeXt-50; 1 makes it the bottleneck of ResNet.
    stride : int
        Of the middle convolution. Where it is not 1, or the channels change, the shortcut is a
        1 x 1 convolution.

    Returns
    -------
    (n, height / stride, width / stride, filters) tensor

    Examples
    --------
    >>> import keras
    >>> inputs = keras.Input((56, 56, 256))
    >>> keras.Model(inputs, resnext_block(inputs, 128, 256)).count_params()
    72192
    """
    shortcut = x
    if stride > 1 or x.shape[-1] != filters:
        shortcut = _normed(x, filters, 1, strides=stride)
    y = layers().ReLU()(_normed(x, width, 1))
    y = layers().ReLU()(_normed(y, width, 3, strides=stride, groups=groups))
    y = _normed(y, filters, 1)
    return layers().ReLU()(layers().Add()([shortcut, y]))


def resnext50(groups: int = 32) -> keras.Model:
    """Build ResNeXt-50 (32 x 4d): ResNet-50 with grouped convolutions in wider blocks.

    Parameters
    ----------
    groups : int
        Groups of each 3 x 3 convolution; the widths stay.

    Returns
    -------
    keras.Model
        Uncompiled; ``(n, 224, 224, 3)`` to ``(n, 1000)`` probabilities; 25,028,904 learnt
        parameters and 68,224 running averages with 32 groups.

    Notes
    -----
    Xie, Girshick, Dollar, Tu and He (2016), arXiv 1611.05431.

    Examples
    --------
    >>> from course_utils.models import shapes_only
    >>> with shapes_only():
    ...     network = resnext50()
    >>> network.count_params()
    25097128
    """
    with_keras = layers()
    import keras

    x = inputs = keras.Input((224, 224, 3))
    x = with_keras.ReLU()(_normed(x, 64, 7, strides=2))
    x = with_keras.MaxPooling2D(3, 2, padding="same")(x)
    for stage, (repeats, width, filters) in enumerate(RESNEXT_STAGES):
        for repeat in range(repeats):
            stride = 2 if stage and not repeat else 1
            x = resnext_block(x, width, filters, groups=groups, stride=stride)
    x = with_keras.GlobalAveragePooling2D()(x)
    x = with_keras.Dense(1000, activation="softmax")(x)
    return keras.Model(inputs, x, name="resnext50")


def _normed(x, filters: int, size: int, **options):
    """Apply a convolution without bias, then batch norm, which has one."""
    options = {"padding": "same", "use_bias": False} | options
    return layers().BatchNormalization()(layers().Conv2D(filters, size, **options)(x))
