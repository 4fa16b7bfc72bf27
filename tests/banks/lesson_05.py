"""Wrong and right answers to the exercises of lesson 05."""

import math

import numpy as np

from banks import Later, prints_only
from course_utils.checks.lesson_05 import scaling

ALL = (0, 1, 2)


def bill(term, H, W, C, stack, size=lambda H, S: math.ceil(H / S)):
    """Charge each layer by ``term(H, W, K, C, filters, S)``."""
    terms = []
    for K, S, filters in stack:
        H, W = size(H, S), size(W, S)
        terms.append(term(H, W, K, C, filters))
        C = filters
    return terms


def exact(H, W, K, C, filters):
    return H * W * K * K * C * filters


def places_before_the_stride(H, W, C, stack):
    total = 0
    for K, S, filters in stack:
        total += H * W * K**2 * C * filters
        H, W, C = math.ceil(H / S), math.ceil(W / S), filters
    return total


def only_one_side_shrinks(H, W, C, stack, rows=True):
    total = 0
    for K, S, filters in stack:
        if rows:
            H = math.ceil(H / S)
        else:
            W = math.ceil(W / S)
        total += H * W * K**2 * C * filters
        C = filters
    return total


def channels_of_the_image(H, W, C, stack):
    total = 0
    for K, S, filters in stack:
        H, W = math.ceil(H / S), math.ceil(W / S)
        total += H * W * K**2 * C * filters
    return total


def size_of_the_image(H, W, C, stack):
    total = 0
    for K, S, filters in stack:
        total += math.ceil(H / S) * math.ceil(W / S) * K**2 * C * filters
        C = filters
    return total


def returns_in_the_loop(H, W, C, stack):
    for K, S, filters in stack:
        return math.ceil(H / S) * math.ceil(W / S) * K**2 * C * filters


def filters_before_stride(H, W, C, stack):
    total = 0
    for K, filters, S in stack:
        H, W = math.ceil(H / S), math.ceil(W / S)
        total += H * W * K**2 * C * filters
        C = filters
    return total


def without_padding(H, W, C, stack):
    total = 0
    for K, S, filters in stack:
        H, W = (H - K) // S + 1, (W - K) // S + 1
        total += H * W * K**2 * C * filters
        C = filters
    return total


def by_recursion(H, W, C, stack):
    if not stack:
        return 0
    (K, S, filters), *rest = stack
    H, W = len(range(0, H, S)), len(range(0, W, S))
    return H * W * C * filters * K**2 + by_recursion(H, W, filters, rest)


def in_columns(H, W, C, stack):
    K, S, filters = np.array(stack).T
    strides = np.cumprod(S)
    places = np.ceil(H / strides) * np.ceil(W / strides)
    return np.sum(places * K**2 * np.r_[C, filters[:-1]] * filters)


def by_hand(x_train, x):
    """Scale colour by colour, in 32-bit numbers."""
    scaled = np.empty(x.shape, "float32")
    for colour in range(3):
        known = x_train[..., colour].astype(float)
        mean = known.sum() / known.size
        variance = (known**2).sum() / known.size - mean**2
        scaled[..., colour] = (x[..., colour] - mean) / math.sqrt(variance)
    return scaled


def by_keras():
    import keras

    def scaled(x_train, x):
        layer = keras.layers.Normalization(axis=-1)
        layer.adapt(x_train.astype("float32"))
        return layer(x.astype("float32"))

    return scaled


def in_bytes(x_train, x):
    scaled = np.zeros_like(x)
    for colour in range(3):
        known = x_train[..., colour]
        scaled[..., colour] = (x[..., colour] - known.mean()) / known.std()
    return scaled


def mean_image(x_train, x):
    return (x - x_train.mean(0)) / x_train.std(0)


def pooled(x_train, x):
    both = np.concatenate([x_train, x])
    return (x - both.mean(ALL)) / both.std(ALL)


def norm(x, g, b, mean, variance, training, m, e, *, axis=ALL, keepdims=False, ddof=0):
    """The layer in a few lines, for wrong answers to start from."""
    if not training:
        return g * (x - mean) / np.sqrt(variance + e) + b, mean, variance
    mu, s2 = x.mean(axis, keepdims=keepdims), x.var(axis, keepdims=keepdims, ddof=ddof)
    y = g * (x - mu) / np.sqrt(s2 + e) + b
    return y, m * mean + (1 - m) * mu, m * variance + (1 - m) * s2


def averages_move(x, g, b, mean, variance, training, m, e, share=None, batch_share=None):
    y, *_ = norm(x, g, b, mean, variance, training, m, e)
    if not training:
        return y, mean, variance
    share = m if share is None else share(m)
    rest = 1 - m if batch_share is None else batch_share(m)
    return y, share * mean + rest * x.mean(ALL), share * variance + rest * x.var(ALL)


def scaled_by(choose):
    """Scale by the mean and variance that ``choose`` picks, and keep what is right."""

    def answer(x, g, b, mean, variance, training, m, e):
        _, *new = norm(x, g, b, mean, variance, training, m, e)
        batch = x.mean(ALL), x.var(ALL)
        mu, s2 = choose(training, batch, (mean, variance), new)
        return g * (x - mu) / np.sqrt(s2 + e) + b, *new

    return answer


def divided_by(root):
    def answer(x, g, b, mean, variance, training, m, e):
        _, *new = norm(x, g, b, mean, variance, training, m, e)
        mu, s2 = (x.mean(ALL), x.var(ALL)) if training else (mean, variance)
        return g * (x - mu) / root(s2, e) + b, *new

    return answer


def finished(combine):
    def answer(x, g, b, mean, variance, training, m, e):
        scaled, *new = norm(x, 1, 0, mean, variance, training, m, e)
        return combine(scaled, g, b), *new

    return answer


def learns_in_use(x, g, b, mean, variance, training, m, e):
    y, *_ = norm(x, g, b, mean, variance, training, m, e)
    return y, m * mean + (1 - m) * x.mean(ALL), m * variance + (1 - m) * x.var(ALL)


def averages_deviations(x, g, b, mean, variance, training, m, e):
    y, new_mean, new_variance = norm(x, g, b, mean, variance, training, m, e)
    if training:
        new_variance = m * variance + (1 - m) * x.std(ALL)
    return y, new_mean, new_variance


def moves_in_place(x, g, b, mean, variance, training, m, e):
    y, new_mean, new_variance = norm(x, g, b, mean, variance, training, m, e)
    mean[:], variance[:] = new_mean, new_variance
    return y, mean, variance


def with_another(part, value):
    """The right answer with one of its three parts spoilt."""

    def answer(*case):
        parts = list(norm(*case))
        parts[part] = value(parts[part])
        return parts

    return answer


def forgets(part):
    """The right answer, where one running average becomes the batch's own in training."""

    def answer(x, *case):
        parts = list(norm(x, *case))
        if case[4]:
            parts[part] = (x.mean if part == 1 else x.var)(ALL)
        return parts

    return answer


def norm_in_loops(x, g, b, mean, variance, training, m, e):
    y, new_mean, new_variance = np.empty(x.shape), [], []
    for c in range(x.shape[-1]):
        values = x[..., c].ravel()
        mu, s2 = mean[c], variance[c]
        if training:
            mu = sum(values) / len(values)
            s2 = sum((values - mu) ** 2) / len(values)
        new_mean.append(m * mean[c] + (1 - m) * mu)
        new_variance.append(m * variance[c] + (1 - m) * s2)
        y[..., c] = (x[..., c] - mu) * g[c] / (s2 + e) ** 0.5 + b[c]
    return [y, new_mean, new_variance]


def norm_with_four_axes(x, g, b, mean, variance, training, m, e):
    mean, variance = mean[None, None, None], variance[None, None, None]
    return norm(x.astype("float32"), g, b, mean, variance, training, m, e, axis=ALL, keepdims=True)


def norm_by_tensorflow():
    import tensorflow as tf

    def answer(x, g, b, mean, variance, training, m, e):
        mu, s2 = tf.nn.moments(tf.constant(x), [0, 1, 2]) if training else (mean, variance)
        y = tf.nn.batch_normalization(tf.constant(x), mu, s2, b, g, e)
        if training:
            mean, variance = m * mean + (1 - m) * mu, m * variance + (1 - m) * s2
        return y, mean, variance

    return answer


def norm_by_einsum(x, g, b, mean, variance, training, m, e):
    if training:
        count = x[..., 0].size
        mu = np.einsum("nhwc->c", x) / count
        s2 = np.einsum("nhwc,nhwc->c", x, x) / count - mu**2
        mean, variance = mean + (1 - m) * (mu - mean), variance + (1 - m) * (s2 - variance)
    else:
        mu, s2 = mean, variance
    factor = g / np.sqrt(s2 + e)
    return np.einsum("nhwc,c->nhwc", x, factor) + (b - factor * mu), mean, variance


WRONG = {
    "05.1": [
        ("no stride", lambda *a: sum(bill(exact, *a, size=lambda H, S: H)), "stride is ignored"),
        ("places before", places_before_the_stride, "before the stride"),
        ("rounds down", lambda *a: sum(bill(exact, *a, size=lambda H, S: H // S)), "Rounded down"),
        ("rows only", only_one_side_shrinks, "Only the rows"),
        ("columns only", lambda *a: only_one_side_shrinks(*a, rows=False), "Only the columns"),
        ("the image's channels", channels_of_the_image, "charged for the image's channels"),
        ("the image's size", size_of_the_image, "works on the image's size"),
        ("K", lambda *a: sum(bill(lambda H, W, K, C, F: H * W * K * C * F, *a)), "K times K"),
        ("no C", lambda *a: sum(bill(lambda H, W, K, C, F: H * W * K**2 * F, *a)), "come in"),
        ("no filters", lambda *a: sum(bill(lambda H, W, K, C, F: H * W * K**2 * C, *a)), "filters"),
        ("weights", lambda *a: sum(bill(lambda H, W, K, C, F: K**2 * C * F, *a)), "the weights"),
        (
            "biases",
            lambda *a: sum(bill(lambda H, W, K, C, F: H * W * (K**2 * C + 1) * F, *a)),
            "biases",
        ),
        ("FLOP", lambda *a: 2 * sum(bill(exact, *a)), "FLOP"),
        ("last layer", lambda *a: bill(exact, *a)[-1], "Only the last"),
        ("returns in the loop", returns_in_the_loop, "inside the loop"),
        ("a list", lambda *a: bill(exact, *a), "One number a layer"),
        ("not rounded", lambda *a: sum(bill(exact, *a, size=lambda H, S: H / S)), "not 3.5"),
        ("square", lambda *a: sum(bill(lambda H, W, *b: exact(H, H, *b), *a)), "rows times col"),
        ("filters before stride", filters_before_stride, "in this order"),
        ("valid", without_padding, "borders are lost"),
        ("prints", prints_only, "prints its result"),
        ("something else", lambda H, W, C, stack: H * W * C, "by hand"),
    ],
    "05.2": [
        ("own", lambda t, x: (x - x.mean(ALL)) / x.std(ALL), "still the pile's own. Mean and"),
        ("one number", lambda t, x: (x - t.mean()) / t.std(), "one number for all colours. Av"),
        ("the article's", lambda t, x: (x - x.mean()) / x.std(), "Nothing is mended"),
        ("own deviation", lambda t, x: (x - t.mean(ALL)) / x.std(ALL), "deviation is still"),
        ("own mean", lambda t, x: (x - x.mean(ALL)) / t.std(ALL), "mean is still"),
        ("mean image", mean_image, "mean image"),
        (
            "each image",
            lambda t, x: (x - x.mean((1, 2), keepdims=True)) / x.std((1, 2), keepdims=True),
            "by itself",
        ),
        ("pooled", pooled, "leak"),
        ("centred", lambda t, x: x - t.mean(ALL), "not scaled yet"),
        ("scaled", lambda t, x: x / t.std(ALL), "not centred"),
        ("variance", lambda t, x: (x - t.mean(ALL)) / t.var(ALL), "by the variance"),
        ("n - 1", lambda t, x: (x - t.mean(ALL)) / t.std(ALL, ddof=1), "n - 1"),
        ("whole", lambda t, x: ((x - t.mean(ALL)) / t.std(ALL)).astype(int), "are cut off"),
        ("bytes", in_bytes, "wraps round"),
        ("one deviation", lambda t, x: (x - t.mean(ALL)) / t.std(), "deviation still one"),
        ("columns", lambda t, x: (x - t.mean((0, 1))) / t.std((0, 1)), "over the columns"),
        ("no brackets", lambda t, x: x - t.mean(ALL) / t.std(ALL), "Brackets"),
        (
            "each training image",
            lambda t, x: (x - t.mean((1, 2), keepdims=True)) / t.std((1, 2), keepdims=True),
            "three numbers are left",
        ),
        ("training images", lambda t, x: (t - t.mean(ALL)) / t.std(ALL), "that come back"),
        ("255", lambda t, x: x / 255, "255"),
        ("both piles", lambda t, x: (by_hand(t, t), by_hand(t, x)), "several things"),
    ],
    "05.3": [
        ("rounded down", 5, "Rounded down"),
        ("in proportion", 4, "root of n, not with n"),
        ("as they are", 3, "what the picture has"),
        ("too few", 2, "Fewer seeds"),
        ("one", 1, "says least"),
        ("of both", 12, "both networks together"),
        ("not whole", 5.14, "come whole"),
        ("none", 0, "At least one run"),
        ("far too many", 100, "more than needed"),
        ("text", "6", "a text"),
    ],
    "05.4": [
        ("company", scaled_by(lambda t, batch, old, new: batch), "company decides"),
        ("memory", scaled_by(lambda t, batch, old, new: old), "batch's own mean and variance"),
        ("exchanged", scaled_by(lambda t, batch, old, new: old if t else batch), "modes are"),
        ("fresh", scaled_by(lambda t, batch, old, new: new), "fresh running averages"),
        ("learns in use", learns_in_use, "learn in use"),
        ("never moves", lambda *a: (norm(*a)[0], a[3], a[4]), "never move"),
        (
            "momentum turned",
            lambda *a: averages_move(*a, share=lambda m: 1 - m, batch_share=lambda m: m),
            "wrong way round",
        ),
        (
            "forgets",
            lambda *a: averages_move(*a, share=lambda m: 0, batch_share=lambda m: 1),
            "forget everything",
        ),
        ("the mean forgets", forgets(1), "running mean forgets"),
        ("the variance forgets", forgets(2), "running variance forgets"),
        ("averages turned", lambda *a: [norm(*a)[i] for i in (0, 2, 1)], "variance are exchanged"),
        ("sum", lambda *a: averages_move(*a, batch_share=lambda m: 1), "in place of an average"),
        ("deviations", averages_deviations, "averages deviations"),
        ("outside", divided_by(lambda s2, e: np.sqrt(s2) + e), "outside the root"),
        ("no epsilon", divided_by(lambda s2, e: np.sqrt(s2)), "Epsilon is missing"),
        ("no root", divided_by(lambda s2, e: s2 + e), "root is missing"),
        ("n - 1", lambda *a: norm(*a, ddof=1), "n - 1"),
        ("places", lambda *a: norm(*a, axis=0), "each place of each channel"),
        ("images", lambda *a: norm(*a, axis=(1, 2), keepdims=True), "scaled by itself"),
        ("images, dropped axes", lambda *a: norm(*a, axis=(1, 2)), "numbers are left"),
        ("one mean", lambda *a: norm(*a, axis=None), "One mean for all"),
        ("channels", lambda *a: norm(*a, axis=3, keepdims=True), "over the channels"),
        ("gamma, beta turned", finished(lambda y, g, b: b * y + g), "exchanged: multiply"),
        ("neither", finished(lambda y, g, b: y), "no say yet"),
        ("no beta", finished(lambda y, g, b: g * y), "Beta is not"),
        ("no gamma", finished(lambda y, g, b: y + b), "Gamma does not"),
        ("beta first", finished(lambda y, g, b: g * (y + b)), "Beta is added before"),
        (
            "training has no say",
            lambda *a: (norm(*a[:5], True, *a[6:])[0], *learns_in_use(*a)[1:]),
            "no say yet: in use",
        ),
        ("no memory", lambda *a: (norm(*a[:5], True, *a[6:])[0], *a[3:5]), "What is missing"),
        ("use only", lambda *a: norm(*a[:5], False, *a[6:]), "right in use"),
        ("two of three", lambda *a: norm(*a)[:2], "has 2 parts"),
        ("y alone", lambda *a: norm(*a)[0], "One thing"),
        ("in place", moves_in_place, "in place"),
        ("a wrong shape", with_another(0, lambda y: y[0]), "shape of y"),
        ("a wrong number", with_another(2, lambda v: v + 1), "running variance is not right"),
    ],
}
RIGHT = {
    "05.1": [
        ("loop", lambda *a: sum(bill(exact, *a))),
        ("recursion", by_recursion),
        ("NumPy", in_columns),
    ],
    "05.2": [
        ("axis by axis", lambda t, x: (x - t.mean(ALL, keepdims=True)) / t.std(ALL, keepdims=True)),
        ("colour by colour, float32", by_hand),
        ("lists", lambda t, x: scaling.standardise(t, x).tolist()),
        ("Keras", Later(by_keras)),
    ],
    "05.3": [
        ("a whole number", 6),
        ("computed", math.ceil(8 * (0.77 / 0.97) ** 2)),
        ("a float", 6.0),
        ("NumPy", np.ceil(3 * (1.265 / 0.967) ** 2)),
    ],
    "05.4": [
        ("lines", lambda *a: norm(*a)),
        ("loops and lists", norm_in_loops),
        ("four axes, float32", norm_with_four_axes),
        ("einsum", norm_by_einsum),
        ("TensorFlow", Later(norm_by_tensorflow)),
    ],
}
ORDER = "a mean does not depend on the order of the axes that it runs over"
EQUIVALENT = {
    "05.1": {
        "H, W = math.ceil(H / S), math.ceil(W / S) -> H, W = math.ceil(W / S), math.ceil(H / S)": (
            "the image lies on its side, and has as many places"
        )
    },
    "05.2": {
        "pixels = x_train.reshape(-1, 3) -> pixels = x_train.reshape(-2, 3)": (
            "NumPy takes any negative number for the rows that are left"
        )
    },
    "05.3": {"math.ceil(3 * (1.26 / 0.97) ** 2) -> math.ceil(3 * 2)": "this is 6 as well"},
    "05.4": {
        "axes = (0, 1, 2) -> axes = (1, 0, 2)": ORDER,
        "axes = (0, 1, 2) -> axes = (0, 2, 1)": ORDER,
    },
}
