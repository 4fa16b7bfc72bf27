"""Wrong and right answers to the exercises of lesson 06."""

import itertools

import numpy as np

from banks import prints_only
from course_utils.checks.lesson_06.head_cost import head_parameters
from course_utils.checks.lesson_06.nearest_mean import mean_head

MEAN = np.array([103.939, 116.779, 123.68])


def mended(
    model,
    base,
    first,
    *,
    learns=lambda layer, reached: reached,
    norm_rests=True,
    rate=1e-5,
    loss=None,
    compiles=True,
):
    """The mended function of 06.2, with places where it can go wrong."""
    import keras

    reached = False
    for layer in base.layers:
        reached = reached or layer.name == first
        is_norm = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = learns(layer, reached) and not (norm_rests and is_norm)
    if compiles:
        model.compile(keras.optimizers.SGD(rate), loss or model.loss)
    return model


def but(**faults):
    """The mended function with these faults."""
    return lambda model, base, first: mended(model, base, first, **faults)


def one_too_late(model, base, first):
    names = [layer.name for layer in base.layers]
    later = names[names.index(first) + 1 :]
    return mended(model, base, first, learns=lambda layer, _: layer.name in later)


def by_the_alphabet(model, base, first):
    return mended(model, base, first, learns=lambda layer, _: layer.name >= first)


def norm_by_name(model, base, first):
    return mended(
        model,
        base,
        first,
        learns=lambda layer, reached: reached and "norm" not in layer.name,
        norm_rests=False,
    )


def only_gamma_and_beta(model, base, first):
    mended(model, base, first, norm_rests=False)
    for layer in base.layers:
        if layer.trainable and hasattr(layer, "gamma"):
            layer.gamma.trainable = layer.beta.trainable = False
    model.compile("sgd", model.loss)
    return model


def freezes_the_whole_model(model, base, first):
    import keras

    model.trainable = False
    mended(model, base, first)
    model.layers[-1].trainable = False
    model.compile(keras.optimizers.SGD(1e-5), model.loss)
    return model


def keeps_the_optimizer(model, base, first):
    mended(model, base, first, compiles=False)
    model.compile(model.optimizer, model.loss)
    return model


def trains_it(model, base, first):
    mended(model, base, first).fit(np.ones((2, 4, 4, 2)), np.ones((2, 1)), verbose=0)
    return model


def by_index(model, base, first):
    import keras

    start = [layer.name for layer in base.layers].index(first)
    base.trainable = True
    for layer in base.layers[:start]:
        layer.trainable = False
    for layer in base.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
    model.compile(optimizer=keras.optimizers.SGD(learning_rate=1e-5), loss=model.loss)
    return model


def from_behind(model, base, first):
    import keras

    base.trainable = False
    for layer in base.layers[::-1]:
        layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
        if layer.name == first:
            break
    model.compile(keras.optimizers.Adam(1e-5), keras.losses.BinaryCrossentropy(from_logits=True))
    return model


def pixels(
    batch,
    *,
    plain=lambda x: x,
    centred=lambda x: (x + MEAN)[..., ::-1],
    twice=255**2,
    between=lambda x: (x + 1) * 127.5,
    fraction=255,
    end=lambda x: x,
    look=lambda x: x,
):
    """Plain pixels as 06.3 wants them, with places where it can go wrong."""
    low, high = look(batch).min(), look(batch).max()
    if low < -2:
        return end(centred(batch))
    if low < 0:
        return end(between(batch))
    if high > 1:
        return end(plain(batch))
    return end(batch * float(fraction if high > 0.01 else twice))


def pixels_but(**faults):
    return lambda batch: pixels(batch, **faults)


def in_place(batch):
    batch[...] = pixels(batch)
    return batch


def with_a_loop(batch):
    answer = np.zeros(batch.shape)
    for place in np.ndindex(batch.shape[:3]):
        pixel = batch[place].astype(float)
        if batch.min() < -50:
            pixel = (pixel + MEAN)[::-1]
        elif batch.min() < -0.5:
            pixel = pixel * 127.5 + 127.5
        elif batch.max() < 0.1:
            pixel = pixel * 65025
        elif batch.max() < 2:
            pixel = pixel * 255
        answer[place] = pixel
    return answer.tolist()


def with_tensorflow(batch):
    import tensorflow as tf

    return tf.cast(pixels(batch), "float32")


def means(features, labels):
    return np.array([features[labels == c].mean(axis=0) for c in range(labels.max() + 1)])


def head(kernel=1.0, bias=lambda m: -(m**2).sum(axis=1) / 2, centre=None):
    """A head of exercise 06.4 from what stands for a class, with places where it can go wrong."""

    def answer(features, labels):
        middle = centre or (lambda part: part.mean(axis=0))
        found = np.array([middle(features[labels == c]) for c in range(labels.max() + 1)])
        return kernel * found.T, bias(found)

    return answer


def mean_of_squares(features, labels):
    squares = means((features**2).sum(axis=1, keepdims=True), labels)[:, 0]
    return means(features, labels).T, -squares / 2


def in_order_of_appearance(features, labels):
    found = [features[labels == c].mean(axis=0) for c in dict.fromkeys(labels.tolist())]
    return head()(np.array(found), np.arange(len(found)))


def with_loops(features, labels):
    count, kernel, bias = max(labels) + 1, [], []
    for c in range(count):
        mine = [row for row, label in zip(features, labels, strict=True) if label == c]
        mean = [sum(column) / len(mine) for column in zip(*mine, strict=True)]
        kernel.append([2 * value for value in mean])
        bias.append(7 - sum(value * value for value in mean))
    return [list(row) for row in zip(*kernel, strict=True)], bias


def with_one_hot(features, labels):
    own = np.eye(labels.max() + 1, dtype="float32")[labels]
    found = (own / own.sum(axis=0)).T @ features.astype("float32")
    return found.T, -np.einsum("cf,cf->c", found, found) / 2


def head_with_tensorflow(features, labels):
    import tensorflow as tf

    found = tf.math.segment_mean(features[np.argsort(labels)], np.sort(labels))
    return tf.transpose(found), -tf.reduce_sum(found**2, axis=1) / 2


def cost(shape, units, flatten, layer):
    features = [int(np.prod(shape)) if flatten else shape[-1], *units]
    return sum(layer(n, m) for n, m in itertools.pairwise(features))


def layer_by_layer(shape, units, flatten):
    inputs = shape[0] * shape[1] * shape[2] if flatten else shape[2]
    weights = np.array([inputs, *units])
    return np.sum(weights[:-1] * weights[1:]) + weights[1:].sum()


def recursive(shape, units, flatten):
    inputs = np.prod(shape) if flatten else shape[-1]
    rest = recursive((1, 1, units[0]), units[1:], False) if len(units) > 1 else 0
    return float(inputs * units[0] + units[0] + rest)


# Per exercise: name of a wrong answer, the answer, words that only its message has.
WRONG = {
    "06.1": [
        ("no biases", lambda s, u, f: cost(s, u, f, lambda n, m: n * m), "biases are missing"),
        ("one bias", lambda s, u, f: cost(s, u, f, lambda n, m: n * m + 1), "too few"),
        ("a bias an input", lambda s, u, f: cost(s, u, f, lambda n, m: n * m + n), "every input"),
        ("always averaged", lambda s, u, f: head_parameters(s, u, False), "always average"),
        ("always flattened", lambda s, u, f: head_parameters(s, u, True), "always flatten"),
        ("swapped", lambda s, u, f: head_parameters(s, u, not f), "swapped"),
        (
            "averages channels",
            lambda s, u, f: head_parameters(s if f else (1, 1, s[0] * s[1]), u, f),
            "over the channels",
        ),
        (
            "forgets the channels",
            lambda s, u, f: head_parameters((1, 1, s[0] * s[1]) if f else s, u, f),
            "multiply all three",
        ),
        ("a square", lambda s, u, f: head_parameters((s[0], s[0], s[2]), u, f), "no square"),
        (
            "channels first",
            lambda s, u, f: head_parameters(s if f else s[:1], u, f),
            "channels come last",
        ),
        ("two layers", lambda s, u, f: head_parameters(s, u[:2], f), "three layers or more"),
        (
            "side by side",
            lambda s, u, f: sum(head_parameters(s, (n,), f) for n in u),
            "not on the backbone",
        ),
        ("first layer", lambda s, u, f: head_parameters(s, u[:1], f), "first dense layer alone"),
        (
            "returns in the loop",
            lambda s, u, f: head_parameters(s, u, f) if len(u) == 1 else (u[-2] + 1) * u[-1],
            "last dense layer alone",
        ),
        ("prints", prints_only, "prints its result"),
    ],
    "06.2": [
        ("the slides", but(learns=lambda layer, reached: True, compiles=False), "compiled anew"),
        ("nothing frozen", but(learns=lambda layer, reached: True), "learn as well: freeze"),
        ("all frozen", but(learns=lambda layer, reached: False), "still frozen"),
        ("norm trains", but(norm_rests=False), "does not rest"),
        ("norm by name", norm_by_name, "not for its name"),
        ("only averages", only_gamma_and_beta, "averages move"),
        ("upside down", but(learns=lambda layer, reached: not reached), "wrong way round"),
        ("one too late", one_too_late, "One too late"),
        ("alphabet", by_the_alphabet, "Not the layers"),
        ("head frozen", freezes_the_whole_model, "head does not move"),
        ("old optimiser", keeps_the_optimizer, "old optimiser"),
        ("default rate", but(rate=1e-3), "rate is not"),
        ("probabilities", but(loss="binary_crossentropy"), "gives logits"),
        ("trains", trains_it, "without fit"),
        ("returns the base", lambda model, base, first: base, "and nothing else"),
        ("no return", lambda model, base, first: None, "returns None"),
    ],
    "06.3": [
        ("as they come", lambda batch: batch, "from 0 to 1 was taken for one of plain pixels"),
        ("times 255", lambda batch: batch * 255.0, "of plain pixels was taken"),
        ("no second division", pixels_but(twice=255), "divided twice was taken for one from 0"),
        ("below 0 is -1 to 1", pixels_but(centred=lambda x: (x + 1) * 127.5), "mean subtracted"),
        ("blue stays first", pixels_but(centred=lambda x: x + MEAN), "blue still comes first"),
        ("mean missing", pixels_but(centred=lambda x: x[..., ::-1]), "still missing"),
        ("means swapped", pixels_but(centred=lambda x: x[..., ::-1] + MEAN), "not after"),
        ("from 0 to 1", pixels_but(end=lambda x: x / 255), "not 0 to 1"),
        ("cut off", pixels_but(end=lambda x: np.asarray(x).astype("uint8")), "cut off"),
        ("stretched", lambda x: (x - x.min()) / (x.max() - x.min()) * 255.0, "stretch"),
        ("turned", pixels_but(end=lambda x: x[..., ::-1]), "red came first already"),
        ("half a scale", pixels_but(between=lambda x: x * 127.5), "does not come out"),
        ("each by itself", lambda batch: np.stack([pixels(x) for x in batch]), "by itself"),
        ("range of the first", pixels_but(look=lambda x: x[0]), "The first picture decides"),
        ("range of the last", pixels_but(look=lambda x: x[-1]), "The last picture decides"),
        ("in place", in_place, "in place"),
        ("the first picture", lambda batch: pixels(batch)[0], "shape has changed"),
    ],
    "06.4": [
        ("no bias", head(bias=lambda m: np.zeros(len(m))), "No bias"),
        ("bias added", head(bias=lambda m: (m**2).sum(axis=1) / 2), "sign of the bias"),
        ("not halved", head(bias=lambda m: -(m**2).sum(axis=1)), "twice too large"),
        ("halved twice", head(2, lambda m: -(m**2).sum(axis=1) / 2), "half of what"),
        ("distances", head(-2, lambda m: (m**2).sum(axis=1)), "farthest"),
        ("weights negative", head(-2, lambda m: -(m**2).sum(axis=1)), "sign of the weights"),
        ("not squared", head(bias=lambda m: -np.linalg.norm(m, axis=1) / 2), "not squared"),
        ("sums", head(centre=lambda part: part.sum(axis=0)), "do not divide"),
        (
            "divided by all",
            lambda f, y: head(centre=lambda part: part.sum(axis=0) / len(f))(f, y),
            "not by all labels",
        ),
        ("mean of the squares", head(bias=lambda m: -(m**2).mean(axis=1) / 2), "not their mean"),
        ("one picture", head(centre=lambda part: part[0]), "first picture"),
        ("median", head(centre=lambda part: np.median(part, axis=0)), "median"),
        ("mean of squares", mean_of_squares, "average first"),
        ("order of appearance", in_order_of_appearance, "class 0 belongs first"),
        (
            "directions",
            head(
                bias=lambda m: np.zeros(len(m)),
                centre=lambda part: part.mean(axis=0) / np.linalg.norm(part.mean(axis=0)),
            ),
            "length 1",
        ),
        ("on its side", lambda f, y: (mean_head(f, y)[0].T, mean_head(f, y)[1]), "on its side"),
        (
            "average over features",
            head(bias=lambda m: -(m**2), centre=np.mean),
            "not over its features",
        ),
        ("one bias", head(bias=lambda m: -(m**2).sum() / 2), "one number for each class"),
        ("kernel alone", lambda f, y: mean_head(f, y)[0], "two things"),
    ],
}
RIGHT = {
    "06.1": [
        ("weights and biases apart", layer_by_layer),
        ("recursive", recursive),
        ("sums of pairs", lambda s, u, f: cost(s, u, f, lambda n, m: n * m + m)),
    ],
    "06.2": [("by index", by_index), ("from behind", from_behind), ("one loop", mended)],
    "06.3": [
        ("loop, a list", with_a_loop),
        ("TensorFlow", with_tensorflow),
        ("rounded", pixels_but(end=lambda x: np.rint(x).astype("uint8"))),
    ],
    "06.4": [
        ("loops, lists, another scale", with_loops),
        ("one-hot, float32", with_one_hot),
        ("TensorFlow", head_with_tensorflow),
    ],
}
EQUIVALENT = {
    "06.2": {
        "model.compile(keras.optimizers.Adam(1e-5), model.loss)"
        " -> model.compile(keras.optimizers.Adam(1e-5))": "without a loss, compile keeps the one "
        "that the model has",
    },
    "06.3": {
        "if darkest < -1: -> if darkest < -2:": "no form's smallest number is from -2 to -1, "
        "except -1 itself",
        "if brightest > 1: -> if brightest > 2:": "no form's largest number is from 1 to 2, "
        "except 1 itself",
        "if brightest > 0.5: -> if brightest >= 0.5:": "no form's largest number is 0.5",
    },
}
