"""The answers that the checks of lesson 03 are tested with."""

import functools
import math

import numpy as np

from banks import Later, prints_only
from course_utils import load

FOR_PROBABILITIES = "sparse_categorical_crossentropy"


def side(n):
    return ((n - 2) // 2 - 2) // 2


def counted(n, channels, first, second, units, *, half=lambda n: (n - 2) // 2, flat=2, bias=1):
    convolutions = (9 * channels + bias) * first + (9 * first + bias) * second
    return convolutions + (half(half(n)) ** flat * second + bias) * units + (units + bias) * 10


def counted_by_layers(n, channels, first, second, units):
    total = 0
    for width in (first, second):
        n, total = math.floor((n - 2) / 2), total + 3 * 3 * channels * width + width
        channels = width
    inputs = n * n * channels
    for width in (units, 10):
        inputs, total = width, total + inputs * width + width
    return np.int64(total)


def counted_by_shapes(n, channels, first, second, units):
    kernels = [(3, 3, channels, first), (3, 3, first, second)]
    matrices = [(side(n) ** 2 * second, units), (units, 10)]
    return [np.prod(shape) + shape[-1] for shape in kernels + matrices]


def own_softmax(z):
    from keras import ops

    e = ops.exp(z - ops.max(z, axis=1, keepdims=True))
    return e / ops.sum(e, axis=1, keepdims=True)


def squared_errors(y, p):
    from keras import ops

    return ops.mean((p - ops.one_hot(ops.reshape(y, (-1,)), 10)) ** 2, axis=1)


def set_up(scale=(1 / 255,), end=None, loss="from logits", units=128, kinds=10, compiled=True):
    """A function that builds and compiles exercise 03.2's network, with changes."""

    def answer():
        import keras
        from keras import layers

        logits = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model = keras.Sequential([keras.Input((28, 28, 1))])
        for factor in scale:
            model.add(layers.Rescaling(*np.atleast_1d(factor).tolist()))
        model.add(layers.Flatten())
        model.add(layers.Dense(units, activation="relu"))
        model.add(layers.Dense(kinds, activation=end))
        if compiled:
            model.compile("adam", logits if loss == "from logits" else loss)
        return model

    return answer


def functional_set_up():
    import keras
    from keras import layers, ops

    pixels = keras.Input((28, 28, 1), dtype="uint8")
    x = layers.Flatten()(ops.cast(pixels, "float32") / 255)
    z = layers.Dense(10)(layers.ReLU()(layers.Dense(128)(x)))
    model = keras.Model(pixels, z)

    def loss(y, z):
        return ops.logsumexp(z, axis=1) - ops.sum(
            z * ops.one_hot(ops.reshape(y, (-1,)), 10), axis=1
        )

    model.compile(keras.optimizers.SGD(0.1), loss, metrics=["accuracy"])
    return model


def seen(*between, end=("GlobalAveragePooling2D",), widths=(16, 32), relu="relu", front=()):
    """A function that builds exercise 03.3's network with layers in front, between and behind."""

    def answer():
        import keras
        from keras import layers

        def made(names):
            return [getattr(layers, n)() if isinstance(n, str) else n(layers) for n in names]

        first, second = (layers.Conv2D(width, 3, activation=relu) for width in widths)
        stack = [*made(front), first, *made(between), second, *made(end)]
        return keras.Sequential([keras.Input((48, 48, 1)), *stack, layers.Dense(10)])

    return answer


def divided(layers):
    return layers.Rescaling(1 / 255)


def step_by_step(layers):
    return layers.MaxPooling2D(2, strides=1)


def columns_only(layers):
    import keras

    return layers.Lambda(lambda x: keras.ops.reshape(keras.ops.mean(x, axis=1), (-1, 44 * 32)))


def blind(layers):
    import keras

    return layers.Lambda(lambda x: 0 * keras.ops.mean(x, axis=(1, 2)))


def largest_of_the_dense_maps():
    import keras
    from keras import layers, ops

    image = keras.Input((48, 48, 1))
    x = layers.Conv2D(16, (3, 3), padding="same", activation="relu")(image)
    x = layers.MaxPooling2D(2, strides=1)(x)
    x = layers.ReLU()(layers.Conv2D(32, (3, 3), padding="same")(x))
    return keras.Model(image, ops.max(layers.Dense(10)(x), axis=(1, 2)))


def nested():
    import keras
    from keras import layers

    stack = [layers.Conv2D(16, 3), layers.ReLU(), layers.Conv2D(32, 3, activation="relu")]
    looking = keras.Sequential(stack)
    head = [layers.GlobalAveragePooling2D(), layers.Dense(10)]
    return keras.Sequential([keras.Input((48, 48, 1)), looking, *head])


def relu_between():
    import keras
    from keras import layers, ops

    image = keras.Input((48, 48, 1))
    x = ops.relu(layers.Conv2D(16, 3)(image))
    x = keras.activations.relu(layers.Conv2D(32, 3)(x))
    return keras.Model(image, layers.Dense(10)(ops.mean(x, axis=(1, 2))))


def averaged_before_flattening():
    import keras
    from keras import layers

    names = {"activation": "relu"}
    stack = [layers.Conv2D(16, 3, **names), layers.Conv2D(32, 3, **names)]
    head = [layers.AveragePooling2D(44), layers.Flatten(), layers.Dense(10, activation="softmax")]
    return keras.Sequential([keras.Input((48, 48, 1)), *stack, *head])


@functools.cache
def closed_form(K=5, filters=24, pool=3, scale=1 / 255, end=None, part="train", least=10):
    """A network that no step of gradient descent has touched: kernels from the patches' principal
    directions, and a dense layer by least squares."""
    import keras
    from keras import layers

    fashion, rng = load("fashion_mnist"), np.random.default_rng(0)
    images, labels = getattr(fashion, f"x_{part}"), getattr(fashion, f"y_{part}")
    corners = zip(rng.integers(0, 10_000, 8000), *rng.integers(0, 29 - K, (2, 8000)), strict=True)
    patches = [fashion.x_train[i, r : r + K, c : c + K].ravel() / 255 for i, r, c in corners]
    spread, directions = np.linalg.eigh(np.cov(np.transpose(patches)))
    kernels = (directions / np.sqrt(spread + 0.01))[:, ::-1][:, :filters]
    kernels = np.hstack([kernels, -kernels])
    looking = layers.Conv2D(2 * filters, K, activation="relu")
    stack = [layers.Rescaling(scale), looking, layers.AveragePooling2D(pool), layers.Flatten()]
    features = keras.Sequential([keras.Input((28, 28, 1)), *stack])
    looking.set_weights([kernels.reshape(K, K, 1, -1), np.full(2 * filters, -0.2)])
    pixels = images * np.float32(1 / 255 / scale)
    X = np.concatenate([features(pixels[i : i + 500]) for i in range(0, len(images), 500)])
    X = np.hstack([X, np.ones((len(images), 1), np.float32)])
    ridge = least * np.eye(X.shape[1], dtype=np.float32)
    W = np.linalg.solve(X.T @ X + ridge, X.T @ np.eye(10, dtype=np.float32)[labels])
    answers = layers.Dense(10, activation=end)
    model = keras.Sequential([*features.layers, answers])
    model.build((None, 28, 28, 1))
    answers.set_weights([W[:-1], W[-1]])
    return model


def small(*stack, shape=(28, 28, 1)):
    import keras

    return keras.Sequential([keras.Input(shape), *[layer(keras.layers) for layer in stack]])


def untrained(layers):
    import keras

    return layers.Dense(10, kernel_initializer=keras.initializers.GlorotUniform(seed=1))


def one_look():
    """Brightness of four quarters, by least squares: better than guessing, not by much."""
    return closed_form(K=3, filters=1, pool=13)


def ran_away():
    model = small(lambda layers: layers.Flatten(), lambda layers: layers.Dense(10))
    model.set_weights([np.full(weight.shape, np.nan) for weight in model.get_weights()])
    return model


def peeped():
    """A network fitted to the test images alone: right on each, less so on changed ones."""
    return closed_form(filters=16, part="test", least=1e-3)


def divided_by_lambda():
    scaled = [lambda k: k.Lambda(lambda x: x / 255), lambda k: k.Flatten(), untrained]
    return small(*scaled)


def divided_by_own_layer():
    from keras import layers

    class Divided(layers.Layer):
        def call(self, x):
            return x / 255

    return small(lambda k: Divided(), lambda k: k.Flatten(), untrained)


def of_own_class():
    import keras

    class Mine(keras.Model):
        def __init__(self, kinds):
            super().__init__()
            self.stack = small(lambda k: k.Flatten(), lambda k: k.Dense(kinds))

        def call(self, x):
            return self.stack(x)

    model = Mine(10)
    model(np.zeros((1, 28, 28, 1), "float32"))
    return model


def sealed(**changed):
    return lambda *case: counted(*case, **changed)


WRONG = {
    "03.1": [
        ("no biases", sealed(bias=0), "biases are missing"),
        ("same padding", sealed(half=lambda n: n // 2), "2 off the side"),
        ("rounds up", sealed(half=lambda n: math.ceil((n - 2) / 2)), "no partner"),
        ("no pooling", sealed(half=lambda n: n - 2), "poolings are missing"),
        (
            "one pooling",
            lambda n, *case: counted(4 * ((n - 2) // 2 - 2) + 6, *case),
            "second pooling",
        ),
        ("one side", sealed(flat=1), "only one side"),
        (
            "flat filters",
            lambda n, c, a, b, u: counted(n, c, a, b, u) - 9 * (a - 1) * b,
            "in *each* of the channels",
        ),
        (
            "grey only",
            lambda n, c, a, b, u: counted(n, 1, a, b, u),
            "The images may have several channels",
        ),
        (
            "one channel flattened",
            lambda n, c, a, b, u: counted(n, c, a, b, u) - side(n) ** 2 * (b - 1) * u,
            "not one channel's",
        ),
        ("no last layer", lambda *case: counted(*case) - (case[4] + 1) * 10, "last dense layer"),
        ("convolutions only", lambda *case: counted(*case[:4], 0) - 10, "Only the convolutions"),
        (
            "three places",
            lambda n, c, a, b, u: counted(n, c, a, b, u) - 6 * (c * a + a * b),
            "9 places",
        ),
        ("prints", prints_only, "prints its result"),
        ("a fraction", sealed(half=lambda n: (n - 2) / 2), "no pixel"),
        ("no last biases", lambda *case: counted(*case) - 10, "ten of them"),
        ("no places", sealed(half=lambda n: 1), "keeps all places"),
        (
            "pooled at the end",
            lambda n, *case: counted(n, *case, half=lambda m: (n - 4) // 2 if m == n else m),
            "first pooling",
        ),
        ("one too many", lambda *case: counted(*case) + 1, "differs from the expected"),
        ("one a layer", counted_by_shapes, "a single number"),
    ],
    "03.2": [
        ("nothing mended", set_up((), None, FOR_PROBABILITIES), "up to 255"),
        (
            "loss for probabilities",
            set_up(loss=FOR_PROBABILITIES),
            "takes them for",
        ),
        ("softmax twice", set_up(end="softmax"), "Softmax twice: the last layer"),
        ("squared errors", set_up(end=own_softmax, loss=squared_errors), "is not the mean cross"),
        (
            "softmax after softmax",
            set_up(end=lambda z: own_softmax(own_softmax(z))),
            "network applies softmax twice",
        ),
        ("scaled twice", set_up((1 / 255, 1 / 255)), "by 255 twice"),
        ("multiplied by 255", set_up((255,)), "rescales multiplies"),
        ("scaled to -1 to 1", set_up(((1 / 127.5, -1),)), "between -1 and 1"),
        ("scaled to 0 to 2", set_up((2 / 255,)), "computes something else"),
        ("one-hot loss", set_up(loss="categorical_crossentropy"), "not rows of zeros"),
        ("not compiled", set_up(compiled=False), "not compiled"),
        ("more units", set_up(units=256), "not the same any more"),
        ("eleven kinds", set_up(kinds=11), "ten numbers"),
        ("the model itself", Later(set_up()), "it is a model"),
        ("a list of layers", lambda: list(set_up()().layers), "a list of layers"),
    ],
    "03.3": [
        (
            "as advertised",
            seen("MaxPooling2D", end=("MaxPooling2D", "Flatten")),
            "still the network",
        ),
        ("flattened", seen(end=("Flatten",)), "Flatten hands them on"),
        (
            "both poolings",
            seen("MaxPooling2D", end=("MaxPooling2D", "GlobalAveragePooling2D")),
            "by 4",
        ),
        ("one pooling", seen("MaxPooling2D"), "Moves by 2, 4"),
        ("rows only", seen(end=(columns_only,), front=(divided,)), "in one direction"),
        ("no room left", seen(step_by_step), "near the border of the stage"),
        ("blind", seen(end=(blind,)), "looks at nothing"),
        ("a convolution less", seen(widths=(16, 16)), "not the same any more"),
        ("no relu", seen(relu=None), "followed by a relu"),
        ("feature maps", seen(end=()), "ten numbers for each"),
        ("the model itself", Later(seen()), "it is a model"),
        ("a list of layers", lambda: list(seen()().layers), "a list of layers"),
        (
            "place by place",
            seen(end=(lambda layers: layers.Reshape((44 * 44 * 32,)),)),
            "still depend on the place",
        ),
    ],
    "03.4": [
        ("a function", lambda: None, "it is a function"),
        (
            "untrained",
            Later(lambda: small(lambda k: k.Flatten(), untrained)),
            "whether it gets logits",
        ),
        (
            "too large",
            Later(lambda: small(*(lambda k, n=n: k.Conv2D(n, 9) for n in (32, 20, 10)))),
            "more than 50,000",
        ),
        ("pixels from 0 to 1", Later(lambda: closed_form(scale=1.0)), "trained on pixels from 0"),
        (
            "pixels from 0 to 1, and not quite",
            Later(lambda: closed_form(filters=4, pool=6, scale=1.0)),
            "look further then",
        ),
        ("hardly looks", Later(one_look), "not much"),
        ("not quite", Later(lambda: closed_form(K=5, filters=4, pool=6)), "Close."),
        ("has seen the test", Later(peeped), "has it seen the test images"),
        ("a lambda", Later(divided_by_lambda), "e.g. `layers.Rescaling(1 / 255)`"),
        ("a layer of its own", Later(divided_by_own_layer), "holds 'Divided'"),
        ("a class of its own", Later(of_own_class), "of a class of its own, Mine: build it with"),
        ("ran away", Later(ran_away), "NaN or infinity"),
        (
            "one answer",
            Later(lambda: small(lambda k: k.Flatten(), lambda k: k.Dense(1))),
            "ten numbers for each",
        ),
        (
            "channels first",
            Later(lambda: small(lambda k: k.Conv2D(10, 1), shape=(1, 28, 28))),
            "images of another shape",
        ),
    ],
}
RIGHT = {
    "03.1": [
        ("layer by layer", counted_by_layers),
        ("by the shapes of the weights", lambda *case: np.sum(counted_by_shapes(*case))),
        ("a fraction that is whole", lambda *case: float(counted(*case))),
    ],
    "03.2": [
        ("softmax in the network", set_up(end="softmax", loss=FOR_PROBABILITIES)),
        ("own softmax", set_up(end=own_softmax, loss=FOR_PROBABILITIES)),
        ("functional, own loss", functional_set_up),
    ],
    "03.3": [
        ("largest", seen(end=("GlobalMaxPooling2D",))),
        ("pixels divided", seen(front=(divided,))),
        ("pixels divided twice", seen(front=(divided, divided))),
        ("largest of the dense maps", largest_of_the_dense_maps),
        ("averaged, then flattened", averaged_before_flattening),
        ("a network in the network", nested),
        ("relu between the layers", relu_between),
    ],
    "03.4": [
        ("least squares", Later(closed_form)),
        ("larger kernels, softmax", Later(lambda: closed_form(7, 40, 4, end="softmax"))),
    ],
}
EQUIVALENT = {
    "03.1": {
        "side = ((n - 2) // 2 - 2) // 2 -> side = ((n - 2) / 2 - 2) // 2": (
            "halved twice and rounded down at the end is the same as rounded down each time"
        ),
    },
    "03.2": {
        "layers.Rescaling(1 / 255), layers.Flatten(), "
        "-> layers.Flatten(), layers.Rescaling(1 / 255),": (
            "every pixel is divided, before or after they are written in a row"
        ),
    },
    "03.3": {
        "layers.GlobalAveragePooling2D(), layers.Dense(10), "
        "-> layers.Dense(10), layers.GlobalAveragePooling2D(),": (
            "a dense layer without activation is linear: the mean may be taken before or after it"
        ),
        "layers.GlobalAveragePooling2D(), -> layers.GlobalMaxPooling2D(),": (
            "a maximum over all places forgets the place as well: the text asks for no more"
        ),
    },
}
NOT_MUTATED = {"03.4": "a recipe for training: most of its mutants are other right answers"}
