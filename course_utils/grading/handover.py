"""A trained network leaves the kernel of its learner as data, for a kernel without their code.

What a kernel prints may be anything. `checked` lets through a description of Keras's own layers,
and their weights; neither can hold code, name a file, or stand for more parameters than counted.
"""

import base64
import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from course_utils.grading.asking import printed, sources

LONGEST = 150_000  # characters of a network's description; a layer has 300 to 1,000
DEEPEST = 40  # lists and dictionaries within one another; a network in a network takes five
FEW = 16  # numbers of a list in the description; those of a longer one count as parameters
MOST_ARRAYS = 1_000

_SIDES = """AdaptiveAveragePooling AdaptiveMaxPooling AveragePooling Conv Cropping
GlobalAveragePooling GlobalMaxPooling MaxPooling SpatialDropout UpSampling ZeroPadding
DepthwiseConv SeparableConv"""
_LAYERS = """Activation ActivityRegularization Add AlphaDropout AugMix AutoContrast Average
BatchNormalization Bidirectional CenterCrop Concatenate Conv1DTranspose Conv2DTranspose CutMix
Dense Dot Dropout ELU EinsumDense Equalization Flatten GRU GRUCell GaussianDropout GaussianNoise
GroupNormalization Identity InputLayer LSTM LSTMCell LayerNormalization LeakyReLU Maximum Minimum
MixUp MultiHeadAttention Multiply Normalization PReLU Permute RMSNormalization RandAugment
RandomBrightness RandomContrast RandomCrop RandomElasticTransform RandomErasing RandomFlip
RandomGaussianBlur RandomInvert RandomPerspective RandomPosterization RandomRotation
RandomSharpness RandomShear RandomTranslation RandomZoom ReLU RepeatVector Rescaling Reshape
Resizing SimpleRNN SimpleRNNCell Softmax Solarization SpectralNormalization Subtract
TimeDistributed UnitNormalization"""
_NUMPY = """Abs Absolute Add Amax Amin Average BroadcastTo Clip Concatenate Divide Dot Einsum Exp
ExpandDims Flip GetItem Log Log1p Matmul Max Maximum Mean Min Minimum Moveaxis Multiply Negative
Pad Power Prod Ravel Reciprocal Repeat Reshape Roll Sin Split Sqrt Square Squeeze Stack Std
Subtract Sum Swapaxes Take Tanh Tensordot Tile Transpose TrueDivide Var Where"""
_NN = """AveragePool Celu DepthToSpace Elu Gelu Glu HardSigmoid HardSilu HardTanh LeakyRelu
LogSigmoid LogSoftmax MaxPool Moments Normalize Relu Relu6 Selu Sigmoid Silu Softmax Softplus
Softsign SpaceToDepth Squareplus Threshold"""
_INITIALIZERS = """Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity
IdentityInitializer LecunNormal LecunUniform Ones Orthogonal OrthogonalInitializer RandomNormal
RandomUniform TruncatedNormal VarianceScaling Zeros"""

MODELS = [("keras", "Sequential"), ("keras.src.models.functional", "Functional")]
INSTEAD = {"Lambda": ", e.g. `layers.Rescaling(1 / 255)`"}
PLAIN = {"__keras_tensor__", "__numpy__", "__slice__", "__ellipsis__"}
KNOWN = {
    "keras": {"DTypePolicy", "Sequential"},
    "keras.src.models.functional": {"Functional"},
    "keras.layers": {*_LAYERS.split(), *(f"{n}{d}D" for n in _SIDES.split() for d in (1, 2, 3))},
    "keras.initializers": {*_INITIALIZERS.split()},
    "keras.regularizers": {"L1", "L1L2", "L2", "OrthogonalRegularizer"},
    "keras.constraints": {"MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"},
    "keras.src.ops.numpy": {*_NUMPY.split()},
    "keras.src.ops.nn": {*_NN.split()},
    "keras.src.activations.activations": {"Mish", "ReLU"},
    "keras.src.ops.core": {"Cast"},
}


class NotHanded(Exception):
    """No network came out of a kernel that another one can build; the message says why."""


def _hand_over(model):
    """Print the description and the weights of a network, or what is wrong, as one line of JSON."""
    import base64
    import json

    import keras
    import numpy

    try:
        if not isinstance(model, keras.Model):
            raise TypeError(f"`model` is {type(model).__name__}, not a Keras model")
        kinds = [type(layer) for layer in model._flatten_layers()]  # its own first
        kinds = [kind for kind in kinds if not kind.__module__.startswith("keras.")]
        own = [{"class_name": kind.__name__, "module": kind.__module__} for kind in kinds]
        weights = [numpy.asarray(weight, "<f4") for weight in model.get_weights()]
        count = sum(weight.size for weight in weights)
        if count > 1e5:
            raise ValueError(f"`model` has {count:,} parameters, which is far too many")
        if own:
            whole = {"class_name": "Sequential", "module": "keras", "config": own[:1]}
            handed = {"config": own[0] if type(model) in kinds else whole}
        else:
            handed = {"config": keras.saving.serialize_keras_object(model)}
        handed["config"].pop("compile_config", None)
        text = [base64.b64encode(weight.tobytes()).decode() for weight in weights]
        handed["weights"] = [[list(w.shape), t] for w, t in zip(weights, text, strict=True)]
    except Exception as error:
        handed = {"error": f"{type(error).__name__}: {error}"[:200]}
    print(json.dumps(handed, default=str))


def _rebuilt(text):
    """Return the network that was handed over."""
    import base64
    import json

    import keras
    import numpy

    handed = json.loads(text)
    network = keras.saving.deserialize_keras_object(handed["config"], safe_mode=True)
    arrays = [(numpy.frombuffer(base64.b64decode(t), "<f4"), n) for n, t in handed["weights"]]
    network.set_weights([array.reshape(shape) for array, shape in arrays])
    for layer in network._flatten_layers():
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()  # its mean and variance, from its weights
    return network


def leaving() -> str:
    """Return the code that prints the network called ``model``."""
    return f"{sources([_hand_over])}_hand_over(model)"


def arriving(network: str) -> str:
    """Return the code that builds the network that `checked` let through, as ``model``."""
    return f"{sources([_rebuilt])}model = _rebuilt({network!r})"


def refused(model: Any) -> str:
    """Return why graders don't take a network, in one line; ``""`` if they do: for the checks."""
    try:
        _described(_read(printed({"model": model}, leaving())))
    except NotHanded as why:
        return str(why)
    return ""


def checked(text: str, most: int) -> str:
    """Return what a kernel printed, if it describes a network of at most ``most`` parameters.

    Raises
    ------
    NotHanded
        If it is anything else; with one line for the learner.

    Examples
    --------
    >>> checked('{"error": "`model` is int, not a Keras model"}', 10)
    Traceback (most recent call last):
    course_utils.grading.handover.NotHanded: `model` is int, not a Keras model
    """
    handed = _read(text)
    config, weights = _described(handed), handed["weights"]
    count = sum(_sizes(weights)) + sum(_lists(config))
    if count > most:
        raise NotHanded(f"`model` has {count:,} parameters, more than {most:,}")
    return json.dumps({"config": config, "weights": weights})


def _described(handed: dict) -> dict:
    """Return the description of a network, without its training, if only known classes are in."""
    if isinstance(handed.get("error"), str):
        raise NotHanded(handed["error"][:200])
    config, weights = handed.get("config"), handed.get("weights")
    if not isinstance(config, dict) or not isinstance(weights, list):
        raise NotHanded("`model` was not handed over whole")
    kind = config.get("module"), config.get("class_name")
    if kind not in MODELS:
        raise NotHanded(
            f"`model` is of a class of its own, {str(kind[1])[:50]}: build it with "
            "keras.Sequential or with the functional interface, keras.Model(inputs, outputs)"
        )
    config = _plain(config, DEEPEST)
    if len(json.dumps(config)) > LONGEST:
        raise NotHanded(f"the description of `model` is longer than {LONGEST:,} characters")
    return config


def _read(text: str) -> dict:
    def refuse(_: str) -> None:
        raise NotHanded("the description of `model` holds NaN or infinity")

    try:
        handed = json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError):
        handed = None
    if not isinstance(handed, dict):
        raise NotHanded("`model` was not handed over whole")
    return handed


def _plain(value: Any, deeper: int) -> Any:
    """Return a description without its training, if all classes that it names are known."""
    if not deeper:
        raise NotHanded("the description of `model` is nested too deeply")
    if isinstance(value, list):
        return [_plain(one, deeper - 1) for one in value]
    if isinstance(value, dict):
        if "class_name" in value:
            _known(value)
        parts = ((name, one) for name, one in value.items() if name != "compile_config")
        return {name: _plain(one, deeper - 1) for name, one in parts}
    if isinstance(value, str) and len(value) > 200:
        raise NotHanded("the description of `model` holds a long text")
    return value


def _known(thing: dict) -> None:
    """Raise `NotHanded` if a description names a class that is not among those allowed."""
    name, module = thing["class_name"], thing.get("module")
    if isinstance(name, str) and module is None and name in PLAIN:
        return
    own = isinstance(name, str) and isinstance(module, str) and name in KNOWN.get(module, ())
    if not own or thing.get("registered_name") not in (None, name):
        what = f"function {thing.get('config')}" if name == "function" else name
        raise NotHanded(
            f"`model` holds {str(what)[:50]!r}: only layers and functions of Keras that hold no "
            f"code of yours can be graded{INSTEAD.get(str(name), '')}"
        )


def _sizes(weights: list) -> Iterator[int]:
    """Yield how many numbers each array holds."""
    if len(weights) > MOST_ARRAYS:
        raise NotHanded(f"`model` has more than {MOST_ARRAYS:,} arrays of weights")
    for weight in weights:
        try:
            shape, text = weight
            array = np.frombuffer(base64.b64decode(text, validate=True), "<f4")
            whole = all(type(n) is int and n >= 0 for n in shape) and len(shape) < 9
            whole = whole and math.prod(shape) == len(array)
        except (ValueError, TypeError):
            whole = False
        if not whole:
            raise NotHanded("the weights of `model` were not handed over whole")
        if not np.isfinite(array).all():
            raise NotHanded("the weights of `model` hold NaN or infinity")
        yield len(array)


def _lists(value: Any) -> Iterator[int]:
    """Yield how many numbers each long list in a description holds."""
    if isinstance(value, dict):
        for one in value.values():
            yield from _lists(one)
    elif isinstance(value, list):
        numbers = sum(isinstance(one, int | float) for one in value)
        yield numbers if numbers > FEW else 0
        for one in value:
            yield from _lists(one)
